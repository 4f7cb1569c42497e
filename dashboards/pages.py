"""What stands on which page: rows of ``queries`` → context of a template.

Belongs here: sentences, sorting, grouping, captions; what all pages share. The pages on data quality and on the
rectification ledger have modules of their own. Does not belong here: SQL (``queries``), drawing (``figures``), markup
(templates), files (``render``). Texts of counties stay plain ``str`` all the way: the templates escape them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Any

import duckdb
from markupsafe import Markup

from dashboards import figures, findings, ledger, queries, ranking_queries
from dashboards import format as fmt
from dashboards.theme import LIGHTS, figure_html

Row = dict[str, Any]

OVERDUE_ON_INDEX = 50
MOST_LINES = 100  # reporters drawn behind the one a page is about
MENU_REPORTERS = 100  # more of them are found through the ranking: the menu stands on every page
# Shown by lights and lists already; they would drown the rest of the findings.
PROGRESS_RULES = {"T07", "T08", "T09"}


@dataclass
class Site:
    """Everything the pages of one programme and period need, read once."""

    programme_id: str
    period: str
    edition: str
    programme: Row
    periods: list[Row]
    specials: list[Row]
    ranking: list[Row]
    history: list[Row]
    bands: dict[tuple[str, str], Row]
    list_entries: list[Row]
    rank_changes: list[Row]
    change_items: list[Row]
    totals: dict[str, Row]
    reporting: list[Row]
    lights: list[Row]
    overdue: list[Row]
    goals: list[Row]
    editions: list[Row]
    edition_changes: list[Row]
    edition_checks: list[Row]
    draft_changes: list[Row]
    drafted: bool
    special_weights: dict[str, Row]
    task_facts: dict[str, Row]
    indicator_facts: dict[str, Row]
    sub_units: dict[str, list[Row]]
    flags: list[Row]
    rule_titles: dict[str, str]
    rules: dict[str, Row]
    rule_stats: list[Row]
    scorecard: list[Row]
    dimension_totals: list[Row]
    confirmed: list[Row]
    expectations: list[Row]
    proposals: list[Row]
    receipts: list[Row]
    quarantine: list[Row]
    tasks: dict[str, list[Row]]
    special_scores: dict[tuple[str, str], Row]
    indicators: list[Row]
    indicator_scores: list[Row]
    unit_load: list[Row]
    rectification: list[Row]
    rectification_totals: list[Row]
    rectification_history: list[Row]
    satisfaction: list[Row]
    slugs: dict[str, str]
    period_links: dict[str, str | None] = field(default_factory=dict)
    _grouped: dict[str, dict[str | None, list[Row]]] = field(default_factory=dict)

    def of(self, table: str, reporter_id: str) -> list[Row]:
        """The rows of one reporter in ``table`` (a field with a list of rows); grouped once for all reporters."""
        if table not in self._grouped:
            grouped: dict[str | None, list[Row]] = defaultdict(list)
            for row in getattr(self, table):
                grouped[row["reporter_id"]].append(row)
            self._grouped[table] = grouped
        return self._grouped[table].get(reporter_id, [])

    @cached_property
    def issues(self) -> list[Row]:
        """The rectification ledger with the history of every issue (see ``ledger.issues``)."""
        return ledger.issues(self.rectification, self.rectification_history, self.flags)

    @cached_property
    def special_levels(self) -> dict[str, Row]:
        """Special → low, high, middle (null without a score) and number of the scores in it."""
        scores: dict[str, list[float]] = defaultdict(list)
        for (_, special), row in self.special_scores.items():
            if row["score"] is not None:
                scores[special].append(row["score"])
        return {
            special: {"low": min(of), "high": max(of), "middle": median(of), "of": len(of)}
            for special, of in scores.items()
        }

    @cached_property
    def median_scores(self) -> dict[str, float | None]:
        """Period → median of the total scores (null when nobody has one)."""
        scores: dict[str, list[float]] = defaultdict(list)
        for row in self.history:
            if row["total_score"] is not None:
                scores[row["period"]].append(row["total_score"])
        return {
            p: median(scores[p]) if scores[p] else None for p in sorted({h["period"] for h in self.history})
        }

    def band(self, reporter_id: str, period: str | None = None) -> Row | None:
        """The drawn ranks of a reporter (of this period, unless another is named); None where there were no draws."""
        return self.bands.get((period or self.period, reporter_id))

    @property
    def draws(self) -> int | None:
        """How many draws the bands of this period stand on; None where there were none."""
        return next(
            (band["draws"] for (period, _), band in self.bands.items() if period == self.period), None
        )

    def rank(self, reporter_id: str, place: int | None, period: str | None = None) -> str:
        """A reporter's rank in words, with its band: ``第3名（2–5）``."""
        band = self.band(reporter_id, period)
        return fmt.rank(place, band["rank_p05"], band["rank_p95"]) if band else fmt.rank(place)

    def parameter(self, name: str, default: Any) -> Any:
        """A parameter of the programme; ``default`` where it is blank, or the file older than the parameter."""
        found = self.programme.get(name)
        return default if found is None else found

    @property
    def now(self) -> Row:
        """The period's line of control.periods (dates null where control does not know it)."""
        return next((row for row in self.periods if row["period"] == self.period), {})

    @property
    def before(self) -> str | None:
        """The previous period in the marts."""
        earlier = [row["period"] for row in self.periods if row["period"] < self.period]
        return earlier[-1] if earlier else None

    def href(self, reporter_id: str | None, prefix: str = "") -> str | None:
        """Link to a reporter's page; None when it has none."""
        name = self.slugs.get(reporter_id or "")
        return f"{prefix}reporters/{name}.html" if name else None


