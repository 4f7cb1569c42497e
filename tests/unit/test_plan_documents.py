"""Plan documents in invented layouts, end to end: text and .docx, findings, files, review page, review file, errors."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from orchestration.commands.plan import plan as command
from orchestration.commands.run import Misuse
from orchestration.settings import Settings
from raw.plans import patch
from raw.plans.build import read_plan
from raw.plans.findings import KINDS
from raw.plans.model import Plan, PlanError
from raw.plans.output import COLUMNS, tables, write
from raw.plans.review import write_review
from raw.plans.source import chinese_number, read_source
from raw.registry import read_programme
from tests.factories import plan_documents as documents


def read(tmp_path: Path, text: str, **kwargs) -> Plan:
    return read_plan(documents.write_text(tmp_path / "plan.txt", text), **kwargs)


def rows(plan: Plan) -> list[tuple]:
    """(seq, special, title, kind, due dates, units) of every task."""
    return [
        (
            t.seq, t.special, t.title, t.deadline.kind, [d.isoformat() for d in t.deadline.due_dates],
            " ".join(f"{s.unit}:{s.role}" for s in t.shares),
        )
        for t in plan.tasks
    ]  # fmt: skip


def kinds(plan: Plan) -> set[str]:
    return {f.kind for f in plan.findings}


BRACKETS = [
    ("1", "政务环境", "推进“高效办成一件事”", "month", ["2024-06-30"], "市数据局:lead 市市场监管局:cooperate 市人社局:cooperate"),
    ("2", "政务环境", "健全常态化沟通机制", "recurring", [], "市发展改革委:lead 市工商联:cooperate 各区县（市）政府:cooperate"),
    ("3", "政务环境", "规范中介服务", "month", ["2024-09-30"], "市住建局:joint 市自然资源局:joint"),
    ("4", "法治环境", "加强涉企执法监督，严禁“一刀切”", "ongoing", [], "市司法局:lead 市综合执法局:cooperate 各开发区管委会:cooperate"),
    ("5", "法治环境", "提升商事审判质效", "month", ["2024-10-31"], "市中级人民法院:lead"),
]  # fmt: skip


def test_labels_inside_brackets(tmp_path: Path):
    plan = read(tmp_path, documents.BRACKETS)
    assert rows(plan) == BRACKETS
    assert plan.title == "杭山市2024年优化营商环境攻坚行动方案" and plan.year == 2024
    assert [t.line for t in plan.tasks] == [12, 13, 14, 16, 17]
    assert {t.section for t in plan.tasks} == {"第二章重点任务"}
    assert [(i.name, i.polarity, i.targets[0].value) for i in plan.indicators] == [
        ("企业开办时间", "lower", 1), ("政务服务事项网办率", "higher", 95),
    ]  # fmt: skip
    assert [(g.kind, g.top_n, g.special) for g in plan.goals] == [("rank", 5, "")]
    assert {"牵头领导", "名单未列全", "无到期日", "未登记部分"} <= kinds(plan)


def test_one_label_per_line(tmp_path: Path):
    plan = read(tmp_path, documents.LABELS)
    assert rows(plan) == [
        ("1", "优化准入准营环境", "持续提升开办企业便利度", "before_month", ["2023-09-30"],
         "区市场监管局:lead 区税务局:cooperate 区公安分局:cooperate 区人力社保局:cooperate"),
        ("2", "优化准入准营环境", "推进“证照分离”改革全覆盖", "conditional_text", [], "区市场监管局:lead"),
        ("3", "优化法治环境", "规范涉企检查", "before_month", ["2023-12-31"], "区司法局:joint 各行政执法部门:joint"),
    ]  # fmt: skip
    assert any(f.kind == "时限含糊" and f.line == 10 for f in plan.findings)


TABLE = [
    (
        "1",
        "优化审批",
        "before_month",
        ["2023-06-30"],
        "县行政审批局:lead 县发改局:cooperate 县住建局:cooperate",
    ),
    ("2", "优化审批", "ongoing", [], "县行政审批局:lead 各乡镇人民政府:cooperate"),
    ("3", "强化要素保障", "month", ["2023-06-30"], "县自然资源局:lead 县发改局:cooperate"),
    ("4", "强化要素保障", "recurring", [], "县金融工作局:lead 县人行:cooperate 各银行机构:cooperate"),
]


def table_rows(plan: Plan) -> list[tuple]:
    return [(s, title, kind, due, units) for s, _, title, kind, due, units in rows(plan)]


def test_table_with_leaders(tmp_path: Path):
    assert table_rows(read(tmp_path, documents.TABLE)) == TABLE


def test_docx_with_merged_cells_reads_like_the_text(tmp_path: Path):
    grid = [line.split("\t") for line in documents.TABLE.splitlines()[1:]]
    merged = [grid[0], grid[1], [grid[2][0], None, *grid[2][2:]], grid[3], [grid[4][0], None, *grid[4][2:]]]
    path = documents.write_docx(tmp_path / "plan.docx", [documents.TABLE.splitlines()[0], merged])
    assert table_rows(read_plan(path)) == TABLE
    paragraphs = documents.write_docx(tmp_path / "brackets.docx", documents.BRACKETS.splitlines())
    assert rows(read_plan(paragraphs)) == BRACKETS


def test_shifted_and_lost_cells_are_repaired_and_told(tmp_path: Path):
    lines = documents.TABLE.splitlines()
    shifted = (
        lines[3].replace("2\t\t推行", "2\t\t\t推行").rsplit("\t持续推进", 1)[0]
    )  # one right, the deadline lost
    plan = read(tmp_path, "\n".join([*lines[:3], shifted, *lines[4:]]))
    task = plan.tasks[1]
    assert task.printed_title == "优化审批" and task.deadline.kind == "blank"
    assert [(s.unit, s.role) for s in task.shares] == [
        ("县行政审批局", "lead"),
        ("各乡镇人民政府", "cooperate"),
    ]
    assert any(f.kind == "错列" and f.line == task.line for f in plan.findings)
    assert any(f.kind == "时限缺失" and f.line == task.line for f in plan.findings)


def test_cells_wrapped_by_pasting_and_a_list_over_two_pages(tmp_path: Path):
    lines = documents.TABLE.splitlines()
    wrapped = lines[2].replace("推行容缺受理，", "推行\n容缺\n受理，")
    plan = read(
        tmp_path,
        "\n".join(
            [*lines[:2], wrapped, *lines[3:4], "第 2 页", "营商环境任务清单（续）", lines[1], *lines[4:]]
        ),
    )
    assert table_rows(plan) == TABLE
    assert plan.tasks[0].measure == "推行容缺受理，压缩审批时限50%。"


def test_wraps_page_numbers_and_items_inside_lines(tmp_path: Path):
    plan = read(tmp_path, documents.WRAPPED)
    assert [(r[2], r[3], r[5]) for r in rows(plan)] == [
        ("压缩办电时间", "month",
         "县供电公司:by_duty 县发展改革委:by_duty 县自然资源局:by_duty 县住房城乡建设局:by_duty 等部门:by_duty"),
        ("减少停电", "ongoing", "县供电公司:sole"),
    ]  # fmt: skip
    assert (
        plan.tasks[0].measure
        == "压缩办电时间。低压小微企业办电时间压缩至10个工作日以内，推行线上办电，实行“一次都不跑”。"
    )
    assert (
        plan.tasks[0].line,
        plan.tasks[0].deadline_line,
        plan.tasks[0].units_line,
        plan.tasks[1].line,
    ) == (4, 7, 8, 10)


def test_gaps_repeats_shared_labels_and_dates_that_contradict(tmp_path: Path):
    text = """2022年甲县优化方案
