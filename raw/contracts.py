"""Contracts of the four kinds of submission, read from ``contracts/*.yml``.

Belongs here: which fields a kind has, how their headers may be written, how a field is parsed. Does not belong
here: parsing itself (``values``), finding the header row (``mapping``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from raw.text import header_key

KINDS = ("progress", "indicators", "rectification", "satisfaction")
FIELD_TYPES = frozenset({"code", "text", "status", "percent", "number", "date"})


@dataclass(frozen=True)
class Field:
    """One field of a kind: its type, the column it fills and the headers a clerk may write over it."""

    name: str
    type: str
    headers: tuple[str, ...]
    column: str
    raw_column: str | None
    # takes the class of what was written for a value (values.answer_kind)
    answer_column: str | None = None


@dataclass(frozen=True)
class Contract:
    """What a submission of one kind must look like."""

    kind: str
    table: str
    entity: str
    require: tuple[tuple[str, ...], ...]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field called ``name``; KeyError when the kind has none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    @property
    def key_field(self) -> Field:
        """The field that identifies a row (the contract's first)."""
        return self.fields[0]


def _parse(document: dict) -> Contract:
    fields = []
    for entry in document["fields"]:
        if entry["type"] not in FIELD_TYPES:
            raise ValueError(f"contract {document['kind']}: unknown type {entry['type']}")
        # the field's own name is accepted last: json, ndjson and parquet exports use it
        headers = tuple(header_key(h) for h in [*entry["headers"], entry["name"]])
        fields.append(
            Field(
                entry["name"],
                entry["type"],
                headers,
                entry.get("column", entry["name"]),
                entry.get("raw"),
                entry.get("answer"),
            )
        )
    return Contract(
        document["kind"],
        document["table"],
        document["entity"],
        tuple(tuple(group) for group in document["require"]),
        tuple(fields),
    )


@cache
def contracts() -> dict[str, Contract]:
    """All contracts by kind. Raises ValueError for a contract that names an unknown type."""
    folder = Path(__file__).parent / "contracts"
    found = {}
    for path in sorted(folder.glob("*.yml")):
        contract = _parse(yaml.safe_load(path.read_text(encoding="utf-8")))
        found[contract.kind] = contract
    if set(found) != set(KINDS):
        raise ValueError(f"contracts found {sorted(found)}, expected {sorted(KINDS)}")
    return found


def kind_of(file_name: str) -> str | None:
    """Kind a file name begins with (``progress_w03.csv`` → progress); None when it begins with none."""
    lowered = file_name.lower()
    return next((kind for kind in KINDS if lowered.startswith(kind)), None)
