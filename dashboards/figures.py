"""Figures of the site: pure functions, plain rows in, Plotly figure out.

Belongs here: what is drawn from which numbers. Does not belong here: SQL, captions, pages. Plotly is imported when
the first figure is made, not with this module. Untrusted text passes ``theme.figure_text`` on its way in. Empty
input gives an empty figure that says so, never an exception. Only cartesian traces (bar, scatter): the bundled
plotly.js knows no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from statistics import median
from typing import TYPE_CHECKING, Any

from dashboards import format as fmt
from dashboards.theme import (
    BLUE,
    GREEN,
    INK,
    LIGHTS,
    LINE,
    MUTED,
    NAVY,
    PALE,
    RED,
    YELLOW,
    figure_text,
    plotly_template,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Row = dict[str, Any]
NOT_VALUE = {"not_submitted": "未报送", "not_applicable": "不适用", "no_practice": "无实践"}


def _figure(traces: list[Row], layout: Row) -> Figure:
    from plotly.graph_objects import Figure

    if not traces:
        layout = {
            "height": 120,
            "xaxis": {"visible": False},
            "yaxis": {"visible": False},
            "annotations": [
                {"text": "本期无数据", "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper",
                 "font": {"color": MUTED, "size": 13}}
            ],
        }  # fmt: skip
    # Checked in the tests, for every kind of figure: checking takes six times as long as making.
    return Figure(data=traces, layout={"template": plotly_template(), **layout}, _validate=False)


def _labels(names: Sequence[str]) -> list[str]:
    """Names as categories: escaped, and each its own, or two reporters of one name would share a line."""
    labels: dict[str, None] = {}
    for name in names:
        label = figure_text(name)
        while label in labels:
            label += "\u200b"
        labels[label] = None
    return list(labels)


def _short(text: str, most: int = 12) -> str:
    """A label of limited length; the whole text stands in the table below the figure."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _median(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return median(known) if known else None


def rank_bump(rows: Sequence[Row]) -> Figure:
    """Rank of every reporter by period; first is on top, lists of the last period stand out.

    rows: period, reporter_id, reporter_name, rank (null = not ranked), total_score, list.
    """
    periods = sorted({row["period"] for row in rows})
    ranked = [row for row in rows if row["rank"] is not None]
    if not ranked:
        return _figure([], {})
    last = periods[-1]
    lists = {row["reporter_id"]: row["list"] for row in ranked if row["period"] == last}
    by_reporter: dict[str, list[Row]] = {}
    for row in ranked:
        by_reporter.setdefault(row["reporter_id"], []).append(row)
    style = {"red": (RED, 2.6), "black": (INK, 2.6)}
    traces: list[Row] = []
    # Grey first, so that the listed ones lie on top.
    for reporter_id, line in sorted(by_reporter.items(), key=lambda item: lists.get(item[0]) is not None):
        colour, width = style.get(lists.get(reporter_id) or "", (PALE, 1.6))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [row["period"] for row in line],
                "y": [row["rank"] for row in line],
                "line": {"color": colour, "width": width},
                "marker": {"size": 8, "color": colour, "symbol": "circle" if colour == PALE else "square"},
                "name": figure_text(line[0]["reporter_name"]),
                "customdata": [fmt.number(row["total_score"]) for row in line],
                "hovertemplate": "%{fullData.name}　%{x}<br>第 %{y} 位，%{customdata} 分<extra></extra>",
                "showlegend": False,
            }
        )
    # Tied reporters share a place, hence one label with all their names.
    ends: dict[int, list[str]] = {}
    for row in ranked:
        if row["period"] == last:
            ends.setdefault(row["rank"], []).append(row["reporter_name"] or "")
    # The margin holds what is written there: names beyond it would be cut.
    labels = {rank: _short(fmt.names(names, 2)) for rank, names in sorted(ends.items())}
    worst = max(row["rank"] for row in ranked)
    return _figure(
        traces,
        {
            "height": max(220, 26 * worst + 60),
            "xaxis": {"type": "category", "categoryorder": "array", "categoryarray": periods, "side": "top"},
            "yaxis": {
                "range": [worst + 0.6, 0.4],
                "tickmode": "array",
                "tickvals": list(range(1, worst + 1)),
                "showgrid": False,
            },
            "margin": {
                "l": 8,
                "r": 24 + 12 * max(map(len, labels.values()), default=0),
                "t": 8,
                "b": 8,
                "pad": 4,
            },
            "annotations": [
                {
                    "x": last,
                    "y": rank,
                    "text": figure_text(label),
                    "showarrow": False,
                    "xanchor": "left",
                    "xshift": 10,
                    "font": {"size": 12},
                }
                for rank, label in labels.items()
            ],
        },
    )


