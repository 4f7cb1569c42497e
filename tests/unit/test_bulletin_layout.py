"""The bulletin as a Word document: layout of GB/T 9704, what is left out, hostile text, revisions – over a made-up warehouse.

Numbers over the real warehouse, and the rendered pages: ``pipeline/test_bulletin``.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from dashboards.bulletin import annexes, facts, queries, styles
from dashboards.bulletin.content import Bulletin, Paragraph, chinese
from dashboards.bulletin.document import docx_bytes
from dashboards.bulletin.facts import Facts, Sentence, clean, say
from dashboards.bulletin.files import write_bulletin
from dashboards.bulletin.text import Asked, addressees, compose
from raw.periods import Period
from tests.unit.test_dashboards import PROGRAMME, build, insert

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
QUARTER = "2021Q2"
DRAFT = Asked(None, "征求意见稿")
MM = 1440 / 25.4
# what may stand in a cell of a county: control characters, XML, formulas, direction marks, a lone surrogate's neighbour
NASTY = "甲\x00\x0b\x1b<w:t>&amp;</w:t>\u202e]]>=cmd|' /C calc'!A0\ufffe\u200b乙"


def made_up(reporters: int = 4, hostile: bool = False) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'Asia/Shanghai'")
    build(connection, reporters, hostile)
    connection.execute("update raw.programmes set report_day = 28")
    connection.execute(
        "create table control.editions (programme_id text, period text, revision integer, edition text, data_cut timestamptz, "
        "published_at timestamptz, published_by text, approved_by text, reason text, correction text, is_latest boolean)"
    )
    connection.execute(
        "create table control.edition_changes (programme_id text, period text, revision integer, what text, reporter_id text, "
        "entity_id text, field text, old text, new text)"
    )
    connection.execute(
        "create table marts.rank_robustness (programme_id text, period text, reporter_id text, draws integer, "
        "rank_p05 double, rank_p95 double, p_red double, p_black double)"
    )
    return connection


def bulletin(connection: duckdb.DuckDBPyConnection, asked: Asked = DRAFT, period: str = QUARTER) -> Bulletin:
    return compose(Facts(connection, {"programme_id": PROGRAMME, "period": period}), asked)


def words(content: Bulletin) -> str:
    return "\n".join(str(text) for _, text in content.lines())


@pytest.fixture(scope="module")
def package() -> dict[str, bytes]:
    content = bulletin(made_up(), Asked(None, "征求意见稿", copies="市纪委监委"))
    with zipfile.ZipFile(io.BytesIO(docx_bytes(content, content.data_cut))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def word():
    content = bulletin(made_up(), Asked(None, "征求意见稿", copies="市纪委监委"))
    return Document(io.BytesIO(docx_bytes(content, content.data_cut)))


# --- paper, grid, fonts -----------------------------------------------------------------------------------------------


def test_paper_margins_and_grid(word):
    section = word.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = {"top": 37, "left": 28, "right": 26, "bottom": 35}
    for side, wanted in margins.items():
        assert getattr(section, f"{side}_margin").mm == pytest.approx(wanted, abs=0.1), side
    grid = section._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:type")) == "linesAndChars"
    assert (grid.get(qn("w:linePitch")), grid.get(qn("w:charSpace"))) == ("580", "-849")
    # 22 lines and 28 characters fill the type area, one more does not fit: by the grid, and by the styles of the body
    width = 210 * MM - (section.left_margin.mm + section.right_margin.mm) * MM
    height = 297 * MM - (section.top_margin.mm + section.bottom_margin.mm) * MM
    assert 22 * 580 <= height + 1 < 23 * 580
    by_grid, by_style = 20 * (16 - 849 / 4096), 20 * 16 + styles.NARROWER
    for pitch in (by_grid, by_style):
        assert 28 * pitch <= width + 1 < 29 * pitch
    spacing = word.styles["正文两字缩进"].element.pPr.find(qn("w:spacing"))
    assert (spacing.get(qn("w:line")), spacing.get(qn("w:lineRule"))) == ("580", "exact")


@pytest.mark.parametrize(
    ("style", "font", "points"),
    [
        ("Normal", "仿宋_GB2312", 16), ("正文两字缩进", "仿宋_GB2312", 16), ("Heading 1", "黑体", 16),
        ("Heading 2", "楷体_GB2312", 16), ("Heading 3", "仿宋_GB2312", 16), ("Heading 4", "仿宋_GB2312", 16),
        ("Title", "方正小标宋简体", 22), ("附件标题", "方正小标宋简体", 22), ("抄送机关", "仿宋_GB2312", 14), ("footer", "宋体", 14),
        ("表格文字", "仿宋_GB2312", 10.5), ("表头", "黑体", 10.5),
    ],
)  # fmt: skip
def test_fonts_are_named_for_chinese_and_digits(word, style: str, font: str, points: float):
    properties = word.styles[style].element.rPr
    named = properties.find(qn("w:rFonts"))
    assert {named.get(qn(f"w:{slot}")) for slot in ("ascii", "hAnsi", "eastAsia")} == {font}
    assert int(properties.find(qn("w:sz")).get(qn("w:val"))) == 2 * points


def test_everything_is_black_and_nothing_embedded(package):
    for name, body in package.items():
        text = body.decode()
        assert set(re.findall(r'w:color w:val="(\w+)"', text)) <= {"000000"}, name
        assert not re.search(r"themeColor|asciiTheme|eastAsiaTheme|w:shd|w:highlight", text), name
    assert not [name for name in package if "font" in name.lower() or "theme" in name]
    assert 'w:eastAsia="zh-CN"' in package["word/styles.xml"].decode()
    assert "<dc:language>zh-CN</dc:language>" in package["docProps/core.xml"].decode()


def test_headings_are_word_styles_with_outline_levels(word):
    for level in (1, 2, 3, 4):
        outline = word.styles[f"Heading {level}"].element.pPr.find(qn("w:outlineLvl"))
        assert outline.get(qn("w:val")) == str(level - 1)
    found = {(p.style.name, p.text) for p in word.paragraphs if p.style.name.startswith("Heading")}
    assert {
        ("Heading 1", "一、总体情况"),
        ("Heading 1", "四、下一步要求"),
        ("Heading 2", "红榜（详见附件1）"),
        ("Heading 2", "（一）黑榜"),
    } <= found
    indent = word.styles["Heading 1"].element.pPr.find(qn("w:ind"))
    assert indent.get(qn("w:firstLineChars")) == "200"


def test_page_numbers(word, package):
    section = word.sections[0]
    assert word.settings.odd_and_even_pages_header_footer
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        paragraph = footer.paragraphs[0]
        assert paragraph._p.pPr.find(qn("w:jc")).get(qn("w:val")) == side
        assert paragraph.text == "— 1 —"
        assert "".join(e.text for e in paragraph._p.iter(qn("w:instrText"))).strip() == "PAGE"
    assert "w:titlePg" not in package["word/document.xml"].decode()


def test_tables_repeat_their_header_and_keep_to_the_type_area(word):
    assert len(word.tables) >= 4
    for table in word.tables:
        rows = table._tbl.tr_lst
        assert rows[0].trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:tblHeader")) is None for row in rows[1:])
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in rows)
        assert table._tbl.tblPr.find(qn("w:tblLayout")).get(qn("w:type")) == "fixed"
        widths = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
        assert sum(widths) == styles.WIDTH and styles.WIDTH / MM <= 156.2
        assert all(
            sum(int(c.tcPr.find(qn("w:tcW")).get(qn("w:w"))) for c in row.tc_lst) == styles.WIDTH
            for row in rows
        )
    body = [table.style for table in word.tables]
    assert len(body) == len(word.tables)


def test_each_annex_starts_a_page(word):
    labels = [p for p in word.paragraphs if p.style.name == "附件序号"]
    assert [p.text for p in labels] == [f"附件{n}" for n in range(1, len(labels) + 1)] and len(labels) == 5
    assert labels[0].style.element.pPr.find(qn("w:pageBreakBefore")) is not None
    noted = [p.text for p in word.paragraphs if p.style.name == "附件说明" and p.text]
    titles = [p.text for p in word.paragraphs if p.style.name == "附件标题"]
    assert [re.sub(r"^(附件：)?\d\.", "", text) for text in noted] == titles


def test_parts_of_a_document_in_their_places(word):
    texts = [p.text for p in word.paragraphs]
    assert texts[0] == "征求意见稿" and re.fullmatch(r"×营商办〔2021〕×号", texts[1])
    title = "".join(p.text for p in word.paragraphs if p.style.name == "Title")
    assert title == "关于示例方案2021年第二季度推进情况的通报"
    assert (
        next(p.text for p in word.paragraphs if p.style.name == "主送机关")
        == "各县人民政府，各有关责任单位："
    )
    issuer, day = [p for p in word.paragraphs if p.style.name == "署名" and p.text]
    assert (issuer.text, day.text) == ("示例办公室", "×年×月×日")
    assert day._p.pPr.find(qn("w:ind")).get(qn("w:rightChars")) == "400"
    first = next(p for p in word.paragraphs if p.style.name == "附件说明" and p.text)
    indent = first._p.pPr.find(qn("w:ind"))
    assert int(indent.get(qn("w:leftChars"))) - int(indent.get(qn("w:hangingChars"))) == 200
    assert texts[-1] == "抄送：市纪委监委。"


# --- what is said and what is left out --------------------------------------------------------------------------------


def test_the_body_of_the_made_up_quarter():
    """``build``: 40 tasks, 10 done, 6 overdue against 4 before; reports 8 owed, 1 missing, 1 late; attained 5 ≥ value."""
    text = words(bulletin(made_up()))
    assert "共40项次，已完成10项次，完成率25.0%，较上季度提高15.0个百分点" in text
    assert "逾期未完成6项次，较上季度增加2项次" in text
    assert "应报8份，收到7份，未报送1份，其中迟报1份" in text
    # 85, 84, 83, 82 in both quarters
    assert "平均83.50分，与上季度持平；最高85.00分，最低82.00分，相差3.00分" in text
    # second quarter: value 4 + i against a target of 5 reached by reporter 0 only (reporter 1 has none); two indicators
    assert "设定目标的指标2项，共8项次，已达到目标2项次，达标率25.0%" in text
    # the next quarter: 10 tasks less 4 due in May, all due on 31 December
    assert "2021年第三季度数据于2021年9月28日截止报送" in text and "内（" not in text
    # t0 of reporters 1, 2, 3 led by 乙, the other three by 甲
    assert "逾期的是市乙局（3项次）、市甲局（3项次）" in text
    assert "第4县（3项次）、第3县（2项次）、第2县（1项次）" in text
    assert "逾期时间最长的有6项次，均逾期30天" in text
    assert "未报送的有第2县（1份）；迟报的有第3县（迟报2天），详见附件3" in text
    assert "详见附件3。数据检查发现错误8处，涉及4个填报主体；须核实的4处" in text
    assert "填报主体目标4项次，已实现2项次" in text


def test_a_small_programme_reads_well():
    connection = made_up(reporters=2)
    connection.execute("delete from marts.ranking where period = '2021Q1'")
    connection.execute("update marts.ranking set list = null, rank_change = null, indicator_score = null")
    for table in ("indicator_scores", "goals", "overdue_tasks"):
        connection.execute(f"delete from marts.{table}")
    connection.execute("delete from marts.quarterly_progress where period = '2021Q1'")
    connection.execute("update marts.quarterly_progress set tasks_overdue = 0, tasks_completed = 0")
    connection.execute("update marts.reporting set received = true, on_time = true")
    connection.execute("delete from quality.flags")
    content = bulletin(connection)
    body = [str(block.whole if isinstance(block, Paragraph) else block.text) for block in content.blocks]
    assert body[1:] == [
        "一、总体情况",
        "1.任务推进。方案任务10项由2个填报主体承担，共20项次，目前均在推进中。",
        "2.数据报送。应报4份，全部收到，均按时报送。",
        "3.综合得分。2个填报主体平均84.50分；最高85.00分，最低84.00分，相差1.00分。",
        "二、下一步要求",
        "按时准确报送数据",
        "2021年第三季度数据于2021年9月28日截止报送，逾期收到的按迟报通报。",
    ]
    assert [str(annex.title) for annex in content.annexes] == [
        "2021年第二季度排名表",
        "更正与修订情况",
        "评价口径",
    ]
    assert [column.header for column in content.annexes[0].blocks[0].columns] == ["名次", "填报主体", "总分"]
    assert str(content.annexes[1].blocks[0].text) == "无。"


@pytest.mark.parametrize("reporters", [2, 4, 7])
@pytest.mark.parametrize("period", ["2021Q1", "2021Q2"])
def test_no_empty_count_and_no_missing_value_is_written(reporters: int, period: str):
    content = bulletin(made_up(reporters), period=period)
    text = "\n".join(str(text) for place, text in content.lines() if not place.startswith("附件"))
    assert not re.search(r"(?<![\d.])0(个|项|份|处|家|名|天|位)", text)
    assert "—" not in text and "None" not in text and "nan" not in text


def test_a_listing_that_the_draws_do_not_repeat_is_not_firm():
    connection = made_up()
    connection.execute(
        "create table marts.list_entries (programme_id text, period text, reporter_id text, in_a_row integer, "
        "red_this_year integer, black_this_year integer, talk boolean, reason text)"
    )
    key = {"programme_id": PROGRAMME, "period": QUARTER}
    insert(connection, "marts.rank_robustness", [
        key | {"reporter_id": f"4117{i:02d}", "draws": 1000, "rank_p05": i + 0.5, "rank_p95": i + 1, "p_red": 0.4,
               "p_black": 0.41} for i in range(4)
    ])  # fmt: skip
    insert(connection, "marts.list_entries", [
        key | {"reporter_id": "411703", "in_a_row": 3, "talk": True, "reason": "总分 82 分，倒数第 1 名。"}
    ])  # fmt: skip
    text = words(bulletin(connection))
    assert (
        "第4县，第4名（3–4），连续3个季度列入黑榜。总分82分，倒数第1名。在1000次变动权重和方法的测算中，列入黑榜的仅占41.0%"
        in text
    )
    assert "约谈对象的有：第4县。" in text
    # nothing of the kind is said of the red list, whose share is below one half as well
    assert text.count("尚不稳定") == 1
    connection.execute("update marts.rank_robustness set p_black = 0.5")
    assert "尚不稳定" not in words(bulletin(connection))


def test_long_lists_are_cut_and_say_so():
    connection = made_up(reporters=48)  # 12 × (0 + 1 + 2 + 3) overdue
    found = next(a for a in bulletin(connection).annexes if "逾期" in str(a.title))
    by_unit, longest = (block for block in found.blocks if not isinstance(block, Paragraph))
    assert len(longest.rows) == annexes.LONGEST_TABLE < 72
    assert sum(row[1].value for row in by_unit.rows) == 72
    assert any(
        "逾期时间最长的60项次如下，全部逾期任务见附表" in str(b.text)
        for b in found.blocks
        if isinstance(b, Paragraph)
    )


def test_the_next_cut_off_is_that_of_the_calendar():
    """The query's arithmetic against ``raw.periods``; a programme that ends with the quarter has no next one."""
    connection = made_up(reporters=2)
    connection.execute("delete from control.periods where period = '2021Q1'")
    for period in (Period(2021, 1), Period(2021, 2), Period(2021, 3), Period(2021, 4), Period(2023, 4)):
        connection.execute("update control.periods set period = ?, period_end = ?", [str(period), period.end])
        for report_day in (5, 28, 30, 31):
            for end, runs_on in ((period.next().end, True), (period.end, False)):
                connection.execute(
                    "update raw.programmes set report_day = ?, end_date = ?", [report_day, end]
                )
                known = Facts(connection, {"programme_id": PROGRAMME, "period": str(period)})
                ahead = queries.next_quarter(known)[0]
                assert ahead["cutoff_on"] == period.next().cutoff_on(report_day)
                assert (ahead["period"], ahead["next_end"]) == (str(period.next()), period.next().end)
                assert ahead["runs_on"] is runs_on


