"""All SQL of the bulletin: one function, one named query; every row in a fixed order, so that a cell can be found again.

Belongs here: which rows a statement needs, sums and differences. Does not belong here: wording, layout.
Parameters are $programme_id, $period and what a function names. Moments are Shanghai time; sums of doubles are rounded to 9
decimals. Tables and columns that older files lack are asked for (``has_columns``) and read as null.
"""

from __future__ import annotations

from dashboards.bulletin.facts import Facts, Result
from dashboards.queries import has_columns, without_sums

NAMED = 12  # reporters named beside a unit
# what a reader wants first in a list of changes
CHANGE_ORDER = ("rank", "list", "score", "special", "value", "indicator_score", "task", "task_score", "reporting",
                "rectification", "satisfaction", "input")  # fmt: skip


def _or_null(facts: Facts, schema: str, table: str, alias: str, columns: dict[str, str]) -> str:
    """``alias.column AS column``, or a null of the type where the file has no such column."""
    return ", ".join(
        f"{alias}.{name} AS {name}" if has_columns(facts.connection, schema, table, {name}) else f"CAST(NULL AS {kind}) AS {name}"
        for name, kind in columns.items()
    )  # fmt: skip


def programme(facts: Facts, edition: str | None) -> Result:
    """One row: the programme, its parameters, the quarter's dates, the quarter before (null in the first).

    ``as_of`` is the data cut of the edition that stands, else the as-of of the draft.
    """
    parameters = _or_null(facts, "raw", "programmes", "p", {
        "weight_tasks": "DOUBLE", "weight_indicators": "DOUBLE", "red": "INTEGER", "black": "INTEGER",
        "late_per_day": "DOUBLE", "late_floor": "DOUBLE", "overdue_cap": "DOUBLE", "coverage_min": "DOUBLE",
        "talk_after": "INTEGER", "aggregation": "VARCHAR", "sub_units": "VARCHAR", "black_exception": "VARCHAR",
        "ties": "VARCHAR", "no_lists": "VARCHAR",
    })  # fmt: skip
    as_of = "c.as_of"
    if edition is not None:
        as_of = """(
           SELECT data_cut FROM control.editions
           WHERE programme_id = $programme_id AND period = $period AND edition = $edition
       )"""
    return facts.ask(
        "programme",
        f"""
SELECT p.title, p.issuer, p.end_date, p.report_day, {parameters},
       c.period, c.period_end, c.cutoff_on, c.frozen,
       timezone('Asia/Shanghai', c.freeze_at) AS freeze_at, timezone('Asia/Shanghai', {as_of}) AS as_of,
       (SELECT max(period) FROM marts.ranking WHERE programme_id = $programme_id AND period < $period) AS previous_period
FROM raw.programmes p JOIN control.periods c USING (programme_id)
WHERE programme_id = $programme_id AND c.period = $period
""",
        edition=edition,
    )


def edition(facts: Facts, name: str) -> Result:
    """One row: the edition the document is of."""
    return facts.ask(
        "edition",
        """
SELECT revision, timezone('Asia/Shanghai', data_cut) AS data_cut, timezone('Asia/Shanghai', published_at) AS published_at,
       reason, e.correction, r.name AS corrected_name
FROM control.editions e LEFT JOIN raw.reporters r ON r.programme_id = e.programme_id AND r.reporter_id = e.correction
WHERE e.programme_id = $programme_id AND e.period = $period AND e.edition = $edition
""",
        edition=name,
    )


def kinds(facts: Facts) -> Result:
    """Kinds of the reporters that stand in the ranking."""
    return facts.ask(
        "kinds",
        """
SELECT r.kind, count(*) AS reporters FROM marts.ranking m JOIN raw.reporters r USING (programme_id, reporter_id)
WHERE programme_id = $programme_id AND m.period = $period GROUP BY r.kind ORDER BY r.kind
""",
    )


