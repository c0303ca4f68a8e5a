"""A state in a bucket, step by step: what a put that fails or comes late may leave."""

import errno
import os
from itertools import count

import pytest
from memory_bucket import MemoryBucket
from msgspec import to_builtins
from msgspec.structs import replace
from waiting_clock import WaitingClock

from ctsync.bucket_address import Address
from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError, StateLocked
from ctsync.state import Holder
from ctsync.state.edit_stream import EditStream
from ctsync.state.key_range import KeyRange
from ctsync.state.manifest import Compaction
from ctsync.state.object_store import lease, writing
from ctsync.state.object_store.head import Head, Lease
from ctsync.state.object_store.store import TRIES, ObjectStore

HEAD = {"lineage": "lineage-1", "serial": 1, "run": "r1"}
BOB = Holder("bob", "laptop", 99, "ctsync refresh", "2030-01-01T00:00:00Z")


@pytest.fixture
def bucket():
    return MemoryBucket()


def store_in(bucket, **compaction):
    store = ObjectStore(Address("s3", "bucket", "crm"))
    store._bucket = bucket
    store.term_seconds = 60.0
    store.compaction = Compaction(**compaction)
    return store


@pytest.fixture
def store(bucket):
    return store_in(bucket)


def sheets(bucket):
    return [name for name in bucket.names() if "parquet" in name]


def failing(bucket, on):
    """Let the head not be put any more; `on` says whether it was."""

    def put(name, data, mode):
        if name == "head.json":
            if on == "unheard":
                MemoryBucket._put(bucket, name, data, mode)
            raise StateError("no answer", code="state_unwritable")
        return MemoryBucket._put(bucket, name, data, mode)

    bucket._put = put


def test_sheets_of_a_write_that_failed_before_the_head_are_removed(
    bucket, store, entry, header
):
    store.replace(header(1), [entry("a")])
    before = bucket.names()

    def broken():
        yield entry("b")
        raise RuntimeError("source gave up")

    with pytest.raises(RuntimeError):
        store.replace(header(2), broken())
    with pytest.raises(ValueError, match="entry 2 comes"):
        store.replace(header(2), [entry("b"), entry("a")])
    assert bucket.names() == before
    assert {path.name for path in store._mirror.path.glob("*")} <= {*before}


def test_a_sheet_that_was_put_goes_where_the_next_cannot_be(bucket, entry, header):
    store = store_in(bucket, small_rows=0, share=1)
    store.replace(header(1), [entry("a"), entry("b")])
    before, upload, put = bucket.names(), bucket.upload, []

    def once(name, path):
        if put:
            raise StateError("no answer", code="state_unwritable")
        upload(name, path)
        put.append(name)

    bucket.upload = once
    changed = [entry(identity, plan="Gold") for identity in "abc"]
    with pytest.raises(StateError, match="no answer"):
        store.amend(header(2), [(one.key, lambda _, one=one: one) for one in changed])
    assert put
    assert bucket.names() == before


def written_elsewhere(entries):
    """What writes a range of keys, as another process would."""

    def write(terms):
        edits = [(one.key, lambda _, one=one: one) for one in entries]
        return [terms.write(KeyRange(None, None), EditStream(iter([edits])), "7")]

    return write


def test_sheets_that_others_wrote_are_there_once_the_head_names_them(
    bucket, store, entry, header
):
    store.amend_by_ranges(header(1), 2, written_elsewhere([entry("a"), entry("b")]))
    read = store_in(bucket.beside()).read()
    assert [each.key.id for each in read.entries()] == ["a", "b"]


def test_sheets_that_others_wrote_go_where_they_cannot_be_named(
    bucket, store, entry, header
):
    store.replace(header(1), [entry("a")])
    before, upload = bucket.names(), bucket.upload

    def unheard(name, path):
        upload(name, path)
        raise StateError("no answer", code="state_unwritable")

    bucket.upload = unheard
    with pytest.raises(StateError, match="no answer"):
        store.amend_by_ranges(header(2), 1, written_elsewhere([entry("b")]))
    assert bucket.names() == before
    assert {path.name for path in store._mirror.path.glob("*")} <= {*before}


