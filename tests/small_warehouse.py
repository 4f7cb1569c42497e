"""The stages of a run without Dagster, for tests with a tree of their own: half the time of a whole run.

Belongs here: landing a raw tree and building dbt on it, with the modules the Dagster job calls. Does not belong here: trees, and
what should come out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from orchestration.assets.control import write_control
from orchestration.assets.publish import standing, write_snapshot
from orchestration.editions.store import editions
from orchestration.settings import Settings
from orchestration.warehouse import writer
from quality.runner import run_expectations
from raw.loader import load
from raw.periods import Period


def land(settings: Settings, asked: Period, now: datetime, as_of: datetime | None = None) -> None:
    """Raw tree, control tables and expectations of the home; loads again where something was loaded before."""
    with writer(settings.warehouse) as connection:
        load(connection, settings.raw_root, now=now)
        write_control(connection, asked, as_of, now, None, editions(settings))
        run_expectations(connection)


def build_home(
    settings: Settings,
    folder: Path,
    asked: Period,
    now: datetime,
    as_of: datetime | None = None,
    tested: bool = False,
) -> None:
    """From the raw tree to ``current.duckdb``: what the job does, without Dagster, Parquet and pages."""
    settings.prepare()
    land(settings, asked, now, as_of)
    dbt_build(settings, folder, tested)
    with writer(settings.warehouse) as connection:
        write_snapshot(connection, settings.current, standing(connection, editions(settings)))


def dbt_build(settings: Settings, folder: Path, tested: bool = True) -> None:
    """Every model and seed on the landed warehouse, ``tested``: every data test too; ``folder`` takes logs and target.

    Untested for trees whose tables are compared cell by cell anyway: the data tests are a third of a small build.
    """
    left_out = [] if tested else ["--exclude-resource-type", "test"]
    project = str(settings.dbt_project)
    command = [
        *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "--log-path", str(folder / "logs")),
        *("build", "--exclude-resource-type", "unit_test", *left_out, "--project-dir", project),
        *("--profiles-dir", project, "--target-path", str(folder / "target")),
    ]
    done = subprocess.run(command, env=os.environ.copy(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
