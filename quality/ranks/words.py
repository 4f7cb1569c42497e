"""What moved a total and what one more place takes, in sentences.

Belongs here: choosing and wording. Does not belong here: arithmetic (``changes``), numbers of pages.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CAUSES = 3
LEAST = 0.005  # points of the total that show with two decimals
TOGETHER = 5  # items a way may need
MANY = 3  # indicators that fell silent together are one reason
UNREPORTED = "未报"


@dataclass(frozen=True)
class Item:
    """A task or indicator of a place in both quarters. points: what it moved the total; share: of the total now; best: the score it
    can still reach; texts: what an indicator was reported as."""

    component: str
    reporter_id: str  # the place itself, or one of its sub-units
    item_id: str
    name: str
    special_id: str
    special: str
    old_score: float | None
    new_score: float | None
    old_text: str | None
    new_text: str | None
    points: float
    share: float
    best: float
    overdue: bool = False
    sustained: bool = False  # scores by the quarter's summary alone


@dataclass(frozen=True)
class Silence:
    """Indicators that fell silent together (``again``: that are reported again), and what they moved the total."""

    again: bool
    count: int
    points: float


@dataclass(frozen=True)
class Tasks:
    """All counted tasks of a special together."""

    special: str
    count: int
    overdue: int
    points: float


def signed(value: float, digits: int = 2) -> str:
    """+0.52, −0.10."""
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{abs(value):.{digits}f}"


def quoted(name: str, longest: int = 28) -> str:
    """A name in quotation marks, its own marks turned into inner ones, cut where it is long."""
    inner = name.replace("“", "‘").replace("”", "’")
    return f"“{inner if len(inner) <= longest else inner[: longest - 1] + '…'}”"


def value_for(indicator: dict, score: float) -> float | None:
    """The value that gives ``score`` (0–100], by the formulas of section 7 of the contract turned round; None without one."""
    part = score / 100
    if indicator["method"] == "dtf":
        return indicator["worst"] - (indicator["worst"] - indicator["frontier"]) * part ** (
            1 / indicator["exponent"]
        )
    baseline, target = indicator["baseline"], indicator["target"]
    if indicator["method"] != "attainment" or target is None:
        return None
    if baseline is not None:
        return baseline + (target - baseline) * part if baseline != target else target
    if target <= 0:
        return target  # no share of nothing: reached or not
    return target / part if indicator["polarity"] == "lower" else target * part


def value_text(value: float, indicator: dict) -> str:
    """The value with the indicator's decimals, rounded to the better side so that it is enough."""
    decimals = 2 if indicator["decimals"] is None else int(indicator["decimals"])
    scale = 10**decimals
    rounding = math.floor if indicator["polarity"] == "lower" else math.ceil
    # a value that stands exactly on a step is not pushed to the next one by floating noise
    exact = round(value * scale, 6)
    return f"{rounding(exact) / scale:.{decimals}f}{indicator['unit'] or ''}"


def causes(
    score: dict[str, float],
    rank: dict[str, float],
    silences: list[Silence],
    indicators: list[Item],
    tasks: list[Tasks],
    in_points: bool = True,
) -> str | None:
    """The three strongest reasons; score and rank: parts own, peers, method, revision (points, places).

    silences: of ``MANY`` or more; indicators: at least the ``CAUSES`` that moved most beside them. in_points: False where the total is
    no arithmetic mean; then reasons are ordered by what they would move one, without figures.
    """
    found = [(abs(group.points), _fell_silent(group, in_points)) for group in silences]
    found += [(abs(item.points), _indicator_moved(item, in_points)) for item in indicators]
    found += [(abs(group.points), _tasks_moved(group, in_points)) for group in tasks]
    found = [(points, text) for points, text in found if points >= LEAST]
    for part, words in (("method", "评价办法调整"), ("revision", "上期数据此后更正")):
        if abs(score[part]) >= LEAST:
            found.append((abs(score[part]), f"{words}（总分 {signed(score[part])}）"))
    chosen = [text for _, text in sorted(found, key=lambda entry: -entry[0])]
    peers = rank["peers"]
    if peers and not math.isnan(peers):
        text = f"其他单位的变化使位次{'上升' if peers > 0 else '下降'} {abs(peers):.0f} 位"
        # first where the others moved it more places than it did itself
        at = 0 if abs(peers) > abs(rank["own"]) else min(CAUSES - 1, len(chosen))
        chosen.insert(at, text)
    return "；".join(chosen[:CAUSES]) or None


