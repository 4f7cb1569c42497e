"""The clerk's own file back: every bad cell coloured and commented, a linked 问题清单 in front.

Belongs here: the workbook that goes back and how a finding is shown in it. Does not belong here: finding mistakes
(``quality/``, dbt), or changing a value: a correction is the clerk's.

Nobody's text is trusted: no formula, no link and no external name of the file survives (formulas become their results),
and text that begins like a formula stays text when its cell is edited.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Color, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from dashboards.format import KIND_WORDS
from dashboards.workbooks import records, styles
from dashboards.workbooks.form import FORM_SHEET, MARKS_SHEET, FormId, file_name
from dashboards.workbooks.template import quarter_words
from raw.contracts import contracts
from raw.errors import Limits, Rejected
from raw.periods import Period
from raw.sheets import Document, read_document
from raw.values import number_text

LIST_SHEET = "问题清单"
AUTHOR = "台账"
_SEPARATOR = "\n—— 台账反馈 ——\n"
_MAX_MARKS = 3000  # of one file; what is over it is counted, not shown
_MAX_CELLS = 300_000  # more than this openpyxl holds in memory only slowly; the file is then written anew
_DRAWING = re.compile(
    r"xl/(drawings/drawing\d+\.xml|media/|charts/|embeddings/|ctrlProps/|activeX/)", re.IGNORECASE
)
_SHEET_PART = re.compile(r"xl/(worksheets|chartsheets)/[^/]+\.xml", re.IGNORECASE)
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell[^>]*?ref="([A-Z]{1,3}\d{1,7}(?::[A-Z]{1,3}\d{1,7})?)"')
_CELL = re.compile(rb"<(?:\w+:)?c[ >/]")
_COORDINATE = re.compile(r"[A-Z]{1,3}[1-9]\d{0,6}")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_ORDER = {"B": 0, "E": 1, "W": 2, "I": 3}
# findings on how the work goes, not on how the form was filled
_WORK_OWNER, _OFFICE = "责任单位", "营商办"
_CLOSED_FILL = "#C8E6C9"


@dataclass
class Item:
    """One finding as the clerk sees it; ``cell``: (sheet title, coordinate) in the workbook that goes back, if it has one."""

    rule_id: str
    severity: str
    problem: str
    fix: str
    written: str | None
    is_work: bool
    sheet: str | None
    row_number: int | None
    column_name: str | None
    entity_id: str | None
    closed_by: str | None
    kept_out: bool = False
    is_row: bool = False
    cell: tuple[str, str] | None = None

    @property
    def fill(self) -> str:
        """Colour of the cell."""
        if self.closed_by:
            return _CLOSED_FILL
        return styles.WORK_FILL if self.is_work else styles.SEVERITIES[self.severity][0]

    @property
    def word(self) -> str:
        """Severity in a word."""
        if self.closed_by:
            return "已更正"
        return styles.WORK_WORD if self.is_work else styles.SEVERITIES[self.severity][1]

    @property
    def gravity(self) -> tuple:
        """Sorts the worst first."""
        return (self.closed_by is not None, self.is_work, _ORDER[self.severity], self.rule_id)


@dataclass
class Feedback:
    """One written file: the submission it answers, where it is, what is in it."""

    source: str
    file: Path
    reporter_id: str
    kind: str
    findings: int = 0
    marked: int = 0
    note: str | None = None
    counts: dict[str, int] = field(default_factory=dict)


def _text(value: Any) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", "" if value is None else str(value))


def put(sheet: Worksheet, row: int, column: int, content: str, **look: Any) -> Cell:
    """Write text as text, whatever it begins with; returns the cell."""
    cell = sheet.cell(row, column)
    cell.value = _text(content)[:32000]
    cell.data_type = "s"
    for name, style in look.items():
        setattr(cell, name, style)
    _guard(cell)
    return cell


def _guard(cell: Cell) -> None:
    """Text that begins like a formula stays text also when the clerk edits the cell."""
    if isinstance(cell.value, str) and cell.value.startswith(_RISKY):
        cell.data_type = "s"
        cell.quotePrefix = True


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", fgColor=styles.rgb(colour))


def _split(message: str, remedy: str | None) -> tuple[str, str]:
    """A message into what is wrong and what to do: messages end in "；请…", else the catalogue's remedy says it."""
    problem, mark, fix = message.rpartition("；请")
    if mark and "；" not in fix.rstrip("；"):
        return problem, "请" + fix
    head, _, tail = message.rpartition("；")
    if remedy and tail == remedy:
        return head, tail
    return message, remedy or ""


