"""csv, json and ndjson: bytes → text (BOM, strict UTF-8, GB18030) → sheets of text cells."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice

from raw.contracts import contracts
from raw.errors import Limits, Rejected
from raw.sheets import Row, Sheet, too_many_columns, too_many_rows
from raw.text import header_key, is_storable, storable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ",\t;，"
_PROBED_ROWS = 30
# stands alone on a last line of our own; where the last record is another one, a quotation mark is open
_END = "\ufffe\ufffeEND\ufffe\ufffe"


def decode(body: bytes) -> tuple[str, str]:
    """(text, encoding): by BOM, else strict UTF-8, else GB18030. Raises Rejected(F01) when none fits.

    The order is explainable to a clerk and was right for 800 of 800 test files (research/ux.md, section 5).
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            candidates = [encoding]
            break
    else:
        candidates = ["utf-8", "gb18030"]
        if b"\x00" in body and _is_wide(body):
            raise Rejected(
                "F01",
                "文字编码无法识别（疑为没有标记的 UTF-16 或 UTF-32）；请另存为“CSV UTF-8”或 .xlsx 后报送",
            )
    for encoding in candidates:
        try:
            return body.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Rejected(
        "F01", "文字编码无法识别（不是 UTF-8，也不是 GB18030）；请另存为“CSV UTF-8”或 .xlsx 后报送"
    )


def _is_wide(body: bytes) -> bool:
    """True for text in two or four bytes a character without a mark: a word of our own stands in it so written."""
    words = {
        header for contract in contracts().values() for spec in contract.fields for header in spec.headers
    }
    head = body[:65536]
    return any(
        word.encode(encoding) in head
        for word in [*words, "received_at"]
        if len(word) > 1
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
    )


