"""Inputs of the fuzzer: valid files of every format, and ways to damage them.

Belongs here: seeds and hypothesis strategies. Does not belong here: what must hold (``targets``).
A strategy draws small operations (flip, cut, insert, duplicate, splice, a number of note), so hypothesis can shrink a
failure to the operations that matter.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter
from hypothesis import strategies as st

from tests.factories.trees import Percent, make_registry, write_file

PROGRESS = [
    {"任务编号": "t01", "任务名称": "压缩开办时间", "状态": "推进中", "完成进度": "50%", "进展情况": "已办理 12 件，“一网通办”率 95%"},
    {"任务编号": "2", "状态": "已完成", "完成进度": 100, "完成日期": date(2021, 6, 30), "进展情况": "完成"},
    {"任务编号": "t03", "状态": "持续推进", "完成进度": Percent(0.5), "进展情况": "第一行\n第二行", "填报日期": "2021年3月25日"},
]  # fmt: skip
INDICATORS = [
    {
        "指标编号": "kb_online",
        "指标名称": "企业开办网上办理率",
        "指标值": 87.5,
        "分子": 175,
        "分母": 200,
        "单位": "%",
    },
    {"指标编号": "kb_steps", "指标值": "不适用", "说明": "无此业务"},
]
RECTIFICATION = [
    {
        "问题编号": "1",
        "问题": "窗口排队",
        "责任单位": "市政务局",
        "整改期限": "2021年6月",
        "整改状态": "销号",
        "销号日期": "2021.6.1",
    }
]
SATISFACTION = [{"调查对象": "企业", "样本量": 200, "满意数": 190, "满意度": "95%"}]
TABLES = {
    "progress": PROGRESS,
    "indicators": INDICATORS,
    "rectification": RECTIFICATION,
    "satisfaction": SATISFACTION,
}
# what breaks parsers: ends of integer types, of a sheet, of a length
NOTABLE = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFE,
    0xFFFFFFFF,
    1048576,
    16384,
)
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b",", b"\t", b"\r", b"\n", b";", b"\xa3\xac", b"\\", b"\\u0000", b"\\ud800",
    b"[", b"]", b"{", b"}", b":", b"null", b"NaN", b"-Infinity", b"1e999", b"-", b"=", b"<", b">", b"&", b"&amp;", b"%", b"\x1b[31m",
    "\u202e".encode(), "\u200b".encode(), "合计".encode(), "注：".encode(), "填报单位：".encode(), "任务编号".encode(), b"99999999999999999999",
)  # fmt: skip


@cache
def seeds(suffix: str) -> tuple[tuple[str, bytes], ...]:
    """(kind, bytes of a valid file) of one format, e.g. ``csv``; more than one of those clerks decorate."""
    found = []
    with TemporaryDirectory() as folder:
        for kind, rows in TABLES.items():
            path = Path(folder) / f"{kind}.{suffix}"
            header = list(dict.fromkeys(key for row in rows for key in row))
            write_file(path, header, rows)
            found.append((kind, path.read_bytes()))
            if suffix == "csv":
                write_file(
                    path,
                    header,
                    rows,
                    encoding="gb18030",
                    above=["一季度进展", "填报单位：甲县"],
                    below=["注：无"],
                )
                found.append((kind, path.read_bytes()))
    if suffix == "xlsx":
        found.append(("progress", _decorated_workbook()))
    return tuple(found)


def _decorated_workbook() -> bytes:
    """Merged ranges, hidden parts, formulas, errors, dates, percent formats, rich and inline text, two sheets."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page, other = book.add_worksheet("一"), book.add_worksheet("二")
        percent, day = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "yyyy-mm-dd"})
        page.merge_range("A1:E1", "一季度进展")
        page.write_row("A2", ["任务编号", "状态", "完成进度", "完成日期", "进展情况"])
        page.merge_range("A3:A4", "t01")
        page.write_row("B3", ["推进中", 0.5])
        page.write_number("C4", 0.25, percent)
        page.write_row("A5", ["t02", "已完成", 100, 44377])
        page.write_datetime("D5", date(2021, 6, 30), day)
        page.write_formula("C6", "=1/0", None, "#DIV/0!")
        page.write_formula("E6", '=HYPERLINK("http://x","y")', None, "y")
        page.write_rich_string("E5", "已", book.add_format({"bold": True}), "完成")
        page.set_row(4, None, None, {"hidden": True})
        page.set_column("D:D", None, None, {"hidden": True})
        page.data_validation("B3:B9", {"validate": "list", "source": ["推进中", "已完成"]})
        page.write_comment("A3", "批注")
        other.write_row("A1", ["任务编号", "状态"])
        other.write_row("A2", ["t03", "持续推进"])
        other.hide()
    return buffer.getvalue()


