"""A plan document (.txt as pasted from PDF or Word, .docx) → numbered lines and table rows.

Belongs here: encodings, the .docx package (merged cells, automatic numbering, tracked changes), and the sentence that
says why a file cannot be read. Does not belong here: what a line means.

Lines of a .docx are counted in reading order: a paragraph is one line, a table row is one line.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from raw.errors import Limits
from raw.plans.model import Line, PlanError, Source
from raw.readers.xlsx import has_document_type
from raw.text import squeeze, storable

# the longest plan known has 200,000; what takes a second there takes hours for 20 MB
MAX_CHARACTERS = 1_000_000
_SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "旧版 Word 文件（.doc）或加密的文件；请在 Word 里另存为 .docx（不加密）",
    b"%PDF": "PDF 文件；请把正文复制到文本文件（.txt），或在 Word 里另存为 .docx",
    b"\xff\xd8\xff": "图片；请先把图片识别成文字",
    b"\x89PNG": "图片；请先把图片识别成文字",
    b"GIF8": "图片；请先把图片识别成文字",
    b"BM": "图片；请先把图片识别成文字",
    b"II*\x00": "图片；请先把图片识别成文字",
    b"MM\x00*": "图片；请先把图片识别成文字",
    b"{\\rtf": "RTF 文件；请在 Word 里另存为 .docx",
    b"Rar!": "压缩包；请先解压",
}
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_source(path: Path, limits: Limits | None = None) -> Source:
    """Read a document.

    Raises:
        PlanError: not there, empty, too large, or of another format.
    """
    limits = limits or Limits()
    if not path.is_file():
        raise PlanError(f"找不到文件“{path}”")
    size = path.stat().st_size
    if size == 0:
        raise PlanError(f"文件“{path.name}”是空的")
    if size > limits.file_bytes:
        raise PlanError(f"文件“{path.name}”超过 {limits.file_bytes // 2**20} MB，请拆分或去掉图片后再试")
    head = path.read_bytes()[:8]
    for signature, what in _SIGNATURES.items():
        if head.startswith(signature):
            raise PlanError(f"文件“{path.name}”实际是{what}")
    suffix = path.suffix.lower()
    if head.startswith(b"PK"):
        source = _read_docx(path, limits)
    elif suffix in (".docx", ".docm"):
        raise PlanError(f"文件“{path.name}”不是 Word 文档（.docx），可能已损坏或只是改了扩展名")
    else:
        source = _read_text(path)
    if sum(len(line.text) for line in source.lines) > MAX_CHARACTERS:
        raise PlanError(
            f"文件“{path.name}”的文字超过 {MAX_CHARACTERS // 10_000} 万字，不像一份方案；请只留方案正文"
        )
    if not any(squeeze(line.text) or line.cells for line in source.lines):
        raise PlanError(f"文件“{path.name}”里没有文字（可能是扫描件，请先识别成文字）")
    return source


# --- text -----------------------------------------------------------------------------------------


def _read_text(path: Path) -> Source:
    text = _decode(path)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    lines = []
    for number, raw in enumerate(text.split("\n"), start=1):
        raw = storable(raw).replace("\ufeff", "")
        cells = tuple(cell.strip() for cell in raw.split("\t")) if "\t" in raw else None
        lines.append(Line(number, raw, cells))
    return Source(tuple(lines), "text")


def _decode(path: Path) -> str:
    data = path.read_bytes()
    for bom, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(bom):
            return data.decode(encoding, errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        controls = sum(1 for c in text[:20000] if ord(c) < 32 and c not in "\t\n\r\x0b\x0c")
        if controls * 100 > len(text[:20000]):
            break
        return text
    # a few damaged bytes (a page break inside a character) are no reason to refuse the rest
    text = data.decode("utf-8", errors="replace")
    if text[:20000].count("\ufffd") * 50 > len(text[:20000]) or "\x00" in text[:20000]:
        raise PlanError(f"文件“{path.name}”不是文本文件，也不是 Word 文档")
    return text


# --- docx -----------------------------------------------------------------------------------------


def _read_docx(path: Path, limits: Limits) -> Source:
    _check_package(path, limits)
    try:
        return _read_package(path)
    except MemoryError:
        raise
    except Exception as error:  # a damaged document fails anywhere inside zipfile, lxml, python-docx or below
        raise PlanError(
            f"文件“{path.name}”不是能打开的 Word 文档（.docx），可能已损坏（{type(error).__name__}）；请重新另存后再试"
        ) from error


def _read_package(path: Path) -> Source:
    # imported here: only this command needs it, and it takes a while to load
    import docx

    document = docx.Document(str(path))
    numbering = _Numbering(document)
    lines: list[Line] = []
    table_no = 0
    for element in _blocks(document.element.body):
        if element.tag == _W + "p":
            for text in _paragraph(element, numbering).split("\n"):
                lines.append(Line(len(lines) + 1, storable(text)))
        else:
            table_no += 1
            for cells in _table(element, numbering):
                lines.append(Line(len(lines) + 1, "\t".join(cells), cells, table_no))
    return Source(tuple(lines), "docx")


def _check_package(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
            names = {entry.filename for entry in entries}
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > limits.unpacked_bytes:
                raise PlanError(f"文件“{path.name}”解压后超过 {limits.unpacked_bytes // 2**20} MB，不予读取")
            parts = [entry for entry in entries if entry.filename.endswith((".xml", ".rels"))]
            if any(has_document_type(package.read(entry)) for entry in parts):
                raise PlanError(
                    f"文件“{path.name}”含不允许的内容（XML 实体），不予读取；请在 Word 里另存为 .docx"
                )
    # also: encrypted, a compression nobody uses, lies about sizes
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
    ) as error:
        raise PlanError(f"文件“{path.name}”已损坏，不能打开") from error
    if "word/document.xml" not in names:
        what = "Excel 工作簿" if "xl/workbook.xml" in names else "压缩包"
        raise PlanError(f"文件“{path.name}”是{what}，不是 Word 文档（.docx）")


def _blocks(parent) -> Iterator:
    """Paragraphs and tables in reading order, through content controls."""
    for child in parent:
        if child.tag in (_W + "p", _W + "tbl"):
            yield child
        elif child.tag in (_W + "sdt", _W + "sdtContent", _W + "ins", _W + "customXml"):
            yield from _blocks(child)


def _paragraph(element, numbering: _Numbering) -> str:
    parts = [numbering.label(element)]
    for node in element.iter():
        if node.tag == _W + "t" and not _hidden(node):
            parts.append(node.text or "")
        elif node.tag in (_W + "br", _W + "cr") and node.get(_W + "type") not in ("page", "column"):
            parts.append("\n")
        elif node.tag == _W + "tab" and node.getparent().tag == _W + "r":
            parts.append("  ")
        elif node.tag == _W + "noBreakHyphen":
            parts.append("-")
    return "".join(parts)


def _hidden(node) -> bool:
    """Deleted text of tracked changes, and the second copy of a text box."""
    return any(a.tag in (_W + "del", _W + "moveFrom", _MC_FALLBACK) for a in node.iterancestors())


def _table(element, numbering: _Numbering) -> Iterator[tuple[str, ...]]:
    """Rows of cells; a cell merged over columns or rows stands in each of them."""
    above: dict[int, str] = {}
    for row in element.iter(_W + "tr"):
        if next(row.iterancestors(_W + "tbl")) is not element:
            continue  # a table inside a cell is part of that cell's text
        cells: list[str] = []
        before = row.find(f"{_W}trPr/{_W}gridBefore")
        cells += [""] * int(before.get(_W + "val")) if before is not None else []
        for cell in row:
            if cell.tag == _W + "sdt":
                cell = next(cell.iter(_W + "tc"), None)
            if cell is None or cell.tag != _W + "tc":
                continue
            span = cell.find(f"{_W}tcPr/{_W}gridSpan")
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            if merge is not None and merge.get(_W + "val") != "restart":
                text = above.get(len(cells), "")
            else:
                text = "\n".join(_paragraph(p, numbering) for p in cell.iter(_W + "p")).strip()
            width = int(span.get(_W + "val")) if span is not None else 1
            for _ in range(min(max(width, 1), 200)):
                above[len(cells)] = text
                cells.append(storable(text))
        yield tuple(cells)


_CHINESE = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """1 → 一, 12 → 十二, 20 → 二十; up to 99."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _CHINESE[ones]
    return ("" if tens == 1 else _CHINESE[tens]) + "十" + (_CHINESE[ones] if ones else "")


