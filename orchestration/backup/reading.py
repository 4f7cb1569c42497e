"""Reading a backup: every byte is looked at before anything is believed.

Belongs here: the form of the file as it is read, limits, hashes, whether its parts agree. Does not belong here: where files
are put (``restoring``). Nothing is unpacked by the tar library: it only says what stands where. Names come from a short list of
places, a member is a file or a link to an earlier one, and no member is larger than the file says it may be.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from orchestration.backup.contents import HOME, RAW, BackupDamaged, place
from orchestration.progress import Step
from raw.files import shown_name

FORMAT = 1
HEADER, MANIFEST = "taizhang-backup.json", "taizhang-manifest.json"
CHUNK = 1 << 20
_SMALL = 1 << 20  # bytes of headers between two members, and of the first member
_MOST_MANIFEST = 512 << 20
_MOST_FILES = 2_000_000
_SHOWN = 20
_EDITION_MANIFEST = re.compile(r"home/published/([^/]+)/([^/]+)/editions/(r\d+)/MANIFEST\.json")
_ARCHIVED = re.compile(r"home/archive/[0-9a-f]{2}/([0-9a-f]{64})")
# whatever a garbled tar, gzip stream or JSON text raises
_GARBLED = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    RecursionError,
)


class Entry(NamedTuple):
    """What the manifest says of a file; size in bytes, mtime in nanoseconds, mode as permission bits."""

    sha256: str
    size: int
    mtime_ns: int
    mode: int


@dataclass
class Read:
    """A backup every byte of which is as its manifest says. ``problems``: damage from before it was made."""

    path: Path
    size: int
    header: dict[str, Any]
    sha256: str = ""
    entries: dict[str, Entry] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def content_bytes(self) -> int:
        """Bytes of all files, before compression, a content that stands twice counted twice."""
        return sum(entry.size for entry in self.entries.values())


class Store(Protocol):
    """Where the files of a backup go while it is read."""

    def begin(self, header: dict[str, Any]) -> None:
        """Told once, before the first file; may refuse."""

    def write(self, name: str, body: Iterator[bytes]) -> None:
        """Keep a file; takes all of its bytes."""

    def copy(self, name: str, first: str) -> None:
        """Keep a file with the content of an earlier one."""


class _Nowhere:
    def begin(self, header: dict[str, Any]) -> None:
        pass

    def write(self, name: str, body: Iterator[bytes]) -> None:
        for _ in body:
            pass

    def copy(self, name: str, first: str) -> None:
        pass


class _Hashed:
    def __init__(self, stream: IO[bytes]):
        self._stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        body = self._stream.read(size)
        self.digest.update(body)
        return body


class _Metered:
    """What the tar library reads, counted: the size in a header is anybody's word, and it reads headers whole."""

    def __init__(self, stream: IO[bytes]):
        self._stream, self._left = stream, 0

    def allow(self, size: int) -> None:
        self._left = size + _SMALL

    def read(self, size: int) -> bytes:
        body = self._stream.read(size)
        self._left -= len(body)
        if self._left < 0:
            raise BackupDamaged("备份的结构不对（表头过大）；请换用另一份备份")
        return body


def read_backup(path: Path, progress: Step, store: Store | None = None) -> Read:
    """Read a backup to its last byte and compare it with its manifest.

    Raises:
        BackupDamaged: the file is no backup, is cut off, or a file in it is not what the manifest says; names it.
        OSError: the disk does not give it, or the store cannot keep it.
    """
    with path.open("rb") as stream:
        return _Reader(path, stream, store or _Nowhere(), progress).read()


