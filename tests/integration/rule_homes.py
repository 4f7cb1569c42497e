"""One warehouse for the rule tests that have raw trees of their own: a build costs more than all of their rows.

Their programmes have names of their own and do not meet: nothing is computed across programmes. A test that asks without naming
its programmes gets a copy in which the others are left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestration.editions.tables import quoted
from orchestration.settings import Settings
from orchestration.stages import land
from orchestration.warehouse import writer
from raw.loader import load
from raw.periods import SHANGHAI, Period
from tests.conftest import join_trees
from tests.small_warehouse import build_parsed

NOW = datetime(2022, 3, 1, 9, 0, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class RuleHomes:
    """The warehouse, the raw trees it was made of, and the submissions of the accounts (None: no such data set)."""

    settings: Settings
    rules: Path
    proposals: Path
    accounts: dict[str, list[dict]] | None

    def alone(self, tree: Path, folder: Path) -> Settings:
        """A home in ``folder`` that knows the programmes of one tree only."""
        home = Settings(tree, folder / "home")
        home.home.mkdir()
        shutil.copy(self.settings.warehouse, home.warehouse)
        programmes = [path.name for path in (tree / "registry").iterdir()]
        with writer(home.warehouse) as connection:
            for schema, table in connection.execute(
                "SELECT schema_name, table_name FROM duckdb_columns() JOIN duckdb_tables() USING (schema_name, table_name) "
                "WHERE column_name = 'programme_id'"
            ).fetchall():
                # a finding on no programme (a line of confirmations.csv) stays
                connection.execute(
                    f"DELETE FROM {schema}.{quoted(table)} WHERE NOT list_contains(?, programme_id)",
                    [programmes],
                )
        return home


def build_rule_homes(folder: Path, accounts: Path | None) -> RuleHomes:
    """Write the trees and build them; ``accounts``: the data set of ``test_samplonomy``."""
    from tests.integration import test_proposals, test_rules, test_samplonomy

    rules = test_rules.write_raw(folder / "rules")
    proposals = test_proposals.write_raw(folder / "proposals")
    files = test_samplonomy.write_raw(accounts, folder / "accounts") if accounts else None
    root = join_trees(folder / "raw", rules, proposals, *([folder / "accounts"] if accounts else []))
    shutil.copy(rules / "confirmations.csv", root)
    settings = Settings(root, folder / "home")
    settings.prepare()
    with writer(settings.warehouse) as connection:
        load(connection, root, now=NOW)
        _changed(test_rules.change_registry, (rules, root), lambda: load(connection, root, now=NOW))
    land(settings, Period(2021, 4), NOW)
    build_parsed(settings)
    return RuleHomes(settings, rules, proposals, files)


def _changed(change: Callable, roots: tuple[Path, ...], landed: Callable[[], object]) -> None:
    """Let a registry change in every tree in two steps, landed between them."""
    changes = [change(root) for root in roots]
    for step in changes:
        next(step)
    landed()
    for step in changes:
        next(step, None)
