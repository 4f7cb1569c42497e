"""The page of a quarter's editions: which stands, what each revision changed, what the next one would, how to check it.

Belongs here: grouping and wording of editions and their differences. Does not belong here: finding differences and verifying
(``orchestration/editions``), SQL, markup.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from dashboards import format as fmt
from dashboards.pages.site import Site, base
from dashboards.theme import LIGHTS

Row = dict[str, Any]

CHANGES_IN_GROUP = 200
GROUPS = {
    "input": "输入文件",
    "value": "指标值",
    "task": "任务状态",
    "reporting": "报送",
    "rectification": "整改",
    "satisfaction": "满意度",
    "indicator_score": "指标得分",
    "task_score": "任务得分",
    "special": "专项得分与位次",
    "score": "任务、指标、综合得分",
    "rank": "位次",
    "list": "榜单",
}
FIELDS = {
    "sha256": "内容摘要", "state": "状态", "value": "指标值", "score": "得分", "attained": "达标", "status": "状态",
    "progress_pct": "进度", "completed_on": "完成日期", "light": "亮灯", "rank": "位次", "group_rank": "组内位次",
    "task_score": "任务得分", "indicator_score": "指标得分", "total_score": "综合得分", "list": "榜单", "received": "收到",
    "on_time": "按时", "cells_filled": "已填格数", "closed_on": "销号日期", "rate": "满意度",
}  # fmt: skip
WORDS = {
    "state": fmt.STATE_WORDS,
    "status": fmt.STATUS_WORDS,
    "list": fmt.LIST_WORDS,
    "light": {key: light.word for key, light in LIGHTS.items()},
}
NUMBERS = {"value", "score", "progress_pct", "task_score", "indicator_score", "total_score", "rate"}


def cell(field: str, text: str | None) -> str:
    """A value of a difference, stored as text, as a reader knows it."""
    if text is None:
        return {"list": "不上榜", "sha256": "无此文件"}.get(field, fmt.NONE)
    if field in WORDS:
        return fmt.words(WORDS[field], text)
    if text in ("true", "false"):
        return "是" if text == "true" else "否"
    if field == "sha256":
        return text[:12]
    if field in NUMBERS:
        try:
            return fmt.number(float(text), 4, trim=True)
        except ValueError:
            return text
    return text


def change_groups(rows: list[Row]) -> list[Row]:
    """Differences by what they are about: word, how many, the first of them in words."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["what"]].append(row)
    order = [*GROUPS, *(what for what in grouped if what not in GROUPS)]
    return [
        {
            "word": GROUPS.get(what, what),
            "n": len(grouped[what]),
            "rows": [
                row
                | {
                    "about": row["entity_name"] or row["entity_id"],
                    "field_word": FIELDS.get(row["field"], row["field"]),
                    "old_words": cell(row["field"], row["old"]),
                    "new_words": cell(row["field"], row["new"]),
                }
                for row in grouped[what][:CHANGES_IN_GROUP]
            ],
        }
        for what in order
        if grouped.get(what)
    ]


def frozen(site: Site) -> bool:
    """Whether these are the pages inside an edition: they know no moment of publication and nothing that came later."""
    return any(row["published_at"] is None for row in site.editions)


def _verified(rows: list[Row], inside: bool) -> Row:
    """The outcome of the last verification: key, word, problems."""
    if inside:
        return {"key": "none", "shape": "○", "word": "见最新页面", "problems": []}
    problems = [row for row in rows if row["problem"]]
    if not rows:
        return {"key": "none", "shape": "○", "word": "尚未核验", "problems": []}
    if problems:
        return {"key": "red", "shape": "■", "word": f"核验不一致 {len(problems)} 处", "problems": problems}
    return {"key": "green", "shape": "●", "word": "核验一致", "problems": []}


def edition_rows(site: Site) -> list[Row]:
    """The editions, latest first, each with its differences and the outcome of its verification."""
    changes: dict[int, list[Row]] = defaultdict(list)
    checks: dict[int, list[Row]] = defaultdict(list)
    for row in site.edition_changes:
        changes[row["revision"]].append(row)
    for row in site.edition_checks:
        checks[row["revision"]].append(row)
    return [
        row
        | {
            "name": f"r{row['revision']}",
            "id": f"{site.programme_id}/{site.period}/r{row['revision']}",
            "groups": change_groups(changes[row["revision"]]),
            "changes": len(changes[row["revision"]]),
            "verified": _verified(checks[row["revision"]], frozen(site)),
        }
        for row in reversed(site.editions)
    ]


def missing(site: Site) -> list[Row]:
    """What a first publication still needs: words and whether it is there (None: nobody can say from the data)."""
    now = site.now
    blocking = sum(row["severity"] == "B" and row["period"] is None for row in site.flags)
    return [
        {
            "done": bool(now.get("frozen")),
            "text": f"定版时间已到（{fmt.moment(now.get('freeze_at'))}）",
        },
        {
            "done": not blocking,
            "text": f"登记目录还有阻断级问题 {blocking} 处，须先更正"
            if blocking
            else "登记目录没有阻断级问题",
        },
        {"done": False, "text": "发布人和批准人两个不同的人署名"},
    ]


def draft_rows(site: Site) -> list[Row]:
    """Where the next edition would differ, with the list moves in words."""
    return [
        row
        | {
            "href": site.href(row["reporter_id"]),
            "score_change": fmt.change(row["new_score"], row["old_score"], 2),
            "old_list_word": cell("list", row["old_list"]),
            "new_list_word": cell("list", row["new_list"]),
        }
        for row in site.draft_changes
    ]


def headline(site: Site, rows: list[Row]) -> str:
    """The page's first sentence."""
    if not rows:
        return f"{fmt.period_words(site.period)}尚未发布，各页数字均为征求意见稿"
    latest = rows[0]
    when = f"{fmt.moment(latest['published_at'])} " if latest["published_at"] else ""
    text = f"{'本版' if frozen(site) else '现行版本'} {latest['name']}，{when}由{latest['published_by']}发布、{latest['approved_by']}批准"
    if latest["revision"]:
        return text + f"；已修订 {latest['revision']} 次"
    return text + "；没有修订"


def editions(site: Site) -> Row:
    """Context of editions.html."""
    rows = edition_rows(site)
    draft = draft_rows(site)
    lists = Counter(row["old_list"] != row["new_list"] for row in site.draft_changes)
    ranks = sum(row["old_rank"] != row["new_rank"] for row in site.draft_changes)
    return base(site, "editions", "版本与修订") | {
        "headline": headline(site, rows),
        "editions": rows,
        "missing": missing(site),
        "frozen": frozen(site),
        "drafted": site.drafted and not frozen(site),
        "draft": draft,
        "draft_words": f"得分有变的 {sum(r['old_score'] != r['new_score'] for r in draft)} 家，位次有变的 {ranks} 家，榜单有变的 {lists[True]} 家",
        "changes_in_group": CHANGES_IN_GROUP,
        "verify_id": rows[0]["id"] if rows else f"{site.programme_id}/{site.period}/r0",
        "folder": f"published/{site.programme_id}/{site.period}/editions",
    }
