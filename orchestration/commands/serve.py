"""``taizhang serve``: the published sites on the loopback address, with strict headers, no listings and, if wanted, a password.

``taizhang password`` writes the file for it.
"""

from __future__ import annotations

import os
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote_to_bytes

from orchestration.commands.run import DONE, INCOMPLETE, Misuse
from orchestration.passwords import Guard, PasswordFileUnfit, TooManyAttempts, read_passwords, set_password
from orchestration.settings import Settings

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
# pages, data files and pictures; the database itself is for people with a login on the machine
_SERVED = (".html", ".js", ".css", ".json", ".svg", ".png", ".woff2", ".txt")
# the only workbook: it describes, the others hold what counties sent
_DESCRIPTION = "/dictionary.xlsx"
_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
_WORDS = {
    HTTPStatus.UNAUTHORIZED: "请输入用户名和口令",
    HTTPStatus.NOT_FOUND: "没有这一页",
    HTTPStatus.TOO_MANY_REQUESTS: "尝试过多，请稍后再试",
    HTTPStatus.MISDIRECTED_REQUEST: "请用 http://127.0.0.1 或 http://localhost 加端口号打开",
}


class Handler(SimpleHTTPRequestHandler):
    """Static files of ``published/`` only; every request is judged by itself, also on a connection that is kept."""

    server_version = "taizhang"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    # whoever sends no version gets headers all the same
    default_request_version = "HTTP/1.0"
    # a connection that says nothing more is closed
    timeout = 30
    error_message_format = '<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>%(code)d</title><p>%(code)d %(explain)s</p></html>\n'
    error_content_type = "text/html;charset=utf-8"

    _status = 0

    def __init__(self, *arguments, guard: Guard | None = None, **options):
        self._guard = guard
        super().__init__(*arguments, **options)

    def parse_request(self) -> bool:
        """Read the head of a request; True when it may be answered with a page."""
        if not super().parse_request():
            return False
        if not self._is_addressed():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            # nothing takes a body; left unread it would be taken for the next request
            self.send_error(HTTPStatus.BAD_REQUEST)
        elif self._may_enter():
            return True
        return False

    def _is_addressed(self) -> bool:
        """Whether the page was asked for under a name of this machine: a name of somebody else's may point here too."""
        port = self.server.server_address[1]
        names = {f"{name}:{port}" for name in _OWN_NAMES} | (set(_OWN_NAMES) if port == 80 else set())
        return [host.strip().lower() for host in self.headers.get_all("Host", [])] in [
            [name] for name in names
        ]

    def _may_enter(self) -> bool:
        if self._guard is None:
            return True
        try:
            if self._guard.lets_in(self.headers.get("Authorization")):
                return True
        except TooManyAttempts:
            self.send_error(HTTPStatus.TOO_MANY_REQUESTS)
            return False
        self.send_error(HTTPStatus.UNAUTHORIZED)
        return False

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """An error in Chinese, and nothing of what was asked for in it; the connection ends."""
        super().send_error(code, None, _WORDS.get(code, "这个请求无法处理"))

    def end_headers(self) -> None:
        """Add the security headers to every answer."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if self._status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="taizhang", charset="UTF-8"')
        super().end_headers()

    def send_response(self, code: int, message: str | None = None) -> None:
        """Remember the status: one of them needs a header more."""
        self._status = code
        super().send_response(code, message)

    def list_directory(self, path):
        """Never list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def send_head(self):
        """Refuse what is not part of a page: other kinds of files, hidden ones, and whatever leads out of the folder."""
        if not self._is_page():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def _is_page(self) -> bool:
        raw = self.path.split("?", 1)[0].split("#", 1)[0]
        try:
            path = unquote_to_bytes(raw).decode("utf-8")
        except UnicodeDecodeError:
            return False
        if not path.startswith("/") or not path.isprintable() or "\\" in path:
            return False
        parts = [part for part in path.split("/") if part]
        if any(part.startswith(".") for part in parts):
            return False
        if path.endswith("/"):
            parts.append("index.html")
        elif path != _DESCRIPTION and not path.lower().endswith(_SERVED):
            return False
        # after every symbolic link: an edition of another home, a stray link
        root = os.path.realpath(self.directory)
        file = os.path.realpath(os.path.join(root, *parts))
        return file.startswith(root + os.sep) and os.path.isfile(file)

    def log_message(self, format: str, *arguments) -> None:
        """Keep the terminal for the address."""


def make_server(settings: Settings, port: int, guard: Guard | None = None) -> ThreadingHTTPServer:
    """A server on 127.0.0.1:port (0 = any free port), not yet running."""
    handler = partial(Handler, directory=str(settings.published), guard=guard)
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def serve(settings: Settings, port: int, password_file: Path | None = None) -> int:
    """The command; 1 when nothing is published. Raises Misuse for a password file that cannot be used."""
    try:
        guard = None if password_file is None else Guard(read_passwords(password_file))
    except PasswordFileUnfit as error:
        raise Misuse(str(error)) from error
    if not (settings.published / "index.html").is_file():
        print("还没有看板；请先运行 taizhang run --period 2021Q4")
        return INCOMPLETE
    with make_server(settings, port, guard) as server:
        entry = "，须输入用户名和口令" if guard else ""
        print(f"看板：http://127.0.0.1:{server.server_address[1]}/（按 Ctrl+C 结束{entry}）")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return DONE


def password(file: Path, user: str, text: str) -> int:
    """The command ``password``: add or change one user. Raises Misuse where that cannot be."""
    try:
        set_password(file, user, text)
    except PasswordFileUnfit as error:
        raise Misuse(str(error)) from error
    except OSError as error:
        print(f"口令文件 {file} 写不了（{error.strerror}）；请换一个目录或检查权限")
        return INCOMPLETE
    print(f"已写入 {file}：用户 {user}；打开：taizhang serve --password-file {file}")
    return DONE
