"""The influence of a finding, recomputed from the marts by a second program: score, rank and list with the value replaced.

Belongs here: priorities and the scorecard against plain Python over the published tables. Does not belong here: whether the
finding itself is right (rules, defects).
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import duckdb
import pytest

from orchestration.warehouse import reader
from tests.conftest import Built
from tests.oracle.oracle import attainment, clamp, mean, ranks

pytestmark = pytest.mark.integration

# rules whose expected value is a median, nothing of their own
GENERIC = ("K02", "F03", "V02", "V05", "H02", "H03", "H04")
Place = tuple[str, str, str]  # programme, period, reporter


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass
class World:
    """What the marts say, by place; everything a recomputation needs."""

    programmes: dict[str, dict]
    special_weight: dict[tuple[str, str], float]
    weight: dict[tuple[str, str, str], float]  # (programme, kind, item)
    tasks: dict[Place, dict[str, dict]] = field(default_factory=lambda: defaultdict(dict))
    indicators: dict[Place, dict[str, dict]] = field(default_factory=lambda: defaultdict(dict))
    ranking: dict[Place, dict] = field(default_factory=dict)
    exponent: dict[tuple[str, str], float] = field(default_factory=dict)
    starts: dict[tuple[str, str], Any] = field(default_factory=dict)
    milestones: dict[tuple[str, str], list] = field(default_factory=dict)
    period_end: dict[tuple[str, str], Any] = field(default_factory=dict)

    def total(self, place: Place, replaced: dict[tuple[str, str], float | None]) -> float | None:
        """The total score with the scores of some items replaced; None = not counted."""
        programme = self.programmes[place[0]]
        parts = []
        for kind, items in (("task", self.tasks[place]), ("indicator", self.indicators[place])):
            by_special: dict[str, list] = defaultdict(list)
            for item, row in items.items():
                score = replaced.get((kind, item), row["score"])
                by_special[row["special_id"]].append((self.weight[place[0], kind, item], score))
            specials = [(self.special_weight[place[0], s], mean(pairs)) for s, pairs in by_special.items()]
            parts.append((programme[f"weight_{kind}s"], mean(specials)))
        return mean(parts)

    def placed(self, place: Place, total: float | None, attained: bool, ranked: bool) -> tuple:
        """(rank, list) of a reporter with this total among the others as published."""
        others = {
            other: row["total_score"]
            for other, row in self.ranking.items()
            if other[:2] == place[:2] and other != place and row["ranked"]
        }
        if not ranked:
            return None, None
        scores = others | {place: total}
        programme = self.programmes[place[0]]
        rank, from_end = ranks(scores)[place], ranks(scores, reverse=False)[place]
        if len(scores) < programme["red"] + programme["black"] + 1:
            return rank, None
        if rank <= programme["red"]:
            return rank, "red"
        return rank, "black" if from_end <= programme["black"] and not attained else None


@pytest.fixture(scope="module")
def world(built: Built) -> Iterator[tuple[World, list[dict], duckdb.DuckDBPyConnection]]:
    with reader(built.settings.current) as connection:
        programmes = {r["programme_id"]: r for r in rows(connection, "FROM raw.programmes")}
        specials = defaultdict(list)
        for row in rows(connection, "FROM raw.specials"):
            specials[row["programme_id"]].append(row)
        special_weight = {}
        for programme, listed in specials.items():
            known = [s["weight"] for s in listed if s["weight"] is not None]
            blank = len(listed) - len(known)
            rest = max(0.0, 1 - math.fsum(known)) / blank if known and blank else 1.0
            for s in listed:
                special_weight.setdefault(
                    (programme, s["special_id"]), rest if s["weight"] is None else s["weight"]
                )
        weight, exponent, starts = {}, {}, {}
        for kind in ("task", "indicator"):
            given = defaultdict(list)
            items = rows(connection, f"FROM raw.{kind}s ORDER BY row_number")
            first = {}
            for row in items:
                first.setdefault((row["programme_id"], row[f"{kind}_id"]), row)
            for row in first.values():
                if row["weight"] is not None:
                    given[row["programme_id"], row["special_id"]].append(row["weight"])
            for (programme, item), row in first.items():
                same = given[programme, row["special_id"]]
                fallback = math.fsum(same) / len(same) if same else 1.0
                weight[programme, kind, item] = fallback if row["weight"] is None else row["weight"]
                if kind == "task":
                    starts[programme, item] = row["start_date"] or programmes[programme]["start_date"]
                else:
                    exponent[programme, item] = 1.0 if row["exponent"] is None else row["exponent"]
        found = World(programmes, special_weight, weight, exponent=exponent, starts=starts)
        for row in rows(connection, "FROM marts.task_status"):
            found.tasks[row["programme_id"], row["period"], row["reporter_id"]][row["task_id"]] = row
        for row in rows(connection, "FROM marts.indicator_scores"):
            found.indicators[row["programme_id"], row["period"], row["reporter_id"]][row["indicator_id"]] = (
                row
            )
        for row in rows(connection, "FROM marts.ranking"):
            found.ranking[row["programme_id"], row["period"], row["reporter_id"]] = row
        for row in rows(connection, "FROM raw.task_milestones ORDER BY milestone_no"):
            found.milestones.setdefault((row["programme_id"], row["task_id"]), []).append(row["due_date"])
        for row in rows(connection, "SELECT programme_id, period, period_end FROM control.periods"):
            found.period_end[row["programme_id"], row["period"]] = row["period_end"]
        yield found, rows(connection, "FROM quality.priorities"), connection


def value_score(world: World, row: dict, value: float) -> float | None:
    """Score of a value by section 7 of the contract."""
    if row["method"] is None:
        return None
    if row["method"] == "dtf":
        share = clamp((row["worst"] - value) / (row["worst"] - row["frontier"]))
        return 100 * share ** world.exponent[row["programme_id"], row["indicator_id"]]
    polarity = row["polarity"] == "higher"
    return attainment(value, row["baseline"], row["target"], polarity)


def expected_value(world: World, place: Place, indicator: str) -> tuple[str, float] | None:
    """Median of the reporter's last four periods, else of everybody in the period: (whose, value)."""
    programme, period, reporter = place
    periods = sorted(p for g, p in world.period_end if g == programme)
    at = periods.index(period)
    own = [
        row["value"]
        for earlier in periods[max(0, at - 4) : at]
        if (row := world.indicators[programme, earlier, reporter].get(indicator)) and row["value"] is not None
    ]
    if own:
        return "own", median(own)
    peers = [
        items[indicator]["value"]
        for (g, p, _), items in world.indicators.items()
        if (g, p) == (programme, period) and indicator in items and items[indicator]["value"] is not None
    ]
    return ("peers", median(peers)) if len(peers) >= 3 else None


