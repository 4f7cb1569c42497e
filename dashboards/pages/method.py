"""How a score comes about: the page on the method, and on a reporter's page every weight and score its total is made of.

Belongs here: which numbers a reader needs to follow a total with a pocket calculator, and one worked example. Does not belong
here: the formulas themselves (``arithmetic``), SQL, markup. Every sum shown is made again from the numbers shown and compared
with the published one; where they differ the page says so.
"""

from __future__ import annotations

from typing import Any

from dashboards import arithmetic
from dashboards import format as fmt
from dashboards.arithmetic import AGGREGATION_WORDS, SAME, mean, shares
from dashboards.pages.ranking import rules
from dashboards.pages.site import Site, base

Row = dict[str, Any]

MOST_DUELS = 300  # pairs on one page; beyond, only their counts
COMPONENTS = (
    ("task", "任务", "weight_tasks"),
    ("indicator", "指标", "weight_indicators"),
)


def aggregation(site: Site) -> str:
    """The programme's method over specials and components."""
    return site.parameter("aggregation", "arithmetic")


def component_weights(site: Site) -> dict[str, float]:
    """Component → its weight in the total."""
    return {key: site.parameter(name, 0.5) for key, _, name in COMPONENTS}


def _items(site: Site, reporter_id: str) -> dict[str, list[Row]]:
    """Special → the lines its components are means of: tasks, then indicators, in the order of the registry."""
    table: dict[str, list[Row]] = {}
    for task in site.tasks.get(reporter_id, []):
        facts = site.task_facts.get(task["task_id"])
        if facts:
            table.setdefault(task["special_id"], []).append(
                {
                    "component": "task",
                    "item_id": task["task_id"],
                    "name": task["title"] or task["task_id"],
                    "weight": facts["weight"],
                    "score": task["score"],
                    "words": arithmetic.task_words(task, facts, site.programme),
                }
            )
    mine = {
        row["indicator_id"]: row
        for row in site.of("indicator_scores", reporter_id)
        if row["period"] == site.period
    }
    for indicator_id, facts in site.indicator_facts.items():
        row = mine.get(indicator_id)
        if row:
            table.setdefault(facts["special_id"], []).append(
                {
                    "component": "indicator",
                    "item_id": indicator_id,
                    "name": facts["name"] or indicator_id,
                    "weight": facts["weight"],
                    "score": row["score"],
                    "words": arithmetic.indicator_words(row, facts),
                }
            )
    return table


def _parts(site: Site, reporter_id: str) -> dict[str, list[Row]]:
    """Like ``_items`` for a reporter that is the sum of its sub-units: their component scores, weighted."""
    table: dict[str, list[Row]] = {}
    for child in site.sub_units.get(reporter_id, []):
        for special_id in site.special_weights:
            row = site.special_scores.get((child["reporter_id"], special_id))
            for key, _, _ in COMPONENTS:
                if row and row[f"{key}_score"] is not None:
                    table.setdefault(special_id, []).append(
                        {
                            "component": key,
                            "item_id": child["reporter_id"],
                            "name": child["name"],
                            "weight": child["weight"],
                            "score": row[f"{key}_score"],
                            "words": "下级单位该专项的得分，见其页面",
                        }
                    )
    return table


def duels(site: Site, reporter_id: str) -> list[Row] | None:
    """Copeland: the comparison with every other ranked reporter, in the order of rank; None where the pairs are too many."""
    ranked = [row for row in site.ranking if row["rank"] is not None]
    if len(ranked) > MOST_DUELS:
        return None
    scores = {
        row["reporter_id"]: {
            special: mine["score"]
            for special in site.special_weights
            if (mine := site.special_scores.get((row["reporter_id"], special))) and mine["score"] is not None
        }
        for row in ranked
    }
    if reporter_id not in scores:
        return []
    weights = {special: row["weight"] or 0.0 for special, row in site.special_weights.items()}
    others = {other: row for other, row in scores.items() if other != reporter_id}
    found = arithmetic.duels(scores[reporter_id], others, weights)
    names = {row["reporter_id"]: row["reporter_name"] for row in ranked}
    return [
        row | {"name": names[other], "word": {1: "胜", 0: "平", -1: "负"}[row["result"]]}
        for other, row in found.items()
    ]


