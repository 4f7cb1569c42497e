"""Nothing a county or a registry wrote steers the terminal of whoever runs a command."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import click
import pytest

from orchestration import cli
from orchestration.terminal import PlainStream
from tests.factories.trees import make_registry
from tests.fuzz.targets import CONTROL


@pytest.mark.parametrize(
    "text, shown",
    [
        ("收文 1 份\t是\r\n", "收文 1 份\t是\r\n"),
        ("\x1b[31m红", "\ufffd[31m红"),
        ("\x9b0m\x07", "\ufffd0m\ufffd"),
        ("\udcba", "\ufffd"),
        ("fdp\u202excod", "fdp\ufffdxcod"),
        ("\x00", "\ufffd"),
        ("", ""),
    ],
)
def test_a_plain_stream(text, shown):
    kept = io.StringIO(newline="")
    assert PlainStream(kept).write(text) == len(text) and kept.getvalue() == shown
    PlainStream(kept).writelines([text, "尾"])
    assert kept.getvalue() == shown + shown + "尾" and PlainStream(kept).writable()


@pytest.fixture
def umask():
    """The command line sets its own for the whole process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_names_of_files_are_printed_as_text(tmp_path, monkeypatch, capsys, umask):
    make_registry(tmp_path / "raw")
    attack = "a\x1b]0;x\x07\x1b[2J\u202e\udcba.exe"
    (tmp_path / attack).write_bytes(b"x")
    monkeypatch.setenv("TAIZHANG_RAW", str(tmp_path / "raw"))
    monkeypatch.setenv("TAIZHANG_HOME", str(tmp_path / "home"))
    options = ["--programme", "p2021", "--reporter", "410001", "--kind", "progress", "--period", "2021Q1"]
    for arguments in (
        ["receive", str(tmp_path / attack), *options],
        ["receive", f"nothing-{attack}", *options],
        ["receive", str(Path("x")), *options[:-1], "2021\x1b[31m"],
    ):
        monkeypatch.setattr(sys, "argv", ["taizhang", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2
        out, err = capsys.readouterr()
        assert (out + err).strip() and not CONTROL.search(out + err)


def test_click_takes_it_for_a_stream_of_text(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch):
    """A stream that takes bytes too is written bytes: every message of an error stood there as b'Error: \\xe6…'."""
    monkeypatch.setattr("sys.stderr", PlainStream(sys.stderr))
    click.ClickException("磁盘空间不足").show()
    assert capsys.readouterr().err == "Error: 磁盘空间不足\n"
