"""Programmes ``book`` (a registry and its mistakes, H07–H09 among them) and ``lists`` (ranks and scores that need a second look).

Belongs here: the clean state of both and what goes wrong in them. Does not belong here: mistakes in submissions of the
large programme (``defects_planted``). ``spoil`` is what the office signs with its mistakes in it, ``amend`` what it changes
afterwards without a word: the first must have been landed once before the second is run.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.factories.defects_clean import ENDS, INDICATOR_FIELDS, PROGRESS_FIELDS, UNITS, Book
from tests.factories.defects_files import ANY, Planned, Row
from tests.factories.defects_planted import Planter

BOOK_PERIODS = ("2022Q1", "2022Q2")
DEPARTMENTS = [("b1", "市发改委"), ("b2", "市商务局"), ("b3", "市科技局")]
DUE = date(2022, 10, 31)
REMOVED = ("k19", "k20")
# all due after the programme's second quarter, or without a day
BOOK_TASKS = {f"k{n:02d}": "2022年10月31日" for n in range(1, 21)} | {"k17": "持续推进", "k18": "每季度一次"}
# indicator, polarity, baseline, frontier, worst, target, value of the first reporter in the first quarter
BOOK_INDICATORS = {
    "x01": ("lower", 10, None, None, 5, 9.0), "x02": ("lower", 10, None, None, 5, 9.0), "x03": ("higher", 50, None, None, 80, 60.0),
    "x04": ("higher", 50, None, None, 80, 60.0), "x05": ("higher", 50, None, None, 80, 60.0), "x06": ("lower", 10, None, None, 5, 9.0),
    "x07": ("higher", 50, 95, 10, 90, 60.0), "x08": ("lower", 10, 2, 40, 5, 9.0), "x09": ("higher", None, 90, 10, None, 60.0),
    "x10": ("higher", None, 90, 10, None, 60.0), "x11": ("higher", 50, None, None, 80, 60.0), "x12": ("higher", 50, None, None, 80, 60.0),
}  # fmt: skip


def book(programme: str) -> Book:
    """Three departments, twenty tasks, twelve indicators, two quarters; everything in order."""
    made = Book(programme, date(2022, 1, 1), date(2022, 6, 30))
    made.settings = "[weights]\ntasks = 0.5\nindicators = 0.5\n[lists]\nred = 1\nblack = 1\n"
    made.tables["reporters"] = [
        {"reporter_id": code, "name": name, "kind": "department"} for code, name in DEPARTMENTS
    ]
    made.tables["units"] = [
        {"unit_id": f"u{n}", "name": name, "aliases": name.replace("市", "", 1)}
        for n, name in enumerate(UNITS, 1)
    ]
    made.tables["specials"] = [
        {"special_id": "yi", "name": "第一专项", "weight": 0.5, "lead_unit": UNITS[0]},
        {"special_id": "er", "name": "第二专项", "weight": 0.5, "lead_unit": UNITS[1]},
    ]
    made.tables["tasks"] = [
        {
            "task_id": task,
            "seq": n,
            "special_id": "yi" if n % 2 else "er",
            "title": f"第{n}项改革",
            "deadline_text": text,
            "weight": 1,
        }
        for n, (task, text) in enumerate(BOOK_TASKS.items(), 1)
    ]
    made.tables["responsibilities"] = [
        line
        for n, task in enumerate(BOOK_TASKS)
        for line in (
            {"task_id": task, "unit_name": UNITS[n % 4], "role": "lead"},
            {"task_id": task, "unit_name": UNITS[(n + 1) % 4], "role": "cooperate"},
        )
    ]
    made.tables["indicators"] = [
        {
            "indicator_id": code, "special_id": "yi" if n % 2 else "er", "name": f"第{n}项指标", "unit": "分", "polarity": polarity,
            "decimals": 1, "baseline": baseline, "frontier": frontier, "worst": worst, "method": "auto", "weight": 1,
        }
        for n, (code, (polarity, baseline, frontier, worst, _, _)) in enumerate(BOOK_INDICATORS.items(), 1)
    ]  # fmt: skip
    made.tables["targets"] = [
        {"indicator_id": code, "due_date": "2022-12-31", "target": line[4]}
        for code, line in BOOK_INDICATORS.items()
        if line[4]
    ]
    made.tables["goals"], made.tables["assignments"], made.tables["applicability"] = [], [], []
    for who, (reporter, _) in enumerate(DEPARTMENTS):
        for quarter, period in enumerate(BOOK_PERIODS):
            due = (ENDS[period] - made.start).days / (DUE - made.start).days
            rows = []
            for task, text in BOOK_TASKS.items():
                cells: dict[str, Any] = {"task_id": task, "status": "推进中", "summary": "按计划推进"}
                cells["progress_pct"] = int(100 * due) + 4 if text.endswith("日") else None
                rows.append(Row(cells, task))
            header = [(name, name) for name in PROGRESS_FIELDS]
            made.add(reporter, period, "progress", ".csv", header, rows)
            values = []
            for code, (polarity, *_, first) in BOOK_INDICATORS.items():
                better = 1 if polarity == "higher" else -0.2
                number = round(first + better * (quarter * (2 + 0.2 * who) - who), 1)
                values.append(Row({"indicator_id": code, "value": number}, code))
            made.add(
                reporter, period, "indicators", ".csv", [(name, name) for name in INDICATOR_FIELDS], values
            )
    return made


class Registry:
    """Expectations about lines of a registry: no reporter, no period."""

    def __init__(self, planter: Planter):
        self.planter, self.book = planter, planter.book

    def expect(
        self, rule: str, note: str, file: str, line: int | dict | None, column: str | None, raw: str | None,
        entity: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        """A finding at ``registry/<programme>/<file>``; ``line`` is a row of the table, whatever its number becomes."""
        entity_type, entity_id = entity or ("programme", self.book.programme)
        place = {
            "programme_id": self.book.programme,
            "period": None,
            "reporter_id": None,
            "path": f"registry/{self.book.programme}/{file}",
        }
        place |= {"column_name": column, "raw_value": raw, "entity_type": entity_type, "entity_id": entity_id}
        if isinstance(line, dict):
            table = file.removesuffix(".csv")
            place |= {"line_of": (lambda: self.book.tables[table], line)}
        else:
            place |= {"row_number": line}
        self.planter.planned.append(Planned(rule, note, None, None, place))

    def line(self, table: str, **found: str) -> dict:
        """The first line with these cells."""
        return next(row for row in self.book.tables[table] if all(row.get(k) == v for k, v in found.items()))

    def append(self, table: str, row: dict) -> dict:
        """A further line at the end."""
        self.book.tables[table].append(row)
        return row

    def task(
        self, rule: str, note: str, task: str, column: str | None, raw: str | None = None, **cells: str
    ) -> None:
        """Change a task and expect a finding on its line."""
        row = self.line("tasks", task_id=task)
        row.update(cells)
        self.expect(rule, note, "tasks.csv", row, column, raw, ("task", task))


def spoil(planter: Planter) -> None:
    """The registry as signed, with its mistakes."""
    r = Registry(planter)
    for part in (_tasks, _units, _values, _weights, _lines, _reasons):
        part(r)


def _tasks(r: Registry) -> None:
    for task, text in (("k01", "2022 年 8 日30日"), ("k02", "2022年9月31日"), ("k03", "2022年13月")):
        r.task("F04", f"时限“{text}”", task, "deadline_text", text, deadline_text=text)
    for task, text in (("k04", "适时"), ("k05", "条件成熟时"), ("k06", "2022年底前见成效")):
        r.task("T12", f"时限“{text}”", task, "deadline_text", text, deadline_text=text)
    for task, text in (("k07", ""), ("k08", "—")):
        r.task("T02", f"时限“{text}”", task, "deadline_text", None, deadline_text=text)
    r.task("T01", "开始晚于时限", "k09", "start_date", "2022-12-01", start_date="2022-12-01")
    r.task(
        "T01",
        "开始晚于第一个节点",
        "k10",
        "start_date",
        "2022-09-01",
        start_date="2022-09-01",
        deadline_text="2022年8月，2022年12月",
    )


def _units(r: Registry) -> None:
    lines = r.book.tables["responsibilities"]
    # k11 loses its lead, k12 gets its lead again as a cooperating unit under an alias, k13 under its own name
    lead = r.line("responsibilities", task_id="k11", role="lead")
    lead["role"] = "implement"
    r.task("T02", "没有牵头单位", "k11", None)
    for task, short in (("k12", True), ("k13", False)):
        name = r.line("responsibilities", task_id=task, role="lead")["unit_name"]
        lines.append(
            {"task_id": task, "unit_name": name.replace("市", "", 1) if short else name, "role": "cooperate"}
        )
        r.task("T03", "牵头单位又是配合单位", task, None, name)
    for task, role in (("k14", "lead"), ("k15", "sole")):
        first = r.line("responsibilities", task_id=task, role="lead")
        first["role"] = role
        second = UNITS[(UNITS.index(first["unit_name"]) + 2) % 4]
        lines.append({"task_id": task, "unit_name": second, "role": role})
        r.task("T04", "两个牵头单位", task, None, f"{first['unit_name']}、{second}")
    for name, role in (("市市监局", "implement"), ("市税务总局", "cooperate")):
        row = r.append("responsibilities", {"task_id": "k16", "unit_name": name, "role": role})
        r.expect("U01", "单位名称不规范", "responsibilities.csv", row, "unit_name", name, ("unit", name))
    r.book.tables["specials"][1]["lead_unit"] = "市行政审批服务局"
    r.expect(
        "U01",
        "专项的牵头单位不规范",
        "specials.csv",
        3,
        "lead_unit",
        "市行政审批服务局",
        ("unit", "市行政审批服务局"),
    )


def _values(r: Registry) -> None:
    for rule, code, target in (("P05", "x05", 40), ("P05", "x06", 15), ("P06", "x07", 97), ("P06", "x08", 1)):
        row = r.line("targets", indicator_id=code)
        row["target"] = target
        note = "目标宽于基期" if rule == "P05" else "前沿劣于目标"
        r.expect(rule, note, "targets.csv", row, "target", str(target), ("indicator", code))
    for code, frontier, worst, note in (
        ("x09", 50, 50, "前沿等于最差值"),
        ("x10", 10, 90, "越高越好而前沿低于最差值"),
    ):
        row = r.line("indicators", indicator_id=code)
        row.update(frontier=frontier, worst=worst)
        r.expect("P07", note, "indicators.csv", row, "frontier", str(frontier), ("indicator", code))


def _weights(r: Registry) -> None:
    r.book.settings = r.book.settings.replace("tasks = 0.5", "tasks = 0.6") + "[scoring]\nlate_floor = 120\n"
    r.expect("P01", "任务与指标权重之和1.1", "programme.toml", None, "weight", "1.1")
    r.book.tables["specials"][1]["weight"] = 0.4
    r.expect("P01", "专项权重之和0.9", "specials.csv", None, "weight", "0.9")
    r.expect("V01", "参数超出范围", "programme.toml", None, "late_floor", "120")
    for task, text, rule in (("k17", "-1", "V01"), ("k18", "重要", "F03")):
        row = r.line("tasks", task_id=task)
        row["weight"] = text
        r.expect(rule, f"权重写作“{text}”", "tasks.csv", row, "weight", text)


def _lines(r: Registry) -> None:
    row = r.append(
        "tasks",
        {"task_id": "k30", "special_id": "san", "title": "第三十项改革", "deadline_text": "2022年10月"},
    )
    r.expect("F05", "专项不在目录", "tasks.csv", row, "special_id", "san", ("task", "k30"))
    row = r.append(
        "tasks", {"task_id": "", "special_id": "yi", "title": "没有编号", "deadline_text": "2022年10月"}
    )
    r.expect("F05", "任务没有编号", "tasks.csv", row, "task_id", None, ("task", r.book.programme))
    row = r.append("responsibilities", {"task_id": "k99", "unit_name": UNITS[0], "role": "lead"})
    r.expect("F05", "责任分工的任务不在目录", "responsibilities.csv", row, "task_id", "k99", ("task", "k99"))
    row = r.append("responsibilities", {"task_id": "k16", "unit_name": UNITS[0], "role": "主办"})
    r.expect("F05", "分工角色不在取值之中", "responsibilities.csv", row, "role", "主办")
    row = r.append("assignments", {"task_id": "k16", "reporter_id": "b9"})
    r.expect("F05", "分配给不存在的填报主体", "assignments.csv", row, "reporter_id", "b9")
    row = r.append("indicators", r.book.tables["indicators"][0] | {"name": "又一项"})
    r.expect("K01", "指标编号重复", "indicators.csv", row, "indicator_id", "x01", ("indicator", "x01"))
    row = r.append("targets", {"indicator_id": "x11", "due_date": "2022-02-30", "target": 60})
    r.expect("F04", "目标日期不存在", "targets.csv", row, "due_date", "2022-02-30")
    row = r.line("indicators", indicator_id="x12")
    row["baseline"] = "五十"
    r.expect("F03", "基期值写成文字", "indicators.csv", row, "baseline", "五十")
    r.book.raw_tables["goals.csv"] = "goal_id,kind,scope\ng1,rank,reporter（全市）\n".encode("gb18030")
    r.expect("F01", "不是 UTF-8", "goals.csv", None, None, None)
    r.book.raw_tables["goal_results.csv"] = b"goal_id,actual\ng1,3\n"
    r.expect("F02", "缺少列", "goal_results.csv", 1, None, None)
    units = "unit_id,name,aliases\n" + "".join(
        f"{u['unit_id']},{u['name']},{u['aliases']}\n" for u in r.book.tables["units"]
    )
    r.book.raw_tables["units.csv"] = f"{units}u9,市林业局,林业局,市林局\n".encode()
    r.expect("F02", "多出一格", "units.csv", len(r.book.tables["units"]) + 2, None, None)


def _reasons(r: Registry) -> None:
    for (reporter, _), code, reason in zip(
        DEPARTMENTS * 2, ("x11",) * 3 + ("x12",) * 3, ("", "—", "不适用", "无", "/", "--"), strict=True
    ):
        row = r.append(
            "applicability",
            {"indicator_id": code, "reporter_id": reporter, "state": "not_applicable", "reason": reason},
        )
        r.expect(
            "K04",
            f"理由写作“{reason}”",
            "applicability.csv",
            row,
            "reason",
            reason or None,
            ("indicator", code),
        )
    for file in r.book.files:
        if file.kind == "indicators":
            file.drop("x11")
            file.drop("x12")


def amend(planter: Planter) -> None:
    """What was changed after the signed registry had been landed."""
    r = Registry(planter)
    row = r.line("indicators", indicator_id="x01")
    row["baseline"] = 12
    r.expect("H07", "基期值改了", "indicators.csv", row, "baseline", "12", ("indicator", "x01"))
    row = r.line("targets", indicator_id="x02")
    row["target"] = "6.5"
    r.expect("H07", "目标值改了", "targets.csv", row, "target", "6.5", ("indicator", "x02"))
    row = r.line("targets", indicator_id="x03")
    row["due_date"] = "2023-06-30"
    r.expect("H07", "目标推迟了半年", "targets.csv", None, "target", None, ("indicator", "x03"))
    # its twin: an approval is named
    row = r.line("tasks", task_id="k14")
    row.update(deadline_text="2022年11月30日", source="市政府第7号会议纪要")
    r.task("H08", "时限推迟一个月", "k15", "deadline_text", "2022年11月30日", deadline_text="2022年11月30日")
    r.task("H08", "时限改为持续推进", "k16", "deadline_text", "持续推进", deadline_text="持续推进")
    for task in REMOVED:
        tables = r.book.tables
        tables["tasks"] = [row for row in tables["tasks"] if row["task_id"] != task]
        tables["responsibilities"] = [row for row in tables["responsibilities"] if row["task_id"] != task]
        r.expect("H09", "未完成的任务删了", "tasks.csv", None, "task_id", task, ("task", task))


# --- ranks ------------------------------------------------------------------------------------------

# four quarters in which nothing happens come first: Q04 asks for six earlier ones
LIST_PERIODS = ("2020Q4", "2021Q1", "2021Q2", "2021Q3", "2021Q4", "2022Q1", "2022Q2")
LIST_INDICATORS = ("i0", "i1", "i2", "i3")
# per quarter and reporter the values of the four indicators
CLOSE = {
    "1": (90, 10, 50, 49),
    "2": (10, 90, 49.9, 50),
    "3": (50, 49.9, 90, 10),
    "4": (49.9, 50, 10, 90),
    "5": (99,) * 4,
    "6": (98,) * 4,
}
BAD_VALUES = {
    **{period: CLOSE | {"1": (30, 10, 45, 45)} for period in LIST_PERIODS[:4]},
    "2021Q4": CLOSE,
    "2022Q1": CLOSE | {"1": (1,) * 4, "6": (45,) * 4},
    "2022Q2": CLOSE | {"1": (1,) * 4, "2": (20,) * 4, "5": (98,) * 4, "6": (45,) * 4},
}


def lists(programme: str, prefix: str, values: dict[str, dict[str, tuple]]) -> Book:
    """Six counties and four indicators, no tasks."""
    made = Book(programme, date(2020, 10, 1), date(2022, 6, 30))
    made.settings = "[lists]\nred = 1\nblack = 1\n"
    made.tables["reporters"] = [
        {"reporter_id": f"{prefix}{n}", "name": f"第{n}县", "kind": "county"} for n in range(1, 7)
    ]
    made.tables["units"] = [{"unit_id": "u1", "name": UNITS[0]}]
    made.tables["specials"] = [{"special_id": "yi", "name": "第一专项", "lead_unit": UNITS[0]}]
    made.tables["indicators"] = [
        {
            "indicator_id": code, "special_id": "yi", "name": f"得分{code}", "unit": "分", "polarity": "higher", "decimals": 1,
            "frontier": 100, "worst": 0, "method": "auto",
        }
        for code in LIST_INDICATORS
    ]  # fmt: skip
    header = [("indicator_id", "指标编号"), ("value", "指标值"), ("note", "说明")]
    for period in LIST_PERIODS:
        for n, numbers in values[period].items():
            rows = [
                Row({"indicator_id": c, "value": v, "note": f"{period}已核对"}, c)
                for c, v in zip(LIST_INDICATORS, numbers, strict=True)
            ]
            made.add(f"{prefix}{n}", period, "indicators", ".csv", header, rows)
    return made


def clean_lists(programme: str) -> Book:
    """Six counties far enough apart that nobody changes places."""
    values = {
        period: {
            str(n): tuple(
                round(96 - 12 * n + k + q * (1 - 0.1 * n) * (96 - 12 * n) / 60, 1) for k in range(4)
            )
            for n in range(1, 7)
        }
        for q, period in enumerate(LIST_PERIODS)
    }
    return lists(programme, "s", values)


def spoil_lists(planter: Planter) -> None:
    """R01, R02, R03; ranks by hand.

    2021Q4: means 49.75 (r1), 49.975 (r2–r4), 99, 98: r1 is last by a hair. 2022Q1: r6 falls from 2nd to 5th of 6, r5 lacks
    one of four values: (3 · 99 + 0) / 4 = 74.25, first all the same. 2022Q2: r5 98 on every indicator, each worse than 99;
    r2 falls from the shared 2nd place to the 5th.
    """
    p = planter
    file = p.book.get("r5", "2022Q1", "indicators")
    late = p.book.more(file, "indicators_补", [file.drop("i3")])
    late.received_at = "2022-05-05T09:00:00+08:00"
    p.state("R02", "各项都差了，得分反而升", "r5", 6, raw_value="98")
    p.missing("r5", 5, "i3")
    p.state("D04", "缺一项", "r5", 5, raw_value="75", origin="consequence")
    p.state("R03", "黑榜由千分之几的差距决定", "r1", 4, raw_value=ANY)
    p.state("R01", "二至五名", "r6", 5, raw_value="-3")
    p.state("R01", "并列第二至第五名", "r2", 6, raw_value="-3")
    # at least six earlier quarters, and far from all of them
    for reporter in ("r1", "r2", "r6"):
        file = p.book.get(reporter, "2022Q2", "indicators")
        for code in LIST_INDICATORS:
            p.expect("Q04", "与本单位往期相差过大", file, file.find(code), "value")


CONFIRMATIONS = (
    # rule, reporter, entity, period, note, by, what is wrong with the line (None: it confirms)
    ("V02", "c04", "kb_days", "2021Q3", "系统停机半月，属实", "张三", None),
    ("f12", "c06", "t14", "2021q2", "进度确为百分数", "李四", None),
    ("K02", "r5", "i3", "2022Q1", "属实", "王五", "错误不能以确认代替改正"),
    ("R01", "r6", "r6", "2022Q1", "", "王五", "没有说明"),
    ("ZZ9", "r6", "i0", "2022Q1", "属实", "王五", "没有这条规则"),
    ("H03", "z99", "i0", "2022Q1", "属实", "王五", "没有这个填报主体"),
    ("H03", "r6", "i0", "2031Q1", "属实", "王五", "不在任何方案的期次之内"),
)


def confirm(planter: Planter) -> str:
    """Text of confirmations.csv; its useless lines are expected as Q02 (``planter``: of the lists programme)."""
    text = "rule_id,reporter_id,entity_id,period,note,by\n"
    for number, (*cells, wrong) in enumerate(CONFIRMATIONS, 2):
        text += ",".join(cells) + "\n"
        if wrong:
            known = cells[1] != "z99" and cells[3] != "2031Q1"
            place = {
                "programme_id": planter.book.programme if known else None, "period": cells[3] if known else None,
                "reporter_id": cells[1] if known else None, "entity_type": "file", "entity_id": "confirmations.csv",
                "path": "confirmations.csv", "row_number": number, "column_name": "rule_id", "raw_value": cells[0],
            }  # fmt: skip
            planter.planned.append(Planned("Q02", wrong, None, None, place))
    return text
