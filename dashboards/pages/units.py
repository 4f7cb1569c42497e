"""The units that answer for tasks."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dashboards import figures
from dashboards import format as fmt
from dashboards.pages.drill import ANSWERING
from dashboards.pages.site import Site, base, lead_units
from dashboards.pages.unit import ageing, heat
from dashboards.theme import figure_html

Row = dict[str, Any]

MOST_NAMES = 40  # reporters named beside an overdue task; its page has more


def units(site: Site) -> Row:
    """Load of the responsible units, and the overdue tasks of each lead unit."""
    table: dict[str, Row] = {}
    for row in site.unit_load:
        unit = table.setdefault(
            row["unit_name"],
            {
                "unit": row["unit_name"],
                "href": site.drill.href("units", row["unit_name"]),
                "roles": {},
                "total": 0,
                "overdue": 0,
                "completed": 0,
                "due": 0,
            },
        )
        unit["roles"][row["role"]] = row
        if row["role"] in ANSWERING:
            unit["total"] += row["tasks_total"] or 0
            unit["due"] += row["tasks_due"] or 0
            unit["completed"] += row["tasks_completed"] or 0
            unit["overdue"] += row["tasks_overdue"] or 0
    rows = sorted(table.values(), key=lambda u: (-u["overdue"], -u["total"], u["unit"]))
    grouped: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in site.overdue:
        who = {
            "name": row["reporter_name"], "days": row["days_overdue"], "pct": row["progress_pct"],
            "place": site.drill.place("tasks", row["task_id"], row["reporter_id"]),
        }  # fmt: skip
        for unit in lead_units(row):
            grouped[unit].setdefault(
                row["task_id"], row | {"who": [], "href": site.drill.href("tasks", row["task_id"])}
            )["who"].append(who)
    overdue_units = sorted(
        ({"unit": unit, "href": site.drill.href("units", unit), "n": sum(len(t["who"]) for t in tasks.values()),
          "tasks": [t | {"who": t["who"][:MOST_NAMES], "others": max(len(t["who"]) - MOST_NAMES, 0)} for t in tasks.values()]}
         for unit, tasks in grouped.items()),
        key=lambda unit: (-unit["n"], unit["unit"]),
    )  # fmt: skip
    figure = figure_html(
        figures.overdue_by_unit([{"unit": u["unit"], "overdue": u["overdue"]} for u in rows]),
        "逾期任务最多的责任单位（牵头、独立、共同或按职责负责的项次）。",
        (
            ["责任单位", "逾期", "到期", "承担"],
            [[u["unit"], u["overdue"], u["due"], u["total"]] for u in rows if u["overdue"]],
        ),
    )
    return base(site, "units", "责任单位") | {
        "units": rows,
        "roles": [role for role in fmt.ROLE_WORDS if any(role in u["roles"] for u in rows)],
        "figure": figure,
        "ageing": ageing("全部责任单位", site.overdue, []),
        "heat": heat(site),
        "overdue_units": overdue_units,
    }
