"""Expectations over task progress and rectification: status words (K05), percentages (V01), places.

Belongs here: plausibility of one row on its own. Does not belong here: T and Z rules (dbt models), unreadable cells (reader).
"""

from __future__ import annotations

from quality.checks import (
    FIRST_YEAR,
    INK,
    LAST_YEAR,
    OF_PRESENT_PROGRAMMES,
    SHEET_NO,
    STATUSES,
    Check,
    Row,
    Suite,
    between,
    in_set,
    not_null,
    places,
    shown,
)

_WORDS = "未启动、推进中、已完成、持续推进、取消"

# the word that has to be one of the list: the status read, else the cell as written
_STATUS_WORD = f"CASE WHEN regexp_matches(t.status_raw, '{INK}') THEN coalesce(t.status, t.status_raw) END"


def _status_check() -> Check:
    def message(row: Row, header: str) -> str:
        return (
            f"“{header}”列的状态用语“{shown(row['status_raw'])}”不规范，本格按空白处理；"
            f"请从{_WORDS}中选填后重新报送"
        )

    return Check(
        lambda gxe: gxe.ExpectColumnValuesToBeInSet(column="status_word", value_set=list(STATUSES)),
        ("status_word",),
        "状态用语在规定用语之中",
        rule_id="K05",
        field="status",
        label="状态",
        raw="status_raw",
        message=message,
    )


def _percent_message(row: Row, header: str) -> str:
    return (
        f"“{header}”列的“{shown(row['progress_raw'])}”超出允许范围 0–100，本行未载入；"
        "请核对后填 0–100 之间的数，重新报送"
    )


def _progress() -> Suite:
    years = ("completed_year", "reported_year")
    return Suite(
        name="progress",
        table="progress",
        kind="progress",
        entity=("task", "task_id"),
        prepared=f"""
            SELECT t.rowid AS row_id, t.receipt_id, t.programme_id, t.period, t.reporter_id, t.path, t.sheet,
                   t.row_number, t.task_id, t.status_raw, t.status, t.progress_raw, t.progress_pct,
                   {_STATUS_WORD} AS status_word, k.task_id IS NOT NULL AS task_known,
                   year(t.completed_on) AS completed_year, year(t.reported_on) AS reported_year
            FROM raw.progress t
            LEFT JOIN (SELECT DISTINCT programme_id, task_id FROM raw.tasks) k
              ON k.programme_id = t.programme_id AND k.task_id = t.task_id
            WHERE t.{OF_PRESENT_PROGRAMMES}
        """,
        frame=SHEET_NO,
        checks=(
            _status_check(),
            Check(
                lambda gxe: gxe.ExpectColumnValuesToBeBetween(
                    column="progress_pct", min_value=0, max_value=100
                ),
                ("progress_pct",),
                "完成进度在 0–100 之间",
                rule_id="V01",
                field="progress_pct",
                label="完成进度",
                raw="progress_raw",
                message=_percent_message,
                quarantines=True,
            ),
            *places("task_known"),
            in_set("status", STATUSES, "状态是规定代码之一"),
            *(between(y, FIRST_YEAR, LAST_YEAR, "日期在 2000–2100 年之间", invariant=False) for y in years),
        ),
    )


def _rectification() -> Suite:
    years = ("due_year", "closed_year")
    return Suite(
        name="rectification",
        table="rectification",
        kind="rectification",
        prepared=f"""
            SELECT t.rowid AS row_id, t.receipt_id, t.programme_id, t.period, t.reporter_id, t.path, t.sheet,
                   t.row_number, t.issue_id, t.status_raw, t.status, {_STATUS_WORD} AS status_word,
                   year(t.due) AS due_year, year(t.closed_on) AS closed_year
            FROM raw.rectification t
            WHERE t.{OF_PRESENT_PROGRAMMES}
        """,
        frame=SHEET_NO,
        checks=(
            _status_check(),
            *places(),
            not_null("issue_id", "问题编号"),
            in_set("status", STATUSES, "整改状态是规定代码之一"),
            *(between(y, FIRST_YEAR, LAST_YEAR, "日期在 2000–2100 年之间", invariant=False) for y in years),
        ),
    )


def suites() -> list[Suite]:
    """Suites of raw.progress and raw.rectification."""
    return [_progress(), _rectification()]
