"""Resources of the Dagster graph: the scope of a run, and dbt.

Does not belong here: opening DuckDB (``warehouse``), paths (``settings``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from orchestration import names
from orchestration.audit import FAILED, act
from orchestration.confirmations import note_written_by_hand
from orchestration.leftovers import end_dead_runs, process_tag
from orchestration.manifest import dbt_executable
from orchestration.progress import logger
from orchestration.settings import DUCKDB, Settings
from orchestration.warehouse import WarehouseBusy, writer


class RunScope(dg.ConfigurableResource):
    """What one run covers, and which engine computes it.

    Blank means: every programme; as-of from freeze or clock; the clock of this machine.
    """

    programme: str = ""
    as_of: str = ""
    now: str = ""
    engine: str = DUCKDB

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[RunScope]:
        """A run no command started (schedule, sensor, Dagster's page) stands in the audit log too.

        It says which process executes it, and does not wait for what killed runs claimed.
        """
        run = context.run
        if run is None or run.tags.get(names.WHY) == names.BY_HAND:
            yield self
            return
        context.instance.add_run_tags(run.run_id, process_tag())
        end_dead_runs(context.instance, alone=False)
        settings = Settings.from_env()
        confirmations = note_written_by_hand(settings)
        with act(
            settings, "run", period=run.tags.get("dagster/partition"), programme=self.programme or None,
            as_of=self.as_of or None, engine=self.engine, why=run.tags.get(names.WHY), run_id=run.run_id, raw=str(settings.raw_root),
            confirmations_sha256=confirmations,
        ) as record:  # fmt: skip
            yield self
            failures = context.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            if failures:
                record.state = FAILED
                record.outcome = {"failed_steps": sorted({str(entry.step_key) for entry in failures})}


@contextmanager
def pipeline_writer(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse for a step that writes. Held by another process: the step is tried again, four times in two minutes.

    The only retry of the pipeline: a busy file passes, a county's mistake is a row, our own fault would fail again.
    """
    try:
        with writer(settings.warehouse, settings.published) as connection:
            yield connection
    except WarehouseBusy as busy:
        logger.info("   … %s；每 30 秒再试一次，最多 4 次", busy)
        raise dg.RetryRequested(max_retries=4, seconds_to_wait=30) from busy


def dbt_resource(settings: Settings):
    """The dbt command line of this environment, bound to the project and the warehouse of ``settings``.

    Before every call Dagster's own asks another dbt process for its version and makes an adapter in this process, with which
    row counts could be fetched: four seconds, for nothing that is used here.
    """
    from dagster_dbt import DbtCliResource
    from dagster_dbt.core.resource import DBT_PYTHON_VERSION

    class Dbt(DbtCliResource):
        @property
        def _cli_version(self):
            return DBT_PYTHON_VERSION

        def _initialize_dbt_core_adapter(self, args) -> None:
            return None

    return Dbt(
        project_dir=str(settings.dbt_project),
        profiles_dir=str(settings.dbt_project),
        dbt_executable=dbt_executable(),
        global_config_flags=["--no-use-colors", "--log-path", str(settings.dbt_target / "logs")],
    )
