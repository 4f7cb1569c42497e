"""The red and the black list, and why a score and a rank moved: a page of its own and sections of two others.

Belongs here: sentences, sorting and cutting about lists and changes. Does not belong here: SQL (``queries.ranking``), how a score
follows from its parts (``method_pages``), drawing.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from dashboards import figures
from dashboards import format as fmt
from dashboards.pages.site import Site, base
from dashboards.theme import figure_html

Row = dict[str, Any]

MOVERS = 3
BANDS = 60  # places drawn with their bands: more are unreadable, then the first and the last of them
QUIET = 5e-10  # numbers are stored at 9 decimals; what is below is no change
SOURCES = (
    ("own", "自身表现", "本单位任务、指标得分的变化"),
    ("peers", "其他主体", "别人进退带来的位次变化"),
    ("method", "评价办法", "权重、任务、指标等办法调整"),
    ("revision", "上期修订", "上期发布后数据更正"),
)
COMPONENT_WORDS = {"task": "任务", "indicator": "指标"}


# --- lists -------------------------------------------------------------------------------------------------------------


def entries(site: Site, which: str) -> list[Row]:
    """The reporters on one list with name, link, band, and what the ranking says of them; in the order of rank."""
    known = {row["reporter_id"]: row for row in site.ranking}
    table = []
    for row in site.list_entries:
        if row["list"] != which:
            continue
        reporter = known[row["reporter_id"]]
        band = site.band(row["reporter_id"])
        table.append(
            row
            | {
                "name": reporter["reporter_name"],
                "href": site.href(row["reporter_id"]),
                "band": band,
                "rank_words": site.rank(row["reporter_id"], row["rank"]),
                "total_score": reporter["total_score"],
                "p": None if band is None else band[f"p_{which}"],
                "this_year": row[f"{which}_this_year"],
            }
        )
    return table


def quarters_without(site: Site) -> list[str]:
    """The quarters the programme publishes without lists."""
    return [period for period in site.parameter("no_lists", "").split(";") if period]


def rules(site: Site) -> list[str]:
    """The rule of the lists in sentences, with the parameters of the programme."""
    red, black = int(site.parameter("red", 3)), int(site.parameter("black", 3))
    talk = int(site.parameter("talk_after", 3))
    sentences = [
        f"红榜取位次前 {red} 名，黑榜取倒数 {black} 名；位次按综合得分（四舍五入到 6 位小数）由高到低，同分同位，其后位次跳过（1、2、2、4）。",
        "榜单边缘并列的，一并列入。"
        if site.parameter("ties", "include") == "include"
        else "榜单边缘并列、全部列入会超过名额的，都不列入。",
        "适用的指标中设有目标的全部达到目标，不列黑榜，空出的名额不由他人递补。"
        if site.parameter("black_exception", "all_targets") == "all_targets"
        else "黑榜没有例外。",
        f"参加排名的不足 {red + black + 1} 家时不设红黑榜；不参加排名的不上榜，也不计入家数。",
        f"连续 {talk} 个季度列入黑榜的，由{site.programme.get('issuer') or '主办单位'}约谈。",
    ]
    if quarters := quarters_without(site):
        sentences.append(f"{'、'.join(quarters)} 只公布得分和位次，不设红黑榜。")
    return sentences


def headline(site: Site) -> str:
    """The page's first sentence: who is on which list, or why there is none."""
    if not site.list_entries:
        if site.period in quarters_without(site):
            return "本季度按方案规定不设红黑榜"
        ranked = sum(row["rank"] is not None for row in site.ranking)
        least = int(site.parameter("red", 3)) + int(site.parameter("black", 3)) + 1
        if ranked < least:
            return f"参加排名 {ranked} 家，不足 {least} 家，本季度不设红黑榜"
        return "本季度红榜、黑榜均无主体列入"
    parts = []
    for which, word in fmt.LIST_WORDS.items():
        names = [row["name"] for row in entries(site, which)]
        parts.append(f"{word} {len(names)} 家：{fmt.names(names)}" if names else f"{word}无主体列入")
    return "；".join(parts)


def matrix(site: Site) -> tuple[list[str], list[Row]]:
    """(quarters, one row per reporter that was ever on a list): cells with rank and list; those listed now first."""
    periods = sorted({row["period"] for row in site.history})
    places: dict[str, dict[str, Row]] = {}
    for row in site.history:
        places.setdefault(row["reporter_id"], {})[row["period"]] = row
    rows = []
    for reporter in site.ranking:
        mine = places.get(reporter["reporter_id"], {})
        if any(cell["list"] for cell in mine.values()):
            rows.append(
                {
                    "name": reporter["reporter_name"],
                    "href": site.href(reporter["reporter_id"]),
                    "cells": [mine.get(period) for period in periods],
                    "red": sum(cell["list"] == "red" for cell in mine.values()),
                    "black": sum(cell["list"] == "black" for cell in mine.values()),
                }
            )
    return periods, rows


