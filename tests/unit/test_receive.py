"""Receiving files, and the inbox."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration.partitions import QUARTERS
from orchestration.receive import NotNow, Refused, receive
from orchestration.sensors import Emptied, build, empty_inbox
from orchestration.settings import Settings
from raw.periods import SHANGHAI, Period
from raw.registry import read_programme
from raw.tree import read_receipts, scan
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


def test_the_archive_holds_what_was_registered_when_the_source_changes(
    tree: Path, tmp_path: Path, monkeypatch
):
    """A program saves while the file is copied: refused for now, not a mixture of two versions."""
    source = tmp_path / "progress.csv"
    source.write_text("x" * 3_000_000, encoding="utf-8")

    class Saving:
        """A hash that lets somebody save the file after its first block."""

        def __init__(self):
            self._hash, self._blocks = hashlib.sha256(), 0

        def update(self, block: bytes):
            self._blocks += 1
            if self._blocks == 1:
                source.write_text("y" * 3_000_000, encoding="utf-8")
            self._hash.update(block)

        def hexdigest(self) -> str:
            return self._hash.hexdigest()

    monkeypatch.setattr("raw.durable.hashlib", SimpleNamespace(sha256=Saving))
    with pytest.raises(NotNow, match="正在被写入"):
        take(tree, source)
    monkeypatch.undo()
    assert not (tree / "receipts.csv").exists()
    assert not any(path.is_file() for path in (tree / "submissions").rglob("*"))
    entry = take(tree, source)
    assert (tree / entry.path).read_bytes() == source.read_bytes()


def test_receiving_again_tells_the_first_time(tree: Path, tmp_path: Path):
    source = tmp_path / "progress.csv"
    source.write_text("x", encoding="utf-8")
    programme = read_programme(tree, "zhumadian2021")
    receive(tree, source, programme, "411721", "progress", Q3, MOMENT)
    again = receive(tree, source, programme, "411721", "progress", Q3, MOMENT.replace(hour=23))
    assert again.already and again.received_at == MOMENT


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_register_saved_by_excel_is_continued(tree: Path, tmp_path: Path, encoding: str):
    """Other encoding, other order of columns, no line end at the end."""
    (tree / "receipts.csv").write_bytes(
        "sender,path,received_at\n西平县,submissions/旧.csv,2021-06-27T10:00:00+08:00".encode(encoding)
    )
    source = tmp_path / "progress.csv"
    source.write_text("x", encoding="utf-8")
    entry = take(tree, source)
    register = read_receipts(tree).lines
    assert register.keys() == {"submissions/旧.csv", entry.path}
    assert (register[entry.path].received_at, register[entry.path].sender) == (MOMENT, "西平县")


def test_a_register_without_header_is_not_continued(tree: Path, tmp_path: Path):
    (tree / "receipts.csv").write_text("a,b\n", encoding="utf-8")
    source = tmp_path / "progress.csv"
    source.write_text("x", encoding="utf-8")
    with pytest.raises(Refused, match="表头"):
        take(tree, source)
    assert (tree / "receipts.csv").read_text(encoding="utf-8") == "a,b\n"
    assert not any(path.is_file() for path in (tree / "submissions").rglob("*"))


def test_a_file_between_its_name_and_its_line_counts_as_registered(tree: Path, tmp_path: Path, monkeypatch):
    """A run that reads the tree at this very moment, or after a kill on a tree it cannot write."""
    source = tmp_path / "progress.csv"
    source.write_text("x", encoding="utf-8")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("orchestration.receive.sync_folder", stop)
        (tree / "submissions" / PLACE).mkdir(parents=True)
        with pytest.raises(KeyboardInterrupt):
            take(tree, source)
    (seen,) = scan(tree)
    assert seen.registered and seen.received_at == MOMENT and seen.sender == "西平县"


# --- the inbox --------------------------------------------------------------------------------------------------------


class Inbox:
    """Looks at an inbox with a clock of its own, the memory of the sensor kept in between."""

    def __init__(self, tree: Path, home: Path):
        self.settings, self.seen, self.clock = Settings(tree, home), {}, 1_000_000.0

    def put(self, relative: str, text: str = "x", modified: float | None = 0) -> Path:
        path = self.settings.inbox / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if modified is not None:
            os.utime(path, (modified, modified))
        return path

    def look(self, later: float = 60) -> Emptied:
        self.clock += later
        done = empty_inbox(self.settings, MOMENT, self.seen, lambda: self.clock)
        self.seen = json.loads(json.dumps(done.seen))
        return done


@pytest.fixture
def inbox(tree: Path, tmp_path: Path) -> Inbox:
    return Inbox(tree, tmp_path / "home")


PLACE = "zhumadian2021/2021Q3/411721"


def test_inbox_takes_settled_files_and_sets_the_others_aside(inbox: Inbox):
    good, wrong = inbox.put(f"{PLACE}/progress.csv"), inbox.put(f"{PLACE}/data.csv")
    first = inbox.look()
    assert (first.received, first.refused) == ([], [])
    growing = inbox.put(f"{PLACE}/indicators.csv", modified=None)
    done = inbox.look()
    assert [entry.path for entry in done.received] == [f"submissions/{PLACE}/progress.csv"]
    assert not good.exists() and not wrong.exists()
    assert growing.exists()
    assert [str(path) for path, _ in done.refused] == [f"{PLACE}/data.csv"]
    note = inbox.settings.inbox / ".refused" / PLACE / "data.csv.原因.txt"
    assert "文件名" in note.read_text(encoding="utf-8")
    assert [entry.path for entry in inbox.look().received] == [f"submissions/{PLACE}/indicators.csv"]


@pytest.mark.parametrize("modified", [0.0, 4_000_000_000.0], ids=["1970", "a century ahead"])
def test_a_slowly_growing_file_with_the_times_of_its_original_is_waited_for(inbox: Inbox, modified: float):
    """``cp -p``, rsync --inplace and copies from Windows keep the time of the original while they still write."""
    text = ""
    for _ in range(4):
        text += "任务编号,状态\n"
        inbox.put(f"{PLACE}/progress.csv", text, modified)
        assert inbox.look().received == []
    (entry,) = inbox.look().received
    assert (inbox.settings.raw_root / entry.path).read_text(encoding="utf-8") == text


def test_two_looks_too_close_together_are_one(inbox: Inbox):
    inbox.put(f"{PLACE}/progress.csv")
    assert [len(inbox.look(later).received) for later in (0, 3, 3, 5)] == [0, 0, 0, 1]


def test_a_clock_set_back_only_delays(inbox: Inbox):
    inbox.put(f"{PLACE}/progress.csv")
    assert [len(inbox.look(later).received) for later in (0, -86_400, 11)] == [0, 0, 1]


def test_what_is_written_into_a_file_after_it_was_taken_is_received_too(inbox: Inbox):
    """The writer had paused; its handle follows the file to .taken."""
    with inbox.put(f"{PLACE}/progress.csv", "a").open("a", encoding="utf-8") as writer:
        inbox.look()
        assert len(inbox.look().received) == 1
        writer.write("b")
    inbox.look()
    (second,) = inbox.look().received
    assert Path(second.path).name == "progress_2.csv"
    assert (inbox.settings.raw_root / second.path).read_text(encoding="utf-8") == "ab"
    assert [Path(line["path"]).name for line in lines(inbox.settings.raw_root)] == [
        "progress.csv",
        "progress_2.csv",
    ]


def test_taken_files_go_after_a_day_and_a_lost_memory_doubles_nothing(inbox: Inbox):
    inbox.put(f"{PLACE}/progress.csv")
    inbox.look(), inbox.look()
    taken = inbox.settings.inbox / ".taken" / PLACE / "progress.csv"
    assert taken.is_file()
    inbox.seen = {}
    inbox.look()
    assert [entry.already for entry in inbox.look().received] == [True]
    assert len(lines(inbox.settings.raw_root)) == 1
    inbox.look(3600)
    assert taken.is_file()
    inbox.look(24 * 3600)
    assert not taken.exists()


def test_same_name_other_content_and_same_file_twice_through_the_inbox(inbox: Inbox):
    for text in ("a", "b", "a"):
        inbox.put(f"{PLACE}/progress.csv", text)
        inbox.look()
        assert len(inbox.look().received) == 1
    root = inbox.settings.raw_root
    assert {Path(line["path"]).name: (root / line["path"]).read_text() for line in lines(root)} == {
        "progress.csv": "a",
        "progress_2.csv": "b",
    }


def test_a_file_that_cannot_be_received_now_stays_in_the_inbox(inbox: Inbox, monkeypatch):
    waiting = inbox.put(f"{PLACE}/progress.csv")
    inbox.look()
    with monkeypatch.context() as full:

        def no_room(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        full.setattr("orchestration.receive.copy_hashed", no_room)
        done = inbox.look()
    assert (done.received, done.refused) == ([], [])
    assert "磁盘空间不足" in done.waiting[0][1] and waiting.is_file()
    inbox.look()
    assert len(inbox.look().received) == 1


def test_the_sensor_remembers_its_look_in_its_cursor(inbox: Inbox):
    """First look: nothing yet; at the next one the file is received and its quarter is run."""
    inbox.put(f"{PLACE}/progress.csv")

    @dg.job(partitions_def=QUARTERS)
    def quarter():
        pass

    (sensor,) = build(inbox.settings, quarter)
    with dg.DagsterInstance.ephemeral() as instance:

        def look(cursor: str | None) -> tuple[list, str]:
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            return sensor(context), context.cursor

        skipped, cursor = look(None)
        assert isinstance(skipped, dg.SkipReason)
        seen = {name: known | {"at": known["at"] - 60} for name, known in json.loads(cursor).items()}
        (request,), cursor = look(json.dumps(seen))
    assert request.partition_key == "2021Q3"
    assert list(json.loads(cursor)) == [f".taken/{PLACE}/progress.csv"]
