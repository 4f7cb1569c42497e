"""The page of goals: who meets which now, who will at this pace, who will not, and the issuer's own goals.

Belongs here: the state of a goal in words, grouping, captions. Does not belong here: the forecast itself (``marts.goals``), SQL,
drawing.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from dashboards import figures
from dashboards import format as fmt
from dashboards.pages.site import Site, base
from dashboards.theme import figure_html

Row = dict[str, Any]


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


MATRIX_ROWS = 300
FIGURES = 12


class State(NamedTuple):
    """Where a goal stands: light whose colours it takes, shape, word."""

    light: str
    shape: str
    word: str


STATES = {
    "met": State("green", "●", "已达到"),
    "soon": State("yellow", "▲", "按此进度可达到"),
    "far": State("red", "■", "按此进度达不到"),
    "missed": State("red", "■", "到期未达到"),
    "open": State("blue", "◆", "未达到"),
    "unknown": State("none", "○", "无数据"),
}


def state(row: Row) -> str:
    """Key of ``STATES`` for one line of ``marts.goals``."""
    if row["actual"] is None:
        return "unknown"
    if row["met"]:
        return "met"
    if row["periods_left"] == 0:
        return "missed"
    return {True: "soon", False: "far", None: "open"}[row["forecast_met"]]


def _told(site: Site, row: Row) -> Row:
    key = state(row)
    total_rank = row["kind"] == "rank" and not row["special_name"] and not row["indicator_name"]
    actual = goal_amount(row["kind"], row["actual"])
    if total_rank and row["reporter_id"] and row["actual"] is not None:
        actual = site.rank(row["reporter_id"], int(row["actual"]))
    pace = row["pace"]
    if pace is None:
        told = fmt.NONE
    elif row["kind"] == "rank":
        told = (
            "持平"
            if not pace
            else f"{'后退' if pace > 0 else '前进'} {fmt.number(abs(pace), 1, trim=True)} 位"
        )
    else:
        told = "持平" if not pace else fmt.change(pace, 0, 2) + " 个百分点"
    return row | {
        "key": key,
        "state": STATES[key],
        "actual_words": actual,
        "forecast_words": goal_amount(row["kind"], row["forecast"]),
        "pace_words": told,
        "at_risk": key == "met" and row["forecast_met"] is False,
    }


def goals_of_reporters(site: Site) -> list[Row]:
    """One row per goal: text, due date, cells by reporter, counts by state."""
    grouped: dict[str, Row] = {}
    for row in site.goals:
        if row["reporter_id"] is None:
            continue
        goal = grouped.setdefault(
            row["goal_id"],
            {
                "text": goal_text(row), "kind": row["kind"], "expected": row["expected"], "due": row["due_date"],
                "periods_left": row["periods_left"], "cells": {},
            },
        )  # fmt: skip
        goal["cells"][row["reporter_id"]] = _told(site, row)
    for goal in grouped.values():
        goal["counts"] = Counter(cell["key"] for cell in goal["cells"].values())
        goal["n"] = len(goal["cells"])
        for name, keys in (("behind", {"far", "missed", "open"}), ("unknown", {"unknown"})):
            goal[name] = [cell["reporter_name"] for cell in goal["cells"].values() if cell["key"] in keys]
    return list(grouped.values())


def _legend(told: list[Row]) -> list[State]:
    """The states that occur, in the order of ``STATES``."""
    occurring = {row["key"] for row in told}
    return [state for key, state in STATES.items() if key in occurring]


def _figure(goal: Row) -> Any:
    """Now, forecast and target of an improvement goal for all its reporters; None where a picture tells nothing."""
    cells = list(goal["cells"].values())
    if goal["kind"] != "improvement" or sum(cell["actual"] is not None for cell in cells) < 2:
        return None
    reached = goal["counts"]["met"]
    return figure_html(
        figures.goal_dots(goal["expected"], cells),
        f"{goal['text']}：现在达到 {reached} 家，按此进度可达到的另有 {goal['counts']['soon']} 家；虚线为目标。",
        (
            ["填报主体", "现在", "预测", "目标", "判断"],
            [
                [
                    cell["reporter_name"], cell["actual_words"], cell["forecast_words"],
                    goal_amount(goal["kind"], goal["expected"]), cell["state"].word,
                ]
                for cell in cells
            ],
        ),
    )  # fmt: skip


def headline(own: list[Row], issuer: list[Row]) -> str:
    """The page's first sentence."""
    parts = []
    if own:
        counts = sum((goal["counts"] for goal in own), Counter())
        text = f"填报主体目标 {len(own)} 项、{sum(counts.values())} 家次，已达到 {counts['met']} 家次"
        if counts["soon"] or counts["far"]:
            text += f"，按此进度可达到的 {counts['soon']} 家次、达不到的 {counts['far']} 家次"
        parts.append(text)
    if issuer:
        counts = Counter(row["key"] for row in issuer)
        text = f"本级自身目标 {len(issuer)} 项，已达到 {counts['met']} 项"
        if counts["unknown"]:
            text += f"，结果未知 {counts['unknown']} 项"
        parts.append(text)
    return "；".join(parts)


def goals(site: Site) -> Row:
    """Context of goals.html."""
    own = goals_of_reporters(site)
    issuer = [
        _told(site, row)
        | {"text": goal_text(row), "expected_words": goal_amount(row["kind"], row["expected"])}
        for row in site.goals
        if row["reporter_id"] is None
    ]
    drawn = [figure for goal in own if (figure := _figure(goal)) is not None]
    concerned = [row for row in site.ranking if any(row["reporter_id"] in goal["cells"] for goal in own)]
    return base(site, "goals", "目标进展") | {
        "headline": headline(own, issuer),
        "own": own,
        "issuer": issuer,
        "issuer_counts": Counter(row["key"] for row in issuer),
        "states": STATES,
        "legend": _legend([cell for goal in own for cell in goal["cells"].values()]),
        "forecasts": any(row["forecast_basis"] or row["forecast"] is not None for row in site.goals),
        "reporters": [row | {"href": site.href(row["reporter_id"])} for row in concerned[:MATRIX_ROWS]],
        "reporters_total": len(concerned),
        "figures": drawn[:FIGURES],
    }
