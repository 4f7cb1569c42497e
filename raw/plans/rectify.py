"""The table of a rectification report → the rectification registry.

Belongs here: problem, legal basis, units and measures of one row. Does not belong here: progress of the
rectification (submissions tell it).
"""

from __future__ import annotations

import re

from raw.plans.grid import Table
from raw.plans.model import Issue, Plan
from raw.plans.outline import split_title
from raw.plans.text import despace, shorten, strip_markup
from raw.plans.units import PREFIX_RE, is_unit, parse_units

_BASIS_RE = re.compile(
    r"[《〈][^《》〈〉]{2,40}(?:条例|法|规定|办法|意见|通知|决定|规则|规程)[》〉](?:第\s*[\d一二三四五六七八九十百]+\s*条?(?:\s*[和、及至-]\s*第?\s*[\d一二三四五六七八九十百]+\s*条?)*)?"
    r"|[《〈]?[一-龥]{2,20}条例[》〉]第\s*[\d一二三四五六七八九十百]+\s*条"
)


def from_table(table: Table, plan: Plan) -> list[Issue]:
    """Issues of a table with problem, measures and units."""
    columns = {
        name: table.column(name)
        for name in ("seq", "problem", "suggestion", "measures", "units", "lead", "deadline", "source")
    }
    found: list[Issue] = []
    for row in table.rows:

        def cell(name: str, row=row) -> str:
            at = columns[name]
            return row.cells[at] if at is not None and at < len(row.cells) else ""

        problem = despace(strip_markup(cell("problem")))
        number = despace(cell("seq"))
        if found and not number and any(row.cells):
            _extend(found[-1], problem, cell("measures"), cell("units"))
            continue
        if not problem:
            if any(row.cells):
                plan.find(
                    row.line, "未识别", shorten(" ".join(row.cells)), "整改表中的这一行没有问题描述，未登记"
                )
            continue
        title, _ = split_title(problem)
        if not number.isdigit():
            plan.find(row.line, "编号跳号", shorten(title), "没有序号，按出现顺序编号")
        elif int(number) != len(found) + 1:
            plan.find(
                row.line,
                "编号跳号",
                shorten(title),
                f"序号 {number} 与出现顺序 {len(found) + 1} 不一致，请核对",
            )
        basis = "；".join(dict.fromkeys(_basis(problem + despace(strip_markup(cell("source"))))))
        units = split_units(cell("units") or cell("lead"))
        measures = despace(strip_markup(cell("measures") or cell("suggestion")))
        issue = Issue(
            f"i{int(number) if number.isdigit() else len(found) + 1:02d}",
            title,
            basis,
            units,
            measures,
            row.line,
        )
        issue.due_text = cell("deadline").strip()
        if not units:
            plan.find(row.line, "责任单位缺失", shorten(title), "整改问题没有责任单位，请补填")
        if not measures:
            plan.find(row.line, "未识别", shorten(title), "整改问题没有整改措施，请补填")
        if not basis:
            plan.find(row.line, "说明", shorten(title), "没有读到法规依据")
        if re.search(r"等\s*(?:</p>)?\s*$", cell("units")):
            plan.find(row.line, "名单未列全", shorten("、".join(units)), "责任单位以“等”结尾，名单未列全")
        if "<" in "".join(row.cells):
            plan.find(row.line, "标记残留", shorten(title), "单元格里有网页标记，已去掉")
        for name in units:
            if not is_unit(name):
                plan.find(row.line, "单位存疑", name, f"“{name}”不像单位名称，请核对")
        found.append(issue)
    return found


def _extend(issue: Issue, problem: str, measures: str, units: str) -> None:
    issue.measures += despace(strip_markup(measures))
    for name in split_units(units):
        if name not in issue.units:
            issue.units.append(name)


def _basis(text: str) -> list[str]:
    found = []
    for match in _BASIS_RE.finditer(text):
        words = re.sub(r"\s", "", match[0])
        # one bracket lost: 商丘市优化营商环境条例》第25条
        if words.count("《") < words.count("》"):
            words = "《" + re.sub(r"^.*(?:及|和|、|落实|依据|根据)", "", words)
        if re.search(r"第.+条", words):
            found.append(words)
    return found


def split_units(text: str) -> list[str]:
    """Names of a cell, separated by white space or by 、; a name broken by a wrap is put together again."""
    flat = strip_markup(text).strip()
    flat = re.sub(r"等\s*$", "", flat)
    if re.search(r"[、，；;]", flat):
        return list(dict.fromkeys(s.unit for s in parse_units(flat).shares))
    names: list[str] = []
    for piece in flat.split():
        broken = names and (
            not is_unit(names[-1]) or len(piece) <= 1 or not (is_unit(piece) or PREFIX_RE.match(piece))
        )
        if broken and not (is_unit(names[-1]) and PREFIX_RE.match(piece) and len(piece) > 2):
            names[-1] += piece
        else:
            names.append(piece)
    return list(dict.fromkeys(names))