_CHARACTERS = (
    "\x00", "\x1b[31m", "\ufeff", "\u202e", "\u200b", "\ud800", '"', "'", ",", "，", "\t", "\r", "\n", ";", "\\", "\\u0000", "[", "]", "{", "}",
    ":", "null", "NaN", "1e999", "9" * 5000, "-", "=", "%", "合计", "注：", "填报单位：乙县", "任务编号", "t01", "完成进度", "五", "½", "٣", "0.5",
)  # fmt: skip


# ── damage to bytes ───────────────────────────────────────────────────────────────────────────

_SPOT = st.integers(0, 1 << 16)
_SHORT = st.integers(1, 64)
_OPERATIONS = st.one_of(
    st.tuples(st.just("flip"), _SPOT, st.integers(1, 255)),
    st.tuples(st.just("cut"), _SPOT, _SHORT),
    st.tuples(st.just("end"), _SPOT, st.just(0)),
    st.tuples(st.just("insert"), _SPOT, st.one_of(st.sampled_from(TOKENS), st.binary(min_size=1, max_size=8))),
    st.tuples(st.just("over"), _SPOT, st.one_of(st.sampled_from(TOKENS), st.binary(min_size=1, max_size=8))),
    st.tuples(st.just("number"), _SPOT, st.tuples(st.sampled_from(NOTABLE), st.sampled_from(["<I", ">I", "<H", "B"]))),
    st.tuples(st.just("twice"), _SPOT, _SHORT),
    st.tuples(st.just("splice"), _SPOT, st.tuples(st.integers(0, 7), _SPOT, _SHORT)),
    st.tuples(st.just("digits"), _SPOT, st.sampled_from(NOTABLE)),
)  # fmt: skip
OPERATIONS = st.lists(_OPERATIONS, min_size=1, max_size=6)


def _digits_at(body: bytearray, spot: int) -> tuple[int, int]:
    """The next run of ASCII digits from ``spot`` on: (begin, end), an empty run at the end without any."""
    begin = next((i for i in range(spot, len(body)) if 48 <= body[i] <= 57), len(body))
    end = next((i for i in range(begin, len(body)) if not 48 <= body[i] <= 57), len(body))
    return begin, end


def damage(body: bytes, operations: list[tuple], others: tuple[bytes, ...]) -> bytes:
    """``body`` after the operations; a spot is taken modulo the length it meets."""
    changed = bytearray(body)
    for name, spot, detail in operations:
        spot %= max(len(changed), 1)
        match name:
            case "flip" if changed:
                changed[spot] ^= detail
            case "cut":
                del changed[spot : spot + detail]
            case "end":
                del changed[spot:]
            case "insert":
                changed[spot:spot] = detail
            case "over":
                changed[spot : spot + len(detail)] = detail
            case "number":
                value, form = detail
                packed = struct.pack(form, value & (256 ** struct.calcsize(form) - 1))
                changed[spot : spot + len(packed)] = packed
            case "twice":
                changed[spot:spot] = changed[spot : spot + detail]
            case "splice":
                which, start, length = detail
                other = others[which % len(others)]
                start %= max(len(other), 1)
                changed[spot:spot] = other[start : start + length]
            case "digits":
                begin, end = _digits_at(changed, spot)
                changed[begin:end] = str(detail).encode()
    return bytes(changed)


# a text stays readable: whole characters go, come and move
_CHANGES = st.one_of(
    st.tuples(st.just("cut"), _SPOT, _SHORT),
    st.tuples(
        st.just("insert"), _SPOT, st.one_of(st.sampled_from(_CHARACTERS), st.text(min_size=1, max_size=6))
    ),
    st.tuples(
        st.just("over"), _SPOT, st.one_of(st.sampled_from(_CHARACTERS), st.text(min_size=1, max_size=6))
    ),
    st.tuples(st.just("twice"), _SPOT, _SHORT),
    st.tuples(st.just("splice"), _SPOT, st.tuples(st.integers(0, 7), _SPOT, _SHORT)),
)
CHANGES = st.lists(_CHANGES, min_size=1, max_size=6)


