"""Tables as Parquet folders: partitions are text, nulls and empty tables stay what they are."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.warehouse import calculator, reader, writer
from raw.lake import write_table

ROWS = "('a/b 中:x', '2021Q3', 1), (NULL, '2021Q3', 2), ('411700', NULL, 3)"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    with writer(path) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute("CREATE TABLE raw.both (programme_id VARCHAR, period VARCHAR, n BIGINT)")
        connection.execute(f"INSERT INTO raw.both VALUES {ROWS}")
        connection.execute("CREATE TABLE raw.none (programme_id VARCHAR, moment TIMESTAMPTZ)")
        connection.execute("CREATE TABLE raw.plain AS SELECT DATE '2021-01-01' AS day")
        connection.execute("CREATE TABLE raw.keys AS SELECT 'p' AS programme_id, '2021Q1' AS period")
    return path


def written(warehouse: Path, table: str, folder: Path) -> Path:
    target = folder / "it's" / table
    with reader(warehouse, folder) as connection:
        write_table(connection, "raw", table, target)
    return target


def read(folder: Path, target: Path, partitioned: bool) -> list[tuple]:
    with calculator(folder) as connection:
        files = str(target / ("*/*" if partitioned else "") / "*.parquet").replace("'", "''")
        columns = "n, programme_id, period"
        relation = f"read_parquet('{files}', hive_partitioning = {partitioned}, hive_types_autocast = false)"
        return connection.execute(f"SELECT {columns} FROM {relation} ORDER BY ALL").fetchall()


def test_partitions_keep_text_and_nulls(warehouse: Path, tmp_path: Path):
    target = written(warehouse, "both", tmp_path)
    assert sorted(path.name for path in target.iterdir()) == [
        "programme_id=411700",
        "programme_id=__HIVE_DEFAULT_PARTITION__",
        "programme_id=a%2Fb%20%E4%B8%AD%3Ax",
    ]
    found = read(tmp_path, target, partitioned=True)
    assert found == [(1, "a/b 中:x", "2021Q3"), (2, None, "2021Q3"), (3, "411700", None)]


def test_an_empty_table_still_says_its_columns(warehouse: Path, tmp_path: Path):
    target = written(warehouse, "none", tmp_path)
    with calculator(tmp_path) as connection:
        name = str(target / "data_0.parquet").replace("'", "''")
        described = connection.execute(f"DESCRIBE FROM '{name}'").fetchall()
    assert [row[:2] for row in described] == [
        ("programme_id", "VARCHAR"),
        ("moment", "TIMESTAMP WITH TIME ZONE"),
    ]


@pytest.mark.parametrize("table", ["plain", "keys"])
def test_what_has_no_partition_or_nothing_else_is_one_file(warehouse: Path, tmp_path: Path, table: str):
    assert [path.name for path in written(warehouse, table, tmp_path).iterdir()] == ["data_0.parquet"]


def test_writing_again_leaves_nothing_of_before(warehouse: Path, tmp_path: Path):
    written(warehouse, "both", tmp_path)
    with writer(warehouse) as connection:
        connection.execute("DELETE FROM raw.both WHERE n < 3")
    target = written(warehouse, "both", tmp_path)
    assert read(tmp_path, target, partitioned=True) == [(3, "411700", None)]


def test_no_other_folder_is_written(warehouse: Path, tmp_path: Path):
    allowed = tmp_path / "lake"
    allowed.mkdir()
    with reader(warehouse, allowed) as connection, pytest.raises(duckdb.PermissionException):
        write_table(connection, "raw", "plain", tmp_path / "elsewhere")
