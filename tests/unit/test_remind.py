"""Chase texts: which one fits a day, when to send it, and what stands in it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dashboards.reminders import reminders, send_on, stage_at
from orchestration.commands.remind import remind
from orchestration.settings import Settings
from raw.periods import SHANGHAI
from tests.factories import make_registry, write_tree
from tests.unit.test_dashboards import insert
from tests.unit.test_template import Q2, publish

CUTOFF = date(2021, 6, 28)  # a Monday


@pytest.mark.parametrize(
    ("days_before", "stage"),
    [(60, "T-10"), (10, "T-10"), (4, "T-10"), (3, "T-3"), (1, "T-3"), (0, "T+0"), (-1, "T+1"), (-40, "T+1")],
)
def test_the_stage_is_the_one_whose_day_came_last(days_before: int, stage: str):
    assert stage_at(CUTOFF - timedelta(days=days_before), CUTOFF) == stage


def test_texts_go_out_on_working_days():
    def is_workday(day: date) -> bool:
        return day.weekday() < 5

    # 18 June is a Friday, 25 June too, 28 June a Monday
    assert [send_on(s, CUTOFF, is_workday) for s in ("T-10", "T-3", "T+0", "T+1")] == [
        date(2021, 6, 18), date(2021, 6, 25), date(2021, 6, 28), date(2021, 6, 29),
    ]  # fmt: skip
    # cut-off on Tuesday 28 September: ten days before is a Saturday, three before too; on Friday 28 May: the day after is one
    assert send_on("T-10", date(2021, 9, 28), is_workday) == date(2021, 9, 17)
    assert send_on("T-3", date(2021, 9, 28), is_workday) == date(2021, 9, 24)
    assert send_on("T+1", date(2021, 5, 28), is_workday) == date(2021, 5, 31)


def quarter(tmp_path: Path, as_of: datetime) -> duckdb.DuckDBPyConnection:
    """甲县: progress late and with gaps and one mistake, no indicators; 乙县: all there."""
    root = tmp_path / "raw"
    make_registry(root)
    rows = [{"任务编号": "t01", "状态": "推进中", "完成进度": "四成"}, {"任务编号": "zz", "状态": "推进中"}]
    write_tree(root, {"submissions/p2021/2021Q2/410001/progress.csv": rows}, "2021-06-30T10:00:00+08:00")
    connection = publish(root, Q2, as_of)
    base = {"programme_id": "p2021", "period": "2021Q2", "owed": True}
    insert(connection, "marts.reporting", [
        base | dict(zip(("reporter_id", "kind", "received", "on_time", "days_late", "cells_required", "cells_filled",
                         "completeness"), line, strict=True))
        for line in (
            ("410001", "progress", True, False, 2, 9, 5, 5 / 9),
            ("410001", "indicators", False, False, None, 2, 0, 0.0),
            ("410002", "progress", True, True, 0, 9, 9, 1.0),
            ("410002", "indicators", True, True, 0, 2, 2, 1.0),
        )
    ])  # fmt: skip
    return connection


def test_facts_and_texts(tmp_path: Path):
    found = reminders(quarter(tmp_path, datetime(2021, 7, 1, 9)), "p2021", "2021Q2")
    assert (found["stage"], found["cutoff_on"], found["as_of"]) == ("T+1", "2021-06-28", "2021-07-01 09:00")
    (text,) = found["texts"]
    assert text["send_on"] == "2021-06-29"
    first, second = text["counties"]
    assert first["missing"] == ["indicators"]
    assert first["late"] == [{"kind": "progress", "days_late": 2}]
    assert first["incomplete"] == [{"kind": "progress", "cells_missing": 4, "completeness": 5 / 9}]
    assert (first["blocking"], first["errors"]) == (1, 1)
    assert first["text"] == (
        "【某市优化营商环境方案】甲县：2021年第二季度填报已于6月28日（周一）24:00截止；2021年7月12日24:00定版，届时仍未报的指标记 0 分。"
        "贵单位还没有报送指标数据（应报 2 份）；任务进展迟报 2 天；任务进展还缺 4 格（完整率 56%）；有 1 处没有载入，改正前不计入；"
        "有 1 处错误，位置和改法见退改件“问题清单”。请立即补报、补改，定版前收到的计入本季。"
    )
    assert second["text"].endswith("贵单位已报齐，暂无待改问题，谢谢配合。")
    assert text["collective"].splitlines()[1:] == [
        "一、应报 4 份，已收 3 份，未报 1 份。",
        "未报 1 家：甲县（指标数据）。",
        "迟报 1 家：甲县（任务进展迟 2 天）。",
        "没填完 1 家：甲县（任务进展缺 4 格）。",
        "有错待改 1 家：甲县（2 处）。",
        "二、请未报的立即补报，没填完、有错的尽快改正发回；定版前收到的计入本季。",
    ]


@pytest.mark.parametrize(
    ("as_of", "stage", "said"),
    [
        (datetime(2021, 6, 18, 9), "T-10", "还有 10 天"),
        (datetime(2021, 6, 21, 9), "T-10", "还有 7 天"),
        (datetime(2021, 6, 27, 9), "T-3", "还有 1 天"),
        (datetime(2021, 6, 28, 23, 59), "T+0", "今天（6月28日周一）24:00 截止"),
        (datetime(2021, 6, 29), "T+1", "已于6月28日（周一）24:00截止"),
        (datetime(2021, 7, 13), "T+1", "并已于2021年7月12日24:00定版"),
    ],
)
def test_the_text_says_the_days_of_the_as_of(tmp_path: Path, as_of: datetime, stage: str, said: str):
    found = reminders(quarter(tmp_path, as_of), "p2021", "2021Q2")
    assert found["stage"] == stage
    assert said in found["texts"][0]["collective"] and said in found["texts"][0]["counties"][0]["text"]


def test_all_four_on_request(tmp_path: Path):
    found = reminders(quarter(tmp_path, datetime(2021, 6, 10)), "p2021", "2021Q2", every=True)
    assert [text["stage"] for text in found["texts"]] == ["T-10", "T-3", "T+0", "T+1"]
    assert "还有 3 天" in found["texts"][1]["collective"]


def test_a_period_nobody_published_has_no_texts(tmp_path: Path):
    assert reminders(quarter(tmp_path, datetime(2021, 7, 1)), "p2021", "2023Q1") is None


def test_the_command_prints_both_forms(tmp_path: Path, capsys):
    connection = quarter(tmp_path, datetime(2021, 7, 1, tzinfo=SHANGHAI))
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    settings.published.mkdir(parents=True)
    connection.execute(f"attach '{settings.current}' as target")
    connection.execute("copy from database memory to target")
    connection.execute("detach target")
    assert remind(settings, "2021Q2", None, False, False) == 0
    shown = capsys.readouterr().out
    assert "## T+1（建议 2021-06-29 发）" in shown and "—— 全市 ——" in shown and "—— 乙县 ——" in shown
    assert remind(settings, "2021Q2", "p2021", True, True) == 0
    assert [len(block["texts"]) for block in json.loads(capsys.readouterr().out)] == [4]
    assert remind(settings, "2024Q1", None, False, False) == 1
    assert "taizhang run" in capsys.readouterr().out
