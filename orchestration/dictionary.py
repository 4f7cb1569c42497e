"""``python -m orchestration.dictionary``: writes ``docs/data-dictionary.md`` (``make dictionary``).

Belongs here: turning what is declared elsewhere into one Chinese page. Does not belong here: any description of its own –
tables and columns come from the dbt manifest, headers from ``raw/contracts``, rules from the catalogue seed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from orchestration.commands.status import KIND_NAMES
from orchestration.commands.summary import SEVERITIES
from orchestration.resources import ensure_manifest
from orchestration.settings import REPOSITORY, Settings
from raw.contracts import KINDS, Contract, contracts

TARGET = REPOSITORY / "docs" / "data-dictionary.md"
SCHEMAS = {"marts": "结果表", "ops": "收文与隔离", "quality": "检查"}
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
`dbt_project/seeds/check_rules.csv`。同样的说明也以注释写在 `published/current.duckdb` 中。

编号一律为文本；比率为 0–1，以 `_pct` 结尾的字段和得分为 0–100；时间为北京时间。
"""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(_cell(value) for value in row) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _described(manifest: dict[str, Any], schema: str) -> list[dict[str, Any]]:
    """Models and seeds of a schema, by name."""
    nodes = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node["schema"] == schema
    ]
    return sorted(nodes, key=lambda node: node["name"])


def _tables(manifest: dict[str, Any]) -> Iterator[str]:
    for schema, title in SCHEMAS.items():
        yield from ("", f"## {title}（{schema}）")
        for node in _described(manifest, schema):
            yield from ("", f"### {schema}.{node['name']}", "", node["description"], "")
            rows = [(f"`{column['name']}`", column["description"]) for column in node["columns"].values()]
            yield from _table(("字段", "含义"), rows)
    yield from (
        "",
        "## 其他已发布的表",
        "",
        "各列见 [data-flow.md](data-flow.md)；`staging`、`intermediate` 两层不发布。",
        "",
    )
    sources = sorted(manifest["sources"].values(), key=lambda node: (node["schema"], node["name"]))
    yield from _table(("表", "内容"), [(f"`{n['schema']}.{n['name']}`", n["description"]) for n in sources])


def _one_of(group: Sequence[str]) -> str:
    names = "、".join(f"`{name}`" for name in group)
    return names if len(group) == 1 else f"{names} 至少一列"


def _contracts(found: dict[str, Contract]) -> Iterator[str]:
    yield from (
        "",
        "## 报送文件的表头",
        "",
        "文件名以种类的英文名开头，如 `progress_季报.xlsx`。表头先统一全半角、去掉空白再对照；同一字段有几个写法时，排在前面的优先。"
        "字段名本身也可作表头。",
    )
    for kind in KINDS:
        contract = found[kind]
        needed = "；".join(map(_one_of, contract.require))
        yield from (
            "",
            f"### {KIND_NAMES[kind]}（{kind}）",
            "",
            f"写入 `raw.{contract.table}`。必需：{needed}。",
            "",
        )
        yield from _table(
            ("字段", "类型", "可用的表头"),
            [(f"`{f.name}`", _TYPES[f.type], "、".join(f.headers[:-1])) for f in contract.fields],
        )


def _rules(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        rules = sorted(csv.DictReader(stream), key=lambda rule: rule["rule_id"])
    severities = "，".join(f"{key} {name}" for key, name in SEVERITIES.items())
    yield from (
        "",
        "## 检查规则",
        "",
        f"严重程度：{severities}。B 级使该行或该文件不载入（登记目录的 B 级使方案保持征求意见稿），其余各级不影响载入。",
        "",
    )
    yield from _table(
        ("规则", "严重程度", "说明", "改正办法", "对象", "由谁处理", "归属", "状态"),
        [
            (
                rule["rule_id"],
                rule["severity"],
                rule["message_zh"],
                rule["remedy_zh"],
                _ENTITIES[rule["entity_type"]],
                rule["owner"],
                _HOMES[rule["home"]],
                _STATES[rule["state"]],
            )
            for rule in rules
        ],
    )


def render(settings: Settings) -> str:
    """The whole page as Markdown. Raises RuntimeError when the dbt project does not parse."""
    manifest = json.loads(ensure_manifest(settings).read_text(encoding="utf-8"))
    rules = settings.dbt_project / "seeds" / "check_rules.csv"
    lines = [*_HEAD.splitlines(), *_tables(manifest), *_contracts(contracts()), *_rules(rules)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page into the repository."""
    settings = Settings.from_env()
    settings.prepare()
    TARGET.write_text(render(settings), encoding="utf-8")
    print(f"已写入 {TARGET.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
