"""The site on paper: A4, nobody missing, heads repeated, every sheet says where it comes from, nothing folded or cut.

Printed by Chromium, read by pdftotext; skips where one of them is missing. Grey paper needs no test of its own: the
contrasts of ``unit/test_palette`` are ratios of luminance, and no light is told by its colour alone. That nothing is wider
than the sheet is seen in ``test_site_browser``, for every kind of page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.browser import PHONE, kinds_of, needs_browser, needs_pdftotext
from tests.integration.conftest import MadeSite

pytestmark = [pytest.mark.integration, needs_browser, needs_pdftotext]
WIDE = (1600, 1000)


def squeezed(text: str) -> str:
    return "".join(text.split())


def named(site: MadeSite, file: Path) -> list[str]:
    """The reporters a page names, but for the menu of the masthead, which stays on the screen."""
    source = file.read_text(encoding="utf-8")
    main = source[source.index("<main") : source.index("</main>")]
    text = squeezed(re.sub(r"<script.*?</script>|<[^>]*>", "\n", main, flags=re.S))
    return [name for name in site.names if name in text]


@pytest.fixture(scope="module")
def printed(tab, plain, tmp_path_factory) -> dict[tuple[str, int], list[str]]:
    """(page, width of the screen it was printed from) → text of each sheet.

    From a wide screen what names everybody and what has folded parts, from a phone three of them: a print takes 0.7 s.
    """
    out = tmp_path_factory.mktemp("paper") / "page.pdf"
    pages = [
        file
        for file in kinds_of(plain.root)
        if file.name in {"overdue.html", "rectification.html"}
        or file.parent.name == "reporters"
        or (file.parent == plain.root and named(plain, file) == plain.names)
    ]
    narrow = [plain.root / name for name in ("index.html", "indicators.html", "quality.html")]
    sheets = {}
    for size, files in ((WIDE, pages), (PHONE, narrow)):
        for file in files:
            name = file.relative_to(plain.root).as_posix()
            sheets[name, size[0]] = tab.open(file, size).pdf(out)
            assert tab.complaints == [], name
    return sheets


def test_everybody_named_on_a_page_is_on_paper(plain, printed):
    everybody = set()
    for (page, width), sheets in printed.items():
        wanted = named(plain, plain.root / page)
        paper = "".join(sheets)
        assert [name for name in wanted if name not in paper] == [], (page, width)
        everybody |= {(page, width)} if wanted == plain.names else set()
    assert everybody >= {
        (page, width)
        for page in ("index.html", "indicators.html", "quality.html")
        for width in (WIDE[0], PHONE[0])
    }


def test_every_sheet_says_what_it_is_and_where_it_comes_from(plain, printed):
    # 30 reporters, one file refused, four of the ledger (two of them after the freeze)
    title = squeezed("示例方案 · 2021年第二季度")
    for (page, width), sheets in printed.items():
        for number, sheet in enumerate(sheets, 1):
            foot = f"来源：示例办公室，收文35份；数据截至2021-07-1300:00；版本：征求意见稿第{number}页，共{len(sheets)}页"
            assert foot in sheet, (page, width, number, sheet[-200:])
            assert number == 1 or sheet.startswith(title), (page, width, number, sheet[:80])


def test_heads_of_tables_repeat(printed):
    for page, row, head in (
        ("quality.html", "数值列含文字任务·progress.csv", "位置原值"),
        ("overdue.html", "市甲局配合市丙局", "逾期天数任务填报主体"),
    ):
        holding = [sheet for sheet in printed[page, WIDE[0]] if row in sheet]
        assert len(holding) > 1, page
        assert all(head in sheet for sheet in holding), page


def test_what_is_folded_on_the_screen_is_open_on_paper(printed):
    assert "重新打开" in "".join(printed["rectification.html", WIDE[0]])
    for (page, width), sheets in printed.items():
        if page.startswith("reporters/"):  # head of the folded table of sums
            assert "怎样得来" in "".join(sheets), width


@pytest.mark.parametrize("page", ["overdue.html", "rectification.html"])  # a wide figure, folded histories
def test_the_screen_comes_back_after_printing(tab, plain, page):
    widths = "[...document.querySelectorAll('.plot')].filter(d => d.data).map(d => d._fullLayout.width)"
    opened = "document.querySelectorAll('main details[open]').length"
    tab.open(plain.root / page, WIDE)
    before, folded = tab.js(widths), tab.js(opened)
    tab.js("window.dispatchEvent(new Event('beforeprint')), 0")
    # A4 less the margins of the style sheet: 184 mm at 96 px per inch = 695 px.
    tab.until(f"{widths}.every(w => w <= 695)", 5)
    assert tab.js(opened) > folded or max(before) > 1000
    tab.js("window.dispatchEvent(new Event('afterprint')), 0")
    tab.until(f"JSON.stringify({widths}) === '{json.dumps(before, separators=(',', ':'))}'", 5)
    assert tab.js(opened) == folded
