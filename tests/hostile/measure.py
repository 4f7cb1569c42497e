"""Time and memory of every hostile file, each read in a process of its own: ``python -m tests.hostile.measure [CASE …]``.

Prints a Markdown table for docs/hostile-input.md.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory


def _one(name: str, path: Path) -> None:
    from raw.errors import Limits
    from raw.submissions import SubmissionFile, read_submission
    from tests.factories.hostile import CASES
    from tests.fuzz.targets import codes

    limits = Limits()
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))  # as in a worker
    known = codes()
    before = _peak(reset=True)
    started = time.process_time()
    try:
        result = read_submission(
            SubmissionFile("r", CASES[name].path, path, "p2021", "2021Q1", "410001", "progress"),
            known,
            limits,
        )
        rules = sorted({finding[0] for finding in result.findings})
        rows, reason = result.rows_loaded, (result.reason or "")
    except MemoryError:
        rules, rows, reason = ["F13"], 0, "内存"
    seconds = time.process_time() - started
    print(json.dumps([rules, rows, round(seconds, 2), (_peak() - before) // 1024, reason]))


def _peak(reset: bool = False) -> int:
    """Largest memory in use so far, or since the last reset, in kB."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> int:
    """The command; 1 where a file gave another finding than it should."""
    if sys.argv[1:2] == ["--one"]:
        _one(sys.argv[2], Path(sys.argv[3]))
        sys.stdout.flush()
        os._exit(0)  # Arrow's threads sometimes abort a process that ends while it has little address space
    from tests.factories.hostile import CASES

    wrong = 0
    print("| file | what | finding | rows loaded | seconds | MB more |\n|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for name in sys.argv[1:] or CASES:
            case = CASES[name]
            path = Path(folder) / Path(case.path).name
            case.write(path)
            command = [sys.executable, "-m", "tests.hostile.measure", "--one", name, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            size = path.stat().st_size
            path.unlink()
            if done.returncode:
                print(f"| {name} | died {done.returncode} | {done.stderr[-300:]!r} |")
                wrong = 1
                continue
            rules, rows, seconds, more, reason = json.loads(done.stdout)
            fits = set(rules) == case.rules and rows == case.rows
            wrong |= not fits
            mark = "" if fits else f" **expected {sorted(case.rules)} {case.rows}** {reason}"
            print(
                f"| {name}.{case.suffix} ({size / 1024:,.0f} kB) | {case.what} | {', '.join(rules) or 'read'}{mark} | {rows} | {seconds} | {more} |",
                flush=True,
            )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
