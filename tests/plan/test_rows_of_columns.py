"""Rows that were decided in columns are seen, chosen, counted and written as others."""

import io
from collections import Counter

import pyarrow as pa
import pytest
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.engines.base import Candidate
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.change_statistics import traits_of
from ctsync.model.decided_rows import (
    LETTERS,
    DecidedAttribute,
    DecidedRows,
    RowDecision,
)
from ctsync.model.entry import Entry, membership_in
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns
from ctsync.model.snapshot import Account, Base
from ctsync.plan.among.counted_rows import CountedRows
from ctsync.plan.among.similar_keys import SimilarKeys
from ctsync.plan.among.vanished_rows import VanishedRows
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.plan.document.schedule import records_of
from ctsync.plan.selection import Selection, parse_selector

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
FILES = ("a.csv", "b.csv")
ATTRIBUTES = (
    DecidedAttribute("Email", "set", True),
    DecidedAttribute("Plan", "set", False),
    DecidedAttribute("Points", "set", False),
    DecidedAttribute("Tags", "$add", False),
)
NAMES = [each.name for each in ATTRIBUTES]
LETTER_OF = {operator: letter for letter, operator in LETTERS.items()}
SETTLED = EntryAfter("f" * 32, (membership_in("t"),))

MAIL = Operation(
    "Email", "string", "set", "a@x.io", "unknown", None, "a@x.io", sensitive=True
)
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", None, "Gold")
LEAD = Operation("Plan", "string", "set", "Lead", "known", "Gold", "Lead")
RISE = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
FALL = Operation("Points", "counter", "$decr", 5, "known", 7, 2)
TAGS = Operation("Tags", "list", "$add", ("b",), "known", ("a",), ("a", "b"))


def row(identity, *operations, file=0, number=1, action="update"):
    """A change of a row of the table, or what its entry gets if nothing is done."""
    origin = Origin(FILES[file], row=number, table="t")
    key = ProfileKey("identity", identity)
    return Change(key, action, operations, (origin,), (), SETTLED)


ROWS = (
    row("U1", MAIL, GOLD, number=1, action="create"),
    row("u2", LEAD, RISE, TAGS, number=2),
    row("u3", FALL, file=1, number=1),
    row("u4", number=3),
    row("u5", GOLD, file=1, number=2),
)


def decided(*rows):
    """Give rows as an engine does that has decided them."""
    columns = list(zip(*map(columns_of, rows), strict=True))
    names = (
        "id", "source", "file", "row", "is_new", "line", "effect", "size", "delta_size",
        "traits", "letters", "w1", "w2", "w3", "w4",
    )  # fmt: skip
    table = pa.table(dict(zip(names, map(pa.array, columns), strict=True)))
    decision = RowDecision("", "", ATTRIBUTES, ("", ""))
    source = RowColumns("t", FILES, (), (None, None))
    return DecidedRows("identity", source, decision, table)


def columns_of(change):
    (origin,) = change.origins
    is_still = not change.operations
    waves = dict(records_of(change))
    sizes = [
        len(canonical(waves[wave].as_wire())) if wave in waves else None
        for wave in (1, 3)
    ]
    letters = {op.attribute: LETTER_OF[op.operator] for op in change.operations}
    return (
        change.key.id,
        0,
        FILES.index(origin.file),
        origin.row,
        change.action == "create",
        settled_line(change.key, SETTLED) if is_still else line_of(change),
        b"".join(effect(change, op) for op in change.operations),
        *sizes,
        None if is_still else traits_of(change),
        "".join(letters.get(name, ".") for name in NAMES),
        *(way(change, name) for name in NAMES),
    )


def line_of(change):
    waves = [wave for wave, _ in records_of(change)]
    return change_line(change, traits_of(change), waves)


def effect(change, op):
    said = [op.operator, op.operand, op.prior, op.before, op.after]
    return canonical([change.key.as_json(), op.attribute, op.step, *said]) + b"\n"


def way(change, name):
    """What a column says of an operation, as `model.decided_flows` reads it."""
    for op in change.operations:
        if op.attribute == name:
            hidden = '"hidden"' if op.sensitive else canonical(op.operand).decode()
            if change.action == "create":
                return hidden
            if op.prior == "unknown":
                return f"?{hidden}"
            before = f"{canonical(op.before).decode()}," if op.operator == "set" else ""
            return f"{LETTER_OF[op.operator]}{before}{hidden}"
    return None


class Written:
    """A plan that is being written, and its bytes."""

    def __init__(self, **head):
        self.file = io.BytesIO()
        self.writer = PlanWriter(self.file, replace(HEAD, **head))

    def one_by_one(self, rows):
        for each in rows:
            if each.operations:
                self.writer.add_change(each)
            else:
                self.writer.add_settled(each.key, SETTLED)

    def together(self, rows):
        self.writer.add_decided(decided(*rows))

    def done(self):
        self.writer.close(PlanFoot())
        return self.file.getvalue()


@pytest.mark.parametrize("cut", range(len(ROWS) + 1))
@pytest.mark.parametrize("most", [1, 2, 100])
def test_a_plan_is_the_same_whether_rows_came_together_or_one_by_one(cut, most):
    expected = Written(records_per_call=most)
    expected.one_by_one(ROWS)
    whole = expected.done()
    for first in ("together", "one_by_one"):
        found = Written(records_per_call=most)
        second = {"together": "one_by_one", "one_by_one": "together"}[first]
        for way_, rows in ((first, ROWS[:cut]), (second, ROWS[cut:])):
            if rows:
                getattr(found, way_)(rows)
        assert found.done() == whole


