"""Registry versions and confirmations in raw.*: one version per content, what a removed task was, every line kept."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from raw.history import REMOVED
from raw.loader import load
from raw.periods import SHANGHAI
from raw.registry import read_confirmations
from tests.factories import make_registry, write_registry_table, write_tree

NOW = datetime(2021, 4, 1, 8, 0, tzinfo=SHANGHAI)
TASKS = [
    {"task_id": "t01", "special_id": "kaiban", "title": "甲 任务", "deadline_text": "2021 年 6 月"},
    {"task_id": "t02", "special_id": "kaiban", "title": "乙任务", "deadline_text": ""},
]
PROGRESS = "submissions/p2021/2021Q1/{}/progress.csv"


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'Asia/Shanghai'")
        yield opened


def tasks(root: Path, lines: list[dict]) -> None:
    write_registry_table(root / "registry" / "p2021", "tasks", lines)


def versions(connection) -> list[tuple]:
    return connection.execute("SELECT seq, is_current FROM raw.registry_versions ORDER BY seq").fetchall()


def removed(connection) -> list[tuple]:
    return connection.execute(
        "SELECT seq, item_id, value FROM raw.registry_history WHERE field = ? ORDER BY ALL", [REMOVED]
    ).fetchall()


def test_first_load_notes_what_stands_in_the_registry(connection, tmp_path: Path):
    make_registry(tmp_path, tasks=TASKS, responsibilities=[])
    load(connection, tmp_path, now=NOW)
    assert connection.execute(
        "SELECT programme_id, first_seen_at = ?, seq, is_current, length(content_hash) FROM raw.registry_versions",
        [NOW],
    ).fetchall() == [("p2021", True, 1, True, 64)]
    kept = connection.execute(
        "SELECT item_type, item_id, part, field, value, row_number FROM raw.registry_history "
        "WHERE item_type = 'task' AND field <> 'source' OR field IN ('baseline', 'target') ORDER BY ALL"
    ).fetchall()
    assert kept == [
        ("indicator", "kb_online", "", "baseline", "80", 2),
        ("indicator", "kb_steps", "", "baseline", "3", 3),
        ("target", "kb_online", "2021-12-31", "target", "95", 2),
        ("target", "kb_steps", "2021-12-31", "target", "1", 3),
        ("task", "t01", "", "deadline_text", "2021年6月", 2),
        ("task", "t01", "", "title", "甲任务", 2),
        ("task", "t02", "", "deadline_text", None, 3),
        ("task", "t02", "", "title", "乙任务", 3),
    ]


def test_running_twice_changes_nothing(connection, tmp_path: Path):
    make_registry(tmp_path)
    load(connection, tmp_path, now=NOW)
    before = [
        connection.execute(f"FROM raw.registry_{t} ORDER BY ALL").fetchall() for t in ("versions", "history")
    ]
    load(connection, tmp_path)
    assert before == [
        connection.execute(f"FROM raw.registry_{t} ORDER BY ALL").fetchall() for t in ("versions", "history")
    ]


def test_without_now_a_version_is_as_old_as_its_newest_file(connection, tmp_path: Path):
    folder = make_registry(tmp_path)
    for path in folder.iterdir():
        os.utime(path, (NOW.timestamp() - 1000,) * 2)
    os.utime(folder / "tasks.csv", (NOW.timestamp(),) * 2)
    load(connection, tmp_path)
    assert connection.execute("SELECT first_seen_at = ? FROM raw.registry_versions", [NOW]).fetchall() == [
        (True,)
    ]


def test_a_registry_that_goes_back_is_its_old_version_again(connection, tmp_path: Path):
    make_registry(tmp_path, tasks=TASKS, responsibilities=[])
    load(connection, tmp_path)
    tasks(tmp_path, [TASKS[0], TASKS[1] | {"deadline_text": "2021年9月"}])
    load(connection, tmp_path)
    assert versions(connection) == [(1, False), (2, True)]
    tasks(tmp_path, TASKS)
    load(connection, tmp_path)
    assert versions(connection) == [(1, True), (2, False)]


def test_a_removed_task_keeps_how_many_had_not_finished_it(connection, tmp_path: Path):
    """t01: completed by one county and cancelled by the other; t02: completed by one, never reported by the other."""
    make_registry(tmp_path, tasks=[*TASKS, TASKS[0] | {"task_id": "t03"}], responsibilities=[])
    write_tree(
        tmp_path,
        {
            PROGRESS.format("410001"): [
                {"任务编号": "t01", "状态": "已完成"},
                {"任务编号": "t02", "状态": "已完成"},
            ],
            PROGRESS.format("410002"): [{"任务编号": "t01", "状态": "取消"}],
        },
    )
    load(connection, tmp_path)
    tasks(tmp_path, [TASKS[0] | {"task_id": "t03"}])
    load(connection, tmp_path)
    assert removed(connection) == [(2, "t01", "0"), (2, "t02", "1")]
    # their rows are quarantined now; a later load must not judge by what is left
    load(connection, tmp_path)
    assert removed(connection) == [(2, "t01", "0"), (2, "t02", "1")]


def test_only_reporters_that_owed_a_removed_task_count(connection, tmp_path: Path):
    make_registry(
        tmp_path, tasks=TASKS, responsibilities=[], assignments=[{"task_id": "t02", "reporter_id": "410001"}]
    )
    load(connection, tmp_path)
    tasks(tmp_path, TASKS[:1])
    load(connection, tmp_path)
    assert removed(connection) == [(2, "t02", "1")]


def test_a_broken_task_file_removes_nothing(connection, tmp_path: Path):
    folder = make_registry(tmp_path, tasks=TASKS, responsibilities=[])
    load(connection, tmp_path)
    (folder / "tasks.csv").write_bytes("编号,名称\n".encode("gb18030"))
    load(connection, tmp_path)
    assert removed(connection) == []


def test_a_registry_without_dates_adds_no_version(connection, tmp_path: Path):
    folder = make_registry(tmp_path)
    load(connection, tmp_path)
    (folder / "programme.toml").write_text("start_date = ", encoding="utf-8")
    load(connection, tmp_path)
    assert versions(connection) == [(1, True)]


# confirmations ----------------------------------------------------------------------------------------------------

HEADER = "rule_id,reporter_id,entity_id,period,note,by\n"


def confirmations(connection) -> list[tuple]:
    return connection.execute(
        "SELECT programme_id, rule_id, reporter_id, row_number FROM raw.confirmations ORDER BY row_number, programme_id"
    ).fetchall()


def test_a_line_belongs_to_every_programme_with_its_reporter_and_period(connection, tmp_path: Path):
    make_registry(tmp_path, "p2021")
    make_registry(tmp_path, "q2021", reporters=[{"reporter_id": "410001", "name": "甲县", "kind": "county"}])
    lines = "v02,410001,kb_steps,2021q1,属实,张三\nV02,410002,kb_steps,2021Q1,属实,张三\nV02,410001,kb_steps,2020Q1,属实,张三\n"
    (tmp_path / "confirmations.csv").write_text(HEADER + lines, encoding="utf-8-sig")
    load(connection, tmp_path)
    assert confirmations(connection) == [
        ("p2021", "V02", "410001", 2),
        ("q2021", "V02", "410001", 2),
        ("p2021", "V02", "410002", 3),
        (None, "V02", "410001", 4),
    ]
    # a run of one programme leaves the lines of the others as they are
    (tmp_path / "confirmations.csv").write_text(HEADER, encoding="utf-8")
    load(connection, tmp_path, "q2021")
    assert [row[0] for row in confirmations(connection)] == ["p2021", "p2021", None]
    load(connection, tmp_path)
    assert confirmations(connection) == []


def test_lines_are_kept_whatever_they_lack(tmp_path: Path):
    body = "by,note,period,rule_id\n张三, 属实 ,,V02\n"
    (tmp_path / "confirmations.csv").write_bytes(body.encode("gb18030"))
    (line,) = read_confirmations(tmp_path)
    assert line == {
        "rule_id": "V02", "reporter_id": None, "entity_id": None, "period": None, "note": "属实", "confirmed_by": "张三",
        "row_number": 2, "problem": None,
    }  # fmt: skip


def test_a_file_that_cannot_be_read_to_its_end_says_so(tmp_path: Path):
    (tmp_path / "confirmations.csv").write_text(
        HEADER + 'V02,a,b,2021Q1,属实,张三\nV02,a,b,2021Q1,"属实,张三\n', encoding="utf-8"
    )
    first, second = read_confirmations(tmp_path)
    assert (first["row_number"], first["problem"]) == (2, None)
    assert "引号没有成对" in second["problem"]


def test_no_file_no_confirmations(tmp_path: Path):
    assert read_confirmations(tmp_path) == []