def _item(finding: dict, kept_out: set[tuple]) -> Item:
    problem, fix = _split(finding["message"] or "", finding["remedy"])
    place = (finding["receipt_id"], finding["sheet"], finding["row_number"], finding["rule_id"])
    is_entity = finding["entity_type"] in ("task", "indicator")
    return Item(
        finding["rule_id"],
        finding["severity"],
        problem,
        fix,
        finding["raw_value"],
        finding["owner"] == _WORK_OWNER,
        finding["sheet"],
        finding["row_number"],
        finding["column_name"],
        finding["entity_id"] if is_entity else None,
        finding["closed_by"],
        place in kept_out,
    )


# --- which findings go into which file -------------------------------------------------------------------------------


def _assign(
    receipts: list[dict], findings: list[dict], quarantine: list[dict], entity_rows: list[dict]
) -> dict[str, list[Item]]:
    """receipt_id → items. What has no file of the period goes to the reporter's latest file of its kind, else its latest."""
    kept_out = {(q["receipt_id"], q["sheet"], q["row_number"], q["rule_id"]) for q in quarantine}
    of_receipt: dict[str, list[Item]] = defaultdict(list)
    latest: dict[tuple, dict] = {}
    for receipt in receipts:  # oldest first
        if receipt["status"] != "rejected":
            latest[receipt["reporter_id"], receipt["kind"]] = receipt
            latest[receipt["reporter_id"], None] = receipt
    by_path = {receipt["path"]: receipt for receipt in receipts}
    place = {(row["receipt_id"], row["entity_id"]): row for row in entity_rows}
    seen: set[tuple] = set()
    for finding in findings:
        own = by_path.get(finding["path"])
        if finding["owner"] == _OFFICE and finding["row_number"] is None:
            continue
        item = _item(finding, kept_out)
        if own is not None:
            seen.add((finding["receipt_id"], finding["sheet"], finding["row_number"], finding["rule_id"]))
            of_receipt[own["receipt_id"]].append(item)
            continue
        kind = {"task": "progress", "indicator": "indicators"}.get(finding["entity_type"])
        reporter = finding["reporter_id"]
        target = latest.get((reporter, kind)) or latest.get((reporter, None))
        if target is not None:
            item.sheet = item.row_number = item.column_name = None
            row = place.get((target["receipt_id"], item.entity_id)) if target["kind"] == kind else None
            if row is not None:
                # the row is there, its answer is not
                item.sheet, item.row_number = row["sheet"], row["row_number"]
                item.column_name = "\0value" if kind == "indicators" else None
            of_receipt[target["receipt_id"]].append(item)
    remedies = "请更正后重新报送"
    for row in quarantine:
        key = (row["receipt_id"], row["sheet"], row["row_number"], row["rule_id"])
        if key not in seen:
            problem, fix = _split(row["message"] or "", remedies)
            of_receipt[row["receipt_id"]].append(
                Item(row["rule_id"], "B", problem, fix, None, False, row["sheet"], row["row_number"], None, None, None, True)
            )  # fmt: skip
    return of_receipt


# --- the clerk's workbook, or a new one ------------------------------------------------------------------------------


