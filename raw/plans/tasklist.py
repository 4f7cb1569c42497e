"""A task list in a table → tasks.

Belongs here: filling merged cells that pasting lost, repairing shifted rows, what a row says. Does not belong here:
finding tables (``grid``), comparing with the special plans (``compare``; its matches help to fill blanks here).

Fill-down: a blank special or direction is that of the row above, unless the special plan that prints the same task
has the label printed next below (the label of a merged cell is printed on its middle row), or one the list never
prints. A printed label is never overruled.
"""

from __future__ import annotations

import re
from datetime import date

from raw.deadlines import parse_deadline
from raw.plans.compare import Matcher
from raw.plans.grid import Row, Table, align
from raw.plans.model import Plan, Share, Task
from raw.plans.tasks import label, note_doubts, number_of
from raw.plans.text import despace, plain, shorten, strip_markup
from raw.plans.units import looks_like_units, parse_units

_DEADLINE_KINDS = frozenset(
    {"date", "month", "before_month", "year_end", "multiple", "ongoing", "recurring", "malformed"}
)


def from_table(table: Table, plan: Plan, matcher: Matcher, where: str) -> list[Task]:
    """Tasks of a list, in order of its rows."""
    start = date(plan.year, 1, 1)
    keep = [
        k
        for k, name in enumerate(table.fields)
        if name or any(k < len(r.cells) and r.cells[k] for r in table.rows)
    ]
    fields = [table.fields[k] for k in keep]
    specials = {s.name for s in plan.specials}
    rows: list[tuple[Row, dict[str, str]]] = []
    expected = 1
    for row in table.rows:
        cells = [row.cells[k] if k < len(row.cells) else "" for k in keep]
        raw = list(row.cells)
        values = _values(cells, raw, fields, keep, table, specials, expected, start, row, plan)
        if not any(values.get(f) for f in ("title", "measure", "units", "lead", "deadline")):
            if any(raw) and not re.search(r"合计|总计|^注", "".join(raw)):
                plan.find(row.line, "未识别", shorten(" ".join(raw)), "表格中的这一行没有读成任务")
            continue
        if _continues(values, rows):
            for name, text in values.items():
                if text:
                    rows[-1][1][name] = rows[-1][1].get(name, "") + text
            continue
        number = number_of(despace(values.get("seq", "")))
        expected = (number or expected) + 1
        rows.append((row, values))
    _fill(rows, plan, matcher, table.merged, fields)
    tasks = [_task(row, values, plan, start, where, at) for at, (row, values) in enumerate(rows)]
    _check(tasks, plan)
    return tasks


def _values(cells, raw, fields, keep, table, specials, expected, start, row, plan) -> dict[str, str]:
    """Field → cell of one row; shifted cells are moved to where they fit (a finding)."""
    straight = {name: cells[k] for k, name in enumerate(fields) if name and cells[k]}
    if table.merged or _fits(straight, fields, specials, start, expected):
        if any("<" in c for c in row.cells):
            plan.find(row.line, "标记残留", shorten(" ".join(raw)), "单元格里有网页标记，已去掉")
        return straight

    def score(cell: str, name: str, index: int, column: int) -> float:
        return _score(cell, name, specials, start, expected) + (1.0 if keep[column] == index else 0.0)

    placed = align(raw, fields, score)
    moved = {fields[column]: cell for column, cell in placed.items() if fields[column]}
    if moved != straight:
        names = "、".join(
            f"{_NAMES.get(k, k)}“{shorten(v, 12)}”" for k, v in moved.items() if straight.get(k) != v
        )
        plan.find(
            row.line,
            "错列",
            shorten(" ".join(c for c in raw if c)),
            f"单元格错列，已按内容归位：{names}；请核对",
        )
    return moved


_NAMES = {
    "seq": "序号",
    "special": "专项",
    "title": "任务名称",
    "measure": "措施",
    "units": "责任单位",
    "lead": "牵头单位",
    "coop": "配合单位",
    "deadline": "时限",
    "leader": "领导",
    "note": "备注",
}


def _fits(values: dict[str, str], fields: list[str], specials: set[str], start: date, expected: int) -> bool:
    """Whether every cell looks like what its column holds."""
    for name, cell in values.items():
        flat = despace(cell)
        if name == "seq" and number_of(flat) is None:
            return False
        if name in ("units", "lead", "coop") and looks_like_units(flat) < 0.5:
            return False
        if name == "deadline" and (looks_like_units(flat) == 1.0 or len(flat) > 200):
            return False
        if (
            name == "deadline"
            and parse_deadline(flat, start).kind == "conditional_text"
            and not re.search(r"\d|[年月]", flat)
        ):
            return False
        if name == "special" and specials and flat not in specials and "title" not in values:
            return False
        if name == "title" and (
            flat in specials or (len(flat) > 60 and "measure" in fields and "measure" not in values)
        ):
            return False
    if "measure" in fields and "measure" not in values:
        return False
    return not (
        "units" in fields and "units" not in values and "deadline" in fields and "deadline" not in values
    )