def damage_text(text: str, changes: list[tuple], others: tuple[str, ...]) -> str:
    """``text`` after the changes, character by character."""
    for name, spot, detail in changes:
        spot %= max(len(text), 1)
        match name:
            case "cut":
                text = text[:spot] + text[spot + detail :]
            case "insert":
                text = text[:spot] + detail + text[spot:]
            case "over":
                text = text[:spot] + detail + text[spot + len(detail) :]
            case "twice":
                text = text[:spot] + text[spot : spot + detail] + text[spot:]
            case "splice":
                which, start, length = detail
                other = others[which % len(others)]
                start %= max(len(other), 1)
                text = text[:spot] + other[start : start + length] + text[spot:]
    return text


def damaged(suffix: str) -> st.SearchStrategy[tuple[str, bytes]]:
    """(kind, damaged bytes) of one format."""
    files = seeds(suffix)
    bodies = tuple(body for _, body in files)
    as_bytes = st.builds(
        lambda seed, operations: (seed[0], damage(seed[1], operations, bodies)),
        st.sampled_from(files),
        OPERATIONS,
    )
    if suffix not in ("csv", "json", "ndjson"):
        return as_bytes
    texts = [(kind, body.decode("utf-8")) for kind, body in files if _is_utf8(body)]
    others = tuple(text for _, text in texts)
    as_text = st.builds(
        lambda seed, changes: (
            seed[0],
            damage_text(seed[1], changes, others).encode("utf-8", "surrogatepass"),
        ),
        st.sampled_from(texts),
        CHANGES,
    )
    return st.one_of(as_text, as_bytes)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# ── damage to the parts of a package ──────────────────────────────────────────────────────────


def unpack(body: bytes) -> dict[str, bytes]:
    """The parts of a zip package by name."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(parts: dict[str, bytes]) -> bytes:
    """A zip package of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


_BETWEEN = re.compile(rb'(?<==")[^"]*(?=")|(?<=>)[^<]+(?=<)')
_XML_VALUES = (
    b"", b"0", b"-1", b"1", b"99999999999", b"1048577", b"XFD1048576", b"A0", b"A1:XFD1048576", b"B3:A1", b"s", b"str", b"inlineStr", b"b", b"e", b"n", b"d",
    b"1e999", b"NaN", b"0.1", b"44377.5", b"-5", b"2021-06-30", b"true", b"hidden", b"veryHidden", b"_x0000_", b"&#x202e;05", b"&amp;", b"#REF!", "\u4efb\u52a1\u7f16\u53f7".encode(),
    b"../../../../etc/passwd", b"/xl/worksheets/sheet1.xml", b"rId1", b"yyyy-mm-dd", b"0%", b"[Red]0;;;@", b"x" * 300,
)  # fmt: skip
_VALUE_CHANGES = st.lists(st.tuples(_SPOT, st.sampled_from(_XML_VALUES)), min_size=1, max_size=6)


