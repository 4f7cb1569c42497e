"""The audit log: nothing is lost or hidden when a write is cut off, and whatever is altered shows."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from orchestration import audit
from orchestration.audit import REPAIR, AuditUnavailable, act, log_path, read, record
from orchestration.commands.audit import audit as command
from orchestration.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "raw", tmp_path / "home")


def written(settings: Settings, count: int = 3) -> bytes:
    """A log of some entries; its bytes."""
    for number in range(count):
        record(settings, "receive", "done", {"file": f"文件{number}\n.csv"}, sender="王五")
    return log_path(settings).read_bytes()


@contextlib.contextmanager
def altered(body: bytes, head: bytes | None):
    """A home with these bytes for a log."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder), Path(folder))
        settings.audit.mkdir()
        log_path(settings).write_bytes(body)
        if head is not None:
            (settings.audit / "head.json").write_bytes(head)
        yield settings


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """(log of three entries, its head)."""
    settings = Settings(tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("home"))
    return written(settings), (settings.audit / "head.json").read_bytes()


def test_entries_are_chained_and_private(home: Settings):
    written(home)
    reading = read(home)
    assert (reading.problems, reading.notes) == ([], [])
    assert [entry.seq for entry in reading.entries] == [1, 2, 3]
    assert [entry.prev for entry in reading.entries[1:]] == [entry.hash for entry in reading.entries[:-1]]
    assert reading.entries[0].prev == audit.GENESIS
    assert reading.entries[0].details == {"file": "文件0\n.csv"}
    assert reading.entries[0].who["sender"] == "王五"
    assert reading.entries[0].at.endswith("+08:00")
    assert log_path(home).stat().st_mode & 0o777 == 0o600
    assert home.audit.stat().st_mode & 0o777 == 0o700


def test_no_log_is_no_problem(home: Settings):
    assert read(home) == audit.Reading()


def test_the_login_cannot_be_borrowed(home: Settings, monkeypatch: pytest.MonkeyPatch):
    own = record(home, "run", "done", {}).who["user"]
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    assert record(home, "run", "done", {}).who["user"] == own != "somebody"


def test_a_name_that_is_no_text_is_kept(home: Settings):
    name = os.fsdecode(b"\xff\xfe.csv")
    record(home, "receive", "done", {"file": name, "other": "\u2028\x00"})
    assert read(home).entries[0].details == {"file": name, "other": "\u2028\x00"}
    assert read(home).problems == []


@examples(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_line_cut_off_anywhere_loses_nothing_and_is_noted(model, data: st.DataObject):
    body, _ = model
    first, second, third = body.splitlines(keepends=True)
    cut = data.draw(st.integers(0, len(third)), label="bytes written of the last line")
    # the head is written after the line: it still names the entry before
    before = json.dumps({"seq": 2, "hash": json.loads(second)["hash"]}).encode()
    with altered(first + second + third[:cut], before) as settings:
        assert read(settings).problems == []
        whole = 3 if cut >= len(third) - 1 else 2
        assert len(read(settings).entries) == whole
        torn = 0 < cut < len(third) - 1
        assert len(read(settings).notes) == torn
        record(settings, "run", "done", {"n": 1})
        again = read(settings)
        assert again.problems == []
        assert [e.what for e in again.entries[whole:]] == [REPAIR] * torn + ["run"]
        # nothing of what was there is gone, the cut-off line neither
        assert log_path(settings).read_bytes().startswith(first + second + third[:cut])
        if torn:
            assert again.entries[whole].details["torn"][0]["bytes"] == cut
            assert len(again.notes) == 1


@examples(max_examples=80, deadline=None)
@given(data=st.data())
def test_every_altered_byte_shows(model, data: st.DataObject):
    body, head = model
    place = data.draw(st.integers(0, len(body) - 2))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != body[place]))
    with altered(body[:place] + bytes([other]) + body[place + 1 :], head) as settings:
        assert read(settings).problems
        # and goes on showing
        record(settings, "run", "done", {})
        assert read(settings).problems


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:2], "少了末尾"),
        (lambda lines: [], "少了末尾"),
        (lambda lines: lines[1:], "第 1 行"),
        (lambda lines: [lines[0], lines[2]], "第 2 行"),
        (lambda lines: [lines[1], lines[0], lines[2]], "第 1 行"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "第 2 行"),
    ],
)
def test_lines_taken_out_doubled_or_moved_show(model, change, said: str):
    body, head = model
    with altered(b"".join(change(body.splitlines(keepends=True))), head) as settings:
        assert said in "".join(read(settings).problems)
        record(settings, "run", "done", {})
        assert read(settings).problems, "the next entry must not hide it"


