"""``taizhang run``: the Dagster job of a quarter in this process, with progress and a closing summary."""

from __future__ import annotations

import fcntl
import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration import manifest, progress
from orchestration.audit import FAILED, Act, act
from orchestration.commands.summary import ProgrammeSummary, Summary, summarise
from orchestration.confirmations import note_written_by_hand
from orchestration.environment import explained
from orchestration.leftovers import clear_files, end_dead_runs, process_tag
from orchestration.settings import ENGINES, SPARK, Settings
from orchestration.warehouse import reader
from raw.periods import SHANGHAI, Period
from raw.registry import programme_ids

DONE, INCOMPLETE, MISUSED = 0, 1, 2


class Misuse(ValueError):
    """Wrong use of a command: exit code 2, the message says what to write instead."""


def parse_as_of(text: str | None) -> datetime | None:
    """ISO date or moment; a bare date means its 24:00 is not meant but its 00:00, a naive moment is Shanghai time."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"--as-of 应写成 2021-10-13T00:00 这样的时间，收到的是“{text}”") from error


def parse_period(text: str) -> Period:
    """Period label; Misuse otherwise."""
    try:
        return Period.parse(text)
    except ValueError as error:
        raise Misuse(str(error)) from error


def check_programme(settings: Settings, programme: str | None) -> None:
    """Misuse when the programme has no registry."""
    known = programme_ids(settings.raw_root)
    if programme is not None and programme not in known:
        raise Misuse(f"方案“{programme}”没有登记目录；可用的方案：{'、'.join(known) or '（无）'}")


def check_engine(settings: Settings) -> None:
    """Misuse when there is no such engine, or this machine does not have what it needs."""
    if settings.engine not in ENGINES:
        raise Misuse(f"没有计算引擎“{settings.engine}”；可用：{'、'.join(ENGINES)}")
    if settings.engine == SPARK:
        from orchestration.engines.local_spark import refusal

        if words := refusal(settings.spark):
            raise Misuse(words)


@contextmanager
def run_lock(settings: Settings, say=lambda text: None) -> Iterator[None]:
    """One run at a time in one home; a second one waits. What killed ones left half made is cleared away."""
    path = settings.home / "run.lock"
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("另一次运行正在进行，等它结束后继续……")
            fcntl.flock(stream, fcntl.LOCK_EX)
        clear_files(settings)
        yield


def _quiet() -> None:
    """Dagster, dbt and GX keep their logs to themselves; people read the progress lines."""
    for name in ("dagster", "alembic", "great_expectations"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _failure_text(result) -> str:
    lines = []
    for event in result.all_events:
        if event.is_failure and event.event_specific_data is not None:
            error = getattr(event.event_specific_data, "error", None)
            # Dagster wraps what happened; the first error that is not its own says it best
            while (
                error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster")
            ):
                error = error.cause
            if error is not None:
                lines.append(f"{event.step_key}: {error.message.strip()}")
    return "\n".join(dict.fromkeys(lines)) or "原因见运行日志"


def execute(
    settings: Settings, period: Period, programme: str | None, as_of: datetime | None, pages: bool = True
) -> tuple[bool, str]:
    """Run the job in this process, with or without the pages; (succeeded, text of the failure)."""
    manifest.begin(settings)  # beside the seconds Dagster takes to be imported
    import dagster as dg

    from orchestration import names
    from orchestration.assets.dbt_models import stop_dbt
    from orchestration.build import build_defs
    from orchestration.partitions import register
    from orchestration.resources import RunScope, dbt_resource

    if manifest.is_being_made(settings):
        from quality.runner import load_library

        load_library()
    _quiet()
    scope = RunScope(
        programme=programme or "",
        as_of=as_of.isoformat() if as_of else "",
        now=datetime.now(SHANGHAI).isoformat(),
        engine=settings.engine,
    )
    defs = build_defs(settings, resources={"dbt": dbt_resource(settings), "scope": scope})
    with dg.DagsterInstance.get() as instance:
        if end_dead_runs(instance):
            progress.logger.info("Dagster 界面启动的一次运行正在进行，轮到时继续……")
        key = register(instance, period)
        job = defs.resolve_job_def(names.JOB if pages else names.JOB_TABLES)
        try:
            result = job.execute_in_process(
                instance=instance,
                partition_key=key,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                tags={names.WHY: names.BY_HAND} | process_tag(),
            )
        finally:
            stop_dbt()
        return result.success, "" if result.success else _failure_text(result)


def run(
    settings: Settings,
    period_text: str,
    programme: str | None,
    as_of_text: str | None,
    as_json: bool,
    pages: bool = True,
) -> int:
    """The command. Returns the exit code: 0 done, 1 registry errors or nothing computed.

    Raises:
        Misuse: a period, programme or time that cannot be.
    """
    period, as_of = parse_period(period_text), parse_as_of(as_of_text)
    check_programme(settings, programme)
    check_engine(settings)
    settings.prepare()
    if not as_json:
        progress.to_console()
    say = (lambda text: None) if as_json else print
    engine = "，用 Spark 计算" if settings.engine == SPARK else ""
    say(f"台账：{period}，{programme or '全部方案'}{engine}；数据目录 {settings.raw_root}")
    with run_lock(settings, say), _in_the_log(settings, period, programme, as_of, pages) as record:
        try:
            succeeded, failure = execute(settings, period, programme, as_of, pages)
        except Exception as error:
            succeeded, failure = False, f"{type(error).__name__}: {error}"
            _keep_traceback(settings)
        if not succeeded:
            record.state, record.outcome = FAILED, {"exit": INCOMPLETE, "error": failure[:2000]}
            words = explained(failure)
            message = (
                f"运行失败（程序或环境的问题，不是数据的问题）：\n{failure}\n{words + chr(10) if words else ''}"
                f"日志：{settings.home / 'logs'}"
            )
            print(json.dumps({"ok": False, "error": failure}, ensure_ascii=False) if as_json else message)
            return INCOMPLETE
        with reader(settings.current) as connection:
            summary = summarise(connection, settings, programme)
        record.outcome = {"exit": _exit_code(summary), "programmes": [_counts(p) for p in summary.programmes]}
    print(json.dumps(summary.as_dict(), ensure_ascii=False, indent=2) if as_json else summary.as_text())
    return _exit_code(summary)


@contextmanager
def _in_the_log(
    settings: Settings, period: Period, programme: str | None, as_of: datetime | None, pages: bool
) -> Iterator[Act]:
    """A run in the audit log, after what somebody wrote into confirmations.csv by hand since the last one."""
    confirmations = note_written_by_hand(settings)
    with act(
        settings, "run", period=str(period), programme=programme, as_of=as_of.isoformat() if as_of else None,
        pages=pages, engine=settings.engine, raw=str(settings.raw_root), confirmations_sha256=confirmations,
    ) as record:  # fmt: skip
        yield record


def _counts(programme: ProgrammeSummary) -> dict[str, Any]:
    kept = ("programme_id", "period", "as_of", "edition", "files", "files_rejected", "rows_loaded", "rows_quarantined",
            "findings", "registry_blocking")  # fmt: skip
    return {name: getattr(programme, name) for name in kept}


def _exit_code(summary: Summary) -> int:
    return DONE if summary.programmes and not summary.registry_blocking else INCOMPLETE


def _keep_traceback(settings: Settings) -> Path:
    folder = settings.home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "last_failure.txt"
    path.write_text(traceback.format_exc(), encoding="utf-8")
    return path
