"""The quarter on a projector: one question on each screen, its answer in letters that are read from the last row.

Belongs here: which facts a screen has room for. Does not belong here: the facts themselves (``glance``), SQL, markup, turning over
(``static/present.js``).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from dashboards import findings
from dashboards.pages import glance, ranking
from dashboards.pages.goals import goal_rows
from dashboards.pages.site import Site, base

Row = dict[str, Any]

LINES = 5  # of a list on one screen
SPECIALS = 7


def special_lights(site: Site) -> list[Row]:
    """Specials with overdue or lagging tasks: red, yellow, how many reporters; most red first, then most yellow."""
    table: dict[str, Row] = {}
    for row in site.lights:
        if row["light"] in ("red", "yellow") and row["tasks"]:
            special = table.setdefault(row["special_id"], {"red": 0, "yellow": 0, "who": set()})
            special[row["light"]] += row["tasks"]
            special["who"].add(row["reporter_id"])
    names = {row["special_id"]: row["name"] for row in site.specials}
    rows = [
        {
            "name": names.get(key) or key,
            "red": row["red"],
            "yellow": row["yellow"],
            "reporters": len(row["who"]),
        }
        for key, row in table.items()
    ]
    return sorted(rows, key=lambda row: (-row["red"], -row["yellow"], row["name"]))


def overdue_reporters(site: Site) -> list[tuple[str, int]]:
    """(name, overdue tasks), most first."""
    return Counter(row["reporter_name"] for row in site.overdue).most_common()


def present(site: Site) -> Row:
    """Context of present.html."""
    first, more = glance.headline(site)
    issuer, own = goal_rows(site)
    specials = special_lights(site)
    movers = ranking.movers(site)
    for row in (*movers["up"], *movers["down"]):
        row["cause"] = glance.short((row["causes"] or "").partition("；")[0], 34)
    questions = [
        ("overall", "总体怎样"),
        ("ends", "谁在前、谁在后，为什么"),
        ("overdue", "谁逾期，谁负责"),
        ("lights", "哪些专项亮灯"),
        ("moves", "位次怎样变了"),
        *([("goals", "目标到了吗")] if issuer or own else []),
        ("trust", "数据可信吗"),
        ("next", "下一步"),
    ]
    return base(site, "present", "投影") | {
        "questions": questions,
        "headline": first,
        "lead": more[:1],
        "counts": glance.counts(site),
        "ends": glance.ends(site),
        "ends_shown": glance.ENDS,
        "units": glance.overdue_units(site)[:LINES],
        "reporters": overdue_reporters(site)[:LINES],
        "longest": site.overdue[0] if site.overdue else None,
        "overdue_total": len(site.overdue),
        "special_rows": specials[:SPECIALS],
        "specials_lit": len(specials),
        "specials_total": len({row["special_id"] for row in site.lights}),
        "movers": movers,
        "list_moves": glance.list_moves(site),
        "issuer_goals": issuer,
        "unmet": [goal for goal in issuer if goal["met"] is False],
        "own_goals": own[: LINES if not issuer else 4],
        "own_total": len(own),
        "trust": glance.trust(site),
        "dimension_rates": [
            row | {"word": findings.DIMENSIONS[row["dimension"]], "grade": findings.grade(row["pass_rate"])}
            for row in site.dimension_totals
            if row["period"] == site.period and row["dimension"] in findings.DIMENSIONS
        ],
        "steps": glance.next_steps(site),
        "short": glance.short,
    }
