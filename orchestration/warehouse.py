"""The one place that opens DuckDB files: a writer for the pipeline, readers for what is published.

DuckDB takes one writing process, so connections live only inside short ``with`` blocks and none is open while dbt runs.
Every connection is sealed: county text flows through them, and no SQL may reach a file, an extension or a setting it has
no business with (decisions/0012). Whoever needs Parquet or a second database names the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

# a published file must open in tools that are years behind (DBeaver, Harlequin): storage of DuckDB 1.2
STORAGE_VERSION = "v1.2.0"
OFFLINE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


# a small machine carries the country: what does not fit is spilled beside the file; dbt has the same in profiles.yml
MEMORY = {"memory_limit": "2500MB"}


class WarehouseBusy(RuntimeError):
    """Another process has the warehouse open; the message says which."""


class AlreadySealed(RuntimeError):
    """This process has the file open already, with other folders; a fault of the program."""


def seal(connection: duckdb.DuckDBPyConnection, *folders: Path) -> None:
    """Shut a database in: SQL reaches files of ``folders`` and the database's own only, loads nothing, changes no setting.

    Holds for the whole database in this process, so a second connection to it must ask for no other folders.

    Raises:
        AlreadySealed: it does.
    """
    wanted = [f"{folder}/" for folder in folders]
    ((locked, allowed),) = connection.execute(
        "SELECT current_setting('lock_configuration'), current_setting('allowed_directories')"
    ).fetchall()
    if locked:
        if missing := sorted(set(wanted) - set(allowed)):
            raise AlreadySealed(f"open already in this process, without access to {', '.join(missing)}")
        return
    # in this order: DuckDB takes no folder once access is off, and no setting at all once they are locked
    connection.execute("SET GLOBAL TimeZone = 'Asia/Shanghai'")
    connection.execute("SET enable_progress_bar = false")  # it would write into our own progress lines
    connection.execute(f"SET allowed_directories = [{', '.join(map(literal, wanted))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _connect(
    path: Path | None, folders: tuple[Path, ...], read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    # in memory there is nothing to spill to: no folder .tmp in whatever directory the command was called from
    config = OFFLINE | (MEMORY if path else {"temp_directory": ""})
    connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=config)
    try:
        seal(connection, *folders)
    except BaseException:
        connection.close()
        raise
    return connection


def _owners_only(path: Path) -> None:
    """What the pipeline writes is nobody else's to open: a reader's lock would stop the next run."""
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


@contextmanager
def writer(path: Path, *folders: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read-write connection to the warehouse, closed whatever happens. ``folders``: see ``seal``.

    Raises:
        WarehouseBusy: another process holds the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _connect(path, folders)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            holder = re.search(r"PID (\d+)", str(error))
            who = f"进程 {holder.group(1)} " if holder else "另一个进程"
            raise WarehouseBusy(f"{path} 正被{who}占用；请等它结束，或关闭打开它的程序，再运行") from error
        raise
    try:
        _owners_only(path)
        yield connection
    finally:
        connection.close()


@contextmanager
def reader(path: Path, *folders: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read-only connection, closed whatever happens. ``folders``: see ``seal``.

    Raises FileNotFoundError when nothing is there yet.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    connection = _connect(path, folders, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def calculator(*folders: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection without a database, for looking into the parquet files of ``folders``; closed whatever happens."""
    connection = _connect(None, folders)
    try:
        yield connection
    finally:
        connection.close()


def literal(text: str) -> str:
    """A SQL string literal, for the places where DuckDB takes no parameter (ATTACH, COPY TO)."""
    return "'" + text.replace("'", "''") + "'"
