"""What an acknowledged record, a release or a look makes of one entry."""

import pytest

from ctsync.apply.folding.state_effects import (
    EntryWrite,
    UncertainRecord,
    entry_write_of,
    release_of,
    settling,
)
from ctsync.model.change import Change, EntryAfter
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.schedule import records_of

KEY = ProfileKey("identity", "u1")
EMPTY = Entry(KEY)
PLAN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
TAKEN = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), (), 1)
ADDED = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
NAMES = tuple("hgfedcba")  # of which sets come in some other order


def settled(**fields):
    return EntryAfter("mark", ("vip",), **fields)


def change_of(*operations, **fields):
    return Change(KEY, "update", operations, **{"settled": settled()} | fields)


def writes(change):
    """What each record of a change does to an entry of which nothing is known."""
    return [entry_write_of(record, change, {}) for _, record in records_of(change)]


def tags(**sets):
    return KnownValue("Tags", "list", **sets)


# Written once


def test_half_of_a_list_that_is_written_once_is_in_doubt_and_not_marked():
    """Who comes after it would take what is there for the whole, and never add."""
    first, last = writes(change_of(PLAN, TAKEN, ADDED, once=("plan", "tags")))
    assert (first.once, last.once) == (("plan",), ("tags",))
    certain = {name: known.certain for name, known in first.attributes.items()}
    assert certain == {"plan": True, "tags": False}
    assert last.attributes["tags"].certain


def test_only_what_is_written_once_is_marked_and_nothing_else_is_doubted():
    """Half of another list is what it is: present values, as far as they are known."""
    first, last = writes(change_of(PLAN, TAKEN, ADDED, once=("plan", "unheard-of")))
    assert (first.once, last.once) == (("plan",), ())
    assert first.attributes["plan"].certain
    before = {"tags": tags(present=("a",))}
    change = change_of(PLAN, TAKEN, ADDED, once=("plan",))
    (_, record), _ = records_of(change)
    assert entry_write_of(record, change, before).attributes["tags"].certain


def test_the_last_record_marks_all_that_it_writes_in_order():
    operations = [
        Operation(name, "string", "set", "x", "unknown", after="x") for name in NAMES
    ]
    (write,) = writes(change_of(*operations, once=NAMES))
    assert write.once == tuple(sorted(NAMES))


def test_a_membership_grows_in_order_until_all_is_acknowledged():
    before = Entry(KEY, cohorts=NAMES[:4], once=NAMES[:4])
    after = EntryWrite(cohorts=NAMES[4:], once=NAMES[4:]).fold_into(before, EMPTY)
    assert after.cohorts == after.once == tuple(sorted(NAMES))
    whole = EntryWrite(settled=settled()).fold_into(before, EMPTY)
    assert (whole.cohorts, whole.fingerprint) == (("vip",), "mark")


def test_attributes_stand_in_the_order_of_their_names():
    values = {name: KnownValue(name, "string", "x") for name in NAMES}
    after = EntryWrite({name: values[name] for name in NAMES[4:]}).fold_into(
        Entry(KEY, {name: values[name] for name in NAMES[:4]}), EMPTY
    )
    assert [*after.attributes] == sorted(NAMES)


# What is ours


@pytest.mark.parametrize(
    ("said", "owned", "ours"),
    [
        (None, True, ()),
        (("b", "x"), True, ("b",)),
        (("c",), True, ("c",)),
        (("x",), False, ()),
        ((), False, ()),
    ],
)
def test_of_a_list_those_values_are_ours_that_are_there_or_may_be(said, owned, ours):
    """None is the whole of it: a list that is declared exactly."""
    known = tags(present=("a", "b"), maybe=("c",), ours=("a",), owned=True)
    mark = settled(ours=(("tags", said), ("gone", ("a",))))
    after = EntryWrite(settled=mark).fold_into(Entry(KEY, {"tags": known}), EMPTY)
    assert [*after.attributes] == ["tags"]
    held = after.attributes["tags"]
    assert (held.owned, held.ours) == (owned, ours)
    assert (held.present, held.maybe) == (known.present, known.maybe)


def test_what_is_ours_is_told_in_order():
    mark = settled(ours=(("tags", NAMES),))
    before = Entry(KEY, {"tags": tags(present=tuple(sorted(NAMES)))})
    after = EntryWrite(settled=mark).fold_into(before, EMPTY)
    assert after.attributes["tags"].ours == tuple(sorted(NAMES))


def test_a_list_in_doubt_names_the_run_that_left_it_so():
    doubt = UncertainRecord((ADDED,), (), "run7")
    held = doubt.fold_into(Entry(KEY, {"tags": tags()}), EMPTY).attributes["tags"]
    assert (held.maybe, held.since) == (("b",), "run7")


# What is not sent


@pytest.mark.parametrize(
    "make",
    [lambda: settling(settled()), lambda: release_of(change_of(released=("City",)))],
)
def test_what_touches_the_state_alone_makes_no_entry_and_revives_none(make):
    effect = make()
    assert effect.fold_into(None, EMPTY) is None
    left = Entry(KEY, {"plan": KnownValue("Plan", "string", "Gold")}, gone=True)
    after = effect.fold_into(left, EMPTY)
    assert (after.gone, [*after.attributes]) == (True, ["plan"])


def test_a_profile_that_is_gone_is_made_anew_by_what_is_sent_to_it():
    left = Entry(KEY, {"plan": KnownValue("Plan", "string", "Gold")}, gone=True)
    after = EntryWrite({"tags": tags()}).fold_into(left, EMPTY)
    assert (after.gone, [*after.attributes]) == (False, ["tags"])


def test_a_release_forgets_its_attributes_but_of_a_list_in_part_what_is_ours():
    mark = settled(forget=("tier",), ours=(("tags", ("a",)),))
    change = change_of(released=("City", "Tags"), settled=mark)
    before = Entry(
        KEY,
        {
            "city": KnownValue("City", "string", "Oslo"),
            "plan": KnownValue("Plan", "string", "Gold"),
            "tags": tags(present=("a",)),
            "tier": KnownValue("Tier", "string", "VIP"),
        },
    )
    after = release_of(change).fold_into(before, EMPTY)
    assert [*after.attributes] == ["plan", "tags"]
