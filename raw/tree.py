"""The raw tree on disk: which files were submitted, what ``receipts.csv`` says of them, where a file stands wrongly.

Belongs here: paths, hashes, times of receipt. Does not belong here: the content of a submission (``submissions``).
"""

from __future__ import annotations

import csv
import hashlib
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from raw.contracts import kind_of
from raw.errors import Rejected
from raw.periods import SHANGHAI, shanghai
from raw.readers.text_files import decode
from raw.submissions import SubmissionFile
from raw.text import storable, tidy

_NOT_SUBMISSIONS = frozenset({"thumbs.db", "desktop.ini"})


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
    text = tidy(text)
    try:
        return shanghai(datetime.fromisoformat(text))
    except ValueError:
        return None


def read_receipts(raw_root: Path) -> dict[str, _Line]:
    """path → line of receipts.csv; of several lines for one path the earliest counts. Empty without the file."""
    path = raw_root / "receipts.csv"
    if not path.is_file():
        return {}
    text, _ = decode(path.read_bytes())
    lines: dict[str, _Line] = {}
    for entry in csv.DictReader(text.splitlines()):
        relative = (entry.get("path") or "").strip().replace("\\", "/").removeprefix("./")
        if not relative:
            continue
        line = _Line(
            _parse_moment(entry.get("received_at") or ""), (entry.get("sender") or "").strip() or None
        )
        known = lines.get(relative)
        if known is None or (
            line.received_at and (known.received_at is None or line.received_at < known.received_at)
        ):
            lines[relative] = line
    return lines


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def receipt_id(path: str, sha256: str | None) -> str:
    """Same file at the same place → same id on every machine: 16 hex digits of sha256(path NUL content hash)."""
    return hashlib.sha256(f"{path}\0{sha256 or ''}".encode(errors="surrogatepass")).hexdigest()[:16]


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
    found: set[str] = set()
    for folder, folders, names in os.walk(start):
        folders.sort()
        for name in sorted(names):
            if _is_submission(name):
                absolute = Path(folder) / name
                relative = PurePosixPath(absolute.relative_to(raw_root).as_posix())
                found.add(str(relative))
                receipts.append(_receipt(raw_root, absolute, relative, lines.get(str(relative))))
    for path, line in lines.items():
        relative = PurePosixPath(path)
        if path in found or relative.parts[:1] != ("submissions",) or ".." in relative.parts:
            continue
        if programme_id and relative.parts[1:2] != (programme_id,):
            continue
        programme, period, reporter, kind, _ = _identity(relative)
        identity = receipt_id(path, None)
        file = SubmissionFile(identity, path, raw_root / path, programme, period, reporter, kind)
        moment = line.received_at or datetime(1970, 1, 1, tzinfo=SHANGHAI)
        problem = Rejected("F01", "收文登记里有此文件，但文件不在；请补放文件或更正 receipts.csv")
        receipts.append(Receipt(file, None, 0, moment, line.sender, True, line.received_at is None, problem))
    return sorted(receipts, key=lambda receipt: receipt.file.path)


def _receipt(raw_root: Path, absolute: Path, relative: PurePosixPath, line: _Line | None) -> Receipt:
    programme, period, reporter, kind, problem = _identity(relative)
    path = storable(str(relative))
    if path != str(relative) or any(ord(c) < 32 for c in path):
        problem = Rejected("F01", "文件名含控制字符或无法识别的字符；请改名后重新报送")
    if not absolute.resolve().is_relative_to(raw_root.resolve()):
        # never follow a link out of the tree: it is somebody else's file
        problem = Rejected("F01", "文件是指向目录树之外的链接；请放入真实文件")
        file = SubmissionFile(receipt_id(path, None), path, absolute, programme, period, reporter, kind)
        return Receipt(
            file,
            None,
            0,
            _moment(absolute, line),
            line.sender if line else None,
            line is not None,
            False,
            problem,
        )
    try:
        sha256, size = _sha256(absolute), absolute.stat().st_size
    except OSError as error:
        sha256, size = None, 0
        problem = Rejected("F01", f"文件无法打开（{error.strerror}）；请检查文件权限后重新运行")
    file = SubmissionFile(receipt_id(path, sha256), path, absolute, programme, period, reporter, kind)
    return Receipt(
        file,
        sha256,
        size,
        _moment(absolute, line),
        line.sender if line else None,
        line is not None,
        line is not None and line.received_at is None,
        problem,
    )


def _moment(absolute: Path, line: _Line | None) -> datetime:
    if line and line.received_at:
        return line.received_at
    return datetime.fromtimestamp(absolute.lstat().st_mtime, SHANGHAI)


def with_problem(receipt: Receipt, problem: Rejected) -> Receipt:
    """The receipt with a problem found later (unknown reporter, period outside the programme)."""
    return replace(receipt, problem=receipt.problem or problem)
