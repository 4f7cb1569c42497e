"""Mistakes in the submissions of programme ``main``, each with the place where it must be found.

Belongs here: small functions by level of the rule, each changing a clean programme and saying what that must lead to.
Does not belong here: the clean programme (``defects_clean``), mistakes in registries and rankings (``defects_registry``).
A mistake that brings others with it says so (``also``): a quarantined value is missing (K02), a reopened task that was due
is overdue (T07). Warnings that follow from numbers alone (H03, H04, T09, ranks) are not listed.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from statistics import median
from typing import Any

from raw.periods import SHANGHAI
from tests.factories import defects_clean as clean
from tests.factories.defects_clean import CODES, ENDS, PERIODS, Book
from tests.factories.defects_files import File, Formula, Planned, Row
from tests.factories.trees import Percent

WIDE = str.maketrans("0123456789.%", "０１２３４５６７８９．％")


class Planter:
    """Changes one programme and remembers what must be found. Quarters are numbered from 1."""

    def __init__(self, book: Book):
        self.book = book
        self.planned: list[Planned] = []

    def progress(self, reporter: str, quarter: int) -> File:
        """The progress file of a quarter."""
        return self.book.get(reporter, PERIODS[quarter - 1], "progress")

    def indicators(self, reporter: str, quarter: int) -> File:
        """The indicator file of a quarter."""
        return self.book.get(reporter, PERIODS[quarter - 1], "indicators")

    def other(self, reporter: str, quarter: int, kind: str) -> File:
        """A file of another kind."""
        return self.book.get(reporter, PERIODS[quarter - 1], kind)

    def expect(
        self,
        rule: str,
        note: str,
        file: File | None = None,
        row: Row | None = None,
        field: str | None = None,
        **more: Any,
    ) -> None:
        """A finding of ``rule`` at a field of a row, at a row, or at a file."""
        self.planned.append(Planned(rule, note, file, row, ({"field": field} if field else {}) | more))

    def also(self, rule: str, note: str, *place: Any, **more: Any) -> None:
        """A finding that follows from a planted one; arguments of ``expect``."""
        self.expect(rule, note, *place, origin="consequence", **more)

    def state(
        self,
        rule: str,
        note: str,
        reporter: str,
        quarter: int,
        entity: tuple[str, str] | None = None,
        **more: Any,
    ) -> None:
        """A finding about something absent: no file, row or cell."""
        entity_type, entity_id = entity or ("reporter", reporter)
        place = {"programme_id": self.book.programme, "period": PERIODS[quarter - 1], "reporter_id": reporter}
        place |= {"entity_type": entity_type, "entity_id": entity_id, "path": None}
        self.planned.append(Planned(rule, note, None, None, place | {"origin": "planted"} | more))

    def missing(self, reporter: str, quarter: int, *indicators: str) -> None:
        """K02 without a row, as the consequence of another mistake."""
        for indicator in indicators:
            self.state(
                "K02", "该行未载入或未报", reporter, quarter, ("indicator", indicator), origin="consequence"
            )

    def cell(self, rule: str, note: str, file: File, key: str, field: str, cell: Any, **more: Any) -> Row:
        """Write one cell and expect the finding there; returns the row."""
        row = file.find(key)
        row[field] = cell
        self.expect(rule, note, file, row, field, **more)
        return row

    def value(
        self, reporter: str, quarter: int, indicator: str, number: Any, note: str | None = None
    ) -> tuple[File, Row]:
        """Write another value (with a note of the clerk)."""
        file = self.indicators(reporter, quarter)
        row = file.find(indicator)
        row["value"] = number
        if note:
            row["note"] = note
        return file, row

    def explain(self, reporter: str, quarter: int, *indicators: str) -> None:
        """The clerk's note at the value that goes back to normal."""
        for indicator in indicators:
            self.indicators(reporter, quarter).find(indicator)["note"] = "恢复正常"

    def done(self, reporter: str, quarter: int, task: str, day: date) -> Row:
        """A further row: completed on ``day``."""
        file = self.progress(reporter, quarter)
        written = day if file.suffix in (".xlsx", ".xls", ".parquet") else day.isoformat()
        reported = ENDS[PERIODS[quarter - 1]].replace(day=20)
        cells = {
            "task_id": task,
            "title": clean.TITLES[task],
            "status": "已完成",
            "progress_pct": 100,
            "completed_on": written,
        }
        cells |= {"summary": "补报完成", "evidence": f"{reporter}-{task}-办结材料.pdf"}
        cells["reported_on"] = (
            reported if file.suffix in (".xlsx", ".xls", ".parquet") else reported.isoformat()
        )
        row = Row(cells, task)
        at = max(i for i, line in enumerate(file.rows) if isinstance(line, Row))
        file.rows.insert(at + 1, row)
        return row

    def extra(self, file: File, row: Row) -> Row:
        """Put a row after the last data row."""
        at = max(i for i, line in enumerate(file.rows) if isinstance(line, Row))
        row.on_sheet = file.data[-1].on_sheet
        file.rows.insert(at + 1, row)
        return row


def plant(planter: Planter) -> None:
    """Everything that goes wrong in the submissions."""
    for step in (
        files, places, limits, senders, texts, keys, merged, hidden, repeated, dates, statuses, percents, ranges, decimals,
        ratios, sums, relations, applicable, absent, done_tasks, overdue, behind, evidence, sustained, backwards, history, frozen,
        contradictions, lateness, coverage, soft, satisfaction, rectification,
    ):  # fmt: skip
        step(planter)


def _open(
    planter: Planter, reporter: str, quarter: int, task: str, progress: Any, status: str = "推进中"
) -> tuple[File, Row]:
    """Turn a completed row into an open one."""
    file = planter.progress(reporter, quarter)
    row = file.find(task)
    row.update({"status": status, "progress_pct": progress, "completed_on": None, "evidence": None})
    return file, row


# --- files ------------------------------------------------------------------------------------------


