"""Reading many submissions in worker processes: a crash, a hang or a memory bomb costs one file, never the run.

Belongs here: the process pool and what its failures mean for a file. Does not belong here: reading (``submissions``).
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout

from pebble import ProcessExpired, ProcessPool

from raw.errors import Limits, Rejected
from raw.submissions import Codes, SubmissionFile, SubmissionResult, read_submission, rejected

_log = logging.getLogger("taizhang.intake")
Reader = Callable[[SubmissionFile, Codes, Limits], SubmissionResult]
# of a worker process: set once when it starts
_codes: dict[str, Codes] = {}
_limits = Limits()
_reader: Reader = read_submission


def _start_worker(codes: dict[str, Codes], limits: Limits, reader: Reader) -> None:
    global _codes, _limits, _reader
    _codes, _limits, _reader = codes, limits, reader
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(file: SubmissionFile) -> SubmissionResult | str:
    """The result; the traceback as text for a fault of our own (the parent logs it and rejects the file)."""
    try:
        return _reader(file, _codes[file.programme_id], _limits)
    except MemoryError:
        return _given_up(file, _memory(_limits))
    except Exception:
        return traceback.format_exc()


def _memory(limits: Limits) -> Rejected:
    return Rejected("F13", f"解析时内存超过 {limits.memory_bytes // 1048576} MB；请拆分后报送")


def _given_up(file: SubmissionFile, rejection: Rejected) -> SubmissionResult:
    """A rejection that a faster machine or mended code may not repeat: the file is read again by the next run."""
    result = rejected(file, rejection)
    result.try_again = True
    return result


def _outcome(file: SubmissionFile, future, limits: Limits) -> SubmissionResult:
    try:
        result = future.result()
    except MemoryError:  # while the worker packed its result
        return _given_up(file, _memory(limits))
    except FutureTimeout:
        return _given_up(file, Rejected("F13", f"解析超过 {limits.seconds} 秒；请精简或拆分后报送"))
    except ProcessExpired as error:
        _log.warning("reader process ended with code %s on %s", error.exitcode, file.path)
        return _given_up(
            file, Rejected("F01", "文件使读取程序崩溃，已隔离；请重新另存为 .xlsx 或 .csv 后报送")
        )
    if isinstance(result, str):
        _log.error("reader fault on %s\n%s", file.path, result)
        return _given_up(
            file, Rejected("F01", "读取程序出错，未载入；请把此文件交给系统维护人员，并重新另存后报送")
        )
    return result


def read_all(
    files: list[SubmissionFile],
    codes: dict[str, Codes],
    limits: Limits,
    workers: int | None = None,
    on_file: Callable[[int, int], None] = lambda done, total: None,
    reader: Reader = read_submission,
) -> Iterator[tuple[SubmissionFile, SubmissionResult]]:
    """Read ``files`` in worker processes, in order. ``codes`` by programme. ``on_file(done, total)`` reports progress.

    ``reader`` is what a worker runs for one file (a module-level function: it is imported there); tests put one that
    crashes in its place. Whatever a file does to its worker is a rejected result; nothing is raised for a file.
    """
    if not files:
        return
    workers = min(workers or os.cpu_count() or 1, len(files))
    # spawn: forking a process that holds DuckDB and polars threads may deadlock the child
    context = multiprocessing.get_context("spawn")
    with ProcessPool(
        max_workers=workers, context=context, initializer=_start_worker, initargs=(codes, limits, reader)
    ) as pool:
        futures = [(file, pool.schedule(_read, args=(file,), timeout=limits.seconds)) for file in files]
        try:
            for done, (file, future) in enumerate(futures, 1):
                yield file, _outcome(file, future, limits)
                on_file(done, len(files))
        except BaseException:  # the caller gave up: do not read the rest for nobody
            pool.stop()
            raise
