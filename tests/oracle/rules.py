"""Expected findings that follow from states, not from the shape of a file (rules.csv; decision 0004).

Belongs here: which (rule, programme, reporter, period, entity) must and may be found. Findings of reading are made by `reader`.
"""

from __future__ import annotations

import hashlib
import math
from datetime import date
from pathlib import Path

from .oracle import DATED, SHANGHAI, Calc
from .reader import Tree, num, squeeze

# Rules whose finding is one per entity; others (files, whole reporters) are compared without an entity.
ENTITY_RULES = {f"T{n:02d}" for n in (*range(1, 11), 12, 14)} | {f"V{n:02d}" for n in (4, 5, 6, 7, 10)}
ENTITY_RULES |= {"H01", "H03", "H11", "K02", "K03", "K04", "I09", "P05", "P06", "P07", "Z01", "Z02"}
PLAIN_RULES = {"D01", "D02", "D03", "D04", "P01", "F08", "S01", "R01"}
ROW_RULES = {"F03", "F04", "F05", "F06", "F12", "K01", "K05", "K06", "K07", "V01"}
FILE_RULES = {"F01", "F02", "F07", "F11", "F13", "F14", "F15"}

Key = tuple[str, str | None, str | None, str | None, str | None]


def findings(tree: Tree, calcs: dict[str, Calc], tables: dict, root: Path) -> tuple[set[Key], set[Key]]:
    """(must, may): keys are (rule, programme, reporter, period, entity)."""
    must: set[Key] = set()
    may: set[Key] = set()
    for pid, calc in calcs.items():
        if calc.periods:
            _registry(calc, pid, must, may)
            _tasks(calc, pid, tables, must, may)
            _indicators(calc, pid, tables, must, may)
            _rows_of_values(calc, pid, must, may)
            _reporters(calc, pid, tables, must, may)
            _files(calc, pid, root, must)
    return must, may


def _registry(calc: Calc, pid: str, must: set, may: set) -> None:
    p = calc.programme
    for task in p.tasks:
        tid = task["task_id"]

        def add(rule: str, where: set = must, tid: str = tid) -> None:
            where.add((rule, pid, None, None, tid))

        start = date.fromisoformat(task["start_date"]) if task["start_date"] else p.toml["start_date"]
        if task["kind"] in DATED and start > task["due"][0]:
            add("T01")
        if task["kind"] == "blank" or calc.units_of(tid, ["lead", "sole", "joint", "by_duty"]) is None:
            add("T02")
        if task["kind"] == "conditional_text":
            add("T12")
        if task["kind"] == "malformed":
            add("F04")
        roles = [
            (calc.canonical(r["unit_name"]), r["role"]) for r in p.responsibilities if r["task_id"] == tid
        ]
        named = {n for n, role in roles if role == "lead"}
        leads = set((calc.units_of(tid, ["lead", "sole", "joint", "by_duty"]) or "").split("、"))
        if leads & {n for n, role in roles if role == "cooperate"}:
            add("T03", must if leads == named else may)
        if len(named) > 1:
            add("T04")
        elif len(leads) > 1:
            add("T04", may)  # two "sole" units contradict the word
    given = [num(s["weight"]) for s in p.specials]
    if all(w is not None for w in given) and abs(math.fsum(given) - 1) > 1e-9:
        must.add(("P01", pid, None, None, None))
    if abs(calc.weights["tasks"] + calc.weights["indicators"] - 1) > 1e-9:
        must.add(("P01", pid, None, None, None))
    for ind in p.indicators:
        iid, higher = ind["indicator_id"], ind["polarity"] == "higher"
        base, front, worst = num(ind["baseline"]), num(ind["frontier"]), num(ind["worst"])
        targets = [float(t["target"]) for t in p.targets if t["indicator_id"] == iid]
        if base is not None and any((t < base) if higher else (t > base) for t in targets):
            must.add(("P05", pid, None, None, iid))
        if front is not None and any((front < t) if higher else (front > t) for t in targets):
            must.add(("P06", pid, None, None, iid))
        if front is not None and worst is not None and (front == worst or (front > worst) != higher):
            must.add(("P07", pid, None, None, iid))
    for line in p.applicability:
        if line["state"] == "not_applicable" and not line["reason"]:
            must.add(
                ("K04", pid, None, None, line["indicator_id"])
            )  # findings on the registry name no reporter


