"""The local server: loopback only, strict headers, no listings, nothing but pages, and a password where one is wanted."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration import passwords
from orchestration.cli import cli
from orchestration.commands.serve import HEADERS, make_server
from orchestration.passwords import (
    Guard,
    PasswordFileUnfit,
    TooManyAttempts,
    read_passwords,
    set_password,
)
from orchestration.settings import Settings

WORD = "春眠不觉晓 2021"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A published folder with pages, what is no page, and links that lead out of it and that do not."""
    made = Settings(tmp_path, tmp_path / "home")
    site = made.published / "p" / "2021Q4" / "site"
    site.mkdir(parents=True)
    (site / "index.html").write_text("<p>页</p>", encoding="utf-8")
    (site / "说明 一.txt").write_text("文字", encoding="utf-8")
    (made.published / "index.html").write_text("<p>总览</p>", encoding="utf-8")
    (made.published / "current.duckdb").write_bytes(b"secret")
    (made.published / ".hidden.html").write_text("secret", encoding="utf-8")
    (made.published / "folder.html").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "index.html").write_text("secret", encoding="utf-8")
    (made.published / "out.html").symlink_to(outside / "index.html")
    (made.published / "out").symlink_to(outside, target_is_directory=True)
    (made.published / "published-too").mkdir()
    (made.home / "published-beside").mkdir()
    (made.home / "published-beside" / "index.html").write_text("secret", encoding="utf-8")
    (made.published / "beside").symlink_to(made.home / "published-beside")
    (made.published / "inside.html").symlink_to(site / "index.html")
    os.mkfifo(made.published / "pipe.html")
    return made


def running(settings: Settings, guard: Guard | None = None) -> Iterator[int]:
    server = make_server(settings, 0, guard)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    yield from running(settings)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def guarded(settings: Settings, tmp_path: Path, pauses: list[float]) -> Iterator[int]:
    set_password(tmp_path / "passwords", "张三", WORD)
    yield from running(settings, Guard(read_passwords(tmp_path / "passwords"), pauses.append))


def ask(port: int, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """One request; ``Host`` as a browser sends it unless given. The body is read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.body = answer.read()
    connection.close()
    return answer


def basic(user: str, word: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()


def raw(port: int, request: bytes) -> bytes:
    """What comes back for these very bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while part := line.recv(65536):
            answer += part
        return answer


def has_headers(answer: http.client.HTTPResponse) -> bool:
    return all(answer.getheader(name) == value for name, value in HEADERS.items())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "总览"),
        ("/index.html?x=1", "总览"),
        ("/p/2021Q4/site/", "页"),
        ("/p/2021Q4/site/index.html", "页"),
        ("/inside.html", "页"),
        ("/p/2021Q4/site/%E8%AF%B4%E6%98%8E%20%E4%B8%80.txt", "文字"),
    ],
)
def test_pages_with_headers(port: int, path: str, text: str):
    answer = ask(port, path)
    assert answer.status == 200
    assert text in answer.body.decode()
    assert has_headers(answer)
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert "default-src 'self'" in answer.getheader("Content-Security-Policy")
    assert ask(port, path, "HEAD").body == b""


