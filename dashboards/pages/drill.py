"""What the pages below a reporter share: where each page lies, the registry's lines, the histories, who answers for what.

Belongs here: what tasks, indicators, specials, units and the search need together, made once per site. Does not belong here: SQL
(``queries.history``), what a page says.
With thousands of reporters no page can hold everybody: a page then shows the notable ones (``notable``), the reporters' own pages
show the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from dashboards import format as fmt
from dashboards import submissions
from dashboards.queries import history as queries
from dashboards.queries import site as site_queries
from dashboards.theme import LIGHTS

Row = dict[str, Any]

DETAILED = 150  # up to so many reporters stand on every page
NOTABLE = 60  # of more, so many per page; and so many with their whole history
MOST_LINES = 100  # reporters drawn as lines of their own

ANSWERING = ("lead", "sole", "joint", "by_duty")  # roles that answer for a task
GRAVITY = {key: place for place, key in enumerate(LIGHTS)}

# Age of an overdue task in days, both bounds included; a milestone on the last day of the quarter is overdue by 0 days.
AGES = (
    ("days30", "30 天以内", 0, 30),
    ("days90", "31–90 天", 31, 90),
    ("days180", "91–180 天", 91, 180),
    ("more", "180 天以上", 181, None),
)


def ages(rows: Iterable[Row]) -> list[Row]:
    """The age groups of overdue tasks with their counts: key, word, n. rows: days_overdue."""
    counted: Counter[str] = Counter()
    for row in rows:
        days = row["days_overdue"]
        if days is not None:
            counted[next(key for key, _, _, most in AGES if most is None or days <= most)] += 1
    return [{"key": key, "word": word, "n": counted[key]} for key, word, _, _ in AGES]


def gravest(row: Row) -> tuple[Any, ...]:
    """Sorts states of a task: gravest light first, longest overdue, least progress."""
    return (
        GRAVITY.get(row["light"] or "none", len(GRAVITY)),
        -(row["days_overdue"] or 0),
        row["progress_pct"] or 0.0,
    )


@dataclass
class Drill:
    """See the module. ``slugs``: kind of page → code → file name; units go by their canonical name. ``places``: the order of
    the registry."""

    tasks: dict[str, Row]
    indicators: dict[str, Row]
    responsibilities: list[Row]
    states: dict[str, list[Row]]
    lights: dict[str, Counter[str]]
    values: dict[str, list[Row]]
    task_history: dict[str, dict[str, list[Row]]]
    indicator_history: dict[str, dict[str, list[Row]]]
    value_receipts: dict[tuple[str, str, str], str]
    special_history: list[Row]
    aliases: dict[str, dict[str, str]]
    slugs: dict[str, dict[str, str]]
    places: dict[str, int]
    detailed: bool

    def href(self, kind: str, code: str | None, prefix: str = "") -> str | None:
        """Link to the page of a task, indicator, special, unit or reporter; None when it has none."""
        name = self.slugs[kind].get(code or "")
        return f"{prefix}{kind}/{name}.html" if name else None

    def place(self, kind: str, code: str, reporter_id: str, prefix: str = "") -> str | None:
        """Link to a reporter's place on the page of a task or indicator: its history there, else its line, else the page."""
        page = self.href(kind, code, prefix)
        if page is None:
            return None
        name = self.slugs["reporters"].get(reporter_id)
        histories = self.task_history if kind == "tasks" else self.indicator_history
        if name and reporter_id in histories.get(code, {}):
            return f"{page}#h-{name}"
        return f"{page}#r-{name}" if name and self.detailed else page

    def units_of(self, task_id: str) -> list[tuple[str, list[str]]]:
        """(role, units) of a task in the order of ``fmt.ROLE_WORDS``."""
        mine: dict[str, list[str]] = defaultdict(list)
        for row in self._by_task().get(task_id, []):
            mine[row["role"]].append(row["unit"])
        return [
            (role, mine[role])
            for role in (*fmt.ROLE_WORDS, *sorted(mine.keys() - fmt.ROLE_WORDS))
            if role in mine
        ]

    def _by_task(self) -> dict[str, list[Row]]:
        if not hasattr(self, "_tasks_units"):
            table: dict[str, list[Row]] = defaultdict(list)
            for row in self.responsibilities:
                table[row["task_id"]].append(row)
            self._tasks_units = dict(table)
        return self._tasks_units


def notable(rows: list[Row], detailed: bool) -> list[Row]:
    """States of a task, gravest first: all of them, or the ``NOTABLE`` gravest where not everybody can be shown."""
    ordered = sorted(rows, key=gravest)
    return ordered if detailed else ordered[:NOTABLE]


