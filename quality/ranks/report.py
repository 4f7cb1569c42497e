"""Rows of ``int_rank_moves``: tables of the models → arrays → what moved, in numbers and in words.

Of the items of a place numpy chooses the few that a sentence or a line can name; only they become objects.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from quality.ranks import changes, words
from quality.ranks.boards import Board, Grid, Registry, board
from quality.ranks.changes import Facts, Move, Published
from quality.ranks.engine import Floats

if TYPE_CHECKING:
    import pyarrow as pa

ITEMS = 10  # items a reporter's change is explained with; the rest stands in one line
PARTS = ("own", "peers", "method", "revision")
_NOISE = 1e-12  # points that are none
_WAY = ("state", "method", "worst", "frontier", "baseline", "target", "polarity")


@dataclass(frozen=True)
class Quarter:
    """What the models say of one programme and period (columns: see int_rank_moves.py). parameters: the row of stg_periods;
    published, published_ranks: None where the period never was."""

    parameters: dict[str, Any]
    tasks: pa.Table
    indicators: pa.Table
    ranking: pa.Table
    published: pa.Table | None
    published_ranks: pa.Table | None

    @cached_property
    def ranked(self) -> set[str]:
        """The reporters that are ranked."""
        pairs = zip(*(self.ranking[name].to_pylist() for name in ("reporter_id", "ranked")), strict=True)
        return {reporter for reporter, ranked in pairs if ranked}

    @cached_property
    def names(self) -> dict[str, str]:
        """reporter_id → name."""
        return dict(
            zip(*(self.ranking[name].to_pylist() for name in ("reporter_id", "reporter_name")), strict=True)
        )


def rows_of(registry: Registry, before: Quarter | None, now: Quarter) -> list[dict[str, Any]]:
    """One row per reporter that is ranked in this period; without a quarter before there is no change, only the way ahead.

    They depend on these two quarters and the registry alone; of ``before`` the published facts, of ``now`` only what is known now.
    """
    ranked_before = set() if before is None else before.ranked
    shown = board(registry, now.parameters, sorted(now.ranked | ranked_before))
    if not shown.places:
        return []
    pair = Pair(shown, before, now)
    score, rank = changes.moves(
        shown.scheme,
        pair.facts_before,
        pair.facts,
        np.array([place in ranked_before for place in shown.places]),
        np.array([place in now.ranked for place in shown.places]),
        None if before is None else _published(shown, before),
    )
    ahead, points = changes.next_ahead(score.now)
    arithmetic = now.parameters["aggregation"] == "arithmetic"
    numbers = _columns(score, rank)
    parts = [
        [
            dict(zip(PARTS, line, strict=True))
            for line in zip(*(getattr(move, part).tolist() for part in PARTS), strict=True)
        ]
        for move in (score, rank)
    ]
    rows = []
    for number, place in enumerate(shown.places):
        if place not in now.ranked:
            continue
        row: dict[str, Any] = {
            "programme_id": now.parameters["programme_id"],
            "period": now.parameters["period"],
            "reporter_id": place,
            "previous_period": None if before is None else before.parameters["period"],
            **{name: column[number] for name, column in numbers.items()},
            "causes": None,
            "gain_score": None,
            "gain_ahead_of": None,
            "gain_text": None,
            "items": None,
        }
        if row["score_change"] is not None:
            row["causes"] = words.causes(
                parts[0][number], parts[1][number], *pair.reasons(number), arithmetic
            )
            row["items"] = _listed(*pair.moved_most(number), row["score_own"])
        if ahead[number] >= 0:
            next_one = shown.places[ahead[number]]
            row["gain_score"] = _number(np.round(points[number], changes.STORED))
            row["gain_ahead_of"] = next_one
            row["gain_text"] = words.gain(
                float(points[number]),
                now.names[next_one],
                int(rank.now[ahead[number]]),
                pair.most_room(number) if arithmetic else [],
                pair.indicator_row,
            )
        rows.append(row)
    return rows


def _published(shown: Board, quarter: Quarter) -> Published | None:
    if quarter.published is None or quarter.published_ranks is None:
        return None
    lines = {line["reporter_id"]: line for line in quarter.published_ranks.to_pylist()}
    placed = [lines.get(place, {"rank": None, "total_score": None}) for place in shown.places]
    ranks = np.array([line["rank"] for line in placed], float)
    totals = np.array([line["total_score"] for line in placed], float)
    tasks, indicators = (
        quarter.published.filter(pc.field("component") == component) for component in ("task", "indicator")
    )
    return Published(
        np.where(np.isnan(ranks), np.nan, totals),
        ranks,
        Facts(
            shown.tasks(tasks, "item_id").values("score"),
            shown.indicators(indicators, "item_id").values("score"),
        ),
    )


def _columns(score: Move, rank: Move) -> dict[str, list[Any]]:
    """The numbers of all places at once, by the names of the table's columns; None where there is none."""

    def scores(values: Floats) -> list[float | None]:
        # adding 0 makes -0 a 0
        return [None if value != value else value for value in (values + 0.0).tolist()]

    def places(values: Floats) -> list[int | None]:
        return [None if value != value else int(value) for value in values.tolist()]

    return {
        "previous_score": scores(score.before),
        "score": scores(score.now),
        "previous_rank": places(rank.before),
        "rank": places(rank.now),
        "score_change": scores(np.round(score.change, changes.STORED)),
        "rank_change": places(rank.change),
        **{f"score_{part}": scores(getattr(score, part)) for part in PARTS},
        **{f"rank_{part}": places(getattr(rank, part)) for part in PARTS},
    }


