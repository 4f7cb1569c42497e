"""raw.* follows the tree: idempotent by content, in one transaction, every row conserved."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import duckdb
import pytest

import raw.loader
from raw.errors import Limits, Rejected
from raw.intake import Batch, rows_of
from raw.loader import ConservationError, load
from raw.schema import HISTORY_TABLES, TABLES
from raw.submissions import read_submission, rejected
from tests.factories.trees import SMALL_REGISTRY, make_registry, write_registry_table, write_tree

PLACE = "submissions/p2021/2021Q1"
SPEC = {
    f"{PLACE}/410001/progress.csv": [
        {"任务编号": "t01", "状态": "推进中", "完成进度": "50%"},
        {"任务编号": "t99", "状态": "推进中", "完成进度": "10%"},
    ],
    f"{PLACE}/410001/indicators.xlsx": [{"指标编号": "kb_online", "指标值": 87.5}],
    f"{PLACE}/410002/progress.json": [{"task_id": "t02", "status": "办结", "progress_pct": 0.5}],
    f"{PLACE}/410002/progress_图.csv": b"\x89PNG",
    f"{PLACE}/410009/progress.csv": [{"任务编号": "t01", "状态": "推进中"}],
    "submissions/p2021/2021-Q1/410001/progress.csv": [{"任务编号": "t01", "状态": "推进中"}],
    "submissions/p2021/2022Q1/410001/progress.csv": [{"任务编号": "t01", "状态": "推进中"}],
    "submissions/nobody/2021Q1/410001/progress.csv": [{"任务编号": "t01", "状态": "推进中"}],
    "submissions/readme.txt": b"x",
    f"{PLACE}/410001/rectification.csv": [{"问题编号": "1", "整改状态": "销号"}],
    f"{PLACE}/410001/satisfaction.csv": [{"调查对象": "企业", "满意度": "95"}],
}


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    """Read files in this process: the pool has its own tests, and a worker takes time to start."""

    def read_here(files, codes, limits, on_file):
        for file in files:
            result = read_submission(file, codes[file.programme_id], limits)
            yield Batch([(file, result)], rows_of([result]))

    monkeypatch.setattr(raw.loader, "read_all", read_here)


@pytest.fixture
def tree(tmp_path) -> Path:
    make_registry(tmp_path / "raw")
    return write_tree(tmp_path / "raw", SPEC)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def tables(connection) -> dict[str, list]:
    """Every raw table's rows, sorted; without the history of registries, which grows by design (its own tests)."""
    names = [table for table in TABLES if table not in HISTORY_TABLES]
    return {t: sorted(connection.execute(f"SELECT * FROM raw.{t}").fetchall(), key=repr) for t in names}


def receipts(connection, *names: str) -> dict[str, tuple]:
    rows = connection.execute(f"SELECT path, {', '.join(names)} FROM raw.receipts").fetchall()
    return {path.removeprefix("submissions/").removeprefix("p2021/"): tuple(rest) for path, *rest in rows}


def rewrite(tree: Path, path: str, rows: list[dict]) -> None:
    write_tree(tree, {path: rows}, received=None)


# ── what a load leaves behind ─────────────────────────────────────────────────────────────────


def test_receipts_of_every_file(connection, tree):
    summary = load(connection, tree)
    assert receipts(connection, "rejected", "rows_read", "rows_quarantined", "format") == {
        "2021Q1/410001/progress.csv": (False, 2, 1, "csv"),
        "2021Q1/410001/indicators.xlsx": (False, 1, 0, "xlsx"),
        "2021Q1/410002/progress.json": (False, 1, 0, "json"),
        "2021Q1/410002/progress_图.csv": (True, 0, 0, None),
        "2021Q1/410001/rectification.csv": (False, 1, 0, "csv"),
        "2021Q1/410001/satisfaction.csv": (False, 1, 0, "csv"),
        "2021Q1/410009/progress.csv": (True, 0, 0, None),
        "2021-Q1/410001/progress.csv": (True, 0, 0, None),
        "2022Q1/410001/progress.csv": (True, 0, 0, None),
        "nobody/2021Q1/410001/progress.csv": (True, 0, 0, None),
        "readme.txt": (True, 0, 0, None),
    }
    assert (summary.receipts, summary.files_read, summary.rejected) == (11, 6, 6)
    assert (summary.rows_read, summary.rows_loaded, summary.rows_quarantined) == (6, 5, 1)
    reasons = {path: reason for path, (reason,) in receipts(connection, "reason").items() if reason}
    words = {"2021Q1/410009": "410009", "2021-Q1": "写法不对", "2022Q1": "不在方案周期内", "nobody": "没有登记目录",
             "readme": "位置", "2021Q1/410002": "图片"}  # fmt: skip
    assert len(reasons) == len(words)
    for path, word in words.items():
        assert word in next(reason for place, reason in reasons.items() if place.startswith(path))


