"""The office's own files under attack: a finding each, and the other programmes are computed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from raw.errors import Limits
from raw.registry import Programme, programme_ids, read_confirmations, read_programme
from tests.factories.trees import make_registry
from tests.fuzz.targets import CHINESE, CONTROL

LIMITS = Limits(register_bytes=100_000, register_lines=500, receipts_lines=500)


def findings(programme: Programme) -> list[tuple[str, str, str]]:
    """(rule, file, message), all of them as may be shown."""
    found = [(finding[0], finding[7].rpartition("/")[2], finding[-1]) for finding in programme.findings]
    for finding in programme.findings:
        assert CHINESE.search(finding[-1]) and len(finding[-1]) < 400
        assert not [text for text in finding if isinstance(text, str) and CONTROL.search(text)]
    return found


def attacked(tmp_path: Path, file: str, body: bytes | None) -> Programme:
    """The registry with one file of these bytes (None: a pipe in its place)."""
    folder = make_registry(tmp_path)
    (folder / file).unlink()
    if body is None:
        os.mkfifo(folder / file)
    else:
        (folder / file).write_bytes(body)
    return read_programme(tmp_path, "p2021", LIMITS)


HEAD = b"start_date = 2021-01-01\nend_date = 2021-12-31\n"


@pytest.mark.parametrize(
    "body, rule_id, computable",
    [
        (None, "F01", False),
        (b"x = " + b"[" * 5000, "F01", False),
        (b"x = {" + b"a = {" * 5000, "F01", False),
        (b"x = " + b"9" * 5000, "F01", False),
        (HEAD + b"\0", "F01", False),
        (HEAD + b"report_day = 0x" + b"f" * 5000, "V01", True),
        (HEAD + b"report_day = nan", "V01", True),
        (HEAD + b"freeze_days = 1e400", "V01", True),
        (HEAD + b'id = "\\u001b[31m' + b"x" * 5000 + b'"', "F05", True),
        (HEAD + b'lists = "\\u202e' + b"x" * 5000 + b'"', "V01", True),
        (HEAD + b"[lists]\nno_lists = [[[1]], 0x" + b"f" * 5000 + b"]", "V01", True),
        (HEAD + b"# " + b"x" * 2**20, "F13", False),
    ],
    ids=["pipe", "nested", "tables", "digits", "nul", "hex", "nan", "huge", "id", "word", "list", "large"],
)
def test_programme_toml(tmp_path, body, rule_id, computable):
    programme = attacked(tmp_path, "programme.toml", body)
    assert (rule_id, "programme.toml") in {found[:2] for found in findings(programme)}
    assert programme.computable == computable


@pytest.mark.parametrize(
    "body, rule_id, word",
    [
        (None, "F01", "普通文件"),
        (b"unit_id,name\nu1,\0\n", "F05", "name"),
        (b"unit_id,name\nu\0\x001,a\n", None, None),
        (b'unit_id,name\nu1,"open\n', "F01", "引号"),
        (b'unit_id,name\nu1,"' + b"x" * 150_000 + b'"\n', "F13", "MB"),
        (b"unit_id,name\n" + b"u,a\n" * 600, "F13", "行"),
        (b"\xff\xfe", "F01", "UTF-8"),
        (b"unit_id,name\n" + b"u1," + b",".join([b"1"] * 20_000), "F02", "20001"),
    ],
    ids=["pipe", "nul", "nul in a code", "quote", "large", "lines", "utf-16", "cells"],
)
def test_a_table(tmp_path, body, rule_id, word):
    programme = attacked(tmp_path, "units.csv", body)
    about = [(rule, message) for rule, file, message in findings(programme) if file == "units.csv"]
    assert [rule for rule, _ in about] == ([rule_id] if rule_id else [])
    assert rule_id is None or word in about[0][1]
    assert programme.computable


def test_a_gigabyte_in_a_registry_is_refused_by_its_size(tmp_path):
    folder = make_registry(tmp_path)
    with (folder / "tasks.csv").open("wb") as stream:
        stream.truncate(1024**3)
    programme = read_programme(tmp_path, "p2021")
    assert [found[:2] for found in findings(programme) if found[0] == "F13"] == [("F13", "tasks.csv")]


def test_links_out_of_the_tree(tmp_path):
    outside = make_registry(tmp_path / "elsewhere")
    root = tmp_path / "raw"
    folder = make_registry(root)
    (folder / "units.csv").unlink()
    (folder / "units.csv").symlink_to(outside / "units.csv")
    (root / "registry" / "other").symlink_to(outside)
    programme = read_programme(root, "p2021")
    assert ("F01", "units.csv") in {found[:2] for found in findings(programme)} and not programme.tables[
        "units"
    ]
    other = read_programme(root, "other")
    assert not other.computable and all("链接" in message for _, _, message in findings(other))


def test_a_folder_nobody_can_write_down_is_no_programme(tmp_path, caplog):
    make_registry(tmp_path)
    for name in ("p\n2", "p\x1b[31m", "\udcba"):
        (tmp_path / "registry" / name).mkdir()
    assert programme_ids(tmp_path) == ["p2021"]
    assert len(caplog.messages) == 3 and not [text for text in caplog.messages if CONTROL.search(text)]


@pytest.mark.parametrize(
    "body, word",
    [
        (None, "普通文件"),
        (b"\xff\x00\xff", "编码"),
        (b'rule_id\n"open', "引号"),
        (b"rule_id\n" + b"x\n" * 600, "500 行"),
        (b"x" * 200_000, "MB"),
    ],
)
def test_confirmations(tmp_path, body, word):
    file = tmp_path / "confirmations.csv"
    if body is None:
        os.mkfifo(file)
    else:
        file.write_bytes(body)
    rows = read_confirmations(tmp_path, LIMITS)
    assert word in rows[-1]["problem"] and len(rows) <= 501


def test_confirmations_keep_no_control_characters(tmp_path):
    (tmp_path / "confirmations.csv").write_bytes("rule_id,note,by\nV02,\x1b[31m红\u202e,a\0b\n".encode())
    (row,) = read_confirmations(tmp_path)
    assert (row["note"], row["confirmed_by"]) == ("[31m红\ufffd", "a\ufffdb")
