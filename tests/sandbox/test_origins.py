"""The sandbox answers programs on this machine, and no page from elsewhere."""

import json
from http.client import HTTPConnection

import pytest

from ctsync.sandbox import Sandbox

BODY = json.dumps({"d": [{"identity": "u1", "type": "profile", "profileData": {}}]})
PATHS = [
    ("POST", "/1/upload"),
    ("GET", "/1/profile.json?identity=u1"),
    ("GET", "/sandbox/profiles"),
    ("POST", "/sandbox/profiles"),
    ("POST", "/sandbox/faults"),
    ("POST", "/sandbox/csv"),
    ("GET", "/nowhere"),
]


@pytest.fixture
def ask():
    with Sandbox() as sandbox:

        def send(method, path, **headers):
            """Send exactly these headers; `HOST` stands for the server's own."""
            port = int(sandbox.url.rpartition(":")[2])
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.putrequest(method, path, skip_host=True)
            body = BODY.encode()
            base = {"host": "HOST", "content-length": str(len(body))}
            identity = {
                "x_clevertap_account_id": "A",
                "x_clevertap_passcode": "sandbox",
            }
            for name, value in {**base, **identity, **headers}.items():
                if value is not None:
                    said = value.replace("HOST", f"127.0.0.1:{port}")
                    connection.putheader(name.replace("_", "-"), said)
            connection.endheaders(body)
            reply = connection.getresponse()
            reply.read()
            connection.close()
            return reply.status, dict(reply.getheaders())

        send.sandbox = sandbox
        yield send


STRANGERS = {
    "a name made to point here": {"host": "evil.example:8765"},
    "a name that begins like ours": {"host": "127.0.0.1.evil.example"},
    "a name that begins like localhost": {"host": "localhost.evil.example"},
    "no name": {"host": None},
    "an empty name": {"host": ""},
    "a name that is none": {"host": "[::1"},
    "another machine": {"host": "192.168.0.7"},
    "a page": {"origin": "https://evil.example"},
    "a page without an origin": {"origin": "null"},
    "a page on another port": {"origin": "http://127.0.0.1:1"},
    "a page that says so otherwise": {"sec_fetch_site": "cross-site"},
    "a page of a sibling": {"sec_fetch_site": "same-site"},
}


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_are_refused_everywhere(ask, who, method, path):
    status, headers = ask(method, path, **STRANGERS[who])
    assert status == 403
    assert not any(name.lower().startswith("access-control") for name in headers)
    assert ask.sandbox.platform.call_count == 0
    assert list(ask.sandbox.platform.profiles()) == []


FRIENDS = {
    "a program": {},
    "a program that says localhost": {"host": "localhost"},
    "a program over IPv6": {"host": "[::1]:8765"},
    "somebody who typed the address": {"sec_fetch_site": "none"},
    "its own page": {"origin": "http://HOST", "sec_fetch_site": "same-origin"},
}


@pytest.mark.parametrize("who", FRIENDS)
def test_programs_on_this_machine_are_answered(ask, who):
    assert ask("POST", "/1/upload", **FRIENDS[who])[0] == 200
    assert ask("GET", "/sandbox/profiles", **FRIENDS[who])[0] == 200
