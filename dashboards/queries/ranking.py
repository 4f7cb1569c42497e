"""SQL of the pages about ranks: bands, lists, changes, editions, goals, and the weights a total is made of.

Belongs here: which rows these pages need, and whether an older file has them at all (an absent table gives no rows, an absent
column nulls). Does not belong here: wording, markup; rows that other pages use too (``queries``).

Same promises as ``queries``: an open connection in, plain ``dict`` rows out, moments as naive Shanghai time.
"""

from __future__ import annotations

import duckdb

from dashboards.queries import Row, columns_of, fetch, has_columns, optional

LISTED = (
    "rank_from_end", "best_indicator_id", "worst_indicator_id", "in_a_row", "red_this_year", "black_this_year", "talk", "reason",
)  # fmt: skip
CHANGED = (
    "previous_period", "previous_score", "score", "score_change", "score_own", "score_peers", "score_method", "score_revision",
    "previous_rank", "rank", "rank_change", "rank_own", "rank_peers", "rank_method", "rank_revision", "causes", "gain_score",
    "gain_ahead_of", "gain_text",
)  # fmt: skip
FORECAST = ("due_date", "periods_left", "pace", "forecast", "forecast_met", "forecast_basis")


def robustness(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Rank bands of every period up to ``period``; empty where the draws were not made."""
    present = columns_of(connection, "marts", "rank_robustness")
    if not {"reporter_id", "draws", "rank_p05", "rank_p95", "p_red", "p_black"} <= present:
        return []
    return fetch(
        connection,
        f"""
        select period, reporter_id, draws, seed, rank_median, rank_p05, rank_p95, p_red, p_black,
               {optional(present, "r", ("p_ahead_of_next",))}
        from marts.rank_robustness as r where programme_id = ? and period <= ?
        """,
        [programme_id, period],
    )


def list_entries(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Who is on the red and the black list, in the order of rank; from the ranking alone where the file has no entries."""
    present = columns_of(connection, "marts", "list_entries")
    joined = (
        "left join marts.list_entries as e on e.programme_id = r.programme_id and e.period = r.period "
        "and e.reporter_id = r.reporter_id"
        if present
        else ""
    )
    return fetch(
        connection,
        f"""
        select r.reporter_id, r.list, r.rank, r.total_score, {optional(present, "e", LISTED)}
        from marts.ranking as r {joined}
        where r.programme_id = ? and r.period = ? and r.list is not null
        order by r.list desc, r.rank, r.reporter_id
        """,
        [programme_id, period],
    )


def rank_changes(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Change of score and rank against the period before, split by cause; empty in the first period."""
    if not has_columns(connection, "marts", "rank_changes", {"reporter_id", *CHANGED}):
        return []
    return fetch(
        connection,
        f"""
        select reporter_id, {", ".join(CHANGED)} from marts.rank_changes
        where programme_id = ? and period = ? order by reporter_id
        """,
        [programme_id, period],
    )


def change_items(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """What moved each total most; item_id null = all the others together."""
    columns = {"reporter_id", "seq", "component", "special_id", "item_id", "old_score", "new_score"}
    if not has_columns(connection, "marts", "score_change_items", columns | {"item_name", "contribution"}):
        return []
    return fetch(
        connection,
        """
        select c.reporter_id, c.seq, c.component, c.special_id, s.name as special_name, c.item_id, c.item_name, c.old_score,
               c.new_score, c.contribution
        from marts.score_change_items as c
        left join raw.specials as s on s.programme_id = c.programme_id and s.special_id = c.special_id
        where c.programme_id = ? and c.period = ?
        order by c.reporter_id, c.seq
        """,
        [programme_id, period],
    )


# --- goals -------------------------------------------------------------------------------------------------------------


def goals(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Goals with what they look at and where they are heading; reporter_id null = a goal of the issuer itself."""
    present = columns_of(connection, "marts", "goals")
    return fetch(
        connection,
        f"""
        select m.goal_id, m.reporter_id, coalesce(p.name, m.reporter_id) as reporter_name, m.kind, m.expected, m.actual,
               m.met, g.special_id, s.name as special_name, i.name as indicator_name,
               {optional(present, "m", FORECAST[1:])},
               {"coalesce(m.due_date, g.due_date)" if "due_date" in present else "g.due_date"} as due_date
        from marts.goals as m
        left join raw.goals as g on g.programme_id = m.programme_id and g.goal_id = m.goal_id
        left join raw.specials as s on s.programme_id = m.programme_id and s.special_id = g.special_id
        left join raw.indicators as i on i.programme_id = m.programme_id and i.indicator_id = g.indicator_id
        left join raw.reporters as p on p.programme_id = m.programme_id and p.reporter_id = m.reporter_id
        where m.programme_id = ? and m.period = ?
        order by g.row_number nulls last, m.goal_id, p.seq nulls last, m.reporter_id
        """,
        [programme_id, period],
    )


# --- editions ----------------------------------------------------------------------------------------------------------


def editions(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """The quarter's published editions, first to last, with the name of the reporter a correction is about."""
    columns = {
        "revision",
        "data_cut",
        "published_at",
        "published_by",
        "approved_by",
        "reason",
        "correction",
        "is_latest",
    }
    if not has_columns(connection, "control", "editions", columns):
        return []
    return fetch(
        connection,
        """
        select e.revision, e.edition, timezone('Asia/Shanghai', e.data_cut) as data_cut,
               timezone('Asia/Shanghai', e.published_at) as published_at, e.published_by, e.approved_by, e.reason,
               e.correction, coalesce(p.name, e.correction) as correction_name, e.is_latest
        from control.editions as e
        left join raw.reporters as p on p.programme_id = e.programme_id and p.reporter_id = e.correction
        where e.programme_id = ? and e.period = ?
        order by e.revision
        """,
        [programme_id, period],
    )


def edition_changes(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """What each revision changed against the edition before it, with the names of what it is about."""
    if not has_columns(
        connection, "control", "edition_changes", {"revision", "what", "entity_id", "field", "old", "new"}
    ):
        return []
    return fetch(
        connection,
        """
        select c.revision, c.what, c.reporter_id, coalesce(p.name, c.reporter_id) as reporter_name, c.entity_id,
               coalesce(t.title, i.name, s.name) as entity_name, c.field, c.old, c.new
        from control.edition_changes as c
        left join raw.reporters as p on p.programme_id = c.programme_id and p.reporter_id = c.reporter_id
        left join raw.tasks as t on c.what in ('task', 'task_score') and t.programme_id = c.programme_id and t.task_id = c.entity_id
        left join raw.indicators as i
          on c.what in ('value', 'indicator_score') and i.programme_id = c.programme_id and i.indicator_id = c.entity_id
        left join raw.specials as s on c.what = 'special' and s.programme_id = c.programme_id and s.special_id = c.entity_id
        where c.programme_id = ? and c.period = ?
        order by c.revision, p.seq nulls last, c.reporter_id, c.what, t.position, i.position, s.seq, c.entity_id, c.field
        """,
        [programme_id, period],
    )


def edition_checks(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """What the last verification of an edition said, by reporter (problem null: agrees); no rows: never verified."""
    if not has_columns(connection, "control", "edition_checks", {"revision", "reporter_id", "problem"}):
        return []
    return fetch(
        connection,
        """
        select c.revision, c.reporter_id, coalesce(p.name, c.reporter_id) as reporter_name, c.problem
        from control.edition_checks as c
        left join raw.reporters as p on p.programme_id = c.programme_id and p.reporter_id = c.reporter_id
        where c.programme_id = ? and c.period = ?
        order by c.revision, p.seq nulls last, c.reporter_id, c.problem
        """,
        [programme_id, period],
    )


def draft_changes(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Where the next edition would differ from the one that stands: old and new score, rank and list.

    Rows only for a published quarter in a file with a draft; numbers are compared as stored.
    """
    if not has_columns(connection, "draft", "ranking", {"reporter_id", "total_score", "rank", "list"}):
        return []
    return fetch(
        connection,
        """
        with now as (select * from marts.ranking where programme_id = $1 and period = $2),
        next as (select * from draft.ranking where programme_id = $1 and period = $2)
        select coalesce(n.reporter_id, d.reporter_id) as reporter_id,
               coalesce(d.reporter_name, n.reporter_name) as reporter_name, n.total_score as old_score,
               d.total_score as new_score, n.rank as old_rank, d.rank as new_rank, n.list as old_list, d.list as new_list
        from now as n full join next as d on d.reporter_id = n.reporter_id
        where exists (select 1 from next)
          and (n.total_score is distinct from d.total_score or n.rank is distinct from d.rank or n.list is distinct from d.list)
        order by d.rank nulls last, n.rank nulls last, 1
        """,
        [programme_id, period],
    )


def drafted(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> bool:
    """Whether the run computed a next edition of this quarter."""
    if not has_columns(connection, "draft", "ranking", {"programme_id", "period"}):
        return False
    found = connection.execute(
        "select count(*) from draft.ranking where programme_id = ? and period = ?", [programme_id, period]
    ).fetchone()
    return bool(found and found[0])


# --- what a total is made of -------------------------------------------------------------------------------------------


def special_weights(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, Row]:
    """special_id → name and the weight that counts: blank ones share what the given ones leave of 1.

    The same rule as ``stg_specials``, which is not in the published file; the test that recomputes totals from the pages holds
    the two together.
    """
    found = fetch(
        connection,
        """
        with listed as (
            select special_id, name, weight, seq from raw.specials where programme_id = $1 and special_id is not null
            qualify row_number() over (partition by special_id order by row_number) = 1
        ), every_special as (
            from listed union all
            select distinct special_id, special_id, null, null from (
                select special_id from raw.tasks where programme_id = $1
                union all select special_id from raw.indicators where programme_id = $1
            ) where special_id is not null and special_id not in (select special_id from listed)
        )
        select special_id, name,
               coalesce(weight, greatest(1 - coalesce(sum(weight) over (), 0), 0)
                        / nullif(sum(case when weight is null then 1 else 0 end) over (), 0)) as weight
        from every_special order by seq nulls last, special_id
        """,
        [programme_id],
    )
    return {row["special_id"]: row for row in found}


def _items(
    connection: duckdb.DuckDBPyConnection, programme_id: str, table: str, key: str, more: str
) -> dict[str, Row]:
    """Lines of raw.tasks or raw.indicators by key, with the weight that counts: blank ones take the mean of their special's."""
    found = fetch(
        connection,
        f"""
        with lines as (
            select * from raw.{table} where programme_id = $1 and {key} is not null
            qualify row_number() over (partition by {key} order by row_number) = 1
        )
        select {key}, special_id, {more},
               coalesce(weight, avg(weight) over (partition by special_id), 1.0) as weight
        from lines as l order by position, {key}
        """,
        [programme_id],
    )
    return {row[key]: row for row in found}


def task_facts(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, Row]:
    """task_id → weight, effective start, last milestone, whether it goes on after it: what a task's score stands on."""
    return _items(
        connection, programme_id, "tasks", "task_id",
        """seq, title, coalesce(ongoing, false) as ongoing,
        coalesce(start_date, (select start_date from raw.programmes where programme_id = $1)) as start_date,
        (select max(due_date) from raw.task_milestones as m where m.programme_id = $1 and m.task_id = l.task_id) as last_due""",
    )  # fmt: skip


def indicator_facts(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, Row]:
    """indicator_id → weight, polarity, exponent, unit: what an indicator's score stands on."""
    return _items(
        connection, programme_id, "indicators", "indicator_id",
        "name, unit, polarity, decimals, coalesce(exponent, 1.0) as exponent",
    )  # fmt: skip


def sub_units(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, list[Row]]:
    """parent_id → its sub-units with the weight that counts, where the programme rolls scores up; else empty."""
    if "sub_units" not in columns_of(connection, "raw", "programmes"):
        return {}
    present = columns_of(connection, "raw", "reporters")
    found = fetch(
        connection,
        f"""
        with children as (
            select r.parent_id, r.reporter_id, r.name, r.seq, {optional(present, "r", ("weight",))}
            from raw.reporters as r
            join raw.programmes as g on g.programme_id = r.programme_id and g.sub_units = 'roll_up'
            where r.programme_id = $1 and r.parent_id is not null
        )
        select parent_id, reporter_id, name, coalesce(weight, avg(weight) over (partition by parent_id), 1.0) as weight
        from children order by seq, reporter_id
        """,
        [programme_id],
    )
    table: dict[str, list[Row]] = {}
    for row in found:
        table.setdefault(row["parent_id"], []).append(row)
    return table
