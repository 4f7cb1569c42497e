"""Two reporters side by side, chosen on the page; without script a table of everybody's scores in every special.

Belongs here: which numbers are compared. Does not belong here: choosing and laying out (``static/compare.js``), SQL.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from dashboards import format as fmt
from dashboards.pages.site import Site, base
from dashboards.theme import json_block

Row = dict[str, Any]

WITH_INDICATORS = 300  # with more reporters the values of the indicators would make the page too heavy
IN_TABLE = 60  # reporters in the table for readers without script


def _shown(row: Row | None, decimals: int | None) -> str:
    if row is None:
        return ""
    if row["value"] is not None:
        return fmt.value(row["value"], decimals)
    return fmt.words(fmt.STATE_WORDS, row["state"])


def data(site: Site) -> Row:
    """The data block: names and links of specials and indicators once, then one compact line per reporter."""
    drill = site.drill
    specials = list(site.special_weights)
    detailed = len(site.ranking) <= WITH_INDICATORS
    indicators = site.indicators if detailed else []
    values = {
        (row["reporter_id"], row["indicator_id"]): row
        for row in site.indicator_scores
        if detailed and row["period"] == site.period
    }
    changes = {row["reporter_id"]: row for row in site.rank_changes}
    listed = {row["reporter_id"]: row for row in site.list_entries}
    reporters = []
    for row in site.ranking:
        key = row["reporter_id"]
        change = changes.get(key, {})
        entry = listed.get(key, {})
        reporters.append(
            {
                "id": site.slugs[key],
                "name": row["reporter_name"],
                "href": site.href(key),
                "facts": [
                    site.rank(key, row["rank"]) if row["rank"] is not None else "不参加排名",
                    fmt.number(row["total_score"]),
                    fmt.number(row["task_score"]),
                    fmt.number(row["indicator_score"]),
                    fmt.change(row["rank_change"], 0) if row["rank_change"] is not None else fmt.NONE,
                    fmt.change(change.get("score_change"), 0, 2) if change else fmt.NONE,
                    fmt.count(row["tasks_overdue"]),
                    fmt.count(row["tasks_behind"]),
                    fmt.percent(row["completion_rate"]),
                    fmt.percent(row["on_time_rate"]),
                    fmt.LIST_WORDS.get(row["list"] or "", "未上榜"),
                ],
                "causes": change.get("causes") or "",
                "reason": entry.get("reason") or "",
                "specials": [_score(site.special_scores.get((key, special))) for special in specials],
                "values": [
                    _value(values.get((key, item["indicator_id"])), item["decimals"]) for item in indicators
                ],
            }
        )
    return {
        "facts": [
            "位次", "综合得分", "任务得分", "指标得分", "位次变化", "得分变化", "逾期任务", "滞后任务", "完成率", "按时完成率",
            "红黑榜",
        ],
        "specials": [
            [site.special_weights[key]["name"] or key, drill.href("specials", key)] for key in specials
        ],
        "indicators": [
            [item["name"] or item["indicator_id"], drill.href("indicators", item["indicator_id"]), item["unit"] or "",
             "lower" if item["polarity"] == "lower" else "higher"]
            for item in indicators
        ],
        "reporters": reporters,
    }  # fmt: skip


def _score(row: Row | None) -> float | None:
    return None if row is None or row["score"] is None else round(row["score"], 2)


def _value(row: Row | None, decimals: int | None) -> list[Any]:
    """[as shown, score] of an indicator; nothing where it does not apply."""
    if row is None:
        return []
    return [_shown(row, decimals), None if row["score"] is None else round(row["score"], 2)]


def compare(site: Site) -> Row:
    """Context of compare.html."""
    shown = site.ranking
    if len(shown) > IN_TABLE:
        shown = [*shown[: IN_TABLE // 2], *shown[-(IN_TABLE // 2) :]]
    specials = [
        {"name": row["name"] or key, "href": site.drill.href("specials", key), "key": key}
        for key, row in site.special_weights.items()
        if any((r["reporter_id"], key) in site.special_scores for r in shown)
    ]
    table = []
    for special in specials:
        scores = [
            mine["score"] if (mine := site.special_scores.get((row["reporter_id"], special["key"]))) else None
            for row in shown
        ]
        known = [score for score in scores if score is not None]
        level = site.special_levels.get(special["key"], {})
        table.append(
            special
            | {
                "middle": level.get("middle"),
                "scores": [
                    {
                        "score": score,
                        "mark": "best"
                        if score is not None and score == max(known) > min(known)
                        else "worst"
                        if score is not None and score == min(known) < max(known)
                        else "",
                    }
                    for score in scores
                ],
            }
        )
    return base(site, "compare", "两地对比") | {
        "data": Markup(json_block(data(site))),
        "shown": [
            (
                row["reporter_name"],
                site.href(row["reporter_id"]),
                row["total_score"],
                site.slugs[row["reporter_id"]],
            )
            for row in shown
        ],
        "left_out": len(site.ranking) - len(shown),
        "table": table,
        "enough": len(site.ranking) > 1,
    }
