"""The first page and the projector: what a leader is told first, in which order, and how long tables are cut.

The warehouse is that of ``test_dashboards`` (sums in the docstring of ``build``) with bands, lists, changes (``add_ranking``) and
data quality (``add_quality``) on top.
"""

from __future__ import annotations

import re

import duckdb
import pytest

from dashboards import render
from dashboards.pages import glance, index, present
from dashboards.pages.site import Site
from tests.unit.test_dashboards import PROGRAMME, Page, add_quality, build, insert, load
from tests.unit.test_ranking_pages import add_ranking


def changed(*statements: str, ranked: bool = True) -> Site:
    connection = duckdb.connect()
    build(connection)
    if ranked:
        add_ranking(connection)
        add_quality(connection)
    for statement in statements:
        connection.execute(statement)
    return load(connection)


@pytest.fixture(scope="module")
def site() -> Site:
    return changed()


@pytest.fixture(scope="module")
def bare() -> Site:
    return changed(ranked=False)


# --- can one trust it --------------------------------------------------------------------------------------------


def facts(site: Site) -> list[tuple[str, bool | None]]:
    return [(fact["text"], fact["good"]) for fact in glance.trust(site)["facts"]]


def test_trust_is_publication_completeness_quarantine_firmness_and_what_is_at_stake(site, bare):
    # 8 owed reports of 20 cells, 18 filled; 4 files of 10 rows with one kept out, and one unreadable file.
    assert glance.trust(bare)["word"] == "征求意见稿，尚未发布"
    assert facts(bare) == [("应填数据已填 90.0%", None), ("隔离 4 行，占 10.0%", False)]
    # r1 was verified and agrees. Only the first place has no spread; the black list has p = 0.4; one finding touches a list.
    state = glance.trust(site)
    assert (state["light"], state["word"]) == ("green", "已发布（r1），核验一致")
    # The ledger's history of add_quality brings four files of one row more.
    assert facts(site)[1:] == [
        ("隔离 4 行，占 9.1%", False),
        ("4 家位次中 1 家稳定", None),
        ("红黑榜 1 家把握不足 90%", False),
        ("待核对问题影响红黑榜 1 处", False),
    ]


def test_trust_follows_publication_and_verification():
    never = glance.trust(changed("delete from control.edition_checks"))
    assert (never["shape"], never["word"]) == ("○", "已发布（r1），尚未核验")
    wrong = glance.trust(changed("update control.edition_checks set problem = '综合得分不符'"))
    assert (wrong["light"], wrong["word"]) == ("red", "已发布（r1），核验不一致 1 处")
    # The pages inside an edition know nothing of what came after it.
    inside = glance.trust(changed("update control.editions set published_at = null"))
    assert inside["word"] == "已定版（r1）"


def test_a_share_that_is_not_one_does_not_read_100():
    almost = changed("update marts.reporting set cells_required = 100000, cells_filled = 99999", ranked=False)
    assert facts(almost)[0][0] == "应填数据已填 99.9%"
    whole = changed("update marts.reporting set cells_filled = cells_required", ranked=False)
    assert facts(whole)[0][0] == "应填数据已填 100.0%"
    none = changed("update ops.receipts set rows_quarantined = 0", ranked=False)
    assert facts(none)[1] == ("没有数据行被隔离", True)


# --- who is in front and behind, whose it is -----------------------------------------------------------------------


def test_both_ends_with_reasons(site, bare):
    front, behind = glance.ends(bare)
    # Special scores are 85, 84, 83, 82 in both specials: the median is 83.5.
    assert [(r["name"], r["why"]) for r in front["rows"]] == [
        ("第1县", "10 项任务无逾期、完成 4 项；高于中位数最多的专项：企业开办（1.5 分）、获得电力（1.5 分）"),
        ("第2县", "10 项任务中逾期 1 项、完成 3 项；高于中位数最多的专项：企业开办（0.5 分）、获得电力（0.5 分）"),
    ]  # fmt: skip
    assert [(r["name"], r["why"]) for r in behind["rows"]] == [
        ("第4县", "10 项任务中逾期 3 项、完成 1 项；低于中位数最多的专项：企业开办（1.5 分）、获得电力（1.5 分）"),
        ("第3县", "10 项任务中逾期 2 项、完成 2 项；低于中位数最多的专项：企业开办（0.5 分）、获得电力（0.5 分）"),
    ]  # fmt: skip
    last = glance.ends(site)[1]["rows"][0]
    assert last["why"].endswith("；最靠后的是指标1")
    assert (last["talk"], last["in_a_row"], last["p"], last["rank_words"]) == (True, 5, 0.4, "第4名（3–5）")


