"""A programme's registry (``registry/<id>/``) → rows of the registry tables, and findings on them; confirmations.csv.

Belongs here: reading programme.toml and the csv files, references between them, deadline texts into milestones. Does
not belong here: weights, targets and frontiers that contradict each other, and confirmations that confirm nothing (dbt
rule models judge those); what a registry said earlier (``history``).
A registry mistake never stops the programme: the line is left out with a finding (B), the rest is computed.
"""

from __future__ import annotations

import csv
import hashlib
import logging
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from raw.deadlines import milestones, parse_deadline
from raw.errors import Limits, Rejected
from raw.files import read_register, shown_name
from raw.periods import Period, periods_between
from raw.readers.text_files import csv_records, decode
from raw.schema import FINDING, REGISTRY_TABLES
from raw.submissions import Codes
from raw.text import squeeze, storable, tidy
from raw.values import parse_day, parse_number

_log = logging.getLogger("taizhang.registry")
ROLES = ("lead", "cooperate", "implement", "by_duty", "joint", "sole")
_CHOICES = {
    ("reporters", "kind"): ("county", "district", "zone", "township", "department"),
    ("responsibilities", "role"): ROLES,
    ("indicators", "polarity"): ("higher", "lower"),
    ("indicators", "method"): ("auto", "dtf", "attainment"),
    ("goals", "kind"): ("rank", "improvement"),
    ("goals", "scope"): ("reporter", "issuer"),
    ("applicability", "state"): ("not_applicable", "no_practice"),
}
# columns a line cannot do without; the rest may be blank or absent
_REQUIRED = {
    "reporters": ("reporter_id", "name"),
    "units": ("unit_id", "name"),
    "specials": ("special_id", "name"),
    "tasks": ("task_id", "special_id"),
    "responsibilities": ("task_id", "unit_name", "role"),
    "indicators": ("indicator_id", "special_id", "name", "polarity"),
    "targets": ("indicator_id", "due_date", "target"),
    "goals": ("goal_id", "kind"),
    "goal_results": ("goal_id", "period"),
    "assignments": ("reporter_id",),
    "applicability": ("indicator_id", "reporter_id", "state"),
    "relations": ("relation_id", "indicator_id", "coefficient"),
}
_KEYS = {
    "reporters": ("reporter_id",),
    "units": ("unit_id",),
    "specials": ("special_id",),
    "tasks": ("task_id",),
    "responsibilities": ("task_id", "unit_name", "role"),
    "indicators": ("indicator_id",),
    "targets": ("indicator_id", "due_date"),
    "goals": ("goal_id",),
    "goal_results": ("goal_id", "period"),
    "assignments": ("task_id", "indicator_id", "reporter_id"),
    "applicability": ("indicator_id", "reporter_id"),
    "relations": ("relation_id", "indicator_id"),
}
# (table, column) → table whose key it must be; in the order in which the tables are read
_REFERENCES = {
    ("reporters", "parent_id"): "reporters",
    ("tasks", "special_id"): "specials",
    ("responsibilities", "task_id"): "tasks",
    ("indicators", "special_id"): "specials",
    ("targets", "indicator_id"): "indicators",
    ("goals", "special_id"): "specials",
    ("goals", "indicator_id"): "indicators",
    ("goal_results", "goal_id"): "goals",
    ("assignments", "task_id"): "tasks",
    ("assignments", "indicator_id"): "indicators",
    ("assignments", "reporter_id"): "reporters",
    ("applicability", "indicator_id"): "indicators",
    ("applicability", "reporter_id"): "reporters",
    ("relations", "indicator_id"): "indicators",
}
_WHOLE_PARAMETERS = frozenset({"report_day", "freeze_days", "red", "black", "blue_days", "talk_after"})
# (group, parameter) → its words, the default first
PARAMETER_WORDS = {
    ("scoring", "aggregation"): ("arithmetic", "geometric", "copeland"),
    ("scoring", "sub_units"): ("separate", "roll_up"),
    ("lists", "black_exception"): ("all_targets", "none"),
    ("lists", "ties"): ("include", "exclude"),
}
_MUST_EXIST = ("reporters", "specials")
_DERIVED = {"programme_id", "row_number", "position", "deadline_kind", "ongoing", "recurrence"}
_ENTITY = {"tasks": "task", "responsibilities": "task", "indicators": "indicator", "targets": "indicator",
           "reporters": "reporter", "units": "unit", "applicability": "indicator",
           "relations": "indicator"}  # fmt: skip


