"""``taizhang receive``: archive files and register their receipt."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from dashboards.workbooks.form import FormId
from orchestration.commands.run import DONE, MISUSED, Misuse, check_programme, parse_period
from orchestration.forms import check_form, read_form
from orchestration.receive import Refused, receive_logged
from orchestration.settings import Settings
from raw.contracts import KINDS
from raw.periods import SHANGHAI, Period
from raw.registry import Programme, programme_ids, read_programme


def receive_files(
    settings: Settings,
    files: list[Path],
    programme_id: str | None,
    reporter_id: str | None,
    kind: str | None,
    period_text: str | None,
    at: str | None,
    sender: str | None,
    as_json: bool,
) -> int:
    """Receive every file; 0 when all were taken, 2 when one was refused (the others are taken).

    Programme, reporter, kind and period not given are those a form carries inside; given ones go before it.
    Raises Misuse for a wrong option, and for a file that is no form while one of the four is missing.
    """
    given = _given(settings, programme_id, reporter_id, kind, period_text)
    try:
        moment = datetime.fromisoformat(at) if at else datetime.now(SHANGHAI)
    except ValueError as error:
        raise Misuse(f"--at 应写成 2021-09-28T17:30 这样的时间，收到的是“{at}”") from error
    programmes = _Programmes(settings)
    entries, refused, notes = [], [], []
    missing = [option for option, value in given.items() if value is None]
    for file in files:
        try:
            form = read_form(file, settings.limits) if file.is_file() else None
            if missing and form is None:
                if not file.is_file():
                    raise Refused(f"找不到文件 {file}；请核对路径")
                raise Misuse(f"{file.name} 不是下发的模板，请写明 {' '.join(missing)}")
            target = _target(form, given, programmes)
            if form is not None and (note := _difference(form, target)):
                notes.append(f"{file.name}：{note}")
            entries.append(receive_logged(settings, file, *target, moment, sender, way="command"))
        except Refused as reason:
            refused.append(str(reason))
    if as_json:
        print(
            json.dumps(
                {
                    "received": [
                        {"path": e.path, "received_at": e.received_at.isoformat(), "already": e.already}
                        for e in entries
                    ],
                    "refused": refused,
                    "notes": notes,
                },
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        for entry in entries:
            note = "（同一文件此前已收，未重复登记）" if entry.already else ""
            print(f"已收文 {entry.path}  收到时间 {entry.received_at:%Y-%m-%d %H:%M}{note}")
        for reason in refused:
            print(f"未收：{reason}")
        for note in notes:
            print(f"请核对：{note}")
        for period in sorted({Path(entry.path).parts[2] for entry in entries}):
            print(f"下一步：taizhang run --period {period}")
    return MISUSED if refused else DONE


class _Programmes(dict):
    """programme_id → registry, read when first asked for."""

    def __init__(self, settings: Settings):
        super().__init__()
        self._root, self._known = settings.raw_root, programme_ids(settings.raw_root)

    def __contains__(self, programme_id: object) -> bool:
        return programme_id in self._known

    def __missing__(self, programme_id: str) -> Programme:
        self[programme_id] = read_programme(self._root, programme_id)
        return self[programme_id]


def _given(settings: Settings, programme_id, reporter_id, kind, period_text) -> dict[str, object]:
    """The four options as written, checked; None where one was not given."""
    check_programme(settings, programme_id)
    if kind is not None and kind not in KINDS:
        raise Misuse(f"种类应为 {'、'.join(KINDS)} 之一，收到的是“{kind}”")
    period = parse_period(period_text) if period_text is not None else None
    return {"--programme": programme_id, "--reporter": reporter_id, "--kind": kind, "--period": period}


def _target(form: FormId | None, given: dict, programmes: _Programmes) -> tuple[Programme, str, str, Period]:
    """(programme, reporter_id, kind, period): the options, and the form for those not given."""
    if None not in given.values():
        return programmes[given["--programme"]], given["--reporter"], given["--kind"], given["--period"]
    programme, reporter_id, kind, period = check_form(form, programmes)
    if given["--programme"] is not None:
        programme = programmes[given["--programme"]]
    return (
        programme, given["--reporter"] or reporter_id, given["--kind"] or kind, given["--period"] or period,
    )  # fmt: skip


def _difference(form: FormId, target: tuple[Programme, str, str, Period]) -> str | None:
    """What the options say otherwise than the form, in words."""
    programme, reporter_id, kind, period = target
    taken = (programme.programme_id, str(period), reporter_id, kind)
    inside = (form.programme_id, form.period, form.reporter_id, form.kind)
    if taken == inside:
        return None
    return f"表内标明是 {'/'.join(inside)}，已按命令所给的 {'/'.join(taken)} 收文"