def test_of_a_reason_only_what_is_not_said_already():
    said = changed(
        "update marts.list_entries set reason = '总分 82 分，倒数第 1 名；位次最靠后的指标是“甲；乙”；10 项任务中逾期 3 项、完成 1 项'"
    )
    why = glance.ends(said)[1]["rows"][0]["why"]
    assert why.startswith("10 项任务中逾期 3 项、完成 1 项；低于中位数最多的专项")
    assert why.endswith("；位次最靠后的指标是“甲；乙”") and why.count("逾期") == 1


def test_more_are_named_where_the_lists_hold_more():
    connection = duckdb.connect()
    build(connection, reporters=20)
    assert [len(g["rows"]) for g in glance.ends(load(connection))] == [3, 3]
    connection.execute("update marts.ranking set list = 'black' where rank > 12")
    front, behind = glance.ends(load(connection))
    assert (len(front["rows"]), len(behind["rows"]), behind["listed"], behind["more"]) == (3, 6, 8, 2)
    assert behind["rows"][0]["name"] == "第20县"


def test_units_with_their_overdue_tasks(bare):
    # t0 (市乙局) is overdue at three reporters, t1 at two and t2 at one (市甲局).
    assert glance.overdue_units(bare) == [
        {"unit": "市乙局", "n": 3, "days": 30, "who": ["第2县", "第3县", "第4县"]},
        {"unit": "市甲局", "n": 3, "days": 30, "who": ["第4县", "第3县"]},
    ]


def test_who_came_to_a_list_and_who_left_it(bare):
    assert glance.list_moves(bare) == []
    moved = changed(
        "update marts.ranking set list = case rank when 2 then 'red' when 4 then 'black' end where period = '2021Q1'",
        ranked=False,
    )
    assert glance.list_moves(moved) == [
        {"word": "新进红榜", "names": ["第1县"]},
        {"word": "退出红榜", "names": ["第2县"]},
    ]
    # Where a quarter had no lists nobody came or left.
    assert glance.list_moves(changed("update marts.ranking set list = null where period = '2021Q1'")) == []
    assert glance.medians(bare) == (83.5, 83.5)


# --- the page ----------------------------------------------------------------------------------------------------


def write(site: Site, folder) -> None:
    """The two pages this module is about, without the rest of the site."""
    env = render.environment()
    for name, context in (("index.html", index.index(site)), ("present.html", present.present(site))):
        (folder / name).write_text(env.get_template(name).render(context), encoding="utf-8")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    connection = duckdb.connect()
    build(connection, reporters=13)
    add_ranking(connection)
    add_quality(connection)
    connection.execute(
        "update marts.rank_changes set rank_change = -2, causes = '任务退步' where reporter_id = '411705'"
    )
    out = tmp_path_factory.mktemp("index")
    write(load(connection), out)
    return out


def test_answers_come_before_the_tables(rendered):
    page = (rendered / "index.html").read_text(encoding="utf-8")
    order = ["<h1>", 'class="counts"', 'class="trust', 'id="ends"', 'id="owners"', 'id="changed"', 'id="lights"',
             'id="ranking"', 'id="movers"', 'id="overdue"', 'id="goals"', 'id="reporting"', 'id="problems"']  # fmt: skip
    places = [page.index(mark) for mark in order]
    assert places == sorted(places)


