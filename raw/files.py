"""Opening the files the office itself keeps in the raw tree: registry, receipts.csv, confirmations.csv.

Belongs here: what may be opened at all (a regular file inside the tree, of bounded size), and what a file name looks
like as text. Does not belong here: what the bytes mean.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from raw.errors import MEGABYTE, Rejected
from raw.text import storable


def is_inside(raw_root: Path, path: Path) -> bool:
    """True when the path, links followed, lies in the tree: what a link shows from elsewhere is somebody else's."""
    try:
        return path.resolve().is_relative_to(raw_root.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


def read_register(raw_root: Path, path: Path, limit: int) -> bytes:
    """The bytes of one of the office's own files, at most ``limit`` of them.

    Raises:
        FileNotFoundError: nothing there.
        Rejected: F01 (a link out of the tree, a pipe or folder, no permission), F13 (too large, known before reading).
    """
    name = storable(path.name)
    path.lstat()
    if not is_inside(raw_root, path):
        raise Rejected("F01", f"{name} 是指向目录树之外的链接；请放入真实文件")
    try:
        # without O_NONBLOCK a pipe would hold whoever opens it
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Rejected("F01", f"{name} 无法打开（{error.strerror}）；请检查后重新运行") from error
    with open(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Rejected("F01", f"{name} 不是普通文件；请放入真实文件")
        if found.st_size > limit:
            raise Rejected(
                "F13",
                f"{name} 大小 {found.st_size / MEGABYTE:.1f} MB，超过 {limit / MEGABYTE:.0f} MB；请精简",
            )
        return stream.read(limit)


def shown_name(name: str) -> str:
    """A file name or path as text to store and show.

    Bytes that are no UTF-8, control characters and backslashes stand as \\xba, so that no two names look the same.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace") if not name.isascii() else name
    if text == name and "\\" not in name and storable(name) == name and name.isprintable():
        return name
    # from the bytes again: a backslash of the name's own is told from one that stands for a byte
    parts = os.fsencode(name).replace(b"\\", b"\\x5c").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in parts)
