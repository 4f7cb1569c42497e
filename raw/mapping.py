"""Which row is the header, which column is which field, which rows are data.

Belongs here: headers, title and label lines, totals, notes, blank rows. Does not belong here: what a cell means
(``values``) or whether a code exists (``submissions``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache

from raw.contracts import Contract
from raw.errors import Rejected
from raw.sheets import Document, Layout, Row, Sheet
from raw.text import header_key, is_blank, squeeze

_HEADER_DEPTH = 30
_QUOTED = 100
_TOTALS = frozenset({"合计", "总计", "小计", "合计数", "总合计"})
_NOTE = re.compile(r"\(?注\d?(:|$)")
_REMARK = re.compile(r"(备注|说明|填表说明|填报说明):")
_LABEL = re.compile(
    r"(?:填报单位|报送单位|填报人|填表人|制表人|审核人|审签人|负责人|单位负责人|分管领导|联系人|联系电话"
    r"|填报日期|填报时间|报送日期|制表日期|单位)(?:\((?:盖章|公章|签章|签字|章)\))?:(.*)"
)
_UNIT_LABEL = re.compile(r"(?:填报单位|报送单位)(?:\((?:盖章|公章|签章|章)\))?(?::(.*)|$)")
# what may follow the name on one line, blanks being gone
_AFTER_NAME = re.compile(
    r"\((?:盖章|公章|签章|章)\)|(?:填报|填表|报送|制表)(?:日期|时间|人)|审核人|负责人|联系人|联系电话|日期|单位:"
)


@dataclass(frozen=True)
class MappedColumn:
    """Where a field's values stand: position in the row and the header as written."""

    field: str
    index: int
    header: str


@dataclass
class MappedSheet:
    """A sheet whose columns are known: its data rows, and what its lines around the table say.

    ``reporter_line``: (row number, unit named) of a 填报单位： line.
    """

    name: str | None
    columns: dict[str, MappedColumn]
    headers: list[str | None]
    rows: list[Row]
    reporter_line: tuple[int, str] | None = None
    layout: Layout = field(default_factory=Layout)

    def cells(self, field_name: str) -> Iterator[tuple[int, str | None]]:
        """(row number, cell) of a field in every data row; nothing where the sheet has no such column."""
        if (column := self.columns.get(field_name)) is not None:
            for row in self.rows:
                yield row.number, row.cells[column.index] if column.index < len(row.cells) else None


def _quoted(header: str | None) -> str | None:
    """A header as findings and quarantined rows repeat it: thousands of times, so never at length."""
    return header if header is None or len(header) <= _QUOTED else f"{header[:_QUOTED]}…"


def match_headers(cells: list[str | None], contract: Contract) -> dict[str, MappedColumn]:
    """Field → its column, for the fields whose header is among the cells."""
    positions: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if cell is not None:
            positions.setdefault(header_key(cell), index)
    columns = {}
    for spec in contract.fields:
        # the first header of the field's list that is present gives it
        header = next((header for header in spec.headers if header in positions), None)
        if header is not None:
            index = positions[header]
            columns[spec.name] = MappedColumn(spec.name, index, _quoted(cells[index]))
    return columns


def missing(columns: dict[str, MappedColumn], contract: Contract) -> list[str]:
    """Chinese names of the required columns that are absent."""
    return [
        "或".join(contract.field(name).headers[0] for name in group)
        for group in contract.require
        if not any(name in columns for name in group)
    ]


def _reporter_line(row: Row) -> str | None:
    """The unit named by a 填报单位： line; the name may stand in the next cell."""
    # a merged line comes as the same text in every cell
    texts = list(dict.fromkeys(squeeze(cell) for cell in row.cells if not is_blank(cell)))
    for position, text in enumerate(texts):
        if match := _UNIT_LABEL.match(text):
            following = texts[position + 1] if position + 1 < len(texts) else ""
            return _AFTER_NAME.split(match.group(1) or following)[0] or None
    return None


def _is_label_line(filled: list[str]) -> bool:
    """True when every cell is a label with its value, or the value of an empty label before it: 填表人： | 张三."""
    waiting = False
    for text in map(squeeze, dict.fromkeys(filled)):
        match = _LABEL.fullmatch(text)
        if match is None and not waiting:
            return False
        waiting = match is not None and not match.group(1)
    return True


@cache
def _opening(kind: str, header_words: frozenset[str]) -> Callable[[str | None], bool]:
    @lru_cache(maxsize=100_000)
    def opens(cell: str | None) -> bool:
        if is_blank(cell):
            return True
        text = squeeze(cell)
        return bool(
            _NOTE.match(text)
            or _REMARK.match(text)
            or _LABEL.fullmatch(text)
            or header_key(cell) in header_words
        )

    return opens


