"""``taizhang site``: the pages of a quarter again from the published file, or the quarter as one file for forwarding."""

from __future__ import annotations

import json
import time
from pathlib import Path

from orchestration.commands.published import NothingPublished, programmes_at, published
from orchestration.commands.run import DONE, INCOMPLETE, Misuse, check_programme, parse_period, run_lock
from orchestration.commands.workbooks import tell_failure
from orchestration.settings import Settings


def site(
    settings: Settings, period_text: str, programme: str | None, single_file: Path | None, as_json: bool
) -> int:
    """The command; 1 when nothing is published for the period. Raises Misuse for one file of several programmes, or an impossible
    file."""
    from dashboards.render import render_portal, render_single, render_site
    from orchestration.assets.publish import page_memory, period_folder, standing
    from orchestration.editions.store import editions, mark

    period = parse_period(period_text)
    check_programme(settings, programme)
    written = []
    try:
        with published(settings, period) as connection:
            found = programmes_at(connection, period, programme)
            if single_file is not None and len(found) > 1:
                known = "、".join(entry["programme_id"] for entry in found)
                raise Misuse(f"{period} 有几个方案，一个文件只装一个；请用 --programme 指定：{known}")
            stands = standing(connection, editions(settings))
            for entry in found:
                started = time.monotonic()
                programme_id = entry["programme_id"]
                edition = mark(stands.get((programme_id, str(period))))
                told = {"programme_id": programme_id, "period": str(period), "edition": edition}
                if single_file is not None:
                    try:
                        size = render_single(
                            connection, programme_id, str(period), single_file, edition=edition
                        )
                    except OSError as error:
                        raise Misuse(
                            f"--single-file {single_file} 不能写入（{error.strerror}）；请换一个文件名或目录"
                        ) from error
                    told |= {"file": str(single_file), "bytes": size}
                else:
                    with run_lock(settings):
                        summary = render_site(
                            connection, programme_id, str(period), period_folder(settings, programme_id, str(period)) / "site",
                            edition=edition, memory=page_memory(settings, programme_id, str(period)),
                        )  # fmt: skip
                    told |= {
                        "index": str(summary.index), "pages": summary.pages, "kept": summary.kept, "bytes": summary.bytes,
                    }  # fmt: skip
                written.append((entry["title"], told | {"seconds": round(time.monotonic() - started, 1)}))
            if single_file is None:
                with run_lock(settings):
                    render_portal(connection, settings.published)
    except NothingPublished as error:
        tell_failure(error, as_json)
        return INCOMPLETE
    if as_json:
        print(json.dumps({"sites": [told for _, told in written]}, ensure_ascii=False, indent=2))
        return DONE
    for title, told in written:
        print(f"【{title}】{period}（{told['edition']}）")
        if single_file is not None:
            print(f"  单个文件 {told['file']}（{told['bytes'] / 1e6:.2f} MB，不需要联网，可直接转发）")
        else:
            kept = f"，其中 {told['kept']} 页内容未变" if told["kept"] else ""
            print(f"  看板 {told['index']}（{told['pages']} 页{kept}，{told['seconds']} 秒）")
    return DONE
