"""The search box: what its index holds, and (in a browser) how it finds, moves and opens."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from dashboards import render
from dashboards.pages import search
from tests.browser import Tab, chromium, needs_browser
from tests.unit.test_dashboards import HOSTILE, PROGRAMME, build, load
from tests.unit.test_drill_pages import tell

SETTLED = "document.querySelector('.search [role=status]').textContent !== ''"


def index_of(site: Path) -> dict:
    """The index as the browser would get it."""
    text = (site / "assets" / "search-index.js").read_text(encoding="utf-8")
    found = re.fullmatch(r"window\.TAIZHANG_SEARCH=(.*);\s*", text, re.S)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    connection = duckdb.connect()
    build(connection)
    tell(connection)
    connection.execute("update raw.reporters set aliases = '一县;第1县;甲地' where reporter_id = '411700'")
    out = tmp_path_factory.mktemp("search") / "site"
    render.render_site(connection, PROGRAMME, "2021Q2", out)
    return out


def test_index_has_every_page_below_the_first_level(rendered):
    index = index_of(rendered)
    pages = {f"{index['kinds'][kind][0]}/{file}.html" for kind, _, file, *_ in index["items"]}
    on_disk = {
        f"{folder}/{file.name}" for folder in search.KINDS for file in (rendered / folder).glob("*.html")
    }
    assert pages == on_disk and len(pages) == len(index["items"])


def test_entries_have_number_and_other_names_and_no_blanks(rendered):
    items = {(kind, name): rest for kind, name, *rest in index_of(rendered)["items"]}
    kinds = list(search.KINDS)
    # An alias that is the name itself is left out.
    assert items[kinds.index("reporters"), "第1县"] == ["411700", "", "一县;甲地"]
    assert items[kinds.index("units"), "市甲局"] == ["u1", "", "甲局（市）"]
    assert items[kinds.index("tasks"), "任务3"] == ["t3", "4"]
    assert items[kinds.index("indicators"), "指标0"] == ["i0"]


def test_hostile_names_stay_text():
    connection = duckdb.connect()
    build(connection, hostile=True)
    context = search.index(load(connection))
    text = render.environment().get_template("search-index.js").render(context)
    assert "<" not in text and "&" not in text
    names = [
        item[1]
        for item in json.loads(text.strip().removeprefix("window.TAIZHANG_SEARCH=").removesuffix(";"))[
            "items"
        ]
    ]
    assert all(any(payload in name for name in names) for payload in HOSTILE)


def test_index_stays_small_with_thousands_of_reporters():
    connection = duckdb.connect()
    build(connection, reporters=100)
    site = load(connection)
    per_reporter = (
        sum(
            len(json.dumps(line, ensure_ascii=False).encode())
            for line in search.entries(site)
            if line[0] == 0
        )
        / 100
    )
    # 2,843 reporters: below 200 KB
    assert per_reporter * 2843 < 200_000


@pytest.mark.integration
def test_index_of_the_sample_is_small(built):
    from orchestration.warehouse import reader

    with reader(built.settings.current) as connection:
        for programme, period in connection.execute(
            "select programme_id, max(period) from marts.ranking where programme_id in "
            "(select programme_id from raw.programmes) group by 1 order by 1"
        ).fetchall():
            from dashboards.pages.site import load as load_site

            data = search.index(load_site(connection, programme, period, ""))["data"]
            assert len(str(data).encode()) <= 150_000, programme


@pytest.fixture(scope="module")
def tab():
    with chromium() as browser:
        yield Tab(browser.new_page())


@needs_browser
@pytest.mark.integration
@pytest.mark.parametrize(
    ("typed", "first", "page"),
    [
        ("甲局", "市甲局", "units/u1.html"),
        ("4", "任务3", "tasks/t3.html"),
        ("第4项", "任务3", "tasks/t3.html"),
        ("甲地", "第1县", "reporters/411700.html"),
        ("市局", "市甲局", "units/u1.html"),
        ("获得", "获得电力", "specials/s1.html"),
        ("ｉ1", "指标1", "indicators/i1.html"),
    ],
)
def test_found_by_part_number_alias_order_and_code(tab, rendered, typed, first, page):
    tab.open(rendered / "compare.html")  # a page without figures: nothing is under way when it is left
    tab.page.keyboard.press("/")
    tab.page.keyboard.type(typed)
    tab.until(SETTLED)
    assert tab.page.evaluate("document.querySelector('.search [role=option]').lastChild.textContent") == first
    assert tab.complaints == []
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url(f"**/{page}")


@needs_browser
@pytest.mark.integration
def test_keyboard_and_state_for_screen_readers(tab, rendered):
    tab.open(rendered / "tasks" / "t1.html")
    box = "document.querySelector('.search input')"
    state = f"[{box}.getAttribute('aria-expanded'), {box}.getAttribute('aria-activedescendant')]"
    tab.page.keyboard.press("/")
    assert tab.page.evaluate(f"document.activeElement === {box} && {box}.value") == ""
    tab.page.keyboard.type("任务")
    tab.until(SETTLED)
    assert tab.page.evaluate(state) == ["true", None]
    assert tab.page.evaluate("document.querySelector('.search [role=status]').textContent") == "共 10 条"
    tab.page.keyboard.press("ArrowDown")
    tab.page.keyboard.press("ArrowDown")
    assert tab.page.evaluate(state) == ["true", "search-1"]
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("ArrowUp")
    assert tab.page.evaluate(state) == ["true", "search-9"]
    selected = "[...document.querySelectorAll('.search [aria-selected=true]')].map(o => o.id)"
    assert tab.page.evaluate(selected) == ["search-9"]
    tab.page.keyboard.press("Escape")
    assert tab.page.evaluate(state) == ["false", None] and tab.page.evaluate(f"{box}.value") == ""
    tab.page.keyboard.type("没有这个")
    tab.until(SETTLED)
    assert tab.page.evaluate("document.querySelector('.search [role=status]').textContent") == "没有找到"
    assert tab.complaints == []


@needs_browser
@pytest.mark.integration
def test_a_pair_in_the_address_is_compared(tab, rendered):
    tab.open(rendered / "compare.html")
    chosen = "[...document.querySelectorAll('#pick select')].map(s => s.value)"
    assert tab.page.evaluate(chosen) == ["411700", "411703"]  # first and last
    tab.page.goto((rendered / "compare.html").as_uri() + "#a=411702&b=411701")
    tab.until("document.querySelectorAll('#pick select')[0].value === '411702'")
    shown = "[...document.querySelectorAll('#side h2')].map(h => h.textContent)"
    # 83 against 84 in both specials; reporter 1 sent no values, its scores stand.
    assert tab.page.evaluate(shown) == [
        "专项：第3县领先 0 个，第2县领先 2 个",
        "指标：第3县得分领先 0 项，第2县得分领先 2 项",
    ]
    tab.page.evaluate("document.querySelector('#pick [name=swap]').click()")
    assert tab.page.evaluate("location.hash") == "#a=411701&b=411702"
    assert tab.page.evaluate(shown)[0] == "专项：第2县领先 2 个，第3县领先 0 个"
    assert tab.complaints == []


@needs_browser
@pytest.mark.integration
def test_a_link_to_a_folded_history_opens_it(tab, rendered):
    tab.page.goto((rendered / "tasks" / "t1.html").as_uri() + "#h-411702")
    tab.until("document.getElementById('h-411702').closest('details').open")
    assert tab.page.evaluate("document.querySelectorAll('details.trail[open]').length") == 1
