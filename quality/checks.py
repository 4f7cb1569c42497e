"""The vocabulary of the suites: one expectation with its rule, and the frame it looks at.

Belongs here: the two dataclasses and small helpers for messages. Does not belong here: rules (``suites/``), running them
(``runner``). Imports neither Great Expectations nor pandas: an expectation is a function of the module that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

STATUSES = ("not_started", "in_progress", "completed", "ongoing", "cancelled")
PERIOD_FORMAT = r"^[0-9]{4}Q[1-4]$"
FIRST_YEAR, LAST_YEAR = 2000, 2100
# what makes a cell non-blank: anything but separators, controls and format characters
INK = r"[^\s\p{Z}\p{C}]"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One expectation over a frame.

    ``make`` gets the module ``great_expectations.expectations`` and returns the expectation; ``columns`` are the columns of
    the frame it reads. With ``rule_id`` every failing row becomes a finding at the cell of contract field ``field``
    (``label`` where the file has no such header), its text taken from column ``raw``. Without ``rule_id`` it is an
    expectation on our own tables: a failing ``invariant`` is our bug and stops the run, any other is only recorded.
    """

    make: Callable[[ModuleType], Any]
    columns: tuple[str, ...]
    description: str
    rule_id: str | None = None
    field: str | None = None
    label: str | None = None
    raw: str | None = None
    message: Callable[[Row, str], str] | None = (
        None  # (row of the prepared table, header) → complete Chinese text
    )
    quarantines: bool = False
    invariant: bool = True

    def __post_init__(self) -> None:
        if self.rule_id and not (self.field and self.label and self.raw and self.message):
            raise ValueError(f"check of rule {self.rule_id} lacks field, label, raw or message")


@dataclass(frozen=True)
class Suite:
    """Expectations over one prepared frame.

    ``prepared`` is a query over raw.* (constant text) with a column ``row_id`` unique per row; where checks have rules,
    ``table`` is the submission table, row_id its rowid and ``entity`` (type, column) names what a finding is about
    (None: the file). ``frame`` lists further columns, as SQL over ``prepared``, that only expectations need.
    """

    name: str
    table: str
    prepared: str
    checks: tuple[Check, ...]
    kind: str | None = None  # kind of submission, key of raw.contracts
    entity: tuple[str, str] | None = None
    frame: Mapping[str, str] | None = None


def number(value: float | None) -> str:
    """A number for a message: up to ten significant digits, no trailing zeros."""
    return "" if value is None else f"{value:.10g}"


def shown(text: object, limit: int = 60) -> str:
    """A cell for a message: trimmed and cut."""
    plain = str(text).strip() if text is not None else ""
    return plain if len(plain) <= limit else plain[:limit] + "…"


def not_null(column: str, what: str) -> Check:
    """Invariant: ``column`` is never null."""
    return Check(lambda gxe: gxe.ExpectColumnValuesToNotBeNull(column=column), (column,), f"{what}不为空")


def unique(columns: tuple[str, ...], what: str) -> Check:
    """Invariant: the combination of ``columns`` stands once."""
    if len(columns) == 1:
        return Check(lambda gxe: gxe.ExpectColumnValuesToBeUnique(column=columns[0]), columns, f"{what}唯一")
    return Check(
        lambda gxe: gxe.ExpectCompoundColumnsToBeUnique(column_list=list(columns), ignore_row_if="never"),
        columns,
        f"{what}唯一",
    )


def between(
    column: str, low: float | None, high: float | None, what: str, *, invariant: bool = True
) -> Check:
    """``column`` lies in low..high (inclusive, None: open)."""
    return Check(
        lambda gxe: gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high),
        (column,),
        what,
        invariant=invariant,
    )


def in_set(column: str, values: tuple, what: str) -> Check:
    """Invariant: ``column`` is null or one of ``values``."""
    return Check(
        lambda gxe: gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(values)), (column,), what
    )


def places(known: str | None = None) -> tuple[Check, ...]:
    """Invariants of every submission table: a row has one place, and a key of the registry (column ``known``)."""
    checks = (
        not_null("row_number", "行号"),
        between("row_number", 1, None, "行号从 1 起"),
        unique(("sheet_no", "row_number"), "收文、工作表和行号的组合"),
    )
    return checks if known is None else (*checks, in_set(known, (True,), "编号在方案目录中"))


# rows of one sheet of one receipt share a number: the uniqueness test compares integers, not texts
SHEET_NO = {"sheet_no": "dense_rank() OVER (ORDER BY receipt_id, sheet NULLS FIRST)"}
OF_PRESENT_PROGRAMMES = "programme_id IN (SELECT programme_id FROM raw.programmes)"
