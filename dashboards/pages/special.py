"""The page of one special: who is ahead in it, its tasks and indicators, its units, how it went.

Belongs here: grouping, sorting and the words of this page. Does not belong here: SQL, drawing, markup.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from dashboards import figures
from dashboards import format as fmt
from dashboards.pages.drill import ANSWERING, GRAVITY, MOST_LINES, NOTABLE
from dashboards.pages.site import Site, base
from dashboards.theme import LIGHTS, Drawing

Row = dict[str, Any]


def reporter_lights(site: Site) -> dict[tuple[str, str], Counter[str]]:
    """(reporter, special) → its tasks by light; made once per site."""
    table: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in site.lights:
        table[row["reporter_id"], row["special_id"]][row["light"] or "none"] += row["tasks"]
    return table


def worst(counts: Counter[str]) -> str | None:
    """The gravest light that occurs; None without tasks."""
    return min(counts, key=lambda key: GRAVITY.get(key, len(GRAVITY))) if counts else None


def _ranking(site: Site, special_id: str, lights: dict[tuple[str, str], Counter[str]]) -> list[Row]:
    rows = []
    for reporter in site.ranking:
        key = (reporter["reporter_id"], special_id)
        mine = site.special_scores.get(key)
        if mine is None or (mine["score"] is None and not lights.get(key)):
            continue
        rows.append(
            mine
            | {
                "name": reporter["reporter_name"],
                "href": site.href(reporter["reporter_id"], "../"),
                "lights": lights.get(key, Counter()),
            }
        )
    rows.sort(key=lambda row: (row["rank"] is None, row["rank"] or 0))
    return rows


def _tiles(site: Site, name: str, rows: list[Row]) -> Drawing | None:
    """The reporters as tiles in the order of the registry, each in the colour of its gravest light."""
    if not 1 < len(rows) <= MOST_LINES or not any(row["lights"] for row in rows):
        return None
    ordered = sorted(rows, key=lambda row: site.drill.places.get(row["reporter_id"], len(site.drill.places)))
    tiles = []
    for row in ordered:
        key = worst(row["lights"])
        light = LIGHTS.get(key or "none", LIGHTS["none"])
        tiles.append(
            {
                "reporter_name": row["name"],
                "key": key,
                "word": f"{light.word} {row['lights'][key]}" if key else "无任务",
            }
        )
    return Drawing(
        partial(figures.tile_grid, tiles),
        f"{name}：各填报主体最重的灯与该灯的任务数（按登记顺序排列，不表示地理位置）。",
        (
            ["填报主体", *(light.word for light in LIGHTS.values())],
            [[row["name"], *(row["lights"][key] for key in LIGHTS)] for row in ordered],
        ),
    )


def _trend(site: Site, special_id: str, name: str, history: list[Row]) -> Drawing | None:
    medians = [row for row in history if row["reporter_id"] is None]
    if len(medians) < 2:
        return None
    lines = [
        row | {"reporter_name": site.names.get(row["reporter_id"], row["reporter_id"])}
        for row in history
        if row["reporter_id"] is not None
    ]
    return Drawing(
        partial(figures.special_trend, lines, medians),
        f"{name}得分的季度走势：{'灰线为各填报主体，' if lines else ''}粗线为中位数。",
        (
            ["季度", "中位数", "最低", "最高", "家数"],
            [
                [
                    row["period"],
                    fmt.number(row["score"]),
                    fmt.number(row["low"]),
                    fmt.number(row["high"]),
                    row["n"],
                ]
                for row in medians
            ],
        ),
    )


def special(
    site: Site,
    special_id: str,
    lights: dict[tuple[str, str], Counter[str]],
    history: list[Row],
    cards: dict[str, Row],
) -> Row:
    """Context of a special's page. lights: ``reporter_lights``; history: its scores; cards: ``indicators.card`` by id."""
    drill, prefix = site.drill, "../"
    line = site.special_weights[special_id]
    name = line["name"] or special_id
    ranking = _ranking(site, special_id, lights)
    tasks = []
    units: dict[str, Row] = {}
    for task_id, facts in drill.tasks.items():
        if facts["special_id"] != special_id:
            continue
        counts = drill.lights.get(task_id, Counter())
        tasks.append(
            facts
            | {
                "href": drill.href("tasks", task_id, prefix),
                "counts": counts,
                "owing": sum(counts.values()),
                "done": sum(row["status"] == "completed" for row in drill.states.get(task_id, [])),
            }
        )
        for role, names in drill.units_of(task_id):
            for unit in names:
                entry = units.setdefault(
                    unit,
                    {
                        "name": unit,
                        "href": drill.href("units", unit, prefix),
                        "answers": 0,
                        "joins": 0,
                        "red": 0,
                    },
                )
                entry["answers" if role in ANSWERING else "joins"] += 1
                entry["red"] += counts["red"] if role in ANSWERING else 0
    total: Counter[str] = Counter()
    for row in ranking:
        total.update(row["lights"])
    shown = ranking if drill.detailed else [*ranking[: NOTABLE // 2], *ranking[-(NOTABLE // 2) :]]
    levels = site.special_levels.get(special_id, {"low": None, "high": None, "middle": None, "of": 0})
    registered = next((row for row in site.specials if row["special_id"] == special_id), {})
    lead = registered.get("lead_unit")
    return base(site, "specials", name, prefix) | {
        "heading": name,
        "special_id": special_id,
        "weight": line["weight"],
        "lead": lead,
        "lead_href": drill.href("units", lead, prefix),
        "levels": levels,
        "total": total,
        "ranking": shown,
        "more": len(ranking) - len(shown),
        "tasks": sorted(tasks, key=lambda row: -row["counts"]["red"]),
        "indicators": [
            cards[i["indicator_id"]] | {"href": drill.href("indicators", i["indicator_id"], prefix)}
            for i in site.indicators
            if i["special_id"] == special_id
        ],
        "units": sorted(
            units.values(), key=lambda row: (-row["red"], -row["answers"], -row["joins"], row["name"])
        ),
        "tiles": _tiles(site, name, ranking),
        "trend": _trend(site, special_id, name, history),
    }


def pages(site: Site, cards: list[Row]) -> Iterator[tuple[str, str, Row]]:
    """(file, template, context) of every special's page. cards: ``indicators.cards``."""
    lights = reporter_lights(site)
    by_id = {card["indicator_id"]: card for card in cards}
    history: dict[str, list[Row]] = defaultdict(list)
    for row in site.drill.special_history:
        history[row["special_id"]].append(row)
    for special_id, name in site.drill.slugs["specials"].items():
        yield (
            f"specials/{name}.html",
            "special.html",
            special(site, special_id, lights, history[special_id], by_id),
        )
