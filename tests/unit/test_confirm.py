"""``taizhang confirm``: one line more, whole or not at all, in the file and in the audit log; nothing useless is written."""

from __future__ import annotations

import errno
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.audit import AuditUnavailable, read
from orchestration.cli import cli
from orchestration.confirmations import NAME, Confirmation, NotConfirmed, add, note_written_by_hand
from orchestration.settings import Settings
from raw import durable
from raw.registry import read_confirmations
from tests.conftest import SAMPLES

LINE = Confirmation("V02", "411721", "zmd_i01", "2021Q4", '企业数, 确为 "0"', "张三")
HEADER = "rule_id,reporter_id,entity_id,period,note,by\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    raw = tmp_path / "raw"
    shutil.copytree(SAMPLES / "registry" / "zhumadian2021", raw / "registry" / "zhumadian2021")
    return Settings(raw, tmp_path / "home")


@pytest.fixture
def call(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAIZHANG_RAW", str(settings.raw_root))
    monkeypatch.setenv("TAIZHANG_HOME", str(settings.home))

    def invoke(*changed: str):
        options = {
            "--period": "2021Q4", "--reporter": "411721", "--rule": "v02", "--entity": "zmd_i01",
            "--note": "当地  没有此类企业\n", "--by": "张　三",
        }  # fmt: skip
        options |= dict(zip(changed[::2], changed[1::2], strict=True))
        return CliRunner().invoke(cli, ["confirm", *(word for pair in options.items() for word in pair)])

    return invoke


def file(settings: Settings) -> Path:
    return settings.raw_root / NAME


def test_the_line_is_read_as_it_was_written(settings: Settings):
    assert add(settings, LINE)
    (row,) = read_confirmations(settings.raw_root)
    assert row == {
        "rule_id": "V02", "reporter_id": "411721", "entity_id": "zmd_i01", "period": "2021Q4",
        "note": "企业数, 确为 \"0\"", "confirmed_by": "张三", "row_number": 2, "problem": None,
    }  # fmt: skip
    begun, done = read(settings).entries
    assert (begun.state, begun.details["line"]["note"], begun.who["by"]) == ("begun", LINE.note, "张三")
    assert done.details["added"] == [begun.details["line"]]
    assert {path.name for path in settings.raw_root.iterdir()} == {NAME, f".{NAME}.lock", "registry"}


def test_twice_is_once_and_another_word_on_the_same_place_is_refused(settings: Settings):
    assert add(settings, LINE)
    before = file(settings).read_bytes()
    assert not add(settings, LINE)
    with pytest.raises(NotConfirmed, match="张三"):
        add(settings, replace(LINE, note="别的"))
    assert file(settings).read_bytes() == before
    assert len(read(settings).entries) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_what_stands_there_stays_byte_for_byte(settings: Settings, encoding: str, end: str):
    old = (
        "By,附注,note,period,entity_id,reporter_id,rule_id\n李四,,已核实,2021Q3,i9,411722,H05" + end
    ).encode(encoding)
    file(settings).write_bytes(old)
    assert add(settings, LINE)
    body = file(settings).read_bytes()
    assert body.startswith(old)
    assert "张三" in body.decode(encoding)
    first, second = read_confirmations(settings.raw_root)
    assert (first["confirmed_by"], first["row_number"]) == ("李四", 2)
    assert (second["confirmed_by"], second["note"], second["row_number"]) == ("张三", LINE.note, 3)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"rule_id,period\nV02,2021Q4\n", "表头"),
        ((HEADER + 'V02,a,b,2021Q4,"没有关上').encode(), "引号"),
        ((HEADER).encode("utf-16"), "utf-16"),
        (b"\xff\xff\xff\x00", "编码"),
    ],
)
def test_a_file_that_cannot_be_appended_to_stays_as_it_is(settings: Settings, body: bytes, said: str):
    file(settings).write_bytes(body)
    with pytest.raises(NotConfirmed, match=said):
        add(settings, LINE)
    assert file(settings).read_bytes() == body
    assert read(settings).entries == []


