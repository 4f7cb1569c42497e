"""Dates inside a task's text against its deadline.

Belongs here: contradictions between the label and the sentence. Does not belong here: reading either.
"""

from __future__ import annotations

from datetime import date

from raw.deadlines import MILESTONE_KINDS
from raw.plans.model import Plan
from raw.plans.tasks import moments_in_text
from raw.plans.text import shorten


def check(plan: Plan) -> None:
    """A date in the text after the last due date contradicts it; one before is a milestone the label does not name."""
    start = date(plan.year, 1, 1)
    for task in plan.tasks:
        if "时限取自正文" in task.doubts:
            continue
        name = f"第{task.seq}项 {shorten(task.title, 24)}"
        moments = moments_in_text(task.measure, start)
        dues = {parsed.due_dates[-1]: words for words, parsed, _ in moments}
        if not dues:
            continue
        if task.deadline.kind in MILESTONE_KINDS:
            last = max(task.deadline.due_dates)
            for due, words in sorted(dues.items()):
                if due > last and (due.year, due.month) != (last.year, last.month):
                    plan.find(
                        task.line,
                        "时限矛盾",
                        words,
                        f"{name}：正文写“{words}”，晚于时限“{task.deadline_text}”，请核对",
                    )
                elif due > last:
                    plan.find(
                        task.line,
                        "正文另有节点",
                        words,
                        f"{name}：正文写“{words}”（{due}），时限为 {last}，相差 {(due - last).days} 天",
                    )
                elif due < min(task.deadline.due_dates) and (due.year, due.month) != (last.year, last.month):
                    plan.find(
                        task.line,
                        "正文另有节点",
                        words,
                        f"{name}：正文另有节点“{words}”，时限为“{task.deadline_text}”",
                    )
        elif task.deadline.kind == "ongoing":
            for words in dict.fromkeys(dues.values()):
                plan.find(
                    task.line,
                    "正文另有节点",
                    words,
                    f"{name}：时限为“{task.deadline_text}”，正文另有节点“{words}”",
                )
