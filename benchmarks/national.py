"""A raw tree of national size: reporters × 274 tasks and 62 indicators × 4 quarters, seeded, as csv, parquet and some xlsx.

    .venv/bin/python benchmarks/national.py OUT [--reporters 2843] [--seed 7]

2,843 reporters are 3.1 million progress rows, 0.7 million indicator values and 22,744 files (0.7 GB). One county in
``XLSX_EVERY`` sends workbooks, one in ``PARQUET_EVERY`` parquet, the others csv. About one cell in two hundred holds a
mistake of the kind clerks make. Everything is made up here; no sentence comes from a real document.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

PROGRAMME = "national2024"
YEAR = 2024
PERIODS = ("2024Q1", "2024Q2", "2024Q3", "2024Q4")
CUTOFFS = (date(2024, 3, 28), date(2024, 6, 28), date(2024, 9, 28), date(2024, 12, 28))
SPECIALS, TASKS, INDICATORS = 20, 274, 62
XLSX_EVERY, PARQUET_EVERY = 50, 5

PROGRESS = [
    "任务编号",
    "任务名称",
    "状态",
    "完成进度",
    "完成日期",
    "进展情况",
    "存在问题",
    "佐证材料",
    "填报日期",
]
VALUES = ["指标编号", "指标名称", "指标值", "单位", "说明"]

_AREAS = (
    "企业开办", "工程许可", "获得电力", "用水用气", "登记财产", "纳税", "跨境贸易", "办理破产", "获得信贷", "保护投资者",
    "执行合同", "劳动用工", "政府采购", "招标投标", "政务服务", "知识产权", "市场监管", "社会信用", "园区服务", "创新创业",
)  # fmt: skip
_VERBS = ("压减", "推行", "优化", "规范", "公开", "建立", "完善", "打通")
_THINGS = ("审批环节", "网上办理", "服务窗口", "收费目录", "信息共享", "联合验收", "容缺受理", "跟踪评估")
_DONE = (
    "新增线上事项{}项，运行平稳。",
    "走访企业{}户，问题已答复。",
    "窗口受理{}件，平均用时缩短。",
    "清理事项{}项，已公示。",
)
_MISTAKES = {
    "progress": ("完成一半", "８０％", "0.5", "九成"),
    "status": ("基本完成", "在办"),
    "day": ("2024-13-01", "3月底"),
}


@dataclass(frozen=True)
class Registry:
    """What the feeds need of the registry."""

    tasks: list[tuple[str, str]]
    indicators: list[tuple[str, str, float, float, bool]]  # id, name, worst, frontier, lower is better


def reporter_ids(count: int) -> list[str]:
    """Six-digit codes."""
    return [f"{110000 + n:06d}" for n in range(1, count + 1)]


def _table(path: Path, header: list[str], rows: list[list]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def write_registry(root: Path, reporters: int, seed: int) -> Registry:
    """The registry of PROGRAMME below ``root``."""
    # here and not above: the floor, which needs the names of the feeds only, should not pay for the writers' libraries
    from tests.factories.trees import REGISTRY_COLUMNS

    pick = random.Random(seed)
    folder = root / "registry" / PROGRAMME
    folder.mkdir(parents=True, exist_ok=True)

    def table(name: str, rows: list[list]) -> None:
        _table(folder / f"{name}.csv", REGISTRY_COLUMNS[name], rows)

    (folder / "programme.toml").write_text(
        f'id = "{PROGRAMME}"\ntitle = "全国营商环境评价（性能测试数据）"\nissuer = "测试"\n'
        f"start_date = {YEAR}-01-01\nend_date = {YEAR}-12-31\nreport_day = 28\nfreeze_days = 12\n"
        "[weights]\ntasks = 0.5\nindicators = 0.5\n[lists]\nred = 30\nblack = 30\n",
        encoding="utf-8",
    )
    table(
        "reporters",
        [
            [rid, f"测试县{rid}", "county", "", f"{int(rid) % 31:02d}省", ""]
            for rid in reporter_ids(reporters)
        ],
    )
    units = [[f"u{n:02d}", f"测试局{n:02d}", ""] for n in range(40)]
    table("units", units)
    table(
        "specials",
        [[f"s{n:02d}", _AREAS[n], "", units[n][1]] for n in range(SPECIALS)],
    )
    tasks, rows, duties = [], [], []
    for n in range(TASKS):
        task_id = f"t{n + 1:03d}"
        title = f"{_VERBS[n % 8]}{_AREAS[n % SPECIALS]}{_THINGS[(n // 8) % 8]}第{n + 1}项"
        deadline = pick.choice(
            [
                f"{YEAR}年{pick.randint(2, 12)}月",
                f"{YEAR}年{pick.randint(3, 12)}月底前",
                f"{YEAR}年6月，{YEAR}年12月",
                "持续推进",
            ]
        )
        tasks.append((task_id, title))
        rows.append([task_id, n + 1, f"s{n % SPECIALS:02d}", title, deadline, "", "", ""])
        duties += [[task_id, units[n % 40][1], "lead"], [task_id, units[(n * 7 + 3) % 40][1], "cooperate"]]
    table("tasks", rows)
    table("responsibilities", duties)
    indicators, rows, targets = [], [], []
    for n in range(INDICATORS):
        lower = n % 2 == 0
        worst, frontier = (float(pick.randint(20, 60)), float(pick.randint(1, 9)))
        if not lower:
            worst, frontier = frontier, worst
        baseline = round(worst + (frontier - worst) * pick.uniform(0.1, 0.3), 1)
        goal = round(worst + (frontier - worst) * pick.uniform(0.6, 0.9), 1)
        name = f"{_AREAS[n % SPECIALS]}指标{n + 1:02d}"
        indicators.append((f"i{n + 1:02d}", name, worst, frontier, lower))
        method = "auto" if n % 3 else "attainment"
        rows.append(
            [
                f"i{n + 1:02d}",
                f"s{n % SPECIALS:02d}",
                name,
                "天" if lower else "件",
                "lower" if lower else "higher",
                1,
                baseline,
                frontier,
                worst,
                method,
                "",
                "",
                0,
                100,
                "",
                "",
                "",
            ]
        )
        targets.append([f"i{n + 1:02d}", f"{YEAR}-12-31", goal])
    table("indicators", rows)
    table("targets", targets)
    goals = [["g1", "rank", "", "", 100, "", f"{YEAR}-12-31", "reporter"]]
    table("goals", goals)
    return Registry(tasks, indicators)


def _write(path: Path, header: list[str], rows: list[list[str]], bom: bool) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\r\n").writerows([header, *rows])
    elif path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = zip(*rows, strict=True)
        pq.write_table(
            pa.table({h: pa.array(c, pa.string()) for h, c in zip(header, columns, strict=True)}), path
        )
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate([header, *rows]):
                sheet.write_row(number, 0, row)


def write_reporter(
    root: Path, registry: Registry, number: int, reporter_id: str, seed: int
) -> list[tuple[str, str, str]]:
    """Four quarters of one county; lines of receipts.csv (path, moment, sender)."""
    pick = random.Random(seed * 1_000_003 + number)
    pace = pick.uniform(0.7, 1.15)
    suffix = "xlsx" if number % XLSX_EVERY == 0 else "parquet" if number % PARQUET_EVERY == 1 else "csv"
    finish = [pick.uniform(0.3, 1.1) / pace for _ in registry.tasks]
    level = [pick.uniform(0.1, 0.9) for _ in registry.indicators]
    lines = []
    for quarter, (period, cutoff) in enumerate(zip(PERIODS, CUTOFFS, strict=True)):
        folder = root / "submissions" / PROGRAMME / period / reporter_id
        folder.mkdir(parents=True, exist_ok=True)
        elapsed = (quarter + 1) / 4
        reported = (cutoff - timedelta(days=pick.randint(0, 6))).isoformat()
        rows = []
        for (task_id, title), end in zip(registry.tasks, finish, strict=True):
            done = elapsed >= end
            share = min(100, round(100 * elapsed / end / 5) * 5)
            status = "已完成" if done else "推进中" if share else "未启动"
            progress, day = f"{100 if done else min(share, 95)}%", ""
            if done:
                day = (
                    date(YEAR, 1, 1) + timedelta(days=min(int(end * 365), (cutoff - date(YEAR, 1, 1)).days))
                ).isoformat()
            draw = pick.random()
            if draw < 0.002:
                progress = pick.choice(_MISTAKES["progress"])
            elif draw < 0.003:
                status = pick.choice(_MISTAKES["status"])
            elif draw < 0.004 and done:
                day = pick.choice(_MISTAKES["day"])
            summary = pick.choice(_DONE).format(pick.randint(1, 99))
            rows.append(
                [
                    task_id,
                    title,
                    status,
                    progress,
                    day,
                    summary,
                    "",
                    f"{reporter_id}-{task_id}.pdf" if done else "",
                    reported,
                ]
            )
        pick.shuffle(rows) if number % 10 == 3 else None
        path = folder / f"progress.{suffix}"
        _write(path, PROGRESS, rows, bom=number % 2 == 0)
        moment = f"{(cutoff + timedelta(days=0 if pick.random() < 0.97 else 3)).isoformat()}T10:{pick.randint(0, 59):02d}:00+08:00"
        lines.append((path.relative_to(root).as_posix(), moment, f"测试县{reporter_id}"))
        rows = []
        for (indicator_id, name, worst, frontier, lower), at in zip(registry.indicators, level, strict=True):
            value = f"{worst + (frontier - worst) * min(1.0, at + 0.08 * quarter + pick.uniform(-0.02, 0.02)):.1f}"
            draw = pick.random()
            if draw < 0.002:
                value = pick.choice(("约十天", "无", "１２"))
            rows.append([indicator_id, name, value, "天" if lower else "件", ""])
        path = folder / f"indicators.{suffix}"
        _write(path, VALUES, rows, bom=number % 2 == 0)
        lines.append((path.relative_to(root).as_posix(), moment, f"测试县{reporter_id}"))
    return lines


def _write_some(
    root: Path, registry: Registry, some: list[tuple[int, str]], seed: int
) -> list[tuple[str, str, str]]:
    return [line for number, rid in some for line in write_reporter(root, registry, number, rid, seed)]


def generate(root: Path, reporters: int, seed: int = 7) -> None:
    """The whole tree; the same seed gives the same bytes."""
    registry = write_registry(root, reporters, seed)
    numbered = list(enumerate(reporter_ids(reporters)))
    parts = [numbered[n : n + 50] for n in range(0, reporters, 50)]
    with ProcessPoolExecutor() as pool:
        done = pool.map(_write_some, *zip(*((root, registry, part, seed) for part in parts), strict=True))
        lines = sorted(line for part in done for line in part)
    _table(root / "receipts.csv", ["path", "received_at", "sender"], [list(line) for line in lines])


def main() -> None:
    """The command of the docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--reporters", type=int, default=2843)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    generate(asked.out, asked.reporters, asked.seed)


if __name__ == "__main__":
    main()