def _why_not_kept(body: bytes, limits: Limits) -> str | None:
    """Why a workbook must be written anew instead of being changed; None when it may be kept."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > limits.unpacked_bytes or unpacked > limits.ratio * max(len(body), 1):
            return "原文件过大"
        if any(_DRAWING.match(entry.filename) for entry in entries):
            return "原文件含图片、图表或控件，无法原样保留"
        cells = merged = 0
        for entry in entries:
            if _SHEET_PART.fullmatch(entry.filename):
                part = archive.read(entry)
                cells += len(_CELL.findall(part))
                for reference in _MERGE.findall(part):
                    left, top, right, bottom = range_boundaries(reference.decode())
                    merged += (right - left + 1) * (bottom - top + 1)
        if cells > _MAX_CELLS or merged > _MAX_CELLS:
            return "原文件表格过大，无法原样保留"
    return None


def _neutralise(book: Workbook) -> None:
    for sheet in book.worksheets:
        sheet._hyperlinks = []
        sheet._pivots = []
        for cell in sheet._cells.values():
            if not isinstance(cell, MergedCell):
                cell._hyperlink = None
                _guard(cell)
        for names in (book.defined_names, sheet.defined_names):
            for name in [n for n, entry in names.items() if re.search(r"[\[|]|://", entry.attr_text or "")]:
                del names[name]
        sheet.data_validations.dataValidation = [
            rule
            for rule in sheet.data_validations.dataValidation
            if not re.search(r"[\[|]|://", f"{rule.formula1 or ''}{rule.formula2 or ''}")
        ]


def _kept(body: bytes) -> Workbook:
    """The clerk's workbook with formulas replaced by their results."""
    book = load_workbook(io.BytesIO(body), data_only=True, keep_links=False)
    if not book.worksheets:
        raise ValueError("no worksheet")
    _neutralise(book)
    _clear_old_marks(book)
    return book


def _colour_note(color: Color | None) -> str:
    if color is None:
        return "none"
    if color.type == "rgb" and re.fullmatch(r"[0-9A-F]{8}", str(color.rgb)):
        return f"rgb:{color.rgb}"
    if color.type == "theme":
        return f"theme:{color.theme}:{color.tint}"
    return "none"


def _clear_old_marks(book: Workbook) -> None:
    """Take away what an earlier feedback put on the cells: the file may be that feedback, corrected."""
    if MARKS_SHEET not in book.sheetnames:
        return
    for sheet, coordinate, note in book[MARKS_SHEET].iter_rows(max_col=3, values_only=True):
        if sheet not in book.sheetnames or not _COORDINATE.fullmatch(str(coordinate)):
            continue
        cell = book[sheet][coordinate]
        kind, _, rest = str(note).partition(":")
        if kind == "rgb" and re.fullmatch(r"[0-9A-F]{8}", rest):
            cell.fill = PatternFill("solid", fgColor=rest)
        elif kind == "theme" and re.fullmatch(r"\d{1,2}:-?[\d.]+(e-\d+)?", rest):
            theme, tint = rest.split(":")
            cell.fill = PatternFill("solid", fgColor=Color(theme=int(theme), tint=float(tint)))
        else:
            cell.fill = PatternFill()
        if isinstance(cell, Cell) and cell.comment is not None:
            own = cell.comment.text.partition(_SEPARATOR)[0] if _SEPARATOR in cell.comment.text else None
            if own:
                cell.comment = Comment(own, cell.comment.author)
            elif own is None and cell.comment.author == AUTHOR:
                cell.comment = None
    for name in (LIST_SHEET, MARKS_SHEET):
        if name in book.sheetnames:
            del book[name]


def _sheet_title(name: str | None, kind: str, taken: set[str]) -> str:
    title = re.sub(r"[\\/*?:\[\]\x00-\x1f']", "_", name or KIND_WORDS[kind])[:28] or "表"
    number = 1
    candidate = title
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{title}_{number}"
    taken.add(candidate.casefold())
    return candidate


@dataclass
class _Answer:
    """A workbook about to go back, and where the file's rows stand in it."""

    book: Workbook
    titles: dict[str | None, str]  # sheet of the file → sheet of the workbook
    offset: int = 0  # rows the table stands lower than in the file
    note: str | None = None


