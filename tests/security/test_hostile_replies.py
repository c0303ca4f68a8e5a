"""A server may answer anything: calls end in time, in little memory, in plain text."""

import gzip
import json
import re
import tracemalloc
import unicodedata
import zlib
from time import monotonic, sleep

import pytest

from ctsync.model.snapshot import Account
from ctsync.transport.http import connect
from ctsync.transport.upload_result import CallEnding

MEGABYTE = 1_000_000
REPLIED, LOST, REFUSED = CallEnding.REPLIED, CallEnding.LOST, CallEnding.REFUSED


def reply(head, body=b"", *headers):
    lines = [b"HTTP/1.1 " + head, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def says(head, body=b"", *headers):
    return lambda connection: connection.sendall(reply(head, body, *headers))


def bare(data):
    return lambda connection: connection.sendall(data)


def packed(data, encoding, head=b"200 OK"):
    return says(head, data, b"Content-Encoding: " + encoding)


def endless(head):
    def act(connection):
        connection.sendall(head + b"\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    return act


def dripping(start, drop):
    def act(connection):
        connection.sendall(start)
        while True:
            sleep(0.02)
            connection.sendall(drop)

    return act


def _deflated(number):
    packer = zlib.compressobj()
    parts = [packer.compress(b" " * MEGABYTE) for _ in range(number)]
    return b"".join([*parts, packer.flush()])


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP_BOMB = gzip.compress(b" " * 100 * MEGABYTE, 1)
DEFLATE_BOMB = _deflated(100)
LONG = b"Content-Length: 999999999"

ACTS = {
    "endless body": (endless(OK + LONG), {REPLIED, LOST}),
    "endless body without a length": (endless(OK + b"Connection: close"), {REPLIED}),
    "endless error page": (endless(b"HTTP/1.1 500 No\r\n" + LONG), {LOST}),
    "endless redirect": (
        endless(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n" + LONG),
        {REFUSED},
    ),
    "endless head": (dripping(OK + b"X: ", b"y" * 65_536), {LOST}),
    "dripping head": (dripping(OK + b"X: ", b"y"), {LOST}),
    "dripping headers": (dripping(OK, b"X: y\r\n"), {LOST}),
    "dripping status": (dripping(b"HTTP/1.1 200 O", b"K"), {LOST}),
    "dripping hints": (dripping(b"", b"HTTP/1.1 103 Early\r\n\r\n"), {LOST}),
    "dripping body": (dripping(OK + LONG + b"\r\n\r\n", b" "), {LOST}),
    "dripping chunk size": (dripping(CHUNKED, b"1"), {LOST}),
    "dripping chunks": (dripping(CHUNKED, b"1\r\n \r\n"), {LOST}),
    "gzip bomb": (packed(GZIP_BOMB, b"gzip"), {REPLIED}),
    "deflate bomb": (packed(DEFLATE_BOMB, b"deflate"), {REPLIED}),
    "bomb in a redirect": (
        says(b"302 Found", GZIP_BOMB, b"Location: /x", b"Content-Encoding: gzip"),
        {REFUSED},
    ),
    "bomb in an error": (packed(GZIP_BOMB, b"gzip", b"500 No"), {LOST}),
    "bomb in a bomb": (packed(gzip.compress(GZIP_BOMB), b"gzip, gzip"), {REPLIED}),
    "packing nobody asked for": (packed(b"\x1b\x02", b"br"), {REPLIED}),
    "packing that is none": (packed(b"{}", b"gzip"), {LOST}),
    "huge header": (says(b"200 OK", b"", b"X: " + b"y" * 70_000), {LOST}),
    "many headers": (says(b"200 OK", b"", *[b"X: y"] * 150), {LOST}),
    "headers without a name": (says(b"200 OK", b"{}", b": y", b"y"), {REPLIED, LOST}),
    "no HTTP": (bare(b"SSH-2.0-OpenSSH_9.6\r\n"), {LOST}),
    "no status": (bare(b"HTTP/1.1 abc OK\r\n\r\n"), {LOST}),
    "old HTTP": (bare(b"HTTP/0.9 200 OK\r\n\r\n{}"), {REPLIED, LOST}),
    "status beyond all": (says(b"999 Much"), {LOST}),
    "status below all": (bare(b"HTTP/1.1 007 Bond\r\n\r\n"), {LOST}),
    "another protocol": (bare(b"HTTP/1.1 101 Switching\r\n\r\n"), {LOST}),
    "negative length": (bare(OK + b"Content-Length: -5\r\n\r\n{}"), {REPLIED, LOST}),
    "length that is none": (bare(OK + b"Content-Length: x\r\n\r\n{}"), {REPLIED, LOST}),
    "two lengths": (says(b"200 OK", b"{}", b"Content-Length: 3"), {REPLIED, LOST}),
    "length and chunks": (
        bare(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        {LOST},
    ),
    "huge chunk": (bare(CHUNKED + b"f" * 40 + b"\r\n{}"), {LOST}),
    "negative chunk": (bare(CHUNKED + b"-5\r\n{}"), {LOST}),
    "no UTF-8": (says(b"500 No", b'{"error":"\xff\xfe"}'), {LOST}),
    "deep JSON": (says(b"500 No", b"[" * 100_000), {LOST}),
    "huge number": (says(b"500 No", b'{"error":' + b"9" * 100_000 + b"}"), {LOST}),
    "huge error text": (
        says(b"500 No", b'{"error":"' + b"e" * 10 * MEGABYTE + b'"}'),
        {LOST},
    ),
    "escapes in the status line": (says(b"500 \x1b[2J\x1b]0;owned\x07"), {LOST}),
    "Location that is none": (says(b"302 F", b"", b"Location: http://[::1"), {REFUSED}),
    "Location in no alphabet": (says(b"302 F", b"", b"Location: \xff\xfe"), {REFUSED}),
    "wait that is none": (
        says(b"429 No", b"", b"Retry-After: -1"),
        {CallEnding.THROTTLED},
    ),
    "cookies": (says(b"200 OK", b"{}", b"Set-Cookie: a=b"), {REPLIED}),
}

# Much has to be sent, so it takes a while.
SLOW = [name for name in ACTS if re.search("endless|bomb|huge error", name)]


@pytest.mark.parametrize("name", ACTS)
def test_a_call_ends_well_whatever_comes_back(listen, send, name):
    act, expected = ACTS[name]
    begun = monotonic()
    answer = send(listen(act).url, seconds=2.0 if name in SLOW else 0.3)
    seconds = monotonic() - begun
    assert answer.happened in expected
    assert len(answer.message) <= 300
    assert answer.message.isprintable()
    assert len(answer.body or b"") <= 16 * MEGABYTE
    assert answer.retry_after is None
    assert seconds < 4


@pytest.mark.parametrize(
    "name", ["gzip bomb", "deflate bomb", "bomb in a redirect", "endless redirect"]
)
def test_a_bomb_takes_little_memory(listen, send, name):
    act, _ = ACTS[name]
    listener = listen(act)
    send(listener.url, seconds=5)  # so that nothing is imported below
    tracemalloc.start()
    try:
        send(listener.url, seconds=5)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 64 * MEGABYTE


def test_a_hint_is_not_taken_for_a_reply_nor_the_reply_for_the_next(listen):
    """Else the second call would be acknowledged by what was said of the first."""
    numbers = iter(range(9))

    def act(connection):
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        sleep(0.05)
        body = b'{"call":%d}' % next(numbers)
        connection.sendall(reply(b"200 OK", body))

    transport = connect(Account("a", "in1", listen(act).url), "p", timeout_seconds=2)
    bodies = [transport.upload(b"{}", dry_run=False).body for _ in range(3)]
    transport.close()
    assert bodies == [b'{"call":%d}' % number for number in range(3)]


NASTY = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\u2028\u200b\x00\r\nok"
INJECTIONS = [
    NASTY,
    "</script><script>alert(1)</script>",
    "::error file=x::owned",
    "\n::set-output name=x::y",
    "e" * 2_000_000,
]


@pytest.mark.parametrize("text", INJECTIONS, ids=["nasty", "html", "ci", "ci2", "long"])
@pytest.mark.parametrize("format_name", ["text", "json"])
def test_error_texts_obey_nobody(listen, desk, text, format_name):
    item = {"status": "fail", "code": 516, "error": f"{text}Skipped record number : 1"}
    answer = {"status": "partial", "processed": 1, "unprocessed": [item]}
    body = json.dumps(answer).encode()
    desk.project(url=listen(says(b"200 OK", body)).url)
    ended = desk.apply("--report", "r.jsonl", "--format", format_name)
    assert ended.code == 3
    report = (desk.folder / "r.jsonl").read_text()
    assert "516" in report
    for said in (ended.out, ended.err, ended.log, report):
        odd = {
            c for c in said if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029"
        }
        assert odd <= {"\n"}
        assert not any(line.startswith("::") for line in said.splitlines())
        assert len(said) < 20_000


@pytest.mark.parametrize("status", [400, 500, 302])
def test_texts_of_whole_calls_obey_nobody_either(listen, desk, status):
    body = json.dumps({"error": NASTY}).encode()
    desk.project(url=listen(says(b"%d X" % status, body)).url)
    for format_name in ("text", "json"):
        ended = desk.apply("--format", format_name, "-v", "-v")
        assert ended.code in {1, 3}
        assert "owned" not in ended.said
        odd = {c for c in ended.said if unicodedata.category(c)[0] == "C"}
        assert odd <= {"\n"}


@pytest.mark.parametrize("status", [400, 401, 503])
def test_a_server_that_repeats_passcode_and_values_is_not_repeated(
    status, tmp_path, monkeypatch, capsys
):
    """Neither on a screen nor in any file, also where the text is of the whole call."""
    import http.server
    import threading

    from ctsync.cli.app import run

    class Parrot(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            said = f'{{"error": "wrong {PARROTED} of ann@heart.example Ann Heart"}}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Parrot)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    (tmp_path / "ctsync.yaml").write_text(
        f"version: 1\naccount: {{id: A, region: in1, endpoint: '{url}'}}\n"
        "state: state.jsonl\nprofiles:\n"
        "- identity: u1\n  attributes: {Email: ann@heart.example, Name: Ann Heart}\n"
        "- {identity: u2, attributes: {Plan: Gold}}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", PARROTED)
    for room in ("clock", "send_plan"):
        monkeypatch.setattr(f"ctsync.cli.{room}.time", JumpingClock())
    words = "apply --auto-approve --first-run -vv --report r.jsonl --format json"
    try:
        assert run(words.split()) in {1, 3}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    out, err = capsys.readouterr()
    files = (path for path in tmp_path.rglob("*") if path.is_file())
    left = b"".join(p.read_bytes() for p in files if p.suffix != ".yaml")
    for secret in (PARROTED, "ann@heart.example", "Ann Heart", "wrong"):
        assert secret not in out + err
    assert PARROTED.encode() not in left
    left = left.replace((tmp_path / "r.jsonl").read_bytes(), b"")
    assert b"of ann@heart" not in left  # entries hold the value, no text does


PARROTED = "SECRET-pass-77"


class JumpingClock:
    """Time in which a wait is over at once."""

    def __init__(self):
        self.slept = 0.0

    def time(self):
        return 1_800_000_000.0 + self.slept

    monotonic = time

    def sleep(self, seconds):
        self.slept += seconds