@pytest.mark.parametrize("fate", ["lost", "unheard"])
def test_sheets_that_the_head_may_name_are_never_removed_by_who_failed(
    bucket, store, entry, header, fate
):
    store.replace(header(1), [entry("a")])
    (old,) = sheets(bucket)
    failing(bucket, fate)
    with pytest.raises(StateError, match="no answer"):
        store.replace(header(2), [entry("b")])
    assert old in sheets(bucket)
    assert len(sheets(bucket)) == 2
    del bucket._put
    read = store_in(bucket.beside()).read()
    assert (read.header.serial, [each.key.id for each in read.entries()]) == (
        (1, ["a"]) if fate == "lost" else (2, ["b"])
    )
    store_in(bucket).replace(header(read.header.serial + 1), [entry("c")])
    assert len(sheets(bucket)) == 1


def test_what_is_not_ours_and_what_is_named_is_never_removed(
    bucket, store, entry, header
):
    strange = [
        "notes.txt", "ctsync-base-x.parquet", "journal/7/half", "runs/mine.jsonl.gz",
        "inner/head.json", "inner/ctsync-base-1.parquet",
    ]  # fmt: skip
    for name in strange:
        bucket.create(name, b"mine")
    left = ["ctsync-segment-7.parquet", "journal/7/00000000", "runs/7.jsonl.gz"]
    for name in left:
        bucket.create(name, b"left by a kill")
    store.append_run({"run": "r0"}, keep=1)
    store.replace(header(1), [entry("a")])
    with store.open_journal(HEAD) as writer:
        writer.append({"n": 1}, sync=True)
    store.append_run({"run": "r1"}, keep=2)
    names = bucket.names()
    assert {*strange} <= {*names}
    assert not {*left} & {*names}
    assert [name.partition("/")[0] for name in names if name not in strange] == [
        sheets(bucket)[0], "head.json", "journal", "journal", "runs", "runs",
    ]  # fmt: skip
    assert [run.record["run"] for run in store.runs()] == ["r1", "r0"]
    assert list(store.journal().lines()) == [{"n": 1}]


def test_what_nothing_names_is_removed_although_the_header_was_edited(
    bucket, store, entry, header
):
    store.replace(header(1), [entry("a")])
    named = sheets(bucket)

    def edit(head):
        manifest = {**parse(head.manifest), "serial": 9}
        return replace(head, manifest=canonical(manifest).decode())

    store._head.change(edit)
    bucket.create("ctsync-segment-7.parquet", b"left by a kill")
    store.append_run({"run": "r1"}, keep=1)
    assert sheets(bucket) == named
    with pytest.raises(StateError, match="was edited since"):
        store.read()
    assert store.read_unverified().header.serial == 9


def test_who_takes_the_lease_seals_the_journal_that_is_there(bucket, store):
    writer = store.open_journal(HEAD)  # beside any lock, so that nothing else tells
    writer.append({"n": 1}, sync=True)
    with store_in(bucket.beside()).lock(BOB):
        with pytest.raises(StateError) as caught:
            writer.append({"n": 2}, sync=True)
        assert caught.value.code == "lock_lost"
    assert list(store.journal().lines()) == [{"n": 1}]
    with pytest.raises(StateError) as caught:
        store.open_journal({**HEAD, "run": "r2"})
    assert caught.value.code == "journal_exists"


def test_a_journal_that_goes_while_it_is_read_is_looked_for_again(bucket, store):
    with store.open_journal(HEAD) as writer:
        writer.append({"n": 1}, sync=True)
    names, looks = bucket.names, []

    def fold(start=""):
        looks.append(start)
        if len(looks) == 1:
            bucket.names = names
            store_in(bucket.beside()).discard_journal()
            bucket.names = fold
            return [f"{start}00000000", f"{start}00000001"]
        return names(start)

    bucket.names = fold
    assert store.journal() is None


