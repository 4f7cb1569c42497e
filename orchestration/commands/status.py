"""``taizhang status``: who owes what – received, late, missing, wrong – and the next action."""

from __future__ import annotations

import json

from dashboards.findings import influence, subject
from dashboards.workbooks.records import open_counts, reporters, worklist
from orchestration.commands.published import NothingPublished, programmes_at, published, rows
from orchestration.commands.run import DONE, INCOMPLETE, check_programme, parse_period
from orchestration.settings import Settings

KIND_NAMES = {"progress": "任务进展", "indicators": "指标", "rectification": "整改", "satisfaction": "满意度"}


def _obligations(connection, programme_id: str, period: str) -> list[dict]:
    return rows(
        connection,
        """
        SELECT m.reporter_id, r.name, m.kind, m.received, m.on_time, m.days_late, m.completeness,
               strftime(m.first_received_at, '%Y-%m-%d %H:%M') AS first_received_at
        FROM marts.reporting m JOIN raw.reporters r USING (programme_id, reporter_id)
        WHERE m.programme_id = ? AND m.period = ? AND m.owed ORDER BY r.seq, m.kind DESC
        """,
        programme_id, period,
    )  # fmt: skip


def _wrong(connection, programme_id: str, period: str) -> list[dict]:
    """Reporters with open findings of severity B or E that they can mend; a corrected file closes its findings."""
    counts = open_counts(connection, programme_id, period)
    wrong = [
        {"reporter_id": r["reporter_id"], "name": r["name"], "blocking": c["B"], "errors": c["E"]}
        for r in reporters(connection, programme_id)
        if (c := counts.get(r["reporter_id"])) and c["B"] + c["E"]
    ]
    return sorted(wrong, key=lambda w: (-w["blocking"], -w["errors"], w["reporter_id"]))


def _check_first(connection, programme_id: str, period: str) -> list[dict]:
    """The open findings that could move a score or a list most."""
    names = {r["reporter_id"]: r["name"] for r in reporters(connection, programme_id)}
    kept = ("rule_id", "reporter_id", "entity_id", "path", "sheet", "row_number", "column_name", "raw_value",
            "score_now", "score_expected", "rank_now", "rank_expected", "list_now", "list_expected")  # fmt: skip
    return [
        {name: finding[name] for name in kept}
        | {
            "name": names.get(finding["reporter_id"], finding["reporter_id"]),
            "about": subject(finding),
            "influence": influence(finding),
        }
        for finding in worklist(connection, programme_id, period)
    ]


def _next_action(programme: dict, missing: list, wrong: list) -> str:
    if missing and not programme["cutoff_passed"]:
        return f"截止日 {programme['cutoff_on']} 前提醒未报的 {len(missing)} 家"
    if missing and not programme["frozen"]:
        return f"立即催报 {len(missing)} 家；{programme['freeze_at']} 定版，之后计零分"
    if wrong and not programme["frozen"]:
        return f"把问题清单退回 {len(wrong)} 家更正，{programme['freeze_at']} 前重报有效"
    if not programme["frozen"]:
        return f"等待 {programme['freeze_at']} 定版"
    return "已定版：复核看板“数据质量”页后即可定稿"


def status(settings: Settings, period_text: str, programme: str | None, as_json: bool) -> int:
    """The command; 1 when nothing is published for the period."""
    period = parse_period(period_text)
    check_programme(settings, programme)
    try:
        with published(settings, period) as connection:
            blocks = []
            for entry in programmes_at(connection, period, programme):
                key = (entry["programme_id"], entry["period"])
                obligations = _obligations(connection, *key)
                wrong = _wrong(connection, *key)
                missing = [o for o in obligations if not o["received"]]
                late = [o for o in obligations if o["received"] and not o["on_time"]]
                blocks.append(
                    entry
                    | {
                        "owed": len(obligations),
                        "received": len(obligations) - len(missing),
                        "late": late,
                        "missing": missing,
                        "wrong": wrong,
                        "check_first": _check_first(connection, *key),
                        "next_action": _next_action(entry, missing, wrong),
                    }
                )
    except NothingPublished as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False) if as_json else str(error))
        return INCOMPLETE
    if as_json:
        print(json.dumps(blocks, ensure_ascii=False, indent=2))
    else:
        print("\n\n".join(_text(block) for block in blocks))
    return DONE


def _named(obligations: list[dict], suffix=lambda o: "") -> str:
    return "、".join(f"{o['name']}（{KIND_NAMES[o['kind']]}{suffix(o)}）" for o in obligations) or "无"


def _wrong_text(entry: dict) -> str:
    parts = []
    if entry["blocking"]:
        parts.append(f"阻断 {entry['blocking']} 处")
    if entry["errors"]:
        parts.append(f"错误 {entry['errors']} 处")
    return f"{entry['name']}（{'，'.join(parts)}）"


def _text(block: dict) -> str:
    wrong = "、".join(_wrong_text(entry) for entry in block["wrong"])
    return "\n".join(
        [
            f"【{block['title']}】{block['period']}　截止 {block['cutoff_on']}，数据截至 {block['as_of']}",
            f"  已收：{block['received']}/{block['owed']} 份",
            f"  迟报：{_late(block['late'])}",
            f"  未报：{_named(block['missing'])}",
            f"  有误：{wrong or '无'}",
            *_first_text(block["check_first"]),
            f"  下一步：{block['next_action']}",
        ]
    )


def _first_text(check_first: list[dict]) -> list[str]:
    if not check_first:
        return []
    lines = [
        f"    {f['name']} {f['about']}（{f['rule_id']}）：{f['influence'] or '影响得分'}" for f in check_first
    ]
    return ["  先核对（对得分、位次影响最大）：", *lines]


def _late(obligations: list[dict]) -> str:
    return _named(obligations, lambda o: f"，迟 {o['days_late']} 天")
