"""Figures are pure: plain rows in, trace data out. What stands on the pages: ``test_dashboards``."""

from __future__ import annotations

import json
import re

import pytest

from dashboards import figures, theme

HOSTILE = '<img src=x onerror=alert(1)> a<b 且 c>d "&" =cmd'
ESCAPED = '&lt;img src=x onerror=alert(1)&gt; a&lt;b 且 c&gt;d "&amp;" =cmd'


def rank_row(period, reporter, rank, name=None, listed=None):
    return {"period": period, "reporter_id": reporter, "reporter_name": name or reporter, "rank": rank,
            "total_score": 90.0 - (rank or 0), "list": listed}  # fmt: skip


def dot_row(name, value, **more):
    row = {"reporter_name": name, "state": "value", "value": value, "previous_value": None, "target": 5.0,
           "frontier": 1.0, "attained": None if value is None else value <= 5}  # fmt: skip
    return row | more


INDICATOR = {"name": "开办时间", "unit": "天", "polarity": "lower", "decimals": 1}
EMPTY = {
    "dimension_trend": lambda: figures.dimension_trend([], {"validity": "有效性"}),
    "dimension_trend_null": lambda: figures.dimension_trend(
        [{"period": "2021Q1", "dimension": "validity", "pass_rate": None}], {"validity": "有效性"}
    ),
    "issue_ages": lambda: figures.issue_ages([]),
    "issue_ages_zero": lambda: figures.issue_ages([{"key": "undue", "word": "未到期", "n": 0}]),
    "rank_bump": lambda: figures.rank_bump([]),
    "rank_bump_unranked": lambda: figures.rank_bump([rank_row("2021Q1", "a", None)]),
    "score_trend": lambda: figures.score_trend([], "a"),
    "score_trend_null": lambda: figures.score_trend(
        [rank_row("2021Q1", "a", 1) | {"total_score": None}], "a"
    ),
    "special_profile": lambda: figures.special_profile([], "甲"),
    "special_profile_null": lambda: figures.special_profile(
        [{"name": "x", "score": None, "low": None, "high": None, "middle": None}], "甲"
    ),
    "indicator_dots": lambda: figures.indicator_dots(INDICATOR, []),
    "indicator_trend": lambda: figures.indicator_trend(INDICATOR, []),
    "overdue_by_unit": lambda: figures.overdue_by_unit([]),
    "overdue_by_unit_zero": lambda: figures.overdue_by_unit([{"unit": "甲局", "overdue": 0}]),
}


@pytest.mark.parametrize("make", EMPTY.values(), ids=EMPTY.keys())
def test_nothing_to_draw_says_so(make):
    fig = make()
    assert len(fig.data) == 0
    assert [note.text for note in fig.layout.annotations] == ["本期无数据"]


def test_bump_puts_the_first_on_top_and_joins_ties():
    rows = [
        rank_row("2021Q1", "a", 2), rank_row("2021Q1", "b", 1), rank_row("2021Q1", "c", 3),
        rank_row("2021Q2", "a", 1, listed="red"), rank_row("2021Q2", "b", 1), rank_row("2021Q2", "c", 3, listed="black"),
    ]  # fmt: skip
    fig = figures.rank_bump(rows)
    lines = {trace.name: trace for trace in fig.data}
    assert list(lines["a"].x) == ["2021Q1", "2021Q2"] and list(lines["a"].y) == [2, 1]
    assert (lines["a"].line.color, lines["b"].line.color, lines["c"].line.color) == (
        theme.RED,
        theme.PALE,
        theme.INK,
    )
    assert fig.data[0].name == "b"  # grey below
    low, high = fig.layout.yaxis.range
    assert low > 3 > 1 > high
    assert {(note.y, note.text) for note in fig.layout.annotations} == {(1, "a、b"), (3, "c")}


def test_trend_has_the_reporter_in_front_of_the_median():
    rows = [rank_row(p, r, n) for p in ("2021Q1", "2021Q2") for r, n in (("a", 1), ("b", 2), ("c", 4))]
    fig = figures.score_trend(rows, "c")
    assert [trace.name for trace in fig.data] == ["a", "b", "中位数", "c"]
    assert list(fig.data[2].y) == [88.0, 88.0] and list(fig.data[3].y) == [86.0, 86.0]
    assert figures.score_trend(rows, "nobody").data[-1].name == "中位数"


def test_profile_marks_what_is_below_the_median_by_shape_too():
    rows = [
        {"name": "上", "score": 80.0, "low": 50.0, "high": 90.0, "middle": 70.0},
        {"name": "下", "score": 60.0, "low": 50.0, "high": 90.0, "middle": 70.0},
        {"name": "缺", "score": None, "low": 50.0, "high": 90.0, "middle": 70.0},
    ]
    span, middle, own = figures.special_profile(rows, "甲").data
    assert list(span.x) == [50.0, 90.0, None] * 3
    assert list(middle.x) == [70.0] * 3
    assert list(own.x) == [80.0, 60.0, None]
    assert list(own.marker.symbol)[:2] == ["circle", "square"]
    assert list(own.marker.color)[:2] == [theme.GREEN, theme.RED]


