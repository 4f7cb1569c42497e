"""What an edition says otherwise than the one before it: inputs, values, tasks, scores, ranks, lists – old and new.

Belongs here: comparing two frozen sets of tables. Does not belong here: why (``explain``), pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from orchestration.editions.tables import parquet

# (table, its key, what is compared, what a reader calls it): in the order a reader wants
_COMPARED = (
    ("indicator_scores", ("reporter_id", "indicator_id"), ("state", "value"), "value"),
    ("indicator_scores", ("reporter_id", "indicator_id"), ("score", "attained"), "indicator_score"),
    ("task_status", ("reporter_id", "task_id"), ("status", "progress_pct", "completed_on", "light"), "task"),
    ("task_status", ("reporter_id", "task_id"), ("score",), "task_score"),
    ("special_scores", ("reporter_id", "special_id"), ("score", "rank"), "special"),
    ("ranking", ("reporter_id",), ("task_score", "indicator_score", "total_score"), "score"),
    ("ranking", ("reporter_id",), ("rank", "group_rank"), "rank"),
    ("ranking", ("reporter_id",), ("list",), "list"),
    ("reporting", ("reporter_id", "kind"), ("received", "on_time", "cells_filled"), "reporting"),
    ("rectification", ("reporter_id", "issue_id"), ("status", "closed_on"), "rectification"),
    ("satisfaction", ("reporter_id", "group"), ("rate",), "satisfaction"),
)
Change = dict[str, Any]


def inputs(before: dict, after: dict) -> list[Change]:
    """Files of submissions and registry that came, went or changed between two manifests."""
    found: list[Change] = []
    for part in ("submissions", "registry"):
        old = {entry["path"]: entry for entry in before[part]}
        new = {entry["path"]: entry for entry in after[part]}
        for path in sorted(old.keys() | new.keys()):
            was, now = old.get(path), new.get(path)
            if (was or {}).get("sha256") != (now or {}).get("sha256"):
                reporter = path.split("/")[3] if part == "submissions" and path.count("/") == 4 else None
                found.append(
                    {
                        "what": "input",
                        "reporter_id": reporter,
                        "entity_id": path,
                        "field": "sha256",
                        "old": was and was["sha256"],
                        "new": now and now["sha256"],
                    }
                )
    return found


def _key(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def tables(connection: duckdb.DuckDBPyConnection, before: Path, after: Path) -> list[Change]:
    """Cells of the marts that are not what they were; ``before`` and ``after`` are folders of parquet files."""
    found: list[Change] = []
    for table, keys, fields, what in _COMPARED:
        files = before / f"{table}.parquet", after / f"{table}.parquet"
        if not all(file.is_file() for file in files):
            continue
        old, new = (parquet(file) for file in files)
        entity = f'coalesce(b."{keys[1]}", a."{keys[1]}")' if len(keys) > 1 else "NULL"
        for field in fields:
            rows = connection.execute(
                f'SELECT coalesce(b.reporter_id, a.reporter_id), CAST({entity} AS VARCHAR), CAST(b."{field}" AS VARCHAR), '
                f'CAST(a."{field}" AS VARCHAR) FROM {old} b FULL JOIN {new} a USING ({_key(keys)}) '
                f'WHERE b."{field}" IS DISTINCT FROM a."{field}" ORDER BY ALL'
            ).fetchall()
            found += [
                {"what": what, "reporter_id": reporter, "entity_id": item, "field": field, "old": a, "new": b}
                for reporter, item, a, b in rows
            ]
    return found
