"""``taizhang audit``: the audit log as a table, with its chain checked."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from orchestration.audit import Entry, log_path, read
from orchestration.commands.run import DONE, INCOMPLETE
from orchestration.settings import Settings

_WHAT = {
    "receive": "收文", "run": "运行", "publish": "发布", "confirm": "确认", "repair": "日志修补", "backup": "备份",
    "restore": "恢复",
}  # fmt: skip
_STATES = {"begun": "开始", "ready": "待生效", "done": "完成", "failed": "未成", "noted": "记录"}
_WHO = {"by": "", "approved_by": "批准 ", "sender": "报送 "}
# details that say most of an entry, in this order, and what is written before them
_SHOWN = {
    "edition": "", "path": "", "file": "", "programme": "", "period": "", "reporter": "", "reason": "原因：",
    "exit": "退出码 ", "error": "", "sha256": "sha256 ", "manifest_sha256": "清单 ",
}  # fmt: skip


def audit(settings: Settings, last: int | None, as_json: bool) -> int:
    """The command; 1 when an entry was altered or lost."""
    reading = read(settings)
    reading.notes += _unfinished(reading.entries)
    shown = reading.entries[-last:] if last else reading.entries
    if as_json:
        body = {
            "ok": not reading.problems, "problems": reading.problems, "notes": reading.notes,
            "count": len(reading.entries), "entries": [asdict(entry) for entry in shown],
        }  # fmt: skip
        print(json.dumps(body, ensure_ascii=False, indent=2))
        return INCOMPLETE if reading.problems else DONE
    if not reading.entries and not reading.problems:
        print(f"还没有审计记录（{log_path(settings)}）")
        return DONE
    print("序号  时间                 事项  状态    谁    内容")
    for entry in shown:
        print(_row(entry))
    for note in reading.notes:
        print(f"说明：{note}")
    for problem in reading.problems:
        print(f"不符：{problem}")
    if reading.problems:
        print(f"核验不通过：审计日志有 {len(reading.problems)} 处不符（{log_path(settings)}）")
        return INCOMPLETE
    end = reading.entries[-1]
    print(f"核验通过：{len(reading.entries)} 条记录首尾相接；末条第 {end.seq} 条，哈希 {end.hash}")
    return DONE


def _unfinished(entries: list[Entry]) -> list[str]:
    """What began and did not end."""
    ended = {entry.details.get("begun") for entry in entries if entry.state in ("done", "failed")}
    return [
        f"第 {entry.seq} 条（{_WHAT.get(entry.what, entry.what)}）没有结束的记录：正在进行，或进程中断"
        for entry in entries
        if entry.state == "begun" and entry.seq not in ended
    ]


def _row(entry: Entry) -> str:
    names = [f"{_WHO.get(key, key + ' ')}{name}" for key, name in entry.who.items() if key != "user"]
    who = entry.who.get("user", "") + (f"（{'，'.join(names)}）" if names else "")
    what = f"{_WHAT.get(entry.what, entry.what)}  {_STATES.get(entry.state, entry.state)}"
    moment = entry.at[:19].replace("T", " ")
    return _plain(f"{entry.seq:>4}  {moment}  {what}  {who}  {_about(entry.details)}")


def _about(details: dict[str, Any]) -> str:
    parts = [f"第 {details['begun']} 条"] if "begun" in details else []
    for name, label in _SHOWN.items():
        value = details.get(name)
        if value is not None:
            parts.append(label + (str(value)[:12] if name.endswith("sha256") else str(value)[:120]))
    if isinstance(line := details.get("line"), dict):
        parts.append("/".join(map(str, line.values()))[:160])
    for key, sign in (("added", "+"), ("removed", "−")):
        parts += [f"{sign}{'/'.join(map(str, line.values()))}"[:160] for line in details.get(key, ())[:5]]
    if "torn" in details:
        parts.append(f"{len(details['torn'])} 行没有写完")
    if "lost" in details:
        parts.append(f"末尾丢失，曾到第 {details['lost']['seq']} 条")
    return "  ".join(parts)


def _plain(text: str) -> str:
    """Names come from outside: nothing in a row may move the cursor or break the line."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
