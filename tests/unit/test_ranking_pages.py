"""Pages about ranks: lists, changes, editions, goals, method, and a total made again from the numbers shown.

The warehouse is that of ``test_dashboards`` with the tables these pages read on top (``add_ranking``); ``integration/
test_site_browser`` uses it too. Real programmes: ``integration/test_recompute_by_hand``.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from itertools import cycle
from pathlib import Path

import duckdb
import pytest

from dashboards import arithmetic, figures, render
from dashboards.pages import editions, goals, method, ranking
from dashboards.pages.site import Site
from tests.unit.test_dashboards import HOSTILE, PERIODS, PROGRAMME, Page, add_quality, build, insert, load

RANKING = {
    "marts.rank_robustness": "programme_id text, period text, reporter_id text, draws integer, seed bigint, "
    "rank_median double, rank_p05 double, rank_p95 double, p_red double, p_black double, p_ahead_of_next double",
    "marts.list_entries": "programme_id text, period text, reporter_id text, list text, rank integer, rank_from_end integer, "
    "total_score double, best_indicator_id text, worst_indicator_id text, in_a_row integer, red_this_year integer, "
    "black_this_year integer, talk boolean, reason text",
    "marts.rank_changes": "programme_id text, period text, reporter_id text, previous_period text, previous_score double, "
    "score double, score_change double, score_own double, score_peers double, score_method double, score_revision double, "
    "previous_rank integer, rank integer, rank_change integer, rank_own integer, rank_peers integer, rank_method integer, "
    "rank_revision integer, causes text, gain_score double, gain_ahead_of text, gain_text text",
    "marts.score_change_items": "programme_id text, period text, reporter_id text, seq integer, component text, "
    "special_id text, item_id text, item_name text, old_score double, new_score double, contribution double",
    "control.editions": "programme_id text, period text, revision integer, edition text, data_cut timestamptz, "
    "published_at timestamptz, published_by text, approved_by text, reason text, correction text, is_latest boolean",
    "control.edition_changes": "programme_id text, period text, revision integer, what text, reporter_id text, "
    "entity_id text, field text, old text, new text",
    "control.edition_checks": "programme_id text, period text, revision integer, reporter_id text, problem text",
    "draft.ranking": "programme_id text, period text, reporter_id text, reporter_name text, total_score double, "
    "rank integer, list text",
}


def add_ranking(connection: duckdb.DuckDBPyConnection, hostile: bool = False) -> None:
    """The tables of these pages on top of ``build``, and a special of its own whose sums are right.

    Reporter i has rank i + 1. Band: i + 0.05 to i + 1.05 (rounded outwards: i to i + 2), the first one firm; only the first is ahead
    of the next for sure. Second quarter: own +1, method −0.25, revision +0.25 points; reporter 0 moved by nothing.
    Goals: improvement by 10 % of i0 at −5, 4, 12 … with all the forecasts there are.
    Editions: r0, r1 (one value of reporter 1 corrected), r0 verified with a problem; the draft moves reporter 1.
    """
    connection.execute("create schema if not exists draft")
    for table, columns in RANKING.items():
        connection.execute(f"create table {table} ({columns})")
    for column in (
        "periods_left integer",
        "pace double",
        "forecast double",
        "forecast_met boolean",
        "forecast_basis text",
        "due_date date",
    ):
        connection.execute(f"alter table marts.goals add column {column}")
    nasty = cycle(HOSTILE)

    def text(plain: str) -> str:
        return f"{plain}{next(nasty)}" if hostile else plain

    ids = [r for (r,) in connection.execute("select reporter_id from raw.reporters order by seq").fetchall()]
    common = {"programme_id": PROGRAMME}
    bands = []
    for period in PERIODS:
        for i, reporter in enumerate(ids):
            bands.append(common | {
                "period": period, "reporter_id": reporter, "draws": 1000, "seed": 7, "rank_median": i + 1,
                "rank_p05": i + 0.05 if i else 1, "rank_p95": i + 1.05 if i else 1, "p_red": 1.0 if not i else 0.0,
                "p_black": 0.4 if i == len(ids) - 1 else 0.0, "p_ahead_of_next": None if i == len(ids) - 1 else 0.5 if i else 0.95,
            })  # fmt: skip
    insert(connection, "marts.rank_robustness", bands)
    key = common | {"period": "2021Q2"}
    last = len(ids) - 1
    insert(connection, "marts.list_entries", [
        key | {"reporter_id": ids[i], "list": which, "rank": i + 1, "rank_from_end": last - i + 1, "total_score": 85.0 - i,
               "best_indicator_id": "i0", "worst_indicator_id": "i1", "in_a_row": 2 + i, "red_this_year": 2 if not i else 0,
               "black_this_year": 2 if i else 0, "talk": bool(i), "reason": text("最靠后的是指标1")}
        for i, which in ((0, "red"), (last, "black"))
    ])  # fmt: skip
    changes, items = [], []
    for i, reporter in enumerate(ids):
        moved = bool(i)
        changes.append(key | {
            "reporter_id": reporter, "previous_period": "2021Q1", "previous_score": 85.0 - i - moved, "score": 85.0 - i,
            "score_change": float(moved), "score_own": float(moved), "score_peers": 0.0, "score_method": -0.25 * moved,
            "score_revision": 0.25 * moved, "previous_rank": i + 2 if i == 1 else i + 1, "rank": i + 1, "rank_change": int(i == 1),
            "rank_own": 2 * (i == 1), "rank_peers": -1 * (i == 1), "rank_method": 0, "rank_revision": 0,
            "causes": text("指标0改善") if moved else None, "gain_score": 1.0 if moved else None,
            "gain_ahead_of": ids[i - 1] if moved else None, "gain_text": text("再提高 1 分") if moved else None,
        })  # fmt: skip
        if moved:
            for seq, (component, item, contribution) in enumerate(
                (("indicator", "i0", 1.25), ("task", "t1", -0.5), ("task", "t2", 0.0), (None, None, 0.25)), 1
            ):
                items.append(key | {
                    "reporter_id": reporter, "seq": seq, "component": component, "special_id": "s0" if item else None,
                    "item_id": item, "item_name": text(f"项目{item}") if item else None, "old_score": 50.0 if item else None,
                    "new_score": None, "contribution": contribution,
                })  # fmt: skip
    insert(connection, "marts.rank_changes", changes)
    insert(connection, "marts.score_change_items", items)
    insert(connection, "raw.goals", [
        common | {"goal_id": "g3", "kind": "improvement", "indicator_id": "i0", "improvement_pct": 10, "row_number": 4}
    ])  # fmt: skip
    states = cycle((  # actual, met, forecast, forecast_met
        (-5.0, False, -7.5, False), (4.0, False, 11.0, True), (12.0, True, 9.0, False), (None, False, None, None),
    ))  # fmt: skip
    insert(connection, "marts.goals", [
        key | {"goal_id": "g3", "reporter_id": reporter, "kind": "improvement", "expected": 10, "actual": actual, "met": met,
               "due_date": dt.date(2021, 12, 31), "periods_left": 2, "pace": None if actual is None else 2.5, "forecast": forecast,
               "forecast_met": would, "forecast_basis": text("近 2 季")}
        for reporter, (actual, met, forecast, would) in zip(ids, states, strict=False)
    ])  # fmt: skip
    connection.execute(
        "update marts.goals set due_date = '2021-12-31', periods_left = 2 where goal_id in ('g1', 'g2')"
    )
    insert(connection, "control.editions", [
        key | {"revision": n, "edition": f"{PROGRAMME}/2021Q2/r{n}", "data_cut": f"2021-07-{13 + n} 00:00:00+08",
               "published_at": f"2021-07-{15 + n} 10:00:00+08", "published_by": text("张三"), "approved_by": text("李四"),
               "reason": text("更正一项指标") if n else None, "correction": ids[1] if n else None, "is_latest": n == 1}
        for n in (0, 1)
    ])  # fmt: skip
    insert(connection, "control.edition_changes", [
        key | {"revision": 1, "what": what, "reporter_id": ids[1], "entity_id": entity, "field": field, "old": old, "new": new}
        for what, entity, field, old, new in (
            ("value", "i0", "value", "5.000000", "4.5"), ("value", "i0", "state", "not_submitted", "value"),
            ("score", None, "total_score", "83.5", "84.0"), ("list", None, "list", "black", None),
            ("input", text("submissions/a.csv"), "sha256", None, "0123456789abcdef"), ("odd", text("x"), text("y"), text("z"), "true"),
        )
    ])  # fmt: skip
    insert(connection, "control.edition_checks", [
        key | {"revision": revision, "reporter_id": ids[0], "problem": problem}
        for revision, problem in ((0, text("综合得分不符")), (1, None))
    ])  # fmt: skip
    insert(connection, "draft.ranking", [
        key | {"reporter_id": reporter, "reporter_name": text("某县"), "total_score": 85.0 - i + (1.5 if i == 1 else 0),
               "rank": {0: 2, 1: 1}.get(i, i + 1), "list": {1: "red", last: "black"}.get(i)}
        for i, reporter in enumerate(ids)
    ])  # fmt: skip


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    build(connection)
    add_ranking(connection)
    return connection


@pytest.fixture(scope="module")
def site(warehouse) -> Site:
    return load(warehouse)


@pytest.fixture(scope="module")
def rendered(warehouse, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("ranking") / "site"
    render.render_site(warehouse, PROGRAMME, "2021Q2", out)
    return out


def changed(sql: str) -> Site:
    """The site of a warehouse after a statement."""
    connection = duckdb.connect()
    build(connection)
    add_ranking(connection)
    connection.execute(sql)
    return load(connection)


# --- ranks with their bands --------------------------------------------------------------------------------------


def test_the_band_is_beside_every_rank_and_a_weak_lead_is_said(rendered):
    index = Page(rendered / "index.html").text
    for words in ("1（稳定）", "2（1–3）", "3（2–4）", "4（3–5）", "第2名（1–3）", "1,000 次随机扰动"):
        assert words in index, words
    # Reporters 1 and 2; the first leads for sure, the last one leads nobody.
    assert index.count("与下一名的差距不显著") == 2
    page = Page(rendered / "reporters" / "411701.html").text
    assert "第2名（1–3），综合得分 84.00 = " in page and "与下一名的差距不显著" in page
    assert "第1名（稳定）" in Page(rendered / "lists.html").text
    # The rank of the quarter before has its own band too.
    assert "第3名（1–3） → 第2名（1–3）" in page


# --- lists -------------------------------------------------------------------------------------------------------


def test_lists_name_reasons_rows_counts_and_talk(site, rendered):
    assert ranking.headline(site) == "红榜 1 家：第1县；黑榜 1 家：第4县"
    red, black = (ranking.entries(site, which)[0] for which in ("red", "black"))
    assert (red["rank_words"], red["in_a_row"], red["this_year"], red["p"], red["talk"]) == (
        "第1名（稳定）", 2, 2, 1.0, False,
    )  # fmt: skip
    assert (black["rank_words"], black["in_a_row"], black["this_year"], black["p"], black["talk"]) == (
        "第4名（3–5）", 5, 2, 0.4, True,
    )  # fmt: skip
    text = Page(rendered / "lists.html").text
    for words in (
        "■ 约谈",
        "第4县连续列入黑榜，达到约谈条件",
        "最靠后的是指标1",
        "5 季",
        "2 次",
        "40%",
        "● 红 1",
        "■ 黑 4",
    ):
        assert words in text, words
    periods, rows = ranking.matrix(site)
    assert periods == ["2021Q1", "2021Q2"]
    assert [(row["name"], row["red"], row["black"]) for row in rows] == [("第1县", 2, 0), ("第4县", 0, 2)]


def test_the_rule_in_words_follows_the_parameters():
    plain = ranking.rules(changed("select 1"))
    assert plain[0].startswith("红榜取位次前 1 名，黑榜取倒数 1 名")
    assert any("一并列入" in s for s in plain) and any("全部达到目标，不列黑榜" in s for s in plain)
    assert any("不足 3 家时不设红黑榜" in s for s in plain) and any("连续 3 个季度" in s for s in plain)
    other = ranking.rules(
        changed(
            "update raw.programmes set red = 2, black = 4, ties = 'exclude', black_exception = 'none', talk_after = 2, "
            "no_lists = '2021Q1;2021Q3'"
        )
    )
    assert other[0].startswith("红榜取位次前 2 名，黑榜取倒数 4 名")
    assert other[1:3] == ["榜单边缘并列、全部列入会超过名额的，都不列入。", "黑榜没有例外。"]
    assert any("不足 7 家时不设红黑榜" in s for s in other) and any("连续 2 个季度" in s for s in other)
    assert other[-1] == "2021Q1、2021Q3 只公布得分和位次，不设红黑榜。"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("update raw.programmes set no_lists = '2021Q2'", "本季度按方案规定不设红黑榜"),
        ("update raw.programmes set red = 3, black = 3", "参加排名 4 家，不足 7 家，本季度不设红黑榜"),
        ("select 1", "本季度红榜、黑榜均无主体列入"),
    ],
)
def test_a_quarter_without_lists_says_why(sql, said):
    assert ranking.headline(changed(f"update marts.ranking set list = null; {sql}")) == said


# --- changes -----------------------------------------------------------------------------------------------------


def test_a_change_is_split_and_nothing_is_no_noise(site, rendered):
    change = ranking.reporter(site, "411701")["change"]
    assert [(s["word"], s["points"], s["ranks"], round(s["bar"], 6)) for s in change["sources"]] == [
        ("自身表现", 1.0, 2, 100), ("其他主体", None, -1, 0), ("评价办法", -0.25, 0, -25), ("上期修订", 0.25, 0, 25),
    ]  # fmt: skip
    # The item of nothing is gone, the rest stays and adds up to the own part.
    assert [(i["word"], i["kind"], i["contribution"], i["bar"]) for i in change["items"]] == [
        ("项目i0", "指标", 1.25, 100), ("项目t1", "任务", -0.5, -40), ("其余各项合计", None, 0.25, 20),
    ]  # fmt: skip
    assert sum(i["contribution"] for i in change["items"]) == change["own"]
    text = Page(rendered / "reporters" / "411701.html").text
    for words in (
        "得分 83.00 → 84.00（+1.00）",
        "升 2 位",
        "降 1 位",
        "−0.2500",
        "主要原因：指标0改善",
        "再前进一位需要什么",
        "再提高 1 分",
    ):
        assert words in text, words
    still = Page(rendered / "reporters" / "411700.html").text
    assert "得分和位次都没有变化" in still and "再前进一位需要什么" not in still


def test_movers_are_those_whose_rank_moved(site):
    found = ranking.movers(site)
    assert [(m["name"], m["rank_change"], m["before_words"], m["rank_words"]) for m in found["up"]] == [
        ("第2县", 1, "第3名（1–3）", "第2名（1–3）")
    ]
    assert (found["down"], found["up_n"], found["down_n"], found["compared"]) == ([], 1, 0, 4)


def test_first_quarter_says_there_is_nothing_before(warehouse, tmp_path):
    render.render_site(warehouse, PROGRAMME, "2021Q1", tmp_path / "site")
    assert "本季度是方案的第一个季度" in Page(tmp_path / "site" / "reporters" / "411701.html").text


# --- editions ----------------------------------------------------------------------------------------------------


def test_editions_say_which_stands_what_changed_and_what_would(site, rendered):
    rows = editions.edition_rows(site)
    assert [(row["name"], row["changes"], row["verified"]["word"]) for row in rows] == [
        ("r1", 6, "核验一致"), ("r0", 0, "核验不一致 1 处"),
    ]  # fmt: skip
    assert [(group["word"], group["n"]) for group in rows[0]["groups"]] == [
        ("输入文件", 1), ("指标值", 2), ("任务、指标、综合得分", 1), ("榜单", 1), ("odd", 1),
    ]  # fmt: skip
    values = rows[0]["groups"][1]["rows"]
    assert [(r["about"], r["field_word"], r["old_words"], r["new_words"]) for r in values] == [
        ("指标0", "状态", "未报送", "已报"), ("指标0", "指标值", "5", "4.5"),
    ]  # fmt: skip
    draft = editions.draft_rows(site)
    # Best in the draft first: reporter 1 takes the lead and the red list.
    assert [(r["reporter_id"], r["score_change"], r["old_list_word"], r["new_list_word"]) for r in draft] == [
        ("411701", "+1.50", "不上榜", "红榜"), ("411700", "持平", "红榜", "不上榜"),
    ]  # fmt: skip
    text = Page(rendered / "editions.html").text
    for words in (
        "现行版本 r1，2021-07-16 10:00 由张三发布、李四批准；", "已修订 1 次", "只更正 第2县", "综合得分不符", "黑榜", "不上榜", "无此文件",
        "0123456789ab", "得分有变的 1 家，位次有变的 2 家，榜单有变的 2 家", f"taizhang verify --edition {PROGRAMME}/2021Q2/r1",
    ):  # fmt: skip
        assert words in text, words


def test_the_page_inside_an_edition_claims_nothing_of_later(tmp_path):
    connection = duckdb.connect()
    build(connection)
    add_ranking(connection)
    connection.execute("update control.editions set published_at = null; delete from control.edition_checks")
    render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    text = Page(tmp_path / "site" / "editions.html").text
    assert "本版 r1，由张三发布、李四批准" in text and "见 MANIFEST.json" in text and "见最新页面" in text
    assert "尚未核验" not in text and "下一版将会改变" not in text and "现行" not in text


def test_before_publication_the_page_says_what_is_missing():
    site = changed("delete from control.editions; delete from draft.ranking")
    assert editions.headline(site, []) == "2021年第二季度尚未发布，各页数字均为征求意见稿"
    assert [m["done"] for m in editions.missing(site)] == [True, True, False]
    site = changed(
        "delete from control.editions; update control.periods set frozen = false; insert into quality.flags "
        f"(flag_id, rule_id, severity, programme_id) values ('p', 'P01', 'B', '{PROGRAMME}')"
    )
    assert [m["done"] for m in editions.missing(site)] == [False, False, False]
    assert "阻断级问题 1 处" in editions.missing(site)[1]["text"]


def test_a_draft_that_changes_nothing_says_so(tmp_path):
    connection = duckdb.connect()
    build(connection)
    add_ranking(connection)
    connection.execute("delete from draft.ranking; insert into draft.ranking select programme_id, period, reporter_id, "
                       "reporter_name, total_score, rank, list from marts.ranking")  # fmt: skip
    render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    assert "没有改变任何得分、位次和榜单" in Page(tmp_path / "site" / "editions.html").text


# --- goals -------------------------------------------------------------------------------------------------------


def test_goals_count_now_and_at_this_pace(site, rendered):
    rank, improvement = goals.goals_of_reporters(site)
    assert (rank["text"], dict(rank["counts"]), rank["behind"]) == (
        "企业开办进入前 2 名", {"met": 2, "open": 2}, ["第3县", "第4县"],
    )  # fmt: skip
    assert (improvement["text"], dict(improvement["counts"])) == (
        "指标0较基期提升 10%", {"far": 1, "soon": 1, "met": 1, "unknown": 1},
    )  # fmt: skip
    assert (improvement["behind"], improvement["unknown"]) == (["第1县"], ["第4县"])
    cells = {cell["reporter_name"]: cell for cell in improvement["cells"].values()}
    assert {name: cell["at_risk"] for name, cell in cells.items()} == {
        "第1县": False, "第2县": False, "第3县": True, "第4县": False,
    }  # fmt: skip
    text = Page(rendered / "goals.html").text
    for words in (
        "填报主体目标 2 项、8 家次，已达到 3 家次，按此进度可达到的 1 家次、达不到的 1 家次", "本级自身目标 1 项", "结果未知 1 项",
        "已达到", "按此进度可达到", "按此进度达不到", "无数据", "按此进度会失去", "还有 2 个季度", "○ 未知",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"actual": None, "met": False, "forecast_met": None, "periods_left": 1}, "unknown"),
        ({"actual": 1, "met": True, "forecast_met": False, "periods_left": 1}, "met"),
        ({"actual": 1, "met": False, "forecast_met": True, "periods_left": 1}, "soon"),
        ({"actual": 1, "met": False, "forecast_met": False, "periods_left": 1}, "far"),
        ({"actual": 1, "met": False, "forecast_met": False, "periods_left": 0}, "missed"),
        ({"actual": 1, "met": False, "forecast_met": None, "periods_left": None}, "open"),
    ],
)
def test_state_of_a_goal(row, key):
    assert goals.state(row) == key


def test_goal_dots_show_now_forecast_and_target():
    rows = [
        {"reporter_name": "甲", "actual": 3.0, "forecast": 8.0, "key": "far"},
        {"reporter_name": "甲", "actual": 12.0, "forecast": None, "key": "met"},
        {"reporter_name": "丙", "actual": None, "forecast": None, "key": "unknown"},
    ]
    spec = figures.goal_dots(10, rows).to_plotly_json()
    by_name = {trace.get("name"): trace for trace in spec["data"]}
    assert tuple(by_name["到期预测"]["x"]) == (8.0,)
    assert tuple(by_name["现在，达不到"]["x"]) == (3.0,) and tuple(by_name["现在，已达到"]["x"]) == (12.0,)
    # Two reporters of one name keep a line each; the best one is on top.
    labels = spec["layout"]["yaxis"]["tickvals"]
    assert len(set(labels)) == 2 and [label.strip("\u200b") for label in labels] == ["甲", "甲"]
    assert spec["layout"]["shapes"][0]["x0"] == 10
    assert (
        figures.goal_dots(10, rows[2:]).to_plotly_json()["layout"]["annotations"][0]["text"] == "本期无数据"
    )


# --- arithmetic --------------------------------------------------------------------------------------------------

PARAMETERS = {"late_per_day": 2, "late_floor": 60, "overdue_cap": 60}
FACTS = {"ongoing": False, "last_due": dt.date(2021, 5, 31)}
TASK = {
    "status": "in_progress", "score": 30.0, "deadline_kind": "month", "due_date": dt.date(2021, 5, 31), "completed_on": None,
    "light": "red", "progress_pct": 30.0, "expected_pct": 100.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "逾期未完成：min(60, 进度 30) = 30"),
        ({"light": "green", "expected_pct": 49.5, "score": 60.606060606}, "未到期：100×min(1, 进度 30 ÷ 序时 49.5) = 60.6061"),
        ({"status": "completed", "completed_on": dt.date(2021, 5, 31), "score": 100.0}, "按时完成 = 100"),
        ({"status": "completed", "completed_on": dt.date(2021, 6, 6), "score": 88.0},
         "迟 6 天完成：max(60, 100 − 2×6) = 88"),
        ({"deadline_kind": "ongoing", "score": 0.0}, "持续或定期任务，本期无进展说明 = 0"),
        ({"deadline_kind": "recurring", "score": 100.0}, "持续或定期任务，本期有进展说明 = 100"),
        ({"status": "cancelled", "score": None}, "已取消，不计分"),
        ({"score": None}, "尚未到序时，不计分"),
        ({"score": None, "due_date": None}, "没有可计算的时限，不计分"),
    ],
)  # fmt: skip
def test_a_task_says_how_its_score_follows(change, words):
    assert arithmetic.task_words(TASK | change, FACTS, PARAMETERS) == words


INDICATOR = {
    "state": "value", "value": 15.0, "score": 50.0, "method": "attainment", "baseline": 10.0, "target": 20.0, "frontier": 1.0,
    "worst": 29.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "facts", "words"),
    [
        ({}, {}, "100×(15 − 10) ÷ (20 − 10) = 50"),
        ({"method": "dtf"}, {}, "100×[(29 − 15) ÷ (29 − 1)] = 50"),
        ({"method": "dtf", "score": 25.0}, {"exponent": 2.0}, "100×[(29 − 15) ÷ (29 − 1)] 的 2 次方 = 25"),
        ({"baseline": None, "score": 75.0}, {}, "100×15 ÷ 20 = 75"),
        ({"baseline": None, "target": 12.0, "score": 80.0}, {"polarity": "lower"}, "100×12 ÷ 15 = 80"),
        ({"baseline": None, "target": 12.0, "score": 100.0}, {}, "达到目标 12 = 100"),
        ({"baseline": 20.0, "score": 0.0}, {}, "未达到目标 20 = 0"),
        ({"state": "no_practice", "value": None, "score": 0.0}, {}, "无实践 = 0"),
        ({"state": "not_submitted", "value": None, "score": None}, {}, "定版前未报送，暂不计分"),
        ({"state": "not_applicable", "value": None, "score": None}, {}, "不适用，不计分"),
        ({"method": None, "score": None}, {}, "没有前沿与最差值，也没有目标值，不计分"),
    ],
)
def test_an_indicator_says_how_its_score_follows(change, facts, words):
    assert (
        arithmetic.indicator_words(INDICATOR | change, {"exponent": 1.0, "polarity": "higher"} | facts)
        == words
    )


def test_means_of_both_methods():
    parts = [(1.0, 0.0), (3.0, 100.0), (5.0, None)]
    assert arithmetic.mean(parts) == 75
    # On [1, 100]: 1 and 100, so 100^(3/4) = 31.6227766; back to 0–100.
    assert arithmetic.mean(parts, "geometric") == pytest.approx((math.sqrt(1000) - 1) / 0.99, abs=1e-12)
    assert arithmetic.mean([(1.0, None)]) is None and arithmetic.mean([]) is None
    assert arithmetic.shares(parts) == [0.25, 0.75, None]
    assert arithmetic.mean_words([(0.5, 90.0), (0.25, 60.0)], 80.0) == "(0.5×90 + 0.25×60) ÷ 0.75 = 80"


def test_duels_by_weight_of_the_specials_both_have():
    weights = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}
    mine = {"a": 2.0, "b": 2.0, "c": 2.0}
    found = arithmetic.duels(
        mine,
        {
            "weaker": {
                "a": 1.0,
                "b": 1.0,
                "c": 3.0,
            },  # 0.1 + 0.2 against 0.3: a draw in decimals, not in binary
            "stronger": {"a": 3.0, "b": 2.0, "d": 0.0},
            "level": {"c": 2.0000000001},
            "stranger": {"d": 1.0},
        },
        weights,
    )
    assert {name: (d["won"], d["lost"], d["tied"], d["result"]) for name, d in found.items()} == {
        "weaker": (0.3, 0.3, 0, 0), "stronger": (0, 0.1, 0.2, -1), "level": (0, 0, 0.3, 0),
    }  # fmt: skip


def test_sums_that_do_not_give_the_published_total_are_said(site, rendered):
    """The made-up scores of ``build`` do not follow from its items: the page must not pretend they do."""
    check = method.verification(site, "411700")
    assert not check["agrees"] and check["compared"]
    assert "发布之后登记目录的权重或方法有过调整" in Page(rendered / "reporters" / "411700.html").text


# --- older files, hostile text -----------------------------------------------------------------------------------


def test_a_file_without_these_tables_still_has_all_pages(tmp_path):
    connection = duckdb.connect()
    build(connection)
    for column in ("aggregation", "sub_units", "ties", "black_exception", "talk_after", "no_lists"):
        connection.execute(f"alter table raw.programmes drop column {column}")
    connection.execute("alter table raw.reporters drop column weight")
    render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    lists = Page(tmp_path / "site" / "lists.html").text
    assert "红榜 1 家：第1县" in lists and "理由" not in lists and "把握" not in lists
    assert "本期数据中没有预测" in Page(tmp_path / "site" / "goals.html").text
    assert "尚未发布" in Page(tmp_path / "site" / "editions.html").text
    assert "本期数据中没有位次区间" in Page(tmp_path / "site" / "method.html").text
    for file in (tmp_path / "site").rglob("*.html"):
        assert not re.search(r"\bNone\b|\bnan\b", Page(file).text), file


def test_hostile_text_is_shown_literally_on_these_pages(tmp_path):
    connection = duckdb.connect()
    build(connection, hostile=True)
    add_quality(connection, hostile=True)
    add_ranking(connection, hostile=True)
    render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    for name in ("lists.html", "goals.html", "editions.html", "method.html", "index.html"):
        page = Page(tmp_path / "site" / name)
        assert sum(payload in page.text for payload in HOSTILE) >= 3, name
        assert not any(tag in {"img", "b"} and ("onerror" in a) for tag, a in page.tags), name
        assert all(not key.startswith("on") for _, a in page.tags for key in a), name
        assert page.text.count("alert(1)") == sum(
            chunk.count("alert(1)") for chunk in re.findall(r"<img src=x onerror=alert\(1\)>", page.text)
        ), name
    reporter = Page(next(iter(sorted((tmp_path / "site" / "reporters").glob("*01.html")))))
    assert sum(payload in reporter.text for payload in HOSTILE) >= 3
