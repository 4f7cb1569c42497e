"""A small office to torture: one programme, three counties, one quarter; and what must always hold of it.

Belongs here: the raw tree, what a table contains, invariants. Does not belong here: what is done to it (``campaign``).
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import duckdb

from orchestration.editions.store import MANIFEST
from orchestration.settings import Settings
from raw.periods import Period
from raw.tree import scan
from tests.factories import make_registry, write_tree

PROGRAMME, QUARTER = "p2021", "2021Q1"
PERIOD = Period.parse(QUARTER)
COUNTIES = ("c1", "c2", "c3")
SCHEMAS = ("marts", "quality", "ops", "raw", "draft", "editions")
# when a home first saw a registry, and what readers of the file system say; no content
_NOT_COMPARED = {("raw", "registry_versions"), ("raw", "load_state"), ("quality", "expectation_results")}


def make_tree(root: Path) -> Path:
    """The raw tree: every county sent progress and indicators on time."""
    make_registry(
        root,
        PROGRAMME,
        settings="[lists]\nred = 1\nblack = 1\n",
        reporters=[{"reporter_id": c, "name": f"{c}县", "kind": "county"} for c in COUNTIES],
        tasks=[{"task_id": "t1", "seq": "1", "special_id": "kb", "title": "一窗通办", "deadline_text": "2021年12月"}],
        responsibilities=[{"task_id": "t1", "unit_name": "市监局", "role": "lead"}],
        units=[{"unit_id": "u1", "name": "市监局"}],
        specials=[{"special_id": "kb", "name": "企业开办"}],
        indicators=[
            {"indicator_id": "kb", "special_id": "kb", "name": "企业开办时间", "unit": "天", "polarity": "lower",
             "decimals": 1, "frontier": 0, "worst": 10},
        ],
        targets=[],
        goals=[],
    )  # fmt: skip
    files = {}
    for number, county in enumerate(COUNTIES):
        folder = f"submissions/{PROGRAMME}/{QUARTER}/{county}"
        files[f"{folder}/indicators.csv"] = [
            {"指标编号": "kb", "指标名称": "企业开办时间", "指标值": str(number + 1)}
        ]
        files[f"{folder}/progress.csv"] = [
            {"任务编号": "t1", "状态": "推进中", "完成进度": str(60 - 10 * number), "进展情况": "办理"}
        ]
    return write_tree(root, files, received=dict.fromkeys(files, "2021-03-20T10:00:00+08:00"))


def contents(current: Path) -> dict[str, tuple[int, str]]:
    """Table → (rows, order-free hash) of everything a published file says; macros and editions' moments left out."""
    with duckdb.connect(str(current), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() "
            "AND list_contains(?, schema_name) ORDER BY ALL",
            [list(SCHEMAS)],
        ).fetchall()
        return {
            f"{schema}.{table}": connection.execute(
                f'SELECT count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM {schema}."{table}" t'
            ).fetchone()
            for schema, table in tables
            if (schema, table) not in _NOT_COMPARED
        }


def differences(wanted: dict, got: dict) -> list[str]:
    """Tables that differ, in sentences."""
    return [
        f"table {table}: {wanted.get(table)} wanted, {got.get(table)} found"
        for table in sorted(wanted.keys() | got.keys())
        if wanted.get(table) != got.get(table)
    ]


def receipt_problems(root: Path) -> list[str]:
    """Every submission has one line, every line its file, and nothing half made lies about."""
    with (root / "receipts.csv").open(encoding="utf-8", newline="") as stream:
        lines = [row["path"] for row in csv.DictReader(stream)]
    problems = [f"line doubled: {path}" for path in sorted({p for p in lines if lines.count(p) > 1})]
    receipts = scan(root)
    problems += [f"not registered: {r.file.path}" for r in receipts if not r.registered]
    problems += [f"no such file: {r.file.path}" for r in receipts if r.problem and r.sha256 is None]
    rests = [p for p in root.rglob(".*") if p.name != ".receipts.lock"]
    return problems + [f"left behind: {path.relative_to(root)}" for path in rests]


def edition_problems(settings: Settings) -> list[str]:
    """Every folder of an edition is whole: each file of its manifest is there with its hash, and no other."""
    problems = []
    for folder in sorted(settings.published.glob("*/*/editions/*")):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        if not (folder / MANIFEST).is_file():
            problems.append(f"half an edition: {folder.name}")
            continue
        outputs = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]
        present = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file() and path.name != MANIFEST
        }
        problems += [
            f"{folder.name}: {name}"
            for name in outputs.keys() | present.keys()
            if outputs.get(name) != present.get(name)
        ]
    return problems


def rests(settings: Settings) -> list[str]:
    """Hidden files of a home that nobody needs: what a killed process was making."""
    return sorted(
        path.relative_to(settings.home).as_posix()
        for path in settings.home.rglob(".*")
        if path.name.rpartition(".")[2].isdigit() or path.suffix in {".wal", ".part", ".new"}
    )
