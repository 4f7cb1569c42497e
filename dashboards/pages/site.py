"""A programme's quarter, read once, and what every page has: masthead, navigation, footer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Any

import duckdb

from dashboards import format as fmt
from dashboards import ledger
from dashboards.pages import drill
from dashboards.queries import ranking as ranking_queries
from dashboards.queries import site as queries
from dashboards.theme import LIGHTS

Row = dict[str, Any]

MENU_REPORTERS = 100  # more of them are found through the ranking: the menu stands on every page


@dataclass
class Site:
    """Everything the pages of one programme and period need, read once."""

    programme_id: str
    period: str
    edition: str
    programme: Row
    periods: list[Row]
    specials: list[Row]
    ranking: list[Row]
    history: list[Row]
    bands: dict[tuple[str, str], Row]
    list_entries: list[Row]
    rank_changes: list[Row]
    change_items: list[Row]
    totals: dict[str, Row]
    reporting: list[Row]
    lights: list[Row]
    overdue: list[Row]
    goals: list[Row]
    editions: list[Row]
    edition_changes: list[Row]
    edition_checks: list[Row]
    draft_changes: list[Row]
    drafted: bool
    special_weights: dict[str, Row]
    task_facts: dict[str, Row]
    indicator_facts: dict[str, Row]
    sub_units: dict[str, list[Row]]
    flags: list[Row]
    rule_titles: dict[str, str]
    rules: dict[str, Row]
    rule_stats: list[Row]
    scorecard: list[Row]
    dimension_totals: list[Row]
    confirmed: list[Row]
    expectations: list[Row]
    proposals: list[Row]
    receipts: list[Row]
    quarantine: list[Row]
    tasks: dict[str, list[Row]]
    special_scores: dict[tuple[str, str], Row]
    indicators: list[Row]
    indicator_scores: list[Row]
    unit_load: list[Row]
    rectification: list[Row]
    rectification_totals: list[Row]
    rectification_history: list[Row]
    satisfaction: list[Row]
    slugs: dict[str, str]
    drill: drill.Drill
    period_links: dict[str, str | None] = field(default_factory=dict)
    front: str | None = (
        None  # leads from the site's root to the pages beside the sites; None where there are none
    )
    _grouped: dict[str, dict[str | None, list[Row]]] = field(default_factory=dict)

    def of(self, table: str, reporter_id: str) -> list[Row]:
        """The rows of one reporter in ``table`` (a field with a list of rows); grouped once for all reporters."""
        if table not in self._grouped:
            grouped: dict[str | None, list[Row]] = defaultdict(list)
            for row in getattr(self, table):
                grouped[row["reporter_id"]].append(row)
            self._grouped[table] = grouped
        return self._grouped[table].get(reporter_id, [])

    @cached_property
    def names(self) -> dict[str, str]:
        """reporter_id → name."""
        return {row["reporter_id"]: row["reporter_name"] for row in self.ranking}

    @cached_property
    def flags_of(self) -> dict[tuple[str, str], list[Row]]:
        """(entity_type, entity_id) → findings on it."""
        grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.flags:
            grouped[row["entity_type"], row["entity_id"]].append(row)
        return grouped

    @cached_property
    def issues(self) -> list[Row]:
        """The rectification ledger with the history of every issue (see ``ledger.issues``)."""
        return ledger.issues(self.rectification, self.rectification_history, self.flags)

    @cached_property
    def foot(self) -> Row:
        """Sums over all submissions and findings; once, for they stand at the foot of every page."""
        return {
            "receipts": len(self.receipts),
            "rejected": sum(row["status"] == "rejected" for row in self.receipts),
            "rows_read": sum(row["rows_read"] or 0 for row in self.receipts),
            "rows_loaded": sum(row["rows_loaded"] or 0 for row in self.receipts),
            "rows_quarantined": sum(row["rows_quarantined"] or 0 for row in self.receipts),
            "rules": len(self.rule_titles) or None,
            "rules_hit": len({row["rule_id"] for row in self.flags}),
        }

    @cached_property
    def ranked_n(self) -> int:
        """How many take part in the ranking."""
        return sum(row["rank"] is not None for row in self.ranking)

    @cached_property
    def special_levels(self) -> dict[str, Row]:
        """Special → low, high, middle (null without a score) and number of the scores in it."""
        scores: dict[str, list[float]] = defaultdict(list)
        for (_, special), row in self.special_scores.items():
            if row["score"] is not None:
                scores[special].append(row["score"])
        return {
            special: {"low": min(of), "high": max(of), "middle": median(of), "of": len(of)}
            for special, of in scores.items()
        }

    @cached_property
    def median_scores(self) -> dict[str, float | None]:
        """Period → median of the total scores (null when nobody has one)."""
        scores: dict[str, list[float]] = defaultdict(list)
        for row in self.history:
            if row["total_score"] is not None:
                scores[row["period"]].append(row["total_score"])
        return {
            p: median(scores[p]) if scores[p] else None for p in sorted({h["period"] for h in self.history})
        }

    def band(self, reporter_id: str, period: str | None = None) -> Row | None:
        """The drawn ranks of a reporter (of this period, unless another is named); None where there were no draws."""
        return self.bands.get((period or self.period, reporter_id))

    @property
    def draws(self) -> int | None:
        """How many draws the bands of this period stand on; None where there were none."""
        return next(
            (band["draws"] for (period, _), band in self.bands.items() if period == self.period), None
        )

    def rank(self, reporter_id: str, place: int | None, period: str | None = None) -> str:
        """A reporter's rank in words, with its band: ``第3名（2–5）``."""
        band = self.band(reporter_id, period)
        return fmt.rank(place, band["rank_p05"], band["rank_p95"]) if band else fmt.rank(place)

    def parameter(self, name: str, default: Any) -> Any:
        """A parameter of the programme; ``default`` where it is blank, or the file older than the parameter."""
        found = self.programme.get(name)
        return default if found is None else found

    @property
    def now(self) -> Row:
        """The period's line of control.periods (dates null where control does not know it)."""
        return next((row for row in self.periods if row["period"] == self.period), {})

    @property
    def before(self) -> str | None:
        """The previous period in the marts."""
        earlier = [row["period"] for row in self.periods if row["period"] < self.period]
        return earlier[-1] if earlier else None

    def href(self, reporter_id: str | None, prefix: str = "") -> str | None:
        """Link to a reporter's page; None when it has none."""
        name = self.slugs.get(reporter_id or "")
        return f"{prefix}reporters/{name}.html" if name else None


