"""What is published, described: tables and columns, headers of the forms, rules. ``python -m orchestration.dictionary``
(``make dictionary``) writes it as ``docs/data-dictionary.md``; ``dashboards.reference`` shows the same as a page and a workbook.

Belongs here: collecting what is declared elsewhere. Does not belong here: any description of its own – tables and columns come
from the dbt manifest (marts, ops, quality and the sources raw, control), headers from ``raw/contracts``, rules from the
catalogue seed – or any markup of pages.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.commands.status import KIND_NAMES
from orchestration.commands.summary import SEVERITIES
from orchestration.manifest import ensure_manifest
from orchestration.settings import REPOSITORY, Settings
from raw.contracts import KINDS, contracts
from raw.schema import REGISTRY_TABLES

TARGET = REPOSITORY / "docs" / "data-dictionary.md"
SCHEMAS = {
    "marts": "结果表",
    "quality": "检查",
    "ops": "收文与隔离",
    "control": "期次与版本",
    "raw": "登记目录与报送原文",
}
_HOMES = {"reader": "读取", "expectation": "期望检查", "model": "模型"}
_STATES = {"active": "启用", "planned": "未启用", "not_decidable": "缺数据，不能判定"}
_ENTITIES = {
    "file": "文件",
    "task": "任务",
    "indicator": "指标",
    "reporter": "填报主体",
    "programme": "方案",
    "unit": "责任单位",
}
_TYPES = {
    "code": "编号（文本）",
    "text": "文字",
    "status": "状态词",
    "percent": "百分数",
    "number": "数字",
    "date": "日期",
}
_HEAD = """\
# 数据字典

本页由 `make dictionary` 生成，请勿手工修改：表和字段的说明取自 dbt 项目，表头取自 `raw/contracts/`，规则取自
`dbt_project/seeds/check_rules.csv`。同样的内容连同指标和状态词见发布的 `dictionary.html`、`dictionary.xlsx`。

编号一律为文本；比率为 0–1，以 `_pct` 结尾的字段和得分为 0–100；时间为北京时间。`staging`、`intermediate` 两层不发布。
"""
# names of columns that carry a unit: the conventions of DESIGN.md section 8; the first that fits counts
_UNITS = (
    (r"^(rank|.*_rank|rank_(median|p05|p95|from_end|now|expected))$|^top_n$", "名次"),
    (r"^rank_", "位"),
    (r"_at$|^(known_from|known_to|data_cut|as_of)$", "时间（北京）"),
    (r"(_on|_date|_start|_end)$|^(day|due|valid_from|valid_to|target_due)$", "日期"),
    (r"_pct$", "%"),
    (r"^yellow_points$", "百分点"),
    (r"(^|_)score(_|$)|^(contribution|influence|late_floor|overdue_cap|late_per_day)$", "分"),
    (r"^(value|previous_value|baseline|target|frontier|worst|valid_min|valid_max)$|^(reported|proposed)_value$", "指标的单位"),
    (r"^(expected|actual|pace|forecast)$", "名次或 %"),
    (r"^days_|_days$", "天"),
    (r"^periods_left$", "季度"),
    (r"^in_a_row$|^talk_after$", "期"),
    (r"_this_year$|^draws$", "次"),
    (r"^bytes$", "字节"),
    (r"^rows_", "行"),
    (r"^cells_", "格"),
    (r"^files_", "份"),
    (r"^(distinct_)?tasks_", "项"),
    (r"^p_|_rate$|^(coverage|completeness)$", "0–1"),
)  # fmt: skip
# where the registry tables are written whose file is not called as they are
_REGISTRY_FILES = {"programmes": "programme.toml", "unit_names": "units.csv", "task_milestones": "tasks.csv"}


@dataclass(frozen=True)
class Column:
    """One column; unit and formula are blank where there is none."""

    name: str
    meaning: str
    unit: str
    formula: str


@dataclass(frozen=True)
class Table:
    """One published table; sources: published tables or files it is made of."""

    schema: str
    name: str
    meaning: str
    owner: str
    sources: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Form:
    """One kind of submission; fields: (field, type in words, headers a clerk may write)."""

    kind: str
    title: str
    table: str
    needed: str
    fields: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Dictionary:
    """Everything that is described; schemas: name → title in order; rules: rows of the catalogue, codes also in words."""

    schemas: dict[str, str]
    tables: tuple[Table, ...]
    forms: tuple[Form, ...]
    rules: tuple[dict[str, str], ...]


def unit_of(column: str, meaning: str) -> str:
    """The unit of a column, from its name and its meaning; blank for texts, codes and plain counts."""
    if "（文本）" in meaning:
        return ""
    unit = next((unit for pattern, unit in _UNITS if re.search(pattern, column)), "")
    return unit or ("%" if "0–100" in meaning else "0–1" if "0–1" in meaning else "")


def formula_of(column: dict[str, Any]) -> str:
    """The formula declared beside a column (``config.meta.formula``), else what its meaning says after the colon."""
    declared = column["meta"].get("formula")
    said = re.search(r"：([^；。]*[÷×][^；。]*)", column["description"])
    return declared or (said[1].removesuffix("，0–1") if said else "")


def _columns(node: dict[str, Any]) -> tuple[Column, ...]:
    return tuple(
        Column(
            c["name"],
            c["description"],
            c["meta"].get("unit") or unit_of(c["name"], c["description"]),
            formula_of(c),
        )
        for c in node["columns"].values()
    )


def _nodes(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The published nodes of the manifest by id, in the order of ``SCHEMAS`` and their names."""
    found = {
        key: node
        for key, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["resource_type"] in ("model", "seed", "source") and node["schema"] in SCHEMAS
    }
    order = list(SCHEMAS)
    return dict(sorted(found.items(), key=lambda n: (order.index(n[1]["schema"]), n[1]["name"])))


