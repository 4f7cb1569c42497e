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

from quality.ranks.engine import DECIMALS, Floats, Scheme, Weights, component_parts, joined, ranks

DRAWS = 1000
SPREAD = 0.25
STEPS = 10_000  # a factor is 1 + SPREAD · step / STEPS
NORMALISATIONS = ("nominal", "minmax", "percentile")
AGGREGATIONS = ("arithmetic", "geometric")
_AT_ONCE = 50  # draws in memory together: 2,843 places × 30 specials × 50 draws are 34 MB
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

    def factors(steps: Steps) -> Floats:
        return (1 + SPREAD * steps / STEPS).T

    kinds = list(zip(draws.normalisation, draws.aggregation, strict=True))
    result = np.full((scheme.members.shape[0], len(kinds)), np.nan)
    for name in NORMALISATIONS:
        scores = normalised(nominal, values, directions, name)
        for aggregation in AGGREGATIONS:
            chosen = np.array([n for n, kind in enumerate(kinds) if kind == (name, aggregation)], int)
            for at in np.array_split(chosen, max(1, -(-len(chosen) // _AT_ONCE))):
                weights = Weights(
                    scheme.tasks.weights[:, None] * factors(draws.tasks[at]),
                    scheme.indicators.weights[:, None] * factors(draws.indicators[at]),
                    scheme.specials[:, None] * factors(draws.specials[at]),
                    scheme.components[:, None] * factors(draws.components[at]),
                )
                parts = component_parts(task_scores, scores, scheme, weights)
                result[:, at] = joined(parts, weights, aggregation == "geometric")
    return result


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
    for number, rank in enumerate(nominal_ranks):
        behind = np.flatnonzero(nominal_ranks > rank)
        if behind.size:
            p_ahead[number] = np.mean(rounded[number] > rounded[behind[0]])
    low, middle, high = np.nanquantile(top, [0.05, 0.5, 0.95], axis=1)
    return Band(middle, low, high, p_red, p_black, p_ahead)
