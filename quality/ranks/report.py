"""Rows of ``int_rank_moves``: tables of the models → arrays → what moved, in numbers and in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quality.ranks import changes, words
from quality.ranks.boards import Board, Registry, board
from quality.ranks.changes import Facts, Move, Published
from quality.ranks.engine import Floats

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

ITEMS = 10  # items a reporter's change is explained with; the rest stands in one line
PARTS = ("own", "peers", "method", "revision")


@dataclass(frozen=True)
class Tables:
    """What the models say of all programmes and periods, one frame each (columns: see rank_changes.py)."""

    tasks: pd.DataFrame
    indicators: pd.DataFrame
    published: pd.DataFrame
    published_ranks: pd.DataFrame
    editions: pd.DataFrame
    ranking: pd.DataFrame
    periods: pd.DataFrame

    def of(self, programme_id: str) -> Tables:
        """The rows of one programme."""
        return self._where("programme_id", programme_id)

    def at(self, period: str) -> Tables:
        """The rows of one period."""
        return self._where("period", period)

    def _where(self, column: str, value: str) -> Tables:
        return Tables(**{name: table[table[column] == value] for name, table in vars(self).items()})


def rows_of(programme_id: str, registry: Registry, tables: Tables) -> list[dict[str, Any]]:
    """Rows of one programme, one per ranked reporter and period; the first period has no change, only the way ahead."""
    own = tables.of(programme_id)
    rows: list[dict[str, Any]] = []
    before: Tables | None = None
    for parameters in own.periods.to_dict("records"):
        now = own.at(parameters["period"])
        rows += _period(registry, parameters, before, now)
        before = now
    return rows


def _ranked(tables: Tables | None) -> set[str]:
    return (
        set() if tables is None else set(tables.ranking[tables.ranking["ranked"].astype(bool)]["reporter_id"])
    )


def _facts(shown: Board, tables: Tables) -> Facts:
    return Facts(shown.tasks(tables.tasks, "score"), shown.indicators(tables.indicators, "score"))


def _published(shown: Board, tables: Tables) -> Published | None:
    if not tables.editions["is_latest"].astype(bool).any():
        return None
    ranks = tables.published_ranks.set_index("reporter_id").reindex(shown.places)
    items = tables.published
    tasks = items[items["component"] == "task"].rename(columns={"item_id": "task_id"})
    indicators = items[items["component"] == "indicator"].rename(columns={"item_id": "indicator_id"})
    placed = ranks["rank"].notna()
    return Published(
        ranks["total_score"].where(placed).to_numpy(float),
        ranks["rank"].to_numpy(float),
        Facts(shown.tasks(tasks, "score"), shown.indicators(indicators, "score")),
    )


def _period(
    registry: Registry, parameters: dict[str, Any], before: Tables | None, now: Tables
) -> list[dict[str, Any]]:
    ranked_now, ranked_before = _ranked(now), _ranked(before)
    shown = board(registry, parameters, sorted(ranked_now | ranked_before))
    if not shown.places:
        return []
    in_now = np.array([place in ranked_now for place in shown.places])
    facts = _facts(shown, now)
    empty = Facts(np.full_like(facts.tasks, np.nan), np.full_like(facts.indicators, np.nan))
    facts_before = empty if before is None else _facts(shown, before)
    score, rank = changes.moves(
        shown.scheme,
        facts_before,
        facts,
        np.array([place in ranked_before for place in shown.places]),
        in_now,
        None if before is None else _published(shown, before),
    )
    names = now.ranking.set_index("reporter_id")["reporter_name"].to_dict()
    ahead, points = changes.next_ahead(score.now)
    items_of = _items(shown, facts_before, facts, before, now)
    arithmetic = parameters["aggregation"] == "arithmetic"
    indicators = _indicators(registry, now)
    rows = []
    for number, place in enumerate(shown.places):
        if place not in ranked_now:
            continue
        mine = items_of(number)
        row: dict[str, Any] = {
            "programme_id": parameters["programme_id"],
            "period": parameters["period"],
            "reporter_id": place,
            "previous_period": before.periods["period"].iloc[0] if before is not None else None,
            "previous_score": _number(score.before[number]),
            "score": _number(score.now[number]),
            "previous_rank": _whole(rank.before[number]),
            "rank": _whole(rank.now[number]),
            "score_change": _number(np.round(score.change[number], changes.STORED)),
            "rank_change": _whole(rank.change[number]),
        }
        row |= {f"score_{part}": _number(getattr(score, part)[number]) for part in PARTS}
        row |= {f"rank_{part}": _whole(getattr(rank, part)[number]) for part in PARTS}
        moved = row["score_change"] is not None
        row["causes"] = (
            words.causes(_parts(score, number), _parts(rank, number), mine, arithmetic) if moved else None
        )
        first = ahead[number] < 0
        row["gain_score"] = None if first else _number(np.round(points[number], changes.STORED))
        row["gain_ahead_of"] = None if first else shown.places[ahead[number]]
        row["gain_text"] = (
            None
            if first
            else words.gain(
                float(points[number]),
                names[shown.places[ahead[number]]],
                int(rank.now[ahead[number]]),
                mine if arithmetic else [],
                indicators,
            )
        )
        row["items"] = _listed(mine, row["score_own"]) if moved else None
        rows.append(row)
    return rows


def _parts(move: Move, number: int) -> dict[str, float]:
    return {part: float(getattr(move, part)[number]) for part in PARTS}


def _number(value: float) -> float | None:
    # adding 0 makes -0 a 0
    return None if np.isnan(value) else float(value) + 0.0


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _indicators(registry: Registry, tables: Tables) -> words.Indicators:
    """(reporter_id, indicator_id) → what a value is turned into a score with."""
    table = tables.indicators.merge(
        registry.indicators[["indicator_id", "unit", "decimals", "exponent", "name"]], on="indicator_id"
    )
    table = table.astype(object).where(table.notna(), None)
    return {(row["reporter_id"], row["indicator_id"]): row for row in table.to_dict("records")}


def _best(tables: Tables, parameters: dict[str, Any]) -> pd.Series:
    """The score a task can still reach: a completed one keeps its own, a late one pays for its days."""
    table = tables.tasks
    late = (table["period_end"] - table["last_due"]).dt.days.clip(lower=0).fillna(0)
    reachable = (100 - parameters["late_per_day"] * late).clip(lower=parameters["late_floor"])
    reachable = reachable.where(late > 0, 100.0)
    return reachable.where(~table["completed"].astype(bool), table["score"])


def _items(
    shown: Board, before: Facts, now: Facts, tables_before: Tables | None, tables_now: Tables
) -> Callable[[int], list[words.Item]]:
    """Number of a place → its items that count in one of the two quarters (for a parent: those of its sub-units)."""
    points = changes.contributions(before, now, shown.scheme)
    shares = changes.shares(now, shown.scheme)
    parameters = tables_now.periods.iloc[0].to_dict()
    registry = shown.registry
    special_ids = registry.specials["special_id"].tolist()
    specials = registry.specials["name"].fillna(registry.specials["special_id"]).tolist()
    best = shown.tasks(tables_now.tasks.assign(best=_best(tables_now, parameters)), "best")
    overdue = shown.tasks(
        tables_now.tasks.assign(overdue=tables_now.tasks["overdue"].fillna(False)), "overdue"
    )
    sustained = shown.tasks(tables_now.tasks, "sustained")
    values, idle = _values(shown, tables_now)
    old_values, idle_before = (
        (np.full_like(values, np.nan),) * 2 if tables_before is None else _values(shown, tables_before)
    )
    names = tables_now.ranking.set_index("reporter_id")["reporter_name"].to_dict()
    parts_of = [np.flatnonzero(line) for line in shown.scheme.members]
    kinds = (
        ("task", registry.tasks, "task_id", "title", before.tasks, now.tasks, points.tasks, shares.tasks),
        (
            "indicator", registry.indicators, "indicator_id", "name", before.indicators, now.indicators,
            points.indicators, shares.indicators,
        ),
    )  # fmt: skip
    prepared = []
    for component, table, key, title, *arrays in kinds:
        is_task = component == "task"
        groups = shown.scheme.tasks.specials if is_task else shown.scheme.indicators.specials
        units = [""] * len(table) if is_task else table["unit"].fillna("").tolist()
        prepared.append(
            (component, table[key].tolist(), table[title].fillna(table[key]).tolist(), units, groups, arrays)
        )

    def of_place(number: int) -> list[words.Item]:
        found = []
        for row in parts_of[number]:
            part = "" if shown.rows[row] == shown.places[number] else f"{names.get(shown.rows[row], '')} "
            for component, ids, titles, units, groups, (old, new, moved, share) in prepared:
                is_task = component == "task"
                for at in np.flatnonzero(~np.isnan(old[row]) | ~np.isnan(new[row])):
                    here = row, at
                    found.append(
                        words.Item(
                            component=component,
                            reporter_id=shown.rows[row],
                            item_id=ids[at],
                            name=part + titles[at],
                            special_id=special_ids[groups[at]],
                            special=specials[groups[at]],
                            old_score=_number(old[here]),
                            new_score=_number(new[here]),
                            old_text=None
                            if is_task
                            else _value(old_values[here], units[at], idle_before[here]),
                            new_text=None if is_task else _value(values[here], units[at], idle[here]),
                            points=float(moved[here]),
                            share=float(share[here]),
                            best=float(np.nan_to_num(best[here])) if is_task else 100.0,
                            overdue=is_task and overdue[here] == 1,
                            sustained=is_task and sustained[here] == 1,
                        )
                    )
        return found

    return of_place


def _values(shown: Board, tables: Tables) -> tuple[Floats, Floats]:
    """(R × I) what was reported, and 1 where there is no practice to report about."""
    idle = tables.indicators.assign(idle=tables.indicators["state"] == "no_practice")
    return shown.indicators(tables.indicators, "value"), shown.indicators(idle, "idle")


def _value(value: float, unit: str, idle: float) -> str:
    if np.isnan(value):
        return "未开展" if idle == 1 else words.UNREPORTED
    return f"{value:.6g}{unit}"


def _listed(items: list[words.Item], own: float) -> str:
    """The items that moved most and one line for all the others, as JSON; their points sum to the own part."""
    ordered = sorted(items, key=lambda item: (-abs(item.points), item.component, item.item_id))
    ordered = [item for item in ordered if abs(item.points) > 1e-12]
    shown = ordered[:ITEMS]
    lines = [
        {
            "component": item.component,
            "item_id": item.item_id,
            "special_id": item.special_id,
            "item_name": item.name,
            "old_score": item.old_score,
            "new_score": item.new_score,
            "contribution": round(item.points, changes.STORED),
        }
        for item in shown
    ]
    rest = round(own - sum(line["contribution"] for line in lines), changes.STORED)
    others = len(ordered) - len(shown)
    if others > 0 or abs(rest) > 0:
        name = f"其余 {others} 项" if others > 0 else "合成方法与舍入"
        lines.append(
            {
                "component": None, "item_id": None, "special_id": None, "item_name": name,
                "old_score": None, "new_score": None, "contribution": rest,
            }
        )  # fmt: skip
    return json.dumps(lines, ensure_ascii=False)