@dataclass
class Programme:
    """A loaded registry: rows per table (dicts by column), findings, and what the readers need of it."""

    programme_id: str
    tables: dict[str, list[dict]] = field(default_factory=dict)
    findings: list[tuple] = field(default_factory=list)
    content_hash: str = ""
    computable: bool = False

    @property
    def row(self) -> dict:
        """The programme's own line (raw.programmes)."""
        return self.tables["programmes"][0]

    @property
    def periods(self) -> list[Period]:
        """Quarters from start_date to end_date; empty when the programme cannot be computed."""
        if not self.computable:
            return []
        return periods_between(self.row["start_date"], self.row["end_date"])

    def codes(self) -> Codes:
        """Lookups for the submission readers."""
        tasks = self.tables["tasks"]
        indicators = self.tables["indicators"]
        return Codes(
            tasks={t["task_id"]: t["title"] or "" for t in tasks},
            task_by_seq=_unique((t["seq"], t["task_id"]) for t in tasks if t["seq"]),
            task_by_title=_unique((squeeze(t["title"]), t["task_id"]) for t in tasks if t["title"]),
            indicators={i["indicator_id"]: i["name"] or "" for i in indicators},
            indicator_by_name=_unique(
                (squeeze(i["name"]), i["indicator_id"]) for i in indicators if i["name"]
            ),
            reporters={r["reporter_id"]: tuple(_names(r)) for r in self.tables["reporters"]},
        )


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """First element → second, "" where several pairs have that first element."""
    found: dict[str, str] = {}
    for key, value in pairs:
        found[key] = "" if key in found else value
    return found


def _names(row: dict) -> list[str]:
    """Name and aliases of a line, squeezed; a full-width ； separates too."""
    names = [row["name"] or "", *tidy(row["aliases"] or "").split(";")]
    return [squeezed for name in names if (squeezed := squeeze(name))]


