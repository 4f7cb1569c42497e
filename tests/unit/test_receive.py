"""Receiving files, and the inbox."""

from __future__ import annotations

import csv
import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.receive import Refused, receive
from orchestration.sensors import empty_inbox
from orchestration.settings import Settings
from raw.periods import SHANGHAI, Period
from raw.registry import read_programme
from tests.conftest import SAMPLES

MOMENT = datetime(2021, 9, 27, 17, 30, tzinfo=SHANGHAI)
Q3 = Period(2021, 3)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    target = tmp_path / "raw"
    source = SAMPLES / "registry" / "zhumadian2021"
    for file in source.iterdir():
        (target / "registry" / "zhumadian2021").mkdir(parents=True, exist_ok=True)
        (target / "registry" / "zhumadian2021" / file.name).write_bytes(file.read_bytes())
    return target


def lines(tree: Path) -> list[dict]:
    with (tree / "receipts.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def take(tree: Path, source: Path, reporter: str = "411721", kind: str = "progress", period: Period = Q3):
    return receive(tree, source, read_programme(tree, "zhumadian2021"), reporter, kind, period, MOMENT)


def test_archives_under_the_clerks_name_and_registers(tree: Path, tmp_path: Path):
    source = tmp_path / "三季度进展.csv"
    source.write_text("任务编号,状态\nzmd001,推进中\n", encoding="utf-8")
    entry = take(tree, source)
    assert entry.path == "submissions/zhumadian2021/2021Q3/411721/progress_三季度进展.csv"
    assert (tree / entry.path).read_bytes() == source.read_bytes()
    assert lines(tree) == [
        {"path": entry.path, "received_at": "2021-09-27T17:30:00+08:00", "sender": "西平县"}
    ]


def test_same_bytes_again_change_nothing(tree: Path, tmp_path: Path):
    source = tmp_path / "progress.csv"
    source.write_text("x", encoding="utf-8")
    take(tree, source)
    before = (tree / "receipts.csv").read_bytes()
    assert take(tree, source).already
    assert (tree / "receipts.csv").read_bytes() == before


def test_other_content_under_the_same_name_is_a_second_file(tree: Path, tmp_path: Path):
    source = tmp_path / "progress.csv"
    source.write_text("x", encoding="utf-8")
    first = take(tree, source)
    source.write_text("y", encoding="utf-8")
    second = take(tree, source)
    assert [Path(first.path).name, Path(second.path).name] == ["progress.csv", "progress_2.csv"]
    assert (tree / first.path).read_text() == "x"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("progress.csv", {"reporter": "999999"}, "填报主体"),
        ("progress.csv", {"period": Period(2025, 1)}, "期次"),
        ("progress.et", {}, "另存为"),
        ("missing.csv", {}, "找不到"),
    ],
)
def test_refusals_say_why_and_leave_no_trace(tree: Path, tmp_path: Path, name: str, options: dict, said: str):
    source = tmp_path / name
    if name != "missing.csv":
        source.write_text("x", encoding="utf-8")
    with pytest.raises(Refused, match=said):
        take(tree, source, **options)
    assert not (tree / "receipts.csv").exists()
    assert not (tree / "submissions").exists()


def test_a_name_cannot_leave_the_folder(tree: Path, tmp_path: Path):
    source = tmp_path / "progress..\n:x.csv"
    source.write_text("x", encoding="utf-8")
    entry = take(tree, source)
    assert Path(entry.path).parent.name == "411721"
    assert not any(ord(character) < 32 for character in entry.path)


def _drop(settings: Settings, relative: str, text: str = "x", age: float = 60) -> Path:
    path = settings.inbox / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_inbox_takes_settled_files_and_sets_the_others_aside(tree: Path, tmp_path: Path):
    settings = Settings(tree, tmp_path / "home")
    good = _drop(settings, "zhumadian2021/2021Q3/411721/progress.csv")
    growing = _drop(settings, "zhumadian2021/2021Q3/411721/indicators.csv", age=0)
    wrong = _drop(settings, "zhumadian2021/2021Q3/411721/data.csv")
    received, refused = empty_inbox(settings, MOMENT)
    assert [entry.path for entry in received] == ["submissions/zhumadian2021/2021Q3/411721/progress.csv"]
    assert not good.exists()
    assert growing.exists()
    assert not wrong.exists()
    assert [str(path) for path, _ in refused] == ["zhumadian2021/2021Q3/411721/data.csv"]
    note = settings.inbox / ".refused/zhumadian2021/2021Q3/411721/data.csv.原因.txt"
    assert "文件名" in note.read_text(encoding="utf-8")
    assert empty_inbox(settings, MOMENT) == ([], [])
