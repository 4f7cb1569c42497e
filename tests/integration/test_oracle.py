"""The warehouse against a second program: every cell of marts, receipts, quarantine and flags of awkward seeded trees."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tests.oracle.awkward import build_tree
from tests.oracle.compare import compare_tree, expectation_of
from tests.oracle.reader import SHANGHAI

# Together: 2 to 40 reporters, 1 to 15 specials, every clock setting, tied cohorts, clean and dirty files, merged keys.
SEEDS = (1, 9, 11, 13, 20, 25)
PERIOD = "2023Q4"


@pytest.fixture(scope="module")
def oracle_tree(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """One raw tree with a programme per seed."""
    return build_tree(tmp_path_factory.mktemp("oracle") / "raw", SEEDS)


def _run(root: Path, home: Path, *options: str) -> duckdb.DuckDBPyConnection:
    """The quarter through the command line; a connection to what it published."""
    command = [
        sys.executable,
        "-c",
        "from orchestration.cli import main; main()",
        "run",
        "--period",
        PERIOD,
        *options,
    ]
    environment = {**os.environ, "TAIZHANG_HOME": str(home), "TAIZHANG_RAW": str(root)}
    done = subprocess.run(
        command, env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    published = home / "published" / "current.duckdb"
    # exit 1: the registries hold errors (T01, P01, P07 …); everything is computed all the same
    assert done.returncode in (0, 1) and published.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return duckdb.connect(str(published), read_only=True)


@pytest.mark.integration
def test_every_cell_agrees_with_the_oracle(oracle_tree: dict, tmp_path: Path) -> None:
    with _run(oracle_tree["root"], tmp_path / "home") as connection:
        differences = compare_tree(connection, expectation_of(oracle_tree["root"], PERIOD))
    assert not differences, "\n".join(differences[:60])


@pytest.mark.integration
def test_every_cell_agrees_before_the_freeze(oracle_tree: dict, tmp_path: Path) -> None:
    as_of = datetime(2023, 12, 29, 9, tzinfo=SHANGHAI)  # for most programmes between cut-off and freeze
    with _run(oracle_tree["root"], tmp_path / "home", "--as-of", as_of.isoformat()) as connection:
        differences = compare_tree(connection, expectation_of(oracle_tree["root"], PERIOD, as_of))
    assert not differences, "\n".join(differences[:60])
