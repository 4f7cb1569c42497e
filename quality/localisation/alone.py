"""One cell: the values it may take while all others stay as reported, by intersecting intervals; exact, no solver.

Belongs here: what one cell alone can mend, and which of the possible values to propose. Does not belong here: sets (``milp``).
"""

from __future__ import annotations

import math

from quality.localisation.system import EQUAL, NOISE, RATIO, System


def alone(system: System, cell: int) -> float | None:
    """The value with which this cell alone ends every contradiction it is in; None: there is none."""
    low, high = float(system.low[cell]), float(system.high[cell])
    exact: list[float] = []
    edits = system.edits_of([cell])
    for edit in edits:
        if system.kind[edit] == RATIO and cell == system.rate[edit]:
            below = float(system.value[system.denominator[edit]])
            if below == 0:
                return math.nan if len(edits) == 1 else None
            if system.numerator[edit] < 0:
                continue
            quotient = float(system.factor[edit] * system.value[system.numerator[edit]] / below)
            rows = [(1.0, quotient, True)]
        else:
            rows = _rows(system, edit, cell)
        for slope, target, two_sided in rows:
            slack = _slack(system, edit, cell)
            if abs(slope) < 1e-12:
                if (abs(target) if two_sided else -target) > slack:
                    return None
                continue
            ends = [(target + slack) / slope]
            if two_sided:
                ends.append((target - slack) / slope)
                exact.append(target / slope)
                low, high = max(low, min(ends)), min(high, max(ends))
            elif slope > 0:
                high = min(high, ends[0])
            else:
                low = max(low, ends[0])
    if any(
        system.kind[edit] == RATIO and cell == system.denominator[edit] and system.numerator[edit] < 0
        for edit in edits
    ) or (not exact and low > -math.inf and high == math.inf and system.value[cell] == 0):
        return math.nan if low <= high else None  # any number above 0: nobody can compute it
    return _pick(system, cell, low, high, exact, edits)


def _slack(system: System, edit: int, cell: int) -> float:
    ratio = system.kind[edit] == RATIO
    # the tolerance of a ratio stands in its rows, but for the rate
    return float(system.tolerance[edit]) if not ratio or cell == system.rate[edit] else 0.0


def _rows(system: System, edit: int, cell: int) -> list[tuple[float, float, bool]]:
    """The edit as rows slope·x = target (± slack, two-sided) or slope·x ≤ target over one cell, the others as reported."""
    if system.kind[edit] == RATIO:
        rate, tolerance = float(system.value[system.rate[edit]]), float(system.tolerance[edit])
        factor = float(system.factor[edit])
        above = None if system.numerator[edit] < 0 else float(system.value[system.numerator[edit]])
        below = float(system.value[system.denominator[edit]])
        if cell == system.numerator[edit]:
            if below <= 0:
                return [(0.0, -1.0, False)]
            return [
                (factor, (rate + tolerance) * below, False),
                (-factor, -(rate - tolerance) * below, False),
            ]
        if above is None:
            return []
        return [
            (-(rate + tolerance), -factor * above, False),
            (rate - tolerance, factor * above, False),
        ]
    cells, coefficients = system.terms(edit)
    rest = math.fsum(
        c * float(system.value[other]) for other, c in zip(cells, coefficients, strict=True) if other != cell
    )
    slope = coefficients[cells.index(cell)]
    return [(slope, float(system.constant[edit]) - rest, system.kind[edit] == EQUAL)]


def _exact(system: System, cell: int, edits: list[int]) -> list[float]:
    """Values of a numerator or denominator that meet the reported rate on the point."""
    points: list[float] = []
    for edit in edits:
        if system.kind[edit] != RATIO or system.numerator[edit] < 0 or cell == system.rate[edit]:
            continue
        rate, factor = float(system.value[system.rate[edit]]), float(system.factor[edit])
        if cell == system.numerator[edit]:
            points.append(rate * float(system.value[system.denominator[edit]]) / factor)
        elif rate != 0:
            points.append(factor * float(system.value[system.numerator[edit]]) / rate)
    return points


def _pick(
    system: System, cell: int, low: float, high: float, exact: list[float], edits: list[int]
) -> float | None:
    """The value in low..high nearest to what the edits say exactly, else to the reported one; on the grid if it can be."""
    slack = NOISE * max(1.0, abs(low) if math.isfinite(low) else 1.0)
    if low > high + slack:
        return None
    reported = float(system.value[cell])
    wanted = [*exact, *_exact(system, cell, edits)]
    points = [min(max(point, low), high) for point in (wanted or [reported])]
    choices = [c for point in points for c in _on_grid(system, cell, point)]
    if not system.whole[cell]:
        choices = [c for c in choices if low - slack <= c <= high + slack] or [
            round(point, 9) for point in points
        ]
    choices = [c for c in choices if all(system.holds(edit, {cell: c}) for edit in edits)]
    choices = [c for c in choices if system.low[cell] - slack <= c <= system.high[cell] + slack]
    if not choices:
        return None
    return min(choices, key=lambda c: (round(sum(abs(c - p) for p in points), 9), abs(c - reported), c))


def _on_grid(system: System, cell: int, point: float) -> list[float]:
    decimals = 0 if system.whole[cell] else int(system.decimals[cell])
    if decimals < 0:
        return [round(point, 9)]
    scale = 10.0**decimals
    steps = {math.floor(point * scale + NOISE), math.ceil(point * scale - NOISE), round(point * scale)}
    return [round(step / scale, 9) for step in sorted(steps)]
