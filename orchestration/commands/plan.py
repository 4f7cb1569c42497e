"""``taizhang plan``: a plan document → registry files for review, findings and a review page."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from pathlib import Path

from orchestration.commands.run import DONE, INCOMPLETE, Misuse
from orchestration.settings import Settings
from raw.plans import patch
from raw.plans.build import read_plan
from raw.plans.findings import weight
from raw.plans.model import Plan, PlanError
from raw.plans.output import tables, write, write_table
from raw.plans.review import write_review

_PROGRAMME_RE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_NAMES = {
    "tasks": "任务",
    "responsibilities": "责任关系",
    "units": "单位",
    "specials": "专项",
    "indicators": "指标",
    "targets": "目标值",
    "goals": "位次和提升目标",
    "issues": "整改问题",
    "findings": "疑点",
}


def plan(
    settings: Settings, file: Path, programme: str, out: Path, as_json: bool, review: Path | None = None
) -> int:
    """The command. Returns the exit code: 0 done, 1 the document cannot be used (one sentence says why).

    ``review``: a review file (exported by the page, or ``raw/plans/reviews/<programme>.csv``); the registry after it
    is written to ``out/registry``. A review that does not fit the document is exit code 1, the reading is kept.

    Raises:
        Misuse: a programme id, output folder or review file that cannot be.
    """
    if not _PROGRAMME_RE.fullmatch(programme):
        raise Misuse(f"--programme 应由小写字母、数字和下划线组成，收到的是“{programme}”")
    if out.exists() and not out.is_dir():
        raise Misuse(f"--out 应是文件夹，“{out}”是文件")
    if review is not None and not review.is_file():
        raise Misuse(f"找不到复核表“{review}”")
    try:
        result = read_plan(file, _year_of(settings, programme), settings.limits)
    except PlanError as error:
        print(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False) if as_json else str(error))
        return INCOMPLETE
    counts = write(result, out)
    page = write_review(result, programme, out / "review.html")
    report = _report(result, programme, out, counts, page)
    code = DONE
    if review is not None:
        try:
            reviewed = patch.apply(tables(result), patch.read_review(review))
        except patch.ReviewError as error:
            report |= {"ok": False, "error": str(error)}
            code = INCOMPLETE
        else:
            for name, rows in reviewed.items():
                (out / "registry").mkdir(exist_ok=True)
                write_table(out / "registry" / f"{name}.csv", patch.REGISTRY_COLUMNS[name], rows)
            report["registry"] = str(out / "registry")
    print(json.dumps(report, ensure_ascii=False, indent=2) if as_json else _as_text(report, result))
    return code


def _year_of(settings: Settings, programme: str) -> int | None:
    """Year in which a registered programme begins; the document decides for a new one."""
    path = settings.raw_root / "registry" / programme / "programme.toml"
    if not path.is_file():
        return None
    try:
        start = tomllib.loads(path.read_text(encoding="utf-8")).get("start_date")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return (
            None  # ``taizhang run`` reports a broken programme.toml; here the document has a year of its own
        )
    return getattr(start, "year", None)


def _report(result: Plan, programme: str, out: Path, counts: dict[str, int], page: Path) -> dict:
    kinds = Counter(f.kind for f in result.findings)
    return {
        "ok": True,
        "programme": programme,
        "title": result.title,
        "year": result.year,
        "out": str(out),
        "review": str(page),
        "rows": counts,
        "findings": dict(sorted(kinds.items(), key=lambda item: (weight(item[0]), -item[1]))),
        "decide_first": sum(1 for f in result.findings if weight(f.kind) == 1),
    }


def _as_text(report: dict, result: Plan) -> str:
    rows = report["rows"]
    lines = [f"{report['title'] or '（未读到标题）'}（{report['year']} 年）→ {report['out']}"]
    lines.append("　".join(f"{_NAMES[name]} {rows[name]}" for name in _NAMES if rows.get(name)))
    if report["findings"]:
        lines.append("疑点：" + "　".join(f"{kind} {count}" for kind, count in report["findings"].items()))
    first = [f for f in result.findings if weight(f.kind) == 1][:5]
    lines += [f"  第 {f.line} 行 {f.kind}：{f.message}" for f in first]
    if "error" in report:
        lines.append(report["error"])
    if "registry" in report:
        lines.append(f"复核后的登记文件：{report['registry']}")
    lines.append(
        f"请先打开 {report['review']} 核对（需先定的 {report['decide_first']} 处），确认后再放入登记目录。"
    )
    return "\n".join(lines)
