"""The site as a whole: pages, links, escaping, offline rules, portal, swap. Figures alone: ``test_figures``.

The warehouse is made up here (contract columns only), so that no other stage has to run first; the builder is also
used by ``integration/test_site_browser``.
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
from pathlib import Path

import duckdb
import pytest

from dashboards import format as fmt
from dashboards import pages, render
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
