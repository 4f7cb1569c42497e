"""The models computed by Spark, everything after as ever: the tables stand in the warehouse in the end (decisions/0015).

Belongs here: who does what, in which order. Does not belong here: what a table says (dbt_project), how a Parquet file lies on disk
(``raw.lake``), a Spark of our own (``local_spark``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from orchestration.assets.dbt_models import build_arguments, built, running
from orchestration.engines.local_spark import refusal, set_up
from orchestration.engines.rounds import rounds
from orchestration.manifest import ensure_manifest, run_target
from orchestration.progress import step
from orchestration.settings import Settings
from orchestration.warehouse import reader
from raw.lake import write_table

if TYPE_CHECKING:
    import dagster as dg
    from dagster_dbt import DbtCliResource

LOADED, SPARK = "loaded", "spark"  # targets of dbt_project/profiles.yml


def build_with_spark(settings: Settings, dbt: DbtCliResource, context: dg.AssetExecutionContext) -> Iterator:
    """Events for Dagster: the same tables, views and data tests as a build on DuckDB, in several rounds."""
    manifest = json.loads(ensure_manifest(settings).read_text(encoding="utf-8"))
    nodes = manifest["nodes"]
    if words := refusal(settings.spark):
        raise RuntimeError(words)
    if settings.spark.local:
        set_up(settings)
    settings.lake.mkdir(exist_ok=True)
    with step("写出原始数据（Parquet），供 Spark 读取") as progress:
        progress.result = f"{_hand_over(settings, manifest['sources'].values())} 张表"
    plan = rounds(nodes)
    names = {key: nodes[key]["name"] for part in plan for key in part.duckdb}
    for number, part in enumerate(plan, 1):
        turn = f"（第 {number} 轮，共 {len(plan)} 轮）"
        _hand_over(settings, (nodes[key] for key in part.inputs))
        with step(f"Spark 计算{turn}") as progress:
            progress.result = (
                f"{_compute(settings, dbt, [names[key] for key in part.spark], progress)} 张表和视图"
            )
        # dagster-dbt selects what the run asked for; this round's is what no other round has
        others = [name for key, name in names.items() if key not in part.duckdb]
        arguments = [*build_arguments(), "--target", LOADED, "--indirect-selection", "empty"]
        with step(f"载入分析库，抽样和校验{turn}") as progress:
            yield from built(
                dbt.cli(
                    [*arguments, *(("--exclude", " ".join(others)) if others else ())],
                    context=context,
                    target_path=run_target(settings, LOADED),
                ),
                progress,
            )


def _hand_over(settings: Settings, tables: Iterable[dict]) -> int:
    """Tables of the warehouse as files that Spark reads; their number."""
    count = 0
    with reader(settings.warehouse, settings.lake) as connection:
        for table in tables:
            name = table.get("alias") or table["identifier"]
            write_table(connection, table["schema"], name, settings.lake / "in" / table["schema"] / name)
            count += 1
    return count


def _compute(settings: Settings, dbt: DbtCliResource, models: list[str], progress) -> int:
    """Models on Spark; their number. Dagster hears of a table when it has arrived in the warehouse."""
    done = 0
    arguments = ["run", "--target", SPARK, "--select", " ".join(models)]
    with running(dbt.cli(arguments, target_path=run_target(settings, SPARK))) as invocation:
        for event in invocation.stream_raw_events():
            if event.raw_event["info"]["name"] == "LogModelResult":
                done += 1
                progress.tick(f"{done} / {len(models)}")
    return done
