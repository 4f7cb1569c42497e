"""The front door: every programme with its quarters, newest first, and what each of them says in one line.

Belongs here: the portal's rows from the warehouse and from the sites on disk. Does not belong here: writing the file (``render``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from dashboards import format as fmt
from dashboards.queries import reference as queries

Row = dict[str, Any]
MOST_NAMES = 2  # reporters that share a rank and are named in the line
# what stands beside the sites: file, word, what it is for
REFERENCE = (
    ("dictionary.html", "数据字典", "每张表、每个字段、每条规则、每项指标的含义、单位、公式、来源"),
    ("analyst.html", "数据分析", "怎样打开数据库和 Parquet，常用查询及其结果"),
    ("lineage/index.html", "数据血缘", "每张表由哪些表、用什么语句算出（英文界面）"),
)


def reference_links(published_dir: Path, here: str = "") -> list[tuple[str, str, str]]:
    """(file, word, what for) of the reference pages that are on disk; ``here``: a page that is being written."""
    return [link for link in REFERENCE if link[0] == here or (published_dir / link[0]).is_file()]


def _place(word: str, names: list[str] | None, score: float | None) -> str | None:
    return f"{word}{fmt.names(names, MOST_NAMES)}（{fmt.number(score, 1)} 分）" if names else None


def line(quarter: Row) -> list[str]:
    """What a quarter says: clauses on rank, tasks and reporting; only what the marts know."""
    first, last = quarter["first"], quarter["last"]
    clauses = [
        _place("第一", first, quarter["first_score"]),
        _place("末位", last, quarter["last_score"]) if first != last else None,
    ]
    if quarter["due"]:
        overdue = f"逾期 {fmt.count(quarter['overdue'])}" if quarter["overdue"] else "无逾期"
        clauses.append(f"任务应完成 {fmt.count(quarter['due'])} 项次，{overdue}")
    elif quarter["due"] == 0:
        clauses.append("没有到期任务")
    if quarter["missing"] is not None:
        words = [(quarter["missing"], "未报"), (quarter["late"], "迟报")]
        clauses.append("，".join(f"{word} {n} 家" for n, word in words if n) or "全部按时报送")
    return [clause for clause in clauses if clause]


def portal(connection: duckdb.DuckDBPyConnection, published_dir: Path) -> Row:
    """The portal's context. A quarter is linked when its site is on disk, an edition likewise."""
    standing = queries.standing_editions(connection)
    programmes: dict[str, Row] = {}
    for quarter in queries.quarters(connection):
        programme_id, period = quarter["programme_id"], quarter["period"]
        folder = published_dir / programme_id / period
        base = f"{quote(programme_id)}/{quote(period)}"
        revisions = sorted(
            (site.parent.parent.name for site in folder.glob("editions/r*/site/index.html")),
            key=lambda name: (len(name), name),
        )
        entry = programmes.setdefault(
            programme_id,
            {"title": quarter["title"] or programme_id, "issuer": quarter["issuer"], "periods": []},
        )
        entry["periods"].append(
            {
                "period": period,
                "reporters": quarter["reporters"],
                "ranked": quarter["ranked"],
                "says": line(quarter),
                "as_of": quarter["as_of"],
                "frozen": quarter["frozen"],
                "freeze_at": quarter["freeze_at"],
                "edition": standing.get((programme_id, period)),
                "href": f"{base}/site/index.html" if (folder / "site" / "index.html").is_file() else None,
                "editions": [(name, f"{base}/editions/{quote(name)}/site/index.html") for name in revisions],
            }
        )
    return {"programmes": list(programmes.values()), "links": reference_links(published_dir)}
