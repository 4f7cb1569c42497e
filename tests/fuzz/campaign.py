"""The long form of the fuzzer: every target for some seconds, in a process of its own.

``python -m tests.fuzz.campaign --seconds 60 [--seed 1] [--out DIR] [TARGET …]`` (seconds per target). A failure is shrunk, written
to ``DIR/<target>-<where>.bin`` with its traceback beside it, and counted once per place; the campaign goes on. A reader
that ends its process leaves ``DIR/<target>-died.bin``. Prints one JSON line per target; exit code 1 with a failure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.targets import LIMITS, TARGETS, Broken, Target

# a damaged file of some kilobytes; the pool's own limit is for files of 20 MB
SECONDS_OF_ONE = 10


@contextlib.contextmanager
def _bounded(seconds: int) -> Iterator[None]:
    def too_long(*_) -> None:
        raise Broken(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Round:
    """One search of a target; ``counts`` are outcomes, ``last`` the bytes of the last input (after a failure: the smallest)."""

    def __init__(self, target: Target, kept: Path | None = None):
        self.target, self.kept = target, kept
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0
        self.last = b""

    def judge(self, value: object) -> None:
        """Check one input, in bounded time."""
        self.last = self.target.save(value)
        if self.kept is not None:
            self.kept.write_bytes(self.last)
        started = time.process_time()
        with _bounded(SECONDS_OF_ONE):
            outcome = self.target.check(value)
        self.slowest = max(self.slowest, time.process_time() - started)
        self.counts[outcome] += 1

    def search(self, examples: int, number: int | None = None) -> None:
        """Raise what the first failing input raises, shrunk. ``number`` seeds the search; None is the same every time."""
        test = settings(
            max_examples=examples,
            derandomize=number is None,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )(given(self.target.strategy())(self.judge))
        (test if number is None else seed(number)(test))()


def _place(error: BaseException) -> str:
    """Where it was raised, as a file name."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}"


def _one(target: Target, seconds: float, first: int, out: Path) -> int:
    ends, number = time.monotonic() + seconds, first
    counts: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    slowest = 0.0
    while time.monotonic() < ends:
        found = Round(target, out / f"{target.name}-died.bin")
        try:
            found.search(200, number)
        except Exception as error:
            name = f"{target.name}-{_place(error)}"
            failures[name] += 1
            (out / f"{name}.bin").write_bytes(found.last)
            (out / f"{name}.txt").write_text(
                traceback.format_exc(), encoding="utf-8", errors="backslashreplace"
            )
        counts += found.counts
        slowest = max(slowest, found.slowest)
        number += 1
    (out / f"{target.name}-died.bin").unlink(missing_ok=True)
    line = {
        "target": target.name,
        "inputs": counts.total(),
        "outcomes": dict(counts.most_common()),
        "failures": dict(failures),
    }
    print(json.dumps(line | {"slowest_s": round(slowest, 2), "peak_mb": _peak()}), flush=True)
    return bool(failures)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """The command; 1 when an invariant broke or a process died."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--seconds", type=float, default=60, help="per target")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path, default=Path("var/fuzz"))
    options.add_argument("--here", action="store_true", help="in this process (one target)")
    options.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all without any"
    )
    given_ = options.parse_args()
    given_.out.mkdir(parents=True, exist_ok=True)
    names = given_.targets or list(TARGETS)
    if given_.here:
        resource.setrlimit(resource.RLIMIT_AS, (LIMITS.memory_bytes, LIMITS.memory_bytes))
        return _one(TARGETS[names[0]], given_.seconds, given_.seed, given_.out)
    failed = 0
    for name in names:
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.campaign",
            "--here",
            name,
            "--seconds",
            str(given_.seconds),
        ]
        command += ["--seed", str(given_.seed), "--out", str(given_.out)]
        try:
            code = subprocess.run(command, timeout=given_.seconds + 120, check=False).returncode
        except subprocess.TimeoutExpired:
            code = "time"
        if code not in (0, 1):
            print(json.dumps({"target": name, "died": code}), flush=True)
        failed |= code != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
