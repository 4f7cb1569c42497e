"""A file that kills, hangs or fills its worker costs itself only. One pool for all of it: a worker takes time to start."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import polars as pl
import pytest

from raw.errors import Limits
from raw.intake import parcels, read_all
from raw.submissions import Codes, SubmissionFile, SubmissionResult, read_submission

CODES = {"p": Codes(tasks={"t01": ""}), "q": Codes(tasks={"t02": ""})}
LIMITS = Limits(seconds=2, memory_bytes=2048 * 1024 * 1024)


def hostile_reader(file: SubmissionFile, codes: Codes, limits: Limits) -> SubmissionResult:
    """Runs in the worker: does what the file's name says, or reads it."""
    match Path(file.path).stem:
        case "exit":
            os._exit(3)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(60)
        case "memory":
            return bytes(4096 * 1024 * 1024)
        case "fault":
            raise RuntimeError("a fault of our own")
        case "recursion":
            return hostile_reader(file, codes, limits)
        case "unpicklable":
            return lambda: None
    return read_submission(file, codes, limits)


NAMES = ["first", "exit", "segfault", "hang", "memory", "fault", "recursion", "unpicklable", "last"]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    files = []
    for name in NAMES:
        path = folder / f"{name}.csv"
        path.write_text("任务编号,状态\nt01,已完成\nt02,推进中\n", encoding="utf-8")
        programme = "q" if name == "last" else "p"
        files.append(SubmissionFile(name, f"{name}.csv", path, programme, "2021Q1", "r", "progress"))
    told: list[tuple[int, int]] = []
    batches = list(
        read_all(
            files,
            CODES,
            LIMITS,
            on_file=lambda done, total: told.append((done, total)),
            reader=hostile_reader,
            together=False,
        )
    )
    rows = pl.concat(pl.from_arrow(frame) for batch in batches for _, frame in batch.rows)
    return [pair for batch in batches for pair in batch.results], told, rows


def test_every_file_has_a_result_in_order(outcome):
    pairs, told, _ = outcome
    assert [file.receipt_id for file, _ in pairs] == [result.receipt_id for _, result in pairs] == NAMES
    assert told == sorted(set(told)) and told[-1] == (len(NAMES), len(NAMES))


def test_the_other_files_are_read_with_their_programmes_codes(outcome):
    results = {file.receipt_id: result for file, result in outcome[0]}
    assert outcome[2].select("receipt_id", "task_id").rows() == [("first", "t01"), ("last", "t02")]
    assert not results["first"].rejected and results["first"].format == "csv"


@pytest.mark.parametrize(
    "name, rule_id, word",
    [
        ("exit", "F01", "崩溃"),
        ("segfault", "F01", "崩溃"),
        ("hang", "F13", "2 秒"),
        ("memory", "F13", "2048 MB"),
        ("fault", "F01", "读取程序出错"),
        ("recursion", "F01", "读取程序出错"),
        ("unpicklable", "F01", "崩溃"),
    ],
)
def test_the_file_is_rejected_with_a_reason(outcome, name, rule_id, word):
    result = next(result for file, result in outcome[0] if file.receipt_id == name)
    assert (result.rejected, result.rows_read) == (True, 0)
    assert word in result.reason
    ((found, *_, message),) = result.findings
    assert (found, message) == (rule_id, result.reason)
    assert result.try_again  # a faster machine or mended code may read it


def test_a_caller_that_gives_up_does_not_wait_for_the_rest(outcome):
    files = [file for file, _ in outcome[0] if file.receipt_id in ("first", "hang")]
    # so few that each is a parcel of its own: the first comes back while the others hang
    results = read_all(
        [*files, *[files[-1]] * 2], CODES, Limits(seconds=30), reader=hostile_reader, together=False
    )
    assert next(results).results[0][1].rows_read == 2
    started = time.perf_counter()
    results.close()
    assert time.perf_counter() - started < 10


def test_no_files_need_no_workers():
    assert list(read_all([], CODES, LIMITS)) == []


def test_parcels_keep_the_order_and_are_neither_many_nor_heavy(tmp_path):
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_bytes(b"x")
    large.write_bytes(b"x" * 5_000_000)
    files = [
        SubmissionFile(str(n), str(n), large if n == 7 else small, "p", "2021Q1", "r", "progress")
        for n in range(2000)
    ]
    cut = parcels(files, workers=2)
    assert [file for parcel in cut for file in parcel] == files
    assert max(map(len, cut)) == 128 and len(cut) < 20
    assert next(parcel for parcel in cut if files[7] in parcel)[:1] == [
        files[7]
    ]  # a large file begins its own
    assert [len(parcel) for parcel in parcels(files[:3], workers=2)] == [1, 1, 1]
