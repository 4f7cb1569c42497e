"""The sample that ships with the project: true to the plans, reproducible, and its planted mistakes
where they are said to be. What the pipeline makes of it is tested elsewhere."""

from __future__ import annotations

import csv
import zipfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import polars
import pytest
import xlrd

from tests.factories.registry_from_gold import build_registries, default_gold_dir
from tests.factories.sample import PLANTED, SAMPLES, write_all
from tests.factories.trees import REGISTRY_COLUMNS

PROGRAMMES = ("zhumadian2021", "wugang2022")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _table(programme: str, table: str) -> list[dict[str, str]]:
    return _rows(SAMPLES / "registry" / programme / f"{table}.csv")


@pytest.fixture(scope="module")
def gold() -> Path:
    folder = default_gold_dir()
    if not folder.is_dir():
        pytest.skip("hand-checked facts (../shared/gold) are not here")
    return folder


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sample")
    write_all(root, planted=root / "planted_mistakes.csv")
    return root


# ── registries ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "programme, tasks, specials, title",
    [("zhumadian2021", 130, 31, "title"), ("wugang2022", 294, 20, "direction")],
)
def test_tasks_are_those_of_the_plan(gold, programme, tasks, specials, title):
    facts, rows = _rows(gold / programme / "tasks.csv"), _table(programme, "tasks")
    names = {row["special_id"]: row["name"] for row in _table(programme, "specials")}
    assert len(rows) == tasks and len(names) == specials
    assert [row["seq"] for row in rows] == [str(number) for number in range(1, tasks + 1)]
    assert [row["deadline_text"] for row in rows] == [fact["deadline_raw"] for fact in facts]
    assert [names[row["special_id"]] for row in rows] == [fact["special"] for fact in facts]
    for row, fact in zip(rows, facts, strict=True):
        assert row["title"].startswith(fact[title].rstrip("。").replace(",", "，"))


def test_the_malformed_deadline_is_kept_as_printed():
    by_id = {row["task_id"]: row["deadline_text"] for row in _table("zhumadian2021", "tasks")}
    assert by_id["zmd014"] == "2021 年 8 日30日"


@pytest.mark.parametrize("programme, seq", [("zhumadian2021", "seq_or_section"), ("wugang2022", "seq")])
def test_responsibilities_are_those_of_the_plan(gold, programme, seq):
    facts = Counter(
        (int(row[seq]), row["unit_raw"], row["role"])
        for row in _rows(gold / programme / "responsibility.csv")
    )
    rows = Counter(
        (int(row["task_id"][-3:]), row["unit_name"], row["role"])
        for row in _table(programme, "responsibilities")
    )
    assert rows == facts


@pytest.mark.parametrize("programme, least", [("zhumadian2021", 40), ("wugang2022", 40)])
def test_targets_are_numbers_of_the_plan(gold, programme, least):
    names = {row["special_id"]: row["name"] for row in _table(programme, "specials")}
    facts = _rows(gold / programme / "indicators.csv")
    if programme == "wugang2022":
        facts += _rows(gold / programme / "indicators_extra.csv")
    known = {
        (fact["special"], float(fact["target_value"]))
        for fact in facts
        if fact["target_value"].replace(".", "").isdigit()
    }
    indicators = {row["indicator_id"]: row for row in _table(programme, "indicators")}
    targets = _table(programme, "targets")
    assert len({row["indicator_id"] for row in targets}) >= least
    for row in targets:
        assert (names[indicators[row["indicator_id"]]["special_id"]], float(row["target"])) in known


def test_reporters_of_the_city_have_their_codes():
    rows = _table("zhumadian2021", "reporters")
    counties = [
        "驿城区",
        "西平县",
        "上蔡县",
        "平舆县",
        "正阳县",
        "确山县",
        "泌阳县",
        "汝南县",
        "遂平县",
        "新蔡县",
    ]
    codes = ["411702", *(f"4117{number}" for number in range(21, 30))]
    assert [(row["reporter_id"], row["name"]) for row in rows[:10]] == list(zip(codes, counties, strict=True))
    assert [row["name"] for row in rows[10:]] == ["城乡一体化示范区", "经济开发区", "高新技术产业开发区"]
    assert Counter(row["kind"] for row in rows) == {"district": 1, "county": 9, "zone": 3}
    assert Counter(row["group"] for row in rows) == {"县区组": 10, "功能区组": 3}


