"""Raw trees of programmes that have indicators only and one quarter: what the public reference sets become.

Belongs here: a table of values → registry, one indicators file per reporter, receipts. Does not belong here: what a
reference set says and how its own method prepares the values (``reference_asem``, ``reference_doing_business``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.factories.trees import REGISTRY_COLUMNS, make_registry, write_csv, write_tree

PERIOD = "2020Q4"  # the only quarter of every reference programme
RECEIVED = "2020-12-15T10:00:00+08:00"
_HEADER = ["指标编号", "指标值"]
_NO_TABLES = {table: [] for table in ("units", "tasks", "responsibilities", "targets", "goals")}


@dataclass(frozen=True)
class ReferenceProgramme:
    """One programme: registry rows by table, and ``values`` (reporter → indicator → value, as text exactly as sent).

    ``reporters`` may have a ``weight`` (of a sub-unit in its parent). ``scoring`` holds further lines of ``[scoring]``.
    """

    programme_id: str
    reporters: Sequence[Mapping]
    specials: Sequence[Mapping]
    indicators: Sequence[Mapping]
    values: Mapping[str, Mapping[str, str]]
    applicability: Sequence[Mapping] = ()
    scoring: str = ""


def exact(number: float) -> str:
    """The shortest text that is this very number again, so that nothing is lost on the way through a file."""
    return repr(float(number))


def points(special_id: str) -> dict:
    """An indicator of a special that is a score already: 0 to 100, score = value."""
    return {
        "indicator_id": f"{special_id}_score",
        "special_id": special_id,
        "name": f"{special_id} 得分",
        "polarity": "higher",
        "method": "dtf",
        "worst": "0",
        "frontier": "100",
    }


def write_programmes(root: Path, programmes: Iterable[ReferenceProgramme]) -> Path:
    """Write the raw tree of all ``programmes``; returns ``root``."""
    spec = {}
    for programme in programmes:
        folder = make_registry(
            root,
            programme.programme_id,
            start=date(2020, 10, 1),
            end=date(2020, 12, 31),
            settings=f"[weights]\ntasks = 0\nindicators = 1\n[scoring]\n{programme.scoring}",
            **_NO_TABLES,
            reporters=[
                {"kind": "county"} | {key: row[key] for key in row if key != "weight"}
                for row in programme.reporters
            ],
            specials=programme.specials,
            indicators=programme.indicators,
            applicability=programme.applicability,
        )
        if any("weight" in row for row in programme.reporters):
            header = [*REGISTRY_COLUMNS["reporters"], "weight"]
            write_csv(
                folder / "reporters.csv", header, [{"kind": "county"} | row for row in programme.reporters]
            )
        for reporter_id, row in programme.values.items():
            path = f"submissions/{programme.programme_id}/{PERIOD}/{reporter_id}/indicators.csv"
            spec[path] = {"header": _HEADER, "rows": list(row.items())}
    return write_tree(root, spec, received=RECEIVED)
