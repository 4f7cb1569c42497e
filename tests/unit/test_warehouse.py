"""Connections are closed whatever happens; publishing swaps whole files; readers are never disturbed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.assets.publish import write_snapshot
from orchestration.warehouse import WarehouseBusy, literal, reader, writer


def test_writer_closes_after_an_exception(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    with pytest.raises(ZeroDivisionError), writer(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        raise ZeroDivisionError
    code = f"import duckdb; print(duckdb.connect({str(path)!r}).execute('FROM t').fetchall())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[(1,)]"


def test_a_second_writer_is_told_so(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    with writer(path):
        code = f"from pathlib import Path; from orchestration.warehouse import writer\nwith writer(Path({str(path)!r})): pass"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert WarehouseBusy.__name__ in done.stderr


def test_reader_needs_a_file_and_cannot_write(tmp_path: Path):
    with pytest.raises(FileNotFoundError), reader(tmp_path / "absent.duckdb"):
        pass
    with writer(tmp_path / "w.duckdb") as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    with reader(tmp_path / "w.duckdb") as connection, pytest.raises(duckdb.InvalidInputException):
        connection.execute("INSERT INTO t VALUES (1)")


def test_extensions_are_not_downloaded(tmp_path: Path):
    with writer(tmp_path / "w.duckdb") as connection:
        settings = dict(
            connection.execute(
                "SELECT name, value FROM duckdb_settings() WHERE name IN ('autoinstall_known_extensions', "
                "'autoload_known_extensions', 'allow_community_extensions')"
            ).fetchall()
        )
    assert set(settings.values()) == {"false"}


def _warehouse(path: Path, value: int) -> None:
    with writer(path) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts; CREATE SCHEMA IF NOT EXISTS staging")
        connection.execute(f"CREATE OR REPLACE TABLE marts.ranking AS SELECT {value} AS a")
        connection.execute(
            "COMMENT ON TABLE marts.ranking IS '排名''表'; COMMENT ON COLUMN marts.ranking.a IS '名次'"
        )
        connection.execute("CREATE OR REPLACE TABLE staging.own AS SELECT 1 AS a")


def test_snapshot_keeps_comments_leaves_inner_rooms_and_old_readers_alone(tmp_path: Path):
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "published" / "current.duckdb"
    _warehouse(warehouse, 1)
    with writer(warehouse, target.parent) as connection:
        assert write_snapshot(connection, target) == 1
    with reader(target) as old:
        _warehouse(warehouse, 2)
        with writer(warehouse, target.parent) as connection:
            write_snapshot(connection, target)
        assert old.execute("FROM marts.ranking").fetchall() == [(1,)]
    with reader(target) as new:
        assert new.execute("FROM marts.ranking").fetchall() == [(2,)]
        assert new.execute("SELECT comment FROM duckdb_tables()").fetchall() == [("排名'表",)]
        assert new.execute("SELECT comment FROM duckdb_columns() WHERE NOT internal").fetchall() == [
            ("名次",)
        ]
    assert sorted(path.name for path in target.parent.iterdir()) == ["current.duckdb"]


def test_a_failed_snapshot_leaves_the_published_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "published" / "current.duckdb"
    _warehouse(warehouse, 1)
    with writer(warehouse, target.parent) as connection:
        write_snapshot(connection, target)

    def fail(*_):
        raise RuntimeError("no comments today")

    monkeypatch.setattr("orchestration.assets.publish._copy_comments", fail)
    with writer(warehouse, target.parent) as connection, pytest.raises(RuntimeError):
        write_snapshot(connection, target)
    with reader(target) as connection:
        assert connection.execute("FROM marts.ranking").fetchall() == [(1,)]
    assert sorted(path.name for path in target.parent.iterdir()) == ["current.duckdb"]


def test_literal_cannot_be_left():
    hostile = "a'; DROP TABLE t; --"
    assert duckdb.execute("SELECT " + literal(hostile)).fetchall() == [(hostile,)]
