"""The site as a whole: pages, links, escaping, offline rules, portal, swap. Figures alone: ``test_figures``.

The warehouse is made up here (``build``: contract columns only, as in a file of an older version; ``add_quality``: the
tables of data quality and the history of the ledger), so that no other stage has to run first; ``integration/
test_site_browser`` uses it too. What those two pages say: ``test_quality``.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dashboards import format as fmt
from dashboards import render
from dashboards.pages import glance, units
from dashboards.pages import index as index_page
from dashboards.pages import reporter as reporter_page
from dashboards.pages import site as pages
from dashboards.pages.goals import goal_rows
from dashboards.pages.quality import PROGRESS_RULES, problems
from raw.schema import create_statements

# The contract, as DDL. Types are those the marts have.
CONTRACT = {
    "ops.receipts": "receipt_id text, path text, sha256 text, bytes bigint, programme_id text, period text, "
    "reporter_id text, kind text, version integer, received_at timestamptz, late boolean, format text, encoding text, "
    "rows_read bigint, rows_loaded bigint, rows_quarantined bigint, status text, reason text",
    "ops.quarantine": "receipt_id text, path text, sheet text, row_number bigint, row_json text, rule_id text, "
    "message text",
    "quality.flags": "flag_id text, rule_id text, level integer, severity text, programme_id text, period text, "
    "reporter_id text, entity_type text, entity_id text, path text, sheet text, row_number bigint, column_name text, "
    "raw_value text, message text",
    "marts.task_status": "programme_id text, period text, reporter_id text, task_id text, special_id text, title text, "
    "lead_unit text, deadline_kind text, due_date date, status text, reported boolean, progress_pct double, "
    "expected_pct double, completed_on date, days_overdue integer, light text, score double, last_reported_on date, "
    "receipt_id text",
    "marts.quarterly_progress": "programme_id text, period text, reporter_id text, special_id text, "
    "tasks_total integer, tasks_due integer, tasks_completed integer, tasks_completed_late integer, "
    "tasks_overdue integer, tasks_behind integer, tasks_due_soon integer, tasks_reported integer, "
    "completion_rate double, on_time_rate double, task_score double",
    "marts.indicator_scores": "programme_id text, period text, reporter_id text, indicator_id text, special_id text, "
    "state text, value double, previous_value double, baseline double, target double, target_due date, "
    "frontier double, worst double, method text, score double, attained boolean, improvement_pct double",
    "marts.special_scores": "programme_id text, period text, reporter_id text, special_id text, task_score double, "
    "indicator_score double, score double, rank integer",
    "marts.ranking": 'programme_id text, period text, reporter_id text, reporter_name text, "group" text, '
    "task_score double, indicator_score double, total_score double, rank integer, group_rank integer, "
    "previous_rank integer, rank_change integer, list text, ranked boolean, reason text",
    "marts.overdue_tasks": "programme_id text, period text, reporter_id text, task_id text, title text, "
    "special_id text, lead_unit text, cooperating_units text, due_date date, days_overdue integer, "
    "progress_pct double, last_summary text",
    "marts.reporting": "programme_id text, period text, reporter_id text, kind text, owed boolean, received boolean, "
    "on_time boolean, first_received_at timestamptz, days_late integer, cells_required integer, cells_filled integer, "
    "completeness double",
    "marts.unit_load": "programme_id text, period text, unit_id text, unit_name text, role text, tasks_total integer, "
    "tasks_due integer, tasks_completed integer, tasks_overdue integer",
    "marts.goals": "programme_id text, period text, goal_id text, reporter_id text, kind text, expected double, "
    "actual double, met boolean",
    "marts.rectification": "programme_id text, period text, issue_id text, reporter_id text, issue text, origin text, "
    "units text, measures text, due_date date, status text, closed_on date, days_overdue integer, reopened boolean",
    "marts.satisfaction": 'programme_id text, period text, reporter_id text, "group" text, sample double, '
    "satisfied double, rate double",
    "control.periods": "programme_id text, period text, period_seq integer, period_start date, period_end date, "
    "cutoff_at timestamptz, freeze_at timestamptz, as_of timestamptz, cutoff_on date, frozen boolean, "
    "cutoff_passed boolean, is_asked boolean",
}


def create_contract(connection: duckdb.DuckDBPyConnection) -> None:
    """Every table the site reads, empty."""
    for statement in create_statements():
        connection.execute(statement)
    for table, columns in CONTRACT.items():
        connection.execute(f"create schema if not exists {table.split('.')[0]}")
        connection.execute(f"create table {table} ({columns})")


PROGRAMME = "demo2021"
PERIODS = ("2021Q1", "2021Q2")
# What a county may write. Each must appear on the pages as these very characters.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "a<b 且 c>d",
    "=cmd|' /C calc'!A0",
    '"><b>&lt;',
)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict]) -> None:
    """Rows as dicts of the same keys; as one frame, for row by row a large warehouse takes longer than its pages."""
    with connection.cursor() as cursor:  # the connection itself may hold a result that is not read to its end
        cursor.register("batch", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
        cursor.execute(f"insert into {table} by name select * from batch")


def build(connection: duckdb.DuckDBPyConnection, reporters: int = 4, hostile: bool = False) -> list[str]:
    """A small programme with known totals; returns the reporters' names.

    Reporter i (k = i mod 4), second quarter: of 10 tasks the four t0–t3 are due in full; k of them are overdue,
    4 - k done in time. So four reporters: due 16, done and in time 10, overdue 0+1+2+3 = 6. First quarter: one
    overdue each. Reporter 1 sent no indicators, reporter 2 was two days late with its progress.
    """
    create_contract(connection)
    nasty = cycle(HOSTILE)

    def text(plain: str) -> str:
        return f"{plain}{next(nasty)}" if hostile else plain

    ids = [f"4117{i:02d}" for i in range(reporters)]
    if hostile:
        ids[0] = "../../<b>"
    names = [text(f"第{i + 1}县") for i in range(reporters)]
    special_names = [text("企业开办"), text("获得电力")]
    titles = [text(f"任务{t}") for t in range(10)]
    common = {"programme_id": PROGRAMME}
    insert(connection, "raw.programmes", [common | {
        "title": text("示例方案"), "issuer": text("示例办公室"), "start_date": "2021-01-01", "end_date": "2021-12-31",
        "weight_tasks": 0.5, "weight_indicators": 0.5, "red": 1, "black": 1, "yellow_points": -10, "blue_days": 10,
    }])  # fmt: skip
    insert(connection, "raw.reporters", [
        common | {"reporter_id": r, "name": n, "kind": "county", "group": text("一组"), "seq": i}
        for i, (r, n) in enumerate(zip(ids, names, strict=True))
    ])  # fmt: skip
    insert(connection, "raw.specials", [
        common | {"special_id": f"s{i}", "name": n, "weight": 0.5, "seq": i} for i, n in enumerate(special_names)
    ])  # fmt: skip
    insert(connection, "raw.tasks", [
        common | {"task_id": f"t{t}", "seq": str(t + 1), "special_id": f"s{t // 5}", "title": titles[t],
                  "deadline_text": text("2021年5月"), "position": t} for t in range(10)
    ])  # fmt: skip
    insert(connection, "raw.task_milestones", [
        common | {"task_id": f"t{t}", "milestone_no": 1, "milestone_count": 1,
                  "due_date": "2021-05-31" if t < 4 else "2021-12-31"} for t in range(10)
    ])  # fmt: skip
    insert(connection, "raw.indicators", [
        common | {"indicator_id": f"i{i}", "special_id": f"s{i}", "name": text(f"指标{i}"), "unit": text("天"),
                  "polarity": "lower", "decimals": 1, "baseline": 10, "frontier": 1, "worst": 20, "position": i}
        for i in range(2)
    ])  # fmt: skip
    insert(connection, "raw.goals", [
        common | {"goal_id": "g1", "kind": "rank", "special_id": "s0", "top_n": 2, "due_date": "2021-12-31", "row_number": 2},
        common | {"goal_id": "g2", "kind": "rank", "special_id": None, "top_n": 5, "due_date": "2021-12-31", "row_number": 3},
    ])  # fmt: skip
    for n, period in enumerate(PERIODS):
        end = ("2021-03-31", "2021-06-30")[n]
        freeze = f"2021-{('04', '07')[n]}-13 00:00:00+08"
        key = common | {"period": period}
        insert(connection, "control.periods", [key | {
            "period_seq": n + 1, "period_start": f"2021-0{1 + 3 * n}-01", "period_end": end,
            "cutoff_at": f"{end[:8]}29 00:00:00+08", "freeze_at": freeze, "as_of": freeze, "cutoff_on": f"{end[:8]}28",
            "frozen": True, "cutoff_passed": True, "is_asked": n == 1,
        }])  # fmt: skip
        progress, ranking, reporting, scores, specials = [], [], [], [], []
        for i, reporter in enumerate(ids):
            k = i % 4
            who = key | {"reporter_id": reporter}
            progress.append(who | {
                "special_id": "ALL", "tasks_total": 10, "tasks_due": 4 if n else 2, "tasks_completed": 4 - k if n else 1,
                "tasks_completed_late": 0, "tasks_overdue": k if n else 1, "tasks_behind": 0, "tasks_due_soon": 0,
                "tasks_reported": 10, "completion_rate": 0.1, "on_time_rate": 0.5, "task_score": 90.0 - i,
            })  # fmt: skip
            ranking.append(who | {
                "reporter_name": names[i], "group": "一组", "task_score": 90.0 - i, "indicator_score": 80.0 - i,
                "total_score": 85.0 - i, "rank": i + 1, "group_rank": i + 1, "previous_rank": i + 1 if n else None,
                "rank_change": 0 if n else None, "list": {0: "red", reporters - 1: "black"}.get(i), "ranked": True,
                "reason": None,
            })  # fmt: skip
            for kind in ("progress", "indicators"):
                received = not (n == 1 and i == 1 and kind == "indicators")
                on_time = received and not (n == 1 and i == 2 and kind == "progress")
                reporting.append(who | {
                    "kind": kind, "owed": True, "received": received, "on_time": on_time,
                    "first_received_at": f"{end[:8]}20 09:00:00+08" if received else None,
                    "days_late": None if not received else 0 if on_time else 2,
                    "cells_required": 20, "cells_filled": 18, "completeness": 0.9,
                })  # fmt: skip
            for s in range(2):
                value = None if i == 1 and n == 1 else 5.0 + i - n
                scores.append(who | {
                    "indicator_id": f"i{s}", "special_id": f"s{s}", "state": "value" if value else "not_submitted",
                    "value": value, "previous_value": 5.0 + i if n else None, "baseline": 10, "target": 5.0,
                    "target_due": "2021-12-31", "frontier": 1, "worst": 20, "method": "dtf", "score": 80.0 - i,
                    "attained": bool(value and value <= 5), "improvement_pct": 50.0,
                })  # fmt: skip
                specials.append(who | {
                    "special_id": f"s{s}", "task_score": 90.0 - i, "indicator_score": 80.0 - i, "score": 85.0 - i, "rank": i + 1,
                })  # fmt: skip
        insert(connection, "marts.quarterly_progress", progress)
        insert(connection, "marts.ranking", ranking)
        insert(connection, "marts.reporting", reporting)
        insert(connection, "marts.indicator_scores", scores)
        insert(connection, "marts.special_scores", specials)
    key = common | {"period": "2021Q2"}
    status, overdue, receipts, flags, said = [], [], [], [], []
    for i, reporter in enumerate(ids):
        k = i % 4
        path = f"submissions/{PROGRAMME}/2021Q2/{i}/{text('progress')}.csv"
        who = key | {"reporter_id": reporter}
        receipts.append({"receipt_id": f"r{i}", "path": path} | who | {
            "kind": "progress", "version": 1, "received_at": "2021-06-20 09:00:00+08", "late": False, "format": "csv",
            "encoding": "gb18030", "rows_read": 10, "rows_loaded": 9, "rows_quarantined": 1, "status": "partial",
            "reason": text("有一行未入库"),
        })  # fmt: skip
        for t in range(10):
            done, red = k <= t < 4, t < k
            status.append(who | {
                "task_id": f"t{t}", "special_id": f"s{t // 5}", "title": titles[t], "lead_unit": text("市甲局"),
                "deadline_kind": "month", "due_date": "2021-05-31" if t < 4 else "2021-12-31",
                "status": "completed" if done else "in_progress", "reported": True, "progress_pct": 100 if done else 30,
                "expected_pct": 100 if t < 4 else 49.5, "completed_on": "2021-05-20" if done else None,
                "days_overdue": 30 if red else None, "light": "red" if red else "green", "score": 30, "receipt_id": f"r{i}",
            })  # fmt: skip
            said.append({"receipt_id": f"r{i}"} | who | {
                "path": path, "sheet": None, "row_number": t + 2, "task_id": f"t{t}", "summary": text("进展说明"),
                "problems": text("困难"),
            })  # fmt: skip
            if red:
                overdue.append(who | {
                    "task_id": f"t{t}", "title": titles[t], "special_id": f"s{t // 5}", "lead_unit": "市甲局" if t else "市乙局",
                    "cooperating_units": text("市丙局"), "due_date": "2021-05-31", "days_overdue": 30, "progress_pct": 30,
                    "last_summary": text("进展说明"),
                })  # fmt: skip
        for rule, severity in (("F03", "E"), ("F12", "W"), ("T07", "E")):
            flags.append({"flag_id": f"{i}{rule}", "rule_id": rule, "level": 0, "severity": severity} | who | {
                "entity_type": "task", "entity_id": "t1", "path": path, "sheet": text("表"), "row_number": 3,
                "column_name": text("完成进度"), "raw_value": text("半"), "message": text("数值列含文字"),
            })  # fmt: skip
    receipts.append(receipts[0] | {"receipt_id": "rX", "path": "submissions/x/坏.et", "status": "rejected", "rows_read": 0,
                                   "rows_loaded": 0, "rows_quarantined": 0, "reason": text("文件格式不支持")})  # fmt: skip
    insert(connection, "marts.task_status", status)
    insert(connection, "marts.overdue_tasks", overdue)
    insert(connection, "raw.progress", said)
    insert(connection, "ops.receipts", receipts)
    insert(connection, "quality.flags", flags)
    insert(connection, "ops.quarantine", [
        {"receipt_id": "r0", "path": receipts[0]["path"], "sheet": None, "row_number": 9, "row_json": text('{"编号":"x"}'),
         "rule_id": "F05", "message": text("代码不在目录中")}
    ])  # fmt: skip
    insert(connection, "marts.unit_load", [
        key | {"unit_id": "u1", "unit_name": text("市甲局"), "role": role, "tasks_total": 20, "tasks_due": 8,
               "tasks_completed": 5, "tasks_overdue": 3} for role in ("lead", "cooperate")
    ])  # fmt: skip
    insert(connection, "marts.goals", [
        key | {"goal_id": "g1", "reporter_id": r, "kind": "rank", "expected": 2, "actual": i + 1, "met": i < 2}
        for i, r in enumerate(ids)
    ] + [key | {"goal_id": "g2", "reporter_id": None, "kind": "rank", "expected": 5, "actual": None, "met": None}])  # fmt: skip
    insert(connection, "marts.rectification", [
        key | {"issue_id": "z1", "reporter_id": ids[0], "issue": text("问题"), "units": text("市甲局"),
               "measures": text("措施"), "due_date": "2021-06-01", "status": "in_progress", "days_overdue": 29}
    ])  # fmt: skip
    insert(connection, "marts.satisfaction", [
        key | {"reporter_id": ids[0], "group": text("企业"), "sample": 100, "satisfied": 95, "rate": 95.0}
    ])  # fmt: skip
    return names


QUALITY = {
    "quality.scorecard": "programme_id text, period text, reporter_id text, dimension text, evaluated bigint, "
    "failed bigint, not_evaluable bigint, pass_rate double",
    "quality.priorities": "flag_id text, programme_id text, period text, reporter_id text, rule_id text, severity text, "
    "entity_type text, entity_id text, expected_value double, expected_basis text, score_now double, "
    "score_expected double, score_change double, rank_now bigint, rank_expected bigint, list_now text, "
    "list_expected text, crosses_edge boolean, influence double, priority bigint",
    "quality.rule_stats": "rule_id text, programme_id text, period text, evaluated bigint, failed bigint, "
    "fire_rate double, not_evaluable bigint, not_applicable bigint",
    "quality.check_rules": "rule_id text, severity text, dimension text, message_zh text, state text",
    "quality.confirmed_flags": "flag_id text, rule_id text, severity text, programme_id text, period text, "
    "reporter_id text, path text, sheet text, row_number bigint, column_name text, raw_value text, message text, "
    "note text, confirmed_by text",
    "quality.expectation_results": "suite text, expectation text, rule_id text, table_name text, column_name text, "
    "evaluated bigint, unexpected bigint, success boolean, description text",
    "quality.correction_proposals": "programme_id text, period text, reporter_id text, proposal_id text, "
    "alternative integer, alternatives integer, confidence text, indicator_id text, field text, path text, sheet text, "
    "row_number bigint, column_name text, reported_value double, proposed_value double, rules text, cells_in_set integer, "
    "message text",
}


def add_quality(connection: duckdb.DuckDBPyConnection, hostile: bool = False) -> None:
    """The tables of data quality on top of ``build``, and the rectification ledger with its history.

    Completeness: reporter i (k = i mod 4) fails 5k of 100 in the second quarter, nothing in the first. Timeliness:
    reporter 2 fails 1 of 2. Validity was never decidable. Consistency: nothing fails. Priorities: F03 of reporter 0
    would cost its place in the red list; F12 of reporter 1 moves its score; nothing else moves anything.
    Ledger of reporter 0: z1 registered in Q1, closed and opened again in Q2 (a later closing came after the freeze);
    z2 closed without date (Z02); z3 cancelled.
    """
    for table, columns in QUALITY.items():
        connection.execute(f"create table {table} ({columns})")
    nasty = cycle(HOSTILE)

    def text(plain: str) -> str:
        return f"{plain}{next(nasty)}" if hostile else plain

    common = {"programme_id": PROGRAMME}
    ids = [r for (r,) in connection.execute("select reporter_id from raw.reporters order by seq").fetchall()]
    cards = []
    for n, period in enumerate(PERIODS):
        for i, reporter in enumerate(ids):
            who = common | {"period": period, "reporter_id": reporter}
            fails = 5 * (i % 4) if n else 0
            late = 1 if n and i == 2 else 0
            cards += [
                who | {"dimension": dimension, "evaluated": evaluated, "failed": failed, "not_evaluable": undecided,
                       "pass_rate": 1 - failed / evaluated if evaluated else None}
                for dimension, evaluated, failed, undecided in (
                    ("completeness", 100, fails, 0), ("timeliness", 2, late, 0), ("validity", 0, 0, 7),
                    ("consistency", 50, 0, 3),
                )
            ]  # fmt: skip
    insert(connection, "quality.scorecard", cards)
    key = common | {"period": "2021Q2"}
    first = key | {"reporter_id": ids[0]}
    insert(connection, "quality.flags", [
        {"flag_id": "Z02a", "rule_id": "Z02", "level": 1, "severity": "E"} | first | {
            "entity_type": "task", "entity_id": "z2", "message": text("整改事项 z2 已销号，但缺销号日期")}
    ])  # fmt: skip
    connection.execute(
        """
        insert into quality.priorities
        with ranked as (
            select *, case flag_id when '0F03' then 0 when '1F12' then 1 else 2 end as place from quality.flags
        )
        select flag_id, programme_id, period, reporter_id, rule_id, severity, entity_type, entity_id,
               null, null, null, null, null, null, null, null, null, false, null,
               row_number() over (order by place, severity, rule_id, reporter_id)
        from ranked
        """
    )
    connection.execute(
        "update quality.priorities set expected_value = 12.5, expected_basis = ?, score_now = 85, score_expected = 79.25, "
        "score_change = -5.75, rank_now = 1, rank_expected = 3, list_now = 'red', crosses_edge = true where priority = 1",
        [text("本单位此前 4 期的中位数")],
    )
    connection.execute(
        "update quality.priorities set expected_basis = '补报进展说明', score_now = 84, score_expected = 84.5, "
        "score_change = 0.5, rank_now = 2, rank_expected = 2 where priority = 2"
    )
    insert(connection, "quality.check_rules", [
        {"rule_id": rule, "severity": severity, "dimension": dimension, "message_zh": message, "state": state}
        for rule, severity, dimension, message, state in (
            ("F03", "E", "validity", "数值列含文字: {cell}", "active"),
            ("F12", "W", "validity", "进度疑为小数", "active"),
            ("V05", "E", "validity", "应为整数", "active"),
            ("V11", "E", "consistency", "时限与状态矛盾", "not_decidable"),
            ("T07", "E", "performance", "逾期 {n} 天", "active"),
            ("Z02", "E", "completeness", "销号信息不完整", "active"),
        )
    ])  # fmt: skip
    insert(connection, "quality.rule_stats", [
        key | {"rule_id": rule, "evaluated": evaluated, "failed": failed,
               "fire_rate": failed / evaluated if evaluated else None, "not_evaluable": 0}
        for rule, evaluated, failed in (("F03", 40, 4), ("F12", 8, 4), ("T07", 10, 6), ("Z02", None, 1))
    ])  # fmt: skip
    insert(connection, "quality.confirmed_flags", [
        first | {"flag_id": "H05a", "rule_id": "H05", "severity": "W", "path": "a/b/c.csv", "row_number": 4,
                 "message": text("连续四季未变"), "note": text("已核实，属实"), "confirmed_by": text("张三")}
    ])  # fmt: skip
    insert(connection, "quality.expectation_results", [
        {"suite": "progress", "expectation": "ExpectColumnValuesToBeBetween", "rule_id": "V01", "table_name": "raw.progress",
         "column_name": "progress_pct", "evaluated": 40, "unexpected": unexpected, "success": not unexpected,
         "description": description}
        for unexpected, description in ((0, "行号从 1 起"), (3, "完成进度在 0–100 之间"))
    ])  # fmt: skip
    insert(connection, "quality.correction_proposals", [
        first | {"proposal_id": proposal, "alternative": n, "alternatives": of, "confidence": confidence,
                 "indicator_id": "i0", "field": "denominator", "path": "a/b/c.csv", "row_number": 7, "column_name": text("分母"),
                 "reported_value": 0, "proposed_value": proposed, "rules": "V10", "message": text("分母为 0")}
        for proposal, n, of, confidence, proposed in (
            ("p1", 1, 2, "ambiguous", 12.5), ("p1", 2, 2, "ambiguous", None), ("p2", None, 99, "ambiguous", None),
        )
    ])  # fmt: skip
    insert(connection, "marts.rectification", [
        common | {"period": "2021Q1", "issue_id": "z1", "reporter_id": ids[0], "issue": "问题", "due_date": "2021-05-01",
                  "status": "in_progress", "reopened": False}
    ])  # fmt: skip
    connection.execute(
        "update marts.rectification set reopened = true where period = '2021Q2' and issue_id = 'z1'"
    )
    insert(connection, "marts.rectification", [
        first | {"issue_id": "z2", "issue": text("已办"), "origin": text("督查"), "units": text("市甲局、市乙局"),
                 "measures": text("整改"), "status": "completed"},
        first | {"issue_id": "z3", "issue": text("撤回"), "origin": None, "units": None, "measures": None,
                 "status": "cancelled"},
    ])  # fmt: skip
    lines = []
    for n, (period, received, late, status, due, raw) in enumerate((
        ("2021Q1", "2021-03-20 10:00:00+08", False, "in_progress", "2021-05-01", "推进中"),
        ("2021Q2", "2021-06-20 10:00:00+08", False, "completed", "2021-05-01", "销号"),
        ("2021Q2", "2021-06-30 10:00:00+08", True, "in_progress", "2021-06-01", "推进中"),
        ("2021Q2", "2021-06-30 11:00:00+08", True, None, None, text("快了")),
        ("2021Q2", "2021-07-20 10:00:00+08", True, "completed", "2021-06-01", "销号"),
    )):  # fmt: skip
        who = common | {"period": period, "reporter_id": ids[0]}
        place = {"receipt_id": f"z{n}", "path": f"submissions/{PROGRAMME}/{period}/0/{text('整改')}{n}.csv"}
        insert(connection, "ops.receipts", [
            place | who | {"kind": "rectification", "version": 1, "received_at": received, "late": late, "format": "csv",
                           "rows_read": 1, "rows_loaded": 1, "rows_quarantined": 0, "status": "loaded"}
        ])  # fmt: skip
        lines.append(
            place | who | {"row_number": 2, "issue_id": "z1", "status": status, "status_raw": raw, "due": due}
        )
    insert(connection, "raw.rectification", lines)


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    build(connection)
    return connection


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory) -> Path:
    connection = duckdb.connect()
    build(connection, hostile=True)
    add_quality(connection, hostile=True)
    out = tmp_path_factory.mktemp("hostile") / PROGRAMME / "2021Q2" / "site"
    render.render_site(connection, PROGRAMME, "2021Q2", out)
    render.render_portal(connection, out.parents[2])
    return out


class Page(HTMLParser):
    """The elements of a page as a browser's parser sees them, and its readable text."""

    def __init__(self, file: Path):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.inside = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.inside = tag

    def handle_endtag(self, tag):
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data):
        if self.inside == "script" and data.strip():
            self.scripts.append(data)
        elif not self.inside:
            self.text += data


