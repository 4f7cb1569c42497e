"""Golden values of single cells, and what must hold for any text a clerk can type."""

from __future__ import annotations

import math
import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.values import (
    ANSWER_WORDS,
    BLANK,
    STATUS_WORDS,
    Parsed,
    answer_kind,
    is_formula_error,
    is_repaired,
    number_text,
    parse_code,
    parse_day,
    parse_number,
    parse_percent,
    parse_status,
    percent_text,
)

PARSERS = (parse_number, parse_percent, parse_day, parse_status)
# digits, signs and units in every width, so that near misses are met often
NEAR_MISSES = st.text("0123456789０１２９.．,，-－+%％年月日/ 　\u200be天完成推进中٣", max_size=14)
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))

# ── numbers ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "raw, value",
    [
        ("50", 50.0),
        (" 0.5 ", 0.5),
        ("0", 0.0),
        ("-3.25", -3.25),
        ("+7", 7.0),
        (".5", 0.5),
        ("１２．５", 12.5),
        ("1,234", 1234.0),
        ("1，234，567.8", 1234567.8),
        ("87.4%", 87.4),
        ("87.4 ％", 87.4),
        ("1e-05", 1e-05),
        ("1.5E+3", 1500.0),
    ],
)
def test_a_number_is_read_as_written(raw, value):
    assert parse_number(raw) == Parsed(value)


@pytest.mark.parametrize(
    "raw",
    ["0.5天", "约5", "5个", "1 234", "12,34", "1,2345", "5.", "%", "5%%", "--5", "1e400", "NaN", "Infinity",
     "inf", "TRUE", "#N/A", "٣", "0x10", "1_000", "五"],
)  # fmt: skip
def test_text_in_a_number_cell_is_f03(raw):
    assert parse_number(raw) == Parsed(None, "F03")
    assert parse_percent(raw) == Parsed(None, "F03")


@pytest.mark.parametrize("raw", [None, "", "  ", "\u3000", "\u200b"])
def test_blank_is_no_value_and_no_finding(raw):
    assert {parser(raw) for parser in PARSERS} == {BLANK}
    assert parse_code(raw) is None


@pytest.mark.parametrize(
    ("raw", "value", "kind"),
    [
        ("12", 12.0, "value"),
        ("0.00", 0.0, "zero"),
        (None, None, "blank"),
        (" \u3000", None, "blank"),
        ("无", None, "none_text"),
        (" 不 适用 ", None, "not_applicable_text"),
        ("Ｎ／Ａ", None, "not_applicable_text"),
        ("——", None, "dash"),
        ("－", None, "dash"),
        ("尚未开展", None, "not_started_text"),
        ("持续推进", None, "ongoing_text"),
        ("约5", None, "other_text"),
        ("无3", None, "other_text"),
        ("#N/A", None, "other_text"),
    ],
)
def test_what_a_value_cell_says(raw, value, kind):
    assert parse_number(raw).value == value
    assert answer_kind(raw, value) == kind


def test_no_answer_word_is_a_number_and_each_has_one_meaning():
    words = [word for group in ANSWER_WORDS.values() for word in group]
    assert len(words) == len(set(words))
    assert [word for word in words if parse_number(word) != Parsed(None, "F03")] == []


# ── percentages ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "raw, parsed",
    [
        ("50%", Parsed(50.0)),
        ("５０％", Parsed(50.0)),
        ("50", Parsed(50.0)),
        ("0.5", Parsed(50.0, "F12")),
        ("0.29", Parsed(29.0, "F12")),
        (".85", Parsed(85.0, "F12")),
        ("０．８５", Parsed(85.0, "F12")),
        ("0.999", Parsed(99.9, "F12")),
        ("0", Parsed(0.0)),
        ("1", Parsed(1.0)),
        ("1.0", Parsed(1.0)),
        ("0.5%", Parsed(0.5)),
        ("0.5 %", Parsed(0.5)),
        ("-0.5", Parsed(-0.5)),
        ("120%", Parsed(120.0)),  # the range is judged elsewhere (V01)
    ],
)
def test_percentages(raw, parsed):
    assert parse_percent(raw) == parsed


@given(st.integers(0, 100))
def test_three_ways_to_write_whole_points(points):
    values = {parse_percent(text).value for text in (f"{points}", f"{points}%", percent_text(points / 100))}
    assert values == {float(points)}


@pytest.mark.parametrize(
    "stored, text",
    [
        (0.5, "50%"),
        (1, "100%"),
        (0, "0%"),
        (0.886, "88.6%"),
        (0.28999999999999998, "29%"),
        (1.2, "120%"),
        (0.0004, "0.04%"),
    ],
)
def test_percent_formatted_cells(stored, text):
    assert percent_text(stored) == text


# ── days ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "raw",
    ["2021-06-30", "2021-6-30", "2021年6月30日", "2021年06月30号", "2021.6.30", "2021.06.30.", "2021/6/30",
     "2021/6/30 0:00", "20210630", "44377", "44377.75", "2021-06-30 17:30:00", "2021-06-30T17:30:00",
     "2021-06-30T17:30:00+08:00", "2021-06-29T16:00:00.000Z", " 2021 年 6 月 30 日 ", "２０２１．６．３０",
     "2021年6月30日 10:00", "2021 - 06 - 30"],
)  # fmt: skip
def test_ways_to_write_a_day(raw):
    assert parse_day(raw) == Parsed(date(2021, 6, 30))


