"""Receiving: copy a file into the raw tree and write its line in ``receipts.csv``; both or neither.

Belongs here: archive names, the receipt line, refusing what would overwrite. Does not belong here: reading the file.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from raw.contracts import kind_of
from raw.periods import Period, shanghai
from raw.registry import Programme
from raw.sheets import READABLE
from raw.tree import file_sha256


class Refused(ValueError):
    """The file cannot be received; the message says why and what to do."""


@dataclass(frozen=True)
class Received:
    """One received file; ``already`` when the same bytes stood there before."""

    source: Path
    path: str
    received_at: datetime
    already: bool


def _archive_name(source: Path, kind: str) -> str:
    """The clerk's own name where it begins with the kind, else kind_<name>; nothing that could leave the folder."""
    stem = re.sub(r"[\x00-\x1f/\\:*?\"<>|]+", "_", source.stem).strip(" .") or "文件"
    if kind_of(stem) != kind:
        stem = f"{kind}_{stem}"
    return f"{stem[:120]}{source.suffix.lower()}"


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
    """Archive ``source`` under submissions/ and register it.

    Raises:
        Refused: no such file, unknown reporter, period outside the programme, a kind of file nobody can read.
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
    folder = raw_root / "submissions" / programme.programme_id / str(period) / reporter_id
    folder.mkdir(parents=True, exist_ok=True)
    digest = file_sha256(source)
    with _receipts_lock(raw_root):
        target, already = _place(folder, _archive_name(source, kind), digest)
        path = target.relative_to(raw_root).as_posix()
        moment = shanghai(received_at)
        if not already:
            partial = target.with_name(f".{target.name}.part")
            shutil.copyfile(source, partial)
            os.replace(partial, target)
        if not (already and _is_registered(raw_root, path)):
            _append_line(
                raw_root, [path, moment.isoformat(timespec="seconds"), sender or reporters[reporter_id]]
            )
    return Received(source, path, moment, already)


def _place(folder: Path, name: str, digest: str) -> tuple[Path, bool]:
    """(where to put it, whether the same bytes are there already); never over another file."""
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, 10_000):
        target = folder / (name if number == 1 else f"{stem}_{number}{suffix}")
        if not target.exists():
            return target, False
        if file_sha256(target) == digest:
            return target, True
    raise Refused(f"{folder} 中同名文件过多；请换一个文件名")


class _receipts_lock:
    """Exclusive lock beside receipts.csv: two clerks may receive at once."""

    def __init__(self, raw_root: Path):
        self._path = raw_root / ".receipts.lock"

    def __enter__(self):
        self._stream = self._path.open("w")
        fcntl.flock(self._stream, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        self._stream.close()


def _is_registered(raw_root: Path, path: str) -> bool:
    file = raw_root / "receipts.csv"
    if not file.is_file():
        return False
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return any(row.get("path") == path for row in csv.DictReader(stream))


def _append_line(raw_root: Path, line: list[str]) -> None:
    file = raw_root / "receipts.csv"
    old = file.read_text(encoding="utf-8-sig") if file.is_file() else "path,received_at,sender\n"
    if old and not old.endswith("\n"):
        old += "\n"
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(line)
    partial = file.with_name(".receipts.csv.part")
    partial.write_text(old + buffer.getvalue(), encoding="utf-8")
    os.replace(partial, file)
