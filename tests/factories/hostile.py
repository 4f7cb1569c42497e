"""Hostile files: what an attacker, a virus, a broken export or a clumsy colleague may put into the raw tree.

Belongs here: the bytes, and which finding each file must give. Does not belong here: judging (tests/hostile), files of
honest clerks (``mistakes``, ``defects``).

``write_tree`` puts every file among good ones: one programme, reporter 410001 sends the attacks, 410002 good files.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.factories.trees import make_registry, write_file, write_receipts

PROGRAMME = "p2021"
PLACE = f"submissions/{PROGRAMME}/2021Q1/410001"
GOOD_PLACE = f"submissions/{PROGRAMME}/2021Q1/410002"
READ = frozenset[str]()  # nothing to be said against it
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Case:
    """One hostile file. ``rules``: the rules its findings must be of (none: read without any); ``rows``: rows loaded of it.

    ``slow`` ones are for the campaign, not for every test run.
    """

    name: str
    suffix: str
    write: Callable[[Path], None]
    rules: frozenset[str]
    rows: int = 0
    slow: bool = False
    what: str = ""

    @property
    def path(self) -> str:
        """Its place in the tree."""
        return f"{PLACE}/progress_{self.name}.{self.suffix}"


CASES: dict[str, Case] = {}


def _case(suffix: str, *rules: str, rows: int = 0, slow: bool = False):
    """Register a function that returns bytes (or writes to the path it is given) as a case of its name."""

    def register(make: Callable):
        def write(path: Path) -> None:
            if (body := make(*([path] if make.__code__.co_argcount else []))) is not None:
                path.write_bytes(body)

        CASES[make.__name__] = Case(make.__name__, suffix, write, frozenset(rules), rows, slow, make.__doc__)
        return make

    return register


# ── workbooks by hand ─────────────────────────────────────────────────────────────────────────

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
HEADER = ("任务编号", "状态", "完成进度", "进展情况")


def _text_cell(column: str, row: int, text: str) -> str:
    return f'<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>'


def _line(number: int, texts: Iterable[str]) -> str:
    cells = "".join(_text_cell(column, number, text) for column, text in zip("ABCDEFGH", texts, strict=False))
    return f'<row r="{number}">{cells}</row>'


def sheet_xml(rows: str = "", before: str = "", after: str = "", prolog: str = "") -> bytes:
    """A worksheet part: a header line, one good row, then ``rows``."""
    table = _line(1, HEADER) + _line(2, ("t01", "推进中", "50", "办理中"))
    return f'{_HEAD}{prolog}<worksheet xmlns="{_MAIN}">{before}<sheetData>{table}{rows}</sheetData>{after}</worksheet>'.encode()


def workbook(
    sheet: bytes | None = None,
    *,
    shared: bytes | None = None,
    styles: bytes | None = None,
    extra: dict[str, bytes] | None = None,
) -> bytes:
    """A workbook of one sheet, packed; ``extra`` are further parts."""
    types = "".join(
        f'<Override PartName="/xl/{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
        for part, kind in (
            ("workbook.xml", "sheet.main"), ("worksheets/sheet1.xml", "worksheet"),
            *([("sharedStrings.xml", "sharedStrings")] if shared else []), *([("styles.xml", "styles")] if styles else []),
        )
    )  # fmt: skip
    relations = f'<Relationship Id="rId1" Type="{_RELS}/worksheet" Target="worksheets/sheet1.xml"/>'
    if shared:
        relations += f'<Relationship Id="rId2" Type="{_RELS}/sharedStrings" Target="sharedStrings.xml"/>'
    if styles:
        relations += f'<Relationship Id="rId3" Type="{_RELS}/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
        "xl/worksheets/sheet1.xml": sheet or sheet_xml(),
        **({"xl/sharedStrings.xml": shared} if shared else {}),
        **({"xl/styles.xml": styles} if styles else {}),
        **(extra or {}),
    }
    return packed(parts)


def packed(parts: dict[str, bytes | str]) -> bytes:
    """A zip archive of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


