"""Plain files of a parcel read together: their rows as columns of one frame, several times as fast as file by file.

Belongs here: which files are that plain – csv without a quotation mark and parquet of texts, under headers of the contract, the
code in front – and how their columns come under one roof. Does not belong here: what a cell means (``plain``), what is said of
a row (``submissions``: a row something is to be said of is read there, by itself). A file that is not plain in every respect
is left to ``submissions.read_submission``, which would give the same for all of them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from raw.contracts import contracts
from raw.errors import Changed, Limits, Rejected
from raw.mapping import MappedColumn, MappedSheet, is_total, match_headers, missing, opens_other_line
from raw.plain import PlainColumns, judge
from raw.schema import SUBMISSION_TABLES, polars_schema
from raw.sheets import Row, file_format, read_body
from raw.submissions import KEY_COLUMN, Codes, Reading, SubmissionFile, SubmissionResult
from raw.text import is_storable

if TYPE_CHECKING:
    import pyarrow as pa

_CODED = ("task", "indicator")  # entities whose keys are codes of the registry


@dataclass(frozen=True)
class _Opened:
    """A file that may be plain: its cells by position, all texts, and the row number of the first row."""

    file: SubmissionFile
    format: str
    encoding: str | None
    headers: tuple[str, ...]
    first: int
    rows: int
    text: str = ""  # csv: its lines under the header
    table: pa.Table | None = None  # parquet


def read_together(
    files: Iterable[SubmissionFile], codes: dict[str, Codes], limits: Limits
) -> tuple[dict[str, SubmissionResult], list[tuple[str, pl.DataFrame]]]:
    """Those of the files that are plain: (receipt_id → result without columns, [(raw table, its rows)]).

    ``codes`` by programme. Nothing is raised for a file; what cannot be opened or read is left to the other reader.
    """
    groups: dict[tuple, list[_Opened]] = {}
    for file in files:
        opened = _open(file, limits)
        if opened is not None:
            key = (file.programme_id, file.kind, opened.format, opened.headers)
            groups.setdefault(key, []).append(opened)
    results: dict[str, SubmissionResult] = {}
    frames = []
    for (programme_id, kind, _, _), group in groups.items():
        for some, cells in _cells(group):
            found, frame = _Group(some, cells, codes[programme_id]).read()
            results |= found
            frames.append((contracts()[kind].table, frame))
    return results, frames


def _open(file: SubmissionFile, limits: Limits) -> _Opened | None:
    """The file with its cells in reach, None where it is not plain."""
    if contracts()[file.kind].entity not in _CODED:
        return None
    try:
        body = read_body(file.absolute, limits, file.sha256)
        found = file_format(body, file.absolute)
        opened = {"csv": _open_csv, "parquet": _open_parquet}.get(found, lambda *_: None)(file, body, limits)
    except (Changed, Rejected, OSError):
        return None
    if opened is None or not 0 < opened.rows <= limits.rows or len(opened.headers) > limits.columns:
        return None
    return opened if _columns(opened.headers, file.kind) else None


def _open_csv(file: SubmissionFile, body: bytes, limits: Limits) -> _Opened | None:
    from raw.readers.text_files import decode

    text, encoding = decode(body)
    text = text.replace("\r\n", "\n")
    head, _, lines = text.partition("\n")
    lines = lines.rstrip("\n")
    # a record is a line, and a line is a record
    if '"' in text or "\r" in text or "\n\n" in lines or not lines or not is_storable(text.replace("\n", "")):
        return None
    return _Opened(file, "csv", encoding, tuple(head.split(",")), 2, lines.count("\n") + 1, text=lines)


def _open_parquet(file: SubmissionFile, body: bytes, limits: Limits) -> _Opened | None:
    from raw.readers.parquet import read_texts

    table = read_texts(body, limits)
    if table is None:
        return None
    return _Opened(file, "parquet", None, tuple(table.column_names), 1, table.num_rows, table=table)


@lru_cache(maxsize=1000)
def _columns(headers: tuple[str, ...], kind: str) -> dict[str, MappedColumn] | None:
    """Field → column where the headers are headers of the contract and nothing else, the code first; else None."""
    contract = contracts()[kind]
    columns = match_headers(list(headers), contract)
    if len(headers) < 2 or len(columns) != len(headers) or missing(columns, contract):
        return None
    own = columns.get(contract.key_field.name)
    return columns if own is not None and own.index == 0 else None


def _cells(group: list[_Opened]) -> Iterable[tuple[list[_Opened], pl.DataFrame]]:
    """Cells of files under the same headers, one column per position; files whose lines are no records are left out."""
    if group[0].table is not None:
        import pyarrow as pa

        yield group, pl.from_arrow(pa.concat_tables(opened.table for opened in group))
        return
    names = ",".join(str(n) for n in range(len(group[0].headers)))
    body = "\n".join([names, *(opened.text for opened in group)]).encode()
    try:
        cells = pl.read_csv(io.BytesIO(body), quote_char=None, infer_schema=False)
    except pl.exceptions.ComputeError:  # a line with more cells than there are headers
        if len(group) > 1:
            for opened in group:
                yield from _cells([opened])
        return
    if cells.height != sum(opened.rows for opened in group):
        raise AssertionError(f"{cells.height} records in lines counted otherwise: {group[0].file.path} …")
    yield group, cells


class _Group:
    """Files of one kind under the same headers, and their cells."""

    def __init__(self, group: list[_Opened], cells: pl.DataFrame, codes: Codes):
        self.group, self.codes = group, codes
        self.contract = contracts()[group[0].file.kind]
        self.columns = _columns(group[0].headers, self.contract.kind)
        # headers and columns correspond one to one
        self.cells = cells.rename(
            {cells.columns[column.index]: name for name, column in self.columns.items()}
        )
        of = pl.Series([n for n, opened in enumerate(group) for _ in range(opened.rows)], dtype=pl.Int32)
        self.place = pl.DataFrame({"file": of}).with_columns(
            number=pl.int_range(pl.len()).over("file") + group[0].first
        )

    def read(self) -> tuple[dict[str, SubmissionResult], pl.DataFrame]:
        known = self.codes.tasks if self.contract.entity == "task" else self.codes.indicators
        found = judge(self.cells, self.contract, known)
        left = self._left_to_others(found)
        readings = {
            n: Reading(o.file, self.contract, self.codes) for n, o in enumerate(self.group) if n not in left
        }
        theirs = self.place["file"].is_in(sorted(left))
        said = found.special & ~theirs
        self._read_rows(said, readings)
        frame = self._frame(found, said, readings)
        for n, reading in readings.items():
            self._finish(n, reading)
        return (
            {reading.file.receipt_id: reading.result for reading in readings.values()},
            frame.filter(~theirs),
        )

    def _left_to_others(self, found: PlainColumns) -> set[int]:
        """Numbers of the files with a line that may be no row, or with a key that is not beyond doubt or comes twice."""
        named = [name for name in self.contract.require[0] if name in self.columns]
        opens = opens_other_line(self.contract)
        doubtful = found.keys.is_null() | _any_of(self.cells[named[0]], opens)
        for name in named:
            doubtful |= _any_of(self.cells[name], is_total)
        left = set(self.place["file"].filter(doubtful))
        keys = self.place.select("file", key=found.keys)
        if keys.n_unique() < keys.height:
            left |= set(keys.filter(keys.is_duplicated())["file"])
        return left

    def _finish(self, n: int, reading: Reading) -> None:
        """What is said of one file beside its rows."""
        opened, result, sheet = self.group[n], reading.result, self._sheet()
        if result.quarantine:
            raise AssertionError(f"a row under a plain key of {opened.file.path} was not stored")
        result.columns, result.rows_read = {}, opened.rows
        result.format, result.encoding = opened.format, opened.encoding
        reading.trace(sheet)
        if "reported_by" in self.columns:
            own = self.place["file"] == n
            cells = (self.place["number"].filter(own), self.cells["reported_by"].filter(own))
            reading.check_sender(sheet, zip(*cells, strict=True))

    def _sheet(self) -> MappedSheet:
        return MappedSheet(None, self.columns, list(self.group[0].headers), [])

    def _read_rows(self, said: pl.Series, readings: dict[int, Reading]) -> None:
        """The rows something is to be said of, each by itself."""
        sheet = self._sheet()
        for (n, number), cells in zip(
            self.place.filter(said).iter_rows(), self.cells.filter(said).iter_rows(), strict=True
        ):
            readings[n].row(sheet, Row(number, list(cells)))

    def _frame(self, found: PlainColumns, said: pl.Series, readings: dict[int, Reading]) -> pl.DataFrame:
        """All rows as the raw table has them: those read by themselves in their places."""
        schema = polars_schema(self.contract.table)
        values = found.values.with_columns(
            found.keys.alias(KEY_COLUMN[self.contract.entity]), self.place["number"].alias("row_number")
        )
        at = said.arg_true()
        columns = []
        for name in SUBMISSION_TABLES[self.contract.table]:
            if name in values.columns:
                column = values[name]
                own = [value for reading in readings.values() for value in reading.result.columns[name]]
                if own:
                    column = column.scatter(at, pl.Series(own, dtype=schema[name]))
            elif name == "sheet":
                column = pl.Series([None], dtype=schema[name]).new_from_index(0, self.place.height)
            else:
                column = pl.Series([getattr(o.file, name) for o in self.group]).gather(self.place["file"])
            columns.append(column.cast(schema[name]).alias(name))
        return pl.DataFrame(columns)


def _any_of(cells: pl.Series, test) -> pl.Series:
    """True for the cells whose text the test is true of; every text is asked once."""
    texts = cells.unique()
    chosen = texts.filter(pl.Series([test(text) for text in texts.to_list()], dtype=pl.Boolean))
    return cells.is_in(chosen.implode(), nulls_equal=True)
