"""The quarter as one file: everything inside, nothing from outside, 2 MB for a hundred counties; the command that writes it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from dashboards import render
from dashboards.pages import single
from orchestration.cli import cli
from tests.unit.test_dashboards import HOSTILE, PROGRAMME, Page, add_quality, build, load
from tests.unit.test_ranking_pages import add_ranking


def warehouse(reporters: int, hostile: bool = False, file: Path | None = None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(file) if file else ":memory:")
    build(connection, reporters, hostile=hostile)
    add_ranking(connection, hostile=hostile)
    add_quality(connection, hostile=hostile)
    return connection


class Scripts(HTMLParser):
    """The text of every script that would run, as a browser hashes it, and the policy."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.running: list[str] = []
        self.policy = ""
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        self._open = tag == "script" and attributes.get("type") != "application/json"
        if self._open:
            self.running.append("")

    def handle_endtag(self, tag):
        self._open = False

    def handle_data(self, data):
        if self._open:
            self.running[-1] += data


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("single") / "一页通.html"
    render.render_single(warehouse(4, hostile=True), PROGRAMME, "2021Q2", file, edition="r0 定版")
    return file


def test_only_our_own_scripts_may_run(hostile_file):
    found = Scripts(hostile_file.read_text(encoding="utf-8"))
    allowed = found.policy.split("script-src ", 1)[1].split(";", 1)[0].split()
    assert allowed == [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in found.running
    ]
    static = Path(render.__file__).parent / "static"
    assert found.running == [
        (static / name).read_text(encoding="utf-8")
        for name in ("plotly-cartesian.min.js", "plotly-zh-cn.js", "site.js")
    ]
    assert "unsafe" not in found.policy.split("script-src", 1)[1].split(";")[0]
    assert found.policy.startswith("default-src 'none'")


def test_nothing_comes_from_outside_and_every_link_stays_inside(hostile_file):
    page = Page(hostile_file)
    ids = {a["id"] for _, a in page.tags if a.get("id")}
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "action", "data"} & attributes.keys(), tag
        assert tag not in {"link", "iframe", "img", "form", "base", "object"}
        if "href" in attributes:
            assert attributes["href"].startswith("#") and attributes["href"][1:] in ids, attributes
    style = re.search(r"<style>(.*?)</style>", hostile_file.read_text(encoding="utf-8"), re.S)[1]
    assert "url(" not in style and "@import" not in style


def test_hostile_text_is_shown_literally(hostile_file):
    page = Page(hostile_file)
    for payload in HOSTILE:
        assert payload in page.text, payload
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "r0 定版" in page.text


def test_every_reporter_has_a_section(tmp_path):
    connection = warehouse(30)
    site = load(connection)
    assert len(single.single(site)["sections"]) == 30
    render.render_single(connection, PROGRAMME, "2021Q2", tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    section = text[text.index('id="r-411703"') : text.index('id="r-411704"')]
    # Reporter 3: fourth place, three tasks overdue in the first special, cause as in the warehouse.
    for words in (
        "第4名（3–5）",
        "82.00 分",
        "逾期 3",
        "指标0改善",
        "■ 逾期 30 天：任务2",
        "企业开办 <b>82.0</b>",
    ):
        assert words in section or words.replace(" ", "") in section.replace(" ", ""), words
    assert section.count("<li>■ 逾期") == 3


def test_a_hundred_counties_in_two_megabytes(tmp_path):
    size = render.render_single(warehouse(100), PROGRAMME, "2021Q2", tmp_path / "a.html")
    assert size == (tmp_path / "a.html").stat().st_size
    # The sample has nine times the specials: they may take what is left (benchmarks/site_scale.py measures it).
    assert size < 1.8e6
    again = render.render_single(warehouse(100), PROGRAMME, "2021Q2", tmp_path / "b.html")
    assert again == size and (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_quarter_without_figures_needs_no_library(tmp_path):
    connection = warehouse(4)
    connection.execute("delete from marts.unit_load")
    connection.execute("delete from marts.ranking where period = '2021Q1'")
    render.render_single(connection, PROGRAMME, "2021Q2", tmp_path / "a.html")
    (script,) = Scripts((tmp_path / "a.html").read_text(encoding="utf-8")).running
    assert script == (Path(render.__file__).parent / "static" / "site.js").read_text(encoding="utf-8")


def test_too_many_reporters_for_one_file_are_an_excerpt(tmp_path, monkeypatch):
    from dashboards.pages import index

    monkeypatch.setattr(index, "WHOLE", 50)
    render.render_single(warehouse(70), PROGRAMME, "2021Q2", tmp_path / "a.html")
    page = Page(tmp_path / "a.html")
    assert "列出 40 家，共 70 家" in page.text and "略去 30 家" in page.text
    assert all(a["href"].startswith("#") for _, a in page.tags if "href" in a)
    ids = {a["id"] for _, a in page.tags if a.get("id")}
    assert all(a["href"][1:] in ids for _, a in page.tags if "href" in a)


# --- taizhang site -----------------------------------------------------------------------------------------------


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("TAIZHANG_HOME", str(tmp_path / "home"))
    current = tmp_path / "home" / "published" / "current.duckdb"
    current.parent.mkdir(parents=True)
    warehouse(4, file=current).close()
    return lambda *arguments: CliRunner().invoke(cli, ["site", *arguments])


def test_the_command_renders_the_site_again(call, tmp_path):
    done = call("--period", "2021Q2")
    assert done.exit_code == 0, done.output
    index = tmp_path / "home" / "published" / PROGRAMME / "2021Q2" / "site" / "index.html"
    assert index.is_file() and str(index) in done.output
    assert (tmp_path / "home" / "published" / "index.html").is_file()
    told = json.loads(call("--period", "2021Q2", "--json").output)["sites"][0]
    assert told["pages"] == len(list(index.parent.rglob("*.html")))
    # Pages of one thing are remembered, outside the site.
    assert told["kept"] == len(list(index.parent.rglob("*/*.html"))) > 4
    assert not list(index.parent.rglob("*.json"))


def test_the_command_writes_one_file(call, tmp_path):
    file = tmp_path / "转发" / "q2.html"
    told = json.loads(call("--period", "2021Q2", "--single-file", str(file), "--json").output)["sites"][0]
    assert told["bytes"] == file.stat().st_size and told["edition"] == "征求意见稿"
    assert not (tmp_path / "home" / "published" / PROGRAMME).exists()


def test_the_command_says_what_is_wrong(call, tmp_path):
    nothing = call("--period", "2019Q1")
    assert nothing.exit_code == 1 and "taizhang run --period 2019Q1" in nothing.output
    assert call("--period", "2021").exit_code == 2
    (tmp_path / "plain").write_text("")
    refused = call("--period", "2021Q2", "--single-file", str(tmp_path / "plain" / "x.html"))
    assert refused.exit_code == 2 and "--single-file" in refused.output
