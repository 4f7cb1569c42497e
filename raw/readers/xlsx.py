""".xlsx: limits and a streaming probe first, then openpyxl for values, number formats and merged ranges.

openpyxl rather than calamine: a percent format, a merged range and an error cell are part of what the clerk said, and
calamine aborts the process on a far cell.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from contextlib import closing
from datetime import date, datetime
from functools import cache

from raw.errors import Limits, Rejected
from raw.sheets import (
    SAVE_AS,
    TITLE,
    Layout,
    Row,
    Sheet,
    characters_of,
    check_cell,
    check_characters,
    fill_merged,
    too_many_rows,
)
from raw.text import storable
from raw.values import formatted_number_text, moment_text

_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_CELL_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_FORMULA_OR_TYPE = re.compile(rb"[<:]f[\s/>]|<!DOCTYPE")
_MAX_PARTS = 500
# program text and Excel 4 macro sheets: harmless to read, not to whoever opens the archived file
_MACRO_PARTS = ("xl/vbaproject", "xl/macrosheets/")
_DOCUMENT_TYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))


_ENTITIES = f"文件含不允许的内容（XML 实体）；{SAVE_AS}"


def _check_archive(archive: zipfile.ZipFile, size: int, limits: Limits) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    names = {entry.filename for entry in entries}
    if (
        unpacked > limits.unpacked_bytes
        or unpacked > limits.ratio * max(size, 1)
        or len(entries) > _MAX_PARTS
    ):
        raise Rejected(
            "F13",
            f"解压后 {unpacked / 1048576:.0f} MB（压缩比 {unpacked / max(size, 1):.0f}），超过允许的大小；{SAVE_AS}",
        )
    if "xl/workbook.xml" not in names:
        what = "Word 文档" if any(name.startswith("word/") for name in names) else "压缩包或其他文档"
        raise Rejected("F15", f"文件是{what}，不是 Excel 工作簿；{SAVE_AS}")
    if any(name.lower().startswith(_MACRO_PARTS) for name in names):
        raise Rejected("F15", "工作簿含宏，不予读取；请另存为不含宏的 .xlsx 后重新报送")
    for entry in entries:
        # the sheets are streamed through a parser that refuses entities itself
        is_xml = entry.filename.endswith((".xml", ".rels")) and not _SHEET_PART.fullmatch(entry.filename)
        if is_xml and entry.file_size > limits.file_bytes and entry.filename != "xl/sharedStrings.xml":
            # styles and names become objects, a hundred times as large
            raise Rejected(
                "F13",
                f"{storable(entry.filename)[:TITLE]} 解压后 {entry.file_size / 1048576:.0f} MB，样式或名称过多；{SAVE_AS}",
            )
        if is_xml and has_document_type(archive.read(entry)):
            raise Rejected("F01", _ENTITIES)


def has_document_type(part: bytes) -> bool:
    """True for an XML part with a document type: Office writes none, and a parser might expand its entities."""
    return any(mark in part for mark in _DOCUMENT_TYPES)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _is_plain(archive: zipfile.ZipFile, part: str) -> bool:
    """True where the sheet holds no formula, whatever its name space is called here, and no document type."""
    kept = b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            if _FORMULA_OR_TYPE.search(kept + chunk) or b"\0" in chunk:  # NUL: two bytes a character
                return False
            kept = chunk[-100:]
    return True


def _probe(archive: zipfile.ZipFile, part: str, limits: Limits) -> frozenset[tuple[int, int]]:
    """Stream one sheet and stop at the first value outside the limits; formatted empty cells are harmless.

    Returns the places (row from 1, column from 0) of formulas without a stored result. A sheet of values alone is not
    streamed twice: reading it keeps to the same limits.
    """
    from defusedxml.ElementTree import iterparse

    uncalculated = set()
    if _is_plain(archive, part):
        return frozenset()
    with archive.open(part) as stream:
        row_number, column_number = 0, 0
        formula = result = False
        for event, element in iterparse(stream, events=("start", "end")):
            tag = element.tag.rsplit("}", 1)[-1]
            if event == "start":
                if tag == "row":
                    row_number = int(element.get("r") or row_number + 1)
                    column_number = 0
                elif tag == "c":
                    match = _CELL_REFERENCE.fullmatch(element.get("r") or "")
                    column_number = _column_number(match.group(1)) if match else column_number + 1
                    row_number = int(match.group(2)) if match else row_number
                    # an empty text is a result
                    formula, result = False, element.get("t") == "str"
            elif tag == "f":
                formula = True
            elif tag in ("v", "is") and (element.text or tag == "is"):
                check_cell(row_number, column_number, limits)
                result = True
            elif tag == "c" and formula and not result:
                check_cell(row_number, column_number, limits)
                uncalculated.add((row_number, column_number - 1))
            elif tag == "row":
                element.clear()
    return frozenset(uncalculated)


def _cell_text(cell) -> str | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, str):
        return storable(value) or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return formatted_number_text(value, cell.number_format or "")
    return storable(str(value))


def _merged(parser) -> list[tuple[int, int, int, int]]:
    """First row, last row, first and last column (from 0) of the sheet's merged ranges."""
    from openpyxl.utils import range_boundaries

    ranges = [
        range_boundaries(entry.ref)
        for entry in (parser.merged_cells.mergeCell if parser.merged_cells else ())
    ]
    return [(top, bottom, left - 1, right - 1) for left, top, right, bottom in ranges]


