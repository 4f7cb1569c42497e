"""csv, json and ndjson: encodings, separators, line numbers, broken files."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.errors import Limits, Rejected
from raw.readers.text_files import csv_records, decode, read_csv, read_json, read_ndjson

LIMITS = Limits()
HEADER = "任务编号,状态,进展情况"


def cells(sheet) -> dict[int, list]:
    return {row.number: row.cells for row in sheet.rows}


def rejection(reader, text: str, limits: Limits = LIMITS) -> Rejected:
    with pytest.raises(Rejected) as caught:
        reader(text, limits)
    return caught.value


# ── encodings ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "encoding, found",
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_encodings(encoding, found):
    text = "任务编号,状态\r\nt01,已完成\r\n"
    assert decode(text.encode(encoding)) == (text, found)


def test_utf16_big_endian_and_characters_only_gb18030_has():
    assert decode(b"\xfe\xff" + "状态".encode("utf-16-be")) == ("状态", "utf-16")
    assert decode("㐂𠮷€".encode("gb18030")) == ("㐂𠮷€", "gb18030")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_without_a_mark_is_named(encoding):
    with pytest.raises(Rejected, match="UTF-16") as caught:
        decode("任务编号,状态\r\nt01,已完成\r\n".encode(encoding))
    assert caught.value.rule_id == "F01"
    assert decode("任务编号\x00,状态\x00\r\n".encode())[1] == "utf-8"


@pytest.mark.parametrize("encoding, mark", [("utf-32-le", b"\xff\xfe\0\0"), ("utf-32-be", b"\0\0\xfe\xff")])
def test_utf32_with_a_mark(encoding, mark):
    assert decode(mark + "任务编号".encode(encoding)) == ("任务编号", "utf-32")


@pytest.mark.parametrize("body", [b"\xff\x00\xff", b"\xef\xbb\xbf\xff", b"\xff\xfe\x00"])
def test_bytes_of_no_encoding_are_f01(body):
    with pytest.raises(Rejected, match="编码") as caught:
        decode(body)
    assert caught.value.rule_id == "F01"


@given(st.text(max_size=40))
def test_utf8_is_never_taken_for_something_else(text):
    assert decode(text.encode())[0] == text.removeprefix("\ufeff")


# ── csv ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_separators(delimiter):
    text = "\n".join(delimiter.join(line) for line in [["任务编号", "状态"], ["t01", "已完成"]])
    assert cells(read_csv(text, LIMITS)) == {1: ["任务编号", "状态"], 2: ["t01", "已完成"]}


def test_the_separator_is_that_of_the_header_not_of_the_texts():
    text = "关于报送进展的表，一季度，共三项，请审阅\n任务编号,状态,进展情况\nt01,推进中,甲，乙，丙，丁，戊;己;庚;辛\n"
    assert cells(read_csv(text, LIMITS))[3] == ["t01", "推进中", "甲，乙，丙，丁，戊;己;庚;辛"]
    text = "表一,一季度,共三项,请审阅\n任务编号\t状态\t进展情况\nt01\t推进中\t甲,乙,丙,丁\n"
    assert cells(read_csv(text, LIMITS))[3] == ["t01", "推进中", "甲,乙,丙,丁"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_row_has_the_line_it_begins_on(end):
    text = end.join(
        [
            "题目",
            "",
            HEADER,
            't01,推进中,"第一行',
            "第二行",
            '第三行"',
            "",
            "  ,,",
            "t02,已完成,好",
            "t03,已完成,末行",
        ]
    )
    table = cells(read_csv(text, LIMITS))
    assert sorted(table) == [1, 3, 4, 9, 10]
    assert table[4][2].splitlines() == ["第一行", "第二行", "第三行"]
    assert table[10] == ["t03", "已完成", "末行"]


def test_quotes_commas_and_trailing_blanks():
    text = 'sep=,\n任务编号,状态,\n"t,01","他说""好""", ,,\n"放管服"改革,推进中\n'
    assert cells(read_csv(text, LIMITS)) == {
        1: ["sep="],
        2: ["任务编号", "状态"],
        3: ["t,01", '他说"好"'],
        4: ["放管服改革", "推进中"],
    }


@pytest.mark.parametrize(
    "text", [HEADER + '\nt01,推进中,"没有收尾\nt02,已完成,\n', '"', 'a,"b', 'a,"b"\n"c\n']
)
def test_an_open_quotation_mark_swallows_nothing(text):
    caught = rejection(read_csv, text)
    assert caught.rule_id == "F01" and "引号" in caught.message


def test_nul_and_lone_surrogates_do_not_reach_a_database():
    assert cells(read_csv("任务编号,状态\nt\x0001,已\ud800完成\x00\n\x00,\n", LIMITS)) == {
        1: ["任务编号", "状态"],
        2: ["t\ufffd01", "已\ufffd完成"],
        3: [None],
    }


@pytest.mark.parametrize("text", ["", "\n\n", " \n,,,\n"])
def test_a_csv_of_nothing_has_no_rows(text):
    assert read_csv(text, LIMITS).rows == []


def test_a_cell_longer_than_the_csv_module_likes():
    long = "长" * 200_000
    assert cells(read_csv(f"任务编号,状态\nt01,{long}\n", LIMITS))[2] == ["t01", long]


TABLES = st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=5), max_size=8)


@given(TABLES)
def test_records_are_those_that_were_written(table):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    expected = [line for line in table if any(cell.strip() for cell in line)]
    assert [record for _, record in csv_records(text.getvalue())] == expected


