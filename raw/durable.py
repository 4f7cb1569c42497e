"""Files that survive a crash: whole or not at all, on disk before anybody is told, and no rest of a killed process.

Belongs here: writing, swapping and syncing files and folders, names under which something is being made, what is left of them.
Does not belong here: what the files say.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
# .<name>.<process>, .<name>.old.<process>; DuckDB puts its log and its spilled blocks beside the file
_BEING_MADE = re.compile(r"\..+\.(?P<process>\d+)(\.wal|\.tmp)?")
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


def being_made(target: Path) -> Path:
    """The hidden sibling in which this process makes ``target``; a killed process's one is found by ``clear_rests``."""
    return target.with_name(f".{target.name}.{os.getpid()}")


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk: a rename is not durable before."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Bring every file and folder below ``folder`` to disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    sync_folder(folder)


def write_synced(path: Path, body: bytes) -> None:
    """Write a file and bring its bytes to disk; no rename, the name may not survive a power cut yet."""
    with path.open("wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())


def write_whole(target: Path, body: bytes) -> None:
    """Replace a file: readers see the old one or the new one, after a power cut too."""
    partial = being_made(target)
    try:
        write_synced(partial, body)
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def copy_hashed(source: Path, target: Path) -> tuple[str, int]:
    """Copy and bring to disk; returns (sha256, bytes) of what was copied, whatever happens to the source meanwhile."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as stream, target.open("wb") as copy:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            copy.write(chunk)
            size += len(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest(), size


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; False where system or file system cannot. Raises OSError otherwise."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


def swap_folder(fresh: Path, target: Path) -> None:
    """Put a finished folder in the place of the old one, which is removed.

    One step where the system can exchange two names, so that a reader always finds one of them; else two renames. When the
    second of them fails the old folder is put back.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".{target.name}.old.{os.getpid()}")
    shutil.rmtree(old, ignore_errors=True)
    if not target.exists():
        os.rename(fresh, target)
    elif exchange(fresh, target):
        shutil.rmtree(fresh, ignore_errors=True)
    else:
        os.rename(target, old)
        try:
            os.rename(fresh, target)
        except OSError:
            os.rename(old, target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def process_alive(process: int, since: float) -> bool:
    """Whether the process that wrote something at ``since`` (seconds of the epoch) still lives.

    A process of that number that began later is another one: numbers come again, in a container at every start.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, and alive
    began = _began(process)
    return began is None or began <= since + 1


def _began(process: int) -> float | None:
    """When a process began (seconds of the epoch); None where the system does not tell."""
    try:
        # the name of the program stands in brackets and may hold anything
        ticks = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
        boot = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.M)
    except (OSError, ValueError, IndexError):
        return None
    return int(boot.group(1)) + ticks / os.sysconf("SC_CLK_TCK") if boot else None


def clear_rests(folders: Iterable[Path]) -> list[Path]:
    """Remove what killed processes were making in some folders (not below them); returns what was removed."""
    removed = []
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            found = _BEING_MADE.fullmatch(path.name)
            if found is None or path.is_symlink():
                continue
            try:
                since = path.stat().st_mtime
            except FileNotFoundError:
                continue  # its maker, alive and at work, has just given it its name
            if process_alive(int(found["process"]), since):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            removed.append(path)
    return removed
