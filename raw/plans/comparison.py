"""Comparison tables (指标对比) and tables of time limits → indicators with baseline, targets and frontier.

Belongs here: what a cell of such a table says. Does not belong here: targets in sentences (``targets``).
A target without a number (进一步提升) is a finding; a cell with several numbers is split where it names them, else it
is a finding too.
"""

from __future__ import annotations

import re
from datetime import date

from raw.deadlines import parse_deadline
from raw.plans import tasks
from raw.plans.grid import Row, Table
from raw.plans.model import Indicator, Plan, Target
from raw.plans.numbers import cell_value, polarity, split_unit, tidy_unit, values
from raw.plans.outline import Node, Outline
from raw.plans.text import despace, plain, shorten

_DATE_RE = re.compile(r"20\d\d年(?:\d{1,2}月(?:\d{1,2}日)?)?(?:年?底|末)?前?")
_NOTHING = frozenset({"", "-", "—", "——", "/", "\\", "无", "暂无"})
_PART_RE = re.compile(
    r"(?P<label>[一-龥“”A-Za-z]{2,20}?)(?:达到|达|为|不低于)?(?P<value>\d+(?:\.\d+)?(?:%|‰|项|个|件|家|天|次|分)?)"
)


def read(tables: list[Table], tree: Outline, plan: Plan) -> None:
    """Indicators of all tables that are no task list, added to the plan."""
    where = places(tree)
    for table in tables:
        if table.kind in ("tasks", "issues"):
            continue
        special = where.get(id(table), "总体")
        before = len(plan.indicators)
        if table.kind == "comparison":
            _comparison(table, special, plan)
        else:
            _matrix(table, special, plan)
        if len(plan.indicators) == before and table.kind != "comparison":
            plan.find(
                table.line,
                "未识别",
                shorten(" ".join(table.header or table.rows[0].cells)),
                "这张表没有读成任务、指标或问题",
            )


def places(tree: Outline) -> dict[int, str]:
    """Table → special of the attachment or section it stands in."""
    attachments = [n for n in tree.root.children if n.level == 0]
    place = tasks.common_place([n.title for n in attachments] + [t for _, t, _ in tree.contents])
    found = {}
    for node in tree.root.walk():
        for table in node.tables:
            found[id(table)] = _special(node, place)
    return found


def _special(node: Node, place: str) -> str:
    chain = [*node.path(), node]
    for part in chain:
        if part.level == 0 and not tasks.is_overall(part.title):
            return tasks.special_name(part.title, place)
    sections = [n for n in chain if n.level == 4]
    return tasks.label(sections[-1].title) if sections else "总体"


# --- comparison -----------------------------------------------------------------------------------


def _comparison(table: Table, special: str, plan: Plan) -> None:
    start = date(plan.year, 1, 1)
    name_at = next(k for f in ("indicator", "title", "special") if (k := table.column(f)) is not None)
    targets = [k for k, f in enumerate(table.fields) if f == "target"]
    dues = {k: _due(table.header[k], start) for k in targets}
    for row in _joined(table, name_at):
        name, unit = split_unit(row.cells[name_at])
        if not name:
            continue
        if (at := table.column("unit")) is not None and row.cells[at]:
            unit = unit or despace(row.cells[at])
        own = _due(row.cells[at], start) if (at := table.column("deadline")) is not None else None
        cells = [(k, row.cells[k]) for k in targets]
        parts = _parts(name, [c for _, c in cells])
        for label in parts:
            full = f"{name}（{label}）" if label else name
            _add(table, row, special, full, label, unit, cells, dues, own, plan)


def _joined(table: Table, name_at: int) -> list[Row]:
    """Rows; one without a name carries on the row above."""
    result: list[Row] = []
    for row in table.rows:
        filled = [k for k, cell in enumerate(row.cells) if cell.strip()]
        if result and not row.cells[name_at].strip() and filled and not row.cells[0].strip():
            for k in filled:
                result[-1].cells[k] += row.cells[k].strip()
            continue
        if filled and not (len(filled) == 1 and filled[0] != name_at):
            result.append(Row(row.line, list(row.cells), row.page))
    return result


def _parts(name: str, cells: list[str]) -> list[str]:
    """Labels of a cell that gives several values under one name; one empty label where it gives one."""
    for cell in cells:
        flat = plain(cell)
        if len(flat) > 60:
            continue
        pieces = [m for piece in re.split(r"[、，,；;]", flat) if (m := _PART_RE.search(piece))]
        labels = [re.sub(r"^(?:完成|实现|达到|已|新增|确保)", "", m["label"]) for m in pieces]
        if len(labels) > 1 and len(set(labels)) == len(labels) and len({m["value"] for m in pieces}) > 1:
            return labels
    return [""]


def _number(cell: str, name: str, label: str):
    if label:
        match = re.search(
            rf"{re.escape(label)}\D{{0,4}}?(\d+(?:\.\d+)?)(%|‰|项|个|件|家|天|次|分)?", plain(cell)
        )
        return (float(match[1]), match[2] or "") if match else None
    value = cell_value(cell, name)
    if value is None:
        # 已上线20件…: the only number of a short text
        found = values(plain(cell))
        if (
            len(found) == 1
            and found[0].unit
            and len(plain(cell)) <= 30
            and not re.search(r"时间|时限|环节|率$|成本|费", name)
        ):
            value = found[0]
    return (value.number, value.unit) if value else None


