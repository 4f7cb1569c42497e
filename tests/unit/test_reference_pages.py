"""Pages beside the sites on a made-up warehouse: what the portal says of a quarter, the dictionary, the analysts' page, its limits.

With the real tables and queries: ``integration/test_analysts``.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
import urllib.error
import urllib.request

import duckdb
import openpyxl
import pytest

from dashboards import reference, render
from dashboards.pages import portal
from orchestration.commands.serve import make_server
from orchestration.dictionary import Column, Dictionary, Form, Table, formula_of, unit_of
from orchestration.settings import Settings
from tests.unit.test_dashboards import HOSTILE, PROGRAMME, Page, add_quality, build, create_contract, insert

RANKING = Table(
    "marts", "ranking", "位次", "营商办", ("raw.progress",),
    (Column("rank", "名次", "名次", ""), Column("total_score", "总分，0–100", "分", "甲 ÷ 乙")),
)  # fmt: skip
FORM = Form("progress", "任务进展", "progress", "`task_id`", (("task_id", "编号", ("任务编号", "编号")),))
RULE = {
    "rule_id": "F03", "severity": "E", "message_zh": "=1+1", "remedy_zh": HOSTILE[0], "entity": "文件", "owner": "填报主体",
    "home_zh": "读取", "state_zh": "启用",
}  # fmt: skip
DICTIONARY = Dictionary({"marts": "结果表", "raw": "原文"}, (RANKING,), (FORM,), (RULE,))


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    build(connection)
    return connection


@pytest.mark.parametrize(
    ("column", "meaning", "unit"),
    [
        ("total_score", "总分，0–100", "分"),
        ("score_rank", "名次", "名次"),
        ("rank_from_end", "倒数名次", "名次"),
        ("rank_change", "位次变动", "位"),
        ("progress_pct", "进度，0–100", "%"),
        ("rate", "满意度，0–100", "%"),
        ("completion_rate", "完成率，0–1", "0–1"),
        ("weight", "专项权重，0–1，空为平均", "0–1"),
        ("days_overdue", "逾期天数", "天"),
        ("received_at", "收文时间", "时间（北京）"),
        ("cutoff_on", "截止日", "日期"),
        ("reporter_id", "代码", ""),
        ("title", "任务名称", ""),
        ("value", "该版所写的值（文本）", ""),
        ("value", "本期指标值", "指标的单位"),
    ],
)
def test_units_by_the_conventions_of_the_names(column, meaning, unit):
    assert unit_of(column, meaning) == unit


def test_a_formula_is_declared_or_said_after_the_colon():
    said = {"description": "完成率：已完成 ÷ 任务数，0–1", "meta": {}}
    assert formula_of(said) == "已完成 ÷ 任务数"
    assert formula_of(said | {"meta": {"formula": "甲 − 乙"}}) == "甲 − 乙"
    assert formula_of({"description": "时限类型：date 日期、month 月", "meta": {}}) == ""


# --- portal -----------------------------------------------------------------------------------------------------------


def test_what_a_quarter_says_in_one_line(warehouse, tmp_path):
    """Sums by hand: see ``build``. Four reporters; of 16 due 0+1+2+3 = 6 overdue; one sent no indicators, one was late."""
    context = portal.portal(warehouse, tmp_path)
    (programme,) = context["programmes"]
    assert [quarter["period"] for quarter in programme["periods"]] == ["2021Q2", "2021Q1"]
    assert programme["periods"][0]["says"] == [
        "第一第1县（85.0 分）",
        "末位第4县（82.0 分）",
        "任务应完成 16 项次，逾期 6",
        "未报 1 家，迟报 1 家",
    ]
    assert programme["periods"][1]["says"][2:] == ["任务应完成 8 项次，逾期 4", "全部按时报送"]
    assert context["links"] == []


def test_a_shared_rank_names_two_and_counts_the_rest():
    quarter = {"first": ["甲", "乙", "丙"], "first_score": 90.0, "last": ["甲", "乙", "丙"], "last_score": 90.0, "due": 0,
               "overdue": 0, "missing": None, "late": None}  # fmt: skip
    assert portal.line(quarter) == ["第一甲、乙等 3 家（90.0 分）", "没有到期任务"]
    nothing = dict.fromkeys(quarter)
    assert portal.line(nothing) == []


def test_the_portal_marks_the_edition_that_stands(warehouse, tmp_path):
    warehouse.execute(
        "CREATE TABLE control.editions (programme_id text, period text, revision integer, published_at timestamptz, "
        "is_latest boolean)"
    )
    insert(warehouse, "control.editions", [
        {"programme_id": PROGRAMME, "period": "2021Q1", "revision": n, "published_at": f"2021-04-{14 + n}T01:00:00+00",
         "is_latest": n == 1} for n in (0, 1)
    ])  # fmt: skip
    text = Page(render.render_portal(warehouse, tmp_path)).text
    newest, older = text.split("2021年第一季度")
    assert "征求意见稿" in newest and "修订" not in newest
    assert "第 1 次修订" in older and "2021-04-15 09:00 发布" in older and "征求意见稿" not in older


# --- dictionary, analysts' page ---------------------------------------------------------------------------------------


def test_pages_name_each_other_and_links_lead_somewhere(warehouse, tmp_path):
    files = reference.render_reference(warehouse, tmp_path, DICTIONARY)
    files.append(render.render_portal(warehouse, tmp_path))
    assert {file.name for file in tmp_path.iterdir()} == {
        "dictionary.html", "dictionary.xlsx", "analyst.html", "index.html", "reference.js",
    }  # fmt: skip
    for file in files:
        if file.suffix == ".html":
            page = Page(file)
            assert page.scripts == [] and page.tags.count(
                ("main", {"id": "main", "class": file.stem.replace("index", "portal")})
            )
            ids = {a["id"] for _, a in page.tags if "id" in a}
            links = [a["href"] for tag, a in page.tags if tag == "a" and "/site/" not in a["href"]]
            assert {"dictionary.html", "analyst.html"} <= {*links}
            for link in links:
                address, _, place = link.partition("#")
                assert (tmp_path / address).is_file() if address else place in ids, (file.name, link)


def test_the_dictionary_says_what_the_file_has(warehouse, tmp_path):
    """A column without a description and a table that is not there show; they do not vanish silently."""
    page = Page(reference.render_reference(warehouse, tmp_path, DICTIONARY)[0])
    assert "甲 ÷ 乙" in page.text and "来源：raw.progress" in page.text
    assert "另有未说明的字段 programme_id、period" in page.text
    assert "editions：还没有发布过版本" in page.text
    # indicators of build(): lower is better, frontier 1, worst 20
    assert "指标0" in page.text and "越低越好" in page.text
    assert "得分 100 × (最差值 − 指标值) ÷ (最差值 − 前沿值)" in page.text


@pytest.mark.parametrize(
    ("method", "frontier", "targets", "baseline", "said"),
    [
        ("auto", 1, None, 10, "100 × (最差值 − 指标值) ÷ (最差值 − 前沿值)，再 2 次方"),
        ("auto", None, [1], 10, "100 × (指标值 − 现状值) ÷ (目标值 − 现状值)"),
        ("attainment", 1, [1], None, "100 × min(1, 目标值 ÷ 指标值)"),
        ("auto", None, None, 10, "没有目标值，不计分"),
    ],
)
def test_the_formula_of_an_indicator_is_that_of_the_contract(method, frontier, targets, baseline, said):
    row = {"method": method, "frontier": frontier, "worst": 20, "targets": targets, "baseline": baseline, "exponent": 2.0,
           "polarity": "lower"}  # fmt: skip
    assert reference._scoring(row) == said


def test_attacks_stay_text_on_pages_and_in_the_workbook(tmp_path):
    connection = duckdb.connect()
    build(connection, hostile=True)
    add_quality(connection, hostile=True)
    connection.execute(
        "UPDATE marts.ranking SET programme_id = 'zhumadian2021', period = '2021Q4' WHERE period = '2021Q2'"
    )
    files = reference.render_reference(connection, tmp_path, DICTIONARY)
    render.render_portal(connection, tmp_path)
    for name in ("dictionary.html", "analyst.html", "index.html"):
        page = Page(tmp_path / name)
        assert not {"img", "svg", "b"} & {tag for tag, a in page.tags if "src" in a or tag == "svg"}, name
        assert page.scripts == [] and "http" not in re.sub(r"https?://www\.w3", "", page.text), name
    assert HOSTILE[0] in Page(files[0]).text
    book = openpyxl.load_workbook(files[2])
    kinds = {
        cell.data_type
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    assert kinds == {"s"}
    assert book["规则"]["C2"].value == "=1+1"
    again = files[2].read_bytes()
    reference.render_reference(connection, tmp_path, DICTIONARY)
    assert files[2].read_bytes() == again


def test_queries_are_written_for_the_programme_that_is_there(warehouse, tmp_path):
    assert reference.here(warehouse) == {
        "zhumadian2021": PROGRAMME, "wugang2022": PROGRAMME, "2021Q4": "2021Q2", "2021Q3": "2021Q1", "2022Q1": "2021Q2",
        "411729": "411703",
    }  # fmt: skip
    page = Page(reference.render_reference(warehouse, tmp_path, DICTIONARY)[1])
    assert "已换成本库的方案" in page.text and "zhumadian2021" not in page.text and "2021Q4" not in page.text
    assert f"programme_id = '{PROGRAMME}' AND m.period = '2021Q2'" in page.text
    # who owes what: the reporter that did not send stands on the page
    assert "第2县" in page.text.split("2. 逾期任务")[0]


def test_an_empty_file_and_a_file_of_the_sample_keep_the_document_as_it_is(warehouse):
    empty = duckdb.connect()
    create_contract(empty)
    assert reference.here(empty) == {}
    warehouse.execute("UPDATE marts.ranking SET programme_id = 'zhumadian2021'")
    assert reference.here(warehouse) == {"2021Q4": "2021Q2", "2021Q3": "2021Q1"}
    warehouse.execute("UPDATE marts.ranking SET programme_id = 'a''b'")
    assert reference.here(warehouse) == {}, "a name that is no plain word is put into no query"


def test_a_query_that_fails_or_takes_too_long_is_said(warehouse, monkeypatch):
    assert "没有这个查询所需的表" in reference._result("SELECT * FROM marts.nothing", warehouse)
    assert "没有行" in reference._result("SELECT 1 WHERE false", warehouse)
    monkeypatch.setattr(reference, "PATIENCE", 0.2)
    slow = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 1"
    assert "秒内没有算完" in reference._result(slow, warehouse)
    assert "共 1 行" in reference._result("SELECT 1 AS one", warehouse), "the connection is usable afterwards"


def test_values_as_they_are_shown():
    shown = [
        None,
        True,
        -5,
        0.5,
        1234.56789,
        dt.datetime(2021, 12, 31, 9, 30, 12),
        dt.date(2021, 1, 2),
        "长" * 200,
    ]
    assert [reference._shown(value) for value in shown] == [
        "—", "是", "−5", "0.5", "1,234.5679", "2021-12-31 09:30", "2021-01-02", "长" * 119 + "…",
    ]  # fmt: skip


def test_the_server_gives_the_dictionary_and_no_other_workbook(tmp_path):
    settings = Settings(tmp_path, tmp_path)
    for name in ("dictionary.xlsx", "p/2021Q4/editions/r0/workbook.xlsx"):
        file = settings.published / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"PK")
    server = make_server(settings, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with urllib.request.urlopen(f"{address}/dictionary.xlsx") as answer:
            assert answer.read() == b"PK"
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{address}/p/2021Q4/editions/r0/workbook.xlsx")
    finally:
        server.shutdown()
        server.server_close()