class _Reading:
    def __init__(self, raw_root: Path, programme_id: str, limits: Limits):
        self.raw_root, self.limits = raw_root, limits
        self.folder = raw_root / "registry" / programme_id
        self.programme = Programme(programme_id, {table: [] for table in REGISTRY_TABLES})
        # file → hash of the very bytes that were read: the version noted is that of the rows
        self.digests: dict[str, bytes] = {}
        self.known: dict[str, set[str]] = {
            table: set() for table in _KEYS
        }  # first key column of the lines read
        self.broken_relations: set[str] = set()  # relation_id with a line that was left out

    def read(self, file: str, limit: int | None = None) -> bytes:
        """Bytes of a file of the folder. Raises what ``read_register`` raises."""
        body = read_register(self.raw_root, self.folder / file, limit or self.limits.register_bytes)
        self.digests[file] = hashlib.sha256(body).digest()
        return body

    def finding(
        self,
        rule_id,
        message,
        file,
        row=None,
        column=None,
        value=None,
        entity_type="programme",
        entity_id=None,
    ):
        entry = {
            "rule_id": rule_id,
            "programme_id": self.programme.programme_id,
            "period": None,
            "reporter_id": None,
            "entity_type": entity_type,
            "entity_id": entity_id or self.programme.programme_id,
            "receipt_id": None,
            "path": f"registry/{self.programme.programme_id}/{file}",
            "sheet": None,
            "row_number": row,
            "column_name": column,
            "raw_value": None if value is None else _short(value),
            "message": storable(message),
        }
        self.programme.findings.append(tuple(entry[name] for name in FINDING))

    # programme.toml ------------------------------------------------------------------------------------------------

    def read_programme(self) -> None:
        file = "programme.toml"
        document: dict | None = None
        try:
            document = tomllib.loads(self.read(file, self.limits.programme_bytes).decode("utf-8-sig"))
        except FileNotFoundError:
            self.finding("F01", f"缺少 {file}，方案无法计算；请补上", file)
        except Rejected as problem:
            self.finding(problem.rule_id, f"{problem.message}；方案无法计算", file)
        # ValueError: also bytes that are no UTF-8 and numbers longer than Python reads
        except (ValueError, RecursionError) as error:
            self.finding("F01", f"{file} 无法读取（{_short(str(error))}），方案无法计算；请更正", file)
        readable, document = document is not None, document or {}
        if document.get("id") not in (None, self.programme.programme_id):
            self.finding(
                "F05", f"id“{_written(document.get('id'))}”与文件夹名“{self.programme.programme_id}”不一致；请改为一致", file,
                column="id", value=_written(document.get("id")),
            )  # fmt: skip
        start = self._day(document, "start_date", file) if readable else None
        end = self._day(document, "end_date", file) if readable else None
        if start and end and end < start:
            self.finding(
                "T01", f"开始日期 {start} 晚于结束日期 {end}，方案无法计算；请更正", file, column="start_date"
            )
            start = end = None
        self.programme.computable = bool(start and end)
        number = self._number
        row = {
            "programme_id": self.programme.programme_id,
            "title": storable(str(document.get("title") or self.programme.programme_id)),
            "issuer": storable(str(document["issuer"])) if document.get("issuer") else None,
            "start_date": start,
            "end_date": end,
            "report_day": int(number(document, "report_day", 28, file, 1, 31)),
            "freeze_days": int(number(document, "freeze_days", 12, file, 0, 366)),
            "path": f"registry/{self.programme.programme_id}/{file}",
        }
        groups = {
            "weights": {"weight_tasks": ("tasks", 0.5, 0, 1), "weight_indicators": ("indicators", 0.5, 0, 1)},
            "lists": {
                "red": ("red", 3, 0, 10_000),
                "black": ("black", 3, 0, 10_000),
                "talk_after": ("talk_after", 3, 1, 100),
            },
            "scoring": {
                "late_per_day": ("late_per_day", 2, 0, 100),
                "late_floor": ("late_floor", 60, 0, 100),
                "overdue_cap": ("overdue_cap", 60, 0, 100),
                "yellow_points": ("yellow_points", -10, -100, 100),
                "blue_days": ("blue_days", 10, 0, 366),
                "coverage_min": ("coverage_min", 0, 0, 1),
            },
        }
        for group, entries in groups.items():
            section = document.get(group, {})
            if not isinstance(section, dict):
                self.finding(
                    "V01", f"[{group}] 应为一节，收到的是 {_written(section)}，已按默认值计算；请更正", file,
                    column=group, value=_written(section),
                )  # fmt: skip
                section = {}
            for name, (key, default, low, high) in entries.items():
                value = number(section, key, default, file, low, high)
                row[name] = int(value) if name in _WHOLE_PARAMETERS else float(value)
            for (owner, key), words in PARAMETER_WORDS.items():
                if owner == group:
                    row[key] = self._word(section, key, words, file)
            if group == "lists":
                row["no_lists"] = self._periods(section, "no_lists", file)
        self.programme.tables["programmes"] = [row]

    def _word(self, section: dict, key: str, words: tuple[str, ...], file: str) -> str:
        value = section.get(key, words[0])
        if value not in words:
            self.finding(
                "V01", f"{key} = {_written(value)} 不在允许的取值 {'、'.join(words)} 之中，已按默认值 {words[0]} 计算；请更正", file,
                column=key, value=_written(value),
            )  # fmt: skip
            return words[0]
        return value

    def _periods(self, section: dict, key: str, file: str) -> str | None:
        """Quarters of a list in programme.toml, joined with ;, null without any."""
        value = section.get(key, [])
        given = value if isinstance(value, list) else [value]
        wrong = [entry for entry in given if not isinstance(entry, str) or not _is_period(entry)]
        if wrong or given is not value:
            self.finding(
                "V01", f'{key} = {_written(value)} 应为期次的列表，如 ["2021Q1"]，读不出的部分未采用；请更正', file,
                column=key, value=_written(value),
            )  # fmt: skip
        return ";".join(entry for entry in given if entry not in wrong) or None

    def _day(self, document: dict, key: str, file: str) -> date | None:
        value = document.get(key)
        # through the text: years without sense are refused there
        parsed = parse_day(str(value)).value if isinstance(value, date | str) else None
        if parsed is None:
            self.finding(
                "F02",
                f"缺少可读的 {key}，方案无法计算；请写成 {key} = 2021-01-01",
                file,
                column=key,
                value=None if value is None else _written(value),
            )
        return parsed

    def _number(self, section: dict, key: str, default: float, file: str, low: float, high: float) -> float:
        value = section.get(key, default)
        # a parameter whose default is whole, of a range beyond 0–1 counted in days or places, is whole
        whole = key in _WHOLE_PARAMETERS
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
            or (whole and value != int(value))
        ):
            self.finding(
                "V01",
                f"{key} = {_written(value)} 超出允许范围 {low}–{high}，已按默认值 {default} 计算；请更正",
                file,
                column=key,
                value=_written(value),
            )
            return default
        return value

    # csv files -----------------------------------------------------------------------------------------------------

    def read_table(self, table: str) -> None:
        file = f"{table}.csv"
        try:
            text = self.read(file).decode("utf-8-sig")
        except FileNotFoundError:
            if table in _MUST_EXIST:
                self.finding("F02", f"缺少 {file}；请补上", file)
            return
        except UnicodeDecodeError:
            self.finding("F01", f"{file} 不是 UTF-8 编码，未载入；请另存为“CSV UTF-8”", file)
            return
        except Rejected as problem:
            self.finding(problem.rule_id, f"{problem.message}；{file} 未载入", file)
            return
        try:
            records = list(islice(csv_records(text), self.limits.register_lines + 1))
            if len(records) > self.limits.register_lines:
                self.finding("F13", f"{file} 超过 {self.limits.register_lines} 行，未载入；请精简", file)
                return
            self._read_lines(table, file, records)
        except csv.Error as error:
            self.finding("F01", f"{file} 不是有效的 CSV（{error}），未载入；请更正", file)

    def _read_lines(self, table: str, file: str, records: list[tuple[int, list[str]]]) -> None:
        header: list[str] | None = None
        seen: dict[tuple, int] = {}
        last_relation = ""
        for number, cells in records:
            if header is None:
                header = [tidy(cell) for cell in cells]
                absent = [c for c in _REQUIRED[table] if c not in header]
                if absent:
                    self.finding("F02", f"{file} 缺少列 {'、'.join(absent)}，未载入；请补上", file, number)
                    return
                continue
            if any(cell.strip() for cell in cells[len(header) :]):
                # a comma inside a text without quotation marks: every cell after it stands in the wrong column
                if table == "relations":
                    self.broken_relations.add(tidy(cells[header.index("relation_id")]) or last_relation)
                self.finding(
                    "F02", f"{file} 第 {number} 行有 {len(cells)} 格，表头只有 {len(header)} 列，本行未载入；"
                    "含逗号的文字请加引号", file, number,
                )  # fmt: skip
                continue
            entry = {name: storable(cell).strip() or None for name, cell in zip(header, cells, strict=False)}
            row = self._typed_row(table, file, number, entry)
            if self._sound(table, file, row, entry, seen):
                self.programme.tables[table].append(row)
                self.known[table].add(row[_KEYS[table][0]])
            elif table == "relations":
                # a line without its relation_id is taken for one more term of the relation above it
                self.broken_relations.add(row["relation_id"] or last_relation)
            last_relation = row.get("relation_id") or last_relation

    def _typed_row(self, table: str, file: str, number: int, entry: dict) -> dict:
        row: dict = {}
        for column, kind in REGISTRY_TABLES[table].items():
            if column in _DERIVED:
                continue
            text = entry.get(column)
            row[column] = self._typed(table, file, number, column, kind, text)
        row["programme_id"] = self.programme.programme_id
        row["row_number"] = number
        return row

    def _typed(self, table: str, file: str, number: int, column: str, kind: str, text: str | None):
        if text is None or (column == "seq" and kind == "INTEGER"):
            return None
        if kind in ("DOUBLE", "INTEGER"):
            parsed, rule_id, what = parse_number(text).value, "F03", "数字"
            if kind == "INTEGER" and parsed is not None:
                parsed, what = int(parsed) if parsed.is_integer() and abs(parsed) < 2**31 else None, "整数"
            if column == "weight" and parsed is not None and parsed < 0:
                parsed, rule_id, what = None, "V01", "不小于零的数"
            if column == "coefficient" and parsed == 0:
                parsed, rule_id, what = None, "V01", "不为零的数"
        elif kind == "DATE":
            parsed, rule_id, what = parse_day(text).value, "F04", "日期"
        else:
            if (table, column) == ("goal_results", "period"):
                allowed = _is_period(text)
            else:
                allowed = text in _CHOICES.get((table, column), (text,))
            if not allowed:
                choices = _CHOICES.get((table, column), ("2021Q3 形式的期次",))
                self.finding(
                    "F05", f"{file} 第 {number} 行 {column}“{text}”不在允许的取值 {'、'.join(choices)} 之中；请更正",
                    file, number, column, text,
                )  # fmt: skip
                return None
            return tidy(text) if column.endswith("_id") or column == "seq" else text
        if parsed is None:
            self.finding(
                rule_id,
                f"{file} 第 {number} 行 {column}“{text}”不是{what}，按空白处理；请更正",
                file,
                number,
                column,
                text,
            )
        return parsed

    def _sound(self, table: str, file: str, row: dict, entry: dict, seen: dict[tuple, int]) -> bool:
        """False (with a finding) for a line without its key, with an unknown code, or with a key already read."""
        number = row["row_number"]
        entity_type = _ENTITY.get(table, "programme")
        entity_id = row.get(f"{entity_type}_id")
        for column in _REQUIRED[table]:
            if row[column] is None:
                if entry.get(column) is None:
                    self.finding(
                        "F05", f"{file} 第 {number} 行缺少 {column}，本行未载入；请补填",
                        file, number, column, None, entity_type, entity_id,
                    )  # fmt: skip
                return False
        if table == "assignments" and row["task_id"] is None and row["indicator_id"] is None:
            self.finding(
                "F05",
                f"{file} 第 {number} 行没有 task_id 也没有 indicator_id，本行未载入；请补填",
                file,
                number,
            )
            return False
        for (owner, column), target in _REFERENCES.items():
            if owner != table or row[column] is None or target == table:
                continue
            if row[column] not in self.known[target]:
                self.finding(
                    "F05", f"{file} 第 {number} 行 {column}“{row[column]}”不在 {target}.csv 中，本行未载入；请更正",
                    file, number, column, row[column], entity_type, entity_id,
                )  # fmt: skip
                return False
        key = tuple(row[column] for column in _KEYS[table])
        if key in seen:
            # a unit named twice for one task in one role says nothing new; any other repeated key is a contradiction
            if table not in ("responsibilities", "assignments"):
                shown = "、".join(str(part) for part in key if part is not None)
                self.finding(
                    "K01", f"{file} 第 {number} 行与第 {seen[key]} 行主键重复（{shown}），本行未载入；请删除其一",
                    file, number, _KEYS[table][0], shown, entity_type, entity_id,
                )  # fmt: skip
            return False
        seen[key] = number
        return True

    # derived -------------------------------------------------------------------------------------------------------

    def _one_level(self) -> None:
        """With sub-units rolled up a parent is nobody's part: scores go up one level."""
        if self.programme.row["sub_units"] != "roll_up":
            return
        reporters = self.programme.tables["reporters"]
        parents = {row["parent_id"] for row in reporters}
        for row in reporters:
            if row["parent_id"] is not None and row["reporter_id"] in parents:
                self.finding(
                    "F05", f"reporters.csv 第 {row['row_number']} 行“{row['name']}”既有上级又有下级，得分只逐级汇总一次，按无上级处理；请更正",
                    "reporters.csv", row["row_number"], "parent_id", row["parent_id"], "reporter", row["reporter_id"],
                )  # fmt: skip
                row["parent_id"] = None

    def derive(self) -> None:
        tables = self.programme.tables
        for table in ("reporters", "specials"):
            for position, row in enumerate(tables[table], 1):
                row["seq"] = position
        for row in tables["reporters"]:
            if row["parent_id"] is not None and row["parent_id"] not in self.known["reporters"]:
                self.finding(
                    "F05", f"reporters.csv 第 {row['row_number']} 行 parent_id“{row['parent_id']}”不在本表中，按无上级处理；请更正",
                    "reporters.csv", row["row_number"], "parent_id", row["parent_id"], "reporter", row["reporter_id"],
                )  # fmt: skip
                row["parent_id"] = None
        self._one_level()
        start = self.programme.row["start_date"] or date(2000, 1, 1)
        for position, row in enumerate(tables["tasks"], 1):
            deadline = parse_deadline(row["deadline_text"], start)
            row["position"] = position
            row["deadline_kind"] = deadline.kind
            row["ongoing"] = deadline.ongoing
            row["recurrence"] = deadline.recurrence
            steps = milestones(deadline)
            for no, count, due in steps:
                tables["task_milestones"].append(
                    {
                        "programme_id": self.programme.programme_id,
                        "task_id": row["task_id"],
                        "milestone_no": no,
                        "milestone_count": count,
                        "due_date": due,
                    }
                )
        for position, row in enumerate(tables["indicators"], 1):
            row["position"] = position
        self._whole_relations()
        # names before aliases: no alias takes another unit's own name away
        units = [(_names(row), row) for row in tables["units"]]
        pairs = [(name, row) for names, row in units for name in names[:1]]
        pairs += [(name, row) for names, row in units for name in names[1:]]
        seen: set[str] = set()
        for known_name, row in pairs:
            if known_name not in seen:
                seen.add(known_name)
                entry = {"known_name": known_name, "unit_id": row["unit_id"], "name": row["name"]}
                tables["unit_names"].append({"programme_id": self.programme.programme_id} | entry)
        for table in ("responsibilities", "specials"):
            column = "unit_name" if table == "responsibilities" else "lead_unit"
            for row in tables[table]:
                # a known name is stored in the form it is joined by; an unknown one stays as written (U01)
                if row[column] and squeeze(row[column]) in seen:
                    row[column] = squeeze(row[column])

    def _whole_relations(self) -> None:
        """Leave out what is no equation (a term that could not be read, a single term): it would accuse everybody."""
        relations: dict[str, list[dict]] = {}
        for row in self.programme.tables["relations"]:
            relations.setdefault(row["relation_id"], []).append(row)
        for relation_id, rows in relations.items():
            if relation_id in self.broken_relations:
                why = "有未载入的行"
            elif len(rows) < 2:
                why = "只有一项"
            else:
                continue
            self.finding(
                "F05", f"relations.csv 关系“{relation_id}”{why}，整个关系未载入；请补全各项",
                "relations.csv", rows[0]["row_number"], "relation_id", relation_id,
            )  # fmt: skip
            self.programme.tables["relations"] = [
                row for row in self.programme.tables["relations"] if row["relation_id"] != relation_id
            ]


