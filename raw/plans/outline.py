"""Lines → paragraphs → a tree of attachments, chapters, sections and items with their labels.

Belongs here: page noise, hard wraps, numbers of headings, which label belongs to which item. Does not belong here:
tables (``grid``), what an item means (``tasks``).

A new paragraph begins at a heading number, a label, a dash, an attachment, or after a finished one. A paragraph is
finished by 。！？；：or a responsibility in brackets; a heading without a sentence is finished by itself; a label is
finished unless the next line goes on with the list. Everything else continues over page breaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from raw.plans.labels import LABEL_RE, Label, bracket_responsibility, labels_outside_brackets, split_labels
from raw.plans.model import Finding, Line
from raw.plans.text import despace, strip_markup
from raw.plans.units import looks_like_units

_CN = "一二三四五六七八九十百零〇"
_MARKERS = (
    ("part", 1, re.compile(rf"第\s*([{_CN}]+)\s*(?:章|部分|篇|编)[、:：\s]*")),
    ("part", 2, re.compile(rf"第\s*([{_CN}]+)\s*节[、:：\s]*")),
    ("chapter", 3, re.compile(rf"([{_CN}]{{1,4}})\s*[、.．]\s*")),
    ("section", 4, re.compile(rf"[（(]\s*([{_CN}]{{1,4}})\s*[)）]\s*[、.．]?\s*")),
    ("item", 5, re.compile(r"(?:任务|第)\s*([0-9一二三四五六七八九十]{1,4})\s*(?:项|条)?\s*[:：、]\s*")),
    ("item", 5, re.compile(r"(\d{1,3})\s*(?:[.．](?!\d)|、)\s*")),
    ("point", 6, re.compile(r"[（(]\s*(\d{1,3})\s*[)）]\s*[、.．]?\s*")),
    ("point", 6, re.compile(r"(\d{1,3})\s*[)）]\s*")),
    ("point", 6, re.compile(r"([①-⑳])\s*")),
)
_APPENDIX_RE = re.compile(rf"附\s*(?:件|表|录)\s*([0-9{_CN}]{{0,3}})\s*(?:[:：.、]\s*(.*))?$")
_PAGE_RE = re.compile(r"[-—–－·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*(?:/|共)\s*\d{1,4}\s*页?)?[-—–－·\s]*$")
_DASH_RE = re.compile(r"(?:[—–-]{1,4}|[●■◆▪•·※★☆]|注[:：])\s*(?=[^\d\s—–-]|\d{4}\s*年)")
_END_RE = re.compile(r"[。！？；;：:…!?]['\"”’」』)）]*$")
_TITLE_RE = re.compile(
    r"(?:方案|清单|台账|计划|措施|报告|意见|通知|办法|规划|要点|分工表?|任务表|汇总表|一览表|对比表|目标|细则|规程|汇报|情况|决定)$"
)
_WIDE_RE = re.compile(r"\s{9,}")
_RULER = re.compile(r"[-=_*—\s]+$")
_INLINE_RE = re.compile(
    rf"(?:(?<=\s{{3}})|(?<=\s))(?=(?:\d{{1,3}}\s*[.．、](?!\d)|[（(]\s*[{_CN}]{{1,3}}\s*[)）])\s*[^\s\d])"
)


@dataclass
class Paragraph:
    """Text without wraps. ``spans``: (offset in text, line) of every line it was joined from."""

    text: str
    spans: list[tuple[int, int]]
    marker: str = ""
    level: int = 0
    number: str = ""
    kind: str = "text"  # text | label | table | appendix | title
    word: str = ""
    table: object = None
    printed: str = ""
    mark: str = ""

    @property
    def line(self) -> int:
        """Line on which the paragraph begins."""
        return self.spans[0][1]

    def line_at(self, offset: int) -> int:
        """Line on which the character at ``offset`` stands."""
        found = self.spans[0][1]
        for start, line in self.spans:
            if start > offset:
                break
            found = line
        return found


@dataclass
class Node:
    """An attachment, chapter, section or item: its heading, its own text, its labels, what is below it."""

    level: int
    number: str
    title: str
    line: int
    parent: Node | None = None
    paragraphs: list[Paragraph] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    tables: list[object] = field(default_factory=list)
    unnumbered: bool = False
    heading_text: str = ""
    mark: str = ""  # the number as printed (二、, 第一节)

    @property
    def text(self) -> str:
        """Heading rest and paragraphs, responsibilities in brackets taken out."""
        return "".join(p.text for p in self.paragraphs)

    def walk(self):
        """This node and everything below, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def path(self) -> list[Node]:
        """Ancestors from the top, without the root."""
        found: list[Node] = []
        node = self.parent
        while node is not None and node.level >= 0:
            found.append(node)
            node = node.parent
        return found[::-1]