@pytest.mark.parametrize(
    ("kinds", "units", "wanted"),
    [
        ({"county", "district", "zone"}, True, "各县（区）人民政府，各功能区管委会，各有关责任单位："),
        ({"district"}, False, "各区人民政府："),
        ({"department"}, True, "各有关部门和单位："),
        ({"township"}, False, "各乡镇人民政府、街道办事处："),
        (set(), False, "各有关责任单位："),
    ],
)
def test_addressees(kinds: set[str], units: bool, wanted: str):
    assert addressees(kinds, units) == wanted


# --- editions ---------------------------------------------------------------------------------------------------------


def publish(connection: duckdb.DuckDBPyConnection, revision: int, reason: str | None = None) -> Asked:
    name = f"{PROGRAMME}/{QUARTER}/r{revision}"
    insert(connection, "control.editions", [{
        "programme_id": PROGRAMME, "period": QUARTER, "revision": revision, "edition": name,
        "data_cut": "2021-07-20 18:30:00+08", "published_at": "2021-07-21 00:30:00+08", "reason": reason,
    }])  # fmt: skip
    return Asked(name, "征求意见稿")


def test_a_published_quarter_is_no_draft_and_bears_the_date_of_its_publication():
    connection = made_up()
    text = words(bulletin(connection, publish(connection, 0)))
    assert "征求意见稿" not in text and "修订" not in text.replace("更正与修订情况", "")
    assert "2021年7月21日" in text and "数据截至2021年7月20日18时30分" in text
    dated = words(
        bulletin(made_up(), Asked(None, "征求意见稿", number="示营商〔2021〕7号", date=date(2021, 8, 2)))
    )
    assert "示营商〔2021〕7号" in dated and "2021年8月2日" in dated


