"""Chase texts ready to paste: ten and three days before the cut-off, on its day, and the day after.

Belongs here: the wording, which text fits a day, when to send it. Does not belong here: sending (people paste), who owes
what (``workbooks.records``). Names come from the registry; nothing a county wrote stands in a text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from dashboards.format import KIND_WORDS, day_words, percent
from dashboards.workbooks import records
from dashboards.workbooks.template import quarter_words

# stage → days after the cut-off's day
STAGES = {"T-10": -10, "T-3": -3, "T+0": 0, "T+1": 1}
_WEEKDAYS = "一二三四五六日"


def stage_at(today: date, cutoff_on: date) -> str:
    """The text that fits a day: the one whose day came last; the first one while none has come."""
    gone = (today - cutoff_on).days
    return next((stage for stage, offset in reversed(STAGES.items()) if gone >= offset), "T-10")


def send_on(stage: str, cutoff_on: date, is_workday: Callable[[date], bool]) -> date:
    """Day to send a text: T-10 and T-3 not later than a working day, T+1 not earlier than one, T+0 as it is."""
    day = cutoff_on + timedelta(days=STAGES[stage])
    if stage != "T+0":
        step = timedelta(days=-1 if STAGES[stage] < 0 else 1)
        for _ in range(15):
            if is_workday(day):
                break
            day += step
    return day


def _day(day: date, plain: bool = False) -> str:
    weekday = f"周{_WEEKDAYS[day.weekday()]}"
    return f"{day.month}月{day.day}日{weekday if plain else f'（{weekday}）'}"


def _end_of(moment: datetime) -> str:
    """A cut-off or freeze as people say it: 00:00 is the day before at 24:00."""
    if moment.hour == moment.minute == 0:
        return f"{day_words((moment - timedelta(days=1)).date())}24:00"
    return f"{day_words(moment.date())} {moment:%H:%M}"


class _Programme:
    """The facts of one programme and period behind the texts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, moments: dict[str, Any]):
        self.moments = moments
        key = (moments["programme_id"], moments["period"])
        self.cutoff_on: date = moments["cutoff_on"]
        self.as_of: datetime = moments["as_of"]
        self.wrong = records.open_counts(connection, *key)
        days = records.workdays(
            connection, self.cutoff_on - timedelta(days=40), self.cutoff_on + timedelta(days=40)
        )
        self.is_workday = lambda day: days.get(day, day.weekday() < 5)
        self.counties: dict[str, dict[str, Any]] = {}
        for owed in records.obligations(connection, *key):
            county = self.counties.setdefault(
                owed["reporter_id"], {"name": owed["name"], "reporter_id": owed["reporter_id"], "owed": []}
            )
            county["owed"].append(owed)

    @property
    def quarter(self) -> str:
        return quarter_words(self.moments["period"])

    @property
    def stage(self) -> str:
        return stage_at(self.as_of.date(), self.cutoff_on)

    def days_left(self, stage: str) -> int:
        """Days to the cut-off on the day the text goes out: the as-of where this is its stage, else its own day."""
        day = send_on(stage, self.cutoff_on, self.is_workday)
        if stage == self.stage:
            day = max(day, self.as_of.date())
        return (self.cutoff_on - day).days

    def facts(self, county: dict[str, Any]) -> dict[str, Any]:
        """What a county owes and how it stands: lists of kinds, cells missing, findings."""
        owed = county["owed"]
        counts = self.wrong.get(county["reporter_id"], {})
        return {
            "reporter_id": county["reporter_id"],
            "name": county["name"],
            "owed": [o["kind"] for o in owed],
            "missing": [o["kind"] for o in owed if not o["received"]],
            "late": [
                {"kind": o["kind"], "days_late": o["days_late"]} for o in owed if o["received"] and not o["on_time"]
            ],
            "incomplete": [
                {
                    "kind": o["kind"], "cells_missing": o["cells_required"] - o["cells_filled"],
                    "completeness": o["completeness"],
                }
                for o in owed
                if o["received"] and o["cells_required"] > o["cells_filled"]
            ],
            "blocking": counts.get("B", 0),
            "errors": counts.get("E", 0),
        }  # fmt: skip


def _opening(stage: str, programme: _Programme) -> str:
    cutoff = f"{_day(programme.cutoff_on)}24:00"
    freeze = _end_of(programme.moments["freeze_at"])
    left = programme.days_left(stage)
    if stage in ("T-10", "T-3"):
        return f"{programme.quarter}填报将于{cutoff}截止，还有 {left} 天"
    if stage == "T+0":
        return f"{programme.quarter}填报今天（{_day(programme.cutoff_on, plain=True)}）24:00 截止，之后收到的按迟报通报"
    if programme.moments["frozen"]:
        return f"{programme.quarter}填报已于{cutoff}截止，并已于{freeze}定版，之后收到的不改变本季结果"
    return f"{programme.quarter}填报已于{cutoff}截止；{freeze}定版，届时仍未报的指标记 0 分"


def _counts_where(programme: _Programme) -> str:
    return "补报的任务进展从下一季起计入" if programme.moments["frozen"] else "定版前收到的计入本季"


def _kinds(kinds: list[str]) -> str:
    return "、".join(KIND_WORDS[kind] for kind in kinds)


def _named(facts: list[dict], said: Callable[[dict], str]) -> str:
    return "、".join(f"{fact['name']}（{said(fact)}）" for fact in facts)