def files(p: Planter) -> None:
    """F01, F02, F08, F11."""
    whole = p.progress("c01", 1)
    cut = p.book.more(whole, "progress_补", [row.again() for row in whole.data])
    cut.spoil = lambda content: content[: len(content) // 2]
    p.expect("F01", "工作簿被截断", cut)
    empty = p.book.more(p.indicators("t11", 1), "indicators_补")
    empty.content = b""
    p.expect("F01", "零字节文件", empty)
    broken = p.book.more(p.progress("t21", 2), "progress_补")
    broken.content = '[{"任务编号": "t01", "状态": "推进中"'.encode()
    p.expect("F01", "JSON 没有写完", broken)
    bad = p.book.more(p.indicators("c05", 1), "indicators_补")
    bad.content = b"PAR1" + bytes(200) + b"PAR1"
    p.expect("F01", "parquet 内容损坏", bad)
    text = p.book.more(p.progress("c08", 3), "progress_补")
    text.content = '编号,进展状态\nt09,"推进中\nt10,推进中\n'.encode()
    p.expect("F01", "引号没有成对", text)
    lost = p.book.more(p.progress("c08", 1), "progress_丢失")
    lost.missing = True
    p.expect("F01", "收文登记有而文件不在", lost)
    unknown = p.book.more(p.progress("c08", 2), "其他材料")
    unknown.content = b"a,b\n1,2\n"
    p.expect("F01", "文件名看不出种类", unknown)
    deep = p.book.more(p.progress("c08", 2), "progress_补")
    deep.folder, deep.content = f"submissions/{p.book.programme}/2021Q2/c08/旧", b"a,b\n1,2\n"
    p.expect("F01", "多了一层文件夹", deep)
    lines = p.progress("c04", 1)
    row = lines.find("t09")
    lines.put_after(row, ['{"编号": "t98", "进展状态": '])
    at = next(i for i, line in enumerate(lines.rows) if isinstance(line, list)) + 1
    p.expect(
        "F01",
        "ndjson 一行写坏",
        lines,
        row_number=at,
        raw_value='{"编号": "t98", "进展状态":',
        quarantined=True,
    )

    renamed = p.book.more(
        p.progress("c02", 1), "progress_补", [row.again() for row in p.progress("c02", 1).data]
    )
    renamed.header = [
        (n, {"status": "情况", "progress_pct": "推进程度"}.get(n, h)) for n, h in renamed.header
    ]
    p.expect("F02", "表头被改，缺状态列和进度列", renamed)
    without = p.book.more(
        p.indicators("c06", 1), "indicators_补", [r.again() for r in p.indicators("c06", 1).data][:3]
    )
    without.header = [(n, h) for n, h in without.header if n != "value"]
    p.expect("F02", "缺指标值列", without)
    nothing = p.book.more(p.indicators("k01", 1), "indicators_补")
    nothing.content = b"[]"
    p.expect("F02", "空数组没有表头", nothing)

    late = p.indicators("c08", 2)
    again = p.book.more(p.indicators("c08", 3), "indicators_误传", hour=8)
    again.copy_of = late
    p.expect("F08", "把上季度的指标文件又报了一遍", again)

    silent = p.indicators("c07", 1)
    silent.registered, silent.modified_at = False, datetime(2021, 3, 20, 9, tzinfo=SHANGHAI)
    p.expect("F11", "收文登记无此文件", silent)
    garbled = p.progress("t11", 3)
    garbled.received_at, garbled.modified_at = "2021年9月20日上午", datetime(2021, 9, 20, 9, tzinfo=SHANGHAI)
    p.expect("F11", "收文时间无法识别", garbled)


def places(p: Planter) -> None:
    """F05 of whole files: folders nobody knows."""
    for folder, note, more in (
        ("main_bad/2021Q1/c99", "没有这个填报主体", {"reporter_id": "c99"}),
        ("main_bad/2020Q4/c01", "期次在方案之前", {"period": "2020Q4", "reporter_id": "c01"}),
        ("main_bad/2021年一季度/c01", "期次写法不对", {"period": "2021年一季度", "reporter_id": "c01"}),
        ("main_bda/2021Q1/c01", "没有这个方案", {"programme_id": "main_bda", "reporter_id": "c01"}),
    ):
        file = p.book.more(
            p.progress("c01", 1), "progress", [p.progress("t11", 1).find("t09").again()], suffix=".csv"
        )
        file.folder, file.name = f"submissions/{folder}", "progress_误放"
        p.expect("F05", note, file, **more)


def limits(p: Planter) -> None:
    """F13, F15."""
    wide = p.book.more(p.progress("t12", 1), "progress_补")
    wide.content = (
        "任务编号,状态," + ",".join(f"列{n}" for n in range(200)) + "\nt09,推进中" + ",1" * 200 + "\n"
    ).encode()
    p.expect("F13", "二百零二列", wide)
    long = p.book.more(p.indicators("t12", 1), "indicators_补")
    long.content = ("指标编号,当前值\n" + "kb_days,1\n" * 50_101).encode()
    p.expect("F13", "超过五万行", long)
    far = p.book.more(p.progress("c06", 1), "progress_补", [p.progress("c06", 1).data[0].again()])
    far.spoil = _far_cell
    p.expect("F13", "第 70000 行还有内容", far)
    bomb = p.book.more(p.progress("c02", 2), "progress_补", [p.progress("c02", 2).data[0].again()])
    bomb.spoil = _inflated
    p.expect("F13", "压缩比过大", bomb)

    for reporter, suffix, content, note in (
        ("c01", ".et", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "WPS 原格式"),
        ("c02", ".pdf", b"%PDF-1.4\n", "扫描件"),
        ("c03", ".xlsx", b"\x89PNG\r\n\x1a\n" + bytes(64), "图片改了扩展名"),
        ("c06", ".xls", b"<html><table><tr><td>t01</td></tr></table></html>", "网页改了扩展名"),
        (
            "k01",
            ".xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "设有打开密码",
        ),
    ):
        file = p.book.more(p.progress(reporter, 3), "progress_附件", suffix=suffix)
        file.content = content
        p.expect("F15", note, file)


def _far_cell(content: bytes) -> bytes:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content))
    book.active.cell(70_000, 1).value = "t09"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _inflated(content: bytes) -> bytes:
    """The workbook with a further part of 8 MB of zeros."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bin", bytes(8 * 1024 * 1024))
    return stream.getvalue()


def senders(p: Planter) -> None:
    """F14."""
    line = p.progress("c08", 1)
    line.above = [["填报单位：丙山县", "", "填报日期：2021年3月20日"]]
    p.expect("F14", "表头写的是另一个县", line, row_number=1, column_name="填报单位", raw_value="丙山县")
    sealed = p.indicators("c02", 4)
    sealed.above = [["季度指标表"], ["填报单位（盖章）：", "己原县（盖章）"]]
    p.expect(
        "F14",
        "单位名在下一格",
        sealed,
        sheet="Sheet1",
        row_number=2,
        column_name="填报单位",
        raw_value="己原县",
    )
    column = p.progress("t11", 1)
    column.header.append(("reported_by", "填报单位"))
    for row in column.data:
        row["reported_by"] = "东河镇"
    wrong = column.find("t05")
    wrong["reported_by"] = "西河镇"
    p.expect(
        "F14", "一行写了另一个镇", column, wrong, "reported_by", entity_type="file", entity_id=column.path
    )


# --- cells and keys ---------------------------------------------------------------------------------


def texts(p: Planter) -> None:
    """F03 and F09: words in number cells, repaired characters."""
    p.cell("F03", "百分之零", p.progress("c01", 1), "t17", "progress_pct", "百分之零")
    p.cell("F03", "文字进度", p.progress("c04", 1), "t17", "progress_pct", "未开工")
    p.cell("F03", "进度写成几成", p.progress("t12", 2), "t17", "progress_pct", "0.5成")
    for reporter, quarter, indicator, text in (
        ("c03", 2, "kb_days", "0.5天"), ("t11", 4, "sp_days", "约12"), ("c06", 1, "my_rate", "8O.5"),
        ("c07", 2, "kb_days", "4-5"), ("k01", 6, "dl_hours", "１２．５小时"), ("c05", 6, "dl_cost", "1.2.3"),
        ("c08", 6, "dl_cost", "64 1.5"), ("t11", 1, "sp_days", "15,3"), ("c03", 1, "sp_steps", "35环节"), ("k01", 1, "dl_hours", "١٤٦"),
    ):  # fmt: skip
        file = p.indicators(reporter, quarter)
        row = p.cell("F03", f"数值栏写了“{text}”", file, indicator, "value", text)
        p.also("K02", "数值读不出", file, row, "value")
    p.cell("F03", "分子写成文字", p.indicators("k01", 2), "yc_rate", "numerator", "三百件")
    p.cell("F03", "分母带约字", p.indicators("c08", 1), "kb_rate", "denominator", "约1000")

    progress = clean.expected_progress("t09", "2021Q2")
    p.cell(
        "F09", "全角数字和百分号", p.progress("t11", 2), "t09", "progress_pct", f"{progress}%".translate(WIDE)
    )
    p.cell("F09", "全角编号", p.progress("c08", 1), "t09", "task_id", "ｔ０９")
    number = str(p.indicators("k01", 3).find("kb_days")["value"])
    p.cell(
        "F09",
        "数字里有零宽字符",
        p.indicators("k01", 3),
        "kb_days",
        "value",
        f"{number[0]}\u200b{number[1:]}",
    )
    p.cell("F09", "日期里有空格", p.progress("c07", 2), "t01", "completed_on", "2021 年 6 月 15 日")
    p.cell("F09", "状态里有空格", p.progress("c04", 2), "t10", "status", "推 进 中")
    p.cell("F09", "编号里有零宽字符", p.indicators("c06", 2), "kb_rate", "indicator_id", "kb_\ufeffrate")


def keys(p: Planter) -> None:
    """F05, K06, K07 of rows."""
    base = {"summary": "已开展", "status": "推进中", "progress_pct": "10%"}
    file = p.progress("t12", 1)
    row = p.extra(file, Row(base | {"task_id": "t99", "title": "不存在的任务"}))
    p.expect("F05", "方案中没有这项任务", file, row, "task_id", quarantined=True)
    file = p.progress("c02", 1)
    row = p.extra(file, Row(base | {"task_id": "t0l", "title": clean.TITLES["t01"], "progress_pct": 10}))
    p.expect("F05", "数字1写成字母l", file, row, "task_id", quarantined=True)
    file = p.indicators("c04", 2)
    row = p.extra(file, Row({"indicator_id": "kb_cost", "name": "企业开办成本", "value": 3}))
    p.expect("F05", "目录中没有这个指标", file, row, "indicator_id", quarantined=True)
    file = p.progress("c01", 2)
    row = p.extra(file, Row(base | {"task_id": "#REF!", "title": "无此任务", "progress_pct": 10}))
    p.expect("F05", "编号是公式错误", file, row, "task_id", quarantined=True)
    p.also("F07", "编号是公式错误", file, row, "task_id")
    file = p.progress("k01", 2)
    row = p.extra(file, Row({"summary": "做了一些工作"}))
    p.expect("F05", "没有编号也没有名称", file, row, "task_id", quarantined=True)
    file = p.indicators("c05", 3)
    row = p.extra(file, Row({"indicator_id": None, "name": "市场主体满意度", "value": 9}))
    p.expect("F05", "没有编号，名称不在目录", file, row, "indicator_id", quarantined=True)

    for reporter, quarter in (("c01", 1), ("t11", 4)):
        file = p.progress(reporter, quarter)
        owner = p.progress("c05", quarter).find("t15")
        cells = {
            "task_id": "t15",
            "title": clean.TITLES["t15"],
            "status": "推进中",
            "progress_pct": owner["progress_pct"],
        }
        row = p.extra(file, Row(cells | {"summary": "配合"}, "t15"))
        p.expect("K06", "城区的任务", file, row, "task_id")
    file = p.indicators("c04", 5)
    row = p.extra(
        file, Row({"indicator_id": "kf_hours", "name": clean.NAMES["kf_hours"], "value": 40.5}, "kf_hours")
    )
    p.expect("K06", "没有口岸而报了通关时间", file, row, "indicator_id")

    p.cell("K07", "以序号代替编号", p.progress("c08", 5), "t09", "task_id", "109")
    p.cell("K07", "只有任务名称", p.progress("c03", 5), "t10", "task_id", None)
    p.cell("K07", "序号是另一项任务的", p.progress("t12", 5), "t14", "task_id", "110")
    p.cell("K07", "流水号代替指标编号", p.indicators("c07", 1), "kb_days", "indicator_id", "1")
    row = p.cell("K07", "没有编号，名称里有空格", p.progress("k01", 5), "t09", "task_id", None)
    row["title"] = "推广 电子证照　互认"


def merged(p: Planter) -> None:
    """F06."""
    for reporter, quarter in (("c01", 3), ("c03", 4)):
        file = p.progress(reporter, quarter)
        first, second = file.find("t09"), file.find("t10")
        file.merged.append((first, second, "task_id"))
        p.expect("F06", "两项任务的编号合并了，名称可辨", file, second, "task_id", raw_value="t09")
        p.also("K07", "按名称对应", file, second, "task_id", raw_value="t09")
    file = p.indicators("c02", 3)
    first, second = file.find("kb_days"), file.find("kb_rate")
    second["name"] = None
    file.merged.append((first, second, "indicator_id"))
    place = {"raw_value": "kb_days", "entity_id": "kb_days"}
    p.expect("F06", "编号合并，又没有名称", file, second, "indicator_id", **place)
    p.also("K01", "合并带来的重复编号", file, second, "indicator_id", quarantined=True, **place)
    p.missing("c02", 3, "kb_rate")


def hidden(p: Planter) -> None:
    """F07."""
    file = p.progress("c06", 1)
    row = file.find("t02")
    file.hidden_rows.append(row)
    at_row = {"entity_type": "file", "entity_id": file.path}
    p.expect("F07", "隐藏行", file, row, **at_row)
    file = p.indicators("c03", 1)
    row = file.find("dl_hours")
    file.hidden_rows.append(row)
    p.expect("F07", "xls 中的隐藏行", file, row, entity_type="file", entity_id=file.path)
    file = p.progress("c01", 4)
    file.hidden_fields.append("summary")
    p.expect("F07", "隐藏列", file, sheet="Sheet1", column_name=file.header_of("summary"))
    file = p.indicators("c06", 2)
    file.hidden_sheets.append("续表")
    p.expect("F07", "隐藏工作表", file, sheet="续表")
    p.cell("F07", "进展栏是 #N/A", p.progress("c02", 2), "t09", "summary", "#N/A")
    file = p.indicators("c06", 3)
    row = p.cell("F07", "数值是 #DIV/0!", file, "sp_days", "value", "#DIV/0!")
    p.also("F03", "数值是 #DIV/0!", file, row, "value")
    p.also("K02", "数值读不出", file, row, "value")
    p.cell("F07", "公式没有结果", p.indicators("c01", 2), "yc_rate", "note", Formula("=B1"), raw_value=None)


def repeated(p: Planter) -> None:
    """K01."""

    def twice(file: File, row: Row, again: Row, field: str, note: str, *between: list) -> None:
        file.put_after(row, *between, again)
        p.expect("K01", note, file, again, field, quarantined=True)

    file = p.progress("t11", 2)
    twice(file, file.find("t10"), file.find("t10").again(progress_pct="99%"), "task_id", "同一任务两行")
    file = p.progress("c06", 1)
    again = file.find("t01").again()
    again.on_sheet = "续表"
    file.rows.append(again)
    p.expect("K01", "同一任务又在第二张表", file, again, "task_id", quarantined=True)
    file = p.progress("c04", 3)
    twice(file, file.find("t10"), file.find("t09").again(task_id="ｔ０９"), "task_id", "全角编号的重复行")
    file = p.progress("c08", 2)
    twice(file, file.find("t14"), file.find("t09").again(task_id="109"), "task_id", "以序号重复")
    file = p.progress("c05", 2)
    twice(file, file.find("t10"), file.find("t10").again(), "task_id", "parquet 中同一任务两行")
    file = p.indicators("k01", 1)
    twice(file, file.find("sp_steps"), file.find("kb_days").again(value=9.9), "indicator_id", "同一指标两行")
    file = p.indicators("c07", 3)
    twice(
        file,
        file.find("kb_rate"),
        file.find("kb_rate").again(),
        "indicator_id",
        "小计行之后又报一遍",
        ["小计", "", "2"],
    )


def dates(p: Planter) -> None:
    """F04."""
    for reporter, quarter, task, text, note in (
        ("t11", 1, "t13", "2021-02-30", "二月没有30日"), ("c06", 1, "t13", "2021年3月", "只有月份"),
        ("k01", 1, "t13", "二〇二一年三月十五日", "汉字日期"), ("c08", 2, "t01", "6月15日", "没有年份"),
        ("c05", 2, "t01", "2021-06-31", "六月没有31日"), ("c02", 3, "t02", "九月中旬", "旬不是日期"),
        ("c07", 4, "t04", "2021.13.1", "没有第13月"), ("t12", 4, "t04", "2021-1 2-3", "可以读成两个日子"),
    ):  # fmt: skip
        p.cell("F04", note, p.progress(reporter, quarter), task, "completed_on", text)
    p.cell("F04", "公元202年", p.progress("c03", 3), "t09", "reported_on", "0202-09-20")


def statuses(p: Planter) -> None:
    """K05."""
    for reporter, quarter, task, text in (
        ("c07", 2, "t10", "基本完成"), ("c01", 3, "t14", "完成80%"), ("k01", 3, "t16", "推进"), ("c03", 2, "t09", "进行中（顺利）"),
        ("t12", 2, "t14", "完成。"), ("c05", 2, "t16", "in progress"),
    ):  # fmt: skip
        p.cell("K05", f"用语“{text}”不在规定之内", p.progress(reporter, quarter), task, "status", text)


def percents(p: Planter) -> None:
    """F12 and V01 of progress."""
    for reporter, quarter, task, text in (
        ("c08", 3, "t10", lambda n: f"0.{n}"), ("c06", 2, "t14", lambda n: n / 100), ("k01", 4, "t10", lambda n: n / 100),
        ("t12", 1, "t14", lambda n: f".{n}"),
    ):  # fmt: skip
        number = clean.expected_progress(task, PERIODS[quarter - 1])
        p.cell("F12", "进度写成小数", p.progress(reporter, quarter), task, "progress_pct", text(number))
    p.cell("V01", "进度120", p.progress("c02", 1), "t17", "progress_pct", 120, quarantined=True)
    p.cell("V01", "负的进度", p.progress("t11", 2), "t17", "progress_pct", "-5%", quarantined=True)


def ranges(p: Planter) -> None:
    """V01 of indicators."""
    for reporter, quarter, indicator, number, note in (
        ("c06", 5, "my_rate", 101.5, "百分比超过100"), ("c07", 3, "kb_days", -1, "负的时间"),
        ("c07", 4, "sp_days", -0.5, "没有登记范围的时间为负"), ("c03", 3, "dl_cost", -20, "负的成本"), ("k01", 4, "my_rate", "１０１％", "全角的101%"),
    ):  # fmt: skip
        file, row = p.value(reporter, quarter, indicator, number)
        p.expect("V01", note, file, row, "value", quarantined=True)
        p.missing(reporter, quarter, indicator)
        if isinstance(number, str):
            p.also("F09", note, file, row, "value")
    file, row = p.value("c05", 2, "ts_rate", 250)
    row.update(numerator=None, denominator=None)
    p.expect("V01", "比率250%，登记目录没有范围", file, row, "value", quarantined=True)
    p.missing("c05", 2, "ts_rate")


def decimals(p: Planter) -> None:
    """V04, V05."""
    for reporter, quarter, indicator, number in (
        ("c01", 1, "dl_cost", 799.125), ("c08", 4, "xx_total", 83.25), ("c05", 1, "dl_cost", 912.3456),
    ):  # fmt: skip
        file, row = p.value(reporter, quarter, indicator, number)
        p.expect("V04", "小数位数超限", file, row, "value")
    plain = f"{p.indicators('t11', 5).find('sp_days')['value']:.2f}7"
    file, row = p.value("t11", 5, "sp_days", plain.translate(WIDE))
    p.expect("V04", "全角数字，三位小数", file, row, "value")
    p.also("F09", "全角数字", file, row, "value")
    for reporter, quarter, number in (
        ("c03", 3, 33.5),
        ("t12", 1, "32.50"),
        ("c06", 1, 38.25),
        ("k01", 5, 37.5),
        ("c05", 6, 36.5),
    ):
        file, row = p.value(reporter, quarter, "sp_steps", number)
        p.expect("V05", "环节数不是整数", file, row, "value")


def ratios(p: Planter) -> None:
    """V06, V07, V10."""
    file = p.indicators("c04", 1)
    row = file.find("kb_rate")
    row["value"] = round(100 * row["numerator"] / row["denominator"] + 0.06, 2)
    p.expect("V06", "相差0.06个百分点", file, row, "value")
    file = p.indicators("c08", 5)
    row = file.find("yc_rate")
    row["numerator"] -= 30
    p.expect("V06", "分子少了三十件", file, row, "value")
    file = p.indicators("c07", 6)
    row = file.find("ts_rate")
    row["value"] = f"{row['value'] + 5:.2f}%"
    p.expect("V06", "比率高了五个点，带百分号", file, row, "value")
    for reporter, quarter, indicator in (("c03", 6, "yc_rate"), ("c01", 5, "kb_rate")):
        file, row = p.value(reporter, quarter, indicator, 100, "本期集中办理")
        row.update(numerator=3001, denominator=3000)
        p.expect("V07", "分子比分母多一件", file, row, "numerator")
    p.explain("c01", 6, "kb_rate")
    file, row = p.value("c08", 6, "kb_rate", 60)
    row.update(numerator=1100, denominator=1000)
    p.expect("V07", "分子分母填反", file, row, "numerator")
    p.also("V06", "分子分母填反", file, row, "value")
    for reporter, quarter, indicator, zero, note in (
        ("c02", 5, "kb_rate", 0, "分母为零"), ("t11", 6, "yc_rate", "０", "全角的零"), ("k01", 5, "yc_rate", "0.0", "写成0.0"),
    ):  # fmt: skip
        file = p.indicators(reporter, quarter)
        row = file.find(indicator)
        row.update(numerator=None, denominator=zero)
        p.expect("V10", note, file, row, "denominator")
        if zero == "０":
            p.also("F09", note, file, row, "denominator")


def sums(p: Planter) -> None:
    """V08, V09."""
    for quarter, by in ((2, 1), (6, -3)):
        file = p.indicators("c01", quarter)
        row = file.find("xq_count")
        row["value"] += by
        p.expect("V08", f"县报数与两镇之和差{by}", file, row, "value")
    p.indicators("t11", 4).find("xq_count")["value"] += 7
    file = p.indicators("c01", 4)
    p.expect("V08", "一个镇多报七户", file, file.find("xq_count"), "value")
    for reporter, quarter, by in (("c03", 2, 1), ("c06", 6, -10)):
        file = p.indicators(reporter, quarter)
        row = file.find("sl_year")
        row["value"] += by
        p.expect("V09", f"累计数差{by}", file, row, "value")
    p.indicators("c08", 3).find("sl_count")["value"] += 20
    for quarter, origin in ((3, "planted"), (4, "consequence")):
        file = p.indicators("c08", quarter)
        p.expect("V09", "三季度的季度数多二十件", file, file.find("sl_year"), "value", origin=origin)
    file = p.indicators("c04", 5)
    row = file.find("sl_year")
    row["value"] = sum(clean.value("sl_count", "c04", q)[0] for q in range(5))
    p.expect("V09", "跨年没有重新累计", file, row, "value")


def relations(p: Planter) -> None:
    """Q03: the finding stands at the relation's first term, whichever is wrong."""
    for reporter, quarter, indicator, by in (
        ("c07", 2, "ce_value", 1),
        ("c08", 4, "jk_value", 0.5),
        ("k01", 6, "ck_value", -0.2),
    ):
        file = p.indicators(reporter, quarter)
        wrong = file.find(indicator)
        wrong["value"] = round(wrong["value"] + by, 1)
        p.expect("Q03", f"{indicator} 差{by}", file, file.find("ce_value"), "value")
    file, row = p.value("c05", 6, "ce_value", -p.indicators("c05", 6).find("ce_value")["value"], "已核对")
    p.expect("Q03", "差额的正负号反了", file, row, "value")