def score_trend(
    rows: Sequence[Row], reporter_id: str, medians: dict[str, float | None] | None = None
) -> Figure:
    """Total score by quarter: one reporter in front of the grey others and the median.

    rows: period, reporter_id, reporter_name, total_score. medians: period → median, where rows are not everybody's.
    """
    scored = [row for row in rows if row["total_score"] is not None]
    if not scored:
        return _figure([], {})
    periods = sorted({row["period"] for row in scored})
    traces: list[Row] = []
    others: dict[str, list[Row]] = {}
    for row in scored:
        others.setdefault(row["reporter_id"], []).append(row)
    for other, line in others.items():
        if other != reporter_id:
            traces.append(_line(line, "total_score", PALE, 1, figure_text(line[0]["reporter_name"])))
    if medians is None:
        medians = {p: _median([r["total_score"] for r in scored if r["period"] == p]) for p in periods}
    middle = [{"period": period, "total_score": medians.get(period)} for period in periods]
    traces.append(_line(middle, "total_score", MUTED, 2, "中位数", dash="dot", legend=True))
    if reporter_id in others:
        line = others[reporter_id]
        name = figure_text(line[0]["reporter_name"])
        traces.append(_line(line, "total_score", NAVY, 3, name, legend=True, size=8))
    return _figure(
        traces,
        {
            "height": 260,
            "xaxis": {"type": "category", "categoryorder": "array", "categoryarray": periods},
            "yaxis": {"title": {"text": "综合得分"}},
            "margin": {"l": 8, "r": 12, "t": 28, "b": 8},
        },
    )


def _line(
    rows: Sequence[Row],
    field: str,
    colour: str,
    width: float,
    name: str,
    *,
    dash: str = "solid",
    legend: bool = False,
    size: int = 4,
) -> Row:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [row["period"] for row in rows],
        "y": [row[field] for row in rows],
        "line": {"color": colour, "width": width, "dash": dash},
        "marker": {"size": size, "color": colour},
        "name": name,
        "showlegend": legend,
        "hovertemplate": "%{fullData.name}　%{x}：%{y:.2f}<extra></extra>",
    }


def special_profile(rows: Sequence[Row], reporter_name: str) -> Figure:
    """Score of one reporter in each special against the range and the median of all reporters.

    rows: name, score (null = none), low, high, middle; in the order to be read from the top.
    """
    shown = [row for row in rows if row["score"] is not None or row["middle"] is not None]
    if not shown:
        return _figure([], {})
    labels = [figure_text(row["name"]) for row in shown]
    spans_x: list[float | None] = []
    spans_y: list[str | None] = []
    for label, row in zip(labels, shown, strict=True):
        spans_x += [row["low"], row["high"], None]
        spans_y += [label, label, None]
    colours = [
        GREEN if row["score"] is None or row["middle"] is None or row["score"] >= row["middle"] else RED
        for row in shown
    ]
    return _figure(
        [
            {
                "type": "scatter", "mode": "lines", "x": spans_x, "y": spans_y, "name": "各地最低至最高",
                "line": {"color": LINE, "width": 7}, "hoverinfo": "skip",
            },
            {
                "type": "scatter", "mode": "markers", "x": [row["middle"] for row in shown], "y": labels,
                "name": "中位数", "marker": {"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": MUTED}},
                "hovertemplate": "%{y}　中位数 %{x:.2f}<extra></extra>",
            },
            {
                "type": "scatter", "mode": "markers", "x": [row["score"] for row in shown], "y": labels,
                "name": figure_text(reporter_name),
                "marker": {
                    "size": 11, "color": colours, "symbol": ["circle" if c == GREEN else "square" for c in colours],
                },
                "hovertemplate": "%{y}　%{x:.2f} 分<extra></extra>",
            },
        ],
        {
            "height": 26 * len(shown) + 80,
            "xaxis": {"range": [-2, 102], "title": {"text": "专项得分"}},
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
            "margin": {"l": 8, "r": 12, "t": 28, "b": 8, "pad": 4},
        },
    )  # fmt: skip


