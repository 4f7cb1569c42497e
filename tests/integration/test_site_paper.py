"""The site on paper: A4, nobody missing, heads repeated, every sheet says where it comes from, nothing folded or cut.

Printed by Chromium, read by pdftotext; skips where one of them is missing. Grey paper needs no test of its own: the
contrasts of ``unit/test_palette`` are ratios of luminance, and no light is told by its colour alone.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.browser import PHONE, kinds_of, needs_browser, needs_pdftotext
from tests.unit.test_dashboards import Page

pytestmark = [pytest.mark.integration, needs_browser, needs_pdftotext]
WIDE = (1600, 1000)


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def printed(tab, plain, tmp_path_factory) -> dict[tuple[str, int], list[str]]:
    """(page, width of the screen it was printed from) → text of each sheet, for every kind of page."""
    out = tmp_path_factory.mktemp("paper") / "page.pdf"
    sheets = {}
    for size in (WIDE, PHONE):
        for file in kinds_of(plain.root):
            name = file.relative_to(plain.root).as_posix()
            sheets[name, size[0]] = tab.open(file, size).pdf(out)
            assert tab.complaints == [], name
    return sheets


def test_everybody_named_on_a_page_is_on_paper(plain, printed):
    everybody = 0
    for (page, width), sheets in printed.items():
        source = (plain.root / page).read_text(encoding="utf-8")
        # The menu of the masthead names everybody on every page; it stays on the screen.
        main = squeezed(re.sub(r"<[^>]*>", "\n", source[source.index("<main") : source.index("</main>")]))
        wanted = [name for name in plain.names if name in main]
        paper = "".join(sheets)
        assert [name for name in wanted if name not in paper] == [], (page, width)
        everybody += wanted == plain.names
    # Both widths of: first page, lists of indicators, goals, quality, … – not of none.
    assert everybody >= 2 * 4


def test_every_sheet_says_what_it_is_and_where_it_comes_from(plain, printed):
    title = squeezed("示例方案 · 2021年第二季度")
    for (page, width), sheets in printed.items():
        for number, sheet in enumerate(sheets, 1):
            foot = f"来源：示例办公室，据各填报主体报送36份；数据截至2021-07-1300:00；版本：征求意见稿第{number}页，共{len(sheets)}页"
            assert foot in sheet, (page, width, number, sheet[-200:])
            assert number == 1 or sheet.startswith(title), (page, width, number, sheet[:80])


def test_heads_of_tables_repeat(printed):
    for page, row, head in (
        ("quality.html", "数值列含文字progress.csv", "位置原值"),
        ("overdue.html", "进展说明", "逾期天数任务填报主体"),
    ):
        for width in (WIDE[0], PHONE[0]):
            holding = [sheet for sheet in printed[page, width] if row in sheet]
            assert len(holding) > 1, (page, width)
            assert all(head in sheet for sheet in holding), (page, width)


def test_what_is_folded_on_the_screen_is_open_on_paper(plain, printed):
    for width in (WIDE[0], PHONE[0]):
        assert "重新打开" in "".join(printed["rectification.html", width])
    reporter = next(page for page, _ in printed if page.startswith("reporters/"))
    source = Page(plain.root / reporter).text
    assert "怎样得来" in source  # head of the folded table of sums
    for width in (WIDE[0], PHONE[0]):
        assert "怎样得来" in "".join(printed[reporter, width])


def test_nothing_is_cut_and_the_screen_comes_back(tab, plain):
    file = next(file for file in kinds_of(plain.root) if file.parent.name == "reporters")
    tab.open(file, WIDE)
    widths = "[...document.querySelectorAll('.plot')].filter(d => d.data).map(d => d._fullLayout.width)"
    opened = "document.querySelectorAll('main details[open]').length"
    before, folded = tab.js(widths), tab.js(opened)
    assert max(before) > 1000
    tab.js("window.dispatchEvent(new Event('beforeprint')), 0")
    # A4 less the margins of the style sheet: 184 mm at 96 px per inch = 695 px.
    tab.until(f"{widths}.every(w => w <= 695)", 5)
    assert tab.js(opened) > folded
    assert (
        tab.js("""[...document.querySelectorAll('.plot text')].filter(t => {
        const r = t.getBoundingClientRect(), p = t.closest('svg').getBoundingClientRect();
        return r.width && (r.right > p.right + 2 || r.left < p.left - 2);
    }).map(t => t.textContent)""")
        == []
    )
    tab.js("window.dispatchEvent(new Event('afterprint')), 0")
    first = len(before)
    tab.until(
        f"JSON.stringify({widths}.slice(0, {first})) === '{json.dumps(before, separators=(',', ':'))}'", 5
    )
    assert tab.js(opened) == folded


def test_nothing_on_paper_is_wider_than_the_sheet(tab, plain):
    tab.page.emulate_media(media="print")
    try:
        for file in kinds_of(plain.root):
            # Margins are no part of an emulated sheet: 184 mm are 695 px.
            tab.open(file, (695, 1000))
            tab.js("window.dispatchEvent(new Event('beforeprint')), 0")
            tab.until(
                "[...document.querySelectorAll('.plot')].filter(d => d.data).every(d => d._fullLayout.width <= 695)",
                5,
            )
            assert tab.misplaced() == [], file.name
    finally:
        tab.page.emulate_media(media="screen")
