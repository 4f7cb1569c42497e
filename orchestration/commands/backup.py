"""``taizhang backup`` and ``restore``: what cannot be made again, into one file and back."""

from __future__ import annotations

import fcntl
import json
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from orchestration import audit, progress
from orchestration.backup.contents import BackupFailed
from orchestration.backup.reading import Read, editions_among, megabytes, read_backup
from orchestration.backup.restoring import WrongPlace
from orchestration.backup.restoring import restore as unpack
from orchestration.backup.writing import Backup, write_backup
from orchestration.commands.run import DONE, INCOMPLETE, Misuse, run_lock
from orchestration.editions.store import Edition, EditionDamaged, editions
from orchestration.receive import Refused, receipts_lock
from orchestration.settings import Settings
from raw.periods import SHANGHAI

_SHOWN = 20


def backup(settings: Settings, to: Path | None, check: Path | None, as_json: bool) -> int:
    """Write a backup, or look whether one is whole.

    1 when it could not be written, is damaged, or holds damage it was made with. Raises Misuse: no or two targets, nothing
    to back up, a target that exists or lies among the data.
    """
    if (to is None) == (check is None):
        raise Misuse("请写 --to 路径（备份）或 --check 文件（检查一份备份），只写一个")
    if not as_json:
        progress.to_console()
    if check is not None:
        return _check(_existing(check, "--check"), as_json)
    now = datetime.now(SHANGHAI)
    target = _target(settings, to, now)
    say = (lambda text: None) if as_json else print
    say(f"备份：数据目录 {settings.raw_root}，结果目录 {settings.home}")
    try:
        with audit.act(settings, "backup", to=str(target)) as record, progress.step("备份") as step:
            made = write_backup(settings, target, _standstill(settings, say), now, step)
            step.result = (
                f"{made.files} 个文件，{megabytes(made.content_bytes)}，压缩为 {megabytes(made.size)}"
            )
            record.outcome |= {"sha256": made.sha256, "files": made.files, "problems": len(made.problems)}
    except (BackupFailed, Refused, audit.AuditUnavailable, OSError) as error:
        return _failed("备份没有完成，没有留下文件", error, as_json)
    print(_json(_about(made)) if as_json else _written_text(made))
    return INCOMPLETE if made.problems else DONE


@contextmanager
def _standstill(settings: Settings, say):
    """No run, no publication, no receipt and no entry of the audit log meanwhile.

    A receive that was killed half-way is finished first, by the lock (decisions/0014).
    """
    with ExitStack() as locks:
        locks.enter_context(run_lock(settings, say))
        locks.enter_context(receipts_lock(settings.raw_root))
        log = locks.enter_context(audit.log_path(settings).open("rb"))
        fcntl.flock(log, fcntl.LOCK_SH)
        yield


def _existing(path: Path, option: str) -> Path:
    if not path.is_file():
        raise Misuse(f"{option}：没有文件 {path}")
    return path.resolve()


def _target(settings: Settings, to: Path, now: datetime) -> Path:
    """The file to write; a folder gets one named by the moment."""
    for folder, variable in ((settings.home, "TAIZHANG_HOME"), (settings.raw_root, "TAIZHANG_RAW")):
        if not folder.is_dir():
            raise Misuse(f"{variable} 指定的目录 {folder} 不存在，没有可备份的数据")
    target = to.resolve()
    if target.is_dir():
        target = target / f"taizhang-{now:%Y%m%d-%H%M%S}.tar.gz"
    if any(target.is_relative_to(folder) for folder in (settings.home, settings.raw_root)):
        raise Misuse(f"备份不能放在数据目录里（{target}）；请写到另一个磁盘")
    if not target.parent.is_dir():
        raise Misuse(f"目录 {target.parent} 不存在")
    if target.exists():
        raise Misuse(f"{target} 已经存在，不覆盖；请换一个文件名，或写一个目录由程序命名")
    return target


def _check(path: Path, as_json: bool) -> int:
    try:
        with progress.step("检查备份") as step:
            read = read_backup(path, step)
            step.result = f"{len(read.entries)} 个文件，{megabytes(read.content_bytes)}"
    except (BackupFailed, OSError) as error:
        return _failed("备份不可用", error, as_json)
    print(_json(_read_about(read)) if as_json else _checked_text(read))
    return INCOMPLETE if read.problems else DONE


def restore(settings: Settings, source: Path, home: Path | None, raw: Path | None, as_json: bool) -> int:
    """Restore a backup into an empty home and raw tree, then verify every edition.

    1 when the backup is damaged (nothing is restored) or an edition does not verify. Raises Misuse: no such file, places
    that are not empty.
    """
    source = _existing(source, "--from")
    settings = replace(
        settings,
        home=home.resolve() if home else settings.home,
        raw_root=raw.resolve() if raw else settings.raw_root,
    )
    if not as_json:
        progress.to_console()
        print(f"恢复：{source} → 数据目录 {settings.raw_root}，结果目录 {settings.home}")
    try:
        with progress.step("恢复") as step:
            read = unpack(source, settings, step)
            step.result = f"{len(read.entries)} 个文件，{megabytes(read.content_bytes)}，逐个与清单相符"
    except WrongPlace as wrong:
        raise Misuse(str(wrong)) from wrong
    except (BackupFailed, OSError) as error:
        return _failed("恢复没有完成，没有留下文件", error, as_json)
    about = {"from": str(source), "sha256": read.sha256, "created_at": read.header["created_at"]}
    audit.record(settings, "restore", audit.DONE, about)
    verdicts = _verify_all(settings)
    body = _read_about(read) | {
        "home": str(settings.home),
        "raw": str(settings.raw_root),
        "verified": verdicts,
        "next": _next(settings),
    }
    print(_json(body) if as_json else _restored_text(read, body))
    return DONE if all(verdict["ok"] for verdict in verdicts) and not read.problems else INCOMPLETE


