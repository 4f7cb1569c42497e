"""Reading many submissions in worker processes: a crash, a hang or a memory bomb costs one file, never the run.

Files go to the workers in parcels, and their rows come back as Arrow tables: a process border crossed file
by file costs more than reading does. A parcel that fails is read again file by file, so that only the file that did it pays.

Belongs here: the process pool, parcels, what a failure means for a file. Does not belong here: reading (``submissions``).
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import resource
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
from pebble import ProcessExpired, ProcessPool

from raw.errors import Limits, Rejected
from raw.schema import PLACE, SUBMISSION_TABLES, polars_schema
from raw.submissions import Codes, SubmissionFile, SubmissionResult, read_submission, rejected
from raw.together import read_together

_log = logging.getLogger("taizhang.intake")
Reader = Callable[[SubmissionFile, Codes, Limits], SubmissionResult]
# one parcel: small enough for every core to have some, and for what a crash throws away to be little
_PARCEL_FILES, _PARCEL_BYTES = 128, 4 * 1024 * 1024
_REPEATED = (
    *(name for name, kind in PLACE.items() if kind == "VARCHAR"),
    *("title", "name", "status_raw", "status", "reported_on_raw", "unit"),
)
# of a worker process: set once when it starts
_codes: dict[str, Codes] = {}
_limits = Limits()
_reader: Reader = read_submission
_together = True


@dataclass
class Batch:
    """What came back of some files: each with its result, whose ``columns`` are empty, and all their loaded rows.

    ``rows``: (raw table, rows with the columns of ``raw.schema``); a table may come more than once.
    """

    results: list[tuple[SubmissionFile, SubmissionResult]] = field(default_factory=list)
    rows: list[tuple[str, pa.Table]] = field(default_factory=list)


def _start_worker(codes: dict[str, Codes], limits: Limits, reader: Reader, together: bool) -> None:
    global _codes, _limits, _reader, _together
    _codes, _limits, _reader, _together = codes, limits, reader, together
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # rows by the thousand and hardly a cycle among them: looking for cycles every 700 objects took a tenth of the time
    gc.set_threshold(100_000, 10, 10)


def _read(file: SubmissionFile) -> SubmissionResult | str:
    """The result; the traceback as text for a fault of our own (the parent logs it and rejects the file)."""
    try:
        return _reader(file, _codes[file.programme_id], _limits)
    except MemoryError:
        return _given_up(file, _memory(_limits))
    except Exception:
        return traceback.format_exc()


def rows_of(results: Iterable[SubmissionResult]) -> list[tuple[str, pa.Table]]:
    """The loaded rows of some results, one frame per raw table that has any; the results' ``columns`` are emptied."""
    collected: dict[str, dict[str, list]] = {}
    for result in results:
        if result.rows_loaded:
            into = collected.setdefault(result.table, {name: [] for name in SUBMISSION_TABLES[result.table]})
            for name, values in into.items():
                values += result.columns[name]
        result.columns = {}
    frames = {
        table: pl.DataFrame(columns, schema=polars_schema(table)) for table, columns in collected.items()
    }
    return [(table, _as_arrow(frame)) for table, frame in frames.items()]


def _as_arrow(frame: pl.DataFrame) -> pa.Table:
    """With texts that many rows repeat as numbers into a list of them: a third of the bytes between the processes."""
    repeated = [name for name in _REPEATED if name in frame.columns]
    return frame.with_columns(pl.col(repeated).cast(pl.Categorical)).to_arrow()


def _read_parcel(files: list[SubmissionFile]) -> tuple[list[SubmissionResult | str], list[tuple[str, bytes]]]:
    """Runs in a worker: the results of some files, and their rows per table as an Arrow stream."""
    # a file by itself is read by itself: whatever is wrong with reading together, its outcome does not depend on it
    together, frames = read_together(files, _codes, _limits) if _together and len(files) > 1 else ({}, [])
    results = [together.get(file.receipt_id) or _read(file) for file in files]
    rows = [(table, _as_arrow(frame)) for table, frame in frames]
    rows += rows_of(result for result in results if isinstance(result, SubmissionResult))
    return results, [(table, _packed(body)) for table, body in rows]


def _packed(rows: pa.Table) -> bytes:
    """As a stream the parent reads without copying and DuckDB takes as it is."""
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, rows.schema) as writer:
        writer.write_table(rows)
    return stream.getvalue().to_pybytes()


def _memory(limits: Limits) -> Rejected:
    return Rejected("F13", f"解析时内存超过 {limits.memory_bytes // 1048576} MB；请拆分后报送")


def _given_up(file: SubmissionFile, rejection: Rejected) -> SubmissionResult:
    """A rejection that a faster machine or mended code may not repeat: the file is read again by the next run."""
    result = rejected(file, rejection)
    result.try_again = True
    return result


