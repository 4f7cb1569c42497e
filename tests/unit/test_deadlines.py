"""Deadline texts: the tables of the shared folder, our own table, and properties over any text."""

from __future__ import annotations

import csv
import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raw.deadlines import KINDS, MILESTONE_KINDS, Deadline, milestones, parse_deadline

SHARED = Path(os.environ.get("TAIZHANG_SHARED", Path(__file__).parents[2].parent / "shared"))
GOLD_STARTS = {"wugang2022": date(2022, 1, 1), "zhumadian2021": date(2021, 1, 1)}
START = date(2024, 3, 1)

# text, kind, due dates, ongoing, recurrence (read by hand; the programme starts 2024-03-01)
TABLE = """
2024年6月30日|date|2024-06-30||
2024年6月30日前|date|2024-06-30||
6月30日前|date|2024-06-30||
2024-06-30|date|2024-06-30||
2024-06-30 00:00:00|date|2024-06-30||
2024-6-5 0:00:00|date|2024-06-05||
2024.6.30|date|2024-06-30||
2024/6/30|date|2024-06-30||
20240630|date|2024-06-30||
２０２４年６月３０日|date|2024-06-30||
2024 年 6 月 3 0 日|date|2024-06-30||
二〇二四年六月三十日|date|2024-06-30||
2024年6月30日24时前|date|2024-06-30||
2024年2月29日|date|2024-02-29||
2024年6月1日至30日|date|2024-06-30||
1月1日—12月31日|date|2024-12-31||
2024年6月上旬|date|2024-06-10||
2024年6月30日，持续推进|date|2024-06-30|o|
2024年6月|month|2024-06-30||
2024年2月底|month|2024-02-29||
4月底|month|2024-04-30||
2024-06|month|2024-06-30||
2024年上半年|month|2024-06-30||
下半年|month|2024-12-31||
三季度末|month|2024-09-30||
第三季度|month|2024-09-30||
2024年第1季度|month|2024-03-31||
2024年Q4|month|2024-12-31||
2024年3月至6月|month|2024-06-30||
2024年3-6月|month|2024-06-30||
2024年12月，持续推进|month|2024-12-31|o|
2024年12月（长期坚持）|month|2024-12-31|o|
2024年6月底前|before_month|2024-06-30||
6月前|before_month|2024-06-30||
十二月底之前|before_month|2024-12-31||
力争2024年6月底前全部完成|before_month|2024-06-30||
明年3月底前|before_month|2025-03-31||
2024年6月底前完成并持续推进|before_month|2024-06-30|o|
2024年12月底前，每季度一次|before_month|2024-12-31||quarterly
2024年|year_end|2024-12-31||
2025|year_end|2025-12-31||
年底前|year_end|2024-12-31||
今年年底|year_end|2024-12-31||
全年|year_end|2024-12-31||
2024—2026年|year_end|2026-12-31||
2024年，持续推进|year_end|2024-12-31|o|
2024年6月底、12月底|multiple|2024-06-30;2024-12-31||
2025年6月底前、12月底前|multiple|2025-06-30;2025-12-31||
2024年12月、2024年6月|multiple|2024-06-30;2024-12-31||
6、9、12月|multiple|2024-06-30;2024-09-30;2024-12-31||
9月、次年3月|multiple|2024-09-30;2025-03-31||
2024年6月，2024年12月，持续推进|multiple|2024-06-30;2024-12-31|o|
6月底前制定方案；12月底前建成平台|multiple|2024-06-30;2024-12-31||
2024年6月、2024年6月30日|date|2024-06-30||
持续推进|ongoing||o|
长期|ongoing||o|
长期坚持|ongoing||o|
常态化|ongoing||o|
2024年6月起持续推进|ongoing||o|
全年持续推进|ongoing||o|
每月5日前|recurring|||monthly
每季度末|recurring|||quarterly
每季度一次|recurring|||quarterly
一季度一次|recurring|||quarterly
每3个月一次|recurring|||quarterly
每半年一次|recurring|||half_yearly
每年6月底前、12月底前|recurring|||yearly
每两年一次|recurring|||every_2_years
每年|recurring||o|yearly
每月|recurring||o|monthly
适时|conditional_text|||
条件成熟时|conditional_text|||
条件成熟后持续推进|conditional_text|||
上级文件出台后3个月内|conditional_text|||
收到文件后30日内|conditional_text|||
两年内|conditional_text|||
“十四五”期间|conditional_text|||
2024年春节前|conditional_text|||
2024年6月后|conditional_text|||
12月底前见成效|conditional_text|2024-12-31||
2024年6月，完成数据普查|conditional_text|2024-06-30||
6月底前见成效；12月底前建成平台|conditional_text|2024-06-30;2024-12-31||
2023年6月31日|malformed|||
2023年2月29日|malformed|||
13月|malformed|||
2024年13月底前|malformed|||
2024年0月|malformed|||
2024年8日30日|malformed|||
2024年6月30|malformed|||
2024年月底前|malformed|||
第5季度|malformed|||
2024-13-01|malformed|||
2024.2.30|malformed|||
20023年6月|malformed|||
24年6月|malformed|||
45473|malformed|||
5日前|malformed|||
2024年6月31日，持续推进|malformed|||
|blank|||
　|blank|||
—|blank|||
无|blank|||
"""


