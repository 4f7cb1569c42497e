"""The ASEM reference set of COINr (51 units, 49 indicators, 8 pillars, 2 sub-indices) as programmes of this pipeline.

Belongs here: the steps of the reference method that come before scores (denominate, impute, screen, treat outliers,
goalposts) and the shape of the programmes. Does not belong here: normalised values, means and ranks; the pipeline makes
them, and ``tests/integration/test_reference_asem.py`` compares them with the published ones.

A pillar becomes a special with its effective weight, a sub-index a programme of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

from tests.factories.reference_programmes import ReferenceProgramme, exact

INDEX, PARTS = "asem_index", ("Conn", "Sust")
INDICATOR_LEVEL, PILLAR_LEVEL = 1, 2
SKEW_LIMIT, KURTOSIS_LIMIT, MOST_POINTS = 2.0, 3.5, 5
LEAST_AVAILABLE = 0.9


def part_programme(part: str) -> str:
    """Programme of one sub-index."""
    return f"asem_{part.lower()}"


class Asem:
    """The set below ``folder`` (with input/ and expected/).

    Attributes: ``units`` (ids), ``indicators`` (ids), ``metadata`` and ``unit_rows`` by id, ``treated``
    (units × indicators, in the direction of the source).
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.metadata = {row["iCode"]: row for row in pl.read_csv(folder / "input/metadata.csv").to_dicts()}
        self.unit_rows = {row["uCode"]: row for row in pl.read_csv(folder / "input/units.csv").to_dicts()}
        raw = pl.read_csv(folder / "input/indicators_raw.csv", infer_schema_length=None)
        self.indicators = [code for code, row in self.metadata.items() if row["Level"] == INDICATOR_LEVEL]
        self.units = raw["uCode"].to_list()
        values = raw.select(self.indicators).cast(pl.Float64).to_numpy()
        self.treated = self._treat(self._screen(self._impute(self._denominate(values))))

    def _denominate(self, values: np.ndarray) -> np.ndarray:
        columns = []
        for position, code in enumerate(self.indicators):
            name = self.metadata[code]["Denominator"]
            size = [self.unit_rows[unit][name] for unit in self.units] if name else 1.0
            columns.append(values[:, position] / np.asarray(size, float))
        return np.column_stack(columns)

    def _impute(self, values: np.ndarray) -> np.ndarray:
        """A missing value is the mean of its continent."""
        groups = np.array([self.unit_rows[unit]["EurAsia_group"] for unit in self.units])
        filled = values.copy()
        for group in np.unique(groups):
            rows = np.flatnonzero(groups == group)
            means = np.nanmean(values[rows], axis=0)
            filled[rows] = np.where(np.isnan(values[rows]), means, values[rows])
        return filled

    def _screen(self, values: np.ndarray) -> np.ndarray:
        """Units with too few values leave; after imputation nobody does."""
        enough = (~np.isnan(values)).mean(axis=1) >= LEAST_AVAILABLE
        self.units = [unit for unit, stays in zip(self.units, enough, strict=True) if stays]
        return values[enough]

    def _treat(self, values: np.ndarray) -> np.ndarray:
        return np.column_stack([winsorised(column) for column in values.T])

    # the tree of aggregates ---------------------------------------------------------------------------------------

    def children(self, parent: str) -> list[str]:
        """Codes right below an aggregate."""
        return [code for code, row in self.metadata.items() if row["Parent"] == parent]

    @property
    def pillars(self) -> list[str]:
        return [pillar for part in PARTS for pillar in self.children(part)]

    def weights(self, top: str, left_out: str | None = None) -> dict[str, float]:
        """Pillar → its effective weight in ``top`` (the index or a sub-index): the product of shares down the tree."""
        if self.metadata[top]["Level"] == PILLAR_LEVEL:
            return {top: 1.0}
        below = [code for code in self.children(top) if code != left_out]
        whole = sum(self.metadata[code]["Weight"] for code in below)
        return {
            pillar: self.metadata[code]["Weight"] / whole * share
            for code in below
            for pillar, share in self.weights(code, left_out).items()
        }

    # programmes ---------------------------------------------------------------------------------------------------

    def programmes(self) -> list[ReferenceProgramme]:
        """The index and the two sub-indices."""
        return [
            self._from_indicators(INDEX, "Index"),
            *(self._from_indicators(part_programme(part), part) for part in PARTS),
        ]

    def _reporters(self) -> list[dict]:
        return [
            {
                "reporter_id": unit,
                "name": self.unit_rows[unit]["uName"],
                "group": self.unit_rows[unit]["GDPpc_group"],
            }
            for unit in self.units
        ]

    def _specials(self, weights: dict[str, float]) -> list[dict]:
        return [
            {"special_id": pillar, "name": self.metadata[pillar]["iName"], "weight": exact(weight)}
            for pillar, weight in weights.items()
        ]

    def _from_indicators(self, programme_id: str, top: str) -> ReferenceProgramme:
        weights = self.weights(top)
        inside = [i for i, code in enumerate(self.indicators) if self.metadata[code]["Parent"] in weights]
        return ReferenceProgramme(
            programme_id,
            self._reporters(),
            self._specials(weights),
            [self._indicator(position) for position in inside],
            {
                unit: {self.indicators[position]: exact(self.treated[row, position]) for position in inside}
                for row, unit in enumerate(self.units)
            },
        )

    def _indicator(self, position: int) -> dict:
        """Goalposts: the best and the worst treated value of the cohort, as min-max has them."""
        code, column = self.indicators[position], self.treated[:, position]
        row = self.metadata[code]
        lower = row["Direction"] < 0
        return {
            "indicator_id": code,
            "special_id": row["Parent"],
            "name": row["iName"],
            "polarity": "lower" if lower else "higher",
            "method": "dtf",
            "exponent": "1",
            "worst": exact(column.max() if lower else column.min()),
            "frontier": exact(column.min() if lower else column.max()),
            "weight": exact(row["Weight"]),
        }


def winsorised(column: Sequence[float]) -> np.ndarray:
    """The farthest point moves to the next one, again and again, while both moments are beyond their limits.

    At most ``MOST_POINTS`` points move, from the side of the skew. Moments are the unbiased ones of a spreadsheet (e1071's type
    2): the method COINr documents.
    """
    column = np.array(column, float)
    moved: set[int] = set()
    while len(moved) < MOST_POINTS:
        skew = stats.skew(column, bias=False)
        if abs(skew) < SKEW_LIMIT or stats.kurtosis(column, bias=False) < KURTOSIS_LIMIT:
            break
        edge = column.max() if skew > 0 else column.min()
        farthest = np.flatnonzero(column == edge)
        rest = column[column != edge]
        column[farthest] = rest.max() if skew > 0 else rest.min()
        moved |= set(farthest)
    return column
