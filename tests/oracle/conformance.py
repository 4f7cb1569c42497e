"""Holds the oracle against the conformance tree: every judged cell, as its README defines agreement."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

from .oracle import KEYS, expect
from .reader import SHANGHAI, moment, read_tree


def same(text: str, value: object) -> bool:
    """Whether an expected csv cell agrees with a value of the oracle."""
    if text == "*":
        return True
    if value is None:
        return text == ""
    if text == "":
        return False
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, datetime):
        return moment(text) == value
    if isinstance(value, date):
        return text == value.isoformat()
    if isinstance(value, (int, float)):
        try:
            return abs(float(text) - value) <= 1e-6
        except ValueError:
            return False
    return text == value


def differences(folder: Path, period: str = "2023Q4") -> list[str]:
    """Every disagreement between the oracle and `expected/`."""
    tables, _ = expect(read_tree(folder / "raw"), period, datetime(2030, 1, 1, tzinfo=SHANGHAI))
    out = []
    for path in sorted((folder / "expected").glob("*.csv")):
        mine = dict(tables[path.stem])
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for want in csv.DictReader(handle):
                key = tuple(want[k] for k in KEYS[path.stem])
                got = mine.pop(key, None)
                if got is None:
                    out.append(f"{path.stem} {key}: missing")
                    continue
                row = {**dict(zip(KEYS[path.stem], key, strict=True)), **got}
                out += [
                    f"{path.stem} {key} {column}: expected {text!r}, oracle {row[column]!r}"
                    for column, text in want.items()
                    if not same(text, row[column])
                ]
        out += [f"{path.stem} {key}: not expected" for key in mine]
    return out
