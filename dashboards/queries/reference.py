"""SQL of the pages beside the sites: the portal's line on every quarter, indicators of every programme, column types.

Belongs here: what the portal, the dictionary and the analysts' page read. Does not belong here: the queries analysts are shown
(``docs/analysts.md``).
"""

from __future__ import annotations

import duckdb

from dashboards.queries import Row, fetch, has_columns, without_sums


def quarters(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Per programme and period with a ranking, newest period first: who is first and last, counts, data cut.

    first, last: names (lists, more than one where a rank is shared), null without a rank; due, overdue: tasks × reporters;
    missing, late: reporters that owe a file which did not come, or came after the cut-off.
    """
    return fetch(
        connection,
        f"""
        with ranks as (
            select programme_id, period, count(*) as reporters, count(rank) as ranked,
                   list(reporter_name order by reporter_id) filter (rank = 1) as first,
                   any_value(total_score) filter (rank = 1) as first_score
            from marts.ranking group by all
        ),
        ends as (
            select programme_id, period, list(reporter_name order by reporter_id) as last, any_value(total_score) as last_score
            from (select *, max(rank) over (partition by programme_id, period) as worst from marts.ranking)
            where rank = worst group by all
        ),
        tasks as (
            select programme_id, period, sum(tasks_due) as due, sum(tasks_overdue) as overdue
            from marts.quarterly_progress where special_id = 'ALL' and {without_sums(connection)} group by all
        ),
        sent as (
            select programme_id, period,
                   count(distinct reporter_id) filter (owed and not received) as missing,
                   count(distinct reporter_id) filter (owed and received and not on_time) as late
            from marts.reporting group by all
        )
        select r.*, e.last, e.last_score, t.due, t.overdue, s.missing, s.late, p.title, p.issuer,
               cast(c.as_of at time zone 'Asia/Shanghai' as timestamp) as as_of, c.frozen,
               cast(c.freeze_at at time zone 'Asia/Shanghai' as timestamp) as freeze_at
        from ranks as r
        left join ends as e using (programme_id, period)
        left join tasks as t using (programme_id, period)
        left join sent as s using (programme_id, period)
        left join raw.programmes as p using (programme_id)
        left join control.periods as c using (programme_id, period)
        order by r.programme_id, r.period desc
        """,
        [],
    )


def standing_editions(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Row]:
    """(programme, period) → the edition that stands; empty for a file that knows no editions."""
    if not has_columns(connection, "control", "editions", {"revision", "published_at", "is_latest"}):
        return {}
    found = fetch(
        connection,
        """
        select programme_id, period, revision, cast(published_at at time zone 'Asia/Shanghai' as timestamp) as published_at
        from control.editions where is_latest
        """,
        [],
    )
    return {(row["programme_id"], row["period"]): row for row in found}


def indicators(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Every indicator of every programme in the order of the registry, with its targets (list of {due, target})."""
    return fetch(
        connection,
        """
        select i.*, p.title as programme, s.name as special,
               (select list({due: t.due_date, target: t.target} order by t.due_date) from raw.targets as t
                where t.programme_id = i.programme_id and t.indicator_id = i.indicator_id) as targets
        from raw.indicators as i
        left join raw.programmes as p using (programme_id)
        left join raw.specials as s on i.programme_id = s.programme_id and i.special_id = s.special_id
        order by i.programme_id, i.position
        """,
        [],
    )


def column_types(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, str]]:
    """(schema, table) → column → type, in the order of the columns, of every table in the file."""
    types: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and not internal order by schema_name, table_name, column_index"
    ).fetchall():
        types.setdefault((schema, table), {})[column] = kind
    return types


def quarters_known(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(programme, period) with a ranking, in order."""
    return connection.execute(
        "select distinct programme_id, period from marts.ranking order by 1, 2"
    ).fetchall()
