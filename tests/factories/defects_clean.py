"""The programmes of the defects tree before anything is wrong with them.

Belongs here: registries and submissions whose reporters finish everything on time and write every cell as they should.
Does not belong here: mistakes (``defects_planted``, ``defects_registry``), bytes (``defects_files``).
``main`` is a programme of six quarters with twelve reporters, every kind of deadline and every format; ``book`` one of two
quarters with three departments, whose registry is spoilt; ``lists`` one of three quarters with six reporters and close
scores.
"""

from __future__ import annotations

from datetime import date

from tests.factories.defects_files import File, Row
from tests.factories.trees import Percent

PERIODS = ["2021Q1", "2021Q2", "2021Q3", "2021Q4", "2022Q1", "2022Q2"]
ENDS = {"2020Q4": date(2020, 12, 31)} | dict(
    zip(
        PERIODS,
        [
            date(2021, 3, 31),
            date(2021, 6, 30),
            date(2021, 9, 30),
            date(2021, 12, 31),
            date(2022, 3, 31),
            date(2022, 6, 30),
        ],
        strict=True,
    )
)
START = date(2021, 1, 1)
UNITS = ["市市场监督管理局", "市行政审批局", "市供电公司", "市税务局"]

REPORTERS = [
    ("c01", "甲阳县", "county", "", "一组"),
    ("t11", "东河镇", "township", "c01", "二组"),
    ("t12", "西河镇", "township", "c01", "二组"),
    ("c02", "乙川县", "county", "", "一组"),
    ("t21", "南塘镇", "township", "c02", "二组"),
    ("c03", "丙山县", "county", "", "一组"),
    ("c04", "丁湖县", "county", "", "一组"),
    ("c05", "戊城区", "district", "", "一组"),
    ("c06", "己原县", "county", "", "一组"),
    ("c07", "庚岭县", "county", "", "一组"),
    ("c08", "辛州县", "county", "", "一组"),
    ("k01", "壬港经济开发区", "zone", "", "一组"),
]
CODES = [line[0] for line in REPORTERS]
SUFFIX = {
    "c01": ".xlsx", "t11": ".csv", "t12": ".csv", "c02": ".xlsx", "t21": ".json", "c03": ".xls", "c04": ".ndjson",
    "c05": ".parquet", "c06": ".xlsx", "c07": ".csv", "c08": ".csv", "k01": ".json",
}  # fmt: skip
TOWNS = ("t11", "t12")

# task: deadline as written, last due date, period it is completed in (None: open at the end), first milestone, own start
TASKS: dict[str, tuple[str, date | None, str | None]] = {
    "t01": ("2021年6月30日", date(2021, 6, 30), "2021Q2"),
    "t02": ("2021年9月", date(2021, 9, 30), "2021Q3"),
    "t03": ("2021年9月底前", date(2021, 9, 30), "2021Q3"),
    "t04": ("2021年底", date(2021, 12, 31), "2021Q4"),
    "t05": ("2021年6月，2021年12月", date(2021, 12, 31), "2021Q4"),
    "t06": ("2021年12月，持续推进", date(2021, 12, 31), "2021Q4"),
    "t07": ("持续推进", None, None),
    "t08": ("每季度一次", None, None),
    "t09": ("2022年6月", date(2022, 6, 30), "2022Q2"),
    "t10": ("2022年6月底前", date(2022, 6, 30), "2022Q2"),
    "t11": ("2022年3月31日", date(2022, 3, 31), "2022Q1"),
    "t12": ("长期坚持", None, None),
    "t13": ("2021年3月底", date(2021, 3, 31), "2021Q1"),
    "t14": ("2022年上半年", date(2022, 6, 30), "2022Q2"),
    "t15": ("2022年6月30日", date(2022, 6, 30), "2022Q2"),
    "t16": ("2022年4月8日", date(2022, 4, 8), "2022Q1"),
    "t17": ("2022年12月31日", date(2022, 12, 31), None),
}
TITLES = {
    "t01": "压缩企业开办时间", "t02": "推行电子营业执照", "t03": "简化不动产登记材料", "t04": "建设政务服务综窗",
    "t05": "优化获得电力流程", "t06": "开展惠企政策兑现", "t07": "畅通企业诉求渠道", "t08": "召开银企对接会",
    "t09": "推广电子证照互认", "t10": "规范招标投标活动", "t11": "建立信用修复机制", "t12": "加强公平竞争审查",
    "t13": "公布权责清单", "t14": "推进一件事集成办", "t15": "建设城区企业服务站", "t16": "清理涉企收费",
    "t17": "完善知识产权保护",
}  # fmt: skip
T17_START = date(2021, 7, 1)
OWNER = "c05"  # of t15

