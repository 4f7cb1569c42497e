"""SQL of the site: parameterised, read-only, marts first. Here: the helpers all of it shares.

Belongs here: which rows a page needs (``site``: what several pages use; ``ranking``: ranks, lists, editions, goals, methods).
Does not belong here: wording, sorting for the eye, markup (``pages``).
Names the marts do not carry (programme, special, indicator, task number, last summary) come from ``raw.*``.

Every function takes an open connection and returns plain ``dict`` rows (dates as ``date``, moments as naive
Shanghai time, so that the session's time zone does not matter). Errors of DuckDB pass through: a missing contract
table is our broken invariant, not a county's mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

Row = dict[str, Any]


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any]) -> list[Row]:
    """The rows of a query as dicts, column name → value."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def columns_of(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> set[str]:
    """The columns of a table; empty where there is no such table."""
    found = connection.execute(
        "select column_name from information_schema.columns where table_schema = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    return {name for (name,) in found}


def has_columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: set[str]) -> bool:
    """Whether a table outside the contract (or written after the marts) is there with the columns a page uses."""
    return columns <= columns_of(connection, schema, table)


def optional(present: set[str], alias: str, names: Iterable[str]) -> str:
    """Select list of columns that an older file may lack: those come as null. ``names``: ours, never untrusted."""
    return ", ".join(f"{alias}.{name}" if name in present else f"null as {name}" for name in names)


def without_sums(connection: duckdb.DuckDBPyConnection) -> str:
    """Condition on marts.quarterly_progress for sums over reporters: the sum of sub-units is not counted beside them."""
    there = has_columns(connection, "marts", "quarterly_progress", {"is_sum"})
    return "not coalesce(is_sum, false)" if there else "true"