def _short(text: str, size: int = 500) -> str:
    """What a finding quotes: as it may be stored, and no longer than anybody reads."""
    text = storable(text)
    return text if len(text) <= size else f"{text[:size]}…"


def _written(value: object) -> str:
    """A value of programme.toml as text. Python writes out no number of more than 4,300 digits."""
    try:
        return _short(value if isinstance(value, str) else repr(value), 100)
    except ValueError:
        return "（过长的数字）"


def _is_period(text: str) -> bool:
    try:
        Period.parse(text)
    except ValueError:
        return False
    return True


def _content_hash(reading: _Reading) -> str:
    digest = hashlib.sha256()
    for path in sorted(reading.folder.iterdir()):
        if path.name not in reading.digests:
            try:
                reading.read(path.name)
            except (Rejected, FileNotFoundError):
                continue  # nothing of it stands in the tables either
        digest.update(os.fsencode(path.name))
        digest.update(reading.digests[path.name])
    return digest.hexdigest()


def programme_ids(raw_root: Path) -> list[str]:
    """Ids of the programmes of a raw tree (folders of ``registry/``), sorted."""
    folder = raw_root / "registry"
    if not folder.is_dir():
        return []
    found = []
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            if (shown := shown_name(path.name)) == path.name:
                found.append(shown)
            else:
                _log.error("registry/%s：文件夹名含控制字符或无法识别的字符，此方案未读取；请改名", shown)
    return sorted(found)