# the five reporters that owe what only a port has
PORTS = ("c05", "c06", "c07", "c08", "k01")
PORT_INDICATORS = ("kf_hours", "ce_value", "ck_value", "jk_value")
# ce_value = ck_value - jk_value (rule Q03)
RELATIONS = (
    "relation_id,indicator_id,coefficient,name\nce,ce_value,1,差额\nce,ck_value,-1,差额\nce,jk_value,1,差额\n"
)
INDICATORS = [
    # indicator_id, name, unit, polarity, decimals, baseline, frontier, worst, valid_min, valid_max, numerator, denominator
    ("kb_days", "企业开办时间", "天", "lower", 2, 6, 1, 10, 0, None, None, None),
    ("kb_rate", "企业开办网上办理率", "%", "higher", 2, 40, 100, 10, 0, 100, "网上办理件数", "办件总数"),
    ("sp_steps", "全流程审批环节", "环节", "lower", 0, 50, 10, 60, 0, None, None, None),
    ("sl_count", "受理件数", "件", "higher", 0, None, None, None, 0, None, None, None),
    ("sl_year", "年内累计受理件数", "件", "higher", 0, None, None, None, 0, None, None, None),
    ("dl_hours", "接电时间", "小时", "lower", 2, 200, 20, 300, 0, None, None, None),
    ("my_rate", "群众满意率", "%", "higher", 1, 70, None, None, 0, 100, None, None),
    ("xq_count", "新增市场主体户数", "户", "higher", 0, 60, None, None, 0, None, None, None),
    ("dl_cost", "平均接电成本", "元", "lower", 2, 1200, None, None, 0, None, None, None),
    ("yc_rate", "一次办成率", "%", "higher", 2, 40, 100, 10, 0, 100, "一次办成件数", "办件总数"),
    ("sp_days", "审批时间", "工作日", "lower", 2, 30, 2, 40, None, None, None, None),
    ("xx_total", "累计归集信用信息", "万条", "higher", 1, None, None, None, 0, None, None, None),
    ("ts_rate", "投诉办结率", "%", "higher", 2, 40, 100, 10, None, None, "办结件数", "投诉件数"),
    ("kf_hours", "口岸通关时间", "小时", "lower", 2, 90, 5, 120, 0, None, None, None),
    ("ce_value", "进出口差额", "亿元", "higher", 1, None, None, None, None, None, None, None),
    ("ck_value", "出口额", "亿元", "higher", 1, None, None, None, 0, None, None, None),
    ("jk_value", "进口额", "亿元", "higher", 1, None, None, None, 0, None, None, None),
]
NAMES = {line[0]: line[1] for line in INDICATORS}
TARGETS = {"kb_days": 2, "my_rate": 95, "xq_count": 2000, "dl_cost": 300, "dl_hours": 60}
TARGET_DAY = "2022-12-31"

PROGRESS_HEADERS = [
    ("任务编号", "任务名称", "状态", "完成进度", "完成日期", "进展情况", "佐证材料", "填报日期"),
    ("编号", "工作任务", "进展状态", "进度", "完成时间", "工作进展", "证明材料", "上报时间"),
    ("任 务 编 号", "改革方向", "完成情况", "完成率", "办结时间", "落实情况", "佐证材料", "填报　日期"),
    ("序号", "升级措施", "办理状态", "完成比例（%）", "办结日期", "进展情况", "佐证材料", "填报日期"),
]
PROGRESS_FIELDS = (
    "task_id",
    "title",
    "status",
    "progress_pct",
    "completed_on",
    "summary",
    "evidence",
    "reported_on",
)
INDICATOR_HEADERS = [
    ("指标编号", "指标名称", "指标值", "分子", "分母", "单位", "说明"),
    ("编号", "指标", "数值", "分子", "分母", "单位", "备注"),
    ("指标编号", "指标（项目）", "当前值", "分子", "分母", "单位", "说明"),
    ("序号", "指标名称", "现状水平", "分 子", "分 母", "单位", "说明"),
]
INDICATOR_FIELDS = ("indicator_id", "name", "value", "numerator", "denominator", "unit", "note")
RECTIFICATION = [
    ("issue_id", "问题编号"), ("issue", "问题描述"), ("origin", "问题来源"), ("units", "责任单位"), ("measures", "整改措施"),
    ("due", "整改期限"), ("status", "整改状态"), ("closed_on", "销号日期"),
]  # fmt: skip
SATISFACTION = [("group", "调查对象"), ("sample", "样本量"), ("satisfied", "满意数"), ("rate", "满意度")]
STYLE = {
    "c01": 0,
    "t11": 1,
    "t12": 2,
    "c02": 1,
    "t21": 0,
    "c03": 2,
    "c04": 1,
    "c05": None,
    "c06": 3,
    "c07": 0,
    "c08": 1,
    "k01": 2,
}