def applicable(p: Planter) -> None:
    """K03."""
    file = p.indicators("c03", 2)
    row = p.extra(
        file, Row({"indicator_id": "ts_rate", "name": clean.NAMES["ts_rate"], "value": 88}, "ts_rate")
    )
    p.expect("K03", "核定不适用而报了数", file, row, "value")
    file = p.indicators("c03", 5)
    row = p.extra(
        file, Row({"indicator_id": "ts_rate", "name": clean.NAMES["ts_rate"], "value": 0}, "ts_rate")
    )
    p.expect("K03", "核定不适用而报了零", file, row, "value")
    file = p.indicators("k01", 4)
    row = p.extra(
        file, Row({"indicator_id": "ts_rate", "name": clean.NAMES["ts_rate"], "value": "不适用"}, "ts_rate")
    )
    p.expect("K03", "未开展的指标写不适用", file, row, "value")
    for reporter, quarter, indicator, text in (
        ("c06", 2, "dl_cost", "不适用"), ("c08", 4, "sp_days", " 不 适 用 "), ("c07", 5, "dl_cost", "N/A"),
    ):  # fmt: skip
        file, row = p.value(reporter, quarter, indicator, text)
        p.expect("K03", "没有核定不适用", file, row, "value")


def absent(p: Planter) -> None:
    """K02."""
    p.indicators("c03", 1).drop("kb_days")
    p.state("K02", "漏报一行", "c03", 1, ("indicator", "kb_days"))
    p.indicators("t12", 6).drop("sp_steps")
    p.state("K02", "漏报一行", "t12", 6, ("indicator", "sp_steps"))
    for reporter, quarter, indicator, blank in (
        ("c08", 2, "dl_cost", None), ("t12", 4, "dl_cost", "　"), ("k01", 2, "my_rate", None), ("c05", 5, "xx_total", None),
        ("c06", 4, "my_rate", "\u00a0\u200b"),
    ):  # fmt: skip
        file, row = p.value(reporter, quarter, indicator, blank)
        p.expect("K02", "数值空白", file, row, "value", raw_value=None)
    # an answer, but no number (and no F03)
    for reporter, quarter, indicator, word in (
        ("c04", 4, "dl_cost", "—"),
        ("t12", 2, "dl_hours", "持续推进"),
        ("c03", 6, "sp_days", "无"),
    ):
        file, row = p.value(reporter, quarter, indicator, word)
        p.expect("K02", f"数值栏写“{word}”", file, row, "value")