def indicator_dots(indicator: Row, rows: Sequence[Row]) -> Figure:
    """Now, last quarter, target and frontier of one indicator for all reporters; the best value is on top.

    indicator: name, unit, polarity (higher | lower), decimals. rows: reporter_name, state, value, previous_value,
    target, frontier, attained. A reporter without a value keeps its line, with the reason beside its name.
    """
    if not rows:
        return _figure([], {})
    better = 1 if indicator.get("polarity") == "lower" else -1
    decimals = indicator.get("decimals")
    ordered = sorted(
        rows, key=lambda r: (r["value"] is None, better * r["value"] if r["value"] is not None else 0)
    )
    labels = _labels(
        [
            row["reporter_name"]
            + ("" if row["value"] is not None else f"（{NOT_VALUE.get(row['state'] or '', '无值')}）")
            for row in ordered
        ]
    )
    traces: list[Row] = []
    moves_x: list[float | None] = []
    moves_y: list[str | None] = []
    for label, row in zip(labels, ordered, strict=True):
        if row["value"] is not None and row["previous_value"] is not None:
            moves_x += [row["previous_value"], row["value"], None]
            moves_y += [label, label, None]
    if moves_x:
        before = [(x, y) for x, y in zip(moves_x[::3], moves_y[::3], strict=True)]
        traces += [
            {"type": "scatter", "mode": "lines", "x": moves_x, "y": moves_y, "hoverinfo": "skip",
             "line": {"color": PALE, "width": 2}, "showlegend": False},
            {"type": "scatter", "mode": "markers", "x": [x for x, _ in before], "y": [y for _, y in before],
             "name": "上季度", "marker": {"symbol": "circle-open", "size": 8, "color": MUTED, "line": {"width": 1.5}},
             "hovertemplate": "%{y}　上季度 %{x}<extra></extra>"},
        ]  # fmt: skip
    groups = (
        (True, "已达目标", GREEN, "circle"),
        (False, "未达目标", YELLOW, "triangle-up"),
        (None, "当前（无目标）", NAVY, "circle"),
    )
    for attained, name, colour, symbol in groups:
        chosen = [
            (row, label)
            for row, label in zip(ordered, labels, strict=True)
            if row["value"] is not None and row["attained"] is attained
        ]
        if chosen:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [row["value"] for row, _ in chosen],
                    "y": [label for _, label in chosen],
                    "name": name,
                    "marker": {
                        "size": 10,
                        "color": colour,
                        "symbol": symbol,
                        "line": {"width": 1, "color": INK},
                    },
                    "text": [fmt.value(row["value"], decimals) for row, _ in chosen],
                    "hovertemplate": "%{y}　%{text}<extra></extra>",
                }
            )
    shapes: list[Row] = []
    # Target and frontier are the same for everybody: a line across, named in the legend by an empty trace.
    for field, name, colour, dash in (("target", "目标", BLUE, "dash"), ("frontier", "前沿", GREEN, "dot")):
        for x in sorted({row[field] for row in rows if row[field] is not None}):
            shapes.append(
                {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "layer": "below",
                 "line": {"color": colour, "width": 1.5, "dash": dash}}
            )  # fmt: skip
            # Lines do not stretch an axis; an invisible point does.
            traces.append(
                {"type": "scatter", "mode": "lines", "x": [x], "y": [labels[0]], "name": f"{name} {fmt.value(x)}",
                 "line": {"color": colour, "width": 1.5, "dash": dash}, "hoverinfo": "skip"}
            )  # fmt: skip
    return _figure(
        traces,
        {
            "height": (24 if len(rows) <= 30 else 15) * len(rows) + 104,
            "xaxis": {"title": {"text": figure_text(indicator.get("unit") or ""), "standoff": 2}},
            "yaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": labels[::-1],
                "tickmode": "array",
                "tickvals": labels,
                "range": [-0.7, len(labels) - 0.3],
                "gridcolor": "#EFF1F4",
            },
            "shapes": shapes,
            "margin": {"l": 8, "r": 12, "t": 44, "b": 44, "pad": 4},
        },
    )


