"""A doubt is worked out late, and means what it meant when the call left."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.apply.effect import Doubt, effect_from_json, known_before
from ctsync.canon import canonical, parse
from ctsync.kinds import KINDS
from ctsync.kinds.base import Frame
from ctsync.model.change import Change
from ctsync.model.entry import Entry, Known
from ctsync.model.key import Key
from ctsync.model.target import Target
from ctsync.plan.schedule import records_of

KEY = Key("identity", "u1")
TEXTS = st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(
    lambda found: tuple(sorted(found))
)
LISTS = st.builds(
    Known, st.just("Tags"), st.just("list"), present=TEXTS, certain=st.booleans()
)
COUNTERS = st.builds(
    Known, st.just("Points"), st.just("counter"), st.integers(0, 9), st.booleans()
)
STRINGS = st.builds(
    Known, st.just("Plan"), st.just("string"), st.sampled_from("xy"), st.booleans()
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
    st.builds(Target, st.just("Tags"), st.just("list"), exact=TEXTS),
    st.builds(Target, st.just("Points"), st.just("counter"), st.integers(0, 9)),
    st.builds(Target, st.just("Plan"), st.just("string"), st.sampled_from("xyz")),
)
law = settings(deadline=None, max_examples=80)


def change_of(entry, targets):
    known = {} if entry is None else entry.attributes
    operations = (
        operation
        for target in targets
        for operation in KINDS[target.kind].diff(
            known.get(target.attribute.lower()), target, Frame()
        )
    )
    return Change(KEY, "update", tuple(operations))


@law
@given(ENTRIES, TARGETS)
def test_a_doubt_survives_the_journal(entry, targets):
    doubt = Doubt(change_of(entry, targets).operations, ("vip",), "run")
    data = {**parse(canonical(doubt.as_json())), "run": "run"}
    assert effect_from_json(data) == doubt


@law
@given(ENTRIES, TARGETS)
def test_a_call_that_was_lost_twice_leaves_the_same_doubt(entry, targets):
    for _, record in records_of(change_of(entry, targets)):
        doubt = Doubt(record.operations, (), "run")
        once = doubt.fold_into(entry, Entry(KEY))
        assert doubt.fold_into(once, Entry(KEY)) == once


@law
@given(ENTRIES, TARGETS)
def test_what_is_known_before_a_record_is_what_the_earlier_ones_made(entry, targets):
    change = change_of(entry, targets)
    known = {} if entry is None else dict(entry.attributes)
    for _, record in records_of(change):
        before = known_before(record, change, {} if entry is None else entry.attributes)
        assert dict(before) == known
        for operation in record.operations:
            name = operation.attribute.lower()
            known[name] = KINDS[operation.kind].apply(known.get(name), operation)