def _anew(document: Document, kind: str, note: str | None) -> _Answer:
    """A new workbook with the same rows at the same row numbers (json, ndjson, parquet: one lower, under the header)."""
    book = Workbook()
    book.remove(book.active)
    taken: set[str] = {LIST_SHEET, FORM_SHEET, MARKS_SHEET}
    titles: dict[str | None, str] = {}
    offset = 1 if any(sheet.header is not None for sheet in document.sheets) else 0
    known = {header for spec in contracts()[kind].fields for header in spec.headers}
    for source in document.sheets:
        if source.name in (FORM_SHEET, MARKS_SHEET):
            continue
        title = _sheet_title(source.name, kind, taken)
        titles[source.name] = title
        sheet = book.create_sheet(title)
        if source.header is not None:
            for column, text in enumerate(source.header, 1):
                put(sheet, 1, column, text)
        for row in source.rows:
            for column, text in enumerate(row.cells, 1):
                if text is not None:
                    _put_as_read(sheet, row.number + offset, column, text)
        _dress(sheet, known)
    if not titles:
        book.create_sheet(_sheet_title(None, kind, taken))
    return _Answer(book, titles, offset, note)


def _put_as_read(sheet: Worksheet, row: int, column: int, text: str) -> None:
    """A cell that reads back as the same text: a plain number as a number, all else as text."""
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d{1,10})?", text) and number_text(float(text)) == text:
        sheet.cell(row, column).value = int(text) if text.lstrip("-").isdigit() else float(text)
    else:
        put(sheet, row, column, text).number_format = "@"


def _dress(sheet: Worksheet, known: set[str]) -> None:
    """Borders, widths and a header that stays: the header is the row with most words of the contract."""
    from raw.text import header_key

    line = Side(style="thin", color=styles.rgb(styles.LINE))
    best, best_count = None, 1
    widths: dict[int, int] = {}
    rows = list(sheet.iter_rows(max_row=min(sheet.max_row, 400)))
    for cells in rows[:30]:
        count = sum(cell.value is not None and header_key(str(cell.value)) in known for cell in cells)
        if count > best_count:
            best, best_count = cells[0].row, count
    for cells in rows:
        for cell in cells:
            if best is None or cell.row >= best:
                widths[cell.column] = max(
                    widths.get(cell.column, 8), min(styles.text_width(_text(cell.value)) + 2, 40)
                )
                cell.border = Border(left=line, right=line, top=line, bottom=line)
            cell.font = Font(name=styles.BODY_FONT, size=11)
            cell.alignment = Alignment(vertical="center", wrap_text=best is not None and cell.row >= best)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = width
    if best is not None:
        for cell in sheet[best]:
            cell.font = Font(name=styles.HEAD_FONT, size=11, bold=True)
            cell.fill = _fill(styles.HEAD_FILL)
        sheet.freeze_panes = sheet.cell(best + 1, 1)


def _open(raw_root: Path, receipt: dict, limits: Limits) -> _Answer:
    """The workbook for a receipt: the clerk's own where it can be kept, else a new one, else only the list."""
    path = raw_root / receipt["path"]
    kind, note = receipt["kind"], None
    try:
        # a link may lead out of the tree: it is somebody else's file
        if not path.resolve().is_relative_to(raw_root.resolve()) or not path.is_file():
            raise Rejected("F01", "原文件不在")
        if path.stat().st_size > limits.file_bytes:
            raise Rejected("F13", "原文件过大")
        if receipt["format"] == "xlsx":
            body = path.read_bytes()
            note = _why_not_kept(body, limits)
            if note is None:
                try:
                    book = _kept(body)
                    return _Answer(book, {sheet.title: sheet.title for sheet in book.worksheets})
                except Exception as error:  # openpyxl stumbles over styles that its reader never looks at
                    note = f"原文件的格式无法保留（{type(error).__name__}）"
            note += "，以下为同样行号的新表"
        document = read_document(path, limits)
    except (Rejected, OSError, zipfile.BadZipFile):
        return _Answer(Workbook(), {}, note="原文件无法读取，只附问题清单")
    if receipt["format"] not in ("xlsx", "xls"):
        note = f"由 {receipt['format'] or path.suffix.lstrip('.')} 文件转成，行号与原文件相同"
        if any(sheet.header is not None for sheet in document.sheets):
            note = f"由 {receipt['format']} 文件转成，原文件第 n 条在本表第 n+1 行"
    elif receipt["format"] == "xls":
        note = "由 .xls 转成 .xlsx，行号与原文件相同"
    return _anew(document, kind, note)


