"""The quarter in one file for forwarding: what the first page says, and every reporter as a short section.

Belongs here: what such a file has room for (2 MB for a hundred counties, of which the drawing library takes 1.5). Does not belong
here: the facts (``glance``, ``index``), styles and scripts going inside (``render``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from functools import partial
from typing import Any

from dashboards import figures
from dashboards.pages import glance, index, units
from dashboards.pages.site import Site
from dashboards.theme import Drawing

Row = dict[str, Any]

OVERDUE_EACH = 8
OVERDUE = 20
UNITS = 10


class OneFile(Site):
    """The same site where everything stands on one page: links lead to sections."""

    @classmethod
    def of_site(cls, site: Site) -> OneFile:
        """A copy that shares all rows."""
        return cls(**{field.name: getattr(site, field.name) for field in fields(site) if field.init})

    def href(self, reporter_id: str | None, prefix: str = "") -> str | None:
        """Link to a reporter's section; None when it has none."""
        name = self.slugs.get(reporter_id or "")
        return f"#r-{name}" if name else None


def sections(site: Site, shown: set[str], cells: dict[tuple[str, str], Row]) -> list[Row]:
    """One section per reporter in the order of rank: place, why it moved, its specials with their lights, its overdue tasks."""
    overdue: dict[str, list[Row]] = defaultdict(list)
    for task in site.overdue:
        overdue[task["reporter_id"]].append(task)
    table = []
    for row in site.ranking:
        reporter_id = row["reporter_id"]
        if reporter_id not in shown:
            continue
        change = next(iter(site.of("rank_changes", reporter_id)), None)
        specials = []
        for special in site.specials:
            score = site.special_scores.get((reporter_id, special["special_id"]))
            cell = cells.get((reporter_id, special["special_id"]))
            if cell or (score and score["score"] is not None):
                specials.append(
                    {
                        "name": special["name"] or special["special_id"],
                        "score": score["score"] if score else None,
                        "cell": cell if cell and cell["light"] in ("red", "yellow", "blue") else None,
                    }
                )
        tasks = overdue[reporter_id]
        table.append(
            row
            | {
                "id": site.slugs[reporter_id],
                "rank_words": site.rank(reporter_id, row["rank"]),
                "change": change,
                "specials": specials,
                "overdue": tasks[:OVERDUE_EACH],
                "overdue_n": len(tasks),
            }
        )
    return table


def single(site: Site) -> Row:
    """Context of single.html."""
    one = OneFile.of_site(site)
    context = index.index(one)
    shown = {row["reporter_id"] for row in context["ranking"] if not row["skipped"]}
    owners = units.units(one)["units"]
    loads = [{"unit": row["unit"], "overdue": row["overdue"]} for row in owners]
    if any(row["overdue"] for row in loads):
        context["by_unit"] = Drawing(
            partial(figures.overdue_by_unit, loads, UNITS),
            "逾期任务最多的责任单位（牵头、独立、共同或按职责负责的项次）。",
            (
                ["责任单位", "逾期", "到期", "承担"],
                [[u["unit"], u["overdue"], u["due"], u["total"]] for u in owners if u["overdue"]][:UNITS],
            ),
        )
    else:
        context["by_unit"] = None
    return context | {
        "page": "single",
        "title": "一页通",
        "sections": sections(one, shown, context["cells"]),
        "overdue": context["overdue"][:OVERDUE],
        "drawn_here": context["bump"] is not None or context["by_unit"] is not None,
        "steps": glance.next_steps(one),
    }
