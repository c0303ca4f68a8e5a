"""A state in a PostgreSQL database: what only there can go wrong."""

import contextlib
import itertools
import os
import signal
import sys
from time import monotonic, sleep

import pytest

from ctsync.errors import StateError, StateLocked, UsageError
from ctsync.state import open_store
from ctsync.state.postgres.options import connect_options, shown
from ctsync.state.postgres.session import Session
from ctsync.state.postgres.tenure import TRUSTED_SECONDS

HEAD = {"lineage": "lineage-1", "serial": 1, "run": "r1"}


@pytest.fixture
def database(postgres_server):
    """A new database of its own, and what its owner may run there."""
    return Database(postgres_server)


class Database:
    numbers = itertools.count()

    def __init__(self, server):
        self.server, self.name = server, f"fresh{next(self.numbers)}_{os.getpid()}"
        server.run(f"CREATE DATABASE {self.name}")

    def store(self, name="prod"):
        return open_store(self.server.url(self.name), name=name)

    def run(self, *statements):
        for statement in statements:
            found = self.server.run(statement, database=self.name)
        return found


class Role:
    """A role that may log in, and nothing else; it is this database's alone."""

    def __init__(self, database, kind):
        self.database, self.name = database, f"{kind}_{database.name}"
        database.server.run(f"CREATE ROLE {self.name} LOGIN PASSWORD 'role-s3cret'")

    def store(self):
        place = f"127.0.0.1:{self.database.server.port}/{self.database.name}"
        return open_store(f"postgresql://{self.name}:role-s3cret@{place}")


# Schema


def test_reading_makes_no_tables(database):
    assert database.store().read().header is None
    assert database.store().journal() is None
    assert list(database.store().runs()) == []
    assert database.run("SELECT to_regnamespace('ctsync')") == [(None,)]


def test_many_states_stand_side_by_side(database, entry, header, holder):
    with database.store("a").lock(holder), database.store("b").lock(holder):
        database.store("a").replace(header(), [entry("x")])
        database.store("b").replace(header(), [entry("y"), entry("z")])
        database.store("a").open_journal(HEAD).close()
    database.store("a").discard_journal()
    assert [e.key.id for e in database.store("b").read().entries()] == ["y", "z"]
    assert [e.key.id for e in database.store("a").read().entries()] == ["x"]


def test_two_who_come_first_at_the_same_time_make_the_tables_once(
    database, holder, python
):
    script = """
import sys
from ctsync.state import Holder, open_store
holder = Holder("bob", "laptop", 99, "ctsync apply", "2030-01-01T00:00:00Z")
with open_store(sys.argv[1], name=sys.argv[2]).lock(holder):
    print("held", flush=True)
"""
    url = database.server.url(database.name)
    with python(script, url, "a") as one, python(script, url, "b") as other:
        assert one.stdout.read() == other.stdout.read() == "held\n"
    assert database.run("SELECT number FROM ctsync.version") == [(1,)]


def test_tables_of_a_newer_version_are_refused(database, entry, header):
    database.store().replace(header(), [entry("a")])
    database.run("UPDATE ctsync.version SET number = 99")
    for act in (database.store().read, lambda: database.store().replace(header(), [])):
        with pytest.raises(StateError, match="made by a newer ctsync") as caught:
            act()
        assert caught.value.code == "state_newer"


# Rights, as specs/state.md gives them


def test_a_role_that_owns_the_schema_needs_nothing_else(
    database, entry, header, holder
):
    runner = Role(database, "runner")
    store = runner.store()
    database.run(f"CREATE SCHEMA ctsync AUTHORIZATION {runner.name}")
    with store.lock(holder):
        store.replace(header(), [entry("a")])
        store.open_journal(HEAD).close()
        store.discard_journal()
        store.append_run({"run": "r1"}, keep=1)
    assert store.read().header.entries == 1


def test_a_role_that_only_reads_plans_and_cannot_write(database, entry, header, holder):
    database.store("default").replace(header(), [entry("a")])
    reader = Role(database, "reader")
    database.run(
        f"GRANT USAGE ON SCHEMA ctsync TO {reader.name}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA ctsync TO {reader.name}",
    )
    store = reader.store()
    assert [e.key.id for e in store.read().entries()] == ["a"]
    with pytest.raises(StateError, match="role may not") as caught, store.lock(holder):
        pass
    assert "specs/state.md" in caught.value.hint


def test_other_roles_read_nothing(database, entry, header):
    database.store("default").replace(header(), [entry("a")])
    with pytest.raises(StateError, match="role may not"):
        Role(database, "stranger").store().read()


