"""Seeded raw trees to the letter of DESIGN section 4, but awkward.

Belongs here: generating registry and submissions from one integer seed. Right answers do not: the oracle reads the files.
`build_tree(directory, seeds)` writes one tree with one programme `awk<seed>` per seed and returns {"root", "programmes"}.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from .oracle import midnight_after, next_period, period_end, period_of
from .reader import HEADERS, SHANGHAI


@dataclass
class Pct:
    """A number that a workbook shows with a percent format; text with % elsewhere."""

    stored: float


@dataclass
class Serial:
    """A day written as an Excel serial number."""

    day: date

    @property
    def number(self) -> int:
        """Days since 1899-12-30."""
        return (self.day - date(1899, 12, 30)).days


WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
DUE_TEXTS = [
    "{y}年{m}月",
    "{y}年{m}月前",
    "{y} 年 {m} 月底前",
    "{y}年{m}月{d}日",
    "{y}年底",
    "{y}年年底前",
    "{m}月底",
    "{y}年{m}月，持续推进",
    "{y}年{m}月{d}日，常态化推进",
    "{y}年3月，{y}年{m}月",
    "{y}年3月31日；{y}年6月；{y}年12月",
    "持续推进",
    "常态化推进",
    "长期坚持",
    "每季度一次",
    "每月5日前",
    "适时",
    "条件成熟时",
    "{m}月底前见成效",
    "",
    "{y}年{m}日30日",
    "上半年",
    "三季度末",
    "{y}年",
    "{y}年2月30日",
    "{y}年12月，{y}年3月",
]
STATUS_WORDS = [
    "未启动",
    "未开始",
    "推进中",
    "正在推进",
    "进行中",
    "已完成",
    "完成",
    "办结",
    "已办结",
    "销号",
]
STATUS_WORDS += ["持续推进", "长期坚持", "取消", "终止", "基本完成", "", "推 进 中", ""]
PROGRESS = [
    "",
    "50%",
    "５０％",
    37,
    0.5,
    "0.35",
    "100",
    100,
    "约一半",
    "120",
    -5,
    1,
    0,
    "66.5",
    "80 %",
    "100%",
    0.999,
]
PROGRESS += ["１２．５％", "100.0%", "0.5%", "0%"]
OFFSETS = ["+08:00", "Z", "+00:00", "-05:00", ""]


class Maker:
    """One programme; every choice comes from `rng`."""

    def __init__(self, root: Path, seed: int, merged_share: float = 0.0) -> None:
        self.rng = random.Random(seed)
        self.root, self.seed = root, seed
        self.merged_share = merged_share  # workbooks with a key cell merged over two rows
        self.pid = f"awk{seed}"
        self.receipts: list[tuple[str, str]] = []
        rng = self.rng
        self.clean = seed % 4 == 3  # few wrong cells, so that scores differ and lists fill
        start = rng.choice([date(2023, 1, 1), date(2022, 8, 15), date(2022, 11, 20), date(2023, 2, 10)])
        self.start = start
        self.end = rng.choice([date(2023, 12, 31), date(2024, 3, 31), date(2023, 9, 30)])
        self.report_day = rng.choice([28, 31, 25])
        self.freeze_days = rng.choice([12, 0, 20])
        self.n_reporters = rng.choice([2, 3, 5, 7, 9]) if seed % 5 else rng.choice([16, 40])
        self.n_specials = rng.choice([1, 2, 3, 4]) if seed % 5 else rng.choice([1, 15])
        self.tied = seed % 7 == 2  # every reporter sends the same and owes the same
        if self.tied or self.clean:
            self.n_reporters = max(self.n_reporters, 5)

    def day(self) -> date:
        """A day around the programme."""
        return self.start + timedelta(days=self.rng.randrange(0, 420))

    # ------------------------------------------------------------------ registry
    def table(self, name: str, header: str, rows: list[list]) -> None:
        """One registry file."""
        folder = self.root / "registry" / self.pid
        folder.mkdir(parents=True, exist_ok=True)
        encoding = "utf-8-sig" if self.seed % 3 == 0 else "utf-8"
        with (folder / f"{name}.csv").open("w", encoding=encoding, newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(header.split(","))
            writer.writerows(rows)

    def registry(self) -> None:
        """All registry files."""
        rng = self.rng
        scoring = ""
        if rng.random() < 0.6:
            scoring = (
                f"[scoring]\nlate_per_day = {rng.choice([1, 3])}\nlate_floor = {rng.choice([50, 70])}\n"
                f"overdue_cap = {rng.choice([40, 55])}\nyellow_points = {rng.choice([-5, -20])}\n"
                f"blue_days = {rng.choice([5, 15, 31])}\ncoverage_min = {rng.choice([0, 0.5, 0.75, 0.9])}\n"
            )
        share = rng.choice([0.5, 0.7, 0.35, 1.0])
        folder = self.root / "registry" / self.pid
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "programme.toml").write_text(
            f'id = "{self.pid}"\ntitle = "测试方案{self.seed}"\nissuer = "测试市营商办"\nstart_date = {self.start}\n'
            f"end_date = {self.end}\nreport_day = {self.report_day}\nfreeze_days = {self.freeze_days}\n"
            f"[weights]\ntasks = {share}\nindicators = {round(1 - share, 2)}\n"
            f"[lists]\nred = {rng.choice([1, 2, 3, 0])}\nblack = {rng.choice([1, 2, 3])}\n{scoring}",
            encoding="utf-8",
        )
        ids = ["0407", "09", "A1b"] + [str(410700 + i) for i in range(40)]
        self.reporters = ids[: self.n_reporters] if rng.random() < 0.7 else ids[3 : 3 + self.n_reporters]
        groups = rng.choice([["", ""], ["一组", "二组"], ["一组", ""]])
        self.names = {r: f"第{i}县" for i, r in enumerate(self.reporters, 1)}
        self.table(
            "reporters",
            "reporter_id,name,kind,parent_id,group,aliases",
            [
                [
                    r,
                    self.names[r],
                    rng.choice(["county", "zone", "township"]),
                    "",
                    rng.choice(groups),
                    f"{self.names[r]}政府",
                ]
                for r in self.reporters
            ],
        )
        units = [[f"u{i}", f"市第{i}局", f"{i}局;市{i}局" if i % 2 else ""] for i in range(1, 7)]
        self.table("units", "unit_id,name,aliases", units)
        known = [n for u in units for n in [u[1], *u[2].split(";")] if n]
        self.specials = [f"s{i}" if i != 2 else "09" for i in range(1, self.n_specials + 1)]
        mode = rng.choice(["blank", "given", "mixed"])
        w = [round(1 / self.n_specials, 3)] * self.n_specials
        w[-1] = round(1 - sum(w[:-1]), 3)
        if mode == "given" and self.seed % 6 == 1:
            w[0] = round(w[0] + 0.1, 3)  # P01: computed all the same
        if mode == "blank":
            w = [""] * self.n_specials
        elif mode == "mixed" and self.n_specials > 1:
            w[0] = ""
        self.table(
            "specials",
            "special_id,name,weight,lead_unit",
            [[s, f"专项{s}", w[i], units[0][1]] for i, s in enumerate(self.specials)],
        )
        bare_tasks = self.specials[-1] if self.n_specials > 1 and rng.random() < 0.5 else None
        self.tasks, rows, resp = [], [], []
        n_tasks = rng.choice([3, 6, 12, 25])
        for i in range(1, n_tasks + 1):
            tid = rng.choice([f"t{i}", f"{i:02d}", f"{1000 + i}"])
            special = rng.choice([s for s in self.specials if s != bare_tasks])
            y, m = rng.choice(
                [(2023, rng.randint(1, 12)), (2022, rng.randint(9, 12)), (2024, rng.randint(1, 6))]
            )
            text = rng.choice(DUE_TEXTS if not self.clean else DUE_TEXTS[:14]).format(
                y=y, m=m, d=rng.randint(1, 28)
            )
            title = f"推进第{i}项改革" if i != n_tasks or i < 4 else "推进第1项改革"
            weight = {"blank": "", "given": rng.choice([1, 2, 0.5]), "mixed": rng.choice(["", 2, 1])}[mode]
            if rng.random() < 0.12:  # due soon after the end of a quarter: blue
                text = rng.choice(
                    ["2023年4月5日", "2023年7月10日", "2023年10月8日", "2024年1月10日", "2023年7月1日"]
                )
            begin = self.day() if rng.random() < 0.3 else ""
            if rng.random() < 0.05:
                begin = date(y, m, 15)
                text = f"{y}年{m}月15日"
            self.tasks.append((tid, str(100 + i), title))
            rows.append([tid, 100 + i, special, title, text, weight, begin, "方案"])
            for _ in range(rng.choice([0, 1, 1, 2, 3])):
                unit = rng.choice(known) if rng.random() < 0.9 else "不知名办公室"
                role = rng.choice(["lead", "lead", "cooperate", "implement", "by_duty", "joint", "sole"])
                resp.append([tid, unit, role])
        self.table("tasks", "task_id,seq,special_id,title,deadline_text,weight,start_date,source", rows)
        self.table("responsibilities", "task_id,unit_name,role", resp)
        self.indicators, rows, targets, appl = [], [], [], []
        for i in range(1, rng.choice([1, 3, 6, 10]) + 1):
            iid = rng.choice([f"i{i}", f"{i:02d}x", f"0{i}"])
            higher = rng.random() < 0.5
            base = rng.choice(["", 50, 20, 0]) if higher else rng.choice(["", 10, 30])
            fw = (
                rng.choice([("", ""), (100, 0), (90, 10)])
                if higher
                else rng.choice([("", ""), (1, 60), (2, 45.5)])
            )
            if rng.random() < 0.08:
                fw = rng.choice([(50, 50), (10, 90) if higher else (60, 1)])
            unit = rng.choice(["%", "个", "户"]) if higher else rng.choice(["天", "小时", "个"])
            limits = rng.choice([("", ""), (0, 100), (0, "")])
            parts = ("件数", "总数", 100) if unit == "%" and rng.random() < 0.6 else ("", "", "")
            method = rng.choice(["auto", "auto", "attainment", "dtf" if fw[0] != "" else "auto"])
            self.indicators.append((iid, f"指标{i}", higher, bool(parts[0])))
            weight = {"blank": "", "given": rng.choice([1, 2]), "mixed": rng.choice(["", 3])}[mode]
            rows.append(
                [iid, rng.choice(self.specials), f"指标{i}", unit, "higher" if higher else "lower"]  # noqa: RUF005
                + [
                    rng.choice([0, 1, 2, ""]),
                    base,
                    *fw,
                    method,
                    rng.choice(["", 1, 0.8]),
                    weight,
                    *limits,
                    *parts,
                ]
            )
            for due in rng.sample(["2022-12-31", "2023-06-30", "2023-12-31"], rng.choice([0, 1, 1, 2, 3])):
                targets.append(
                    [iid, due, rng.choice([60, 80, 50, 15]) if higher else rng.choice([5, 8, 10, 40])]
                )
            for reporter in self.reporters:
                if rng.random() < 0.12 and not self.tied:
                    state = rng.choice(["not_applicable", "no_practice"])
                    appl.append([iid, reporter, state, "批复" if rng.random() < 0.8 else ""])
        self.table(
            "indicators",
            "indicator_id,special_id,name,unit,polarity,decimals,baseline,frontier,worst,method,exponent,weight,"
            "valid_min,valid_max,numerator,denominator,multiplier",
            rows,
        )
        self.table("targets", "indicator_id,due_date,target", targets)
        if appl:
            self.table("applicability", "indicator_id,reporter_id,state,reason", appl)
        first = self.indicators[0][0]
        goals = [
            ["g1", "rank", self.specials[0], "", 2, "", "2023-12-31", ""],
            ["g2", "rank", "", first, 1, "", "2023-12-31", "reporter"],
            ["g3", "rank", "", "", 3, "", "2023-12-31", ""],
            ["g4", "improvement", "", first, "", 10, "2023-12-31", ""],
            ["g5", "improvement", self.specials[0], "", "", 5, "2023-12-31", "reporter"],
            ["g6", "rank", self.specials[0], "", 5, "", "2023-12-31", "issuer"],
            ["g7", "improvement", "", first, "", 12.5, "2023-12-31", "issuer"],
        ]
        self.table(
            "goals", "goal_id,kind,special_id,indicator_id,top_n,improvement_pct,due_date,scope", goals
        )
        self.table(
            "goal_results",
            "goal_id,period,actual,source",
            [["g6", "2023Q1", 4, "省评价"], ["g7", "2023Q2", 12.5, "省评价"]],
        )
        if rng.random() < 0.7 and not self.tied:
            lines = []
            for tid, _, _ in self.tasks:
                if rng.random() < 0.3:
                    lines += [[tid, r, ""] for r in self.reporters if rng.random() < 0.6]
            for iid, _, _, _ in self.indicators:
                if rng.random() < 0.3:
                    lines += [["", r, iid] for r in self.reporters if rng.random() < 0.6]
            if lines:
                self.table("assignments", "task_id,reporter_id,indicator_id", lines)

    # ------------------------------------------------------------------ submissions
    def when(self, period: str) -> tuple[str, datetime]:
        """A receipt time, often at an edge; (text as in receipts.csv, moment)."""
        rng = self.rng
        end = period_end(period)
        cutoff = midnight_after(end.replace(day=min(self.report_day, end.day)))
        freeze = midnight_after(end + timedelta(days=self.freeze_days))
        base = rng.choice(
            [cutoff] * 4
            + [
                cutoff + timedelta(seconds=1),
                cutoff - timedelta(seconds=1),
                cutoff - timedelta(days=3),
                freeze,
            ]
            + [
                cutoff - timedelta(days=9, hours=5),
                cutoff + timedelta(hours=30),
                freeze + timedelta(seconds=1),
            ]
            + [freeze + timedelta(days=40), cutoff - timedelta(days=1, hours=3)]
        )
        offset = rng.choice(OFFSETS)
        if not offset:
            return base.replace(tzinfo=None).isoformat(), base
        zone = datetime.fromisoformat("2023-01-01T00:00:00" + offset.replace("Z", "+00:00")).tzinfo
        text = base.astimezone(zone).isoformat()
        return (text.replace("+00:00", "Z") if offset == "Z" else text), base

    def cell_day(self, near: date) -> object:
        """A day as a clerk writes it, sometimes impossible."""
        rng = self.rng
        day = near + timedelta(days=rng.randrange(-60, 20))
        forms = [
            day.isoformat(),
            f"{day.year}年{day.month}月{day.day}日",
            f"{day.year}.{day.month}.{day.day}",
        ]
        forms += [f"{day.year}/{day.month}/{day.day}", Serial(day), day, "", f"{day.isoformat()}T08:30:00"]
        forms += [f"{day.year}年{day.month:02d}月{day.day:02d}日 ".translate(WIDE), str(Serial(day).number)]
        if not self.clean:
            forms += ["2023-06-31", "六月底"]
        return rng.choice(forms)

    def progress_rows(self, period: str, reporter: str) -> list[dict]:
        """Rows of one progress file, by field."""
        rng = self.rng
        end = period_end(period)
        rows = []
        for tid, seq, title in self.tasks:
            if rng.random() < (0.1 if self.clean else 0.3):
                continue
            row = {"task_id": tid, "title": title}
            dice = rng.random()
            if dice < 0.08:
                row["task_id"] = seq
            elif dice < 0.11:
                row["task_id"] = rng.choice([seq, int(seq)])
                row["title"] = rng.choice(self.tasks)[2]
            elif dice < 0.15:
                row["task_id"] = ""
            elif dice < 0.17 and not self.clean:
                row["task_id"], row["title"] = "zz9", "无此任务"
            elif dice < 0.19 and not self.clean:
                row["task_id"], row["title"] = "", "无此任务"
            elif dice < 0.21:
                row["task_id"] = f" {tid} "
            elif dice < 0.25 and tid.isdigit() and not tid.startswith("0"):
                row["task_id"] = int(tid)
            if self.clean:
                row["status"] = rng.choice(STATUS_WORDS[2:8])
                row["progress_pct"] = rng.choice([10, 25, 33.3, "50%", 75, 90, 100, ""])
            else:
                row["status"] = rng.choice(STATUS_WORDS)
                row["progress_pct"] = rng.choice([*PROGRESS, Pct(0.45), Pct(1)])
            row["completed_on"] = self.cell_day(end) if row["status"] in STATUS_WORDS[5:10] else ""
            row["summary"] = rng.choice(
                ["召开推进会", "印发方案，\n正在实施", " ", "", "=1+1", '含"引号",逗号']
            )
            row["evidence"] = rng.choice(["", f"{reporter}-{period}-{tid}.pdf"])
            row["reported_on"] = rng.choice(["", self.cell_day(end)])
            rows.append(row)
            if rng.random() < 0.04 and not self.clean:
                rows.append({**row, "progress_pct": 11})
        return rows

    def indicator_rows(self) -> list[dict]:
        """Rows of one indicators file, by field."""
        rng = self.rng
        rows = []
        for iid, name, higher, parts in self.indicators:
            if rng.random() < 0.15:
                continue
            value: object = (
                round(rng.uniform(20, 100), rng.choice([0, 1, 2])) if higher else rng.randrange(1, 60)
            )
            if not self.clean:
                value = rng.choice(
                    [value] * 8 + ["", f"{value}%", "0.5天", "８", f" {value} ", -3, 150, Pct(0.955), 0.35]
                )
            row = {
                "indicator_id": iid,
                "name": name,
                "value": value,
                "unit": "",
                "note": rng.choice(["", "口径一致"]),
            }
            row["numerator"], row["denominator"] = "", ""
            if parts and isinstance(value, (int, float)):
                whole = rng.choice([200, 400, 0])
                row["denominator"] = whole
                row["numerator"] = rng.choice([round(whole * value / 100, 6), 30, whole + 5])
            if rng.random() < 0.05 and not self.clean:
                row["indicator_id"] = "nope"
            rows.append(row)
            if rng.random() < 0.04 and not self.clean:
                rows.append({**row, "value": 22})
        return rows

    def star_rows(self) -> list[dict]:
        """Every indicator at its best."""
        return [
            {"indicator_id": iid, "name": name, "value": 100 if higher else 1, "note": "好"}
            for iid, name, higher, _ in self.indicators
        ]

    def issue_rows(self, period: str) -> list[dict]:
        """Rows of one rectification file."""
        rng = self.rng
        end = period_end(period)
        return [
            {
                "issue_id": f"wt{i}",
                "issue": f"问题{i}",
                "origin": "省督查",
                "units": "市第1局",
                "measures": rng.choice(["立行立改", ""]),
                "due": self.cell_day(end),
                "status": rng.choice(["推进中", "销号", "已完成", "", "待定", "取消"]),
                "closed_on": rng.choice(["", self.cell_day(end)]),
            }
            for i in range(1, 5)
            if rng.random() < 0.8
        ]

    def group_rows(self) -> list[dict]:
        """Rows of one satisfaction file."""
        rng = self.rng
        rows = []
        for group in ("企业", "群众", "个体工商户"):
            sample = rng.choice([100, 200])
            good = rng.randrange(sample // 2, sample)
            exact = 100 * good / sample
            rate = rng.choice(
                [exact, f"{exact}%", Pct(exact / 100), round(exact / 100, 4), exact - 9, "很高", 101, ""]
            )
            rows.append({"group": group, "sample": sample, "satisfied": good, "rate": rate})
        return rows

    def write(
        self, period: str, reporter: str, kind: str, stem: str, rows: list[dict], at: str | None
    ) -> str:
        """One submission in a random format; returns its path in the tree."""
        rng = self.rng
        suffix = rng.choice(["csv", "csv", "xlsx", "xlsx", "xls", "json", "ndjson", "parquet"])
        ending = suffix.upper() if rng.random() < 0.05 else suffix
        rel = f"submissions/{self.pid}/{period}/{reporter}/{stem}.{ending}"
        path = self.root / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        fields = [f for f in HEADERS[kind] if any(f in r for r in rows)] or list(HEADERS[kind])[:4]
        if kind == "progress" and rng.random() < 0.3:
            fields = [f for f in fields if f != "evidence"]
        columns = [(f, rng.choice(HEADERS[kind][f])) for f in fields]
        flat = suffix in ("csv", "xlsx", "xls")
        if (
            kind == "progress" and rng.random() < 0.25
        ):  # both synonyms present: the first of the list gives the field
            columns = [(f, HEADERS[kind][f][0] if f == "status" else h) for f, h in columns]
            columns.append(("_decoy", "办理状态"))
        if kind == "progress" and flat and rng.random() < 0.2:
            columns.append(("reported_by", "填报单位"))
        if kind == "progress" and rng.random() < 0.1:  # 任务编号 gives the key even where it is blank
            columns = [(f, "任务编号" if f == "task_id" else h) for f, h in columns] + [("_seq", "序号")]
        elif not flat and rng.random() < 0.3:
            columns = [(f, h if f.startswith("_") else f) for f, h in columns]
        if flat:
            columns = [(f, self.blur(h)) for f, h in columns]
            rng.shuffle(columns)
        decoy = {
            "_decoy": "取消",
            "_seq": rng.choice([self.tasks[0][1], "1"]),
            "reported_by": rng.choice([self.names[reporter], rng.choice(list(self.names.values()))]),
        }
        body = [[{**decoy, **r}.get(f, "") for f, _ in columns] for r in rows]
        head = [h for _, h in columns]
        if flat:
            self.flat(path, head, body, reporter, [f for f, _ in columns])
        else:
            records = [dict(zip(head, [plain(v, True) for v in line], strict=True)) for line in body]
            if suffix == "json":
                path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
            elif suffix == "ndjson":
                lines = [json.dumps(r, ensure_ascii=False) for r in records]
                path.write_text("\n".join([*lines[:1], "", *lines[1:]]) + "\n", encoding="utf-8")
            else:
                import pyarrow as pa
                import pyarrow.parquet as pq

                pq.write_table(
                    pa.table({h: column([line[c] for line in body]) for c, h in enumerate(head)}), path
                )
        if at is not None:
            self.receipts.append((rel, at))
            if rng.random() < 0.03:  # a second line for one path: the earliest counts
                self.receipts.append((rel, "2024-06-30T00:00:00+08:00"))
        return rel

    def blur(self, header: str) -> str:
        """Stray blanks and full-width brackets in a header."""
        dice = self.rng.random()
        if dice < 0.15:
            header = header[:2] + "　" + header[2:]
        elif dice < 0.3:
            header = f" {header}\n" if dice < 0.2 else header + "  "
        return header.replace("(", "（").replace(")", "）")

    def flat(self, path: Path, head: list, body: list[list], reporter: str, fields: list[str]) -> None:
        """A table with title, 填报单位 line, totals and notes around it."""
        rng = self.rng
        width = len(head)

        def line(*cells: object) -> list:
            return list(cells) + [""] * max(0, width - len(cells))

        top: list[list] = []
        if rng.random() < 0.5:
            top.append(line("测试市重点任务进展台账"))
        if rng.random() < 0.5:
            who = self.names[reporter] if rng.random() < 0.8 else rng.choice(list(self.names.values()))
            top.append(
                rng.choice(
                    [
                        line(f"填报单位：{who}"),
                        line("填报单位：", who),
                        line(f"填报单位: {who}政府"),
                        line(f"填报单位：{who}", "", "填报日期：2023年6月20日"),
                    ]
                )
            )
            if rng.random() < 0.4:
                top.append(line())
        rows = list(body)
        if rng.random() < 0.3 and len(rows) > 2:
            rows.insert(1, line())
        if rng.random() < 0.15 and len(rows) > 2:
            rows.insert(2, list(head))
        tail: list[list] = []
        if rng.random() < 0.4:
            tail.append(line(rng.choice(["合计", "合  计"])))
        if rng.random() < 0.4:
            tail += [line("注：如实填写"), line("填表说明，不是数据"), line("t1", "某任务")]
        sheets = [("台账", [*top, head, *rows, *tail], len(top) + 1)]
        if path.suffix.lower() != ".csv" and rng.random() < 0.25 and len(rows) > 3:
            half = len(rows) // 2
            sheets = [
                ("第一页", [*top, head, *rows[:half]], len(top) + 1),
                ("说明", [line("本表由营商办制发")], 0),
                ("第二页", [head, *rows[half:], *tail], 1),
            ]
        if path.suffix.lower() == ".csv":
            buffer = io.StringIO(newline="")
            csv.writer(buffer, lineterminator=rng.choice(["\n", "\r\n"])).writerows(
                [[plain(v, False) for v in r] for r in sheets[0][1]]
            )
            path.write_bytes(
                buffer.getvalue().encode(rng.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
            )
        elif path.suffix.lower() == ".xlsx":
            self.xlsx(path, sheets, fields)
        else:
            import xlwt

            book = xlwt.Workbook()
            percent, dated = xlwt.easyxf(num_format_str="0.0%"), xlwt.easyxf(num_format_str="yyyy-mm-dd")
            for name, grid, _ in sheets:
                sheet = book.add_sheet(name)
                for r, cells in enumerate(grid):
                    for c, v in enumerate(cells):
                        if isinstance(v, Pct):
                            sheet.write(r, c, v.stored, percent)
                        elif isinstance(v, Serial):
                            sheet.write(r, c, v.number)
                        elif isinstance(v, date):
                            sheet.write(r, c, v, dated)
                        elif v != "":
                            sheet.write(r, c, v)
            book.save(str(path))

    def xlsx(self, path: Path, sheets: list, fields: list[str]) -> None:
        """A workbook with number formats, dates, merged title or key cells, hidden rows."""
        import openpyxl

        rng = self.rng
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, grid, head_at in sheets:
            ws = book.create_sheet(name)
            for r, cells in enumerate(grid, 1):
                for c, v in enumerate(cells, 1):
                    if v == "":
                        continue
                    cell = ws.cell(r, c)
                    if isinstance(v, Pct):
                        cell.value, cell.number_format = v.stored, "0.0%"
                    elif isinstance(v, Serial):
                        cell.value = v.number
                    elif isinstance(v, date):
                        cell.value, cell.number_format = v, "yyyy-mm-dd"
                    else:
                        cell.value = v
                        if isinstance(v, str) and v.startswith("="):
                            cell.data_type = "s"
            if head_at > 1 and grid[0][1:] == [""] * (len(grid[0]) - 1):
                ws.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(grid[0]))
            keys = [i for i, f in enumerate(fields, 1) if f in ("task_id",)]
            if (
                keys
                and head_at
                and rng.random() < self.merged_share
                and len(grid) > head_at + 3
                and not self.clean
            ):
                at = head_at + 1
                if all(grid[at + k - 1][keys[0] - 1] not in ("", "合计") for k in (0, 1)):
                    ws.merge_cells(start_row=at, end_row=at + 1, start_column=keys[0], end_column=keys[0])
            if rng.random() < 0.1 and not self.clean and head_at and len(grid) > head_at + 1:
                ws.row_dimensions[head_at + 1].hidden = True
        book.save(path)

    def submissions(self) -> None:
        """Files of every reporter and period."""
        rng = self.rng
        period, last = period_of(self.start), min(period_of(self.end), "2024Q1")
        shared: dict[tuple, tuple] = {}
        while period <= last:
            for reporter in self.reporters:
                if rng.random() < 0.1:
                    continue
                for kind in ("progress", "indicators", "rectification", "satisfaction"):
                    if kind in ("rectification", "satisfaction") and rng.random() < 0.7:
                        continue
                    for version in range(
                        rng.choice([1, 1, 1, 2, 2, 3, 6]) if kind in ("progress", "indicators") else 1
                    ):
                        if kind == "progress":
                            rows = self.progress_rows(period, reporter)
                        elif kind == "indicators":
                            rows = self.indicator_rows()
                        else:
                            rows = self.issue_rows(period) if kind == "rectification" else self.group_rows()
                        text, _ = self.when(period)
                        if self.clean and reporter == self.reporters[-1]:
                            # attains every target and does no task: exempt from the black list
                            if kind == "progress":
                                continue
                            if kind == "indicators":
                                rows = self.star_rows()
                        if not rows:
                            continue
                        if self.tied or (
                            self.clean and reporter in self.reporters[:2]
                        ):  # twins: ties at the edges
                            rows, text = shared.setdefault((period, kind, version), (rows, text))
                        stem = (
                            kind if not version else f"{kind}{rng.choice(['_v', '_补报', '(', ' '])}{version}"
                        )
                        self.write(period, reporter, kind, stem, rows, text)
            period = next_period(period)
        if not self.clean:
            self.wrong_files()

    def wrong_files(self) -> None:
        """Files that cannot be read, lie in a wrong place, have no receipt, or no file behind the receipt."""
        rng = self.rng
        period = next_period(period_of(self.start))
        base = self.root / "submissions" / self.pid / period
        reporter = self.reporters[0]
        folder = base / reporter
        folder.mkdir(parents=True, exist_ok=True)
        odd = {
            "progress_broken.xlsx": b"this is no workbook",
            "progress_pic.png": b"\x89PNG\r\n\x1a\n0000",
            "progress_old.et": b"\xd0\xcf\x11\xe0 et",
            "progress_nohead.csv": "甲,乙\n一,二\n".encode(),
            "progress_bad.json": b"[{",
            "progress_wide.csv": (
                ",".join(["任务编号", "状态", *[f"列{i}" for i in range(200)]]) + "\n"
            ).encode(),
            "notes.csv": "任务编号,状态\n1,完成\n".encode(),
            "~$progress.xlsx": b"lock",
            ".progress.csv": b"hidden",
        }
        for name, data in odd.items():
            (folder / name).write_bytes(data)
            if not name.startswith((".", "~")) and rng.random() < 0.8:
                rel = (folder / name).relative_to(self.root).as_posix()
                self.receipts.append((rel, midnight_after(period_end(period)).isoformat()))
        stranger = base / "nobody"
        stranger.mkdir(parents=True, exist_ok=True)
        (stranger / "progress.csv").write_text("任务编号,状态\n1,完成\n", encoding="utf-8")
        self.receipts.append(
            (f"submissions/{self.pid}/{period}/{reporter}/progress_lost.csv", "2023-03-01T08:00:00+08:00")
        )
        for path in sorted(base.rglob("*")):
            if path.is_file():
                stamp = (
                    (midnight_after(period_end(period)) + timedelta(hours=7)).astimezone(SHANGHAI).timestamp()
                )
                os.utime(path, (stamp, stamp))


def column(values: list) -> object:
    """A parquet column: typed where all its values are of one type, text otherwise."""
    import pyarrow as pa

    kept = [v for v in values if v != ""]
    if kept and all(isinstance(v, (int, float)) for v in kept):
        return pa.array([None if v == "" else float(v) for v in values], pa.float64())
    if kept and all(type(v) is date for v in kept):
        return pa.array([None if v == "" else v for v in values], pa.date32())
    return pa.array([None if v == "" else str(plain(v, True)) for v in values], pa.string())


def plain(value: object, typed: bool) -> object:
    """A cell for csv (text) or json (numbers stay numbers when `typed`)."""
    if isinstance(value, Pct):
        return f"{round(value.stored * 100, 6)}%"
    if isinstance(value, Serial):
        number = value.number
        return number if typed else str(number)
    if isinstance(value, date):
        return value.isoformat()
    return value if typed else str(value)


def build_tree(directory: Path, seeds: Sequence[int], merged: Sequence[int] = ()) -> dict:
    """Writes one raw tree with a programme per seed; {"root": Path, "programmes": [ids]}.

    `merged`: those of the seeds whose workbooks often have key cells merged over two rows.
    """
    directory.mkdir(parents=True, exist_ok=True)
    receipts: list[tuple[str, str]] = []
    names = []
    for seed in seeds:
        maker = Maker(directory, seed, 0.5 if seed in merged else 0.0)
        maker.registry()
        maker.submissions()
        receipts += maker.receipts
        names.append(maker.pid)
    random.Random(0).shuffle(receipts)
    with (directory / "receipts.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["path", "received_at", "sender"])
        writer.writerows([path, at, "县营商办"] for path, at in receipts)
    return {"root": directory, "programmes": names}
