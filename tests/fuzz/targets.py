"""What must hold for every input of the fuzzer, however damaged.

Belongs here: one ``Target`` per reader or parser: its inputs and its check. A check returns a word for what became of
the input (read, a rule id …, for the counts) and raises for a broken invariant:

* no exception but the documented ones (Rejected, PlanError; MemoryError, which the pool turns into F13);
* rows read = rows loaded + rows quarantined; a rejected file has one finding and no rows;
* stored texts hold no control characters, values lie in their domain, messages are Chinese;
* the same bytes give the same result twice, column by column and row by row.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

import raw.submissions
from orchestration.settings import REPOSITORY
from raw.deadlines import KINDS, MAX_TEXT, MILESTONE_KINDS, milestones, parse_deadline
from raw.errors import Limits
from raw.plans.build import read_plan
from raw.plans.model import PlanError
from raw.plans.units import has_role_word, parse_units
from raw.registry import Programme, read_confirmations, read_programme
from raw.submissions import SubmissionFile, SubmissionResult, read_submission
from raw.together import read_together
from raw.tree import read_receipts, scan
from raw.values import (
    STATUS_WORDS,
    answer_kind,
    is_repaired,
    parse_code,
    parse_day,
    parse_number,
    parse_percent,
    parse_status,
)
from tests.factories.trees import make_registry
from tests.fuzz import inputs

# no text of these may reach the database: they would steer a terminal, reorder a number, or be refused by a format
CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
CHINESE = re.compile("[\u4e00-\u9fff]")
REJECTIONS = {"F01", "F02", "F05", "F13", "F15"}
LIMITS = Limits()


class Broken(AssertionError):
    """An invariant does not hold; the message says which."""


def _hold(condition: object, what: str) -> None:
    if not condition:
        raise Broken(what)


@dataclass(frozen=True)
class Target:
    """``strategy`` makes inputs, ``check`` judges one; ``save`` turns one into bytes to keep."""

    name: str
    strategy: Callable[[], st.SearchStrategy]
    check: Callable[[object], str]
    save: Callable[[object], bytes] = lambda value: repr(value).encode("utf-8", "backslashreplace")


@cache
def rule_ids() -> frozenset[str]:
    """Ids of the rule catalogue."""
    with (REPOSITORY / "dbt_project" / "seeds" / "check_rules.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        return frozenset(row["rule_id"] for row in csv.DictReader(stream))


@cache
def codes():
    """Codes of the small registry."""
    with TemporaryDirectory() as folder:
        make_registry(Path(folder))
        return read_programme(Path(folder), "p2021").codes()


def _plain_texts(values, what: str) -> None:
    for value in values:
        if isinstance(value, str) and (found := CONTROL.search(value)):
            raise Broken(f"control character {found[0]!r} in {what}: {value[:80]!r}")
        if isinstance(value, float):
            _hold(math.isfinite(value), f"{what}: {value!r}")


# ── submissions ───────────────────────────────────────────────────────────────────────────────


def check_result(result: SubmissionResult) -> str:
    """The invariants of one submission's result; returns ``read``, ``empty`` or the rule it was rejected by."""
    for finding in result.findings:
        rule_id, message = finding[0], finding[-1]
        _hold(rule_id in rule_ids(), f"unknown rule {rule_id!r}")
        _hold(CHINESE.search(message), f"message {message!r}")
        _plain_texts(finding, "finding")
    if result.rejected:
        _hold(result.findings[0][0] in REJECTIONS, f"rejected by {result.findings[0][0]}")
        _hold(
            (result.rows_read, result.rows_loaded, len(result.findings)) == (0, 0, 1),
            "a rejected file has rows",
        )
        return result.findings[0][0]
    _hold(result.rows_read == result.rows_loaded + len(result.quarantine), "rows are not conserved")
    _hold(len({len(column) for column in result.columns.values()}) <= 1, "columns of unequal length")
    for name, column in result.columns.items():
        _plain_texts(column, name)
        for value in column:
            if isinstance(value, date):
                _hold(2000 <= value.year <= 2100, f"{name}: {value}")
            if name == "row_number":
                _hold(value >= 1, f"row {value}")
            if name == "status":
                _hold(value is None or value in STATUS_WORDS.values(), f"status {value!r}")
            if name in ("task_id", "indicator_id"):
                _hold(value in codes().tasks | codes().indicators, f"{name} {value!r}")
    for entry in result.quarantine:
        _plain_texts(entry, "quarantine")
        json.loads(entry[4])
    for line in result.lineage:
        _plain_texts(line, "lineage")
    return "read" if result.rows_read else "empty"