@pytest.mark.parametrize(
    "path",
    [
        "/p/", "/p", "/folder.html", "/folder.html/", "/current.duckdb", "/current.duckdb?.html", "/current.duckdb#.html",
        "/.hidden.html", "/%2ehidden.html", "/%2Ehidden.html", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/hostname",
        "/p/%2e%2e/%2e%2e/outside/index.html", "/p/..%2f..%2f..%2foutside%2findex.html", "/%252e%252e/index.html",
        "/p\\..\\..\\outside\\index.html", "/index.html%00", "/current.duckdb%00.html", "/%0aindex.html", "/%ff.html",
        "/out.html", "/out/", "/out/index.html", "/beside/", "/pipe.html", "//etc/passwd",
        "*", "index.html",
    ],
)  # fmt: skip
def test_nothing_else(port: int, path: str):
    answer = ask(port, path)
    assert answer.status == 404
    assert has_headers(answer)
    assert b"secret" not in answer.body
    assert "没有这一页" in answer.body.decode()


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /index.html\r\n\r\n",
        b"GET /index.html HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 2\r\n\r\nxx",
        b"DELETE / HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:%d\r\n" + b"X: a\r\n" * 500 + b"\r\n",
        b"GET http://localhost:%d/index.html HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n",
        b"GET /<script>alert(1)</script> HTTP/1.1 x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 40\r\n\r\nGET /index.html HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_odd_requests_are_refused_with_headers(port: int, request_line: bytes):
    if b"%d" in request_line:
        request_line = request_line.replace(b"%d", str(port).encode())
    answer = raw(port, request_line)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4") or head.startswith(b"HTTP/1.1 5"), head[:80]
    for name, value in HEADERS.items():
        assert f"{name}: {value}".encode() in head
    assert b"script" not in body
    assert answer.count(b"HTTP/1.1") == 1, "what follows the refused head is no second request"
    assert ask(port, "/").status == 200


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:{port}"])
def test_names_of_this_machine(port: int, host: str):
    assert ask(port, "/", Host=host.format(port=port)).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.invalid:{port}", "evil.invalid", "localhost", "localhost:1", "127.0.0.1.evil.invalid:{port}", ""],
)
def test_a_foreign_name_that_points_here_gets_nothing(port: int, host: str):
    answer = ask(port, "/", Host=host.format(port=port))
    assert answer.status == 421
    assert has_headers(answer)
    assert "总览" not in answer.body.decode()


def test_two_names_are_none(port: int):
    answer = raw(port, f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.invalid\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 421")


def test_bound_to_loopback(tmp_path: Path):
    server = make_server(Settings(tmp_path, tmp_path), 0)
    assert server.server_address[0] == "127.0.0.1"
    server.server_close()


# --- password ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None, "", "Basic", "Basic !!!", "Bearer x", basic("张三", "wrong"), basic("nobody", WORD), basic("", ""),
        "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Basic " + "A" * 50_000, basic("张三", WORD)[:-4],
    ],
)  # fmt: skip
def test_without_the_password_nothing(guarded: int, header: str | None):
    answer = ask(guarded, "/", **({} if header is None else {"Authorization": header}))
    assert answer.status == 401
    assert answer.getheader("WWW-Authenticate") == 'Basic realm="taizhang", charset="UTF-8"'
    assert has_headers(answer)
    assert "总览" not in answer.body.decode()


def test_with_the_password_pages(guarded: int, pauses: list[float]):
    assert ask(guarded, "/", Authorization=basic("张三", WORD)).status == 200
    assert ask(guarded, "/current.duckdb", Authorization=basic("张三", WORD)).status == 404
    assert ask(guarded, "/", Authorization=basic("张三", WORD), Host="evil.invalid").status == 421
    assert pauses == []


def test_a_kept_connection_is_asked_every_time(guarded: int):
    connection = http.client.HTTPConnection("127.0.0.1", guarded, timeout=10)
    for path in ("/", "/p/2021Q4/site/"):
        connection.request("GET", path, headers={"Authorization": basic("张三", WORD)})
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.read()
        assert not answer.will_close
        line = connection.sock
    assert line is connection.sock
    connection.request("GET", "/")
    assert connection.getresponse().status == 401
    connection.close()


def test_guessing_slows_down_and_knowing_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords, "_COST", {"n": 2, "r": 8, "p": 1})
    set_password(tmp_path / "f", "u", WORD)
    pauses: list[float] = []
    guard = Guard(read_passwords(tmp_path / "f"), pauses.append)
    assert not any(guard.lets_in(basic("u", f"guess {n}")) for n in range(25))
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.1, 2.0)
    assert guard.lets_in(basic("u", WORD))
    assert len(pauses) == 25
    assert not guard.lets_in(None)
    assert len(pauses) == 25, "a browser's first question is no guess"


