"""One submission: its file → typed rows, quarantined rows and findings, each with its place.

Belongs here: keys against the registry's codes, the parsers of a contract applied to a table, what the file says of
its sender. Does not belong here: file formats (``readers``), plausibility of values (``quality/``), the database.
Runs inside a worker process, so it takes and returns plain data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from raw.contracts import Contract, contracts
from raw.errors import Changed, Limits, Rejected
from raw.mapping import MappedSheet, map_document
from raw.plain import PlainColumns, plain_cells
from raw.schema import FINDING, QUARANTINE, SUBMISSION_TABLES
from raw.sheets import Row, read_document
from raw.text import is_blank, squeeze, tidy
from raw.values import (
    ANSWER_WORDS,
    PARSERS,
    answer_kind,
    is_formula_error,
    is_repaired,
    parse_code,
)


@dataclass(frozen=True)
class SubmissionFile:
    """A file of the raw tree with its identity; ``path`` is relative to the tree, with /."""

    receipt_id: str
    path: str
    absolute: Path
    programme_id: str
    period: str
    reporter_id: str
    kind: str
    # of the bytes the receipt stands for; the reader refuses any other (None: not known, anything is read)
    sha256: str | None = None


@dataclass
class Codes:
    """What of a programme's registry a reader needs to recognise keys and names (plain data, crosses processes)."""

    tasks: dict[str, str] = field(default_factory=dict)  # task_id → title
    # "" in the next three where several tasks (indicators) share the seq, title or name
    task_by_seq: dict[str, str] = field(default_factory=dict)  # seq → task_id
    task_by_title: dict[str, str] = field(default_factory=dict)  # squeezed title → task_id
    indicator_by_name: dict[str, str] = field(default_factory=dict)  # squeezed name → indicator_id
    indicators: dict[str, str] = field(default_factory=dict)  # indicator_id → name
    reporters: dict[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # reporter_id → squeezed names, own first


@dataclass
class SubmissionResult:
    """What one file gave; ``columns`` of ``table`` are lists of equal length (the loaded rows)."""

    receipt_id: str
    table: str | None = None
    columns: dict[str, list] = field(default_factory=dict)
    lineage: list[tuple] = field(default_factory=list)  # rows of raw.columns
    quarantine: list[tuple] = field(default_factory=list)  # rows of raw.quarantine
    findings: list[tuple] = field(default_factory=list)  # rows of raw.findings
    format: str | None = None
    encoding: str | None = None
    rows_read: int = 0
    rejected: bool = False
    reason: str | None = None
    # the machine or our code gave up, not the file's content: another run may succeed
    try_again: bool = False

    @property
    def rows_loaded(self) -> int:
        """Number of rows in ``columns``."""
        return len(self.columns["row_number"]) if self.columns else 0


@dataclass(frozen=True)
class _Key:
    """Outcome of resolving a row's key: the code or None, and the rule the row breaks (F05, K07) if any."""

    code: str | None
    rule_id: str | None = None
    message: str | None = None


def _resolve_task(key: str | None, title: str | None, codes: Codes) -> _Key:
    named = squeeze(title or "")
    by_title = codes.task_by_title.get(named) if named else None
    if key is None:
        if by_title:
            return _Key(
                by_title, "K07", f"本行没有任务编号，已按任务名称对应到“{by_title}”，请核对并补填编号"
            )
        why = "" if not named else "，任务名称“{}”{}".format(
            tidy(title)[:40], "也不在任务目录中" if by_title is None else "有多项任务相同"
        )  # fmt: skip
        return _Key(None, "F05", f"本行没有任务编号{why}，未载入；请按任务目录填写任务编号")
    if key in codes.tasks:
        return _Key(key)
    by_seq = codes.task_by_seq.get(key)
    if by_seq and (by_title is None or squeeze(codes.tasks[by_seq]) == named):
        return _Key(by_seq, "K07", f"编号“{key}”是任务序号，已对应到“{by_seq}”，请核对，下次请填任务编号")
    if by_seq and not by_title:
        return _Key(
            None,
            "F05",
            f"序号“{key}”与任务名称不一致，而任务名称有多项任务相同，本行未载入；请按任务目录填写任务编号",
        )
    if by_seq:
        return _Key(
            by_title, "K07", f"序号“{key}”与任务名称不一致，已按任务名称对应到“{by_title}”，请核对编号"
        )
    hint = f"，疑为“{by_title}”" if by_title else ""
    return _Key(
        None, "F05", f"任务编号“{key}”不在任务目录中{hint}，本行未载入；请按任务目录更正编号后重新报送"
    )


def _resolve_indicator(key: str | None, name: str | None, codes: Codes) -> _Key:
    by_name = codes.indicator_by_name.get(squeeze(name or ""))
    if key is not None and key in codes.indicators:
        return _Key(key)
    # a running number is no code: the clerk's own 序号 beside an exact name leaves no doubt
    if by_name and (key is None or key.isdigit()):
        what = "本行没有指标编号" if key is None else f"“{key}”不是指标编号"
        return _Key(by_name, "K07", f"{what}，已按指标名称对应到“{by_name}”，请核对，下次请填指标编号")
    if key is None:
        named = f"，指标名称“{tidy(name)[:40]}”也不在指标目录中" if not is_blank(name) else ""
        return _Key(None, "F05", f"本行没有指标编号{named}，未载入；请按指标目录填写指标编号")
    hint = f"，疑为“{by_name}”" if by_name else ""
    return _Key(
        None, "F05", f"指标编号“{key}”不在指标目录中{hint}，本行未载入；请按指标目录更正编号后重新报送"
    )


def _resolve_plain(key: str | None, fallback: str | None, what: str) -> _Key:
    if key is not None:
        return _Key(key)
    if not is_blank(fallback):
        return _Key(tidy(fallback))
    return _Key(None, "F05", f"本行没有{what}，未载入；请补填后重新报送")


_ENTITY = {"task": "task", "indicator": "indicator"}
# the column of a row's resolved key
KEY_COLUMN = {
    "task": "task_id",
    "indicator": "indicator_id",
    "issue": "issue_id",
    "group": "respondent_group",
}


class Reading:
    """State of reading one file: collects rows, findings and quarantine under the file's identity."""

    def __init__(self, file: SubmissionFile, contract: Contract, codes: Codes):
        self.file = file
        self.contract = contract
        self.codes = codes
        self.result = SubmissionResult(file.receipt_id, contract.table)
        self.result.columns = {name: [] for name in SUBMISSION_TABLES[contract.table]}
        self.field_names = [field.name for field in contract.fields]
        self.seen: dict[str, tuple[str | None, int]] = {}

    def finding(
        self, rule_id: str, message: str, sheet=None, row=None, header=None, value=None, entity=None
    ) -> None:
        """One row of raw.findings, about this file."""
        entity_type = _ENTITY.get(self.contract.entity, "file") if entity else "file"
        entry = {
            "rule_id": rule_id,
            "programme_id": self.file.programme_id,
            "period": self.file.period,
            "reporter_id": self.file.reporter_id,
            "entity_type": entity_type,
            "entity_id": entity if entity and entity_type != "file" else self.file.path,
            "receipt_id": self.file.receipt_id,
            "path": self.file.path,
            "sheet": sheet,
            "row_number": row,
            "column_name": header,
            "raw_value": value,
            "message": message,
        }
        self.result.findings.append(tuple(entry[name] for name in FINDING))

    def keep_out(
        self, rule_id: str, message: str, sheet: MappedSheet, row: Row, header=None, value=None, entity=None
    ):
        """A row that cannot be loaded: into quarantine with its cells, and a finding with the same words."""
        headers = [h or f"第{i}列" for i, h in enumerate(sheet.headers, 1)]
        content = {}
        for index, cell in enumerate(row.cells):
            if cell is not None:
                name = headers[index] if index < len(headers) else f"第{index + 1}列"
                content[name if name not in content else f"{name}（第{index + 1}列）"] = cell
        entry = {
            "receipt_id": self.file.receipt_id,
            "path": self.file.path,
            "sheet": sheet.name,
            "row_number": row.number,
            "row_json": json.dumps(content, ensure_ascii=False),
            "rule_id": rule_id,
            "message": message,
        }
        self.result.quarantine.append(tuple(entry[name] for name in QUARANTINE))
        self.finding(rule_id, message, sheet.name, row.number, header, value, entity)

    def resolve(self, cells: dict[str, str | None]) -> _Key:
        """The code a row with these cells is about."""
        raw = cells[self.contract.key_field.name]
        key = parse_code(raw)
        if self.contract.entity in ("task", "indicator"):
            known = self.codes.tasks if self.contract.entity == "task" else self.codes.indicators
            if raw is not None and tidy(raw) in known:
                key = tidy(raw)  # a code may end in .0 itself
            if self.contract.entity == "task":
                return _resolve_task(key, cells["title"], self.codes)
            return _resolve_indicator(key, cells["name"], self.codes)
        if raw is not None and is_formula_error(raw):
            key = None  # any text is a key here, an error value is none
        if self.contract.entity == "issue":
            return _resolve_plain(key, cells["issue"], "问题编号和问题描述")
        return _resolve_plain(key, None, "调查对象")

    def sheet(self, sheet: MappedSheet) -> None:
        """Everything a sheet gives: its columns, its rows, what is said of it as a whole."""
        self.trace(sheet)
        self.rows(sheet)
        self.check_sender(sheet, sheet.cells("reported_by"))
        self.check_hidden(sheet)

    def trace(self, sheet: MappedSheet) -> None:
        """Which column of the sheet gave which field."""
        for name, column in sheet.columns.items():
            self.result.lineage.append(
                (self.file.receipt_id, sheet.name, name, column.header, column.index + 1)
            )

    def rows(self, sheet: MappedSheet) -> None:
        """Every data row in order: runs of rows nothing is to be said of column by column, the others one by one."""
        known = {"task": self.codes.tasks, "indicator": self.codes.indicators}.get(self.contract.entity)
        columns = None if known is None else plain_cells(sheet, self.contract, known)
        if columns is None:
            for row in sheet.rows:
                self.row(sheet, row)
            return
        start = 0
        for position in [*columns.special.arg_true(), len(sheet.rows)]:
            self.run(sheet, columns, start, position)
            if position < len(sheet.rows):
                self.row(sheet, sheet.rows[position])
            start = position + 1

    def run(self, sheet: MappedSheet, columns: PlainColumns, start: int, end: int) -> None:
        """Store rows start … end − 1, all of them plain; a key that stood before makes them rows of their own (K01)."""
        if start == end:
            return
        numbers = [row.number for row in sheet.rows[start:end]]
        keys = columns.keys[start:end].to_list()
        if len(set(keys)) < len(keys) or not self.seen.keys().isdisjoint(keys):
            for row in sheet.rows[start:end]:
                self.row(sheet, row)
            return
        self.seen.update((key, (sheet.name, number)) for key, number in zip(keys, numbers, strict=True))
        self.result.rows_read += len(keys)
        shared = self.place(sheet)
        for name, column in self.result.columns.items():
            if name in shared:
                column += [shared[name]] * len(keys)
            elif name == "row_number":
                column += numbers
            elif name == KEY_COLUMN[self.contract.entity]:
                column += keys
            else:
                column += columns.values[name][start:end].to_list()

    def row(self, sheet: MappedSheet, row: Row) -> None:
        """One data row: loaded or kept out, with every finding its cells give."""
        self.result.rows_read += 1
        if row.broken:
            text = (row.cells[0] or "")[:500]
            self.keep_out(
                "F01", f"第 {row.number} 行{row.broken}，未载入；请更正后重新报送", sheet, row, value=text
            )
            return
        cells = dict.fromkeys(self.field_names)
        for name, column in sheet.columns.items():
            if column.index < len(row.cells) and not is_blank(row.cells[column.index]):
                cells[name] = row.cells[column.index]
        # the contract's first group holds the fields that identify a row; map_sheet saw to it that one is there
        key_column = next(sheet.columns[name] for name in self.contract.require[0] if name in sheet.columns)
        key_raw = cells[key_column.field]
        merged_from = sheet.layout.covered.get((row.number, key_column.index))
        key = self.resolve(cells)
        if merged_from is not None and key_column is sheet.columns.get(self.contract.key_field.name):
            # a key that only a merge put here is no key of this row's own (F06): an exact title decides first
            without = self.resolve(cells | {key_column.field: None})
            key = without if without.code is not None else key
        self.check_formulas(sheet, row, cells, key.code)
        if merged_from is not None:
            message = (
                f"“{key_column.header}”在第 {merged_from}–{row.number} 行合并了单元格，本行没有自己的编号"
            )
            self.finding(
                "F06", f"{message}；请取消合并，逐行填写后重新报送",
                sheet.name, row.number, key_column.header, key_raw, key.code,
            )  # fmt: skip
        if key.code is None:
            self.keep_out(key.rule_id, key.message, sheet, row, key_column.header, key_raw)
            return
        if key.code in self.seen:
            first_sheet, first_row = self.seen[key.code]
            where = f"工作表“{first_sheet}”第 {first_row} 行" if first_sheet else f"第 {first_row} 行"
            self.keep_out(
                "K01",
                f"主键重复：“{key.code}”已在{where}填报，本行未载入；请只保留一行后重新报送",
                sheet,
                row,
                key_column.header,
                key_raw,
                key.code,
            )
            return
        self.seen[key.code] = (sheet.name, row.number)
        if key.rule_id:
            self.finding(
                key.rule_id, key.message, sheet.name, row.number, key_column.header, key_raw, key.code
            )
        elif (
            key_raw is not None
            and key_column.field == self.contract.key_field.name
            and self.contract.entity != "group"  # a name, not a code
        ):
            self.check_repair(sheet, row, key_column.header, key_raw, key.code)
        self.store(sheet, row, cells, key.code)

    def place(self, sheet: MappedSheet) -> dict[str, str | None]:
        """What all rows of a sheet share."""
        return {
            "receipt_id": self.file.receipt_id,
            "programme_id": self.file.programme_id,
            "period": self.file.period,
            "reporter_id": self.file.reporter_id,
            "path": self.file.path,
            "sheet": sheet.name,
        }

    def store(self, sheet: MappedSheet, row: Row, cells: dict[str, str | None], code: str) -> None:
        """Load a row under its code, cell by cell."""
        values = self.place(sheet) | {"row_number": row.number}
        for field_ in self.contract.fields:
            raw = cells[field_.name]
            if field_.type in PARSERS:
                parsed = PARSERS[field_.type](raw)
                values[field_.raw_column] = raw
                values[field_.column] = parsed.value
                answered = False
                if field_.answer_column:
                    # 无 or 不适用 for a value is an answer, not an unreadable cell: K02 or K03 says what follows from it
                    values[field_.answer_column] = answer = answer_kind(raw, parsed.value)
                    answered = answer in ANSWER_WORDS
                # K05 is judged over all status words by the expectations (quality/), not cell by cell here
                if parsed.rule_id and parsed.rule_id != "K05" and not answered:
                    header = sheet.columns[field_.name].header
                    self.finding(
                        parsed.rule_id,
                        _cell_message(parsed.rule_id, header, raw, parsed.value),
                        sheet.name,
                        row.number,
                        header,
                        raw,
                        code,
                    )
                if parsed.value is not None:
                    self.check_repair(sheet, row, sheet.columns[field_.name].header, raw, code)
            elif field_.type == "code":
                values[field_.column] = parse_code(raw)
            else:
                # an error value is no summary and no evidence
                values[field_.column] = None if raw is None or is_formula_error(raw) else raw.strip()
        values[KEY_COLUMN[self.contract.entity]] = code
        for name, column in self.result.columns.items():
            column.append(values[name])

    def check_repair(self, sheet: MappedSheet, row: Row, header: str, raw: str, code: str) -> None:
        """F09: the cell was read after a repair."""
        if is_repaired(raw):
            self.finding(
                "F09", f"“{header}”列的“{raw.strip()[:60]}”含全角字符或多余空格，已自动规范化；请核对",
                sheet.name, row.number, header, raw, code,
            )  # fmt: skip

    def check_formulas(
        self, sheet: MappedSheet, row: Row, cells: dict[str, str | None], code: str | None
    ) -> None:
        """F07: a mapped cell is an error value, or a formula the file holds no result of."""
        for name, column in sheet.columns.items():
            raw = cells[name]
            if raw is not None and is_formula_error(raw):
                what = f"公式错误“{raw.strip()}”"
            elif raw is None and (row.number, column.index) in sheet.layout.uncalculated:
                what = "公式没有计算结果"
            else:
                continue
            self.finding(
                "F07", f"“{column.header}”列{what}，本格按空白处理；请改正公式或填写数值后重新报送",
                sheet.name, row.number, column.header, raw, code,
            )  # fmt: skip

    def check_hidden(self, sheet: MappedSheet) -> None:
        """F07, once a sheet: rows, columns or the whole sheet are hidden, and were read all the same."""
        layout = sheet.layout
        rows = [row.number for row in sheet.rows if row.number in layout.hidden_rows]
        headers = [c.header for c in sheet.columns.values() if c.index in layout.hidden_columns]
        parts = ["工作表"] if layout.hidden and sheet.rows else []
        if rows:
            more = f"等 {len(rows)} 行" if len(rows) > 5 else ""
            parts.append(f"第 {'、'.join(map(str, rows[:5]))} 行{more}")
        if headers:
            parts.append(f"“{'”“'.join(headers)}”列")
        if parts:
            self.finding(
                "F07", f"{'，'.join(parts)}被隐藏，内容已照常读取；请取消隐藏并核对",
                sheet.name, rows[0] if rows else None, headers[0] if headers else None,
            )  # fmt: skip

    def check_sender(self, sheet: MappedSheet, cells: Iterable[tuple[int, str | None]]) -> None:
        """F14: the file names another reporter than its folder, in a 填报单位： line or in a 填报单位 column.

        ``cells``: (row number, cell) of the column reported_by.
        """
        candidates: list[tuple[int, str, str]] = []
        if sheet.reporter_line:
            candidates.append((sheet.reporter_line[0], sheet.reporter_line[1], "填报单位"))
        column = sheet.columns.get("reported_by")
        if column and squeeze(column.header) == "填报单位":
            seen = set()
            for number, cell in cells:
                if not is_blank(cell) and squeeze(cell) not in seen:
                    seen.add(squeeze(cell))
                    candidates.append((number, cell, column.header))
        for number, named, header in candidates:
            if (other := self._other_reporter(squeeze(named))) is not None:
                own = self.codes.reporters[self.file.reporter_id][0]
                self.finding(
                    "F14",
                    f"文件中的填报单位“{named}”是{other}，与报送单位{own}不一致；请核对是否错报了文件",
                    sheet.name,
                    number,
                    header,
                    named,
                )

    def _other_reporter(self, named: str) -> str | None:
        """Name of the other reporter that ``named`` (squeezed) means; None for the own one and for nobody's name.

        The longest name found in it decides: 甲县 is not meant where 甲县产业园, a reporter too, is named. A short
        form of the own name (named in name) is the own one, unless it is another's whole name.
        """
        if not named:
            return None
        own = self.file.reporter_id
        # (characters in common, is the whole text, is the own name, name to show); the own one is believed in a tie
        matches = [
            (min(len(name), len(named)), name == named, reporter_id == own, names[0])
            for reporter_id, names in self.codes.reporters.items()
            for name in names
            if name in named or (reporter_id == own and named in name)
        ]
        _, _, is_own, shown = max(matches, default=(0, False, True, ""))
        return None if is_own else shown


def _cell_message(rule_id: str, header: str, raw: str, value: object) -> str:
    shown = raw.strip()[:60]
    if rule_id == "F03":
        return f"“{header}”列应为数字，收到的是“{shown}”，本格按空白处理；请只填数字，单位写在表头"
    if rule_id == "F04":
        return f"“{header}”列的日期“{shown}”无效，本格按空白处理；请写成 2021-06-30 的形式"
    if rule_id == "F12":
        return f"“{header}”列的“{shown}”疑为小数，已按 {value:g}% 理解；请核对，下次请填 0–100 的数"
    raise ValueError(f"no message for rule {rule_id}")


def read_submission(file: SubmissionFile, codes: Codes, limits: Limits) -> SubmissionResult:
    """Read one submission. A file that cannot be read is a result with ``rejected`` set, never an exception."""
    reading = Reading(file, contracts()[file.kind], codes)
    try:
        document = read_document(file.absolute, limits, file.sha256)
        reading.result.format, reading.result.encoding = document.format, document.encoding
        sheets = map_document(document, reading.contract)
        count = sum(len(sheet.rows) for sheet in sheets)
        if count > limits.rows:
            raise Rejected("F13", f"数据行数 {count} 超过 {limits.rows}；请拆分后报送")
    except Changed as change:
        result = rejected(file, change)
        result.try_again = True
        return result
    except Rejected as rejection:
        return rejected(file, rejection, reading.result.format, reading.result.encoding)
    except OSError as error:
        result = rejected(
            file, Rejected("F01", f"文件无法打开（{error.strerror}）；请检查文件权限后重新运行")
        )
        result.try_again = True
        return result
    for sheet in sheets:
        reading.sheet(sheet)
    return reading.result


def rejected(
    file: SubmissionFile, rejection: Rejected, file_format: str | None = None, encoding: str | None = None
) -> SubmissionResult:
    """The result of a file that cannot be read: one finding, no rows."""
    result = SubmissionResult(file.receipt_id, format=file_format, encoding=encoding)
    result.rejected, result.reason = True, rejection.message
    result.findings.append(
        (
            rejection.rule_id,
            file.programme_id,
            file.period,
            file.reporter_id,
            "file",
            file.path,
            file.receipt_id,
            file.path,
            None,
            None,
            None,
            None,
            rejection.message,
        )
    )
    return result
