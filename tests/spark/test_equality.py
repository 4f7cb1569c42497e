"""One tree, both engines, through the command line: the two warehouses say the same, down to types and comments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import REPOSITORY
from tests.conftest import ASKED, ORACLE_SEEDS, SAMPLES, join_trees
from tests.spark.equality import compare_files, report
from tests.support import MARTS

# tables of which rows say when or how they were made
OF_THE_RUN = {"raw.registry_versions"}


def taizhang(raw: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"TAIZHANG_RAW": str(raw), "TAIZHANG_HOME": str(home)}
    command = [str(Path(sys.executable).with_name("taizhang")), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1500)


@dataclass(frozen=True)
class Homes:
    """The two homes, and what the run on Spark said."""

    duckdb: Path
    spark: Path
    said: str


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    """The sample and the oracle's awkward programmes, all periods, by both engines."""
    from tests.oracle.awkward import build_tree

    folder = tmp_path_factory.mktemp("engines")
    awkward = build_tree(folder / "oracle", ORACLE_SEEDS)["root"]
    raw = join_trees(folder / "raw", SAMPLES, awkward)
    said = {}
    for engine in ("duckdb", "spark"):
        done = taizhang(raw, folder / engine, "run", "--period", str(ASKED), "--no-site", "--engine", engine)
        # 1: the awkward programmes have errors in their registries
        assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr[-3000:]
        assert "导出 Parquet" in done.stdout
        said[engine] = done.stdout
    return Homes(folder / "duckdb", folder / "spark", said["spark"])


@pytest.fixture(scope="session")
def differences(homes: Homes) -> dict:
    found = compare_files(homes.duckdb / "warehouse.duckdb", homes.spark / "warehouse.duckdb")
    page = REPOSITORY / "var" / "spark-equality.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(report(found) + "\n", encoding="utf-8")
    return {difference.table: difference for difference in found}


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_of_the_contract_is_equal(differences: dict, mart: str):
    difference = differences[f"marts.{mart}"]
    assert difference.rows > 0
    assert difference.equal, difference


def test_so_is_every_other_table_people_read(differences: dict):
    assert len(differences) > len(MARTS) + 10
    assert [difference for difference in differences.values() if not difference.equal] == []


def test_both_samples_and_all_their_periods_are_there(homes: Homes):
    with duckdb.connect(str(homes.spark / "warehouse.duckdb"), read_only=True) as connection:
        found = dict(
            connection.execute(
                "SELECT programme_id, count(DISTINCT period) FROM marts.ranking GROUP BY 1 ORDER BY 1"
            ).fetchall()
        )
    assert found["zhumadian2021"] == found["wugang2022"] == 4
    assert len(found) == 2 + len(ORACLE_SEEDS)


def test_every_relation_has_the_same_columns_types_and_comments(homes: Homes):
    query = (
        "SELECT schema_name || '.' || table_name, column_name, column_index, data_type, comment FROM duckdb_columns()"
        " WHERE NOT internal ORDER BY ALL"
    )
    shapes = []
    for home in (homes.duckdb, homes.spark):
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
            shapes.append(connection.execute(query).fetchall())
    assert shapes[0] == shapes[1]


def test_what_analysts_get_is_equal_too(homes: Homes):
    found = compare_files(
        homes.duckdb / "published" / "current.duckdb",
        homes.spark / "published" / "current.duckdb",
        ("marts", "quality", "ops", "raw", "control"),
    )
    assert [d for d in found if not d.equal and d.table not in OF_THE_RUN] == []
    files = [
        {path.relative_to(home / "published").as_posix() for path in (home / "published").rglob("*.parquet")}
        for home in (homes.duckdb, homes.spark)
    ]
    assert files[0] == files[1] != set()


def test_every_data_test_ran(homes: Homes):
    """Progress lines count them; on DuckDB they are 110."""
    import re

    manifest = json.loads((homes.spark / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    tests = sum(node["resource_type"] == "test" for node in manifest["nodes"].values())
    assert sum(map(int, re.findall(r"✓ 载入.*?(\d+) 项不变量校验", homes.said))) == tests


def test_the_audit_log_names_the_engine(homes: Homes):
    for home, engine in ((homes.duckdb, "duckdb"), (homes.spark, "spark")):
        lines = "".join(path.read_text(encoding="utf-8") for path in (home / "audit").glob("*.ndjson"))
        assert f'"engine":"{engine}"' in lines.replace(" ", "")


def test_nothing_is_left_outside_the_home(homes: Homes):
    """Derby and Spark like to write where they are called."""
    for name in ("derby.log", "metastore_db", "spark-warehouse"):
        for folder in (REPOSITORY, REPOSITORY / "dbt_project", Path.cwd()):
            assert not (folder / name).exists()
