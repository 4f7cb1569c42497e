"""Content → .docx: WordprocessingML written part by part into a zip without a clock, so that equal content is equal bytes.

Belongs here: paragraphs, tables, where the parts of a 公文 stand, the package. Does not belong here: what is said (``text``,
``annexes``), lengths and fonts (``styles``). python-docx's template would bring its own theme fonts, coloured headings and a
thumbnail; nothing of it is used.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import zipfile
from datetime import datetime
from xml.sax.saxutils import escape

from dashboards.bulletin import styles
from dashboards.bulletin.content import Block, Bulletin, Heading, Paragraph, Table
from dashboards.bulletin.facts import Label, Sentence, clean

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WIDE = 0.65  # a half-width character in the widest font that may stand in
WIDEST = 8  # characters a column takes for itself
TITLE_LINE = 21.0  # characters of 22 pt; 20 fit as they are, 21 set a little closer
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def ems(text: str, half: float = 0.5) -> float:
    """Width in characters of the grid: Chinese 1, half-width ½ (fonts that stand in for 仿宋 and 小标宋 are wider)."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else half for c in text)


def title_lines(text: str, most: float = TITLE_LINE) -> list[str]:
    """A line of the title as lines of nearly equal length, never within a number."""
    pieces = re.findall(r"[\x21-\x7e]+|.", text)
    count = math.ceil(ems(text) / most)
    lines, wanted = [""], ems(text) / count
    for piece in pieces:
        if len(lines) < count and ems(lines[-1]) + ems(piece) / 2 > wanted:
            lines.append("")
        lines[-1] += piece
    return lines


def _title(text: Sentence) -> str:
    """A line of the title in 小标宋 22 pt. One that hardly fits is set closer, a longer one is split evenly."""
    found = []
    for line in title_lines(str(text)):
        # twips per character, some room to spare
        room = (styles.WIDTH - 330) / max(ems(line, WIDE), 1) - 440
        close = f'<w:rPr><w:spacing w:val="{math.floor(room)}"/></w:rPr>' if room < 0 else ""
        found.append(f'<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr>{_text(line, close)}</w:p>')
    return "".join(found)


