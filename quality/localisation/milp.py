"""Mixed-integer programmes (HiGHS through ``scipy.optimize.milp``): which cells to change, and to what.

Belongs here: edits as rows of a programme. Does not belong here: single cells (``alone``), what to do with an answer
(``search``). ``Choice`` only names sets; ``complete`` finds their values without any big M and checks them with
``System.holds``, so that solver noise can make the search longer, never a result wrong. scipy is imported when it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from quality.localisation.system import EQUAL, INFEASIBLE, LIMIT, NOISE, RATIO, SOLVED, Limits, System

Parts = list[tuple[int, float]]  # (cell, coefficient)


class _Programme:
    """Rows low ≤ Σ c·v ≤ high over numbered variables, sparse."""

    def __init__(self) -> None:
        self.rows: list[dict[int, float]] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def put(self, line: Mapping[int, float], low: float, high: float) -> None:
        """Add a row, scaled to coefficients of at most 1."""
        size = max(map(abs, line.values()), default=0.0) or 1.0
        self.rows.append({v: c / size for v, c in line.items()})
        self.lower.append(low / size)
        self.upper.append(high / size)

    def solve(self, cost, low, high, integral, options, cuts: Iterable[tuple[dict[int, float], float]] = ()):
        """The result of ``milp``; ``cuts`` are further rows Σ c·v ≤ bound for this time."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        cuts = list(cuts)
        rows = self.rows + [line for line, _ in cuts]
        counts = np.cumsum([0, *map(len, rows)])
        columns = [v for line in rows for v in line]
        values = [c for line in rows for c in line.values()]
        matrix = csr_array((values, columns, counts), shape=(len(rows), len(cost)))
        lower = self.lower + [-math.inf] * len(cuts)
        upper = self.upper + [bound for _, bound in cuts]
        return milp(
            cost,
            constraints=LinearConstraint(matrix, lower, upper),
            bounds=Bounds(low, high),
            integrality=integral,
            options={"mip_rel_gap": 0.0, **options},
        )


def reach(system: System, cells: list[int]) -> np.ndarray:
    """How far from 0 a proposal may go: ten times what the cell's edits could ask for."""
    result = np.empty(len(cells))
    for index, cell in enumerate(cells):
        most = abs(float(system.value[cell]))
        for edit in system.edits_of([cell]):
            ids, coefficients = system.terms(edit)
            if system.kind[edit] != RATIO:
                total = float(np.abs(coefficients) @ np.abs(system.value[ids]))
                total += abs(system.constant[edit]) + system.tolerance[edit]
                most = max(most, total / abs(coefficients[ids.index(cell)]))
                continue
            rate, above, below = (abs(x) if x is not None else 0.0 for x in system.ratio(edit))
            factor, tolerance = float(system.factor[edit]), float(system.tolerance[edit])
            if cell == system.numerator[edit]:
                most = max(most, (rate + tolerance) * below / factor, below)
            elif cell == system.denominator[edit]:
                most = max(most, factor * above / max(rate, tolerance, 1e-3), above)
            elif below > 0:
                most = max(most, factor * above / below)
        result[index] = 10 * most + 10
    return result


