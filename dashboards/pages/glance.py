"""What a leader is told first: one sentence, five counts, who is in front and behind, whose the overdue tasks are, can one trust it.

Used by the first page, the projector and the single file, which show the same facts in three sizes. Belongs here: choosing and
wording these facts. Does not belong here: tables of everybody (``index``), SQL, markup.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from dashboards import findings
from dashboards import format as fmt
from dashboards.pages.editions import edition_rows, frozen
from dashboards.pages.editions import missing as missing_for_publication
from dashboards.pages.quality import PROGRESS_RULES
from dashboards.pages.site import Site, lead_units

Row = dict[str, Any]

ENDS = 3  # named in front and behind, listed or not; more where the lists hold more
MOST_ENDS = 6
UNITS = 5
APART = 0.5  # points from the median from which on a special is worth naming


# --- sentence and counts -----------------------------------------------------------------------------------------------


def _top(counter: Counter[str]) -> list[str]:
    """The names that share the highest count."""
    if not counter:
        return []
    most = max(counter.values())
    return [name for name, n in counter.items() if n == most]


def headline(site: Site) -> tuple[str, list[str]]:
    """The page's first sentence and the three that explain it, from the data alone."""
    now = site.totals.get(site.period, {})
    before = site.totals.get(site.before or "", {})
    by_reporter = Counter({row["reporter_name"]: row["tasks_overdue"] or 0 for row in site.ranking})
    total, overdue = now.get("tasks_total") or 0, now.get("tasks_overdue") or 0
    if not total:
        first = f"本期 {len(site.ranking)} 个填报主体参加评价，没有任务到达考核口径"
    elif not overdue:
        first = f"{len(site.ranking)} 个填报主体 {total:,} 项次任务，本期无一逾期"
    else:
        first = f"逾期任务 {overdue:,} 项次"
        if before.get("tasks_overdue") is not None:
            delta = overdue - before["tasks_overdue"]
            first += (
                f"，比上季度{'增加' if delta > 0 else '减少'} {abs(delta):,} 项次"
                if delta
                else "，与上季度持平"
            )
        worst = _top(by_reporter)
        first += f"；{fmt.names(worst, 3)}最多，{'各' if len(worst) > 1 else '有'} {max(by_reporter.values()):,} 项次"
    more: list[str] = []
    if total:
        done = now.get("tasks_completed") or 0
        text = f"{len(site.ranking)} 个填报主体承担任务 {total:,} 项次，已完成 {done:,} 项次（{fmt.percent(done / total)}）"
        if now.get("due_in_full"):
            rate = now["done_in_time"] / now["due_in_full"]
            text += f"；全部节点已到期的 {now['due_in_full']:,} 项次中，按时完成 {fmt.percent(rate)}"
        more.append(text + "。")
    ranked = [row for row in site.ranking if row["rank"] is not None]
    if ranked:
        leaders = [row for row in ranked if row["rank"] == 1]
        text = f"{fmt.names([r['reporter_name'] for r in leaders], 3)}综合得分 {fmt.number(leaders[0]['total_score'])} 居首"
        falls = [row for row in ranked if (row["rank_change"] or 0) < 0]
        if falls:
            depth = min(row["rank_change"] for row in falls)
            fallen = [row["reporter_name"] for row in falls if row["rank_change"] == depth]
            text += f"；{fmt.names(fallen, 3)}下降 {-int(depth)} 位，降幅最大"
        more.append(text + "。")
    units = Counter(unit for row in site.overdue if row["lead_unit"] for unit in lead_units(row))
    if units:
        listed = "、".join(f"{unit}（{n} 项次）" for unit, n in units.most_common(3))
        more.append(f"逾期任务的责任单位集中在{listed}。")
    missing = now.get("reports_missing") or 0
    owed, late = now.get("reports_owed") or 0, now.get("reports_late") or 0
    if owed:
        text = f"应报 {owed} 份，" + (f"未报 {missing} 份" if missing else "全部收到")
        more.append(text + (f"，迟报 {late} 份" if late else "") + "。")
    return first, more


