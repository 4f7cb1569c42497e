"""The form that goes out: one locked workbook per reporter and kind, what is known filled in, only the answers open.

Belongs here: columns, validation, explanations and looks of the form. Does not belong here: who owes what (``records``),
reading it when it comes back (``raw/``: the headers are those of the contract, so the form is a submission like any other).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from dashboards.format import STATUS_WORDS, day_words, value
from dashboards.workbooks import records, styles
from dashboards.workbooks.form import FORM_SHEET, LISTS_SHEET, FormId, file_name
from raw.periods import Period

KIND_SHEETS = {"progress": "任务进展", "indicators": "指标"}
STATUSES = [STATUS_WORDS[key] for key in ("not_started", "in_progress", "completed", "ongoing", "cancelled")]
_SPARE_ROWS = 5
_HEAD_ROW = 4  # title, who and when, signatures, groups, header
_SAFE = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
_STATUS_MEANINGS = (
    ("未启动", "尚未开始", "未开始"),
    ("推进中", "正在做，尚未全部完成", "正在推进、进行中"),
    ("已完成", "全部完成；必须同时填完成日期和佐证材料，进度填 100", "完成、办结、已办结、销号"),
    ("持续推进", "没有截止日期、需要长期做的工作；每季都要写进展情况", "常态化推进、长期坚持"),
    ("取消", "经批准不再办理；请在进展情况中写明批准文件", "终止"),
)


@dataclass(frozen=True)
class Column:
    """One column of a form. ``header`` is a header of the contract where ``answer`` or the key, else only information."""

    header: str
    width: int
    answer: bool = False
    required: str = ""
    help: str = ""
    example: str = ""


PROGRESS = (
    Column("任务编号", 9, help="任务目录中的编号，请勿改动"),
    Column("任务名称", 30, help="任务目录中的名称"),
    Column("专项", 11, help="所属专项"),
    Column("牵头单位", 16, help="登记的牵头单位"),
    Column("完成时限", 12, help="红色加粗的，本季末前到期；没有日期的照抄方案原文"),
    Column("上期状态", 9, help="上一季的状态，供对照"),
    Column("上期进度", 9, help="上一季的进度，供对照"),
    Column("状态", 10, True, "必填", "从下拉框选：" + "、".join(STATUSES), "推进中"),
    Column("完成进度", 9, True, "必填", "0–100 的数，不写百分号；低于上期的请在进展情况中说明原因", "65"),
    Column("完成日期", 12, True, "已完成的必填", "实际完成的日期，不晚于填报当天", "2021-06-28"),
    Column("进展情况", 34, True, "必填", "本季做了什么、到什么程度；持续推进的任务不写则本季记 0 分", "已出台实施细则，7 个窗口启用"),
    Column("存在问题", 20, True, "有则填", "需要协调解决的问题", ""),
    Column("佐证材料", 18, True, "已完成的必填", "文件名称或文号，每项任务用自己的材料", "西政办〔2021〕12号"),
)  # fmt: skip
INDICATORS = (
    Column("指标编号", 12, help="指标目录中的编号，请勿改动"),
    Column("指标名称", 28, help="指标目录中的名称"),
    Column("专项", 11, help="所属专项"),
    Column("单位", 8, help="计量单位；请按此单位换算后填报"),
    Column("方向", 10, help="数值越高越好，还是越低越好"),
    Column("口径", 20, help="有分子、分母的，指标值怎样由它们算出"),
    Column("目标", 9, help="本季适用的目标值"),
    Column("目标期限", 12, help="该目标应达到的日期"),
    Column("上期值", 9, help="上一季的数值，供对照"),
    Column("指标值", 11, True, "必填", "只填数字，不写单位；按要求的小数位数；没有发生业务的请留空并在说明中写明", "1.5"),
    Column("分子", 10, True, "有口径的必填", "口径中“÷”前面的数", "112"),
    Column("分母", 10, True, "有口径的必填", "口径中“÷”后面的数，不能为 0", "130"),
    Column("说明", 28, True, "变动超过 30% 必填", "与上期相比变动超过 30%、或有特殊情况的，写明原因", "7 月起系统上线"),
    Column("数据来源", 18, True, "建议填", "数据从哪里来，便于核对", "政务服务系统 9 月 25 日导出"),
)  # fmt: skip


@dataclass
class Form:
    """What one workbook holds: whose it is and its rows as ``records`` gives them."""

    id: FormId
    programme: dict[str, Any]
    reporter_name: str
    period: Period
    previous: str | None
    rows: list[dict[str, Any]] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)


def quarter_words(label: str) -> str:
    """``2021Q3`` → 2021年第三季度."""
    return f"{label[:4]}年第{'一二三四'[int(label[-1]) - 1]}季度"


def _is_settled_task(row: dict) -> bool:
    """Completed or cancelled, and nothing more to say: a task that goes on after its milestone is owed every quarter."""
    if row["status"] == "cancelled":
        return True
    return (
        row["status"] == "completed"
        and not row["ongoing"]
        and row["deadline_kind"] not in ("ongoing", "recurring")
    )


def forms_of(
    connection: duckdb.DuckDBPyConnection, programme: dict, period: Period, reporter: str | None
) -> list[Form]:
    """The forms of a programme's period: one per reporter and kind it owes.

    ``programme``: a row of ``records.programmes``; ``reporter``: only this reporter_id. What is pre-filled comes from the
    latest published period before ``period``.
    """
    programme_id = programme["programme_id"]
    previous = records.last_period_before(connection, programme_id, str(period))
    names = {row["reporter_id"]: row["name"] for row in records.reporters(connection, programme_id)}
    owed = {
        "progress": (records.owed_tasks(connection, programme_id, previous), _is_settled_task),
        "indicators": (
            records.owed_indicators(connection, programme_id, previous, period.end),
            lambda row: row["applicability"] == "not_applicable",
        ),
    }
    forms: dict[tuple[str, str], Form] = {}
    for reporter_id, name in names.items():
        for kind, (rows, is_settled) in owed.items():
            if reporter in (None, reporter_id):
                for row in rows:
                    if row["reporter_id"] == reporter_id:
                        key = (reporter_id, kind)
                        if key not in forms:
                            identity = FormId(programme_id, str(period), reporter_id, kind)
                            forms[key] = Form(identity, programme, name, period, previous)
                        (forms[key].settled if is_settled(row) else forms[key].rows).append(row)
    # indicators are owed only where one applies (contract, section 4)
    return [form for (_, kind), form in forms.items() if kind == "progress" or form.rows]


def write_forms(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    out: Path,
    programme_id: str | None = None,
    reporter: str | None = None,
) -> list[tuple[FormId, Path]]:
    """Write every form of a quarter to the folder ``out``; returns what was written. About 30 ms a workbook."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for programme in records.programmes(connection, period.end, programme_id):
        for form in forms_of(connection, programme, period, reporter):
            identity = form.id
            path = out / file_name(
                identity.kind,
                identity.programme_id,
                identity.period,
                identity.reporter_id,
                form.reporter_name,
            )
            write_form(form, path)
            written.append((identity, path))
    return written


