"""Reads one raw tree the slow, plain way: registry, receipts, submissions (DESIGN sections 4 and 5).

Belongs here: files, cells, header matching, keys, what is quarantined and which reader findings follow. Scores do not.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
import unicodedata
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8))

HEADERS: dict[str, dict[str, list[str]]] = {
    "progress": {
        "task_id": ["任务编号", "编号", "序号", "任务序号"],
        "title": ["任务名称", "工作任务", "改革方向", "升级措施"],
        "status": ["状态", "进展状态", "完成情况", "办理状态"],
        "progress_pct": ["完成进度", "进度", "完成率", "完成比例"],
        "completed_on": ["完成日期", "完成时间", "办结时间", "办结日期"],
        "summary": ["进展情况", "工作进展", "落实情况"],
        "problems": ["存在问题", "问题困难"],
        "evidence": ["佐证材料", "证明材料"],
        "reported_on": ["填报日期", "上报时间"],
        "reported_by": ["填报单位", "填报人"],
    },
    "indicators": {
        "indicator_id": ["指标编号", "编号", "序号"],
        "name": ["指标名称", "指标(项目)", "指标"],
        "value": ["指标值", "数值", "当前值", "现状水平"],
        "numerator": ["分子"],
        "denominator": ["分母"],
        "unit": ["单位"],
        "note": ["说明", "备注"],
        "source": ["数据来源"],
    },
    "rectification": {
        "issue_id": ["问题编号", "序号"],
        "issue": ["问题", "问题描述"],
        "origin": ["问题来源"],
        "units": ["责任单位"],
        "measures": ["整改措施"],
        "due": ["整改期限"],
        "status": ["整改状态", "整改情况"],
        "closed_on": ["销号日期"],
    },
    "satisfaction": {
        "group": ["调查对象"],
        "sample": ["样本量"],
        "satisfied": ["满意数"],
        "rate": ["满意度"],
    },
}
KEY_FIELD = {
    "progress": "task_id",
    "indicators": "indicator_id",
    "rectification": "issue_id",
    "satisfaction": "group",
}
STATUS = {
    **dict.fromkeys(["未启动", "未开始"], "not_started"),
    **dict.fromkeys(["推进中", "正在推进", "进行中"], "in_progress"),
    **dict.fromkeys(["已完成", "完成", "办结", "已办结", "销号"], "completed"),
    **dict.fromkeys(["持续推进", "常态化推进", "长期坚持"], "ongoing"),
    **dict.fromkeys(["取消", "终止"], "cancelled"),
}
READABLE = {".csv", ".xlsx", ".xls", ".json", ".ndjson", ".parquet"}


@dataclass
class Cell:
    """One cell: `text` as a clerk sees it, `number` where the cell itself is one, `day` for a date cell."""

    text: str = ""
    number: float | None = None
    day: date | None = None
    percent: bool = False


@dataclass
class Flag:
    """One expected finding; the place is filled where the finding has one."""

    rule_id: str
    programme_id: str
    reporter_id: str | None = None
    period: str | None = None
    entity_id: str | None = None
    path: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


@dataclass
class Row:
    """One data row that was loaded: parsed values and the header each came from."""

    sheet: str | None
    number: int
    values: dict
    columns: dict[str, str]
    key: str | None = None


@dataclass
class Submission:
    """One receipt with everything read from its file."""

    path: str
    programme_id: str | None
    period: str | None
    reporter_id: str | None
    kind: str | None
    received_at: datetime
    status: str = "loaded"
    reject_rule: str | None = None
    rows: list[Row] = field(default_factory=list)
    quarantined: list[tuple[str | None, int, str]] = field(default_factory=list)  # sheet, row, rule
    blocked: list[Row] = field(default_factory=list)  # read, but quarantined by V01

    @property
    def readable(self) -> bool:
        """Whether the file counts as a version at all."""
        return self.status != "rejected"


@dataclass
class Programme:
    """Registry of one programme as csv rows, with parameters and deadlines worked out."""

    id: str
    toml: dict
    reporters: list[dict]
    units: list[dict]
    specials: list[dict]
    tasks: list[dict]
    responsibilities: list[dict]
    indicators: list[dict]
    targets: list[dict]
    goals: list[dict]
    goal_results: list[dict]
    assignments: list[dict]
    applicability: list[dict]


@dataclass
class Tree:
    """Everything of one raw tree."""

    programmes: dict[str, Programme]
    submissions: list[Submission]
    flags: list[Flag]


def squeeze(text: str) -> str:
    """NFKC and every white space removed: how headers and codes are compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def moment(text: str) -> datetime:
    """ISO 8601; a naive time is Shanghai time."""
    value = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return value.replace(tzinfo=SHANGHAI) if value.tzinfo is None else value


