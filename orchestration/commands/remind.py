"""``taizhang remind``: chase texts ready to paste, one for all and one per reporter."""

from __future__ import annotations

import json

from dashboards.reminders import reminders
from orchestration.commands.published import NothingPublished, programmes_at, published
from orchestration.commands.run import DONE, INCOMPLETE, check_programme, parse_period
from orchestration.commands.workbooks import tell_failure
from orchestration.settings import Settings


def remind(settings: Settings, period_text: str, programme: str | None, every: bool, as_json: bool) -> int:
    """The command; 1 when nothing is published for the period. ``every``: all four texts, not only the fitting one."""
    period = parse_period(period_text)
    check_programme(settings, programme)
    try:
        with published(settings, period) as connection:
            found = [
                reminders(connection, entry["programme_id"], str(period), every)
                for entry in programmes_at(connection, period, programme)
            ]
    except NothingPublished as error:
        tell_failure(error, as_json)
        return INCOMPLETE
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        print("\n\n".join(_text(block) for block in found))
    return DONE


def _text(block: dict) -> str:
    lines = [f"# {block['title']} {block['period']}　截止 {block['cutoff_on']}，数据截至 {block['as_of']}"]
    for entry in block["texts"]:
        lines += [
            "",
            f"## {entry['stage']}（建议 {entry['send_on']} 发）",
            "",
            "—— 全市 ——",
            entry["collective"],
        ]
        for county in entry["counties"]:
            lines += ["", f"—— {county['name']} ——", county["text"]]
    return "\n".join(lines)