@pytest.mark.parametrize(
    "raw",
    ["2021-06-31", "2021-02-29", "2021-13-01", "2021-00-10", "2021年6月", "6月30日", "0202-09-01", "1999-12-31",
     "2101-01-01", "36525", "73416", "1", "443770", "2021-06-3 0", "2021-1 2-3", "30/6/2021", "昨天", "50%",
     "2021-06-30T25:00Z", "2021-06-30T10:00+99:00", "٢٠٢١-٠٦-٣٠", "0000-00-00", "#VALUE!"],
)  # fmt: skip
def test_anything_else_is_f04(raw):
    assert parse_day(raw) == Parsed(None, "F04")


def test_the_first_and_the_last_serial():
    assert parse_day("36526").value == date(2000, 1, 1)
    assert parse_day("73415").value == date(2100, 12, 31)


@given(DAYS)
def test_every_form_gives_the_day_back(day):
    y, m, d = day.year, day.month, day.day
    serial = (day - date(1899, 12, 30)) // timedelta(days=1)
    for text in (
        day.isoformat(),
        f"{y}年{m}月{d}日",
        f"{y}.{m}.{d}",
        f"{y}/{m}/{d}",
        f"{day:%Y%m%d}",
        str(serial),
    ):
        assert parse_day(text) == Parsed(day)


# ── status words and codes ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words, status",
    [
        ("未启动 未开始", "not_started"),
        ("推进中 正在推进 进行中", "in_progress"),
        ("已完成 完成 办结 已办结 销号", "completed"),
        ("持续推进 常态化推进 长期坚持", "ongoing"),
        ("取消 终止", "cancelled"),
    ],
)
def test_status_words_of_the_contract(words, status):
    assert {parse_status(word).value for word in words.split()} == {status}
    assert {parse_status(f" {word[0]} {word[1:]}\u3000").value for word in words.split()} == {status}
    assert {word for word, meaning in STATUS_WORDS.items() if meaning == status} == set(words.split())


@pytest.mark.parametrize("word", ["基本完成", "阶段性完成", "未完成", "completed", "100%", "已完成。", "是"])
def test_another_word_is_a_finding_not_a_guess(word):
    assert parse_status(word) == Parsed(None, "K05")


@pytest.mark.parametrize(
    "raw, code",
    [("zmd001", "zmd001"), (" ｚｍｄ００１ ", "zmd001"), ("12.0", "12"), ("12.00", "12"), ("12.5", "12.5"),
     ("0407", "0407"), ("2.10", "2.10"), ("a.0", "a.0"), ("12.", "12."), ("zmd 001", "zmd 001")],
)  # fmt: skip
def test_codes_are_text(raw, code):
    assert parse_code(raw) == code


# ── for any text ──────────────────────────────────────────────────────────────────────────────


@given(st.one_of(NEAR_MISSES, st.text(max_size=20)))
def test_no_text_breaks_a_parser(text):
    for parser in PARSERS:
        parsed = parser(text)
        if parsed.value is None:
            assert parsed.rule_id in {None, "F03", "F04", "K05"}
        if isinstance(parsed.value, float):
            assert math.isfinite(parsed.value)
    parse_code(text), is_repaired(text), is_formula_error(text)


@given(st.one_of(NEAR_MISSES, st.text(max_size=20)), st.sampled_from([" ", "\u3000", "\n", "\u00a0"]))
def test_width_and_outer_blanks_change_no_value(text, blank):
    for parser in (*PARSERS, parse_code):
        expected = parser(text)
        assert parser(unicodedata.normalize("NFKC", text)) == expected
        assert parser(blank + text + blank) == expected


# ── what the clerk is told, what a workbook says ──────────────────────────────────────────────


@pytest.mark.parametrize(
    "raw",
    [
        "５０％",
        "50％",
        "5 0",
        "50 %",
        "推 进 中",
        "2021．6．30",
        "2021年 6月30日",
        "ｚｍｄ００１",
        "1，234",
        "\u200b50",
    ],
)
def test_a_repair_is_told(raw):
    assert is_repaired(raw)


@pytest.mark.parametrize(
    "raw", ["50%", " 50 ", "\u300050\n", "已完成", "2021-06-30 17:30:00", "2021/6/30 0:00", "1,234"]
)
def test_outer_blanks_and_times_of_day_are_no_repair(raw):
    assert not is_repaired(raw)


@pytest.mark.parametrize(
    "raw, is_error",
    [("#N/A", True), ("#REF!", True), (" #N/A", False), ("#DIV/0! ", True), ("#1", False), ("N/A", False)],
)
def test_formula_errors(raw, is_error):
    assert is_formula_error(raw) == is_error


@pytest.mark.parametrize(
    "number, text",
    [(50.0, "50"), (0.5, "0.5"), (-0.0, "0"), (410701.0, "410701"), (0.1 + 0.2, "0.3"), (60.599999999999994, "60.6"),
     (3, "3"), (1e-05, "1e-05"), (123456789012.0, "123456789012")],
)  # fmt: skip
def test_number_cells_as_the_clerk_sees_them(number, text):
    assert number_text(number) == text


@given(st.floats(-1e12, 1e12).filter(lambda number: number == 0 or abs(number) > 1e-90))
def test_a_number_cell_keeps_its_value(number):
    assert parse_number(number_text(number)).value == pytest.approx(number, rel=1e-14, abs=0)
