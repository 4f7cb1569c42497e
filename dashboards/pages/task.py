"""The page of one task: what the plan says, where every reporter stands, and everything that was ever sent about it.

Belongs here: grouping, sorting and the words of this page. Does not belong here: which submission is about what
(``dashboards.submissions``), SQL, markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from dashboards import format as fmt
from dashboards.pages.drill import notable
from dashboards.pages.site import Site, base, source

Row = dict[str, Any]

# A task the registry does not know (any more) still has its states.
UNKNOWN = dict.fromkeys(
    ("seq", "special_id", "title", "deadline_text", "deadline_kind", "ongoing", "recurrence", "start_date", "source", "row_number")
) | {"milestones": []}  # fmt: skip
KIND_WORDS = {
    "date": "指定日期",
    "month": "某月，以月末为期",
    "before_month": "某月前，以月末为期",
    "year_end": "年底",
    "multiple": "多个节点",
    "ongoing": "持续推进，不因日期亮红灯",
    "recurring": "定期，不因日期亮红灯",
    "conditional_text": "附条件，不亮灯、不计分",
    "malformed": "写法有误，不亮灯、不计分",
    "blank": "空白，不亮灯、不计分",
}


def milestones(dates: list[Any], end: Any) -> list[Row]:
    """The due dates of a task with what each demands: no, day, need (per cent), over (has it come by ``end``)."""
    return [
        {"no": k, "day": day, "need": 100 * k / len(dates), "over": end is not None and day <= end}
        for k, day in enumerate(dates, 1)
    ]


def lines(site: Site, rows: list[Row], receipt: str | None) -> list[Row]:
    """Submissions about a pair with their place in short; ``basis``: the state follows from this file."""
    return [
        row
        | {
            "source": source(row["path"], row["sheet"], row["row_number"]),
            "basis": row["receipt_id"] == receipt,
        }
        for row in rows
    ]


def task(site: Site, task_id: str) -> Row:
    """Context of a task's page."""
    drill, prefix = site.drill, "../"
    facts = drill.tasks.get(task_id, UNKNOWN)
    rows = drill.states.get(task_id, [])
    first = rows[0] if rows else {}
    title = facts["title"] or first.get("title") or task_id
    special_id = facts["special_id"] or first.get("special_id")
    special = site.special_weights.get(special_id or "", {})
    names = site.names
    shown = []
    for row in notable(rows, drill.detailed):
        history = drill.task_history.get(task_id, {}).get(row["reporter_id"], [])
        shown.append(
            row
            | {
                "name": names.get(row["reporter_id"], row["reporter_id"]),
                "slug": site.slugs.get(row["reporter_id"]),
                "href": site.href(row["reporter_id"], prefix),
                "source": source(row["path"], row["sheet"], row["row_number"], site.period),
                "history": lines(site, history, row["receipt_id"]),
            }
        )
    overdue = [row["days_overdue"] for row in rows if row["days_overdue"] is not None]
    scores = [row["score"] for row in rows if row["score"] is not None]
    return base(site, "tasks", title, prefix) | {
        "task_id": task_id,
        "task": facts,
        "heading": title,
        "special_name": special.get("name") or special_id,
        "special_href": drill.href("specials", special_id, prefix),
        "kind_words": KIND_WORDS.get(facts["deadline_kind"] or "", facts["deadline_kind"]),
        "milestones": milestones(facts["milestones"], site.now.get("period_end")),
        "units": [
            (fmt.words(fmt.ROLE_WORDS, role), [(unit, drill.href("units", unit, prefix)) for unit in units])
            for role, units in drill.units_of(task_id)
        ],
        "counts": drill.lights.get(task_id, Counter()),
        "owing": len(rows),
        "done": sum(row["status"] == "completed" for row in rows),
        "unreported": sum(
            not row["reported"] and row["status"] not in ("completed", "cancelled") for row in rows
        ),
        "longest": max(overdue, default=None),
        "mean": sum(scores) / len(scores) if scores else None,
        "rows": shown,
        "more": len(rows) - len(shown),
        "flag_href": partial(site.href, prefix=prefix),
        "task_flags": [
            flag
            for flag in site.flags_of.get(("task", task_id), [])
            if drill.detailed or flag["reporter_id"] is None
        ],
    }


def pages(site: Site) -> Iterator[tuple[str, str, Row]]:
    """(file, template, context) of every task's page."""
    for task_id, name in site.drill.slugs["tasks"].items():
        yield f"tasks/{name}.html", "task.html", task(site, task_id)
