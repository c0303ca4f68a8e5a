"""A client that speaks to the sandbox over real sockets, and sandboxes to speak to."""

import http.client
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from ctsync.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parent))  # for `sftp_client`

CREDENTIALS = {"X-CleverTap-Account-Id": "TEST-1", "X-CleverTap-Passcode": "sandbox"}


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]


class Client:
    """One connection a call, closed whatever happens."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.platform = sandbox.platform

    def call(self, method, target, body=None, headers=CREDENTIALS, timeout=5.0):
        address = urlsplit(self.sandbox.url)
        connection = http.client.HTTPConnection(
            address.hostname, address.port, timeout=timeout
        )
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, target, data, headers)
            response = connection.getresponse()
            return Response(
                response.status, dict(response.getheaders()), response.read()
            )
        finally:
            connection.close()

    def send(self, *records, dry_run=False, timeout=5.0):
        target = "/1/upload?dryRun=1" if dry_run else "/1/upload"
        return self.call("POST", target, {"d": list(records)}, timeout=timeout)

    def upload(self, *records, dry_run=False):
        response = self.send(*records, dry_run=dry_run)
        assert response.status == 200
        return response.json()

    def put(self, identity, data):
        return self.upload(self.record(identity, data))

    def read(self, **query):
        return self.call("GET", "/1/profile.json?" + urlencode(query)).json()

    def attributes(self, value, kind="identity"):
        profile = self.platform.profile(kind, value)
        return None if profile is None else dict(profile.attributes)

    def rules(self):
        return [violation.rule for violation in self.platform.violations]

    @staticmethod
    def record(identity, data):
        return {"identity": identity, "type": "profile", "profileData": data}


@pytest.fixture
def serve():
    """Start sandboxes with options; all are stopped at the end."""
    running = []

    def start(**options):
        sandbox = Sandbox(**options).start()
        running.append(sandbox)
        return Client(sandbox)

    yield start
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def client(serve):
    return serve()
