"""The whole run against the floor, at 13 … 2,843 reporters: seconds, ratios and peak memory, stage by stage.

    .venv/bin/python benchmarks/scale.py [--reporters 13 130 1300 2843] [--work DIR] [--report DIR]

For every size, one after another on the same raw tree (``national.py``): the floor (``floor.py``); the stages of a run without
the checks (landing, control, expectations that decide which rows count, the models of marts and ops, the published file,
Parquet); the whole run by the command, without pages; the same again with nothing new; the same with one late file; and
``taizhang status``. Each is a process of its own, measured with its children. Writes ``scale.csv`` and ``scale.html`` (a plot)
into the report folder. Absolute times are those of this machine; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.national import PERIODS, PROGRAMME, generate
from raw.periods import SHANGHAI, Period

ROOT = Path(__file__).parents[1]
SIZES = (13, 130, 1300, 2843)
ASKED = PERIODS[-1]
_STAGE = re.compile(r"^✓ ([^：]+)：.*（([\d.]+) 秒）$", re.MULTILINE)
# long after the last freeze: every quarter is closed, as in the archive of an office
NOW = datetime(2025, 3, 1, tzinfo=SHANGHAI)


@dataclass
class Measure:
    """One process with its children: seconds of wall clock and of processor, peak memory of all together in MB."""

    what: str
    reporters: int
    wall: float
    cpu: float
    peak_mb: float
    stages: dict[str, float] = field(default_factory=dict)


def _tree_memory(pid: int) -> float:
    """Resident MB of a process and everything below it."""
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    page = resource.getpagesize()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                resident[int(entry.name)] = int((entry / "statm").read_text().split()[1]) * page
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    total, waiting = 0, [pid]
    while waiting:
        at = waiting.pop()
        total += resident.get(at, 0)
        waiting += children.get(at, [])
    return total / 1048576


def measured(what: str, reporters: int, command: list[str], environment: dict[str, str]) -> Measure:
    """Run ``command`` to its end. Raises CalledProcessError with what it said when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            peak[0] = max(peak[0], _tree_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said = process.communicate()[0]
    wall = time.perf_counter() - start
    ended.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    stages = {name: float(seconds) for name, seconds in _STAGE.findall(said)}
    measure = Measure(what, reporters, round(wall, 2), round(cpu, 2), round(peak[0]), stages)
    print(
        f"{reporters:>5}  {what:<12} {wall:7.1f} s  CPU {cpu:7.1f} s  {peak[0]:6.0f} MB  {stages or ''}",
        flush=True,
    )
    return measure


def run_without_checks(raw: Path, home: Path) -> None:
    """What stands in marts and ops and is published, by the modules of a run and without anything that only judges."""
    from orchestration.assets.control import write_control
    from orchestration.assets.publish import write_all_parquet, write_snapshot
    from orchestration.manifest import begin, ensure_manifest
    from orchestration.progress import step, to_console
    from orchestration.settings import Settings
    from orchestration.stages import build_models
    from orchestration.warehouse import reader, writer
    from quality.runner import run_expectations
    from quality.suites import all_suites
    from raw.loader import load

    to_console()
    settings = Settings(raw, home)
    settings.prepare()
    begin(settings)
    with step("landing"), writer(settings.warehouse, settings.published) as connection:
        load(connection, settings.raw_root, limits=settings.limits, now=NOW)
        write_control(connection, Period.parse(ASKED), None, NOW)
        deciding = [replace(s, checks=[c for c in s.checks if c.quarantines]) for s in all_suites()]
        run_expectations(connection, [suite for suite in deciding if suite.checks])
    with step("models"):
        ensure_manifest(settings)
        build_models(settings, tested=False, only=["+path:models/marts", "+path:models/ops"])
    with step("published file"), writer(settings.warehouse, settings.published) as connection:
        write_snapshot(connection, settings.current)
    with step("parquet"), reader(settings.current, settings.published) as connection:
        write_all_parquet(connection, settings)


def add_late_file(raw: Path) -> None:
    """One county corrects its last quarter."""
    folder = min((raw / "submissions" / PROGRAMME / ASKED).iterdir())
    path = folder / "progress_更正.csv"
    path.write_text(
        "任务编号,状态,完成进度,完成日期,进展情况\nt001,推进中,55%,,更正进度。\n", encoding="utf-8"
    )
    line = f"{path.relative_to(raw).as_posix()},2025-01-05T09:00:00+08:00,测试县\n"
    with (raw / "receipts.csv").open("a", encoding="utf-8") as stream:
        stream.write(line)


def measure_size(work: Path, reporters: int) -> list[Measure]:
    """Everything for one size; the raw tree is made anew."""
    raw, home, bare = (work / f"{name}{reporters}" for name in ("raw", "home", "bare"))
    for folder in (raw, home, bare):
        shutil.rmtree(folder, ignore_errors=True)
    generate(raw, reporters)
    environment = {"TAIZHANG_RAW": str(raw), "TAIZHANG_HOME": str(home)}
    taizhang = [str(Path(sys.executable).with_name("taizhang"))]
    run = [*taizhang, "run", "--period", ASKED, "--no-site"]
    here = str(Path(__file__))
    done = [
        measured(
            "floor", reporters, [sys.executable, str(Path(__file__).with_name("floor.py")), str(raw)], {}
        ),
        measured("no checks", reporters, [sys.executable, here, "--bare", str(raw), str(bare)], {}),
        measured("run", reporters, run, environment),
        measured("run again", reporters, run, environment),
    ]
    add_late_file(raw)
    done.append(measured("late file", reporters, run, environment))
    done.append(measured("status", reporters, [*taizhang, "status", "--period", ASKED], environment))
    shutil.rmtree(bare)
    return done


def plot(rows: list[Measure], target: Path) -> None:
    """Seconds and peak memory over reporters, both logarithmic, one line per kind of run; dotted what they should keep below."""
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=2, subplot_titles=("seconds", "peak MB"), horizontal_spacing=0.08)
    colours = {
        "run": "#1f4e79",
        "late file": "#c55a11",
        "no checks": "#548235",
        "floor": "#7f7f7f",
        "status": "#7030a0",
    }
    labelled = (
        "run",
        "floor",
        "status",
    )  # figures of the others would stand in each other's way; the table has them
    floors = {row.reporters: row.wall for row in rows if row.what == "floor"}
    for what, colour in colours.items():
        mine = [row for row in rows if row.what == what]
        for column, values in enumerate(([r.wall for r in mine], [r.peak_mb for r in mine]), 1):
            figure.add_scatter(
                x=[r.reporters for r in mine], y=values, name=what, mode="lines+markers+text" if what in labelled else "lines+markers", row=1, col=column,
                text=[f"{v:.3g}" if v < 1000 else f"{v:.0f}" for v in values], textposition="top center",
                textfont={"size": 11, "color": colour}, line={"color": colour}, showlegend=column == 1,
            )  # fmt: skip
    for times, what in ((4, "run"), (2.5, "no checks")):
        figure.add_scatter(
            x=list(floors), y=[times * wall for wall in floors.values()], name=f"{times} × floor", mode="lines",
            line={"dash": "dot", "color": colours[what]}, row=1, col=1,
        )  # fmt: skip
    figure.add_hline(y=4000, line={"dash": "dot", "color": colours["run"]}, row=1, col=2)
    figure.update_xaxes(type="log", title="reporters", tickvals=sorted(floors))
    figure.update_yaxes(type="log", dtick=1)
    figure.update_layout(
        template="plotly_white", width=1100, height=500, margin={"t": 40, "b": 50, "l": 50, "r": 20}
    )
    figure.write_html(target, include_plotlyjs=True, config={"displaylogo": False, "displayModeBar": False})


def main() -> None:
    """The command of the docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reporters", nargs="*", type=int, default=SIZES)
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "scale")
    parser.add_argument("--report", type=Path, default=ROOT / "var" / "scale")
    parser.add_argument("--bare", nargs=2, type=Path, metavar=("RAW", "HOME"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.bare:
        run_without_checks(*(path.resolve() for path in asked.bare))
        return
    rows = [row for reporters in asked.reporters for row in measure_size(asked.work.resolve(), reporters)]
    asked.report.mkdir(parents=True, exist_ok=True)
    floors = {row.reporters: row.wall for row in rows if row.what == "floor"}
    with (asked.report / "scale.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reporters", "what", "wall", "cpu", "peak_mb", "ratio_to_floor", "stages"])
        for row in rows:
            values = asdict(row)
            stages = json.dumps(values.pop("stages"), ensure_ascii=False)
            ratio = round(row.wall / floors[row.reporters], 2)
            writer.writerow([row.reporters, row.what, row.wall, row.cpu, row.peak_mb, ratio, stages])
    plot(rows, asked.report / "scale.html")


if __name__ == "__main__":
    main()
