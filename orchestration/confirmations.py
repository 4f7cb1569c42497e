"""``confirmations.csv``: adding a line that a county confirms a warning, and noticing lines written by hand.

Belongs here: the file and its entries in the audit log. Does not belong here: reading it into the warehouse
(``raw.registry``), what a confirmation lifts (rule Q02 and the models).
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration import audit
from orchestration.settings import Settings
from raw.durable import write_whole
from raw.errors import Rejected
from raw.readers.text_files import csv_records, decode
from raw.registry import read_confirmations
from raw.text import tidy

NAME = "confirmations.csv"
_COLUMNS = ("rule_id", "reporter_id", "entity_id", "period", "note", "by")
# what a line can be appended to without writing the whole file anew
_APPENDABLE = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "gb18030": "gb18030"}
_WHAT = "confirm"


class NotConfirmed(ValueError):
    """The line cannot be added; the message says why and what to do."""


@dataclass(frozen=True)
class Confirmation:
    """One line of the file, in the order of its columns."""

    rule_id: str
    reporter_id: str
    entity_id: str
    period: str
    note: str
    by: str

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What it is about; of several lines about one place the first counts."""
        return self.rule_id, self.reporter_id, self.entity_id, self.period


def _lines(settings: Settings) -> list[Confirmation]:
    """Complete lines of the file, as they are read into the warehouse."""
    found = []
    for row in read_confirmations(settings.raw_root):
        values = [row.get("confirmed_by" if name == "by" else name) for name in _COLUMNS]
        if row["problem"] is None:
            found.append(Confirmation(*(value or "" for value in values)))
    return found


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    with (settings.raw_root / f".{NAME}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def add(settings: Settings, line: Confirmation) -> bool:
    """Append a line, whole or not at all, and log it; False when it stands there already.

    Raises:
        NotConfirmed: another line is about the same place, or the file cannot be appended to as it is.
        AuditUnavailable: nothing was written.
    """
    with _lock(settings):
        body, ending, columns = _as_it_is(settings.raw_root / NAME)
        for other in _lines(settings):
            if other == line:
                return False
            if other.place == line.place:
                raise NotConfirmed(
                    f"{NAME} 已有一行确认了此处（{other.by}：{other.note}）；同一处以先写的为准，要改请改那一行"
                )
        with audit.act(settings, _WHAT, {"by": line.by}, way="command", line=asdict(line)) as record:
            buffer = io.StringIO()
            writer = csv.writer(buffer, lineterminator="\n")
            if not body:
                writer.writerow(columns)
            writer.writerow([getattr(line, name, "") for name in columns])
            whole = body + buffer.getvalue().encode(ending)
            write_whole(settings.raw_root / NAME, whole)
            record.outcome = {"added": [asdict(line)], "sha256": hashlib.sha256(whole).hexdigest()}
    return True


def _as_it_is(file: Path) -> tuple[bytes, str, list[str]]:
    """(content that ends a line, encoding of what is appended, columns); a missing or empty file begins with a header."""
    body = file.read_bytes() if file.is_file() else b""
    if not body.strip():
        return b"", "utf-8", list(_COLUMNS)
    try:
        text, encoding = decode(body)
        records = list(csv_records(text))
    except (csv.Error, Rejected) as error:
        what = getattr(error, "message", None) or str(error)
        raise NotConfirmed(f"{NAME} 无法读取（{what}）；请先改正这个文件") from error
    if encoding not in _APPENDABLE:
        raise NotConfirmed(f"{NAME} 是 {encoding} 编码；请先另存为“CSV UTF-8”")
    columns = [tidy(cell).lower() for cell in records[0][1]] if records else []
    if missing := [name for name in _COLUMNS if name not in columns]:
        raise NotConfirmed(f"{NAME} 的表头缺少 {'、'.join(missing)}；请先补上")
    return body if body.endswith((b"\n", b"\r")) else body + b"\n", _APPENDABLE[encoding], columns


def note_written_by_hand(settings: Settings) -> str | None:
    """Log the lines that came into the file, or left it, without a command; returns the sha256 of the file.

    A home that sees the file for the first time logs all of them.
    """
    file = settings.raw_root / NAME
    digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
    present = {tuple(asdict(line).values()): line for line in _lines(settings)}
    logged: dict[tuple, None] = {}
    for entry in audit.about(settings, _WHAT):
        for line in entry.details.get("removed", ()):
            logged.pop(tuple(line.values()), None)
        for line in entry.details.get("added", ()):
            logged[tuple(line.values())] = None
    added = [asdict(line) for key, line in present.items() if key not in logged]
    removed = [dict(zip(_COLUMNS, key, strict=True)) for key in logged if key not in present]
    if added or removed:
        details = {"way": "by hand", "added": added, "removed": removed, "sha256": digest}
        audit.record(settings, _WHAT, audit.NOTED, details)
    return digest
