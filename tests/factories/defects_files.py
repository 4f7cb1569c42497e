"""Files of the defects tree: rows with an identity, written in every format, each cell's place remembered.

Belongs here: how a table of rows becomes the bytes of a csv, workbook, json or parquet file, and where every row stood
when it was written. Does not belong here: what the rows say (``defects_clean``), what is wrong with them
(``defects_planted``). The writers are not those of ``trees``: a mistake needs several sheets, merged keys, hidden columns,
error values and lines between the rows, and its place must come from the hand that wrote it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars
import xlwt
from openpyxl.utils import get_column_letter

from tests.factories.trees import Percent


class Row(dict):
    """Cells by field. ``key`` is the code the row is about, whatever its key cell says; ``sheet`` and ``number`` are set
    when the file is written.
    """

    def __init__(self, cells: dict, key: str | None = None, sheet: str | None = None):
        super().__init__(cells)
        self.key = key
        self.on_sheet = sheet  # None: the file's first sheet
        self.sheet: str | None = None
        self.number: int | None = None

    def again(self, **changes: Any) -> Row:
        """A further row with the same cells."""
        return Row(self | changes, self.key, self.on_sheet)


@dataclass(frozen=True)
class Formula:
    """A formula without a stored result (a workbook a program wrote); only in .xlsx."""

    text: str


class File:
    """One submission under construction. ``rows`` may hold plain lists: lines between the data (totals, headers)."""

    def __init__(
        self, programme: str, period: str, reporter: str, kind: str, suffix: str, header: list, rows: list
    ):
        self.programme, self.period, self.reporter = programme, period, reporter
        self.kind, self.name, self.suffix = kind, kind, suffix
        self.header: list[tuple[str, str]] = list(header)
        self.rows: list[Row | list] = list(rows)
        self.folder: str | None = None  # set for a file in a wrong place
        self.above: list[list] = []
        self.below: list[list] = []
        self.encoding, self.line_end, self.delimiter = "utf-8", "\r\n", ","
        self.sheet = "Sheet1"
        self.cover: list[tuple[str, list[list]]] = []  # sheets before the table's
        self.merged: list[tuple[Row, Row, str]] = []
        self.hidden_rows: list[Row] = []
        self.hidden_fields: list[str] = []
        self.hidden_sheets: list[str] = []
        self.content: bytes | None = None  # instead of the table
        self.copy_of: File | None = None  # the same bytes as another file
        self.spoil: Callable[[bytes], bytes] | None = None
        self.received_at: str | None = None
        self.registered = True
        self.modified_at: datetime | None = None
        self.missing = False  # a line in receipts.csv without its file

    @property
    def path(self) -> str:
        """Path relative to the raw tree."""
        folder = self.folder or f"submissions/{self.programme}/{self.period}/{self.reporter}"
        return f"{folder}/{self.name}{self.suffix}"

    @property
    def data(self) -> list[Row]:
        """The data rows in order."""
        return [row for row in self.rows if isinstance(row, Row)]

    def find(self, key: str) -> Row:
        """The row about ``key``; StopIteration without one."""
        return next(row for row in self.data if row.key == key)

    def has(self, key: str) -> bool:
        """Whether a row is about ``key``."""
        return any(row.key == key for row in self.data)

    def drop(self, key: str) -> Row:
        """Take the row about ``key`` out; returns it."""
        row = self.find(key)
        self.rows = [other for other in self.rows if other is not row]
        return row

    def put_after(self, row: Row, *lines: Row | list) -> None:
        """Insert lines under a row."""
        at = next(i for i, other in enumerate(self.rows) if other is row)
        self.rows[at + 1 : at + 1] = lines

    def header_of(self, name: str) -> str:
        """The header as written over a field."""
        return dict(self.header)[name]

    def column_of(self, name: str) -> int:
        """Position of a field's column from 0."""
        return [field_ for field_, _ in self.header].index(name)

    def raw(self, cell: Any) -> str | None:
        """A cell as a person sees it in this file."""
        if cell is None or cell == "":
            return None
        if isinstance(cell, Percent):
            return f"{cell.fraction * 100:.10g}%"
        if isinstance(cell, date):
            return cell.isoformat()
        if isinstance(cell, float) and self.suffix not in (".json", ".ndjson"):
            return format(cell, ".15g")
        return str(cell)

    def write(self, root: Path) -> None:
        """Write the file below ``root`` and note every row's place."""
        if self.missing:
            return
        target = root / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((self.copy_of or self).bytes())

    def bytes(self) -> bytes:
        """The file's content; notes every row's place."""
        content = self.content
        if content is None:
            content = {
                ".csv": self._csv, ".xlsx": self._xlsx, ".xls": self._xls, ".json": self._json,
                ".ndjson": self._ndjson, ".parquet": self._parquet,
            }[self.suffix]()  # fmt: skip
        return self.spoil(content) if self.spoil else content

    def _cells(self, line: Row | list) -> list:
        return [line.get(name) for name, _ in self.header] if isinstance(line, Row) else list(line)

    def _lines(self, sheet: str | None = None) -> list[Row | list]:
        """All lines of one sheet (None: of a file without sheets), from the first."""
        header = [text for _, text in self.header]
        if sheet is None or sheet == self.sheet:
            mine = [r for r in self.rows if not isinstance(r, Row) or r.on_sheet in (None, sheet)]
            return [*self.above, header, *mine, *self.below]
        return [header, *[r for r in self.rows if isinstance(r, Row) and r.on_sheet == sheet]]

    def _csv(self) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.line_end)
        for line in self._lines():
            if isinstance(line, Row):
                line.number = text.getvalue().count("\n") + 1
            writer.writerow([self._text(cell) for cell in self._cells(line)])
        return text.getvalue().encode(self.encoding)

    def _text(self, cell: Any) -> str:
        return self.raw(cell) or ""

    def _sheets(self) -> list[str]:
        more = [r.on_sheet for r in self.data if r.on_sheet]
        return list(dict.fromkeys([self.sheet, *more]))

    def _xlsx(self) -> bytes:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, lines in self.cover:
            page = book.create_sheet(name)
            for line in lines:
                page.append(line)
        for name in self._sheets():
            page = book.create_sheet(name)
            for number, line in enumerate(self._lines(name), 1):
                if isinstance(line, Row):
                    line.sheet, line.number = name, number
                for column, cell in enumerate(self._cells(line), 1):
                    if cell is None or cell == "":
                        continue
                    place = page.cell(number, column)
                    if isinstance(cell, Percent):
                        place.value, place.number_format = cell.fraction, "0%"
                    else:
                        place.value = cell.text if isinstance(cell, Formula) else cell
        for first, last, name in self.merged:
            letter = get_column_letter(self.column_of(name) + 1)
            book[first.sheet].merge_cells(f"{letter}{first.number}:{letter}{last.number}")
        for row in self.hidden_rows:
            book[row.sheet].row_dimensions[row.number].hidden = True
        for name in self.hidden_fields:
            letter = get_column_letter(self.column_of(name) + 1)
            book[self.sheet].column_dimensions[letter].hidden = True
        for name in self.hidden_sheets:
            book[name].sheet_state = "hidden"
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def _xls(self) -> bytes:
        book = xlwt.Workbook(encoding="utf-8")
        for name, lines in self.cover:
            page = book.add_sheet(name)
            for at, line in enumerate(lines):
                for column, cell in enumerate(line):
                    page.write(at, column, cell)
        day, percent = xlwt.easyxf(num_format_str="yyyy-mm-dd"), xlwt.easyxf(num_format_str="0%")
        for name in self._sheets():
            page = book.add_sheet(name)
            lines = self._lines(name)
            for at, line in enumerate(lines):
                if isinstance(line, Row):
                    line.sheet, line.number = name, at + 1
            covered = set()
            for first, last, merged_field in self.merged:
                column = self.column_of(merged_field)
                page.write_merge(
                    first.number - 1, last.number - 1, column, column, self._text(first[merged_field])
                )
                covered |= {(at, column) for at in range(first.number - 1, last.number)}
            for at, line in enumerate(lines):
                for column, cell in enumerate(self._cells(line)):
                    if cell is None or cell == "" or (at, column) in covered:
                        continue
                    if isinstance(cell, Percent):
                        page.write(at, column, cell.fraction, percent)
                    elif isinstance(cell, date):
                        page.write(at, column, cell, day)
                    else:
                        page.write(at, column, cell)
            for row in self.hidden_rows:
                if row.sheet == name:
                    page.row(row.number - 1).hidden = True
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def _objects(self) -> list[dict]:
        objects = []
        for number, row in enumerate(self.data, 1):
            row.number = number
            objects.append(
                {
                    text: cell if isinstance(cell, int | float | str) else self._text(cell)
                    for (name, text) in self.header
                    if (cell := row.get(name)) is not None
                }
            )
        return objects

    def _json(self) -> bytes:
        return (json.dumps(self._objects(), ensure_ascii=False, indent=1) + "\n").encode()

    def _ndjson(self) -> bytes:
        objects = iter(self._objects())
        lines = []
        for number, line in enumerate(self.rows, 1):
            if isinstance(line, Row):
                line.number = number
                lines.append(json.dumps(next(objects), ensure_ascii=False))
            else:
                lines.append(line[0])
        return ("\n".join(lines) + "\n").encode()

    def _parquet(self) -> bytes:
        columns = {}
        for name, text in self.header:
            cells = [row.get(name) for row in self.data]
            given = [cell for cell in cells if cell is not None]
            if given and all(isinstance(cell, int | float) for cell in given):
                columns[text] = polars.Series(cells, dtype=polars.Float64, strict=False)
            elif given and all(isinstance(cell, date) for cell in given):
                columns[text] = polars.Series(cells, dtype=polars.Date)
            else:
                columns[text] = polars.Series([self.raw(cell) for cell in cells], dtype=polars.String)
        for number, row in enumerate(self.data, 1):
            row.number = number
        stream = io.BytesIO()
        polars.DataFrame(columns).write_parquet(stream)
        return stream.getvalue()


