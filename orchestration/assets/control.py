"""Control: periods, cut-offs, freezes, as-of and working days as rows, so that no model reads a clock.

Does not belong here: quarter arithmetic (``raw.periods``), what counts by when (dbt models).
"""

from datetime import date, datetime, timedelta

import dagster as dg
import duckdb

from orchestration import names
from orchestration.partitions import QUARTERS
from orchestration.progress import step
from orchestration.resources import RunScope, pipeline_writer
from orchestration.settings import Settings
from raw.periods import SHANGHAI, Period, periods_between, shanghai

_DDL = """
CREATE SCHEMA IF NOT EXISTS control;
CREATE TABLE IF NOT EXISTS control.periods (
    programme_id VARCHAR, period VARCHAR, period_seq INTEGER, period_start DATE, period_end DATE, cutoff_on DATE,
    cutoff_at TIMESTAMPTZ, freeze_at TIMESTAMPTZ, as_of TIMESTAMPTZ, cutoff_passed BOOLEAN, frozen BOOLEAN,
    is_asked BOOLEAN);
CREATE TABLE IF NOT EXISTS control.calendar (day DATE, is_workday BOOLEAN, workday_no INTEGER);
"""


def period_rows(programme: dict, asked: Period, as_of: datetime | None, now: datetime) -> list[tuple]:
    """Rows of control.periods for one programme, from its first quarter to min(asked, its last); may be empty.

    ``programme`` needs programme_id, start_date, end_date, report_day, freeze_days. The asked quarter's as-of is
    ``as_of``, else its freeze or ``now`` while that has not come; an earlier quarter keeps its own freeze where that is
    earlier.
    """
    quarters = [p for p in periods_between(programme["start_date"], programme["end_date"]) if p <= asked]
    if not quarters:
        return []
    last_freeze = quarters[-1].freeze_at(programme["freeze_days"])
    known_until = shanghai(as_of) if as_of else min(now, last_freeze)
    rows = []
    for seq, quarter in enumerate(quarters, 1):
        cutoff, freeze = (
            quarter.cutoff_at(programme["report_day"]),
            quarter.freeze_at(programme["freeze_days"]),
        )
        is_asked = quarter == quarters[-1]
        moment = known_until if is_asked else min(known_until, freeze)
        rows.append(
            (
                programme["programme_id"],
                str(quarter),
                seq,
                quarter.start,
                quarter.end,
                quarter.cutoff_on(programme["report_day"]),
                cutoff,
                freeze,
                moment,
                moment >= cutoff,
                moment >= freeze,
                is_asked,
            )
        )
    return rows


def workdays(first: date, last: date) -> list[tuple[date, bool, int]]:
    """(day, is_workday, running count) by the State Council's calendar; plain Monday–Friday where it is not known yet."""
    import chinese_calendar

    rows, count = [], 0
    day = first
    while day <= last:
        try:
            workday = chinese_calendar.is_workday(day)
        except NotImplementedError:
            workday = day.weekday() < 5
        count += workday
        rows.append((day, workday, count))
        day += timedelta(days=1)
    return rows


def write_control(
    connection: duckdb.DuckDBPyConnection,
    asked: Period,
    as_of: datetime | None,
    now: datetime,
    programme_id: str | None = None,
) -> list[tuple]:
    """Write the control tables for every programme in raw.programmes (or one); returns the rows written.

    A programme that is not in scope keeps its rows; one that left the registry loses them.
    """
    connection.execute(_DDL)
    columns = ("programme_id", "start_date", "end_date", "report_day", "freeze_days")
    programmes = [
        dict(zip(columns, row, strict=True))
        for row in connection.execute(
            f"SELECT {', '.join(columns)} FROM raw.programmes ORDER BY 1"
        ).fetchall()
        if programme_id in (None, row[0])
    ]
    rows = [row for programme in programmes for row in period_rows(programme, asked, as_of, now)]
    connection.begin()
    try:
        if programme_id:
            connection.execute("DELETE FROM control.periods WHERE programme_id = ?", [programme_id])
        else:
            connection.execute("DELETE FROM control.periods")
        for row in rows:
            connection.execute("INSERT INTO control.periods VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        first, last = connection.execute(
            "SELECT min(period_start), max(period_end) FROM control.periods"
        ).fetchone()
        connection.execute("DELETE FROM control.calendar")
        if first:
            # a year after the last quarter: late files are counted in working days too
            days = workdays(first, last + timedelta(days=366))
            connection.executemany("INSERT INTO control.calendar VALUES (?, ?, ?)", days)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return rows


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The control asset."""

    @dg.multi_asset(
        name="set_run_context",
        specs=[
            dg.AssetSpec(
                names.CONTROL_PERIODS,
                deps=[names.raw_key("programmes")],
                group_name=names.GROUP_CONTROL,
                description="各方案的期次、截止、定版和数据截至时间",
            ),
            dg.AssetSpec(
                names.CONTROL_CALENDAR,
                deps=[names.raw_key("programmes")],
                group_name=names.GROUP_CONTROL,
                description="法定工作日历",
            ),
        ],
        partitions_def=QUARTERS,
        pool=names.WRITER_POOL,
    )
    def set_run_context(context: dg.AssetExecutionContext, scope: RunScope):
        with step("确定期次和数据截至时间") as progress, pipeline_writer(settings) as connection:
            # the one place where a run may read the clock; the command has read it already where it started the run
            now = shanghai(datetime.fromisoformat(scope.now)) if scope.now else datetime.now(SHANGHAI)
            as_of = datetime.fromisoformat(scope.as_of) if scope.as_of else None
            rows = write_control(
                connection, Period.parse(context.partition_key), as_of, now, scope.programme or None
            )
            asked = [row for row in rows if row[11]]
            progress.result = (
                "；".join(f"{row[0]} 至 {row[1]}，截至 {row[8]:%Y-%m-%d %H:%M}" for row in asked)
                or "没有可计算的方案"
            )
        for key in (names.CONTROL_PERIODS, names.CONTROL_CALENDAR):
            yield dg.MaterializeResult(asset_key=key)

    return [set_run_context]