def _tasks(calc: Calc, pid: str, tables: dict, must: set, may: set) -> None:
    starts = {
        t["task_id"]: date.fromisoformat(t["start_date"])
        if t["start_date"]
        else calc.programme.toml["start_date"]
        for t in calc.programme.tasks
    }
    order = [p.name for p in calc.periods]
    for (prog, period, reporter, tid), row in tables["task_status"].items():
        if prog != pid:
            continue

        def add(rule: str, where: set = must, key: tuple = (pid, reporter, period, tid)) -> None:
            where.add((rule, *key))

        if row["light"] == "red":
            add("T07")
        if row["light"] == "blue":
            add("T08", must if row["progress_pct"] < 100 else may)
        if row["_mode"] == "dated" and row["light"] == "yellow":
            add("T09")
        if row["_mode"] == "ongoing" and row["light"] == "yellow":
            add("T14")
        if not row["reported"]:
            continue
        state = row["_state"]
        values = state.last.values
        own = values["progress_pct"]
        dateless = values.get("completed_on") is None
        if row["_done"] and own is not None and own < 100:
            add("T05")
        elif dateless and (row["_done"] or own == 100 or state.progress == 100):
            # a completed task has p = 1; an unreadable date is F04 already, an ongoing task may stay at 100
            plain = row["_mode"] == "dated" and values["status"] in ("in_progress", "not_started")
            add("T05", must if own == 100 and plain else may)
        done_on = values.get("completed_on")
        said_on = values.get("reported_on") or state.last_sub.received_at.astimezone(SHANGHAI).date()
        if done_on and (done_on > said_on or done_on < starts[tid]):
            add("T06", must if row["_done"] else may)
        if row["_done"] and not values.get("evidence"):
            add("T10")
        at = order.index(period)
        if at:
            old = tables["task_status"][(pid, order[at - 1], reporter, tid)]
            if row["progress_pct"] < old["progress_pct"]:
                add("H01", may if row["_cancelled"] else must)
            if old["_done"] and not row["_done"]:
                add("H11", may if row["_cancelled"] else must)
        if state.was_completed and not row["_done"]:
            add("H11", may)


def _indicators(calc: Calc, pid: str, tables: dict, must: set, may: set) -> None:
    inds = {i["indicator_id"]: i for i in calc.programme.indicators}
    clocks = {p.name: p for p in calc.periods}
    for (prog, period, reporter, iid), row in tables["indicator_scores"].items():
        if prog != pid:
            continue
        ind, clock = inds[iid], clocks[period]
        key = (pid, reporter, period, iid)
        higher = ind["polarity"] == "higher"
        if row["state"] == "not_submitted" and clock.as_of >= clock.cutoff:
            must.add(("K02", *key))
        if row["state"] == "not_applicable" and row["_sent"] is not None:
            must.add(("K03", *key))
        if row["state"] == "value" and any(
            a["indicator_id"] == iid and a["reporter_id"] == reporter for a in calc.programme.applicability
        ):
            may.add(("K03", *key))
        if row["state"] != "value":
            continue
        x = row["value"]
        source = next(
            r
            for s in reversed(calc.versions(clock, reporter, "indicators", False))
            for r in s.rows
            if r.key == iid and r.values["value"] is not None
        )
        base = row["baseline"]
        if base is not None and ((x < base) if higher else (x > base)):
            must.add(("I09", *key))
        old = row["previous_value"]
        if old not in (None, 0) and abs(x - old) / abs(old) > 0.3 + 1e-9:
            if not source.values["note"]:
                must.add(("H03", *key))
        elif old == 0 and x != 0:
            may.add(("H03", *key))


