"""Values written as rows: their fields without names, for files that hold millions.

Fields stand in the order of their class, up to the last that is not a default. That
makes lines a third as long as with names, and quick to write and to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

Row: TypeAlias = Sequence[Any]
T = TypeVar("T")


class RowForm(Generic[T]):
    """How the values of one frozen dataclass are written as rows.

    A list in a row is a tuple in the value.
    """

    def __init__(self, kind: Callable[..., T]) -> None:
        every = fields(kind)  # type: ignore[arg-type]
        self._kind = kind
        self._values: Callable[[T], tuple[Any, ...]] = attrgetter(
            *(field.name for field in every)
        )
        self._defaults = tuple(field.default for field in every)
        self._middle = (len(every) + 1) // 2

    def row(self, value: T) -> Row:
        """Give the row of a value."""
        values, defaults = self._values(value), self._defaults
        middle = self._middle
        # Most rows end before their second half, which is then told at once.
        length = middle if values[middle:] == defaults[middle:] else len(values)
        while length and values[length - 1] == defaults[length - 1]:
            length -= 1
        return values[:length]

    def rows(self, values: Iterable[T]) -> list[Row]:
        """Give the rows of several values."""
        return [self.row(value) for value in values]

    def value(self, row: Row) -> T:
        """Read what `row` wrote."""
        if list in map(type, row):
            row = [tuple(each) if type(each) is list else each for each in row]
        return self._kind(*row)

    def values(self, rows: Iterable[Row]) -> tuple[T, ...]:
        """Read what `rows` wrote."""
        return tuple([self.value(row) for row in rows])
