"""Tables of schema ``quality`` that the expectations fill, and the one way to write them.

Belongs here: DDL and the replacing transaction. Does not belong here: what a row means (``suites``), flags (dbt).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import duckdb

from raw.schema import FINDING, QUARANTINE
from raw.transaction import transaction

EXPECTATION_RESULTS = {
    "suite": "VARCHAR",
    "expectation": "VARCHAR",
    "rule_id": "VARCHAR",
    "table_name": "VARCHAR",
    "column_name": "VARCHAR",
    "evaluated": "BIGINT",
    "unexpected": "BIGINT",
    "success": "BOOLEAN",
    "description": "VARCHAR",
}

TABLES = {
    "expectation_results": EXPECTATION_RESULTS,
    "raw_findings": FINDING,
    "raw_quarantine": QUARANTINE,
}


@dataclass(frozen=True)
class ExpectationResult:
    """One line of quality.expectation_results; ``evaluated`` counts the rows the expectation applied to."""

    suite: str
    expectation: str
    rule_id: str | None
    table_name: str
    column_name: str
    evaluated: int
    unexpected: int
    success: bool
    description: str


def create_statements() -> list[str]:
    """DDL that makes every missing table (idempotent)."""
    statements = ["CREATE SCHEMA IF NOT EXISTS quality"]
    for table, columns in TABLES.items():
        body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        statements.append(f"CREATE TABLE IF NOT EXISTS quality.{table} ({body})")
    return statements


def replace_all(
    connection: duckdb.DuckDBPyConnection,
    results: Sequence[ExpectationResult],
    findings: Sequence[tuple],
    quarantine: Sequence[tuple],
) -> None:
    """Replace the contents of the three tables in one transaction; nothing is changed when it fails."""
    contents = {
        "expectation_results": [astuple(result) for result in results],
        "raw_findings": findings,
        "raw_quarantine": quarantine,
    }
    with transaction(connection):
        for statement in create_statements():
            connection.execute(statement)
        for table, rows in contents.items():
            connection.execute(f"DELETE FROM quality.{table}")
            if rows:
                _insert(connection, table, rows)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple]) -> None:
    import pyarrow as pa

    types = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_()}
    columns = TABLES[table]
    arrays = [
        pa.array(c, types[kind]) for c, kind in zip(zip(*rows, strict=True), columns.values(), strict=True)
    ]
    connection.register("quality_rows", pa.table(arrays, names=list(columns)))
    try:
        connection.execute(f"INSERT INTO quality.{table} SELECT * FROM quality_rows")
    finally:
        connection.unregister("quality_rows")
