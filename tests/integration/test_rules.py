"""Rules across files, periods, reporters and registry versions: one small tree, every flag at its exact place.

Belongs here: the rules that compare (K03, K04, V08, V09, H02, H04–H10, Q03, Q04, X03, R02, R03, T11), confirmations, fire rates and
obligations. Does not belong here: single cells (``test_quality_runner``, readers), scores (``test_conformance``).
For each rule the whole set of its flags is written down, so that the twin beside every mistake must stay silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import reader, writer
from raw.loader import load
from tests.factories import make_registry, write_csv, write_registry_table, write_tree
from tests.integration.rule_homes import NOW, RuleHomes

# beside the session warehouse: the two halves of make test take about as long
pytestmark = [pytest.mark.integration, pytest.mark.warehouse]

IN_TIME = {"2021Q1": "2021-03-20", "2021Q2": "2021-06-20", "2021Q3": "2021-09-20", "2021Q4": "2021-12-20"}
QUARTERS = list(IN_TIME)
COMPARED = [
    "K03",
    "K04",
    "V08",
    "V09",
    "H02",
    "H04",
    "H05",
    "H06",
    "H07",
    "H08",
    "H09",
    "H10",
    "X03",
    "R02",
    "R03",
    "T11",
    "Q02",
    "Q03",
    "Q04",
]


def reporter(reporter_id: str, parent_id: str = "") -> dict:
    return {"reporter_id": reporter_id, "name": f"{reporter_id}县", "kind": "county", "parent_id": parent_id}


def task(task_id: str, deadline_text: str = "2021年12月31日", **more: str) -> dict:
    return {
        "task_id": task_id,
        "special_id": "kaiban",
        "title": f"任务{task_id}",
        "deadline_text": deadline_text,
    } | more


def indicator(
    indicator_id: str, name: str, unit: str = "天", polarity: str = "lower", **more: object
) -> dict:
    line = {
        "indicator_id": indicator_id,
        "special_id": "kaiban",
        "name": name,
        "unit": unit,
        "polarity": polarity,
    }
    return line | {"decimals": 2, "valid_min": 0, "method": "auto"} | more


def leads(*task_ids: str) -> list[dict]:
    return [{"task_id": t, "unit_name": "市市场监督管理局", "role": "lead"} for t in task_ids]


class Tree:
    """Submissions of a tree under construction, with the time each was received."""

    def __init__(self) -> None:
        self.files: dict[str, list[dict]] = {}
        self.received: dict[str, str] = {}

    def indicators(
        self, programme: str, period: str, who: str, name: str = "indicators", at: str = "", **values: object
    ) -> None:
        """One file of indicator values: column 指标值, rows from 2 in the order given."""
        rows = [{"指标编号": key, "指标值": value, "说明": "属实"} for key, value in values.items()]
        self._add(
            f"submissions/{programme}/{period}/{who}/{name}.csv",
            rows,
            at or f"{IN_TIME[period]}T10:00:00+08:00",
        )

    def progress(
        self, programme: str, period: str, who: str, *rows: dict, name: str = "progress", at: str = ""
    ) -> None:
        """One file of task rows (key, status, progress, evidence)."""
        written = [
            {
                "任务编号": row["task"],
                "状态": row.get("status", "推进中"),
                "完成进度": row["progress"],
                "完成日期": row.get("done", ""),
                "进展情况": "按计划推进",
                "佐证材料": row.get("evidence", ""),
            }
            for row in rows
        ]
        self._add(
            f"submissions/{programme}/{period}/{who}/{name}.csv",
            written,
            at or f"{IN_TIME[period]}T10:00:00+08:00",
        )

    def _add(self, path: str, rows: list[dict], at: str) -> None:
        self.files[path], self.received[path] = rows, at


def _history(root: Path, tree: Tree) -> None:
    """Programme ``lishi``: eight counties, four quarters."""
    who = [f"r{n}" for n in range(1, 9)]
    make_registry(
        root,
        "lishi",
        reporters=[reporter(w) for w in who],
        tasks=[],
        responsibilities=[],
        targets=[],
        indicators=[
            indicator("hb", "办理时间"),
            indicator("same", "审批时间", frontier=5, worst=50),
            indicator("fast", "接电时间", frontier=2, worst=20),
            indicator("cum", "累计受理", "件", "higher", decimals=0),
            indicator("tax_year", "年内累计减税额", "万元", "higher", decimals=0),
            indicator("tax", "减税额", "万元", "higher", decimals=0),
        ],
    )
    steady = [9, 10, 11, 12]
    for number, w in enumerate(who):
        for quarter, period in enumerate(QUARTERS):
            # by hand: ratios in Q2 are 1, 1.05 … 1.3 and 4, median 1.175; effects of the first seven lie within ±0.44,
            # the bounds are about ±0.84, the effect of the last is (4 / 1.175 − 1) · 40^0.4 = 10.5
            hb = 10 if quarter == 0 else [10, 10.5, 11, 11.5, 12, 12.5, 13, 40][number] + max(quarter - 1, 0)
            same = {"r1": 9, "r2": [9, 9, 9, 8][quarter], "r3": 5}.get(w, steady[quarter] + number)
            fast = {"r1": [10, 1], "r2": [10, 2]}.get(w, [10, 10])[min(quarter, 1)]
            cum = {"r1": [100, 90, 95, 95], "r2": [100, 100, 120, 120]}.get(w, [100, 110, 120, 130])[quarter]
            tax_year = {"r1": [10, 14, 20, 25]}.get(w, [10, 15, 20, 25])[quarter]
            values = {"hb": hb, "same": same, "fast": fast, "cum": cum}
            # r3 leaves a quarter out: the sum cannot be made
            tax = {} if (w, quarter) == ("r3", 0) else {"tax": [10, 5, 5, 5][quarter]}
            tree.indicators(
                "lishi", period, w, **values, tax_year=90 + quarter if w == "r3" else tax_year, **tax
            )


def _late(root: Path, tree: Tree) -> None:
    """Programme ``chidao``: files after the freeze (12 April), and files that contradict each other."""
    make_registry(
        root,
        "chidao",
        reporters=[reporter(w) for w in ("a", "b", "c", "d", "e", "pa")] + [reporter("ch", "pa")],
        tasks=[task("t1"), task("t2"), task("t3"), task("t4")],
        responsibilities=leads("t1", "t2", "t3", "t4"),
        assignments=[{"task_id": "t2", "reporter_id": "a"}, {"task_id": "t3", "reporter_id": "b"}],
        indicators=[indicator("x", "办结时间", frontier=1, worst=10)],
        targets=[],
    )
    after_freeze = "2021-05-01T09:00:00+08:00"
    tree.indicators("chidao", "2021Q1", "a", at=after_freeze, x=5)
    for who, late in (("b", 4), ("c", 5)):
        tree.indicators("chidao", "2021Q1", who, x=5)
        tree.indicators("chidao", "2021Q1", who, name="indicators_补", at=after_freeze, x=late)
    for who in ("a", "b", "c"):
        tree.indicators("chidao", "2021Q2", who, x=6)
    for who, late in (("a", 40), ("b", 60)):
        tree.progress("chidao", "2021Q1", who, {"task": "t1", "progress": 50})
        tree.progress(
            "chidao", "2021Q1", who, {"task": "t1", "progress": late}, name="progress_补", at=after_freeze
        )
    tree.progress(
        "chidao", "2021Q1", "c", {"task": "t1", "status": "已完成", "progress": 100, "done": "2021-03-10"}
    )
    tree.progress(
        "chidao", "2021Q1", "c", {"task": "t1", "progress": ""}, name="progress_补", at=after_freeze
    )
    tree.progress("chidao", "2021Q2", "a", {"task": "t2", "progress": 50})
    tree.progress("chidao", "2021Q2", "b", {"task": "t3", "progress": 50})
    tree.progress("chidao", "2021Q2", "c", {"task": "t2", "progress": 60}, {"task": "t3", "progress": 50})
    for period, child in (("2021Q2", 8), ("2021Q3", 7)):
        tree.indicators("chidao", period, "pa", x=7)
        tree.indicators("chidao", period, "ch", x=child)
    for who, second in (("d", "2021-06-20T10:00:00+08:00"), ("e", "2021-06-20T10:05:00+08:00")):
        tree.indicators("chidao", "2021Q2", who, x=3)
        tree.indicators("chidao", "2021Q2", who, name="indicators_另", at=second, x=4)


def _sums(root: Path, tree: Tree) -> None:
    """Programme ``heji``: a county with two townships; words in value cells; applicability without reason."""
    words = ["0", "", "无", "不适用", "—", "未开展", "持续推进", "约5"]
    make_registry(
        root,
        "heji",
        reporters=[reporter("p"), reporter("k1", "p"), reporter("k2", "p"), reporter("w")],
        tasks=[task("t1"), task("t2")],
        responsibilities=leads("t1", "t2"),
        targets=[],
        indicators=[
            indicator("n", "受理件数", "件", "higher", decimals=0),
            indicator("avg", "平均受理件数", "件", "higher", decimals=0),
            *(indicator(f"w{n}", f"指标{n}", "天") for n in range(len(words))),
        ],
        assignments=[
            *({"indicator_id": i, "reporter_id": r} for i in ("n", "avg") for r in ("p", "k1", "k2")),
            *({"indicator_id": f"w{n}", "reporter_id": "w"} for n in range(len(words))),
        ],
        applicability=[
            {
                "indicator_id": "avg",
                "reporter_id": "k1",
                "state": "not_applicable",
                "reason": "市营商办第3号批复",
            },
            {"indicator_id": "avg", "reporter_id": "k2", "state": "not_applicable", "reason": "—"},
            {"indicator_id": "w1", "reporter_id": "w", "state": "no_practice", "reason": ""},
        ],
    )
    for period, total in (("2021Q1", 10), ("2021Q2", 9)):
        tree.indicators("heji", period, "p", n=total, avg=total)
        tree.indicators("heji", period, "k1", n=4)
        tree.indicators("heji", period, "k2", n=5)
    # a township that is missing leaves the sum unknown
    tree.indicators("heji", "2021Q3", "p", n=10)
    tree.indicators("heji", "2021Q3", "k1", n=4)
    tree.indicators("heji", "2021Q1", "w", **{f"w{n}": word for n, word in enumerate(words)})
    # F12 is a warning of the reader: 0.5 is taken for 50 %
    tree.progress("heji", "2021Q1", "w", {"task": "t1", "progress": 0.5})
    tree.progress(
        "heji", "2021Q1", "k1",
        {"task": "t1", "progress": 20, "evidence": "会议纪要.pdf"},
        {"task": "t2", "status": "已完成", "progress": 100, "done": "2021-03-10", "evidence": "验收单.pdf"},
    )  # fmt: skip
    tree.progress(
        "heji", "2021Q2", "k1",
        {"task": "t1", "progress": 30, "evidence": "会议纪要.pdf"},
        {"task": "t2", "status": "已完成", "progress": 100, "done": "2021-03-10", "evidence": "验收单.pdf"},
    )  # fmt: skip


def _lists(root: Path, tree: Tree) -> None:
    """Programme ``bangdan``: four nearly equal counties in Q1, a clear last one in Q2; half of ten tasks cannot be judged."""
    wide = {"unit": "分", "polarity": "higher", "frontier": 100, "worst": 0}
    make_registry(
        root,
        "bangdan",
        settings="[lists]\nred = 1\nblack = 1",
        reporters=[reporter(f"s{n}") for n in range(1, 6)],
        tasks=[task(f"t{n}", "适时" if n < 5 else "2021年12月31日") for n in range(10)],
        responsibilities=leads(*(f"t{n}" for n in range(10))),
        targets=[],
        indicators=[indicator(f"i{n}", f"得分{n}", **wide) for n in range(4)],
    )
    close = {
        "s1": (90, 10, 50, 49),
        "s2": (10, 90, 49.9, 50),
        "s3": (50, 49.9, 90, 10),
        "s4": (49.9, 50, 10, 90),
    }
    for who, values in close.items():
        tree.indicators("bangdan", "2021Q1", who, **{f"i{n}": v for n, v in enumerate(values)})
        later = (1, 1, 1, 1) if who == "s1" else values
        tree.indicators("bangdan", "2021Q2", who, **{f"i{n}": v for n, v in enumerate(later)})
    for period in ("2021Q1", "2021Q2"):
        tree.indicators("bangdan", period, "s5", i0=99, i1=99, i2=99, i3=99)
    # the twin of Q01: four of ten
    make_registry(
        root,
        "bangdan2",
        tasks=[task(f"t{n}", "适时" if n < 4 else "2021年12月31日") for n in range(10)],
        responsibilities=leads(*(f"t{n}" for n in range(10))),
    )


def _relations(root: Path, tree: Tree) -> None:
    """Programme ``guanxi``: relations between indicators; values that are missing or were given twice."""
    counties = [f"g{n}" for n in range(1, 8)]
    folder = make_registry(
        root,
        "guanxi",
        reporters=[reporter("gp"), *(reporter(g, "gp" if g in ("g3", "g4") else "") for g in counties)],
        tasks=[],
        responsibilities=[],
        targets=[],
        indicators=[
            *(indicator(i, name, "万元", "higher", decimals=0) for i, name in (("bal", "贸易差额"), ("exp", "出口额"))),
            *(indicator(i, name, "万元", "higher", decimals=0) for i, name in (("imp", "进口额"), ("exp_year", "年内累计出口额"))),
            *(indicator(i, name, "亿元", "higher") for i, name in (("all", "投资总额"), ("own", "自筹"), ("loan", "贷款"))),
        ],
        assignments=[{"indicator_id": "imp", "reporter_id": g} for g in counties[:6]],
        applicability=[
            {"indicator_id": "imp", "reporter_id": "g5", "state": "not_applicable", "reason": "市营商办第3号批复"},
            {"indicator_id": "imp", "reporter_id": "g6", "state": "no_practice", "reason": "尚无进口企业"},
        ],
    )  # fmt: skip
    write_csv(
        folder / "relations.csv",
        ["relation_id", "indicator_id", "coefficient", "name"],
        [
            ["trade", "bal", 1, "差额=出口-进口"], ["trade", "exp", -1, ""], ["trade", "imp", 1, ""],
            ["invest", "all", 0.5, ""], ["invest", "own", -0.5, ""], ["invest", "loan", -0.5, ""],
        ],
    )  # fmt: skip
    trade = {
        "g1": {"bal": 12, "exp": 20, "imp": 10, "exp_year": 20},
        "g2": {"bal": 10, "exp": 20, "imp": 10},
        "g3": {"bal": 10, "exp": 20, "exp_year": 20},
        "g5": {"bal": 12, "exp": 20},
        "g6": {"bal": 20, "exp": 20},
        "g7": {"bal": 12, "exp": 20},
        "gp": {"exp": 50},
    }
    # three terms of two decimals and coefficient 0.5: the sum may be off by 3 · 0.5 · 0.005 = 0.0075, the total by 0.015
    for who, total in (("g1", 10.01), ("g2", 10.02), ("g5", 9.99), ("g6", 9.98)):
        trade[who] |= {"all": total, "own": 4, "loan": 6}
    for who, values in trade.items():
        tree.indicators("guanxi", "2021Q1", who, **values)
    twice = [("bal", 10), ("exp", 20), ("imp", 10), ("exp_year", 20), ("exp", 30)]
    tree._add(
        "submissions/guanxi/2021Q1/g4/indicators.csv",
        [{"指标编号": key, "指标值": value} for key, value in twice],
        "2021-03-20T10:00:00+08:00",
    )
    for who in ("g3", "g4"):
        tree.indicators("guanxi", "2021Q2", who, exp=5)


def _own_history(root: Path, tree: Tree) -> None:
    """Programme ``wangqi``: eight quarters of a reporter's own values."""
    quarters = [f"{year}Q{n}" for year in (2020, 2021) for n in (1, 2, 3, 4)]
    make_registry(
        root,
        "wangqi",
        start=date(2020, 1, 1),
        reporters=[reporter(f"h{n}") for n in range(1, 7)],
        tasks=[],
        responsibilities=[],
        targets=[],
        indicators=[
            indicator("n", "办件量", "件", "higher", decimals=0),
            indicator("t", "停电时间", decimals=1),
        ],
    )
    # median 100, MAD 1: 2 % of the median is the larger spread, five times it is 10
    calm = [100, 102, 98, 101, 99, 100, 100]
    # median 100, MAD 40: 5 · 1.4826 · 40 = 296.52
    wild = [50, 150, 60, 140, 100, 90, 110]
    series = {
        "h1": [*calm, 111],
        "h2": [*calm, 110],
        "h3": ["", "", *calm[2:], 900],
        "h4": [*wild, 397],
        "h5": [*wild, 396],
        "h6": [*calm, 89],
    }
    for who, values in series.items():
        for number, (period, value) in enumerate(zip(quarters, values, strict=True)):
            # a history of zeros: half a unit of the last decimal is the spread, five times it is 0.25
            spell = {"h1": 0.3, "h2": 0.2}.get(who, 0) if number == 7 else 0
            day = f"{period[:4]}-{3 * int(period[5]):02d}-20"
            if who == "h6" and number == 0:
                day = "2021-11-01"  # after the freeze of 2021Q3, which therefore knows five values
            tree.indicators("wangqi", period, who, at=f"{day}T10:00:00+08:00", n=value, t=spell)


