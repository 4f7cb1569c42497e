"""The sample's run against a bare ``dbt build`` of the same project on the same warehouse, alternating.

    .venv/bin/python benchmarks/sample.py [--rounds 3] [--work DIR]

A run is the command of a newcomer, pages included, in a home of its own: the first time nothing is there (dbt parses the project,
every page is made), the other times everything is. The bare build is dbt's own command with its unit tests, on a copy of the
warehouse the run left; its first time it parses too. Prints seconds and the ratio of first to first and of the medians of the rest.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scale import ROOT, measured
from orchestration.settings import Settings

PERIOD = "2022Q2"


def main() -> None:
    """The command of the docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "sample")
    asked = parser.parse_args()
    work = asked.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    settings = Settings(ROOT / "raw" / "samples", work / "home")
    copy = Settings(settings.raw_root, work / "bare")
    copy.home.mkdir(parents=True)
    run = [str(Path(sys.executable).with_name("taizhang")), "run", "--period", PERIOD]
    project, target = str(settings.dbt_project), str(copy.dbt_target)
    bare = [str(Path(sys.executable).with_name("dbt")), "build", "--project-dir", project, "--profiles-dir", project,
            "--target-path", target, "--log-path", target]  # fmt: skip
    seconds: dict[str, list[float]] = {"run": [], "dbt build": []}
    for _ in range(asked.rounds):
        seconds["run"].append(measured("run", 0, run, settings.environment()).wall)
        shutil.copyfile(settings.warehouse, copy.warehouse)
        seconds["dbt build"].append(measured("dbt build", 0, bare, copy.environment()).wall)
    for what, rest in (("first", slice(0, 1)), ("later", slice(1, None))):
        if not (times := seconds["run"][rest]):
            continue
        ours, theirs = statistics.median(times), statistics.median(seconds["dbt build"][rest])
        print(f"{what}: run {ours:.1f} s, dbt build {theirs:.1f} s, ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
