"""Normal forms of what clerks write: what compares equal, what is blank, what a database can hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raw.text import header_key, is_blank, remembered, squeeze, storable, tidy

ANY_TEXT = st.text(max_size=40)


@pytest.mark.parametrize(
    "written, expected",
    [
        ("任务 编号", "任务编号"),
        ("　任务\n编号　", "任务编号"),
        ("指标（项目）", "指标(项目)"),
        ("５０％", "50%"),
        ("\ufeff任务\u200b编号", "任务编号"),
        ("Ｔａｓｋ", "Task"),
        ("", ""),
        (" \t\r\n\u3000\u00a0", ""),
    ],
)
def test_squeeze(written, expected):
    assert squeeze(written) == expected


@pytest.mark.parametrize(
    "written, expected", [(" 1 234 ", "1 234"), ("　ｚｍｄ００１\n", "zmd001"), ("\u200b5\u200b", "5")]
)
def test_tidy_keeps_inner_blanks(written, expected):
    assert tidy(written) == expected


def test_headers_match_in_any_case():
    assert header_key(" TASK＿ID ") == "task_id"


@given(ANY_TEXT)
@example("e \u0301")  # an accent that meets its letter only once the blank between them is gone
@example("\u00a8")
def test_squeezing_twice_changes_nothing(text):
    once = squeeze(text)
    assert squeeze(once) == once
    assert unicodedata.is_normalized("NFKC", once)


@given(ANY_TEXT, st.sampled_from([" ", "\u3000", "\n", "\t", "\u200b"]))
def test_outer_blanks_and_nfkc_do_not_matter(text, blank):
    assert squeeze(blank + text + blank) == squeeze(text)
    assert squeeze(unicodedata.normalize("NFKC", text)) == squeeze(text)
    assert tidy(blank + text + blank) == tidy(text)


@given(ANY_TEXT)
def test_blank_is_what_squeezes_to_nothing(text):
    assert is_blank(text) == (squeeze(text) == "")


def test_a_missing_cell_is_blank():
    assert is_blank(None) and is_blank("\u200b \u3000") and not is_blank("0")


@pytest.mark.parametrize(
    "written, stored",
    [
        ("a\x00b", "a\ufffdb"),  # dropped, 1<NUL>2 would read as 12
        ("\x00a\x1f\x00", "a"),
        ("\x00", ""),
        ("\ud800西平", "\ufffd西平"),
        ("a\nb\t\r", "a\nb\t\r"),
        ("甲\x0b乙\x0c丙\x85丁", "甲\n乙\n丙\n丁"),
        ("\x1b[31m红\x9b0m", "[31m红\ufffd0m"),
        ("a\x1b]0;x\x07b", "a\ufffd]0;x\ufffdb"),
        ("\u202e05", "\ufffd05"),  # shown as 50, read as 05
        ("1\u200f/2\u2067", "1\ufffd/2\ufffd"),
        ("\u200e2021-06-30\u200b", "\u200e2021-06-30\u200b"),
        ("正常", "正常"),
        ("全角\u3000空格\u00a0", "全角\u3000空格\u00a0"),
    ],
)
def test_storable(written, stored):
    assert storable(written) == stored


@given(st.text(st.characters(), max_size=40))
def test_storable_text_can_be_stored(text):
    kept = storable(text)
    assert storable(kept) == kept
    kept.encode("utf-8")
    assert not [c for c in kept if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r"]
    assert not [
        c
        for c in kept
        if unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI")
    ]


def test_long_texts_are_worked_out_and_not_kept():
    calls = []

    @remembered(10)
    def measured(value):
        calls.append(value)
        return len(value or "")

    for value in (None, "a", "x" * 200, "x" * 201):
        assert (measured(value), measured(value)) == (len(value or ""),) * 2
    assert [len(value or "") for value in calls] == [0, 1, 200, 201, 201]
