"""Every cell of the shared right answers, against the warehouse built once per test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.support import differences_from_csv

pytestmark = pytest.mark.integration
EXPECTED = sorted((SHARED / "conformance" / "expected").glob("*.csv"))


@pytest.mark.skipif(not EXPECTED, reason="no conformance tree beside the checkout")
@pytest.mark.parametrize("file", EXPECTED, ids=lambda path: path.stem)
def test_every_cell(published, file: Path):
    cells, found = differences_from_csv(published, file)
    assert cells > 100
    assert not found, f"{len(found)} differences, first: {found[:5]}"


@pytest.mark.skipif(not EXPECTED, reason="no conformance tree beside the checkout")
def test_only_states_are_errors(published):
    """The tree has no planted defect: B and E findings follow from states alone (its README)."""
    rules = published.execute(
        "SELECT DISTINCT rule_id FROM quality.flags WHERE programme_id = 'conformance2023' AND severity IN ('B', 'E')"
    ).fetchall()
    assert {rule for (rule,) in rules} <= {"T07", "D02", "K02", "F04", "T02", "D04"}
    kept_out = published.execute(
        "SELECT count(*) FROM ops.quarantine JOIN ops.receipts USING (receipt_id) WHERE programme_id = 'conformance2023'"
    ).fetchone()
    assert kept_out == (0,)
