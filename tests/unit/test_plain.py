"""Reading column by column gives what reading row by row gives, whatever stands in the cells."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raw.submissions
from raw.errors import Limits
from raw.mapping import _Table, map_document
from raw.plain import plain_cells
from raw.sheets import Document, Layout, Row, Sheet, read_document
from raw.submissions import Codes, SubmissionFile, read_submission

CODES = Codes(
    tasks={"t01": "优化办电流程", "t02": "推行预付款", "12.0": "末尾为零", "7": "七"},
    task_by_seq={"1": "t01", "2": "t02"},
    task_by_title={"优化办电流程": "t01", "推行预付款": "t02"},
    indicator_by_name={"网办率": "i1"},
    indicators={"i1": "网办率", "i2": "办件量"},
    reporters={"r": ("测试县",), "s": ("邻县",)},
)
LIMITS = Limits()
HEADERS = {
    "progress": ["任务编号", "任务名称", "状态", "完成进度", "完成日期", "进展情况", "填报日期", "填报单位"],
    "indicators": ["指标编号", "指标名称", "指标值", "分子", "单位", "说明"],
}
CELLS = [
    *("", " ", "\u200b", "t01", "ｔ０１", "t 02", " t02 ", "12.0", "12", "7", "7.0", "1", "i1", "i2", "网办率", "优化办电流程"),
    *("已完成", "推进中", "基本完成", "50%", "５０％", "0.5", "100", "一半", "2021-06-30", "2021.6.31", "44377", "2021年6月30日"),
    *("#REF!", "#N/A", "合计", "合计：", "注：说明", "备注：x", "填报单位：邻县", "邻县", "状态", "任务编号", "无", "不适用", "—", "1,234.5"),
    *("改造台区10个。", "第一行\n第二行", "=1+1", "x" * 100),
]  # fmt: skip
cell = st.sampled_from(CELLS)


def outcome(path: Path, kind: str) -> tuple:
    result = read_submission(
        SubmissionFile("id", f"{path.name}", path, "p", "2021Q2", "r", kind), CODES, LIMITS
    )
    return result.columns, result.findings, result.quarantine, result.lineage, result.rows_read, result.reason


def row_by_row(path: Path, kind: str) -> tuple:
    """The same file without either short cut."""
    with (
        mock.patch.object(raw.submissions, "plain_cells", lambda *_: None),
        mock.patch.object(_Table, "_is_plain", lambda *_: False),
    ):
        return outcome(path, kind)


@st.composite
def tables(draw) -> tuple[str, list[list[str]]]:
    kind = draw(st.sampled_from(sorted(HEADERS)))
    header = draw(st.permutations(HEADERS[kind]))
    header = header[: draw(st.integers(3, len(header)))]
    own = {"progress": ["t01", "t02", "7", "12.0"], "indicators": ["i1", "i2"]}[kind]
    rows = []
    for _ in range(draw(st.integers(0, 12))):
        row = draw(st.lists(cell, min_size=0, max_size=len(header) + 1))
        if header[0] in ("任务编号", "指标编号") and row and draw(st.booleans()):
            row[0] = draw(st.sampled_from(own))
        rows.append(row)
    return kind, [header, *rows]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("plain")


@settings(max_examples=300, deadline=None)
@given(tables())
def test_it_gives_what_reading_row_by_row_gives(folder, table):
    kind, lines = table
    path = folder / f"{kind}.csv"
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    path.write_text(text.getvalue(), encoding="utf-8")
    assert outcome(path, kind) == row_by_row(path, kind)


def test_clean_rows_are_plain_and_doubtful_ones_are_not(folder):
    path = folder / "mixed.csv"
    path.write_text(
        "任务编号,状态,完成进度\nt01,已完成,100%\nt02,推进中,一半\n7,推进中,５０\n12.0,推进中,\n",
        encoding="utf-8",
    )
    contract = raw.submissions.contracts()["progress"]
    (sheet,) = map_document(read_document(path, LIMITS), contract)
    columns = plain_cells(sheet, contract, CODES.tasks)
    assert columns.special.arg_true().to_list() == [1, 2]
    assert [columns.keys[n] for n in (0, 3)] == ["t01", "12.0"]
    assert [columns.values["status"][n] for n in (0, 3)] == ["completed", "in_progress"]


def test_cells_a_workbook_says_more_about_are_read_one_by_one():
    contract = raw.submissions.contracts()["progress"]
    rows = [
        Row(2, ["t01", "已完成"]),
        Row(3, ["t01", "已完成"]),
        Row(4, ["t02", None]),
        Row(5, ["7", "已完成"]),
    ]
    layout = Layout(covered={(3, 0): 2}, uncalculated=frozenset({(4, 1)}))
    sheet = Sheet("表", [Row(1, ["任务编号", "状态"]), *rows], layout=layout)
    (mapped,) = map_document(Document("xlsx", [sheet]), contract)
    assert plain_cells(mapped, contract, CODES.tasks).special.arg_true().to_list() == [1, 2]


def test_a_table_without_codes_has_no_plain_rows():
    contract = raw.submissions.contracts()["progress"]
    sheet = Sheet(None, [Row(1, ["任务名称", "状态"]), Row(2, ["优化办电流程", "已完成"])])
    (mapped,) = map_document(Document("csv", [sheet]), contract)
    assert plain_cells(mapped, contract, CODES.tasks) is None
