"""One file → typed rows, quarantine and findings: keys, cells, sender, places."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raw.errors import Limits
from raw.schema import FINDING, QUARANTINE
from raw.submissions import Codes, SubmissionFile, SubmissionResult, read_submission
from tests.factories.trees import Percent, write_file

CODES = Codes(
    tasks={
        "t01": "压缩开办时间",
        "t02": "设立综合窗口",
        "t03": "优化服务",
        "t04": "优化服务",
        "5": "编号即数字",
        "v1.0": "版本",
    },
    task_by_seq={"1": "t01", "2": "t02", "3": "t03", "4": "t04", "7": "", "12": "t02"},
    task_by_title={
        "压缩开办时间": "t01",
        "设立综合窗口": "t02",
        "优化服务": "",
        "编号即数字": "5",
        "版本": "v1.0",
    },
    indicators={"kb_days": "企业开办时间", "kb_rate": "网办率", "dup_a": "同名", "dup_b": "同名"},
    indicator_by_name={"企业开办时间": "kb_days", "网办率": "kb_rate", "同名": ""},
    reporters={
        "410001": ("西平县", "西平", "西平县人民政府"),
        "410002": ("遂平县",),
        "410003": ("西平县产业集聚区",),
        "410004": ("新县", "西"),
    },
)
LIMITS = Limits()


def read(
    path: Path, kind: str = "progress", reporter: str = "410001", limits: Limits = LIMITS
) -> SubmissionResult:
    file = SubmissionFile(
        "r1", f"submissions/p/2021Q1/{reporter}/{path.name}", path, "p", "2021Q1", reporter, kind
    )
    return read_submission(file, CODES, limits)


def read_rows(
    tmp_path: Path, rows: list[dict], kind: str = "progress", suffix: str = "csv", **options
) -> SubmissionResult:
    header = list(dict.fromkeys(name for row in rows for name in row))
    path = tmp_path / f"{kind}.{suffix}"
    write_file(path, header, rows, **options)
    return read(path, kind)


def found(result: SubmissionResult, *names: str) -> list[tuple]:
    """The findings, by the columns named."""
    return [tuple(dict(zip(FINDING, line, strict=True))[name] for name in names) for line in result.findings]


def loaded(result: SubmissionResult, *names: str) -> list[tuple]:
    return list(zip(*(result.columns[name] for name in names), strict=True))


def kept_out(result: SubmissionResult, *names: str) -> list[tuple]:
    return [
        tuple(dict(zip(QUARANTINE, line, strict=True))[name] for name in names) for line in result.quarantine
    ]


# ── keys of tasks ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "key, title, code, rule_id",
    [
        ("t01", "压缩开办时间", "t01", None),
        ("t01", "设立综合窗口", "t01", None),  # a task_id is believed, whatever the title
        ("t01", None, "t01", None),
        (" ｔ０１ ", None, "t01", None),
        ("1", None, "t01", "K07"),
        ("1", "压缩开办时间", "t01", "K07"),
        ("1.0", "压缩 开办时间", "t01", "K07"),
        ("1", "谁也没有的名称", "t01", "K07"),  # no other task's title
        ("1", "设立综合窗口", "t02", "K07"),  # another task's title decides
        ("3", "优化服务", "t03", "K07"),  # shared by t03 and t04: it is t03's own all the same
        ("1", "优化服务", None, "F05"),  # another task's, but of two: nothing is guessed
        ("5", "压缩开办时间", "5", None),  # an id that looks like a seq is an id
        ("7", None, None, "F05"),  # a seq of two tasks is nobody's
        ("7", "设立综合窗口", None, "F05"),
        ("99", "设立综合窗口", None, "F05"),  # no id, no seq: the exact title does not help
        ("t99", "设立综合窗口", None, "F05"),
        ("t 01", "压缩开办时间", None, "F05"),
        (None, "设立综合窗口", "t02", "K07"),
        (None, "　设立 综合窗口", "t02", "K07"),
        ("  ", "设立综合窗口", "t02", "K07"),
        (None, "设立窗口", None, "F05"),
        (None, "优化服务", None, "F05"),
        (None, None, None, "F05"),
        ("v1.0", None, "v1.0", None),
    ],
)
def test_task_keys(tmp_path, key, title, code, rule_id):
    result = read_rows(tmp_path, [{"任务编号": key, "任务名称": title, "状态": "推进中"}])
    assert result.rows_read == 1
    assert loaded(result, "task_id") == ([(code,)] if code else [])
    assert kept_out(result, "rule_id", "row_number") == ([] if code else [("F05", 2)])
    rules = [rule for (rule,) in found(result, "rule_id") if rule != "F09"]
    assert rules == ([rule_id] if rule_id else [])


@pytest.mark.parametrize(
    "key, name, code, rule_id",
    [
        ("kb_days", "网办率", "kb_days", None),
        ("2", "网办率", "kb_rate", "K07"),
        (None, "网办率", "kb_rate", "K07"),
        ("2", "没有的", None, "F05"),
        ("x_rate", "网办率", None, "F05"),
        (None, "同名", None, "F05"),
        (None, None, None, "F05"),
    ],
)
def test_indicator_keys(tmp_path, key, name, code, rule_id):
    result = read_rows(tmp_path, [{"指标编号": key, "指标名称": name, "指标值": "5"}], "indicators")
    assert loaded(result, "indicator_id", "value") == ([(code, 5.0)] if code else [])
    assert [rule for (rule,) in found(result, "rule_id")] == ([rule_id] if rule_id else [])


def test_issues_and_groups_have_their_own_keys(tmp_path):
    rows = [
        {"序号": "1", "问题": "甲", "整改状态": "销号", "销号日期": "2021年3月1日", "整改期限": "2021.2.30"},
        {"序号": None, "问题": "乙", "整改状态": "整改中"},
        {"序号": None, "问题": None, "整改状态": "销号"},
    ]
    result = read_rows(tmp_path, rows, "rectification")
    assert loaded(result, "issue_id", "status", "closed_on", "due", "due_raw") == [
        ("1", "completed", date(2021, 3, 1), None, "2021.2.30"),
        ("乙", None, None, None, None),
    ]
    assert found(result, "rule_id", "row_number") == [("F04", 2), ("F05", 4)]
    rows = [
        {"调查对象": "企业（小微）", "样本量": "200", "满意数": "190", "满意度": "0.95"},
        {"满意度": "90"},
    ]
    result = read_rows(tmp_path, rows, "satisfaction")
    assert loaded(result, "respondent_group", "sample", "satisfied", "rate") == [
        ("企业(小微)", 200.0, 190.0, 95.0)
    ]
    assert found(result, "rule_id", "entity_type") == [("F12", "file"), ("F05", "file")]


def test_the_first_row_of_a_key_stays(tmp_path):
    rows = [
        {"编号": "t01", "任务名称": None, "状态": "推进中"},
        {"编号": "t99", "任务名称": None, "状态": "推进中"},
        {"编号": "1", "任务名称": None, "状态": "已完成"},
        {"编号": "t02", "任务名称": None, "状态": "推进中"},
        {"编号": None, "任务名称": "压缩开办时间", "状态": "取消"},
    ]
    result = read_rows(tmp_path, rows)
    assert loaded(result, "task_id", "status", "row_number") == [
        ("t01", "in_progress", 2),
        ("t02", "in_progress", 5),
    ]
    assert kept_out(result, "rule_id", "row_number") == [("F05", 3), ("K01", 4), ("K01", 6)]
    assert "第 2 行" in kept_out(result, "message")[1][0]
    assert found(result, "rule_id", "entity_type", "entity_id", "column_name", "raw_value")[1:] == [
        ("K01", "task", "t01", "编号", "1"),
        ("K01", "task", "t01", "编号", None),
    ]


def test_a_key_counts_once_over_all_sheets(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "progress.xlsx") as book:
        for name, tasks in (("一", ["t01", "t02"]), ("说明", None), ("二", ["t03", "t01"])):
            page = book.add_worksheet(name)
            for row, line in enumerate(
                [["任务编号", "状态"], *([t, "推进中"] for t in tasks or ())] if tasks else [["请如实填写"]]
            ):
                page.write_row(row, 0, line)
    result = read(tmp_path / "progress.xlsx")
    assert loaded(result, "sheet", "row_number", "task_id") == [
        ("一", 2, "t01"),
        ("一", 3, "t02"),
        ("二", 2, "t03"),
    ]
    assert kept_out(result, "sheet", "row_number", "rule_id") == [("二", 3, "K01")]
    assert "工作表“一”第 2 行" in kept_out(result, "message")[0][0]


def test_a_quarantined_row_keeps_every_cell(tmp_path):
    (tmp_path / "progress.csv").write_text(
        "任务编号,状态,备用,状态,\nt99,推进中,甲,已完成,乙,丙\n", encoding="utf-8"
    )
    ((row_json,),) = kept_out(read(tmp_path / "progress.csv"), "row_json")
    assert json.loads(row_json) == {
        "任务编号": "t99",
        "状态": "推进中",
        "备用": "甲",
        "状态（第4列）": "已完成",
        "第5列": "乙",
        "第6列": "丙",
    }


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


def test_a_row_of_every_field(tmp_path):
    row = {
        "任务编号": "t01", "任务名称": " 压缩开办时间 ", "状态": "已 完成", "完成进度": "１００％", "完成日期": "2021年3月1日",
        "进展情况": " 第一行\n第二行 ", "存在问题": "", "佐证材料": "a.pdf", "填报日期": "44286", "填报单位": "西平县",
    }  # fmt: skip
    result = read_rows(tmp_path, [row])
    values = {name: column[0] for name, column in result.columns.items()}
    assert values == {
        "receipt_id": "r1", "programme_id": "p", "period": "2021Q1", "reporter_id": "410001",
        "path": "submissions/p/2021Q1/410001/progress.csv", "sheet": None, "row_number": 2,
        "task_key": "t01", "task_id": "t01", "title": "压缩开办时间", "status_raw": "已 完成", "status": "completed",
        "progress_raw": "１００％", "progress_pct": 100.0, "completed_on_raw": "2021年3月1日",
        "completed_on": date(2021, 3, 1), "summary": "第一行\n第二行", "problems": None, "evidence": "a.pdf",
        "reported_on_raw": "44286", "reported_on": date(2021, 3, 31), "reported_by": "西平县",
    }  # fmt: skip
    assert found(result, "rule_id", "column_name", "raw_value") == [
        ("F09", "状态", "已 完成"),
        ("F09", "完成进度", "１００％"),
    ]
    assert ("r1", None, "progress_pct", "完成进度", 4) in result.lineage


@pytest.mark.parametrize(
    "header, raw, value, rule_id",
    [
        ("完成进度", "50", 50.0, None),
        ("完成进度", "0.6", 60.0, "F12"),
        ("完成进度", "一半", None, "F03"),
        ("完成日期", "2021-06-31", None, "F04"),
        ("完成日期", "0202-09-01", None, "F04"),
        ("状态", "基本完成", None, None),  # K05 is found over the whole table (quality/)
        ("状态", "   ", None, None),
    ],
)
def test_an_unreadable_cell_is_null_with_its_raw_text(tmp_path, header, raw, value, rule_id):
    columns = {"完成进度": "progress", "完成日期": "completed_on", "状态": "status"}
    row = {"任务编号": "t01", "状态": "推进中", header: raw}
    result = read_rows(tmp_path, [row])
    field = columns[header]
    typed = "progress_pct" if field == "progress" else field
    assert loaded(result, typed, f"{field}_raw") == [(value, raw if raw.strip() else None)]
    expected = [(rule_id, "task", "t01", 2, header, raw)] if rule_id else []
    assert (
        found(result, "rule_id", "entity_type", "entity_id", "row_number", "column_name", "raw_value")
        == expected
    )
    assert all(raw in message for (message,) in found(result, "message"))


def test_a_word_for_a_value_is_an_answer_and_no_unreadable_cell(tmp_path):
    """Only the value: in the numerator nobody else would say that the word is no number."""
    rows = [
        {"指标编号": "kb_days", "指标值": "不适用", "分子": "无"},
        {"指标编号": "kb_rate", "指标值": "约5", "分子": ""},
        {"指标编号": "dup_a", "指标值": 3, "分子": ""},
    ]
    result = read_rows(tmp_path, rows, kind="indicators")
    assert loaded(result, "value_raw", "value", "answer", "numerator_raw") == [
        ("不适用", None, "not_applicable_text", "无"),
        ("约5", None, "other_text", None),
        ("3", 3.0, "value", None),
    ]
    assert found(result, "rule_id", "row_number", "column_name") == [("F03", 2, "分子"), ("F03", 3, "指标值")]


def test_percent_formats_and_date_cells_of_a_workbook(tmp_path):
    rows = [
        {"序号": "t01", "进度": Percent(0.5), "完成日期": date(2021, 3, 1)},
        {"序号": "t02", "进度": 0.5, "完成日期": 44286},
    ]
    for suffix in ("xlsx", "xls"):
        result = read_rows(tmp_path, rows, suffix=suffix)
        assert loaded(result, "progress_pct", "completed_on") == [
            (50.0, date(2021, 3, 1)),
            (50.0, date(2021, 3, 31)),
        ]
        assert found(result, "rule_id", "row_number", "entity_id") == [("F12", 3, "t02")]
        assert result.columns["sheet"] == ["Sheet1", "Sheet1"]


def test_an_indicator_value_is_read_as_written(tmp_path):
    rows = [{"指标编号": "kb_days", "指标值": "0.5"}, {"指标编号": "kb_rate", "指标值": "87.4%"}]
    result = read_rows(tmp_path, rows, "indicators")
    assert loaded(result, "indicator_id", "value", "value_raw") == [
        ("kb_days", 0.5, "0.5"),
        ("kb_rate", 87.4, "87.4%"),
    ]
    assert result.findings == []


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "xls", "json", "ndjson", "parquet"])
def test_every_format_loads_the_same(tmp_path, suffix):
    rows = [
        {"任务编号": "t01", "状态": "推进中", "进度": "50%"},
        {"任务编号": "t99", "状态": "办结", "进度": "10"},
    ]
    result = read_rows(tmp_path, rows, suffix=suffix)
    first = 1 if suffix in ("json", "ndjson", "parquet") else 2
    if suffix == "ndjson":
        assert (result.format, result.encoding) == ("ndjson", "utf-8")
    assert loaded(result, "task_id", "status", "progress_pct", "row_number") == [
        ("t01", "in_progress", 50.0, first)
    ]
    assert kept_out(result, "row_number", "rule_id") == [(first + 1, "F05")]
    assert result.rows_read == 2 == result.rows_loaded + len(result.quarantine)


def test_field_names_serve_as_headers(tmp_path):
    rows = [{"task_id": "t01", "status": "已完成", "progress_pct": 0.5, "completed_on": "2021-03-01"}]
    for suffix in ("json", "parquet"):
        result = read_rows(tmp_path, rows, suffix=suffix)
        assert loaded(result, "status", "progress_pct", "completed_on") == [
            ("completed", 50.0, date(2021, 3, 1))
        ]


def test_a_broken_line_of_ndjson_is_quarantined_with_its_text(tmp_path):
    (tmp_path / "progress.ndjson").write_text(
        '{"task_id": "t01", "status": "已完成"}\n{"task_id": "t02"\n', encoding="utf-8"
    )
    result = read(tmp_path / "progress.ndjson")
    assert (result.rows_read, result.rows_loaded, result.rejected) == (2, 1, False)
    assert kept_out(result, "row_number", "rule_id", "row_json") == [
        (2, "F01", '{"task_id": "{\\"task_id\\": \\"t02\\""}')
    ]


# ── F06, F07, F09 ─────────────────────────────────────────────────────────────────────────────


def test_a_merged_key_is_told_and_its_rows_quarantined(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "progress.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["专项", "任务编号", "状态"])
        page.merge_range("A2:A4", "企业开办")
        page.merge_range("B2:B3", "t01")
        page.merge_range("B4:B5", None)
        for row, text in enumerate(["推进中", "已完成", "推进中", "取消"], 1):
            page.write(row, 2, text)
    result = read(tmp_path / "progress.xlsx")
    assert loaded(result, "row_number", "task_id") == [(2, "t01")]
    assert kept_out(result, "row_number", "rule_id") == [(3, "K01"), (4, "F05"), (5, "F05")]
    assert found(result, "rule_id", "row_number", "column_name", "entity_id")[0] == (
        "F06",
        3,
        "任务编号",
        "t01",
    )
    assert [row for rule, row in found(result, "rule_id", "row_number") if rule == "F06"] == [3, 5]


def test_merged_cells_beside_the_key_are_no_finding(tmp_path):
    rows = [{"专项": "企业开办", "任务编号": f"t0{n}", "状态": "推进中"} for n in (1, 2, 3)]
    result = read_rows(
        tmp_path, rows, suffix="xlsx", merge_repeats=["专项", "状态"], title="一季度", notes=["注：无", "二"]
    )
    assert result.columns["status"] == ["in_progress"] * 3 and result.findings == []


def test_hidden_rows_columns_and_sheets_are_read_and_told_once_a_sheet(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "progress.xlsx") as book:
        one, two, three = (book.add_worksheet(name) for name in ("一", "二", "三"))
        for page, task in ((one, "t01"), (two, "t02"), (three, "t03")):
            page.write_row(0, 0, ["任务编号", "状态", "备用"])
            page.write_row(1, 0, [task, "推进中", "x"])
        one.write_row(2, 0, ["5", "推进中"])
        one.set_row(1, None, None, {"hidden": True})
        one.set_row(2, None, None, {"hidden": True})
        one.set_row(9, None, None, {"hidden": True})  # below the table
        one.set_column("C:C", None, None, {"hidden": True})  # no field of the contract
        two.set_column("B:B", None, None, {"hidden": True})
        three.hide()
    result = read(tmp_path / "progress.xlsx")
    assert result.columns["task_id"] == ["t01", "5", "t02", "t03"]
    assert found(result, "rule_id", "entity_type", "sheet", "row_number", "column_name") == [
        ("F07", "file", "一", 2, None),
        ("F07", "file", "二", None, "状态"),
        ("F07", "file", "三", None, None),
    ]
    messages = [message for (message,) in found(result, "message")]
    assert (
        messages[0].startswith("第 2、3 行被隐藏") and "“状态”列" in messages[1] and "工作表" in messages[2]
    )


def test_formula_errors_in_fields_of_the_contract(tmp_path):
    rows = [
        {"任务编号": "t01", "状态": "推进中", "进度": "#DIV/0!", "进展情况": "#REF!", "备用": "#N/A"},
        {"任务编号": "#N/A", "状态": "推进中", "进度": "50", "进展情况": None, "备用": None},
    ]
    result = read_rows(tmp_path, rows)
    assert loaded(result, "progress_pct", "progress_raw", "summary") == [(None, "#DIV/0!", None)]
    findings = found(result, "rule_id", "row_number", "column_name", "raw_value", "entity_id")
    assert sorted(findings) == sorted([
        ("F03", 2, "进度", "#DIV/0!", "t01"),
        ("F05", 3, "任务编号", "#N/A", "submissions/p/2021Q1/410001/progress.csv"),
        ("F07", 2, "进度", "#DIV/0!", "t01"),
        ("F07", 2, "进展情况", "#REF!", "t01"),
        ("F07", 3, "任务编号", "#N/A", "submissions/p/2021Q1/410001/progress.csv"),
    ])  # fmt: skip
    issues = read_rows(tmp_path, [{"问题编号": "#REF!", "整改状态": "销号"}], "rectification")
    assert kept_out(issues, "rule_id") == [("F05",)]


def test_a_formula_nobody_calculated_is_told(tmp_path):
    book = openpyxl.Workbook()
    for line in (["任务编号", "完成进度", "备用"], ["t01", "=40+10", "=1+1"]):
        book.active.append(line)
    book.save(tmp_path / "progress.xlsx")
    result = read(tmp_path / "progress.xlsx")
    assert loaded(result, "progress_pct", "progress_raw") == [(None, None)]
    assert found(result, "rule_id", "row_number", "column_name", "entity_id") == [
        ("F07", 2, "完成进度", "t01")
    ]
    assert "没有计算结果" in found(result, "message")[0][0]


@pytest.mark.parametrize(
    "cells, repaired",
    [
        ({"任务编号": "ｔ０１"}, ["任务编号"]),
        ({"任务编号": " t01 ", "进度": " 50% "}, []),
        ({"进度": "５０％", "完成日期": "2021 年 3 月 1 日"}, ["进度", "完成日期"]),
        ({"进度": "五 十"}, []),  # not read at all: F03 only
        ({"任务名称": "压缩　开办（时间）", "进展情况": "完成 ５０％"}, []),  # free text is nobody's mistake
        ({"完成日期": "2021-03-01 10:00:00"}, []),
    ],
)
def test_repairs_are_told_of_values_only(tmp_path, cells, repaired):
    result = read_rows(tmp_path, [{"任务编号": "t01", "状态": "已完成", "进度": "100"} | cells])
    told = [column for rule, column in found(result, "rule_id", "column_name") if rule == "F09"]
    assert told == repaired and result.rows_loaded == 1


# ── F14 ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "named, other",
    [
        ("西平县", None),
        ("西平", None),
        ("西平县人民政府", None),
        ("驻马店市西平县营商办", None),
        ("平县", None),  # part of the own name, nobody else's
        ("遂平县", "遂平县"),
        ("驻马店市遂平县人民政府", "遂平县"),
        ("西平县产业集聚区", "西平县产业集聚区"),
        ("西平县产业集聚区管委会", "西平县产业集聚区"),
        ("西", "新县"),  # another's whole name beats a part of the own one
        ("市政务中心", None),
        ("张三", None),
    ],
)
def test_another_reporter_named_in_the_file(tmp_path, named, other):
    rows = [{"任务编号": "t01", "状态": "推进中"}]
    line = read_rows(tmp_path, rows, above=["一季度", f"填报单位：{named}"])
    column = read_rows(tmp_path, [row | {"填报单位": named} for row in rows])
    expected = [("F14", "file", named)] if other else []
    for result, row in ((line, 2), (column, 2)):
        assert found(result, "rule_id", "entity_type", "raw_value") == expected
        assert result.rows_loaded == 1  # severity E keeps no row out
        if other:
            assert found(result, "row_number", "column_name") == [(row, "填报单位")]
            assert f"是{other}，与报送单位西平县不一致" in found(result, "message")[0][0]


def test_another_reporter_is_told_once_a_name(tmp_path):
    rows = [{"任务编号": key, "状态": "推进中", "填报单位": "遂平县 "} for key in ("t01", "t02", "t03")]
    assert found(read_rows(tmp_path, rows), "rule_id", "row_number") == [("F14", 2)]


def test_a_person_in_the_column_is_no_unit(tmp_path):
    rows = [{"任务编号": "t01", "状态": "推进中", "填报人": "遂平县"}]
    assert read_rows(tmp_path, rows).findings == []


# ── whole files ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name, body, rule_id",
    [
        ("progress.csv", b"", "F01"),
        ("progress.json", b"[{", "F01"),
        ("progress.json", b"[]", "F02"),
        ("progress.csv", "任务编号,当前情况\nt01,好\n".encode(), "F02"),
        ("progress.csv", b"\n\n", "F02"),
        ("progress.et", b"x", "F15"),
        ("progress_gone.csv", None, "F01"),
    ],
)
def test_a_file_that_cannot_be_read_is_rejected_with_one_finding(tmp_path, name, body, rule_id):
    path = tmp_path / name
    if body is not None:
        path.write_bytes(body)
    result = read(path)
    assert (result.rejected, result.rows_read, result.rows_loaded, result.quarantine) == (True, 0, 0, [])
    assert found(result, "rule_id", "entity_type", "path", "row_number") == [
        (rule_id, "file", f"submissions/p/2021Q1/410001/{name}", None)
    ]
    assert result.reason == found(result, "message")[0][0]


def test_a_table_without_rows_is_readable(tmp_path):
    (tmp_path / "progress.csv").write_text("任务编号,状态\n注：本季无变化\n", encoding="utf-8")
    result = read(tmp_path / "progress.csv")
    assert (result.rejected, result.rows_read, result.findings) == (False, 0, [])


CELL = st.one_of(
    st.sampled_from(["t01", "t02", "1", "推进中", "50%", "0.5", "2021-03-01", "注：", "合计", "#N/A", ""]),
    st.text(max_size=6),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=8))
def test_every_row_read_is_loaded_or_quarantined(tmp_path, rows):
    header = ["任务编号", "任务名称", "状态", "完成进度", "完成日期"]
    (tmp_path / "progress.json").write_text(
        json.dumps(
            [dict(zip(header, row, strict=True)) for row in rows] + [{"任务编号": "t03", "状态": "办结"}]
        ),
        encoding="utf-8",
    )
    result = read(tmp_path / "progress.json")
    assert not result.rejected
    assert result.rows_read == result.rows_loaded + len(result.quarantine)
    positions = [*result.columns["row_number"], *(place for (place,) in kept_out(result, "row_number"))]
    assert len(positions) == len(set(positions))
    assert {rule for (rule,) in found(result, "rule_id")} <= {
        "F03",
        "F04",
        "F05",
        "F07",
        "F09",
        "F12",
        "K01",
        "K07",
    }
