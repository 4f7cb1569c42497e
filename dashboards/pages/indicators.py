"""The indicators: where everybody stands."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any

from dashboards import figures
from dashboards import format as fmt
from dashboards.pages.site import Site, base
from dashboards.theme import figure_html

Row = dict[str, Any]


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