def test_a_journal_whose_part_is_missing_is_damaged(bucket, store):
    with store.open_journal(HEAD) as writer:
        writer.append({"n": 1}, sync=True)
    bucket.remove([name for name in bucket.names("journal") if name.endswith("0")])
    with pytest.raises(StateError, match="is missing") as caught:
        store.journal()
    assert caught.value.code == "journal_damaged"


def test_a_journal_that_changes_at_every_look_is_given_up(bucket, store):
    store.open_journal(HEAD).close()
    looks = count(1)

    def fold(start):
        number = next(looks)
        other = store_in(bucket.beside())
        other._head.change(lambda head: replace(head, journal=str(number)))
        return [f"{start}00000001"]

    bucket.names = fold
    with pytest.raises(StateError, match="changes all the time"):
        store.journal()
    assert next(looks) == TRIES + 1


def test_a_run_that_is_kept_and_missing_is_damage_and_one_pushed_out_is_not(
    bucket, store
):
    for number in range(3):
        store.append_run({"run": f"r{number}"}, keep=3)
    reading = store.runs()
    assert next(reading).record["run"] == "r2"
    store_in(bucket.beside()).append_run({"run": "r3"}, keep=2)
    assert list(reading) == []
    (gone,) = [run.name for run in store._head_now().runs][:1]
    bucket.remove([gone])
    with pytest.raises(StateError) as caught:
        list(store_in(bucket).runs())
    assert caught.value.code == "history_damaged"


def test_a_run_again_takes_its_own_place_and_keep_counts_it_once(bucket, store):
    for run in ("r0", "r1", "r2", "r2", "r3"):
        store.append_run({"run": run}, keep=3)
    assert [run.record["run"] for run in store.runs()] == ["r3", "r2", "r1"]
    store.append_run({"run": "r4"}, keep=0)
    assert list(store.runs()) == []
    assert not any(name.startswith("runs/") for name in bucket.names())


def test_a_sheet_that_goes_while_it_is_read_belongs_to_a_version_before(
    bucket, store, entry, header
):
    store.replace(header(1), [entry("a")])
    get, looks = bucket.download, []

    def late(name, fd):
        looks.append(name)
        if len(looks) == 1:
            store_in(bucket.beside()).replace(header(2), [entry("b")])
        return get(name, fd)

    reader = store_in(bucket)
    bucket.download = late
    assert reader.read().header.serial == 2
    bucket.download = get
    bucket.remove(sheets(bucket))
    with pytest.raises(StateError, match="an object that its head names is missing"):
        store_in(bucket).read()


def test_a_new_state_has_no_head_until_something_is_written(bucket, store):
    assert (store.journal(), list(store.runs()), store.read().header) == (
        None,
        [],
        None,
    )
    store.discard_journal()
    assert bucket.names() == []


def test_nobody_else_writes_while_the_lease_is_held(bucket, store, entry, header):
    with store.lock(BOB):
        store.replace(header(1), [entry("a")])
        held = store._held
        other = store_in(bucket.beside())
        other._head.change(lambda head: replace(head, epoch=head.epoch + 1))
        for act in (
            lambda: store.replace(header(2), []),
            lambda: store.append_run({"run": "late"}, keep=9),
            store.discard_journal,
        ):
            with pytest.raises(StateError) as caught:
                act()
            assert caught.value.code == "lock_lost"
        held._safe_until = 0.0
        with pytest.raises(StateError) as caught:
            store.amend(header(2), [])
        assert caught.value.code == "lock_lost"
    assert store._held is None


def test_what_is_written_is_said_and_a_store_amends_beside_the_lock_too(
    bucket, store, entry, header
):
    written = store.replace(header(1), [entry("a")])
    assert (written.serial, written.entries) == (1, 1)
    after = store.amend(header(2), [])
    assert store_in(bucket).read().header == after


