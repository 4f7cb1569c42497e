"""Paragraphs of goals and measures of tasks → indicators and goals of the plan.

Belongs here: which texts are searched, to which special a target belongs, its due date, what is said twice. Does not
belong here: reading one sentence (``targets``).

Searched are the chapters and paragraphs of goals (总体目标, 工作目标, 主要目标) and the measures of the registered tasks.
The date of a target is the one in its sentence, else the task's last milestone; a target of an open-ended task has
none. A goal of the overall plan belongs to the special whose subject its words name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from raw.plans import tasks as tasks_module
from raw.plans.model import Goal, Indicator, Plan, Target
from raw.plans.outline import Node, Outline, Paragraph
from raw.plans.targets import Found, scan
from raw.plans.text import plain, shorten

_GOAL_CHAPTER_RE = re.compile(
    r"(?:总体|工作|主要|具体|年度|阶段|行动|提升|攻坚|发展)?(?:目标|指标)(?:任务|要求)?$|目标任务"
)
_GOAL_PARAGRAPH_RE = re.compile(r"^(?:主要|工作|年度|具体|总体)?目标[:：]")
_OVERALL = "总体"  # special of an indicator of the whole plan: the registry knows no indicator without one
# words by which a sentence about a standard area of the evaluation is known
_AREAS = (
    (r"企业开办|开办企业|一日办结|新开办", r"开办"),
    (r"建筑许可|工程建设项目|小型低风险|施工许可|首次登记|施工图|联合验收", r"建筑许可|工程建设"),
    (r"用电|办电|供电|接电|获得电力|停电|高压|低压", r"电力"),
    (r"用水|供水", r"用水|水"),
    (r"用气|供气", r"用气|气"),
    (r"不动产", r"不动产"),
    (r"纳税|税率|报税|退税|办税|总税收", r"纳税"),
    (r"贷款|信贷|融资担保|担保费|普惠", r"信贷"),
    (r"政府采购", r"政府采购"),
    (r"招投标|招标|投标", r"招标|招投标"),
    (r"破产|债权回收|收回债务", r"破产"),
    (r"商业纠纷|司法程序|执行合同|审理天数", r"合同"),
    (r"双随机|市场监管|行政处罚信息", r"市场监管"),
    (r"知识产权|专利|商标", r"知识产权"),
    (r"仲裁|劳动|用工", r"劳动力"),
    (r"高新技术|科技型|技能人才|技术合同|绿化|绿地|森林|公路|养老|文化|外资|人才", r"包容普惠|创新"),
    (r"政务服务|一件事|掌上办|不见面审批|一网通办|好差评|电子证照", r"政务服务"),
    (r"信用", r"信用"),
)


def read(tree: Outline, plan: Plan) -> None:
    """Add indicators and goals found in sentences to the plan."""
    start = date(plan.year, 1, 1)
    names = list(dict.fromkeys(s.name for s in plan.specials))
    seen: dict[tuple, Indicator] = {}
    for indicator in plan.indicators:
        seen.setdefault((indicator.special, _key(indicator.name)), indicator)
    attachments = [n for n in tree.root.children if n.level == 0]
    place = tasks_module.common_place([n.title for n in attachments] + [t for _, t, _ in tree.contents])
    for node, paragraph in _goal_paragraphs(tree):
        part = next((n for n in [*node.path(), node] if n.level == 0), None)
        special = (
            tasks_module.special_name(part.title, place)
            if part and not tasks_module.is_overall(part.title)
            else ""
        )
        found, vague = scan(paragraph.text, start, carry=True, topic=special)
        last = ""
        for item in found:
            line = paragraph.line_at(_offset(paragraph, item))
            plan.lines_read.add(line)
            owner = special or _area(item.name, names) or _area(item.text, names) or last
            last = owner
            if item.kind == "rank" or _is_overall_growth(item):
                _goals(item, paragraph, line, special, names, plan, start)
            else:
                for part, name in _both(item, owner, names) or [(owner or _fallback(node, names), item.name)]:
                    _add(replace(item, name=name), part, line, item.due, seen, plan)
        for text, offset in vague:
            plan.find(
                paragraph.line_at(min(offset, len(paragraph.text))),
                "定性目标",
                shorten(text),
                "目标没有数值，未入指标表",
            )
    for task in plan.tasks:
        found, vague = scan(task.measure, start, topic=task.special)
        default = (
            task.deadline.due_dates[-1]
            if task.deadline.due_dates and task.deadline.kind != "conditional_text"
            else None
        )
        for item in found:
            if item.kind == "rank":
                goal = Goal(
                    "rank", task.special, int(item.number), None, item.due or default, item.text, task.line
                )
                plan.goals.append(goal)
                continue
            _add(item, task.special, task.line, item.due or default, seen, plan)
        for text, _ in vague:
            plan.find(
                task.line,
                "定性目标",
                shorten(text),
                f"第{task.seq}项 {shorten(task.title, 20)}：目标没有数值，未入指标表",
            )


def _goal_paragraphs(tree: Outline) -> list[tuple[Node, Paragraph]]:
    found = []
    for node in tree.root.walk():
        chapters = [n for n in [*node.path(), node] if 0 < n.level <= 4]
        in_goals = any(_GOAL_CHAPTER_RE.search(n.title) for n in chapters)
        for paragraph in node.paragraphs:
            if in_goals or _GOAL_PARAGRAPH_RE.match(paragraph.text):
                found.append((node, paragraph))
    return found


def _offset(paragraph: Paragraph, item: Found) -> int:
    """Place of the words in the paragraph (the scan works on a squeezed copy)."""
    at = plain(paragraph.text).find(item.text[:20], max(0, item.offset - 2))
    return min(at if at >= 0 else item.offset, max(0, len(paragraph.text) - 1))


def _area(text: str, names: list[str]) -> str:
    """Special a sentence speaks of: one it names, else the standard area whose words occur first."""
    flat = plain(text)
    named = [(flat.find(n), n) for n in names if len(n) >= 3 and n in flat]
    if named:
        return min(named)[1]
    best: tuple[int, str] | None = None
    for words, special in _AREAS:
        match = re.search(words, flat)
        if not match:
            continue
        owner = next((n for n in names if re.search(special, n)), "")
        if owner and (best is None or match.start() < best[0]):
            best = (match.start(), owner)
    return best[1] if best else ""


def _both(item: Found, owner: str, names: list[str]) -> list[tuple[str, str]]:
    """用水用气 where water and gas are two specials: one indicator each."""
    water = next((n for n in names if n.endswith("用水")), "")
    gas = next((n for n in names if n.endswith("用气")), "")
    if not (water and gas and re.search(r"用水用气|供水供气|水电?气", item.name) and owner in (water, gas)):
        return []
    return [(n, re.sub(r"用水用气|供水供气|水电?气", n[-2:], item.name)) for n in (water, gas)]


def _fallback(node: Node, names: list[str]) -> str:
    section = next((n for n in reversed([*node.path(), node]) if n.level == 4), None)
    if section is not None and tasks_module.label(section.title) in names:
        return tasks_module.label(section.title)
    return _OVERALL


def _is_overall_growth(item: Found) -> bool:
    """提升 of the evaluation's own indicators (各项指标提升5%): a goal of the plan, no indicator."""
    return (
        item.unit == "%" and bool(re.search(r"指标", item.name)) and bool(re.search(r"提升|提高", item.text))
    )


