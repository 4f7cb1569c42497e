"""The feeds of the sample: who sends what, when, in which format and with which habits.

Belongs here: turning stories (``stories``) into submissions, and submissions into files. Does not
belong here: planted mistakes (``mistakes`` changes submissions before they are written), the registries
(``registry_from_gold``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

from tests.factories import texts
from tests.factories.stories import (
    SEED,
    Plan,
    indicator_value,
    period_end,
    task_story,
)
from tests.factories.trees import Percent, write_file

SHANGHAI = timezone(timedelta(hours=8))
Row = dict[str, Any]  # cells by field name; a field the header does not have is not written


@dataclass
class Submission:
    """One file before it is written. ``header`` pairs field names with the header texts of this clerk."""

    programme_id: str
    period: str
    reporter_id: str
    kind: str
    name: str  # file name without suffix, begins with the kind
    suffix: str
    header: list[tuple[str, str]]
    rows: list[Row]
    received_at: datetime
    sender: str
    options: dict = field(default_factory=dict)
    registered: bool = True
    spoil: Callable[[bytes], bytes] | None = None  # what happened to the file's bytes on the way
    content: bytes | None = None  # the bytes themselves, where no writer makes them
    row_numbers: list[int] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"submissions/{self.programme_id}/{self.period}/{self.reporter_id}/{self.name}{self.suffix}"

    def column(self, field_name: str) -> str:
        """The header this clerk writes for a field; KeyError when the file has no such column."""
        return dict(self.header)[field_name]

    def find(self, **cells: Any) -> Row:
        """The first row whose cells are these; LookupError when there is none."""
        for row in self.rows:
            if all(row.get(name) == value for name, value in cells.items()):
                return row
        raise LookupError(f"{self.path}: {cells}")

    def write(self, root: Path) -> None:
        path = root / self.path
        if self.content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.content)
            return
        header = [text for _, text in self.header]
        lines = [[row.get(name) for name, _ in self.header] for row in self.rows]
        self.row_numbers = write_file(path, header, lines, **self.options)
        if self.spoil is not None:
            path.write_bytes(self.spoil(path.read_bytes()))


@dataclass(frozen=True)
class Habit:
    """How one reporter works."""

    quality: tuple[float, ...]  # per quarter, 0 (nothing gets done) to 1
    suffix: str = ".csv"
    encoding: str = "utf-8"
    files: int = 0  # progress files before the quarter's last one
    sent_day: int = 26  # day of the quarter's last month on which the last files go out
    words: tuple[str, str, str, str] = ("未启动", "推进中", "已完成", "持续推进")
    percent: str = "number"  # number | sign | cell
    dates: str = "iso"  # iso | chinese | dots | slashes | serial | cell | mixed
    headers: int = 0  # which set of header words
    frame: bool = False  # title row, 填报单位：, 合计, 注：
    merged: bool = False  # a 专项 column merged over its rows
    numbers: str = "code"  # code | seq | title: what identifies a row
    silent: tuple[str, ...] = ()  # periods in which nothing is sent
    reporter_column: bool = False


PROGRESS_HEADERS: list[dict[str, str]] = [
    {
        "task_id": "任务编号",
        "title": "任务名称",
        "status": "状态",
        "progress_pct": "完成进度",
        "completed_on": "完成日期",
        "summary": "进展情况",
        "problems": "存在问题",
        "evidence": "佐证材料",
        "reported_on": "填报日期",
        "reported_by": "填报单位",
    },
    {
        "task_id": "编号",
        "title": "工作任务",
        "status": "进展状态",
        "progress_pct": "完成率",
        "completed_on": "办结时间",
        "summary": "工作进展",
        "problems": "问题困难",
        "evidence": "证明材料",
        "reported_on": "上报时间",
        "reported_by": "填报单位",
    },
    {
        "task_id": "任务 编号",
        "title": "改革方向",
        "status": "完成情况",
        "progress_pct": " 进度",
        "completed_on": "完成时间 ",
        "summary": "落实情况",
        "problems": "存在问题",
        "evidence": "佐证 材料",
        "reported_on": "填报日期",
        "reported_by": "填报人",
    },
    {
        "task_id": "编号",
        "title": "升级措施",
        "status": "办理状态",
        "progress_pct": "完成比例",
        "completed_on": "办结日期",
        "summary": "工作进展",
        "problems": "问题困难",
        "evidence": "佐证材料",
        "reported_on": "上报时间",
        "reported_by": "填报单位",
    },
]
INDICATOR_HEADERS: list[dict[str, str]] = [
    {
        "indicator_id": "指标编号",
        "name": "指标名称",
        "value": "指标值",
        "numerator": "分子",
        "denominator": "分母",
        "unit": "单位",
        "note": "说明",
        "source": "数据来源",
    },
    {
        "indicator_id": "编号",
        "name": "指标(项目)",
        "value": "数值",
        "numerator": "分子",
        "denominator": "分母",
        "unit": "单位",
        "note": "备注",
        "source": "数据来源",
    },
    {
        "indicator_id": "指标 编号",
        "name": "指标（项目）",
        "value": "现状水平 ",
        "numerator": "分子",
        "denominator": "分母",
        "unit": "单 位",
        "note": "说明",
        "source": "数据来源",
    },
    {
        "indicator_id": "编号",
        "name": "指标",
        "value": "当前值",
        "numerator": "分子",
        "denominator": "分母",
        "unit": "单位",
        "note": "备注",
        "source": "数据来源",
    },
]
# A platform that exports field names instead of headers.
FIELD_NAMES = len(PROGRESS_HEADERS)

COUNTY_HABITS: dict[str, Habit] = {
    "411702": Habit(
        (0.9, 0.8, 0.72, 0.66), ".xlsx", files=2, percent="cell", dates="cell", frame=True, merged=True
    ),
    "411721": Habit(
        (0.82, 0.9, 0.95, 1.0),
        files=10,
        sent_day=25,
        percent="sign",
        words=("未启动", "正在推进", "完成", "持续推进"),
    ),
    "411722": Habit(
        (0.5, 0.58, 0.7, 0.8), encoding="gb18030", files=1, sent_day=28, dates="chinese", headers=1
    ),
    "411723": Habit(
        (0.75, 0.72, 0.8, 0.78), ".xlsx", files=2, sent_day=27, headers=1, dates="dots", frame=True
    ),
    "411724": Habit(
        (0.3, 0.36, 0.3, 0.4),
        ".xls",
        sent_day=27,
        headers=3,
        dates="slashes",
        frame=True,
        words=("未开始", "进行中", "办结", "长期坚持"),
    ),
    "411725": Habit(
        (0.62, 0.7, 0.66, 0.72),
        encoding="utf-8-sig",
        files=5,
        dates="mixed",
        percent="sign",
        headers=2,
        reporter_column=True,
    ),
    "411726": Habit(
        (0.55, 0.5, 0.58, 0.55),
        ".xlsx",
        files=1,
        sent_day=28,
        headers=2,
        dates="chinese",
        percent="cell",
        frame=True,
    ),
    "411727": Habit(
        (0.6, 0.66, 0.7, 0.64),
        ".json",
        files=1,
        headers=3,
        percent="sign",
        words=("未启动", "进行中", "已办结", "常态化推进"),
    ),
    "411728": Habit(
        (0.86, 0.84, 0.9, 0.93), ".parquet", files=5, sent_day=24, headers=FIELD_NAMES, dates="cell"
    ),
    "411729": Habit(
        (0.28, 0.34, 0.3, 0.38),
        encoding="gb18030",
        sent_day=28,
        dates="serial",
        frame=True,
        silent=("2021Q3",),
    ),
    "4117A1": Habit((0.7, 0.76, 0.74, 0.8), ".ndjson", files=1, headers=FIELD_NAMES),
    "4117A2": Habit(
        (0.52, 0.48, 0.55, 0.6),
        ".xlsx",
        files=1,
        headers=0,
        dates="mixed",
        percent="sign",
        frame=True,
        reporter_column=True,
    ),
    "4117A3": Habit(
        (0.78, 0.82, 0.76, 0.86),
        encoding="utf-8",
        files=2,
        sent_day=25,
        headers=1,
        dates="dots",
        percent="sign",
    ),
}
# Sent after the cut-off: days and hours later than usual.
COUNTY_LATE = {
    ("411724", "2021Q1"): 6,
    ("411724", "2021Q3"): 9,
    ("411722", "2021Q2"): 2,
    ("411729", "2021Q4"): 3,
}
# What identified a row in the zones' first forms: the office asked for codes afterwards.
FIRST_FORMS = {("4117A2", "2021Q1"): "title", ("4117A3", "2021Q1"): "seq"}


def moment(day: date, rng: Random) -> datetime:
    """A moment of office hours on a day, Shanghai time."""
    at = time(rng.randint(8, 17), rng.randint(0, 59), rng.randint(0, 59))
    return datetime.combine(day, at, SHANGHAI)


def day_cell(day: date | None, form: str, rng: Random) -> Any:
    """A day as this clerk writes it."""
    if day is None:
        return None
    if form == "mixed":
        form = rng.choice(["iso", "chinese", "dots", "slashes"])
    return {
        "iso": day.isoformat(),
        "chinese": f"{day.year}年{day.month}月{day.day}日",
        "dots": f"{day.year}.{day.month}.{day.day}",
        "slashes": f"{day.year}/{day.month}/{day.day}",
        "serial": str((day - date(1899, 12, 30)).days),
        "cell": day,
    }[form]


def _frame(habit: Habit, title: str, name: str, header: list[tuple[str, str]], rows: list[Row]) -> dict:
    """Options of the writer for the things around a table."""
    options: dict[str, Any] = {"encoding": habit.encoding} if habit.suffix == ".csv" else {}
    if not habit.frame:
        return options
    if habit.suffix == ".csv":
        below = [["合计", f"{len(rows)}项"], "注：本表由填报单位负责解释。", "联系电话见通讯录"]
        return options | {"above": [title, f"填报单位：{name}"], "below": below}
    options |= {"title": title, "unit_line": f"填报单位：{name}"}
    if habit.suffix == ".xlsx":
        total = ["合计", f"{len(rows)}项"] + [None] * (len(header) - 2)
        options |= {"total": total, "notes": ["注：本表由填报单位负责解释。", "联系电话见通讯录"]}
        if any(name == "special" for name, _ in header):
            options["merge_repeats"] = ["专项"]
    return options


def _progress_header(habit: Habit) -> list[tuple[str, str]]:
    if habit.headers == FIELD_NAMES:
        header = [(name, name) for name in PROGRESS_HEADERS[0] if name != "reported_by"]
    else:
        header = [pair for pair in PROGRESS_HEADERS[habit.headers].items() if pair[0] != "reported_by"]
        if habit.reporter_column:
            header.append(("reported_by", PROGRESS_HEADERS[habit.headers]["reported_by"]))
    if habit.merged:
        header.insert(0, ("special", "专项"))
    if habit.numbers == "title":
        header = [pair for pair in header if pair[0] != "task_id"]
    if habit.numbers == "seq":
        header = [(name, "序号" if name == "task_id" else text) for name, text in header]
    return header


def progress_submission(
    plan: Plan,
    reporter_id: str,
    period: str,
    habit: Habit,
    name: str,
    compiled: date,
    sent: datetime,
    tasks: list[str],
) -> Submission:
    """A progress file on ``tasks`` as they stood on the day it was compiled."""
    rng = Random(f"{SEED}|{plan.programme_id}|{reporter_id}|{period}|{name}")
    not_started, in_progress, completed, ongoing = habit.words
    reporter, quarter = plan.reporters[reporter_id], int(period[-1])
    able = habit.quality[quarter - 1]
    evidence_day = min(period_end(period), date(int(period[:4]), quarter * 3, 26)).strftime("%m%d")
    specials = {row["special_id"]: row["name"] for row in plan.tables["specials"]}
    rows = []
    for task_id in tasks:
        task = plan.tasks[task_id]
        story = task_story(plan, reporter_id, task_id, habit.quality)
        done = story.done is not None and story.done <= compiled
        progress: float | None = story.progress(compiled)
        if story.done is None:
            status, progress, stage = ongoing, None, "ongoing"
        elif done:
            status, stage = completed, "done"
        elif progress == 0:
            status, stage = not_started, "start"
        else:
            status, stage = in_progress, "middle" if progress < 75 else "late"
        # poor reporters leave the running work undescribed now and then
        silent = stage == "ongoing" and rng.random() > 0.7 + 0.3 * able
        trouble = stage in ("start", "middle") and rng.random() < 0.25 * (1.2 - able)
        row: Row = {
            "special": specials[task["special_id"]],
            "task_id": task["seq"] if habit.numbers == "seq" else task_id,
            "title": task["title"],
            "status": status,
            "progress_pct": progress,
            "completed_on": day_cell(story.done if done else None, habit.dates, rng),
            "summary": None if silent else texts.summary(rng, task["special_id"], stage),
            "problems": rng.choice(texts.PROBLEMS) if trouble else None,
            "evidence": f"{reporter_id}-{task_id}-{evidence_day}.pdf" if done else None,
            "reported_on": day_cell(compiled, habit.dates, rng),
            "reported_by": reporter["name"],
        }
        if progress is not None and habit.percent == "sign":
            row["progress_pct"] = f"{progress}%"
        elif progress is not None and habit.percent == "cell":
            row["progress_pct"] = Percent(progress / 100)
        rows.append(row)
    header = _progress_header(habit)
    title = f"{int(period[:4])}年第{'一二三四'[quarter - 1]}季度重点任务进展情况表"
    options = _frame(habit, title, reporter["name"], header, rows)
    sender = reporter["name"] if reporter["kind"] == "department" else f"{reporter['name']}营商办"
    return Submission(
        plan.programme_id,
        period,
        reporter_id,
        "progress",
        name,
        habit.suffix,
        header,
        rows,
        sent,
        sender,
        options,
    )


def indicator_submission(
    plan: Plan, reporter_id: str, period: str, habit: Habit, sent: datetime, name: str = "indicators"
) -> Submission | None:
    """The quarter's indicator form; None for a reporter without indicators."""
    codes = plan.owed_indicators(reporter_id)
    if not codes:
        return None
    quarter, reporter = int(period[-1]), plan.reporters[reporter_id]
    rows = []
    for code in codes:
        entry = plan.indicators[code]
        now = indicator_value(plan, reporter_id, code, quarter, habit.quality)
        row: Row = {
            "indicator_id": code,
            "name": entry["name"],
            "value": now.value,
            "numerator": now.numerator,
            "denominator": now.denominator,
            "unit": entry["unit"],
            "note": None,
            "source": "业务系统" if now.numerator is not None else "台账统计",
        }
        if quarter > 1:
            before = indicator_value(plan, reporter_id, code, quarter - 1, habit.quality).value
            if abs(now.value - before) > 0.28 * abs(before):
                row["note"] = "较上季变动较大，系改革措施集中见效，已核实"
        if entry["unit"] == "%" and habit.percent == "sign":
            row["value"] = f"{now.value:g}%"
        rows.append(row)
    if habit.headers == FIELD_NAMES:
        header = [(name_, name_) for name_ in INDICATOR_HEADERS[0]]
    else:
        header = list(INDICATOR_HEADERS[habit.headers].items())
    title = f"{int(period[:4])}年第{'一二三四'[quarter - 1]}季度营商环境指标填报表"
    options = _frame(habit, title, reporter["name"], header, rows)
    options.pop("total", None)
    sender = reporter["name"] if reporter["kind"] == "department" else f"{reporter['name']}营商办"
    return Submission(
        plan.programme_id,
        period,
        reporter_id,
        "indicators",
        name,
        habit.suffix,
        header,
        rows,
        sent,
        sender,
        options,
    )