def test_addresses_of_buckets_are_taken_and_no_others():
    for location, is_taken in (
        ("s3://b/", True), ("gs://b/", True), ("az://b/", True),
        ("s3", False), ("http://b/", False), ("state/", False),
    ):  # fmt: skip
        assert ObjectStore.takes(location) is is_taken
    made = ObjectStore.at("s3://b/crm/", folder=None, name="prod")
    assert (made.location, made._place) == ("s3://b", Address("s3", "b", "crm/prod"))
    assert made._bucket.location == "s3://b"


def test_a_bucket_is_tried_out_before_the_first_lock_and_not_again(bucket, store):
    with store.lock(BOB):
        pass
    tried = [name for name in bucket.puts if name.startswith("probe-")]
    assert tried
    bucket.puts.clear()
    with store.lock(BOB):
        pass
    assert set(bucket.puts) == {"head.json"}
    assert [fault.code for fault in store.probe()] == ["bucket_unversioned"]


def test_nobody_locks_a_state_where_two_could_write(bucket, store):
    def careless(name, data, mode):
        return MemoryBucket._put(bucket, name, data, "overwrite")

    bucket._put = careless
    with pytest.raises(StateError) as caught, store.lock(BOB):
        pass
    assert caught.value.code == "bucket_unfit"
    assert bucket.names() == []


def test_who_gives_no_time_to_wait_is_refused_once_the_holder_was_seen_alive(
    bucket, store, monkeypatch
):
    clock = WaitingClock()
    monkeypatch.setattr(lease, "boot_seconds", clock.monotonic)
    monkeypatch.setattr(lease.time, "sleep", clock.sleep)
    monkeypatch.setattr(lease.Held, "keep_renewing", lambda self: None)
    store.term_seconds = 6.0
    with store.lock(BOB):
        clock.meanwhile = lambda: store._held.change(lambda head: head)
        with pytest.raises(StateLocked), store_in(bucket.beside()).lock(BOB):
            pass
    assert clock.waits == [store.term_seconds / lease.BEATS_A_TERM / 2]


LEASE = to_builtins(Lease(BOB, 24.0))


@pytest.mark.parametrize(
    "more",
    [
        {"more": 1},
        {"lease": {**LEASE, "more": 1}},
        {"lease": {**LEASE, "holder": {**LEASE["holder"], "more": 1}}},
        {"runs": [{"name": "runs/1", "run": "r1", "more": 1}]},
    ],
)
def test_a_head_that_says_more_is_refused_rather_than_cut_short(bucket, store, more):
    data = parse(Head().as_bytes("token"))
    bucket.create("head.json", canonical({**data, **more}))
    with pytest.raises(StateError, match="it cannot be read") as caught:
        store.read()
    assert caught.value.code == "state_unreadable"


def test_a_sheet_that_could_not_be_begun_is_told_as_it_was(
    store, entry, header, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writing, "write_parquet", full)
    with pytest.raises(StateError, match="No space left"):
        store.replace(header(1), [entry("a")])


def lost(bucket, store):
    """Let another take the lease, by a clock that says that all is well."""
    other = store_in(bucket.beside())
    other._head.change(lambda head: replace(head, epoch=head.epoch + 1))
    store._held._safe_until = 0.0
    return other


def test_who_lost_the_lease_is_told_that_before_all_else(bucket, store, entry, header):
    with store.lock(BOB):
        store.replace(header(1), [entry("a")])
        writer = store.open_journal(HEAD)
        other = lost(bucket, store)
        other.replace(header(2), [entry("b")])  # and so the state moved
        for act in (
            lambda: store.amend(header(2), []),
            lambda: store.amend_by_ranges(header(2), 0, written_elsewhere([])),
            lambda: store.open_journal(HEAD),
            lambda: writer.append({"n": 1}, sync=True),
        ):
            with pytest.raises(StateError) as caught:
                act()
            assert caught.value.code == "lock_lost"
    assert len([name for name in bucket.names() if "journal/" in name]) == 1
