"""``taizhang explain``: why this score, this rank, this change – down to the tasks and indicators that cost most."""

from __future__ import annotations

import json

from dashboards import format as fmt
from dashboards.findings import influence, subject
from dashboards.workbooks.records import worklist
from orchestration.commands.published import NothingPublished, programmes_at, published, rows
from orchestration.commands.run import DONE, INCOMPLETE, Misuse, check_programme, parse_period
from orchestration.settings import Settings


def _reporter(connection, programme_id: str, wanted: str) -> str | None:
    found = rows(
        connection,
        "SELECT reporter_id FROM raw.reporters WHERE programme_id = ? AND (reporter_id = ? OR name = ? "
        "OR list_contains(string_split(coalesce(aliases, ''), ';'), ?)) ORDER BY reporter_id",
        programme_id, wanted, wanted, wanted,
    )  # fmt: skip
    return found[0]["reporter_id"] if found else None


def _one(connection, entry: dict, reporter_id: str) -> dict:
    key = (entry["programme_id"], entry["period"], reporter_id)
    where = "programme_id = ? AND period = ? AND reporter_id = ?"
    ranking = rows(connection, f"SELECT * FROM marts.ranking WHERE {where}", *key)
    history = rows(
        connection,
        "SELECT period, total_score, task_score, indicator_score, rank FROM marts.ranking "
        "WHERE programme_id = ? AND reporter_id = ? AND period <= ? ORDER BY period",
        key[0], reporter_id, key[1],
    )  # fmt: skip
    weights = rows(
        connection,
        "SELECT weight_tasks, weight_indicators, aggregation FROM raw.programmes WHERE programme_id = ?",
        key[0],
    )
    specials = rows(
        connection,
        f"SELECT s.special_id, n.name, s.task_score, s.indicator_score, s.score, s.rank FROM marts.special_scores s "
        f"JOIN raw.specials n USING (programme_id, special_id) WHERE {where} AND s.score IS NOT NULL ORDER BY s.score, n.seq",
        *key,
    )
    tasks = rows(
        connection,
        f"SELECT task_id, title, light, score, days_overdue, progress_pct, expected_pct, lead_unit FROM marts.task_status "
        f"WHERE {where} AND score < 100 ORDER BY score, task_id LIMIT 10",
        *key,
    )
    indicators = rows(
        connection,
        f"SELECT i.indicator_id, n.name, i.state, i.value, i.target, i.score FROM marts.indicator_scores i "
        f"JOIN raw.indicators n USING (programme_id, indicator_id) WHERE {where.replace('reporter_id', 'i.reporter_id')} "
        f"AND i.score < 100 ORDER BY i.score, n.position LIMIT 10",
        *key,
    )
    bands = rows(
        connection,
        f"SELECT rank_median, rank_p05, rank_p95, p_red, p_black, p_ahead_of_next, draws FROM marts.rank_robustness WHERE {where}",
        *key,
    )
    moved = rows(connection, f"SELECT * FROM marts.rank_changes WHERE {where}", *key)
    listed = rows(connection, f"SELECT * FROM marts.list_entries WHERE {where}", *key)
    findings = rows(
        connection,
        f"SELECT severity, count(*) AS n FROM quality.flags WHERE {where} GROUP BY 1 ORDER BY 1",
        *key,
    )
    return {
        "programme": entry,
        "ranking": ranking[0] if ranking else None,
        "robustness": bands[0] if bands else None,
        "change": moved[0] if moved else None,
        "listing": listed[0] if listed else None,
        "weights": weights[0],
        "history": history,
        "specials": specials,
        "tasks": tasks,
        "indicators": indicators,
        "findings": {f["severity"]: f["n"] for f in findings},
        "doubts": [
            {"rule_id": f["rule_id"], "about": subject(f), "message": f["message"], "influence": influence(f)}
            for f in worklist(connection, *key)
        ],
    }


def explain(settings: Settings, period_text: str, reporter: str, programme: str | None, as_json: bool) -> int:
    """The command; 1 when nothing is published for the period. Raises Misuse for an unknown reporter."""
    period = parse_period(period_text)
    check_programme(settings, programme)
    try:
        with published(settings, period) as connection:
            blocks = []
            for entry in programmes_at(connection, period, programme):
                if (reporter_id := _reporter(connection, entry["programme_id"], reporter)) is not None:
                    blocks.append(_one(connection, entry, reporter_id))
    except NothingPublished as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False) if as_json else str(error))
        return INCOMPLETE
    if not blocks:
        raise Misuse(f"没有代码或名称为“{reporter}”的填报主体")
    if as_json:
        print(json.dumps(blocks, ensure_ascii=False, indent=2, default=str))
    else:
        print("\n\n".join(_text(block) for block in blocks))
    return DONE


PARTS = {"own": "本单位", "peers": "其他单位", "method": "评价办法", "revision": "上期数据更正"}