def load(connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, edition: str) -> Site:
    """Read everything once.

    Raises ``LookupError`` when the programme is unknown or the marts hold nothing of it for the period.
    """
    programme = queries.programme(connection, programme_id)
    ranking = queries.ranking(connection, programme_id, period)
    if programme is None or not ranking:
        raise LookupError(f"数据库中没有 {programme_id} {period} 的评价结果")
    on_time = {row["period"]: row for row in queries.on_time(connection, programme_id)}
    totals = {
        row["period"]: row | on_time.get(row["period"], {"due_in_full": 0, "done_in_time": 0})
        for row in queries.totals(connection, programme_id)
    }
    tasks: dict[str, list[Row]] = defaultdict(list)
    states = queries.task_status(connection, programme_id, period)
    for row in states:
        tasks[row["reporter_id"]].append(row)
    special_weights = ranking_queries.special_weights(connection, programme_id)
    indicators = queries.indicators(connection, programme_id)
    indicator_scores = queries.indicator_scores(connection, programme_id, period)
    return Site(
        programme_id=programme_id,
        period=period,
        edition=edition,
        programme=programme,
        periods=queries.periods(connection, programme_id),
        specials=queries.specials(connection, programme_id),
        ranking=ranking,
        history=queries.ranking_history(connection, programme_id, period),
        bands={
            (row["period"], row["reporter_id"]): row
            for row in ranking_queries.robustness(connection, programme_id, period)
        },
        list_entries=ranking_queries.list_entries(connection, programme_id, period),
        rank_changes=ranking_queries.rank_changes(connection, programme_id, period),
        change_items=ranking_queries.change_items(connection, programme_id, period),
        totals=totals,
        reporting=queries.reporting(connection, programme_id, period),
        lights=queries.lights(connection, programme_id, period),
        overdue=queries.overdue_tasks(connection, programme_id, period),
        goals=ranking_queries.goals(connection, programme_id, period),
        editions=ranking_queries.editions(connection, programme_id, period),
        edition_changes=ranking_queries.edition_changes(connection, programme_id, period),
        edition_checks=ranking_queries.edition_checks(connection, programme_id, period),
        draft_changes=ranking_queries.draft_changes(connection, programme_id, period),
        drafted=ranking_queries.drafted(connection, programme_id, period),
        special_weights=special_weights,
        task_facts=ranking_queries.task_facts(connection, programme_id),
        indicator_facts=ranking_queries.indicator_facts(connection, programme_id),
        sub_units=ranking_queries.sub_units(connection, programme_id),
        flags=queries.flags(connection, programme_id, period),
        rule_titles=queries.rule_titles(connection),
        rules=queries.rules(connection),
        rule_stats=queries.rule_stats(connection, programme_id, period),
        scorecard=queries.scorecard(connection, programme_id, period),
        dimension_totals=queries.dimension_totals(connection, programme_id, period),
        confirmed=queries.confirmed(connection, programme_id, period),
        expectations=queries.expectations(connection),
        proposals=queries.proposals(connection, programme_id, period),
        receipts=queries.receipts(connection, programme_id, period),
        quarantine=queries.quarantine(connection, programme_id, period),
        tasks=tasks,
        special_scores={
            (row["reporter_id"], row["special_id"]): row
            for row in queries.special_scores(connection, programme_id, period)
        },
        indicators=indicators,
        indicator_scores=indicator_scores,
        unit_load=queries.unit_load(connection, programme_id, period),
        rectification=queries.rectification(connection, programme_id, period),
        rectification_totals=queries.rectification_totals(connection, programme_id, period),
        rectification_history=queries.rectification_history(connection, programme_id, period),
        satisfaction=queries.satisfaction(connection, programme_id, period),
        slugs=fmt.slugs([row["reporter_id"] for row in ranking]),
        drill=drill.load(
            connection,
            programme_id,
            period,
            states,
            indicator_scores,
            indicators,
            special_weights,
            [row["reporter_id"] for row in ranking],
        ),
    )


