"""What belongs into a backup, and under which name.

In it: the raw tree, archived inputs, editions, the audit log, the inbox (refused files too), who may look at the pages, and
what earlier registries said, which only the warehouse knows. Not in it: whatever the next run makes again.
Does not belong here: the form of the file (``writing``, ``reading``).
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from orchestration.editions.store import MANIFEST, VERIFIED
from orchestration.settings import Settings
from orchestration.warehouse import reader, writer
from raw.files import shown_name
from raw.schema import HISTORY_TABLES, create_statements

RAW, HOME = "raw", "home"
HISTORY = f"{HOME}/registry_history.json"
_REFUSED = ".refused"  # the one hidden folder that holds what counties sent
_EDITION = re.compile(r"r\d+")
# folders and files of a home that a backup holds; a name below any other is not restored
_HOME_FOLDERS = frozenset({"archive", "audit", "inbox", "published"})
_HOME_FILES = frozenset({PurePosixPath(HISTORY).name})


class BackupFailed(RuntimeError):
    """The backup or restore could not be done; the message says what to do. Nothing half done is left behind."""


class BackupDamaged(BackupFailed):
    """The file is no backup, is cut off, or something in it is not what its manifest says; the message names it."""


@dataclass(frozen=True)
class Source:
    """A file and its name in the backup; ``settled``: it must neither go nor change while it is read."""

    name: str
    path: Path
    settled: bool = True


@dataclass
class Contents:
    """Everything to back up except the inbox and the history.

    ``changing``: files that a run, a receipt or a person replaces, to be read while all stand still; ``standing``: received
    files, archived inputs and editions, which appear whole and never change. ``left_out``: what is no file of the tree.
    """

    changing: list[Source] = field(default_factory=list)
    standing: list[Source] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def collect(settings: Settings) -> Contents:
    """List raw tree and home. The caller holds the run lock and the receipts lock.

    Raises OSError where a folder cannot be read: a backup without it would look whole.
    """
    contents = Contents()
    for path in _files(settings.raw_root, settings.raw_root, contents.left_out):
        name = f"{RAW}/{path.relative_to(settings.raw_root).as_posix()}"
        standing = name.startswith(f"{RAW}/submissions/")
        (contents.standing if standing else contents.changing).append(Source(name, path))
    for path in _files(settings.home / "audit", settings.home, contents.left_out):
        contents.changing.append(_of_home(settings, path))
    # an edition comes after the inputs it stands on: whatever is listed here finds its archive listed below
    for folder in sorted(settings.published.glob("*/*/editions/*")):
        if folder.name.endswith(f".{VERIFIED}") and not folder.name.startswith(".") and folder.is_file():
            contents.changing.append(_of_home(settings, folder))
        elif _EDITION.fullmatch(folder.name) and (folder / MANIFEST).is_file():
            files = _files(folder, folder, contents.left_out, hidden=True)
            contents.standing += [_of_home(settings, path) for path in files]
    for path in _files(settings.home / "archive", settings.home, contents.left_out):
        contents.standing.append(_of_home(settings, path))
    return contents


def inbox(settings: Settings, left_out: list[str]) -> list[Source]:
    """Files dropped and not received yet, and the refused ones with their reasons."""
    kept = [
        settings.inbox,
        settings.inbox / _REFUSED,
    ]  # in this order: a refused file moves from the first to the second
    return [
        Source(f"{HOME}/{path.relative_to(settings.home).as_posix()}", path, settled=False)
        for folder in kept
        for path in _files(folder, settings.home, left_out)
    ]


def _of_home(settings: Settings, path: Path) -> Source:
    return Source(f"{HOME}/{path.relative_to(settings.home).as_posix()}", path)


def _files(top: Path, root: Path, left_out: list[str], hidden: bool = False) -> Iterator[Path]:
    """Files below ``top`` in order, without hidden ones: those are locks, halves of files and other programs' notes.

    A link to a file within ``root`` counts as that file, as it does when it is loaded; any other link, a pipe or a device
    goes to ``left_out``.
    """

    def fail(error: OSError) -> None:
        raise error

    if not top.is_dir():
        return
    for folder, folders, names in os.walk(top, onerror=fail):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if hidden or not name.startswith("."))
        links = [name for name in folders if (here / name).is_symlink()]
        for name in sorted([*names, *links]):
            if name.startswith(".") and not hidden:
                continue
            path = here / name
            if _is_file_of(path, root):
                yield path
            elif str(path) not in left_out:
                left_out.append(str(path))


def _is_file_of(path: Path, root: Path) -> bool:
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode):
        return stat.S_ISREG(mode)
    target = path.resolve()
    return target.is_relative_to(root.resolve()) and target.is_file()


def place(name: str) -> tuple[str, PurePosixPath]:
    """(``raw`` or ``home``, path below it) of a name in a backup. Raises BackupDamaged for a name no backup has."""
    parts = name.split("/")
    usual = len(parts) > 1 and len(name) <= 4096 and "\0" not in name and not {"", ".", ".."} & set(parts)
    known = usual and (
        (parts[0] == RAW and not parts[1].startswith("."))
        or (parts[0] == HOME and parts[1] in (_HOME_FOLDERS if len(parts) > 2 else _HOME_FILES))
    )
    if not known:
        raise BackupDamaged(f"备份中有不该有的名称 {shown_name(name)}；不恢复，请换用另一份备份")
    return parts[0], PurePosixPath(*parts[1:])


# --- what only the warehouse knows ------------------------------------------------------------------------------------


def registry_history(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Rows of the history tables by table; nothing without a warehouse.

    Raises BackupFailed when another program holds the warehouse.
    """
    if not settings.warehouse.is_file():
        return {}
    try:
        with reader(settings.warehouse) as connection:
            return {table: _rows(connection, table) for table in HISTORY_TABLES}
    except duckdb.IOException as error:
        raise BackupFailed(f"{settings.warehouse} 正被另一个程序使用，请等它结束后再备份：{error}") from error


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    present = {
        name
        for (name,) in connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'raw' AND table_name = ?", [table]
        ).fetchall()
    }
    columns = [name for name in HISTORY_TABLES[table] if name in present]
    if not columns:
        return []
    selected = ", ".join(f'"{name}"' for name in columns)
    return [
        {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        for row in connection.execute(f"SELECT {selected} FROM raw.{table} ORDER BY ALL").fetchall()
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def history_text(history: dict[str, list[dict[str, Any]]]) -> bytes:
    """The history as it stands in a backup."""
    return (json.dumps(history, ensure_ascii=False, indent=1) + "\n").encode()


def put_history(warehouse: Path, body: bytes) -> None:
    """A new warehouse that knows the history and nothing else; the next run loads the rest.

    Raises BackupDamaged when the text is no history.
    """
    try:
        history = json.loads(body)
        with writer(warehouse) as connection:
            for statement in create_statements():
                connection.execute(statement)
            for table, columns in HISTORY_TABLES.items():
                lines = [[row.get(name) for name in columns] for row in history.get(table, [])]
                if lines:
                    places = ", ".join("?" * len(columns))
                    connection.executemany(f"INSERT INTO raw.{table} VALUES ({places})", lines)
    except (ValueError, AttributeError, TypeError, duckdb.Error) as error:
        raise BackupDamaged(f"备份中的 {HISTORY} 无法读取：{error}") from error


def changed_registries(settings: Settings, history: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Programmes whose registry is not the one the last run loaded.

    What vanished from it since is judged (H09) by rows that only the present warehouse has.
    """
    from raw.registry import programme_ids, read_programme

    loaded = {
        row["programme_id"]: row["content_hash"]
        for row in history.get("registry_versions", [])
        if row.get("is_current")
    }
    return [
        programme_id
        for programme_id in programme_ids(settings.raw_root)
        if programme_id in loaded
        and read_programme(settings.raw_root, programme_id).content_hash != loaded[programme_id]
    ]
