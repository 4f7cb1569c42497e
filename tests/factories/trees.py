"""Writers of registry tables, submissions and receipts, and small builders for tests.

Belongs here: bytes of files in every format a county sends, the same on every run. Does not belong
here: what the sample says (``feeds``), which mistakes it holds (``mistakes``).

Every table writer takes ``header`` (list of header texts as a clerk writes them) and ``rows`` (lists of
cells in that order, or dicts by header text) and returns the row numbers of the data rows as the
pipeline counts them: the line of a csv or ndjson file, the Excel row, the position in json and parquet,
each from 1. Cells: None, str, int, float, ``datetime.date`` (a real date cell in a workbook, ISO text
elsewhere) and ``Percent`` (a number with a percent format in a workbook, ``"85%"`` elsewhere).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars
import xlsxwriter
import xlwt

CREATED = datetime(2021, 1, 1)  # the creation time every workbook states: without it two runs differ

# Columns of the registry files, in the order of the contract (section 4).
REGISTRY_COLUMNS: dict[str, list[str]] = {
    "reporters": ["reporter_id", "name", "kind", "parent_id", "group", "aliases"],
    "units": ["unit_id", "name", "aliases"],
    "specials": ["special_id", "name", "weight", "lead_unit"],
    "tasks": ["task_id", "seq", "special_id", "title", "deadline_text", "weight", "start_date", "source"],
    "responsibilities": ["task_id", "unit_name", "role"],
    "indicators": [
        *(
            "indicator_id",
            "special_id",
            "name",
            "unit",
            "polarity",
            "decimals",
            "baseline",
            "frontier",
            "worst",
        ),
        *("method", "exponent", "weight", "valid_min", "valid_max", "numerator", "denominator", "multiplier"),
    ],
    "targets": ["indicator_id", "due_date", "target"],
    "goals": [
        "goal_id",
        "kind",
        "special_id",
        "indicator_id",
        "top_n",
        "improvement_pct",
        "due_date",
        "scope",
    ],
    "goal_results": ["goal_id", "period", "actual", "source"],
    "assignments": ["task_id", "reporter_id", "indicator_id"],
    "applicability": ["indicator_id", "reporter_id", "state", "reason"],
}


@dataclass(frozen=True)
class Percent:
    """A cell with a percent number format: ``Percent(0.85)`` shows as 85%."""

    fraction: float


def _as_lists(header: Sequence[str], rows: Iterable[Sequence | Mapping]) -> list[list]:
    return [[row.get(name) for name in header] if isinstance(row, Mapping) else list(row) for row in rows]


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Percent):
        return f"{cell.fraction * 100:g}%"
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)


def _plain(cell: Any) -> Any:
    """A cell as JSON or parquet hold it: numbers stay numbers, the rest is text."""
    return cell if cell is None or isinstance(cell, int | float) else _as_text(cell)


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence | Mapping],
    *,
    encoding: str = "utf-8",
    above: Sequence[Sequence[str] | str] = (),
    below: Sequence[Sequence[str] | str] = (),
    line_end: str = "\r\n",
) -> list[int]:
    """Write a csv; ``above`` and ``below`` are lines around the table (title, 填报单位：, 合计, 注：)."""
    lines = [[line] if isinstance(line, str) else list(line) for line in above]
    body = _as_lists(header, rows)
    lines += [list(header), *([_as_text(cell) for cell in row] for row in body)]
    lines += [[line] if isinstance(line, str) else list(line) for line in below]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end).writerows(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
    first = len(above) + 2
    return list(range(first, first + len(body)))


def write_xlsx(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence | Mapping],
    *,
    sheet: str = "Sheet1",
    title: str | None = None,
    unit_line: str | None = None,
    total: Sequence | None = None,
    notes: Sequence[str] = (),
    merge_repeats: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    date_format: str = "yyyy-mm-dd",
) -> list[int]:
    """Write a workbook as a clerk does.

    ``title`` becomes a row merged over the whole table, ``unit_line`` a row like ``填报单位：西平县``,
    ``total`` a row under the table, ``notes`` lines under that. ``merge_repeats`` names headers whose
    runs of equal cells are merged downwards (only the top cell then holds the text). ``hidden_rows``
    are indexes of data rows (from 0) to hide. A cell that begins with ``=`` becomes a formula;
    ``=NA()`` keeps the error ``#N/A`` as its stored result.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    body, last = _as_lists(header, rows), len(header) - 1
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        book.set_properties({"created": CREATED, "author": "taizhang", "title": title or ""})
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True, "align": "center", "valign": "vcenter"})
        middle = book.add_format({"valign": "vcenter"})
        formats = {
            "date": book.add_format({"num_format": date_format}),
            "percent": book.add_format({"num_format": "0%"}),
        }
        at = 0
        if title is not None:
            page.merge_range(at, 0, at, max(last, 1), title, bold)
            at += 1
        if unit_line is not None:
            page.write_string(at, 0, unit_line)
            at += 1
        for column, name in enumerate(header):
            page.write_string(at, column, name, bold)
        first = at + 1
        merged: dict[int, str] = {}
        for column in (list(header).index(name) for name in merge_repeats):
            start = 0
            for index in range(1, len(body) + 1):
                if index == len(body) or body[index][column] != body[start][column]:
                    if index - start > 1:
                        text = _as_text(body[start][column])
                        page.merge_range(first + start, column, first + index - 1, column, text, middle)
                        merged |= {(row, column): "" for row in range(start, index)}
                    start = index
        for index, row in enumerate(body):
            for column, cell in enumerate(row):
                if (index, column) not in merged:
                    _write_cell(page, first + index, column, cell, formats)
        at = first + len(body)
        if total is not None:
            for column, cell in enumerate(total):
                _write_cell(page, at, column, cell, formats)
            at += 1
        for line in notes:
            page.write_string(at, 0, line)
            at += 1
        for index in hidden_rows:
            page.set_row(first + index, None, None, {"hidden": True})
    return list(range(first + 1, first + 1 + len(body)))


