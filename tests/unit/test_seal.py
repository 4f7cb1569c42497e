"""No SQL reaches a file, an extension or a setting it has no business with, on any kind of connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.settings import REPOSITORY
from orchestration.warehouse import AlreadySealed, calculator, literal, reader, writer


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the home, with something to steal and a database to attach."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.csv").write_text("secret\n", encoding="utf-8")
    duckdb.connect(str(folder / "other.duckdb")).close()
    return folder


@contextlib.contextmanager
def dbt(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection a model gets, by the profile of the project."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.adapters.duckdb.environments.local import LocalEnvironment

    text = (REPOSITORY / "dbt_project" / "profiles.yml").read_text(encoding="utf-8")
    profile = yaml.safe_load(text)["taizhang"]["outputs"]["duckdb"] | {"path": str(path)}
    profile = {name: value for name, value in profile.items() if name not in ("type", "threads")}
    environment = LocalEnvironment(DuckDBCredentials.from_dict(profile | {"database": path.stem}))
    handle = environment.handle()
    yield handle.cursor()
    handle.close()
    environment.close()


KINDS = {
    "writer": lambda home: writer(home / "w.duckdb", home / "published"),
    "reader": lambda home: reader(home / "w.duckdb", home / "published"),
    "calculator": lambda home: calculator(home / "published"),
    "dbt": lambda home: dbt(home / "w.duckdb"),
}


@pytest.fixture(params=KINDS)
def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    home = tmp_path / "home"
    with writer(home / "w.duckdb") as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    (home / "published").mkdir()
    with KINDS[request.param](home) as connection:
        yield connection


HOSTILE = {
    "read": "FROM read_csv('{out}/secret.csv', header = false)",
    "text": "FROM read_text('{out}/secret.csv')",
    "by name": "FROM '{out}/secret.csv'",
    "up and out": "FROM read_text('{home}/published/../../outside/secret.csv')",
    "system": "FROM read_csv('/etc/passwd', header = false, sep = ':')",
    "list": "FROM glob('{out}/*')",
    "web": "FROM read_csv('https://example.invalid/x.csv')",
    "write": "COPY (SELECT 1) TO '{out}/written.csv'",
    "attach": "ATTACH '{out}/other.duckdb' AS other",
    "attach new": "ATTACH '{out}/new.duckdb' AS other",
    "export": "EXPORT DATABASE '{out}/all'",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "load file": "LOAD '{out}/x.duckdb_extension'",
    "unseal": "SET enable_external_access = true",
    "wider": "SET allowed_directories = ['/']",
    "unlock": "RESET lock_configuration",
    "starve": "SET memory_limit = '1MB'",
    "spill elsewhere": "SET temp_directory = '{out}'",
}


def test_hostile_sql_is_refused(sealed: duckdb.DuckDBPyConnection, outside: Path):
    home = outside.with_name("home")
    got_through = {}
    for name, sql in HOSTILE.items():
        with contextlib.suppress(
            duckdb.PermissionException, duckdb.InvalidInputException, duckdb.CatalogException
        ):
            got_through[name] = sealed.execute(sql.format(out=outside, home=home)).fetchall()
    assert got_through == {}
    assert sorted(path.name for path in outside.iterdir()) == ["other.duckdb", "secret.csv"]
    assert sealed.execute("SELECT current_setting('TimeZone')").fetchone() == ("Asia/Shanghai",)


def test_the_same_sql_works_without_the_seal(outside: Path):
    """Otherwise the test above proves nothing."""
    with duckdb.connect() as plain:
        for name in ("read", "text", "by name", "list", "write", "attach", "attach new", "starve"):
            plain.execute(HOSTILE[name].format(out=outside, home=outside.with_name("home")))
            plain.execute("DETACH DATABASE IF EXISTS other")


def test_named_folders_are_open(tmp_path: Path):
    published = tmp_path / "it's published"
    published.mkdir()
    file = literal(str(published / "t.parquet"))
    with writer(tmp_path / "w.duckdb", published) as connection:
        connection.execute(f"COPY (SELECT 1 AS a) TO {file} (FORMAT parquet)")
        connection.execute(f"ATTACH {literal(str(published / 'copy.duckdb'))} AS copy; DETACH copy")
    with calculator(published) as connection:
        assert connection.execute(f"FROM read_parquet({file})").fetchall() == [(1,)]
    with reader(tmp_path / "w.duckdb") as connection, pytest.raises(duckdb.PermissionException):
        connection.execute(f"FROM read_parquet({file})")


def test_a_second_connection_shares_the_seal_and_cannot_widen_it(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    with writer(path):
        pass
    with reader(path) as first, reader(path) as second:
        assert first.execute("SELECT 1").fetchall() == second.execute("SELECT 1").fetchall()
        with pytest.raises(AlreadySealed), reader(path, tmp_path):
            pass


def test_work_larger_than_memory_still_spills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import orchestration.warehouse as warehouse

    monkeypatch.setattr(warehouse, "MEMORY", {"memory_limit": "40MB", "threads": "1"})
    with writer(tmp_path / "w.duckdb") as connection:
        connection.execute(
            "CREATE TEMP TABLE s AS SELECT md5(CAST(i AS VARCHAR)) AS m FROM range(2000000) t(i)"
        )
        spilled = connection.execute("FROM duckdb_temporary_files()").fetchall()
        assert connection.execute("SELECT count(*) FROM s").fetchall() == [(2000000,)]
    assert spilled


def test_the_pipelines_database_is_its_owners_only(tmp_path: Path):
    with writer(tmp_path / "w.duckdb"):
        assert (tmp_path / "w.duckdb").stat().st_mode & 0o777 == 0o600
