"""dbt: staging → intermediate → marts, one full build per run; data tests become asset checks.

Unit tests of models run in the test suite, not in production runs. Not partitioned: every build covers all periods
(decisions/0002).
"""

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

import dagster as dg

from orchestration import names
from orchestration.manifest import ensure_manifest, run_target
from orchestration.progress import Step, step
from orchestration.resources import RunScope
from orchestration.settings import ENGINES, SPARK, Settings

if TYPE_CHECKING:
    from dagster_dbt import DbtCliInvocation


def build_arguments() -> list[str]:
    """Arguments of the production build."""
    return ["build", "--exclude-resource-type", "unit_test"]


_PIPE = 1 << 20  # the most an ordinary user gets; a build says half of that
_alive: list[subprocess.Popen] = []


def stop_dbt() -> None:
    """End every dbt of this process that still runs. Whoever executed a run calls it too.

    Where Dagster fails while it writes down an event it abandons the step, and its ``finally`` waits for the collector.
    """
    while _alive:
        process = _alive.pop()
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def running(invocation: "DbtCliInvocation") -> Iterator["DbtCliInvocation"]:
    """A dbt that does not outlive the step: a run that fails meanwhile (a full disk) must not leave it writing."""
    _alive.append(invocation.process)
    # dbt need not wait until Dagster has written down what it said before
    fcntl.fcntl(invocation.process.stdout, fcntl.F_SETPIPE_SZ, _PIPE)
    try:
        yield invocation
    finally:
        stop_dbt()


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The single @dbt_assets of the project."""
    from dagster_dbt import DbtCliResource, dbt_assets

    from orchestration.dbt_translator import TaizhangTranslator

    @dbt_assets(
        manifest=ensure_manifest(settings),
        dagster_dbt_translator=TaizhangTranslator(),
        name="dbt_build",
        pool=names.WRITER_POOL,
    )
    def dbt_build(context: dg.AssetExecutionContext, dbt: DbtCliResource, scope: RunScope):
        if scope.engine not in ENGINES:
            raise ValueError(f"no engine {scope.engine!r}; there are {', '.join(ENGINES)}")
        log = settings.home / "logs" / "dbt.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        # dagster-dbt echoes every line of dbt to stdout; people read the progress lines, engineers the log
        with log.open("w", encoding="utf-8") as stream, redirect_stdout(stream):
            if scope.engine == SPARK:
                from orchestration.engines.spark import build_with_spark

                yield from build_with_spark(settings, dbt, context)
            else:
                with step("计算进度、得分、排名和检查") as progress:
                    yield from built(
                        dbt.cli(build_arguments(), context=context, target_path=run_target(settings)),
                        progress,
                    )

    return [dbt_build]


def built(invocation: "DbtCliInvocation", progress: Step) -> Iterator:
    """Events of a build for Dagster, counted for people."""
    done = {"models": 0, "tests": 0}
    with running(invocation):
        for event in invocation.stream():
            kind = "tests" if isinstance(event, dg.AssetCheckResult | dg.AssetCheckEvaluation) else "models"
            done[kind] += 1
            progress.tick(f"{done['models']} 张表，{done['tests']} 项校验")
            yield event
    progress.result = f"{done['models']} 张表和视图，{done['tests']} 项不变量校验"