def _submitted(kind: str, body: bytes, suffix: str, folder: Path) -> SubmissionFile:
    path = folder / f"{kind}.{suffix}"
    path.write_bytes(body)
    return SubmissionFile(
        "r", f"submissions/p2021/2021Q1/410001/{path.name}", path, "p2021", "2021Q1", "410001", kind
    )


def read_bytes(kind: str, body: bytes, suffix: str, folder: Path) -> SubmissionResult:
    """One submission of these bytes, through the whole reading."""
    return read_submission(_submitted(kind, body, suffix, folder), codes(), LIMITS)


def _holds_together(file: SubmissionFile, alone: SubmissionResult) -> None:
    """Where the file is plain enough to be read with others, it gives what it gives alone."""
    results, frames = read_together([file], {file.programme_id: codes()}, LIMITS)
    if file.receipt_id in results:
        ((table, rows),) = frames
        found = replace(results[file.receipt_id], columns=rows.to_dict(as_series=False))
        _hold(found == alone and table == alone.table, "read together and alone differ")


@cache
def _folder() -> TemporaryDirectory:
    return TemporaryDirectory(prefix="fuzz-")


@contextmanager
def _row_by_row() -> Iterator[None]:
    """Without the column-wise reading of plain rows: what it stores must be what the reading of single rows stores."""
    quick = raw.submissions.plain_cells
    raw.submissions.plain_cells = lambda *_: None
    try:
        yield
    finally:
        raw.submissions.plain_cells = quick


def _submission(suffix: str) -> Callable[[tuple[str, bytes]], str]:
    def check(value: tuple[str, bytes]) -> str:
        kind, body = value
        try:
            first = read_bytes(kind, body, suffix, Path(_folder().name))
            with _row_by_row():
                again = read_bytes(kind, body, suffix, Path(_folder().name))
        except MemoryError:
            return "memory"  # documented: the pool makes it F13
        _hold(first == again, "two readings differ, the second row by row")
        _holds_together(_submitted(kind, body, suffix, Path(_folder().name)), first)
        return check_result(first)

    return check


def _sheet_part(name: str) -> bool:
    return name.startswith("xl/") and not name.endswith(".vml")


# ── registry, receipts, confirmations ─────────────────────────────────────────────────────────


def _check_programme(files: dict[str, bytes]) -> str:
    with TemporaryDirectory(prefix="fuzz-") as folder:
        place = Path(folder) / "registry" / "p2021"
        place.mkdir(parents=True)
        for name, body in files.items():
            (place / name).write_bytes(body)
        programme = read_programme(Path(folder), "p2021")
    _sound(programme)
    return "computable" if programme.computable else "not computable"


def _sound(programme: Programme) -> None:
    for table, rows in programme.tables.items():
        for row in rows:
            _plain_texts(row.values(), table)
    for finding in programme.findings:
        _hold(finding[0] in rule_ids(), f"unknown rule {finding[0]!r}")
        _hold(CHINESE.search(finding[-1]), f"message {finding[-1]!r}")
        _plain_texts(finding, "registry finding")
    for milestone in programme.tables["task_milestones"]:
        _hold(2000 <= milestone["due_date"].year <= 2100, "milestone")
    programme.codes()
    _hold(len(programme.periods) < 1000, "periods without end")


def _check_receipts(body: bytes) -> str:
    with TemporaryDirectory(prefix="fuzz-") as folder:
        (Path(folder) / "receipts.csv").write_bytes(body)
        register = read_receipts(Path(folder))
        receipts = scan(Path(folder), register=register)
    if register.problem is not None:
        _hold(CHINESE.search(register.problem.message), register.problem.message)
        _plain_texts([register.problem.message], "problem")
    for receipt in receipts:
        _plain_texts([receipt.file.path, receipt.sender], "receipt")
        _hold(1970 <= receipt.received_at.year <= 2100, "time of receipt")
    return f"{min(len(receipts), 3)} receipts"


def _check_confirmations(body: bytes) -> str:
    with TemporaryDirectory(prefix="fuzz-") as folder:
        (Path(folder) / "confirmations.csv").write_bytes(body)
        rows = read_confirmations(Path(folder))
    for row in rows:
        _plain_texts(row.values(), "confirmation")
    return f"{min(len(rows), 3)} lines"


