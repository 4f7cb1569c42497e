"""The page on data quality: how good the quarter's data are, by whom, and what to check first.

Belongs here: sentences, sorting and cutting of lists of this page. It replaces the Data Docs of Great Expectations,
which need CDNs and let a county's text run as script. Does not belong here: SQL (``queries``), drawing (``figures``),
words of one finding (``findings``). Lists of this page are cut; a reporter's own page has all of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from dashboards import figures, findings
from dashboards import format as fmt
from dashboards.pages.site import Site, base
from dashboards.theme import figure_html

Row = dict[str, Any]
# Shown by lights and lists already; they would drown the rest of the findings.
PROGRESS_RULES = {"T07", "T08", "T09"}


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


FLAGS_ON_PAGE = 2000
FIRST_FINDINGS = 20
MATRIX_ROWS = 300
FILES = 200
CONFIRMED = 300
PROPOSALS = 100
OFTEN = 0.4  # the fire rate above which Q01 speaks, from OFTEN_FROM places on
OFTEN_FROM = 10


def dimension_cards(site: Site) -> list[Row]:
    """One card per dimension: pass rate of all reporters, change in percentage points, grade, places."""
    now = findings.by_dimension(r for r in site.dimension_totals if r["period"] == site.period)
    earlier = sorted({r["period"] for r in site.dimension_totals if r["period"] < site.period})
    before = findings.by_dimension(r for r in site.dimension_totals if earlier and r["period"] == earlier[-1])
    cards = []
    for key, word in findings.DIMENSIONS.items():
        row = now.get(key)
        if row is None:
            continue
        rate, previous = row["pass_rate"], before.get(key, {}).get("pass_rate")
        moved = None if rate is None or previous is None else round(100 * (rate - previous), 1)
        cards.append(
            row
            | {
                "word": word,
                "rate": rate,
                "grade": findings.grade(rate),
                "moved": moved,
                "change": fmt.NONE if moved is None else fmt.change(moved, 0, 1),
                "tone": "flat" if not moved else "good" if moved > 0 else "bad",
            }
        )
    return cards


def first_findings(site: Site) -> list[Row]:
    """The findings to work on first, with ``influence``; what is overdue or behind has its own page.

    Findings of one rule at one reporter stand in one row, that of the first of them; ``alike`` counts the others.
    """
    grouped: dict[tuple[str | None, str], Row] = {}
    for row in site.flags:
        if row["priority"] is None or row["period"] is None or row["rule_id"] in PROGRESS_RULES:
            continue  # findings on the registry are the office's own work
        key = (row["reporter_id"], row["rule_id"])
        if key in grouped:
            grouped[key]["alike"] += 1
        else:
            grouped[key] = row | {"alike": 0}
    rows = list(grouped.values())[:FIRST_FINDINGS]
    return [row | {"influence": findings.influence(row)} for row in rows]


def headline(site: Site) -> tuple[str, list[str]]:
    """The page's first sentence and those that explain it, from the data alone."""
    cards = dimension_cards(site)
    first = "；".join(
        ["本季数据质量：" + "、".join(f"{c['word']} {fmt.percent(c['rate'])}" for c in cards)]
        if cards
        else []
    )
    top = next(iter(first_findings(site)), None)
    if top and findings.stake(top):
        who = f"{top['reporter_name']}的" if top["reporter_name"] else ""
        first += (
            f"{'；' if first else ''}最需核对的是{who}“{findings.subject(top)}”，影响{findings.stake(top)}"
        )
    if not first:
        first = (
            f"数据质量：发现 {len(site.flags):,} 处，涉及规则 {len({r['rule_id'] for r in site.flags})} 条"
        )
    more = []
    moved = [c for c in cards if c["moved"]]
    if moved:
        listed = "，".join(
            f"{c['word']}{'上升' if c['moved'] > 0 else '下降'} {fmt.number(abs(c['moved']), 1)} 个百分点"
            for c in sorted(moved, key=lambda c: c["moved"])
        )
        more.append(f"与上季度相比，{listed}。")
    worst = [text for key, word in findings.DIMENSIONS.items() if (text := _lowest(site, key, word))]
    if worst:
        more.append("；".join(worst) + "。")
    open_rows = [row for row in site.flags if row["rule_id"] not in PROGRESS_RULES]
    stakes = Counter(findings.stake(row) for row in open_rows)
    text = f"待核对 {len(open_rows):,} 处（逾期、临期、滞后另列）"
    told = [f"影响{word}的 {stakes[word]:,} 处" for word in ("红黑榜", "位次", "得分") if stakes[word]]
    more.append(text + ("，其中" + "、".join(told) if told else "") + "。")
    if site.confirmed:
        more.append(f"确认属实 {len(site.confirmed):,} 处，不再列为待核对。")
    return first, more


def _lowest(site: Site, dimension: str, word: str) -> str:
    """Who has the lowest pass rate of a dimension; empty where nobody stands out."""
    rated = [r for r in site.scorecard if r["dimension"] == dimension and r["pass_rate"] is not None]
    if len(rated) < 2:
        return ""
    low = min(r["pass_rate"] for r in rated)
    if low == max(r["pass_rate"] for r in rated):
        return ""
    names = [r["reporter_name"] for r in rated if r["pass_rate"] == low]
    return f"{word}最低的是{fmt.names(names, 2)}（{fmt.percent(low)}）"


