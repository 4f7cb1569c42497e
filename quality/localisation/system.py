"""Cells and edits as arrays, and what an edit says of given values.

Belongs here: the data of error localisation, plain arithmetic. Does not belong here: which cells to change (``alone``, ``milp``,
``search``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

EQUAL, AT_MOST, RATIO = 0, 1, 2
LINEAR, RATE, NUMERATOR, DENOMINATOR = 0, 1, 2, 3
SOLVED, TOO_LARGE, LIMIT, INFEASIBLE = "solved", "too_large", "limit", "infeasible"
NOISE = 1e-9  # of floating sums
TIE = 1e-6  # weights closer than this are equal


@dataclass(frozen=True)
class Limits:
    """Bounds of one problem. ``nodes`` decides, being the same on every machine; ``seconds`` is the emergency brake."""

    cells: int = 300
    alternatives: int = 20
    rounds: int = 200
    nodes: int = 20_000
    seconds: float = 20.0


class System:
    """Cells and edits as arrays.

    cells: value, low, high (±inf: open), weight (> 0), decimals (< 0: unknown; the grid a proposal is rounded to where that
    is feasible), whole (True: a count, a proposal must be a whole number). edits: kind, constant, tolerance, all ≥ 0.
    terms: edit, cell, coefficient, role (LINEAR, or the role in a RATIO; the numerator's coefficient is the factor).
    Raises ValueError for a ratio without rate or denominator, or a cell twice in one edit.
    """

    def __init__(
        self, *, value, low, high, weight, decimals, whole, kind, constant, tolerance, edit, cell, coefficient, role
    ):  # fmt: skip
        order = np.lexsort((cell, edit))
        self.value = np.asarray(value, float)
        self.low = np.array(low, float)
        self.high = np.array(high, float)
        self.weight = np.asarray(weight, float)
        self.decimals = np.asarray(decimals, int)
        self.whole = np.asarray(whole, bool)
        self.kind = np.asarray(kind, int)
        self.constant = np.asarray(constant, float)
        self.tolerance = np.asarray(tolerance, float)
        self.edit = np.asarray(edit, int)[order]
        self.cell = np.asarray(cell, int)[order]
        self.coefficient = np.asarray(coefficient, float)[order]
        self.role = np.asarray(role, int)[order]
        edits, cells = len(self.kind), len(self.value)
        if np.any((np.diff(self.edit) == 0) & (np.diff(self.cell) == 0)):
            raise ValueError("a cell stands twice in one edit")
        self._of_edit = np.searchsorted(self.edit, np.arange(edits + 1))
        by_cell = np.argsort(self.cell, kind="stable")
        self._edit_by_cell = self.edit[by_cell]
        self._of_cell = np.searchsorted(self.cell[by_cell], np.arange(cells + 1))
        self.rate, self.numerator, self.denominator = (
            self._cells_in_role(role) for role in (RATE, NUMERATOR, DENOMINATOR)
        )
        self.factor = np.ones(edits)
        in_numerator = self.role == NUMERATOR
        self.factor[self.edit[in_numerator]] = self.coefficient[in_numerator]
        ratios = self.kind == RATIO
        if np.any((self.rate[ratios] < 0) | (self.denominator[ratios] < 0)):
            raise ValueError("a ratio needs a rate and a denominator")
        # whatever a denominator becomes, it is above 0
        below = self.denominator[ratios]
        self.low[below] = np.maximum(self.low[below], np.where(self.whole[below], 1.0, 1e-6))

    def _cells_in_role(self, role: int) -> np.ndarray:
        cells = np.full(len(self.kind), -1)
        cells[self.edit[self.role == role]] = self.cell[self.role == role]
        return cells

    def terms(self, edit: int) -> tuple[list[int], list[float]]:
        """(cells, coefficients) of one edit."""
        part = slice(self._of_edit[edit], self._of_edit[edit + 1])
        return self.cell[part].tolist(), self.coefficient[part].tolist()

    def ratio(self, edit: int) -> tuple[float, float | None, float]:
        """(rate, numerator, denominator) of a RATIO as reported; numerator None where the edit has none."""
        numerator = self.numerator[edit]
        part = float(self.value[numerator]) if numerator >= 0 else None
        return float(self.value[self.rate[edit]]), part, float(self.value[self.denominator[edit]])

    def edits_of(self, cells: Iterable[int]) -> list[int]:
        """Every edit that looks at one of the cells, ascending."""
        found: set[int] = set()
        for cell in cells:
            found.update(self._edit_by_cell[self._of_cell[cell] : self._of_cell[cell + 1]].tolist())
        return sorted(found)

    def failing(self) -> np.ndarray:
        """Numbers of the edits the reported values do not satisfy, ascending."""
        total = np.bincount(
            self.edit, weights=self.coefficient * self.value[self.cell], minlength=len(self.kind)
        )
        gap = total - self.constant
        slack = self.tolerance + NOISE / 2
        rate, below = self.value[self.rate], self.value[self.denominator]
        above = np.where(self.numerator >= 0, self.value[self.numerator], np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.abs(rate - self.factor * above / below)
        fails = np.select(
            [self.kind == EQUAL, self.kind == AT_MOST],
            [np.abs(gap) > slack, gap > slack],
            (below == 0) | (apart > slack),
        )
        return np.flatnonzero(fails)

    def holds(self, edit: int, changed: Mapping[int, float]) -> bool:
        """The edit holds with the changed values; one that misses an operand (NaN) says nothing."""

        def now(cell: int) -> float:
            return changed[cell] if cell in changed else float(self.value[cell])

        slack = float(self.tolerance[edit]) + NOISE
        if self.kind[edit] == RATIO:
            rate, below = now(self.rate[edit]), now(self.denominator[edit])
            if math.isnan(rate) or math.isnan(below):
                return True
            if below <= 0:
                return False
            if self.numerator[edit] < 0:
                return True
            gap = abs(rate - self.factor[edit] * now(self.numerator[edit]) / below)
            return math.isnan(gap) or gap <= slack
        cells, coefficients = self.terms(edit)
        parts = [c * now(cell) for cell, c in zip(cells, coefficients, strict=True)]
        gap = math.fsum(parts) - float(self.constant[edit])
        if math.isnan(gap):
            return True
        slack += 1e-14 * max(map(abs, parts))
        return (abs(gap) if self.kind[edit] == EQUAL else gap) <= slack
