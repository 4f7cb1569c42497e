"""Situations that are made once: several at work at once, full and read-only disks, no permission, turned clocks, held files.

Belongs here: making one and what must be seen. A situation takes the campaign and returns problems, or None where this
machine cannot make it (no user namespaces: no disk to fill).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from orchestration.settings import REPOSITORY
from raw.periods import SHANGHAI
from raw.registry import read_programme
from raw.tree import scan
from tests.torture import victims
from tests.torture.campaign import Campaign
from tests.torture.scene import (
    COUNTIES,
    PERIOD,
    PROGRAMME,
    QUARTER,
    differences,
    edition_problems,
    make_tree,
    receipt_problems,
)


def _ended(pids: dict[str, int], logs: dict[str, Path]) -> list[str]:
    found = []
    for name, pid in pids.items():
        if (code := victims.wait(pid, 1200)) != 0:
            found.append(f"{name} ended with {code}: {logs[name].read_text(errors='replace')[-800:]}")
    return found


def two_runs_at_once(campaign: Campaign) -> list[str]:
    """The second waits for the first, also with --json; both succeed and say the same."""
    logs = {name: campaign.work / f"{name}.log" for name in ("first", "second")}
    pids = {"first": victims.fork(campaign.full_run(), logs["first"])}
    pids["second"] = victims.fork(
        campaign.command("run", "--period", QUARTER, "--no-site", "--json"), logs["second"]
    )
    problems = _ended(pids, logs)
    text = logs["second"].read_text()
    try:
        json.JSONDecoder().raw_decode(text[text.index("{") :])  # behind it the log has what went to stderr
    except ValueError:
        problems.append(f"--json said no JSON: {text[:300]}")
    return problems + differences(campaign.reference, campaign.now())


def receives_while_a_run_reads(campaign: Campaign) -> list[str]:
    """Whenever the tree is read, every file in it has its line: no file is late by the accident of a moment."""
    root = make_tree(campaign.work / "busy")
    programme, moment = read_programme(root, PROGRAMME), datetime(2021, 3, 25, tzinfo=SHANGHAI)

    def receive_many(which: int) -> None:
        from orchestration.receive import receive

        source = campaign.work / f"progress_{which}.csv"
        for number in range(40):
            source.write_text(f"任务编号,状态\nt1,{which}-{number}\n", encoding="utf-8")
            receive(root, source, programme, COUNTIES[which], "progress", PERIOD, moment)

    def read() -> None:
        while not (campaign.work / "ended").exists():
            if late := [r.file.path for r in scan(root) if not r.registered]:
                raise AssertionError(f"without a line: {late}")

    names = ["reader", "one", "two"]
    logs = {name: campaign.work / f"{name}.log" for name in names}
    reader = victims.fork(read, logs["reader"])
    pids = {name: victims.fork(lambda n=n: receive_many(n), logs[name]) for n, name in enumerate(names[1:])}
    problems = _ended(pids, logs)
    (campaign.work / "ended").touch()
    problems += _ended({"reader": reader}, logs) + receipt_problems(root)
    if len(scan(root)) != 86:
        problems.append(f"{len(scan(root))} files instead of 86")
    return problems


def publication_during_a_run(campaign: Campaign) -> list[str]:
    """Both succeed; the edition is whole and no number moves."""
    logs = {name: campaign.work / f"{name}.log" for name in ("run", "publish")}
    pids = {"run": victims.fork(campaign.light_run(), logs["run"])}
    pids["publish"] = victims.fork(campaign.publish(), logs["publish"])
    problems = _ended(pids, logs) + edition_problems(campaign.settings)
    return problems + differences(_marts(campaign.reference), _marts(campaign.now()))


def _marts(tables: dict) -> dict:
    return {name: value for name, value in tables.items() if name.startswith("marts.")}


def reader_holds_the_published_file(campaign: Campaign) -> list[str]:
    """An analyst's connection outlives two runs and sees what it opened."""
    go, log = campaign.work / "go", campaign.work / "analyst.log"

    def analyst() -> None:
        from orchestration.warehouse import reader

        with reader(campaign.settings.current) as connection:
            before = connection.execute("FROM marts.ranking ORDER BY ALL").fetchall()
            (campaign.work / "holding").touch()
            while not go.exists():
                time.sleep(0.05)
            assert connection.execute("FROM marts.ranking ORDER BY ALL").fetchall() == before

    pid = victims.fork(analyst, log)
    while not (campaign.work / "holding").exists():
        time.sleep(0.05)
    problems = campaign.do(campaign.light_run(), "light run") + campaign.do(campaign.light_run(), "light run")
    go.touch()
    return problems + _ended({"analyst": pid}, {"analyst": log})


