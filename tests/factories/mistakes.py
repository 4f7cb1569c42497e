"""The planted mistakes of the sample, and the list of findings they must lead to.

Belongs here: changes to submissions before they are written, each with its expectation; and
expectations that follow from the committed registries. Does not belong here: how the pipeline finds
them.

An expectation is one line of ``tests/golden/planted_mistakes.csv``; a blank cell there means "not
compared". It says what must be found, not what else may be: a planted cell can break a second rule as
well.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from tests.factories.feeds import Row, Submission
from tests.factories.stories import Plan, indicator_value
from tests.factories.trees import Percent

COLUMNS = [
    *("rule_id", "programme_id", "period", "reporter_id", "entity_id", "path"),
    *("sheet", "row_number", "column_name", "raw_value", "note"),
]
SHEET = "Sheet1"
SECRET_CODE = "zmd999"  # a code no catalogue has


@dataclass
class Expectation:
    """A finding to come. Row number and column follow from the submission once it is written."""

    rule_id: str
    note: str
    programme_id: str
    period: str = ""
    reporter_id: str = ""
    entity_id: str = ""
    submission: Submission | None = None
    row: Row | None = None
    field: str | None = None
    raw_value: str = ""
    path: str = ""
    row_number: int | None = None
    column_name: str = ""

    def line(self) -> dict[str, Any]:
        """The line of planted_mistakes.csv; call after the submissions are written."""
        path, number, column, sheet = self.path, self.row_number, self.column_name, ""
        if self.submission is not None:
            path = self.submission.path
            if self.row is not None:
                position = next(i for i, row in enumerate(self.submission.rows) if row is self.row)
                number = self.submission.row_numbers[position]
                sheet = SHEET if self.submission.suffix in (".xlsx", ".xls") else ""
            if self.field is not None:
                column = self.submission.column(self.field)
        values = (self.rule_id, self.programme_id, self.period, self.reporter_id, self.entity_id, path)
        return dict(
            zip(COLUMNS, (*values, sheet, number or "", column, self.raw_value, self.note), strict=True)
        )


class Planter:
    """Finds submissions by name, changes them and keeps the expectations."""

    def __init__(self, submissions: list[Submission]) -> None:
        self.submissions = submissions
        self.expectations: list[Expectation] = []

    def sub(self, reporter_id: str, period: str, name: str) -> Submission:
        """The one submission of that name; LookupError otherwise."""
        for candidate in self.submissions:
            if (candidate.reporter_id, candidate.period, candidate.name) == (reporter_id, period, name):
                return candidate
        raise LookupError((reporter_id, period, name))

    def expect(
        self,
        rule_id: str,
        note: str,
        submission: Submission,
        row: Row | None = None,
        field: str | None = None,
        raw_value: str | None = None,
        entity_id: str | None = None,
    ) -> None:
        """Record a finding in a submission. entity and raw value default to the row's key and the cell."""
        key = (row or {}).get("task_id") or (row or {}).get("indicator_id") or ""
        cell = "" if row is None or field is None else row.get(field)
        if raw_value is None:
            raw_value = (
                cell if isinstance(cell, str) else f"{cell:g}" if isinstance(cell, int | float) else ""
            )
        self.expectations.append(
            Expectation(
                rule_id,
                note,
                submission.programme_id,
                submission.period,
                submission.reporter_id,
                key if entity_id is None else entity_id,
                submission,
                row,
                field,
                raw_value,
            )
        )

    def expect_state(
        self, rule_id: str, note: str, programme_id: str, period: str, reporter_id: str, entity_id=""
    ) -> None:
        """Record a finding that follows from what was not sent, or sent late."""
        self.expectations.append(Expectation(rule_id, note, programme_id, period, reporter_id, entity_id))

    def send_again(self, submission: Submission, name: str, hours: int) -> Submission:
        """A second version of a file under another name; rows are copies."""
        again = Submission(
            submission.programme_id,
            submission.period,
            submission.reporter_id,
            submission.kind,
            name,
            submission.suffix,
            list(submission.header),
            [dict(row) for row in submission.rows],
            submission.received_at + timedelta(hours=hours),
            submission.sender,
            dict(submission.options),
        )
        self.submissions.append(again)
        return again