def indicator_trend(indicator: Row, rows: Sequence[Row]) -> Figure:
    """One indicator by quarter: every reporter grey, the median in front, the target of each quarter as steps.

    rows: period, reporter_id, reporter_name, value, target.
    """
    known = [row for row in rows if row["value"] is not None]
    if not known:
        return _figure([], {})
    periods = sorted({row["period"] for row in rows})
    lines: dict[str, list[Row]] = {}
    for row in known:
        lines.setdefault(row["reporter_id"], []).append(row)
    traces = [
        _line(line, "value", PALE, 1.2, figure_text(line[0]["reporter_name"])) for line in lines.values()
    ]
    middle = [
        {"period": p, "value": _median([row["value"] for row in known if row["period"] == p])}
        for p in periods
    ]
    traces.append(_line(middle, "value", NAVY, 3, "中位数", legend=True, size=7))
    targets = {row["period"]: row["target"] for row in rows if row["target"] is not None}
    if targets:
        line = _line(
            [{"period": p, "value": targets.get(p)} for p in periods],
            "value",
            BLUE,
            1.5,
            "目标",
            dash="dash",
            legend=True,
        )
        line["line"]["shape"] = "hvh"
        line["mode"] = "lines"
        traces.append(line)
    return _figure(
        traces,
        {
            "height": 240,
            "xaxis": {"type": "category", "categoryorder": "array", "categoryarray": periods},
            "yaxis": {"title": {"text": figure_text(indicator.get("unit") or "")}},
            "margin": {"l": 8, "r": 12, "t": 28, "b": 8},
        },
    )


def overdue_by_unit(rows: Sequence[Row], most: int = 20) -> Figure:
    """Overdue tasks of the units with most of them, as bars. rows: unit, overdue, open; most overdue first."""
    shown = [row for row in rows if row["overdue"]][:most]
    if not shown:
        return _figure([], {})
    return _figure(
        [
            {
                "type": "bar",
                "orientation": "h",
                "y": [figure_text(row["unit"]) for row in shown],
                "x": [row["overdue"] for row in shown],
                "text": [str(row["overdue"]) for row in shown],
                "textposition": "outside",
                "cliponaxis": False,
                "marker": {"color": RED},
                "width": 0.62,
                "hovertemplate": "%{y}　逾期 %{x} 项次<extra></extra>",
            }
        ],
        {
            "height": 26 * len(shown) + 40,
            "xaxis": {"rangemode": "tozero", "visible": False},
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
            "margin": {"l": 8, "r": 40, "t": 8, "b": 8, "pad": 4},
        },
    )


def dimension_trend(rows: Sequence[Row], names: dict[str, str]) -> Figure:
    """Pass rate (per cent) of every dimension by quarter, one line each. rows: period, dimension, pass_rate (0–1).

    names: dimension → word, in the order of the legend. Lines differ by colour, dash and mark.
    """
    known = [row for row in rows if row["pass_rate"] is not None and row["dimension"] in names]
    if not known:
        return _figure([], {})
    periods = sorted({row["period"] for row in rows})
    looks = (
        (NAVY, "solid", "circle"),
        (BLUE, "dash", "square"),
        (GREEN, "dot", "diamond"),
        (INK, "dashdot", "triangle-up"),
    )
    traces = []
    for (dimension, word), (colour, dash, symbol) in zip(names.items(), cycle(looks)):
        rates = {row["period"]: row["pass_rate"] for row in known if row["dimension"] == dimension}
        if not rates:
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": periods,
                "y": [100 * rates[p] if p in rates else None for p in periods],
                "name": figure_text(word),
                "line": {"color": colour, "width": 2.2, "dash": dash},
                "marker": {"size": 9, "color": colour, "symbol": symbol},
                "hovertemplate": "%{fullData.name}　%{x}：%{y:.1f}%<extra></extra>",
            }
        )
    lowest = 100 * min(row["pass_rate"] for row in known)
    return _figure(
        traces,
        {
            "height": 260,
            "showlegend": True,
            "xaxis": {"type": "category", "categoryorder": "array", "categoryarray": periods},
            "yaxis": {"range": [max(lowest - 3, -2), 101], "ticksuffix": "%"},
            "margin": {"l": 8, "r": 12, "t": 28, "b": 8},
        },
    )


