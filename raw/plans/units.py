"""Responsible units: one printed expression → units with roles.

Belongs here: the grammar of 「甲局牵头，乙局、丙局等部门配合，丁公司负责落实」 and what a unit's name looks like.
Does not belong here: finding the expression in a document (``labels``), which names mean the same unit
(``catalogue``).

An expression is a list. A role word ends the units before it up to the previous role word:
牵头 → lead, 配合 → cooperate, 负责/落实 → implement, 按职责分工负责 → by_duty. What has no role word is ``sole``
(one unit) or ``joint``; after a lead it is ``cooperate``. 负责 alone makes nobody subordinate: ``sole`` or ``joint``.
The tail of an open list (等部门) is a unit of its own, as it is printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from raw.plans.model import Share
from raw.plans.text import despace, split_outside, strip_markup

LABEL_ROLES = {
    "牵头单位": "lead",
    "牵头部门": "lead",
    "牵头责任单位": "lead",
    "牵头": "lead",
    "主办单位": "lead",
    "主管单位": "lead",
    "主责单位": "lead",
    "责任单位": "",
    "责任部门": "",
    "责任主体": "",
    "责任分工": "",
    "责任机构": "",
    "落实单位": "implement",
    "承办单位": "implement",
    "实施单位": "implement",
    "实施主体": "implement",
    "配合单位": "cooperate",
    "配合部门": "cooperate",
    "协办单位": "cooperate",
    "协同单位": "cooperate",
    "参与单位": "cooperate",
    "参加单位": "cooperate",
    "配合": "cooperate",
}
_BODY = (
    r"局|委|办|办公室|室|院|部|厅|署|处|科|所|站|组|联|社|团|馆|段|队|会|中心|公司|集团|银行|支行|分行|海关|政府|"
    r"管委会|指挥部|专班|学院|大学|学校|医院|热线|单位|部门|机构|企业|人行|街道办?|党校|厂|基地|平台|"
    r"窗口|主体|园区|管理部|营业部|报社|电台|电视台|院校|高校|码头|港口|机场|铁塔|电信|移动|联通|电力|税务|公安|法院|农商行"
)
_PLACE = r"区|县|市|镇|乡|州|旗|盟|村|社区|乡镇|园|新城|城|基层|地方|各地"
_END_RE = re.compile(
    rf"(?:{_BODY}|{_PLACE})(?:[(（\[][^()（）]*(?:[(（][^()（）]*[)）][^()（）]*)?[)）\]])?$"
)
_BODY_RE = re.compile(rf"(?:{_BODY})(?:[(（][^()（）]*[)）])?$")
PREFIX_RE = re.compile(
    r"^(?:市|县|区|州|省|国家|各|全|相关|有关|其他|其它|本|中共|中央|国网|人行|人民银行|“|\"|《|[一-龥]{1,6}?(?:市|县|区|州|省))"
)

_LEAD_RE = re.compile(
    r"(?:共同|联合|分别|负责|总)*牵头(?:负责|落实|组织|实施|推进|抓总|协调|办理|会同|承担|做好|抓好|抓)*$"
)
_DUTY_RE = re.compile(
    r"(?:依照|依据|根据|按照|按|依)?(?:照)?(?:各自|本部门|本单位)?(?:工作)?(?:职责|职能|职权)?(?:任务)?分工"
    r"(?:各自|分别|共同|协同)?(?:负责|落实|实施|推进|承担|抓好|做好|办理)*$"
    r"|(?:依照|依据|根据|按照|按|依)(?:各自)?(?:工作)?(?:职责|职能)(?:各自|分别|共同)?(?:负责|落实|实施|推进|承担)+$"
    r"|(?:各司其职|各负其责)$"
)
_COOP_RE = re.compile(
    r"(?:依照|依据|根据|按照|按)?(?:各自)?(?:职责|职能)?(?:分工)?(?:积极|协同|密切|共同|支持|协助|参与|做好)*"
    r"(?:配合|协办|协助|参与|参加|协同)(?:落实|实施|做好|支持|推进|工作|完成|负责)*$"
)
_DO_RE = re.compile(
    r"(?:具体|分别|共同|直接|组织|主要|全面|统筹|抓好|依法|联合|各自|统一)*(?:负责|落实|承办|实施|执行|承担|办理)"
    r"(?:落实|实施|推进|组织|办理|执行|到位|完成|具体)*$"
)
_TAIL_RE = re.compile(
    r"^(?P<name>.+?)(?P<tail>等(?:[^等、]{0,14}?)(?:部门|单位|机构|企业|委局|局委|委办局|区县|县区|地区|乡镇|街道|公司|银行|成员))$"
)
_AND_RE = re.compile(r"(?:以及|及其|和|及|与|暨)")
_BY_RE = re.compile(r"^(?P<scope>[^由]{2,20})由(?P<name>.{2,})$")
_EDGE = " \t:：、,，;；。.·-—"
_PIECE_MAX = 120  # characters between two separators; longer is no name
_ROLE_RE = re.compile(r"牵头|配合|负责|落实|分工|协办|承办|参与")


@dataclass(frozen=True)
class Expression:
    """Units of one expression in order, and doubts in Chinese."""

    shares: tuple[Share, ...]
    doubts: tuple[str, ...]


# characters of one expression: the longest of a plan has some hundred
MAX_TEXT = 5000


def is_unit(name: str) -> bool:
    """Whether the text ends like the name of a body, a place or a collective."""
    return bool(name) and len(name) <= 45 and _END_RE.search(name) is not None and "。" not in name


def is_collective(name: str) -> bool:
    """各县区人民政府, 相关部门, 成员单位 …: more than one body, none of them named."""
    return bool(
        re.search(
            r"^(?:各|等|全市|全县|其他|其它|相关|有关)|相关|有关|各(?!级)|成员单位|^街道$|^乡镇|以及其他",
            name,
        )
        or re.search(r"^\d+个|(?:单位|部门|机构|企业)$", name)
    )


def looks_like_units(text: str) -> float:
    """Share (0–1) of the pieces of ``text`` that are units or role words; 0 for a sentence."""
    flat = despace(strip_markup(text)).strip(_EDGE)
    if not flat or len(flat) > 1200 or "。" in flat:
        return 0.0
    total = good = 0
    for piece, _ in split_outside(flat, "、，,；;"):
        piece = piece.strip(_EDGE)
        if not piece:
            continue
        total += 1
        role, name = _take_role(piece)
        name = re.sub(r"等$", "", name)
        match = _TAIL_RE.match(name)
        if match:
            name = match["name"]
        if (is_unit(name) and len(name) <= 30) or (role and not name):
            good += 1
    return good / total if total else 0.0


def parse_units(text: str, default_role: str = "", line: int = 0, after_lead: bool = False) -> Expression:
    """Units with roles. ``default_role`` is that of a label (配合单位：); ``after_lead``: a lead stands elsewhere.

    Of a text of more than ``MAX_TEXT`` characters only those are read, with a doubt.
    """
    flat = despace(strip_markup(text[:MAX_TEXT])).strip(_EDGE)
    doubts: list[str] = []
    if len(text) > MAX_TEXT:
        doubts.append(f"责任单位的文字长 {len(text)} 字，只读了前 {MAX_TEXT} 字：“{flat[:40]}”")
    done: list[tuple[str, str]] = []
    pending: list[str] = []
    for name, role in _pieces(flat, doubts):
        if name:
            pending.append(name)
        if role:
            if not pending and done and done[-1][1] == "":
                pending = []
            done += [(unit, role) for unit in pending]
            pending = []
    done += [(unit, "") for unit in pending]
    shares = _settle(done, default_role, after_lead)
    leads = [unit for unit, role in shares if role == "lead"]
    if not shares and flat:
        doubts.append(f"没有读出责任单位：“{flat[:40]}”")
    unique: dict[tuple[str, str], None] = {}
    for unit, role in shares:
        if (unit, role) in unique:
            doubts.append(f"“{unit}”重复出现")
        unique[unit, role] = None
    named: dict[str, str] = {}
    for unit, role in unique:
        if unit in named and {named[unit], role} == {"lead", "cooperate"}:
            doubts.append(f"“{unit}”既牵头又配合")
        named.setdefault(unit, role)
    if len(leads) > 1:
        doubts.append(f"{len(leads)} 个牵头单位：{'、'.join(leads)}")
    return Expression(tuple(Share(unit, role, line) for unit, role in unique), tuple(doubts))


def _settle(done: list[tuple[str, str]], default: str, after_lead: bool) -> list[tuple[str, str]]:
    """Roles of what carries no role word, and of 负责 where nobody leads."""
    roles = {role for _, role in done}
    lead = "lead" in roles or after_lead
    if not lead and "implement" in roles and default != "implement":
        if "cooperate" in roles:  # 甲负责，乙配合
            done = [(u, "lead" if r == "implement" else r) for u, r in done]
            lead = True
        elif roles <= {"implement", ""}:
            done = [(u, "") for u, _ in done]
    count = len(done)
    rest = default or ("cooperate" if lead else "sole" if count == 1 else "joint")
    return [(u, r or rest) for u, r in done]


def _pieces(flat: str, doubts: list[str]) -> list[tuple[str, str]]:
    """(unit or empty, role or empty) in order of the text."""
    raw = [p.strip(_EDGE) for p, _ in split_outside(flat, "、，,；;。\n")]
    raw = [part for piece in raw if piece for part in _conjoined(piece)]
    result: list[tuple[str, str]] = []
    carried = ""
    for piece in raw:
        role, name = _take_role(piece)
        by = _BY_RE.match(name)
        if by and role and not is_unit(by["scope"] + "由"):
            doubts.append(f"责任有范围限定：“{piece}”")
            name = by["name"]
        if carried and PREFIX_RE.match(name) and not name.startswith(("相关", "有关", "其他", "其它")):
            doubts.append(f"“{carried[:-1]}”不像单位名称")
            result.append((carried[:-1], ""))
            carried = ""
        name, carried = carried + name, ""
        tail = _TAIL_RE.match(name)
        if tail and is_unit(tail["name"]):
            result.append((tail["name"], ""))
            result.append((tail["tail"], role))
            continue
        if name.endswith("等") and len(name) > 2:
            doubts.append(f"“{name}”：名单未列全")
            name = name[:-1]
        if name and not role and not is_unit(name) and not name.startswith("等"):
            carried = name + "、"  # 供水、供气以及其他公共服务部门 is one expression
            continue
        if name and not is_unit(name):
            doubts.append(f"“{name}”不像单位名称")
        result.append((name, role))
    if carried:
        name = carried[:-1]
        doubts.append(f"“{name}”不像单位名称")
        result.append((name, ""))
    return result


def _conjoined(piece: str) -> list[str]:
    """街道和相关市直单位 → two; 发展和改革委员会 stays one (what stands before 和 is no unit)."""
    if len(piece) > _PIECE_MAX:
        return [piece]
    for match in _AND_RE.finditer(piece):
        left, right = piece[: match.start()], piece[match.end() :]
        if not (left and right):
            continue
        _, bare = _take_role(right)
        if (
            (_BODY_RE.search(left) or re.search(r"(?:乡镇|街道|镇|办事处)$", left))
            and not re.search(r"供[水电气热]$", left)
            and PREFIX_RE.match(right)
            and is_unit(re.sub(r"等$", "", bare))
        ):
            return [left, *_conjoined(right)]
    return [piece]


def _take_role(piece: str) -> tuple[str, str]:
    """Role word at the end of a piece, and what is left."""
    for role, pattern in (
        ("cooperate", _COOP_RE),
        ("by_duty", _DUTY_RE),
        ("lead", _LEAD_RE),
        ("implement", _DO_RE),
    ):
        match = pattern.search(piece)
        if match and not (match.start() == 0 and role == "implement" and len(match[0]) > 4):
            return role, piece[: match.start()].rstrip(_EDGE)
    return "", piece


def has_role_word(text: str) -> bool:
    """Whether 牵头, 配合, 负责 … occur at all."""
    return _ROLE_RE.search(text) is not None
