"""What receive, run, publish and verify have to do with the audit log."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration import audit
from orchestration.audit import AuditUnavailable, read, record
from orchestration.commands import run as run_command
from orchestration.editions import verify
from orchestration.editions.store import MANIFEST, Edition
from orchestration.editions.tables import parquet, rows_sha256
from orchestration.editions.verify import Verdict
from orchestration.receive import Refused, receive_logged
from orchestration.resources import RunScope
from orchestration.sensors import empty_inbox
from orchestration.settings import Settings
from orchestration.warehouse import literal, reader, writer
from raw.periods import SHANGHAI, Period
from raw.registry import read_programme
from tests.conftest import SAMPLES

MOMENT = datetime(2021, 9, 27, 17, 30, tzinfo=SHANGHAI)
Q3 = Period(2021, 3)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(tmp_path / "raw", tmp_path / "home")
    shutil.copytree(SAMPLES / "registry" / "zhumadian2021", made.raw_root / "registry" / "zhumadian2021")
    return made


def story(settings: Settings) -> list[tuple[str, str]]:
    reading = read(settings)
    assert reading.problems == []
    return [(entry.what, entry.state) for entry in reading.entries]


# --- receive ----------------------------------------------------------------------------------------------------------


def take(settings: Settings, source: Path, reporter: str = "411721"):
    programme = read_programme(settings.raw_root, "zhumadian2021")
    return receive_logged(
        settings, source, programme, reporter, "progress", Q3, MOMENT, "王五", way="command"
    )


def test_a_receipt_tells_file_hash_sender_and_time(settings: Settings, tmp_path: Path):
    source = tmp_path / "progress.csv"
    source.write_text("任务编号,状态\n", encoding="utf-8")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    entry = take(settings, source)
    begun, done = read(settings).entries
    assert begun.details == {
        "way": "command", "file": "progress.csv", "sha256": digest, "programme": "zhumadian2021", "period": "2021Q3",
        "reporter": "411721", "kind": "progress", "received_at": "2021-09-27T17:30:00+08:00",
    }  # fmt: skip
    assert begun.who["sender"] == "王五"
    assert done.details == {"begun": 1, "path": entry.path, "sha256": digest, "already": False}
    take(settings, source)
    assert read(settings).entries[-1].details["already"]


def test_a_refused_file_is_logged_and_an_unloggable_one_not_received(settings: Settings, tmp_path: Path):
    source = tmp_path / "progress.csv"
    source.write_text("x", encoding="utf-8")
    with pytest.raises(Refused):
        take(settings, source, "999")
    assert story(settings) == [("receive", "begun"), ("receive", "failed")]
    shutil.rmtree(settings.audit)
    settings.audit.write_text("in the way")
    with pytest.raises(AuditUnavailable):
        take(settings, source)
    assert not (settings.raw_root / "submissions").exists()
    assert not (settings.raw_root / "receipts.csv").exists()


def test_the_inbox_logs_too(settings: Settings):
    file = settings.inbox / "zhumadian2021" / "2021Q3" / "411721" / "progress.csv"
    file.parent.mkdir(parents=True)
    file.write_text("x", encoding="utf-8")
    os.utime(file, (time.time() - 60, time.time() - 60))
    seen = empty_inbox(settings, MOMENT).seen
    assert read(settings).entries == [], "a file that was seen once only may still grow"
    received = empty_inbox(settings, MOMENT, seen, lambda: time.time() + 60).received
    assert len(received) == 1
    begun, done = read(settings).entries
    assert (begun.details["way"], done.details["path"]) == ("inbox", received[0].path)


# --- run --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "state"), [((False, "dbt failed"), "failed"), (RuntimeError("boom"), "failed")]
)
def test_a_run_that_fails_ends_as_failed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, outcome, state: str
):
    def execute(*_):
        assert story(settings) == [("confirm", "noted"), ("run", "begun")], "logged before anything is done"
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    text = "rule_id,reporter_id,entity_id,period,note,by\nV02,411721,i,2021Q3,属实,手写\n"
    (settings.raw_root / "confirmations.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(run_command, "execute", execute)
    assert run_command.run(settings, "2021Q3", "zhumadian2021", None, True) == 1
    noted, begun, end = read(settings).entries
    assert noted.details["added"][0]["by"] == "手写"
    assert begun.details["period"] == "2021Q3"
    assert begun.details["confirmations_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (end.state, end.details["exit"]) == (state, 1)
    assert "dbt failed" in end.details["error"] or "boom" in end.details["error"]


def test_a_killed_run_is_one_that_began(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    settings.prepare()
    child = os.fork()
    if not child:
        run_command.execute = lambda *_: os.kill(os.getpid(), 9)
        run_command.run(settings, "2021Q3", None, None, True)
    assert os.waitpid(child, 0)[1] == 9
    assert story(settings) == [("run", "begun")]


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_no_command_started_is_logged(settings: Settings, fails: bool):
    settings.prepare()

    @dg.asset
    def one(scope: RunScope) -> None:
        assert story(settings) == [("run", "begun")]
        if fails:
            raise RuntimeError("no")

    def go(**tags: str) -> None:
        dg.materialize([one], resources={"scope": RunScope(programme="p")}, tags=tags, raise_on_error=False)

    go(**{"taizhang/why": "freeze"})
    begun, end = read(settings).entries
    assert (begun.details["why"], begun.details["programme"]) == ("freeze", "p")
    assert end.state == ("failed" if fails else "done")
    go(**{"taizhang/why": "by hand"})
    assert len(read(settings).entries) == 2, "the command has logged that one itself"


# --- verify -----------------------------------------------------------------------------------------------------------


def edition_of(settings: Settings, logged: bool = True, programme: str = "p") -> Edition:
    """An edition as publishing leaves it, with its entries or older than the log."""
    folder = settings.published / programme / "2021Q4" / "editions" / "r0"
    folder.mkdir(parents=True)
    manifest = {
        "edition": f"{programme}/2021Q4/r0", "programme_id": programme, "period": "2021Q4", "revision": 0,
        "correction": None, "tables": {},
    }  # fmt: skip
    if logged:
        with audit.act(settings, "publish", {"by": "甲", "approved_by": "乙"}) as current:
            manifest["audit"] = current.begun.anchor
            (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            edition = Edition(folder, manifest)
            current.note(audit.READY, edition=edition.edition_id, manifest_sha256=edition.manifest_sha256)
        record(settings, "run", "done", {})
    else:
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return Edition(folder, manifest)


def logged(settings: Settings, edition: Edition) -> Verdict:
    verdict = Verdict(edition.edition_id)
    verify._logged(settings, edition, verdict)
    return verdict


def test_an_edition_and_its_log_agree(settings: Settings):
    verdict = logged(settings, edition_of(settings))
    assert (verdict.problems, verdict.notes) == ([], [])


def test_an_edition_older_than_the_log_is_said_to_be_so(settings: Settings):
    verdict = logged(settings, edition_of(settings, logged=False))
    assert verdict.holds
    assert ["早于审计日志" in note for note in verdict.notes] == [True]


def _lines(settings: Settings, change) -> None:
    path = audit.log_path(settings)
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def _manifest(edition: Edition, **changed) -> None:
    body = {key: value for key, value in (edition.manifest | changed).items() if value is not None}
    (edition.folder / MANIFEST).write_text(json.dumps(body), encoding="utf-8")


DAMAGE = {
    "a line changed": (lambda s, e: _lines(s, lambda x: [x[0], x[1].replace(b"ready", b"READY"), *x[2:]]), "第 2 行"),
    "the tail cut off": (lambda s, e: _lines(s, lambda x: x[:1]), "少了末尾"),
    "tail and head": (
        lambda s, e: (_lines(s, lambda x: []), (s.audit / "head.json").unlink()), "没有该版本发布时的第 1 条",
    ),
    "the log gone": (lambda s, e: shutil.rmtree(s.audit), "没有该版本发布时的第 1 条"),
    "another log": (
        lambda s, e: (shutil.rmtree(s.audit), [record(s, "publish", "done", {}) for _ in range(5)]),
        "没有该版本发布时的第 1 条",
    ),
    "the manifest changed": (lambda s, e: _manifest(e, by="丙"), "没有以这份"),
    "the manifest without its place": (lambda s, e: _manifest(e, audit=None), "没有写明审计日志的位置"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_log_or_manifest_altered_fails(settings: Settings, damage: str):
    edition = edition_of(settings)
    alter, said = DAMAGE[damage]
    alter(settings, edition)
    manifest = json.loads((edition.folder / MANIFEST).read_text(encoding="utf-8"))
    verdict = logged(settings, Edition(edition.folder, manifest))
    assert said in "".join(verdict.problems)


def test_a_killed_publication_that_stands_is_in_the_log(settings: Settings):
    """The entry with the hash of the manifest is written before the folder appears."""
    edition = edition_of(settings)
    _lines(settings, lambda lines: lines[:2])
    (settings.audit / "head.json").unlink()
    verdict = logged(settings, edition)
    assert verdict.holds, verdict.problems


def test_a_programme_with_a_quote_in_its_name_is_compared(settings: Settings):
    """The name of a registry's folder is any name; it was once spliced into the query."""
    programme = "o'brien' OR 'a'='a"
    edition = edition_of(settings, programme=programme)
    edition.table("ranking").parent.mkdir()
    with writer(settings.warehouse, settings.published) as connection:
        connection.execute(
            "CREATE SCHEMA marts; CREATE TABLE marts.ranking (programme_id VARCHAR, period VARCHAR, a INT)"
        )
        rows = [(programme, "2021Q4", 1), ("other", "2021Q4", 2)]
        connection.executemany("INSERT INTO marts.ranking VALUES (?, ?, ?)", rows)
        mine = f"(FROM marts.ranking WHERE programme_id = {literal(programme)})"
        connection.execute(f"COPY {mine} TO {literal(str(edition.table('ranking')))} (FORMAT parquet)")
        digest = rows_sha256(connection, parquet(edition.table("ranking")))[1]
    edition.manifest["tables"] = {"ranking": {"rows": 1, "sha256": digest}}
    verdict = Verdict(edition.edition_id)
    with reader(settings.warehouse, settings.published) as connection:
        verify._compare(settings, edition, connection, verdict)
    assert (verdict.tables, verdict.problems) == (1, [])
