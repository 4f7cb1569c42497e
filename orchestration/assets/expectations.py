"""Great Expectations over ``raw.*``: results, findings and V01 quarantine as rows, every expectation an asset check.

Does not belong here: the expectations themselves (``quality/suites``).
"""

import re

import dagster as dg

from orchestration import names
from orchestration.partitions import QUARTERS
from orchestration.progress import step
from orchestration.resources import pipeline_writer
from orchestration.settings import Settings
from quality.runner import expectation_name, run_expectations
from quality.suites import all_suites
from raw.schema import TABLES


def check_name(suite: str, expectation: str, columns: str) -> str:
    """Name of the asset check of one expectation: suite, kind of expectation, columns; unique over the suites."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", expectation.removeprefix("Expect")).lower()
    return f"{suite}__{kind}__{columns.replace(',', '_')}"


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The expectations asset; its checks stand on quality/raw_findings."""
    specs = {}
    for suite in all_suites():
        for check in suite.checks:
            name = check_name(suite.name, expectation_name(check), ",".join(check.columns))
            if name in specs:
                raise ValueError(f"two expectations would share the asset check {name}")
            specs[name] = dg.AssetCheckSpec(name, asset=names.RAW_FINDINGS, description=check.description)

    @dg.multi_asset(
        name="run_raw_expectations",
        specs=[
            dg.AssetSpec(
                key,
                deps=[names.raw_key(table) for table in TABLES],
                group_name=names.GROUP_QUALITY,
                description=description,
                kinds={"duckdb", "greatexpectations"},
            )
            for key, description in (
                (names.RAW_FINDINGS, "期望检查在原始数据上的发现"),
                (names.RAW_QUARANTINE, "期望检查隔离的行（超出允许范围）"),
                (names.EXPECTATION_RESULTS, "每项期望的检查结果"),
            )
        ],
        check_specs=list(specs.values()),
        partitions_def=QUARTERS,
        pool=names.WRITER_POOL,
    )
    def run_raw_expectations(context: dg.AssetExecutionContext):
        with step("检查原始数据") as progress, pipeline_writer(settings) as connection:
            summary = run_expectations(connection)
            progress.result = f"{len(summary.results)} 项期望，发现 {sum(summary.findings.values())} 处，隔离 {summary.quarantined} 行"
        for key in (names.RAW_FINDINGS, names.RAW_QUARANTINE, names.EXPECTATION_RESULTS):
            yield dg.MaterializeResult(asset_key=key)
        for result in summary.results:
            # what a county sent is a warning; an expectation on our own tables has stopped the run already
            yield dg.AssetCheckResult(
                asset_key=names.RAW_FINDINGS,
                check_name=check_name(result.suite, result.expectation, result.column_name),
                passed=result.success,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"evaluated": result.evaluated, "unexpected": result.unexpected},
            )

    return [run_raw_expectations]
