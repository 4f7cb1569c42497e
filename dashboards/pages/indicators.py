"""The indicators: where everybody stands, all of them on one page; ``indicator`` has a page for each."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from statistics import median
from typing import Any

from dashboards import figures
from dashboards import format as fmt
from dashboards.pages.drill import MOST_LINES, notable_values
from dashboards.pages.site import Site, base
from dashboards.theme import Drawing

Row = dict[str, Any]

FIGURES_UP_TO = 40  # with more reporters the figures stand on the pages of the indicators only


def holders(ordered: list[Row], end: int, decimals: int | None) -> str:
    """Who holds the best (end 0) or worst (end -1) value, with the value; ``各地相同`` where nobody differs."""
    if not ordered:
        return fmt.NONE
    extreme = ordered[end]["value"]
    names = [row["reporter_name"] for row in ordered if row["value"] == extreme]
    shown = fmt.value(extreme, decimals)
    if len(names) == len(ordered) > 1:
        return f"各地相同 {shown}"
    return f"{fmt.names(names, 1)} {shown}"


def _dots(site: Site, item: Row, rows: list[Row], shown: list[Row], ordered: list[Row]) -> Drawing:
    judged = [row for row in rows if row["attained"] is not None]
    decimals = item["decimals"]
    caption = (
        f"{item['name']}（{item['unit'] or ''}，{'越低越好' if item['polarity'] == 'lower' else '越高越好'}）"
    )
    caption += (
        f"：{len(judged)} 家中 {sum(bool(r['attained']) for r in judged)} 家达到目标"
        if judged
        else "：本期未设目标"
    )
    if ordered:
        caption += f"，最好 {holders(ordered, 0, decimals)}"
    if len(shown) < len(rows):
        caption += f"；图中为最好、最差和未报送的 {len(shown)} 家"
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
        for row in shown
    ]
    return Drawing(
        partial(figures.indicator_dots, item, shown),
        caption + "。",
        (["填报主体", "当前", "上季度", "目标", "前沿", "得分", "达标"], numbers),
    )


def _trend(site: Site, item: Row, history: list[Row]) -> Drawing | None:
    periods = sorted({row["period"] for row in history})
    if len({row["period"] for row in history if row["value"] is not None}) < 2:
        return None
    if len(site.ranking) > MOST_LINES:
        # Nobody can tell so many lines apart: the median alone.
        known: dict[str, list[Row]] = defaultdict(list)
        for row in history:
            if row["value"] is not None:
                known[row["period"]].append(row)
        rows = [
            {
                "period": p, "reporter_id": "", "reporter_name": "中位数", "target": known[p][0]["target"],
                "value": median(row["value"] for row in known[p]),
            }
            for p in periods if known[p]
        ]  # fmt: skip
        table = [[row["period"], fmt.value(row["value"], item["decimals"])] for row in rows]
        return Drawing(
            partial(figures.indicator_trend, item, rows),
            f"{item['name']}季度走势：全部填报主体的中位数。",
            (["季度", "中位数"], table),
        )
    lines: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in history:
        lines[row["reporter_id"]][row["period"]] = row
    return Drawing(
        partial(figures.indicator_trend, item, history),
        f"{item['name']}季度走势：灰线为各填报主体，粗线为中位数，虚线为目标。",
        (
            ["填报主体", *periods],
            [
                [
                    next(iter(line.values()))["reporter_name"],
                    *(fmt.value(line.get(p, {}).get("value"), item["decimals"]) for p in periods),
                ]
                for line in lines.values()
            ],
        ),
    )


def card(site: Site, item: Row) -> Row:
    """One indicator: the line of the registry, this quarter in numbers, and its figures (made when a page is written)."""
    history = site.drill.values.get(item["indicator_id"], [])
    rows = [row for row in history if row["period"] == site.period]
    lower = item["polarity"] == "lower"
    valued = [row for row in rows if row["value"] is not None]
    ordered = sorted(valued, key=lambda row: row["value"] if lower else -row["value"])
    judged = [row for row in rows if row["attained"] is not None]
    return item | {
        "page": site.drill.href("indicators", item["indicator_id"]),
        "target": next((row["target"] for row in rows if row["target"] is not None), None),
        "target_due": next((row["target_due"] for row in rows if row["target_due"] is not None), None),
        "median": median(row["value"] for row in valued) if valued else None,
        "best": holders(ordered, 0, item["decimals"]),
        "worst_now": holders(ordered, -1, item["decimals"]),
        "attained_n": sum(bool(row["attained"]) for row in judged),
        "judged_n": len(judged),
        "owing_n": len(rows),
        "missing_n": sum(row["state"] == "not_submitted" for row in rows),
        "dots": _dots(site, item, rows, notable_values(rows, lower, site.drill.detailed), ordered),
        "trend": _trend(site, item, history),
    }


def cards(site: Site) -> list[Row]:
    """Every indicator as a card, in the order of the registry."""
    return [card(site, item) for item in site.indicators]


def indicators(site: Site, made: list[Row] | None = None) -> Row:
    """Every indicator: where everybody stands against target and frontier, and the way there. made: the cards, if at hand."""
    return base(site, "indicators", "指标") | {
        "cards": cards(site) if made is None else made,
        "drawn": len(site.ranking) <= FIGURES_UP_TO,
    }
