"""The raw tree on disk: which files were submitted, what ``receipts.csv`` says of them, where a file stands wrongly.

Belongs here: paths, hashes, times of receipt. Does not belong here: the content of a submission (``submissions``).
"""

from __future__ import annotations

import csv
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from raw.contracts import kind_of
from raw.errors import Limits, Rejected
from raw.files import is_inside, read_register, shown_name
from raw.periods import SHANGHAI, shanghai
from raw.readers.text_files import csv_records, decode
from raw.sheets import READABLE, too_large
from raw.submissions import SubmissionFile
from raw.text import storable, tidy

# a file of this many times the allowed size has no hash in its receipt
_HASHED = 10
_NOT_SUBMISSIONS = frozenset({"thumbs.db", "desktop.ini"})
# folders below one another that are looked into: two more than the contract has
_DEPTH = 6
_NEVER = datetime(1970, 1, 1, tzinfo=SHANGHAI)
# one line: the receive that has begun to give names (orchestration.receive); it counts as a line of receipts.csv
PENDING = ".receipts.pending.csv"


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


@dataclass(frozen=True, slots=True)
class _Line:
    received_at: datetime | None
    sender: str | None


@dataclass
class Register:
    """receipts.csv: path → its line, and what of the file could not be read (the lines after that are missing)."""

    lines: dict[str, _Line] = field(default_factory=dict)
    problem: Rejected | None = None


def _parse_moment(text: str) -> datetime | None:
    try:
        moment = shanghai(datetime.fromisoformat(tidy(text)))
    except (ValueError, OverflowError):
        return None
    return moment if 2000 <= moment.year <= 2100 else None


def read_receipts(raw_root: Path, limits: Limits | None = None) -> Register:
    """Lines of receipts.csv; of several for one path the earliest counts. Empty without the file.

    What cannot be read of it costs the lines concerned only: their files are then unregistered (F11), and ``problem``
    says where the reading ended.
    """
    limits = limits or Limits()
    register = Register()
    lines = register.lines
    try:
        text, _ = decode(read_register(raw_root, raw_root / "receipts.csv", limits.register_bytes))
    except FileNotFoundError:
        return register
    except Rejected as problem:
        register.problem = problem
        return register
    for entry in _entries(text, register, limits):
        relative = storable(entry.get("path", "")).replace("\\", "/").removeprefix("./")
        if not relative:
            continue
        line = _Line(_parse_moment(entry.get("received_at", "")), storable(entry.get("sender", "")) or None)
        known = lines.get(relative)
        if known is None or (
            line.received_at and (known.received_at is None or line.received_at < known.received_at)
        ):
            lines[relative] = line
    return register


def pending_receipt(raw_root: Path) -> dict[str, str] | None:
    """The receive that is being completed or was killed: path, received_at, sender, incoming, sha256; None without one.

    A note that leads out of submissions/ was not written by us and is none.
    """
    try:
        body = (raw_root / PENDING).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    (entry,) = csv.DictReader(body.splitlines())
    for name in ("path", "incoming"):
        parts = PurePosixPath(entry[name]).parts
        if ".." in parts or parts[:1] not in ((), ("submissions",)):
            return None
    return entry


def _registered_meanwhile(raw_root: Path, receipts: list[Receipt], limits: Limits) -> list[Receipt]:
    """Files that had no line when receipts.csv was read, once more: a receive may have stood between name and line.

    The pending note is read first: it is taken away only after the line is there.
    """
    if all(receipt.registered for receipt in receipts):
        return receipts
    pending = pending_receipt(raw_root)
    lines = read_receipts(raw_root, limits).lines
    if pending is not None:
        line = _Line(_parse_moment(pending["received_at"]), storable(pending["sender"]) or None)
        lines.setdefault(pending["path"], line)
    renewed = []
    for receipt in receipts:
        line = None if receipt.registered else lines.get(receipt.file.path)
        if line is not None and line.received_at is not None:
            receipt = replace(receipt, received_at=line.received_at, sender=line.sender, registered=True)
        renewed.append(receipt)
    return renewed