def plant_counties(planter: Planter, plan: Plan) -> None:
    """Everything that goes wrong in zhumadian2021."""
    _files(planter, plan)
    _progress_cells(planter, plan)
    _indicator_cells(planter, plan)
    _other_kinds(planter)
    for reporter, period in (("411724", "2021Q1"), ("411724", "2021Q3"), ("411729", "2021Q4")):
        planter.expect_state("D01", "首次可读报送晚于截止", plan.programme_id, period, reporter)
    planter.expect_state("D02", "整季未报送", plan.programme_id, "2021Q3", "411729")
    planter.expect_state("K02", "整季未报送，指标均缺", plan.programme_id, "2021Q3", "411729", "kb_hours")


def _files(planter: Planter, plan: Plan) -> None:
    broken = planter.sub("411726", "2021Q2", "progress_季报")
    planter.send_again(broken, "progress_季报_重报", 20)
    broken.spoil = lambda content: content[: len(content) // 2]
    planter.expect("F01", "传输中断，工作簿被截断", broken, entity_id="")

    changed = planter.sub("411723", "2021Q1", "progress_2月")
    renamed = {"status": "情况", "progress_pct": "推进程度"}
    changed.header = [(name, renamed.get(name, text)) for name, text in changed.header]
    planter.expect("F02", "表头被改，缺状态列和进度列", changed, entity_id="")

    late = planter.sub("411729", "2021Q4", "progress_季报")
    loose = planter.send_again(late, "progress_补充", 48)
    loose.rows, loose.registered = loose.rows[:6], False
    loose.options["below"] = []
    planter.expect("F11", "收文登记无此文件，以文件时间为收到时间", loose, entity_id="")

    other = planter.sub("411702", "2021Q2", "progress_5月")
    other.options["unit_line"] = "填报单位：西平县"
    planter.expect("F14", "表内填报单位是另一个县", other, raw_value="西平县", entity_id="")

    picture = planter.send_again(planter.sub("411729", "2021Q1", "progress_季报"), "progress_进度", -20)
    picture.suffix, picture.rows = ".et", []
    picture.content = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    planter.expect("F15", "WPS 表格原格式，不能读取", picture, entity_id="")

    hidden = planter.sub("4117A2", "2021Q3", "progress_季报")
    hidden.options["hidden_rows"] = [5]
    planter.expect("F07", "含隐藏行", hidden, entity_id="")
    formula = planter.sub("4117A2", "2021Q4", "progress_季报")
    row = formula.rows[3]
    row["problems"] = "=NA()"
    planter.expect("F07", "公式错误值 #N/A", formula, entity_id="")

    first, again = (
        planter.sub("411702", "2021Q2", "satisfaction"),
        planter.sub("411702", "2021Q4", "satisfaction"),
    )
    again.rows, again.options = [dict(row) for row in first.rows], dict(first.options)
    planter.expect("F08", "与二季度的满意度文件完全相同", again, entity_id="")

    for reporter, field, note in (
        ("4117A3", "task_id", "以序号代替编号"),
        ("4117A2", "title", "只有任务名称"),
    ):
        form = planter.sub(reporter, "2021Q1", "progress_季报")
        row = form.rows[20]
        seq_of = {task["seq"]: code for code, task in plan.tasks.items()}
        entity = seq_of.get(row["task_id"], row["task_id"])
        planter.expect("K07", note, form, row, field, entity_id=entity)


def _progress_cells(planter: Planter, plan: Plan) -> None:
    def final(reporter: str, period: str) -> Submission:
        return planter.sub(reporter, period, "progress_季报")

    def running(submission: Submission, at: int = 0) -> Row:
        """An open task's row, the at-th."""
        started = {"推进中", "进行中", "正在推进"}
        return [row for row in submission.rows if row["status"] in started][at]

    def finished(submission: Submission, at: int = 0) -> Row:
        done = {"已完成", "完成", "办结", "已办结"}
        return [row for row in submission.rows if row["status"] in done][at]

    sub = final("411725", "2021Q2")
    row = finished(sub)
    row["completed_on"] = "2021-06-31"
    planter.expect("F04", "六月没有31日", sub, row, "completed_on")

    sub = final("411724", "2021Q2")
    row = running(sub, 2) | {"task_id": SECRET_CODE, "title": "优化营商环境宣传月活动"}
    sub.rows.append(row)
    planter.expect("F05", "方案中没有这项任务", sub, row, "task_id", entity_id="")

    sub = final("411722", "2021Q3")
    row = running(sub)
    row["progress_pct"] = "0.85"
    planter.expect("F12", "进度写成小数", sub, row, "progress_pct")

    sub = final("411721", "2021Q3")
    row = dict(sub.rows[8])
    sub.rows.insert(9, row)
    planter.expect("K01", "同一任务填了两行", sub, row, "task_id")

    sub = final("411724", "2021Q1")
    row = running(sub, 1)
    row["status"] = "基本完成"
    planter.expect("K05", "状态用语不在规定之内", sub, row, "status")

    sub = final("4117A1", "2021Q2")
    row = running(sub) | {"task_id": "zmd088", "title": plan.tasks["zmd088"]["title"]}
    sub.rows.append(row)
    planter.expect("K06", "法院任务不属于功能区", sub, row, raw_value="")

    sub = final("411729", "2021Q1")
    row = running(sub)
    row["progress_pct"] = "120%"
    planter.expect("V01", "进度超过100%", sub, row, "progress_pct")

    sub = final("411726", "2021Q1")
    row = running(sub)
    row["progress_pct"] = "５０％"
    planter.expect("F09", "全角数字", sub, row, "progress_pct")

    sub = final("411726", "2021Q3")
    row = finished(sub)
    row["progress_pct"] = Percent(0.8)
    planter.expect("T05", "已完成而进度只有80%", sub, row, raw_value="")

    sub = final("411723", "2021Q2")
    row = finished(sub)
    row["completed_on"] = "2021.7.15"
    planter.expect("T06", "完成日期晚于填报日期", sub, row, raw_value="")

    sub = final("411724", "2021Q3")
    row = finished(sub)
    row["evidence"] = None
    planter.expect("T10", "已完成无佐证材料", sub, row, raw_value="")

    sub = final("411725", "2021Q3")
    first, second = finished(sub), finished(sub, 1)
    second["evidence"] = first["evidence"]
    planter.expect("T11", "两项任务用同一份佐证", sub, second, raw_value="")

    before, sub = final("411722", "2021Q1"), final("411722", "2021Q2")
    known = {
        row["task_id"]: row["progress_pct"] for row in before.rows if isinstance(row["progress_pct"], int)
    }
    row = next(r for r in sub.rows if r["status"] == "推进中" and 30 <= known.get(r["task_id"], 0) <= 90)
    row["progress_pct"] = known[row["task_id"]] - 20
    planter.expect("H01", f"上季{known[row['task_id']]}，本季{row['progress_pct']}", sub, row, raw_value="")

    before, sub, after = final("411722", "2021Q2"), final("411722", "2021Q3"), final("411722", "2021Q4")
    task_id = finished(before)["task_id"]
    row = finished(before) | {"status": "推进中", "progress_pct": 90, "completed_on": None, "evidence": None}
    row |= {"summary": "群众反映落实不到位，重新整改。", "reported_on": sub.rows[0]["reported_on"]}
    sub.rows = [r for r in sub.rows if r["task_id"] != task_id] + [row]
    closing = row | {"status": "已完成", "progress_pct": 100, "completed_on": "2021年11月15日"}
    closing |= {"evidence": f"411722-{task_id}-1226.pdf", "reported_on": after.rows[0]["reported_on"]}
    after.rows = [r for r in after.rows if r["task_id"] != task_id] + [closing | {"summary": "整改完成。"}]
    planter.expect("H11", "二季度已完成，三季度重新打开", sub, row, raw_value="")


def _indicator_cells(planter: Planter, plan: Plan) -> None:
    def form(reporter: str, period: str) -> Submission:
        return planter.sub(reporter, period, "indicators")

    def put(
        rule: str, note: str, reporter: str, period: str, code: str, field: str = "value", /, **cells: Any
    ) -> None:
        sub = form(reporter, period)
        row = sub.find(indicator_id=code)
        row.update(cells)
        planter.expect(rule, note, sub, row, field)

    text = form("411722", "2021Q1")
    planter.send_again(text, "indicators_更正", 45)
    put("F03", "数值列写了单位，两天后更正", "411722", "2021Q1", "sq_days", value="0.5天")
    put(
        "V01",
        "百分比超过100",
        "411724",
        "2021Q2",
        "kb_online",
        value="120%",
        numerator=None,
        denominator=None,
    )
    put("V05", "环节数不是整数", "411726", "2021Q3", "kb_steps", value=2.5)
    put("V04", "小数位数超过一位", "411728", "2021Q2", "xd_days", value=3.1416)
    put("I09", "劣于基期30个工作日", "411724", "2021Q1", "cg_sign", value=35)
    put(
        "V10",
        "分母为零",
        "411726",
        "2021Q4",
        "zw_instant",
        "denominator",
        value=23.5,
        numerator=0,
        denominator=0,
    )

    sub = form("411727", "2021Q2")
    row = sub.find(indicator_id="xk_accept")
    rate = 100 * row["numerator"] / row["denominator"]
    put("V06", f"分子分母算得{rate:.1f}", "411727", "2021Q2", "xk_accept", value=f"{min(100, rate + 8):.1f}%")

    sub = form("411722", "2021Q4")
    whole = sub.find(indicator_id="fw_solved")["denominator"]
    put("V07", "已解决多于受理", "411722", "2021Q4", "fw_solved", "numerator", numerator=whole + 5)

    peers = [code for code in plan.reporters if code != "411729" and "sq_days" in plan.owed_indicators(code)]
    typical = median(_sent_value(planter, code, "2021Q4", "sq_days") for code in peers)
    hours = round(24 * typical, 1)
    put(
        "V03",
        f"疑以小时填报，各县中位数{typical:g}",
        "411729",
        "2021Q4",
        "sq_days",
        value=hours,
        note="已核对",
    )

    before = indicator_value(plan, "411729", "xk_days", 1, (0.28, 0.34, 0.3, 0.38)).value
    put(
        "H03",
        f"上季{before:g}，无说明",
        "411729",
        "2021Q2",
        "xk_days",
        value=round(before * 0.6, 1),
        note=None,
    )

    sub = form("411728", "2021Q4")
    sub.rows = [row for row in sub.rows if row["indicator_id"] != "zw_fix"]
    planter.expect_state("K02", "漏报一个指标", plan.programme_id, "2021Q4", "411728", "zw_fix")

    sub = form("4117A2", "2021Q3")
    row = sub.rows[0] | {
        "indicator_id": "yl_reform",
        "name": plan.indicators["yl_reform"]["name"],
        "value": 1,
        "numerator": None,
        "denominator": None,
        "unit": plan.indicators["yl_reform"]["unit"],
    }
    sub.rows.append(row)
    planter.expect("K03", "方案已除外而报了数值", sub, row, raw_value="")

    sub = form("411727", "2021Q3")
    row = sub.rows[0] | {"indicator_id": "kb_cost", "name": "企业开办成本", "value": 0, "unit": "元"}
    sub.rows.append(row)
    planter.expect("F05", "目录中没有这个指标", sub, row, "indicator_id", entity_id="")


def _sent_value(planter: Planter, reporter_id: str, period: str, code: str) -> float:
    cell = planter.sub(reporter_id, period, "indicators").find(indicator_id=code)["value"]
    return float(str(cell).rstrip("%"))


def _other_kinds(planter: Planter) -> None:
    sub = planter.sub("411724", "2021Q4", "satisfaction")
    row = sub.rows[0]
    row["rate"] = round(row["rate"] + 4, 1)
    planter.expect("S01", "满意度比满意数除以样本量高4个百分点", sub, row, raw_value="", entity_id="")

    sub = planter.sub("411722", "2021Q4", "rectification")
    row = sub.rows[0]
    row["closed_on"] = None
    planter.expect("Z02", "销号无日期", sub, row, raw_value="", entity_id=row["issue_id"])
    row = sub.rows[1]
    planter.expect("Z01", "逾期未销号", sub, row, raw_value="", entity_id=row["issue_id"])


def plant_departments(planter: Planter, plan: Plan) -> None:
    """The few things that go wrong in wugang2022."""

    def final(reporter: str, period: str) -> Submission:
        return planter.sub(reporter, period, "progress_季报")

    def running(submission: Submission) -> Row:
        return next(row for row in submission.rows if row["status"] in ("推进中", "正在推进"))

    sub = final("fagai", "2022Q1")
    row = running(sub)
    row["status"] = "阶段性完成"
    planter.expect("K05", "状态用语不在规定之内", sub, row, "status")

    sub = final("shuiwu", "2022Q2")
    row = running(sub)
    row["progress_pct"] = "0.6"
    planter.expect("F12", "进度写成小数", sub, row, "progress_pct")

    sub = final("gongan", "2022Q1")
    row = running(sub) | {"task_id": "wg244", "title": plan.tasks["wg244"]["title"]}
    sub.rows.append(row)
    planter.expect("K06", "人社局的任务", sub, row, raw_value="")

    planter.expect_state("D02", "整季未报送", plan.programme_id, "2022Q2", "qixiang")
    planter.expect_state("D02", "整季未报送", plan.programme_id, "2022Q1", "gongshanglian")
    planter.expect_state("D01", "首次可读报送晚于截止", plan.programme_id, "2022Q1", "linye")


def registry_expectations(plan: Plan) -> list[Expectation]:
    """Findings that the facts of the plan themselves lead to: none of these is invented."""
    found: list[Expectation] = []
    place = f"registry/{plan.programme_id}"

    def add(
        rule: str,
        note: str,
        entity: str,
        table: str = "",
        at: int | None = None,
        column: str = "",
        raw: str = "",
    ) -> None:
        path = f"{place}/{table}.csv" if table else ""
        found.append(
            Expectation(
                rule,
                note,
                plan.programme_id,
                entity_id=entity,
                path=path,
                row_number=at,
                column_name=column,
                raw_value=raw,
            )
        )

    canonical = {}
    for unit in plan.tables["units"]:
        for name in (unit["name"], *filter(None, unit["aliases"].split(";"))):
            canonical[name] = unit["name"]
    leads: dict[str, list[str]] = {}
    helpers: dict[str, list[str]] = {}
    for number, row in enumerate(plan.tables["responsibilities"], start=2):
        name = row["unit_name"]
        if name not in canonical:
            add("U01", "方案中的错名，未收入单位别名", "", "responsibilities", number, "unit_name", name)
        bucket = leads if row["role"] == "lead" else helpers if row["role"] == "cooperate" else None
        if bucket is not None:
            bucket.setdefault(row["task_id"], []).append(canonical.get(name, name))
    for task_id, names in leads.items():
        if len(set(names)) > 1:
            add("T04", "、".join(names), task_id)
        if set(names) & set(helpers.get(task_id, [])):
            add("T03", "、".join(sorted(set(names) & set(helpers[task_id]))), task_id)
    for number, task in enumerate(plan.tables["tasks"], start=2):
        text = task["deadline_text"]
        if not text:
            add("T02", "方案未写完成时限", task["task_id"])
        elif "日30日" in text:
            add("F04", "时限写错，不作推断", task["task_id"], "tasks", number, "deadline_text", text)
        elif "见成效" in text or "完成数据普查" in text:
            add("T12", text, task["task_id"])
    for code, entry in plan.indicators.items():
        better = 1 if entry["polarity"] == "higher" else -1
        goal = plan.targets.get(code)
        if goal is not None and entry["frontier"] and better * float(entry["frontier"]) < better * goal:
            add("P06", f"目标{goal:g}，前沿{entry['frontier']}", code)
        if goal is not None and entry["baseline"] and better * goal < better * float(entry["baseline"]):
            add("P05", f"目标{goal:g}，基期{entry['baseline']}", code)
    return found


def write_expectations(path: Path, expectations: list[Expectation]) -> None:
    """Write planted_mistakes.csv, ordered by rule and place."""
    lines = [expectation.line() for expectation in expectations]
    lines.sort(key=lambda line: [str(line[name]).zfill(6) for name in COLUMNS])
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode())
