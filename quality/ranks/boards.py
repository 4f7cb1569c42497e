"""Tables of the models → arrays of the engine, one programme at a time.

Columns follow the sorted ids of the registry, so that stored draws (``marts.rank_draws``) mean the same to everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quality.ranks.engine import Floats, Items, Scheme

if TYPE_CHECKING:
    import pandas as pd


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


@dataclass(frozen=True)
class Board:
    """The ranked places (P) and the rows that report for them (R), with the scheme that joins them."""

    registry: Registry
    places: list[str]
    rows: list[str]
    scheme: Scheme

    def tasks(self, frame: pd.DataFrame, value: str) -> Floats:
        """(R × T) of a table with reporter_id and task_id; NaN where it says nothing."""
        return self._matrix(frame, "task_id", self.registry.tasks["task_id"], value)

    def indicators(self, frame: pd.DataFrame, value: str) -> Floats:
        """(R × I) of a table with reporter_id and indicator_id."""
        return self._matrix(frame, "indicator_id", self.registry.indicators["indicator_id"], value)

    def _matrix(self, frame: pd.DataFrame, key: str, columns: pd.Series, value: str) -> Floats:
        result = np.full((len(self.rows), len(columns)), np.nan)
        row = frame["reporter_id"].map({name: number for number, name in enumerate(self.rows)})
        column = frame[key].map({name: number for number, name in enumerate(columns)})
        known = (row.notna() & column.notna()).to_numpy()
        numbers = frame[value].astype(float).to_numpy()
        result[row[known].astype(int), column[known].astype(int)] = numbers[known]
        return result


def board(registry: Registry, parameters: dict[str, Any], places: list[str]) -> Board:
    """The board of the ranked ``places``; ``parameters``: weight_tasks, weight_indicators, aggregation of the programme."""
    parts = registry.sub_units[registry.sub_units["parent_id"].isin(places)]
    parents = set(parts["parent_id"])
    rows = [place for place in places if place not in parents] + list(parts["reporter_id"])
    at = {name: number for number, name in enumerate(rows)}
    members = np.zeros((len(places), len(rows)))
    for number, place in enumerate(places):
        if place not in parents:
            members[number, at[place]] = 1.0
    number_of = {place: number for number, place in enumerate(places)}
    for part in parts.to_dict("records"):
        members[number_of[part["parent_id"]], at[part["reporter_id"]]] = part["weight"]
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
    return Board(registry, places, rows, scheme)
