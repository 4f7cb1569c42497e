"""The oracle must first be right itself: every judged cell of the conformance tree, and its own small parts by hand."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.oracle.awkward import build_tree
from tests.oracle.compare import Expectation, compare_marts, expectation_of
from tests.oracle.conformance import differences
from tests.oracle.oracle import KEYS, attainment, mean, midnight_after, ranks
from tests.oracle.reader import SHANGHAI, Cell, parse_day, parse_deadline, parse_number

SHARED = Path(os.environ.get("TAIZHANG_SHARED") or Path(__file__).parents[2].parent / "shared")


@pytest.mark.skipif(not (SHARED / "conformance").is_dir(), reason="shared conformance tree is absent")
def test_oracle_agrees_with_every_cell_of_the_conformance_tree() -> None:
    assert differences(SHARED / "conformance") == []


def test_competition_ranks_from_both_ends() -> None:
    scores = {"a": 90.0, "b": 80.0, "c": 80.0000000001, "d": 70.0, "e": None}
    assert ranks(scores) == {"a": 1, "b": 2, "c": 2, "d": 4}
    assert ranks(scores, reverse=False) == {"d": 1, "b": 2, "c": 2, "a": 4}


def test_weighted_mean_leaves_out_what_is_unknown() -> None:
    assert mean([(0.6, None), (0.4, 50.0)]) == 50.0
    assert mean([(3, 100.0), (1, 0.0)]) == 75.0
    assert mean([(1, None)]) is None


def test_attainment_by_hand() -> None:
    assert attainment(0.8, 1.0, 0.5, False) == pytest.approx(40)  # research/methods 2.2
    assert attainment(5, None, 4, False) == 80.0
    assert attainment(3, 4, 4, False) == 100.0
    assert attainment(5, 4, 4, False) == 0.0


@pytest.mark.parametrize(
    ("text", "kind", "days", "ongoing"),
    [
        ("2022年6月前", "before_month", [date(2022, 6, 30)], False),
        ("2022 年 12 月，持续推进", "month", [date(2022, 12, 31)], True),
        ("2022年6月, 2022年12月", "multiple", [date(2022, 6, 30), date(2022, 12, 31)], False),
        ("2022年年底前", "year_end", [date(2022, 12, 31)], False),
        ("2021 年 8 日30日", "malformed", [], False),
        ("上半年", "month", [date(2022, 6, 30)], False),
        ("每月5日前", "recurring", [], False),
        ("12月底前见成效", "conditional_text", [], False),
    ],
)
def test_deadline_forms(text: str, kind: str, days: list[date], ongoing: bool) -> None:
    assert parse_deadline(text, 2022) == (kind, days, ongoing)


def test_cells() -> None:
    assert parse_number(Cell("５０％"), True) == (50.0, None)
    assert parse_number(Cell("0.5"), True) == (50.0, "F12")
    assert parse_number(Cell("0.5"), False) == (0.5, None)
    assert parse_number(Cell("0.5", 0.5, percent=True), True) == (50.0, None)
    assert parse_number(Cell("0.5天"), False) == (None, "F03")
    assert parse_day(Cell("2023年6月31日")) == "bad"
    assert parse_day(Cell("45107")) == date(2023, 6, 30)


def test_a_day_ends_at_its_24_o_clock() -> None:
    assert midnight_after(date(2023, 9, 28)) == datetime(2023, 9, 29, tzinfo=SHANGHAI)


def _warehouse_of(expectation: Expectation) -> duckdb.DuckDBPyConnection:
    """An in-memory warehouse that holds exactly what the oracle expects."""
    connection = duckdb.connect()
    connection.execute("create schema ops; create schema marts")
    connection.execute("create table ops.receipts (receipt_id varchar, path varchar)")
    connection.executemany(
        "insert into ops.receipts values (?, ?)", [(s.path, s.path) for s in expectation.tree.submissions]
    )
    for table, keys in KEYS.items():
        rows = []
        for key, row in expectation.tables[table].items():
            kept = {c: v for c, v in row.items() if not c.startswith("_")}
            kept |= dict(zip(keys, key, strict=True))
            if "receipt_path" in kept:
                kept["receipt_id"] = kept.pop("receipt_path")
            if "has_reason" in kept:
                kept["reason"] = "因" if kept.pop("has_reason") else None
            rows.append(kept)
        connection.register("rows_of_table", pa.Table.from_pylist(rows))
        connection.execute(f"create table marts.{table} as select * from rows_of_table")
        connection.unregister("rows_of_table")
    return connection


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Expectation:
    root = build_tree(tmp_path_factory.mktemp("awkward") / "raw", [13, 9])["root"]
    return expectation_of(root, "2023Q4")


def test_comparison_is_silent_on_equal_marts(small: Expectation) -> None:
    assert all(small.tables[table] for table in KEYS)  # every mart is exercised
    with _warehouse_of(small) as connection:
        assert compare_marts(connection, small) == []


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("update marts.ranking set rank = rank + 1 where rank = 1", "ranking"),
        ("update marts.task_status set score = score + 0.00001 where score > 0", "task_status"),
        ("update marts.goals set met = not met where goal_id = 'g4'", "goals"),
        ("delete from marts.reporting where kind = 'progress'", "reporting"),
        ("insert into marts.unit_load select * from marts.unit_load limit 1", "unit_load"),
        ("update marts.overdue_tasks set due_date = due_date + 1", "overdue_tasks"),
    ],
)
def test_comparison_sees_every_kind_of_difference(small: Expectation, change: str, table: str) -> None:
    with _warehouse_of(small) as connection:
        connection.execute(change)
        differences_found = compare_marts(connection, small)
    assert differences_found
    assert all(line.startswith(f"{table} ") for line in differences_found)


def test_a_seed_always_gives_the_same_tree(small: Expectation, tmp_path: Path) -> None:
    again = expectation_of(build_tree(tmp_path / "raw", [13, 9])["root"], "2023Q4")
    assert [s.path for s in again.tree.submissions] == [s.path for s in small.tree.submissions]
    for table in ("ranking", "reporting", "goals"):
        assert again.tables[table] == small.tables[table]