def read_programme(raw_root: Path, programme_id: str, limits: Limits | None = None) -> Programme:
    """Read one registry. Mistakes are findings; a programme without readable dates has ``computable`` False."""
    reading = _Reading(raw_root, programme_id, limits or Limits())
    reading.read_programme()
    for table in _REQUIRED:
        reading.read_table(table)
    reading.derive()
    reading.programme.content_hash = _content_hash(reading)
    return reading.programme


_CONFIRMATION_FIELDS = {"rule_id", "reporter_id", "entity_id", "period", "note", "by"}


def read_confirmations(raw_root: Path, limits: Limits | None = None) -> list[dict]:
    """Lines of ``confirmations.csv`` as rows of raw.confirmations without programme_id; empty without the file.

    Every line is kept, whatever it lacks: rule Q02 judges it. What cannot be read at all is one row with ``problem``.
    """
    limits = limits or Limits()
    rows: list[dict] = []
    header: list[str] | None = None
    try:
        body = read_register(raw_root, raw_root / "confirmations.csv", limits.register_bytes)
        for number, cells in csv_records(decode(body)[0]):
            if len(rows) >= limits.receipts_lines:
                raise csv.Error(f"超过 {limits.receipts_lines} 行")
            if header is None:
                header = [tidy(cell).lower() for cell in cells]
                continue
            entry = dict(zip(header, (storable(cell).strip() or None for cell in cells), strict=False))
            row = {name: entry.get(name) for name in _CONFIRMATION_FIELDS}
            row["confirmed_by"] = row.pop("by")
            for name in ("rule_id", "period", "reporter_id"):
                row[name] = tidy(row[name]) if row[name] else None
            for name in ("rule_id", "period"):
                row[name] = row[name].upper() if row[name] else None
            rows.append(row | {"row_number": number, "problem": None})
    except FileNotFoundError:
        return []
    except (csv.Error, Rejected) as error:
        what = getattr(error, "message", None) or str(error)
        rows.append({"row_number": None, "problem": f"confirmations.csv 从此处起无法读取（{what}）"})
    return rows
