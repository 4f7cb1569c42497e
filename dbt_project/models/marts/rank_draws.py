"""The draws behind ``rank_robustness``, stored so that anybody repeats the bands (``quality.ranks.draws``).

Steps stand in the order of the sorted ids of the registry's tasks, indicators and specials; components are tasks, indicators.
"""


def model(dbt, session):
    """One row per programme, period and draw."""
    import numpy as np
    import pyarrow as pa

    from quality.ranks.draws import drawn, seed_of

    dbt.config(materialized="table")
    counts = {
        name: dict(relation.aggregate("programme_id, count(*) as n", "programme_id").fetchall())
        for name, relation in (
            ("tasks", dbt.ref("int_tasks")),
            ("indicators", dbt.ref("stg_indicators")),
            ("specials", dbt.ref("stg_specials")),
        )
    }

    def lists(steps):
        size, width = steps.shape
        return pa.ListArray.from_arrays(np.arange(size + 1, dtype=np.int32) * width, steps.ravel())

    blocks = []
    periods = dbt.ref("stg_periods").project("programme_id, period").order("programme_id, period").fetchall()
    for programme_id, period in periods:
        draws = drawn(
            seed_of(programme_id, period),
            *(counts[name].get(programme_id, 0) for name in ("tasks", "indicators", "specials")),
        )
        size = len(draws.normalisation)
        blocks.append(
            {
                "programme_id": pa.repeat(programme_id, size),
                "period": pa.repeat(period, size),
                "draw": pa.array(np.arange(1, size + 1, dtype=np.int32)),
                "normalisation": pa.array(draws.normalisation),
                "aggregation": pa.array(draws.aggregation),
                "task_steps": lists(draws.tasks),
                "indicator_steps": lists(draws.indicators),
                "special_steps": lists(draws.specials),
                "component_steps": lists(draws.components),
            }
        )
    steps = pa.list_(pa.int16())
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("programme_id", "period")),
            ("draw", pa.int32()),
            *((name, pa.string()) for name in ("normalisation", "aggregation")),
            *((f"{name}_steps", steps) for name in ("task", "indicator", "special", "component")),
        ]
    )
    return pa.concat_tables([schema.empty_table(), *(pa.table(block, schema) for block in blocks)])
