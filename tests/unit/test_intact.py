"""A damaged file of an edition: its rows are found again, or the run stops; a published number never moves silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.editions.intact import damaged_tables, usable_editions
from orchestration.editions.store import MANIFEST, EditionDamaged
from orchestration.editions.tables import parquet, rows_sha256, write_file
from orchestration.settings import Settings
from orchestration.warehouse import writer
from raw.tree import file_sha256

ROWS = "SELECT 'p' AS programme_id, '2021Q1' AS period, unnest(['a', 'b']) AS reporter_id, unnest([1, 2]) AS rank"
OTHER = ROWS.replace("[1, 2]", "[2, 1]")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One edition r0 of one table, and the published file that holds its rows."""
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    folder = settings.published / "p" / "2021Q1" / "editions" / "r0"
    file = folder / "parquet" / "ranking.parquet"
    file.parent.mkdir(parents=True)
    with writer(settings.current, settings.published) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE SCHEMA editions")
        connection.execute(f"CREATE TABLE marts.ranking AS {ROWS}")
        connection.execute(
            "CREATE TABLE editions.ranking AS SELECT *, 'p/2021Q1/r0' AS edition, 0 AS revision, "
            "TIMESTAMPTZ '2021-05-01' AS known_from, NULL::TIMESTAMPTZ AS known_to FROM marts.ranking"
        )
        write_file(connection, "marts.ranking", file)
        count, digest = rows_sha256(connection, parquet(file))
    manifest = {
        "edition": "p/2021Q1/r0", "programme_id": "p", "period": "2021Q1", "revision": 0,
        "tables": {"ranking": {"rows": count, "sha256": digest}},
        "outputs": {"parquet/ranking.parquet": file_sha256(file)},
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return settings


def _altered(settings: Settings, file: Path) -> None:
    with writer(settings.current, settings.published) as connection:
        write_file(connection, f"({OTHER})", file)


DAMAGE = {
    "cut": lambda _, file: file.write_bytes(file.read_bytes()[:-7]),
    "gone": lambda _, file: file.unlink(),
    "valid with other numbers": _altered,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_published_rows_are_found_again(
    settings: Settings, damage: str, caplog: pytest.LogCaptureFixture
):
    (edition,) = usable_editions(settings)
    assert damaged_tables(edition) == [] and edition.instead == {}
    DAMAGE[damage](settings, edition.table("ranking"))
    caplog.set_level("INFO", "taizhang.progress")
    with writer(settings.warehouse, settings.published) as connection:
        (edition,) = usable_editions(settings)
        rows = connection.execute(
            f"SELECT reporter_id, rank FROM {parquet(edition.table('ranking'))} ORDER BY 1"
        )
        assert rows.fetchall() == [("a", 1), ("b", 2)]
    assert "ranking.parquet" in caplog.text and "taizhang restore" in caplog.text


@pytest.mark.parametrize("damage", DAMAGE)
def test_rows_that_are_nowhere_stop_the_run_with_the_way_out(settings: Settings, damage: str):
    (edition,) = usable_editions(settings)
    DAMAGE[damage](settings, edition.table("ranking"))
    with writer(settings.current, settings.published) as connection:
        connection.execute("UPDATE editions.ranking SET rank = 3 WHERE reporter_id = 'a'")
    with pytest.raises(EditionDamaged, match=r"ranking\.parquet.*taizhang restore"):
        usable_editions(settings)
    settings.current.unlink()
    with pytest.raises(EditionDamaged, match="taizhang restore"):
        usable_editions(settings)
