"""Editions a run may build on: every table is the one the manifest names, or its rows are found again elsewhere.

A damaged file must neither stop the other quarters nor move a published number. Belongs here: finding damage, the way round
it. Does not belong here: checking an edition in full (``verify``), repairing it (``taizhang restore``).
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.editions.store import TABLES, Edition, EditionDamaged, editions
from orchestration.editions.tables import parquet, quoted, rows_sha256, write_file
from orchestration.progress import logger
from orchestration.settings import Settings
from orchestration.warehouse import literal, reader
from raw.tree import file_sha256

_ADDED = ("edition", "revision", "known_from", "known_to")  # vintages.write_vintages


def usable_editions(settings: Settings) -> list[Edition]:
    """Every edition; one with a damaged table takes that table's rows from ``current.duckdb``, where their hash agrees.

    Raises:
        EditionDamaged: the rows are nowhere; the message names the file and the way out.
    """
    usable = [_usable(settings, edition) for edition in editions(settings)]
    if not any(edition.instead for edition in usable):
        shutil.rmtree(_recovered(settings), ignore_errors=True)
    return usable


def _recovered(settings: Settings) -> Path:
    return settings.published / ".recovered"


def damaged_tables(edition: Edition) -> list[str]:
    """The tables whose file is missing or not the one that was published."""
    found = []
    for table in edition.manifest["tables"]:
        name = f"{TABLES}/{table}.parquet"
        try:
            intact = file_sha256(edition.folder / name) == edition.manifest["outputs"][name]
        except OSError:
            intact = False
        if not intact:
            found.append(table)
    return found


def _usable(settings: Settings, edition: Edition) -> Edition:
    instead = {}
    for table in damaged_tables(edition):
        instead[table] = _found_again(settings, edition, table)
        logger.info(
            "   … 版本 %s 的 %s 已损坏；改用 current.duckdb 中同一版本的行（哈希一致，数值不变）。"
            "请用 taizhang restore 从备份恢复该文件",
            edition.edition_id,
            edition.table(table),
        )
    return replace(edition, instead=instead) if instead else edition


def _found_again(settings: Settings, edition: Edition, table: str) -> Path:
    """A file of the rows as they were published; beside the outputs, made anew by each run that needs it."""
    target = _recovered(settings) / edition.edition_id / f"{table}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with reader(settings.current, settings.published) as connection:
            write_file(connection, _rows(connection, edition, table), target)
            digest = rows_sha256(connection, parquet(target))[1]
    except (duckdb.Error, FileNotFoundError) as error:
        raise _lost(edition, table) from error
    if digest != edition.manifest["tables"][table]["sha256"]:
        raise _lost(edition, table)
    return target


def _lost(edition: Edition, table: str) -> EditionDamaged:
    return EditionDamaged(
        f"版本 {edition.edition_id} 的文件已损坏或缺失：{edition.table(table)}；已发布的数值不能改动，所以没有继续。"
        "请用 taizhang restore 从备份恢复这个文件，再重新运行"
    )


def _rows(connection: duckdb.DuckDBPyConnection, edition: Edition, table: str) -> str:
    """The rows of the edition in the published file, with the columns the mart has there."""
    columns = ", ".join(
        quoted(row[0])
        for row in connection.execute(f"DESCRIBE marts.{quoted(table)}").fetchall()
        if row[0] not in _ADDED
    )
    return f"(SELECT {columns} FROM editions.{quoted(table)} WHERE edition = {literal(edition.edition_id)})"
