"""Every step at which receiving can be cut off: killed before each change of a file, or told that the disk is full.

Cheap (a fork a step), so that it is complete and part of ``make test``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.receive import NotNow, receive, settle
from raw.periods import SHANGHAI
from raw.registry import read_programme
from raw.tree import read_receipts
from tests.torture import victims
from tests.torture.scene import PERIOD, PROGRAMME, receipt_problems

FIRST = datetime(2021, 3, 25, 9, 0, tzinfo=SHANGHAI)
AGAIN = FIRST + timedelta(days=5)
REFUSED = 3
_MOST = 200


def cut_off_receive(
    tree: Path, work: Path, what: Callable[[], None], known: bool
) -> Iterator[tuple[int, list[str]]]:
    """(step, problems) for every step of receiving a file, until one attempt meets none any more.

    ``known``: the bytes stand there already without a line. After the cut either a run settles the tree or the same file
    is received again, in turn; the file then has one line, with the time of whichever attempt put it there.
    """
    source = work / "progress_补报.csv"
    source.write_text("任务编号,状态,完成进度\nt1,推进中,80%\n", encoding="utf-8")
    place = f"submissions/{PROGRAMME}/{PERIOD}/c1/progress_补报.csv"
    programme = read_programme(tree, PROGRAMME)
    for step in range(1, _MOST):
        root = work / "raw"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(tree, root)
        if known:
            shutil.copyfile(source, root / place)

        def attempt(root: Path = root, moment: datetime = FIRST) -> int:
            try:
                receive(root, source, programme, "c1", "progress", PERIOD, moment)
            except NotNow:
                return REFUSED
            return 0

        code = victims.run(victims.at_step(attempt, step, what, root), work / "log", 60)
        if code == 0:
            return
        problems = []
        if code == REFUSED:
            # told that it was not received: then nothing of it may be there
            left = [p for p in receipt_problems(root) if not (known and place in p)]
            problems += [f"refused, and yet {problem}" for problem in left]
            if place in read_receipts(root).lines or (root / place).exists() != known:
                problems.append("refused, and yet received")
        elif code != victims.KILLED:
            problems.append(f"ended with {code}: {(work / 'log').read_text()[-500:]}")
        if step % 2:
            settle(root)
            if place in read_receipts(root).lines:
                problems += receipt_problems(root)
        attempt(root, AGAIN)
        problems += receipt_problems(root)
        line = read_receipts(root).lines.get(place)
        if line is None or line.received_at not in (FIRST, AGAIN):
            problems.append(f"no line, or another time: {line}")
        if (root / place).read_bytes() != source.read_bytes():
            problems.append("other bytes in the archive")
        yield step, problems
    raise AssertionError(f"receiving has more than {_MOST} steps")
