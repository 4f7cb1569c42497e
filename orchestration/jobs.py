"""Jobs: the quarter, from the raw tree to the site."""

from __future__ import annotations

import dagster as dg

from orchestration import names
from orchestration.partitions import QUARTERS


def quarter_job():
    """Everything of the graph for one quarter, in one process (DuckDB has one writer anyway)."""
    return dg.define_asset_job(
        names.JOB,
        selection=dg.AssetSelection.all(),
        partitions_def=QUARTERS,
        executor_def=dg.in_process_executor,
        description="一个季度的全流程：收文、解析、检查、计算、发布、看板",
    )