def _rows_of_values(calc: Calc, pid: str, must: set, may: set) -> None:
    """V04 to V10 look at every row sent, also at one that a later version replaces."""
    inds = {i["indicator_id"]: i for i in calc.programme.indicators}
    names = {p.name for p in calc.periods}
    for sub in calc.subs:
        if sub.kind != "indicators" or sub.period not in names:
            continue
        for where, rows in ((must, sub.rows), (may, sub.blocked)):
            for row in rows:
                ind, x = inds[row.key], row.values["value"]
                if x is None:
                    continue
                top, bottom = row.values["numerator"], row.values["denominator"]

                def add(
                    rule: str, where: set = where, key: tuple = (pid, sub.reporter_id, sub.period, row.key)
                ) -> None:
                    where.add((rule, *key))

                if ind["decimals"] != "":
                    places = int(ind["decimals"])
                    if abs(round(x, places) - x) > 1e-9:
                        add("V04" if places else "V05")
                        if not places:
                            add("V04", may)
                if bottom == 0:
                    add("V10")
                if None not in (top, bottom) and top > bottom:
                    add("V07", may if bottom == 0 else where)
                scale = num(ind["multiplier"]) or 1
                if (
                    top is not None
                    and bottom not in (None, 0)
                    and abs(x - top / bottom * scale) > 0.05 + 1e-9
                ):
                    add("V06")


def _reporters(calc: Calc, pid: str, tables: dict, must: set, may: set) -> None:
    clocks = {p.name: p for p in calc.periods}
    for (prog, period, reporter, kind), row in tables["reporting"].items():
        if prog != pid:
            continue
        where = must if row["owed"] else may
        if row["owed"] and row["received"] and not row["on_time"]:
            must.add(("D01", pid, reporter, period, None))
        if row["owed"] and not row["received"] and clocks[period].frozen:
            must.add(("D02", pid, reporter, period, None))
        if len(calc.versions(clocks[period], reporter, kind, False)) > 4:
            where.add(("D03", pid, reporter, period, None))
    for (prog, period, reporter), row in tables["ranking"].items():
        if prog != pid:
            continue
        if (
            row["_share"] is not None
            and row["_share"] < 0.9
            and clocks[period].as_of >= clocks[period].cutoff
        ):
            must.add(("D04", pid, reporter, period, None))
        n = sum(r["ranked"] for k, r in tables["ranking"].items() if k[:2] == (pid, period))
        change = row["rank_change"]
        if change and (abs(change) >= 5 or abs(change) >= 0.3 * n):
            must.add(("R01", pid, reporter, period, None))
    for (prog, period, reporter, issue), row in tables["rectification"].items():
        if prog != pid:
            continue
        if row["days_overdue"] is not None:
            must.add(("Z01", pid, reporter, period, issue))
        if row["status"] == "completed" and row["_reported"] and not (row["closed_on"] and row["measures"]):
            must.add(("Z02", pid, reporter, period, issue))
    for sub in calc.subs:
        if sub.kind != "satisfaction" or sub.period not in clocks:
            continue
        for where, rows in ((must, sub.rows), (may, sub.blocked)):
            for v in (row.values for row in rows):
                whole = v["sample"] and None not in (v["satisfied"], v["rate"])
                if whole and abs(v["rate"] - 100 * v["satisfied"] / v["sample"]) > 0.05 + 1e-6:
                    where.add(("S01", pid, sub.reporter_id, sub.period, None))


def _files(calc: Calc, pid: str, root: Path, must: set) -> None:
    first: dict[str, tuple] = {}
    for sub in sorted(calc.subs, key=lambda s: (s.received_at, s.path)):
        file = root / sub.path
        if not file.is_file() or sub.period not in {p.name for p in calc.periods}:
            continue
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest in first and first[digest][0] != sub.period:
            must.add(("F08", pid, sub.reporter_id, sub.period, None))
        first.setdefault(digest, (sub.period, squeeze(sub.path)))
