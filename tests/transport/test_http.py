"""What HTTP does to a call, and what it never does to the passcode."""

import logging
import socket
import threading
import time

import pytest

from ctsync.errors import TransportError
from ctsync.model.snapshot import REGIONS, Account
from ctsync.sandbox import Sandbox
from ctsync.transport.http import base_url, connect
from ctsync.transport.upload_result import CallEnding

SECRET = "PASS-CODE-1234"
CALL = b'{"d":[{"identity":"u1","profileData":{"Plan":"Gold"},"type":"profile"}]}'


@pytest.fixture
def sandbox():
    with Sandbox(passcode=SECRET, slow_seconds=0.2) as running:
        yield running


@pytest.fixture
def upload(sandbox):
    transports = []

    def send(*faults, timeout_seconds=0.15, dry_run=False):
        sandbox.script(*faults)
        transport = connect(
            Account("WR8-9K6-7Z5Z", "in1", sandbox.url),
            SECRET,
            timeout_seconds=timeout_seconds,
        )
        transports.append(transport)
        return transport.upload(CALL, dry_run=dry_run)

    yield send
    for transport in transports:
        transport.close()


@pytest.mark.parametrize(
    ("fault", "happened", "status"),
    [
        ("none", CallEnding.REPLIED, 200),
        ("reject", CallEnding.REPLIED, 200),
        ("html", CallEnding.REPLIED, 200),
        ("empty", CallEnding.REPLIED, 200),
        ("truncated", CallEnding.REPLIED, 200),
        ("wrong-type", CallEnding.REPLIED, 200),
        ("lost", CallEnding.LOST, None),
        ("dropped", CallEnding.LOST, None),
        ("reset-body", CallEnding.LOST, None),
        ("slow", CallEnding.LOST, None),
        ("hang", CallEnding.LOST, None),
        ("unavailable", CallEnding.LOST, 503),
        ("error500", CallEnding.LOST, 500),
        ("throttle", CallEnding.THROTTLED, 429),
        ("malformed", CallEnding.MALFORMED, 400),
        ("unauthorised", CallEnding.UNAUTHORISED, 401),
        ("forbidden", CallEnding.UNAUTHORISED, 403),
        ("too-large", CallEnding.TOO_LARGE, 413),
        ("redirect", CallEnding.REFUSED, 302),
    ],
)
def test_what_happened(upload, fault, happened, status):
    answer = upload(fault)
    assert (answer.happened, answer.status) == (happened, status)


def test_a_call_carries_what_the_platform_asks_for(upload, sandbox):
    upload()
    (call,) = sandbox.platform.calls
    headers = {name.lower(): value for name, value in call.headers.items()}
    assert (call.method, call.target) == ("POST", "/1/upload")
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-clevertap-account-id"] == "WR8-9K6-7Z5Z"
    assert call.passcode_sent
    assert call.body.encode() == CALL


def test_a_dry_run_says_so(upload, sandbox):
    upload(dry_run=True)
    assert sandbox.platform.calls[0].target == "/1/upload?dryRun=1"
    assert list(sandbox.platform.profiles()) == []


def test_redirects_are_never_followed(upload, sandbox):
    upload("redirect")
    assert len(sandbox.platform.calls) == 1


def test_retry_after_is_read(upload):
    assert upload("throttle-retry-after").retry_after == 1.0


@pytest.mark.parametrize("fault", ["endless", "gzip-bomb"])
def test_a_body_without_end_is_not_read_to_its_end(upload, fault):
    answer = upload(fault, timeout_seconds=5)
    assert answer.happened in {CallEnding.REPLIED, CallEnding.LOST}
    assert len(answer.body or b"") <= 16_000_000


def test_a_refused_connection_is_known_not_to_have_sent(unused_port):
    account = Account("a", "in1", f"http://127.0.0.1:{unused_port}")
    answer = connect(account, SECRET, timeout_seconds=1).upload(CALL, dry_run=False)
    assert answer.happened is CallEnding.UNREACHABLE
    assert "refused" in answer.message


def test_a_name_without_address_is_known_not_to_have_sent():
    account = Account("a", "in1", "https://nowhere.invalid")
    answer = connect(account, SECRET, timeout_seconds=1).upload(CALL, dry_run=False)
    assert answer.happened is CallEnding.UNREACHABLE


