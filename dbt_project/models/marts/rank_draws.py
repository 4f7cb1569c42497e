"""The draws behind ``rank_robustness``, stored so that anybody repeats the bands (``quality.ranks.draws``).

Steps stand in the order of the sorted ids of the registry's tasks, indicators and specials; components are tasks, indicators.
"""


def model(dbt, session):
    """One row per programme, period and draw."""
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
    columns = {name: [] for name in ("programme_id", "period", "draw", "normalisation", "aggregation")}
    steps = {name: [] for name in ("tasks", "indicators", "specials", "components")}
    periods = dbt.ref("stg_periods").project("programme_id, period").order("programme_id, period").fetchall()
    for programme_id, period in periods:
        draws = drawn(
            seed_of(programme_id, period),
            *(counts[name].get(programme_id, 0) for name in ("tasks", "indicators", "specials")),
        )
        size = len(draws.normalisation)
        columns["programme_id"] += [programme_id] * size
        columns["period"] += [period] * size
        columns["draw"] += range(1, size + 1)
        columns["normalisation"] += draws.normalisation
        columns["aggregation"] += draws.aggregation
        for name, lines in steps.items():
            lines += list(getattr(draws, name))
    kinds = {"draw": pa.int32()}
    arrays = {name: pa.array(values, kinds.get(name, pa.string())) for name, values in columns.items()}
    arrays |= {
        f"{name.removesuffix('s')}_steps": pa.array(lines, pa.list_(pa.int16()))
        for name, lines in steps.items()
    }
    return pa.table(arrays)
