"""The warehouse against a second program: every cell of marts, receipts, quarantine and flags of awkward seeded trees."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from raw.periods import Period
from tests.conftest import ASKED, MERGED_SEED, ORACLE_SEEDS, Built
from tests.oracle.awkward import build_tree
from tests.oracle.compare import compare_tree, expectation_of
from tests.oracle.reader import SHANGHAI
from tests.small_warehouse import build_home

pytestmark = pytest.mark.integration

PERIOD = "2023Q4"


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
    settings = Settings(oracle_tree, tmp_path / "home")
    build_home(settings, Period.parse(PERIOD), datetime.now(SHANGHAI), as_of)
    with duckdb.connect(str(settings.current), read_only=True) as connection:
        lines = compare_tree(connection, expectation_of(oracle_tree, PERIOD, as_of))
    assert not lines, "\n".join(lines[:60])
