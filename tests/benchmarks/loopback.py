"""An upload API that only waits: `python loopback.py SECONDS` prints its port.

Unlike the sandbox it understands nothing, so that it leaves the processor to who is
measured.
"""

from __future__ import annotations

import asyncio
import re
import sys

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_MOST_HEAD_BYTES = 65_536


async def answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Take calls from one connection until it ends, each after so many seconds."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            body = await reader.readexactly(int(found[1]) if found else 0)
            await asyncio.sleep(seconds)
            writer.write(_reply(body.count(b'"type":"profile"')))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _reply(records: int) -> bytes:
    body = b'{"status":"success","processed":%d,"unprocessed":[]}' % records
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    return head + b"%d\r\n\r\n%b" % (len(body), body)


async def serve(seconds: float) -> None:
    """Serve on a free port of this machine until the process ends."""
    server = await asyncio.start_server(
        lambda reader, writer: answer(reader, writer, seconds),
        "127.0.0.1",
        0,
        limit=_MOST_HEAD_BYTES,
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