def _sources(key: str, published: dict[str, Any], parents: dict[str, list[str]]) -> tuple[str, ...]:
    """The nearest published tables a model is made of, through staging and intermediate."""
    found, seen, todo = set(), set(), list(parents.get(key, ()))
    while todo:
        parent = todo.pop()
        if parent in seen:
            continue
        seen.add(parent)
        if parent in published:
            found.add(f"{published[parent]['schema']}.{published[parent]['name']}")
        else:
            todo += parents.get(parent, ())
    return tuple(sorted(found))


def _written_from(table: str) -> tuple[str, ...]:
    """What a raw table is read from."""
    kinds = [kind for kind, contract in contracts().items() if contract.table == table]
    if kinds:
        return (f"报送文件 {kinds[0]}*（{KIND_NAMES[kinds[0]]}）",)
    return (f"登记目录 {_REGISTRY_FILES.get(table, f'{table}.csv')}",) if table in REGISTRY_TABLES else ()


def _tables_of(manifest: dict[str, Any]) -> Iterator[Table]:
    published = _nodes(manifest)
    for key, node in published.items():
        sources = _sources(key, published, manifest["parent_map"])
        if node["schema"] == "raw":
            sources = _written_from(node["name"])
        owner = node["config"]["meta"]["owner"]
        yield Table(node["schema"], node["name"], node["description"], owner, sources, _columns(node))


def _one_of(group: Sequence[str]) -> str:
    names = "、".join(f"`{name}`" for name in group)
    return names if len(group) == 1 else f"{names} 至少一列"


def _forms_of() -> Iterator[Form]:
    found = contracts()
    for kind in KINDS:
        contract = found[kind]
        # the field's own name, accepted last, is no header a clerk writes
        fields = tuple((f.name, _TYPES[f.type], f.headers[:-1]) for f in contract.fields)
        needed = "；".join(map(_one_of, contract.require))
        yield Form(kind, KIND_NAMES[kind], contract.table, needed, fields)


def _rules_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        for rule in sorted(csv.DictReader(stream), key=lambda rule: rule["rule_id"]):
            yield rule | {
                "entity": _ENTITIES[rule["entity_type"]],
                "home_zh": _HOMES[rule["home"]],
                "state_zh": _STATES[rule["state"]],
            }


def collect(settings: Settings) -> Dictionary:
    """Everything, from the manifest of the dbt project. Raises RuntimeError when the project does not parse."""
    manifest = json.loads(ensure_manifest(settings).read_text(encoding="utf-8"))
    rules = settings.dbt_project / "seeds" / "check_rules.csv"
    return Dictionary(SCHEMAS, tuple(_tables_of(manifest)), tuple(_forms_of()), tuple(_rules_of(rules)))


# --- docs/data-dictionary.md ------------------------------------------------------------------------------------------


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(_cell(value) for value in row) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _tables(tables: Sequence[Table]) -> Iterator[str]:
    for schema, title in SCHEMAS.items():
        yield from ("", f"## {title}（{schema}）")
        for table in tables:
            if table.schema == schema:
                made_of = f" 来源：{'、'.join(table.sources)}。" if table.sources else ""
                yield from ("", f"### {schema}.{table.name}", "", f"{table.meaning}。{made_of}", "")
                rows = [(f"`{c.name}`", c.meaning, c.unit, c.formula) for c in table.columns]
                yield from _table(("字段", "含义", "单位", "公式"), rows)


def _contracts(forms: Sequence[Form]) -> Iterator[str]:
    yield from (
        "",
        "## 报送文件的表头",
        "",
        "文件名以种类的英文名开头，如 `progress_季报.xlsx`。表头先统一全半角、去掉空白再对照；同一字段有几个写法时，排在前面的优先。"
        "字段名本身也可作表头。",
    )
    for form in forms:
        where = f"写入 `raw.{form.table}`。必需：{form.needed}。"
        yield from ("", f"### {form.title}（{form.kind}）", "", where, "")
        yield from _table(
            ("字段", "类型", "可用的表头"),
            [(f"`{name}`", kind, "、".join(headers)) for name, kind, headers in form.fields],
        )


def _rules(rules: Sequence[dict[str, str]]) -> Iterator[str]:
    severities = "，".join(f"{key} {name}" for key, name in SEVERITIES.items())
    yield from (
        "",
        "## 检查规则",
        "",
        f"严重程度：{severities}。B 级使该行或该文件不载入（登记目录的 B 级使方案保持征求意见稿），其余各级不影响载入。",
        "",
    )
    keys = ("rule_id", "severity", "message_zh", "remedy_zh", "entity", "owner", "home_zh", "state_zh")
    yield from _table(
        ("规则", "严重程度", "说明", "改正办法", "对象", "由谁处理", "归属", "状态"),
        [[rule[key] for key in keys] for rule in rules],
    )


def render(settings: Settings) -> str:
    """The whole page as Markdown. Raises RuntimeError when the dbt project does not parse."""
    found = collect(settings)
    lines = [*_HEAD.splitlines(), *_tables(found.tables), *_contracts(found.forms), *_rules(found.rules)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page into the repository."""
    settings = Settings.from_env()
    settings.prepare()
    TARGET.write_text(render(settings), encoding="utf-8")
    print(f"已写入 {TARGET.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
