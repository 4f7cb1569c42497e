"""The defects tree: every planted mistake is found at its exact place, nothing else is, and the clean twin is silent.

Belongs here: one run over ``tests/factories/defects`` and the comparison of all its findings with what was planted. Does not
belong here: what the mistakes are (the factory says that), rules one by one (``test_rules``, unit tests).
An expectation is compared on every column that says where a finding is: rule, programme, period, reporter, entity, path,
sheet, row, column and cell. A finding about something absent is expected without a path, not left uncompared.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import pytest

from orchestration.settings import REPOSITORY, Settings
from orchestration.warehouse import reader, writer
from raw.loader import load
from raw.periods import SHANGHAI, Period
from tests.factories.defects import CLEAN, DIRTY, build
from tests.factories.defects_files import ANY, Expectation
from tests.small_warehouse import build_home

pytestmark = pytest.mark.integration

# these follow from the numbers of everybody at once (cohort quartiles, ranks, simulated ranks, fire rates): one planted value moves
# them for others too, so that each planted one must be there, but others may be
COHORT_RULES = frozenset({"H04", "R01", "R03", "Q01"})
# what needs registers or fields that are not loaded, or a published edition
UNDECIDABLE = frozenset(["X01", "X02", "X04", "X05", "X06", "X07", "X08", "V11", "V12", "T13", "R04"])
PLACE = "rule_id, programme_id, period, reporter_id, entity_type, entity_id, path, sheet, row_number, column_name, raw_value"


def _active_rules() -> list[str]:
    with (REPOSITORY / "dbt_project" / "seeds" / "check_rules.csv").open(
        encoding="utf-8", newline=""
    ) as lines:
        return [line["rule_id"] for line in csv.DictReader(lines) if line["state"] == "active"]


# Q01 speaks of the rules, not of what somebody sent (test_rules); R04 of published editions (test_publish)
RULES = [rule for rule in _active_rules() if rule not in ("Q01", "R04")]
# the story of the lists: scores are set by hand, so that the same values stand there quarter after quarter
BY_DESIGN = {("H05", "lists_bad")}


@dataclass(frozen=True)
class Outcome:
    """What was expected and what stands in the published file; ``severity`` is the catalogue's."""

    expectations: list[Expectation]
    found: Counter  # (place, confirmed) → number of findings
    severity: dict[str, str]
    quarantine: Counter  # (rule, path, sheet, row)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The tree with its clean twin, one run; the registry that changes later was landed once before."""
    folder = tmp_path_factory.mktemp("defects")
    defects = build(folder / "raw")
    settings = Settings(defects.root, folder / "home")
    settings.prepare()
    with writer(settings.warehouse) as connection:
        load(connection, defects.root, "book_bad")
    defects.change_registry()
    build_home(settings, Period(2022, 2), datetime.now(SHANGHAI), tested=True)
    found: Counter = Counter()
    with reader(settings.current) as connection:
        for table, confirmed in (("flags", False), ("confirmed_flags", True)):
            rows = connection.execute(f"SELECT {PLACE} FROM quality.{table}").fetchall()
            found.update((row, confirmed) for row in rows)
        severity = dict(connection.execute("SELECT rule_id, severity FROM quality.check_rules").fetchall())
        kept_out = Counter(
            connection.execute("SELECT rule_id, path, sheet, row_number FROM ops.quarantine").fetchall()
        )
    return Outcome(defects.expectations, found, severity, kept_out)


def _matches(expectation: Expectation, found: Counter) -> list[tuple]:
    if expectation.raw_value == ANY:
        return [
            key for key in found if key[0][:-1] == expectation.place[:-1] and key[1] == expectation.confirmed
        ]
    key = (expectation.place, expectation.confirmed)
    return [key] if key in found else []


def _near(expectation: Expectation, found: Counter) -> list[tuple]:
    """Findings of the same rule about the same reporter and period: where it was seen instead."""
    return [place[4:] for place, _ in found if place[:4] == expectation.place[:4]]


def test_enough_mistakes_are_planted(outcome: Outcome):
    planted = [e for e in outcome.expectations if e.origin == "planted"]
    assert len(planted) >= 150
    assert len({(e.place, e.note) for e in planted}) == len(planted), "a mistake counted twice"
    assert {e.programme_id for e in planted if e.programme_id} == {*DIRTY, "main_bda"}


def test_every_decidable_rule_of_the_catalogue_is_planted(outcome: Outcome, shared):
    with (shared / "rules.csv").open(encoding="utf-8", newline="") as lines:
        catalogue = {line["rule_id"] for line in csv.DictReader(lines)}
    planted = {e.rule_id for e in outcome.expectations if e.origin == "planted"}
    assert catalogue - UNDECIDABLE - planted == set()


@pytest.mark.parametrize("rule", RULES)
def test_every_planted_mistake_is_found_at_its_place(outcome: Outcome, rule: str):
    expected = [e for e in outcome.expectations if e.rule_id == rule]
    assert any(e.origin == "planted" for e in expected), f"nothing planted for {rule}"
    missed = [(e.note, e.place, _near(e, outcome.found)) for e in expected if not _matches(e, outcome.found)]
    assert missed == []


@pytest.mark.parametrize("severity", ["B", "E", "W", "I"])
def test_nothing_else_is_found_in_the_dirty_programmes(outcome: Outcome, severity: str):
    """Every finding is planted, or follows from a planted one and is listed; none stands twice."""
    expected = Counter(key for e in outcome.expectations for key in _matches(e, outcome.found))
    others = Counter(
        {
            key: count
            for key, count in outcome.found.items()
            if outcome.severity[key[0][0]] == severity
            and key[0][1] not in CLEAN
            and key[0][0] not in COHORT_RULES
            and key[0][:2] not in BY_DESIGN
        }
    )
    assert sorted(map(str, others - expected)) == []


def test_the_clean_twin_is_silent(outcome: Outcome):
    """Not one B or E, and no warning or information either."""
    loud = [place for place, _ in outcome.found if place[1] in CLEAN]
    assert [place for place in loud if outcome.severity[place[0]] in "BE"] == []
    assert loud == []


def test_rows_in_quarantine_are_the_planted_ones(outcome: Outcome):
    expected = Counter(
        (e.rule_id, e.path, e.sheet, e.row_number) for e in outcome.expectations if e.quarantined
    )
    assert outcome.quarantine == expected


def test_a_confirmed_warning_is_not_an_open_one(outcome: Outcome):
    confirmed = [e for e in outcome.expectations if e.confirmed]
    assert {e.rule_id for e in confirmed} == {"V02", "F12"}
    assert [e.place for e in confirmed if (e.place, False) in outcome.found] == []