def counts(site: Site) -> list[Row]:
    """The five counts with their change. ``good``: +1 a rise is good, -1 a rise is bad, 0 neither."""
    now, before = site.totals.get(site.period, {}), site.totals.get(site.before or "", {})

    def card(key: str, label: str, field: str, good: int, note: str) -> Row:
        n, previous = now.get(field), before.get(field)
        moved = 0 if n is None or previous is None else (n > previous) - (n < previous)
        return {
            "key": key,
            "label": label,
            "n": fmt.count(n or 0),
            "zero": not n,
            "change": fmt.change(n, previous),
            "tone": {1: "good", -1: "bad"}.get(good * moved, "flat"),
            "note": note,
        }

    total, done = now.get("tasks_total") or 0, now.get("tasks_completed") or 0
    owed, late = now.get("reports_owed") or 0, now.get("reports_late") or 0
    full, in_time = now.get("due_in_full") or 0, now.get("done_in_time") or 0
    reporters = len({r["reporter_id"] for r in site.reporting if r["owed"] and not r["received"]})
    return [
        card("due", "到期", "tasks_due", 0, f"有节点到期的任务项次，共 {total:,} 项次"),
        card("done", "完成", "tasks_completed", 1, f"完成率 {fmt.percent(done / total if total else None)}"),
        card("ontime", "按时完成", "done_in_time", 1,
             f"全部节点到期的 {full:,} 项次中占 {fmt.percent(in_time / full if full else None)}"),
        card("overdue", "逾期", "tasks_overdue", -1,
             f"滞后 {fmt.count(now.get('tasks_behind') or 0)}，临期 {fmt.count(now.get('tasks_due_soon') or 0)}"),
        card("missing", "未报送", "reports_missing", -1,
             f"应报 {owed} 份，涉及 {reporters} 家；另迟报 {late} 份"),
    ]  # fmt: skip


# --- who is in front, who behind -----------------------------------------------------------------------------------------


def _tasks_words(row: Row) -> str:
    total, overdue = row["tasks_total"] or 0, row["tasks_overdue"] or 0
    if not total:
        return ""
    text = f"{total} 项任务中逾期 {overdue} 项" if overdue else f"{total} 项任务无逾期"
    return text + (f"、完成 {row['tasks_completed']} 项" if row["tasks_completed"] else "")


def apart(site: Site, reporter_id: str, above: bool, most: int = 2) -> list[tuple[str, float]]:
    """(special, points) where the reporter is furthest above (or below) the median of all, furthest first."""
    gaps = []
    for special in site.specials:
        mine = site.special_scores.get((reporter_id, special["special_id"]))
        level = site.special_levels.get(special["special_id"])
        if mine is None or mine["score"] is None or level is None or level["of"] < 2:
            continue
        gap = (mine["score"] - level["middle"]) * (1 if above else -1)
        if gap >= APART:
            gaps.append((special["name"] or special["special_id"], gap))
    return sorted(gaps, key=lambda pair: -pair[1])[:most]


def why(site: Site, row: Row, front: bool) -> str:
    """Why a reporter stands where it stands: its tasks, its specials apart from the others, then what its list entry names.

    Of the entry's reason the score and the tasks are left out: they are said already.
    """
    entry = next(iter(site.of("list_entries", row["reporter_id"])), None)
    parts = [_tasks_words(row)]
    if specials := apart(site, row["reporter_id"], front):
        listed = "、".join(f"{name}（{fmt.number(gap, 1)} 分）" for name, gap in specials)
        parts.append(f"{'高' if front else '低'}于中位数最多的专项：{listed}")
    reason = (entry and entry["reason"]) or ""
    if reason.startswith("总分"):
        reason = reason.partition("；")[2]
    if row["tasks_total"] and (tail := reason.rpartition("；"))[2].startswith(f"{row['tasks_total']} 项任务"):
        reason = tail[0]
    return "；".join(part for part in (*parts, reason) if part)


def _end(site: Site, row: Row, front: bool) -> Row:
    entry = next(iter(site.of("list_entries", row["reporter_id"])), None) or {}
    band = site.band(row["reporter_id"])
    listed = row["list"]
    return {
        "reporter_id": row["reporter_id"],
        "name": row["reporter_name"],
        "href": site.href(row["reporter_id"]),
        "rank": row["rank"],
        "rank_words": site.rank(row["reporter_id"], row["rank"]),
        "change": row["rank_change"],
        "total_score": row["total_score"],
        "list": listed,
        "why": why(site, row, front),
        "overdue": row["tasks_overdue"] or 0,
        "apart": apart(site, row["reporter_id"], front, 1),
        "in_a_row": entry.get("in_a_row"),
        "talk": bool(entry.get("talk")),
        "p": band[f"p_{listed}"] if band and listed else None,
    }


