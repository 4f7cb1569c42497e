"""``taizhang receive``: archive files and register their receipt."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from orchestration.commands.run import DONE, MISUSED, Misuse, check_programme, parse_period
from orchestration.receive import Refused, receive
from orchestration.settings import Settings
from raw.contracts import KINDS
from raw.periods import SHANGHAI
from raw.registry import read_programme


def receive_files(
    settings: Settings,
    files: list[Path],
    programme_id: str,
    reporter_id: str,
    kind: str,
    period_text: str,
    at: str | None,
    sender: str | None,
    as_json: bool,
) -> int:
    """Receive every file; 0 when all were taken, 2 when one was refused (the others are taken)."""
    period = parse_period(period_text)
    check_programme(settings, programme_id)
    if kind not in KINDS:
        raise Misuse(f"种类应为 {'、'.join(KINDS)} 之一，收到的是“{kind}”")
    try:
        moment = datetime.fromisoformat(at) if at else datetime.now(SHANGHAI)
    except ValueError as error:
        raise Misuse(f"--at 应写成 2021-09-28T17:30 这样的时间，收到的是“{at}”") from error
    programme = read_programme(settings.raw_root, programme_id)
    entries, refused = [], []
    for file in files:
        try:
            entries.append(
                receive(settings.raw_root, file, programme, reporter_id, kind, period, moment, sender)
            )
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
        if entries:
            print(f"下一步：taizhang run --period {period}")
    return MISUSED if refused else DONE
