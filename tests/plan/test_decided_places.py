"""Of which columns SQL says what they mean, and of which words of a map."""

import pytest

from ctsync.kinds.base import ValueContext
from ctsync.kinds.system_attributes import system_rule
from ctsync.model.attribute import Attribute
from ctsync.model.row_source import CellColumn
from ctsync.model.scalar_value import Literal
from ctsync.plan.columns.decided_places import Moving, names_of, place_of

YES = Literal("true", "boolean", value=True)
NOTHING = Literal("null", "null")


def text(word):
    return Literal(word, "text", word, quoted=True)


def number(value):
    return Literal(repr(value), "number", value)


class View:
    """A project with one rule."""

    frame = ValueContext()

    def __init__(self, **rule):
        self.rule = rule

    def rule_for(self, name):
        return system_rule(name) or Attribute(name, **self.rule)


def place(sort="text", words=None, attribute="Größe", **rule):
    return place_of(View(**rule), 7, CellColumn(attribute, sort, words))


@pytest.mark.parametrize(
    ("sort", "kind"),
    [
        *(("text", "string"), ("untyped", "string"), ("", "string")),
        *(("number", "number"), ("boolean", "boolean"), ("date", "date")),
        *(("moment", "date"), ("instant", "date"), ("list", "list")),
    ],
)
def test_cells_are_of_the_kind_that_their_file_says(sort, kind):
    found = place(sort)
    assert found.one_kind is found.kind
    assert found.kind.name == kind
    assert place(sort, kind="counter").kind.name == "counter"


def test_words_of_a_map_are_of_their_kind_if_they_have_one():
    assert place(words={"a": number(1), "b": number(2)}).kind.name == "number"
    mixed = place(words={"a": number(1), "b": text("x")})
    assert (mixed.kind, mixed.cell, mixed.move) == (None, None, None)
    with pytest.raises(TypeError):
        mixed.one_kind  # noqa: B018 - it is asked for
    one = place(words={"a": number(1), "b": text("x")}, kind="string")
    assert one.kind.name == "string"


@pytest.mark.parametrize(
    ("sort", "write", "is_said"),
    [
        ("text", "free", True),
        ("", "free", False),
        ("text", "once", False),
        ("text", "locked", False),
        ("", "once", False),
    ],
)
def test_only_what_may_be_written_whenever_and_is_known_is_said_in_sql(
    sort, write, is_said
):
    found = place(sort, write=write)
    assert (found.cell is not None) == (found.move is not None) == is_said


def test_a_place_knows_its_names():
    found = place()
    assert (found.number, found.folded, found.rule.attribute) == (7, "grösse", "Größe")
    assert names_of(7) == ("h7", "b7", "v7", "l7")
    assert Moving(found, found.move).number == 7
    assert "c7" in found.cell.sound
    assert "v7" in found.move.letter


def test_words_of_a_map_are_looked_up():
    found = place(words={"a": text("A"), "it's": text("O'Neill")})
    assert found.cell.sound == "c7 IN ('a', 'it''s')"
    assert found.cell.value == (
        """CASE c7 WHEN 'a' THEN '"A"' WHEN 'it''s' THEN '"O''Neill"' END"""
    )


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ({"a": text("A"), "b": NOTHING}, ["a"]),
        ({"a": text("A"), "b": [text("B")]}, ["a"]),
        ({"a": text("A"), "b": YES}, ["a"]),
        ({"a": text("A"), "b": text("back\\slash")}, ["a"]),
        ({"a": text("A"), "b": text('say "hi"')}, ["a"]),
        ({"a": text("A"), "b": text(" padded ")}, ["a"]),
        ({"a": text("A"), "b": text("NULL")}, ["a"]),
        ({"a": text("A"), "b": text("x" * 2000)}, ["a"]),
        ({"a": text("A"), "b": text("B")}, ["a", "b"]),
    ],
)
def test_of_a_map_only_words_are_taken_of_which_there_is_nothing_to_say(words, kept):
    listed = ", ".join(f"'{word}'" for word in kept)
    assert place(words=words, kind="string").cell.sound == f"c7 IN ({listed})"


def test_numbers_of_a_map_are_taken_if_they_are_spelled_in_one_way_alone():
    found = place(words={"a": number(1), "b": number(0.5), "c": number(2.0)})
    assert found.cell.sound == "c7 IN ('a', 'c')"
    assert place(words={"b": number(0.5)}).cell is None


def test_what_a_removing_word_means_is_left_to_python():
    removing = {"a": text("F"), "none": NOTHING}
    assert place(words=removing, attribute="Gender").cell.sound == "c7 IN ('a')"


def test_maps_of_lists_and_of_kinds_of_sets_are_left_to_python():
    words = {"a": text("A")}
    assert place("list", words, kind="string").cell is None
    assert place("text", words, kind="list").cell is None
    assert place("list", words, kind="list").cell is None
    assert place("text", words, kind="string").cell is not None
