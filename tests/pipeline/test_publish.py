"""A published quarter stands: publish, late file, run, publish again, verify, tamper."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.assets.publish import write_snapshot
from orchestration.audit import read
from orchestration.backup.restoring import restore
from orchestration.backup.writing import write_backup
from orchestration.cli import cli
from orchestration.editions.freeze import Approval, NotPublishable, publish
from orchestration.editions.store import archive_path, editions
from orchestration.editions.verify import verify
from orchestration.progress import Step
from orchestration.settings import Settings, restrict_new_files
from orchestration.warehouse import reader, writer
from raw.periods import SHANGHAI, Period
from tests.factories import make_registry, write_tree
from tests.factories.trees import write_receipts
from tests.small_warehouse import build_home

pytestmark = pytest.mark.pipeline

COUNTIES = ("c1", "c2", "c3", "c4")
QUARTER = "2021Q2"
MARTS = ("indicator_scores", "special_scores", "ranking", "task_status", "reporting", "rank_robustness")


def _values(kb: float) -> list[dict]:
    return [
        {"指标编号": "kb", "指标名称": "企业开办时间", "指标值": str(kb)},
        {"指标编号": "wb", "指标名称": "网办率", "指标值": "80"},
    ]


def _tree(root: Path) -> Path:
    make_registry(
        root,
        "p2021",
        settings="[lists]\nred = 1\nblack = 1\n",
        reporters=[{"reporter_id": c, "name": f"{c}县", "kind": "county"} for c in COUNTIES],
        tasks=[{"task_id": "t1", "seq": "1", "special_id": "kb", "title": "一窗通办", "deadline_text": "2021年12月"}],
        responsibilities=[{"task_id": "t1", "unit_name": "市监局", "role": "lead"}],
        units=[{"unit_id": "u1", "name": "市监局"}],
        specials=[{"special_id": "kb", "name": "企业开办"}],
        indicators=[
            {"indicator_id": "kb", "special_id": "kb", "name": "企业开办时间", "unit": "天", "polarity": "lower",
             "decimals": 1, "frontier": 0, "worst": 10},
            {"indicator_id": "wb", "special_id": "kb", "name": "网办率", "unit": "%", "polarity": "higher",
             "decimals": 1, "frontier": 100, "worst": 0},
        ],
        targets=[],
        goals=[],
    )  # fmt: skip
    files = {}
    for quarter in ("2021Q1", QUARTER):
        for number, county in enumerate(COUNTIES):
            folder = f"submissions/p2021/{quarter}/{county}"
            files[f"{folder}/indicators.csv"] = _values(number + 1)
            files[f"{folder}/progress.csv"] = [
                {
                    "任务编号": "t1",
                    "状态": "推进中",
                    "完成进度": str(60 - 10 * number),
                    "进展情况": "正在办理",
                }
            ]
    times = {path: f"2021-{'03' if '2021Q1' in path else '06'}-20T10:00:00+08:00" for path in files}
    return write_tree(root, files, received=times)


def _run(settings: Settings) -> None:
    """To a later quarter than the one published: it is no part of the edition."""
    build_home(settings, Period.parse("2021Q3"), datetime.now(SHANGHAI))


def _tables(settings: Settings, schema: str = "marts") -> dict[str, list[tuple]]:
    with reader(settings.current) as connection:
        return {
            table: connection.execute(
                f"FROM {schema}.{table} WHERE period = '{QUARTER}' ORDER BY ALL"
            ).fetchall()
            for table in MARTS
        }


@pytest.fixture(scope="module", autouse=True)
def umask() -> Iterator[None]:
    """That of a command."""
    before = os.umask(0o022)
    restrict_new_files()
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """r0, a late file that lifts the last county to the first place, a run, r1 – and what was seen at each step."""
    folder = tmp_path_factory.mktemp("editions")
    settings = Settings(_tree(folder / "raw"), folder / "home")
    settings.prepare()
    _run(settings)
    seen: dict = {"settings": settings, "computed": _tables(settings)}
    with pytest.raises(NotPublishable, match="首次发布"):
        publish(settings, "p2021", QUARTER, Approval("甲", "乙"), only="c4")
    seen["r0"] = publish(settings, "p2021", QUARTER, Approval("甲", "乙"))
    seen["published"] = _tables(settings)
    late = "submissions/p2021/2021Q2/c4/indicators_补报.csv"
    write_tree(settings.raw_root, {late: _values(0)}, received=None)
    lines = (settings.raw_root / "receipts.csv").read_text(encoding="utf-8").splitlines()[1:]
    write_receipts(
        settings.raw_root,
        [*(tuple(line.split(",")) for line in lines), (late, "2021-08-02T09:00:00+08:00", "测试")],
    )
    _run(settings)
    seen["after_run"], seen["draft"] = _tables(settings), _tables(settings, "draft")
    seen["r1"] = publish(settings, "p2021", QUARTER, Approval("甲", "乙", "c4 补报"))
    seen["revised"] = _tables(settings)
    return seen


def test_publishing_changes_no_number_and_a_later_run_neither(story):
    assert story["published"] == story["computed"]
    assert story["after_run"] == story["published"]
    assert story["draft"] != story["published"]
    assert story["revised"] == story["draft"]


def test_manifest_names_inputs_cut_people_and_outputs(story):
    manifest = story["r0"].edition.manifest
    assert len(manifest["submissions"]) == 16 and manifest["data_cut"] == "2021-07-13T00:00:00+08:00"
    assert (manifest["by"], manifest["approved_by"], manifest["reason"]) == ("甲", "乙", None)
    assert {"registry/p2021/programme.toml", "registry/p2021/indicators.csv"} <= {
        entry["path"] for entry in manifest["registry"]
    }
    assert {"site/index.html", "workbook.xlsx", "parquet/ranking.parquet"} <= manifest["outputs"].keys()
    assert manifest["rank_robustness"]["draws"] == 1000
    later = story["r1"].edition.manifest
    assert later["replaces"]["manifest_sha256"] == story["r0"].edition.manifest_sha256
    assert later["reason"] == "c4 补报" and len(later["submissions"]) == 17


def test_the_difference_report_names_exactly_what_moved(story):
    """c4 had 4 days and 30 %: kb 60 → 100, wb 80; with 50/50 weights of tasks and indicators. Worked out by hand.

    t1 runs from 1 January to 31 December 2021: e = 180/364 at 30 June. Tasks 60, 50, 40, 30 % give 100, 100, 80.89, 60.67.
    Indicators 85, 80, 75, 70; totals 92.5, 90, 77.94, 65.33. With kb = 0 c4 has indicators 90, total 75.33: still fourth.
    """
    changes = story["r1"].changes
    assert {c["reporter_id"] for c in changes} == {"c4"}
    moved = {(c["what"], c["entity_id"], c["field"]): (c["old"], c["new"]) for c in changes}
    assert moved.pop(("input", "submissions/p2021/2021Q2/c4/indicators_补报.csv", "sha256"))[0] is None
    assert moved.pop(("value", "kb", "value")) == ("4.0", "0.0")
    assert moved.pop(("indicator_score", "kb", "score")) == ("60.0", "100.0")
    assert moved.pop(("score", None, "indicator_score")) == ("70.0", "90.0")
    task = 100 * 30 / (100 * 180 / 364)
    for key in (("score", None, "total_score"), ("special", "kb", "score")):
        old, new = moved.pop(key)
        assert float(old) == pytest.approx((task + 70) / 2, abs=1e-6)
        assert float(new) == pytest.approx((task + 90) / 2, abs=1e-6)
    assert moved == {}
    report = json.loads((story["r1"].edition.folder / "difference.json").read_text(encoding="utf-8"))
    assert report["changes"] == changes and report["replaces"] == "p2021/2021Q2/r0"


def test_a_revision_is_known_to_the_published_file_at_once(story):
    with reader(story["settings"].current) as connection:
        told = connection.execute(
            "SELECT what, entity_id, old, new FROM control.edition_changes ORDER BY ALL"
        ).fetchall()
    changes = story["r1"].changes
    assert len(told) == len(changes) > 0
    assert set(told) == {(c["what"], c["entity_id"], c["old"], c["new"]) for c in changes}


def test_what_was_published_and_received_at_any_moment(story, tmp_path: Path):
    """By a plain connection to a copy under another name, as an analyst has it."""
    since = {n: datetime.fromisoformat(story[f"r{n}"].edition.manifest["published_at"]) for n in (0, 1)}
    copy = shutil.copy(story["settings"].current, tmp_path / "copy.duckdb")
    with duckdb.connect(str(copy), read_only=True) as connection:

        def published_at(moment: datetime) -> dict[str, list[tuple]]:
            query = "SELECT * EXCLUDE (edition, revision, known_from, known_to) FROM published_at(?, ?) ORDER BY ALL"
            return {table: connection.execute(query, [table, moment]).fetchall() for table in MARTS}

        assert set(map(len, published_at(since[0] - timedelta(seconds=1)).values())) == {0}
        assert published_at(since[0]) == published_at(since[1] - timedelta(seconds=1)) == story["published"]
        assert published_at(since[1]) == published_at(since[1] + timedelta(days=900)) == story["revised"]
        stood = connection.execute(
            "SELECT DISTINCT edition, revision, known_from, known_to FROM editions.ranking ORDER BY 2"
        ).fetchall()
        assert stood == [
            ("p2021/2021Q2/r0", 0, since[0], since[1]),
            ("p2021/2021Q2/r1", 1, since[1], None),
        ]

        def c4_by(moment: str) -> list[str]:
            query = (
                "SELECT DISTINCT path FROM known_at('raw.indicator_values', CAST(? AS TIMESTAMPTZ)) "
                f"WHERE period = '{QUARTER}' AND reporter_id = 'c4' ORDER BY 1"
            )
            return [Path(path).name for (path,) in connection.execute(query, [moment]).fetchall()]

        assert c4_by("2021-06-20T09:59:59+08:00") == []
        assert c4_by("2021-08-02T08:59:59+08:00") == ["indicators.csv"]
        assert c4_by("2021-08-02T09:00:00+08:00") == ["indicators.csv", "indicators_补报.csv"]


@pytest.fixture(scope="module")
def brought_back(story, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The home and its raw tree, backed up after r1 and restored on an empty machine."""
    folder = tmp_path_factory.mktemp("restored")
    step = Step("备份")
    made = write_backup(
        story["settings"], folder / "backup.tar.gz", nullcontext(), datetime.now(SHANGHAI), step
    )
    assert made.editions == ["p2021/2021Q2/r0", "p2021/2021Q2/r1"] and not made.problems
    there = Settings(folder / "raw", folder / "home")
    restore(made.path, there, step)
    return there