def issue_ages(rows: Sequence[Row]) -> Figure:
    """Open issues by age, as bars from not yet due to longest overdue. rows: key, word, n; in the order to be read."""
    if not any(row["n"] for row in rows):
        return _figure([], {})
    colours = {"undue": GREEN, "days30": YELLOW, "days90": RED, "more": INK}
    return _figure(
        [
            {
                "type": "bar",
                "orientation": "h",
                "y": [figure_text(row["word"]) for row in rows],
                "x": [row["n"] for row in rows],
                "text": [str(row["n"]) for row in rows],
                "textposition": "outside",
                "cliponaxis": False,
                "marker": {"color": [colours.get(row["key"], PALE) for row in rows]},
                "width": 0.62,
                "hovertemplate": "%{y}　%{x} 个<extra></extra>",
            }
        ],
        {
            "height": 28 * len(rows) + 40,
            "xaxis": {"rangemode": "tozero", "visible": False},
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
            "margin": {"l": 8, "r": 40, "t": 8, "b": 8, "pad": 4},
        },
    )


def goal_dots(target: float, rows: Sequence[Row]) -> Figure:
    """Now and forecast of an improvement goal for every reporter, the target as a line across; best on top.

    rows: reporter_name, actual, forecast (per cent, null = unknown), key (met | soon | far | missed | open | unknown).
    """
    known = [row for row in rows if row["actual"] is not None]
    if not known:
        return _figure([], {})
    ordered = sorted(known, key=lambda row: -row["actual"])
    labels = _labels([row["reporter_name"] for row in ordered])
    moves_x: list[float | None] = []
    moves_y: list[str | None] = []
    ahead = [(row, label) for row, label in zip(ordered, labels, strict=True) if row["forecast"] is not None]
    for row, label in ahead:
        moves_x += [row["actual"], row["forecast"], None]
        moves_y += [label, label, None]
    traces: list[Row] = []
    if ahead:
        traces += [
            {"type": "scatter", "mode": "lines", "x": moves_x, "y": moves_y, "hoverinfo": "skip",
             "line": {"color": PALE, "width": 2}, "showlegend": False},
            {"type": "scatter", "mode": "markers", "x": [row["forecast"] for row, _ in ahead],
             "y": [label for _, label in ahead], "name": "到期预测",
             "marker": {"symbol": "circle-open", "size": 9, "color": MUTED, "line": {"width": 1.5}},
             "hovertemplate": "%{y}　预测 %{x:.2f}%<extra></extra>"},
        ]  # fmt: skip
    for keys, name, colour, symbol in (
        ({"met"}, "现在，已达到", GREEN, "circle"),
        ({"soon"}, "现在，按此进度可达到", YELLOW, "triangle-up"),
        ({"far", "missed"}, "现在，达不到", RED, "square"),
        ({"open"}, "现在，未达到", BLUE, "diamond"),
    ):
        chosen = [(row, label) for row, label in zip(ordered, labels, strict=True) if row["key"] in keys]
        if chosen:
            traces.append(
                {"type": "scatter", "mode": "markers", "x": [row["actual"] for row, _ in chosen],
                 "y": [label for _, label in chosen], "name": name,
                 "marker": {"size": 10, "color": colour, "symbol": symbol, "line": {"width": 1, "color": INK}},
                 "hovertemplate": "%{y}　现在 %{x:.2f}%<extra></extra>"}
            )  # fmt: skip
    traces.append(
        {"type": "scatter", "mode": "lines", "x": [target], "y": [labels[0]], "name": f"目标 {fmt.value(target)}%",
         "line": {"color": BLUE, "width": 1.5, "dash": "dash"}, "hoverinfo": "skip"}
    )  # fmt: skip
    return _figure(
        traces,
        {
            "height": (24 if len(known) <= 30 else 15) * len(known) + 116,
            "xaxis": {"ticksuffix": "%"},
            "yaxis": {
                "type": "category", "categoryorder": "array", "categoryarray": labels[::-1], "tickmode": "array",
                "tickvals": labels, "range": [-0.7, len(labels) - 0.3], "gridcolor": "#EFF1F4",
            },
            "shapes": [
                {"type": "line", "x0": target, "x1": target, "y0": 0, "y1": 1, "yref": "paper", "layer": "below",
                 "line": {"color": BLUE, "width": 1.5, "dash": "dash"}}
            ],
            "margin": {"l": 8, "r": 12, "t": 60, "b": 24, "pad": 4},
        },
    )  # fmt: skip


