"""All SQL of the workbooks and reminders: read-only, over the published file.

Belongs here: which rows a form, a feedback file or a reminder needs. Does not belong here: wording and layout.
Every function takes an open connection and returns plain dicts; moments are naive Shanghai time.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from dashboards.queries.site import INFLUENCE

Row = dict[str, Any]


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> list[Row]:
    """Result rows of a query as dicts by column."""
    cursor = connection.execute(sql, list(parameters))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def programmes(
    connection: duckdb.DuckDBPyConnection, period_end: date, programme_id: str | None
) -> list[Row]:
    """Programmes that run in the quarter ending on ``period_end``, with their reporting days."""
    return rows(
        connection,
        """
        select programme_id, title, issuer, start_date, end_date, report_day, freeze_days from raw.programmes
        where start_date <= $1 and end_date >= date_trunc('quarter', $1) and ($2 is null or programme_id = $2)
        order by programme_id
        """,
        period_end,
        programme_id,
    )


def reporters(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """reporter_id, name, aliases in the order of the registry."""
    return rows(
        connection,
        "select reporter_id, name, aliases from raw.reporters where programme_id = $1 order by seq, reporter_id",
        programme_id,
    )


def last_period_before(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> str | None:
    """The latest published period before ``period``; None when there is none."""
    return connection.execute(
        "select max(period) from marts.ranking where programme_id = $1 and period < $2",
        [programme_id, period],
    ).fetchone()[0]


def owed_tasks(connection: duckdb.DuckDBPyConnection, programme_id: str, previous: str | None) -> list[Row]:
    """One row per reporter and task it owes, in the order of the registry, with its state at the period ``previous``.

    A task without an assignment is owed by everybody (contract, section 4). due_date: the milestone that counts at
    ``previous``, else the first one.
    """
    return rows(
        connection,
        """
        with assigned as (
            select distinct task_id, reporter_id from raw.assignments where programme_id = $1 and task_id is not null
        ),
        role_order(role, place) as (values ('lead', 1), ('sole', 2), ('joint', 3), ('by_duty', 4)),
        named as (
            select s.task_id, o.place, s.row_number,
                   coalesce(min(u.name), any_value(s.unit_name)) as unit
            from raw.responsibilities as s
            inner join role_order as o on s.role = o.role
            left join raw.unit_names as u on u.programme_id = s.programme_id and u.known_name = s.unit_name
            where s.programme_id = $1
            group by s.task_id, o.place, s.row_number
        ),
        leads as (
            select task_id, string_agg(unit, '、' order by row_number) as lead_unit
            from (select *, min(place) over (partition by task_id) as best from named) as ranked
            where place = best
            group by task_id
        ),
        firsts as (
            select task_id, min(due_date) as first_due, count(*) as milestones from raw.task_milestones where programme_id = $1 group by task_id
        )
        select r.reporter_id, t.task_id, t.title, t.deadline_text, t.deadline_kind, coalesce(t.ongoing, false) as ongoing,
               sp.name as special, l.lead_unit, coalesce(s.due_date, f.first_due) as due_date, s.status,
               s.progress_pct, s.completed_on, coalesce(f.milestones, 0) as milestone_count
        from raw.tasks as t
        inner join raw.reporters as r on r.programme_id = t.programme_id
        left join raw.specials as sp on sp.programme_id = t.programme_id and sp.special_id = t.special_id
        left join leads as l on l.task_id = t.task_id
        left join firsts as f on f.task_id = t.task_id
        left join marts.task_status as s
            on s.programme_id = t.programme_id and s.task_id = t.task_id and s.reporter_id = r.reporter_id
            and s.period = $2
        where t.programme_id = $1
          and (t.task_id not in (select task_id from assigned)
               or exists (select 1 from assigned as a where a.task_id = t.task_id and a.reporter_id = r.reporter_id))
        order by r.seq, sp.seq, t.position
        """,
        programme_id,
        previous,
    )


def owed_indicators(
    connection: duckdb.DuckDBPyConnection, programme_id: str, previous: str | None, period_end: date
) -> list[Row]:
    """One row per reporter and indicator it owes, with its target at ``period_end``, applicability and last value."""
    return rows(
        connection,
        """
        with assigned as (
            select distinct indicator_id, reporter_id from raw.assignments
            where programme_id = $1 and indicator_id is not null
        ),
        goal as (
            select indicator_id, target, due_date,
                   row_number() over (
                       partition by indicator_id
                       order by due_date < $3, case when due_date >= $3 then due_date end, due_date desc
                   ) as place
            from raw.targets where programme_id = $1
        )
        select r.reporter_id, i.indicator_id, i.name, i.unit, i.polarity, i.decimals, i.valid_min, i.valid_max,
               i.numerator, i.denominator, i.multiplier, sp.name as special, g.target, g.due_date as target_due,
               p.state as applicability, p.reason, s.value as last_value, s.state as last_state
        from raw.indicators as i
        inner join raw.reporters as r on r.programme_id = i.programme_id
        left join raw.specials as sp on sp.programme_id = i.programme_id and sp.special_id = i.special_id
        left join goal as g on g.indicator_id = i.indicator_id and g.place = 1
        left join raw.applicability as p
            on p.programme_id = i.programme_id and p.indicator_id = i.indicator_id and p.reporter_id = r.reporter_id
        left join marts.indicator_scores as s
            on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id and s.reporter_id = r.reporter_id
            and s.period = $2
        where i.programme_id = $1
          and (i.indicator_id not in (select indicator_id from assigned)
               or exists (select 1 from assigned as a
                          where a.indicator_id = i.indicator_id and a.reporter_id = r.reporter_id))
        order by r.seq, sp.seq, i.position
        """,
        programme_id,
        previous,
        period_end,
    )


def receipts(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, reporter_id: str | None
) -> list[Row]:
    """The submissions of a period that a reporter of the registry sent, oldest first."""
    return rows(
        connection,
        """
        select o.receipt_id, o.path, o.reporter_id, r.name as reporter_name, o.kind, o.format, o.status, o.reason,
               o.rows_read, o.rows_quarantined, timezone('Asia/Shanghai', o.received_at) as received_at
        from ops.receipts as o
        inner join raw.reporters as r on r.programme_id = o.programme_id and r.reporter_id = o.reporter_id
        where o.programme_id = $1 and o.period = $2 and ($3 is null or o.reporter_id = $3) and o.kind is not null
        order by r.seq, o.received_at, o.path
        """,
        programme_id,
        period,
        reporter_id,
    )


# A finding on a file is closed once a later readable file of the same obligation, received by the as-of, answers it: it
# holds the same task or indicator (what it says there is judged by itself), or – for a finding on the file or on a row
# nobody knows – as many rows of it were loaded (dropping the row nobody knows is a correction too).
_FINDINGS = f"""
with sent as (
    select receipt_id, programme_id, period, reporter_id, kind, received_at, path, status,
           coalesce(rows_loaded, 0) as rows_loaded
    from ops.receipts where programme_id = $1 and period = $2
),
entities as (
    select receipt_id, 'task' as entity_type, task_id as entity_id from raw.progress
    where programme_id = $1 and period = $2
    union all
    select receipt_id, 'indicator', indicator_id from raw.indicator_values where programme_id = $1 and period = $2
),
later as (
    select a.receipt_id, b.receipt_id as later_id, b.path as later_path, b.rows_loaded >= a.rows_loaded as whole
    from sent as a
    inner join sent as b
        on a.reporter_id = b.reporter_id and a.kind = b.kind and b.status <> 'rejected'
        and (b.received_at, b.path) > (a.received_at, a.path)
    inner join control.periods as c
        on c.programme_id = b.programme_id and c.period = b.period and b.received_at <= c.as_of
),
answers as (
    select l.receipt_id, e.entity_type, e.entity_id, min(l.later_path) as path
    from later as l inner join entities as e on e.receipt_id = l.later_id
    group by all
),
wholes as (select receipt_id, min(later_path) as path from later where whole group by receipt_id)

