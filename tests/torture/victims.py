"""Processes that are killed: forked from a warm one, so that a round costs what the command does and no imports.

Belongs here: forking, waiting, dying at a chosen step. Does not belong here: what the victims do (``campaign``).
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

KILLED = -signal.SIGKILL
LEFT_CHILDREN = 71
# what changes a file system, as Python's audit events name it; ``open`` counts where it writes
_STEPS = {
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.truncate",
    "os.link",
    "os.symlink",
}


def fork(job: Callable[[], int | None], log: Path) -> int:
    """Run ``job`` in a child that leads a process group of its own, its output in ``log``; returns the pid."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        # by both: a kill that comes at once would find no group yet
        with suppress(ProcessLookupError):
            os.setpgid(pid, pid)
        return pid
    code = 70
    try:
        os.setpgid(0, 0)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        code = job() or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def wait(pid: int, seconds: float = 600) -> int | None:
    """Exit code of a child (negative: the signal that ended it); None when it has not ended in time."""
    until = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.01)


def run(job: Callable[[], int | None], log: Path, seconds: float = 600) -> int | None:
    """Run ``job`` to its end; its exit code, None (and killed) when it takes longer, LEFT_CHILDREN."""
    pid = fork(job, log)
    code = wait(pid, seconds)
    if code is None:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    elif not _alone(pid):
        os.killpg(pid, signal.SIGKILL)
        return LEFT_CHILDREN
    return code


def _alone(group: int, seconds: float = 10) -> bool:
    """Whether a process that ended left nobody of its group behind; a helper of Python's may take a moment."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def kill_after(pid: int, delay: float, whole_group: bool = True) -> int:
    """Let a child live for ``delay`` seconds; its exit code, KILLED when it had not ended by then."""
    code = wait(pid, delay)
    if code is not None:
        return code
    (os.killpg if whole_group else os.kill)(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def at_step(
    job: Callable[[], int | None], number: int, what: Callable[[], None], below: Path
) -> Callable[[], int | None]:
    """``job``, which meets ``what`` before its ``number``-th (from 1) change of a file below ``below``.

    No function is replaced: Python itself announces what it is about to do.
    """
    place, seen = os.fspath(below), 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal seen
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR)) if isinstance(flags, int) else False
            if not writes and not (isinstance(mode, str) and set(mode) & set("wax+")):
                return
        elif event not in _STEPS:
            return
        if not any(
            os.fsdecode(a).startswith(place)
            for a in arguments[:2]
            if isinstance(a, str | bytes | os.PathLike)
        ):
            return
        seen += 1
        if seen == number:
            what()

    def wrapped() -> int | None:
        sys.addaudithook(hook)
        return job()

    return wrapped


def die() -> None:
    """End at once, as by SIGKILL: no ``finally``, no buffer is written."""
    os.kill(os.getpid(), signal.SIGKILL)


def disk_full() -> None:
    """What the system answers when there is no room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
