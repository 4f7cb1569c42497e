"""Error localisation on a small warehouse of its own: edits are the rules' own, proposals are the hand-made ones.

Belongs here: rules → edits → proposals, places and texts. Does not belong here: the optimisation (``test_localisation``).
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from orchestration.settings import REPOSITORY, Settings
from orchestration.warehouse import reader
from quality.suites.indicators import PERCENT_UNITS, RATIO_TOLERANCE, TIME_UNITS
from tests.factories import make_registry, write_tree
from tests.integration.rule_homes import RuleHomes

# beside the session warehouse: the two halves of make test take about as long
pytestmark = [pytest.mark.integration, pytest.mark.warehouse]

RECEIVED = {"2021Q1": "2021-03-20T10:00:00+08:00", "2021Q2": "2021-06-20T10:00:00+08:00"}
WHO = {"shi": "", "k1": "shi", "k2": "shi", "a": "", "b": "", "c": "", "d": ""}


def indicator(indicator_id: str, name: str, unit: str = "件", **more: object) -> dict:
    line = {
        "indicator_id": indicator_id,
        "special_id": "kaiban",
        "name": name,
        "unit": unit,
        "polarity": "higher",
    }
    return line | {"decimals": 0, "valid_min": 0, "method": "auto"} | more


INDICATORS = [
    indicator("rate", "网办率", "%", decimals=1, valid_max=100, numerator="网办件数", denominator="办件总数"),
    indicator("n", "受理件数"),
    indicator("cum", "年内累计受理件数"),
    indicator("export", "出口额", "万元"),
    indicator("import", "进口额", "万元"),
    indicator("balance", "贸易差额", "万元", valid_min=""),
]
OWED = {
    "rate": "abcd",
    "n": ("shi", "k1", "k2"),
    "cum": ("shi", "k1", "k2"),
    "export": "d",
    "import": "d",
    "balance": "d",
}
# period, reporter → indicator: value or (value, numerator, denominator)
SENT = {
    # 120 of 100 at 81 %: only 81 of 100 fits all rules
    ("2021Q1", "a"): {"rate": (81, 120, 100)},
    ("2021Q1", "b"): {"rate": (40, 80, 100)},
    ("2021Q1", "c"): {"rate": (50, 20, 0)},
    ("2021Q1", "d"): {"rate": (80, 80, 100), "export": 90, "import": 30, "balance": 60},
    ("2021Q1", "shi"): {"n": 90, "cum": 90},
    ("2021Q1", "k1"): {"n": 50, "cum": 50},
    ("2021Q1", "k2"): {"n": 40, "cum": 40},
    # 59 typed as 95: wrong in the sum of the city and in the quarters of the county
    ("2021Q2", "shi"): {"n": 100, "cum": 190},
    ("2021Q2", "k1"): {"n": 95, "cum": 109},
    ("2021Q2", "k2"): {"n": 41, "cum": 81},
    # the values of the quarter before, but for one
    ("2021Q2", "a"): {"rate": (81, 81, 100)},
    ("2021Q2", "b"): {"rate": ("", 30, 20)},
    ("2021Q2", "d"): {"rate": (80, 80, 100), "export": 90, "import": 30, "balance": 16},
}  # fmt: skip
RELATIONS = """relation_id,indicator_id,coefficient,name
trade,balance,1,差额＝出口－进口
trade,export,-1,差额＝出口－进口
trade,import,1,差额＝出口－进口
"""


def write_raw(root: Path) -> Path:
    """The raw tree; the programme ends with its second quarter."""
    registry = make_registry(
        root, "maodun", end=date(2021, 6, 30),
        reporters=[{"reporter_id": r, "name": f"{r}县", "kind": "county", "parent_id": p} for r, p in WHO.items()],
        tasks=[], responsibilities=[], targets=[], indicators=INDICATORS,
        assignments=[{"indicator_id": i, "reporter_id": r} for i, owing in OWED.items() for r in owing],
    )  # fmt: skip
    (registry / "relations.csv").write_text(RELATIONS, encoding="utf-8")
    files, received = {}, {}
    for (period, who), values in SENT.items():
        path = f"submissions/maodun/{period}/{who}/indicators.csv"
        files[path] = [
            dict(zip(("指标编号", "指标值", "分子", "分母"), (key, *cells), strict=True))
            for key, given in values.items()
            for cells in [given if isinstance(given, tuple) else (given, "", "")]
        ]
        received[path] = RECEIVED[period]
    return write_tree(root, files, received)


@pytest.fixture(scope="module")
def home(rule_homes: RuleHomes, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Its programme alone."""
    return rule_homes.alone(rule_homes.proposals, tmp_path_factory.mktemp("proposals"))


@pytest.fixture
def warehouse(home: Settings):
    with reader(home.warehouse) as connection:
        yield connection


# --- edits ------------------------------------------------------------------------------------------


