"""A file as sheets of text cells: the common form between the format readers and the header mapping.

Belongs here: ``Sheet`` and ``Row``, telling a file's format by its content, dispatch to the reader. Does not belong
here: what the cells mean (``mapping``, ``values``).
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from raw.errors import Changed, Limits, Rejected

READABLE = ("csv", "xlsx", "xls", "json", "ndjson", "parquet")

_FOREIGN_MAGIC = (
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"II*\x00", "图片"),
    (b"%PDF", "PDF"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"{\\rtf", "RTF文档"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# characters kept of a sheet's name: every row repeats it (Excel allows 31)
TITLE = 100
SAVE_AS = "请在 WPS/Excel 中另存为 .xlsx 或 .csv 后重新报送"


@dataclass
class Row:
    """One row: ``number`` as the clerk sees it (Excel row, line of a csv, position in json), cells left to right."""

    number: int
    cells: list[str | None]
    # set where the reader could not take the row apart (a broken ndjson line): the row's own finding
    broken: str | None = None


@dataclass(frozen=True)
class Layout:
    """What a workbook's sheet says beside its values (rules F06, F07). Places: Excel row from 1, column from 0."""

    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    # cell filled from a merged range that began in a row above → that row
    covered: dict[tuple[int, int], int] = field(default_factory=dict)
    # formulas the file holds no result of: the cell reads as blank
    uncalculated: frozenset[tuple[int, int]] = frozenset()


@dataclass
class Sheet:
    """A sheet of text cells. ``header`` is set where the format itself names its columns (json, parquet)."""

    name: str | None
    rows: list[Row]
    header: list[str] | None = None
    layout: Layout = field(default_factory=Layout)


@dataclass
class Document:
    """What a reader returns: the sheets, and what the file turned out to be."""

    format: str
    sheets: list[Sheet]
    encoding: str | None = None


