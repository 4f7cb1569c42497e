"""xlsx and xls: cell types, number formats, merged ranges, hidden parts, far cells, damage and bombs."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter
import xlwt

from raw.errors import Limits, Rejected
from raw.readers.xls import read_xls
from raw.readers.xlsx import read_xlsx
from raw.sheets import Sheet

LIMITS = Limits()


def xlsx(fill: Callable, *, sheets: tuple[str, ...] = ("Sheet1",)) -> bytes:
    """A workbook; ``fill(book, *pages)`` writes it."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        fill(book, *(book.add_worksheet(name) for name in sheets))
    return buffer.getvalue()


def xls(fill: Callable, *, sheets: tuple[str, ...] = ("Sheet1",)) -> bytes:
    """An Excel 97 workbook; ``fill(book, *pages)`` writes it."""
    book = xlwt.Workbook(encoding="utf-8")
    fill(book, *(book.add_sheet(name) for name in sheets))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def replaced(body: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The workbook with one part's text changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()).encode() if name == part else content)
    return buffer.getvalue()


def cells(sheet: Sheet) -> dict[int, list]:
    return {row.number: row.cells for row in sheet.rows}


def first(body: bytes, limits: Limits = LIMITS) -> Sheet:
    return (read_xlsx if body.startswith(b"PK") else read_xls)(body, limits)[0]


def rejection(body: bytes, limits: Limits = LIMITS) -> Rejected:
    with pytest.raises(Rejected) as caught:
        first(body, limits)
    return caught.value


# ── cells ─────────────────────────────────────────────────────────────────────────────────────

INLINE = {  # what a program that streams its export writes into the cell itself → the text
    "<is><t>已完成</t></is>": "已完成",
    '<is><t xml:space="preserve"> 空格 </t></is>': " 空格 ",
    "<is><t></t></is>": None,
    "<is/>": None,
    "<is><r><t>分</t></r><r><rPr><b/></rPr><t>段</t></r></is>": "分段",
    '<is><t>汉</t><rPh sb="0" eb="1"><t>hàn</t></rPh></is>': "汉",
    "<v>7</v><is><t>两样都有</t></is>": "两样都有",
}


@pytest.mark.parametrize("inside, text", INLINE.items())
def test_texts_that_stand_in_the_cell_itself(inside, text):
    body = xlsx(lambda book, page: page.write_row(0, 0, ["编号", 1]))
    body = replaced(
        body,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace('<c r="B1"><v>1</v></c>', f'<c r="B1" t="inlineStr">{inside}</c>'),
    )
    assert cells(first(body)) == {1: ["编号", text] if text else ["编号"]}


# (value, number format, text): the same in both formats
CELLS = [
    ("已完成", None, "已完成"),
    (" 空格 ", None, " 空格 "),
    (50, None, "50"),
    (0.5, None, "0.5"),
    (0.1 + 0.2, None, "0.3"),
    (0.5, "0%", "50%"),
    (0.886, "0.00%", "88.6%"),
    (1, "0%", "100%"),
    (0.29, "0%", "29%"),
    (50, '0"%"', "50"),  # the sign is only text here: the stored value is what the clerk typed
    (407, "0000", "0407"),
    (407, "0", "407"),
    (407.5, "0000", "407.5"),
    (44377, None, "44377"),
    (datetime(2021, 6, 30), "yyyy-mm-dd", "2021-06-30"),
    (datetime(2021, 6, 30), 'yyyy"年"m"月"d"日"', "2021-06-30"),
    (datetime(2021, 6, 30, 17, 30), "yyyy/m/d h:mm", "2021-06-30 17:30:00"),
]


def _write_xlsx(book, page):
    for row, (value, number_format, _) in enumerate(CELLS):
        style = book.add_format({"num_format": number_format}) if number_format else None
        (page.write_datetime if isinstance(value, date) else page.write)(row, 0, value, style)


def _write_xls(book, page):
    for row, (value, number_format, _) in enumerate(CELLS):
        page.write(row, 0, value, xlwt.easyxf(num_format_str=number_format or "General"))


@pytest.mark.parametrize("body", [xlsx(_write_xlsx), xls(_write_xls)], ids=["xlsx", "xls"])
def test_a_cell_is_what_the_clerk_sees(body):
    assert cells(first(body)) == {row: [text] for row, (_, _, text) in enumerate(CELLS, 1)}


def test_booleans_errors_and_formulas_of_xlsx():
    def fill(book, page):
        page.write_boolean(0, 0, True)
        page.write_formula(1, 0, "=1/0", None, "#DIV/0!")
        page.write_formula(2, 0, "=40+10", None, 50)
        page.write_formula(3, 0, '="x"', None, "x")
        page.write_rich_string(4, 0, "已", book.add_format({"bold": True}), "完成")

    body = xlsx(fill)
    assert cells(first(body)) == {1: ["TRUE"], 2: ["#DIV/0!"], 3: ["50"], 4: ["x"], 5: ["已完成"]}
    # an empty text is a result, not a formula that was never calculated
    sheet = first(
        replaced(body, "xl/worksheets/sheet1.xml", lambda text: text.replace("<v>x</v>", "<v></v>"))
    )
    assert 4 not in cells(sheet) and sheet.layout.uncalculated == frozenset()


def test_booleans_and_errors_of_xls():
    def fill(book, page):
        page.row(0).set_cell_boolean(0, False)
        page.row(1).set_cell_error(0, "#REF!")
        page.row(2).set_cell_number(0, -1, xlwt.easyxf(num_format_str="yyyy-mm-dd"))

    table = cells(first(xls(fill)))
    assert (table[1], table[2]) == (["FALSE"], ["#REF!"])


def test_a_formula_without_a_stored_result_is_noted():
    book = openpyxl.Workbook()
    book.active.append(["任务编号", "完成进度"])
    book.active.append(["t01", "=40+10"])
    book.create_sheet("二").append(["=A1"])
    buffer = io.BytesIO()
    book.save(buffer)
    one, two = read_xlsx(buffer.getvalue(), LIMITS)
    assert cells(one)[2] == ["t01", None] and one.layout.uncalculated == {(2, 1)}
    assert two.layout.uncalculated == {(1, 0)}


def test_nul_and_control_characters():
    body = xlsx(lambda book, page: page.write(0, 0, "西平"))
    body = replaced(body, "xl/sharedStrings.xml", lambda text: text.replace("西平", "西_x0000_平"))
    assert "\x00" not in cells(first(body))[1][0]


# ── rows, merged ranges, hidden parts ─────────────────────────────────────────────────────────


def _table_xlsx(book, page):
    page.merge_range("A1:C1", "一季度")
    page.merge_range("A3:A4", "专项")
    page.write_column("B3", ["甲", "乙", "丙"])
    page.merge_range("A6:A8", "合并过头")
    page.merge_range("B6:C6", "横向")
    page.merge_range("C3:C4", None)
    page.write("C5", "尾")


def _table_xls(book, page):
    page.write_merge(0, 0, 0, 2, "一季度")
    page.write_merge(2, 3, 0, 0, "专项")
    for row, text in enumerate(["甲", "乙", "丙"], 2):
        page.write(row, 1, text)
    page.write_merge(5, 7, 0, 0, "合并过头")
    page.write_merge(5, 5, 1, 2, "横向")
    page.write_merge(2, 3, 2, 2, "")
    page.write(4, 2, "尾")


@pytest.mark.parametrize("body", [xlsx(_table_xlsx), xls(_table_xls)], ids=["xlsx", "xls"])
def test_merged_ranges_are_filled_inside_themselves_only(body):
    sheet = first(body)
    table = {number: [*row, None, None][:3] for number, row in cells(sheet).items()}
    assert table == {
        1: ["一季度"] * 3,
        3: ["专项", "甲", None],
        4: ["专项", "乙", None],
        5: [None, "丙", "尾"],
        6: ["合并过头", "横向", "横向"],
        # 7 and 8 have no cell of their own: a tall line is one row, not the same row three times
    }
    assert sheet.layout.covered == {(4, 0): 3, (4, 2): 3}


def test_hidden_parts_of_xlsx():
    def fill(book, page, other):
        page.write_column("A1", ["任务编号", "t01", "t02"])
        page.set_row(1, None, None, {"hidden": True})
        page.set_column("B:D", None, None, {"hidden": True})
        other.write("A1", "旧")
        other.hide()

    one, two = read_xlsx(xlsx(fill, sheets=("一", "二")), LIMITS)
    assert (one.layout.hidden, one.layout.hidden_rows, one.layout.hidden_columns) == (False, {2}, {1, 2, 3})
    assert (one.name, two.name, two.layout.hidden) == ("一", "二", True)


def test_hidden_parts_of_xls():
    def fill(book, page, other):
        for row, text in enumerate(["任务编号", "t01", "t02"]):
            page.write(row, 0, text)
        page.row(1).hidden = True
        page.col(2).hidden = True
        other.write(0, 0, "旧")
        other.visibility = 1

    one, two = read_xls(xls(fill, sheets=("一", "二")), LIMITS)
    assert (one.layout.hidden, one.layout.hidden_rows, one.layout.hidden_columns) == (False, {2}, {2})
    assert two.layout.hidden


# ── limits ────────────────────────────────────────────────────────────────────────────────────

SMALL = Limits(rows=20, columns=5, margin_rows=3)


@pytest.mark.parametrize("build", [xlsx, xls])
@pytest.mark.parametrize(
    "row, column, fits",
    [(22, 4, True), (23, 0, False), (0, 5, False), (65535, 0, False), (0, 255, False)],
)
def test_a_value_outside_the_limits_is_f13(build, row, column, fits):
    body = build(lambda book, page: (page.write(0, 0, "任务编号"), page.write(row, column, "远")))
    if fits:
        assert sorted(cells(first(body, SMALL))) == [1, row + 1]
    else:
        assert rejection(body, SMALL).rule_id == "F13"


def test_the_last_cell_of_a_sheet():
    body = xlsx(lambda book, page: (page.write(0, 0, "任务编号"), page.write("XFD1048576", 1)))
    started = time.process_time()
    caught = rejection(body)
    assert caught.rule_id == "F13" and "1048576" in caught.message
    assert time.process_time() - started < 2


@pytest.mark.parametrize("build, place", [(xlsx, (1048575, 16383)), (xls, (65535, 255))])
def test_a_formatted_empty_far_cell_is_harmless_and_fast(build, place):
    def fill(book, page):
        page.write(0, 0, "任务编号")
        if build is xlsx:
            page.write_blank(*place, None, book.add_format({"bold": True}))
        else:
            page.write(*place, "", xlwt.easyxf("font: bold on"))

    body = build(fill)
    started = time.process_time()
    assert cells(first(body)) == {1: ["任务编号"]}
    assert time.process_time() - started < 2


def test_a_merged_range_over_the_whole_sheet_is_harmless_and_fast():
    body = xlsx(lambda book, page: (page.write(0, 0, "题"), page.merge_range("A2:B3", "注")))
    body = replaced(body, "xl/worksheets/sheet1.xml", lambda text: text.replace("A2:B3", "A2:XFD1048576"))
    started = time.process_time()
    assert cells(first(body)) == {1: ["题"], 2: ["注"]}
    assert time.process_time() - started < 2


def _archive(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_zip_bomb_is_f13_before_it_is_unpacked():
    bomb = _archive({"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * 3_000_000})
    caught = rejection(bomb)
    assert caught.rule_id == "F13" and "压缩比" in caught.message
    assert rejection(bomb, Limits(ratio=10**6, unpacked_bytes=10**6)).rule_id == "F13"
    many = _archive({f"xl/{i}.xml": b"" for i in range(600)} | {"xl/workbook.xml": b"<a/>"})
    assert rejection(many).rule_id == "F13"


# ── what is no workbook ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "parts, word",
    [({"word/document.xml": b"<a/>"}, "Word"), ({"content.xml": b"<a/>"}, "其他文档"), ({}, "其他文档")],
)
def test_other_archives_are_f15(parts, word):
    caught = rejection(_archive(parts))
    assert caught.rule_id == "F15" and word in caught.message


GOOD = xlsx(lambda book, page: page.write_column("A1", ["任务编号", "t01"]))
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def _with_doctype(text: str) -> str:
    start, _, rest = text.partition("?>")
    return f"{start}?>{BOMB}{rest}"


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"]
)
def test_entity_bombs_are_f01(part):
    caught = rejection(replaced(GOOD, part, _with_doctype))
    assert caught.rule_id == "F01" and "实体" in caught.message


@pytest.mark.parametrize(
    "body",
    [
        GOOD[: len(GOOD) // 2],
        GOOD[:30],
        b"PK\x03\x04" + b"\x00" * 200,
        _archive({"xl/workbook.xml": b"<a/>"}),
        _archive({"xl/workbook.xml": b""}),
        replaced(GOOD, "xl/worksheets/sheet1.xml", lambda text: text[:200]),
        replaced(GOOD, "xl/worksheets/sheet1.xml", lambda text: text.replace('r="A1"', 'r="A0"')),
    ],
)
def test_damaged_workbooks_are_f01(body):
    assert rejection(body).rule_id == "F01"


def test_damaged_old_workbooks():
    good = xls(lambda book, page: page.write(0, 0, "任务编号"))
    ole = good[:8]
    assert rejection(good[:600]).rule_id in ("F01", "F15")
    assert rejection(ole + b"\x00" * 2000).rule_id in ("F01", "F15")
    assert "另存为" in rejection(ole + b"\xff" * 2000).message


@pytest.mark.parametrize("build", [(xlsx, _table_xlsx), (xls, _table_xls)], ids=["xlsx", "xls"])
def test_any_damage_is_rows_or_a_rejection_and_prints_nothing(build, capfd):
    make, fill = build
    good, dice, outcomes = make(fill), random.Random(7), Counter()
    for _ in range(150):
        body = bytearray(good)
        for _ in range(dice.randint(1, 8)):
            body[dice.randrange(8, len(body))] = dice.randrange(256)
        try:
            first(bytes(body))
        except Rejected as caught:
            outcomes[caught.rule_id] += 1
        else:
            outcomes["read"] += 1
    assert set(outcomes) <= {"read", "F01", "F13", "F15"} and outcomes["F01"] > 20
    assert capfd.readouterr() == ("", "")


def test_a_workbook_without_cells_has_no_rows():
    assert first(xlsx(lambda book, page: None)).rows == []
    assert first(xls(lambda book, page: None)).rows == []
