"""Rows nothing is to be said of, read column by column: most rows of most files, at a fraction of the cost.

Belongs here: telling which rows the row-by-row reading (``submissions``) would store as they are, without finding, repair
or quarantine, and their values. Does not belong here: any judgement of its own – what is not plain is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest

from raw.contracts import Contract, Field
from raw.mapping import MappedSheet
from raw.text import is_blank, tidy
from raw.values import ANSWER_WORDS, PARSERS, answer_kind, is_formula_error, is_repaired, parse_code

_SPECIAL = object()
_LONGEST = 64  # longer texts hardly ever come twice


@dataclass
class PlainCells:
    """Columns over the data rows of a sheet; what stands at the rows in ``special`` (positions, ascending) says nothing."""

    special: list[int]
    keys: list[str]
    values: dict[str, list] = field(default_factory=dict)  # column of the raw table → value per row
    blank: dict[str, object] = field(default_factory=dict)  # the same where the sheet has no such column


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
        if kind == "text":
            return raw.strip()
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


def plain_cells(sheet: MappedSheet, contract: Contract, known: dict[str, str]) -> PlainCells | None:
    """The columns of a sheet whose rows carry codes out of ``known``; None where the sheet has no column of codes."""
    own = sheet.columns.get(contract.key_field.name)
    if own is None:
        return None
    columns = list(zip_longest(*(row.cells for row in sheet.rows)))

    def cells(name: str) -> tuple[str | None, ...] | None:
        column = sheet.columns.get(name)
        if column is None:
            return None
        return columns[column.index] if column.index < len(columns) else (None,) * len(sheet.rows)

    coded = _keys[contract.entity].of(known)
    keys = [coded[raw] for raw in cells(own.field)]
    layout = sheet.layout
    touched = {row for row, _ in layout.covered} | {row for row, _ in layout.uncalculated}
    special = {n for n, row in enumerate(sheet.rows) if row.broken or row.number in touched}
    special |= _places(keys)
    found = PlainCells([], keys)
    for spec in contract.fields:
        raw = cells(spec.name)
        if raw is None:
            found.blank |= _absent(spec)
            continue
        values = _values(spec.type, spec.answer_column is not None)
        found.values[spec.column] = taken = [values[cell] for cell in raw]
        special |= _places(taken)
        if spec.raw_column:
            written = _written()
            found.values[spec.raw_column] = [written[cell] for cell in raw]
        if spec.answer_column:
            answers = _answers(spec.type)
            found.values[spec.answer_column] = [answers[cell] for cell in raw]
    found.special = sorted(special)
    return found


def _places(values: list) -> set[int]:
    return {n for n, value in enumerate(values) if value is _SPECIAL} if _SPECIAL in values else set()


def _absent(spec: Field) -> dict[str, object]:
    """What a row stores for a field its sheet has no column of."""
    stored: dict[str, object] = {spec.column: None}
    if spec.raw_column:
        stored[spec.raw_column] = None
    if spec.answer_column:
        stored[spec.answer_column] = answer_kind(None, None)
    return stored
