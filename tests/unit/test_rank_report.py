"""What a moved rank is explained with: the few items that become sentences are those that looking at every item would choose."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.ranks import words
from quality.ranks.boards import Registry, board
from quality.ranks.report import ITEMS, Pair, Quarter, rows_of

REPORTERS = ("r1", "r2", "r3", "r4")
PARAMETERS = {
    "programme_id": "p", "weight_tasks": 0.5, "weight_indicators": 0.5, "aggregation": "arithmetic",
    "late_per_day": 1.0, "late_floor": 60.0,
}  # fmt: skip


@st.composite
def quarters(draw):
    """A registry and two quarters: few different scores, so that items are level, gaps, and r2 and r3 as the sub-units of r1."""
    tasks, indicators = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    kinds = {"a": "同名", "b": "同名", "c": None}
    any_special = st.sampled_from(list(kinds))

    def items(kind, count):
        return pd.DataFrame(
            {
                "programme_id": "p", f"{kind}_id": [f"{kind}{n}" for n in range(count)],
                "special_id": [draw(any_special) for _ in range(count)], "weight": 1.0,
            }
        )  # fmt: skip

    rolled_up = draw(st.booleans())
    registry = Registry.of(
        "p",
        tasks=items("task", tasks).assign(title="任务"),
        indicators=items("indicator", indicators).assign(name="指标", unit="天", decimals=1, exponent=1.0),
        specials=pd.DataFrame(
            {"programme_id": "p", "special_id": list(kinds), "weight": 1.0, "name": list(kinds.values())}
        ),
        sub_units=pd.DataFrame(
            {"programme_id": "p", "parent_id": "r1", "reporter_id": ["r2", "r3"], "weight": [0.5, 0.5]}
        )[: 2 if rolled_up else 0],
    )
    score = st.sampled_from([None, 0.0, 20.0, 50.0, 100.0])

    def quarter(period):
        task_lines = [
            {
                "reporter_id": reporter, "task_id": f"task{n}", "score": draw(score), "overdue": draw(st.booleans()),
                "sustained": n == 0, "completed": n == 1, "days_late": n % 3,
            }
            for reporter in REPORTERS
            for n in range(tasks)
        ]  # fmt: skip
        lines = [
            {
                "reporter_id": reporter, "indicator_id": f"indicator{n}", "score": draw(score),
                "value": draw(st.sampled_from([None, 3.0, 4.0])), "method": "dtf", "worst": 10.0, "frontier": 0.0,
                "baseline": None, "target": None, "polarity": "lower",
            }
            for reporter in REPORTERS
            for n in range(indicators)
        ]  # fmt: skip
        for line in lines:
            idle = line["value"] is None and line["score"] == 0.0
            line["state"] = "value" if line["value"] else "no_practice" if idle else "no_answer"
            line["idle"] = idle
        ranked = {"r1", "r4"} if rolled_up else set(REPORTERS)
        return Quarter(
            PARAMETERS | {"period": period, "period_end": date(2024, 3, 31)},
            pa.Table.from_pylist(task_lines, _schema("task_id", "overdue", "sustained", "completed", "days_late")),
            pa.Table.from_pylist(
                lines,
                _schema("indicator_id", "value", "state", "idle", "method", "worst", "frontier", "baseline", "target", "polarity"),
            ),
            pa.table(
                {
                    "reporter_id": REPORTERS, "reporter_name": [f"县{name}" for name in REPORTERS],
                    "ranked": [name in ranked for name in REPORTERS],
                }
            ),
            None,
            None,
        )  # fmt: skip

    return registry, quarter("2024Q1"), quarter("2024Q2")


def _schema(key: str, *more: str) -> pa.Schema:
    kinds = dict.fromkeys(("overdue", "sustained", "completed", "idle"), pa.bool_())
    kinds |= dict.fromkeys(("state", "method", "polarity"), pa.string())
    return pa.schema(
        [("reporter_id", pa.string()), (key, pa.string()), ("score", pa.float64())]
        + [(name, kinds.get(name, pa.float64())) for name in more]
    )


def _everything(pair: Pair, number: int) -> list[words.Item]:
    """Every item of a place that counts in one of the quarters: unit by unit, tasks before indicators, by id."""
    found = []
    for row in pair.shown.scheme.members.rows()[number]:
        old = np.hstack([pair.facts_before.tasks[row], pair.facts_before.indicators[row]])
        new = np.hstack([pair.facts.tasks[row], pair.facts.indicators[row]])
        found += [
            pair.item(number, row, at) for at in np.flatnonzero(~np.isnan(old) | ~np.isnan(new)).tolist()
        ]
    return found


def _silences(items: list[words.Item]) -> tuple[list[words.Silence], list[words.Item]]:
    """Groups of three or more that fell silent or are back, and the indicators that are in none."""
    indicators = [item for item in items if item.component == "indicator"]
    found = []
    for again in (True, False):
        silent, other = ("old_text", "new_text") if again else ("new_text", "old_text")
        group = [i for i in indicators if getattr(i, silent) == "未报" != getattr(i, other)]
        if len(group) >= 3:
            found.append(words.Silence(again, len(group), sum(item.points for item in group)))
            indicators = [item for item in indicators if item not in group]
    return found, indicators


@given(quarters())
@settings(max_examples=60, deadline=None)
def test_the_chosen_few_say_what_all_items_would(case):
    registry, before, now = case
    rows = {row["reporter_id"]: row for row in rows_of(registry, before, now)}
    shown = board(registry, now.parameters, sorted(now.ranked))
    pair = Pair(shown, before, now)
    assert rows.keys() == now.ranked
    for number, place in enumerate(shown.places):
        row, items = rows[place], _everything(pair, number)
        if row["gain_ahead_of"] is not None:
            ahead = rows[row["gain_ahead_of"]]
            points = round(ahead["score"], 6) - round(row["score"], 6)
            name = f"县{ahead['reporter_id']}"
            assert row["gain_text"] == words.gain(points, name, ahead["rank"], items, pair.indicator_row)
        if row["score_change"] is None:
            continue
        moved = [item for item in items if abs(item.points) > 1e-12]
        moved.sort(key=lambda item: (-abs(item.points), item.component, item.item_id))
        lines = json.loads(row["items"])
        named = [(line["item_id"], line["item_name"]) for line in lines if line["item_id"]]
        assert named == [(item.item_id, item.name) for item in moved[:ITEMS]]
        if len(moved) > ITEMS:
            assert lines[-1]["item_name"] == f"其余 {len(moved) - ITEMS} 项"
        assert round(sum(line["contribution"] for line in lines), 9) == row["score_own"]
        silences, indicators = _silences(items)
        specials = {item.special: [] for item in items if item.component == "task"}
        for item in items:
            if item.component == "task":
                specials[item.special].append(item)
        tasks = [
            words.Tasks(name, len(group), sum(i.overdue for i in group), sum(i.points for i in group))
            for name, group in specials.items()
        ]
        score = {part: row[f"score_{part}"] for part in ("own", "peers", "method", "revision")}
        rank = {part: row[f"rank_{part}"] for part in ("own", "peers", "method", "revision")}
        assert row["causes"] == words.causes(score, rank, silences, indicators, tasks)