def test_a_chain_written_anew_shows_where_another_file_names_its_head(model):
    """Who may write the log can write another whole chain; the editions hold the old one's hashes."""
    body, head = model
    anchor = json.loads(head)
    with altered(b"", None) as settings:
        written(settings)
        assert read(settings).problems == []
        assert not read(settings).holds(anchor)
    with altered(body, head) as settings:
        assert read(settings).holds(anchor)


def test_a_disk_that_fills_in_the_middle_of_a_line(home: Settings, monkeypatch: pytest.MonkeyPatch):
    before = written(home)
    whole = os.write

    def full(stream: int, body) -> int:
        if len(body) < 150:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(stream, body[: len(body) // 2])

    done = []
    with monkeypatch.context() as patch:
        patch.setattr(audit.os, "write", full)
        with pytest.raises(AuditUnavailable, match="磁盘空间"), act(home, "publish"):
            done.append("published")
    assert done == []
    assert log_path(home).read_bytes().startswith(before)
    record(home, "run", "done", {})
    reading = read(home)
    assert reading.problems == []
    assert [entry.what for entry in reading.entries] == ["receive"] * 3 + [REPAIR, "run"]


def test_an_act_is_begun_and_ended(home: Settings):
    with act(home, "publish", {"by": "甲", "approved_by": None}, period="2021Q4") as current:
        assert [entry.state for entry in read(home).entries] == ["begun"]
        current.outcome = {"edition": "p/2021Q4/r0"}
    with pytest.raises(ZeroDivisionError), act(home, "run"):
        raise ZeroDivisionError("x")
    begun, done, _, failed = read(home).entries
    assert begun.details == {"period": "2021Q4"}
    assert begun.who.keys() == {"user", "by"}
    assert done.details == {"begun": 1, "edition": "p/2021Q4/r0"}
    assert (failed.state, failed.details) == ("failed", {"begun": 3, "error": "ZeroDivisionError: x"})


def test_several_at_once(home: Settings):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: record(home, "receive", "done", {"n": n}), range(80)))
    reading = read(home)
    assert (reading.problems, reading.notes) == ([], [])
    assert sorted(entry.details["n"] for entry in reading.entries) == list(range(80))


def test_a_killed_writer_leaves_a_whole_chain(home: Settings):
    told, tell = os.pipe()
    for seen in range(1, 6):
        child = os.fork()
        if not child:
            while True:
                os.write(tell, b"%d\n" % record(home, "receive", "done", {"text": "长" * 5000}).seq)
        for _ in range(seen):
            os.read(told, 1 << 16)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.set_blocking(told, False)
        with contextlib.suppress(BlockingIOError):
            os.read(told, 1 << 16)
        os.set_blocking(told, True)
        before = len(read(home).entries)
        assert before >= seen
        record(home, "run", "done", {})
        assert read(home).problems == []
        assert len(read(home).entries) > before
    os.close(told)
    os.close(tell)


def test_the_command_tells_whether_the_chain_holds(home: Settings, capsys: pytest.CaptureFixture):
    assert command(home, None, False) == 0
    assert "还没有" in capsys.readouterr().out
    written(home)
    assert command(home, 2, False) == 0
    out = capsys.readouterr().out
    assert "核验通过：3 条" in out
    assert "文件0" not in out
    assert "文件2\ufffd.csv" in out, "a name cannot break the row"
    with act(home, "run", period="2021Q4"):
        assert command(home, None, False) == 0
        assert "第 4 条" in capsys.readouterr().out.split("说明：")[1]
    body = log_path(home).read_bytes()
    log_path(home).write_bytes(body.replace("文件1".encode(), "文件9".encode()))
    assert command(home, 1, True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["problems"] == ["审计日志第 2 行被改动或损坏"]
    assert len(said["entries"]) == 1
