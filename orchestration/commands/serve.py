"""``taizhang serve``: the published sites on the loopback address, with strict headers and no directory listings."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from orchestration.commands.run import DONE, INCOMPLETE
from orchestration.settings import Settings

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
# pages, data files and pictures; the database itself is for people with a login on the machine
_SERVED = (".html", ".js", ".css", ".json", ".svg", ".png", ".woff2", ".txt")
# the only workbook: it describes, the others hold what counties sent
_DESCRIPTION = "/dictionary.xlsx"


class Handler(SimpleHTTPRequestHandler):
    """Static files of ``published/`` only."""

    server_version = "taizhang"
    sys_version = ""

    def end_headers(self) -> None:
        """Add the security headers to every answer."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path):
        """Never list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def send_head(self):
        """Refuse what is not part of a page, hidden files included."""
        path = self.path.split("?", 1)[0].split("#", 1)[0]
        parts = [part for part in path.split("/") if part]
        hidden = any(part.startswith(".") for part in parts)
        if hidden or not (path.endswith("/") or path == _DESCRIPTION or path.lower().endswith(_SERVED)):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def log_message(self, format: str, *arguments) -> None:
        """Keep the terminal for the address."""


def make_server(settings: Settings, port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1:port (0 = any free port), not yet running."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(settings.published)))


def serve(settings: Settings, port: int) -> int:
    """The command; 1 when nothing is published."""
    if not (settings.published / "index.html").is_file():
        print("还没有看板；请先运行 taizhang run --period 2021Q4")
        return INCOMPLETE
    with make_server(settings, port) as server:
        print(f"看板：http://127.0.0.1:{server.server_address[1]}/（按 Ctrl+C 结束）")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return DONE