def load(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, edition: str) -> Site:
    """Read everything once.

    Raises ``LookupError`` when the programme is unknown or the marts hold nothing of it for the period.
    """
    programme = queries.programme(connection, programme_id)
    ranking = queries.ranking(connection, programme_id, period)
    if programme is None or not ranking:
        raise LookupError(f"数据库中没有 {programme_id} {period} 的评价结果")
    on_time = {row["period"]: row for row in queries.on_time(connection, programme_id)}
    totals = {
        row["period"]: row | on_time.get(row["period"], {"due_in_full": 0, "done_in_time": 0})
        for row in queries.totals(connection, programme_id)
    }
    tasks: dict[str, list[Row]] = defaultdict(list)
    for row in queries.task_status(connection, programme_id, period):
        tasks[row["reporter_id"]].append(row)
    return Site(
        programme_id=programme_id,
        period=period,
        edition=edition,
        programme=programme,
        periods=queries.periods(connection, programme_id),
        specials=queries.specials(connection, programme_id),
        ranking=ranking,
        history=queries.ranking_history(connection, programme_id, period),
        bands={
            (row["period"], row["reporter_id"]): row
            for row in ranking_queries.robustness(connection, programme_id, period)
        },
        list_entries=ranking_queries.list_entries(connection, programme_id, period),
        rank_changes=ranking_queries.rank_changes(connection, programme_id, period),
        change_items=ranking_queries.change_items(connection, programme_id, period),
        totals=totals,
        reporting=queries.reporting(connection, programme_id, period),
        lights=queries.lights(connection, programme_id, period),
        overdue=queries.overdue_tasks(connection, programme_id, period),
        goals=ranking_queries.goals(connection, programme_id, period),
        editions=ranking_queries.editions(connection, programme_id, period),
        edition_changes=ranking_queries.edition_changes(connection, programme_id, period),
        edition_checks=ranking_queries.edition_checks(connection, programme_id, period),
        draft_changes=ranking_queries.draft_changes(connection, programme_id, period),
        drafted=ranking_queries.drafted(connection, programme_id, period),
        special_weights=ranking_queries.special_weights(connection, programme_id),
        task_facts=ranking_queries.task_facts(connection, programme_id),
        indicator_facts=ranking_queries.indicator_facts(connection, programme_id),
        sub_units=ranking_queries.sub_units(connection, programme_id),
        flags=queries.flags(connection, programme_id, period),
        rule_titles=queries.rule_titles(connection),
        rules=queries.rules(connection),
        rule_stats=queries.rule_stats(connection, programme_id, period),
        scorecard=queries.scorecard(connection, programme_id, period),
        dimension_totals=queries.dimension_totals(connection, programme_id, period),
        confirmed=queries.confirmed(connection, programme_id, period),
        expectations=queries.expectations(connection),
        proposals=queries.proposals(connection, programme_id, period),
        receipts=queries.receipts(connection, programme_id, period),
        quarantine=queries.quarantine(connection, programme_id, period),
        tasks=tasks,
        special_scores={
            (row["reporter_id"], row["special_id"]): row
            for row in queries.special_scores(connection, programme_id, period)
        },
        indicators=queries.indicators(connection, programme_id),
        indicator_scores=queries.indicator_scores(connection, programme_id, period),
        unit_load=queries.unit_load(connection, programme_id, period),
        rectification=queries.rectification(connection, programme_id, period),
        rectification_totals=queries.rectification_totals(connection, programme_id, period),
        rectification_history=queries.rectification_history(connection, programme_id, period),
        satisfaction=queries.satisfaction(connection, programme_id, period),
        slugs=fmt.slugs([row["reporter_id"] for row in ranking]),
    )


