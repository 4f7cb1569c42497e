"""Reliability campaign: processes killed, disks filled, clocks turned while the product works (docs/reliability.md).

``python -m tests.torture`` runs it, seeded and bounded; ``test_torture.py`` is its short form in ``make test``.
"""
