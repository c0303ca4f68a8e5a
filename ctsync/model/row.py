"""Values written as rows: their fields without names, for files that hold millions.

Fields stand in the order of their class, up to the last that is not a default. That
makes lines a third as long as with names, and quick to write and to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import NODEFAULT, Struct

Row: TypeAlias = Sequence[Any]
T = TypeVar("T", bound=Struct)


def defaults_of(kind: type[Struct]) -> dict[str, Any]:
    """Return the fields of a struct with their defaults, in their order."""
    names, defaults = kind.__struct_fields__, kind.__struct_defaults__
    required = len(names) - len(defaults)
    return dict(zip(names, (*[NODEFAULT] * required, *defaults), strict=True))


class RowForm(Generic[T]):
    """How the values of one struct are written as rows.

    A list in a row is a tuple in the value.
    """

    def __init__(self, kind: type[T]) -> None:
        names = kind.__struct_fields__
        self._kind = kind
        self._values: Callable[[T], tuple[Any, ...]] = attrgetter(*names)
        self._defaults = tuple(defaults_of(kind).values())
        self._middle = (len(names) + 1) // 2

    def row(self, value: T) -> Row:
        """Return the row of a value."""
        return self.trim(self._values(value))

    def trim(self, values: tuple[Any, ...]) -> Row:
        """Return the row of a value whose fields have these values."""
        defaults = self._defaults
        middle = self._middle
        # Most rows end before their second half, which is then told at once.
        length = middle if values[middle:] == defaults[middle:] else len(values)
        while length and values[length - 1] == defaults[length - 1]:
            length -= 1
        return values[:length]

    def rows(self, values: Iterable[T]) -> list[Row]:
        """Return the rows of several values."""
        return [self.row(value) for value in values]

    def value(self, row: Row) -> T:
        """Read what `row` wrote."""
        if list in map(type, row):
            row = [tuple(each) if type(each) is list else each for each in row]
        return self._kind(*row)

    def values(self, rows: Iterable[Row]) -> tuple[T, ...]:
        """Read what `rows` wrote."""
        return tuple([self.value(row) for row in rows])
