"""What SQL says of a row that it decides, column by column, as Python writes it."""

import pytest
from decided_cases import MARK, DecidedCases
from msgspec.structs import replace

from ctsync.kinds import KINDS
from ctsync.kinds.string import StringKind
from ctsync.model.attribute import Attribute
from ctsync.model.entry import DueValue, KnownValue
from ctsync.model.operation import Operation
from ctsync.plan.columns.decide_rows import row_decision

RULES = {
    "Points": Attribute("Points", kind="counter"),
    "Email": Attribute("Email", kind="string", sensitive=True),
    "Plan": Attribute("Plan", kind="string"),
    "Tags": Attribute("Tags", kind="list"),
}
SORTS = {"Points": "number", "Email": "text", "Plan": "text", "Tags": "list"}
TABLE = DecidedCases(RULES, SORTS)
MARKED = bytes.fromhex(MARK)
ANN, BOB = "ann@x.io", "bob@x.io"


def mail(prior="unknown", before=None, to=ANN):
    return Operation("Email", "string", "set", to, prior, before, to, sensitive=True)


def plan(prior="unknown", before=None, to="Gold"):
    return Operation("Plan", "string", "set", to, prior, before, to)


def points(operator, operand, before, after):
    prior = "unknown" if before is None else "known"
    return Operation("Points", "counter", operator, operand, prior, before, after)


TAGS = Operation(
    "Tags", "list", "$add", ("a", "b"), "unknown", None, ("a", "b"), certain=False
)
NOTHING = (None, None, None, None)
HELD = {"Plan": ("string", "Free"), "Points": ("counter", 5)}
MAILS = {"Email": ("string", BOB)}
CASES = {
    "all that is new": (
        ("5", ANN, "Gold", '["a","b"]'), None,
        (mail(), plan(), points("set", 5, None, 5), TAGS),
    ),
    "one value that is new": ((None, None, "Gold", None), None, (plan(),)),
    "nothing that is new": (NOTHING, None, ()),
    "nothing that is known": (NOTHING, HELD, ()),
    "what is known": (("5", None, "Free", None), HELD, ()),
    "another text": ((None, None, "Gold", None), HELD, (plan("known", "Free"),)),
    "a higher number": (
        ("7", None, "Free", None), HELD, (points("$incr", 2, 5, 7),),
    ),
    "a lower number": (("1", None, None, None), HELD, (points("$decr", 4, 5, 1),)),
    "a number that no counter moves to": (
        ("-5", None, "Gold", None), HELD,
        (plan("known", "Free"), points("set", -5, 5, -5)),
    ),
    "both sorts of records": (
        ("7", ANN, None, None), HELD, (mail(), points("$incr", 2, 5, 7)),
    ),
    "another address": ((None, ANN, None, None), MAILS, (mail("known", BOB),)),
    "what nobody knew": ((None, BOB, "Gold", None), MAILS, (plan(),)),
    "a list that nobody knew": ((None, None, None, '["a","b"]'), MAILS, (TAGS,)),
}  # fmt: skip


def test_rows_are_said_as_their_changes_are_written():
    """All cases in one query: to put it together takes longer than to run it."""
    found = TABLE.decided({case: said[:2] for case, said in CASES.items()})
    for number, (case, (_, held, operations)) in enumerate(CASES.items(), 1):
        assert found[case] == TABLE.expected(number, held, operations), case


def test_rows_of_people_without_an_entry_are_said_alike_by_half_a_query():
    new = {case: said for case, said in CASES.items() if said[1] is None}
    found = TABLE.decided({c: said[:2] for c, said in new.items()}, are_new=True)
    for number, (case, (*_, operations)) in enumerate(new.items(), 1):
        assert found[case] == TABLE.expected(number, None, operations), case


DOUBT = KnownValue("Plan", "string", "Free", owned=True, certain=False, since="r")
COMING = DueValue("late.csv", plan("known", "Free"))
LEFT = {
    "a text with spaces around it": ((None, None, " Gold", None), None),
    "a value in doubt": ((None, None, "Gold", None), {"Plan": DOUBT}),
    "what a file still brings": (
        (None, None, None, None),
        {"Plan": replace(DOUBT, certain=True, since=None, due=COMING)},
    ),
    "an attribute of no column": (
        (None, None, "Gold", None), {"Hat": ("string", "red")},
    ),
    "a list that is known": ((None, None, None, '["a","b"]'), {"Tags": ("list", None)}),
}  # fmt: skip


def test_rows_that_are_left_come_as_they_are_and_nothing_is_said_of_them():
    for number, (case, found) in enumerate(TABLE.decided(LEFT).items(), 1):
        cells, held = LEFT[case]
        given = {"cells": [*cells], "digest": MARKED, "body": None}
        if held is not None:
            given["body"] = TABLE.body(number, held)
        placed = {name: found[name] for name in ("type", "id", "source", "file", "row")}
        assert found == dict.fromkeys(found) | placed | given, case
        assert placed["id"] == f"u{number}"


@pytest.mark.parametrize("are_new", [False, True])
def test_a_row_is_left_where_it_is_not_sound_that_its_cell_is_blank(are_new):
    """So it is with a line of JSON that has one name twice."""
    table = DecidedCases(RULES, SORTS, sound="cells[2] IS DISTINCT FROM ''")
    cases = {said: ((None, said, "Gold", None), None) for said in ("", None, ANN)}
    found = table.decided(cases, are_new=are_new)
    assert [found[said]["line"] is None for said in cases] == [True, False, False]


def test_columns_that_give_one_attribute_are_left_to_python():
    rules = {name: Attribute(name, kind="string") for name in ("Plan", "plan")}
    twice = DecidedCases(rules, dict.fromkeys(rules, "text"))
    assert row_decision(twice, "identity", twice.columns) is None
    assert row_decision(TABLE, "identity", TABLE.columns) is not None


class OwnWayKind(StringKind):
    """Texts that lead to operations which nobody has said in SQL."""

    name = "own-way"

    def diff(self, known, target, frame):
        return super().diff(known, target, frame)


@pytest.mark.parametrize("are_new", [False, True])
def test_a_kind_that_says_no_move_in_sql_is_for_python(monkeypatch, are_new):
    monkeypatch.setitem(KINDS, "own-way", OwnWayKind())
    rules = {"Plan": RULES["Plan"], "Own": Attribute("Own", kind="own-way")}
    table = DecidedCases(rules, {"Plan": "text", "Own": "text"})
    cases = {"a word": (("Gold", "x"), None), "none": (("Gold", None), None)}
    found = table.decided(cases, are_new=are_new)
    assert found["a word"]["is_new"] is None
    assert found["none"]["is_new"]


def test_a_column_of_which_only_moves_are_said_is_for_python_unless_it_is_blank():
    rules = {"Plan": RULES["Plan"], "Own": Attribute("Own", kind="list")}
    table = DecidedCases(rules, {"Plan": "text", "Own": "text"})
    cases = {"a word": (("Gold", "x"), None), "none": (("Gold", None), None)}
    for are_new in (False, True):
        found = table.decided(cases, are_new=are_new)
        assert found["a word"]["is_new"] is None
        assert found["none"]["letters"] == "s."
