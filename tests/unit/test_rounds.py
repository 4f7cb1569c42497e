"""Who computes what, in which order, when Spark and DuckDB take turns."""

from __future__ import annotations

from orchestration.engines.rounds import rounds


def node(kind: str, *parents: str, language: str = "sql") -> dict:
    return {"resource_type": kind, "language": language, "depends_on": {"nodes": list(parents)}}


NODES = {
    "seed": node("seed"),
    "stg": node("model", "source.raw.x"),
    "early": node("model", "stg"),
    "python": node("model", "early", language="python"),
    "by_seed": node("model", "seed"),
    "late": node("model", "python", "by_seed"),
    "last": node("model", "late", language="python"),
    "t_early": node("test", "early"),
    "t_python": node("test", "python"),
    "t_across": node("test", "early", "late"),
    "t_last": node("test", "last"),
    "t_of_nothing": node("test"),
    "hook": node("operation"),
}


def test_spark_waits_for_what_duckdb_makes_and_not_the_other_way_round():
    first, second = rounds(NODES)
    assert first.spark == ("early", "stg")
    assert first.inputs == ()
    assert set(first.duckdb) == {"seed", "stg", "early", "python", "t_early", "t_python"}
    assert second.spark == ("by_seed", "late")
    assert second.inputs == ("python", "seed")
    assert set(second.duckdb) == {"by_seed", "late", "last", "t_across", "t_last", "t_of_nothing"}


def test_every_node_stands_in_one_round():
    plan = rounds(NODES)
    made = [key for part in plan for key in part.duckdb]
    assert sorted(made) == sorted(set(NODES) - {"hook"})


def test_without_python_and_seeds_one_round_is_enough():
    (only,) = rounds({key: NODES[key] for key in ("stg", "early", "t_early")})
    assert only.spark == ("early", "stg")


def test_nothing_is_nothing():
    assert rounds({}) == []
