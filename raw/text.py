"""Text as clerks write it: normal forms used for comparing, never for storing.

Belongs here: NFKC, white space, label lines. Does not belong here: turning text into numbers or days (``values``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_Result = TypeVar("_Result")
# longer texts hardly come twice, and 200,000 of them would fill the worker that reads the next file
_REMEMBERED = 200
_SPACE = re.compile(r"\s+")
# what a terminal obeys, what a database or an XML part refuses, what shows a number in another order than it is read
_CONTROL = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"
)
_LINE_BREAK = re.compile("[\x0b\x0c\x85]")
_OUTER_CONTROLS = re.compile("^[\x00-\x08\x0e-\x1f\x7f]+|[\x00-\x08\x0e-\x1f\x7f]+$")
_CONTROLS = re.compile(f"[{_CONTROL}]")
_UNSTORABLE = re.compile(f"[\x0b\x0c\x85{_CONTROL}]")
# the left-to-right mark too: Windows puts it before a copied day, and it moves nothing in a left-to-right text
ZERO_WIDTH = "\u200b\u200c\u200d\u200e\ufeff\u2060"
_NO_ZERO_WIDTH = dict.fromkeys(map(ord, ZERO_WIDTH))
_VISIBLE = re.compile(f"[^\\s{ZERO_WIDTH}]")


def remembered(count: int) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Decorator: results for the last ``count`` short texts (or None) are kept; a long text is worked out every time."""

    def decorate(function: Callable[..., _Result]) -> Callable[..., _Result]:
        kept = lru_cache(maxsize=count)(function)

        @wraps(function)
        def call(value):
            return kept(value) if value is None or len(value) <= _REMEMBERED else function(value)

        return call

    return decorate


@remembered(200_000)
def squeeze(value: str) -> str:
    """NFKC without any white space: the form in which headers, titles, names and words are compared."""
    bare = _SPACE.sub("", unicodedata.normalize("NFKC", value).translate(_NO_ZERO_WIDTH))
    # again: a blank that stood between a letter and its accent is gone now
    return unicodedata.normalize("NFKC", bare)


@remembered(200_000)
def tidy(value: str) -> str:
    """NFKC, outer white space removed: the form in which codes, numbers and days are read."""
    bare = unicodedata.normalize("NFKC", value).translate(_NO_ZERO_WIDTH)
    return unicodedata.normalize("NFKC", bare).strip()


@lru_cache(maxsize=100_000)
def header_key(value: str) -> str:
    """Form in which headers are matched (NFKC, no white space, lower case)."""
    return squeeze(value).lower()


def is_blank(value: str | None) -> bool:
    """True for a missing cell and for one of white space only."""
    return value is None or _VISIBLE.search(value) is None


def is_storable(value: str) -> bool:
    """True for a text ``storable`` leaves as it is."""
    return value.isprintable() or _UNSTORABLE.search(value) is None


def storable(value: str) -> str:
    """The text as it may be stored and shown: no control character, no lone surrogate, no change of writing direction.

    Padding of NUL and the like at the ends goes; inside, each becomes U+FFFD, so that a cell never reads as something
    the clerk did not see (12<NUL>34 is not 1234). Line breaks of other systems become \\n; tab, \\n and \\r stay.
    """
    if is_storable(value):
        return value
    value = _OUTER_CONTROLS.sub("", _LINE_BREAK.sub("\n", value))
    return _CONTROLS.sub("\ufffd", value)
