"""The same task printed twice: in the task list and in a special plan.

Belongs here: finding the pairs by their text, and where their deadlines or units differ. Does not belong here: which
of the two is right – that is for the office.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from raw.plans.model import Plan, Task
from raw.plans.text import plain, shorten

_SIZE = 5
_ROLE = {
    "lead": "牵头",
    "cooperate": "配合",
    "implement": "落实",
    "by_duty": "按职责分工",
    "joint": "共同",
    "sole": "单独",
}


def grams(text: str) -> set[str]:
    """Overlapping pieces of five characters, punctuation left out."""
    bare = re.sub(r"[\W_]", "", plain(text))
    if len(bare) <= _SIZE:
        return {bare} if bare else set()
    return {bare[k : k + _SIZE] for k in range(len(bare) - _SIZE + 1)}


class Matcher:
    """Finds the task with the most text in common."""

    def __init__(self, tasks: Sequence[Task]):
        self.tasks = list(tasks)
        self.sizes: list[int] = []
        self.index: dict[str, list[int]] = defaultdict(list)
        for number, task in enumerate(self.tasks):
            pieces = grams(task.measure)
            self.sizes.append(len(pieces))
            for piece in pieces:
                self.index[piece].append(number)

    def find(self, text: str, least: float = 0.35) -> Task | None:
        """Best match, or None below ``least`` of the shorter text in common."""
        wanted = grams(text)
        if not wanted:
            return None
        shared: Counter[int] = Counter()
        for piece in wanted:
            shared.update(self.index.get(piece, ()))
        best, score = None, least
        for number, count in shared.items():
            share = count / max(1, min(len(wanted), self.sizes[number]))
            share *= 0.8 + 0.2 * min(len(wanted), self.sizes[number]) / max(
                len(wanted), self.sizes[number], 1
            )
            if share > score:
                best, score = number, share
        return self.tasks[best] if best is not None else None


def pair(listed: Sequence[Task], planned: Sequence[Task]) -> list[tuple[Task, Task]]:
    """(task of the list, the same task in a special plan); a plan's item may be split into several rows."""
    matcher = Matcher(planned)
    pairs = ((task, matcher.find(task.measure)) for task in listed)
    return [(task, found) for task, found in pairs if found is not None]


def contradictions(pairs: Sequence[tuple[Task, Task]], plan: Plan, canonical: Callable[[str], str]) -> None:
    """Findings where both printings of a task disagree, in meaning (前后矛盾) or only in wording (写法不一致)."""
    for listed, planned in pairs:
        name = f"第{listed.seq}项 {shorten(listed.title, 30)}"
        if "共用责任" not in planned.doubts and plain(listed.deadline_text) != plain(planned.deadline_text):
            other = planned.deadline_text or "（空白）"
            said = f"清单（第 {listed.deadline_line} 行）印“{listed.deadline_text or '（空白）'}”，专项方案（第 {planned.deadline_line} 行）印“{other}”"
            if _meaning(listed) != _meaning(planned):
                plan.find(listed.line, "前后矛盾", name, f"完成时限不一致：{said}")
            else:
                plan.find(listed.line, "写法不一致", name, f"完成时限写法不同、到期日相同：{said}")
        _compare_units(listed, planned, name, plan, canonical)
        if listed.special and planned.special and listed.special != planned.special:
            plan.find(
                listed.line,
                "前后矛盾",
                name,
                f"清单列在“{listed.special}”，第 {planned.line} 行印在“{planned.special}”专项方案",
            )


def _compare_units(
    listed: Task, planned: Task, name: str, plan: Plan, canonical: Callable[[str], str]
) -> None:
    where = f"清单第 {listed.units_line} 行，专项方案第 {planned.units_line} 行"
    if not planned.shares or not listed.shares:
        if bool(planned.shares) != bool(listed.shares) and "共用责任" not in planned.doubts:
            plan.find(listed.line, "前后矛盾", name, f"责任单位只有一处印出（{where}）")
        return
    one = {(canonical(s.unit), s.role) for s in listed.shares}
    two = {(canonical(s.unit), s.role) for s in planned.shares}
    if one != two:
        plan.find(listed.line, "前后矛盾", name, f"责任单位不一致（{where}）：{_difference(one, two)}")
        return
    printed_one = {plain(s.unit) for s in listed.shares}
    printed_two = {plain(s.unit) for s in planned.shares}
    if printed_one != printed_two:
        left = "、".join(sorted(printed_one - printed_two)) or "（无）"
        right = "、".join(sorted(printed_two - printed_one)) or "（无）"
        plan.find(
            listed.line, "写法不一致", name, f"责任单位写法不同（{where}）：清单 {left}；专项方案 {right}"
        )


def _meaning(task: Task) -> tuple:
    kind = {"before_month": "month"}.get(task.deadline.kind, task.deadline.kind)
    return kind, task.deadline.due_dates, task.deadline.ongoing, task.deadline.recurrence


def _difference(one: set[tuple[str, str]], two: set[tuple[str, str]]) -> str:
    parts = []
    units_one, units_two = {u for u, _ in one}, {u for u, _ in two}
    if only := sorted(units_one - units_two):
        parts.append("清单独有 " + "、".join(only))
    if only := sorted(units_two - units_one):
        parts.append("专项方案独有 " + "、".join(only))
    roles_one, roles_two = defaultdict(set), defaultdict(set)
    for unit, role in one:
        roles_one[unit].add(role)
    for unit, role in two:
        roles_two[unit].add(role)
    for unit in sorted(units_one & units_two):
        if roles_one[unit] != roles_two[unit]:
            a = "、".join(_ROLE[r] for r in sorted(roles_one[unit]))
            b = "、".join(_ROLE[r] for r in sorted(roles_two[unit]))
            parts.append(f"{unit} 清单为{a}、专项方案为{b}")
    return "；".join(parts)
