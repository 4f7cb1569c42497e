"""Rules between cells against a published dirty/clean pair: the fictional accounts of Samplonia.

Belongs here: the translation of that data set (shared reference validation_samplonomy, GPL-3, never copied into the project)
into a raw tree at test time, and its 22 expected flags. Does not belong here: the same rules on cases made by hand
(``test_rules``).

Regions are reporters (three levels, ``parent_id``), measures are indicators in 万元, one file per region and quarter in the order
of the source. An annual figure is the indicator 年内累计…, sent in the fourth quarter; balance = export - import is
``relations.csv``, once for quarters and once for years. Nothing else is told to the pipeline.

What is compared are the keys of the source: region x period x measure of clean.csv. The annual indicators of Q1-Q3 are no keys
there (our programme owes them every quarter, the source has them once a year), so what K02, Q03, V08 and V09 say of
those is left out; inside the keys nothing is left out. A K01 finding stands for both rows of the key: its own and the one its
message names.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import reader
from tests.factories import make_registry, write_csv, write_tree
from tests.integration.rule_homes import RuleHomes

# beside the session warehouse: the two halves of make test take about as long
pytestmark = [pytest.mark.integration, pytest.mark.warehouse]

PARENTS = {
    "Samplonia": "",
    "Agria": "Samplonia",
    "Induston": "Samplonia",
    **dict.fromkeys(("Greenham", "Newbay", "Wheaton"), "Agria"),
    **dict.fromkeys(("Crowdon", "Mudwater", "Oakdale", "Smokely"), "Induston"),
}
MEASURES = {"gdp": "生产总值", "import": "进口额", "export": "出口额", "balance": "贸易差额"}
# the source's rules by ours; the rest of the judgement is its status
NOT_EVALUABLE = {
    "Q03": "BALANCE_NOT_EVALUABLE",
    "V09": "QUARTERS_TO_YEAR_NOT_EVALUABLE",
    "V08": "REGION_ROLLUP_NOT_EVALUABLE",
}
SOURCE = "reference/validation_samplonomy"  # below the shared reference material
PERIODS = 24 + 6  # quarters and years of 2014-2019


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def place(period: str, measure: str) -> tuple[str, str]:
    """Our (period, indicator) of the source's: 2014 → (2014Q4, year_gdp)."""
    return (period, measure) if "Q" in period else (f"{period}Q4", f"year_{measure}")


def key(region: str, period: str, indicator: str) -> tuple[str, str, str]:
    """The source's (region, period, measure) of ours; for an annual indicator before Q4 a key the source does not have."""
    if not indicator.startswith("year_"):
        return region, period, indicator
    year, quarter = period.split("Q")
    return region, year if quarter == "4" else f"{year} to Q{quarter}", indicator.removeprefix("year_")


def programme(root: Path, programme_id: str, rows: list[dict[str, str]]) -> dict[str, list[dict]]:
    """Write the registry; the submissions by path."""
    indicators = MEASURES | {f"year_{m}": f"年内累计{name}" for m, name in MEASURES.items()}
    folder = make_registry(
        root,
        programme_id,
        start=date(2014, 1, 1),
        end=date(2019, 12, 31),
        reporters=[
            {"reporter_id": r, "name": f"{r}区", "kind": "county", "parent_id": p} for r, p in PARENTS.items()
        ],
        tasks=[],
        responsibilities=[],
        targets=[],
        indicators=[
            {
                "indicator_id": i,
                "special_id": "kaiban",
                "name": name,
                "unit": "万元",
                "polarity": "higher",
                "decimals": 0,
            }
            for i, name in indicators.items()
        ],
    )
    write_csv(
        folder / "relations.csv",
        ["relation_id", "indicator_id", "coefficient", "name"],
        [
            [f"{prefix}trade", prefix + measure, coefficient, "差额=出口-进口"]
            for prefix in ("", "year_")
            for measure, coefficient in (("balance", 1), ("export", -1), ("import", 1))
        ],
    )
    files: dict[str, list[dict]] = {}
    for row in rows:
        period, indicator = place(row["period"], row["measure"])
        path = f"submissions/{programme_id}/{period}/{row['region']}/indicators.csv"
        value = "" if row["value"] == "NA" else row["value"]
        files.setdefault(path, []).append({"指标编号": indicator, "指标值": value})
    return files


