"""``published/lineage/index.html``: dbt's own documentation of the project as one file, offline.

dbt makes it by putting two JSON documents into the page it ships (``dbt docs generate --static``: about ten seconds, and it asks
the database). The manifest is here already and the types stand in the published file, so only the putting in is done here.

Belongs here: what of the manifest is shown, and keeping the page from asking any host. Does not belong here: descriptions (dbt).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import duckdb

from orchestration.manifest import ensure_manifest
from orchestration.settings import Settings

PAGE = Path("lineage") / "index.html"
# the page of dbt is one script in the page, drawn with styles in the page; it may ask nobody
_CSP = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_SLOTS = {"manifest": '"MANIFEST.JSON INLINE DATA"', "catalog": '"CATALOG.JSON INLINE DATA"'}
# a run names itself and its moments here; the page of the same project is the same page
_OF_THE_RUN = ("generated_at", "invocation_id", "invocation_started_at", "run_started_at", "user_id", "env")


# the page dbt ships asks its own host for files that are not there: an icon it never got, and a picture for every entry of
# a list before the list is filled (the small pictures are given up with it)
_ASKS_IN_VAIN = (
    ("""<link rel="shortcut icon" href="${require('./assets/favicons/favicon.ico')}"/>""", '<link rel="icon" href="data:,"/>'),
    ('xlink:href="{{', 'ng-attr-href="{{'),
)  # fmt: skip


def _template() -> str:
    """The page dbt ships; found without importing dbt."""
    spec = importlib.util.find_spec("dbt.task.docs")
    assert spec and spec.origin
    page = Path(spec.origin).with_name("index.html").read_text(encoding="utf-8")
    for asks, silent in _ASKS_IN_VAIN:
        page = page.replace(asks, silent)
    return page


def _for_a_page(document: dict[str, Any]) -> str:
    """JSON that may stand in a script; the same document gives the same text."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _manifest(path: Path) -> dict[str, Any]:
    """The manifest without dbt's own macros and what only says when it was made."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    metadata = manifest["metadata"]
    manifest["metadata"] = {key: value for key, value in metadata.items() if key not in _OF_THE_RUN}
    project = metadata["project_name"]
    manifest["macros"] = {k: v for k, v in manifest["macros"].items() if v["package_name"] == project}
    for part in ("nodes", "sources", "macros", "unit_tests"):
        for node in manifest[part].values():
            for name in ("created_at", "root_path", "compiled_path", "build_path", "unrendered_config"):
                node.pop(name, None)
    return manifest


def _catalog(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> dict[str, Any]:
    """dbt's catalog of the published tables: columns with their types. No counts, no values."""
    types: dict[tuple[str, str], dict[str, Any]] = {}
    for schema, table, column, kind, index in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, column_index FROM duckdb_columns() "
        "WHERE database_name = current_database() AND NOT internal ORDER BY ALL"
    ).fetchall():
        entry = {"type": kind, "index": index, "name": column, "comment": None}
        types.setdefault((schema, table), {})[column] = entry

    def entries(part: str) -> dict[str, Any]:
        return {
            key: {
                "metadata": {"type": "BASE TABLE", "schema": node["schema"], "name": node["name"], "database": "",
                             "comment": None, "owner": None},
                "columns": types[node["schema"], node["name"]],
                "stats": {},
                "unique_id": key,
            }
            for key, node in manifest[part].items()
            if (node["schema"], node["name"]) in types
        }  # fmt: skip

    metadata = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}
    return {"metadata": metadata, "nodes": entries("nodes"), "sources": entries("sources"), "errors": None}


def write_lineage(settings: Settings, connection: duckdb.DuckDBPyConnection) -> Path:
    """Write the page unless it is that of this project and these tables already; connection: the published file.

    Raises RuntimeError when the dbt project does not parse, or the page dbt ships has no place for the documents.
    """
    target = settings.published / PAGE
    manifest = _manifest(ensure_manifest(settings))
    documents = {"manifest": manifest, "catalog": _catalog(connection, manifest)}
    texts = {name: _for_a_page(document) for name, document in documents.items()}
    digest = hashlib.sha256("\n".join([_CSP, str(_ASKS_IN_VAIN), *texts.values()]).encode()).hexdigest()
    stamp = target.with_name(".fingerprint")
    if target.is_file() and stamp.is_file() and stamp.read_text() == digest:
        return target
    page = _template()
    for name, slot in _SLOTS.items():
        if page.count(slot) != 1:
            raise RuntimeError(f"dbt 文档页没有 {name} 的位置；请核对 dbt-core 的版本")
        page = page.replace(slot, texts[name])
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_CSP}">'
    page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">{policy}', 1)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(".index.html.new")
    fresh.write_text(page, encoding="utf-8")
    os.replace(fresh, target)
    stamp.write_text(digest)
    return target