def _header(fields: tuple, styles: list, reporter: str) -> list[tuple[str, str]]:
    """Fields with headers; c05's exports use the field names."""
    style = STYLE[reporter]
    if style is None:
        return [(name, name) for name in fields]
    header = list(zip(fields, styles[style], strict=True))
    return [(name, "完成比例" if text == "完成比例（%）" else text) for name, text in header]


def received(period: str, hour: int = 10, day: int = 20) -> str:
    """A moment in time before the cut-off."""
    end = ENDS[period]
    return f"{end.year}-{end.month:02d}-{day:02d}T{hour:02d}:00:00+08:00"


def expected_progress(task: str, period: str) -> int:
    """Progress in whole per cent a little ahead of the straight line, below 100."""
    _, due, _ = TASKS[task]
    end = ENDS[period]
    start = T17_START if task == "t17" else START
    if end < start:
        return 0
    done = min(1.0, (end - start).days / (due - start).days)
    if task == "t05" and end < date(2021, 6, 30):
        done = 0.5 * (end - start).days / (date(2021, 6, 30) - start).days
    return min(99, int(100 * done) + 5)


def _day(day: date, suffix: str, turn: int) -> object:
    """A day as this format and clerk write it."""
    if suffix in (".xlsx", ".xls", ".parquet"):
        return day
    return [day.isoformat(), f"{day.year}年{day.month}月{day.day}日", f"{day.year}.{day.month}.{day.day}"][
        turn % 3
    ]


def progress_row(reporter: str, task: str, period: str) -> Row | None:
    """The row a reporter writes, or None for a task that is done and needs no more words."""
    _, due, done_in = TASKS[task]
    end, suffix = ENDS[period], SUFFIX[reporter]
    reported_on = end.replace(day=20)
    cells: dict = {"task_id": task, "title": TITLES[task], "reported_on": _day(reported_on, suffix, 0)}
    cells |= {"summary": f"{TITLES[task]}，{period}按计划推进", "evidence": None, "completed_on": None}
    if due is None:
        status = {"t07": "持续推进", "t08": "正在推进", "t12": "长期坚持"}[task]
        return Row(cells | {"status": status, "progress_pct": None}, task)
    if done_in is not None and PERIODS.index(period) >= PERIODS.index(done_in):
        if period != done_in and task != "t06":
            return None
        done = ENDS[done_in].replace(day=15)
        word = ["已完成", "办结", "完成"][CODES.index(reporter) % 3]
        cells |= {
            "status": word,
            "progress_pct": 100,
            "completed_on": _day(done, suffix, CODES.index(reporter)),
        }
        return Row(cells | {"evidence": f"{reporter}-{task}-办结材料.pdf"}, task)
    progress = expected_progress(task, period)
    word = "未启动" if progress == 0 else ["推进中", "正在推进", "进行中"][CODES.index(reporter) % 3]
    written: object = progress
    if suffix == ".csv":
        written = f"{progress}%"
    elif suffix == ".xlsx" and task in ("t09", "t10"):
        written = Percent(progress / 100)
    return Row(cells | {"status": word, "progress_pct": written}, task)


def _rank(reporter: str) -> int:
    return CODES.index("c02" if reporter == "t21" else reporter)


