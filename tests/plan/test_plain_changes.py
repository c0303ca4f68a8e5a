"""Law: nobody can tell whether a change was read whole or by its values alone."""

import tempfile
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.channels import CHANNELS
from ctsync.channels.base import ChannelSettings
from ctsync.errors import ExportRefused
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import membership_in
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account
from ctsync.plan.document import plain_changes
from ctsync.plan.document.change_codec import change_from_line, change_line
from ctsync.plan.document.digest import PlanDigest
from ctsync.plan.document.plain_changes import PlainReader
from ctsync.plan.export_plan import ExportOrder, export_changes

NAMES = ("City", "Plan %b", 'So "far"')
TEXTS = st.text(max_size=8) | st.sampled_from(("$D_0", "$D_1767225600", "50 %", "a\nb"))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False).filter(
    lambda number: abs(number) != float("inf")
)
SCALARS = TEXTS | NUMBERS | st.booleans()
LISTS = st.lists(st.text(min_size=1, max_size=4), min_size=1, unique=True).map(
    lambda values: tuple(sorted(values))
)


def kind_of(value):
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "date" if value.startswith("$D_") else "string"
    return "number"


@st.composite
def assignments(draw, name):
    value = draw(SCALARS)
    prior = draw(st.sampled_from(("known", "unknown", "uncertain")))
    return Operation(
        name,
        kind_of(value),
        "set",
        value,
        prior,
        draw(st.none() | SCALARS),
        value,
        step=draw(st.sampled_from((1, 1, 1, 2))),
        sensitive=draw(st.booleans()),
        channel=draw(st.sampled_from(("api", "sftp"))),
    )


@st.composite
def others(draw, name):
    """Draw what no plain change does."""
    value = draw(LISTS)
    return draw(
        st.sampled_from(
            [
                Operation(name, "list", "$add", value, "unknown", None, value),
                Operation(name, "list", "$remove", value, "known", value, ()),
                Operation(name, "string", "$delete", None, "known", "a", None),
                Operation(name, "counter", "set", 5, "unknown", None, 5),
                Operation(
                    name, "string", "set", "a", "uncertain", None, "a", since="r"
                ),
                Operation(name, "subscription", "set", True, "unknown", None, True),
            ]
        )
    )


IDS = st.text(min_size=1, max_size=6).map(lambda text: f"u{text}") | st.just("x" * 1024)
PLAIN_PARTS = [assignments(name) for name in NAMES]
ALL_PARTS = [assignments(name) | others(name) for name in NAMES]
SETTLED = EntryAfter("0f", (membership_in("t"),))
SPECIALS = {
    "settled": st.sampled_from(
        (SETTLED, EntryAfter("0f", (membership_in("t"),), ("gone",)))
    ),
    "released": st.sampled_from(((), ("Old",))),
    "locked": st.sampled_from(((), ("City",))),
}


@st.composite
def changes(draw, parts, specials=MappingProxyType({})):
    own = draw(st.lists(st.sampled_from(range(len(parts))), min_size=1, unique=True))
    kind = draw(st.sampled_from(("identity", "identity", "identity", "objectId")))
    said = {name: draw(values) for name, values in specials.items()}
    return Change(
        ProfileKey(kind, draw(IDS)),
        draw(st.sampled_from(("create", "update"))),
        tuple(draw(parts[at]) for at in sorted(own)),
        origins=(Origin("a.csv", row=3, table="t"),),
        **({"settled": SETTLED} | said),
    )


ANY = changes(PLAIN_PARTS) | changes(ALL_PARTS, SPECIALS)


def digest_of(take):
    digest = PlanDigest(Account("A1", "in1"), None)
    take(digest)
    return digest.value()


@given(st.lists(changes(PLAIN_PARTS), min_size=1, max_size=6))
def test_what_assigns_values_is_plain(found):
    reader = PlainReader()
    for change in found:
        row = reader.read(change_line(change))
        assert [*row.operands] == [op.operand for op in change.operations]
        assert row.id == change.key.id


@given(st.lists(ANY, min_size=1, max_size=6))
def test_a_plain_change_has_the_effects_of_the_whole(found):
    reader = PlainReader()
    for change in found:
        line = change_line(change)
        row = reader.read(line)
        if row is None:
            continue
        whole = change_from_line(line)
        assert row.change() == whole == change
        assert digest_of(lambda digest, row=row: digest.add_decided(row.effects)) == (
            digest_of(lambda digest, change=change: digest.add(change))
        )
        example = row.shape.example
        same = [(c.key.type, c.action, c.opt_in, c.locked) for c in (example, whole)]
        assert same[0] == same[1]
        assert not whole.removes
        assert row.shape.has_files == any(
            op.channel == "sftp" for op in change.operations
        )


