"""``build_defs``: the whole Dagster graph from settings. Tests build variants here instead of patching globals."""

from __future__ import annotations

from typing import Any

import dagster as dg

from orchestration import checks, schedules, sensors
from orchestration.assets import control, dbt_models, expectations, landing, publish, site
from orchestration.jobs import quarter_job, tables_job
from orchestration.resources import RunScope, dbt_resource
from orchestration.settings import Settings


def _published_from(assets: list[dg.AssetsDefinition]) -> list[dg.AssetKey]:
    """Keys of everything analysts get: raw, control, quality, ops, marts."""
    keys = {key for asset in assets for key in asset.keys}
    return sorted((key for key in keys if key.path[0] in publish.PUBLISHED_SCHEMAS), key=str)


def build_defs(settings: Settings, **overrides: Any) -> dg.Definitions:
    """Definitions for ``settings``. ``overrides`` replace whole arguments of ``Definitions`` (resources, jobs, …)."""
    settings.prepare()
    data = [
        *landing.build(settings),
        *control.build(settings),
        *expectations.build(settings),
        *dbt_models.build(settings),
    ]
    job = quarter_job()
    arguments: dict[str, Any] = {
        "assets": [*data, *publish.build(settings, _published_from(data)), *site.build(settings)],
        "asset_checks": checks.build(settings),
        "jobs": [job, tables_job()],
        "schedules": schedules.build(settings, job),
        "sensors": sensors.build(settings, job),
        "resources": {"dbt": dbt_resource(settings), "scope": RunScope(engine=settings.engine)},
        "executor": dg.in_process_executor,
    }
    return dg.Definitions(**(arguments | overrides))
