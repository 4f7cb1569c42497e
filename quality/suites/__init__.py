"""Expectation suites over raw.*, one module per group of tables; ``all_suites`` is what the runner runs."""

from __future__ import annotations

from quality.checks import Suite
from quality.suites import indicators, progress, receipts, registry, satisfaction


def all_suites() -> list[Suite]:
    """Every suite, in the order of the way of the data."""
    modules = (registry, receipts, progress, indicators, satisfaction)
    return [suite for module in modules for suite in module.suites()]
