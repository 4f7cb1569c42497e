"""The rectification ledger (整改台账): every issue with its history, its age and what the rules say about it.

Belongs here: pure functions from rows of ``queries`` to issues. Does not belong here: SQL, pages, markup. An issue's
state is the mart's; its history is the lines that were received about it, oldest first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from dashboards import format as fmt

Row = dict[str, Any]

CLOSED = "completed"
DONE = {CLOSED, "cancelled"}
# Age of an open issue at the end of the period, in the order to be read. Bounds in days overdue, both included.
AGES = (
    ("undue", "未到期", None),
    ("days30", "逾期 30 天以内", 30),
    ("days90", "逾期 31–90 天", 90),
    ("more", "逾期 90 天以上", None),
    ("undated", "期限不明", None),
)
AGE_WORDS = {key: word for key, word, _ in AGES}


def age(row: Row) -> str | None:
    """The age group of an issue (key of ``AGES``); None for one that is closed or cancelled."""
    if row["status"] in DONE:
        return None
    if row["days_overdue"] is not None:
        return next(
            (key for key, _, most in AGES if most is not None and row["days_overdue"] <= most), "more"
        )
    return "undated" if row["due_date"] is None else "undue"


def status_words(row: Row) -> str:
    """The status of an issue or of a line about it: 销号 for a closed one, the word as written when it was not read."""
    if row["status"] is not None:
        return "已销号" if row["status"] == CLOSED else fmt.words(fmt.STATUS_WORDS, row["status"])
    return f"未识别：{row['status_raw']}" if row.get("status_raw") else fmt.NONE


def trace(lines: Sequence[Row]) -> tuple[list[Row], int]:
    """(the lines of one issue with what each changed, how often a closed issue was opened again).

    lines: period, status, due (null = blank), oldest first. Blank status and due date mean no change.
    Added: ``events`` (what happened with this line) and ``words`` (its status), both in Chinese.
    """
    told: list[Row] = []
    reopened = 0
    status = due = None
    for number, line in enumerate(lines):
        events = ["登记"] if number == 0 else []
        if line["status"] is not None:
            if line["status"] == CLOSED and status != CLOSED:
                events.append("销号")
            elif status == CLOSED and line["status"] != CLOSED:
                events.append("重新打开")
                reopened += 1
            elif line["status"] == "cancelled" and status != "cancelled":
                events.append("取消")
            status = line["status"]
        if line["due"] is not None:
            if due is not None and line["due"] != due:
                moved = "延后" if line["due"] > due else "提前"
                events.append(f"期限{moved}：{fmt.day(due)} → {fmt.day(line['due'])}")
            due = line["due"]
        told.append(line | {"events": events, "words": status_words(line)})
    return told, reopened


def issues(rows: Iterable[Row], history: Iterable[Row], flags: Iterable[Row]) -> list[Row]:
    """Every issue of the mart with ``history``, ``path`` (its states in order), ``reopened_times``, ``since`` (period), ``age``, ``flags``.

    rows: marts.rectification. history: ``queries.rectification_history``. flags: findings; those of Z rules count.
    """
    lines: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for line in history:
        lines[line["reporter_id"], line["issue_id"]].append(line)
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for flag in flags:
        if flag["rule_id"].startswith("Z"):
            found[flag["reporter_id"], flag["entity_id"]].append(flag)
    table = []
    for row in rows:
        key = (row["reporter_id"], row["issue_id"])
        told, reopened = trace(lines[key])
        table.append(
            row
            | {
                "history": told,
                "reopened_times": reopened,
                "since": told[0]["period"] if told else None,
                "path": [
                    line["words"]
                    for n, line in enumerate(told)
                    if n == 0 or line["words"] != told[n - 1]["words"]
                ],
                "age": age(row),
                "words": status_words(row),
                "flags": found[key],
            }
        )
    return table


def tally(rows: Sequence[Row]) -> Row:
    """Counts of issues: n, closed, cancelled, open, overdue, reopened (now), ever_reopened, longest (days), rate."""
    closed = sum(row["status"] == CLOSED for row in rows)
    cancelled = sum(row["status"] == "cancelled" for row in rows)
    counted = len(rows) - cancelled
    return {
        "n": len(rows),
        "closed": closed,
        "cancelled": cancelled,
        "open": counted - closed,
        "overdue": sum(row["days_overdue"] is not None for row in rows),
        "reopened": sum(bool(row["reopened"]) for row in rows),
        "ever_reopened": sum(row["reopened_times"] > 0 for row in rows),
        "longest": max(
            (row["days_overdue"] for row in rows if row["days_overdue"] is not None), default=None
        ),
        "rate": closed / counted if counted else None,
    }


def ages(rows: Iterable[Row]) -> list[Row]:
    """Open issues per age group, in reading order: key, word, n. Groups without an issue are there with 0."""
    counted = Counter(row["age"] for row in rows)
    return [{"key": key, "word": word, "n": counted[key]} for key, word, _ in AGES]
