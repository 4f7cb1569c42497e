"""What dbt's own connection gets before a model runs: the seal of ``warehouse``, so that models touch no file either.

Named in dbt_project/profiles.yml. Does not belong here: settings (the profile's ``config_options``; sealed, none can change).
"""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.warehouse import seal


class Plugin(BasePlugin):
    """Found by dbt-duckdb under this name."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called once per database, before the first cursor."""
        seal(conn)
