"""Paper, grid, fonts and styles of GB/T 9704-2012, as WordprocessingML.

Belongs here: lengths and fonts of the standard, styles.xml, settings.xml, the section and the page number. Does not belong here:
what a document holds (``content``), putting it together (``document``).

Lengths are twips (1/20 pt). A4 11906 × 16838. Top 37 mm, left 28, right 26, bottom 35: type area 156 × 225 mm. 22 lines in 225 mm
are 29 pt each; 28 characters of 16 pt are 158 mm, so each gives 849/4096 pt. Margins are rounded within the standard's ± 1 mm so
that lines and characters fit in whole twips.

The grid of the section says so to Word and WPS. Paragraphs do not lean on it: LibreOffice gives a glyph that is wider than its
cell (15.8 pt for 16) two cells, and rounds every number up to whole cells. Body text says the same by itself: 29 pt exactly per
line, 0.2 pt less per character.
"""

from __future__ import annotations

PAGE = (11906, 16838)
LINE, LINES, CHARACTERS = 580, 22, 28
TOP, BOTTOM, LEFT, RIGHT = 2096, 1982, 1586, 1470  # 36.97, 34.96, 27.98, 25.93 mm
WIDTH = PAGE[0] - LEFT - RIGHT
CHARACTER_SPACE = -849  # 1/4096 pt
FOOTER = 1304  # 23 mm: the page number stands 7 mm below the type area
CELL_MARGIN = 57  # 1 mm
BODY_SIZE = 32  # 三号, half points
NARROWER = -4  # twips per character: 28 × 15.8 pt = 442.4 of 442.5 pt
BODY, TITLE, BLACK, KAI, NUMBERS = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
CELL_MARGINS = "<w:tblCellMar>{}</w:tblCellMar>".format(
    "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", 0), ("left", CELL_MARGIN), ("bottom", 0), ("right", CELL_MARGIN))
    )
)


def fonts(name: str) -> str:
    """One font for Chinese and for digits, named, not embedded."""
    return f'<w:rFonts w:ascii="{name}" w:hAnsi="{name}" w:eastAsia="{name}" w:cs="{name}"/>'


def run(name: str, half_points: int) -> str:
    """Font and size; never bold, always black; the body 28 characters to a line."""
    narrower = f'<w:spacing w:val="{NARROWER}"/>' if half_points == BODY_SIZE else ""
    return (
        f'{fonts(name)}<w:b w:val="0"/><w:i w:val="0"/><w:color w:val="000000"/>{narrower}'
        f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
    )


def _style(
    identifier: str, name: str, font: str, size: int, paragraph: str = "", level: int | None = None, built_in: bool = False,
    after: str = "Body",
) -> str:  # fmt: skip
    outline = "" if level is None else f'<w:outlineLvl w:val="{level}"/>'
    custom = "" if built_in else ' w:customStyle="1"'
    return (
        f'<w:style w:type="paragraph"{custom} w:styleId="{identifier}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f'<w:next w:val="{after}"/><w:qFormat/><w:pPr>{paragraph}{outline}</w:pPr><w:rPr>{run(font, size)}</w:rPr></w:style>'
    )


# no room beside digits. Punctuation may hang over the edge, as Word does by default: LibreOffice drops it in full lines otherwise
_CLOSE = '<w:overflowPunct w:val="1"/><w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
_EXACT = f'{_CLOSE}<w:snapToGrid w:val="0"/><w:spacing w:before="0" w:after="0" w:line="{LINE}" w:lineRule="exact"/>'
_TWO = _EXACT + '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
_SMALL = (
    f'{_CLOSE}<w:snapToGrid w:val="0"/><w:spacing w:before="0" w:after="60" w:line="400" w:lineRule="exact"/>'
    '<w:ind w:firstLineChars="200" w:firstLine="480"/>'
)
_KEEP = "<w:keepNext/><w:keepLines/>"


