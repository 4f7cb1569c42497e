"""What really happened in the invented year: how each reporter's tasks and indicators went, before
anybody reports.

Belongs here: pure functions of (programme, reporter, task or indicator, day). Does not belong here:
files, formats, mistakes. Everything is drawn from ``random.Random`` seeded with a text, so that one
part can change without the others.
"""

from __future__ import annotations

import calendar
import csv
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

SEED = "taizhang-samples-1"


@dataclass
class Plan:
    """A registry as far as the stories need it: rows of the committed csv files, by id."""

    programme_id: str
    start: date
    tables: dict[str, list[dict[str, str]]]
    tasks: dict[str, dict[str, str]] = field(init=False)
    indicators: dict[str, dict[str, str]] = field(init=False)
    reporters: dict[str, dict[str, str]] = field(init=False)
    targets: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.tasks = {row["task_id"]: row for row in self.tables["tasks"]}
        self.indicators = {row["indicator_id"]: row for row in self.tables["indicators"]}
        self.reporters = {row["reporter_id"]: row for row in self.tables["reporters"]}
        self.targets = {row["indicator_id"]: float(row["target"]) for row in self.tables["targets"]}
        assigned: dict[str, set[str]] = {}
        for row in self.tables["assignments"]:
            assigned.setdefault(row["task_id"] or row["indicator_id"], set()).add(row["reporter_id"])
        self._assigned = assigned
        self._state = {
            (row["indicator_id"], row["reporter_id"]): row["state"] for row in self.tables["applicability"]
        }

    def owed_tasks(self, reporter_id: str) -> list[str]:
        """Tasks the reporter owes, in plan order (a task without a line in assignments.csv is owed by
        everybody).
        """
        return [task for task in self.tasks if reporter_id in self._assigned.get(task, {reporter_id})]

    def owed_indicators(self, reporter_id: str) -> list[str]:
        """Indicators the reporter can give a value for: assigned, applicable and practised."""
        return [
            code
            for code in self.indicators
            if reporter_id in self._assigned.get(code, {reporter_id})
            and (code, reporter_id) not in self._state
        ]


def read_plan(samples: Path, programme_id: str, start: date) -> Plan:
    """The committed registry of a programme."""
    tables = {}
    for path in sorted((samples / "registry" / programme_id).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            tables[path.stem] = list(csv.DictReader(handle))
    return Plan(programme_id, start, tables)


def period_end(period: str) -> date:
    """Last day of a quarter like ``2021Q3``."""
    year, quarter = int(period[:4]), int(period[-1])
    return date(year, 3 * quarter, calendar.monthrange(year, 3 * quarter)[1])


def due_day(text: str) -> date | None:
    """The last day a deadline text names, None when it names none: enough for a story, not the reader's
    parser.
    """
    found = re.findall(r"(\d{4})年(\d{1,2})月(?:(\d{1,2})日)?", text.replace(" ", ""))
    if not found:
        return None
    year, month, day = found[-1]
    return date(int(year), int(month), int(day) if day else calendar.monthrange(int(year), int(month))[1])


@dataclass(frozen=True)
class TaskStory:
    """One task of one reporter: begun on ``begun``, done on ``done`` (None: never ends), ``shape``
    bends the curve.
    """

    begun: date
    done: date | None
    shape: float

    def progress(self, day: date) -> int:
        """Percent on ``day``, in steps of 5, never falling; 100 exactly when done."""
        if self.done is not None and day >= self.done:
            return 100
        if self.done is None or day <= self.begun:
            return 0
        share = (day - self.begun).days / (self.done - self.begun).days
        return min(95, int(20 * share**self.shape) * 5)


def task_story(plan: Plan, reporter_id: str, task_id: str, quality: tuple[float, ...]) -> TaskStory:
    """How a task goes: better reporters finish earlier; ``quality`` (0–1) per quarter, that of the
    deadline counts.
    """
    task = plan.tasks[task_id]
    rng = Random(f"{SEED}|{plan.programme_id}|{reporter_id}|{task_id}")
    habit = Random(f"{SEED}|{plan.programme_id}|{reporter_id}|{task['special_id']}").gauss(0, 8)
    begun = plan.start + timedelta(days=rng.randint(3, 45))
    due, shape = due_day(task["deadline_text"]), rng.uniform(0.7, 1.25)
    if due is None:
        return TaskStory(begun, None, shape)
    able = quality[min((due.month - 1) // 3, len(quality) - 1)]
    early = round(44 * able - 20 + habit + rng.gauss(0, 13))
    return TaskStory(begun, max(due - timedelta(days=early), begun + timedelta(days=20)), shape)


# Indicators that are counted up through the year; the others are levels.
CUMULATED = {
    "xd_relending",
    "qy_training",
    "qy_inspect",
    "wh_outreach",
    "wh_show",
    "wh_exhibit",
    "yl_reform",
} | {
    "br_forest",
    "br_green",
}


@dataclass(frozen=True)
class Value:
    """An indicator's value with what it was computed from (None where nobody asks)."""

    value: float
    numerator: int | None = None
    denominator: int | None = None


def indicator_value(
    plan: Plan, reporter_id: str, code: str, quarter: int, quality: tuple[float, ...]
) -> Value:
    """The value at the end of a quarter (1–4): levels go from a start towards the target, better
    reporters nearer.
    """
    row = plan.indicators[code]
    rng = Random(f"{SEED}|{plan.programme_id}|{reporter_id}|{code}")
    able = min(1.0, max(0.0, quality[min(quarter, len(quality)) - 1] + rng.gauss(0, 0.12)))
    target = plan.targets.get(code, float(row["baseline"] or 0))
    decimals, higher, percent = int(row["decimals"]), row["polarity"] == "higher", row["unit"] == "%"
    if code in CUMULATED:
        value = target * (quarter / 4) * (0.75 + 0.4 * able)
    else:
        if row["baseline"]:
            begin = float(row["baseline"])
        elif percent and higher:
            begin = target - (6 + 18 * rng.random()) * min(1.0, target / 60)
        elif target == 0:
            begin = 1.5 + 3 * rng.random()
        else:
            begin = target * (0.75 - 0.15 * rng.random() if higher else 1.4 + 0.8 * rng.random())
        reach = (0.3, 0.55, 0.8, 1.0)[quarter - 1] * (0.55 + 0.55 * able)
        value = begin + (target - begin) * reach
    low, high = float(row["valid_min"] or -1e9), float(row["valid_max"] or 1e9)
    value = round(min(high, max(low, value)), decimals)
    if not row["numerator"]:
        return Value(value if decimals else int(value))
    base = rng.randint(80, 160) * quarter
    denominator = base + rng.randint(3, 60)
    numerator = min(denominator, round(value * denominator / 100))
    # a rate rounded half-way would stand exactly at the tolerance of rule V06
    while abs(round(100 * numerator / denominator, decimals) - 100 * numerator / denominator) > 0.049:
        numerator -= 1
    return Value(round(100 * numerator / denominator, decimals), numerator, denominator)