# ── zip bombs ─────────────────────────────────────────────────────────────────────────────────


@_case("xlsx", "F13")
def zip_ratio():
    """10 MB of blanks in 10 kB."""
    return workbook(sheet_xml(before=" " * (10 * MEGABYTE)))


@_case("xlsx", rows=1)
def zip_nested():
    """A bomb inside a bomb: nobody opens what lies in the package."""
    inner = packed({"b.txt": b"\0" * (5 * MEGABYTE)})
    for _ in range(3):
        inner = packed({f"{n}.zip": inner for n in range(10)})
    return workbook(extra={"xl/embeddings/bomb.zip": inner})


def _directory(body: bytes) -> tuple[bytes, list[bytes], bytes]:
    """(local part, central entries, end record) of an archive without comment."""
    end = body.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", body[end + 16 : end + 20])[0]
    entries, at = [], start
    while at < end:
        name, extra, comment = struct.unpack("<HHH", body[at + 28 : at + 34])
        length = 46 + name + extra + comment
        entries.append(body[at : at + length])
        at += length
    return body[:start], entries, body[end:]


def _with_directory(local: bytes, entries: list[bytes], end: bytes) -> bytes:
    central = b"".join(entries)
    count = min(len(entries), 0xFFFF)
    return local + central + end[:8] + struct.pack("<HHII", count, count, len(central), len(local)) + end[20:]


@_case("xlsx", "F13")
def zip_overlapping():
    """One kernel of 8 MB that 400 entries share (after Fifield): a small file that unpacks to 3 GB."""
    local, entries, end = _directory(workbook(extra={"xl/media/kernel.bin": b"\0" * (8 * MEGABYTE)}))
    return _with_directory(local, entries + [entries[-1]] * 400, end)


def _claiming(size: int) -> bytes:
    """A sheet of 5 MB whose directory entry claims ``size`` bytes."""
    body = workbook(sheet_xml(before=" " * (5 * MEGABYTE)))
    local, entries, end = _directory(body)
    changed = [
        entry[:24] + struct.pack("<I", size) + entry[28:] if b"sheet1.xml" in entry else entry
        for entry in entries
    ]
    return _with_directory(local, changed, end)


@_case("xlsx", "F01")
def zip_claims_less():
    """The directory says 2,000 bytes, the data unpacks to 5 MB."""
    return _claiming(2000)


@_case("xlsx", "F13")
def zip_claims_more():
    """The directory says 4 GB."""
    return _claiming(0xFFFFFFFE)


@_case("xlsx", "F13")
def zip64_claims_more():
    """A zip64 field says 2**62 bytes."""
    local, entries, end = _directory(workbook())
    entry = entries[-1]
    name = struct.unpack("<H", entry[28:30])[0]
    wide = struct.pack("<HHQ", 1, 8, 1 << 62)
    entries[-1] = (
        entry[:24]
        + b"\xff\xff\xff\xff"
        + entry[28:30]
        + struct.pack("<H", len(wide))
        + entry[32 : 46 + name]
        + wide
    )
    return _with_directory(local, entries, end)


@_case("xlsx", "F13", slow=True)
def zip_many_entries():
    """60,000 empty parts."""
    local, entries, end = _directory(workbook(extra={"x": b""}))
    return _with_directory(local, entries + [entries[-1]] * 60_000, end)


# ── sheets ────────────────────────────────────────────────────────────────────────────────────


@_case("xlsx", "F13")
def far_cell():
    """One value in the last cell there is."""
    return workbook(sheet_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))


@_case("xlsx", rows=1)
def dimension_lie():
    """Says 17 billion cells, holds eight."""
    return workbook(sheet_xml(before='<dimension ref="A1:XFD1048576"/>'))


@_case("xlsx", "F13")
def sparse_rows():
    """A value in every thousandth row down to the last."""
    return workbook(
        sheet_xml(
            "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1000, 1_048_576, 1000))
        )
    )


