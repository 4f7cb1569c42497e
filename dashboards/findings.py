"""Findings in words: what a suspect value would change, which dimension of quality it belongs to, how good a rate is.

Belongs here: pure functions on rows of ``queries`` that several pages use. Does not belong here: SQL, pages, markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from dashboards import format as fmt

Row = dict[str, Any]

DIMENSIONS = {"completeness": "完整性", "timeliness": "及时性", "validity": "有效性", "consistency": "一致性"}
# Rules about work that lags tell nothing about the data; they are grouped, not rated.
GROUPS = DIMENSIONS | {"performance": "工作进展（不计入数据质量）"}
CONFIDENCE_WORDS = {"unique": "唯一改法", "ambiguous": "多种改法", "not_solved": "未能求解"}


class Grade(NamedTuple):
    """A grade of a pass rate: from which rate on, light whose colours it takes, shape, word."""

    at_least: float
    light: str
    shape: str
    word: str


# For the eye only: no score and no list depends on it. The thresholds stand on the page.
GRADES = (
    Grade(0.98, "green", "●", "良好"),
    Grade(0.90, "yellow", "▲", "关注"),
    Grade(0.0, "red", "■", "较差"),
)
NO_GRADE = Grade(0.0, "none", "－", "未判定")


def grade(rate: float | None) -> Grade:
    """The grade of a pass rate 0–1; null (nothing was judged) has its own."""
    if rate is None or rate != rate:
        return NO_GRADE
    return next((g for g in GRADES if rate >= g.at_least), GRADES[-1])


def list_move(now: str | None, expected: str | None) -> str:
    """How the place in the lists would change: ``跌出红榜``, ``由红榜落入黑榜``; empty when it would not."""
    if now == expected:
        return ""
    if now == "red":
        return "由红榜落入黑榜" if expected == "black" else "跌出红榜"
    if now == "black":
        return "由黑榜升入红榜" if expected == "red" else "退出黑榜"
    return {"red": "进入红榜", "black": "落入黑榜"}.get(expected or "", "")


def moves_score(row: Row) -> bool:
    """Whether the finding's value has an influence on the reporter's total score."""
    return bool(row["score_change"]) and fmt.number(row["score_change"]) not in {fmt.NONE, "0.00"}


def moves_rank(row: Row) -> bool:
    """Whether the reporter's rank would be another one (or it would be ranked, or no longer)."""
    return row["score_change"] is not None and row["rank_now"] != row["rank_expected"]


def influence(row: Row) -> str:
    """What would change if the suspect value were the expected one, in one sentence without full stop.

    row: columns of ``queries.INFLUENCE``; expected_basis is what would be done (补报进展说明), or where the expected value
    comes from. Empty when nothing is known to change, or nothing would.
    """
    if not moves_score(row) and not moves_rank(row):
        return ""
    basis = row["expected_basis"]
    if row["expected_value"] is not None:
        text = f"若按 {fmt.number(row['expected_value'], 4, trim=True)}{f'（{basis}）' if basis else ''}计算"
    else:
        text = f"若{basis}" if basis else "若按依据值计算"
    if row["score_now"] is not None and row["score_expected"] is not None:
        text += f"，总分由 {fmt.number(row['score_now'])} 变 {fmt.number(row['score_expected'])}"
    elif row["score_change"] is not None:
        text += f"，总分变动 {fmt.change(row['score_change'], 0, 2)}"
    if moves_rank(row):
        if row["rank_now"] is None:
            text += f"，参加排名，列第 {fmt.count(row['rank_expected'])} 位"
        elif row["rank_expected"] is None:
            text += "，不再参加排名"
        else:
            text += f"，位次由 {fmt.count(row['rank_now'])} 变 {fmt.count(row['rank_expected'])}"
    elif row["rank_now"] is not None:
        text += "，位次不变"
    moved = list_move(row["list_now"], row["list_expected"])
    if moved:
        text += f"，{moved}"
    elif row["crosses_edge"]:
        text += "，牵动榜单边缘"
    return text


def stake(row: Row) -> str:
    """The gravest thing at stake, short: 红黑榜, 位次, 得分 or nothing."""
    if row["crosses_edge"] or list_move(row["list_now"], row["list_expected"]):
        return "红黑榜"
    if moves_rank(row):
        return "位次"
    return "得分" if moves_score(row) else ""


def subject(row: Row, most: int = 24) -> str:
    """What a finding is about: name of the indicator or task, else its message; at most ``most`` characters and ``…``."""
    text = row["entity_name"] or row["message"] or row["entity_id"] or row["rule_id"]
    return text if len(text) <= most else text[:most] + "…"


def by_dimension(rows: Iterable[Row]) -> dict[str, Row]:
    """Rows of one reporter (or of one period's totals) by their dimension."""
    return {row["dimension"]: row for row in rows}