def _verify_all(settings: Settings) -> list[dict]:
    try:
        found = editions(settings)
    except EditionDamaged as damage:
        return [{"edition": None, "ok": False, "problems": [str(damage)], "notes": []}]
    settings.prepare()
    with run_lock(settings):
        return [_verify(settings, edition, f"{n}/{len(found)}") for n, edition in enumerate(found, 1)]


def _verify(settings: Settings, edition: Edition, number: str) -> dict:
    from orchestration.editions.verify import Verdict, verify

    started = time.monotonic()
    with progress.step(f"核验 {edition.edition_id}（{number}）") as step:
        try:
            verdict = verify(settings, edition)
        except Exception as error:
            # one that cannot be computed, whatever the reason, must not hide the others; it is told and the exit code is 1
            verdict = Verdict(edition.edition_id, [f"核验没有完成（{type(error).__name__}）：{error}"])
        step.result = "通过" if verdict.holds else f"{len(verdict.problems)} 处不符"
    return {
        "edition": edition.edition_id, "ok": verdict.holds, "problems": verdict.problems, "notes": verdict.notes,
        "inputs": verdict.inputs, "outputs": verdict.outputs, "tables": verdict.tables,
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def _next(settings: Settings) -> str | None:
    """The command that makes again what a backup leaves out; None without anything to compute."""
    periods = {path.name for path in settings.raw_root.glob("submissions/*/*") if path.is_dir()}
    return f"taizhang run --period {max(periods)}" if periods else None


# --- words ------------------------------------------------------------------------------------------------------------


def _json(body: dict) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)


def _failed(what: str, error: Exception, as_json: bool) -> int:
    print(_json({"ok": False, "error": str(error)}) if as_json else f"{what}：\n{error}")
    return INCOMPLETE


def _about(made: Backup) -> dict:
    return {
        "ok": not made.problems, "path": str(made.path), "bytes": made.size, "sha256": made.sha256, "files": made.files,
        "content_bytes": made.content_bytes, "editions": made.editions, "left_out": made.left_out,
        "problems": made.problems, "notes": made.notes,
    }  # fmt: skip


def _read_about(read: Read) -> dict:
    return {
        "ok": not read.problems, "path": str(read.path), "bytes": read.size, "sha256": read.sha256,
        "created_at": read.header["created_at"], "version": read.header["version"], "files": len(read.entries),
        "content_bytes": read.content_bytes, "editions": editions_among(read.entries), "left_out": read.left_out,
        "problems": read.problems,
    }  # fmt: skip


def _lines(title: str, lines: list[str]) -> list[str]:
    more = [f"  ……共 {len(lines)} 处"] if len(lines) > _SHOWN else []
    return [title, *(f"  {line}" for line in lines[:_SHOWN]), *more] if lines else []


def _written_text(made: Backup) -> str:
    return "\n".join(
        [
            f"已备份：{made.path}（{megabytes(made.size)}，{len(made.editions)} 个版本）",
            f"  SHA-256 {made.sha256}（请抄录在别处，恢复前核对）",
            *(f"  请注意：{note}" for note in made.notes),
            *_lines("以下不是数据目录中的普通文件，没有备份：", made.left_out),
            *_lines("以下在备份之前就已损坏，备份中也是如此；请从更早的备份找回：", made.problems),
        ]
    )


def _checked_text(read: Read) -> str:
    return "\n".join(
        [
            f"备份完好：{len(read.entries)} 个文件与清单相符；{_made(read)}",
            f"  SHA-256 {read.sha256}（应与备份时抄录的一致）",
            *_lines("备份时没有收入的：", read.left_out),
            *_lines("以下在备份之前就已损坏：", read.problems),
        ]
    )


def _made(read: Read) -> str:
    named = editions_among(read.entries)
    return f"{read.header['created_at'][:16].replace('T', ' ')} 备份，{len(named)} 个版本"


def _restored_text(read: Read, body: dict) -> str:
    lines = [f"已恢复：{_made(read)}；SHA-256 {read.sha256}"]
    for verdict in body["verified"]:
        if verdict["ok"]:
            lines.append(f"  核验通过 {verdict['edition']}（{verdict['tables']} 张表复算结果逐值相同）")
        else:
            lines.append(f"  核验不通过 {verdict['edition'] or ''}")
            lines += [f"    {problem}" for problem in verdict["problems"][:_SHOWN]]
    lines += _lines("以下在备份之前就已损坏：", read.problems)
    lines.append(f"  export TAIZHANG_RAW={body['raw']} TAIZHANG_HOME={body['home']}")
    if body["next"]:
        lines.append(f"下一步：{body['next']}（数据库和看板由它重新算出）")
    return "\n".join(lines)
