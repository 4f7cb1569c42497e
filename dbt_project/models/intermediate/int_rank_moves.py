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


TASKS = """reporter_id, task_id, case when not cancelled then score end as score, light = 'red' as overdue, sustained, completed,
    greatest(coalesce(period_end - last_due, 0), 0) as days_late"""
INDICATORS = """reporter_id, indicator_id, score, value, state, state = 'no_practice' as idle, method, worst, frontier, baseline,
    target, polarity"""


def model(dbt, session):
    """One row per reporter and period that is ranked in it."""
    import pyarrow as pa

    from quality.ranks.boards import Registry
    from quality.ranks.report import rows_of

    dbt.config(materialized="table")
    registry = {
        "tasks": dbt.ref("int_tasks").project("programme_id, task_id, special_id, weight, title").df(),
        "indicators": dbt.ref("stg_indicators")
        .project("programme_id, indicator_id, special_id, weight, name, unit, decimals, exponent")
        .df(),
        "specials": dbt.ref("stg_specials").project("programme_id, special_id, weight, name").df(),
        "sub_units": dbt.ref("int_sub_units").project("programme_id, parent_id, reporter_id, weight").df(),
    }
    relations = {
        "tasks": dbt.ref("int_task_states"),
        "indicators": dbt.ref("int_indicator_states"),
        "ranking": dbt.ref("ranking"),
        "published": dbt.ref("int_published_items"),
        "published_ranks": dbt.ref("stg_published_ranks"),
    }
    published = set(
        dbt.ref("stg_editions").filter("is_latest").project("programme_id, period").distinct().fetchall()
    )
    kinds = {"string": pa.string(), "float64": pa.float64(), "int64": pa.int64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in TYPES.items()])
    blocks, before = [schema.empty_table()], None
    for parameters in dbt.ref("stg_periods").order("programme_id, period_seq").df().to_dict("records"):
        key = parameters["programme_id"], parameters["period"]
        if before is not None and before.parameters["programme_id"] != key[0]:
            before = None
        now = quarter(parameters, relations, key in published)
        rows = rows_of(Registry.of(key[0], **registry), before, now)
        blocks.append(pa.Table.from_pylist(rows, schema))
        before = now
    return pa.concat_tables(blocks)


def quarter(parameters, relations, is_published):
    """What the ``relations`` say of one programme and period."""
    from quality.ranks.boards import lines
    from quality.ranks.report import Quarter

    def of(name, columns):
        return lines(relations[name], columns, parameters["programme_id"], parameters["period"])

    return Quarter(
        parameters,
        of("tasks", TASKS),
        of("indicators", INDICATORS),
        of("ranking", "reporter_id, reporter_name, ranked"),
        of("published", "reporter_id, component, item_id, score") if is_published else None,
        of("published_ranks", "reporter_id, rank, total_score") if is_published else None,
    )