class _Numbering:
    """Automatic numbers of paragraphs (一、 （一） 1.), which are not part of their text."""

    def __init__(self, document):
        self.formats: dict[str, dict[int, tuple[str, str, int]]] = {}
        self.counts: dict[tuple[str, int], int] = {}
        self.abstract_of: dict[str, str] = {}
        self.style_numbers: dict[str, tuple[str, int]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return
        for abstract in root.iter(_W + "abstractNum"):
            levels = {}
            for level in abstract.iter(_W + "lvl"):
                fmt, text = level.find(_W + "numFmt"), level.find(_W + "lvlText")
                start = level.find(_W + "start")
                levels[int(level.get(_W + "ilvl"))] = (
                    fmt.get(_W + "val") if fmt is not None else "decimal",
                    text.get(_W + "val") if text is not None else "",
                    int(start.get(_W + "val")) if start is not None else 1,
                )
            self.formats[abstract.get(_W + "abstractNumId")] = levels
        for num in root.iter(_W + "num"):
            abstract = num.find(_W + "abstractNumId")
            if abstract is not None:
                self.abstract_of[num.get(_W + "numId")] = abstract.get(_W + "val")
        for style in document.styles.element.iter(_W + "style"):
            number = style.find(f"{_W}pPr/{_W}numPr/{_W}numId")
            if number is not None:
                level = style.find(f"{_W}pPr/{_W}numPr/{_W}ilvl")
                self.style_numbers[style.get(_W + "styleId")] = (
                    number.get(_W + "val"),
                    int(level.get(_W + "val")) if level is not None else 0,
                )

    def label(self, paragraph) -> str:
        """Number printed before the paragraph, or nothing."""
        properties = paragraph.find(f"{_W}pPr/{_W}numPr")
        number, level = None, 0
        if properties is not None:
            found, depth = properties.find(_W + "numId"), properties.find(_W + "ilvl")
            number = found.get(_W + "val") if found is not None else None
            level = int(depth.get(_W + "val")) if depth is not None else 0
        else:
            style = paragraph.find(f"{_W}pPr/{_W}pStyle")
            if style is not None and style.get(_W + "val") in self.style_numbers:
                number, level = self.style_numbers[style.get(_W + "val")]
        abstract = self.abstract_of.get(number or "")
        levels = self.formats.get(abstract or "", {})
        if level not in levels:
            return ""
        fmt, pattern, start = levels[level]
        key = (abstract, level)
        self.counts[key] = self.counts.get(key, start - 1) + 1
        for deeper in [k for k in self.counts if k[0] == abstract and k[1] > level]:
            del self.counts[deeper]
        if fmt in ("bullet", "none"):
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            value = self.counts.get((abstract, at), levels.get(at, (fmt, "", 1))[2])
            name = levels.get(at, (fmt, "", 1))[0]
            chinese = name.startswith(("chinese", "japanese", "ideograph", "taiwanese"))
            return chinese_number(value) if chinese and value < 100 else str(value)

        return re.sub(r"%(\d)", shown, pattern)