@pytest.fixture(scope="module")
def again(brought_back, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """r0 computed from the restored archive in another home, and published there by the same people."""
    folder = tmp_path_factory.mktemp("elsewhere")
    verdict = verify(brought_back, editions(brought_back)[0], folder)
    elsewhere = Settings(folder / "raw", folder / "home")
    with writer(elsewhere.warehouse, elsewhere.published) as connection:
        write_snapshot(connection, elsewhere.current, [])
    return {"verdict": verdict, "edition": publish(elsewhere, "p2021", QUARTER, Approval("甲", "乙")).edition}


def test_the_first_edition_is_computed_again_bit_for_bit_after_the_second_from_a_backup(brought_back, again):
    verdict = again["verdict"]
    assert verdict.holds, verdict.problems
    assert verdict.recomputed and verdict.tables >= 12 and verdict.inputs > 20
    checks = editions(brought_back)[0].checks()
    assert all(line["problem"] is None for line in checks) and len(checks) == 4


def test_the_same_edition_in_another_home_has_the_same_output_hashes(story, again):
    here, there = (edition.manifest["outputs"] for edition in (story["r0"].edition, again["edition"]))
    assert len(here) > 30 and "parquet/ops_receipts.parquet" in here
    assert [file for file in sorted(here.keys() | there.keys()) if here.get(file) != there.get(file)] == []
    assert story["r0"].edition.manifest["published_at"] != again["edition"].manifest["published_at"]


def _call(settings: Settings, *arguments: str) -> tuple[int, str]:
    run = CliRunner(env={"TAIZHANG_RAW": str(settings.raw_root), "TAIZHANG_HOME": str(settings.home)})
    result = run.invoke(cli, [*arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize("place", ["archive", "registry", "received", "output", "table"])
def test_one_altered_byte_fails_loudly(story, place: str):
    settings = story["settings"]
    edition = editions(settings)[0]
    entry, registered = edition.manifest["submissions"][0], edition.manifest["registry"][0]
    path = {
        "archive": archive_path(settings, entry["sha256"]),
        "registry": archive_path(settings, registered["sha256"]),
        "received": settings.raw_root / entry["path"],
        "output": edition.folder / "site" / "index.html",
        "table": edition.table("ranking"),
    }[place]
    body, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    try:
        verdict = verify(settings, edition)
        assert not verdict.holds and not verdict.recomputed
        assert any("被改动" in problem and path.name in problem for problem in verdict.problems)
        code, text = _call(settings, "verify", "--edition", edition.edition_id)
        assert code == 1 and "被改动" in text and path.name in text
    finally:
        path.write_bytes(body)
        path.chmod(mode)


def test_two_people_stand_behind_an_edition_and_a_reason_behind_a_revision(story):
    settings = story["settings"]
    code, text = _call(
        settings, "publish", "--period", QUARTER, "--by", "张 三", "--approved-by", "张三", "--reason", "x"
    )
    assert code == 2 and "两个人" in text
    code, text = _call(settings, "publish", "--period", QUARTER, "--by", "甲", "--approved-by", "乙")
    assert code == 2 and "--reason" in text
    code, text = _call(settings, "verify", "--edition", "p2021/2021Q2/r9")
    assert code == 2 and "p2021/2021Q2/r1" in text
    code, text = _call(settings, "editions", "--json")
    assert code == 0
    assert [(e["edition"], e["reason"]) for e in json.loads(text)] == [
        ("p2021/2021Q2/r0", None),
        ("p2021/2021Q2/r1", "c4 补报"),
    ]
    assert len(editions(settings)) == 2


def test_every_publication_stands_in_the_audit_log(story):
    settings = story["settings"]
    reading = read(settings)
    assert (reading.problems, reading.notes) == ([], [])
    for edition in editions(settings):
        assert reading.holds(edition.manifest["audit"])
        states = [
            e.state for e in reading.entries if e.details.get("manifest_sha256") == edition.manifest_sha256
        ]
        assert states == ["ready", "done"]
    failed = [e.details["error"] for e in reading.entries if (e.what, e.state) == ("publish", "failed")]
    assert "首次发布" in failed[0], "a publication that was refused is told too"


def test_nothing_of_the_home_is_open_to_others(story):
    home = story["settings"].home
    modes = {path.relative_to(home).as_posix(): path.lstat().st_mode & 0o777 for path in home.rglob("*")}
    assert len(modes) > 200
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o027} == {}
