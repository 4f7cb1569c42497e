"""A county can recompute its own score from its page: the numbers are read from the HTML and added up with plain Python.

Nothing of the project's own arithmetic is used for the sums; formulas are those printed on the method page. Programmes: those of
the session (sample, the oracle's awkward ones, conformance and reference sets where present), the last quarter of each.
"""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import duckdb
import pytest

from dashboards import render
from dashboards.pages import method, ranking, reporter
from dashboards.pages.site import Site, load

pytestmark = pytest.mark.integration
REPORTERS = 4  # of one programme, spread over its ranking


class Tables(HTMLParser):
    """The tables of a page as rows of cell texts; a row knows the data-special of its body. End tags may be missing."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tables: dict[str, list[tuple[str | None, list[str]]]] = {}
        self.table: list[tuple[str | None, list[str]]] | None = None
        self.special: str | None = None
        self.in_cell = False
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "table":
            names = (values.get("class") or "").split()
            self.table = self.tables.setdefault(names[-1] if names else "", [])
        elif tag in {"tbody", "tfoot", "thead"}:
            self.special = values.get("data-special")
        elif tag == "tr" and self.table is not None:
            self.table.append((self.special, []))
        elif tag in {"td", "th"} and self.table:
            self.table[-1][1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag == "table":
            self.table = None
        if tag in {"td", "th", "tr", "tbody", "table"}:
            self.in_cell = False

    def handle_data(self, data):
        self.text += data
        if self.in_cell and self.table:
            self.table[-1][1][-1] += data


def number(text: str) -> float | None:
    """A number as the page writes it; a dash or nothing is none."""
    text = text.strip().replace(",", "").replace("−", "-")
    return None if text in {"", "—"} else float(text)


def weighted(pairs: list[tuple[float, float]]) -> float | None:
    """Σ weight·score ÷ Σ weight; none without any."""
    below = sum(weight for weight, _ in pairs)
    return sum(weight * score for weight, score in pairs) / below if below else None


def geometric(pairs: list[tuple[float, float]]) -> float | None:
    """The same on [1, 100]: exp(Σ weight·ln(1 + 0.99·score) ÷ Σ weight), and back."""
    logs = weighted([(weight, math.log(1 + 0.99 * score)) for weight, score in pairs])
    return None if logs is None else (math.exp(logs) - 1) / 0.99


def total_by_hand(rows: list[tuple[str | None, list[str]]], over=weighted) -> tuple[float | None, float]:
    """(total from weights and scores, sum of the points) of the check table: first row of a body is its special.

    over: the mean over specials and over components; inside a special it is ``weighted``.
    """
    specials: dict[str, list[list[str]]] = {}
    rest = []
    for special, cells in rows:
        (specials.setdefault(special, []) if special else rest).append(cells)
    components: list[list[tuple[float, float]]] = [[], []]
    points = 0.0
    for head, *items in specials.values():
        for column in (2, 3):
            scored = [
                (number(cells[1]), score) for cells in items if (score := number(cells[column])) is not None
            ]
            mean = weighted(scored)
            if mean is not None:
                # What the page says of the special is the mean of its items.
                assert number(head[column]) == pytest.approx(mean, abs=1e-5)
                components[column - 2].append((number(head[1]), mean))
        points += sum(number(cells[5]) or 0.0 for cells in items if len(cells) == 7)
    weights = [number(cells) for cells in rest[-1][2:4]]
    sums = [over(pairs) for pairs in components]
    return over([(w, s) for w, s in zip(weights, sums, strict=True) if s is not None]), points


def duels_by_hand(rows: list[tuple[str | None, list[str]]], opponents: int) -> float:
    """100·(wins + ½·draws) ÷ opponents from the weights won and lost; whom one never met is a draw."""
    results = [
        (number(won) > number(lost)) - (number(won) < number(lost)) for _, (_, won, lost, *_) in rows[1:]
    ]
    return 100 * (results.count(1) + (results.count(0) + opponents - len(results)) / 2) / opponents


def last_quarters(connection: duckdb.DuckDBPyConnection) -> list[Site]:
    """What the pages of the last quarter of every programme are made from."""
    found = connection.execute(
        "select programme_id, max(period) from marts.ranking group by programme_id order by 1"
    ).fetchall()
    return [load(connection, programme, period, "征求意见稿") for programme, period in found]


@pytest.fixture(scope="module")
def sites(built) -> list[Site]:
    from orchestration.warehouse import reader

    with reader(built.settings.current) as connection:
        return last_quarters(connection)


def page_of(site: Site, reporter_id: str) -> Tables:
    context = reporter.reporter(site, reporter_id)
    context |= ranking.reporter(site, reporter_id) | method.reporter(site, reporter_id)
    return Tables(render.environment().get_template("reporter.html").render(context))


def some(ranking: list[dict]) -> list[dict]:
    """At most ``REPORTERS`` of a ranking, from its first to its last."""
    step = max(1, math.ceil(len(ranking) / REPORTERS))
    return [*ranking[::step], ranking[-1]]


def test_totals_are_made_again_from_their_pages(sites):
    checked = 0
    for site in sites:
        how = site.parameter("aggregation", None)
        ranked = sum(row["rank"] is not None for row in site.ranking)
        for row in some(site.ranking):
            page = page_of(site, row["reporter_id"])
            total, points = total_by_hand(page.tables["sums"], geometric if how == "geometric" else weighted)
            where = (site.programme_id, site.period, row["reporter_id"])
            if row["total_score"] is None:
                assert total is None or how == "copeland", where
                continue
            if how == "copeland":
                total = duels_by_hand(page.tables["duels"], ranked - 1)
            # A weight on the page has six decimals: half a step off, times 100 points, above and below the line.
            assert total == pytest.approx(row["total_score"], abs=1e-4), where
            if how == "arithmetic":
                assert points == pytest.approx(row["total_score"], abs=5e-4), where
            shown = re.search(r"综合得分 ([\d.]+) = ", page.text)
            assert shown and float(shown[1]) == pytest.approx(total, abs=0.00501), where
            assert "权重或方法有过调整" not in page.text, where
            checked += 1
    assert checked >= 2 * REPORTERS  # both programmes of the sample


def test_the_worked_example_ends_at_the_published_total(sites):
    for site in sites:
        context = method.method(site)
        if context["example"] is None:
            # nobody has a total of its own: none at all, or the sums of sub-units only
            ranked = [row for row in site.ranking if row["rank"] is not None]
            assert all(row["reporter_id"] in site.sub_units for row in ranked), site.programme_id
            continue
        page = Tables(render.environment().get_template("method.html").render(context))
        example = page.text[page.text.index("九、算例") :]
        reporter = context["example"]["reporter"]
        assert reporter["reporter_name"] in example
        # Specials, their weights and scores stand in the last table of the page.
        if site.parameter("aggregation", None) != "arithmetic":
            continue
        rows = [cells for _, cells in page.tables["columns3"] if len(cells) == 4]
        sums = [
            weighted([(number(c[1]), number(c[column])) for c in rows[1:] if number(c[column]) is not None])
            for column in (2, 3)
        ]
        weights = (site.parameter("weight_tasks", None), site.parameter("weight_indicators", None))
        total = weighted([(w, s) for w, s in zip(weights, sums, strict=True) if s is not None])
        assert total == pytest.approx(reporter["total_score"], abs=2e-5), site.programme_id
        shown = re.search(r"公布的综合得分 ([\d.]+)", example)
        assert shown and float(shown[1]) == pytest.approx(total, abs=0.00501), site.programme_id