一、措施
（一）第一部分
1.甲事项。2022年12月底前建成平台。
完成时限：2022年6月
责任单位：县甲局牵头，县乙局、县甲局配合
2.乙事项。没有自己的责任单位。
4.丙事项。按期完成。
完成时限：2022年8日30日
责任单位：县丙局、县丁局牵头
4.丁事项。
责任单位：县丙局
"""
    plan = read(tmp_path, text)
    found = {(f.kind, f.line) for f in plan.findings}
    assert ("时限矛盾", 4) in found  # in the text later than the label
    assert ("共用责任", 7) in found and plan.tasks[1].shares == plan.tasks[2].shares
    assert ("编号跳号", 8) in found and ("编号重复", 11) in found
    assert ("时限有误", 9) in found and plan.tasks[2].deadline.due_dates == ()
    assert ("多个牵头", 10) in found and ("责任重复", 6) in found
    assert ("时限缺失", 11) in found
    assert kinds(plan) <= set(KINDS)


def test_list_against_special_plans(tmp_path: Path):
    measure = "建立企业开办帮办队伍，为企业提供全流程免费帮办服务，窗口统一受理，材料一次提交，结果一次领取"
    other = "推进电子营业执照在招标投标、公积金、税务等领域的应用，实现一照通行，企业免提交纸质材料"
    text = f"""2022年甲市优化方案
