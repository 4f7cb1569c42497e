"""The three files of a bulletin: the document, the workbook behind it, and where each number comes from.

Belongs here: names and writing. Does not belong here: which edition stands and who asked (``orchestration.commands.bulletin``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dashboards import format as fmt
from dashboards.bulletin.document import docx_bytes
from dashboards.bulletin.facts import Facts, plain, sources
from dashboards.bulletin.text import Asked, compose
from dashboards.workbooks.tables import write_tables

_ABOUT = (
    "facts 按文中顺序列出通报里的每个数、名称和日期：shown 为文中写法，value 为原值；用 current.duckdb 运行 queries 中同名 query 的 "
    "sql（parameters 为参数），取第 row 行（从 0 起）、column 列，即得 value；row 为空时 value 是结果的行数；query 为空的由命令行给定。"
)


@dataclass(frozen=True)
class Written:
    """What was written for a programme: paths, and how many facts stand in the document."""

    programme_id: str
    document: Path
    workbook: Path
    sources: Path
    facts: int


def write_bulletin(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, out: Path, asked: Asked
) -> Written:
    """Write ``<programme>_<period>_通报.docx``, ``…_附表.xlsx`` and ``…_数据来源.json``; the same data give the same bytes.

    Raises LookupError when the file does not hold the programme and quarter.
    """
    facts = Facts(connection, {"programme_id": programme_id, "period": period})
    bulletin = compose(facts, asked)
    stem = f"{fmt.slug(programme_id)}_{fmt.slug(period)}"
    document, workbook, listed = (
        out / f"{stem}_{end}" for end in ("通报.docx", "附表.xlsx", "数据来源.json")
    )
    used = bulletin.facts()
    body = {
        "about": _ABOUT,
        "programme_id": programme_id,
        "period": period,
        "edition": asked.edition,
        "data_cut": plain(bulletin.data_cut),
        "document": document.name,
        "workbook": workbook.name,
        **sources(facts, used),
    }
    document.write_bytes(docx_bytes(bulletin, bulletin.data_cut))
    write_tables(connection, programme_id, period, workbook)
    listed.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Written(programme_id, document, workbook, listed, len(used))