def matrix(site: Site) -> list[Row]:
    """One row per reporter: ``cells`` (dimension → scorecard line with its grade), mean rate, sums; worst mean first."""
    grouped: dict[str, dict[str, Row]] = defaultdict(dict)
    names = {}
    for row in site.scorecard:
        names[row["reporter_id"]] = row["reporter_name"]
        grouped[row["reporter_id"]][row["dimension"]] = row | {"grade": findings.grade(row["pass_rate"])}
    table = []
    for reporter_id, cells in grouped.items():
        rates = [
            c["pass_rate"]
            for k, c in cells.items()
            if k in findings.DIMENSIONS and c["pass_rate"] is not None
        ]
        table.append(
            {
                "reporter_id": reporter_id,
                "name": names[reporter_id],
                "cells": cells,
                "mean": sum(rates) / len(rates) if rates else None,
                "failed": sum(c["failed"] or 0 for c in cells.values()),
                "not_evaluable": sum(c["not_evaluable"] or 0 for c in cells.values()),
            }
        )
    table.sort(key=lambda row: (row["mean"] is None, row["mean"] or 0, -row["failed"]))
    return table


def rule_groups(site: Site) -> list[Row]:
    """Rules that fired, grouped by dimension; ``silent``: active rules of the group without a finding."""
    stats = {row["rule_id"]: row for row in site.rule_stats}
    confirmed = Counter(row["rule_id"] for row in site.confirmed)
    grouped: dict[str, list[Row]] = defaultdict(list)
    nothing = {"evaluated": None, "failed": None, "fire_rate": None}
    for row in problems(site):
        stat = stats.get(row["rule_id"], nothing)
        evaluated, rate = stat["evaluated"], stat["fire_rate"]
        grouped[site.rules.get(row["rule_id"], {}).get("dimension") or ""].append(
            row
            | {
                "evaluated": evaluated,
                "failed": stat["failed"],
                "fire_rate": rate,
                "confirmed": confirmed[row["rule_id"]],
                "often": rate is not None and rate > OFTEN and (evaluated or 0) >= OFTEN_FROM,
            }
        )
    fired = {row["rule_id"] for rows in grouped.values() for row in rows}
    silent = Counter(row["dimension"] for rule, row in site.rules.items() if rule not in fired)
    order = [*findings.GROUPS, *(key for key in grouped if key not in findings.GROUPS)]
    return [
        {"word": findings.GROUPS.get(key, "其他"), "rules": grouped[key], "silent": silent[key]}
        for key in order
        if grouped.get(key) or silent[key]
    ]


def quarantined_files(site: Site) -> list[Row]:
    """Rows kept out, per file: how many, by which rules, one reason; most rows first."""
    read = {row["path"]: row["rows_read"] for row in site.receipts}
    files: dict[str, Row] = {}
    for row in site.quarantine:
        file = files.setdefault(
            row["path"], row | {"n": 0, "rules": Counter(), "read": read.get(row["path"])}
        )
        file["n"] += 1
        file["rules"][row["rule_id"]] += 1
    return sorted(files.values(), key=lambda file: -file["n"])


def _trend_figure(site: Site) -> Any:
    rows = [row for row in site.dimension_totals if row["dimension"] in findings.DIMENSIONS]
    periods = sorted({row["period"] for row in rows})
    if len(periods) < 2:
        return None
    rates = {(row["period"], row["dimension"]): row["pass_rate"] for row in rows}
    return figure_html(
        figures.dimension_trend(rows, findings.DIMENSIONS),
        f"{fmt.period_words(periods[0])}至{fmt.period_words(periods[-1])}各维度通过率（全部填报主体合计）。",
        (
            ["季度", *findings.DIMENSIONS.values()],
            [[p, *(fmt.percent(rates.get((p, key))) for key in findings.DIMENSIONS)] for p in periods],
        ),
    )


def quality(site: Site) -> Row:
    """Context of quality.html."""
    first, more = headline(site)
    rows = matrix(site)
    periods = sorted({row["period"] for row in site.dimension_totals})
    rates = {(row["period"], row["dimension"]): row["pass_rate"] for row in site.dimension_totals}
    severities = Counter(row["severity"] for row in site.flags)
    flags = site.flags[:FLAGS_ON_PAGE]
    return base(site, "quality", "数据质量") | {
        "headline": first,
        "sentences": more,
        "cards": dimension_cards(site),
        "dimensions": findings.DIMENSIONS,
        "grades": findings.GRADES,
        "matrix": rows[:MATRIX_ROWS],
        "matrix_total": len(rows),
        "trend": _trend_figure(site),
        "trend_rows": [{"period": p, **{d: rates.get((p, d)) for d in findings.DIMENSIONS}} for p in periods],
        "first": first_findings(site),
        "groups": rule_groups(site),
        "expectations": site.expectations,
        "failed_expectations": [row for row in site.expectations if not row["success"]],
        "files": quarantined_files(site)[:FILES],
        "files_total": len({row["path"] for row in site.quarantine}),
        "quarantined": len(site.quarantine),
        "confirmed": site.confirmed[:CONFIRMED],
        "confirmed_total": len(site.confirmed),
        "proposals": site.proposals[:PROPOSALS],
        "proposals_total": len(site.proposals),
        "rejected": [row for row in site.receipts if row["status"] == "rejected"],
        "severities": severities,
        "flags": flags,
        "flags_total": len(site.flags),
        "flag_reporters": sorted({row["reporter_name"] for row in flags if row["reporter_name"]}),
        "flag_rules": sorted({row["rule_id"] for row in flags}),
        "href": site.href,
        "to": site.drill.href,
    }