def reporters(facts: Facts) -> Result:
    """One row: how many are ranked, unranked, in groups."""
    return facts.ask(
        "reporters",
        """
SELECT count(*) FILTER (ranked) AS ranked, count(*) FILTER (NOT ranked) AS unranked,
       count(DISTINCT "group") AS groups
FROM marts.ranking WHERE programme_id = $programme_id AND period = $period
""",
    )


def tasks(facts: Facts) -> Result:
    """One row: sums over the reporters (reporter × task), now and in the quarter before, with the differences."""
    there = has_columns(
        facts.connection, "marts", "quarterly_progress", {"tasks_finally_due", "tasks_on_time"}
    )
    due = (
        "sum(tasks_finally_due)::BIGINT AS finally_due, sum(tasks_on_time)::BIGINT AS on_time"
        if there
        else "CAST(NULL AS BIGINT) AS finally_due, CAST(NULL AS BIGINT) AS on_time"
    )
    return facts.ask(
        "tasks",
        f"""
WITH sums AS (
    SELECT period, sum(tasks_total)::BIGINT AS total, sum(tasks_completed)::BIGINT AS completed,
           sum(tasks_overdue)::BIGINT AS overdue, sum(tasks_behind)::BIGINT AS behind,
           {due},
           count(*) FILTER (tasks_total > 0) AS reporters
    FROM marts.quarterly_progress
    WHERE programme_id = $programme_id AND special_id = 'ALL' AND {without_sums(facts.connection)} GROUP BY period
), rates AS (
    SELECT *, round(completed / nullif(total, 0), 9) AS completion_rate, round(on_time / nullif(finally_due, 0), 9) AS on_time_rate
    FROM sums
)
SELECT n.*, b.overdue AS overdue_before, n.overdue - b.overdue AS overdue_change,
       round(100 * (n.completion_rate - b.completion_rate), 9) AS completion_points,
       round(100 * (n.on_time_rate - b.on_time_rate), 9) AS on_time_points,
       (SELECT count(DISTINCT task_id) FROM marts.task_status
        WHERE programme_id = $programme_id AND period = $period AND status IS DISTINCT FROM 'cancelled') AS distinct_tasks
FROM rates n LEFT JOIN rates b ON b.period = (SELECT max(period) FROM rates WHERE period < $period)
WHERE n.period = $period
""",
    )


def attained(facts: Facts) -> Result:
    """One row: indicators with a target (reporter × indicator) and those that reached it, now and the quarter before."""
    return facts.ask(
        "attained",
        """
WITH sums AS (
    SELECT period, count(attained) AS with_target, count(*) FILTER (attained) AS reached,
           round(count(*) FILTER (attained) / nullif(count(attained), 0), 9) AS rate,
           count(DISTINCT indicator_id) AS distinct_indicators
    FROM marts.indicator_scores WHERE programme_id = $programme_id AND attained IS NOT NULL GROUP BY period
)
SELECT n.*, round(100 * (n.rate - b.rate), 9) AS points
FROM sums n LEFT JOIN sums b ON b.period = (SELECT max(period) FROM sums WHERE period < $period)
WHERE n.period = $period
""",
    )


def spread(facts: Facts) -> Result:
    """One row: mean, best and worst total of the ranked, and the mean of the quarter before."""
    return facts.ask(
        "spread",
        """
WITH sums AS (
    SELECT period, count(*) AS ranked, round(avg(total_score), 9) AS mean, max(total_score) AS best, min(total_score) AS worst
    FROM marts.ranking WHERE programme_id = $programme_id AND ranked GROUP BY period
)
SELECT n.*, round(n.best - n.worst, 9) AS gap, round(n.mean - b.mean, 9) AS mean_change
FROM sums n LEFT JOIN sums b ON b.period = (SELECT max(period) FROM sums WHERE period < $period)
WHERE n.period = $period
""",
    )


