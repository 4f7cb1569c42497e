"""The index the search box of every page reads: names, numbers and other names of all that has a page.

Belongs here: what can be found under which text. Does not belong here: matching and the list of hits (``static/search.js``).
The index is a script that assigns one global: a page opened from disk may not fetch a file.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from dashboards.pages.site import Site
from dashboards.theme import json_block

Row = dict[str, Any]

# Kind of page (its folder) → word beside a hit; in the order of the list where hits are equally good.
KINDS = {
    "reporters": "填报主体",
    "units": "责任单位",
    "tasks": "任务",
    "indicators": "指标",
    "specials": "专项",
}


def _others(text: str | None, name: str) -> str:
    return ";".join(alias for alias in (text or "").split(";") if alias and alias != name)


def entries(site: Site) -> list[list[Any]]:
    """[kind, name, file name, number, other names] of every page below the first level; trailing blanks are left out."""
    drill = site.drill
    found: list[list[Any]] = []

    def add(kind: str, code: str, name: str | None, number: Any = "", others: str = "") -> None:
        file = drill.slugs[kind].get(code)
        if file:
            line = [list(KINDS).index(kind), name or code, file, str(number or ""), others]
            while not line[-1]:
                line.pop()
            found.append(line)

    for row in site.ranking:
        code, name = row["reporter_id"], row["reporter_name"]
        add("reporters", code, name, "", _others(drill.aliases["reporters"].get(code), name))
    for name in drill.slugs["units"]:
        add("units", name, name, "", _others(drill.aliases["units"].get(name), name))
    for code in drill.slugs["tasks"]:
        facts = drill.tasks.get(code)
        first = facts or drill.states[code][0]
        add("tasks", code, first["title"], first["seq"])
    for row in site.indicators:
        add("indicators", row["indicator_id"], row["name"])
    for code, special in site.special_weights.items():
        add("specials", code, special["name"])
    return found


def index(site: Site) -> Row:
    """Context of assets/search-index.js."""
    return {
        "data": Markup(
            json_block({"kinds": [[folder, word] for folder, word in KINDS.items()], "items": entries(site)})
        )
    }
