"""Acceptance checks 5, 6 and 7 on everything the session warehouse holds; the others: ``docs/acceptance.md`` says where."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dashboards.queries import site as queries
from dashboards.render import environment
from orchestration.warehouse import writer

pytestmark = pytest.mark.integration


def test_a_task_without_a_date_never_turns_red_by_date(published):
    undated, red, overdue = published.execute(
        "select count(*), count(*) filter (where light = 'red'), count(days_overdue) from marts.task_status where due_date is null"
    ).fetchone()
    assert undated > 1000
    assert (red, overdue) == (0, 0)
    # … and its keeping on is no default to fall behind a schedule: expected progress is known where a date is
    assert published.execute(
        "select count(*) from marts.task_status where due_date is null and expected_pct is not null"
    ).fetchone() == (0,)


def test_what_is_due_has_a_date_and_the_page_says_so(published):
    due, dated = published.execute(
        """
        select
            (select sum(tasks_due) from marts.quarterly_progress where special_id = 'ALL'),
            (select count(*) from marts.task_status where due_date is not null)
        """
    ).fetchone()
    assert 0 < due <= dated
    source = environment().loader.get_source(environment(), "_foot.html")[0]
    assert "缺时限、时限不明、附条件或已取消的任务，不亮灯、不计分" in source
    assert "持续推进类任务不因日期亮红灯" in source


def test_every_rate_is_a_rate(published):
    for table, columns in (
        ("marts.quarterly_progress", ("completion_rate", "on_time_rate")),
        ("marts.reporting", ("completeness",)),
        ("quality.scorecard", ("pass_rate",)),
    ):
        for column in columns:
            known, wrong = published.execute(
                f"select count({column}), count(*) filter (where {column} not between 0 and 1) from {table}"
            ).fetchone()
            assert known > 0 and wrong == 0, column


def test_what_is_not_owed_is_counted_neither_late_nor_missing(published):
    rows = published.execute(
        "select programme_id, period, owed, received, on_time from marts.reporting"
    ).fetchall()
    # files nobody asked for, some of them after the date: they are facts in the table, but no debt on a page
    assert any(not owed and received and not on_time for _, _, owed, received, on_time in rows)
    owes = [row for row in rows if row[2]]
    shown = {
        (programme, row["period"]): (row["reports_owed"], row["reports_missing"], row["reports_late"])
        for programme in {row[0] for row in rows}
        for row in queries.totals(published, programme)
    }
    for key, counts in shown.items():
        mine = [
            (received, on_time)
            for programme, period, _, received, on_time in owes
            if (programme, period) == key
        ]
        expected = (len(mine), sum(not r for r, _ in mine), sum(r and not o for r, o in mine))
        assert tuple(count or 0 for count in counts) == expected, key


def test_the_published_copy_opens_while_the_warehouse_is_locked(built):
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); "
        "print(c.execute('select count(*) > 0 from marts.ranking').fetchone()[0])"
    )
    with writer(built.settings.warehouse):
        live, copy = (
            subprocess.run(
                [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
            )
            for path in (built.settings.warehouse, built.settings.current)
        )
    assert "lock" in live.stderr.lower()
    assert copy.stdout.strip() == "True"