def test_edits_that_fail_are_the_flags_of_their_rules(warehouse):
    """The two homes of a ratio and a range (expectations and macros) judge every row alike; the sums are the rule views' own."""
    terms = (
        "intermediate.int_edit_terms t JOIN intermediate.int_edit_cells c ON t.programme_id = c.programme_id "
    )
    terms += (
        "AND t.cell_period = c.period AND t.reporter_id = c.reporter_id AND t.indicator_id = c.indicator_id "
    )
    terms += "AND t.field = c.field"
    failing = warehouse.execute(
        f"""
        WITH edits AS (
            SELECT rule_id, t.period, head_reporter_id AS reporter_id, head_indicator_id AS entity_id, kind,
                   any_value(constant) AS constant, any_value(tolerance) AS tolerance, sum(coefficient * value) AS total,
                   any_value(value) FILTER (t.field = 'value') AS rate,
                   any_value(coefficient * value) FILTER (t.field = 'numerator') AS above,
                   any_value(value) FILTER (t.field = 'denominator') AS below
            FROM {terms} GROUP BY ALL
        )
        SELECT DISTINCT rule_id, period, reporter_id, entity_id FROM edits
        WHERE CASE kind WHEN 'ratio' THEN below = 0 OR abs(rate - above / below) > tolerance
                        WHEN 'le' THEN total > constant + tolerance ELSE abs(total - constant) > tolerance END
        """
    ).fetchall()
    flags = warehouse.execute(
        "SELECT DISTINCT rule_id, period, reporter_id, entity_id FROM quality.flags "
        "WHERE rule_id IN ('V06', 'V07', 'V08', 'V09', 'V10', 'Q03')"
    ).fetchall()
    assert set(failing) == set(flags)
    assert {row[0] for row in flags} == {"V06", "V07", "V08", "V09", "V10", "Q03"}


def test_units_and_tolerance_have_one_meaning():
    text = (REPOSITORY / "dbt_project" / "macros" / "edits.sql").read_text(encoding="utf-8")

    def listed(macro: str) -> list[str]:
        body = re.search(rf"macro {macro}\(\).*?return\(\[(.*?)\]\)", text, re.DOTALL).group(1)
        return re.findall(r"'([^']+)'", body)

    assert tuple(listed("percent_units")) == PERCENT_UNITS
    assert tuple(listed("time_units")) == TIME_UNITS
    assert float(re.search(r"ratio_tolerance\(\) -%\} ([0-9.]+)", text).group(1)) == RATIO_TOLERANCE


# --- proposals --------------------------------------------------------------------------------------

PROPOSALS = {
    # (rules, confidence): alternatives of (period, reporter, indicator, field, reported, proposed)
    ("V06、V07", "unique"): [{("2021Q1", "a", "rate", "numerator", 120, 81)}],
    ("V06", "ambiguous"): [
        {("2021Q1", "b", "rate", "value", 40, 80)},
        {("2021Q1", "b", "rate", "numerator", 80, 40)},
        {("2021Q1", "b", "rate", "denominator", 100, 200)},
    ],
    ("V10", "unique"): [{("2021Q1", "c", "rate", "denominator", 0, 40)}],
    ("V08、V09", "unique"): [{("2021Q2", "k1", "n", "value", 95, 59)}],
    ("V07", "ambiguous"): [
        {("2021Q2", "b", "rate", "numerator", 30, 20)},
        {("2021Q2", "b", "rate", "denominator", 20, 30)},
    ],
    # H03 speaks against the balance as well
    ("Q03", "unique"): [{("2021Q2", "d", "balance", "value", 16, 60)}],
}  # fmt: skip


def test_every_contradiction_has_its_proposals_and_nothing_else_has(warehouse):
    found: dict[tuple, dict[int, set]] = {}
    for rules, confidence, alternative, alternatives, size, *cell in warehouse.execute(
        "SELECT rules, confidence, alternative, alternatives, cells_in_set, period, reporter_id, indicator_id, field, "
        "reported_value, proposed_value FROM quality.correction_proposals"
    ).fetchall():
        sets = found.setdefault((rules, confidence), {})
        sets.setdefault(alternative, set()).add(tuple(cell))
        assert (alternatives, size) == (len(PROPOSALS[rules, confidence]), 1)
    assert {key: sorted(sets) for key, sets in found.items()} == {
        key: list(range(1, len(sets) + 1)) for key, sets in PROPOSALS.items()
    }
    for key, sets in found.items():
        assert sorted(map(sorted, sets.values())) == sorted(map(sorted, PROPOSALS[key])), key


def test_places_are_those_of_the_file(warehouse):
    rows = warehouse.execute(
        "SELECT field, path, sheet, row_number, column_name FROM quality.correction_proposals "
        "WHERE reporter_id = 'b' AND period = '2021Q1'"
    ).fetchall()
    path = "submissions/maodun/2021Q1/b/indicators.csv"
    assert set(rows) == {
        ("value", path, None, 2, "指标值"),
        ("numerator", path, None, 2, "分子"),
        ("denominator", path, None, 2, "分母"),
    }


def test_messages(warehouse):
    texts = dict(
        warehouse.execute("SELECT DISTINCT rules, message FROM quality.correction_proposals").fetchall()
    )
    assert texts["V06、V07"] == (
        "a县 2021Q1 “网办率”：V06、V07 互相矛盾，改动最少的做法是只改 1 个单元格：分子 120 改为 81，改后各条规则都成立；"
        "仅为建议，未改动任何数据，请核对原始凭证后由填报单位更正"
    )
    assert texts["V06"] == (
        "b县 2021Q1 “网办率”：V06 不成立，改动最少的做法是改 1 个单元格，无法判断是哪一个，三选一：（1）指标值 40 改为 80；"
        "（2）分子 80 改为 40；（3）分母 100 改为 200；仅为建议，未改动任何数据，请核对原始凭证后由填报单位更正"
    )
    assert "k1县 2021Q2 “受理件数”的指标值 95 改为 59（疑为相邻两位数字颠倒）" in texts["V08、V09"]
    assert "不成立，改动最少的做法是改 1 个单元格，无法判断是哪一个，二选一" in texts["V07"]
    assert "指标值 16 改为 60（该处另有 H03 提示，优先怀疑）" in texts["Q03"]


def test_nothing_was_changed(warehouse):
    rows = warehouse.execute(
        "SELECT reporter_id, value, numerator, denominator FROM raw.indicator_values WHERE period = '2021Q1' AND "
        "reporter_id IN ('a', 'c') ORDER BY 1"
    ).fetchall()
    assert rows == [("a", 81, 120, 100), ("c", 50, 20, 0)]