def firmness(site: Site) -> Markup | None:
    """Every rank with its band as a figure; None without draws."""
    placed = [row for row in site.ranking if row["rank"] is not None]
    if site.draws is None or not placed:
        return None
    if cut := len(placed) > BANDS:
        placed = placed[: BANDS // 2] + placed[-BANDS // 2 :]
    rows = []
    for row in placed:
        band = site.band(row["reporter_id"]) or {"rank_p05": None, "rank_p95": None}
        rows.append(row | {"rank_p05": band["rank_p05"], "rank_p95": band["rank_p95"]})
    which = f"（首尾各 {BANDS // 2} 家）" if cut else ""
    caption = f"各填报主体的位次及 {fmt.count(site.draws)} 次随机扰动中 5%–95% 的位次区间{which}；区间越短，位次越稳。"
    table = (
        ["填报主体", "位次", "区间"],
        [[r["reporter_name"], r["rank"], fmt.band(r["rank_p05"], r["rank_p95"])] for r in rows],
    )
    return figure_html(figures.rank_intervals(rows), caption, table)


def lists(site: Site) -> Row:
    """Context of lists.html."""
    periods, rows = matrix(site)
    groups = [
        {"key": key, "word": word, "entries": entries(site, key)} for key, word in fmt.LIST_WORDS.items()
    ]
    return base(site, "lists", "红黑榜") | {
        "headline": headline(site),
        "groups": groups,
        "explained": any(row["reason"] for row in site.list_entries),
        "talks": [row["name"] for row in groups[1]["entries"] if row["talk"]],
        "draws": site.draws,
        "rules": rules(site),
        "firmness": firmness(site),
        "history_periods": periods,
        "history_rows": rows,
    }


# --- changes -----------------------------------------------------------------------------------------------------------


def sources(row: Row) -> list[Row]:
    """Where a change comes from: words, points, ranks, length of the signed bar (−100…100). Sources of nothing are left out."""
    largest = max([abs(row[f"score_{key}"] or 0) for key, _, _ in SOURCES] + [abs(row["score_change"] or 0)])
    table = []
    for key, word, note in SOURCES:
        points, ranks = row[f"score_{key}"] or 0.0, row[f"rank_{key}"] or 0
        if abs(points) > QUIET or ranks:
            table.append(
                {
                    "word": word,
                    "note": note,
                    "points": points if abs(points) > QUIET else None,
                    "ranks": ranks,
                    "bar": 100 * points / largest if largest else 0,
                }
            )
    return table


def items(rows: list[Row]) -> list[Row]:
    """What moved a total most, each with the length of its signed bar; lines of nothing are left out."""
    moved = [row for row in rows if abs(row["contribution"] or 0) > QUIET]
    largest = max((abs(row["contribution"]) for row in moved), default=0)
    return [
        row
        | {
            "word": row["item_name"] or row["item_id"] or "其余各项合计",
            "kind": None
            if row["item_id"] is None
            else COMPONENT_WORDS.get(row["component"], row["component"]),
            "bar": 100 * row["contribution"] / largest,
        }
        for row in moved
    ]


def reporter(site: Site, reporter_id: str) -> Row:
    """What the reporter's page says of its rank and of why it moved; ``change`` None where there is nothing before."""
    row = next(iter(site.of("rank_changes", reporter_id)), None)
    mine = site.of("ranking", reporter_id)[0]
    band = site.band(reporter_id)
    entry = next(iter(site.of("list_entries", reporter_id)), None)
    change = None
    if row is not None:
        change = row | {
            "sources": sources(row),
            "items": items(site.of("change_items", reporter_id)),
            "own": row["score_own"],
            "before_words": site.rank(reporter_id, row["previous_rank"], row["previous_period"]),
            "now_words": site.rank(reporter_id, row["rank"]),
        }
    return {
        "rank_words": site.rank(reporter_id, mine["rank"]),
        "gap": fmt.gap(band["p_ahead_of_next"]) if band else "",
        "entry": entry,
        "change": change,
        "explained": bool(site.rank_changes),
    }


def movers(site: Site) -> Row:
    """Who gained and who lost most places, and why: ``up`` and ``down`` (at most ``MOVERS`` each), how many in all.

    A file without ``rank_changes`` still has the changes of place, without reasons.
    """
    names = {row["reporter_id"]: row["reporter_name"] for row in site.ranking}
    changes = site.rank_changes or [
        row | {"previous_period": site.before, "score_change": None, "causes": None}
        for row in site.ranking
        if row["rank_change"] is not None
    ]
    moved = [row for row in changes if row["rank_change"] and row["reporter_id"] in names]
    moved.sort(key=lambda row: (-abs(row["rank_change"]), -abs(row["score_change"] or 0), row["reporter_id"]))
    told = [
        row
        | {
            "name": names[row["reporter_id"]],
            "href": site.href(row["reporter_id"]),
            "before_words": site.rank(row["reporter_id"], row["previous_rank"], row["previous_period"]),
            "rank_words": site.rank(row["reporter_id"], row["rank"]),
        }
        for row in moved
    ]
    up, down = ([row for row in told if sign * row["rank_change"] > 0] for sign in (1, -1))
    return {
        "up": up[:MOVERS],
        "down": down[:MOVERS],
        "up_n": len(up),
        "down_n": len(down),
        "compared": len(changes),
    }