def html_files(site: Path) -> list[Path]:
    return [*sorted(site.rglob("*.html")), site.parents[2] / "index.html"]


def load(connection, period: str = "2021Q2") -> pages.Site:
    return pages.load(connection, PROGRAMME, period, "征求意见稿")


# --- what the pages say ------------------------------------------------------------------------------------------


def test_headline_and_counts_are_the_sums_of_the_marts(warehouse):
    first, more = glance.headline(load(warehouse))
    assert first == "逾期任务 6 项次，比上季度增加 2 项次；第4县最多，有 3 项次"
    assert more == [
        "4 个填报主体承担任务 40 项次，已完成 10 项次（25.0%）；全部节点已到期的 16 项次中，按时完成 62.5%。",
        "第1县综合得分 85.00 居首。",
        "逾期任务的责任单位集中在市乙局（3 项次）、市甲局（3 项次）。",
        "应报 8 份，未报 1 份，迟报 1 份。",
    ]
    cards = {
        card["key"]: (card["n"], card["change"], card["tone"]) for card in glance.counts(load(warehouse))
    }
    assert cards == {
        "due": ("16", "+8", "flat"),
        "done": ("10", "+6", "good"),
        "ontime": ("10", "+10", "good"),
        "overdue": ("6", "+2", "bad"),
        "missing": ("1", "+1", "bad"),
    }