def reader_holds_the_warehouse(campaign: Campaign) -> list[str]:
    """Somebody opened the pipeline's own file: the run names the process, changes nothing, and works when it is gone."""
    pid = victims.fork(lambda: _hold(campaign), campaign.work / "holder.log")
    while not (campaign.work / "held").exists():
        time.sleep(0.05)
    code = victims.run(campaign.light_run(), campaign.log)
    said = campaign.log.read_text(errors="replace")
    problems = (
        [] if code and str(pid) in said and "占用" in said else [f"ended with {code}, said: {said[-600:]}"]
    )
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    problems += campaign.do(campaign.light_run(), "light run")
    return problems + differences(_marts(campaign.reference), _marts(campaign.now()))


def _hold(campaign: Campaign) -> None:
    from orchestration.warehouse import reader

    with reader(campaign.settings.warehouse):
        (campaign.work / "held").touch()
        time.sleep(600)


def clock_before_the_data(campaign: Campaign) -> list[str]:
    """A run whose clock lies before everything received: it ends, ranks nobody by what had not come, and an edition stands.

    The next run with the right clock says what it said before.
    """

    def job() -> int:
        import orchestration.commands.run as command

        class Early(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(2021, 1, 15, tzinfo=SHANGHAI).astimezone(tz)

        command.datetime = Early
        return campaign.full_run()()

    before = edition_problems(campaign.settings)
    problems = campaign.do(job, "run with an early clock")
    early = campaign.now()
    if early.get("marts.ranking", [0])[0] != len(COUNTIES):
        problems.append(f"ranking with an early clock: {early.get('marts.ranking')}")
    problems += campaign.do(campaign.full_run(), "run again")
    problems += differences(_marts(campaign.reference), _marts(campaign.now()))
    return problems + before + edition_problems(campaign.settings)


def damaged_edition(campaign: Campaign) -> list[str]:
    """A table of an edition is cut, altered or gone: the run goes on, says which file, and no published number moves."""
    problems = campaign.do(campaign.publish(), "publish")
    published = _marts(campaign.now())
    folder = sorted(campaign.settings.published.glob("*/*/editions/r*"))[-1] / "parquet"
    for name, damage in {
        "ranking": lambda file: file.write_bytes(file.read_bytes()[:100]),
        "task_status": lambda file: file.unlink(),
        "special_scores": lambda file: file.write_bytes((folder / "reporting.parquet").read_bytes()),
    }.items():
        file = folder / f"{name}.parquet"
        whole = file.read_bytes()
        file.chmod(0o640)
        damage(file)
        problems += campaign.do(campaign.light_run(), f"run with a damaged {name}")
        problems += differences(published, _marts(campaign.now()))
        file.unlink(missing_ok=True)
        file.write_bytes(whole)
    return problems


def no_permission(campaign: Campaign) -> list[str] | None:
    """A tree another user owns: refused in words, nothing changed."""
    if os.getuid() != 0:
        return None
    root = make_tree(campaign.work / "theirs")
    source = campaign.work / "progress_无权.csv"
    source.write_text("任务编号,状态\nt1,推进中\n", encoding="utf-8")
    programme = read_programme(root, PROGRAMME)
    for folder in (campaign.work, *campaign.work.parents):
        if not folder.stat().st_mode & 0o001 and folder.is_relative_to(campaign.work.parent):
            folder.chmod(0o755)

    def job() -> int:
        from orchestration.receive import NotNow, receive

        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            receive(root, source, programme, "c1", "progress", PERIOD, datetime(2021, 3, 25, tzinfo=SHANGHAI))
        except NotNow as reason:
            print(reason)
            return 3
        return 0

    code = victims.run(job, campaign.log)
    said = campaign.log.read_text()
    problems = [] if code == 3 and "没有权限" in said else [f"ended with {code}, said: {said}"]
    return problems + receipt_problems(root)


def disks(campaign: Campaign) -> list[str] | None:
    """Full and read-only disks, in a mount namespace of its own (``disks``)."""
    able = subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False)
    if able.returncode:
        return None
    home = campaign.work / "home.before"
    done = subprocess.run(
        ["unshare", "-Urm", sys.executable, "-m", "tests.torture.disks", str(campaign.settings.raw_root), str(home),
         str(campaign.random.randint(0, 10**6))],
        capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=1800,
    )  # fmt: skip
    campaign.report.notes.update(json.loads(done.stdout.splitlines()[-1])["notes"] if done.stdout else {})
    if done.returncode:
        return [f"ended with {done.returncode}: {done.stdout[-1500:]} {done.stderr[-1500:]}"]
    return []


SITUATIONS: dict[str, Callable[[Campaign], list[str] | None]] = {
    "receives while a run reads": receives_while_a_run_reads,
    "publication during a run": publication_during_a_run,
    "reader holds the published file": reader_holds_the_published_file,
    "reader holds the warehouse": reader_holds_the_warehouse,
    "damaged edition": damaged_edition,
    "no permission": no_permission,
    "full and read-only disks": disks,
    "two runs at once": two_runs_at_once,
    "clock before the data": clock_before_the_data,
}
