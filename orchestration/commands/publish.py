"""``taizhang publish``, ``editions`` and ``verify``: a published quarter stands, and anybody can check that it does."""

from __future__ import annotations

import json

from orchestration.commands.confirm import person
from orchestration.commands.run import DONE, INCOMPLETE, Misuse, check_programme, parse_period, run_lock
from orchestration.editions.store import Edition, EditionDamaged, edition_named
from orchestration.editions.store import editions as all_editions
from orchestration.settings import Settings
from orchestration.warehouse import reader

_WHAT = {
    "input": "文件", "value": "指标值", "indicator_score": "指标得分", "task": "任务状态", "task_score": "任务得分",
    "special": "专项", "score": "总分", "rank": "位次", "list": "红黑榜", "reporting": "报送", "rectification": "整改",
    "satisfaction": "满意度",
}  # fmt: skip


def publish(
    settings: Settings,
    period_text: str,
    programme: str | None,
    by: str,
    approved_by: str,
    reason: str | None,
    only: str | None,
    as_json: bool,
) -> int:
    """The command; 1 when nothing can be published as it stands. Raises Misuse: one person only, no reason, unknown names."""
    from orchestration.assets.site import write_front_pages
    from orchestration.editions.freeze import Approval, NotPublishable
    from orchestration.editions.freeze import publish as freeze

    period = parse_period(period_text)
    check_programme(settings, programme)
    people = person(by, "--by"), person(approved_by, "--approved-by")
    if "".join(people[0].split()).casefold() == "".join(people[1].split()).casefold():
        raise Misuse("发布人和批准人必须是两个人；请由另一人批准")
    settings.prepare()
    blocks, failures = [], []
    with run_lock(settings, (lambda text: None) if as_json else print):
        present = all_editions(settings)
        wanted = _programmes(settings, str(period), programme)
        if not wanted:
            failures.append(f"还没有 {period} 的结果；请先运行 taizhang run --period {period}")
        revised = [p for p in wanted if any((e.programme_id, e.period) == (p, str(period)) for e in present)]
        if revised and not (reason or "").strip():
            raise Misuse(f"{'、'.join(revised)} 的 {period} 已经发布；再次发布请用 --reason 写明原因")
        if only is not None and not revised:
            raise Misuse("--only 用来更正已发布的一个填报主体；首次发布请去掉")
        for programme_id in wanted:
            try:
                target = None if only is None else _reporter(settings, programme_id, only)
                done = freeze(
                    settings,
                    programme_id,
                    str(period),
                    Approval(*people, (reason or "").strip() or None if programme_id in revised else None),
                    target,
                )
            except NotPublishable as refusal:
                failures.append(f"{programme_id}：{refusal}")
                continue
            blocks.append(
                _about(done.edition)
                | {"folder": str(done.edition.folder), "changes": done.changes, "late_files": done.late_files}
            )
    if blocks:
        # their queries ask for editions too; a run would say so only later
        with reader(settings.current) as connection:
            write_front_pages(settings, connection)
    if as_json:
        print(json.dumps({"published": blocks, "refused": failures}, ensure_ascii=False, indent=2))
    else:
        print("\n".join([*(_published_text(block) for block in blocks), *failures]))
    return INCOMPLETE if failures else DONE


def _programmes(settings: Settings, period: str, programme: str | None) -> list[str]:
    from orchestration.warehouse import reader

    if not settings.current.is_file():
        return []
    with reader(settings.current) as connection:
        return [
            row[0]
            for row in connection.execute(
                "SELECT programme_id FROM control.periods WHERE period = ? AND (? IS NULL OR programme_id = ?) ORDER BY 1",
                [period, programme, programme],
            ).fetchall()
        ]


