"""COINr's ASEM example against the warehouse: scores, ranks, ranks in groups, effective weights, one pillar removed.

Expected are the numbers COINr computed itself (beside the checkout). The values went the whole way: files, loader, models.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

from quality.ranks import engine
from tests.conftest import SHARED
from tests.factories.reference_asem import INDEX, PARTS, Asem, part_programme

FOLDER = SHARED / "reference" / "coinr_asem"
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no COINr reference set at {FOLDER}"),
]
UNITS, INDICATORS, PILLARS = 51, 49, 8


def expected(name: str) -> list[dict[str, str]]:
    with (FOLDER / "expected" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def asem() -> Asem:
    return Asem(FOLDER)


def results(published, asem: Asem) -> dict[tuple[str, str], tuple[float, int]]:
    """(unit, code of a pillar, sub-index or the index) → (score, rank) as stored."""
    found = {
        (unit, special): (score, rank)
        for unit, special, score, rank in published.execute(
            "SELECT reporter_id, special_id, score, rank FROM marts.special_scores WHERE programme_id = ?",
            [INDEX],
        ).fetchall()
    }
    for code, programme in {"Index": INDEX, **{part: part_programme(part) for part in PARTS}}.items():
        for unit, score, rank in published.execute(
            "SELECT reporter_id, total_score, rank FROM marts.ranking WHERE programme_id = ?", [programme]
        ).fetchall():
            found[unit, code] = (score, rank)
    assert len(found) == UNITS * (PILLARS + len(PARTS) + 1)
    return found


def test_the_whole_set_came_in(published):
    cells, units = published.execute(
        "SELECT count(*) FILTER (WHERE state = 'value'), count(DISTINCT reporter_id) FROM marts.indicator_scores WHERE programme_id = ?",
        [INDEX],
    ).fetchone()
    assert (cells, units) == (UNITS * INDICATORS, UNITS)
    findings = published.execute(
        "SELECT rule_id, count(*) FROM quality.flags WHERE programme_id LIKE 'asem_%' AND severity IN ('B', 'E') GROUP BY 1"
    ).fetchall()
    assert not findings


def test_scores_to_eight_decimals(published, asem):
    found = results(published, asem)
    differences = {
        (row["uCode"], code): abs(found[row["uCode"], code][0] - float(score))
        for row in expected("scores")
        for code, score in row.items()
        if code != "uCode"
    }
    assert len(differences) == len(found)
    worst = max(differences, key=differences.get)
    assert differences[worst] <= 1e-8, (worst, differences[worst])


def test_every_rank(published, asem):
    found = results(published, asem)
    ranks = {
        (row["uCode"], code): int(rank)
        for row in expected("ranks")
        for code, rank in row.items()
        if code != "uCode"
    }
    assert len(ranks) == len(found)
    assert not {key: (rank, found[key][1]) for key, rank in ranks.items() if rank != found[key][1]}


def test_ranks_within_the_income_groups(published, asem):
    """Of the index and of both sub-indices: a group is ranked by totals, so a pillar has no rank of its own in it."""
    rows = expected("ranks_within_GDPpc_group")
    stored = dict(
        published.execute(
            'SELECT reporter_id, ("group", group_rank) FROM marts.ranking WHERE programme_id = ?', [INDEX]
        ).fetchall()
    )
    assert {row["uCode"]: (row["GDPpc_group"], int(row["Index"])) for row in rows} == stored
    for part in PARTS:
        stored = dict(
            published.execute(
                "SELECT reporter_id, group_rank FROM marts.ranking WHERE programme_id = ?",
                [part_programme(part)],
            ).fetchall()
        )
        assert {row["uCode"]: int(row[part]) for row in rows} == stored


def test_effective_weights(published):
    """What an indicator's score moves in the index, solved from the stored scores and totals of all units."""
    scores = {
        (unit, indicator): score
        for unit, indicator, score in published.execute(
            "SELECT reporter_id, indicator_id, score FROM marts.indicator_scores WHERE programme_id = ?",
            [INDEX],
        ).fetchall()
    }
    totals = dict(
        published.execute(
            "SELECT reporter_id, total_score FROM marts.ranking WHERE programme_id = ?", [INDEX]
        ).fetchall()
    )
    codes = {
        row["iCode"]: float(row["EffWeight"]) for row in expected("effective_weights") if row["Level"] == "1"
    }
    assert len(codes) == INDICATORS
    matrix = np.array([[scores[unit, code] for code in codes] for unit in totals])
    solved, _, rank, _ = np.linalg.lstsq(matrix, np.array(list(totals.values())), rcond=None)
    assert rank == INDICATORS
    assert np.abs(solved - np.array(list(codes.values()))).max() < 1e-8


def test_weights_of_the_pillars(published):
    weights = dict(
        published.execute(
            "SELECT special_id, weight FROM raw.specials WHERE programme_id = ?", [INDEX]
        ).fetchall()
    )
    assert weights == pytest.approx(
        {
            row["iCode"]: float(row["EffWeight"])
            for row in expected("effective_weights")
            if row["Level"] == "2"
        },
        abs=1e-14,
    )


def ranks_by_the_engine(published, asem: Asem, weights: dict[str, float]) -> dict[str, int]:
    """unit → rank that the engine of the rank draws gives the stored indicator scores under other weights of the pillars."""
    stored = {
        (unit, indicator): score
        for unit, indicator, score in published.execute(
            "SELECT reporter_id, indicator_id, score FROM marts.indicator_scores WHERE programme_id = ?",
            [INDEX],
        ).fetchall()
    }
    lines = published.execute(
        "SELECT indicator_id, special_id, weight FROM raw.indicators WHERE programme_id = ?", [INDEX]
    ).fetchall()
    number = {pillar: position for position, pillar in enumerate(asem.pillars)}
    scheme = engine.Scheme(
        engine.Items(np.empty(0), np.empty(0, np.int64)),
        engine.Items(np.array([line[2] for line in lines]), np.array([number[line[1]] for line in lines])),
        np.array([weights.get(pillar, 0.0) for pillar in asem.pillars]),
        np.array([0.0, 1.0]),
        engine.Members.themselves(len(asem.units)),
    )
    scores = np.array([[stored[unit, line[0]] for line in lines] for unit in asem.units])
    totals = engine.totals(np.empty((len(asem.units), 0)), scores, scheme)
    return dict(zip(asem.units, engine.ranks(totals[:, None])[0][:, 0], strict=True))


def test_what_removing_a_pillar_moves(published, asem):
    """Rank of every unit without each pillar, and the mean of the absolute changes of rank."""
    rows = expected("remove_level2_ranks")
    means = {
        row["removed"]: float(row["mean_abs_rank_diff"])
        for row in expected("remove_level2_mean_abs_rank_diff")
    }
    assert set(means) == {"Nominal", *asem.pillars}
    found = {
        name: ranks_by_the_engine(published, asem, asem.weights("Index", left_out=name)) for name in means
    }
    for name, mean in means.items():
        assert found[name] == {row["uCode"]: int(row[name]) for row in rows}
        changes = [abs(found[name][unit] - found["Nominal"][unit]) for unit in asem.units]
        assert sum(changes) / len(changes) == pytest.approx(mean, abs=1e-12)
