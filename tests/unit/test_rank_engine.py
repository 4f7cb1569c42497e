"""Totals and ranks as arrays: against plain loops, by hand, and as properties."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.ranks.changes import Facts, Published, contributions, moves, next_ahead, shares
from quality.ranks.draws import SPREAD, STEPS, Draws, Lists, bands, drawn, normalised, varied_totals
from quality.ranks.engine import Items, Members, Scheme, copeland, place_among, ranks, totals

NONE = float("nan")


def scheme(
    tasks, indicators, specials=(1.0,), components=(0.5, 0.5), members=None, aggregation="arithmetic"
) -> Scheme:
    """tasks, indicators: (weight, special number) per item."""

    def items(pairs):
        weights, groups = zip(*pairs, strict=True) if pairs else ((), ())
        return Items(np.array(weights, float), np.array(groups, int))

    rows = np.eye(1) if members is None else np.array(members, float)
    return Scheme(
        items(tasks),
        items(indicators),
        np.array(specials),
        np.array(components),
        Members(len(rows), rows.argmax(axis=0), rows.max(axis=0)),
        aggregation,
    )


def matrix_of(members: Members) -> np.ndarray:
    """(P × R) weight of every row in every place."""
    result = np.zeros((members.count, len(members.place)))
    result[members.place, np.arange(len(members.place))] = members.weight
    return result


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_geometric_total_by_hand():
    """Two specials of weight ½ with 0 and 100 points: √(1·100) = 10 on [1, 100], back on [0, 100]: 9/0.99."""
    plan = scheme([], [(1, 0), (1, 1)], (0.5, 0.5), (0, 1), aggregation="geometric")
    got = totals(np.empty((1, 0)), np.array([[0.0, 100.0]]), plan)
    assert got[0] == pytest.approx(9 / 0.99)


def test_sub_units_are_scored_first_then_weighted():
    """A city of 384 days beyond the worst of 373 counts 0, not less: 0.61·0 + 0.39·80, not the score of the mean."""
    plan = scheme([], [(1, 0)], (1.0,), (0, 1), members=[[0.61, 0.39]])
    assert totals(np.empty((2, 0)), np.array([[0.0], [80.0]]), plan)[0] == pytest.approx(31.2)
    # a sub-unit that has no score leaves its weight to the other
    assert totals(np.empty((2, 0)), np.array([[NONE], [80.0]]), plan)[0] == pytest.approx(80)


def test_copeland_by_hand():
    """Specials of .5 .3 .2. a beats b in the first only: exactly half, a draw; a beats c everywhere; b beats c in .3 + .2, loses .5: a draw."""
    scores = np.array([[90.0, 10, 10], [50, 60, 60], [60, 5, 5]])
    # a: draw + win = 1.5 of 2; b: two draws = 1 of 2; c: loss + draw = .5 of 2
    assert copeland(scores, np.array([0.5, 0.3, 0.2])).tolist() == [75, 50, 25]


def test_copeland_counts_equal_weights_exactly():
    """Ten weights of 1/10: five won and five lost is a draw, though ten times 0.1 is not 1 in floating point."""
    scores = np.array([[1.0] * 5 + [0.0] * 5, [0.0] * 5 + [1.0] * 5])
    assert copeland(scores, np.full(10, 0.1)).tolist() == [50, 50]


def test_place_among_the_others():
    """Its own old total is nobody to beat."""
    others = np.array([90.0, 80.0, 70.0])
    assert place_among(np.array([60.0, 95.0, 80.0]), others).tolist() == [3, 1, 2]


def test_next_ahead_is_the_next_better_total():
    number, points = next_ahead(np.array([70.0, 90.0, 70.0, NONE, 85.5]))
    assert number.tolist() == [4, -1, 4, -1, 1]
    assert points[[0, 2, 4]].tolist() == [15.5, 15.5, 4.5] and math.isnan(points[1])


def test_why_a_rank_moved_by_hand():
    """Four places, one indicator. Published 80 70 60 50; the scheme makes 75 of 70 (still second); known now 85 for the third; then the
    fourth rises to 90 and the first falls to 65. For the fourth: own 4 → 1 among the others as they were, peers 0. For the first: revision
    80 → second behind 85; alone at 65 among 85 75 50: third; the fourth passes too: fourth."""
    plan = scheme([], [(1, 0)], (1.0,), (0, 1), members=np.eye(4))

    def facts(*values):
        return Facts(np.empty((4, 0)), np.array(values, float)[:, None])

    everybody = np.ones(4, bool)
    published = Published(np.array([80.0, 70, 60, 50]), np.array([1.0, 2, 3, 4]), facts(80, 75, 60, 50))
    score, rank = moves(plan, facts(80, 75, 85, 50), facts(65, 75, 85, 90), everybody, everybody, published)
    assert score.method.tolist() == [0, 5, 0, 0] and score.revision.tolist() == [0, 0, 25, 0]
    assert score.own.tolist() == [-15, 0, 0, 40] and score.peers.tolist() == [0, 0, 0, 0]
    assert rank.now.tolist() == [4, 3, 2, 1]
    assert rank.method.tolist() == [0, 0, 0, 0] and rank.revision.tolist() == [-1, -1, 2, 0]
    assert rank.own.tolist() == [-1, 0, 0, 3] and rank.peers.tolist() == [-1, 0, -1, 0]


def test_ties_at_an_edge_may_be_left_out():
    """Totals 90 80 80 70 60 in every draw, two red: with ties in three of them, with ties out one."""
    fixed = np.repeat(np.array([[90.0], [80], [80], [70], [60]]), 4, axis=1)
    order, nobody = np.array([1, 2, 2, 4, 5]), np.zeros(5, bool)
    included = bands(fixed, order, Lists(2, 1, True, nobody, True))
    excluded = bands(fixed, order, Lists(2, 1, False, nobody, True))
    assert included.p_red.tolist() == [1, 1, 1, 0, 0] and excluded.p_red.tolist() == [1, 0, 0, 0, 0]
    assert excluded.p_black.tolist() == [0, 0, 0, 0, 1]
    assert included.p_ahead[:4].tolist() == [1, 1, 1, 1] and math.isnan(included.p_ahead[4])
    assert np.isnan(bands(fixed, order, Lists(3, 2, True, nobody, True)).p_red).all()


# --- against plain loops ----------------------------------------------------------------------------------------------

WEIGHTS = st.integers(1, 9).map(lambda n: n / 4)
SCORES = st.one_of(st.just(NONE), st.integers(0, 100).map(float), st.floats(0, 100))


@st.composite
def boards(draw, quarters=1):
    """A scheme (with or without sub-units) and the facts of some quarters."""
    specials = draw(st.integers(1, 3))
    pairs = st.lists(st.tuples(WEIGHTS, st.integers(0, specials - 1)), min_size=0, max_size=4)
    tasks, indicators = draw(pairs), draw(pairs)
    places, rows = draw(st.integers(1, 5)), 0
    lines = []
    for _ in range(places):
        parts = draw(st.lists(WEIGHTS, min_size=1, max_size=3))
        lines.append((rows, parts))
        rows += len(parts)
    members = np.zeros((places, rows))
    for number, (first, parts) in enumerate(lines):
        members[number, first : first + len(parts)] = parts
    plan = scheme(
        tasks,
        indicators,
        draw(st.lists(WEIGHTS, min_size=specials, max_size=specials)),
        draw(st.sampled_from([(0.5, 0.5), (0.3, 0.7), (0.0, 1.0)])),
        members,
        draw(st.sampled_from(["arithmetic", "geometric", "copeland"])),
    )

    def matrix(columns):
        values = draw(st.lists(SCORES, min_size=rows * columns, max_size=rows * columns))
        return np.array(values, float).reshape(rows, columns)

    return plan, [Facts(matrix(len(tasks)), matrix(len(indicators))) for _ in range(quarters)]


def _mean(pairs, geometric=False):
    known = [(weight, value) for weight, value in pairs if not math.isnan(value) and weight > 0]
    below = sum(weight for weight, _ in known)
    if not known:
        return NONE
    if geometric:
        return (math.exp(sum(w * math.log(1 + 0.99 * v) for w, v in known) / below) - 1) / 0.99
    return sum(weight * value for weight, value in known) / below


def _plain(plan: Scheme, facts: Facts) -> list[float]:
    """The contract's formulas, one reporter after the other."""
    geometric = plan.aggregation == "geometric"
    parts = []
    for line in matrix_of(plan.members):
        components = []
        for scores, items in ((facts.tasks, plan.tasks), (facts.indicators, plan.indicators)):
            specials = []
            for special in range(len(plan.specials)):
                inside = np.flatnonzero(items.specials == special)
                specials.append(
                    _mean(
                        (line[row], _mean([(items.weights[i], scores[row, i]) for i in inside]))
                        for row in np.flatnonzero(line)
                    )
                )
            components.append(specials)
        parts.append(components)
    if plan.aggregation != "copeland":
        return [
            _mean(
                zip(plan.components, [_mean(zip(plan.specials, part, strict=True), geometric) for part in both], strict=True),
                geometric,
            )
            for both in parts
        ]  # fmt: skip
    scores = [
        [round(_mean(zip(plan.components, pair, strict=True)), 6) for pair in zip(*both, strict=True)]
        for both in parts
    ]
    weights = [Fraction(round(weight * 1e9), 10**9) for weight in plan.specials]
    found = []
    present = [not all(math.isnan(value) for value in line) for line in scores]
    for mine, there in zip(scores, present, strict=True):
        if not there:
            found.append(NONE)
            continue
        points = Fraction(0)
        for other, around in zip(scores, present, strict=True):
            if other is mine or not around:
                continue
            ahead = sum(w for w, a, b in zip(weights, mine, other, strict=True) if a > b)
            behind = sum(w for w, a, b in zip(weights, mine, other, strict=True) if a < b)
            points += Fraction(1) if ahead > behind else Fraction(1, 2) if ahead == behind else 0
        others = sum(present) - 1
        found.append(float(100 * points / others) if others else 100.0)
    return found


