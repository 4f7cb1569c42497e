"""What a person sees while a run goes on: one line per step with what, how many and how long.

Steps log to ``taizhang.progress``; the command line prints that logger, Dagster's own log is kept in its instance.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

logger = logging.getLogger("taizhang.progress")


@dataclass
class Step:
    """A step under way; set ``result`` to the line's last part (how many)."""

    title: str
    result: str = ""
    started: float = field(default_factory=time.monotonic)
    _shown: float = 0.0

    def tick(self, text: str) -> None:
        """Say how far a long step is, at most every two seconds."""
        now = time.monotonic()
        if now - self.started > 2 and now - self._shown > 2:
            self._shown = now
            logger.info("   … %s：%s", self.title, text)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Time a step and log its line; a failing step says so and raises on."""
    current = Step(title)
    try:
        yield current
    except BaseException:
        logger.info("✗ %s：未完成", title)
        raise
    seconds = time.monotonic() - current.started
    logger.info("✓ %s：%s（%.1f 秒）", title, current.result or "完成", seconds)


def to_console() -> None:
    """Print progress lines to standard output and nothing else of the run."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