select f.flag_id, f.rule_id, f.severity, f.reporter_id, f.entity_type, f.entity_id, f.path, f.sheet, f.row_number,
       f.column_name, f.raw_value, f.message, f.receipt_id, f.owner, c.remedy_zh as remedy,
       coalesce(i.name, t.title) as entity_name, p.influence, {", ".join(f"p.{name}" for name in INFLUENCE)},
       case when s.receipt_id is null then null
            when f.entity_type in ('task', 'indicator') then a.path
            when f.rule_id in ('D01', 'D03') then null
            else w.path end as closed_by
from quality.flags as f
left join quality.check_rules as c on c.rule_id = f.rule_id
left join quality.priorities as p on p.flag_id = f.flag_id
left join raw.indicators as i
    on f.entity_type = 'indicator' and i.programme_id = f.programme_id and i.indicator_id = f.entity_id
left join raw.tasks as t on f.entity_type = 'task' and t.programme_id = f.programme_id and t.task_id = f.entity_id
left join sent as s on s.receipt_id = f.receipt_id
left join answers as a
    on a.receipt_id = f.receipt_id and a.entity_type = f.entity_type and a.entity_id = f.entity_id
left join wholes as w on w.receipt_id = f.receipt_id
where f.programme_id = $1 and f.period = $2 and f.reporter_id is not null and ($3 is null or f.reporter_id = $3)
"""
_BY_PLACE = "path, sheet, row_number, column_name, severity, rule_id, message"


def findings(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, reporter_id: str | None = None
) -> list[Row]:
    """The findings on reporters in a period; ``closed_by`` is the later file that answers one, None while it is open."""
    return rows(connection, f"{_FINDINGS} order by {_BY_PLACE}", programme_id, period, reporter_id)


def worklist(
    connection: duckdb.DuckDBPyConnection,
    programme_id: str,
    period: str,
    reporter_id: str | None = None,
    limit: int = 5,
) -> list[Row]:
    """The open findings that could move a score, the weightiest first, at most ``limit``. For the office, not for clerks."""
    return rows(
        connection,
        f"select * from ({_FINDINGS}) where closed_by is null and influence order by priority, {_BY_PLACE} limit $4",
        programme_id, period, reporter_id, limit,
    )  # fmt: skip


def quarantine(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Rows kept out of the tables, of every file of the period."""
    return rows(
        connection,
        """
        select q.receipt_id, q.path, q.sheet, q.row_number, q.rule_id, q.message from ops.quarantine as q
        inner join ops.receipts as o on o.receipt_id = q.receipt_id
        where o.programme_id = $1 and o.period = $2
        order by q.path, q.sheet, q.row_number
        """,
        programme_id,
        period,
    )