@dataclass(frozen=True)
class Expectation:
    """One finding that must stand in the warehouse, at this place. ``origin`` is 'planted', or 'consequence' for what a
    planted mistake brings with it. ``quarantined``: a row of ops.quarantine stands for it too. ``confirmed``: it is in
    quality.confirmed_flags instead of quality.flags.
    """

    rule_id: str
    programme_id: str | None
    period: str | None
    reporter_id: str | None
    entity_type: str
    entity_id: str
    path: str | None
    sheet: str | None
    row_number: int | None
    column_name: str | None
    raw_value: str | None
    note: str
    origin: str = "planted"
    quarantined: bool = False
    confirmed: bool = False

    @property
    def place(self) -> tuple:
        """What is compared with a flag."""
        return (
            self.rule_id, self.programme_id, self.period, self.reporter_id, self.entity_type, self.entity_id, self.path,
            self.sheet, self.row_number, self.column_name, self.raw_value,
        )  # fmt: skip


ANY = "*"  # raw_value of a finding whose number comes out of a simulation


@dataclass
class Planned:
    """An expectation before its file is written: the place is that of ``row`` in ``file``."""

    rule_id: str
    note: str
    file: File | None
    row: Row | None
    options: dict = field(default_factory=dict)

    def settle(self, period: str | None = None) -> Expectation:
        """The expectation, once the rows know where they stand."""
        options, file, row = dict(self.options), self.file, self.row
        name = options.pop("field", None)
        if "line_of" in options:
            # a line of a registry table: its number once nothing is inserted or taken out any more
            table, line = options.pop("line_of")
            options["row_number"] = next(n for n, other in enumerate(table(), 2) if other is line)
        values: dict[str, Any] = {
            "programme_id": file and file.programme, "period": file and file.period, "reporter_id": file and file.reporter,
            "entity_type": "file", "entity_id": file and file.path, "path": file and file.path,
            "sheet": None, "row_number": None, "column_name": None, "raw_value": None,
        }  # fmt: skip
        if row is not None:
            kind = {"progress": "task", "indicators": "indicator"}.get(file.kind)
            if kind and row.key is not None:
                values |= {"entity_type": kind, "entity_id": row.key}
            values |= {"sheet": row.sheet, "row_number": row.number}
            if name:
                values |= {"column_name": file.header_of(name), "raw_value": file.raw(row.get(name))}
        return Expectation(rule_id=self.rule_id, note=self.note, **(values | options))
