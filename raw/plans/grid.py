"""Tables: rows of cells out of pasted text or a .docx, their headers, and which cell belongs to which column.

Belongs here: where a table begins and ends, what its columns are, rows whose cells were shifted or lost by pasting.
Does not belong here: tasks, indicators or issues made of the rows (``tasklist``, ``comparison``, ``rectify``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from raw.plans.labels import LABEL_RE
from raw.plans.model import Line
from raw.plans.text import despace, plain, strip_markup

# first match wins; patterns are full matches on the header without white space and brackets
_FIELDS: tuple[tuple[str, str], ...] = (
    ("seq", r"序号|序|编号|项次|序次|任务序号|任务编号|问题序号|No\.?"),
    ("leader", r"(?:市级|县级|省级|区级)?(?:牵头|责任|分管|包抓|包联|督办|主管)(?:市|县|区)?(?:领导|人|负责人)|责任人|联系人|责任科室|责任领导同志"),
    ("lead", r"(?:总)?(?:牵头|主办|主责|主管)(?:责任)?(?:单位|部门)(?:及责任人)?|牵头"),
    ("coop", r"(?:配合|协办|协同|参与|参加|责任配合)(?:单位|部门)|配合"),
    ("units", r"(?:责任|落实|实施|承办|整改责任)(?:单位|部门|主体|分工|机构)(?:及责任人|（牵头单位加\*）)?|责任分工|单位分工|牵头及配合单位|牵头单位及配合单位|牵头、?配合单位"),
    ("deadline", r"(?:计划)?(?:完成|整改|办理|办结|推进|落实|时间|任务|工作|进度)?(?:时限|时间|期限|节点|时间节点|安排|进度安排|进度)(?:要求)?|完成日期|时间要求"),
    ("note", r"备注|说明|备考"),
    ("measures", r".*整改(?:落实)?(?:情况|措施|进展|举措|结果|任务).*"),
    ("suggestion", r".*(?:意见建议|审议意见|整改建议|整改要求).*"),
    ("problem", r".*(?:提出的|存在的?|发现的?|反馈的?|突出)问题.*|问题(?:描述|清单|内容|表现|事项)?|具体问题"),
    ("source", r"问题来源|来源|政策依据|法律依据|依据"),
    ("baseline", r".*(?:现状|目前水平|当前水平|基期|上年水平|去年水平|现有水平|国家规定|规定时限|法定时限|基础值|基准值|初始值).*"),
    ("frontier", r".*(?:前沿|标杆|先进水平|最优值|最佳|一流水平).*"),
    ("target", r".*(?:目标|达到值|提升值|优化后).*(?<!目标任务)"),
    ("unit", r"(?:计量)?单位"),
    ("indicator", r"(?:[一二三四]级)?指标(?:（?项目）?|\(项目\)|名称|内容|项)?|考核指标|评价指标"),
    ("special", r"(?:所属|工作)?(?:专项|领域|类别|板块|分类|方面|专班|专题)(?:名称|领域)?|一级(?:指标|任务)|指标领域|重点领域|任务类别|工作类别"),
    ("title", r"改革方向|(?:重点|主要|目标|改革|工作|具体|提升|年度|二级)?(?:任务|事项)(?:名称|目标)?|任务分解|工作目标任务|目标任务|项目名称|改革任务"),
    ("measure", r"(?:升级|具体|工作|主要|重点|改革|推进|提升|实施|落实)?(?:措施|举措|内容|任务内容|做法|要求|任务及措施)|主要内容|具体内容|工作内容|任务内容|工作任务及措施|三级任务"),
)  # fmt: skip
_FIELD_RES = [(name, re.compile(pattern)) for name, pattern in _FIELDS]
_NOISE_RE = re.compile(r"[-—–－·\s]*\d{0,4}[-—–－·\s]*$")
_STOP_RE = re.compile(
    r"\s*(?:附\s*件|注\s*[:：]|[一二三四五六七八九十]+\s*、|[（(]\s*[一二三四五六七八九十]+\s*[)）])"
)


@dataclass
class Row:
    """Cells of one row and the line it stands on."""

    line: int
    cells: list[str]
    page: int = 0


@dataclass
class Table:
    """A table with its header. ``fields``: name of every column, empty where unknown."""

    line: int
    header: list[str]
    fields: list[str]
    rows: list[Row]
    captions: list[tuple[str, int]] = field(default_factory=list)
    kind: str = ""
    merged: bool = False  # merged cells are already filled (.docx)

    def column(self, name: str) -> int | None:
        """First column of that field."""
        return self.fields.index(name) if name in self.fields else None


def field_of(header: str) -> str:
    """Field a header names, or empty."""
    flat = plain(header).replace("(", "（").replace(")", "）")
    if not flat or len(flat) > 40:
        return ""
    bare = re.sub(r"（[^（）]*）", "", flat) or flat
    for name, pattern in _FIELD_RES:
        if pattern.fullmatch(bare) or (bare != flat and pattern.fullmatch(flat)):
            return name
    return ""


def _known(cells: Sequence[str]) -> list[str]:
    return [field_of(cell) for cell in cells]


def _is_header(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    named = [name for name in _known(cells) if name]
    return len(named) >= 2 and len(set(named)) >= 2 and len(named) * 2 >= len(filled)


def classify(fields: Sequence[str]) -> str:
    """tasks, comparison, issues or empty (unknown)."""
    have = set(fields)
    if "problem" in have and have & {"measures", "suggestion"}:
        return "issues"
    if have & {"units", "lead", "coop"} and have & {"title", "measure"}:
        return "tasks"
    if have & {"deadline"} and have & {"title"} and have & {"measure"}:
        return "tasks"
    if have & {"indicator", "title", "special"} and have & {"baseline", "target", "frontier"}:
        return "comparison"
    return ""


# --- where tables are -----------------------------------------------------------------------------


def collect(lines: Sequence[Line]) -> list[Line | tuple[int, Table]]:
    """Lines with the rows of tables replaced by one (line, Table) each."""
    if any(line.table is not None for line in lines):
        return _collect_docx(lines)
    result: list[Line | tuple[int, Table]] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.cells is None:
            result.append(line)
            at += 1
            continue
        found = _stream_table(lines, at) or _text_table(lines, at)
        if found is None:
            result.append(Line(line.no, line.text.replace("\t", "   ")))
            at += 1
            continue
        table, at = found
        table.captions = _captions(result) + table.captions
        result.append((table.line, table))
    return _join_tables(result)


def _captions(before: list) -> list[tuple[str, int]]:
    """Short lines directly above a table, from top to bottom; units of measure among them."""
    found: list[tuple[str, int]] = []
    for item in reversed(before):
        if not isinstance(item, Line) or len(found) == 3:
            break
        text = despace(strip_markup(item.text))
        if not text:
            continue
        if len(text) > 50 or text.endswith(("。", "；", "：")) or LABEL_RE.match(text):
            break
        found.append((text, item.no))
    return found[::-1]


def _clean(cell: str) -> str:
    return strip_markup(cell).strip()


def _rows_of(lines: Sequence[Line], at: int) -> tuple[list[Row], int]:
    """Consecutive rows from ``at``; blank lines and page numbers between them do not end a table.

    A row with fewer cells than the header whose rest stands on the next lines (a cell wrapped by pasting) is put
    together again.
    """
    rows: list[Row] = []
    end = at
    width = 0
    while end < len(lines):
        line = lines[end]
        lacking = width - len(rows[-1].cells) if rows else 0
        if line.cells is not None:
            cells = [_clean(cell) for cell in line.cells]
            if lacking > 0 and len(cells) - 1 == lacking:
                rows[-1].cells[-1] += cells[0]
                rows[-1].cells += cells[1:]
            else:
                rows.append(Row(line.no, cells))
            width = width or (len(cells) if _is_header(cells) else 0)
            end += 1
            continue
        ahead = end
        while (
            ahead < len(lines)
            and lines[ahead].cells is None
            and _NOISE_RE.fullmatch(lines[ahead].text.strip())
        ):
            ahead += 1
        if ahead < len(lines) and lines[ahead].cells is not None:
            end = ahead
            continue
        after = lines[end + 1].cells if end + 1 < len(lines) else None
        if lacking > 0 and after is not None and len(after) - 1 == lacking and not _STOP_RE.match(line.text):
            rows[-1].cells[-1] += line.text.strip()
            end += 1
            continue
        break
    return rows, end


def _text_table(lines: Sequence[Line], at: int) -> tuple[Table, int] | None:
    rows, end = _rows_of(lines, at)
    # a caption or heading between two pages: the same header again carries the table on
    if len(rows) < 2 and not (rows and _is_header(rows[0].cells)):
        return None
    width = max(len(row.cells) for row in rows)
    for row in rows:
        row.cells += [""] * (width - len(row.cells))
    return _make(rows, merged=False), end


def _make(rows: list[Row], merged: bool) -> Table:
    """Split header and rows; a header repeated on the next page begins a new page."""
    first = next((k for k, row in enumerate(rows[:4]) if _is_header(row.cells)), None)
    if first is None:
        return Table(rows[0].line, [], [""] * len(rows[0].cells), rows, merged=merged)
    header, above = rows[first].cells, rows[:first]
    kept: list[Row] = []
    page = 0
    signature = [plain(cell) for cell in header if cell]
    for row in rows[first + 1 :]:
        if [plain(cell) for cell in row.cells if cell] == signature:
            page += 1
            continue
        row.page = page
        kept.append(row)
    fields = _known(header)
    if above:  # 2022年底 above the header
        header = list(header)
    table = Table(rows[first].line, list(header), fields, kept, merged=merged, kind=classify(fields))
    table.captions = [(cell, row.line) for row in above for cell in row.cells if cell]
    return table


def _stream_table(lines: Sequence[Line], at: int) -> tuple[Table, int] | None:
    """A table pasted one cell per line, each beginning with a tab."""
    cells: list[tuple[int, str]] = []
    end = at
    blank = 0
    while end < len(lines):
        line = lines[end]
        text = strip_markup(line.text)
        if "\t" in text:
            pieces = text.split("\t")
            if pieces[0].strip() and not cells:
                return None
            if pieces[0].strip():
                cells[-1] = (cells[-1][0], cells[-1][1] + pieces[0].strip())
            cells += [(line.no, piece.strip()) for piece in pieces[1:]]
            blank = 0
        elif text.strip():
            if _STOP_RE.match(text) or blank > 6 or len(text) > 400:
                break
            if not cells:
                return None
            number, before = cells[-1]
            cells[-1] = (number if before else line.no, before + text.strip())
            blank = 0
        else:
            blank += 1
            if blank > 8:
                break
        end += 1
    while end > at and not lines[end - 1].text.strip():
        end -= 1
    width = 0
    while width < len(cells) and field_of(cells[width][1]):
        width += 1
    one_per_line = sum(1 for line in lines[at:end] if line.text.count("\t") == 1) >= 0.8 * sum(
        1 for line in lines[at:end] if "\t" in line.text
    )
    if width < 2 or not one_per_line or len(cells) < 2 * width:
        return None
    header = [text for _, text in cells[:width]]
    body = cells[width:]
    rows = []
    for start in range(0, len(body), width):
        chunk = body[start : start + width]
        rows.append(Row(next((n for n, text in chunk if text), chunk[0][0]), [text for _, text in chunk]))
    for row in rows:
        row.cells += [""] * (width - len(row.cells))
    rows = [row for row in rows if any(row.cells)]
    fields = _known(header)
    return Table(cells[0][0], header, fields, rows, kind=classify(fields)), end


def _collect_docx(lines: Sequence[Line]) -> list[Line | tuple[int, Table]]:
    result: list[Line | tuple[int, Table]] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.table is None:
            result.append(line)
            at += 1
            continue
        rows = []
        while at < len(lines) and lines[at].table == line.table:
            rows.append(Row(lines[at].no, [_clean(cell) for cell in lines[at].cells or ()]))
            at += 1
        width = max(len(row.cells) for row in rows)
        for row in rows:
            row.cells += [""] * (width - len(row.cells))
        if width == 1:  # a frame around text
            result += [Line(row.line, row.cells[0]) for row in rows]
            continue
        before = result[-1] if result else None
        table = _make(rows, merged=True)
        if isinstance(before, tuple) and not table.header and len(before[1].fields) == width:
            for row in rows:
                row.page = before[1].rows[-1].page + 1 if before[1].rows else 0
            before[1].rows += rows
            continue
        table.captions = _captions(result) + table.captions
        result.append((table.line, table))
    # a table split at a page break goes on with the same header
    return _join_tables(result)


def _join_tables(items: list) -> list:
    """A task list that goes on under the same header after a page's heading is one list."""
    joined: list = []
    for item in items:
        if isinstance(item, tuple) and (before := _goes_on(joined, item[1])) is not None:
            page = (before.rows[-1].page if before.rows else 0) + 1
            for row in item[1].rows:
                row.page += page
            before.rows += item[1].rows
            continue
        joined.append(item)
    return joined


