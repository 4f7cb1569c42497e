"""Dagster's books: the same files as Dagster's own storage, without opening them anew for every event."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import event
from sqlalchemy.engine import Engine

from orchestration.books import EventLog
from orchestration.settings import Settings

MANY = 12


@dg.op
def talk(context) -> None:
    for number in range(MANY):
        context.log_event(dg.AssetMaterialization("thing", metadata={"number": number}))


@dg.job(executor_def=dg.in_process_executor)
def talking() -> None:
    talk()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    settings.prepare()
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    with dg.DagsterInstance.get() as found:
        yield found


def numbers(log, run_id: str) -> list[int]:
    records = log.get_logs_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return [r.asset_materialization.metadata["number"].value for r in records]


def test_the_instance_file_names_them(instance: dg.DagsterInstance):
    assert isinstance(instance.event_log_storage, EventLog)


def test_dagsters_own_class_reads_what_they_hold(instance: dg.DagsterInstance):
    run = talking.execute_in_process(instance=instance)
    theirs = SqliteEventLogStorage(str(Path(instance.root_directory) / "history" / "runs"))
    assert numbers(theirs, run.run_id) == list(range(MANY)) == numbers(instance.event_log_storage, run.run_id)
    assert [key.to_user_string() for key in theirs.all_asset_keys()] == ["thing"]


def test_a_file_is_opened_once_and_not_for_every_event(instance: dg.DagsterInstance):
    opened = []

    def note(connection, record) -> None:
        (_, _, file) = connection.execute("PRAGMA database_list").fetchone()
        opened.append(Path(file).parent.name)

    event.listen(Engine, "connect", note)
    try:
        talking.execute_in_process(instance=instance)
    finally:
        event.remove(Engine, "connect", note)
    # the run's file and the index: some times while they are made, then once for good
    assert 2 <= opened.count("runs") < MANY


def test_a_wiped_run_leaves_nothing_behind(instance: dg.DagsterInstance):
    run = talking.execute_in_process(instance=instance)
    log = instance.event_log_storage
    for file in Path(log.path_for_shard(run.run_id)).parent.glob(f"{run.run_id}.db*"):
        file.unlink()
    assert numbers(log, run.run_id) == []


def test_disposed_books_hold_no_file_and_open_again(instance: dg.DagsterInstance):
    run = talking.execute_in_process(instance=instance)
    log = instance.event_log_storage
    log.dispose()
    held = {
        Path(link).name
        for fd in Path("/proc/self/fd").iterdir()
        if (link := str(fd.resolve())).endswith(".db")
    }
    assert f"{run.run_id}.db" not in held
    assert numbers(log, run.run_id) == list(range(MANY))


def test_who_looks_at_many_runs_does_not_hold_them_all_open(instance: dg.DagsterInstance):
    runs = [talking.execute_in_process(instance=instance).run_id for _ in range(6)]
    log = instance.event_log_storage
    assert all(numbers(log, run_id) == list(range(MANY)) for run_id in runs)
    assert len(log._engines) <= 4