def other_values(part: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    """An XML part with other attribute values and texts: still XML."""
    for spot, value in changes:
        places = list(_BETWEEN.finditer(part))
        if places:
            place = places[spot % len(places)]
            part = part[: place.start()] + value + part[place.end() :]
    return part


def damaged_package(
    packages: tuple[tuple[str, bytes], ...], wanted: Callable[[str], bool] = lambda name: True
) -> st.SearchStrategy[tuple[str, bytes]]:
    """(kind, package) with one to three parts damaged, missing or renamed; ``wanted`` chooses the parts."""
    opened = [(kind, unpack(body)) for kind, body in packages]

    @st.composite
    def one(draw) -> tuple[str, bytes]:
        kind, parts = draw(st.sampled_from(opened))
        parts = dict(parts)
        names = [name for name in parts if wanted(name)]
        for _ in range(draw(st.integers(1, 3))):
            name = draw(st.sampled_from(names))
            action = draw(st.sampled_from(["values"] * 6 + ["damage"] * 3 + ["leave out", "swap"]))
            if name not in parts:
                continue
            if action == "values":
                parts[name] = other_values(parts[name], draw(_VALUE_CHANGES))
            elif action == "damage":
                parts[name] = damage(parts[name], draw(OPERATIONS), tuple(parts.values()))
            elif action == "leave out":
                del parts[name]
            else:
                other = draw(st.sampled_from(names))
                if other in parts:
                    parts[name], parts[other] = parts[other], parts[name]
        return kind, pack(parts)

    return one()


# ── structured inputs ─────────────────────────────────────────────────────────────────────────

_HEADERS = ("任务编号", "编号", "序号", "任务名称", "状态", "完成进度", "完成日期", "进展情况", "存在问题", "佐证材料", "填报日期",
            "填报单位", "指标编号", "指标名称", "指标值", "分子", "分母", "单位", "说明", "问题编号", "问题", "整改期限", "整改状态",
            "调查对象", "样本量", "满意数", "满意度", "task_id", "value")  # fmt: skip
_CELLS = (
    "", " ", "t01", "t02", "1", "2", "t01.0", "Ｔ01", "合计", "小计", "注：以上", "填报单位：甲县", "推进中", "已完成", "50%", "0.5", "５０％",
    "1e308", "1e999", "-0", "nan", "inf", "1,234.5", "2021-06-30", "2021年6月31日", "44377", "99999999", "不适用", "—", "#N/A", "=1+1", "@x",
    "\x00", "t\x0001", "\x1b[2J", "\u202e05", "\u200bt01", "\ufeff", "\ud800", "kb_online", "企业开办网上办理率", "企业", "甲县", "乙县",
)  # fmt: skip
CELL = st.one_of(st.sampled_from(_CELLS), st.text(max_size=12))
HEADER = st.one_of(st.sampled_from(_HEADERS), CELL)
KIND = st.sampled_from(sorted(TABLES))


def header_of(kind: str) -> st.SearchStrategy[list[str]]:
    """The kind's headers in some order, with others among them; now and then no header at all."""
    own = list(dict.fromkeys(key for row in TABLES[kind] for key in row))
    usual = st.builds(
        lambda order, extra, at: [*order[:at], *extra, *order[at:]],
        st.permutations(own),
        st.lists(HEADER, max_size=2),
        st.integers(0, 3),
    )
    return st.one_of(usual, usual, usual, st.lists(HEADER, max_size=10))


def tables(kind: str) -> st.SearchStrategy[list[list[str]]]:
    """A header line of mostly known headers somewhere near the top, and lines of cells."""
    return st.builds(
        lambda above, header, body: [*above, header, *body],
        st.lists(st.lists(CELL, max_size=4), max_size=3),
        header_of(kind),
        st.lists(st.lists(CELL, max_size=12), max_size=8),
    )


def csv_files() -> st.SearchStrategy[tuple[str, bytes]]:
    """Tables written the way bad exports write them: no quoting, or all of it, any separator and encoding."""

    def write(kind, table, separator, end, quoted, encoding):
        def cell(text):
            return '"' + text.replace('"', '""') + '"' if quoted else text

        text = end.join(separator.join(cell(c) for c in line) for line in table)
        return kind, text.encode(encoding, "replace")

    encodings = st.sampled_from(["utf-8"] * 4 + ["utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-32"])
    return KIND.flatmap(
        lambda kind: st.builds(
            write, st.just(kind), tables(kind), st.sampled_from([",", ",", ",", "\t", ";", "，"]),
            st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([True, True, False]), encodings,
        )
    )  # fmt: skip


_VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), CELL),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(CELL, inner, max_size=3)),
    max_leaves=8,
)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)


def json_files() -> st.SearchStrategy[tuple[str, bytes]]:
    """Arrays, lines or single objects; keys may come twice, values may be nested."""
    forms = {
        "array": lambda entries: "[" + ",".join(entries) + "]",
        "lines": "\n".join,
        "bare": lambda entries: entries[0] if entries else "",
    }
    odd = st.sampled_from(["", "{", "]", "1e5", "[" * 2000, '{"a":' * 900 + "1" + "}" * 900, "9" * 5000])

    def entries(kind: str) -> st.SearchStrategy[str]:
        own = st.sampled_from(list(dict.fromkeys(key for row in TABLES[kind] for key in row)))
        pairs = st.lists(
            st.tuples(st.one_of(own, own, own, HEADER), st.one_of(CELL, CELL, _VALUE)), max_size=6
        )
        made = pairs.map(lambda found: "{" + ",".join(f"{_dumps(k)}:{_dumps(v)}" for k, v in found) + "}")
        return st.one_of(made, made, made, made, _VALUE.map(_dumps), odd)

    return st.tuples(KIND, st.sampled_from(sorted(forms))).flatmap(
        lambda drawn: st.lists(entries(drawn[0]), max_size=5).map(
            lambda found: (drawn[0], forms[drawn[1]](found).encode())
        )
    )


