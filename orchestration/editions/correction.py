"""Correction of one reporter in a published quarter (practice of the World Bank, 16 December 2020).

The corrected reporter gets its new score and its place among the others as published; the others keep theirs.
Belongs here: mixing published and corrected rows. Does not belong here: when a correction is allowed (``freeze``), the rule of
the lists (the models' macro, rendered).
"""

from __future__ import annotations

import duckdb
import jinja2

from orchestration.settings import REPOSITORY
from orchestration.warehouse import literal


def corrected(
    connection: duckdb.DuckDBPyConnection, table: str, draft: str, published: str, reporter_id: str
) -> str:
    """A relation: rows of ``published`` with those of the reporter from ``draft``, ranked among the published others.

    draft, published: relations of one programme and period. A mart without reporters stays as published.
    """
    columns = [row[0] for row in connection.execute(f"DESCRIBE FROM {draft}").fetchall()]
    if "reporter_id" not in columns:
        return published
    who = literal(reporter_id)
    own = f"(SELECT * FROM {draft} WHERE reporter_id = {who})"
    others = f"(SELECT * FROM {published} WHERE reporter_id IS DISTINCT FROM {who})"
    if table == "ranking":
        own = _placed(own, others)
    elif table == "special_scores":
        own = _placed_in_specials(own, others)
    return f"(SELECT * FROM {others} UNION ALL BY NAME SELECT * FROM {own})"


def _placed(own: str, others: str) -> str:
    """Rank, group rank and list of the one among the others; its previous rank is not touched."""
    macros = jinja2.Environment(loader=jinja2.FileSystemLoader(REPOSITORY / "dbt_project" / "macros"))
    rules = macros.get_template("scores.sql").module
    new_list = rules.list_of("new_count", "new_rank", "new_from_end", "all_targets_reached")
    better = "round(o.total_score, 6) > round(d.total_score, 6)"
    worse = "round(o.total_score, 6) < round(d.total_score, 6)"
    return f"""(
        WITH d AS (FROM {own}), o AS (SELECT * FROM {others} WHERE ranked),
        lists AS (SELECT programme_id, red, black, ties, black_exception, no_lists FROM raw.programmes),
        placed AS (
            SELECT d.*,
                   CASE WHEN d.ranked THEN 1 + (SELECT count(*) FROM o WHERE {better}) END AS new_rank,
                   CASE WHEN d.ranked THEN 1 + (SELECT count(*) FROM o WHERE {worse}) END AS new_from_end,
                   CASE WHEN d.ranked THEN
                       1 + (SELECT count(*) FROM o WHERE {better} AND o."group" IS NOT DISTINCT FROM d."group")
                   END AS new_group_rank,
                   (SELECT count(*) FROM o) + CAST(d.ranked AS INTEGER) AS new_count,
                   l.red, l.black, l.ties, coalesce(l.black_exception, 'all_targets') AS black_exception,
                   {rules.lists_are_kept("d.period", "l.no_lists")} AS lists_kept
            FROM d JOIN lists l USING (programme_id)
        )
        SELECT * EXCLUDE (
            new_rank, new_from_end, new_group_rank, new_count, red, black, ties, black_exception, lists_kept
        ) REPLACE (
            new_rank AS rank, new_group_rank AS group_rank, previous_rank - new_rank AS rank_change,
            new_from_end AS rank_from_end, new_count AS ranked_count,
            {new_list} AS list
        ) FROM placed
    )"""


def _placed_in_specials(own: str, others: str) -> str:
    return f"""(
        SELECT d.* REPLACE (
            CASE WHEN d.score IS NOT NULL THEN 1 + (
                SELECT count(*) FROM {others} o
                WHERE o.special_id = d.special_id AND round(o.score, 6) > round(d.score, 6)
            ) END AS rank
        ) FROM {own} d
    )"""
