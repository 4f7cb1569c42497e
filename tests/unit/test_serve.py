"""The local server: loopback only, strict headers, no listings, nothing but pages."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from orchestration.commands.serve import make_server
from orchestration.settings import Settings


@pytest.fixture
def address(tmp_path: Path):
    settings = Settings(tmp_path, tmp_path / "home")
    site = settings.published / "p" / "2021Q4" / "site"
    site.mkdir(parents=True)
    (site / "index.html").write_text("<p>页</p>", encoding="utf-8")
    (settings.published / "index.html").write_text("<p>总览</p>", encoding="utf-8")
    (settings.published / "current.duckdb").write_bytes(b"secret")
    (settings.published / ".hidden.html").write_text("x", encoding="utf-8")
    server = make_server(settings, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_pages_with_headers(address: str):
    with urllib.request.urlopen(f"{address}/p/2021Q4/site/index.html") as answer:
        assert "页" in answer.read().decode()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/p/", "/current.duckdb", "/.hidden.html", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/hostname"]
)
def test_nothing_else(address: str, path: str):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address + path)
    assert refused.value.code == 404


def test_bound_to_loopback(tmp_path: Path):
    server = make_server(Settings(tmp_path, tmp_path), 0)
    assert server.server_address[0] == "127.0.0.1"
    server.server_close()
