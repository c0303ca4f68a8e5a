"""A read API that only waits: `python shown.py SECONDS PROFILES` prints its port.

Every profile is there, made from its id, and everybody had every event. Unlike the
sandbox it keeps nothing, so that it leaves the processor to who is measured.
"""

from __future__ import annotations

import asyncio
import sys

import orjson

_PAGE = 5_000


class Reads(asyncio.Protocol):
    """Takes the requests of one connection, and answers each after so many seconds."""

    def __init__(self, seconds: float, profiles: int) -> None:
        self._seconds = seconds
        self._profiles = profiles
        self._arrived = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep who is to be answered."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take in what has arrived; a whole head is answered."""
        self._arrived += data
        if b"\r\n\r\n" not in self._arrived:
            return
        first = self._arrived.split(b"\r\n", 1)[0]
        self._arrived = b""
        answer = self._answer(first.split(b" ")[1].decode())
        asyncio.get_running_loop().call_later(self._seconds, self._send, answer)

    def _answer(self, target: str) -> bytes:
        path, _, query = target.partition("?")
        if path.endswith("/profile.json"):
            record = _record(query.partition("=")[2])
            return b'{"status":"success","record":%b}' % record
        if not query.startswith("cursor="):
            return b'{"status":"success","cursor":"0"}'
        start = int(query.partition("=")[2])
        end = min(start + _PAGE, self._profiles)
        records = b",".join(_record(f"u{n:08d}") for n in range(start, end))
        more = b',"next_cursor":"%d"' % end if end < self._profiles else b""
        return b'{"status":"success","records":[%b]%b}' % (records, more)

    def _send(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            self._transport.write(head + length + body)


def _record(identity: str) -> bytes:
    number = int(identity.lstrip("u") or 0)
    record = {
        "identity": identity,
        "all_identities": [identity],
        "email": f"{identity}@example.com",
        "name": "Asha Montana",
        "phone": 14_155_000_000 + number % 1_000_000,
        "profileData": {
            "plan": "Gold",
            "score": number % 97 + 0.5,
            "interests": [f"shoes-{number % 200:03d}", f"bags-{number % 199:03d}"],
            "branch": f"b-{number % 7}",
            "renewaldate": f"$D_{1_700_000_000 + number}",
        },
        "events": {"App Launched": {"count": 3, "first_seen": 1, "last_seen": 2}},
        "platformInfo": [{"platform": "Web", "objectId": f"w{identity}"}],
    }
    return orjson.dumps(record)


async def serve(seconds: float, profiles: int) -> None:
    """Serve on a free port of this machine until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Reads(seconds, profiles), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), int(sys.argv[2])))
