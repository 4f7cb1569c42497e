"""Totals and ranks of section 7 of the contract, for any number of weightings at once.

A second implementation of what ``int_special_scores`` and ``int_reporter_scores`` say in SQL; a test holds both together. Shapes:
R rows that report, P places that are ranked, T tasks, I indicators, S specials, D draws (1 where nothing is drawn). Many weightings
are worked out draws first, (D × R), so that a draw lies in one piece of memory; whoever asks takes few draws at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DECIMALS = 6  # what ranks compare
_CELLS = 2**18  # numbers of one step of copeland: 2 MB


@dataclass(frozen=True)
class Items:
    """Weights (n) and special number (n) of the tasks or the indicators."""

    weights: Floats
    specials: NDArray[np.int64]


@dataclass(frozen=True)
class Members:
    """Who makes a place (P = ``count``): place number (R) and weight in it (R) of every row; a parent has several rows."""

    count: int
    place: NDArray[np.int64]
    weight: Floats

    @classmethod
    def themselves(cls, count: int) -> Members:
        """Everybody stands for itself."""
        return cls(count, np.arange(count), np.ones(count))

    @property
    def one_each(self) -> bool:
        """Every row is a place, in the same order."""
        return np.array_equal(self.place, np.arange(self.count)) and bool((self.weight == 1).all())

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        """Rows in the order of their places."""
        return np.argsort(self.place, kind="stable")

    def sums(self, values: Floats) -> Floats:
        """(… × R) → (… × P), added in the order of the rows."""
        there, starts = np.unique(self.place[self._order], return_index=True)
        result = np.zeros((*values.shape[:-1], self.count))
        if there.size:
            result[..., there] = np.add.reduceat(values[..., self._order], starts, axis=-1)
        return result

    def rows(self) -> list[NDArray[np.int64]]:
        """The rows of every place (P lists) that have a weight in it."""
        order = self._order[self.weight[self._order] != 0]
        return np.split(order, np.searchsorted(self.place[order], np.arange(1, self.count)))


@dataclass(frozen=True)
class Scheme:
    """How scores become totals. specials (S), components (2: tasks, indicators); members: which rows make a place."""

    tasks: Items
    indicators: Items
    specials: Floats
    components: Floats
    members: Members
    aggregation: str = "arithmetic"


@dataclass(frozen=True)
class Weights:
    """One line per draw: tasks (D × T), indicators (D × I), specials (D × S), components (D × 2). What weighs nothing in the
    scheme weighs nothing in any draw."""

    tasks: Floats
    indicators: Floats
    specials: Floats
    components: Floats

    @classmethod
    def of(cls, scheme: Scheme) -> Weights:
        """The programme's own weights: one line."""
        return cls(
            scheme.tasks.weights[None],
            scheme.indicators.weights[None],
            scheme.specials[None],
            scheme.components[None],
        )


@dataclass(frozen=True)
class Section:
    """The n items of one special in one component that weigh something, ready for any weights.

    filled (n × R): scores, 0 where not counted. known (n × R): 1 where counted; None: everything is. empty (R): 1 for a row of
    which nothing counts. present (P): places that have a score; None: all.
    """

    special: int
    columns: NDArray[np.int64]
    filled: Floats
    known: Floats | None
    empty: Floats
    present: NDArray[np.bool_] | None
    members: Members | None

    @classmethod
    def of(cls, special: int, columns: NDArray[np.int64], scores: Floats, members: Members | None) -> Section:
        """``scores`` (n × R, NaN = not counted) of ``columns``; members None: every row is a place."""
        known = ~np.isnan(scores)
        counts = known.any(axis=0)
        places = counts if members is None else members.sums(counts * members.weight) > 0
        return cls(
            special,
            columns,
            np.where(known, scores, 0.0),
            None if known.all() else known.astype(float),
            (~counts).astype(float),
            None if places.all() else places,
            members,
        )

    def scores(self, weights: Floats) -> Floats:
        """Weighted mean of the items of every place (D × P) under item weights (D × n of all); 0 where nothing counts.

        A parent's sub-units are scored first, then weighted, one without a score left out.
        """
        own = weights[:, self.columns]
        means = own @ self.filled
        if self.known is None:
            means /= own.sum(axis=1, keepdims=True)
        else:
            means /= own @ self.known + self.empty
        if self.members is None:
            return means
        above = self.members.sums(means * self.members.weight)
        below = self.members.sums((1 - self.empty) * self.members.weight)
        return above / np.where(below > 0, below, 1.0)


