"""Why a score and a rank moved since the quarter before, and what one more place would take (research/methods.md section 6).

One thing is replaced after the other, so that the four parts add up exactly: as published → its facts scored by the present scheme (method) →
the facts known now (revision) → this reporter's new facts (own) → everybody's new facts (peers). An absolute score has no peers' part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality.ranks.engine import (
    DECIMALS,
    Floats,
    Scheme,
    both_sections,
    place_among,
    ranks,
    special_scores,
    totals,
)

STORED = 9  # decimals of stored numbers
_NOISE = 1e-8  # facts are published with 9 decimals: a smaller difference is rounding


@dataclass(frozen=True)
class Facts:
    """Item scores of one quarter: tasks (R × T), indicators (R × I), NaN = not counted."""

    tasks: Floats
    indicators: Floats


@dataclass(frozen=True)
class Published:
    """A quarter as published: totals and ranks (P, NaN = unranked), its facts scored by the present scheme."""

    totals: Floats
    ranks: Floats
    facts: Facts


@dataclass(frozen=True)
class Move:
    """Parts of the change of every place (P): they sum to ``change``; NaN where one of the two quarters has nothing."""

    before: Floats
    now: Floats
    own: Floats
    peers: Floats
    method: Floats
    revision: Floats

    @property
    def change(self) -> Floats:
        """What the parts add up to."""
        return self.own + self.peers + self.method + self.revision


def _settled(value: Floats, former: Floats) -> Floats:
    """``value``, or ``former`` where both differ by noise only."""
    return np.where(np.abs(value - former) <= _NOISE, former, value)


def moves(
    scheme: Scheme,
    before: Facts,
    now: Facts,
    ranked_before: NDArray[np.bool_],
    ranked_now: NDArray[np.bool_],
    published: Published | None = None,
) -> tuple[Move, Move]:
    """(score, rank) of every place: how they moved from the quarter before to this one.

    before, now: what is known now of both quarters. Ranks: positive parts are places gained.
    """

    def compared(facts: Facts, places: NDArray[np.bool_]) -> Floats | None:
        """Special scores of the ranked, who alone are compared with each other; None where nobody is compared."""
        if scheme.aggregation != "copeland":
            return None
        own = special_scores(both_sections(facts.tasks, facts.indicators, scheme), scheme)
        return np.where(places[:, None], own, np.nan)

    def total(facts: Facts, places: NDArray[np.bool_], among: Floats | None = None) -> Floats:
        if among is None:
            among = compared(facts, places)
        found = totals(facts.tasks, facts.indicators, scheme, among)
        return np.round(np.where(places, found, np.nan), STORED)

    known = total(before, ranked_before)
    if published is None:
        as_published, rescored = known, known
        rank_published = rank_rescored = ranks(known[:, None])[0][:, 0]
    else:
        as_published = np.round(published.totals, STORED)
        rescored = _settled(total(published.facts, ranked_before), as_published)
        known = _settled(known, rescored)
        rank_published = published.ranks
        untouched = np.array_equal(rescored, as_published, equal_nan=True)
        rank_rescored = rank_published if untouched else ranks(rescored[:, None])[0][:, 0]
    after = total(now, ranked_now)
    # an absolute score is the same whatever the others do
    around = compared(before, ranked_before)
    alone = after if around is None else total(now, ranked_now, around)
    rank_known = ranks(known[:, None])[0][:, 0]
    if published is not None and np.array_equal(known, rescored, equal_nan=True):
        rank_known = rank_rescored
    rank_alone = place_among(alone, known)
    rank_now = ranks(after[:, None])[0][:, 0]
    score = Move(
        before=as_published,
        now=after,
        own=np.round(alone - known, STORED),
        peers=np.round(after - alone, STORED),
        method=np.round(rescored - as_published, STORED),
        revision=np.round(known - rescored, STORED),
    )
    rank = Move(
        before=rank_published,
        now=rank_now,
        own=rank_known - rank_alone,
        peers=rank_alone - rank_now,
        method=rank_published - rank_rescored,
        revision=rank_rescored - rank_known,
    )
    return score, rank


def shares(facts: Facts, scheme: Scheme) -> Facts:
    """Share of every item in the arithmetic total of its row's place: (R × T), (R × I); the shares of a place sum to 1.

    Weights rescaled over what counts at every level, as the contract says; Σ share · score = total.
    """
    members = scheme.members
    count = len(scheme.specials)
    found, present = [], []
    for scores, items in ((facts.tasks, scheme.tasks), (facts.indicators, scheme.indicators)):
        counted = ~np.isnan(scores) * items.weights
        in_special = np.zeros((scores.shape[0], count))
        for special in np.unique(items.specials):
            in_special[:, special] = counted[:, items.specials == special].sum(axis=1)
        own = np.where(in_special > 0, members.weight[:, None], 0.0)
        of_place = np.ascontiguousarray(members.sums(own.T).T)  # sums over the specials go line by line
        specials = scheme.specials * (of_place > 0)
        below = specials.sum(axis=1)
        present.append(below > 0)
        special_share = _over(specials, below[:, None])
        row_share = special_share[members.place] * _over(own, of_place[members.place])
        found.append(_over(counted, in_special[:, items.specials]) * row_share[:, items.specials])
    components = scheme.components * np.stack(present, axis=1)
    component_share = _over(components, components.sum(axis=1, keepdims=True))[members.place]
    return Facts(found[0] * component_share[:, :1], found[1] * component_share[:, 1:])


def _over(above: Floats, below: Floats) -> Floats:
    return np.where(below > 0, above / np.where(below > 0, below, 1), 0.0)


def contributions(before: Facts, now: Facts, scheme: Scheme) -> Facts:
    """Points of the arithmetic total each item moved, (R × T), (R × I); those of a place sum to the change of its total.

    An item counts by its distance from the mean of both totals: what newly counts lifts a total only when it lies above it, and a
    constant drops out because shares sum to 1 in both quarters.
    """
    members = scheme.members
    shares_before, shares_now = shares(before, scheme), shares(now, scheme)

    def line(facts: Facts, weights: Facts) -> Floats:
        points = (np.nan_to_num(facts.tasks) * weights.tasks).sum(axis=1)
        points += (np.nan_to_num(facts.indicators) * weights.indicators).sum(axis=1)
        return np.bincount(members.place, points, members.count)

    level = ((line(before, shares_before) + line(now, shares_now)) / 2)[members.place][:, None]

    def moved(old: Floats, old_share: Floats, new: Floats, new_share: Floats) -> Floats:
        return new_share * (np.nan_to_num(new) - level) - old_share * (np.nan_to_num(old) - level)

    return Facts(
        moved(before.tasks, shares_before.tasks, now.tasks, shares_now.tasks),
        moved(before.indicators, shares_before.indicators, now.indicators, shares_now.indicators),
    )


def next_ahead(totals: Floats) -> tuple[NDArray[np.int64], Floats]:
    """(number of the place to draw level with, points it takes) of every place; -1 and NaN for the first and the unranked."""
    rounded = np.round(totals, DECIMALS)
    number, points = np.full(len(rounded), -1), np.full(len(rounded), np.nan)
    ranked = np.flatnonzero(~np.isnan(rounded))
    levels, first = np.unique(rounded[ranked], return_index=True)
    above = np.searchsorted(levels, rounded[ranked], "right")
    behind, above = ranked[above < len(levels)], above[above < len(levels)]
    number[behind] = ranked[first[above]]
    points[behind] = levels[above] - rounded[behind]
    return number, points