def _reporter(settings: Settings, programme_id: str, wanted: str) -> str:
    from dashboards.workbooks.records import reporter_named
    from orchestration.warehouse import reader

    with reader(settings.current) as connection:
        found = reporter_named(connection, programme_id, wanted)
    if found is None:
        raise Misuse(f"{programme_id} 没有代码或名称为“{wanted}”的填报主体")
    return found


def _about(edition: Edition) -> dict:
    manifest = edition.manifest
    kept = ("edition", "period", "revision", "published_at", "by", "approved_by", "reason", "correction",
            "data_cut", "replaces", "outputs_sha256")  # fmt: skip
    return {name: manifest[name] for name in kept} | {
        "programme_id": edition.programme_id,
        "submissions": len(manifest["submissions"]),
    }


def _published_text(block: dict) -> str:
    lines = [
        f"已发布 {block['edition']}：{block['by']} 发布，{block['approved_by']} 批准；依据 {block['submissions']} 份文件",
        f"  {block['folder']}",
    ]
    if block["revision"]:
        counts: dict[str, int] = {}
        for change in block["changes"]:
            counts[change["what"]] = counts.get(change["what"], 0) + 1
        parts = "，".join(f"{_WHAT[what]} {count} 处" for what, count in counts.items())
        lines.append(f"  与上一版相比：{parts or '没有变化'}（详见 difference.json）")
    if block["late_files"]:
        lines.append(f"  另有 {block['late_files']} 份文件在数据截止之后收到，计入下一版")
    return "\n".join(lines)


def editions(settings: Settings, period_text: str | None, programme: str | None, as_json: bool) -> int:
    """The command: every edition, newest last."""
    period = None if period_text is None else str(parse_period(period_text))
    check_programme(settings, programme)
    found = [_about(edition) for edition in all_editions(settings, programme, period)]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    elif not found:
        print("还没有发布的版本；taizhang publish 发布一个季度")
    else:
        for block in found:
            reason = f"，原因：{block['reason']}" if block["reason"] else ""
            only = f"，只更正 {block['correction']}" if block["correction"] else ""
            print(
                f"{block['edition']}　{block['published_at'][:16].replace('T', ' ')}　{block['by']} 发布，"
                f"{block['approved_by']} 批准{reason}{only}"
            )
    return DONE


def verify(settings: Settings, name: str, programme: str | None, as_json: bool) -> int:
    """The command; 1 when anything does not agree. Raises Misuse for an unknown edition."""
    from orchestration.editions.verify import verify as check

    try:
        edition = edition_named(settings, name)
    except EditionDamaged as damage:
        print(json.dumps({"ok": False, "problems": [str(damage)]}, ensure_ascii=False) if as_json else damage)
        return INCOMPLETE
    if edition is None or programme not in (None, edition.programme_id):
        known = "、".join(e.edition_id for e in all_editions(settings, programme)) or "（还没有）"
        raise Misuse(f"没有版本“{name}”，应写成 <方案>/<期次>/r<N>；已有：{known}")
    if not as_json:
        print(f"核验 {edition.edition_id}：检查文件，再从存档复算……")
    with run_lock(settings, (lambda text: None) if as_json else print):
        verdict = check(settings, edition)
    if as_json:
        body = {
            "edition": verdict.edition_id, "ok": verdict.holds, "problems": verdict.problems, "notes": verdict.notes,
            "inputs": verdict.inputs, "outputs": verdict.outputs, "tables": verdict.tables,
        }  # fmt: skip
        print(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        for note in verdict.notes:
            print(f"  说明：{note}")
        for problem in verdict.problems:
            print(f"  不符：{problem}" if not problem.startswith("  ") else f"  {problem}")
        if verdict.holds:
            print(
                f"核验通过：{verdict.inputs} 个输入文件、{verdict.outputs} 个输出文件未被改动，"
                f"{verdict.tables} 张表复算结果逐值相同"
            )
        else:
            print(f"核验不通过：{edition.edition_id} 有 {len(verdict.problems)} 处不符")
    return DONE if verdict.holds else INCOMPLETE
