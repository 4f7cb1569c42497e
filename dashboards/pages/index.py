"""The first page: the quarter in a glance, then everybody; and the pages the long tables of it stand in.

Belongs here: tables of everybody and how they are cut. Does not belong here: the facts of a first look (``glance``), SQL, markup.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import median
from typing import Any

from markupsafe import Markup

from dashboards import figures, findings, ledger
from dashboards import format as fmt
from dashboards.pages import glance, ranking
from dashboards.pages.goals import goal_rows
from dashboards.pages.quality import PROGRESS_RULES, problems
from dashboards.pages.site import Site, base
from dashboards.theme import LIGHTS, figure_html

Row = dict[str, Any]

OVERDUE_ON_INDEX = 50
WHOLE = 200  # reporters up to which the first page has everybody
CELLS = 4000  # cells of the lights up to which it has them all (each is some 250 bytes)
EDGE = 20  # rows from either end in an excerpt
PER_PAGE = 200
NAMED = 50  # who did not send or was late
NAMED_IN_GOAL = 20
LINES = 60  # of the figure of ranks


def light_cells(site: Site) -> dict[tuple[str, str], Row]:
    """(reporter, special) → gravest light, its tasks, all tasks, whether open tasks went all unreported."""
    table: dict[tuple[str, str], Row] = {}
    grouped: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in site.lights:
        grouped[row["reporter_id"], row["special_id"]][row["light"] or "none"] = row
    for key, by_light in grouped.items():
        worst = next((light for light in LIGHTS if light in by_light), "none")
        n = by_light[worst]["tasks"] if worst in by_light else 0
        total = sum(row["tasks"] for row in by_light.values())
        table[key] = {
            "light": worst,
            "n": n,
            "total": total,
            "heavy": 3 * n >= total,
            "unreported": not sum(row["reported"] for row in by_light.values())
            and sum(row["pending"] for row in by_light.values()) > 0,
        }
    return table


def _bump(site: Site) -> Markup | None:
    """Rank by quarter; None in a first quarter and where there are more lines than an eye can follow."""
    periods = sorted({row["period"] for row in site.history if row["rank"] is not None})
    if len(periods) < 2 or len(site.ranking) > LINES:
        return None
    by_reporter: dict[str, Row] = {}
    for row in site.history:
        by_reporter.setdefault(row["reporter_id"], {})[row["period"]] = row
    latest = [row["reporter_id"] for row in site.ranking]
    rows = [
        [
            next(iter(by_reporter[reporter].values()))["reporter_name"],
            *(site.rank(reporter, by_reporter[reporter].get(p, {}).get("rank"), p) for p in periods),
        ]
        for reporter in latest
        if reporter in by_reporter
    ]
    caption = (
        f"{fmt.period_words(periods[0])}至{fmt.period_words(periods[-1])}各填报主体位次。"
        "红线、黑线为本期红榜、黑榜，灰线为其余主体。"
    )
    return figure_html(figures.rank_bump(site.history), caption, (["填报主体", *periods], rows))


# --- tables of everybody, whole or in pages ------------------------------------------------------------------------------


def ranking_rows(site: Site) -> list[Row]:
    """Every reporter in the order of rank: link, band, number of the page it stands on where there are pages, skipped 0."""
    return [
        row
        | {
            "href": site.href(row["reporter_id"]),
            "band": site.band(row["reporter_id"]),
            "page": 1 + place // PER_PAGE,
            "skipped": 0,
        }
        for place, row in enumerate(site.ranking)
    ]


def excerpt(rows: list[Row], always: set[str]) -> list[Row]:
    """The first and last ``EDGE`` rows, those of ``always``, and between them lines that say how many are left out.

    Such a line has ``skipped`` (how many) and ``page`` (where the first of them stands).
    """
    shown: list[Row] = []
    for place, row in enumerate(rows):
        if place < EDGE or place >= len(rows) - EDGE or row["reporter_id"] in always:
            shown.append(row)
        elif shown[-1]["skipped"]:
            shown[-1]["skipped"] += 1
        else:
            shown.append({"skipped": 1, "page": row["page"]})
    return shown


def tables(site: Site, always: set[str]) -> Row:
    """What ranking and lights need: on the first page all rows, or an excerpt with links to the pages."""
    rows = ranking_rows(site)
    cells = light_cells(site)
    used = {special for _, special in cells}
    long = len(rows) > WHOLE
    large = long or len(cells) > CELLS
    cut = excerpt(rows, always) if long or large else []
    scores = [row["total_score"] for row in rows if row["total_score"] is not None]
    return {
        "ranking": cut if long else rows,
        "lit": cut if large else rows,
        "total": len(rows),
        "ranking_paged": long,
        "lights_paged": large,
        "drawn": site.draws is not None,
        "draws": site.draws,
        "median_score": median(scores) if scores else None,
        "has_groups": any(row["group"] for row in rows),
        "specials": [row for row in site.specials if row["special_id"] in used],
        "cells": cells,
        "to": site.drill.href,
        # A phone shows these as a number where there are many specials.
        "calm": Counter(
            who for (who, _), cell in cells.items() if cell["light"] == "green" and not cell["unreported"]
        ),
    }


def paged(site: Site) -> Iterator[tuple[str, str, Row]]:
    """(file, template, context) of ranking-N.html and lights-N.html, where the first page has only an excerpt."""
    shared = tables(site, set())
    long, large = shared["ranking_paged"], shared["lights_paged"]
    rows = ranking_rows(site)
    pages = 1 + (len(rows) - 1) // PER_PAGE
    for name, word, wanted in (("ranking", "位次", long), ("lights", "专项亮灯", large)):
        for page in range(1, pages + 1) if wanted else ():
            part = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
            first = 1 + (page - 1) * PER_PAGE
            yield (
                f"{name}-{page}.html",
                f"{name}.html",
                base(site, name, f"{word}（第 {page} 页）")
                | shared
                | {
                    "ranking": part,
                    "lit": part,
                    "word": word,
                    "page_no": page,
                    "page_files": [f"{name}-{n}.html" for n in range(1, pages + 1)],
                    "first_place": first,
                    "last_place": first + len(part) - 1,
                },
            )


# --- the page ------------------------------------------------------------------------------------------------------------


def reporting(site: Site) -> Row:
    """Who owes a report and did not send it, who was late, and the sums beside those of the quarter before."""
    missing: dict[str, Row] = {}
    for row in site.reporting:
        if row["owed"] and not row["received"]:
            missing.setdefault(row["reporter_id"], row | {"kinds": []})["kinds"].append(
                fmt.words(fmt.KIND_WORDS, row["kind"])
            )
    late = [row for row in site.reporting if row["owed"] and row["received"] and not row["on_time"]]
    sums = {}
    for when, period in (("now", site.period), ("before", site.before or "")):
        total = site.totals.get(period, {})
        owed = total.get("reports_owed") or 0
        in_time = owed - (total.get("reports_missing") or 0) - (total.get("reports_late") or 0)
        sums[when] = {"owed": owed, "in_time": in_time, "rate": in_time / owed if owed else None}
    return {
        "missing": list(missing.values())[:NAMED],
        "missing_total": len(missing),
        "late": late[:NAMED],
        "late_total": len(late),
        "sums": sums,
    }


def index(site: Site) -> Row:
    """The leader's page."""
    first, more = glance.headline(site)
    issuer_goals, reporter_goals = goal_rows(site)
    ends = glance.ends(site)
    movers = ranking.movers(site)
    always = {row["reporter_id"] for row in site.ranking if row["list"]}
    always |= {row["reporter_id"] for row in (*movers["up"], *movers["down"])}
    return (
        base(site, "index", "总览")
        | tables(site, always)
        | {
            "headline": first,
            "lead": more[:1],
            "counts": glance.counts(site),
            "trust": glance.trust(site),
            "ends": ends,
            "movers": movers,
            "list_moves": glance.list_moves(site),
            "medians": glance.medians(site),
            "overdue": site.overdue[:OVERDUE_ON_INDEX],
            "overdue_total": len(site.overdue),
            "longest": site.overdue[0]["days_overdue"] if site.overdue else None,
            "lead_units": glance.overdue_units(site),
            "units_shown": glance.UNITS,
            "reporting": reporting(site),
            "issuer_goals": issuer_goals,
            "reporter_goals": reporter_goals,
            "named": NAMED_IN_GOAL,
            "problems": problems(site, 8, PROGRESS_RULES),
            "dimension_rates": [
                row
                | {"word": findings.DIMENSIONS[row["dimension"]], "grade": findings.grade(row["pass_rate"])}
                for row in site.dimension_totals
                if row["period"] == site.period and row["dimension"] in findings.DIMENSIONS
            ],
            "issue_sums": ledger.tally(site.issues),
            "bump": _bump(site),
            "trend": [
                row | {"words": fmt.period_words(p)}
                for p, row in sorted(site.totals.items())
                if p <= site.period
            ],
            "href": site.href,
        }
    )
