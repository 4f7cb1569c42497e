"""One cell of text into a value: percentages, numbers, days, status words, codes.

Belongs here: what one cell means on its own. Does not belong here: which column it stands in (``mapping``), whether
the value is plausible (``quality/``). Every parser returns ``Parsed``; an unreadable cell is a rule id, never an
exception and never a guess.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from raw.text import squeeze, tidy

STATUS_WORDS = {
    "未启动": "not_started",
    "未开始": "not_started",
    "推进中": "in_progress",
    "正在推进": "in_progress",
    "进行中": "in_progress",
    "已完成": "completed",
    "完成": "completed",
    "办结": "completed",
    "已办结": "completed",
    "销号": "completed",
    "持续推进": "ongoing",
    "常态化推进": "ongoing",
    "长期坚持": "ongoing",
    "取消": "cancelled",
    "终止": "cancelled",
}

_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?|[+-]?\.\d+")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE][+-]?\d{1,2}")
_DAY_FORMS = (
    re.compile(
        r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    ),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})[日号]"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})\.?"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?: \d{1,2}:\d{2}(?::\d{2})?)?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
# Excel counts from 1899-12-30; the five-digit serials cover 1927-05-18 to 2173-10-13
_EXCEL_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Parsed:
    """Result of one cell: ``value`` or None, and the rule the cell breaks (F03, F04, F12, K05) if any."""

    value: object = None
    rule_id: str | None = None


BLANK = Parsed()


def _number(text: str) -> float | None:
    if not (_NUMBER.fullmatch(text) or _SCIENTIFIC.fullmatch(text)):
        return None
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) else None


@lru_cache(maxsize=200_000)
def parse_number(raw: str | None) -> Parsed:
    """A number as written, thousands separators allowed, a trailing % dropped. Anything else: F03."""
    if raw is None or not (text := tidy(raw)):
        return BLANK
    value = _number(text.removesuffix("%").rstrip())
    return Parsed(value) if value is not None else Parsed(None, "F03")


@lru_cache(maxsize=200_000)
def parse_percent(raw: str | None) -> Parsed:
    """Points 0–100: "50%", "５０％" and 50 are 50; a bare number strictly between 0 and 1 is a fraction (F12)."""
    if raw is None or not (text := tidy(raw)):
        return BLANK
    bare = text.removesuffix("%").rstrip()
    value = _number(bare)
    if value is None:
        return Parsed(None, "F03")
    if bare == text and 0 < value < 1:
        # through Decimal: 0.29 * 100 is 28.999999999999996 in binary
        return Parsed(float(Decimal(repr(value)) * 100), "F12")
    return Parsed(value)


@lru_cache(maxsize=200_000)
def parse_day(raw: str | None) -> Parsed:
    """A day: ISO, 2021年6月30日, 2021.6.30, 2021/6/30, 20210630 or an Excel serial. Impossible or other: F04."""
    if raw is None or not (text := tidy(raw)):
        return BLANK
    for candidate in (text, squeeze(text)):
        for form in _DAY_FORMS:
            if match := form.fullmatch(candidate):
                year, month, day = (int(part) for part in match.groups()[:3])
                try:
                    return Parsed(date(year, month, day))
                except ValueError:
                    return Parsed(None, "F04")
    if match := _SERIAL.fullmatch(text):
        return Parsed(_EXCEL_EPOCH + timedelta(days=int(match.group(1))))
    return Parsed(None, "F04")


@lru_cache(maxsize=20_000)
def parse_status(raw: str | None) -> Parsed:
    """A status word of the contract; any other word: K05."""
    if raw is None or not (text := squeeze(raw)):
        return BLANK
    status = STATUS_WORDS.get(text)
    return Parsed(status) if status else Parsed(None, "K05")


@lru_cache(maxsize=200_000)
def parse_code(raw: str | None) -> str | None:
    """A code in the form in which codes are compared: NFKC, trimmed, 12.0 as 12; None when blank."""
    if raw is None or not (text := tidy(raw)):
        return None
    whole, dot, rest = text.partition(".")
    if dot and whole.isdigit() and rest and not rest.strip("0"):
        return whole
    return text


def number_text(value: float | int) -> str:
    """A number cell as the text a clerk sees: no trailing .0, no exponent for ordinary sizes."""
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return repr(value)
    return str(value)


def percent_text(value: float | int) -> str:
    """A number stored under a percent format as the text a clerk sees: 0.886 → 88.6%."""
    if isinstance(value, float) and not (abs(value) < 1e15):
        return repr(value)
    scaled = Decimal(repr(value)) * 100
    # binary noise of computed cells (0.28999999999999998) is not what the clerk typed
    text = format(round(scaled, 10).normalize(), "f")
    return f"{text}%"
