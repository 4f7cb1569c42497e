"""Runs every suite over raw.* with Great Expectations and writes results, findings and quarantined rows.

Belongs here: the Great Expectations session, one validation per suite, failing rows into findings. Does not belong here:
rules (``suites``), tables (``results``). Great Expectations and pandas are imported only when a run begins: they cost
seconds, and most commands do not need them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb

from quality.checks import Check, Suite
from quality.results import ExpectationResult, replace_all
from quality.suites import all_suites
from raw.contracts import contracts
from raw.schema import FINDING, QUARANTINE


class InvariantError(RuntimeError):
    """An expectation on our own tables failed, or one could not be computed: a bug, not a county's mistake."""


@dataclass
class RunSummary:
    """What a run found; ``results`` has one entry per expectation, in the order of the suites."""

    results: list[ExpectationResult] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)  # suite → rows of its frame
    findings: dict[str, int] = field(default_factory=dict)  # rule_id → findings
    quarantined: int = 0

    @property
    def success(self) -> bool:
        """True when every expectation held."""
        return all(result.success for result in self.results)


def run_expectations(
    connection: duckdb.DuckDBPyConnection, suites: Sequence[Suite] | None = None
) -> RunSummary:
    """Validate raw.* of the open read-write connection and replace quality.expectation_results, raw_findings, raw_quarantine.

    Raises InvariantError, after writing, when an expectation without a rule fails that must hold.
    """
    summary = RunSummary()
    findings: list[tuple] = []
    quarantine: list[tuple] = []
    broken: list[str] = []
    session = _Session()
    for suite in all_suites() if suites is None else suites:
        outcomes = session.validate(connection, suite)
        summary.rows[suite.name] = outcomes.rows
        for check, result, _ in outcomes.of_checks:
            summary.results.append(result)
            if not result.success and check.rule_id is None and check.invariant:
                broken.append(
                    f"{suite.name}：{check.description}（{result.column_name}，{result.unexpected} 行）"
                )
        _collect(connection, suite, outcomes, findings, quarantine)
    for finding in findings:
        summary.findings[finding[0]] = summary.findings.get(finding[0], 0) + 1
    summary.quarantined = len(quarantine)
    replace_all(connection, summary.results, findings, quarantine)
    if broken:
        raise InvariantError("原始数据表不符合约定，属程序错误：" + "；".join(broken))
    return summary


# --- Great Expectations -----------------------------------------------------------------------------


@dataclass
class _Outcomes:
    rows: int
    of_checks: list[tuple[Check, ExpectationResult, list[int]]]  # with the row_ids that failed


@cache
def _great_expectations() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the library is imported
    import great_expectations

    return great_expectations


def load_library() -> None:
    """Import Great Expectations now: three seconds that a run would spend later, for whoever has nothing to do just then."""
    _great_expectations()


