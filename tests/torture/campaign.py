"""The campaign: many rounds, each a process killed somewhere, each followed by what an office would do next.

Belongs here: what is done, in which order, and what is counted. Does not belong here: what must hold (``scene``), forking (``victims``).
A round is (kind, problems); a problem is a sentence. Every random choice comes from the seed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.settings import Settings
from raw.periods import SHANGHAI
from raw.tree import read_receipts
from tests.torture import victims
from tests.torture.exhaustive import cut_off_receive
from tests.torture.scene import (
    COUNTIES,
    PERIOD,
    PROGRAMME,
    QUARTER,
    contents,
    differences,
    edition_problems,
    make_tree,
    receipt_problems,
    rests,
)
from tests.torture.watcher import polling

_ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Pacific/Kiritimati")


@dataclass
class Report:
    """What was seen. ``killed``: rounds in which the process was still at work when the signal came."""

    seed: int
    rounds: Counter = field(default_factory=Counter)
    killed: Counter = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    notes: Counter = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    reads: int = 0

    def as_dict(self) -> dict:
        """For the JSON file."""
        return {name: dict(value) if isinstance(value, dict) else value for name, value in vars(self).items()}


class Campaign:
    """One home and one raw tree under torture; ``work`` is an empty folder of its own."""

    def __init__(self, work: Path, seed: int, say: Callable[[str], None] = print):
        self.work, self.random, self.report, self._say = work, random.Random(seed), Report(seed), say
        work.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(make_tree(work / "raw"), work / "home")
        self.log = work / "log"

    def warm(self) -> None:
        """Import what the commands import, so that a victim spends its time at work."""
        import dagster_dbt  # noqa: F401
        import great_expectations  # noqa: F401

        import quality.runner  # noqa: F401

    def situation(self, name: str, act: Callable[[Campaign], list[str] | None]) -> None:
        """One situation of ``situations``: its problems, or None where this machine cannot make it."""
        self.restore()
        problems = act(self)
        if problems is None:
            self.report.notes[f"skipped here: {name}"] += 1
        else:
            self.counted(name, problems)

    # --- what an office does ------------------------------------------------------------------------------------------

    def command(
        self, *arguments: str, zone: str = "Asia/Shanghai", settings: Settings | None = None
    ) -> Callable[[], int]:
        """A command line as a job for a victim; the home is this one's."""
        settings = settings or self.settings

        def job() -> int:
            from orchestration.cli import main

            os.environ |= {
                "TAIZHANG_RAW": str(settings.raw_root),
                "TAIZHANG_HOME": str(settings.home),
                "TZ": zone,
            }
            time.tzset()
            sys.argv = ["taizhang", *arguments]
            main()
            return 0

        return job

    def full_run(self, **options) -> Callable[[], int]:
        """``taizhang run`` through Dagster and dbt, without the pages."""
        return self.command("run", "--period", QUARTER, "--no-site", **options)

    def light_run(self) -> Callable[[], int]:
        """What a run writes except the models (they stand): load, control, expectations, published file, Parquet."""
        settings = self.settings

        def job() -> None:
            from orchestration.assets.publish import period_folder, write_parquet, write_snapshot
            from orchestration.commands.run import run_lock
            from orchestration.editions.intact import usable_editions
            from orchestration.receive import settle
            from orchestration.stages import land
            from orchestration.warehouse import reader, writer

            settings.prepare()
            with run_lock(settings):
                settle(settings.raw_root)
                land(settings, PERIOD, datetime(2022, 1, 1, tzinfo=SHANGHAI))
                with writer(settings.warehouse, settings.published) as connection:
                    write_snapshot(connection, settings.current, usable_editions(settings))
                with reader(settings.current, settings.published) as connection:
                    folder = period_folder(settings, PROGRAMME, QUARTER) / "parquet"
                    write_parquet(connection, PROGRAMME, QUARTER, folder)

        return job

    def publish(self) -> Callable[[], int]:
        """``taizhang publish``; the reason is needed from the second edition on."""
        return self.command(
            "publish", "--period", QUARTER, "--by", "甲", "--approved-by", "乙", "--reason", "演练"
        )  # fmt: skip

    def do(self, job: Callable[[], int], what: str, seconds: float = 1200) -> list[str]:
        """Run a job that must succeed; problems otherwise. How long it took is kept under ``what``."""
        began = time.monotonic()
        code = victims.run(job, self.log, seconds)
        self.report.seconds[what] = time.monotonic() - began
        if code == 0:
            return []
        return [f"{what} ended with {code}: {self.log.read_text(errors='replace')[-1500:]}"]

    def cut(self, job: Callable[[], int], what: str, whole_group: bool = True) -> bool:
        """Kill a job at a random moment of its usual duration; True when it was still at work."""
        pid = victims.fork(job, self.log)
        delay = self.random.uniform(0, self.report.seconds.get(what, 1.0) * 1.05)
        killed = victims.kill_after(pid, delay, whole_group) == victims.KILLED
        self.report.killed[what] += killed
        return killed

    def counted(self, kind: str, problems: list[str]) -> None:
        """A round is over."""
        self.report.rounds[kind] += 1
        self.report.problems += [
            f"{kind} round {self.report.rounds[kind]}: {problem}" for problem in problems
        ]
        if problems or self.report.rounds.total() % 10 == 0:
            done = ", ".join(f"{name} {count}" for name, count in sorted(self.report.rounds.items()))
            self._say(
                f"{datetime.now():%H:%M:%S} {done}; problems {len(self.report.problems)} {problems[:1]}"
            )

    def now(self, settings: Settings | None = None) -> dict:
        """Contents of the published file, read in a process of its own: this one must never open a database."""
        told, current = self.work / "contents.json", (settings or self.settings).current

        def job() -> None:
            told.write_text(json.dumps(contents(current)))

        if problems := self.do(job, "reading"):
            return {"unreadable": problems}
        return json.loads(told.read_text())

    # --- rounds -------------------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """The undisturbed run and publication everything is compared with."""
        problems = self.do(self.full_run(), "run")
        self.reference = self.now()
        problems += self.do(self.light_run(), "light run")
        problems += differences(self.reference, self.now())
        shutil.copytree(self.settings.home, self.work / "home.before")
        self.counted("undisturbed", problems)

    def restore(self) -> None:
        """The home as it was before anything was killed or published in it."""
        shutil.rmtree(self.settings.home)
        shutil.copytree(self.work / "home.before", self.settings.home)

    def receive_round(self) -> None:
        """A receive of new or known bytes is killed; the clerk does it again. The clock may have been set back."""
        number = self.report.rounds["receive"]
        content = number if self.random.random() < 0.7 else self.random.randint(0, number)
        source = self.work / "progress_报送.csv"
        source.write_text(
            f"任务编号,状态,完成进度\nt1,推进中,{content % 100}%\n{content},x,\n", encoding="utf-8"
        )
        county = self.random.choice(COUNTIES)
        moment = datetime(2021, 3, 1) + timedelta(minutes=self.random.randint(0, 40_000))
        given = ("--programme", PROGRAMME, "--reporter", county, "--kind", "progress", "--period", QUARTER)
        job = self.command(
            "receive", str(source), *given, "--at", moment.isoformat(), settings=self.inbox_settings()
        )
        problems = []
        if number == 0:
            problems += self.do(job, "receive")
        self.cut(job, "receive")
        problems += self.do(job, "receive")
        root = self.inbox_settings().raw_root
        problems += receipt_problems(root)
        kept = [
            p
            for p in read_receipts(root).lines
            if f"/{county}/" in p and (root / p).read_bytes() == source.read_bytes()
        ]
        if len(kept) != 1:
            problems.append(f"content {content} of {county} stands {len(kept)} times")
        self.counted("receive", problems)

    def inbox_settings(self) -> Settings:
        """The raw tree that grows; the runs have the other one, which never changes."""
        settings = Settings(self.work / "growing", self.settings.home)
        if not settings.raw_root.exists():
            make_tree(settings.raw_root)
        return settings

    def light_round(self) -> None:
        """A run without dbt is killed; the next one completes and says the same."""
        self.cut(self.light_run(), "light run")
        problems = self.do(self.light_run(), "light run")
        problems += differences(self.reference, self.now()) + edition_problems(self.settings)
        problems += [f"left behind: {path}" for path in rests(self.settings)]
        self.counted("light run", problems)

    def full_round(self) -> None:
        """``taizhang run`` is killed, dbt with it or left alone; the next run, in another time zone, says the same."""
        whole = self.random.random() < 0.6
        killed = self.cut(self.full_run(), "run", whole)
        self.report.notes["run killed with its dbt" if whole else "run killed, its dbt left alive"] += killed
        problems = self.do(self.full_run(zone=self.random.choice(_ZONES)), "run again")
        problems += differences(self.reference, self.now()) + edition_problems(self.settings)
        problems += [f"left behind: {path}" for path in rests(self.settings)]
        self.counted("run", problems)

    def publish_round(self) -> None:
        """A publication is killed: no edition or a whole one; the next publication works and keeps every number."""
        self.restore()
        problems = []
        if "publish" not in self.report.seconds:
            problems += self.do(self.publish(), "publish")
            self.published = {t: v for t, v in self.now().items() if t.startswith("marts.")}
            problems += differences(
                {t: v for t, v in self.reference.items() if t.startswith("marts.")}, self.published
            )
        present = {
            folder.name for folder in self.settings.published.glob("*/*/editions/r*") if folder.is_dir()
        }
        self.cut(self.publish(), "publish")
        problems += edition_problems(self.settings)
        after = {folder.name for folder in self.settings.published.glob("*/*/editions/r*") if folder.is_dir()}
        self.report.notes["publication killed after the edition stood" if after > present else
                          "publication killed before the edition stood"] += 1  # fmt: skip
        problems += self.do(self.publish(), "publish")
        problems += edition_problems(self.settings) + [
            f"left behind: {path}" for path in rests(self.settings)
        ]
        problems += differences(
            self.published, {t: v for t, v in self.now().items() if t.startswith("marts.")}
        )
        self.counted("publish", problems)

    def exhaustive(self) -> None:
        """Every step of receiving, killed and with a full disk."""
        for known in (False, True):
            for what in (victims.die, victims.disk_full):
                work = self.work / "steps"
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir()
                for _, problems in cut_off_receive(self.settings.raw_root, work, what, known):
                    self.counted(f"receive cut off ({what.__name__})", problems)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A reader polls the published file and the Parquet folder of the quarter all the while."""
        folder = self.settings.published / PROGRAMME / QUARTER / "parquet"
        with polling(self.settings.current, self.work, rows=len(COUNTIES), folder=folder, pause=0.3) as tally:
            yield
        seen = tally()
        self.report.reads += seen["read"]
        self.report.problems += [f"reader: {text}" for text in seen["failed"][:20]]
        if not seen["read"]:
            self.report.problems.append("reader: read nothing")

    def run(self, rounds: int, minutes: float) -> Report:
        """The whole campaign: ``rounds`` kills or as many as fit into ``minutes``."""
        until = time.monotonic() + 60 * minutes
        self.set_up()
        self.exhaustive()
        full, publish = max(2, rounds // 30), max(3, rounds // 12)
        light = max(5, rounds // 4)
        with self.watched():
            for _ in range(light):
                if time.monotonic() < until:
                    self.light_round()
            for _ in range(max(5, rounds - full - publish - light)):
                if time.monotonic() < until:
                    self.receive_round()
        for _ in range(publish):
            if time.monotonic() < until:
                self.publish_round()
        self.restore()
        with self.watched():
            for _ in range(full):
                if time.monotonic() < until:
                    self.full_round()
        return self.report
