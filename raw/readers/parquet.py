"""Parquet: columns of any scalar type → a sheet of text cells, positions from 1."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from decimal import Decimal

from raw.errors import Limits, Rejected
from raw.sheets import Row, Sheet, too_many_columns, too_many_rows
from raw.text import storable
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
        table = file.read(use_threads=False)
        columns = [_texts(column) for column in table.columns]
    # OverflowError: a day no calendar has; ValueError: also bytes that are no UTF-8
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise Rejected(
            "F01", f"Parquet 文件已损坏，无法读取（{type(error).__name__}）；请重新导出并报送"
        ) from error
    rows = [Row(number, list(cells)) for number, cells in enumerate(zip(*columns, strict=True), 1)]
    return Sheet(None, rows, header=[storable(name) for name in table.column_names])


def _texts(column) -> list[str | None]:
    import pyarrow as pa

    if pa.types.is_float32(column.type):
        # 0.1 of a narrow column is 0.10000000149 once widened; its own shortest text is what was written
        return [None if value is None else _cell(float(str(value))) for value in column.to_numpy()]
    return [_cell(value) for value in column.to_pylist()]
