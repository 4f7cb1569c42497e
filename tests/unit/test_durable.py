"""Files and folders that are whole or not there, and the rests of killed processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from raw import durable
from raw.durable import being_made, clear_rests, exchange, process_alive, swap_folder, write_whole


def _folder(path: Path, name: str) -> Path:
    path.mkdir()
    (path / name).write_text(name)
    return path


@pytest.mark.parametrize("can_exchange", [True, False])
def test_swap_folder_replaces_everything_and_leaves_nothing(tmp_path: Path, monkeypatch, can_exchange: bool):
    if not can_exchange:
        monkeypatch.setattr(durable, "exchange", lambda *_: False)
    for name in ("first", "second", "third"):
        swap_folder(_folder(being_made(tmp_path / "site"), name), tmp_path / "site")
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "third"]


def test_a_reader_always_finds_one_of_the_two_folders(tmp_path: Path):
    """Two renames leave a moment without any: a page that is not found while a leader looks."""
    target, ended, missing = tmp_path / "site", threading.Event(), []
    swap_folder(_folder(being_made(target), "page"), target)
    if not exchange(_folder(tmp_path / "a", "page"), target):
        pytest.skip("this system or file system cannot exchange two names in one step")

    def read():
        while not ended.is_set():
            if not (target / "page").is_file():
                missing.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        swap_folder(_folder(being_made(target), "page"), target)
    ended.set()
    reader.join()
    assert missing == []


def test_a_failing_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(durable, "exchange", lambda *_: False)
    target = _folder(tmp_path / "site", "old")
    with pytest.raises(FileNotFoundError):
        swap_folder(tmp_path / "nothing", target)
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "old"]


def test_write_whole_keeps_the_old_file_when_the_disk_is_full(tmp_path: Path, monkeypatch):
    target = tmp_path / "receipts.csv"
    write_whole(target, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("raw.durable.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("receipts.csv", b"old")]


def test_rests_of_dead_processes_go_and_nothing_else(tmp_path: Path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    rests = [
        f".current.duckdb.{dead.pid}",
        f".current.duckdb.{dead.pid}.wal",
        f".r0.{dead.pid}",
        f".site.old.{dead.pid}",
    ]
    kept = ["current.duckdb", ".receipts.lock", f".live.{os.getpid()}", f"visible.{dead.pid}", ".hidden"]
    for name in (*rests, *kept):
        (tmp_path / name).mkdir() if "r0" in name else (tmp_path / name).write_text("x")
    assert sorted(path.name for path in clear_rests([tmp_path, tmp_path / "absent"])) == sorted(rests)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_a_number_that_came_again_is_another_process():
    """In a container every start has the same numbers."""
    assert process_alive(os.getpid(), since=4e9)
    assert not process_alive(os.getpid(), since=0)


def test_what_its_maker_takes_away_meanwhile_is_no_rest(tmp_path: Path, monkeypatch):
    """Two receive at once: one looks at the other's copy just when that one gets its name."""
    gone = being_made(tmp_path / "progress.csv")
    monkeypatch.setattr(Path, "iterdir", lambda self: iter([gone]))
    assert clear_rests([tmp_path]) == []
