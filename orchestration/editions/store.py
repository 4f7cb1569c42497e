"""Editions on disk, and the archive their inputs live in.

Layout: ``published/<programme>/<period>/editions/r<N>/`` holds what people read and ``MANIFEST.json``;
``archive/<aa>/<sha256>`` under the home holds every input once, named by its content, never served.

Belongs here: folders, identifiers, manifests as they are read, content-addressed files. Does not belong here: what goes into
an edition (``freeze``), whether it can be computed again (``verify``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.settings import Settings
from raw.durable import being_made, copy_hashed, sync_folder
from raw.tree import file_sha256

MANIFEST = "MANIFEST.json"
TABLES = "parquet"
DIFFERENCE = "difference.json"
VERIFIED = "verified.json"  # beside the folders, not in them: an edition never changes
CHANGE = ("what", "reporter_id", "entity_id", "field", "old", "new")
_REVISION = re.compile(r"r(\d+)")
_ID = re.compile(r"(?P<programme>[^/]+)/(?P<period>\d{4}Q[1-4])/r(?P<revision>\d+)")


class EditionDamaged(RuntimeError):
    """A file of an edition or of its archive is missing or not what the manifest says."""


@dataclass(frozen=True)
class Edition:
    """One edition: its folder and its manifest."""

    folder: Path
    manifest: dict[str, Any]
    instead: dict[str, Path] = field(
        default_factory=dict
    )  # table → where its rows are, its own file being damaged

    @property
    def programme_id(self) -> str:
        """Programme it belongs to."""
        return self.manifest["programme_id"]

    @property
    def period(self) -> str:
        """Quarter, like 2021Q3."""
        return self.manifest["period"]

    @property
    def revision(self) -> int:
        """N of r<N>."""
        return self.manifest["revision"]

    @property
    def edition_id(self) -> str:
        """``<programme>/<period>/r<N>``."""
        return self.manifest["edition"]

    @cached_property
    def data_cut(self) -> datetime:
        """What was received until then counts."""
        return datetime.fromisoformat(self.manifest["data_cut"])

    @cached_property
    def manifest_sha256(self) -> str:
        """Hash of the manifest: what a later edition stands on."""
        return file_sha256(self.folder / MANIFEST)

    def table(self, name: str) -> Path:
        """The frozen rows of a mart."""
        return self.instead.get(name) or self.folder / TABLES / f"{name}.parquet"

    def changes(self) -> list[dict[str, Any]]:
        """Differences from the edition it replaces, columns ``CHANGE``; none for r0."""
        path = self.folder / DIFFERENCE
        return json.loads(path.read_text(encoding="utf-8"))["changes"] if path.is_file() else []

    @property
    def verified(self) -> Path:
        """Where the outcome of the last verification is kept."""
        return self.folder.with_name(f"{self.folder.name}.{VERIFIED}")

    def checks(self) -> list[dict[str, Any]]:
        """What the last verification found, by reporter (reporter_id may be None); empty: never verified.

        A verification without difference is one line per ranked reporter with problem None.
        """
        if not self.verified.is_file():
            return []
        return json.loads(self.verified.read_text(encoding="utf-8"))["reporters"]


DRAFT = "征求意见稿"


def mark(edition: Edition | None) -> str:
    """How a quarter is called on its pages; nothing in it depends on the machine or the clock."""
    if edition is None:
        return DRAFT
    name = "定稿" if edition.revision == 0 else f"第 {edition.revision} 次修订"
    return f"{name}（r{edition.revision}，{edition.manifest['by']} 发布，{edition.manifest['approved_by']} 批准）"


def edition_id(programme_id: str, period: str, revision: int) -> str:
    """``<programme>/<period>/r<N>``."""
    return f"{programme_id}/{period}/r{revision}"


def editions_folder(settings: Settings, programme_id: str, period: str) -> Path:
    """Where the editions of a quarter stand."""
    return settings.published / programme_id / period / "editions"


def editions(settings: Settings, programme_id: str | None = None, period: str | None = None) -> list[Edition]:
    """Every finished edition, by programme, period and revision. Raises EditionDamaged where a manifest cannot be read."""
    found = []
    for path in settings.published.glob(f"*/*/editions/r*/{MANIFEST}"):
        if not _REVISION.fullmatch(path.parent.name):
            continue
        try:
            edition = Edition(path.parent, json.loads(path.read_text(encoding="utf-8")))
            place = (edition.programme_id, edition.period, f"r{edition.revision}")
        except (ValueError, KeyError, TypeError) as error:
            raise EditionDamaged(f"{path} 无法读取：{error}") from error
        if place != (*path.parent.relative_to(settings.published).parts[:2], path.parent.name):
            raise EditionDamaged(f"{path} 写的是 {edition.edition_id}，与所在文件夹不符")
        if programme_id in (None, edition.programme_id) and period in (None, edition.period):
            found.append(edition)
    return sorted(found, key=lambda e: (e.programme_id, e.period, e.revision))


def latest(found: list[Edition], until: datetime | None = None) -> dict[tuple[str, str], Edition]:
    """(programme, period) → its last edition whose data cut is not after ``until``."""
    return {(e.programme_id, e.period): e for e in found if until is None or e.data_cut <= until}


def edition_named(settings: Settings, name: str) -> Edition | None:
    """The edition of an identifier ``<programme>/<period>/r<N>``; None when there is none or it is no identifier."""
    parts = _ID.fullmatch(name.strip())
    if parts is None:
        return None
    for edition in editions(settings, parts["programme"], parts["period"]):
        if edition.revision == int(parts["revision"]):
            return edition
    return None


# --- the archive ------------------------------------------------------------------------------------------------------


def archive_path(settings: Settings, sha256: str) -> Path:
    """Where the content with this hash is kept."""
    return settings.home / "archive" / sha256[:2] / sha256


def archive_file(settings: Settings, source: Path) -> tuple[str, int]:
    """Keep a file by its content; returns (sha256, bytes). What is archived is what was hashed, also while it changes."""
    folder = settings.home / "archive"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = being_made(folder / "part")
    try:
        sha256, size = copy_hashed(source, partial)
        target = archive_path(settings, sha256)
        if not target.exists():
            target.parent.mkdir(exist_ok=True, mode=0o700)
            os.replace(partial, target)
            target.chmod(0o440)
            sync_folder(target.parent)
            sync_folder(folder)
    finally:
        partial.unlink(missing_ok=True)
    return sha256, size


def take_out(settings: Settings, sha256: str, target: Path) -> None:
    """Copy an archived input to ``target``. Raises EditionDamaged when it is missing or altered."""
    source = archive_path(settings, sha256)
    if not source.is_file():
        raise EditionDamaged(f"存档缺失：{source}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o640)
    if file_sha256(target) != sha256:
        raise EditionDamaged(f"存档被改动：{source} 的内容与其哈希不符")