def _write_cell(page, row: int, column: int, cell: Any, formats: dict) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, Percent):
        page.write_number(row, column, cell.fraction, formats["percent"])
    elif isinstance(cell, date):
        page.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), formats["date"])
    elif isinstance(cell, int | float):
        page.write_number(row, column, cell)
    elif cell.startswith("="):
        page.write_formula(row, column, cell, None, "#N/A" if cell == "=NA()" else 0)
    else:
        page.write_string(row, column, cell)


def write_xls(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence | Mapping],
    *,
    sheet: str = "Sheet1",
    title: str | None = None,
    unit_line: str | None = None,
) -> list[int]:
    """Write an Excel 97 workbook (dates as date cells, percents with a percent format)."""
    body = _as_lists(header, rows)
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(sheet)
    styles = {"date": xlwt.easyxf(num_format_str="yyyy-mm-dd"), "percent": xlwt.easyxf(num_format_str="0%")}
    at = 0
    if title is not None:
        page.write_merge(at, at, 0, max(len(header) - 1, 1), title)
        at += 1
    if unit_line is not None:
        page.write(at, 0, unit_line)
        at += 1
    for column, name in enumerate(header):
        page.write(at, column, name)
    first = at + 1
    for index, row in enumerate(body):
        for column, cell in enumerate(row):
            if isinstance(cell, Percent):
                page.write(first + index, column, cell.fraction, styles["percent"])
            elif isinstance(cell, date):
                page.write(first + index, column, cell, styles["date"])
            elif cell not in (None, ""):
                page.write(first + index, column, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return list(range(first + 1, first + 1 + len(body)))


def write_json(path: Path, header: Sequence[str], rows: Iterable[Sequence | Mapping]) -> list[int]:
    """Write an array of objects; blank cells are left out, as exports do."""
    objects = _objects(header, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((json.dumps(objects, ensure_ascii=False, indent=1) + "\n").encode())
    return list(range(1, len(objects) + 1))


def write_ndjson(path: Path, header: Sequence[str], rows: Iterable[Sequence | Mapping]) -> list[int]:
    """Write one object per line."""
    objects = _objects(header, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects).encode())
    return list(range(1, len(objects) + 1))


def _objects(header: Sequence[str], rows: Iterable[Sequence | Mapping]) -> list[dict]:
    return [
        {name: _plain(cell) for name, cell in zip(header, row, strict=True) if cell is not None}
        for row in _as_lists(header, rows)
    ]


def write_parquet(path: Path, header: Sequence[str], rows: Iterable[Sequence | Mapping]) -> list[int]:
    """Write a parquet file; a column of numbers only is Float64, of dates only Date, any other text."""
    body = _as_lists(header, rows)
    columns = {}
    for index, name in enumerate(header):
        cells = [row[index] for row in body]
        present = [cell for cell in cells if cell is not None]
        if present and all(isinstance(cell, int | float) for cell in present):
            columns[name] = polars.Series(cells, dtype=polars.Float64, strict=False)
        elif present and all(isinstance(cell, date) for cell in present):
            columns[name] = polars.Series(cells, dtype=polars.Date)
        else:
            columns[name] = polars.Series(
                [None if c is None else _as_text(c) for c in cells], dtype=polars.String
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    polars.DataFrame(columns).write_parquet(path, compression="zstd")
    return list(range(1, len(body) + 1))


def write_file(path: Path, header: Sequence[str], rows: Iterable[Sequence | Mapping], **options) -> list[int]:
    """Write a table in the format of the path's suffix; ``options`` go to that writer. KeyError on
    another suffix.
    """
    writers = {
        ".csv": write_csv,
        ".xlsx": write_xlsx,
        ".xls": write_xls,
        ".json": write_json,
        ".ndjson": write_ndjson,
        ".parquet": write_parquet,
    }
    return writers[path.suffix](path, header, rows, **options)


def write_registry_table(folder: Path, table: str, rows: Iterable[Mapping]) -> Path:
    """Write ``folder/<table>.csv`` with the contract's columns; a row may leave columns out, not add any."""
    columns = REGISTRY_COLUMNS[table]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if value is None else value for key, value in row.items()} for row in rows)
    path = folder / f"{table}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode())
    return path