# --- tasks ------------------------------------------------------------------------------------------


def done_tasks(p: Planter) -> None:
    """T05, T06."""
    p.cell("T05", "已完成而进度80%", p.progress("c08", 4), "t04", "progress_pct", "80%")
    p.cell("T05", "办结而进度90", p.progress("c04", 4), "t05", "progress_pct", 90)
    p.cell("T05", "没有完成日期", p.progress("c02", 2), "t01", "completed_on", None)
    file = p.progress("c05", 4)
    row = file.find("t16")
    row["progress_pct"] = 100
    p.expect("T05", "进度100而没有完成日期", file, row, "completed_on")
    p.cell("T06", "完成日期晚于填报日期", p.progress("t11", 3), "t02", "completed_on", "2021年9月25日")
    p.cell("T06", "完成于方案开始之前", p.progress("c06", 2), "t01", "completed_on", date(2020, 12, 30))
    row = p.cell(
        "T06", "没有填报日期，完成日期晚于收文", p.progress("c08", 6), "t09", "completed_on", "2022-06-25"
    )
    row["reported_on"] = None


def overdue(p: Planter) -> None:
    """T07, T08."""
    file, row = _open(p, "c03", 2, "t01", 90)
    p.expect("T07", "到期未完成", file, row, "status")
    p.done("c03", 3, "t01", date(2021, 7, 10))
    file = p.progress("c07", 2)
    row = file.find("t05")
    row["progress_pct"] = "40%"
    p.expect("T07", "第一个节点未达到一半", file, row, "status")
    # never mentioned again: the place is the last row that said anything, a quarter earlier
    p.progress("k01", 3).drop("t03")
    file = p.progress("k01", 2)
    p.expect("T07", "到期的季度没有再报", file, file.find("t03"), "status", period="2021Q3")
    p.done("k01", 4, "t03", date(2021, 10, 11))
    p.progress("t12", 1).drop("t13")
    p.state("T07", "从未报送的到期任务", "t12", 1, ("task", "t13"))
    p.done("t12", 2, "t13", date(2021, 4, 2))
    for reporter, progress in (("c01", 97), ("c06", Percent(0.97)), ("t11", "97%"), ("k01", 98)):
        file, row = _open(p, reporter, 5, "t16", progress)
        p.expect("T08", "八天后到期，尚未完成", file, row, "progress_pct")
        p.done(reporter, 6, "t16", date(2022, 4, 6))


