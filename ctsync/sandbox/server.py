"""Sockets: HTTP/1.1 on loopback, one thread a connection, replies delivered or not."""

import logging
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Condition, Event
from typing import Any

from ctsync.sandbox.api import Request
from ctsync.sandbox.replies import Reply, ReplyDelivery, failure

BANNER = ("X-Ctsync-Sandbox", "simulation of documented behaviour")

_log = logging.getLogger(__name__)
_BLOCK_BYTES = 65_536
# SO_LINGER with no time to linger: closing sends a reset.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """A server that knows its open connections, so that it can end them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, port: int, respond: Callable[[Request], Reply], stopping: Event
    ) -> None:
        """Bind a loopback port, 0 for any that is free."""
        self.respond = respond
        self.stopping = stopping
        self._open: set[socket.socket] = set()
        self._changed = Condition()
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind without looking up a host name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection before its thread starts."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection and close it, by a reset where that was asked for."""
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()
        if request.fileno() >= 0 and _is_to_be_reset(request):
            # A shutdown would say goodbye before it.
            request.close()
        else:
            super().shutdown_request(request)

    def end_connections(self, timeout_seconds: float) -> None:
        """Cut every connection and wait until their threads are through."""
        with self._changed:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, timeout_seconds)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - as inherited
        """Log what went wrong in a thread; a client that left is nothing wrong."""
        if isinstance(sys.exception(), OSError):
            _log.debug("a client left", exc_info=True)
        else:
            _log.exception("a request failed")


class Handler(BaseHTTPRequestHandler):
    """Reads requests whole and delivers replies as they say."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Answer one request."""
        self._serve()

    def do_POST(self) -> None:
        """Answer one request."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Log to the library's logger, never to stderr."""
        _log.debug(format, *args)

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Refuse what is no HTTP request in the shape of every other failure."""
        self.close_connection = True
        self._send(failure(code, message or explain or HTTPStatus(code).phrase))

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self.send_error(411, "Content-Length required")
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        headers = dict(self.headers.items())
        request = Request(self.command, self.path, headers, body)
        reply = self.server.respond(request)
        self.server.stopping.wait(reply.delay_seconds)
        self._deliver(reply)

    def _deliver(self, reply: Reply) -> None:
        if reply.delivery is ReplyDelivery.WHOLE:
            self._send(reply)
            return
        self.close_connection = True
        if reply.delivery is ReplyDelivery.HALF:
            self.wfile.write(_head(reply) + reply.body[: len(reply.body) // 2])
            _reset_on_close(self.connection)
        elif reply.delivery is ReplyDelivery.HANG:
            # A byte, or the end: either way nobody waits for this reply any more.
            self.connection.recv(1, socket.MSG_PEEK)
        elif reply.delivery is ReplyDelivery.ENDLESS:
            self._send_endless(reply)

    def _send(self, reply: Reply) -> None:
        if reply.stream is None:
            self.wfile.write(_head(reply) + reply.body)
            return
        self.wfile.write(_head(reply, is_chunked=True))
        for block in _gather(reply.stream):
            self._send_chunk(block)
        self._send_chunk(b"")

    def _send_endless(self, reply: Reply) -> None:
        self.wfile.write(_head(reply, is_chunked=True))
        while not self.server.stopping.is_set():
            self._send_chunk(b"[" * _BLOCK_BYTES)

    def _send_chunk(self, block: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))


def _gather(parts: Iterator[bytes]) -> Iterator[bytes]:
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _head(reply: Reply, *, is_chunked: bool = False) -> bytes:
    framing = (
        ("Transfer-Encoding", "chunked")
        if is_chunked
        else ("Content-Length", str(len(reply.body)))
    )
    told = ("Date", formatdate(usegmt=True))
    content = ("Content-Type", reply.content_type)
    headers = (told, content, framing, BANNER, *reply.headers)
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _reset_on_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def _is_to_be_reset(connection: socket.socket) -> bool:
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
    return found == _RESET_ON_CLOSE
