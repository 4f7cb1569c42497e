"""The one place that opens DuckDB files: a writer for the pipeline, readers for what is published.

DuckDB takes one writing process, so connections live only inside short ``with`` blocks and none is open while dbt runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

# a published file must open in tools that are years behind (DBeaver, Harlequin): storage of DuckDB 1.2
STORAGE_VERSION = "v1.2.0"
_OFFLINE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


class WarehouseBusy(RuntimeError):
    """Another process is writing the warehouse."""


def _connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path), read_only=read_only, config=_OFFLINE)
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    return connection


@contextmanager
def writer(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read-write connection to the warehouse, closed whatever happens.

    Raises:
        WarehouseBusy: another process holds the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _connect(path, read_only=False)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WarehouseBusy(f"{path} 正被另一个进程写入；请等它结束后再运行") from error
        raise
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def reader(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read-only connection, closed whatever happens. Raises FileNotFoundError when nothing is there yet."""
    if not path.is_file():
        raise FileNotFoundError(path)
    connection = _connect(path, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def calculator() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection without a database, for looking into parquet files; closed whatever happens."""
    connection = duckdb.connect(config=_OFFLINE)
    try:
        yield connection
    finally:
        connection.close()


def literal(text: str) -> str:
    """A SQL string literal, for the places where DuckDB takes no parameter (ATTACH, COPY TO)."""
    return "'" + text.replace("'", "''") + "'"
