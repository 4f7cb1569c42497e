"""The whole sample: registries read, feeds made, mistakes planted, files and receipts written.

Belongs here: the order of these steps. Does not belong here: what any of them says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

from tests.factories import feeds, mistakes
from tests.factories.stories import Plan, read_plan
from tests.factories.trees import write_receipts

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "raw" / "samples"
PLANTED = ROOT / "tests" / "golden" / "planted_mistakes.csv"


def plans(samples: Path = SAMPLES) -> list[Plan]:
    """Both committed registries."""
    return [
        read_plan(samples, "zhumadian2021", date(2021, 1, 1)),
        read_plan(samples, "wugang2022", date(2022, 1, 1)),
    ]


def submissions(samples: Path = SAMPLES) -> tuple[list[feeds.Submission], list[mistakes.Expectation]]:
    """Every submission of the sample, mistakes planted, and what must be found (lines are known after
    writing).
    """
    zhumadian, wugang = plans(samples)
    sent: list[feeds.Submission] = []
    expected: list[mistakes.Expectation] = []
    work: list[tuple[Plan, list[str], Callable, Callable]] = [
        (zhumadian, feeds.ZMD_PERIODS, feeds.county_quarter, mistakes.plant_counties),
        (wugang, feeds.WG_PERIODS, feeds.department_quarter, mistakes.plant_departments),
    ]
    for plan, periods, quarter, plant in work:
        planter = mistakes.Planter(
            [
                feed
                for period in periods
                for reporter in plan.reporters
                for feed in quarter(plan, reporter, period)
            ]
        )
        plant(planter, plan)
        sent += planter.submissions
        expected += planter.expectations + mistakes.registry_expectations(plan)
    return sent, expected


def write_sample(out: Path, samples: Path = SAMPLES, only: Collection[tuple[str, str]] | None = None) -> None:
    """Write ``submissions/`` and ``receipts.csv`` to ``out``; ``only`` limits the files to (reporter,
    period) pairs.
    """
    sent, _ = submissions(samples)
    _write(out, [feed for feed in sent if only is None or (feed.reporter_id, feed.period) in only])


def write_all(out: Path = SAMPLES, samples: Path = SAMPLES, planted: Path = PLANTED) -> None:
    """Write the sample and the list of its planted mistakes."""
    sent, expected = submissions(samples)
    _write(out, sent)
    mistakes.write_expectations(planted, expected)


def _write(out: Path, sent: list[feeds.Submission]) -> None:
    for feed in sent:
        feed.write(out)
    lines = [
        (feed.path, feed.received_at.isoformat(), feed.sender)
        for feed in sorted(sent, key=lambda feed: (feed.received_at, feed.path))
        if feed.registered
    ]
    write_receipts(out, lines)