@pytest.mark.parametrize("line", [b'{"change":', b'{"change":[]}', b"[]"])
def test_what_is_no_plain_change_is_left_to_others(line):
    assert PlainReader().read(line) is None


GOLD = Operation("Plan", "string", "set", "Gold", "unknown", None, "Gold")


def of_one(*operations):
    return Change(ProfileKey("identity", "u1"), "update", operations)


@pytest.mark.parametrize(
    "odd",
    [
        Operation("A", "counter", "set", 5, "unknown", None, 5),
        Operation("A", "counter", "$incr", 5, "known", 1, 6),
        Operation("A", "number", "$delete", 1, "known", 5, None),
        Operation("A", "subscription", "set", True, "unknown", None, True),
        Operation("A", "list", "$add", ("a",), "unknown", None, ("a",)),
    ],
)
def test_one_operation_that_is_not_plain_is_enough(odd):
    for operations in ((odd,), (odd, GOLD)):
        line = change_line(of_one(*operations))
        assert change_from_line(line).operations == operations
        assert PlainReader().read(line) is None
    assert PlainReader().read(change_line(of_one(GOLD))) is not None


@pytest.mark.parametrize(
    "operations",
    [
        (GOLD, GOLD),
        (GOLD, replace(GOLD, attribute="City")),
        (GOLD, replace(GOLD, attribute="plan")),
        (replace(GOLD, step=2), GOLD),
    ],
)
def test_what_cannot_be_sent_as_it_stands_is_refused(operations):
    with pytest.raises(ValueError, match="not a change"):
        PlainReader().read(change_line(of_one(*operations)))


@pytest.mark.parametrize(
    "more",
    [
        {"change": [["Plan", "Gold", "=?", None, None, [], [], "api", "Lead"]]},
        {"change": [["Plan", "Gold"]], "row": [[], None, ["vip"]]},
        {"change": [["Plan", "Gold"]], "also": 1},
        {"change": {"attribute": "Plan", "operand": "Gold"}},
    ],
)
def test_a_line_that_says_more_is_not_plain(more):
    """Else what it says beside its values would never be looked at."""
    row = ["update", "identity", "u1", more["change"], *more.get("row", ())]
    also = {"also": 1} if "also" in more else {}
    line = canonical({"change": row, "does": [64, 1], **also}) + b"\n"
    assert PlainReader().read(line) is None
    plain = ["update", "identity", "u1", [["Plan", "Gold"]]]
    line = canonical({"change": plain, "does": [64, 1]}) + b"\n"
    assert PlainReader().read(line) is not None


def test_more_shapes_than_are_remembered_are_read_whole(monkeypatch):
    monkeypatch.setattr(plain_changes, "MOST_SHAPES", 2)
    reader = PlainReader()
    lines = [
        change_line(
            Change(
                ProfileKey("identity", f"u{number}"),
                "create",
                (Operation(name, "number", "set", 1, "unknown", None, 1),),
            )
        )
        for number, name in enumerate(["a", "b", "c", "a"])
    ]
    assert [reader.read(line) is None for line in lines] == [False, False, True, False]


def export(found, channel, folder, *, only_own):
    """Return what an export comes to, files and refusals."""
    made = CHANNELS[channel](ChannelSettings("Asia/Kolkata", "ops@example.com"))
    order = ExportOrder("0f", Path(folder), only_own=only_own)
    try:
        done = export_changes(found, made, order, Mask())
    except ExportRefused as refusal:
        return [str(each) for each in refusal.findings]
    files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    return files, done.profiles, done.operations, done.left, done.left_profiles


@pytest.mark.parametrize("channel", sorted(CHANNELS))
@given(found=st.lists(ANY, max_size=5), only_own=st.booleans())
def test_files_are_the_same_byte_for_byte(channel, found, only_own):
    reader = PlainReader()
    lines = [change_line(change) for change in found]
    rows = [reader.read(line) or change_from_line(line) for line in lines]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        whole = export(found, channel, one, only_own=only_own)
        assert export(rows, channel, two, only_own=only_own) == whole