def file_format(body: bytes, path: Path) -> str:
    """Format by content and extension. Raises Rejected: F15 (a kind no reader can take), F01 (empty or damaged)."""
    extension = path.suffix.lower().lstrip(".")
    if extension not in READABLE:
        raise Rejected("F15", f"不支持 .{extension or '（无扩展名）'} 文件；{SAVE_AS}")
    if not body:
        raise Rejected("F01", "文件为空（0 字节）；请重新导出并报送")
    head = body[:16]
    for magic, what in _FOREIGN_MAGIC:
        if head.startswith(magic) and not (magic == b"BM" and extension == "csv"):
            raise Rejected("F15", f"文件是{what}，不是表格；{SAVE_AS}")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx"
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in body:
            raise Rejected("F15", f"工作簿设有打开密码，无法读取；请取消密码，{SAVE_AS}")
        # a workbook may hold a Word object; a Word file holds no workbook stream
        if "WordDocument".encode("utf-16-le") in body and "Workbook".encode("utf-16-le") not in body:
            raise Rejected("F15", f"文件是 Word 文档；{SAVE_AS}")
        return "xls"
    if head.startswith(b"PAR1"):
        return "parquet"
    if extension in ("xlsx", "xls", "parquet"):
        if body[:512].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            raise Rejected("F15", f"文件是网页或 XML，只是改了扩展名；{SAVE_AS}")
        raise Rejected("F01", f"文件内容不是 .{extension} 格式，可能已损坏；请重新导出并报送")
    return extension


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that stands in its place by now holds nobody."""
    return os.open(path, flags | os.O_NONBLOCK)


def read_body(path: Path, limits: Limits, sha256: str | None = None) -> bytes:
    """The bytes of a file; with ``sha256`` only those of that digest.

    Raises:
        Changed: the file holds other bytes than ``sha256``.
        Rejected: F13 (over the limit).
    """
    with open(path, "rb", opener=_without_waiting) as stream:
        size = os.fstat(stream.fileno()).st_size
        # before any verdict: what is said of other bytes must not stick to the receipt
        if size > limits.file_bytes:
            if sha256 is not None and hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                raise Changed
            raise too_large(size, limits)
        body = stream.read(limits.file_bytes)
    if sha256 is not None and hashlib.sha256(body).hexdigest() != sha256:
        raise Changed
    return body


def read_document(path: Path, limits: Limits, sha256: str | None = None) -> Document:
    """Read one file of any accepted format; with ``sha256`` only the bytes of that digest.

    Raises:
        Changed: the file holds other bytes than ``sha256``.
        Rejected: F01 (empty or damaged), F13 (over the limits), F15 (a kind that cannot be read).
    """
    body = read_body(path, limits, sha256)
    found = file_format(body, path)
    # imported here: a worker that reads csv need not load the workbook libraries
    if found == "xlsx":
        from raw.readers.xlsx import read_xlsx

        return Document("xlsx", read_xlsx(body, limits))
    if found == "xls":
        from raw.readers.xls import read_xls

        return Document("xls", read_xls(body, limits))
    if found == "parquet":
        from raw.readers.parquet import read_parquet

        return Document("parquet", [read_parquet(body, limits)])
    from raw.readers.text_files import decode, read_csv, read_json, read_ndjson

    text, encoding = decode(body)
    reader = {"csv": read_csv, "json": read_json, "ndjson": read_ndjson}[found]
    return Document(found, [reader(text, limits)], encoding)


def too_large(size: int, limits: Limits) -> Rejected:
    """The F13 rejection for a file of ``size`` bytes."""
    return Rejected(
        "F13", f"文件大小 {size / 1048576:.1f} MB，超过 {limits.file_bytes / 1048576:.0f} MB；请拆分后报送"
    )


def too_many_rows(count: int, limits: Limits) -> Rejected:
    """The F13 rejection for a table of ``count`` rows."""
    return Rejected("F13", f"数据行数 {count} 超过 {limits.rows}；请删除空行或拆分后报送")


def too_many_columns(count: int, limits: Limits) -> Rejected:
    """The F13 rejection for a table of ``count`` columns."""
    return Rejected("F13", f"列数 {count} 超过 {limits.columns}；请删除表格右侧多余的列后报送")


def characters_of(sheets: Iterable[Sheet]) -> int:
    """Characters of all cells; a text that stands in many cells counts every time."""
    return sum(len(cell or "") for sheet in sheets for row in sheet.rows for cell in row.cells)


def check_characters(count: int, limits: Limits) -> None:
    """Raise the F13 rejection for cells that together hold more text than the limits allow."""
    if count > limits.characters:
        raise Rejected("F13", f"文字超过 {limits.characters} 个字符；请精简或拆分后报送")


def check_cell(row_number: int, column_number: int, limits: Limits) -> None:
    """Raise the F13 rejection for a value far outside a table's limits (row and column from 1)."""
    if row_number > limits.rows + limits.margin_rows:
        raise Rejected(
            "F13", f"第 {row_number} 行还有内容，超过 {limits.rows} 行；请删除表格以外的内容后报送"
        )
    if column_number > limits.columns:
        raise Rejected(
            "F13", f"第 {column_number} 列还有内容，超过 {limits.columns} 列；请删除表格以外的内容后报送"
        )


def fill_merged(
    rows: dict[int, list[str | None]], merged: Iterable[tuple[int, int, int, int]], limits: Limits
) -> dict[tuple[int, int], int]:
    """Fill merged ranges inside themselves; returns the cells filled from a row above (``Layout.covered``).

    ``rows``: row number → cells, changed in place. ``merged``: first row, last row, first column, last column, rows
    as in ``rows``, columns from 0, all inclusive. Only rows with a cell of their own are filled: a table line two
    Excel rows high is one row, not the same row twice. A blank origin fills nothing, but its cells count as covered.
    Raises Rejected(F13) for ranges that cover more cells than any table has.
    """
    covered: dict[tuple[int, int], int] = {}
    own = sorted(rows)
    width = max(map(len, rows.values()), default=0)
    filled = 0
    for first_row, last_row, first_column, last_column in merged:
        origin = rows.get(first_row, [])
        value = origin[first_column] if len(origin) > first_column else None
        inside = own[bisect_left(own, first_row) : bisect_right(own, last_row)]
        filled += 1 + len(inside) * max(min(last_column + 1, width) - first_column, 0)
        if filled > limits.merged_cells:
            raise Rejected("F13", f"合并的单元格超过 {limits.merged_cells} 个；请取消合并后报送")
        for row in inside:
            texts = rows[row]
            for column in range(first_column, min(last_column + 1, width)):
                if row > first_row:
                    covered[row, column] = first_row
                if value is not None:
                    texts.extend([None] * (column + 1 - len(texts)))
                    texts[column] = value
    return covered
