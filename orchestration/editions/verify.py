"""Verifying: an edition computed again from its archived inputs, in a home of its own, compared value by value.

Belongs here: integrity of files, recomputation, comparison. Does not belong here: making editions (``freeze``).
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration import audit
from orchestration.editions.correction import corrected
from orchestration.editions.freeze import code_sha256
from orchestration.editions.store import (
    MANIFEST,
    Edition,
    EditionDamaged,
    archive_path,
    edition_named,
    take_out,
)
from orchestration.editions.tables import marts, parquet, quoted, rows_sha256
from orchestration.settings import Settings
from orchestration.stages import ModelsFailed, build_models, land
from orchestration.warehouse import calculator, literal, reader
from raw.periods import Period
from raw.tree import file_sha256

_SHOWN = 20


@dataclass
class Verdict:
    """``problems``: what does not agree, in sentences; ``notes``: what changed since without touching the edition."""

    edition_id: str
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: int = 0
    inputs: int = 0
    outputs: int = 0
    different: dict[str | None, str] = field(default_factory=dict)  # reporter → what differs
    recomputed: bool = False

    @property
    def holds(self) -> bool:
        """True when everything agrees."""
        return not self.problems


def verify(settings: Settings, edition: Edition, folder: Path | None = None) -> Verdict:
    """Check every file of the edition and of its archive, then compute it again and compare its tables.

    folder: an empty one in which it is computed, to be looked at afterwards; without, a temporary one.
    Writes the outcome beside the edition (rule R04 reads it). Never changes the edition, the raw tree or the warehouse.
    """
    verdict = Verdict(edition.edition_id)
    _outputs(edition, verdict)
    _inputs(settings, edition, verdict)
    if verdict.holds:
        with (
            nullcontext(folder) if folder else tempfile.TemporaryDirectory(prefix="taizhang-verify-") as where
        ):
            _computed_again(settings, edition, Path(where), verdict)
    _keep(edition, verdict)
    # last, and not kept: what the log says does not change whether the numbers follow from the inputs
    _logged(settings, edition, verdict)
    return verdict


# --- the audit log ----------------------------------------------------------------------------------------------------


def _logged(settings: Settings, edition: Edition, verdict: Verdict) -> None:
    """The whole chain is intact, reaches the publication of the edition, and names its manifest."""
    reading = audit.read(settings)
    verdict.problems += reading.problems
    verdict.notes += reading.notes
    manifests = {
        entry.details.get("manifest_sha256")
        for entry in reading.entries
        if entry.what == "publish" and entry.details.get("edition") == edition.edition_id
    }
    anchor = edition.manifest.get("audit")
    if anchor is None and not manifests:
        verdict.notes.append("该版本早于审计日志：日志里没有它的发布记录，只核验了文件和复算结果")
        return
    if anchor is None:
        verdict.problems.append(f"{MANIFEST} 没有写明审计日志的位置，日志里却有它的发布记录")
    elif not reading.holds(anchor):
        verdict.problems.append(
            f"审计日志里没有该版本发布时的第 {anchor['seq']} 条记录：日志被截断、替换，或没有与版本一起恢复"
        )
    if edition.manifest_sha256 not in manifests:
        verdict.problems.append(f"审计日志里没有以这份 {MANIFEST} 发布 {edition.edition_id} 的记录")


# --- files ------------------------------------------------------------------------------------------------------------


def _outputs(edition: Edition, verdict: Verdict) -> None:
    expected = edition.manifest["outputs"]
    verdict.outputs = len(expected)
    present = {
        path.relative_to(edition.folder).as_posix() for path in edition.folder.rglob("*") if path.is_file()
    }
    for path in sorted(expected.keys() - present):
        verdict.problems.append(f"版本文件缺失：{path}")
    for path in sorted(present - expected.keys() - {MANIFEST}):
        verdict.problems.append(f"版本中多出文件：{path}")
    for path in sorted(present & expected.keys()):
        if file_sha256(edition.folder / path) != expected[path]:
            verdict.problems.append(f"版本文件被改动：{path}")


def _inputs(settings: Settings, edition: Edition, verdict: Verdict) -> None:
    manifest = edition.manifest
    for part in ("submissions", "registry"):
        for entry in manifest[part]:
            verdict.inputs += 1
            archived = archive_path(settings, entry["sha256"])
            if not archived.is_file():
                verdict.problems.append(f"存档缺失：{entry['path']}（{archived}）")
            elif file_sha256(archived) != entry["sha256"]:
                verdict.problems.append(f"存档被改动：{entry['path']}（{archived}）")
            received = settings.raw_root / entry["path"]
            if part == "submissions":
                if not received.is_file():
                    verdict.problems.append(f"收文文件缺失：{entry['path']}")
                elif file_sha256(received) != entry["sha256"]:
                    verdict.problems.append(f"收文文件被改动：{entry['path']}")
            elif not received.is_file() or file_sha256(received) != entry["sha256"]:
                # a registry lives on; the edition keeps the one it was computed with
                verdict.notes.append(f"登记目录此后有变：{entry['path']}（以存档为准）")
    for link in [manifest["replaces"], *manifest["previous_quarters"]]:
        if link is None:
            continue
        other = edition_named(settings, link["edition"])
        if other is None:
            verdict.problems.append(f"所依据的版本缺失：{link['edition']}")
        elif other.manifest_sha256 != link["manifest_sha256"]:
            verdict.problems.append(f"所依据的版本被改动：{link['edition']} 的 {MANIFEST}")
    if manifest["code"]["sha256"] != code_sha256():
        verdict.notes.append(f"程序此后有变（当时为 {manifest['code']['version']}），按现在的程序复算")


# --- recomputation ----------------------------------------------------------------------------------------------------


def _restore_tree(settings: Settings, edition: Edition, root: Path) -> None:
    """The raw tree as it was: submissions with their times of receipt, the registry."""
    manifest = edition.manifest
    for part in ("submissions", "registry"):
        for entry in manifest[part]:
            take_out(settings, entry["sha256"], root / entry["path"])
    with (root / "receipts.csv").open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(["path", "received_at", "sender"])
        for entry in manifest["submissions"]:
            if entry["registered"]:
                lines.writerow([entry["path"], entry["received_at"], entry["sender"] or ""])
            else:
                moment = datetime.fromisoformat(entry["received_at"]).timestamp()
                os.utime(root / entry["path"], (moment, moment))
    if manifest["confirmations"]:
        take_out(settings, manifest["confirmations"], root / "confirmations.csv")


def take_along_earlier(settings: Settings, edition: Edition, scratch: Settings) -> None:
    """The editions of earlier quarters, without their pages: the rank of the quarter before is the published one.

    Copies, no links: a sealed connection reads nothing outside its own folders.
    """
    for link in edition.manifest["previous_quarters"]:
        other = edition_named(settings, link["edition"])
        target = scratch.published / other.folder.relative_to(settings.published)
        shutil.copytree(other.folder, target, ignore=shutil.ignore_patterns("site", "workbook.xlsx"))


def recompute(settings: Settings, edition: Edition, folder: Path) -> Settings:
    """The home in ``folder`` in which the edition was computed from its archived inputs: its warehouse, nothing published.

    The stages of the job one after another, without Dagster's bookkeeping, Parquet and pages.
    Raises EditionDamaged (an input is missing or altered), ModelsFailed.
    """
    _restore_tree(settings, edition, folder / "raw")
    scratch = Settings(folder / "raw", folder / "home", settings.limits)
    take_along_earlier(settings, edition, scratch)
    cut = edition.data_cut
    land(scratch, Period.parse(edition.period), cut, cut, edition.programme_id)
    build_models(scratch, tested=False)  # the comparison is the test
    return scratch


def _computed_again(settings: Settings, edition: Edition, folder: Path, verdict: Verdict) -> None:
    try:
        scratch = recompute(settings, edition, folder)
    except EditionDamaged as damage:
        verdict.problems.append(str(damage))
    except ModelsFailed as failure:
        verdict.problems.append(f"复算没有完成：{failure}")
    else:
        verdict.recomputed = True
        with reader(scratch.warehouse, settings.published) as connection:
            _compare(settings, edition, connection, verdict)


def _compare(
    settings: Settings, edition: Edition, connection: duckdb.DuckDBPyConnection, verdict: Verdict
) -> None:
    only = edition.manifest["correction"]
    # DESCRIBE takes no parameters
    quarter = f"programme_id = {literal(edition.programme_id)} AND period = {literal(edition.period)}"
    for table in marts(connection):
        expected = edition.manifest["tables"].get(table)
        if expected is None:
            verdict.notes.append(f"{table} 当时还没有，未比对")
            continue
        verdict.tables += 1
        relation = f"(FROM marts.{quoted(table)} WHERE {quarter})"
        frozen = parquet(edition.table(table))
        if only is not None:
            replaced = edition_named(settings, edition.manifest["replaces"]["edition"])
            relation = corrected(connection, table, relation, parquet(replaced.table(table)), only)
        columns = [row[0] for row in connection.execute(f"DESCRIBE FROM {frozen}").fetchall()]
        present = {row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()}
        if missing := [column for column in columns if column not in present]:
            verdict.problems.append(f"{table} 现在没有这些列：{'、'.join(missing)}")
            continue
        selected = f"(SELECT {', '.join(map(quoted, columns))} FROM {relation})"
        if rows_sha256(connection, selected)[1] == expected["sha256"]:
            continue
        _differences(connection, table, selected, frozen, columns, verdict)
    for table in edition.manifest["tables"].keys() - set(marts(connection)):
        verdict.problems.append(f"{table} 现在没有了，无法比对")


def _differences(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    computed: str,
    frozen: str,
    columns: list[str],
    verdict: Verdict,
) -> None:
    gone = connection.execute(f"FROM {frozen} EXCEPT ALL FROM {computed} ORDER BY ALL").fetchall()
    came = connection.execute(f"FROM {computed} EXCEPT ALL FROM {frozen} ORDER BY ALL").fetchall()
    verdict.problems.append(
        f"{table} 复算结果不同：已发布而复算没有的 {len(gone)} 行，复算新出的 {len(came)} 行"
    )
    who = columns.index("reporter_id") if "reporter_id" in columns else None
    for sign, rows in (("已发布", gone), ("复算", came)):
        for row in rows[:_SHOWN]:
            verdict.problems.append(f"  {sign}：{_row_text(columns, row)}")
        for row in rows:
            verdict.different.setdefault(row[who] if who is not None else None, table)


def _row_text(columns: list[str], row: tuple[Any, ...]) -> str:
    return "，".join(
        f"{column}={value}" for column, value in zip(columns, row, strict=True) if value is not None
    )[:400]


def _keep(edition: Edition, verdict: Verdict) -> None:
    """The outcome beside the edition, by reporter: what rule R04 judges."""
    with calculator(edition.folder) as connection:
        if edition.table("ranking").is_file() and not any("版本文件" in p for p in verdict.problems):
            reporters = [
                row[0]
                for row in connection.execute(
                    f"SELECT reporter_id FROM {parquet(edition.table('ranking'))} ORDER BY 1"
                ).fetchall()
            ]
        else:
            reporters = []
    whole = None if verdict.holds or verdict.different else verdict.problems[0]
    lines = [
        {"reporter_id": reporter, "problem": whole or verdict.different.get(reporter)}
        for reporter in reporters
    ]
    if whole and not lines:
        lines = [{"reporter_id": None, "problem": whole}]
    body = {"edition": edition.edition_id, "holds": verdict.holds, "reporters": lines}
    partial = edition.verified.with_name(f".{edition.verified.name}.{os.getpid()}")
    partial.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, edition.verified)