def test_dots_order_by_what_is_better_and_keep_those_without_a_value():
    rows = [dot_row("甲", 8.0), dot_row("乙", 3.0, previous_value=4.0), dot_row("丙", None, state="not_submitted"),
            dot_row("丁", None, state="not_applicable")]  # fmt: skip
    fig = figures.indicator_dots(INDICATOR, rows)
    assert list(fig.layout.yaxis.tickvals) == ["乙", "甲", "丙（未报送）", "丁（不适用）"]
    assert list(fig.layout.yaxis.categoryarray) == ["丁（不适用）", "丙（未报送）", "甲", "乙"]
    traces = {trace.name: trace for trace in fig.data if trace.name}
    assert (list(traces["已达目标"].x), list(traces["已达目标"].y)) == ([3.0], ["乙"])
    assert (list(traces["未达目标"].x), list(traces["未达目标"].text)) == ([8.0], ["8"])
    assert (list(traces["上季度"].x), list(traces["上季度"].y)) == ([4.0], ["乙"])
    assert {shape.x0 for shape in fig.layout.shapes} == {5.0, 1.0}
    assert {"目标 5", "前沿 1"} <= set(traces)
    higher = figures.indicator_dots(INDICATOR | {"polarity": "higher"}, rows)
    assert list(higher.layout.yaxis.tickvals)[:2] == ["甲", "乙"]


def test_dots_of_two_reporters_with_one_name_stay_two_lines():
    fig = figures.indicator_dots(INDICATOR, [dot_row("同名", 1.0), dot_row("同名", 2.0)])
    assert len(set(fig.layout.yaxis.tickvals)) == 2


def test_dots_without_any_target():
    fig = figures.indicator_dots(INDICATOR, [dot_row("甲", 8.0, target=None, frontier=None, attained=None)])
    assert [trace.name for trace in fig.data] == ["当前（无目标）"]
    assert len(fig.layout.shapes) == 0


def test_indicator_trend_follows_the_median_and_the_target_of_each_quarter():
    rows = [
        {"period": p, "reporter_id": r, "reporter_name": r, "value": v, "target": t}
        for p, t, values in (("2021Q1", 6.0, (1, 2, 9)), ("2021Q2", 5.0, (1, None, 3)))
        for r, v in zip("abc", values, strict=True)
    ]
    fig = figures.indicator_trend(INDICATOR, rows)
    traces = {trace.name: trace for trace in fig.data}
    assert list(traces["中位数"].y) == [2, 2]
    assert list(traces["目标"].y) == [6.0, 5.0]
    assert list(traces["b"].x) == ["2021Q1"]


def test_bars_show_the_most_and_no_more():
    rows = [{"unit": f"u{i}", "overdue": 30 - i} for i in range(25)] + [{"unit": "none", "overdue": 0}]
    (bar,) = figures.overdue_by_unit(rows).data
    assert (len(bar.y), bar.y[0], bar.x[0], bar.x[-1]) == (20, "u0", 30, 11)


@pytest.mark.parametrize(
    "fig",
    [
        lambda: figures.rank_bump([rank_row("2021Q1", "a", 1, HOSTILE)]),
        lambda: figures.score_trend([rank_row("2021Q1", "a", 1, HOSTILE)], "a"),
        lambda: figures.special_profile(
            [{"name": HOSTILE, "score": 1.0, "low": 1.0, "high": 1.0, "middle": 1.0}], HOSTILE
        ),
        lambda: figures.indicator_dots(INDICATOR | {"unit": HOSTILE}, [dot_row(HOSTILE, 1.0)]),
        lambda: figures.indicator_trend(
            INDICATOR,
            [
                {
                    "period": "2021Q1",
                    "reporter_id": "a",
                    "reporter_name": HOSTILE,
                    "value": 1.0,
                    "target": None,
                }
            ],
        ),
        lambda: figures.overdue_by_unit([{"unit": HOSTILE, "overdue": 1}]),
        lambda: figures.issue_ages([{"key": "undue", "word": HOSTILE, "n": 1}]),
        lambda: figures.dimension_trend(
            [{"period": "2021Q1", "dimension": "validity", "pass_rate": 1.0}], {"validity": HOSTILE}
        ),
    ],
)
def test_texts_are_escaped_once(fig):
    text = json.dumps(fig().to_plotly_json()["data"], ensure_ascii=False)
    assert ESCAPED.replace('"', '\\"') in text
    assert "<img" not in text and "&quot;" not in text and "&amp;lt;" not in text