def reports(facts: Facts) -> Result:
    """One row: reports owed, received, late, missing, and of how many reporters."""
    return facts.ask(
        "reports",
        """
SELECT count(*) AS owed, count(*) FILTER (received) AS received,
       count(*) FILTER (received AND NOT on_time) AS late, count(*) FILTER (NOT received) AS missing,
       count(DISTINCT reporter_id) FILTER (received AND NOT on_time) AS late_reporters,
       count(DISTINCT reporter_id) FILTER (NOT received) AS missing_reporters
FROM marts.reporting WHERE programme_id = $programme_id AND period = $period AND owed
""",
    )


def goals(facts: Facts) -> Result:
    """One row: goals of the issuer itself and of the reporters (goal × reporter) that are decided, met, forecast to be met."""
    forecast = has_columns(facts.connection, "marts", "goals", {"forecast_met"})
    expected = "count(*) FILTER (NOT met AND forecast_met AND {0})" if forecast else "CAST(NULL AS BIGINT)"
    own, theirs = "reporter_id IS NULL", "reporter_id IS NOT NULL"
    return facts.ask(
        "goals",
        f"""
SELECT count(met) FILTER ({own}) AS own, count(*) FILTER (met AND {own}) AS own_met, {expected.format(own)} AS own_expected,
       count(met) FILTER ({theirs}) AS theirs, count(*) FILTER (met AND {theirs}) AS theirs_met,
       {expected.format(theirs)} AS theirs_expected
FROM marts.goals WHERE programme_id = $programme_id AND period = $period
""",
    )


def ranking(facts: Facts) -> Result:
    """Everybody, ranked first, with band and list."""
    drawn = has_columns(facts.connection, "marts", "rank_robustness", {"rank_p05", "rank_p95", "draws"})
    band = (
        "b.rank_p05, b.rank_p95, b.draws"
        if drawn
        else "CAST(NULL AS DOUBLE) AS rank_p05, CAST(NULL AS DOUBLE) AS rank_p95, CAST(NULL AS INTEGER) AS draws"
    )
    joined = "LEFT JOIN marts.rank_robustness b USING (programme_id, period, reporter_id)" if drawn else ""
    return facts.ask(
        "ranking",
        f"""
SELECT m.rank, {band}, coalesce(m.reporter_name, r.name, reporter_id) AS name, m."group" AS group_name, m.group_rank,
       m.total_score, m.task_score, m.indicator_score, m.rank_change, m.list, m.ranked, m.reason
FROM marts.ranking m {joined} LEFT JOIN raw.reporters r USING (programme_id, reporter_id)
WHERE programme_id = $programme_id AND period = $period
ORDER BY m.rank NULLS LAST, r.seq NULLS LAST, reporter_id
""",
    )  # fmt: skip


def listed(facts: Facts, colour: str) -> Result:
    """The red (first ranks first) or black (last ranks first) list with band, chance and the sentence of reasons."""
    drawn = has_columns(
        facts.connection, "marts", "rank_robustness", {"rank_p05", "rank_p95", "p_red", "p_black"}
    )
    entries = has_columns(facts.connection, "marts", "list_entries", {"reason", "in_a_row", "talk"})
    band = (
        f"b.rank_p05, b.rank_p95, b.draws, b.p_{colour} AS chance"
        if drawn
        else "CAST(NULL AS DOUBLE) AS rank_p05, CAST(NULL AS DOUBLE) AS rank_p95, CAST(NULL AS INTEGER) AS draws, "
        "CAST(NULL AS DOUBLE) AS chance"
    )
    reasons = (
        f"e.reason, e.in_a_row, e.{colour}_this_year AS this_year, coalesce(e.talk, false) AS talk"
        if entries
        else "CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS BIGINT) AS in_a_row, CAST(NULL AS BIGINT) AS this_year, "
        "false AS talk"
    )
    joins = " ".join(
        f"LEFT JOIN marts.{table} {alias} USING (programme_id, period, reporter_id)"
        for table, alias, there in (("rank_robustness", "b", drawn), ("list_entries", "e", entries))
        if there
    )
    return facts.ask(
        f"{colour}_list",
        f"""
SELECT coalesce(m.reporter_name, r.name, reporter_id) AS name, m.rank, m.total_score, {band}, {reasons}
FROM marts.ranking m {joins} LEFT JOIN raw.reporters r USING (programme_id, reporter_id)
WHERE programme_id = $programme_id AND period = $period AND m.list = '{colour}'
ORDER BY m.rank {"DESC" if colour == "black" else ""}, r.seq NULLS LAST, reporter_id
""",
    )


