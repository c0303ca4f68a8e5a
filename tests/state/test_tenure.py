"""Being the one writer in a database, by a clock that only waiting moves."""

import contextlib
import itertools
import os

import psycopg
import pytest
from waiting_clock import WaitingClock

from ctsync.errors import StateError, StateLocked
from ctsync.state import open_store
from ctsync.state.postgres import schema, session, tenure, view
from ctsync.state.postgres.session import RETRY_SECONDS, Session, connected_again
from ctsync.state.postgres.tenure import POLL_SECONDS, TRUSTED_SECONDS

HEAD = {"lineage": "lineage-1", "serial": 1, "run": "r1"}


@pytest.fixture
def clock(monkeypatch):
    made = WaitingClock()
    for module in (session, tenure, view):
        monkeypatch.setattr(module, "time", made)
    return made


class Place:
    """One state in a database, and what others do there meanwhile."""

    numbers = itertools.count()

    def __init__(self, server):
        self.server = server
        self.name = f"tenure-{next(self.numbers)}-{os.getpid()}"
        self.aside = server.connect()

    def store(self):
        return open_store(self.server.url(), name=self.name)

    @property
    def number(self):
        found = "SELECT id FROM ctsync.states WHERE name = %s"
        return self.aside.execute(found, (self.name,)).fetchone()[0]

    def take_aside(self):
        """Take the lock as a session would that the server still thinks alive."""
        words = (schema.CLASS, self.number)
        self.aside.execute("SELECT pg_advisory_lock(%s, %s)", words)

    def let_go_aside(self):
        self.aside.execute("SELECT pg_advisory_unlock_all()")

    def cut(self, held):
        """End the session of a holder at the server."""
        self.end(held.session)

    def end(self, ended):
        pid = ended._connection.info.backend_pid
        self.aside.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


@pytest.fixture
def place(postgres_server):
    made = Place(postgres_server)
    with made.store().lock(holder_called("first")):
        pass  # so that the tables and the state are there
    yield made
    made.aside.close()


def holder_called(user):
    from ctsync.state import Holder

    return Holder(user, "ci-7", 4711, "ctsync apply", "2030-01-02T03:04:05Z")


ANNA, BOB = holder_called("anna"), holder_called("bob")


@pytest.fixture
def store(place):
    return place.store()


@pytest.fixture
def held(store):
    with store.lock(ANNA):
        yield store._tenure


def write_half(held):
    with held.writing() as inside:
        change = "UPDATE ctsync.states SET header = %s WHERE id = %s"
        assert inside.run(change, b"half", held.state) == 1
        raise RuntimeError("source gave up")


def write(held):
    with held.writing() as inside:
        inside.one("SELECT 1")


# Taking


def test_who_waits_asks_several_times_a_second_and_never_past_the_time_given(
    place, held, clock
):
    with pytest.raises(StateLocked), place.store().lock(BOB):
        pass
    assert clock.waits == []
    for timeout in (0.0, 0.5, 1.5):
        clock.waits.clear()
        with (
            pytest.raises(StateLocked, match="anna@ci-7"),
            place.store().lock(BOB, timeout_seconds=timeout),
        ):
            pass
        assert sum(clock.waits) == pytest.approx(timeout)
        assert max(clock.waits, default=0.0) <= POLL_SECONDS
    assert clock.waits[0] == POLL_SECONDS


def test_a_lock_that_is_let_go_while_somebody_waits_is_taken(place, clock):
    place.take_aside()
    clock.meanwhile = lambda: len(clock.waits) == 3 and place.let_go_aside()
    with place.store().lock(BOB, timeout_seconds=60):
        assert clock.waits == [POLL_SECONDS] * 3


def test_the_lock_is_the_one_that_other_versions_ask_for(place, clock):
    """Two versions of ctsync are not to hold a state at the same time."""
    place.aside.execute("SELECT pg_advisory_lock(25460, %s)", (place.number,))
    with (
        pytest.raises(StateLocked, match="has not named itself"),
        place.store().lock(BOB),
    ):
        pass


def test_a_lock_that_was_let_go_names_nobody_and_leaves_no_session(place, store):
    named = "SELECT holder IS NULL FROM ctsync.states WHERE name = %s"
    with store.lock(ANNA):
        held = store._tenure
        assert place.aside.execute(named, (place.name,)).fetchone() == (False,)
    assert place.aside.execute(named, (place.name,)).fetchone() == (True,)
    assert held.session.is_cut
    assert store._tenure is None


