"""An analyst who never stops reading: opens the published file again and again, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.warehouse import reader
from tests.torture import victims


@contextmanager
def polling(
    current: Path, work: Path, rows: int | None = None, folder: Path | None = None, pause: float = 0.02
) -> Iterator[Callable[[], dict]]:
    """Poll ``marts.ranking`` of ``current`` (it must be there) until the block ends; yields a function that tells the tally.

    ``rows``: how many rows it must have whenever it is read. ``folder``: a published folder that must always be there.
    The tally: how often it was read, and every failure in words. It is complete after the block.
    """
    told = work / "watcher.json"

    def watch() -> None:
        ended = False

        def end(*_) -> None:
            nonlocal ended
            ended = True

        signal.signal(signal.SIGTERM, end)
        tally: dict = {"read": 0, "failed": []}
        while not ended:
            try:
                with reader(current) as connection:
                    (found,) = connection.execute("SELECT count(rank) FROM marts.ranking").fetchone()
                if rows not in (None, found):
                    tally["failed"].append(f"{found} rows instead of {rows}")
                if folder is not None and not folder.is_dir():
                    tally["failed"].append(f"{folder.name} is not there")
                tally["read"] += 1
            except Exception as error:
                tally["failed"].append(f"{type(error).__name__}: {error}"[:300])
            told.with_suffix(".part").write_text(json.dumps(tally))
            os.replace(told.with_suffix(".part"), told)
            time.sleep(pause)

    pid = victims.fork(watch, work / "watcher.log")
    try:
        while not told.is_file() and os.waitpid(pid, os.WNOHANG) == (0, 0):
            time.sleep(0.01)
        yield lambda: json.loads(told.read_text())
    finally:
        os.kill(pid, signal.SIGTERM)
        victims.wait(pid, 60)