def spared(facts: Facts) -> Result:
    """Reporters whose rank from the end is on the black list, but who reached all their targets."""
    columns = {"all_targets_reached", "rank_from_end"}
    asked = has_columns(facts.connection, "marts", "ranking", columns) and has_columns(
        facts.connection, "raw", "programmes", {"black_exception"}
    )
    return facts.ask(
        "spared",
        f"""
SELECT coalesce(m.reporter_name, reporter_id) AS name, m.rank
FROM marts.ranking m JOIN raw.programmes p USING (programme_id)
WHERE programme_id = $programme_id AND m.period = $period
  AND {"m.rank_from_end <= p.black AND m.all_targets_reached AND p.black_exception = 'all_targets'" if asked else "false"}
  AND m.list IS NULL AND EXISTS (
      SELECT 1 FROM marts.ranking WHERE programme_id = $programme_id AND period = $period AND list IS NOT NULL
  )
ORDER BY m.rank, reporter_id
""",
    )


def rises(facts: Facts, most: int) -> Result:
    """The largest rises, each with the first of its causes."""
    there = has_columns(facts.connection, "marts", "rank_changes", {"causes"})
    cause = "split_part(k.causes, '；', 1)" if there else "CAST(NULL AS VARCHAR)"
    joined = "LEFT JOIN marts.rank_changes k USING (programme_id, period, reporter_id)" if there else ""
    return facts.ask(
        "rises",
        f"""
SELECT coalesce(m.reporter_name, reporter_id) AS name, m.previous_rank, m.rank, m.rank_change, {cause} AS cause
FROM marts.ranking m {joined}
WHERE programme_id = $programme_id AND period = $period AND m.rank_change > 0
ORDER BY m.rank_change DESC, m.rank, reporter_id LIMIT $most
""",
        most=most,
    )  # fmt: skip


_OVERDUE = """
WITH units AS (
    SELECT o.reporter_id, o.task_id, o.days_overdue,
           unnest(CASE WHEN coalesce(o.lead_unit, '') = '' THEN ['未明确责任单位'] ELSE string_split(o.lead_unit, '、') END) AS unit
    FROM marts.overdue_tasks o WHERE o.programme_id = $programme_id AND o.period = $period
)"""


def overdue(facts: Facts) -> Result:
    """One row: overdue tasks (reporter × task), distinct tasks, reporters, lead units, the longest."""
    return facts.ask(
        "overdue",
        f"""
{_OVERDUE.strip()}
SELECT count(DISTINCT (reporter_id, task_id)) AS pairs, count(DISTINCT task_id) AS tasks,
       count(DISTINCT reporter_id) AS reporters, count(DISTINCT unit) AS units, max(days_overdue) AS longest,
       count(DISTINCT (reporter_id, task_id)) FILTER (days_overdue = (SELECT max(days_overdue) FROM units)) AS longest_pairs
FROM units
""",
    )


def overdue_units(facts: Facts) -> Result:
    """Every lead unit with what is overdue and whose (the ``NAMED`` with most); a task led by several counts for each."""
    return facts.ask(
        "overdue_units",
        f"""
{_OVERDUE.strip()}
, by_reporter AS (
    SELECT u.unit, coalesce(r.name, u.reporter_id) AS name, r.seq, count(*) AS pairs
    FROM units u LEFT JOIN raw.reporters r ON r.programme_id = $programme_id AND r.reporter_id = u.reporter_id
    GROUP BY u.unit, u.reporter_id, r.name, r.seq
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY unit ORDER BY pairs DESC, seq, name) AS place FROM by_reporter
), named AS (
    SELECT unit, concat(
               string_agg(concat(name, '（', pairs, '）'), '、' ORDER BY place) FILTER (place <= $named),
               CASE WHEN count(*) > $named THEN concat('等', count(*), '个') END
           ) AS whose
    FROM placed GROUP BY unit
)
SELECT u.unit, count(*) AS pairs, count(DISTINCT u.task_id) AS tasks, count(DISTINCT u.reporter_id) AS reporters,
       max(u.days_overdue) AS longest, any_value(n.whose) AS whose
FROM units u JOIN named n USING (unit)
GROUP BY u.unit ORDER BY pairs DESC, longest DESC, u.unit
""",
        named=NAMED,
    )


