"""The short form of ``make torture``: complete where steps can be counted; what needs dbt is in the campaign."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.assets.publish import write_snapshot
from orchestration.receive import receive
from orchestration.warehouse import reader, writer
from raw.registry import read_programme
from raw.tree import read_receipts
from tests.torture import victims
from tests.torture.exhaustive import FIRST, cut_off_receive
from tests.torture.scene import COUNTIES, PERIOD, PROGRAMME, make_tree, receipt_problems
from tests.torture.watcher import polling


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("torture") / "tree")


@pytest.mark.parametrize("known", [False, True], ids=["new", "without its line"])
@pytest.mark.parametrize("what", [victims.die, victims.disk_full])
def test_receive_is_cut_off_before_each_of_its_steps(tree: Path, tmp_path: Path, what, known: bool):
    found = dict(cut_off_receive(tree, tmp_path, what, known))
    assert len(found) > 5
    assert {step: problems for step, problems in found.items() if problems} == {}


def test_two_receive_the_same_and_other_files_at_once(tree: Path, tmp_path: Path):
    """Four processes, each every file: one line a file, whoever was first."""
    root = tmp_path / "raw"
    shutil.copytree(tree, root)
    programme, before = read_programme(root, PROGRAMME), len(read_receipts(root).lines)
    sources = []
    for number in range(6):
        sources.append(tmp_path / str(number) / "progress.csv")
        sources[-1].parent.mkdir()
        sources[-1].write_text(f"任务编号,状态\nt1,推进中{number}\n", encoding="utf-8")

    def take_all(which: int) -> None:
        for source in sources[which:] + sources[:which]:
            receive(root, source, programme, COUNTIES[0], "progress", PERIOD, FIRST + timedelta(hours=which))

    pids = [victims.fork(lambda n=n: take_all(n), tmp_path / f"log{n}") for n in range(4)]
    assert [victims.wait(pid, 60) for pid in pids] == [0] * 4
    assert receipt_problems(root) == []
    lines = read_receipts(root).lines
    assert len(lines) == before + len(sources)
    kept = {(root / path).read_bytes() for path in lines}
    assert all(source.read_bytes() in kept for source in sources)


def test_a_published_file_is_readable_whenever_the_writer_dies(tmp_path: Path):
    """Killed before each step of the swap; a reader in a process of its own polls all the while."""
    warehouse, current = tmp_path / "warehouse.duckdb", tmp_path / "published" / "current.duckdb"
    current.parent.mkdir()

    def publish(value: int) -> None:
        with writer(warehouse, current.parent) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS marts; CREATE SCHEMA IF NOT EXISTS control")
            connection.execute(f"CREATE OR REPLACE TABLE marts.ranking AS SELECT {value} AS rank")
            write_snapshot(connection, current)

    assert victims.run(lambda: publish(0), tmp_path / "log", 60) == 0, (tmp_path / "log").read_text()
    with polling(current, tmp_path) as tally:
        last = 0
        for step in range(1, 50):
            job = victims.at_step(lambda s=step: publish(s), step, victims.die, tmp_path)
            code = victims.run(job, tmp_path / "log", 60)
            if code == 0:
                last = step
                break
            assert code == victims.KILLED, (tmp_path / "log").read_text()
    assert last > 1
    assert tally()["failed"] == []
    assert tally()["read"] > 3
    with reader(current) as connection:
        assert connection.execute("FROM marts.ranking").fetchall() == [(last,)]


def test_a_kill_that_comes_at_once_finds_its_victim(tmp_path):
    ends = [victims.kill_after(victims.fork(lambda: time.sleep(60), tmp_path / "log"), 0) for _ in range(100)]
    assert set(ends) == {victims.KILLED}