def _interim_days(period: str, count: int) -> list[date]:
    """Evenly spread days from the tenth of the quarter to nine days before the cut-off."""
    end = period_end(period)
    first = date(end.year, end.month - 2, 10)
    last = end.replace(day=19)
    step = (last - first).days / max(count, 1)
    return [first + timedelta(days=round(step * number)) for number in range(count)]


def quarter_feeds(plan: Plan, reporter_id: str, period: str, habit: Habit, late: int = 0) -> list[Submission]:
    """Everything one reporter sends for one quarter, without mistakes: interim files, the last one,
    indicators.
    """
    if period in habit.silent:
        return []
    rng = Random(f"{SEED}|{plan.programme_id}|{reporter_id}|{period}")
    owed, feeds = plan.owed_tasks(reporter_id), []
    stories = {task: task_story(plan, reporter_id, task, habit.quality) for task in owed}
    end = period_end(period)
    opening = date(end.year, end.month - 2, 1)
    for number, day in enumerate(_interim_days(period, habit.files), start=1):
        # between two quarterly reports only what moved is sent
        moving = [task for task in owed if stories[task].done and opening <= stories[task].done]
        tasks = [task for task in moving if rng.random() < min(0.6, 14 / max(len(moving), 1))]
        if not tasks:
            continue
        label = f"progress_w{number:02d}" if habit.files > 3 else f"progress_{day.month}月"
        feeds.append(
            progress_submission(plan, reporter_id, period, habit, label, day, moment(day, rng), tasks)
        )
    sent_day = end.replace(day=habit.sent_day) + timedelta(days=late)
    compiled = sent_day - timedelta(days=rng.randint(0, 1))
    # what was finished in an earlier quarter is mostly left out of the next reports
    final = [
        task
        for task in owed
        if not (
            stories[task].done and stories[task].done < opening - timedelta(days=3) and rng.random() < 0.75
        )
    ]
    sent = moment(sent_day, rng)
    feeds.append(
        progress_submission(plan, reporter_id, period, habit, "progress_季报", compiled, sent, final)
    )
    form = indicator_submission(
        plan, reporter_id, period, habit, sent + timedelta(minutes=rng.randint(2, 55))
    )
    return feeds + ([form] if form else [])