def _goals(
    item: Found, paragraph: Paragraph, line: int, special: str, names: list[str], plan: Plan, start: date
) -> None:
    flat = plain(item.text)
    listed = _listed(item, paragraph, names)
    kind = "rank" if item.kind == "rank" else "improvement"
    due = item.due or date(plan.year, 12, 31)
    if item.kind == "rank" and re.search(r"其余|其他|其它", flat):
        taken = {g.special for g in plan.goals if g.kind == "rank"}
        owners = [n for n in names if n not in taken]
    elif listed:
        owners = listed
    else:
        owners = [special] if special else [""]
    for owner in owners:
        plan.goals.append(
            Goal(
                kind,
                owner,
                int(item.number) if kind == "rank" else None,
                item.number if kind == "improvement" else None,
                due,
                flat,
                line,
            )
        )


def _listed(item: Found, paragraph: Paragraph, names: list[str]) -> list[str]:
    """Specials named before the goal: 开办企业、获得电力等3项指标 …."""
    text = plain(item.text)
    pieces = re.split(r"[、,，;；:：]", re.sub(r"等\d*项?指标.*|\d+项指标.*|指标.*", "", text))
    found = []
    for piece in pieces:
        bare = re.sub(r"^(?:力争|其中|争取|确保|在|使|将|20\d\d年底?)+", "", piece)
        owner = _same_special(bare, names)
        if owner:
            found.append(owner)
    return found if len(found) > 1 or (found and re.search(r"等\d+项|指标", text)) else []


