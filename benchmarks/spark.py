"""Where Spark's overhead is paid back: the same trees computed by DuckDB and by a Spark of this machine, stage by stage.

    .venv/bin/python benchmarks/spark.py WORK [--reporters 13 130 1300] [--memory 4g]

For every size: the tree of ``benchmarks/national.py``, a run on DuckDB, a run on Spark in the same home (nothing is read anew; landing
is not counted for either); then the two analysts' databases are compared cell by cell. Prints the table of docs/spark.md. Equal or
not is the exit code.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import national
from tests.spark.equality import compare_files

REPOSITORY = Path(__file__).parents[1]
LINE = re.compile(r"^✓ (.+?)：.*（([\d.]+) 秒）$")
# what a person reads, and the progress lines it is the sum of
STAGES = {
    "hand over to Spark (Parquet)": ("写出原始数据",),
    "models on Spark": ("Spark 计算",),
    "load, Python models, data tests": ("载入分析库，抽样和校验",),
    "models and data tests on DuckDB": ("计算进度、得分、排名和检查",),
}


def seconds_of(home: Path, raw: Path, engine: str, memory: str) -> dict[str, float]:
    """Run the last quarter of the tree; seconds per stage, and of everything dbt has to do with."""
    environment = os.environ | {
        "TAIZHANG_HOME": str(home), "TAIZHANG_RAW": str(raw), "TAIZHANG_SPARK_MEMORY": memory,
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name("taizhang")), "run", "--period", national.PERIODS[-1]]
    done = subprocess.run(
        [*command, "--no-site", "--engine", engine],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or "✓ 导出 Parquet" not in done.stdout:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    found = dict.fromkeys(STAGES, 0.0)
    for line in done.stdout.splitlines():
        if match := LINE.match(line):
            for stage, titles in STAGES.items():
                if match.group(1).startswith(titles):
                    found[stage] += float(match.group(2))
    return {stage: seconds for stage, seconds in found.items() if seconds}


def main() -> int:
    """Measure every size, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--reporters", type=int, nargs="+", default=[13, 130, 1300])
    parser.add_argument("--memory", default="4g")
    arguments = parser.parse_args()
    all_equal = True
    print(
        "| reporters | rows reported | stage | DuckDB | Spark | Spark : DuckDB |\n|---:|---:|---|---:|---:|---:|"
    )
    for reporters in arguments.reporters:
        folder = arguments.work / str(reporters)
        shutil.rmtree(folder, ignore_errors=True)
        raw, home = folder / "raw", folder / "home"
        subprocess.run(
            [sys.executable, national.__file__, str(raw), "--reporters", str(reporters)],
            check=True,
            stdout=sys.stderr,
        )
        duckdb = seconds_of(home, raw, "duckdb", arguments.memory)
        shutil.copyfile(home / "published" / "current.duckdb", folder / "duckdb.duckdb")
        started = time.monotonic()
        spark = seconds_of(home, raw, "spark", arguments.memory)
        print(f"{reporters}: Spark's run took {time.monotonic() - started:.0f} s", file=sys.stderr)
        rows = reporters * (national.TASKS + national.INDICATORS) * len(national.PERIODS)
        for stage in STAGES:
            if stage in duckdb or stage in spark:
                cells = (f"{part[stage]:,.1f} s" if stage in part else "" for part in (duckdb, spark))
                print(f"| {reporters:,} | {rows:,} | {stage} | {' | '.join(cells)} | |")
        total = sum(duckdb.values()), sum(spark.values())
        print(
            f"| {reporters:,} | {rows:,} | **all of it** | **{total[0]:,.1f} s** | **{total[1]:,.1f} s** |"
            f" **{total[1] / total[0]:.1f}** |",
            flush=True,
        )
        for difference in compare_files(folder / "duckdb.duckdb", home / "published" / "current.duckdb"):
            if not difference.equal:
                all_equal = False
                print("UNEQUAL", reporters, difference, file=sys.stderr, flush=True)
    return 0 if all_equal else 1


if __name__ == "__main__":
    sys.exit(main())
