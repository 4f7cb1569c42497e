"""Items of the outline → tasks.

Belongs here: which items are tasks, their special and section, deadlines in labels and in sentences. Does not belong
here: task lists in tables (``tasklist``), comparing both (``compare``).

An item with a unit or a deadline is a task; without both it is one only where a following sibling has them (it shares
them, which is a doubt). The special is the attachment's, else the section above the item, else the chapter.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

from raw.deadlines import Deadline, parse_deadline
from raw.plans.labels import Label
from raw.plans.model import Plan, Share, Task
from raw.plans.outline import Node, Outline
from raw.plans.text import shorten
from raw.plans.units import LABEL_ROLES, parse_units

TITLE_MAX = 40
_SPECIAL_RE = re.compile(
    r"(?:优化)?(?:提升)?(?:攻坚|整治|治理)?(?:工作)?(?:专项)(?:行动|工作|提升|整治|攻坚|优化|实施|改革|推进)*"
    r"(?:实施|工作)?(?:方案|计划|措施|清单|要点)?$"
)
_PLAIN_END_RE = re.compile(
    r"(?:优化)?(?:提升)?(?:工作|行动|实施)*(?:方案|计划|措施|清单|台账|任务分工|任务分解表|要点|任务表|分工方案)$"
)
_YEAR_RE = re.compile(r"\d{4}(?:[—–~至-]\d{4})?年(?:度)?")
# moments a sentence binds a target to; a bare year only where nothing better stands there
_BOUND_RE = re.compile(
    r"(?:(?:20\d\d年)?\d{1,2}月(?:\d{1,2}[日号])?(?:份)?(?:底|末|中旬|上旬|下旬)?(?:之?前|以前)|(?:20\d\d年)\d{1,2}月(?:\d{1,2}[日号])?(?:份)?(?:底|末)?"
    r"|20\d\d年年?(?:底|末)(?:之?前|以前)?|(?:20\d\d年)?(?:[上下]半年|第?[一二三四1-4]季度)(?:底|末)?(?:之?前)?|(?<![\d两几数多半近])年(?:底|内|末)(?:之?前)?)"
)
_BARE_YEAR_RE = re.compile(
    r"(?:到|至)?(20\d\d)年(?:度)?(?=[，,]|力争|确保|实现|全市|全县|全省|完成|新增|新|培育|达到|达|前)"
)
_PAST_RE = re.compile(r"(?:以来|起|后|之后|以后|基础上|出台|印发|修订|成立|版|开展|开始|至今|现状|已)")


def special_name(title: str, place: str = "") -> str:
    """企业开办 out of 舞钢市企业开办优化提升专项行动方案; ``place`` is the common prefix of the titles."""
    name = re.sub(r"\s", "", title)
    name = re.sub(r"^《|》$", "", name)
    name = _YEAR_RE.sub("", name)
    if place and name.startswith(place):
        name = name[len(place) :]
    else:
        name = re.sub(r"^[一-龥]{1,6}?(?:市|县|区|省|州|旗)(?=[一-龥“]{3,})", "", name)
    for pattern in (_SPECIAL_RE, _PLAIN_END_RE):
        shorter = pattern.sub("", name)
        if shorter and shorter != name:
            name = shorter
            break
    return name or title


def common_place(titles: list[str]) -> str:
    """Name of the place all attachment titles begin with."""
    counted = Counter(
        match[0]
        for title in titles
        if (match := re.match(r"[一-龥]{1,8}?(?:市|县|区|省|州|旗)", re.sub(r"\s", "", title)))
    )
    if not counted:
        return ""
    best, times = counted.most_common(1)[0]
    return best if times * 2 > len(titles) else ""


def label(title: str) -> str:
    """A heading as a label: half-width commas as full-width ones, no full stop, at most ``TITLE_MAX`` characters."""
    text = title.strip().rstrip("。").replace(",", "，")
    return text if len(text) <= TITLE_MAX else text[: TITLE_MAX - 1] + "…"


def from_outline(outline: Outline, plan: Plan) -> list[Task]:
    """Tasks of the body and the attachments, in order."""
    start = date(plan.year, 1, 1)
    found: list[Task] = []
    attachments = [n for n in outline.root.children if n.level == 0]
    place = common_place([n.title for n in attachments] + [t for _, t, _ in outline.contents])
    body = Node(-1, "", "", 0, children=[n for n in outline.root.children if n.level > 0])
    for part in [body, *attachments]:
        attached = part.level == 0
        special = special_name(part.title, place) if attached and not is_overall(part.title) else ""
        before = len(found)
        for node in part.walk():
            if node.level < 3 or not _is_task(node):
                continue
            found.append(_task(node, part, special, plan, start))
        if attached and len(found) == before and special and not part.tables and _is_plan_part(part):
            plan.find(
                part.line,
                "未识别",
                part.title,
                "这个专项方案里没有读到带责任单位或时限的任务，请确认是否需要补登记",
            )
        _check_numbers(part, plan)
    return found


def is_overall(title: str) -> bool:
    """The overall plan among the attachments."""
    return bool(re.search(r"总体(?:行动|实施|工作)?方案", title))


def _is_plan_part(part: Node) -> bool:
    return bool(re.search(r"方案|计划|措施|清单", part.title))


def _own_labels(node: Node) -> list[Label]:
    return [lab for lab in node.labels if lab.kind in ("deadline", "unit")]


def _labels(node: Node) -> tuple[list[Label], Node | None]:
    """Labels of a node, or those of the next sibling that has some (and that sibling)."""
    own = _own_labels(node)
    if own or node.parent is None or node.unnumbered or node.level < 4 or node.children:
        return own, None
    siblings = node.parent.children
    at = siblings.index(node)
    for following in siblings[at + 1 :]:
        if following.unnumbered or following.level != node.level:
            break
        if _own_labels(following):
            return _own_labels(following), following
    return [], None


def _is_task(node: Node) -> bool:
    if _own_labels(node):
        return True
    if node.children or node.level < 4 or node.unnumbered:
        return False
    labels, _ = _labels(node)
    return bool(labels)


def _task(node: Node, part: Node, special: str, plan: Plan, start: date) -> Task:
    labels, lender = _labels(node)
    path = node.path()
    section, task_special = _place_of(node, path, part, special, plan)
    deadlines = [lab for lab in labels if lab.kind == "deadline"]
    text = "；".join(lab.value for lab in deadlines if lab.value)
    measure = node.text or node.heading_text
    shares, units_text, units_line = _shares(labels, plan, node)
    title = node.title
    task = Task(
        seq=node.number,
        special=task_special,
        section=section,
        title=label(title),
        printed_title=title,
        measure=node.heading_text
        if node.text and node.text in node.heading_text
        else title + "。" + node.text
        if node.text
        else title,
        deadline_text=text,
        deadline=parse_deadline(text, start),
        shares=shares,
        units_text=units_text,
        line=node.line,
        source=_source(node, part, path),
        deadline_line=deadlines[0].line if deadlines else node.line,
        units_line=units_line or node.line,
        part=part.title,
    )
    if lender is not None:
        plan.find(
            node.line,
            "共用责任",
            shorten(title),
            f"没有自己的责任单位和时限，暂与第 {lender.line} 行“{shorten(lender.title, 20)}”共用，请确认",
        )
        task.doubts.append("共用责任")
    if node.unnumbered:
        plan.find(
            node.line, "无编号任务", shorten(title), "有责任单位或时限但没有编号，已单列为一项任务，请确认"
        )
        task.doubts.append("无编号任务")
    for lab in node.labels:
        if lab.kind == "person":
            plan.find(lab.line, "牵头领导", shorten(lab.value), f"{lab.word}不入登记表，请按需另行登记")
    if not deadlines:
        from_text, parsed = deadline_in_text(measure, start)
        if from_text:
            task.deadline_text, task.deadline = from_text, parsed
            task.deadline_line = node.line
            plan.find(
                node.line,
                "时限取自正文",
                shorten(from_text),
                f"没有时限标签，按正文中的日期登记为“{from_text}”，请确认",
            )
            task.doubts.append("时限取自正文")
    return task


def _place_of(node: Node, path: list[Node], part: Node, special: str, plan: Plan) -> tuple[str, str]:
    """(section, special) of a task."""
    sections = [n for n in path if n.level == 4]
    above = [n for n in path if 0 < n.level <= 4 and n is not node]
    if special:
        chapters = [n for n in above if n.level <= 3]
        if sections:
            return sections[-1].title, special
        return (node.title if node.level == 4 else chapters[-1].title if chapters else ""), special
    if not above:
        return "", label(special_name(part.title or plan.title) or "总体")
    if above[-1].level == 4 or (len(above) > 1 and above[-1].level == 2):
        chapter = above[-2] if len(above) > 1 else None
        return (f"{chapter.mark}{chapter.title}" if chapter else ""), label(above[-1].title)
    return f"{above[-1].mark}{above[-1].title}", label(above[-1].title)


def _source(node: Node, part: Node, path: list[Node]) -> str:
    where = f"附件{part.number}" if part.level == 0 else "方案"
    sections = [n for n in path if n.level == 4]
    if node.level == 5 and node.number and not _restarts(part):
        return f"{where}第{node.number}项"
    steps = "".join(f"（{n.number}）" for n in sections)
    own = f"（{node.number}）" if node.level == 4 else f"第{node.number}项" if node.number else "（无编号）"
    return f"{where}{steps}{own}"


def _restarts(part: Node) -> bool:
    numbers = [n.number for n in part.walk() if n.level == 5 and n.number and (_own_labels(n))]
    return len(numbers) != len(set(numbers))


def _shares(labels: list[Label], plan: Plan, node: Node) -> tuple[list[Share], str, int]:
    units = [lab for lab in labels if lab.kind == "unit"]
    shares: list[Share] = []
    texts = []
    lead = False
    for lab in units:
        role = LABEL_ROLES.get(lab.word, "")
        expression = parse_units(lab.value, role, lab.line, after_lead=lead)
        note_doubts(plan, lab.line, lab.value, expression.doubts)
        lead = lead or any(s.role == "lead" for s in expression.shares)
        shares += [s for s in expression.shares if (s.unit, s.role) not in {(x.unit, x.role) for x in shares}]
        texts.append(lab.value if len(units) == 1 or lab.word == "括号" else f"{lab.word}：{lab.value}")
    return shares, "；".join(texts), units[0].line if units else 0


def note_doubts(plan: Plan, line: int, text: str, doubts: tuple[str, ...]) -> None:
    """Findings for the doubts of one expression of units."""
    for doubt in doubts:
        if "牵头单位：" in doubt:
            kind = "多个牵头"
        elif "未列全" in doubt:
            kind = "名单未列全"
        elif "重复" in doubt or "既牵头又配合" in doubt:
            kind = "责任重复"
        elif "范围" in doubt:
            kind = "责任范围"
        else:
            kind = "单位存疑"
        plan.find(line, kind, shorten(text), doubt)


# --- deadlines in sentences -----------------------------------------------------------------------


def moments_in_text(text: str, start: date) -> list[tuple[str, Deadline, int]]:
    """Dates a sentence binds something to: (as written, meaning, offset); past and open ones left out."""
    found = []
    year = start
    for match in _BOUND_RE.finditer(text):
        after = text[match.end() : match.end() + 6]
        before = text[max(0, match.start() - 6) : match.start()]
        if re.match(rf"(?:{_PAST_RE.pattern})", after) or re.search(r"[〔\[（(]$|自$|从$|《[^》]*$", before):
            continue
        given = re.match(r"(20\d\d)年", match[0])
        if given:
            year = date(int(given[1]), 1, 1)
            if year.year < start.year:
                continue
        parsed = parse_deadline(match[0], year)
        if parsed.due_dates:
            found.append((match[0], parsed, match.start()))
    return found


def deadline_in_text(text: str, start: date) -> tuple[str, Deadline]:
    """The deadline a text without a label states: its bound dates joined by ；, else the plan's year alone."""
    written: dict[tuple, str] = {}
    for words, parsed, _ in moments_in_text(text, start):
        written.setdefault(
            parsed.due_dates,
            words if "年" in words[:5] else f"{start.year}年{words}" if "月" in words else words,
        )
    if written:
        joined = "；".join(written[key] for key in sorted(written))
        return joined, parse_deadline(joined, start)
    bare = [m for m in _BARE_YEAR_RE.finditer(text) if int(m[1]) >= start.year]
    if bare:
        words = f"{max(int(m[1]) for m in bare)}年"
        return words, parse_deadline(words, start)
    return "", parse_deadline("", start)