def sections(scores: Floats, items: Items, members: Members) -> list[Section]:
    """Sections of a component from its scores (R × n); specials without any item are left out."""
    joining = None if members.one_each else members
    lines = np.ascontiguousarray(scores.T)
    weighing = items.weights > 0
    return [
        Section.of(int(special), columns, lines[columns], joining)
        for special in np.unique(items.specials[weighing])
        for columns in [np.flatnonzero(weighing & (items.specials == special))]
    ]


class _Mean:
    """A weighted mean of (D × P) parts, part by part; geometric: exp Σω ln on [1, 100] (methods.md section 5)."""

    def __init__(self, draws: int, places: int, geometric: bool):
        self.geometric = geometric
        self.above = np.zeros((draws, places))
        self.common = np.zeros((draws, 1))  # weight of parts everybody has
        self.own: Floats | None = None  # weight of the others
        self.present = np.zeros(places, bool)

    def add(self, part: Floats, weights: Floats, present: NDArray[np.bool_] | None) -> None:
        """One part (D × P, used up; 0 for who is not ``present``) with the weight of every draw (D)."""
        weight = weights[:, None]
        if self.geometric:
            part *= 0.99
            part += 1
            np.log(part, out=part)
        part *= weight
        self.above += part
        if present is None:
            self.common += weight
            self.present[:] = True
        else:
            self.own = np.zeros_like(self.above) if self.own is None else self.own
            self.own += weight * present
            self.present |= present

    def result(self) -> Floats:
        """(D × P), 0 for who has no part (see ``present``)."""
        below = self.common if self.own is None else self.common + self.own
        mean = self.above / np.where(below > 0, below, 1.0)
        return (np.exp(mean) - 1) / 0.99 if self.geometric else mean


def joined(
    parts: tuple[list[Section], list[Section]], scheme: Scheme, weights: Weights, geometric: bool
) -> Floats:
    """Totals (D × P) of the sections of tasks and indicators: over the specials, then over the components; NaN = none."""
    draws, places = len(weights.components), scheme.members.count
    total = _Mean(draws, places, geometric)
    for number, (component, items) in enumerate(zip(parts, (weights.tasks, weights.indicators), strict=True)):
        if not scheme.components[number] > 0:
            continue
        mean = _Mean(draws, places, geometric)
        for section in component:
            if scheme.specials[section.special] > 0:
                mean.add(section.scores(items), weights.specials[:, section.special], section.present)
        if mean.present.any():
            everybody = mean.present.all()
            points = mean.result() * (1 if everybody else mean.present)
            total.add(points, weights.components[:, number], None if everybody else mean.present)
    result = total.result()
    result[:, ~total.present] = np.nan
    return result


def both_sections(
    task_scores: Floats, indicator_scores: Floats, scheme: Scheme
) -> tuple[list[Section], list[Section]]:
    """Sections of the tasks (R × T) and of the indicators (R × I)."""
    return (
        sections(task_scores, scheme.tasks, scheme.members),
        sections(indicator_scores, scheme.indicators, scheme.members),
    )


def special_scores(parts: tuple[list[Section], list[Section]], scheme: Scheme) -> Floats:
    """Score of every place and special from its two components, arithmetic, by the programme's own weights: (P × S)."""
    weights = Weights.of(scheme)
    shape = len(scheme.specials), scheme.members.count
    above, below = np.zeros(shape), np.zeros(shape)
    for number, (component, items) in enumerate(zip(parts, (weights.tasks, weights.indicators), strict=True)):
        for section in component:
            present = 1.0 if section.present is None else section.present
            above[section.special] += scheme.components[number] * section.scores(items)[0] * present
            below[section.special] += scheme.components[number] * present
    return np.where(below > 0, above / np.where(below > 0, below, 1), np.nan).T


