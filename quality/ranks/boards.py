"""Tables of the models → arrays of the engine, one programme and period at a time.

Columns follow the sorted ids of the registry, so that stored draws (``marts.rank_draws``) mean the same to everybody. Long tables stay
in Arrow and are laid out by number: at national size a period has a million rows, and Python objects for them would take minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quality.ranks.engine import Floats, Items, Members, Scheme

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from duckdb import DuckDBPyRelation


def lines(relation: DuckDBPyRelation, columns: str, programme_id: str, period: str) -> pa.Table:
    """Columns (SQL expressions) of the rows of one programme and period."""
    from duckdb import ColumnExpression, ConstantExpression

    own = (ColumnExpression("programme_id") == ConstantExpression(programme_id)) & (
        ColumnExpression("period") == ConstantExpression(period)
    )
    return relation.filter(own).project(columns).to_arrow_table()


@dataclass(frozen=True)
class Registry:
    """A programme's items in the order of their ids. tasks: task_id, special_id, weight, …; indicators: indicator_id, special_id, weight,
    direction, …; specials: special_id, weight; sub_units: parent_id, reporter_id, weight."""

    tasks: pd.DataFrame
    indicators: pd.DataFrame
    specials: pd.DataFrame
    sub_units: pd.DataFrame

    @classmethod
    def of(cls, programme_id: str, **tables: pd.DataFrame) -> Registry:
        """The lines of one programme out of the tables of all."""
        keys = {
            "tasks": "task_id",
            "indicators": "indicator_id",
            "specials": "special_id",
            "sub_units": "reporter_id",
        }
        own = {
            name: tables[name][tables[name]["programme_id"] == programme_id]
            .sort_values(key)
            .reset_index(drop=True)
            for name, key in keys.items()
        }
        return cls(**own)


def numbers_of(column: pa.ChunkedArray, names: Sequence[str]) -> NDArray[np.int64]:
    """Position of every entry among the names, -1 where it is none of them."""
    found = pc.index_in(column.cast(pa.string()), value_set=pa.array(names, pa.string()))
    return found.fill_null(-1).to_numpy().astype(np.int64)


@dataclass(frozen=True)
class Grid:
    """A table with one row per reporter and item, laid out as (R × items)."""

    table: pa.Table
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    shape: tuple[int, int]

    def values(self, name: str) -> Floats:
        """A column of numbers or truth values (1, 0); NaN where the table says nothing."""
        lines, cells = self._cells
        numbers = self.table[name].cast(pa.float64()).to_numpy()
        result = np.full(self.shape, np.nan)
        result.reshape(-1)[cells] = numbers if len(lines) == len(numbers) else numbers[lines]
        return result

    def line_numbers(self) -> NDArray[np.int64]:
        """Number of the table's row of every reporter and item, -1 where there is none."""
        lines, cells = self._cells
        result = np.full(self.shape, -1)
        result.reshape(-1)[cells] = lines
        return result

    @cached_property
    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The table's rows that have a place here, and where it is, counted line by line."""
        lines = np.flatnonzero((self.rows >= 0) & (self.columns >= 0))
        return lines, self.rows[lines] * self.shape[1] + self.columns[lines]


@dataclass(frozen=True)
class Board:
    """The ranked places (P) and the rows that report for them (R), with the scheme that joins them."""

    registry: Registry
    places: list[str]
    rows: list[str]
    scheme: Scheme

    def tasks(self, table: pa.Table, key: str = "task_id") -> Grid:
        """(R × T) of a table with reporter_id and the task in ``key``."""
        return self._grid(table, key, self.registry.tasks["task_id"])

    def indicators(self, table: pa.Table, key: str = "indicator_id") -> Grid:
        """(R × I) of a table with reporter_id and the indicator in ``key``."""
        return self._grid(table, key, self.registry.indicators["indicator_id"])

    def _grid(self, table: pa.Table, key: str, items: pd.Series) -> Grid:
        return Grid(
            table,
            numbers_of(table["reporter_id"], self.rows),
            numbers_of(table[key], items.tolist()),
            (len(self.rows), len(items)),
        )


def board(registry: Registry, parameters: dict[str, Any], places: list[str]) -> Board:
    """The board of the ranked ``places``; ``parameters``: weight_tasks, weight_indicators, aggregation of the programme."""
    parts = registry.sub_units[registry.sub_units["parent_id"].isin(places)]
    parents = set(parts["parent_id"])
    alone = [place for place in places if place not in parents]
    number_of = {place: number for number, place in enumerate(places)}
    members = Members(
        len(places),
        np.array([number_of[place] for place in (*alone, *parts["parent_id"])], np.int64),
        np.concatenate([np.ones(len(alone)), parts["weight"].to_numpy(float)]),
    )
    specials = {name: number for number, name in enumerate(registry.specials["special_id"])}

    def items(frame: pd.DataFrame) -> Items:
        return Items(
            frame["weight"].astype(float).to_numpy(), frame["special_id"].map(specials).astype(int).to_numpy()
        )

    scheme = Scheme(
        items(registry.tasks),
        items(registry.indicators),
        registry.specials["weight"].fillna(0).astype(float).to_numpy(),
        np.array([parameters["weight_tasks"], parameters["weight_indicators"]], float),
        members,
        parameters["aggregation"],
    )
    return Board(registry, places, alone + list(parts["reporter_id"]), scheme)
