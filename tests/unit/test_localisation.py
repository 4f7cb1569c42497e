"""Error localisation: golden cases by hand, a property per corrupted cell, and every optimum against a search of all values."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.localisation import (
    AT_MOST,
    DENOMINATOR,
    EQUAL,
    INFEASIBLE,
    LINEAR,
    NUMERATOR,
    RATE,
    RATIO,
    SOLVED,
    TOO_LARGE,
    Limits,
    Problem,
    System,
    localise,
    slip,
)

INF = math.inf


class Book:
    """A system under construction; cells by name."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.cells: list[tuple] = []
        self.edits: list[tuple] = []
        self.terms: list[tuple] = []

    def cell(self, name: str, value: float, low=0.0, high=INF, weight=1.0, decimals=0, whole=False) -> None:
        self.names.append(name)
        self.cells.append((value, low, high, weight, decimals, whole))

    def counts(self, **values: float) -> None:
        for name, value in values.items():
            self.cell(name, value, whole=True)

    def edit(self, kind: int, tolerance: float = 0.0, constant: float = 0.0, **terms: float) -> int:
        number = len(self.edits)
        self.edits.append((kind, constant, tolerance))
        self.terms += [(number, self.names.index(n), c, LINEAR) for n, c in terms.items()]
        return number

    def total(self, whole: str, *parts: str, tolerance: float = 0.0) -> int:
        return self.edit(EQUAL, tolerance, **{whole: 1.0, **dict.fromkeys(parts, -1.0)})

    def share(self, rate: str, numerator: str | None, denominator: str, factor=100.0, tolerance=0.05) -> int:
        number = len(self.edits)
        self.edits.append((RATIO, 0.0, tolerance))
        roles = ((rate, 1.0, RATE), (numerator, factor, NUMERATOR), (denominator, 1.0, DENOMINATOR))
        self.terms += [(number, self.names.index(n), c, role) for n, c, role in roles if n]
        return number

    def row(self, rate: float, numerator: float, denominator: float, prefix="", **rate_options) -> None:
        """An indicator in percent with its parts: the ratio, and the part not above the whole."""
        options = {"high": 100.0, "decimals": 1} | rate_options
        self.cell(f"{prefix}rate", rate, **options)
        self.counts(**{f"{prefix}num": numerator, f"{prefix}den": denominator})
        self.share(f"{prefix}rate", f"{prefix}num", f"{prefix}den")
        self.edit(AT_MOST, **{f"{prefix}num": 1.0, f"{prefix}den": -1.0})

    def system(self) -> System:
        value, low, high, weight, decimals, whole = zip(*self.cells, strict=True)
        kind, constant, tolerance = zip(*self.edits, strict=True)
        edit, cell, coefficient, role = zip(*self.terms, strict=True)
        return System(
            value=value, low=low, high=high, weight=weight, decimals=decimals, whole=whole, kind=kind, constant=constant,
            tolerance=tolerance, edit=edit, cell=cell, coefficient=coefficient, role=role,
        )  # fmt: skip

    def solve(self, **limits) -> list[Problem]:
        return localise(self.system(), Limits(**limits))

    def only(self, **limits) -> Problem:
        (problem,) = self.solve(**limits)
        return problem

    def named(self, problem: Problem) -> list[dict[str, float]]:
        return [{self.names[c]: v for c, v in found} for found in problem.alternatives]


def assert_sound(system: System, problem: Problem) -> None:
    """Applied, an alternative satisfies every edit of its cells and of the problem, inside the ranges."""
    assert problem.alternatives
    for found in problem.alternatives:
        changed = dict(found)
        for cell, value in found:
            assert math.isnan(value) or system.low[cell] - 1e-6 <= value <= system.high[cell] + 1e-6
            assert value != system.value[cell]
        for edit in {*problem.edits, *system.edits_of(changed)}:
            assert system.holds(edit, changed), edit


# --- golden ----------------------------------------------------------------------------------------


def test_nothing_is_proposed_where_all_edits_hold():
    book = Book()
    book.row(80, 80, 100)
    book.counts(a=7, b=3, c=4)
    book.total("a", "b", "c")
    assert book.solve() == []


def test_part_above_the_whole_and_a_wrong_rate_share_one_culprit():
    """120 of 100 at 81 %: 81 of 100 fits; no whole denominator gives 81 % of 120 (148: 81.08), 120 % is out of range."""
    book = Book()
    book.row(81, 120, 100)
    problem = book.only()
    assert (problem.failing, problem.status) == ((0, 1), SOLVED)
    assert book.named(problem) == [{"num": 81.0}]


