"""Puts whose answer was lost, and others that came first: the head and the journal."""

import itertools

import pytest
from memory_bucket import MemoryBucket
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.state import Holder
from ctsync.state.object_store.head import (
    NAME,
    TRIES,
    Head,
    HeadObject,
    Lease,
    RunName,
    beaten,
)
from ctsync.state.object_store.journal_objects import groups, put_group, seal


@pytest.fixture
def bucket():
    return MemoryBucket()


tokens = itertools.count(1)


def head_of(bucket):
    return HeadObject(bucket, lambda: str(next(tokens)))


class Edit:
    """Raises the epoch, and counts how often it was asked."""

    def __init__(self):
        self.asked = 0

    def __call__(self, head):
        self.asked += 1
        return replace(head, epoch=head.epoch + 1)


# The head


@pytest.mark.parametrize("before", [0, 1])
def test_a_head_that_was_taken_unheard_is_not_changed_again(bucket, before):
    head, edit = head_of(bucket), Edit()
    for _ in range(before):
        head.change(Edit())
    bucket.fates = ["lost"]
    assert head.change(edit).epoch == before + 1
    assert head.read().head.epoch == before + 1
    assert edit.asked == 1


@pytest.mark.parametrize("before", [0, 1])
def test_a_head_that_another_changed_is_edited_as_they_left_it(bucket, before):
    head, other, edit = head_of(bucket), head_of(bucket.beside()), Edit()
    for _ in range(before):
        head.change(Edit())
    bucket.meanwhile = lambda: other.change(lambda h: replace(h, journal="7"))
    after = head.change(edit)
    assert (after.epoch, after.journal, edit.asked) == (before + 1, "7", 2)
    assert head.read().head == after


def test_a_head_that_went_away_is_made_again(bucket):
    head, edit = head_of(bucket), Edit()
    head.change(Edit())
    bucket.meanwhile = lambda: bucket.remove([NAME])
    assert head.change(edit).epoch == 1
    assert edit.asked == 2


def test_a_head_that_changes_all_the_time_is_given_up(bucket):
    head, other, edit = head_of(bucket), head_of(bucket.beside()), Edit()

    def interfere():
        other.change(Edit())
        bucket.meanwhile = interfere

    interfere()
    with pytest.raises(StateError, match="others change it all the time") as caught:
        head.change(edit)
    assert caught.value.code == "state_unwritable"
    assert edit.asked == TRIES


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"epoch": "one"}', b"\xff"])
def test_what_is_no_head_is_refused(bucket, data):
    bucket.create(NAME, data)
    with pytest.raises(StateError):
        head_of(bucket).read()


@pytest.mark.parametrize("part", [(), ("lease",), ("runs", 0)])
def test_a_head_that_says_more_is_refused(bucket, part):
    """Whoever does not know it would leave it out when the head is written anew."""
    lease = Lease(Holder("a", "b", 1, "c", "d"), 24.0)
    data = parse(Head(lease=lease, runs=(RunName("r1", "runs/1"),)).as_bytes("1"))
    within = data
    for step in part:
        within = within[step]
    bucket.create(NAME, canonical(data))
    assert head_of(bucket).read().head.lease == lease
    bucket.remove([NAME])
    within["more"] = 1
    bucket.create(NAME, canonical(data))
    with pytest.raises(StateError):
        head_of(bucket).read()


def test_equal_heads_have_other_bytes():
    """An e-tag may be a hash of them."""
    assert Head().as_bytes("1") != Head().as_bytes("2")


def test_every_beat_is_another_lease():
    lease = Lease(Holder("a", "b", 1, "c", "d"), 24.0)
    beats = [lease]
    for _ in range(3):
        beats.append(beaten(beats[-1]))
    assert [each.beat for each in beats] == [0, 1, 2, 3]


# The journal


def lines_of(bucket):
    return list(groups(bucket, "j"))


def test_a_group_that_was_taken_unheard_stands_once(bucket):
    bucket.fates = ["lost"]
    put_group(bucket, "j", 0, b"{one}\n")
    put_group(bucket, "j", 1, b"{two}\n")
    assert lines_of(bucket) == [b"{one}\n", b"{two}\n"]


def test_a_group_in_whose_place_another_stands_was_not_written(bucket):
    put_group(bucket, "j", 0, b"{one}\n")
    with pytest.raises(StateError) as caught:
        put_group(bucket, "j", 0, b"{other}\n")
    assert caught.value.code == "lock_lost"
    assert lines_of(bucket) == [b"{one}\n"]


def test_a_group_that_was_removed_at_once_was_not_written(bucket):
    """Whoever folded the journal meanwhile has the lease."""
    bucket.get = lambda name: None
    bucket.fates = ["lost"]
    with pytest.raises(StateError) as caught:
        put_group(bucket, "j", 0, b"{one}\n")
    assert caught.value.code == "lock_lost"


def test_a_sealed_journal_takes_no_group_and_is_read_to_the_seal(bucket):
    put_group(bucket, "j", 0, b"{one}\n")
    seal(bucket, "j")
    with pytest.raises(StateError) as caught:
        put_group(bucket, "j", 1, b"{two}\n")
    assert caught.value.code == "lock_lost"
    assert lines_of(bucket) == [b"{one}\n"]


@pytest.mark.parametrize("faster", [1, 2, 3])
def test_groups_that_come_while_it_is_sealed_are_before_the_seal(bucket, faster):
    other = bucket.beside()
    numbers = iter(range(1, faster + 1))
    put_group(bucket, "j", 0, b"{0}\n")

    def write():
        number = next(numbers, None)
        if number is not None:
            put_group(other, "j", number, b"{%d}\n" % number)
            bucket.meanwhile = write

    bucket.meanwhile = write
    seal(bucket, "j")
    assert lines_of(bucket) == [b"{%d}\n" % n for n in range(faster + 1)]
    with pytest.raises(StateError):
        put_group(other, "j", faster + 1, b"{late}\n")


@pytest.mark.parametrize("fates", [[], ["lost"]])
def test_a_journal_is_sealed_once(bucket, fates):
    put_group(bucket, "j", 0, b"{one}\n")
    bucket.fates = fates
    seal(bucket, "j")
    assert bucket.names("journal/j/") == [
        "journal/j/00000000", "journal/j/00000001",
    ]  # fmt: skip


def test_two_who_seal_at_the_same_time_leave_one_seal(bucket):
    put_group(bucket, "j", 0, b"{one}\n")
    bucket.meanwhile = lambda: seal(bucket.beside(), "j")
    seal(bucket, "j")
    assert len(bucket.names("journal/j/")) == 2


def test_a_group_that_is_missing_is_damage_whenever_it_goes(bucket):
    for number in range(3):
        put_group(bucket, "j", number, b"{%d}\n" % number)
    reading = groups(bucket, "j")
    bucket.remove(["journal/j/00000001"])
    with pytest.raises(StateError) as caught:
        list(reading)
    assert caught.value.code == "journal_damaged"
    put_group(bucket, "j", 1, b"{1}\n")
    names = bucket.names("journal/j/")
    bucket.names = lambda start: names  # as it was when the reader looked
    bucket.remove(["journal/j/00000001"])
    with pytest.raises(StateError) as caught:
        lines_of(bucket)
    assert caught.value.code == "journal_damaged"
    assert "the journal of memory://bucket" in caught.value.message