def _supplement(plan: Plan, reporter_id: str, period: str, habit: Habit) -> Submission | None:
    """补报 after the cut-off and before the freeze: what was finished in the last days of the quarter."""
    end = period_end(period)
    compiled = end + timedelta(days=3)
    tasks = [
        task
        for task in plan.owed_tasks(reporter_id)
        if (done := task_story(plan, reporter_id, task, habit.quality).done)
        and end.replace(day=habit.sent_day - 1) < done <= end
    ]
    if not tasks:
        return None
    rng = Random(f"{SEED}|{reporter_id}|{period}|supplement")
    return progress_submission(
        plan, reporter_id, period, habit, "progress_补报", compiled, moment(compiled, rng), tasks
    )


# ── rectification and satisfaction ────────────────────────────────────────────────────────────

RECTIFICATION_HEADER = [
    ("issue_id", "问题编号"),
    ("issue", "问题描述"),
    ("origin", "问题来源"),
    ("units", "责任单位"),
    ("measures", "整改措施"),
    ("due", "整改期限"),
    ("status", "整改状态"),
    ("closed_on", "销号日期"),
]
# (issue, text, origin, unit, measures, due, closed on or None); reopened ones say when
ISSUES: dict[str, list[tuple[str, str, str, str, str, date, date | None, date | None]]] = {
    "411702": [
        (
            "W01",
            "综合窗口一次性告知不到位",
            "企业座谈会",
            "市政务服务和大数据管理局",
            "统一告知单并培训窗口人员",
            date(2021, 6, 20),
            date(2021, 6, 15),
            None,
        ),
        (
            "W02",
            "供排水接入告知材料不统一",
            "省营商环境评价反馈",
            "市城市管理局",
            "修订办事指南",
            date(2021, 9, 15),
            date(2021, 6, 20),
            date(2021, 8, 20),
        ),
        (
            "W03",
            "惠企资金拨付偏慢",
            "12345热线",
            "市财政局",
            "建立限时拨付台账",
            date(2021, 11, 30),
            date(2021, 11, 25),
            None,
        ),
    ],
    "411722": [
        (
            "W01",
            "不动产登记排队时间长",
            "暗访督查",
            "市不动产登记服务中心",
            "增设窗口、推行预约",
            date(2021, 7, 31),
            date(2021, 7, 28),
            None,
        ),
        (
            "W02",
            "招标文件设置不合理条件",
            "企业投诉",
            "市发展和改革委员会",
            "开展专项清理",
            date(2021, 8, 31),
            None,
            None,
        ),
    ],
    "411727": [
        (
            "W01",
            "涉企检查频次过高",
            "企业座谈会",
            "市市场监督管理局",
            "推行联合检查",
            date(2021, 6, 30),
            date(2021, 6, 25),
            None,
        ),
        (
            "W02",
            "用气报装收费公示不全",
            "省营商环境评价反馈",
            "市城市管理局",
            "补充公示并自查",
            date(2021, 12, 10),
            date(2021, 12, 6),
            None,
        ),
    ],
}


