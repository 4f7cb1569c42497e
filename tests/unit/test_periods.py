"""Quarter arithmetic against a calendar on the wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.periods import SHANGHAI, Period, periods_between, shanghai

PERIODS = st.builds(Period, st.integers(1900, 2500), st.integers(1, 4))


@pytest.mark.parametrize(
    "label, start, end",
    [
        ("2021Q1", date(2021, 1, 1), date(2021, 3, 31)),
        ("2021Q2", date(2021, 4, 1), date(2021, 6, 30)),
        ("2021Q3", date(2021, 7, 1), date(2021, 9, 30)),
        ("2020Q4", date(2020, 10, 1), date(2020, 12, 31)),
    ],
)
def test_a_label_names_its_days(label, start, end):
    period = Period.parse(label)
    assert (period.start, period.end, str(period)) == (start, end, label)


@pytest.mark.parametrize(
    "label",
    [
        "",
        "2021",
        "2021Q0",
        "2021Q5",
        "2021q3",
        "2021-Q3",
        " 2021Q3",
        "2021Q3\n",
        "２０２１Q3",
        "1899Q4",
        "3000Q1",
    ],
)
def test_anything_else_is_no_period(label):
    with pytest.raises(ValueError, match="期次"):
        Period.parse(label)


def test_cut_off_and_freeze_of_the_contract():
    period = Period.parse("2021Q3")
    assert period.cutoff_on(28) == date(2021, 9, 28)
    assert period.cutoff_at(28) == datetime(2021, 9, 29, tzinfo=SHANGHAI)
    # 24:00 of 09-30 + 12 days
    assert period.freeze_at(12) == datetime(2021, 10, 13, tzinfo=SHANGHAI)


def test_a_report_day_beyond_the_month_is_its_last_day():
    assert Period(2021, 2).cutoff_on(31) == date(2021, 6, 30)


@given(PERIODS)
def test_neighbours(period):
    assert period.next().previous() == period == period.previous().next()
    assert period.next().start == period.end + timedelta(days=1)
    assert period < period.next()
    assert Period.containing(period.start) == period == Period.containing(period.end)


@pytest.mark.parametrize(
    "first, last, labels",
    [
        (date(2021, 1, 1), date(2021, 12, 31), ["2021Q1", "2021Q2", "2021Q3", "2021Q4"]),
        (date(2021, 3, 31), date(2021, 4, 1), ["2021Q1", "2021Q2"]),
        (date(2021, 11, 5), date(2022, 1, 1), ["2021Q4", "2022Q1"]),
        (date(2021, 5, 1), date(2021, 5, 1), ["2021Q2"]),
        (date(2021, 5, 2), date(2021, 5, 1), []),
    ],
)
def test_periods_between(first, last, labels):
    assert [str(period) for period in periods_between(first, last)] == labels


def test_a_naive_moment_is_shanghai_time():
    assert shanghai(datetime(2021, 9, 28, 23, 59)).isoformat() == "2021-09-28T23:59:00+08:00"
    utc = datetime(2021, 9, 28, 16, 0, tzinfo=UTC)
    assert shanghai(utc).isoformat() == "2021-09-29T00:00:00+08:00"