def test_first_period_has_no_change(warehouse):
    site = load(warehouse, "2021Q1")
    assert site.before is None
    assert {card["change"] for card in glance.counts(site)} == {"—"}
    assert glance.headline(site)[0] == "逾期任务 4 项次；第1县、第2县、第3县等 4 家最多，各 1 项次"


def test_light_of_a_cell_is_its_worst_with_its_count(warehouse):
    cells = index_page.light_cells(load(warehouse))
    assert cells["411703", "s0"] == {"light": "red", "n": 3, "total": 5, "heavy": True, "unreported": False}
    assert cells["411701", "s0"] == {"light": "red", "n": 1, "total": 5, "heavy": False, "unreported": False}
    assert cells["411703", "s1"]["light"] == "green"


def test_a_cell_is_unreported_only_while_something_is_open():
    connection = duckdb.connect()
    build(connection)
    connection.execute("update marts.task_status set reported = false where special_id = 's0'")
    connection.execute(
        "update marts.task_status set status = 'completed' where special_id = 's0' and reporter_id = '411700'"
    )
    cells = index_page.light_cells(load(connection))
    assert cells["411701", "s0"]["unreported"] is True
    assert cells["411700", "s0"]["unreported"] is False
    assert cells["411701", "s1"]["unreported"] is False


