"""The clerk's own file back: which cells are marked, what is kept, what is neutralised, what a correction closes."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from dashboards.workbooks import feedback, records, styles
from dashboards.workbooks.form import FormId
from orchestration.forms import read_form
from raw.errors import Limits
from raw.periods import Period
from raw.registry import read_programme
from raw.submissions import SubmissionFile, read_submission
from tests.factories import make_registry, write_receipts, write_tree
from tests.unit.test_dashboards import insert
from tests.unit.test_template import Q2, publish

WHERE = "submissions/p2021/2021Q2/410001"
RED, ORANGE, YELLOW, BLUE = (styles.rgb(styles.SEVERITIES[key][0]) for key in "BEWI")
HEADER = ["任务编号", "任务名称", "状态", "完成进度", "完成日期", "进展情况"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_registry(tmp_path / "raw")
    return tmp_path / "raw"


def give_back(root: Path, out: Path, connection=None, period: Period = Q2) -> dict[str, feedback.Feedback]:
    """File name in the tree → what was written."""
    entries = feedback.write_feedback(connection or publish(root), root, period, out)
    return {Path(entry.source).name: entry for entry in entries}


def marks(path: Path) -> dict[str, str]:
    """sheet!cell → colour, of every cell in a colour of ours outside the list."""
    colours = {RED, ORANGE, YELLOW, BLUE, styles.rgb(styles.WORK_FILL), styles.rgb("#C8E6C9")}
    return {
        f"{page.title}!{cell.coordinate}": cell.fill.fgColor.rgb
        for page in load_workbook(path).worksheets
        if page.title != feedback.LIST_SHEET
        for row in page.iter_rows()
        for cell in row
        if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb in colours
    }


def listed(path: Path) -> list[tuple]:
    """(级别, 位置, 列名, 您填的, 规则号) of every line of the list."""
    page = load_workbook(path)[feedback.LIST_SHEET]
    return [
        tuple(row[i].value for i in (1, 2, 3, 4, 7)) for row in page.iter_rows() if row[0].value and str(row[0].value).isdigit()
    ]  # fmt: skip


def bad_csv(root: Path, encoding: str = "gb18030") -> Path:
    text = "\r\n".join(
        [
            "甲县二季度进展,,,,,",
            ",".join(HEADER),
            "t01,压缩开办时间,推进中,四成,,=cmd|' /C calc'!A0",
            "t02,设立综合窗口,推进中,60,2021-06-31,正常",
            "t02,设立综合窗口,推进中,65,,又报一次",
            "zz9,没有的任务,推进中,10,,https://example.org/x",
            "注：以上为初步数据,,,,,",
        ]
    )
    write_tree(root, {f"{WHERE}/progress.csv": text.encode(encoding)}, "2021-06-25T10:00:00+08:00")
    return root / WHERE / "progress.csv"


def test_csv_comes_back_with_its_rows_and_every_mistake_marked(root: Path, tmp_path: Path):
    bad_csv(root)
    entry = give_back(root, tmp_path / "out")["progress.csv"]
    # F03 in row 3, F04 in row 4, K01 on row 5, F05 on row 6
    assert marks(entry.file) == {
        "任务进展!D3": ORANGE, "任务进展!E4": ORANGE, "任务进展!A5": RED, "任务进展!A6": RED,
    }  # fmt: skip
    assert (entry.findings, entry.marked, entry.counts) == (4, 4, {"B": 2, "E": 2})
    book = load_workbook(entry.file)
    page = book["任务进展"]
    assert [cell.value for cell in page[2]] == HEADER
    assert [page.cell(row, 1).value for row in range(1, 8)] == [
        "甲县二季度进展", "任务编号", "t01", "t02", "t02", "zz9", "注：以上为初步数据",
    ]  # fmt: skip
    assert listed(entry.file) == [
        ("错误", "任务进展!D3", "完成进度", "“四成”", "F03"),
        ("错误", "任务进展!E4", "完成日期", "“2021-06-31”", "F04"),
        ("必须改", "任务进展!A5", "任务编号", "“t02”", "K01"),
        ("必须改", "任务进展!A6", "任务编号", "“zz9”", "F05"),
    ]
    comment = page["D3"].comment.text
    assert (
        "您填的：“四成”" in comment
        and "问题：“完成进度”列应为数字" in comment
        and "怎么改：请只填数字" in comment
    )
    assert "本行未载入" in page["A5"].comment.text
    links = {
        c.value: c.hyperlink.location
        for row in book[feedback.LIST_SHEET].iter_rows()
        for c in row
        if c.hyperlink
    }
    assert links["任务进展!A6"] == "'任务进展'!A6"
    assert book.worksheets[0].title == feedback.LIST_SHEET and book.active.title == feedback.LIST_SHEET


def test_county_text_is_neither_formula_nor_link(root: Path, tmp_path: Path):
    bad_csv(root)
    entry = give_back(root, tmp_path / "out")["progress.csv"]
    page = load_workbook(entry.file)["任务进展"]
    assert (page["F3"].value, page["F3"].data_type, page["F3"].quotePrefix) == (
        "=cmd|' /C calc'!A0",
        "s",
        True,
    )
    assert (page["F6"].value, page["F6"].hyperlink) == ("https://example.org/x", None)
    for sheet in load_workbook(entry.file).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None or (cell.hyperlink.target is None and cell.hyperlink.location)


def county_workbook() -> bytes:
    """A clerk's own workbook: styles, a validation, protection, a comment, a formula, a link, a second sheet."""
    book = Workbook()
    page = book.active
    page.title = "报表"
    page.append(HEADER)
    page.append(["t01", "压缩开办时间", "推进中", "四成", None, '=HYPERLINK("http://example.org","点我")'])
    page.append(["t02", "设立综合窗口", "基本完成", 60, date(2021, 6, 1), "正常"])
    page["D2"].fill = PatternFill("solid", fgColor="FF00FF00")
    page["B2"].font = Font(name="楷体", bold=True)
    page["D2"].comment = Comment("领导：再核一下", "领导")
    page["F3"].hyperlink = "http://example.org/evil"
    rule = DataValidation(type="decimal", operator="between", formula1="0", formula2="100")
    rule.add("D2:D9")
    page.add_data_validation(rule)
    page.protection.sheet = True
    page.column_dimensions["B"].width = 33
    page.row_dimensions[2].hidden = True
    book.create_sheet("说明")["A1"] = "只是说明"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_own_workbook_is_kept_and_marked(root: Path, tmp_path: Path):
    write_tree(root, {f"{WHERE}/progress_甲.xlsx": county_workbook()}, "2021-06-25T10:00:00+08:00")
    connection = publish(root)
    rules = {rule for (rule,) in connection.execute("select rule_id from raw.findings").fetchall()}
    assert rules == {"F03", "F07"}
    entry = give_back(root, tmp_path / "out", connection)["progress_甲.xlsx"]
    book = load_workbook(entry.file)
    page = book["报表"]
    # F03 on D2; F07 twice: the row is hidden (its key), and the formula has no stored result
    assert marks(entry.file) == {"报表!D2": ORANGE, "报表!A2": YELLOW, "报表!F2": YELLOW}
    assert page["B2"].font.name == "楷体" and page.column_dimensions["B"].width == 33
    assert [str(rule.sqref) for rule in page.data_validations.dataValidation] == ["D2:D9"]
    assert page.protection.sheet and not page["D2"].protection.locked and page["C2"].protection.locked
    assert (
        page["D2"].comment.text.startswith("领导：再核一下\n") and "您填的：“四成”" in page["D2"].comment.text
    )
    assert page["F2"].value is None and page["F3"].hyperlink is None
    assert not page.row_dimensions[2].hidden
    assert book["说明"]["A1"].value == "只是说明"
    assert read_form(entry.file) == FormId("p2021", "2021Q2", "410001", "progress")


