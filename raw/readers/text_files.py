"""csv, json and ndjson: bytes → text (BOM, strict UTF-8, GB18030) → sheets of text cells."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable

from raw.errors import Limits, Rejected
from raw.sheets import Row, Sheet, too_many_columns, too_many_rows
from raw.text import storable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ",\t;，"


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
    for encoding in candidates:
        try:
            return body.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Rejected(
        "F01", "文字编码无法识别（不是 UTF-8，也不是 GB18030）；请另存为“CSV UTF-8”或 .xlsx 后报送"
    )


def read_csv(text: str, limits: Limits) -> Sheet:
    """Cells of a csv; row numbers are lines of the file, a record over several lines has its first one."""
    csv.field_size_limit(limits.file_bytes)
    best: Sheet | None = None
    for delimiter in _DELIMITERS:
        sheet = _parse_csv(text, delimiter, limits)
        width = max((len(row.cells) for row in sheet.rows[:30]), default=0)
        if best is None or width > 1:
            best = sheet
        if width > 1:
            break
    return best


def _parse_csv(text: str, delimiter: str, limits: Limits) -> Sheet:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    line = 0
    try:
        for cells in reader:
            number, line = line + 1, reader.line_num
            if not any(cells):
                continue
            while cells and not cells[-1].strip():
                cells.pop()
            if len(cells) > limits.columns:
                raise too_many_columns(len(cells), limits)
            rows.append(Row(number, [storable(cell) if cell else None for cell in cells]))
            if len(rows) > limits.rows + limits.margin_rows:
                raise too_many_rows(len(rows), limits)
    except csv.Error as error:
        raise Rejected("F01", f"第 {line + 1} 行不是有效的 CSV（{error}）；请另存为 .xlsx 后报送") from error
    return Sheet(None, rows)


def _scalar(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return storable(value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
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
        if broken is not None:
            rows.append(Row(number, [_scalar(entry)], broken=broken))
            continue
        cells: list[str | None] = [None] * len(columns)
        for key, value in entry.items():
            name = storable(key)
            if name not in columns:
                columns[name] = len(columns)
                if len(columns) > limits.columns:
                    raise too_many_columns(len(columns), limits)
                cells.append(None)
            cells[columns[name]] = _scalar(value)
        rows.append(Row(number, cells))
    return Sheet(None, rows, header=list(columns))


def _load(text: str) -> object:
    # numbers stay the text the clerk's system wrote; NaN and Infinity become text and a finding later
    return json.loads(text, parse_float=_Literal, parse_int=_Literal, parse_constant=str)


class _Literal(str):
    """A number literal of the file, kept as text."""


def read_json(text: str, limits: Limits) -> Sheet:
    """An array of objects; positions from 1. A file of one object per line is read as ndjson."""
    try:
        document = _load(text)
    except RecursionError as error:
        raise Rejected("F13", "JSON 嵌套过深；应为对象数组") from error
    except ValueError as error:
        if text.lstrip().startswith("{"):
            return read_ndjson(text, limits)
        raise Rejected("F01", f"不是有效的 JSON（{error}）；请重新导出并报送") from error
    if not isinstance(document, list):
        raise Rejected("F01", "JSON 应为对象数组 [ {…}, {…} ]；请重新导出并报送")
    return _objects_to_sheet(((i, entry, None) for i, entry in enumerate(document, 1)), limits)


def read_ndjson(text: str, limits: Limits) -> Sheet:
    """One object per line; a line that is none is kept as a broken row of its own."""

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
