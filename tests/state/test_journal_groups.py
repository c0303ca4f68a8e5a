"""A journal kept on a server: whatever was noted is put once, in order, or refused."""

from threading import Event, Thread

import pytest

from ctsync.canonical_json import canonical
from ctsync.errors import StateError
from ctsync.state import journal_groups
from ctsync.state.journal_groups import GroupedJournalWriter, called
from ctsync.state.journal_lines import checksum_of, head_line, seal_lines

HEAD = head_line({"run": "r1"})
SOON = 10.0  # seconds that a thread has; none takes a hundredth of it


class Server:
    """Takes groups, one at a time; `gate` holds back those that come while it is shut.

    `fails` is what the next put raises.
    """

    def __init__(self):
        self.groups, self.locks = [], 0
        self.gate, self.came = Event(), Event()
        self.gate.set()
        self.fails = None

    def put(self, number, group):
        self.came.set()
        assert self.gate.wait(SOON)
        if self.fails is not None:
            raise self.fails
        self.groups.append((number, group))

    def check_lock(self):
        self.locks += 1

    @property
    def data(self):
        assert [number for number, _ in self.groups] == [
            *range(1, len(self.groups) + 1)
        ]
        return b"".join(group for _, group in self.groups)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def writer(server):
    made = GroupedJournalWriter(
        server.put, server.check_lock, after=HEAD, location="s.journal"
    )
    yield made
    server.gate.set()
    made.close()


def sealed(*lines):
    return seal_lines([canonical(line) for line in lines], checksum_of(HEAD))[0]


def lost():
    return StateError("the server is gone", hint="", code="state_unwritable")


def test_a_line_that_has_to_survive_was_put_when_it_returns(writer, server):
    writer.append({"n": 1}, sync=True)
    assert server.data == sealed({"n": 1})
    writer.append({"n": 2}, sync=True)
    assert server.data == sealed({"n": 1}, {"n": 2})


def test_what_is_noted_while_a_group_is_on_its_way_goes_together(writer, server):
    server.gate.clear()
    writer.append({"n": 0}, sync=False)
    assert server.came.wait(SOON)
    for number in range(1, 50):
        writer.append({"n": number}, sync=False)
    assert server.groups == []
    server.gate.set()
    writer.close()
    assert len(server.groups) == 2
    assert server.data == sealed(*({"n": number} for number in range(50)))


def test_a_process_that_ends_without_closing_is_not_held_up(writer):
    assert writer._thread.daemon


def test_a_plan_is_put_whole_before_it_returns(writer, server):
    writer.append_plan([b'{"a":1}\n{"b"', b":2}\n"])
    assert server.data == sealed({"a": 1}, {"b": 2})


def test_no_group_is_larger_than_a_put_may_be(writer, server, monkeypatch):
    monkeypatch.setattr(journal_groups, "GROUP_BYTES", 20)
    writer.append_plan([b"".join(b'{"n":%d}\n' % n for n in range(20))])
    assert server.data == sealed(*({"n": number} for number in range(20)))
    assert max(len(group) for _, group in server.groups) == 20


def test_who_notes_faster_than_the_server_puts_waits(writer, server, monkeypatch):
    monkeypatch.setattr(journal_groups, "MOST_WAITING", 40)
    server.gate.clear()
    done = Event()

    def note():
        for number in range(100):
            writer.append({"n": number}, sync=False)
        done.set()

    thread = Thread(target=note)
    thread.start()
    assert server.came.wait(SOON)
    assert not done.wait(0.05)
    server.gate.set()
    thread.join(SOON)
    writer.close()
    assert server.data == sealed(*({"n": number} for number in range(100)))


def test_after_a_put_that_failed_nothing_follows(writer, server):
    server.fails = lost()
    with pytest.raises(StateError, match="server is gone"):
        writer.append({"n": 1}, sync=True)
    server.fails = None
    for note in (
        lambda: writer.append({"n": 2}, sync=False),
        lambda: writer.append_plan([b"{}\n"]),
        writer.check_lock,
    ):
        with pytest.raises(StateError, match="server is gone"):
            note()
    writer.close()
    assert server.groups == []


def test_the_store_is_asked_for_its_lock(writer, server):
    writer.check_lock()
    assert server.locks == 1


def test_closing_puts_what_waits_and_takes_nothing_more(writer, server):
    writer.append({"n": 1}, sync=False)
    writer.close()
    assert server.data == sealed({"n": 1})
    with pytest.raises(StateError, match="closed") as refused:
        writer.append({"n": 2}, sync=False)
    assert refused.value.code == "state_unwritable"
    assert "s.journal" in refused.value.message


def test_a_journal_is_called_after_its_state():
    assert called("s3://bucket") == "the journal of s3://bucket"