def test_corrected_feedback_is_a_submission_without_a_finding_and_its_marks_go(root: Path, tmp_path: Path):
    write_tree(root, {f"{WHERE}/progress_甲.xlsx": county_workbook()}, "2021-06-25T10:00:00+08:00")
    first = give_back(root, tmp_path / "out")["progress_甲.xlsx"].file
    book = load_workbook(first)
    book["报表"]["D2"].value = 40
    book["报表"]["F2"].value = "已改"
    book.save(root / WHERE / "progress_改.xlsx")
    lines = [
        (f"{WHERE}/progress_甲.xlsx", "2021-06-25T10:00:00+08:00"),
        (f"{WHERE}/progress_改.xlsx", "2021-06-26T10:00:00+08:00"),
    ]
    write_receipts(root, [(path, moment, "甲县") for path, moment in lines])
    connection = publish(root)
    on_corrected = connection.execute(
        "select rule_id from raw.findings where path like '%改.xlsx'"
    ).fetchall()
    assert on_corrected == []
    found = records.findings(connection, "p2021", "2021Q2")
    assert {f["closed_by"] for f in found if f["rule_id"] == "F03"} == {f"{WHERE}/progress_改.xlsx"}
    assert records.open_counts(connection, "p2021", "2021Q2") == {}
    # known only until the day before, the correction answers nothing
    early = publish(root, Q2, datetime(2021, 6, 25, 12))
    assert records.open_counts(early, "p2021", "2021Q2") == {"410001": {"B": 0, "E": 1, "W": 2, "I": 0}}
    entries = give_back(root, tmp_path / "again", connection)
    corrected = load_workbook(entries["progress_改.xlsx"].file)
    assert marks(entries["progress_改.xlsx"].file) == {}
    assert corrected["报表"]["D2"].fill.fgColor.rgb == "FF00FF00"
    assert corrected["报表"]["D2"].comment.text == "领导：再核一下"
    assert corrected["报表"]["F2"].comment is None
    assert corrected.sheetnames.count(feedback.LIST_SHEET) == 1 and len(corrected.sheetnames) == 5
    # the first file says that nothing is left to do in it
    assert set(marks(entries["progress_甲.xlsx"].file).values()) == {styles.rgb("#C8E6C9")}
    assert {line[0] for line in listed(entries["progress_甲.xlsx"].file)} == {"已更正"}