_DATE_BITS = (
    "2021", "2022", "21", "0", "13", "6", "12", "31", "30", "2", "29", "年", "月", "日", "号", "底", "末", "前", "后", "起", "至", "到", "-", "—", "/", ".",
    "，", "、", "；", "上半年", "下半年", "季度", "第三季度", "一季度末", "每", "每季度", "一次", "每月", "每年", "持续推进", "长期坚持", "适时", "完成", "力争",
    "见成效", "今年", "明年", "本年", "十", "二十", "〇", "二〇二一", "全年", "旬", "上旬", "Q4", "24:00", "00:00:00", "%", "（", "）", " ", "\u3000", "个", "半",
)  # fmt: skip
DEADLINES = st.one_of(st.lists(st.sampled_from(_DATE_BITS), max_size=14).map("".join), st.text(max_size=60))

_UNIT_BITS = (
    "市发改委", "市市场监管局", "各县区", "市直有关单位", "牵头", "配合", "责任单位", "：", ":", "、", "，", "；", "（", "）", "(", ")", "等", "和", "及", "与", "各",
    "按职责分工负责", "负责", "牵头单位", "配合单位", "局", "委", "办", "人民政府", "中心", "供水", "供电公司", "\n", "\t", " ", "以及其他公共服务部门", "由", "会同",
    "发展和改革委员会", "街道", "乡镇", "*", "○", "1.", "［", "］", "【", "】",
)  # fmt: skip
UNITS = st.one_of(st.lists(st.sampled_from(_UNIT_BITS), max_size=20).map("".join), st.text(max_size=60))

_NUMBER_BITS = ("1", "0", "9", "12", "1234", ",", ".", "-", "+", "e", "E", "%", "％", "５", "０", "．", "，", " ", "\u3000", "2021", "年", "月", "日",
                "/", ":", "T", "Z", "+08:00", "#", "nan", "inf", "_", "\u200b", "\u202e", "\x00", "٣", "²", "½", "一", "万")  # fmt: skip
VALUES = st.one_of(
    st.lists(st.sampled_from(_NUMBER_BITS), max_size=10).map("".join), CELL, st.text(max_size=30)
)

PLAN = """某市2021年优化营商环境行动方案
为深入贯彻落实……制定本方案。
一、企业开办专项
（一）压缩开办时间
1.2021年6月底前实现企业开办1个工作日办结。（牵头单位：市市场监管局；配合单位：市公安局、市税务局）
2.推行“一网通办”，网上办理率由80%提升到95%以上，2021年12月底前完成。责任单位：市市场监管局、各县区人民政府
二、获得电力专项
3.持续推进办电便利化。牵头单位：市发改委；完成时限：持续推进
附件：任务清单
序号\t专项\t工作任务\t责任单位\t完成时限
1\t企业开办\t压缩开办时间\t市市场监管局\t2021年6月底
2\t获得电力\t办电便利化\t市发改委\t持续推进
序号\t指标(项目)\t现状水平\t2021年目标\t前沿
1\t企业开办时间（天）\t3\t1\t0.5
三、力争营商环境评价进入全省前3位。
"""
_PLAN_BITS = (*_DATE_BITS, *_UNIT_BITS, "一、", "（一）", "1.", "附件", "序号", "牵头单位：", "完成时限：", "指标", "现状", "目标", "全省前3位", "提升20%以上", "\x0c")  # fmt: skip


@cache
def plan_documents() -> tuple[tuple[str, bytes], ...]:
    """("docx", bytes) of a plan with numbered paragraphs, a merged table and a content control's worth of parts."""
    import docx

    document = docx.Document()
    for line in PLAN.splitlines():
        if "\t" not in line:
            document.add_paragraph(line, style="List Number" if line[:1].isdigit() else None)
    rows = [line.split("\t") for line in PLAN.splitlines() if "\t" in line]
    table = document.add_table(len(rows), 5)
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=False):
            cell.text = text
    table.cell(1, 3).merge(table.cell(2, 3))
    buffer = io.BytesIO()
    document.save(buffer)
    return (("docx", buffer.getvalue()),)