def _text(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""


def paragraph(style: str, text: Sentence | str, more: str = "") -> str:
    """A paragraph in a style; ``more``: further properties after the style."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{_text(str(text))}</w:p>'


def _indent(side: str, hundredths: int, hanging: int = 0) -> str:
    """Indent in characters, with twips for programs that know no characters."""
    twips = hundredths * 32 // 10
    hung = f' w:hangingChars="{hanging}" w:hanging="{hanging * 32 // 10}"' if hanging else ""
    return f'<w:ind w:{side}Chars="{hundredths}" w:{side}="{twips}"{hung}/>'


def column_widths(content: Table) -> list[int]:
    """Twips per column: as wide as its cells where it has no share, the rest of the type area by shares."""
    point = 24 if not content.small else 21  # half points of a character
    needed = []
    for number, column in enumerate(content.columns):
        cells = [row[number].shown for row in content.rows if row[number] is not None]
        header = ems(column.header) if len(column.header) <= 3 else math.ceil(ems(column.header) / 2)
        widest = max([header, *(min(ems(text, WIDE), WIDEST) for text in cells)])
        needed.append(0 if column.share else math.ceil(widest * point * 10) + 2 * styles.CELL_MARGIN + 40)
    left, shares = styles.WIDTH - sum(needed), sum(column.share for column in content.columns)
    if shares == 0 or left < styles.WIDTH // 5:
        return _scaled([width or styles.WIDTH // 4 for width in needed])
    return _scaled(
        [width or left * column.share / shares for width, column in zip(needed, content.columns, strict=True)]
    )


def _scaled(widths: list[float]) -> list[int]:
    scaled = [int(width * styles.WIDTH / sum(widths)) for width in widths]
    scaled[-1] += styles.WIDTH - sum(scaled)
    return scaled


def table(content: Table) -> str:
    """A table as wide as the type area: header row repeated, no row split over pages."""
    widths = column_widths(content)
    size = "" if content.small else '<w:rPr><w:sz w:val="24"/><w:szCs w:val="24"/></w:rPr>'
    border = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    parts = [
        f'<w:tbl><w:tblPr><w:tblW w:w="{styles.WIDTH}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{border}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/>{styles.CELL_MARGINS}<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" '
        'w:noHBand="1" w:noVBand="1"/></w:tblPr><w:tblGrid>'
        + "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        + "</w:tblGrid>"
    ]  # fmt: skip

    def row(cells: list[str], header: bool, style: str, aligned: list[str]) -> None:
        repeat = "<w:tblHeader/>" if header else ""
        parts.append(f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>")
        for width, text, align in zip(widths, cells, aligned, strict=True):
            parts.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr>'
                f'<w:pStyle w:val="{style}"/><w:jc w:val="{align}"/></w:pPr>{_text(text, size)}</w:p></w:tc>'
            )
        parts.append("</w:tr>")

    alignments = [{"centre": "center"}.get(column.align, column.align) for column in content.columns]
    row([column.header for column in content.columns], True, "TableHeader", ["center"] * len(widths))
    for cells in content.rows:
        row(["" if cell is None else cell.shown for cell in cells], False, "TableCell", alignments)
    return "".join(parts) + "</w:tbl>"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return paragraph(f"Heading{block.level}", block.text)
    if isinstance(block, Paragraph):
        return paragraph({"body": "Body", "small": "Small", "note": "TableNote"}[block.size], block.whole)
    return table(block)


def _annex_note(bulletin: Bulletin) -> str:
    """附件说明: one line below the body, indented two characters; further lines stand under the first number."""
    lines = []
    for number, annex in enumerate(bulletin.annexes, 1):
        first, last = number == 1, number == len(bulletin.annexes)
        text = Sentence(("附件：" if first else "", Label(f"{annex.number}."), *annex.title.parts))
        together = (
            "<w:keepNext/><w:keepLines/>" if last else ""
        )  # the date never stands on a page without text
        lines.append(paragraph("AnnexNote", text, together + _indent("left", 600, 400 if first else 100)))
    return paragraph("AnnexNote", "") + "".join(lines)


def _signature(bulletin: Bulletin) -> str:
    """署名 centred over the date as far as it fits, the date four characters from the right."""
    date, issuer = ems(str(bulletin.date)), ems(str(bulletin.issuer))
    right = max(2.0, 4 + date / 2 - issuer / 2)
    blank = paragraph("Signature", "", "<w:keepNext/>")
    name = paragraph(
        "Signature", bulletin.issuer, "<w:keepNext/><w:keepLines/>" + _indent("right", round(right * 100))
    )
    return blank * 2 + name + paragraph("Signature", bulletin.date, _indent("right", 400))


def _copies(bulletin: Bulletin) -> str:
    """版记: 抄送 between two rules, last on the last page."""
    if not bulletin.copies:
        return ""
    rules = (
        '<w:pBdr><w:top w:val="single" w:sz="8" w:space="1" w:color="000000"/>'
        '<w:bottom w:val="single" w:sz="8" w:space="1" w:color="000000"/></w:pBdr>'
    )
    return paragraph("Body", "") + paragraph(
        "Copies", Sentence(("抄送：", *bulletin.copies.parts, "。")), rules
    )


def _body(bulletin: Bulletin) -> str:
    parts = [
        paragraph("Mark", bulletin.mark),
        paragraph("Number", bulletin.number),
        paragraph("Number", ""),
        *(_title(line) for line in bulletin.title),
        paragraph("Number", ""),
        paragraph("Addressees", bulletin.addressees),
        *(_block(block) for block in bulletin.blocks),
        _annex_note(bulletin),
        _signature(bulletin),
    ]
    for annex in bulletin.annexes:
        parts.append(paragraph("AnnexLabel", annex.label))
        parts.append(paragraph("AnnexTitle", annex.title))
        parts.append(paragraph("TableNote", ""))
        parts += [_block(block) for block in annex.blocks]
        if isinstance(annex.blocks[-1], Table):
            parts.append(paragraph("TableNote", ""))  # a table needs a paragraph after it
    return "".join(parts) + _copies(bulletin)


def _part(name: str, body: str) -> tuple[str, bytes]:
    return name, (_XML + body).encode()


def docx_bytes(bulletin: Bulletin, created: datetime) -> bytes:
    """The file. ``created``: what the properties say, a moment of the data and not of the clock."""
    title = clean("".join(map(str, bulletin.title)))
    stamp = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    overrides = {
        "/word/document.xml": f"{_TYPES}.document.main+xml",
        "/word/styles.xml": f"{_TYPES}.styles+xml",
        "/word/settings.xml": f"{_TYPES}.settings+xml",
        "/word/footer1.xml": f"{_TYPES}.footer+xml",
        "/word/footer2.xml": f"{_TYPES}.footer+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    }
    relations = (
        ("rId1", "styles"),
        ("rId2", "settings"),
        ("rId3", "footer", "footer1"),
        ("rId4", "footer", "footer2"),
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = [
        _part(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            + "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides.items())
            + "</Types>",
        ),
        _part(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" '
            f'Target="word/document.xml"/><Relationship Id="rId2" Type="{package}/relationships/metadata/core-properties" '
            'Target="docProps/core.xml"/></Relationships>',
        ),
        _part(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="{package}/relationships">'
            + "".join(
                f'<Relationship Id="{r[0]}" Type="{_RELATIONS}/{r[1]}" Target="{r[-1]}.xml"/>' for r in relations
            )
            + "</Relationships>",
        ),
        _part(
            "word/document.xml",
            f"<w:document {styles.NAMESPACES}><w:body>{_body(bulletin)}{styles.section_xml('rId3', 'rId4')}</w:body></w:document>",
        ),
        _part("word/styles.xml", styles.styles_xml()),
        _part("word/settings.xml", styles.settings_xml()),
        _part("word/footer1.xml", styles.footer_xml("right")),
        _part("word/footer2.xml", styles.footer_xml("left")),
        _part(
            "docProps/core.xml",
            f'<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{escape(title)}</dc:title><dc:creator>taizhang</dc:creator>"
            f'<cp:lastModifiedBy>taizhang</cp:lastModifiedBy><dcterms:created xsi:type="dcterms:W3CDTF">{stamp}</dcterms:created>'
            f'<dcterms:modified xsi:type="dcterms:W3CDTF">{stamp}</dcterms:modified><dc:language>zh-CN</dc:language>'
            "</cp:coreProperties>",
        ),
    ]  # fmt: skip
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts:
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            archive.writestr(entry, body)
    return stream.getvalue()
