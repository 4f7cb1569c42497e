"""Hostile input: every attack of ``tests.factories.hostile`` costs its own file, in bounded time and memory."""
