"""How long the site of 13 … 2,843 reporters takes and how large it is. Not a test: minutes, and only worth reading alone.

    .venv/bin/python benchmarks/site_scale.py [reporters …] [--browser]

The marts are those of ``tests/unit/test_dashboards`` with 18 specials of five tasks each. Printed per size: pages, bytes, seconds
of a first render, of one where nothing changed and of one where a single reporter changed, how many pages stayed, the size of the
index, of a page of the full tables and of the single file; with ``--browser`` also the milliseconds until the index stands in
Chromium (file://, 1400 px).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from dashboards import render
from tests.unit import test_dashboards as marts
from tests.unit import test_ranking_pages as ranks

SIZES = (13, 130, 1300, 2843)
COPIES = 9  # of the builder's two specials


def build(reporters: int) -> duckdb.DuckDBPyConnection:
    """Marts of so many reporters, 18 specials, 90 tasks each, two periods."""
    connection = duckdb.connect()
    marts.build(connection, reporters)
    marts.add_quality(connection)
    ranks.add_ranking(connection)
    for table in (
        "raw.specials", "raw.tasks", "raw.task_milestones", "raw.progress", "marts.task_status", "marts.special_scores",
        "marts.overdue_tasks",
    ):  # fmt: skip
        columns = {row[0] for row in connection.execute(f"describe {table}").fetchall()}
        changed = [f"{c} || '-' || n as {c}" for c in ("special_id", "task_id") if c in columns]
        if "receipt_id" in columns and table == "raw.progress":
            changed.append("row_number + 10 * n as row_number")
        if "name" in columns:
            changed.append("name || n as name")
        connection.execute(
            f"insert into {table} select s.* replace ({', '.join(changed)}) from {table} s, range(1, {COPIES}) as r(n)"
        )
    return connection


def first_view(index: Path) -> float:
    """Milliseconds until the page is loaded and painted once, best of three."""
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as p:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(3):
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            start = time.perf_counter()
            page.goto(index.as_uri(), wait_until="load")
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
            times.append(1000 * (time.perf_counter() - start))
            page.close()
        browser.close()
    return min(times)


def timed(action) -> float:
    """Seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def measure(reporters: int, browser: bool) -> None:
    """One line per size."""
    connection = build(reporters)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / marts.PROGRAMME / "2021Q2" / "site"

        def make() -> None:
            nonlocal summary
            summary = render.render_site(
                connection, marts.PROGRAMME, "2021Q2", out, memory=Path(folder) / "memory.json"
            )

        summary: render.SiteSummary | None = None
        first = timed(make)
        again = timed(make)
        connection.execute(
            "update raw.progress set summary = '新的说明' where reporter_id = '411701' and task_id = 't3'"
        )
        one = timed(make)
        kept = summary.kept
        single = render.render_single(connection, marts.PROGRAMME, "2021Q2", Path(folder) / "single.html")
        index = (out / "index.html").stat().st_size
        ranking = out / "ranking-1.html"
        lights = out / "lights-1.html"
        line = (
            f"{reporters:>5} 家：{summary.pages:>5} 页 {summary.bytes / 1e6:>7.1f} MB；首次 {first:>6.1f} s，无变化 {again:>5.1f} s，"
            f"一家变化 {one:>5.1f} s（{kept} 页未变）；index {index / 1e3:>6.0f} kB，单个文件 {single / 1e6:.2f} MB"
        )
        for page in (ranking, lights):
            if page.is_file():
                line += f"，{page.name} {page.stat().st_size / 1e3:.0f} kB"
        if browser:
            line += f"，首屏 {first_view(out / 'index.html'):.0f} ms"
        print(line, flush=True)
    connection.close()


def main() -> None:
    """Every size asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reporters", nargs="*", type=int, default=SIZES)
    parser.add_argument("--browser", action="store_true")
    asked = parser.parse_args()
    import plotly.graph_objects  # noqa: F401  (the time is that of the rendering)

    for reporters in asked.reporters:
        measure(reporters, asked.browser)


if __name__ == "__main__":
    main()
