"""The first page: the quarter in a glance."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median
from typing import Any

from markupsafe import Markup

from dashboards import figures, findings, ledger
from dashboards import format as fmt
from dashboards.pages.goals import goal_rows
from dashboards.pages.quality import PROGRESS_RULES, problems
from dashboards.pages.site import Site, base, lead_units
from dashboards.theme import LIGHTS, figure_html

Row = dict[str, Any]

OVERDUE_ON_INDEX = 50


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