def _checked(file: SubmissionFile, result: SubmissionResult | str) -> SubmissionResult:
    if isinstance(result, str):
        _log.error("reader fault on %s\n%s", file.path, result)
        return _given_up(
            file, Rejected("F01", "读取程序出错，未载入；请把此文件交给系统维护人员，并重新另存后报送")
        )
    return result


def _batch(
    files: list[SubmissionFile], outcome: tuple[list[SubmissionResult | str], list[tuple[str, bytes]]]
) -> Batch:
    results, rows = outcome
    return Batch(
        [(file, _checked(file, result)) for file, result in zip(files, results, strict=True)],
        [(table, pa.ipc.open_stream(body).read_all()) for table, body in rows],
    )


def _alone(file: SubmissionFile, future, limits: Limits) -> Batch:
    """The batch of one file that was read by itself; whatever it did to its worker is its own result."""
    try:
        return _batch([file], future.result())
    except MemoryError:  # while the worker packed its result
        rejection = _memory(limits)
    except FutureTimeout:
        rejection = Rejected("F13", f"解析超过 {limits.seconds} 秒；请精简或拆分后报送")
    except ProcessExpired as error:
        _log.warning("reader process ended with code %s on %s", error.exitcode, file.path)
        rejection = Rejected("F01", "文件使读取程序崩溃，已隔离；请重新另存为 .xlsx 或 .csv 后报送")
    except Exception as error:  # what a worker could not pack is our fault, and still the file's result
        return Batch([(file, _checked(file, f"{type(error).__name__}: {error}"))])
    return Batch([(file, _given_up(file, rejection))])


def parcels(files: list[SubmissionFile], workers: int) -> list[list[SubmissionFile]]:
    """The files in order, cut into parcels of at most 128 files and, unless a file is larger itself, 4 MB."""
    most = max(1, min(_PARCEL_FILES, -(-len(files) // (2 * workers))))
    cut: list[list[SubmissionFile]] = []
    room = 0
    for file in files:
        size = file.absolute.stat().st_size if file.absolute.is_file() else 0
        if not cut or len(cut[-1]) == most or size > room:
            cut.append([])
            room = _PARCEL_BYTES
        cut[-1].append(file)
        room -= size
    return cut


def read_all(
    files: list[SubmissionFile],
    codes: dict[str, Codes],
    limits: Limits,
    workers: int | None = None,
    on_file: Callable[[int, int], None] = lambda done, total: None,
    reader: Reader = read_submission,
    together: bool = True,
) -> Iterator[Batch]:
    """Read ``files`` in worker processes, in order. ``codes`` by programme. ``on_file(done, total)`` reports progress.

    ``reader`` is what a worker runs for one file (a module-level function: it is imported there); tests put one that
    crashes in its place. ``together``: plain files of a parcel are read by ``read_together``. Whatever a file does to its worker is a rejected result; nothing is raised for a file.
    """
    if not files:
        return
    workers = min(workers or os.cpu_count() or 1, len(files))
    # spawn: forking a process that holds DuckDB and polars threads may deadlock the child
    context = multiprocessing.get_context("spawn")
    done = 0
    with ProcessPool(
        max_workers=workers,
        context=context,
        initializer=_start_worker,
        initargs=(codes, limits, reader, together),
    ) as pool:

        def schedule(parcel: list[SubmissionFile]):
            return pool.schedule(_read_parcel, args=(parcel,), timeout=limits.seconds)

        waiting = [(parcel, schedule(parcel)) for parcel in parcels(files, workers)]
        waiting.reverse()
        try:
            while waiting:
                # popped: what was yielded is the caller's, its memory is not held here
                parcel, future = waiting.pop()
                for batch in _outcome(parcel, future, limits, schedule):
                    done += len(batch.results)
                    yield batch
                    on_file(done, len(files))
        except BaseException:  # the caller gave up: do not read the rest for nobody
            pool.stop()
            raise


def _outcome(parcel: list[SubmissionFile], future, limits: Limits, schedule) -> Iterator[Batch]:
    if len(parcel) == 1:
        yield _alone(parcel[0], future, limits)
        return
    try:
        batch = _batch(parcel, future.result())
    except Exception as error:  # some file of it; which one shows when each is read by itself
        if isinstance(error, MemoryError | FutureTimeout | ProcessExpired):
            _log.info("a parcel of %d files failed (%s); read one by one", len(parcel), type(error).__name__)
        else:  # our fault: the outcome is the same, the time is not
            _log.error("%d files could not be read together; read one by one", len(parcel), exc_info=error)
        for file in parcel:
            yield _alone(file, schedule([file]), limits)
    else:
        yield batch
