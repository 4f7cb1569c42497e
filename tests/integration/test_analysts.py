"""The queries of docs/analysts.md, as an analyst would paste them."""

from __future__ import annotations

import re

import duckdb
import pytest

from orchestration.settings import REPOSITORY
from tests.conftest import Built

pytestmark = pytest.mark.integration

BLOCKS = re.findall(
    r"^```sql\n-- (.*?)\n(.*?)^```$",
    (REPOSITORY / "docs" / "analysts.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def plain(built: Built):
    """The published file in a tool that knows nothing of ours, in another time zone."""
    with duckdb.connect(str(built.settings.current), read_only=True) as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        yield connection


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_query_on_the_page_runs(plain, number: int):
    question, query = BLOCKS[number]
    columns = [column[0] for column in plain.execute(query).description]
    assert columns, question


def test_the_page_has_its_queries():
    assert len(BLOCKS) >= 5 and all(
        "published_at(" in q or "known_at(" in q or "editions." in q for _, q in BLOCKS
    )


def test_late_files_of_the_sample_by_the_last_query(plain):
    """The same by comparing moments in Python."""
    (query,) = [query for question, query in BLOCKS if "交了几份" in question]
    cutoff = "2021-12-29T00:00:00+08:00"
    expected: dict[str, list[int]] = {}
    for reporter, seconds in plain.execute(
        "SELECT reporter_id, epoch(received_at) - epoch(CAST(? AS TIMESTAMPTZ)) FROM ops.receipts "
        "WHERE programme_id = 'zhumadian2021' AND period = '2021Q4'",
        [cutoff],
    ).fetchall():
        expected.setdefault(reporter, [0, 0])[seconds > 0] += 1
    got = {row[0]: list(row[1:]) for row in plain.execute(query).fetchall()}
    assert got == expected and sum(later for _, later in got.values()) >= 2


def test_every_frozen_mart_has_its_table_of_editions(plain):
    """No quarter of the session is published: the tables are there, empty, with the columns of the marts."""
    columns = """
        SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name = ? GROUP BY 1
    """
    marts = {
        t: c for t, c in plain.execute(columns, ["marts"]).fetchall() if {"programme_id", "period"} <= {*c}
    }
    editions = dict(plain.execute(columns, ["editions"]).fetchall())
    added = ["edition", "revision", "known_from", "known_to"]
    assert editions == {table: [*names, *added] for table, names in marts.items()}
    assert plain.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'editions' AND comment IS NULL"
    ).fetchone() == (0,)
    assert plain.execute(
        "SELECT count(*) FROM published_at('ranking', TIMESTAMPTZ '2030-01-01 00:00:00+08')"
    ).fetchone() == (0,)
