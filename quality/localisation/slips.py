"""Slips of a hand: what single mistake of writing explains the difference between two numbers.

Belongs here: comparing a reported with a proposed number, or a row with itself turned round. Does not belong here: which number
is right (``search``).
"""

from __future__ import annotations

import math

from quality.localisation.system import RATIO, System


def slip(reported: float, proposed: float) -> str | None:
    """The one slip of a hand that explains the difference (Scholtus 2009): sign, shift, swap, digit, missing, extra; else None.

    ``shift``: a power of ten; ``swap``: two neighbouring digits changed places; ``digit``: one digit is another one;
    ``missing`` and ``extra``: the reported number lacks one, or has one too many.
    """
    if math.isnan(proposed) or reported == proposed or reported == 0 or proposed == 0:
        return None
    if reported == -proposed:
        return "sign"
    if (reported < 0) != (proposed < 0):
        return None
    power = math.log10(abs(proposed / reported))
    if abs(power - round(power)) < 1e-9:
        return "shift"
    a, b = (f"{abs(number):.9f}".rstrip("0").rstrip(".") for number in (reported, proposed))
    # of numbers with few digits that are not 0, one is a slip of any other
    digits = min(len(text.replace(".", "").strip("0")) for text in (a, b))
    if digits < 2:
        return None
    if len(a) == len(b):
        differ = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
        if len(differ) == 1:
            return "digit" if digits > 2 and "." not in (a[differ[0]], b[differ[0]]) else None
        i, j = differ[0], differ[-1]
        if len(differ) == 2 and a[i] == b[j] and a[j] == b[i] and "." not in a[i : j + 1] and j == i + 1:
            return "swap"
        return None
    short, long, name = (a, b, "missing") if len(a) < len(b) else (b, a, "extra")
    if len(long) == len(short) + 1 and any(long[:i] + long[i + 1 :] == short for i in range(len(long))):
        return name if long.count(".") == short.count(".") else None
    return None


def exchanged(system: System, edit: int) -> bool:
    """Numerator and denominator of a failing edit of both changed places: exchanged, they satisfy every edit they are in.

    Such an edit is a RATIO, or a linear one of two cells (the part not above the whole).
    """
    if system.kind[edit] == RATIO:
        a, b = int(system.numerator[edit]), int(system.denominator[edit])
    else:
        cells, _ = system.terms(edit)
        if len(cells) != 2:
            return False
        a, b = cells
    if a < 0 or system.value[a] == system.value[b]:
        return False
    changed = {a: float(system.value[b]), b: float(system.value[a])}
    return all(system.holds(each, changed) for each in system.edits_of([a, b]))
