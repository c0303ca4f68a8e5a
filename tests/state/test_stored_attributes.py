"""Attributes as a line has them: told apart without being read."""

from __future__ import annotations

import pytest

from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.state.snapshot_codec import StoredAttributes, entry_from_line, entry_line


def stored(known: KnownValue) -> StoredAttributes:
    line = entry_line(Entry(ProfileKey("identity", "u1"), {"plan": known}))
    attributes = entry_from_line(line).attributes
    assert isinstance(attributes, StoredAttributes)
    return attributes


def test_a_plain_value_is_told_at_once():
    attributes = stored(KnownValue("Plan", "string", "Gold", owned=True))
    assert attributes.held("plan", "string") == "Gold"
    assert attributes.held("tier", "string") is None


def test_values_of_a_list_are_told_at_once():
    known = KnownValue(
        "Plan", "list", owned=True, present=("Free", "Gold"), complete=True
    )
    assert stored(known).held("plan", "list") == ("Free", "Gold")
    assert stored(KnownValue("Plan", "list", owned=True)).held("plan", "list") == ()


@pytest.mark.parametrize("value", [True, 1, 1.5, "1"])
def test_a_value_keeps_its_type(value):
    held = stored(KnownValue("Plan", "string", value)).held("plan", "string")
    assert (type(held), held) == (type(value), value)


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
    assert stored(known).held("plan", kind) is None


def test_what_is_not_known_has_no_value():
    attributes = stored(KnownValue("Plan", "string", "Gold"))
    assert attributes.get("tier") is None
    assert attributes.get("plan") == attributes["plan"]
