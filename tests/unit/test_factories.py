"""The builders of raw trees: same bytes every time, row numbers as the pipeline counts them."""

from __future__ import annotations

import csv
import json
from datetime import date

import openpyxl
import polars
import pytest
import xlrd

from tests.factories import (
    make_registry,
    write_csv,
    write_json,
    write_ndjson,
    write_parquet,
    write_progress_csv,
    write_tree,
    write_xls,
    write_xlsx,
)
from tests.factories.sample import write_sample
from tests.factories.trees import REGISTRY_COLUMNS, Percent, write_registry_table


def _tree(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_one_reporter_quarter_is_the_same_bytes_twice(tmp_path):
    for name in ("a", "b"):
        write_sample(tmp_path / name, only={("411702", "2021Q2"), ("411724", "2021Q2"), ("411728", "2021Q2")})
    first, second = _tree(tmp_path / "a"), _tree(tmp_path / "b")
    assert {path.rsplit(".", 1)[1] for path in first} == {"xlsx", "xls", "parquet", "csv"}
    assert first == second


def test_csv_row_numbers_are_file_lines(tmp_path):
    path = tmp_path / "x.csv"
    numbers = write_csv(
        path,
        ["编号", "状态"],
        [["t1", "完成"], ["t2", None]],
        above=["标题", "填报单位：甲县"],
        below=["注：无"],
    )
    lines = path.read_text(encoding="utf-8").splitlines()
    assert numbers == [4, 5]
    assert [lines[number - 1] for number in numbers] == ["t1,完成", "t2,"]
    assert lines[2] == "编号,状态" and lines[5] == "注：无"


@pytest.mark.parametrize(
    "encoding, head", [("utf-8-sig", b"\xef\xbb\xbf"), ("gb18030", "编号".encode("gb18030"))]
)
def test_csv_encodings(tmp_path, encoding, head):
    write_csv(tmp_path / "x.csv", ["编号"], [["甲"]], encoding=encoding)
    assert (tmp_path / "x.csv").read_bytes().startswith(head)


def test_workbook_as_a_clerk_makes_it(tmp_path):
    path = tmp_path / "x.xlsx"
    numbers = write_xlsx(
        path,
        ["专项", "编号", "进度", "日期", "备注"],
        [
            ["开办", "t1", Percent(0.5), date(2021, 6, 30), "=NA()"],
            ["开办", "t2", 30, None, None],
            ["电力", "t3", "５０％", None, None],
        ],
        title="进展表",
        unit_line="填报单位：甲县",
        total=["合计", "3项"],
        notes=["注：无"],
        merge_repeats=["专项"],
        hidden_rows=[1],
    )
    assert numbers == [4, 5, 6]
    page = openpyxl.load_workbook(path).active
    assert (
        page["A1"].value == "进展表" and page["A2"].value == "填报单位：甲县" and page["A7"].value == "合计"
    )
    assert [page.cell(number, 2).value for number in numbers] == ["t1", "t2", "t3"]
    assert page["C4"].value == 0.5 and page["C4"].number_format == "0%"
    assert page["D4"].is_date and page["D4"].value.date() == date(2021, 6, 30)
    assert {str(ranges) for ranges in page.merged_cells.ranges} == {"A1:E1", "A4:A5"}
    assert page.row_dimensions[5].hidden and not page.row_dimensions[4].hidden
    assert openpyxl.load_workbook(path, data_only=True).active["E4"].value == "#N/A"


def test_xls_row_numbers_and_formats(tmp_path):
    path = tmp_path / "x.xls"
    numbers = write_xls(
        path, ["编号", "进度"], [["t1", Percent(0.25)]], title="表", unit_line="填报单位：甲县"
    )
    book = xlrd.open_workbook(str(path), formatting_info=True)
    cell = book.sheet_by_index(0).cell(numbers[0] - 1, 1)
    assert numbers == [4] and cell.value == 0.25
    assert book.format_map[book.xf_list[cell.xf_index].format_key].format_str == "0%"


def test_json_and_ndjson_leave_blanks_out(tmp_path):
    rows = [["t1", None], ["t2", 30]]
    assert write_json(tmp_path / "x.json", ["task_id", "progress_pct"], rows) == [1, 2]
    assert write_ndjson(tmp_path / "x.ndjson", ["task_id", "progress_pct"], rows) == [1, 2]
    expected = [{"task_id": "t1"}, {"task_id": "t2", "progress_pct": 30}]
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == expected
    assert [
        json.loads(line) for line in (tmp_path / "x.ndjson").read_text(encoding="utf-8").splitlines()
    ] == expected


def test_parquet_types(tmp_path):
    write_parquet(tmp_path / "x.parquet", ["a", "b", "c"], [[1, date(2021, 1, 1), "x"], [None, None, 2]])
    frame = polars.read_parquet(tmp_path / "x.parquet")
    assert frame.dtypes == [polars.Float64, polars.Date, polars.String]
    assert frame["c"].to_list() == ["x", "2"]


def test_small_registry_has_the_contract_s_columns(tmp_path):
    folder = make_registry(tmp_path, "p2022", start=date(2022, 1, 1), end=date(2022, 12, 31))
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            assert next(csv.reader(handle)) == REGISTRY_COLUMNS[path.stem]
    assert "start_date = 2022-01-01" in (folder / "programme.toml").read_text(encoding="utf-8")


def test_a_registry_table_can_be_replaced(tmp_path):
    folder = make_registry(tmp_path, tasks=[{"task_id": "only", "deadline_text": "适时"}])
    with (folder / "tasks.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["task_id"], row["deadline_text"], row["title"]) for row in rows] == [("only", "适时", "")]
    assert len((folder / "indicators.csv").read_text(encoding="utf-8").splitlines()) == 3
    with pytest.raises(ValueError, match="taskz"):
        make_registry(tmp_path, taskz=[])
    with pytest.raises(ValueError):
        write_registry_table(tmp_path, "units", [{"unit": "a column the contract does not have"}])


def test_tree_writes_every_kind_of_content_and_receipts(tmp_path):
    place = "submissions/p2021/2021Q1/410001"
    write_tree(
        tmp_path,
        {
            f"{place}/progress.csv": [{"任务编号": "t01", "状态": "完成"}],
            f"{place}/progress_b.xlsx": {"header": ["任务编号"], "rows": [["t01"]], "title": "表"},
            f"{place}/progress_c.xlsx": b"PK broken",
            "confirmations.csv": "rule_id\n",
        },
        received={f"{place}/progress.csv": "2021-03-20T09:00:00+08:00"},
    )
    assert (tmp_path / place / "progress_c.xlsx").read_bytes() == b"PK broken"
    assert openpyxl.load_workbook(tmp_path / place / "progress_b.xlsx").active["A3"].value == "t01"
    receipts = (tmp_path / "receipts.csv").read_text(encoding="utf-8").splitlines()
    assert receipts == ["path,received_at,sender", f"{place}/progress.csv,2021-03-20T09:00:00+08:00,测试"]


def test_progress_rows_by_header(tmp_path):
    numbers = write_progress_csv(tmp_path / "p.csv", [{"任务编号": "t01", "完成进度": Percent(0.4)}])
    assert numbers == [2]
    assert (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()[1] == "t01,,,40%,,,,"