@_case("xlsx", rows=1)
def formatted_columns():
    """Formats on every column and on the last row: billions of empty cells."""
    return workbook(
        sheet_xml(
            '<row r="1048576" s="1" customFormat="1"/>',
            before='<cols><col min="1" max="16384" width="9"/></cols>',
        )
    )


@_case("xlsx", rows=1, slow=True)
def hidden_rows():
    """A million hidden rows."""
    return workbook(sheet_xml("".join(f'<row r="{n}" hidden="1"/>' for n in range(3, 1_000_003))))


@_case("xlsx", "F13")
def merged_everything():
    """1,000 merged ranges over the whole sheet of 1,000 rows."""
    rows = "".join(_line(n, ("t01", "推进中", "50", f"{n * 7919 % 65536:x}")) for n in range(3, 1001))
    ranges = "".join(f'<mergeCell ref="A1:XFD{1_048_576 - n}"/>' for n in range(1000))
    return workbook(sheet_xml(rows, after=f"<mergeCells>{ranges}</mergeCells>"))


@_case("xlsx", "F13")
def shared_string_bomb():
    """One text of 20,000 characters said in 5,000 rows: 100 MB out of 100 kB."""
    noise = random.Random(1)
    text = "".join(chr(noise.randrange(0x4E00, 0x9FA5)) for _ in range(20_000))
    rows = "".join(
        f'<row r="{n}">{_text_cell("A", n, f"x{n * 7919 % 65536:x}")}<c r="D{n}" t="s"><v>0</v></c></row>'
        for n in range(3, 5003)
    )
    return workbook(
        sheet_xml(rows), shared=f'{_HEAD}<sst xmlns="{_MAIN}"><si><t>{text}</t></si></sst>'.encode()
    )


@_case("xlsx", "F13", slow=True)
def endless_names():
    """25 MB of defined names, which would become objects a hundred times as large."""
    noise = random.Random(3)
    names = "".join(
        f'<definedName name="n{noise.getrandbits(64):x}">Sheet1!$A${n}</definedName>' for n in range(400_000)
    )
    part = f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets><definedNames>{names}</definedNames></workbook>'
    return workbook(extra={"xl/workbook.xml": part.encode()})


@_case("xlsx", rows=1, slow=True)
def many_styles():
    """100,000 cell formats."""
    noise = random.Random(2)
    formats = "".join(
        f'<xf numFmtId="{noise.randrange(200)}" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment indent="{noise.randrange(250)}"/></xf>'
        for _ in range(100_000)
    )
    plain = (
        '<fonts count="1"><font><sz val="11"/></font></fonts><fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
    )
    return workbook(
        styles=f'{_HEAD}<styleSheet xmlns="{_MAIN}">{plain}<cellXfs count="100000">{formats}</cellXfs><cellStyles count="1"><cellStyle name="a" xfId="0"/></cellStyles></styleSheet>'.encode()
    )


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol" * 10}">' for n in range(10))


@_case("xlsx", "F01")
def entity_laughs():
    """A billion laughs in a sheet."""
    return workbook(sheet_xml(_line(3, ("&l9;",)), prolog=f"<!DOCTYPE x [{LAUGHS}]>"))


@_case("xlsx", "F01")
def entity_quadratic():
    """One entity of 100 kB, 10,000 times, in the shared strings."""
    big = "x" * 100_000
    shared = f'{_HEAD}<!DOCTYPE x [<!ENTITY a "{big}">]><sst xmlns="{_MAIN}"><si><t>{"&a;" * 10_000}</t></si></sst>'
    return workbook(shared=shared.encode())


@_case("xlsx", "F01")
def entity_external():
    """A file of the machine as an entity."""
    return workbook(
        sheet_xml(_line(3, ("&f;",)), prolog='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>')
    )


@_case("xlsx", "F01")
def entity_remote():
    """A document type from the network, in the workbook part."""
    part = f'{_HEAD}<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><workbook xmlns="{_MAIN}"/>'
    return workbook(extra={"xl/workbook.xml": part.encode()})


