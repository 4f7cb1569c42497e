"""The page of one indicator: definition, everybody against target and frontier, the pace that is needed, where values stand.

Belongs here: grouping, sorting and the words of this page. Does not belong here: how a score follows from a value
(``arithmetic``), SQL, markup.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

from dashboards import arithmetic
from dashboards.pages.drill import notable_values
from dashboards.pages.site import Site, base
from dashboards.pages.task import lines

Row = dict[str, Any]


def quarters_left(end: dt.date | None, due: dt.date | None) -> int | None:
    """Quarters from the end of a period to a due date (0: it has come); as marts.goals counts them."""
    if end is None or due is None:
        return None
    if due <= end:
        return 0
    return max(4 * (due.year - end.year) + (due.month - 1) // 3 - (end.month - 1) // 3, 0)


def pace(row: Row, end: dt.date | None) -> Row:
    """What is missing to the target: left (quarters), gap, needed (change per quarter), last (change of this quarter), words.

    Nulls where nothing can be said; a target that is reached, or due, needs no pace.
    """
    left = quarters_left(end, row["target_due"])
    value, target = row["value"], row["target"]
    last = value - row["previous_value"] if value is not None and row["previous_value"] is not None else None
    found = {"left": left, "gap": None, "needed": None, "last": last, "words": ""}
    if value is None or target is None:
        return found
    if row["attained"]:
        return found | {"gap": 0.0, "words": "已达到"}
    found["gap"] = target - value
    if left is None:
        return found
    if left == 0:
        return found | {"words": "期限已到，未达到"}
    found["needed"] = (target - value) / left
    if last is not None:
        enough = last * left >= target - value if target > value else last * left <= target - value
        found["words"] = "照本季度的变化可达到" if enough else "照本季度的变化达不到"
    return found


def formula(item: Row, facts: Row, row: Row | None) -> str:
    """How a score follows from a value x, with the numbers of this indicator; row: any line of this quarter."""
    if row is None or row["method"] is None:
        return "没有前沿与最差值，也没有目标值，不计分"
    plain = arithmetic.plain
    if row["method"] == "dtf":
        exponent = facts.get("exponent") or 1
        power = "" if exponent == 1 else f"，再取 {plain(exponent)} 次方"
        return (
            f"前沿距离法：得分 = 100 × ({plain(row['worst'])} − x) ÷ ({plain(row['worst'])} − {plain(row['frontier'])})"
            f"，限于 0–100{power}"
        )
    baseline, target = row["baseline"], row["target"]
    if baseline is not None and baseline != target:
        return f"目标达成法：得分 = 100 × (x − {plain(baseline)}) ÷ ({plain(target)} − {plain(baseline)})，限于 0–100"
    if baseline is not None:
        return f"目标达成法：现状与目标同为 {plain(target)}，不差于目标得 100，否则 0"
    if item["polarity"] == "lower":
        return f"目标达成法：得分 = 100 × {plain(target)} ÷ x，不高于 100"
    return f"目标达成法：得分 = 100 × x ÷ {plain(target)}，不高于 100"


# An indicator of the marts the registry does not know (any more).
UNKNOWN = dict.fromkeys(
    ("method", "exponent", "valid_min", "valid_max", "numerator", "denominator", "multiplier", "row_number")
) | {"targets": []}  # fmt: skip
METHODS = {
    "auto": "自动（有前沿和最差值用前沿距离法，否则用目标达成法）",
    "dtf": "前沿距离法",
    "attainment": "目标达成法",
}


def indicator(site: Site, card: Row) -> Row:
    """Context of an indicator's page. card: see ``indicators.card``."""
    drill, prefix = site.drill, "../"
    key = card["indicator_id"]
    facts = drill.indicators.get(key, UNKNOWN)
    scoring = site.indicator_facts.get(key, {"exponent": 1.0, "polarity": card["polarity"]})
    history = drill.values.get(key, [])
    now = [row for row in history if row["period"] == site.period]
    periods = sorted({row["period"] for row in history})
    past: dict[str, dict[str, Row]] = {}
    for row in history:
        past.setdefault(row["reporter_id"], {})[row["period"]] = row
    end = site.now.get("period_end")
    rows = []
    for row in notable_values(now, card["polarity"] == "lower", drill.detailed):
        reporter_id = row["reporter_id"]
        receipts = {
            period: drill.value_receipts.get((period, reporter_id, key)) for period in past[reporter_id]
        }
        sent = lines(
            site, drill.indicator_history.get(key, {}).get(reporter_id, []), receipts.get(site.period)
        )
        rows.append(
            row
            | {
                "slug": site.slugs.get(reporter_id),
                "href": site.href(reporter_id, prefix),
                "quarters": [(period, past[reporter_id].get(period)) for period in periods],
                "pace": pace(row, end),
                "how": arithmetic.indicator_words(row, scoring),
                "history": sent,
                "basis": next(
                    (line for line in reversed(sent) if line["basis"] and not line["quarantine"]), None
                ),
            }
        )
    special_id = card["special_id"]
    return base(site, "indicators", card["name"] or key, prefix) | {
        "card": card,
        "facts": facts,
        "heading": card["name"] or key,
        "special_href": drill.href("specials", special_id, prefix),
        "direction": "越低越好" if card["polarity"] == "lower" else "越高越好",
        "method_words": METHODS.get(facts.get("method") or "auto", facts.get("method")),
        "formula": formula(card, facts, next((row for row in now if row["method"]), None)),
        "weight": scoring.get("weight"),
        "end": end,
        "rows": rows,
        "more": len(now) - len(rows),
        "quarters": periods,
        "flag_href": partial(site.href, prefix=prefix),
        "indicator_flags": [
            flag
            for flag in site.flags_of.get(("indicator", key), [])
            if drill.detailed or flag["reporter_id"] is None
        ],
    }


def pages(site: Site, made: list[Row]) -> Iterator[tuple[str, str, Row]]:
    """(file, template, context) of every indicator's page. made: ``indicators.cards``."""
    for card in made:
        yield card["page"], "indicator.html", indicator(site, card)
