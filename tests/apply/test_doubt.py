"""A doubt is worked out late, and means what it meant when the call left."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.apply.folding.state_effects import AcknowledgedRecord, UncertainRecord
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.change import Change
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.schedule import records_of

KEY = ProfileKey("identity", "u1")
TEXTS = st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(
    lambda found: tuple(sorted(found))
)
LISTS = st.builds(
    KnownValue, st.just("Tags"), st.just("list"), present=TEXTS, certain=st.booleans()
)
COUNTERS = st.builds(
    KnownValue, st.just("Points"), st.just("counter"), st.integers(0, 9), st.booleans()
)
STRINGS = st.builds(
    KnownValue, st.just("Plan"), st.just("string"), st.sampled_from("xy"), st.booleans()
)
ENTRIES = st.none() | st.builds(
    lambda tags, points, plan: Entry(
        KEY, {"tags": tags, "points": points, "plan": plan}
    ),
    LISTS,
    COUNTERS,
    STRINGS,
)
TARGETS = st.tuples(
    st.builds(DesiredValue, st.just("Tags"), st.just("list"), exact=TEXTS),
    st.builds(DesiredValue, st.just("Points"), st.just("counter"), st.integers(0, 9)),
    st.builds(DesiredValue, st.just("Plan"), st.just("string"), st.sampled_from("xyz")),
)
law = settings(deadline=None, max_examples=80)


def change_of(entry, targets):
    known = {} if entry is None else entry.attributes
    operations = (
        operation
        for target in targets
        for operation in KINDS[target.kind].diff(
            known.get(target.attribute.lower()), target, ValueContext()
        )
    )
    return Change(KEY, "update", tuple(operations))


@law
@given(ENTRIES, TARGETS)
def test_a_call_that_was_lost_twice_leaves_the_same_doubt(entry, targets):
    for _, record in records_of(change_of(entry, targets)):
        doubt = UncertainRecord(record.operations, (), "run")
        once = doubt.fold_into(entry, Entry(KEY))
        assert doubt.fold_into(once, Entry(KEY)) == once


@law
@given(ENTRIES, TARGETS)
def test_what_was_in_doubt_and_is_taken_is_as_if_it_had_been_taken_at_once(
    entry, targets
):
    change, empty = change_of(entry, targets), Entry(KEY)
    at_once = after_doubt = entry
    for _, record in records_of(change):
        at_once = AcknowledgedRecord(record, change).fold_into(at_once, empty)
        doubt = UncertainRecord(record.operations, (), "run")
        after_doubt = doubt.fold_into(after_doubt, empty)
        after_doubt = AcknowledgedRecord(record, change).fold_into(after_doubt, empty)
    assert after_doubt == at_once


@law
@given(ENTRIES, TARGETS)
def test_what_was_taken_in_every_record_is_what_was_wanted(entry, targets):
    change, after = change_of(entry, targets), entry
    for _, record in records_of(change):
        after = AcknowledgedRecord(record, change).fold_into(after, Entry(KEY))
    known = {} if after is None else after.attributes
    again = [
        operation
        for target in targets
        for operation in KINDS[target.kind].diff(
            known.get(target.attribute.lower()), target, ValueContext()
        )
    ]
    assert again == []
