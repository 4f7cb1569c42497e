"""The two schedules ask the registries whether today is the day."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.schedules import due_on
from orchestration.settings import Settings
from raw.periods import Period
from tests.conftest import SAMPLES


@pytest.mark.parametrize(
    ("event", "day", "found"),
    [
        ("cutoff", date(2021, 9, 28), [("zhumadian2021", Period(2021, 3))]),
        ("cutoff", date(2022, 3, 28), [("wugang2022", Period(2022, 1))]),
        ("cutoff", date(2021, 9, 27), []),
        ("freeze", date(2022, 1, 12), [("zhumadian2021", Period(2021, 4))]),
        ("freeze", date(2022, 1, 13), []),
        ("cutoff", date(2030, 9, 28), []),
    ],
)
def test_due_on(tmp_path, event, day, found):
    assert due_on(Settings(SAMPLES, tmp_path), event, day) == found
