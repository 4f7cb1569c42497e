"""The rule catalogue is data: complete, true to its source, and in step with what is implemented.

Belongs here: the seed against shared/rules.csv, model files and the rule ids the readers and expectations name. Does not
belong here: what a rule decides (dbt tests and unit tests, suite tests).
"""

import csv
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "dbt_project" / "models" / "intermediate" / "checks"
OWNERS = {"填报主体", "营商办", "责任单位"}
ENTITIES = {"file", "task", "indicator", "reporter", "programme", "unit"}
# rules the source does not know: about the rules and their confirmations (decisions/0007), relations between indicators, and
# a reporter's own history (decisions/0004)
OURS = {"Q01", "Q02", "Q03", "Q04"}
# need registers or fields that are not loaded: departments' systems, third parties, statistics, legal limits, task links
NOT_DECIDABLE = {"X01", "X02", "X04", "X05", "X06", "X07", "X08", "V11", "V12", "T13"}


def read(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    by_id = {row["rule_id"]: row for row in rows}
    assert len(by_id) == len(rows), "a rule stands twice"
    return by_id


CATALOGUE = read(ROOT / "dbt_project" / "seeds" / "check_rules.csv")


def named_in(*folders: str) -> set[str]:
    """Rule ids that stand as string literals in the Python of these folders."""
    sources = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    literal = re.compile(r"""["']([A-Z]\d\d)["']""")
    return {rule_id for path in sources for rule_id in literal.findall(path.read_text(encoding="utf-8"))}


def active(home: str) -> set[str]:
    return {r["rule_id"] for r in CATALOGUE.values() if r["home"] == home and r["state"] == "active"}


def test_catalogue_holds_every_rule_with_its_level_severity_and_message():
    shared = Path(os.environ.get("TAIZHANG_SHARED") or ROOT.parent / "shared") / "rules.csv"
    if not shared.exists():
        pytest.skip(f"没有共享的规则表 {shared}")
    wanted = read(shared)
    assert CATALOGUE.keys() == wanted.keys() | OURS
    for rule_id, rule in wanted.items():
        mine = CATALOGUE[rule_id]
        for column in ("level", "severity", "message_zh"):
            assert mine[column] == rule[column], (rule_id, column)


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=CATALOGUE)
def test_every_rule_says_how_to_fix_it_and_who_acts(rule):
    assert re.search(r"[一-鿿]", rule["remedy_zh"])
    assert rule["owner"] in OWNERS
    assert rule["entity_type"] in ENTITIES
    assert rule["home"] in {"reader", "expectation", "model"}
    assert rule["state"] in {"active", "planned", "not_decidable"}
    assert int(rule["version"]) >= 1


def test_every_rule_that_can_be_decided_is_active():
    by_state = {
        state: {r["rule_id"] for r in CATALOGUE.values() if r["state"] == state}
        for state in ("planned", "not_decidable")
    }
    assert by_state == {"planned": set(), "not_decidable": NOT_DECIDABLE}
    assert active("model") >= OURS


def test_active_model_rules_and_rule_models_are_the_same():
    models = {path.stem.removeprefix("int_check__")[:3].upper() for path in CHECKS.glob("int_check__*.sql")}
    assert models == active("model")


def test_a_rule_model_names_its_own_rule():
    for path in CHECKS.glob("int_check__*.sql"):
        rule_id = path.stem.removeprefix("int_check__")[:3].upper()
        assert f"rule='{rule_id}'" in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize(("home", "folders"), [("reader", ["raw"]), ("expectation", ["quality"])])
def test_active_rules_of_readers_and_expectations_are_in_their_code(home, folders):
    assert active(home) - named_in(*folders) == set()


def test_no_planned_rule_is_already_in_the_code():
    planned = {r["rule_id"] for r in CATALOGUE.values() if r["state"] != "active"}
    assert planned & named_in("raw", "quality") == set()


def test_every_rule_the_code_names_is_in_the_catalogue():
    assert named_in("raw", "quality") - CATALOGUE.keys() == set()