class _Session:
    """One ephemeral context per run: nothing on disk, nothing kept for the next run."""

    def __init__(self) -> None:
        self._source: Any = None

    def validate(self, connection: duckdb.DuckDBPyConnection, suite: Suite) -> _Outcomes:
        frames = _Frames(connection, suite)
        if not frames.rows:
            results = [self._result(suite, check, 0, 0, True) for check in suite.checks]
            return _Outcomes(0, [(c, r, []) for c, r in zip(suite.checks, results, strict=True)])
        found: dict[int, tuple[ExpectationResult, list[int]]] = {}
        for frame in (frames.of_rows(), frames.of_kinds()):
            for index, outcome in self._validated(suite, frame):
                found[index] = self._judged(suite, suite.checks[index], frame, outcome)
        if len(found) != len(suite.checks):
            raise InvariantError(f"{suite.name}：{len(suite.checks)} 条期望只得到 {len(found)} 个结果")
        return _Outcomes(frames.rows, [(check, *found[i]) for i, check in enumerate(suite.checks)])

    def _validated(self, suite: Suite, frame: _Frame) -> Iterable[tuple[int, Any]]:
        """(number of the check, what Great Expectations says of it) for the checks that look at the frame."""
        if not frame.checks:
            return
        gx = _great_expectations()
        expectations = []
        for index in frame.checks:
            expectation = suite.checks[index].make(gx.expectations)
            expectation.meta = {"check": index}
            expectations.append(expectation)
        validated = self._batch(f"{suite.name}_{frame.name}", frame.table).validate(
            gx.ExpectationSuite(name=suite.name, expectations=expectations),
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": ["row_id"],
                "return_unexpected_index_query": False,
                "partial_unexpected_count": 0,
            },
        )
        for outcome in validated.results:
            index = outcome.expectation_config.meta["check"]
            self._raise_for_exception(suite, suite.checks[index], outcome)
            yield index, outcome

    def _judged(
        self, suite: Suite, check: Check, frame: _Frame, outcome: Any
    ) -> tuple[ExpectationResult, list[int]]:
        detail = outcome.result
        failing = sorted(int(place["row_id"]) for place in detail["unexpected_index_list"] or [])
        passed_over = frame.passed_over(check)
        if len(failing) != detail["unexpected_count"] or outcome.success != (not failing):
            raise InvariantError(f"{suite.name}：{check.description}，失败行数与结果不一致")
        if passed_over.sum() != (detail.get("missing_count") or 0):
            raise InvariantError(f"{suite.name}：{check.description}，空白行数与结果不一致")
        evaluated = int(frame.counts[~passed_over].sum())
        rows = frame.rows_of(failing)
        return self._result(suite, check, evaluated, len(rows), outcome.success), rows

    def _batch(self, name: str, frame: Any) -> Any:
        if self._source is None:
            from great_expectations.data_context.types import base

            # in memory, without a docs site, progress bars or analytics
            stores = base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
            config = base.DataContextConfig(
                store_backend_defaults=stores,
                analytics_enabled=False,
                progress_bars=base.ProgressBarsConfig(globally=False),
            )
            context = _great_expectations().get_context(mode="ephemeral", project_config=config)
            self._source = context.data_sources.add_pandas("raw")
        asset = self._source.add_dataframe_asset(name)
        return asset.add_batch_definition_whole_dataframe("all").get_batch(
            batch_parameters={"dataframe": frame}
        )

    @staticmethod
    def _result(
        suite: Suite, check: Check, evaluated: int, unexpected: int, success: bool
    ) -> ExpectationResult:
        return ExpectationResult(
            suite=suite.name,
            expectation=expectation_name(check),
            rule_id=check.rule_id,
            table_name=f"raw.{suite.table}",
            column_name=",".join(check.columns),
            evaluated=int(evaluated),
            unexpected=int(unexpected),
            success=bool(success),
            description=check.description,
        )

    @staticmethod
    def _raise_for_exception(suite: Suite, check: Check, outcome: Any) -> None:
        """Great Expectations swallows exceptions of an expectation into its result; here they are bugs."""
        info = outcome.exception_info or {}
        entries = [info] if "raised_exception" in info else list(info.values())
        for entry in entries:
            if entry.get("raised_exception"):
                raise InvariantError(
                    f"{suite.name}：{check.description} 无法计算：{entry['exception_message']}"
                )


# these compare rows with each other; every other expectation says the same of two rows that are alike
_ACROSS_ROWS = frozenset({"ExpectColumnValuesToBeUnique", "ExpectCompoundColumnsToBeUnique"})


@dataclass(frozen=True)
class _Frame:
    """What some checks of a suite look at: ``table`` (pandas, with row_id), one line per row or per kind of row."""

    name: str
    table: Any
    counts: Any  # rows a line stands for
    checks: list[int]
    rows_of: Callable[[list[int]], list[int]]  # row_ids of lines → row_ids of the prepared rows

    def passed_over(self, check: Check) -> Any:
        """Which lines the expectation does not look at, because a value is missing."""
        blank = self.table[list(check.columns)].isna()
        name = expectation_name(check)
        if name == "ExpectColumnValuesToNotBeNull":
            return blank.any(axis=1) & False
        return blank.any(axis=1) if name == "ExpectColumnPairValuesAToBeGreaterThanB" else blank.all(axis=1)