def behind(p: Planter) -> None:
    """T09."""
    p.cell("T09", "落后十一个百分点", p.progress("c01", 2), "t10", "progress_pct", Percent(0.22))
    p.cell("T09", "落后", p.progress("c08", 4), "t14", "progress_pct", "55%")
    p.cell("T09", "落后", p.progress("k01", 5), "t17", "progress_pct", 39)


def evidence(p: Planter) -> None:
    """T10, T11."""
    for reporter, quarter, task, text in (
        ("c02", 1, "t13", None),
        ("c08", 3, "t03", "  "),
        ("k01", 2, "t01", None),
        ("c05", 3, "t03", None),
        ("c06", 3, "t02", "#N/A"),
    ):
        file = p.progress(reporter, quarter)
        # a json without any evidence has no such column
        column = {"column_name": None} if file.suffix == ".json" else {}
        row = p.cell("T10", "完成而没有佐证", file, task, "evidence", text, raw_value=None, **column)
        if text == "#N/A":
            p.also("F07", "佐证栏是公式错误", file, row, "evidence")
    file = p.progress("c04", 3)
    first, second = file.find("t02"), file.find("t03")
    second["evidence"] = first["evidence"]
    p.expect("T11", "两项任务同一份佐证", file, second, "evidence")
    p.cell("T11", "用了二季度另一任务的佐证", p.progress("c05", 4), "t04", "evidence", "c05-t01-办结材料.pdf")
    p.progress("c08", 2).find("t11")["evidence"] = "会议纪要.pdf"
    p.cell("T11", "未完成的任务又用上季度的佐证", p.progress("c08", 3), "t11", "evidence", "会议纪要.pdf")


