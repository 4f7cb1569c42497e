"""Quantified targets in sentences → indicators and goals.

Belongs here: one sentence (压缩至2个工作日以内, 分别达到90%、100%, 较上年提升10%, 进入全省前3位). Does not belong
here: which sentences are looked at and to whom they belong (``goals``).

A clause counts when a verb of reaching stands before a number with a unit, or a limit behind it. The name is what
stands before the verb in the clause, without dates and words of intent; a clause that begins with the verb takes the
subject of the clause before it. 分别 deals numbers out to the listed names in order; 均 gives each the same number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from raw.deadlines import parse_deadline
from raw.plans.numbers import NUMBER, UNITS, mask, polarity, tidy_unit
from raw.plans.text import bracket_pairs, plain, split_outside

_REACH = (
    r"(?:总)?(?:压缩|压减|缩短|缩减|精简|减少|降低|减低|下降|控制|提升|提高|增加|增长|扩大|保持|稳定|维持|调整|达|提速|优化|增至|降至|减至)"
    r"(?:至|到|为|在|成)|(?:持续)?(?:保持|稳定)(?=[\d])|不得超过|达到|(?<!传)(?<!直)达(?=[约\d])|突破|超过|大于|高于|低于|小于|不低于|不少于|不超过|不高于|不大于|至少(?:达到)?|不足|少于"
    r"|(?<=[时限间长费率数量价准本])(?:均)?为(?=\d)"
)
_GROW = r"(?:同比|再|较[一-龥\d]{1,8}?|比[一-龥\d]{1,8}?|平均|分别|总体|在[^，,;；]{2,20}?基础上)*(?:再)?(?:提升|提高|增长|增加|压缩|压减|缩短|下降|降低|减少|增幅|精简)(?:幅度)?(?:约|了)?"
_COUNT = r"(?:再)?(?:新增|新建|新培育|新培养|培育|培养|建设|建成|完成|实现|开展|组织|举办|打造|创建|制作|改扩建|创健|建立|建好|实施|推动实现|支持|带动|覆盖|惠及|受惠|涵盖|引进|新开通|开通|开行|形成|推出|梳理|发放|投放|新增发放|运用)"
_APPROX = r"(?:约|近|力争|争取|至少|不少于|不低于|不超过|超过|达到|为)*"
_TAIL = r"(?:及?以[上内下]|左右|之内|内)?"
_VALUE = rf"(?P<number>{NUMBER})(?:[-—~至](?P<high>{NUMBER}))?余?(?P<unit>{UNITS})"
_REACH_RE = re.compile(rf"(?P<verb>{_REACH})(?:约|近|至少)?{_VALUE}(?P<tail>{_TAIL})")
_GROW_RE = re.compile(rf"(?P<verb>{_GROW}){_APPROX}{_VALUE}(?P<tail>{_TAIL})")
_COUNT_RE = re.compile(
    rf"(?P<verb>{_COUNT}){_APPROX}{_VALUE}(?P<tail>{_TAIL})(?P<object>[^，,;；。、\d(（]{{0,30}})"
)
_OBJECT_RE = re.compile(
    rf"(?P<verb>{_COUNT}|计划(?:特招|招聘|完成)?|预计增加|增加|至少运用|争取|创健)(?P<object>[^\d,，;；。、:：]{{2,32}}?)(?:各|约|达|共)*{_VALUE}(?P<tail>{_TAIL})(?!的|[一-龥]{{0,2}}(?:内|完成))"
)
_GO_ON_RE = re.compile(
    rf"^(?P<verb>)(?P<object>[^\d,，;；。、:：]{{2,25}}?)(?:各|约|达|共)*{_VALUE}(?P<tail>{_TAIL})(?:\([^()]*\))?[。]?$"
)
_MORE_RE = re.compile(rf"^(?P<verb>){_VALUE}(?P<tail>{_TAIL})(?P<object>[一-龥“”□]{{2,25}})[。]?$")
_LIMIT_RE = re.compile(
    rf"(?P<verb>)(?:起|后的?|平台|后)(?P<number>{NUMBER})(?P<high>)(?P<unit>个?工作日|日|天|个?小时|分钟)(?P<tail>之?内)"
)
_FAR_RE = re.compile(
    rf"(?P<verb>(?:压缩|压减|缩短|缩减|降低)(?:至|到|为))[^\d,，;；。]{{2,20}}?{_VALUE}(?P<tail>{_TAIL})"
)
_SHARE_RE = re.compile(r"^(?P<name>[一-龥“”□]{2,20})(?P<number>100)%(?P<done>[一-龥]{2,4})[。]?$")
_ZERO_RE = re.compile(r"(?P<verb>(?:调整|降|减|压缩|收费标准)(?:为|至|到)零|清零)")
_FROM_RE = re.compile(rf"由(?:法定|原来的?|目前的?|现行的?|现在的?)?(?:的)?(?P<from>{NUMBER})(?:{UNITS})")
_FEW_RE = re.compile(
    r"(?<=不少于|不低于|不超过)[一二两三四五六七八九](?=次|个|项|家)|(?<=至少开展|至少组织|至少召开)[一二两三四五六七八九](?=次|个|项|家)|(?<=至少)[一二两三四五六七八九](?=次|个|项|家)"
)
_BEHIND_RE = re.compile(rf"(?P<verb>){_VALUE}(?P<tail>以[上内下]|左右|及以上)(?!的)")
_FINISH_RE = re.compile(
    rf"(?P<verb>){_VALUE}(?P<tail>内?)(?P<done>办结|办成|完成|受理|分案|结案|立案|发布|退还|反馈|对接|上车|换乘|获得)"
)
_PLAIN_RE = re.compile(
    rf"(?<=[率占比例额度限长数量量])(?P<verb>)(?P<number>{NUMBER})(?P<high>)(?P<unit>%|‰|个?工作日|天|个|家|次|亿元|万元)(?P<tail>{_TAIL})(?![-—~]|的)"
)
_RANK_RE = re.compile(
    r"(?:进入|保持|位居|位列|居|稳居|跻身|争取?)?(?:全国|全省|省内|全市|河南省)(?:同类)?(?:前|第)(?P<n>\d+|[一二三四五六七八九十])(?!方阵|批|类|季)(?:位|名|强)?"
)
_VAGUE_RE = re.compile(
    r"(?:先进位次|第一方阵|先进行列|前列|领先水平|领先|全覆盖|即时办结|清零|零成本|零跑腿|全部进入|前沿水平)"
)
_DUE_RE = re.compile(
    r"(?:到|至|于|在)?(?:(20\d\d)年)?(?:(\d{1,2})月(?:(\d{1,2})日)?(?:份)?(?:底|末)?(?:之?前|以前)?|年?底(?:之?前)?|年?末|(?<=年)(?:上半年|下半年))"
)
_INTENT_RE = re.compile(
    r"^(?:力争|争取|确保|努力|积极|进一步|基本|全面|逐步|持续|继续|推动|推进|推行|实行|实现|加快|将|把|使|对|保证|保障|要|应|须|其中|另外|同时|并|且|以及|即|落实|做好|加强|不断|全年|全市|全县|"
    r"我市|我县|全省统一|计划|预计|完成|各地|平均(?=[^一-龥])|达到|至)+"
)
_END_WORDS_RE = re.compile(
    r"(?:力争|争取|确保|均|都|全部|分别|各|将|要|应|总体|平均(?:分别)?|再|原则上|累计|一律|至|约|普遍|同比|由法定|由原来的|由|一般|大幅|计划|实现|完成|开展)+$"
)
_HISTORY_RE = re.compile(
    r"截至目前|(?<!由)目前(?!的)|已达|已经|累计已|今年以来|上年|去年|原定|按照法定|在法定|建筑面积|总投资|注册资本不低于|占地"
)
_SHARED_RE = re.compile(r"(率|数|量|时间|时限|时长|占比|比例|企业数|覆盖率|指数|额)$")


_CLAUSE_MAX = 400


@dataclass
class _State:
    """What a sentence carries from clause to clause: the subject, the owner of a list, whether a value stood there."""

    topic: str
    subject: str = ""
    owner: str = ""
    before: bool = False


@dataclass(frozen=True)
class Found:
    """One target of a sentence. ``kind`` is value, rank or improvement; ``due`` None where the sentence has none."""

    kind: str
    name: str
    unit: str
    polarity: str
    number: float
    due: date | None
    text: str
    offset: int
    baseline: float | None = None


def scan(
    text: str, start: date, carry: bool = False, topic: str = ""
) -> tuple[list[Found], list[tuple[str, int]]]:
    """Targets of a text, and (sentence piece, offset) of goals without a number.

    ``carry``: a date holds on to the end of the paragraph (paragraphs of goals), not only of its sentence.
    ``topic``: what the text is about, the subject of a clause that names none (压缩为1个环节).
    """
    flat = _FEW_RE.sub(lambda m: str("零一二三四五六七八九".find(m[0].replace("两", "二"))), plain(text))
    flat = re.sub(r"\d{12,}", lambda m: "□" * len(m[0]), flat)
    found: list[Found] = []
    vague: list[tuple[str, int]] = []
    due: date | None = None
    at = 0
    for sentence in _sentences(flat):
        if not carry:
            due = None
        state = _State(topic)
        offset = at
        for clause, separator in split_outside(sentence, ",;:，；："):
            due = (_due(clause, start) if len(clause) <= _CLAUSE_MAX else None) or due
            # no target is told in so many words; what is longer is a list or debris of a conversion
            if len(clause) <= _CLAUSE_MAX and not _HISTORY_RE.search(clause[:12]):
                new = _clause(clause, state, due, offset)
                found += new
                state.before = bool(new) or (state.before and _has_number(clause))
                if not new and (match := _VAGUE_RE.search(clause)):
                    vague.append((clause[max(0, match.start() - 30) : match.end()], offset))
            offset += len(clause) + len(separator)
            if separator and separator in ";；":
                state = _State(topic, before=state.before)
        at += len(sentence)
    return found, vague


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^。!?！？]*[。!?！？]?", text)[:-1] or [text]


def _due(clause: str, start: date) -> date | None:
    latest = None
    for match in _DUE_RE.finditer(clause):
        words = match[0].lstrip("到至于在")
        if clause[match.end() : match.end() + 1] in ("起", "后", "出", "基", "现", "以") or not re.search(
            r"月|底|末|半年", words
        ):
            continue
        if not match[1] and not match[2] and not re.search(r"年底|年末|半年", words):
            continue
        year = int(match[1]) if match[1] else start.year
        if year < start.year:
            continue
        parsed = parse_deadline(words, date(year, 1, 1))
        if parsed.due_dates:
            latest = parsed.due_dates[-1]
    return latest


def _clause(clause: str, state: _State, due: date | None, offset: int) -> list[Found]:
    """Targets of one clause; the state is carried on."""
    rank = _RANK_RE.search(mask(clause))
    if rank:
        return [_rank(clause, rank, state.subject, due, offset)]
    found: list[Found] = []
    for start, piece in _pieces(clause):
        new = _piece(piece, state, due, offset + start, state.before or bool(found))
        found += new
    if not found:
        name = _name(clause)
        if re.search(r"(?:率|时间|时限|时长|数量|指数|规模|企业|项目|登记)$", name):
            state.subject = name
    return found


def _pieces(clause: str) -> list[tuple[int, str]]:
    """Parts of a clause joined by 、 where each part has a number of its own; else the whole clause."""
    if "分别" in clause or "、" not in clause or re.search(r"(?:压缩|缩短)(?:至|到)[^\d]{0,12}、", clause):
        return [(0, clause)]
    parts, at = [], 0
    for piece, separator in split_outside(clause, "、"):
        parts.append((at, piece))
        at += len(piece) + len(separator)
    joined: list[tuple[int, str]] = []
    for start, piece in parts:
        has = _match(mask(piece)) is not None or _has_number(piece)
        if joined and not _has_number(joined[-1][1]):
            joined[-1] = (joined[-1][0], joined[-1][1] + "、" + piece)
        elif has or not joined:
            joined.append((start, piece))
        else:
            joined[-1] = (joined[-1][0], joined[-1][1] + "、" + piece)
    return joined


def _has_number(piece: str) -> bool:
    return re.search(rf"{NUMBER}余?(?:{UNITS})", mask(piece)) is not None


_PATTERNS = (
    ("reach", _REACH_RE),
    ("reach", _FAR_RE),
    ("grow", _GROW_RE),
    ("finish", _FINISH_RE),
    ("count", _COUNT_RE),
    ("object", _OBJECT_RE),
    ("limit", _LIMIT_RE),
    ("plain", _PLAIN_RE),
    ("behind", _BEHIND_RE),
)


def _match(masked: str, goes_on: bool = False) -> tuple[str, re.Match[str]] | None:
    """First pattern that fits; what only goes on a list of values counts where one stands before it."""
    for kind, pattern in _PATTERNS:
        match = pattern.search(masked)
        if match and not re.search(r"24小时|365", match[0]):
            return kind, match
    if goes_on:
        for kind, pattern in (("more", _MORE_RE), ("go_on", _GO_ON_RE)):
            match = pattern.search(masked)
            if match:
                return kind, match
    return None


def _piece(piece: str, state: _State, due: date | None, offset: int, goes_on: bool) -> list[Found]:
    masked = mask(piece)
    subject = state.subject
    zero = _ZERO_RE.search(masked)
    if zero:
        names = [p for p, _ in split_outside(_name(piece[: zero.start()]), "、")]
        names = (
            [n for n in names if len(n) > 2]
            if zero[0] == "清零" and all(n.endswith("率") for n in names)
            else [_name(piece[: zero.start()])]
        )
        if zero[0] != "清零" or (names and names[0].endswith("率")):
            unit = "%" if names[0].endswith("率") else ""
            return [Found("value", n, unit, "lower", 0.0, due, piece, offset) for n in names if n]
        return []
    share = _SHARE_RE.match(masked)
    if share:
        name = f"{_name(piece[share.start('name') : share.end('name')])}{share['done']}率"
        return [Found("value", name, "%", "higher", 100.0, due, piece, offset)]
    if "分别" in piece:
        dealt = _dealt(piece, masked, due, offset)
        if dealt:
            return dealt
    hit = _match(masked, goes_on)
    if hit is None:
        return []
    kind, match = hit
    unit = match["unit"]
    number = float(match["number"])
    before = piece[: match.start()]
    # 由法定30日内压缩至15日内: the second number counts
    name = _name(re.sub(r"由(?:原来的?|法定|目前的?|现行的?|(?=\d)).{0,12}$", "", before))
    if kind in ("count", "object", "go_on", "more"):
        thing = _name(piece[match.start("object") : match.end("object")]) if match["object"] else ""
        thing = re.sub(r"^(?:以[上内下]|左右|的)+", "", thing)
        verb = match["verb"]
        lead = (
            name
            if len(name) >= 2
            else subject
            if re.search(r"[一-龥]{2}$", subject or "") and not thing
            else ""
        )
        if kind in ("go_on", "more"):
            lead = lead or state.owner
        elif len(name) >= 3:
            state.owner = name
        name = (
            f"{lead}{verb if verb not in ('完成', '实现', '达到', '争取') else ''}{thing}"
            if (thing or lead)
            else verb + unit
        )
    elif kind == "grow":
        verb = re.sub(r"约|了|再|平均|分别|总体", "", match["verb"])
        word = "同比" if "同比" in verb else ""
        base = name or subject
        if not base:
            return []
        way = re.search(r"提升|提高|增长|增加|压缩|压减|缩短|下降|降低|减少|增幅|精简", verb)
        name = f"{base}{word}{way[0] if way else ''}幅度" if way and way[0] != "增幅" else f"{base}增幅"
        state.subject = base
    elif kind == "finish":
        name = name or subject
        name = (
            f"{name}{match['done']}时限"
            if name and not re.search(r"时[限间长]$", name)
            else name or f"{match['done']}时限"
        )
    elif kind == "limit":
        name = f"{re.sub(r'^(?:自|在|于|从)', '', name)}办理时限"
    else:
        behind = (
            re.match(r"[一-龥“”、]{4,25}", piece[match.end() :]) if kind == "behind" and not name else None
        )
        if behind:
            name = _name(behind[0]) + ("比例" if unit == "%" else "")
        name = name or subject or (state.topic if kind == "reach" else "")
    if unit in ("个环节", "环节") and not re.search(r"环节", name):
        name += "环节"
    shrink = (
        re.match(r"(压缩|压减|缩短|降低|减少|提升|提高|增长)(.{2,})$", name)
        if unit in ("%", "个百分点")
        else None
    )
    if shrink and kind in ("object", "plain", "behind"):
        name, kind = f"{shrink[2]}{shrink[1]}幅度", "grow"
    if (
        not name
        or len(name) < 2
        or re.search(r"基础上|以及$|^(?:再)?(?:形成|打造|建立)一批$|^每(?:季度|月|年|周|半年|天)$", name)
    ):
        return []
    if kind in ("reach", "plain", "behind"):
        state.subject = name
    way = polarity(name, unit)
    if kind == "limit":
        way = "lower"
    elif kind == "reach" and re.search(r"不低于|不少于|不小于", match["verb"]):
        way = "higher"
    elif kind == "reach" and re.search(
        r"不得超过|不超过|低于|小于|不高于|不大于|少于|压缩|缩短|降低|减低|控制在|降至|减至", match["verb"]
    ):
        way = "lower"
    elif (
        kind == "reach" and re.search(r"不低于|不少于|突破|超过|高于|大于|提升|提高|增|至少", match["verb"])
    ) or kind in ("grow", "count", "object"):
        way = "higher"
    elif match["tail"] in ("以内", "以下", "内", "之内"):
        way = "lower"
    elif match["tail"].endswith("以上"):
        way = "higher"
    names = _each(name, piece[: match.start()])
    text = piece.strip("、")
    base = _FROM_RE.search(masked)
    baseline = float(base["from"]) if base and kind == "reach" and base.start() < match.start() else None
    found = [Found("value", n, tidy_unit(unit), way, number, due, text, offset, baseline) for n in names]
    if kind in ("count", "object"):  # 12个…和79个…
        for more in re.finditer(
            rf"[和及](?P<n>{NUMBER})余?(?P<u>{UNITS})(?P<o>[一-龥“”]{{2,25}})", masked[match.start() :]
        ):
            thing = piece[match.start() + more.start("o") : match.start() + more.end("o")]
            found.append(
                Found("value", thing, tidy_unit(more["u"]), "higher", float(more["n"]), due, text, offset)
            )
    return found


def _each(name: str, before: str) -> list[str]:
    """联合审图、联合验收、并联审批率均…: one name for each, the shared ending given to all."""
    if not re.search(r"均|都|各$", before) or "、" not in name:
        return [name]
    parts = [p for p, _ in split_outside(name, "、")]
    ending = _SHARED_RE.search(parts[-1])
    if ending and not any(_SHARED_RE.search(p) for p in parts[:-1]):
        parts = [p + ending[1] for p in parts[:-1]] + parts[-1:]
    return [p for p in parts if p]


def _dealt(piece: str, masked: str, due: date | None, offset: int) -> list[Found]:
    match = re.search(r"分别", masked)
    if not match:
        return []
    head, rest = piece[: match.start()], piece[match.end() :]
    numbers = [(float(m["n"]), m["u"]) for m in re.finditer(rf"(?P<n>{NUMBER})(?P<u>{UNITS})?", mask(rest))]
    numbers = [n for n in numbers if n[1] or len(numbers) > 1]
    if not numbers:
        return []
    unit = next((u for _, u in reversed(numbers) if u), "")
    if unit.startswith("个") and len(unit) > 1:  # 5个、9个、15个小时
        numbers = [(n, unit if u == "个" else u) for n, u in numbers]
    name = _name(re.sub(r"(?:控制在|压缩至|达到|平均)$", "", head))
    bare = re.sub(r"\([^()]*\)", lambda m: "□" * len(m[0]), name)
    parts = [p for p, _ in split_outside(bare, "、")] if "、" in bare else re.split(r"和|及|与", bare)
    spans, at = [], 0
    for part in parts:
        spans.append(name[at : at + len(part)])
        at += len(part) + 1
    if len(spans) != len(numbers):
        more = re.split(r"和|及", spans[-1])
        spans = [*spans[:-1], *more] if len(spans) - 1 + len(more) == len(numbers) else spans
    if len(spans) != len(numbers):
        spans = [name] * len(numbers) if len(spans) == 1 else spans
    if len(spans) != len(numbers):
        return []
    # 高压、低压用电平均接电时长: what the last name has more belongs to all; 市中心区、城镇、农村客户停电时间 too
    last = spans[-1]
    tail = ""
    if (
        len(set(map(len, map(plain, spans[:-1]))))
        and max(len(s) for s in spans[:-1]) + 2 < len(last)
        and not _SHARED_RE.search(spans[0])
    ):
        size = len(spans[0])
        tail = last[size:]
    elif not _SHARED_RE.search(spans[0]) and (ending := _SHARED_RE.search(last)):
        tail = ending[1]
    first = spans[0]
    names = [s + tail if s is not last else last for s in spans]
    prefix = re.match(r"(.{2,16}?(?:企业|案件|项目|中心|公司))(?=.{2,}$)", first) if not tail else None
    if prefix and not any(s.startswith(prefix[1]) for s in spans[1:]) and _SHARED_RE.search(first):
        names = [names[0], *(n if len(n) > 8 else prefix[1] + n for n in names[1:])]
    lower = re.search(r"压缩|缩短|降低|控制|不超过|以内|以下|压减", piece) is not None
    return [
        Found(
            "value",
            n,
            tidy_unit(u or unit),
            "lower"
            if (lower and polarity(n, u or unit) != "higher") or polarity(n, u or unit) == "lower"
            else "higher",
            v,
            due,
            piece,
            offset,
        )
        for n, (v, u) in zip(names, numbers, strict=True)
    ]


def _rank(clause: str, match: re.Match[str], subject: str, due: date | None, offset: int) -> Found:
    number = match["n"]
    places = int(number) if number.isdigit() else "零一二三四五六七八九十".index(number)
    name = _name(clause[: match.start()]) or subject
    return Found("rank", name, "位", "lower", float(places), due, clause, offset)


def _name(text: str) -> str:
    """Subject of a target: dates, words of intent and connecting words taken off."""
    name = _DUE_RE.sub("", text)
    name = re.sub(r"(?:到|至)?20\d\d年(?:度)?(?=[^以]|$)", "", name)
    previous = None
    while previous != name:
        previous = name
        name = name.strip(" 、,.:()-—*·")
        name = _INTENT_RE.sub("", name)
        name = _END_WORDS_RE.sub("", name)
        name = re.sub(r"^[一二三四五六七八九十]是", "", name)
    for opening, closing in bracket_pairs(name):
        if opening == 0 and closing == len(name) - 1:
            name = name[1:-1]
    name = re.sub(r"^[)）”】]+|[（(“【]+$", "", name)
    return name if len(name) <= 45 else name[-45:].split("，")[-1]