def source(
    path: str | None, sheet: str | None = None, row_number: Any = None, period: str | None = None
) -> str:
    """Where something stands, short: file name, sheet, row; with its period when that is not ``period``."""
    if not path:
        return fmt.NONE
    folders = path.split("/")  # submissions/<programme>/<period>/<reporter>/<file>
    parts = [folders[-1]]
    if period and len(folders) > 4 and folders[2] != period:
        parts.insert(0, folders[2])
    if sheet:
        parts.append(f"表 {sheet}")
    if row_number is not None:
        parts.append(f"第 {row_number} 行")
    return " · ".join(parts)


def lead_units(row: Row) -> list[str]:
    """The units that answer for a task, one by one: the marts join the names of joint ones with 、."""
    return [unit for unit in (row["lead_unit"] or "").split("、") if unit] or ["（未明确责任单位）"]


def base(site: Site, page: str, title: str, prefix: str = "") -> Row:
    """What every page has: masthead, navigation, period switcher, footer. ``prefix`` leads back to the site's root."""
    now = site.now
    rejected = sum(row["status"] == "rejected" for row in site.receipts)
    return {
        "page": page,
        "title": title,
        "prefix": prefix,
        "programme": site.programme,
        "period": site.period,
        "period_words": fmt.period_words(site.period),
        "edition": site.edition,
        "now": now,
        "before": site.before,
        "nav": [
            ("index", "总览", "index.html"),
            ("lists", "红黑榜", "lists.html"),
            *([("goals", "目标进展", "goals.html")] if site.goals else []),
            ("overdue", "逾期任务", "overdue.html"),
            ("units", "责任单位", "units.html"),
            ("indicators", "指标", "indicators.html"),
            ("quality", "数据质量", "quality.html"),
            *([("rectification", "整改台账", "rectification.html")] if site.rectification else []),
            ("editions", "版本与修订", "editions.html"),
            ("method", "评价方法", "method.html"),
        ],
        "periods": [
            {
                "period": row["period"],
                "here": row["period"] == site.period,
                "href": site.period_links.get(row["period"]),
            }
            for row in site.periods
        ],
        "reporter_links": [
            (row["reporter_name"], site.href(row["reporter_id"], prefix))
            for row in site.ranking[:MENU_REPORTERS]
        ],
        "more_reporters": max(len(site.ranking) - MENU_REPORTERS, 0),
        "lights": LIGHTS,
        "yellow_points": fmt.number(abs(site.parameter("yellow_points", -10)), 1, trim=True),
        "blue_days": int(site.parameter("blue_days", 10)),
        "late_per_day": fmt.number(site.parameter("late_per_day", 2), 1, trim=True),
        "late_floor": fmt.number(site.parameter("late_floor", 60), 1, trim=True),
        "overdue_cap": fmt.number(site.parameter("overdue_cap", 60), 1, trim=True),
        "red": int(site.parameter("red", 3)),
        "black": int(site.parameter("black", 3)),
        "aggregation": site.parameter("aggregation", "arithmetic"),
        "ties_in": site.parameter("ties", "include") == "include",
        "exempt": site.parameter("black_exception", "all_targets") == "all_targets",
        "weight_tasks": site.parameter("weight_tasks", 0.5),
        "weight_indicators": site.parameter("weight_indicators", 0.5),
        "foot": {
            "receipts": len(site.receipts),
            "rejected": rejected,
            "rows_read": sum(row["rows_read"] or 0 for row in site.receipts),
            "rows_loaded": sum(row["rows_loaded"] or 0 for row in site.receipts),
            "rows_quarantined": sum(row["rows_quarantined"] or 0 for row in site.receipts),
            "rules": len(site.rule_titles) or None,
            "rules_hit": len({row["rule_id"] for row in site.flags}),
        },
    }


# --- index -----------------------------------------------------------------------------------------------------


def _top(counter: Counter[str]) -> list[str]:
    """The names that share the highest count."""
    if not counter:
        return []
    most = max(counter.values())
    return [name for name, n in counter.items() if n == most]


