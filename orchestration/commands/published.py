"""Reading what is published, for the commands that only look (status, explain)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from dashboards.workbooks.records import rows
from orchestration.settings import Settings
from orchestration.warehouse import reader
from raw.periods import Period


class NothingPublished(RuntimeError):
    """There is nothing to look at yet; the message says which command makes it."""


@contextmanager
def published(settings: Settings, period: Period) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read-only. Raises NothingPublished when no run has made it."""
    try:
        with reader(settings.current) as connection:
            yield connection
    except FileNotFoundError as error:
        raise NothingPublished(f"还没有已发布的数据；请先运行 taizhang run --period {period}") from error


def programmes_at(connection: duckdb.DuckDBPyConnection, period: Period, programme: str | None) -> list[dict]:
    """Programmes whose marts hold ``period``: programme_id, title, as_of, cutoff_at, freeze_at, frozen, cutoff_passed.

    Raises NothingPublished when there is none.
    """
    found = rows(
        connection,
        """
        SELECT c.programme_id, p.title, c.period, strftime(c.as_of, '%Y-%m-%d %H:%M') AS as_of,
               strftime(c.cutoff_on, '%Y-%m-%d') AS cutoff_on, strftime(c.freeze_at, '%Y-%m-%d %H:%M') AS freeze_at,
               c.frozen, c.cutoff_passed
        FROM control.periods c JOIN raw.programmes p USING (programme_id)
        WHERE c.period = ? AND (? IS NULL OR c.programme_id = ?) ORDER BY 1
        """,
        str(period), programme, programme,
    )  # fmt: skip
    if not found:
        raise NothingPublished(f"已发布的数据里没有 {period}；请先运行 taizhang run --period {period}")
    return found