def test_a_lone_ratio_cannot_be_decided():
    """80 of 100 at 40 %: 80 %, 40 of 100 and 80 of 200 are equally good."""
    book = Book()
    book.row(40, 80, 100)
    problem = book.only()
    assert problem.failing == (0,)
    assert book.named(problem) == [{"rate": 80.0}, {"num": 40.0}, {"den": 200.0}]
    assert not problem.more


def test_counts_are_whole():
    """7 of 12 at 85.7 %: no whole number of cases out of 12, and none that 7 are 85.7 % of."""
    book = Book()
    book.row(85.7, 7, 12)
    assert book.named(book.only()) == [{"rate": 58.3}]


def test_a_suspicion_decides_a_tie():
    book = Book()
    book.row(40, 80, 100, weight=0.9)
    assert book.named(book.only()) == [{"rate": 80.0}]


def test_a_cell_in_two_contradictions_is_the_culprit():
    """The child is wrong in its parent's sum (95 instead of 59) and in its own quarters: one cell ends both."""
    book = Book()
    book.counts(parent=100, a=95, b=41, q1=20, q2=39)
    book.total("parent", "a", "b")
    book.total("a", "q1", "q2")
    problem = book.only()
    assert problem.failing == (0, 1)
    assert book.named(problem) == [{"a": 59.0}]
    assert slip(95, 59) == "swap"


def test_an_edit_that_holds_is_evidence():
    """Parent 100 against 60 + 41, but 60 is the sum of its quarters: changing it alone would break that; b or the parent."""
    book = Book()
    book.counts(parent=100, a=60, b=41, q1=20, q2=40)
    book.total("parent", "a", "b")
    book.total("a", "q1", "q2")
    assert book.named(book.only()) == [{"parent": 101.0}, {"b": 40.0}]


def test_two_cells_where_one_is_not_enough():
    """Two sums share no cell but the parent's quarter; each child is held by its own quarters, so two cells must change."""
    book = Book()
    book.counts(p=30, a=10, b=10, a1=4, a2=6, b1=5, b2=5)
    book.total("p", "a", "b")
    book.total("a", "a1", "a2")
    book.total("b", "b1", "b2")
    book.edit(EQUAL, constant=30.0, p=1.0)
    problem = book.only()
    system = book.system()
    assert problem.failing == (0,)
    # a or b takes the missing 10, with one of its quarters: a + a1, a + a2, b + b1, b + b2
    assert [set(found) for found in book.named(problem)] == [
        {"a", "a1"},
        {"a", "a2"},
        {"b", "b1"},
        {"b", "b2"},
    ]
    assert book.named(problem)[0] == {"a": 20.0, "a1": 14.0}
    assert_sound(system, problem)


def test_a_denominator_of_zero():
    """50 % of nothing: 20 of 40 would do, or an empty rate once nothing is above the line."""
    book = Book()
    book.row(50, 20, 0)
    assert book.named(book.only()) == [{"den": 40.0}]
    empty = Book()
    empty.row(50, 0, 0)
    (first, *rest) = empty.named(empty.only())
    assert math.isnan(first["rate"]) and rest == []
    unknown = Book()
    unknown.cell("rate", 50.0, high=100.0)
    unknown.counts(den=0)
    unknown.share("rate", None, "den")
    found = unknown.named(unknown.only())
    assert [list(f) for f in found] == [["rate"], ["den"]] and all(
        math.isnan(v) for f in found for v in f.values()
    )


def test_rate_and_denominator_in_further_edits():
    """A rate that also stands in a sum: both edits speak, and the value is the one they share."""
    book = Book()
    book.cell("rate", 30.0, high=100.0, decimals=1)
    book.counts(num=20, den=50)
    book.cell("rest", 60.0, high=100.0, decimals=1)
    book.share("rate", "num", "den")
    book.edit(EQUAL, 0.05, 100.0, rate=1.0, rest=1.0)
    assert book.named(book.only()) == [{"rate": 40.0}]


def test_no_way_inside_the_ranges():
    book = Book()
    book.cell("a", 5, high=10)
    book.cell("b", 5, high=10)
    book.edit(EQUAL, constant=50.0, a=1.0, b=1.0)
    problem = book.only()
    assert (problem.status, problem.alternatives) == (INFEASIBLE, ())


def test_a_big_component_costs_nothing_unless_it_is_needed():
    """3,000 children under one parent: the culprit is named by its own quarters; without them nobody can be named."""
    book = Book()
    book.counts(**{f"c{n}": 10 for n in range(3000)}, parent=30000, q=10)
    book.total("parent", *(f"c{n}" for n in range(3000)))
    book.total("c7", "q")
    book.cells[7] = (18.0, *book.cells[7][1:])
    assert book.named(book.only()) == [{"c7": 10.0}]

    blind = Book()
    blind.counts(**{f"c{n}": 10 for n in range(3000)}, parent=30008)
    blind.total("parent", *(f"c{n}" for n in range(3000)))
    problem = blind.only()
    assert problem.more and len(problem.alternatives) == 3001


