"""Habits of the project that a machine can check."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import REPOSITORY

PACKAGES = ("orchestration", "raw", "quality", "dashboards")
SOURCES = [path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py"))]
MODELS = sorted((REPOSITORY / "dbt_project").rglob("*.sql"))


def _offenders(pattern: str, paths: list[Path], allowed: tuple[str, ...] = ()) -> list[str]:
    expression = re.compile(pattern)
    return [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in paths
        if path.relative_to(REPOSITORY).as_posix() not in allowed
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if expression.search(line)
    ]


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 40
    assert len(MODELS) > 50


def test_only_settings_reads_the_environment():
    allowed = (
        "orchestration/settings.py",
        "orchestration/commands/doctor.py",
        "orchestration/commands/dev.py",
    )
    writes_silence = ("quality/runner.py",)
    assert _offenders(r"os\.environ|os\.getenv", SOURCES, allowed + writes_silence) == []


def test_only_one_module_opens_duckdb():
    assert _offenders(r"duckdb\.connect\(", SOURCES, ("orchestration/warehouse.py",)) == []


def test_no_clock_and_no_increment_in_models():
    clock = r"(?i)\b(current_date|current_timestamp|localtimestamp|now\(\)|get_current_timestamp|today\(\)|is_incremental|run_started_at|var\()"
    assert _offenders(clock, MODELS) == []


def test_no_package_is_fetched():
    assert not list(REPOSITORY.glob("dbt_project/packages.y*ml"))
    assert not list(REPOSITORY.glob("dbt_project/dependencies.y*ml"))


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-spark.lock"])
def test_the_lock_names_no_index(name: str):
    lock = (REPOSITORY / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links|file:", lock)
    assert all(
        re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[^\s=]+", line)
        for line in lock.split("\n")
        if line and line[0] != "#"
    )


def test_every_dependency_is_locked():
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def locked(name: str) -> set[str]:
        return {
            line.split("==")[0].lower().replace("_", "-").replace(".", "-")
            for line in (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
            if "==" in line
        }

    def wanted(entries: list[str]) -> set[str]:
        return {
            re.match(r"[A-Za-z0-9_.-]+", entry).group(0).lower().replace("_", "-").replace(".", "-")
            for entry in entries
        }

    lock, extras = locked("requirements.lock"), project["optional-dependencies"]
    # what a Spark needs is locked beside it: nobody else installs it
    assert wanted(extras.pop("spark")) - locked("requirements-spark.lock") == set()
    assert wanted(project["dependencies"]) | set().union(*map(wanted, extras.values())) <= lock
    assert locked("requirements-spark.lock") & lock == set()


@pytest.mark.parametrize(
    "module",
    ["orchestration.cli", "orchestration.build", "raw.loader", "dashboards.render", "quality.runner"],
)
def test_import_budget(module: str):
    """GX and Plotly cost seconds; importing the definitions must not pay for them."""
    code = f"import {module}, sys; print(sorted({{'great_expectations', 'plotly'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == "[]"


def test_nothing_phones_home():
    instance = (REPOSITORY / "orchestration" / "dagster.yaml").read_text(encoding="utf-8")
    assert re.search(r"telemetry:\s+enabled: false", instance)
    project = (REPOSITORY / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8")
    assert "send_anonymous_usage_stats: false" in project


def test_every_module_says_what_it_is_for():
    import ast

    mute = [
        str(path.relative_to(REPOSITORY))
        for path in SOURCES
        if not (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").strip()
    ]
    assert mute == []


def test_every_test_the_acceptance_list_names_exists():
    """docs/acceptance.md: ten checks, each with tests that are there."""
    page = (REPOSITORY / "docs" / "acceptance.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", page, re.M) == [str(number) for number in range(1, 11)]
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page))
    assert len(named) > 30
    gone = {
        (file, name)
        for file, name in named
        if f"def {name}(" not in (REPOSITORY / file).read_text(encoding="utf-8")
    }
    assert gone == set()
    models = "".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "dbt_project").rglob("_unit_tests*.yml")
    )
    assert all(name in models for name in re.findall(r"`(ut_\w+)`", page))


def test_reading_commands_start_without_the_machinery():
    """`status` and its like answer at once: Dagster, dbt and the frame libraries cost seconds before the first query."""
    heavy = {"dagster", "dbt", "great_expectations", "plotly", "pandas", "polars", "numpy", "pyarrow"}
    commands = (
        "status",
        "explain",
        "receive",
        "confirm",
        "publish",
        "bulletin",
        "remind",
        "audit",
        "serve",
        "doctor",
    )
    code = f"import sys, {', '.join(f'orchestration.commands.{c}' for c in commands)}; print(sorted({heavy!r} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