def _score(cell: str, name: str, specials: set[str], start: date, expected: int) -> float:
    flat = despace(cell)
    if name == "seq":
        number = number_of(flat)
        return -8.0 if number is None else 8.0 if number == expected else 5.0
    if name == "special":
        return 7.0 if flat in specials else 2.0 if not specials and len(flat) <= 12 else -4.0
    if name in ("units", "lead", "coop"):
        return 6.0 if looks_like_units(flat) >= 0.7 else -6.0
    if name == "deadline":
        kind = parse_deadline(flat, start).kind
        if len(flat) > 40 and not re.match(r"20\d\d年|\d{1,2}月", flat):
            return -6.0
        return (
            6.0
            if kind in _DEADLINE_KINDS
            else 3.0
            if kind == "conditional_text" and re.search(r"\d+月", flat)
            else -6.0
        )
    sentence = "。" in flat.rstrip("。") or (flat.endswith("。") and len(flat) > 25)
    if name == "measure":
        return 4.0 if len(flat) > 45 or sentence else 1.0
    if name == "title":
        if flat in specials:
            return -2.0
        return 2.5 if len(flat) <= 45 and not sentence else -3.0
    return -5.0 if name == "" else 0.5


def _continues(values: dict[str, str], rows: list) -> bool:
    """A row that only carries on cells of the row above (broken at the page's end)."""
    if not rows or values.get("seq"):
        return False
    before = rows[-1][1]
    named = [k for k in values if k not in ("special", "title")]
    if "seq" in before and not values.get("units") and not values.get("deadline"):
        return all(before.get(k) and not before[k].rstrip().endswith("。") for k in named)
    return False


def _fill(rows: list, plan: Plan, matcher: Matcher, merged: bool, fields: list[str]) -> None:
    if merged:
        return
    for name in ("special", "title"):
        if name not in fields or (name == "title" and "measure" not in fields):
            continue
        printed = {plain(v.get(name, "")) for _, v in rows if v.get(name)}
        above = ""
        for at, (row, values) in enumerate(rows):
            if values.get(name):
                above = values[name]
                continue
            below = next((v[name] for _, v in rows[at + 1 :] if v.get(name)), "")
            match = matcher.find(values.get("measure", "") or values.get("title", ""))
            hint = (match.special if name == "special" else match.section) if match else ""
            if name == "title" and match and above and _same(above, match.printed_title):
                hint = above  # the list prints the item's own title where the plan has a section above it
            chosen = _choose(above, below, hint, printed)
            if hint and not _same(chosen, above):
                kind = "专项存疑" if name == "special" else "方向存疑"
                plan.find(
                    row.line, kind, shorten(values.get("measure", "")),
                    f"{_NAMES[name]}空白，按第 {match.line} 行的专项方案填为“{chosen}”（照上一行应为“{shorten(above, 20)}”），请确认",
                )  # fmt: skip
            elif hint and not _same(hint, chosen):
                kind = "专项存疑" if name == "special" else "方向存疑"
                plan.find(
                    row.line, kind, shorten(values.get("measure", "")),
                    f"{_NAMES[name]}空白，照上一行填为“{shorten(chosen, 20)}”；第 {match.line} 行的专项方案列在“{shorten(hint, 20)}”之下，请确认",
                )  # fmt: skip
            values[name] = chosen
            values[f"filled_{name}"] = "1"
            above = chosen


def _choose(above: str, below: str, hint: str, printed: set[str]) -> str:
    if not hint or _same(hint, above):
        return above or below
    if _same(hint, below):
        return below
    if not any(_same(hint, p) for p in printed):
        return hint if above else hint or below
    return above or below


def _same(one: str, other: str) -> bool:
    a, b = _bare(one), _bare(other)
    return bool(a and b) and (a == b or (min(len(a), len(b)) >= 6 and (a in b or b in a)))


def _bare(text: str) -> str:
    return re.sub(r"[^\w]", "", plain(text))


def _task(row: Row, values: dict[str, str], plan: Plan, start: date, where: str, at: int) -> Task:
    seq = despace(values.get("seq", "")) or str(at + 1)
    measure = despace(strip_markup(values.get("measure", "")))
    title = despace(strip_markup(values.get("title", "")))
    if not title:
        from raw.plans.outline import split_title

        title = split_title(measure)[0]
    text = strip_markup(values.get("deadline", "")).strip()
    shares: list[Share] = []
    texts: list[str] = []
    for name, role in (("lead", "lead"), ("units", ""), ("coop", "cooperate")):
        cell = despace(strip_markup(values.get(name, "")).replace("\n", "、"))
        if not cell:
            continue
        expression = parse_units(cell, role, row.line, after_lead=any(s.role == "lead" for s in shares))
        note_doubts(plan, row.line, cell, expression.doubts)
        shares += [s for s in expression.shares if (s.unit, s.role) not in {(x.unit, x.role) for x in shares}]
        texts.append(cell)
    return Task(
        seq=seq,
        special=despace(values.get("special", "")),
        section=title,
        title=label(title),
        printed_title=title,
        measure=measure or title,
        deadline_text=text,
        deadline=parse_deadline(text, start),
        shares=shares,
        units_text="；".join(texts),
        line=row.line,
        source=f"{where}第{seq}项",
        deadline_line=row.line,
        units_line=row.line,
        part=where,
    )


def _check(tasks: list[Task], plan: Plan) -> None:
    seen: dict[str, Task] = {}
    previous: int | None = None
    for task in tasks:
        if task.seq in seen:
            plan.find(
                task.line,
                "编号重复",
                shorten(task.title),
                f"序号 {task.seq} 与第 {seen[task.seq].line} 行重复",
            )
        seen.setdefault(task.seq, task)
        number = number_of(task.seq)
        if number is not None and previous is not None and number > previous + 1:
            plan.find(
                task.line, "编号跳号", shorten(task.title), f"序号从 {previous} 跳到 {number}，请核对是否漏项"
            )
        previous = number if number is not None else previous
