"""Jobs: the quarter, from the raw tree to the site."""

from __future__ import annotations

import dagster as dg

from orchestration import names
from orchestration.partitions import QUARTERS


def quarter_job():
    """Everything of the graph for one quarter, in one process (DuckDB has one writer anyway)."""
    return _job(names.JOB, dg.AssetSelection.all(), "一个季度的全流程：收文、解析、检查、计算、发布、看板")


def tables_job():
    """The quarter without its pages: for looking at numbers while they are still being corrected."""
    selection = dg.AssetSelection.all() - dg.AssetSelection.assets(names.SITE)
    return _job(names.JOB_TABLES, selection, "一个季度的全流程，不生成看板")


def _job(name: str, selection: dg.AssetSelection, description: str):
    return dg.define_asset_job(
        name,
        selection=selection,
        partitions_def=QUARTERS,
        executor_def=dg.in_process_executor,
        description=description,
    )