def csv_records(text: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """(first line, cells) of every record of a csv, blank lines left out.

    Raises csv.Error for a quotation mark that is opened and never closed: the csv module would hand over the rest of
    the file as one cell, and its rows would vanish.
    """
    reader = csv.reader(chain(io.StringIO(text, newline=""), ("\n", _END)), delimiter=delimiter)
    line, waiting, cells = 0, None, []
    # one behind: only the last record is known to be the last
    for cells in reader:
        if waiting is not None:
            yield waiting
        filled = cells and (cells[0].strip() or "".join(cells).strip())
        waiting = (line + 1, cells) if filled else None
        line = reader.line_num
    if cells != [_END]:
        raise csv.Error(f"第 {waiting[0]} 行的引号没有成对")


@cache
def _known_headers() -> frozenset[str]:
    return frozenset(
        header for contract in contracts().values() for spec in contract.fields for header in spec.headers
    )


def _delimiter(text: str) -> str:
    """The separator under which some leading line holds the most headers of the contracts; the comma in doubt.

    Counting columns would not do: a summary holds more full-width commas than the table has columns. Where the first line
    is nothing but such headers under one separator, no other is asked.
    """
    known = _known_headers()

    def records(delimiter: str) -> Iterator[list[str]]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return (cells for cells in reader if any(cells))

    def headers_found(delimiter: str) -> int:
        head = islice(records(delimiter), _PROBED_ROWS)
        return max((sum(header_key(cell) in known for cell in cells) for cells in head), default=0)

    present = [delimiter for delimiter in _DELIMITERS if delimiter in text]
    for delimiter in present:
        first = next(records(delimiter), [])
        if len(first) > 1 and all(header_key(cell) in known for cell in first):
            return delimiter
    return max(present, key=headers_found, default=_DELIMITERS[0])


def read_csv(text: str, limits: Limits) -> Sheet:
    """Cells of a csv; row numbers are lines of the file, a record over several lines has its first one.

    Raises Rejected: F01 (broken quotation marks), F13 (over the limits).
    """
    csv.field_size_limit(max(limits.file_bytes, len(text)))
    rows: list[Row] = []
    # line ends are storable, and without them most files are printable through and through: asked of all cells at once
    clean = is_storable(text.replace("\r", "").replace("\n", ""))
    try:
        for number, cells in csv_records(text, _delimiter(text)):
            while not cells[-1].strip():
                cells.pop()
            if len(cells) > limits.columns:
                raise too_many_columns(len(cells), limits)
            rows.append(Row(number, [(cell if clean else storable(cell)) or None for cell in cells]))
            if len(rows) > limits.rows + limits.margin_rows:
                raise too_many_rows(len(rows), limits)
    except csv.Error as error:
        raise Rejected("F01", f"不是有效的 CSV（{error}）；请更正，或另存为 .xlsx 后报送") from error
    return Sheet(None, rows)


def _scalar(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return storable(value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Repeating):
        return storable(
            "{"
            + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_scalar(v)}" for k, v in value.pairs)
            + "}"
        )
    return storable(json.dumps(value, ensure_ascii=False))


def _objects_to_sheet(entries: Iterable[tuple[int, object, str | None]], limits: Limits) -> Sheet:
    """Rows of one-level objects: the header is the union of their keys in order of appearance."""
    columns: dict[str, int] = {}
    rows: list[Row] = []
    for number, entry, broken in entries:
        if len(rows) >= limits.rows:
            raise too_many_rows(len(rows) + 1, limits)
        if broken is None and not isinstance(entry, dict):
            broken = "不是对象（应为 {表头: 值} 的形式）"
        named: dict[str, object] = {}
        if broken is None:
            named = {storable(key): value for key, value in entry.items()}
            if isinstance(entry, _Repeating) or len(named) < len(entry):
                broken = "里同一个表头出现了两次，以哪个为准无从判断"
        if broken is not None:
            rows.append(Row(number, [_scalar(entry)], broken=broken))
            continue
        cells: list[str | None] = [None] * len(columns)
        for name, value in named.items():
            if name not in columns:
                columns[name] = len(columns)
                if len(columns) > limits.columns:
                    raise too_many_columns(len(columns), limits)
                cells.append(None)
            cells[columns[name]] = _scalar(value)
        rows.append(Row(number, cells))
    return Sheet(None, rows, header=list(columns))


class _Repeating(dict):
    """An object with a key written twice: which value was meant nobody knows. ``pairs`` are as written."""

    def __init__(self, pairs: list[tuple[str, object]]):
        super().__init__(pairs)
        self.pairs = pairs


def _object(pairs: list[tuple[str, object]]) -> dict:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Repeating(pairs)


def _load(text: str) -> object:
    # numbers stay the text the clerk's system wrote; NaN and Infinity become text and a finding later
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)


def read_json(text: str, limits: Limits) -> Sheet:
    """An array of objects; positions from 1. A file of one object per line is read as ndjson, one flat object as one row.

    Raises Rejected: F01 (broken, or another structure), F13 (over the limits, nested without end).
    """
    try:
        document = _load(text)
    except RecursionError as error:
        raise Rejected("F13", "JSON 嵌套过深；应为对象数组") from error
    except ValueError as error:
        if text.lstrip().startswith("{"):
            return read_ndjson(text, limits)
        raise Rejected("F01", f"不是有效的 JSON（{error}）；请重新导出并报送") from error
    if isinstance(document, dict) and not any(isinstance(v, dict | list) for v in document.values()):
        document = [document]
    if not isinstance(document, list):
        raise Rejected("F01", "JSON 应为对象数组 [ {…}, {…} ]；请重新导出并报送")
    return _objects_to_sheet(((i, entry, None) for i, entry in enumerate(document, 1)), limits)


def read_ndjson(text: str, limits: Limits) -> Sheet:
    """One object per line; a line that is none is kept as a broken row of its own. An array is read as json.

    Raises Rejected: F01 (no line is an object), F13 (over the limits).
    """
    if text.lstrip().startswith("["):
        return read_json(text, limits)

    def entries() -> Iterable[tuple[int, object, str | None]]:
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                yield number, _load(line), None
            except (ValueError, RecursionError):
                yield number, line.strip(), "不是有效的 JSON 对象"

    sheet = _objects_to_sheet(entries(), limits)
    if sheet.rows and all(row.broken for row in sheet.rows):
        raise Rejected("F01", "没有一行是有效的 JSON 对象；请重新导出并报送")
    return sheet
