"""Copies of a bucket's objects: private, taken once, and let go."""

from hashlib import sha256

import pytest
from descriptors import open_below
from memory_bucket import MemoryBucket
from msgspec.structs import replace

from ctsync.errors import StateError
from ctsync.state.object_store.mirror import Mirror
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
