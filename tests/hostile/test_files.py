"""One tree with every hostile file among good ones, through the loader and its worker processes."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from raw.loader import load
from tests.factories.hostile import CASES, GOOD_PLACE, GOOD_SUFFIXES, write_tree
from tests.fuzz.targets import CHINESE, CONTROL

TOLD = [name for name, case in CASES.items() if not case.slow]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    root = write_tree_(tmp_path_factory.mktemp("hostile") / "raw")
    with duckdb.connect() as connection:
        load(connection, root)
        yield connection


def write_tree_(root: Path) -> Path:
    write_tree(root, slow=False)
    return root


@pytest.fixture(scope="module")
def findings(connection) -> dict[str, list[tuple[str, str]]]:
    """path → (rule, message) of its findings."""
    found = defaultdict(list)
    for path, rule_id, message in connection.execute(
        "SELECT path, rule_id, message FROM raw.findings"
    ).fetchall():
        found[path].append((rule_id, message))
    return found


@pytest.fixture(scope="module")
def receipts(connection) -> dict[str, tuple]:
    """path → (rejected, rows read, rows quarantined, reason)."""
    rows = connection.execute(
        "SELECT path, rejected, rows_read, rows_quarantined, reason FROM raw.receipts"
    ).fetchall()
    return {path: tuple(rest) for path, *rest in rows}


@pytest.mark.parametrize("name", TOLD)
def test_a_hostile_file_gives_its_finding_and_costs_only_itself(name, findings, receipts):
    case = CASES[name]
    assert {rule_id for rule_id, _ in findings[case.path]} == case.rules
    rejected, read, quarantined, reason = receipts[case.path]
    assert (read - quarantined, rejected) == (case.rows, case.rows == 0 and read == 0)
    assert bool(reason) == rejected
    for _, message in findings[case.path]:
        assert CHINESE.search(message) and not CONTROL.search(message) and len(message) < 500
        assert "系统维护人员" not in message  # a fault of our own


@pytest.mark.parametrize("suffix", GOOD_SUFFIXES)
def test_the_good_files_of_the_tree_are_loaded(suffix, findings, receipts):
    path = f"{GOOD_PLACE}/progress_{suffix}.{suffix}"
    assert receipts[path] == (False, 2, 0, None) and not findings[path]


def test_nothing_stored_steers_a_terminal_or_turns_a_number_round(connection):
    columns = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'raw' AND data_type = 'VARCHAR'"
    ).fetchall()
    for table, column in columns:
        for (text,) in connection.execute(
            f'SELECT DISTINCT "{column}" FROM raw.{table} WHERE "{column}" IS NOT NULL'
        ).fetchall():
            assert not CONTROL.search(text), (table, column, text[:80])


def test_what_a_bidi_override_showed_is_not_what_is_read(connection):
    """Shown as 50, written 05: null with the override visible in the raw text, never 5."""
    ((value, raw),) = connection.execute(
        "SELECT progress_pct, progress_raw FROM raw.progress WHERE path LIKE '%csv_bidi%'"
    ).fetchall()
    assert (value, raw) == (None, "\ufffd05\ufffd")


def test_of_a_key_written_twice_both_values_are_kept(connection):
    ((row,),) = connection.execute(
        "SELECT row_json FROM raw.quarantine WHERE path LIKE '%json_key_twice%'"
    ).fetchall()
    assert "10" in row and "90" in row and json.loads(row)
