"""How numbers, dates and codes are written on a page (Chinese, one place).

Belongs here: value → text, without HTML. Does not belong here: colours and markup (``theme``), or anything that
knows a table of the warehouse.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from typing import Any

NONE = "—"  # "no value": never 0, never blank
_QUARTER = {"1": "一", "2": "二", "3": "三", "4": "四"}
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Names Windows keeps for devices: such a file cannot be unpacked there.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}

STATUS_WORDS = {
    "not_started": "未启动",
    "in_progress": "推进中",
    "completed": "已完成",
    "ongoing": "持续推进",
    "cancelled": "取消",
}
STATE_WORDS = {
    "value": "已报",
    "not_applicable": "不适用",
    "no_practice": "无实践",
    "not_submitted": "未报送",
}
KIND_WORDS = {
    "progress": "任务进展",
    "indicators": "指标数据",
    "rectification": "整改台账",
    "satisfaction": "满意度",
}
ROLE_WORDS = {
    "lead": "牵头",
    "sole": "独立负责",
    "joint": "共同负责",
    "by_duty": "按职责分工",
    "implement": "落实",
    "cooperate": "配合",
}
SEVERITY_WORDS = {"B": "阻断", "E": "错误", "W": "提醒", "I": "提示"}
RECEIPT_WORDS = {"loaded": "已入库", "partial": "部分入库", "rejected": "退回"}
REPORTER_KIND_WORDS = {
    "county": "县",
    "district": "区",
    "zone": "功能区",
    "township": "乡镇",
    "department": "部门",
}
METHOD_WORDS = {"dtf": "前沿距离", "attainment": "目标达成"}
LIST_WORDS = {"red": "红榜", "black": "黑榜"}
# A gap between two neighbours is called real from this share of the draws on (research: methods, section 7).
REAL_GAP = 0.90


def number(value: Any, digits: int = 2, *, trim: bool = False) -> str:
    """``88.0071926, 2`` → ``88.01``; None and NaN → —; thousands are separated; ``trim`` drops trailing zeros."""
    if value is None or value != value:
        return NONE
    text = f"{float(value):,.{digits}f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("-0.,"):
        text = text.lstrip("-")  # no "-0.00"
    return text.replace("-", "−")


def band(low: Any, high: Any, place: Any = None) -> str:
    """A range of ranks, rounded outwards to whole ranks: ``2–6``, or ``3`` where both ends are the same.

    Where the whole range is the rank itself (``place``) it is called 稳定; an unknown end → —.
    """
    if low is None or high is None or low != low or high != high:
        return NONE
    # Quantiles between equal ranks may carry noise of the interpolation.
    first, last = math.floor(round(float(low), 6)), math.ceil(round(float(high), 6))
    if first != last:
        return f"{first}–{last}"
    return "稳定" if place is not None and first == place else str(first)


def rank(place: Any, low: Any = None, high: Any = None) -> str:
    """A rank with its band, everywhere it is told in words: ``第3名（2–5）``, ``第1名（稳定）``; without draws ``第3名``."""
    if place is None:
        return NONE
    spread = band(low, high, place)
    return f"第{int(place)}名" + ("" if spread == NONE else f"（{spread}）")


def gap(p_ahead: Any) -> str:
    """What to say of the distance to the next rank: empty where it is real, or nothing is known."""
    return "" if p_ahead is None or p_ahead != p_ahead or p_ahead >= REAL_GAP else "与下一名的差距不显著"


def value(x: Any, decimals: int | None = None) -> str:
    """An indicator value with the decimals the registry gives it (at most), without padding zeros."""
    return number(x, 4 if decimals is None else max(int(decimals), 0), trim=True)


def count(n: Any) -> str:
    """A whole number with separated thousands; None → —."""
    return NONE if n is None else f"{int(n):,}".replace("-", "−")


def percent(fraction: Any, digits: int = 1) -> str:
    """A fraction 0–1 as per cent: ``0.256`` → ``25.6%``."""
    return NONE if fraction is None or fraction != fraction else number(float(fraction) * 100, digits) + "%"


def points(pct: Any, digits: int = 0) -> str:
    """A figure that is already 0–100 as per cent: ``56.0`` → ``56%``."""
    return NONE if pct is None or pct != pct else number(pct, digits) + "%"


def change(now: Any, before: Any, digits: int = 0) -> str:
    """The signed difference ``now - before``: ``+3``, ``−2``, ``持平``; unknown → —."""
    if now is None or before is None:
        return NONE
    delta = round(float(now) - float(before), digits)
    if delta == 0:
        return "持平"
    return ("+" if delta > 0 else "−") + number(abs(delta), digits)


def day(value: Any) -> str:
    """A date as ISO text."""
    if value is None:
        return NONE
    return value.date().isoformat() if isinstance(value, dt.datetime) else value.isoformat()


def day_words(value: Any) -> str:
    """A date in words: 2023年12月31日."""
    return NONE if value is None else f"{value.year}年{value.month}月{value.day}日"


def moment(value: dt.datetime | None) -> str:
    """A Shanghai wall-clock time (naive, as the queries give it) to the minute."""
    return NONE if value is None else value.strftime("%Y-%m-%d %H:%M")


def period_words(period: str) -> str:
    """``2023Q4`` → ``2023年第四季度``; anything else stays as it is."""
    found = re.fullmatch(r"(\d{4})Q([1-4])", period)
    return f"{found[1]}年第{_QUARTER[found[2]]}季度" if found else period


def names(items: list[str], most: int = 5) -> str:
    """A Chinese list: ``甲、乙、丙等 7 家`` when it is longer than ``most``."""
    if len(items) <= most:
        return "、".join(items)
    return f"{'、'.join(items[:most])}等 {len(items)} 家"


def words(table: dict[str, str], code: Any) -> str:
    """The Chinese word of a code; an unknown code stands for itself, nothing → —."""
    return NONE if code is None else table.get(code, str(code))


def slug(code: str) -> str:
    """A file name for an untrusted code: the code itself when harmless, else ``x-`` and 16 hex digits of its hash."""
    if _SAFE_NAME.fullmatch(code) and code.lower() not in _DEVICES and not code.startswith("x-"):
        return code
    return "x-" + hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def slugs(codes: list[str]) -> dict[str, str]:
    """Code → file name, unique also where the file system ignores case."""
    taken: set[str] = set()
    table: dict[str, str] = {}
    for code in codes:
        name = slug(code)
        if name.casefold() in taken:
            name = "x-" + hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        taken.add(name.casefold())
        table[code] = name
    return table
