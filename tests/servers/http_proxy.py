"""A way to an HTTP server that is slow, says 503, and loses questions and answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Fate = Callable[[str, str], str]
"""From method and path to `pass`, `busy` (503), `no bucket`, `cut` or `lost`.

What is cut is not sent on; what is lost is done, and its answer goes nowhere.
"""


def pass_all(method: str, path: str) -> str:
    return "pass"


class HttpProxy:
    """Listens on a port of its own; `fate` and latency may change any time."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.fate: Fate = pass_all
        self.latency_seconds = 0.0
        self.requests: list[tuple[str, str]] = []
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


_REFUSALS = {
    "busy": (503, b""),
    "no bucket": (404, b"<Error><Code>NoSuchBucket</Code></Error>"),
}


_OWN_HEADERS = {"transfer-encoding", "connection", "content-length"}


class _Handler(BaseHTTPRequestHandler):
    owner: HttpProxy
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy = self.owner
        proxy.requests.append((self.command, self.path))
        fate = proxy.fate(self.command, self.path)
        time.sleep(proxy.latency_seconds)
        if fate in _REFUSALS:
            status, text = _REFUSALS[fate]
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        if fate == "cut":
            self.close_connection = True
            return
        self.answer(body, is_lost=fate == "lost")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

    def answer(self, body: bytes, *, is_lost: bool) -> None:
        upstream = HTTPConnection("127.0.0.1", self.owner.target, timeout=30)
        try:
            upstream.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            reply = upstream.getresponse()
            data = reply.read()
        except (OSError, HTTPException):
            self.close_connection = True
            return
        finally:
            upstream.close()
        if is_lost:
            self.close_connection = True
            return
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in {
                "transfer-encoding",
                "connection",
                "content-length",
            }:
                self.send_header(name, value)
        length = reply.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(data)))
        self.end_headers()
        self.wfile.write(data)
