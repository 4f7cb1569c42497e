"""Forms: what is filled in, what is open, and that a filled form is a submission without a finding.

``publish`` is also used by the tests of feedback and reminders: a published file whose raw tables come from the real
loader and whose marts are written by hand.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from dashboards.workbooks import template
from dashboards.workbooks.form import FormId, file_name
from orchestration.assets.control import write_control
from orchestration.forms import read_form
from orchestration.settings import REPOSITORY
from raw.contracts import contracts
from raw.loader import load
from raw.periods import SHANGHAI, Period
from tests.factories import make_registry, write_receipts
from tests.unit.test_dashboards import CONTRACT, insert

Q1, Q2 = Period(2021, 1), Period(2021, 2)


def publish(
    root: Path,
    asked: Period = Q2,
    as_of: datetime | None = None,
    now: datetime = datetime(2022, 6, 1, tzinfo=SHANGHAI),
) -> duckdb.DuckDBPyConnection:
    """A published file of a raw tree: raw.* by the loader, ops.* and quality.flags from it, empty marts."""
    connection = duckdb.connect()
    load(connection, root)
    for table, columns in CONTRACT.items():
        if table != "control.periods":
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.execute(f"create table {table} ({columns})")
    for column in ("receipt_id", "owner"):
        connection.execute(f"alter table quality.flags add column {column} text")
    rules = REPOSITORY / "dbt_project" / "seeds" / "check_rules.csv"
    connection.execute(f"create table quality.check_rules as from read_csv('{rules}', all_varchar = true)")
    connection.execute(
        "create table if not exists quality.priorities (flag_id text, priority bigint, influence double, "
        "expected_value double, expected_basis text, score_now double, score_expected double, score_change double, "
        "rank_now bigint, rank_expected bigint, list_now text, list_expected text, crosses_edge boolean)"
    )
    connection.execute(
        """
        insert into ops.receipts
        select receipt_id, path, sha256, bytes, programme_id, period, reporter_id, kind, 1, received_at, false, format,
               encoding, rows_read, rows_read - rows_quarantined, rows_quarantined,
               case when rejected then 'rejected' when rows_quarantined > 0 then 'partial' else 'loaded' end, reason
        from raw.receipts
        """
    )
    connection.execute("insert into ops.quarantine from raw.quarantine")
    connection.execute(
        """
        insert into quality.flags by name
        select hash(f)::text as flag_id, f.*, r.severity, r.owner from raw.findings f left join quality.check_rules r
        on f.rule_id = r.rule_id
        """
    )
    write_control(connection, asked, as_of, now)
    return connection


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "raw"
    make_registry(root, assignments=[], applicability=[
        {"indicator_id": "kb_steps", "reporter_id": "410002", "state": "not_applicable", "reason": "区不设窗口"},
    ])  # fmt: skip
    return root


def state(task_id: str, status: str, progress: float, **more) -> dict:
    """A line of marts.task_status for 甲县 in the first quarter."""
    return {
        "programme_id": "p2021", "period": "2021Q1", "reporter_id": "410001", "task_id": task_id, "status": status,
        "progress_pct": progress, "due_date": None, "completed_on": None,
    } | more  # fmt: skip


def ranked(connection: duckdb.DuckDBPyConnection, period: str = "2021Q1") -> None:
    insert(
        connection, "marts.ranking", [{"programme_id": "p2021", "period": period, "reporter_id": "410001"}]
    )


def forms(
    connection: duckdb.DuckDBPyConnection, out: Path, period: Period = Q2
) -> dict[tuple[str, str], Path]:
    return {(f.reporter_id, f.kind): path for f, path in template.write_forms(connection, period, out)}


def table(page: Worksheet) -> tuple[int, dict[str, int]]:
    """(row of the header, header → column)."""
    for row in page.iter_rows(max_row=10):
        words = {cell.value: cell.column for cell in row if cell.value}
        if "状态" in words or "指标值" in words:
            return row[0].row, words
    raise AssertionError("no header")


def rows_by_key(page: Worksheet) -> dict[str, int]:
    header, _ = table(page)
    return {
        page.cell(row, 1).value: row for row in range(header + 1, page.max_row + 1) if page.cell(row, 1).value
    }


def fill(path: Path, answers: dict[str, dict], to: Path | None = None) -> Path:
    """Answer a form as a clerk does: key → header → cell."""
    book = load_workbook(path)
    page = book.worksheets[0]
    _, at = table(page)
    lines = rows_by_key(page)
    for key, cells in answers.items():
        for header, value in cells.items():
            cell = page.cell(lines[key], at[header])
            assert not cell.protection.locked, f"{header} of {key} is locked"
            cell.value = value
    target = to or path
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    return target


TASKS = {
    "t01": {"状态": "已完成", "完成进度": 100, "完成日期": date(2021, 6, 20), "进展情况": "全部办结", "佐证材料": "甲政〔2021〕3号"},
    "t02": {"状态": "推进中", "完成进度": 60, "进展情况": "窗口已设 3 个", "存在问题": "人员不足"},
    "t03": {"状态": "持续推进", "完成进度": 50, "进展情况": "开展帮办 120 次"},
}  # fmt: skip
VALUES = {
    "kb_online": {"指标值": 90.5, "分子": 181, "分母": 200, "说明": "系统上线", "数据来源": "政务系统"},
    "kb_steps": {"指标值": 2},
}


def submit(root: Path, files: Iterable[tuple[Path, str, str]]) -> None:
    """(file, reporter, kind) into the tree, received in time."""
    lines = []
    for file, reporter, kind in files:
        path = f"submissions/p2021/2021Q2/{reporter}/{kind}.xlsx"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, root / path)
        lines.append((path, "2021-06-25T10:00:00+08:00", "甲县"))
    write_receipts(root, lines)


def test_a_filled_form_loads_without_a_finding(tree: Path, tmp_path: Path):
    written = forms(publish(tree), tmp_path / "out")
    assert set(written) == {(r, k) for r in ("410001", "410002") for k in ("progress", "indicators")}
    fill(written["410001", "progress"], TASKS)
    fill(written["410001", "indicators"], VALUES)
    submit(
        tree, [(path, reporter, kind) for (reporter, kind), path in written.items() if reporter == "410001"]
    )
    loaded = publish(tree)
    assert loaded.execute("from raw.findings").fetchall() == []
    assert loaded.execute("select rejected, rows_read, rows_quarantined from raw.receipts order by kind").fetchall() == [
        (False, 2, 0), (False, 3, 0),
    ]  # fmt: skip
    assert loaded.execute(
        "select task_id, status, progress_pct, completed_on, summary, problems, evidence from raw.progress order by 1"
    ).fetchall() == [
        ("t01", "completed", 100.0, date(2021, 6, 20), "全部办结", None, "甲政〔2021〕3号"),
        ("t02", "in_progress", 60.0, None, "窗口已设 3 个", "人员不足", None),
        ("t03", "ongoing", 50.0, None, "开展帮办 120 次", None, None),
    ]
    assert loaded.execute(
        "select indicator_id, value, numerator, denominator, unit, note, source from raw.indicator_values order by 1"
    ).fetchall() == [
        ("kb_online", 90.5, 181.0, 200.0, "%", "系统上线", "政务系统"),
        ("kb_steps", 2.0, None, None, "个", None, None),
    ]


def test_an_empty_form_is_blank_rows_without_a_finding(tree: Path, tmp_path: Path):
    written = forms(publish(tree), tmp_path / "out")
    submit(tree, [(path, reporter, kind) for (reporter, kind), path in written.items()])
    loaded = publish(tree)
    assert loaded.execute("from raw.findings").fetchall() == []
    assert loaded.execute("select count(*), count(status), count(summary) from raw.progress").fetchone() == (
        6,
        0,
        0,
    )


def test_only_answers_are_open_and_bounded(tree: Path, tmp_path: Path):
    written = forms(publish(tree), tmp_path / "out")
    book = load_workbook(written["410001", "progress"])
    page = book["任务进展"]
    header, at = table(page)
    assert page.protection.sheet and book["填报说明"].protection.sheet
    open_columns = {
        page.cell(header, cell.column).value for cell in page[header + 1] if not cell.protection.locked
    }
    assert open_columns == {"状态", "完成进度", "完成日期", "进展情况", "存在问题", "佐证材料"}
    rules = {str(rule.sqref).split(":")[0]: rule for rule in page.data_validations.dataValidation}
    first = header + 1
    status = rules[page.cell(first, at["状态"]).coordinate]
    assert (status.type, status.formula1) == ("list", "'_lists'!$A$1:$A$5")
    assert [cell.value for cell in book["_lists"]["A"]] == ["未启动", "推进中", "已完成", "持续推进", "取消"]
    progress = rules[page.cell(first, at["完成进度"]).coordinate]
    assert (progress.type, progress.formula1, progress.formula2) == ("decimal", "0", "100")
    done = rules[page.cell(first, at["完成日期"]).coordinate]
    # Excel serials of the programme's start and the freeze's day (12 days after 30 June, 24:00)
    assert (done.type, done.formula1, done.formula2) == ("date", "44197", "44389")
    assert page.freeze_panes == page.cell(first, 3).coordinate
    assert page.print_title_rows == f"${header - 1}:${header}"
    assert {s.title: s.sheet_state for s in book.worksheets} == {
        "任务进展": "visible", "填报说明": "visible", "_lists": "veryHidden", "_form": "veryHidden",
    }  # fmt: skip
    values = load_workbook(written["410001", "indicators"])["指标"]
    lines, (_, columns) = rows_by_key(values), table(values)
    assert not values.cell(lines["kb_online"], columns["分子"]).protection.locked
    assert values.cell(lines["kb_steps"], columns["分子"]).protection.locked
    assert values.cell(lines["kb_online"], columns["口径"]).value == "网上办理件数÷办件总数×100"
    limits = {str(rule.sqref): rule for rule in values.data_validations.dataValidation}
    steps = limits[values.cell(lines["kb_steps"], columns["指标值"]).coordinate]
    assert (steps.formula1, steps.formula2) == ("0", "20")
    assert "整数" in steps.prompt


def test_answer_headers_are_the_contracts_first_and_information_is_none_of_them():
    for kind, columns in (("progress", template.PROGRESS), ("indicators", template.INDICATORS)):
        first = {spec.headers[0] for spec in contracts()[kind].fields}
        known = {header for spec in contracts()[kind].fields for header in spec.headers}
        for column in columns:
            assert (
                column.header in first
                if column.answer
                else column.header in first or column.header not in known
            )


def test_what_is_done_is_left_out_and_the_last_state_is_shown(tree: Path, tmp_path: Path):
    connection = publish(tree)
    ranked(connection)
    connection.execute("update raw.tasks set ongoing = true where task_id = 't02'")
    insert(
        connection,
        "marts.task_status",
        [
            state("t01", "completed", 100, completed_on=date(2021, 3, 20)),
            state("t02", "completed", 100, due_date=date(2021, 12, 31)),
            state("t03", "ongoing", 0),
        ],
    )
    insert(
        connection,
        "marts.indicator_scores",
        [{"programme_id": "p2021", "period": "2021Q1", "reporter_id": "410001", "indicator_id": "kb_steps",
          "state": "value", "value": 2.5}],
    )  # fmt: skip
    written = forms(connection, tmp_path / "out")
    book = load_workbook(written["410001", "progress"])
    page, (_, at) = book["任务进展"], table(book["任务进展"])
    lines = rows_by_key(page)
    # t02 goes on after its milestone: its summary is owed every quarter
    assert list(lines) == ["t02", "t03"]
    shown = [page.cell(lines["t02"], at[h]).value for h in ("上期状态", "上期进度", "牵头单位", "专项")]
    assert shown == ["已完成", "100%", "市市场监督管理局", "企业开办"]
    assert page.cell(lines["t02"], at["完成时限"]).value == datetime(2021, 12, 31)
    assert page.cell(lines["t03"], at["完成时限"]).value == "持续推进"
    assert [c.value for c in book["无需填报"][3]] == [
        "t01",
        "压缩开办时间",
        "企业开办",
        "已完成（2021-03-20）",
    ]
    values = load_workbook(written["410001", "indicators"])["指标"]
    lines, (_, at) = rows_by_key(values), table(values)
    assert values.cell(lines["kb_steps"], at["上期值"]).value == 2.5
    assert values.cell(lines["kb_steps"], at["目标"]).value == 1
    # 乙县 need not report kb_steps, and has no state of the first quarter
    other = load_workbook(written["410002", "indicators"])
    assert list(rows_by_key(other["指标"])) == ["kb_online"]
    assert other["无需填报"]["D3"].value == "区不设窗口"
    assert list(rows_by_key(load_workbook(written["410002", "progress"])["任务进展"])) == [
        "t01",
        "t02",
        "t03",
    ]


def test_the_state_is_that_of_the_latest_period_before(tree: Path, tmp_path: Path):
    connection = publish(tree)
    for period in ("2021Q1", "2021Q2", "2021Q4"):
        ranked(connection, period)
    insert(
        connection,
        "marts.task_status",
        [
            state("t01", "in_progress", p, period=q)
            for q, p in (("2021Q1", 10), ("2021Q2", 20), ("2021Q4", 40))
        ],
    )
    written = forms(connection, tmp_path / "out", Period(2021, 4))
    page = load_workbook(written["410001", "progress"])["任务进展"]
    assert page.cell(rows_by_key(page)["t01"], table(page)[1]["上期进度"]).value == "20%"


def test_target_is_the_earliest_one_still_due_else_the_last(tmp_path: Path):
    root = tmp_path / "raw"
    make_registry(root, targets=[
        {"indicator_id": "kb_steps", "due_date": "2021-03-31", "target": 9},
        {"indicator_id": "kb_steps", "due_date": "2021-12-31", "target": 1},
        {"indicator_id": "kb_steps", "due_date": "2021-06-30", "target": 4},
        {"indicator_id": "kb_online", "due_date": "2021-03-31", "target": 70},
        {"indicator_id": "kb_online", "due_date": "2021-02-28", "target": 60},
    ])  # fmt: skip
    page = load_workbook(forms(publish(root), tmp_path / "out")["410001", "indicators"])["指标"]
    at = table(page)[1]["目标"]
    assert {key: page.cell(row, at).value for key, row in rows_by_key(page).items()} == {
        "kb_steps": 4,
        "kb_online": 70,
    }


def test_a_task_is_owed_by_those_it_is_assigned_to(tmp_path: Path):
    root = tmp_path / "raw"
    make_registry(root, assignments=[
        {"task_id": "t01", "reporter_id": "410002"},
        {"indicator_id": "kb_online", "reporter_id": "410002"},
        {"indicator_id": "kb_steps", "reporter_id": "410002"},
    ])  # fmt: skip
    written = forms(publish(root), tmp_path / "out")
    assert ("410001", "indicators") not in written
    assert list(rows_by_key(load_workbook(written["410001", "progress"])["任务进展"])) == ["t02", "t03"]


def test_registry_text_never_becomes_a_formula_or_a_link(tmp_path: Path):
    root = tmp_path / "raw"
    tasks = [
        {
            "task_id": "t01",
            "seq": 1,
            "special_id": "kaiban",
            "title": "=1+1",
            "deadline_text": "2021年6月30日",
        },
        {
            "task_id": "t02",
            "seq": 2,
            "special_id": "kaiban",
            "title": "https://example.org",
            "deadline_text": "持续推进",
        },
    ]
    make_registry(root, tasks=tasks, responsibilities=[])
    page = load_workbook(forms(publish(root), tmp_path / "out")["410001", "progress"])["任务进展"]
    title = page.cell(rows_by_key(page)["t01"], 2)
    assert (title.value, title.data_type) == ("=1+1", "s")
    assert all(cell.hyperlink is None for row in page.iter_rows() for cell in row)


def test_same_form_same_bytes(tree: Path, tmp_path: Path):
    connection = publish(tree)
    one, two = forms(connection, tmp_path / "one"), forms(connection, tmp_path / "two")
    assert all(one[key].read_bytes() == two[key].read_bytes() for key in one)


def test_a_name_stays_in_the_folder():
    assert file_name("progress", "../p", "2021Q1", 'a/b:c"', "甲 县") == "progress_p_2021Q1_a_b_c_甲_县.xlsx"


def test_forty_forms_in_six_seconds(tmp_path: Path):
    rows = [
        {
            "reporter_id": "r", "task_id": f"t{i:03d}", "title": f"推进第{i}项改革事项落地见效", "special": "企业开办",
            "lead_unit": "市市场监督管理局", "deadline_text": "2021年6月", "deadline_kind": "month", "ongoing": False,
            "due_date": date(2021, 6, 30), "status": "in_progress", "progress_pct": 40.0, "completed_on": None,
            "milestone_count": 1,
        }
        for i in range(120)
    ]  # fmt: skip
    programme = {"programme_id": "p", "title": "某方案", "issuer": "某办", "start_date": date(2021, 1, 1),
                 "end_date": date(2021, 12, 31), "report_day": 28, "freeze_days": 12}  # fmt: skip
    started = time.perf_counter()
    for number in range(40):
        form = template.Form(
            FormId("p", "2021Q2", f"r{number}", "progress"), programme, "甲县", Q2, "2021Q1", rows
        )
        template.write_form(form, tmp_path / f"{number}.xlsx")
    assert time.perf_counter() - started < 6
    assert list(rows_by_key(load_workbook(tmp_path / "39.xlsx").worksheets[0]))[-1] == "t119"


def test_another_office_program_keeps_the_form(tree: Path, tmp_path: Path):
    """LibreOffice opens, recalculates and saves it: still recognised, still without a finding."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    written = forms(publish(tree), tmp_path / "out")
    fill(written["410001", "progress"], TASKS)
    command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]  # fmt: skip
    subprocess.run(
        [*command, "--outdir", str(tmp_path / "saved"), str(written["410001", "progress"])],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (saved,) = (tmp_path / "saved").iterdir()
    assert read_form(saved) == FormId("p2021", "2021Q2", "410001", "progress")
    submit(tree, [(saved, "410001", "progress")])
    loaded = publish(tree)
    assert loaded.execute("from raw.findings").fetchall() == []
    assert loaded.execute("select task_id, progress_pct from raw.progress order by 1").fetchall() == [
        ("t01", 100.0), ("t02", 60.0), ("t03", 50.0),
    ]  # fmt: skip
