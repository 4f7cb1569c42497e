"""The contracts say what the design page says: every header, in its order."""

from __future__ import annotations

import pytest

from raw.contracts import KINDS, contracts, kind_of
from raw.schema import SUBMISSION_TABLES

# copied from the table of the design page, section 4: field: headers in order of preference
HEADERS = {
    "progress": {
        "task_id": "任务编号 编号 序号 任务序号",
        "title": "任务名称 工作任务 改革方向 升级措施",
        "status": "状态 进展状态 完成情况 办理状态",
        "progress_pct": "完成进度 进度 完成率 完成比例",
        "completed_on": "完成日期 完成时间 办结时间 办结日期",
        "summary": "进展情况 工作进展 落实情况",
        "problems": "存在问题 问题困难",
        "evidence": "佐证材料 证明材料",
        "reported_on": "填报日期 上报时间",
        "reported_by": "填报单位 填报人",
    },
    "indicators": {
        "indicator_id": "指标编号 编号 序号",
        "name": "指标名称 指标(项目) 指标",
        "value": "指标值 数值 当前值 现状水平",
        "numerator": "分子",
        "denominator": "分母",
        "unit": "单位",
        "note": "说明 备注",
        "source": "数据来源",
    },
    "rectification": {
        "issue_id": "问题编号 序号",
        "issue": "问题 问题描述",
        "origin": "问题来源",
        "units": "责任单位",
        "measures": "整改措施",
        "due": "整改期限",
        "status": "整改状态 整改情况",
        "closed_on": "销号日期",
    },
    "satisfaction": {"group": "调查对象", "sample": "样本量", "satisfied": "满意数", "rate": "满意度"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_headers_are_those_of_the_design_page_then_the_field_name(kind):
    found = {field.name: field.headers for field in contracts()[kind].fields}
    assert found == {name: (*headers.split(), name) for name, headers in HEADERS[kind].items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_column_in_its_table(kind):
    contract = contracts()[kind]
    columns = SUBMISSION_TABLES[contract.table]
    for field in contract.fields:
        assert field.column in columns
        # what is parsed keeps its raw text beside it
        assert (field.raw_column in columns) == (field.type not in ("text", "code"))
    assert contract.key_field is contract.fields[0]
    assert [contract.field(field.name) for field in contract.fields] == list(contract.fields)
    with pytest.raises(KeyError):
        contract.field("nothing")


@pytest.mark.parametrize(
    "name, kind",
    [
        ("progress.csv", "progress"),
        ("progress_w03.csv", "progress"),
        ("Indicators_补报.XLSX", "indicators"),
        ("rectification.csv", "rectification"),
        ("satisfaction2.xls", "satisfaction"),
        ("进展.csv", None),
        ("my_progress.csv", None),
        ("", None),
    ],
)
def test_kind_of_a_file_name(name, kind):
    assert kind_of(name) == kind
