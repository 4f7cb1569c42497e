"""Responsible units: expressions, names that mean the same, dates and numbers in sentences. Golden values by hand."""

from __future__ import annotations

from datetime import date

import pytest

from raw.plans.catalogue import abbreviates, likeness
from raw.plans.labels import bracket_responsibility, is_responsibility, split_labels
from raw.plans.numbers import cell_value, polarity, split_unit
from raw.plans.rectify import split_units
from raw.plans.targets import scan
from raw.plans.tasks import deadline_in_text, number_of, special_name
from raw.plans.text import bracket_pairs, despace, split_outside
from raw.plans.units import is_collective, looks_like_units, parse_units

EXPRESSIONS = [
    ("市税务局", "市税务局:sole"),
    ("市供电公司负责落实", "市供电公司:sole"),
    ("市住建局、市人防办", "市住建局:joint 市人防办:joint"),
    ("市司法局，市市场监管局", "市司法局:joint 市市场监管局:joint"),
    ("市甲局牵头，市乙局、市丙局配合", "市甲局:lead 市乙局:cooperate 市丙局:cooperate"),
    ("市甲局牵头，市乙局，市丙局等部门配合", "市甲局:lead 市乙局:cooperate 市丙局:cooperate 等部门:cooperate"),
    ("市甲局牵头，市乙局", "市甲局:lead 市乙局:cooperate"),
    ("市甲局、市乙局按职责分工负责", "市甲局:by_duty 市乙局:by_duty"),
    ("市甲局牵头、各相关部门按职责分工负责", "市甲局:lead 各相关部门:by_duty"),
    ("市甲局牵头，水务公司负责落实", "市甲局:lead 水务公司:implement"),
    ("市甲局负责，市乙局配合", "市甲局:lead 市乙局:cooperate"),
    ("市甲局、市乙局等市直有关单位", "市甲局:joint 市乙局:joint 等市直有关单位:joint"),
    ("各乡镇、街道和相关市直单位协同配合", "各乡镇:cooperate 街道:cooperate 相关市直单位:cooperate"),
    ("市发展和改革委员会牵头,营商环境指标牵头单位,各县区人民政府配合落实",
     "市发展和改革委员会:lead 营商环境指标牵头单位:cooperate 各县区人民政府:cooperate"),
    ("“双随机、一公开”涉及部门", "“双随机、一公开”涉及部门:sole"),
    ("市投资项目“一站式”服务中心", "市投资项目“一站式”服务中心:sole"),
    ("自贸区申建工作领导小组(筹)各成员单位、遂平县人民政府",
     "自贸区申建工作领导小组(筹)各成员单位:joint 遂平县人民政府:joint"),
    ("各县（市、区）、市有关部门负责", "各县（市、区）:joint 市有关部门:joint"),
    ("供水、供气以及其他公共服务部门", "供水、供气以及其他公共服务部门:sole"),
    ("产业集聚区由管委会牵头，相关部门配合", "管委会:lead 相关部门:cooperate"),
    ("市甲局、市乙局分别牵头", "市甲局:lead 市乙局:lead"),
    ("各相关部门按职责配合落实", "各相关部门:cooperate"),
    ("：市甲局、市乙局。", "市甲局:joint 市乙局:joint"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS)
def test_expression(text: str, expected: str):
    assert " ".join(f"{s.unit}:{s.role}" for s in parse_units(text).shares) == expected


def test_label_roles_and_doubts():
    cooperate = parse_units("市乙局、市丙局", "cooperate")
    assert [(s.unit, s.role) for s in cooperate.shares] == [("市乙局", "cooperate"), ("市丙局", "cooperate")]
    after_lead = parse_units("市乙局", after_lead=True)
    assert after_lead.shares[0].role == "cooperate"
    assert any("2 个牵头单位" in d for d in parse_units("市甲局、市乙局牵头").doubts)
    assert any("未列全" in d for d in parse_units("市甲局、市乙局等").doubts)
    assert any("既牵头又配合" in d for d in parse_units("市甲局牵头，市乙局、市甲局配合").doubts)
    assert any("不像单位名称" in d for d in parse_units("市甲局、自然资源").doubts)
    assert parse_units("").shares == ()


def test_units_and_sentences_are_told_apart():
    assert looks_like_units("市甲局、市乙局等部门配合") == 1.0
    assert looks_like_units("办理不动产登记时，逐步实施自然资源、住建等部门批准文件共享。") == 0.0
    assert is_responsibility("市税务局牵头")
    assert not is_responsibility("包括我局相关科室及配合部门")
    assert not is_responsibility("即办件除外")
    text = "推行审批（含备案）制度。（县（市、区）政府牵头，市乙局配合）"
    assert [text[a:b] for a, b in bracket_responsibility(text)] == ["（县（市、区）政府牵头，市乙局配合）"]
    assert is_collective("各县区人民政府") and is_collective("相关部门") and not is_collective("市财政局")


def test_text_helpers():
    assert despace("县人力资源 社会保障局  Ukey App") == "县人力资源社会保障局Ukey App"
    assert [p for p, _ in split_outside("甲（乙、丙）、“丁、戊”、己", "、")] == [
        "甲（乙、丙）",
        "“丁、戊”",
        "己",
    ]
    assert [p for p, _ in split_outside("甲（乙、丙", "、")] == [
        "甲（乙",
        "丙",
    ]  # a lost bracket hides nothing
    assert bracket_pairs("(a）") == [(0, 2)]
    assert (
        number_of("二十一") == 21
        and number_of("③") == 3
        and number_of("十") == 10
        and number_of("甲") is None
    )
    assert split_labels("完成时限：6月底 责任单 位：市甲局") == [
        ("", "", ""), ("deadline", "完成时限", "6月底"), ("unit", "责任单位", "市甲局"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("舞钢市企业开办优化提升专项行动方案", "企业开办"),
        ("温县推进“两个行动”专项行动方案", "推进“两个行动”"),
        ("杭山市2024年获得用水用气提升专项行动方案", "获得用水用气"),
        ("关于X", "关于X"),
    ],
)
def test_special_name(title: str, name: str):
    assert special_name(title) == name


@pytest.mark.parametrize(
    ("short", "full", "same"),
    [
        ("市人防办", "市人民防空办公室", True),
        ("市发改委", "市发展和改革委员会", True),
        ("市金融办", "市金融工作局", True),
        ("市交通局", "市交通运输局", True),
        ("人行舞钢支行", "人行舞钢市支行", True),
        ("市社保局", "市人力资源和社会保障局", False),
        ("市司法局", "市政府办", False),
        ("县水利局", "市水利局", False),
        ("市委办", "市委编办", False),
        ("市水利局", "市林业局", False),
    ],
)
def test_abbreviations(short: str, full: str, same: bool):
    assert abbreviates(short, full, "市", "舞钢市") is same


def test_likeness():
    assert likeness("市教育局", "市教体局") == 0.75
    assert likeness("市政府办", "市司法局") < 0.6


def test_units_separated_by_blanks():
    cell = "<p>市政府 市行政审批和 政务信息管理 局 市市场监管局 市自然资源和 规划局等</p>"
    assert split_units(cell) == ["市政府", "市行政审批和政务信息管理局", "市市场监管局", "市自然资源和规划局"]


@pytest.mark.parametrize(
    ("text", "written", "dues"),
    [
        (
            "2020年6月底前实现甲，2020年底前实现乙。",
            "2020年6月底前；2020年底前",
            ["2020-06-30", "2020-12-31"],
        ),
        ("年内实现全覆盖。", "年内", ["2020-12-31"]),
        ("2020年全市办电时间压缩至5个工作日。", "2020年", ["2020-12-31"]),
        ("2017年3月1日后取得土地的项目，按豫政〔2020〕5号执行。", "", []),
    ],
)
def test_deadline_in_sentences(text: str, written: str, dues: list[str]):
    found, deadline = deadline_in_text(text, date(2020, 1, 1))
    assert found == written
    assert [d.isoformat() for d in deadline.due_dates] == dues


TARGETS = [
    ("审批时限压缩至2个工作日以内。", [("审批时限", 2, "工作日", "lower")]),
    ("网上办理率达到95%以上。", [("网上办理率", 95, "%", "higher")]),
    ("力争2021年纳税时间较上年压缩10%。", [("纳税时间较上年压缩幅度", 10, "%", "higher")]),
    ("政府采购网上交易率、电子化交易率分别达到90%、100%。", [("政府采购网上交易率", 90, "%", "higher"), ("电子化交易率", 100, "%", "higher")]),
    ("联合审图、联合验收、并联审批率均达到90%以上。", [("联合审图率", 90, "%", "higher"), ("联合验收率", 90, "%", "higher"), ("并联审批率", 90, "%", "higher")]),
    ("担保费率不超过1.5%。", [("担保费率", 1.5, "%", "lower")]),
    ("培训不少于两次。", [("培训", 2, "次", "higher")]),
    ("新培育高新技术企业5家、科技型中小企业10家。", [("新培育高新技术企业", 5, "家", "higher"), ("科技型中小企业", 10, "家", "higher")]),
    ("简易程序适用率由目前的80.6%提升至85.5%。", [("简易程序适用率", 85.5, "%", "higher")]),
    ("截至目前累计办件达到5000件。", []),
    ("G345线建成通车，坚持24小时服务。", []),
    ("加快推进改革，营造良好氛围。", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TARGETS)
def test_targets_in_sentences(text: str, expected: list):
    found, _ = scan(text, date(2021, 1, 1))
    got = [(f.name, f.number, f.unit, f.polarity) for f in found]
    if "较上年" in text:
        assert [g[1:] for g in got] == [e[1:] for e in expected]
        assert got[0][0].startswith("纳税时间")
    else:
        assert got == expected


def test_targets_carry_dates_ranks_and_baselines():
    found, _ = scan("2021年6月底前，投诉处理率达到95%以上，10月底前达到100%。", date(2021, 1, 1))
    assert [(f.number, f.due) for f in found] == [(95, date(2021, 6, 30)), (100, date(2021, 10, 31))]
    rank, _ = scan("力争营商环境评价进入全省前3位。", date(2021, 1, 1))
    assert [(f.kind, f.number) for f in rank] == [("rank", 3)]
    nothing, vague = scan("确保进入全省第一方阵。", date(2021, 1, 1))
    assert nothing == [] and len(vague) == 1
    base, _ = scan("合同备案由法定7个工作日内压缩至2个工作日内。", date(2021, 1, 1))
    assert [(f.number, f.baseline) for f in base] == [(2, 7)]
    again, _ = scan("指标在2021年4月基础上再提升20%。", date(2021, 1, 1))
    assert [f.due for f in again] == [None]


@pytest.mark.parametrize(
    ("cell", "name", "number"),
    [
        ("26（不动产登记单独 1 个工作日）", "时间", 26),
        ("≤20", "", 20),
        ("3'", "", 3),
        ("16(21')", "", 16),
        ("100%以上", "完成率", 100),
        ("进一步提升", "办理时间", None),
        ("\\", "", None),
        ("实现全程0.5个工作日办结。其中，登记1.5小时，刻章2小时。", "办理时间", 0.5),
        ("高压25个工作日，低压5个工作日", "时间", None),
        ("2022年12月", "时间", None),
    ],
)
def test_cell_value(cell: str, name: str, number: float | None):
    value = cell_value(cell, name)
    assert (value.number if value else None) == number


def test_polarity_and_unit_of_measure():
    assert split_unit("办理环节 （个）") == ("办理环节", "个")
    assert split_unit("土地管理质量指数（0-30）") == ("土地管理质量指数（0-30）", "")
    assert polarity("办理时间", "工作日") == "lower"
    assert polarity("网上办理率", "%") == "higher"
    assert polarity("信息错误率", "‰") == "lower"
    assert polarity("成本占比", "%") == "lower"
    assert polarity("甲", "", 5, 3) == "lower" and polarity("甲", "", 3, 5) == "higher"
    assert polarity("办电时长压缩幅度", "%") == "higher"
