"""The oracle must first be right itself: every judged cell of the conformance tree, and its own small parts by hand."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.oracle.conformance import differences
from tests.oracle.oracle import attainment, mean, midnight_after, ranks
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