def verification(site: Site, reporter_id: str) -> Row:
    """Every weight and score a total is made of, and the total made again from them.

    ``specials``: name, weight, scores of the components, rescaled shares, items with ``share`` (of the component in the
    special), ``of_total`` (share of the total) and ``points`` (what the item gives to the total; the points of all add up to it,
    arithmetic only). ``agrees``: whether the sum equals the published total to ``SAME``.
    """
    how = aggregation(site)
    over = "geometric" if how == "geometric" else "arithmetic"
    row = site.of("ranking", reporter_id)[0]
    items = _parts(site, reporter_id) if reporter_id in site.sub_units else _items(site, reporter_id)
    weights = component_weights(site)
    rows = []
    for special_id, special in site.special_weights.items():
        mine = site.special_scores.get((reporter_id, special_id))
        if mine is None or (mine["score"] is None and special_id not in items):
            continue
        rows.append(
            {
                "special_id": special_id,
                "name": special["name"] or special_id,
                "weight": special["weight"],
                "score": mine["score"],
                **{f"{key}_score": mine[f"{key}_score"] for key, _, _ in COMPONENTS},
                "items": items.get(special_id, []),
            }
        )
    components = []
    for key, word, _ in COMPONENTS:
        # from the items up, so that a weight that is no longer the published one shows
        parts = []
        for special in rows:
            inside = [item for item in special["items"] if item["component"] == key]
            made = mean((item["weight"], item["score"]) for item in inside)
            parts.append((special["weight"] or 0.0, special[f"{key}_score"] if made is None else made))
        for special, share in zip(rows, shares(parts), strict=True):
            special[f"{key}_share"] = share
        components.append({"key": key, "word": word, "weight": weights[key], "sum": mean(parts, over)})
    of_total = dict(zip(weights, shares([(c["weight"], c["sum"]) for c in components]), strict=True))
    for special in rows:
        special["of_total"] = sum(
            (special[f"{key}_share"] or 0.0) * (of_total[key] or 0.0) for key, _, _ in COMPONENTS
        )
        for key, _, _ in COMPONENTS:
            inside = [item for item in special["items"] if item["component"] == key]
            for item, share in zip(inside, shares([(i["weight"], i["score"]) for i in inside]), strict=True):
                item["share"] = share
                factors = (share, special[f"{key}_share"], of_total[key])
                item["of_total"] = None if None in factors else factors[0] * factors[1] * factors[2]
                item["points"] = None if item["of_total"] is None else item["of_total"] * item["score"]
    pairs = duels(site, reporter_id) if how == "copeland" else None
    total = mean([(c["weight"], c["sum"]) for c in components], over)
    if how == "copeland":
        total = _copeland_total(site, row, pairs)
    return {
        "how": how,
        "specials": rows,
        "components": components,
        "duels": pairs,
        "others": site.ranked_n - 1,
        "total": total,
        "published": row["total_score"],
        "agrees": row["total_score"] is None
        or (total is not None and abs(total - row["total_score"]) <= SAME),
        "compared": total is not None,
    }


def _copeland_total(site: Site, row: Row, pairs: list[Row] | None) -> float | None:
    others = site.ranked_n - 1
    if row["rank"] is None or pairs is None:
        return None
    return 100.0 if not others else 50 + 50 * sum(pair["result"] for pair in pairs) / others


def total_words(check: Row) -> str:
    """The last step: the total from its components, or from the comparisons, as one line."""
    if check["how"] == "copeland":
        pairs = check["duels"]
        if pairs is None or check["published"] is None:
            return ""
        won, tied = (sum(pair["result"] == result for pair in pairs) for result in (1, 0))
        return (
            f"100×({won} 胜 + ½×{tied + check['others'] - len(pairs)} 平) ÷ {check['others']} = "
            f"{arithmetic.plain(check['total'])}"
        )
    return arithmetic.mean_words(
        [(c["weight"], c["sum"]) for c in check["components"]], check["total"], check["how"], 6
    )


def reporter(site: Site, reporter_id: str) -> Row:
    """What the reporter's page shows of weights: the check table."""
    check = verification(site, reporter_id)
    return {
        "check": check,
        "check_words": total_words(check),
        "of_total": {special["special_id"]: special["of_total"] for special in check["specials"]},
        "aggregation_words": AGGREGATION_WORDS,
    }


