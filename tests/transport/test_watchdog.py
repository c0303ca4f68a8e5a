"""A call ends in time, however slowly a real server answers, and no other is cut."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from ctsync.model.snapshot import Account
from ctsync.transport.http import connect
from ctsync.transport.upload_result import CallEnding
from ctsync.transport.watchdog import Watchdog, WatchedCall, note
from ctsync.transport.webhook import notify

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"status":"success"}'
CALL = b'{"d":[{"identity":"u1","profileData":{"Plan":"Gold"},"type":"profile"}]}'


@contextmanager
def serving(answer, *, wrap=lambda connection: connection):
    """Serve each connection by a function that is given it, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        threads = []

        def one(connection):
            with connection:
                try:
                    answer(wrap(connection))
                except OSError:
                    return

        def loop():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=one, args=(connection,)))
                threads[-1].start()

        accepting = threading.Thread(target=loop)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    accepting.join()
    for thread in threads:
        thread.join()


def dripping(head, piece):
    """Answer with a head, and then for ever with pieces that come one by one."""

    def answer(connection):
        connection.settimeout(10)
        connection.recv(65_536)
        connection.sendall(head)
        while True:
            time.sleep(0.03)
            connection.sendall(piece)

    return answer


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SLOW = {
    "nothing but the first word": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "one header after the other": dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "hints": dripping(b"", b"HTTP/1.1 103 Early\r\n\r\n"),
    "a body of no size": dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"{"),
    "a body of a size": dripping(
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"{"
    ),
    "chunks": dripping(CHUNKED, b"1\r\n{\r\n"),
    "the size of a chunk": dripping(CHUNKED, b"0"),
    "trailers": dripping(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "an error and its body": dripping(
        b"HTTP/1.1 502 Bad\r\nContent-Length: 99\r\n\r\n", b"x"
    ),
}


@contextmanager
def sending(port, **how):
    account = Account("A", "in1", f"http://127.0.0.1:{port}")
    transport = connect(account, "secret", **how)
    try:
        yield lambda: transport.upload(CALL, dry_run=False)
    finally:
        transport.close()


@pytest.mark.parametrize("name", SLOW)
def test_a_reply_that_drips_ends_in_time(name):
    with serving(SLOW[name]) as port, sending(port, timeout_seconds=0.3) as send:
        begun = time.monotonic()
        answer = send()
    assert time.monotonic() - begun < 3
    assert answer.happened is CallEnding.LOST
    assert answer.message in {"no reply in time", "HTTP 502 Bad Gateway"}


def silent(connection):
    connection.settimeout(10)
    while connection.recv(65_536):
        pass


def test_a_call_is_late_in_the_same_words_by_either_clock(monkeypatch):
    said = []
    for ends in (WatchedCall.bark, lambda _: None):
        monkeypatch.setattr(WatchedCall, "bark", ends)
        with serving(silent) as port, sending(port, timeout_seconds=0.2) as send:
            answer = send()
        said.append((answer.happened, answer.message, answer.said or ""))
    assert said == [(CallEnding.LOST, "no reply in time", "")] * 2


def kept_alive(connection, paces):
    """Answer call after call on one connection, each as late as is said."""
    connection.settimeout(10)
    while connection.recv(65_536):
        time.sleep(next(paces, 0))
        connection.sendall(OK)


def test_a_call_that_ended_is_cut_no_more_nor_is_the_next_on_its_connection():
    """Its time runs out while the next is at work, which has time of its own."""
    opened = []

    def answer(connection):
        opened.append(connection)
        kept_alive(connection, iter([0.0, 0.5, 0.5]))

    with (
        serving(answer) as port,
        sending(port, timeout_seconds=0.8, connections=1) as send,
    ):
        assert [send().happened for _ in range(3)] == [CallEnding.REPLIED] * 3
    assert len(opened) == 1


def test_one_slow_call_among_many_is_cut_alone():
    numbers = iter(range(8))

    def answer(connection):
        if next(numbers) == 3:
            dripping(CHUNKED, b"1\r\n{\r\n")(connection)
        kept_alive(connection, iter([0.2]))

    with (
        serving(answer) as port,
        sending(port, timeout_seconds=1, connections=8) as send,
        ThreadPoolExecutor(8) as pool,
    ):
        found = [each.result() for each in [pool.submit(send) for _ in range(8)]]
    told = sorted(answer.happened.name for answer in found)
    assert told == sorted(["LOST", *["REPLIED"] * 7])


def test_a_hint_is_passed_over_and_the_reply_is_that_of_its_call():
    def answer(connection):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)
        kept_alive(connection, iter([]))

    with serving(answer) as port, sending(port, timeout_seconds=5) as send:
        assert [send().status for _ in range(2)] == [200, 200]


def test_a_webhook_that_drips_is_let_go(monkeypatch):
    monkeypatch.setattr("ctsync.transport.webhook._TIMEOUT_SECONDS", 0.3)
    names = ("run", "digest", "environment", "exit_code", "counts", "calls", "seconds")
    told = dict.fromkeys((*names, "stopped"))
    with serving(SLOW["one header after the other"]) as port:
        begun = time.monotonic()
        said = notify(f"http://127.0.0.1:{port}/", told)
    assert time.monotonic() - begun < 3
    assert said is not None


class Line:
    """One end of a pair of sockets, as a connection."""

    def __init__(self):
        self.sock, self.other = socket.socketpair()
        self.call = None


@pytest.fixture
def line():
    made = Line()
    yield made
    made.sock.close()
    made.other.close()


def is_cut(line):
    line.other.settimeout(5)
    return line.other.recv(1) == b""


def test_what_is_noted_when_it_is_too_late_is_cut_at_once(line):
    watchdog = Watchdog(time.monotonic)
    with watchdog.watch(0.01) as call:
        while not call.is_over:
            time.sleep(0.01)
        note(line)
        assert is_cut(line)
        with pytest.raises(TimeoutError):
            call.require_time()
    watchdog.close()


def test_a_connection_that_serves_another_call_is_left_alone(line):
    watchdog = Watchdog(time.monotonic)
    with watchdog.watch(0.05) as first:
        note(line)
        with watchdog.watch(60):
            note(line)
            while not first.is_over:
                time.sleep(0.01)
            line.sock.sendall(b"x")
            assert line.other.recv(1) == b"x"
    watchdog.close()


def test_a_call_that_ended_is_never_over():
    watchdog = Watchdog(time.monotonic)
    with watchdog.watch(0.05) as call:
        pass
    with watchdog.watch(0.1) as later:
        while not later.is_over:
            time.sleep(0.01)
    assert not call.is_over
    watchdog.close()


def test_without_a_call_nothing_is_noted(line):
    note(line)
    assert line.call is None


def test_the_thread_ends_when_nobody_needs_it():
    before = threading.active_count()
    watchdog = Watchdog(time.monotonic)
    with watchdog.watch(60):
        assert threading.active_count() == before + 1
    watchdog.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
