"""Compares a built warehouse with the oracle, cell by cell.

Belongs here: queries on the outer contract (ops, marts, quality.flags) and the words of a difference. Nothing of how either
side came to its numbers. `compare_tree(connection, expectation)` returns one line per difference.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from .oracle import KEYS, Calc, expect
from .reader import SHANGHAI, Tree, read_tree, squeeze
from .rules import ENTITY_RULES, FILE_RULES, PLAIN_RULES, ROW_RULES, findings


@dataclass
class Expectation:
    """What one tree must give for one asked period and as-of."""

    root: Path
    tree: Tree
    tables: dict[str, dict]
    calcs: dict[str, Calc]
    asked: str


def expectation_of(root: Path, asked: str, as_of: datetime | None = None) -> Expectation:
    """The oracle's answer for a raw tree."""
    tree = read_tree(root)
    tables, calcs = expect(tree, asked, as_of or datetime(2099, 1, 1, tzinfo=SHANGHAI), as_of is not None)
    return Expectation(root, tree, tables, calcs, asked)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    cursor = connection.execute(sql)
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _equal(want: object, got: object) -> bool:
    if want is None or got is None or isinstance(want, (bool, str)):
        return want == got
    if isinstance(want, datetime):
        return want == (got if got.tzinfo else got.replace(tzinfo=SHANGHAI))
    if isinstance(want, date):
        return want == got
    return not isinstance(got, (bool, str)) and abs(want - float(got)) <= 2e-6


def compare_marts(connection: duckdb.DuckDBPyConnection, expectation: Expectation) -> list[str]:
    """Differences of every mart."""
    out: list[str] = []
    path_of = dict(connection.execute("select receipt_id, path from ops.receipts").fetchall())
    for table, keys in KEYS.items():
        want = dict(expectation.tables[table])
        seen: Counter = Counter()
        for row in _rows(connection, f"select * from marts.{table}"):
            key = tuple(row[k] for k in keys)
            if row["programme_id"] not in expectation.calcs:
                continue
            seen[key] += 1
            if seen[key] > 1:
                out.append(f"{table} {key}: twice in the warehouse")
                continue
            expected = want.pop(key, None)
            if expected is None:
                out.append(f"{table} {key}: not expected")
                continue
            if "receipt_path" in expected:
                row["receipt_path"] = path_of.get(row["receipt_id"])
            if "has_reason" in expected:
                row["has_reason"] = bool(row["reason"])
            for column, value in expected.items():
                if not column.startswith("_") and not _equal(value, row[column]):
                    out.append(f"{table} {key} {column}: oracle {value!r}, warehouse {row[column]!r}")
        out += [f"{table} {key}: missing in the warehouse" for key in want]
    return out


def compare_receipts(connection: duckdb.DuckDBPyConnection, expectation: Expectation) -> list[str]:
    """Differences of ops.receipts and ops.quarantine."""
    out: list[str] = []
    got = {r["path"]: r for r in _rows(connection, "select * from ops.receipts")}
    newest: dict[tuple, int] = {}
    for row in sorted(got.values(), key=lambda r: (r["received_at"], r["path"])):
        group = (row["programme_id"], row["period"], row["reporter_id"], row["kind"])
        if row["status"] != "rejected":
            if row["version"] <= newest.get(group, 0):
                out.append(f"receipts {row['path']} version: {row['version']} after {newest[group]}")
            newest[group] = row["version"]
    for sub in expectation.tree.submissions:
        row = got.pop(sub.path, None)
        if row is None:
            out.append(f"receipts {sub.path}: missing")
            continue
        calc = expectation.calcs.get(sub.programme_id or "")
        clock = next((p for p in calc.periods if p.name == sub.period), None) if calc else None
        want = {"status": sub.status, "received_at": sub.received_at, "kind": sub.kind}
        if sub.readable:
            want |= {
                "rows_read": len(sub.rows) + len(sub.quarantined),
                "rows_loaded": len(sub.rows),
                "rows_quarantined": len(sub.quarantined),
                "period": sub.period,
                "reporter_id": sub.reporter_id,
            }
            if clock:
                want["late"] = sub.received_at > clock.cutoff
        for column, value in want.items():
            if not _equal(value, row[column]):
                out.append(f"receipts {sub.path} {column}: oracle {value!r}, warehouse {row[column]!r}")
    out += [f"receipts {path}: not expected" for path in got if path.split("/")[1] in expectation.calcs]
    for row in _rows(connection, "select * from ops.quarantine"):
        if not row["message"] or not any(json.loads(row["row_json"]).values()):
            out.append(f"quarantine {row['path']} row {row['row_number']}: no message or no row")
    want_q = Counter((s.path, *q) for s in expectation.tree.submissions for q in s.quarantined)
    got_q = Counter(
        (r["path"], r["sheet"], r["row_number"], r["rule_id"])
        for r in _rows(connection, "select * from ops.quarantine")
        if r["path"].split("/")[1] in expectation.calcs
    )
    out += _counted("quarantine", want_q, got_q)
    return out


