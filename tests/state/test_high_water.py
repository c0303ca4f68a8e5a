"""The mark that tells a state which went back: read, kept, and moved up alone."""

import json
import os

import pytest
from memory_bucket import MemoryBucket

from ctsync.errors import StateError, UsageError
from ctsync.state.high_water import (
    GivenMark,
    HighWater,
    MarkFile,
    mark_from_line,
    mark_place,
)
from ctsync.state.object_store.mark_object import TRIES, MarkObject

DIGEST, OTHER = "a" * 64, "b" * 64


def mark(serial, lineage="l1", digest=DIGEST):
    return HighWater(lineage, serial, digest)


def test_a_mark_is_above_lower_ones_of_its_lineage_and_all_of_others():
    assert mark(3).is_above(None)
    assert mark(3).is_above(mark(2))
    assert not mark(3).is_above(mark(3, digest=OTHER))
    assert not mark(3).is_above(mark(4))
    assert mark(3).is_above(mark(9, lineage="l2"))


def test_a_mark_comes_back_from_its_line_and_from_its_value(tmp_path):
    assert mark_from_line(mark(3).as_line(), "it") == mark(3)
    assert mark(3).as_line().endswith(b"}\n")
    given = mark_place(mark(3).value, tmp_path)
    assert given.read() == mark(3, lineage=None)


@pytest.mark.parametrize("line", [b"", b"[]", b'{"serial":1}', b'{"lineage":null'])
def test_what_is_no_mark_is_refused(line):
    with pytest.raises(StateError, match="what it holds is none") as caught:
        mark_from_line(line, "it")
    assert caught.value.code == "high_water_unreadable"
    assert "CTSYNC_HIGH_WATER" in caught.value.hint


def test_a_mark_that_says_more_is_refused():
    data = {**json.loads(mark(1).as_line()), "more": 1}
    with pytest.raises(StateError):
        mark_from_line(json.dumps(data).encode(), "it")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("mark.json", MarkFile),
        ("deep/2024.json", MarkFile),
        ("s3://bucket/mark.json", MarkObject),
        ("az://box/a/b/mark", MarkObject),
        (f"12:sha256:{DIGEST}", GivenMark),
    ],
)
def test_a_variable_names_a_file_an_object_or_the_mark_itself(
    tmp_path, words, kind, monkeypatch
):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    place = mark_place(words, tmp_path)
    assert isinstance(place, kind)
    if kind is MarkObject:
        assert place._bucket.location == place.shown
    if kind is MarkFile:
        assert place.shown == str(tmp_path / words)


@pytest.mark.parametrize(
    "words",
    [
        "", "12", "12:", f"12:sha256:{DIGEST}0", f"sha256:{DIGEST}", "s3://bucket/",
        "s3://bucket", "http://host/mark", "s3://b/m?x=s3cret", "s3://b/m\x1b",
        f"12:sha256:{DIGEST.upper()}",
    ],
)  # fmt: skip
def test_a_variable_that_names_no_place_is_refused_and_not_shown(tmp_path, words):
    with pytest.raises(UsageError) as caught:
        mark_place(words, tmp_path)
    said = f"{caught.value.message} {caught.value.hint}"
    assert "s3cret" not in said
    assert said.isprintable()


def test_a_given_mark_holds_what_is_not_above_it(tmp_path):
    place = mark_place(mark(3).value, tmp_path)
    assert [place.keep(mark(serial)) for serial in (2, 3, 4)] == [True, True, False]


# Kept


@pytest.fixture(params=["file", "object"])
def place(request, tmp_path):
    if request.param == "file":
        return MarkFile(tmp_path / "mark.json")
    found = MarkObject("s3://bucket/marks/mark.json")
    found._bucket = MemoryBucket()
    return found


def test_a_mark_only_ever_moves_up(place):
    assert place.read() is None
    for serial, found in ((2, 2), (3, 3), (3, 3), (1, 3), (5, 5)):
        assert place.keep(mark(serial)) is True
        assert place.read() == mark(found)
    assert place.keep(mark(1, lineage="l2"))
    assert place.read() == mark(1, lineage="l2")


def test_a_mark_in_a_file_is_its_owners_and_one_that_cannot_be_read_is_told(tmp_path):
    place = MarkFile(tmp_path / "mark.json")
    place.keep(mark(1))
    assert place.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StateError) as caught:
        MarkFile(tmp_path).read()
    assert caught.value.code == "high_water_unreadable"
    assert os.strerror(21) in caught.value.message
    with pytest.raises(StateError) as caught:
        MarkFile(tmp_path / "mark.json" / "no").keep(mark(1))
    assert caught.value.code in {"state_unwritable", "high_water_unreadable"}


def beside(bucket):
    other = MarkObject("s3://bucket/marks/mark.json")
    other._bucket = bucket.beside()
    return other


@pytest.fixture
def bucket():
    return MemoryBucket()


@pytest.fixture
def in_bucket(bucket):
    found = MarkObject("s3://bucket/marks/mark.json")
    found._bucket = bucket
    return found


@pytest.mark.parametrize("before", [[], [1]])
def test_a_mark_that_was_taken_unheard_is_kept(in_bucket, bucket, before):
    for serial in before:
        in_bucket.keep(mark(serial))
    bucket.fates = ["lost"]
    assert in_bucket.keep(mark(2)) is True
    assert in_bucket.read() == mark(2)


@pytest.mark.parametrize(("theirs", "after"), [(9, 9), (2, 5)])
@pytest.mark.parametrize("before", [[], [1]])
def test_of_two_who_keep_a_mark_at_once_the_higher_stays(
    in_bucket, bucket, before, theirs, after
):
    for serial in before:
        in_bucket.keep(mark(serial))
    bucket.meanwhile = lambda: beside(bucket).keep(mark(theirs))
    assert in_bucket.keep(mark(5)) is True
    assert in_bucket.read() == mark(after)


def test_a_mark_that_changes_all_the_time_is_given_up(in_bucket, bucket):
    serials = iter(range(1, 99))

    def interfere():
        beside(bucket).keep(mark(next(serials)))
        bucket.meanwhile = interfere

    bucket.meanwhile = interfere
    with pytest.raises(StateError, match="others change it all the time") as caught:
        in_bucket.keep(mark(1_000))
    assert caught.value.code == "state_unwritable"
    assert next(serials) == TRIES + 1


def test_an_object_that_cannot_be_read_is_told_as_a_mark(in_bucket, bucket):
    bucket.create("mark.json", b"none")
    with pytest.raises(StateError, match="none") as caught:
        in_bucket.read()
    assert caught.value.code == "high_water_unreadable"
    assert caught.value.message.count("high-water") == 1

    def away(name):
        raise StateError("cannot read it", hint="look", code="state_unreadable")

    bucket.get = away
    with pytest.raises(StateError, match="cannot read it") as caught:
        in_bucket.read()
    assert (caught.value.code, caught.value.hint) == ("high_water_unreadable", "look")