def notable_values(rows: list[Row], lower: bool, detailed: bool) -> list[Row]:
    """Values of an indicator, best first, those without one last: all, or the best, the worst and some without a value."""
    valued = sorted(
        (row for row in rows if row["value"] is not None),
        key=lambda row: row["value"] if lower else -row["value"],
    )
    without = [row for row in rows if row["value"] is None]
    if detailed or len(rows) <= NOTABLE:
        return valued + without
    third = NOTABLE // 3
    if len(valued) > 2 * third:
        valued = valued[:third] + valued[-third:]
    return valued + without[:third]


def load(
    connection: duckdb.DuckDBPyConnection,
    programme_id: str,
    period: str,
    states: Iterable[Row],
    values: list[Row],
    indicators: list[Row],
    specials: Iterable[str],
    reporters: list[str],
) -> Drill:
    """Read once what the pages need. states: tasks of every reporter; values: indicators of every reporter and period."""
    tasks = queries.registry_tasks(connection, programme_id)
    registry = queries.registry_indicators(connection, programme_id)
    responsibilities = queries.responsibilities(connection, programme_id)
    by_task: dict[str, list[Row]] = defaultdict(list)
    lights: dict[str, Counter[str]] = defaultdict(Counter)
    units = {row["unit"]: None for row in responsibilities}
    for row in states:
        by_task[row["task_id"]].append(row)
        lights[row["task_id"]][row["light"] or "none"] += 1
        units |= dict.fromkeys(unit for unit in (row["lead_unit"] or "").split("、") if unit)
    by_indicator: dict[str, list[Row]] = defaultdict(list)
    for row in values:
        by_indicator[row["indicator_id"]].append(row)
    lower = {row["indicator_id"]: row["polarity"] == "lower" for row in indicators}

    detailed = len(reporters) <= DETAILED
    task_pairs = value_pairs = None
    if len(reporters) > NOTABLE:
        task_pairs = [
            (row["reporter_id"], task) for task, rows in by_task.items() for row in notable(rows, False)
        ]
        value_pairs = [
            (row["reporter_id"], indicator)
            for indicator, rows in by_indicator.items()
            for row in notable_values(
                [row for row in rows if row["period"] == period], lower.get(indicator, False), False
            )
        ]
    task_rows = queries.task_rows(connection, programme_id, period, task_pairs)
    value_rows = queries.indicator_rows(connection, programme_id, period, value_pairs)
    kept_out = queries.kept_out(connection, programme_id, period)
    columns = queries.columns(
        connection, sorted({row["receipt_id"] for rows in (task_rows, value_rows, kept_out) for row in rows})
    )
    names = {row["indicator_id"]: row["name"] for row in indicators}
    aliases = queries.aliases(connection, programme_id)
    return Drill(
        tasks=tasks,
        indicators=registry,
        responsibilities=responsibilities,
        states=dict(by_task),
        lights=dict(lights),
        values=dict(by_indicator),
        task_history=submissions.histories(
            "progress",
            task_rows,
            kept_out,
            columns,
            _only_one((row["seq"], task) for task, row in tasks.items()) | {task: task for task in tasks},
            _only_one((row["title"], task) for task, row in tasks.items()),
        ),
        indicator_history=submissions.histories(
            "indicators",
            value_rows,
            kept_out,
            columns,
            {indicator: indicator for indicator in registry},
            _only_one((name, indicator) for indicator, name in names.items()),
        ),
        value_receipts=queries.value_receipts(connection, programme_id, period),
        special_history=queries.special_history(connection, programme_id, period, MOST_LINES),
        aliases=aliases,
        slugs={
            "tasks": fmt.slugs(list(dict.fromkeys([*tasks, *by_task]))),
            "indicators": fmt.slugs(list(names)),
            "specials": fmt.slugs(list(dict.fromkeys(specials))),
            "units": _unit_slugs(units, queries.unit_ids(connection, programme_id)),
            "reporters": fmt.slugs(reporters),
        },
        places={
            row["reporter_id"]: place
            for place, row in enumerate(site_queries.reporters(connection, programme_id))
        },
        detailed=detailed,
    )


def _unit_slugs(names: Iterable[str], ids: dict[str, str]) -> dict[str, str]:
    """Unit → file name: by its code where it has one of its own, else by its name."""
    codes: dict[str, str] = {}
    for name in names:
        code = ids.get(name, name)
        codes[name] = name if code in codes.values() else code
    files = fmt.slugs(list(codes.values()))
    return {name: files[code] for name, code in codes.items()}


def _only_one(pairs: Iterable[tuple[Any, str]]) -> dict[str, str]:
    """Text → id, without texts that stand for several ids."""
    found: dict[str, set[str]] = defaultdict(set)
    for text, item in pairs:
        if text:
            found[str(text)].add(item)
    return {text: items.pop() for text, items in found.items() if len(items) == 1}