def test_a_crowd_of_guessers_is_turned_away_while_the_known_come_in(tmp_path: Path):
    set_password(tmp_path / "f", "u", WORD)
    inside, held = threading.Event(), threading.Event()

    def hold(_: float) -> None:
        inside.set()
        held.wait(10)

    guard = Guard(read_passwords(tmp_path / "f"), hold, _queue=threading.BoundedSemaphore(1))
    assert guard.lets_in(basic("u", WORD))
    guesser = threading.Thread(target=guard.lets_in, args=(basic("u", "a guess"),))
    guesser.start()
    assert inside.wait(10)
    with pytest.raises(TooManyAttempts):
        guard.lets_in(basic("u", "another"))
    assert guard.lets_in(basic("u", WORD))
    held.set()
    guesser.join()


def test_the_file_holds_hashes_for_its_owner_only(tmp_path: Path):
    file = tmp_path / "passwords"
    set_password(file, "甲", WORD)
    set_password(file, "乙", "another word")
    first = read_passwords(file)
    set_password(file, "甲", "changed word")
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text(encoding="utf-8")
    assert not any(word in text for word in (WORD, "another", "changed"))
    assert len(text.splitlines()) == 2
    second = read_passwords(file)
    assert second["乙"] == first["乙"]
    assert second["甲"] != first["甲"]
    assert Guard(second).lets_in(basic("甲", "changed word"))
    assert [path.name for path in tmp_path.iterdir()] == ["passwords"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_a_file_others_can_open_is_refused(tmp_path: Path, mode: int):
    set_password(tmp_path / "f", "u", WORD)
    (tmp_path / "f").chmod(mode)
    with pytest.raises(PasswordFileUnfit, match="chmod 600"):
        read_passwords(tmp_path / "f")
    with pytest.raises(PasswordFileUnfit, match="chmod 600"):
        set_password(tmp_path / "f", "v", WORD)


@pytest.mark.parametrize("text", ["", "# nobody\n", "u:plain\n", "u:scrypt:!:x\n", "u:scrypt:YQ==\n", "\x00"])
def test_a_file_without_users_or_with_odd_lines_is_refused(tmp_path: Path, text: str):
    (tmp_path / "f").write_text(text, encoding="utf-8")
    (tmp_path / "f").chmod(0o600)
    with pytest.raises(PasswordFileUnfit):
        read_passwords(tmp_path / "f")


@pytest.mark.parametrize(
    ("user", "word"),
    [("a:b", WORD), ("", WORD), ("a b", WORD), ("u", "short"), ("u", "x" * 201), ("u", "line\nbreak")],
)
def test_unfit_users_and_words(tmp_path: Path, user: str, word: str):
    with pytest.raises(PasswordFileUnfit):
        set_password(tmp_path / "f", user, word)
    assert not (tmp_path / "f").exists()


def test_the_commands(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAIZHANG_HOME", str(settings.home))
    file = tmp_path / "passwords"
    made = CliRunner().invoke(cli, ["password", "--file", str(file), "--user", "张三"], input=WORD + "\n")
    assert made.exit_code == 0, made.output
    assert WORD not in made.output
    assert Guard(read_passwords(file)).lets_in(basic("张三", WORD))
    short = CliRunner().invoke(cli, ["password", "--file", str(file), "--user", "张三"], input="x\n")
    assert short.exit_code == 2
    file.chmod(0o644)
    refused = CliRunner().invoke(cli, ["serve", "--password-file", str(file)])
    assert refused.exit_code == 2
    assert "chmod 600" in refused.output
    missing = CliRunner().invoke(cli, ["serve", "--password-file", str(tmp_path / "none")])
    assert missing.exit_code == 2
    assert "taizhang password" in missing.output