def test_a_revision_says_why_and_what_moved():
    connection = made_up()
    asked = publish(connection, 1, "第4县补报")
    key = {"programme_id": PROGRAMME, "period": QUARTER, "revision": 1, "reporter_id": "411703"}
    insert(connection, "control.edition_changes", [
        key | dict(zip(("what", "entity_id", "field", "old", "new"), change, strict=True))
        for change in (
            ("input", "submissions/x.csv", "sha256", None, "ab" * 32), ("value", "i0", "value", "4.0", "0.0"),
            ("rank", None, "rank", "4", "3"), ("list", None, "list", "black", None),
            ("score", None, "total_score", "82.0", "83.123456789"), ("task", "t1", "light", "red", "green"),
        )
    ])  # fmt: skip
    content = bulletin(connection, asked)
    assert str(content.mark) == "第1次修订"
    assert "本次为第1次修订，修订原因：第4县补报。" in words(content)
    table = next(a for a in content.annexes if "更正" in str(a.title)).blocks[-1]
    assert [[cell.shown for cell in row] for row in table.rows] == [
        ["第4县", "位次", "—", "位次", "4", "3"],
        ["第4县", "榜单", "—", "榜单", "黑榜", "不上榜"],
        ["第4县", "任务、指标、综合得分", "—", "综合得分", "82", "83.1235"],
        ["第4县", "指标值", "指标0", "指标值", "4", "0"],
        ["第4县", "任务状态", "任务1", "亮灯", "逾期", "正常"],
        ["第4县", "输入文件", "submissions/x.csv", "内容摘要", "未收到", "已收到"],
    ]


