""".xlsx: limits and a streaming probe first, then openpyxl for values, number formats and merged ranges.

openpyxl rather than calamine: a percent format, a merged range and an error cell are part of what the clerk said, and
calamine aborts the process on a far cell.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time

from raw.errors import Limits, Rejected
from raw.sheets import SAVE_AS, Row, Sheet, too_many_columns, too_many_rows
from raw.text import storable
from raw.values import number_text, percent_text

_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_CELL_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_MAX_PARTS = 500


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


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _probe(archive: zipfile.ZipFile, part: str, limits: Limits) -> None:
    """Stream one sheet and stop at the first value outside the limits; formatted empty cells are harmless."""
    from defusedxml.ElementTree import iterparse

    max_row = limits.rows + limits.margin_rows
    with archive.open(part) as stream:
        row_number, column_number = 0, 0
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
                continue
            if tag in ("v", "is") and (element.text or tag == "is"):
                if row_number > max_row:
                    raise Rejected(
                        "F13",
                        f"第 {row_number} 行还有内容，超过 {limits.rows} 行；请删除表格以外的内容后报送",
                    )
                if column_number > limits.columns:
                    raise Rejected(
                        "F13",
                        f"第 {column_number} 列还有内容，超过 {limits.columns} 列；请删除表格以外的内容后报送",
                    )
            elif tag == "row":
                element.clear()


def _cell_text(cell) -> str | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, str):
        return storable(value) or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return (
            value.date().isoformat()
            if value.time() == time()
            else value.isoformat(sep=" ", timespec="seconds")
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        number_format = _QUOTED.sub("", cell.number_format or "")
        if "%" in number_format:
            return percent_text(value)
        if number_format and not number_format.strip("0") and float(value).is_integer():
            return str(int(value)).zfill(len(number_format))  # 0407 shown by the format 0000
        return number_text(value)
    return storable(str(value))


def _read_sheet(worksheet, limits: Limits) -> Sheet:
    rows: dict[int, list[str | None]] = {}
    # the sparse cell store: iter_rows() would make every cell of the used range, also of a formatted empty far cell
    for (row, column), cell in sorted(worksheet._cells.items()):
        text = _cell_text(cell)
        if text is not None:
            texts = rows.setdefault(row, [])
            texts.extend([None] * (column - len(texts)))
            texts[column - 1] = text
    last_row = max(rows, default=0)
    last_column = max(map(len, rows.values()), default=0)
    for merged in worksheet.merged_cells.ranges:
        if merged.min_row > last_row or merged.min_col > last_column:
            continue
        origin = rows.get(merged.min_row, [])
        value = origin[merged.min_col - 1] if len(origin) >= merged.min_col else None
        if value is None:
            continue
        for row in range(merged.min_row, min(merged.max_row, last_row) + 1):
            texts = rows.setdefault(row, [])
            width = min(merged.max_col, last_column)
            texts.extend([None] * (width - len(texts)))
            for column in range(merged.min_col - 1, width):
                texts[column] = value
    if len(rows) > limits.rows + limits.margin_rows:
        raise too_many_rows(len(rows), limits)
    if any(len(texts) > limits.columns for texts in rows.values()):
        raise too_many_columns(limits.columns + 1, limits)
    return Sheet(worksheet.title, [Row(number, rows[number]) for number in sorted(rows)])


def read_xlsx(body: bytes, limits: Limits) -> list[Sheet]:
    """Every worksheet of a workbook, hidden ones too, in workbook order; merged ranges filled inside themselves.

    Raises Rejected: F01 (damaged), F13 (over the limits, far cell), F15 (no workbook).
    """
    from defusedxml import DefusedXmlException
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _check_archive(archive, len(body), limits)
            for part in archive.namelist():
                if _SHEET_PART.fullmatch(part):
                    _probe(archive, part, limits)
        workbook = load_workbook(io.BytesIO(body), data_only=True, keep_links=False)
        return [_read_sheet(worksheet, limits) for worksheet in workbook.worksheets]
    except Rejected:
        raise
    except DefusedXmlException as error:
        raise Rejected("F01", f"文件含不允许的内容（XML 实体）；{SAVE_AS}") from error
    except Exception as error:  # a damaged workbook fails anywhere inside zipfile, the XML parser or openpyxl
        raise Rejected(
            "F01", f"工作簿已损坏，无法读取（{type(error).__name__}）；请重新另存为 .xlsx 后报送"
        ) from error