def _rows() -> list[tuple[str, Deadline]]:
    rows = []
    for line in TABLE.strip("\n").split("\n"):
        text, kind, dues, ongoing, recurrence = line.split("|")
        days = tuple(date.fromisoformat(d) for d in dues.split(";") if d)
        rows.append((text, Deadline(kind, days, ongoing == "o", recurrence or None)))
    return rows


@pytest.mark.parametrize(("text", "meaning"), _rows())
def test_table(text: str, meaning: Deadline) -> None:
    assert parse_deadline(text, START) == meaning


def test_table_shows_every_kind() -> None:
    assert {meaning.kind for _, meaning in _rows()} == set(KINDS)
    assert parse_deadline(None, START).kind == "blank"


@pytest.mark.parametrize("programme", sorted(GOLD_STARTS))
def test_every_gold_row(programme: str) -> None:
    path = SHARED / "gold" / programme / "deadlines.csv"
    if not path.exists():
        pytest.skip(f"shared gold table absent: gold/{programme}/deadlines.csv")
    wrong = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        read = parse_deadline(row["deadline_raw"], GOLD_STARTS[programme])
        dues = ";".join(d.isoformat() for d in read.due_dates)
        got = (read.kind, dues, str(read.ongoing).lower(), read.recurrence or "")
        expected = (row["kind"], row["due_dates"], row["ongoing"], row["recurrence"])
        if got != expected:
            wrong.append((row["deadline_raw"], got, expected))
    assert rows
    assert wrong == []


def test_conformance_registry() -> None:
    texts = sorted(SHARED.glob("conformance/raw/registry/*/tasks.csv"))
    expected = SHARED / "conformance" / "expected" / "task_status.csv"
    if not texts or not expected.exists():
        pytest.skip("shared conformance tree absent")
    deadlines: dict[tuple[str, str], Deadline] = {}
    for path in texts:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                deadlines[path.parent.name, row["task_id"]] = parse_deadline(
                    row["deadline_text"], date(2023, 1, 1)
                )
    with expected.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = []
    for row in rows:
        read = deadlines[row["programme_id"], row["task_id"]]
        dues = {due.isoformat() for _, _, due in milestones(read)}
        due_fits = row["due_date"] in dues if row["due_date"] else not dues
        if read.kind != row["deadline_kind"] or not due_fits:
            wrong.append((row["task_id"], read, row["deadline_kind"], row["due_date"]))
    assert rows
    assert wrong == []


def test_milestones_are_numbered_in_order_of_date() -> None:
    read = parse_deadline("2024年12月底前、2024年6月30日前、9月", START)
    days = [date(2024, 6, 30), date(2024, 9, 30), date(2024, 12, 31)]
    assert milestones(read) == [(1, 3, days[0]), (2, 3, days[1]), (3, 3, days[2])]


def test_a_condition_keeps_its_date_but_has_no_milestone() -> None:
    read = parse_deadline("2024年12月底前见成效", START)
    assert read.due_dates == (date(2024, 12, 31),)
    assert milestones(read) == []


@pytest.mark.parametrize(
    "piece", ["完成时限", "完成并", "1、", "2024-", "1月-", "-", "1", "每", "待", "年月日1", "十"]
)
def test_long_text_is_bounded(piece: str) -> None:
    began = time.perf_counter()
    parse_deadline(piece * 20_000 + "x", START)
    assert time.perf_counter() - began < 1.0