BOOK = {
    "reporters": [reporter("g")],
    "tasks": [task("t1"), task("t2"), task("t3"), task("t4"), task("t5", "2021 年 12 月")],
    "responsibilities": leads("t1", "t2", "t3", "t4", "t5"),
    "indicators": [
        indicator("i1", "时间一", baseline=10),
        indicator("i2", "时间二", baseline=10),
        indicator("i3", "时间三"),
    ],
    "targets": [
        {"indicator_id": "i1", "due_date": "2021-12-31", "target": 5},
        {"indicator_id": "i2", "due_date": "2021-12-31", "target": 5},
        {"indicator_id": "i3", "due_date": "2021-06-30", "target": 5},
    ],
}
BOOK_CHANGED = {
    "tasks": [
        task("t1", "2021年12月底前"),
        task("t2", "2021年11月30日", source="市政府第7号会议纪要"),
        task("t5", "2021年12月", title="改了名称"),
    ],
    "responsibilities": leads("t1", "t2", "t5"),
    "indicators": [indicator("i1", "时间一", baseline=12), indicator("i2", "时间二", baseline="10.0"), indicator("i3", "时间三", baseline=9)],
    "targets": [
        {"indicator_id": "i1", "due_date": "2021-12-31", "target": 6},
        {"indicator_id": "i2", "due_date": "2021-12-31", "target": "5.0"},
        {"indicator_id": "i3", "due_date": "2021-09-30", "target": 5},
    ],
}  # fmt: skip

