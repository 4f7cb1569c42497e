"""Names, links and devices in the raw tree: every one is told, none is opened that is not a file of the tree."""

from __future__ import annotations

import os
import pickle
import socket
import stat
import time
from pathlib import Path

import duckdb
import pytest

import raw.loader
import raw.tree
from raw.errors import Limits
from raw.files import read_register, shown_name
from raw.intake import Batch, rows_of
from raw.loader import load
from raw.submissions import read_submission
from raw.tree import read_receipts, scan
from tests.factories.hostile import GOOD_PLACE, GOOD_ROWS, PLACE, PROGRAMME
from tests.factories.trees import make_registry, write_file, write_receipts
from tests.fuzz.targets import CONTROL


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    """Read files in this process: the pool has its own tests, and a worker takes time to start."""

    def read_here(files, codes, limits, on_file):
        for file in files:
            result = read_submission(file, codes[file.programme_id], limits)
            yield Batch([(file, result)], rows_of([result]))

    monkeypatch.setattr(raw.loader, "read_all", read_here)


@pytest.fixture
def root(tmp_path) -> Path:
    """A registry and one good file of 410002."""
    root = tmp_path / "raw"
    make_registry(root, PROGRAMME)
    write_file(root / GOOD_PLACE / "progress.csv", list(GOOD_ROWS[0]), GOOD_ROWS)
    (root / PLACE).mkdir(parents=True)
    write_receipts(root, [(f"{GOOD_PLACE}/progress.csv", "2021-03-25T10:00:00+08:00", "测试")])
    return root


def loaded(root: Path) -> tuple[dict[str, tuple], list[tuple]]:
    """(path → (rows loaded, reason), findings (rule, path, message)) after a load; the good file must be there."""
    with duckdb.connect() as connection:
        load(connection, root)
        receipts = connection.execute(
            "SELECT path, rows_read - rows_quarantined, reason FROM raw.receipts"
        ).fetchall()
        findings = connection.execute(
            "SELECT rule_id, path, message FROM raw.findings ORDER BY ALL"
        ).fetchall()
    return {path: tuple(rest) for path, *rest in receipts}, findings


def good(root: Path) -> None:
    """The file as a clerk sends it."""
    write_file(root, list(GOOD_ROWS[0]), GOOD_ROWS)


def names_of(receipts: dict[str, tuple]) -> dict[str, tuple]:
    """Receipts of 410001 by what follows the folder."""
    return {path.removeprefix(f"{PLACE}/"): rest for path, rest in receipts.items() if path.startswith(PLACE)}


NAMES = {
    "progress\n2.csv": "progress\\n2.csv",
    "progress\x1b[31m.csv": "progress\\x1b[31m.csv",
    "progress\u202evsc.csv": "progress\\u202evsc.csv",
    "progress\\x1b.csv": "progress\\x5cx1b.csv",  # a backslash of its own is no escaped byte
    "progress_\udcba\udcc3.csv": "progress_\\xba\\xc3.csv",
}


def test_odd_names_are_told_as_text_nobody_obeys(root):
    for name in NAMES:
        good(root / PLACE / name)
    receipts, findings = loaded(root)
    found = names_of(receipts)
    assert set(found) == set(NAMES.values())
    assert all(rows == 0 and "文件名" in reason for rows, reason in found.values())
    assert receipts[f"{GOOD_PLACE}/progress.csv"] == (2, None)
    assert not [text for finding in findings for text in finding if CONTROL.search(text)]


@pytest.mark.parametrize("name, shown", NAMES.items())
def test_shown_name(name, shown):
    assert shown_name(name) == shown
    shown.encode()


def test_long_names_hard_links_and_other_cases_are_files_like_others(root):
    long = "progress_" + "长" * 80 + ".csv"
    good(root / PLACE / long)
    os.link(root / PLACE / long, root / PLACE / "progress_hard.csv")
    good(root / PLACE / "progress.csv")
    (root / PLACE / "PROGRESS.CSV").write_bytes((root / PLACE / "progress.csv").read_bytes())
    receipts, _ = loaded(root)
    assert names_of(receipts) == dict.fromkeys(
        [long, "progress_hard.csv", "PROGRESS.CSV", "progress.csv"], (2, None)
    )


