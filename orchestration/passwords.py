"""The password file of ``taizhang serve``: one line per user with a scrypt hash, never a password.

Belongs here: the file, hashing, checking, holding off who guesses. Does not belong here: HTTP (``commands.serve``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

MINIMUM = 8
MAXIMUM = 200
# 16 MB and some 50 ms a check: nothing for one who knows it, much for one who tries a list
_COST = {"n": 1 << 14, "r": 8, "p": 1}
_SALT = 16
_LINE = re.compile(r"(?P<user>[^:\s]+):scrypt:(?P<salt>[A-Za-z0-9+/]+=*):(?P<hash>[A-Za-z0-9+/]+=*)")
_WAITING = 16
_LONGEST = 2.0


class PasswordFileUnfit(ValueError):
    """The file cannot be used; the message says why and what to do."""


def _hashed(password: str, salt: bytes) -> bytes:
    body = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(body, salt=salt, dklen=32, **_COST)


def read_passwords(path: Path) -> dict[str, tuple[bytes, bytes]]:
    """User → (salt, hash). Raises PasswordFileUnfit: missing, readable or writable for others, not ours, no user, odd lines."""
    try:
        state = path.stat()
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "不是文本"
        raise PasswordFileUnfit(
            f"口令文件 {path} 读不出（{what}）；用 taizhang password --file {path} --user 姓名 建立"
        ) from error
    if state.st_mode & 0o077:
        raise PasswordFileUnfit(f"口令文件 {path} 别人也能读或改；请先 chmod 600 {path}，并更换口令")
    if state.st_uid not in (os.geteuid(), 0):
        raise PasswordFileUnfit(f"口令文件 {path} 属于另一个用户；请用自己的文件")
    users = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        try:
            if parts is None:
                raise ValueError
            users[parts["user"]] = tuple(
                base64.b64decode(parts[name], validate=True) for name in ("salt", "hash")
            )
        except ValueError as error:
            raise PasswordFileUnfit(
                f"口令文件 {path} 第 {number} 行不是 taizhang password 写的；请删去"
            ) from error
    if not users:
        raise PasswordFileUnfit(
            f"口令文件 {path} 里没有用户；用 taizhang password --file {path} --user 姓名 添加"
        )
    return users


def set_password(path: Path, user: str, password: str) -> None:
    """Add or change one user; the file is its owner's only. Raises PasswordFileUnfit: user or password unfit, or the file."""
    user = unicodedata.normalize("NFC", user)
    if not user.isprintable() or not re.fullmatch(r"[^:\s]{1,64}", user):
        raise PasswordFileUnfit("用户名不能为空，不能有空格和冒号，最多 64 个字符")
    if not MINIMUM <= len(password) <= MAXIMUM or not password.isprintable():
        raise PasswordFileUnfit(f"口令应为 {MINIMUM} 到 {MAXIMUM} 个字符，不能有换行等控制字符")
    users = read_passwords(path) if path.exists() else {}
    salt = secrets.token_bytes(_SALT)
    users[user] = salt, _hashed(password, salt)
    partial = path.with_name(f".{path.name}.part")
    partial.unlink(missing_ok=True)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        for name, parts in sorted(users.items()):
            stream.write(
                ":".join([name, "scrypt", *(base64.b64encode(part).decode() for part in parts)]) + "\n"
            )
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, path)


class TooManyAttempts(Exception):
    """So many wait to be checked that this one is turned away."""


@dataclass
class Guard:
    """Whether an ``Authorization`` header opens the door. One for a server; threads share it.

    Unknown credentials are checked one after another, each failure after a pause that grows to two seconds; whoever was let
    in is recognised without either. ``pause``: sleeps, and is seen by tests.
    """

    users: dict[str, tuple[bytes, bytes]]
    pause: Callable[[float], None] = time.sleep
    _failures: int = 0
    _known: set[bytes] = field(default_factory=set)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _door: threading.Lock = field(default_factory=threading.Lock)
    _queue: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_WAITING))

    def lets_in(self, header: str | None) -> bool:
        """Raises TooManyAttempts."""
        given = _credentials(header)
        if given is None:
            return False
        mark = hmac.digest(self._key, "\x00".join(given).encode("utf-8", "surrogatepass"), "sha256")
        # under a key nobody knows: how long the look-up takes tells nothing
        if mark in self._known:
            return True
        if not self._queue.acquire(blocking=False):
            raise TooManyAttempts
        try:
            with self._door:
                if self._matches(*given):
                    self._failures = 0
                    self._known.add(mark)
                    return True
                self._failures += 1
                self.pause(min(0.1 * self._failures, _LONGEST))
                return False
        finally:
            self._queue.release()

    def _matches(self, user: str, password: str) -> bool:
        # an unknown user costs the same time
        salt, expected = self.users.get(user, (b"\x00" * _SALT, b"\x00" * 32))
        return hmac.compare_digest(_hashed(password, salt), expected) and user in self.users


def _credentials(header: str | None) -> tuple[str, str] | None:
    """(user, password) of a Basic header; None for none and for nonsense."""
    if header is None or len(header) > 4 * MAXIMUM * 4:
        return None
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = (
            base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
        )
    except (binascii.Error, ValueError):
        return None
    if not colon:
        return None
    return unicodedata.normalize("NFC", user), unicodedata.normalize("NFC", password)
