"""Pages below a reporter: tasks, indicators, specials, units, comparison; histories down to the cell.

The warehouse is that of ``test_dashboards`` with submissions of its own (``tell``); real programmes: the last tests, over the
session's warehouse.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import pytest

from dashboards import figures, render, submissions
from dashboards.pages import compare, drill, indicator, indicators, special, task, unit
from dashboards.queries import history
from dashboards.theme import LIGHTS
from tests.unit.test_dashboards import HOSTILE, PROGRAMME, Page, build, insert, load

Q1, Q2 = "2021Q1", "2021Q2"
COLUMNS = (
    ("task_id", "编号", 1),
    ("title", "任务名称", 2),
    ("status", "状态", 3),
    ("progress_pct", "完成进度", 28),
)


def tell(connection: duckdb.DuckDBPyConnection) -> None:
    """What reporter 411702 (of ``build``) sent about t1 beside the row that is there: a workbook for the first quarter (half
    done), a row of it that was kept out (by its number, 2), one that says nothing we know; a second file for the second quarter,
    late, and one that came after the as-of. t0 and t1 have units under names that are written differently.
    """
    who = {"programme_id": PROGRAMME, "reporter_id": "411702"}

    def receipt(name: str, period: str, received: str, late: bool = False) -> dict:
        row = {
            "receipt_id": name,
            "path": f"submissions/{PROGRAMME}/{period}/411702/{name}.xlsx",
            "period": period,
        } | who
        insert(connection, "ops.receipts", [
            row | {"kind": "progress", "version": 1, "received_at": received, "late": late, "format": "xlsx", "rows_read": 3,
                   "rows_loaded": 1, "rows_quarantined": 2, "status": "partial"}
        ])  # fmt: skip
        insert(connection, "raw.columns", [
            {"receipt_id": name, "sheet": "表1", "field": field, "column_name": header, "column_index": index}
            for field, header, index in COLUMNS
        ])  # fmt: skip
        return row | {"sheet": "表1"}

    first = receipt("first", Q1, "2021-03-20 09:00:00+08")
    late = receipt("late", Q2, "2021-06-30 09:00:00+08", late=True)
    after = receipt("after", Q2, "2021-07-14 09:00:00+08", late=True)
    insert(connection, "raw.progress", [
        place | {"row_number": 5, "task_key": "t1", "task_id": "t1", "status_raw": raw, "status": status,
                 "progress_raw": progress, "progress_pct": number, "summary": words}
        for place, raw, status, progress, number, words in (
            (first, "推进中", "in_progress", "50%", 50.0, "开了会"),
            (late, "差不多了", None, None, None, "快了"),
            (after, "已完成", "completed", "100", 100.0, "事后补报"),
        )
    ])  # fmt: skip
    place = {key: first[key] for key in ("receipt_id", "path", "sheet")}
    insert(connection, "ops.quarantine", [
        place | {"row_number": 9, "row_json": json.dumps(row, ensure_ascii=False), "rule_id": "V01", "message": "超出范围"}
        for row in ({"编号": "2", "任务名称": "别的", "状态": "推进中"}, {"编号": "999", "任务名称": "不认识"})
    ])  # fmt: skip
    # A row that an expectation kept out stands in raw.* too: it must not come twice.
    insert(connection, "ops.quarantine", [
        place | {"receipt_id": "late", "row_number": 5, "row_json": '{"编号":"t1"}', "rule_id": "V04", "message": "状态不明"}
    ])  # fmt: skip
    common = {"programme_id": PROGRAMME}
    insert(connection, "raw.unit_names", [
        common | {"known_name": known, "unit_id": code, "name": name}
        for known, code, name in (("市甲局", "u1", "市甲局"), ("甲局（市）", "u1", "市甲局"), ("市丙局", "u3", "市丙局"))
    ])  # fmt: skip
    insert(
        connection,
        "raw.units",
        [common | {"unit_id": "u1", "name": "市甲局", "aliases": "甲局（市）", "row_number": 2}],
    )
    insert(connection, "raw.responsibilities", [
        common | {"task_id": task_id, "unit_name": name, "role": role, "row_number": row}
        for row, (task_id, name, role) in enumerate(
            (("t0", "甲局 (市)", "lead"), ("t0", "市丙局", "cooperate"), ("t1", "市甲局", "lead"), ("t1", "市未登记局", "implement")),
            2,
        )
    ])  # fmt: skip


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    build(connection)
    tell(connection)
    return connection


@pytest.fixture(scope="module")
def site(warehouse):
    return load(warehouse)


@pytest.fixture(scope="module")
def rendered(warehouse, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("drill") / "site"
    render.render_site(warehouse, PROGRAMME, Q2, out)
    return out


# --- histories ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "letters"),
    [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (53, "BA"), (702, "ZZ"), (703, "AAA")],
)
def test_letters_of_a_column(number, letters):
    assert submissions.letters(number) == letters


def test_history_of_a_task_is_everything_that_counts_oldest_first(site):
    rows = site.drill.task_history["t1"]["411702"]
    assert [(r["period"], r["receipt_id"], r["row_number"]) for r in rows] == [
        (Q1, "first", 5), (Q1, "first", 9), (Q2, "r2", 3), (Q2, "late", 5),
    ]  # fmt: skip
    assert [r["quarantine_rule"] for r in rows] == [None, "V01", None, "V04"]
    # Named are the cells that say something; column 28 is AB.
    assert [r["cells"] for r in rows] == [
        "单元格 C5 状态、AB5 完成进度",
        "单元格 C9 状态、AB9 完成进度",
        "",
        "单元格 C5 状态",
    ]
    assert [r["raw_row"] is None for r in rows] == [True, False, True, True]
    # The first quarter's page knows nothing of what came later.
    connection = duckdb.connect()
    build(connection)
    tell(connection)
    before = load(connection, Q1).drill.task_history["t1"]["411702"]
    assert [r["receipt_id"] for r in before] == ["first", "first"]


def test_only_pairs_that_are_asked_for_are_read(warehouse):
    found = history.task_rows(warehouse, PROGRAMME, Q2, [("411702", "t1"), ("411703", "t0")])
    assert {(r["reporter_id"], r["task_id"]) for r in found} == {("411702", "t1"), ("411703", "t0")}
    assert len(found) == 4
    everything = history.task_rows(warehouse, PROGRAMME, Q2, None)
    assert [
        r for r in everything if (r["reporter_id"], r["task_id"]) in {("411702", "t1"), ("411703", "t0")}
    ] == sorted(found, key=lambda r: everything.index(r))


def test_a_quarantined_row_belongs_to_what_it_names():
    place = {"kind": "progress", "receipt_id": "x", "sheet": None, "reporter_id": "a", "period": Q1, "path": "p", "format": "csv",
             "received_at": dt.datetime(2021, 3, 1), "late": False, "rule_id": "K01", "message": None}  # fmt: skip
    said = (
        '{"编号": "t7"}',
        '{"编号": "7"}',
        '{"任务名称": "任务七"}',
        '{"编号": "8", "任务名称": "别的"}',
        "不是 JSON",
        "[1]",
        '{"编号": null}',
    )
    kept = [place | {"row_number": n, "row_json": text} for n, text in enumerate(said)]
    columns = {("x", ""): {"task_id": ("编号", 1), "title": ("任务名称", 2), "status": ("状态", 3)}}
    found = submissions.histories("progress", [], kept, columns, {"t7": "t7", "7": "t7"}, {"任务七": "t7"})
    assert [row["row_number"] for row in found["t7"]["a"]] == [0, 1, 2] and list(found) == ["t7"]
    assert found["t7"]["a"][0]["quarantine"] == "未入库" and found["t7"]["a"][0]["cells"] == "列 状态"


# --- the page of a task ------------------------------------------------------------------------------------------------


def test_task_page_shows_plan_states_and_places(site, rendered):
    context = task.task(site, "t1")
    # k = i mod 4 overdue of t0–t3: t1 is overdue for the reporters with k = 2 and 3.
    assert [(r["reporter_id"], r["light"]) for r in context["rows"]] == [
        ("411702", "red"), ("411703", "red"), ("411700", "green"), ("411701", "green"),
    ]  # fmt: skip
    assert (context["owing"], context["done"], context["counts"]["red"], context["longest"]) == (4, 2, 2, 30)
    assert context["milestones"] == [{"no": 1, "day": dt.date(2021, 5, 31), "need": 100.0, "over": True}]
    assert [(role, [name for name, _ in units]) for role, units in context["units"]] == [
        ("牵头", ["市甲局"]), ("落实", ["市未登记局"]),
    ]  # fmt: skip
    basis = {r["reporter_id"]: [h["receipt_id"] for h in r["history"] if h["basis"]] for r in context["rows"]}
    assert basis["411702"] == ["r2"]
    text = Page(rendered / "tasks" / "t1.html").text
    for words in (
        "first.xlsx · 表 表1 · 第 5 行",
        "单元格 C5 状态、AB5 完成进度",
        "V01 超出范围",
        "开了会",
        "迟报",
        "■ 未入库",
        "2021-05-31",
    ):
        assert words in text, words
    assert "事后补报" not in text


def test_many_milestones_say_what_each_demands():
    days = [dt.date(2021, 3, 31), dt.date(2021, 6, 30), dt.date(2021, 9, 30)]
    found = task.milestones(days, dt.date(2021, 6, 30))
    assert [(m["no"], round(m["need"], 2), m["over"]) for m in found] == [
        (1, 33.33, True),
        (2, 66.67, True),
        (3, 100, False),
    ]
    assert [m["over"] for m in task.milestones(days, None)] == [False] * 3


# --- the page of an indicator ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "due", "left"),
    [
        ("2021-06-30", "2021-12-31", 2), ("2021-06-30", "2021-07-01", 1), ("2021-06-30", "2021-06-30", 0),
        ("2021-06-30", "2021-01-01", 0), ("2021-12-31", "2022-03-31", 1), ("2021-09-30", "2023-02-01", 6),
        ("2021-06-30", None, None), (None, "2021-06-30", None),
    ],
)  # fmt: skip
def test_quarters_to_a_due_date(end, due, left):
    day = dt.date.fromisoformat
    assert indicator.quarters_left(end and day(end), due and day(due)) == left


@pytest.mark.parametrize(
    ("value", "previous", "target", "attained", "expected"),
    [
        # two quarters left
        (9.0, 10.0, 5.0, False, {"gap": -4.0, "needed": -2.0, "last": -1.0, "words": "照本季度的变化达不到"}),
        (7.0, 8.0, 5.0, False, {"gap": -2.0, "needed": -1.0, "last": -1.0, "words": "照本季度的变化可达到"}),
        (
            60.0,
            50.0,
            90.0,
            False,
            {"gap": 30.0, "needed": 15.0, "last": 10.0, "words": "照本季度的变化达不到"},
        ),
        (70.0, None, 90.0, False, {"gap": 20.0, "needed": 10.0, "last": None, "words": ""}),
        (4.0, 6.0, 5.0, True, {"gap": 0.0, "needed": None, "last": -2.0, "words": "已达到"}),
        (None, 6.0, 5.0, False, {"gap": None, "needed": None, "last": None, "words": ""}),
        (4.0, 6.0, None, None, {"gap": None, "needed": None, "last": -2.0, "words": ""}),
    ],
)
def test_pace_that_is_needed(value, previous, target, attained, expected):
    row = {
        "value": value,
        "previous_value": previous,
        "target": target,
        "attained": attained,
        "target_due": dt.date(2021, 12, 31),
    }
    found = indicator.pace(row, dt.date(2021, 6, 30))
    assert {key: found[key] for key in expected} == expected and found["left"] == 2
    over = indicator.pace(row, dt.date(2021, 12, 31))
    if value is not None and target is not None and not attained:
        assert (over["needed"], over["words"]) == (None, "期限已到，未达到")


def test_formula_in_words_has_the_numbers():
    lower, higher = {"polarity": "lower"}, {"polarity": "higher"}
    line = {"method": "dtf", "worst": 20.0, "frontier": 1.0, "baseline": None, "target": 5.0}
    assert (
        indicator.formula(lower, {"exponent": 1.0}, line)
        == "前沿距离法：得分 = 100 × (20 − x) ÷ (20 − 1)，限于 0–100"
    )
    assert indicator.formula(lower, {"exponent": 0.5}, line).endswith("，再取 0.5 次方")
    line |= {"method": "attainment"}
    assert indicator.formula(lower, {}, line) == "目标达成法：得分 = 100 × 5 ÷ x，不高于 100"
    assert indicator.formula(higher, {}, line) == "目标达成法：得分 = 100 × x ÷ 5，不高于 100"
    assert "(x − 10) ÷ (5 − 10)" in indicator.formula(lower, {}, line | {"baseline": 10.0})
    assert "同为 5" in indicator.formula(lower, {}, line | {"baseline": 5.0})
    assert indicator.formula(lower, {}, None) == indicator.formula(lower, {}, {"method": None})


def test_indicator_page_has_everybody_and_all_quarters(site, rendered):
    card = indicators.card(site, site.indicators[0])
    context = indicator.indicator(site, card)
    # Lower is better: 4, (reporter 1 sent nothing), 6, 7 in the second quarter.
    assert [(r["reporter_id"], r["value"]) for r in context["rows"]] == [
        ("411700", 4.0), ("411702", 6.0), ("411703", 7.0), ("411701", None),
    ]  # fmt: skip
    assert [v["value"] for _, v in context["rows"][0]["quarters"]] == [5.0, 4.0]
    assert (card["median"], card["attained_n"], card["judged_n"], card["missing_n"]) == (6.0, 1, 4, 1)
    text = Page(rendered / "indicators" / "i0.html").text
    assert "○ 未报送" in text and "前沿距离法：得分 = 100 × (20 − x) ÷ (20 − 1)" in text


# --- the page of a special ---------------------------------------------------------------------------------------------


def test_special_page_ranks_and_counts(site, rendered):
    lights = special.reporter_lights(site)
    cards = {card["indicator_id"]: card for card in indicators.cards(site)}
    scores = [row for row in site.drill.special_history if row["special_id"] == "s0"]
    context = special.special(site, "s0", lights, scores, cards)
    assert [(r["reporter_id"], r["rank"], r["lights"]["red"]) for r in context["ranking"]] == [
        ("411700", 1, 0), ("411701", 2, 1), ("411702", 3, 2), ("411703", 4, 3),
    ]  # fmt: skip
    assert context["total"] == Counter(red=6, green=14)
    assert {t["task_id"]: t["counts"]["red"] for t in context["tasks"]} == {
        "t0": 3,
        "t1": 2,
        "t2": 1,
        "t3": 0,
        "t4": 0,
    }
    assert [(u["name"], u["answers"], u["joins"], u["red"]) for u in context["units"]] == [
        ("市甲局", 2, 0, 5), ("市丙局", 0, 1, 0), ("市未登记局", 0, 1, 0),
    ]  # fmt: skip
    # Total scores are 85 − i in both quarters, and so are those of the special.
    medians = [
        (row["period"], row["score"], row["low"], row["high"]) for row in scores if row["reporter_id"] is None
    ]
    assert medians == [(Q1, 83.5, 82.0, 85.0), (Q2, 83.5, 82.0, 85.0)]
    assert special.worst(Counter(green=9, yellow=1)) == "yellow" and special.worst(Counter()) is None
    assert "逾期 3" in (rendered / "specials" / "s0.html").read_text(encoding="utf-8")


# --- the page of a unit ------------------------------------------------------------------------------------------------


def test_units_answer_under_every_name(site, rendered):
    table = unit.duties(site)
    assert table["市甲局"]["t0"] == ["lead"] and table["市丙局"] == {"t0": ["cooperate"]}
    assert site.drill.slugs["units"]["市甲局"] == "u1" and site.drill.slugs["units"]["市丙局"] == "u3"
    context = unit.unit(site, "市甲局", table["市甲局"])
    # Lead of all ten tasks by the marts: 4 reporters each, 0+1+2+3 overdue, 10 of 16 due ones completed.
    assert (context["leads_tasks"], context["joins_tasks"], context["total"], context["done"]) == (
        10,
        0,
        40,
        10,
    )
    assert (context["answered"], context["joined"], context["longest"]) == (6, 0, 30)
    assert [(r["name"], r["counts"]["red"]) for r in context["by_reporter"]][:2] == [
        ("第4县", 3),
        ("第3县", 2),
    ]
    joins = unit.unit(site, "市丙局", table["市丙局"])
    assert (joins["leads_tasks"], joins["joins_tasks"], joins["answered"], joins["joined"]) == (0, 1, 0, 3)
    assert joins["overdue"][0]["task"]["roles"] == "配合"
    assert "甲局（市）" in Page(rendered / "units" / "u1.html").text


def test_ages_have_both_ends_and_lose_nobody():
    days = [0, 1, 30, 31, 90, 91, 180, 181, 4000, None]
    found = drill.ages([{"days_overdue": d} for d in days])
    assert [(group["word"], group["n"]) for group in found] == [
        ("30 天以内", 3), ("31–90 天", 2), ("91–180 天", 2), ("180 天以上", 2),
    ]  # fmt: skip


def test_heat_counts_pairs_of_unit_and_special():
    connection = duckdb.connect()
    build(connection)
    found = unit.heat(load(connection))
    # t0 (3 reporters) is 市乙局's in the list of overdue tasks, t1 and t2 (2 + 1) are 市甲局's; all in the first special.
    assert [(r["name"], r["total"], r["cells"]) for r in found["rows"]] == [
        ("市乙局", 3, [(3, 4)]),
        ("市甲局", 3, [(3, 4)]),
    ]
    assert [s["name"] for s in found["specials"]] == ["企业开办"]
    connection.execute("delete from marts.overdue_tasks")
    assert unit.heat(load(connection)) is None


# --- comparison --------------------------------------------------------------------------------------------------------


def test_comparison_has_every_pair_of_numbers(site, rendered):
    data = compare.data(site)
    assert [row["id"] for row in data["reporters"]] == ["411700", "411701", "411702", "411703"]
    assert [row["specials"] for row in data["reporters"]] == [[85.0 - i] * 2 for i in range(4)]
    assert data["reporters"][1]["values"][0] == ["未报送", 79.0] and data["reporters"][0]["values"][0] == [
        "4",
        80.0,
    ]
    page = Page(rendered / "compare.html")
    blocks = [json.loads(text) for text in page.scripts]
    assert blocks[0] == json.loads(json.dumps(data))
    ids = [attributes.get("id") for _, attributes in page.tags]
    assert {f"a=41170{i}" for i in range(4)} <= set(ids)
    # Without script: in both specials the first is best and the last is worst, by shape and word.
    marks = [cell["mark"] for row in compare.compare(site)["table"] for cell in row["scores"]]
    assert marks == ["best", "", "", "worst"] * 2


def test_one_reporter_is_not_compared(tmp_path):
    connection = duckdb.connect()
    build(connection, reporters=2)
    connection.execute("delete from marts.ranking where reporter_id = '411701'")
    render.render_site(connection, PROGRAMME, Q2, tmp_path / "site")
    assert not (tmp_path / "site" / "compare.html").exists()
    assert "compare.html" not in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


# --- safety and size ---------------------------------------------------------------------------------------------------


def test_hostile_text_is_shown_literally_below_a_reporter(tmp_path):
    connection = duckdb.connect()
    build(connection, hostile=True)
    out = tmp_path / "site"
    render.render_site(connection, PROGRAMME, Q2, out)
    for folder in ("tasks", "indicators", "specials", "units"):
        text = "\n".join(Page(file).text for file in sorted((out / folder).glob("*.html")))
        assert all(payload in text for payload in HOSTILE), folder
    names = [row["name"] for row in compare.data(load(connection))["reporters"]]
    assert all(any(payload in name for name in names) for payload in HOSTILE[:4])
    assert "</script><script>alert" not in (out / "compare.html").read_text(encoding="utf-8")


def test_with_many_reporters_the_notable_ones_stand_on_a_page(monkeypatch, tmp_path):
    monkeypatch.setattr(drill, "DETAILED", 7)
    monkeypatch.setattr(drill, "NOTABLE", 3)
    connection = duckdb.connect()
    build(connection, reporters=12)
    site = load(connection)
    assert site.drill.detailed is False
    context = task.task(site, "t0")
    # Three of the nine overdue ones, all of them with their history.
    assert [r["light"] for r in context["rows"]] == ["red"] * 3 and context["more"] == 9
    assert all(len(r["history"]) == 1 for r in context["rows"])
    best_and_worst = indicator.indicator(site, indicators.card(site, site.indicators[0]))["rows"]
    assert [r["value"] for r in best_and_worst] == [4.0, 15.0, None]
    assert len(site.drill.task_history["t0"]) == 3
    out = tmp_path / "site"
    render.render_site(connection, PROGRAMME, Q2, out)
    assert "其余 9 家见各主体页面" in Page(out / "tasks" / "t0.html").text
    for file in out.rglob("*.html"):
        for _, attributes in Page(file).tags:
            path, _, anchor = (attributes.get("href") or "").partition("#")
            target = (file.parent / path).resolve() if path else file
            assert target.is_file(), (file.name, path)
            if anchor and target.suffix == ".html":
                assert f'id="{anchor}"' in target.read_text(encoding="utf-8"), (file.name, path, anchor)


# --- figures -----------------------------------------------------------------------------------------------------------


def test_rank_intervals_put_the_first_on_top_and_keep_a_firm_rank_visible():
    rows = [
        {"reporter_name": "乙", "rank": 2, "rank_p05": 1, "rank_p95": 3.2, "list": None},
        {"reporter_name": "甲", "rank": 1, "rank_p05": 1, "rank_p95": 1, "list": "red"},
        {"reporter_name": "丙", "rank": None, "rank_p05": None, "rank_p95": None, "list": None},
    ]
    fig = figures.rank_intervals(rows)
    band, *marks = fig.data
    # A firm rank is a stub around it, not nothing.
    assert [x and round(x, 6) for x in band.x] == [0.82, 1.18, None, 1.0, 3.2, None]
    assert list(fig.layout.yaxis.categoryarray) == ["2　乙", "1　甲"]
    assert {trace.name: (list(trace.x), list(trace.text)) for trace in marks} == {
        "红榜": ([1], ["稳定"]),
        "位次": ([2], ["1–4"]),
    }
    assert fig.layout.xaxis.range[1] > 3.2
    assert len(figures.rank_intervals(rows[2:]).data) == 0


def test_tiles_follow_the_rows_or_their_positions():
    rows = [{"reporter_name": name, "key": key, "word": word} for name, key, word in (
        ("甲县", "red", "逾期 2"), ("乙县", "green", "正常 5"), ("高新技术产业开发区", None, "无任务"), ("<丁>", "blue", "临期 1"),
    )]  # fmt: skip
    fig = figures.tile_grid(rows)
    assert [(shape.x0, shape.y0, shape.fillcolor) for shape in fig.layout.shapes] == [
        (0.02, 0.04, LIGHTS["red"].colour), (1.02, 0.04, LIGHTS["green"].colour), (2.02, 0.04, LIGHTS["none"].colour),
        (0.02, 1.04, LIGHTS["blue"].colour),
    ]  # fmt: skip
    texts = list(fig.data[0].text)
    assert texts[0] == "甲县<br>■ 逾期 2" and texts[3].startswith("&lt;丁&gt;<br>◆")
    assert texts[2] == "高新技术产<br>业开发区<br>－ 无任务"
    placed = figures.tile_grid([row | {"column": 3 - n, "line": 0} for n, row in enumerate(rows)])
    assert [shape.x0 for shape in placed.layout.shapes] == [3.02, 2.02, 1.02, 0.02]
    assert len(figures.tile_grid([]).data) == 0


def test_ages_of_overdue_tasks_keep_what_is_only_joined_apart():
    groups = [
        {"key": "a", "word": "30 天以内", "n": 4, "joined": 1},
        {"key": "b", "word": "31–90 天", "n": 0, "joined": 0},
    ]
    fig = figures.overdue_ages(groups)
    assert [(trace.name, list(trace.x)) for trace in fig.data] == [("负责", [4, 0]), ("配合、落实", [1, 0])]
    assert [trace.name for trace in figures.overdue_ages([{"key": "a", "word": "x", "n": 1}]).data] == [
        "负责"
    ]
    assert len(figures.overdue_ages([{"key": "a", "word": "x", "n": 0}]).data) == 0


def test_every_figure_of_a_site_is_one_plotly_knows(rendered):
    """Figures are made without Plotly's own check (it takes six times as long); here every one of them is checked."""
    from plotly.graph_objects import Figure

    checked = Counter()
    for file in sorted(rendered.rglob("*.html")):
        for block in Page(file).scripts:
            spec = json.loads(block)
            if {"data", "layout"} <= spec.keys():
                Figure(data=spec["data"], layout=spec["layout"])
                checked[file.parent.name] += 1
    assert set(checked) >= {"site", "indicators", "specials", "units", "reporters"}


