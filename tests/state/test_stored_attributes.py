"""Values that can be told at a look, as most can."""

from __future__ import annotations

import pytest

from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.profile_key import ProfileKey


def held(known: KnownValue, kind: str) -> object:
    """What a line tells of an attribute at a look."""
    line = entry_line(Entry(ProfileKey("identity", "u1"), {"plan": known}))
    return entry_from_line(line).attributes["plan"].held(kind)


def test_a_plain_value_is_told_at_once():
    assert held(KnownValue("Plan", "string", "Gold", owned=True), "string") == "Gold"


def test_values_of_a_list_are_told_at_once():
    known = KnownValue(
        "Plan", "list", owned=True, present=("Free", "Gold"), complete=True
    )
    assert held(known, "list") == ("Free", "Gold")
    assert held(KnownValue("Plan", "list", owned=True), "list") == ()


@pytest.mark.parametrize("value", [True, 1, 1.5, "1"])
def test_a_value_keeps_its_type(value):
    found = held(KnownValue("Plan", "string", value), "string")
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (KnownValue("Plan", "string", "1"), "number"),
        (KnownValue("Plan", "number", 1), "boolean"),
        (KnownValue("Plan", "string"), "string"),
        (KnownValue("Plan", "string"), "list"),
        (KnownValue("Plan", "string", "Gold", certain=False), "string"),
        (KnownValue("Plan", "string", "Gold", maybe=("Free",)), "string"),
        (KnownValue("Plan", "string", "Gold", since="run"), "string"),
        (KnownValue("Plan", "list", present=("Gold",)), "string"),
        (KnownValue("Plan", "list", present=("Gold",), ours=("Gold",)), "list"),
        (KnownValue("Plan", "list", present=("Gold",), absent=("Free",)), "list"),
        (KnownValue("Plan", "list", present=("Gold",), maybe=("Free",)), "list"),
    ],
)
def test_what_needs_understanding_is_not_told(known, kind):
    assert held(known, kind) is None