def headline(site: Site) -> tuple[str, list[str]]:
    """The page's first sentence and the three that explain it, from the data alone."""
    now = site.totals.get(site.period, {})
    before = site.totals.get(site.before or "", {})
    by_reporter = Counter({row["reporter_name"]: row["tasks_overdue"] or 0 for row in site.ranking})
    total, overdue = now.get("tasks_total") or 0, now.get("tasks_overdue") or 0
    if not total:
        first = f"本期 {len(site.ranking)} 个填报主体参加评价，没有任务到达考核口径"
    elif not overdue:
        first = f"{len(site.ranking)} 个填报主体 {total:,} 项次任务，本期无一逾期"
    else:
        first = f"逾期任务 {overdue:,} 项次"
        if before.get("tasks_overdue") is not None:
            delta = overdue - before["tasks_overdue"]
            first += (
                f"，比上季度{'增加' if delta > 0 else '减少'} {abs(delta):,} 项次"
                if delta
                else "，与上季度持平"
            )
        worst = _top(by_reporter)
        first += f"；{fmt.names(worst, 3)}最多，{'各' if len(worst) > 1 else '有'} {max(by_reporter.values()):,} 项次"
    more: list[str] = []
    if total:
        done = now.get("tasks_completed") or 0
        text = f"{len(site.ranking)} 个填报主体承担任务 {total:,} 项次，已完成 {done:,} 项次（{fmt.percent(done / total)}）"
        if now.get("due_in_full"):
            rate = now["done_in_time"] / now["due_in_full"]
            text += f"；全部节点已到期的 {now['due_in_full']:,} 项次中，按时完成 {fmt.percent(rate)}"
        more.append(text + "。")
    ranked = [row for row in site.ranking if row["rank"] is not None]
    if ranked:
        leaders = [row for row in ranked if row["rank"] == 1]
        text = f"{fmt.names([r['reporter_name'] for r in leaders], 3)}综合得分 {fmt.number(leaders[0]['total_score'])} 居首"
        falls = [row for row in ranked if (row["rank_change"] or 0) < 0]
        if falls:
            depth = min(row["rank_change"] for row in falls)
            fallen = [row["reporter_name"] for row in falls if row["rank_change"] == depth]
            text += f"；{fmt.names(fallen, 3)}下降 {-int(depth)} 位，降幅最大"
        more.append(text + "。")
    units = Counter(unit for row in site.overdue if row["lead_unit"] for unit in lead_units(row))
    if units:
        listed = "、".join(f"{unit}（{n} 项次）" for unit, n in units.most_common(3))
        more.append(f"逾期任务的责任单位集中在{listed}。")
    missing = now.get("reports_missing") or 0
    owed, late = now.get("reports_owed") or 0, now.get("reports_late") or 0
    if owed:
        text = f"应报 {owed} 份，" + (f"未报 {missing} 份" if missing else "全部收到")
        more.append(text + (f"，迟报 {late} 份" if late else "") + "。")
    return first, more


def counts(site: Site) -> list[Row]:
    """The five counts with their change. ``good``: +1 a rise is good, -1 a rise is bad, 0 neither."""
    now, before = site.totals.get(site.period, {}), site.totals.get(site.before or "", {})

    def card(key: str, label: str, field: str, good: int, note: str) -> Row:
        n, previous = now.get(field), before.get(field)
        moved = 0 if n is None or previous is None else (n > previous) - (n < previous)
        return {
            "key": key,
            "label": label,
            "n": fmt.count(n or 0),
            "zero": not n,
            "change": fmt.change(n, previous),
            "tone": {1: "good", -1: "bad"}.get(good * moved, "flat"),
            "note": note,
        }

    total, done = now.get("tasks_total") or 0, now.get("tasks_completed") or 0
    owed, late = now.get("reports_owed") or 0, now.get("reports_late") or 0
    full, in_time = now.get("due_in_full") or 0, now.get("done_in_time") or 0
    reporters = len({r["reporter_id"] for r in site.reporting if r["owed"] and not r["received"]})
    return [
        card("due", "到期", "tasks_due", 0, f"有节点到期的任务项次，共 {total:,} 项次"),
        card("done", "完成", "tasks_completed", 1, f"完成率 {fmt.percent(done / total if total else None)}"),
        card("ontime", "按时完成", "done_in_time", 1,
             f"全部节点到期的 {full:,} 项次中占 {fmt.percent(in_time / full if full else None)}"),
        card("overdue", "逾期", "tasks_overdue", -1,
             f"滞后 {fmt.count(now.get('tasks_behind') or 0)}，临期 {fmt.count(now.get('tasks_due_soon') or 0)}"),
        card("missing", "未报送", "reports_missing", -1,
             f"应报 {owed} 份，涉及 {reporters} 家；另迟报 {late} 份"),
    ]  # fmt: skip


def light_cells(site: Site) -> dict[tuple[str, str], Row]:
    """(reporter, special) → gravest light, its tasks, all tasks, whether open tasks went all unreported."""
    table: dict[tuple[str, str], Row] = {}
    grouped: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in site.lights:
        grouped[row["reporter_id"], row["special_id"]][row["light"] or "none"] = row
    for key, by_light in grouped.items():
        worst = next((light for light in LIGHTS if light in by_light), "none")
        n = by_light[worst]["tasks"] if worst in by_light else 0
        total = sum(row["tasks"] for row in by_light.values())
        table[key] = {
            "light": worst,
            "n": n,
            "total": total,
            "heavy": 3 * n >= total,
            "unreported": not sum(row["reported"] for row in by_light.values())
            and sum(row["pending"] for row in by_light.values()) > 0,
        }
    return table


