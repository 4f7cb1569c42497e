"""dbt's manifest of the project: parsed when its files changed, by a process of its own.

Belongs here: when it is parsed, where its artefacts stand. Does not belong here: what Dagster makes of it (``assets.dbt_models``).
Imports neither Dagster nor dbt: a run begins the parsing before it loads them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import Settings
from raw.durable import being_made

_NO_SOURCES = frozenset({"__pycache__", "target", "logs", "samples"})
_PARSED = ("manifest.json", "partial_parse.msgpack")


@dataclass(frozen=True)
class _Parsing:
    """dbt at work in a folder of its own: whatever kills it or this process, what stands in its place is whole."""

    process: subprocess.Popen[str]
    folder: Path
    fingerprint: str


# target folder → the parsing of it that has begun
_begun: dict[Path, _Parsing] = {}


def sources_sha256(*folders: Path) -> str:
    """Hash over names and bytes of every source file of some folders of the repository; what tools leave there is none."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _NO_SOURCES & set(path.relative_to(folder).parts):
                digest.update(path.relative_to(folder.parent).as_posix().encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()


def run_target(settings: Settings, target: str = "run") -> Path:
    """Artefacts of the production build; of each target of dbt's profile but the default one, beside them."""
    return settings.dbt_target / target


def _paths(settings: Settings) -> tuple[Path, Path]:
    """The manifest, and the hash of what it was made of."""
    return settings.dbt_target / _PARSED[0], settings.dbt_target / "manifest.fingerprint"


def dbt_executable() -> str:
    """The dbt beside this Python."""
    return str(Path(sys.executable).with_name("dbt"))


def dbt_command(settings: Settings, *words: str, target: Path) -> list[str]:
    """dbt's command line for the project: ``words`` are its flags and verb, artefacts go to ``target``."""
    project = str(settings.dbt_project)
    return [
        *(dbt_executable(), "--no-use-colors", "--log-path", str(settings.dbt_target / "logs"), *words),
        *("--project-dir", project, "--profiles-dir", project, "--target-path", str(target)),
    ]


def begin(settings: Settings) -> None:
    """Start to parse the project (no database is opened) where its files changed; ``ensure_manifest`` waits for it."""
    target = settings.dbt_target
    manifest, stamp = _paths(settings)
    fingerprint = sources_sha256(settings.dbt_project)
    if manifest.is_file() and stamp.is_file() and stamp.read_text() == fingerprint:
        return
    folder = being_made(target / "parsed")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    known = target / _PARSED[1]
    if known.is_file():
        shutil.copyfile(known, folder / known.name)
    command = dbt_command(settings, "--quiet", "parse", target=folder)
    process = subprocess.Popen(
        command, env=settings.child_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    _begun[target] = _Parsing(process, folder, fingerprint)


def is_being_made(settings: Settings) -> bool:
    """True while dbt parses: whoever waits for the manifest has time for something else."""
    parsing = _begun.get(settings.dbt_target)
    return parsing is not None and parsing.process.poll() is None


def ensure_manifest(settings: Settings) -> Path:
    """Path of an up-to-date dbt manifest.

    Raises:
        RuntimeError: the project does not parse.
    """
    target = settings.dbt_target
    manifest, stamp = _paths(settings)
    if target not in _begun:
        begin(settings)
    if (parsing := _begun.pop(target, None)) is not None:
        said, _ = parsing.process.communicate()
        if parsing.process.returncode:
            raise RuntimeError(f"dbt 项目无法解析：{said.strip()}")
        stamp.unlink(missing_ok=True)
        # the build need not parse again what was parsed just now
        run_target(settings).mkdir(exist_ok=True)
        shutil.copyfile(parsing.folder / _PARSED[1], run_target(settings) / _PARSED[1])
        for name in _PARSED:
            os.replace(parsing.folder / name, target / name)
        shutil.rmtree(parsing.folder)
        stamp.write_text(parsing.fingerprint)
    return manifest
