"""Fuzzing of everything that reads what other people wrote: short and derandomized in the tests, long as a campaign.

``inputs`` makes the inputs (hypothesis strategies over mutated valid files), ``targets`` says what must hold for each,
``campaign`` runs them for minutes (``python -m tests.fuzz.campaign``), ``test_fuzz`` for seconds.
"""
