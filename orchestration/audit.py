"""The audit log: who did what, when. One JSON line per event, each holding the hash of the one before (decisions/0012).

``audit/audit.ndjson`` under the home only ever grows; ``audit/head.json`` names its last entry, so that a missing tail shows.
Belongs here: appending, reading, checking the chain. Does not belong here: what a command tells of itself (its callers),
whether an edition agrees with the log (``editions.verify``).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.settings import Settings
from raw.durable import sync_folder
from raw.periods import SHANGHAI

GENESIS = "0" * 64
BEGUN, READY, DONE, FAILED, NOTED = "begun", "ready", "done", "failed", "noted"
REPAIR = "repair"
_HASH = b',"hash":"'
_SHOWN = 2000


class AuditUnavailable(RuntimeError):
    """The log cannot be written. What was about to be done is not done; the message says what to look at."""


@dataclass(frozen=True)
class Entry:
    """One line. ``who``: the login of the machine (``user``) and the names given to the command."""

    seq: int
    at: str
    who: dict[str, str]
    host: str
    what: str
    state: str
    details: dict[str, Any]
    prev: str
    hash: str

    @property
    def anchor(self) -> dict[str, Any]:
        """What names this entry elsewhere."""
        return {"seq": self.seq, "hash": self.hash}


@dataclass
class Reading:
    """The log as it stands. ``problems``: what was altered or lost; ``notes``: what a crash explains. Both are sentences."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def holds(self, anchor: dict[str, Any]) -> bool:
        """Whether the entry of an ``Entry.anchor`` is there."""
        return any(e.seq == anchor["seq"] and e.hash == anchor["hash"] for e in self.entries)


def log_path(settings: Settings) -> Path:
    """Where the lines are."""
    return settings.audit / "audit.ndjson"


def _head_path(settings: Settings) -> Path:
    return settings.audit / "head.json"


# --- lines ------------------------------------------------------------------------------------------------------------