def _number(value: float) -> float | None:
    # adding 0 makes -0 a 0
    return None if value != value else float(value) + 0.0


class Pair:
    """Two quarters of a board: the facts of both, and which items of a place are worth a word.

    Arrays (R × C) have the tasks first, then the indicators; a parent has the items of its sub-units, one after the other.
    """

    def __init__(self, shown: Board, before: Quarter | None, now: Quarter):
        self.shown, self.now = shown, now
        registry, scheme = shown.registry, shown.scheme
        tasks, self._indicators = shown.tasks(now.tasks), shown.indicators(now.indicators)
        self.facts = Facts(tasks.values("score"), self._indicators.values("score"))
        self._values = _Values.of(self._indicators)
        if before is None:
            nothing = (np.full_like(scores, np.nan) for scores in (self.facts.tasks, self.facts.indicators))
            self.facts_before = Facts(*nothing)
            self._old_values = _Values.none(self.facts.indicators.shape)
        else:
            grid = shown.indicators(before.indicators)
            self.facts_before = Facts(shown.tasks(before.tasks).values("score"), grid.values("score"))
            self._old_values = _Values.of(grid)
        self._split = len(registry.tasks)
        self._rows_of = scheme.members.rows()
        self._old, self._new = _side_by_side(self.facts_before), _side_by_side(self.facts)
        counted = ~np.isnan(self._old) | ~np.isnan(self._new)
        self._points = _side_by_side(changes.contributions(self.facts_before, self.facts, scheme))
        self._share = _side_by_side(changes.shares(self.facts, scheme))
        best = np.nan_to_num(_best(tasks, now.parameters))
        self._best = np.hstack([best, np.full_like(self.facts.indicators, 100.0)])
        self._overdue, self._sustained = (tasks.values(name) == 1 for name in ("overdue", "sustained"))
        # what an item could still add: nothing where it counts for nothing or has reached its best
        score = np.nan_to_num(self._new)
        is_open = (self._best > score + 1e-9) & (self._share > 0)
        self._room = np.where(is_open, self._share * (self._best - score), 0.0)
        # indicators before tasks, as equal ones are listed
        by_component = np.roll(np.arange(len(counted.T)), -self._split)
        self._by_component, self._moved = by_component, np.abs(self._points[:, by_component])
        fell, again = self._values.unreported, self._old_values.unreported
        silent = counted[:, self._split :] & (fell != again)
        self._silent = {True: silent & again, False: silent & fell}
        self._name_items(registry)
        self._sum_tasks(counted)

    def _name_items(self, registry: Registry) -> None:
        """ids, titles and units of the columns, special_id and name of their specials."""
        tasks, indicators, specials = registry.tasks, registry.indicators, registry.specials
        scheme = self.shown.scheme
        self._row_number = {reporter: number for number, reporter in enumerate(self.shown.rows)}
        self._ids = tasks["task_id"].tolist() + indicators["indicator_id"].tolist()
        titles = (
            tasks["title"].fillna(tasks["task_id"]),
            indicators["name"].fillna(indicators["indicator_id"]),
        )
        self._titles = titles[0].tolist() + titles[1].tolist()
        self._units = [""] * self._split + indicators["unit"].fillna("").tolist()
        self._special_ids = specials["special_id"].tolist()
        self._specials = specials["name"].fillna(specials["special_id"]).tolist()
        self._special_of = np.concatenate([scheme.tasks.specials, scheme.indicators.specials]).tolist()

    def _sum_tasks(self, counted: NDArray[np.bool_]) -> None:
        """Per row and name of a special (R × names): tasks that count, overdue ones, their points, the first of them."""
        self._special_names = list(dict.fromkeys(self._specials))
        shape = len(counted), len(self._special_names)
        self._task_count, self._task_overdue = np.zeros(shape, int), np.zeros(shape, int)
        self._task_points, self._task_first = np.zeros(shape), np.full(shape, self._split)
        for task in range(self._split):
            special = self._special_names.index(self._specials[self._special_of[task]])
            here = counted[:, task]
            self._task_count[:, special] += here
            self._task_overdue[:, special] += here & self._overdue[:, task]
            self._task_points[:, special] += self._points[:, task]
            first = self._task_first[:, special]
            first[here & (first == self._split)] = task

    def reasons(self, number: int) -> tuple[list[words.Silence], list[words.Item], list[words.Tasks]]:
        """What ``words.causes`` chooses from: indicators silent together, indicators and specials that moved most."""
        rows = self._rows_of[number]
        points = self._points[rows, self._split :].ravel()
        moved = np.abs(points)
        silences = []
        for again, silent in self._silent.items():
            group = silent[rows].ravel()
            if np.count_nonzero(group) >= words.MANY:
                together = points[group].tolist()
                silences.append(words.Silence(again, len(together), sum(together)))
                moved[group] = 0.0  # told
        width = len(self._ids) - self._split
        indicators = [
            self.item(number, rows[at // width], self._split + at % width)
            for at in np.argsort(-moved, kind="stable")[: words.CAUSES].tolist()
            if moved[at] >= words.LEAST
        ]
        points = self._task_points[rows].sum(axis=0)
        first = (self._task_first[rows] + self._split * np.arange(len(rows))[:, None]).min(axis=0)
        tasks = [
            words.Tasks(
                self._special_names[special],
                int(self._task_count[rows, special].sum()),
                int(self._task_overdue[rows, special].sum()),
                float(points[special]),
            )
            for special in np.lexsort((first, -np.abs(points)))[: words.CAUSES].tolist()
        ]
        return silences, indicators, tasks

    def moved_most(self, number: int) -> tuple[list[dict[str, Any]], int]:
        """Lines of the items that moved the total most, the strongest first (equal ones: indicators first, by id), and how many more
        there are."""
        rows = self._rows_of[number]
        moved = self._moved[rows].T.ravel()
        count = np.count_nonzero(moved > _NOISE)
        chosen = np.argsort(-moved, kind="stable")[: min(ITEMS, count)]
        at_rows, at = rows[chosen % len(rows)], self._by_component[chosen // len(rows)]
        # a few look-ups for all of them: at national size these are a hundred thousand lines
        columns = (array[at_rows, at].tolist() for array in (self._old, self._new, self._points))
        lines = [
            {
                "component": "task" if column < self._split else "indicator",
                "item_id": self._ids[column],
                "special_id": self._special_ids[self._special_of[column]],
                "item_name": self._part(number, row) + self._titles[column],
                "old_score": _number(old),
                "new_score": _number(new),
                "contribution": round(points, changes.STORED),
            }
            for row, column, old, new, points in zip(at_rows.tolist(), at.tolist(), *columns, strict=True)
        ]
        return lines, count - len(lines)

    def most_room(self, number: int) -> list[words.Item]:
        """What ``words.gain`` chooses from, tasks before indicators: the items with most room, and the first of each component."""
        rows = self._rows_of[number]
        room = self._room[rows]
        flat, width = room.ravel(), room.shape[1]
        chosen = set(np.argsort(-flat, kind="stable")[: words.TOGETHER].tolist())
        for first, part in ((0, room[:, : self._split]), (self._split, room[:, self._split :])):
            if part.size:
                row, at = divmod(int(part.argmax()), part.shape[1])
                chosen.add(row * width + first + at)
        return [self.item(number, rows[at // width], at % width) for at in sorted(chosen) if flat[at] > 0]

    def indicator_row(self, item: words.Item) -> dict[str, Any]:
        """What an indicator's value is turned into a score with (``words.value_for``)."""
        at = self._registered[item.item_id]
        line = self._line_numbers[self._row_number[item.reporter_id], at["number"]]
        return at | {name: column[line].as_py() for name, column in self._way.items()}

    @cached_property
    def _registered(self) -> dict[str, dict[str, Any]]:
        table = self.shown.registry.indicators[["indicator_id", "unit", "decimals", "exponent"]]
        table = table.astype(object).where(table.notna(), None)
        return {
            row["indicator_id"]: row | {"number": number}
            for number, row in enumerate(table.to_dict("records"))
        }

    @cached_property
    def _line_numbers(self) -> NDArray[np.int64]:
        return self._indicators.line_numbers()

    @cached_property
    def _way(self) -> dict[str, pa.Array]:
        return {name: self.now.indicators[name].combine_chunks() for name in _WAY}

    def _part(self, number: int, row: int) -> str:
        """What a sub-unit's item is called after; nothing where the row is the place itself."""
        reporter = self.shown.rows[row]
        return "" if reporter == self.shown.places[number] else f"{self.now.names.get(reporter, '')} "

    def item(self, number: int, row: int, at: int) -> words.Item:
        """The item in a column of one of the rows of a place."""
        reporter, is_task = self.shown.rows[row], at < self._split
        here = row, at - self._split
        special = self._special_of[at]
        return words.Item(
            component="task" if is_task else "indicator",
            reporter_id=reporter,
            item_id=self._ids[at],
            name=self._part(number, row) + self._titles[at],
            special_id=self._special_ids[special],
            special=self._specials[special],
            old_score=_number(self._old[row, at]),
            new_score=_number(self._new[row, at]),
            old_text=None if is_task else self._old_values.text(here, self._units[at]),
            new_text=None if is_task else self._values.text(here, self._units[at]),
            points=float(self._points[row, at]),
            share=float(self._share[row, at]),
            best=float(self._best[row, at]),
            overdue=is_task and bool(self._overdue[row, at]),
            sustained=is_task and bool(self._sustained[row, at]),
        )


@dataclass(frozen=True)
class _Values:
    """(R × I) what was reported, and where nothing was though there is a practice to report about."""

    values: Floats
    unreported: NDArray[np.bool_]

    @classmethod
    def of(cls, grid: Grid) -> _Values:
        values = grid.values("value")
        return cls(values, np.isnan(values) & (grid.values("idle") != 1))

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> _Values:
        return cls(np.full(shape, np.nan), np.ones(shape, bool))

    def text(self, here: tuple[int, int], unit: str) -> str:
        value = self.values[here]
        if np.isnan(value):
            return words.UNREPORTED if self.unreported[here] else "未开展"
        return f"{value:.6g}{unit}"


def _best(tasks: Grid, parameters: dict[str, Any]) -> Floats:
    """(R × T) the score a task can still reach: a completed one keeps its own, a late one pays for its days."""
    late = tasks.values("days_late")
    reachable = np.maximum(100 - parameters["late_per_day"] * late, parameters["late_floor"])
    reachable = np.where(late > 0, reachable, 100.0)
    return np.where(tasks.values("completed") == 1, tasks.values("score"), reachable)


def _side_by_side(facts: Facts) -> Floats:
    return np.hstack([facts.tasks, facts.indicators])


def _listed(lines: list[dict[str, Any]], others: int, own: float) -> str:
    """The items that moved most and one line for all the others, as JSON; their points sum to the own part."""
    rest = round(own - sum(line["contribution"] for line in lines), changes.STORED)
    if others > 0 or abs(rest) > 0:
        name = f"其余 {others} 项" if others > 0 else "合成方法与舍入"
        lines.append(
            {
                "component": None, "item_id": None, "special_id": None, "item_name": name,
                "old_score": None, "new_score": None, "contribution": rest,
            }
        )  # fmt: skip
    return json.dumps(lines, ensure_ascii=False)
