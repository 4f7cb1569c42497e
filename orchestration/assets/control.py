"""Control: periods, cut-offs, freezes, as-of and working days as rows, so that no model reads a clock.

Does not belong here: quarter arithmetic (``raw.periods``), what counts by when (dbt models).
"""

from datetime import date, datetime, timedelta

import dagster as dg
import duckdb

from orchestration import names
from orchestration.editions.intact import usable_editions
from orchestration.editions.store import CHANGE, Edition, latest
from orchestration.editions.tables import parquet
from orchestration.partitions import QUARTERS
from orchestration.progress import step
from orchestration.resources import RunScope, pipeline_writer
from orchestration.settings import Settings
from raw.periods import SHANGHAI, Period, periods_between, shanghai
from raw.transaction import transaction

_DDL = """
CREATE SCHEMA IF NOT EXISTS control;
CREATE TABLE IF NOT EXISTS control.periods (
    programme_id VARCHAR, period VARCHAR, period_seq INTEGER, period_start DATE, period_end DATE, cutoff_on DATE,
    cutoff_at TIMESTAMPTZ, freeze_at TIMESTAMPTZ, as_of TIMESTAMPTZ, cutoff_passed BOOLEAN, frozen BOOLEAN,
    is_asked BOOLEAN);
CREATE TABLE IF NOT EXISTS control.calendar (day DATE, is_workday BOOLEAN, workday_no INTEGER);
CREATE TABLE IF NOT EXISTS control.editions (
    programme_id VARCHAR, period VARCHAR, revision INTEGER, edition VARCHAR, data_cut TIMESTAMPTZ, published_at TIMESTAMPTZ,
    published_by VARCHAR, approved_by VARCHAR, reason VARCHAR, correction VARCHAR, is_latest BOOLEAN);
CREATE TABLE IF NOT EXISTS control.published_ranks (
    programme_id VARCHAR, period VARCHAR, revision INTEGER, reporter_id VARCHAR, rank BIGINT, total_score DOUBLE, list VARCHAR);
CREATE TABLE IF NOT EXISTS control.published_items (
    programme_id VARCHAR, period VARCHAR, revision INTEGER, reporter_id VARCHAR, component VARCHAR, item_id VARCHAR, state VARCHAR,
    light VARCHAR, value DOUBLE, completed_on DATE, score DOUBLE);
CREATE TABLE IF NOT EXISTS control.edition_changes (
    programme_id VARCHAR, period VARCHAR, revision INTEGER, what VARCHAR, reporter_id VARCHAR, entity_id VARCHAR, field VARCHAR,
    old VARCHAR, new VARCHAR);
CREATE TABLE IF NOT EXISTS control.edition_checks (
    programme_id VARCHAR, period VARCHAR, revision INTEGER, reporter_id VARCHAR, problem VARCHAR);
"""

# what an edition said of every task and indicator: the facts a later scheme scores again (why did a rank move)
_ITEMS = {
    "task_status": "'task', task_id, status, light, progress_pct, completed_on, score",
    "indicator_scores": "'indicator', indicator_id, state, NULL, value, NULL, score",
}


