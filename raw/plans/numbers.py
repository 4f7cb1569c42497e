"""Numbers with units of measure in Chinese text, and which direction is better.

Belongs here: one number, one unit, one direction. Does not belong here: sentences (``targets``) or tables
(``comparison``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from raw.plans.text import plain

UNITS = (
    r"个百分点|百分点|%|‰|个?工作日|个?自然日|个?小时|分钟|公里/小时|公里/百平方公里|平方公里|平方米|立方米|公里|万人次|人次|万人|"
    r"万场次|场次|万场|万亩|公顷|万亿元|亿元|万元|元|万吨|吨|万千瓦时|千瓦时|千瓦|千伏安|TB|GB|个?环节|个月|季度|天|日|年|次|项|件|家|户|"
    r"名|人|位|所|座|处|条|套|台|辆|个|分|亩|米|倍|场|本|批|列|支|种|份|页|笔|宗|张|平台|门|成"
)
NUMBER = r"\d+(?:\.\d+)?"
_TIME_RE = re.compile(r"工作日|自然日|小时|分钟|天|日|个月|年$")
_VALUE_RE = re.compile(rf"(?P<sign>[≤≥<>＜＞]?)(?P<number>{NUMBER})\s*(?P<unit>{UNITS})?")
_DATE_RE = re.compile(r"(?:20\d\d年)?(?:\d{1,2}月(?:\d{1,2}日)?)(?:底|末)?前?|20\d\d年(?:度|年?底|末)?前?")
_QUOTED_RE = re.compile(r"“[^“”]{0,40}”|《[^《》]*》|〔[^〔〕]*〕")
_LOWER_RE = re.compile(
    r"环节|时间|时限|时长|用时|成本|天数|期限|费率|收费|费用|错误率|迟报率|瞒报率|漏报率|投诉率|差错|故障|停电|停运|拥挤度|负担|"
    r"总税收和缴费率|总税率|纳税次数|报件|材料|跑动次数|周期|降幅|浓度|失信|利率|重错码"
)
_HIGHER_RE = re.compile(
    r"率(?!先)|指数|便利度|覆盖|占比|比例|数量|增幅|增速|满意度|规模|总量|人数|面积|里程|得分"
)
_SHORTER_RE = re.compile(
    r"(?:压缩|压减|缩短|下降|减少|降低|节约|精简|缩减|提升|增长|提高|增加)(?:幅度|比例)?$|压减比例|幅度"
)


@dataclass(frozen=True)
class Value:
    """A number as printed with its unit of measure (empty where none is printed)."""

    number: float
    unit: str
    start: int
    end: int


def mask(text: str) -> str:
    """Dates, quoted words and titles replaced by blanks of the same length, so that their digits are no values."""
    for pattern in (_QUOTED_RE, _DATE_RE):
        text = pattern.sub(lambda m: "□" * len(m[0]), text)
    return text


def values(text: str) -> list[Value]:
    """Numbers of a text that are no dates and no part of a word (G345, 5G)."""
    found = []
    masked = mask(text)
    for match in _VALUE_RE.finditer(masked):
        before = masked[match.start() - 1 : match.start()]
        after = masked[match.end() : match.end() + 1]
        if re.match(r"[A-Za-z\d.+×:：第]", before) and match["sign"] == "":
            continue
        if not match["unit"] and re.match(r"[A-Za-z+×号\d]", after):
            continue
        found.append(Value(float(match["number"]), match["unit"] or "", match.start("number"), match.end()))
    return found


def cell_value(cell: str, name: str = "") -> Value | None:
    """The one value of a table cell: the number it begins with, else the one that fits the name; None in doubt."""
    flat = plain(cell)
    bare = re.sub(r"\([^()]*\)", "", flat).strip("'′’。 ")
    match = re.fullmatch(
        rf"(?:约|不超过|不低于|不少于|≤|≥|<|>|<=|>=)?({NUMBER})['′’]?\s*({UNITS})?(?:以上|以内|以下|左右|内|及以上|及以下)?",
        bare,
    )
    if match:
        return Value(float(match[1]), match[2] or "", 0, len(bare))
    found = values(bare)
    fitting = [v for v in found if _fits(name, v.unit)]
    if not fitting:
        return None
    if len({v.number for v in fitting}) == 1:
        return fitting[0]
    first = [v for v in values(re.split(r"[。;；]", bare)[0]) if _fits(name, v.unit)]
    return first[0] if name and len({v.number for v in first}) == 1 else None


def _fits(name: str, unit: str) -> bool:
    if re.search(r"时间|时限|时长|用时|周期", name):
        return bool(_TIME_RE.search(unit))
    if re.search(r"率$|占比|比例", name):
        return unit in ("%", "‰")
    if re.search(r"环节", name):
        return unit in ("个", "个环节", "环节")
    return bool(unit) or not name


def polarity(name: str, unit: str = "", baseline: float | None = None, target: float | None = None) -> str:
    """lower where less is better: by the way from baseline to target, else by the name, else by the unit."""
    if baseline is not None and target is not None and baseline != target:
        return "lower" if target < baseline else "higher"
    if _SHORTER_RE.search(name):
        return "higher"
    if "成本" in name:
        return "lower"
    low, high = _last(_LOWER_RE, name), _last(_HIGHER_RE, name)
    if low >= 0 or high >= 0:
        if low >= 0 and re.search(
            r"总税收和缴费率|总税率|错误率|迟报率|瞒报率|漏报率|投诉率|停运率|故障率|费率|利率|错码率", name
        ):
            return "lower"
        return "lower" if low > high else "higher"
    return "lower" if _TIME_RE.search(unit) and unit != "年" else "higher"


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((m.end() for m in pattern.finditer(text)), default=-1)


_UNIT_IN_NAME_RE = re.compile(rf"[（(]\s*((?:{UNITS})|次数|万元|元|家|%)\s*[）)]$")


def split_unit(name: str) -> tuple[str, str]:
    """环节（个） → 环节, 个; a bracket that is no unit stays in the name."""
    flat = re.sub(r"\s", "", name)
    match = _UNIT_IN_NAME_RE.search(flat)
    return (flat[: match.start()], match[1]) if match else (flat, "")


def tidy_unit(unit: str) -> str:
    """个工作日 → 工作日, 个小时 → 小时, 个环节 → 个."""
    if unit in ("个环节", "环节"):
        return "个"
    return re.sub(r"^个(?=工作日|自然日|小时)", "", unit)
