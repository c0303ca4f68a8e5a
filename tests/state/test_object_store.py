"""A state in a bucket: what only there can go wrong."""

import itertools
import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import SimpleNamespace

import obstore
import pytest
from http_proxy import HttpProxy, pass_all
from object_server import BUCKET, PLAIN_BUCKET

from ctsync import object_client
from ctsync.errors import StateError, StateLocked, UsageError
from ctsync.files.own_folder import remove_abandoned
from ctsync.state import Holder, open_store
from ctsync.state.object_store import lease
from ctsync.state.object_store.mirror import Mirror

HEAD = {"lineage": "lineage-1", "serial": 1, "run": "r1"}
TERM_SECONDS = 1.5
OTHER = Holder("bob", "laptop", 99, "ctsync refresh", "2030-01-01T00:00:00Z")


@pytest.fixture
def place(object_server):
    return Place(object_server)


class Place:
    """A place of its own in the bucket, and what lies there."""

    numbers = itertools.count()

    def __init__(self, server, bucket=BUCKET):
        folder = f"own/{next(self.numbers)}-{os.getpid()}"
        self.location = f"s3://{bucket}/{folder}/"
        self.bucket = server.store(bucket, folder)

    def store(self, *, term_seconds=TERM_SECONDS, name=None):
        store = open_store(self.location, name=name)
        store.term_seconds = term_seconds
        return store

    def names(self):
        return sorted(m["path"] for page in obstore.list(self.bucket) for m in page)


@pytest.fixture
def proxy(object_server, monkeypatch):
    """A way to the server that a test can trouble; the environment leads through it."""
    made = HttpProxy(object_server.port)
    for name, value in object_server.variables(made.port).items():
        monkeypatch.setenv(name, value)
    yield made
    made.close()


# What the bucket must do


def test_a_bucket_without_versions_is_named(object_server):
    (fault,) = Place(object_server, PLAIN_BUCKET).store().probe()
    assert fault.code == "bucket_unversioned"
    assert "versioning" in fault.hint


@pytest.mark.parametrize("kind", [str, dict])
def test_a_bucket_that_ignores_conditions_is_refused_before_the_first_write(
    place, monkeypatch, holder, kind
):
    put = obstore.put

    def careless(store, name, data, *, mode=None):
        if isinstance(mode, kind):
            return put(store, name, data)
        return put(store, name, data, mode=mode)

    monkeypatch.setattr(obstore, "put", careless)
    (fault,) = place.store().probe()
    assert fault.code == "bucket_unfit"
    with (
        pytest.raises(StateError, match="not fit for a state"),
        place.store().lock(holder),
    ):
        pass
    assert place.names() == []


@pytest.mark.parametrize(
    "place",
    [
        "b\x1b[2J/p",
        "b\n/p",
        "b c/p",
        "b'/p",
        "[b/p",
        "b:1/p",
        "b/p\x1b",
        "-b/p",
        "u@b/p",
    ],
)
def test_what_no_bucket_is_called_is_refused_and_not_shown(object_server, place):
    with pytest.raises(UsageError) as caught:
        open_store(f"s3://{place}/").read()
    said = f"{caught.value.message} {caught.value.hint}"
    assert said.isprintable()
    assert place not in said


def test_a_missing_bucket_is_no_new_state(place, proxy):
    proxy.fate = lambda method, path: "no bucket"
    with pytest.raises(StateError, match="there is no bucket s3://versioned"):
        place.store().read()


