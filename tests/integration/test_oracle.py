"""The warehouse against a second program: every cell of marts, receipts, quarantine and flags of awkward seeded trees."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ASKED, MERGED_SEED, ORACLE_SEEDS, Built
from tests.oracle.awkward import build_tree
from tests.oracle.compare import compare_tree, expectation_of
from tests.oracle.reader import SHANGHAI

pytestmark = pytest.mark.integration

PERIOD = "2023Q4"


def _run(root: Path, home: Path, *options: str) -> Path:
    """The quarter through the command line; the database it published."""
    command = [sys.executable, "-c", "from orchestration.cli import main; main()"]
    done = subprocess.run(
        [*command, "run", "--no-site", "--period", PERIOD, *options],
        env={**os.environ, "TAIZHANG_HOME": str(home), "TAIZHANG_RAW": str(root)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    published = home / "published" / "current.duckdb"
    # exit 1: the registries hold errors (T01, P01, P07 …); everything is computed all the same
    assert done.returncode in (0, 1) and published.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return published


@pytest.fixture(scope="module")
def differences(built: Built) -> list[str]:
    """Everything in which the session warehouse and the oracle differ, long after the last freeze."""
    with duckdb.connect(str(built.settings.current), read_only=True) as connection:
        return compare_tree(connection, expectation_of(built.oracle_root, str(ASKED)))


def test_every_cell_agrees_with_the_oracle(differences: list[str]) -> None:
    found = [line for line in differences if f"awk{MERGED_SEED}" not in line]
    assert not found, "\n".join(found[:60])


def test_rows_under_a_merged_key_are_found_by_their_title(differences: list[str]) -> None:
    found = [line for line in differences if f"awk{MERGED_SEED}" in line]
    assert not found, "\n".join(found[:60])


def test_every_cell_agrees_before_the_freeze(tmp_path: Path) -> None:
    oracle_tree = build_tree(tmp_path / "raw", ORACLE_SEEDS[:3])["root"]
    as_of = datetime(2023, 12, 29, 9, tzinfo=SHANGHAI)  # for most programmes between cut-off and freeze
    published = _run(oracle_tree, tmp_path / "home", "--as-of", as_of.isoformat())
    with duckdb.connect(str(published), read_only=True) as connection:
        lines = compare_tree(connection, expectation_of(oracle_tree, PERIOD, as_of))
    assert not lines, "\n".join(lines[:60])
