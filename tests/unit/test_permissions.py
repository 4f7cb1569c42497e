"""What the product writes: nobody else writes it, the world does not see it, the group reads what is published."""

from __future__ import annotations

import importlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from orchestration.assets.publish import write_snapshot
from orchestration.cli import cli
from orchestration.commands.doctor import _permissions
from orchestration.editions.store import archive_file
from orchestration.receive import receive_logged
from orchestration.settings import Settings, restrict_new_files
from orchestration.warehouse import writer
from raw.periods import SHANGHAI, Period
from raw.registry import read_programme
from tests.conftest import SAMPLES


@pytest.fixture
def umask() -> Iterator[None]:
    """The umask of a command, and this process's own again afterwards."""
    before = os.umask(0o022)
    restrict_new_files()
    yield
    os.umask(before)


def modes(root: Path) -> dict[str, int]:
    return {
        path.relative_to(root.parent).as_posix(): stat.S_IMODE(path.lstat().st_mode)
        for path in [root, *sorted(root.rglob("*"))]
        if not path.is_symlink()
    }


def too_open(found: dict[str, int]) -> dict[str, str]:
    return {path: oct(mode) for path, mode in found.items() if mode & 0o027}


def test_a_umask_is_only_ever_tightened():
    before = os.umask(0o022)
    try:
        restrict_new_files()
        assert os.umask(0o077) == 0o027
        restrict_new_files()
        assert os.umask(0o022) == 0o077
    finally:
        os.umask(before)


@pytest.mark.usefixtures("umask")
def test_home_and_raw_tree_of_a_small_quarter(tmp_path: Path):
    """Receive, warehouse, published file, archive, audit log."""

    settings = Settings(tmp_path / "raw", tmp_path / "home")
    shutil.copytree(SAMPLES / "registry" / "zhumadian2021", settings.raw_root / "registry" / "zhumadian2021")
    settings.prepare()
    source = tmp_path / "progress.csv"
    source.write_text("任务编号,状态\nzmd001,推进中\n", encoding="utf-8")
    source.chmod(0o666)
    programme = read_programme(settings.raw_root, "zhumadian2021")
    now = datetime(2021, 9, 27, tzinfo=SHANGHAI)
    receive_logged(settings, source, programme, "411721", "progress", Period(2021, 3), now, way="command")
    archive_file(settings, source)
    with writer(settings.warehouse, settings.published) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE TABLE marts.t AS SELECT 1 AS a")
        write_snapshot(connection, settings.current)
    found = modes(settings.home) | {
        path: mode for path, mode in modes(settings.raw_root).items() if "registry" not in path
    }
    assert too_open(found) == {}
    assert {"home/warehouse.duckdb", "home/published/current.duckdb", "home/audit/audit.ndjson", "raw/receipts.csv",
            "raw/submissions/zhumadian2021/2021Q3/411721/progress.csv"} <= found.keys()  # fmt: skip
    assert found["home/published/current.duckdb"] == 0o640, "analysts of the group read it"
    assert found["home/warehouse.duckdb"] == 0o600
    for private in ("audit", "archive", "cache", "dagster", "dbt", "logs"):
        assert found[f"home/{private}"] == 0o700


@pytest.mark.usefixtures("umask")
def test_an_older_home_is_closed_and_other_peoples_folders_are_not_touched(tmp_path: Path):
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    for folder in (settings.home, settings.published, settings.inbox, settings.cache):
        folder.mkdir()
        folder.chmod(0o777)
    settings.prepare()
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o750
    assert stat.S_IMODE(settings.published.stat().st_mode) == 0o750
    assert stat.S_IMODE(settings.inbox.stat().st_mode) == 0o770, "a group may go on dropping files"
    assert stat.S_IMODE(settings.cache.stat().st_mode) == 0o700
    shared = tmp_path / "like-tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    Settings(tmp_path / "raw", shared).prepare()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_commands_and_dagsters_definitions_set_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAIZHANG_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(sys.modules, "orchestration.build", SimpleNamespace(build_defs=lambda settings: None))
    monkeypatch.delitem(sys.modules, "orchestration.definitions", raising=False)
    before = os.umask(0)
    try:
        assert CliRunner().invoke(cli, ["audit"]).exit_code == 0
        assert os.umask(0) == 0o027
        importlib.import_module("orchestration.definitions")
        assert os.umask(0) == 0o027
    finally:
        os.umask(before)
        sys.modules.pop("orchestration.definitions", None)


def test_doctor_names_what_is_open(tmp_path: Path):
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    for folder in (settings.raw_root / "submissions", settings.published):
        folder.mkdir(parents=True)
    for folder in (settings.raw_root, settings.raw_root / "submissions", settings.home, settings.published):
        folder.chmod(0o750)
    assert _permissions(settings).state == "正常"
    (settings.raw_root / "submissions").chmod(0o755)
    finding = _permissions(settings)
    assert finding.state == "提示"
    assert str(settings.raw_root / "submissions") in finding.detail
    assert f"chmod -R g-w,o-rwx {settings.raw_root}" in finding.detail
    settings.published.chmod(0o770)
    assert str(settings.published) in _permissions(settings).detail
    assert _permissions(Settings(SAMPLES, settings.home)).detail.count(str(SAMPLES)) == 0
