"""Receiving: copy a file into the raw tree and write its line in ``receipts.csv``; both or neither.

Belongs here: archive names, the receipt line, refusing what would overwrite, what a killed receive leaves (decisions/0014).
Does not belong here: reading the file.
"""

from __future__ import annotations

import csv
import errno
import fcntl
import io
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestration.audit import act
from orchestration.settings import Settings
from raw.contracts import kind_of
from raw.durable import being_made, clear_rests, copy_hashed, sync_folder, write_synced, write_whole
from raw.errors import Rejected
from raw.periods import Period, shanghai
from raw.readers.text_files import csv_records, decode
from raw.registry import Programme
from raw.sheets import READABLE
from raw.tree import PENDING, file_sha256, pending_receipt, read_receipts

_COLUMNS = ("path", "received_at", "sender")
_WHY = {
    errno.ENOSPC: "磁盘空间不足；请腾出空间后再收文",
    errno.EDQUOT: "超出磁盘配额；请腾出空间后再收文",
    errno.EACCES: "没有权限；请检查文件和文件夹的权限",
    errno.EPERM: "没有权限；请检查文件和文件夹的权限",
    errno.EROFS: "磁盘只读；请检查挂载方式",
}


class Refused(ValueError):
    """The file cannot be received; the message says why and what to do."""


class NotNow(Refused):
    """The file cannot be received at present (it is still being written, the disk is full); nothing was changed."""


@dataclass(frozen=True)
class Received:
    """One received file; ``already`` when the same bytes stood there before."""

    source: Path
    path: str
    received_at: datetime
    already: bool


def _archive_name(source: Path, kind: str) -> str:
    """The clerk's own name where it begins with the kind, else kind_<name>; nothing that could leave the folder."""
    visible = "".join(c if c.isprintable() else "_" for c in source.stem)
    stem = re.sub(r"[/\\:*?\"<>|]+", "_", visible).strip(" .") or "文件"
    if kind_of(stem) != kind:
        stem = f"{kind}_{stem}"
    # 255 bytes are a name, and _2 may follow; a Chinese character is three
    return f"{stem.encode()[:200].decode(errors='ignore')}{source.suffix.lower()}"


def receive(
    raw_root: Path,
    source: Path,
    programme: Programme,
    reporter_id: str,
    kind: str,
    period: Period,
    received_at: datetime,
    sender: str | None = None,
) -> Received:
    """Archive ``source`` under submissions/ and register it. What is archived is what was hashed.

    Where the same bytes stand there already nothing is written; ``received_at`` of the answer is then that of their line.

    Raises:
        Refused: no such file, unknown reporter, period outside the programme, a kind of file nobody can read.
        NotNow: it changes while it is copied, or cannot be copied; the raw tree is as before.
    """
    if not source.is_file():
        raise Refused(f"找不到文件 {source}；请核对路径")
    if source.suffix.lower().lstrip(".") not in READABLE:
        raise Refused(
            f"{source.name}：不支持 {source.suffix or '无扩展名的'} 文件；请另存为 .xlsx 或 .csv 后再收文"
        )
    reporters = {row["reporter_id"]: row["name"] for row in programme.tables["reporters"]}
    if reporter_id not in reporters:
        raise Refused(
            f"填报主体 {reporter_id} 不在 {programme.programme_id} 的 reporters.csv 中；可用：{'、'.join(reporters)}"
        )
    if period not in programme.periods:
        raise Refused(f"期次 {period} 不在方案 {programme.programme_id} 的周期内")
    base = raw_root / "submissions"
    folder = base / programme.programme_id / str(period) / reporter_id
    incoming = being_made(base / "incoming")
    try:
        _make_folder(folder, raw_root)
        digest = _copy(source, incoming)
        with receipts_lock(raw_root):
            target, already = _place(folder, _archive_name(source, kind), digest)
            path = target.relative_to(raw_root).as_posix()
            line = read_receipts(raw_root).lines.get(path) if already else None
            if line is None:
                moment = shanghai(received_at)
                cells = (path, moment.isoformat(timespec="seconds"), sender or reporters[reporter_id])
                _register(raw_root, None if already else incoming, target, digest, cells)
            else:
                moment = line.received_at or shanghai(received_at)
    except OSError as error:
        raise NotNow(f"{source.name} 未收：{_why(error)}") from error
    finally:
        with suppress(OSError):  # the next one takes it away
            incoming.unlink(missing_ok=True)
    return Received(source, path, moment, already)


def _why(error: OSError) -> str:
    where = f"{error.filename}：" if error.filename else ""
    return where + _WHY.get(error.errno, f"{error.strerror or error}；请检查磁盘后再收文")


