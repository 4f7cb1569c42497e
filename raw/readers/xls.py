""".xls (BIFF): xlrd with formatting, for percent formats, date cells and merged ranges."""

from __future__ import annotations

import io

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
from raw.values import formatted_number_text, moment_text, number_text


def read_xls(body: bytes, limits: Limits) -> list[Sheet]:
    """Every sheet of an old workbook. Raises Rejected: F01 (damaged), F13 (over the limits), F15 (password)."""
    import xlrd

    if "_VBA_PROJECT".encode("utf-16-le") in body:
        raise Rejected("F15", "工作簿含宏，不予读取；请另存为不含宏的 .xlsx 后重新报送")
    try:
        # xlrd prints its doubts; standard output belongs to the command (--json)
        book = xlrd.open_workbook(
            file_contents=body, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
        sheets = [_read_sheet(book, sheet, limits) for sheet in book.sheets()]
        check_characters(characters_of(sheets), limits)
        return sheets
    except Rejected:
        raise
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise Rejected("F15", f"工作簿设有打开密码，无法读取；请取消密码，{SAVE_AS}") from error
        raise Rejected("F15", f"不是可读的 Excel 工作簿（如 .et、.doc）；{SAVE_AS}") from error
    except MemoryError:
        raise
    except Exception as error:  # xlrd has no error type of its own for damaged records
        raise Rejected("F01", f"工作簿已损坏，无法读取（{type(error).__name__}）；{SAVE_AS}") from error


def _cell_text(book, sheet, row: int, column: int) -> str | None:
    import xlrd

    cell = sheet.cell(row, column)
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return storable(cell.value) or None
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR!")
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            moment = xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            return number_text(cell.value)
        return moment_text(moment)
    number_format = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
    return formatted_number_text(cell.value, number_format)


def _read_sheet(book, sheet, limits: Limits) -> Sheet:
    rows: dict[int, list[str | None]] = {}
    characters = 0
    for row in range(sheet.nrows):
        texts = [_cell_text(book, sheet, row, column) for column in range(sheet.row_len(row))]
        while texts and texts[-1] is None:
            texts.pop()
        if texts:
            check_cell(row + 1, len(texts), limits)
            characters += sum(len(text or "") for text in texts)
            check_characters(characters, limits)
            rows[row + 1] = texts
    if len(rows) > limits.rows + limits.margin_rows:
        raise too_many_rows(len(rows), limits)
    covered = fill_merged(
        rows, [(top + 1, end, left, right - 1) for top, end, left, right in sheet.merged_cells], limits
    )
    layout = Layout(
        hidden=sheet.visibility != 0,
        hidden_rows=frozenset(row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden),
        hidden_columns=frozenset(column for column, info in sheet.colinfo_map.items() if info.hidden),
        covered=covered,
    )
    return Sheet(
        storable(sheet.name)[:TITLE], [Row(number, rows[number]) for number in sorted(rows)], layout=layout
    )