def test_dimensions_are_lines_that_differ_without_colour():
    words = {"completeness": "完整性", "timeliness": "及时性", "validity": "有效性", "consistency": "一致性"}
    rows = [
        {"period": p, "dimension": d, "pass_rate": rate}
        for p, rate in (("2021Q1", 0.5), ("2021Q2", 0.75))
        for d in ("completeness", "timeliness", "consistency")
    ] + [{"period": "2021Q2", "dimension": "validity", "pass_rate": 1.0}]
    rows.append(
        {"period": "2021Q2", "dimension": "performance", "pass_rate": 0.1}
    )  # not a dimension of quality
    fig = figures.dimension_trend(rows, words)
    assert [trace.name for trace in fig.data] == list(words.values())
    assert list(fig.data[0].y) == [50, 75] and list(fig.data[2].y) == [None, 100]
    looks = {(trace.line.dash, trace.marker.symbol) for trace in fig.data}
    assert len(looks) == len({dash for dash, _ in looks}) == len({symbol for _, symbol in looks}) == 4
    assert fig.layout.yaxis.range[0] <= 47 and fig.layout.yaxis.range[1] >= 100


def test_ages_keep_their_order_and_every_group():
    rows = [{"key": "undue", "word": "未到期", "n": 2}, {"key": "more", "word": "逾期 90 天以上", "n": 0}]
    fig = figures.issue_ages(rows)
    assert list(fig.data[0].y) == ["未到期", "逾期 90 天以上"] and list(fig.data[0].x) == [2, 0]
    assert fig.layout.yaxis.autorange == "reversed"
    assert fig.data[0].marker.color[0] == theme.GREEN


def test_score_trend_takes_medians_where_the_rows_are_not_everybodys():
    rows = [
        {"period": p, "reporter_id": "a", "reporter_name": "甲", "total_score": score}
        for p, score in (("2021Q1", 80.0), ("2021Q2", 90.0))
    ]
    fig = figures.score_trend(rows, "a", {"2021Q1": 70.0, "2021Q2": 75.0})
    assert [(trace.name, list(trace.y)) for trace in fig.data] == [("中位数", [70, 75]), ("甲", [80, 90])]


# --- the way to the page -----------------------------------------------------------------------------------------


def test_figure_html_is_caption_table_and_a_closed_data_block():
    fig = figures.overdue_by_unit([{"unit": "</script>", "overdue": 3}])
    text = str(theme.figure_html(fig, '说明"<b>', (["单位", "项次"], [["</script>", 3]])))
    assert text.count("</script>") == 1  # only the block's own end
    spec = json.loads(
        re.search(r'<script type="application/json" class="spec">(.*?)</script>', text, re.S)[1]
    )
    assert spec["data"][0]["y"] == ["&lt;/script&gt;"]
    assert "template" not in spec["layout"]
    assert 'aria-label="说明&#34;&lt;b&gt;"' in text and "<figcaption>说明&#34;&lt;b&gt;</figcaption>" in text
    assert '<details class="numbers"><summary>数据表</summary>' in text
    assert '<td>&lt;/script&gt;</td><td class="n">3</td>' in text
    assert f'style="height:{fig.layout.height}px"' in text


def test_json_in_a_page_has_no_markup_and_no_nan():
    assert theme.json_block({"a": "</script>&甲"}) == '{"a":"\\u003c/script\\u003e\\u0026甲"}'
    with pytest.raises(ValueError, match="JSON compliant"):
        theme.json_block(float("nan"))


def test_one_configuration_without_upload_button():
    config = theme.plot_config()
    assert config["showSendToCloud"] is False and config["displaylogo"] is False
    assert config["plotlyServerURL"] == "" and config["locale"] == "zh-CN" and config["responsive"] is True
    block = json.loads(re.search(r">(.*)</script>", str(theme.plot_defaults()))[1])
    assert block["config"] == config
    assert "Noto Sans CJK SC" in block["template"]["layout"]["font"]["family"]


def test_only_cartesian_traces_are_used():
    # The bundled plotly.js draws nothing else, and silently something else instead.
    kinds = {
        trace.type
        for make in (
            lambda: figures.rank_bump([rank_row("2021Q1", "a", 1)]),
            lambda: figures.indicator_dots(INDICATOR, [dot_row("甲", 1.0)]),
            lambda: figures.overdue_by_unit([{"unit": "甲", "overdue": 1}]),
            lambda: figures.issue_ages([{"key": "undue", "word": "未到期", "n": 1}]),
            lambda: figures.dimension_trend(
                [{"period": "2021Q1", "dimension": "validity", "pass_rate": 1.0}], {"validity": "有效性"}
            ),
        )
        for trace in make().data
    }
    assert kinds == {"scatter", "bar"}


# --- lights ---------------------------------------------------------------------------------------------------------


def test_every_light_has_its_own_shape_and_word():
    lights = theme.LIGHTS.values()
    assert len({light.shape for light in lights}) == len({light.word for light in lights}) == len(lights)
    assert (
        str(theme.light_html("red", 3))
        == '<span class="lt lt-red"><i aria-hidden="true">■</i>逾期<b>3</b></span>'
    )
    assert theme.light_html("nonsense") == theme.light_html(None) == theme.light_html("none")
