"""The floor: the same quarter's scores and ranks by a hand-written DuckDB script that does nothing else.

    .venv/bin/python benchmarks/floor.py RAW

Reads every file, takes the latest row per key, scores tasks, indicators, specials and reporters, ranks them, for every
period. No receipts, no findings, no quarantine, no history, no robustness, no publication: what any script would have to do.
Cells that cannot be read are null. Only the forms of ``national.py`` are understood.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.national import PERIODS, PROGRAMME

_PLACE = r"regexp_extract(filename, 'submissions/[^/]+/([^/]+)/([^/]+)/', ['period', 'reporter_id'])"
_PROGRESS = {
    "任务编号": "task_id", "状态": "status", "完成进度": "progress", "完成日期": "completed_on", "进展情况": "summary",
    "填报日期": "reported_on",
}  # fmt: skip
_VALUES = {"指标编号": "indicator_id", "指标值": "value"}


def _workbooks(connection: duckdb.DuckDBPyConnection, files: list[Path], names: dict[str, str]) -> str:
    """The xlsx share as a registered frame; the cheapest way to their cells without an extension."""
    import polars as pl
    from openpyxl import load_workbook

    def rows(file: Path) -> list[tuple]:
        book = load_workbook(file, read_only=True, data_only=True)
        table = book.worksheets[0].iter_rows(values_only=True)
        header = next(table)
        places = [header.index(name) for name in names]
        kept = [(str(file), *(row[p] for p in places)) for row in table]
        book.close()
        return kept

    with ThreadPoolExecutor(2) as pool:
        lines = [line for part in pool.map(rows, files) for line in part]
    frame = pl.DataFrame(lines, schema=dict.fromkeys(("filename", *names), pl.String), orient="row")
    connection.register(f"workbooks_{len(names)}", frame.to_arrow())
    return f"workbooks_{len(names)}"


def _read(connection: duckdb.DuckDBPyConnection, root: Path, kind: str, names: dict[str, str]) -> None:
    base = root / "submissions" / PROGRAMME
    columns = ", ".join(f'"{header}" AS {name}' for header, name in names.items())
    sources = [
        f"SELECT filename, {columns} FROM read_csv('{base}/*/*/{kind}.csv', all_varchar = true, filename = true, header = true)"
    ]
    if any(base.glob(f"*/*/{kind}.parquet")):
        sources.append(
            f"SELECT filename, {columns} FROM read_parquet('{base}/*/*/{kind}.parquet', filename = true)"
        )
    if workbooks := sorted(base.glob(f"*/*/{kind}.xlsx")):
        sources.append(f"SELECT filename, {columns} FROM {_workbooks(connection, workbooks, names)}")
    connection.execute(
        f"CREATE TABLE {kind} AS SELECT unnest({_PLACE}), * EXCLUDE filename FROM ({' UNION ALL '.join(sources)})"
    )


_SCORES = """
CREATE TABLE received AS SELECT split_part(path, '/', 3) period, split_part(path, '/', 4) reporter_id,
    split_part(split_part(path, '/', 5), '.', 1) kind, received_at::TIMESTAMPTZ received_at FROM read_csv('{root}/receipts.csv');
CREATE TABLE tasks AS FROM read_csv('{registry}/tasks.csv', all_varchar = true);
CREATE TABLE indicators AS FROM read_csv('{registry}/indicators.csv');
CREATE TABLE targets AS FROM read_csv('{registry}/targets.csv');
CREATE TABLE periods AS SELECT period, make_date({year}, 3 * n, 1) + INTERVAL 1 MONTH - INTERVAL 1 DAY AS period_end
    FROM (SELECT unnest({periods}) period, generate_subscripts({periods}, 1) n);
CREATE TABLE milestones AS
    WITH parts AS (SELECT task_id, regexp_extract_all(deadline_text, '年(\\d+)月', 1) AS months FROM tasks)
    SELECT task_id, k, len(months) n, (make_date({year}, months[k]::INT, 1) + INTERVAL 1 MONTH - INTERVAL 1 DAY)::DATE due
    FROM parts, LATERAL (SELECT unnest(range(1, len(months) + 1)) k);
CREATE TABLE state AS
    WITH latest AS (
        SELECT reporter_id, p.task_id, q.period, q.period_end,
            arg_max(CASE status WHEN '已完成' THEN 'completed' WHEN '推进中' THEN 'in_progress' WHEN '未启动' THEN 'not_started' END,
                (p.period, received_at)) status,
            arg_max(try_cast(rtrim(progress, '%') AS DOUBLE), (p.period, received_at)) pct,
            coalesce(arg_max(coalesce(try_cast(completed_on AS DATE), try_cast(reported_on AS DATE)), (p.period, received_at)),
                DATE '{year}-01-01') completed_on,
            max(CASE WHEN p.period = q.period THEN summary END) summary
        FROM progress p JOIN received r USING (period, reporter_id) JOIN periods q ON p.period <= q.period
        WHERE r.kind = 'progress' AND received_at <= q.period_end + INTERVAL 13 DAY GROUP BY ALL)
    SELECT * EXCLUDE pct, CASE status WHEN 'completed' THEN 1 ELSE coalesce(pct, 0) / 100 END AS p FROM latest;
