"""Expectations over raw.*: suites as code, run by ``quality.runner``; see README.md for who owns which rule."""
