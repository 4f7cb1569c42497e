"""Text as clerks write it: normal forms used for comparing, never for storing.

Belongs here: NFKC, white space, label lines. Does not belong here: turning text into numbers or days (``values``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPACE = re.compile(r"\s+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u2060"))
_VISIBLE = re.compile("[^\\s\u200b\u200c\u200d\ufeff\u2060]")


@lru_cache(maxsize=200_000)
def squeeze(value: str) -> str:
    """NFKC without any white space: the form in which headers, titles, names and words are compared."""
    bare = _SPACE.sub("", unicodedata.normalize("NFKC", value).translate(_ZERO_WIDTH))
    # again: a blank that stood between a letter and its accent is gone now
    return unicodedata.normalize("NFKC", bare)


@lru_cache(maxsize=200_000)
def tidy(value: str) -> str:
    """NFKC, outer white space removed: the form in which codes, numbers and days are read."""
    bare = unicodedata.normalize("NFKC", value).translate(_ZERO_WIDTH)
    return unicodedata.normalize("NFKC", bare).strip()


def header_key(value: str) -> str:
    """Form in which headers are matched (NFKC, no white space, lower case)."""
    return squeeze(value).lower()


def is_blank(value: str | None) -> bool:
    """True for a missing cell and for one of white space only."""
    return value is None or _VISIBLE.search(value) is None


def storable(value: str) -> str:
    """The text without what a database cannot hold: NUL characters and lone surrogates."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    if _SURROGATE.search(value):
        value = _SURROGATE.sub("\ufffd", value)
    return value