def _goes_on(joined: list, table: Table) -> Table | None:
    """The table ``table`` carries on: same header, only short lines between, and the numbers go on."""
    for item in reversed(joined[-8:]):
        if isinstance(item, Line):
            if len(item.text.strip()) > 30 or _STOP_RE.match(item.text):
                return None
            continue
        before = item[1]
        same = [plain(h) for h in table.header] == [plain(h) for h in before.header]
        if not (table.kind == before.kind == "tasks" and same):
            return None
        at = table.column("seq")
        numbers = [row.cells[at].strip() for row in (before.rows[-1:] + table.rows[:1]) if at is not None]
        if (
            len(numbers) == 2
            and all(n.isdecimal() for n in numbers)
            and int(numbers[1]) != int(numbers[0]) + 1
        ):
            return None
        return before
    return None


# --- cells to columns -----------------------------------------------------------------------------


def align(
    cells: Sequence[str], fields: Sequence[str], score: Callable[[str, str, int, int], float]
) -> dict[int, str]:
    """Best order-preserving assignment of the non-blank cells of a row to columns.

    ``score(cell, field, cell index, column index)``. Every cell goes to at most one column and every column takes at
    most one cell; a cell no column wants is left out. Returns column → cell.
    """
    filled = [(index, cell) for index, cell in enumerate(cells) if cell]
    rows, cols = len(filled), len(fields)
    best = [[0.0] * (cols + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(cols - 1, -1, -1):
            index, cell = filled[i]
            take = score(cell, fields[j], index, j) + best[i + 1][j + 1]
            best[i][j] = max(take, best[i + 1][j] - 3.0, best[i][j + 1])
        best[i][cols] = best[i + 1][cols] - 3.0
    result: dict[int, str] = {}
    i = j = 0
    while i < rows and j < cols:
        index, cell = filled[i]
        take = score(cell, fields[j], index, j) + best[i + 1][j + 1]
        if take >= best[i][j] - 1e-9:
            result[j] = cell
            i, j = i + 1, j + 1
        elif best[i][j + 1] >= best[i][j] - 1e-9:
            j += 1
        else:
            i += 1
    return result
