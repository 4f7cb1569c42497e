"""The tables behind a quarter as one workbook: what a reader of the bulletin sorts and filters.

Belongs here: sheets from marts, Chinese headers from the column comments. Does not belong here: figures and pages. Text of
counties stays text: no cell begins a formula. The same tables give the same bytes: nothing of the clock is inside.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

# mart → sheet, in the order of the workbook
SHEETS = {
    "ranking": "排名",
    "list_entries": "红黑榜",
    "rank_changes": "变动原因",
    "score_change_items": "变动明细",
    "special_scores": "专项得分",
    "quarterly_progress": "任务进度",
    "indicator_scores": "指标",
    "overdue_tasks": "逾期任务",
    "unit_load": "责任单位",
    "reporting": "报送情况",
    "goals": "目标",
    "rank_robustness": "位次稳健性",
    "rectification": "整改台账",
    "satisfaction": "满意度",
}
_LEFT_OUT = {"programme_id", "period", "receipt_id"}


def _headers(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column → its Chinese name: the comment up to the first mark, else the column's own name."""
    found = connection.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'marts' AND table_name = ? "
        "AND database_name = current_database() ORDER BY column_index",
        [table],
    ).fetchall()
    names: dict[str, str] = {}
    for column, comment in found:
        text = comment or column
        for mark in "：；，。（":
            text = text.split(mark)[0]
        names[column] = text if text and text not in names.values() else f"{text or column}（{column}）"
    return names


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    return value


def write_tables(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, path: Path
) -> dict[str, int]:
    """Write the workbook; returns rows per sheet. Sheets without rows are left out.

    connection: current.duckdb or a snapshot of it.
    """
    import xlsxwriter

    written: dict[str, int] = {}
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"{programme_id} {period}", "created": datetime(2000, 1, 1)})
    bold = book.add_format(
        {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "top"}
    )
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for table, title in SHEETS.items():
        headers = _headers(connection, table)
        columns = [column for column in headers if column not in _LEFT_OUT]
        if not columns:
            continue  # a file of an older version
        names = ", ".join(f'm."{column}"' for column in columns)
        has_reporter = "reporter_id" in columns and "reporter_name" not in columns
        rows = connection.execute(
            f"SELECT {'r.name, ' if has_reporter else ''}{names} FROM marts.{table} m "
            + ("LEFT JOIN raw.reporters r USING (programme_id, reporter_id) " if has_reporter else "")
            + "WHERE m.programme_id = ? AND m.period = ? ORDER BY ALL",
            [programme_id, period],
        ).fetchall()
        if not rows:
            continue
        if table == "ranking":
            at = columns.index("rank")
            rows.sort(key=lambda row: (row[at] is None, row[at]))
        titles = (["填报主体"] if has_reporter else []) + [headers[column] for column in columns]
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 2)
        for column, text in enumerate(titles):
            sheet.write_string(0, column, text, bold)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(map(_plain, row)):
                if isinstance(value, datetime):
                    sheet.write_string(number, column, value.isoformat(sep=" ", timespec="minutes"))
                elif isinstance(value, date):
                    sheet.write_datetime(number, column, datetime(value.year, value.month, value.day), day)
                elif isinstance(value, int | float):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, str(value)[:32000])
        sheet.autofilter(0, 0, len(rows), len(titles) - 1)
        sheet.set_column(0, len(titles) - 1, 14)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.repeat_rows(0)
        sheet.fit_to_pages(1, 0)
        written[title] = len(rows)
    book.close()
    return written