def write_form(form: Form, path: Path) -> None:
    """Write one workbook: the form, 填报说明, what need not be filled, the hidden identity and lists."""
    with xlsxwriter.Workbook(str(path), _SAFE) as book:
        book.set_properties(
            {
                "title": f"{KIND_SHEETS[form.id.kind]}填报表",
                "author": form.programme["issuer"] or "",
                "comments": form.id.code,
                # a fixed moment: the same form is the same bytes
                "created": datetime.combine(form.period.start, time()),
            }
        )
        book.set_custom_property("taizhang_form", form.id.code)
        _Writer(book, form).write()


class _Writer:
    def __init__(self, book: Workbook, form: Form):
        self.book, self.form = book, form
        self.columns = PROGRESS if form.id.kind == "progress" else INDICATORS
        self.at = {column.header: index for index, column in enumerate(self.columns)}
        self.first = _HEAD_ROW + 1
        self._formats: dict[tuple, Format] = {}

    def style(self, **properties: Any) -> Format:
        """A cell format; the same properties give the same object."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            base = {
                "font_name": styles.BODY_FONT,
                "font_size": 11,
                "font_color": styles.INK,
                "valign": "vcenter",
            }
            self._formats[key] = self.book.add_format(base | properties)
        return self._formats[key]

    def boxed(self, **properties: Any) -> Format:
        """A cell of the table."""
        return self.style(border=1, border_color=styles.LINE, text_wrap=True, **properties)

    def write(self) -> None:
        page = self.book.add_worksheet(KIND_SHEETS[self.form.id.kind])
        self._head(page)
        rows = self.form.rows
        fill = self._task if self.form.id.kind == "progress" else self._indicator
        for number, row in enumerate(rows, self.first):
            page.set_row(number, styles.row_height(fill(page, number, row), 33))
        last = self.first + len(rows) - 1
        if self.form.id.kind == "progress":
            self._spare(page, last + 1)
            last += _SPARE_ROWS
            if last >= self.first:
                self._task_rules(page, last)
        elif rows:
            self._indicator_hints(page, last)
        self._page_setup(page, last)
        self._instructions(self.book.add_worksheet("填报说明"))
        if self.form.settled:
            self._settled(self.book.add_worksheet("无需填报"))
        lists = self.book.add_worksheet(LISTS_SHEET)
        for index, word in enumerate(STATUSES):
            lists.write_string(index, 0, word)
        identity = self.book.add_worksheet(FORM_SHEET)
        for index, (name, text) in enumerate(self.form.id.lines()):
            identity.write_string(index, 0, name)
            identity.write_string(index, 1, text)
        for hidden in (lists, identity):
            hidden.protect()
            hidden.very_hidden()
        page.activate()

    def _head(self, page: Worksheet) -> None:
        last, form = len(self.columns) - 1, self.form
        for index, column in enumerate(self.columns):
            page.set_column(index, index, column.width)
        title = f"{form.programme['title'] or ''}{KIND_SHEETS[form.id.kind]}填报表"
        page.set_row(0, 34)
        page.merge_range(
            0, 0, 0, last, title, self.style(font_name=styles.TITLE_FONT, font_size=18, align="center")
        )
        cutoff = form.period.cutoff_on(form.programme["report_day"])
        facts = (
            f"填报单位：{form.reporter_name}",
            f"期次：{quarter_words(form.id.period)}",
            f"截止：{day_words(cutoff)} 24:00 前报送",
        )
        self._spread(page, 1, facts, self.style(font_name=styles.HEAD_FONT))
        page.set_row(1, 20)
        page.set_row(2, 22)
        # labels and their empty answers; readers know these lines for what they are
        label = self.style(align="right")
        answer = self.style(bottom=1, bottom_color=styles.LINE, bg_color=styles.ANSWER_FILL, locked=False)
        answers_from = next(i for i, column in enumerate(self.columns) if column.answer)
        for text, at, width in (
            ("填报人：", 0, 1),
            ("联系电话：", 2, 2),
            ("审核人：", answers_from - 1, 2),
            ("填报日期：", answers_from + 2, 1),
        ):
            page.write_string(2, at, text, label)
            if width == 1:
                page.write_blank(2, at + 1, None, answer)
            else:
                page.merge_range(2, at + 1, 2, at + width, "", answer)
        page.set_row(3, 19)
        group = {"align": "center", "bold": True, "font_name": styles.HEAD_FONT, "font_size": 10}
        page.merge_range(
            3,
            0,
            3,
            answers_from - 1,
            "以下由营商办预填，已锁定",
            self.boxed(bg_color=styles.HEAD_FILL, **group),
        )
        page.merge_range(
            3,
            answers_from,
            3,
            last,
            "以下由填报单位填写",
            self.boxed(bg_color=styles.ANSWER_HEAD_FILL, **group),
        )
        page.set_row(_HEAD_ROW, 24)
        for index, column in enumerate(self.columns):
            fill = styles.ANSWER_HEAD_FILL if column.answer else styles.HEAD_FILL
            page.write_string(
                _HEAD_ROW,
                index,
                column.header,
                self.boxed(bold=True, align="center", bg_color=fill, font_name=styles.HEAD_FONT),
            )

    def _spread(self, page: Worksheet, row: int, texts: tuple[str, ...], style: Format) -> None:
        """Texts side by side over the whole width, each over a third of the columns."""
        count = len(self.columns)
        bounds = [count * i // len(texts) for i in range(len(texts) + 1)]
        for text, low, high in zip(texts, bounds, bounds[1:], strict=False):
            page.merge_range(row, low, row, high - 1, text, style)

    def _info(self, page: Worksheet, row: int, header: str, content: Any, **look: Any) -> tuple[Any, int]:
        """Write a pre-filled cell; returns (text, column width) for the height of the row."""
        style = self.boxed(bg_color=styles.INFO_FILL, **look)
        if isinstance(content, date):
            page.write_datetime(
                row,
                self.at[header],
                datetime.combine(content, time()),
                self.boxed(
                    bg_color=styles.INFO_FILL, num_format="yyyy-mm-dd", **({"align": "center"} | look)
                ),
            )
        elif content is None or content == "":
            page.write_blank(row, self.at[header], None, style)
        elif isinstance(content, int | float):
            page.write_number(row, self.at[header], content, style)
        else:
            page.write_string(row, self.at[header], str(content), style)
        return content, self.columns[self.at[header]].width

    def _answer(self, page: Worksheet, row: int, header: str, **look: Any) -> None:
        page.write_blank(
            row, self.at[header], None, self.boxed(bg_color=styles.ANSWER_FILL, locked=False, **look)
        )

    def _task(self, page: Worksheet, number: int, row: dict) -> list[tuple[Any, int]]:
        """One task; returns what ``styles.row_height`` needs."""
        due, status = row["due_date"], row["status"]
        pressing = {"bold": True, "font_color": "#B71C1C"} if due and due <= self.form.period.end else {}
        has_progress = status is not None and row["milestone_count"]
        texts = [
            self._info(page, number, "任务编号", row["task_id"], align="center"),
            self._info(page, number, "任务名称", row["title"]),
            self._info(page, number, "专项", row["special"], align="center"),
            self._info(page, number, "牵头单位", row["lead_unit"]),
            self._info(page, number, "完成时限", due or row["deadline_text"], align="center", **pressing),
            self._info(
                page, number, "上期状态", STATUS_WORDS[status] if status else "未报送" if self.form.previous else "",
                align="center",
            ),
            self._info(page, number, "上期进度", f"{row['progress_pct']:g}%" if has_progress else "", align="center"),
        ]  # fmt: skip
        self._task_answers(page, number)
        return texts

    def _task_answers(self, page: Worksheet, number: int) -> None:
        self._answer(page, number, "状态", align="center")
        self._answer(page, number, "完成进度", align="center")
        self._answer(page, number, "完成日期", align="center", num_format="yyyy-mm-dd")
        for header in ("进展情况", "存在问题", "佐证材料"):
            self._answer(page, number, header)

    def _spare(self, page: Worksheet, first: int) -> None:
        """Open rows: a task of the sheet 无需填报 whose data are to be corrected."""
        for number in range(first, first + _SPARE_ROWS):
            page.set_row(number, 24)
            self._answer(page, number, "任务编号", align="center", num_format="@")
            self._answer(page, number, "任务名称")
            for header in ("专项", "牵头单位", "完成时限", "上期状态", "上期进度"):
                self._info(page, number, header, None)
            self._task_answers(page, number)

    def _validate(self, page: Worksheet, header: str, first: int, last: int, options: dict) -> None:
        column = self.at[header]
        if page.data_validation(first, column, last, column, {"ignore_blank": True} | options) != 0:
            raise ValueError(f"validation of {header} refused by the writer: {options}")

    def _task_rules(self, page: Worksheet, last: int) -> None:
        first = self.first
        self._validate(
            page, "状态", first, last,
            {"validate": "list", "source": f"='{LISTS_SHEET}'!$A$1:$A${len(STATUSES)}",
             "input_title": "状态", "input_message": "从下拉框选择",
             "error_title": "状态用语", "error_message": "请从下拉框选择：" + "、".join(STATUSES)},
        )  # fmt: skip
        self._validate(
            page, "完成进度", first, last,
            {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100,
             "input_title": "完成进度", "input_message": "填 0–100 的数，不写百分号。例：65",
             "error_title": "完成进度", "error_message": "应为 0–100 之间的数，不写百分号和文字"},
        )  # fmt: skip
        start = self.form.programme["start_date"]
        latest = self.form.period.end + timedelta(days=self.form.programme["freeze_days"])
        self._validate(
            page, "完成日期", first, last,
            {"validate": "date", "criteria": "between", "minimum": start, "maximum": latest,
             "input_title": "完成日期", "input_message": "实际完成的日期，如 2021-06-28；未完成的留空",
             "error_title": "完成日期",
             "error_message": f"应为 {start.isoformat()} 至 {latest.isoformat()} 之间的日期，如 2021-06-28"},
        )  # fmt: skip
        warn = self.book.add_format({"bg_color": styles.WARN_FILL})
        top = first + 1
        status, progress = (xlsxwriter.utility.xl_col_to_name(self.at[h]) for h in ("状态", "完成进度"))
        done = f'${status}{top}="已完成"'
        for header, test in (
            ("完成日期", done),
            ("佐证材料", done),
            ("进展情况", f'${status}{top}<>""'),
            ("完成进度", f'AND(${status}{top}<>"",${status}{top}<>"取消")'),
        ):
            letter = xlsxwriter.utility.xl_col_to_name(self.at[header])
            blank = f'=AND({test},${letter}{top}="")'
            page.conditional_format(
                first, self.at[header], last, self.at[header],
                {"type": "formula", "criteria": blank, "format": warn},
            )  # fmt: skip
        page.conditional_format(
            first, self.at["完成进度"], last, self.at["完成进度"],
            {"type": "formula", "criteria": f'=AND({done},${progress}{top}<>"",${progress}{top}<100)', "format": warn},
        )  # fmt: skip

    def _indicator(self, page: Worksheet, number: int, row: dict) -> list[tuple[Any, int]]:
        """One indicator; returns what ``styles.row_height`` needs."""
        polarity = {"higher": "越高越好", "lower": "越低越好"}.get(row["polarity"], "")
        has_ratio = bool(row["numerator"] and row["denominator"])
        scale = f"×{row['multiplier']:g}" if row["multiplier"] not in (None, 1) else ""
        ratio = f"{row['numerator']}÷{row['denominator']}{scale}" if has_ratio else ""
        last_value = row["last_value"]
        if last_value is None:
            state = "no_practice" if row["applicability"] == "no_practice" else row["last_state"]
            last_value = {"not_submitted": "未报", "no_practice": "未开展"}.get(state, "")
        texts = [
            self._info(page, number, "指标编号", row["indicator_id"], align="center"),
            self._info(page, number, "指标名称", row["name"]),
            self._info(page, number, "专项", row["special"], align="center"),
            self._info(page, number, "单位", row["unit"], align="center"),
            self._info(page, number, "方向", polarity, align="center"),
            self._info(page, number, "口径", ratio, font_size=10),
            self._info(page, number, "目标", row["target"], align="center"),
            self._info(page, number, "目标期限", row["target_due"]),
            self._info(page, number, "上期值", last_value, align="center"),
        ]
        self._answer(page, number, "指标值", align="center")
        for header in ("分子", "分母"):
            if has_ratio:
                self._answer(page, number, header, align="center")
            else:
                page.write_blank(number, self.at[header], None, self.boxed(bg_color=styles.CLOSED_FILL))
        self._answer(page, number, "说明")
        self._answer(page, number, "数据来源")
        self._number(page, number, "指标值", row["valid_min"], row["valid_max"], _value_help(row))
        if has_ratio:
            self._number(page, number, "分子", 0, None, f"分子：{row['numerator']}")
            self._number(page, number, "分母", 0, None, f"分母：{row['denominator']}，不能为 0")
        return texts

    def _number(self, page: Worksheet, number: int, header: str, low, high, text: str) -> None:
        limits: dict[str, Any]
        # 20, not 20.0: the clerk sees the limits in the program's own dialog
        low, high = (int(x) if x is not None and float(x).is_integer() else x for x in (low, high))
        if low is not None and high is not None:
            limits = {"criteria": "between", "minimum": low, "maximum": high}
            said = f"应为 {value(low)} 至 {value(high)} 之间的数，不写单位和文字"
        elif low is not None or high is not None:
            limits = {
                "criteria": ">=" if low is not None else "<=",
                "value": low if low is not None else high,
            }
            said = f"应为{'不小于' if low is not None else '不大于'} {value(limits['value'])} 的数，不写单位和文字"
        else:
            limits, said = (
                {"criteria": "between", "minimum": -1e12, "maximum": 1e12},
                "应为数字，不写单位和文字",
            )
        self._validate(
            page, header, number, number,
            limits | {"validate": "decimal", "input_title": header, "input_message": text[:250],
                      "error_title": header, "error_message": said[:250]},
        )  # fmt: skip

    def _indicator_hints(self, page: Worksheet, last: int) -> None:
        """Colour what H03 and V06 would ask for, while the clerk is still writing."""
        warn, top = self.book.add_format({"bg_color": styles.WARN_FILL}), self.first + 1
        name = xlsxwriter.utility.xl_col_to_name
        now, before, note = (name(self.at[h]) for h in ("指标值", "上期值", "说明"))
        changed = (
            f'=AND(ISNUMBER(${now}{top}),ISNUMBER(${before}{top}),${before}{top}<>0,${note}{top}="",'
            f"ABS(${now}{top}-${before}{top})>0.3*ABS(${before}{top}))"
        )
        self._hint(page, "说明", last, changed, warn)
        method = name(self.at["口径"])
        for header in ("分子", "分母"):
            letter = name(self.at[header])
            self._hint(
                page, header, last, f'=AND(${now}{top}<>"",${method}{top}<>"",${letter}{top}="")', warn
            )

    def _hint(self, page: Worksheet, header: str, last: int, criteria: str, style: Format) -> None:
        column = self.at[header]
        page.conditional_format(
            self.first, column, last, column, {"type": "formula", "criteria": criteria, "format": style}
        )

    def _page_setup(self, page: Worksheet, last: int) -> None:
        page.freeze_panes(self.first, 2)
        page.protect(
            "", {"format_columns": True, "format_rows": True, "select_locked_cells": True, "objects": False}
        )
        page.set_landscape()
        page.set_paper(8)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.repeat_rows(3, _HEAD_ROW)
        page.print_area(0, 0, max(last, _HEAD_ROW), len(self.columns) - 1)
        page.set_footer(f"&L表号 {self.form.id.code.replace('&', '&&')[:120]}&C第 &P 页，共 &N 页")
        page.hide_gridlines(2)
        page.set_selection(self.first, self.at["状态" if self.form.id.kind == "progress" else "指标值"],
                           self.first, self.at["状态" if self.form.id.kind == "progress" else "指标值"])  # fmt: skip

    def _instructions(self, page: Worksheet) -> None:
        form = self.form
        widths = (14, 18, 62, 32)
        for index, width in enumerate(widths):
            page.set_column(index, index, width)
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        heading = self.style(font_name=styles.HEAD_FONT, font_size=12, bold=True)
        head = self.boxed(bold=True, align="center", bg_color=styles.HEAD_FILL, font_name=styles.HEAD_FONT)
        cell, plain = self.boxed(), self.style(text_wrap=True)
        at = 0

        def line(text: str, style: Format, height: float = 18) -> None:
            nonlocal at
            page.set_row(at, height)
            page.merge_range(at, 0, at, 3, text, style)
            at += 1

        def table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
            nonlocal at
            for number, texts in enumerate([titles, *rows]):
                for index, text in enumerate(texts):
                    page.write_string(at, index, text, head if number == 0 else cell)
                page.set_row(at, styles.row_height(list(zip(texts, widths, strict=False))))
                at += 1

        line("填报说明", self.style(font_name=styles.TITLE_FONT, font_size=18, align="center"), 34)
        cutoff = form.period.cutoff_on(form.programme["report_day"])
        freeze = form.period.end + timedelta(days=form.programme["freeze_days"])
        line("一、怎么填", heading, 24)
        for text in _how_to(form.id.kind):
            line(text, plain, 18 if styles.text_width(text) <= 120 else 34)
        line("二、怎么报", heading, 24)
        line(f"1. {day_words(cutoff)} 24:00 前报送，之后收到的为迟报；{day_words(freeze)} 24:00 定版，"
             "仍未报的指标记 0 分。", plain)  # fmt: skip
        line(
            "2. 填好后把本文件原样发回营商办即可；文件名可以改，表头和编号不要改，不要另存为其他格式。", plain
        )
        line("3. 发现填错，改后整份再发一次；以最后收到的为准，是否迟报看第一次收到的时间。", plain)
        line("三、各列怎么填（字段说明）", heading, 24)
        table(
            ("列名", "是否必填", "填什么", "举例"),
            [
                (
                    column.header,
                    column.required if column.answer else "预填，勿改",
                    column.help,
                    column.example,
                )
                for column in self.columns
            ],
        )
        if form.id.kind == "progress":
            line("四、状态用语", heading, 24)
            table(
                ("用语", "也认这些写法", "什么时候用"),
                [(w, also, when) for w, when, also in _STATUS_MEANINGS],
            )
        line("颜色：浅黄＝请填写；灰＝预填或不用填；橙＝按已填内容看，这一格还缺或需要说明。", plain)
        line(
            f"表号：{form.id.code}（第 {form.id.version} 版）",
            self.style(font_color=styles.MUTED, font_size=9),
        )
        page.protect("", {"format_columns": True, "format_rows": True})

    def _settled(self, page: Worksheet) -> None:
        """What need not be filled, so that nobody looks for it. Its headers give no table of the contract."""
        is_task = self.form.id.kind == "progress"
        titles = (
            ("任务编号", "任务名称", "专项", "结果") if is_task else ("指标编号", "指标名称", "专项", "理由")
        )
        widths = (14, 56, 16, 40)
        for index, width in enumerate(widths):
            page.set_column(index, index, width)
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        text = (
            "以下任务已办结或已取消，本季不用再报。数据有误的，在“任务进展”表末的空行填编号更正。"
            if is_task
            else "以下指标已核定对本单位不适用，不用填。"
        )
        page.set_row(0, 24)
        page.merge_range(0, 0, 0, 3, text, self.style(font_name=styles.HEAD_FONT))
        head = self.boxed(bold=True, align="center", bg_color=styles.HEAD_FILL, font_name=styles.HEAD_FONT)
        cell = self.boxed(bg_color=styles.INFO_FILL)
        for index, title in enumerate(titles):
            page.write_string(1, index, title, head)
        for number, row in enumerate(self.form.settled, 2):
            texts = _settled_task(row) if is_task else _settled_indicator(row)
            page.set_row(number, styles.row_height(list(zip(texts, widths, strict=True))))
            for index, text in enumerate(texts):
                page.write_string(number, index, text or "", cell)
        page.protect("", {"format_columns": True, "format_rows": True})


def _value_help(row: dict) -> str:
    parts = ["只填数字"]
    if row["unit"]:
        parts.append(f"单位：{row['unit']}")
    if row["decimals"] is not None:
        parts.append("填整数" if row["decimals"] == 0 else f"最多 {int(row['decimals'])} 位小数")
    if row["valid_min"] is not None or row["valid_max"] is not None:
        parts.append(f"允许范围 {value(row['valid_min'])} 至 {value(row['valid_max'])}")
    return "；".join(parts)


def _settled_task(row: dict) -> tuple[str, ...]:
    result = STATUS_WORDS[row["status"]]
    if row["completed_on"]:
        result += f"（{row['completed_on'].isoformat()}）"
    return row["task_id"], row["title"], row["special"], result


def _settled_indicator(row: dict) -> tuple[str, ...]:
    return row["indicator_id"], row["name"], row["special"], row["reason"] or "不适用"


def _how_to(kind: str) -> list[str]:
    own = {
        "progress": [
            "1. 只填浅黄色的格，每一行都要填状态、完成进度和进展情况；已完成的还要填完成日期和佐证材料。",
            "2. 本季没有新进展的也要填：状态和进度照实填，进展情况写明原因。",
            "3. 表末有几个空行，用来更正“无需填报”页里已办结任务的数据：填任务编号即可。",
        ],
        "indicators": [
            "1. 只填浅黄色的格；有口径的指标，指标值、分子、分母都要填，三个数要对得上。",
            "2. 0 表示数值就是零；没有数据的留空，并在说明中写明原因，不要填 0、“无”或“—”。",
            "3. 与上期相比变动超过 30% 的，请在说明中写明原因。",
        ],
    }
    return [*own[kind], "4. 请不要粘贴整块内容（会冲掉校验），不要合并单元格、插入公式或隐藏行列。"]