def write_receipts(root: Path, lines: Iterable[tuple[str, str, str]]) -> Path:
    """Write ``root/receipts.csv``: (path relative to root, ISO time with offset, sender)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "received_at", "sender"])
    writer.writerows(lines)
    path = root / "receipts.csv"
    path.write_bytes(text.getvalue().encode())
    return path


# ── small builders for tests ──────────────────────────────────────────────────────────────────

SMALL_REGISTRY: dict[str, list[dict]] = {
    "reporters": [
        {
            "reporter_id": "410001",
            "name": "甲县",
            "kind": "county",
            "group": "一组",
            "aliases": "甲;甲县人民政府",
        },
        {"reporter_id": "410002", "name": "乙县", "kind": "county", "group": "一组"},
    ],
    "units": [{"unit_id": "u1", "name": "市市场监督管理局", "aliases": "市市场监管局"}],
    "specials": [{"special_id": "kaiban", "name": "企业开办", "lead_unit": "市市场监督管理局"}],
    "tasks": [
        {
            "task_id": "t01",
            "seq": 1,
            "special_id": "kaiban",
            "title": "压缩开办时间",
            "deadline_text": "2021年6月30日",
        },
        {
            "task_id": "t02",
            "seq": 2,
            "special_id": "kaiban",
            "title": "设立综合窗口",
            "deadline_text": "2021年12月",
        },
        {
            "task_id": "t03",
            "seq": 3,
            "special_id": "kaiban",
            "title": "优化开办服务",
            "deadline_text": "持续推进",
        },
    ],
    "responsibilities": [
        {"task_id": task_id, "unit_name": "市市场监督管理局", "role": "lead"}
        for task_id in ("t01", "t02", "t03")
    ],
    "indicators": [
        {
            "indicator_id": "kb_online",
            "special_id": "kaiban",
            "name": "企业开办网上办理率",
            "unit": "%",
            "polarity": "higher",
            "decimals": 1,
            "baseline": 80,
            "method": "auto",
            "valid_min": 0,
            "valid_max": 100,
            "numerator": "网上办理件数",
            "denominator": "办件总数",
            "multiplier": 100,
        },
        {
            "indicator_id": "kb_steps",
            "special_id": "kaiban",
            "name": "企业开办环节",
            "unit": "个",
            "polarity": "lower",
            "decimals": 0,
            "baseline": 3,
            "method": "auto",
            "valid_min": 0,
            "valid_max": 20,
        },
    ],
    "targets": [
        {"indicator_id": "kb_online", "due_date": "2021-12-31", "target": 95},
        {"indicator_id": "kb_steps", "due_date": "2021-12-31", "target": 1},
    ],
    "goals": [],
}


def make_registry(
    root: Path,
    programme_id: str = "p2021",
    *,
    start: date = date(2021, 1, 1),
    end: date = date(2021, 12, 31),
    settings: str = "",
    **tables: list[dict],
) -> Path:
    """Write a small registry to ``root/registry/<programme_id>`` and return that folder.

    Two counties, one special, three tasks (a date, a month, ongoing) and two indicators, unless a table
    is given by name: ``make_registry(tmp, tasks=[{"task_id": "x", …}])`` replaces tasks.csv and nothing
    else. ``settings`` is TOML put after the first lines of programme.toml (top-level keys first, then
    tables such as ``[lists]``).
    """
    folder = root / "registry" / programme_id
    unknown = set(tables) - set(REGISTRY_COLUMNS)
    if unknown:
        raise ValueError(f"no such registry table: {sorted(unknown)}")
    for table, rows in (SMALL_REGISTRY | tables).items():
        write_registry_table(folder, table, rows)
    (folder / "programme.toml").write_bytes(
        f'id = "{programme_id}"\ntitle = "某市优化营商环境方案"\nissuer = "某市营商办"\n'
        f"start_date = {start.isoformat()}\nend_date = {end.isoformat()}\n"
        f"report_day = 28\nfreeze_days = 12\n{settings}\n".encode()
    )
    return folder


PROGRESS_HEADER = ["任务编号", "任务名称", "状态", "完成进度", "完成日期", "进展情况", "佐证材料", "填报日期"]
INDICATOR_HEADER = ["指标编号", "指标名称", "指标值", "分子", "分母", "单位", "说明"]


def write_progress_csv(
    path: Path, rows: Iterable[Mapping], header: Sequence[str] | None = None, **options
) -> list[int]:
    """Write progress rows given as dicts by header; the header is ``PROGRESS_HEADER`` unless told
    otherwise.
    """
    return write_csv(path, header or PROGRESS_HEADER, rows, **options)


def write_indicators_csv(
    path: Path, rows: Iterable[Mapping], header: Sequence[str] | None = None, **options
) -> list[int]:
    """Write indicator rows given as dicts by header; the header is ``INDICATOR_HEADER`` unless told
    otherwise.
    """
    return write_csv(path, header or INDICATOR_HEADER, rows, **options)


def write_tree(
    root: Path,
    spec: Mapping[str, str | bytes | list[dict] | dict],
    received: str | Mapping[str, str] | None = "2021-03-25T10:00:00+08:00",
    sender: str = "测试",
) -> Path:
    """Write files under ``root`` and receipts.csv for the submissions among them; returns ``root``.

    ``spec`` maps relative paths to a text (UTF-8), bytes, a list of dicts (a table in the format of the
    suffix; the header is the union of the keys in order), or a dict of arguments of ``write_file``
    (``header``, ``rows``, options). ``received`` is one time for all, a time per path (paths left out
    have no receipt), or None for no receipts.csv.
    """
    for relative, content in spec.items():
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_bytes(content.encode())
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, list):
            write_file(path, list(dict.fromkeys(key for row in content for key in row)), content)
        else:
            write_file(path, **content)
    if received is not None:
        submissions = [path for path in spec if path.startswith("submissions/")]
        times = received if isinstance(received, Mapping) else dict.fromkeys(submissions, received)
        write_receipts(root, [(path, times[path], sender) for path in submissions if path in times])
    return root
