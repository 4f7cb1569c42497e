"""Where things are. The only module that reads environment variables.

Belongs here: paths, limits and switches. Does not belong here: anything a programme's registry decides.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from raw.errors import Limits

REPOSITORY = Path(__file__).resolve().parents[1]

# every tool of the stack that would phone home is told not to, before it is imported
_SILENCE = {
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
    "GX_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


# the owner writes, the owner's group (analysts) reads what is published, nobody else sees anything
UMASK = 0o027
_TOO_OPEN = 0o027
_PRIVATE = 0o077


def restrict_new_files() -> None:
    """Set the umask of this process and its children; never a looser one than it has."""
    os.umask(os.umask(UMASK) | UMASK)


def too_open(path: Path) -> int:
    """Bits of the mode of a path that let others write, or the world see it (0: none)."""
    return stat.S_IMODE(path.stat().st_mode) & _TOO_OPEN


def _close(folder: Path, bits: int) -> None:
    """Take the bits from a folder of ours; a shared one (sticky, like a temporary folder) or another's stays as it is."""
    state = folder.stat()
    if state.st_mode & bits and state.st_uid == os.geteuid() and not state.st_mode & stat.S_ISVTX:
        folder.chmod(stat.S_IMODE(state.st_mode) & ~bits)


DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)


@dataclass(frozen=True)
class Spark:
    """The Spark of a run with ``--engine spark``: one of its own on this machine (``session``), or a server's.

    Where the server is, dbt's profile reads itself (TAIZHANG_SPARK_HOST …, docs/spark.md). ``conf``: a folder with somebody's
    own spark-defaults.conf, which then stands instead of ``master`` and ``memory``.
    """

    method: str = "session"
    master: str = "local[2]"
    memory: str = "2g"
    conf: Path | None = None
    java_home: Path | None = None

    @classmethod
    def from_env(cls) -> Spark:
        """From TAIZHANG_SPARK_METHOD, _MASTER, _MEMORY, _CONF, and JAVA_HOME."""
        given = {
            name: os.environ[f"TAIZHANG_SPARK_{name.upper()}"]
            for name in ("method", "master", "memory")
            if os.environ.get(f"TAIZHANG_SPARK_{name.upper()}")
        }
        folders = {"conf": os.environ.get("TAIZHANG_SPARK_CONF"), "java_home": os.environ.get("JAVA_HOME")}
        return cls(**given, **{name: Path(folder).resolve() for name, folder in folders.items() if folder})

    @property
    def local(self) -> bool:
        """It runs in a process of ours and is gone with it."""
        return self.method == "session"


@dataclass(frozen=True)
class Settings:
    """All paths are absolute, so that no part depends on the working directory."""

    raw_root: Path
    home: Path
    limits: Limits = field(default_factory=Limits)
    engine: str = DUCKDB
    spark: Spark = field(default_factory=Spark)

    @classmethod
    def from_env(cls) -> Settings:
        """From TAIZHANG_RAW (default: the bundled sample), TAIZHANG_HOME (default: ./var) and TAIZHANG_ENGINE (duckdb)."""
        return cls(
            Path(os.environ.get("TAIZHANG_RAW") or REPOSITORY / "raw" / "samples").resolve(),
            Path(os.environ.get("TAIZHANG_HOME") or "var").resolve(),
            engine=os.environ.get("TAIZHANG_ENGINE") or DUCKDB,
            spark=Spark.from_env(),
        )

    @property
    def warehouse(self) -> Path:
        """The pipeline's own database file."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What people read: current.duckdb, sites, parquet, editions."""
        return self.home / "published"

    @property
    def current(self) -> Path:
        """The analysts' database file, swapped atomically."""
        return self.published / "current.duckdb"

    @property
    def cache(self) -> Path:
        """What may be thrown away, for it can be made again; no output."""
        return self.home / "cache"

    @property
    def inbox(self) -> Path:
        """Drop folder of the inbox sensor: inbox/<programme>/<period>/<reporter>/<kind>*.<ext>."""
        return self.home / "inbox"

    @property
    def audit(self) -> Path:
        """The audit log."""
        return self.home / "audit"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.home / "dagster"

    @property
    def dbt_project(self) -> Path:
        """The dbt project (also holds its profiles)."""
        return REPOSITORY / "dbt_project"

    @property
    def dbt_target(self) -> Path:
        """dbt's artefacts; beside the warehouse they describe."""
        return self.home / "dbt"

    @property
    def lake(self) -> Path:
        """Parquet files between the engines; every run with Spark writes them anew."""
        return self.home / "lake"

    @property
    def spark_home(self) -> Path:
        """Configuration, catalogue and spilled data of a Spark of our own."""
        return self.home / "spark"

    def prepare(self) -> None:
        """Make the folders, close those that stand open, write Dagster's instance file, set what child processes inherit.

        Idempotent. Published folders stay readable for the group; the inbox, where others put files, keeps the group's right
        to write; everything else is the owner's.
        """
        private = (
            self.dagster_home,
            self.dbt_target,
            self.audit,
            self.cache,
            self.home / "archive",
            self.home / "logs",
        )
        for folder in (self.home, self.published, self.inbox, *private):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.home, self.published):
            _close(folder, _TOO_OPEN)
        _close(self.inbox, 0o007)
        for folder in private:
            _close(folder, _PRIVATE)
        instance_file = self.dagster_home / "dagster.yaml"
        wanted = (Path(__file__).parent / "dagster.yaml").read_text(encoding="utf-8")
        if not instance_file.exists() or instance_file.read_text(encoding="utf-8") != wanted:
            instance_file.write_text(wanted, encoding="utf-8")
        os.environ.update(self.environment())

    def environment(self) -> dict[str, str]:
        """What a child process of this home needs to know, the rest of the environment left out."""
        return _SILENCE | {
            "TAIZHANG_RAW": str(self.raw_root),
            "TAIZHANG_HOME": str(self.home),
            "TAIZHANG_WAREHOUSE": str(self.warehouse),
            "DAGSTER_HOME": str(self.dagster_home),
            "TAIZHANG_LAKE": str(self.lake),
            "SPARK_CONF_DIR": str(self.spark.conf or self.spark_home / "conf"),
        }

    def child_environment(self) -> dict[str, str]:
        """The whole environment of a child process of this home."""
        return os.environ | self.environment()
