"""Rows nothing is to be said of, read column by column: most rows of most files, at a fraction of the cost.

Belongs here: telling which rows the row-by-row reading (``submissions``) would store as they are, without finding, repair
or quarantine, and their values. Does not belong here: any judgement of its own – what is not plain is not decided here. polars is imported by whoever reads:
commands that only look do not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from raw.contracts import Contract
from raw.mapping import MappedSheet
from raw.schema import polars_schema
from raw.text import ZERO_WIDTH, is_blank, tidy
from raw.values import (
    ANSWER_WORDS,
    FORMULA_ERRORS,
    PARSERS,
    answer_kind,
    is_formula_error,
    is_repaired,
    parse_code,
)

if TYPE_CHECKING:
    import polars as pl

_SPECIAL = object()
_LONGEST = 64  # longer texts hardly ever come twice
_SAID, _KEY = "said of", "code"  # beside the columns of a raw table
_HIDDEN = f"[{ZERO_WIDTH}]"


@dataclass
class PlainColumns:
    """Columns over some rows; what stands in them where ``special`` is true says nothing.

    ``keys``: the code of every row, null where it is not beyond doubt (those rows are special too). ``values``: the
    columns of the raw table that every field of the contract fills.
    """

    special: pl.Series
    keys: pl.Series
    values: pl.DataFrame


class _Memo(dict):
    """Text of a cell → what it means, worked out once; emptied when it grows beyond 100,000 texts."""

    def __init__(self, judge: Callable[[str | None], object]):
        super().__init__()
        self._judge = judge

    def __missing__(self, cell: str | None) -> object:
        value = self._judge(cell)
        if cell is None or len(cell) <= _LONGEST:
            if len(self) >= 100_000:
                self.clear()
            self[cell] = value
        return value


@cache
def _values(kind: str, may_answer: bool) -> _Memo:
    """Memo of the value of a field of this type, _SPECIAL where the reader has something to say of the cell.

    ``may_answer``: words like 不适用 are answers there, not unreadable cells.
    """

    def judge(raw: str | None) -> object:
        if is_blank(raw):
            return None
        if is_formula_error(raw):
            return _SPECIAL
        if kind == "code":
            return parse_code(raw)
        parsed = PARSERS[kind](raw)
        if parsed.rule_id and parsed.rule_id != "K05":
            answered = may_answer and answer_kind(raw, parsed.value) in ANSWER_WORDS
            return None if answered and parsed.value is None else _SPECIAL
        return _SPECIAL if parsed.value is not None and is_repaired(raw) else parsed.value

    return _Memo(judge)


@cache
def _answers(kind: str) -> _Memo:
    return _Memo(lambda raw: answer_kind(None if is_blank(raw) else raw, PARSERS[kind](raw).value))


@cache
def _written() -> _Memo:
    """Memo of the cell as stored in a raw column: None where blank."""
    return _Memo(lambda raw: None if is_blank(raw) else raw)


class _Keys:
    """Memo of the code a key cell is, beyond doubt; else _SPECIAL. One for the codes of the last file that was read."""

    def __init__(self) -> None:
        self._known: dict[str, str] | None = None
        self._memo = _Memo(self._judge)

    def of(self, known: dict[str, str]) -> _Memo:
        """The memo for these codes, which nobody changes (a worker keeps one set per programme)."""
        if self._known is not known:
            self._known, self._memo = known, _Memo(self._judge)
        return self._memo

    def _judge(self, raw: str | None) -> object:
        if is_blank(raw) or is_formula_error(raw) or is_repaired(raw):
            return _SPECIAL
        code = tidy(raw)
        if code not in self._known:
            code = parse_code(raw)
        return code if code in self._known else _SPECIAL


_keys = {"task": _Keys(), "indicator": _Keys()}


class _Judging:
    """Expressions over columns of cells for columns of values; every text is judged once, however many rows repeat it."""

    def __init__(self, cells: pl.DataFrame, judged: list[str]):
        import polars as pl

        # one pass for the texts of all columns; the values are a second one
        found = cells.select(pl.col(judged).unique().implode()) if judged else None
        self._texts = {name: found[name][0] for name in judged}
        self.values: dict[str, pl.Expr] = {}
        self.special: list[pl.Expr] = []

    def mapped(self, name: str, memo: _Memo, dtype: pl.DataType, into: str) -> None:
        """Column ``into``: what the memo says of every cell of field ``name``, null where that is _SPECIAL."""
        import polars as pl

        texts, column = self._texts[name], pl.col(name)
        judged = [memo[text] for text in texts.to_list()]
        if _SPECIAL in judged:
            special = texts.filter(pl.Series([value is _SPECIAL for value in judged]))
            self.special.append(column.is_in(special.implode(), nulls_equal=True))
            judged = [None if value is _SPECIAL else value for value in judged]
        values = pl.Series(judged, dtype=dtype)
        self.values[into] = column.replace_strict(texts, values, return_dtype=dtype)

    def texts(self, name: str, into: str) -> None:
        """Column ``into``: the texts of a field as stored, without outer blanks, null where nothing is left."""
        import polars as pl

        column = pl.col(name)
        stripped = column.str.strip_chars()
        self.values[into] = pl.when(stripped != "").then(stripped)
        # an error value is no text; invisible characters make a cell blank that has something in it: the reader decides
        self.special.append(column.str.starts_with("#") & stripped.is_in(sorted(FORMULA_ERRORS)))
        self.special.append(column.str.contains(_HIDDEN))


def judge(cells: pl.DataFrame, contract: Contract, known: dict[str, str]) -> PlainColumns:
    """The columns of rows whose keys are codes out of ``known``.

    ``cells``: one column per field that is there (String, null where missing), the key field among them.
    """
    import polars as pl

    schema = polars_schema(contract.table)
    there = [spec for spec in contract.fields if spec.name in cells.columns]
    judging = _Judging(cells, [spec.name for spec in there if spec.type != "text"])
    judging.mapped(contract.key_field.name, _keys[contract.entity].of(known), pl.String, _KEY)
    for spec in there:
        if spec.type == "text":
            judging.texts(spec.name, spec.column)
        else:
            memo = _values(spec.type, spec.answer_column is not None)
            judging.mapped(spec.name, memo, schema[spec.column], spec.column)
        if spec.raw_column:
            judging.mapped(spec.name, _written(), pl.String, spec.raw_column)
        if spec.answer_column:
            judging.mapped(spec.name, _answers(spec.type), pl.String, spec.answer_column)
    for spec in contract.fields:
        if spec.name not in cells.columns:
            absent = {spec.column: None, spec.raw_column: None, spec.answer_column: answer_kind(None, None)}
            for name, value in absent.items():
                if name is not None:
                    judging.values[name] = pl.repeat(value, pl.len(), dtype=schema[name])
    values = cells.select(
        pl.any_horizontal(pl.repeat(False, pl.len()), *judging.special).fill_null(False).alias(_SAID),
        *(expression.alias(name) for name, expression in judging.values.items()),
    )
    return PlainColumns(values[_SAID], values[_KEY], values.drop(_SAID, _KEY))


def plain_cells(sheet: MappedSheet, contract: Contract, known: dict[str, str]) -> PlainColumns | None:
    """``judge`` for the data rows of a sheet; None where it has no column of codes."""
    if contract.key_field.name not in sheet.columns:
        return None
    import polars as pl

    columns = list(zip_longest(*(row.cells for row in sheet.rows)))
    absent = (None,) * len(sheet.rows)
    cells = pl.DataFrame(
        {
            name: pl.Series(columns[column.index] if column.index < len(columns) else absent, dtype=pl.String)
            for name, column in sheet.columns.items()
        }
    )
    found = judge(cells, contract, known)
    layout = sheet.layout
    touched = {row for row, _ in layout.covered} | {row for row, _ in layout.uncalculated}
    own = [row.broken is not None or row.number in touched for row in sheet.rows]
    found.special |= pl.Series(own, dtype=pl.Boolean)
    return found