def test_findings_and_rows_of_every_kind(connection, tree):
    load(connection, tree)
    rules = connection.execute(
        "SELECT rule_id, count(*) FROM raw.findings GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert rules == [("F01", 1), ("F05", 5), ("F12", 1), ("F15", 1)]
    count = {t: len(rows) for t, rows in tables(connection).items()}
    kinds = ("progress", "indicator_values", "rectification", "satisfaction", "quarantine", "load_state")
    assert [count[table] for table in kinds] == [2, 1, 1, 1, 1, 6]
    value = connection.execute("SELECT value, period, reporter_id FROM raw.indicator_values").fetchone()
    assert value == (87.5, "2021Q1", "410001")


def test_a_home_of_an_older_version_gets_the_new_columns(connection, tree):
    load(connection, tree)
    before = tables(connection)
    connection.execute("ALTER TABLE raw.indicator_values DROP COLUMN answer")
    connection.execute("DROP TABLE raw.relations")
    connection.execute("UPDATE raw.load_state SET state = 'older'")
    load(connection, tree)
    # the column stands last now: compared by name
    (answer,) = connection.execute("SELECT answer FROM raw.indicator_values").fetchone()
    assert answer == "value"
    assert tables(connection)["relations"] == before["relations"] == []


def test_an_unregistered_file_and_an_unreadable_time_are_f11(connection, tree):
    (tree / "receipts.csv").write_text(
        f"path,received_at,sender\n{PLACE}/410001/progress.csv,昨天,甲\n", encoding="utf-8"
    )
    os.utime(tree / PLACE / "410001/progress.csv", (0, 1616900000))
    load(connection, tree)
    messages = dict(
        connection.execute(
            "SELECT path, message FROM raw.findings WHERE rule_id = 'F11' AND path LIKE '%410001%'"
        ).fetchall()
    )
    assert "收文时间无法识别" in messages[f"{PLACE}/410001/progress.csv"]
    assert "未登记收文" in messages[f"{PLACE}/410001/indicators.xlsx"]
    moment = connection.execute(
        "SELECT epoch(received_at), registered FROM raw.receipts WHERE path LIKE '%1/410001/progress.csv' AND NOT rejected"
    ).fetchone()
    assert moment == (1616900000.0, True)


def test_an_empty_tree(connection, tmp_path):
    assert load(connection, tmp_path).receipts == 0
    with pytest.raises(KeyError):
        load(connection, tmp_path, "p2021")


def test_a_programme_that_cannot_be_computed_keeps_its_receipts(connection, tree):
    (tree / "registry/p2021/programme.toml").write_text("start_date = ", encoding="utf-8")
    summary = load(connection, tree)
    assert summary.rejected == summary.receipts == 11
    assert "programme.toml 有误" in receipts(connection, "reason")["2021Q1/410001/progress.csv"][0]
    assert tables(connection)["programmes"] == []


# ── idempotent by content ─────────────────────────────────────────────────────────────────────


def test_a_second_load_reads_nothing_and_changes_nothing(connection, tree):
    load(connection, tree)
    before = tables(connection)
    for path in tree.rglob("*"):
        os.utime(path, (0, 0))  # times of files do not matter where a receipt says when
    summary = load(connection, tree)
    assert summary.files_read == 0 and tables(connection) == before
    assert (summary.rows_read, summary.rows_loaded, summary.rows_quarantined, summary.rejected) == (
        6,
        5,
        1,
        6,
    )


def test_a_changed_file_is_replaced_and_a_deleted_one_removed(connection, tree, tmp_path):
    load(connection, tree)
    rewrite(tree, f"{PLACE}/410001/progress.csv", [{"任务编号": "t03", "状态": "取消"}])
    (tree / PLACE / "410002/progress.json").unlink()
    summary = load(connection, tree)
    assert summary.files_read == 1
    assert connection.execute("SELECT task_id, status FROM raw.progress").fetchall() == [("t03", "cancelled")]
    assert connection.execute("SELECT count(*) FROM raw.quarantine").fetchone() == (0,)
    # the receipt of the deleted file stays as long as receipts.csv has its line
    assert receipts(connection, "rejected", "sha256")["2021Q1/410002/progress.json"] == (True, None)
    with duckdb.connect() as fresh:
        load(fresh, tree)
        assert tables(fresh) == tables(connection)


def test_another_time_of_receipt_needs_no_reading(connection, tree):
    load(connection, tree)
    lines = (tree / "receipts.csv").read_text(encoding="utf-8").replace("2021-03-25T10", "2021-03-26T11")
    (tree / "receipts.csv").write_text(lines, encoding="utf-8")
    assert load(connection, tree).files_read == 0
    days = connection.execute("SELECT DISTINCT received_on::VARCHAR FROM raw.receipts").fetchall()
    assert days == [("2021-03-26",)]


@pytest.mark.parametrize(
    "table, change, read",
    [
        ("tasks", {"weight": 5}, 0),
        ("tasks", {"title": "另一个名称"}, 6),
        ("tasks", {"seq": 99}, 6),
        ("reporters", {"aliases": "甲甲县"}, 6),
        ("indicators", {"name": "另一个指标"}, 6),
        ("targets", {"target": 1}, 0),
    ],
)
def test_only_a_change_of_codes_reads_the_files_again(connection, tree, table, change, read):
    load(connection, tree)
    first, *rest = SMALL_REGISTRY[table]
    write_registry_table(tree / "registry/p2021", table, [first | change, *rest])
    assert load(connection, tree).files_read == read
    ((column, value),) = change.items()
    stored = connection.execute(f'SELECT "{column}" FROM raw.{table} WHERE row_number = 2').fetchone()[0]
    assert str(stored).removesuffix(".0") == str(value)
    with duckdb.connect() as fresh:
        load(fresh, tree)
        assert tables(fresh) == tables(connection)


def test_a_new_code_lets_a_quarantined_row_in(connection, tree):
    load(connection, tree)
    tasks = [{"task_id": t, "special_id": "kaiban", "title": t} for t in ("t01", "t02", "t03", "t99")]
    write_registry_table(tree / "registry/p2021", "tasks", tasks)
    load(connection, tree)
    assert connection.execute("SELECT count(*) FROM raw.quarantine").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM raw.progress WHERE task_id = 't99'").fetchone() == (1,)


def test_a_file_the_machine_gave_up_on_is_tried_again(connection, tree, monkeypatch):
    def too_slow(files, codes, limits, on_file):
        for file in files:
            result = rejected(file, Rejected("F13", "解析超过 120 秒"))
            result.try_again = True
            yield Batch([(file, result)])

    with monkeypatch.context() as patch:
        patch.setattr(raw.loader, "read_all", too_slow)
        assert load(connection, tree).rejected == 11
    again = load(connection, tree)
    assert (again.files_read, again.rejected, load(connection, tree).files_read) == (6, 6, 0)
    assert connection.execute("SELECT count(*) FROM raw.findings WHERE rule_id = 'F13'").fetchone() == (0,)


def test_other_limits_read_the_files_again(connection, tree):
    load(connection, tree)
    assert load(connection, tree, limits=Limits(rows=1)).files_read == 6
    assert receipts(connection, "rejected")["2021Q1/410001/progress.csv"] == (True,)


# ── programmes apart ──────────────────────────────────────────────────────────────────────────


def test_a_load_of_one_programme_leaves_the_others_alone(connection, tree):
    make_registry(tree, "q2021")
    rewrite(tree, "submissions/q2021/2021Q1/410001/progress.csv", [{"任务编号": "t01", "状态": "推进中"}])
    load(connection, tree)
    before = tables(connection)
    # both change on disk; only one is asked for
    rewrite(tree, "submissions/q2021/2021Q1/410001/progress.csv", [{"任务编号": "t02", "状态": "取消"}])
    rewrite(tree, f"{PLACE}/410001/progress.csv", [{"任务编号": "t03", "状态": "取消"}])
    write_registry_table(tree / "registry/p2021", "tasks", [])
    assert load(connection, tree, "q2021").files_read == 1
    after = tables(connection)
    for table, columns in ((name, TABLES[name]) for name in after):
        if "programme_id" in columns:
            at = list(columns).index("programme_id")
            assert [r for r in after[table] if r[at] != "q2021"] == [
                r for r in before[table] if r[at] != "q2021"
            ], table
    assert [r for r in after["progress"] if "q2021" in r] != [r for r in before["progress"] if "q2021" in r]


def test_a_programme_that_left_the_registry_leaves_raw(connection, tree):
    load(connection, tree)
    shutil.rmtree(tree / "registry/p2021")
    load(connection, tree)
    left = tables(connection)
    assert left["programmes"] == left["tasks"] == left["progress"] == left["load_state"] == []
    assert len(left["receipts"]) == 11 and all(
        "没有登记目录" in str(r) or "位置" in str(r) or "图片" in str(r) for r in left["receipts"]
    )


def test_a_copied_tree_in_another_order_loads_the_same(connection, tree, tmp_path):
    make_registry(tree, "q2021")
    load(connection, tree)
    copy = tmp_path / "elsewhere"
    paths = [path for path in tree.rglob("*") if path.is_file()]
    random.Random(7).shuffle(paths)
    for path in paths:
        target = copy / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    lines = (copy / "receipts.csv").read_text(encoding="utf-8").splitlines()
    (copy / "receipts.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    with duckdb.connect() as other:
        load(other, copy)
        assert tables(other) == tables(connection)


# ── one transaction ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["_write_registry", "_write_bookkeeping", "_check_conservation"])
def test_a_fault_in_the_middle_leaves_the_old_state(connection, tree, monkeypatch, step):
    load(connection, tree)
    before = tables(connection)
    rewrite(tree, f"{PLACE}/410001/progress.csv", [{"任务编号": "t03", "状态": "取消"}])
    write_registry_table(tree / "registry/p2021", "targets", [])
    original = getattr(raw.loader, step)

    def breaks(*arguments):
        original(*arguments)
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(raw.loader, step, breaks)
        with pytest.raises(RuntimeError, match="power cut"):
            load(connection, tree)
    assert tables(connection) == before
    assert load(connection, tree).files_read == 1
    assert connection.execute("SELECT count(*) FROM raw.targets").fetchone() == (0,)


@pytest.mark.parametrize("fault", ["row lost", "row twice", "quarantine lost"])
def test_a_lost_row_fails_the_run(connection, tree, monkeypatch, fault):
    def careless(files, codes, limits, on_file):
        for file in files:
            result = read_submission(file, codes[file.programme_id], limits)
            if file.path == f"{PLACE}/410001/progress.csv":
                if fault == "quarantine lost":
                    result.quarantine.clear()
                else:
                    keep = 0 if fault == "row lost" else 2
                    result.columns = {name: column * keep for name, column in result.columns.items()}
            yield Batch([(file, result)], rows_of([result]))

    monkeypatch.setattr(raw.loader, "read_all", careless)
    with pytest.raises(ConservationError, match=r"410001/progress\.csv"):
        load(connection, tree)
    assert {len(rows) for rows in tables(connection).values()} == {0}


# ── the whole way ─────────────────────────────────────────────────────────────────────────────


def test_with_worker_processes_it_is_the_same(tree, monkeypatch):
    with duckdb.connect() as here, duckdb.connect() as there:
        load(here, tree)
        monkeypatch.undo()
        told = []
        load(there, tree, on_file=lambda done, total: told.append((done, total)))
        assert tables(there) == tables(here)
        assert told == sorted(told) and told[-1] == (6, 6)
