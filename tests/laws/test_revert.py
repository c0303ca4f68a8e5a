"""A run that is reverted leaves what was known before, but for what the plan lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert, to_builtins
from msgspec.structs import replace

from ctsync.apply.folding.history import change_of
from ctsync.apply.folding.state_effects import AcknowledgedRecord
from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.kinds.subscription import is_opt_in
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, EntryAfter
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import DELTAS
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome
from ctsync.model.run import RunChange
from ctsync.plan.document.schedule import records_of
from ctsync.plan.revert_profile import (
    CHANGED,
    CREATED,
    FORGOTTEN,
    NOT_KNOWN,
    OPTS_IN,
    REMOVED,
    STAYS,
    revert_profile,
)  # fmt: skip

KEY = ProfileKey("identity", "u1")
CONTEXT = ValueContext()
WORDS = st.sampled_from(["a", "b", "c", "d"])
SETS = st.frozensets(WORDS, max_size=3).map(lambda words: tuple(sorted(words)))
VALUES = {
    "string": WORDS,
    "number": st.integers(0, 5) | st.floats(0, 5),
    "counter": st.integers(0, 9),
    "boolean": st.booleans(),
    "date": st.integers(0, 9).map(lambda day: f"$D_{86_400 * day}"),
    "subscription": st.booleans(),
}
NAMES = {
    "Name": "string", "Plan": "string", "Score": "number", "Points": "counter",
    "Open": "boolean", "Since": "date", "MSG-email": "subscription",
    "MSG-dndEmail": "subscription", "Tags": "list", "More": "list",
}  # fmt: skip


def rule_for(name: str) -> Attribute:
    return Attribute(name, NAMES.get(name))


@st.composite
def knowledge(draw: st.DrawFn) -> Entry:
    """What a state may know with certainty of a profile."""
    known = {}
    for name, kind in NAMES.items():
        if draw(st.booleans()):
            known[fold_name(name)] = draw(_known(name, kind))
    cohorts = draw(SETS)
    return Entry(KEY, dict(sorted(known.items())), cohorts)


def _known(name: str, kind: str) -> st.SearchStrategy[KnownValue]:
    if kind != "list":
        value = VALUES[kind] if name != "Name" else st.none() | VALUES[kind]
        return value.map(lambda v: KnownValue(name, kind, v, owned=True))
    return st.tuples(SETS, SETS, SETS).map(
        lambda sets: KnownValue(
            name, kind, owned=True, present=sets[0],
            ours=tuple(v for v in sets[1] if v in sets[0]),
            absent=tuple(v for v in sets[2] if v not in sets[0]),
        )
    )  # fmt: skip


@st.composite
def wishes(draw: st.DrawFn) -> tuple[DesiredValue, ...]:
    return tuple(
        draw(_wish(name, kind)) for name, kind in NAMES.items() if draw(st.booleans())
    )


def _wish(name: str, kind: str) -> st.SearchStrategy[DesiredValue]:
    if kind != "list":
        value = VALUES[kind] if name != "Name" else st.none() | VALUES[kind]
        return value.map(lambda v: DesiredValue(name, kind, v))
    part = st.tuples(SETS, SETS).map(
        lambda sets: DesiredValue(
            name, kind, include=tuple(v for v in sets[0] if v not in sets[1]),
            exclude=sets[1],
        )
    )  # fmt: skip
    return part | SETS.map(lambda exact: DesiredValue(name, kind, exact=exact))


def change_for(entry: Entry | None, wanted: tuple[DesiredValue, ...]) -> Change:
    known = {} if entry is None else entry.attributes
    operations = [
        operation
        for target in wanted
        for operation in KINDS[target.kind].diff(
            known.get(fold_name(target.attribute)), target, CONTEXT
        )
    ]
    return Change(
        KEY,
        "create" if entry is None else "update",
        tuple(sorted(operations, key=lambda op: (op.attribute, op.step))),
        settled=EntryAfter(cohorts=() if entry is None else entry.cohorts),
    )


def acknowledged(entry: Entry | None, change: Change) -> Entry | None:
    for _, record in records_of(change):
        entry = AcknowledgedRecord(record, change).fold_into(entry, Entry(KEY))
    return entry


def told(entry: Entry | None, change: Change):
    """What the history keeps of the change, through its stored form."""
    records = [(record, Outcome.ACKNOWLEDGED) for _, record in records_of(change)]
    return convert(to_builtins(change_of(change, records, entry)), RunChange)


def bare(entry: Entry, without: set[str]) -> dict[str, KnownValue]:
    return {n: known for n, known in entry.attributes.items() if n not in without}


@given(knowledge(), wishes())
def test_a_revert_gives_back_what_was_known_but_for_what_it_lists(before, wanted):
    change = change_for(before, wanted)
    after = acknowledged(before, change)
    undoing = revert_profile(told(before, change), after, rule_for, CONTEXT)
    restored = after if undoing.change is None else acknowledged(after, undoing.change)
    stays = {fold_name(name) for name, _ in undoing.stays}
    assert bare(restored, stays) == bare(before, stays)
    assert {why for _, why in undoing.stays} <= {NOT_KNOWN, OPTS_IN, REMOVED, STAYS}
    if not stays:
        assert restored.cohorts == before.cohorts


@given(knowledge(), wishes())
def test_a_revert_never_opts_in_and_negates_deltas(before, wanted):
    change = change_for(before, wanted)
    after = acknowledged(before, change)
    undoing = revert_profile(told(before, change), after, rule_for, CONTEXT)
    operations = () if undoing.change is None else undoing.change.operations
    assert not any(map(is_opt_in, operations))
    moved = {op.attribute: _delta(op) for op in change.operations if _delta(op)}
    undone = {op.attribute: -_delta(op) for op in operations if _delta(op)}
    assert undone == {name: delta for name, delta in moved.items() if name in undone}
    assert moved.keys() - undone.keys() <= {name for name, _ in undoing.stays}


def _delta(operation) -> int:
    if operation.operator not in DELTAS:
        return 0
    return operation.operand if operation.operator == "$incr" else -operation.operand


@given(knowledge(), wishes(), wishes())
def test_what_changed_since_is_listed_and_left_alone(before, wanted, later):
    change = change_for(before, wanted)
    after = acknowledged(before, change)
    now = acknowledged(after, change_for(after, later))
    undoing = revert_profile(told(before, change), now, rule_for, CONTEXT)
    sent = () if undoing.change is None else undoing.change.operations
    stays = dict(undoing.stays)
    for operation in change.operations:
        name = fold_name(operation.attribute)
        if now.attributes[name] != after.attributes[name]:
            assert stays[operation.attribute] == CHANGED
            assert operation.attribute not in {op.attribute for op in sent}


@given(wishes())
def test_a_created_profile_is_listed_and_nothing_is_sent_to_it(wanted):
    change = change_for(None, wanted)
    after = acknowledged(None, change)
    undoing = revert_profile(told(None, change), after, rule_for, CONTEXT)
    assert (undoing.change, undoing.stays) == (None, [(None, CREATED)])


@given(knowledge(), wishes())
def test_a_profile_that_is_known_no_more_is_listed(before, wanted):
    done = told(before, change_for(before, wanted))
    for now in (None, replace(before, gone=True)):
        undoing = revert_profile(done, now, rule_for, CONTEXT)
        assert (undoing.change, undoing.stays) == (None, [(None, FORGOTTEN)])