def test_ranking_goals_of_the_plan():
    goals = _table("zhumadian2021", "goals")
    assert {goal["scope"] for goal in goals} == {"issuer"}
    first_three = [goal["special_id"] for goal in goals if goal["top_n"] == "3"]
    # nine indicators (water and gas share a special) and the city's place as a whole
    assert Counter(first_three)["shuiqi"] == 2 and len(first_three) == 10 and "" in first_three
    assert len([goal for goal in goals if goal["top_n"] == "6"]) == 31 - 8
    for programme in PROGRAMMES:
        assert {row["source"] for row in _table(programme, "goal_results")} == {"示例数据"}


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_registry_files_are_the_contract_s(programme):
    folder = SAMPLES / "registry" / programme
    assert {path.stem for path in folder.glob("*.csv")} == set(REGISTRY_COLUMNS)
    for path in folder.glob("*.csv"):
        content = path.read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf")
        assert content.decode("utf-8").splitlines()[0].split(",") == REGISTRY_COLUMNS[path.stem]


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_codes_are_consistent(programme):
    ids = {
        table: [row[key] for row in _table(programme, table)]
        for table, key in (
            ("tasks", "task_id"),
            ("indicators", "indicator_id"),
            ("reporters", "reporter_id"),
            ("specials", "special_id"),
            ("units", "unit_id"),
            ("goals", "goal_id"),
        )
    }
    for table, codes in ids.items():
        assert len(codes) == len(set(codes)), table
        assert all(code.isascii() and code for code in codes), table
    references = {"task_id": "tasks", "indicator_id": "indicators", "reporter_id": "reporters"}
    references |= {"special_id": "specials", "goal_id": "goals"}
    for table in REGISTRY_COLUMNS:
        for row in _table(programme, table):
            for column, owner in references.items():
                assert not row.get(column) or row[column] in ids[owner], (table, row)
    names = [
        name
        for row in _table(programme, "units")
        for name in (row["name"], *row["aliases"].split(";"))
        if name
    ]
    assert len(names) == len(set(names))
    weights = [row["weight"] for row in _table(programme, "specials")]
    assert set(weights) == {""}


def test_only_the_misspelt_names_are_nobody_s():
    for programme, expected in zip(
        PROGRAMMES, (set(), {"市农村农业局", "市政务服务服务和大数据服务中心"}), strict=True
    ):
        names = {n for row in _table(programme, "units") for n in (row["name"], *row["aliases"].split(";"))}
        used = {row["unit_name"] for row in _table(programme, "responsibilities")}
        leaders = {row["lead_unit"] for row in _table(programme, "specials")}
        assert used - names == expected and leaders <= names


def test_every_department_owes_something_and_everything_is_owed():
    rows = _table("wugang2022", "assignments")
    assert {row["task_id"] for row in rows if row["task_id"]} == {
        t["task_id"] for t in _table("wugang2022", "tasks")
    }
    owed = {row["indicator_id"] for row in rows if row["indicator_id"]}
    assert owed == {row["indicator_id"] for row in _table("wugang2022", "indicators")}
    with_task = {row["reporter_id"] for row in rows if row["task_id"]}
    assert with_task == {row["reporter_id"] for row in _table("wugang2022", "reporters")}


def test_registries_follow_from_the_facts(gold, tmp_path):
    build_registries(tmp_path, gold)
    for programme in PROGRAMMES:
        made = {path.name: path.read_bytes() for path in (tmp_path / programme).iterdir()}
        kept = {path.name: path.read_bytes() for path in (SAMPLES / "registry" / programme).iterdir()}
        assert made == kept


# ── submissions ───────────────────────────────────────────────────────────────────────────────


def _content(path: Path) -> object:
    """What a file says, whatever the compression library or the writer's version stamp."""
    if path.suffix == ".xlsx":
        if not zipfile.is_zipfile(path):
            return "broken"
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    return polars.read_parquet(path).to_dicts() if path.suffix == ".parquet" else path.read_bytes()


