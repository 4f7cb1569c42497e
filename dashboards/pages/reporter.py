"""The page of one reporter."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import Any

from dashboards import figures, findings
from dashboards import format as fmt
from dashboards.pages.drill import MOST_LINES, gravest
from dashboards.pages.site import Site, base, source
from dashboards.theme import Drawing

Row = dict[str, Any]

ATTENTION = 15  # tasks that are overdue or behind, above the specials


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
    drill = site.drill
    special_names = {key: row["name"] or key for key, row in site.special_weights.items()}
    by_special: dict[str, list[Row]] = defaultdict(list)
    for task in site.tasks.get(reporter_id, []):
        by_special[task["special_id"]].append(
            task
            | {
                "source": source(task["path"], task["sheet"], task["row_number"], site.period),
                "href": drill.place("tasks", task["task_id"], reporter_id, prefix),
            }
        )
    values: dict[str, list[Row]] = defaultdict(list)
    scores = {
        r["indicator_id"]: r for r in site.of("indicator_scores", reporter_id) if r["period"] == site.period
    }
    for item in site.indicators:
        if item["indicator_id"] in scores:
            values[item["special_id"]].append(
                item
                | scores[item["indicator_id"]]
                | {"href": drill.place("indicators", item["indicator_id"], reporter_id, prefix)}
            )
    scored = {row["special_id"]: row for row in special_rows}
    groups = [
        {
            "special_id": special,
            "name": special_names.get(special, special),
            "href": drill.href("specials", special, prefix),
            "row": scored.get(special),
            "tasks": by_special.get(special, []),
            "lights": Counter(task["light"] or "none" for task in by_special.get(special, [])),
            "indicators": values.get(special, []),
            "attained": sum(bool(row["attained"]) for row in values.get(special, [])),
            "judged": sum(row["attained"] is not None for row in values.get(special, [])),
        }
        for special in dict.fromkeys([*site.special_weights, *by_special])
        if by_special.get(special) or values.get(special) or special in scored
    ]
    attention = sorted(
        (task for tasks in by_special.values() for task in tasks if task["light"] in ("red", "yellow")),
        key=gravest,
    )
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
    profile = Drawing(
        partial(figures.special_profile, special_rows, name),
        f"{name}各专项得分与全部填报主体中位数、最低至最高的比较；圆点不低于中位数，方块低于中位数。",
        (["专项", name, "中位数", "最低", "最高"], profile_rows),
    )
    middle = site.median_scores
    trend = None
    if len(middle) > 1:
        mine = {h["period"]: h for h in site.of("history", reporter_id)}
        crowded = len(site.ranking) > MOST_LINES
        trend = Drawing(
            partial(
                figures.score_trend,
                site.of("history", reporter_id) if crowded else site.history,
                reporter_id,
                middle,
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
        "ranked_n": site.ranked_n,
        "band": site.band(reporter_id),
        "formula": formula(site, row),
        "why": _why(special_rows),
        "special_rows": special_rows,
        "profile": profile,
        "trend": trend,
        "groups": groups,
        "slug": site.slugs[reporter_id],
        "comparable": len(site.ranking) > 1,
        "to": drill.href,
        "attention": attention[:ATTENTION],
        "attention_total": len(attention),
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
