"""A file that changes between the scan (which hashes it) and the reading: never rows of other bytes than the receipt's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import raw.loader
from raw.intake import Batch, rows_of
from raw.loader import load
from raw.submissions import read_submission
from raw.tree import file_sha256, scan
from tests.factories.trees import make_registry, write_tree

PATH = "submissions/p2021/2021Q1/410001/progress.csv"
OTHER = "submissions/p2021/2021Q1/410002/progress.csv"
FIRST = "任务编号,状态,完成进度\nt01,推进中,50\nt02,推进中,10\n"
SECOND = "任务编号,状态,完成进度\nt01,推进中,90\nt02,推进中,20\n"


@pytest.fixture
def tree(tmp_path) -> Path:
    make_registry(tmp_path / "raw")
    return write_tree(tmp_path / "raw", {PATH: FIRST, OTHER: FIRST})


@pytest.fixture
def reading(monkeypatch) -> Callable[[Callable[[], None]], None]:
    """``reading(change)``: the next reading of PATH finds the tree as ``change()`` left it, after the scan."""
    waiting: list[Callable[[], None]] = []

    def read_here(files, codes, limits, on_file):
        for file in files:
            if file.path == PATH and waiting:
                waiting.pop()()
            result = read_submission(file, codes[file.programme_id], limits)
            yield Batch([(file, result)], rows_of([result]))

    monkeypatch.setattr(raw.loader, "read_all", read_here)
    return waiting.append


def state(connection, path: str = PATH) -> tuple:
    """(sha256, rejected, reason, progress of t01 and t02) of a file."""
    ((sha256, rejected, reason),) = connection.execute(
        "SELECT sha256, rejected, reason FROM raw.receipts WHERE path = ?", [path]
    ).fetchall()
    rows = connection.execute(
        "SELECT progress_pct FROM raw.progress WHERE path = ? ORDER BY task_id", [path]
    ).fetchall()
    return sha256, rejected, reason, [value for (value,) in rows]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


CHANGES = {
    "overwritten": lambda path: path.write_text(SECOND, encoding="utf-8"),
    "half copied": lambda path: path.write_text(SECOND[:30], encoding="utf-8"),
    "grown": lambda path: path.write_text(FIRST + "t03,推进中,5\n", encoding="utf-8"),
    "emptied": lambda path: path.write_bytes(b""),
}


def too_large(path: Path) -> None:
    """Without a hole on the disk: 21 MB that nobody wrote."""
    os.truncate(path, 21 * 2**20)


def pipe(path: Path) -> None:
    """A pipe in the file's place."""
    path.unlink()
    os.mkfifo(path)


MORE = {"too large": too_large, "taken away": Path.unlink, "a pipe": pipe}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_rows_are_those_of_the_receipts_bytes_or_none(tree, reading, change):
    reading(lambda: change(tree / PATH))
    with duckdb.connect() as connection:
        load(connection, tree)
        sha256, rejected, reason, values = state(connection)
        assert (sha256, rejected, values) == (digest(FIRST), True, [])
        assert "改动" in reason
        ((rule_id, message),) = connection.execute(
            "SELECT rule_id, message FROM raw.findings WHERE path = ?", [PATH]
        ).fetchall()
        assert (rule_id, message) == ("F01", reason)
        # the other file of the same run is loaded
        assert state(connection, OTHER) == (digest(FIRST), False, None, [50, 10])


def test_the_next_run_reads_what_stands_there_then(tree, reading):
    reading(lambda: (tree / PATH).write_text(SECOND, encoding="utf-8"))
    with duckdb.connect() as connection:
        load(connection, tree)
        load(connection, tree)
        assert state(connection) == (digest(SECOND), False, None, [90, 20])


@pytest.mark.parametrize("change", (CHANGES | MORE).values(), ids=CHANGES | MORE)
def test_a_change_taken_back_is_read_again_too(tree, reading, change):
    """The receipt is the same as in the run before, and it must not stay rejected."""
    reading(lambda: change(tree / PATH))
    with duckdb.connect() as connection:
        load(connection, tree)
        (tree / PATH).unlink(missing_ok=True)
        (tree / PATH).write_text(FIRST, encoding="utf-8")
        load(connection, tree)
        assert state(connection) == (digest(FIRST), False, None, [50, 10])


def test_a_file_taken_away_after_the_scan_is_told(tree, reading):
    reading(lambda: (tree / PATH).unlink())
    with duckdb.connect() as connection:
        load(connection, tree)
        _, rejected, reason, values = state(connection)
        assert rejected and values == [] and "无法打开" in reason


def test_a_file_replaced_by_a_link_after_the_scan_shows_nothing_of_its_target(tree, reading, tmp_path):
    (tmp_path / "secret.csv").write_text(SECOND, encoding="utf-8")

    def link():
        (tree / PATH).unlink()
        (tree / PATH).symlink_to(tmp_path / "secret.csv")

    reading(link)
    with duckdb.connect() as connection:
        load(connection, tree)
        _, rejected, _, values = state(connection)
        assert rejected and values == []


def test_a_pipe_put_in_its_place_does_not_hold_the_worker(tree, reading):
    reading(lambda: pipe(tree / PATH))
    with duckdb.connect() as connection:
        load(connection, tree)
        assert state(connection)[1]


def test_a_withdrawn_file_that_was_registered_keeps_a_rejected_receipt(tree, reading):
    with duckdb.connect() as connection:
        load(connection, tree)
        (tree / PATH).unlink()
        load(connection, tree)
        sha256, rejected, reason, values = state(connection)
        assert (sha256, rejected, values) == (None, True, []) and "文件不在" in reason
        assert state(connection, OTHER)[1] is False


def test_the_same_bytes_under_two_names_are_two_receipts(tree, reading):
    twin = PATH.replace("progress", "progress_2")
    (tree / twin).write_bytes((tree / PATH).read_bytes())
    receipts = {receipt.file.path: receipt for receipt in scan(tree)}
    assert receipts[twin].sha256 == receipts[PATH].sha256 == file_sha256(tree / PATH)
    assert receipts[twin].file.receipt_id != receipts[PATH].file.receipt_id
    assert receipts[twin].file.sha256 == receipts[twin].sha256
