"""The page of one responsible unit: all it leads, joins or answers for, what is overdue and since when, with whom.

Belongs here: grouping, sorting and the words of this page; numbers are of this quarter, counted in pairs of reporter and task
(项次), cancelled tasks in none of them. Does not belong here: SQL, drawing, markup.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from dashboards import figures
from dashboards import format as fmt
from dashboards.pages.drill import ANSWERING, ages
from dashboards.pages.site import Site, base
from dashboards.theme import Drawing

Row = dict[str, Any]

MOST_OVERDUE = 200  # lines of the list; the rest is counted
MOST_REPORTERS = 60


def duties(site: Site) -> dict[str, dict[str, list[str]]]:
    """Unit → task → its roles in it. A unit the marts name as lead answers, also where the registry has no line of it."""
    table: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in site.drill.responsibilities:
        table[row["unit"]][row["task_id"]].append(row["role"])
    for task_id, rows in site.drill.states.items():
        for unit in filter(None, (rows[0]["lead_unit"] or "").split("、")):
            if not table[unit][task_id]:
                table[unit][task_id].append("lead")
    return table


def answers(roles: list[str]) -> bool:
    """Whether a unit with these roles answers for the task."""
    return any(role in ANSWERING for role in roles)


def role_words(roles: list[str]) -> str:
    """The roles in words, gravest first."""
    return "、".join(word for role, word in fmt.ROLE_WORDS.items() if role in roles) or "、".join(roles)


def ageing(name: str, answered: list[Row], joined: list[Row]) -> Drawing | None:
    """Overdue tasks by age; None without any. Rows: days_overdue."""
    if not answered and not joined:
        return None
    more = {group["key"]: group["n"] for group in ages(joined)}
    groups = [group | {"joined": more[group["key"]]} for group in ages(answered)]
    caption = f"{name}的逾期任务，按逾期天数分段"
    caption += "；斜纹为只配合或落实的项次。" if joined else "。"
    return Drawing(
        partial(figures.overdue_ages, groups),
        caption,
        (
            ["逾期天数", "负责", *(["配合、落实"] if joined else [])],
            [[g["word"], g["n"], *([g["joined"]] if joined else [])] for g in groups],
        ),
    )


def unit(site: Site, name: str, mine: dict[str, list[str]]) -> Row:
    """Context of a unit's page. mine: task → roles (see ``duties``)."""
    drill, prefix = site.drill, "../"
    tasks, overdue = [], []
    reporters: dict[str, Counter[str]] = defaultdict(Counter)
    for task_id, roles in mine.items():
        facts = drill.tasks.get(task_id, {})
        rows = drill.states.get(task_id, [])
        first = rows[0] if rows else {}
        special_id = facts.get("special_id") or first.get("special_id")
        item = {
            "task_id": task_id,
            "title": facts.get("title") or first.get("title") or task_id,
            "seq": facts.get("seq") or first.get("seq"),
            "href": drill.href("tasks", task_id, prefix),
            "special_name": site.special_weights.get(special_id or "", {}).get("name") or special_id,
            "special_href": drill.href("specials", special_id, prefix),
            "deadline_text": facts.get("deadline_text"),
            "roles": role_words(roles),
            "answers": answers(roles),
            "counts": drill.lights.get(task_id, Counter()),
            "done": sum(row["status"] == "completed" for row in rows),
            "owing": sum(row["status"] != "cancelled" for row in rows),
        }
        tasks.append(item)
        for row in rows:
            if row["status"] == "cancelled":
                continue
            kept = reporters[row["reporter_id"]]
            kept["all"] += 1
            kept["done"] += row["status"] == "completed"
            kept[row["light"] or "none"] += 1
            if row["light"] == "red":
                kept["answered"] += item["answers"]
                overdue.append(
                    {
                        "task": item,
                        "reporter_id": row["reporter_id"],
                        "days_overdue": row["days_overdue"],
                        "due_date": row["due_date"],
                        "progress_pct": row["progress_pct"],
                        "expected_pct": row["expected_pct"],
                        "summary": row["summary"],
                        "problems": row["problems"],
                        "name": site.names.get(row["reporter_id"], row["reporter_id"]),
                        "place": drill.place("tasks", task_id, row["reporter_id"], prefix),
                    }
                )
    overdue.sort(key=lambda r: (not r["task"]["answers"], -(r["days_overdue"] or 0), r["progress_pct"] or 0))
    tasks.sort(key=lambda t: (-t["counts"]["red"], not t["answers"], -t["counts"]["yellow"]))
    answered = [row for row in overdue if row["task"]["answers"]]
    joined = [row for row in overdue if not row["task"]["answers"]]
    by_reporter = sorted(
        (
            {"name": site.names.get(key, key), "href": site.href(key, prefix), "counts": counts}
            for key, counts in reporters.items()
        ),
        key=lambda row: (-row["counts"]["red"], -row["counts"]["yellow"], row["name"]),
    )
    return base(site, "units", name, prefix) | {
        "heading": name,
        "aliases": [alias for alias in drill.aliases["units"].get(name, "").split(";") if alias],
        "leads_tasks": sum(task["answers"] for task in tasks),
        "joins_tasks": sum(not task["answers"] for task in tasks),
        "total": sum(task["owing"] for task in tasks if task["answers"]),
        "done": sum(task["done"] for task in tasks if task["answers"]),
        "answered": len(answered),
        "joined": len(joined),
        "longest": max((row["days_overdue"] or 0 for row in answered), default=None),
        "ageing": ageing(name, answered, joined),
        "overdue": overdue[:MOST_OVERDUE],
        "overdue_total": len(overdue),
        "tasks": tasks,
        "by_reporter": by_reporter[:MOST_REPORTERS],
        "more_reporters": max(len(by_reporter) - MOST_REPORTERS, 0),
    }


def pages(site: Site) -> Iterator[tuple[str, str, Row]]:
    """(file, template, context) of every unit's page."""
    table = duties(site)
    for name, file in site.drill.slugs["units"].items():
        yield f"units/{file}.html", "unit.html", unit(site, name, table.get(name, {}))


def heat(site: Site, most: int = 25) -> Row | None:
    """Overdue pairs of unit × special: the units with most of them, every special that has any; None without overdue tasks.

    A pair counts for every unit that leads it, as in the list of overdue tasks.
    """
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    columns: Counter[str] = Counter()
    for row in site.overdue:
        for name in filter(None, (row["lead_unit"] or "").split("、")):
            cells[name][row["special_id"]] += 1
            columns[row["special_id"]] += 1
    if not cells:
        return None
    names = {key: row["name"] or key for key, row in site.special_weights.items()}
    specials = [key for key in site.special_weights if columns[key]]
    units = sorted(cells, key=lambda name: (-sum(cells[name].values()), name))
    highest = max(max(counts.values()) for counts in cells.values())
    return {
        "specials": [{"name": names[key], "href": site.drill.href("specials", key)} for key in specials],
        "rows": [
            {
                "name": name,
                "href": site.drill.href("units", name),
                "total": sum(cells[name].values()),
                # Four steps of one colour; the number stands in the cell.
                "cells": [(cells[name][key], -(-4 * cells[name][key] // highest)) for key in specials],
            }
            for name in units[:most]
        ],
        "more": max(len(units) - most, 0),
    }
