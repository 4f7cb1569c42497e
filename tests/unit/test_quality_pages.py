"""The pages on data quality and on the rectification ledger: what they say, and what a single finding is worth.

Escaping, links and offline rules of these pages are tested with all others in ``test_dashboards``; the warehouse is
described at ``add_quality`` there.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from dashboards import findings, ledger, render
from dashboards.pages import quality, rectification
from dashboards.pages.site import Site
from tests.unit.test_dashboards import PROGRAMME, Page, add_quality, build, insert, load


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    build(connection)
    add_quality(connection)
    return connection


@pytest.fixture(scope="module")
def site(warehouse) -> Site:
    return load(warehouse)


@pytest.fixture(scope="module")
def rendered(warehouse, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("quality") / "site"
    render.render_site(warehouse, PROGRAMME, "2021Q2", out)
    return out


# --- data quality ------------------------------------------------------------------------------------------------


def test_headline_is_the_rates_and_what_is_at_stake(site):
    first, more = quality.headline(site)
    # Completeness 1 - (0+5+10+15)/400, timeliness 1 - 1/8; validity was never decidable.
    assert first == (
        "本季数据质量：完整性 92.5%、及时性 87.5%、有效性 —、一致性 100.0%；最需核对的是第1县的“任务1”，影响红黑榜"
    )
    assert more == [
        "与上季度相比，及时性下降 12.5 个百分点，完整性下降 7.5 个百分点。",
        "完整性最低的是第4县（85.0%）；及时性最低的是第3县（50.0%）。",
        # 4 × F03, 4 × F12 and the Z02; T07 has its own page.
        "待核对 9 处（逾期、临期、滞后另列），其中影响红黑榜的 1 处、影响得分的 1 处。",
        "确认属实 1 处，不再列为待核对。",
    ]


def test_cards_have_grade_change_and_places(site):
    cards = {
        c["dimension"]: (c["grade"].word, c["moved"], c["change"], c["tone"], c["evaluated"], c["failed"])
        for c in quality.dimension_cards(site)
    }
    assert cards == {
        "completeness": ("关注", -7.5, "−7.5", "bad", 400, 30),
        "timeliness": ("较差", -12.5, "−12.5", "bad", 8, 1),
        "validity": ("未判定", None, "—", "flat", 0, 0),
        "consistency": ("良好", 0, "持平", "flat", 200, 0),
    }


def test_first_period_has_nothing_to_compare(warehouse):
    early = load(warehouse, "2021Q1")
    assert {c["moved"] for c in quality.dimension_cards(early)} == {None}
    assert quality.headline(early)[0] == "本季数据质量：完整性 100.0%、及时性 100.0%、有效性 —、一致性 100.0%"


@pytest.mark.parametrize(
    ("rate", "word"),
    [(1.0, "良好"), (0.98, "良好"), (0.9799, "关注"), (0.9, "关注"), (0.8999, "较差"), (0.0, "较差"),
     (None, "未判定"), (float("nan"), "未判定")],
)  # fmt: skip
def test_grades(rate, word):
    assert findings.grade(rate).word == word


def test_grades_differ_in_shape_and_word():
    grades = [*findings.GRADES, findings.NO_GRADE]
    assert len({g.shape for g in grades}) == len({g.word for g in grades}) == len(grades)


def test_matrix_has_the_worst_first(site):
    rows = quality.matrix(site)
    # Means of the three dimensions that were judged: 1.00, 0.95/1/1, 0.90/0.5/1, 0.85/1/1.
    assert [(r["name"], round(r["mean"], 4), r["failed"], r["not_evaluable"]) for r in rows] == [
        ("第3县", 0.8, 11, 10),
        ("第4县", 0.95, 15, 10),
        ("第2县", 0.9833, 5, 10),
        ("第1县", 1.0, 0, 10),
    ]
    assert rows[0]["cells"]["timeliness"]["grade"].word == "较差"


NOTHING = dict.fromkeys(
    ("expected_value", "expected_basis", "score_now", "score_expected", "score_change", "rank_now", "rank_expected",
     "list_now", "list_expected")
) | {"crosses_edge": False}  # fmt: skip
MOVED = NOTHING | {
    "score_now": 81.2,
    "score_expected": 79.8,
    "score_change": -1.4,
    "rank_now": 3,
    "rank_expected": 5,
}


@pytest.mark.parametrize(
    ("row", "words", "stake"),
    [
        (NOTHING, "", ""),
        # Known to change nothing.
        (NOTHING | {"score_now": 80, "score_expected": 80, "score_change": 0.0, "rank_now": 2, "rank_expected": 2}, "", ""),
        (NOTHING | {"score_now": 80, "score_expected": 80.001, "score_change": 0.001, "rank_now": 2, "rank_expected": 2},
         "", ""),
        (MOVED | {"expected_value": 12.50, "expected_basis": "本单位近四期中位数", "list_now": "red", "crosses_edge": True},
         "若按 12.5（本单位近四期中位数）计算，总分由 81.20 变 79.80，位次由 3 变 5，跌出红榜", "红黑榜"),
        (MOVED | {"expected_basis": "补报进展说明"}, "若补报进展说明，总分由 81.20 变 79.80，位次由 3 变 5", "位次"),
        (MOVED | {"rank_expected": 3}, "若按依据值计算，总分由 81.20 变 79.80，位次不变", "得分"),
        (MOVED | {"rank_now": None, "rank_expected": 9}, "若按依据值计算，总分由 81.20 变 79.80，参加排名，列第 9 位", "位次"),
        (MOVED | {"rank_expected": None}, "若按依据值计算，总分由 81.20 变 79.80，不再参加排名", "位次"),
        # A score that hardly moves may still decide a rank.
        (MOVED | {"score_change": -0.001, "score_expected": 81.199},
         "若按依据值计算，总分由 81.20 变 81.20，位次由 3 变 5", "位次"),
        (MOVED | {"list_now": "black", "list_expected": "red"},
         "若按依据值计算，总分由 81.20 变 79.80，位次由 3 变 5，由黑榜升入红榜", "红黑榜"),
        (MOVED | {"score_now": None, "score_expected": None, "rank_expected": 3},
         "若按依据值计算，总分变动 −1.40，位次不变", "得分"),
    ],
)  # fmt: skip
def test_influence_in_words(row, words, stake):
    assert findings.influence(row) == words
    assert findings.stake(row) == stake


@pytest.mark.parametrize(
    ("now", "expected", "words"),
    [("red", None, "跌出红榜"), (None, "red", "进入红榜"), (None, "black", "落入黑榜"), ("black", None, "退出黑榜"),
     ("red", "black", "由红榜落入黑榜"), ("black", "red", "由黑榜升入红榜"), ("red", "red", ""), (None, None, "")],
)  # fmt: skip
def test_moves_between_the_lists(now, expected, words):
    assert findings.list_move(now, expected) == words


def test_first_findings_are_one_row_per_reporter_and_rule(site):
    rows = quality.first_findings(site)
    assert [(r["priority"], r["reporter_name"], r["rule_id"], r["alike"]) for r in rows[:3]] == [
        (1, "第1县", "F03", 0),
        (2, "第2县", "F12", 0),
        (3, "第2县", "F03", 0),
    ]
    assert "T07" not in {r["rule_id"] for r in rows}
    assert rows[0]["influence"].endswith("总分由 85.00 变 79.25，位次由 1 变 3，跌出红榜")
    assert rows[2]["influence"] == ""


def test_alike_findings_are_counted_and_those_on_the_registry_left_out():
    connection = duckdb.connect()
    build(connection)
    add_quality(connection)
    connection.execute("update quality.flags set rule_id = 'F03' where flag_id = '0F12'")
    connection.execute("update quality.flags set period = null where flag_id = '1F03'")
    connection.execute("update quality.priorities set period = null where flag_id = '1F03'")
    rows = quality.first_findings(load(connection))
    assert [(r["reporter_name"], r["alike"]) for r in rows if r["rule_id"] == "F03"] == [
        ("第1县", 1),
        ("第3县", 0),
        ("第4县", 0),
    ]
    assert len(load(connection).flags) == 13  # the one on the registry is still in the list of all


def test_rules_stand_by_dimension_with_their_fire_rate(site):
    groups = {g["word"]: g for g in quality.rule_groups(site)}
    assert list(groups) == ["完整性", "有效性", "工作进展（不计入数据质量）"]
    assert [(r["rule_id"], r["evaluated"], r["failed"], r["fire_rate"], r["n"], r["often"])
            for r in groups["有效性"]["rules"]] == [
        ("F03", 40, 4, 0.1, 4, False),
        ("F12", 8, 4, 0.5, 4, False),  # half of too few places
    ]  # fmt: skip
    assert groups["有效性"]["silent"] == 1  # V05; V11 is not active
    assert groups["工作进展（不计入数据质量）"]["rules"][0]["often"] is True
    assert groups["完整性"]["rules"][0]["fire_rate"] is None


def test_quarantined_rows_are_counted_by_file():
    connection = duckdb.connect()
    build(connection)
    path = connection.execute("select path from ops.receipts where receipt_id = 'r1'").fetchone()[0]
    insert(connection, "ops.quarantine", [
        {"receipt_id": "r1", "path": path, "row_number": n, "row_json": "{}", "rule_id": rule, "message": "x"}
        for n, rule in ((3, "K01"), (4, "V01"), (5, "K01"))
    ])  # fmt: skip
    files = quality.quarantined_files(load(connection))
    assert [(f["reporter_name"], f["n"], f["read"], dict(f["rules"])) for f in files] == [
        ("第2县", 3, 10, {"K01": 2, "V01": 1}),
        ("第1县", 1, 10, {"F05": 1}),
    ]


def test_quality_page_shows_every_part(rendered):
    text = Page(rendered / "quality.html").text
    for words in (
        "填报主体 × 维度", "另 28 项缺依据，无法判定", "良好 98% 及以上；▲关注 90% 及以上；■较差 低于 90%",
        "若按 12.5（本单位此前 4 期的中位数）计算，总分由 85.00 变 79.25，位次由 1 变 3，跌出红榜。", "不影响得分",
        "矛盾数据的最小改动建议", "12.5多种改法第 1 种，共 2 种", "据实补填多种改法第 2 种，共 2 种", "—多种改法共 99 种", "命中 2 条，未命中 1 条", "▲ 偏高", "已核实，属实",
        "规则检查（Great Expectations）本次结果2 项，1 项有不符", "■ 不符", "● 相符", "F05 × 1",
    ):  # fmt: skip
        assert words in text, words
    # Alternatives of a proposal are said to be alternatives, never "the" value.
    assert "多种改法" in text and "唯一改法" not in text


def test_reporter_page_lists_findings_by_priority(rendered):
    page = (rendered / "reporters" / "411701.html").read_text(encoding="utf-8")
    flags = page[page.index('id="flags"') :]
    # F12 first: it moves the score; then by severity.
    places = [flags.index(f'data-rule="{rule}"') for rule in ("F12", "F03", "T07")]
    assert places == sorted(places)
    text = Page(rendered / "reporters" / "411701.html").text
    assert "若补报进展说明，总分由 84.00 变 84.50，位次不变。" in text
    assert "按优先次序" in text and "95.0%" in text and "92.5%" in text


def test_older_files_have_no_priorities_and_still_a_page(tmp_path):
    connection = duckdb.connect()
    build(connection)
    site = load(connection)
    assert quality.headline(site)[0] == "数据质量：发现 12 处，涉及规则 3 条"
    assert [f["rule_id"] for f in site.flags] == ["F03"] * 4 + ["T07"] * 4 + ["F12"] * 4  # gravest first
    render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    text = Page(tmp_path / "site" / "quality.html").text
    assert "填报主体 × 维度" not in text and "没有需要优先核对的问题" in text
    assert "按优先次序；" not in Page(tmp_path / "site" / "reporters" / "411700.html").text


def test_long_lists_are_cut_and_say_so(monkeypatch, warehouse, tmp_path):
    for name, most in (("MATRIX_ROWS", 2), ("FLAGS_ON_PAGE", 5), ("PROPOSALS", 1)):
        monkeypatch.setattr(quality, name, most)
    monkeypatch.setattr(rectification, "ISSUES_ON_PAGE", 1)
    monkeypatch.setattr("dashboards.pages.site.MENU_REPORTERS", 3)
    render.render_site(warehouse, PROGRAMME, "2021Q2", tmp_path / "site")
    text = Page(tmp_path / "site" / "quality.html").text
    for words in (
        "此处列出 2 家，共 4 家",
        "共 13 处，此处按优先次序列出前 5 处",
        "共 3 处，此处列出前 1 处",
    ):
        assert words in text, words
    assert "其余 1 家见位次表" in text
    assert "此处列出 1 个，共 3 个" in Page(tmp_path / "site" / "rectification.html").text
    # The reporter's own page has all of its own.
    own = (tmp_path / "site" / "reporters" / "411700.html").read_text(encoding="utf-8")
    assert own.count('data-label="问题"') == 3


# --- rectification -----------------------------------------------------------------------------------------------

MAY, JUNE = dt.date(2021, 5, 1), dt.date(2021, 6, 1)


def line(status, due=None, period="2021Q1", raw=None):
    return {"period": period, "status": status, "status_raw": raw, "due": due}


def test_trace_tells_what_every_line_changed():
    told, reopened = ledger.trace(
        [
            line("in_progress", MAY),
            line("completed"),
            line(None, JUNE, raw="快了"),
            line("in_progress", JUNE),
            line("completed", MAY),
            line("completed"),
            line("in_progress"),
            line("cancelled"),
            line("cancelled"),
        ]
    )
    assert [t["events"] for t in told] == [
        ["登记"],
        ["销号"],
        ["期限延后：2021-05-01 → 2021-06-01"],  # a status that cannot be read changes nothing
        ["重新打开"],
        ["销号", "期限提前：2021-06-01 → 2021-05-01"],
        [],
        ["重新打开"],
        ["取消"],
        [],
    ]
    assert reopened == 2
    assert told[2]["words"] == "未识别：快了"
    assert ledger.trace([]) == ([], 0)


def test_an_issue_may_be_registered_as_closed():
    told, reopened = ledger.trace([line("completed"), line("completed")])
    assert ([t["events"] for t in told], reopened) == ([["登记", "销号"], []], 0)


@pytest.mark.parametrize(
    ("status", "days", "due", "expected"),
    [
        ("in_progress", None, MAY, "undue"),
        ("in_progress", 0, MAY, "days30"),
        (None, 30, MAY, "days30"),
        ("not_started", 31, MAY, "days90"),
        ("in_progress", 90, MAY, "days90"),
        ("in_progress", 91, MAY, "more"),
        ("in_progress", None, None, "undated"),
        ("completed", None, MAY, None),
        ("cancelled", None, None, None),
    ],
)
def test_age_of_an_issue(status, days, due, expected):
    assert ledger.age({"status": status, "days_overdue": days, "due_date": due}) == expected


def test_ledger_of_the_small_warehouse(site):
    rows = {r["issue_id"]: r for r in site.issues}
    assert [r["issue_id"] for r in site.issues] == ["z1", "z2", "z3"]
    z1 = rows["z1"]
    # The closing that came after the freeze is not known yet.
    assert [(h["period"], h["words"], h["events"]) for h in z1["history"]] == [
        ("2021Q1", "推进中", ["登记"]),
        ("2021Q2", "已销号", ["销号"]),
        ("2021Q2", "推进中", ["重新打开", "期限延后：2021-05-01 → 2021-06-01"]),
        ("2021Q2", "未识别：快了", []),
    ]
    assert (z1["reopened_times"], z1["since"], z1["age"], z1["path"]) == (
        1,
        "2021Q1",
        "days30",
        ["推进中", "已销号", "推进中", "未识别：快了"],
    )
    assert [f["rule_id"] for f in rows["z2"]["flags"]] == ["Z02"]
    assert rows["z3"]["history"] == [] and rows["z3"]["since"] is None
    assert ledger.tally(site.issues) == {
        "n": 3, "closed": 1, "cancelled": 1, "open": 1, "overdue": 1, "reopened": 1, "ever_reopened": 1, "longest": 29,
        "rate": 0.5,
    }  # fmt: skip
    assert [(a["key"], a["n"]) for a in ledger.ages(site.issues)] == [
        ("undue", 0),
        ("days30", 1),
        ("days90", 0),
        ("more", 0),
        ("undated", 0),
    ]


def test_rectification_headline(site, warehouse):
    first, more = rectification.headline(site)
    assert (
        first
        == "共 3 个问题，已销号 1 个（50.0%）；逾期未销号 1 个，最长 29 天（第1县）；销号后重新打开 1 个"
    )
    assert more == [
        "与 2021Q1 相比，新登记 0 个，销号净增 1 个，逾期增加 1 个。",
        "取消 1 个，不计入销号率。",
        "有 1 个问题曾在销号后重新打开。",
        "已销号而销号日期或整改措施不全的 1 个。",
    ]
    early = rectification.headline(load(warehouse, "2021Q1"))
    assert early == ("共 1 个问题，已销号 0 个（0.0%）；未销号 1 个，无一逾期", [])


def test_a_tally_of_nothing_but_cancelled_issues_has_no_rate():
    row = {"status": "cancelled", "days_overdue": None, "reopened": None, "reopened_times": 0}
    assert ledger.tally([row])["rate"] is None
    assert ledger.tally([])["n"] == 0


def test_responsible_units_are_counted_one_by_one(site):
    assert rectification.units_of("市甲局、市乙局；市甲局\n丙") == ["市甲局", "市乙局", "丙"]
    assert rectification.units_of(None) == rectification.units_of(" ；") == ["（未明确责任单位）"]
    units = rectification.rectification(site)["by_unit"]
    assert [(u["key"], u["n"], u["overdue"], u["closed"]) for u in units] == [
        ("市甲局", 2, 1, 1),
        ("市乙局", 1, 0, 1),
        ("（未明确责任单位）", 1, 0, 0),
    ]


def test_rectification_page_shows_state_and_history(rendered):
    text = Page(rendered / "rectification.html").text
    for words in (
        "■ 逾期 29 天", "▲ 销号后重新打开", "● 已销号日期未填", "Z02 整改事项 z2 已销号", "－ 取消", "没有报送记录",
        "2021Q1 登记，报送 4 次：推进中 → 已销号 → 推进中 → 未识别：快了", "期限延后：2021-05-01 → 2021-06-01",
        "2021-06-30 10:00 收到（迟报）", "整改2.csv · 第 2 行",
    ):  # fmt: skip
        assert words in text, words
    assert "整改4.csv" not in text  # received after the freeze
    index = Page(rendered / "index.html")
    assert (
        "已销号 1 个（50.0%），未销号 1 个，其中■ 逾期 1 个，最长 29 天；▲ 销号后重新打开 1 个。"
        in index.text
    )
    assert {"rectification.html", "quality.html"} <= {a.get("href") for _, a in index.tags}
    own = Page(rendered / "reporters" / "411700.html")
    assert "../rectification.html" in {a.get("href") for _, a in own.tags}
    assert "期限延后" in own.text


def test_no_ledger_no_page_and_no_link(tmp_path):
    connection = duckdb.connect()
    build(connection)
    connection.execute("delete from marts.rectification")
    summary = render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    assert summary.pages == 30 and not (tmp_path / "site" / "rectification.html").exists()
    for file in (tmp_path / "site").rglob("*.html"):
        page = Page(file)
        assert "整改台账" not in page.text, file
        assert not any("rectification" in (a.get("href") or "") for _, a in page.tags), file


def test_mart_and_history_of_another_reporter_do_not_mix():
    rows = [
        {"reporter_id": r, "issue_id": "1", "status": "in_progress", "days_overdue": None, "due_date": None}
        for r in ("a", "b")
    ]
    history = [{"reporter_id": "a", "issue_id": "1"} | line("in_progress")]
    flags = [
        {"rule_id": "Z01", "reporter_id": "b", "entity_id": "1"},
        {"rule_id": "T07", "reporter_id": "b", "entity_id": "1"},
    ]
    first, second = ledger.issues(rows, history, flags)
    assert (len(first["history"]), first["flags"]) == (1, [])
    assert (second["history"], [f["rule_id"] for f in second["flags"]]) == ([], ["Z01"])
