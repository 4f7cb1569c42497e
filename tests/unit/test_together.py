"""Files read together give what each gives by itself, whatever stands in them; plain ones are taken, others left alone."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raw.errors import Limits
from raw.schema import SUBMISSION_TABLES, polars_schema
from raw.submissions import Codes, SubmissionFile, read_submission
from raw.together import read_together

TASKS = {f"t{n:02d}": f"任务{n}" for n in range(1, 9)}
CODES = Codes(
    tasks=TASKS | {"12.0": "末尾为零"},
    task_by_seq={str(n): f"t{n:02d}" for n in range(1, 9)},
    task_by_title={title: code for code, title in TASKS.items()},
    indicators={"i1": "网办率", "i2": "办件量", "i3": "时限"},
    indicator_by_name={"网办率": "i1"},
    reporters={"r": ("测试县",), "s": ("邻县",)},
)
LIMITS = Limits()
HEADERS = {
    "progress": ["任务编号", "任务名称", "状态", "完成进度", "完成日期", "进展情况", "佐证材料", "填报日期", "填报单位"],
    "indicators": ["指标编号", "指标名称", "指标值", "分子", "单位", "说明"],
}  # fmt: skip
PLAIN = {
    "任务编号": list(CODES.tasks),
    "指标编号": list(CODES.indicators),
    "状态": ["已完成", "推进中", "", "持续推进", "基本完成"],
    "完成进度": ["50%", "100", "", "0"],
    "完成日期": ["2021-06-30", "", "2021年6月1日"],
    "填报日期": ["2021-06-27"],
    "指标值": ["1.5", "0", "", "12%", "无"],
    "分子": ["3", ""],
    "填报单位": ["测试县", ""],
}
ODD = [
    *("５０％", "0.5", "一半", "2021.6.31", "44377", "#REF!", " #N/A ", "#写错", " 前后有空 ", "\u3000", "\u200b", "零\u200b宽"),
    *("合计", "注：说明", "备注：x", "填报单位：邻县", "邻县", "任务编号", "不适用", "=1+1", 'a"b', "x\ty", "x\x00y", "x\u202ey", "x" * 300),
]  # fmt: skip


@st.composite
def files(draw) -> list[tuple[str, str, list[list[str]], dict]]:
    """Some files as (kind, form, lines, how they are written): most cells plain, most keys once."""
    made = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(HEADERS)))
        header = HEADERS[kind] if draw(st.booleans()) else draw(st.permutations(HEADERS[kind]))
        known = PLAIN[HEADERS[kind][0]]
        keys = draw(st.permutations(known))[: draw(st.integers(0, len(known)))]
        if keys and draw(st.integers(0, 5)) == 0:
            keys = [*keys, draw(st.sampled_from([*keys, "t99", "1", "", "合计", "t 01"]))]
        lines = [list(header)]
        for key in keys:
            line = [
                key
                if name == HEADERS[kind][0]
                else draw(
                    st.sampled_from(
                        ODD if draw(st.integers(0, 11)) == 0 else PLAIN.get(name, ["甲", "改造台区10个。"])
                    )
                )
                for name in header
            ]
            if draw(st.integers(0, 15)) == 0:
                line = [*line, "多"] if draw(st.booleans()) else line[: draw(st.integers(0, len(line)))]
            lines.append(line)
        written = {
            "bom": draw(st.booleans()),
            "end": draw(st.sampled_from(["\n", "\r\n"])),
            "encoding": draw(st.sampled_from(["utf-8", "utf-8", "gb18030"])),
            "tail": draw(st.sampled_from(["", "\n", "\n\n", "\n,,\n"])),
        }
        made.append((kind, draw(st.sampled_from(["csv", "csv", "parquet"])), lines, written))
    return made


def write(path: Path, lines: list[list[str]], written: dict) -> None:
    if path.suffix == ".parquet":
        header, *rows = lines
        rows = [(row + [None] * len(header))[: len(header)] for row in rows]
        columns = {name: pa.array([row[n] for row in rows], pa.string()) for n, name in enumerate(header)}
        pq.write_table(pa.table(columns), path)
        return
    text = written["end"].join(",".join(line) for line in lines) + written["tail"].replace(
        "\n", written["end"]
    )
    mark = "\ufeff" if written["bom"] and written["encoding"] == "utf-8" else ""
    path.write_bytes((mark + text).encode(written["encoding"]))


def submission(number: int, path: Path, kind: str) -> SubmissionFile:
    return SubmissionFile(f"id{number}", path.name, path, "p", "2021Q2", "r", kind)


def said(result) -> tuple:
    return (
        result.findings, result.quarantine, result.lineage, result.rows_read, result.format, result.encoding,
        result.rejected, result.reason, result.table,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("together")


@settings(max_examples=250, deadline=None)
@given(files())
def test_it_gives_what_reading_one_by_one_gives(folder, made):
    parcel = []
    for number, (kind, form, lines, written) in enumerate(made):
        path = folder / f"{number}_{kind}.{form}"
        write(path, lines, written)
        parcel.append(submission(number, path, kind))
    results, frames = read_together(parcel, {"p": CODES}, LIMITS)
    rows = {
        table: pl.concat([frame for name, frame in frames if name == table])
        for table in {name for name, _ in frames}
    }
    for file in parcel:
        if file.receipt_id not in results:
            assert all(frame.filter(receipt_id=file.receipt_id).is_empty() for frame in rows.values())
            continue
        alone = read_submission(file, CODES, LIMITS)
        assert said(results[file.receipt_id]) == said(alone)
        expected = pl.DataFrame(alone.columns, schema=polars_schema(alone.table))
        own = rows[alone.table].filter(receipt_id=file.receipt_id)
        assert own.columns == list(SUBMISSION_TABLES[alone.table])
        assert own.equals(expected)


def together(folder: Path, *texts: str, kind: str = "progress") -> list[str]:
    """Which of the csv files with these texts are read together."""
    parcel = []
    for number, text in enumerate(texts):
        path = folder / f"t{number}.csv"
        path.write_bytes(text.encode())
        parcel.append(submission(number, path, kind))
    return sorted(read_together(parcel, {"p": CODES}, LIMITS)[0])


HEAD = "任务编号,状态,完成进度\n"


def test_plain_files_are_taken_and_a_doubtful_cell_changes_nothing(folder):
    assert together(
        folder, HEAD + "t01,已完成,100%\nt02,推进中,\n", HEAD + "t01,推进中,一半\n12.0,,５０\n"
    ) == ["id0", "id1"]


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + "t01,推进中,5\nt01,推进中,6\n",  # K01: which comes first matters
        HEAD + "t99,推进中,5\n",
        HEAD + "t01,推进中,5\n合计,,5\n",
        HEAD + "t01,推进中,5\n注：以上为累计\n",
        HEAD + 't01,"推进中",5\n',
        HEAD + "t01,推进中,5\n\nt02,推进中,5\n",
        HEAD + "t01,推进中,5,再加一格\n",
        "测试县报送表\n" + HEAD + "t01,推进中,5\n",
        "状态,任务编号\n推进中,t01\n",
        "任务编号,状态,自己加的一列\nt01,推进中,5\n",
        HEAD.replace(",", ";") + "t01;推进中;5\n",
        HEAD + "t01,推进\x00中,5\n",
    ],
)
def test_what_is_not_plain_in_every_respect_is_left_alone_and_costs_the_others_nothing(folder, text):
    assert together(folder, HEAD + "t01,已完成,100%\n", text, HEAD + "t02,推进中,5\n") == ["id0", "id2"]


def test_files_that_cannot_be_read_are_left_to_the_reader_that_says_why(folder):
    missing = submission(0, folder / "missing.csv", "progress")
    path = folder / "other.csv"
    path.write_text(HEAD + "t01,推进中,5\n", encoding="utf-8")
    changed = SubmissionFile("c", "other.csv", path, "p", "2021Q2", "r", "progress", sha256="0" * 64)
    small = Limits(rows=1)
    long = folder / "long.csv"
    long.write_text(HEAD + "t01,推进中,5\nt02,推进中,5\n", encoding="utf-8")
    assert read_together([missing, changed], {"p": CODES}, LIMITS) == ({}, [])
    assert read_together([submission(1, long, "progress")], {"p": CODES}, small) == ({}, [])
