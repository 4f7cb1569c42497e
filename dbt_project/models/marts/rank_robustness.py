"""How firm a rank is: 1,000 seeded draws of weights, normalisation and aggregation (research: OECD/JRC Handbook, COINr).

Each draw multiplies every weight by 1 + U(-0.25, 0.25) at every level (task or indicator in its special, special,
component), takes one normalisation of the indicators (nominal score, min-max on [1,100], percentile rank) and one
aggregation over specials and components (arithmetic, geometric on [1,100]). Ranks are competition ranks of the total
rounded to 6 decimals. Quantiles are of type 7. Python because a draw is a matrix product, not a query; the seed depends
on programme and period only, so that any machine repeats the draws.
"""

import zlib

import numpy as np

DRAWS = 1000
SPREAD = 0.25
NORMALISATIONS = ("nominal", "minmax", "percentile")


def seed_of(programme_id, period):
    """Seed of a programme's period: the CRC-32 of its name."""
    return zlib.crc32(f"{programme_id}/{period}".encode())


def minmax(values, directions):
    """(reporters × indicators) values → [1, 100] per indicator; equal values get the middle of the scale."""
    directed = values * directions
    low, high = np.nanmin(directed, axis=0), np.nanmax(directed, axis=0)
    spread = high - low
    return np.where(
        spread > 0,
        1 + 99 * (directed - low) / np.where(spread > 0, spread, 1),
        np.where(np.isnan(directed), np.nan, 50.5),
    )


def percentile(values, directions):
    """(reporters × indicators) values → 100·(r−1)/(n−1), r the ascending mean rank; a single value gets 100."""
    directed = values * directions
    result = np.full(directed.shape, np.nan)
    for column in range(directed.shape[1]):
        present = ~np.isnan(directed[:, column])
        known = directed[present, column]
        if known.size == 1:
            result[present, column] = 100.0
        elif known.size:
            ordered = np.sort(known)
            below = np.searchsorted(ordered, known, "left")
            upto = np.searchsorted(ordered, known, "right")
            result[present, column] = 100 * ((below + upto - 1) / 2) / (known.size - 1)
    return result


def grouped_mean(scores, weights, groups, count):
    """Weighted means per group of columns.

    scores (reporters × columns, NaN = not counted), weights (columns × draws), groups (columns → group number).
    Returns (reporters × groups × draws), NaN where a group has nothing that counts.
    """
    known = ~np.isnan(scores)
    filled = np.where(known, scores, 0.0)
    result = np.full((scores.shape[0], count, weights.shape[1]), np.nan)
    for group in range(count):
        columns = np.flatnonzero(groups == group)
        if columns.size:
            below = known[:, columns].astype(float) @ weights[columns]
            above = filled[:, columns] @ weights[columns]
            result[:, group] = np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)
    return result


def combine(parts, weights, geometric):
    """Weighted mean over axis 1 of (reporters × parts × draws); ``geometric`` (draws) uses exp Σω ln on [1, 100]."""
    known = ~np.isnan(parts)
    share = np.where(known, weights[None], 0.0)
    total = share.sum(axis=1)
    safe = np.where(total > 0, total, 1)
    filled = np.where(known, parts, 0.0)
    arithmetic = (share * filled).sum(axis=1) / safe
    logs = (share * np.log(1 + 0.99 * np.clip(filled, 0, 100))).sum(axis=1) / safe
    mean = np.where(geometric[None], (np.exp(logs) - 1) / 0.99, arithmetic)
    return np.where(total > 0, mean, np.nan)


def ranks(totals):
    """(ranks from the top, ranks from the end) of (reporters × draws) totals, 1224, on 6 decimals; NaN stays out."""
    rounded = np.round(totals, 6)
    top, end = np.full(rounded.shape, np.nan), np.full(rounded.shape, np.nan)
    for draw in range(rounded.shape[1]):
        present = ~np.isnan(rounded[:, draw])
        known = rounded[present, draw]
        ordered = np.sort(known)
        top[present, draw] = 1 + known.size - np.searchsorted(ordered, known, "right")
        end[present, draw] = 1 + np.searchsorted(ordered, known, "left")
    return top, end


