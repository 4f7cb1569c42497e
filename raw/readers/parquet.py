"""Parquet: columns of any scalar type → a sheet of text cells, positions from 1."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from decimal import Decimal

from raw.errors import Limits, Rejected
from raw.sheets import Row, Sheet, check_characters, too_many_columns, too_many_rows
from raw.text import is_storable, storable
from raw.values import number_text


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
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(body))
        metadata = file.metadata
        if metadata.num_rows > limits.rows:
            raise too_many_rows(metadata.num_rows, limits)
        if metadata.num_columns > limits.columns:
            raise too_many_columns(metadata.num_columns, limits)
        groups = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
        if sum(groups) > limits.unpacked_bytes:
            raise Rejected("F13", f"解压后超过 {limits.unpacked_bytes // 1048576} MB；请拆分后报送")
        names = [storable(name) for name in file.schema_arrow.names]
        columns = _columns(file, limits)
    except MemoryError:
        raise
    # Recursion: types nested without end; OverflowError: a day no calendar has; ValueError: also bytes that are no UTF-8
    except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        raise Rejected(
            "F01", f"Parquet 文件已损坏，无法读取（{type(error).__name__}）；请重新导出并报送"
        ) from error
    rows = [Row(number, list(cells)) for number, cells in enumerate(zip(*columns, strict=True), 1)]
    return Sheet(None, rows, header=names)


def _columns(file, limits: Limits) -> list[list[str | None]]:
    """Texts by column. What a dictionary says once may stand in every row, so rows are taken in steps that must fit.

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
    columns: list[list[str | None]] = [[] for _ in file.schema_arrow.names]
    taken = characters = count = 0
    for batch in file.iter_batches(batch_size=step, use_threads=False):
        taken += batch.nbytes
        if taken > limits.unpacked_bytes:
            raise Rejected("F13", f"解压后超过 {limits.unpacked_bytes // 1048576} MB；请拆分后报送")
        for texts, column in zip(columns, batch.columns, strict=True):
            found = _texts(column)
            characters += sum(len(text or "") for text in found)
            check_characters(characters, limits)
            texts += found
        count += batch.num_rows
    if count != metadata.num_rows:
        raise Rejected(
            "F01", f"Parquet 文件已损坏：应有 {metadata.num_rows} 行，实有 {count} 行；请重新导出并报送"
        )
    return columns


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