def test_the_first_page_alone_answers_the_four_questions(rendered):
    text = re.sub(r"\s+", " ", Page(rendered / "index.html").text)
    behind = text[text.index("谁在后，为什么") : text.index("逾期任务是谁的")]
    assert behind.index("第13县") < behind.index("第12县") < behind.index("第11县")
    assert behind.count("低于中位数最多的专项") == 3
    owners = text[text.index("逾期任务是谁的") : text.index("比上季度变了什么")]
    # 13 reporters: t0 overdue at 9, t1 at 6, t2 at 3.
    assert "逾期 18 项次，最久 30 天，涉及责任单位 2 个" in owners and owners.index("市乙局") < owners.index(
        "市甲局"
    )
    assert "市乙局930天" in owners.replace(" ", "")
    moved = text[text.index("比上季度变了什么") : text.index("专项亮灯")]
    assert "第2县" in moved and "第6县" in moved and "得分中位数" in moved
    assert "任务退步" in text[text.index("谁在变动，为什么") :]
    assert "能不能信" in text and "已发布（r1），核验一致" in text


def test_an_excerpt_keeps_both_ends_and_those_asked_for():
    rows = [{"reporter_id": f"r{i}", "page": 1 + i // index.PER_PAGE, "skipped": 0} for i in range(500)]
    shown = index.excerpt(rows, {"r250", "r5"})
    assert [row["reporter_id"] for row in shown[:20]] == [f"r{i}" for i in range(20)]
    assert shown[20] == {"skipped": 230, "page": 1}
    assert shown[21]["reporter_id"] == "r250"
    assert shown[22] == {"skipped": 229, "page": 2}
    assert [row["reporter_id"] for row in shown[23:]] == [f"r{i}" for i in range(480, 500)]
    assert sum(row["skipped"] or 1 for row in shown) == 500


# --- projector ---------------------------------------------------------------------------------------------------


def test_one_question_a_screen_with_its_number(rendered):
    page = Page(rendered / "present.html")
    slides = [a for tag, a in page.tags if tag == "section"]
    assert [a["aria-label"] for a in slides] == [
        "总体怎样", "谁在前、谁在后，为什么", "谁逾期，谁负责", "哪些专项亮灯", "位次怎样变了", "目标到了吗", "数据可信吗", "下一步",
    ]  # fmt: skip
    assert [a["id"] for a in slides] == [str(n) for n in range(1, 9)]
    assert all(f"{n} / 8" in page.text for n in range(1, 9))


def test_lights_are_summed_by_special(bare):
    # t0–t3 belong to the first special; overdue are 0+1+2+3 tasks at three reporters.
    assert present.special_lights(bare) == [{"name": "企业开办", "red": 6, "yellow": 0, "reporters": 3}]
    lagging = changed("update marts.task_status set light = 'yellow' where task_id = 't5'", ranked=False)
    assert present.special_lights(lagging)[1] == {"name": "获得电力", "red": 0, "yellow": 4, "reporters": 4}


def test_next_steps_name_who_and_what(bare, site):
    assert glance.next_steps(bare) == [
        "督办逾期任务 6 项次：先办最多的市乙局（3 项次），和最久的“任务0”（第2县，30 天）",
        "催报 1 家：第2县",
        "核对数据问题 8 处，没有影响红黑榜的",
        "督促逾期未销号的整改问题 1 个",
        "发布前还需：发布人和批准人两个不同的人署名",
    ]
    steps = glance.next_steps(site)
    assert "按榜单规则约谈：第4县" in steps and "先核对影响红黑榜的数据问题 1 处" in steps
    assert steps[-1] == "发布后的新数据使 2 家有变化，由主办单位决定是否修订"


def test_nothing_to_do_is_said(tmp_path):
    connection = duckdb.connect()
    build(connection)
    for table in ("marts.overdue_tasks", "marts.rectification", "quality.flags"):
        connection.execute(f"delete from {table}")
    connection.execute("update marts.reporting set received = true, on_time = true")
    connection.execute("create table control.editions (programme_id text, period text, revision integer, edition text, "
                       "data_cut timestamptz, published_at timestamptz, published_by text, approved_by text, reason text, "
                       "correction text, is_latest boolean)")  # fmt: skip
    insert(connection, "control.editions", [
        {"programme_id": PROGRAMME, "period": "2021Q2", "revision": 0, "edition": "r0", "published_at": "2021-07-15 10:00:00+08",
         "published_by": "张三", "approved_by": "李四", "is_latest": True}
    ])  # fmt: skip
    assert glance.next_steps(load(connection)) == []
    write(load(connection), tmp_path)
    text = Page(tmp_path / "present.html").text
    assert "没有待办事项" in text and "本期没有逾期任务" in text