# --- lines → paragraphs ---------------------------------------------------------------------------


def paragraphs(items: list[Line | tuple[int, object]], findings: list[Finding]) -> list[Paragraph]:
    """Join lines. ``items`` are lines of text, or (line, table) where a table stands."""
    result: list[Paragraph] = []
    current: Paragraph | None = None
    depth = 0
    for item in _pieces(items):
        if not isinstance(item[1], str):
            current = Paragraph("", [(0, item[0])], kind="table", table=item[1])
            result.append(current)
            continue
        number, text = item
        opened = _open(text, number, current, depth)
        if opened is None and current is not None:
            _append(current, number, text, findings)
            depth += _balance(text)
        else:
            current = opened or Paragraph("", [(0, number)])
            if not opened:
                _append(current, number, text, findings)
            result.append(current)
            depth = _balance(current.text)
    return [p for p in result if p.text or p.kind in ("label", "table")]


def _pieces(items):
    """Lines without page noise, cut where a label or a number begins inside the line."""
    depth = 0
    for item in items:
        if not isinstance(item, Line):
            yield item
            depth = 0
            continue
        raw = _WIDE_RE.sub(" " * 8, strip_markup(item.text)).strip()
        if not raw or _PAGE_RE.fullmatch(raw) or _RULER.fullmatch(raw):
            continue
        if _marker(raw)[0] or LABEL_RE.match(raw):
            depth = 0
        cuts = {0, *labels_outside_brackets(raw, depth)}
        for match in _INLINE_RE.finditer(raw):
            wide = raw[max(0, match.start() - 3) : match.start()].isspace()
            after_label = any(c <= match.start() and LABEL_RE.match(raw, c) for c in cuts)
            if wide or after_label:
                cuts.add(match.start())
        ordered = sorted(cuts)
        for start, end in zip(ordered, [*ordered[1:], len(raw)], strict=True):
            piece = raw[start:end].strip()
            if piece:
                yield (item.no, piece)
        depth = max(0, depth + _balance(raw))


def _balance(text: str) -> int:
    return sum(text.count(c) for c in "（(") - sum(text.count(c) for c in "）)")


def _marker(text: str) -> tuple[str, int, str, int]:
    """(name, level, number, length) of the heading number at the begin of a text, or empty."""
    for name, level, pattern in _MARKERS:
        match = pattern.match(text)
        if match and match.end() < len(text):
            return name, level, match[1], match.end()
    return "", 0, "", 0


def _open(text: str, line: int, current: Paragraph | None, depth: int) -> Paragraph | None:
    """A new paragraph beginning with ``text``, or None where it continues the current one."""
    label = LABEL_RE.match(text)
    if label and depth <= 0:
        kind = str(label.lastgroup)
        value = text[label.end() :]
        return Paragraph(
            despace(value),
            [(0, line)],
            kind="label",
            marker=kind,
            word=re.sub(r"\s", "", label[kind]),
            printed=value.strip(),
        )
    appendix = _APPENDIX_RE.match(text)
    if appendix and len(text) <= 60:
        return Paragraph(despace(appendix[2] or ""), [(0, line)], kind="appendix", number=appendix[1])
    name, level, number, length = _marker(text)
    closed = current is None or _closed(current)
    if name and (closed or depth <= 0) and not (not closed and name == "point"):
        mark = despace(text[:length]).strip(":：")
        return Paragraph(
            despace(text[length:]), [(0, line)], marker=name, level=level, number=number, mark=mark
        )
    if _DASH_RE.match(text) and closed:
        return Paragraph(despace(text), [(0, line)])
    if not closed and current is not None and not _stands_alone(text, current):
        return None
    return Paragraph(despace(text), [(0, line)])