@given(st.text('"\n\r,，\t;ab', max_size=30))
def test_any_text_is_rows_or_f01(text):
    try:
        sheet = read_csv(text, LIMITS)
    except Rejected as caught:
        assert caught.rule_id == "F01" and '"' in text
    else:
        assert [row.number for row in sheet.rows] == sorted({row.number for row in sheet.rows})


# ── json ──────────────────────────────────────────────────────────────────────────────────────


def test_json_positions_and_the_union_of_keys():
    text = json.dumps(
        [{"任务编号": "t01", "进度": 0.6}, {}, {"任务编号": "t02", "状态": "已完成", "进度": None}]
    )
    sheet = read_json(text, LIMITS)
    assert sheet.header == ["任务编号", "进度", "状态"]
    assert cells(sheet) == {1: ["t01", "0.6"], 2: [None, None], 3: ["t02", None, "已完成"]}


def test_json_numbers_are_the_text_of_the_file():
    sheet = read_json(
        '[{"a": 12.50, "b": 1e2, "c": 12345678901234567890, "d": NaN, "e": true, "f": "", "g": -0}]', LIMITS
    )
    assert cells(sheet)[1] == ["12.50", "1e2", "12345678901234567890", "NaN", "true", None, "-0"]


def test_nested_values_are_text():
    sheet = read_json('[{"任务编号": "t01", "附件": ["甲.pdf", {"页": "1"}]}]', LIMITS)
    assert cells(sheet)[1] == ["t01", '["甲.pdf", {"页": "1"}]']


def test_what_is_no_object_is_a_row_of_its_own():
    sheet = read_json('[{"a": "1"}, 5, null, ["x"], "y"]', LIMITS)
    assert [(row.number, row.cells, bool(row.broken)) for row in sheet.rows] == [
        (1, ["1"], False),
        (2, ["5"], True),
        (3, [None], True),
        (4, ['["x"]'], True),
        (5, ["y"], True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[{]",
        '[{"a": 1}',
        '{"数据": [{"a": 1}]}',
        '"文字"',
        "5",
        "null",
        "",
        '{"a": {"b": 1}}',
        "[1, 2",
        "任务编号,状态",
    ],
)
def test_broken_or_foreign_json_is_f01(text):
    assert rejection(read_json, text).rule_id == "F01"


def test_json_nested_without_end_is_refused():
    deep = '[{"a": ' + "[" * 100_000 + "]" * 100_000 + "}]"
    assert rejection(read_json, deep).rule_id == "F13"


@pytest.mark.parametrize("reader", [read_json, read_ndjson])
def test_arrays_and_lines_are_told_apart_by_content(reader):
    lines = '{"a": "1"}\n{"a": "2"}\n'
    array = '[{"a": "1"},\n {"a": "2"}]'
    assert cells(reader(lines, LIMITS)) == cells(reader(array, LIMITS)) == {1: ["1"], 2: ["2"]}
    assert cells(reader('{"a": "1"}', LIMITS)) == {1: ["1"]}
    assert cells(reader("[]", LIMITS)) == {}


# ── ndjson ────────────────────────────────────────────────────────────────────────────────────


def test_ndjson_lines_count_from_one_with_blank_and_broken_ones():
    text = '\n{"a": "1"}\r\n\n{"a": "2"\n{"a": "3\u2028三"}\n[1]\n'
    sheet = read_ndjson(text, LIMITS)
    assert [(row.number, bool(row.broken)) for row in sheet.rows] == [
        (2, False),
        (4, True),
        (5, False),
        (6, True),
    ]
    assert cells(sheet)[4] == ['{"a": "2"'] and cells(sheet)[5] == ["3\u2028三"]


def test_ndjson_without_one_object_is_f01():
    assert rejection(read_ndjson, "任务编号,状态\nt01,已完成\n").rule_id == "F01"


def test_nul_and_surrogates_in_json():
    assert cells(read_json('[{"a\\u0000": "x\\u0000\\ud800y"}]', LIMITS)) == {1: ["x\ufffd\ufffdy"]}


@pytest.mark.parametrize(
    "text, shown",
    [
        ('{"a": "1", "a": "2"}', '{"a": 1, "a": 2}'),
        ('{"a": 1, "b": {"c": 2}, "a": {"c": 3}}', '{"a": 1, "b": {"c": "2"}, "a": {"c": "3"}}'),
        ('{"a": "1", "a\\u0000": "2"}', None),  # one header once it can be stored
    ],
)
def test_a_key_written_twice_is_a_row_of_its_own(text, shown):
    for sheet in (read_json(f"[{text}]", LIMITS), read_ndjson(f'{{"z": "0"}}\n{text}\n', LIMITS)):
        row = sheet.rows[-1]
        assert "两次" in row.broken and (shown is None or row.cells == [shown])


def test_a_key_twice_in_a_nested_value_keeps_both():
    assert cells(read_json('[{"a": {"b": 1, "b": 2}}]', LIMITS))[1] == ['{"b": 1, "b": 2}']


@given(st.text('{}[]",:ab1\\\n u0', max_size=30))
def test_any_text_is_rows_or_a_rejection(text):
    for reader in (read_json, read_ndjson):
        try:
            sheet = reader(text, LIMITS)
        except Rejected as caught:
            assert caught.rule_id in ("F01", "F13")
        else:
            assert all(row.number >= 1 for row in sheet.rows)