def copeland(scores: Floats, weights: Floats, others: Floats | None = None) -> Floats:
    """100 · (wins + draws/2)/(n − 1) of every place (P × S scores, S weights) against the rest; NaN without any score.

    A pair is won with more than half the weight of the specials both have, compared exactly (weights in steps of 1e-9, scores on 6
    decimals). others (P × S): everybody is compared with these lines of the others instead.
    """
    steps = np.rint(weights * 1e9).astype(np.int64)
    mine = np.round(scores, DECIMALS)
    theirs = mine if others is None else np.round(others, DECIMALS)
    present, around = ~np.isnan(mine).all(axis=1), ~np.isnan(theirs).all(axis=1)
    columns = np.ascontiguousarray(theirs.T)
    points = np.zeros(len(mine), np.int64)
    at_once = max(1, _CELLS // max(1, len(theirs)))
    for first in range(0, len(mine), at_once):
        lines = mine[first : first + at_once]
        net = np.zeros((len(lines), len(theirs)), np.int64)
        for special, step in enumerate(steps):
            # NaN compares false both ways: a special only one of them has counts for nobody
            a, b = lines[:, special, None], columns[special]
            net += step * ((a > b).astype(np.int8) - (a < b))
        wins = np.sign(net)
        wins[:, ~around] = 0
        wins[np.arange(len(lines)), first + np.arange(len(lines))] = 0
        points[first : first + at_once] = wins.sum(axis=1)
    opponents = around.sum() - around.astype(int)  # oneself is nobody's opponent
    result = np.where(opponents > 0, 50 + 50 * points / np.maximum(opponents, 1), 100.0)
    return np.where(present, result, np.nan)


def totals(
    task_scores: Floats, indicator_scores: Floats, scheme: Scheme, among: Floats | None = None
) -> Floats:
    """Total of every place (P) by the programme's own method; ``among`` (P × S): see copeland."""
    parts = both_sections(task_scores, indicator_scores, scheme)
    if scheme.aggregation == "copeland":
        return copeland(special_scores(parts, scheme), scheme.specials, among)
    return joined(parts, scheme, Weights.of(scheme), scheme.aggregation == "geometric")[0]


def ranks(totals: Floats) -> tuple[Floats, Floats]:
    """(ranks from the top, ranks from the end) of (places × draws) totals, 1224, on 6 decimals; NaN stays out."""
    draws, places = totals.T.shape
    top, end = np.empty((draws, places)), np.empty((draws, places))
    at_once = max(1, _CELLS // max(1, places))
    for first in range(0, draws, at_once):
        part = slice(first, first + at_once)
        rounded = np.round(np.ascontiguousarray(totals.T[part]), DECIMALS)
        order = np.argsort(rounded, axis=1)  # NaN last
        ordered = np.take_along_axis(rounded, order, axis=1)
        known = places - np.isnan(rounded).sum(axis=1, keepdims=True)
        # equal ones stand together: where each such group starts and ends
        number, group = np.arange(float(places)), np.ones(ordered.shape, bool)
        group[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        start = np.maximum.accumulate(np.where(group, number, 0), axis=1)
        group[:, :-1], group[:, -1:] = group[:, 1:].copy(), True
        stop = np.minimum.accumulate(np.where(group, number, places)[:, ::-1], axis=1)[:, ::-1]
        nothing = np.isnan(ordered)
        start[nothing], stop[nothing] = np.nan, np.nan
        np.put_along_axis(end[part], order, 1 + start, axis=1)
        np.put_along_axis(top[part], order, known - stop, axis=1)
    return top.T, end.T


def place_among(total: Floats, others: Floats) -> Floats:
    """Rank (P) each total would have if everybody else kept ``others`` (P); NaN where it has none."""
    mine, rest = np.round(total, DECIMALS), np.round(others, DECIMALS)
    known = np.sort(rest[~np.isnan(rest)])
    above = known.size - np.searchsorted(known, mine, "right")
    # its own old total is nobody it has to beat
    above = above - (np.nan_to_num(rest, nan=-np.inf) > mine)
    return np.where(np.isnan(mine), np.nan, 1 + above)
