"""The Dagster graph: loadable, pooled, complete; dbt's conventions and unit tests."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration import names
from orchestration.build import build_defs
from orchestration.manifest import ensure_manifest
from orchestration.settings import REPOSITORY
from tests.conftest import Built

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def defs(built: Built) -> dg.Definitions:
    return build_defs(built.settings)


@pytest.fixture(scope="module")
def manifest(built: Built) -> dict:
    return json.loads(ensure_manifest(built.settings).read_text(encoding="utf-8"))


def test_loadable(defs):
    dg.Definitions.validate_loadable(defs)


def test_every_step_that_writes_stands_in_the_pool(defs):
    """Everything but the readers of published/ writes the warehouse."""
    readers = {names.PARQUET, names.SITE}
    for asset in (
        defs.resolve_asset_graph().assets_defs if hasattr(defs, "resolve_asset_graph") else defs.assets
    ):
        if (
            not isinstance(asset, dg.AssetsDefinition)
            or not asset.is_executable
            or set(asset.keys) <= readers
        ):
            continue
        assert getattr(asset.op, "pool", None) == names.WRITER_POOL, asset.op.name


def test_graph_reaches_from_the_raw_tree_to_the_site(defs):
    graph = defs.resolve_asset_graph()
    upstream, waiting = set(), [names.SITE]
    while waiting:
        key = waiting.pop()
        if key not in upstream:
            upstream.add(key)
            waiting += graph.get(key).parent_keys
    for key in (
        names.raw_key("progress"),
        names.CONTROL_PERIODS,
        names.RAW_FINDINGS,
        names.RANKING,
        names.FLAGS,
    ):
        assert key in upstream, key


def test_schedules_and_sensor(defs):
    repository = defs.get_repository_def()
    schedules = {schedule.name: schedule for schedule in repository.schedule_defs}
    assert {name: s.execution_timezone for name, s in schedules.items()} == {
        "cutoff_evening": "Asia/Shanghai",
        "freeze": "Asia/Shanghai",
    }
    assert [sensor.name for sensor in repository.sensor_defs if sensor.name == "inbox"] == ["inbox"]


def test_every_dbt_test_is_an_asset_check(defs, manifest):
    """dagster-dbt drops colliding names silently; none of ours may go missing."""
    tests = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and not node.get("disabled")
    }
    checks = {key.name for key in defs.resolve_asset_graph().asset_check_keys}
    assert tests - checks == set()
    assert len(tests) > 50


def test_models_by_layer(manifest):
    """Prefix per layer, no layer skipped, every model described, ASCII names."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    assert len(models) > 60
    for node in models.values():
        name, schema = node["name"], node["schema"]
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert node["description"], name
        assert name.startswith("stg_") == (schema == "staging"), name
        assert name.startswith("int_") == (schema == "intermediate"), name
        if schema != "staging":
            assert not [p for p in node["depends_on"]["nodes"] if p.startswith("source.")], name


def test_rule_models_and_catalogue_agree(manifest, published):
    """Every active rule with a model has one, every rule model has its rule."""
    models = {
        node["name"].split("__")[1].split("_")[0].upper()
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"].startswith("int_check__")
    }
    wanted = {
        rule
        for (rule,) in published.execute(
            "SELECT rule_id FROM quality.check_rules WHERE home = 'model' AND state = 'active'"
        ).fetchall()
    }
    assert models == wanted


def test_dbt_unit_tests_pass(built: Built, tmp_path: Path):
    """In a process of its own: dbt keeps its connection until its process ends, and DuckDB has one writer."""
    built.settings.prepare()
    # the session's project need not be parsed again; another target, for the results of the session stay
    shutil.copy(built.settings.dbt_target / "partial_parse.msgpack", tmp_path)
    project = str(REPOSITORY / "dbt_project")
    command = [
        str(Path(sys.executable).with_name("dbt")),
        "--quiet",
        "--no-use-colors",
        "--log-path",
        str(tmp_path),
    ]
    command += ["test", "--select", "test_type:unit", "--project-dir", project, "--profiles-dir", project]
    command += ["--target-path", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "run_results.json").read_text(encoding="utf-8"))["results"]
    # the hook before the first model is among the results
    judged = [result for result in results if result["unique_id"].startswith("unit_test.")]
    assert len(judged) > 10 and {result["status"] for result in judged} == {"pass"}
    names_of_tests = {result["unique_id"].split(".")[-1] for result in results}
    assert len(names_of_tests) >= 6
