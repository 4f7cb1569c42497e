"""Publishing: what ``run`` computed becomes an edition that never changes.

Belongs here: collecting inputs, freezing tables and pages, the manifest, marking the quarter as published. Does not belong
here: computing (Dagster job), checking an edition later (``verify``).

Until a quarter is published, marts hold its draft. Afterwards marts hold the latest edition, and ``draft.*`` what the next
edition would say: everything received until the last run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from dashboards.workbooks.records import rows
from orchestration.assets.control import write_editions
from orchestration.assets.publish import (
    export_tables,
    page_memory,
    period_folder,
    write_parquet,
    write_snapshot,
)
from orchestration.audit import READY, Act, act
from orchestration.editions import difference
from orchestration.editions.correction import corrected
from orchestration.editions.intact import usable_editions
from orchestration.editions.store import (
    DIFFERENCE,
    MANIFEST,
    TABLES,
    Edition,
    EditionDamaged,
    archive_file,
    edition_id,
    editions_folder,
    latest,
    mark,
)
from orchestration.editions.tables import marts, parquet, quoted, rows_sha256, standing_edition, write_file
from orchestration.manifest import sources_sha256
from orchestration.settings import REPOSITORY, Settings
from orchestration.warehouse import literal, reader, writer
from raw.durable import being_made, sync_folder, sync_tree
from raw.periods import SHANGHAI
from raw.tree import file_sha256


class NotPublishable(RuntimeError):
    """The quarter cannot be published as it stands; the message says why and what to do."""


@dataclass(frozen=True)
class Approval:
    """Who stands behind an edition: two different people, and why it replaces the one before."""

    by: str
    approved_by: str
    reason: str | None = None


@dataclass
class Published:
    """What was published: the edition and, from r1 on, its differences."""

    edition: Edition
    changes: list[dict] = field(default_factory=list)
    late_files: int = 0


_PACKAGES = ("raw", "quality", "orchestration", "dbt_project", "dashboards")


def code_sha256() -> str:
    """Hash over every source file that can change a number or a page."""
    return sources_sha256(*(REPOSITORY / package for package in _PACKAGES))


# --- inputs -----------------------------------------------------------------------------------------------------------


def _submissions(
    settings: Settings, connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, cut: datetime
) -> list[dict[str, Any]]:
    """Archive every submission that could count: for this or an earlier quarter, received by the data cut."""
    kept = []
    for entry in rows(
        connection,
        """
        SELECT path, sha256, bytes, received_at, sender, registered FROM raw.receipts
        WHERE programme_id = ? AND period <= ? AND received_at <= ? AND sha256 IS NOT NULL ORDER BY path
        """,
        programme_id, period, cut,
    ):  # fmt: skip
        sha256, size = _archived(settings, entry["path"])
        if sha256 != entry["sha256"]:
            raise NotPublishable(
                f"{entry['path']} 在上次运行之后被改动；请先运行 taizhang run --period {period}"
            )
        kept.append(
            {
                "path": entry["path"],
                "sha256": sha256,
                "bytes": size,
                "received_at": entry["received_at"].astimezone(SHANGHAI).isoformat(),
                "registered": entry["registered"],
                "sender": entry["sender"],
            }
        )
    return kept


def _archived(settings: Settings, path: str) -> tuple[str, int]:
    try:
        return archive_file(settings, settings.raw_root / path)
    except OSError as error:
        raise NotPublishable(
            f"{path} 无法读取（{error.strerror}）；请恢复文件后重新运行 taizhang run"
        ) from error


def _registry(settings: Settings, connection: duckdb.DuckDBPyConnection, programme_id: str) -> list[dict]:
    from raw.registry import read_programme

    (known,) = connection.execute(
        "SELECT max(content_hash) FROM raw.registry_versions WHERE programme_id = ? AND is_current",
        [programme_id],
    ).fetchone()
    if read_programme(settings.raw_root, programme_id).content_hash != known:
        raise NotPublishable(f"{programme_id} 的登记目录在上次运行之后被改动；请先重新运行 taizhang run")
    folder = settings.raw_root / "registry" / programme_id
    kept = []
    for file in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        path = file.relative_to(settings.raw_root).as_posix()
        sha256, size = _archived(settings, path)
        kept.append({"path": path, "sha256": sha256, "bytes": size})
    return kept


# --- publishing -------------------------------------------------------------------------------------------------------


def _computed_in(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> tuple[str, str]:
    """(schema of the marts, schema of ``periods``) of what the next edition would hold: draft once the quarter is published."""
    if standing_edition(connection, programme_id, period) is not None:
        return "draft", "draft"
    return "marts", "control"


def publishable(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str) -> dict[str, Any]:
    """The quarter's line of control.periods. Raises NotPublishable: nothing computed, not frozen, registry errors."""
    _, schema = _computed_in(connection, programme_id, period)
    found = rows(
        connection,
        f"SELECT * FROM {schema}.periods WHERE programme_id = ? AND period = ?",
        programme_id,
        period,
    )
    if not found:
        raise NotPublishable(
            f"{programme_id} 还没有 {period} 的结果；请先运行 taizhang run --period {period}"
        )
    if not found[0]["frozen"]:
        freeze_at = found[0]["freeze_at"].astimezone(SHANGHAI)
        raise NotPublishable(f"{period} 尚未定版；{freeze_at:%Y-%m-%d %H:%M} 之后重新运行再发布")
    blocking = connection.execute(
        "SELECT path, row_number, message FROM quality.flags WHERE programme_id = ? AND severity = 'B' "
        "AND path NOT LIKE 'submissions/%' ORDER BY ALL",
        [programme_id],
    ).fetchall()
    if blocking:
        lines = "\n".join(f"  {path} 第 {row or '—'} 行：{message}" for path, row, message in blocking[:10])
        raise NotPublishable(f"登记目录有 {len(blocking)} 处必须更正的错误，只能是征求意见稿：\n{lines}")
    return found[0]