def _add(table, row, special, name, label, unit, cells, dues, own, plan: Plan) -> None:
    def other(field: str):
        at = table.column(field)
        cell = row.cells[at] if at is not None else ""
        number = None if plain(cell) in _NOTHING else _number(cell, name if not label else "", label)
        if (
            number is None
            and any(ch.isdigit() for ch in plain(cell))
            and plain(cell) not in _NOTHING
            and not label
        ):
            plan.find(
                row.line,
                "指标存疑",
                shorten(cell),
                f"{name}：{table.header[at]}一栏有多个数值，未读入，请核对",
            )
        return number

    baseline, frontier = other("baseline"), other("frontier")
    found: list[Target] = []
    for column, cell in cells:
        if plain(cell) in _NOTHING:
            continue
        number = _number(cell, name if not label else "", label)
        due = dues[column] or own
        if number is None:
            if label:
                continue
            many = len(values(plain(cell))) > 1
            kind = "指标存疑" if many else "定性目标"
            why = "有多个数值，未读入，请核对" if many else "没有数值，不入目标值表"
            plan.find(row.line, kind, shorten(cell), f"{name}：{plain(table.header[column])}{why}")
            continue
        unit = unit or (tidy_unit(baseline[1]) if baseline else "") or tidy_unit(number[1])
        found.append(Target(number[0], due, despace(cell), row.line))
        if due is None:
            plan.find(row.line, "指标无日期", name, f"{name}：目标没有日期，按方案年度末登记")
    if baseline is None and frontier is None and not found:
        return
    unit = unit or (tidy_unit(baseline[1]) if baseline else "")
    first = found[-1].value if found else None
    plan.indicators.append(
        Indicator(
            special, name, tidy_unit(unit),
            polarity(name, unit, baseline[0] if baseline else None, first),
            baseline[0] if baseline else None, frontier[0] if frontier else None,
            found, row.line, "table", " | ".join(despace(c) for c in row.cells if c),
        )
    )  # fmt: skip


def _due(text: str, start: date) -> date | None:
    match = _DATE_RE.search(plain(text))
    if not match:
        return None
    parsed = parse_deadline(match[0], start)
    return parsed.due_dates[-1] if parsed.due_dates else None


# --- other tables of values -----------------------------------------------------------------------


def _matrix(table: Table, special: str, plan: Plan) -> None:
    """A table whose cells are values: row label × column label. Captions give the subject, the date and the unit."""
    start = date(plan.year, 1, 1)
    caption = next(
        (
            c
            for c, _ in reversed(table.captions)
            if not re.match(r"单位[:：]", c) and not _DATE_RE.fullmatch(plain(c))
        ),
        "",
    )
    measure = next((plain(c).split(":")[-1] for c, _ in table.captions if re.match(r"单位[:：]", c)), "")
    due = next((d for c, _ in reversed(table.captions) if (d := _due(c, start))), None)
    subject = re.sub(r"^表\d+[:：.]?|目标$|对比表$|一览表$|表$", "", _DATE_RE.sub("", plain(caption)))
    header, rows = _header(table)
    if not header:
        return
    numeric = sum(1 for r in rows for c in r.cells if cell_value(c))
    filled = sum(1 for r in rows for c in r.cells if plain(c) not in _NOTHING)
    if not numeric or numeric * 4 < filled:
        return
    seq = table.column("seq") if table.header else None
    base_at = next((k for k, h in enumerate(header) if re.search(r"规定|法定|现行|现状", h)), None)
    total_at = next((k for k, h in enumerate(header) if re.search(r"合计|总", h)), None)
    for row in rows:
        label_at = next(
            (k for k, c in enumerate(row.cells) if k != seq and plain(c) and not cell_value(c)), None
        )
        label = plain(row.cells[label_at]) if label_at is not None else ""
        for column, cell in enumerate(row.cells):
            value = cell_value(cell) if plain(cell) not in _NOTHING else None
            if (
                value is None
                or column in (label_at, base_at)
                or (column == seq and not label.startswith("合计"))
            ):
                continue
            if column == seq:
                continue
            title, unit = split_unit(header[column])
            total = plain(row.cells[seq]).startswith("合计") if seq is not None else label.startswith("合计")
            name = f"合计{title}" if total else "：".join(p for p in (label, title) if p)
            name = f"{subject}：{name}" if subject else name
            unit = unit or value.unit or ("" if "比例" in title else measure)
            baseline = (
                cell_value(row.cells[base_at])
                if base_at is not None and column == (total_at if total_at is not None else -1)
                else None
            )
            plan.indicators.append(
                Indicator(
                    special, name, tidy_unit(unit), polarity(title if "比例" in title else name, unit),
                    baseline.number if baseline else None, None,
                    [Target(value.number, due, plain(cell), row.line)], row.line, "table", despace(" | ".join(row.cells)),
                )
            )  # fmt: skip
            if due is None:
                plan.find(
                    row.line,
                    "指标无日期",
                    shorten(name),
                    f"{shorten(name, 30)}：表上没有日期，按方案年度末登记",
                )


def _header(table: Table) -> tuple[list[str], list[Row]]:
    """Column labels; two header rows become one (各环节办理时间：申请受理)."""
    if table.header:
        return [plain(h) for h in table.header], table.rows
    if len(table.rows) < 2:
        return [], []
    top = [plain(c) for c in table.rows[0].cells]
    second = [plain(c) for c in table.rows[1].cells]
    if any(cell_value(c) for c in top):
        return [], []
    two = (
        not any(any(ch.isdigit() for ch in c) for c in second)
        and len(table.rows) > 2
        and (not second[0] or second[0] == top[0])
    )
    if not two:
        return top, table.rows[1:]
    header, group = [], ""
    for upper, lower in zip(top, second, strict=True):
        group = upper or (group if lower else "")
        header.append(lower if lower and lower != upper else group)
    return header, table.rows[2:]
