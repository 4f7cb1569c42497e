"""The queries of docs/analysts.md, as an analyst would paste them."""

from __future__ import annotations

import datetime as dt
import re
import statistics
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import chinese_calendar
import duckdb
import openpyxl
import pytest

from dashboards.reference import render_reference
from orchestration.settings import REPOSITORY
from raw.periods import SHANGHAI
from tests.browser import DESKTOP, PHONE, Tab, chromium, needs_browser
from tests.conftest import Built
from tests.unit.test_dashboards import Page, build
from tests.unit.test_reference_pages import DICTIONARY

pytestmark = pytest.mark.integration

BLOCKS = re.findall(
    r"^```sql\n-- (.*?)\n(.*?)^```$",
    (REPOSITORY / "docs" / "analysts.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def plain(built: Built):
    """The published file in a tool that knows nothing of ours, in another time zone."""
    with duckdb.connect(str(built.settings.current), read_only=True) as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        yield connection


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_query_on_the_page_runs(plain, number: int):
    question, query = BLOCKS[number]
    columns = [column[0] for column in plain.execute(query).description]
    assert columns, question


def rows_of(plain, words: str) -> list[dict]:
    """The rows of the one query whose question holds ``words``."""
    (query,) = [query for question, query in BLOCKS if words in question]
    cursor = plain.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_the_page_has_its_queries():
    looking_back = [q for _, q in BLOCKS if "published_at(" in q or "known_at(" in q or "editions." in q]
    assert len(BLOCKS) >= 15 and len(looking_back) >= 5
    assert len({question for question, _ in BLOCKS}) == len(BLOCKS)


# --- worked queries, each against another way ------------------------------------------------------------------------

SAMPLE = "programme_id = 'zhumadian2021' AND period = '2021Q4'"


def test_who_owes_what_by_the_files_received(plain):
    """Received or not, on time or not: from the receipts and the cut-off alone."""
    cut = dt.datetime(2021, 12, 29, tzinfo=SHANGHAI)
    first = {}
    for reporter, kind, at, status in plain.execute(
        f"SELECT r.name, f.kind, f.received_at, f.status FROM ops.receipts f JOIN raw.reporters r USING (programme_id, reporter_id) "
        f"WHERE f.{SAMPLE.replace('AND period', 'AND f.period')} ORDER BY f.received_at DESC"
    ).fetchall():
        if status != "rejected" and kind in ("progress", "indicators"):
            first[reporter, kind] = at
    names = [
        name
        for (name,) in plain.execute(
            "SELECT name FROM raw.reporters WHERE programme_id = 'zhumadian2021'"
        ).fetchall()
    ]
    found = {(row["name"], row["kind"]): row for row in rows_of(plain, "谁还欠什么")}
    late = {key for key, row in found.items() if row["received"] and row["days_late"]}
    missing = {key for key, row in found.items() if not row["received"]}
    assert late == {key for key, at in first.items() if at >= cut} != set()
    assert missing == {(name, kind) for name in names for kind in ("progress", "indicators")} - first.keys()


def test_overdue_by_unit_counts_every_joint_lead(plain):
    expected: dict[str, list] = {}
    for lead, reporter, task, days in plain.execute(
        f"SELECT lead_unit, reporter_id, task_id, days_overdue FROM marts.task_status WHERE {SAMPLE} AND light = 'red'"
    ).fetchall():
        for unit in (lead or "（未明确）").split("、"):
            expected.setdefault(unit, []).append((reporter, task, days))
    found = rows_of(plain, "逾期任务各是哪个责任单位")
    assert {
        row["lead_unit"]: [row["overdue"], row["reporters"], row["tasks"], row["longest"]] for row in found
    } == {
        unit: [
            len(lines),
            len({r for r, _, _ in lines}),
            len({t for _, t, _ in lines}),
            max(d for _, _, d in lines),
        ]
        for unit, lines in expected.items()
    }
    assert [row["overdue"] for row in found] == sorted((row["overdue"] for row in found), reverse=True)


def test_the_four_causes_add_up_to_the_change_of_rank(plain):
    found = rows_of(plain, "位次为什么变")
    assert len(found) == 13
    for row in found:
        parts = row["rank_own"] + row["rank_peers"] + row["rank_method"] + row["rank_revision"]
        assert parts == row["rank_change"] == row["previous_rank"] - row["rank"]


def test_the_cell_named_holds_the_value(plain, built: Built):
    """Opened with openpyxl: the very cell of every workbook."""
    found = [row for row in rows_of(plain, "一个指标值从哪里来") if row["path"].endswith(".xlsx")]
    assert len({row["path"] for row in found}) >= 3
    books = {
        path: openpyxl.load_workbook(built.settings.raw_root / path, data_only=True)
        for path in {r["path"] for r in found}
    }
    for row in found:
        cell = books[row["path"]][row["sheet"]][row["cell"]].value
        # a number has one text in the cell and one where it is kept
        same = str(cell) == row["written"] or float(cell) == pytest.approx(float(row["written"]))
        assert same, (row, cell)


def test_history_of_ranks_without_a_publication(plain):
    found = rows_of(plain, "历次位次")
    assert len(found) == 4 * 13 and {row["first_published"] for row in found} == {None}
    assert sorted(row["now"] for row in found if row["period"] == "2021Q4") == list(range(1, 14))


def test_late_by_working_days_of_the_public_calendar(plain):
    found = rows_of(plain, "迟报了几个工作日")
    assert found
    for row in found:
        days = chinese_calendar.get_workdays(
            row["cutoff_on"] + dt.timedelta(days=1), row["first_received_on"]
        )
        assert (
            row["workdays_late"] == len(days)
            and row["days_late"] == (row["first_received_on"] - row["cutoff_on"]).days
        )


def test_trend_against_the_target(plain):
    """Median and gap of one indicator that should fall, by Python."""
    found = [row for row in rows_of(plain, "一个指标逐季走到哪里了") if row["name"] == "企业开办办结时间"]
    assert [row["period"] for row in found] == ["2021Q1", "2021Q2", "2021Q3", "2021Q4"]
    for row in found:
        values = [
            value
            for (value,) in plain.execute(
                "SELECT value FROM marts.indicator_scores WHERE programme_id = 'zhumadian2021' AND period = ? "
                "AND indicator_id = 'kb_hours' AND value IS NOT NULL", [row["period"]],
            ).fetchall()
        ]  # fmt: skip
        middle = statistics.median(values)
        assert row["median_value"] == pytest.approx(middle, abs=0.006) and row["reported"] == len(values)
        assert row["median_gap"] == pytest.approx(middle - 5.0, abs=0.006)
        assert row["attained"] == sum(value <= 5.0 for value in values)


def test_findings_by_rule_are_all_findings(plain):
    found = rows_of(plain, "数据问题")
    (count,) = plain.execute(f"SELECT count(*) FROM quality.flags WHERE {SAMPLE}").fetchone()
    assert sum(row["findings"] for row in found) == count > 0
    gravity = ["BEWI".index(row["severity"]) for row in found]
    assert gravity == sorted(gravity)
    assert all(row["owner"] and row["remedy_zh"] for row in found)


def test_open_issues_of_the_ledger(plain):
    """The last readable status a county wrote by the data cut, from the raw rows."""
    last = {}
    for issue, status in plain.execute(
        "SELECT l.issue_id, l.status FROM raw.rectification l JOIN raw.receipts f USING (receipt_id) "
        "JOIN control.periods p ON p.programme_id = l.programme_id AND p.period = '2021Q4' "
        "WHERE l.programme_id = 'zhumadian2021' AND f.received_at <= p.as_of AND l.status IS NOT NULL "
        "ORDER BY l.period, f.received_at, l.row_number"
    ).fetchall():
        last[issue] = status
    expected = {issue for issue, status in last.items() if status not in ("completed", "cancelled")}
    assert {row["issue_id"] for row in rows_of(plain, "整改台账")} == expected != set()


def test_forecasts_name_what_the_goal_is_about(plain):
    found = rows_of(plain, "目标能否达到")
    (count,) = plain.execute(
        "SELECT count(*) FROM marts.goals WHERE programme_id = 'zhumadian2021' AND period = '2021Q3'"
    ).fetchone()
    assert len(found) == count > 0
    assert all(row["forecast_basis"] for row in found) and any(row["forecast_met"] is False for row in found)
    for row in found:
        if row["forecast"] is not None and row["kind"] == "rank":
            assert row["forecast_met"] == (row["forecast"] <= row["expected"])


def test_the_stored_draws_give_the_published_bands(plain):
    """The whole replay in SQL: weights, three normalisations, two aggregations, quantiles – rank for rank."""
    found = rows_of(plain, "位次区间从哪里来")
    assert len(found) == 13 and any(row["p05"] < row["p95"] for row in found)
    assert [(r["p05"], r["p95"]) for r in found] == [(r["published_p05"], r["published_p95"]) for r in found]


def test_the_replay_holds_for_every_programme_without_sub_units_and_pairs(plain):
    """Geometric programmes, several sizes, weights, missing values: the oracle's."""
    (query,) = [query for question, query in BLOCKS if "位次区间从哪里来" in question]
    done = 0
    for programme, period in plain.execute(
        "SELECT b.programme_id, max(b.period) FROM marts.rank_robustness AS b JOIN raw.programmes AS p USING (programme_id) "
        "WHERE p.sub_units = 'separate' GROUP BY 1 ORDER BY 1"
    ).fetchall():
        (places,) = plain.execute(
            "SELECT count(*) FROM raw.reporters WHERE programme_id = ?", [programme]
        ).fetchone()
        if places > 20:
            continue
        rows = plain.execute(query.replace("zhumadian2021", programme).replace("2021Q4", period)).fetchall()
        assert rows and [row[2:4] for row in rows] == [row[4:6] for row in rows], programme
        done += 1
    assert done >= 4


# --- looking back ----------------------------------------------------------------------------------------------------


def test_late_files_of_the_sample_by_the_last_query(plain):
    """The same by comparing moments in Python."""
    (query,) = [query for question, query in BLOCKS if "交了几份" in question]
    cutoff = "2021-12-29T00:00:00+08:00"
    expected: dict[str, list[int]] = {}
    for reporter, seconds in plain.execute(
        "SELECT reporter_id, epoch(received_at) - epoch(CAST(? AS TIMESTAMPTZ)) FROM ops.receipts "
        "WHERE programme_id = 'zhumadian2021' AND period = '2021Q4'",
        [cutoff],
    ).fetchall():
        expected.setdefault(reporter, [0, 0])[seconds > 0] += 1
    got = {row[0]: list(row[1:]) for row in plain.execute(query).fetchall()}
    assert got == expected and sum(later for _, later in got.values()) >= 2


def test_every_frozen_mart_has_its_table_of_editions(plain):
    """No quarter of the session is published: the tables are there, empty, with the columns of the marts."""
    columns = """
        SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name = ? GROUP BY 1
    """
    marts = {
        t: c for t, c in plain.execute(columns, ["marts"]).fetchall() if {"programme_id", "period"} <= {*c}
    }
    editions = dict(plain.execute(columns, ["editions"]).fetchall())
    added = ["edition", "revision", "known_from", "known_to"]
    assert editions == {table: [*names, *added] for table, names in marts.items()}
    assert plain.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'editions' AND comment IS NULL"
    ).fetchone() == (0,)
    assert plain.execute(
        "SELECT count(*) FROM published_at('ranking', TIMESTAMPTZ '2030-01-01 00:00:00+08')"
    ).fetchone() == (0,)


# --- the pages made of it ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def front(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every page beside the sites, from the published file of the session, in a folder of their own."""
    from orchestration.assets.site import write_front_pages
    from orchestration.warehouse import reader

    settings = replace(built.settings, home=tmp_path_factory.mktemp("front"))
    # the project is parsed already
    (settings.home / "dbt").symlink_to(built.settings.dbt_target)
    settings.published.mkdir()
    with reader(built.settings.current) as connection:
        write_front_pages(settings, connection)
    return settings.published


def test_every_question_stands_on_the_page_with_its_result(front: Path):
    text = Page(front / "analyst.html").text
    places = [text.index(f"{number}. {question}") for number, (question, _) in enumerate(BLOCKS, 1)]
    assert places == sorted(places)
    for question, part in zip(BLOCKS, [text[a:b] for a, b in pairwise([*places, None])], strict=True):
        assert "没有这个查询所需" not in part and "没有算完" not in part, question
        assert ("结果" in part) != ("在本库中没有行" in part), question
    # nothing of the session is published: only what looks into editions has no rows
    assert text.count("在本库中没有行") <= 4
    assert "已换成本库" not in text


def test_the_dictionary_describes_every_table_and_column(front: Path, published):
    page = Page(front / "dictionary.html")
    assert "未说明的字段" not in page.text
    ids = {attributes.get("id") for _, attributes in page.tags}
    for schema, table in published.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('marts', 'quality', 'ops', 'control', 'raw')"
    ).fetchall():
        assert f"{schema}.{table}" in ids
    for (rule,) in published.execute("SELECT rule_id FROM quality.check_rules").fetchall():
        assert f"rule-{rule}" in ids
    for (indicator,) in published.execute("SELECT name FROM raw.indicators").fetchall():
        assert indicator in page.text
    book = openpyxl.load_workbook(front / "dictionary.xlsx", read_only=True)
    assert book.sheetnames == ["表", "字段", "表头", "规则", "指标", "状态词"]
    blank = [row[:2] for row in book["字段"].iter_rows(min_row=2, values_only=True) if not row[3]]
    assert blank == [] and book["字段"].max_row > 600


