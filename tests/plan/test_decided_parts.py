"""What SQL says of a row where part of its change is chosen, and of groups."""

import pytest
from decided_cases import DecidedCases, address
from msgspec.structs import replace

from ctsync.model.attribute import Attribute
from ctsync.model.operation import Operation

GROUPS = ("email.News", "email.Offers", "push.News")
MESSAGES = (*(f"subscriptions.{each}" for each in GROUPS), "MSG-push", "MSG-dndEmail")
SWITCHES = DecidedCases(
    {name: Attribute(name, kind="subscription") for name in MESSAGES},
    dict.fromkeys(MESSAGES, "boolean"),
)
ON, OFF = "true", "false"


def switched(number, cell, before=None):
    """An operation on one of the switches, as a cell has it."""
    is_on, prior = cell == ON, "unknown" if before is None else "known"
    name = MESSAGES[number]
    return Operation(name, "subscription", "set", is_on, prior, before, is_on)


@pytest.mark.parametrize("are_new", [False, True])
def test_groups_are_counted_as_they_travel_and_opt_ins_are_told(are_new):
    """Each switch on or off by itself, some of them together, and all of them."""
    rows = [
        *((None,) * n + (word,) for n in range(len(MESSAGES)) for word in (ON, OFF)),
        (ON, ON), (ON, OFF), (OFF, OFF, OFF), (ON, None, ON), (OFF, ON, OFF),
        (ON, ON, ON, ON, OFF), (OFF, OFF, OFF, OFF, ON),
    ]  # fmt: skip
    rows = [(*row, *(None,) * (len(MESSAGES) - len(row))) for row in rows]
    found = SWITCHES.decided({row: (row, None) for row in rows}, are_new=are_new)
    for number, row in enumerate(rows, 1):
        operations = sorted(
            (switched(n, cell) for n, cell in enumerate(row) if cell is not None),
            key=lambda op: op.attribute,
        )
        assert found[row] == SWITCHES.expected(number, None, tuple(operations)), row


def test_a_switch_that_is_as_it_was_travels_in_no_group():
    held = {MESSAGES[0]: ("subscription", True), MESSAGES[1]: ("subscription", True)}
    row = (ON, OFF, None, None, None)
    ((_, found),) = SWITCHES.decided({"": (row, held)}).items()
    assert found == SWITCHES.expected(1, held, (switched(1, OFF, before=True),))


RULES = {
    "Plan": Attribute("Plan", kind="string"),
    "Email": Attribute("Email", kind="string"),
    "Points": Attribute("Points", kind="counter"),
}
SORTS = {"Plan": "text", "Email": "text", "Points": "number"}
PLAN = Operation("Plan", "string", "set", "Gold", "unknown", None, "Gold")
LEAD = replace(PLAN, prior="known", before="Free")
MAIL = Operation("Email", "string", "set", "a@x.io", "unknown", None, "a@x.io")
RISE = Operation("Points", "counter", "$incr", 2, "known", 5, 7)
FREE, FIVE = {"Plan": ("string", "Free")}, {"Points": ("counter", 5)}
MAILED = {"Email": ("string", "a@x.io")}
# Cells and what is held, all that would be done, and which attributes are there.
PARTS = {
    "all is new": (("Gold", "a@x.io", None), None, (MAIL, PLAN), ("Plan", "Email")),
    "one is new": (("Gold", None, None), None, (PLAN,), ("Plan",)),
    "another is new": ((None, "a@x.io", None), None, (MAIL,), ("Email",)),
    "nothing is new": ((None, None, None), None, (), ()),
    "two move": (
        ("Gold", None, "7"), {**FREE, **FIVE}, (LEAD, RISE), ("Plan", "Points"),
    ),
    "what is held beside": (
        ("Gold", None, None), {**FREE, **FIVE}, (LEAD,), ("Plan", "Points"),
    ),
    "an address that is there": (
        (None, "a@x.io", "7"), {**MAILED, **FIVE}, (RISE,), ("Email", "Points"),
    ),
    "nothing moves": (("Free", None, "5"), {**FREE, **FIVE}, (), ("Plan", "Points")),
}  # fmt: skip


@pytest.mark.parametrize("are_new", [False, True])
@pytest.mark.parametrize("cohort", [None, "vip"])
@pytest.mark.parametrize("chosen", [(), ("Plan",), ("Plan", "Points"), tuple(RULES)])
def test_of_a_part_just_what_is_chosen_is_said(chosen, cohort, are_new):
    table = DecidedCases(RULES, SORTS, wants=chosen.__contains__, cohort=cohort)
    parts = {c: said for c, said in PARTS.items() if not (are_new and said[1])}
    found = table.decided({c: said[:2] for c, said in parts.items()}, are_new=are_new)
    for number, (case, (_, held, whole, seen)) in enumerate(parts.items(), 1):
        part = tuple(op for op in whole if op.attribute in chosen)
        is_cut = part != whole
        expected = table.expected(number, held, part, seen=seen, is_cut=is_cut)
        # Who shares an address is told whether it is chosen or not.
        expected["email"] = address(whole, "email")
        if is_cut and not part:
            assert found[case]["traits"] == 0, case
            expected |= {name: found[case][name] for name in ("traits", "line")}
        assert found[case] == expected, case


@pytest.mark.parametrize("wants", [None, "Plan".__eq__, "Other".__eq__])
@pytest.mark.parametrize("odd", [(" Gold", None, None), (None, None, "5.0x")])
def test_a_row_with_a_cell_that_is_not_understood_is_left_whatever_is_chosen(
    wants, odd
):
    """Also where the attribute of that cell is not the one that is chosen."""
    table = DecidedCases(RULES, SORTS, wants=wants)
    cases = {"odd": (odd, None), "known": (odd, FREE), "plain": PARTS["all is new"][:2]}
    found = table.decided(cases)
    assert [row["line"] is None for row in found.values()] == [True, True, False]
    assert [row["cells"] is None for row in found.values()] == [False, False, True]


def test_a_name_in_other_letters_is_left_to_python_where_names_are_chosen():
    held = {"PLAN": ("string", "Free")}
    row = {"": ((None, None, "7"), held)}
    for wants, is_decided in ((None, True), ("Plan".__eq__, False)):
        table = DecidedCases(RULES, SORTS, wants=wants)
        assert (table.decided(row)[""]["line"] is not None) == is_decided
