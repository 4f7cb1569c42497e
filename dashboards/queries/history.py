"""SQL of the drill-down: what was sent about every task and indicator, where it stands, and who answers for what.

Belongs here: which rows the pages of tasks, indicators, specials and units need beside those of ``queries.site``. Does not belong
here: wording, markup; which submission says what (``dashboards.submissions``).

Same promises as ``queries``. What counts for a period is what was sent for it or an earlier one and received by its as-of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb

from dashboards.queries import Row, columns_of, fetch, optional

Pairs = Sequence[tuple[str, str]]  # (reporter_id, task_id or indicator_id)

# Fields of raw.columns whose cells a page names.
CELLS = (
    "task_id", "title", "status", "progress_pct", "completed_on", "summary",
    "indicator_id", "name", "value", "numerator", "denominator",
)  # fmt: skip

_COUNTS = """
    from ops.receipts as r
    left join control.periods as c on c.programme_id = $1 and c.period = $2
    where r.programme_id = $1 and r.period <= $2 and (c.as_of is null or r.received_at <= c.as_of)
"""


def _sent(
    connection: duckdb.DuckDBPyConnection,
    programme_id: str,
    period: str,
    table: str,
    key: str,
    said: str,
    pairs: Pairs | None,
) -> list[Row]:
    """Rows of a table of raw.* with their receipt, oldest first, and the reason where a row was kept out."""
    wanted, parameters = "", [programme_id, period]
    if pairs is not None:
        wanted = (
            f"join (select unnest($3::varchar[]) as reporter_id, unnest($4::varchar[]) as {key}) as w "
            f"on w.reporter_id = h.reporter_id and w.{key} = h.{key}"
        )
        parameters += [[reporter for reporter, _ in pairs], [item for _, item in pairs]]
    return fetch(
        connection,
        f"""
        with counted as (select r.receipt_id, r.received_at, r.late, r.format {_COUNTS}),
        kept_out as (
            select receipt_id, coalesce(sheet, '') as sheet, row_number, min(rule_id) as rule_id, min(message) as message
            from ops.quarantine group by all
        )
        select h.{key}, h.reporter_id, h.period, timezone('Asia/Shanghai', r.received_at) as received_at, r.late, r.format,
               h.receipt_id, h.path, h.sheet, h.row_number, {said}, q.rule_id as quarantine_rule, q.message as quarantine
        from raw.{table} as h
        join counted as r on r.receipt_id = h.receipt_id
        {wanted}
        left join kept_out as q
          on q.receipt_id = h.receipt_id and q.sheet = coalesce(h.sheet, '') and q.row_number = h.row_number
        where h.programme_id = $1 and h.{key} is not null
        order by h.{key}, h.reporter_id, h.period, r.received_at, h.path, h.sheet, h.row_number
        """,
        parameters,
    )


def task_rows(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, pairs: Pairs | None
) -> list[Row]:
    """Every row that spoke of a task, as it was written and as it was read. pairs: only those; None: all."""
    said = (
        "h.status, h.status_raw, h.progress_pct, h.progress_raw, h.completed_on, h.completed_on_raw, h.summary, h.problems, "
        "h.evidence, h.reported_on"
    )
    return _sent(connection, programme_id, period, "progress", "task_id", said, pairs)


def indicator_rows(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, pairs: Pairs | None
) -> list[Row]:
    """Every row that spoke of an indicator, as it was written and as it was read. pairs: only those; None: all."""
    said = "h.value, h.value_raw, h.answer, h.numerator_raw, h.denominator_raw, h.unit, h.note, h.source as data_source"
    return _sent(connection, programme_id, period, "indicator_values", "indicator_id", said, pairs)


def kept_out(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> list[Row]:
    """Rows that stand in quarantine, with what is needed to tell which task or indicator they are about.

    row_json: header → cell as written. Rows of progress and indicators only.
    """
    return fetch(
        connection,
        f"""
        with counted as (
            select r.receipt_id, r.reporter_id, r.period, r.kind, r.received_at, r.late, r.format {_COUNTS}
              and r.kind in ('progress', 'indicators')
        )
        select r.kind, r.reporter_id, r.period, timezone('Asia/Shanghai', r.received_at) as received_at, r.late, r.format,
               q.receipt_id, q.path, q.sheet, q.row_number, q.row_json, min(q.rule_id) as rule_id, min(q.message) as message
        from ops.quarantine as q join counted as r on r.receipt_id = q.receipt_id
        group by all
        order by r.reporter_id, r.period, received_at, q.path, q.sheet, q.row_number, q.row_json
        """,
        [programme_id, period],
    )


def columns(
    connection: duckdb.DuckDBPyConnection, receipts: Sequence[str]
) -> dict[tuple[str, str], dict[str, tuple[str, int | None]]]:
    """(receipt_id, sheet or "") → field → (header as written, number of the column from 1)."""
    table: dict[tuple[str, str], dict[str, tuple[str, int | None]]] = defaultdict(dict)
    for row in fetch(
        connection,
        """
        select receipt_id, coalesce(sheet, '') as sheet, field, column_name, column_index from raw.columns
        where field in (select unnest($1::varchar[])) and receipt_id in (select unnest($2::varchar[]))
        order by receipt_id, sheet, column_index, field
        """,
        [list(CELLS), list(receipts)],
    ):
        table[row["receipt_id"], row["sheet"]].setdefault(
            row["field"], (row["column_name"], row["column_index"])
        )
    return dict(table)


def registry_tasks(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, Row]:
    """task_id → its line of the registry, with ``milestones`` (due dates, first to last)."""
    found = fetch(
        connection,
        """
        select t.task_id, t.seq, t.special_id, t.title, t.deadline_text, t.deadline_kind, coalesce(t.ongoing, false) as ongoing,
               t.recurrence, t.start_date, t.source, t.row_number,
               (select list(m.due_date order by m.milestone_no) from raw.task_milestones as m
                where m.programme_id = $1 and m.task_id = t.task_id) as milestones
        from raw.tasks as t where t.programme_id = $1 and t.task_id is not null
        order by t.position, t.task_id
        """,
        [programme_id],
    )
    table: dict[str, Row] = {}
    for row in found:
        table.setdefault(row["task_id"], row | {"milestones": row["milestones"] or []})
    return table


def registry_indicators(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, Row]:
    """indicator_id → its line of the registry, with ``targets`` (due_date, target), earliest first."""
    found = fetch(
        connection,
        """
        select i.indicator_id, i.special_id, i.method, i.exponent, i.valid_min, i.valid_max, i.numerator, i.denominator,
               i.multiplier, i.row_number
        from raw.indicators as i where i.programme_id = $1 and i.indicator_id is not null
        order by i.position, i.indicator_id
        """,
        [programme_id],
    )
    targets: dict[str, list[Row]] = defaultdict(list)
    for row in fetch(
        connection,
        "select indicator_id, due_date, target from raw.targets where programme_id = $1 order by due_date, row_number",
        [programme_id],
    ):
        targets[row["indicator_id"]].append(row)
    table: dict[str, Row] = {}
    for row in found:
        table.setdefault(row["indicator_id"], row | {"targets": targets.get(row["indicator_id"], [])})
    return table


def responsibilities(connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[Row]:
    """task_id, unit (canonical name), role; in the order of the registry, a pair once.

    Names are compared as ``stg_responsibilities`` does (without white space, half-width brackets), which is not in the published
    file; ``test_drill_pages`` compares the sums with marts.unit_load.
    """
    key = "replace(replace(regexp_replace({}, '\\s', '', 'g'), '（', '('), '）', ')')".format
    return fetch(
        connection,
        f"""
        with named as (
            select {key("known_name")} as name_key, arg_min(name, unit_id) as name
            from raw.unit_names where programme_id = $1 group by name_key
        )
        select r.task_id, coalesce(n.name, nullif(trim(r.unit_name), '')) as unit, r.role, min(r.row_number) as row_number
        from raw.responsibilities as r
        left join named as n on n.name_key = {key("r.unit_name")}
        where r.programme_id = $1 and r.unit_name is not null and r.task_id is not null
        group by r.task_id, unit, r.role
        order by min(r.row_number), r.task_id, unit, r.role
        """,
        [programme_id],
    )


def unit_ids(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, str]:
    """Canonical name of a unit → its unit_id; of two with one name the first."""
    found = connection.execute(
        "select name, min(unit_id) from raw.unit_names where programme_id = ? and unit_id is not null group by name",
        [programme_id],
    ).fetchall()
    return dict(found)


def aliases(connection: duckdb.DuckDBPyConnection, programme_id: str) -> dict[str, dict[str, str]]:
    """{units, reporters} → name or reporter_id → other names, joined with ``;``."""
    found: dict[str, dict[str, str]] = {}
    for table, key in (("units", "name"), ("reporters", "reporter_id")):
        present = columns_of(connection, "raw", table)
        found[table] = {
            row["key"]: row["aliases"]
            for row in fetch(
                connection,
                f"select t.{key} as key, {optional(present, 't', ('aliases',))} from raw.{table} as t where programme_id = $1",
                [programme_id],
            )
            if row["key"] and row["aliases"]
        }
    return found


def special_history(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, most: int
) -> list[Row]:
    """Score of every reporter in every special by period; only the medians (reporter_id null) with more than ``most`` reporters."""
    return fetch(
        connection,
        """
        with scores as (
            select period, special_id, reporter_id, score from marts.special_scores
            where programme_id = $1 and period <= $2 and score is not null
        ),
        many as (select count(distinct reporter_id) > $3 as so from scores)
        select special_id, period, null as reporter_id, median(score) as score, min(score) as low, max(score) as high,
               count(*) as n
        from scores group by special_id, period
        union all
        select special_id, period, reporter_id, score, null, null, null from scores where not (select so from many)
        order by special_id, period, reporter_id nulls first
        """,
        [programme_id, period, most],
    )


def value_receipts(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str
) -> dict[tuple[str, str, str], str]:
    """(period, reporter_id, indicator_id) → the receipt a value stands on; empty where the file does not say."""
    if "receipt_id" not in columns_of(connection, "marts", "indicator_scores"):
        return {}
    found = connection.execute(
        """
        select period, reporter_id, indicator_id, receipt_id from marts.indicator_scores
        where programme_id = ? and period <= ? and receipt_id is not null
        """,
        [programme_id, period],
    ).fetchall()
    return {(quarter, reporter, indicator): receipt for quarter, reporter, indicator, receipt in found}