def test_sample_is_what_the_generator_writes(fresh):
    made = {
        path.relative_to(fresh).as_posix() for path in (fresh / "submissions").rglob("*") if path.is_file()
    }
    kept = {
        path.relative_to(SAMPLES).as_posix()
        for path in (SAMPLES / "submissions").rglob("*")
        if path.is_file()
    }
    assert made == kept
    assert [path for path in sorted(made) if _content(fresh / path) != _content(SAMPLES / path)] == []
    assert (fresh / "receipts.csv").read_bytes() == (SAMPLES / "receipts.csv").read_bytes()
    assert (fresh / "planted_mistakes.csv").read_bytes() == PLANTED.read_bytes()


def test_sample_stays_small():
    files = [path for path in SAMPLES.rglob("*") if path.is_file()]
    assert len(files) <= 450
    assert sum(path.stat().st_size for path in files) <= 4 * 1024 * 1024


def test_receipts_name_every_file_but_one():
    lines = _rows(SAMPLES / "receipts.csv")
    files = {
        path.relative_to(SAMPLES).as_posix()
        for path in (SAMPLES / "submissions").rglob("*")
        if path.is_file()
    }
    named = [line["path"] for line in lines]
    assert len(named) == len(set(named)) and set(named) <= files
    assert files - set(named) == {"submissions/zhumadian2021/2021Q4/411729/progress_补充.csv"}
    assert {datetime.fromisoformat(line["received_at"]).utcoffset() for line in lines} == {timedelta(hours=8)}


def test_every_format_and_encoding_is_there():
    files = list((SAMPLES / "submissions").rglob("*.*"))
    assert {path.suffix for path in files} == {".csv", ".xlsx", ".xls", ".json", ".ndjson", ".parquet", ".et"}
    heads = Counter()
    for path in files:
        if path.suffix == ".csv":
            content = path.read_bytes()
            try:
                content.decode("utf-8")
                heads["bom" if content.startswith(b"\xef\xbb\xbf") else "utf-8"] += 1
            except UnicodeDecodeError:
                content.decode("gb18030")
                heads["gb18030"] += 1
    assert min(heads["bom"], heads["utf-8"], heads["gb18030"]) >= 10


def test_the_silent_county_sent_nothing():
    assert not (SAMPLES / "submissions/zhumadian2021/2021Q3/411729").exists()
    sent = {path.parent.name for path in (SAMPLES / "submissions/zhumadian2021/2021Q3").rglob("*.*")}
    assert len(sent) == 12


# ── planted mistakes ──────────────────────────────────────────────────────────────────────────

WANTED = [
    "F01",
    "F02",
    "F03",
    "F04",
    "F05",
    "F11",
    "F12",
    "F14",
    "K01",
    "K05",
    "K06",
    "K07",
    "V01",
    "V05",
    "V06",
    "V07",
    "T05",
    "T06",
    "T10",
    "H01",
    "H03",
    "I09",
    "D01",
    "D02",
    "K02",
    "U01",
    "T02",
    "T04",
    "P06",
]


def _cells(path: Path) -> list[list[str]]:
    """The file as a grid of texts, first line first."""
    if path.suffix == ".xlsx":
        return [
            ["" if c is None else str(c) for c in row] for row in openpyxl.load_workbook(path).active.values
        ]
    if path.suffix == ".xls":
        page = xlrd.open_workbook(str(path)).sheet_by_index(0)
        return [
            [f"{c:g}" if isinstance(c, float) else c for c in page.row_values(number)]
            for number in range(page.nrows)
        ]
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return list(csv.reader(text.splitlines()))


def test_planted_mistakes_cover_the_rules():
    assert set(WANTED) <= {row["rule_id"] for row in _rows(PLANTED)}


def test_planted_cells_stand_where_they_are_said_to_stand():
    looked_at = 0
    for row in _rows(PLANTED):
        if row["path"]:
            path = SAMPLES / row["path"]
            assert path.is_file(), row
            if row["row_number"] and row["column_name"] and path.suffix in (".csv", ".xlsx", ".xls"):
                grid = _cells(path)
                header = next(line for line in grid if row["column_name"] in line)
                line = grid[int(row["row_number"]) - 1]
                assert line[header.index(row["column_name"])] == row["raw_value"], row
                looked_at += 1
    assert looked_at >= 25