def _line(seq: int, prev: str, who: dict, what: str, state: str, details: dict) -> tuple[bytes, Entry]:
    """A line without its end. The hash is of the bytes before it, so that nothing depends on how JSON is written."""
    body = {
        "seq": seq,
        "at": datetime.now(SHANGHAI).isoformat(timespec="milliseconds"),
        "who": {"user": _user()} | who,
        "host": socket.gethostname(),
        "what": what,
        "state": state,
        "details": details,
        "prev": prev,
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    # a file name that is no UTF-8 stands as the escape JSON has for it
    raw = text.encode("utf-8", "backslashreplace")[:-1]
    digest = hashlib.sha256(raw).hexdigest()
    return raw + _HASH + digest.encode() + b'"}', Entry(**body, hash=digest)


def _parsed(line: bytes) -> Entry | None:
    """The entry of a line; None when it is not whole or not what was written."""
    body, mark, end = line.rpartition(_HASH)
    if not mark or end != hashlib.sha256(body).hexdigest().encode() + b'"}':
        return None
    try:
        entry = Entry(**json.loads(line))
    except (ValueError, TypeError):
        return None
    typed = isinstance(entry.seq, int) and isinstance(entry.details, dict) and isinstance(entry.who, dict)
    return entry if typed else None


def _user() -> str:
    """The login by its number: a variable of the environment could name anybody."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _torn(lines: list[bytes]) -> list[dict[str, Any]]:
    return [{"bytes": len(line), "sha256": hashlib.sha256(line).hexdigest()} for line in lines]


def _tail(stream: int) -> tuple[Entry | None, list[bytes]]:
    """(last whole entry, what stands behind it and is none)."""
    size, block = os.fstat(stream).st_size, 1 << 16
    while True:
        start = max(0, size - block)
        lines = os.pread(stream, size - start, start).split(b"\n")
        behind: list[bytes] = []
        # the first piece may begin in the middle of a line
        for line in reversed(lines if start == 0 else lines[1:]):
            if entry := _parsed(line):
                return entry, behind
            if line:
                behind.insert(0, line)
        if start == 0:
            return None, behind
        block *= 4


def _head(settings: Settings) -> dict[str, Any] | None:
    try:
        head = json.loads(_head_path(settings).read_text(encoding="utf-8"))
        return {"seq": int(head["seq"]), "hash": str(head["hash"])}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


# --- appending --------------------------------------------------------------------------------------------------------


def record(settings: Settings, what: str, state: str, details: dict[str, Any], **who: str) -> Entry:
    """Append one entry, on the disk when this returns. ``who``: names given to the command (by, approved_by, sender).

    A line that was cut off (a killed process, a full disk) stays where it is; the entry before this one says so, and
    where entries are missing that were there.

    Raises:
        AuditUnavailable: nothing was recorded.
    """
    path = log_path(settings)
    try:
        settings.audit.mkdir(parents=True, exist_ok=True, mode=0o700)
        stream = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            return _append(settings, stream, what, state, details, who)
        finally:
            os.close(stream)
    except OSError as error:
        raise AuditUnavailable(
            f"审计日志 {path} 写不进去（{error.strerror or error}）；没有记录的操作不进行，请检查磁盘空间和目录权限后再试"
        ) from error


def _append(settings: Settings, stream: int, what: str, state: str, details: dict, who: dict) -> Entry:
    last, behind = _tail(stream)
    size = os.fstat(stream).st_size
    head = _head(settings)
    seq, prev = (last.seq, last.hash) if last else (0, GENESIS)
    about: dict[str, Any] = {}
    if behind:
        about["torn"] = _torn(behind)
    if head and (head["seq"] > seq or (head["seq"] == seq and head["hash"] != prev)):
        about["lost"] = head
    lines = []
    if about:
        line, repair = _line(seq + 1, prev, {}, REPAIR, NOTED, about)
        lines.append(line)
        seq, prev = repair.seq, repair.hash
    line, entry = _line(seq + 1, prev, who, what, state, details)
    lines.append(line)
    unfinished = size and os.pread(stream, 1, size - 1) != b"\n"
    rest = memoryview((b"\n" if unfinished else b"") + b"\n".join(lines) + b"\n")
    while rest:
        rest = rest[os.write(stream, rest) :]
    os.fsync(stream)
    if not size:
        sync_folder(settings.audit)
    _write_head(settings, entry)
    return entry


def _write_head(settings: Settings, entry: Entry) -> None:
    """Name the last entry. Not synced: a power cut leaves the head before it or none, and both are no contradiction."""
    target = _head_path(settings)
    partial = target.with_name(".head.part")  # one at a time: the log is locked
    partial.write_text(json.dumps(entry.anchor) + "\n", encoding="utf-8")
    os.replace(partial, target)


@dataclass
class Act:
    """Something under way. ``outcome``: what is said of it when it is over; ``state``: whether it went well."""

    settings: Settings
    begun: Entry
    outcome: dict[str, Any] = field(default_factory=dict)
    state: str = DONE

    def note(self, state: str, **details: Any) -> Entry:
        """A step of it, on the disk when this returns."""
        return record(self.settings, self.begun.what, state, {"begun": self.begun.seq} | details)


@contextmanager
def act(
    settings: Settings, what: str, who: dict[str, str | None] | None = None, /, **details: Any
) -> Iterator[Act]:
    """Record that something begins, and how it ended: whatever a killed process did is in the log as begun.

    Raises AuditUnavailable before anything is done.
    """
    names = {name: text for name, text in (who or {}).items() if text}
    current = Act(settings, record(settings, what, BEGUN, details, **names))
    try:
        yield current
    except BaseException as error:
        try:
            current.note(FAILED, error=f"{type(error).__name__}: {error}"[:_SHOWN])
        except AuditUnavailable as unavailable:
            error.add_note(str(unavailable))
        raise
    current.note(current.state, **current.outcome)


# --- reading ----------------------------------------------------------------------------------------------------------


def read(settings: Settings) -> Reading:
    """Every entry, with the whole chain checked. A home without a log has no entries and no problems."""
    reading = Reading()
    try:
        with log_path(settings).open("rb") as stream:
            # not while a line is being written
            fcntl.flock(stream, fcntl.LOCK_SH)
            lines, head = stream.read().split(b"\n"), _head(settings)
    except FileNotFoundError:
        lines, head = [], _head(settings)
    last: Entry | None = None
    broken: list[tuple[int, bytes]] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        entry = _parsed(line)
        if entry is None:
            broken.append((number, line))
            continue
        _judge(reading, number, entry, last, broken)
        reading.entries.append(entry)
        last, broken = entry, []
    seq = last.seq if last else 0
    if head and (head["seq"] > seq or not (head["seq"] < seq or reading.holds(head))):
        reading.problems.append(
            f"审计日志少了末尾的记录：应到第 {head['seq']} 条，只有 {seq} 条" + _where(broken)
        )
    elif broken:
        reading.notes.append(f"最后一条没有写完（写入时中断），下一条记录会注明{_where(broken)}")
    if last and head is None:
        reading.notes.append("没有 head.json，无法据以判断末尾是否完整；下一条记录会重新写出")
    return reading


def about(settings: Settings, what: str) -> list[Entry]:
    """The whole entries about one thing, in order; the chain is not looked at."""
    mark = f'"what":"{what}"'.encode()
    try:
        with log_path(settings).open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
            found = [_parsed(line.rstrip(b"\n")) for line in stream if mark in line]
    except FileNotFoundError:
        return []
    return [entry for entry in found if entry and entry.what == what]


def _where(broken: list[tuple[int, bytes]]) -> str:
    return f"（第 {'、'.join(str(number) for number, _ in broken)} 行不完整）" if broken else ""


def _judge(
    reading: Reading, number: int, entry: Entry, last: Entry | None, broken: list[tuple[int, bytes]]
) -> None:
    """Problems and notes of one whole line; ``broken``: the lines since the last whole one."""
    explained = entry.what == REPAIR and entry.details.get("torn") == _torn([line for _, line in broken])
    joined = entry.seq == (last.seq if last else 0) + 1 and entry.prev == (last.hash if last else GENESIS)
    if broken and explained and joined:
        reading.notes.append(f"第 {broken[0][0]} 行没有写完（写入时中断），第 {number} 行已注明")
    elif broken:
        reading.problems += [f"审计日志第 {line} 行被改动或损坏" for line, _ in broken]
    elif not joined:
        reading.problems.append(f"审计日志第 {number} 行与上一条接不上：中间的记录被删除、插入或调换")
    if entry.what == REPAIR and (lost := entry.details.get("lost")):
        reading.problems.append(f"审计日志第 {number} 行注明：此前的记录曾到第 {lost['seq']} 条，末尾已丢失")