def value(indicator: str, reporter: str, q: int) -> tuple[float | int, int | None, int | None]:
    """(value, numerator, denominator) in quarter q from 0. Better for earlier reporters and from quarter to quarter; the
    county with two townships reports their sum, the only child what its county reports.
    """
    r = _rank(reporter)
    counts = {"sl_count": (200, 9, 11), "xq_count": (100, 5, 6)}
    if indicator in counts:
        if reporter == "c01":
            return sum(value(indicator, t, q)[0] for t in TOWNS), None, None
        base, per_reporter, per_quarter = counts[indicator]
        return base + per_reporter * (20 - r) + per_quarter * q, None, None
    if indicator == "sl_year":
        first = 4 if q >= 4 else 0
        return sum(value("sl_count", reporter, k)[0] for k in range(first, q + 1)), None, None
    if indicator in ("kb_rate", "yc_rate", "ts_rate"):
        low = {"kb_rate": 0.60, "yc_rate": 0.62, "ts_rate": 0.64}[indicator]
        whole = 10_000 + 100 * r + 70 * q
        part = round(whole * (low - 0.01 * r + 0.018 * q))
        return round(100 * part / whole, 2), part, whole
    if indicator == "sp_steps":
        return 30 + r - q, None, None
    if indicator == "my_rate":
        return round(85 - 0.4 * r + 0.7 * q, 1), None, None
    if indicator == "xx_total":
        return round(60 + 2 * (12 - r) + 4 * q + 0.1 * r, 1), None, None
    if indicator in ("ck_value", "jk_value"):
        base, per_reporter, per_quarter = {"ck_value": (50, 0.7, 3), "jk_value": (20, 0.3, 1.2)}[indicator]
        return round(base + per_reporter * (12 - r) + per_quarter * q, 1), None, None
    if indicator == "ce_value":
        return round(value("ck_value", reporter, q)[0] - value("jk_value", reporter, q)[0], 1), None, None
    base = {"kb_days": 4.5, "dl_hours": 120, "dl_cost": 800, "sp_days": 15, "kf_hours": 50}[indicator]
    return round(base * (1 + 0.02 * r) * (0.94 + 0.002 * r) ** q, 2), None, None


def owed(reporter: str) -> list[str]:
    """Indicators for which a reporter sends a row."""
    left_out = {"c03": {"ts_rate"}, "k01": {"ts_rate"}}.get(reporter, set())
    return [
        line[0]
        for line in INDICATORS
        if line[0] not in left_out and (line[0] not in PORT_INDICATORS or reporter in PORTS)
    ]


def indicator_row(reporter: str, indicator: str, period: str) -> Row:
    """One row of an indicator file; cumulated values move by more than 30 % and say why."""
    number, part, whole = value(indicator, reporter, PERIODS.index(period))
    unit = next(line[2] for line in INDICATORS if line[0] == indicator)
    note = "本年累计数" if indicator == "sl_year" else None
    cells = {
        "indicator_id": indicator,
        "name": NAMES[indicator],
        "value": number,
        "numerator": part,
        "denominator": whole,
    }
    return Row(cells | {"unit": unit, "note": note}, indicator)


class Book:
    """A programme under construction: registry tables, parameters and submissions."""

    def __init__(self, programme: str, start: date, end: date):
        self.programme, self.start, self.end = programme, start, end
        self.tables: dict[str, list[dict]] = {}
        self.settings = ""
        self.files: list[File] = []
        self.raw_tables: dict[str, bytes] = {}  # a registry file as bytes, instead of its rows

    def get(self, reporter: str, period: str, kind: str) -> File:
        """The file of the quarter; StopIteration without one."""
        return next(
            f for f in self.files if (f.reporter, f.period, f.kind, f.name) == (reporter, period, kind, kind)
        )

    def add(self, reporter: str, period: str, kind: str, suffix: str, header: list, rows: list) -> File:
        """A further file, received in time."""
        file = File(self.programme, period, reporter, kind, suffix, header, rows)
        file.received_at = received(period)
        self.files.append(file)
        return file

    def more(
        self, file: File, name: str, rows: list | None = None, suffix: str | None = None, hour: int = 14
    ) -> File:
        """A second file of the same reporter, period and kind, received some hours later."""
        again = self.add(
            file.reporter, file.period, file.kind, suffix or file.suffix, file.header, rows or []
        )
        again.name, again.received_at, again.encoding = name, received(file.period, hour), file.encoding
        return again