def rectification_submission(plan: Plan, reporter_id: str, period: str, habit: Habit) -> Submission:
    """The reporter's issues as they stand at the end of a quarter (a reopened one is 推进中 for one
    quarter).
    """
    end, rng = period_end(period), Random(f"{SEED}|{reporter_id}|{period}|rectification")
    sent = end.replace(day=habit.sent_day - 1)
    rows = []
    for issue, text, origin, unit, measures, due, closed, reopened in ISSUES[reporter_id]:
        if reopened and reopened <= sent:
            closed = None if period_end(period).month == reopened.month + 1 else date(2021, 12, 8)
        done = closed is not None and closed <= sent
        rows.append(
            {
                "issue_id": f"{reporter_id}-{issue}",
                "issue": text,
                "origin": origin,
                "units": unit,
                "measures": measures,
                "due": day_cell(due, habit.dates, rng),
                "status": "销号" if done else "推进中",
                "closed_on": day_cell(closed if done else None, habit.dates, rng),
            }
        )
    name = plan.reporters[reporter_id]["name"]
    options = _frame(habit, f"{name}营商环境问题整改台账", name, RECTIFICATION_HEADER, rows)
    options.pop("total", None)
    return Submission(
        plan.programme_id,
        period,
        reporter_id,
        "rectification",
        "rectification",
        habit.suffix,
        list(RECTIFICATION_HEADER),
        rows,
        moment(sent, rng),
        f"{name}营商办",
        options,
    )


