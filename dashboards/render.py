"""Writes the static site of one programme and period, and the portal page in front of all of them.

Belongs here: files, templates, assets, links between sites. Does not belong here: what a page says (``pages``).
The site is plain files: it opens from disk, makes no request to another host and carries its own plotly.js.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboards import findings, theme
from dashboards import format as fmt
from dashboards.pages import (
    compare,
    editions,
    goals,
    index,
    indicator,
    indicators,
    method,
    overdue,
    portal,
    present,
    quality,
    ranking,
    rectification,
    reporter,
    search,
    single,
    special,
    task,
    unit,
    units,
)
from dashboards.pages.site import Site, load, source
from dashboards.reuse import Pages
from raw.durable import being_made, swap_folder

HERE = Path(__file__).parent
ASSETS = (
    "site.js",
    "search.js",
    "compare.js",
    "present.js",
    "plotly-cartesian.min.js",
    "plotly-cartesian.LICENSE",
    "plotly-zh-cn.js",
)
# No inline script anywhere: figures are data blocks, which do not run. Plotly needs inline styles.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)


# characters of one text on a page; the longest summary of the samples has some hundred
LONGEST = 5000


class SiteSummary(NamedTuple):
    """pages: number of HTML files; bytes: size of everything written; index: path of the first page; kept: pages of
    which only the frame was made again."""

    pages: int
    bytes: int
    index: Path
    kept: int = 0


def _bounded(value: object) -> object:
    """A text in a page: a cell of 15 MB would make a page nobody can open; markup of our own is no text."""
    if isinstance(value, str) and not isinstance(value, Markup) and len(value) > LONGEST:
        return f"{value[:LONGEST]}…（共 {len(value):,} 字，全文见报送原件）"
    return value


@cache
def environment() -> Environment:
    """The template environment: autoescape always on, an undefined name is an error. One, for templates are compiled once."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_bounded,
    )
    env.globals |= {
        "csp": CSP,
        "confidence_words": findings.CONFIDENCE_WORDS,
        "css_string": theme.css_string,
        "fmt": fmt,
        "influence": findings.influence,
        "light": theme.light_html,
        "plot_defaults": theme.plot_defaults,
        "quality_grade": findings.grade,
        "source": source,
    }
    return env


def _period_links(site: Site, out_dir: Path, linked: Iterable[str] | None) -> dict[str, str | None]:
    """Period → relative link to its site, None where there is none to go to.

    ``…/<period>/site`` and ``…/<period>/editions/rN/site`` both find their siblings ``…/<other>/site``. Without an
    explicit list a period is linked when its page is on disk, so that no link leads nowhere.
    """
    home = next((folder for folder in (out_dir, *out_dir.parents) if folder.name == site.period), None)
    links: dict[str, str | None] = {}
    wanted = None if linked is None else set(linked)
    for row in site.periods:
        period = row["period"]
        if home is None or period == site.period:
            links[period] = None
            continue
        target = home.parent / period / "site" / "index.html"
        there = target.is_file() if wanted is None else period in wanted
        links[period] = quote(os.path.relpath(target, out_dir).replace(os.sep, "/")) if there else None
    return links


def _front(site: Site, out_dir: Path, linked: Iterable[str] | None) -> str | None:
    """Relative way to the folder of the portal and the dictionary; None where there is none to go to (as for periods)."""
    home = next((folder for folder in (out_dir, *out_dir.parents) if folder.name == site.period), None)
    if home is None:
        return None
    published = home.parent.parent
    there = linked is not None or (published / "dictionary.html").is_file()
    return os.path.relpath(published, out_dir).replace(os.sep, "/") + "/" if there else None


def render_site(
    connection: duckdb.DuckDBPyConnection,
    programme_id: str,
    period: str,
    out_dir: Path,
    *,
    edition: str = "征求意见稿",
    linked_periods: Iterable[str] | None = None,
    memory: Path | None = None,
) -> SiteSummary:
    """Write the site of one programme and period to ``out_dir`` (replaced as a whole, or left as it was).

    connection: reads marts, quality, ops, control, raw. edition: the mark every page carries. linked_periods: the
    periods the switcher links to; None: those whose site stands beside this one. memory: the file that knows what the
    pages in ``out_dir`` were made of, so that unchanged ones are not made again (the bytes are the same with and
    without); it stands outside the site.
    Raises ``LookupError`` when the marts hold nothing of this programme and period.
    """
    out_dir = Path(os.path.abspath(out_dir))
    site = load(connection, programme_id, period, edition)
    site.period_links = _period_links(site, out_dir, linked_periods)
    site.front = _front(site, out_dir, linked_periods)
    pages = Pages(
        environment(),
        out_dir,
        memory,
        ((kind, *sorted(table.items())) for kind, table in site.drill.slugs.items()),
    )
    texts = ((name, pages.render(name, template, context)) for name, template, context in _pages(site))
    written = _replace_folder(out_dir, texts)
    pages.remember()
    size = sum(file.stat().st_size for file in out_dir.rglob("*") if file.is_file())
    return SiteSummary(written, size, out_dir / "index.html", pages.kept)


