"""The site in a real browser: no console error, no request, nothing wider than the screen, every county on paper.

Skips where chromium is missing. The site is made from the small warehouse of ``unit/test_dashboards``.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="没有 chromium，无法在浏览器中检查页面"),
]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]


class Browser:
    """One headless chromium, driven over its debugging protocol (one tab at a time)."""

    def __init__(self, profile: Path):
        connect = pytest.importorskip(
            "websockets.sync.client", reason="没有 websockets，无法驱动浏览器"
        ).connect
        self.process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = profile / "DevToolsActivePort"
        deadline = time.monotonic() + 30
        while not (port_file.exists() and port_file.read_text().strip()):
            assert time.monotonic() < deadline, "chromium 未能启动"
            time.sleep(0.1)
        port = port_file.read_text().split()[0]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            targets = json.load(opener.open(f"http://127.0.0.1:{port}/json", timeout=10))
            pages = [target for target in targets if target["type"] == "page"]
            if pages:
                break
            assert time.monotonic() < deadline, "chromium 没有打开页面"
            time.sleep(0.1)
        self.socket = connect(pages[0]["webSocketDebuggerUrl"], max_size=None, proxy=None)
        self.number = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; events in between are kept."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("id") == self.number:
                assert "error" not in message, message["error"]
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression (promises are awaited)."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, url: str, width: int, height: int = 1000) -> None:
        """Load a page at a width and wait until every visible figure is drawn."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        self.until(
            "[...document.querySelectorAll('.plot')].every(d => d.offsetParent === null || d.querySelector('svg'))"
        )

    def until(self, condition: str, seconds: float = 60) -> None:
        """Wait for a condition in the page."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(condition):
            assert time.monotonic() < deadline, f"等不到：{condition}"
            time.sleep(0.1)

    def complaints(self) -> list[str]:
        """Console errors and warnings, uncaught exceptions, CSP reports and failed requests since ``open``."""
        found = []
        for event in self.events:
            kind, data = event["method"], event["params"]
            if kind == "Runtime.exceptionThrown":
                found.append(data["exceptionDetails"].get("exception", {}).get("description", "exception"))
            elif kind == "Runtime.consoleAPICalled" and data["type"] in {"error", "warning", "assert"}:
                found.append(str([argument.get("value") for argument in data["args"]]))
            elif kind == "Log.entryAdded" and data["entry"]["level"] in {"error", "warning"}:
                found.append(data["entry"]["text"])
            elif kind == "Network.loadingFailed":
                found.append(data["errorText"])
            elif kind == "Page.javascriptDialogOpening":
                found.append("dialog " + data["message"])
        return found

    def requests(self) -> list[str]:
        """Addresses asked for since ``open``."""
        return [
            e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"
        ]

    def pdf(self) -> bytes:
        """The page on A4, as the print dialog would make it."""
        result = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(result["data"])

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def close(self) -> None:
        """End the browser."""
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        running = Browser(Path(profile))
        yield running
        running.close()


@pytest.fixture(scope="module")
def sites(tmp_path_factory) -> dict[str, tuple[Path, list[str]]]:
    """{plain, hostile} → (folder of the site, names of the reporters)."""
    import duckdb

    from dashboards.render import render_site
    from tests.unit.test_ranking_pages import add_ranking

    file = Path(__file__).parents[1] / "unit" / "test_dashboards.py"
    spec = importlib.util.spec_from_file_location("dashboard_builder", file)
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    made = {}
    for kind, reporters in (("plain", 30), ("hostile", 4)):
        connection = duckdb.connect()
        names = builder.build(connection, reporters, hostile=kind == "hostile")
        builder.add_quality(connection, hostile=kind == "hostile")
        add_ranking(connection, hostile=kind == "hostile")
        out = tmp_path_factory.mktemp(kind) / "site"
        render_site(connection, builder.PROGRAMME, "2021Q2", out)
        made[kind] = (out, names)
    return made


def pages_of(site: Path) -> list[Path]:
    """Every page of the site but the reporters', and one of these (the first one has a ledger)."""
    return [*sorted(site.glob("*.html")), next(iter(sorted((site / "reporters").glob("*.html"))))]


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_pages_open_without_complaint_and_fit_the_screen(browser, sites, kind, width):
    site, _ = sites[kind]
    for file in pages_of(site):
        browser.open(file.as_uri(), width)
        assert browser.complaints() == [], file.name
        assert all(url.startswith(("file://", "data:", "blob:")) for url in browser.requests()), file.name
        assert browser.evaluate("document.documentElement.scrollWidth") <= width, file.name
        # What looks wide inside must scroll in its own box, not push the page.
        assert browser.evaluate("document.body.scrollWidth") <= width, file.name


def test_figures_are_drawn_and_offer_no_upload(browser, sites):
    site, names = sites["plain"]
    browser.open((site / "index.html").as_uri(), 1400)
    assert browser.evaluate("document.querySelectorAll('.plot .main-svg').length") > 0
    titles = browser.evaluate("[...document.querySelectorAll('.modebar-btn')].map(b => b.dataset.title)")
    assert titles == ["下载图表为PNG格式"]
    assert "Share chart" not in browser.evaluate("document.body.innerText")
    browser.open((site / "indicators.html").as_uri(), 1400)
    shown = browser.evaluate(
        "[...document.querySelectorAll('.plot')[0].querySelectorAll('.ytick text')].map(t => t.textContent)"
    )
    assert {name for name in names if any(label.startswith(name) for label in shown)} == set(names)


