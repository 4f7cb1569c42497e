"""A form that comes back says itself whose it is: read safely, checked, received without arguments."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
import xlwt
from click.testing import CliRunner

from dashboards.workbooks.form import FormId
from orchestration.cli import cli
from orchestration.forms import check_form, read_form
from orchestration.receive import Refused
from orchestration.sensors import empty_inbox
from orchestration.settings import Settings
from raw.periods import SHANGHAI, Period
from raw.registry import read_programme
from tests.factories import make_registry

MOMENT = datetime(2021, 6, 25, 10, tzinfo=SHANGHAI)
MINE = FormId("p2021", "2021Q2", "410001", "progress")


def form(path: Path, identity: FormId = MINE, **changed: str) -> Path:
    """A workbook with the hidden sheet of a form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("任务进展")
        page.write_row(0, 0, ["任务编号", "状态"])
        page.write_row(1, 0, ["t01", "推进中"])
        hidden = book.add_worksheet("_form")
        for row, (name, value) in enumerate((dict(identity.lines()) | changed).items()):
            hidden.write_row(row, 0, [name, value])
        hidden.very_hidden()
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_registry(tmp_path / "raw")
    return tmp_path / "raw"


def test_recognised_whatever_its_name(tmp_path: Path):
    assert read_form(form(tmp_path / "西平县（最终版）.xlsx")) == MINE


def test_recognised_as_xls(tmp_path: Path):
    book = xlwt.Workbook()
    book.add_sheet("任务进展").write(0, 0, "任务编号")
    hidden = book.add_sheet("_form")
    for row, (name, value) in enumerate(MINE.lines()):
        hidden.write(row, 0, name)
        hidden.write(row, 1, value)
    book.save(str(tmp_path / "a.xls"))
    assert read_form(tmp_path / "a.xls") == MINE


def _bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b'<workbook name="_form"/>' + b" " * (50 << 20))
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: _written(folder / "a.xlsx", b""),
        lambda folder: _written(folder / "b.xlsx", b"PK\x03\x04 broken"),
        lambda folder: _written(folder / "c.csv", "_form,任务编号".encode()),
        lambda folder: _written(folder / "d.xls", b"no workbook"),
        lambda folder: _bomb(folder / "e.xlsx"),
        lambda folder: form(folder / "f.xlsx", version="eins"),
        lambda folder: form(folder / "g.xlsx", version="²"),
        lambda folder: form(folder / "h.xlsx", reporter=""),
    ],
)
def test_what_is_no_form_is_none(tmp_path: Path, make):
    assert read_form(make(tmp_path)) is None


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (FormId("p2021", "2021Q2", "410001", "progress", 2), "第 2 版"),
        (FormId("other", "2021Q2", "410001", "progress"), "other"),
        (FormId("p2021", "2021Q9", "410001", "progress"), "期次"),
        (FormId("p2021", "2021Q2", "410001", "../../x"), "种类"),
    ],
)
def test_what_the_registry_does_not_know_is_refused(root: Path, identity: FormId, said: str):
    with pytest.raises(Refused, match=said):
        check_form(identity, {"p2021": read_programme(root, "p2021")})


def test_check_gives_what_receive_needs(root: Path):
    programme = read_programme(root, "p2021")
    assert check_form(MINE, {"p2021": programme}) == (programme, "410001", "progress", Period(2021, 2))


# --- the inbox -------------------------------------------------------------------------------------------------------


def looked_at_twice(settings: Settings) -> tuple[list, list]:
    """(received, refused) of an inbox whose files lay there at an earlier look."""
    first = empty_inbox(settings, MOMENT, clock=lambda: 0.0)
    done = empty_inbox(settings, MOMENT, first.seen, clock=lambda: 60.0)
    return done.received, done.refused


@pytest.mark.parametrize("place", ["x.xlsx", "甲县发来/二季度.xlsx", "p2021/2021Q2/410001/二季度.xlsx"])
def test_inbox_takes_a_form_anywhere(root: Path, tmp_path: Path, place: str):
    settings = Settings(root, tmp_path / "home")
    form(settings.inbox / place)
    received, refused = looked_at_twice(settings)
    assert refused == []
    stem = Path(place).stem
    assert [entry.path for entry in received] == [f"submissions/p2021/2021Q2/410001/progress_{stem}.xlsx"]


def test_inbox_refuses_a_form_in_another_ones_folder(root: Path, tmp_path: Path):
    settings = Settings(root, tmp_path / "home")
    form(settings.inbox / "p2021/2021Q3/410001/progress.xlsx")
    received, refused = looked_at_twice(settings)
    assert received == []
    assert "2021Q2" in refused[0][1] and "2021Q3" in refused[0][1]


def test_inbox_refuses_a_form_of_nobody(root: Path, tmp_path: Path):
    settings = Settings(root, tmp_path / "home")
    form(settings.inbox / "a.xlsx", FormId("p2021", "2021Q2", "999999", "progress"))
    received, refused = looked_at_twice(settings)
    assert received == [] and "999999" in refused[0][1]
    assert (settings.inbox / ".refused" / "a.xlsx").is_file()


# --- taizhang receive ------------------------------------------------------------------------------------------------


@pytest.fixture
def call(root: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TAIZHANG_RAW", str(root))
    monkeypatch.setenv("TAIZHANG_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(cli, ["receive", *map(str, arguments)])


def test_receive_without_options(call, root: Path, tmp_path: Path):
    other = form(tmp_path / "b.xlsx", FormId("p2021", "2021Q1", "410002", "indicators"))
    done = call(form(tmp_path / "a.xlsx"), other)
    assert done.exit_code == 0, done.output
    assert "run --period 2021Q1" in done.output and "run --period 2021Q2" in done.output
    assert (root / "submissions/p2021/2021Q2/410001/progress_a.xlsx").is_file()
    assert (root / "submissions/p2021/2021Q1/410002/indicators_b.xlsx").is_file()


def test_options_go_before_the_form_and_it_is_said(call, root: Path, tmp_path: Path):
    done = call(form(tmp_path / "a.xlsx"), "--period", "2021Q3", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert [entry["path"] for entry in answer["received"]] == [
        "submissions/p2021/2021Q3/410001/progress_a.xlsx"
    ]
    assert "2021Q2" in answer["notes"][0] and "2021Q3" in answer["notes"][0]


def test_a_plain_file_needs_its_options(call, tmp_path: Path):
    file = _written(tmp_path / "progress.csv", "任务编号,状态\nt01,推进中\n".encode())
    done = call(file, "--programme", "p2021", "--period", "2021Q2")
    assert done.exit_code == 2
    assert "--reporter --kind" in done.output
    whole = ("--programme", "p2021", "--period", "2021Q2", "--reporter", "410001", "--kind", "progress")
    assert call(file, *whole).exit_code == 0


def test_one_refused_file_leaves_the_others(call, root: Path, tmp_path: Path):
    strange = form(tmp_path / "b.xlsx", FormId("p2021", "2021Q2", "410009", "progress"))
    done = call(strange, form(tmp_path / "a.xlsx"), tmp_path / "missing.xlsx")
    assert done.exit_code == 2
    assert "410009" in done.output and "找不到文件" in done.output
    assert (root / "submissions/p2021/2021Q2/410001/progress_a.xlsx").is_file()


def test_a_copied_form_is_a_form(tmp_path: Path):
    shutil.copy(form(tmp_path / "a.xlsx"), tmp_path / "copy.XLSX")
    assert read_form(tmp_path / "copy.XLSX") == MINE