def test_a_session_that_a_pooler_keeps_keeps_no_lock(place, store):
    with store.lock(ANNA):
        held = store._tenure
        close, held.session.close = held.session.close, lambda: None
    with place.store().lock(BOB):
        assert not held.session.is_cut
    close()


def test_who_is_refused_leaves_no_session(place, held, clock, monkeypatch):
    made = []

    class Noted(Session):
        def __init__(self, url):
            super().__init__(url)
            made.append(self)

    monkeypatch.setattr(tenure, "Session", Noted)
    with pytest.raises(StateLocked), place.store().lock(BOB):
        pass
    assert [each.is_cut for each in made] == [True]


# Holding


def test_whoever_holds_it_asks_the_server_once_a_second(held, clock):
    asked, one = [], held.session.one
    held.session.one = lambda *words: asked.append(words) or one(*words)
    held.check()
    assert len(asked) == 1
    clock.now += TRUSTED_SECONDS / 2
    held.check()
    assert len(asked) == 1
    clock.now += TRUSTED_SECONDS / 2
    held.check()
    assert len(asked) == 2


def test_a_lock_that_the_server_still_gives_to_the_cut_session_is_waited_for(
    place, held, clock
):
    place.cut(held)
    place.take_aside()
    clock.meanwhile = lambda: len(clock.waits) == 4 and place.let_go_aside()
    write(held)
    assert clock.waits == [POLL_SECONDS] * 4
    with pytest.raises(StateLocked), place.store().lock(BOB):
        pass


def test_one_that_is_not_given_back_in_time_is_lost_and_is_waited_for_once(
    place, held, clock
):
    place.cut(held)
    place.take_aside()
    for waited in (tenure.RECONNECT_SECONDS, 0.0):
        clock.waits.clear()
        with pytest.raises(StateError) as caught:
            write(held)
        assert caught.value.code == "lock_lost"
        assert sum(clock.waits) == pytest.approx(waited, abs=2 * POLL_SECONDS)
    assert clock.waits == []
    place.let_go_aside()
    write(held)  # nobody was the holder since
    place.cut(held)
    place.take_aside()
    clock.waits.clear()
    with pytest.raises(StateError):
        write(held)
    assert sum(clock.waits) == pytest.approx(
        tenure.RECONNECT_SECONDS, abs=2 * POLL_SECONDS
    )


def test_one_that_another_held_since_is_lost_at_once(place, held, clock):
    place.cut(held)
    with place.store().lock(BOB), pytest.raises(StateError) as caught:
        write(held)
    assert caught.value.code == "lock_lost"
    assert clock.waits == []


def test_one_that_another_held_and_let_go_since_is_lost_too(place, held, clock):
    place.cut(held)
    with place.store().lock(BOB):
        pass
    with pytest.raises(StateError) as caught:
        write(held)
    assert caught.value.code == "lock_lost"


@pytest.mark.parametrize("is_cut", [False, True])
def test_of_what_fails_while_it_is_written_nothing_is_kept(place, held, clock, is_cut):
    if is_cut:
        place.cut(held)
    with pytest.raises(RuntimeError, match="gave up"):
        write_half(held)
    found = "SELECT header FROM ctsync.states WHERE id = %s"
    assert place.aside.execute(found, (place.number,)).fetchone() == (None,)


def test_a_cut_between_the_beginning_and_the_first_answer_is_gone_over_too(
    place, held, clock
):
    asked, before = [], held.session

    def one(*words):
        asked.append(words)
        place.end(before)
        return Session.one(before, *words)

    before.one = one
    write(held)
    assert len(asked) == 1
    assert held.session is not before


@pytest.mark.parametrize("is_cut", [False, True])
def test_what_is_insisted_on_is_done_again_after_a_cut_alone(
    place, held, clock, is_cut
):
    done = []

    def act(inside):
        done.append(inside)
        if len(done) == 1:
            if is_cut:
                place.end(inside)
                inside.one("SELECT 1")
            raise StateError("refused", code="state_unwritable")

    with contextlib.nullcontext() if is_cut else pytest.raises(StateError):
        held.insist(act)
    assert len(done) == 1 + is_cut


def test_what_is_insisted_on_is_told_where_the_lock_is_another_s(place, held, clock):
    place.cut(held)
    done = []
    with place.store().lock(BOB), pytest.raises(StateError) as caught:
        held.insist(done.append)
    assert caught.value.code == "lock_lost"
    assert done == []


def test_what_is_insisted_on_is_given_up_with_the_server(place, held, clock, away):
    place.cut(held)
    away[0] = 1_000
    with pytest.raises(StateError, match="nothing listens there"):
        held.insist(lambda inside: inside.one("SELECT 1"))
    assert 1_000 - away[0] == len(clock.waits) + 1