def test_the_feedback_itself_reads_like_the_file_it_answers(root: Path, tmp_path: Path):
    """List, marks and comments add nothing to what the readers see."""
    bad_csv(root)
    entry = give_back(root, tmp_path / "out")["progress.csv"]
    codes = read_programme(root, "p2021").codes()

    def read(path: Path):
        file = SubmissionFile("r", "p", path, "p2021", "2021Q2", "410001", "progress")
        result = read_submission(file, codes, Limits())
        found = sorted((f[0], f[9], f[10], f[11]) for f in result.findings)
        return found, result.rows_read, {k: v for k, v in result.columns.items() if k != "sheet"}

    assert read(entry.file) == read(root / WHERE / "progress.csv")


def test_json_rows_stand_one_lower(root: Path, tmp_path: Path):
    rows = [
        {"任务编号": "t01", "状态": "推进中", "完成进度": 40},
        {"任务编号": "t02", "状态": "推进中", "完成进度": "六成"},
    ]
    write_tree(
        root, {f"{WHERE}/progress.json": json.dumps(rows, ensure_ascii=False)}, "2021-06-25T10:00:00+08:00"
    )
    entry = give_back(root, tmp_path / "out")["progress.json"]
    assert marks(entry.file) == {"任务进展!C3": ORANGE}
    assert "原文件第 n 条在本表第 n+1 行" in entry.note


def test_a_chart_makes_a_new_workbook_with_the_same_rows(root: Path, tmp_path: Path):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        page = book.add_worksheet("报表")
        page.write_row(3, 1, HEADER)
        page.write_row(4, 1, ["t01", "压缩开办时间", "推进中", "四成"])
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=报表!$E$5:$E$5"})
        page.insert_chart("H2", chart)
    write_tree(root, {f"{WHERE}/progress.xlsx": stream.getvalue()}, "2021-06-25T10:00:00+08:00")
    entry = give_back(root, tmp_path / "out")["progress.xlsx"]
    assert "图片" in entry.note
    assert marks(entry.file) == {"报表!E5": ORANGE}
    assert load_workbook(entry.file)["报表"]["B4"].value == "任务编号"


def test_a_merged_range_over_the_whole_sheet_is_not_unfolded(root: Path, tmp_path: Path):
    stream, patched = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        page = book.add_worksheet("报表")
        page.write_row(0, 0, HEADER)
        page.write_row(1, 0, ["t01", "压缩开办时间", "推进中", "四成"])
        page.merge_range("A5:B6", "", book.add_format())
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(patched, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"A5:B6"', b'"A5:XFD1048576"'))
    stream = patched
    write_tree(root, {f"{WHERE}/progress.xlsx": stream.getvalue()}, "2021-06-25T10:00:00+08:00")
    connection = publish(root)
    started = time.perf_counter()
    entry = give_back(root, tmp_path / "out", connection)["progress.xlsx"]
    assert time.perf_counter() - started < 10
    assert "过大" in entry.note
    assert marks(entry.file) == {"报表!D2": ORANGE}


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("progress_坏.xlsx", b"PK\x03\x04 truncated", "F01"),
        ("progress_无列.csv", "甲,乙\n1,2\n".encode(), "F02"),
    ],
)
def test_a_rejected_file_is_a_list_of_why(root: Path, tmp_path: Path, name: str, content: bytes, rule: str):
    write_tree(root, {f"{WHERE}/{name}": content}, "2021-06-25T10:00:00+08:00")
    entry = give_back(root, tmp_path / "out")[name]
    assert listed(entry.file) == [("必须改", "整个文件", None, None, rule)]
    book = load_workbook(entry.file)
    assert ("任务进展" in book.sheetnames) == (rule == "F02")
    assert (read_form(entry.file) is not None) == (rule == "F02")


