"""Totals and ranks of section 7 of the contract, for any number of weightings at once.

A second implementation of what ``int_special_scores`` and ``int_reporter_scores`` say in SQL; a test holds both together. Shapes:
R rows that report, P places that are ranked, T tasks, I indicators, S specials, D draws (1 where nothing is drawn).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DECIMALS = 6  # what ranks compare


@dataclass(frozen=True)
class Items:
    """Weights (n) and special number (n) of the tasks or the indicators."""

    weights: Floats
    specials: NDArray[np.int64]


@dataclass(frozen=True)
class Scheme:
    """How scores become totals. specials (S), components (2: tasks, indicators); members (P × R): weight of a row in a
    place, the identity where everybody stands for itself, the weights of its sub-units in the line of a parent."""

    tasks: Items
    indicators: Items
    specials: Floats
    components: Floats
    members: Floats
    aggregation: str = "arithmetic"


@dataclass(frozen=True)
class Weights:
    """One column per draw: tasks (T × D), indicators (I × D), specials (S × D), components (2 × D)."""

    tasks: Floats
    indicators: Floats
    specials: Floats
    components: Floats

    @classmethod
    def of(cls, scheme: Scheme) -> Weights:
        """The programme's own weights: one column."""
        return cls(
            scheme.tasks.weights[:, None],
            scheme.indicators.weights[:, None],
            scheme.specials[:, None],
            scheme.components[:, None],
        )


def _shared(above: Floats, below: Floats) -> Floats:
    return np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)


def grouped_mean(scores: Floats, weights: Floats, groups: NDArray[np.int64], count: int) -> Floats:
    """Weighted means per group of columns, (rows × groups × draws), NaN where a group has nothing that counts.

    scores (rows × columns, NaN = not counted), weights (columns × draws), groups (columns → group number).
    """
    known = ~np.isnan(scores)
    filled = np.where(known, scores, 0.0)
    result = np.full((scores.shape[0], count, weights.shape[1]), np.nan)
    for group in np.unique(groups):
        columns = np.flatnonzero(groups == group)
        result[:, group] = _shared(
            filled[:, columns] @ weights[columns], known[:, columns].astype(float) @ weights[columns]
        )
    return result


def rolled_up(parts: Floats, members: Floats) -> Floats:
    """Parts of rows → parts of places (P × S × D): scored first, then weighted, a member without a score left out."""
    if members.shape[0] == members.shape[1] and np.array_equal(members, np.eye(len(members))):
        return parts
    known = ~np.isnan(parts)
    flat = (members.shape[1], -1)
    above = members @ np.where(known, parts, 0.0).reshape(flat)
    below = members @ known.astype(float).reshape(flat)
    return _shared(above, below).reshape(members.shape[0], *parts.shape[1:])


def combine(parts: Floats, weights: Floats, geometric: bool) -> Floats:
    """Weighted mean over axis 1 of (places × parts × draws); geometric: exp Σω ln on [1, 100] (methods.md section 5)."""
    known = ~np.isnan(parts)
    filled = np.where(known, parts, 0.0)
    below = np.einsum("kd,pkd->pd", weights, known.astype(float))
    if geometric:
        logs = _shared(np.einsum("kd,pkd->pd", weights, np.log(1 + 0.99 * filled) * known), below)
        return (np.exp(logs) - 1) / 0.99
    return _shared(np.einsum("kd,pkd->pd", weights, filled), below)


def component_parts(
    task_scores: Floats, indicator_scores: Floats, scheme: Scheme, weights: Weights
) -> tuple[Floats, Floats]:
    """Task and indicator score of every place and special: two arrays (P × S × D)."""
    count = len(scheme.specials)
    tasks = grouped_mean(task_scores, weights.tasks, scheme.tasks.specials, count)
    indicators = grouped_mean(indicator_scores, weights.indicators, scheme.indicators.specials, count)
    return rolled_up(tasks, scheme.members), rolled_up(indicators, scheme.members)