def sustained(p: Planter) -> None:
    """T14."""
    p.cell("T14", "没有进展说明", p.progress("c01", 1), "t07", "summary", None)
    p.cell("T14", "只有空格", p.progress("c07", 3), "t12", "summary", "  ", raw_value=None)
    p.cell("T14", "只有不可见字符", p.progress("c04", 2), "t08", "summary", "\u00a0\u3000", raw_value=None)
    p.cell("T14", "完成后仍须推进，没有说明", p.progress("c06", 5), "t06", "summary", None)
    p.progress("k01", 6).drop("t08")
    file = p.progress("k01", 5)
    p.expect("T14", "本期没有报这项任务", file, file.find("t08"), "summary", period="2022Q2", raw_value=None)


def backwards(p: Planter) -> None:
    """H01, H11."""
    for reporter, quarter, task, ahead in (
        ("c03", 2, "t10", 95),
        ("k01", 2, "t14", 90),
        ("c06", 3, "t10", Percent(0.9)),
    ):
        p.progress(reporter, quarter).find(task)["progress_pct"] = ahead
        file = p.progress(reporter, quarter + 1)
        p.expect("H01", "比上季度退步", file, file.find(task), "progress_pct")
    # a task that was due and is open again
    row = p.done("c08", 2, "t13", date(2021, 3, 15))
    row.update({"status": "推进中", "progress_pct": "90%", "completed_on": None, "evidence": None})
    file = p.progress("c08", 2)
    p.expect("H11", "已完成任务重新打开", file, row, "status")
    p.also("H01", "由100退到90", file, row, "progress_pct")
    p.also("T07", "重新打开的任务已过期", file, row, "status")
    p.done("c08", 3, "t13", date(2021, 7, 5))
    # one that was not due yet
    early = p.progress("c02", 2).find("t10")
    early.update(
        {
            "status": "办结",
            "progress_pct": 100,
            "completed_on": date(2021, 6, 15),
            "evidence": "c02-t10-提前.pdf",
        }
    )
    file = p.progress("c02", 3)
    row = file.find("t10")
    row["progress_pct"] = 60
    p.expect("H11", "提前完成后重新打开", file, row, "status")
    p.also("H01", "由100退到60", file, row, "progress_pct")


# --- against earlier quarters and other reporters -----------------------------------------------------


def history(p: Planter) -> None:
    """H02, H03, H04, H05, H10."""
    for reporter, quarter in (("t11", 2), ("c03", 4), ("c06", 6)):
        earlier = p.indicators(reporter, quarter - 1).find("xx_total")["value"]
        file, row = p.value(reporter, quarter, "xx_total", round(earlier - 2, 1))
        p.expect("H02", "累计数下降", file, row, "value")
    for reporter, quarter, indicator, factor in (
        ("c06", 4, "dl_cost", 0.6),
        ("c08", 5, "dl_cost", 0.65),
        ("k01", 3, "dl_hours", 1.4),
    ):
        usual = p.indicators(reporter, quarter).find(indicator)["value"]
        file, row = p.value(reporter, quarter, indicator, round(usual * factor, 2))
        p.expect("H03", "变动超过三成，没有说明", file, row, "value")
        p.explain(reporter, quarter + 1, indicator)
    for reporter, quarter, indicator, factor in (
        ("t12", 3, "sp_days", 1.25),
        ("c05", 5, "sp_days", 0.75),
        ("c07", 6, "sp_days", 1.2),
    ):
        usual = p.indicators(reporter, quarter).find(indicator)["value"]
        file, row = p.value(reporter, quarter, indicator, round(usual * factor, 1), "已核对")
        p.expect("H04", "变动异于同类", file, row, "value")
    for reporter, indicator, first in (("c04", "sp_days", 1), ("t11", "dl_hours", 2)):
        kept = p.indicators(reporter, first).find(indicator)["value"]
        for quarter in range(first, first + 4):
            file, row = p.value(reporter, quarter, indicator, kept)
        p.expect("H05", "四个季度一字不变", file, row, "value")
    for reporter, quarter, indicator, number in (("c01", 3, "kb_days", 0.95), ("t12", 6, "dl_hours", 19.5)):
        file, row = p.value(reporter, quarter, indicator, number, "系统改造")
        p.expect("H10", "一个季度越过前沿", file, row, "value")
    p.explain("c01", 4, "kb_days")