def collective_text(stage: str, programme: _Programme, facts: list[dict]) -> str:
    """The text for everybody: who is missing, late, incomplete, wrong, by name and with counts."""
    owed = sum(len(fact["owed"]) for fact in facts)
    missing = [fact for fact in facts if fact["missing"]]
    late = [fact for fact in facts if fact["late"]]
    incomplete = [fact for fact in facts if fact["incomplete"]]
    wrong = [fact for fact in facts if fact["blocking"] + fact["errors"]]
    received = owed - sum(len(fact["missing"]) for fact in facts)
    lines = [f"【{programme.moments['title']}】{_opening(stage, programme)}。各填报单位："]
    lines.append(f"一、应报 {owed} 份，已收 {received} 份，未报 {owed - received} 份。")
    if missing:
        lines.append(f"未报 {len(missing)} 家：{_named(missing, lambda f: _kinds(f['missing']))}。")
    if late:
        text = _named(
            late, lambda f: "、".join(f"{KIND_WORDS[k['kind']]}迟 {k['days_late']} 天" for k in f["late"])
        )
        lines.append(f"迟报 {len(late)} 家：{text}。")
    if incomplete:
        text = _named(
            incomplete,
            lambda f: "、".join(
                f"{KIND_WORDS[k['kind']]}缺 {k['cells_missing']} 格" for k in f["incomplete"]
            ),
        )
        lines.append(f"没填完 {len(incomplete)} 家：{text}。")
    if wrong:
        text = _named(wrong, lambda f: f"{f['blocking'] + f['errors']} 处")
        lines.append(f"有错待改 {len(wrong)} 家：{text}。")
    if not (missing or incomplete or wrong):
        lines.append("各单位均已报齐，暂无待改问题，谢谢配合。")
        return "\n".join(lines)
    lines.append(
        {
            "T-10": "二、请对照下发的模板尽早填报，浅黄色格为必填；填好后原样发回，有错可改后再报，以最后一次为准。",
            "T-3": "二、请未报的抓紧报送，没填完、有错的按退改件补改后发回。",
            "T+0": "二、请未报的今天内务必报出；已报的今天内改正不影响按时。",
            "T+1": "二、请未报的立即补报，没填完、有错的尽快改正发回；" + _counts_where(programme) + "。",
        }[stage]
    )
    return "\n".join(lines)


def county_text(stage: str, programme: _Programme, fact: dict[str, Any]) -> str:
    """The text for one reporter."""
    head = f"【{programme.moments['title']}】{fact['name']}：{_opening(stage, programme)}。"
    parts = []
    if fact["missing"]:
        parts.append(f"贵单位还没有报送{_kinds(fact['missing'])}（应报 {len(fact['owed'])} 份）")
    for late in fact["late"]:
        parts.append(f"{KIND_WORDS[late['kind']]}迟报 {late['days_late']} 天")
    for gap in fact["incomplete"]:
        parts.append(
            f"{KIND_WORDS[gap['kind']]}还缺 {gap['cells_missing']} 格（完整率 {percent(gap['completeness'], 0)}）"
        )
    if fact["blocking"]:
        parts.append(f"有 {fact['blocking']} 处没有载入，改正前不计入")
    if fact["errors"]:
        parts.append(f"有 {fact['errors']} 处错误")
    if not (fact["missing"] or fact["incomplete"] or fact["blocking"] or fact["errors"]):
        late = "、".join(parts)
        return f"{head}贵单位已报齐，暂无待改问题{f'（{late}）' if late else ''}，谢谢配合。"
    returned = "，位置和改法见退改件“问题清单”" if fact["blocking"] or fact["errors"] else ""
    close = {
        "T-10": "请按下发的模板填好后原样发回",
        "T-3": "请尽快报送或补改",
        "T+0": "请今天内办妥",
        "T+1": "请立即补报、补改，" + _counts_where(programme),
    }[stage]
    return f"{head}{'；'.join(parts)}{returned}。{close}。"


def reminders(
    connection: duckdb.DuckDBPyConnection, programme_id: str, period: str, every: bool = False
) -> dict[str, Any] | None:
    """The texts of one programme's period: the stage that fits its as-of, or all four; None where it is not published.

    Returns programme_id, title, period, as_of, cutoff_on, stage, and ``texts``: per stage send_on, collective and
    counties (facts with ``text``). Facts are those of the as-of in every stage.
    """
    moments = records.moments(connection, programme_id, period)
    if moments is None:
        return None
    programme = _Programme(connection, moments)
    facts = [programme.facts(county) for county in programme.counties.values()]
    texts = []
    for stage in STAGES if every else (programme.stage,):
        texts.append(
            {
                "stage": stage,
                "send_on": send_on(stage, programme.cutoff_on, programme.is_workday).isoformat(),
                "collective": collective_text(stage, programme, facts),
                "counties": [fact | {"text": county_text(stage, programme, fact)} for fact in facts],
            }
        )
    return {
        "programme_id": programme_id,
        "title": moments["title"],
        "period": period,
        "as_of": moments["as_of"].strftime("%Y-%m-%d %H:%M"),
        "cutoff_on": moments["cutoff_on"].isoformat(),
        "freeze_at": moments["freeze_at"].strftime("%Y-%m-%d %H:%M"),
        "stage": programme.stage,
        "texts": texts,
    }