def parse_day(cell: Cell) -> date | str | None:
    """date, None for a blank cell, or "bad"."""
    if cell.day is not None:
        return cell.day
    text = squeeze(cell.text)
    if not text:
        return None
    text = re.sub(r"^(\d{4}-\d\d-\d\d)T?\d\d:\d\d(:\d\d)?$", r"\1", text)  # ISO with a time of day
    found = re.fullmatch(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?", text)
    if found:
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            return "bad"
    if re.fullmatch(r"\d{5}(\.0+)?", text):
        return date(1899, 12, 30) + timedelta(days=int(float(text)))
    return "bad"


def parse_number(cell: Cell, percent_scale: bool) -> tuple[float | None, str | None]:
    """(value, rule): rule is F03 for text, F12 for a bare fraction of a percentage; percent cells are stored value x 100."""
    if cell.day is not None:
        return None, "F03"
    if cell.percent and cell.number is not None:
        return round(cell.number * 100, 9), None
    text = squeeze(cell.text)
    if not text:
        return None, None
    body, sign = (text[:-1], True) if text.endswith("%") else (text, False)
    try:
        value = float(body)
    except ValueError:
        return None, "F03"
    if percent_scale and not sign and 0 < value < 1:
        return round(value * 100, 9), "F12"
    return value, None


# ------------------------------------------------------------------------------------------------ files to cells
def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _cell(value: object, percent: bool = False) -> Cell:
    if value is None:
        return Cell()
    if isinstance(value, datetime):
        return Cell(text=value.date().isoformat(), day=value.date())
    if isinstance(value, date):
        return Cell(text=value.isoformat(), day=value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Cell(text=_number_text(value), number=float(value), percent=percent)
    return Cell(text=str(value))


def decode(data: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with BOM, else GB18030."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


Grid = list[tuple[int, list[Cell]]]


def _csv_grid(data: bytes) -> Grid:
    reader = csv.reader(io.StringIO(decode(data), newline=""))
    grid: Grid = []
    while True:
        first = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return grid
        grid.append((first, [_cell(text) for text in record]))


def _xlsx_sheets(path: Path) -> list[tuple[str, Grid, list, set[int]]]:
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=True)
    sheets = []
    for ws in book.worksheets:
        grid = [
            (row[0].row, [_cell(c.value, "%" in str(c.number_format or "")) for c in row])
            for row in ws.iter_rows()
        ]
        merged = [(m.min_row, m.max_row, m.min_col - 1, m.max_col - 1) for m in ws.merged_cells.ranges]
        hidden = {number for number, d in ws.row_dimensions.items() if d.hidden}
        sheets.append((ws.title, grid, merged, hidden))
    return sheets


def _xls_sheets(path: Path) -> list[tuple[str, Grid, list, set[int]]]:
    import xlrd

    book = xlrd.open_workbook(str(path), formatting_info=True)
    sheets = []
    for sh in book.sheets():
        grid: Grid = []
        for r in range(sh.nrows):
            cells = []
            for c in range(sh.ncols):
                kind, value = sh.cell_type(r, c), sh.cell_value(r, c)
                code = book.format_map[book.xf_list[sh.cell_xf_index(r, c)].format_key].format_str
                if kind == xlrd.XL_CELL_DATE:
                    cells.append(_cell(xlrd.xldate_as_datetime(value, book.datemode)))
                elif kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                    cells.append(Cell())
                else:
                    cells.append(_cell(value, "%" in code))
            grid.append((r + 1, cells))
        merged = [(a + 1, b, c, d - 1) for a, b, c, d in sh.merged_cells]
        sheets.append((sh.name, grid, merged, set()))
    return sheets


def _records(path: Path) -> list[tuple[int, dict]]:
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        return list(enumerate(pq.read_table(path).to_pylist(), 1))
    text = decode(path.read_bytes())
    if path.suffix.lower() == ".ndjson":
        return [(n, json.loads(line)) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    return list(enumerate(json.loads(text), 1))


# ------------------------------------------------------------------------------------------------ cells to rows
def _match(kind: str, names: list[str]) -> dict[str, int]:
    """field -> column: the first header of the field's list that is present."""
    plain = [squeeze(n) for n in names]
    found = {}
    for name, headers in HEADERS[kind].items():
        for header in [*headers, name]:
            if header in plain:
                found[name] = plain.index(header)
                break
    return found


def _header_row(kind: str, grid: Grid) -> int | None:
    for index, (_, cells) in enumerate(grid):
        found = _match(kind, [c.text for c in cells])
        keyed = KEY_FIELD[kind] in found or "title" in found or "name" in found
        if keyed and len(found) >= 2:
            return index
    return None


@dataclass
class RawRow:
    """One data row before its values are understood."""

    sheet: str | None
    number: int
    cells: dict[str, Cell]
    columns: dict[str, str]
    merged_key: bool = False


def _grid_rows(
    kind: str, sheet: str | None, grid: Grid, merged: list
) -> tuple[list[RawRow], list[tuple[int, str]]] | None:
    """Data rows and (row, text) of 填报单位 lines above the table; None when there is no header."""
    at = _header_row(kind, grid)
    if at is None:
        return None
    banners = []
    for number, cells in grid[:at]:
        for i, cell in enumerate(cells):
            found = re.match(r"填报单位[::](.*)", unicodedata.normalize("NFKC", cell.text).strip())
            if found:
                name = found.group(1).strip() or next((c.text for c in cells[i + 1 :] if c.text.strip()), "")
                banners.append((number, name))
    names = [c.text for c in grid[at][1]]
    where = _match(kind, names)
    key_col = where.get(KEY_FIELD[kind])
    out = []
    for number, cells in grid[at + 1 :]:
        texts = [squeeze(c.text) for c in cells]
        first = next((t for t in texts if t), "")
        if not first:
            continue
        if re.match(r"注[::]", first):
            break
        if first == "合计" or texts == [squeeze(n) for n in names]:
            continue
        inside = any(
            r1 < number <= r2 and key_col is not None and c1 <= key_col <= c2 for r1, r2, c1, c2 in merged
        )
        picked = {f: cells[c] if c < len(cells) else Cell() for f, c in where.items()}
        out.append(RawRow(sheet, number, picked, {f: names[c] for f, c in where.items()}, inside))
    return out, banners


def too_wide(path: Path) -> bool:
    """F13: more than 200 columns (the other limits need files too big for a test)."""
    return any(len(cells) > 200 for _, cells in _csv_grid(path.read_bytes()))


def _read_rows(
    kind: str, path: Path
) -> tuple[list[RawRow], list[tuple[str | None, int, str]], str | None, bool]:
    """(rows, banners, reject rule, hidden)."""
    suffix = path.suffix.lower()
    if suffix == ".csv" and too_wide(path):
        return [], [], "F13", False
    if suffix in (".json", ".ndjson", ".parquet"):
        try:
            records = _records(path)
        except Exception:
            return [], [], "F01", False
        rows = []
        for number, record in records:
            where = _match(kind, list(record))
            names = list(record)
            values = [_cell(v) for v in record.values()]
            if any(squeeze(c.text) for c in values):
                rows.append(
                    RawRow(
                        None,
                        number,
                        {f: values[c] for f, c in where.items()},
                        {f: names[c] for f, c in where.items()},
                    )
                )
        return rows, [], None, False
    try:
        if suffix == ".csv":
            sheets = [(None, _csv_grid(path.read_bytes()), [], set())]
        elif suffix == ".xlsx":
            sheets = _xlsx_sheets(path)
        else:
            sheets = _xls_sheets(path)
    except Exception:
        return [], [], "F01", False
    rows, banners, found, seen = [], [], False, False
    for name, grid, merged, hidden in sheets:
        part = _grid_rows(kind, name, grid, merged)
        if part is not None:
            found = True
            seen |= any(row.number in hidden for row in part[0])
            rows += part[0]
            banners += [(name, number, text) for number, text in part[1]]
    return rows, banners, None if found else "F02", seen


# ------------------------------------------------------------------------------------------------ registry
def _table(path: Path) -> list[dict]:
    if not path.exists():
        return []
    rows = []
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for line, row in enumerate(csv.DictReader(handle), 2):
            rows.append({**{k: (v or "").strip() for k, v in row.items() if k}, "_line": line})
    return rows


def read_programme(folder: Path) -> Programme:
    """One registry folder."""
    toml = tomllib.loads((folder / "programme.toml").read_text(encoding="utf-8"))
    names = [
        "reporters",
        "units",
        "specials",
        "tasks",
        "responsibilities",
        "indicators",
        "targets",
        "goals",
        "goal_results",
        "assignments",
        "applicability",
    ]
    programme = Programme(folder.name, toml, *[_table(folder / f"{name}.csv") for name in names])
    for task in programme.tasks:
        task["kind"], task["due"], task["ongoing"] = parse_deadline(
            task["deadline_text"], toml["start_date"].year
        )
    return programme


def parse_deadline(text: str, year: int) -> tuple[str, list[date], bool]:
    """(kind, milestones, ongoing) of a deadline text; `year` is that of the programme's start."""
    t = squeeze(text)
    if not t:
        return "blank", [], False
    if re.search(r"适时|条件成熟|见成效|三年内", t):
        return "conditional_text", [], False
    if re.search(r"每(年|月|周|季度|半年|日)", t):
        return "recurring", [], False
    if re.search(r"\d+年\d+日", t):
        return "malformed", [], False
    days: list[date] = []
    kinds: list[str] = []
    ongoing = bool(re.search(r"持续|常态化|长期坚持", t))
    pattern = (
        r"(?:(?P<y>\d{4})年)?(?:(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})日|底)?|(?P<h>上半年)|(?P<q>[一二三四])季度末|(?P<e>年?底))"
        r"(?P<b>前)?|(?P<y2>\d{4})年"
    )
    for found in re.finditer(pattern, t):
        y = int(found["y"] or found["y2"] or year)
        try:
            if found["m"] and found["d"]:
                days.append(date(y, int(found["m"]), int(found["d"])))
                kinds.append("date")
            elif found["m"]:
                days.append(date(y, int(found["m"]), monthrange(y, int(found["m"]))[1]))
                kinds.append("before_month" if found["b"] else "month")
            elif found["h"]:
                days.append(date(y, 6, 30))
                kinds.append("month")
            elif found["q"]:
                m = 3 * ("一二三四".index(found["q"]) + 1)
                days.append(date(y, m, monthrange(y, m)[1]))
                kinds.append("month")
            else:
                days.append(date(y, 12, 31))
                kinds.append("year_end")
        except ValueError:
            return "malformed", [], False
    if not days:
        return ("ongoing", [], True) if ongoing else ("malformed", [], False)
    days_sorted = sorted(set(days))
    return ("multiple" if len(days_sorted) > 1 else kinds[0]), days_sorted, ongoing


# ------------------------------------------------------------------------------------------------ submissions
IGNORED = {"Thumbs.db", "desktop.ini"}


def read_tree(root: Path) -> Tree:
    """Everything under one TAIZHANG_RAW."""
    programmes = {
        p.name: read_programme(p)
        for p in sorted((root / "registry").iterdir())
        if (p / "programme.toml").exists()
    }
    receipts: dict[str, datetime] = {}
    for line in _table(root / "receipts.csv"):
        at = moment(line["received_at"])
        receipts[line["path"]] = min(at, receipts.get(line["path"], at))
    flags: list[Flag] = []
    subs: list[Submission] = []
    present = set()
    for path in sorted((root / "submissions").rglob("*")):
        if not path.is_file() or path.name.startswith((".", "~$")) or path.name in IGNORED:
            continue
        rel = path.relative_to(root).as_posix()
        present.add(rel)
        parts = rel.split("/")
        at = receipts.get(rel)
        if at is None:
            at = datetime.fromtimestamp(path.stat().st_mtime, tz=SHANGHAI)
        sub = Submission(rel, None, None, None, None, at)
        subs.append(sub)
        if len(parts) == 5:
            sub.programme_id, sub.period, sub.reporter_id = parts[1:4]
            sub.kind = next((k for k in HEADERS if parts[4].startswith(k)), None)
        if rel not in receipts:
            flags.append(Flag("F11", sub.programme_id, sub.reporter_id, sub.period, path=rel))
        _read_submission(path, sub, programmes, flags)
    for rel in sorted(set(receipts) - present):
        parts = rel.split("/")
        sub = Submission(rel, *parts[1:4], None, receipts[rel], status="rejected", reject_rule="F01")
        sub.kind = next((k for k in HEADERS if parts[-1].startswith(k)), None)
        subs.append(sub)
        flags.append(Flag("F01", sub.programme_id, sub.reporter_id, sub.period, path=rel))
    return Tree(programmes, subs, flags)


def _read_submission(
    path: Path, sub: Submission, programmes: dict[str, Programme], flags: list[Flag]
) -> None:
    def note(rule: str, **place: object) -> None:
        flags.append(Flag(rule, sub.programme_id, sub.reporter_id, sub.period, path=sub.path, **place))

    def reject(rule: str) -> None:
        sub.status, sub.reject_rule = "rejected", rule
        note(rule)

    programme = programmes.get(sub.programme_id or "")
    if sub.kind is None or programme is None:
        reject("F01")
        return
    if sub.reporter_id not in {r["reporter_id"] for r in programme.reporters}:
        reject("F05")
        return
    if path.suffix.lower() not in READABLE:
        reject("F15")
        return
    rows, banners, bad, hidden = _read_rows(sub.kind, path)
    if bad:
        reject(bad)
        return
    if hidden:
        note("F07")
    names = {}
    for reporter in programme.reporters:
        for name in [reporter["name"], *reporter.get("aliases", "").split(";")]:
            if name.strip():
                names[squeeze(name)] = reporter["reporter_id"]
    for sheet, number, name in banners:
        if names.get(squeeze(name), sub.reporter_id) != sub.reporter_id:
            note("F14", sheet=sheet, row=number)
    seen: set[str] = set()
    for raw in rows:
        _read_row(raw, sub, programme, names, seen, note)
    sub.status = "partial" if sub.quarantined else "loaded"


def _text(raw: RawRow, name: str) -> str:
    return raw.cells.get(name, Cell()).text.strip()


def _read_row(raw: RawRow, sub: Submission, programme: Programme, names: dict, seen: set[str], note) -> None:
    kind = sub.kind
    place = {"sheet": raw.sheet, "row": raw.number}
    key_field = KEY_FIELD[kind]
    pending: list[tuple[str, str | None]] = []  # (rule, column) told only when known which entity it is
    if raw.merged_key and not _text(raw, key_field):
        pending.append(("F06", raw.columns.get(key_field)))
    key, repaired = _resolve(kind, raw, programme)
    if key is None:
        sub.quarantined.append((raw.sheet, raw.number, "F05"))
        note("F05", column=raw.columns.get(key_field), **place)
        for rule, column in pending:
            note(rule, column=column, **place)
        return
    entity = key
    for rule, column in pending:
        note(rule, column=column, entity_id=entity, **place)
    if key in seen:
        sub.quarantined.append((raw.sheet, raw.number, "K01"))
        note("K01", column=raw.columns.get(key_field), entity_id=entity, **place)
        return
    seen.add(key)
    if repaired:
        note("K07", column=raw.columns.get(key_field, raw.columns.get("title")), entity_id=entity, **place)
    values: dict = {}
    blocked = False
    numbers = {
        "progress": ["progress_pct"],
        "indicators": ["value", "numerator", "denominator"],
        "rectification": [],
        "satisfaction": ["sample", "satisfied", "rate"],
    }[kind]
    days = {"progress": ["completed_on", "reported_on"], "rectification": ["due", "closed_on"]}.get(kind, [])
    for name in HEADERS[kind]:
        if name not in raw.cells:
            values[name] = None
            continue
        cell, column = raw.cells[name], raw.columns[name]
        if name in numbers:
            values[name], rule = parse_number(cell, name in ("progress_pct", "rate"))
            if rule:
                note(rule, column=column, entity_id=entity, **place)
            if name in ("progress_pct", "rate") and values[name] is not None and not 0 <= values[name] <= 100:
                blocked = True
                note("V01", column=column, entity_id=entity, **place)
        elif name in days:
            day = parse_day(cell)
            if day == "bad":
                note("F04", column=column, entity_id=entity, **place)
                day = None
            values[name] = day
        elif name == "status":
            word = squeeze(cell.text)
            values[name] = STATUS.get(word)
            if word and word not in STATUS:
                note("K05", column=column, entity_id=entity, **place)
        else:
            values[name] = cell.text.strip() or None
    no_rate = kind == "satisfaction" and not squeeze(raw.cells.get("rate", Cell()).text)
    if no_rate and values["sample"] and values["satisfied"] is not None:
        # a blank rate follows from the counts, an unreadable one stays unknown (decision 0004)
        values["rate_of_counts"] = 100 * values["satisfied"] / values["sample"]
    if kind == "indicators" and values["value"] is not None:
        indicator = next(i for i in programme.indicators if i["indicator_id"] == key)
        if hard_range_broken(indicator, values["value"]):
            blocked = True
            note("V01", column=raw.columns["value"], entity_id=entity, **place)
    if (
        kind == "progress"
        and names.get(squeeze(values.get("reported_by") or ""), sub.reporter_id) != sub.reporter_id
    ):
        note("F14", **place)
    row = Row(raw.sheet, raw.number, values, raw.columns, key)
    if blocked:
        sub.quarantined.append((raw.sheet, raw.number, "V01"))
        sub.blocked.append(row)
        return
    if kind in ("progress", "indicators") and not owes(programme, kind, key, sub.reporter_id):
        note("K06", column=raw.columns.get(key_field), entity_id=entity, **place)
    sub.rows.append(row)


def hard_range_broken(indicator: dict, value: float) -> bool:
    """V01 for an indicator value (valid_min/valid_max; decision 0004 where both are blank)."""
    low, high = num(indicator["valid_min"]), num(indicator["valid_max"])
    if low is None and high is None:
        if any(word in indicator["unit"] for word in ("天", "小时", "工作日", "分钟", "日")):
            low = 0.0
        elif "%" in squeeze(indicator["unit"]) and indicator["numerator"] and indicator["denominator"]:
            low, high = 0.0, 100.0
    return (low is not None and value < low) or (high is not None and value > high)


def _resolve(kind: str, raw: RawRow, programme: Programme) -> tuple[str | None, bool]:
    """(key, repaired by K07)."""
    text = squeeze(_text(raw, KEY_FIELD[kind]))
    if kind in ("rectification", "satisfaction"):
        return text or None, False
    if kind == "indicators":
        if text in {i["indicator_id"] for i in programme.indicators}:
            return text, False
        named = [
            i["indicator_id"]
            for i in programme.indicators
            if squeeze(i["name"]) == squeeze(_text(raw, "name")) and _text(raw, "name")
        ]
        return (named[0], True) if not text and len(named) == 1 else (None, False)
    if text in {t["task_id"] for t in programme.tasks}:
        return text, False
    title = squeeze(_text(raw, "title"))
    titled = [t["task_id"] for t in programme.tasks if title and squeeze(t["title"]) == title]
    numbered = [t["task_id"] for t in programme.tasks if text and squeeze(t["seq"]) == text]
    if len(numbered) == 1 and (not titled or numbered[0] in titled):
        return numbered[0], True
    if (len(numbered) == 1 or not text) and len(titled) == 1:
        return titled[0], True
    return None, False


def num(text: str | None) -> float | None:
    """A registry number, None for blank."""
    return float(text) if text not in (None, "") else None


def owes(programme: Programme, kind: str, key: str, reporter_id: str) -> bool:
    """Whether the reporter owes this task or indicator (assignments.csv)."""
    column = "task_id" if kind == "progress" else "indicator_id"
    lines = [a for a in programme.assignments if a.get(column) == key]
    return not lines or any(a["reporter_id"] == reporter_id for a in lines)


def by_programme(tree: Tree) -> dict[str, list[Submission]]:
    """Submissions of every programme, readable or not."""
    out: dict[str, list[Submission]] = defaultdict(list)
    for sub in tree.submissions:
        out[sub.programme_id or ""].append(sub)
    return out