def test_formula_rescales_when_a_component_is_missing(warehouse):
    site = load(warehouse)
    row = site.ranking[0]
    assert reporter_page.formula(site, row) == "综合得分 85.00 = 0.5 × 任务得分 90.00 + 0.5 × 指标得分 80.00"
    assert (
        reporter_page.formula(site, row | {"indicator_score": None, "total_score": 90.0})
        == "综合得分 90.00 = 1 × 任务得分 90.00"
    )
    assert (
        reporter_page.formula(site, row | {"task_score": None, "indicator_score": None}) == "没有可计分项。"
    )


def test_rank_bands_are_shown_when_they_were_drawn(tmp_path):
    connection = duckdb.connect()
    build(connection)
    connection.execute(
        "create table marts.rank_robustness (programme_id text, period text, reporter_id text, draws integer, "
        "seed integer, rank_median double, rank_p05 double, rank_p95 double, p_red double, p_black double)"
    )
    connection.execute(
        "insert into marts.rank_robustness values (?, '2021Q2', '411700', 1000, 7, 1, 1, 3, 0.9, 0)",
        [PROGRAMME],
    )
    summary = render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    assert "1（1–3）" in Page(summary.index).text
    for page in ("lists.html", "reporters/411700.html"):
        assert "第1名（1–3）" in Page(tmp_path / "site" / page).text, page