def opens_other_line(contract: Contract) -> Callable[[str | None], bool]:
    """Whether a line that begins with this cell may be anything but a data row (a note, a label, a header again)."""
    return _opening(contract.kind, frozenset(header for spec in contract.fields for header in spec.headers))


@lru_cache(maxsize=100_000)
def is_total(cell: str | None) -> bool:
    """True for a cell that says 合计 or the like."""
    return cell is not None and squeeze(cell).rstrip(":") in _TOTALS


class _Table:
    """Tells the data rows under a header from the lines a table has around and between them."""

    def __init__(self, columns: dict[str, MappedColumn], contract: Contract):
        self.columns = columns
        # the fields that identify a row, the code first
        self.keys = [name for name in contract.require[0] if name in columns]
        self.header_words = {header for spec in contract.fields for header in spec.headers}
        self.key_columns = [columns[name].index for name in self.keys]
        self.opens = opens_other_line(contract)

    def rows(self, rows: list[Row]) -> tuple[list[Row], list[Row]]:
        """(data rows, label lines among and after them): blanks, totals, repeated headers, notes are left out."""
        data, labels = [], []
        for position, row in enumerate(rows):
            if row.broken or self._is_plain(row):
                data.append(row)
                continue
            filled = [cell for cell in row.cells if not is_blank(cell)]
            mapped = {
                name: row.cells[column.index]
                for name, column in self.columns.items()
                if column.index < len(row.cells) and not is_blank(row.cells[column.index])
            }
            if not filled:
                continue
            if self._ends(filled, mapped, rows, position):
                labels += rows[position + 1 :]
                break
            if _is_label_line(filled):
                labels.append(row)
            elif mapped and not self._is_total(filled, mapped) and not self._is_header(mapped):
                data.append(row)
        return data, labels

    def _is_plain(self, row: Row) -> bool:
        """True for a row whose first cell is its key and begins no line that is not data: the rest need not be asked."""
        cells = row.cells
        if not cells or 0 not in self.key_columns or self.opens(cells[0]):
            return False
        return not any(is_total(cells[index]) for index in self.key_columns if index < len(cells))

    def _ends(self, filled: list[str], mapped: dict[str, str], rows: list[Row], position: int) -> bool:
        """True for a 注： line. A row with a key of its own is data, whatever its first cell begins with."""
        first = filled[0]
        text = squeeze(first)
        if _NOTE.match(text):
            key = next((mapped[name] for name in self.keys if name in mapped), first)
            return key == first or _NOTE.fullmatch(text) is not None
        # a remark that is not called 注 ends the table only where nothing but single cells follows
        return (
            _REMARK.match(text) is not None
            and len(set(filled)) == 1
            and all(
                len({cell for cell in later.cells if not is_blank(cell)}) <= 1
                for later in rows[position + 1 :]
            )
        )

    def _is_total(self, filled: list[str], mapped: dict[str, str]) -> bool:
        words = [filled[0], *(mapped[name] for name in self.keys if name in mapped)]
        return any(is_total(word) for word in words)

    def _is_header(self, mapped: dict[str, str]) -> bool:
        """True for the header again (a new page), or the second line of a header over two lines."""
        own = all(header_key(cell) == header_key(self.columns[name].header) for name, cell in mapped.items())
        return own or (
            len(mapped) > 1 and all(header_key(cell) in self.header_words for cell in mapped.values())
        )


def map_sheet(sheet: Sheet, contract: Contract) -> tuple[MappedSheet | None, list[str], int]:
    """(mapped sheet or None, required columns it lacks, number of fields recognised)."""
    position = -1
    if sheet.header is not None:
        headers, columns = list(sheet.header), match_headers(sheet.header, contract)
    else:
        headers, columns = [], {}
        for index, row in enumerate(sheet.rows[:_HEADER_DEPTH]):
            if len(row.cells) <= len(columns):
                continue  # a header belongs to one field: this row cannot name more
            found = match_headers(row.cells, contract)
            if len(found) > len(columns):
                headers, columns, position = list(row.cells), found, index
    lacking = missing(columns, contract)
    if lacking:
        return None, lacking, len(columns)
    data, labels = _Table(columns, contract).rows(sheet.rows[position + 1 :])
    mapped = MappedSheet(sheet.name, columns, [_quoted(h) for h in headers], data, layout=sheet.layout)
    for row in [*sheet.rows[: max(position, 0)], *labels]:
        if (name := _reporter_line(row)) is not None:
            mapped.reporter_line = (row.number, name)
            break
    return mapped, [], len(columns)


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
