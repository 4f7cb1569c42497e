"""Asset keys, groups, the writer pool: every magic word of the Dagster graph, once."""

from __future__ import annotations

from dagster import AssetKey

WRITER_POOL = "duckdb_writer"
JOB = "quarter"
JOB_TABLES = "quarter_tables"
TIMEZONE = "Asia/Shanghai"
# tag of a run: why it was started
WHY, BY_HAND = "taizhang/why", "by hand"

CONTROL_PERIODS = AssetKey(["control", "periods"])
CONTROL_CALENDAR = AssetKey(["control", "calendar"])
CONTROL_EDITIONS = {
    AssetKey(["control", "editions"]): "已发布的版本",
    AssetKey(["control", "published_ranks"]): "各版本发布的名次、总分和榜单",
    AssetKey(["control", "published_items"]): "各版本发布的任务进度和指标值",
    AssetKey(["control", "edition_changes"]): "各版本与上一版的不同之处",
    AssetKey(["control", "edition_checks"]): "最近一次核验各版本的结果",
}
RAW_FINDINGS = AssetKey(["quality", "raw_findings"])
RAW_QUARANTINE = AssetKey(["quality", "raw_quarantine"])
EXPECTATION_RESULTS = AssetKey(["quality", "expectation_results"])
FLAGS = AssetKey(["quality", "flags"])
RANKING = AssetKey(["marts", "ranking"])
PUBLISHED = AssetKey(["published", "current_duckdb"])
PARQUET = AssetKey(["published", "parquet"])
SITE = AssetKey(["published", "site"])

GROUP_LANDING = "landing"
GROUP_CONTROL = "control"
GROUP_QUALITY = "quality"
GROUP_PUBLISHED = "published"


def raw_key(table: str) -> AssetKey:
    """Key of a table of schema raw."""
    return AssetKey(["raw", table])