def test_what_is_no_file_is_told_and_not_opened(root):
    folder = root / PLACE
    os.mkfifo(folder / "progress_pipe.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(folder)  # the path of a socket must be short
        try:
            listener.bind("progress_socket.csv")
        finally:
            os.chdir(Path(__file__).parent)
    expected = {"progress_pipe.csv", "progress_socket.csv", "progress.xlsx", "progress_zero.csv"}
    try:
        os.mknod(folder / "progress_zero.csv", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:  # only root makes devices
        expected.remove("progress_zero.csv")
    (folder / "progress.xlsx").mkdir()
    receipts, _ = loaded(root)
    assert set(names_of(receipts)) == expected
    assert all(rows == 0 and reason for rows, reason in names_of(receipts).values())
    assert "文件夹" in names_of(receipts)["progress.xlsx"][1]
    assert receipts[f"{GOOD_PLACE}/progress.csv"] == (2, None)


def test_folders_without_end_are_told_once(root):
    deep = root / PLACE
    for _ in range(60):
        deep = deep / "again"
    deep.mkdir(parents=True)
    good(deep / "progress.csv")
    receipts, _ = loaded(root)
    ((name, (rows, reason)),) = names_of(receipts).items()
    assert name == "/".join(["again"] * 4) and rows == 0 and "过深" in reason


def test_links_out_of_the_tree_show_nothing_of_what_is_there(root, tmp_path):
    outside = tmp_path / "outside" / "progress.csv"
    good(outside)
    (root / PLACE / "progress_link.csv").symlink_to(outside)
    (root / PLACE / "progress_folder").symlink_to(outside.parent)
    (root / PLACE / "progress_circle.csv").symlink_to(root / PLACE / "progress_circle.csv")
    receipts, _ = loaded(root)
    assert {name: rows for name, (rows, _) in names_of(receipts).items()} == {
        "progress_link.csv": 0, "progress_folder": 0, "progress_circle.csv": 0,
    }  # fmt: skip
    assert receipts[f"{GOOD_PLACE}/progress.csv"] == (2, None)


@pytest.mark.parametrize("place", ["submissions", f"submissions/{PROGRAMME}"])
def test_submissions_that_are_a_link_elsewhere_hold_the_programme_back(root, tmp_path, place):
    (root / place).rename(tmp_path / "elsewhere")
    (root / place).symlink_to(tmp_path / "elsewhere")
    receipts, findings = loaded(root)
    assert ("F01", "submissions") in {
        (rule_id, path) for rule_id, path, message in findings if "链接" in message
    }
    assert not any(rows for rows, _ in receipts.values())


def test_a_link_inside_the_tree_is_followed(root):
    (root / "disk").mkdir()
    (root / "submissions").rename(root / "disk" / "submissions")
    (root / "submissions").symlink_to(root / "disk" / "submissions")
    receipts, findings = loaded(root)
    assert receipts == {f"{GOOD_PLACE}/progress.csv": (2, None)} and findings == []


def test_paths_of_receipts_csv_that_leave_the_tree_are_never_opened(root):
    paths = [
        "submissions/../../../etc/passwd",
        "/etc/passwd",
        f"{PLACE}/../../../../x.csv",
        "registry/p2021/tasks.csv",
    ]
    write_receipts(root, [(path, "2021-03-25T10:00:00+08:00", "甲") for path in paths])
    receipts, _ = loaded(root)
    assert {path for path in receipts if path in paths} == set(paths)
    assert all("不在 submissions/ 之下" in receipts[path][1] for path in paths)


def as_nobody(task) -> object:
    """What ``task()`` returns in a child that is not root (root may open everything)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.setgid(65534)
            os.setuid(65534)
            os.write(writing, pickle.dumps(task()))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as stream:
        body = stream.read()
    os.waitpid(child, 0)
    return pickle.loads(body)


@pytest.mark.skipif(os.geteuid() != 0, reason="changes the user of a child process")
def test_files_and_folders_without_permission_are_told(root):
    good(root / PLACE / "progress_closed.csv")
    for path in (root, *root.rglob("*")):  # whatever the umask is
        path.chmod(path.stat().st_mode | (0o005 if path.is_dir() else 0o004))
    (root / PLACE / "progress_closed.csv").chmod(0)
    closed = root / PLACE.replace("410001", "410009")
    good(closed / "progress.csv")
    closed.chmod(0)
    above = root
    while above != above.parent:  # pytest's folders are root's alone
        if above.stat().st_mode & 0o005 != 0o005:
            above.chmod(above.stat().st_mode | 0o005)
        above = above.parent
    found = as_nobody(lambda: [(r.file.path, r.problem and r.problem.message) for r in scan(root)])
    told = {path.removeprefix(f"submissions/{PROGRAMME}/2021Q1/"): message for path, message in found}
    assert "权限" in told["410001/progress_closed.csv"] and "权限" in told["410009"]
    assert told["410002/progress.csv"] is None


def test_a_gigabyte_is_refused_by_its_size_before_it_is_hashed(root):
    path = root / PLACE / "progress.csv"
    with path.open("wb") as stream:
        stream.truncate(300 * 2**20)
    started = time.process_time()
    receipt = next(r for r in scan(root) if r.file.path.startswith(PLACE))
    assert time.process_time() - started < 0.2
    assert (receipt.sha256, receipt.size, receipt.problem.rule_id) == (None, 300 * 2**20, "F13")
    # up to ten times the allowed size the receipt keeps its hash
    with path.open("r+b") as stream:
        stream.truncate(21 * 2**20)
    receipt = next(r for r in scan(root) if r.file.path.startswith(PLACE))
    assert receipt.sha256 and receipt.problem is None
    assert "F13" in {rule_id for rule_id, found, _ in loaded(root)[1] if found == receipt.file.path}


@pytest.mark.parametrize("seconds", [2.0**40, -(2.0**40), float("nan")])
def test_a_time_no_calendar_has_is_none(seconds):
    assert raw.tree._moment(seconds).year == 1970


def test_a_file_that_vanishes_during_the_scan_is_told(root, monkeypatch):
    good(root / PLACE / "progress.csv")
    walk = raw.tree._walk

    def slow(start):
        for path, error in list(walk(start)):
            if path.name == "progress.csv" and path.parent.name == "410001":
                path.unlink()
            yield path, error

    monkeypatch.setattr(raw.tree, "_walk", slow)
    receipts, _ = loaded(root)
    assert "无法打开" in names_of(receipts)["progress.csv"][1]
    assert receipts[f"{GOOD_PLACE}/progress.csv"] == (2, None)


# ── receipts.csv ──────────────────────────────────────────────────────────────────────────────


def held_back(root: Path) -> str:
    """The message of the finding that keeps the quarter a draft because of receipts.csv."""
    receipts, findings = loaded(root)
    assert receipts[f"{GOOD_PLACE}/progress.csv"] == (2, None)
    ((rule_id, message),) = [
        (rule_id, message) for rule_id, path, message in findings if path == "receipts.csv"
    ]
    assert rule_id in ("F01", "F13")
    return message


def test_a_receipts_file_that_cannot_be_read_holds_the_quarter_back(root):
    file = root / "receipts.csv"
    file.write_bytes(b"\xff\x00\xff\n")
    assert "编码" in held_back(root)
    file.write_text('path,received_at,sender\n"open,2021\n', encoding="utf-8")
    assert "引号" in held_back(root)
    file.unlink()
    os.mkfifo(file)
    assert "普通文件" in held_back(root)
    file.unlink()
    file.symlink_to("/etc/passwd")
    assert "链接" in held_back(root)
    file.unlink()
    with file.open("wb") as stream:
        stream.truncate(1024**3)
    assert "1024.0 MB" in held_back(root)


def test_receipts_without_end(root):
    lines = "".join(f"a{n},x\n" for n in range(200))
    (root / "receipts.csv").write_text(f"path,received_at\n{lines}", encoding="utf-8")
    register = read_receipts(root, Limits(receipts_lines=50))
    assert len(register.lines) == 50 and "50 行" in register.problem.message


def test_a_register_is_not_read_beyond_what_was_allowed(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_register(tmp_path, tmp_path / "a", 5) == b"12345"
    with pytest.raises(FileNotFoundError):
        read_register(tmp_path, tmp_path / "b", 5)