def test_wrong_credentials_are_told_without_them(place, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-s3cret")
    with pytest.raises(StateError, match="credentials do not allow") as caught:
        place.store().read()
    assert "s3cret" not in f"{caught.value.message} {caught.value.hint}"


def test_states_in_folders_of_a_state_are_left_alone(place, entry, header, holder):
    inner = [place.store(name=name) for name in ("prod", "journal", "runs")]
    for store in inner:
        store.replace(header(), [entry("inner")])
        store.open_journal(HEAD).close()
    with place.store().lock(holder):
        place.store().replace(header(), [entry("a")])
        place.store().discard_journal()
    for store in inner:
        assert [e.key.id for e in store.read().entries()] == ["inner"]
        assert store.journal().head["run"] == "r1"


def test_nothing_piles_up(place, entry, header, holder):
    with place.store().lock(holder):
        pass
    store = place.store()
    for serial in range(1, 5):
        with store.lock(holder):
            with store.open_journal(HEAD) as writer:
                writer.append({"n": serial}, sync=True)
            store.replace(header(serial), [entry("a")])
            store.append_run({"run": f"r{serial}"}, [{"n": 1}], keep=2)
            store.discard_journal()
    kinds = [name.partition("/")[0].partition("-")[0] for name in place.names()]
    assert kinds == ["ctsync", "head.json", "runs", "runs"]


# Signing in, by what a pipeline has


@pytest.fixture
def cloud():
    """A server that finds nothing, and notes what it was shown."""
    shown = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            shown.append(self.headers.get("Authorization"))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.shown = shown
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def looked_at(location, monkeypatch, variables):
    """Read a state over plain HTTP of this machine, which no cloud speaks."""
    monkeypatch.setattr(object_client, "_plain_http", lambda _: {"allow_http": True})
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert open_store(location).read().header is None


def test_google_takes_the_token_that_a_pipeline_was_given(cloud, monkeypatch):
    url = f"http://127.0.0.1:{cloud.server_port}"
    variables = {"GOOGLE_OAUTH_ACCESS_TOKEN": "t0ken", "GOOGLE_BASE_URL": url}
    looked_at("gs://bucket/crm/", monkeypatch, variables)
    assert set(cloud.shown) == {"Bearer t0ken"}


def test_azure_takes_whom_its_own_tool_signed_in(cloud, monkeypatch, tmp_path):
    tool = tmp_path / "az"
    answer = {"accessToken": "t0ken", "expiresOn": "2099-01-01 00:00:00.000000"}
    more = {"expires_on": 4070908800, "subscription": "s", "tenant": "t"}
    answer |= more | {"tokenType": "Bearer"}
    tool.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    tool.chmod(0o755)
    variables = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "AZURE_USE_AZURE_CLI": "true",
        "AZURE_STORAGE_ACCOUNT_NAME": "acme",
        "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{cloud.server_port}",
    }
    looked_at("az://container/crm/", monkeypatch, variables)
    assert set(cloud.shown) == {"Bearer t0ken"}


# The lease


def test_who_comes_second_learns_soon_that_the_first_is_alive(place, holder):
    with place.store(term_seconds=6).lock(OTHER):
        began = lease.boot_seconds()
        with pytest.raises(StateLocked, match="bob@laptop"), place.store().lock(holder):
            pass
        assert lease.boot_seconds() - began < 6


def test_a_lease_that_moves_is_never_taken(place, holder):
    taken = []
    with place.store().lock(OTHER):
        for _ in range(3):
            try:
                with place.store().lock(holder, timeout_seconds=TERM_SECONDS):
                    taken.append(True)
            except StateLocked:
                pass
    assert taken == []


def still(store):
    """Let a store's lease stand still once it is held: its renewals are lost."""
    store._held._is_over.set()


def test_who_lost_the_lease_can_neither_write_nor_send(place, entry, header, holder):
    first = place.store()
    with first.lock(OTHER):
        writer = first.open_journal(HEAD)
        writer.append({"n": 1}, sync=True)
        still(first)
        second = place.store()
        with second.lock(holder):
            assert list(second.journal().lines()) == [{"n": 1}]
            for act in (
                writer.check_lock,
                lambda: writer.append({"n": 2}, sync=True),
                lambda: first.replace(header(), [entry("late")]),
                first.discard_journal,
                lambda: first.open_journal(HEAD),
                lambda: first.amend(header(serial=1), []),
                lambda: first.append_run({"run": "late"}, keep=9),
            ):
                with pytest.raises(StateError) as caught:
                    act()
                assert caught.value.code == "lock_lost"
            assert list(second.journal().lines()) == [{"n": 1}]
            second.replace(header(), [entry("a")])
            second.discard_journal()
        writer.close()
    assert [e.key.id for e in place.store().read().entries()] == ["a"]
    assert list(place.store().runs()) == []


def test_the_bucket_itself_refuses_the_next_line_of_who_lost_the_lease(place, holder):
    """Even where its own clock tells it that all is well."""
    first = place.store()
    with first.lock(OTHER):
        writer = first.open_journal(HEAD)
        first._held._safe_until = float("inf")
        still(first)
        with place.store().lock(holder):
            with pytest.raises(StateError) as caught:
                writer.append({"n": 2}, sync=True)
            assert caught.value.code == "lock_lost"
        writer.close()


def test_a_holder_that_paused_and_lost_nothing_goes_on(place):
    store = place.store()
    with store.lock(OTHER), store.open_journal(HEAD) as writer:
        store._held._safe_until = 0.0
        writer.check_lock()
        writer.append({"n": 1}, sync=True)
    assert list(place.store().journal().lines()) == [{"n": 1}]


