"""The passcode goes to the address of the project, over https or loopback, only."""

import os
import socket
import ssl
import subprocess
from time import monotonic, sleep

import pytest

from ctsync.transport.upload_result import CallEnding
from ctsync.transport.webhook import notify

PASSCODE = "CANARY-PASSCODE-7f3a"
TAKEN = b'{"status":"success","processed":2,"unprocessed":[]}'
DOCUMENT = dict.fromkeys(
    ("run", "digest", "environment", "exit_code", "counts", "calls", "seconds",
     "stopped")
)  # fmt: skip


def answers(status, *headers, body=b""):
    lines = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % len(body), *headers]
    said = b"\r\n".join(lines) + b"\r\n\r\n" + body
    return lambda connection: connection.sendall(said)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("place", ["other", "same", "name"])
def test_redirects_are_never_followed(listen, send, status, place):
    elsewhere = listen(answers(200, body=TAKEN))
    to = {
        "other": elsewhere.url,
        "same": "/1/upload",
        "name": f"//localhost:{elsewhere.port}/",
    }[place]
    first = listen(answers(status, b"Location: " + to.encode()))
    answer = send(first.url, seconds=2)
    assert answer.happened in {CallEnding.REFUSED, CallEnding.LOST}
    assert elsewhere.heard == []
    assert first.said.count(b"POST ") == 1
    assert PASSCODE.encode() in first.said


def test_a_refresh_or_a_service_elsewhere_is_not_followed(listen, send):
    elsewhere = listen(answers(200, body=TAKEN))
    to = elsewhere.url.encode()
    first = listen(
        answers(
            200, b"Refresh: 0; url=" + to, b'Alt-Svc: h2="%b"' % to[7:], body=TAKEN
        )
    )  # fmt: skip
    send(first.url, seconds=2)
    send(first.url, seconds=2)
    assert elsewhere.heard == []


@pytest.mark.parametrize("status", [302, 307])
def test_a_webhook_is_not_followed_either(listen, status):
    elsewhere = listen(answers(200))
    first = listen(answers(status, b"Location: " + elsewhere.url.encode()))
    trouble = notify(f"{first.url}/CANARY-HOOK", DOCUMENT)
    assert trouble == f"the webhook answered HTTP {status}"
    assert elsewhere.heard == []
    assert PASSCODE.encode() not in first.said


@pytest.mark.parametrize(
    "url",
    ["http://[::1/CANARY", "https://ex\u2100mple.com/CANARY", "https://x:1y/CANARY",
     "https://a b/CANARY", "http://127.0.0.1:1/CANARY", "https://\x00/CANARY"],
)  # fmt: skip
def test_no_webhook_is_named_or_crashes(url):
    trouble = notify(url, DOCUMENT)
    assert trouble is not None
    assert "CANARY" not in trouble
    assert "mple" not in trouble


