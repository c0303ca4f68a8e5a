"""Attributes as a line has them: told apart without being read."""

from __future__ import annotations

import pytest

from ctsync.model.entry import Entry, Known
from ctsync.model.key import Key
from ctsync.state.form import StoredAttributes, entry_from_line, entry_line


def stored(known: Known) -> StoredAttributes:
    line = entry_line(Entry(Key("identity", "u1"), {"plan": known}))
    attributes = entry_from_line(line).attributes
    assert isinstance(attributes, StoredAttributes)
    return attributes


def test_a_plain_value_is_told_at_once():
    attributes = stored(Known("Plan", "string", "Gold", owned=True))
    assert attributes.says("plan", "string", "Gold")
    assert not attributes.says("plan", "string", "Free")
    assert not attributes.says("tier", "string", "Gold")


@pytest.mark.parametrize(
    ("known", "kind", "value"),
    [
        (Known("Plan", "string", "1"), "number", "1"),
        (Known("Plan", "number", 1), "number", True),
        (Known("Plan", "boolean", value=True), "boolean", 1),
        (Known("Plan", "string", "Gold", certain=False), "string", "Gold"),
        (Known("Plan", "string", "Gold", maybe=("Free",)), "string", "Gold"),
        (Known("Plan", "string", "Gold", since="run"), "string", "Gold"),
        (Known("Plan", "list", present=("Gold",)), "list", "Gold"),
    ],
)
def test_what_needs_understanding_is_not_told(known, kind, value):
    assert not stored(known).says("plan", kind, value)


def test_what_is_not_known_has_no_value():
    attributes = stored(Known("Plan", "string", "Gold"))
    assert attributes.get("tier") is None
    assert attributes.get("plan") == attributes["plan"]