def test_joint_units_answer_one_by_one():
    assert pages.lead_units({"lead_unit": "市甲局、市乙局"}) == ["市甲局", "市乙局"]
    assert pages.lead_units({"lead_unit": None}) == ["（未明确责任单位）"]
    connection = duckdb.connect()
    build(connection)
    connection.execute("update marts.overdue_tasks set lead_unit = '市甲局、市乙局'")
    assert (
        "逾期任务的责任单位集中在市甲局（6 项次）、市乙局（6 项次）。" in glance.headline(load(connection))[1]
    )
    overdue_units = units.units(load(connection))["overdue_units"]
    assert sorted((unit["unit"], unit["n"]) for unit in overdue_units) == [("市乙局", 6), ("市甲局", 6)]


def test_goals_of_the_issuer_stand_apart(warehouse):
    issuer, others = goal_rows(load(warehouse))
    assert [(g["text"], g["actual"], g["met"]) for g in issuer] == [("综合得分进入前 5 名", "—", None)]
    assert [(g["text"], len(g["met"]), g["n"]) for g in others] == [("企业开办进入前 2 名", 2, 4)]


def test_index_names_lists_and_facts(warehouse, tmp_path):
    render.render_site(warehouse, PROGRAMME, "2021Q2", tmp_path / "site", edition="r0 定版")
    text = Page(tmp_path / "site" / "index.html").text
    for words in (
        "红榜", "黑榜", "r0 定版", "2021-07-13 00:00", "5 份，退回 1 份", "读入 40，入库 36，隔离 4", "迟 2 天",
        "10 个百分点", "第2县", "○ 指标数据", "有节点到期未完成",
    ):  # fmt: skip
        assert words in text, words
    # The county's own page: where each word stands.
    page = Page(tmp_path / "site" / "reporters" / "411703.html").text
    for words in (
        "progress.csv · 第 2 行",
        "progress.csv · 表 表 · 第 3 行 · 列“完成进度”",
        "存在问题：困难",
        "逾期 30 天",
    ):
        assert words in page, words


