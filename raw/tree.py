"""The raw tree on disk: which files were submitted, what ``receipts.csv`` says of them, where a file stands wrongly.

Belongs here: paths, hashes, times of receipt. Does not belong here: the content of a submission (``submissions``).
"""

from __future__ import annotations

import csv
import hashlib
import logging
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from raw.contracts import kind_of
from raw.errors import Rejected
from raw.periods import SHANGHAI, shanghai
from raw.readers.text_files import csv_records, decode
from raw.submissions import SubmissionFile
from raw.text import storable, tidy

_log = logging.getLogger("taizhang.tree")
_NOT_SUBMISSIONS = frozenset({"thumbs.db", "desktop.ini"})
_NEVER = datetime(1970, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Receipt:
    """One submission as received; ``problem`` is set where the file cannot even be handed to a reader."""

    file: SubmissionFile
    sha256: str | None
    size: int
    received_at: datetime
    sender: str | None
    registered: bool
    receipt_time_unreadable: bool = False
    problem: Rejected | None = None


@dataclass(frozen=True)
class _Line:
    received_at: datetime | None
    sender: str | None


def _parse_moment(text: str) -> datetime | None:
    try:
        moment = shanghai(datetime.fromisoformat(tidy(text)))
    except (ValueError, OverflowError):
        return None
    return moment if 2000 <= moment.year <= 2100 else None


def read_receipts(raw_root: Path) -> dict[str, _Line]:
    """path → line of receipts.csv; of several lines for one path the earliest counts. Empty without the file.

    What cannot be read of it costs the lines concerned only: their files are then unregistered (F11).
    """
    path = raw_root / "receipts.csv"
    if not path.is_file():
        return {}
    body = path.read_bytes()
    try:
        text, _ = decode(body)
    except Rejected:
        text = body.decode("utf-8", "replace")
    lines: dict[str, _Line] = {}
    for entry in _entries(text):
        relative = storable(entry.get("path", "")).replace("\\", "/").removeprefix("./")
        if not relative:
            continue
        line = _Line(_parse_moment(entry.get("received_at", "")), storable(entry.get("sender", "")) or None)
        known = lines.get(relative)
        if known is None or (
            line.received_at and (known.received_at is None or line.received_at < known.received_at)
        ):
            lines[relative] = line
    return lines


def _entries(text: str) -> Iterator[dict[str, str]]:
    header: list[str] | None = None
    try:
        for _, cells in csv_records(text):
            cells = [cell.strip() for cell in cells]
            if header is None:
                header = cells
            else:
                yield dict(zip(header, cells, strict=False))
    except csv.Error as error:
        _log.error("receipts.csv: %s; the lines from there on are not read", error)


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def receipt_id(path: str, sha256: str | None) -> str:
    """Same file at the same place → same id on every machine: 16 hex digits of sha256(path NUL content hash)."""
    return hashlib.sha256(f"{path}\0{sha256 or ''}".encode()).hexdigest()[:16]


def _identity(relative: PurePosixPath) -> tuple[str, str, str, str, Rejected | None]:
    """(programme, period, reporter, kind, problem) from a path below submissions/."""
    parts = relative.parts[1:]
    programme, period, reporter = (*parts[:-1], "", "", "")[:3]
    kind = kind_of(relative.name)
    problem = None
    if len(parts) != 4:
        problem = Rejected("F01", "文件位置不对；应放在 submissions/方案/期次/填报主体/ 之下")
    elif kind is None:
        problem = Rejected(
            "F01",
            "从文件名看不出报送种类；文件名应以 progress、indicators、rectification 或 satisfaction 开头",
        )
    return programme, period, reporter, kind or "", problem


def _is_submission(name: str) -> bool:
    return not (name.startswith((".", "~$")) or name.lower() in _NOT_SUBMISSIONS)


def scan(raw_root: Path, programme_id: str | None = None) -> list[Receipt]:
    """Every submission of the tree (of one programme), sorted by path, with its receipt.

    A line of receipts.csv whose file is missing is a receipt too, with a problem: nothing vanishes.
    """
    lines = read_receipts(raw_root)
    base = raw_root / "submissions"
    start = base / programme_id if programme_id else base
    receipts: list[Receipt] = []
    for folder, folders, names in os.walk(start):
        # a link to a folder is not walked into: it has a receipt of its own, as a link to a file has
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        receipts += [
            _receipt(raw_root, Path(folder) / name, lines)
            for name in [*names, *links]
            if _is_submission(name)
        ]
    found = {receipt.file.path for receipt in receipts}
    for path, line in lines.items():
        relative = PurePosixPath(path)
        if path in found or (programme_id and relative.parts[:2] != ("submissions", programme_id)):
            continue
        problem = Rejected("F01", "收文登记里有此文件，但文件不在；请补放文件或更正 receipts.csv")
        file = _identify(path, raw_root / path, None)
        unreadable = line.received_at is None
        receipts.append(
            Receipt(file, None, 0, line.received_at or _NEVER, line.sender, True, unreadable, problem)
        )
    return sorted(receipts, key=lambda receipt: receipt.file.path)


def _identify(path: str, absolute: Path, sha256: str | None) -> SubmissionFile:
    programme, period, reporter, kind, _ = _identity(PurePosixPath(path))
    return SubmissionFile(receipt_id(path, sha256), path, absolute, programme, period, reporter, kind)


def _shown(relative: str) -> str:
    """The path as text a database holds; bytes that are no UTF-8 stay apart as \\xba, so no two files share a path."""
    return os.fsencode(relative).decode("utf-8", "backslashreplace").replace("\0", "")


def _receipt(raw_root: Path, absolute: Path, lines: dict[str, _Line]) -> Receipt:
    relative = absolute.relative_to(raw_root).as_posix()
    path = _shown(relative)
    line = lines.get(path)
    problem = _identity(PurePosixPath(path))[-1]
    if path != relative or any(unicodedata.category(c) == "Cc" for c in path):
        problem = Rejected("F01", "文件名含控制字符或无法识别的字符；请改名后重新报送")
    sha256, size = None, 0
    if not absolute.resolve().is_relative_to(raw_root.resolve()):
        # never follow a link out of the tree: it is somebody else's file
        problem = Rejected("F01", "文件是指向目录树之外的链接；请放入真实文件")
    elif absolute.exists() and not absolute.is_file():
        # a pipe would block whoever opens it
        problem = Rejected("F01", "不是普通文件（链接到文件夹、管道等）；请放入真实文件")
    else:
        try:
            sha256, size = file_sha256(absolute), absolute.stat().st_size
        except OSError as error:
            problem = Rejected("F01", f"文件无法打开（{error.strerror}）；请检查文件权限后重新运行")
    return Receipt(
        _identify(path, absolute, sha256),
        sha256,
        size,
        line.received_at if line and line.received_at else _modified(absolute),
        line.sender if line else None,
        line is not None,
        line is not None and line.received_at is None,
        problem,
    )


def _modified(absolute: Path) -> datetime:
    return datetime.fromtimestamp(absolute.lstat().st_mtime, SHANGHAI)


def with_problem(receipt: Receipt, problem: Rejected) -> Receipt:
    """The receipt with a problem found later (unknown reporter, period outside the programme)."""
    return replace(receipt, problem=receipt.problem or problem)