def source(
    path: str | None, sheet: str | None = None, row_number: Any = None, period: str | None = None
) -> str:
    """Where something stands, short: file name, sheet, row; with its period when that is not ``period``."""
    if not path:
        return fmt.NONE
    folders = path.split("/")  # submissions/<programme>/<period>/<reporter>/<file>
    parts = [folders[-1]]
    if period and len(folders) > 4 and folders[2] != period:
        parts.insert(0, folders[2])
    if sheet:
        parts.append(f"表 {sheet}")
    if row_number is not None:
        parts.append(f"第 {row_number} 行")
    return " · ".join(parts)


def lead_units(row: Row) -> list[str]:
    """The units that answer for a task, one by one: the marts join the names of joint ones with 、."""
    return [unit for unit in (row["lead_unit"] or "").split("、") if unit] or ["（未明确责任单位）"]


def base(site: Site, page: str, title: str, prefix: str = "") -> Row:
    """What every page has: masthead, navigation, period switcher, footer. ``prefix`` leads back to the site's root."""
    now = site.now
    return {
        "page": page,
        "title": title,
        "prefix": prefix,
        "programme": site.programme,
        "period": site.period,
        "period_words": fmt.period_words(site.period),
        "edition": site.edition,
        "now": now,
        "before": site.before,
        "front": None if site.front is None else prefix + site.front,
        "nav": [
            ("index", "总览", "index.html"),
            ("lists", "红黑榜", "lists.html"),
            *([("goals", "目标进展", "goals.html")] if site.goals else []),
            ("overdue", "逾期任务", "overdue.html"),
            ("units", "责任单位", "units.html"),
            ("indicators", "指标", "indicators.html"),
            *([("compare", "两地对比", "compare.html")] if len(site.ranking) > 1 else []),
            ("quality", "数据质量", "quality.html"),
            *([("rectification", "整改台账", "rectification.html")] if site.rectification else []),
            ("editions", "版本与修订", "editions.html"),
            ("method", "评价方法", "method.html"),
        ],
        "periods": [
            {
                "period": row["period"],
                "here": row["period"] == site.period,
                "href": site.period_links.get(row["period"]),
            }
            for row in site.periods
        ],
        "reporter_links": [
            (row["reporter_name"], site.href(row["reporter_id"], prefix))
            for row in site.ranking[:MENU_REPORTERS]
        ],
        "more_reporters": max(len(site.ranking) - MENU_REPORTERS, 0),
        "lights": LIGHTS,
        "yellow_points": fmt.number(abs(site.parameter("yellow_points", -10)), 1, trim=True),
        "blue_days": int(site.parameter("blue_days", 10)),
        "late_per_day": fmt.number(site.parameter("late_per_day", 2), 1, trim=True),
        "late_floor": fmt.number(site.parameter("late_floor", 60), 1, trim=True),
        "overdue_cap": fmt.number(site.parameter("overdue_cap", 60), 1, trim=True),
        "red": int(site.parameter("red", 3)),
        "black": int(site.parameter("black", 3)),
        "aggregation": site.parameter("aggregation", "arithmetic"),
        "ties_in": site.parameter("ties", "include") == "include",
        "exempt": site.parameter("black_exception", "all_targets") == "all_targets",
        "weight_tasks": site.parameter("weight_tasks", 0.5),
        "weight_indicators": site.parameter("weight_indicators", 0.5),
        "foot": site.foot,
    }


# --- index -----------------------------------------------------------------------------------------------------