def _stands_alone(text: str, current: Paragraph) -> bool:
    """A responsibility in brackets that begins a line, a short title after a label."""
    if current.kind != "label" and re.match(r"[（(].{0,200}(?:牵头|负责|配合|责任单位)", text):
        return _balance(text) == 0 and bool(bracket_responsibility(despace(text)))
    return False


def _closed(current: Paragraph) -> bool:
    """Whether a paragraph is finished, so that the next line cannot continue it."""
    text = current.text
    if current.kind == "table":
        return True
    if current.kind == "appendix":
        return True
    if not text:
        return False
    if current.kind == "label":
        return text[-1] not in "、，,（("  # ``join_label_lines`` reopens it where the list goes on
    if _END_RE.search(text) and _balance(text) <= 0:
        return True
    if text[-1] in ")）" and _balance(text) <= 0 and bracket_responsibility(text):
        return True
    heading = current.level and not re.search(r"[。；;，,：:]", text) and len(text) <= 40
    heading = heading or (
        current.level and not re.search(r"[。；;：:]", text) and len(text) <= 32 and text[-1] not in "，,、"
    )
    return bool(heading) or (not current.level and _TITLE_RE.search(text) is not None and len(text) <= 50)


def _append(current: Paragraph, line: int, text: str, findings: list[Finding]) -> None:
    piece = despace(text)
    if current.text and piece:
        overlap = _overlap(current.text, piece)
        if overlap:
            findings.append(
                Finding(
                    line,
                    "断行重复",
                    piece[: len(overlap) + 6],
                    f"换页处“{overlap}”重复，已去掉一处；请核对原文",
                )
            )
            piece = piece[len(overlap) :]
    current.spans.append((len(current.text), line))
    current.text += piece
    current.printed += text.strip()


def _overlap(before: str, after: str) -> str:
    """Characters repeated at a page break (…5个工作日 | 作日内): at least two, at most six."""
    for size in range(6, 1, -1):
        piece = after[:size]
        if len(piece) == size and before.endswith(piece) and re.fullmatch(r"[一-龥]+", piece):
            return piece
    return ""


def join_label_lines(found: list[Paragraph]) -> list[Paragraph]:
    """Text after a label joins it where it goes on with its list; a bracketed list joins what it belongs to."""
    result: list[Paragraph] = []
    for paragraph in found:
        before = result[-1] if result else None
        if before is not None and before.kind == "label" and paragraph.kind == "text" and not paragraph.level:
            joins = (
                not before.text
                or before.text[-1] in "、，,"
                or (before.marker == "unit" and _continues_list(before.text, paragraph.text))
                or (before.marker == "deadline" and re.match(r"^[，,；;]?持续推进|^[，,；;]", paragraph.text))
            )
            if joins and not (before.text and len(paragraph.text) > 400):
                shift = len(before.text)
                before.spans += [(shift + offset, line) for offset, line in paragraph.spans]
                before.text += paragraph.text
                before.printed += paragraph.printed or paragraph.text
                continue
        result.append(paragraph)
    return result


def _continues_list(before: str, text: str) -> bool:
    joined = before + text
    return (
        len(text) <= 300
        and "。" not in text.rstrip("。")
        and looks_like_units(text) >= 0.5
        and looks_like_units(joined) >= 0.8
    )


# --- paragraphs → tree ----------------------------------------------------------------------------


@dataclass
class Outline:
    """The tree and what stands before it: title lines, contents, body."""

    root: Node
    title: str
    contents: list[tuple[str, str, int]]  # (number, title, line) of the attachments list