def goal_text(row: Row) -> str:
    """A goal in words: ``企业开办进入前 3 名``, ``获得电力较基期提升 10%``."""
    subject = row["indicator_name"] or row["special_name"]
    if row["kind"] == "rank":
        return f"{subject or '综合得分'}进入前 {fmt.number(row['expected'], 0)} 名"
    return f"{subject or '总体'}较基期提升 {fmt.number(row['expected'], 2, trim=True)}%"


def goal_amount(kind: str, value: float | None) -> str:
    """A value of a goal as it is told: a rank (a forecast one may lie between two) or per cent."""
    if value is None:
        return fmt.NONE
    return (
        f"第{fmt.number(value, 1, trim=True)}名" if kind == "rank" else fmt.number(value, 2, trim=True) + "%"
    )


def goal_rows(site: Site) -> tuple[list[Row], list[Row]]:
    """(goals of the issuer, goals of the reporters: one row per goal with who met it)."""
    issuer: list[Row] = []
    grouped: dict[str, Row] = {}
    for row in site.goals:
        text, actual = goal_text(row), goal_amount(row["kind"], row["actual"])
        if row["reporter_id"] is None:
            issuer.append({"text": text, "due": row["due_date"], "actual": actual, "met": row["met"]})
            continue
        goal = grouped.setdefault(
            row["goal_id"], {"text": text, "due": row["due_date"], "met": [], "unmet": [], "n": 0}
        )
        goal["n"] += 1
        goal["met" if row["met"] else "unmet"].append({"name": row["reporter_name"], "actual": actual})
    return issuer, list(grouped.values())


def problems(site: Site, most: int | None = None, skip: set[str] = frozenset()) -> list[Row]:
    """Findings per rule: severity, how many, how many reporters, one message as an example; gravest first."""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in site.flags:
        if row["rule_id"] not in skip:
            grouped[row["rule_id"], row["severity"]].append(row)
    order = {severity: i for i, severity in enumerate(fmt.SEVERITY_WORDS)}
    table = []
    for (rule_id, severity), rows in grouped.items():
        # The catalogue's message may hold placeholders; then an example tells more.
        title = site.rule_titles.get(rule_id) or ""
        if not title or "{" in title:
            title = title.split("{")[0].strip("，,:：（( ") or rows[0]["message"] or rule_id
        table.append(
            {
                "rule_id": rule_id,
                "severity": severity,
                "title": title,
                "n": len(rows),
                "reporters": len({row["reporter_id"] for row in rows if row["reporter_id"]}),
                "example": rows[0]["message"],
            }
        )
    table.sort(key=lambda row: (order.get(row["severity"], 9), -row["n"], row["rule_id"]))
    return table[:most]


def _bump(site: Site) -> Markup | None:
    periods = sorted({row["period"] for row in site.history if row["rank"] is not None})
    if len(periods) < 2:
        return None
    by_reporter: dict[str, Row] = {}
    for row in site.history:
        by_reporter.setdefault(row["reporter_id"], {})[row["period"]] = row
    latest = [row["reporter_id"] for row in site.ranking]
    rows = [
        [
            next(iter(by_reporter[reporter].values()))["reporter_name"],
            *(site.rank(reporter, by_reporter[reporter].get(p, {}).get("rank"), p) for p in periods),
        ]
        for reporter in latest
        if reporter in by_reporter
    ]
    caption = (
        f"{fmt.period_words(periods[0])}至{fmt.period_words(periods[-1])}各填报主体位次。"
        "红线、黑线为本期红榜、黑榜，灰线为其余主体。"
    )
    return figure_html(figures.rank_bump(site.history), caption, (["填报主体", *periods], rows))


