"""How firm a rank is: seeded draws of weights, normalisation and aggregation (research/methods.md section 7: OECD/JRC, COINr).

Each draw multiplies every weight by 1 + U(−0.25, 0.25) at every level (task or indicator in its special, special, component) in steps of
0.0025 %, takes one normalisation of the indicators (nominal score, min-max on [1, 100], percentile rank) and one aggregation (arithmetic,
geometric on [1, 100]). The draws are stored (``marts.rank_draws``); the bands are computed from what is stored, so that whoever has the
table repeats them without any random numbers. Quantiles are of type 7.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality.ranks.engine import DECIMALS, Floats, Scheme, Weights, joined, ranks, sections

DRAWS = 1000
SPREAD = 0.25
STEPS = 10_000  # a factor is 1 + SPREAD · step / STEPS
NORMALISATIONS = ("nominal", "minmax", "percentile")
AGGREGATIONS = ("arithmetic", "geometric")
_CELLS = 2**16  # numbers of one step (draws × rows): half a megabyte stays near the processor
_LEAST_AT_ONCE = 8
Steps = NDArray[np.int16]


@dataclass(frozen=True)
class Draws:
    """normalisation, aggregation (D words); steps (D × n) of the weights, columns in the order of the sorted ids."""

    normalisation: list[str]
    aggregation: list[str]
    tasks: Steps
    indicators: Steps
    specials: Steps
    components: Steps


def seed_of(programme_id: str, period: str) -> int:
    """Seed of a programme's period: the CRC-32 of its name."""
    return zlib.crc32(f"{programme_id}/{period}".encode())


def drawn(seed: int, tasks: int, indicators: int, specials: int, draws: int = DRAWS) -> Draws:
    """Fresh draws for so many tasks, indicators and specials (numpy's PCG64; the order below is part of the recipe)."""
    generator = np.random.default_rng(seed)

    def steps(count: int) -> Steps:
        return generator.integers(-STEPS, STEPS, (draws, count), np.int16, endpoint=True)

    normalisation = generator.integers(0, len(NORMALISATIONS), draws)
    aggregation = generator.integers(0, len(AGGREGATIONS), draws)
    return Draws(
        [NORMALISATIONS[number] for number in normalisation],
        [AGGREGATIONS[number] for number in aggregation],
        steps(tasks),
        steps(indicators),
        steps(specials),
        steps(2),
    )


def minmax(values: Floats, directions: Floats) -> Floats:
    """(rows × indicators) values → [1, 100] per indicator; equal values get the middle of the scale."""
    directed = values * directions
    low, high = np.nanmin(directed, axis=0), np.nanmax(directed, axis=0)
    spread = high - low
    return np.where(
        spread > 0,
        1 + 99 * (directed - low) / np.where(spread > 0, spread, 1),
        np.where(np.isnan(directed), np.nan, 50.5),
    )


def percentile(values: Floats, directions: Floats) -> Floats:
    """(rows × indicators) values → 100·(r−1)/(n−1), r the ascending mean rank; a single value gets 100."""
    directed = values * directions
    result = np.full(directed.shape, np.nan)
    for column in range(directed.shape[1]):
        present = ~np.isnan(directed[:, column])
        known = directed[present, column]
        if known.size == 1:
            result[present, column] = 100.0
        elif known.size:
            ordered = np.sort(known)
            below = np.searchsorted(ordered, known, "left")
            upto = np.searchsorted(ordered, known, "right")
            result[present, column] = 100 * ((below + upto - 1) / 2) / (known.size - 1)
    return result


def normalised(nominal: Floats, values: Floats, directions: Floats, name: str) -> Floats:
    """Indicator scores (rows × indicators) under one normalisation; what has no value stays at the bottom of the scale."""
    if name == "nominal" or not nominal.size:
        return nominal
    scored = ~np.isnan(nominal)
    known = np.where(scored, values, np.nan)
    usable = np.where(np.isnan(known).all(axis=0), 0.0, known)
    scores = minmax(usable, directions) if name == "minmax" else percentile(usable, directions)
    return np.where(scored, np.where(np.isnan(known), 0.0, scores), np.nan)


def varied_totals(
    task_scores: Floats, nominal: Floats, values: Floats, directions: Floats, scheme: Scheme, draws: Draws
) -> Floats:
    """Totals (P × D) under every draw. nominal: indicator scores (R × I), values: what was reported, NaN without."""

    def varied(weights: Floats, steps: Steps) -> Floats:
        return weights * (1 + SPREAD * steps / STEPS)

    normalisation, aggregation = np.array(draws.normalisation), np.array(draws.aggregation)
    result = np.full((len(normalisation), scheme.members.count), np.nan)
    at_once = max(_LEAST_AT_ONCE, _CELLS // max(1, len(task_scores)))
    tasks = sections(task_scores, scheme.tasks, scheme.members)
    for name in NORMALISATIONS:
        scores = normalised(nominal, values, directions, name)
        parts = tasks, sections(scores, scheme.indicators, scheme.members)
        for how in AGGREGATIONS:
            chosen = np.flatnonzero((normalisation == name) & (aggregation == how))
            for first in range(0, len(chosen), at_once):
                at = chosen[first : first + at_once]
                weights = Weights(
                    varied(scheme.tasks.weights, draws.tasks[at]),
                    varied(scheme.indicators.weights, draws.indicators[at]),
                    varied(scheme.specials, draws.specials[at]),
                    varied(scheme.components, draws.components[at]),
                )
                result[at] = joined(parts, scheme, weights, how == "geometric")
    return result.T


@dataclass(frozen=True)
class Lists:
    """The list rule: how many red and black, ties at an edge in or out, who is exempt from black (P), lists at all."""

    red: int
    black: int
    ties_included: bool
    exempt: NDArray[np.bool_]
    kept: bool


@dataclass(frozen=True)
class Band:
    """What the draws say of every place (P): p_red and p_black NaN without lists, p_ahead NaN for the last."""

    median: Floats
    low: Floats
    high: Floats
    p_red: Floats
    p_black: Floats
    p_ahead: Floats


def bands(totals: Floats, nominal_ranks: NDArray[np.int64], lists: Lists) -> Band:
    """Bands of the ranked places (P, in the order of their ranks) from the drawn totals (P × D)."""
    top, end = ranks(totals)
    count = len(totals)
    last, last_from_end = (top, end) if lists.ties_included else (count + 1 - end, count + 1 - top)
    p_red, p_black = np.full(count, np.nan), np.full(count, np.nan)
    if lists.kept and count >= lists.red + lists.black + 1:
        p_red = np.mean(last <= lists.red, axis=1)
        p_black = np.where(lists.exempt, 0.0, np.mean(last_from_end <= lists.black, axis=1))
    rounded = np.round(totals, DECIMALS)
    p_ahead = np.full(count, np.nan)
    behind = np.searchsorted(nominal_ranks, nominal_ranks, "right")
    followed = np.flatnonzero(behind < count)
    p_ahead[followed] = np.mean(rounded[followed] > rounded[behind[followed]], axis=1)
    quantile = np.nanquantile if np.isnan(top).any() else np.quantile  # the first goes place by place
    low, middle, high = quantile(np.ascontiguousarray(top), [0.05, 0.5, 0.95], axis=1)
    return Band(middle, low, high, p_red, p_black, p_ahead)
