"""What a run says at its end: received, missing, late, rows, findings, first and last three, where to look."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from dashboards import format as fmt
from orchestration.editions.store import DRAFT
from orchestration.editions.tables import standing_edition
from orchestration.settings import Settings

# rank, name, total, 5 % and 95 % quantile of the rank
Place = tuple[int, str, float, float | None, float | None]
SEVERITIES = {"B": "阻断", "E": "错误", "W": "警告", "I": "提示"}


@dataclass
class ProgrammeSummary:
    """One programme at its asked period."""

    programme_id: str
    title: str
    period: str
    as_of: str
    frozen: bool
    reporters: int
    owed: int
    received: int
    late: int
    missing: list[str]
    files: int
    files_rejected: int
    rows_loaded: int
    rows_quarantined: int
    findings: dict[str, int]
    registry_blocking: int
    first: list[Place]
    last: list[Place]
    site: str
    edition: str = DRAFT


@dataclass
class Summary:
    """All programmes of a run, and where the database is."""

    programmes: list[ProgrammeSummary]
    database: str
    portal: str
    registry_blocking: list[str] = field(default_factory=list)

    def as_dict(self) -> dict:
        """For --json."""
        return {"ok": bool(self.programmes) and not self.registry_blocking} | asdict(self)

    def as_text(self) -> str:
        """For people."""
        if not self.programmes:
            blocks = ["没有可计算的方案：所给期次早于方案开始，或登记目录无法读取。"]
        else:
            blocks = [_programme_text(programme) for programme in self.programmes]
        if self.registry_blocking:
            lines = "\n".join(f"  · {message}" for message in self.registry_blocking[:10])
            more = len(self.registry_blocking) - 10
            blocks.append(
                f"登记目录有 {len(self.registry_blocking)} 处必须更正的错误（结果保持征求意见稿）：\n{lines}"
                + (f"\n  · 另有 {more} 处，见看板“数据质量”页" if more > 0 else "")
            )
        blocks.append(f"分析库  {self.database}\n看板总览 {self.portal}")
        return "\n\n".join(["", *blocks])


def _ranked(rows: list[Place]) -> str:
    return (
        "，".join(f"{fmt.rank(rank, low, high)} {name} {score:.2f}" for rank, name, score, low, high in rows)
        or "无"
    )


def _programme_text(programme: ProgrammeSummary) -> str:
    missing = "、".join(programme.missing[:8]) + (
        f"等 {len(programme.missing)} 家" if len(programme.missing) > 8 else ""
    )
    found = (
        "，".join(f"{SEVERITIES[key]} {count}" for key, count in programme.findings.items() if count) or "无"
    )
    state = "已定版" if programme.frozen else "未到定版时间"
    return "\n".join(
        [
            f"【{programme.title}】{programme.period}（数据截至 {programme.as_of}，{state}，{programme.edition}）",
            f"  报送：应报 {programme.owed} 份，收到 {programme.received} 份，其中迟报 {programme.late} 份；"
            f"未报：{missing or '无'}",
            f"  文件：{programme.files} 个，拒收 {programme.files_rejected} 个；"
            f"载入 {programme.rows_loaded} 行，隔离 {programme.rows_quarantined} 行",
            f"  检查发现：{found}",
            f"  前三：{_ranked(programme.first)}",
            f"  后三：{_ranked(programme.last)}",
            f"  看板：{programme.site}",
        ]
    )


def summarise(connection: duckdb.DuckDBPyConnection, settings: Settings, programme: str | None) -> Summary:
    """Summary of the published file, for every programme or for one (its asked period)."""
    rows = connection.execute(
        """
        SELECT c.programme_id, p.title, c.period, strftime(c.as_of, '%Y-%m-%d %H:%M'), c.frozen
        FROM control.periods c JOIN raw.programmes p USING (programme_id)
        WHERE c.is_asked AND (? IS NULL OR c.programme_id = ?) ORDER BY 1
        """,
        [programme, programme],
    ).fetchall()
    programmes = [_one(connection, settings, *row) for row in rows]
    blocking = connection.execute(
        "SELECT message FROM quality.flags WHERE severity = 'B' AND path NOT LIKE 'submissions/%' "
        "AND (? IS NULL OR programme_id = ?) ORDER BY path, row_number, rule_id, message",
        [programme, programme],
    ).fetchall()
    return Summary(
        programmes,
        str(settings.current),
        str(settings.published / "index.html"),
        [message for (message,) in blocking],
    )


def _one(
    connection, settings: Settings, programme_id: str, title: str, period: str, as_of: str, frozen: bool
):
    key = [programme_id, period]
    owed, received, late = connection.execute(
        "SELECT count(*) FILTER (owed), count(*) FILTER (owed AND received), count(*) FILTER (owed AND received AND NOT on_time) "
        "FROM marts.reporting WHERE programme_id = ? AND period = ?",
        key,
    ).fetchone()
    missing = connection.execute(
        "SELECT r.name FROM marts.reporting m JOIN raw.reporters r USING (programme_id, reporter_id) "
        "WHERE m.programme_id = ? AND m.period = ? AND m.owed AND NOT m.received GROUP BY ALL ORDER BY min(r.seq)",
        key,
    ).fetchall()
    files, files_rejected, loaded, quarantined = connection.execute(
        "SELECT count(*), count(*) FILTER (status = 'rejected'), coalesce(sum(rows_loaded), 0)::BIGINT, "
        "coalesce(sum(rows_quarantined), 0)::BIGINT FROM ops.receipts WHERE programme_id = ? AND period = ?",
        key,
    ).fetchone()
    found = dict(
        connection.execute(
            "SELECT severity, count(*) FROM quality.flags WHERE programme_id = ? AND (period = ? OR period IS NULL) GROUP BY 1",
            key,
        ).fetchall()
    )
    registry_blocking = connection.execute(
        "SELECT count(*) FROM quality.flags WHERE programme_id = ? AND severity = 'B' AND path NOT LIKE 'submissions/%'",
        [programme_id],
    ).fetchone()[0]
    ranked = connection.execute(
        "SELECT k.rank, k.reporter_name, k.total_score, b.rank_p05, b.rank_p95 FROM marts.ranking k "
        "LEFT JOIN marts.rank_robustness b USING (programme_id, period, reporter_id) "
        "WHERE programme_id = ? AND period = ? AND k.rank IS NOT NULL ORDER BY k.rank, reporter_id",
        key,
    ).fetchall()
    reporters = connection.execute(
        "SELECT count(*) FROM raw.reporters WHERE programme_id = ?", [programme_id]
    ).fetchone()[0]
    newest = standing_edition(connection, programme_id, period)
    site: Path = settings.published / programme_id / period / "site" / "index.html"
    return ProgrammeSummary(
        programme_id, title, period, as_of, frozen, reporters, owed, received, late, [name for (name,) in missing],
        files, files_rejected, loaded, quarantined, {key: found.get(key, 0) for key in SEVERITIES}, registry_blocking,
        ranked[:3], ranked[-3:] if len(ranked) > 3 else [], str(site) if site.is_file() else "（本次未生成）",
        f"已发布 {newest}" if newest else DRAFT,
    )  # fmt: skip
