"""One document → a ``Plan``: the order in which the parts of this package work.

Belongs here: what is authoritative (the task list over the special plans), the title and the year, the special's
leader. Does not belong here: any reading of its own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

from raw.errors import Limits
from raw.plans import compare, comparison, goals, grid, outline, rectify, tasklist, tasks, timing
from raw.plans.catalogue import Catalogue
from raw.plans.findings import weight
from raw.plans.model import Finding, Plan, PlanError, Source, Special, Task
from raw.plans.source import read_source
from raw.plans.text import plain, shorten

_TITLE_RE = re.compile(r"《([^《》]{6,60}?(?:方案|计划|措施|要点|清单))》")
_LIST_RE = re.compile(r"任务(?:清单|分解|分工|台账)|责任(?:清单|分工)|工作台账")


def read_plan(path: Path, year: int | None = None, limits: Limits | None = None) -> Plan:
    """Read a plan document or a rectification report.

    ``year`` is the year of dates without one; by default that of the document's title.

    Raises:
        PlanError: the file cannot be read, or holds neither tasks, nor indicators, nor problems to rectify.
    """
    source = read_source(path, limits)
    found: list[Finding] = []
    items = grid.collect(source.lines)
    tree = outline.build(outline.paragraphs(items, found), found)
    title = _title(source, tree)
    plan = Plan(source, title, year or _year(source, title), findings=list(found))
    planned = tasks.from_outline(tree, plan)
    about_planned, plan.findings = plan.findings[len(found) :], found
    tables = [item[1] for item in items if isinstance(item, tuple)]
    listed = _from_lists(tables, planned, plan, tree)
    for table in tables:
        if table.kind == "issues":
            plan.issues += rectify.from_table(table, plan)
    plan.tasks, plan.others = (listed, planned) if listed else (planned, [])
    # with a task list the special plans are evidence only: doubts about their own rows would be noise
    plan.findings += [f for f in about_planned if not listed or f.kind in ("编号跳号", "编号重复")]
    pairs = compare.pair(listed, [t for t in planned if not tasks.is_overall(t.part)]) if listed else []
    if not listed:
        _number(plan)
    catalogue = Catalogue(plan, plan.tasks, plan.others, pairs)
    compare.contradictions(pairs, plan, catalogue.canonical)
    if listed:
        _one_sided(listed, planned, pairs, plan)
    plan.units = catalogue.units()
    for task in plan.tasks:
        if not task.special:
            task.special = "总体"
            plan.find(
                task.line,
                "专项存疑",
                f"第{task.seq}项 {shorten(task.title, 30)}",
                "没有读到所属专项，暂列“总体”，请选定",
            )
    plan.canonical = catalogue.canonical
    plan.specials = _specials(plan, listed)
    if plan.issues and not listed and len(plan.tasks) < 2 * len(plan.issues):
        # a report on what was done: sentences that name units are no tasks
        plan.tasks, plan.units, plan.specials = [], [], []
        plan.findings = [
            f
            for f in plan.findings
            if f.kind in ("编号跳号", "编号重复", "断行重复", "名单未列全", "标记残留", "责任单位缺失")
        ]
    if not plan.issues:
        comparison.read(tables, tree, plan)
        goals.read(tree, plan)
        for indicator in plan.indicators:
            indicator.special = indicator.special or "总体"
    _unread(tree, plan)
    _judge(plan)
    timing.check(plan)
    if not (plan.tasks or plan.issues or plan.indicators):
        raise PlanError(
            f"“{path.name}”里没有读到任务、指标或整改问题，看来不是行动方案或整改报告；"
            "方案应有编号的任务，并写明责任单位或完成时限"
        )
    plan.findings = sorted(
        dict.fromkeys(plan.findings), key=lambda f: (weight(f.kind), f.line, f.kind, f.text)
    )
    return plan


def _title(source: Source, tree: outline.Outline) -> str:
    head = "".join(plain(line.text) for line in source.lines[:40])
    quoted = re.search(r"印发" + _TITLE_RE.pattern, head) or re.search(
        r"印发([^《》。,，]{6,50}?(?:方案|计划|措施|要点|清单))的?通知", head
    )
    if quoted:
        return quoted[1]
    if tree.title and not tree.title.startswith("附件"):
        return tree.title
    first = next((n.title for n in tree.root.children if n.level == 0), "")
    return first


def _year(source: Source, title: str) -> int:
    """Year of the title, of the document number, else the year named most."""
    match = re.search(r"20\d\d(?=年|—|-|–|版)", title)
    if match:
        return int(match[0])
    head = "".join(plain(line.text) for line in source.lines[:30])
    match = re.search(r"[〔\[(]\s*(20\d\d)\s*[〕\])]\s*\d+\s*号", head)
    counted = Counter(re.findall(r"(20\d\d)年", "".join(plain(line.text) for line in source.lines)))
    if match and counted[match[1]] * 4 >= max(counted.values(), default=0):
        return int(match[1])
    if counted:
        return int(max(counted, key=lambda y: (counted[y], y)))
    if match:
        return int(match[1])
    raise PlanError(
        "文件里没有出现年份，看来不是行动方案或整改报告；若确是方案，请在标题里写明年份（如 2024 年）"
    )


def _from_lists(tables: list, planned: list[Task], plan: Plan, tree: outline.Outline) -> list[Task]:
    """Tasks of the task lists; ``plan.specials`` first holds the attachments' names, which help to repair rows."""
    names = dict.fromkeys(t.special for t in planned if t.part and not tasks.is_overall(t.part))
    for _, title, line in tree.contents:
        name = tasks.special_name(title, tasks.common_place([t for _, t, _ in tree.contents]))
        if "专项" in title:
            names.setdefault(name, line)
    lists = [t for t in tables if t.kind == "tasks"]
    for table in lists:
        column = table.column("special")
        if column is not None:
            counted = Counter(re.sub(r"\s", "", r.cells[column]) for r in table.rows if r.cells[column])
            for name, times in counted.items():
                if times > 1 or table.merged:
                    names.setdefault(name, table.line)
    plan.specials = [Special(name, 0) for name in names]
    matcher = compare.Matcher([t for t in planned if t.part and not tasks.is_overall(t.part)])
    found: list[Task] = []
    places = comparison.places(tree)
    for table in lists:
        where = _list_name(table, tree)
        rows = tasklist.from_table(table, plan, matcher, where)
        if table.column("special") is None:
            caption = next((c for c, _ in reversed(table.captions) if not c.startswith(("附件", "单位"))), "")
            name = places.get(id(table), "总体")
            if name == "总体":
                name = (
                    tasks.special_name(caption if len(lists) > 1 and caption else plan.title or caption)
                    or name
                )
            for task in rows:
                task.special = task.special or tasks.label(name)
        found += rows
    if len({t.seq for t in found}) != len(found):
        for number, task in enumerate(found, start=1):
            task.seq = str(number)
    return found