@_case("xlsx", "F01")
def entity_wide():
    """A document type in UTF-16, where a search for ASCII finds nothing."""
    part = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [{LAUGHS}]><sst xmlns="{_MAIN}"><si><t>&l9;</t></si></sst>'
    return workbook(shared=part.encode("utf-16"))


@_case("xlsx", rows=1)
def dde_and_links():
    """A DDE formula and a link to another file: the stored result is read, nothing is followed."""
    cell = "<f>cmd|'/C calc'!A0</f><v>50</v>"
    link = (
        f'{_HEAD}<externalLink xmlns="{_MAIN}"><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
    )
    sheet = (
        sheet_xml()
        .replace(b"<is><t>50</t></is>", b"", 1)
        .replace(b'r="C2" t="inlineStr">', f'r="C2">{cell}'.encode(), 1)
    )
    return workbook(sheet, extra={"xl/externalLinks/externalLink1.xml": link.encode()})


# ── macros, passwords ─────────────────────────────────────────────────────────────────────────


@_case("xlsm", "F15")
def macro_workbook():
    """Named as what it is."""
    return workbook(extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})


@_case("xlsx", "F15")
def macro_renamed():
    """A macro workbook renamed to .xlsx."""
    return workbook(extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})


@_case("xlsx", "F15")
def macro_sheet():
    """An Excel 4 macro sheet."""
    return workbook(extra={"xl/macrosheets/sheet1.xml": f'{_HEAD}<xm:macrosheet xmlns:xm="x"/>'.encode()})