# Addresses


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda url: url.replace("s3cret", "s3cret-wrong"), "refuses the user"),
        (lambda url: f"{url.rpartition('/')[0]}/nowhere-s3cret", "no such database"),
        (lambda url: f"{url}?sslmode=require", "does not speak TLS"),
        (lambda url: url.rpartition(":")[0] + ":1/s3cret", "nothing listens there"),
    ],
    ids=["password", "database", "tls", "port"],
)
def test_what_cannot_be_reached_is_told_without_the_address(postgres_server, edit, why):
    with pytest.raises(StateError, match=why) as caught:
        open_store(edit(postgres_server.url())).read()
    said = f"{caught.value.message} {caught.value.hint}"
    assert "postgresql://127.0.0.1" in said
    assert "s3cret" not in said
    assert str(postgres_server.port) not in said


@pytest.mark.parametrize(
    ("url", "called"),
    [
        (
            "postgresql://ada:pw@db.example.com:5432/crm?x=y",
            "postgresql://db.example.com",
        ),
        ("postgres://db/crm", "postgresql://db"),
        ("postgresql:///crm?host=/run/pg", "postgresql://..."),
        ("postgresql://[broken", "postgresql://..."),
    ],
)
def test_an_address_is_called_by_scheme_and_host(url, called):
    assert shown(url) == called


def test_an_address_that_is_none_is_refused_without_showing_it():
    with pytest.raises(UsageError) as caught:
        open_store("postgresql://ada:s3cret@db:port/crm?nonsense=1").read()
    assert "s3cret" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("url", "variables", "mode"),
    [
        ("postgresql://db.example.com/crm", {}, "require"),
        ("postgresql://10.0.0.7/crm", {}, "require"),
        ("postgresql:///crm?host=db1,localhost", {}, "require"),
        ("postgresql:///crm", {"PGHOST": "db"}, "require"),
        ("postgresql://db/crm", {"PGSSLMODE": "verify-full"}, None),
        ("postgresql://db/crm?sslmode=disable", {}, "disable"),
        ("postgresql://db/crm?sslmode=verify-full", {}, "verify-full"),
        ("postgresql://127.0.0.1/crm", {}, None),
        ("postgresql://[::1]/crm", {}, None),
        ("postgresql://localhost/crm", {}, None),
        ("postgresql:///crm?host=/run/postgresql", {}, None),
        ("postgresql:///crm", {}, None),
    ],
)
def test_another_machine_is_reached_by_tls_unless_the_address_decides(
    url, variables, mode
):
    assert connect_options(url, variables).get("sslmode") == mode


def test_a_missing_driver_is_told_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match="psycopg") as caught:
        open_store("postgresql://db/crm").read()
    assert "ctsync[postgres]" in caught.value.hint


# Servers that come and go


@pytest.fixture
def own_server():
    """A server that a test may end; others use the shared one."""
    from postgres_server import PostgresServer

    server = PostgresServer()
    yield server
    server.close()


def test_a_session_that_is_cut_goes_on_where_nobody_took_the_lock(
    postgres_server, database, entry, header, holder
):
    store = database.store()
    store.replace(header(), [entry("a")])
    with store.lock(holder), store.open_journal(HEAD) as writer:
        known = store.read()
        for number in range(3):
            assert postgres_server.cut_connections() >= 1
            writer.append({"n": number}, sync=True)
            writer.check_lock()
        postgres_server.cut_connections()
        assert [e.key.id for e in known.pick([entry("a").key])] == ["a"]
        writer.append({"n": 3}, sync=True)
        with pytest.raises(StateLocked), database.store().lock(holder):
            pass
        assert len(list(store.journal().lines())) == 4
        postgres_server.cut_connections()
        store.discard_journal()
        postgres_server.cut_connections()
        store.replace(header(2), [entry("b")])
    with database.store().lock(holder):
        assert database.store().read().header.serial == 2


def test_a_line_whose_commit_was_cut_off_is_written_once(
    postgres_server, database, holder, monkeypatch
):
    store = database.store()
    with store.lock(holder), store.open_journal(HEAD) as writer:
        transaction, cuts = Session.transaction, iter([True])

        @contextlib.contextmanager
        def cut_off(session):
            with transaction(session):
                yield
            if next(cuts, False):
                session._connection.close()
                raise StateError("cut", code="state_unwritable")

        monkeypatch.setattr(Session, "transaction", cut_off)
        writer.append({"n": 1}, sync=True)
        writer.append({"n": 2}, sync=True)
        assert [line["n"] for line in store.journal().lines()] == [1, 2]