def test_long_overdue_list_is_cut_on_the_index_only(tmp_path):
    connection = duckdb.connect()
    build(connection, reporters=48)  # 12 times 0+1+2+3
    render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")

    def rows(name: str) -> int:
        return (tmp_path / "site" / name).read_text(encoding="utf-8").count('data-label="逾期天数"')

    assert (rows("index.html"), rows("overdue.html")) == (index_page.OVERDUE_ON_INDEX, 72)
    assert "全部 72 项次" in Page(tmp_path / "site" / "index.html").text
    # With a long ranking the overdue tasks come first.
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert index.index('id="overdue"') < index.index('class="rank"')


def test_rule_title_comes_from_the_catalogue_when_it_is_there(tmp_path):
    connection = duckdb.connect()
    build(connection)
    assert {row["title"] for row in problems(load(connection))} == {"数值列含文字"}
    connection.execute("create table quality.check_rules (rule_id text, message_zh text)")
    connection.execute(
        "insert into quality.check_rules values ('F03', '数值列含文字: {cell}'), ('T07', '逾期 {n} 天')"
    )
    titles = {row["rule_id"]: row["title"] for row in problems(load(connection))}
    assert titles == {"F03": "数值列含文字", "T07": "逾期", "F12": "数值列含文字"}
    assert {row["rule_id"] for row in problems(load(connection), skip=PROGRESS_RULES)} == {
        "F03",
        "F12",
    }


# --- safety ------------------------------------------------------------------------------------------------------


