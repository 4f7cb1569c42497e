"""How firm a rank is: the bands of the stored draws (``rank_draws``; arithmetic in ``quality.ranks.draws``)."""

COLUMNS = {
    "programme_id": "string",
    "period": "string",
    "reporter_id": "string",
    "draws": "int32",
    "seed": "int64",
    "rank_median": "float64",
    "rank_p05": "float64",
    "rank_p95": "float64",
    "p_red": "float64",
    "p_black": "float64",
    "p_ahead_of_next": "float64",
}


def model(dbt, session):
    """One row per ranked reporter and period."""
    import pyarrow as pa

    from quality.ranks.boards import Registry

    dbt.config(materialized="table")
    registry = {
        "tasks": dbt.ref("int_tasks").project("programme_id, task_id, special_id, weight").df(),
        "indicators": dbt.ref("stg_indicators")
        .project(
            "programme_id, indicator_id, special_id, weight, case when polarity = 'lower' then -1 else 1 end as direction"
        )
        .df(),
        "specials": dbt.ref("stg_specials").project("programme_id, special_id, weight").df(),
        "sub_units": dbt.ref("int_sub_units").project("programme_id, parent_id, reporter_id, weight").df(),
    }
    relations = {
        "tasks": dbt.ref("int_task_states"),
        "indicators": dbt.ref("int_indicator_states"),
        "ranking": dbt.ref("ranking"),
        "draws": dbt.ref("rank_draws"),
    }
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in COLUMNS.items()])
    blocks = [schema.empty_table()]
    for parameters in dbt.ref("stg_periods").order("programme_id, period").df().to_dict("records"):
        own = Registry.of(parameters["programme_id"], **registry)
        blocks.append(of_period(own, parameters, relations, schema))
    return pa.concat_tables(blocks)


def of_period(registry, parameters, relations, schema):
    """The rows of one programme and period: they depend on that period's rows of the ``relations`` alone, and on the registry."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from quality.ranks.boards import board, lines
    from quality.ranks.draws import Draws, Lists, bands, seed_of, varied_totals

    key = parameters["programme_id"], parameters["period"]
    placed = (
        lines(
            relations["ranking"],
            "reporter_id, ranked, rank, coalesce(all_targets_reached, false) as all_targets_reached",
            *key,
        )
        .filter(pc.field("ranked"))
        .sort_by([("rank", "ascending"), ("reporter_id", "ascending")])
    )
    if not placed.num_rows:
        return schema.empty_table()
    shown = board(registry, parameters, placed["reporter_id"].to_pylist())
    stored = lines(relations["draws"], "*", *key).sort_by("draw")

    def steps(name):
        return stored[f"{name}_steps"].combine_chunks().flatten().to_numpy().reshape(stored.num_rows, -1)

    draws = Draws(
        stored["normalisation"].to_pylist(),
        stored["aggregation"].to_pylist(),
        *(steps(name) for name in ("task", "indicator", "special", "component")),
    )
    tasks = lines(
        relations["tasks"],
        "reporter_id, task_id, case when not cancelled then score end as score",
        *key,
    )
    indicators = shown.indicators(
        lines(relations["indicators"], "reporter_id, indicator_id, value, score", *key)
    )
    totals = varied_totals(
        shown.tasks(tasks).values("score"),
        indicators.values("score"),
        indicators.values("value"),
        registry.indicators["direction"].to_numpy(float),
        shown.scheme,
        draws,
    )
    exempt = parameters["black_exception"] == "all_targets"
    band = bands(
        totals,
        placed["rank"].to_numpy(),
        Lists(
            int(parameters["red"]),
            int(parameters["black"]),
            parameters["ties"] == "include",
            placed["all_targets_reached"].to_numpy() & exempt,
            bool(parameters["lists_kept"]),
        ),
    )
    count = len(shown.places)
    columns = {
        "programme_id": pa.repeat(key[0], count),
        "period": pa.repeat(key[1], count),
        "reporter_id": shown.places,
        "draws": np.full(count, stored.num_rows),
        "seed": np.full(count, seed_of(*key)),
        "rank_median": band.median,
        "rank_p05": band.low,
        "rank_p95": band.high,
        "p_red": band.p_red,
        "p_black": band.p_black,
        "p_ahead_of_next": band.p_ahead,
    }
    # NaN would arrive as a number; without lists there is no probability
    return pa.table(
        [pa.array(columns[name], schema.field(name).type, from_pandas=True) for name in COLUMNS],
        schema=schema,
    )