# --- marking ---------------------------------------------------------------------------------------------------------


class _Marker:
    def __init__(self, answer: _Answer, columns: list[dict], key_field: str):
        self.answer = answer
        self.index = {(c["sheet"], c["column_name"]): c["column_index"] for c in reversed(columns)}
        self.fields = {(c["sheet"], c["field"]): c["column_index"] for c in columns}
        self.key_field = key_field
        self.marks: list[tuple[str, str, str]] = []

    def locate(self, item: Item) -> None:
        """Find the item's cell: its column by header, a label line by its text, else the row's key."""
        title = self.answer.titles.get(item.sheet)
        if title is None or item.row_number is None:
            return
        sheet = self.answer.book[title]
        row = item.row_number + self.answer.offset
        if row > sheet.max_row + 1:
            return
        if item.column_name == "\0value":
            column = self.fields.get((item.sheet, "value"))
            item.column_name = next(
                (c for (s, c), i in self.index.items() if s == item.sheet and i == column), None
            )
        else:
            column = self.index.get((item.sheet, item.column_name))
        if item.column_name is None:
            item.is_row = True
        if column is None and item.written:
            wanted = item.written.strip()
            column = next(
                (c.column for c in sheet[row] if c.value is not None and wanted in str(c.value)), None
            )
        if column is None:
            column = self.fields.get((item.sheet, self.key_field))
        if column is None:
            column = next((c.column for c in sheet[row] if c.value is not None), 1)
        for area in sheet.merged_cells.ranges:
            if area.min_row <= row <= area.max_row and area.min_col <= column <= area.max_col:
                row, column = area.min_row, area.min_col
                break
        item.cell = (title, f"{get_column_letter(column)}{row}")

    def mark(self, cell_items: list[Item]) -> None:
        """Colour one cell by its worst item and say all of them in its comment."""
        title, coordinate = cell_items[0].cell
        sheet = self.answer.book[title]
        cell = sheet[coordinate]
        items = sorted(cell_items, key=lambda item: item.gravity)
        before = cell.fill.fgColor if cell.fill.fill_type == "solid" else None
        self.marks.append((title, coordinate, _colour_note(before)))
        cell.fill = _fill(items[0].fill)
        text = "\n\n".join(_comment(item) for item in items)[:1800]
        theirs = cell.comment
        if theirs is not None and theirs.text:
            comment = Comment(theirs.text + _SEPARATOR + text, theirs.author or "")
        else:
            comment = Comment(text, AUTHOR)
        lines = sum(-(-styles.text_width(line) // 46) or 1 for line in comment.text.split("\n"))
        comment.width, comment.height = 340, min(24 + 18 * lines, 420)
        cell.comment = comment
        if sheet.protection.sheet and not all(item.is_work or item.closed_by for item in items):
            cell.protection = Protection(locked=False)
        if sheet.row_dimensions[cell.row].hidden:
            sheet.row_dimensions[cell.row].hidden = False
        letter = get_column_letter(cell.column)
        if letter in sheet.column_dimensions and sheet.column_dimensions[letter].hidden:
            sheet.column_dimensions[letter].hidden = False
        if sheet.sheet_state != "visible":
            sheet.sheet_state = "visible"


def _comment(item: Item) -> str:
    lines = [
        f"【{item.word}】{item.rule_id}" + ("　本行未载入" if item.kept_out and not item.closed_by else "")
    ]
    if item.closed_by:
        lines.append(f"已由 {Path(item.closed_by).name} 更正，不用再改。")
    if not item.is_work:
        lines.append(f"您填的：{_shown(item.written)}")
    lines.append(f"问题：{item.problem}")
    if item.fix and not item.closed_by:
        lines.append(f"怎么改：{item.fix}" if not item.is_work else f"怎么办：{item.fix}")
    return _text("\n".join(lines))


def _shown(written: str | None) -> str:
    if written is None or not written.strip():
        return "（空白）"
    text = written.strip()
    return f"“{text[:200]}{'…' if len(text) > 200 else ''}”"


# --- the list in front -----------------------------------------------------------------------------------------------

_LIST = (
    ("项次", 6),
    ("级别", 9),
    ("位置（点击跳转）", 20),
    ("列名", 14),
    ("您填的", 22),
    ("问题说明", 56),
    ("怎么改", 42),
    ("规则号", 8),
)


class _List:
    def __init__(self, sheet: Worksheet):
        self.sheet, self.at, self.number, self.sections = sheet, 1, 0, 0
        line = Side(style="thin", color=styles.rgb(styles.LINE))
        self.border = Border(left=line, right=line, top=line, bottom=line)
        self.width = len(_LIST)
        for index, (_, width) in enumerate(_LIST, 1):
            sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.oddFooter.center.text = "第 &P 页，共 &N 页"

    def line(self, text: str, height: float = 18, font: Font | None = None, centre: bool = False) -> None:
        """A line over the whole width."""
        put(
            self.sheet, self.at, 1, text, font=font or Font(name=styles.BODY_FONT, size=11),
            alignment=Alignment(vertical="center", horizontal="center" if centre else None, wrap_text=True),
        )  # fmt: skip
        self.sheet.merge_cells(start_row=self.at, end_row=self.at, start_column=1, end_column=self.width)
        self.sheet.row_dimensions[self.at].height = height
        self.at += 1

    def header(self) -> None:
        """The header of the table; it stays on the screen and on every printed page."""
        for index, (text, _) in enumerate(_LIST, 1):
            put(
                self.sheet, self.at, index, text, font=Font(name=styles.HEAD_FONT, size=11, bold=True),
                fill=_fill(styles.HEAD_FILL), border=self.border,
                alignment=Alignment(horizontal="center", vertical="center"),
            )  # fmt: skip
        self.sheet.row_dimensions[self.at].height = 22
        self.sheet.freeze_panes = self.sheet.cell(self.at + 1, 1)
        self.sheet.print_title_rows = f"{self.at}:{self.at}"
        self.at += 1

    def item(self, item: Item) -> None:
        """One finding."""
        self.number += 1
        place = "整个文件" if item.row_number is None and not item.entity_id else "没有可用的数据"
        if item.cell:
            place = f"{item.cell[0]}!{item.cell[1]}"
        elif item.row_number is not None:
            place = f"第 {item.row_number} 行"
        problem = item.problem + ("（本行未载入）" if item.kept_out and "未载入" not in item.problem else "")
        fix = f"已由 {Path(item.closed_by).name} 更正，不用再改" if item.closed_by else item.fix
        column = item.column_name or (f"编号 {item.entity_id}" if item.entity_id else "")
        written = "" if item.row_number is None or item.is_work else _shown(item.written)
        texts = (str(self.number), item.word, place, column, written, problem, fix, item.rule_id)
        for index, text in enumerate(texts, 1):
            cell = put(
                self.sheet, self.at, index, text, border=self.border, font=Font(name=styles.BODY_FONT, size=11),
                alignment=Alignment(
                    vertical="center", wrap_text=True, horizontal="center" if index in (1, 2, 8) else None
                ),
            )  # fmt: skip
            if index == 2:
                cell.fill = _fill(item.fill)
            if index == 3 and item.cell:
                sheet, coordinate = item.cell
                target = f"'{sheet.replace(chr(39), chr(39) * 2)}'!{coordinate}"
                cell.hyperlink = Hyperlink(ref=cell.coordinate, location=target, tooltip="跳到这一格")
                cell.font = Font(
                    name=styles.BODY_FONT, size=11, color=styles.rgb("#1558A6"), underline="single"
                )
        widths = [width for _, width in _LIST]
        self.sheet.row_dimensions[self.at].height = styles.row_height(
            list(zip(texts, widths, strict=True)), 20
        )
        self.at += 1

    def section(self, title: str, items: list[Item]) -> None:
        """A titled group of findings; nothing when there are none."""
        if not items:
            return
        self.sections += 1
        title = f"{'一二三四五'[self.sections - 1]}、{title}"
        self.line(title, 24, Font(name=styles.HEAD_FONT, size=12, bold=True))
        for item in items:
            self.item(item)


def _write_list(answer: _Answer, receipt: dict, period: Period, items: list[Item], dropped: int) -> None:
    sheet = answer.book.create_sheet(LIST_SHEET, 0)
    page = _List(sheet)
    title = f"{receipt['reporter_name']}{quarter_words(str(period))}{KIND_WORDS[receipt['kind']]}问题清单"
    page.line(title, 34, Font(name=styles.TITLE_FONT, size=18), centre=True)
    received = receipt["received_at"].strftime("%Y-%m-%d %H:%M")
    page.line(f"原文件：{Path(receipt['path']).name}　收到时间：{received}　{_outcome(receipt)}", 20)
    mine = [item for item in items if not item.is_work and not item.closed_by]
    counts = {word: sum(item.word == word for item in mine) for _, word, _ in styles.SEVERITIES.values()}
    summary = "，".join(f"{word} {count} 处" for word, count in counts.items() if count)
    if any(counts[styles.SEVERITIES[key][1]] for key in "BE"):
        how = "请按下表逐条改正，改好后把本文件直接发回营商办，不用改名，也不用另附说明。"
    elif mine:
        how = "没有必须改正的问题；请核对下列各条，有误的改正后把本文件发回。"
    else:
        how = "没有需要改正的问题，不用再报。"
    page.line(f"问题：{summary or '无'}。{how}", 22, Font(name=styles.HEAD_FONT, size=12, bold=True))
    legend = "；".join(f"{word}＝{meaning}" for _, word, meaning in styles.SEVERITIES.values())
    page.line(f"级别：{legend}；{styles.WORK_WORD}＝{styles.WORK_MEANING}。", 20)
    notes = [answer.note] if answer.note else []
    if receipt["format"] == "xlsx":
        notes.append("公式已换成计算结果，链接已去除，其余未动")
    if notes:
        page.line(f"说明：{'；'.join(notes)}。有颜色的格子都有批注，鼠标移上去可看。", 20)
    page.header()
    open_items = [item for item in items if not item.closed_by]
    whole = [i for i in open_items if not i.is_work and i.row_number is None and i.entity_id is None]
    absent = [i for i in open_items if not i.is_work and i.row_number is None and i.entity_id is not None]
    placed = [i for i in open_items if not i.is_work and i.row_number is not None]
    placed.sort(key=_by_row)
    page.section("整个文件", sorted(whole, key=lambda i: i.gravity))
    page.section("逐格", placed)
    page.section("应报而本期没有报的", sorted(absent, key=lambda i: (i.gravity, i.entity_id)))
    page.section("督办提醒（填写无误，不用改表）", sorted((i for i in open_items if i.is_work), key=_by_row))
    page.section("已由后来的文件更正", [i for i in items if i.closed_by])
    if dropped:
        page.line(f"另有 {dropped} 处未逐条列出，请先改正以上各处。", 22)
    for other in answer.book.worksheets:
        # two selected sheets are edited together
        other.sheet_view.tabSelected = other is sheet
    answer.book.active = 0


def _by_row(item: Item) -> tuple:
    """Down the sheet; what has no row comes last."""
    return (item.row_number is None, item.sheet or "", item.row_number or 0, item.gravity)


def _outcome(receipt: dict) -> str:
    if receipt["status"] == "rejected":
        return "处理结果：未收（整个文件不能载入）"
    if receipt["rows_quarantined"]:
        return f"处理结果：读到 {receipt['rows_read']} 行，其中 {receipt['rows_quarantined']} 行未载入"
    return f"处理结果：{receipt['rows_read']} 行全部载入"


def _hide(book: Workbook, name: str, lines: list[tuple[str, ...]]) -> None:
    if name in book.sheetnames:
        del book[name]
    sheet = book.create_sheet(name)
    for row, texts in enumerate(lines, 1):
        for column, text in enumerate(texts, 1):
            put(sheet, row, column, text)
    sheet.sheet_state = "veryHidden"


# --- all files of a quarter ------------------------------------------------------------------------------------------


def write_feedback(
    connection: duckdb.DuckDBPyConnection,
    raw_root: Path,
    period: Period,
    out: Path,
    programme_id: str | None = None,
    reporter: str | None = None,
    limits: Limits | None = None,
) -> list[Feedback]:
    """Write one workbook per submission of the period to the folder ``out``; about 60 ms each.

    ``reporter``: only this reporter_id. The files themselves are read from ``raw_root`` and never changed.
    """
    limits = limits or Limits()
    out.mkdir(parents=True, exist_ok=True)
    written: list[Feedback] = []
    for programme in records.programmes(connection, period.end, programme_id):
        key = (programme["programme_id"], str(period))
        receipts = records.receipts(connection, *key, reporter)
        assigned = _assign(
            receipts,
            records.findings(connection, *key, reporter),
            records.quarantine(connection, *key),
            records.entity_rows(connection, *key),
        )
        columns = defaultdict(list)
        for line in records.columns(connection, *key):
            columns[line["receipt_id"]].append(line)
        for receipt in receipts:
            items = assigned.get(receipt["receipt_id"], [])
            written.append(_write_one(raw_root, out, programme["programme_id"], period, receipt, items,
                                      columns[receipt["receipt_id"]], limits))  # fmt: skip
    return written


def _write_one(
    raw_root: Path,
    out: Path,
    programme_id: str,
    period: Period,
    receipt: dict,
    items: list[Item],
    columns: list[dict],
    limits: Limits,
) -> Feedback:
    answer = _open(raw_root, receipt, limits)
    only_list = not answer.titles and len(answer.book.sheetnames) == 1
    items = sorted(items, key=lambda item: item.gravity)
    shown, dropped = items[:_MAX_MARKS], max(0, len(items) - _MAX_MARKS)
    marker = _Marker(answer, columns, contracts()[receipt["kind"]].key_field.name)
    cells: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in shown:
        marker.locate(item)
        if item.cell:
            cells[item.cell].append(item)
    for cell_items in cells.values():
        marker.mark(cell_items)
    identity = FormId(programme_id, str(period), receipt["reporter_id"], receipt["kind"])
    _write_list(answer, receipt, period, shown, dropped)
    if only_list:
        del answer.book[answer.book.sheetnames[1]]
    else:
        _hide(answer.book, FORM_SHEET, identity.lines())
        _hide(answer.book, MARKS_SHEET, marker.marks)
    stem = re.sub(
        r"^(progress|indicators|rectification|satisfaction)[_\-\s]*", "", Path(receipt["path"]).stem
    )
    name = file_name(receipt["kind"], programme_id, str(period), receipt["reporter_id"], receipt["reporter_name"], stem, "反馈")  # fmt: skip
    path = out / name
    if path.exists() and not _is_feedback_of(path, receipt["path"]):
        path = out / f"{path.stem}_{receipt['receipt_id'][:6]}.xlsx"
    answer.book.properties.description = receipt["path"]
    answer.book.save(path)
    counts = defaultdict(int)
    for item in items:
        counts["closed" if item.closed_by else "work" if item.is_work else item.severity] += 1
    return Feedback(receipt["path"], path, receipt["reporter_id"], receipt["kind"], len(items), len(cells), answer.note, dict(counts))  # fmt: skip


def _is_feedback_of(path: Path, source: str) -> bool:
    """Whether an existing file is the feedback on the same submission (then it is written again)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return source in archive.read("docProps/core.xml").decode("utf-8", "replace")
    except (KeyError, OSError, zipfile.BadZipFile):
        return False


def as_json(entry: Feedback) -> dict:
    """For --json."""
    return json.loads(
        json.dumps(
            {
                "source": entry.source,
                "file": str(entry.file),
                "reporter_id": entry.reporter_id,
                "kind": entry.kind,
                "findings": entry.findings,
                "marked": entry.marked,
                "counts": entry.counts,
                "note": entry.note,
            }
        )
    )