def test_who_lost_it_without_a_cut_does_not_begin_another_session(
    place, held, clock, away
):
    place.aside.execute("UPDATE ctsync.states SET epoch = epoch + 1")
    away[0] = 1_000
    with pytest.raises(StateError) as caught:
        write(held)
    assert caught.value.code == "lock_lost"


# Connecting again


@pytest.fixture
def away(monkeypatch):
    """Let no server answer so many times."""
    left, connect = [0], psycopg.connect

    def connected(*words, **options):
        if left[0] > 0:
            left[0] -= 1
            raise psycopg.OperationalError("connection refused")
        return connect(*words, **options)

    monkeypatch.setattr(psycopg, "connect", connected)
    return left


def test_a_server_that_is_away_for_a_moment_is_asked_again(place, clock, away):
    away[0] = 3
    found = connected_again(place.server.url(), clock.now + 60)
    assert found.one("SELECT 1") == (1,)
    found.close()
    assert clock.waits == [RETRY_SECONDS] * 3


def test_a_server_that_is_away_for_good_is_given_up(place, clock, away):
    away[0] = 1_000
    with pytest.raises(StateError, match="nothing listens there"):
        connected_again(place.server.url(), clock.now + 5)
    assert sum(clock.waits) == pytest.approx(5, abs=2 * RETRY_SECONDS)
    clock.waits.clear()
    with pytest.raises(StateError):
        connected_again(place.server.url(), clock.now)
    assert clock.waits == []


def test_a_snapshot_goes_on_after_a_cut_and_sees_one_moment(
    place, store, clock, away, entry, header
):
    store.replace(header(1), [entry("a"), entry("b")])
    known = store.read()
    looking = known.read.__self__
    place.cut(looking)
    away[0] = 3
    assert [each.key.id for each in known.pick([entry("a").key])] == ["a"]
    assert clock.waits == [RETRY_SECONDS] * 3
    store.replace(header(2), [entry("c")])
    assert [each.key.id for each in known.pick([entry("b").key])] == ["b"]
    assert [each.key.id for each in known.entries()] == ["a", "b"]


def test_a_query_that_fails_without_a_cut_is_not_asked_again(
    store, clock, entry, header
):
    store.replace(header(1), [entry("a")])
    looking = store.read().read.__self__
    before = looking.session
    with pytest.raises(StateError, match="refuses it"):
        looking.rows("SELECT 1 / 0")
    assert looking.session is before


# Making the tables


@pytest.fixture
def fresh(postgres_server):
    """The name of a database without tables."""
    name = f"fresh_tenure_{os.getpid()}"
    postgres_server.run(f"DROP DATABASE IF EXISTS {name}")
    postgres_server.run(f"CREATE DATABASE {name}")
    return name


def test_whoever_makes_the_tables_is_alone_and_makes_them_once(postgres_server, fresh):
    with (
        postgres_server.connect(fresh) as aside,
        contextlib.closing(Session(postgres_server.url(fresh))) as late,
    ):
        aside.execute("SELECT pg_advisory_lock(25460, 0)")
        late.run("SET lock_timeout = 50")
        with pytest.raises(StateError):
            schema.migrate(late)
        assert schema.version_of(late) == 0
        aside.execute("SELECT pg_advisory_unlock_all()")
        schema.migrate(late)
        assert schema.version_of(late) == len(schema.MIGRATIONS)
        aside.execute("SELECT pg_advisory_lock(25460, 0)")
        schema.migrate(late)  # nothing is to be done, and nobody waited for


def test_a_state_is_found_by_its_name_and_made_where_there_is_none(
    postgres_server, fresh
):
    with contextlib.closing(Session(postgres_server.url(fresh))) as asked:
        numbers = [tenure.find_state(asked, name) for name in ("a", "b", "a")]
        assert numbers[0] == numbers[2] != numbers[1]


# Troubles


def test_a_trouble_says_whether_it_was_in_reading_or_in_writing(place):
    with contextlib.closing(Session(place.server.url())) as asked:
        for _ in range(2):
            with pytest.raises(StateError, match="cannot read") as caught:
                asked.run("SELECT 1 / 0")
            assert caught.value.code == "state_unreadable"
            with (
                pytest.raises(StateError, match="cannot write") as caught,
                asked.transaction(),
            ):
                asked.run("SELECT 1 / 0")
            assert caught.value.code == "state_unwritable"
