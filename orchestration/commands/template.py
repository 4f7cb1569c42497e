"""``taizhang template``: pre-filled, locked workbooks for clerks, one per reporter and kind it owes."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards.workbooks.template import write_forms
from orchestration.commands.published import NothingPublished, published
from orchestration.commands.run import DONE, INCOMPLETE, check_programme, parse_period
from orchestration.commands.workbooks import check_folder, scopes, tell_failure
from orchestration.settings import Settings


def template(
    settings: Settings,
    period_text: str,
    reporter: str | None,
    programme: str | None,
    out: Path,
    as_json: bool,
) -> int:
    """The command; 1 when nothing is published or nobody owes anything. Raises Misuse for an unknown reporter.

    The quarter need not be computed yet: what is pre-filled is the latest published state before it.
    """
    period = parse_period(period_text)
    check_programme(settings, programme)
    try:
        with published(settings, period) as connection:
            wanted = scopes(connection, period, programme, reporter)
            check_folder(out)
            written = [
                entry
                for programme_id, reporter_id in wanted
                for entry in write_forms(connection, period, out, programme_id, reporter_id)
            ]
    except NothingPublished as error:
        tell_failure(error, as_json)
        return INCOMPLETE
    if as_json:
        files = [
            {
                "file": str(path), "form": form.code, "programme_id": form.programme_id, "period": form.period,
                "reporter_id": form.reporter_id, "kind": form.kind,
            }
            for form, path in written
        ]  # fmt: skip
        print(json.dumps({"files": files}, ensure_ascii=False, indent=2))
    else:
        reporters = len({(form.programme_id, form.reporter_id) for form, _ in written})
        print(f"已写出 {len(written)} 个模板（{reporters} 个填报主体），在 {out}")
        print("填好后放进收件箱或用 taizhang receive 文件 收文即可，不用写任何选项。")
    return DONE if written else INCOMPLETE
