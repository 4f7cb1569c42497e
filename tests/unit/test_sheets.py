"""A file's format is told by its content; what no reader can take is refused with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.errors import Limits, Rejected
from raw.sheets import Row, check_cell, fill_merged, read_document
from tests.factories.trees import write_csv, write_json, write_ndjson, write_parquet, write_xls, write_xlsx

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER, ROWS = ["任务编号", "状态"], [["t01", "已完成"], ["t02", "推进中"]]


def rejection(path: Path, limits: Limits | None = None) -> Rejected:
    with pytest.raises(Rejected) as caught:
        read_document(path, limits or Limits())
    return caught.value


@pytest.mark.parametrize(
    "name, write, first",
    [
        ("a.csv", write_csv, 2),
        ("a.xlsx", write_xlsx, 2),
        ("a.xls", write_xls, 2),
        ("a.json", write_json, 1),
        ("a.ndjson", write_ndjson, 1),
        ("a.parquet", write_parquet, 1),
    ],
)
def test_every_format_gives_the_same_cells(tmp_path, name, write, first):
    numbers = write(tmp_path / name, HEADER, ROWS)
    document = read_document(tmp_path / name, Limits())
    assert document.format == name[2:] and len(document.sheets) == 1
    assert document.encoding == ("utf-8" if name in ("a.csv", "a.json", "a.ndjson") else None)
    rows = document.sheets[0].rows[-2:]
    assert [row.number for row in rows] == numbers == [first, first + 1]
    assert [row.cells for row in rows] == ROWS


@pytest.mark.parametrize(
    "name, writer",
    [("a.xls", write_xlsx), ("a.xlsx", write_xls), ("a.csv", write_xlsx), ("a.XLSX", write_xlsx)],
)
def test_a_wrong_extension_does_not_matter(tmp_path, name, writer):
    buffer = tmp_path / "made"
    writer(buffer, HEADER, ROWS)
    (tmp_path / name).write_bytes(buffer.read_bytes())
    assert read_document(tmp_path / name, Limits()).format == writer.__name__[6:]


@pytest.mark.parametrize(
    "name, body, rule_id, word",
    [
        ("a.et", OLE + b"x", "F15", "另存为"),
        ("a.doc", OLE + b"x", "F15", "另存为"),
        ("a.txt", b"t01", "F15", "另存为"),
        ("a", b"t01", "F15", "无扩展名"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n", "F15", "图片"),
        ("a.csv", b"\xff\xd8\xff\xe0", "F15", "图片"),
        ("a.xlsx", b"%PDF-1.7", "F15", "PDF"),
        ("a.xls", b"Rar!\x1a\x07", "F15", "压缩包"),
        ("a.xls", OLE + "WordDocument".encode("utf-16-le"), "F15", "Word"),
        ("a.xlsx", OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "F15", "密码"),
        ("a.xls", b"<html><table>", "F15", "网页"),
        ("a.xls", b"\xef\xbb\xbf\n <!DOCTYPE html>", "F15", "网页"),
        ("a.xlsx", b'<?xml version="1.0"?><Workbook/>', "F15", "网页"),
        ("a.xlsx", "任务编号\t状态".encode(), "F01", "xlsx"),
        ("a.parquet", b"not parquet", "F01", "parquet"),
        ("a.parquet", b"PAR1", "F01", "损坏"),
        ("a.csv", b"", "F01", "0 字节"),
        ("a.xlsx", b"", "F01", "0 字节"),
        ("a.json", b"{", "F01", "JSON"),
        ("a.csv", b"\xff\xff\xff", "F01", "编码"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, name, body, rule_id, word):
    (tmp_path / name).write_bytes(body)
    caught = rejection(tmp_path / name)
    assert caught.rule_id == rule_id and word in caught.message


def test_a_workbook_with_a_word_object_in_it_is_a_workbook(tmp_path):
    path = tmp_path / "a.xls"
    write_xls(path, HEADER, ROWS)
    path.write_bytes(path.read_bytes() + "WordDocument".encode("utf-16-le"))
    assert read_document(path, Limits()).format == "xls"


@pytest.mark.parametrize("text", ["PK编号,状态\nt01,已完成\n", "BM,状态\nt01,已完成\n"])
def test_a_csv_may_begin_with_letters_that_are_another_formats(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert read_document(tmp_path / "a.csv", Limits()).format == "csv"


def test_the_size_on_disk_is_checked_first(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff" * 101)
    assert rejection(path, Limits(file_bytes=100)).rule_id == "F13"
    assert rejection(path, Limits(file_bytes=101)).rule_id == "F01"


def test_a_missing_file_is_the_callers_business(tmp_path):
    with pytest.raises(OSError):
        read_document(tmp_path / "nothing.csv", Limits())


# ── merged ranges ─────────────────────────────────────────────────────────────────────────────


def test_filling_keeps_to_the_range_and_to_rows_with_cells():
    rows = {1: ["甲", "a"], 2: [None, "b"], 4: [None, "c"], 5: [None, "d"]}
    covered = fill_merged(rows, [(1, 4, 0, 0)], Limits())
    assert rows == {1: ["甲", "a"], 2: ["甲", "b"], 4: ["甲", "c"], 5: [None, "d"]}
    assert covered == {(2, 0): 1, (4, 0): 1}


def test_filling_stops_at_the_widest_row():
    rows = {1: ["题"], 2: ["a", "b", "c"]}
    fill_merged(rows, [(1, 1, 0, 16_383)], Limits())
    assert rows[1] == ["题", "题", "题"]


def test_a_blank_origin_covers_and_fills_nothing():
    rows = {1: [None, "a"], 2: ["留", "b"]}
    assert fill_merged(rows, [(1, 2, 0, 0)], Limits()) == {(2, 0): 1}
    assert rows == {1: [None, "a"], 2: ["留", "b"]}


def test_no_merged_ranges():
    rows: dict = {}
    assert fill_merged(rows, [(1, 9, 0, 3)], Limits()) == {} and rows == {}


@pytest.mark.parametrize("row, column, fits", [(13, 5, True), (14, 5, False), (13, 6, False)])
def test_check_cell(row, column, fits):
    limits = Limits(rows=10, margin_rows=3, columns=5)
    if fits:
        assert check_cell(row, column, limits) is None
    else:
        with pytest.raises(Rejected):
            check_cell(row, column, limits)


def test_rejections_cross_the_process_border():
    import pickle

    again = pickle.loads(pickle.dumps(Rejected("F13", "太大")))
    assert (again.rule_id, again.message, str(again)) == ("F13", "太大", "太大")
    assert pickle.loads(pickle.dumps(Row(1, ["a"]))) == Row(1, ["a"])


def test_merged_ranges_without_end_are_f13():
    rows = {number: ["a", "b"] for number in range(1, 101)}
    assert len(fill_merged(dict(rows), [(1, 100, 0, 1)] * 5, Limits(merged_cells=1005))) == 198
    with pytest.raises(Rejected, match="合并") as caught:
        fill_merged(dict(rows), [(1, 100, 0, 1)] * 5, Limits(merged_cells=1000))
    assert caught.value.rule_id == "F13"
