"""A home built from a raw tree without Dagster, for tests with a tree of their own: half the time of a whole run."""

from __future__ import annotations

from datetime import datetime

from orchestration.assets.publish import write_snapshot
from orchestration.editions.store import editions
from orchestration.settings import Settings
from orchestration.stages import build_models, land
from orchestration.warehouse import writer
from raw.periods import Period


def build_home(
    settings: Settings, asked: Period, now: datetime, as_of: datetime | None = None, tested: bool = False
) -> None:
    """From the raw tree to ``current.duckdb``: what the job does, without Parquet and pages."""
    settings.prepare()
    land(settings, asked, now, as_of)
    build_models(settings, tested)
    with writer(settings.warehouse, settings.published) as connection:
        write_snapshot(connection, settings.current, editions(settings))
