"""Schedules in Shanghai time: the evening of the cut-off, and the freeze.

Both tick daily and ask the registries whether today is the day: ``report_day`` and ``freeze_days`` differ between
programmes.
"""

from datetime import datetime, timedelta

import dagster as dg

from orchestration import names
from orchestration.partitions import register
from orchestration.settings import Settings
from raw.periods import Period, shanghai
from raw.registry import programme_ids, read_programme


def due_on(settings: Settings, event: str, day) -> list[tuple[str, Period]]:
    """(programme, period) whose cut-off (``event="cutoff"``) or freeze (``"freeze"``) day is ``day``."""
    found = []
    for programme_id in programme_ids(settings.raw_root):
        programme = read_programme(settings.raw_root, programme_id)
        for period in programme.periods:
            if event == "cutoff":
                date = period.cutoff_on(programme.row["report_day"])
            else:
                date = period.end + timedelta(days=programme.row["freeze_days"])
            if date == day:
                found.append((programme_id, period))
    return found


def run_requests(instance: dg.DagsterInstance, found: list[tuple[str, Period]], tag: str, moment: datetime):
    """One run per quarter (all programmes share the marts); the run key keeps a tick from running twice."""
    for period in sorted({period for _, period in found}):
        yield dg.RunRequest(
            run_key=f"{tag}-{period}-{moment:%Y%m%d}",
            partition_key=register(instance, period),
            tags={names.WHY: tag},
        )


def build(settings: Settings, job) -> list[dg.ScheduleDefinition]:
    """The two schedules."""

    @dg.schedule(
        name="cutoff_evening",
        job=job,
        cron_schedule="30 20 * * *",
        execution_timezone=names.TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="截止日当晚 20:30 运行，供催报",
    )
    def cutoff_evening(context: dg.ScheduleEvaluationContext):
        now = shanghai(context.scheduled_execution_time)
        found = due_on(settings, "cutoff", now.date())
        if not found:
            return dg.SkipReason(f"{now:%Y-%m-%d} 不是任何方案的截止日")
        return list(run_requests(context.instance, found, "cutoff", now))

    @dg.schedule(
        name="freeze",
        job=job,
        cron_schedule="10 0 * * *",
        execution_timezone=names.TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="定版日次日 00:10 运行，得出定版数",
    )
    def freeze(context: dg.ScheduleEvaluationContext):
        now = shanghai(context.scheduled_execution_time)
        found = due_on(settings, "freeze", now.date() - timedelta(days=1))
        if not found:
            return dg.SkipReason(f"{now:%Y-%m-%d} 前一日不是任何方案的定版日")
        return list(run_requests(context.instance, found, "freeze", now))

    return [cutoff_evening, freeze]