def _list_name(table: grid.Table, tree: outline.Outline) -> str:
    for number, title, _ in tree.contents:
        if _LIST_RE.search(title) and number:
            return f"附件{number}"
    for caption, _ in reversed(table.captions):
        match = re.match(r"附件\s*(\d+)", caption)
        if match:
            return f"附件{match[1]}"
    return "清单"


def _number(plan: Plan) -> None:
    """Sequence numbers: the printed ones where they are unique, else a running count."""
    printed = [tasks.number_of(t.seq) if t.seq else None for t in plan.tasks]
    unique = None not in printed and len(set(printed)) == len(printed)
    for at, task in enumerate(plan.tasks):
        task.seq = str(printed[at] if unique else at + 1)


def _one_sided(listed: list[Task], planned: list[Task], pairs: list, plan: Plan) -> None:
    """Tasks only one of both parts prints."""
    paired_list = {id(a) for a, _ in pairs}
    paired_plan = {id(b) for _, b in pairs}
    detailed = [t for t in planned if t.part and not tasks.is_overall(t.part)]
    if not detailed:
        return
    for task in listed:
        if id(task) not in paired_list:
            plan.find(
                task.line,
                "只见一处",
                f"第{task.seq}项 {shorten(task.title, 30)}",
                "专项方案里没有找到对应的任务",
            )
    for task in detailed:
        if id(task) not in paired_plan:
            plan.find(
                task.line,
                "只见一处",
                shorten(task.title),
                f"“{task.special}”专项方案里的这一项没有列入任务清单",
            )


