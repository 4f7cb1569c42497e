"""Labels (完成时限：, 责任单位：, 牵头领导：) and responsibilities in brackets.

Belongs here: where in a text a deadline or the units stand. Does not belong here: what they mean (``raw.deadlines``,
``units``), or which task they belong to (``outline``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from raw.plans.text import bracket_pairs, despace
from raw.plans.units import LABEL_ROLES, has_role_word, is_unit, looks_like_units

_DEADLINE_WORDS = (
    "完成时限|完成时间|完成期限|完成节点|完成日期|时间节点|时间要求|时间安排|时间进度|时限要求|时限|整改时限|整改期限|"
    "整改时间|办理时限|办结时限|推进时限|落实时限|工作时限|任务时限|进度安排|进度要求|节点目标"
)
_PERSON_WORDS = "牵头领导|责任领导|分管领导|包抓领导|包联领导|责任人|联系人|牵头市领导|牵头县领导|市级牵头领导|县级牵头领导|责任科室|督办领导"
_UNIT_WORDS = "|".join(sorted((w for w in LABEL_ROLES if len(w) > 2), key=len, reverse=True))
_SPACED = {
    word: r"\s*".join(word)
    for word in (*_DEADLINE_WORDS.split("|"), *_UNIT_WORDS.split("|"), *_PERSON_WORDS.split("|"))
}


def _any(words: str) -> str:
    return "|".join(_SPACED[w] for w in sorted(words.split("|"), key=len, reverse=True))


LABEL_RE = re.compile(
    rf"[【\[「]?\s*(?:(?P<deadline>{_any(_DEADLINE_WORDS)})|(?P<unit>{_any(_UNIT_WORDS)})|(?P<person>{_any(_PERSON_WORDS)}))"
    r"\s*(?:[】\]」]\s*[:：]?|[:：])\s*"
)


@dataclass(frozen=True)
class Label:
    """``kind`` deadline, unit or person; ``word`` the label itself; ``value`` its text; ``line`` where it begins."""

    kind: str
    word: str
    value: str
    line: int


def split_labels(text: str) -> list[tuple[str, str, str]]:
    """(kind, word, value) of the labels of a text; what stands before the first has kind and word empty."""
    found = list(LABEL_RE.finditer(text))
    if not found:
        return [("", "", text)]
    parts = [("", "", text[: found[0].start()])]
    for match, following in zip(found, [*found[1:], None], strict=True):
        kind = str(match.lastgroup)
        end = following.start() if following else len(text)
        parts.append((kind, re.sub(r"\s", "", match[kind]), text[match.end() : end].strip()))
    return parts


def labels_outside_brackets(text: str, depth: int) -> list[int]:
    """Start positions of labels that stand outside brackets, given the depth at which ``text`` begins."""
    starts = []
    for match in LABEL_RE.finditer(text):
        before = text[: match.start()]
        now = depth + sum(before.count(c) for c in "（(") - sum(before.count(c) for c in "）)")
        if now <= 0:
            starts.append(match.start())
    return starts


def bracket_responsibility(text: str) -> list[tuple[int, int]]:
    """Spans (with the brackets) of the outermost round brackets that name who is responsible."""
    pairs = sorted((a, b) for a, b in bracket_pairs(text) if text[a] in "(（")
    spans, end = [], -1
    for opening, closing in pairs:
        if closing < end:
            continue  # inside the one before
        end = closing
        if is_responsibility(text[opening + 1 : closing], at_end=not text[closing + 1 :].strip("。；; .")):
            spans.append((opening, closing + 1))
    return spans


def is_responsibility(inside: str, at_end: bool = True) -> bool:
    """Whether the content of a bracket is a list of units (or labels) and not an explanation."""
    flat = despace(inside)
    if len(flat) < 3:
        return False
    if LABEL_RE.match(flat):
        return True
    if re.match(r"包括|包含|含|如|例如|即|以下|简称|除|不含|详见|见|注", flat):
        return False
    score = looks_like_units(flat)
    if has_role_word(flat):
        return score >= 0.6
    # a bare list is believed only at the end of a paragraph, and only when every piece is a named body
    return (
        at_end and score == 1.0 and bool(re.match(r"[市县区省州各国]", flat)) and is_unit(flat.rstrip("等"))
    )
