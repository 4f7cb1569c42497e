"""A quarter of one county: form out, filled with mistakes, received without arguments, sent back marked, corrected, closed."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from dashboards.workbooks import styles
from orchestration.cli import cli
from orchestration.settings import Settings
from orchestration.warehouse import reader
from raw.periods import SHANGHAI, Period
from tests.conftest import SAMPLES, Built
from tests.small_warehouse import build_home
from tests.unit.test_feedback import marks
from tests.unit.test_template import rows_by_key, table

pytestmark = pytest.mark.pipeline

PROGRAMME, REPORTER, PERIOD = "zhumadian2021", "411729", "2021Q3"
FLAGGED = "SELECT DISTINCT rule_id, row_number FROM quality.flags WHERE reporter_id = ? AND period = ? AND path LIKE ?"


def _answers_progress(page) -> None:
    """Every task honestly: on the way, nothing to object to."""
    _, at = table(page)
    for key, row in rows_by_key(page).items():
        for header, value in {"状态": "推进中", "完成进度": 60, "进展情况": f"{key}：按计划推进"}.items():
            page.cell(row, at[header]).value = value


def _answers_indicators(page) -> None:
    """Every indicator at its target, ratios with parts that give it."""
    _, at = table(page)
    for row in rows_by_key(page).values():
        target = page.cell(row, at["目标"]).value
        page.cell(row, at["指标值"]).value = target
        page.cell(row, at["说明"]).value = "按系统统计"
        if not page.cell(row, at["分子"]).protection.locked:
            page.cell(row, at["分子"]).value = target * 10
            page.cell(row, at["分母"]).value = 1000


def _write(page, key: str, header: str, value) -> str:
    cell = page.cell(rows_by_key(page)[key], table(page)[1][header])
    cell.value = value
    return f"{page.title}!{cell.coordinate}"


def _wrong_cells(path: Path) -> set[str]:
    """Marked cells that the clerk must correct or look at; findings on the work itself left out."""
    return {cell for cell, colour in marks(path).items() if colour != styles.rgb(styles.WORK_FILL)}


def _taizhang(raw: Path, home: Path, *arguments: str) -> Any:
    """What a command answers with ``--json``; in this process: the installed command is tested in ``test_run``."""
    environment = {"TAIZHANG_RAW": str(raw), "TAIZHANG_HOME": str(home)}
    done = CliRunner(env=environment).invoke(cli, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def _receive(raw: Path, home: Path, moment: str, *files: Path) -> list[dict]:
    return _taizhang(raw, home, "receive", *map(str, files), "--at", moment)["received"]


def _run(raw: Path, home: Path) -> None:
    build_home(Settings(raw, home), Period.parse(PERIOD), datetime.now(SHANGHAI))


def _feedback(raw: Path, home: Path, out: Path) -> dict[str, Path]:
    """Submission → its feedback."""
    told = _taizhang(raw, home, "feedback", "--period", PERIOD, "--reporter", "新蔡县", "--out", str(out))
    return {Path(entry["source"]).name: Path(entry["file"]) for entry in told["files"]}


def _county(raw: Path, home: Path) -> dict:
    (block,) = _taizhang(raw, home, "remind", "--period", PERIOD)
    return next(county for county in block["texts"][0]["counties"] if county["reporter_id"] == REPORTER)


def _status(raw: Path, home: Path) -> dict:
    (block,) = _taizhang(raw, home, "status", "--period", PERIOD)
    return block


def test_form_mistakes_feedback_correction(built: Built, tmp_path: Path):
    raw, home = tmp_path / "raw", tmp_path / "home"
    shutil.copytree(SAMPLES / "registry" / PROGRAMME, raw / "registry" / PROGRAMME)

    # the forms, from what is published
    forms = tmp_path / "forms"
    told = _taizhang(
        built.settings.raw_root, built.settings.home,
        "template", "--period", PERIOD, "--reporter", REPORTER, "--out", str(forms),
    )  # fmt: skip
    sent = {entry["kind"]: Path(entry["file"]) for entry in told["files"]}
    assert set(sent) == {"progress", "indicators"}

    # filled in, with mistakes
    progress, indicators = load_workbook(sent["progress"]), load_workbook(sent["indicators"])
    tasks, values = progress["任务进展"], indicators["指标"]
    _answers_progress(tasks)
    _answers_indicators(values)
    keys = list(rows_by_key(tasks))
    spare = max(rows_by_key(tasks).values()) + 1
    planted = {
        _write(tasks, keys[0], "状态", "基本完成"): ("K05", "推进中"),
        _write(tasks, keys[1], "完成进度", "四成"): ("F03", 40),
        _write(tasks, keys[2], "完成进度", 130): ("V01", 60),
    }
    _write(tasks, keys[3], "状态", "已完成")
    _write(tasks, keys[3], "完成进度", 100)
    _write(tasks, keys[3], "佐证材料", "新政办〔2021〕7号")
    planted[_write(tasks, keys[3], "完成日期", "2021-06-31")] = ("F04", date(2021, 6, 30))
    _write(tasks, keys[4], "状态", "已完成")
    _write(tasks, keys[4], "完成进度", 100)
    _write(tasks, keys[4], "完成日期", date(2021, 8, 2))
    planted[_write(tasks, keys[4], "佐证材料", None)] = ("T10", "新政办〔2021〕8号")
    tasks.cell(spare, 1).value = "zmd999"
    tasks.cell(spare, table(tasks)[1]["状态"]).value = "推进中"
    planted[f"任务进展!A{spare}"] = ("F05", None)
    wrong_values = {
        _write(values, "kb_hours", "指标值", "约3小时"): ("F03", 3),
        _write(values, "kb_online", "分子", 1200): ("V07", 950),
        _write(values, "xk_review", "指标值", 150): ("V01", 90),
    }
    # the parts no longer give the value: one more finding, on the value of the same line
    wrong_values[
        f"指标!{values.cell(rows_by_key(values)['kb_online'], table(values)[1]['指标值']).coordinate}"
    ] = ("V06", 95)
    filled = [tmp_path / "新蔡三季度进展.xlsx", tmp_path / "新蔡指标.xlsx"]
    progress.save(filled[0])
    indicators.save(filled[1])

    # received without arguments, computed, sent back
    received = _receive(raw, home, "2021-09-24T10:00", *filled)
    assert [Path(entry["path"]).parts[1:4] for entry in received] == [(PROGRAMME, PERIOD, REPORTER)] * 2
    _run(raw, home)
    back = _feedback(raw, home, tmp_path / "back")
    bad_progress, bad_values = back["progress_新蔡三季度进展.xlsx"], back["indicators_新蔡指标.xlsx"]
    assert _wrong_cells(bad_progress) == set(planted)
    assert _wrong_cells(bad_values) == set(wrong_values)
    with reader(home / "published" / "current.duckdb") as connection:
        for name, expected in (("%进展.xlsx", planted), ("%指标.xlsx", wrong_values)):
            found = set(connection.execute(FLAGGED, [REPORTER, PERIOD, name]).fetchall())
            wanted = {
                (rule, int("".join(filter(str.isdigit, cell.split("!")[1]))))
                for cell, (rule, _) in expected.items()
            }
            assert wanted <= found
    before, status_before = _county(raw, home), _status(raw, home)
    assert (before["blocking"], before["errors"]) == (3, 7)

    # corrected in the marked cells, sent again
    again = []
    for path, expected in ((bad_progress, planted), (bad_values, wrong_values)):
        book = load_workbook(path)
        for cell, (_, right) in expected.items():
            sheet, coordinate = cell.split("!")
            assert not book[sheet][coordinate].protection.locked
            book[sheet][coordinate].value = right
        if path == bad_progress:
            book["任务进展"].cell(spare, table(book["任务进展"])[1]["状态"]).value = None
        again.append(tmp_path / f"改好的{path.name}")
        book.save(again[-1])
    received = _receive(raw, home, "2021-09-27T10:00", *again)
    assert [Path(entry["path"]).parts[1:4] for entry in received] == [(PROGRAMME, PERIOD, REPORTER)] * 2
    _run(raw, home)

    # nothing is left to correct: not in the new files, and the old ones say so
    last = _feedback(raw, home, tmp_path / "last")
    assert len(last) == 4
    for name, path in last.items():
        colours = set(marks(path).values()) - {styles.rgb(styles.WORK_FILL)}
        assert colours == (set() if "改好的" in name else {styles.rgb("#C8E6C9")}), name
    after = _county(raw, home)
    assert (after["blocking"], after["errors"], after["missing"], after["late"]) == (0, 0, [], [])
    # this home never saw the earlier quarters: the tasks the form left out as done are not done in it
    done_before = [row for row in progress["无需填报"].iter_rows(min_row=3) if row[0].value]
    assert [(gap["kind"], gap["cells_missing"]) for gap in after["incomplete"]] == [
        ("progress", 3 * len(done_before))
    ]
    status_after = _status(raw, home)
    assert _wrong_count(status_before) == 10
    assert _wrong_count(status_after) == 0
    assert all(entry["reporter_id"] != REPORTER for entry in status_after["missing"] + status_after["late"])


def _wrong_count(status: dict) -> int:
    """What ``status`` counts as wrong for the county."""
    return sum(e["blocking"] + e["errors"] for e in status["wrong"] if e["reporter_id"] == REPORTER)
