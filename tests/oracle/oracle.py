"""Expected rows of the marts, from a tree read by `reader` (DESIGN sections 6 to 8).

Belongs here: periods, state of tasks and indicators, scores, ranks, lists, goals, reporting, units. Findings are in `rules`.
`expect(tree, period, as_of)` gives {table: {key tuple: {column: value}}}; numbers unrounded, dates as date, moments aware.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from .reader import SHANGHAI, Programme, Row, Submission, Tree, by_programme, num, owes, squeeze

DATED = {"date", "month", "before_month", "year_end", "multiple"}
DEFAULTS = {
    "late_per_day": 2,
    "late_floor": 60,
    "overdue_cap": 60,
    "yellow_points": -10,
    "blue_days": 10,
    "coverage_min": 0,
}
KEYS = {
    "task_status": ("programme_id", "period", "reporter_id", "task_id"),
    "quarterly_progress": ("programme_id", "period", "reporter_id", "special_id"),
    "indicator_scores": ("programme_id", "period", "reporter_id", "indicator_id"),
    "special_scores": ("programme_id", "period", "reporter_id", "special_id"),
    "ranking": ("programme_id", "period", "reporter_id"),
    "overdue_tasks": ("programme_id", "period", "reporter_id", "task_id"),
    "reporting": ("programme_id", "period", "reporter_id", "kind"),
    "unit_load": ("programme_id", "period", "unit_name", "role"),
    "goals": ("programme_id", "period", "goal_id", "reporter_id"),
    "rectification": ("programme_id", "period", "reporter_id", "issue_id"),
    "satisfaction": ("programme_id", "period", "reporter_id", "group"),
}


def period_of(day: date) -> str:
    """2021-08-05 -> 2021Q3."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def period_end(period: str) -> date:
    """Last day of a quarter."""
    year, month = int(period[:4]), 3 * int(period[5])
    return date(year, month, monthrange(year, month)[1])


def next_period(period: str) -> str:
    """The quarter after."""
    return period_of(period_end(period) + timedelta(days=1))


