"""One cell of text into a value: percentages, numbers, days, status words, codes.

Belongs here: what one cell means on its own. Does not belong here: which column it stands in (``mapping``), whether
the value is plausible (``quality/``). Every parser returns ``Parsed``; an unreadable cell is a rule id, never an
exception and never a guess.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from raw.periods import shanghai
from raw.text import remembered, squeeze, tidy

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

# What a clerk writes into an indicator's value cell instead of a number, and what it is called: answers, not unreadable
# cells. The only list: the loader stores the class (raw.indicator_values.answer), models and pages look at that.
ANSWER_WORDS = {
    "none_text": ("无", "没有", "暂无", "无数据", "暂无数据"),
    "not_applicable_text": ("不适用", "本地不适用", "不涉及", "N/A", "NA", "n/a"),
    "dash": ("-", "--", "—", "——", "–", "/"),
    "not_started_text": ("未开展", "尚未开展", "未启动", "未开始", "暂未开展"),
    "ongoing_text": ("持续推进", "常态化推进", "长期坚持", "推进中", "正在推进", "进行中"),
}
_ANSWERS = {word: kind for kind, words in ANSWER_WORDS.items() for word in words}

# ASCII: \d alone also takes the digits of other scripts, and float() would read them
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?|[+-]?\.\d+", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE][+-]?\d{1,2}", re.ASCII)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
_MOMENT = re.compile(rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}} {_CLOCK}(?:Z|[+-]\d{{2}}:?\d{{2}})?", re.ASCII)
_ZONED = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})", re.ASCII
)
_DAY_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?:[T ]{_CLOCK})?",
        rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})[日号](?:{_CLOCK})?",
        r"(\d{4})\.(\d{1,2})\.(\d{1,2})\.?",
        rf"(\d{{4}})/(\d{{1,2}})/(\d{{1,2}})(?: {_CLOCK})?",
        r"(\d{4})(\d{2})(\d{2})",
    )
)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
# a blank is noise beside a sign ("2021 年 6 月"), never between two digits ("2021-1 2-3" has two readings)
_NOISE_BLANK = re.compile(r"(?<!\d)\s+|\s+(?!\d)", re.ASCII)
# Excel counts from 1899-12-30
_EXCEL_EPOCH = date(1899, 12, 30)
# a day outside is a slip of the pen (0202-09-01) or a number in the wrong column, not a date of a plan
_FIRST_YEAR, _LAST_YEAR = 2000, 2100

# quoted text, escaped characters and [conditions] of a number format say nothing about the number
_FORMAT_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


@dataclass(frozen=True)
class Parsed:
    """Result of one cell: ``value`` or None, and the rule the cell breaks (F03, F04, F12, K05) if any."""

    value: object = None
    rule_id: str | None = None


BLANK = Parsed()
FORMULA_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#ERROR!"}
)


def _number(text: str) -> float | None:
    if not (_NUMBER.fullmatch(text) or _SCIENTIFIC.fullmatch(text)):
        return None
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) else None


@remembered(200_000)
def parse_number(raw: str | None) -> Parsed:
    """A number as written, thousands separators allowed, a trailing % dropped. Anything else: F03."""
    if raw is None or not (text := tidy(raw)):
        return BLANK
    value = _number(text.removesuffix("%").rstrip())
    return Parsed(value) if value is not None else Parsed(None, "F03")


@remembered(200_000)
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


@remembered(200_000)
def parse_day(raw: str | None) -> Parsed:
    """A day: ISO, 2021年6月30日, 2021.6.30, 2021/6/30, 20210630 or an Excel serial; a moment with an offset is the
    day it has in Shanghai. Impossible, outside 2000–2100 or anything else: F04.
    """
    if raw is None or not (text := tidy(raw)):
        return BLANK
    try:
        day = _day(" ".join(_NOISE_BLANK.sub("", text).split()))
    except (ValueError, OverflowError):  # 2023-06-31, 25:00
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        return Parsed(None, "F04")
    return Parsed(day)


def _day(text: str) -> date | None:
    if match := _ZONED.fullmatch(text):
        return shanghai(datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3]}")).date()
    for form in _DAY_FORMS:
        if match := form.fullmatch(text):
            return date(*map(int, match.groups()))
    if match := _SERIAL.fullmatch(text):
        return _EXCEL_EPOCH + timedelta(days=int(match[1]))
    return None


@remembered(20_000)
def parse_status(raw: str | None) -> Parsed:
    """A status word of the contract; any other word: K05."""
    if raw is None or not (text := squeeze(raw)):
        return BLANK
    status = STATUS_WORDS.get(text)
    return Parsed(status) if status else Parsed(None, "K05")


# type of a contract's field → its parser
PARSERS = {"percent": parse_percent, "number": parse_number, "date": parse_day, "status": parse_status}


def answer_kind(raw: str | None, value: float | None) -> str:
    """What stands in a value cell that was read as ``value``: value, zero, blank, a key of ANSWER_WORDS, or other_text."""
    if value is not None:
        return "value" if value else "zero"
    text = squeeze(raw or "")
    return _ANSWERS.get(text, "other_text") if text else "blank"


@remembered(200_000)
def parse_code(raw: str | None) -> str | None:
    """A code in the form in which codes are compared: NFKC, trimmed, 12.0 as 12; None when blank."""
    if raw is None or not (text := tidy(raw)):
        return None
    whole, dot, rest = text.partition(".")
    if dot and whole.isdigit() and rest and not rest.strip("0"):
        return whole
    return text


@remembered(200_000)
def is_repaired(raw: str) -> bool:
    """True for a cell read only after a repair (F09): full-width characters or blanks inside the value.

    Outer blanks are nobody's mistake, and the blank between a day and its time belongs there.
    """
    text = raw.strip()
    if tidy(text) != text:
        return True
    return len(text.split()) > 1 and not _MOMENT.fullmatch(text)


def is_formula_error(raw: str) -> bool:
    """True for the text of a spreadsheet's error value: #REF!, #N/A, #DIV/0! …"""
    return raw.startswith("#") and raw.strip() in FORMULA_ERRORS


def number_text(value: float | int) -> str:
    """A number cell as the text a clerk sees: no trailing .0, no exponent for ordinary sizes, 15 digits.

    Excel keeps 15 digits of what is typed; the 16th and 17th of a computed cell are binary noise, and would be
    taken for decimals the clerk wrote (V04).
    """
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return format(value, ".15g")
    return str(value)


def percent_text(value: float | int) -> str:
    """A number stored under a percent format as the text a clerk sees: 0.886 → 88.6%."""
    if isinstance(value, float) and not (abs(value) < 1e15):
        return repr(value)
    scaled = Decimal(repr(value)) * 100
    # binary noise of computed cells (0.28999999999999998) is not what the clerk typed
    text = format(round(scaled, 10).normalize(), "f")
    return f"{text}%"


def formatted_number_text(value: float | int, number_format: str) -> str:
    """A number cell of a workbook under its number format: 0.886 under 0.0% → 88.6%, 407 under 0000 → 0407."""
    bare = _FORMAT_LITERAL.sub("", number_format)
    if "%" in bare:
        return percent_text(value)
    if bare and not bare.strip("0") and float(value).is_integer():
        return str(int(value)).zfill(len(bare))
    return number_text(value)


def moment_text(value: datetime) -> str:
    """A date cell of a workbook: the day, with its time only where there is one."""
    if value.time() == time():
        return value.date().isoformat()
    return value.isoformat(sep=" ", timespec="seconds")
