"""``taizhang doctor``: what of this machine would spoil a run or a page, each with its remedy."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from orchestration.commands.run import DONE, INCOMPLETE
from orchestration.settings import DUCKDB, ENGINES, REPOSITORY, Settings, too_open
from raw.registry import programme_ids

GOOD, NOTE, BAD = "正常", "提示", "异常"
_MARKS = {GOOD: "✓", NOTE: "·", BAD: "✗"}
_PACKAGES = (
    "dagster",
    "dagster-dbt",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "great-expectations",
    "polars",
    "plotly",
)


@dataclass(frozen=True)
class Finding:
    """One examined thing: what, how it is, what to do."""

    item: str
    state: str
    detail: str


def _python(_: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", GOOD if sys.version_info >= (3, 11) else BAD, f"{version}（需要 3.11 以上）")


def _packages(_: Settings) -> Finding:
    versions, missing = [], []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        return Finding("软件包", BAD, f"缺少 {'、'.join(missing)}；请运行 make install")
    return Finding("软件包", GOOD, "，".join(versions))


def _engine(settings: Settings) -> Finding:
    if settings.engine == DUCKDB:
        return Finding("计算引擎", GOOD, DUCKDB)
    if settings.engine not in ENGINES:
        return Finding("计算引擎", BAD, f"没有“{settings.engine}”；TAIZHANG_ENGINE 可用 {'、'.join(ENGINES)}")
    from orchestration.engines.local_spark import refusal

    words = refusal(settings.spark)
    return Finding("计算引擎", BAD if words else GOOD, words or settings.engine)


def _telemetry(settings: Settings) -> Finding:
    settings.prepare()
    names = ("DAGSTER_DISABLE_TELEMETRY", "DBT_SEND_ANONYMOUS_USAGE_STATS", "GX_ANALYTICS_ENABLED")
    wrong = [name for name in names if os.environ.get(name) not in ("1", "0", "false")]
    instance = (settings.dagster_home / "dagster.yaml").read_text(encoding="utf-8")
    off = not wrong and "enabled: false" in instance
    return Finding(
        "遥测", GOOD if off else BAD, "dagster、dbt、GX 均已关闭" if off else f"未关闭：{'、'.join(wrong)}"
    )


def _raw_tree(settings: Settings) -> Finding:
    if not settings.raw_root.is_dir():
        return Finding("数据目录", BAD, f"{settings.raw_root} 不存在；请设置 TAIZHANG_RAW")
    known = programme_ids(settings.raw_root)
    if not known:
        return Finding("数据目录", BAD, f"{settings.raw_root}/registry 下没有方案")
    return Finding("数据目录", GOOD, f"{settings.raw_root}，方案：{'、'.join(known)}")


def _permissions(settings: Settings) -> Finding:
    """Who else may write, or look: at the home, and at a raw tree that is not the bundled sample."""
    looked_at = [settings.home, settings.published]
    if not settings.raw_root.is_relative_to(REPOSITORY):
        below = ("receipts.csv", "confirmations.csv", "registry", "submissions")
        looked_at += [settings.raw_root, *(settings.raw_root / name for name in below)]
    loose = [path for path in looked_at if path.exists() and too_open(path)]
    if loose:
        roots = dict.fromkeys(
            str(settings.raw_root if path.is_relative_to(settings.raw_root) else settings.home)
            for path in loose
        )
        return Finding(
            "权限",
            NOTE,
            f"{'、'.join(map(str, loose))} 别人能看或能改；请运行 chmod -R g-w,o-rwx {' '.join(roots)}",
        )
    return Finding("权限", GOOD, "只有本人能写；同组的人只能读已发布的目录")


def _audit(settings: Settings) -> Finding:
    from orchestration.audit import read

    reading = read(settings)
    if reading.problems:
        return Finding("审计日志", BAD, f"{reading.problems[0]}；详见 taizhang audit")
    return Finding("审计日志", GOOD, f"{len(reading.entries)} 条，首尾相接")


def _locks(settings: Settings) -> Finding:
    from orchestration.warehouse import WarehouseBusy, writer

    if not settings.warehouse.is_file():
        return Finding("数据库锁", GOOD, "尚无数据库，首次运行时建立")
    try:
        with writer(settings.warehouse) as connection:
            connection.execute("SELECT 1")
    except WarehouseBusy:
        return Finding("数据库锁", NOTE, "数据库正被另一个进程写入（可能正在运行）；等它结束，或结束该进程")
    return Finding("数据库锁", GOOD, "没有进程占用")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free / 1024**3
    state = GOOD if free > 2 else BAD
    return Finding("磁盘", state, f"可用 {free:.1f} GB" + ("" if state == GOOD else "；请清理到 2 GB 以上"))


def _clock(settings: Settings) -> Finding:
    now = datetime.now().astimezone()
    newest = max(
        (path.stat().st_mtime for path in (settings.warehouse, settings.current) if path.exists()),
        default=0.0,
    )
    if newest > now.timestamp() + 60:
        return Finding("时钟", BAD, f"本机时间 {now:%Y-%m-%d %H:%M} 早于已有数据库的时间；请校正时钟")
    return Finding(
        "时钟", GOOD if now.year >= 2024 else BAD, f"{now:%Y-%m-%d %H:%M %Z}（截止时间一律按北京时间计算）"
    )


def _fonts(_: Settings) -> Finding:
    if shutil.which("fc-list") is None:
        return Finding("中文字体", NOTE, "没有 fc-list，无法检查；网页用看的人自己电脑上的字体，不受影响")
    fonts = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False
    ).stdout
    if fonts.strip():
        return Finding("中文字体", GOOD, fonts.splitlines()[0].split(",")[0])
    return Finding("中文字体", NOTE, "本机没有中文字体，打印 PDF 和截图会缺字；Debian 可安装 fonts-noto-cjk")


def _browser(_: Settings) -> Finding:
    found = next((p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p)), None)
    if found:
        return Finding("浏览器", GOOD, found)
    return Finding("浏览器", NOTE, "本机没有 Chromium，不能自动截图和打印；看板仍可在任何浏览器中打开")


_EXAMINATIONS: tuple[Callable[[Settings], Finding], ...] = (
    _python, _packages, _engine, _telemetry, _raw_tree, _permissions, _audit, _locks, _disk, _clock, _fonts, _browser,
)  # fmt: skip


def doctor(settings: Settings, as_json: bool) -> int:
    """The command; 1 when something is 异常."""
    settings.prepare()
    findings = [examine(settings) for examine in _EXAMINATIONS]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{_MARKS[finding.state]} {finding.item}：{finding.detail}")
    return INCOMPLETE if any(finding.state == BAD for finding in findings) else DONE