def test_every_page_is_offline_and_inert(hostile_site):
    files = html_files(hostile_site)
    # Twelve of the site, four reporters, ten tasks, two indicators, two specials, a unit for each hostile spelling, the portal.
    assert len(files) == 12 + 4 + 10 + 2 + 2 + len(HOSTILE) + 1
    for file in files:
        page = Page(file)
        policies = [
            a["content"]
            for tag, a in page.tags
            if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policies == [render.CSP], file
        assert "unsafe-inline" not in render.CSP.split("script-src", 1)[1].split(";")[0]
        for tag, attributes in page.tags:
            for name, value in attributes.items():
                assert not name.startswith("on"), (file, tag, name)
                if name in {"src", "href", "action", "srcset"}:
                    assert not re.match(r"\s*([a-z]+:|//)", value or "", re.I), (file, tag, value)
            if tag == "script":
                own = re.fullmatch(r"(\.\./)*assets/[a-z-]+\.js", attributes.get("src") or "")
                assert own or attributes["type"] == "application/json"
            assert tag not in {"img", "iframe", "object", "embed", "form", "base"}, (file, tag)
            assert "Share chart" not in page.text
        for block in page.scripts:
            json.loads(block)  # a data block that was cut open would not parse


def test_hostile_text_is_shown_literally(hostile_site):
    index = Page(hostile_site / "index.html").text
    everything = "\n".join(Page(file).text for file in html_files(hostile_site))
    for payload in HOSTILE:
        assert payload in everything, payload
    # The title of the programme is on every page, the portal included.
    for file in html_files(hostile_site):
        assert any(f"示例方案{payload}" in Page(file).text for payload in HOSTILE), file
    assert sum(f"第{i}县{payload}" in index for i in range(1, 5) for payload in HOSTILE) == 4
    for page in (
        "quality.html",
        "rectification.html",
        f"reporters/{fmt.slug('../../<b>')}.html",
        "units.html",
        "overdue.html",
        "indicators.html",
    ):
        text = Page(hostile_site / page).text
        assert sum(payload in text for payload in HOSTILE) >= 3, page


def test_text_in_figures_is_escaped_once(hostile_site):
    specs = [
        json.loads(block)
        for block in Page(hostile_site / "indicators.html").scripts
        if '"data"' in block and '"layout"' in block
    ]
    assert len(specs) == 4  # two indicators, each with dots and trend
    labels = "".join(specs[0]["layout"]["yaxis"]["tickvals"])
    assert "<" not in labels and ">" not in labels and "&quot;" not in labels
    assert all(html.escape(payload, quote=False) in "".join(map(str, specs)) for payload in HOSTILE[:2])
    defaults = next(
        json.loads(b) for b in Page(hostile_site / "indicators.html").scripts if '"showSendToCloud"' in b
    )
    assert (
        defaults["config"] | {"showSendToCloud": False, "displaylogo": False, "locale": "zh-CN"}
        == defaults["config"]
    )


def test_no_link_leads_nowhere(hostile_site):
    for file in html_files(hostile_site):
        for _tag, attributes in Page(file).tags:
            target = attributes.get("href") or attributes.get("src")
            if not target:
                continue
            path, _, anchor = target.partition("#")
            there = (file.parent / path).resolve() if path else file
            assert there.is_file(), (file, target)
            if anchor and there.suffix == ".html":
                assert any(a.get("id") == anchor for _, a in Page(there).tags), (file, target)


def test_untrusted_codes_make_harmless_file_names(hostile_site):
    assert sorted(p.name for p in hostile_site.parent.iterdir()) == ["site"]
    assert fmt.slug("410701") == "410701"
    names = [fmt.slug(code) for code in ("../../<b>", "a/b", "CON", "", "县", "x-0", "a.b", "a" * 65)]
    assert all(re.fullmatch(r"x-[0-9a-f]{16}", name) for name in names)
    assert len(set(names)) == len(names)
    table = fmt.slugs(["ab", "AB", "Ab"])
    assert len({name.casefold() for name in table.values()}) == 3


# --- files -------------------------------------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_same_input_same_bytes_and_a_failure_changes_nothing(warehouse, tmp_path, monkeypatch):
    out = tmp_path / "site"
    summary = render.render_site(warehouse, PROGRAMME, "2021Q2", out)
    first = snapshot(out)
    assert summary.pages == 12 + 4 + 10 + 2 + 2 + 1 and summary.index == out / "index.html"
    assert summary.bytes == sum(map(len, first.values()))
    (out / "leftover.html").write_text("old")
    render.render_site(warehouse, PROGRAMME, "2021Q2", out)
    assert snapshot(out) == first
    with pytest.raises(LookupError, match="2030Q1"):
        render.render_site(warehouse, PROGRAMME, "2030Q1", out)
    with pytest.raises(LookupError):
        render.render_site(warehouse, "nobody", "2021Q2", out)

    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(render, "_write", broken)
    with pytest.raises(OSError, match="disk full"):
        render.render_site(warehouse, PROGRAMME, "2021Q2", out)
    assert snapshot(out) == first
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_periods_and_portal_link_what_is_there(warehouse, tmp_path):
    home = tmp_path / PROGRAMME
    late = home / "2021Q2" / "site"

    def switcher(site: Path) -> list[str]:
        return [
            a["href"]
            for tag, a in Page(site / "index.html").tags
            if tag == "a" and "site/index.html" in a["href"]
        ]

    render.render_site(warehouse, PROGRAMME, "2021Q2", late)
    assert switcher(late) == []
    render.render_site(warehouse, PROGRAMME, "2021Q1", home / "2021Q1" / "site")
    assert switcher(home / "2021Q1" / "site") == ["../../2021Q2/site/index.html"]
    edition = home / "2021Q2" / "editions" / "r0" / "site"
    render.render_site(warehouse, PROGRAMME, "2021Q2", edition, edition="r0", linked_periods=["2021Q1"])
    assert switcher(edition) == ["../../../../2021Q1/site/index.html"]
    deep = Page(edition / "reporters" / "411700.html")
    assert "../../../../../2021Q1/site/index.html" in [a.get("href") for _, a in deep.tags]

    portal = Page(render.render_portal(warehouse, tmp_path))
    links = [a["href"] for tag, a in portal.tags if tag == "a"]
    assert links == [
        f"{PROGRAMME}/2021Q2/site/index.html",
        f"{PROGRAMME}/2021Q2/editions/r0/site/index.html",
        f"{PROGRAMME}/2021Q1/site/index.html",
    ]
    assert all((tmp_path / link).is_file() for link in links)


def test_portal_of_an_empty_warehouse(tmp_path):
    connection = duckdb.connect()
    create_contract(connection)
    assert "还没有评价结果" in Page(render.render_portal(connection, tmp_path / "new")).text


def test_a_ranking_alone_is_enough_for_a_site(tmp_path):
    connection = duckdb.connect()
    create_contract(connection)
    insert(connection, "raw.programmes", [{"programme_id": "p"}])
    insert(connection, "marts.ranking", [
        {"programme_id": "p", "period": "2021Q1", "reporter_id": "a", "ranked": False, "reason": "无可计分项"}
    ])  # fmt: skip
    summary = render.render_site(connection, "p", "2021Q1", tmp_path / "site")
    assert summary.pages == 10
    text = Page(summary.index).text
    assert "不参加排名：无可计分项" in text
    assert "None" not in text and "nan" not in text


def test_assets_are_vendored_with_their_licence():
    from plotly.offline import get_plotlyjs_version

    static = Path(render.__file__).parent / "static"
    library = static / "plotly-cartesian.min.js"
    assert library.stat().st_size < 2 * 1024 * 1024
    assert (
        f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}"
        in library.read_text(encoding="utf-8")[:200]
    )
    assert "MIT License" in (static / "plotly-cartesian.LICENSE").read_text(encoding="utf-8")
    assert "Plotly.register" in (static / "plotly-zh-cn.js").read_text(encoding="utf-8")