def _same_special(piece: str, names: list[str]) -> str:
    if len(piece) < 2:
        return ""
    for name in names:
        if piece == name or sorted(piece) == sorted(name) or (len(piece) >= 4 and piece in name):
            return name
    for name in names:
        # 获得用水 in 获得用水用气, 获得用气 in 获得用水用气
        if len(piece) == 4 and piece[:2] == name[:2] and piece[2:] in name:
            return name
    return ""


def _key(name: str) -> str:
    return re.sub(r"[\W_]|平均|的|全市|全县|力争", "", plain(name))


def _add(
    item: Found, special: str, line: int, due: date | None, seen: dict[tuple, Indicator], plan: Plan
) -> None:
    key = (special, _key(item.name))
    target = Target(item.number, due, item.text, line)
    known = seen.get(key)
    if known is not None and known.origin == "table":
        same = [t.value for t in known.targets if due is None or t.due is None or t.due == due]
        if same and item.number not in same and tidy(known.unit) == tidy(item.unit):
            plan.find(
                line,
                "前后矛盾",
                shorten(item.name),
                f"正文目标 {item.number:g}{item.unit}，第 {known.line} 行的指标表为 {'、'.join(f'{v:g}' for v in same)}{known.unit}",
            )
        return
    if known is not None:
        same = [t for t in known.targets if t.due == due]
        if any(t.value == item.number for t in same):
            return
        if same and same[0].line == line:
            # two values of one name in one paragraph: two things, the second named by its words
            item = replace(item, name=f"{item.name}（{shorten(item.text, 16)}）")
            plan.find(line, "指标存疑", shorten(item.name), "同一段里有两个同名目标，已分列，请改名")
            seen[special, _key(item.name)] = indicator = Indicator(
                special,
                item.name,
                item.unit,
                item.polarity,
                item.baseline,
                None,
                [target],
                line,
                "text",
                item.text,
            )
            plan.indicators.append(indicator)
            return
        if same:
            plan.find(
                line, "前后矛盾", shorten(item.name),
                f"同一指标的目标不一致：此处 {item.number:g}{item.unit}，第 {same[0].line} 行为 {same[0].value:g}{known.unit}；取此前一处，请核对",
            )  # fmt: skip
            return
        if any(t.value == item.number for t in known.targets):
            return
        known.targets.append(target)
        known.targets.sort(key=lambda t: t.due or date.max)
        return
    if special == _OVERALL:
        plan.find(
            line,
            "指标存疑",
            shorten(item.name),
            f"{shorten(item.name, 30)}：没有归入专项，暂列“总体”，请选定",
        )
    indicator = Indicator(
        special, item.name, item.unit, item.polarity, item.baseline, None, [target], line, "text", item.text
    )
    seen[key] = indicator
    plan.indicators.append(indicator)
    if due is None:
        plan.find(
            line,
            "指标无日期",
            shorten(item.name),
            f"{shorten(item.name, 30)}：目标没有日期，按方案年度末登记",
        )


def tidy(unit: str) -> str:
    """Units that mean the same compare equal."""
    return re.sub(r"^个(?=.)", "", unit).replace("工作日", "日").replace("天", "日")
