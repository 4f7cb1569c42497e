"""``taizhang feedback``: every submission of a quarter back as a workbook, every bad cell marked."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards.workbooks.feedback import Feedback, as_json, write_feedback
from orchestration.commands.published import NothingPublished, programmes_at, published
from orchestration.commands.run import DONE, INCOMPLETE, check_programme, parse_period
from orchestration.commands.workbooks import check_folder, scopes, tell_failure
from orchestration.settings import Settings


def feedback(
    settings: Settings,
    period_text: str,
    reporter: str | None,
    programme: str | None,
    out: Path,
    json_wanted: bool,
) -> int:
    """The command; 1 when nothing is published for the quarter. Raises Misuse for an unknown reporter.

    Files that arrived after the last run are not known yet: run first.
    """
    period = parse_period(period_text)
    check_programme(settings, programme)
    written: list[Feedback] = []
    try:
        with published(settings, period) as connection:
            computed = {entry["programme_id"] for entry in programmes_at(connection, period, programme)}
            wanted = scopes(connection, period, programme, reporter)
            check_folder(out)
            for programme_id, reporter_id in wanted:
                if programme_id in computed:
                    written += write_feedback(
                        connection, settings.raw_root, period, out, programme_id, reporter_id, settings.limits
                    )
    except NothingPublished as error:
        tell_failure(error, json_wanted)
        return INCOMPLETE
    if json_wanted:
        print(json.dumps({"files": [as_json(entry) for entry in written]}, ensure_ascii=False, indent=2))
        return DONE
    bad = [entry for entry in written if entry.counts.get("B") or entry.counts.get("E")]
    print(f"已写出 {len(written)} 个退改件，其中 {len(bad)} 个有必须改正的问题，在 {out}")
    for entry in bad:
        wrong = entry.counts.get("B", 0) + entry.counts.get("E", 0)
        print(f"  · {entry.file.name}：须改 {wrong} 处，标出 {entry.marked} 格")
    if not written:
        print("本期没有收到文件。")
    return DONE