def test_plotly_is_not_imported_with_the_package():
    code = (
        "import sys, dashboards.render, dashboards.figures, dashboards.pages; "
        "heavy = {'plotly', 'numpy', 'pandas', 'polars'} & set(sys.modules); print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "plotly" not in done.stdout


def test_thirteen_reporters_in_three_seconds(tmp_path):
    import plotly.graph_objects  # noqa: F401  (the limit is on the rendering)

    connection = duckdb.connect()
    build(connection, reporters=13)
    start = time.perf_counter()
    render.render_site(connection, PROGRAMME, "2021Q2", tmp_path / "site")
    assert time.perf_counter() - start < 3


# --- how things are written --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (fmt.number(88.0071926), "88.01"),
        (fmt.number(-0.001), "0.00"),
        (fmt.number(-1234.5, 1), "−1,234.5"),
        (fmt.number(None), "—"),
        (fmt.number(float("nan")), "—"),
        (fmt.number(100, 2, trim=True), "100"),
        (fmt.number(1000, 0, trim=True), "1,000"),
        (fmt.value(0.50, 2), "0.5"),
        (fmt.percent(0.256), "25.6%"),
        (fmt.band(2.0, 6.0), "2–6"),
        (fmt.band(3.0, 3.0), "3"),
        (fmt.band(2.05, 4.95), "2–5"),
        (fmt.band(2.0000000001, 4.9999999999), "2–5"),
        (fmt.band(3.0, 3.0, 3), "稳定"),
        (fmt.band(3.0, 3.0, 4), "3"),
        (fmt.band(None, None, 3), "—"),
        (fmt.rank(3, 2.0, 4.1), "第3名（2–5）"),
        (fmt.rank(1, 1.0, 1.0), "第1名（稳定）"),
        (fmt.rank(12), "第12名"),
        (fmt.rank(None, 1.0, 2.0), "—"),
        (fmt.gap(0.9), ""),
        (fmt.gap(0.899), "与下一名的差距不显著"),
        (fmt.gap(None), ""),
        (fmt.change(3, 5), "−2"),
        (fmt.change(5, 3), "+2"),
        (fmt.change(3, 3), "持平"),
        (fmt.change(3, None), "—"),
        (fmt.period_words("2023Q4"), "2023年第四季度"),
        (fmt.period_words("全年"), "全年"),
        (fmt.day(dt.date(2021, 6, 30)), "2021-06-30"),
        (fmt.day(dt.datetime(2021, 6, 30, 9)), "2021-06-30"),
        (fmt.day_words(dt.date(2021, 6, 3)), "2021年6月3日"),
        (fmt.moment(dt.datetime(2021, 6, 3, 9, 5)), "2021-06-03 09:05"),
        (fmt.names(["甲", "乙", "丙"], 2), "甲、乙等 3 家"),
        (fmt.words(fmt.STATUS_WORDS, "odd"), "odd"),
        (pages.source("a/b/c.xlsx", "表1", 7), "c.xlsx · 表 表1 · 第 7 行"),
        (pages.source("submissions/p/2021Q1/a/c.csv", None, 7, "2021Q2"), "2021Q1 · c.csv · 第 7 行"),
        (pages.source("submissions/p/2021Q2/a/c.csv", None, 7, "2021Q2"), "c.csv · 第 7 行"),
        (pages.source(None), "—"),
    ],
)
def test_written_forms(written, expected):
    assert written == expected


def test_a_text_of_megabytes_does_not_make_a_page_of_megabytes():
    from markupsafe import Markup

    from dashboards.render import environment

    shown = (
        environment()
        .from_string("{{ short }}|{{ long }}|{{ own }}|{{ none }}")
        .render(short="<b>" + "x" * 4997, long="<i>" + "y" * 15_000_000, own=Markup("<p>" * 5000), none=None)
    )
    short, long, own, none = shown.split("|")
    assert short == "&lt;b&gt;" + "x" * 4997 and own == "<p>" * 5000 and none == "None"
    assert (
        long.startswith("&lt;i&gt;y")
        and long.endswith("（共 15,000,003 字，全文见报送原件）")
        and len(long) < 5100
    )