def draw_totals(tasks, indicators, specials, components, generator, draws=DRAWS):
    """Totals (reporters × draws) under drawn weights, normalisations and aggregations.

    tasks: (scores reporters × tasks, weights, special numbers); indicators: (nominal scores, values, directions, weights,
    special numbers); specials: weights; components: (tasks, indicators) weights.
    """

    def noisy(weights):
        weights = np.asarray(weights, float)
        return weights[:, None] * (1 + generator.uniform(-SPREAD, SPREAD, (weights.size, draws)))

    task_scores, task_weights, task_groups = tasks
    nominal, values, directions, indicator_weights, indicator_groups = indicators
    count = len(specials)
    w_tasks, w_indicators = noisy(task_weights), noisy(indicator_weights)
    w_specials, w_components = noisy(specials), noisy(components)
    normalisation = generator.integers(0, len(NORMALISATIONS), draws)
    geometric = generator.integers(0, 2, draws).astype(bool)

    task_parts = grouped_mean(task_scores, w_tasks, task_groups, count)
    indicator_parts = np.full((nominal.shape[0], count, draws), np.nan)
    scored = ~np.isnan(nominal)
    with_value = np.where(scored, values, np.nan)
    for number, name in enumerate(NORMALISATIONS):
        chosen = np.flatnonzero(normalisation == number)
        if not chosen.size or not nominal.size:
            continue
        if name == "nominal":
            scores = nominal
        else:
            usable = np.where(np.isnan(with_value).all(axis=0), 0.0, with_value)
            scores = minmax(usable, directions) if name == "minmax" else percentile(usable, directions)
            # no practice and not submitted stay at the bottom of the scale
            scores = np.where(scored, np.where(np.isnan(with_value), 0.0, scores), np.nan)
        indicator_parts[:, :, chosen] = grouped_mean(scores, w_indicators[:, chosen], indicator_groups, count)
    both = np.stack(
        [combine(task_parts, w_specials, geometric), combine(indicator_parts, w_specials, geometric)], axis=1
    )
    return combine(both, w_components, geometric)


def _matrix(frame, rows, columns, row_key, column_key, value):
    result = np.full((len(rows), len(columns)), np.nan)
    result[frame[row_key].map(rows), frame[column_key].map(columns)] = frame[value].astype(float)
    return result


def _one(programme_id, period, tasks, indicators, specials, ranking, programme):
    """Rows of one programme and period."""
    ranking = ranking[ranking["ranked"].astype(bool)].sort_values(["rank", "reporter_id"])
    reporters = {reporter: number for number, reporter in enumerate(ranking["reporter_id"])}
    if not reporters:
        return []
    special_numbers = {special: number for number, special in enumerate(specials["special_id"])}
    tasks = tasks[tasks["reporter_id"].isin(reporters) & ~tasks["cancelled"].astype(bool)]
    indicators = indicators[indicators["reporter_id"].isin(reporters)]
    task_list = tasks.drop_duplicates("task_id").sort_values("task_id")
    indicator_list = indicators.drop_duplicates("indicator_id").sort_values("indicator_id")
    task_numbers = {task: number for number, task in enumerate(task_list["task_id"])}
    indicator_numbers = {indicator: number for number, indicator in enumerate(indicator_list["indicator_id"])}
    seed = seed_of(programme_id, period)
    totals = draw_totals(
        (
            _matrix(tasks, reporters, task_numbers, "reporter_id", "task_id", "score"),
            task_list["weight"].astype(float).to_numpy(),
            task_list["special_id"].map(special_numbers).to_numpy(),
        ),
        (
            _matrix(indicators, reporters, indicator_numbers, "reporter_id", "indicator_id", "score"),
            _matrix(indicators, reporters, indicator_numbers, "reporter_id", "indicator_id", "value"),
            indicator_list["direction"].astype(float).to_numpy(),
            indicator_list["weight"].astype(float).to_numpy(),
            indicator_list["special_id"].map(special_numbers).to_numpy(),
        ),
        specials["weight"].astype(float).to_numpy(),
        [float(programme["weight_tasks"]), float(programme["weight_indicators"])],
        np.random.default_rng(seed),
    )
    top, end = ranks(totals)
    lists = len(reporters) >= programme["red"] + programme["black"] + 1
    exempt = ranking["all_targets_reached"].fillna(False).astype(bool).to_numpy()
    nominal = ranking["rank"].to_numpy()
    rows = []
    for number, reporter in enumerate(reporters):
        behind = np.flatnonzero(nominal > nominal[number])
        ahead = None
        if behind.size:
            ahead = float(np.mean(np.round(totals[number], 6) > np.round(totals[behind[0]], 6)))
        rows.append(
            (
                programme_id,
                period,
                reporter,
                DRAWS,
                seed,
                float(np.nanmedian(top[number])),
                float(np.nanquantile(top[number], 0.05)),
                float(np.nanquantile(top[number], 0.95)),
                float(np.mean(top[number] <= programme["red"])) if lists else None,
                (0.0 if exempt[number] else float(np.mean(end[number] <= programme["black"])))
                if lists
                else None,
                ahead,
            )
        )
    return rows


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
    import pandas as pd

    dbt.config(materialized="table")
    tasks = (
        dbt.ref("int_task_states")
        .project("programme_id, period, reporter_id, task_id, special_id, weight, score, cancelled")
        .df()
    )
    indicators = (
        dbt.ref("int_indicator_states")
        .project(
            "programme_id, period, reporter_id, indicator_id, special_id, direction, weight, value, score"
        )
        .df()
    )
    specials = dbt.ref("stg_specials").order("programme_id, special_id").df()
    ranking = dbt.ref("ranking").df()
    periods = dbt.ref("stg_periods").order("programme_id, period").df()

    rows = []
    for programme in periods.to_dict("records"):
        programme_id, period = programme["programme_id"], programme["period"]

        def of(frame, programme_id=programme_id, period=period):
            return frame[(frame["programme_id"] == programme_id) & (frame["period"] == period)]

        rows += _one(
            programme_id,
            period,
            of(tasks),
            of(indicators),
            specials[specials["programme_id"] == programme_id],
            of(ranking),
            programme,
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
