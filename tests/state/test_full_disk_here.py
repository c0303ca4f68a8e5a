"""A state elsewhere is read and written by way of this machine, whose disk is full."""

import pytest
from descriptors import open_below
from full_disk import largest_file
from memory_bucket import MemoryBucket

from ctsync.bucket_address import Address
from ctsync.errors import StateError
from ctsync.state.journal_groups import spooled
from ctsync.state.manifest import Compaction
from ctsync.state.object_store.store import ObjectStore

HEAD = {"lineage": "lineage-1", "serial": 1, "run": "r1"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def bucket():
    return MemoryBucket()


def store_in(bucket):
    store = ObjectStore(Address("s3", "bucket", "crm"))
    store._bucket = bucket
    store.compaction = Compaction(small_rows=0, share=0)
    return store


def put(one):
    return one.key, lambda _: one


@pytest.mark.parametrize("size", [0, 3])
def test_it_is_told_as_such_and_nothing_is_taken_for_an_edit(
    bucket, entry, header, size
):
    store_in(bucket).replace(header(1), [entry("a")])
    store_in(bucket).append_run({"run": "r1"}, keep=9)
    store_in(bucket).open_journal(HEAD).close()
    store = store_in(bucket)
    for act in (
        lambda: store.replace(header(2), [entry("b")]),
        lambda: store.amend(header(2), [put(entry("b"))]),
        lambda: store.append_run({"run": "r2"}, keep=9),
        store.read,
        store.read_unverified,
        store.journal,
        lambda: next(store.runs()),
    ):
        with largest_file(size), pytest.raises(StateError) as caught:
            act()
        assert caught.value.code == "state_unwritable"
        assert "make room" in caught.value.hint
    assert list(store.read().entries()) == [entry("a")]
    assert [run.record["run"] for run in store.runs()] == ["r1"]
    assert store.journal().head["run"] == "r1"


def test_where_there_is_no_folder_for_copies_that_is_told(bucket, folder):
    folder.rmdir()
    with pytest.raises(StateError, match="No such file or directory") as caught:
        store_in(bucket).append_run({"run": "r1"}, keep=9)
    assert "on this machine" in caught.value.message


def test_a_journal_is_copied_whole_or_not_at_all(folder):
    with largest_file(3), pytest.raises(StateError, match="cannot write a copy of it"):
        spooled([b"ab", b"cd"], "it")
    assert (open_below(folder), list(folder.iterdir())) == ([], [])
    assert b"".join(spooled([b"ab", b"cd"], "it").chunks()) == b"abcd"