def satisfaction_submission(plan: Plan, reporter_id: str, period: str, habit: Habit) -> Submission:
    """A survey: three groups, rate as satisfied ÷ sample with one decimal."""
    rng = Random(f"{SEED}|{reporter_id}|{period}|satisfaction")
    rows = []
    for group, size in (("企业", 120), ("个体工商户", 150), ("群众", 300)):
        sample = size + 10 * rng.randint(0, 6)
        satisfied = round(
            sample * min(0.99, 0.8 + 0.16 * habit.quality[int(period[-1]) - 1] + rng.uniform(-0.02, 0.02))
        )
        rate = round(100 * satisfied / sample, 1)
        rows.append(
            {
                "group": group,
                "sample": sample,
                "satisfied": satisfied,
                "rate": f"{rate}%" if habit.percent == "sign" else rate,
            }
        )
    header = [("group", "调查对象"), ("sample", "样本量"), ("satisfied", "满意数"), ("rate", "满意度")]
    name = plan.reporters[reporter_id]["name"]
    sent = moment(period_end(period).replace(day=habit.sent_day - 2), rng)
    suffix = ".csv" if habit.suffix in (".parquet", ".json", ".ndjson") else habit.suffix
    habit = replace(habit, suffix=suffix, frame=False)
    return Submission(
        plan.programme_id,
        period,
        reporter_id,
        "satisfaction",
        "satisfaction",
        suffix,
        header,
        rows,
        sent,
        f"{name}营商办",
        _frame(habit, "", name, header, rows),
    )