# --- real programmes ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sites(built):
    from orchestration.warehouse import reader
    from tests.integration.test_recompute_by_hand import last_quarters

    with reader(built.settings.current) as connection:
        yield last_quarters(connection)


@pytest.mark.integration
def test_units_are_those_of_the_mart(sites):
    """Names are matched here a second time (staging is not published): per unit and role the pairs must be the mart's."""
    compared = 0
    for site in sites:
        pairs: dict[tuple[str, str], int] = defaultdict(int)
        for row in site.drill.responsibilities:
            states = site.drill.states.get(row["task_id"], [])
            pairs[row["unit"], row["role"]] += sum(state["status"] != "cancelled" for state in states)
        mart = {(row["unit_name"], row["role"]): row["tasks_total"] for row in site.unit_load}
        assert {key: n for key, n in pairs.items() if n} == mart, site.programme_id
        compared += len(mart)
    assert compared > 100


@pytest.mark.integration
def test_every_state_and_value_stands_on_a_row_of_its_history(sites):
    states = values = 0
    for site in sites:
        if len(site.ranking) > drill.NOTABLE:
            continue  # of these only the notable ones have their history
        for task_id, rows in site.drill.states.items():
            for row in rows:
                if row["receipt_id"] is None:
                    continue
                mine = site.drill.task_history[task_id][row["reporter_id"]]
                basis = [h for h in mine if h["receipt_id"] == row["receipt_id"] and not h["quarantine"]]
                assert len(basis) == 1, (site.programme_id, task_id, row["reporter_id"])
                assert (basis[0]["path"], basis[0]["row_number"]) == (row["path"], row["row_number"])
                states += 1
        for row in site.indicator_scores:
            key = (row["period"], row["reporter_id"], row["indicator_id"])
            if row["state"] != "value" or key not in site.drill.value_receipts:
                continue
            mine = site.drill.indicator_history[row["indicator_id"]][row["reporter_id"]]
            basis = [
                h for h in mine if h["receipt_id"] == site.drill.value_receipts[key] and not h["quarantine"]
            ]
            assert len(basis) == 1, (site.programme_id, *key)
            # The cell is named where its file has headers.
            values += basis[0]["value"] is not None
    assert states > 1000 and values > 1000
