"""Backup and restore without a run: what is in it, byte for byte; tampering, interruption, hostile files, wrong places."""

from __future__ import annotations

import fcntl
import gzip
import io
import json
import os
import shutil
import signal
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration import audit
from orchestration.backup import reading, restoring, writing
from orchestration.backup.contents import BackupDamaged, BackupFailed
from orchestration.backup.reading import HEADER, MANIFEST, read_backup
from orchestration.backup.restoring import WrongPlace, restore
from orchestration.backup.writing import write_backup
from orchestration.cli import cli
from orchestration.commands import backup as command
from orchestration.editions.store import archive_file
from orchestration.progress import Step
from orchestration.receive import receipts_lock, receive
from orchestration.settings import Settings
from orchestration.warehouse import reader, writer
from raw import history
from raw.periods import SHANGHAI, Period
from raw.registry import read_programme
from raw.schema import create_statements
from raw.tree import file_sha256, scan
from tests.factories import make_registry, write_tree

NOW = datetime(2021, 7, 20, 22, 0, tzinfo=SHANGHAI)
PLACE = "submissions/p2021/2021Q2/410001"
UNREGISTERED = f"{PLACE}/indicators_散件.csv"


@pytest.fixture(autouse=True)
def no_sync(monkeypatch: pytest.MonkeyPatch):
    """Flushing the disk of a busy machine says nothing here."""
    monkeypatch.setattr(os, "sync", lambda: None)


def backed_up(home: Settings, target: Path, standstill=None) -> writing.Backup:
    return write_backup(home, target, standstill or nullcontext(), NOW, Step("备份"))


