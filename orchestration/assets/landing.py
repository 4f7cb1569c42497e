"""Landing: the raw tree → ``raw.*`` (registry, submissions, receipts, reader findings), one transaction.

Does not belong here: reading or parsing (``raw/``), judging values (``quality/``).
"""

from datetime import datetime

import dagster as dg

from orchestration import names
from orchestration.partitions import QUARTERS
from orchestration.progress import step
from orchestration.receive import settle
from orchestration.resources import RunScope, pipeline_writer
from orchestration.settings import Settings
from raw.loader import load
from raw.schema import TABLES

_DESCRIPTIONS = {
    "progress": "各填报主体报送的任务进展（逐行，原文与解析值并存）",
    "indicator_values": "各填报主体报送的指标值",
    "rectification": "问题整改台账",
    "satisfaction": "满意度调查结果",
    "receipts": "收文登记：每个报送文件一行",
    "quarantine": "读取时隔离的行及原因",
    "findings": "读取登记目录和报送文件时的发现",
    "columns": "每个值来自哪一列表头",
    "load_state": "已读文件的状态，决定是否重读",
}


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The landing asset (one op, one asset per raw table)."""

    @dg.multi_asset(
        name="load_raw_tree",
        specs=[
            dg.AssetSpec(
                names.raw_key(table),
                group_name=names.GROUP_LANDING,
                description=_DESCRIPTIONS.get(table, f"登记目录：{table}"),
                kinds={"duckdb", "polars"},
            )
            for table in TABLES
        ],
        partitions_def=QUARTERS,
        pool=names.WRITER_POOL,
    )
    def load_raw_tree(context: dg.AssetExecutionContext, scope: RunScope):
        settle(settings.raw_root)
        with step("读取登记目录和报送文件") as progress, pipeline_writer(settings) as connection:
            summary = load(
                connection,
                settings.raw_root,
                scope.programme or None,
                settings.limits,
                now=datetime.fromisoformat(scope.now) if scope.now else None,
                on_file=lambda done, total: progress.tick(f"{done}/{total} 个文件"),
            )
            counts = {
                table: connection.execute(f"SELECT count(*) FROM raw.{table}").fetchone()[0]
                for table in TABLES
            }
            progress.result = (
                f"{len(summary.programmes)} 个方案，{summary.receipts} 个文件（新读 {summary.files_read}，"
                f"拒收 {summary.rejected}），读到 {summary.rows_read} 行，载入 {summary.rows_loaded} 行，"
                f"隔离 {summary.rows_quarantined} 行"
            )
        for table in TABLES:
            yield dg.MaterializeResult(
                asset_key=names.raw_key(table), metadata={"dagster/row_count": counts[table]}
            )

    return [load_raw_tree]
