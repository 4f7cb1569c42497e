"""Publishing: warehouse → ``published/current.duckdb`` (atomic swap) and ``parquet/`` per programme and period.

Belongs here: what analysts get as files. Does not belong here: pages (``site``), making an edition (``editions.freeze``).
"""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import dagster as dg
import duckdb

from orchestration import names
from orchestration.editions.intact import usable_editions
from orchestration.editions.store import Edition, latest
from orchestration.editions.tables import marts, parquet, quoted, write_file
from orchestration.editions.vintages import write_vintages
from orchestration.progress import step
from orchestration.resources import RunScope, pipeline_writer
from orchestration.settings import Settings
from orchestration.warehouse import STORAGE_VERSION, literal, reader
from raw.durable import being_made, swap_folder, sync_folder
from raw.transaction import transaction

# staging and intermediate are the pipeline's own rooms
PUBLISHED_SCHEMAS = ("marts", "quality", "ops", "control", "raw")
Item, Result = TypeVar("Item"), TypeVar("Result")
_NOT_PUBLISHED = {("raw", "load_state")}


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    # the largest first: nobody is left waiting for it at the end
    rows = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal "
        "ORDER BY estimated_size * column_count DESC, 1, 2"
    ).fetchall()
    return [row for row in rows if row[0] in PUBLISHED_SCHEMAS and row not in _NOT_PUBLISHED]


def write_snapshot(
    connection: duckdb.DuckDBPyConnection, target: Path, present: Sequence[Edition] = ()
) -> int:
    """Copy the public tables with their Chinese comments into a new file and swap it in; returns the number of tables.

    Readers that hold the old file keep it; the swap is one rename. ``present``: every edition. The rows of the one that
    stands are in marts, what the run computed of that quarter in draft, the rows of all in ``editions``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    building = being_made(target)
    building.unlink(missing_ok=True)
    connection.execute(
        f"ATTACH {literal(str(building))} AS snapshot (STORAGE_VERSION {literal(STORAGE_VERSION)})"
    )
    try:
        tables = _tables(connection)
        for schema in dict.fromkeys(schema for schema, _ in tables):
            connection.execute(f"CREATE SCHEMA snapshot.{schema}")
        _two_at_a_time(connection, _copy_table, tables)
        # a thousand small statements
        with transaction(connection):
            _copy_comments(connection, set(tables))
            if published := standing(connection, present):
                _restore_editions(connection, published)
            write_vintages(connection, "snapshot", present)
        connection.execute("CHECKPOINT snapshot")
    except BaseException:
        connection.execute("DETACH snapshot")
        building.unlink(missing_ok=True)
        raise
    connection.execute("DETACH snapshot")
    os.replace(building, target)
    sync_folder(target.parent)
    return len(tables)


def _two_at_a_time(
    connection: duckdb.DuckDBPyConnection,
    work: Callable[[duckdb.DuckDBPyConnection, Item], Result],
    items: Iterable[Item],
) -> list[Result]:
    """``work(cursor, item)`` for every item, in order; each has a cursor, so temporary tables, of its own. What fails is raised.

    DuckDB reads and sorts with all cores, but writes a table or a file with one.
    """

    def alone(item: Item) -> Result:
        with connection.cursor() as own:
            return work(own, item)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(alone, items))


def _copy_table(connection: duckdb.DuckDBPyConnection, table: tuple[str, str]) -> None:
    name = f"{table[0]}.{quoted(table[1])}"
    connection.execute(f"CREATE TABLE snapshot.{name} AS FROM {name}")


def standing(
    connection: duckdb.DuckDBPyConnection, present: Sequence[Edition]
) -> dict[tuple[str, str], Edition]:
    """(programme, period) → the edition that stood at the as-of of the quarter: a run ``--as-of`` earlier sees none."""
    if not present:
        return {}
    known = {
        (programme, period): as_of
        for programme, period, as_of in connection.execute(
            "SELECT programme_id, period, as_of FROM control.periods"
        ).fetchall()
    }
    return latest([e for e in present if (at := known.get((e.programme_id, e.period))) and e.data_cut <= at])


def _restore_editions(
    connection: duckdb.DuckDBPyConnection, published: dict[tuple[str, str], Edition]
) -> None:
    """Published quarters as published: a later run never changes them."""
    computed = set(connection.execute("SELECT programme_id, period FROM control.periods").fetchall())
    connection.execute("CREATE SCHEMA snapshot.draft")
    # the data cut of a published quarter is its edition's; what the draft knows goes further
    connection.execute("CREATE TABLE snapshot.draft.periods AS FROM control.periods")
    for (programme, period), edition in published.items():
        connection.execute(
            "UPDATE snapshot.control.periods SET as_of = ? WHERE programme_id = ? AND period = ?",
            [edition.data_cut, programme, period],
        )
    for table in marts(connection):
        name = quoted(table)
        connection.execute(f"CREATE TABLE snapshot.draft.{name} AS FROM marts.{name} LIMIT 0")
        columns = {row[0] for row in connection.execute(f"DESCRIBE marts.{name}").fetchall()}
        for key, edition in published.items():
            # a mart younger than the edition has no frozen rows: it stays as computed
            if key not in computed or not edition.table(table).is_file():
                continue
            where = "WHERE programme_id = ? AND period = ?"
            connection.execute(f"INSERT INTO snapshot.draft.{name} FROM marts.{name} {where}", key)
            connection.execute(f"DELETE FROM snapshot.marts.{name} {where}", key)
            frozen = parquet(edition.table(table))
            kept = ", ".join(
                quoted(row[0])
                for row in connection.execute(f"DESCRIBE FROM {frozen}").fetchall()
                if row[0] in columns
            )
            connection.execute(f"INSERT INTO snapshot.marts.{name} BY NAME SELECT {kept} FROM {frozen}")


def _copy_comments(connection: duckdb.DuckDBPyConnection, tables: set[tuple[str, str]]) -> None:
    here = "database_name = current_database() AND comment IS NOT NULL AND comment <> ''"
    for schema, table, comment in connection.execute(
        f"SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE {here}"
    ).fetchall():
        if (schema, table) in tables:
            connection.execute(f"COMMENT ON TABLE snapshot.{schema}.{quoted(table)} IS {literal(comment)}")
    for schema, table, column, comment in connection.execute(
        f"SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() WHERE {here}"
    ).fetchall():
        if (schema, table) in tables:
            connection.execute(
                f"COMMENT ON COLUMN snapshot.{schema}.{quoted(table)}.{quoted(column)} IS {literal(comment)}"
            )


def periods_in(connection: duckdb.DuckDBPyConnection, programme: str | None) -> list[tuple[str, str]]:
    """(programme, period) of the marts, of one programme or of all, in order."""
    return connection.execute(
        "SELECT programme_id, period FROM control.periods WHERE ? IS NULL OR programme_id = ? ORDER BY 1, 2",
        [programme, programme],
    ).fetchall()


def write_parquet(connection: duckdb.DuckDBPyConnection, programme: str, period: str, target: Path) -> int:
    """One parquet file per table that has the period, sorted, swapped in as a folder; returns the number of files."""
    building = being_made(target)
    shutil.rmtree(building, ignore_errors=True)
    count = export_tables(connection, programme, period, building)
    swap_folder(building, target)
    return count


def write_all_parquet(
    connection: duckdb.DuckDBPyConnection, settings: Settings, programme: str | None = None
) -> int:
    """``write_parquet`` of every quarter of one programme or of all; returns the number of files."""

    def write(own: duckdb.DuckDBPyConnection, quarter: tuple[str, str]) -> int:
        return write_parquet(own, *quarter, period_folder(settings, *quarter) / "parquet")

    return sum(_two_at_a_time(connection, write, periods_in(connection, programme)))


def export_tables(
    connection: duckdb.DuckDBPyConnection,
    programme: str,
    period: str,
    folder: Path,
    schemas: Sequence[str] = ("marts", "quality", "ops"),
) -> int:
    """The files of ``write_parquet`` for some schemas, into a folder; the same rows give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for schema, table, columns in connection.execute(
        "SELECT schema_name, table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = current_database() AND list_contains(?, schema_name) GROUP BY ALL ORDER BY 1, 2",
        [list(schemas)],
    ).fetchall():
        if "programme_id" not in columns or "period" not in columns:
            continue
        relation = f"(FROM {schema}.{quoted(table)} WHERE programme_id = {literal(programme)} AND period = {literal(period)})"
        write_file(
            connection, relation, folder / f"{table if schema == 'marts' else f'{schema}_{table}'}.parquet"
        )
        count += 1
    return count


