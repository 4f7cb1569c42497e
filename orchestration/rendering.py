"""The sites of several quarters at once: a page is made by one core, and one quarter asks nothing of another.

Belongs here: the worker processes. Does not belong here: what a page says (``dashboards``), which quarters (``assets.site``).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pebble import ProcessPool

from orchestration.warehouse import reader


@dataclass(frozen=True)
class Quarter:
    """What one site is made of; arguments of ``dashboards.render.render_site``."""

    programme_id: str
    period: str
    folder: Path
    edition: str
    linked_periods: tuple[str, ...]
    memory: Path


def _render(database: Path, quarter: Quarter) -> int:
    from dashboards.render import render_site

    with reader(database) as connection:
        return render_site(
            connection,
            quarter.programme_id,
            quarter.period,
            quarter.folder,
            edition=quarter.edition,
            linked_periods=quarter.linked_periods,
            memory=quarter.memory,
        ).pages


def render_quarters(database: Path, quarters: Sequence[Quarter]) -> Iterator[int]:
    """Number of pages of each quarter, in order, as they come; what fails in a worker is raised here.

    ``database``: the published file.
    """
    workers = min(os.cpu_count() or 1, len(quarters))
    if workers < 2:
        yield from (_render(database, quarter) for quarter in quarters)
        return
    # spawn: forking a process that holds DuckDB's threads may deadlock the child
    context = multiprocessing.get_context("spawn")
    with ProcessPool(max_workers=workers, context=context) as pool:
        waiting = [pool.schedule(_render, args=(database, quarter)) for quarter in quarters]
        try:
            for future in waiting:
                yield future.result()
        except BaseException:  # do not make the rest for nobody
            pool.stop()
            raise
