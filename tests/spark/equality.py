"""Do two warehouses say the same? Table by table as multisets of rows, numbers within a tolerance.

``python -m tests.spark.equality A.duckdb B.duckdb`` prints the report of docs/spark.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

TOLERANCE = 1e-9
SCHEMAS = ("marts", "quality", "ops")


@dataclass(frozen=True)
class Difference:
    """What comparing one table gave."""

    table: str
    rows: int
    other_rows: int
    cells: int
    unequal: dict[str, int]  # column → cells
    largest: float  # between two numbers

    @property
    def equal(self) -> bool:
        """Same rows, every cell the same, numbers within the tolerance."""
        return self.rows == self.other_rows and not self.unequal


def tables(connection: duckdb.DuckDBPyConnection, database: str, schemas=SCHEMAS) -> list[str]:
    """schema.table of every table of a database."""
    marks = ", ".join("?" for _ in schemas)
    return [
        f"{schema}.{table}"
        for schema, table in connection.execute(
            f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name IN ({marks})"
            " ORDER BY ALL",
            [database, *schemas],
        ).fetchall()
    ]


def compare(connection: duckdb.DuckDBPyConnection, table: str, one: str, other: str) -> Difference:
    """Rows in the order of what is no fraction, then of the fractions: equal multisets stand side by side."""
    described = connection.execute(f"DESCRIBE {one}").fetchall()
    kinds = {row[0]: row[1] for row in described}
    numbers = [name for name, kind in kinds.items() if kind in ("DOUBLE", "FLOAT")]
    order = ", ".join(f'"{name}"' for name in [*(n for n in kinds if n not in numbers), *numbers])
    cast = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in kinds.items())
    placed = "SELECT *, row_number() OVER (ORDER BY {order}) AS place FROM (SELECT {cast} FROM {relation})"
    count = {
        relation: connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
        for relation in (one, other)
    }
    tests, gaps = [], []
    for name in kinds:
        a, b = f'a."{name}"', f'b."{name}"'
        unequal = f"{a} IS DISTINCT FROM {b}"
        if name in numbers:
            unequal = f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN {unequal} ELSE abs({a} - {b}) > {TOLERANCE} * greatest(1, abs({a})) END"
            gaps.append(f"coalesce(max(abs({a} - {b})), 0)")
        tests.append(f"count(*) FILTER (WHERE {unequal})")
    found = connection.execute(
        f"SELECT {', '.join(tests)}, greatest(0, {', '.join(gaps) or '0'})"
        f" FROM ({placed.format(order=order, cast=cast, relation=one)}) AS a"
        f" JOIN ({placed.format(order=order, cast=cast, relation=other)}) AS b USING (place)"
    ).fetchone()
    unequal = {name: cells for name, cells in zip(kinds, found[:-1], strict=True) if cells}
    return Difference(table, count[one], count[other], count[one] * len(kinds), unequal, float(found[-1]))


def compare_files(first: Path, second: Path, schemas=SCHEMAS) -> list[Difference]:
    """Every table of two warehouses; one that only one of them has is compared with nothing."""
    with duckdb.connect() as connection:
        for name, path in (("one", first), ("other", second)):
            connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        names = {database: set(tables(connection, database, schemas)) for database in ("one", "other")}
        differences = [
            compare(connection, table, f"one.{table}", f"other.{table}")
            for table in sorted(names["one"] & names["other"])
        ]
        differences += [
            Difference(table, -1, -1, 0, {"only in one of them": 1}, 0.0)
            for table in sorted(names["one"] ^ names["other"])
        ]
        return differences


def report(differences: list[Difference]) -> str:
    """The table of docs/spark.md."""
    lines = [
        "| table | rows | cells compared | unequal | largest difference of numbers |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| `{d.table}` | {d.rows:,} | {d.cells:,} | {sum(d.unequal.values())} | {d.largest:.1e} |"
        for d in differences
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    found = compare_files(Path(sys.argv[1]), Path(sys.argv[2]))
    print(report(found))
    for difference in found:
        if not difference.equal:
            print("UNEQUAL", difference, file=sys.stderr)
    sys.exit(any(not difference.equal for difference in found))