@pytest.mark.parametrize("drop", [b"y", b"X: y\r\n"])
def test_a_webhook_that_drips_or_never_ends_does_not_hold_an_apply(
    listen, monkeypatch, drop
):
    def act(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            sleep(0.02)
            connection.sendall(drop)

    monkeypatch.setattr("ctsync.transport.webhook._TIMEOUT_SECONDS", 0.3)
    begun = monotonic()
    assert notify(listen(act).url, DOCUMENT) is not None
    assert monotonic() - begun < 3


def test_what_a_webhook_answers_is_not_read(listen):
    def act(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    assert notify(listen(act).url, DOCUMENT) is None


def test_a_webhook_without_an_address_is_found_before_anything_is_sent(desk):
    desk.project("notify: ${CANARY_HOOK_ADDRESS}")
    ended = desk.apply()
    assert ended.code == 1
    assert "CANARY_HOOK_ADDRESS" in ended.err
    assert desk.sandbox.platform.call_count == 0
    assert not (desk.folder / "state.jsonl").exists()


FOREIGN = [
    "http://example.com",
    "http://10.0.0.1",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "http://[::ffff:8.8.8.8]",
    "http://0x7f000001.example.com",
    "http://127.0.0.1@example.com",
    "http://127.0.0.1\\@example.com",
    "http://example.com#@127.0.0.1",
    "http://example.com?@127.0.0.1",
    "ftp://127.0.0.1",
    "//127.0.0.1",
    "http://0.0.0.0",
    "http://169.254.169.254",
]


@pytest.fixture
def no_network(monkeypatch):
    """Note every look-up and connection, and let none happen."""
    tried = []

    def refuse(*words, **_):
        tried.append(words)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


@pytest.mark.parametrize("endpoint", FOREIGN)
def test_a_foreign_host_without_tls_is_refused_before_any_look_up(
    desk, no_network, endpoint
):
    desk.project(url=endpoint.replace("\\", "\\\\"))
    ended = desk.apply()
    assert ended.code == 1
    assert no_network == []
    assert PASSCODE not in ended.said


def test_what_stands_before_an_at_sign_is_not_shown(desk, no_network):
    for url in ("https://ann:CANARY-WORD@example.com", "https://CANARY-WORD@a.com"):
        desk.project(url=url)
        for words in (["plan"], ["apply", "--auto-approve"], ["validate"]):
            ended = desk.run(*words, "-v", "-v")
            assert ended.code == 1
            assert "CANARY-WORD" not in ended.said
    assert no_network == []


PROXIES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy",
           "ALL_PROXY"]  # fmt: skip


def test_loopback_meets_no_proxy(listen, desk, monkeypatch):
    proxy = listen(answers(200, body=TAKEN))
    for name in PROXIES:
        monkeypatch.setenv(name, proxy.url)
    assert desk.apply().code == 0
    assert proxy.heard == []


def test_a_proxy_sees_a_name_and_never_the_passcode(listen, send, monkeypatch):
    proxy = listen(answers(200, body=TAKEN))
    for name in PROXIES:
        monkeypatch.setenv(name, proxy.url)
    answer = send("https://in1.api.clevertap.invalid", seconds=1)
    assert answer.happened is CallEnding.UNREACHABLE
    assert proxy.said.startswith(b"CONNECT in1.api.clevertap.invalid:443 ")
    assert PASSCODE.encode() not in proxy.said
    assert b"CleverTap" not in proxy.said


def test_a_netrc_adds_nothing(listen, send, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login ann password CANARY-NETRC\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    platform = listen(answers(200, body=TAKEN))
    send(platform.url)
    notify(platform.url, DOCUMENT)
    assert b"uthorization" not in platform.said
    assert platform.said.count(b"POST ") == 2


def test_cookies_are_not_kept(listen, send):
    platform = listen(answers(200, b"Set-Cookie: a=CANARY; Path=/", body=TAKEN))
    send(platform.url)
    send(platform.url)
    assert b"ookie" not in platform.said


UNFIT = ["CANARY\nX-Evil: 1", "CANARY\r\nHost: evil", "CANARY-\u0142", "CANARY\x00",
         " CANARY", "CANARY\u2028X", "CANARY\t"]  # fmt: skip


@pytest.mark.parametrize("passcode", UNFIT)
def test_a_passcode_that_cannot_travel_is_an_error_that_does_not_show_it(
    desk, monkeypatch, passcode
):
    # The system itself lets no NUL into an environment.
    variables = {**os.environ, "CLEVERTAP_PASSCODE": passcode}
    monkeypatch.setattr("os.environ", variables)
    for format_name in ("text", "json"):
        ended = desk.apply("--format", format_name, "-v", "-v")
        assert ended.code == 1
        assert "the passcode" in ended.said
        assert "line break" in ended.said
        assert "CANARY" not in ended.said
    assert desk.sandbox.platform.call_count == 0
    assert not (desk.folder / "state.jsonl.journal").exists()


# --- Certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Certificates that vouch for themselves, by the name they are made out to."""
    folder = tmp_path_factory.mktemp("certificates")

    def make(name):
        key, crt = folder / f"{name}.key", folder / f"{name}.crt"
        words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
        words += f" -nodes -days 2 -subj /CN=here -keyout {key} -out {crt}"
        words += f" -addext subjectAltName={name}"
        subprocess.run(words.split(), check=True, capture_output=True)
        return key, crt

    try:
        return {name: make(name) for name in ("IP:127.0.0.1", "DNS:other.example")}
    except FileNotFoundError:
        pytest.skip("there is no openssl")


@pytest.fixture
def https(listen, certificates):
    def start(name):
        key, crt = certificates[name]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(crt, key)
        listener = listen(answers(200, body=TAKEN))
        listener.context = context
        return listener, str(crt)

    return start


def test_a_certificate_that_vouches_for_itself_is_refused(https, send):
    listener, _ = https("IP:127.0.0.1")
    answer = send(listener.url.replace("http:", "https:"), seconds=2)
    assert answer.happened is CallEnding.UNREACHABLE
    assert "certificate verify failed" in answer.message
    assert listener.said == b""


def test_a_certificate_for_somebody_else_is_refused(https, send, monkeypatch):
    listener, crt = https("DNS:other.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", crt)
    answer = send(listener.url.replace("http:", "https:"), seconds=2)
    assert answer.happened is CallEnding.UNREACHABLE
    assert "certificate" in answer.message
    assert listener.said == b""


def test_an_authority_of_ones_own_is_named_by_a_variable(https, send, monkeypatch):
    listener, crt = https("IP:127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", crt)
    answer = send(listener.url.replace("http:", "https:"), seconds=2)
    assert answer.happened is CallEnding.REPLIED
    assert PASSCODE.encode() in listener.said


@pytest.mark.parametrize(
    ("name", "value"),
    [("PYTHONHTTPSVERIFY", "0"), ("REQUESTS_CA_BUNDLE", ""), ("CURL_CA_BUNDLE", ""),
     ("SSL_VERIFY", "false"), ("CURL_INSECURE", "1")],
)  # fmt: skip
def test_no_variable_switches_the_check_off(https, send, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    listener, _ = https("IP:127.0.0.1")
    answer = send(listener.url.replace("http:", "https:"), seconds=2)
    assert answer.happened is CallEnding.UNREACHABLE


def test_a_webhook_needs_a_certificate_too(https):
    listener, _ = https("IP:127.0.0.1")
    assert "SSLError" in notify(listener.url.replace("http:", "https:"), DOCUMENT)
    assert listener.said == b""