# ── both programmes ───────────────────────────────────────────────────────────────────────────

ZMD_PERIODS = ["2021Q1", "2021Q2", "2021Q3", "2021Q4"]
WG_PERIODS = ["2022Q1", "2022Q2"]


def habit_in(reporter_id: str, period: str) -> Habit:
    """A county's habit in a quarter (its first form may identify rows otherwise)."""
    habit = COUNTY_HABITS[reporter_id]
    return replace(habit, numbers=FIRST_FORMS.get((reporter_id, period), habit.numbers))


def county_quarter(plan: Plan, reporter_id: str, period: str) -> list[Submission]:
    """Everything a county or zone sends for a quarter."""
    habit = habit_in(reporter_id, period)
    feeds = quarter_feeds(plan, reporter_id, period, habit, COUNTY_LATE.get((reporter_id, period), 0))
    if reporter_id in ("411721", "411728", "4117A1", "411702") and period in ("2021Q2", "2021Q4"):
        extra = _supplement(plan, reporter_id, period, habit)
        feeds += [extra] if extra else []
    if reporter_id in ISSUES and period != "2021Q1":
        feeds.append(rectification_submission(plan, reporter_id, period, habit))
    if reporter_id in ("411702", "411721", "411724", "411728", "4117A3") and period in ("2021Q2", "2021Q4"):
        feeds.append(satisfaction_submission(plan, reporter_id, period, habit))
    return feeds