def _points(points: float, in_points: bool, form: str = "，{}") -> str:
    return form.format(f"总分 {signed(points)}" if in_points else f"使总分{'上升' if points > 0 else '下降'}")


def _fell_silent(group: Silence, in_points: bool) -> str:
    word = "上期未报、本期补上" if group.again else "本期未报"
    return f"{group.count} 项指标{word}{_points(group.points, in_points, '（{}）')}"


def _indicator_moved(item: Item, in_points: bool) -> str:
    changed = item.old_text != item.new_text
    change = f"由 {item.old_text} 变为 {item.new_text}" if changed else f"仍为 {item.new_text}"
    if item.old_score is None:
        scores = f"本期开始计分，得 {item.new_score:.1f}"
    elif item.new_score is None:
        scores = "本期不再计分"
    else:
        scores = f"得分 {item.old_score:.1f}→{item.new_score:.1f}"
    return f"指标{quoted(item.name)}{change}（{scores}{_points(item.points, in_points)}）"


def _tasks_moved(tasks: Tasks, in_points: bool) -> str:
    note = f"，其中 {tasks.overdue} 项逾期" if tasks.overdue and tasks.points < 0 else ""
    return f"{quoted(tasks.special)}专项任务（{tasks.count} 项{note}{_points(tasks.points, in_points)}）"


def gain(
    points: float, ahead: str, rank: int, items: list[Item], row_of: Callable[[Item], dict[str, Any]]
) -> str:
    """What it takes to draw level with the next place ahead.

    items: at least the ``TOGETHER`` with most room and the first of each component; row_of: an indicator's row for ``value_for``.
    """
    first = f"总分再提高 {math.ceil(points * 100 - 1e-6) / 100:.2f} 分即与第 {rank} 名的{ahead}持平"
    open_items = [item for item in items if item.best > (item.new_score or 0) + 1e-9 and item.share > 0]
    loss = {id(item): item.share * (item.best - (item.new_score or 0)) for item in open_items}
    ordered = sorted(open_items, key=lambda item: -loss[id(item)])
    alone = [item for item in ordered if loss[id(item)] >= points]
    if alone:
        # one indicator and one task where both can do it, else the two with most room
        kinds = [next((i for i in alone if i.component == kind), None) for kind in ("indicator", "task")]
        ways = [item for item in kinds if item] if all(kinds) else alone[:2]
        texts = [_way(item, points, row_of) for item in ways]
        return f"{first}，以下{'任一项' if len(texts) > 1 else '一项'}即可：{'；'.join(texts)}"
    total, needed = 0.0, []
    for item in ordered[:TOGETHER]:
        needed.append(item)
        total += loss[id(item)]
        if total >= points:
            break
    if not needed:
        return first
    names = "、".join(quoted(item.name, 20) for item in needed)
    if total >= points:
        return f"{first}；单项改进不够，需同时把{names}做到位"
    return f"{first}；需多项同时改进，失分最多的是{names}"


def _way(item: Item, points: float, row_of: Callable[[Item], dict[str, Any]]) -> str:
    score = (item.new_score or 0) + points / item.share
    if item.sustained:
        return f"报送任务{quoted(item.name)}的进展情况（得分 {item.new_score or 0:.0f}→100）"
    if item.component == "task":
        verb = "完成逾期任务" if item.overdue else "推进任务"
        return f"{verb}{quoted(item.name)}（得分 {item.new_score or 0:.1f}→{score:.1f}）"
    indicator = row_of(item)
    value = value_for(indicator, min(score, 100))
    if value is None:
        return f"指标{quoted(item.name)}得分 {item.new_score or 0:.1f}→{score:.1f}"
    if indicator["state"] != "value":
        return f"补报指标{quoted(item.name)}并达到 {value_text(value, indicator)}"
    return f"指标{quoted(item.name)}由 {item.new_text} 改进到 {value_text(value, indicator)}"
