"""What every store promises of amending and picking; see `ctsync/state/base.py`."""

import tempfile
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.errors import StateError
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state.snapshot_codec import with_digest

IDS = [f"{number:03d}" for number in range(40)]


def key(identity, kind="identity"):
    return ProfileKey(kind, identity)


def put(one):
    return one.key, lambda _: one


def drop(identity):
    return key(identity), lambda _: None


def found(bench):
    return list(bench.open().read().entries())


@pytest.fixture
def known(amended_bench, entry, header):
    """A state of serial 1 that knows every other id."""
    entries = [entry(identity, plan="Gold") for identity in IDS[::2]]
    amended_bench.open().replace(header(1), entries)
    return amended_bench


def test_an_amended_state_is_the_one_that_would_have_been_written(known, entry, header):
    edits = [
        put(entry("000", plan="Free")),
        put(entry("001")),
        drop("002"),
        drop("003"),
        put(entry("099", plan="Free")),
    ]
    expected = [entry("000", plan="Free"), entry("001")]
    expected += [entry(identity, plan="Gold") for identity in IDS[4::2]]
    expected += [entry("099", plan="Free")]
    written = known.open().amend(header(2), edits)
    assert written == known.open().read().header == with_digest(header(2), expected)
    assert found(known) == expected


def test_an_edit_is_given_what_is_known(known, entry, header):
    seen = []
    edits = [(key(identity), lambda e: seen.append(e) or e) for identity in IDS[:3]]
    known.open().amend(header(2), edits)
    assert seen == [entry("000", plan="Gold"), None, entry("002", plan="Gold")]
    assert known.open().read().header.entries == 20


def test_edits_that_change_nothing_move_the_header_alone(known, header):
    before = known.open().read().header
    edits = ((key(identity), lambda e: e) for identity in IDS)
    after = known.open().amend(header(2), edits)
    assert after == replace(before, serial=2)


def test_a_new_state_can_be_begun_by_amending(amended_bench, entry, header):
    written = amended_bench.open().amend(header(1), [put(entry("a")), drop("b")])
    assert written.entries == 1
    assert found(amended_bench) == [entry("a")]


def test_all_can_be_dropped_and_come_back(known, entry, header):
    known.open().amend(header(2), [drop(identity) for identity in IDS])
    assert found(known) == []
    assert known.open().read().header.entries == 0
    known.open().amend(header(3), [put(entry("b"))])
    assert found(known) == [entry("b")]


@pytest.mark.parametrize("serial", [1, 3, 7])
def test_a_header_that_does_not_follow_is_refused(known, entry, header, serial):
    with pytest.raises(StateError, match="does not follow") as caught:
        known.open().amend(header(serial), [put(entry("a"))])
    assert caught.value.code == "state_moved"
    other = header(2, lineage="another")
    with pytest.raises(StateError, match="does not follow"):
        known.open().amend(other, [])
    assert known.open().read().header.serial == 1


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"], ["a", "c", "b"]])
def test_unsorted_or_repeated_edits_are_refused_and_change_nothing(
    known, entry, header, ids
):
    files, before = known.names(), found(known)
    with pytest.raises(ValueError, match=r"edit [23] comes"):
        known.open().amend(header(2), [put(entry(identity)) for identity in ids])
    assert known.open().read().header.serial == 1
    assert (known.names(), found(known)) == (files, before)


def test_edits_that_end_in_an_error_change_nothing(known, entry, header):
    def broken():
        yield put(entry("000"))
        raise RuntimeError("source gave up")

    files, before = known.names(), found(known)
    with pytest.raises(RuntimeError, match="gave up"):
        known.open().amend(header(2), broken())
    assert (known.names(), found(known)) == (files, before)


def test_keys_are_picked_and_strangers_passed_over(known, entry, header):
    known.open().amend(header(2), [put(entry("001")), drop("004")])
    snapshot = known.open().read()
    keys = [key("z", "FBID"), *map(key, ["", "000", "001", "0010", "004", "006", "z"])]
    expected = [entry("000", plan="Gold"), entry("001"), entry("006", plan="Gold")]
    assert list(snapshot.pick(keys)) == expected
    assert list(snapshot.pick(iter(keys))) == expected
    assert list(snapshot.pick([])) == []
    assert list(known.open().read().pick(map(key, IDS))) == found(known)


def test_a_new_state_has_nothing_to_pick(amended_bench):
    assert list(amended_bench.open().read().pick([key("a")])) == []


def test_a_snapshot_in_hand_outlives_many_changes(known, entry, header):
    snapshot = known.open().read()
    before = found(known)
    reading = iter(snapshot.entries())
    first = next(reading)
    for serial in range(2, 12):
        known.open().amend(header(serial), [put(entry(f"new{serial:02d}"))])
    known.open().replace(header(12), [entry("other")])
    known.open().discard_journal()
    assert [first, *reading] == list(snapshot.entries()) == before
    assert list(snapshot.pick([key("004")])) == [entry("004", plan="Gold")]
    assert found(known) == [entry("other")]


class FailingHand:
    """Counts what is done to the place that a bench is on, and fails once."""

    def __init__(self, patch, at, bench):
        self.at, self.calls, self.failure = at, 0, bench.failure
        for place, name in bench.seams:
            patch.setattr(place, name, self._guarded(getattr(place, name)))

    def _guarded(self, call):
        def guarded(*args, **named):
            self.calls += 1
            if self.calls == self.at:
                raise self.failure
            return call(*args, **named)

        return guarded