def styles_xml() -> str:
    """styles.xml: the body, headings 1–4 with outline levels, and the parts of a 公文."""
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{fonts(BODY)}<w:color w:val="000000"/><w:kern w:val="2"/><w:sz w:val="32"/>'
        '<w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:widowControl w:val="0"/>'
        '<w:spacing w:before="0" w:after="0"/><w:jc w:val="both"/></w:pPr></w:pPrDefault></w:docDefaults>'
    )
    normal = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f'<w:rPr>{run(BODY, 32)}</w:rPr></w:style>'
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/>'
        '<w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:uiPriority w:val="99"/>'
        f'<w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>{CELL_MARGINS}</w:tblPr></w:style>'
    )  # fmt: skip
    single = '<w:snapToGrid w:val="0"/>'
    own = [
        _style("Body", "正文两字缩进", BODY, 32, _TWO),
        _style("Heading1", "heading 1", BLACK, 32, _KEEP + _TWO, 0, True),
        _style("Heading2", "heading 2", KAI, 32, _KEEP + _TWO, 1, True),
        _style("Heading3", "heading 3", BODY, 32, _TWO, 2, True),
        _style("Heading4", "heading 4", BODY, 32, _TWO, 3, True),
        _style("Title", "Title", TITLE, 44, _EXACT + '<w:jc w:val="center"/>', built_in=True),
        _style("Mark", "版头标记", BLACK, 32, _EXACT + '<w:jc w:val="left"/>'),
        _style("Number", "发文字号", BODY, 32, _EXACT + '<w:jc w:val="center"/>'),
        _style("Addressees", "主送机关", BODY, 32, _EXACT + '<w:jc w:val="left"/>'),
        _style("AnnexNote", "附件说明", BODY, 32, _EXACT + '<w:jc w:val="left"/>'),
        _style("Signature", "署名", BODY, 32, _EXACT + '<w:jc w:val="right"/>'),
        _style("AnnexLabel", "附件序号", BLACK, 32, '<w:keepNext/><w:pageBreakBefore/>' + _EXACT + '<w:jc w:val="left"/>'),
        _style(
            "AnnexTitle", "附件标题", TITLE, 44, "<w:keepNext/>" + _EXACT + '<w:jc w:val="center"/>', 0
        ),
        _style("Small", "附件正文", BODY, 24, _SMALL),
        _style("TableHeader", "表头", BLACK, 21, single + '<w:jc w:val="center"/>'),
        _style("TableCell", "表格文字", BODY, 21, single),
        _style("TableNote", "表注", BODY, 21, single + '<w:spacing w:before="60" w:after="60"/>'),
        _style("Copies", "抄送机关", BODY, 28, '<w:ind w:leftChars="100" w:left="280" w:rightChars="100" w:right="280"/>'),
        _style("Footer", "footer", NUMBERS, 28, single, built_in=True),
    ]  # fmt: skip
    return f"<w:styles {NAMESPACES}>{defaults}{normal}{''.join(own)}</w:styles>"


def settings_xml() -> str:
    """settings.xml: page numbers differ on odd and even pages, Chinese punctuation, Word 2013 and later."""
    return (
        f'<w:settings {NAMESPACES}><w:zoom w:percent="100"/><w:bordersDoNotSurroundHeader/><w:bordersDoNotSurroundFooter/>'
        '<w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/><w:drawingGridVerticalSpacing w:val="290"/>'
        '<w:characterSpacingControl w:val="doNotCompress"/><w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/>'
        "<w:doNotLeaveBackslashAlone/><w:ulTrailSpace/><w:adjustLineHeightInTable/><w:useFELayout/>"
        '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        '<w:themeFontLang w:val="zh-CN" w:eastAsia="zh-CN"/></w:settings>'
    )


def footer_xml(side: str) -> str:
    """— 1 —: odd pages right, even pages left, one character from the edge."""
    indent = {
        "right": '<w:ind w:rightChars="100" w:right="280"/>',
        "left": '<w:ind w:leftChars="100" w:left="280"/>',
    }[side]
    properties = f"<w:rPr>{run(NUMBERS, 28)}</w:rPr>"

    def text(words: str) -> str:
        return f'<w:r>{properties}<w:t xml:space="preserve">{words}</w:t></w:r>'

    def field(kind: str) -> str:
        return f'<w:r>{properties}<w:fldChar w:fldCharType="{kind}"/></w:r>'

    page = (
        f'{field("begin")}<w:r>{properties}<w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>{field("separate")}'
        f"{text('1')}{field('end')}"
    )
    return (
        f'<w:ftr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Footer"/>{indent}<w:jc w:val="{side}"/></w:pPr>'
        f"{text('— ')}{page}{text(' —')}</w:p></w:ftr>"
    )  # fmt: skip


def section_xml(odd: str, even: str) -> str:
    """The one section; ``odd`` and ``even`` are the relationships of the footers."""
    return (
        f'<w:sectPr><w:footerReference w:type="even" r:id="{even}"/><w:footerReference w:type="default" r:id="{odd}"/>'
        f'<w:pgSz w:w="{PAGE[0]}" w:h="{PAGE[1]}"/><w:pgMar w:top="{TOP}" w:right="{RIGHT}" w:bottom="{BOTTOM}" '
        f'w:left="{LEFT}" w:header="851" w:footer="{FOOTER}" w:gutter="0"/><w:pgNumType w:start="1"/><w:cols w:space="720"/>'
        f'<w:docGrid w:type="linesAndChars" w:linePitch="{LINE}" w:charSpace="{CHARACTER_SPACE}"/></w:sectPr>'
    )