def _specials(plan: Plan, listed: list[Task]) -> list[Special]:
    found: dict[str, Special] = {}
    for task in plan.tasks:
        found.setdefault(task.special, Special(task.special, task.line))
    return list(found.values())


def leaders(plan: Plan) -> dict[str, str]:
    """Special → canonical name of the unit that owns most of its tasks (lead, else sole, joint, by_duty)."""
    collective = {u.name for u in plan.units if u.collective}
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for task in plan.tasks:
        for role in ("lead", "sole", "joint", "by_duty"):
            owners = [plan.canonical(s.unit) for s in task.shares if s.role == role]
            owners = [name for name in dict.fromkeys(owners) if name not in collective]
            if owners:
                counted[task.special].update(owners)
                break
    return {special: names.most_common(1)[0][0] for special, names in counted.items()}


def _unread(tree: outline.Outline, plan: Plan) -> None:
    """One finding per part for its chapters of which nothing was registered."""
    read = (
        {t.line for t in [*plan.tasks, *plan.others]}
        | {i.line for i in plan.indicators}
        | {i.line for i in plan.issues}
    )
    read |= (
        plan.lines_read | {t.line for i in plan.indicators for t in i.targets} | {g.line for g in plan.goals}
    )
    body = [n for n in tree.root.children if n.level > 0]
    for part, chapters in [(None, body), *((n, n.children) for n in tree.root.children if n.level == 0)]:
        skipped = []
        for _at, chapter in enumerate(chapters):
            lines = [n.line for n in chapter.walk()] + [
                line for n in chapter.walk() for p in n.paragraphs for _, line in p.spans
            ]
            if (
                not chapter.title
                or not lines
                or any(min(lines) <= line <= max(lines) for line in read)
                or any(n.tables for n in chapter.walk())
            ):
                continue
            skipped.append((chapter, min(lines), max(lines)))
        if skipped:
            where = f"“{shorten(part.title, 30)}”" if part is not None else "正文"
            what = "、".join(f"{shorten(c.title, 16)}（{a}–{b} 行）" for c, a, b in skipped)
            plan.find(
                skipped[0][1],
                "未登记部分",
                shorten(skipped[0][0].title),
                f"{where}中以下部分没有责任单位、时限或指标，未登记：{what}",
            )


def _judge(plan: Plan) -> None:
    """Findings on single tasks: missing, malformed and vague deadlines, missing units, repeated tasks."""
    open_ended = []
    seen: dict[str, Task] = {}
    for task in plan.tasks:
        name = f"第{task.seq}项 {shorten(task.title, 30)}"
        kind = task.deadline.kind
        if kind == "blank":
            plan.find(task.deadline_line, "时限缺失", name, "没有完成时限，请补填后再使用")
        elif kind == "malformed":
            plan.find(
                task.deadline_line,
                "时限有误",
                task.deadline_text,
                f"{name}：时限“{task.deadline_text}”不是有效日期，未推定日期，请更正",
            )
        elif kind == "conditional_text":
            plan.find(
                task.deadline_line,
                "时限含糊",
                shorten(task.deadline_text),
                f"{name}：时限带条件或含糊，请改为确定日期",
            )
        elif kind in ("ongoing", "recurring"):
            open_ended.append(task)
        if not task.shares:
            plan.find(task.line, "责任单位缺失", name, "没有责任单位，请补填")
        same = seen.setdefault(re.sub(r"\W", "", plain(task.measure)), task)
        if same is not task and len(task.measure) > 20:
            plan.find(task.line, "任务重复", name, f"与第 {same.line} 行（第{same.seq}项）内容相同")
    if open_ended:
        plan.find(
            open_ended[0].deadline_line, "无到期日", f"{len(open_ended)} 项",
            f"{len(open_ended)} 项任务为持续推进或定期开展，没有到期日，系统不判逾期",
        )  # fmt: skip
