"""The tables of schema ``raw``: names, columns and types, once.

Belongs here: the shape of what ``raw/`` writes. Does not belong here: how files become rows (readers, registry)
or how rows reach DuckDB (loader). ``docs/data-flow.md`` explains the tables in words.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

PLACE = {
    "receipt_id": "VARCHAR",
    "programme_id": "VARCHAR",
    "period": "VARCHAR",
    "reporter_id": "VARCHAR",
    "path": "VARCHAR",
    "sheet": "VARCHAR",
    "row_number": "BIGINT",
}

SUBMISSION_TABLES: dict[str, dict[str, str]] = {
    "progress": PLACE
    | {
        "task_key": "VARCHAR",
        "task_id": "VARCHAR",
        "title": "VARCHAR",
        "status_raw": "VARCHAR",
        "status": "VARCHAR",
        "progress_raw": "VARCHAR",
        "progress_pct": "DOUBLE",
        "completed_on_raw": "VARCHAR",
        "completed_on": "DATE",
        "summary": "VARCHAR",
        "problems": "VARCHAR",
        "evidence": "VARCHAR",
        "reported_on_raw": "VARCHAR",
        "reported_on": "DATE",
        "reported_by": "VARCHAR",
    },
    "indicator_values": PLACE
    | {
        "indicator_key": "VARCHAR",
        "indicator_id": "VARCHAR",
        "name": "VARCHAR",
        "value_raw": "VARCHAR",
        "value": "DOUBLE",
        "answer": "VARCHAR",
        "numerator_raw": "VARCHAR",
        "numerator": "DOUBLE",
        "denominator_raw": "VARCHAR",
        "denominator": "DOUBLE",
        "unit": "VARCHAR",
        "note": "VARCHAR",
        "source": "VARCHAR",
    },
    "rectification": PLACE
    | {
        "issue_id": "VARCHAR",
        "issue": "VARCHAR",
        "origin": "VARCHAR",
        "units": "VARCHAR",
        "measures": "VARCHAR",
        "due_raw": "VARCHAR",
        "due": "DATE",
        "status_raw": "VARCHAR",
        "status": "VARCHAR",
        "closed_on_raw": "VARCHAR",
        "closed_on": "DATE",
    },
    "satisfaction": PLACE
    | {
        "respondent_group": "VARCHAR",
        "sample_raw": "VARCHAR",
        "sample": "DOUBLE",
        "satisfied_raw": "VARCHAR",
        "satisfied": "DOUBLE",
        "rate_raw": "VARCHAR",
        "rate": "DOUBLE",
    },
}

FINDING = {
    "rule_id": "VARCHAR",
    "programme_id": "VARCHAR",
    "period": "VARCHAR",
    "reporter_id": "VARCHAR",
    "entity_type": "VARCHAR",
    "entity_id": "VARCHAR",
    "receipt_id": "VARCHAR",
    "path": "VARCHAR",
    "sheet": "VARCHAR",
    "row_number": "BIGINT",
    "column_name": "VARCHAR",
    "raw_value": "VARCHAR",
    "message": "VARCHAR",
}

QUARANTINE = {
    "receipt_id": "VARCHAR",
    "path": "VARCHAR",
    "sheet": "VARCHAR",
    "row_number": "BIGINT",
    "row_json": "VARCHAR",
    "rule_id": "VARCHAR",
    "message": "VARCHAR",
}

BOOKKEEPING_TABLES: dict[str, dict[str, str]] = {
    "receipts": {
        "receipt_id": "VARCHAR",
        "path": "VARCHAR",
        "sha256": "VARCHAR",
        "bytes": "BIGINT",
        "programme_id": "VARCHAR",
        "period": "VARCHAR",
        "reporter_id": "VARCHAR",
        "kind": "VARCHAR",
        "received_at": "TIMESTAMPTZ",
        "received_on": "DATE",
        "sender": "VARCHAR",
        "registered": "BOOLEAN",
        "format": "VARCHAR",
        "encoding": "VARCHAR",
        "rows_read": "BIGINT",
        "rows_quarantined": "BIGINT",
        "rejected": "BOOLEAN",
        "reason": "VARCHAR",
    },
    "columns": {
        "receipt_id": "VARCHAR",
        "sheet": "VARCHAR",
        "field": "VARCHAR",
        "column_name": "VARCHAR",
        "column_index": "INTEGER",
    },
    "quarantine": QUARANTINE,
    "findings": FINDING,
    # which state of codes and readers a receipt was read with; decides whether it is read again
    "load_state": {"receipt_id": "VARCHAR", "state": "VARCHAR"},
}

REGISTRY_TABLES: dict[str, dict[str, str]] = {
    "programmes": {
        "programme_id": "VARCHAR",
        "title": "VARCHAR",
        "issuer": "VARCHAR",
        "start_date": "DATE",
        "end_date": "DATE",
        "report_day": "INTEGER",
        "freeze_days": "INTEGER",
        "weight_tasks": "DOUBLE",
        "weight_indicators": "DOUBLE",
        "red": "INTEGER",
        "black": "INTEGER",
        "late_per_day": "DOUBLE",
        "late_floor": "DOUBLE",
        "overdue_cap": "DOUBLE",
        "yellow_points": "DOUBLE",
        "blue_days": "INTEGER",
        "coverage_min": "DOUBLE",
        "talk_after": "INTEGER",
        "aggregation": "VARCHAR",
        "sub_units": "VARCHAR",
        "black_exception": "VARCHAR",
        "ties": "VARCHAR",
        "no_lists": "VARCHAR",
        "path": "VARCHAR",
    },
    "reporters": {
        "programme_id": "VARCHAR",
        "reporter_id": "VARCHAR",
        "name": "VARCHAR",
        "kind": "VARCHAR",
        "parent_id": "VARCHAR",
        "group": "VARCHAR",
        "aliases": "VARCHAR",
        "weight": "DOUBLE",
        "seq": "INTEGER",
        "row_number": "BIGINT",
    },
    "units": {
        "programme_id": "VARCHAR",
        "unit_id": "VARCHAR",
        "name": "VARCHAR",
        "aliases": "VARCHAR",
        "row_number": "BIGINT",
    },
    "unit_names": {
        "programme_id": "VARCHAR",
        "known_name": "VARCHAR",
        "unit_id": "VARCHAR",
        "name": "VARCHAR",
    },
    "specials": {
        "programme_id": "VARCHAR",
        "special_id": "VARCHAR",
        "name": "VARCHAR",
        "weight": "DOUBLE",
        "lead_unit": "VARCHAR",
        "seq": "INTEGER",
        "row_number": "BIGINT",
    },
    "tasks": {
        "programme_id": "VARCHAR",
        "task_id": "VARCHAR",
        "seq": "VARCHAR",
        "special_id": "VARCHAR",
        "title": "VARCHAR",
        "deadline_text": "VARCHAR",
        "deadline_kind": "VARCHAR",
        "ongoing": "BOOLEAN",
        "recurrence": "VARCHAR",
        "weight": "DOUBLE",
        "start_date": "DATE",
        "source": "VARCHAR",
        "position": "INTEGER",
        "row_number": "BIGINT",
    },
    "task_milestones": {
        "programme_id": "VARCHAR",
        "task_id": "VARCHAR",
        "milestone_no": "INTEGER",
        "milestone_count": "INTEGER",
        "due_date": "DATE",
    },
    "responsibilities": {
        "programme_id": "VARCHAR",
        "task_id": "VARCHAR",
        "unit_name": "VARCHAR",
        "role": "VARCHAR",
        "row_number": "BIGINT",
    },
    "indicators": {
        "programme_id": "VARCHAR",
        "indicator_id": "VARCHAR",
        "special_id": "VARCHAR",
        "name": "VARCHAR",
        "unit": "VARCHAR",
        "polarity": "VARCHAR",
        "decimals": "INTEGER",
        "baseline": "DOUBLE",
        "frontier": "DOUBLE",
        "worst": "DOUBLE",
        "method": "VARCHAR",
        "exponent": "DOUBLE",
        "weight": "DOUBLE",
        "valid_min": "DOUBLE",
        "valid_max": "DOUBLE",
        "numerator": "VARCHAR",
        "denominator": "VARCHAR",
        "multiplier": "DOUBLE",
        "position": "INTEGER",
        "row_number": "BIGINT",
    },
    "targets": {
        "programme_id": "VARCHAR",
        "indicator_id": "VARCHAR",
        "due_date": "DATE",
        "target": "DOUBLE",
        "row_number": "BIGINT",
    },
    "goals": {
        "programme_id": "VARCHAR",
        "goal_id": "VARCHAR",
        "kind": "VARCHAR",
        "special_id": "VARCHAR",
        "indicator_id": "VARCHAR",
        "top_n": "DOUBLE",
        "improvement_pct": "DOUBLE",
        "due_date": "DATE",
        "scope": "VARCHAR",
        "row_number": "BIGINT",
    },
    "goal_results": {
        "programme_id": "VARCHAR",
        "goal_id": "VARCHAR",
        "period": "VARCHAR",
        "actual": "DOUBLE",
        "source": "VARCHAR",
        "row_number": "BIGINT",
    },
    "assignments": {
        "programme_id": "VARCHAR",
        "task_id": "VARCHAR",
        "indicator_id": "VARCHAR",
        "reporter_id": "VARCHAR",
        "row_number": "BIGINT",
    },
    "applicability": {
        "programme_id": "VARCHAR",
        "indicator_id": "VARCHAR",
        "reporter_id": "VARCHAR",
        "state": "VARCHAR",
        "reason": "VARCHAR",
        "row_number": "BIGINT",
    },
    "relations": {
        "programme_id": "VARCHAR",
        "relation_id": "VARCHAR",
        "indicator_id": "VARCHAR",
        "coefficient": "DOUBLE",
        "name": "VARCHAR",
        "row_number": "BIGINT",
    },
}

# lines of confirmations.csv, one per programme a line is about (programme_id null: about none)
CONFIRMATION_TABLES: dict[str, dict[str, str]] = {
    "confirmations": {
        "programme_id": "VARCHAR",
        "rule_id": "VARCHAR",
        "reporter_id": "VARCHAR",
        "entity_id": "VARCHAR",
        "period": "VARCHAR",
        "note": "VARCHAR",
        "confirmed_by": "VARCHAR",
        "row_number": "BIGINT",
        "problem": "VARCHAR",
    },
}

# what registries said earlier; the only raw tables a load adds to instead of replacing
HISTORY_TABLES: dict[str, dict[str, str]] = {
    "registry_versions": {
        "programme_id": "VARCHAR",
        "content_hash": "VARCHAR",
        "first_seen_at": "TIMESTAMPTZ",
        "seq": "INTEGER",
        "is_current": "BOOLEAN",
    },
    "registry_history": {
        "programme_id": "VARCHAR",
        "seq": "INTEGER",
        "item_type": "VARCHAR",
        "item_id": "VARCHAR",
        "part": "VARCHAR",
        "field": "VARCHAR",
        "value": "VARCHAR",
        "row_number": "BIGINT",
    },
}

TABLES = REGISTRY_TABLES | SUBMISSION_TABLES | BOOKKEEPING_TABLES | CONFIRMATION_TABLES | HISTORY_TABLES


@cache
def polars_schema(table: str) -> pl.Schema:
    """The columns of a raw table as polars types them."""
    import polars as pl

    types = {
        "VARCHAR": pl.String,
        "BIGINT": pl.Int64,
        "INTEGER": pl.Int32,
        "DOUBLE": pl.Float64,
        "BOOLEAN": pl.Boolean,
        "DATE": pl.Date,
        "TIMESTAMPTZ": pl.Datetime("us", "Asia/Shanghai"),
    }
    return pl.Schema({name: types[kind] for name, kind in TABLES[table].items()})


def create_statements() -> list[str]:
    """DDL that makes every missing table and column of schema ``raw`` (idempotent): a home may be older than the code."""
    statements = ["CREATE SCHEMA IF NOT EXISTS raw"]
    for table, columns in TABLES.items():
        body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        statements.append(f"CREATE TABLE IF NOT EXISTS raw.{table} ({body})")
        statements += [
            f'ALTER TABLE raw.{table} ADD COLUMN IF NOT EXISTS "{name}" {kind}'
            for name, kind in columns.items()
        ]
    return statements
