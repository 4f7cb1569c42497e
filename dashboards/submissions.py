"""What was sent about a task or an indicator: its submissions one after the other, and the cells they stand in.

Belongs here: pure functions from rows of ``queries.history`` to the history of a pair (reporter, task or indicator). Does not
belong here: SQL, pages, markup. A row that could not be loaded belongs to the history too, when its key, its number or its title
says what it is about.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]
Columns = Mapping[tuple[str, str], Mapping[str, tuple[str, int | None]]]

# Field → where its cell stands as written; a blank cell is not worth naming.
WRITTEN = {
    "status": "status_raw", "progress_pct": "progress_raw", "completed_on": "completed_on_raw", "summary": "summary",
    "value": "value_raw", "numerator": "numerator_raw", "denominator": "denominator_raw",
}  # fmt: skip
SHEETS = {"xlsx", "xls"}  # formats whose cells have a letter and a number
KINDS = {
    # kind of file: field of the key, of the title, fields whose cells are named
    "progress": ("task_id", "title", ("status", "progress_pct", "completed_on", "summary")),
    "indicators": ("indicator_id", "name", ("value", "numerator", "denominator")),
}


def letters(number: int) -> str:
    """The letters of a column from its number: 1 → A, 26 → Z, 27 → AA."""
    text = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def cells(row: Row, fields: Iterable[str], columns: Columns) -> str:
    """The cells of a row in words: ``D5 状态、E5 完成进度``; in files without cells only the headers: ``列 状态、完成进度``."""
    known = columns.get((row["receipt_id"], row["sheet"] or ""), {})
    found = [known[field] for field in fields if field in known]
    if not found:
        return ""
    if row["format"] in SHEETS and row["row_number"] is not None:
        named = [f"{letters(index)}{row['row_number']} {name}" for name, index in found if index]
        return "单元格 " + "、".join(named) if named else ""
    return "列 " + "、".join(name for name, _ in found)


def _about(row: Row, columns: Columns, numbers: Mapping[str, str], titles: Mapping[str, str]) -> str | None:
    """The task or indicator a quarantined row is about; None when it does not say."""
    try:
        said = json.loads(row["row_json"] or "")
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    key_field, title_field, _ = KINDS[row["kind"]]
    known = columns.get((row["receipt_id"], row["sheet"] or ""), {})
    key = str(said.get(known.get(key_field, (key_field,))[0]) or "").strip()
    title = str(said.get(known.get(title_field, (title_field,))[0]) or "").strip()
    return numbers.get(key) or titles.get(title)


def histories(
    kind: str,
    sent: Iterable[Row],
    kept_out: Iterable[Row],
    columns: Columns,
    numbers: Mapping[str, str],
    titles: Mapping[str, str],
) -> dict[str, dict[str, list[Row]]]:
    """task_id or indicator_id → reporter_id → its rows, oldest first; each with ``cells`` and ``quarantine``.

    numbers: key or seq → id; titles: exact title → id. A quarantined row that never reached raw.* has its ``raw_row`` (header →
    cell, as JSON) instead of fields; it is null in all others.
    """
    key_field, _, fields = KINDS[kind]
    table: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    loaded = set()
    for row in sent:
        filled = [field for field in fields if row[WRITTEN[field]] is not None]
        row |= {"cells": cells(row, filled, columns), "raw_row": None}
        loaded.add((row["receipt_id"], row["sheet"] or "", row["row_number"]))
        table[row[key_field]][row["reporter_id"]].append(row)
    for row in kept_out:
        if row["kind"] != kind or (row["receipt_id"], row["sheet"] or "", row["row_number"]) in loaded:
            continue
        item = _about(row, columns, numbers, titles)
        if item is None:
            continue
        line = row | {
            key_field: item,
            "quarantine_rule": row["rule_id"],
            "quarantine": row["message"] or "未入库",
            "raw_row": row["row_json"],
            "cells": cells(row, fields, columns),
        }
        mine = table[item][row["reporter_id"]]
        mine.append(line)
        mine.sort(
            key=lambda r: (
                r["period"],
                r["received_at"],
                r["path"] or "",
                r["sheet"] or "",
                r["row_number"] or 0,
            )
        )
    return {item: dict(rows) for item, rows in table.items()}