附件：1.甲市企业开办提升专项行动方案
2.甲市任务清单
附件1
甲市企业开办提升专项行动方案
一、措施
（一）优化服务
1.推行帮办。{measure}。
时间节点：2022年6月
责任单位：市市场监管局、市税务局
2.推行一照通。{other}。
时间节点：2022年12月前
责任单位：市市场监督管理局
附件2
甲市任务清单
序号\t所属专项\t改革方向\t升级措施\t责任单位\t完成时限
1\t\t优化服务\t推行帮办。{measure}。\t市市场监管局、市公安局\t2022年9月
2\t企业开办\t\t推行一照通。{other}。\t市市场监管局\t2022年12月
"""
    plan = read(tmp_path, text)
    assert [(t.seq, t.special, t.printed_title) for t in plan.tasks] == [
        ("1", "企业开办", "优化服务"), ("2", "企业开办", "优化服务"),
    ]  # fmt: skip
    against = [f for f in plan.findings if f.kind == "前后矛盾"]
    assert len(against) == 2 and all(f.line == 17 for f in against)
    assert "第 9 行" in against[0].message and "2022年6月" in against[0].message
    assert (
        "市公安局" in against[1].message
        and "市税务局" in against[1].message
        and "第 10 行" in against[1].message
    )
    wording = [f for f in plan.findings if f.kind == "写法不一致"]
    assert len(wording) == 2 and all(f.line == 18 for f in wording)
    assert plan.canonical("市市场监管局") == "市市场监督管理局"


def test_comparison_table(tmp_path: Path):
    text = """2022年甲市获得电力提升专项行动方案
