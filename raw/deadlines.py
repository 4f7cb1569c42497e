"""What the deadline text of a task means: kind, due dates, milestones.

Belongs here: reading one Chinese deadline string, as plans print it in 完成时限 or 时间节点. Does not belong
here: finding that string in a document (plan reader), flags about it (T02, F04, T12: registry), scores.

The reading is conservative: a date is taken only where the text states one, and a text that says more than a
date (见成效, 完成数据普查) is left to the reviewer as ``conditional_text``. It works on the text after NFKC,
without white space, from left to right:

1. rhythms (每季度一次) are masked, so that 每月5日 and 一季度一次 are no dates;
2. moments (2022年12月底前, 上半年, 2024-06-30 …) are read, a year carries over to those after it;
3. digits and units that form no moment (2021年8日30日) make the whole text malformed;
4. what stands between the moments decides: nothing, 持续推进, a rhythm, or a condition.

Conventions: X月前 and X月底前 are the last day of X, and so for 季度前, 半年前, 年前. Of a span (3月至6月)
the end counts. A moment with 起 or 后 is where something begins, never a due date. 全年持续推进 and
2022年持续推进 are ongoing; 2022年，持续推进 is the year's end, then ongoing. A bare rhythm (每年) is
open-ended (``ongoing``), a counted or dated one (每季度一次, 每月5日前) is not. 上旬: the 10th; 中旬: 20th.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

KINDS = (
    "date",
    "month",
    "before_month",
    "year_end",
    "multiple",
    "ongoing",
    "recurring",
    "conditional_text",
    "malformed",
    "blank",
)
MILESTONE_KINDS = frozenset({"date", "month", "before_month", "year_end", "multiple"})
FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_TEXT = 2000  # characters looked at; a deadline is a phrase, not a chapter


@dataclass(frozen=True)
class Deadline:
    """Meaning of one deadline text.

    ``due_dates`` is ascending without repetition. For ``conditional_text`` it is information only (dates the
    condition names); ``milestones`` ignores it. ``recurrence`` is daily, weekly, biweekly, ten_days, monthly,
    bimonthly, quarterly, half_yearly, yearly or every_N_units.
    """

    kind: str
    due_dates: tuple[date, ...] = ()
    ongoing: bool = False
    recurrence: str | None = None


def parse_deadline(text: str | None, start: date) -> Deadline:
    """Read ``text``; a moment without a year lies in that of ``start`` (programme's start). Never raises."""
    plain = normalise(text)
    if not plain or plain in _NOTHING:
        return Deadline("blank")
    masked, recurrence, open_rhythm = _mask_rhythm(plain)
    masked = _chinese_numbers(masked)
    moments = _moments(masked, start.year)
    if any(m.due is None for m in moments) or _broken_date(masked, moments):
        return Deadline("malformed")
    dues = [m for m in moments if m.is_due]
    gaps = _gaps(masked, moments)
    if recurrence and any(masked.find(_RHYTHM) < m.start and not m.own_year for m in dues):
        return Deadline("recurring", ongoing=_says_ongoing(plain), recurrence=recurrence)  # 每年6月底前
    if not dues:
        return _without_date(masked, gaps, moments, recurrence, open_rhythm)
    return _with_dates(dues, gaps, recurrence)


def milestones(deadline: Deadline) -> list[tuple[int, int, date]]:
    """``(no, count, due)`` from 1 in order of date; empty for the kinds that have no milestone."""
    if deadline.kind not in MILESTONE_KINDS:
        return []
    count = len(deadline.due_dates)
    return [(no, count, due) for no, due in enumerate(deadline.due_dates, start=1)]


def normalise(text: str | None) -> str:
    """NFKC, without white space, controls and format characters, at most ``MAX_TEXT`` characters."""
    if not text:
        return ""
    wide = unicodedata.normalize("NFKC", str(text)[:MAX_TEXT])
    return "".join(c for c in wide if not c.isspace() and unicodedata.category(c)[0] not in "CZ")


_ONGOING_WORDS = r"持续|长期|常态|长效|经常性|坚持|保持|不断|始终|一直"

# --- 1. rhythms -----------------------------------------------------------------------------------

_NOTHING = frozenset({"-", "--", "—", "——", "/", "\\", "无", "暂无", "空", "N/A", "n/a", "."})
_RHYTHM = "\ue000"  # private use: cannot stand in a normalised text
_UNIT_NAMES = {
    "日": "daily",
    "天": "daily",
    "工作日": "daily",
    "周": "weekly",
    "星期": "weekly",
    "双周": "biweekly",
    "旬": "ten_days",
    "月": "monthly",
    "双月": "bimonthly",
    "季": "quarterly",
    "季度": "quarterly",
    "半年": "half_yearly",
    "年": "yearly",
    "年度": "yearly",
}
_PLURALS = {
    "daily": "days",
    "weekly": "weeks",
    "monthly": "months",
    "quarterly": "quarters",
    "yearly": "years",
}
_EQUAL_RHYTHMS = {
    "every_2_weeks": "biweekly",
    "every_2_months": "bimonthly",
    "every_3_months": "quarterly",
    "every_6_months": "half_yearly",
    "every_12_months": "yearly",
    "every_2_quarters": "half_yearly",
    "every_4_quarters": "yearly",
}
_SMALL = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_UNITS = r"工作日|双周|双月|星期|季度|半年|年度|[日天周旬月季年]"
_RHYTHM_RE = re.compile(
    rf"每(?P<n>1[02]|[1-9一两二三四五六])?(?:个)?(?P<each>{_UNITS})"
    r"|(?<![前上下])按(?P<by>季度|半年|年度|[周旬月季年])度?"
    r"(?!.{0,2}(?:计划|方案|要求|目标|安排|部署|规定))"
    r"|(?P<once>半年|[1一]个?(?:季度|月|星期|周|年))[1-9一两二三四]次"
)
_COUNTED_RE = re.compile(r"[1-9一两二三四五六]次|前|末|底|内|\d+[日号]")


def _mask_rhythm(text: str) -> tuple[str, str | None, bool]:
    """Text with every rhythm replaced by a mark; the first one's name; whether it is open-ended (每年)."""
    first = _RHYTHM_RE.search(text)
    if first is None:
        return text, None, False
    unit = first["each"] or first["by"] or re.sub(r"^[1一]个?", "", first["once"])
    name = _UNIT_NAMES[unit]
    if first["n"]:
        number = _SMALL.get(first["n"]) or int(first["n"])
        if number > 1:
            name = f"every_{number}_{_PLURALS.get(name, name)}"
            name = _EQUAL_RHYTHMS.get(name, name)
    masked = _RHYTHM_RE.sub(_RHYTHM, text)
    return masked, name, first["once"] is None and not _COUNTED_RE.search(masked)


# --- 2. moments -----------------------------------------------------------------------------------

_DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0"}
_NUMERAL_RE = re.compile(
    r"(?<![统同逐单唯专万百千几数])(?<!十四)[〇○零一二三四五六七八九十0-9]+(?=年|月|日|号|季)"
)


def _chinese_numbers(text: str) -> str:
    """二〇二四年十二月 → 2024年12月; only directly before 年 月 日 号 季."""
    return _NUMERAL_RE.sub(lambda m: _number(m[0]), text)


def _number(numeral: str) -> str:
    if numeral.isascii():
        return numeral
    if "十" not in numeral:
        return "".join(_DIGITS.get(c, c) for c in numeral)
    tens, _, ones = numeral.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return numeral  # no number below 100: left as it is, and found malformed or conditional
    return (_DIGITS.get(tens, tens) or "1") + (_DIGITS.get(ones, ones) or "0")


def _year(tag: str) -> str:
    relative = "今年度?|本年度?|当年度?|明年度?|来年度?|次年度?|翌年度?"
    return rf"(?:(?P<y_{tag}>(?:\d{{4}}))年|(?P<r_{tag}>{relative}))"


_SPAN = r"[-~—–―‐至到]+"
_ISO_YEAR = r"(?:19|20|21)\d\d"
_MOMENT_RE = re.compile(
    r"(?<!\d)(?:"
    rf"(?P<y_iso>{_ISO_YEAR})(?P<sep>[-./])(?P<m_iso>\d{{1,2}})(?P=sep)(?P<d_iso>\d{{1,2}})"
    r"(?:T?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?![\d:])"
    rf"|(?P<y_compact>20\d\d|2100)(?P<m_compact>0[1-9]|1[0-2])(?P<d_compact>[0-3]\d)?(?![\d年月日号.])"
    rf"|(?P<y_isomonth>{_ISO_YEAR})(?P<sep2>[-./])(?P<m_isomonth>\d{{1,2}})(?!\d)(?![-./年月]\d?)"
    rf"|{_year('day')}?(?P<m_day>\d{{1,2}})月份?(?P<d_day>\d{{1,2}})[日号]"
    rf"(?:{_SPAN}(?P<d2_day>\d{{1,2}})[日号])?(?:24[时点]|24:00)?"
    rf"|{_year('mspan')}?\d{{1,2}}月?份?{_SPAN}(?P<m_mspan>\d{{1,2}})月份?(?!\d{{1,2}}[日号])[底末]?"
    rf"|{_year('mlist')}?(?P<m_mlist>\d{{1,2}}(?:[、,和及]\d{{1,2}})+)月份?(?!\d{{1,2}}[日号])[底末]?"
    rf"|{_year('ten')}?(?P<m_ten>\d{{1,2}})月份?(?P<ten>[上中])旬"
    rf"|{_year('month')}?(?P<m_month>\d{{1,2}})月份?(?:底|末|下旬)?"
    rf"|{_year('half')}?(?P<half>[上下])半年[底末]?"
    rf"|{_year('quarter')}?第?(?P<quarter>\d{{1,2}})个?季度?[底末]?"
    r"|(?:(?P<y_q>\d{4})年?)?[Qq](?P<q_q>\d)(?![\w])"
    rf"|\d{{4}}年?{_SPAN}(?P<y_yspan>\d{{4}})年(?:年?[底末])?"
    rf"|{_year('year')}(?:的)?年?(?P<e_year>[底末内]|全年|度[底末内]?)?"
    r"|(?<![\d两几数多半])(?P<end_bare>年[底末内]|年度内|全年度?)"
    r")(?P<before>以前|之前|前)?(?:之内|以内|内|止|为止|期间)?(?P<begins>起|开始|以来|之后|以后|后)?"
)
_ALL_YEAR_RE = re.compile(rf"{_ONGOING_WORDS}|性?(?:推进|开展|落实|实施|进行|工作)")  # after 全年
_YEAR_LONG_RE = re.compile(_ONGOING_WORDS)  # after 2022年
_WHOLE_YEAR_RE = re.compile(r"(\d{4})(年?前)?")


@dataclass(frozen=True)
class _Moment:
    kind: str
    due: date | None  # None: no such day
    start: int
    end: int
    own_year: bool
    is_due: bool = True  # False: the begin of a span, or 起/后
    bare_year: bool = False


def _moments(text: str, year: int) -> list[_Moment]:
    """Moments of ``text`` from left to right; a year stays in force for the moments after it."""
    whole = _WHOLE_YEAR_RE.fullmatch(text)
    if whole and whole[1][:2] in ("19", "20", "21"):
        return [_Moment("year_end", _last_day(int(whole[1]), 12), 0, len(text), True)]
    found: list[_Moment] = []
    current = year
    for match in _MOMENT_RE.finditer(text):
        given, relative = _year_of(match)
        if given is not None:
            current = given
        elif relative:
            current = {"今": year, "本": year, "当": year, "明": year + 1, "来": year + 1}.get(
                relative[0], current + 1
            )
        for kind, due, bare in _read(match, current):
            whole_year = (match["end_bare"] or match["e_year"] or "").startswith("全年")
            runs_on = _ALL_YEAR_RE if whole_year else _YEAR_LONG_RE if bare else None
            begins = match["begins"] is not None or (runs_on and runs_on.match(text, match.end()))
            found.append(
                _Moment(
                    kind,
                    due,
                    match.start(),
                    match.end(),
                    own_year=bool(given or relative),
                    is_due=not begins,
                    bare_year=bare,
                )
            )
    return _without_span_begins(text, found)


def _year_of(match: re.Match[str]) -> tuple[int | None, str | None]:
    given = relative = None
    for name, value in match.groupdict().items():
        if value and name.startswith("y_"):
            given = int(value)
        elif value and name.startswith("r_"):
            relative = value
    return given, relative


def _read(match: re.Match[str], year: int) -> list[tuple[str, date | None, bool]]:
    """(kind, due, is a bare year) of one match; a list of months gives several."""
    g = match.groupdict()
    month_kind = "before_month" if g["before"] else "month"
    if g["m_iso"]:
        return [("date", _day(year, g["m_iso"], g["d_iso"]), False)]
    if g["m_compact"]:
        if g["d_compact"]:
            return [("date", _day(year, g["m_compact"], g["d_compact"]), False)]
        return [(month_kind, _last_day(year, int(g["m_compact"])), False)]
    if g["m_day"]:
        first = _day(year, g["m_day"], g["d_day"])
        return [("date", first and _day(year, g["m_day"], g["d2_day"] or g["d_day"]), False)]
    if g["m_mlist"]:
        months = re.split(r"[、,和及]", g["m_mlist"])
        return [(month_kind, _last_day(year, int(m)), False) for m in months]
    if g["m_ten"]:
        return [("date", _day(year, g["m_ten"], "10" if g["ten"] == "上" else "20"), False)]
    if g["half"]:
        return [(month_kind, _last_day(year, 6 if g["half"] == "上" else 12), False)]
    for name in ("quarter", "q_q"):
        if g[name]:
            return [(month_kind, _last_day(year, 3 * int(g[name])), False)]
    for name in ("m_isomonth", "m_mspan", "m_month"):
        if g[name]:
            return [(month_kind, _last_day(year, int(g[name])), False)]
    bare = not (g["end_bare"] or g["e_year"] or g["y_yspan"] or g["before"])
    return [("year_end", _last_day(year, 12), bare)]


def _without_span_begins(text: str, moments: list[_Moment]) -> list[_Moment]:
    """In 2024年3月至2024年6月 the first moment is no due date."""
    result = []
    for moment, following in zip(moments, [*moments[1:], None], strict=False):
        if following and re.fullmatch(_SPAN, text[moment.end : following.start]):
            moment = _Moment(
                moment.kind, moment.due, moment.start, moment.end, moment.own_year, False, moment.bare_year
            )
        result.append(moment)
    return result


def _day(year: int, month: str, day: str) -> date | None:
    try:
        found = date(year, int(month), int(day))
    except (ValueError, OverflowError):  # 6月31日
        return None
    return found if FIRST_YEAR <= year <= LAST_YEAR else None


def _last_day(year: int, month: int) -> date | None:
    if not (1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR):
        return None
    return date(year, month, monthrange(year, month)[1])


# --- 3. what looks like a date and is none --------------------------------------------------------

_RUN_RE = re.compile(r"[0-9年月日号./-]*[0-9][0-9年月日号./-]*")
_WORDS_WITH_UNITS_RE = re.compile(
    r"日常|日均|日报|日历|月报|月均|年均|年报|年度|年初|年中|月初|月中|号召|号码"
)
_ALONE_RE = re.compile(
    r"(?!\d年)[0-9年月日号./:-]*[0-9][0-9年月日号./:-]*[前底末]?"
)  # 5日前; not 3年, a length
_BROKEN_RE = re.compile(r"\d[年月][^a-z]*\d|\d[日号]\d|\d{3,}月|\d{5,}年|[12]\d{3}[-./]\d+[-./]\d")
_SHORT_YEAR_RE = re.compile(r"(?<!\d)\d{1,3}年[底末]")


def _broken_date(text: str, moments: list[_Moment]) -> bool:
    """Digits and date units that no moment explains."""
    covered = [False] * len(text)
    for moment in moments:
        covered[moment.start : moment.end] = [True] * (moment.end - moment.start)
    if not moments and (_ALONE_RE.fullmatch(text) or _SHORT_YEAR_RE.search(text)):
        return True
    masked = _WORDS_WITH_UNITS_RE.sub("□□", text)
    for run in _RUN_RE.finditer(masked):
        here = range(run.start(), run.end())
        if not any(covered[i] for i in here):
            if _BROKEN_RE.search(run[0]):
                return True
            continue
        rest = "".join(masked[i] for i in here if not covered[i]).strip("./-")
        if not rest:
            continue
        following = masked[run.end() : run.end() + 1]
        counts_something = rest.isdigit() and following and following not in ",;。、:)前底末"
        if not counts_something:  # 2022年6月13项 counts, 2022年6月31 does not
            return True
    return False


# --- 4. what stands between -----------------------------------------------------------------------

_DELIMITERS_RE = re.compile(r"[,;。、:()\[\]{}\"'“”‘’《》<>|!?.~—–―‐/-]+|并且|以及")
_NEUTRAL_RE = re.compile(
    # longest first and possessive: nothing to try twice, however long the text
    r"(?>完成时限|完成时间|时间节点|时限|完成整改|整改完成|整改到位|落实到位|完成任务|完成"
    r"|办结|结束|全面|全部|力争|争取|确保|务必|必须|计划|预计|按时|按期|如期|分别|截至|截止|直到|即日起|于|在|到|至|从|自|起|并|且|和|及|与|均|须|需|应|要|前|为|是)*+"
)
_ONGOING_PIECE_RE = re.compile(
    rf"(?>完成|之后再|之后|然后|转入|转为|进入|今后|以后|此后|同时|并|且|后)*+(?:{_ONGOING_WORDS}).{{0,8}}"
)
_ONGOING_RE = re.compile(
    rf"{_ONGOING_WORDS}|日常(?:工作|管理|推进|开展|性)|贯穿全年|全年(?:性|推进|开展|落实|实施|坚持|进行)"
)
_VAGUE_RE = re.compile(
    r"适时|条件成熟|条件具备|条件允许|时机成熟|见成效|见效|视情|择机|视.{0,8}(?:情况|进展)"
)
_CONDITION_RE = re.compile(
    rf"{_VAGUE_RE.pattern}|尽快|尽早|待.{{0,15}}[后时]|(?<![今以此然])后|\d*(?:个月|个?工作日|日|天|年|周)内"
)


def _gaps(text: str, moments: list[_Moment]) -> list[list[str]]:
    """Meaningful pieces before the first moment, after it, … after the last: ``len(moments) + 1`` lists."""
    edges = [(0, 0), *((m.start, m.end) for m in moments), (len(text), len(text))]
    return [
        [p for p in _DELIMITERS_RE.split(text[end : max(end, start)]) if p and not _NEUTRAL_RE.fullmatch(p)]
        for (_, end), (start, _) in pairwise(edges)
    ]


def _says_ongoing(text: str) -> bool:
    return _ONGOING_RE.search(text) is not None


def _without_date(
    text: str, gaps: list[list[str]], moments: list[_Moment], recurrence: str | None, open_rhythm: bool
) -> Deadline:
    said = "".join(piece for gap in gaps for piece in gap)
    if _CONDITION_RE.search(said):
        return Deadline("conditional_text")
    ongoing = _says_ongoing(text)
    if recurrence:
        return Deadline("recurring", ongoing=open_rhythm or ongoing, recurrence=recurrence)
    return Deadline("ongoing", ongoing=True) if ongoing else Deadline("conditional_text")


def _with_dates(dues: list[_Moment], gaps: list[list[str]], recurrence: str | None) -> Deadline:
    outer = [*gaps[0], *gaps[-1]]
    aside = [p for p in outer if _ONGOING_PIECE_RE.fullmatch(p)]
    rhythm = [p for gap in gaps for p in gap if _RHYTHM in p and len(p) <= 9]
    ongoing = bool(aside)
    told = [[p for p in gap if p not in rhythm and not (p in outer and p in aside)] for gap in gaps]
    dates = tuple(sorted({m.due for m in dues if m.due}))
    kind = "multiple" if len(dates) > 1 else dues[-1].kind
    if not any(told):
        return Deadline(kind, dates, ongoing, recurrence)
    each_with_its_own = len(gaps) == len(dues) + 1 and not told[0] and all(told[1:])
    if kind == "multiple" and each_with_its_own and not any(_VAGUE_RE.search(p) for g in told for p in g):
        return Deadline(kind, dates, ongoing, recurrence)
    stated = tuple(sorted({m.due for m in dues if m.due and not m.bare_year}))
    return Deadline("conditional_text", stated)