def test_a_crash_leaves_the_old_file_or_the_new_one(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    file(settings).write_text(HEADER, encoding="utf-8")
    whole = os.replace

    def full(source: Path, target: Path) -> None:
        if target == file(settings):
            raise OSError(errno.ENOSPC, "full")
        whole(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "replace", full)
        with pytest.raises(OSError, match="full"):
            add(settings, LINE)
    assert file(settings).read_text(encoding="utf-8") == HEADER
    assert [entry.state for entry in read(settings).entries] == ["begun", "failed"]
    assert note_written_by_hand(settings) is not None
    assert len(read(settings).entries) == 2, "a line that never came is not one that was removed"
    assert add(settings, LINE)


def test_no_log_no_line(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    settings.home.mkdir()
    settings.audit.write_text("in the way")
    with pytest.raises(AuditUnavailable, match="审计日志"):
        add(settings, LINE)
    assert not file(settings).exists()


def test_several_at_once_lose_nothing(settings: Settings):
    lines = [replace(LINE, entity_id=f"i{n}") for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda line: add(settings, line), lines))
    assert {row["entity_id"] for row in read_confirmations(settings.raw_root)} == {f"i{n}" for n in range(12)}


def test_lines_written_by_hand_are_noted_once(settings: Settings):
    assert note_written_by_hand(settings) is None
    add(settings, LINE)
    assert note_written_by_hand(settings)
    assert [entry.state for entry in read(settings).entries] == ["begun", "done"]
    whole = file(settings).read_text(encoding="utf-8")
    file(settings).write_text(whole + "H05,411722,i9,2021Q3,已核实,李四\n", encoding="utf-8")
    digest = note_written_by_hand(settings)
    note_written_by_hand(settings)
    (noted,) = [entry for entry in read(settings).entries if entry.state == "noted"]
    assert noted.details["way"] == "by hand"
    assert noted.details["sha256"] == digest
    assert [list(line.values()) for line in noted.details["added"]] == [
        ["H05", "411722", "i9", "2021Q3", "已核实", "李四"]
    ]
    assert noted.details["removed"] == []
    file(settings).write_text(HEADER, encoding="utf-8")
    note_written_by_hand(settings)
    gone = read(settings).entries[-1].details
    assert [line["by"] for line in gone["removed"]] == ["张三", "李四"]
    file(settings).unlink()
    assert note_written_by_hand(settings) is None
    assert read(settings).entries[-1].details == gone
    assert read(settings).problems == []


def test_the_command_writes_what_the_file_will_say(call, settings: Settings):
    said = call()
    assert said.exit_code == 0, said.output
    assert "taizhang run --period 2021Q4" in said.output
    (row,) = read_confirmations(settings.raw_root)
    assert (row["note"], row["confirmed_by"], row["rule_id"]) == ("当地 没有此类企业", "张 三", "V02")
    assert "没有重复写入" in call().output
    assert len(read_confirmations(settings.raw_root)) == 1
    assert note_written_by_hand(settings)
    assert {entry.state for entry in read(settings).entries} == {"begun", "done"}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--period", "2021Q5", "期次"),
        ("--period", "2031Q1", "不在"),
        ("--reporter", "999", "填报主体"),
        ("--rule", "ZZ9", "没有规则"),
        ("--rule", "F04", "不能以确认代替改正"),
        ("--note", " ", "--note"),
        ("--entity", "\u3000", "--entity"),
        ("--by", "", "--by"),
        ("--programme", "nowhere", "nowhere"),
    ],
)
def test_wrong_use_writes_nothing(call, settings: Settings, option: str, value: str, said: str):
    result = call(option, value)
    assert result.exit_code == 2
    assert said in result.output
    assert not file(settings).exists()
    assert not settings.audit.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(call, settings: Settings):
    settings.raw_root.chmod(0o500)
    result = call()
    settings.raw_root.chmod(0o700)
    assert result.exit_code == 1
    assert "目录权限" in result.output


@pytest.mark.usefixtures("call")
def test_as_json():
    result = CliRunner().invoke(
        cli,
        ["confirm", "--period", "2021Q4", "--reporter", "411721", "--rule", "V02", "--entity", "i", "--note", "n",
         "--by", "b", "--json"],
    )  # fmt: skip
    body = json.loads(result.output)
    assert (body["added"], body["programmes"], body["found"]) == (True, ["zhumadian2021"], None)