def overdue_reporters(facts: Facts, most: int) -> Result:
    """The reporters with most overdue tasks."""
    return facts.ask(
        "overdue_reporters",
        f"""
SELECT coalesce(r.name, q.reporter_id) AS name, q.tasks_overdue AS pairs
FROM marts.quarterly_progress q LEFT JOIN raw.reporters r USING (programme_id, reporter_id)
WHERE programme_id = $programme_id AND q.period = $period AND q.special_id = 'ALL' AND q.tasks_overdue > 0
      AND {without_sums(facts.connection)}
ORDER BY q.tasks_overdue DESC, r.seq NULLS LAST, q.reporter_id LIMIT $most
""",
        most=most,
    )


def overdue_tasks(facts: Facts, most: int) -> Result:
    """Overdue tasks, the longest first."""
    return facts.ask(
        "overdue_tasks",
        """
SELECT coalesce(nullif(o.lead_unit, ''), '未明确责任单位') AS unit, o.title, coalesce(r.name, o.reporter_id) AS name, o.due_date,
       o.days_overdue, o.progress_pct
FROM marts.overdue_tasks o
LEFT JOIN raw.reporters r USING (programme_id, reporter_id) LEFT JOIN raw.tasks t USING (programme_id, task_id)
WHERE programme_id = $programme_id AND o.period = $period
ORDER BY o.days_overdue DESC, o.progress_pct, r.seq NULLS LAST, o.reporter_id, t.position NULLS LAST, o.task_id LIMIT $most
""",
        most=most,
    )


def not_reported(facts: Facts) -> Result:
    """Reports that did not come (first), or came late."""
    return facts.ask(
        "not_reported",
        """
SELECT coalesce(r.name, m.reporter_id) AS name, m.kind, m.received, c.cutoff_on,
       timezone('Asia/Shanghai', m.first_received_at) AS first_received_at, m.days_late
FROM marts.reporting m JOIN control.periods c USING (programme_id, period)
LEFT JOIN raw.reporters r USING (programme_id, reporter_id)
WHERE programme_id = $programme_id AND period = $period AND m.owed AND (NOT m.received OR NOT m.on_time)
ORDER BY m.received, r.seq NULLS LAST, m.reporter_id, m.kind DESC
""",
    )


def absent(facts: Facts, state: str) -> Result:
    """Reporters with a report that is missing or late, each with the kinds."""
    which = {"missing": "NOT m.received", "late": "m.received AND NOT m.on_time"}[state]
    return facts.ask(
        f"{state}_reporters",
        f"""
SELECT coalesce(r.name, m.reporter_id) AS name, count(*) AS reports, max(m.days_late) AS days_late
FROM marts.reporting m LEFT JOIN raw.reporters r USING (programme_id, reporter_id)
WHERE programme_id = $programme_id AND m.period = $period AND m.owed AND {which}
GROUP BY m.reporter_id, r.name, r.seq ORDER BY r.seq NULLS LAST, m.reporter_id
""",
    )


def findings(facts: Facts) -> Result:
    """One row: open findings on the data of the quarter by severity, and of how many reporters."""
    return facts.ask(
        "findings",
        """
SELECT count(*) FILTER (severity = 'B') AS blocking, count(*) FILTER (severity = 'E') AS errors,
       count(*) FILTER (severity = 'W') AS warnings,
       count(DISTINCT reporter_id) FILTER (severity IN ('B', 'E')) AS reporters
FROM quality.flags WHERE programme_id = $programme_id AND period = $period
""",
    )


