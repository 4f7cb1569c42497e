"""What registries said at earlier runs: one version per content hash, in the landing transaction.

Belongs here: noting a registry that is not known yet, and how far a task was when it was taken out. Does not belong
here: judging the difference (rules H07–H09, dbt). The history lives in the warehouse only: a new home begins anew,
unless it is restored from a backup.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from raw.periods import SHANGHAI
from raw.registry import Programme
from raw.schema import HISTORY_TABLES
from raw.text import tidy

# item type, registry table, its key, what tells its lines apart, the fields that are remembered
_REMEMBERED = (
    ("task", "tasks", "task_id", None, ("title", "deadline_text", "source")),
    ("indicator", "indicators", "indicator_id", None, ("name", "baseline", "frontier", "worst")),
    ("target", "targets", "indicator_id", "due_date", ("target",)),
)
# field of a task that is gone: how many reporters that owed it had neither completed nor cancelled it
REMOVED = "open_reporters"


def record(
    connection: duckdb.DuckDBPyConnection,
    raw_root: Path,
    programmes: list[Programme],
    now: datetime | None = None,
) -> None:
    """Note the version of every computable programme; call inside the transaction, before raw.* changes.

    A content hash known already adds nothing: running twice changes nothing. ``now`` (with offset) is when a new
    version is first seen; without it, the newest change of a file in the registry's folder.
    """
    for programme in programmes:
        if programme.computable:
            seq = _version(connection, raw_root, programme, now)
            _note_removals(connection, programme, seq)


def _version(
    connection: duckdb.DuckDBPyConnection, raw_root: Path, programme: Programme, now: datetime | None
) -> int:
    """Number of the programme's present version, which is noted when it is new."""
    pid = programme.programme_id
    known = dict(
        connection.execute(
            "SELECT content_hash, seq FROM raw.registry_versions WHERE programme_id = ?", [pid]
        ).fetchall()
    )
    seq = known.get(programme.content_hash)
    if seq is None:
        seq = max(known.values(), default=0) + 1
        seen = now or _changed_at(raw_root / "registry" / pid)
        connection.execute(
            "INSERT INTO raw.registry_versions VALUES (?, ?, ?, ?, false)",
            [pid, programme.content_hash, seen, seq],
        )
        rows = [(pid, seq, *line) for line in _lines(programme)]
        kinds = {"VARCHAR": pl.String, "INTEGER": pl.Int32, "BIGINT": pl.Int64}
        schema = {name: kinds[kind] for name, kind in HISTORY_TABLES["registry_history"].items()}
        connection.register("registry_lines", pl.DataFrame(rows, schema=schema, orient="row").to_arrow())
        connection.execute("INSERT INTO raw.registry_history SELECT * FROM registry_lines")
        connection.unregister("registry_lines")
    connection.execute(
        "UPDATE raw.registry_versions SET is_current = (seq = ?) WHERE programme_id = ?", [seq, pid]
    )
    return seq


def _changed_at(folder: Path) -> datetime:
    return datetime.fromtimestamp(max(p.stat().st_mtime for p in folder.iterdir() if p.is_file()), SHANGHAI)


def _lines(programme: Programme) -> Iterator[tuple]:
    """(item_type, item_id, part, field, value, row_number) of everything remembered of a registry."""
    for item_type, table, key, part, fields in _REMEMBERED:
        for row in programme.tables[table]:
            for name in fields:
                yield (
                    item_type,
                    row[key],
                    _text(row[part]) if part else "",
                    name,
                    _text(row[name]),
                    row["row_number"],
                )


def _text(value: str | float | date | None) -> str | None:
    """A registry cell in the form in which versions are compared: NFKC without white space, numbers to 15 digits."""
    if value is None:
        return None
    if isinstance(value, float | int):
        return f"{value:.15g}"
    if isinstance(value, date):
        return value.isoformat()
    return "".join(tidy(value).split())


def _note_removals(connection: duckdb.DuckDBPyConnection, programme: Programme, seq: int) -> None:
    """How far the tasks were that stand in raw.tasks but no longer in the registry.

    A registry without any readable task is a broken file (F01, F02), not a removal.
    """
    pid = programme.programme_id
    present = {row["task_id"] for row in programme.tables["tasks"]}
    before = connection.execute("SELECT task_id FROM raw.tasks WHERE programme_id = ?", [pid]).fetchall()
    gone = sorted({task_id for (task_id,) in before} - present) if present else []
    for task_id in gone:
        (still_open,) = connection.execute(_OPEN_REPORTERS, {"programme": pid, "task": task_id}).fetchone()
        connection.execute(
            "DELETE FROM raw.registry_history WHERE programme_id = ? AND seq = ? AND item_id = ? AND field = ?",
            [pid, seq, task_id, REMOVED],
        )
        connection.execute(
            "INSERT INTO raw.registry_history VALUES (?, ?, 'task', ?, '', ?, ?, NULL)",
            [pid, seq, task_id, REMOVED, str(still_open)],
        )


_OPEN_REPORTERS = """
    WITH assigned AS (
        SELECT reporter_id FROM raw.assignments WHERE programme_id = $programme AND task_id = $task
    ), owing AS (
        SELECT reporter_id FROM raw.reporters
        WHERE programme_id = $programme
          AND (NOT EXISTS (FROM assigned) OR reporter_id IN (SELECT reporter_id FROM assigned))
    ), latest AS (
        SELECT p.reporter_id, arg_max(p.status, (p.period, r.received_at, p.path)) AS status
        FROM raw.progress p JOIN raw.receipts r ON r.receipt_id = p.receipt_id
        WHERE p.programme_id = $programme AND p.task_id = $task AND p.status IS NOT NULL
        GROUP BY p.reporter_id
    )
    SELECT count(*) FILTER (coalesce(l.status, '') NOT IN ('completed', 'cancelled'))
    FROM owing o LEFT JOIN latest l ON l.reporter_id = o.reporter_id
"""
