"""The manifest is parsed when the project changed, in a folder of its own, and never half stands in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration import manifest
from orchestration.leftovers import clear_files
from orchestration.settings import Settings


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """A home with a stand-in for the dbt command: it writes what it was called with, or fails where it is told to."""
    settings = Settings(tmp_path / "raw", tmp_path / "home")
    settings.prepare()
    settings.dbt_target.mkdir(parents=True, exist_ok=True)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dbt").write_text(
        "#!/bin/sh\n"
        f"test -e {tmp_path}/fail && {{ echo '第 3 行有误'; exit 2; }}\n"
        "while test $# -gt 1; do shift; done\n"
        'echo "{}" > "$1/manifest.json"; cat "$1/partial_parse.msgpack" 2>/dev/null > "$1/known"\n'
        f'printf x >> {tmp_path}/calls; cp {tmp_path}/calls "$1/partial_parse.msgpack"\n'
    )
    (tools / "dbt").chmod(0o755)
    monkeypatch.setattr(manifest.sys, "executable", str(tools / "python"))
    return settings


def test_it_is_parsed_once_and_again_when_the_project_changes(settings, tmp_path, monkeypatch):
    assert json.loads(manifest.ensure_manifest(settings).read_text()) == {}
    manifest.ensure_manifest(settings)
    assert (tmp_path / "calls").read_text() == "x"
    monkeypatch.setattr(manifest, "sources_sha256", lambda *_: "other")
    manifest.ensure_manifest(settings)
    assert (tmp_path / "calls").read_text() == "xx"
    # the build starts from what was parsed
    assert (manifest.run_target(settings) / "partial_parse.msgpack").read_text() == "xx"
    assert not [path for path in settings.dbt_target.iterdir() if path.name.startswith(".")]


def test_what_changes_while_it_is_parsed_is_parsed_again(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "sources_sha256", lambda *_: "before")
    manifest.begin(settings)
    monkeypatch.setattr(manifest, "sources_sha256", lambda *_: "after")
    manifest.ensure_manifest(settings)
    manifest.ensure_manifest(settings)
    assert (tmp_path / "calls").read_text() == "xx"


def test_a_project_that_does_not_parse_is_said_and_leaves_the_old_one(settings, tmp_path, monkeypatch):
    before = manifest.ensure_manifest(settings).read_bytes()
    (tmp_path / "fail").touch()
    monkeypatch.setattr(manifest, "sources_sha256", lambda *_: "other")
    with pytest.raises(RuntimeError, match="第 3 行有误"):
        manifest.ensure_manifest(settings)
    assert (settings.dbt_target / "manifest.json").read_bytes() == before


def test_the_folder_of_a_killed_parsing_is_cleared_away(settings):
    rest = settings.dbt_target / ".parsed.4194304"
    rest.mkdir()
    assert Path(rest) in clear_files(settings)
    assert not rest.exists()