def index(site: Site) -> Row:
    """The leader's page."""
    first, more = headline(site)
    issuer_goals, reporter_goals = goal_rows(site)
    cells = light_cells(site)
    used = {special for _, special in cells}
    missing: dict[str, Row] = {}
    for row in site.reporting:
        if row["owed"] and not row["received"]:
            missing.setdefault(row["reporter_id"], row | {"kinds": []})["kinds"].append(
                fmt.words(fmt.KIND_WORDS, row["kind"])
            )
    late = [row for row in site.reporting if row["owed"] and row["received"] and not row["on_time"]]
    units: dict[str, Counter[str]] = defaultdict(Counter)
    for row in site.overdue:
        for unit in lead_units(row):
            units[unit][row["reporter_name"]] += 1
    answering = sorted(
        ({"unit": unit, "n": sum(who.values()), "who": [name for name, _ in who.most_common()]}
         for unit, who in units.items()),
        key=lambda row: (-row["n"], row["unit"]),
    )  # fmt: skip
    scores = [row["total_score"] for row in site.ranking if row["total_score"] is not None]
    return base(site, "index", "总览") | {
        "headline": first,
        "sentences": more,
        "counts": counts(site),
        "ranking": [
            row | {"href": site.href(row["reporter_id"]), "band": site.band(row["reporter_id"])}
            for row in site.ranking
        ],
        "drawn": site.draws is not None,
        "draws": site.draws,
        "median_score": median(scores) if scores else None,
        "has_groups": any(row["group"] for row in site.ranking),
        "specials": [row for row in site.specials if row["special_id"] in used],
        "cells": cells,
        # A phone shows these as a number where there are many specials.
        "calm": Counter(
            who for (who, _), cell in cells.items() if cell["light"] == "green" and not cell["unreported"]
        ),
        "overdue": site.overdue[:OVERDUE_ON_INDEX],
        "overdue_total": len(site.overdue),
        "missing": list(missing.values()),
        "late": late,
        "lead_units": answering,
        "issuer_goals": issuer_goals,
        "reporter_goals": reporter_goals,
        "problems": problems(site, 8, PROGRESS_RULES),
        "dimension_rates": [
            row | {"word": findings.DIMENSIONS[row["dimension"]], "grade": findings.grade(row["pass_rate"])}
            for row in site.dimension_totals
            if row["period"] == site.period and row["dimension"] in findings.DIMENSIONS
        ],
        "issue_sums": ledger.tally(site.issues),
        "bump": _bump(site),
        "trend": [
            row | {"words": fmt.period_words(p)} for p, row in sorted(site.totals.items()) if p <= site.period
        ],
        "href": site.href,
    }


# --- reporter --------------------------------------------------------------------------------------------------


def _special_rows(site: Site, reporter_id: str) -> list[Row]:
    rows = []
    for special in site.specials:
        mine = site.special_scores.get((reporter_id, special["special_id"]))
        # A special in which the reporter has neither a score nor a task does not concern it.
        if mine is None or (mine["score"] is None and not mine["tasks_total"]):
            continue
        rows.append(
            (mine or {"task_score": None, "indicator_score": None, "score": None, "rank": None})
            | {
                "special_id": special["special_id"],
                "name": special["name"],
                "weight": site.special_weights[special["special_id"]]["weight"],
            }
            | site.special_levels.get(
                special["special_id"], {"low": None, "high": None, "middle": None, "of": 0}
            )
        )
    return rows


def _why(rows: list[Row]) -> list[str]:
    """Which specials lift and which pull the reporter, against the median of all."""
    apart = [
        (row["score"] - row["middle"], row) for row in rows if row["score"] is not None and row["of"] > 1
    ]
    above = sorted((pair for pair in apart if pair[0] >= 0.5), key=lambda pair: -pair[0])[:3]
    below = sorted((pair for pair in apart if pair[0] <= -0.5), key=lambda pair: pair[0])[:3]
    sentences = []
    if above:
        listed = "、".join(f"{row['name']}（高 {fmt.number(gap, 1)} 分）" for gap, row in above)
        sentences.append(f"高于各地中位数最多的专项：{listed}。")
    if below:
        listed = "、".join(f"{row['name']}（低 {fmt.number(-gap, 1)} 分）" for gap, row in below)
        sentences.append(f"低于各地中位数最多的专项：{listed}。")
    return sentences


def formula(site: Site, row: Row) -> str:
    """The total as a sum of its components with their weights (a component that is missing is left out)."""
    parts = [
        (weight, row[component], word)
        for weight, component, word in (
            (site.parameter("weight_tasks", 0.5), "task_score", "任务得分"),
            (site.parameter("weight_indicators", 0.5), "indicator_score", "指标得分"),
        )
        if row[component] is not None
    ]
    if not parts or row["total_score"] is None:
        return "没有可计分项。"
    whole = sum(weight for weight, _, _ in parts)
    text = " + ".join(
        f"{fmt.number(weight / whole if whole else None, 2, trim=True)} × {word} {fmt.number(score)}"
        for weight, score, word in parts
    )
    return f"综合得分 {fmt.number(row['total_score'])} = {text}"


def quality_rows(site: Site, reporter_id: str) -> list[Row]:
    """One row per dimension the reporter was judged in: its line of the scorecard, and the rate of all reporters."""
    mine = findings.by_dimension(site.of("scorecard", reporter_id))
    everybody = findings.by_dimension(r for r in site.dimension_totals if r["period"] == site.period)
    return [
        mine[key] | {"word": word, "everybody": everybody.get(key, {}).get("pass_rate")}
        for key, word in findings.DIMENSIONS.items()
        if key in mine
    ]


