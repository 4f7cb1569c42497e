"""Expectations over the registry as loaded: keys, code lists of our own making, milestones.

Mistakes in a registry are findings of its loader (raw/registry) or of dbt models; what stands here must hold after loading.
"""

from __future__ import annotations

from quality.checks import FIRST_YEAR, LAST_YEAR, Check, Suite, between, in_set, not_null, unique

_KINDS = (
    "date", "month", "before_month", "year_end", "multiple", "ongoing", "recurring", "conditional_text", "malformed", "blank",
)  # fmt: skip
_WITH_MILESTONES = ("date", "month", "before_month", "year_end", "multiple")


def _tasks() -> Suite:
    return Suite(
        name="tasks",
        table="tasks",
        prepared=f"""
            SELECT row_number() OVER (ORDER BY t.programme_id, t.task_id, t.row_number) AS row_id, t.programme_id, t.task_id,
                   t.special_id, t.deadline_kind,
                   (t.deadline_kind IN {_WITH_MILESTONES!r}) = (coalesce(m.n, 0) > 0) AS milestones_fit
            FROM raw.tasks t
            LEFT JOIN (SELECT programme_id, task_id, count(*) AS n FROM raw.task_milestones GROUP BY ALL) m
              ON m.programme_id = t.programme_id AND m.task_id = t.task_id
        """,
        checks=(
            not_null("programme_id", "任务的方案编号"),
            not_null("task_id", "任务编号"),
            not_null("special_id", "任务所属专项"),
            not_null("deadline_kind", "时限种类"),
            unique(("programme_id", "task_id"), "方案内任务编号"),
            in_set("deadline_kind", _KINDS, "时限种类在规定种类之中"),
            in_set("milestones_fit", (True,), "有节点的时限种类才有节点"),
        ),
    )


def _milestones() -> Suite:
    return Suite(
        name="task_milestones",
        table="task_milestones",
        prepared="""
            SELECT row_number() OVER (ORDER BY programme_id, task_id, milestone_no) AS row_id, programme_id, task_id,
                   milestone_no, milestone_count, year(due_date) AS due_year
            FROM raw.task_milestones
        """,
        checks=(
            not_null("due_year", "节点日期"),
            between("due_year", FIRST_YEAR, LAST_YEAR, "节点日期在 2000–2100 年之间"),
            between("milestone_no", 1, None, "节点序号从 1 起"),
            Check(
                lambda gxe: gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A="milestone_count", column_B="milestone_no", or_equal=True
                ),
                ("milestone_count", "milestone_no"),
                "节点序号不超过节点数",
            ),
            unique(("programme_id", "task_id", "milestone_no"), "任务内节点序号"),
        ),
    )


def _indicators() -> Suite:
    return Suite(
        name="indicator_definitions",
        table="indicators",
        prepared="""
            SELECT row_number() OVER (ORDER BY programme_id, indicator_id, row_number) AS row_id, programme_id, indicator_id,
                   special_id, polarity, method
            FROM raw.indicators
        """,
        checks=(
            not_null("programme_id", "指标的方案编号"),
            not_null("indicator_id", "指标编号"),
            not_null("special_id", "指标所属专项"),
            unique(("programme_id", "indicator_id"), "方案内指标编号"),
            in_set("polarity", ("higher", "lower"), "指标方向为 higher 或 lower"),
            in_set("method", ("auto", "dtf", "attainment"), "计分方法在规定方法之中"),
        ),
    )


def _programmes() -> Suite:
    return Suite(
        name="programmes",
        table="programmes",
        prepared="""
            SELECT row_number() OVER (ORDER BY programme_id) AS row_id, programme_id,
                   datediff('day', start_date, end_date) AS days
            FROM raw.programmes
        """,
        checks=(
            not_null("programme_id", "方案编号"),
            unique(("programme_id",), "方案编号"),
            between("days", 0, None, "方案结束不早于开始"),
        ),
    )


def suites() -> list[Suite]:
    """Suites of raw.programmes, raw.tasks, raw.task_milestones and raw.indicators."""
    return [_programmes(), _tasks(), _milestones(), _indicators()]
