"""What a killed process leaves in a home does not hold up the next one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration import names
from orchestration.assets.dbt_models import running
from orchestration.environment import explained, refusal
from orchestration.leftovers import PROCESS_TAG, clear_files, end_dead_runs, process_tag
from orchestration.settings import Settings


@dg.job
def _nothing():
    pass


@pytest.fixture
def instance(tmp_path: Path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.event_log_storage.initialize_concurrency_limit_to_default(names.WRITER_POOL)
        instance.event_log_storage.set_concurrency_slots(names.WRITER_POOL, 1)
        yield instance


def _started(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    """A run that holds the writer's slot, as a killed one does for ever."""
    run = instance.create_run_for_job(_nothing, tags=tags, status=dg.DagsterRunStatus.STARTED)
    instance.event_log_storage.claim_concurrency_slot(names.WRITER_POOL, run.run_id, "load_raw_tree")
    return run.run_id


def _claimable(instance: dg.DagsterInstance) -> bool:
    claim = instance.event_log_storage.claim_concurrency_slot(names.WRITER_POOL, "next", "load_raw_tree")
    return claim.is_claimed


def test_a_killed_run_frees_the_writer(instance: dg.DagsterInstance):
    """Without this every later run waits for ever: found by the campaign's first kill."""
    killed = _started(instance, {names.WHY: names.BY_HAND} | process_tag())
    assert not _claimable(instance)
    assert end_dead_runs(instance) == []
    assert instance.get_run_by_id(killed).status == dg.DagsterRunStatus.FAILURE
    instance.event_log_storage.free_concurrency_slots_for_run("next")
    assert _claimable(instance)


def test_a_living_run_of_the_daemon_keeps_its_claim(instance: dg.DagsterInstance):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = instance.create_run_for_job(
        _nothing,
        tags={names.WHY: "inbox", PROCESS_TAG: f"{ended.pid}:4000000000"},
        status=dg.DagsterRunStatus.STARTED,
    )
    living = _started(instance, {names.WHY: "inbox"} | process_tag())
    assert end_dead_runs(instance) == [living]
    assert instance.get_run_by_id(living).status == dg.DagsterRunStatus.STARTED
    assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE
    assert not _claimable(instance)


def test_a_scheduled_run_leaves_a_command_that_is_at_work_alone(instance: dg.DagsterInstance):
    by_hand = _started(instance, {names.WHY: names.BY_HAND} | process_tag())
    assert end_dead_runs(instance, alone=False) == [by_hand]
    assert end_dead_runs(instance) == []


def test_rests_of_killed_processes_are_cleared_and_editions_stay(tmp_path: Path):
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    quarter = settings.published / "p" / "2021Q1"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    rests = [
        settings.published / f".current.duckdb.{dead.pid}",
        settings.published / f".current.known.{dead.pid}.wal",
        quarter / f".site.{dead.pid}",
        quarter / "editions" / f".r1.{dead.pid}",
        settings.cache / "pages" / "p" / f".2021Q1.json.{dead.pid}",
        settings.home / "archive" / f".part.{dead.pid}",
    ]
    kept = [quarter / "editions" / "r0", quarter / "site", settings.home / f".mine.{os.getpid()}"]
    for path in [*rests, *kept]:
        path.mkdir(parents=True)
        (path / "file").write_text("x")
    assert sorted(clear_files(settings)) == sorted(rests)
    assert all((path / "file").is_file() for path in kept)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (OSError(28, "No space left on device", "a"), "磁盘空间不足"),
        (OSError(30, "Read-only file system", "a"), "只读"),
        (PermissionError(13, "Permission denied", "a"), "没有权限"),
    ],
)
def test_what_the_machine_refuses_is_told_in_words(error: OSError, word: str):
    assert word in refusal(error)
    assert word in explained(f"step: IO Error: {error}")


def test_our_own_faults_are_not_explained_away():
    assert refusal(KeyError("No space left on device")) is None
    assert explained("AssertionError: rows_read") is None


def test_dbt_does_not_outlive_a_step_that_fails():
    """A disk filled up while dbt ran: the run ended and its dbt went on writing."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.PIPE)
    with pytest.raises(OSError, match="No space"), running(SimpleNamespace(process=process)):
        raise OSError(28, "No space left on device")
    assert process.poll() is not None
    process.stdout.close()
