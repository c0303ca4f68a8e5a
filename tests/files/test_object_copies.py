"""Copies of objects are of the version that was found, however a bucket tells of it."""

from types import SimpleNamespace

import pytest

from ctsync.files import bucket_reader
from ctsync.files.bucket_folders import bucket_folder
from ctsync.files.found_objects import Replaced
from ctsync.files.object_copies import ObjectCopies

FOLDER = bucket_folder("s3://crm/export/")


class Versioned:
    """A client of a bucket that tells versions of single objects, as most do.

    Listings have none, and spell tags without quotes where `is_bare`.
    """

    exceptions = SimpleNamespace(BaseError=RuntimeError)

    def __init__(self, *, is_bare):
        self.is_bare = is_bare
        self.e_tag, self.version = "one", "17"

    def list(self, _objects, _start, chunk_size):
        tag = self.e_tag if self.is_bare else f'"{self.e_tag}"'
        return [[{"path": "export/a.csv", "size": 2, "e_tag": tag, "version": None}]]

    def head(self, _objects, path):
        tag = f'"{self.e_tag}"'
        return {"path": path, "size": 2, "e_tag": tag, "version": self.version}

    def get(self, objects, path):
        meta = self.head(objects, path)
        return SimpleNamespace(meta=meta, stream=lambda _: [b"id"])


@pytest.fixture(params=[False, True], ids=["quoted", "bare"])
def client(request, monkeypatch):
    made = Versioned(is_bare=request.param)
    monkeypatch.setattr(bucket_reader, "client_for", lambda _: made)
    monkeypatch.setattr(bucket_reader, "open_objects", lambda *_: None)
    return made


def test_what_a_listing_finds_is_copied_and_unchanged(client):
    copies = ObjectCopies()
    (found,) = copies.objects_in(FOLDER)
    path = copies.copy(found, ".csv")
    assert path.read_bytes() == b"id"
    assert not copies.has_changed(path)
    assert copies.copy(copies.object_at(found.place), ".csv") == path


def test_another_version_is_seen(client):
    copies = ObjectCopies()
    (found,) = copies.objects_in(FOLDER)
    path = copies.copy(found, ".csv")
    client.e_tag = "two"
    assert copies.has_changed(path)
    with pytest.raises(Replaced):
        copies.copy(copies.object_at(found.place), ".csv")


def test_one_that_is_replaced_before_it_is_copied_is_not_taken(client):
    copies = ObjectCopies()
    (found,) = copies.objects_in(FOLDER)
    client.e_tag = "two"
    with pytest.raises(Replaced):
        copies.copy(found, ".csv")


def test_a_version_tells_more_than_a_tag(client):
    copies = ObjectCopies()
    found = copies.object_at(bucket_folder("s3://crm/export/a.csv"))
    path = copies.copy(found, ".csv")
    client.version = "18"
    assert copies.has_changed(path)