def test_keys_that_differ_in_case_share_no_call_however_they_came():
    twins = [row("U7", GOLD), row("u7", GOLD), row("u8", RISE), row("u9", RISE)]
    expected, found = Written(), Written()
    expected.one_by_one(twins)
    found.together(twins)
    assert expected.writer.sums().summary["calls"] == 3
    assert found.done() == expected.done()


@pytest.mark.parametrize(
    "rows",
    [("u2", "u1"), ("u1", "u1"), ("u1", "u3", "u2"), ("u1", "u2", "u2"), ("u0", "u1")],
)
def test_rows_that_are_not_in_order_are_refused(rows):
    written = Written()
    written.one_by_one([row("u0", GOLD)])
    with pytest.raises(ValueError, match="order"):
        written.together([row(each, GOLD) for each in rows])


@pytest.mark.parametrize("later", ["together", "one_by_one"])
@pytest.mark.parametrize("still", [(), (GOLD,)])
def test_what_comes_after_rows_has_to_come_after_the_last(later, still):
    written = Written()
    written.together([row("u1", GOLD), row("u3", GOLD)])
    with pytest.raises(ValueError, match="order"):
        getattr(written, later)([row("u2", *still)])
    getattr(written, later)([row("u4", *still)])


# What is seen of them


def met(selection):
    return {kind: names for kind, names in selection._met.items() if kind != "action"}


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("identity=u*", {"U1", "u2", "u3", "u4", "u5"}),
        ("objectId=*", set()),
        ("table=t", set()),
    ],
)
def test_a_selection_meets_their_ids_if_it_asks_for_such(target, names):
    selection = Selection([parse_selector(target)])
    selection.decided_seen(decided(*ROWS))
    assert set().union(*met(selection).values()) == names


@pytest.mark.parametrize(
    ("targets", "excludes", "ids"),
    [
        ((), (), ["U1", "u2", "u3", "u4", "u5"]),
        (("identity=u*",), (), ["u2", "u3", "u5"]),
        (("objectId=*",), (), []),
        (("action=create",), (), ["U1"]),
        (("action=update",), ("file=b*",), ["u2"]),
        (("table=t",), (), ["U1", "u2", "u3", "u5"]),
        ((), ("table=t",), []),
        (("cohort=table=t",), (), ["u2", "u3", "u5"]),
    ],
)
def test_rows_are_chosen_as_their_changes_are(targets, excludes, ids):
    selection = Selection(map(parse_selector, targets), map(parse_selector, excludes))
    assert selection.trim_decided(decided(*ROWS)).ids() == ids
    entry = Entry(ROWS[1].key, cohorts=(membership_in("t"),))
    one_by_one = [
        each.key.id
        for each in ROWS
        if each.operations
        and selection.trim(each, entry if each.action == "update" else None)
    ]
    assert one_by_one == [each for each in ids if each != "u4"]


def test_of_the_rows_of_a_table_those_are_new_of_which_no_entry_tells():
    vanished = VanishedRows()
    vanished.decided_seen(decided(*ROWS))
    vanished.decided_seen(decided(row("u6", GOLD, action="create"), row("u7", GOLD)))
    entry = Entry(ProfileKey("identity", "u9"), cohorts=(membership_in("t"),))
    vanished.record_seen(Candidate(entry.key, (), entry, None))

    rows = CountedRows(Counter(t=7))
    assert vanished.by_table(["t"], rows) == {"t": (1, 6)}


def key_at(identity, number):
    origin = Origin("a.csv", row=number, table="t")
    return ProfileKey("identity", identity), origin


IDS = ("ANN", "BOB", "Zoe", "ann", "bob", "dan", "zoe")


@pytest.mark.parametrize("cut", range(1, len(IDS)))
def test_keys_are_compared_whoever_saw_the_first_of_them(cut):
    told = []
    for ways in ("dd", "dc", "cd", "cc"):
        seen, found = SimilarKeys(), []
        for how, ids in zip(ways, (IDS[:cut], IDS[cut:]), strict=True):
            start = 1 if ids[0] == IDS[0] else cut + 1
            if how == "d":
                rows = [row(each, GOLD, number=n) for n, each in enumerate(ids, start)]
                found += seen.decided_seen(decided(*rows), Mask("0" * 32))
            else:
                for n, each in enumerate(ids, start):
                    found += seen.key_seen(*key_at(each, n), Mask("0" * 32))
        told.append([(note.row, note.message) for note in found])
    assert [number for number, _ in told[0]] == [4, 5, 7]
    assert "the one at a.csv row 1 " in told[0][0][1]
    assert told[1:] == told[:1] * 3


def test_keys_that_differ_in_outer_spaces_are_alike_too():
    seen, found = SimilarKeys(), []
    for number, each in enumerate((" jo", "jo"), 1):
        found += seen.key_seen(*key_at(each, number), Mask("0" * 32))
    assert [note.row for note in found] == [2]


def test_keys_in_small_letters_alone_are_not_looked_at(monkeypatch):
    rows = decided(row("u1", GOLD), row("u2", GOLD))
    monkeypatch.setattr(SimilarKeys, "key_seen", lambda *_: 1 / 0)
    assert [*SimilarKeys().decided_seen(rows, Mask("0" * 32))] == []
