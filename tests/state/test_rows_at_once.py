"""Rows of a database: never too many at once, and each where it belongs."""

import itertools
import os
from hashlib import sha256

import pytest

from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.state import open_store
from ctsync.state.postgres import entry_rows, journal_rows, run_rows
from ctsync.state.postgres.entry_rows import RowChanges, row_sum
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


NUMBERS = itertools.count(1)


@pytest.fixture
def state(postgres_server):
    """A state of its own with a session."""
    name = f"rows-{os.getpid()}-{next(NUMBERS)}"
    url = postgres_server.url()
    session = Session(url)
    yield open_store(url, name=name), session, find_state(session, name)
    session.close()


def test_what_a_run_changed_comes_back_from_many_parts(state, monkeypatch):
    store, session, number = state
    changes = [{"n": number, "text": "x" * 15} for number in range(9)]
    monkeypatch.setattr(run_rows, "PART_BYTES", 2 * len(canonical(changes[0]) + b"\n"))
    store.append_run({"run": "r1"}, changes, keep=2)
    parts = session.rows(_PARTS, number)
    assert [lines.count(b"\n") for (lines,) in parts] == [2, 2, 2, 2, 1]
    store.append_run({"run": "r2"}, changes[:1], keep=2)
    second, first = store.runs()
    assert list(first.changes()) == changes
    assert list(second.changes()) == changes[:1]


def test_what_a_run_changed_is_read_whole_although_the_run_is_dropped(
    state, monkeypatch
):
    store, _, _ = state
    changes = [{"n": number} for number in range(3)]
    monkeypatch.setattr(run_rows, "PART_BYTES", 1)
    store.append_run({"run": "r1"}, changes, keep=1)
    (run,) = store.runs()
    reading = run.changes()
    first = next(reading)
    store.append_run({"run": "r2"}, keep=1)
    assert [first, *reading] == list(run.changes()) == changes


@pytest.mark.parametrize("record", [b"", b"[]", b"7", b"{}", b'{"run"', b"\xff"])
def test_what_is_no_record_of_a_run_is_damage(state, record):
    store, session, number = state
    store.append_run({"run": "r1"}, [{"n": 1}], keep=1)
    session.run("UPDATE ctsync.runs SET record = %s WHERE state = %s", record, number)
    with pytest.raises(StateError, match="run 1 of postgresql://127") as caught:
        list(store.runs())
    assert caught.value.code == "history_damaged"


def test_what_is_no_change_of_a_run_is_damage(state):
    store, session, number = state
    store.append_run({"run": "r1"}, [{"n": 1}, {"n": 2}], keep=1)
    lines = b'{"n":1}\n{"n'
    session.run("UPDATE ctsync.changes SET lines = %s WHERE state = %s", lines, number)
    (run,) = store.runs()
    reading = run.changes()
    assert next(reading) == {"n": 1}
    with pytest.raises(StateError, match="run 1 of") as caught:
        next(reading)
    assert caught.value.code == "history_damaged"


def test_a_run_again_takes_its_own_place_and_the_oldest_goes_with_its_parts(state):
    store, session, number = state
    for run, changes in (("r1", 1), ("r2", 2), ("r2", 3), ("r3", 0), ("r4", 1)):
        record = {"run": run, "changes": changes}
        store.append_run(record, [{"n": each} for each in range(changes)], keep=3)
        assert next(store.runs()).record == record
    found = [(run.record["run"], len(list(run.changes()))) for run in store.runs()]
    assert found == [("r4", 1), ("r3", 0), ("r2", 3)]
    assert len(session.rows(_PARTS, number)) == 2


_PARTS = "SELECT lines FROM ctsync.changes WHERE state = %s ORDER BY number, part"


def test_the_sum_of_rows_is_that_of_their_hashes_here_and_on_the_server(
    state, entry, header
):
    store, session, number = state
    entries = [entry(f"{each:02d}", plan="Gold") for each in range(20)]
    for amended in (entries, entries[::3], []):
        store.replace(header(), amended)
        rows = session.rows(_ROWS, number)
        hashes = [int.from_bytes(sha256(key + body).digest()) for key, body in rows]
        expected = f"{sum(hashes) % 2**256:064x}"
        assert row_sum(session, number) == expected
        (line,) = session.one("SELECT header FROM ctsync.states WHERE id = %s", number)
        assert parse(line)["rows_sha256"] == expected


_ROWS = "SELECT key, body FROM ctsync.entries WHERE state = %s"


def test_a_group_that_was_taken_unheard_stands_once_and_no_other_takes_its_place(state):
    _, session, number = state
    for _ in range(2):
        journal_rows._put(session, number, 5, b"{one}\n")
    with pytest.raises(StateError) as caught:
        journal_rows._put(session, number, 5, b"{other}\n")
    assert caught.value.code == "lock_lost"
    rows = session.rows("SELECT lines FROM ctsync.journal WHERE state = %s", number)
    assert rows == [(b"{one}\n",)]