def publish(
    settings: Settings, programme_id: str, period: str, approval: Approval, only: str | None = None
) -> Published:
    """Freeze one programme's quarter as its next edition. The caller holds the run lock.

    ``only``: correction of one reporter. Its rows come from the draft and its rank is the one among the others as
    published; everybody else keeps the published rows.

    Raises:
        NotPublishable: see ``publishable``; also when an input changed since the run.
        AuditUnavailable: nothing was published.
    """
    who = {"by": approval.by, "approved_by": approval.approved_by}
    with act(
        settings, "publish", who, programme=programme_id, period=period, reason=approval.reason, only=only
    ) as record:
        published = _publish(settings, programme_id, period, approval, only, record)
        record.outcome = _fingerprint(published.edition)
    return published


def _fingerprint(edition: Edition) -> dict[str, str]:
    return {"edition": edition.edition_id, "manifest_sha256": edition.manifest_sha256}


def _publish(
    settings: Settings, programme_id: str, period: str, approval: Approval, only: str | None, record: Act
) -> Published:
    try:
        present = usable_editions(settings)
    except EditionDamaged as damage:
        raise NotPublishable(str(damage)) from damage
    before = latest(present).get((programme_id, period))
    revision = before.revision + 1 if before else 0
    folder = editions_folder(settings, programme_id, period)
    building = being_made(folder / f"r{revision}")
    snapshot = settings.current.with_name(f".current.publishing.{os.getpid()}")
    known = settings.current.with_name(f".current.known.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    edition = None
    try:
        with reader(settings.current, settings.published) as connection:
            control = publishable(connection, programme_id, period)
            manifest = _manifest(settings, connection, control, revision, approval, present)
            manifest["correction"] = only
            manifest["audit"] = record.begun.anchor
            manifest["tables"] = _freeze_marts(connection, control, before, only, building / TABLES)
            changes = _differences(connection, manifest, before, building)
        _snapshot(settings, present, manifest, building, snapshot)
        keep_what_was_known(snapshot, known, manifest, control["as_of"])
        _outputs(manifest, building, known)
        _write_manifest(manifest, building)
        # before the folder appears: whatever stands there later was logged with the hash of its manifest
        record.note(READY, **_fingerprint(Edition(building, manifest)))
        sync_tree(building)
        os.rename(building, folder / f"r{revision}")
        sync_folder(folder)
        # from here on it is published; a kill before the next line: the next run puts it into current.duckdb
        edition = Edition(folder / f"r{revision}", manifest)
        os.replace(snapshot, settings.current)
        sync_folder(settings.published)
        _refresh(settings, edition)
    except BaseException as error:
        shutil.rmtree(building, ignore_errors=True)
        snapshot.unlink(missing_ok=True)
        if edition is not None:
            error.add_note(
                f"版本 {edition.edition_id} 已经定版，只是分析库或最新网页还没有更新：请再运行一次 taizhang run，不要重复发布"
            )
        raise
    finally:
        known.unlink(missing_ok=True)
    with reader(settings.current) as connection:
        (late,) = connection.execute(
            "SELECT count(*) FROM raw.receipts WHERE programme_id = ? AND period = ? AND received_at > ?",
            [programme_id, period, edition.data_cut],
        ).fetchone()
    return Published(edition, changes, late)


def _manifest(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    control: dict[str, Any],
    revision: int,
    approval: Approval,
    present: list[Edition],
) -> dict[str, Any]:
    programme_id, period, cut = control["programme_id"], control["period"], control["as_of"]
    published = latest(present)
    replaced = published.get((programme_id, period))
    earlier = [e for (p, q), e in published.items() if p == programme_id and q < period]
    (parameters,) = rows(connection, "FROM raw.programmes WHERE programme_id = ?", programme_id)
    parameters.pop("path")
    draws = rows(
        connection,
        "SELECT DISTINCT draws, seed FROM marts.rank_robustness WHERE programme_id = ? AND period = ?",
        programme_id,
        period,
    )
    rules = REPOSITORY / "dbt_project" / "seeds" / "check_rules.csv"
    confirmations = settings.raw_root / "confirmations.csv"
    return {
        "edition": edition_id(programme_id, period, revision),
        "programme_id": programme_id,
        "period": period,
        "revision": revision,
        "published_at": datetime.now(SHANGHAI).isoformat(timespec="seconds"),
        "by": approval.by,
        "approved_by": approval.approved_by,
        "reason": approval.reason,
        "data_cut": cut.astimezone(SHANGHAI).isoformat(),
        "replaces": _link(replaced),
        "previous_quarters": [_link(edition) for edition in earlier],
        "parameters": {key: _plain(value) for key, value in parameters.items()},
        "code": {"version": version("taizhang"), "sha256": code_sha256()},
        "rules": {"sha256": file_sha256(rules)},
        "rank_robustness": draws[0] if draws else None,
        "submissions": _submissions(settings, connection, programme_id, period, cut),
        "registry": _registry(settings, connection, programme_id),
        "confirmations": archive_file(settings, confirmations)[0] if confirmations.is_file() else None,
    }


def _link(edition: Edition | None) -> dict[str, str] | None:
    return edition and {"edition": edition.edition_id, "manifest_sha256": edition.manifest_sha256}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _freeze_marts(
    connection: duckdb.DuckDBPyConnection,
    control: dict[str, Any],
    before: Edition | None,
    only: str | None,
    target: Path,
) -> dict[str, dict[str, Any]]:
    """Write every mart of the quarter; returns rows and hash by mart, as they stand in the manifest."""
    programme_id, period = control["programme_id"], control["period"]
    if only is not None and before is None:
        raise NotPublishable("更正一个填报主体要有已发布的版本；首次发布请不要写 --only")
    target.mkdir()
    schema, _ = _computed_in(connection, programme_id, period)
    quarter = f"programme_id = {literal(programme_id)} AND period = {literal(period)}"
    frozen = {}
    for table in marts(connection):
        relation = f"(FROM {schema}.{table} WHERE {quarter})"
        if only is not None:
            relation = corrected(connection, table, relation, parquet(before.table(table)), only)
        file = target / f"{table}.parquet"
        write_file(connection, relation, file)
        count, digest = rows_sha256(connection, parquet(file))
        frozen[table] = {"rows": count, "sha256": digest}
    return frozen


def _differences(
    connection: duckdb.DuckDBPyConnection, manifest: dict, before: Edition | None, building: Path
) -> list[dict]:
    """What the edition says otherwise than the one it replaces, kept as ``difference.json``; none for a first edition."""
    if before is None:
        return []
    changes = difference.inputs(before.manifest, manifest)
    changes += difference.tables(connection, before.folder / TABLES, building / TABLES)
    report = {
        "edition": manifest["edition"],
        "replaces": before.edition_id,
        "reason": manifest["reason"],
        "correction": manifest["correction"],
        "changes": changes,
    }
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    (building / DIFFERENCE).write_text(text, encoding="utf-8")
    return changes


def _snapshot(
    settings: Settings, present: list[Edition], manifest: dict, building: Path, target: Path
) -> None:
    """The next current.duckdb as ``target``, with the new edition in its place; not swapped in yet."""
    everything = [*present, Edition(building, manifest)]
    with writer(settings.warehouse, settings.published) as connection:
        write_editions(connection, everything)
        write_snapshot(connection, target, everything)


def keep_what_was_known(snapshot: Path, target: Path, manifest: dict, cut: datetime) -> None:
    """``target``: the snapshot without what is no part of the edition, so that its files follow from its archived inputs.

    Left out: what the programme received after the data cut (a file without a line in receipts.csv has another time of
    receipt on every machine), later quarters, moments of publication, outcomes of verifications, and the expectations,
    which speak of everything that is loaded.
    """
    shutil.copyfile(snapshot, target)
    programme_id, period = manifest["programme_id"], manifest["period"]
    with writer(target) as connection:
        connection.execute(
            "CREATE TEMP TABLE later AS SELECT receipt_id, path FROM ops.receipts WHERE programme_id = ? AND received_at > ?",
            [programme_id, cut],
        )
        connection.execute(
            "CREATE TEMP TABLE later_flags AS SELECT flag_id FROM quality.flags WHERE path IN (SELECT path FROM later)"
        )
        for schema, table, column in connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name IN ('ops', 'quality', 'raw') AND column_name IN ('receipt_id', 'path', 'flag_id')"
        ).fetchall():
            gone = "later_flags" if column == "flag_id" else "later"
            connection.execute(
                f"DELETE FROM {schema}.{quoted(table)} WHERE {column} IN (SELECT {column} FROM {gone})"
            )
        for table in ("control.periods", *(f"marts.{quoted(table)}" for table in marts(connection))):
            connection.execute(
                f"DELETE FROM {table} WHERE programme_id = ? AND period > ?", [programme_id, period]
            )
        connection.execute("UPDATE control.editions SET published_at = NULL")
        connection.execute("DELETE FROM control.edition_checks; DELETE FROM quality.expectation_results")


