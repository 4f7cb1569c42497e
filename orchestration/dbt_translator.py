"""dbt node → Dagster asset: key = schema and name, group = layer, Chinese description from the YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import AssetKey
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings


class TaizhangTranslator(DagsterDbtTranslator):
    """Keys as in SQL (``marts/ranking``); sources keep the key of the asset that writes them (their YAML's meta)."""

    def __init__(self):
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """[schema, name] for models and seeds; sources as their YAML says."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer: staging, intermediate, ops, quality, marts."""
        return dbt_resource_props["schema"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Only the description; the SQL is in the project."""
        return dbt_resource_props.get("description") or dbt_resource_props["name"]