def build(found: list[Paragraph], findings: list[Finding]) -> Outline:
    """Tree of a document from its paragraphs."""
    found = _points(join_label_lines(found))
    contents, found = _contents(found)
    known = {re.sub(r"\s", "", title): number for number, title, _ in contents}
    root = Node(-1, "", "", 0)
    stack = [root]
    title = ""
    pending_appendix: Paragraph | None = None
    for paragraph in found:
        if paragraph.kind == "appendix":
            pending_appendix = paragraph
            stack = [root]
            if paragraph.text:
                node = Node(0, paragraph.number, paragraph.text, paragraph.line, root)
                root.children.append(node)
                stack, pending_appendix = [root, node], None
            continue
        key = re.sub(r"\s", "", paragraph.text)
        plain_text = paragraph.kind == "text" and not paragraph.level
        if (
            plain_text
            and (pending_appendix is not None or (known and _in_contents(key, known)))
            and len(key) <= 60
        ):
            number = pending_appendix.number if pending_appendix else known.get(key, "")
            node = Node(0, number, key, paragraph.line, root)
            root.children.append(node)
            stack, pending_appendix = [root, node], None
            continue
        if plain_text and not title and len(key) <= 60 and _TITLE_RE.search(key) and stack == [root]:
            title = key
            continue
        stack = _place(paragraph, stack)
    return Outline(root, title, contents)


def _points(found: list[Paragraph]) -> list[Paragraph]:
    """（1）（2）① ② are items of their own only where two or more of them carry labels; else they are text."""
    at = 0
    while at < len(found):
        if found[at].level != 6:
            at += 1
            continue
        end, labelled, own = at, 0, False
        while end < len(found) and not (0 < found[end].level < 6 or found[end].kind in ("appendix", "table")):
            if found[end].level == 6:
                own = False
            elif found[end].kind == "label" and not own:
                labelled, own = labelled + 1, True
            end += 1
        if labelled < 2:
            for paragraph in found[at:end]:
                if paragraph.level == 6:
                    shift = len(paragraph.mark)
                    paragraph.text = paragraph.mark + paragraph.text
                    paragraph.spans = [(o + shift if o else 0, n) for o, n in paragraph.spans]
                    paragraph.level, paragraph.marker = 0, ""
        at = end
    return found


def _in_contents(key: str, known: dict[str, str]) -> bool:
    if key in known:
        return True
    if len(key) <= 8 or key.endswith(("。", "；", "：", "，")):
        return False
    return any(len(k) > 8 and (key.endswith(k) or k.endswith(key) or _alike(key, k)) for k in known)


def _alike(key: str, other: str) -> bool:
    """Titles that differ in a word (暨执法检查 left out of the list of attachments)."""
    if abs(len(key) - len(other)) > 6 or key[:6] != other[:6] or key[-4:] != other[-4:]:
        return False
    rest = iter(max(key, other, key=len))
    return all(char in rest for char in min(key, other, key=len))


def _contents(found: list[Paragraph]) -> tuple[list[tuple[str, str, int]], list[Paragraph]]:
    """The list after 附件： near the begin, taken out of the text."""
    contents: list[tuple[str, str, int]] = []
    for start, paragraph in enumerate(found):
        first = _marker(paragraph.text)
        opens = paragraph.kind == "appendix" and not paragraph.number and first[0] == "item"
        bare = paragraph.kind == "appendix" and not paragraph.number and not paragraph.text
        bare = bare or (
            paragraph.kind == "text" and re.fullmatch(r"[-—]*附件[:：]?", paragraph.text) is not None
        )
        follows = (
            start + 1 < len(found) and found[start + 1].marker == "item" and found[start + 1].number == "1"
        )
        if not (opens or (bare and follows)):
            continue
        end = start
        if opens:
            contents.append((first[2], paragraph.text[first[3] :], paragraph.line))
        elif not bare:
            continue
        while end + 1 < len(found) and found[end + 1].marker == "item" and len(found[end + 1].text) <= 80:
            end += 1
            contents.append((found[end].number, found[end].text, found[end].line))
        split: list[tuple[str, str, int]] = []
        for number, text, line in contents:
            parts = re.split(r"(?<=[案单表告划施])(?=\d{1,2}[.．、])", text)
            split.append((number, parts[0], line))
            for part in parts[1:]:
                head = _marker(part)
                split.append((head[2], part[head[3] :], line))
        return split, found[:start] + found[end + 1 :]
    return [], found


