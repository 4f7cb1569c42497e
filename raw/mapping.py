"""Which row is the header, which column is which field, which rows are data.

Belongs here: headers, title and label lines, totals, notes, blank rows. Does not belong here: what a cell means
(``values``) or whether a code exists (``submissions``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from raw.contracts import Contract
from raw.errors import Rejected
from raw.sheets import Document, Row, Sheet
from raw.text import header_key, is_blank, squeeze

_HEADER_DEPTH = 30
_TOTALS = frozenset({"合计", "总计", "小计", "合计数", "总合计"})
_LABEL = re.compile(
    r"(填报单位|报送单位|填报人|填表人|制表人|审核人|审签人|负责人|单位负责人|联系人|联系电话|填报日期|填报时间|报送日期|制表日期|单位)[::].*"
)
_UNIT_LABEL = re.compile(r"(?:填报单位|报送单位)(?:\(盖章\)|\(公章\)|\(章\))?:(.*)")


@dataclass(frozen=True)
class MappedColumn:
    """Where a field's values stand: position in the row and the header as written."""

    field: str
    index: int
    header: str


@dataclass
class MappedSheet:
    """A sheet whose columns are known: its data rows, and what its lines around the table say."""

    name: str | None
    columns: dict[str, MappedColumn]
    headers: list[str | None]
    rows: list[Row]
    reporter_line: tuple[int, str] | None = None


def _match_headers(cells: list[str | None], contract: Contract) -> dict[str, MappedColumn]:
    positions: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if cell is not None:
            positions.setdefault(header_key(cell), index)
    columns = {}
    for field in contract.fields:
        for header in field.headers:
            if header in positions:
                index = positions[header]
                columns[field.name] = MappedColumn(field.name, index, cells[index])
                break
    return columns


def _missing(columns: dict[str, MappedColumn], contract: Contract) -> list[str]:
    """Chinese names of the required columns that are absent."""
    absent = []
    for group in contract.require:
        if not any(name in columns for name in group):
            absent.append("或".join(contract.field(name).headers[0] for name in group))
    return absent


def _reporter_line(row: Row) -> str | None:
    """The unit named by a 填报单位： line; the name may stand in the next cell."""
    texts = [squeeze(cell) for cell in row.cells if not is_blank(cell)]
    for position, text in enumerate(texts):
        if match := _UNIT_LABEL.match(text):
            name = match.group(1) or (texts[position + 1] if position + 1 < len(texts) else "")
            return (
                re.split(r"(?:填报日期|填报时间|填报人|填表人|联系人|联系电话|日期|单位:)", name)[0] or None
            )
    return None


def _table_rows(rows: list[Row], columns: dict[str, MappedColumn]) -> list[Row]:
    """Data rows among ``rows``: without blanks, totals, label lines, repeated headers, notes and all after them."""
    data = []
    for row in rows:
        if row.broken:
            data.append(row)
            continue
        filled = [cell for cell in row.cells if not is_blank(cell)]
        if not filled:
            continue
        first = squeeze(filled[0])
        alone = len(set(filled)) == 1
        if first == "注" or first.startswith("注:") or (alone and first.startswith(("备注:", "说明:"))):
            break
        if first in _TOTALS or (_LABEL.fullmatch(first) and (alone or ":" in first)):
            continue
        mapped = {
            name: row.cells[column.index] if column.index < len(row.cells) else None
            for name, column in columns.items()
        }
        if all(is_blank(cell) for cell in mapped.values()):
            continue
        if any(squeeze(cell) in _TOTALS for cell in list(mapped.values())[:2] if cell):
            continue
        if all(
            is_blank(cell) or header_key(cell) == header_key(columns[name].header)
            for name, cell in mapped.items()
        ):
            continue
        data.append(row)
    return data


def map_sheet(sheet: Sheet, contract: Contract) -> tuple[MappedSheet | None, list[str], int]:
    """(mapped sheet or None, required columns it lacks, number of fields recognised)."""
    if sheet.header is not None:
        columns = _match_headers(sheet.header, contract)
        lacking = _missing(columns, contract)
        if lacking and sheet.rows:
            return None, lacking, len(columns)
        return (
            MappedSheet(sheet.name, columns, list(sheet.header), _table_rows(sheet.rows, columns)),
            [],
            len(columns),
        )
    best: dict[str, MappedColumn] = {}
    position = -1
    for index, row in enumerate(sheet.rows[:_HEADER_DEPTH]):
        columns = _match_headers(row.cells, contract)
        if len(columns) > len(best):
            best, position = columns, index
    lacking = _missing(best, contract)
    if lacking:
        return None, lacking, len(best)
    mapped = MappedSheet(
        sheet.name, best, list(sheet.rows[position].cells), _table_rows(sheet.rows[position + 1 :], best)
    )
    for row in [*sheet.rows[:position], *sheet.rows[position + 1 :]]:
        if (name := _reporter_line(row)) is not None:
            mapped.reporter_line = (row.number, name)
            break
    return mapped, [], len(best)


def map_document(document: Document, contract: Contract) -> list[MappedSheet]:
    """The sheets of a document that hold a table of this kind.

    Sheets without such a table (notes, cover pages) are left out as long as one sheet has it.

    Raises:
        Rejected: F02 when no sheet has the required columns.
    """
    mapped, best_lacking, best_count = [], None, -1
    for sheet in document.sheets:
        result, lacking, count = map_sheet(sheet, contract)
        if result is not None:
            mapped.append(result)
        elif count > best_count:
            best_lacking, best_count = lacking, count
    if not mapped:
        what = "、".join(best_lacking or [])
        raise Rejected("F02", f"缺少必需的工作表或列：找不到表头“{what}”；请使用模板的表头，不要改动列名")
    return mapped