一、措施
1.优化服务。
完成时限：2022年6月
责任单位：市供电公司
二、指标对比
指标（项目）\t现状水平\t2022年6月目标\t2022年12月目标\t国内前沿水平
办理环节（个）\t4\t3\t2（无外线）\t2
办理时间（工作日）\t25\t进一步提升\t15\t10（上海）
移动服务能力\t普及率54%\t\t普及率65%、上线事项数200项\t
服务质量\t良好\t提升\t优秀\t
"""
    plan = read(tmp_path, text)
    got = [
        (i.name, i.unit, i.polarity, i.baseline, i.frontier, [(t.value, str(t.due)) for t in i.targets])
        for i in plan.indicators
    ]
    assert got == [
        ("办理环节", "个", "lower", 4, 2, [(3, "2022-06-30"), (2, "2022-12-31")]),
        ("办理时间", "工作日", "lower", 25, 10, [(15, "2022-12-31")]),
        ("移动服务能力（普及率）", "%", "higher", 54, None, [(65, "2022-12-31")]),
        ("移动服务能力（上线事项数）", "项", "higher", None, None, [(200, "2022-12-31")]),
    ]
    assert sum(f.kind == "定性目标" for f in plan.findings) >= 3


def test_rectification_report(tmp_path: Path):
    plan = read(tmp_path, documents.report_text())
    assert [(i.issue_id, i.title, i.legal_basis, i.units) for i in plan.issues] == [
        ("i01", "政策宣传不够", "《优化营商环境条例》第38条", ["市发展改革委", "市财政局"]),
        (
            "i02",
            "融资难问题突出",
            "《东海省优化营商环境条例》第十八条",
            ["市金融工作局", "人行杭山市中心支行"],
        ),
    ]
    assert plan.tasks == [] and plan.issues[0].measures == "一是集中宣传。二是送政策上门。"
    counts = write(plan, tmp_path / "out")
    assert counts["issues"] == 2
    header = (tmp_path / "out" / "issues.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "issue_id,title,legal_basis,units,measures,line"


def test_files_load_as_a_registry_without_findings(tmp_path: Path):
    for text in (documents.BRACKETS, documents.LABELS, documents.TABLE, documents.WRAPPED):
        plan = read(tmp_path, text)
        folder = tmp_path / "registry" / "x"
        shutil.rmtree(folder, ignore_errors=True)
        write(plan, folder)
        for name, columns in COLUMNS.items():
            if name == "issues":
                continue
            with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
                assert tuple(next(csv.reader(stream))) == columns
        year = plan.year
        (folder / "programme.toml").write_text(
            f'id = "x"\nstart_date = {year}-01-01\nend_date = {year}-12-31\n'
        )
        (folder / "reporters.csv").write_text("reporter_id,name,kind\nr1,甲县,county\n", encoding="utf-8")
        loaded = read_programme(tmp_path, "x")
        assert loaded.findings == []
        assert len(loaded.tables["tasks"]) == len(plan.tasks) > 0
        for task, row in zip(plan.tasks, loaded.tables["tasks"], strict=True):
            assert task.deadline.kind == row["deadline_kind"]


def test_docx_numbering_tracked_changes_and_nested_tables(tmp_path: Path):
    docx = pytest.importorskip("docx")
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    document = docx.Document()
    document.add_paragraph("2023年甲县方案")
    paragraph = document.add_paragraph("自动编号的事项。", style="List Number")
    deleted = OxmlElement("w:del")
    run = OxmlElement("w:r")
    words = OxmlElement("w:t")
    words.text = "已删去的话"
    run.append(words)
    deleted.append(run)
    paragraph._p.append(deleted)
    document.add_paragraph("责任单位：县财政局")
    table = document.add_table(1, 2)
    table.rows[0].cells[0].text = "甲"
    table.rows[0].cells[1].add_table(1, 1).rows[0].cells[0].text = "内表"
    document.save(str(tmp_path / "a.docx"))
    source = read_source(tmp_path / "a.docx")
    texts = [line.text for line in source.lines]
    assert texts[1] == "1.自动编号的事项。"
    assert not any("已删去" in text for text in texts)
    assert sum("内表" in text for text in texts) == 1
    assert [line.no for line in source.lines] == list(range(1, len(texts) + 1))
    assert qn("w:del")  # the element name used above is the real one
    assert chinese_number(12) == "十二" and chinese_number(30) == "三十" and chinese_number(7) == "七"


BAD = {
    "empty.txt": (b"", "是空的"),
    "blank.txt": (b"\n \n", "没有文字"),
    "picture.docx": (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "图片"),
    "photo.docx": (b"\xff\xd8\xff\xe0" + b"\0" * 64, "图片"),
    "old.doc": (b"\xd0\xcf\x11\xe0" + b"\0" * 64, "旧版 Word"),
    "paper.pdf": (b"%PDF-1.7\n", "PDF"),
    "broken.docx": (b"PK\x03\x04" + b"\0" * 64, "已损坏"),
    "renamed.docx": ("2024年方案".encode(), "不是 Word 文档"),
    "binary.txt": (bytes(range(256)) * 40, "不是文本"),
    "prose.txt": (documents.PROSE.encode(), "看来不是行动方案"),
    "yearless.txt": ("只有一句话。".encode(), "没有出现年份"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]):
    content, words = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PlanError, match=words):
        read_plan(path)
    settings = Settings(tmp_path, tmp_path / "home")
    assert command(settings, path, "demo2024", tmp_path / "out", False) == 1
    said = capsys.readouterr().out.strip()
    assert words in said and "\n" not in said
    assert not (tmp_path / "out").exists()


def test_missing_file_workbook_and_encodings(tmp_path: Path):
    with pytest.raises(PlanError, match="找不到文件"):
        read_plan(tmp_path / "nothing.txt")
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(str(tmp_path / "book.docx")) as book:
        book.add_worksheet()
    with pytest.raises(PlanError, match="Excel"):
        read_plan(tmp_path / "book.docx")
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        path = documents.write_text(tmp_path / "encoded.txt", documents.BRACKETS, encoding)
        assert rows(read_plan(path)) == BRACKETS


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = documents.write_text(tmp_path / "plan.txt", documents.BRACKETS)
    settings = Settings(tmp_path, tmp_path / "home")
    assert command(settings, path, "demo2024", tmp_path / "out", True) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] and report["rows"]["tasks"] == 5 and report["year"] == 2024
    assert command(settings, path, "demo2024", tmp_path / "out", False) == 0
    assert "任务 5" in capsys.readouterr().out
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {f"{n}.csv" for n in COLUMNS if n != "issues"} | {"review.html"}
    with pytest.raises(Misuse, match="programme"):
        command(settings, path, "杭山 2024", tmp_path / "out", False)
    with pytest.raises(Misuse, match="文件夹"):
        command(settings, path, "demo2024", path, False)
    with pytest.raises(Misuse, match="复核表"):
        command(settings, path, "demo2024", tmp_path / "out", False, tmp_path / "none.csv")


def test_year_of_a_registered_programme_decides(tmp_path: Path):
    folder = tmp_path / "registry" / "demo2025"
    folder.mkdir(parents=True)
    (folder / "programme.toml").write_text("start_date = 2025-01-01\n")
    path = documents.write_text(tmp_path / "plan.txt", documents.BRACKETS)
    assert command(Settings(tmp_path, tmp_path), path, "demo2025", tmp_path / "out", False) == 0
    with (tmp_path / "out" / "tasks.csv").open(encoding="utf-8", newline="") as stream:
        dues = {row["seq"]: row["due_dates"] for row in csv.DictReader(stream)}
    assert dues["3"] == "2025-09-30" and dues["1"] == "2024-06-30"  # 三季度末 has no year of its own


def test_review_file_is_applied_and_refuses_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    plan = read(tmp_path, documents.BRACKETS)
    before = tables(plan)
    changes = [
        patch.Change("tasks", "*", "task_id", "hs{seq:0>3}"),
        patch.Change("tasks", "4", "deadline_text", "2024年11月"),
        patch.Change("tasks", "5", "-"),
        patch.Change("specials", "政务环境", "special_id", "zhengwu"),
        patch.Change("indicators", "*", "-"),
        patch.Change("indicators", f"8|{plan.indicators[0].name}", "indicator_id", "kb_days"),
        patch.Change("units", "", "+", "unit_id=u900;name=市乙局;aliases=乙局"),
    ]
    path = tmp_path / "review.csv"
    patch.write_review(path, changes)
    assert patch.read_review(path) == changes
    after = patch.apply(before, patch.read_review(path))
    assert [t["task_id"] for t in after["tasks"]] == ["hs001", "hs002", "hs003", "hs004"]
    assert after["tasks"][3]["deadline_text"] == "2024年11月"
    assert {r["task_id"] for r in after["responsibilities"]} >= {"hs001", "hs004"}
    assert {t["special_id"] for t in after["tasks"]} == {"zhengwu", "s02"}
    assert [i["indicator_id"] for i in after["indicators"]] == ["kb_days"]
    assert [t["indicator_id"] for t in after["targets"]] == ["kb_days"]
    assert after["units"][-1] == {"unit_id": "u900", "name": "市乙局", "aliases": "乙局"}
    with pytest.raises(patch.ReviewError, match="99"):
        patch.apply(before, [patch.Change("tasks", "99", "title", "x")])
    path.write_text("table,key,column,value,why\ntasks,1,nothing,x,\n", encoding="utf-8")
    with pytest.raises(patch.ReviewError, match="nothing"):
        patch.read_review(path)
    document = documents.write_text(tmp_path / "plan.txt", documents.BRACKETS)
    settings = Settings(tmp_path, tmp_path / "home")
    assert command(settings, document, "demo2024", tmp_path / "out", False, path) == 1
    patch.write_review(path, changes)
    assert command(settings, document, "demo2024", tmp_path / "out", False, path) == 0
    assert (tmp_path / "out" / "registry" / "tasks.csv").is_file()
    assert "nothing" in capsys.readouterr().out


def test_responsibilities_of_a_dropped_task_go_with_it(tmp_path: Path):
    before = tables(read(tmp_path, documents.BRACKETS))
    after = patch.apply(before, [patch.Change("tasks", "5", "-")])
    assert "t005" not in {r["task_id"] for r in after["responsibilities"]}


def test_review_page_is_offline_and_escapes_the_document(tmp_path: Path):
    evil = "</script><img src=x onerror=alert(1)>"
    plan = read(tmp_path, documents.BRACKETS.replace("上线15个", evil + "上线15个"))
    page = write_review(plan, "demo2024", tmp_path / "review.html").read_text(encoding="utf-8")
    assert "onerror=alert(1)>" not in page.replace("onerror=alert(1)&gt;", "")
    assert evil not in page
    assert "default-src 'none'" in page
    assert not re.search(r"https?://", page)
    assert page.count("</script>") == 2
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert next(iter(data["tabs"])) == "findings"
    weights = [row["weight"] for row in data["tabs"]["findings"]]
    assert weights == sorted(weights)  # doubts that decide first
    assert len(data["tabs"]["tasks"]) == 5
    for row in data["tabs"]["tasks"]:
        assert f'id="L{row["line"]}"' in page
    assert '<mark class="u">市数据局</mark>' in page or "<mark class=u>市数据局</mark>" in page


def test_long_and_hostile_texts_end_soon(tmp_path: Path):
    head = "2022年方案\n一、任务\n1.甲乙丙。"
    tail = "\n完成时限：2022年6月\n责任单位：市财政局\n"
    for body in (
        "市局、" * 20000,
        "1" * 50000,
        "（" * 20000,
        "责任单位：市局" + " " * 50000 + "1.",
        "责任单位：" + "市某局和" * 8000,
        "“" * 9999,
    ):
        try:
            plan = read(tmp_path, head + body + tail)
        except PlanError:
            continue  # refusing is fine, hanging is not
        assert plan.tasks
