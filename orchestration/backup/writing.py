"""Writing a backup: one gzip-compressed tar that any tar can unpack, with a manifest as its last member.

Order: ``taizhang-backup.json`` (what it is), the files, ``taizhang-manifest.json`` (hash, size, time and mode of each). A
content that was written already is a hard link to its first place. A killed backup never has the name people look for, and
without its manifest it is no backup. Does not belong here: what is backed up (``contents``), reading it (``reading``).
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from orchestration.backup import contents
from orchestration.backup.contents import BackupFailed, Contents, Source
from orchestration.backup.reading import (
    CHUNK,
    FORMAT,
    HEADER,
    MANIFEST,
    Entry,
    editions_among,
    is_edition_manifest,
    megabytes,
    what_disagrees,
)
from orchestration.progress import Step
from orchestration.settings import Settings
from raw.durable import sync_folder
from raw.files import shown_name

_IN_MEMORY = 32 << 20  # a larger file waits on disk between its hash and its place in the tar
_TRIES = 5  # readings of a file that changes meanwhile
_LEVEL = 1  # of gzip: twice as fast as 6, and a tenth larger; workbooks and parquet are compressed already


@dataclass
class Backup:
    """What was written. ``problems``: damage that was there before, now in the backup too; ``notes``: what to know."""

    path: Path
    size: int
    sha256: str
    files: int
    content_bytes: int
    editions: list[str]
    left_out: list[str]
    problems: list[str]
    notes: list[str]


def write_backup(
    settings: Settings, target: Path, standstill: AbstractContextManager, now: datetime, progress: Step
) -> Backup:
    """Back up home and raw tree as the new file ``target``, mode 0600.

    ``standstill``: entered while that is copied which a run or a receipt would change (a list of the received files is
    among it); the rest, which never changes, is copied after it is left.

    Raises:
        BackupFailed: no room, a file that does not come to rest or vanishes, another backup to the same file.
        OSError: something cannot be read or written.
    """
    with _new_file(target) as stream:
        written = _Writer(stream, target.parent, progress)
        with written, standstill:
            todo = contents.collect(settings)
            sizes = _sizes([*contents.inbox(settings, []), *todo.changing, *todo.standing])
            _enough_room(target, sizes)
            history = contents.registry_history(settings)
            written.start(_header(now, sizes))
            _copy_inbox(written, settings, todo)
            for source in todo.changing:
                written.add(source)
            if any(history.values()):
                written.add_text(contents.HISTORY, contents.history_text(history), now)
            changed = contents.changed_registries(settings, history)
        with written:
            for source in todo.standing:
                written.add(source)
            written.finish(todo.left_out, now)
    notes = [
        f"{programme} 的登记目录在上次运行之后有改动；若其中删去了任务，请先运行 taizhang run 再备份，否则恢复后无法判断（H09）"
        for programme in changed
    ]
    entries = written.entries
    return Backup(
        target,
        target.stat().st_size,
        written.sha256,
        len(entries),
        sum(entry.size for entry in entries.values()),
        editions_among(entries),
        todo.left_out,
        what_disagrees(entries, written.manifests),
        notes,
    )


def _sizes(sources: list[Source]) -> dict[str, int]:
    """Bytes by name; a file of the inbox may have gone meanwhile."""
    return {source.name: source.path.stat().st_size for source in sources if source.path.exists()}


def _header(now: datetime, sizes: dict[str, int]) -> dict[str, Any]:
    return {
        "taizhang_backup": FORMAT,
        "created_at": now.isoformat(timespec="seconds"),
        "version": version("taizhang"),
        "files": len(sizes),
        "bytes": {
            part: sum(size for name, size in sizes.items() if name.startswith(f"{part}/"))
            for part in (contents.HOME, contents.RAW)
        },
    }


def _enough_room(target: Path, sizes: dict[str, int]) -> None:
    """Raises BackupFailed when the files would not fit, uncompressed.

    The archive is not asked room for: what it holds is held by the raw tree, too, and stands in the backup once.
    """
    wanted = sum(size for name, size in sizes.items() if not name.startswith(f"{contents.HOME}/archive/"))
    free = shutil.disk_usage(target.parent).free
    if free < wanted:
        raise BackupFailed(
            f"{target.parent} 只剩 {megabytes(free)}，备份约需 {megabytes(wanted)}；请清理或换一个位置"
        )


def _copy_inbox(written: _Writer, settings: Settings, todo: Contents) -> None:
    """The sensor may refuse a file, which moves it, or have just received it: look again until nothing moved.

    A file that is being copied into the inbox is left out: whoever copies it still has it.
    """
    growing: set[str] = set()
    moved = True
    while moved:
        moved = False
        for source in contents.inbox(settings, todo.left_out):
            if source.name in written.entries or source.name in growing:
                continue
            try:
                written.add(source)
            except FileNotFoundError:
                moved = True
            except Unsettled:
                growing.add(source.name)
                todo.left_out.append(str(source.path))


@contextmanager
def _new_file(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when all of it is on the disk; gone when anything fails."""
    partial = target.with_name(f".{target.name}.part")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed(f"另一个备份正在写 {target}；请等它结束") from error
        try:
            stream.truncate(0)
            os.fchmod(stream.fileno(), 0o600)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if target.exists():
                raise BackupFailed(f"{target} 已经存在，不覆盖；请换一个文件名")
            os.rename(partial, target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync_folder(target.parent)


class Unsettled(BackupFailed):
    """A file changed every time it was read."""


class _Hashed:
    """A stream that hashes what passes through it."""

    def __init__(self, stream: IO[bytes]):
        self._stream: IO[bytes] | None = stream
        self.digest = hashlib.sha256()

    def write(self, body: bytes) -> int:
        if self._stream is None:
            return len(body)
        self.digest.update(body)
        return self._stream.write(body)

    def abandon(self) -> None:
        """Whatever gzip still wants to write is of no use to anybody."""
        self._stream = None

    def flush(self) -> None:
        """Nothing waits here."""


@dataclass
class _Writer:
    """Members one after another; a file is read once, what is written is what was hashed."""

    stream: IO[bytes]
    folder: Path
    progress: Step
    entries: dict[str, Entry] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    sha256: str = ""
    _first: dict[str, str] = field(default_factory=dict)  # content → where it stands

    def __post_init__(self) -> None:
        self._hashed = _Hashed(self.stream)
        self._gzip = gzip.GzipFile("", "wb", _LEVEL, self._hashed, mtime=0)
        self._tar = tarfile.TarFile.open(
            fileobj=self._gzip, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8"
        )

    def __enter__(self) -> None:
        """Left by an error, it writes no more."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._hashed.abandon()

    def start(self, header: dict[str, Any]) -> None:
        """The member that says what this file is."""
        self._total = header["files"]
        self._member(HEADER, _text(header), datetime.fromisoformat(header["created_at"]))

    def add(self, source: Source) -> None:
        """One file as it is now.

        Raises Unsettled; BackupFailed: it is gone; FileNotFoundError: it is gone and may go (inbox).
        """
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=self.folder) as copy:
            try:
                sha256, state = _copy_at_rest(source, copy)
                # a link is received when the link was made
                mtime_ns = source.path.lstat().st_mtime_ns if source.path.is_symlink() else state.st_mtime_ns
            except FileNotFoundError as error:
                if not source.settled:
                    raise
                raise BackupFailed(f"{shown_name(source.name)} 在备份过程中被移走；请重新备份") from error
            entry = Entry(sha256, state.st_size, mtime_ns, stat.S_IMODE(state.st_mode))
            copy.seek(0)
            self._write(source.name, entry, copy)
            if is_edition_manifest(source.name):
                copy.seek(0)
                self.manifests[source.name] = copy.read()

    def add_text(self, name: str, body: bytes, now: datetime) -> None:
        """A file that stands nowhere on the disk."""
        entry = Entry(hashlib.sha256(body).hexdigest(), len(body), int(now.timestamp()) * 10**9, 0o640)
        self._write(name, entry, BytesIO(body))

    def _write(self, name: str, entry: Entry, body: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.mtime, member.mode = entry.mtime_ns // 10**9, entry.mode & 0o660
        first = self._first.setdefault(entry.sha256, name) if entry.size else name
        if first == name:
            member.size = entry.size
            self._tar.addfile(member, body)
        else:
            member.type, member.linkname = tarfile.LNKTYPE, first
            self._tar.addfile(member)
        self._tar.members.clear()  # they are of no use here, and there may be very many
        self.entries[name] = entry
        self.progress.tick(f"{len(self.entries)}/{self._total} 个文件")

    def _member(self, name: str, body: bytes, now: datetime) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = len(body), int(now.timestamp()), 0o640
        self._tar.addfile(member, BytesIO(body))

    def finish(self, left_out: list[str], now: datetime) -> None:
        """The manifest, and the end of the file."""
        lines = [[name, *entry] for name, entry in self.entries.items()]
        body = {
            "columns": ["name", *Entry._fields],
            "files": lines,
            "left_out": [shown_name(path) for path in left_out],
        }
        self._member(MANIFEST, _text(body), now)
        self._tar.close()
        self._gzip.close()
        self.sha256 = self._hashed.digest.hexdigest()


def _text(body: dict[str, Any]) -> bytes:
    # names may hold bytes that are no UTF-8; escaped they survive
    return (json.dumps(body, ensure_ascii=True) + "\n").encode("ascii")


def _copy_at_rest(source: Source, copy: IO[bytes]) -> tuple[str, os.stat_result]:
    """(hash, state) of a file that was the same before and after it was read."""
    for _ in range(_TRIES):
        copy.seek(0)
        copy.truncate()
        body = hashlib.sha256()
        # a pipe put in its place would block whoever opens it
        with open(os.open(source.path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            before = os.fstat(stream.fileno())
            if not stat.S_ISREG(before.st_mode):
                break
            while chunk := stream.read(CHUNK):
                body.update(chunk)
                copy.write(chunk)
            after = os.fstat(stream.fileno())
        unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if unchanged and copy.tell() == after.st_size:
            return body.hexdigest(), after
    raise Unsettled(f"{shown_name(source.name)} 在备份过程中一直被改动；请等它写完后重新备份")
