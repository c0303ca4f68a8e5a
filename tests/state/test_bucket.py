"""What an address means, and what may be said and allowed of a bucket."""

import sys

import obstore
import obstore.exceptions
import obstore.store
import pytest
from memory_bucket import MemoryBucket

from ctsync.bucket_address import Address
from ctsync.errors import StateError, UsageError
from ctsync.state.object_store.bucket import Bucket, place_of
from ctsync.state.object_store.probe import faults_of


@pytest.mark.parametrize(
    ("url", "name", "place"),
    [
        ("s3://b/", None, ("s3", "b", "")),
        ("s3://b/", "prod", ("s3", "b", "prod")),
        ("gs://b.c_d-1/x/y/", None, ("gs", "b.c_d-1", "x/y")),
        ("az://b//x/", "prod", ("az", "b", "x/prod")),
    ],
)
def test_an_address_is_a_bucket_and_a_folder(url, name, place):
    found = place_of(url, name)
    assert found == Address(*place)
    assert found.shown == f"{place[0]}://{place[1]}"


@pytest.mark.parametrize(
    "url", ["s3://b", "s3://b/x", "s3:///x/", "s3://b/x?y/", "s3://b/x#/", "s3://b/@/"]
)
def test_what_is_no_folder_of_a_bucket_is_refused(url):
    with pytest.raises(UsageError, match="cannot be read"):
        place_of(url, None)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda bucket, path: bucket.get("x"), "state_unreadable"),
        (lambda bucket, path: bucket.download("x", 1), "state_unreadable"),
        (lambda bucket, path: bucket.names(), "state_unreadable"),
        (lambda bucket, path: bucket.create("x", b""), "state_unwritable"),
        (lambda bucket, path: bucket.upload("x", path), "state_unwritable"),
        (lambda bucket, path: bucket.remove(["x"]), "state_unwritable"),
    ],
)
def test_a_trouble_says_whether_it_was_in_reading_or_in_writing(
    monkeypatch, tmp_path, act, code
):
    def away(*_, **__):
        raise obstore.exceptions.GenericError("the connection was cut at secret-host")

    for name in ("get", "put", "list", "delete"):
        monkeypatch.setattr(obstore, name, away)
    with pytest.raises(StateError) as caught:
        act(MemoryBucket(), tmp_path)
    assert caught.value.code == code
    assert "secret-host" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("kind", "words", "why"),
    [
        ("GenericError", "DNS error at secret-host", "DNS knows no such host"),
        ("GenericError", "cut off at secret-host", "does not answer as it should"),
        ("PermissionDeniedError", "403 at secret-host", "credentials do not allow"),
        ("UnauthenticatedError", "401 at secret-host", "credentials do not allow"),
    ],
)
def test_a_trouble_is_told_in_our_words(monkeypatch, kind, words, why):
    def away(*_, **__):
        raise getattr(obstore.exceptions, kind)(words)

    monkeypatch.setattr(obstore, "get", away)
    with pytest.raises(StateError, match=why) as caught:
        MemoryBucket().get("x")
    assert "secret-host" not in f"{caught.value.message} {caught.value.hint}"


def test_a_missing_client_is_told_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(UsageError, match="obstore") as caught:
        Bucket(Address("s3", "b", ""))
    assert "ctsync[object-store]" in caught.value.hint


@pytest.mark.parametrize("read", ["get", "download"])
def test_an_object_is_missing_or_the_whole_bucket_is(monkeypatch, read):
    bucket = MemoryBucket()
    act = {"get": lambda: bucket.get("x"), "download": lambda: bucket.download("x", 1)}
    assert not act[read]()

    def gone(*_):
        raise FileNotFoundError("404: NoSuchBucket")

    monkeypatch.setattr(obstore, "get", gone)
    with pytest.raises(StateError, match="there is no bucket"):
        act[read]()


def test_nothing_is_asked_for_no_names(monkeypatch):
    monkeypatch.setattr(obstore, "delete", None)
    MemoryBucket().remove([])


# Trying it out


def test_a_bucket_in_memory_keeps_conditions_and_no_versions():
    bucket = MemoryBucket()
    assert [fault.code for fault in faults_of(bucket, "1")] == ["bucket_unversioned"]
    assert bucket.names() == []


def test_a_bucket_that_gives_back_nothing_is_unfit():
    bucket = MemoryBucket()
    bucket.get = lambda name: None
    codes = [fault.code for fault in faults_of(bucket, "1")]
    assert codes == ["bucket_unfit", "bucket_unversioned"]


def test_a_bucket_that_puts_over_what_is_there_is_unfit_for_two_reasons():
    bucket = MemoryBucket()

    def careless(name, data, mode):
        return MemoryBucket._put(bucket, name, data, "overwrite")

    bucket._put = careless
    once, named, versions = faults_of(bucket, "1")
    assert [once.code, named.code] == ["bucket_unfit"] * 2
    assert "that is to be created once" in once.message
    assert "that is not the one named" in named.message
    assert versions.code == "bucket_unversioned"


def test_a_probe_whose_first_answer_is_lost_blames_nobody():
    bucket = MemoryBucket()
    bucket.fates = ["lost"]
    assert [fault.code for fault in faults_of(bucket, "1")] == ["bucket_unversioned"]
