"""``taizhang bulletin``: the quarter's 通报 as .docx, its tables as .xlsx, and the source of every number as .json."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from orchestration.commands.published import NothingPublished, programmes_at, published
from orchestration.commands.run import DONE, INCOMPLETE, Misuse, check_programme, parse_period
from orchestration.commands.workbooks import check_folder, tell_failure
from orchestration.editions.store import DRAFT
from orchestration.editions.tables import standing_edition
from orchestration.settings import Settings


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Misuse(f"--date 应写成 2021-10-20 这样的日期，收到的是“{text}”") from None


def bulletin(
    settings: Settings,
    period_text: str,
    programme: str | None,
    out: Path,
    number: str | None,
    date_text: str | None,
    copies: str | None,
    as_json: bool,
) -> int:
    """The command; 1 when nothing is published for the period. Raises Misuse for a date that is none, a folder that cannot be."""
    from dashboards.bulletin.files import write_bulletin
    from dashboards.bulletin.text import Asked

    period = parse_period(period_text)
    check_programme(settings, programme)
    dated = _date(date_text)
    written = []
    try:
        with published(settings, period) as connection:
            programmes = programmes_at(connection, period, programme)
            check_folder(out)
            for entry in programmes:
                edition = standing_edition(connection, entry["programme_id"], str(period))
                asked = Asked(edition, DRAFT, number or None, dated, copies or None)
                try:
                    done = write_bulletin(connection, entry["programme_id"], str(period), out, asked)
                except OSError as error:
                    raise Misuse(
                        f"{error.filename} 不能写入（{error.strerror}）；请关闭正在打开的文件，或换一个目录"
                    ) from error
                written.append((entry["title"], edition, done))
    except NothingPublished as error:
        tell_failure(error, as_json)
        return INCOMPLETE
    if as_json:
        files = [
            {
                "programme_id": done.programme_id, "period": str(period), "edition": edition, "document": str(done.document),
                "workbook": str(done.workbook), "sources": str(done.sources), "facts": done.facts,
            }
            for _, edition, done in written
        ]  # fmt: skip
        print(json.dumps({"files": files}, ensure_ascii=False, indent=2))
    else:
        for title, edition, done in written:
            print(f"【{title}】{period}（{edition or DRAFT}）")
            print(f"  通报　　 {done.document}")
            print(f"  附表　　 {done.workbook}")
            print(f"  数据来源 {done.sources}（{done.facts} 处数据，各附查询语句）")
    return DONE
