"""Raw tree → ``raw.*`` in one transaction: idempotent by content, conserving every row.

Belongs here: which files need reading, replacing their rows, receipts, confirmations, the conservation check. Does not
belong here: reading (``registry``, ``submissions``), earlier registries (``history``), plausibility (``quality/``),
lateness and versions (dbt).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from raw import history
from raw.contracts import contracts
from raw.errors import Limits, Rejected
from raw.intake import Batch, read_all
from raw.periods import Period
from raw.registry import Programme, programme_ids, read_confirmations, read_programme
from raw.schema import REGISTRY_TABLES, SUBMISSION_TABLES, TABLES, create_statements, polars_schema
from raw.submissions import SubmissionResult, rejected
from raw.transaction import transaction
from raw.tree import Receipt, read_receipts, scan, tree_findings, with_problem

# bumped when readers change their mind about the same bytes: everything is then read again
READER_VERSION = 4
# DuckDB stores rows by 122,880; ever smaller inserts cost up to twice as much
_ROWS_AT_ONCE = 122_880


class ConservationError(AssertionError):
    """A row read is neither loaded nor in quarantine: our own broken invariant, the run must fail."""


@dataclass
class LoadSummary:
    """What one load did; counts over the programmes in scope."""

    programmes: list[Programme] = field(default_factory=list)
    receipts: int = 0
    files_read: int = 0
    rejected: int = 0
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0


def _state_key(codes_hash: str, limits: Limits) -> str:
    bounds = hashlib.sha256(repr(limits).encode()).hexdigest()[:8]
    return f"{READER_VERSION}:{bounds}:{codes_hash}"


def _codes_hash(programme: Programme) -> str:
    """Hash of what the readers see of a registry: another weight or target must not read every file again."""
    codes = programme.codes()
    return hashlib.sha256(
        json.dumps(codes.__dict__, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()[:32]


def _judge(
    receipt: Receipt,
    programmes: dict[str, Programme],
    reporters: dict[str, set[str]],
    periods: dict[str, set[Period]],
) -> Receipt:
    """The receipt with the problem its place in the tree has against the registries (F05), if any.

    ``reporters``, ``periods``: programme_id → its reporter_ids, its quarters.
    """
    file = receipt.file
    programme = programmes.get(file.programme_id)
    if programme is None:
        return with_problem(
            receipt, Rejected("F05", f"方案“{file.programme_id}”没有登记目录；请核对文件夹名")
        )
    if not programme.computable:
        return with_problem(
            receipt, Rejected("F05", f"方案“{file.programme_id}”的 programme.toml 有误，暂不能载入")
        )
    if file.reporter_id not in reporters[file.programme_id]:
        return with_problem(
            receipt, Rejected("F05", f"填报主体代码“{file.reporter_id}”不在 reporters.csv 中；请核对文件夹名")
        )
    try:
        period = Period.parse(file.period)
    except ValueError:
        return with_problem(
            receipt, Rejected("F05", f"期次“{file.period}”写法不对；文件夹名应为 2021Q3 的形式")
        )
    if period not in periods[file.programme_id]:
        return with_problem(receipt, Rejected("F05", f"期次 {period} 不在方案周期内；请核对文件夹名"))
    return receipt


def _frame(table: str, rows: list[dict] | list[tuple]) -> pa.Table:
    if rows and isinstance(rows[0], dict):
        rows = [tuple(row.get(name) for name in TABLES[table]) for row in rows]
    return pl.DataFrame(rows, schema=polars_schema(table), orient="row").to_arrow()


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    if rows.num_rows:
        connection.register("incoming", rows)
        names = ", ".join(f'"{name}"' for name in TABLES[table])
        connection.execute(f"INSERT INTO raw.{table} ({names}) SELECT {names} FROM incoming")
        connection.unregister("incoming")


def _scope_filter(programme_id: str | None, column: str = "programme_id") -> tuple[str, list]:
    return (f"{column} = ?", [programme_id]) if programme_id else ("true", [])


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    for statement in create_statements():
        connection.execute(statement)


def load(
    connection: duckdb.DuckDBPyConnection,
    raw_root: Path,
    programme_id: str | None = None,
    limits: Limits | None = None,
    on_file: Callable[[int, int], None] = lambda done, total: None,
    now: datetime | None = None,
) -> LoadSummary:
    """Bring ``raw.*`` in step with the raw tree, for every programme or for one.

    ``now`` is when a registry version not known yet is said to be first seen; without it, when its newest file was changed.

    Files whose bytes, place and codes are known already are not read again. One transaction: readers of the warehouse
    see the old state or the new one.

    Raises:
        ConservationError: rows_read ≠ rows in raw.* + rows in quarantine for some receipt.
        KeyError: ``programme_id`` has no registry.
    """
    limits = limits or Limits()
    _prepare(connection)
    known_ids = programme_ids(raw_root)
    if programme_id is not None and programme_id not in known_ids:
        raise KeyError(programme_id)
    programmes = {
        pid: read_programme(raw_root, pid) for pid in ([programme_id] if programme_id else known_ids)
    }
    reporters = {pid: set(programme.codes().reporters) for pid, programme in programmes.items()}
    periods = {pid: set(programme.periods) for pid, programme in programmes.items()}
    register = read_receipts(raw_root, limits)
    for pid, programme in programmes.items():
        programme.findings += tree_findings(raw_root, pid, register)
    receipts = [
        _judge(receipt, programmes, reporters, periods)
        for receipt in scan(raw_root, programme_id, register, limits)
    ]
    codes = {pid: programme.codes() for pid, programme in programmes.items()}
    states = {pid: _state_key(_codes_hash(programme), limits) for pid, programme in programmes.items()}
    loaded = dict(connection.execute("SELECT receipt_id, state FROM raw.load_state").fetchall())

    pending, refused = [], {}
    for receipt in receipts:
        file = receipt.file
        if receipt.problem:
            refused[file.receipt_id] = rejected(file, receipt.problem)
        elif loaded.get(file.receipt_id) != states[file.programme_id]:
            pending.append(file)

    summary = LoadSummary(list(programmes.values()), receipts=len(receipts), files_read=len(pending))
    with transaction(connection):
        # before the tables change: what a task that vanishes was, only the old rows know
        history.record(connection, raw_root, list(programmes.values()), now)
        _write_registry(connection, programmes, programme_id)
        _write_confirmations(connection, raw_root, programmes, programme_id)
        renewed = [*refused, *(file.receipt_id for file in pending)]
        kept = _drop_stale(connection, receipts, renewed, programme_id)
        results = refused | _write_rows(connection, read_all(pending, codes, limits, on_file=on_file))
        _write_bookkeeping(connection, receipts, results, kept, states)
        _check_conservation(connection)
    where, parameters = _scope_filter(programme_id)
    summary.rejected, summary.rows_read, summary.rows_quarantined = connection.execute(
        f"SELECT count(*) FILTER (rejected), coalesce(sum(rows_read), 0)::BIGINT, coalesce(sum(rows_quarantined), 0)::BIGINT "
        f"FROM raw.receipts WHERE {where}",
        parameters,
    ).fetchone()
    summary.rows_loaded = summary.rows_read - summary.rows_quarantined
    return summary


def _write_registry(
    connection: duckdb.DuckDBPyConnection, programmes: dict[str, Programme], programme_id: str | None
) -> None:
    where, parameters = _scope_filter(programme_id)
    for table in REGISTRY_TABLES:
        connection.execute(f"DELETE FROM raw.{table} WHERE {where}", parameters)
        # a programme without readable dates has no periods: it is listed by its findings only
        rows = [row for p in programmes.values() if p.computable for row in p.tables[table]]
        _insert(connection, table, _frame(table, rows))
    connection.execute(f"DELETE FROM raw.findings WHERE receipt_id IS NULL AND {where}", parameters)
    _insert(connection, "findings", _frame("findings", [f for p in programmes.values() for f in p.findings]))


def _write_confirmations(
    connection: duckdb.DuckDBPyConnection,
    raw_root: Path,
    programmes: dict[str, Programme],
    programme_id: str | None,
) -> None:
    """Every line once per programme that has its reporter and period; a line about none belongs to no programme."""
    reporters = {pid: set(p.codes().reporters) for pid, p in programmes.items()}
    periods = {pid: {str(period) for period in p.periods} for pid, p in programmes.items()}
    rows = []
    for line in read_confirmations(raw_root):
        about = [
            pid
            for pid in programmes
            if line.get("reporter_id") in reporters[pid] and line.get("period") in periods[pid]
        ]
        # with one programme in scope nothing can be said about a line that is not about it
        rows += [line | {"programme_id": pid} for pid in about or ([] if programme_id else [None])]
    where, parameters = _scope_filter(programme_id)
    connection.execute(f"DELETE FROM raw.confirmations WHERE {where}", parameters)
    _insert(connection, "confirmations", _frame("confirmations", rows))


def _drop_stale(
    connection: duckdb.DuckDBPyConnection,
    receipts: list[Receipt],
    renewed: list[str],
    programme_id: str | None,
) -> dict[str, tuple]:
    """Take out everything of files that left the tree or are read anew, and all receipts.

    Returns what the readers said of the files that stay: receipt_id → the row (receipt_id, format, encoding, rows_read,
    rows_quarantined, rejected, reason); only receipts.csv may have changed for those.
    """
    where, parameters = _scope_filter(programme_id)
    for name, ids in (
        ("current_receipts", [r.file.receipt_id for r in receipts]),
        ("renewed_receipts", renewed),
    ):
        connection.register(
            name, pl.DataFrame({"receipt_id": ids}, schema={"receipt_id": pl.String}).to_arrow()
        )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE stale AS SELECT receipt_id FROM raw.receipts WHERE {where} "
        "AND receipt_id NOT IN (SELECT receipt_id FROM current_receipts) "
        "UNION SELECT receipt_id FROM renewed_receipts",
        parameters,
    )
    connection.unregister("current_receipts")
    connection.unregister("renewed_receipts")
    kept = {
        row[0]: row
        for row in connection.execute(
            f"SELECT receipt_id, format, encoding, rows_read, rows_quarantined, rejected, reason FROM raw.receipts "
            f"WHERE {where} AND receipt_id NOT IN (SELECT receipt_id FROM stale)",
            parameters,
        ).fetchall()
    }
    for table in [*SUBMISSION_TABLES, "columns", "quarantine", "findings", "load_state"]:
        connection.execute(f"DELETE FROM raw.{table} WHERE receipt_id IN (SELECT receipt_id FROM stale)")
    connection.execute(
        f"DELETE FROM raw.findings WHERE rule_id = 'F11' AND receipt_id IS NOT NULL AND {where}", parameters
    )
    connection.execute(f"DELETE FROM raw.receipts WHERE {where}", parameters)
    return kept


def _write_rows(
    connection: duckdb.DuckDBPyConnection, batches: Iterable[Batch]
) -> dict[str, SubmissionResult]:
    """Insert the rows as they come, some batches at once: never more than those are in memory; receipt_id → result."""
    results = {}
    waiting: dict[str, list[pa.Table]] = {}

    def insert(table: str) -> None:
        _insert(connection, table, pa.concat_tables(waiting.pop(table)))

    for batch in batches:
        for table, rows in batch.rows:
            waiting.setdefault(table, []).append(rows)
            if sum(part.num_rows for part in waiting[table]) >= _ROWS_AT_ONCE:
                insert(table)
        results |= {file.receipt_id: result for file, result in batch.results}
    for table in list(waiting):
        insert(table)
    return results


def _write_bookkeeping(
    connection: duckdb.DuckDBPyConnection,
    receipts: list[Receipt],
    results: dict[str, SubmissionResult],
    kept: dict[str, tuple],
    states: dict[str, str],
) -> None:
    ordered = list(results.values())
    _insert(connection, "columns", _frame("columns", [line for r in ordered for line in r.lineage]))
    _insert(connection, "quarantine", _frame("quarantine", [line for r in ordered for line in r.quarantine]))
    findings = [line for r in ordered for line in r.findings]
    findings += [
        _unregistered(receipt)
        for receipt in receipts
        if not receipt.registered or receipt.receipt_time_unreadable
    ]
    _insert(connection, "findings", _frame("findings", findings))
    _insert(connection, "receipts", _frame("receipts", [_receipt_row(r, results, kept) for r in receipts]))
    read = [
        r.file
        for r in receipts
        if r.file.receipt_id in results and not r.problem and not results[r.file.receipt_id].try_again
    ]
    _insert(
        connection, "load_state", _frame("load_state", [(f.receipt_id, states[f.programme_id]) for f in read])
    )


def _unregistered(receipt: Receipt) -> tuple:
    file = receipt.file
    moment = f"{receipt.received_at:%Y-%m-%d %H:%M}"
    if receipt.registered:
        message = f"receipts.csv 中的收文时间无法识别，以文件时间 {moment} 为准；请改成 2021-06-28T17:30:00+08:00 的形式"
    else:
        message = (
            f"文件未登记收文，以文件时间 {moment} 为准；请用 taizhang receive 收文，或在 receipts.csv 补一行"
        )
    return (
        "F11", file.programme_id, file.period, file.reporter_id, "file", file.path, file.receipt_id, file.path,
        None, None, None, None, message,
    )  # fmt: skip


def _receipt_row(receipt: Receipt, results: dict[str, SubmissionResult], kept: dict[str, tuple]) -> dict:
    file = receipt.file
    row = {
        "receipt_id": file.receipt_id,
        "path": file.path,
        "sha256": receipt.sha256,
        "bytes": receipt.size,
        "programme_id": file.programme_id,
        "period": file.period,
        "reporter_id": file.reporter_id,
        "kind": file.kind or None,
        "received_at": receipt.received_at,
        "received_on": receipt.received_at.date(),
        "sender": receipt.sender,
        "registered": receipt.registered,
    }
    if (result := results.get(file.receipt_id)) is not None:
        row |= {
            "format": result.format,
            "encoding": result.encoding,
            "rows_read": result.rows_read,
            "rows_quarantined": len(result.quarantine),
            "rejected": result.rejected,
            "reason": result.reason,
        }
    else:
        names = ("format", "encoding", "rows_read", "rows_quarantined", "rejected", "reason")
        row |= dict(zip(names, kept[file.receipt_id][1:], strict=True))
    return row


def _check_conservation(connection: duckdb.DuckDBPyConnection) -> None:
    stored = " UNION ALL ".join(
        f"SELECT receipt_id FROM raw.{contract.table}" for contract in contracts().values()
    )
    broken = connection.execute(
        f"""
        WITH rows AS (SELECT receipt_id, count(*) AS n FROM ({stored}) GROUP BY receipt_id),
             kept_out AS (SELECT receipt_id, count(*) AS n FROM raw.quarantine GROUP BY receipt_id)
        SELECT r.path, r.rows_read, coalesce(rows.n, 0), coalesce(kept_out.n, 0)
        FROM raw.receipts r LEFT JOIN rows USING (receipt_id) LEFT JOIN kept_out USING (receipt_id)
        WHERE r.rows_read <> coalesce(rows.n, 0) + coalesce(kept_out.n, 0)
           OR r.rows_quarantined <> coalesce(kept_out.n, 0)
        ORDER BY r.path LIMIT 5
        """
    ).fetchall()
    if broken:
        raise ConservationError(f"rows_read ≠ loaded + quarantined: {broken}")