def _make_folder(folder: Path, root: Path) -> None:
    """Make a folder below ``root``, its name on disk too."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    while folder != root:
        folder = folder.parent
        sync_folder(folder)


def _copy(source: Path, incoming: Path) -> str:
    """Copy to disk; returns the hash of the copy. Raises NotNow when the source changed meanwhile."""

    def looked_at() -> tuple:
        stat = source.stat()
        return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino

    before = looked_at()
    digest, _ = copy_hashed(source, incoming)
    # read once more: a program that writes through a memory map changes the time of the file late
    if looked_at() != before or file_sha256(source) != digest:
        raise NotNow(f"{source.name} 正在被写入或改动；请等它保存、复制完后再收文")
    return digest


def receive_logged(
    settings: Settings,
    source: Path,
    programme: Programme,
    reporter_id: str,
    kind: str,
    period: Period,
    received_at: datetime,
    sender: str | None = None,
    *,
    way: str,
) -> Received:
    """``receive``, in the audit log before it begins and when it ended; ``way``: how the file came (command, inbox).

    Raises Refused, AuditUnavailable (nothing was received).
    """
    with act(
        settings, "receive", {"sender": sender}, way=way, file=source.name, sha256=_sha256(source),
        programme=programme.programme_id, period=str(period), reporter=reporter_id, kind=kind,
        received_at=shanghai(received_at).isoformat(timespec="seconds"),
    ) as record:  # fmt: skip
        entry = receive(settings.raw_root, source, programme, reporter_id, kind, period, received_at, sender)
        record.outcome |= {
            "path": entry.path,
            "sha256": file_sha256(settings.raw_root / entry.path),
            "already": entry.already,
        }
    return entry


def _sha256(source: Path) -> str | None:
    """Its hash as it is now, for the log; None where it cannot be read: receiving will say why."""
    try:
        return file_sha256(source)
    except OSError:
        return None


def _place(folder: Path, name: str, digest: str) -> tuple[Path, bool]:
    """(where to put it, whether the same bytes are there already); never over another file."""
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, 10_000):
        target = folder / (name if number == 1 else f"{stem}_{number}{suffix}")
        if not os.path.lexists(target):
            return target, False
        if target.is_file() and file_sha256(target) == digest:
            return target, True
    raise Refused(f"{folder} 中同名文件过多；请换一个文件名")


class receipts_lock:
    """Exclusive lock beside receipts.csv: two clerks may receive at once. Who holds it finds no receive half done."""

    def __init__(self, raw_root: Path):
        self._root = raw_root
        self._path = raw_root / ".receipts.lock"

    def __enter__(self):
        self._stream = self._path.open("w")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX)
            _settle(self._root)
            # not before: what is pending needs its copy
            clear_rests([self._root, self._root / "submissions"])
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(self, *_):
        self._stream.close()


def settle(raw_root: Path) -> None:
    """Complete what a killed receive left, where the tree can be written; a run begins with it."""
    if (raw_root / PENDING).exists() and os.access(raw_root, os.W_OK):
        with receipts_lock(raw_root):
            pass


def _settle(raw_root: Path) -> None:
    """Bring a receive that was killed after it stood on disk to its end, with its own time of receipt.

    Its copy and the new line were on disk before it was noted as pending, so nothing but names is missing.
    """
    pending = pending_receipt(raw_root)
    if pending is None:
        return
    target = raw_root / pending["path"]
    incoming = raw_root / pending["incoming"] if pending["incoming"] else None
    if incoming and not os.path.lexists(target) and _holds(incoming, pending["sha256"]):
        os.rename(incoming, target)
        sync_folder(target.parent)
    if _holds(target, pending["sha256"]) and pending["path"] not in read_receipts(raw_root).lines:
        write_whole(raw_root / "receipts.csv", _with_line(raw_root, [pending[name] for name in _COLUMNS]))
    (raw_root / PENDING).unlink()


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256


def _register(
    raw_root: Path, incoming: Path | None, target: Path, sha256: str, cells: tuple[str, str, str]
) -> None:
    """Give the copy its name and receipts.csv its line; ``incoming`` is None where the file stands there already.

    First everything that needs room, then two renames. An error takes back what was done; after a kill the note of what is
    pending lets the next one finish.
    """
    register = raw_root / "receipts.csv"
    renewed = being_made(register)
    pending = raw_root / PENDING
    try:
        write_synced(renewed, _with_line(raw_root, cells))
        came = "" if incoming is None else incoming.relative_to(raw_root).as_posix()
        write_whole(pending, _csv([(*_COLUMNS, "incoming", "sha256"), (*cells, came, sha256)]).encode())
        if incoming is not None:
            os.rename(incoming, target)
            sync_folder(target.parent)
        os.replace(renewed, register)
    except OSError:
        if incoming is not None and not incoming.exists():
            target.unlink(missing_ok=True)
        pending.unlink(missing_ok=True)
        renewed.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # received; whoever comes next finds nothing missing and takes the note away
        sync_folder(raw_root)
        pending.unlink()


def _csv(lines: list) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()


def _with_line(raw_root: Path, cells: list[str] | tuple[str, ...]) -> bytes:
    """receipts.csv with one more line, its columns in the order of the file. Raises Refused where it cannot be read whole."""
    file = raw_root / "receipts.csv"
    body = file.read_bytes() if file.is_file() else b""
    try:
        if problem := read_receipts(raw_root).problem:
            raise problem
        text = decode(body)[0].lstrip("\ufeff") or _csv([_COLUMNS])
        header = [cell.strip() for cell in next(iter(csv_records(text)))[1]]
    except (Rejected, StopIteration) as problem:
        raise Refused(f"receipts.csv 无法续写（{problem}）；请先更正，再收文") from problem
    if not {"path", "received_at"} <= set(header):
        raise Refused(
            f"receipts.csv 的表头应为 {','.join(_COLUMNS)}，现为 {','.join(header)}；请先更正，再收文"
        )
    if not text.endswith("\n"):
        text += "\n"
    values = dict(zip(_COLUMNS, cells, strict=True))
    text += _csv([[values.get(name, "") for name in header]])
    return text.encode("utf-8-sig" if body.startswith(b"\xef\xbb\xbf") else "utf-8")