def period_rows(
    programme: dict,
    asked: Period,
    as_of: datetime | None,
    now: datetime,
    published: dict[str, datetime] | None = None,
) -> list[tuple]:
    """Rows of control.periods for one programme, from its first quarter to min(asked, its last); may be empty.

    ``programme`` needs programme_id, start_date, end_date, report_day, freeze_days. The asked quarter's as-of is
    ``as_of``, else its freeze or ``now`` while that has not come; an earlier quarter keeps its own freeze where that is
    earlier. A published quarter (``published``: period → data cut of its first edition) is computed as its next edition
    would be: with everything received by ``as_of`` or ``now``.
    """
    quarters = [p for p in periods_between(programme["start_date"], programme["end_date"]) if p <= asked]
    if not quarters:
        return []
    limit = shanghai(as_of) if as_of else now
    cuts = published or {}
    rows = []
    for seq, quarter in enumerate(quarters, 1):
        cutoff, freeze = (
            quarter.cutoff_at(programme["report_day"]),
            quarter.freeze_at(programme["freeze_days"]),
        )
        is_asked = quarter == quarters[-1]
        drafted = str(quarter) in cuts and cuts[str(quarter)] <= limit
        moment = limit if drafted or (is_asked and as_of) else min(limit, freeze)
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
    published: list[Edition] | None = None,
) -> list[tuple]:
    """Write the control tables for every programme in raw.programmes (or one); returns the rows written.

    A programme that is not in scope keeps its rows; one that left the registry loses them. ``published``: every edition.
    """
    write_editions(connection, published or [])
    cuts: dict[str, dict[str, datetime]] = {}
    for edition in published or []:
        # the first edition tells since when the quarter is published
        cuts.setdefault(edition.programme_id, {}).setdefault(edition.period, edition.data_cut)
    columns = ("programme_id", "start_date", "end_date", "report_day", "freeze_days")
    programmes = [
        dict(zip(columns, row, strict=True))
        for row in connection.execute(
            f"SELECT {', '.join(columns)} FROM raw.programmes ORDER BY 1"
        ).fetchall()
        if programme_id in (None, row[0])
    ]
    rows = [
        row
        for programme in programmes
        for row in period_rows(programme, asked, as_of, now, cuts.get(programme["programme_id"]))
    ]
    with transaction(connection):
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
    return rows


def write_editions(connection: duckdb.DuckDBPyConnection, published: list[Edition]) -> None:
    """Replace what the warehouse knows of editions; the folders are the source."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS control")
    for table in names.CONTROL_EDITIONS:
        # made anew: a warehouse of an older version may lack a column
        connection.execute(f"DROP TABLE IF EXISTS control.{table.path[-1]}")
    connection.execute(_DDL)
    newest = latest(published)
    for edition in published:
        key = [edition.programme_id, edition.period, edition.revision]
        manifest = edition.manifest
        is_latest = newest[edition.programme_id, edition.period] is edition
        connection.execute(
            "INSERT INTO control.editions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *key, edition.edition_id, edition.data_cut, datetime.fromisoformat(manifest["published_at"]),
                manifest["by"], manifest["approved_by"], manifest["reason"], manifest["correction"], is_latest,
            ],
        )  # fmt: skip
        connection.execute(
            "INSERT INTO control.published_ranks SELECT programme_id, period, ?, reporter_id, rank, total_score, list "
            f"FROM {parquet(edition.table('ranking'))}",
            [edition.revision],
        )
        for table, columns in _ITEMS.items():
            connection.execute(
                f"INSERT INTO control.published_items SELECT programme_id, period, ?, reporter_id, {columns} "
                f"FROM {parquet(edition.table(table))}",
                [edition.revision],
            )
        for change in edition.changes():
            connection.execute(
                "INSERT INTO control.edition_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [*key, *(change[name] for name in CHANGE)],
            )
        for check in edition.checks():
            connection.execute(
                "INSERT INTO control.edition_checks VALUES (?, ?, ?, ?, ?)",
                [*key, check["reporter_id"], check["problem"]],
            )


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
            *(
                dg.AssetSpec(key, group_name=names.GROUP_CONTROL, description=description)
                for key, description in names.CONTROL_EDITIONS.items()
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
                connection,
                Period.parse(context.partition_key),
                as_of,
                now,
                scope.programme or None,
                usable_editions(settings),
            )
            asked = [row for row in rows if row[11]]
            progress.result = (
                "；".join(f"{row[0]} 至 {row[1]}，截至 {row[8]:%Y-%m-%d %H:%M}" for row in asked)
                or "没有可计算的方案"
            )
        for key in (names.CONTROL_PERIODS, names.CONTROL_CALENDAR, *names.CONTROL_EDITIONS):
            yield dg.MaterializeResult(asset_key=key)

    return [set_run_context]
