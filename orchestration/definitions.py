"""Dagster's entry point (``dagster dev -m orchestration.definitions``). Everything is in ``build``."""

from orchestration.build import build_defs
from orchestration.settings import Settings, restrict_new_files

restrict_new_files()
defs = build_defs(Settings.from_env())
