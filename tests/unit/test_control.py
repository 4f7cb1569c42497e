"""Periods, as-of, cut-off and freeze of a run; working days."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pytest

from orchestration.assets.control import period_rows, workdays, write_control
from raw.periods import SHANGHAI, Period
from raw.schema import create_statements

PROGRAMME = {
    "programme_id": "p",
    "start_date": date(2021, 1, 1),
    "end_date": date(2021, 12, 31),
    "report_day": 28,
    "freeze_days": 12,
}
LONG_AFTER = datetime(2026, 1, 1, tzinfo=SHANGHAI)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def as_ofs(asked: str, as_of: datetime | None = None, now: datetime = LONG_AFTER) -> dict[str, datetime]:
    return {row[1]: row[8] for row in period_rows(PROGRAMME, Period.parse(asked), as_of, now)}


def test_frozen_quarters_are_known_until_their_freeze():
    assert as_ofs("2021Q2") == {"2021Q1": moment("2021-04-13T00:00"), "2021Q2": moment("2021-07-13T00:00")}


def test_before_the_freeze_now_counts():
    now = moment("2021-07-01T09:30")
    assert as_ofs("2021Q2", now=now) == {"2021Q1": moment("2021-04-13T00:00"), "2021Q2": now}


def test_given_as_of_holds_and_an_earlier_quarter_keeps_its_earlier_freeze():
    assert as_ofs("2021Q2", as_of=datetime(2021, 12, 1)) == {
        "2021Q1": moment("2021-04-13T00:00"),
        "2021Q2": moment("2021-12-01T00:00"),
    }
    assert as_ofs("2021Q2", as_of=datetime(2021, 3, 1)) == {
        "2021Q1": moment("2021-03-01T00:00"),
        "2021Q2": moment("2021-03-01T00:00"),
    }


def test_asked_beyond_the_programme_gives_its_last_quarter():
    rows = period_rows(PROGRAMME, Period(2030, 1), None, LONG_AFTER)
    assert [row[1] for row in rows] == ["2021Q1", "2021Q2", "2021Q3", "2021Q4"]
    assert [row[11] for row in rows] == [False, False, False, True]


def test_asked_before_the_programme_gives_nothing():
    assert period_rows(PROGRAMME, Period(2020, 4), None, LONG_AFTER) == []


def test_cut_off_and_freeze_are_the_end_of_their_day():
    row = period_rows(PROGRAMME, Period(2021, 3), None, LONG_AFTER)[-1]
    assert row[5:8] == (date(2021, 9, 28), moment("2021-09-29T00:00"), moment("2021-10-13T00:00"))


@pytest.mark.parametrize(
    ("report_day", "label", "day"),
    [
        (31, "2021Q2", date(2021, 6, 30)),
        (31, "2021Q1", date(2021, 3, 31)),
        (25, "2021Q4", date(2021, 12, 25)),
    ],
)
def test_report_day_beyond_the_month_is_its_last_day(report_day, label, day):
    assert Period.parse(label).cutoff_on(report_day) == day


def test_working_days_follow_the_state_council():
    """National Day 2021: off 1–7 October, Saturday the 9th worked in exchange."""
    days = {
        day: (workday, number) for day, workday, number in workdays(date(2021, 9, 28), date(2021, 10, 11))
    }
    assert [day.day for day, (workday, _) in days.items() if workday] == [28, 29, 30, 8, 9, 11]
    assert days[date(2021, 10, 9)][1] - days[date(2021, 9, 28)][1] == 4


def test_scope_leaves_other_programmes_alone():
    connection = duckdb.connect()
    for statement in create_statements():
        connection.execute(statement)
    for name in ("a", "b"):
        connection.execute(
            "INSERT INTO raw.programmes (programme_id, start_date, end_date, report_day, freeze_days) "
            "VALUES (?, DATE '2021-01-01', DATE '2021-12-31', 28, 12)",
            [name],
        )
    write_control(connection, Period(2021, 4), None, LONG_AFTER)
    write_control(connection, Period(2021, 2), None, LONG_AFTER, "a")
    counts = dict(
        connection.execute("SELECT programme_id, count(*) FROM control.periods GROUP BY 1").fetchall()
    )
    assert counts == {"a": 2, "b": 4}