def rank_intervals(rows: Sequence[Row]) -> Figure:
    """The band of ranks of every reporter (5 to 95 of 100 draws) as a bar, its rank as a mark; first on top.

    rows: reporter_name, rank, rank_p05, rank_p95 (null = no draws), list (red | black | null). Unranked ones are left out.
    """
    ranked = sorted((row for row in rows if row["rank"] is not None), key=lambda row: row["rank"])
    if not ranked:
        return _figure([], {})
    labels = _labels([f"{row['rank']}　{row['reporter_name']}" for row in ranked])
    drawn = [
        (row, label)
        for row, label in zip(ranked, labels, strict=True)
        if row["rank_p05"] is not None and row["rank_p95"] is not None
    ]
    traces: list[Row] = []
    if drawn:
        spans_x: list[float | None] = []
        spans_y: list[str | None] = []
        for row, label in drawn:
            # A band of one rank is a stub, not nothing.
            low, high = float(row["rank_p05"]), float(row["rank_p95"])
            spans_x += [min(low, row["rank"] - 0.18), max(high, row["rank"] + 0.18), None]
            spans_y += [label, label, None]
        traces.append(
            {"type": "scatter", "mode": "lines", "x": spans_x, "y": spans_y, "name": "5%–95% 区间",
             "line": {"color": PALE, "width": 9}, "hoverinfo": "skip"}
        )  # fmt: skip
    looks = (
        ("red", "红榜", RED, "square"),
        (None, "位次", NAVY, "circle"),
        ("black", "黑榜", INK, "diamond"),
    )
    for listed, name, colour, symbol in looks:
        chosen = [(row, label) for row, label in zip(ranked, labels, strict=True) if row["list"] == listed]
        if chosen:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [row["rank"] for row, _ in chosen],
                    "y": [label for _, label in chosen],
                    "name": name,
                    "marker": {"size": 9, "color": colour, "symbol": symbol},
                    "text": [fmt.band(row["rank_p05"], row["rank_p95"], row["rank"]) for row, _ in chosen],
                    "hovertemplate": "%{y}　区间 %{text}<extra></extra>",
                }
            )
    ends = [row["rank"] for row in ranked] + [float(row["rank_p95"]) for row, _ in drawn]
    return _figure(
        traces,
        {
            "height": (24 if len(ranked) <= 30 else 15) * len(ranked) + 84,
            "xaxis": {"range": [0.4, max(ends) + 0.6], "title": {"text": "位次", "standoff": 2}, "zeroline": False},
            "yaxis": {
                "type": "category", "categoryorder": "array", "categoryarray": labels[::-1], "tickmode": "array",
                "tickvals": labels, "range": [-0.7, len(labels) - 0.3], "gridcolor": "#EFF1F4",
            },
            "margin": {"l": 8, "r": 12, "t": 36, "b": 36, "pad": 4},
        },
    )  # fmt: skip


def tile_grid(rows: Sequence[Row], across: int | None = None) -> Figure:
    """A tile for every reporter instead of a map (boundaries are nobody's to draw here): colour, shape and word.

    rows: reporter_name, key (a light), word; optional ``column`` and ``line`` (from 0) where the programme gives positions, else
    the tiles follow the order of the rows. across: tiles per line, by default about as many as lines.
    """
    if not rows:
        return _figure([], {})
    if across is None:
        across = max(3, min(12, round((len(rows) * 1.6) ** 0.5)))
    shapes: list[Row] = []
    texts: list[Row] = []
    small = across > 8
    for place, row in enumerate(rows):
        line, column = divmod(place, across)
        column, line = (
            row.get("column") if row.get("column") is not None else column,
            row.get("line") if row.get("line") is not None else line,
        )
        light = LIGHTS.get(row["key"] or "none", LIGHTS["none"])
        shapes.append(
            {"type": "rect", "x0": column + 0.02, "x1": column + 0.98, "y0": line + 0.04, "y1": line + 0.96,
             "fillcolor": light.colour, "line": {"width": 0}, "layer": "below"}
        )  # fmt: skip
        texts.append(
            {
                "x": column + 0.5, "y": line + 0.5,
                "text": f"{_broken(row['reporter_name'], 5)}<br>{light.shape} {figure_text(row['word'])}",
                "hover": f"{figure_text(row['reporter_name'])}　{figure_text(row['word'])}", "colour": light.on,
            }
        )  # fmt: skip
    lines = int(max(text["y"] for text in texts) + 0.5)
    width = max(across, int(max(text["x"] for text in texts) + 0.5))
    return _figure(
        [
            {
                "type": "scatter",
                "mode": "text",
                "x": [text["x"] for text in texts],
                "y": [text["y"] for text in texts],
                "text": [text["text"] for text in texts],
                "textfont": {"size": 10 if small else 12, "color": [text["colour"] for text in texts]},
                "customdata": [text["hover"] for text in texts],
                "hovertemplate": "%{customdata}<extra></extra>",
                "showlegend": False,
            }
        ],
        {
            "height": (56 if small else 74) * lines + 8,
            "xaxis": {"range": [0, width], "visible": False},
            "yaxis": {"range": [lines, 0], "visible": False},
            "shapes": shapes,
            "margin": {"l": 0, "r": 0, "t": 4, "b": 4, "pad": 0},
        },
    )