@pytest.mark.parametrize("act", ["replace", "amend"])
def test_a_write_that_fails_anywhere_leaves_one_whole_version(
    known, header, monkeypatch, act
):
    entries = found(known)
    for at in count(1):
        serial = known.open().read().header.serial
        with monkeypatch.context() as patch:
            hand = FailingHand(patch, at, known)
            try:
                if act == "amend":
                    known.open().amend(header(serial + 1), map(put, entries[::3]))
                else:
                    known.open().replace(header(serial + 1), entries)
            except StateError as error:
                assert error.code in {"state_unwritable", "state_unreadable"}  # noqa: PT017
        after = known.open().read()
        assert after.header.serial in {serial, serial + 1}
        assert list(after.entries()) == entries
        del after
        if hand.calls < at:
            break
    assert at > 3


entries_of = st.builds(
    lambda identity, kind, plan, mark, gone: Entry(
        ProfileKey(kind, identity),
        {} if plan is None else {"plan": KnownValue("Plan", "string", plan)},
        fingerprint=mark,
        gone=gone,
    ),
    st.sampled_from(["a", "b", "ä", "\U0001f600", ""]),
    st.sampled_from(["FBID", "identity", "objectId"]),
    st.none() | st.sampled_from(["Gold", "Free", "\0"]),
    st.none() | st.sampled_from(["f" * 32, "odd"]),
    st.booleans(),
)
steps = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.tuples(entries_of, st.booleans()), max_size=6),
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None)
@given(history=steps)
def test_stores_agree_after_any_history(amended_types, history):
    with tempfile.TemporaryDirectory() as folder:
        benches = []
        for number, bench_type in enumerate(amended_types):
            own = Path(folder) / str(number)
            own.mkdir()
            benches.append(bench_type(own))
        for serial, (replaces, words) in enumerate(history, start=1):
            headers = [_write(b, serial, words, replaces=replaces) for b in benches]
            assert headers == headers[:1] * len(headers)
            first, *others = [b.open().read() for b in benches]
            entries = list(first.entries())
            assert with_digest(first.header, entries) == first.header
            for other in others:
                assert other.header == first.header
                assert list(other.entries()) == entries
                keys = sorted({one.key for one, _ in words})
                assert list(other.pick(keys)) == list(first.pick(keys))


def _write(bench, serial, words, *, replaces):
    header = Header("lineage-1", serial, Account("A", "in1"))
    edits = {one.key: (one if stays else None) for one, stays in words}
    if replaces:
        return bench.open().replace(
            header, [one for _, one in sorted(edits.items()) if one is not None]
        )
    return bench.open().amend(
        header, [(key, lambda _, one=one: one) for key, one in sorted(edits.items())]
    )


KILL_AT_EVERY_CHANGE = """
import os, signal, sys
from itertools import count
from pathlib import Path
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state import open_store
from ctsync.state.snapshot_codec import with_digest
from ctsync.state.manifest import Compaction

CHANGING = {"open", "write", "fsync", "fchmod", "replace", "unlink"}
store = open_store(sys.argv[2], folder=Path(sys.argv[1]))
store.compaction = Compaction(small_rows=0, share=int(sys.argv[3]))

def header(serial):
    return Header("lineage-1", serial, Account("A", "in1"))

def edits(serial):
    keys = sorted(ProfileKey("identity", f"{n % 7}") for n in (serial, serial + 3))
    return [(keys[0], lambda e: None), (keys[1], lambda e: Entry(keys[1]))]

def expected(entries, serial):
    found = {entry.key: entry for entry in entries}
    for key, edit in edits(serial):
        found[key] = edit(found.get(key))
    return [entry for _, entry in sorted(found.items()) if entry is not None]

def killed_at(call, serial):
    seen = 0
    def watch(frame, event, function):
        nonlocal seen
        if event == "c_call" and function.__name__ in CHANGING:
            seen += 1
            if seen == call:
                os.kill(os.getpid(), signal.SIGKILL)
    child = os.fork()
    if child == 0:
        sys.setprofile(watch)
        store.amend(header(serial), edits(serial))
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status != 0

known = [Entry(ProfileKey("identity", f"{n}")) for n in range(7)]
store.replace(header(1), known)
kills, serial = 0, 1
for call in count(1):
    was_killed = killed_at(call, serial + 1)
    snapshot = store.read()
    if snapshot.header.serial == serial + 1:
        serial, known = serial + 1, expected(known, serial + 1)
    assert snapshot.header == with_digest(header(serial), known), (call, serial)
    assert list(snapshot.entries()) == known, call
    keys = [ProfileKey("identity", f"{n}") for n in range(9)]
    assert list(snapshot.pick(keys)) == known
    if not was_killed:
        break
    kills += 1
print(kills)
"""


@pytest.mark.parametrize("share", ["0", "1"], ids=["segments", "compacting"])
def test_a_kill_at_any_change_of_an_amendment_leaves_one_whole_version(
    segments, python, share
):
    arguments = segments.folder, segments.location, share
    with python(KILL_AT_EVERY_CHANGE, *arguments) as driver:
        kills = driver.stdout.read()
        assert driver.wait() == 0
    assert int(kills) > 10