# --- the page ----------------------------------------------------------------------------------------------------------


def _telling(score: float | None) -> bool:
    return score is not None and 0 < score < 100


def example(site: Site) -> Row | None:
    """A reporter, a special, a task and an indicator of it whose numbers show the formulas best; None without any score.

    From the middle of the ranking outwards; a special with a task and an indicator between 0 and 100, and few items, is best.
    """
    ranked = [
        row for row in site.ranking if row["rank"] is not None and row["reporter_id"] not in site.sub_units
    ]
    if not ranked:
        return None
    middle = len(ranked) // 2
    best: tuple[tuple[int, int, int], Row, Row] | None = None
    for row in sorted(ranked, key=lambda r: (abs(ranked.index(r) - middle), r["reporter_id"]))[:20]:
        check = verification(site, row["reporter_id"])
        for special in check["specials"]:
            telling = {
                key: any(_telling(i["score"]) for i in special["items"] if i["component"] == key)
                for key, _, _ in COMPONENTS
            }
            both = sum(special[f"{key}_score"] is not None for key, _, _ in COMPONENTS)
            key = (sum(telling.values()), both, -len(special["items"]))
            if special["items"] and (best is None or key > best[0]):
                best = (key, row, special)
    if best is None:
        return None
    _, row, special = best
    check = verification(site, row["reporter_id"])
    steps = []
    for key, word, _ in COMPONENTS:
        inside = [item for item in special["items"] if item["component"] == key]
        scored = [item for item in inside if item["score"] is not None]
        if scored:
            parts = [(item["weight"], item["score"]) for item in scored]
            result = mean(parts)
            steps.append(
                {
                    "word": word,
                    "item": next((item for item in scored if _telling(item["score"])), scored[0]),
                    "items": inside,
                    "words": arithmetic.mean_words(parts, result, digits=6),
                    "left_out": len(inside) - len(scored),
                }
            )
    return {
        "reporter": row,
        "href": site.href(row["reporter_id"]),
        "rank_words": site.rank(row["reporter_id"], row["rank"]),
        "special": special,
        "steps": steps,
        "check": check,
        "total_words": total_words(check),
    }


def _special_table(site: Site) -> list[Row]:
    """Every special: weight, how many tasks and indicators it has, weight of one of them."""
    table = []
    for special_id, special in site.special_weights.items():
        tasks = [row["weight"] for row in site.task_facts.values() if row["special_id"] == special_id]
        indicators = [
            row["weight"] for row in site.indicator_facts.values() if row["special_id"] == special_id
        ]
        table.append(
            {
                "name": special["name"] or special_id,
                "weight": special["weight"],
                "tasks": len(tasks),
                "indicators": len(indicators),
                "equal": len(set(tasks)) <= 1 and len(set(indicators)) <= 1,
            }
        )
    return table


def method(site: Site) -> Row:
    """Context of method.html."""
    number = {
        name: arithmetic.plain(site.parameter(name, default))
        for name, default in (
            ("late_per_day", 2), ("late_floor", 60), ("overdue_cap", 60), ("blue_days", 10), ("report_day", 28),
            ("freeze_days", 12),
        )
    }  # fmt: skip
    methods = {row["method"] for row in site.indicator_scores if row["period"] == site.period}
    return base(site, "method", "评价方法") | {
        "p": number,
        "yellow": arithmetic.plain(abs(site.parameter("yellow_points", -10))),
        "weights": component_weights(site),
        "how": aggregation(site),
        "aggregation_words": AGGREGATION_WORDS,
        "roll_up": site.parameter("sub_units", "separate") == "roll_up",
        "coverage_min": site.parameter("coverage_min", 0),
        "methods": methods,
        "powers": sorted({row["exponent"] for row in site.indicator_facts.values()} - {1.0}),
        "special_table": _special_table(site),
        "rules": rules(site),
        "draws": site.draws,
        "seed": next(
            (band["seed"] for (period, _), band in site.bands.items() if period == site.period), None
        ),
        "example": example(site),
        "rank_example": fmt.rank(3, 2, 5),
    }