DEPARTMENT_MONTHLY = ("fagai", "fayuan", "shijian", "zhengshu", "renshe", "caizheng")
DEPARTMENT_SILENT = {"qixiang": ("2022Q2",), "gongshanglian": ("2022Q1",)}
DEPARTMENT_LATE = {("linye", "2022Q1"): 4, ("shuili", "2022Q2"): 5, ("jijuqu", "2022Q2"): 7}


def department_habit(reporter_id: str) -> Habit:
    """A department's habits, drawn once per department."""
    rng = Random(f"{SEED}|wugang2022|{reporter_id}")
    able = rng.uniform(0.35, 0.95)
    suffix = rng.choice([".csv", ".csv", ".csv", ".xlsx", ".xlsx", ".json"])
    return Habit(
        (able, min(1.0, able + rng.uniform(-0.1, 0.15))),
        suffix,
        encoding=rng.choice(["utf-8", "utf-8-sig", "gb18030"]),
        files=2 if reporter_id in DEPARTMENT_MONTHLY else 0,
        sent_day=rng.randint(23, 28),
        words=rng.choice(
            [("未启动", "推进中", "已完成", "持续推进"), ("未开始", "正在推进", "已办结", "长期坚持")]
        ),
        percent=rng.choice(["number", "sign", "cell"] if suffix == ".xlsx" else ["number", "sign"]),
        dates=rng.choice(["iso", "chinese", "dots", "slashes", "mixed"]),
        headers=rng.randrange(len(PROGRESS_HEADERS)),
        frame=suffix != ".json" and rng.random() < 0.5,
        silent=DEPARTMENT_SILENT.get(reporter_id, ()),
    )


def department_quarter(plan: Plan, reporter_id: str, period: str) -> list[Submission]:
    """Everything a department sends for a quarter."""
    habit = department_habit(reporter_id)
    return quarter_feeds(plan, reporter_id, period, habit, DEPARTMENT_LATE.get((reporter_id, period), 0))
