"""A site of many reporters: pages of long tables, and pages that stay as they are (benchmarks/site_scale.py has the large sizes)."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from dashboards import render, reuse
from dashboards.pages import index
from tests.unit.test_dashboards import PROGRAMME, Page, build, load, snapshot
from tests.unit.test_ranking_pages import add_ranking

PERIOD = "2021Q2"


def warehouse(reporters: int = 4) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    build(connection, reporters)
    add_ranking(connection)
    return connection


# --- long tables ---------------------------------------------------------------------------------------------------


def test_above_the_limit_the_first_page_has_an_excerpt_and_the_rest_stands_in_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "WHOLE", 60)
    monkeypatch.setattr(index, "PER_PAGE", 30)
    connection = warehouse(70)
    connection.execute("update marts.ranking set list = 'black' where rank = 35 and period = ?", [PERIOD])
    out = tmp_path / "site"
    monkeypatch.setattr(
        render, "_pages", lambda site: [("index.html", "index.html", index.index(site)), *index.paged(site)]
    )
    render.render_site(connection, PROGRAMME, PERIOD, out)
    assert sorted(p.name for p in out.glob("ranking-*.html")) == [f"ranking-{n}.html" for n in (1, 2, 3)]
    assert sorted(p.name for p in out.glob("lights-*.html")) == [f"lights-{n}.html" for n in (1, 2, 3)]
    text = (out / "index.html").read_text(encoding="utf-8")
    table = text[text.index('id="ranking"') : text.index("</table>", text.index('id="ranking"'))]
    named = [int(n) for n in re.findall(r">第(\d+)县<", table)]
    assert named == [*range(1, 21), 35, *range(51, 71)]
    assert re.findall(r"略去 (\d+) 家，见<a href=\"(ranking-\d\.html)\"", table) == [
        ("14", "ranking-1.html"), ("15", "ranking-2.html"),
    ]  # fmt: skip
    everybody = []
    for page in (1, 2, 3):
        text = (out / f"ranking-{page}.html").read_text(encoding="utf-8")
        everybody += [int(n) for n in re.findall(r'<td class="name"><a href="[^"]+">第(\d+)县<', text)]
    assert everybody == list(range(1, 71))
    lit = [
        int(n)
        for page in (1, 2, 3)
        for n in re.findall(
            r'<th scope="row"><a [^>]+>第(\d+)县<', (out / f"lights-{page}.html").read_text(encoding="utf-8")
        )
    ]
    assert lit == list(range(1, 71))
    second = Page(out / "ranking-2.html")
    assert "按位次列第 31–60 家，共 70 家" in second.text
    assert {"ranking-1.html", "ranking-3.html"} <= {a.get("href") for _, a in second.tags}


def test_many_specials_cut_the_lights_only(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "CELLS", 90)
    site = load(warehouse(50))  # two specials: 100 cells
    context = index.index(site)
    assert (context["ranking_paged"], context["lights_paged"]) == (False, True)
    assert len(context["ranking"]) == 50 and sum(row["skipped"] for row in context["lit"]) == 10
    assert [name for name, _, _ in index.paged(site)] == ["lights-1.html"]


def test_up_to_the_limit_there_are_no_pages(tmp_path):
    site = load(warehouse(30))
    assert list(index.paged(site)) == []
    assert [row["reporter_id"] for row in index.index(site)["ranking"]] == [
        r["reporter_id"] for r in site.ranking
    ]


# --- unchanged pages -----------------------------------------------------------------------------------------------


def rendered(connection, out: Path, memory: Path | None) -> tuple[dict[str, bytes], int]:
    summary = render.render_site(connection, PROGRAMME, PERIOD, out, memory=memory)
    return snapshot(out), summary.kept


KINDS = re.compile(r"(reporters/.*|tasks/t[13]|specials/s0)\.html")


def few(site):
    """Only pages of one thing, and not all of these: the others are made anew in any case."""
    return (page for page in EVERY(site) if KINDS.fullmatch(page[0]))


EVERY = render._pages


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return warehouse()


@pytest.fixture(scope="module")
def once(connection, tmp_path_factory) -> Path:
    """A folder with ``site`` and what is remembered of it."""
    folder = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(render, "_pages", few)
        rendered(connection, folder / "site", folder / "cache" / "pages.json")
    return folder


@pytest.fixture
def places(once, tmp_path, monkeypatch) -> tuple[dict[str, bytes], Path, Path]:
    """(pages of the first rendering, folder of a copy of it, its memory)."""
    monkeypatch.setattr(render, "_pages", few)
    shutil.copytree(once, tmp_path / "copy")
    return snapshot(once / "site"), tmp_path / "copy" / "site", tmp_path / "copy" / "cache" / "pages.json"


@contextmanager
def changed(connection: duckdb.DuckDBPyConnection, statement: str) -> Iterator[None]:
    connection.execute("begin")
    try:
        connection.execute(statement)
        yield
    finally:
        connection.execute("rollback")


def in_folders(pages: dict[str, bytes]) -> int:
    return sum(name.endswith(".html") and "/" in name for name in pages)


def test_nothing_changed_nothing_is_made_again(connection, tmp_path):
    out, memory = tmp_path / "site", tmp_path / "cache" / "pages.json"
    first, kept = rendered(connection, out, memory)
    assert kept == 0
    again, kept = rendered(connection, out, memory)
    assert again == first and kept == in_folders(first) > 4
    assert rendered(connection, tmp_path / "full", None)[0] == first


@pytest.mark.parametrize(
    "change",
    [
        "update raw.progress set summary = '新的说明' where reporter_id = '411701' and task_id = 't3'",
        "update marts.ranking set total_score = 99 where reporter_id = '411702' and period = '2021Q2'",
        "update marts.indicator_scores set value = 7.5 where reporter_id = '411703'",
        # Only the frame of all the others changes: one file more has come.
        "insert into ops.receipts by name select * replace ('new' as receipt_id) from ops.receipts where receipt_id = 'r1'",
        "update raw.programmes set title = '</main><main id=\"main\">'",
        "update raw.reporters set name = '新名' where reporter_id = '411700'",
        "update raw.specials set name = '改名' where special_id = 's1'",
        "delete from marts.rank_changes where reporter_id = '411701'",
        "update control.periods set as_of = '2021-07-14 00:00:00+08'",
    ],
)
def test_whatever_changes_the_result_is_that_of_a_full_rendering(connection, places, tmp_path, change):
    _, out, memory = places
    with changed(connection, change):
        partly, _ = rendered(connection, out, memory)
        fully, _ = rendered(connection, tmp_path / "full", None)
    assert partly == fully


def test_one_county_s_words_leave_the_pages_of_the_others(connection, places):
    first, out, memory = places
    with changed(
        connection, "update raw.progress set problems = '无' where reporter_id = '411701' and task_id = 't3'"
    ):
        second, kept = rendered(connection, out, memory)
    changes = {name for name in first if first[name] != second[name]}
    assert "reporters/411701.html" in changes
    assert not {f"reporters/41170{n}.html" for n in (0, 2, 3)} & changes and kept >= 3


def test_an_old_page_is_only_taken_when_it_is_the_one_remembered(connection, places):
    first, out, memory = places
    page = out / "reporters" / "411701.html"
    page.write_text(page.read_text(encoding="utf-8").replace("第2县", "别人"), encoding="utf-8")
    (out / "reporters" / "411702.html").unlink()
    again, kept = rendered(connection, out, memory)
    assert again == first and kept == in_folders(first) - 2


@pytest.mark.parametrize("text", [b"", b"[]", b'{"sources": 1}', b"\xff"])
def test_a_memory_that_cannot_be_read_is_none(connection, places, text):
    first, out, memory = places
    memory.write_bytes(text)
    assert rendered(connection, out, memory) == (first, 0)
    assert json.loads(memory.read_text(encoding="utf-8"))["pages"].keys() == {
        name for name in first if name.endswith(".html")
    }


def test_other_code_makes_every_page_again(connection, places, monkeypatch):
    _, out, memory = places
    known = json.loads(memory.read_text(encoding="utf-8"))["sources"]
    monkeypatch.setattr(reuse, "sources", lambda: "another template")
    assert rendered(connection, out, memory)[1] == 0
    assert json.loads(memory.read_text(encoding="utf-8"))["sources"] != known


def test_a_failure_forgets_nothing(connection, places, monkeypatch):
    first, out, memory = places
    before = memory.read_bytes()

    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(render, "_write", broken)
    with pytest.raises(OSError, match="disk full"):
        rendered(connection, out, memory)
    assert memory.read_bytes() == before and snapshot(out) == first
