"""Looking back in the published file: ``editions.<mart>`` and the macros ``published_at`` and ``known_at``.

Two times: what was published when (``known_from``/``known_to``, the real-time period of ALFRED), and what had been received when.
Belongs here: the tables and macros analysts ask with. Does not belong here: which edition stands in ``marts`` (``publish``),
editions on disk (``store``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import duckdb

from orchestration.editions.store import Edition
from orchestration.editions.tables import marts, quoted
from orchestration.warehouse import literal

SCHEMA = "editions"
_COLUMNS = {
    "edition": ("VARCHAR", "版本编号：方案/期次/r<N>，见 control.editions"),
    "revision": ("INTEGER", "第几次修订：0 为首次发布"),
    "known_from": ("TIMESTAMPTZ", "发布时间：自此时起以本版为准"),
    "known_to": ("TIMESTAMPTZ", "下一版的发布时间：至此时为止以本版为准；空为现行版本"),
}
# query_table takes the name of a table as text, from DuckDB 1.1 on; names are looked up in the catalogue that is in use
_MACROS = {
    "published_at": (
        "mart, moment",
        "SELECT * FROM query_table('editions.' || mart) "
        "WHERE known_from <= CAST(moment AS TIMESTAMPTZ) "
        "AND (known_to IS NULL OR known_to > CAST(moment AS TIMESTAMPTZ))",
        "某时刻对外公布的结果：published_at('ranking', TIMESTAMPTZ '2021-08-01 00:00:00+08')，每个方案、期次取当时现行的版本",
    ),
    "known_at": (
        "name, moment",
        "SELECT d.* FROM query_table(name) d WHERE d.receipt_id IN "
        "(SELECT r.receipt_id FROM ops.receipts r WHERE r.received_at <= CAST(moment AS TIMESTAMPTZ))",
        "某时刻以前收到的内容：known_at('raw.progress', TIMESTAMPTZ '2021-08-01 00:00:00+08')，用于有 receipt_id 的表",
    ),
}


def write_vintages(connection: duckdb.DuckDBPyConnection, catalogue: str, present: Sequence[Edition]) -> None:
    """Create the schema ``editions`` and the macros in an attached database.

    One table per mart that editions freeze: its columns as they are now, the four of ``_COLUMNS``, then columns only older
    editions have. Rows of every edition; without editions the tables are there and empty.
    """
    connection.execute(f"CREATE SCHEMA {catalogue}.{SCHEMA}")
    now = marts(connection)
    stood = _stood(present)
    frozen_names = (name for edition in present for name in edition.manifest["tables"])
    for table in sorted({*now, *frozen_names}):
        parts = [f"(SELECT *, {_no_edition()} FROM marts.{quoted(table)} LIMIT 0)"] if table in now else []
        if frozen := [edition for edition in present if edition.table(table).is_file()]:
            parts.append(_frozen_rows(table, frozen, stood))
        if not parts:
            continue  # files of a mart that is no more are missing: verify says so
        target = f"{catalogue}.{SCHEMA}.{quoted(table)}"
        connection.execute(f"CREATE TABLE {target} AS {' UNION ALL BY NAME '.join(parts)}")
        _comment(connection, table, target)
    for name, (parameters, query, comment) in _MACROS.items():
        connection.execute(f"CREATE MACRO {catalogue}.main.{name}({parameters}) AS TABLE {query}")
        connection.execute(f"COMMENT ON MACRO TABLE {catalogue}.main.{name} IS {literal(comment)}")


def _stood(present: Sequence[Edition]) -> dict[str, tuple[str, str | None]]:
    """Edition → from when to when it stood."""
    since = {edition.edition_id: (edition.manifest["published_at"], None) for edition in present}
    ordered = sorted(present, key=lambda e: (e.programme_id, e.period, e.revision))
    for one, following in pairwise(ordered):
        if (one.programme_id, one.period) == (following.programme_id, following.period):
            since[one.edition_id] = (one.manifest["published_at"], following.manifest["published_at"])
    return since


def _no_edition() -> str:
    return ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, (kind, _) in _COLUMNS.items())


def _frozen_rows(table: str, frozen: list[Edition], stood: dict[str, tuple[str, str | None]]) -> str:
    """The rows of a mart in some editions as a relation; columns are joined by name."""
    files = {str(edition.table(table)): edition for edition in frozen}
    known = ", ".join(
        f"({', '.join('NULL' if value is None else literal(str(value)) for value in line)})"
        for line in (
            (path, edition.edition_id, edition.revision, *stood[edition.edition_id])
            for path, edition in files.items()
        )
    )
    added = ", ".join(f"CAST(e.{name} AS {kind}) AS {name}" for name, (kind, _) in _COLUMNS.items())
    return f"""(
        SELECT f.* EXCLUDE (edition_file), {added}
        FROM read_parquet([{", ".join(map(literal, files))}], union_by_name = true, hive_partitioning = false, filename = 'edition_file') AS f
        JOIN (VALUES {known}) AS e(edition_file, {", ".join(_COLUMNS)}) ON f.edition_file = e.edition_file
    )"""


def _comment(connection: duckdb.DuckDBPyConnection, table: str, target: str) -> None:
    """The comments of the mart of today, and those of the added columns."""
    here = "database_name = current_database() AND schema_name = 'marts' AND table_name = ?"
    about = connection.execute(f"SELECT comment FROM duckdb_tables() WHERE {here}", [table]).fetchone()
    comments = dict(
        connection.execute(
            f"SELECT column_name, comment FROM duckdb_columns() WHERE {here}", [table]
        ).fetchall()
    )
    text = f"{(about and about[0]) or table}；所有已发布版本"
    connection.execute(f"COMMENT ON TABLE {target} IS {literal(text)}")
    added = {name: comment for name, (_, comment) in _COLUMNS.items()}
    for (column,) in connection.execute(f"SELECT column_name FROM (DESCRIBE {target})").fetchall():
        text = added.get(column) or comments.get(column) or "仅见于较早的版本"
        connection.execute(f"COMMENT ON COLUMN {target}.{quoted(column)} IS {literal(text)}")