def main(programme: str) -> Book:
    """The programme of submissions: twelve reporters, six quarters, seventeen tasks, fourteen indicators."""
    book = Book(programme, START, ENDS["2022Q2"])
    book.settings = "[weights]\ntasks = 0.5\nindicators = 0.5\n[lists]\nred = 1\nblack = 1"
    columns = ("reporter_id", "name", "kind", "parent_id", "group")
    book.tables["reporters"] = [dict(zip(columns, line, strict=True)) for line in REPORTERS]
    book.tables["units"] = [
        {"unit_id": f"u{n}", "name": name, "aliases": name.replace("市", "", 1)}
        for n, name in enumerate(UNITS, 1)
    ]
    book.tables["specials"] = [
        {"special_id": "kaiban", "name": "企业开办", "weight": 0.6, "lead_unit": UNITS[0]},
        {"special_id": "zhengwu", "name": "政务服务", "weight": 0.4, "lead_unit": UNITS[1]},
    ]
    book.tables["tasks"] = [
        {
            "task_id": task, "seq": 100 + n, "special_id": "kaiban" if n % 2 else "zhengwu", "title": TITLES[task],
            "deadline_text": text, "start_date": T17_START.isoformat() if task == "t17" else "",
        }
        for n, (task, (text, _, _)) in enumerate(TASKS.items(), 1)
    ]  # fmt: skip
    book.tables["responsibilities"] = [
        line
        for n, task in enumerate(TASKS)
        for line in (
            {"task_id": task, "unit_name": UNITS[n % 4], "role": "lead"},
            {"task_id": task, "unit_name": UNITS[(n + 1) % 4], "role": "cooperate"},
        )
    ]
    columns = (
        "indicator_id", "name", "unit", "polarity", "decimals", "baseline", "frontier", "worst", "valid_min", "valid_max",
        "numerator", "denominator",
    )  # fmt: skip
    book.tables["indicators"] = [
        dict(zip(columns, line, strict=True))
        | {"special_id": "kaiban" if n % 2 else "zhengwu", "method": "auto"}
        | ({"multiplier": 100} if line[10] else {})
        for n, line in enumerate(INDICATORS)
    ]
    book.tables["targets"] = [
        {"indicator_id": i, "due_date": TARGET_DAY, "target": t} for i, t in TARGETS.items()
    ]
    book.tables["goals"] = []
    book.tables["assignments"] = [
        {"task_id": "t15", "reporter_id": OWNER},
        *({"indicator_id": code, "reporter_id": who} for code in PORT_INDICATORS for who in PORTS),
    ]
    book.raw_tables["relations.csv"] = RELATIONS.encode()
    book.tables["applicability"] = [
        {
            "indicator_id": "ts_rate",
            "reporter_id": "c03",
            "state": "not_applicable",
            "reason": "市营商办第3号批复",
        },
        {"indicator_id": "ts_rate", "reporter_id": "k01", "state": "no_practice", "reason": ""},
    ]
    for reporter in CODES:
        for period in PERIODS:
            _submit(book, reporter, period)
    for reporter in ("c01", "c03", "c06", "c08", "k01"):
        for n, period in enumerate(("2021Q2", "2021Q4", "2022Q2")):
            rows = [
                Row(
                    {
                        "group": group,
                        "sample": 200 + n,
                        "satisfied": 180 + n + k,
                        "rate": round(100 * (180 + n + k) / (200 + n), 2),
                    }
                )
                for k, group in enumerate(("企业", "个体工商户", "办事群众"))
            ]
            book.add(
                reporter,
                period,
                "satisfaction",
                ".csv" if reporter == "c08" else SUFFIX[reporter],
                SATISFACTION,
                rows,
            )
        _rectify(book, reporter)
    _look_alikes(book)
    return book


