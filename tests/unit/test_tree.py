"""Which files of a tree are submissions, when they were received, and what stands in the wrong place."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from raw.periods import SHANGHAI
from raw.tree import Receipt, Register, read_receipts, receipt_id, scan
from tests.factories.trees import write_receipts

PLACE = "submissions/p2021/2021Q1/410001"


def put(root: Path, relative: str, body: bytes = b"x") -> Path:
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def only(root: Path, programme_id: str | None = None) -> Receipt:
    (receipt,) = scan(root, programme_id)
    return receipt


def receipts_csv(root: Path, *lines: str, encoding: str = "utf-8") -> None:
    root.mkdir(exist_ok=True)
    (root / "receipts.csv").write_bytes("\n".join(["path,received_at,sender", *lines, ""]).encode(encoding))


# ── times of receipt ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "written, instant",
    [
        ("2021-03-28T17:30:00+08:00", "2021-03-28T17:30:00+08:00"),
        ("2021-03-28T17:30:00", "2021-03-28T17:30:00+08:00"),
        ("2021-03-28 17:30", "2021-03-28T17:30:00+08:00"),
        ("2021-03-28T16:30:00Z", "2021-03-29T00:30:00+08:00"),
        ("2021-03-28T17:30:00.5+00:00", "2021-03-29T01:30:00.500000+08:00"),
        ("２０２１-03-28T17:30", "2021-03-28T17:30:00+08:00"),
        ("2021-03-28", "2021-03-28T00:00:00+08:00"),
        ("2021/3/28 17:30", None),
        ("昨天", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("1970-01-01", None),
    ],
)
def test_received_at(tmp_path, written, instant):
    path = put(tmp_path, f"{PLACE}/progress.csv")
    os.utime(path, (0, datetime(2021, 4, 2, 8, 0, tzinfo=SHANGHAI).timestamp()))
    receipts_csv(tmp_path, f"{PLACE}/progress.csv,{written},张三")
    receipt = only(tmp_path)
    assert receipt.received_at.isoformat() == (instant or "2021-04-02T08:00:00+08:00")
    assert (receipt.registered, receipt.receipt_time_unreadable) == (True, instant is None)
    assert receipt.sender == "张三"


def test_a_file_without_a_line_is_received_at_its_mtime(tmp_path):
    path = put(tmp_path, f"{PLACE}/progress.csv")
    os.utime(path, (0, datetime(2021, 3, 28, 16, 0, tzinfo=UTC).timestamp()))
    receipt = only(tmp_path)
    assert receipt.received_at.isoformat() == "2021-03-29T00:00:00+08:00"
    assert (receipt.registered, receipt.sender, receipt.problem) == (False, None, None)


def test_of_two_lines_for_one_path_the_earliest_readable_counts(tmp_path):
    put(tmp_path, f"{PLACE}/progress.csv")
    receipts_csv(
        tmp_path,
        f"{PLACE}/progress.csv,2021-03-29T10:00:00+08:00,乙",
        f"{PLACE}/progress.csv,错,丙",
        f"{PLACE}/progress.csv,2021-03-28T23:00:00Z,丁",
        f"{PLACE}/progress.csv,2021-03-28T10:00:00+08:00,甲",
    )
    receipt = only(tmp_path)
    assert (receipt.sender, receipt.received_at.isoformat()) == ("甲", "2021-03-28T10:00:00+08:00")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    "written",
    [
        f"{PLACE}/progress_季报.csv",
        f"./{PLACE}/progress_季报.csv",
        PLACE.replace("/", "\\") + "\\progress_季报.csv",
    ],
)
def test_receipts_as_clerks_save_them(tmp_path, encoding, written):
    put(tmp_path, f"{PLACE}/progress_季报.csv")
    receipts_csv(tmp_path, "", f' {written} ,2021-03-28T10:00:00+08:00, "王,五"', ",,", encoding=encoding)
    assert only(tmp_path).registered


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"path\n",
        b"nothing,here\n1,2\n",
        b'path,received_at\n"open,2021\n',
        b"\xff\x00\xff\n",
        b"path,received_at,sender\na\n,,\n",
    ],
)
def test_a_broken_receipts_file_stops_nothing(tmp_path, body):
    put(tmp_path, f"{PLACE}/progress.csv")
    (tmp_path / "receipts.csv").write_bytes(body)
    receipt = next(r for r in scan(tmp_path) if r.file.path == f"{PLACE}/progress.csv")
    assert (receipt.registered, receipt.problem) == (False, None)


def test_lines_before_an_open_quotation_mark_count(tmp_path):
    receipts_csv(tmp_path, f"{PLACE}/progress.csv,2021-03-28T10:00:00+08:00,甲", '"open,2021')
    assert list(read_receipts(tmp_path).lines) == [f"{PLACE}/progress.csv"]


def test_a_line_without_its_file_does_not_vanish(tmp_path):
    write_receipts(tmp_path, [(f"{PLACE}/progress.csv", "2021-03-28T10:00:00+08:00", "张三")])
    receipt = only(tmp_path)
    assert receipt.problem.rule_id == "F01" and "文件不在" in receipt.problem.message
    assert (receipt.file.reporter_id, receipt.file.kind, receipt.sha256, receipt.size) == (
        "410001",
        "progress",
        None,
        0,
    )
    assert receipt.received_at.isoformat() == "2021-03-28T10:00:00+08:00"
    assert only(tmp_path, "p2021").file.path == f"{PLACE}/progress.csv"
    assert scan(tmp_path, "other") == []


@pytest.mark.parametrize(
    "path", ["submissions/../../etc/passwd", "progress.csv", "/etc/passwd", "registry/p2021/tasks.csv"]
)
def test_a_line_that_points_elsewhere_is_never_opened(tmp_path, path):
    receipts_csv(tmp_path, f"{path},2021-03-28T10:00:00+08:00,张三")
    receipt = only(tmp_path)
    assert receipt.problem.rule_id == "F01" and receipt.sha256 is None and receipt.file.path == path


def test_no_receipts_file_no_submissions(tmp_path):
    assert read_receipts(tmp_path) == Register() and scan(tmp_path) == []


# ── places and names ──────────────────────────────────────────────────────────────────────────


def test_identity_from_the_path(tmp_path):
    put(tmp_path, f"{PLACE}/Indicators_v2.XLSX", b"abc")
    receipt = only(tmp_path)
    file = receipt.file
    assert (file.programme_id, file.period, file.reporter_id, file.kind) == (
        "p2021",
        "2021Q1",
        "410001",
        "indicators",
    )
    assert (receipt.size, file.path, receipt.problem) == (3, f"{PLACE}/Indicators_v2.XLSX", None)
    assert receipt.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc"


def test_receipt_id_is_the_documented_hash():
    import hashlib

    assert receipt_id("a/b", "00") == hashlib.sha256(b"a/b\x0000").hexdigest()[:16]


@pytest.mark.parametrize(
    "relative, word",
    [
        ("submissions/progress.csv", "位置"),
        ("submissions/p2021/progress.csv", "位置"),
        ("submissions/p2021/2021Q1/progress.csv", "位置"),
        (f"{PLACE}/附件/progress.csv", "位置"),
        (f"{PLACE}/进展.csv", "种类"),
        (f"{PLACE}/progress\n2.csv", "控制字符"),
        (f"{PLACE}/progress\x7f.csv", "控制字符"),
    ],
)
def test_a_file_in_a_wrong_place_has_a_receipt_and_a_problem(tmp_path, relative, word):
    put(tmp_path, relative)
    receipt = only(tmp_path)
    assert receipt.problem.rule_id == "F01" and word in receipt.problem.message
    shown = relative.replace("\n", "\\n").replace("\x7f", "\\x7f")
    assert receipt.file.path == shown and receipt.sha256


def test_names_that_are_no_utf8_stay_apart(tmp_path):
    folder = tmp_path / PLACE
    folder.mkdir(parents=True)
    for name in ("progress_季.csv", "progress_报.csv"):
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name.encode("gbk")))).write_bytes(b"same")
    receipts = scan(tmp_path)
    assert len({receipt.file.receipt_id for receipt in receipts}) == 2
    assert {receipt.problem.rule_id for receipt in receipts} == {"F01"}
    assert receipts[0].file.path == f"{PLACE}/progress_\\xb1\\xa8.csv"


@pytest.mark.parametrize(
    "name", [".DS_Store", "~$progress.xlsx", "Thumbs.db", "desktop.ini", ".progress.csv"]
)
def test_what_systems_leave_behind_is_no_submission(tmp_path, name):
    put(tmp_path, f"{PLACE}/{name}")
    assert scan(tmp_path) == []


def test_links_out_of_the_tree_are_not_followed(tmp_path):
    outside = put(tmp_path, "outside/progress.csv", b"secret")
    root = tmp_path / "tree"
    (root / PLACE).mkdir(parents=True)
    (root / PLACE / "progress_link.csv").symlink_to(outside)
    (root / PLACE / "progress_folder").symlink_to(outside.parent)
    (root / "submissions/p2021/2021Q2").symlink_to(outside.parent)
    receipts = scan(root)
    assert [receipt.file.path.removeprefix("submissions/p2021/") for receipt in receipts] == [
        "2021Q1/410001/progress_folder",
        "2021Q1/410001/progress_link.csv",
        "2021Q2",
    ]
    assert {receipt.problem.rule_id for receipt in receipts} == {"F01"}
    assert {receipt.sha256 for receipt in receipts} == {None}


def test_links_and_pipes_inside_the_tree(tmp_path):
    real = put(tmp_path, f"{PLACE}/progress.csv", b"abc")
    (real.parent / "progress_link.csv").symlink_to(real)
    (real.parent / "progress_broken.csv").symlink_to(real.parent / "nothing")
    os.mkfifo(real.parent / "progress_pipe.csv")
    found = {receipt.file.path.removeprefix(f"{PLACE}/"): receipt for receipt in scan(tmp_path)}
    assert found["progress_link.csv"].problem is None
    assert found["progress_link.csv"].sha256 == found["progress.csv"].sha256
    assert found["progress_broken.csv"].problem.rule_id == "F01"
    assert "管道" in found["progress_pipe.csv"].problem.message


def test_one_programme_only(tmp_path):
    put(tmp_path, f"{PLACE}/progress.csv")
    put(tmp_path, "submissions/other/2021Q1/410001/progress.csv")
    assert [r.file.programme_id for r in scan(tmp_path)] == ["other", "p2021"]
    assert only(tmp_path, "p2021").file.programme_id == "p2021"
