"""Words as a spec writes them: what kinds give as examples of what they take."""

from __future__ import annotations

from ctsync.model.scalar_value import Literal

NULL = Literal("null", "null")


def text(words: str) -> Literal:
    """Return text in quotes."""
    return Literal(words, "text", words, quoted=True)


def number(value: float) -> Literal:
    """Return a number in plain digits."""
    return Literal(repr(value), "number", value)


def switch(*, is_on: bool) -> Literal:
    """Return a plain `true` or `false`."""
    return Literal("true" if is_on else "false", "boolean", is_on)


def date(words: str) -> Literal:
    """Return a plain day or moment."""
    return Literal(words, "date")
