"""Debian's Chromium for tests of pages, driven by Playwright: a tab that remembers what it complained about and asked for.

Belongs here: starting the browser, opening a page until its figures are drawn, what can be measured on any page, the
pages of a site to look at. Does not belong here: what a page must show (tests), how a site is made (``integration/
conftest``). Playwright is imported when a browser starts.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or importlib.util.find_spec("playwright") is None,
    reason="没有 chromium 或 playwright，无法在浏览器中检查页面",
)
needs_pdftotext = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="没有 pdftotext，无法读取打印结果"
)
DESKTOP, PROJECTOR, PHONE = (1400, 1000), (1280, 720), (390, 844)
SHEET = 695

# Every figure that is not folded away has its drawing, or said that it has none.
DRAWN = """[...document.querySelectorAll('.plot')]
    .every(d => d.offsetParent === null || d.querySelector('svg'))"""

# Figures take the width of their place again after the screen has changed.
FOLLOWED = """[...document.querySelectorAll('.plot')]
    .every(d => !d._fullLayout || d.offsetParent === null
        || Math.abs(d._fullLayout.width - d.getBoundingClientRect().width) <= 1)"""


class Tab:
    """One page of the browser. ``page`` is Playwright's; ``complaints`` and ``requests`` count from the last ``open``."""

    def __init__(self, page: Page):
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"exception {error}"))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed {request.url}"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", self._asked)

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.complaints.append(f"{message.type} {message.text}")

    def _asked(self, dialog: Any) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def open(self, file: Path, size: tuple[int, int] = DESKTOP) -> Tab:
        """Load a file and wait until every visible figure is drawn."""
        self.complaints.clear()
        self.requests.clear()
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.goto(file.as_uri())
        return self.until(DRAWN)

    def resize(self, size: tuple[int, int]) -> Tab:
        """Another screen for the page that is open; figures take a moment to follow."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        return self.until(FOLLOWED)

    def until(self, condition: str, seconds: float = 30) -> Tab:
        """Wait for a condition in the page. (Playwright's own wait needs ``eval``, which the policy forbids.)"""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < deadline, f"等不到：{condition}"
            self.page.wait_for_timeout(30)
        return self

    def js(self, expression: str, argument: Any = None) -> Any:
        """The value of a JavaScript expression or function."""
        return self.page.evaluate(expression, argument)

    @property
    def outside(self) -> list[str]:
        """Requests since ``open`` that left the folder of the site."""
        return [url for url in self.requests if not url.startswith(("file://", "data:", "blob:"))]

    def violations(self, part: str | None = None, *, only: Sequence[str] = ()) -> list[str]:
        """What axe-core finds against WCAG 2 A and AA on the page (or a part of it), one line a rule with the first
        element; ``only``: these rules.

        Without ``preload``: axe would ask for the style sheet by XHR, which the policy of the pages forbids.
        """
        from axe_playwright_python.sync_playwright import Axe

        options = {
            "runOnly": list(only) or ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
            "resultTypes": ["violations"],
            "preload": False,
        }
        # Axe().run would read axe into the page every time and bring back a description of every rule.
        if not self.js("'axe' in window"):
            self.js(Axe().axe_script)
        found = self.js(
            """([part, options]) => axe.run(part || document, options)
                .then(r => r.violations.map(v => ({id: v.id, nodes: v.nodes.map(n => n.html)})))""",
            [part, options],
        )
        return [f"{v['id']} ×{len(v['nodes'])}: {v['nodes'][0][:160]}" for v in found]

    def misplaced(self) -> list[str]:
        """What does not fit: a page wider than the screen, blocks outside it, text cut off or lying on other text.

        A box that scrolls by itself (``.scroll``) may hold wider things, a folded one has no place.
        """
        return self.js(MISPLACED)

    @contextmanager
    def paper(self) -> Iterator[None]:
        """The open page as it is laid out on A4: 184 mm (695 px) between the margins of ``90-print.css``."""
        self.page.emulate_media(media="print")
        self.page.set_viewport_size({"width": SHEET, "height": 1000})
        self.js("window.dispatchEvent(new Event('beforeprint')), 0")
        self.until(
            f"[...document.querySelectorAll('.plot')].filter(d => d.data).every(d => d._fullLayout.width <= {SHEET})"
        )
        try:
            yield
        finally:
            self.page.emulate_media(media="screen")

    def pdf(self, file: Path) -> list[str]:
        """Print to ``file`` on A4 as the print dialog would; the text of each sheet without any white space."""
        file.write_bytes(self.page.pdf(prefer_css_page_size=True, print_background=True))
        text = subprocess.run(
            ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True
        ).stdout
        return ["".join(sheet.split()) for sheet in text.split("\f")[:-1]]


MISPLACED = """() => {
  const wide = document.documentElement.clientWidth, found = [];
  const name = e => e.tagName.toLowerCase() + (typeof e.className === 'string' && e.className ? '.' + e.className : '')
    + ' “' + e.textContent.trim().slice(0, 30) + '”';
  if (document.documentElement.scrollWidth > wide) found.push('page is ' + document.documentElement.scrollWidth + ' wide');
  const shown = e => e.checkVisibility({checkVisibilityCSS: true}) && !e.closest('.sr, .skip')
    && e.getBoundingClientRect().width > 1;
  const scrolls = e => { const s = e.closest('.scroll'); return s && s !== e; };
  const blocks = [...document.querySelectorAll('h1, h2, h3, table, figure, nav, .count, section, p, button, select, input')]
    .filter(e => shown(e) && !scrolls(e) && !e.closest('.menu'));
  for (const e of blocks) {
    const r = e.getBoundingClientRect();
    if (r.left < -1 || r.right > wide + 1) found.push('outside: ' + name(e) + ' ' + Math.round(r.left) + '–' + Math.round(r.right));
  }
  // Text that is cut: content wider than a box that hides what stands over, unless it says so with an ellipsis.
  for (const e of document.querySelectorAll('main td, main th, .count, .count *, h1, h2, h3, main p, main li, main a')) {
    if (!shown(e)) continue;
    const s = getComputedStyle(e);
    if (s.overflowX !== 'visible' && s.textOverflow !== 'ellipsis' && s.display !== 'inline' && e.scrollWidth > e.clientWidth + 1)
      found.push('cut: ' + name(e));
  }
  for (const e of document.querySelectorAll('.plot text')) {
    const r = e.getBoundingClientRect(), p = e.closest('.plot').getBoundingClientRect();
    if (r.width && (r.right > p.right + 2 || r.left < p.left - 2)) found.push('cut in figure: ' + name(e));
  }
  // Blocks do not lie on each other, nor does the text of neighbouring cells. A floated box may lie in the box of a text,
  // so of texts the lines are compared.
  const meet = (p, q) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2
    && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 3;
  const lines = e => {
    if (/TABLE|FIGURE|DIV/.test(e.tagName)) return [e.getBoundingClientRect()];
    const r = document.createRange(); r.selectNodeContents(e); return [...r.getClientRects()];
  };
  const collide = (a, b) => meet(a.getBoundingClientRect(), b.getBoundingClientRect())
    && lines(a).some(p => lines(b).some(q => meet(p, q)));
  const apart = [...document.querySelectorAll('main h1, main h2, main h3, main p, main table, main figure, main .count')]
    .filter(e => shown(e) && (e.tagName === 'TABLE' || !e.closest('table')) && !e.closest('.plot'));
  for (let i = 0; i < apart.length; i++) for (let j = i + 1; j < Math.min(apart.length, i + 6); j++) {
    const a = apart[i], b = apart[j];
    if (!a.contains(b) && !b.contains(a) && collide(a, b)) found.push('overlap: ' + name(a) + ' / ' + name(b));
  }
  for (const row of document.querySelectorAll('main tr')) {
    const cells = [...row.cells].filter(shown);
    for (let i = 1; i < cells.length; i++)
      if (collide(cells[i - 1], cells[i])) found.push('cells overlap: ' + name(cells[i - 1]) + ' / ' + name(cells[i]));
  }
  return found.slice(0, 8);
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser. While it runs, this thread has a running event loop: keep it to one module of tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def kinds_of(site: Path) -> list[Path]:
    """Every page of the site's root, and of each folder below it the fullest: one page of every kind."""
    folders = sorted({file.parent for file in site.rglob("*.html")} - {site})
    return [
        *sorted(site.glob("*.html")),
        *(max(sorted(folder.glob("*.html")), key=lambda file: file.stat().st_size) for folder in folders),
    ]
