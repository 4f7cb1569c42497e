"""Exactly the allowed size fits, one more does not: through the whole reading of a submission, per format (F13)."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import polars
import pytest
import xlsxwriter

from raw.errors import MEGABYTE, Limits
from raw.submissions import Codes, SubmissionFile, SubmissionResult, read_submission

LIMITS = Limits()
TASKS = {f"t{n:05d}": "" for n in range(1, 50_002)}


def read(path: Path, limits: Limits = LIMITS) -> SubmissionResult:
    file = SubmissionFile("r", path.name, path, "p", "2021Q1", "410001", "progress")
    return read_submission(file, Codes(tasks=TASKS), limits)


def verdict(result: SubmissionResult) -> tuple[int, int, list[str]]:
    """(rows read, rows loaded, rules of the findings)."""
    return result.rows_read, result.rows_loaded, [finding[0] for finding in result.findings]


def test_the_limits_of_the_contract():
    values = {field.name: getattr(LIMITS, field.name) for field in fields(Limits)}
    contract = {
        "file_bytes": 20 * MEGABYTE,
        "unpacked_bytes": 200 * MEGABYTE,
        "ratio": 100,
        "rows": 50_000,
        "columns": 200,
    }
    assert values | contract == values


FITS, TOO_MANY = (50_000, 50_000, []), (0, 0, ["F13"])


@pytest.mark.parametrize("count, expected", [(50_000, FITS), (50_001, TOO_MANY)])
def test_rows_of_a_csv(tmp_path, count, expected):
    # title, blank lines, total and note are no data rows
    body = "".join(f"{task},推进中\n" for task in list(TASKS)[:count])
    text = f"一季度进展\n\n填报单位：甲县\n任务编号,状态\n{body}合计,\n注：无\n"
    (tmp_path / "progress.csv").write_text(text, encoding="utf-8")
    assert verdict(read(tmp_path / "progress.csv")) == expected


@pytest.mark.parametrize("count, expected", [(300, (300, 300, [])), (301, TOO_MANY)])
def test_rows_of_parquet_and_json(tmp_path, count, expected):
    tasks = list(TASKS)[:count]
    rows = [{"task_id": task, "status": "推进中"} for task in tasks]
    polars.DataFrame(rows).write_parquet(tmp_path / "progress.parquet")
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "progress.ndjson").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "progress.json").write_text(f"[{','.join(lines)}]", encoding="utf-8")
    for suffix in ("parquet", "ndjson", "json"):
        assert verdict(read(tmp_path / f"progress.{suffix}", Limits(rows=300))) == expected


@pytest.mark.parametrize("count, expected", [(300, (300, 300, [])), (301, TOO_MANY)])
def test_rows_of_a_workbook_over_two_sheets(tmp_path, count, expected):
    with xlsxwriter.Workbook(tmp_path / "progress.xlsx") as book:
        tasks = iter(list(TASKS)[:count])
        for size in (200, count - 200):
            page = book.add_worksheet()
            page.write_row(0, 0, ["任务编号", "状态"])
            for row in range(1, size + 1):
                page.write_row(row, 0, [next(tasks), "推进中"])
    assert verdict(read(tmp_path / "progress.xlsx", Limits(rows=300))) == expected


@pytest.mark.parametrize("count, rejected", [(200, False), (201, True)])
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "json", "parquet"])
def test_columns(tmp_path, count, rejected, suffix):
    header = ["任务编号", "状态", *(f"列{n}" for n in range(3, count + 1))]
    row = ["t00001", "推进中", *("x" for _ in range(3, count + 1))]
    path = tmp_path / f"progress.{suffix}"
    if suffix == "csv":
        path.write_text("\n".join([",".join(header), ",".join(row), ",,,"]), encoding="utf-8")
    elif suffix == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet()
            page.write_row(0, 0, header)
            page.write_row(1, 0, row)
    elif suffix == "json":
        path.write_text(json.dumps([dict(zip(header, row, strict=True))]), encoding="utf-8")
    else:
        polars.DataFrame([row], schema=header, orient="row").write_parquet(path)
    result = read(path)
    assert (result.rejected, result.rows_read) == (rejected, 0 if rejected else 1)
    assert {finding[0] for finding in result.findings} == ({"F13"} if rejected else set())
