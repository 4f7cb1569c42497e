"""Inbox sensor: files dropped under inbox/ are received and a run is requested.

A filled form says itself whose it is and may lie anywhere; every other file lies in inbox/<programme>/<period>/<reporter>/.
Thin: receiving is ``orchestration.receive``, recognising a form ``orchestration.forms``. A file that cannot be received
moves to inbox/.refused with a note, so that it is looked at once and never lost.
"""

import hashlib
import time
from datetime import datetime
from pathlib import Path

import dagster as dg

from dashboards.workbooks.form import FormId
from orchestration.forms import check_form, read_form
from orchestration.partitions import register
from orchestration.receive import Received, Refused, receive
from orchestration.settings import Settings
from raw.contracts import kind_of
from raw.periods import SHANGHAI, Period
from raw.registry import Programme, programme_ids, read_programme

# a file still being copied changes its time; one that rested this long is whole
_SETTLED_SECONDS = 10


def _by_place(relative: Path, known: dict[str, Programme]) -> tuple[Programme, str, str, Period]:
    """(programme, reporter_id, kind, period) by folder and file name. Raises Refused where they do not say it."""
    if len(relative.parts) != 4:
        raise Refused("不是下发的模板，应放在 inbox/方案/期次/填报主体/ 之下")
    programme_id, label, reporter_id, name = relative.parts
    if programme_id not in known:
        raise Refused(f"方案 {programme_id} 没有登记目录")
    kind = kind_of(name)
    if kind is None:
        raise Refused("文件名应以 progress、indicators、rectification 或 satisfaction 开头")
    try:
        return known[programme_id], reporter_id, kind, Period.parse(label)
    except ValueError as error:
        raise Refused(str(error)) from error


def _agree(form: FormId, relative: Path) -> None:
    """Refuse a form that lies in a full folder of another programme, period or reporter: one of the two is a slip."""
    if len(relative.parts) == 4 and relative.parts[:3] != (form.programme_id, form.period, form.reporter_id):
        raise Refused(
            f"表内标明是 {form.programme_id}/{form.period}/{form.reporter_id}，与所放文件夹 "
            f"{'/'.join(relative.parts[:3])} 不一致；请核对后直接放在 inbox/ 下，或改用对应的模板"
        )


def empty_inbox(settings: Settings, now: datetime) -> tuple[list[Received], list[tuple[Path, str]]]:
    """Receive every settled file of the inbox; returns (received, refused with reason)."""
    received, refused = [], []
    known = {pid: read_programme(settings.raw_root, pid) for pid in programme_ids(settings.raw_root)}
    for source in sorted(
        path for path in settings.inbox.rglob("*") if path.is_file() and not path.is_symlink()
    ):
        relative = source.relative_to(settings.inbox)
        if any(part.startswith((".", "~$")) for part in relative.parts):
            continue
        if time.time() - source.stat().st_mtime < _SETTLED_SECONDS:
            continue
        try:
            form = read_form(source, settings.limits)
            if form is not None:
                programme, reporter_id, kind, period = check_form(form, known)
                _agree(form, relative)
            else:
                programme, reporter_id, kind, period = _by_place(relative, known)
            entry = receive(settings.raw_root, source, programme, reporter_id, kind, period, now)
        except Refused as reason:
            corner = settings.inbox / ".refused" / relative
            corner.parent.mkdir(parents=True, exist_ok=True)
            source.replace(corner)
            corner.with_name(corner.name + ".原因.txt").write_text(f"{reason}\n", encoding="utf-8")
            refused.append((relative, str(reason)))
        else:
            source.unlink()
            received.append(entry)
    return received, refused


def build(settings: Settings, job) -> list[dg.SensorDefinition]:
    """The inbox sensor."""

    @dg.sensor(
        name="inbox",
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="收件箱有新文件时：存档、登记收文、运行该季度",
    )
    def inbox(context: dg.SensorEvaluationContext):
        received, refused = empty_inbox(settings, datetime.now(SHANGHAI))
        for relative, reason in refused:
            context.log.warning("refused %s: %s", relative, reason)
        if not received:
            return dg.SkipReason(
                "收件箱没有新文件" if not refused else f"{len(refused)} 个文件不能收，已移到 .refused"
            )
        periods = sorted({Period.parse(Path(entry.path).parts[2]) for entry in received})
        requests = []
        for period in periods:
            paths = sorted(entry.path for entry in received if Path(entry.path).parts[2] == str(period))
            digest = hashlib.sha256(
                "\n".join([*paths, received[0].received_at.isoformat()]).encode()
            ).hexdigest()[:12]
            requests.append(
                dg.RunRequest(
                    run_key=f"inbox-{period}-{digest}",
                    partition_key=register(context.instance, period),
                    tags={"taizhang/why": "inbox", "taizhang/files": str(len(paths))},
                )
            )
        return requests

    return [inbox]
