"""Quarterly partitions: keys are the labels people use (2021Q3).

Dynamic rather than a time window: a window's key can only be a strftime of its start (2021-07), and any quarter of any
programme must be runnable by hand. ``raw.periods`` owns the arithmetic.
"""

from __future__ import annotations

from dagster import DagsterInstance, DynamicPartitionsDefinition

from raw.periods import Period

QUARTERS = DynamicPartitionsDefinition(name="quarter")


def register(instance: DagsterInstance, period: Period) -> str:
    """Make the quarter known to the instance; returns its key."""
    key = str(period)
    if not instance.has_dynamic_partition(QUARTERS.name, key):
        instance.add_dynamic_partitions(QUARTERS.name, [key])
    return key
