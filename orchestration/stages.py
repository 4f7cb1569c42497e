"""The stages of a run one after another, without Dagster: for a verification, and for tests with a tree of their own.

Belongs here: landing a raw tree and building the models on it, with the modules the Dagster job calls. Does not belong here:
what a run tells people, what is published.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import datetime

from orchestration.assets.control import write_control
from orchestration.editions.intact import usable_editions
from orchestration.manifest import dbt_command
from orchestration.settings import Settings
from orchestration.warehouse import writer
from raw.loader import load
from raw.periods import Period


class ModelsFailed(RuntimeError):
    """dbt did not build; the message is the end of what it said."""


def land(
    settings: Settings,
    asked: Period,
    now: datetime,
    as_of: datetime | None = None,
    programme_id: str | None = None,
) -> None:
    """Raw tree, control tables and expectations of the home; loads again where something was loaded before."""
    from quality.runner import run_expectations

    with writer(settings.warehouse, settings.published) as connection:
        load(connection, settings.raw_root, programme_id, settings.limits, now=now)
        write_control(connection, asked, as_of, now, programme_id, usable_editions(settings))
        run_expectations(connection)


def build_models(settings: Settings, tested: bool = True, only: Sequence[str] = ()) -> None:
    """Every model and seed on the landed warehouse, ``tested``: every data test too. Raises ModelsFailed.

    ``only``: selectors of dbt, with the data tests that need nothing else; everything without them.
    Untested where the tables are compared cell by cell anyway: the data tests are a third of a small build.
    """
    left_out = ["unit_test"] if tested else ["unit_test", "test"]
    command = dbt_command(
        settings,
        "build",
        *(word for kind in left_out for word in ("--exclude-resource-type", kind)),
        *(("--select", *only, "--indirect-selection", "cautious") if only else ()),
        target=settings.dbt_target,
    )
    done = subprocess.run(
        command, env=settings.child_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ModelsFailed(done.stdout[-4000:])