class Choice:
    """Which cells to change. Variables: per cell its new value z (0 while unchanged), then its binary d; x = r·(1 − d) + z."""

    def __init__(self, system: System, cells: list[int], edits: list[int]):
        self.system, self.cells = system, cells
        self.number = {cell: index for index, cell in enumerate(cells)}
        n = len(cells)
        far = reach(system, cells)
        reported = system.value[cells]
        self.low = np.maximum(system.low[cells], -far)
        self.high = np.minimum(system.high[cells], far)
        self.whole = system.whole[cells]
        # whole numbers stay unscaled, the others are in units of their reach
        self.step = np.where(self.whole, 1.0, far)
        self.least = np.minimum(np.minimum(self.low, reported), 0.0)
        self.most = np.maximum(np.maximum(self.high, reported), 0.0)
        self.programme = _Programme()
        for index in range(n):
            step = float(self.step[index])
            self.programme.put({index: step, n + index: -float(self.high[index])}, -math.inf, 0.0)
            self.programme.put({index: -step, n + index: float(self.low[index])}, -math.inf, 0.0)
        for edit in edits:
            self._edit(edit)

    def _binary(self, cell: int) -> int:
        return len(self.cells) + self.number[cell]

    def _line(self, parts: Parts) -> tuple[dict[int, float], float]:
        """Σ c·x over z and d, and its constant."""
        line: dict[int, float] = {}
        rest = 0.0
        for cell, c in parts:
            reported = float(self.system.value[cell])
            line[self.number[cell]] = c * float(self.step[self.number[cell]])
            line[self._binary(cell)] = -c * reported
            rest += c * reported
        return line, rest

    def _at_most(
        self, parts: Parts, bound: float, unless: Iterable[int] = (), unless_not: Iterable[int] = ()
    ) -> None:
        """Σ c·x ≤ bound, dropped where a cell of ``unless`` changes or one of ``unless_not`` does not."""
        line, rest = self._line(parts)
        most = sum(c * float((self.most if c > 0 else self.least)[self.number[cell]]) for cell, c in parts)
        relaxed = max(most - bound, 0.0) + 1.0
        upper = bound - rest
        for cell in unless:
            line[self._binary(cell)] = line.get(self._binary(cell), 0.0) - relaxed
        for cell in unless_not:
            line[self._binary(cell)] = line.get(self._binary(cell), 0.0) + relaxed
            upper += relaxed
        self.programme.put(line, -math.inf, upper)

    def _edit(self, edit: int) -> None:
        system = self.system
        tolerance, constant = float(system.tolerance[edit]), float(system.constant[edit])
        if system.kind[edit] != RATIO:
            line, rest = self._line(list(zip(*system.terms(edit), strict=True)))
            low = constant - tolerance - rest if system.kind[edit] == EQUAL else -math.inf
            self.programme.put(line, low, constant + tolerance - rest)
            return
        rate, above, below = (int(c[edit]) for c in (system.rate, system.numerator, system.denominator))
        given, part, divisor = system.ratio(edit)
        elsewhere = len(system.edits_of([rate])) > 1
        if divisor == 0:
            empty = {} if elsewhere else {self._binary(rate): 1.0}
            self.programme.put({self._binary(below): 1.0} | empty, 1.0, math.inf)
        if part is None:
            return
        factor = float(system.factor[edit])
        self._at_most([(above, factor), (below, -(given + tolerance))], 0.0, unless=[rate])
        self._at_most([(above, -factor), (below, given - tolerance)], 0.0, unless=[rate])
        # the rate is the quotient: its range (over a denominator that stays 0 the rate is emptied instead)
        low, high = float(system.low[rate]), float(system.high[rate])
        there = [rate, below] if divisor == 0 else [rate]
        if math.isfinite(high):
            self._at_most([(above, factor), (below, -(high + tolerance))], 0.0, unless_not=there)
        if math.isfinite(low):
            self._at_most([(above, -factor), (below, low - tolerance)], 0.0, unless_not=there)
        if elsewhere and divisor > 0:
            quotient = factor * part / divisor
            self._at_most([(rate, 1.0)], quotient + tolerance, unless=[above, below])
            self._at_most([(rate, -1.0)], -(quotient - tolerance), unless=[above, below])

    def solve(
        self, limits: Limits, supersets: list[frozenset[int]], exact: list[frozenset[int]]
    ) -> tuple[frozenset[int] | None, str]:
        """(cheapest set, SOLVED), (None, INFEASIBLE) or (None, LIMIT); no superset of ``supersets``, none of ``exact``."""
        n = len(self.cells)
        cuts = [({self._binary(cell): 1.0 for cell in sorted(s)}, len(s) - 1.0) for s in supersets]
        for s in exact:
            cuts.append(
                ({self._binary(cell): 1.0 if cell in s else -1.0 for cell in self.cells}, len(s) - 1.0)
            )
        result = self.programme.solve(
            np.concatenate([np.zeros(n), self.system.weight[self.cells]]),
            np.concatenate([np.minimum(self.low, 0.0) / self.step, np.zeros(n)]),
            np.concatenate([np.maximum(self.high, 0.0) / self.step, np.ones(n)]),
            np.concatenate([self.whole.astype(int), np.ones(n)]),
            {"node_limit": limits.nodes, "time_limit": limits.seconds},
            cuts,
        )
        if result.status == 2:
            return None, INFEASIBLE
        if result.status != 0 or result.x is None:
            return None, LIMIT
        return frozenset(cell for index, cell in enumerate(self.cells) if result.x[n + index] > 0.5), SOLVED