def period_folder(settings: Settings, programme: str, period: str) -> Path:
    """published/<programme>/<period>."""
    return settings.published / programme / period


def page_memory(settings: Settings, programme: str, period: str) -> Path:
    """What the pages in ``period_folder(…)/site`` were made of; beside the outputs, an edition has none."""
    return settings.cache / "pages" / programme / f"{period}.json"


def build(settings: Settings, upstream: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The publishing assets; they wait for ``upstream`` (everything that is published)."""

    @dg.asset(
        key=names.PUBLISHED,
        deps=upstream,
        group_name=names.GROUP_PUBLISHED,
        description="供分析人员使用的数据库文件，原子替换，随时可读",
        pool=names.WRITER_POOL,
        kinds={"duckdb"},
    )
    def current_duckdb(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with step("发布分析库 current.duckdb") as progress, pipeline_writer(settings) as connection:
            tables = write_snapshot(connection, settings.current, usable_editions(settings))
            progress.result = f"{tables} 张表，{settings.current.stat().st_size / 1048576:.1f} MB"
        return dg.MaterializeResult(metadata={"tables": tables, "bytes": settings.current.stat().st_size})

    @dg.asset(
        key=names.PARQUET,
        deps=[names.PUBLISHED],
        group_name=names.GROUP_PUBLISHED,
        description="各方案各期次的 Parquet 文件",
    )
    def parquet(context: dg.AssetExecutionContext, scope: RunScope) -> dg.MaterializeResult:
        with step("导出 Parquet") as progress, reader(settings.current, settings.published) as connection:
            files = write_all_parquet(connection, settings, scope.programme or None)
            progress.result = f"{files} 个文件"
        return dg.MaterializeResult(metadata={"files": files})

    return [current_duckdb, parquet]
