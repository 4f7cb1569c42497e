"""Rows several pages use: results, reports, findings, receipts, tasks, indicators, the rectification ledger."""

from __future__ import annotations

import duckdb

from dashboards.queries import Row, fetch, has_columns, without_sums


def programme(connection: duckdb.DuckDBPyConnection, programme_id: str) -> Row | None:
    """The programme's line with its parameters; None for an unknown programme."""
    found = fetch(connection, "select * from raw.programmes where programme_id = ?", [programme_id])
    return found[0] if found else None


def periods(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """The programme's periods in the marts, oldest first, with their dates."""
    return fetch(
        connection,
        """
        with known as (select distinct period from marts.ranking where programme_id = $1)
        select known.period, c.period_start, c.period_end, c.cutoff_on, c.frozen, c.cutoff_passed,
               timezone('Asia/Shanghai', c.cutoff_at) as cutoff_at,
               timezone('Asia/Shanghai', c.freeze_at) as freeze_at,
               timezone('Asia/Shanghai', c.as_of) as as_of
        from known
        left join control.periods as c on c.programme_id = $1 and c.period = known.period
        order by known.period
        """,
        [programme_id],
    )


def specials(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """special_id, name, weight, lead_unit in the order of the registry."""
    return fetch(
        connection,
        "select special_id, name, weight, lead_unit from raw.specials where programme_id = ? order by seq, special_id",
        [programme_id],
    )


def reporters(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """reporter_id, name, kind, group in the order of the registry."""
    return fetch(
        connection,
        """
        select reporter_id, name, kind, "group" from raw.reporters
        where programme_id = ? order by seq, reporter_id
        """,
        [programme_id],
    )


def ranking(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """The ranking of one period with each reporter's task totals; ranked first, then by registry order."""
    return fetch(
        connection,
        """
        select r.reporter_id, coalesce(r.reporter_name, p.name, r.reporter_id) as reporter_name, r."group",
               r.task_score, r.indicator_score, r.total_score, r.rank, r.group_rank, r.previous_rank, r.rank_change,
               r.list, r.ranked, r.reason, p.kind,
               q.tasks_total, q.tasks_due, q.tasks_completed, q.tasks_completed_late, q.tasks_overdue,
               q.tasks_behind, q.tasks_due_soon, q.tasks_reported, q.completion_rate, q.on_time_rate
        from marts.ranking as r
        left join raw.reporters as p on p.programme_id = r.programme_id and p.reporter_id = r.reporter_id
        left join marts.quarterly_progress as q
          on q.programme_id = r.programme_id and q.period = r.period and q.reporter_id = r.reporter_id
         and q.special_id = 'ALL'
        where r.programme_id = ? and r.period = ?
        order by r.rank nulls last, p.seq nulls last, r.reporter_id
        """,
        [programme_id, period],
    )


def ranking_history(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """period, reporter, rank, total_score, list of every period up to ``period``."""
    return fetch(
        connection,
        """
        select period, reporter_id, coalesce(reporter_name, reporter_id) as reporter_name, rank, total_score,
               task_score, indicator_score, list
        from marts.ranking where programme_id = ? and period <= ?
        order by period, rank nulls last, reporter_id
        """,
        [programme_id, period],
    )


def totals(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """City totals per period: sums over the reporters (reporter × task pairs), and reports owed and not received."""
    return fetch(
        connection,
        f"""
        with tasks as (
            select period, sum(tasks_total)::bigint as tasks_total, sum(tasks_due)::bigint as tasks_due,
                   sum(tasks_completed)::bigint as tasks_completed,
                   sum(tasks_completed_late)::bigint as tasks_completed_late,
                   sum(tasks_overdue)::bigint as tasks_overdue, sum(tasks_behind)::bigint as tasks_behind,
                   sum(tasks_due_soon)::bigint as tasks_due_soon, sum(tasks_reported)::bigint as tasks_reported
            from marts.quarterly_progress
            where programme_id = $1 and special_id = 'ALL' and {without_sums(connection)} group by period
        ), reports as (
            select period, count(*) filter (owed) as reports_owed,
                   count(*) filter (owed and not coalesce(received, false)) as reports_missing,
                   count(*) filter (owed and received and not coalesce(on_time, false)) as reports_late
            from marts.reporting where programme_id = $1 group by period
        )
        select coalesce(t.period, r.period) as period, t.* exclude (period), r.* exclude (period)
        from tasks as t full join reports as r on r.period = t.period
        order by 1
        """,
        [programme_id],
    )


def on_time(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """Per period: tasks whose last milestone has come, and those of them completed by it (numerator of on_time_rate)."""
    return fetch(
        connection,
        """
        with last as (
            select task_id, max(due_date) as last_due from raw.task_milestones where programme_id = $1 group by task_id
        )
        select s.period, count(*) as due_in_full,
               count(*) filter (s.status = 'completed' and s.completed_on <= last.last_due) as done_in_time
        from marts.task_status as s
        join last on last.task_id = s.task_id
        join control.periods as c on c.programme_id = s.programme_id and c.period = s.period
        where s.programme_id = $1 and last.last_due <= c.period_end and s.status is distinct from 'cancelled'
        group by s.period
        """,
        [programme_id],
    )


def reporting(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Who owes which report and what came, in registry order."""
    return fetch(
        connection,
        """
        select m.reporter_id, coalesce(p.name, m.reporter_id) as reporter_name, m.kind, m.owed, m.received, m.on_time,
               timezone('Asia/Shanghai', m.first_received_at) as first_received_at, m.days_late,
               m.cells_required, m.cells_filled, m.completeness
        from marts.reporting as m
        left join raw.reporters as p on p.programme_id = m.programme_id and p.reporter_id = m.reporter_id
        where m.programme_id = ? and m.period = ?
        order by p.seq nulls last, m.reporter_id, m.kind desc
        """,
        [programme_id, period],
    )


def lights(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Tasks per reporter, special and light: how many, reported for the period, neither completed nor cancelled."""
    return fetch(
        connection,
        """
        select reporter_id, special_id, light, count(*) as tasks, count(*) filter (reported) as reported,
               count(*) filter (coalesce(status, '') not in ('completed', 'cancelled')) as pending
        from marts.task_status where programme_id = ? and period = ?
        group by reporter_id, special_id, light
        """,
        [programme_id, period],
    )


def overdue_tasks(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Every overdue task, longest first."""
    return fetch(
        connection,
        """
        select o.reporter_id, coalesce(p.name, o.reporter_id) as reporter_name, o.task_id, t.seq, o.title, o.special_id,
               coalesce(s.name, o.special_id) as special_name, o.lead_unit, o.cooperating_units, o.due_date,
               o.days_overdue, o.progress_pct, o.last_summary
        from marts.overdue_tasks as o
        left join raw.reporters as p on p.programme_id = o.programme_id and p.reporter_id = o.reporter_id
        left join raw.specials as s on s.programme_id = o.programme_id and s.special_id = o.special_id
        left join raw.tasks as t on t.programme_id = o.programme_id and t.task_id = o.task_id
        where o.programme_id = ? and o.period = ?
        order by o.days_overdue desc, o.progress_pct, p.seq nulls last, o.reporter_id, t.position, o.task_id
        """,
        [programme_id, period],
    )


INFLUENCE = (
    "expected_value", "expected_basis", "score_now", "score_expected", "score_change", "rank_now", "rank_expected",
    "list_now", "list_expected", "crosses_edge", "priority",
)  # fmt: skip


def flags(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Every finding of the period, and those on the registry (no period).

    Order: findings on the registry, then by priority; without ``quality.priorities`` (older files) gravest first, then
    by place. Every row has the columns of ``INFLUENCE`` (null where nothing is known) and ``entity_name``.
    """
    if has_columns(connection, "quality", "priorities", {"flag_id", *INFLUENCE}):
        influence = ", ".join(f"w.{name}" for name in INFLUENCE)
        joined = """left join quality.priorities as w
          on w.flag_id = f.flag_id and w.programme_id = f.programme_id and w.period is not distinct from f.period"""
    else:
        influence = ", ".join(f"null as {name}" for name in INFLUENCE)
        joined = ""
    return fetch(
        connection,
        f"""
        select f.flag_id, f.rule_id, f.severity, f.period, f.reporter_id,
               coalesce(p.name, f.reporter_id) as reporter_name, f.entity_type, f.entity_id,
               coalesce(i.name, t.title) as entity_name, f.path, f.sheet, f.row_number, f.column_name, f.raw_value,
               f.message, {influence}
        from quality.flags as f
        {joined}
        left join raw.reporters as p on p.programme_id = f.programme_id and p.reporter_id = f.reporter_id
        left join raw.indicators as i
          on f.entity_type = 'indicator' and i.programme_id = f.programme_id and i.indicator_id = f.entity_id
        left join raw.tasks as t
          on f.entity_type = 'task' and t.programme_id = f.programme_id and t.task_id = f.entity_id
        where f.programme_id = ? and (f.period = ? or f.period is null)
        order by f.period is not null, priority nulls last,
                 case f.severity when 'B' then 0 when 'E' then 1 when 'W' then 2 else 3 end,
                 f.rule_id, p.seq nulls last, f.reporter_id, f.path, f.row_number, f.entity_id, f.column_name, f.flag_id
        """,
        [programme_id, period],
    )


def scorecard(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Per reporter and dimension: evaluated, failed, not_evaluable, pass_rate (0–1), previous_rate.

    previous_rate is that of the latest earlier period. Empty in a file without ``quality.scorecard``.
    """
    columns = {"reporter_id", "dimension", "evaluated", "failed", "not_evaluable", "pass_rate"}
    if not has_columns(connection, "quality", "scorecard", columns):
        return []
    return fetch(
        connection,
        """
        with mine as (select * from quality.scorecard where programme_id = $1 and reporter_id is not null),
        before as (select max(period) as period from mine where period < $2)
        select s.reporter_id, coalesce(p.name, s.reporter_id) as reporter_name, s.dimension, s.evaluated, s.failed,
               s.not_evaluable, s.pass_rate, b.pass_rate as previous_rate
        from mine as s
        left join mine as b
          on b.reporter_id = s.reporter_id and b.dimension = s.dimension and b.period = (select period from before)
        left join raw.reporters as p on p.programme_id = s.programme_id and p.reporter_id = s.reporter_id
        where s.period = $2
        order by p.seq nulls last, s.reporter_id, s.dimension
        """,
        [programme_id, period],
    )


def dimension_totals(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Sums of the scorecard over the reporters, per dimension and period up to ``period``; pass_rate 0–1 or null."""
    columns = {"reporter_id", "dimension", "evaluated", "failed", "not_evaluable"}
    if not has_columns(connection, "quality", "scorecard", columns):
        return []
    return fetch(
        connection,
        """
        select period, dimension, sum(evaluated)::bigint as evaluated, sum(failed)::bigint as failed,
               sum(not_evaluable)::bigint as not_evaluable,
               1 - sum(failed)::double / nullif(sum(evaluated), 0) as pass_rate
        from quality.scorecard
        where programme_id = ? and period <= ? and reporter_id is not null
        group by period, dimension order by period, dimension
        """,
        [programme_id, period],
    )


def rule_stats(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """How often each rule was judged and fired in the period; fire_rate 0–1 (null where nobody counted what passed)."""
    columns = {"rule_id", "evaluated", "failed", "fire_rate", "not_evaluable"}
    if not has_columns(connection, "quality", "rule_stats", columns):
        return []
    return fetch(
        connection,
        """
        select rule_id, evaluated, failed, fire_rate, not_evaluable from quality.rule_stats
        where programme_id = ? and period = ?
        """,
        [programme_id, period],
    )


def rules(connection: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    """rule_id → severity and dimension of the active rules of the catalogue; empty where it is not in the file."""
    if not has_columns(connection, "quality", "check_rules", {"rule_id", "severity", "dimension", "state"}):
        return {}
    found = fetch(
        connection, "select rule_id, severity, dimension from quality.check_rules where state = 'active'", []
    )
    return {row["rule_id"]: row for row in found}


def confirmed(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Warnings a county confirmed (属实) for the period, with note and name."""
    if not has_columns(connection, "quality", "confirmed_flags", {"flag_id", "note", "confirmed_by"}):
        return []
    return fetch(
        connection,
        """
        select f.rule_id, f.severity, f.reporter_id, coalesce(p.name, f.reporter_id) as reporter_name, f.path, f.sheet,
               f.row_number, f.column_name, f.raw_value, f.message, f.note, f.confirmed_by
        from quality.confirmed_flags as f
        left join raw.reporters as p on p.programme_id = f.programme_id and p.reporter_id = f.reporter_id
        where f.programme_id = ? and f.period = ?
        order by p.seq nulls last, f.reporter_id, f.rule_id, f.path, f.row_number, f.flag_id
        """,
        [programme_id, period],
    )


def expectations(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """What Great Expectations found in raw.* (all programmes and periods that are loaded), failed ones first."""
    columns = {
        "suite",
        "expectation",
        "rule_id",
        "table_name",
        "column_name",
        "evaluated",
        "unexpected",
        "success",
    }
    if not has_columns(connection, "quality", "expectation_results", columns | {"description"}):
        return []
    return fetch(
        connection,
        """
        select suite, expectation, rule_id, table_name, column_name, evaluated, unexpected, success, description
        from quality.expectation_results
        order by success, unexpected desc, table_name, rule_id nulls last, description, column_name, suite
        """,
        [],
    )


def proposals(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Smallest changes that would make contradicting cells agree: one row per cell of an alternative."""
    columns = {
        "reporter_id", "proposal_id", "alternative", "alternatives", "confidence", "indicator_id", "field", "path", "sheet",
        "row_number", "column_name", "reported_value", "proposed_value", "rules", "message",
    }  # fmt: skip
    if not has_columns(connection, "quality", "correction_proposals", columns):
        return []
    return fetch(
        connection,
        """
        select c.reporter_id, coalesce(p.name, c.reporter_id) as reporter_name, c.proposal_id, c.alternative,
               c.alternatives, c.confidence, c.field, coalesce(i.name, c.indicator_id) as indicator_name, c.path, c.sheet,
               c.row_number, c.column_name, c.reported_value, c.proposed_value, c.rules, c.message
        from quality.correction_proposals as c
        left join raw.reporters as p on p.programme_id = c.programme_id and p.reporter_id = c.reporter_id
        left join raw.indicators as i on i.programme_id = c.programme_id and i.indicator_id = c.indicator_id
        where c.programme_id = ? and c.period = ?
        order by case c.confidence when 'unique' then 0 when 'ambiguous' then 1 else 2 end,
                 p.seq nulls last, c.reporter_id, c.proposal_id, c.alternative, c.row_number, c.column_name
        """,
        [programme_id, period],
    )


def rule_titles(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """rule_id → its message in the catalogue; empty where the catalogue is not in the file."""
    for column in ("message_zh", "message"):
        if has_columns(connection, "quality", "check_rules", {"rule_id", column}):
            found = connection.execute(f"select rule_id, {column} from quality.check_rules").fetchall()
            return {rule: text for rule, text in found if text}
    return {}


def receipts(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """The receipts of the period, in order of arrival."""
    return fetch(
        connection,
        """
        select r.receipt_id, r.path, r.reporter_id, coalesce(p.name, r.reporter_id) as reporter_name, r.kind, r.version,
               timezone('Asia/Shanghai', r.received_at) as received_at, r.late, r.format, r.encoding,
               r.rows_read, r.rows_loaded, r.rows_quarantined, r.status, r.reason
        from ops.receipts as r
        left join raw.reporters as p on p.programme_id = r.programme_id and p.reporter_id = r.reporter_id
        where r.programme_id = ? and r.period = ?
        order by r.received_at, r.path
        """,
        [programme_id, period],
    )


def quarantine(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """The rows kept out of the period's submissions, with their place and reason."""
    return fetch(
        connection,
        """
        select r.reporter_id, coalesce(p.name, r.reporter_id) as reporter_name, q.path, q.sheet, q.row_number,
               q.row_json, q.rule_id, q.message
        from ops.quarantine as q
        join ops.receipts as r on r.receipt_id = q.receipt_id
        left join raw.reporters as p on p.programme_id = r.programme_id and p.reporter_id = r.reporter_id
        where r.programme_id = ? and r.period = ?
        order by p.seq nulls last, r.reporter_id, q.path, q.sheet, q.row_number, q.rule_id
        """,
        [programme_id, period],
    )


def task_status(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Every task of every reporter with its last words and where they stand (file, sheet, row), in plan order."""
    return fetch(
        connection,
        """
        with words as (
            select receipt_id, task_id, arg_min(summary, row_number) as summary, arg_min(problems, row_number) as problems,
                   any_value(path) as path, arg_min(sheet, row_number) as sheet, min(row_number) as row_number
            from raw.progress where programme_id = $1 group by receipt_id, task_id
        )
        select m.reporter_id, m.task_id, t.seq, m.special_id, m.title, m.lead_unit, m.deadline_kind, t.deadline_text,
               m.due_date, m.status, m.reported, m.progress_pct, m.expected_pct, m.completed_on, m.days_overdue,
               m.light, m.score, m.last_reported_on, m.receipt_id, w.summary, w.problems, w.path, w.sheet, w.row_number
        from marts.task_status as m
        left join raw.tasks as t on t.programme_id = m.programme_id and t.task_id = m.task_id
        left join words as w on w.receipt_id = m.receipt_id and w.task_id = m.task_id
        where m.programme_id = $1 and m.period = $2
        order by m.reporter_id, t.position nulls last, m.task_id
        """,
        [programme_id, period],
    )


def special_scores(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Scores per reporter and special with the special's task counts."""
    return fetch(
        connection,
        """
        select m.reporter_id, m.special_id, m.task_score, m.indicator_score, m.score, m.rank,
               q.tasks_total, q.tasks_completed, q.tasks_overdue, q.tasks_behind
        from marts.special_scores as m
        left join marts.quarterly_progress as q
          on q.programme_id = m.programme_id and q.period = m.period and q.reporter_id = m.reporter_id
         and q.special_id = m.special_id
        where m.programme_id = ? and m.period = ?
        """,
        [programme_id, period],
    )


def indicators(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """The indicators in registry order, with unit, polarity and decimals."""
    return fetch(
        connection,
        """
        select i.indicator_id, i.special_id, coalesce(s.name, i.special_id) as special_name, i.name, i.unit, i.polarity,
               i.decimals, i.baseline, i.frontier, i.worst
        from raw.indicators as i
        left join raw.specials as s on s.programme_id = i.programme_id and s.special_id = i.special_id
        where i.programme_id = ? order by i.position, i.indicator_id
        """,
        [programme_id],
    )


def indicator_scores(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Every indicator of every reporter, all periods up to ``period`` (for the trend), oldest first."""
    return fetch(
        connection,
        """
        select m.period, m.reporter_id, coalesce(p.name, m.reporter_id) as reporter_name, m.indicator_id, m.state,
               m.value, m.previous_value, m.baseline, m.target, m.target_due, m.frontier, m.worst, m.method, m.score,
               m.attained, m.improvement_pct
        from marts.indicator_scores as m
        left join raw.reporters as p on p.programme_id = m.programme_id and p.reporter_id = m.reporter_id
        where m.programme_id = ? and m.period <= ?
        order by m.period, m.indicator_id, p.seq nulls last, m.reporter_id
        """,
        [programme_id, period],
    )


def unit_load(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Tasks per unit and role (reporter × task pairs), most overdue first."""
    return fetch(
        connection,
        """
        select unit_id, coalesce(unit_name, unit_id) as unit_name, role, tasks_total, tasks_due, tasks_completed,
               tasks_overdue
        from marts.unit_load where programme_id = ? and period = ?
        order by tasks_overdue desc, tasks_total desc, unit_name, role
        """,
        [programme_id, period],
    )


def rectification(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """The rectification ledger, open and overdue first."""
    return fetch(
        connection,
        """
        select m.issue_id, m.reporter_id, coalesce(p.name, m.reporter_id) as reporter_name, m.issue, m.origin, m.units,
               m.measures, m.due_date, m.status, m.closed_on, m.days_overdue, coalesce(m.reopened, false) as reopened
        from marts.rectification as m
        left join raw.reporters as p on p.programme_id = m.programme_id and p.reporter_id = m.reporter_id
        where m.programme_id = ? and m.period = ?
        order by m.days_overdue desc nulls last, coalesce(m.status, '') in ('completed', 'cancelled'),
                 m.due_date nulls last, p.seq nulls last, m.reporter_id, m.issue_id
        """,
        [programme_id, period],
    )


def rectification_totals(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """The ledger's counts per period up to ``period``, oldest first."""
    return fetch(
        connection,
        """
        select period, count(*) as issues, count(*) filter (status = 'completed') as closed,
               count(*) filter (status = 'cancelled') as cancelled,
               count(*) filter (days_overdue is not null) as overdue, count(*) filter (reopened) as reopened
        from marts.rectification where programme_id = ? and period <= ?
        group by period order by period
        """,
        [programme_id, period],
    )


def rectification_history(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Every line received about every issue, oldest first, as far as it counts for ``period`` (received by its as-of).

    The order (period, received_at, path, sheet, row) is that of the mart.
    """
    return fetch(
        connection,
        """
        select h.reporter_id, h.issue_id, h.period, timezone('Asia/Shanghai', r.received_at) as received_at, r.late,
               h.path, h.sheet, h.row_number, h.status, h.status_raw, h.due, h.due_raw, h.measures, h.closed_on,
               h.closed_on_raw
        from raw.rectification as h
        join ops.receipts as r on r.receipt_id = h.receipt_id
        left join control.periods as c on c.programme_id = $1 and c.period = $2
        where h.programme_id = $1 and h.period <= $2 and h.issue_id is not null
          and (c.as_of is null or r.received_at <= c.as_of)
        order by h.reporter_id, h.issue_id, h.period, r.received_at, h.path, h.sheet, h.row_number
        """,
        [programme_id, period],
    )


def satisfaction(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Satisfaction by group asked; ``rate`` is 0–100."""
    return fetch(
        connection,
        """
        select reporter_id, "group", sample, satisfied, rate from marts.satisfaction
        where programme_id = ? and period = ? order by reporter_id, "group"
        """,
        [programme_id, period],
    )
