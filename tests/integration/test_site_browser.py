"""The site in a real browser: quiet, offline, fitting three screens, for everybody's eyes and hands, deaf to attacks.

Skips where chromium or playwright is missing. Sites: ``conftest`` (made-up warehouses of the unit tests). Paper:
``test_site_paper``; projector: ``test_projector_browser``; finding things: ``unit/test_search``; colours: ``unit/
test_palette``; links and policy of every page: ``unit/test_dashboards``. Which acceptance check is tested where:
``docs/acceptance.md``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser import DESKTOP, PHONE, PROJECTOR, needs_browser
from tests.integration.conftest import ATTACKS
from tests.unit.test_dashboards import Page

pytestmark = [pytest.mark.integration, needs_browser]


# --- every kind of page ------------------------------------------------------------------------------------------


# Quick rules of axe: what the width of the screen or the data can change.
NARROW_RULES = (
    "scrollable-region-focusable",
    "nested-interactive",
    "link-name",
    "button-name",
    "label",
    "list",
)
# Figures without a caption sentence as their name, without a table of their numbers, or read out as loose labels.
POOR_FIGURES = """[...document.querySelectorAll('.plot')].filter(p => {
    const f = p.closest('figure'), c = f && f.querySelector('figcaption'), n = f && f.querySelector('details.numbers');
    return !(c && c.textContent.trim().length > 8 && p.getAttribute('aria-label') === c.textContent
        && n.querySelectorAll('tbody tr').length && n.querySelectorAll('thead th').length > 1
        && [...p.querySelectorAll('svg')].every(s => s.getAttribute('aria-hidden') === 'true'));
}).map(p => p.outerHTML.slice(0, 200))"""


def test_pages_are_quiet_and_fit_three_screens_and_paper(tab, plain):
    for file in plain.kinds:
        tab.open(file)
        assert tab.js(POOR_FIGURES) == [], file.name
        for size in (DESKTOP, PROJECTOR, PHONE):
            assert tab.resize(size).misplaced() == [], (file.name, size)
        assert tab.violations(only=NARROW_RULES) == [], file.name
        with tab.paper():
            assert tab.misplaced() == [], (file.name, "paper")
        assert (tab.complaints, tab.outside) == ([], []), file.name


def test_pages_meet_wcag_and_attacks_do_nothing(tab, hostile):
    for file in hostile.kinds:
        tab.open(file)
        assert (tab.complaints, tab.outside) == ([], []), file.name
        drawn = tab.js("[...document.querySelectorAll('.plot text')].map(t => t.textContent).join('\\n')")
        assert wrong_texts(drawn, hostile.marks) == [], file.name
        # An attack that became an element would be one of these; the site itself has none of them.
        alien = "document.querySelectorAll('main img, iframe, object, embed, form, base, svg[onload], a[href^=http], b b').length"
        assert tab.js(alien) == 0, file.name
        assert tab.violations() == [], file.name
        tab.resize(PHONE)
        assert tab.js("document.documentElement.scrollWidth") <= PHONE[0], file.name
        assert (tab.complaints, tab.outside) == ([], []), file.name


# Shown on some page, as long as that page exists: names, texts of clerks, files, reasons, people.
SHOWN = [
    "control.edition_changes.old",
    "control.edition_checks.problem",
    "control.editions.approved_by",
    "control.editions.reason",
    "draft.ranking.reporter_name",
    "marts.goals.forecast_basis",
    "marts.list_entries.reason",
    "marts.overdue_tasks.cooperating_units",
    "marts.overdue_tasks.last_summary",
    "marts.overdue_tasks.lead_unit",
    "marts.overdue_tasks.title",
    "marts.rank_changes.causes",
    "marts.rank_changes.gain_text",
    "marts.ranking.group",
    "marts.ranking.reporter_name",
    "marts.rectification.issue",
    "marts.rectification.measures",
    "marts.rectification.origin",
    "marts.rectification.units",
    "marts.satisfaction.group",
    "marts.score_change_items.item_name",
    "marts.task_status.lead_unit",
    "marts.task_status.title",
    "marts.unit_load.unit_name",
    "ops.quarantine.message",
    "ops.quarantine.row_json",
    "ops.receipts.path",
    "ops.receipts.reason",
    "quality.check_rules.message_zh",
    "quality.confirmed_flags.confirmed_by",
    "quality.confirmed_flags.note",
    "quality.correction_proposals.message",
    "quality.expectation_results.description",
    "quality.flags.column_name",
    "quality.flags.message",
    "quality.flags.path",
    "quality.flags.raw_value",
    "quality.flags.sheet",
    "quality.priorities.expected_basis",
    "raw.indicators.name",
    "raw.indicators.unit",
    "raw.programmes.issuer",
    "raw.programmes.title",
    "raw.progress.problems",
    "raw.progress.summary",
    "raw.rectification.status_raw",
    "raw.reporters.name",
    "raw.specials.name",
    "raw.tasks.deadline_text",
    "raw.tasks.title",
]
# These are taken apart at slashes: what stands behind the mark may end there.
DIVIDED = {"marts.rectification.units"}


def wrong_texts(text: str, marks: dict[str, str]) -> list[tuple[str, str]]:
    """Marks behind which no attack stands letter by letter (or its beginning, where a text is cut by "…")."""
    wrong = []
    for found in re.finditer(r"⟦\d+⟧", text):
        rest, column = text[found.end() : found.end() + 80], marks[found[0]]
        if not any(
            rest.startswith(attack)
            or any(rest.startswith(attack[:i] + "…") for i in range(len(attack)))
            or (column in DIVIDED and rest.startswith(attack.split("/")[0]))
            for attack in ATTACKS
        ):
            wrong.append((column, rest[:40]))
    return wrong


def test_every_text_of_the_warehouse_is_shown_letter_by_letter(hostile):
    seen = set()
    for file in sorted(hostile.root.parents[2].rglob("*.html")):
        text = Page(file).text
        assert wrong_texts(text, hostile.marks) == [], file.name
        seen |= {hostile.marks[mark] for mark in re.findall(r"⟦\d+⟧", text)}
    assert sorted(set(SHOWN) - seen) == []


# --- figures -----------------------------------------------------------------------------------------------------


def test_figures_offer_a_download_and_no_upload(tab, plain):
    tab.open(plain.root / "index.html")
    assert tab.js("document.querySelectorAll('.plot .main-svg').length") > 0
    titles = tab.js("[...document.querySelectorAll('.modebar-btn')].map(b => b.getAttribute('aria-label'))")
    assert set(titles) == {"下载图表为PNG格式"}
    # A chart with every button there is has no other way out either.
    shared = tab.js(
        "Plotly.newPlot(document.createElement('div'), [], {}, {...JSON.parse("
        "document.getElementById('plot-defaults').textContent).config, modeBarButtonsToRemove: []})"
        ".then(d => d.outerHTML)"
    )
    assert "modebar-btn" in shared and "Share" not in shared and "cloud" not in shared.lower()
    with tab.page.expect_download() as download:
        tab.page.locator(".modebar-btn").first.click()
    assert download.value.suggested_filename == "台账图.png"
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert (tab.complaints, tab.outside) == ([], [])


def test_figures_show_every_reporter(tab, plain):
    tab.open(plain.root / "indicators.html")
    first = "document.querySelectorAll('.plot')[0]"
    shown = tab.js(f"[...{first}.querySelectorAll('.ytick text')].map(t => t.textContent)")
    assert {name for name in plain.names if any(label.startswith(name) for label in shown)} == set(
        plain.names
    )


# --- keyboard ----------------------------------------------------------------------------------------------------


def test_everything_is_reached_by_the_tab_key_and_seen(tab, hostile):
    tab.open(hostile.root / "quality.html")
    wanted = {
        ".skip", ".programme a", "nav a[aria-current]", ".menu > summary", "button.sort", ".numbers > summary",
        ".modebar-btn", "[name=severity]", "[name=reporter]", "[name=rule]", "[name=text]", "#flag-table a",
    }  # fmt: skip
    reached, blind = [], []
    for _ in range(400):
        tab.page.keyboard.press("Tab")
        found = tab.js(
            """(wanted) => {
                const e = document.activeElement;
                if (e === document.body) return null;
                const s = getComputedStyle(e);
                return [wanted.filter(w => e.matches(w)), s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1,
                        e.outerHTML.slice(0, 120)];
            }""",
            sorted(wanted),
        )
        if found is None:
            break
        reached += found[0]
        blind += [] if found[1] else [found[2]]
    assert set(reached) == wanted and blind == []
    assert reached[0] == ".skip"  # the first stop leads past the masthead


def test_what_scrolls_sideways_is_moved_by_the_keyboard(tab, plain):
    tab.open(plain.root / "units.html", PHONE)
    wide = "[...document.querySelectorAll('.scroll')].filter(b => b.scrollWidth > b.clientWidth + 1)"
    tab.until(f"{wide}.length > 0 && {wide}.every(b => b.tabIndex === 0)")
    box = tab.page.locator(".scroll[tabindex='0']").first
    box.focus()
    tab.page.keyboard.press("ArrowRight")
    tab.until("document.activeElement.scrollLeft > 0")
    tab.resize(DESKTOP).until("document.querySelectorAll('.scroll[tabindex]').length === 0")


def test_menu_closes_by_escape(tab, plain):
    tab.open(plain.root / "index.html")
    tab.page.locator("nav .menu > summary").focus()
    tab.page.keyboard.press("Enter")
    tab.until("document.querySelector('nav .menu').open")
    tab.page.keyboard.press("Tab")
    assert tab.js("document.activeElement.textContent") == plain.names[0]
    tab.page.keyboard.press("Escape")
    assert tab.js("[document.querySelector('nav .menu').open, document.activeElement.tagName]") == [
        False,
        "SUMMARY",
    ]


def test_search_shows_attacks_as_text(tab, hostile):
    options = "[...document.querySelectorAll('.search [role=option]')].map(o => o.textContent)"
    tab.open(hostile.root / "index.html")
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("县")
    tab.until(f"{options}.length > 0")
    found = "\n".join(tab.js(options))
    assert "⟦" in found and wrong_texts(found, hostile.marks) == []
    assert tab.js("document.querySelectorAll('.search [role=option] :not(small)').length") == 0
    assert tab.violations(".search") == [] and (tab.complaints, tab.outside) == ([], [])


# --- tables ------------------------------------------------------------------------------------------------------


def test_filter_of_findings(tab, plain):
    tab.open(plain.root / "quality.html")
    visible = "[...document.querySelectorAll('#flag-table tbody tr')].filter(r => !r.hidden).length"
    assert tab.js(visible) == 91
    tab.page.select_option("[name=severity]", "W")
    assert tab.js(visible) == 30
    assert tab.js("document.querySelector('.filters output').textContent") == "显示 30 处，共 91 处"


def test_rows_that_were_folded_are_shown_when_something_is_looked_for(tab, plain):
    tab.open(plain.root / "quality.html", PHONE)
    folded = "document.querySelectorAll('#flag-table .folded').length"
    assert tab.js(folded) == 91 - 50
    tab.page.fill("[name=text]", "半")
    assert tab.js(folded) == 0


def test_matrix_is_sorted_by_its_heads(tab, plain):
    tab.open(plain.root / "quality.html")
    column = "[...document.querySelectorAll('#matrix tbody tr')].map(r => [r.cells[0].textContent, r.cells[1].dataset.value])"
    head = "document.querySelectorAll('#matrix th')[1].getAttribute('aria-sort')"
    buttons = tab.page.locator("#matrix thead button")
    buttons.nth(1).press("Enter")
    rates = [float(rate) for _, rate in tab.js(column)]
    assert rates == sorted(rates, reverse=True) and rates[0] == 1 and rates[-1] == 0.85
    assert tab.js(head) == "descending"
    buttons.nth(1).press("Enter")
    rates = [float(rate) for _, rate in tab.js(column)]
    assert rates == sorted(rates) and tab.js(head) == "ascending"
    buttons.nth(0).press("Enter")
    shown = [name for name, _ in tab.js(column)]
    assert sorted(shown) == sorted(plain.names) and shown != plain.names[::-1]
    assert tab.js(head) is None


def test_history_of_an_issue_opens(tab, plain):
    tab.open(plain.root / "rectification.html", PHONE)
    assert tab.js("document.querySelectorAll('details.history[open]').length") == 0
    tab.page.locator("details.history > summary").first.press("Enter")
    assert "重新打开" in tab.js("document.querySelector('details.history ol').innerText")
    assert tab.misplaced() == []
