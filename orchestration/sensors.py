"""Inbox sensor: files dropped under inbox/ are received and a run is requested.

A filled form says itself whose it is and may lie anywhere; every other file lies in inbox/<programme>/<period>/<reporter>/.
Thin: receiving is ``orchestration.receive``, recognising a form ``orchestration.forms``. A file that cannot be received
moves to inbox/.refused with a note, so that it is looked at once and never lost. A file that was received moves to
inbox/.taken for a day: who still writes into it writes into a file that is looked at again.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import dagster as dg

from dashboards.workbooks.form import FormId
from orchestration import names
from orchestration.forms import check_form, read_form
from orchestration.partitions import register
from orchestration.receive import NotNow, Received, Refused, receive_logged
from orchestration.settings import Settings
from raw.contracts import kind_of
from raw.periods import SHANGHAI, Period
from raw.registry import Programme, programme_ids, read_programme

# the same size and times at two looks this far apart: whole. Its age says nothing: copies keep the times of the original
_SETTLED_SECONDS = 10
_KEPT_SECONDS = 24 * 3600
_TAKEN = ".taken"


@dataclass
class Emptied:
    """What one look at the inbox did; ``seen`` is what the next look needs to know."""

    received: list[Received] = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)
    waiting: list[tuple[Path, str]] = field(default_factory=list)
    seen: dict[str, dict] = field(default_factory=dict)


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


def _looks(path: Path) -> list[int]:
    """What changes when somebody writes into a file. Not its ctime: a rename changes that."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _free(path: Path) -> Path:
    """``path``, or with a number where something stands there."""
    number = 2
    free = path
    while os.path.lexists(free):
        free, number = path.with_name(f"{path.stem}_{number}{path.suffix}"), number + 1
    return free


def _move(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target = _free(target)
    os.rename(source, target)
    return target


def _look_after_taken(inbox: Path, seen: dict[str, dict], now: float) -> dict[str, dict]:
    """Remove what was taken a day ago; what somebody wrote into since goes back into the inbox and is received once more.

    A file nothing is known of (the memory of the sensor was lost) goes back too: received again it is the same file.
    """
    kept = {}
    for path in _files(inbox / _TAKEN):
        name = path.relative_to(inbox).as_posix()
        known = seen.get(name)
        if known is None or known["looks"] != _looks(path):
            _move(path, inbox / path.relative_to(inbox / _TAKEN))
        elif now - known["at"] > _KEPT_SECONDS:
            path.unlink()
        else:
            # a clock that was set back counts from now
            kept[name] = known | {"at": min(known["at"], now)}
    return kept


def empty_inbox(
    settings: Settings,
    now: datetime,
    seen: dict[str, dict] | None = None,
    clock: Callable[[], float] = time.time,
) -> Emptied:
    """Receive every file that was the same at an earlier look, ``_SETTLED_SECONDS`` ago or longer.

    ``seen``: of the look before, path below the inbox → its size, times and number, and when (seconds) it was first so.
    """
    seen, moment, inbox = seen or {}, clock(), settings.inbox
    done = Emptied(seen=_look_after_taken(inbox, seen, moment))
    known = {pid: read_programme(settings.raw_root, pid) for pid in programme_ids(settings.raw_root)}
    for source in _files(inbox):
        relative = source.relative_to(inbox)
        if any(part.startswith((".", "~$")) for part in relative.parts):
            continue
        looks, before = _looks(source), seen.get(relative.as_posix())
        if before is None or before["looks"] != looks or before["at"] > moment:
            before = {"looks": looks, "at": moment}
        if moment - before["at"] < _SETTLED_SECONDS:
            done.seen[relative.as_posix()] = before
            continue
        try:
            form = read_form(source, settings.limits)
            if form is not None:
                programme, reporter_id, kind, period = check_form(form, known)
                _agree(form, relative)
            else:
                programme, reporter_id, kind, period = _by_place(relative, known)
            entry = receive_logged(settings, source, programme, reporter_id, kind, period, now, way="inbox")
        except NotNow as reason:
            done.waiting.append((relative, str(reason)))
        except Refused as reason:
            corner = _move(source, inbox / ".refused" / relative)
            corner.with_name(corner.name + ".原因.txt").write_text(f"{reason}\n", encoding="utf-8")
            done.refused.append((relative, str(reason)))
        else:
            taken = _move(source, inbox / _TAKEN / relative)
            # what it looked like before it was read: a byte written since shows at the next look
            done.seen[taken.relative_to(inbox).as_posix()] = {"looks": looks, "at": moment}
            done.received.append(entry)
    return done


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
        done = empty_inbox(settings, datetime.now(SHANGHAI), json.loads(context.cursor or "{}"))
        context.update_cursor(json.dumps(done.seen, ensure_ascii=False))
        received, refused = done.received, done.refused
        for relative, reason in [*refused, *done.waiting]:
            context.log.warning("not received %s: %s", relative, reason)
        if not received:
            return dg.SkipReason(
                "收件箱没有放稳的新文件" if not refused else f"{len(refused)} 个文件不能收，已移到 .refused"
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
                    tags={names.WHY: "inbox", "taizhang/files": str(len(paths))},
                )
            )
        return requests

    return [inbox]