def columns(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Where every field of every file of the period stands: receipt_id, sheet, field, column_name, column_index (from 1)."""
    return rows(
        connection,
        """
        select c.receipt_id, c.sheet, c.field, c.column_name, c.column_index from raw.columns as c
        inner join ops.receipts as o on o.receipt_id = c.receipt_id
        where o.programme_id = $1 and o.period = $2
        order by c.receipt_id, c.sheet, c.column_index
        """,
        programme_id,
        period,
    )


def moments(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> Row | None:
    """The period's line of control.periods, moments in Shanghai time; None when it is not published."""
    found = rows(
        connection,
        """
        select c.programme_id, p.title, p.issuer, c.period, c.period_end, c.cutoff_on, c.cutoff_passed, c.frozen,
               timezone('Asia/Shanghai', c.cutoff_at) as cutoff_at, timezone('Asia/Shanghai', c.freeze_at) as freeze_at,
               timezone('Asia/Shanghai', c.as_of) as as_of
        from control.periods as c inner join raw.programmes as p on p.programme_id = c.programme_id
        where c.programme_id = $1 and c.period = $2
        """,
        programme_id,
        period,
    )
    return found[0] if found else None


def workdays(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> dict[date, bool]:
    """Day → whether people work on it, as far as control.calendar knows."""
    return dict(
        connection.execute(
            "select day, is_workday from control.calendar where day between $1 and $2", [first, last]
        ).fetchall()
    )


def obligations(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """What every reporter owes in the period, with what came of it, in the order of the registry."""
    return rows(
        connection,
        """
        select m.reporter_id, r.name, m.kind, m.received, m.on_time, m.days_late, m.cells_required, m.cells_filled,
               m.completeness
        from marts.reporting as m
        inner join raw.reporters as r on r.programme_id = m.programme_id and r.reporter_id = m.reporter_id
        where m.programme_id = $1 and m.period = $2 and m.owed
        order by r.seq, r.reporter_id, m.kind desc
        """,
        programme_id,
        period,
    )


def entity_rows(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Where every task and indicator of the period's files stands: receipt_id, entity_id, sheet, row_number."""
    return rows(
        connection,
        """
        select receipt_id, task_id as entity_id, sheet, row_number from raw.progress
        where programme_id = $1 and period = $2
        union all
        select receipt_id, indicator_id, sheet, row_number from raw.indicator_values
        where programme_id = $1 and period = $2
        """,
        programme_id,
        period,
    )


def open_counts(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str
) -> dict[str, dict[str, int]]:
    """reporter_id → open findings per severity (B, E, W, I) in what the reporter sent and can correct.

    What it did not send (K02, D02, D04) is missing, not wrong.
    """
    counts: dict[str, dict[str, int]] = {}
    for counted in rows(
        connection,
        f"""
        select reporter_id, severity, count(*) as findings from ({_FINDINGS})
        where path <> '' and closed_by is null and owner = '填报主体' and rule_id not in ('K02', 'D02', 'D04')
        group by reporter_id, severity
        """,
        programme_id, period, None,
    ):  # fmt: skip
        of_reporter = counts.setdefault(counted["reporter_id"], dict.fromkeys("BEWI", 0))
        of_reporter[counted["severity"]] = counted["findings"]
    return counts


def reporter_named(connection: duckdb.DuckDBPyConnection, programme_id: str, wanted: str) -> str | None:
    """reporter_id of a code, name or alias; None for nobody's."""
    found = connection.execute(
        "select reporter_id from raw.reporters where programme_id = $1 and (reporter_id = $2 or name = $2 "
        "or list_contains(string_split(coalesce(aliases, ''), ';'), $2)) order by reporter_id = $2 desc, reporter_id",
        [programme_id, wanted],
    ).fetchone()
    return found[0] if found else None


def reporters_named(connection: duckdb.DuckDBPyConnection, wanted: str) -> dict[str, str]:
    """programme_id → reporter_id of a code, name or alias, for every programme that knows it."""
    programme_ids = connection.execute("select programme_id from raw.programmes order by 1").fetchall()
    named = {pid: reporter_named(connection, pid, wanted) for (pid,) in programme_ids}
    return {pid: reporter_id for pid, reporter_id in named.items() if reporter_id is not None}
