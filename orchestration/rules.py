"""The catalogue of rules as rows, for those who need no warehouse to ask it."""

from __future__ import annotations

import csv

from orchestration.settings import Settings


def rule_catalogue(settings: Settings) -> list[dict[str, str]]:
    """Active rules of the catalogue seed, in its order."""
    path = settings.dbt_project / "seeds" / "check_rules.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row.get("state", "active") == "active"]
