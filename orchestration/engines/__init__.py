"""Engines other than DuckDB that compute the models (docs/spark.md)."""