def plan_texts() -> st.SearchStrategy[bytes]:
    """A plan as pasted text with lines moved, bits inserted, bytes damaged."""

    @st.composite
    def one(draw) -> bytes:
        lines = PLAN.splitlines()
        for _ in range(draw(st.integers(0, 6))):
            spot = draw(st.integers(0, len(lines) - 1))
            match draw(st.sampled_from(["insert", "inside", "twice", "out", "join"])):
                case "insert":
                    lines.insert(spot, draw(st.lists(st.sampled_from(_PLAN_BITS), max_size=15).map("".join)))
                case "inside":
                    at = draw(st.integers(0, len(lines[spot])))
                    bits = draw(st.lists(st.sampled_from(_PLAN_BITS), min_size=1, max_size=6).map("".join))
                    lines[spot] = lines[spot][:at] + bits + lines[spot][at:]
                case "twice":
                    lines.insert(draw(st.integers(0, len(lines))), lines[spot])
                case "out" if len(lines) > 1:
                    del lines[spot]
                case "join" if spot + 1 < len(lines):
                    lines[spot : spot + 2] = ["".join(lines[spot : spot + 2])]
        body = "\n".join(lines).encode(draw(st.sampled_from(["utf-8", "gb18030"])))
        return damage(body, draw(OPERATIONS), (body,)) if draw(st.booleans()) else body

    return one()


# ── registry, receipts, confirmations ─────────────────────────────────────────────────────────


@cache
def registry_seed() -> dict[str, bytes]:
    """File name → bytes of a small sound registry."""
    with TemporaryDirectory() as folder:
        made = make_registry(
            Path(folder), settings="[weights]\ntasks = 0.5\nindicators = 0.5\n[lists]\nred = 1\nblack = 1\n",
            goals=[{"goal_id": "g1", "kind": "rank", "special_id": "kaiban", "top_n": 3, "scope": "reporter"}],
        )  # fmt: skip
        return {path.name: path.read_bytes() for path in sorted(made.iterdir())}


_TOML = (
    b"report_day = 99999999999999999999999", b"report_day = 0x" + b"f" * 5000, b"freeze_days = nan", b"title = {a = 1}", b"x = " + b"[" * 2000,
    b"start_date = 0001-01-01", b"start_date = 2021-01-01T00:00:00Z", b"[lists]", b"no_lists = [1, 'x']", b'title = "\\u001b[31m"', b"id = 5", b"red = 1e400",
)  # fmt: skip


def registries() -> st.SearchStrategy[dict[str, bytes]]:
    """A registry with one to three files damaged or missing, or with odd lines of TOML."""

    @st.composite
    def one(draw) -> dict[str, bytes]:
        files = dict(registry_seed())
        for _ in range(draw(st.integers(1, 3))):
            name = draw(st.sampled_from(sorted(registry_seed())))
            if name not in files:
                continue
            action = draw(st.sampled_from(["damage", "damage", "damage", "out", "line", "table"]))
            if action == "damage":
                files[name] = damage(files[name], draw(OPERATIONS), tuple(files.values()))
            elif action == "out":
                del files[name]
            elif action == "line":
                lines = files[name].split(b"\n")
                lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(_TOML + TOKENS)))
                files[name] = b"\n".join(lines)
            elif name.endswith(".csv"):
                header = files[name].split(b"\n", 1)[0]
                rows = draw(st.lists(st.lists(CELL, max_size=8), max_size=5))
                body = "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")
                files[name] = header + b"\n" + body
        return files

    return one()


RECEIPTS = (
    "path,received_at,sender\n"
    "submissions/p2021/2021Q1/410001/progress.csv,2021-03-25T10:00:00+08:00,张三\n"
    './submissions/p2021/2021Q1/410002/progress.csv,2021-03-25 10:00,"李,四"\n'
).encode()
CONFIRMATIONS = (
    "rule_id,reporter_id,entity_id,period,note,by\nv02,410001,kb_online,2021Q1,属实,王五\n".encode()
)


def damaged_bytes(body: bytes) -> st.SearchStrategy[bytes]:
    """One text file, damaged."""
    return OPERATIONS.map(lambda operations: damage(body, operations, (body, RECEIPTS, CONFIRMATIONS)))
