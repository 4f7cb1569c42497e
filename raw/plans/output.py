"""A ``Plan`` → the registry files a reviewer gets.

Belongs here: codes, columns and their order. Does not belong here: the review page (``review``), corrections
(``patch``). Codes are positions in the document (t001, s01, u001, k001, g01): the reviewer gives better ones.
Texts that could be taken for a formula by a spreadsheet are no danger in the columns the warehouse reads; the
reviewer's copy is neutralised by an apostrophe only in ``measure`` and ``text``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from raw.plans.build import leaders
from raw.plans.model import Plan

COLUMNS = {
    "specials": ("special_id", "name", "weight", "lead_unit", "line"),
    "tasks": (
        "task_id", "seq", "special_id", "title", "deadline_text", "weight", "start_date", "source",
        "deadline_kind", "due_dates", "ongoing", "section", "line", "recurrence", "deadline_line", "units_line",
        "units_text", "measure",
    ),
    "responsibilities": ("task_id", "unit_name", "role", "line"),
    "units": ("unit_id", "name", "aliases", "line", "collective"),
    "indicators": (
        "indicator_id", "special_id", "name", "unit", "polarity", "decimals", "baseline", "frontier", "worst", "method",
        "exponent", "weight", "valid_min", "valid_max", "numerator", "denominator", "multiplier", "line", "origin", "text",
    ),
    "targets": ("indicator_id", "due_date", "target", "line", "text"),
    "goals": (
        "goal_id", "kind", "special_id", "indicator_id", "top_n", "improvement_pct", "due_date", "scope", "line", "text",
    ),
    "issues": ("issue_id", "title", "legal_basis", "units", "measures", "line"),
    "findings": ("line", "kind", "text", "message"),
}  # fmt: skip


def tables(plan: Plan) -> dict[str, list[dict[str, object]]]:
    """Rows of every file by its name. ``issues`` only where the document has some."""
    special_ids = {s.name: f"s{n:02d}" for n, s in enumerate(plan.specials, start=1)}
    extra = [i.special for i in plan.indicators] + [g.special for g in plan.goals]
    for name in dict.fromkeys(extra):
        if name and name not in special_ids:
            special_ids[name] = f"s{len(special_ids) + 1:02d}"
    lead = leaders(plan)
    lines = {s.name: s.line for s in plan.specials}
    width = max(3, len(str(len(plan.tasks))))
    task_ids = {id(t): _task_id(t.seq, at, width) for at, t in enumerate(plan.tasks, start=1)}
    result: dict[str, list[dict[str, object]]] = {
        "specials": [
            {"special_id": code, "name": name, "lead_unit": lead.get(name, ""), "line": lines.get(name, "")}
            for name, code in special_ids.items()
        ],
        "tasks": [
            {
                "task_id": task_ids[id(t)],
                "seq": t.seq,
                "special_id": special_ids[t.special],
                "title": title,
                "deadline_text": t.deadline_text,
                "source": t.source,
                "deadline_kind": t.deadline.kind,
                "due_dates": ";".join(d.isoformat() for d in t.deadline.due_dates),
                "ongoing": "true" if t.deadline.ongoing else "false",
                "section": t.section,
                "line": t.line,
                "recurrence": t.deadline.recurrence or "",
                "deadline_line": t.deadline_line,
                "units_line": t.units_line,
                "units_text": t.units_text,
                "measure": _harmless(t.measure),
            }
            for t, title in zip(plan.tasks, _titles(plan), strict=True)
        ],
        "responsibilities": [
            {"task_id": task_ids[id(t)], "unit_name": s.unit, "role": s.role, "line": s.line or t.units_line}
            for t in plan.tasks
            for s in t.shares
        ],
        "units": [
            {
                "unit_id": f"u{n:03d}",
                "name": u.name,
                "aliases": ";".join(u.aliases),
                "line": u.line,
                "collective": "true" if u.collective else "",
            }
            for n, u in enumerate(plan.units, start=1)
        ],
        "indicators": [],
        "targets": [],
        "goals": [
            {
                "goal_id": f"g{n:02d}",
                "kind": g.kind,
                "special_id": special_ids.get(g.special, ""),
                "top_n": g.top_n if g.top_n is not None else "",
                "improvement_pct": _number(g.improvement_pct),
                "due_date": g.due or date(plan.year, 12, 31),
                "scope": "issuer",
                "line": g.line,
                "text": _harmless(g.text),
            }
            for n, g in enumerate(plan.goals, start=1)
        ],
    }
    for number, indicator in enumerate(plan.indicators, start=1):
        code = f"k{number:03d}"
        result["indicators"].append(
            {
                "indicator_id": code,
                "special_id": special_ids[indicator.special],
                "name": indicator.name,
                "unit": indicator.unit,
                "polarity": indicator.polarity,
                "decimals": _decimals(indicator),
                "baseline": _number(indicator.baseline),
                "frontier": _number(indicator.frontier),
                "method": "auto",
                "line": indicator.line,
                "origin": indicator.origin,
                "text": _harmless(indicator.text),
            }
        )
        # a target without a date holds for the plan's year; one that is dated then goes before it
        by_due: dict[date, object] = {}
        for target in sorted(indicator.targets, key=lambda t: t.due is None):
            by_due.setdefault(target.due or date(plan.year, 12, 31), target)
        result["targets"] += [
            {
                "indicator_id": code,
                "due_date": due,
                "target": _number(t.value),
                "line": t.line,
                "text": _harmless(t.text),
            }
            for due, t in sorted(by_due.items())
        ]
    if plan.issues:
        result["issues"] = [
            {
                "issue_id": i.issue_id,
                "title": i.title,
                "legal_basis": i.legal_basis,
                "units": "、".join(i.units),
                "measures": _harmless(i.measures),
                "line": i.line,
            }
            for i in plan.issues
        ]
    result["findings"] = [
        {"line": f.line, "kind": f.kind, "text": _harmless(f.text), "message": f.message}
        for f in plan.findings
    ]
    return result


def write(plan: Plan, out: Path) -> dict[str, int]:
    """Write the files into ``out`` (made if need be); number of rows by file."""
    out.mkdir(parents=True, exist_ok=True)
    rows = tables(plan)
    for name, entries in rows.items():
        write_table(out / f"{name}.csv", COLUMNS[name], entries)
    return {name: len(entries) for name, entries in rows.items()}


def write_table(path: Path, columns: Iterable[str], rows: Iterable[dict[str, object]]) -> None:
    """One UTF-8 file with \\n line ends; a missing value is blank."""
    names = list(columns)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _task_id(seq: str, at: int, width: int) -> str:
    return f"t{int(seq):0{width}d}" if seq.isdigit() else f"t{at:0{width}d}"


def _titles(plan: Plan) -> list[str]:
    """Titles; one that stands over several tasks is numbered, or nobody can tell them apart."""
    counts: dict[str, int] = {}
    for task in plan.tasks:
        counts[task.title] = counts.get(task.title, 0) + 1
    seen: dict[str, int] = {}
    result = []
    for task in plan.tasks:
        title = task.title
        if counts[title] > 1:
            seen[title] = seen.get(title, 0) + 1
            title = f"{title}（{seen[title]}）"
        result.append(title)
    return result


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _decimals(indicator) -> int:
    """Decimal places of the printed values, at least one for a time or a rate."""
    values = [indicator.baseline, indicator.frontier, *(t.value for t in indicator.targets)]
    shown = [_number(v).partition(".")[2] for v in values if v is not None]
    return max((len(s) for s in shown), default=0)


def _harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return "'" + text if re.match(r"[=+@\t\r]|-(?![\d—-])", text) else text