def test_who_was_cut_off_does_nothing_more_once_another_held_the_lock(
    postgres_server, database, entry, header, holder
):
    store = database.store()
    with store.lock(holder), store.open_journal(HEAD) as writer:
        writer.check_lock()
        postgres_server.cut_connections()
        with database.store().lock(holder):
            database.store().discard_journal()
        sleep(TRUSTED_SECONDS)
        for act in (
            writer.check_lock,
            lambda: writer.append({"n": 1}, sync=True),
            lambda: store.replace(header(), [entry("late")]),
        ):
            with pytest.raises(StateError) as caught:
                act()
            assert caught.value.code == "lock_lost"


def test_who_was_cut_off_waits_for_no_holder_that_came_in_between(
    postgres_server, database, holder, monkeypatch
):
    monkeypatch.setattr("ctsync.state.postgres.tenure.RECONNECT_SECONDS", 600)
    store = database.store()
    with store.lock(holder), store.open_journal(HEAD) as writer:
        postgres_server.cut_connections()
        with database.store().lock(holder):
            began = monotonic()
            with pytest.raises(StateError) as caught:
                writer.append({"n": 1}, sync=True)
            assert caught.value.code == "lock_lost"
            assert monotonic() - began < 60


def test_a_snapshot_that_changed_since_a_cut_is_not_mixed_with_the_next(
    postgres_server, database, entry, header
):
    store = database.store()
    store.replace(header(), [entry("a")])
    known = store.read()
    postgres_server.cut_connections()
    store.replace(header(2), [entry("b")])
    with pytest.raises(StateError) as caught:
        list(known.pick([entry("a").key]))
    assert caught.value.code == "state_moved"


def test_a_session_that_a_pooler_gave_away_is_fenced_by_its_epoch(
    database, entry, header, holder
):
    """A pooler may let two clients share one session, and so one advisory lock."""
    store = database.store()
    with store.lock(holder), store.open_journal(HEAD) as writer:
        database.run("UPDATE ctsync.states SET epoch = epoch + 1")
        for act in (
            lambda: store.replace(header(), [entry("a")]),
            lambda: writer.append({"n": 1}, sync=True),
            lambda: store.open_journal(HEAD),
        ):
            with pytest.raises(StateError) as caught:
                act()
            assert caught.value.code == "lock_lost"


def test_a_server_that_comes_back_has_all_that_was_acknowledged(
    own_server, entry, header, holder, monkeypatch
):
    monkeypatch.setattr("ctsync.state.postgres.tenure.RECONNECT_SECONDS", 0.5)
    for how in (signal.SIGINT, signal.SIGQUIT):
        store = open_store(own_server.url())
        with store.lock(holder):
            store.discard_journal()
            store.replace(header(), [entry("a")])
            with store.open_journal(HEAD) as writer:
                writer.append({"n": 1}, sync=True)
                own_server.stop(how=how)
                with pytest.raises(StateError):
                    writer.append({"n": 2}, sync=True)
        with pytest.raises(StateError, match=r"does not answer|nothing listens"):
            open_store(own_server.url()).read()
        own_server.start()
        again = open_store(own_server.url())
        assert [e.key.id for e in again.read().entries()] == ["a"]
        assert list(again.journal().lines()) == [{"n": 1}]
        with again.lock(holder):
            pass


def test_a_transaction_that_was_killed_leaves_the_version_before(
    database, entry, header, python
):
    script = """
import os, sys
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state import open_store

def entries():
    for number in range(5000):
        yield Entry(ProfileKey("identity", f"{number:05d}"))
    os.kill(os.getpid(), 9)

header = Header("lineage-1", 2, Account("A", "in1"))
open_store(sys.argv[1], name="prod").replace(header, entries())
"""
    database.store().replace(header(), [entry("kept")])
    with python(script, database.server.url(database.name)) as killed:
        assert killed.wait(60) == -9
    assert [e.key.id for e in database.store().read().entries()] == ["kept"]
    database.store().replace(header(2), [entry("next")])


def test_a_part_of_the_journal_that_is_missing_is_named(database):
    with database.store().open_journal(HEAD) as writer:
        for number in range(3):
            writer.append({"n": number}, sync=True)
    database.run("DELETE FROM ctsync.journal WHERE number = 2")
    with pytest.raises(StateError, match="part 2 of the journal") as caught:
        database.store().journal()
    assert caught.value.code == "journal_damaged"
