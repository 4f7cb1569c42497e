"""What makes a workbook a form of ours: a very-hidden sheet that says whose it is, so that it needs no arguments when it
comes back.

Belongs here: the names of the hidden sheets and what stands in the first of them. Does not belong here: believing it
(``orchestration.forms`` checks it against the registry).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FORM_SHEET = "_form"
LISTS_SHEET = "_lists"
MARKS_SHEET = "_marks"
VERSION = 1
_KEYS = ("form", "version", "programme", "period", "reporter", "kind")
_UNSAFE = re.compile(r"[\x00-\x1f/\\:*?\"<>|\s]+")


@dataclass(frozen=True)
class FormId:
    """Whose form a workbook is."""

    programme_id: str
    period: str
    reporter_id: str
    kind: str
    version: int = VERSION

    @property
    def code(self) -> str:
        """The form id as printed at the foot of the form."""
        return f"TZ-{self.programme_id}-{self.period}-{self.reporter_id}-{self.kind}-v{self.version}"

    def lines(self) -> list[tuple[str, str]]:
        """The lines (name, value) of the sheet ``_form``."""
        values = (
            self.code,
            str(self.version),
            self.programme_id,
            self.period,
            self.reporter_id,
            self.kind,
        )
        return list(zip(_KEYS, values, strict=True))

    @classmethod
    def from_lines(cls, lines: dict[str, str]) -> FormId | None:
        """The identity written in a sheet ``_form``; None where a line is missing or the version is no number."""
        if any(not lines.get(key) for key in _KEYS) or not lines["version"].isascii():
            return None
        if not lines["version"].isdigit() or len(lines["version"]) > 6:
            return None
        return cls(
            lines["programme"], lines["period"], lines["reporter"], lines["kind"], int(lines["version"])
        )


def file_name(*parts: str) -> str:
    """A file name of these parts, joined with _; nothing in it that leaves the folder or that Windows refuses."""
    safe = (_UNSAFE.sub("_", part).strip("._ ") for part in parts)
    return "_".join(part for part in safe if part)[:150] + ".xlsx"