def restored(backup: Path, folder: Path) -> Settings:
    there = Settings(folder / "raw", folder / "home")
    restore(backup, there, Step("恢复"))
    return there


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of every regular file below a folder."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def edition(home: Settings, revision: int) -> Path:
    """An edition as ``publish`` leaves it: outputs, the manifest that names them and its inputs, the last verification."""
    folder = home.published / "p2021" / "2021Q2" / "editions" / f"r{revision}"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "app.js").write_text("// the same in every edition")
    (folder / "site" / "index.html").write_text(f"<p>r{revision}</p>")
    inputs = {
        part: [
            {"path": path.relative_to(home.raw_root).as_posix(), "sha256": archive_file(home, path)[0]}
            for path in sorted((home.raw_root / part).rglob("*"))
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        ]
        for part in ("submissions", "registry")
    }
    outputs = {
        path.relative_to(folder).as_posix(): file_sha256(path) for path in folder.rglob("*") if path.is_file()
    }
    body = {"programme_id": "p2021", "period": "2021Q2", "revision": revision, "outputs": outputs, **inputs}
    (folder / "MANIFEST.json").write_text(json.dumps(body | {"edition": f"p2021/2021Q2/r{revision}"}))
    folder.with_name(f"r{revision}.verified.json").write_text('{"holds": true}')
    for path in folder.rglob("*.*"):
        path.chmod(0o444)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small home with two editions, a waiting and a refused file, and a warehouse that knows one registry."""
    folder = tmp_path_factory.mktemp("model")
    home = Settings(folder / "raw", folder / "home")
    make_registry(home.raw_root, "p2021", tasks=[{"task_id": "t1", "seq": "1", "special_id": "kb", "title": "一窗通办", "deadline_text": "2021年12月"}])  # fmt: skip
    write_tree(home.raw_root, {f"{PLACE}/progress.csv": [{"任务编号": "t1", "状态": "推进中"}]})
    loose = home.raw_root / UNREGISTERED
    loose.write_bytes("指标编号,指标值\nkb,1\n".encode("gb18030"))
    os.utime(loose, ns=(0, 1624859999_123456789))
    (home.raw_root / "confirmations.csv").write_text("rule_id\n", encoding="utf-8")
    for revision in (0, 1):
        edition(home, revision)
    for path in (".refused/p2021/progress.csv", ".refused/p2021/progress.csv.原因.txt", "p2021/waiting.csv"):
        (home.inbox / path).parent.mkdir(parents=True, exist_ok=True)
        (home.inbox / path).write_text(path)
    audit.record(home, "publish", audit.DONE, {})
    with writer(home.warehouse) as connection:
        for statement in create_statements():
            connection.execute(statement)
        history.record(connection, home.raw_root, [read_programme(home.raw_root, "p2021")], NOW)
    return folder


@pytest.fixture
def home(model: Path, tmp_path: Path) -> Settings:
    """A copy of the model, to do anything to."""
    shutil.copytree(model, tmp_path / "live")
    return Settings(tmp_path / "live" / "raw", tmp_path / "live" / "home")


WANTED_OF_HOME = ("archive/", "audit/", "inbox/", "published/p2021/2021Q2/editions/")


def test_everything_that_cannot_be_made_again_comes_back_byte_for_byte(home: Settings, tmp_path: Path):
    before = files(home.raw_root), files(home.home)
    for made_again in (
        "published/current.duckdb", "published/p2021/2021Q2/site/index.html", "cache/a", "dagster/b", "run.lock",
        "archive/.part.7", "published/p2021/2021Q2/editions/.r2.7/site/index.html", "logs/l", "inbox/.half",
    ):  # fmt: skip
        (home.home / made_again).parent.mkdir(parents=True, exist_ok=True)
        (home.home / made_again).write_text("x")
    (home.raw_root / ".receipts.lock").touch()
    (home.raw_root / PLACE / ".progress.csv.part").write_text("half")
    made = backed_up(home, tmp_path / "b.tar.gz")
    assert made.editions == ["p2021/2021Q2/r0", "p2021/2021Q2/r1"]
    assert (made.problems, made.notes, made.left_out) == ([], [], [])
    there = restored(made.path, tmp_path / "there")
    raw, kept = files(there.raw_root), files(there.home)
    warehouse = kept.pop("warehouse.duckdb")
    assert raw == before[0]
    assert kept == {name: held for name, held in before[1].items() if name.startswith(WANTED_OF_HOME)}
    assert len(kept) > 14 and warehouse
    # what is read of the tree is the same, the unregistered file with the moment it came
    assert [(r.file.path, r.sha256, r.received_at) for r in scan(there.raw_root)] == [
        (r.file.path, r.sha256, r.received_at) for r in scan(home.raw_root)
    ]


def test_nothing_is_open_to_strangers(home: Settings, tmp_path: Path):
    made = backed_up(home, tmp_path / "b.tar.gz")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    there = restored(made.path, tmp_path / "there")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "there").rglob("*")}
    assert not [
        path for path, mode in modes.items() if mode & 0o007 and path not in (there.raw_root, there.home)
    ]
    assert modes[next(path for path in modes if path.parts[-3] == "archive")] == 0o440


def test_a_content_is_stored_once_and_any_tar_unpacks_it(home: Settings, tmp_path: Path):
    """The archive repeats the raw tree, and one edition the pages of another: links, and whole files again for ``tar -x``."""
    made = backed_up(home, tmp_path / "b.tar.gz")
    with tarfile.open(made.path) as tar:
        members = {member.name: member for member in tar.getmembers()}
        tar.extractall(tmp_path / "by_hand", filter="data")
    assert next(iter(members)) == HEADER and list(members)[-1] == MANIFEST
    linked = {name for name, member in members.items() if member.islnk()}
    assert {name for name in members if name.startswith("home/archive/")} <= linked
    assert "home/published/p2021/2021Q2/editions/r1/site/app.js" in linked
    by_hand = {name: body for name, (body, _) in files(tmp_path / "by_hand" / "raw").items()}
    assert by_hand == {name: body for name, (body, _) in files(home.raw_root).items()}


def test_the_same_state_gives_the_same_bytes(home: Settings, tmp_path: Path):
    one, other = backed_up(home, tmp_path / "a.tar.gz"), backed_up(home, tmp_path / "b.tar.gz")
    assert one.path.read_bytes() == other.path.read_bytes()
    assert one.sha256 == file_sha256(one.path) == read_backup(one.path, Step("检查")).sha256
    again = restored(one.path, tmp_path / "there")
    assert backed_up(again, tmp_path / "c.tar.gz").content_bytes == one.content_bytes


NAME = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in (".", "..") and not name.startswith(".") and len(name.encode()) < 200)
TREE = st.dictionaries(
    st.tuples(NAME, NAME),
    st.tuples(st.binary(max_size=3000), st.integers(-(10**18), 4 * 10**18)),
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=TREE)
def test_whatever_files_a_tree_has_they_come_back(tmp_path_factory: pytest.TempPathFactory, tree: dict):
    folder = tmp_path_factory.mktemp("tree")
    live = Settings(folder / "live" / "raw", folder / "live" / "home")
    live.home.mkdir(parents=True)
    live.raw_root.mkdir()
    for (above, name), (body, mtime_ns) in tree.items():
        path = live.raw_root / "submissions" / above / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.utime(path, ns=(0, mtime_ns))
    there = restored(backed_up(live, folder / "b.tar.gz").path, folder / "there")
    assert files(there.raw_root) == files(live.raw_root)
    shutil.rmtree(folder)


def test_a_name_that_is_no_utf8_and_links(home: Settings, tmp_path: Path):
    """A link within the tree counts as its file, received when it was made; one that leads out is somebody else's file."""
    folder = home.raw_root / PLACE
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/progress_\xb1\xa8\n.csv"))
    odd.write_bytes(b"x")
    (tmp_path / "secret").write_text("secret")
    (folder / "progress_in.csv").symlink_to("progress.csv")
    os.utime(folder / "progress_in.csv", ns=(0, 5 * 10**18 // 4), follow_symlinks=False)
    (folder / "progress_out.csv").symlink_to(tmp_path / "secret")
    (folder / "progress_dir").symlink_to(tmp_path)
    os.mkfifo(folder / "progress_pipe.csv")
    made = backed_up(home, tmp_path / "b.tar.gz")
    assert {Path(path).name for path in made.left_out} == {
        "progress_out.csv",
        "progress_dir",
        "progress_pipe.csv",
    }
    there = restored(made.path, tmp_path / "there")
    assert there.raw_root.joinpath(odd.relative_to(home.raw_root)).read_bytes() == b"x"
    link = there.raw_root / PLACE / "progress_in.csv"
    assert not link.is_symlink() and link.read_bytes() == (folder / "progress.csv").read_bytes()
    assert link.stat().st_mtime_ns == 5 * 10**18 // 4
    assert b"secret" not in gzip.decompress(made.path.read_bytes()).replace(b"/secret", b"")
    assert len(read_backup(made.path, Step("检查")).left_out) == 3


def test_a_folder_that_cannot_be_read_is_no_backup(home: Settings, tmp_path: Path, monkeypatch):
    real = os.scandir

    def refuse(path):
        if str(path).endswith("410001"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        backed_up(home, tmp_path / "b.tar.gz")
    assert not list(tmp_path.glob("*b.tar.gz*"))


# --- the registry's history -------------------------------------------------------------------------------------------


def versions(settings: Settings) -> tuple[list, list]:
    with reader(settings.warehouse) as connection:
        return (
            connection.execute("FROM raw.registry_versions ORDER BY ALL").fetchall(),
            connection.execute("FROM raw.registry_history ORDER BY ALL").fetchall(),
        )


def record(settings: Settings) -> None:
    with writer(settings.warehouse) as connection:
        history.record(connection, settings.raw_root, [read_programme(settings.raw_root, "p2021")], NOW)


def test_what_registries_said_earlier_is_known_after_a_restore(home: Settings, tmp_path: Path):
    tasks = home.raw_root / "registry" / "p2021" / "tasks.csv"
    tasks.write_text(tasks.read_text(encoding="utf-8").replace("2021年12月", "2022年12月"), encoding="utf-8")
    record(home)
    there = restored(backed_up(home, tmp_path / "b.tar.gz").path, tmp_path / "there")
    known = versions(home)
    assert len(known[0]) == 2 and versions(there) == known
    record(there)
    assert versions(there) == known  # the same registry again is no third version


def test_a_registry_changed_since_the_last_run_is_said(home: Settings, tmp_path: Path):
    tasks = home.raw_root / "registry" / "p2021" / "tasks.csv"
    tasks.write_text(tasks.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    (note,) = backed_up(home, tmp_path / "b.tar.gz").notes
    assert "p2021" in note and "taizhang run" in note


def test_a_history_that_is_none_is_refused(tmp_path: Path):
    for body in (b"[1]", b"{", b'{"registry_versions": [{"seq": "x"}]}', b'{"registry_versions": [1]}'):
        path = made_tar(tmp_path / "b.tar.gz", {"home/registry_history.json": body})
        with pytest.raises(BackupDamaged, match="registry_history"):
            restored(path, tmp_path / "there")
        assert not (tmp_path / "there" / "home").exists()


# --- while others work ------------------------------------------------------------------------------------------------


def test_what_is_received_while_files_are_copied_is_in_it_whole_or_not_at_all(home: Settings, tmp_path: Path):
    """After the standstill the county's file and its line come; the backup has neither, so nothing is unregistered in it."""
    source = tmp_path / "progress_新.csv"
    source.write_text("任务编号,状态\nt1,推进中\n", encoding="utf-8")
    before = (home.raw_root / "receipts.csv").read_bytes()

    @contextmanager
    def standstill() -> Iterator[None]:
        yield
        programme = read_programme(home.raw_root, "p2021")
        reporter = programme.tables["reporters"][0]["reporter_id"]
        receive(home.raw_root, source, programme, reporter, "progress", Period(2021, 2), NOW)

    there = restored(backed_up(home, tmp_path / "b.tar.gz", standstill()).path, tmp_path / "there")
    assert (
        (there.raw_root / "receipts.csv").read_bytes()
        == before
        != (home.raw_root / "receipts.csv").read_bytes()
    )
    assert not list(there.raw_root.rglob("progress_新.csv")) and list(home.raw_root.rglob("progress_新.csv"))
    assert len([r for r in scan(there.raw_root) if not r.registered]) == 1  # the one that was before


def test_neither_run_nor_receipt_nor_log_goes_on_during_the_standstill(home: Settings):
    def free(path: Path) -> bool:
        with path.open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    locks = home.home / "run.lock", home.raw_root / ".receipts.lock", audit.log_path(home)
    with command._standstill(home, print):
        assert [free(path) for path in locks] == [False, False, False]
    assert [free(path) for path in locks] == [True, True, True]
    with receipts_lock(home.raw_root):
        assert [free(path) for path in locks] == [True, False, True]


def test_a_file_that_is_refused_meanwhile_is_not_lost(home: Settings, tmp_path: Path, monkeypatch):
    waiting = home.inbox / "p2021" / "waiting.csv"
    real = writing._copy_at_rest

    def sensor_first(source, copy):
        if source.path == waiting and waiting.exists():
            waiting.rename(home.inbox / ".refused" / "waiting.csv")
        return real(source, copy)

    monkeypatch.setattr(writing, "_copy_at_rest", sensor_first)
    there = restored(backed_up(home, tmp_path / "b.tar.gz").path, tmp_path / "there")
    assert [path.name for path in there.inbox.rglob("waiting.csv")] == ["waiting.csv"]


def test_a_file_that_never_rests_stops_the_backup_but_not_in_the_inbox(
    home: Settings, tmp_path: Path, monkeypatch
):
    ticks = iter(range(10**6))
    real, restless = os.fstat, set()

    def changing(descriptor: int):
        if os.readlink(f"/proc/self/fd/{descriptor}") in restless:
            os.utime(descriptor, ns=(0, next(ticks)))
        return real(descriptor)

    monkeypatch.setattr(writing.os, "fstat", changing)
    restless.add(str(home.inbox / "p2021" / "waiting.csv"))
    made = backed_up(home, tmp_path / "a.tar.gz")
    assert [Path(path).name for path in made.left_out] == ["waiting.csv"]
    restless.add(str(home.raw_root / UNREGISTERED))
    with pytest.raises(BackupFailed, match=r"indicators_散件\.csv"):
        backed_up(home, tmp_path / "b.tar.gz")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.tar.gz"]


# --- interrupted ------------------------------------------------------------------------------------------------------


def killed(work: Callable[[], object]) -> None:
    """Run in a child that is expected to kill itself."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])


def suicide(*_, **__) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("point", ["start", "add_5", "add_20", "finish", "rename"])
def test_a_killed_backup_never_looks_like_one(home: Settings, tmp_path: Path, monkeypatch, point: str):
    target = tmp_path / "to" / "b.tar.gz"
    target.parent.mkdir()
    with monkeypatch.context() as patch:
        if point == "rename":
            patch.setattr(writing.os, "rename", suicide)
        elif point.startswith("add_"):
            real, countdown = writing._Writer.add, iter(range(int(point[4:]), -1, -1))
            patch.setattr(
                writing._Writer,
                "add",
                lambda self, source: real(self, source) if next(countdown) else suicide(),
            )
        else:
            patch.setattr(writing._Writer, point, suicide)
        killed(lambda: backed_up(home, target))
    (left,) = target.parent.iterdir()
    assert left.name == ".b.tar.gz.part"
    if point != "rename":
        with pytest.raises(BackupDamaged):
            read_backup(left, Step("检查"))
    made = backed_up(home, target)  # the next one takes its place
    assert [path.name for path in target.parent.iterdir()] == ["b.tar.gz"]
    assert not read_backup(made.path, Step("检查")).problems


def test_a_failing_backup_leaves_nothing(home: Settings, tmp_path: Path, monkeypatch):
    target = tmp_path / "to" / "b.tar.gz"
    target.parent.mkdir()

    def full(self, name, entry, body):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing._Writer, "_write", full)
        with pytest.raises(OSError, match="No space"):
            backed_up(home, target)
    with monkeypatch.context() as patch:
        patch.setattr(writing.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 8, 1000))
        with pytest.raises(BackupFailed, match="只剩"):
            backed_up(home, target)
    assert list(target.parent.iterdir()) == []
    other = (tmp_path / "to" / ".b.tar.gz.part").open("w")
    with other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BackupFailed, match="另一个备份"):
            backed_up(home, target)
    assert not target.exists()


@pytest.mark.parametrize("point", ["begin", "write", "settle", "move_in"])
def test_a_killed_restore_says_so_and_is_begun_again(home: Settings, tmp_path: Path, monkeypatch, point: str):
    made = backed_up(home, tmp_path / "b.tar.gz")
    there = tmp_path / "there"
    with monkeypatch.context() as patch:
        real, countdown = getattr(restoring._Staging, point), iter([True] * (8 if point == "write" else 0))
        patch.setattr(
            restoring._Staging, point, lambda *args: real(*args) if next(countdown, False) else suicide()
        )
        killed(lambda: restored(made.path, there))
    # nothing that a run would take for a raw tree
    assert not (there / "raw" / "registry").exists() and not (there / "home" / "published").exists()
    if point != "begin":
        with pytest.raises(WrongPlace, match="没有完成的恢复"):
            restored(made.path, there)
    shutil.rmtree(there, ignore_errors=True)
    assert files(restored(made.path, there).raw_root) == files(home.raw_root)


# --- tampered ---------------------------------------------------------------------------------------------------------

Member = tuple[tarfile.TarInfo, bytes]


def members(path: Path) -> list[Member]:
    with tarfile.open(path) as tar:
        return [(m, tar.extractfile(m).read() if m.isreg() else b"") for m in tar.getmembers()]


def rewritten(path: Path, altered: list[Member]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as tar:
        for member, body in altered:
            tar.addfile(member, io.BytesIO(body))
    return path


def refused(path: Path, folder: Path) -> str:
    """The message with which both check and restore refuse a backup; nothing is left of it."""
    with pytest.raises(BackupDamaged) as error:
        read_backup(path, Step("检查"))
    with pytest.raises(BackupDamaged) as again:
        restored(path, folder / "there")
    assert str(again.value) == str(error.value)
    there = folder / "there"
    assert not [p for p in there.rglob("*") if p.is_file()] if there.exists() else True
    return str(error.value)


VICTIM = f"raw/{UNREGISTERED}"


def altered_byte(found: list[Member]) -> list[Member]:
    return [(m, b"X" + body[1:]) if m.name == VICTIM else (m, body) for m, body in found]


def shorter(found: list[Member]) -> list[Member]:
    for m, body in found:
        if m.name == VICTIM:
            m.size = len(body) - 1
    return [(m, body[: m.size]) for m, body in found]


def without(found: list[Member]) -> list[Member]:
    linked = {m.linkname for m, _ in found}  # a first place takes its links with it
    return [(m, body) for m, body in found if VICTIM not in (m.name, m.linkname)] if linked else found


def renamed(found: list[Member]) -> list[Member]:
    for m, _ in found:
        m.pax_headers = {}  # the long names, which would win
        if m.name == VICTIM:
            m.name += "x"
        if m.linkname == VICTIM:
            m.linkname += "x"
    return found


def added(found: list[Member]) -> list[Member]:
    extra = tarfile.TarInfo(VICTIM + "2")
    return [*found[:-1], (extra, b""), found[-1]]


def relinked(found: list[Member]) -> list[Member]:
    for m, _ in found:
        if m.linkname == VICTIM:
            m.pax_headers = {}
            m.linkname = next(n.name for n, _ in found if n.name.endswith("tasks.csv"))
    return found


def another_hash(found: list[Member]) -> list[Member]:
    m, body = found[-1]
    changed = json.loads(body)
    line = next(line for line in changed["files"] if line[0] == VICTIM)
    line[1] = "0" * 64
    m.size = len(text := json.dumps(changed).encode())
    return [*found[:-1], (m, text)]


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (altered_byte, "内容不符：raw/submissions/p2021/2021Q2/410001/indicators_散件.csv"),
        (shorter, "大小不符：raw/submissions/p2021/2021Q2/410001/indicators_散件.csv"),
        (without, "缺少文件：raw/submissions/p2021/2021Q2/410001/indicators_散件.csv"),
        (renamed, "清单之外的文件：raw/submissions/p2021/2021Q2/410001/indicators_散件.csvx"),
        (added, "清单之外的文件：raw/submissions/p2021/2021Q2/410001/indicators_散件.csv2"),
        (relinked, "不符：home/archive/"),
        (another_hash, "内容不符：raw/submissions/p2021/2021Q2/410001/indicators_散件.csv"),
        (lambda found: found[:-1], "没有清单（最后一个文件是 home/"),
        (lambda found: found[1:], "不是台账备份"),
        (lambda found: [found[0], found[0], *found[1:]], "不该有的名称"),
        (lambda found: [*found[:2], *found[1:]], "重复"),
        (lambda found: [*found, found[2]], "清单之后还有文件"),
    ],
)
def test_a_tampered_backup_is_refused_and_the_file_is_named(home, tmp_path, tamper, said):
    path = backed_up(home, tmp_path / "b.tar.gz").path
    assert said in refused(rewritten(path, tamper(members(path))), tmp_path)


def test_a_backup_cut_off_anywhere_is_refused(home: Settings, tmp_path: Path):
    body = backed_up(home, tmp_path / "b.tar.gz").path.read_bytes()
    cut = tmp_path / "cut.tar.gz"
    named = 0
    for size in [*range(0, len(body), len(body) // 40 + 1), len(body) - 9, len(body) - 1]:
        cut.write_bytes(body[:size])
        with pytest.raises(BackupDamaged) as error:
            read_backup(cut, Step("检查"))
        named += "raw/" in str(error.value) or "home/" in str(error.value)
    assert named > 10  # with the file at which it ends
    cut.write_bytes(body + b"more")
    with pytest.raises(BackupDamaged):
        read_backup(cut, Step("检查"))
    cut.write_bytes(body + gzip.compress(b"more"))
    with pytest.raises(BackupDamaged, match="末尾"):
        read_backup(cut, Step("检查"))


@pytest.fixture(scope="module")
def plain_tar(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """(folder, an uncompressed backup of three files), small enough to damage every part of it."""
    folder = tmp_path_factory.mktemp("plain")
    live = Settings(folder / "raw", folder / "home")
    live.home.mkdir()
    write_tree(live.raw_root, {f"{PLACE}/progress.csv": b"a,b\n", f"{PLACE}/indicators.csv": b"a,b\n"})
    return folder, gzip.decompress(backed_up(live, folder / "b.tar.gz").path.read_bytes())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_damage_goes_unnoticed_and_none_crashes(plain_tar, data):
    """Any bytes written over any place, in the tar or in the gzip file: refused, or (in padding and dates) of no effect."""
    folder, body = plain_tar
    packed = data.draw(st.booleans())
    whole = bytearray(gzip.compress(body, 1, mtime=0) if packed else body)
    at = data.draw(st.integers(0, len(whole) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=12))
    whole[at : at + len(patch)] = patch
    path = folder / "damaged.tar.gz"
    path.write_bytes(bytes(whole) if packed else gzip.compress(bytes(whole), 1))
    there = folder / "there"
    shutil.rmtree(there, ignore_errors=True)
    try:
        restored(path, there)
    except BackupDamaged:
        assert not there.exists() or not [p for p in there.rglob("*") if p.is_file()]
    else:
        kept = {name: held for name, (held, _) in files(there / "raw").items()}
        assert kept == {name: held for name, (held, _) in files(folder / "raw").items()}


def test_damage_from_before_the_backup_is_told_by_backup_and_check(home: Settings, tmp_path: Path):
    """Bit rot in the archive and in an edition, and an archived input that is gone."""
    folder = home.published / "p2021" / "2021Q2" / "editions"
    rotten = folder / "r0" / "site" / "index.html"
    rotten.chmod(0o600)
    rotten.write_text("<p>rO</p>")
    (folder / "r1" / "site" / "app.js").unlink()
    archived = sorted((home.home / "archive").glob("*/*"))
    archived[0].chmod(0o600)
    archived[0].write_bytes(b"rot")
    archived[1].unlink()
    made = backed_up(home, tmp_path / "b.tar.gz")
    text = "\n".join(made.problems)
    for said in ("版本文件被改动：home/published/p2021/2021Q2/editions/r0/site/index.html",
                 "版本文件缺失：home/published/p2021/2021Q2/editions/r1/site/app.js",
                 f"存档被改动：home/archive/{archived[0].parent.name}/{archived[0].name}",
                 f"存档缺失：{archived[1].name}"):  # fmt: skip
        assert said in text
    assert read_backup(made.path, Step("检查")).problems == made.problems


# --- hostile ----------------------------------------------------------------------------------------------------------


def made_tar(path: Path, held: dict[str, bytes], extra: list[Member] = (), said: int = 10**6) -> Path:
    """A backup made by hand whose manifest agrees with it; ``extra`` members are not in the manifest."""
    import hashlib

    header = {"taizhang_backup": 1, "created_at": NOW.isoformat(), "version": "0", "files": len(held),
              "bytes": {"home": 0, "raw": said}}  # fmt: skip
    lines = [[name, hashlib.sha256(body).hexdigest(), len(body), 0, 0o640] for name, body in held.items()]
    manifest = {"files": lines, "left_out": []}
    every = [(HEADER, json.dumps(header).encode()), *held.items()]
    found: list[Member] = []
    for name, body in [*every, (MANIFEST, json.dumps(manifest).encode())]:
        member = tarfile.TarInfo(name)
        member.size = len(body)
        found.append((member, body))
    return rewritten(path, [*found[:-1], *extra, found[-1]])


def special(name: str, kind: bytes, link: str = "") -> Member:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member, b""


@pytest.mark.parametrize(
    "name",
    [
        "../raw/x", "raw/../../x", "/etc/x", "raw", "raw/", "raw//x", "raw/./x", "home/x", "home/run.lock", "other/x",
        "home/dagster/dagster.yaml", "home/published", "home/warehouse.duckdb", "raw/.restoring/x", "x", "raw/" + "长" * 5000,
        "home/../home/archive/x", "C:\\x", "raw\\x",
    ],
)  # fmt: skip
def test_a_name_no_backup_has_is_refused(tmp_path: Path, name: str):
    path = made_tar(tmp_path / "b.tar.gz", {"raw/a.csv": b"a", name: b"x"})
    assert "不该有的名称" in refused(path, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} <= {"b.tar.gz", "there"}


@pytest.mark.parametrize(
    "member",
    [
        special("raw/l", tarfile.SYMTYPE, "/etc/passwd"),
        special("raw/l", tarfile.SYMTYPE, "a.csv"),
        special("raw/l", tarfile.LNKTYPE, "/etc/passwd"),
        special("raw/l", tarfile.LNKTYPE, "raw/none"),
        special("raw/l", tarfile.CHRTYPE),
        special("raw/l", tarfile.BLKTYPE),
        special("raw/l", tarfile.FIFOTYPE),
        special("raw/l", tarfile.DIRTYPE),
        special("raw/l", tarfile.CONTTYPE),
        special("raw/l", b"Z"),
    ],
)
def test_only_files_and_links_to_earlier_files(tmp_path: Path, member: Member):
    message = refused(made_tar(tmp_path / "b.tar.gz", {"raw/a.csv": b"a"}, [member]), tmp_path)
    assert "raw/l" in message


def test_a_file_in_the_way_of_a_folder(tmp_path: Path):
    for held in ({"raw/a": b"1", "raw/a/b": b"2"}, {"raw/a/b": b"2", "raw/a": b"1"}):
        path = made_tar(tmp_path / "b.tar.gz", held)
        with pytest.raises(BackupDamaged, match="目录"):
            restored(path, tmp_path / "there")
        assert not (tmp_path / "there" / "raw").exists()


def test_no_more_than_the_backup_says(tmp_path: Path, monkeypatch):
    """A file, or links, beyond the stated size; a header that wants to be read into memory: stopped early."""
    read = []
    real = reading._Metered.read
    monkeypatch.setattr(reading._Metered, "read", lambda self, size: read.append(size) or real(self, size))
    zeros = tarfile.TarInfo("raw/zeros")
    zeros.size = 80 << 20
    assert "超出" in refused(
        made_tar(tmp_path / "b.tar.gz", {}, [(zeros, bytes(zeros.size))], said=0), tmp_path
    )
    assert sum(read) < 4 << 20
    big = {"raw/a": bytes(30 << 20)}
    links = [special(f"raw/l{n}", tarfile.LNKTYPE, "raw/a") for n in range(3)]
    assert "超出" in refused(made_tar(tmp_path / "b.tar.gz", big, links, said=0), tmp_path)
    read.clear()
    pax = tarfile.TarInfo("pax")
    pax.type, pax.size = tarfile.XHDTYPE, 80 << 20
    message = refused(made_tar(tmp_path / "b.tar.gz", {}, [(pax, bytes(pax.size))]), tmp_path)
    assert "表头过大" in message and sum(read) < 8 << 20


@pytest.mark.parametrize(
    "header",
    [
        b"[]", b"{", b'{"taizhang_backup": 2}', b'{"taizhang_backup": 1}', b"\xff",
        b'{"taizhang_backup": 1, "created_at": "x", "version": "0", "bytes": {"home": -1, "raw": 0}}',
        b'{"taizhang_backup": 1, "created_at": "x", "version": "0", "bytes": {"home": "1", "raw": 0}}',
    ],
)  # fmt: skip
def test_a_header_that_is_none(tmp_path: Path, header: bytes):
    path = made_tar(tmp_path / "b.tar.gz", {"raw/a": b"a"})
    found = members(path)
    found[0][0].size = len(header)
    refused(rewritten(path, [(found[0][0], header), *found[1:]]), tmp_path)
    path.write_bytes(gzip.compress(b"not a tar at all"))
    assert "不是" in refused(path, tmp_path)


# --- the commands -----------------------------------------------------------------------------------------------------


def call(home: Settings, *arguments: str) -> tuple[int, str]:
    run = CliRunner(env={"TAIZHANG_RAW": str(home.raw_root), "TAIZHANG_HOME": str(home.home)})
    result = run.invoke(cli, [*arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_backup_and_check_by_command(home: Settings, tmp_path: Path):
    store = tmp_path / "store"
    store.mkdir()
    code, text = call(home, "backup", "--to", str(store), "--json")
    said = json.loads(text)
    assert code == 0 and said["ok"] and said["editions"] == ["p2021/2021Q2/r0", "p2021/2021Q2/r1"]
    (written,) = store.iterdir()
    assert str(written) == said["path"] and file_sha256(written) == said["sha256"]
    code, text = call(home, "backup", "--check", str(written))
    assert code == 0 and "备份完好" in text and said["sha256"] in text
    noted = audit.read(home).entries[-1]
    assert (noted.what, noted.state, noted.details["sha256"]) == ("backup", audit.DONE, said["sha256"])
    code, text = call(home, "backup", "--to", str(store / "b.tar.gz"))
    assert code == 0 and "已备份" in text and "SHA-256" in text
    body = written.read_bytes()
    written.write_bytes(body[: len(body) // 2])
    code, text = call(home, "backup", "--check", str(written))
    assert code == 1 and "备份不可用" in text
    rotten = home.published / "p2021" / "2021Q2" / "editions" / "r0" / "site" / "index.html"
    rotten.chmod(0o600)
    rotten.write_text("rot")
    code, text = call(home, "backup", "--to", str(store / "c.tar.gz"))
    assert code == 1 and "r0/site/index.html" in text and (store / "c.tar.gz").is_file()


def test_wrong_use_is_exit_2_and_changes_nothing(home: Settings, tmp_path: Path):
    made = backed_up(home, tmp_path / "b.tar.gz").path
    before = files(tmp_path)
    gone = Settings(home.raw_root, tmp_path / "gone")
    for where, arguments, said in (
        (home, ["backup"], "--to"),
        (home, ["backup", "--to", "x", "--check", "y"], "只写一个"),
        (home, ["backup", "--to", str(made)], "已经存在"),
        (home, ["backup", "--to", str(home.home / "published")], "数据目录里"),
        (home, ["backup", "--to", str(home.raw_root / "b.tar.gz")], "数据目录里"),
        (home, ["backup", "--to", str(tmp_path / "none" / "b.tar.gz")], "不存在"),
        (gone, ["backup", "--to", str(tmp_path / "c.tar.gz")], "TAIZHANG_HOME"),
        (home, ["backup", "--check", str(tmp_path / "none")], "没有文件"),
        (home, ["restore", "--from", str(tmp_path / "none")], "没有文件"),
        (home, ["restore", "--from", str(made)], "不是空目录"),
        (home, ["restore", "--from", str(made), "--home", str(tmp_path / "new")], "不是空目录"),
        (home, ["restore", "--from", str(made), "--home", str(made), "--raw", str(tmp_path / "r")], "不是目录"),
        (home, ["restore", "--from", str(made), "--home", str(tmp_path / "n"), "--raw", str(tmp_path / "n")], "同一个"),
        (home, ["restore", "--from", str(made), "--home", str(tmp_path / "n"), "--raw", str(tmp_path / "n/r")], "之内"),
    ):  # fmt: skip
        code, text = call(where, *arguments)
        assert code == 2 and said in text, (arguments, text)
    assert files(tmp_path) == before and {p.name for p in tmp_path.iterdir()} == {"b.tar.gz", "live"}


def test_restore_over_what_is_there_is_refused_but_not_on_a_fresh_disk(home: Settings, tmp_path: Path):
    made = backed_up(home, tmp_path / "b.tar.gz").path
    for part in ("raw", "home"):
        (tmp_path / part / "there" / part).mkdir(parents=True)
        (tmp_path / part / "there" / part / "mine.txt").write_text("mine")
        with pytest.raises(WrongPlace, match=r"mine\.txt"):
            restored(made, tmp_path / part / "there")
        assert [p.name for p in (tmp_path / part).rglob("*") if p.is_file()] == ["mine.txt"]
    (tmp_path / "fresh" / "raw" / "lost+found").mkdir(parents=True)
    assert (restored(made, tmp_path / "fresh").raw_root / "receipts.csv").is_file()


def test_no_room_is_said_before_a_file_is_written(home: Settings, tmp_path: Path, monkeypatch):
    made = backed_up(home, tmp_path / "b.tar.gz").path
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 8, 1000))
    code, text = call(
        home, "restore", "--from", str(made), "--home", str(tmp_path / "h"), "--raw", str(tmp_path / "r")
    )
    assert code == 1 and "只剩" in text and not (tmp_path / "h").exists() and not (tmp_path / "r").exists()


def test_restore_verifies_every_edition_and_says_which_fail(home: Settings, tmp_path: Path, monkeypatch):
    """What verification finds is tested where editions are (pipeline); here that every edition is asked and reported."""
    from orchestration.editions import verify as module

    asked = []

    def verify(settings: Settings, found) -> module.Verdict:
        asked.append((settings.home, found.edition_id))
        if found.revision == 2:
            raise OSError("disk")
        problems = ["存档缺失：x"] if found.revision else []
        return module.Verdict(found.edition_id, problems, tables=12)

    monkeypatch.setattr(module, "verify", verify)
    edition(home, 2)
    made = backed_up(home, tmp_path / "b.tar.gz").path
    there = ["--home", str(tmp_path / "h"), "--raw", str(tmp_path / "r")]
    code, text = call(home, "restore", "--from", str(made), *there)
    assert asked == [(tmp_path / "h", f"p2021/2021Q2/r{n}") for n in (0, 1, 2)]
    assert code == 1 and "核验通过 p2021/2021Q2/r0" in text and "核验不通过 p2021/2021Q2/r1" in text
    assert "核验不通过 p2021/2021Q2/r2" in text and "OSError" in text
    assert "存档缺失：x" in text and "taizhang run --period 2021Q2" in text
    log = audit.read(Settings(tmp_path / "r", tmp_path / "h"))
    assert (log.problems, log.entries[-1].what) == ([], "restore")
    assert log.entries[-1].details["sha256"] == file_sha256(made)