def complete(system: System, cells: list[int]) -> dict[int, float] | None:
    """Values for exactly these cells that satisfy every edit they are in, all others as reported; None: there are none.

    Nearest to what the edits say exactly, then nearest to what was reported; on the grid of the decimals if it can be. A rate
    whose parts move follows as their quotient; one that also stands in other edits is taken from those first, then its parts
    follow it (a set that only another order could complete is missed).
    """
    edits = system.edits_of(cells)
    inside = set(cells)
    blank: dict[int, float] = {}
    quotients: list[int] = []
    for edit in edits:
        if system.kind[edit] != RATIO or int(system.rate[edit]) not in inside:
            continue
        rate, above, below = (int(c[edit]) for c in (system.rate, system.numerator, system.denominator))
        elsewhere = len(system.edits_of([rate])) > 1
        if system.value[below] == 0 and below not in inside:
            if elsewhere:
                return None
            blank[rate] = math.nan
        elif not elsewhere and above >= 0 and {above, below} & inside:
            quotients.append(edit)
    follow = {int(system.rate[edit]) for edit in quotients}
    free = [cell for cell in cells if cell not in blank and cell not in follow]
    said = [edit for edit in edits if int(system.rate[edit]) not in blank]
    rates = {int(system.rate[edit]) for edit in said if system.kind[edit] == RATIO}
    for grid in (True, False):
        found = _nearest(system, free, follow, said, grid)
        fixed = {cell: value for cell, value in (found or {}).items() if cell in rates}
        if fixed:
            found = _nearest(system, free, follow, said, grid, fixed)
        if found is None:
            continue
        found |= blank
        for edit in quotients:
            found[int(system.rate[edit])] = _quotient(system, edit, found)
        if all(system.holds(edit, found) for edit in edits):
            return {cell: found[cell] for cell in cells}
    return None


def _quotient(system: System, edit: int, changed: Mapping[int, float]) -> float:
    """The rate that follows from its parts, rounded where that stays within the tolerance, inside its range."""
    rate, above, below = (int(c[edit]) for c in (system.rate, system.numerator, system.denominator))
    part, divisor = (changed.get(cell, float(system.value[cell])) for cell in (above, below))
    exact = float(system.factor[edit]) * part / divisor
    places = int(system.decimals[rate])
    rounded = round(exact, places) if places >= 0 else exact
    value = rounded if abs(rounded - exact) <= system.tolerance[edit] else exact
    return round(min(max(value, float(system.low[rate])), float(system.high[rate])), 9)


def _statements(
    system: System, edits: list[int], free: set[int], follow: set[int], fixed: Mapping[int, float]
) -> tuple[list[tuple[Parts, float, float]], list[tuple[Parts, float]]]:
    """Rows (parts, low, high) that must hold, and points (parts, target) to be near to."""
    rows: list[tuple[Parts, float, float]] = []
    points: list[tuple[Parts, float]] = []
    for edit in edits:
        tolerance, constant = float(system.tolerance[edit]), float(system.constant[edit])
        if system.kind[edit] != RATIO:
            parts = list(zip(*system.terms(edit), strict=True))
            equal = system.kind[edit] == EQUAL
            rows.append((parts, constant - tolerance if equal else -math.inf, constant + tolerance))
            if equal:
                points.append((parts, constant))
            continue
        rate, above, below = (int(c[edit]) for c in (system.rate, system.numerator, system.denominator))
        given, part, divisor = system.ratio(edit)
        if part is None:
            continue
        factor = float(system.factor[edit])
        if rate in follow:
            low, high = float(system.low[rate]), float(system.high[rate])
            if math.isfinite(high):
                rows.append(([(above, factor), (below, -(high + tolerance))], -math.inf, 0.0))
            if math.isfinite(low):
                rows.append(([(above, -factor), (below, low - tolerance)], -math.inf, 0.0))
        elif rate in free and rate not in fixed:
            if not {above, below} & free:  # else in the second step, with the rate fixed
                quotient = factor * part / divisor
                rows.append(([(rate, 1.0)], quotient - tolerance, quotient + tolerance))
                points.append(([(rate, 1.0)], quotient))
        else:
            given = fixed.get(rate, given)
            rows.append(([(above, factor), (below, -(given + tolerance))], -math.inf, 0.0))
            rows.append(([(above, -factor), (below, given - tolerance)], -math.inf, 0.0))
            points.append(([(above, factor), (below, -given)], 0.0))
    return rows, points