class _Frames:
    """The prepared rows of a suite as pandas frames, the only kind Great Expectations takes.

    Expectations about single rows get every combination of the values they look at once: three million rows of progress
    are some hundred combinations, and what holds for one of two equal rows holds for the other.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, suite: Suite):
        self._connection, self._suite = connection, suite
        (self.rows,) = connection.execute(f"SELECT count(*) FROM ({suite.prepared})").fetchone()
        across = [i for i, c in enumerate(suite.checks) if expectation_name(c) in _ACROSS_ROWS]
        self._across, self._single = across, [i for i in range(len(suite.checks)) if i not in across]

    def _columns(self, checks: list[int]) -> list[str]:
        return list(dict.fromkeys(name for i in checks for name in self._suite.checks[i].columns))

    def _selected(self, columns: list[str]) -> str:
        computed = self._suite.frame or {}
        chosen = (f'{computed[c]} AS "{c}"' if c in computed else f'"{c}"' for c in columns)
        return f"SELECT {', '.join(('row_id', *chosen))} FROM ({self._suite.prepared})"

    def of_rows(self) -> _Frame:
        """Every row, for the expectations that compare rows."""
        import numpy as np

        table = (
            self._connection.execute(self._selected(self._columns(self._across))).df()
            if self._across
            else None
        )
        return _Frame("rows", table, np.ones(self.rows, dtype=int), self._across, lambda row_ids: row_ids)

    def of_kinds(self) -> _Frame:
        """Every combination of values once; the row_id of a combination is that of its first row."""
        columns = self._columns(self._single)
        named = ", ".join(f'"{c}"' for c in columns)
        table = self._connection.execute(
            f"SELECT min(row_id) AS row_id, count(*) AS rows, {named} FROM ({self._selected(columns)}) "
            f"GROUP BY {named} ORDER BY 1"
        ).df()

        def rows_of(first_ids: list[int]) -> list[int]:
            if not first_ids:
                return []
            import pyarrow as pa

            self._connection.register("quality_first", pa.table({"row_id": pa.array(first_ids, pa.int64())}))
            try:
                same = " AND ".join(f'r."{c}" IS NOT DISTINCT FROM k."{c}"' for c in columns)
                found = self._connection.execute(
                    f"WITH r AS ({self._selected(columns)}), k AS (SELECT r.* FROM r JOIN quality_first USING (row_id)) "
                    f"SELECT r.row_id FROM r JOIN k ON {same} ORDER BY 1"
                ).fetchall()
            finally:
                self._connection.unregister("quality_first")
            return [row_id for (row_id,) in found]

        return _Frame("kinds", table.drop(columns="rows"), table["rows"], self._single, rows_of)


class _NameOnly:
    """Stands for the expectations module: every class gives its own name."""

    def __getattr__(self, name: str) -> Any:
        return lambda **_: name


def expectation_name(check: Check) -> str:
    """Class name of the expectation a check makes, without importing Great Expectations."""
    return check.make(_NameOnly())


# --- failing rows -----------------------------------------------------------------------------------


def _collect(
    connection: duckdb.DuckDBPyConnection,
    suite: Suite,
    outcomes: _Outcomes,
    findings: list[tuple],
    quarantine: list[tuple],
) -> None:
    """Append the findings and quarantined rows of one suite, in order of path, sheet, row and check."""
    failing = {
        number: (check, ids)
        for number, (check, _, ids) in enumerate(outcomes.of_checks)
        if check.rule_id and ids
    }
    if not failing:
        return
    kept_out: set[int] = set()
    for row in _failing_rows(connection, suite, failing):
        check = failing[row["check_no"]][0]
        header = row["column_name"] or check.label
        message = check.message(row, header)
        entity_type, entity_id = "file", row["path"]
        if suite.entity:
            entity_type, entity_id = suite.entity[0], row[suite.entity[1]]
        finding = {
            "rule_id": check.rule_id,
            "entity_type": entity_type,
            "entity_id": entity_id,
            "column_name": row["column_name"],
            "raw_value": row[check.raw],
            "message": message,
        }
        findings.append(tuple(finding[name] if name in finding else row[name] for name in FINDING))
        if check.quarantines and row["row_id"] not in kept_out:
            kept_out.add(row["row_id"])
            entry = {name: row.get(name) for name in QUARANTINE} | finding
            entry["row_json"] = row["row_id"]  # replaced below, all rows at once
            quarantine.append(tuple(entry[name] for name in QUARANTINE))
    if kept_out:
        texts = _rows_as_json(connection, suite, sorted(kept_out))
        at = list(QUARANTINE).index("row_json")
        begin = len(quarantine) - len(kept_out)
        for index in range(begin, len(quarantine)):
            entry = quarantine[index]
            quarantine[index] = (*entry[:at], texts[entry[at]], *entry[at + 1 :])


def _failing_rows(
    connection: duckdb.DuckDBPyConnection, suite: Suite, failing: dict[int, tuple[Check, list[int]]]
) -> Iterable[dict[str, Any]]:
    """Rows of ``suite.prepared`` that failed, each with ``check_no`` and the header over its cell (``column_name``)."""
    import pyarrow as pa

    numbers = [number for number, (_, ids) in failing.items() for _ in ids]
    ids = [row_id for _, row_ids in failing.values() for row_id in row_ids]
    fields = [failing[number][0].field for number in numbers]
    table = pa.table(
        {
            "check_no": pa.array(numbers, pa.int32()),
            "row_id": pa.array(ids, pa.int64()),
            "field": pa.array(fields, pa.string()),
        }
    )
    connection.register("quality_failing", table)
    try:
        cursor = connection.execute(f"""
            WITH places AS (SELECT receipt_id, sheet, field, min(column_name) AS column_name FROM raw.columns GROUP BY ALL)
            SELECT p.*, f.check_no, c.column_name
            FROM quality_failing f
            JOIN ({suite.prepared}) p USING (row_id)
            LEFT JOIN places c
              ON c.receipt_id = p.receipt_id AND c.sheet IS NOT DISTINCT FROM p.sheet AND c.field = f.field
            ORDER BY p.path, p.sheet NULLS FIRST, p.row_number, f.check_no
        """)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    finally:
        connection.unregister("quality_failing")


def _rows_as_json(connection: duckdb.DuckDBPyConnection, suite: Suite, row_ids: list[int]) -> dict[int, str]:
    """row_id → the row as JSON, cells as written under the headers they were written under, in column order."""
    import pyarrow as pa

    connection.register("quality_kept_out", pa.table({"row_id": pa.array(row_ids, pa.int64())}))
    try:
        cursor = connection.execute(f"""
            SELECT t.*, t.rowid AS row_id FROM raw.{suite.table} t JOIN quality_kept_out k ON k.row_id = t.rowid
        """)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        cursor = connection.execute(f"""
            SELECT DISTINCT c.receipt_id, c.sheet, c.field, c.column_name, c.column_index
            FROM raw.columns c JOIN raw.{suite.table} t
              ON t.receipt_id = c.receipt_id AND t.sheet IS NOT DISTINCT FROM c.sheet
            JOIN quality_kept_out k ON k.row_id = t.rowid
            ORDER BY c.receipt_id, c.column_index, c.field
        """)
        headers: dict[tuple, list[tuple]] = {}
        for receipt_id, sheet, *column in cursor.fetchall():
            headers.setdefault((receipt_id, sheet), []).append(tuple(column))
    finally:
        connection.unregister("quality_kept_out")
    written_in = {f.name: f.raw_column or f.column for f in contracts()[suite.kind].fields}
    texts = {}
    for row in rows:
        content: dict[str, str] = {}
        for name, header, index in headers.get((row["receipt_id"], row["sheet"]), []):
            cell = row[written_in[name]]
            if cell is not None:
                content[header if header not in content else f"{header}（第{index}列）"] = str(cell)
        texts[row["row_id"]] = json.dumps(content, ensure_ascii=False)
    return texts
