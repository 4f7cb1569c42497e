"""What a reviewer changed, as a table that can be applied again to the same document.

Belongs here: applying a review to the rows of ``output.tables``, and writing one from the difference to a finished
registry. Does not belong here: reading documents; deciding what is right.

A review is a CSV with columns ``table,key,column,value,why``. Keys are what the document says, not positions in it:

=================  ==================================================
specials, units    name
tasks              seq
responsibilities   seq|unit_name|role
indicators         line|name
targets            line|name|due_date  (name of its indicator)
goals              kind|special name|top_n or improvement_pct
=================  ==================================================

``column`` is a column to set (``value`` may name other columns of the row: ``zmd{seq:0>3}``), ``-`` to leave the row
out, ``+`` to add one (``value``: column=value pairs joined by ``;``). Key ``*`` means every row; ``*`` with ``-``
leaves out every row no other line names. A changed id changes in the tables that refer to it. A line whose key is
not there is an error: the document or the reading has changed, and the review has to be looked at again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("table", "key", "column", "value", "why")
REGISTRY_COLUMNS = {
    "specials": ("special_id", "name", "weight", "lead_unit"),
    "tasks": ("task_id", "seq", "special_id", "title", "deadline_text", "weight", "start_date", "source"),
    "responsibilities": ("task_id", "unit_name", "role"),
    "units": ("unit_id", "name", "aliases"),
    "indicators": (
        "indicator_id", "special_id", "name", "unit", "polarity", "decimals", "baseline", "frontier", "worst", "method",
        "exponent", "weight", "valid_min", "valid_max", "numerator", "denominator", "multiplier",
    ),
    "targets": ("indicator_id", "due_date", "target"),
    "goals": ("goal_id", "kind", "special_id", "indicator_id", "top_n", "improvement_pct", "due_date", "scope"),
}  # fmt: skip
_IDS = {"specials": "special_id", "tasks": "task_id", "indicators": "indicator_id"}
Tables = dict[str, list[dict[str, str]]]


class ReviewError(ValueError):
    """A line of the review does not fit the document; the message says which."""


@dataclass(frozen=True)
class Change:
    """One line of a review."""

    table: str
    key: str
    column: str
    value: str = ""
    why: str = ""


def read_review(path: Path) -> list[Change]:
    """Lines of a review file.

    Raises:
        ReviewError: a table or column that does not exist.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        changes = [Change(*(row.get(c) or "" for c in COLUMNS)) for row in csv.DictReader(stream)]
    for change in changes:
        known = REGISTRY_COLUMNS.get(change.table)
        if known is None or change.column not in (*known, "-", "+"):
            raise ReviewError(f"复核表里的“{change.table}.{change.column}”不存在")
    return changes


def write_review(path: Path, changes: Iterable[Change]) -> None:
    """Write a review file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((c.table, c.key, c.column, c.value, c.why) for c in changes)


def registry_rows(tables: Mapping[str, list[dict]]) -> Tables:
    """Only tables and columns of the registry, every value as text."""
    return {
        name: [{c: _text(row.get(c)) for c in columns} for row in tables.get(name, [])]
        for name, columns in REGISTRY_COLUMNS.items()
    }


def keys(tables: Mapping[str, list[dict]]) -> dict[str, list[str]]:
    """Key of every row (see the module text)."""
    seq = {row["task_id"]: _text(row["seq"]) for row in tables["tasks"]}
    special = {row["special_id"]: row["name"] for row in tables["specials"]}
    indicator = {
        row["indicator_id"]: f"{_text(row.get('line'))}|{row['name']}" for row in tables["indicators"]
    }
    found = {
        "specials": [row["name"] for row in tables["specials"]],
        "units": [row["name"] for row in tables["units"]],
        "tasks": [_text(row["seq"]) for row in tables["tasks"]],
        "responsibilities": [
            f"{seq[r['task_id']]}|{r['unit_name']}|{r['role']}" for r in tables["responsibilities"]
        ],
        "indicators": [indicator[row["indicator_id"]] for row in tables["indicators"]],
        "targets": [f"{indicator[r['indicator_id']]}|{_text(r['due_date'])}" for r in tables["targets"]],
        "goals": [
            f"{g['kind']}|{special.get(g['special_id'], '')}|{_text(g['top_n'] or g['improvement_pct'])}"
            for g in tables["goals"]
        ],
    }
    for names in found.values():
        seen: dict[str, int] = {}
        for at, name in enumerate(names):
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                names[at] = f"{name}#{seen[name]}"
    return found


def apply(tables: Mapping[str, list[dict]], changes: Iterable[Change]) -> Tables:
    """The registry after review.

    Raises:
        ReviewError: a key that is not there.
    """
    changes = list(changes)
    result: Tables = {}
    renamed: dict[str, dict[str, str]] = {}
    names = keys(tables)
    plain = registry_rows(tables)
    for table, rows in plain.items():
        own = [c for c in changes if c.table == table]
        by_key = dict(zip(names[table], rows, strict=True))
        before = [dict(row) for row in rows]
        dropped: set[int] = set()
        named: set[int] = set()
        for change in own:
            if change.column == "+":
                continue
            if change.key == "*":
                continue
            if change.key not in by_key:
                raise ReviewError(f"复核表指向的“{table} / {change.key}”在文件里没有读到，请重新核对")
            row = by_key[change.key]
            named.add(id(row))
            if change.column == "-":
                dropped.add(id(row))
        for change in own:
            if change.key == "*" and change.column == "-":
                dropped |= {id(row) for row in rows if id(row) not in named}
        for change in sorted(own, key=lambda c: c.key != "*"):
            if change.column in ("-", "+"):
                continue
            for row in rows if change.key == "*" else [by_key[change.key]]:
                row[change.column] = _filled(change.value, row)
        if table in _IDS:
            column = _IDS[table]
            renamed[column] = {old[column]: row[column] for old, row in zip(before, rows, strict=True)}
        result[table] = [row for row in rows if id(row) not in dropped]
        for change in own:
            if change.column == "+":
                result[table].append(_added(table, change.value))
    for table, rows in result.items():
        for row in rows:
            for column, mapping in renamed.items():
                if column in row and column != _IDS.get(table):
                    row[column] = mapping.get(row[column], row[column])
    # what belongs to a row left out goes with it
    for owner, column, table in (
        ("tasks", "task_id", "responsibilities"),
        ("indicators", "indicator_id", "targets"),
    ):
        kept = {row[column] for row in result[owner]}
        result[table] = [row for row in result[table] if row[column] in kept]
    return result


def _filled(value: str, row: dict[str, str]) -> str:
    """``value`` with {column} and {column:0>3} replaced from the row; any other brace stays as it is."""

    def shown(match: re.Match[str]) -> str:
        text = row.get(match[1], match[0])
        return text.rjust(int(match[2]), "0") if match[2] else text

    return re.sub(r"\{(\w+)(?::0>(\d{1,2}))?\}", shown, value)


def _added(table: str, text: str) -> dict[str, str]:
    row = dict.fromkeys(REGISTRY_COLUMNS[table], "")
    for pair in filter(None, text.split(";")):
        column, _, value = pair.partition("=")
        if column not in row:
            raise ReviewError(f"复核表新增行里的“{table}.{column}”不存在")
        row[column] = value
    return row


def _text(value: object) -> str:
    return "" if value is None else str(value)