def _nearest(
    system: System,
    cells: list[int],
    follow: set[int],
    edits: list[int],
    grid: bool,
    fixed: Mapping[int, float] | None = None,
) -> dict[int, float] | None:
    """Values of ``cells`` under ``edits``: least residuals, then least change; None where there are none.

    ``follow``: rates that will be the quotient. ``fixed``: rates whose value is given. ``grid``: values as multiples of the last
    decimal (counts always are whole).
    """
    if not cells:
        return {}
    fixed = fixed or {}
    number = {cell: index for index, cell in enumerate(cells)}
    rows, points = _statements(system, edits, set(cells), follow, fixed)
    n = len(cells)
    reported = system.value[cells]
    scale = np.maximum(np.abs(reported), 1.0)
    # variables: x in steps, |x − r|/scale, |residual|/size
    step, integral = scale.copy(), np.zeros(2 * n + len(points))
    for index, cell in enumerate(cells):
        places = 0 if system.whole[cell] else int(system.decimals[cell])
        if system.whole[cell] or (grid and places >= 0 and cell not in fixed):
            step[index], integral[index] = 10.0**-places, 1

    def split(parts: Parts) -> tuple[dict[int, float], float]:
        line = {number[cell]: c * float(step[number[cell]]) for cell, c in parts if cell in number}
        return line, math.fsum(c * float(system.value[cell]) for cell, c in parts if cell not in number)

    programme = _Programme()
    for parts, low, high in rows:
        line, rest = split(parts)
        if line:
            programme.put(line, low - rest, high - rest)
        elif low - rest > NOISE or high - rest < -NOISE:
            return None
    for index in range(n):
        for sign in (1.0, -1.0):
            line = {index: sign * float(step[index]), n + index: -float(scale[index])}
            programme.put(line, -math.inf, sign * float(reported[index]))
    for k, (parts, target) in enumerate(points):
        line, rest = split(parts)
        size = max([1.0, *(abs(c * float(system.value[cell])) for cell, c in parts)])
        for sign in (1.0, -1.0):
            signed = {variable: sign * c for variable, c in line.items()} | {2 * n + k: -size}
            programme.put(signed, -math.inf, sign * (target - rest))
    far = reach(system, cells)
    low = np.array([fixed.get(c, max(float(system.low[c]), -far[i])) for i, c in enumerate(cells)]) / step
    high = np.array([fixed.get(c, min(float(system.high[c]), far[i])) for i, c in enumerate(cells)]) / step
    steps = integral[:n] == 1
    low[steps], high[steps] = np.ceil(low[steps] - NOISE), np.floor(high[steps] + NOISE)
    if np.any(low > high):
        return None
    # a slight preference by order decides between equally near values
    result = programme.solve(
        np.concatenate([np.zeros(n), 1.0 + 1e-3 * np.arange(n), np.full(len(points), 1000.0)]),
        np.concatenate([low, np.zeros(n + len(points))]),
        np.concatenate([high, np.full(n + len(points), np.inf)]),
        integral,
        {"node_limit": 2000},
    )
    if result.x is None:
        return None
    values = np.where(steps, np.round(result.x[:n]), result.x[:n]) * step
    return {cell: fixed.get(cell, round(float(values[i]), 9)) for i, cell in enumerate(cells)}