def frozen(p: Planter) -> None:
    """H06: files received after the freeze of their own quarter."""
    file = p.indicators("c06", 1)
    late = p.book.more(file, "indicators_改", [file.find("kb_days").again(value=4.9)])
    late.received_at = "2021-05-10T09:00:00+08:00"
    late.rows[0].on_sheet = None
    p.expect("H06", "定版后改了数", late, late.rows[0], "value")
    file = p.progress("c07", 1)
    again = file.find("t13").again(status="推进中", progress_pct="100%")
    late = p.book.more(file, "progress_改", [again])
    late.received_at = "2021-05-10T09:00:00+08:00"
    p.expect("H06", "定版后撤回完成", late, again, "status")
    p.done("c07", 2, "t13", date(2021, 3, 15))
    file = p.progress("t11", 2)
    again = file.find("t14").again(progress_pct="3%")
    late = p.book.more(file, "progress_改", [again])
    late.received_at = "2021-08-01T09:00:00+08:00"
    p.expect("H06", "定版后把进度改低", late, again, "progress_pct")


def contradictions(p: Planter) -> None:
    """X03: both rows are named."""
    child, parent = p.indicators("t21", 4), p.indicators("c02", 4)
    row = child.find("sp_days")
    row["value"] = round(row["value"] + 0.5, 2)
    p.expect("X03", "唯一的下级与县报数不同", child, row, "value")
    p.expect("X03", "县报数与唯一的下级不同", parent, parent.find("sp_days"), "value")
    file, owner = p.progress("c07", 3), p.progress("c05", 3)
    cells = {
        "task_id": "t15",
        "title": clean.TITLES["t15"],
        "status": "推进中",
        "progress_pct": "20%",
        "summary": "配合",
    }
    row = p.extra(file, Row(cells, "t15"))
    p.expect("X03", "城区的任务别县另报进度", file, row, "progress_pct")
    p.expect("X03", "城区的任务别县另报进度", owner, owner.find("t15"), "progress_pct")
    p.also("K06", "城区的任务", file, row, "task_id")
    file = p.indicators("c07", 5)
    again = file.find("xx_total").again(value=round(file.find("xx_total")["value"] + 1, 1))
    twin = p.book.more(file, "indicators_另", [again], hour=10)
    p.expect("X03", "同时收到的两份文件数值不同", file, file.find("xx_total"), "value")
    p.expect("X03", "同时收到的两份文件数值不同", twin, again, "value")
    file = p.progress("k01", 4)
    again = file.find("t17").again(status="未启动")
    twin = p.book.more(file, "progress_另", [again], hour=10)
    p.expect("X03", "同时收到的两份文件状态不同", file, file.find("t17"), "status")
    p.expect("X03", "同时收到的两份文件状态不同", twin, again, "status")


def lateness(p: Planter) -> None:
    """D01, D02, D03."""
    for file, moment, shown in (
        (p.progress("c03", 6), "2022-06-29T00:00:01+08:00", "2022-06-29 00:00"),
        (p.indicators("c08", 1), "2021-04-02T16:30:00+08:00", "2021-04-02 16:30"),
        (p.indicators("t21", 2), "2021-07-04T23:00:00Z", "2021-07-05 07:00"),
    ):
        file.received_at = moment
        p.expect(
            "D01", "截止之后收到", file, entity_type="reporter", entity_id=file.reporter, raw_value=shown
        )

    gone = p.indicators("c04", 6)
    p.book.files.remove(gone)
    p.state("D02", "指标整季未报", "c04", 6, raw_value="indicators")
    p.missing("c04", 6, *clean.owed("c04"))
    p.state("D04", "指标整季未报", "c04", 6, raw_value="0", origin="consequence")
    unread = p.indicators("t21", 6)
    unread.spoil = lambda content: content[:-30]
    p.expect("F01", "唯一的指标文件没有写完", unread)
    p.state("D02", "唯一的文件无法读取", "t21", 6, raw_value="indicators", origin="consequence")
    p.missing("t21", 6, *clean.owed("t21"))
    p.state("D04", "唯一的文件无法读取", "t21", 6, raw_value="0", origin="consequence")
    p.book.files.remove(p.progress("t21", 1))
    p.state("D02", "进展整季未报", "t21", 1, raw_value="progress")
    p.state("T07", "进展整季未报", "t21", 1, ("task", "t13"), origin="consequence")
    for task in ("t07", "t08", "t12"):
        p.state("T14", "进展整季未报", "t21", 1, ("task", task), origin="consequence")
    for task in ("t01", "t02", "t03", "t04", "t05", "t06", "t09", "t10", "t11", "t14", "t16"):
        p.state("T09", "进展整季未报", "t21", 1, ("task", task), origin="consequence")
    p.done("t21", 2, "t13", date(2021, 4, 8))
    p.state("D04", "两项不能读作数", "c03", 1, raw_value="83.33", origin="consequence")

    for file, key, field in (
        (p.progress("c03", 3), "t12", "summary"),
        (p.indicators("c07", 6), "kb_days", "note"),
    ):
        for n in range(1, 5):
            last = p.book.more(
                file,
                f"{file.kind}_第{n}次重报",
                [file.find(key).again(**{field: f"第{n}次重报"})],
                hour=11 + n,
            )
        p.expect("D03", "重报四次", last, entity_type="reporter", entity_id=file.reporter, raw_value="4")


def coverage(p: Planter) -> None:
    """D04."""
    for reporter, quarter, shown in (("c05", 4, "88.24"), ("t11", 3, "84.62")):
        for indicator in ("kb_days", "sp_steps"):
            p.indicators(reporter, quarter).drop(indicator)
        p.missing(reporter, quarter, "kb_days", "sp_steps")
        p.state("D04", "少报两项", reporter, quarter, raw_value=shown)


