"""Fixtures of the browser tests: sites of made-up warehouses, and a tab to open them in.

``poison`` puts an attack into every text column the pages can read, behind a mark that names the column: where the mark
is shown, the attack must stand behind it letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.browser import Tab, chromium, kinds_of
from tests.conftest import SHARED
from tests.integration.rule_homes import RuleHomes, build_rule_homes

if TYPE_CHECKING:
    import duckdb

# What the research saw run, phone out, vanish or become a formula (ux.md, sections 0 and 5).
ATTACKS = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '"><svg onload=alert(3)>',
    '<span style="background:url(https://example.invalid/x)">点</span>',
    '<a href="https://example.invalid/">点</a>',
    "a<b 且 c>d",
    "=cmd|' /C calc'!A0",
    "@SUM(1)&lt;b&gt;\"'",
    "行\u2028分",
    "javascript:alert(4)",
    "{{7*7}}{% x %}%{y}",
)
# Columns that hold a key or one of a few words: the pages look things up by them.
KEYS = re.compile(
    r".*_id|.*_key|programme_id|period|previous_period|kind|state|status|list|list_now|list_expected|light|severity|"
    r"dimension|format|encoding|method|polarity|component|what|role|scope|part|recurrence|deadline_kind|entity_type|"
    r"aggregation|sub_units|black_exception|ties|no_lists|confidence|answer|correction|gain_ahead_of|sha256|seq|"
    r"content_hash|edition|rules|suite|expectation"
)


class MadeSite(NamedTuple):
    """A rendered site, the names of its reporters and, where it was poisoned, mark → ``table.column``."""

    root: Path
    names: list[str]
    marks: dict[str, str]

    @property
    def kinds(self) -> list[Path]:
        """The portal and one page of every kind."""
        return [self.root.parents[2] / "index.html", *kinds_of(self.root)]


def poison(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Append a mark and an attack to every text that is no key (a missing text becomes one); mark → ``table.column``.

    The attacks change from row to row, so that every column meets several.
    """
    columns = connection.execute(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where data_type = 'VARCHAR' and table_schema in ('control', 'draft', 'marts', 'ops', 'quality', 'raw') "
        "order by all"
    ).fetchall()
    marks = {}
    for number, (schema, table, column) in enumerate(c for c in columns if not KEYS.fullmatch(c[2])):
        mark = f"⟦{number}⟧"
        connection.execute(
            f'update {schema}."{table}" set "{column}" = concat("{column}", ?, list_extract(?, 1 + (rowid + ?) % ?))',
            [mark, list(ATTACKS), number, len(ATTACKS)],
        )
        marks[mark] = f"{schema}.{table}.{column}"
    return marks


def made_site(out: Path, reporters: int, *, hostile: bool = False) -> MadeSite:
    """The warehouse of the unit tests with everything pages read, rendered. A hostile one has attacks for keys, too."""
    import duckdb

    from dashboards.render import render_portal, render_site
    from tests.unit.test_dashboards import PROGRAMME, add_quality, build
    from tests.unit.test_ranking_pages import add_ranking

    connection = duckdb.connect()
    names = build(connection, reporters, hostile=hostile)
    add_quality(connection, hostile=hostile)
    add_ranking(connection, hostile=hostile)
    marks = poison(connection) if hostile else {}
    root = out / PROGRAMME / "2021Q2" / "site"
    render_site(connection, PROGRAMME, "2021Q2", root)
    render_portal(connection, out)
    connection.close()
    return MadeSite(root, names, marks)


@pytest.fixture(scope="session")
def rule_homes(tmp_path_factory: pytest.TempPathFactory) -> RuleHomes:
    """The warehouse of the rule tests, built once."""
    accounts = SHARED / "reference" / "validation_samplonomy"
    return build_rule_homes(tmp_path_factory.mktemp("rule_homes"), accounts if accounts.is_dir() else None)


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
