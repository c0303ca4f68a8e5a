"""Copies of a bucket's objects: private, let go, and removed by whoever comes next."""

import os
from hashlib import sha256

import pytest
from descriptors import open_below
from memory_bucket import MemoryBucket
from msgspec.structs import replace

from ctsync.errors import StateError
from ctsync.state.object_store import mirror as module
from ctsync.state.object_store.mirror import PREFIX, Mirror, remove_abandoned
from ctsync.state.parquet_files import ParquetFile


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def bucket():
    made = MemoryBucket()
    made.create("runs/1", b"one")
    return made


def test_a_copy_is_private_taken_once_and_goes_with_its_reader(bucket, folder):
    mirror = Mirror(bucket)
    path = mirror.copy("runs/1")
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o600
    bucket.remove(["runs/1"])
    assert mirror.copy("runs/1") == path
    assert mirror.copy("runs/2") is None
    assert [each.name for each in mirror.path.iterdir() if each.suffix != ".part"] == [
        path.name
    ]
    del mirror
    assert list(folder.iterdir()) == []
    assert open_below(folder) == []


def test_a_copy_that_a_fault_cut_off_is_taken_anew(bucket, folder):
    mirror = Mirror(bucket)
    aside = mirror.place_of("runs/1").with_suffix(".part")
    aside.write_bytes(b"hal")
    assert mirror.copy("runs/1").read_bytes() == b"one"


def test_a_data_file_is_compared_with_what_was_written_where_that_is_asked(bucket):
    mirror = Mirror(bucket)
    written = ParquetFile("runs/1", 1, 3, sha256(b"one").hexdigest(), 0, 0)
    other = replace(written, sha256="0" * 64)
    assert mirror.parquet_file(other, is_verified=False) is not None
    with pytest.raises(StateError, match="other bytes") as caught:
        mirror.parquet_file(other, is_verified=True)
    assert caught.value.code == "state_edited"
    found = mirror.parquet_file(written, is_verified=True)
    assert b"".join(found.chunks()) == b"one"
    gone = replace(written, name="runs/2")
    assert mirror.parquet_file(gone, is_verified=True) is None


def test_copies_that_somebody_reads_are_left_alone(bucket, folder):
    mirror = Mirror(bucket)
    path = mirror.copy("runs/1")
    remove_abandoned(folder)
    assert path.read_bytes() == b"one"


def test_a_folder_that_was_tidied_away_before_it_was_locked_is_made_again(
    bucket, folder, monkeypatch
):
    flock, met = module.fcntl.flock, []

    def late(lock, how):
        if not met:
            met.extend(folder.iterdir())
            met[0].rmdir()
        flock(lock, how)

    monkeypatch.setattr(module.fcntl, "flock", late)
    mirror = Mirror(bucket)
    assert list(folder.iterdir()) == [mirror.path]
    assert open_below(folder) == [str(mirror.path.resolve())]


def test_whoever_comes_next_removes_what_was_left(bucket, folder):
    left = folder / f"{PREFIX}left"
    left.mkdir()
    (left / "copy").write_text("personal")
    mirror = Mirror(bucket)
    assert list(folder.iterdir()) == [mirror.path]
    assert open_below(folder) == [str(mirror.path.resolve())]


def test_what_is_somebody_elses_is_left_alone(folder, monkeypatch):
    theirs = folder / f"{PREFIX}theirs"
    theirs.mkdir()
    monkeypatch.setattr(module.os, "geteuid", lambda: os.getuid() + 1)
    remove_abandoned(folder)
    assert theirs.is_dir()
    with pytest.raises(PermissionError):
        module._opened(theirs)
    assert open_below(folder) == []
