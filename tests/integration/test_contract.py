"""The warehouse contract: tables, columns, comments, and what must hold in every run."""

from __future__ import annotations

import re

import pytest

from orchestration.settings import REPOSITORY
from tests.conftest import SHARED

pytestmark = pytest.mark.integration

CONTRACT = {
    "ops.receipts": "receipt_id path sha256 bytes programme_id period reporter_id kind version received_at late format "
    "encoding rows_read rows_loaded rows_quarantined status reason",
    "ops.quarantine": "receipt_id path sheet row_number row_json rule_id message",
    "quality.flags": "flag_id rule_id level severity programme_id period reporter_id entity_type entity_id path sheet "
    "row_number column_name raw_value message",
    "marts.task_status": "programme_id period reporter_id task_id special_id title lead_unit deadline_kind due_date status "
    "reported progress_pct expected_pct completed_on days_overdue light score last_reported_on receipt_id",
    "marts.quarterly_progress": "programme_id period reporter_id special_id tasks_total tasks_due tasks_completed "
    "tasks_completed_late tasks_overdue tasks_behind tasks_due_soon tasks_reported completion_rate on_time_rate task_score",
    "marts.indicator_scores": "programme_id period reporter_id indicator_id special_id state value previous_value baseline "
    "target target_due frontier worst method score attained improvement_pct",
    "marts.special_scores": "programme_id period reporter_id special_id task_score indicator_score score rank",
    "marts.ranking": "programme_id period reporter_id reporter_name group task_score indicator_score total_score rank "
    "group_rank previous_rank rank_change list ranked reason",
    "marts.overdue_tasks": "programme_id period reporter_id task_id title special_id lead_unit cooperating_units due_date "
    "days_overdue progress_pct last_summary",
    "marts.reporting": "programme_id period reporter_id kind owed received on_time first_received_at days_late "
    "cells_required cells_filled completeness",
    "marts.unit_load": "programme_id period unit_id unit_name role tasks_total tasks_due tasks_completed tasks_overdue",
    "marts.goals": "programme_id period goal_id reporter_id kind expected actual met",
    "marts.rank_robustness": "programme_id period reporter_id draws seed rank_median rank_p05 rank_p95 p_red p_black "
    "p_ahead_of_next",
    "marts.rectification": "programme_id period issue_id reporter_id issue origin units measures due_date status closed_on "
    "days_overdue reopened",
    "marts.satisfaction": "programme_id period reporter_id group sample satisfied rate",
}


@pytest.mark.parametrize("table", CONTRACT)
def test_columns_in_order(published, table: str):
    schema, name = table.split(".")
    columns = [
        column
        for (column,) in published.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index",
            [schema, name],
        ).fetchall()
    ]
    wanted = CONTRACT[table].split()
    assert columns[: len(wanted)] == wanted
    assert published.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0


@pytest.mark.parametrize("table", CONTRACT)
def test_every_column_is_described_in_chinese(published, table: str):
    schema, name = table.split(".")
    comments = published.execute(
        "SELECT column_name, coalesce(comment, '') FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?",
        [schema, name],
    ).fetchall()
    assert [column for column, comment in comments if not re.search(r"[\u4e00-\u9fff]", comment)] == []


@pytest.mark.skipif(not (SHARED / "DESIGN.md").is_file(), reason="no contract beside the checkout")
def test_contract_here_is_the_contract_there():
    """The list above is the design page's section 8, column by column."""
    text = (SHARED / "DESIGN.md").read_text(encoding="utf-8")
    for table, columns in CONTRACT.items():
        line = re.search(rf"^- `{re.escape(table)}` (.+)$", text, re.MULTILINE).group(1)
        bare = re.sub(r"\([^()]*\)", "", line).replace('"', "")
        assert [part.strip() for part in bare.split(",")] == columns.split(), table


def test_codes_are_text(published):
    wrong = published.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name IN ('marts', 'ops', 'quality', 'raw') "
        "AND (column_name LIKE '%\\_id' ESCAPE '\\' OR column_name = 'period') AND data_type <> 'VARCHAR'"
    ).fetchall()
    assert wrong == []


def test_conservation_of_every_receipt(published):
    broken = published.execute(
        "SELECT path FROM ops.receipts WHERE rows_read <> rows_loaded + rows_quarantined OR (status = 'rejected' AND rows_read > 0)"
    ).fetchall()
    assert broken == []
    assert published.execute(
        "SELECT sum(rows_quarantined) = (SELECT count(*) FROM ops.quarantine) FROM ops.receipts"
    ).fetchone() == (True,)


def test_flags_speak_chinese_and_are_unique(published):
    total, unique, mute = published.execute(
        "SELECT count(*), count(DISTINCT flag_id), count(*) FILTER (NOT regexp_matches(message, '[一-龥]')) FROM quality.flags"
    ).fetchone()
    assert (unique, mute) == (total, 0)
    assert total > 100


def test_planted_mistakes_are_found(published):
    """Every mistake the sample's generator wrote down, at its place; rules of a later part are marked planned."""
    import csv

    with (REPOSITORY / "dbt_project" / "seeds" / "check_rules.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        active = {row["rule_id"] for row in csv.DictReader(stream) if row["state"] == "active"}
    with (REPOSITORY / "tests" / "golden" / "planted_mistakes.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        planted = [row for row in csv.DictReader(stream) if row["rule_id"] in active]
    assert len({row["rule_id"] for row in planted}) > 30
    missed = []
    for row in planted:
        given = {key: value for key, value in row.items() if value and key != "note"}
        where = " AND ".join(f"CAST({key} AS VARCHAR) = ?" for key in given)
        if not published.execute(
            f"SELECT count(*) FROM quality.flags WHERE {where}", list(given.values())
        ).fetchone()[0]:
            missed.append(given)
    assert missed == []


def test_old_tools_can_open_the_published_file(built):
    """Storage of DuckDB 1.2: the version number stands in the file's header."""
    head = built.settings.current.read_bytes()[:64]
    assert head[8:12] == b"DUCK"
    assert int.from_bytes(head[12:20], "little") <= 65  # 64 = v0.9 to v1.1, 65 = v1.2