def ends(site: Site) -> list[Row]:
    """The two ends of the ranking: key, words, rows (the last one begins with the very last), and how many more are listed."""
    ranked = [row for row in site.ranking if row["rank"] is not None]
    half = len(ranked) // 2
    groups = []
    for key, word, order in (("red", "谁在前，为什么", ranked), ("black", "谁在后，为什么", ranked[::-1])):
        listed = sum(row["list"] == key for row in ranked)
        named = [row for i, row in enumerate(order) if i < min(ENDS, half or 1) or row["list"] == key]
        groups.append(
            {
                "key": key,
                "word": word,
                "list_word": fmt.LIST_WORDS[key],
                "listed": listed,
                "rows": [_end(site, row, key == "red") for row in named[:MOST_ENDS]],
                "more": max(len(named) - MOST_ENDS, 0),
            }
        )
    return groups if ranked else []


# --- what is overdue and whose it is ---------------------------------------------------------------------------------------


def overdue_units(site: Site) -> list[Row]:
    """Units that answer for overdue tasks: n, longest days, the reporters by how many (name, n); most overdue first."""
    units: dict[str, Counter[str]] = defaultdict(Counter)
    days: dict[str, int] = {}
    for row in site.overdue:
        for unit in lead_units(row):
            units[unit][row["reporter_name"]] += 1
            days[unit] = max(days.get(unit, 0), row["days_overdue"] or 0)
    rows = [
        {
            "unit": unit,
            "n": sum(who.values()),
            "days": days[unit],
            "who": [name for name, _ in who.most_common()],
        }
        for unit, who in units.items()
    ]
    return sorted(rows, key=lambda row: (-row["n"], row["unit"]))


# --- what changed ----------------------------------------------------------------------------------------------------------


def list_moves(site: Site) -> list[Row]:
    """Who came to a list or left it since the quarter before: word, names. Empty where either quarter had no lists."""
    if site.before is None:
        return []
    lists: dict[str, dict[str, str | None]] = {site.before: {}, site.period: {}}
    for row in site.history:
        if row["period"] in lists:
            lists[row["period"]][row["reporter_id"]] = row["list"]
    before, now = lists[site.before], lists[site.period]
    if not any(before.values()) or not any(now.values()):
        return []
    names = {row["reporter_id"]: row["reporter_name"] for row in site.ranking}
    moves = []
    for key, word in fmt.LIST_WORDS.items():
        came = [r for r in names if now.get(r) == key and before.get(r) != key]
        left = [r for r in names if now.get(r) != key and before.get(r) == key]
        moves += [
            {"word": f"{verb}{word}", "names": [names[r] for r in who]}
            for verb, who in (("新进", came), ("退出", left))
            if who
        ]
    return moves


def medians(site: Site) -> tuple[float, float] | None:
    """Median of the total scores before and now; None where either is unknown."""
    before, now = site.median_scores.get(site.before or ""), site.median_scores.get(site.period)
    return None if before is None or now is None else (before, now)


# --- can one trust it --------------------------------------------------------------------------------------------------------


