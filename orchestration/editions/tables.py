"""The tables of editions in a database: which they are, which edition stands, their hash.

A hash is of the rows, not of the file: two machines agree when every value agrees, whatever wrote the parquet.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from orchestration.warehouse import literal


def quoted(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The marts that have a programme and a period: what an edition freezes, by name."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT table_name FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = 'marts' "
            "AND column_name IN ('programme_id', 'period') GROUP BY 1 HAVING count(*) = 2 ORDER BY 1"
        ).fetchall()
    ]


def standing_edition(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> str | None:
    """The edition of the quarter that stands in this published file, r<N> the last; None while it is a draft."""
    (newest,) = connection.execute(
        """
        SELECT max_by(e.edition, e.revision) FROM control.editions e JOIN control.periods p USING (programme_id, period)
        WHERE programme_id = ? AND period = ? AND e.data_cut <= p.as_of
        """,
        [programme_id, period],
    ).fetchone()
    return newest


def rows_sha256(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, str]:
    """(rows, sha256) of a relation: its column names, then every row as text in one order. Floats as shortest round trip."""
    columns = [row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]
    names = ", ".join(f"CAST({quoted(column)} AS VARCHAR)" for column in columns)
    digest = hashlib.sha256("\x1f".join(columns).encode())
    cursor = connection.execute(f"SELECT {names} FROM {relation} ORDER BY ALL")
    count = 0
    while chunk := cursor.fetchmany(10_000):
        count += len(chunk)
        for row in chunk:
            digest.update(b"\x1e")
            digest.update("\x1f".join("\x00" if value is None else value for value in row).encode())
    return count, digest.hexdigest()


def parquet(path: Path) -> str:
    """A parquet file as a relation; a folder named a=b on the way to it is no column."""
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"


def write_file(connection: duckdb.DuckDBPyConnection, relation: str, path: Path) -> None:
    """A relation as a parquet file: the same rows give the same bytes, in every database and with any number of threads.

    The writer asks whether a column can be null, and the answer would depend on other quarters and programmes of the table
    the rows come from. A line of nulls that is never there makes it yes.
    """
    columns = [quoted(row[0]) for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]
    nothing = f"SELECT {', '.join(['NULL'] * len(columns))} FROM range(1) AS none(number) WHERE number > 1"
    rows = f"(FROM {relation} UNION ALL {nothing})"
    order = _order(connection, relation, columns)
    connection.execute(f"COPY (FROM {rows} ORDER BY {order}) TO {literal(str(path))} (FORMAT parquet)")


def _order(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> str:
    """What to sort by for the order of ORDER BY ALL: the first columns that tell all rows apart, where so few do.

    Sorting by twenty columns, most of them texts, takes twice as long as by the four that are the key.
    """
    for count in range(3, min(len(columns), 6)):
        first = ", ".join(columns[:count])
        (unique,) = connection.execute(
            f"SELECT (SELECT count(*) FROM (SELECT DISTINCT {first} FROM {relation})) = (SELECT count(*) FROM {relation})"
        ).fetchone()
        if unique:
            return first
    return "ALL"