def polarities(world: World, connection: duckdb.DuckDBPyConnection) -> None:
    known = {
        (r["programme_id"], r["indicator_id"]): r["polarity"] for r in rows(connection, "FROM raw.indicators")
    }
    for (programme, _, _), items in world.indicators.items():
        for indicator, row in items.items():
            row["polarity"] = known[programme, indicator]


def attained_all(items: dict[str, dict], replaced: dict[str, dict]) -> bool:
    """Every applicable indicator with a target reached it, at least one."""
    flags = [
        replaced.get(item, row)["attained"]
        for item, row in items.items()
        if replaced.get(item, row)["attained"] is not None
    ]
    return bool(flags) and all(flags)


def test_missing_and_doubtful_values_move_score_rank_and_list_as_a_second_program_says(world):
    found, priorities, connection = world
    polarities(found, connection)
    compared = crossed = 0
    for line in priorities:
        if line["entity_type"] != "indicator" or line["rule_id"] not in GENERIC:
            continue
        place = (line["programme_id"], line["period"], line["reporter_id"])
        row = found.indicators[place].get(line["entity_id"])
        if row is None:
            assert line["score_change"] is None
            continue
        expected = expected_value(found, place, line["entity_id"])
        if expected is None:
            assert line["expected_basis"] is None, line
            continue
        whose, value = expected
        assert line["expected_value"] == pytest.approx(value, abs=1e-9), line
        assert ("本单位" in line["expected_basis"]) == (whose == "own"), line
        total = found.total(place, {("indicator", line["entity_id"]): value_score(found, row, value)})
        assert line["score_expected"] == pytest.approx(total, abs=1e-8), line
        assert line["score_change"] == pytest.approx(total - found.total(place, {}), abs=1e-8), line
        good = row["target"] is not None and (
            value >= row["target"] if row["polarity"] == "higher" else value <= row["target"]
        )
        new = row | {"state": "value", "attained": good if row["target"] is not None else None}
        items = found.indicators[place]
        states = [new["state"] if i == line["entity_id"] else r["state"] for i, r in items.items()]
        applicable = [s for s in states if s != "not_applicable"]
        coverage = sum(s in ("value", "no_practice") for s in applicable) / len(applicable)
        floor = found.programmes[place[0]]["coverage_min"]
        ranked = total is not None and not (floor > 0 and coverage < floor)
        rank, entered = found.placed(place, total, attained_all(items, {line["entity_id"]: new}), ranked)
        assert (line["rank_expected"], line["list_expected"]) == (rank, entered), line
        now = found.ranking[place]
        assert (line["rank_now"], line["list_now"]) == (now["rank"], now["list"])
        assert line["crosses_edge"] == (now["list"] != entered)
        compared += 1
        crossed += line["crosses_edge"]
    assert compared > 200 and crossed > 5


