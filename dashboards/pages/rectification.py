"""The page of the rectification ledger: which problems are open, how old, whose, and what was reported about each.

Belongs here: sentences, sorting and cutting of this page. Does not belong here: what an issue is (``ledger``), SQL,
drawing. A programme without issues has no such page and no link to it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from dashboards import figures, ledger
from dashboards import format as fmt
from dashboards.pages.site import Site, base
from dashboards.theme import figure_html

Row = dict[str, Any]

ISSUES_ON_PAGE = 500  # a reporter's own page has all of its own
GROUPS_ON_PAGE = 200
_SEPARATORS = re.compile(r"[、，,；;/\n]+")


def headline(site: Site) -> tuple[str, list[str]]:
    """The page's first sentence and those that explain it."""
    rows = site.issues
    sums = ledger.tally(rows)
    first = f"共 {sums['n']:,} 个问题，已销号 {sums['closed']:,} 个"
    if sums["rate"] is not None:
        first += f"（{fmt.percent(sums['rate'])}）"
    if sums["overdue"]:
        owners = sorted({r["reporter_name"] for r in rows if r["days_overdue"] == sums["longest"]})
        first += f"；逾期未销号 {sums['overdue']:,} 个，最长 {sums['longest']:,} 天（{fmt.names(owners, 2)}）"
    elif sums["open"]:
        first += f"；未销号 {sums['open']:,} 个，无一逾期"
    if sums["reopened"]:
        first += f"；销号后重新打开 {sums['reopened']:,} 个"
    more = []
    earlier = [t for t in site.rectification_totals if t["period"] < site.period]
    if earlier:
        last = earlier[-1]
        new = sum(r["since"] == site.period for r in rows)
        closed = sums["closed"] - last["closed"]
        text = f"与 {last['period']} 相比，新登记 {new:,} 个"
        text += f"，销号净增 {closed:,} 个" if closed >= 0 else f"，销号净减 {-closed:,} 个"
        delta = sums["overdue"] - last["overdue"]
        text += f"，逾期{'增加' if delta > 0 else '减少'} {abs(delta):,} 个" if delta else "，逾期数持平"
        more.append(text + "。")
    if sums["cancelled"]:
        more.append(f"取消 {sums['cancelled']:,} 个，不计入销号率。")
    if sums["ever_reopened"]:
        more.append(f"有 {sums['ever_reopened']:,} 个问题曾在销号后重新打开。")
    incomplete = sum(any(f["rule_id"] == "Z02" for f in r["flags"]) for r in rows)
    if incomplete:
        more.append(f"已销号而销号日期或整改措施不全的 {incomplete:,} 个。")
    return first, more


def units_of(text: str | None) -> list[str]:
    """The responsible units of an issue, one by one, as the county wrote them."""
    units = [unit.strip() for unit in _SEPARATORS.split(text or "")]
    return list(dict.fromkeys(unit for unit in units if unit)) or ["（未明确责任单位）"]


def _grouped(groups: dict[str, list[Row]]) -> list[Row]:
    table = [{"key": key, **ledger.tally(rows)} for key, rows in groups.items()]
    return sorted(table, key=lambda row: (-row["overdue"], -row["open"], -row["n"], row["key"]))


def rectification(site: Site) -> Row:
    """Context of rectification.html."""
    first, more = headline(site)
    rows = site.issues
    of_reporters: dict[str, list[Row]] = defaultdict(list)
    of_units: dict[str, list[Row]] = defaultdict(list)
    names = {}
    for row in rows:
        of_reporters[row["reporter_id"]].append(row)
        names[row["reporter_id"]] = row["reporter_name"]
        for unit in units_of(row["units"]):
            of_units[unit].append(row)
    ages = ledger.ages(rows)
    open_n = sum(row["n"] for row in ages)
    return base(site, "rectification", "整改台账") | {
        "headline": first,
        "sentences": more,
        "sums": ledger.tally(rows),
        "ages": figure_html(
            figures.issue_ages(ages),
            f"未销号的 {open_n:,} 个问题到 {fmt.day(site.now.get('period_end'))} 的期限情况。",
            (["期限情况", "问题数"], [[row["word"], row["n"]] for row in ages]),
        ),
        "open_n": open_n,
        "totals": site.rectification_totals,
        "by_reporter": [row | {"name": names[row["key"]]} for row in _grouped(of_reporters)][:GROUPS_ON_PAGE],
        "by_unit": _grouped(of_units)[:GROUPS_ON_PAGE],
        "issues": rows[:ISSUES_ON_PAGE],
        "issues_total": len(rows),
        "href": site.href,
    }
