"""The projector page and the single file in Chromium: turning over, letters large enough, one sheet a question, nothing asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import DESKTOP, PHONE, PROJECTOR, needs_browser, needs_pdftotext

pytestmark = [pytest.mark.integration, needs_browser]

SHOWN = "[...document.querySelectorAll('.slide')].filter(s => s.offsetParent !== null).map(s => s.id)"
# Text that is read and is smaller than 28 px; what only a screen reader has does not count, nor a shape beside its word.
SMALL = """[...document.querySelectorAll('.slide.on *')].filter(e => !e.closest('.sr') && e.tagName !== 'I'
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    && parseFloat(getComputedStyle(e).fontSize) < 28).map(e => e.outerHTML.slice(0, 80))"""
OVERFLOW = "(s => [s.scrollHeight - s.clientHeight, s.scrollWidth - s.clientWidth])(document.querySelector('.slide.on'))"


def test_each_screen_is_full_size_and_fits(tab, plain):
    tab.open(plain.root / "present.html", PROJECTOR)
    number = tab.js("document.querySelectorAll('.slide').length")
    for slide in range(1, number + 1):
        assert tab.js(SHOWN) == [str(slide)]
        assert tab.js(SMALL) == [] and tab.js(OVERFLOW) == [0, 0], slide
        tab.page.keyboard.press("ArrowRight")
    assert tab.js(SHOWN) == [str(number)], "the last one stays"
    assert tab.complaints == [] and tab.outside == []
    assert tab.violations() == []


def test_keys_click_and_address_turn_over(tab, plain):
    tab.open(plain.root / "present.html", PROJECTOR)
    for key, shown in (
        ("PageDown", "2"), ("ArrowDown", "3"), (" ", "4"), ("PageUp", "3"), ("ArrowLeft", "2"), ("Home", "1"), ("ArrowUp", "1"),
    ):  # fmt: skip
        tab.page.keyboard.press(key)
        assert tab.js(SHOWN) == [shown], key
    tab.page.mouse.click(1000, 600)
    assert tab.js(SHOWN) == ["2"]
    tab.page.mouse.click(100, 600)
    assert tab.js(SHOWN) == ["1"]
    tab.page.keyboard.press("End")
    assert tab.js("location.hash") == "#8"
    tab.page.reload()
    assert tab.js(SHOWN) == ["8"]
    # Back leaves the projector instead of walking through what was shown.
    assert tab.js("history.length") <= 4


def test_a_swipe_turns_over(tab, plain):
    tab.open(plain.root / "present.html", PHONE)
    swipe = """([from, to]) => { for (const [kind, x] of [['touchstart', from], ['touchend', to]]) {
        const touch = new Touch({identifier: 1, target: document.body, clientX: x, clientY: 300});
        document.dispatchEvent(new TouchEvent(kind, {changedTouches: [touch]})); } }"""
    tab.js(swipe, [300, 100])
    tab.until("document.querySelector('.slide.on').id === '2'")
    tab.js(swipe, [100, 300])
    tab.until("document.querySelector('.slide.on').id === '1'")
    tab.js(swipe, [100, 130])
    assert tab.js(SHOWN) == ["1"], "a tremble is no swipe"
    assert tab.js("document.documentElement.scrollWidth") <= PHONE[0]


def test_without_script_it_scrolls_from_question_to_question(tab, plain):
    page = tab.page.context.browser.new_context(java_script_enabled=False).new_page()
    page.set_viewport_size({"width": PROJECTOR[0], "height": PROJECTOR[1]})
    page.goto((plain.root / "present.html").as_uri())
    boxes = [slide.bounding_box() for slide in page.locator(".slide").all()]
    assert len(boxes) == 8 and all(box["height"] >= PROJECTOR[1] for box in boxes)
    assert [box["y"] for box in boxes] == sorted({box["y"] for box in boxes})
    page.context.close()


@needs_pdftotext
def test_one_sheet_a_question(tab, plain, tmp_path):
    tab.open(plain.root / "present.html", PROJECTOR)
    sheets = tab.pdf(tmp_path / "a.pdf")
    questions = tab.js("[...document.querySelectorAll('.slide h1')].map(h => h.textContent.trim())")
    assert len(sheets) == len(questions) == 8
    assert all(question.replace(" ", "") in sheet for question, sheet in zip(questions, sheets, strict=True))


# --- single file -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def single(tmp_path_factory) -> Path:
    import duckdb

    from dashboards.render import render_single
    from tests.unit.test_dashboards import PROGRAMME, add_quality, build
    from tests.unit.test_ranking_pages import add_ranking

    connection = duckdb.connect()
    build(connection, 100, hostile=True)
    add_quality(connection, hostile=True)
    add_ranking(connection, hostile=True)
    file = tmp_path_factory.mktemp("single") / "q.html"
    render_single(connection, PROGRAMME, "2021Q2", file)
    return file


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_single_file_opens_alone_and_asks_for_nothing(tab, single, size):
    tab.open(single, size)
    assert tab.complaints == []
    assert tab.requests == [single.as_uri()]
    assert tab.js("document.querySelectorAll('.plot .main-svg').length") > 0
    assert tab.js("document.documentElement.scrollWidth") <= size[0]
    assert tab.js("document.querySelectorAll('article.one').length") == 100


def test_links_of_the_single_file_lead_to_sections(tab, single):
    tab.open(single)
    tab.page.locator("#ranking tbody a").nth(40).click()
    assert tab.js("document.querySelector(':target').className") == "one"
    assert tab.requests[1:] == []