def trust(site: Site) -> Row:
    """Whether one can rely on the numbers: the state of publication (light, shape, word), then facts (text, page, good).

    Facts without data are left out; ``good`` is True, False or None where nothing is to be judged.
    """
    published = edition_rows(site)
    if not published:
        state = {"light": "blue", "shape": "◆", "word": "征求意见稿，尚未发布"}
    elif frozen(site):
        state = {"light": "green", "shape": "●", "word": f"已定版（{published[0]['name']}）"}
    else:
        verified = published[0]["verified"]
        state = {
            "light": verified["key"],
            "shape": verified["shape"],
            "word": f"已发布（{published[0]['name']}），{verified['word']}",
        }
    facts: list[Row] = []

    def fact(text: str, page: str, good: bool | None = None) -> None:
        facts.append({"text": text, "href": page, "good": good})

    owed = [row for row in site.reporting if row["owed"]]
    required = sum(row["cells_required"] or 0 for row in owed)
    if required:
        filled = sum(row["cells_filled"] or 0 for row in owed)
        fact(f"应填数据已填 {fmt.percent(_not_quite(filled / required))}", "quality.html", None)
    read = sum(row["rows_read"] or 0 for row in site.receipts)
    if read:
        kept_out = sum(row["rows_quarantined"] or 0 for row in site.receipts)
        share = kept_out / read
        words = f"隔离 {kept_out:,} 行，占 {fmt.percent(share)}" if kept_out else "没有数据行被隔离"
        fact(words, "quality.html", not kept_out)
    ranked = [row for row in site.ranking if row["rank"] is not None]
    if site.draws is not None and ranked:
        firm = sum(
            bool(band := site.band(row["reporter_id"]))
            and fmt.band(band["rank_p05"], band["rank_p95"], row["rank"]) == "稳定"
            for row in ranked
        )
        fact(f"{len(ranked):,} 家位次中 {firm:,} 家稳定", "method.html#band", None)
        unsure = sum(
            (site.band(row["reporter_id"]) or {}).get(f"p_{row['list']}", 1.0) < fmt.REAL_GAP
            for row in ranked
            if row["list"]
        )
        if any(row["list"] for row in ranked):
            fact(
                f"红黑榜 {unsure} 家把握不足 {fmt.percent(fmt.REAL_GAP, 0)}"
                if unsure
                else f"红黑榜各家把握不低于 {fmt.percent(fmt.REAL_GAP, 0)}",
                "lists.html", not unsure,
            )  # fmt: skip
    at_stake = sum(
        findings.stake(row) == "红黑榜" for row in site.flags if row["rule_id"] not in PROGRESS_RULES
    )
    if at_stake:
        fact(f"待核对问题影响红黑榜 {at_stake:,} 处", "quality.html", False)
    return state | {"facts": facts}


def _not_quite(share: float) -> float:
    """A share that is not 1 must not read 100.0%."""
    return share if share >= 1 else min(share, 0.999)


# --- what next ---------------------------------------------------------------------------------------------------------------


def next_steps(site: Site) -> list[str]:
    """What the numbers ask for next, in the order of who waits; empty where nothing is open."""
    now = site.totals.get(site.period, {})
    steps = []
    if site.overdue:
        unit, task = overdue_units(site)[0], site.overdue[0]
        steps.append(
            f"督办逾期任务 {len(site.overdue):,} 项次：先办最多的{unit['unit']}（{unit['n']} 项次），"
            f"和最久的“{short(task['title'] or task['task_id'], 16)}”（{task['reporter_name']}，{task['days_overdue']} 天）"
        )
    if now.get("tasks_due_soon"):
        steps.append(f"提醒临期任务 {now['tasks_due_soon']:,} 项次")
    missing = list(
        dict.fromkeys(r["reporter_name"] for r in site.reporting if r["owed"] and not r["received"])
    )
    if missing:
        steps.append(f"催报 {len(missing)} 家：{fmt.names(missing, 4)}")
    names = {row["reporter_id"]: row["reporter_name"] for row in site.ranking}
    talks = [names[row["reporter_id"]] for row in site.list_entries if row["talk"]]
    if talks:
        steps.append(f"按榜单规则约谈：{fmt.names(talks, 4)}")
    open_rows = [row for row in site.flags if row["rule_id"] not in PROGRESS_RULES and row["period"]]
    at_stake = sum(findings.stake(row) == "红黑榜" for row in open_rows)
    if at_stake:
        steps.append(f"先核对影响红黑榜的数据问题 {at_stake:,} 处")
    elif open_rows:
        steps.append(f"核对数据问题 {len(open_rows):,} 处，没有影响红黑榜的")
    late = sum(issue["days_overdue"] is not None for issue in site.issues)
    if late:
        steps.append(f"督促逾期未销号的整改问题 {late:,} 个")
    if not site.editions:
        needed = [item["text"] for item in missing_for_publication(site) if not item["done"]]
        steps.append(f"发布前还需：{'；'.join(needed)}")
    elif site.draft_changes and not frozen(site):
        steps.append(f"发布后的新数据使 {len(site.draft_changes):,} 家有变化，由主办单位决定是否修订")
    return steps


def short(text: str, most: int) -> str:
    """At most ``most`` characters and ``…``."""
    return text if len(text) <= most else text[:most] + "…"
