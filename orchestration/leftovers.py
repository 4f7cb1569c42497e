"""What a killed process leaves in a home: files half made, and its claims in Dagster's books (decisions/0014).

Called by whoever holds the run lock, before anything is written. Does not belong here: what a killed receive leaves
(``receive``), names of files being made (``raw.durable``).
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.settings import Settings
from raw.durable import clear_rests, process_alive

if TYPE_CHECKING:
    import dagster as dg

# the process that executes a run, and when it said so: a run of a killed process stays "started" in Dagster's books for ever
PROCESS_TAG = "taizhang/process"
_OPEN = ("NOT_STARTED", "STARTING", "STARTED", "CANCELING")


def process_tag() -> dict[str, str]:
    """The tag of a run that this process executes."""
    return {PROCESS_TAG: f"{os.getpid()}:{time.time():.0f}"}


def clear_files(settings: Settings) -> list[Path]:
    """Remove what killed processes were making in the home; returns what was removed."""
    published = settings.published
    cache = [folder for folder in settings.cache.rglob("*") if folder.is_dir()]
    return clear_rests(
        [
            settings.home,
            settings.home / "archive",
            settings.dbt_target,
            *(settings.cache, *cache),
            *(published, *published.glob("*"), *published.glob("*/*"), *published.glob("*/*/editions")),
        ]
    )


def end_dead_runs(instance: dg.DagsterInstance, alone: bool = True) -> list[str]:
    """Enter runs of killed processes as failed and free the writer pool of their claims; returns runs that live.

    Without that every later run would wait for the claim of the dead one. ``alone``: the caller holds the run lock, so an
    open run of the command line is a dead one. Of every other its process decides.
    """
    from dagster import DagsterRunStatus, RunsFilter

    from orchestration import names  # imports Dagster: seconds that a command like status need not spend

    storage = instance.event_log_storage
    claims = storage.get_concurrency_run_ids()
    living = []
    for run in instance.get_runs(filters=RunsFilter(statuses=[DagsterRunStatus(status) for status in _OPEN])):
        by_hand = run.tags.get(names.WHY) == names.BY_HAND
        if _lives(run, by_hand) and not (alone and by_hand):
            living.append(run.run_id)
        else:
            instance.report_run_failed(run, "运行的进程已被中断")
    for run_id in claims - set(living):
        storage.free_concurrency_slots_for_run(run_id)
    return living


def _lives(run: dg.DagsterRun, by_hand: bool) -> bool:
    process, _, since = run.tags.get(PROCESS_TAG, "").partition(":")
    if process:
        return process_alive(int(process), float(since))
    # the command line signs its runs when it makes them; a run of the daemon without a process is about to begin
    return not by_hand