def test_missing_values_are_marked_in_the_row_that_is_there(root: Path, tmp_path: Path):
    """K02 has no place: the indicator's blank cell in the latest file is it; work findings get their own colour."""
    values = [{"指标编号": "kb_steps", "指标名称": "企业开办环节", "指标值": None, "说明": "待核"}]
    tasks = [{"任务编号": "t01", "状态": "推进中", "完成进度": 40, "进展情况": "正常"}]
    write_tree(
        root,
        {f"{WHERE}/indicators.xlsx": values, f"{WHERE}/progress.xlsx": tasks},
        "2021-06-25T10:00:00+08:00",
    )
    connection = publish(root)
    (receipt,) = connection.execute("select receipt_id from ops.receipts where kind = 'progress'").fetchone()
    base = {"programme_id": "p2021", "period": "2021Q2", "reporter_id": "410001"}
    insert(connection, "quality.flags", [
        base | {"rule_id": "K02", "severity": "E", "owner": "填报主体", "entity_type": "indicator", "entity_id": "kb_steps",
                "message": "应报未报：企业开办环节；请补报该指标"},
        base | {"rule_id": "K02", "severity": "E", "owner": "填报主体", "entity_type": "indicator", "entity_id": "kb_online",
                "message": "应报未报：企业开办网上办理率；请补报该指标"},
    ])  # fmt: skip
    insert(connection, "quality.flags", [
        base | {"rule_id": "T09", "severity": "W", "owner": "责任单位", "entity_type": "task", "entity_id": "t01",
                "path": f"{WHERE}/progress.xlsx", "sheet": "Sheet1", "row_number": 2, "column_name": "完成进度",
                "raw_value": "40", "receipt_id": receipt, "message": "滞后 20 个百分点；请加快进度"},
        base | {"rule_id": "R01", "severity": "W", "owner": "营商办", "entity_type": "reporter", "entity_id": "410001",
                "path": None, "sheet": None, "row_number": None, "column_name": None, "raw_value": None,
                "receipt_id": None, "message": "位次变动较大；请复核"},
    ])  # fmt: skip
    entries = give_back(root, tmp_path / "out", connection)
    assert marks(entries["indicators.xlsx"].file) == {"Sheet1!C2": ORANGE}
    assert listed(entries["indicators.xlsx"].file) == [
        ("错误", "Sheet1!C2", "指标值", "（空白）", "K02"), ("错误", "没有可用的数据", "编号 kb_online", None, "K02"),
    ]  # fmt: skip
    # how the work goes is no mistake of the form; what concerns the office is not the county's
    assert marks(entries["progress.xlsx"].file) == {"Sheet1!C2": styles.rgb(styles.WORK_FILL)}
    assert [line[-1] for line in listed(entries["progress.xlsx"].file)] == ["T09"]
    assert (
        "没有需要改正的问题" in load_workbook(entries["progress.xlsx"].file)[feedback.LIST_SHEET]["A3"].value
    )


def test_two_files_of_one_name_do_not_overwrite_each_other(root: Path, tmp_path: Path):
    rows = [{"任务编号": "t01", "状态": "推进中", "完成进度": "四成"}]
    write_tree(
        root, {f"{WHERE}/progress.xlsx": rows, f"{WHERE}/progress.csv": rows}, "2021-06-25T10:00:00+08:00"
    )
    entries = give_back(root, tmp_path / "out")
    assert len({entry.file for entry in entries.values()}) == 2
    again = give_back(root, tmp_path / "out")
    assert {e.file for e in again.values()} == {e.file for e in entries.values()}


def test_forty_receipts_in_six_seconds(root: Path, tmp_path: Path):
    tasks = [
        {"task_id": f"t{i:03d}", "seq": i, "special_id": "kaiban", "title": f"改革事项{i}", "deadline_text": "2021年6月30日"}
        for i in range(120)
    ]  # fmt: skip
    make_registry(root, tasks=tasks, responsibilities=[])
    rows = [
        {"任务编号": f"t{i:03d}", "任务名称": f"改革事项{i}", "状态": "推进中", "完成进度": "四成" if i < 12 else 40, "进展情况": "正常推进"}
        for i in range(120)
    ]  # fmt: skip
    write_tree(root, {f"{WHERE}/progress_{n}.xlsx": rows for n in range(40)}, "2021-06-25T10:00:00+08:00")
    connection = publish(root)
    started = time.perf_counter()
    entries = give_back(root, tmp_path / "out", connection)
    assert time.perf_counter() - started < 6
    assert len(entries) == 40
    assert all(entry.marked == 12 for entry in entries.values())