def _entries(text: str, register: Register, limits: Limits) -> Iterator[dict[str, str]]:
    header: list[str] | None = None
    count = 0
    try:
        for number, cells in csv_records(text):
            cells = [cell.strip() for cell in cells]
            if header is None:
                header = cells
                continue
            count += 1
            if count > limits.receipts_lines:
                raise csv.Error(f"超过 {limits.receipts_lines} 行，第 {number} 行起未读")
            yield dict(zip(header, cells, strict=False))
    except csv.Error as error:
        register.problem = Rejected("F01", f"receipts.csv 未能读完（{error}），其后的收文登记未采用；请更正")


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def receipt_id(path: str, sha256: str | None) -> str:
    """Same file at the same place → same id on every machine: 16 hex digits of sha256(path NUL content hash)."""
    return hashlib.sha256(f"{path}\0{sha256 or ''}".encode()).hexdigest()[:16]


def _identity(relative: str) -> tuple[str, str, str, str, Rejected | None]:
    """(programme, period, reporter, kind, problem) from a path below submissions/."""
    parts = [part for part in relative.split("/") if part not in ("", ".")][1:]
    programme, period, reporter = (*parts[:-1], "", "", "")[:3]
    kind = kind_of(parts[-1] if parts else relative)
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


def tree_findings(raw_root: Path, programme_id: str, register: Register) -> list[tuple]:
    """Findings (B, of the programme) where files or their times of receipt are missing as a whole.

    They hold the quarter back: with half a receipts.csv, files would be late or on time by their mtime.
    """
    base = raw_root / "submissions"
    found = [("receipts.csv", register.problem)] if register.problem else []
    for folder in (base, base / programme_id):
        if folder.is_symlink() and not is_inside(raw_root, folder):
            what = "是指向目录树之外的链接"
        elif folder.exists() and not (folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)):
            what = "不是文件夹或没有权限打开"
        else:
            continue
        where = folder.relative_to(raw_root).as_posix()
        found.append(
            ("submissions", Rejected("F01", f"{where} {what}，其中的报送文件都未读取；请更正后重新运行"))
        )
        break
    return [
        (
            problem.rule_id,
            programme_id,
            None,
            None,
            "programme",
            programme_id,
            None,
            path,
            *[None] * 4,
            problem.message,
        )
        for path, problem in found
    ]


def scan(
    raw_root: Path,
    programme_id: str | None = None,
    register: Register | None = None,
    limits: Limits | None = None,
) -> list[Receipt]:
    """Every submission of the tree (of one programme), sorted by path, with its receipt.

    ``register``: receipts.csv where it was read already. A line of it whose file is missing is a receipt too, with a
    problem; so is a folder that cannot be looked into: nothing vanishes.
    """
    limits = limits or Limits()
    lines = (register or read_receipts(raw_root, limits)).lines
    base = raw_root / "submissions"
    start = base / programme_id if programme_id else base
    receipts: list[Receipt] = []
    walked = is_inside(raw_root, start)
    if not walked and start.is_symlink():
        receipts.append(_receipt(raw_root, start, lines, limits))
    elif walked:
        receipts += [_receipt(raw_root, path, lines, limits, error) for path, error in _walk(start)]
    receipts = _registered_meanwhile(raw_root, receipts, limits)
    found = {receipt.file.path for receipt in receipts}
    for path, line in lines.items():
        relative = PurePosixPath(path)
        if path in found or (programme_id and relative.parts[:2] != ("submissions", programme_id)):
            continue
        if ".." in relative.parts or relative.parts[:1] != ("submissions",):
            problem = Rejected("F01", "收文登记里的路径不在 submissions/ 之下，未打开；请更正 receipts.csv")
        else:
            problem = Rejected("F01", "收文登记里有此文件，但文件不在；请补放文件或更正 receipts.csv")
        file = _identify(path, raw_root / path, None)
        unreadable = line.received_at is None
        receipts.append(
            Receipt(file, None, 0, line.received_at or _NEVER, line.sender, True, unreadable, problem)
        )
    return sorted(receipts, key=lambda receipt: receipt.file.path)