# Troubles of the way


def test_lost_answers_and_busy_servers_lose_no_line_and_double_none(
    place, proxy, entry, header, holder
):
    random, counts = Random(7), itertools.count()

    def fate(method, path):
        if next(counts) % 3 or method not in {"PUT", "GET"}:
            return "pass"
        return random.choice(["busy", "lost", "cut"])

    proxy.fate = fate
    store = place.store(term_seconds=60)
    with store.lock(holder):
        with store.open_journal(HEAD) as writer:
            for number in range(30):
                writer.append({"n": number}, sync=True)
        store.replace(header(), [entry("a")])
        proxy.fate = pass_all
        lines = list(store.journal().lines())
    assert [line["n"] for line in lines] == list(range(30))
    assert [e.key.id for e in place.store().read().entries()] == ["a"]


def test_what_many_threads_note_at_once_travels_together(place, proxy, holder):
    proxy.latency_seconds = 0.05
    store = place.store(term_seconds=60)
    with store.lock(holder), store.open_journal(HEAD) as writer:
        proxy.requests.clear()

        def note(thread):
            for number in range(4):
                writer.append({"t": thread, "n": number}, sync=True)

        threads = [threading.Thread(target=note, args=(n,)) for n in range(15)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        puts = [path for method, path in proxy.requests if "journal/" in path]
        assert len(puts) < 30
    assert len(list(place.store().journal().lines())) == 60


def test_a_server_that_comes_back_has_all_that_was_acknowledged(
    entry, header, holder, monkeypatch
):
    from object_server import ObjectServer

    monkeypatch.setattr("ctsync.object_client.RETRY_SECONDS", 1)
    # By itself it takes half a minute to be its own master again.
    server = ObjectServer("-master.electionTimeout=1s")
    try:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        place = Place(server)
        store = place.store()
        with store.lock(holder):
            store.replace(header(), [entry("a")])
            with store.open_journal(HEAD) as writer:
                writer.append({"n": 1}, sync=True)
                server.stop(how=signal.SIGKILL)
                with pytest.raises(StateError):
                    writer.append({"n": 2}, sync=True)
        with pytest.raises(StateError, match="does not answer"):
            place.store().read()
        server.start()
        again = place.store()
        with again.lock(holder):
            assert [e.key.id for e in again.read().entries()] == ["a"]
            assert list(again.journal().lines()) == [{"n": 1}]
    finally:
        server.close()


def test_a_part_of_the_journal_that_is_missing_is_named(place):
    with place.store().open_journal(HEAD) as writer:
        for number in range(3):
            writer.append({"n": number}, sync=True)
    names = [name for name in place.names() if name.endswith("/00000002")]
    obstore.delete(place.bucket, names)
    with pytest.raises(StateError, match="part of the journal") as caught:
        place.store().journal()
    assert caught.value.code == "journal_damaged"


# Copies of readers


COPYING = """
import sys, time
from ctsync.state import open_store
snapshot = open_store(sys.argv[1]).read()
list(snapshot.entries())
print("read", flush=True)
time.sleep(60)
"""


def mirrors(folder):
    return sorted(folder.glob("ctsync-mirror-*"))


def test_copies_of_a_reader_that_was_killed_go_with_the_next_reader(
    place, entry, header, python, tmp_path, monkeypatch
):
    place.store().replace(header(), [entry("a")])
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with python(COPYING, place.location) as killed:
        assert killed.stdout.readline() == "read\n"
        (left,) = mirrors(tmp_path)
        assert list(left.iterdir())
        killed.kill()
        killed.wait()
    with python(COPYING, place.location) as reading:
        assert reading.stdout.readline() == "read\n"
        (now,) = mirrors(tmp_path)
        assert now != left
        snapshot = place.store().read()
        assert len(mirrors(tmp_path)) == 2
    del snapshot


def test_only_what_nobody_holds_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    held = Mirror(SimpleNamespace(location="s3://b/"))
    abandoned = tmp_path / "ctsync-mirror-left"
    abandoned.mkdir()
    (abandoned / "copy").write_text("personal")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "ctsync-mirror-link").symlink_to(elsewhere)
    remove_abandoned(tmp_path)
    assert held.path.is_dir()
    assert elsewhere.is_dir()
    assert not abandoned.exists()
    path = held.path
    del held
    assert not path.exists()