# ── parsers of one text ───────────────────────────────────────────────────────────────────────


def _check_deadline(text: str) -> str:
    start = date(2021, 1, 1)
    deadline = parse_deadline(text, start)
    _hold(deadline == parse_deadline(text, start), "two readings differ")
    _hold(deadline.kind in KINDS, deadline.kind)
    _hold(list(deadline.due_dates) == sorted(set(deadline.due_dates)), "due dates")
    _hold(all(2000 <= due.year <= 2100 for due in deadline.due_dates), "due dates outside their domain")
    steps = milestones(deadline)
    _hold(bool(steps) == (deadline.kind in MILESTONE_KINDS), f"{deadline.kind} has {len(steps)} milestones")
    _hold([no for no, _, _ in steps] == list(range(1, len(steps) + 1)), "milestone numbers")
    _hold(len(text) < MAX_TEXT, "longer than the parser looks at")
    return deadline.kind


def _check_units(text: str) -> str:
    parsed = parse_units(text)
    _hold(parsed == parse_units(text), "two readings differ")
    has_role_word(text)
    return type(parsed).__name__


def _check_values(text: str) -> str:
    for parse, rules in (
        (parse_number, {None, "F03"}),
        (parse_percent, {None, "F03", "F12"}),
        (parse_day, {None, "F04"}),
        (parse_status, {None, "K05"}),
    ):
        parsed = parse(text)
        _hold(parsed.rule_id in rules, f"{parse.__name__}: {parsed}")
        _hold(parsed.value is None or parsed.rule_id in (None, "F12"), f"{parse.__name__}: {parsed}")
        _plain_texts([parsed.value], parse.__name__)
        if isinstance(parsed.value, date):
            _hold(2000 <= parsed.value.year <= 2100, str(parsed.value))
    number = parse_number(text).value
    answer_kind(text, number)
    is_repaired(text)
    code = parse_code(text)
    _hold(code is None or (code and parse_code(code) == code), f"code {code!r} is not stable")
    return "number" if number is not None else "code" if code else "blank"


# ── plan documents ────────────────────────────────────────────────────────────────────────────


def _plan(suffix: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        from raw.plans.output import write

        body = value if isinstance(value, bytes) else value[1]
        path = Path(_folder().name) / f"plan.{suffix}"
        path.write_bytes(body)
        try:
            plan = read_plan(path)
        except PlanError as error:
            _hold(CHINESE.search(str(error)), str(error))
            _plain_texts([str(error)], "message")
            return "refused"
        with TemporaryDirectory(prefix="fuzz-") as folder:
            write(plan, Path(folder))
            for file in Path(folder).rglob("*.csv"):
                with file.open(encoding="utf-8-sig", newline="") as stream:
                    for line in csv.reader(stream):
                        _plain_texts(line, file.name)
        return "read"

    return check


def _targets() -> list[Target]:
    def of(value):
        return value[1]

    formats = ("csv", "json", "ndjson", "xlsx", "xls", "parquet")
    found = [
        Target(suffix, lambda suffix=suffix: inputs.damaged(suffix), _submission(suffix), of)
        for suffix in formats
    ]
    found += [
        Target(
            "xlsx_parts",
            lambda: inputs.damaged_package(inputs.seeds("xlsx"), _sheet_part),
            _submission("xlsx"),
            of,
        ),
        Target("csv_tables", inputs.csv_files, _submission("csv"), of),
        Target("json_documents", inputs.json_files, _submission("json"), of),
        Target("ndjson_documents", inputs.json_files, _submission("ndjson"), of),
        Target("registry", inputs.registries, _check_programme),
        Target("receipts", lambda: inputs.damaged_bytes(inputs.RECEIPTS), _check_receipts, bytes),
        Target(
            "confirmations", lambda: inputs.damaged_bytes(inputs.CONFIRMATIONS), _check_confirmations, bytes
        ),
        Target("deadlines", lambda: inputs.DEADLINES, _check_deadline),
        Target("units", lambda: inputs.UNITS, _check_units),
        Target("values", lambda: inputs.VALUES, _check_values),
        Target("plan_txt", inputs.plan_texts, _plan("txt"), bytes),
        Target(
            "plan_docx",
            lambda: inputs.damaged_package(inputs.plan_documents(), lambda name: name.startswith("word/")),
            _plan("docx"),
            of,
        ),
    ]
    return found


TARGETS = {target.name: target for target in _targets()}
