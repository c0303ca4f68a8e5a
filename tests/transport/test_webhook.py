"""A webhook hears counts, and its trouble never becomes the apply's."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ctsync.transport.webhook import notify

DOCUMENT = {
    "run": "r1",
    "digest": "sha256:0",
    "environment": None,
    "exit_code": 3,
    "counts": {"acknowledged": 2, "rejected": 1, "unknown": 0, "not_sent": 0},
    "calls": 1,
    "seconds": 0.1,
    "stopped": None,
    "rejected": [{"key": {"identity": "secret@example.com"}}],
}


@pytest.fixture
def webhook():
    heard = []

    class Hook(BaseHTTPRequestHandler):
        status = 204

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            heard.append(json.loads(self.rfile.read(length)))
            self.send_response(self.status)
            self.send_header("Location", "http://192.0.2.1/")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", heard, Hook
    server.shutdown()
    thread.join()
    server.server_close()


def test_counts_are_posted_and_nothing_personal(webhook):
    url, heard, _ = webhook
    assert notify(url, DOCUMENT) is None
    assert heard[0]["counts"] == DOCUMENT["counts"]
    assert heard[0]["exit_code"] == 3
    assert "secret" not in json.dumps(heard)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_unhappy_webhook_is_told_by_its_status(webhook, status):
    url, heard, hook = webhook
    hook.status = status
    assert notify(url, DOCUMENT) == f"the webhook answered HTTP {status}"
    assert len(heard) == 1


def test_an_address_is_never_part_of_the_trouble():
    trouble = notify("http://127.0.0.1:1/token-123", DOCUMENT)
    assert trouble
    assert "token-123" not in trouble


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://a/b", "hook", ""])
def test_a_webhook_is_https_or_here(url):
    assert notify(url, DOCUMENT) == "the webhook is neither https nor on this machine"