@_case("xlsx", "F15")
def encrypted():
    """An OLE container that holds an encrypted package."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 504
        + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 1000
    )


def _xls() -> bytes:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.xls"
        write_file(path, HEADER, [["t01", "推进中", 50, "办理中 " * 200]])
        return path.read_bytes()


@_case("xls", "F15")
def xls_password():
    """A FILEPASS record where the second record of the workbook stood."""
    body = bytearray(_xls())
    bof = body.index(b"\x09\x08\x10\x00")
    struct.pack_into("<H", body, bof + 20, 0x002F)
    return bytes(body)


@_case("xls", "F15")
def xls_macro():
    """A project of macros (the K4 virus put one into every workbook it met)."""
    return _xls() + "_VBA_PROJECT_CUR".encode("utf-16-le").ljust(512, b"\0")


@_case("xls", "F01")
def xls_truncated():
    """The first half of a workbook."""
    body = _xls()
    return body[: len(body) // 2]


@_case("xls", "F01")
def xls_circular():
    """A sector chain that comes back to its beginning."""
    body = bytearray(_xls())
    fat = 512 * (struct.unpack_from("<I", body, 76)[0] + 1)
    for sector in range(128):
        if struct.unpack_from("<I", body, fat + 4 * sector)[0] < 0xFFFFFFF0:
            struct.pack_into("<I", body, fat + 4 * sector, sector)
    return bytes(body)


# ── json ──────────────────────────────────────────────────────────────────────────────────────


@_case("json", "F13")
def json_nested():
    """100,000 arrays, one inside the other."""
    return b'[{"task_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]"


@_case("json", "F03", rows=1)
def json_huge_number():
    """A number of 100,000 digits."""
    return b'[{"task_id": "t01", "progress_pct": ' + b"9" * 100_000 + b"}]"


@_case("json", "F01", rows=1)
def json_key_twice():
    """A key written twice: the row is kept out, the next one is loaded."""
    return (
        b'[{"task_id": "t01", "progress_pct": 10, "progress_pct": 90}, {"task_id": "t02", "progress_pct": 5}]'
    )


@_case("json", "F03", rows=2)
def json_not_a_number():
    """NaN and infinity, which JSON does not have."""
    return b'[{"task_id": "t01", "progress_pct": NaN}, {"task_id": "t02", "progress_pct": -Infinity}]'


@_case("json", rows=1)
def json_surrogates():
    """Half a character."""
    return b'[{"task_id": "t01", "status": null, "summary": "\\ud800 \\udfff\\ud83d"}]'


@_case("ndjson", "F13")
def ndjson_long_line(path: Path):
    """One line of 50 MB."""
    with path.open("wb") as stream:
        stream.write(b'{"task_id": "t01", "summary": "')
        stream.truncate(50 * MEGABYTE)


@_case("ndjson", rows=1)
def ndjson_line_that_fits():
    """One line of 15 MB: nothing says a text may not be long."""
    return b'{"task_id": "t01", "status": "", "summary": "' + b"x" * (15 * MEGABYTE) + b'"}'


# ── parquet ───────────────────────────────────────────────────────────────────────────────────


def _parquet(columns: dict, **options) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


@_case("parquet", "F01")
def parquet_footer():
    """A footer of other bytes."""
    body = bytearray(_parquet({"task_id": ["t01"], "status": ["推进中"]}))
    body[-60:-30] = b"\xff" * 30
    return bytes(body)


@_case("parquet", "F13", slow=True)
def parquet_bomb():
    """20,000 texts of 20 kB in 100 kB."""
    return _parquet(
        {"task_id": [f"x{n}" for n in range(20_000)], "summary": ["长" * 7000] * 20_000},
        use_dictionary=False,
        compression="zstd",
    )


@_case("parquet", "F13", slow=True)
def parquet_dictionary_bomb():
    """A dictionary of one text of 1 MB for 50,000 rows: the file announces 1 MB."""
    import pyarrow as pa

    column = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), ["长" * 350_000])
    return _parquet({"task_id": [f"x{n}" for n in range(50_000)], "summary": column})


@_case("parquet", rows=1)
def parquet_nested():
    """Lists of records of lists."""
    return _parquet({"task_id": ["t01"], "status": [None], "summary": [[{"a": [{"b": [1, None]}]}]]})


def _recounted(rows: int, said: int) -> bytes:
    """A file of ``rows`` rows whose footer says ``said`` (both below 64, so that the count is one byte)."""
    body = bytearray(
        _parquet(
            {"task_id": [f"t{n:02d}" for n in range(1, rows + 1)], "status": ["推进中"] * rows},
            compression="none",
        )
    )
    footer = len(body) - 8 - struct.unpack("<I", body[-8:-4])[0]
    # FileMetaData.num_rows: a 64-bit field next to the list of columns, twice the number
    at = body.index(bytes([0x16, 2 * rows, 0x19]), footer)
    body[at + 1] = 2 * said
    return bytes(body)


@_case("parquet", "F01")
def parquet_more_rows():
    """Announces 60 rows, holds three."""
    return _recounted(3, 60)


@_case("parquet", "F01")
def parquet_fewer_rows():
    """Announces one row, holds three: two would vanish."""
    return _recounted(3, 1)


# ── csv ───────────────────────────────────────────────────────────────────────────────────────

_HEADER_LINE = ",".join(HEADER) + "\n"


@_case("csv", "F03", "F05", rows=1)
def csv_nul():
    """NUL inside a code and inside a number; the padding of other cells is harmless."""
    return f"{_HEADER_LINE}t\x0001,推进中,50,\nt02\x00\x00,推进中\x00,1\x002,办理中\n".encode()


@_case("csv", "F13")
def csv_gigabyte(path: Path):
    """1 GB that takes no room on the disk and is not read."""
    with path.open("wb") as stream:
        stream.write(_HEADER_LINE.encode())
        stream.truncate(1024 * MEGABYTE)


@_case("csv", "F13", slow=True)
def csv_many_cells():
    """One row of 9 million cells."""
    return _HEADER_LINE.encode() + b"1," * 9_000_000


@_case("csv", "F01")
def csv_open_quote():
    """A quotation mark that swallows the rest."""
    return f'{_HEADER_LINE}t01,推进中,50,"没有收尾\nt02,推进中,50,\n'.encode()


@_case("csv", "F13")
def csv_long_field(path: Path):
    """A field of 100 MB."""
    with path.open("wb") as stream:
        stream.write(f'{_HEADER_LINE}t01,推进中,50,"'.encode())
        stream.truncate(100 * MEGABYTE)


@_case("csv", rows=1, slow=True)
def csv_field_that_fits():
    """A field of 15 MB."""
    return f"{_HEADER_LINE}t01,推进中,50,".encode() + b"x" * (15 * MEGABYTE)


@_case("csv", "F01")
def csv_two_encodings():
    """UTF-8 lines and GB18030 lines in one file."""
    return (
        f"{_HEADER_LINE}t01,推进中,50,甲\n".encode() + "t02,推进中,50,乙县汇总\n".encode("gb18030") + b"\xff"
    )


@_case("csv", "F01")
def csv_utf16_unmarked():
    """UTF-16 without a byte order mark."""
    return f"{_HEADER_LINE}t01,推进中,50,\n".encode("utf-16-le")


@_case("csv", "F01")
def csv_utf32_unmarked():
    """UTF-32 without a byte order mark."""
    return f"{_HEADER_LINE}t01,推进中,50,\n".encode("utf-32-be")


@_case("csv", "F09", rows=2)
def csv_mark_in_the_middle():
    """Two exports joined: a byte order mark inside, before a code."""
    return f"{_HEADER_LINE}t01,推进中,50,\n\ufefft02,推进中,50,\n".encode()


@_case("csv", "F03", "F05", rows=1)
def csv_bidi():
    """Writing directions overridden: shown as 50, written 05; shown as t01, written 10t."""
    return f"{_HEADER_LINE}t02,推进中,\u202e05\u202c,\n\u202e10t\u202c,推进中,50,\n".encode()


@_case("csv", "F09", rows=1)
def csv_zero_width():
    """Characters without width inside a code."""
    return f"{_HEADER_LINE}t\u200b0\u200d1,推进中,50,\n".encode()


@_case("csv", "F05", slow=True)
def csv_wide_header():
    """A header with 2 MB of blanks, and 300 rows without a known key: every one would quote it."""
    return f"任务编号{' ' * 2_000_000},状态\n".encode() + b"".join(b"x%d,y\n" % n for n in range(300))


@_case("csv", "F01")
def csv_empty():
    """Nothing."""
    return b""


@_case("csv", rows=1)
def csv_payloads():
    """Formulas, scripts and escape sequences in the free texts."""
    return f'{_HEADER_LINE}t01,推进中,50,"{PAYLOAD}"\n'.encode()


# formula, script, SQL, template, terminal: in one text
PAYLOAD = "=cmd|' /C calc'!A0 <script>alert(1)</script> '; DROP TABLE raw.progress; -- {{7*7}} \x1b]0;x\x07\x1b[31m红 @SUM(A1) \u202e05"

GOOD_ROWS = [
    {"任务编号": "t01", "状态": "推进中", "完成进度": 50, "进展情况": "办理中"},
    {"任务编号": "t02", "状态": "已完成", "完成进度": 100, "进展情况": "完成"},
]
GOOD_SUFFIXES = ("csv", "xlsx", "xls", "json", "ndjson", "parquet")


def write_tree(root: Path, *, slow: bool = True) -> dict[str, Case]:
    """The small registry, good files of every format from 410002 and every hostile file from 410001; path → case."""
    make_registry(root, PROGRAMME)
    folder = root / PLACE
    folder.mkdir(parents=True)
    for suffix in GOOD_SUFFIXES:
        write_file(root / GOOD_PLACE / f"progress_{suffix}.{suffix}", list(GOOD_ROWS[0]), GOOD_ROWS)
    written = {case.path: case for case in CASES.values() if slow or not case.slow}
    for case in written.values():
        case.write(root / case.path)
    good = [f"{GOOD_PLACE}/progress_{suffix}.{suffix}" for suffix in GOOD_SUFFIXES]
    write_receipts(root, [(path, "2021-03-25T10:00:00+08:00", "测试") for path in [*written, *good]])
    return written
