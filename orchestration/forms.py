"""Recognising a form of ours that comes back: whose it is stands in its hidden sheet, not in its name or folder.

Belongs here: reading that sheet safely and holding it against the registries. Does not belong here: the form itself
(``dashboards.workbooks``), archiving (``orchestration.receive``), reading the answers (``raw/``).
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from dashboards.workbooks.form import FORM_SHEET, VERSION, FormId
from orchestration.receive import Refused
from raw.contracts import KINDS
from raw.errors import Limits, Rejected
from raw.periods import Period
from raw.registry import Programme
from raw.sheets import read_document

_INDEX_BYTES = 1 << 20  # xl/workbook.xml of an honest form has some kilobytes
_INDEX_RATIO = 200
_NAMED = re.compile(rb"""name=["']_form["']""")


def _has_form_sheet(path: Path) -> bool:
    """Whether the workbook names a sheet ``_form``: decided before anything else of the file is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo("xl/workbook.xml")
            if entry.file_size > _INDEX_BYTES or entry.file_size > _INDEX_RATIO * max(entry.compress_size, 1):
                return False
            return _NAMED.search(archive.read(entry)) is not None
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError, ValueError):
        return False  # no workbook we made; the readers will say what it is


def read_form(path: Path, limits: Limits | None = None) -> FormId | None:
    """The identity a workbook carries; None when it is no form of ours (also when nobody can read it).

    ``.xls`` too: a clerk's program may save a form so. What is written there is a county's word: see ``check_form``.
    """
    limits = limits or Limits()
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        if not _has_form_sheet(path):
            return None
    elif suffix != ".xls":
        return None
    try:
        document = read_document(path, limits)
    except (Rejected, OSError):
        return None
    sheet = next((sheet for sheet in document.sheets if sheet.name == FORM_SHEET), None)
    if sheet is None:
        return None
    lines = {row.cells[0]: row.cells[1] or "" for row in sheet.rows if len(row.cells) > 1 and row.cells[0]}
    return FormId.from_lines({name: value.strip() for name, value in lines.items()})


def check_form(form: FormId, programmes: dict[str, Programme]) -> tuple[Programme, str, str, Period]:
    """(programme, reporter_id, kind, period) of a form.

    Reporter and period within the programme are checked by ``receive``, which refuses what the registry does not know.

    Raises:
        Refused: a version, programme, kind or period nobody knows.
    """
    if form.version > VERSION:
        raise Refused(
            f"表号 {form.code} 是第 {form.version} 版的模板，本系统只认到第 {VERSION} 版；请升级系统"
        )
    if form.programme_id not in programmes:
        raise Refused(f"表号 {form.code}：方案 {form.programme_id} 没有登记目录")
    if form.kind not in KINDS:
        raise Refused(f"表号 {form.code}：种类 {form.kind} 不认识；请使用下发的模板")
    try:
        period = Period.parse(form.period)
    except ValueError as error:
        raise Refused(f"表号 {form.code}：{error}") from error
    return programmes[form.programme_id], form.reporter_id, form.kind, period
