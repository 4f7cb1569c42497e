"""Fixtures of every tier. One warehouse is built per test run: dbt and Dagster start slowly."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.settings import REPOSITORY, Settings
from raw.periods import Period

SHARED = Path(os.environ.get("TAIZHANG_SHARED") or REPOSITORY.parent / "shared")
SAMPLES = REPOSITORY / "raw" / "samples"
# beyond every programme of the session tree: each is computed to its own last quarter
ASKED = Period(2024, 4)
# awkward programmes of the oracle (tests/oracle): together 2 to 40 reporters, 1 to 15 specials, every clock setting, tied
# cohorts, clean and dirty files; in the last one key cells are merged
ORACLE_SEEDS, MERGED_SEED = (1, 9, 11, 13, 20, 25), 28


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the session warehouse, or pages of thirty reporters: ``make test`` runs it beside the rest, one process
    for each core, and so they take about as long.
    """
    for item in items:
        if not {"built", "plain"}.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.warehouse)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no reference material at {SHARED} (set TAIZHANG_SHARED)")
    return SHARED


def join_trees(target: Path, *sources: Path, newest_first: bool = False) -> Path:
    """Several raw trees in one; ``newest_first`` reverses the order in which files and receipt lines are written."""
    lines = []
    for source in sources:
        files = sorted(path for path in source.rglob("*") if path.is_file())
        for path in reversed(files) if newest_first else files:
            relative = path.relative_to(source)
            if relative.parts[0] in ("registry", "submissions"):
                (target / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target / relative)
        lines += (source / "receipts.csv").read_text(encoding="utf-8").splitlines()[1:]
    if newest_first:
        lines.reverse()
    (target / "receipts.csv").write_text("\n".join(["path,received_at,sender", *lines, ""]), encoding="utf-8")
    return target


def reference_trees(folder: Path) -> list[Path]:
    """Raw trees of the public reference sets that are present, written below ``folder``."""
    from tests.factories.reference_asem import Asem
    from tests.factories.reference_doing_business import DoingBusiness
    from tests.factories.reference_programmes import write_programmes

    sets = {"coinr_asem": Asem, "doing_business_2020": DoingBusiness}
    return [
        write_programmes(folder / name, reads(SHARED / "reference" / name).programmes())
        for name, reads in sets.items()
        if (SHARED / "reference" / name).is_dir()
    ]


@dataclass(frozen=True)
class Built:
    """A built home: its settings, and whether the conformance tree is part of it."""

    settings: Settings
    has_conformance: bool
    oracle_root: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample, the oracle's programmes and, where present, the conformance tree and the reference sets, run once
    through Dagster.
    """
    from orchestration.commands.run import execute
    from tests.oracle.awkward import build_tree
    from tests.small_warehouse import keep_parse, lend_parse

    folder = tmp_path_factory.mktemp("session")
    conformance = SHARED / "conformance" / "raw"
    awkward = build_tree(folder / "oracle", (*ORACLE_SEEDS, MERGED_SEED), merged=(MERGED_SEED,))["root"]
    sources = [
        *(SAMPLES, awkward, *([conformance] if conformance.is_dir() else [])),
        *reference_trees(folder / "reference"),
    ]
    settings = Settings(join_trees(folder / "raw", *sources), folder / "home")
    settings.prepare()
    lend_parse(settings)
    succeeded, failure = execute(settings, ASKED, None, None, pages=False)
    assert succeeded, failure
    keep_parse(settings)
    return Built(settings, conformance.is_dir(), awkward)


@pytest.fixture
def published(built: Built):
    """Read-only connection to the published file of the session."""
    from orchestration.warehouse import reader

    with reader(built.settings.current) as connection:
        yield connection