def soft(p: Planter) -> None:
    """V02, V03, I09, P08."""

    def slip(reporter: str, quarter: int, indicator: str, factor: float, digits: int) -> tuple[File, Row]:
        """The value that is ``factor`` times the median of all reporters, itself among them."""
        who = PORT_OR_ALL if indicator != "kf_hours" else clean.PORTS
        others = [clean.value(indicator, other, quarter - 1)[0] for other in who if other != reporter]
        number = round(factor * median([*others, 1e9 if factor > 1 else 0]), digits)
        return p.value(reporter, quarter, indicator, number, "已核对")

    def worse(file: File, row: Row, note: str) -> None:
        p.also("I09", note, file, row, "value")

    for reporter, quarter, indicator, number in (("c04", 3, "kb_days", 16.5), ("c08", 4, "dl_hours", 451)):
        file, row = p.value(reporter, quarter, indicator, number, "已核对")
        p.expect("V02", "超出通常范围", file, row, "value")
        worse(file, row, "超出通常范围")
        p.explain(reporter, quarter + 1, indicator)
    file, row = p.value("c03", 4, "dl_hours", 3.9, "已核对")
    p.expect("V02", "低于通常范围", file, row, "value")
    p.also("H10", "低于通常范围", file, row, "value")
    p.explain("c03", 5, "dl_hours")

    file, row = slip("c08", 1, "kb_days", 24, 2)
    p.expect("V03", "以小时填报天数", file, row, "value")
    p.also("V02", "以小时填报天数", file, row, "value")
    worse(file, row, "以小时填报天数")
    p.explain("c08", 2, "kb_days")
    file, row = slip("k01", 1, "my_rate", 0.01, 1)
    p.expect("V03", "百分比写成小数", file, row, "value")
    worse(file, row, "百分比写成小数")
    file, row = slip("c05", 3, "dl_hours", 60, 2)
    p.expect("V03", "以分钟填报小时", file, row, "value")
    p.also("V02", "以分钟填报小时", file, row, "value")
    worse(file, row, "以分钟填报小时")
    p.explain("c05", 4, "dl_hours")
    file, row = slip("c07", 3, "dl_cost", 1000, 2)
    p.expect("V03", "以厘填报元", file, row, "value")
    worse(file, row, "以厘填报元")
    p.explain("c07", 4, "dl_cost")

    for reporter, quarter, indicator, number in (
        ("c03", 5, "kb_days", 6.4),
        ("t12", 5, "my_rate", 69.5),
        ("c06", 6, "dl_hours", 201),
    ):
        file, row = p.value(reporter, quarter, indicator, number, "已核对")
        p.expect("I09", "差于基期", file, row, "value")
    p.explain("c03", 6, "kb_days")

    for reporter in clean.PORTS:
        p.value(reporter, 3, "kf_hours", 46)
    number = next(n for n, line in enumerate(clean.INDICATORS, 2) if line[0] == "kf_hours")
    place = {
        "path": f"registry/{p.book.programme}/indicators.csv",
        "row_number": number,
        "column_name": "indicator_id",
    }
    place |= {"entity_type": "indicator", "entity_id": "kf_hours", "raw_value": "kf_hours"}
    p.planned.append(
        Planned(
            "P08",
            "五家报同一个数",
            None,
            None,
            place | {"programme_id": p.book.programme, "period": "2021Q3", "reporter_id": None},
        )
    )


PORT_OR_ALL = CODES


# --- the other kinds --------------------------------------------------------------------------------


def satisfaction(p: Planter) -> None:
    """S01, and F03, F08, F12, K01, V01 of satisfaction files."""
    for reporter, quarter, by in (("c01", 4, 1.0), ("c03", 6, -2.5), ("c06", 4, 0.06)):
        file = p.other(reporter, quarter, "satisfaction")
        row = file.data[0]
        row["rate"] = round(100 * row["satisfied"] / row["sample"] + by, 2)
        p.expect("S01", f"满意度差{by}个百分点", file, row, "rate")
    file = p.other("c06", 2, "satisfaction")
    file.data[1]["rate"] = 190
    p.expect("V01", "满意度190", file, file.data[1], "rate", quarantined=True)
    p.also("S01", "满意度190", file, file.data[1], "rate")
    file = p.other("c01", 2, "satisfaction")
    file.data[0]["rate"] = 0.9
    p.expect("F12", "满意度写成小数", file, file.data[0], "rate")
    file = p.other("k01", 2, "satisfaction")
    file.data[2]["sample"] = "约200份"
    p.expect("F03", "样本量写成文字", file, file.data[2], "sample")
    file = p.other("c03", 4, "satisfaction")
    again = file.data[0].again(rate=None)
    file.rows.append(again)
    p.expect("K01", "同一调查对象两行", file, again, "group", quarantined=True)

    first, copied = p.other("c08", 2, "satisfaction"), p.other("c08", 4, "satisfaction")
    copied.rows = [row.again() for row in first.data]
    p.expect("F08", "与二季度的满意度文件完全相同", copied)
    foreign = p.book.add(
        "t11", "2022Q1", "satisfaction", ".csv", first.header, [row.again() for row in first.data]
    )
    p.expect("F08", "与别县往期文件完全相同", foreign)
    third = p.other("k01", 6, "satisfaction")
    third.rows = [row.again() for row in p.other("k01", 4, "satisfaction").data]
    p.expect("F08", "与四季度的满意度文件完全相同", third)


def rectification(p: Planter) -> None:
    """Z01, Z02, and F04, K05 of rectification files."""

    def issue(rule: str, note: str, file: File, row: Row, field: str, **more: Any) -> None:
        p.expect(rule, note, file, row, field, entity_type="task", entity_id=row["issue_id"], **more)

    file = p.other("c01", 2, "rectification")
    file.data[0]["due"] = "2021-06-15"
    issue("Z01", "逾期未销号", file, file.data[0], "due")
    file = p.other("k01", 2, "rectification")
    file.data[1]["due"] = "2021-06-30"
    issue("Z01", "期限就是季度末", file, file.data[1], "due")
    file = p.other("c08", 3, "rectification")
    file.data[0].update(status="推进中", closed_on=None)
    issue("Z01", "三季度末仍未销号", file, file.data[0], "due")
    closing = file.data[0].again(status="已办结", closed_on="2021-11-02")
    p.book.add("c08", "2021Q4", "rectification", ".csv", file.header, [closing])

    file = p.other("c03", 3, "rectification")
    file.data[0]["closed_on"] = None
    issue("Z02", "销号没有日期", file, file.data[0], "closed_on")
    file = p.other("k01", 3, "rectification")
    file.data[1]["measures"] = "  "
    issue("Z02", "销号没有措施", file, file.data[1], "measures", raw_value=None)
    file = p.other("c06", 3, "rectification")
    file.data[1]["closed_on"] = "上周五"
    p.expect(
        "F04", "销号日期不是日期", file, file.data[1], "closed_on", entity_type="file", entity_id=file.path
    )
    issue("Z02", "销号日期读不出", file, file.data[1], "closed_on", origin="consequence")
    file = p.other("c03", 2, "rectification")
    file.data[0]["due"] = "2021-09-31"
    p.expect("F04", "九月没有31日", file, file.data[0], "due", entity_type="file", entity_id=file.path)
    file = p.other("c06", 2, "rectification")
    file.data[0]["status"] = "整改中"
    p.expect(
        "K05", "整改状态用语不规范", file, file.data[0], "status", entity_type="file", entity_id=file.path
    )