def test_too_large_is_said():
    """Two contradictions that no single cell ends, over more cells than allowed."""
    book = Book()
    book.counts(**{f"c{n}": 10 for n in range(40)}, a=1, b=1)
    book.edit(EQUAL, constant=0.0, a=1.0, **{f"c{n}": -1.0 for n in range(20)})
    book.edit(EQUAL, constant=0.0, b=1.0, **{f"c{n}": -1.0 for n in range(20, 40)})
    book.total("a", "b")
    book.edit(EQUAL, constant=20.0, c0=1.0, c20=1.0)
    book.edit(EQUAL, constant=5.0, c1=1.0)
    book.edit(EQUAL, constant=5.0, c0=1.0, c1=-1.0)
    assert {p.status for p in book.solve(cells=10)} == {TOO_LARGE}
    assert {p.status for p in book.solve()} == {SOLVED}


def test_more_alternatives_than_are_listed():
    """Two sums of four cells, both 5 short, and one over all eight: sixteen pairs, more than five of them."""
    book = Book()
    book.counts(**{f"c{n}": 10 for n in range(8)})
    book.edit(EQUAL, constant=45.0, c0=1.0, c1=1.0, c2=1.0, c3=1.0)
    book.edit(EQUAL, constant=45.0, c4=1.0, c5=1.0, c6=1.0, c7=1.0)
    book.edit(EQUAL, constant=90.0, **{f"c{n}": 1.0 for n in range(8)})
    problem = book.only(alternatives=5)
    assert problem.more and len(problem.alternatives) == 6


def test_problems_that_share_nothing_are_told_apart():
    book = Book()
    book.row(40, 80, 100, "x")
    book.row(81, 120, 100, "y")
    assert [book.named(p) for p in book.solve()] == [
        [{"xrate": 80.0}, {"xnum": 40.0}, {"xden": 200.0}],
        [{"ynum": 81.0}],
    ]


def test_answers_that_meet_in_one_edit_are_solved_together():
    """a should be 6 and b 6 by their twins, but together they may not exceed 10: a twin must give way."""
    book = Book()
    book.counts(a=4, a1=6, b=4, b1=6)
    book.edit(EQUAL, a=1.0, a1=-1.0)
    book.edit(EQUAL, b=1.0, b1=-1.0)
    book.edit(AT_MOST, constant=10.0, a=1.0, b=1.0)
    problem = book.only()
    assert problem.failing == (0, 1)
    found = [set(f) for f in book.named(problem)]
    assert found == [{"a", "b1"}, {"a1", "b"}, {"a1", "b1"}]
    assert_sound(book.system(), problem)


def test_bad_systems_are_refused():
    book = Book()
    book.counts(a=1)
    book.edits.append((RATIO, 0.0, 0.0))
    book.terms.append((0, 0, 1.0, RATE))
    with pytest.raises(ValueError, match="denominator"):
        book.system()
    twice = Book()
    twice.counts(a=1)
    twice.edits.append((EQUAL, 0.0, 0.0))
    twice.terms += [(0, 0, 1.0, LINEAR), (0, 0, 1.0, LINEAR)]
    with pytest.raises(ValueError, match="twice"):
        twice.system()


@pytest.mark.parametrize(
    ("reported", "proposed", "expected"),
    [
        (95, 59, "swap"),
        (1203, 1230, "swap"),
        (120, 12, "shift"),
        (0.85, 85, "shift"),
        (-7, 7, "sign"),
        (123, 183, "digit"),
        (13, 123, "missing"),
        (1123, 123, "extra"),
        (12.5, 15.2, None),
        (40, 80, None),
        (100, 200, None),
        (17, 27, None),
        (95, 60, None),
        (5, 7, None),
        (0, 7, None),
        (95, math.nan, None),
    ],
)
def test_slips(reported: float, proposed: float, expected: str | None):
    assert slip(reported, proposed) == expected


# --- properties -------------------------------------------------------------------------------------