CONFIRMATIONS = """rule_id,reporter_id,entity_id,period,note,by
H04,r8,hb,2021Q2,供电改造停工，属实,张三
F12,w,t1,2021Q1,进度确为50%,李四
V08,p,n,2021Q1,属实,王五
H05,nobody,same,2021Q4,属实,王五
H05,r1,same,2021Q4,,王五
ZZ9,r1,same,2021Q4,属实,王五
"""


def write_raw(root: Path) -> Path:
    """The raw tree of the rules, with the first version of the registry that changes."""
    tree = Tree()
    for part in (_history, _late, _sums, _lists, _relations, _own_history):
        part(root, tree)
    make_registry(root, "shu", **BOOK)
    tree.progress(
        "shu", "2021Q1", "g",
        {"task": "t3", "progress": 50}, {"task": "t4", "status": "已完成", "progress": 100, "done": "2021-03-10"},
    )  # fmt: skip
    write_tree(root, tree.files, tree.received)
    (root / "confirmations.csv").write_text(CONFIRMATIONS, encoding="utf-8")
    return root


def change_registry(root: Path) -> Iterator[None]:
    """The registry changes, is landed, and changes elsewhere: a version later, what was changed stays changed."""
    for table, rows in BOOK_CHANGED.items():
        write_registry_table(root / "registry" / "shu", table, rows)
    yield
    write_registry_table(root / "registry" / "shu", "units", [{"unit_id": "u1", "name": "市市场监督管理局"}])


