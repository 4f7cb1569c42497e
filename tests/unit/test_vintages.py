"""The tables and macros that look back, on a warehouse written by hand: no run, no dbt."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.assets.publish import write_snapshot
from orchestration.editions.store import Edition
from orchestration.warehouse import writer

# (revision, published, columns of the file, rows): the first edition is older than column b and still has column gone
EDITIONS = (
    (0, "2021-07-13T09:00:00+08:00", "rank, gone", "(1, 'x'), (2, 'y')"),
    (1, "2021-08-02T09:00:00+08:00", "rank, b", "(2, 0.5), (3, 0.25)"),
)


def edition(folder: Path, revision: int, published_at: str, columns: str, rows: str) -> Edition:
    path = folder / f"r{revision}"
    (path / "parquet").mkdir(parents=True)
    duckdb.sql(
        f"COPY (SELECT 'p' AS programme_id, '2021Q2' AS period, * FROM (VALUES {rows}) AS t({columns})) "
        f"TO '{path}/parquet/ranking.parquet' (FORMAT parquet)"
    )
    manifest = {
        "edition": f"p/2021Q2/r{revision}", "programme_id": "p", "period": "2021Q2", "revision": revision,
        "published_at": published_at, "data_cut": published_at, "tables": {"ranking": {}},
    }  # fmt: skip
    return Edition(path, manifest)


def snapshot(folder: Path, editions: list[Edition]) -> Path:
    """A published file under another name than the one it was written with."""
    with writer(folder / "warehouse.duckdb", folder) as connection:
        connection.execute("""
            CREATE SCHEMA marts; CREATE SCHEMA control; CREATE SCHEMA ops; CREATE SCHEMA raw;
            CREATE TABLE marts.ranking (programme_id VARCHAR, period VARCHAR, rank BIGINT, b DOUBLE);
            COMMENT ON TABLE marts.ranking IS '排名'; COMMENT ON COLUMN marts.ranking.rank IS '名''次';
            CREATE TABLE marts.words (word VARCHAR);
            CREATE TABLE control.periods AS SELECT 'p' AS programme_id, '2021Q2' AS period, TIMESTAMPTZ '2021-09-01' AS as_of;
            CREATE TABLE ops.receipts AS FROM (VALUES
                ('one', TIMESTAMPTZ '2021-06-20 10:00:00+08'), ('two', TIMESTAMPTZ '2021-08-01 10:00:00+08')
            ) AS t(receipt_id, received_at);
            CREATE TABLE raw.progress AS FROM (VALUES ('one', 30), ('one', 40), ('two', 50)) AS t(receipt_id, pct);
        """)
        write_snapshot(connection, folder / "current.duckdb", editions)
    return Path(shutil.copy(folder / "current.duckdb", folder / "分析 副本-2.duckdb"))


@pytest.fixture
def opened(tmp_path: Path):
    """A plain connection, as an analyst's tool makes it: nothing of ours is set."""
    made = [edition(tmp_path / "editions", *line) for line in EDITIONS]
    with duckdb.connect(str(snapshot(tmp_path, made)), read_only=True) as connection:
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, what: str, macro: str, name: str, moment: str) -> list[tuple]:
    return connection.execute(
        f"SELECT {what} FROM {macro}('{name}', TIMESTAMPTZ '{moment}') ORDER BY ALL"
    ).fetchall()


@pytest.mark.parametrize(
    ("moment", "ranks"),
    [
        ("2021-07-13 08:59:59+08", []),
        ("2021-07-13 09:00:00+08", [1, 2]),
        ("2021-08-02 00:59:59+00", [1, 2]),
        ("2021-08-02 09:00:00+08", [2, 3]),
        ("2030-01-01 00:00:00+08", [2, 3]),
    ],
)
def test_at_every_moment_the_edition_that_stood(opened, moment: str, ranks: list[int]):
    assert ask(opened, "rank", "published_at", "ranking", moment) == [(rank,) for rank in ranks]


def test_editions_of_different_ages_stand_side_by_side(opened):
    table = opened.execute(
        "SELECT edition, revision, rank, b, gone, strftime(known_from AT TIME ZONE 'Asia/Shanghai', '%m-%d %H'), "
        "strftime(known_to AT TIME ZONE 'Asia/Shanghai', '%m-%d %H') FROM editions.ranking ORDER BY edition, rank"
    ).fetchall()
    assert table == [
        ("p/2021Q2/r0", 0, 1, None, "x", "07-13 09", "08-02 09"),
        ("p/2021Q2/r0", 0, 2, None, "y", "07-13 09", "08-02 09"),
        ("p/2021Q2/r1", 1, 2, 0.5, None, "08-02 09", None),
        ("p/2021Q2/r1", 1, 3, 0.25, None, "08-02 09", None),
    ]
    described = dict(
        opened.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'editions' AND table_name = 'ranking'"
        ).fetchall()
    )
    assert described["rank"] == "名'次" and "较早的版本" in described["gone"]
    for column in ("edition", "revision", "known_from", "known_to"):
        assert described[column], column
    # a mart without programme and period is in no edition
    assert opened.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'editions'"
    ).fetchall() == [("ranking",)]


def test_what_had_been_received_by_then(opened):
    def at(name: str, moment: str) -> list[tuple]:
        return ask(opened, "receipt_id, * EXCLUDE (receipt_id)", "known_at", name, moment)

    assert at("raw.progress", "2021-06-20 09:59:59+08") == []
    assert at("raw.progress", "2021-06-20 10:00:00+08") == [("one", 30), ("one", 40)]
    assert at("raw.progress", "2021-08-01 02:00:00+00") == [("one", 30), ("one", 40), ("two", 50)]
    assert [row[0] for row in at("ops.receipts", "2021-07-01 00:00:00+08")] == ["one"]


def test_without_editions_the_tables_are_there_and_empty(tmp_path: Path):
    with duckdb.connect(str(snapshot(tmp_path, [])), read_only=True) as connection:
        assert connection.execute("SELECT count(*), count(known_to) FROM editions.ranking").fetchone() == (
            0,
            0,
        )
        assert ask(connection, "*", "published_at", "ranking", "2030-01-01 00:00:00+08") == []
        assert len(ask(connection, "*", "known_at", "raw.progress", "2030-01-01 00:00:00+08")) == 3