def reporter(site: Site, reporter_id: str) -> Row:
    """One reporter's page: its scores and why, tasks, indicators, submissions, findings."""
    prefix = "../"
    row = site.of("ranking", reporter_id)[0]
    name = row["reporter_name"]
    special_rows = _special_rows(site, reporter_id)
    special_names = {s["special_id"]: s["name"] for s in site.specials}
    by_special: dict[str, list[Row]] = defaultdict(list)
    for task in site.tasks.get(reporter_id, []):
        by_special[task["special_id"]].append(
            task | {"source": source(task["path"], task["sheet"], task["row_number"], site.period)}
        )
    order = [s["special_id"] for s in site.specials]
    order += [special for special in by_special if special not in special_names]
    task_groups = [
        {
            "special_id": special,
            "name": special_names.get(special, special),
            "tasks": by_special[special],
            "lights": Counter(task["light"] or "none" for task in by_special[special]),
        }
        for special in order
        if by_special.get(special)
    ]
    scores = {
        r["indicator_id"]: r for r in site.of("indicator_scores", reporter_id) if r["period"] == site.period
    }
    indicator_rows = [i | scores[i["indicator_id"]] for i in site.indicators if i["indicator_id"] in scores]
    profile_rows = [
        [
            s["name"],
            fmt.number(s["score"]),
            fmt.number(s["middle"]),
            fmt.number(s["low"]),
            fmt.number(s["high"]),
        ]
        for s in special_rows
    ]
    profile = figure_html(
        figures.special_profile(special_rows, name),
        f"{name}各专项得分与全部填报主体中位数、最低至最高的比较；圆点不低于中位数，方块低于中位数。",
        (["专项", name, "中位数", "最低", "最高"], profile_rows),
    )
    middle = site.median_scores
    trend = None
    if len(middle) > 1:
        mine = {h["period"]: h for h in site.of("history", reporter_id)}
        crowded = len(site.ranking) > MOST_LINES
        trend = figure_html(
            figures.score_trend(
                site.of("history", reporter_id) if crowded else site.history, reporter_id, middle
            ),
            f"{name}综合得分的季度走势；{'' if crowded else '灰线为其他填报主体，'}虚线为中位数。",
            (
                ["季度", name, "中位数", "位次"],
                [
                    [
                        p,
                        fmt.number(mine.get(p, {}).get("total_score")),
                        fmt.number(middle[p]),
                        site.rank(reporter_id, mine.get(p, {}).get("rank"), p),
                    ]
                    for p in middle
                ],
            ),
        )
    return base(site, "reporter", name, prefix) | {
        "reporter": row,
        "ranked_n": sum(r["rank"] is not None for r in site.ranking),
        "band": site.band(reporter_id),
        "formula": formula(site, row),
        "why": _why(special_rows),
        "special_rows": special_rows,
        "profile": profile,
        "trend": trend,
        "task_groups": task_groups,
        "indicator_rows": indicator_rows,
        "reporting": site.of("reporting", reporter_id),
        "receipts": site.of("receipts", reporter_id),
        "flags": site.of("flags", reporter_id),
        "quarantine": site.of("quarantine", reporter_id),
        "issues": site.of("issues", reporter_id),
        "satisfaction": site.of("satisfaction", reporter_id),
        "quality": quality_rows(site, reporter_id),
        "proposals": site.of("proposals", reporter_id),
        "confirmed": site.of("confirmed", reporter_id),
        "task_titles": {t["task_id"]: t["title"] for t in site.tasks.get(reporter_id, [])},
        "indicator_names": {i["indicator_id"]: i["name"] for i in site.indicators},
    }


# --- lists -----------------------------------------------------------------------------------------------------


def overdue(site: Site) -> Row:
    """All overdue tasks."""
    return base(site, "overdue", "逾期任务") | {"overdue": site.overdue, "href": site.href}


def units(site: Site) -> Row:
    """Load of the responsible units, and the overdue tasks of each lead unit."""
    answering = {"lead", "sole", "joint", "by_duty"}
    table: dict[str, Row] = {}
    for row in site.unit_load:
        unit = table.setdefault(
            row["unit_name"],
            {"unit": row["unit_name"], "roles": {}, "total": 0, "overdue": 0, "completed": 0, "due": 0},
        )
        unit["roles"][row["role"]] = row
        if row["role"] in answering:
            unit["total"] += row["tasks_total"] or 0
            unit["due"] += row["tasks_due"] or 0
            unit["completed"] += row["tasks_completed"] or 0
            unit["overdue"] += row["tasks_overdue"] or 0
    rows = sorted(table.values(), key=lambda u: (-u["overdue"], -u["total"], u["unit"]))
    grouped: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in site.overdue:
        who = {"name": row["reporter_name"], "days": row["days_overdue"], "pct": row["progress_pct"]}
        for unit in lead_units(row):
            grouped[unit].setdefault(row["task_id"], row | {"who": []})["who"].append(who)
    overdue_units = sorted(
        ({"unit": unit, "n": sum(len(t["who"]) for t in tasks.values()), "tasks": list(tasks.values())}
         for unit, tasks in grouped.items()),
        key=lambda unit: (-unit["n"], unit["unit"]),
    )  # fmt: skip
    figure = figure_html(
        figures.overdue_by_unit([{"unit": u["unit"], "overdue": u["overdue"]} for u in rows]),
        "逾期任务最多的责任单位（牵头、独立、共同或按职责负责的项次）。",
        (
            ["责任单位", "逾期", "到期", "承担"],
            [[u["unit"], u["overdue"], u["due"], u["total"]] for u in rows if u["overdue"]],
        ),
    )
    return base(site, "units", "责任单位") | {
        "units": rows,
        "roles": [role for role in fmt.ROLE_WORDS if any(role in u["roles"] for u in rows)],
        "figure": figure,
        "overdue_units": overdue_units,
    }