def test_lineage_holds_no_data_and_no_path_and_is_kept(front: Path, built: Built, published):
    from orchestration.lineage import write_lineage

    file = front / "lineage" / "index.html"
    text = file.read_text(encoding="utf-8")
    assert "MANIFEST.JSON INLINE DATA" not in text and "CATALOG.JSON INLINE DATA" not in text
    for (name,) in published.execute(
        "SELECT DISTINCT name FROM raw.reporters WHERE programme_id IN ('zhumadian2021', 'wugang2022') "
        "UNION SELECT DISTINCT title FROM raw.tasks WHERE programme_id = 'zhumadian2021'"
    ).fetchall():
        assert name not in text
    assert str(REPOSITORY) not in text and str(built.settings.home) not in text
    before = file.stat().st_mtime_ns
    settings = replace(built.settings, home=front.parent)
    assert write_lineage(settings, published) == file and file.stat().st_mtime_ns == before
    file.with_name(".fingerprint").write_text("another project")
    write_lineage(settings, published)
    assert file.read_text(encoding="utf-8") == text and file.stat().st_mtime_ns != before


@needs_browser
def test_pages_beside_the_sites_are_quiet_fit_and_find(front: Path, tmp_path: Path):
    # axe takes a second for every hundred rows: the dictionary it sees is short, the kinds of its parts are the same
    connection = duckdb.connect()
    build(connection)
    render_reference(connection, tmp_path, DICTIONARY)
    with chromium() as browser:
        tab = Tab(browser.new_page())
        for name in ("index.html", "dictionary.html", "analyst.html"):
            tab.open(front / name)
            for size in (DESKTOP, PHONE):
                assert tab.resize(size).misplaced() == [], (name, size)
            assert (tab.complaints, tab.outside) == ([], []), name
        for file in (front / "index.html", front / "analyst.html", tmp_path / "dictionary.html"):
            tab.open(file).js("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert tab.violations() == [], file.name
        tab.open(front / "dictionary.html")
        tab.page.fill(".finder input", "rank_p05")
        tab.until("document.querySelector('.finder output').textContent !== ''")
        shown = "[...document.querySelectorAll('.entry tbody tr')].filter(r => r.checkVisibility()).map(r => r.cells[0].textContent)"
        assert tab.js(shown) == ["rank_p05"]
        tab.page.fill(".finder input", "")
        tab.until("document.querySelector('.finder output').textContent === ''")
        assert tab.js(shown) == []
        tab.open(front / "lineage" / "index.html")
        tab.until("document.body.innerText.includes('表与表之间的关系')")
        assert (tab.complaints, tab.requests) == ([], [(front / "lineage" / "index.html").as_uri()])