def _outputs(manifest: dict, building: Path, known: Path) -> None:
    """Receipts and findings as parquet, pages, workbook."""
    from dashboards.render import render_site
    from dashboards.workbooks.tables import write_tables

    programme_id, period = manifest["programme_id"], manifest["period"]
    with reader(known, building) as connection:
        export_tables(connection, programme_id, period, building / TABLES, ("quality", "ops"))
        write_tables(connection, programme_id, period, building / "workbook.xlsx")
        render_site(
            connection,
            programme_id,
            period,
            building / "site",
            edition=mark(Edition(building, manifest)),
            linked_periods=[],
        )


def _write_manifest(manifest: dict, building: Path) -> None:
    files = sorted(path for path in building.rglob("*") if path.is_file())
    manifest["outputs"] = {path.relative_to(building).as_posix(): file_sha256(path) for path in files}
    manifest["outputs_sha256"] = hashlib.sha256(
        json.dumps(manifest["outputs"], sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()
    for path in files:
        path.chmod(0o440)
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (building / MANIFEST).write_text(text, encoding="utf-8")
    (building / MANIFEST).chmod(0o440)


def _refresh(settings: Settings, edition: Edition) -> None:
    """The latest pages and tables of the quarter say that the edition stands; the portal names it."""
    from dashboards.render import render_portal, render_site

    programme_id, period = edition.programme_id, edition.period
    home = period_folder(settings, programme_id, period)
    with reader(settings.current, settings.published) as connection:
        write_parquet(connection, programme_id, period, home / "parquet")
        render_site(
            connection,
            programme_id,
            period,
            home / "site",
            edition=mark(edition),
            memory=page_memory(settings, programme_id, period),
        )
        render_portal(connection, settings.published)
