"""Parquet: every scalar type as the text a clerk would have written; damaged and oversized files."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raw.errors import Limits, Rejected
from raw.readers.parquet import read_parquet

LIMITS = Limits()


def body_of(columns: dict) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array, texts",
    [
        (pa.array(["t01", None, "", "已完成"]), ["t01", None, None, "已完成"]),
        (pa.array([1, None, 410701]), ["1", None, "410701"]),
        (pa.array([0.5, 50.0, None, float("nan"), 0.1 + 0.2]), ["0.5", "50", None, None, "0.3"]),
        (pa.array([0.1, 12.5, None], pa.float32()), ["0.1", "12.5", None]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([date(2021, 6, 30)]), ["2021-06-30"]),
        (pa.array([datetime(2021, 6, 30, 17, 30)]), ["2021-06-30 17:30:00"]),
        (pa.array([datetime(2021, 6, 30)], pa.timestamp("ns")), ["2021-06-30 00:00:00"]),
        (
            pa.array([datetime(2021, 6, 29, 16, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            ["2021-06-29 16:00:00+00:00"],
        ),
        (pa.array([Decimal("87.40")]), ["87.40"]),
        (pa.array([b"\xe8\xa5\xbf\xff"]), ["西\ufffd"]),
        (pa.array([["甲", "乙"]]), ['["甲", "乙"]']),
        (pa.array(["甲", "乙", "甲"]).dictionary_encode(), ["甲", "乙", "甲"]),
        (pa.array(["a\x00b\x00"]), ["a\ufffdb"]),
        (pa.nulls(2), [None, None]),
    ],
)
def test_cells(array, texts):
    assert [row.cells for row in read_parquet(body_of({"a": array}), LIMITS).rows] == [
        [text] for text in texts
    ]


def test_positions_and_header():
    sheet = read_parquet(body_of({"任务编号": ["t01", "t02"], "progress_pct": [50.0, None]}), LIMITS)
    assert sheet.header == ["任务编号", "progress_pct"]
    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ["t01", "50"]), (2, ["t02", None])]


def test_a_table_without_rows():
    assert read_parquet(body_of({"任务编号": pa.array([], pa.string())}), LIMITS).rows == []


@pytest.mark.parametrize("damage", ["head", "tail", "middle"])
def test_damaged_files_are_f01(damage):
    body = body_of({"a": [f"行{i}" for i in range(500)]})
    broken = {
        "head": body[:40],
        "tail": body[:-20] + b"PAR1",
        "middle": b"PAR1" + b"\xff" * 200 + body[204:],
    }[damage]
    with pytest.raises(Rejected) as caught:
        read_parquet(broken, LIMITS)
    assert caught.value.rule_id == "F01"


def test_text_that_is_no_utf8_and_days_no_calendar_has_are_f01():
    bad_text = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    )
    for array in (bad_text, pa.array([10**7], pa.int32()).cast(pa.date32())):
        with pytest.raises(Rejected) as caught:
            read_parquet(body_of({"a": array}), LIMITS)
        assert caught.value.rule_id == "F01"


@pytest.mark.parametrize(
    "limits, columns, word",
    [
        (Limits(rows=2), {"a": [1, 2, 3]}, "行"),
        (Limits(columns=1), {"a": [1], "b": [2]}, "列"),
        (Limits(unpacked_bytes=100), {"a": ["长" * 500]}, "解压"),
    ],
)
def test_limits_are_known_before_reading(limits, columns, word):
    with pytest.raises(Rejected, match=word) as caught:
        read_parquet(body_of(columns), limits)
    assert caught.value.rule_id == "F13"


def test_exactly_as_many_rows_as_allowed():
    assert len(read_parquet(body_of({"a": [1, 2, 3]}), Limits(rows=3)).rows) == 3
