"""Editions without a run: data cuts of published quarters, the archive, corrections among published ranks."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.assets.control import period_rows, write_editions
from orchestration.editions import store
from orchestration.editions.correction import corrected
from orchestration.editions.freeze import keep_what_was_known
from orchestration.editions.tables import rows_sha256, write_file
from orchestration.editions.verify import take_along_earlier
from orchestration.settings import Settings
from orchestration.warehouse import writer
from raw.periods import SHANGHAI, Period

PROGRAMME = {
    "programme_id": "p",
    "start_date": date(2021, 1, 1),
    "end_date": date(2021, 12, 31),
    "report_day": 28,
    "freeze_days": 12,
}


def as_ofs(as_of: datetime | None, now: datetime, published: dict[str, datetime]) -> list[datetime]:
    return [row[8] for row in period_rows(PROGRAMME, Period(2021, 2), as_of, now, published)]


def test_a_published_quarter_is_computed_as_its_next_edition_would_be():
    now = datetime(2022, 3, 1, tzinfo=SHANGHAI)
    freezes = [datetime(2021, 4, 13, tzinfo=SHANGHAI), datetime(2021, 7, 13, tzinfo=SHANGHAI)]
    assert as_ofs(None, now, {}) == freezes
    assert as_ofs(None, now, {"2021Q1": freezes[0]}) == [now, freezes[1]]
    assert as_ofs(None, now, {"2021Q2": freezes[1]}) == [freezes[0], now]
    # at a moment before the edition's data cut nothing was published yet
    earlier = datetime(2021, 4, 1, tzinfo=SHANGHAI)
    assert as_ofs(earlier, now, {"2021Q1": freezes[0]}) == [earlier, earlier]


def test_the_archive_keeps_a_content_once_and_notices_one_altered_byte(tmp_path: Path):
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    source = tmp_path / "a.csv"
    source.write_bytes("指标值\n".encode("gb18030"))
    sha256, size = store.archive_file(settings, source)
    assert store.archive_file(settings, source) == (sha256, size) and size == source.stat().st_size
    kept = store.archive_path(settings, sha256)
    assert [p for p in (settings.home / "archive").rglob("*") if p.is_file()] == [kept]
    store.take_out(settings, sha256, tmp_path / "back" / "a.csv")
    assert (tmp_path / "back" / "a.csv").read_bytes() == source.read_bytes()
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes().replace(b"\n", b"\r"))
    with pytest.raises(store.EditionDamaged, match="被改动"):
        store.take_out(settings, sha256, tmp_path / "back" / "b.csv")


def test_a_hash_is_of_the_values_not_of_their_order():
    connection = duckdb.connect()
    one = "(FROM (VALUES (1, 'a', NULL), (2, 'b', 0.1)) t(x, y, z))"
    other = "(FROM (VALUES (2, 'b', 0.1), (1, 'a', NULL)) t(x, y, z))"
    assert rows_sha256(connection, one) == rows_sha256(connection, other)
    assert rows_sha256(connection, one)[0] == 2
    for altered in (
        "(1, 'a', NULL), (2, 'b', 0.10000000001)",
        "(1, 'a', 0), (2, 'b', 0.1)",
        "(1, 'a', NULL)",
    ):
        assert (
            rows_sha256(connection, f"(FROM (VALUES {altered}) t(x, y, z))")[1]
            != rows_sha256(connection, one)[1]
        )


def frozen_bytes(folder: Path, rows: str, others: str = "", threads: int = 2) -> bytes:
    """The parquet file of quarter q of a table that also holds other quarters."""
    place = folder / "table.duckdb"
    place.unlink(missing_ok=True)
    with duckdb.connect(str(place), config={"threads": threads}) as connection:
        connection.execute("CREATE TABLE t (period VARCHAR, who VARCHAR, value DOUBLE, drawn SMALLINT[])")
        connection.execute(f"INSERT INTO t SELECT 'q', * FROM ({rows})")
        if others:
            connection.execute(f"INSERT INTO t SELECT 'other', * FROM ({others})")
    with duckdb.connect(str(place), read_only=True) as connection:
        write_file(connection, "(FROM t WHERE period = 'q')", folder / "frozen.parquet")
    return (folder / "frozen.parquet").read_bytes()


def test_the_same_rows_are_the_same_bytes_whatever_stands_beside_them(tmp_path: Path):
    rows = "SELECT '县' || i, i / 8, [i, 1] FROM range(300) r(i)"
    expected = frozen_bytes(tmp_path, rows)
    backwards = "SELECT '县' || i, i / 8, [i, 1] FROM range(299, -1, -1) r(i)"
    assert frozen_bytes(tmp_path, backwards, threads=1) == expected
    for others in (
        "VALUES (NULL, NULL, NULL)",  # the writer notes whether a column of its source can be null
        "SELECT repeat('长', 9000), 1e300, []",
        "SELECT 'x' || i, i, [NULL] FROM range(5000) r(i)",
    ):
        assert frozen_bytes(tmp_path, rows, others, threads=4) == expected
    assert frozen_bytes(tmp_path, f"{rows} WHERE i > 0") != expected


def test_an_edition_is_made_of_what_was_known_at_its_data_cut(tmp_path: Path):
    source, target = tmp_path / "next.duckdb", tmp_path / "known.duckdb"
    with duckdb.connect(str(source)) as connection:
        connection.execute("""
            CREATE SCHEMA ops; CREATE SCHEMA quality; CREATE SCHEMA raw; CREATE SCHEMA control; CREATE SCHEMA marts;
            CREATE TABLE ops.receipts AS FROM (VALUES
                ('a', 'p/a.csv', 'p', TIMESTAMPTZ '2021-07-12 23:59:59+08'), ('b', 'p/b.csv', 'p', TIMESTAMPTZ '2021-07-13 00:00:01+08'),
                ('c', 'q/c.csv', 'q', TIMESTAMPTZ '2021-08-01 00:00:00+08')
            ) AS t(receipt_id, path, programme_id, received_at);
            CREATE TABLE quality.flags AS FROM (VALUES
                ('f1', 'p/a.csv', 'a'), ('f2', 'p/b.csv', 'b'), ('f3', 'p/b.csv', NULL), ('f4', NULL, NULL)
            ) AS t(flag_id, path, receipt_id);
            CREATE TABLE quality.priorities AS SELECT flag_id FROM quality.flags;
            CREATE TABLE quality.expectation_results AS SELECT 1 AS evaluated;
            CREATE TABLE raw.progress AS SELECT receipt_id FROM ops.receipts;
            CREATE TABLE control.periods AS FROM (VALUES ('p', '2021Q1'), ('p', '2021Q2'), ('p', '2021Q3'), ('q', '2021Q3')
            ) AS t(programme_id, period);
            CREATE TABLE marts.ranking AS FROM control.periods;
            CREATE TABLE control.editions AS FROM (VALUES ('p/2021Q2/r0', now()), ('p/2021Q2/r1', now())) AS t(edition, published_at);
            CREATE TABLE control.edition_checks AS SELECT 1 AS revision;
        """)
    before = source.read_bytes()
    manifest = {"programme_id": "p", "period": "2021Q2"}
    keep_what_was_known(source, target, manifest, datetime(2021, 7, 13, tzinfo=SHANGHAI))
    with duckdb.connect(str(target), read_only=True) as connection:

        def column(query: str) -> list:
            return [row[0] for row in connection.execute(query).fetchall()]

        assert column("SELECT receipt_id FROM ops.receipts ORDER BY 1") == ["a", "c"]
        assert column("SELECT receipt_id FROM raw.progress ORDER BY 1") == ["a", "c"]
        assert column("SELECT flag_id FROM quality.flags ORDER BY 1") == ["f1", "f4"]
        assert column("SELECT flag_id FROM quality.priorities ORDER BY 1") == ["f1", "f4"]
        for table in ("control.periods", "marts.ranking"):
            left = column(f"SELECT programme_id || period FROM {table} ORDER BY 1")
            assert left == ["p2021Q1", "p2021Q2", "q2021Q3"]
        assert column("SELECT edition FROM control.editions WHERE published_at IS NULL ORDER BY 1") == [
            "p/2021Q2/r0",
            "p/2021Q2/r1",
        ]
        for table in ("control.edition_checks", "quality.expectation_results"):
            assert column(f"SELECT count(*) FROM {table}") == [0]
    assert source.read_bytes() == before


def test_a_recomputation_takes_the_published_quarters_before_it_along(tmp_path: Path):
    """What is copied can be read by the sealed connection of the home in which it is computed."""
    settings, scratch = (Settings(tmp_path / n / "raw", tmp_path / n / "home") for n in ("live", "scratch"))
    folder = store.editions_folder(settings, "p", "2021Q1") / "r0"
    (folder / "parquet").mkdir(parents=True)
    (folder / "site").mkdir()
    key = "'p' AS programme_id, '2021Q1' AS period, 'a' AS reporter_id"
    for table, columns in {
        "ranking": "1 AS rank, 90.0 AS total_score, 'red' AS list",
        "task_status": "'t' AS task_id, 'completed' AS status, 'green' AS light, 100.0 AS progress_pct, "
        "DATE '2021-03-01' AS completed_on, 100.0 AS score",
        "indicator_scores": "'i' AS indicator_id, 'value' AS state, 1.0 AS value, 80.0 AS score",
    }.items():
        write_file(duckdb.connect(), f"(SELECT {key}, {columns})", folder / "parquet" / f"{table}.parquet")
    moment = datetime(2021, 4, 13, tzinfo=SHANGHAI).isoformat()
    manifest = {"edition": "p/2021Q1/r0", "programme_id": "p", "period": "2021Q1", "revision": 0, "data_cut": moment,
                "published_at": moment, "by": "甲", "approved_by": "乙", "reason": None, "correction": None}  # fmt: skip
    (folder / store.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    later = store.Edition(tmp_path, {"previous_quarters": [{"edition": "p/2021Q1/r0"}]})
    take_along_earlier(settings, later, scratch)
    with writer(scratch.warehouse, scratch.published) as connection:
        connection.execute("CREATE SCHEMA control")
        write_editions(connection, store.editions(scratch))
        known = connection.execute("SELECT reporter_id, rank, list FROM control.published_ranks").fetchall()
    assert known == [("a", 1, "red")]
    assert not list(scratch.published.rglob("site"))


def ranking(scores: dict[str, float]) -> str:
    """A relation with the columns of marts.ranking, ranked 1224."""
    lines = ", ".join(f"('{who}', CAST({score} AS DOUBLE))" for who, score in scores.items())
    return f"""(
        SELECT 'p' AS programme_id, '2021Q4' AS period, reporter_id, NULL::VARCHAR AS "group", total_score,
               rank() OVER (ORDER BY round(total_score, 6) DESC) AS rank,
               rank() OVER (ORDER BY round(total_score, 6) DESC) AS group_rank, 10::BIGINT AS previous_rank,
               0::BIGINT AS rank_change, NULL::VARCHAR AS list, true AS ranked, false AS all_targets_reached,
               rank() OVER (ORDER BY round(total_score, 6)) AS rank_from_end, count(*) OVER () AS ranked_count
        FROM (VALUES {lines}) AS t(reporter_id, total_score)
    )"""


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA raw")
    connection.execute(
        "CREATE TABLE raw.programmes AS SELECT 'p' AS programme_id, 1 AS red, 1 AS black, 'include' AS ties, "
        "'all_targets' AS black_exception, NULL AS no_lists"
    )
    return connection


def ranks_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, tuple]:
    return {
        row[0]: row[1:]
        for row in connection.execute(
            f"SELECT reporter_id, rank, list, rank_change FROM {relation}"
        ).fetchall()
    }


def test_only_the_corrected_reporter_moves(connection):
    published = ranking({"a": 90, "b": 80, "c": 70, "d": 60})
    # everything was computed again and differs, but only c is corrected
    draft = ranking({"a": 10, "b": 85, "c": 95, "d": 99})
    got = ranks_of(connection, corrected(connection, "ranking", draft, published, "c"))
    # first among the others as published, so that a keeps its first place too; previous rank 10
    assert got == {"a": (1, None, 0), "b": (2, None, 0), "c": (1, "red", 9), "d": (4, None, 0)}


def test_a_mart_without_reporters_stays_as_published(connection):
    assert corrected(connection, "unit_load", "(SELECT 1 AS unit_id)", "(SELECT 2 AS unit_id)", "c") == (
        "(SELECT 2 AS unit_id)"
    )


def test_official_corrections_of_doing_business_2020(connection, shared):
    """World Bank, 16 December 2020: three economies corrected among the others as published."""
    folder = shared / "reference" / "doing_business_2020"
    with (folder / "official_topic_scores_ranks_2020.csv").open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["EODB_RANK"]]
    scores = {r["unit_id"]: float(r["EODB_SCORE"]) for r in rows}
    published = ranks_of(connection, ranking(scores))
    assert len(published) == 190
    assert {who: rank for who, (rank, *_) in published.items()} == {
        r["unit_id"]: int(float(r["EODB_RANK"])) for r in rows
    }
    with (folder / "official_corrections_2020_12_16.csv").open(encoding="utf-8") as stream:
        corrections = [r for r in csv.DictReader(stream) if r["report"] == "DB2020"]
    assert len(corrections) == 3
    relation = ranking(scores)
    for line in corrections:
        # printed to one decimal
        draft = ranking(scores | {line["unit_id"]: float(line["corrected_score_1dp"])})
        relation = corrected(connection, "ranking", draft, relation, line["unit_id"])
    after = ranks_of(connection, relation)
    moved = {line["unit_id"]: int(line["corrected_rank"]) for line in corrections}
    assert {who: after[who][0] for who in moved} == moved
    assert {who: r[0] for who, r in after.items() if who not in moved} == {
        who: r[0] for who, r in published.items() if who not in moved
    }
