"""``python -m tests.torture``: run the campaign, write var/torture/report.json and report.md, exit 1 on any problem."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from orchestration.settings import REPOSITORY
from tests.torture.campaign import Campaign, Report
from tests.torture.situations import SITUATIONS


def _text(report: Report, minutes: float) -> str:
    lines = [
        f"# Torture, seed {report.seed}, {minutes:.0f} minutes",
        "",
        "| what | rounds | killed at work |",
        "|---|---|---|",
    ]
    lines += [
        f"| {kind} | {count} | {report.killed.get(kind, '–')} |" for kind, count in report.rounds.items()
    ]
    lines += ["", f"Successful reads of the published file meanwhile: {report.reads}", ""]
    lines += [f"- {what}: {count}" for what, count in report.notes.items()]
    return "\n".join(
        [*lines, "", f"Problems: {len(report.problems)}", *(f"- {text}" for text in report.problems), ""]
    )


def main() -> int:
    """The command."""
    import time

    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--rounds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--only", choices=["kills", "situations"])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "var" / "torture")
    asked = parser.parse_args()
    began = time.monotonic()
    print(f"seed {asked.seed}, {asked.rounds} rounds, at most {asked.minutes:.0f} minutes", flush=True)
    work = Path(tempfile.mkdtemp(prefix="taizhang-torture-"))
    campaign = Campaign(work / "home", asked.seed, lambda text: print(text, flush=True))
    campaign.warm()
    report = campaign.report
    if asked.only != "situations":
        campaign.run(asked.rounds, asked.minutes)
    else:
        campaign.set_up()
    if asked.only != "kills":
        for name, situation in SITUATIONS.items():
            if time.monotonic() - began < 60 * asked.minutes:
                campaign.situation(name, situation)
    asked.out.mkdir(parents=True, exist_ok=True)
    text = _text(report, (time.monotonic() - began) / 60)
    (asked.out / "report.md").write_text(text, encoding="utf-8")
    (asked.out / "report.json").write_text(
        json.dumps(report.as_dict(), ensure_ascii=False, indent=2), encoding="utf-8"
    )
    print(text)
    if report.problems:
        print(f"left for looking: {work}")
        return 1
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