def midnight_after(day: date) -> datetime:
    """24:00 of a day in Shanghai."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def clamp(x: float) -> float:
    """Into 0..1."""
    return max(0.0, min(1.0, x))


def mean(pairs: list[tuple[float, float | None]]) -> float | None:
    """Weighted mean of (weight, value), values None left out."""
    kept = [(w, v) for w, v in pairs if v is not None]
    total = math.fsum(w for w, _ in kept)
    return math.fsum(w * v for w, v in kept) / total if total > 0 else None


def ranks(scores: dict[str, float | None], reverse: bool = True) -> dict[str, int]:
    """1224 of scores rounded to 6 decimals, best (or, not reverse, worst) first."""
    known = {k: round(v, 6) for k, v in scores.items() if v is not None}
    return {k: 1 + sum((o > v) if reverse else (o < v) for o in known.values()) for k, v in known.items()}


@dataclass
class Period:
    """Clock of one quarter of one programme."""

    name: str
    end: date
    cutoff: datetime
    freeze: datetime
    as_of: datetime

    @property
    def frozen(self) -> bool:
        """Whether the freeze has come at this as-of."""
        return self.as_of >= self.freeze


def periods_of(programme: Programme, asked: str, as_of: datetime, given: bool = False) -> list[Period]:
    """Every quarter from the programme's start to the one asked for, at most its last.

    A `given` as-of (`--as-of`) holds for the last of them as it stands, also after its freeze.
    """
    start, stop = programme.toml["start_date"], programme.toml["end_date"]
    name, last = period_of(start), min(period_of(stop), asked)
    out = []
    while name <= last:
        end = period_end(name)
        day = end.replace(day=min(programme.toml.get("report_day", 28), end.day))
        freeze = midnight_after(end + timedelta(days=programme.toml.get("freeze_days", 12)))
        known = as_of if given and name == last else min(freeze, as_of)
        out.append(Period(name, end, midnight_after(day), freeze, known))
        name = next_period(name)
    return out


@dataclass
class TaskState:
    """What is known of one task of one reporter at one period."""

    status: str | None = None
    progress: float | None = None
    last: Row | None = None
    last_sub: Submission | None = None
    was_completed: bool = False
    period_rows: list[Row] = field(default_factory=list)


@dataclass
class Calc:
    """One programme at work; tables are filled in place."""

    programme: Programme
    periods: list[Period]
    subs: list[Submission]
    tables: dict[str, dict]
    param: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        p = self.programme
        self.param = {**DEFAULTS, **p.toml.get("scoring", {})}
        lists = {"red": 3, "black": 3, **p.toml.get("lists", {})}
        self.red, self.black = lists["red"], lists["black"]
        self.weights = {"tasks": 0.5, "indicators": 0.5, **p.toml.get("weights", {})}
        self.special_weight = special_weights(p)
        self.task_weight = item_weights(p.tasks)
        self.indicator_weight = item_weights(p.indicators)
        self.reporters = [r["reporter_id"] for r in p.reporters]
        self.names = {}
        for unit in p.units:
            for name in [unit["name"], *unit.get("aliases", "").split(";")]:
                if name.strip():
                    self.names.setdefault(squeeze(name), unit)

    # -------------------------------------------------------------- state
    def versions(self, period: Period, reporter: str, kind: str, earlier: bool) -> list[Submission]:
        """Readable submissions that count, oldest first."""
        found = [
            s
            for s in self.subs
            if s.readable
            and s.reporter_id == reporter
            and s.kind == kind
            and s.received_at <= period.as_of
            and (s.period <= period.name if earlier else s.period == period.name)
        ]
        return sorted(found, key=lambda s: (s.period, s.received_at, s.path))

    def task_states(self, period: Period, reporter: str) -> dict[str, TaskState]:
        """State per task from every row of this or an earlier period."""
        states: dict[str, TaskState] = defaultdict(TaskState)
        for sub in self.versions(period, reporter, "progress", True):
            for row in sub.rows:
                state = states[row.key]
                state.last, state.last_sub = row, sub
                if row.values["status"] is not None:
                    state.status = row.values["status"]
                if row.values["progress_pct"] is not None:
                    state.progress = row.values["progress_pct"]
                state.was_completed |= state.status == "completed"
                if sub.period == period.name:
                    state.period_rows.append(row)
        return states

    def canonical(self, name: str) -> str:
        """Canonical name of a unit, its own where nobody knows it."""
        unit = self.names.get(squeeze(name))
        return unit["name"] if unit else name.strip()

    def units_of(self, task_id: str, roles: list[str]) -> str | None:
        """Canonical names of the first role that has any, joined in file order."""
        for role in roles:
            found = [
                self.canonical(r["unit_name"])
                for r in self.programme.responsibilities
                if r["task_id"] == task_id and r["role"] == role
            ]
            if found:
                return "、".join(dict.fromkeys(found))
        return None

    # -------------------------------------------------------------- tasks
    def task(self, task: dict, state: TaskState, period: Period) -> dict:
        """One row of task_status with a few working columns (prefixed _)."""
        start = (
            date.fromisoformat(task["start_date"])
            if task["start_date"]
            else self.programme.toml["start_date"]
        )
        kind, due_dates = task["kind"], task["due"]
        done = state.status == "completed"
        cancelled = state.status == "cancelled"
        progress = 100.0 if done else (state.progress or 0.0)
        reported = bool(state.period_rows)
        values = state.last.values if state.last else {}
        received_on = state.last_sub.received_at.astimezone(SHANGHAI).date() if state.last_sub else None
        completed_on = (
            (values.get("completed_on") or values.get("reported_on") or received_on) if done else None
        )
        said = any(r.values.get("summary") for r in state.period_rows)
        row = {
            "special_id": task["special_id"],
            "title": task["title"],
            "lead_unit": self.units_of(task["task_id"], ["lead", "sole", "joint", "by_duty"]),
            "deadline_kind": kind,
            "due_date": None,
            "status": state.status,
            "reported": reported,
            "progress_pct": progress,
            "expected_pct": None,
            "completed_on": completed_on,
            "days_overdue": None,
            "light": "none",
            "score": None,
            "last_reported_on": (values.get("reported_on") or received_on) if state.last else None,
            "receipt_path": state.last_sub.path if state.last_sub else None,
            "_last_summary": values.get("summary"),
            "_last_due": due_dates[-1] if kind in DATED else None,
            "_has_due": kind in DATED and any(d <= period.end for d in due_dates),
            "_cancelled": cancelled,
            "_done": done,
            "_mode": "none",
            "_lead_points": None,
        }
        overdue = False
        if kind in DATED:
            n = len(due_dates)
            unmet = [k for k in range(1, n + 1) if not done and progress * n < 100 * k]
            k = unmet[0] if unmet else n
            due = due_dates[k - 1]
            if start >= due:
                expected = k / n if due <= period.end else 0.0
            else:
                expected = k / n * clamp((period.end - start).days / (due - start).days)
            row["due_date"], row["expected_pct"] = due, 100 * expected
            overdue = bool(unmet) and due <= period.end
            row["_late"] = done and completed_on > due_dates[-1]
        if cancelled:
            return row
        if kind in ("ongoing", "recurring") or (kind in DATED and task["ongoing"] and done):
            row["_mode"] = "ongoing"
            row["score"] = 100.0 if said else 0.0
            row["light"] = "green" if said else "yellow"
        elif kind in DATED:
            row["_mode"] = "dated"
            if done:
                late = (completed_on - due_dates[-1]).days
                row["score"] = (
                    100.0
                    if late <= 0
                    else max(float(self.param["late_floor"]), 100 - self.param["late_per_day"] * late)
                )
                row["light"] = "green"
            elif overdue:
                row["score"] = min(float(self.param["overdue_cap"]), progress)
                row["light"], row["days_overdue"] = "red", (period.end - due).days
            else:
                row["score"] = 100 * min(1.0, progress / (100 * expected)) if expected > 0 else None
                lead = round(progress - 100 * expected, 9)
                row["_lead_points"] = lead
                ahead = (due - period.end).days
                if lead < self.param["yellow_points"]:
                    row["light"] = "yellow"
                elif 0 < ahead <= self.param["blue_days"]:
                    row["light"] = "blue"
                else:
                    row["light"] = "green"
        return row

    def progress_row(self, rows: list[tuple[str, dict]], score: float | None) -> dict:
        """One row of quarterly_progress from the task rows of a reporter."""
        live = [r for _, r in rows if not r["_cancelled"]]
        ended = [r for r in live if r["_last_due"] and r["_last_due"] <= r["_end"]]
        on_time = [r for r in ended if r["_done"] and not r.get("_late")]
        done = [r for r in live if r["_done"]]
        return {
            "tasks_total": len(live),
            "tasks_due": sum(r["_has_due"] for r in live),
            "tasks_completed": len(done),
            "tasks_completed_late": sum(bool(r.get("_late")) for r in done),
            "tasks_overdue": sum(r["light"] == "red" for r in live),
            "tasks_behind": sum(r["light"] == "yellow" for r in live),
            "tasks_due_soon": sum(r["light"] == "blue" for r in live),
            "tasks_reported": sum(r["reported"] for r in live),
            "completion_rate": len(done) / len(live) if live else None,
            "on_time_rate": len(on_time) / len(ended) if ended else None,
            "task_score": score,
        }

    # -------------------------------------------------------------- indicators
    def value_row(self, period_name: str, period: Period, reporter: str, indicator_id: str) -> float | None:
        """The last known value sent for a period, as known at `period.as_of`."""
        clock = Period(period_name, period.end, period.cutoff, period.freeze, period.as_of)
        value = None
        for sub in self.versions(clock, reporter, "indicators", False):
            for row in sub.rows:
                if row.key == indicator_id and row.values["value"] is not None:
                    value = row.values["value"]
        return value

    def indicator(self, ind: dict, reporter: str, period: Period, before: Period | None) -> dict:
        """One row of indicator_scores."""
        iid = ind["indicator_id"]
        states = {
            a["state"]
            for a in self.programme.applicability
            if a["indicator_id"] == iid and a["reporter_id"] == reporter
        }
        x = self.value_row(period.name, period, reporter, iid)
        sent = x
        if "not_applicable" in states:
            state, x = "not_applicable", None
        elif x is not None:
            state = "value"
        elif "no_practice" in states:
            state = "no_practice"
        else:
            state = "not_submitted"
        base, front, worst = num(ind["baseline"]), num(ind["frontier"]), num(ind["worst"])
        higher = ind["polarity"] == "higher"
        targets = sorted(
            (date.fromisoformat(t["due_date"]), float(t["target"]))
            for t in self.programme.targets
            if t["indicator_id"] == iid
        )
        pick = next((t for t in targets if t[0] >= period.end), targets[-1] if targets else None)
        due, target = pick if pick else (None, None)
        method = ind["method"] or "auto"
        if method == "auto":
            method = "dtf" if front is not None and worst is not None else "attainment"
        broken = method == "dtf" and (
            front is None or worst is None or front == worst or (front > worst) != higher
        )
        if broken or (method == "attainment" and target is None):
            method = None
        score: float | None = None
        if method and state == "value":
            if method == "dtf":
                exponent = num(ind["exponent"])
                score = 100 * clamp((worst - x) / (worst - front)) ** (1 if exponent is None else exponent)
            else:
                score = attainment(x, base, target, higher)
        elif method and (state == "no_practice" or (state == "not_submitted" and period.frozen)):
            score = 0.0
        reached = target is not None and x is not None and (x >= target if higher else x <= target)
        improvement = None
        if x is not None and base not in (None, 0):
            improvement = 100 * (x - base) / abs(base) * (1 if higher else -1)
        return {
            "special_id": ind["special_id"],
            "state": state,
            "value": x,
            "previous_value": self.value_row(before.name, period, reporter, iid)
            if before and state != "not_applicable"
            else None,
            "baseline": base,
            "target": target,
            "target_due": due,
            "frontier": front,
            "worst": worst,
            "method": method,
            "score": score,
            "attained": None if state == "not_applicable" or target is None else reached,
            "improvement_pct": improvement,
            "_sent": sent,
        }

    # -------------------------------------------------------------- a whole period
    def run(self) -> None:
        """Fills the tables, period after period."""
        before: Period | None = None
        previous: dict[str, int | None] = {}
        for period in self.periods:
            previous = self.period(period, before, previous)
            before = period

    def put(self, table: str, period: Period, *key: str | None, **row: object) -> None:
        """One expected row."""
        self.tables[table][(self.programme.id, period.name, *key)] = row

    def period(self, period: Period, before: Period | None, previous: dict) -> dict:
        p = self.programme
        task_rows: dict[str, list[tuple[str, dict]]] = {}
        ind_rows: dict[str, list[tuple[str, dict]]] = {}
        for reporter in self.reporters:
            states = self.task_states(period, reporter)
            task_rows[reporter], ind_rows[reporter] = [], []
            for task in p.tasks:
                if owes(p, "progress", task["task_id"], reporter):
                    row = self.task(task, states[task["task_id"]], period)
                    row["_end"], row["_state"] = period.end, states[task["task_id"]]
                    task_rows[reporter].append((task["task_id"], row))
                    self.put("task_status", period, reporter, task["task_id"], **row)
                    if row["light"] == "red":
                        self.put(
                            "overdue_tasks",
                            period,
                            reporter,
                            task["task_id"],
                            title=row["title"],
                            special_id=row["special_id"],
                            lead_unit=row["lead_unit"],
                            cooperating_units=self.units_of(task["task_id"], ["cooperate"]),
                            due_date=row["due_date"],
                            days_overdue=row["days_overdue"],
                            progress_pct=row["progress_pct"],
                            last_summary=row["_last_summary"],
                        )
            for ind in p.indicators:
                if owes(p, "indicators", ind["indicator_id"], reporter):
                    row = self.indicator(ind, reporter, period, before)
                    ind_rows[reporter].append((ind["indicator_id"], row))
                    self.put("indicator_scores", period, reporter, ind["indicator_id"], **row)
        specials = self.specials(period, task_rows, ind_rows)
        current = self.ranking(period, specials, ind_rows, previous)
        self.goals(period, specials, ind_rows, current)
        self.reporting(period, task_rows, ind_rows)
        self.unit_load(period, task_rows)
        self.other_kinds(period)
        return current

    def specials(self, period: Period, task_rows: dict, ind_rows: dict) -> dict:
        """Special scores and quarterly progress; {special: {reporter: (task, indicator, score)}}."""
        out: dict[str, dict] = {}
        for special in self.programme.specials:
            sid = special["special_id"]
            out[sid] = {}
            for reporter in self.reporters:
                mine = [(t, r) for t, r in task_rows[reporter] if r["special_id"] == sid]
                inds = [(i, r) for i, r in ind_rows[reporter] if r["special_id"] == sid]
                t = mean([(self.task_weight[k], r["score"]) for k, r in mine])
                i = mean([(self.indicator_weight[k], r["score"]) for k, r in inds])
                score = mean([(self.weights["tasks"], t), (self.weights["indicators"], i)])
                out[sid][reporter] = (t, i, score)
                self.put("quarterly_progress", period, reporter, sid, **self.progress_row(mine, t))
            order = ranks({r: v[2] for r, v in out[sid].items()})
            for reporter, (t, i, score) in out[sid].items():
                self.put(
                    "special_scores",
                    period,
                    reporter,
                    sid,
                    task_score=t,
                    indicator_score=i,
                    score=score,
                    rank=order.get(reporter),
                )
        for reporter in self.reporters:
            total = mean([(self.special_weight[s], out[s][reporter][0]) for s in out])
            self.put(
                "quarterly_progress", period, reporter, "ALL", **self.progress_row(task_rows[reporter], total)
            )
        return out

    def ranking(self, period: Period, specials: dict, ind_rows: dict, previous: dict) -> dict:
        rows = {}
        for r in self.programme.reporters:
            rid = r["reporter_id"]
            t = mean([(self.special_weight[s], v[rid][0]) for s, v in specials.items()])
            i = mean([(self.special_weight[s], v[rid][1]) for s, v in specials.items()])
            total = mean([(self.weights["tasks"], t), (self.weights["indicators"], i)])
            applicable = [x for _, x in ind_rows[rid] if x["state"] != "not_applicable"]
            known = sum(x["state"] in ("value", "no_practice") for x in applicable)
            share = known / len(applicable) if applicable else None
            ranked = total is not None
            if self.param["coverage_min"] > 0 and share is not None and share < self.param["coverage_min"]:
                ranked = False
            with_target = [x for x in applicable if x["target"] is not None]
            rows[rid] = {
                "reporter_name": r["name"],
                "group": r.get("group") or None,
                "task_score": t,
                "indicator_score": i,
                "total_score": total,
                "ranked": ranked,
                "_share": share,
                "_exempt": bool(with_target) and all(x["attained"] for x in with_target),
            }
        order = ranks({k: v["total_score"] for k, v in rows.items() if v["ranked"]})
        back = ranks({k: v["total_score"] for k, v in rows.items() if v["ranked"]}, reverse=False)
        for rid, row in rows.items():
            peers = {
                k: v["total_score"]
                for k, v in rows.items()
                if v["ranked"] and (v["group"] or "") == (row["group"] or "")
            }
            row["rank"] = order.get(rid)
            row["group_rank"] = ranks(peers).get(rid)
            row["previous_rank"] = previous.get(rid)
            row["rank_change"] = (
                row["previous_rank"] - row["rank"]
                if row["rank"] is not None and row["previous_rank"] is not None
                else None
            )
            row["list"] = None
            if len(order) >= self.red + self.black + 1 and row["ranked"]:
                if order[rid] <= self.red:
                    row["list"] = "red"
                elif back[rid] <= self.black and not row["_exempt"]:
                    row["list"] = "black"
            row["has_reason"] = not row["ranked"]
            self.put("ranking", period, rid, **row)
        return {k: v["rank"] for k, v in rows.items()}

    def goals(self, period: Period, specials: dict, ind_rows: dict, totals: dict) -> None:
        for goal in self.programme.goals:
            gid, kind = goal["goal_id"], goal["kind"]
            expected = num(goal["top_n"]) if kind == "rank" else num(goal["improvement_pct"])

            def met(actual: float | None, kind: str = kind, expected: float | None = expected) -> bool:
                if actual is None or expected is None:
                    return False
                return actual <= expected if kind == "rank" else round(actual, 9) >= expected

            if goal.get("scope") == "issuer":
                result = [
                    num(g["actual"])
                    for g in self.programme.goal_results
                    if g["goal_id"] == gid and g["period"] == period.name
                ]
                actual = result[-1] if result else None
                self.put(
                    "goals",
                    period,
                    gid,
                    None,
                    kind=kind,
                    expected=expected,
                    actual=actual,
                    met=None if actual is None else met(actual),
                )
                continue
            sid, iid = goal["special_id"], goal["indicator_id"]
            scores = {r: next((x["score"] for i, x in ind_rows[r] if i == iid), None) for r in self.reporters}
            order = (
                ranks(scores)
                if iid
                else ranks({r: v[2] for r, v in specials[sid].items()})
                if sid
                else totals
            )
            for reporter in self.reporters:
                if kind == "rank":
                    actual = order.get(reporter)
                else:
                    found = [
                        x["improvement_pct"]
                        for i, x in ind_rows[reporter]
                        if x["improvement_pct"] is not None and (i == iid if iid else x["special_id"] == sid)
                    ]
                    actual = math.fsum(found) / len(found) if found else None
                self.put(
                    "goals",
                    period,
                    gid,
                    reporter,
                    kind=kind,
                    expected=expected,
                    actual=actual,
                    met=met(actual),
                )

    def reporting(self, period: Period, task_rows: dict, ind_rows: dict) -> None:
        for reporter in self.reporters:
            for kind in ("progress", "indicators"):
                subs = self.versions(period, reporter, kind, False)
                first = min((s.received_at for s in subs), default=None)
                late = None
                if first is not None:
                    day = (period.cutoff - timedelta(days=1)).astimezone(SHANGHAI).date()
                    late = 0 if first <= period.cutoff else (first.astimezone(SHANGHAI).date() - day).days
                if kind == "progress":
                    owed = bool(task_rows[reporter])
                    open_rows = [
                        r for _, r in task_rows[reporter] if r["status"] not in ("completed", "cancelled")
                    ]
                    required = 3 * len(open_rows)
                    filled = sum(
                        any(x.values[c] is not None for x in r["_state"].period_rows)
                        for r in open_rows
                        for c in ("status", "progress_pct", "summary")
                    )
                else:
                    applicable = [x for _, x in ind_rows[reporter] if x["state"] != "not_applicable"]
                    owed = bool(applicable)
                    required = len(applicable)
                    filled = sum(x["value"] is not None for x in applicable)
                self.put(
                    "reporting",
                    period,
                    reporter,
                    kind,
                    owed=owed,
                    received=first is not None,
                    on_time=first is not None and first <= period.cutoff,
                    first_received_at=first,
                    days_late=late,
                    cells_required=required,
                    cells_filled=filled,
                    completeness=filled / required if required else None,
                )

    def unit_load(self, period: Period, task_rows: dict) -> None:
        load: dict[tuple, dict] = {}
        for task_id, name, role in dict.fromkeys(
            (r["task_id"], self.canonical(r["unit_name"]), r["role"]) for r in self.programme.responsibilities
        ):
            for rows in task_rows.values():
                for tid, row in rows:
                    if tid != task_id or row["_cancelled"]:
                        continue
                    cell = load.setdefault(
                        (name, role),
                        dict.fromkeys(("tasks_total", "tasks_due", "tasks_completed", "tasks_overdue"), 0),
                    )
                    cell["tasks_total"] += 1
                    cell["tasks_due"] += row["_has_due"]
                    cell["tasks_completed"] += row["_done"]
                    cell["tasks_overdue"] += row["light"] == "red"
        for (name, role), cell in load.items():
            unit = self.names.get(squeeze(name))
            self.put("unit_load", period, name, role, unit_id=unit["unit_id"] if unit else None, **cell)

    def other_kinds(self, period: Period) -> None:
        for reporter in self.reporters:
            issues: dict[str, dict] = {}
            for sub in self.versions(period, reporter, "rectification", True):
                for row in sub.rows:
                    old = issues.get(row.key, {})
                    status = row.values["status"] or old.get("status")
                    # what belongs to the problem itself outlives a blank (decision 0004)
                    lasting = {c: row.values[c] or old.get(c) for c in ("issue", "origin", "units", "due")}
                    issues[row.key] = {
                        **row.values,
                        **lasting,
                        "_reported": sub.period == period.name,
                        "status": status,
                        "_was": old.get("_was", False) or status == "completed",
                    }
            for key, v in issues.items():
                overdue = (
                    v["status"] not in ("completed", "cancelled") and v["due"] and v["due"] <= period.end
                )
                self.put(
                    "rectification",
                    period,
                    reporter,
                    key,
                    issue=v["issue"],
                    origin=v["origin"],
                    units=v["units"],
                    measures=v["measures"],
                    due_date=v["due"],
                    status=v["status"],
                    closed_on=v["closed_on"] if v["status"] == "completed" else None,
                    _reported=v["_reported"],
                    days_overdue=(period.end - v["due"]).days if overdue else None,
                    reopened=v["_was"] and v["status"] != "completed",
                )
            groups: dict[str, dict] = {}
            for sub in self.versions(period, reporter, "satisfaction", False):
                for row in sub.rows:
                    groups[row.key] = row.values
            for key, v in groups.items():
                self.put(
                    "satisfaction",
                    period,
                    reporter,
                    key,
                    sample=v["sample"],
                    satisfied=v["satisfied"],
                    rate=v.get("rate_of_counts", v["rate"]),
                )


def attainment(x: float, base: float | None, target: float, higher: bool) -> float:
    """100·clamp((x−baseline)/(target−baseline)) with the cases of section 7 and decision 0004."""
    good = x >= target if higher else x <= target
    if base is None:
        if target <= 0 or (not higher and x <= 0):
            return 100.0 if good else 0.0
        return 100 * max(0.0, min(1.0, x / target if higher else target / x))
    if target == base:
        return 100.0 if good else 0.0
    return 100 * clamp((x - base) / (target - base))


def special_weights(programme: Programme) -> dict[str, float]:
    """Weights of the specials: all blank equal; blank ones share what the given ones leave of 1."""
    given = {s["special_id"]: num(s["weight"]) for s in programme.specials}
    known = [w for w in given.values() if w is not None]
    blank = len(given) - len(known)
    rest = max(0.0, 1 - math.fsum(known)) / blank if known and blank else 1.0
    return {k: rest if w is None else w for k, w in given.items()}


def item_weights(items: list[dict]) -> dict[str, float]:
    """Relative weights of tasks or indicators: a blank one is the mean of the given ones of its special."""
    out = {}
    for item in items:
        key = item.get("task_id") or item.get("indicator_id")
        weight = num(item["weight"])
        if weight is None:
            same = [num(o["weight"]) for o in items if o["special_id"] == item["special_id"] and o["weight"]]
            weight = math.fsum(same) / len(same) if same else 1.0
        out[key] = weight
    return out


def expect(
    tree: Tree, asked: str, as_of: datetime, given: bool = False
) -> tuple[dict[str, dict], dict[str, Calc]]:
    """Expected rows of every mart for every programme that has begun by `asked`, and the calculators that made them."""
    tables: dict[str, dict] = {name: {} for name in KEYS}
    calcs = {}
    subs = by_programme(tree)
    for pid, programme in tree.programmes.items():
        calc = Calc(programme, periods_of(programme, asked, as_of, given), subs.get(pid, []), tables)
        calc.run()
        calcs[pid] = calc
    return tables, calcs