def _walk(start: Path) -> Iterator[tuple[Path, OSError | None]]:
    """What stands below ``start`` and should be a submission, and folders that cannot be looked into, with the error.

    A link to a folder is not walked into, nor is what lies deeper than any submission: they are told by themselves, as is
    a folder with the name of a submission (a folder named progress.xlsx).
    """
    waiting = [(start, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as found:
                entries = list(found)
        except FileNotFoundError:
            continue  # the programme has none, or it was taken away meanwhile
        except OSError as error:
            yield folder, error
            continue
        for entry in entries:
            path = Path(entry.path)
            if not entry.is_dir(follow_symlinks=False):
                if _is_submission(entry.name):
                    yield path, None
            elif depth >= _DEPTH or (kind_of(entry.name) and path.suffix.lower().lstrip(".") in READABLE):
                yield path, None
            else:
                waiting.append((path, depth + 1))


def _identify(path: str, absolute: Path, sha256: str | None) -> SubmissionFile:
    programme, period, reporter, kind, _ = _identity(path)
    return SubmissionFile(receipt_id(path, sha256), path, absolute, programme, period, reporter, kind, sha256)


def _receipt(
    raw_root: Path, absolute: Path, lines: dict[str, _Line], limits: Limits, error: OSError | None = None
) -> Receipt:
    relative = absolute.relative_to(raw_root).as_posix()
    path = shown_name(relative)
    line = lines.get(path)
    problem = _identity(path)[-1]
    if path != relative:
        problem = Rejected("F01", "文件名含控制字符或无法识别的字符；请改名后重新报送")
    sha256, size, changed_at = None, 0, _NEVER
    try:
        if error is not None:
            raise error
        found = absolute.lstat()
        changed_at = _moment(found.st_mtime)
        is_link = stat.S_ISLNK(found.st_mode)
        if is_link and not is_inside(raw_root, absolute):
            # never follow a link out of the tree: it is somebody else's file
            problem = Rejected("F01", "文件是指向目录树之外的链接；请放入真实文件")
        elif stat.S_ISDIR(found.st_mode):
            problem = Rejected("F01", "这是文件夹，不是文件，或放得过深；请把文件放在填报主体的文件夹里")
        elif not stat.S_ISREG((found := absolute.stat() if is_link else found).st_mode):
            # a pipe would block whoever opens it
            problem = Rejected("F01", "不是普通文件（链接到文件夹、管道等）；请放入真实文件")
        elif (size := found.st_size) > _HASHED * limits.file_bytes:
            # known without reading: a sparse file of a terabyte costs its sender nothing
            problem = problem or too_large(size, limits)
        else:
            sha256 = file_sha256(absolute)
    except OSError as failure:
        problem = Rejected("F01", f"文件或文件夹无法打开（{failure.strerror}）；请检查权限后重新运行")
    return Receipt(
        _identify(path, absolute, sha256),
        sha256,
        size,
        line.received_at if line and line.received_at else changed_at,
        line.sender if line else None,
        line is not None,
        line is not None and line.received_at is None,
        problem,
    )


def _moment(timestamp: float) -> datetime:
    """A file's time; one that no calendar has (a damaged disk, an odd archive) counts as unknown."""
    try:
        return datetime.fromtimestamp(timestamp, SHANGHAI)
    except (ValueError, OverflowError, OSError):
        return _NEVER


def with_problem(receipt: Receipt, problem: Rejected) -> Receipt:
    """The receipt with a problem found later (unknown reporter, period outside the programme)."""
    return replace(receipt, problem=receipt.problem or problem)
