"""One change as lines of text, in columns."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.model.change import Change
from ctsync.model.masking import Mask
from ctsync.render.ansi import SYMBOLS, Ansi
from ctsync.render.operation_rows import OperationRow, operation_rows
from ctsync.render.plan_view import Style
from ctsync.render.text_width import columns_of, cut, cut_name, escape, pad
from ctsync.render.value_text import key_words, origin_words

ACTION_SYMBOLS = {"create": "+", "update": "~", "release": "."}
RELEASED = "released (kept on the platform, forgotten here)"

_INDENT = 4
_WIDEST_NAME = 32
_NARROWEST_VALUE = 16
_ARROW = " -> "


def change_lines(change: Change, mask: Mask, style: Style) -> Iterator[str]:
    """Yield a heading, a line for each operation, and what is released."""
    yield from _heading(change, mask, style)
    yield from operation_lines(change, mask, style)


def operation_lines(change: Change, mask: Mask, style: Style) -> Iterator[str]:
    """Yield a line for each operation, and what is released."""
    table = _Table(change, style)
    for row in operation_rows(change, mask):
        yield table.operation_line(row)
        yield from map(table.note_line, row.notes)
    yield from map(table.released_line, change.released)


def _heading(change: Change, mask: Mask, style: Style) -> Iterator[str]:
    symbol = ACTION_SYMBOLS[change.action]
    paint = Ansi(style.colour)
    key = key_words(change.key, mask, change.origins)
    place = origin_words(change, mask)
    room = style.width - len("  + ") - columns_of(key)
    start = f"  {paint(symbol, SYMBOLS[symbol])} {key}"
    if not place:
        yield start
    elif columns_of(place) + 2 <= room:
        yield start + " " * (room - columns_of(place)) + paint(place, "dim")
    else:
        yield start
        yield "    " + paint(place, "dim")


class _Table:
    """The columns of one change."""

    def __init__(self, change: Change, style: Style) -> None:
        self._style = style
        self._paint = Ansi(style.colour)
        names = (*(op.attribute for op in change.operations), *change.released)
        widest = max((columns_of(escape(name)) for name in names), default=0)
        self._names = min(widest, _WIDEST_NAME)

    def operation_line(self, row: OperationRow) -> str:
        room = self._room(row.operator)
        words = self._fit(row.sides, room)
        start = self._start(row.symbol, row.attribute)
        return f"{start}{pad(words, room)}  {row.operator}"

    def note_line(self, words: str) -> str:
        return " " * (_INDENT + 2 + self._names + 2) + words

    def released_line(self, attribute: str) -> str:
        return self._start(".", escape(attribute)) + RELEASED

    def _start(self, symbol: str, attribute: str) -> str:
        coloured = self._paint(symbol, SYMBOLS[symbol])
        name = pad(cut_name(attribute, self._names), self._names)
        return f"{' ' * _INDENT}{coloured} {name}  "

    def _room(self, operator: str) -> int:
        taken = _INDENT + 2 + self._names + 2 + 2 + len(operator)
        return max(self._style.width - taken, _NARROWEST_VALUE)

    def _fit(self, sides: tuple[str, ...], room: int) -> str:
        words = _ARROW.join(sides)
        if self._style.verbose or columns_of(words) <= room:
            return words
        if len(sides) == 1:
            return cut(words, room)
        before, after = sides
        return _ARROW.join(_shared(before, after, room - len(_ARROW)))


def _shared(before: str, after: str, room: int) -> tuple[str, str]:
    """Cut the longer side first, and both to a half where both are long."""
    half = room // 2
    if columns_of(before) <= half:
        return before, cut(after, room - columns_of(before))
    if columns_of(after) <= half:
        return cut(before, room - columns_of(after)), after
    return cut(before, half), cut(after, room - half)
