"""An upload API that only waits: `python loopback.py SECONDS` prints its port.

Unlike the sandbox it understands nothing, so that it leaves the processor to who is
measured: it counts the records of a call in the bytes as they lie in its buffer, and
answers with that number.
"""

from __future__ import annotations

import asyncio
import re
import sys

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_RECORD = b'"type":"profile"'
_HEAD_END = b"\r\n\r\n"
_ROOM = 1 << 20


class Calls(asyncio.BufferedProtocol):
    """Takes the calls of one connection, and answers each after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._buffer = bytearray(_ROOM)
        self._filled = 0
        self._wanted = 0  # bytes of the call at hand, once its head is there
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep who is to be answered."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the room behind what has arrived."""
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take in what has arrived; a whole call is answered."""
        self._filled += nbytes
        if not self._wanted:
            self._read_head()
        if self._wanted and self._filled >= self._wanted:
            records = self._buffer.count(_RECORD, 0, self._wanted)
            self._filled = self._wanted = 0  # nobody sends ahead of an answer
            asyncio.get_running_loop().call_later(self._seconds, self._answer, records)

    def _read_head(self) -> None:
        end = self._buffer.find(_HEAD_END, 0, self._filled)
        if end < 0:
            return
        found = _LENGTH.search(self._buffer, 0, end)
        self._wanted = end + len(_HEAD_END) + (int(found[1]) if found else 0)
        if self._wanted > len(self._buffer):
            # A new one: the old one cannot grow while a view of it is given away.
            self._buffer = self._buffer + bytes(self._wanted - len(self._buffer))

    def _answer(self, records: int) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_reply(records))


def _reply(records: int) -> bytes:
    body = b'{"status":"success","processed":%d,"unprocessed":[]}' % records
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    return head + b"%d\r\n\r\n%b" % (len(body), body)


async def serve(seconds: float) -> None:
    """Serve on a free port of this machine until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Calls(seconds), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