def render_single(
    connection: duckdb.DuckDBPyConnection,
    programme_id: str,
    period: str,
    file: Path,
    *,
    edition: str = "征求意见稿",
) -> int:
    """Write the quarter as one HTML file that needs nothing beside it; returns its size in bytes.

    Styles and scripts stand inside; only these very scripts may run, by their hashes. The drawing library comes along where
    there is a figure. Raises ``LookupError`` like ``render_site``.
    """
    context = single.single(load(connection, programme_id, period, edition))
    names = (
        ("plotly-cartesian.min.js", "plotly-zh-cn.js", "site.js") if context["drawn_here"] else ("site.js",)
    )
    scripts = [(HERE / "static" / name).read_text(encoding="utf-8") for name in names]
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    text = (
        environment()
        .get_template("single.html")
        .render(
            context | {"policy": policy, "css": Markup(styles()), "scripts": [Markup(s) for s in scripts]}
        )
    )
    file = Path(os.path.abspath(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        _write(fresh, text)
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
    return file.stat().st_size


def _pages(site: Site) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file, template, context) of every page of the site."""
    yield "index.html", "index.html", index.index(site)
    yield from index.paged(site)
    yield "present.html", "present.html", present.present(site)
    yield "lists.html", "lists.html", ranking.lists(site)
    if site.goals:
        yield "goals.html", "goals.html", goals.goals(site)
    yield "overdue.html", "overdue.html", overdue.overdue(site)
    yield "units.html", "units.html", units.units(site)
    cards = indicators.cards(site)
    yield "indicators.html", "indicators.html", indicators.indicators(site, cards)
    yield from indicator.pages(site, cards)
    yield from special.pages(site, cards)
    yield from task.pages(site)
    yield from unit.pages(site)
    if len(site.ranking) > 1:
        yield "compare.html", "compare.html", compare.compare(site)
    yield "assets/search-index.js", "search-index.js", search.index(site)
    yield "quality.html", "quality.html", quality.quality(site)
    if site.rectification:
        yield "rectification.html", "rectification.html", rectification.rectification(site)
    yield "editions.html", "editions.html", editions.editions(site)
    yield "method.html", "method.html", method.method(site)
    for row in site.ranking:
        reporter_id = row["reporter_id"]
        context = reporter.reporter(site, reporter_id)
        context |= ranking.reporter(site, reporter_id) | method.reporter(site, reporter_id)
        yield f"reporters/{site.slugs[reporter_id]}.html", "reporter.html", context


def styles() -> str:
    """The style sheet of the site: the parts in the order of their names."""
    parts = sorted((HERE / "static" / "styles").glob("*.css"))
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def _replace_folder(out_dir: Path, texts: Iterable[tuple[str, str]]) -> int:
    """Write a complete sibling page by page, then swap; returns the number of pages.

    An error before the swap, also one while a page is made, leaves the old folder untouched.
    """
    written = 0
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    fresh = being_made(out_dir)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        for name, text in texts:
            file = fresh / name
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, text)
            written += name.endswith(".html")
        (fresh / "assets").mkdir(exist_ok=True)
        _write(fresh / "assets" / "site.css", styles())
        for name in ASSETS:
            shutil.copyfile(HERE / "static" / name, fresh / "assets" / name)
        swap_folder(fresh, out_dir)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)
    return written


def _write(file: Path, text: str) -> None:
    # A lone surrogate from a broken file must not stop the site; it shows as "?".
    file.write_bytes(text.encode("utf-8", "replace"))


def render_portal(connection: duckdb.DuckDBPyConnection, published_dir: Path) -> Path:
    """Write ``published_dir/index.html``: every programme and period, the newest first, with its frozen editions."""
    published_dir = Path(published_dir)
    return write_front(published_dir, "index.html", "portal.html", portal.portal(connection, published_dir))


def write_front(published_dir: Path, name: str, template: str, context: dict[str, Any]) -> Path:
    """Write one page beside the sites; readers see the old one or the new one. ``page``: the template's name."""
    page = template.removesuffix(".html")
    text = environment().get_template(template).render(context, page=page, css=Markup(styles()))
    published_dir.mkdir(parents=True, exist_ok=True)
    target = published_dir / name
    fresh = published_dir / f".{name}.new"
    _write(fresh, text)
    os.replace(fresh, target)
    return target