@given(boards())
@settings(max_examples=60, deadline=None)
def test_totals_are_those_of_plain_loops(case):
    plan, (facts,) = case
    assert totals(facts.tasks, facts.indicators, plan) == pytest.approx(
        _plain(plan, facts), abs=1e-9, nan_ok=True
    )


@given(boards())
@settings(max_examples=40, deadline=None)
def test_shares_times_scores_are_the_arithmetic_total(case):
    plan, (facts,) = case
    plan = Scheme(**(vars(plan) | {"aggregation": "arithmetic"}))
    share = shares(facts, plan)
    points = np.nan_to_num(facts.tasks) * share.tasks
    line = points.sum(axis=1) + (np.nan_to_num(facts.indicators) * share.indicators).sum(axis=1)
    expected = np.nan_to_num(totals(facts.tasks, facts.indicators, plan))
    assert np.bincount(plan.members.place, line, plan.members.count) == pytest.approx(expected, abs=1e-9)


@given(boards(quarters=3), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_parts_of_a_change_add_up(case, random):
    """Issue 5: own, peers, method and revision make the change of score (1e-9) and of rank (exactly), whatever happened."""
    plan, (before, now, rescored) = case
    count = plan.members.count
    ranked_before = np.array([random.random() < 0.8 for _ in range(count)])
    known_before = totals(before.tasks, before.indicators, plan)
    ranked_before &= ~np.isnan(known_before)
    ranked_now = ~np.isnan(totals(now.tasks, now.indicators, plan))
    as_published = np.where(ranked_before, np.round([random.uniform(0, 100) for _ in range(count)], 9), NONE)
    published = random.choice(
        [None, Published(as_published, ranks(as_published[:, None])[0][:, 0], rescored)]
    )
    score, rank = moves(plan, before, now, ranked_before, ranked_now, published)
    both = ~np.isnan(score.before) & ~np.isnan(score.now) & ~np.isnan(score.change)
    assert score.change[both] == pytest.approx((score.now - score.before)[both], abs=1e-9)
    placed = both & ~np.isnan(rank.change)
    assert (rank.change[placed] == (rank.before - rank.now)[placed]).all()
    if published is not None:
        assert np.array_equal(rank.before, published.ranks, equal_nan=True)
    if plan.aggregation != "copeland":
        assert (score.peers[both] == 0).all()


@given(boards(quarters=2))
@settings(max_examples=60, deadline=None)
def test_contributions_add_up_to_the_change(case):
    plan, (before, now) = case
    plan = Scheme(**(vars(plan) | {"aggregation": "arithmetic"}))
    old, new = (totals(facts.tasks, facts.indicators, plan) for facts in (before, now))
    points = contributions(before, now, plan)
    line = points.tasks.sum(axis=1) + points.indicators.sum(axis=1)
    got = np.bincount(plan.members.place, line, plan.members.count)
    both = ~np.isnan(old) & ~np.isnan(new)
    assert got[both] == pytest.approx((new - old)[both], abs=1e-9)


def test_draws_are_repeated_from_their_seed_and_stay_within_a_quarter():
    first, again = drawn(7, 3, 2, 2), drawn(7, 3, 2, 2)
    assert all(np.array_equal(getattr(first, name), getattr(again, name)) for name in vars(first))
    assert first.tasks.shape == (1000, 3) and abs(first.tasks).max() <= 10_000
    assert set(first.normalisation) == {"nominal", "minmax", "percentile"}
    assert not np.array_equal(first.tasks, drawn(8, 3, 2, 2).tasks)


def test_a_draw_without_variation_is_the_nominal_total():
    """Steps of 0, nominal scores, the programme's aggregation: the engine's own total."""
    plan = scheme([(1, 0), (3, 1)], [(2, 0), (1, 1)], (0.4, 0.6), members=np.eye(2))
    facts = Facts(np.array([[50.0, 100], [NONE, 20]]), np.array([[70.0, 10], [30, NONE]]))
    still = drawn(1, 2, 2, 2, draws=2)
    zero = {
        name: np.zeros_like(getattr(still, name))
        for name in ("tasks", "indicators", "specials", "components")
    }
    draws = Draws(["nominal", "nominal"], ["arithmetic", "geometric"], **zero)
    got = varied_totals(facts.tasks, facts.indicators, facts.indicators, np.ones(2), plan, draws)
    for column, aggregation in enumerate(("arithmetic", "geometric")):
        same = Scheme(**(vars(plan) | {"aggregation": aggregation}))
        assert got[:, column] == pytest.approx(totals(facts.tasks, facts.indicators, same))


@given(boards(), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_every_draw_is_the_total_of_its_weights(case, seed):
    """Many draws at once, with sub-units and gaps, are what plain loops make of each draw's own weights."""
    plan, (facts,) = case
    counts = len(plan.tasks.weights), len(plan.indicators.weights), len(plan.specials)
    directions = np.where(np.arange(counts[1]) % 2, -1.0, 1.0)
    values = np.nan_to_num(facts.indicators, nan=7.0) / 3
    draws = drawn(seed, *counts, draws=6)
    got = varied_totals(facts.tasks, facts.indicators, values, directions, plan, draws)
    for draw in range(6):

        def varied(weights, steps, draw=draw):
            return weights * (1 + SPREAD * steps[draw] / STEPS)

        own = Scheme(
            Items(varied(plan.tasks.weights, draws.tasks), plan.tasks.specials),
            Items(varied(plan.indicators.weights, draws.indicators), plan.indicators.specials),
            varied(plan.specials, draws.specials),
            varied(plan.components, draws.components),
            plan.members,
            draws.aggregation[draw],
        )
        scores = normalised(facts.indicators, values, directions, draws.normalisation[draw])
        assert got[:, draw] == pytest.approx(_plain(own, Facts(facts.tasks, scores)), abs=1e-9, nan_ok=True)


@given(st.lists(st.lists(SCORES | st.sampled_from([50.0, 50.0000004]), min_size=4, max_size=4), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_rank_counts_who_is_ahead_and_who_is_behind(lines):
    drawn_totals = np.array(lines, float).reshape(-1, 4)
    rounded = np.round(drawn_totals, 6)
    top, end = ranks(drawn_totals)
    for place, draw in np.ndindex(drawn_totals.shape):
        if math.isnan(drawn_totals[place, draw]):
            assert math.isnan(top[place, draw]) and math.isnan(end[place, draw])
        else:
            assert top[place, draw] == 1 + (rounded[:, draw] > rounded[place, draw]).sum()
            assert end[place, draw] == 1 + (rounded[:, draw] < rounded[place, draw]).sum()