def test_summaries_and_unproved_completions_move_the_score_as_a_second_program_says(world):
    found, priorities, _ = world
    compared = defaultdict(int)
    for line in priorities:
        if line["entity_type"] != "task" or line["score_change"] is None:
            continue
        place = (line["programme_id"], line["period"], line["reporter_id"])
        programme = found.programmes[line["programme_id"]]
        if line["rule_id"] == "T14":
            score: float | None = 100.0
        elif line["expected_value"] is not None:
            due_dates = found.milestones[place[0], line["entity_id"]]
            end, progress, n = found.period_end[place[:2]], line["expected_value"], len(due_dates)
            unmet = [k for k in range(1, n + 1) if progress * n < 100 * k]
            k = unmet[0] if unmet else n
            due = due_dates[k - 1]
            start = found.starts[place[0], line["entity_id"]]
            share = (
                (k / n if due <= end else 0.0)
                if start >= due
                else k / n * clamp((end - start).days / (due - start).days)
            )
            if unmet and due <= end:
                score = min(programme["overdue_cap"], progress)
            else:
                score = 100 * min(1.0, progress / (100 * share)) if share > 0 else None
        else:
            continue
        total = found.total(place, {("task", line["entity_id"]): score})
        assert line["score_expected"] == pytest.approx(total, abs=1e-8), line
        compared[line["rule_id"]] += 1
    assert compared["T14"] > 50 and compared["H01"] and compared["T10"] and compared["F12"]


def test_the_office_works_from_the_top(world):
    _, priorities, connection = world
    open_findings = {r[0] for r in connection.execute("SELECT flag_id FROM quality.flags").fetchall()}
    assert {line["flag_id"] for line in priorities} == open_findings
    queues = defaultdict(list)
    for line in priorities:
        queues[line["programme_id"], line["period"]].append(line)
    for queue in queues.values():
        queue.sort(key=lambda line: line["priority"])
        assert [line["priority"] for line in queue] == list(range(1, len(queue) + 1))
        keys = [(not (q["crosses_edge"] and q["influence"] > 0), -q["influence"]) for q in queue]
        assert keys == sorted(keys)
    # a fact is no suspicion: nothing is recomputed for an overdue task or a value below its baseline
    assert all(
        line["score_change"] is None for line in priorities if line["rule_id"] in ("T07", "T09", "I09", "U01")
    )


def test_scorecard_counts_every_thing_looked_at_once(world):
    _, _, connection = world
    lines = rows(connection, "FROM quality.scorecard")
    assert {line["dimension"] for line in lines} == {"completeness", "timeliness", "validity", "consistency"}
    for line in lines:
        assert 0 <= line["failed"] <= line["evaluated"]
        if line["evaluated"]:
            assert line["pass_rate"] == pytest.approx(1 - line["failed"] / line["evaluated"], abs=1e-9)
        else:
            assert line["pass_rate"] is None
    # a late first submission, and nothing else, spoils the timeliness of 西平县 in the third quarter of the sample
    late = [
        line
        for line in lines
        if (line["programme_id"], line["period"], line["dimension"])
        == ("zhumadian2021", "2021Q3", "timeliness")
        and line["failed"]
    ]
    days = connection.execute("""
        SELECT reporter_id, count(*) FROM marts.reporting
        WHERE programme_id = 'zhumadian2021' AND period = '2021Q3' AND received AND NOT on_time GROUP BY ALL
    """).fetchall()
    assert {line["reporter_id"]: line["failed"] for line in late} == dict(days)


def test_status_and_explain_name_what_to_check_first(world, built: Built, capsys):
    found, _, _ = world
    from orchestration.commands.explain import explain
    from orchestration.commands.status import status

    assert status(built.settings, "2021Q4", "zhumadian2021", as_json=True) == 0
    (block,) = json.loads(capsys.readouterr().out)
    weights = [abs(entry["score_expected"] - entry["score_now"]) for entry in block["check_first"]]
    assert len(weights) == 5 and all(weights)
    first = block["check_first"][0]
    assert first["name"] == found.ranking["zhumadian2021", "2021Q4", first["reporter_id"]]["reporter_name"]
    assert "总分由" in first["influence"] and first["about"]
    # 新蔡县 wrote hours in days: the unit slip is what to ask it about
    assert explain(built.settings, "2021Q4", "411729", "zhumadian2021", as_json=False) == 0
    assert "按疑似的计量单位换算" in capsys.readouterr().out
