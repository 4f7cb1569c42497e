"""``python -m tests.torture.disks RAW HOME SEED``: full and read-only disks; runs inside ``unshare -Urm``.

The last line of output is a JSON object: what was counted. Exit 1 on a problem, which is printed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path

from orchestration.receive import NotNow, receive
from orchestration.settings import Settings
from raw.periods import SHANGHAI
from raw.registry import read_programme
from raw.tree import read_receipts
from tests.torture import victims
from tests.torture.campaign import Campaign
from tests.torture.scene import PERIOD, PROGRAMME, differences, receipt_problems

MOMENT = datetime(2021, 3, 25, tzinfo=SHANGHAI)


def _mount(place: Path, size: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)


def _again(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def _used(folder: Path) -> int:
    return sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in folder.rglob("*"))


def full_while_receiving(work: Path, raw: Path, dice: random.Random, notes: Counter) -> list[str]:
    """Forty fill levels: received, or refused in words without a trace; received when there is room."""
    source, problems = work / "progress_大.csv", []
    source.write_bytes(b"x" * 60_000)
    for _ in range(40):
        place = work / "small"
        _mount(place, 8_000_000)
        try:
            root = place / "raw"
            shutil.copytree(raw, root)
            programme = read_programme(root, PROGRAMME)
            before = read_receipts(root).lines
            left = os.statvfs(place)
            (place / "filler").write_bytes(bytes(left.f_bavail * left.f_bsize - dice.randrange(0, 100_000)))
            try:
                receive(root, source, programme, "c1", "progress", PERIOD, MOMENT)
                notes["received on a nearly full disk"] += 1
            except NotNow as reason:
                notes["refused on a full disk"] += 1
                if "磁盘空间不足" not in str(reason):
                    problems.append(f"said: {reason}")
                if read_receipts(root).lines != before:
                    problems.append("refused, and yet a line")
                problems += receipt_problems(root)
            _again(place, "size=64m")
            receive(root, source, programme, "c1", "progress", PERIOD, MOMENT)
            problems += receipt_problems(root)
            if len(read_receipts(root).lines) != len(before) + 1:
                problems.append("not one line more")
        finally:
            subprocess.run(["umount", str(place)], check=True)
    return problems


def _said(campaign: Campaign, code: int | None, word: str) -> list[str]:
    said = campaign.log.read_text(errors="replace")
    return (
        []
        if code == 1 and word in said and "Traceback" not in said
        else [f"ended with {code}, said: {said[-1500:]}"]
    )


def full_while_running(work: Path, raw: Path, home: Path, dice: random.Random, notes: Counter) -> list[str]:
    """Runs and publications at four fill levels: they fail in words, the old file stands, afterwards all is equal."""
    problems = []
    for extra in (200_000, *(dice.randrange(1_000_000, 30_000_000) for _ in range(3))):
        place = work / "disk"
        _mount(place, _used(home) + extra)
        try:
            campaign = Campaign(work / f"campaign{extra}", 1, print)
            campaign.settings = Settings(raw, place / "home")
            shutil.copytree(home, campaign.settings.home)
            reference = campaign.now()
            for what, job in (("run", campaign.full_run()), ("publish", campaign.publish())):
                code = victims.run(job, campaign.log, 1200)
                if code:
                    notes[f"{what} failed on a full disk"] += 1
                    problems += _said(campaign, code, "磁盘空间")
                else:
                    notes[f"{what} succeeded on a nearly full disk"] += 1
                if what == "run":
                    problems += differences(reference, campaign.now())
            _again(place, "size=2g")
            problems += campaign.do(campaign.light_run(), "light run") + campaign.do(
                campaign.publish(), "publish"
            )
            problems += differences(_marts(reference), _marts(campaign.now()))
        finally:
            subprocess.run(["umount", str(place)], check=True)
    return problems


def _marts(tables: dict) -> dict:
    return {name: value for name, value in tables.items() if name.startswith("marts.")}


def read_only(work: Path, raw: Path, home: Path, notes: Counter) -> list[str]:
    """A raw tree that cannot be written is read like any other; receiving into it and a home like that are refused in words."""
    campaign = Campaign(work / "read_only", 1, print)
    trees = {"raw": raw, "home": home}
    for name, source in trees.items():
        _mount(work / "ro" / name, 1_000_000_000)
        shutil.copytree(source, work / "ro" / name / "it")
    campaign.settings = Settings(work / "ro" / "raw" / "it", work / "ro" / "home" / "it")
    reference = campaign.now()
    _again(work / "ro" / "raw", "ro")
    problems = campaign.do(campaign.light_run(), "run on a read-only tree") + differences(
        reference, campaign.now()
    )
    source = work / "progress_只读.csv"
    source.write_text("任务编号,状态\nt1,推进中\n", encoding="utf-8")
    given = ("--programme", PROGRAMME, "--reporter", "c1", "--kind", "progress", "--period", str(PERIOD))
    code = victims.run(campaign.command("receive", str(source), *given), campaign.log)
    said = campaign.log.read_text(errors="replace")
    if code != 2 or "只读" not in said:
        problems.append(f"receive into a read-only tree ended with {code}: {said[-500:]}")
    _again(work / "ro" / "home", "ro")
    for what, job in (("run", campaign.full_run()), ("publish", campaign.publish())):
        problems += [f"{what}: {text}" for text in _said(campaign, victims.run(job, campaign.log), "只读")]
    notes["read-only trees"] += 1
    return problems


def main() -> int:
    """The command."""
    raw, home, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    dice, notes = random.Random(seed), Counter()
    work = Path(tempfile.mkdtemp(prefix="taizhang-disks-"))
    problems = full_while_receiving(work, raw, dice, notes)
    Campaign(work / "warm", 1).warm()
    problems += read_only(work, raw, home, notes)
    problems += full_while_running(work, raw, home, dice, notes)
    for text in problems:
        print(text)
    print(json.dumps({"notes": notes}))
    return int(bool(problems))


if __name__ == "__main__":
    os.umask(0o027)
    sys.exit(main())