def _broken(name: str, most: int) -> str:
    """A name in lines of at most ``most`` characters, two lines at most, escaped."""
    if len(name) > 2 * most:
        name = name[: 2 * most - 1] + "…"
    return "<br>".join(figure_text(name[start : start + most]) for start in range(0, len(name), most))


def overdue_ages(groups: Sequence[Row]) -> Figure:
    """Overdue tasks by age, as bars from short to long; what a unit only joins stands apart.

    groups: key, word, n and optional ``joined`` (how many more it only joins), in the order to be read.
    """
    if not any(row["n"] or row.get("joined") for row in groups):
        return _figure([], {})
    words = [figure_text(row["word"]) for row in groups]
    joined = [row.get("joined") or 0 for row in groups]
    common = {
        "type": "bar",
        "orientation": "h",
        "y": words,
        "width": 0.62,
        "textangle": 0,
        "constraintext": "none",
        "cliponaxis": False,
    }
    traces = [
        common
        | {
            "x": [row["n"] for row in groups], "text": [str(row["n"]) if row["n"] else "" for row in groups], "name": "负责",
            # Beside another bar the number stands in its own.
            "textposition": "inside" if any(joined) else "outside", "insidetextanchor": "middle",
            "marker": {"color": RED}, "hovertemplate": "%{y}　%{x} 项次<extra></extra>",
        }
    ]  # fmt: skip
    if any(joined):
        traces.append(
            common
            | {
                "x": joined, "text": [str(n) if n else "" for n in joined], "name": "配合、落实", "textposition": "outside",
                "marker": {"color": "#FFFFFF", "line": {"color": MUTED, "width": 1},
                           "pattern": {"shape": "/", "fgcolor": PALE, "size": 6}},
                "hovertemplate": "%{y}　配合、落实 %{x} 项次<extra></extra>",
            }
        )  # fmt: skip
    return _figure(
        traces,
        {
            "height": 30 * len(groups) + (64 if any(joined) else 36),
            "barmode": "stack",
            "showlegend": any(joined),
            "xaxis": {"rangemode": "tozero", "visible": False},
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
            "margin": {"l": 8, "r": 40, "t": 28 if any(joined) else 8, "b": 8, "pad": 4},
        },
    )


def special_trend(rows: Sequence[Row], medians: Sequence[Row]) -> Figure:
    """Score in one special by quarter: every reporter grey, the median in front.

    rows: period, reporter_id, reporter_name, score; medians: period, score.
    """
    if not medians:
        return _figure([], {})
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(row["reporter_id"], []).append(row)
    traces = [
        _line(line, "score", PALE, 1.2, figure_text(line[0]["reporter_name"])) for line in lines.values()
    ]
    traces.append(_line(medians, "score", NAVY, 3, "中位数", legend=True, size=7))
    return _figure(
        traces,
        {
            "height": 260,
            "showlegend": True,
            "xaxis": {
                "type": "category", "categoryorder": "array", "categoryarray": [row["period"] for row in medians],
            },
            "yaxis": {"title": {"text": "专项得分"}},
            "margin": {"l": 8, "r": 12, "t": 28, "b": 8},
        },
    )  # fmt: skip
