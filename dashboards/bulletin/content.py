"""What a bulletin is made of, without any layout.

Belongs here: the parts of a document, their numbering (一、（一）1. and 附件1), reading it in order. Does not belong here: fonts and
paper (``styles``, ``document``), what is said (``text``, ``annexes``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dashboards.bulletin.facts import Fact, Label, Sentence

_DIGITS = "零一二三四五六七八九"


def chinese(n: int) -> str:
    """1 → 一, 12 → 十二, 23 → 二十三 (1–99)."""
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (
        _DIGITS[ones] if ones else ""
    )


@dataclass(frozen=True)
class Heading:
    """``level`` 1 is 一、, 2 is （一）; the number is part of ``text`` once numbered."""

    level: int
    text: Sentence


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``item`` is its number within a list (1.), 0 without. ``size``: body | small (annexes) | note (tables)."""

    text: Sentence
    item: int = 0
    size: str = "body"

    @property
    def whole(self) -> Sentence:
        """With its number."""
        return Sentence((Label(f"{self.item}."), *self.text.parts)) if self.item else self.text


@dataclass(frozen=True)
class Column:
    """A column of a table: header, left | centre; ``share`` of what the others leave, 0: as wide as its cells."""

    header: str
    align: str = "centre"
    share: float = 0


@dataclass(frozen=True)
class Table:
    """Rows of facts; None is an empty cell."""

    columns: tuple[Column, ...]
    rows: list[list[Fact | None]]
    small: bool = True  # 五号, else 小四


Block = Heading | Paragraph | Table


@dataclass(frozen=True)
class Section:
    """A section or sub-section before numbering; without parts and blocks it is left out."""

    title: Sentence
    blocks: list[Block] = field(default_factory=list)
    parts: list[Section] = field(default_factory=list)


def numbered(sections: list[Section]) -> list[Block]:
    """Headings and blocks in order, 一、 and （一） counted over what is there; a sub-section alone has no number."""
    found: list[Block] = []
    first = 0
    for section in sections:
        parts = [part for part in section.parts if part.blocks]
        if not section.blocks and not parts:
            continue
        first += 1
        found.append(Heading(1, Sentence((f"{chinese(first)}、", *section.title.parts))))
        found += section.blocks
        for second, part in enumerate(parts, 1):
            lead = f"（{chinese(second)}）" if len(parts) > 1 else ""
            found.append(Heading(2, Sentence((lead, *part.title.parts))))
            found += part.blocks
    return found


def items(sentences: list[Sentence], size: str = "body") -> list[Block]:
    """A list 1. 2. 3.; a single one stands without number."""
    return [
        Paragraph(text, number if len(sentences) > 1 else 0, size) for number, text in enumerate(sentences, 1)
    ]


@dataclass(frozen=True)
class Annex:
    """An annex; ``number`` as in 附件1."""

    number: int
    title: Sentence
    blocks: list[Block]

    @property
    def label(self) -> Label:
        """附件1."""
        return Label(f"附件{self.number}")


@dataclass(frozen=True)
class Bulletin:
    """The whole document. ``mark``: 征求意见稿 or the revision, empty for a first edition; ``data_cut`` in Shanghai time."""

    data_cut: datetime
    mark: Sentence
    number: Sentence
    title: list[Sentence]  # its lines
    addressees: Sentence
    blocks: list[Block]
    annexes: list[Annex]
    issuer: Sentence
    date: Sentence
    copies: Sentence

    def lines(self) -> Iterator[tuple[str, Sentence]]:
        """(place, text) of everything that is written, in the order of the document; a cell is a text of its own."""
        for place, text in (("版头", self.mark), ("发文字号", self.number)):
            if text:
                yield place, text
        for text in self.title:
            yield "标题", text
        yield "主送", self.addressees
        place = "缘由"
        for block in self.blocks:
            if isinstance(block, Heading):
                place = str(block.text)
            yield from _of(block, place)
        for number, annex in enumerate(self.annexes, 1):
            lead = "附件：" if number == 1 else ""
            yield "附件说明", Sentence((f"{lead}", Label(f"{annex.number}."), *annex.title.parts))
        yield "署名", self.issuer
        yield "成文日期", self.date
        for annex in self.annexes:
            yield annex.label, Sentence((annex.label,))
            yield annex.label, annex.title
            for block in annex.blocks:
                yield from _of(block, annex.label)
        if self.copies:
            yield "抄送", self.copies

    def facts(self) -> list[tuple[str, Fact]]:
        """(place, fact) in the order of the document."""
        return [(place, fact) for place, text in self.lines() for fact in text.facts()]


def _of(block: Block, place: str) -> Iterator[tuple[str, Sentence]]:
    if isinstance(block, Heading):
        yield place, block.text
    elif isinstance(block, Paragraph):
        yield place, block.whole
    else:
        for column in block.columns:
            yield place, Sentence((column.header,))
        for row in block.rows:
            for cell in row:
                yield place, Sentence(() if cell is None else (cell,))
