"""What travels is what was shown: the records of a change say its operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.kinds import KINDS
from ctsync.model.change import Change
from ctsync.model.fault import Faults
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import change_from_line, change_line
from ctsync.plan.document.schedule import records_of

KEY = ProfileKey("identity", "u1")
GROUPS = (
    "subscriptions.email.News",
    "subscriptions.email.Ball",
    "subscriptions.sms.News",
)


@st.composite
def changes(draw, lab) -> Change:
    """Return a change with operations of several kinds, as a plan has them."""
    operations: list[Operation] = []
    for place, name in enumerate(draw(st.lists(st.sampled_from(sorted(KINDS))))):
        kind = KINDS[name]
        known = draw(lab.beginnings(kind)).known
        try:
            own = kind.diff(known, draw(lab.targets_for(kind)), lab.FRAME)
        except Faults:
            continue
        operations += [replace(op, attribute=f"A{place:02}") for op in own]
    for group in draw(st.sets(st.sampled_from(GROUPS))):
        is_on = draw(st.booleans())
        operations.append(Operation(group, "subscription", "set", is_on, "unknown"))
    assume(operations)
    operations.sort(key=lambda op: (op.attribute, op.step))
    return Change(KEY, "create", tuple(operations))


def said_by(wire: bytes) -> Iterator[tuple[str, str, Any]]:
    """Read a record as the platform's public page has it."""
    record = parse(wire)
    assert record.keys() == {"identity", "type", "profileData"}
    assert (record["identity"], record["type"]) == (KEY.id, "profile")
    for name, value in record["profileData"].items():
        if name in {"category-resubscribe", "category-unsubscribe"}:
            for channel, groups in value.items():
                for group in groups:
                    attribute = f"subscriptions.{channel}.{group}"
                    yield attribute, "set", name == "category-resubscribe"
        elif isinstance(value, dict):
            ((operator, operand),) = value.items()
            yield name, operator, operand
        else:
            yield name, "set", value


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_the_records_of_a_change_say_its_operations_and_no_others(lab, data):
    shown = data.draw(changes(lab))
    records = records_of(change_from_line(change_line(shown)))
    sent = [
        (wave, tuple(said_by(canonical(record.as_wire())))) for wave, record in records
    ]
    waves = [wave for wave, _ in sent]
    assert waves == sorted(set(waves))
    assert [record.last for _, record in records] == [*[False] * (len(sent) - 1), True]
    for wave, said in sent:
        assert len({name for name, *_ in said}) == len(said)
        deltas = [operator in {"$incr", "$decr"} for _, operator, _ in said]
        assert deltas == [wave == 3] * len(said)
    order = [(name, wave) for wave, said in sent for name, *_ in said]
    steps = {(op.attribute, op.step): op for op in shown.operations}
    for (name, step), op in steps.items():
        assert (name, 3 if op.is_delta else step) in order
    flat = sorted((canonical(each) for _, said in sent for each in said))
    expected = [[op.attribute, op.operator, op.operand] for op in shown.operations]
    assert flat == sorted(map(canonical, expected))
