"""The command line end to end, in processes of its own, as an office runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import reader
from tests.conftest import SAMPLES, Built, join_trees
from tests.factories import make_registry, write_tree
from tests.small_warehouse import lend_parse
from tests.support import MARTS, table_rows

# all of it beside the session warehouse: one half alone makes the run that is looked at
pytestmark = [pytest.mark.pipeline, pytest.mark.warehouse]

LAST = "2022Q1"  # the first programme whole, the second begun
SAMPLE_PROGRAMMES = ["wugang2022", "zhumadian2021"]
TABLES = [*(f"marts.{name}" for name in MARTS), "quality.flags", "ops.receipts"]


def taizhang(raw: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"TAIZHANG_RAW": str(raw), "TAIZHANG_HOME": str(home)}
    command = [str(Path(sys.executable).with_name("taizhang")), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)


def contents(path: Path, programmes: list[str], until: str = "9999Q4") -> dict[str, list[tuple]]:
    with reader(path) as connection:
        return {table: table_rows(connection, table, programmes, until) for table in TABLES}


def _progress(*rows: tuple[str, str, object]) -> list[dict]:
    return [
        {
            "任务编号": task,
            "状态": status,
            "完成进度": progress,
            "进展情况": "按计划推进",
            "填报日期": "2021-03-25",
        }
        for task, status, progress in rows
    ]


def spoiled_tree(raw: Path) -> Path:
    """A programme whose weights do not sum to 1 (P01), with a truncated workbook among its files."""
    specials = [
        {"special_id": "a", "name": "甲项", "weight": 0.5, "lead_unit": "市市场监督管理局"},
        {"special_id": "b", "name": "乙项", "weight": 0.6, "lead_unit": "市市场监督管理局"},
    ]
    tasks = [
        {"task_id": "t01", "seq": 1, "special_id": "a", "title": "事项一", "deadline_text": "2021年6月30日"},
        {"task_id": "t02", "seq": 2, "special_id": "b", "title": "事项二", "deadline_text": "2021年12月"},
    ]
    make_registry(
        raw, "p2021", end=date(2021, 3, 31), specials=specials, tasks=tasks, indicators=[], targets=[],
        responsibilities=[{"task_id": t["task_id"], "unit_name": "市市场监督管理局", "role": "lead"} for t in tasks],
    )  # fmt: skip
    good = _progress(("t01", "推进中", "80%"), ("t02", "推进中", 60))
    return write_tree(
        raw,
        {
            "submissions/p2021/2021Q1/410001/progress.csv": good,
            "submissions/p2021/2021Q1/410001/progress_b.xlsx": b"PK\x03\x04 truncated",
            "submissions/p2021/2021Q1/410002/progress.xlsx": good[:1],
        },
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, subprocess.CompletedProcess]:
    """(raw tree, home, run) of the sample written in another order, beside a programme that is spoiled; without pages."""
    folder = tmp_path_factory.mktemp("copied")
    raw = join_trees(folder / "elsewhere", SAMPLES, spoiled_tree(folder / "spoiled"), newest_first=True)
    home = Settings(raw, folder / "home")
    home.prepare()
    lend_parse(home)
    return raw, home.home, taizhang(raw, home.home, "run", "--no-site", "--period", LAST)


def test_copied_tree_in_another_order_gives_identical_tables(built: Built, copied):
    raw, home, done = copied
    published = home / "published"
    for shown in ("current.duckdb", "驻马店市", "前三", "隔离"):
        assert shown in done.stdout
    for period in ("2021Q1", "2021Q2", "2021Q3", "2021Q4"):
        assert (published / "zhumadian2021" / period / "parquet" / "ranking.parquet").is_file()
    mine, theirs = (
        contents(published / "current.duckdb", SAMPLE_PROGRAMMES, LAST),
        contents(built.settings.current, SAMPLE_PROGRAMMES, LAST),
    )
    # the sample's one unregistered file takes its time from the copy, which keeps it
    assert {table: len(rows) for table, rows in mine.items()} == {
        table: len(rows) for table, rows in theirs.items()
    }
    for table in TABLES:
        assert mine[table] == theirs[table], table

    status = taizhang(raw, home, "status", "--period", "2021Q4", "--programme", "zhumadian2021", "--json")
    assert status.returncode == 0
    (block,) = json.loads(status.stdout)
    assert block["owed"] == block["received"] + len(block["missing"])
    explain = taizhang(raw, home, "explain", "--period", "2021Q4", "--reporter", "西平县")
    assert explain.returncode == 0
    assert "总分 =" in explain.stdout and "主要原因" in explain.stdout


def test_registry_error_is_exit_1_and_one_bad_file_spoils_nothing(copied):
    """Weights that do not sum to 1 (P01): computed as far as possible, exit 1; a truncated workbook: rejected, the rest ranked."""
    _, home, done = copied
    assert done.returncode == 1, done.stdout + done.stderr
    assert "登记目录有" in done.stdout
    with reader(home / "published" / "current.duckdb") as connection:
        of_it = "WHERE programme_id = 'p2021'"
        ranks = connection.execute(
            f"SELECT reporter_id, rank FROM marts.ranking {of_it} ORDER BY 1"
        ).fetchall()
        assert ranks == [("410001", 1), ("410002", 2)]
        rejected = connection.execute(
            "SELECT path, rule_id FROM ops.receipts JOIN quality.flags USING (path) "
            "WHERE status = 'rejected' AND path LIKE 'submissions/p2021/%'"
        ).fetchall()
        assert rejected == [("submissions/p2021/2021Q1/410001/progress_b.xlsx", "F01")]
        # by hand: e = 89/180 → t01 80 % open 100, t02 e = 89/364, 60 % open 100; task score 100 on both specials
        score = connection.execute(
            f"SELECT total_score FROM marts.ranking {of_it} AND reporter_id = '410001'"
        ).fetchone()
        assert score == (100.0,)


def test_running_one_programme_again_changes_nothing_and_leaves_others_alone(copied):
    """With its pages, while a reader holds the published file; exit 0, for the spoiled programme is not asked for."""
    raw, home, _ = copied
    current = home / "published" / "current.duckdb"
    programmes = [*SAMPLE_PROGRAMMES, "p2021"]
    before = contents(current, programmes)
    with reader(current) as held:
        ranked = held.execute("SELECT count(*) FROM marts.ranking").fetchone()
        done = taizhang(raw, home, "run", "--period", LAST, "--programme", "wugang2022", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert held.execute("SELECT count(*) FROM marts.ranking").fetchone() == ranked
    summary = json.loads(done.stdout)
    assert [programme["programme_id"] for programme in summary["programmes"]] == ["wugang2022"]
    assert contents(current, programmes) == before
    assert (home / "published" / "wugang2022" / LAST / "site" / "index.html").is_file()
    assert not (home / "published" / "zhumadian2021" / "2021Q4" / "site").exists()
