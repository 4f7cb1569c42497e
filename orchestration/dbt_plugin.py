"""What dbt's own connection gets before a model runs: the seal of ``warehouse``, so that models touch no file either.

A target whose tables come from Spark names the folder of their files (``lake``); it reaches that one. Named in dbt_project/profiles.yml. Does not belong here: settings (the profile's ``config_options``; sealed, none can change).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.warehouse import seal


class Plugin(BasePlugin):
    """Found by dbt-duckdb under this name."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Called with the plugin's ``config`` of the profile."""
        self._folders = [Path(plugin_config["lake"])] if "lake" in plugin_config else []

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called once per database, before the first cursor."""
        seal(conn, *self._folders)
