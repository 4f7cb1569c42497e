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
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from quality.ranks.boards import Registry, board
    from quality.ranks.draws import Draws, Lists, bands, seed_of, varied_totals

    dbt.config(materialized="table")

    def frame(relation, columns):
        return relation.project(columns).df()

    key = "programme_id, period, reporter_id"
    tasks = frame(
        dbt.ref("int_task_states"), f"{key}, task_id, case when not cancelled then score end as score"
    )
    indicators = frame(dbt.ref("int_indicator_states"), f"{key}, indicator_id, value, score")
    ranking = frame(dbt.ref("ranking"), f"{key}, ranked, rank, all_targets_reached")
    tables = {
        "tasks": frame(dbt.ref("int_tasks"), "programme_id, task_id, special_id, weight"),
        "indicators": frame(
            dbt.ref("stg_indicators"),
            "programme_id, indicator_id, special_id, weight, case when polarity = 'lower' then -1 else 1 end as direction",
        ),
        "specials": frame(dbt.ref("stg_specials"), "programme_id, special_id, weight"),
        "sub_units": frame(dbt.ref("int_sub_units"), "programme_id, parent_id, reporter_id, weight"),
    }
    periods = dbt.ref("stg_periods").order("programme_id, period").df()
    stored = dbt.ref("rank_draws").order("programme_id, period, draw").df()

    blocks = []
    for parameters in periods.to_dict("records"):
        programme_id, period = parameters["programme_id"], parameters["period"]

        def of(table, programme_id=programme_id, period=period):
            return table[(table["programme_id"] == programme_id) & (table["period"] == period)]

        placed = of(ranking)
        placed = placed[placed["ranked"].astype(bool)].sort_values(["rank", "reporter_id"])
        if placed.empty:
            continue
        registry = Registry.of(programme_id, **tables)
        shown = board(registry, parameters, list(placed["reporter_id"]))
        lines = of(stored)
        draws = Draws(
            list(lines["normalisation"]),
            list(lines["aggregation"]),
            *(np.stack(lines[f"{name}_steps"]) for name in ("task", "indicator", "special", "component")),
        )
        values = of(indicators)
        totals = varied_totals(
            shown.tasks(of(tasks), "score"),
            shown.indicators(values, "score"),
            shown.indicators(values, "value"),
            registry.indicators["direction"].astype(float).to_numpy(),
            shown.scheme,
            draws,
        )
        exempt = parameters["black_exception"] == "all_targets"
        band = bands(
            totals,
            placed["rank"].astype(int).to_numpy(),
            Lists(
                int(parameters["red"]),
                int(parameters["black"]),
                parameters["ties"] == "include",
                placed["all_targets_reached"].fillna(False).astype(bool).to_numpy() & exempt,
                bool(parameters["lists_kept"]),
            ),
        )
        blocks.append(
            pd.DataFrame(
                {
                    "programme_id": programme_id,
                    "period": period,
                    "reporter_id": shown.places,
                    "draws": len(draws.normalisation),
                    "seed": seed_of(programme_id, period),
                    "rank_median": band.median,
                    "rank_p05": band.low,
                    "rank_p95": band.high,
                    "p_red": band.p_red,
                    "p_black": band.p_black,
                    "p_ahead_of_next": band.p_ahead,
                }
            )
        )
    result = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=list(COLUMNS))
    # NaN would arrive as a number; without lists there is no probability
    return pa.table(
        {
            name: pa.array(result[name], getattr(pa, kind)(), from_pandas=True)
            for name, kind in COLUMNS.items()
        }
    )