def next_quarter(facts: Facts) -> Result:
    """One row: the next quarter, its cut-off by the programme's report_day (null where the programme is over), what falls due.

    Due: tasks (reporter × task) neither completed nor cancelled with a milestone in that quarter that is not reached yet.
    """
    return facts.ask(
        "next_quarter",
        """
WITH bounds AS (
    SELECT programme_id, c.period_end, p.report_day, p.end_date, last_day(c.period_end + INTERVAL 3 MONTH) AS next_end
    FROM control.periods c JOIN raw.programmes p USING (programme_id)
    WHERE programme_id = $programme_id AND c.period = $period
), due AS (
    SELECT DISTINCT s.reporter_id, s.task_id
    FROM marts.task_status s JOIN raw.task_milestones m USING (programme_id, task_id) JOIN bounds b USING (programme_id)
    WHERE s.period = $period AND coalesce(s.status, '') NOT IN ('completed', 'cancelled')
      AND m.due_date > b.period_end AND m.due_date <= b.next_end AND s.progress_pct * m.milestone_count < 100 * m.milestone_no
)
SELECT b.period_end < b.end_date AS runs_on, concat(year(b.next_end), 'Q', quarter(b.next_end)) AS period, b.next_end,
       least(CAST(date_trunc('month', b.next_end) AS DATE) + (b.report_day - 1), b.next_end) AS cutoff_on,
       (SELECT count(*) FROM due) AS pairs, (SELECT count(DISTINCT task_id) FROM due) AS tasks
FROM bounds b
""",
    )


def changes(facts: Facts, revision: int, most: int) -> Result:
    """What an edition says otherwise than the one before it, the gravest first."""
    order = " ".join(f"WHEN '{what}' THEN {n}" for n, what in enumerate(CHANGE_ORDER))
    return facts.ask(
        "changes",
        f"""
SELECT c.what, coalesce(r.name, c.reporter_id) AS name, c.field, c.old, c.new,
       coalesce(CASE WHEN c.what IN ('value', 'indicator_score') THEN i.name WHEN c.what IN ('task', 'task_score') THEN t.title
                     WHEN c.what = 'special' THEN s.name END, c.entity_id) AS entity
FROM control.edition_changes c
LEFT JOIN raw.reporters r ON r.programme_id = c.programme_id AND r.reporter_id = c.reporter_id
LEFT JOIN raw.indicators i ON i.programme_id = c.programme_id AND i.indicator_id = c.entity_id
LEFT JOIN raw.tasks t ON t.programme_id = c.programme_id AND t.task_id = c.entity_id
LEFT JOIN raw.specials s ON s.programme_id = c.programme_id AND s.special_id = c.entity_id
WHERE c.programme_id = $programme_id AND c.period = $period AND c.revision = $revision
ORDER BY CASE c.what {order} ELSE {len(CHANGE_ORDER)} END, r.seq NULLS LAST, c.reporter_id, c.entity_id, c.field LIMIT $most
""",
        revision=revision,
        most=most,
    )


def changes_count(facts: Facts, revision: int) -> Result:
    """One row: how many cells an edition changed."""
    return facts.ask(
        "changes_count",
        """
SELECT count(*) AS changes FROM control.edition_changes
WHERE programme_id = $programme_id AND period = $period AND revision = $revision
""",
        revision=revision,
    )


def specials(facts: Facts) -> Result:
    """Specials with the weight they carry: as given, else equal."""
    return facts.ask(
        "specials",
        """
SELECT name, weight, round(1.0 / count(*) OVER (), 9) AS equal FROM raw.specials
WHERE programme_id = $programme_id ORDER BY seq, special_id
""",
    )


def methods(facts: Facts) -> Result:
    """How the indicators of the quarter are scored."""
    return facts.ask(
        "methods",
        """
SELECT method, count(DISTINCT indicator_id) AS indicators FROM marts.indicator_scores
WHERE programme_id = $programme_id AND period = $period AND method IS NOT NULL GROUP BY method ORDER BY method
""",
    )