def _counted(what: str, want: Counter, got: Counter) -> list[str]:
    lines = [f"{what} {k}: oracle {n}, warehouse {got[k]}" for k, n in want.items() if got[k] < n]
    return lines + [f"{what} {k}: oracle {want[k]}, warehouse {n}" for k, n in got.items() if want[k] < n]


def compare_flags(connection: duckdb.DuckDBPyConnection, expectation: Expectation) -> list[str]:
    """Differences of quality.flags for the rules the oracle knows."""
    out: list[str] = []
    rows = [
        r for r in _rows(connection, "select * from quality.flags") if r["programme_id"] in expectation.calcs
    ]
    periods = {pid: {p.name for p in c.periods} for pid, c in expectation.calcs.items()}
    wanted = [f for f in expectation.tree.flags if f.period in periods.get(f.programme_id or "", ())]
    place = Counter((f.rule_id, f.path, f.sheet, f.row, f.column) for f in wanted if f.rule_id in ROW_RULES)
    found = Counter(
        (r["rule_id"], r["path"], r["sheet"], r["row_number"], r["column_name"])
        for r in rows
        if r["rule_id"] in ROW_RULES and r["path"] and r["path"].startswith("submissions/")
    )
    out += _counted("flag", place, found)
    named = {
        (f.rule_id, f.path, f.sheet, f.row, f.column): f.entity_id
        for f in wanted
        if f.rule_id in ROW_RULES and f.entity_id
    }
    for r in rows:
        entity = named.get((r["rule_id"], r["path"], r["sheet"], r["row_number"], r["column_name"]))
        if entity and r["entity_type"] in ("task", "indicator") and r["entity_id"] != entity:
            out.append(
                f"flag {r['rule_id']} {r['path']} row {r['row_number']}: entity {entity!r}, warehouse {r['entity_id']!r}"
            )
    files = {(f.rule_id, f.path) for f in wanted if f.rule_id in FILE_RULES}
    have = {(r["rule_id"], r["path"]) for r in rows if r["rule_id"] in FILE_RULES}
    out += [f"flag {k}: only in oracle" for k in sorted(files - have)]
    out += [f"flag {k}: only in warehouse" for k in sorted(have - files)]
    unknown = {
        (pid, squeeze(r["unit_name"]))
        for pid, calc in expectation.calcs.items()
        if calc.periods
        for r in calc.programme.responsibilities
        if squeeze(r["unit_name"]) not in calc.names
    }
    told = {(r["programme_id"], squeeze(r["raw_value"])) for r in rows if r["rule_id"] == "U01"}
    out += [
        f"flag U01 {k}: only in {'oracle' if k in unknown else 'warehouse'}" for k in sorted(unknown ^ told)
    ]
    must, may = findings(expectation.tree, expectation.calcs, expectation.tables, expectation.root)
    got = set()
    for r in rows:
        rule = r["rule_id"]
        if rule == "F04" and r["path"] and r["path"].startswith("submissions/"):
            continue
        if rule in ENTITY_RULES or rule == "F04":
            got.add((rule, r["programme_id"], r["reporter_id"], r["period"], r["entity_id"]))
        elif rule in PLAIN_RULES:
            got.add((rule, r["programme_id"], r["reporter_id"], r["period"], None))
    out += [f"flag {k}: only in oracle" for k in sorted(must - got, key=str)]
    out += [f"flag {k}: only in warehouse" for k in sorted(got - must - may, key=str)]
    return out


def compare_tree(connection: duckdb.DuckDBPyConnection, expectation: Expectation) -> list[str]:
    """Every difference between a warehouse and the oracle, one line each."""
    return [
        *compare_receipts(connection, expectation),
        *compare_marts(connection, expectation),
        *compare_flags(connection, expectation),
    ]
