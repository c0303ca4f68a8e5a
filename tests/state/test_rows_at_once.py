"""Rows of a database: never too many at once, and each where it belongs."""

import pytest

from ctsync.errors import StateError
from ctsync.state import open_store
from ctsync.state.postgres import entry_rows, journal_rows, run_rows
from ctsync.state.postgres.entry_rows import RowChanges
from ctsync.state.postgres.session import Session
from ctsync.state.postgres.tenure import find_state


class Noted:
    """Takes statements as a session does."""

    def __init__(self):
        self.keys = []

    def run(self, statement, state, keys, *bodies):
        self.keys.append(list(keys))
        return len(keys)


def test_changes_are_written_many_at_a_time_and_each_once(monkeypatch):
    monkeypatch.setattr(entry_rows, "ROWS_AT_ONCE", 3)
    session = Noted()
    changes = RowChanges(session, 1)
    bodies = [b"x", None, b"x", None, None, b"x", b"x"]
    for number, body in enumerate(bodies):
        changes.add(b"%d" % number, body)
    changes.write()
    changes.write()
    assert sorted(key for keys in session.keys for key in keys) == [
        b"%d" % number for number in range(len(bodies))
    ]
    assert [sum(map(len, session.keys[at : at + 2])) for at in (0, 2)] == [3, 3]


@pytest.fixture
def state(postgres_server):
    """A state of its own with a session."""
    from itertools import count
    from os import getpid

    name = next(f"rows-{getpid()}-{number}" for number in count(1))
    url = postgres_server.url()
    session = Session(url)
    yield open_store(url, name=name), session, find_state(session, name)
    session.close()


def test_what_a_run_changed_comes_back_from_many_parts(state, monkeypatch):
    store, _, _ = state
    monkeypatch.setattr(run_rows, "PART_BYTES", 40)
    changes = [{"n": number, "text": "x" * 15} for number in range(9)]
    store.append_run({"run": "r1"}, changes, keep=2)
    store.append_run({"run": "r2"}, changes[:1], keep=2)
    second, first = store.runs()
    assert list(first.changes()) == changes
    assert list(second.changes()) == changes[:1]


def test_a_group_that_was_taken_unheard_stands_once_and_no_other_takes_its_place(state):
    _, session, number = state
    for _ in range(2):
        journal_rows._put(session, number, 5, b"{one}\n")
    with pytest.raises(StateError) as caught:
        journal_rows._put(session, number, 5, b"{other}\n")
    assert caught.value.code == "lock_lost"
    rows = session.rows("SELECT lines FROM ctsync.journal WHERE state = %s", number)
    assert rows == [(b"{one}\n",)]
