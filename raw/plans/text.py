"""Text of official documents: white space of line wraps, mark-up left by converters, brackets and quotes.

Belongs here: what holds for any line, whatever it means. Does not belong here: headings, labels, units, dates.
"""

from __future__ import annotations

import re
import unicodedata

_MARKUP_RE = re.compile(r"</?(?:p|br|span|div|td|tr|table|b|strong|font)\b[^<>]{0,200}>", re.IGNORECASE)
_BOLD_RE = re.compile(r"\*\*|__(?=\S)|(?<=\S)__")
_ZERO_WIDTH_RE = re.compile("[\u200b\u200c\u200d\ufeff\u2060\u00ad\ufffd]")
_ASCII_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_OPEN, _CLOSE = "(（[【「『〈《“‘〔{", ")）]】」』〉》”’〕}"
_PARTNER = dict(zip(_OPEN, _CLOSE, strict=True)) | {"(": ")", "（": "）"}
_SAME = {"（": "(", "）": ")"}


def strip_markup(text: str) -> str:
    """Without HTML paragraph tags, Markdown bold and invisible characters."""
    if "<" in text:
        text = _MARKUP_RE.sub(" ", text)
    return _ZERO_WIDTH_RE.sub("", _BOLD_RE.sub("", text))


def despace(text: str) -> str:
    """Without white space, except one blank between two Latin words (it is a line wrap anywhere else)."""
    pieces = text.split()
    out = pieces[0] if pieces else ""
    for piece in pieces[1:]:
        keep = out[-1] in _ASCII_WORD and piece[0] in _ASCII_WORD
        out += (" " if keep else "") + piece
    return out


def plain(text: str) -> str:
    """Form for matching: mark-up gone, NFKC, no white space."""
    return unicodedata.normalize("NFKC", despace(strip_markup(text))).replace(" ", "")


def split_outside(text: str, separators: str) -> list[tuple[str, str]]:
    """Pieces of ``text`` between separators that stand outside brackets and quotes, each with the separator after it.

    Brackets that do not balance are ignored, so that one lost bracket does not hide the rest of a list.
    """
    depth = _depths(text)
    pieces, start = [], 0
    for at, char in enumerate(text):
        if char in separators and depth[at] == 0:
            pieces.append((text[start:at], char))
            start = at + 1
    pieces.append((text[start:], ""))
    return pieces


def _depths(text: str) -> list[int]:
    """Nesting depth at each character, counting only brackets that find their partner."""
    matched = dict(bracket_pairs(text))
    closing = set(matched.values())
    depth, now = [], 0
    for at in range(len(text)):
        if at in closing:
            now -= 1
        depth.append(now)
        if at in matched:
            now += 1
    return depth


def bracket_pairs(text: str) -> list[tuple[int, int]]:
    """(opening, closing) positions of brackets and quotes that balance; full and half width close each other."""
    stack: list[tuple[str, int]] = []
    pairs = []
    straight: int | None = None
    for at, char in enumerate(text):
        if char == '"':
            if straight is None:
                straight = at
            else:
                pairs.append((straight, at))
                straight = None
        elif char in _OPEN:
            stack.append((_PARTNER[char], at))
        elif char in _CLOSE:
            wanted = _SAME.get(char, char)
            for back in range(len(stack) - 1, -1, -1):
                if _SAME.get(stack[back][0], stack[back][0]) == wanted:
                    pairs.append((stack[back][1], at))
                    del stack[back:]
                    break
    return sorted(pairs)


def shorten(text: str, size: int = 60) -> str:
    """Text for a message, at most ``size`` characters."""
    text = despace(text)
    return text if len(text) <= size else text[: size - 1] + "…"