def joined(parts: tuple[Floats, Floats], weights: Weights, geometric: bool) -> Floats:
    """Totals (P × D) of component parts: over the specials, then over the components."""
    means = [combine(part, weights.specials, geometric) for part in parts]
    return combine(np.stack(means, axis=1), weights.components, geometric)


def special_scores(parts: tuple[Floats, Floats], weights: Weights) -> Floats:
    """Score of every place and special from its two components, arithmetic: (P × S × D)."""
    stacked = np.stack(parts, axis=2)
    shape = stacked.shape
    mean = combine(stacked.reshape(-1, 2, shape[3]), weights.components, geometric=False)
    return mean.reshape(shape[0], shape[1], shape[3])


def copeland(scores: Floats, weights: Floats, others: Floats | None = None) -> Floats:
    """100 · (wins + draws/2)/(n − 1) of every place (P × S scores, S weights) against the rest; NaN without any score.

    A pair is won with more than half the weight of the specials both have, compared exactly (weights in steps of 1e-9, scores on 6
    decimals). others (P × S): everybody is compared with these lines of the others instead.
    """
    steps = np.rint(weights * 1e9).astype(np.int64)
    mine = np.round(scores, DECIMALS)
    theirs = mine if others is None else np.round(others, DECIMALS)
    present, around = ~np.isnan(mine).all(axis=1), ~np.isnan(theirs).all(axis=1)
    net = np.zeros((len(mine), len(theirs)), np.int64)
    for special, step in enumerate(steps):
        # NaN compares false both ways: a special only one of them has counts for nobody
        a, b = mine[:, special, None], theirs[None, :, special]
        net += step * ((a > b).astype(np.int64) - (a < b))
    wins = np.sign(net)
    np.fill_diagonal(wins, 0)
    wins[:, ~around] = 0
    opponents = around.sum() - around.astype(int)  # oneself is nobody's opponent
    result = np.where(opponents > 0, 50 + 50 * wins.sum(axis=1) / np.maximum(opponents, 1), 100.0)
    return np.where(present, result, np.nan)


def totals(
    task_scores: Floats, indicator_scores: Floats, scheme: Scheme, among: Floats | None = None
) -> Floats:
    """Total of every place (P) by the programme's own method; ``among`` (P × S): see copeland."""
    weights = Weights.of(scheme)
    parts = component_parts(task_scores, indicator_scores, scheme, weights)
    if scheme.aggregation == "copeland":
        return copeland(special_scores(parts, weights)[:, :, 0], scheme.specials, among)
    return joined(parts, weights, scheme.aggregation == "geometric")[:, 0]


def ranks(totals: Floats) -> tuple[Floats, Floats]:
    """(ranks from the top, ranks from the end) of (places × draws) totals, 1224, on 6 decimals; NaN stays out."""
    rounded = np.round(totals, DECIMALS)
    top, end = np.full(rounded.shape, np.nan), np.full(rounded.shape, np.nan)
    for draw in range(rounded.shape[1]):
        present = ~np.isnan(rounded[:, draw])
        known = rounded[present, draw]
        ordered = np.sort(known)
        top[present, draw] = 1 + known.size - np.searchsorted(ordered, known, "right")
        end[present, draw] = 1 + np.searchsorted(ordered, known, "left")
    return top, end


def place_among(total: Floats, others: Floats) -> Floats:
    """Rank (P) each total would have if everybody else kept ``others`` (P); NaN where it has none."""
    mine, rest = np.round(total, DECIMALS), np.round(others, DECIMALS)
    known = np.sort(rest[~np.isnan(rest)])
    above = known.size - np.searchsorted(known, mine, "right")
    # its own old total is nobody it has to beat
    above = above - (np.nan_to_num(rest, nan=-np.inf) > mine)
    return np.where(np.isnan(mine), np.nan, 1 + above)
