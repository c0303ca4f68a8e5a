"""What is told at a look: words that mean just what is held, and are sound."""

import pytest

from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.scalar_value import Literal

FRAME = ValueContext()
PLAIN = Attribute("Plan")
ENUM = Attribute("Plan", enum=("a", "b"))
HUNDRED = tuple(sorted(f"v{n:03}" for n in range(100)))


def text(word):
    return Literal(word, "text", word)


def number(value):
    return Literal(str(value), "number", value)


TRUE = Literal("true", "boolean", value=True)
DAY, NO_DAY = Literal("1970-01-01", "date"), Literal("1970-02-30", "date")


@pytest.mark.parametrize(
    ("kind", "raw", "held", "rule", "is_so"),
    [
        ("boolean", TRUE, True, PLAIN, True),
        ("boolean", TRUE, False, PLAIN, False),
        ("boolean", text("true"), True, PLAIN, False),
        ("boolean", Literal("true", "text", value=True), True, PLAIN, False),
        ("boolean", [TRUE], True, PLAIN, False),
        ("date", DAY, "$D_0", PLAIN, True),
        ("date", DAY, "$D_1", PLAIN, False),
        ("date", text("1970-01-01"), "$D_0", PLAIN, False),
        ("date", NO_DAY, "$D_0", PLAIN, False),
        ("date", [DAY], "$D_0", PLAIN, False),
        ("number", number(1), 1, PLAIN, True),
        ("number", number(2), 1, PLAIN, False),
        ("number", number(1), 1.0, PLAIN, False),
        ("number", number(1), True, PLAIN, False),
        ("number", Literal("1", "text", 1), 1, PLAIN, False),
        ("number", [number(1)], 1, PLAIN, False),
        ("string", text("a"), "a", PLAIN, True),
        ("string", text("a"), "b", PLAIN, False),
        ("string", Literal("1", "number", 1), "1", PLAIN, False),
        ("string", [text("a")], "a", PLAIN, False),
        ("string", text("a"), "a", ENUM, True),
        ("string", text("c"), "c", ENUM, False),
        ("string", text("a\n"), "a\n", PLAIN, False),
        ("list", [text("b"), text("a")], ("a", "b"), PLAIN, True),
        ("list", [text("a"), text("a")], ("a",), PLAIN, True),
        ("list", [text("a")], ("a", "b"), PLAIN, False),
        ("list", [text("a")], ("a",), ENUM, False),
        ("list", text("a"), ("a",), PLAIN, False),
        ("list", [text("a"), Literal("a", "date")], ("a",), PLAIN, False),
        ("list", [[text("a")]], (), PLAIN, False),
        ("list", [text("a"), text("A")], ("A", "a"), PLAIN, False),
        ("list", [text("a"), text("b\n")], ("a", "b\n"), PLAIN, False),
        ("list", [*map(text, HUNDRED)], HUNDRED, PLAIN, True),
        ("list", [*map(text, (*HUNDRED, "w"))], (*HUNDRED, "w"), PLAIN, False),
    ],
)
def test_words_are_unchanged_only_where_nothing_is_to_be_said_of_them(
    kind, raw, held, rule, is_so
):
    assert KINDS[kind].is_unchanged(raw, held, rule, FRAME) is is_so