# --- checks ---------------------------------------------------------------------------------------

_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_CN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}


def number_of(text: str) -> int | None:
    """12 or 十二 as a number."""
    if text.isdecimal():
        return int(text)
    if text in _CIRCLED:
        return _CIRCLED.index(text) + 1
    if not text or any(c not in "零一二三四五六七八九十" for c in text):
        return None
    if "十" not in text:
        return _CN_DIGITS[text] if len(text) == 1 else None
    tens, _, ones = text.partition("十")
    return (_CN_DIGITS.get(tens, 1) if tens else 1) * 10 + (_CN_DIGITS.get(ones, 0) if ones else 0)


def _check_numbers(part: Node, plan: Plan) -> None:
    """Gaps and repetitions in the numbers of siblings; a level may run on through the parts above it."""
    running: dict[int, int] = {}
    for node in part.walk():
        previous: int | None = None
        for child in node.children:
            value = number_of(child.number) if child.number and child.level in (3, 4, 5) else None
            if value is None:
                continue
            last = previous if previous is not None else running.get(child.level)
            goes_on = last is not None and value == last + 1
            if not goes_on and not (previous is None and value == 1):
                title = shorten(child.title)
                if last is None:
                    plan.find(child.line, "编号跳号", title, f"第一个编号是 {child.number}，请核对是否漏项")
                elif value == last:
                    plan.find(child.line, "编号重复", title, f"编号 {child.number} 与上一项重复")
                elif value > last:
                    plan.find(child.line, "编号跳号", title, f"编号从 {last} 跳到 {value}，请核对是否漏项")
                else:
                    plan.find(
                        child.line, "编号重复", title, f"编号 {child.number} 在 {last} 之后又出现，请核对"
                    )
            previous = running[child.level] = value
