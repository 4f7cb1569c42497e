"""Why every score and rank moved, and what one more place takes (arithmetic in ``quality.ranks.changes``, words in ``.words``).

``items`` (JSON) becomes the rows of ``score_change_items``, the rest ``rank_changes``.
"""

TYPES = {
    "programme_id": "string",
    "period": "string",
    "reporter_id": "string",
    "previous_period": "string",
    **dict.fromkeys(
        (
            "previous_score",
            "score",
            "score_change",
            "score_own",
            "score_peers",
            "score_method",
            "score_revision",
        ),
        "float64",
    ),
    **dict.fromkeys(
        ("previous_rank", "rank", "rank_change", "rank_own", "rank_peers", "rank_method", "rank_revision"),
        "int64",
    ),
    "causes": "string",
    "gain_score": "float64",
    "gain_ahead_of": "string",
    "gain_text": "string",
    "items": "string",
}


def model(dbt, session):
    """One row per reporter and period that is ranked in it."""
    import pyarrow as pa

    from quality.ranks.boards import Registry
    from quality.ranks.report import Tables, rows_of

    dbt.config(materialized="table")

    def frame(relation, columns):
        return relation.project(columns).df()

    key = "programme_id, period, reporter_id"
    tables = Tables(
        tasks=frame(
            dbt.ref("int_task_states"),
            f"{key}, task_id, case when not cancelled then score end as score, light = 'red' as overdue, sustained, completed, last_due,"
            " period_end",
        ),
        indicators=frame(
            dbt.ref("int_indicator_states"),
            f"{key}, indicator_id, score, value, state, method, worst, frontier, baseline, target, polarity",
        ),
        published=frame(dbt.ref("int_published_items"), f"{key}, component, item_id, score"),
        published_ranks=frame(dbt.ref("stg_published_ranks"), f"{key}, rank, total_score"),
        editions=frame(dbt.ref("stg_editions"), "programme_id, period, is_latest"),
        ranking=frame(dbt.ref("ranking"), f"{key}, reporter_name, ranked, rank"),
        periods=dbt.ref("stg_periods").order("programme_id, period_seq").df(),
    )
    registry = {
        "tasks": frame(dbt.ref("int_tasks"), "programme_id, task_id, special_id, weight, title"),
        "indicators": frame(
            dbt.ref("stg_indicators"),
            "programme_id, indicator_id, special_id, weight, name, unit, decimals, exponent",
        ),
        "specials": frame(dbt.ref("stg_specials"), "programme_id, special_id, weight, name"),
        "sub_units": frame(dbt.ref("int_sub_units"), "programme_id, parent_id, reporter_id, weight"),
    }
    rows = []
    for programme_id in tables.periods["programme_id"].unique():
        rows += rows_of(programme_id, Registry.of(programme_id, **registry), tables)
    kinds = {"string": pa.string(), "float64": pa.float64(), "int64": pa.int64()}
    return pa.table(
        {name: pa.array([row[name] for row in rows], kinds[kind]) for name, kind in TYPES.items()}
    )