def _formula(ranking: dict, weights: dict) -> str:
    if weights["aggregation"] == "copeland":
        return "  总分 = 与其他各单位按专项两两比较的得分（胜 1、平 0.5，除以对手数，乘以 100）"
    means = {"geometric": "按权重几何平均（得分先移到 1–100）"}.get(
        weights["aggregation"], "缺项时权重按比例重分"
    )
    return (
        f"  总分 = 任务 {_score(ranking['task_score'])} × {weights['weight_tasks']:g} + "
        f"指标 {_score(ranking['indicator_score'])} × {weights['weight_indicators']:g}（{means}）"
    )


def _score(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _change(ranking: dict) -> str:
    change = ranking["rank_change"]
    if change is None:
        return "无上期名次可比"
    if change == 0:
        return f"与上期持平（第 {ranking['previous_rank']} 名）"
    return f"较上期（第 {ranking['previous_rank']} 名）{'上升' if change > 0 else '下降'} {abs(change)} 位"


def _place(block: dict) -> str:
    ranking, band = block["ranking"], block["robustness"] or {}
    if not ranking["rank"]:
        return f"不参加排名（{ranking['reason']}）"
    place = fmt.rank(ranking["rank"], band.get("rank_p05"), band.get("rank_p95"))
    real = fmt.gap(band.get("p_ahead_of_next"))
    return f"{place}，组内第 {ranking['group_rank']} 名" + (f"，{real}" if real else "")


def _listing(listing: dict | None) -> list[str]:
    if listing is None:
        return []
    name = {"red": "红榜", "black": "黑榜"}[listing["list"]]
    again = f"，连续 {listing['in_a_row']} 期" if listing["in_a_row"] > 1 else ""
    return [f"  列入{name}{again}{'，按规定约谈' if listing['talk'] else ''}：{listing['reason']}"]


def _moved(change: dict | None) -> list[str]:
    """Why it moved, in the parts that are not zero, and what one more place takes."""
    if change is None:
        return []
    lines = []
    if change["score_change"] is not None:
        parts = "，".join(
            f"{word} {change[f'score_{part}']:+.2f} 分、{change[f'rank_{part}'] or 0:+d} 位"
            for part, word in PARTS.items()
            if abs(change[f"score_{part}"]) >= 0.005 or change[f"rank_{part}"]
        )
        lines.append(f"  总分变动 {change['score_change']:+.2f}：{parts or '无变动'}（正数为增加、上升）")
    if change["causes"]:
        lines.append(f"  主要原因：{change['causes']}")
    if change["gain_text"]:
        lines.append(f"  再前进一位：{change['gain_text']}")
    return lines


def _text(block: dict) -> str:
    ranking, entry, weights = block["ranking"], block["programme"], block["weights"]
    if ranking is None:
        return f"【{entry['title']}】{entry['period']}：该填报主体没有排名数据"
    lines = [
        f"【{entry['title']}】{entry['period']} {ranking['reporter_name']}：总分 {_score(ranking['total_score'])}，{_place(block)}；{_change(ranking)}",
        _formula(ranking, weights),
        "  历次："
        + "，".join(
            f"{h['period']} {_score(h['total_score'])}（第{h['rank'] or '—'}名）" for h in block["history"]
        ),
        *_listing(block["listing"]),
        *_moved(block["change"]),
        "  失分最多的专项："
        + (
            "；".join(f"{s['name']} {_score(s['score'])}（第{s['rank']}名）" for s in block["specials"][:5])
            or "无"
        ),
        "  失分最多的任务：" + ("" if block["tasks"] else "无"),
    ]
    for task in block["tasks"]:
        overdue = f"，逾期 {task['days_overdue']} 天" if task["days_overdue"] is not None else ""
        expected = "" if task["expected_pct"] is None else f"，应达 {task['expected_pct']:.0f}%"
        lines.append(
            f"    {task['task_id']} {task['title']}：得 {_score(task['score'])}，进度 {task['progress_pct']:.0f}%{expected}{overdue}（{task['lead_unit'] or '无牵头单位'}）"
        )
    lines.append("  失分最多的指标：" + ("" if block["indicators"] else "无"))
    states = {"not_submitted": "未报", "no_practice": "未开展"}
    for indicator in block["indicators"]:
        value = (
            f"{indicator['value']:g}"
            if indicator["value"] is not None
            else states.get(indicator["state"], "无值")
        )
        target = "未定目标" if indicator["target"] is None else f"目标 {indicator['target']:g}"
        lines.append(f"    {indicator['name']}：{value}（{target}），得 {_score(indicator['score'])}")
    found = "，".join(f"{key} {count} 条" for key, count in block["findings"].items()) or "无"
    lines.append(f"  数据检查发现：{found}")
    lines += [
        f"    {doubt['about']}（{doubt['rule_id']}）：{doubt['influence'] or doubt['message']}"
        for doubt in block["doubts"]
    ]
    return "\n".join(lines)