@pytest.fixture(scope="module")
def home(rule_homes: RuleHomes, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Its programmes alone, landed with three versions of one registry."""
    return rule_homes.alone(rule_homes.rules, tmp_path_factory.mktemp("rules"))


@pytest.fixture
def warehouse(home: Settings):
    with reader(home.warehouse) as connection:
        yield connection


def flags(connection, rule_id: str, columns: str) -> set[tuple]:
    rows = connection.execute(f"SELECT {columns} FROM quality.flags WHERE rule_id = ?", [rule_id]).fetchall()
    assert len(rows) == len(set(rows)), "two flags at one place"
    return set(rows)


def at(programme: str, period: str, who: str, name: str = "indicators") -> str:
    return f"submissions/{programme}/{period}/{who}/{name}.csv"


CELL = "period, reporter_id, entity_id, path, row_number, column_name, raw_value"
# per rule the flags of the whole tree: (period, reporter, entity, path, row, column, cell)
CELLS = {
    "H02": {("2021Q2", "r1", "cum", at("lishi", "2021Q2", "r1"), 5, "指标值", "90")},
    "V09": {("2021Q2", "r1", "tax_year", at("lishi", "2021Q2", "r1"), 6, "指标值", "14")},
    "H05": {("2021Q4", "r1", "same", at("lishi", "2021Q4", "r1"), 3, "指标值", "9")},
    "H10": {("2021Q2", "r1", "fast", at("lishi", "2021Q2", "r1"), 4, "指标值", "1")},
    "H06": {
        ("2021Q1", "b", "x", at("chidao", "2021Q1", "b", "indicators_补"), 2, "指标值", "4"),
        ("2021Q1", "a", "t1", at("chidao", "2021Q1", "a", "progress_补"), 2, "完成进度", "40"),
        ("2021Q1", "c", "t1", at("chidao", "2021Q1", "c", "progress_补"), 2, "状态", "推进中"),
    },
    "X03": {
        ("2021Q2", "a", "t2", at("chidao", "2021Q2", "a", "progress"), 2, "完成进度", "50"),
        ("2021Q2", "c", "t2", at("chidao", "2021Q2", "c", "progress"), 2, "完成进度", "60"),
        ("2021Q2", "pa", "x", at("chidao", "2021Q2", "pa"), 2, "指标值", "7"),
        ("2021Q2", "ch", "x", at("chidao", "2021Q2", "ch"), 2, "指标值", "8"),
        ("2021Q2", "d", "x", at("chidao", "2021Q2", "d"), 2, "指标值", "3"),
        ("2021Q2", "d", "x", at("chidao", "2021Q2", "d", "indicators_另"), 2, "指标值", "4"),
    },
    "V08": {("2021Q1", "p", "n", at("heji", "2021Q1", "p"), 2, "指标值", "10")},
    "K03": {("2021Q1", "w", "w3", at("heji", "2021Q1", "w"), 5, "指标值", "不适用")},
    # a word is an answer: only what is neither number nor word cannot be read
    "F03": {("2021Q1", "w", "w7", at("heji", "2021Q1", "w"), 9, "指标值", "约5")},
    "Q03": {
        ("2021Q1", "g1", "bal", at("guanxi", "2021Q1", "g1"), 2, "指标值", "12"),
        ("2021Q1", "g2", "all", at("guanxi", "2021Q1", "g2"), 5, "指标值", "10.02"),
        ("2021Q1", "g6", "all", at("guanxi", "2021Q1", "g6"), 4, "指标值", "9.98"),
    },
    "Q04": {
        ("2021Q4", "h1", "n", at("wangqi", "2021Q4", "h1"), 2, "指标值", "111"),
        ("2021Q4", "h1", "t", at("wangqi", "2021Q4", "h1"), 3, "指标值", "0.3"),
        ("2021Q4", "h4", "n", at("wangqi", "2021Q4", "h4"), 2, "指标值", "397"),
        ("2021Q4", "h6", "n", at("wangqi", "2021Q4", "h6"), 2, "指标值", "89"),
    },
    "T11": {("2021Q2", "k1", "t1", at("heji", "2021Q2", "k1", "progress"), 2, "佐证材料", "会议纪要.pdf")},
    "K04": {(None, None, "avg", "registry/heji/applicability.csv", 3, "reason", "—")},
    "H07": {
        (None, None, "i1", "registry/shu/indicators.csv", 2, "baseline", "12"),
        (None, None, "i1", "registry/shu/targets.csv", 2, "target", "6"),
        (None, None, "i3", "registry/shu/targets.csv", None, "target", None),
    },
    "H08": {(None, None, "t1", "registry/shu/tasks.csv", 2, "deadline_text", "2021年12月底前")},
    "H09": {(None, None, "t3", "registry/shu/tasks.csv", None, "task_id", "t3")},
    "R02": {("2021Q2", "a", "a", None, None, None, "44.444444")},
    "Q02": {
        ("2021Q1", "p", "confirmations.csv", "confirmations.csv", 4, "rule_id", "V08"),
        (None, None, "confirmations.csv", "confirmations.csv", 5, "rule_id", "H05"),
        ("2021Q4", "r1", "confirmations.csv", "confirmations.csv", 6, "rule_id", "H05"),
        ("2021Q4", "r1", "confirmations.csv", "confirmations.csv", 7, "rule_id", "ZZ9"),
    },
}  # fmt: skip


@pytest.mark.parametrize("rule_id", CELLS)
def test_every_flag_at_its_place_and_no_other(warehouse, rule_id: str):
    assert flags(warehouse, rule_id, CELL) == CELLS[rule_id]


def test_messages_say_the_value_the_rule_and_the_remedy(warehouse):
    found = {
        (rule, entity): message
        for rule, entity, message in warehouse.execute(
            "SELECT rule_id, entity_id, message FROM quality.flags WHERE rule_id IN ('V08', 'V09', 'H06', 'H08', 'K03')"
        ).fetchall()
    }
    assert found["V08", "n"] == "受理件数填报 10，下级 2 个填报主体之和为 9；请核对分项与合计"
    assert "年内累计减税额填报 14" in found["V09", "tax_year"] and "之和为 15" in found["V09", "tax_year"]
    assert found["H06", "x"].startswith("2021Q1 期定版时报送的数值 5 被改为 4")
    assert "“2021年12月31日”，现改为“2021年12月底前”" in found["H08", "t1"]
    assert "填写的是“不适用”" in found["K03", "w3"]


def judged(connection, rule_id: str, entity_id: str, period: str) -> dict[str, str]:
    """reporter → status of a rule at one indicator (of one relation) and period."""
    return dict(
        connection.execute(
            "SELECT reporter_id, status FROM intermediate.int_check_rows WHERE rule_id = ? AND entity_id = ? AND period = ?",
            [rule_id, entity_id, period],
        ).fetchall()
    )


def test_relations_are_judged_where_every_term_is_known_once(warehouse):
    assert judged(warehouse, "Q03", "bal", "2021Q1") == {
        "g1": "fail",
        "g2": "pass",
        "g3": "not_evaluable",  # a term is missing
        "g4": "not_evaluable",  # a term was given twice
        "g5": "not_applicable",  # a term is not applicable
        "g6": "pass",  # no practice adds nothing
        "g7": "not_applicable",  # a term is not owed
        "gp": "not_applicable",
    }
    assert judged(warehouse, "Q03", "all", "2021Q1") == {
        **{"g1": "pass", "g2": "fail", "g5": "pass", "g6": "fail"},
        **dict.fromkeys(("g3", "g4", "g7", "gp"), "not_evaluable"),
    }
    messages = dict(
        warehouse.execute("SELECT (reporter_id, entity_id), message FROM quality.flags WHERE rule_id = 'Q03'").fetchall()
    )  # fmt: skip
    assert messages["g1", "bal"] == (
        "指标间关系“差额=出口-进口”不成立：贸易差额填报 12，按 出口额 20 －进口额 10 应为 10，相差 2；请核对本项与关系中的其他各项"
    )
    assert messages["g2", "all"].startswith(
        "指标间关系“invest”不成立：投资总额填报 10.02，按 自筹 4 ＋贷款 6 应为 10，相差 0.02；"
    )
    parameters = warehouse.execute(
        "SELECT DISTINCT parameters FROM intermediate.int_check_rows WHERE rule_id = 'Q03' ORDER BY 1"
    ).fetchall()
    assert parameters == [("relation=invest; tolerance=0.0075",), ("relation=trade; tolerance=0.5",)]


def test_sums_are_not_evaluable_where_a_value_is_missing_or_doubtful(warehouse):
    """gp has the children g3 and g4, whose 出口额 stands twice in Q1; in Q2 gp itself is missing. g2 left the sum of the year out."""
    assert judged(warehouse, "V08", "exp", "2021Q1")["gp"] == "not_evaluable"
    assert judged(warehouse, "V08", "exp", "2021Q2")["gp"] == "not_evaluable"
    assert judged(warehouse, "V08", "n", "2021Q1")["p"] == "fail"
    assert judged(warehouse, "V08", "n", "2021Q3")["p"] == "not_evaluable"
    year = judged(warehouse, "V09", "exp_year", "2021Q1")
    assert (year["g1"], year["g2"], year["g4"]) == ("pass", "not_evaluable", "not_evaluable")
    # the first row counts all the same, and rules that look at one value look at it
    assert warehouse.execute(
        "SELECT value FROM marts.indicator_scores WHERE reporter_id = 'g4' AND indicator_id = 'exp' AND period = '2021Q1'"
    ).fetchone() == (20.0,)


def test_own_history_needs_six_quarters_known_by_the_as_of(warehouse):
    for period, known in (
        ("2021Q2", set()),
        ("2021Q3", {"h1", "h2", "h4", "h5"}),
        ("2021Q4", {"h1", "h2", "h4", "h5", "h6"}),
    ):
        found = judged(warehouse, "Q04", "n", period)
        assert {who for who, status in found.items() if status in ("pass", "fail")} == known, period
    message, parameters = warehouse.execute(
        "SELECT message, parameters FROM quality.check_results WHERE rule_id = 'Q04' AND reporter_id = 'h4' AND status = 'fail'"
    ).fetchone()
    assert message.startswith(
        "办件量填报 397，与本单位往期水平相差过大：往期 7 个季度的中位数为 100，通常在 -196.52 至 396.52 之间"
    )
    assert parameters == "bound=5; scale=1.4826; share=0.02; quarters_min=6"


def test_a_cell_with_a_word_is_told_one_thing(warehouse):
    """不适用 is K03's, any other word K02's with its text; only what nobody knows is F03 beside K02."""
    found = warehouse.execute(
        "SELECT entity_id, list(rule_id ORDER BY rule_id), max(message) FILTER (rule_id = 'K02') FROM quality.flags "
        "WHERE programme_id = 'heji' AND reporter_id = 'w' AND period = '2021Q1' AND column_name = '指标值' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert {entity: rules for entity, rules, _ in found} == {
        "w2": ["K02"],
        "w3": ["K03"],
        "w4": ["K02"],
        "w5": ["K02"],
        "w6": ["K02"],
        "w7": ["F03", "K02"],
    }
    assert {entity: message.split("；")[0] for entity, _, message in found if message} == {
        f"w{n}": f"应报未报：指标{n}，填写的“{word}”不是数值"
        for n, word in ((2, "无"), (4, "—"), (5, "未开展"), (6, "持续推进"), (7, "约5"))
    }


def test_black_list_that_hangs_on_the_weights(warehouse):
    """s1 is last by a hair in Q1 and by far in Q2."""
    lists = warehouse.execute(
        "SELECT period, reporter_id, p_black < 0.5 FROM marts.ranking JOIN marts.rank_robustness USING (programme_id, period, "
        "reporter_id) WHERE programme_id = 'bangdan' AND list = 'black' AND period <= '2021Q2' ORDER BY 1"
    ).fetchall()
    assert lists == [("2021Q1", "s1", True), ("2021Q2", "s1", False)]
    found = flags(warehouse, "R03", "programme_id, period, reporter_id")
    assert {f for f in found if f[0] == "bangdan" and f[1] <= "2021Q2"} == {("bangdan", "2021Q1", "s1")}


def test_outlier_is_judged_with_the_parameters_of_the_catalogue(warehouse):
    passed = {f"r{n}": "pass" for n in range(1, 8)}
    assert judged(warehouse, "H04", "hb", "2021Q2") == passed | {"r8": "fail"}
    rows = warehouse.execute(
        "SELECT reporter_id, status, parameters, severity, owner, rule_version FROM quality.check_results "
        "WHERE rule_id = 'H04' AND entity_id = 'hb' AND period = '2021Q2' ORDER BY 1"
    ).fetchall()
    assert [(who, status) for who, status, *_ in rows] == [("r8", "confirmed")]
    assert flags(warehouse, "H04", "entity_id, period") & {("hb", "2021Q2")} == set()
    assert {tuple(rest) for _, _, *rest in rows} == {("A=0.05; U=0.4; C=4; peers_min=6", "W", "填报主体", 1)}


def test_a_confirmed_warning_is_not_asked_again_and_not_forgotten(warehouse):
    kept = warehouse.execute(
        "SELECT rule_id, reporter_id, entity_id, severity, note, confirmed_by FROM quality.confirmed_flags ORDER BY 1"
    ).fetchall()
    assert kept == [
        ("F12", "w", "t1", "W", "进度确为50%", "李四"),
        ("H04", "r8", "hb", "W", "供电改造停工，属实", "张三"),
    ]
    assert flags(warehouse, "F12", "reporter_id") == set()
    problems = [message for (message,) in warehouse.execute(
        "SELECT message FROM quality.flags WHERE rule_id = 'Q02' ORDER BY row_number").fetchall()]  # fmt: skip
    for wanted, message in zip(
        ("不能以确认代替改正", "填报主体 nobody", "缺少说明", "没有规则 ZZ9"), problems, strict=True
    ):
        assert wanted in message


def test_registry_history_keeps_one_version_per_content(home: Settings):
    with writer(home.warehouse) as connection:
        before = connection.execute("FROM raw.registry_history ORDER BY ALL").fetchall()
        assert connection.execute(
            "SELECT seq, is_current, first_seen_at = ? FROM raw.registry_versions WHERE programme_id = 'shu' ORDER BY seq",
            [NOW],
        ).fetchall() == [(1, False, True), (2, False, True), (3, True, True)]
        load(connection, home.raw_root)
        assert connection.execute("FROM raw.registry_history ORDER BY ALL").fetchall() == before
        assert connection.execute("SELECT count(*) FROM raw.registry_versions").fetchone() == (3 + 7,)


def test_fire_rates(warehouse):
    """Five of ten deadlines cannot be judged in one programme, four of ten in the other: only the first is more than 40 %."""
    stats = warehouse.execute(
        "SELECT programme_id, evaluated, failed, fire_rate FROM quality.rule_stats WHERE rule_id = 'T12' "
        "AND programme_id LIKE 'bangdan%' ORDER BY 1"
    ).fetchall()
    assert stats == [("bangdan", 10, 5, 0.5), ("bangdan2", 10, 4, 0.4)]
    found = flags(warehouse, "Q01", "programme_id, period, raw_value, entity_id")
    assert ("bangdan", None, "T12", "bangdan") in found
    loud = warehouse.execute(
        "SELECT programme_id, period, rule_id, programme_id FROM quality.rule_stats WHERE evaluated >= 10 AND fire_rate > 0.4"
    ).fetchall()
    assert found == set(loud)
    # rules of expectations count the rows that were read: 8 value rows of w, 6 of the others in Q1
    assert warehouse.execute(
        "SELECT evaluated, failed FROM quality.rule_stats WHERE rule_id = 'V05' AND programme_id = 'heji' AND period = '2021Q1'"
    ).fetchone() == (8 + 2 + 1 + 1, 0)


def test_answers_are_told_apart_and_kept_as_written(warehouse):
    rows = warehouse.execute(
        "SELECT indicator_id, value_raw, answer, state FROM marts.indicator_scores WHERE programme_id = 'heji' "
        "AND reporter_id = 'w' AND period = '2021Q1' ORDER BY 1"
    ).fetchall()
    assert rows == [
        ("w0", "0", "zero", "value"),
        ("w1", None, "blank", "no_practice"),
        ("w2", "无", "none_text", "not_submitted"),
        ("w3", "不适用", "not_applicable_text", "not_submitted"),
        ("w4", "—", "dash", "not_submitted"),
        ("w5", "未开展", "not_started_text", "not_submitted"),
        ("w6", "持续推进", "ongoing_text", "not_submitted"),
        ("w7", "约5", "other_text", "not_submitted"),
    ]


def test_obligations_are_four_facts(warehouse):
    rows = warehouse.execute(
        "SELECT reporter_id, period, files_received, readable, complete, on_time, parseable, cells_unreadable, valid_from, "
        "valid_to FROM marts.reporting WHERE programme_id = 'heji' AND kind = 'indicators' AND reporter_id IN ('p', 'w') "
        "AND period IN ('2021Q1', '2021Q4') ORDER BY ALL"
    ).fetchall()
    span = (date(2021, 1, 1), date(2021, 12, 31))
    assert rows == [
        ("p", "2021Q1", 1, True, True, True, True, 0, *span),
        ("p", "2021Q4", 0, False, False, False, None, None, *span),
        ("w", "2021Q1", 1, True, False, True, False, 6, *span),
        ("w", "2021Q4", 0, False, False, False, None, None, *span),
    ]


def test_every_judgement_names_its_rule_and_no_compared_rule_is_idle(warehouse):
    """Each compared rule has a row it failed and one it passed: neither always silent nor always loud."""
    seen = dict(
        warehouse.execute(
            "SELECT rule_id, bool_or(status IN ('fail', 'confirmed')) AND bool_or(status = 'pass') FROM quality.check_results "
            "GROUP BY 1"
        ).fetchall()
    )
    assert [rule for rule in COMPARED if not seen[rule]] == []
    assert warehouse.execute(
        "SELECT count(*) FROM quality.check_results WHERE severity IS NULL OR owner IS NULL OR rule_version IS NULL"
    ).fetchone() == (0,)