def _holders(ordered: list[Row], end: int, decimals: int | None) -> str:
    """Who holds the best (end 0) or worst (end -1) value, with the value; ``各地相同`` where nobody differs."""
    if not ordered:
        return fmt.NONE
    extreme = ordered[end]["value"]
    names = [row["reporter_name"] for row in ordered if row["value"] == extreme]
    shown = fmt.value(extreme, decimals)
    if len(names) == len(ordered) > 1:
        return f"各地相同 {shown}"
    return f"{fmt.names(names, 1)} {shown}"


def indicators(site: Site) -> Row:
    """Every indicator: where everybody stands against target and frontier, and the way there."""
    now: dict[str, list[Row]] = defaultdict(list)
    past: dict[str, list[Row]] = defaultdict(list)
    for row in site.indicator_scores:
        past[row["indicator_id"]].append(row)
        if row["period"] == site.period:
            now[row["indicator_id"]].append(row)
    several = len({row["period"] for row in site.indicator_scores if row["value"] is not None}) > 1
    cards = []
    for item in site.indicators:
        rows = now.get(item["indicator_id"], [])
        valued = [row for row in rows if row["value"] is not None]
        decimals = item["decimals"]
        better = 1 if item["polarity"] == "lower" else -1
        ordered = sorted(valued, key=lambda row: better * row["value"])
        judged = [row for row in rows if row["attained"] is not None]
        target = next((row["target"] for row in rows if row["target"] is not None), None)
        unit = item["unit"] or ""
        caption = f"{item['name']}（{unit}，{'越低越好' if item['polarity'] == 'lower' else '越高越好'}）"
        caption += (
            f"：{len(judged)} 家中 {sum(bool(r['attained']) for r in judged)} 家达到目标"
            if judged
            else "：本期未设目标"
        )
        if ordered:
            caption += f"，最好 {_holders(ordered, 0, decimals)}"
        numbers = [
            [
                row["reporter_name"],
                fmt.value(row["value"], decimals)
                if row["value"] is not None
                else fmt.words(fmt.STATE_WORDS, row["state"]),
                fmt.value(row["previous_value"], decimals),
                fmt.value(row["target"]),
                fmt.value(row["frontier"]),
                fmt.number(row["score"]),
                {True: "是", False: "否", None: fmt.NONE}[row["attained"]],
            ]
            for row in ordered + [row for row in rows if row["value"] is None]
        ]
        trend = None
        if several and any(row["value"] is not None for row in past[item["indicator_id"]]):
            history = past[item["indicator_id"]]
            periods = sorted({row["period"] for row in history})
            lines: dict[str, dict[str, Row]] = defaultdict(dict)
            for row in history:
                lines[row["reporter_name"]][row["period"]] = row
            trend = figure_html(
                figures.indicator_trend(item, history),
                f"{item['name']}季度走势：灰线为各填报主体，粗线为中位数。",
                (
                    ["填报主体", *periods],
                    [
                        [name, *(fmt.value(line.get(p, {}).get("value"), decimals) for p in periods)]
                        for name, line in lines.items()
                    ],
                ),
            )
        cards.append(
            item
            | {
                "target": target,
                "median": median(row["value"] for row in valued) if valued else None,
                "best": _holders(ordered, 0, decimals),
                "worst_now": _holders(ordered, -1, decimals),
                "attained_n": sum(bool(row["attained"]) for row in judged),
                "judged_n": len(judged),
                "missing_n": sum(row["state"] == "not_submitted" for row in rows),
                "dots": figure_html(
                    figures.indicator_dots(item, rows),
                    caption + "。",
                    (["填报主体", "当前", "上季度", "目标", "前沿", "得分", "达标"], numbers),
                ),
                "trend": trend,
            }
        )
    return base(site, "indicators", "指标") | {"cards": cards}
