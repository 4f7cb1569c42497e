"""Builders of raw trees: small ones for tests, and the sample that ships with the project.

Belongs here: writing registries, submissions and receipts as counties and offices write them. Does not
belong here: reading them (``raw/``), or any expectation about what the pipeline makes of them (the
tests say that).

For tests: ``from tests.factories import make_registry, write_progress_csv, write_xlsx, write_receipts,
write_tree``. For the sample: ``python -m tests.factories`` (see ``__main__``).
"""

from tests.factories.trees import (
    make_registry,
    write_csv,
    write_file,
    write_indicators_csv,
    write_json,
    write_ndjson,
    write_parquet,
    write_progress_csv,
    write_receipts,
    write_registry_table,
    write_tree,
    write_xls,
    write_xlsx,
)

__all__ = [
    "make_registry",
    "write_csv",
    "write_file",
    "write_indicators_csv",
    "write_json",
    "write_ndjson",
    "write_parquet",
    "write_progress_csv",
    "write_receipts",
    "write_registry_table",
    "write_tree",
    "write_xls",
    "write_xlsx",
]
