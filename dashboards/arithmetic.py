"""How a score follows from the numbers before it: the steps in words, and the same sums again in plain Python.

Belongs here: section 7 of the contract as a reader follows it with a pocket calculator – pure functions on rows. The scores
themselves come from the marts; a sum made here only stands beside them. Does not belong here: SQL, pages, markup.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from dashboards import format as fmt

Row = dict[str, Any]
Part = tuple[float, float | None]  # weight, score (None = left out)

AGGREGATION_WORDS = {
    "arithmetic": "加权算术平均",
    "geometric": "加权几何平均",
    "copeland": "逐对比较（Copeland）",
}
SAME = 5e-7  # what a sum from stored numbers (9 decimals) may differ by


def plain(value: Any, digits: int = 4) -> str:
    """A number of a calculation: at most ``digits`` decimals, no padding zeros."""
    return fmt.number(value, digits, trim=True)


def mean(parts: Iterable[Part], aggregation: str = "arithmetic") -> float | None:
    """Weighted mean over the parts that have a score; ``geometric`` on [1, 100] and back. None without any."""
    known = [(weight, score) for weight, score in parts if score is not None]
    below = sum(weight for weight, _ in known)
    if not below:
        return None
    if aggregation == "geometric":
        logs = sum(weight * math.log(1 + 0.99 * score) for weight, score in known) / below
        return (math.exp(logs) - 1) / 0.99
    return sum(weight * score for weight, score in known) / below


def shares(parts: Iterable[Part]) -> list[float | None]:
    """The rescaled weight of every part among those that have a score; None for one that has none."""
    parts = list(parts)
    below = sum(weight for weight, score in parts if score is not None)
    return [weight / below if score is not None and below else None for weight, score in parts]


def mean_words(
    parts: Iterable[Part], result: float | None, aggregation: str = "arithmetic", digits: int = 4
) -> str:
    """The weighted mean of a few parts as one line: ``(0.5×97.85 + 0.5×99.96) ÷ 1 = 98.9024``."""
    known = [(weight, score) for weight, score in parts if score is not None]
    below = sum(weight for weight, _ in known)
    if not known or not below:
        return fmt.NONE
    if aggregation == "geometric":
        inside = " + ".join(f"{plain(w, 6)}×ln(1+0.99×{plain(s, digits)})" for w, s in known)
        return f"[exp(({inside}) ÷ {plain(below, 6)}) − 1] ÷ 0.99 = {plain(result, digits)}"
    inside = " + ".join(f"{plain(w, 6)}×{plain(s, digits)}" for w, s in known)
    return f"({inside}) ÷ {plain(below, 6)} = {plain(result, digits)}"


def task_words(task: Row, facts: Row, programme: Row) -> str:
    """Why a task has its score. task: line of ``queries.task_status``; facts: of ``task_facts``; programme: parameters."""
    score, done = task["score"], task["status"] == "completed"
    if score is None:
        if task["status"] == "cancelled":
            return "已取消，不计分"
        return "尚未到序时，不计分" if task["due_date"] else "没有可计算的时限，不计分"
    if task["deadline_kind"] in ("ongoing", "recurring") or (done and facts["ongoing"]):
        return f"持续或定期任务，本期{'有' if score else '无'}进展说明 = {plain(score)}"
    if done:
        late = (
            (task["completed_on"] - facts["last_due"]).days
            if task["completed_on"] and facts["last_due"]
            else 0
        )
        if late <= 0:
            return "按时完成 = 100"
        return (
            f"迟 {late} 天完成：max({plain(programme['late_floor'])}, 100 − {plain(programme['late_per_day'])}×{late})"
            f" = {plain(score)}"
        )
    if task["light"] == "red":
        return f"逾期未完成：min({plain(programme['overdue_cap'])}, 进度 {plain(task['progress_pct'])}) = {plain(score)}"
    return f"未到期：100×min(1, 进度 {plain(task['progress_pct'])} ÷ 序时 {plain(task['expected_pct'])}) = {plain(score)}"


def indicator_words(row: Row, facts: Row) -> str:
    """Why an indicator has its score. row: line of ``queries.indicator_scores``; facts: of ``indicator_facts``."""
    score, x, state = row["score"], row["value"], row["state"]
    if score is None:
        if state == "not_applicable":
            return "不适用，不计分"
        return "没有前沿与最差值，也没有目标值，不计分" if row["method"] is None else "定版前未报送，暂不计分"
    if state != "value":
        return f"{fmt.words(fmt.STATE_WORDS, state)} = 0"
    if row["method"] == "dtf":
        power = "" if facts["exponent"] == 1 else f" 的 {plain(facts['exponent'])} 次方"
        return (
            f"100×[({plain(row['worst'])} − {plain(x)}) ÷ ({plain(row['worst'])} − {plain(row['frontier'])})]{power}"
            f" = {plain(score)}"
        )
    baseline, target = row["baseline"], row["target"]
    if baseline is not None and baseline != target:
        return (
            f"100×({plain(x)} − {plain(baseline)}) ÷ ({plain(target)} − {plain(baseline)}) = {plain(score)}"
        )
    if score in (0, 100):
        return f"{'达到' if score else '未达到'}目标 {plain(target)} = {plain(score)}"
    upper, lower = (target, x) if facts["polarity"] == "lower" else (x, target)
    return f"100×{plain(upper)} ÷ {plain(lower)} = {plain(score)}"


def duels(
    mine: dict[str, float], others: dict[str, dict[str, float]], weights: dict[str, float]
) -> dict[str, Row]:
    """Pairwise comparisons of the Copeland method: other → weight won, weight lost, weight tied, result (1, 0, −1).

    mine and the values of ``others``: special → score, compared after rounding to 6 decimals. Specials only one of the two has
    are left out. Weights are summed at 9 decimals, as the engine does: a float sum against one half is noise.
    """
    table: dict[str, Row] = {}
    for other, theirs in others.items():
        won = lost = tied = 0
        for special in mine.keys() & theirs.keys():
            weight = round(weights[special] * 10**9)
            a, b = round(mine[special], 6), round(theirs[special], 6)
            won, lost, tied = (
                won + weight * (a > b),
                lost + weight * (a < b),
                tied + weight * (a == b),
            )
        if won + lost + tied:
            table[other] = {
                "won": won / 10**9, "lost": lost / 10**9, "tied": tied / 10**9, "result": (won > lost) - (won < lost),
            }  # fmt: skip
    return table