def test_hostile_names_are_drawn_as_text(browser, sites):
    site, names = sites["hostile"]
    browser.open((site / "indicators.html").as_uri(), 1400)
    shown = browser.evaluate("[...document.querySelectorAll('.plot .ytick text')].map(t => t.textContent)")
    for name in names:
        assert any(label.startswith(name) for label in shown), (name, shown)


def test_filter_of_findings(browser, sites):
    site, _ = sites["plain"]
    browser.open((site / "quality.html").as_uri(), 1400)
    visible = "[...document.querySelectorAll('#flag-table tbody tr')].filter(r => !r.hidden).length"
    assert browser.evaluate(visible) == 91
    browser.evaluate(
        "(() => { const s = document.querySelector('[name=severity]'); s.value = 'W';"
        " s.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    assert browser.evaluate(visible) == 30
    assert browser.evaluate("document.querySelector('output').textContent") == "显示 30 处，共 91 处"


def test_rows_that_were_folded_are_shown_when_something_is_looked_for(browser, sites):
    site, _ = sites["plain"]
    browser.open((site / "reporters" / "411700.html").as_uri(), 1400)
    browser.open((site / "quality.html").as_uri(), 390)
    folded = "document.querySelectorAll('#flag-table .folded').length"
    assert browser.evaluate(folded) == 91 - 50
    browser.evaluate(
        "(() => { const s = document.querySelector('[name=text]'); s.value = '半';"
        " s.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    assert browser.evaluate(folded) == 0


def test_matrix_is_sorted_by_its_heads(browser, sites):
    site, names = sites["plain"]
    browser.open((site / "quality.html").as_uri(), 1400)
    column = "[...document.querySelectorAll('#matrix tbody tr')].map(r => [r.cells[0].textContent, r.cells[1].dataset.value])"
    click = "document.querySelectorAll('#matrix thead button')[{}].click()"
    head = "document.querySelectorAll('#matrix th')[{}].getAttribute('aria-sort')"
    browser.evaluate(click.format(1))
    rates = [float(rate) for _, rate in browser.evaluate(column)]
    assert rates == sorted(rates, reverse=True) and rates[0] == 1 and rates[-1] == 0.85
    assert browser.evaluate(head.format(1)) == "descending"
    browser.evaluate(click.format(1))
    rates = [float(rate) for _, rate in browser.evaluate(column)]
    assert rates == sorted(rates) and browser.evaluate(head.format(1)) == "ascending"
    browser.evaluate(click.format(0))
    shown = [name for name, _ in browser.evaluate(column)]
    assert sorted(shown) == sorted(names) and shown != names[: len(shown)][::-1]
    assert browser.evaluate(head.format(1)) is None


def test_history_of_an_issue_opens_and_is_open_on_paper(browser, sites):
    site, _ = sites["plain"]
    browser.open((site / "rectification.html").as_uri(), 390)
    opened = "document.querySelectorAll('details.history[open]').length"
    assert browser.evaluate(opened) == 0
    browser.evaluate("window.dispatchEvent(new Event('beforeprint')), 0")
    assert browser.evaluate(opened) == 1
    browser.evaluate("window.dispatchEvent(new Event('afterprint')), 0")
    assert browser.evaluate(opened) == 0
    browser.evaluate("document.querySelector('details.history summary').click()")
    assert "重新打开" in browser.evaluate("document.querySelector('details.history ol').innerText")
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="没有 pdftotext，无法读取打印结果")
@pytest.mark.parametrize("width", [1600, 390])
def test_every_reporter_is_on_paper(browser, sites, tmp_path, width):
    site, names = sites["plain"]
    for file in ("index.html", "indicators.html", "quality.html"):
        browser.open((site / file).as_uri(), width)
        pdf = tmp_path / "page.pdf"
        pdf.write_bytes(browser.pdf())
        text = subprocess.run(
            ["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True
        ).stdout
        squeezed = "".join(text.split())
        assert [name for name in names if name not in squeezed] == [], file


def test_figures_take_the_width_of_the_paper_and_come_back(browser, sites):
    site, _ = sites["plain"]
    browser.open(sorted((site / "reporters").glob("*.html"))[0].as_uri(), 1600)
    widths = "[...document.querySelectorAll('.plot')].filter(d => d.data).map(d => d._fullLayout.width)"
    on_screen = browser.evaluate(widths)
    assert max(on_screen) > 1000
    browser.evaluate("window.dispatchEvent(new Event('beforeprint')), 0")
    # A4 less the margins of the style sheet: 184 mm at 96 px per inch = 695 px.
    browser.until(f"{widths}.every(w => w <= 695)", 5)
    browser.evaluate("window.dispatchEvent(new Event('afterprint')), 0")
    browser.until(f"JSON.stringify({widths}) === '{json.dumps(on_screen, separators=(',', ':'))}'", 5)