class _Reader:
    def __init__(self, path: Path, stream: IO[bytes], store: Store, progress: Step):
        self._path, self._store, self._progress = path, store, progress
        self._hashed = _Hashed(stream)
        self._metered = _Metered(gzip.GzipFile(fileobj=self._hashed, mode="rb"))
        self._last = ""  # the file that was read last
        self._seen: dict[str, tuple[str, int]] = {}
        self._manifests: dict[str, bytes] = {}

    def read(self) -> Read:
        self._metered.allow(0)
        with self._garbled():
            self._tar = tarfile.TarFile.open(fileobj=self._metered, mode="r|", encoding="utf-8")
        header = self._header(self._next())
        self._room = _at_most(header)
        self._store.begin(header)
        manifest = self._files()
        self._end()
        found = Read(self._path, self._path.stat().st_size, header, self._hashed.digest.hexdigest())
        with self._garbled():
            found.entries = _entries(manifest)
            found.left_out = [str(line) for line in manifest["left_out"]]
        if wrong := _differences(found.entries, self._seen):
            more = f"\n  ……共 {len(wrong)} 处" if len(wrong) > _SHOWN else ""
            raise BackupDamaged(
                f"{self._path} 已损坏或被改动，请换用另一份备份：\n  " + "\n  ".join(wrong[:_SHOWN]) + more
            )
        found.problems = what_disagrees(found.entries, self._manifests)
        return found

    @contextmanager
    def _garbled(self) -> Iterator[None]:
        try:
            yield
        except _GARBLED as error:
            where = f"在 {shown_name(self._last)} 处" if self._last else "从开头起"
            raise BackupDamaged(
                f"{self._path} 不是完整的台账备份：{where}损坏或中断（{error}）；请换用另一份备份"
            ) from error

    def _next(self) -> tarfile.TarInfo | None:
        self._metered.allow(0)
        with self._garbled():
            member = self._tar.next()
        self._tar.members.clear()  # they are of no use here, and there may be very many
        return member

    def _header(self, member: tarfile.TarInfo | None) -> dict[str, Any]:
        if member is None or member.name != HEADER or not member.isreg() or not 0 < member.size <= _SMALL:
            raise BackupDamaged(f"{self._path} 不是台账备份（taizhang backup 写出的文件）")
        header = self._json(member)
        with self._garbled():
            form, sizes = header["taizhang_backup"], [header["bytes"][part] for part in (HOME, RAW)]
            if form != FORMAT:
                raise BackupDamaged(f"{self._path} 是第 {form} 版格式的备份；请用更新的程序读取")
            if not all(isinstance(size, int) and size >= 0 for size in sizes):
                raise ValueError(sizes)
            return header | {"created_at": str(header["created_at"]), "version": str(header["version"])}

    def _files(self) -> dict[str, Any]:
        """Every file goes to the store; returns the manifest."""
        while (member := self._next()) is not None:
            if member.name == MANIFEST:
                if not member.isreg() or not 0 <= member.size <= _MOST_MANIFEST:
                    raise BackupDamaged(f"{self._path} 的清单不是普通文件或过大；请换用另一份备份")
                self._last = MANIFEST
                return self._json(member)
            self._file(member)
        after = f"（最后一个文件是 {shown_name(self._last)}）" if self._last else ""
        raise BackupDamaged(f"{self._path} 不完整：没有清单{after}；备份没有写完，请换用另一份")

    def _file(self, member: tarfile.TarInfo) -> None:
        name = member.name
        place(name)
        if name in self._seen or len(self._seen) >= _MOST_FILES:
            raise BackupDamaged(f"备份中 {shown_name(name)} 重复出现，或文件过多；不恢复，请换用另一份备份")
        self._last = name
        if member.type == tarfile.LNKTYPE and member.linkname in self._seen:
            self._seen[name] = self._seen[member.linkname]
            self._make_room(name, self._seen[name][1])
            self._store.copy(name, member.linkname)
        elif member.isreg() and not member.issparse() and member.size >= 0:
            self._make_room(name, member.size)
            digest = hashlib.sha256()
            kept = [] if is_edition_manifest(name) else None
            self._store.write(name, self._chunks(member, digest, kept))
            self._seen[name] = (digest.hexdigest(), member.size)
            if kept is not None:
                self._manifests[name] = b"".join(kept)
        else:
            raise BackupDamaged(
                f"备份中的 {shown_name(name)} 不是普通文件（链接、设备等）；不恢复，请换用另一份备份"
            )
        self._progress.tick(f"{len(self._seen)} 个文件")

    def _make_room(self, name: str, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise BackupDamaged(
                f"备份到 {shown_name(name)} 时已超出它自己写明的大小；不恢复，请换用另一份备份"
            )

    def _chunks(self, member: tarfile.TarInfo, digest, kept: list[bytes] | None = None) -> Iterator[bytes]:
        self._metered.allow(member.size)
        body = self._tar.extractfile(member)
        while chunk := self._part(body):
            digest.update(chunk)
            if kept is not None:
                kept.append(chunk)
            yield chunk

    def _part(self, body: IO[bytes]) -> bytes:
        with self._garbled():
            return body.read(CHUNK)

    def _json(self, member: tarfile.TarInfo) -> dict[str, Any]:
        body = b"".join(self._chunks(member, hashlib.sha256()))
        with self._garbled():
            found = json.loads(body)
            if not isinstance(found, dict):
                raise ValueError(member.name)
            return found

    def _end(self) -> None:
        """Nothing may follow the manifest; reading on to the end lets gzip compare its checksum."""
        if self._next() is not None:
            raise BackupDamaged(f"{self._path} 的清单之后还有文件；不恢复，请换用另一份备份")
        while rest := self._rest():
            if rest.strip(b"\0"):
                raise BackupDamaged(f"{self._path} 的末尾多出内容；不恢复，请换用另一份备份")

    def _rest(self) -> bytes:
        with self._garbled():
            return self._metered.read(CHUNK)


def _at_most(header: dict[str, Any]) -> int:
    """Bytes a backup may hold: what it says, and what may have come into the inbox while it was made."""
    said = header["bytes"][HOME] + header["bytes"][RAW]
    return said + said // 20 + (64 << 20)


def _entries(manifest: dict[str, Any]) -> dict[str, Entry]:
    entries = {}
    for name, sha256, size, mtime_ns, mode in manifest["files"]:
        numbers = size, mtime_ns, mode
        if not (
            isinstance(name, str) and isinstance(sha256, str) and all(isinstance(n, int) for n in numbers)
        ):
            raise BackupDamaged(f"清单中的一行不对：{name!r}；请换用另一份备份")
        os.fsencode(name)  # a name no file can have is a ValueError here
        if abs(mtime_ns) >= 1 << 62 or not 0 <= mode <= 0o7777:
            raise BackupDamaged(f"清单中 {shown_name(name)} 的时间或权限不对；请换用另一份备份")
        entries[name] = Entry(sha256, size, mtime_ns, mode)
    return entries


def _differences(entries: dict[str, Entry], seen: dict[str, tuple[str, int]]) -> list[str]:
    wrong = [f"缺少文件：{shown_name(name)}" for name in entries.keys() - seen.keys()]
    wrong += [f"清单之外的文件：{shown_name(name)}" for name in seen.keys() - entries.keys()]
    for name in entries.keys() & seen.keys():
        sha256, size = seen[name]
        if size != entries[name].size:
            wrong.append(f"大小不符：{shown_name(name)}（应为 {entries[name].size} 字节，现为 {size} 字节）")
        elif sha256 != entries[name].sha256:
            wrong.append(f"内容不符：{shown_name(name)}")
    return sorted(wrong)


# --- whether its parts agree ------------------------------------------------------------------------------------------


def is_edition_manifest(name: str) -> bool:
    """Whether a name in a backup is that of an edition's MANIFEST.json."""
    return _EDITION_MANIFEST.fullmatch(name) is not None


def editions_among(entries: dict[str, Entry]) -> list[str]:
    """Identifiers of the editions a backup holds."""
    return sorted(
        "/".join(found.groups()) for name in entries if (found := _EDITION_MANIFEST.fullmatch(name))
    )


def what_disagrees(entries: dict[str, Entry], manifests: dict[str, bytes]) -> list[str]:
    """Damage the backup was made with: archived inputs and files of editions that are not what their names or manifests say."""
    wrong = [
        f"存档被改动：{name}"
        for name, entry in entries.items()
        if (found := _ARCHIVED.fullmatch(name)) and found[1] != entry.sha256
    ]
    for name, body in manifests.items():
        try:
            manifest = json.loads(body)
            inputs = [line["sha256"] for part in ("submissions", "registry") for line in manifest[part]]
            outputs = dict(manifest["outputs"])
        except _GARBLED as error:
            wrong.append(f"版本清单无法读取：{shown_name(name)}（{error}）")
            continue
        folder = name.rpartition("/")[0]
        for path, sha256 in outputs.items():
            entry = entries.get(f"{folder}/{path}")
            if entry is None or entry.sha256 != sha256:
                wrong.append(
                    f"版本文件{'缺失' if entry is None else '被改动'}：{shown_name(f'{folder}/{path}')}"
                )
        inputs += [sha256] if (sha256 := manifest.get("confirmations")) else []
        for sha256 in dict.fromkeys(inputs):
            if f"home/archive/{sha256[:2]}/{sha256}" not in entries:
                wrong.append(f"存档缺失：{sha256}（{shown_name(folder)} 的输入）")
    return sorted(wrong)


def megabytes(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / 1048576:,.1f} MB"