def _look_alikes(book: Book) -> None:
    """What looks like a mistake and is none: in the clean programme and in the spoilt one."""

    def cell(reporter: str, quarter: int, kind: str, key: str, field: str, change) -> None:
        row = book.get(reporter, PERIODS[quarter - 1], kind).find(key)
        row[field] = change(row[field])

    # outer blanks, a decimal that is none, thousands separators, a trailing per cent sign, 0.04 points of rounding
    cell("t11", 1, "indicators", "dl_cost", "value", lambda v: f"\u00a0{v}　")
    cell("t11", 2, "indicators", "sl_count", "value", lambda v: f"{v}.0")
    cell("t11", 1, "indicators", "kb_rate", "denominator", lambda v: f"{v:,}")
    cell("c07", 2, "indicators", "ts_rate", "value", lambda v: f"{v}%")
    cell("c04", 2, "indicators", "kb_rate", "value", lambda v: round(v + 0.04, 2))
    cell("c08", 6, "progress", "t10", "task_id", lambda v: f" {v} ")
    # days as clerks write them: an Excel serial, a moment, 号, no zeros
    cell("c08", 1, "progress", "t13", "completed_on", lambda v: "44270")
    cell("c07", 1, "progress", "t13", "completed_on", lambda v: "2021-03-15 09:30")
    cell("t12", 3, "progress", "t02", "completed_on", lambda v: "2021年9月15号")
    cell("k01", 4, "progress", "t04", "completed_on", lambda v: "2021/12/5")
    # the last second, also as another clock shows it
    book.get("c08", "2021Q2", "progress").received_at = "2021-06-28T23:59:59+08:00"
    book.get("k01", "2021Q3", "progress").received_at = "2021-09-28T15:59:59Z"
    # a draft that was corrected an hour later; three resubmissions are not more than three
    file = book.get("c05", "2021Q2", "indicators")
    book.more(file, "indicators_初稿", [file.find("kb_days").again(value=99.0)], hour=9)
    file = book.get("c02", "2021Q4", "progress")
    for n in range(1, 4):
        book.more(
            file, f"progress_第{n}次重报", [file.find("t12").again(summary=f"第{n}次重报")], hour=11 + n
        )
    # 不适用 where it is so, 未开展 where nobody began
    for reporter, quarter, word in (("c03", 1, "不适用"), ("k01", 1, "未开展")):
        file = book.get(reporter, PERIODS[quarter - 1], "indicators")
        file.rows.append(Row({"indicator_id": "ts_rate", "name": NAMES["ts_rate"], "value": word}, "ts_rate"))
    # a summary over two lines moves every later line of a csv; a tab-separated UTF-16 file; blank lines and the header again
    cell("c08", 3, "progress", "t02", "summary", lambda v: f"{v}\n另：已验收")
    file = book.get("c08", "2021Q4", "progress")
    file.encoding, file.delimiter = "utf-16", "\t"
    file = book.get("c07", "2021Q2", "indicators")
    file.put_after(file.find("sp_steps"), ["小计", "", "3"], [], [text for _, text in file.header])
    file = book.get("c02", "2021Q2", "indicators")
    file.put_after(file.find("sp_steps"), [], [None, None])
    # a hidden column that nobody reads
    file.header.append(("memo", "经办人电话"))
    file.hidden_fields.append("memo")
    # a task that is given up
    cell("c06", 6, "progress", "t17", "status", lambda v: "终止")


def _submit(book: Book, reporter: str, period: str) -> None:
    tasks = [task for task in TASKS if task != "t15" or reporter == OWNER]
    rows = [row for task in tasks if (row := progress_row(reporter, task, period)) is not None]
    file = book.add(
        reporter,
        period,
        "progress",
        SUFFIX[reporter],
        _header(PROGRESS_FIELDS, PROGRESS_HEADERS, reporter),
        rows,
    )
    values = [indicator_row(reporter, indicator, period) for indicator in owed(reporter)]
    other = book.add(
        reporter,
        period,
        "indicators",
        SUFFIX[reporter],
        _header(INDICATOR_FIELDS, INDICATOR_HEADERS, reporter),
        values,
    )
    for one in (file, other):
        if reporter == "t12":
            one.encoding = "gb18030"
        if reporter == "c07":
            one.encoding = "gb18030"
            one.above = [["庚岭县营商环境填报表"], ["填报单位：庚岭县营商办"]]
            one.below = [["合计", "", "", "16"], ["注：本表由牵头单位汇总。"], ["t99", "注以下各行不是数据"]]
        if reporter == "c01":
            one.above = [["甲阳县季度填报表"], ["填报单位：", "甲阳县人民政府"]]
            one.below = [["填表人：张三"]]
            one.cover = [("填表说明", [["请按模板填写"], ["t01", "示例"]])]
        if reporter == "c06":
            for row in one.data[len(one.data) // 2 :]:
                row.on_sheet = "续表"


def _rectify(book: Book, reporter: str) -> None:
    """Two problems, found in the first half of 2021 and closed in its third quarter."""
    for period in ("2021Q2", "2021Q3"):
        closed = period == "2021Q3"
        rows = []
        for n, name in enumerate(("窗口排队时间长", "材料重复提交"), 1):
            cells = {
                "issue_id": f"{reporter}-w{n}",
                "issue": name,
                "origin": "企业走访",
                "units": UNITS[0],
                "due": "2021-09-15",
            }
            cells |= {
                "measures": "增设窗口",
                "status": "销号" if closed else "推进中",
                "closed_on": "2021-09-10" if closed else None,
            }
            rows.append(Row(cells, f"{reporter}-w{n}"))
        suffix = ".csv" if reporter == "c08" else SUFFIX[reporter]
        book.add(reporter, period, "rectification", suffix, RECTIFICATION, rows)
