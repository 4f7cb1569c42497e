"""Tables of the warehouse as Parquet files that another engine reads: one folder per table, one below it per programme and period.

Belongs here: how a table lies on disk. Does not belong here: which tables an engine needs, and what it does with them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

PARTITIONS = ("programme_id", "period")


def write_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str, folder: Path) -> None:
    """Write one table into ``folder`` anew, with folders ``programme_id=…/period=…`` (Hive's) where it has these columns.

    A table without rows is one file without rows: it still says its columns.
    """
    name = f'"{schema}"."{table}"'
    columns = [row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall()]
    partitions = [column for column in PARTITIONS if column in columns]
    # nothing but partitions is no row at all in Hive's layout
    filled = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] and partitions != columns
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if partitions and filled:
        connection.execute(
            f"COPY {name} TO '{_quoted(folder)}' (FORMAT parquet, PARTITION_BY ({', '.join(partitions)}))"
        )
    else:
        folder.mkdir()
        connection.execute(f"COPY {name} TO '{_quoted(folder / 'data_0.parquet')}' (FORMAT parquet)")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
