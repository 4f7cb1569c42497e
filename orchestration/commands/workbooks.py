"""What ``taizhang template`` and ``taizhang feedback`` share: which programmes and reporters of a quarter are meant."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from dashboards.workbooks import records
from orchestration.commands.published import NothingPublished
from orchestration.commands.run import Misuse
from raw.periods import Period


def scopes(
    connection: duckdb.DuckDBPyConnection, period: Period, programme: str | None, reporter: str | None
) -> list[tuple[str, str | None]]:
    """(programme_id, reporter_id or None for all) in the quarter.

    Raises:
        NothingPublished: the published file knows no programme that runs in the quarter.
        Misuse: no such reporter in any of them.
    """
    running = [row["programme_id"] for row in records.programmes(connection, period.end, programme)]
    if not running:
        raise NothingPublished(
            f"已发布的数据里没有 {period} 在周期内的方案；请先运行 taizhang run --period {period}，或核对期次"
        )
    if reporter is None:
        return [(programme_id, None) for programme_id in running]
    named = records.reporters_named(connection, reporter)
    found = [(programme_id, named[programme_id]) for programme_id in running if programme_id in named]
    if not found:
        raise Misuse(f"没有代码或名称为“{reporter}”的填报主体")
    return found


def tell_failure(error: Exception, as_json: bool) -> None:
    """Say why there is nothing."""
    print(json.dumps({"error": str(error)}, ensure_ascii=False) if as_json else str(error))


def check_folder(out: Path) -> None:
    """Misuse when ``out`` is something else than a folder that can be made."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misuse(f"--out {out} 不能写入（{error.strerror}）；请换一个目录") from error
