"""The tier that needs Java and PySpark: ``make test-spark``. Everything here is marked ``spark`` and skipped without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.engines.local_spark import missing
from orchestration.settings import Spark

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One mark for the tier, one reason to skip it."""
    gaps = missing(Spark.from_env())
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.spark)
            if gaps:
                item.add_marker(pytest.mark.skip(reason=f"no Spark on this machine: {'; '.join(gaps)}"))