# --- a number that is no fact cannot be written -----------------------------------------------------------------------


def test_a_template_with_a_digit_is_refused():
    with pytest.raises(ValueError, match="no fact"):
        say("共 13 个")
    with pytest.raises(ValueError, match="no fact"):
        say("共１３个{n}", n=Sentence())
    with pytest.raises(TypeError):
        say("共{n}个", n=13)
    with pytest.raises(TypeError):
        say("共{n}个", n="13")


def test_a_query_name_stands_for_one_query():
    known = Facts(made_up(2), {"programme_id": PROGRAMME, "period": QUARTER})
    first = known.ask("a", "SELECT 1 AS n, $period AS p")
    assert known.ask("a", "SELECT 1 AS n, $period AS p") is first
    with pytest.raises(ValueError, match="another query"):
        known.ask("a", "SELECT 2 AS n")


def test_chinese_numerals():
    assert [chinese(n) for n in (1, 9, 10, 11, 20, 21, 99)] == [
        "一",
        "九",
        "十",
        "十一",
        "二十",
        "二十一",
        "九十九",
    ]


# --- hostile text, determinism ----------------------------------------------------------------------------------------


def test_hostile_text_neither_breaks_nor_runs(tmp_path: Path):
    connection = made_up(hostile=True)
    connection.execute("update raw.programmes set issuer = ?", [NASTY])
    connection.execute("update marts.ranking set reporter_name = ? where rank = 1", [NASTY])
    connection.execute("update marts.overdue_tasks set title = ?", [NASTY * 50])
    asked = Asked(None, "征求意见稿", number=NASTY, copies='=HYPERLINK("http://x")')
    written = write_bulletin(connection, PROGRAMME, QUARTER, tmp_path, asked)
    texts = [p.text for p in Document(written.document).paragraphs]
    assert clean(NASTY) == "甲 <w:t>&amp;</w:t> ]]>=cmd|' /C calc'!A0 乙"
    assert clean(NASTY) in texts  # the characters themselves, as text
    with zipfile.ZipFile(written.document) as archive:
        body = archive.read("word/document.xml").decode()
    assert "instrText" not in body and "hyperlink" not in body and "\u202e" not in body
    book = load_workbook(written.workbook)
    assert [
        c.coordinate for page in book for row in page.iter_rows() for c in row if c.data_type == "f"
    ] == []
    with zipfile.ZipFile(written.workbook) as archive:
        assert not any(
            b"<f>" in archive.read(n) or b"<hyperlink" in archive.read(n) for n in archive.namelist()
        )
    listed = json.loads(written.sources.read_text(encoding="utf-8"))
    assert any(fact["value"] == NASTY for fact in listed["facts"])


def test_the_same_data_give_the_same_bytes(tmp_path: Path):
    connection = made_up()
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written = write_bulletin(connection, PROGRAMME, QUARTER, tmp_path / name, DRAFT)
        made.append([path.read_bytes() for path in (written.document, written.workbook, written.sources)])
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0][0])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "2021-07-13T00:00:00Z" in archive.read("docProps/core.xml").decode()


def test_the_sources_hold_every_fact_once(tmp_path: Path):
    written = write_bulletin(made_up(), PROGRAMME, QUARTER, tmp_path, DRAFT)
    listed = json.loads(written.sources.read_text(encoding="utf-8"))
    names = [fact["id"] for fact in listed["facts"]]
    assert len(names) == len(set(names)) == written.facts > 100
    assert {fact["query"] for fact in listed["facts"]} == set(listed["queries"])
    assert facts.sources(Facts(made_up(2), {}), []) == {"queries": {}, "facts": []}
