"""What of a change is in a file, and what is known of it until the platform tells."""

import pytest
from msgspec.structs import replace

from ctsync.apply.folding.sent_files import (
    SentRecord,
    first_steps,
    has_later_steps,
    sent_outcomes,
    sent_record,
)
from ctsync.model.change import Change, EntryAfter
from ctsync.model.due_import import ImportFile
from ctsync.model.entry import DueValue, Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Record

KEY = ProfileKey("identity", "u1")
CITY = Operation("City", "string", "$delete", 1, "known", "Rome", channel="sftp")
TAKEN = Operation(
    "Tags", "list", "$remove", ("a", "b"), "known", ("a", "b"), (), channel="sftp"
)
ADDED = Operation(
    "Tags", "list", "$add", ("c",), "known", (), ("c",), 2, channel="sftp"
)
GOLD = Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold")
LATE = replace(GOLD, attribute="Late", step=2)
WHOLE = Change(
    KEY,
    "update",
    (CITY, GOLD, TAKEN, ADDED),
    settled=EntryAfter(cohorts=("vip",), forget=("city", "tags")),
    once=("city", "tags"),
)


def file_of(name, *operations):
    columns = tuple((op.attribute, op.operator, op.kind) for op in operations)
    return ImportFile(name, "m", columns, 1, 10, "0")


BOTH, TOWN = file_of("both.csv", CITY, TAKEN), file_of("town.csv", CITY)


def test_the_first_steps_go_in_files_and_later_ones_wait():
    assert first_steps(WHOLE) == (CITY, TAKEN)
    assert has_later_steps(WHOLE)
    assert not has_later_steps(replace(WHOLE, operations=(CITY, TAKEN, LATE)))
    assert first_steps(replace(WHOLE, operations=(GOLD, ADDED))) == ()


def test_a_value_is_once_or_leaves_only_with_its_last_step():
    sent = sent_record(WHOLE, [BOTH], "run1")
    city = DueValue("both.csv", CITY, rows=2, once=True, forgets=True)
    tags = DueValue("both.csv", TAKEN, rows=2)
    assert sent == SentRecord((("city", city), ("tags", tags)), ("vip",), "run1")
    plain = replace(WHOLE, once=(), settled=EntryAfter())
    (_, due), _ = sent_record(plain, [BOTH], "run1").values
    assert (due.once, due.forgets) == (False, False)


def test_each_file_has_what_its_columns_say():
    others = [
        file_of("kind.csv", replace(CITY, kind="number")),
        file_of("operator.csv", replace(CITY, operator="set")),
        file_of("later.csv", ADDED),
        file_of("call.csv", GOLD),
    ]
    sent = sent_record(WHOLE, [TOWN, *others], "run1")
    assert [(name, due.file, due.rows) for name, due in sent.values] == [
        ("city", "town.csv", 1)
    ]
    assert [*sent_outcomes(WHOLE, [BOTH, TOWN])] == [
        Record(KEY, (CITY, TAKEN), last=False),
        Record(KEY, (CITY,), last=False),
    ]


ROME = KnownValue("City", "string", "Rome", owned=True)


@pytest.mark.parametrize(
    ("entry", "before"),
    [
        (None, None),
        (Entry(KEY, {"city": ROME}, gone=True), None),
        (Entry(KEY), None),
        (Entry(KEY, {"city": ROME}), ROME),
        (Entry(KEY, {"city": replace(ROME, due=DueValue("a", CITY))}), ROME),
    ],
)
def test_both_values_are_possible_until_the_platform_tells(entry, before):
    sent = sent_record(WHOLE, [TOWN], "run1")
    after = sent.fold_into(entry, Entry(KEY))
    known = after.attributes["city"]
    assert (known.certain, known.since, known.due.before) == (False, "run1", before)
    assert known.due.file == "town.csv"
    assert after.cohorts == ("vip",)