def _is_hidden(attributes: dict) -> bool:
    return attributes.get("hidden") in ("1", "true")


def _hidden_columns(parser, limits: Limits) -> frozenset[int]:
    spans = [(int(a["min"]), int(a["max"])) for a in parser.column_dimensions.values() if _is_hidden(a)]
    return frozenset(i - 1 for low, high in spans for i in range(low, min(high, limits.columns) + 1))


@cache
def _parser() -> type:
    """openpyxl's parser of a sheet, which by itself makes a tree of objects of every text that stands in its own cell."""
    from xml.etree.ElementTree import SubElement

    from openpyxl.worksheet._reader import INLINE_STRING, VALUE_TAG, WorkSheetParser

    text_tag = INLINE_STRING.removesuffix("is") + "t"

    class Parser(WorkSheetParser):
        def parse_cell(self, element):
            if element.get("t") == "inlineStr" and len(element) == 1:
                inline = element[0]
                # one text without runs or readings: the same as the text of a formula
                if inline.tag == INLINE_STRING and len(inline) == 1 and inline[0].tag == text_tag:
                    element.set("t", "str")
                    SubElement(element, VALUE_TAG).text = inline[0].text
            return super().parse_cell(element)

    return Parser


def _read_sheet(worksheet, limits: Limits, uncalculated: frozenset) -> Sheet:
    """One sheet through openpyxl's parser alone: its worksheet object would make a cell of every formatted empty cell
    and of every cell under a merged range, billions for a range down to the last row.
    """
    from openpyxl.cell.read_only import ReadOnlyCell

    book = worksheet.parent
    rows: dict[int, list[str | None]] = {}
    characters = 0
    with worksheet._get_source() as source:
        parser = _parser()(
            source,
            worksheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for _, cells in parser.parse():
            for cell in cells:
                row, column = cell["row"], cell["column"]
                if row < 1:
                    raise ValueError(f"cell in row {row}")
                text = None
                if cell["value"] is not None:
                    text = _cell_text(
                        ReadOnlyCell(
                            worksheet, row, column, cell["value"], cell["data_type"], cell["style_id"]
                        )
                    )
                if text is not None or (row, column - 1) in uncalculated:
                    check_cell(row, column, limits)
                    characters += len(text or "")
                    check_characters(characters, limits)
                    texts = rows.setdefault(row, [])
                    texts.extend([None] * (column - len(texts)))
                    texts[column - 1] = text
    if len(rows) > limits.rows + limits.margin_rows:
        raise too_many_rows(len(rows), limits)
    layout = Layout(
        hidden=worksheet.sheet_state != "visible",
        hidden_rows=frozenset(int(n) for n, a in parser.row_dimensions.items() if _is_hidden(a)),
        hidden_columns=_hidden_columns(parser, limits),
        covered=fill_merged(rows, _merged(parser), limits),
        uncalculated=uncalculated,
    )
    return Sheet(
        storable(worksheet.title)[:TITLE],
        [Row(number, rows[number]) for number in sorted(rows)],
        layout=layout,
    )


def read_xlsx(body: bytes, limits: Limits) -> list[Sheet]:
    """Every worksheet of a workbook, hidden ones too, in workbook order; merged ranges filled inside themselves.

    Raises Rejected: F01 (damaged), F13 (over the limits, far cell), F15 (no workbook).
    """
    from defusedxml import DefusedXmlException
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _check_archive(archive, len(body), limits)
            uncalculated = {
                part: _probe(archive, part, limits)
                for part in archive.namelist()
                if _SHEET_PART.fullmatch(part)
            }
        with warnings.catch_warnings():
            # openpyxl warns of what it leaves out (validations, print settings): nothing of it is a value
            warnings.simplefilter("ignore")
            workbook = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
            with closing(workbook):
                sheets = [
                    _read_sheet(worksheet, limits, uncalculated.get(worksheet._worksheet_path, frozenset()))
                    for worksheet in workbook.worksheets
                ]
            check_characters(characters_of(sheets), limits)
            return sheets
    except Rejected:
        raise
    except DefusedXmlException as error:
        raise Rejected("F01", _ENTITIES) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged workbook fails anywhere inside zipfile, the XML parser or openpyxl
        raise Rejected(
            "F01", f"工作簿已损坏，无法读取（{type(error).__name__}）；请重新另存为 .xlsx 后报送"
        ) from error
