"""Comparing tables: used by the integration and pipeline tiers."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import duckdb

MARTS = (
    "task_status",
    "quarterly_progress",
    "indicator_scores",
    "special_scores",
    "ranking",
    "overdue_tasks",
    "reporting",
    "unit_load",
    "goals",
    "rank_robustness",
    "rectification",
    "satisfaction",
)
KEYS = {
    "task_status": ("programme_id", "period", "reporter_id", "task_id"),
    "overdue_tasks": ("programme_id", "period", "reporter_id", "task_id"),
    "indicator_scores": ("programme_id", "period", "reporter_id", "indicator_id"),
    "special_scores": ("programme_id", "period", "reporter_id", "special_id"),
    "quarterly_progress": ("programme_id", "period", "reporter_id", "special_id"),
    "ranking": ("programme_id", "period", "reporter_id"),
    "reporting": ("programme_id", "period", "reporter_id", "kind"),
    "goals": ("programme_id", "period", "goal_id", "reporter_id"),
}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _same(expected: str, got: object) -> bool:
    if expected == "*" or expected == _text(got):
        return True
    if isinstance(got, datetime):
        return datetime.fromisoformat(expected) == got
    try:
        return got is not None and abs(float(expected) - float(_text(got))) <= 1e-6
    except ValueError:
        return False


def differences_from_csv(connection: duckdb.DuckDBPyConnection, file: Path) -> tuple[int, list[str]]:
    """(cells compared, differences) between a mart and a csv of its right answers, rows missing or extra included."""
    table = file.stem
    with file.open(encoding="utf-8", newline="") as stream:
        expected = list(csv.DictReader(stream))
    columns = list(expected[0])
    special = {
        "receipt_path": "r.path AS receipt_path",
        "has_reason": "coalesce(m.reason, '') <> '' AS has_reason",
    }
    selected = ", ".join(special.get(column, f'm."{column}"') for column in columns)
    join = "LEFT JOIN ops.receipts r USING (receipt_id)" if "receipt_path" in columns else ""
    cursor = connection.execute(
        f"SELECT {selected} FROM marts.{table} m {join} WHERE m.programme_id = ?",
        [expected[0]["programme_id"]],
    )
    got = {}
    for row in cursor.fetchall():
        entry = dict(zip(columns, row, strict=True))
        got[tuple(_text(entry[key]) for key in KEYS[table])] = entry
    found, cells = [], 0
    for row in expected:
        key = tuple(row[name] for name in KEYS[table])
        entry = got.pop(key, None)
        if entry is None:
            found.append(f"{table} {key}: row missing")
            continue
        for column in columns:
            cells += 1
            if not _same(row[column], entry[column]):
                found.append(
                    f"{table} {key} {column}: expected {row[column]!r}, got {_text(entry[column])!r}"
                )
    found += [f"{table} {key}: row not expected" for key in got]
    return cells, found


def table_rows(
    connection: duckdb.DuckDBPyConnection, table: str, programmes: list[str], until: str = "9999Q4"
) -> list[tuple]:
    """All rows of a table for some programmes and no quarter later than ``until``, in one order."""
    return connection.execute(
        f"FROM {table} WHERE list_contains(?, programme_id) AND coalesce(period, '') <= ? ORDER BY ALL",
        [programmes, until],
    ).fetchall()
