"""Parquet: columns of any scalar type → a sheet of text cells, positions from 1."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from raw.errors import Limits, Rejected
from raw.sheets import Row, Sheet, check_characters, too_many_columns, too_many_rows
from raw.text import is_storable, storable
from raw.values import number_text

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


# of a file that is read together with a hundred others
_SMALL = 8 * 1024 * 1024


def _cell(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return None if value != value else number_text(value)  # a NaN is pandas' way to say blank
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return storable(value.decode("utf-8", "replace")) or None
    if isinstance(value, str):
        return storable(value) or None
    return storable(json.dumps(value, ensure_ascii=False, default=str))


def read_parquet(body: bytes, limits: Limits) -> Sheet:
    """All rows of a parquet file. Raises Rejected: F01 (damaged), F13 (over the limits, known before reading)."""
    with _damage_rejected():
        file = _open(body, limits)
        columns: list[list[str | None]] = [[] for _ in file.schema_arrow.names]
        characters = 0
        for batch in _batches(file, limits):
            for texts, column in zip(columns, batch.columns, strict=True):
                found = _texts(column)
                characters += sum(len(text or "") for text in found)
                check_characters(characters, limits)
                texts += found
    rows = [Row(number, list(cells)) for number, cells in enumerate(zip(*columns, strict=True), 1)]
    return Sheet(None, rows, header=_names(file))


def read_texts(body: bytes, limits: Limits) -> pa.Table | None:
    """The cells of a parquet file of texts that may be stored as they are; None for any other file.

    Raises Rejected as ``read_parquet``.
    """
    import pyarrow as pa

    with _damage_rejected():
        file = _open(body, limits)
        names = _names(file)
        if not all(map(pa.types.is_string, file.schema_arrow.types)) or len(set(names)) < len(names):
            return None
        table = pa.Table.from_batches(_batches(file, limits), file.schema_arrow)
        texts = ("".join(filter(None, column.to_pylist())) for column in table.columns)
        if table.nbytes > min(_SMALL, limits.characters) or not all(map(is_storable, texts)):
            return None
    return table.rename_columns(names)


@contextmanager
def _damage_rejected() -> Iterator[None]:
    """What reading a damaged file raises is its rejection (F01)."""
    import pyarrow as pa

    try:
        yield
    except MemoryError:
        raise
    # Recursion: types nested without end; OverflowError: a day no calendar has; ValueError: also bytes that are no UTF-8
    except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        raise Rejected(
            "F01", f"Parquet 文件已损坏，无法读取（{type(error).__name__}）；请重新导出并报送"
        ) from error


def _open(body: bytes, limits: Limits) -> pq.ParquetFile:
    """The file, nothing of its rows read yet. Raises Rejected (F13) for what it announces over the limits."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(body))
    metadata = file.metadata
    if metadata.num_rows > limits.rows:
        raise too_many_rows(metadata.num_rows, limits)
    if metadata.num_columns > limits.columns:
        raise too_many_columns(metadata.num_columns, limits)
    groups = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
    if sum(groups) > limits.unpacked_bytes:
        raise Rejected("F13", f"解压后超过 {limits.unpacked_bytes // 1048576} MB；请拆分后报送")
    return file


def _names(file: pq.ParquetFile) -> list[str]:
    return [storable(name) for name in file.schema_arrow.names]


def _batches(file: pq.ParquetFile, limits: Limits) -> Iterator[pa.RecordBatch]:
    """All rows. What a dictionary says once may stand in every row, so rows are taken in steps that must fit.

    Raises Rejected: F01 (other rows than announced), F13 (more text than allowed).
    """
    metadata = file.metadata
    largest = max(
        (
            metadata.row_group(group).column(column).total_uncompressed_size
            for group in range(metadata.num_row_groups)
            for column in range(metadata.num_columns)
        ),
        default=0,
    )
    step = min(max(limits.unpacked_bytes // max(largest, 1), 1), max(metadata.num_rows, 1))
    taken = count = 0
    for batch in file.iter_batches(batch_size=step, use_threads=False):
        taken += batch.nbytes
        if taken > limits.unpacked_bytes:
            raise Rejected("F13", f"解压后超过 {limits.unpacked_bytes // 1048576} MB；请拆分后报送")
        yield batch
        count += batch.num_rows
    if count != metadata.num_rows:
        raise Rejected(
            "F01", f"Parquet 文件已损坏：应有 {metadata.num_rows} 行，实有 {count} 行；请重新导出并报送"
        )


def _texts(column) -> list[str | None]:
    import pyarrow as pa

    if pa.types.is_float32(column.type):
        # 0.1 of a narrow column is 0.10000000149 once widened; its own shortest text is what was written
        values = column.to_numpy(zero_copy_only=False)
        return [None if value is None else _cell(float(str(value))) for value in values]
    values = column.to_pylist()
    if pa.types.is_string(column.type) and is_storable("".join(filter(None, values))):
        return [value or None for value in values]
    return [_cell(value) for value in values]
