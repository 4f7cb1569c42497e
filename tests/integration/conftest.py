"""Fixtures of the browser tests: sites of made-up warehouses, and a tab to open them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.browser import Tab, chromium


class MadeSite(NamedTuple):
    """A rendered site and the names of its reporters."""

    root: Path
    names: list[str]


def made_site(out: Path, reporters: int, *, hostile: bool = False) -> MadeSite:
    """The warehouse of the unit tests with everything pages read, rendered."""
    import duckdb

    from dashboards.render import render_site
    from tests.unit.test_dashboards import PROGRAMME, add_quality, build
    from tests.unit.test_ranking_pages import add_ranking

    connection = duckdb.connect()
    names = build(connection, reporters, hostile=hostile)
    add_quality(connection, hostile=hostile)
    add_ranking(connection, hostile=hostile)
    root = out / PROGRAMME / "2021Q2" / "site"
    render_site(connection, PROGRAMME, "2021Q2", root)
    connection.close()
    return MadeSite(root, names)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> MadeSite:
    """30 reporters, harmless texts: what fits and what prints."""
    return made_site(tmp_path_factory.mktemp("plain"), 30)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> MadeSite:
    """Four reporters whose every text is an attack."""
    return made_site(tmp_path_factory.mktemp("hostile"), 4, hostile=True)


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    """One tab, shared by the tests of a module (each opens its own page in it)."""
    with chromium() as browser:
        yield Tab(browser.new_page())