def test_a_server_without_tls_is_known_not_to_have_been_sent_to(drip):
    account = Account(
        "a", "in1", drip(b"HTTP/1.1 200 OK\r\n\r\n").replace("http", "https")
    )
    answer = connect(account, SECRET, timeout_seconds=1).upload(CALL, dry_run=False)
    assert answer.happened is CallEnding.UNREACHABLE


def test_a_reply_that_drips_ends_in_time(drip):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    url = drip(head, then=b" ", every_seconds=0.02)
    transport = connect(Account("a", "in1", url), SECRET, timeout_seconds=0.1)
    begun = time.monotonic()
    answer = transport.upload(CALL, dry_run=False)
    transport.close()
    assert answer.happened is CallEnding.LOST
    assert time.monotonic() - begun < 2


def test_a_reply_cut_short_is_lost(drip):
    url = drip(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"processed":')
    transport = connect(Account("a", "in1", url), SECRET, timeout_seconds=1)
    answer = transport.upload(CALL, dry_run=False)
    transport.close()
    assert answer.happened is CallEnding.LOST


def test_the_text_of_an_error_page_is_bounded_and_plain(drip):
    said = b'{"error":"\\u001b[2J' + b"x" * 1000 + b'","code":500}'
    url = drip(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
    transport = connect(Account("a", "in1", url), SECRET, timeout_seconds=1)
    answer = transport.upload(CALL, dry_run=False)
    transport.close()
    assert answer.message == "HTTP 500 Internal Server Error"
    assert len(answer.said) == 300
    assert answer.said.isprintable()


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_its_host(region):
    assert base_url(Account("a", region)) == f"https://{region}.api.clevertap.com"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.com",
        "http://10.0.0.1:80",
        "ftp://127.0.0.1",
        "https://user:secret@example.com",
        "https://example.com/?x=1",
        "https://",
        "127.0.0.1:8765",
        "http://127.0.0.1:99999",
        "http://127.0.0.1.example.com",
        "http://[::1",
    ],
)
def test_the_passcode_goes_to_https_or_this_machine_only(endpoint):
    with pytest.raises(TransportError) as caught:
        connect(Account("a", "in1", endpoint), SECRET, timeout_seconds=1)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:1", "http://[::1]:1/", "http://localhost", "https://a.b/c",
    ],
)  # fmt: skip
def test_other_endpoints_are_taken(endpoint):
    assert base_url(Account("a", "in1", endpoint)) == endpoint.rstrip("/")


def test_an_unknown_region_is_named():
    with pytest.raises(TransportError, match='"xx9" is not a region'):
        base_url(Account("a", "xx9"))


@pytest.mark.parametrize(
    "passcode", ["", " x", "a\nb", "a\r\nX: y", "p\u0142ace", "\x00"]
)
def test_a_passcode_that_cannot_travel_is_refused_without_showing_it(passcode):
    account = Account("a", "in1", "http://127.0.0.1:1")
    with pytest.raises(TransportError, match="the passcode is empty or has") as caught:
        connect(account, passcode, timeout_seconds=1)
    assert caught.value.__context__ is None


def test_the_passcode_appears_nowhere(upload, sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [upload(fault) for fault in ("none", "lost", "redirect", "forbidden")]
    transport = connect(Account("a", "in1", sandbox.url), SECRET, timeout_seconds=1)
    seen = f"{answers!r} {transport!r} {transport!s} {caplog.text}"
    transport.close()
    assert SECRET not in seen


def test_neither_netrc_nor_a_proxy_meddle_with_loopback(
    upload, sandbox, monkeypatch, tmp_path
):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert upload().happened is CallEnding.REPLIED


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def drip():
    """Serve bytes to the first connection, then more at intervals until it closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)
    threads = []

    def serve(head, then, every_seconds):
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(5)
            try:
                connection.recv(65_536)
                connection.sendall(head)
                while then:
                    time.sleep(every_seconds)
                    connection.sendall(then)
            except OSError:
                return

    def start(head, then=b"", every_seconds=0.0):
        thread = threading.Thread(target=serve, args=(head, then, every_seconds))
        thread.start()
        threads.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join()
    listener.close()
