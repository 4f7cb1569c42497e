"""From rows of cells to the table a clerk meant: headers, what stands around the table, what is data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.contracts import contracts
from raw.errors import Rejected
from raw.mapping import map_document, map_sheet
from raw.sheets import Document, Row, Sheet

PROGRESS = contracts()["progress"]
HEADER = ["任务编号", "任务名称", "状态", "完成进度", "进展情况"]
DATA = ["t01", "压缩开办时间", "推进中", "50%", "正在办理"]


def sheet(*lines: list, header: list[str] | None = None, name: str | None = None) -> Sheet:
    """Lines as rows numbered from 1; None as a line is a blank row that a reader leaves out."""
    rows = [Row(number, list(line)) for number, line in enumerate(lines, 1) if line is not None]
    return Sheet(name, rows, header)


def mapped(*lines: list, contract=PROGRESS, header=None):
    result, lacking, _ = map_sheet(sheet(*lines, header=header), contract)
    assert result is not None, lacking
    return result


def numbers(*lines: list, contract=PROGRESS) -> list[int]:
    """Row numbers of the data rows under the header."""
    return [row.number for row in mapped(*lines, contract=contract).rows]


# ── headers ───────────────────────────────────────────────────────────────────────────────────

EVERY_HEADER = [
    (kind, field.name, header)
    for kind, contract in contracts().items()
    for field in contract.fields
    for header in field.headers
]


@pytest.mark.parametrize("kind, field, header", EVERY_HEADER)
def test_every_header_gives_its_field(kind, field, header):
    contract = contracts()[kind]
    spare = {
        name: contract.field(name).headers[0] for group in contract.require for name in group if name != field
    }
    line = [*spare.values(), f" {header[0]}　{header[1:]}\n"]
    column = mapped(line, contract=contract).columns[field]
    assert (column.index, column.header) == (len(spare), line[-1])


@pytest.mark.parametrize(
    "header, expected",
    [
        (["序号", "任务编号", "状态"], 1),
        (["序号", "编号", "状态"], 1),
        (["任务序号", "序号", "状态"], 1),
        (["编号", "任务编号", "状态"], 1),
        (["任务编号", "编号", "状态"], 0),
        (["任务编号", "任务编号", "状态"], 0),
        (["task_id", "任务序号", "状态"], 1),
    ],
)
def test_the_first_header_of_the_list_wins_wherever_it_stands(header, expected):
    assert mapped(header).columns["task_id"].index == expected


@pytest.mark.parametrize("written", ["指标（项目）", "指标(项目)", " 指 标（项 目） ", "指标（项目)"])
def test_width_of_brackets_does_not_matter(written):
    assert mapped([written, "数值"], contract=contracts()["indicators"]).columns["name"].header == written


@pytest.mark.parametrize(
    "header, lacking",
    [
        (["任务编号", "任务名称", "进展情况"], ["状态或完成进度"]),
        (["状态", "完成进度"], ["任务编号或任务名称"]),
        (["任务编码", "当前状态"], ["任务编号或任务名称", "状态或完成进度"]),
        ([], ["任务编号或任务名称", "状态或完成进度"]),
    ],
)
def test_required_columns(header, lacking):
    assert map_sheet(sheet(header, DATA), PROGRESS)[:2] == (None, lacking)


def test_the_row_with_most_headers_is_the_header():
    result = mapped(["完成情况"], ["（进度）", "进度"], HEADER, DATA)
    assert result.headers == HEADER and [row.number for row in result.rows] == [4]


def test_a_header_below_the_thirtieth_row_is_not_looked_for():
    lead = [["说明文字"]] * 29
    assert numbers(*lead, HEADER, DATA) == [31]
    assert map_sheet(sheet(*lead, ["说明文字"], HEADER, DATA), PROGRESS)[0] is None


def test_a_header_over_two_lines_is_no_data():
    # 完成情况 merged over two columns above, the rest merged downwards
    first = ["序号", "任务名称", "完成情况", "完成情况"]
    second = ["序号", "任务名称", "状态", "进度"]
    result = mapped(first, second, ["1", "压缩开办时间", "推进中", "50%"])
    assert [row.number for row in result.rows] == [3]
    assert result.columns["status"].index == 2 and result.columns["progress_pct"].index == 3
    assert numbers(second, ["序号", "任务名称", "办理状态", "完成率"], ["1", "压缩", "推进中", "5"]) == [3]


def test_json_and_parquet_bring_their_header():
    result = mapped(["t01", "推进中"], header=["task_id", "status"])
    assert [row.number for row in result.rows] == [1]
    assert map_sheet(sheet(header=[]), PROGRESS)[0] is None  # an empty array says nothing about its columns
    assert mapped(header=["任务编号", "进度"]).rows == []


# ── what stands around the table ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line",
    [
        ["合计"],
        ["合 计", None, None, "87%"],
        [None, "合计", None, "87%"],
        ["小计：", None, None, "87%"],
        ["总计", "总计", None, "87%"],
        ["12", "合计", None, "87%"],
        ["填报人：张三", None, "审核人：李四", None, "联系电话：123"],
        ["填报人：", "张三", "审核人：", "李四"],
        ["填报单位（盖章）：西平县"],
        ["单位：%"],
        [None, "填报日期：2021年6月"],
        HEADER,
        ["任务编号"],
        ["编号", "任务名称", "状态"],
        [" ", "\u3000", None],
        [None, None, None, None, None, "表外的字"],
    ],
)
def test_lines_between_data_rows_that_are_none(line):
    assert numbers(HEADER, DATA, line, DATA) == [2, 4]


@pytest.mark.parametrize(
    "line",
    [
        ["t01", "合计类任务", "推进中"],
        ["t01", None, "推进中", "10", "注：材料后补"],
        ["t01", None, "推进中", "10", "填报单位：西平县"],
        ["合计表", "压缩开办时间", "推进中"],
        ["注册", "压缩开办时间"],
        ["备注：缺", "压缩开办时间"],
        ["单位：西平县", "压缩开办时间", "推进中"],
        ["t01"],
        [None, None, "推进中"],
    ],
)
def test_lines_that_only_look_like_something_else_are_data(line):
    assert numbers(HEADER, DATA, line, DATA) == [2, 3, 4]


@pytest.mark.parametrize(
    "header, line",
    [
        (["进展情况", "任务编号", "状态"], ["注：材料后补", "t02", "推进中"]),
        (["进展情况", "任务编号", "状态"], ["负责人：张三", "t02", "推进中"]),
        (["责任领导", "任务编号", "状态"], ["负责人：张三", "t02", "推进中"]),
    ],
)
def test_a_row_with_a_key_of_its_own_never_vanishes(header, line):
    assert numbers(header, ["甲", "t01", "推进中"], line, ["乙", "t03", "推进中"]) == [2, 3, 4]


@pytest.mark.parametrize(
    "note", ["注：以上为截至月底的数据", "注:", "注", " 注 ：1.口径", "注1：口径", "（注：口径）"]
)
def test_a_note_and_all_after_it_are_no_data(note):
    assert numbers(HEADER, DATA, [note], DATA, ["2.其他说明"]) == [2]
    assert numbers(HEADER, DATA, [note, "续"], DATA) == [2]
    assert numbers(HEADER, DATA, [None, note], DATA) == [2]
    assert numbers(HEADER, DATA, [note] * 5, DATA) == [2]  # merged over the table


@pytest.mark.parametrize("remark", ["备注：以上为月底数据", "说明：口径不变", "填表说明：见通知"])
def test_a_remark_ends_the_table_only_where_no_data_follows(remark):
    assert numbers(HEADER, DATA, [remark], ["2.其他说明"]) == [2]
    assert numbers(HEADER, DATA, [remark], DATA) == [2, 3, 4]


def test_a_total_of_respondents_is_no_data():
    contract = contracts()["satisfaction"]
    lines = [["调查对象", "满意度"], ["单位", "95%"], ["企业负责人", "90%"], ["合计", "92%"]]
    assert numbers(*lines, contract=contract) == [2, 3]


def test_short_rows_and_broken_lines_are_kept():
    broken = Row(3, ["{"], broken="不是有效的 JSON 对象")
    source = Sheet(None, [Row(1, ["t01"]), Row(2, ["t02", "推进中"]), broken], ["task_id", "status"])
    assert map_sheet(source, PROGRESS)[0].rows == source.rows


@pytest.mark.parametrize(
    "above, named",
    [
        ([["填报单位：西平县"]], "西平县"),
        ([["填报单位：", "西平县"]], "西平县"),
        ([["填报单位", "西平县"]], "西平县"),
        ([["填报单位:西 平 县　　填报日期：2021年6月"]], "西平县"),
        ([["填报单位（盖章）：西平县", None, "填报日期：6月"]], "西平县"),
        ([["报送单位：西平县（盖章）"]], "西平县"),
        ([["填报单位：西平县"] * 5], "西平县"),
        ([["一季度进展表"], [None, "填报单位：西平县"]], "西平县"),
        ([["填报单位：", "填报日期：6月"]], None),
        ([["填报单位："]], None),
        ([["关于填报单位：的说明"]], None),
        ([], None),
    ],
)
def test_the_unit_line_above(above, named):
    line = mapped(*above, HEADER, DATA).reporter_line
    assert (line and line[1]) == named


def test_the_unit_line_below_and_after_a_note():
    assert mapped(HEADER, DATA, ["填报单位：西平县", None, "审核人：李四"]).reporter_line == (3, "西平县")
    assert mapped(HEADER, DATA, ["注：口径"], ["填报单位：西平县"]).reporter_line == (4, "西平县")
    row_text = [*DATA[:4], "填报单位：遂平县"]
    assert mapped(HEADER, row_text).reporter_line is None


# ── several sheets ────────────────────────────────────────────────────────────────────────────


def test_sheets_without_a_table_are_left_out():
    document = Document(
        "xlsx",
        [
            sheet(["填写说明"], ["状态", "按规定用语填写"], name="说明"),
            sheet(HEADER, DATA, name="一"),
            sheet(name="空"),
            sheet(["标题"], HEADER, DATA, name="二"),
        ],
    )
    assert [(m.name, [r.number for r in m.rows]) for m in map_document(document, PROGRESS)] == [
        ("一", [2]),
        ("二", [3]),
    ]


def test_no_table_at_all_names_what_is_missing():
    document = Document("xlsx", [sheet(["封面"]), sheet(["任务编号", "任务名称", "当前状态"], DATA)])
    with pytest.raises(Rejected, match="状态或完成进度") as caught:
        map_document(document, PROGRESS)
    assert caught.value.rule_id == "F02" and "任务编号" not in caught.value.message


WORDS = st.sampled_from(
    ["注：", "合计", "t01", "任务编号", "状态", "填报单位：", "西平县", None, "", "备注：", "推进中", "5"]
)


@given(st.lists(st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=6), max_size=12))
def test_rows_come_out_as_they_went_in(lines):
    source = sheet(HEADER, *lines)
    result, _, _ = map_sheet(source, PROGRESS)
    assert result is not None
    kept = [row.number for row in result.rows]
    assert kept == sorted(set(kept)) and all(row in source.rows for row in result.rows)