# --- properties -------------------------------------------------------------------------------------

ALPHABET = (
    "0123456789０１２年月日号底末前后上下半季度第一二三十〇每次持续推进完成，、；。-./~至起内 　Qq见成效适时"
)
days = st.dates(date(2000, 1, 1), date(2100, 12, 31))
phrases = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "2024年",
                "6月",
                "31日",
                "底",
                "前",
                "，",
                "、",
                "持续推进",
                "每季度",
                "一次",
                "至",
                "起",
                "见成效",
                "三",
                "季度",
            ]
        ),
        st.integers(0, 99999).map(str),
    ),
    max_size=9,
).map("".join)
texts = st.one_of(st.text(max_size=40), st.text(ALPHABET, max_size=25), phrases)


@given(texts, days)
@example("\ue000每年", date(2024, 1, 1))
@example("٣月", date(2024, 1, 1))
@example("次年12月、次年12月", date(2100, 1, 1))
def test_any_text_has_exactly_one_consistent_meaning(text: str, start: date) -> None:
    read = parse_deadline(text, start)
    assert read.kind in KINDS
    assert list(read.due_dates) == sorted(set(read.due_dates))
    assert all(2000 <= d.year <= 2100 for d in read.due_dates)
    if read.kind == "multiple":
        assert len(read.due_dates) >= 2
    elif read.kind in MILESTONE_KINDS:
        assert len(read.due_dates) == 1
    elif read.kind != "conditional_text":
        assert read.due_dates == ()
    if read.kind in {"malformed", "blank", "conditional_text"}:
        assert not read.ongoing
    assert (read.kind == "recurring") <= (read.recurrence is not None)
    assert len(milestones(read)) == (len(read.due_dates) if read.kind in MILESTONE_KINDS else 0)


@given(st.sampled_from([text for text, _ in _rows()]), st.data())
def test_width_and_white_space_do_not_matter(text: str, data: st.DataObject) -> None:
    blanks = data.draw(
        st.lists(st.sampled_from(["", "", " ", "　", "\n", "\u200b"]), min_size=len(text), max_size=len(text))
    )
    wide = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    written = "".join(
        blank + (chr(ord(c) + 0xFEE0) if w and "!" <= c <= "~" else c)
        for c, blank, w in zip(text, blanks, wide, strict=True)
    )
    assert parse_deadline(written, START) == parse_deadline(text, START)


FORMS = [
    "{y}年{m}月{d}日",
    "{y}年{m:02}月{d:02}日前",
    "{y}-{m:02}-{d:02}",
    "{y}.{m}.{d}",
    "{y}/{m}/{d}",
    "{y}{m:02}{d:02}",
    "{y}年{m}月{d}号之前",
    "{y}-{m:02}-{d:02}T00:00:00",
    "于{y}年{m}月{d}日前完成",
]


@given(days, st.sampled_from(FORMS))
def test_a_written_day_reads_back(day: date, form: str) -> None:
    written = form.format(y=day.year, m=day.month, d=day.day)
    assert parse_deadline(written, START) == Deadline("date", (day,))


@given(days, days)
def test_a_day_without_year_lies_in_the_programmes_first_year(day: date, start: date) -> None:
    read = parse_deadline(f"{day.month}月{day.day}日", start)
    if (day.month, day.day) == (2, 29):
        assert read.kind in {"date", "malformed"}
    else:
        assert read == Deadline("date", (day.replace(year=start.year),))


@given(
    st.integers(2000, 2100),
    st.integers(1, 12),
    st.sampled_from(["", "底", "末", "前", "底前", "份", "底以前"]),
)
def test_a_month_is_its_last_day(year: int, month: int, ending: str) -> None:
    read = parse_deadline(f"{year}年{month}月{ending}", START)
    assert read.kind == ("before_month" if ending.endswith("前") else "month")
    (due,) = read.due_dates
    assert (due.year, due.month) == (year, month)
    assert (due + timedelta(days=1)).day == 1


@given(st.lists(days, min_size=2, max_size=5, unique=True))
def test_a_list_of_days_reads_back_in_order(several: list[date]) -> None:
    written = "、".join(f"{d.year}年{d.month}月{d.day}日" for d in several)
    assert parse_deadline(written, START) == Deadline("multiple", tuple(sorted(several)))
