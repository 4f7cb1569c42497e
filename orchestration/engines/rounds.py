"""Which engine makes which node of the dbt project, and in which order, from the manifest alone.

SQL models are Spark's. Python models and seeds stay DuckDB's, so the two take turns: a round is what Spark can compute with what
there is, then what DuckDB adds. Does not belong here: running any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Round:
    """Nodes by their unique id, sorted.

    ``inputs``: made by DuckDB in an earlier round, read by Spark in this one; ``spark``: computed by Spark; ``duckdb``: the same
    tables and views as they arrive in the warehouse, DuckDB's own models and seeds, and every data test that can run by now.
    """

    inputs: tuple[str, ...]
    spark: tuple[str, ...]
    duckdb: tuple[str, ...]


def is_sparks(node: Mapping[str, Any]) -> bool:
    """Spark computes it."""
    return node["resource_type"] == "model" and node["language"] == "sql"


def rounds(nodes: Mapping[str, Mapping[str, Any]]) -> list[Round]:
    """Every model, seed and data test of a manifest's ``nodes`` in one round each, in as few rounds as there can be."""
    made = {key for key, node in nodes.items() if node["resource_type"] in ("model", "seed")}
    tests = {key for key, node in nodes.items() if node["resource_type"] == "test"}

    def parents(key: str) -> list[str]:
        return [parent for parent in nodes[key]["depends_on"].get("nodes", ()) if parent in made]

    @cache
    def number(key: str) -> int:
        own = is_sparks(nodes[key])
        # what DuckDB makes in a round is there for Spark in the next one; Spark's is there for DuckDB at once
        return max(
            (number(parent) + (own and not is_sparks(nodes[parent])) for parent in parents(key)), default=0
        )

    last = max(map(number, made), default=-1)
    found = []
    for current in range(last + 1):
        spark = sorted(key for key in made if number(key) == current and is_sparks(nodes[key]))
        inputs = {parent for key in spark for parent in parents(key) if not is_sparks(nodes[parent])}
        arrives = {key for key in made if number(key) == current}
        runs = {key for key in tests if max(map(number, parents(key)), default=last) == current}
        found.append(Round(tuple(sorted(inputs)), tuple(spark), tuple(sorted(arrives | runs))))
    return found
