"""``taizhang confirm``: a county confirms a warning (属实); one line more in confirmations.csv, and in the audit log."""

from __future__ import annotations

import json
import unicodedata

import duckdb

from orchestration.commands.run import DONE, INCOMPLETE, Misuse, check_programme, parse_period
from orchestration.confirmations import Confirmation, NotConfirmed, add
from orchestration.rules import rule_catalogue
from orchestration.settings import Settings
from orchestration.warehouse import reader
from raw.periods import Period
from raw.registry import programme_ids, read_programme
from raw.text import storable, tidy


def person(name: str | None, option: str) -> str:
    """A name as it is kept. Raises Misuse for none."""
    text = " ".join(unicodedata.normalize("NFKC", storable(name or "")).split())
    if not text:
        raise Misuse(f"{option} 要写姓名")
    return text


def confirm(
    settings: Settings,
    period_text: str,
    reporter: str,
    rule: str,
    entity: str,
    note: str,
    by: str,
    programme: str | None,
    as_json: bool,
) -> int:
    """The command; 1 when the file cannot be written. Raises Misuse: unknown or unfit rule, reporter, period; nothing said."""
    period = parse_period(period_text)
    check_programme(settings, programme)
    line = Confirmation(
        rule_id=_rule(settings, rule),
        reporter_id=tidy(reporter),
        entity_id=storable(entity).strip(),
        period=str(period),
        note=" ".join(storable(note).split()),
        by=person(by, "--by"),
    )
    for value, option in ((line.entity_id, "--entity"), (line.note, "--note")):
        if not value:
            raise Misuse(f"{option} 不能为空")
    owners = _owners(settings, line.reporter_id, period, programme)
    try:
        added = add(settings, line)
    except NotConfirmed as error:
        raise Misuse(str(error)) from error
    except OSError as error:
        text = f"没有写入 confirmations.csv（{error.strerror}）；请检查磁盘空间和目录权限"
        print(json.dumps({"ok": False, "error": text}, ensure_ascii=False) if as_json else text)
        return INCOMPLETE
    known = _is_found(settings, line)
    if as_json:
        body = {"ok": True, "added": added, "line": line.__dict__, "programmes": owners, "found": known}
        print(json.dumps(body, ensure_ascii=False, indent=2))
        return DONE
    place = f"{line.rule_id} {line.reporter_id} {line.entity_id} {line.period}"
    print(
        f"已登记确认：{place}（{line.by}：{line.note}）"
        if added
        else f"此前已登记同样的确认，没有重复写入：{place}"
    )
    if known is False:
        print("请核对：最近一次运行的结果里没有这条提示")
    print(f"下一步：taizhang run --period {period}")
    return DONE


def _rule(settings: Settings, text: str) -> str:
    """The rule's id. Raises Misuse: no such rule, or one whose findings must be corrected."""
    rules = {rule["rule_id"]: rule for rule in rule_catalogue(settings)}
    rule_id = tidy(text).upper()
    if rule_id not in rules:
        raise Misuse(f"没有规则“{text}”；规则编号见检查发现，如 V02、H05")
    if rules[rule_id]["severity"] in ("B", "E"):
        raise Misuse(
            f"规则 {rule_id}（{rules[rule_id]['message_zh']}）的问题须更正后重报，不能以确认代替改正"
        )
    return rule_id


def _owners(settings: Settings, reporter_id: str, period: Period, programme: str | None) -> list[str]:
    """Programmes the line will speak of. Raises Misuse when there is none."""
    wanted = [programme] if programme else programme_ids(settings.raw_root)
    known = [read_programme(settings.raw_root, pid) for pid in wanted]
    here = [p for p in known if any(row["reporter_id"] == reporter_id for row in p.tables["reporters"])]
    where = f"方案 {programme}" if programme else "任何方案"
    if not here:
        raise Misuse(f"{where} 的 reporters.csv 里没有填报主体代码“{reporter_id}”（要写代码，不是名称）")
    owners = [p.programme_id for p in here if period in p.periods]
    if not owners:
        raise Misuse(f"期次 {period} 不在{where if programme else '有这个填报主体的方案'}的周期内")
    return owners


def _is_found(settings: Settings, line: Confirmation) -> bool | None:
    """Whether the latest results have such a finding, confirmed or not; None without results."""
    try:
        with reader(settings.current) as connection:
            found = connection.execute(
                """
                SELECT count(*) FROM (
                    SELECT rule_id, reporter_id, entity_id, period FROM quality.flags
                    UNION ALL SELECT rule_id, reporter_id, entity_id, period FROM quality.confirmed_flags
                ) WHERE rule_id = ? AND reporter_id = ? AND entity_id = ? AND period = ?
                """,
                list(line.place),
            ).fetchall()
    except (FileNotFoundError, duckdb.CatalogException):
        return None
    return found[0][0] > 0