CREATE TABLE task_scores AS
    WITH placed AS (
        SELECT s.*, t.special_id, m.due, m.k / m.n AS want, max(m.due) OVER (PARTITION BY s.period, s.reporter_id, s.task_id) last_due,
            row_number() OVER (PARTITION BY s.period, s.reporter_id, s.task_id
                ORDER BY (p < m.k / m.n) DESC, CASE WHEN p < m.k / m.n THEN m.due END, m.due DESC) AS place
        FROM state s JOIN tasks t USING (task_id)
        LEFT JOIN milestones m ON m.task_id = s.task_id
    )
    SELECT period, reporter_id, special_id, task_id, CASE
        WHEN due IS NULL THEN CASE WHEN summary <> '' THEN 100.0 ELSE 0 END
        WHEN status = 'completed' THEN CASE WHEN completed_on > last_due THEN greatest(60, 100 - 2 * (completed_on - last_due)) ELSE 100 END
        WHEN p < want AND due <= period_end THEN least(60, 100 * p)
        ELSE 100 * least(1, p / nullif(want * greatest(0, least(1, (period_end::DATE - DATE '{year}-01-01')
            / (due - DATE '{year}-01-01'))), 0)) END AS score
    FROM placed WHERE place = 1;
CREATE TABLE indicator_scores AS
    SELECT v.period, v.reporter_id, i.special_id, v.indicator_id, CASE
        WHEN v.value IS NULL THEN 0
        WHEN i.method = 'auto' THEN 100 * greatest(0, least(1, (worst - v.value) / (worst - frontier)))
        ELSE 100 * greatest(0, least(1, (v.value - baseline) / (target - baseline))) END AS score
    FROM (SELECT period, reporter_id, indicator_id, arg_max(try_cast(rtrim(value, '%') AS DOUBLE), received_at) AS value
          FROM indicators_sent JOIN received r USING (period, reporter_id) WHERE r.kind = 'indicators' GROUP BY ALL) v
    JOIN indicators i USING (indicator_id) LEFT JOIN targets t USING (indicator_id);
CREATE TABLE special_scores AS
    SELECT period, reporter_id, special_id, t.score task_score, i.score indicator_score,
        (coalesce(0.5 * t.score, 0) + coalesce(0.5 * i.score, 0)) / (0.5 * (t.score IS NOT NULL)::INT + 0.5 * (i.score IS NOT NULL)::INT) score
    FROM (SELECT period, reporter_id, special_id, avg(score) score FROM task_scores GROUP BY ALL) t
    FULL JOIN (SELECT period, reporter_id, special_id, avg(score) score FROM indicator_scores GROUP BY ALL) i
    USING (period, reporter_id, special_id);
CREATE TABLE ranking AS
    SELECT *, rank() OVER (PARTITION BY period ORDER BY round(total_score, 6) DESC) rank FROM (
        SELECT period, reporter_id, 0.5 * avg(task_score) + 0.5 * avg(indicator_score) total_score FROM special_scores GROUP BY ALL);
"""


def run(root: Path, database: str = ":memory:") -> tuple[float, list[tuple]]:
    """(seconds, ranking of every period)."""
    start = time.perf_counter()
    with duckdb.connect(database, config={"threads": 2}) as connection:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        _read(connection, root, "progress", _PROGRESS)
        _read(connection, root, "indicators", _VALUES)
        connection.execute("ALTER TABLE indicators RENAME TO indicators_sent")
        read = time.perf_counter()
        registry = root / "registry" / PROGRAMME
        connection.execute(
            _SCORES.format(root=root, registry=registry, year=PERIODS[0][:4], periods=list(PERIODS))
        )
        rows = connection.execute("FROM ranking ORDER BY period, rank, reporter_id").fetchall()
    end = time.perf_counter()
    print(f"floor: read {read - start:.1f} s, scores and ranks {end - read:.1f} s", file=sys.stderr)
    return end - start, rows


def main() -> None:
    """The command of the docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("raw", type=Path)
    seconds, rows = run(parser.parse_args().raw.resolve())
    print(f"{seconds:.1f} s, {len(rows)} ranks")


if __name__ == "__main__":
    main()
