"""The leaders' site: one static folder per programme and period, and the pages beside them, one for all programmes.

Does not belong here: pages and figures (``dashboards/``).
"""

import dagster as dg
import duckdb

from orchestration import names
from orchestration.assets.publish import page_memory, period_folder, periods_in, standing
from orchestration.editions.store import editions, mark
from orchestration.progress import step
from orchestration.rendering import Quarter, render_quarters
from orchestration.resources import RunScope
from orchestration.settings import Settings
from orchestration.warehouse import reader


def write_front_pages(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Lineage, data dictionary, analysts' page and the portal that names them; connection: the published file."""
    from dashboards.reference import render_reference
    from dashboards.render import render_portal
    from orchestration.dictionary import collect
    from orchestration.lineage import write_lineage

    write_lineage(settings, connection)
    render_reference(connection, settings.published, collect(settings))
    render_portal(connection, settings.published)


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The site asset."""

    @dg.asset(
        key=names.SITE,
        deps=[names.PUBLISHED],
        group_name=names.GROUP_PUBLISHED,
        description="领导看板静态网页（发布前为征求意见稿）",
        kinds={"plotly"},
    )
    def site(context: dg.AssetExecutionContext, scope: RunScope) -> dg.MaterializeResult:
        with step("生成看板网页") as progress, reader(settings.current) as connection:
            pages = 0
            wanted = periods_in(connection, scope.programme or None)
            published = standing(connection, editions(settings))
            quarters = [
                Quarter(
                    programme,
                    period,
                    period_folder(settings, programme, period) / "site",
                    edition=mark(published.get((programme, period))),
                    linked_periods=tuple(other for owner, other in wanted if owner == programme),
                    memory=page_memory(settings, programme, period),
                )
                for programme, period in wanted
            ]
            for done, made in enumerate(render_quarters(settings.current, quarters), 1):
                pages += made
                progress.tick(f"{done}/{len(wanted)} 个期次")
            write_front_pages(settings, connection)
            progress.result = f"{len(wanted)} 个期次，{pages} 页"
        return dg.MaterializeResult(metadata={"pages": pages})

    return [site]