@st.composite
def corrupted(draw):
    """A consistent little programme with one cell corrupted that stands in two independent edits."""
    children = draw(st.integers(2, 4))
    book = Book()
    quarters = [[draw(st.integers(0, 500)) for _ in range(2)] for _ in range(children)]
    totals = [sum(q) for q in quarters]
    for n in range(children):
        book.counts(**{f"c{n}": totals[n], f"c{n}q1": quarters[n][0], f"c{n}q2": quarters[n][1]})
    book.counts(parent=sum(totals), pq1=sum(q[0] for q in quarters), pq2=sum(q[1] for q in quarters))
    for n in range(children):
        book.total(f"c{n}", f"c{n}q1", f"c{n}q2")
    book.total("parent", *(f"c{n}" for n in range(children)))
    book.total("pq1", *(f"c{n}q1" for n in range(children)))
    book.total("pq2", *(f"c{n}q2" for n in range(children)))
    if draw(st.booleans()):
        book.total("parent", "pq1", "pq2")
    consistent = book.system()
    several = [c for c in range(len(book.names)) if len(consistent.edits_of([c])) >= 2]
    cell = draw(st.sampled_from(several))
    value = draw(st.integers(0, 2000).filter(lambda v: v != consistent.value[cell]))
    right = consistent.value[cell]
    book.cells[cell] = (float(value), *book.cells[cell][1:])
    return book, consistent, cell, float(right)


@settings(max_examples=60, deadline=None)
@given(corrupted())
def test_one_corrupted_cell_in_two_edits_is_found(case):
    book, consistent, cell, right = case
    assert localise(consistent) == []
    problem = book.only()
    assert problem.alternatives == (((cell, right),),)
    assert_sound(book.system(), problem)


HIGH = 3


def cheapest_by_search(system: System) -> tuple[float, set[frozenset[int]]]:
    """Least weight of a set of cells over every assignment of 0..HIGH (a rate: as reported, or the quotient), and its sets."""
    rates = {int(system.rate[e]): e for e in range(len(system.kind)) if system.kind[e] == RATIO}
    best, sets = INF, set()
    counts = [c for c in range(len(system.value)) if c not in rates]
    for values in product(range(HIGH + 1), repeat=len(counts)):
        changed = {c: float(v) for c, v in zip(counts, values, strict=True) if v != system.value[c]}
        for rate, edit in rates.items():
            if not system.holds(edit, changed):
                above, below = (
                    changed.get(int(c[edit]), system.value[c[edit]])
                    for c in (system.numerator, system.denominator)
                )
                quotient = system.factor[edit] * above / below if below else INF
                if quotient <= system.high[rate] + system.tolerance[edit]:
                    changed[rate] = min(quotient, system.high[rate])
        cost = sum(system.weight[c] for c in changed)
        if cost > best + 1e-9 or not all(system.holds(e, changed) for e in range(len(system.kind))):
            continue
        if cost < best - 1e-9:
            best, sets = cost, set()
        sets.add(frozenset(changed))
    return best, sets


@st.composite
def small_systems(draw):
    """Counts of 1..HIGH in a few linear edits, and up to two rates with parts among them."""
    book = Book()
    names = [f"x{c}" for c in range(draw(st.integers(3, 4)))]
    weights = st.sampled_from([1.0, 1.0, 0.9, 0.6])
    for name in names:
        book.cell(name, draw(st.integers(1, HIGH)), high=float(HIGH), weight=draw(weights), whole=True)
    for number in range(draw(st.integers(0, 2))):
        above, below = draw(st.permutations(names))[:2]
        value = draw(st.integers(0, 12)) / 2
        book.cell(f"rate{number}", value, high=6.0, weight=draw(weights), decimals=2)
        book.share(f"rate{number}", above, below, factor=float(draw(st.integers(1, 2))), tolerance=0.3)
    for _ in range(draw(st.integers(1, 3))):
        cells = draw(st.permutations(names))[: draw(st.integers(2, len(names)))]
        coefficients = {c: float(draw(st.sampled_from([-1, 1, 2]))) for c in cells}
        book.edit(
            draw(st.sampled_from([EQUAL, EQUAL, AT_MOST])),
            0.0,
            float(draw(st.integers(-2, 4))),
            **coefficients,
        )
    return book


@settings(max_examples=150, deadline=None, derandomize=True)
@given(small_systems())
def test_the_optimum_is_the_optimum(book: Book):
    """All sets of least weight, found by looking at every assignment, are what the problems' alternatives combine to."""
    system = book.system()
    problems = localise(system, Limits(alternatives=500))
    best, sets = cheapest_by_search(system)
    if best == INF:
        assert any(p.status == INFEASIBLE for p in problems)
        return
    assert all(p.status == SOLVED for p in problems), [(p.status, p) for p in problems]
    combined = {
        frozenset(c for f in parts for c, _ in f) for parts in product(*(p.alternatives for p in problems))
    }
    assert combined == sets
    for problem in problems:
        assert_sound(system, problem)


def test_order_of_the_input_does_not_matter():
    book = Book()
    book.row(40, 80, 100)
    book.counts(parent=100, a=60, b=41)
    book.total("parent", "a", "b")
    expected = book.solve()
    book.terms.reverse()
    assert book.solve() == expected