def _place(paragraph: Paragraph, stack: list[Node]) -> list[Node]:
    """Add one paragraph to the tree; the new stack of open nodes."""
    if paragraph.kind == "table":
        stack[-1].tables.append(paragraph.table)
        return stack
    if paragraph.kind == "label":
        return _place_label(paragraph, stack)
    if paragraph.level:
        while stack[-1].level >= paragraph.level:
            stack.pop()
        title, rest = split_title(paragraph.text)
        node = Node(
            paragraph.level,
            paragraph.number,
            title,
            paragraph.line,
            stack[-1],
            heading_text=paragraph.text,
            mark=paragraph.mark,
        )
        stack[-1].children.append(node)
        stack.append(node)
        if rest:
            node.paragraphs.append(_rest(paragraph, len(paragraph.text) - len(rest)))
        _take_brackets(node)
        return stack
    node = stack[-1]
    if node.labels and node.level >= 3 and len(paragraph.text) > 20 and not bracket_only(paragraph.text):
        # text after the labels of an item: a task without a number, or a closing remark
        sibling = Node(
            node.level, "", split_title(paragraph.text)[0], paragraph.line, node.parent, unnumbered=True
        )
        sibling.paragraphs.append(paragraph)
        (node.parent or node).children.append(sibling)
        stack[-1] = sibling
        _take_brackets(sibling)
        return stack
    node.paragraphs.append(paragraph)
    _take_brackets(node)
    return stack


def bracket_only(text: str) -> bool:
    """Whether a paragraph is nothing but a responsibility in brackets."""
    spans = bracket_responsibility(text)
    return len(spans) == 1 and spans[0][0] == 0 and not text[spans[0][1] :].strip("。；; ")


def _place_label(paragraph: Paragraph, stack: list[Node]) -> list[Node]:
    node = stack[-1]
    value = paragraph.printed if paragraph.marker == "deadline" else paragraph.text
    node.labels.append(Label(paragraph.marker, paragraph.word, value, paragraph.line))
    return stack


def _take_brackets(node: Node) -> None:
    """Move responsibilities in brackets of the last paragraph to the labels."""
    if not node.paragraphs:
        spans = bracket_responsibility(node.title)
        if spans and node.level >= 3:
            start, end = spans[-1]
            _add_bracket(node, node.title[start + 1 : end - 1], node.line)
            node.title = (node.title[:start] + node.title[end:]).rstrip("。 ")
        return
    paragraph = node.paragraphs[-1]
    spans = bracket_responsibility(paragraph.text)
    for start, end in reversed(spans):
        _add_bracket(node, paragraph.text[start + 1 : end - 1], paragraph.line_at(start))
        keep = paragraph.text
        paragraph.text = keep[:start] + keep[end:]
        paragraph.spans = [
            (o if o <= start else max(start, o - (end - start)), n) for o, n in paragraph.spans
        ]
    if len(spans) > 1:
        node.labels[-len(spans) :] = node.labels[-len(spans) :][::-1]


def _add_bracket(node: Node, inside: str, line: int) -> None:
    for kind, word, value in split_labels(inside):
        value = value.strip("，,；;。 ")
        if value:
            node.labels.append(Label(kind or "unit", word or "括号", value, line))


def _rest(paragraph: Paragraph, cut: int) -> Paragraph:
    spans = [(max(0, offset - cut), line) for offset, line in paragraph.spans if offset >= cut]
    return Paragraph(paragraph.text[cut:], [(0, paragraph.line_at(cut)), *[s for s in spans if s[0] > 0]])


def split_title(text: str) -> tuple[str, str]:
    """Heading and rest: the first sentence where it is short; else the first clauses up to 40 characters."""
    end = _sentence_end(text)
    first = text[:end].rstrip("。；;：: ")
    if len(first) <= 45:
        return first, text[end:]
    clauses = re.split(r"(?<=[，,：:])", first)
    title = ""
    for clause in clauses:
        if title and len(title) + len(clause) > 40:
            break
        title += clause
    title = title.rstrip("，,：: ")
    return (title if len(title) <= 60 else title[:59] + "…"), text


def _sentence_end(text: str) -> int:
    match = re.search(r"[。；;：:](?:[”’」』])?", text)
    return match.end() if match else len(text)