class Accounts:
    """The two programmes after one build, and the files they were made from."""

    def __init__(self, source: Path, files: dict[str, list[dict]], settings: Settings) -> None:
        self.expected = [tuple(row.values()) for row in read(source / "expected_flags.csv")]
        self.keys = {(r["region"], r["period"], r["measure"]) for r in read(source / "clean.csv")}
        self.files, self.settings = files, settings

    def rows(self, sql: str, *parameters: object) -> list[tuple]:
        """Rows of the warehouse."""
        with reader(self.settings.warehouse) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def statuses(self, programme_id: str, rule_id: str) -> Counter:
        """How often a rule gave which status inside the keys of the source."""
        found = self.rows(
            "SELECT reporter_id, period, entity_id, status FROM intermediate.int_check_rows WHERE programme_id = ? AND rule_id = ?",
            programme_id, rule_id,
        )  # fmt: skip
        return Counter(status for *where, status in found if key(*where) in self.keys)

    def flags(self, programme_id: str) -> list[tuple[str, ...]]:
        """Everything the rules of the source find, in its words: (rule, region, period, measure, note)."""
        found = []
        for region, period, indicator, path, row_number, message in self.rows(
            "SELECT reporter_id, period, entity_id, path, row_number, message FROM quality.flags "
            "WHERE programme_id = ? AND rule_id = 'K01'", programme_id,
        ):  # fmt: skip
            first = int(re.search(r"已在第 (\d+) 行填报", message)[1])
            found += [
                ("DUP_KEY", *key(region, period, indicator), f"value={self.files[path][n - 2]['指标值']}")
                for n in (first, row_number)
            ]
        for *where, row_number in self.rows(
            "SELECT reporter_id, period, entity_id, row_number FROM quality.flags WHERE programme_id = ? AND rule_id = 'K02'",
            programme_id,
        ):  # fmt: skip
            found.append(("MISSING_RECORD" if row_number is None else "MISSING_VALUE", *key(*where), ""))
        for rule_id, *where in self.rows(
            "SELECT rule_id, reporter_id, period, entity_id FROM intermediate.int_check_rows "
            "WHERE programme_id = ? AND rule_id IN ('Q03', 'V08', 'V09') AND status = 'not_evaluable'", programme_id,
        ):  # fmt: skip
            found.append((NOT_EVALUABLE[rule_id], *key(*where), ""))
        for rule_id, *where in self.rows(
            "SELECT rule_id, reporter_id, period, entity_id FROM quality.flags "
            "WHERE programme_id = ? AND rule_id IN ('Q03', 'V08', 'V09')", programme_id,
        ):  # fmt: skip
            found.append((f"{rule_id}_FAILED", *key(*where), ""))
        return [flag for flag in found if flag[1:4] in self.keys]


def _in_time(period: str) -> str:
    """Day 20 of the quarter's last month."""
    return f"{period[:4]}-{3 * int(period[5]):02d}-20T10:00:00+08:00"


def write_raw(source: Path, root: Path) -> dict[str, list[dict]]:
    """Both programmes; returns the submissions by path."""
    files: dict[str, list[dict]] = {}
    for name in ("dirty", "clean"):
        files |= programme(root, name, read(source / f"{name}.csv"))
    write_tree(root, files, {path: _in_time(path.split("/")[2]) for path in files})
    return files


@pytest.fixture(scope="module")
def accounts(shared: Path, rule_homes: RuleHomes) -> Accounts:
    """The pair; skipped where the reference material has no such data set."""
    if rule_homes.accounts is None:
        pytest.skip(f"no data set at {shared / SOURCE}")
    return Accounts(shared / SOURCE, rule_homes.accounts, rule_homes.settings)


def test_the_dirty_file_gives_exactly_its_expected_flags(accounts: Accounts) -> None:
    assert len(accounts.expected) == 22
    assert sorted(accounts.flags("dirty")) == sorted(accounts.expected)


def test_the_clean_file_gives_none(accounts: Accounts) -> None:
    assert accounts.flags("clean") == []


@pytest.mark.parametrize(
    ("rule_id", "keys"),
    [
        ("Q03", 10 * PERIODS),  # every region and period
        ("V09", 10 * 6 * 4),  # every region, year and measure
        ("V08", 3 * PERIODS * 4),  # every region that has others below it, period and measure
        ("K02", 10 * PERIODS * 4),
    ],
)
def test_every_key_was_judged(accounts: Accounts, rule_id: str, keys: int) -> None:
    """Silence is a judgement: whatever is not one of the expected flags has passed."""
    named = {v: k for k, v in NOT_EVALUABLE.items()} | {"MISSING_VALUE": "K02", "MISSING_RECORD": "K02"}
    raised = sum(named.get(rule) == rule_id for rule, *_ in accounts.expected)
    judged = +accounts.statuses("clean", rule_id)
    judged.pop("not_applicable", None)
    assert judged == {"pass": keys}
    judged = accounts.statuses("dirty", rule_id)
    judged.pop("not_applicable", None)
    assert judged == {"pass": keys - raised, "fail" if rule_id == "K02" else "not_evaluable": raised}


def test_the_first_of_two_rows_counts_and_its_neighbours_are_not_doubted(accounts: Accounts) -> None:
    """The contract's policy: the first row stays. Only sums and relations that need it are not evaluable."""
    sql = "SELECT value FROM marts.indicator_scores WHERE programme_id = 'dirty' AND reporter_id = 'Induston' AND period = ? AND indicator_id = ?"
    assert accounts.rows(sql, "2018Q2", "export") == [(165900.0,)]
    assert accounts.rows(sql, "2018Q3", "export") == [(None,)]
