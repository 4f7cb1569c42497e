"""Expectations over raw.*: dirty rows give exactly the expected findings, clean rows none, broken tables stop the run."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from quality.checks import Check, Suite
from quality.results import TABLES
from quality.runner import InvariantError, RunSummary, run_expectations
from quality.suites import all_suites
from raw.schema import TABLES as RAW_TABLES
from raw.schema import create_statements

PATH = "submissions/p2021/2021Q3/r1/{}"
PLACE = {"programme_id": "p2021", "period": "2021Q3", "reporter_id": "r1"}
FILES = {
    "progress": ("a" * 16, "progress.xlsx", "进展"),
    "indicators": ("b" * 16, "indicators.csv", None),
    "rectification": ("c" * 16, "rectification.xlsx", "台账"),
    "satisfaction": ("d" * 16, "satisfaction.csv", None),
}
HEADERS = {
    "progress": {"task_id": "编号", "status": "完成情况", "progress_pct": "完成率", "summary": "工作进展"},
    "indicators": {"indicator_id": "指标编号", "value": "数值", "numerator": "分子", "denominator": "分母"},
    "rectification": {"issue_id": "问题编号", "status": "整改情况"},
    "satisfaction": {"group": "调查对象", "sample": "样本量", "satisfied": "满意数", "rate": "满意度"},
}


def insert(connection: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    unknown = set(values) - set(RAW_TABLES[table])
    assert not unknown, unknown
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO raw.{table} ({names}) VALUES ({marks})", list(values.values()))


def place(kind: str, row_number: int) -> dict[str, object]:
    receipt_id, name, sheet = FILES[kind]
    return PLACE | {
        "receipt_id": receipt_id,
        "path": PATH.format(name),
        "sheet": sheet,
        "row_number": row_number,
    }


def progress(connection, row, task_id, pct, status_raw="推进中", status="in_progress", **more) -> None:
    insert(
        connection, "progress", **place("progress", row), task_key=task_id, task_id=task_id, status_raw=status_raw,
        status=status, progress_raw=None if pct is None else f"{pct}%", progress_pct=pct, **more,
    )  # fmt: skip


def value(connection, row, indicator_id, raw, x, numerator=None, denominator=None) -> None:
    insert(
        connection, "indicator_values", **place("indicators", row), indicator_key=indicator_id, indicator_id=indicator_id,
        value_raw=raw, value=x, numerator_raw=None if numerator is None else str(numerator), numerator=numerator,
        denominator_raw=None if denominator is None else str(denominator), denominator=denominator,
    )  # fmt: skip


def rectification(connection, row, status_raw, status) -> None:
    insert(
        connection, "rectification", **place("rectification", row), issue_id=f"w{row}", status_raw=status_raw, status=status
    )  # fmt: skip


def satisfaction(connection, row, group, sample, satisfied, rate) -> None:
    insert(
        connection, "satisfaction", **place("satisfaction", row), respondent_group=group, sample=sample,
        satisfied=satisfied, rate_raw=f"{rate}", rate=rate,
    )  # fmt: skip


def registry(connection) -> None:
    insert(
        connection, "programmes", programme_id="p2021", title="方案", start_date=date(2021, 1, 1), end_date=date(2021, 12, 31)
    )  # fmt: skip
    for number in range(1, 10):
        insert(
            connection, "tasks", programme_id="p2021", task_id=f"t{number}", special_id="s", deadline_kind="ongoing", ongoing=True
        )  # fmt: skip
    insert(connection, "tasks", programme_id="p2021", task_id="t0", special_id="s", deadline_kind="month")
    insert(
        connection, "task_milestones", programme_id="p2021", task_id="t0", milestone_no=1, milestone_count=1,
        due_date=date(2021, 12, 31),
    )  # fmt: skip
    definitions = {
        # unit, decimals, valid_min, valid_max, numerator, denominator, multiplier
        "days": ("天", 1, None, None, None, None, None),
        "steps": ("个", 0, 1, 20, None, None, None),
        "online": ("%", 1, None, None, "网办件", "办件总数", None),
        "growth": ("%", 2, None, None, None, None, None),
        "per_head": ("件", 3, 0, None, "件数", "人数", 10000),
        "pair": ("件", None, None, 50, None, None, None),
    }
    for indicator_id, (unit, decimals, low, high, numerator, denominator, multiplier) in definitions.items():
        insert(
            connection, "indicators", programme_id="p2021", indicator_id=indicator_id, special_id="s",
            name=f"指标{indicator_id}", unit=unit, polarity="lower", method="auto", decimals=decimals, valid_min=low,
            valid_max=high, numerator=numerator, denominator=denominator, multiplier=multiplier,
        )  # fmt: skip
    for kind, (receipt_id, name, sheet) in FILES.items():
        insert(
            connection, "receipts", **PLACE, receipt_id=receipt_id, path=PATH.format(name), kind=kind,
            received_at=datetime(2021, 9, 20, 9, 0), rows_read=100, rows_quarantined=0, rejected=False,
        )  # fmt: skip
        for index, (field, header) in enumerate(HEADERS[kind].items(), 1):
            insert(
                connection, "columns", receipt_id=receipt_id, sheet=sheet, field=field, column_name=header, column_index=index
            )  # fmt: skip


def clean(connection) -> None:
    registry(connection)
    progress(connection, 3, "t1", 0)
    progress(connection, 4, "t2", 100.0, "已完成", "completed", completed_on=date(2021, 9, 1))
    progress(connection, 5, "t3", None, "　\u200b ", None)  # white space is blank, no status word
    value(connection, 2, "days", "0", 0)
    value(connection, 3, "steps", "3.0", 3)
    value(connection, 4, "online", "66.7%", 66.7, 2, 3)  # gap 0.0333
    value(connection, 5, "growth", "-12.25", -12.25)  # a percentage without parts has no range
    value(connection, 6, "per_head", "12.5", 12.5, 5, 4000)
    value(connection, 7, "pair", "0.30000000000000004", 0.1 + 0.2)
    value(connection, 8, "days", None, None, 0, 0)
    rectification(connection, 2, "销号", "completed")
    rectification(connection, 3, None, None)
    satisfaction(connection, 2, "企业", 200, 190, 95.05)  # exactly at the tolerance
    satisfaction(connection, 3, "群众", 0, 0, 0)
    insert(connection, "receipts", receipt_id="e" * 16, path="submissions/x", programme_id="", period="坏", rejected=True,
           reason="文件位置不对", received_at=datetime(2021, 9, 20), rows_read=0, rows_quarantined=0)  # fmt: skip


def dirty(connection) -> None:
    registry(connection)
    progress(connection, 3, "t1", 50)
    progress(connection, 4, "t2", 100.5)
    progress(connection, 5, "t3", -1, "快好了", None, summary="=cmd()")
    progress(connection, 6, "t4", 10, "基本完成", None)
    value(connection, 2, "days", "-0.5", -0.5)
    value(connection, 3, "steps", "0", 0)
    value(connection, 4, "steps", "2.5", 2.5)
    value(connection, 5, "online", "101", 101, 101, 100)
    value(connection, 6, "online", "66.67", 66.67, 2, 3)
    value(connection, 7, "online", "50", 50, 1, 3)
    value(connection, 8, "online", "90", 90, 5, 0)
    value(connection, 9, "per_head", "１２．５００１", 12.5001, 5, 4000)
    value(connection, 10, "pair", "50.5", 50.5, 9, 3)  # not a share: no V07; 9/3 = 3: V06
    value(connection, 11, "online", None, None, 4, 3)  # part above whole without a value
    rectification(connection, 2, "整改中", None)
    satisfaction(connection, 2, "企业", 200, 190, 95.06)
    satisfaction(connection, 3, "群众", 10, 9, 190)


EXPECTED = {
    ("V01", "progress.xlsx", 4),
    ("K05", "progress.xlsx", 5),
    ("V01", "progress.xlsx", 5),
    ("K05", "progress.xlsx", 6),
    ("V01", "indicators.csv", 2),
    ("V01", "indicators.csv", 3),
    ("V05", "indicators.csv", 4),
    ("V01", "indicators.csv", 5),
    ("V07", "indicators.csv", 5),
    ("V04", "indicators.csv", 6),
    ("V06", "indicators.csv", 7),
    ("V10", "indicators.csv", 8),
    ("V04", "indicators.csv", 9),
    ("V01", "indicators.csv", 10),
    ("V06", "indicators.csv", 10),
    ("V07", "indicators.csv", 11),
    ("K05", "rectification.xlsx", 2),
    ("S01", "satisfaction.csv", 2),
    ("V01", "satisfaction.csv", 3),
    ("S01", "satisfaction.csv", 3),
}


def database(fill: Callable | None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for statement in create_statements():
        connection.execute(statement)
    if fill:
        fill(connection)
    return connection


@pytest.fixture(scope="module")
def found() -> tuple[duckdb.DuckDBPyConnection, RunSummary]:
    connection = database(dirty)
    return connection, run_expectations(connection)


def rows(connection, sql: str) -> list[dict]:
    cursor = connection.execute(sql)
    return [dict(zip([c[0] for c in cursor.description], r, strict=True)) for r in cursor.fetchall()]


def finding(connection, rule_id: str, name: str, row_number: int) -> dict:
    (one,) = (
        r
        for r in rows(connection, "SELECT * FROM quality.raw_findings")
        if (r["rule_id"], r["path"], r["row_number"]) == (rule_id, PATH.format(name), row_number)
    )
    return one


def test_dirty_rows_give_exactly_these_findings(found) -> None:
    connection, summary = found
    stored = [
        (r["rule_id"], Path(r["path"]).name, r["row_number"])
        for r in rows(connection, "SELECT rule_id, path, row_number FROM quality.raw_findings")
    ]
    assert len(stored) == len(set(stored))
    assert set(stored) == EXPECTED
    assert sum(summary.findings.values()) == len(EXPECTED)
    assert not summary.success


def test_clean_rows_give_no_finding() -> None:
    connection = database(clean)
    summary = run_expectations(connection)
    assert rows(connection, "SELECT * FROM quality.raw_findings") == []
    assert rows(connection, "SELECT * FROM quality.raw_quarantine") == []
    assert [r for r in summary.results if not r.success] == []
    evaluated = {(r.rule_id, r.table_name): r.evaluated for r in summary.results if r.rule_id}
    assert evaluated["K05", "raw.progress"] == 2  # the blank one is not judged
    assert evaluated["V06", "raw.indicator_values"] == 2
    assert evaluated["V05", "raw.indicator_values"] == 1
    assert evaluated["S01", "raw.satisfaction"] == 1


def test_a_finding_names_place_header_value_and_remedy(found) -> None:
    connection, _ = found
    wrong_word = finding(connection, "K05", "progress.xlsx", 6)
    assert wrong_word == PLACE | {
        "rule_id": "K05",
        "entity_type": "task",
        "entity_id": "t4",
        "receipt_id": "a" * 16,
        "path": PATH.format("progress.xlsx"),
        "sheet": "进展",
        "row_number": 6,
        "column_name": "完成情况",
        "raw_value": "基本完成",
        "message": "“完成情况”列的状态用语“基本完成”不规范，本格按空白处理；"
        "请从未启动、推进中、已完成、持续推进、取消中选填后重新报送",
    }
    ratio = finding(connection, "V06", "indicators.csv", 7)
    assert (ratio["entity_type"], ratio["entity_id"], ratio["sheet"]) == ("indicator", "online", None)
    assert ratio["column_name"] == "数值"  # csv has no sheet: joined null-safe
    assert "1÷3×100=33.33" in ratio["message"]
    assert finding(connection, "V07", "indicators.csv", 5)["column_name"] == "分子"
    assert finding(connection, "V10", "indicators.csv", 8)["column_name"] == "分母"
    assert "允许范围 1 至 20" in finding(connection, "V01", "indicators.csv", 3)["message"]
    assert "允许范围 0 至 不限" in finding(connection, "V01", "indicators.csv", 2)["message"]
    assert "有 4 位小数，最多保留 3 位" in finding(connection, "V04", "indicators.csv", 9)["message"]
    rate = finding(connection, "S01", "satisfaction.csv", 2)
    assert (rate["entity_type"], rate["entity_id"]) == ("file", PATH.format("satisfaction.csv"))


def test_v01_keeps_the_row_out_once_with_its_cells(found) -> None:
    connection, summary = found
    kept = rows(connection, "SELECT * FROM quality.raw_quarantine ORDER BY path, row_number")
    assert [(Path(r["path"]).name, r["row_number"]) for r in kept] == [
        ("indicators.csv", 2),
        ("indicators.csv", 3),
        ("indicators.csv", 5),
        ("indicators.csv", 10),
        ("progress.xlsx", 4),
        ("progress.xlsx", 5),
        ("satisfaction.csv", 3),
    ]
    assert {r["rule_id"] for r in kept} == {"V01"}
    assert summary.quarantined == len(kept)
    row = kept[5]
    assert json.loads(row["row_json"]) == {
        "编号": "t3",
        "完成情况": "快好了",
        "完成率": "-1%",
        "工作进展": "=cmd()",
    }
    assert row["message"] == finding(connection, "V01", "progress.xlsx", 5)["message"]
    assert json.loads(kept[2]["row_json"]) == {
        "指标编号": "online",
        "数值": "101",
        "分子": "101",
        "分母": "100",
    }


def test_every_expectation_leaves_one_result(found) -> None:
    connection, summary = found
    stored = rows(connection, "SELECT * FROM quality.expectation_results")
    assert len(stored) == len(summary.results) == sum(len(s.checks) for s in all_suites())
    assert all(r["expectation"].startswith("Expect") and r["description"] for r in stored)
    k05 = [r for r in stored if r["rule_id"] == "K05" and r["table_name"] == "raw.progress"]
    assert [(r["evaluated"], r["unexpected"], r["success"]) for r in k05] == [(4, 2, False)]


def test_the_catalogue_and_the_suites_name_the_same_rules() -> None:
    catalogue = Path(__file__).parents[2] / "dbt_project" / "seeds" / "check_rules.csv"
    with catalogue.open(encoding="utf-8", newline="") as file:
        severity = {r["rule_id"]: r["severity"] for r in csv.DictReader(file) if r["home"] == "expectation"}
    checks = [check for suite in all_suites() for check in suite.checks if check.rule_id]
    assert {check.rule_id for check in checks} == set(severity)
    # B on a row keeps it out, nothing else does
    assert all(check.quarantines == (severity[check.rule_id] == "B") for check in checks)


def test_tables_have_the_columns_of_the_inner_contract(found) -> None:
    connection, _ = found
    for table, columns in TABLES.items():
        described = rows(connection, f"DESCRIBE quality.{table}")
        assert {r["column_name"]: r["column_type"] for r in described} == columns


def test_a_second_run_replaces_the_first() -> None:
    connection = database(dirty)
    run_expectations(connection)
    first = rows(connection, "SELECT * FROM quality.raw_findings")
    run_expectations(connection)
    assert rows(connection, "SELECT * FROM quality.raw_findings") == first
    connection.execute("DELETE FROM raw.progress WHERE row_number > 3")
    connection.execute("DELETE FROM raw.indicator_values")
    run_expectations(connection)
    left = {Path(r["path"]).name for r in rows(connection, "SELECT path FROM quality.raw_findings")}
    assert left == {"rectification.xlsx", "satisfaction.csv"}


def test_empty_tables() -> None:
    summary = run_expectations(database(None))
    assert summary.success
    assert {r.evaluated for r in summary.results} == {0}


def test_rows_of_an_absent_programme_are_not_judged() -> None:
    connection = database(dirty)
    connection.execute("UPDATE raw.programmes SET programme_id = 'other'")
    run_expectations(connection)
    assert rows(connection, "SELECT * FROM quality.raw_findings") == []


BREAKS = {
    "task not in registry": ("UPDATE raw.progress SET task_id = 'nobody' WHERE row_number = 3", "progress"),
    "task key missing": ("UPDATE raw.progress SET task_id = NULL WHERE row_number = 3", "progress"),
    "row number 0": ("UPDATE raw.progress SET row_number = 0 WHERE row_number = 3", "progress"),
    "same place twice": ("UPDATE raw.progress SET row_number = 4", "progress"),
    "foreign status": ("UPDATE raw.progress SET status = 'done'", "progress"),
    "indicator not in registry": ("UPDATE raw.indicator_values SET indicator_id = 'x'", "indicators"),
    "no receipt time": ("UPDATE raw.receipts SET received_at = NULL", "receipts"),
    "period form": ("UPDATE raw.receipts SET period = '2021年三季度'", "receipts"),
    "row without receipt": ("DELETE FROM raw.receipts WHERE kind = 'satisfaction'", "submission_rows"),
    "row of another period": ("UPDATE raw.satisfaction SET period = '2021Q2'", "submission_rows"),
    "due date out of reach": (
        "UPDATE raw.task_milestones SET due_date = DATE '1999-12-31'",
        "task_milestones",
    ),
    "milestone missing": ("DELETE FROM raw.task_milestones", "tasks"),
    "unknown deadline kind": ("UPDATE raw.tasks SET deadline_kind = 'soon' WHERE task_id = 't1'", "tasks"),
    "task twice": ("INSERT INTO raw.tasks SELECT * FROM raw.tasks WHERE task_id = 't1'", "tasks"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_table_of_ours_stops_the_run_after_writing(name: str) -> None:
    statement, suite = BREAKS[name]
    connection = database(clean)
    connection.execute(statement)
    with pytest.raises(InvariantError):
        run_expectations(connection, [found for found in all_suites() if found.name == suite])
    failed = rows(
        connection, "SELECT suite FROM quality.expectation_results WHERE NOT success AND rule_id IS NULL"
    )
    assert {r["suite"] for r in failed} == {suite}


def test_a_clerks_impossible_year_does_not_stop_the_run() -> None:
    connection = database(clean)
    connection.execute("UPDATE raw.progress SET completed_on = DATE '0202-09-01' WHERE row_number = 4")
    summary = run_expectations(connection)
    assert [(r.suite, r.column_name) for r in summary.results if not r.success] == [
        ("progress", "completed_year")
    ]


def test_an_expectation_that_cannot_be_computed_is_an_error() -> None:
    absent = Check(
        lambda gxe: gxe.ExpectColumnValuesToNotBeNull(column="absent"), ("programme_id",), "不存在的列不为空"
    )
    broken = Suite("broken", "programmes", all_suites()[0].prepared, (absent,))
    connection = database(clean)
    with pytest.raises(InvariantError, match="无法计算"):
        run_expectations(connection, [broken])


def test_importing_the_runner_is_cheap() -> None:
    code = (
        "import sys, quality.runner, quality.results, quality.suites;"
        "print([m for m in ('great_expectations', 'pandas', 'pyarrow', 'polars') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
