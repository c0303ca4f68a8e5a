"""Files of one shape, which one query reads: what every kind of file comes down to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.duckdb_connection import Connection
from ctsync.model.scalar_value import Literal, Misread, Raw
from ctsync.project.suggestions import nearest
from ctsync.sources.data_files import DataFile, Unreadable
from ctsync.sources.where_filter import Condition
from ctsync.yaml.scalars import PLAIN, literal

Cells: TypeAlias = "Sequence[str | None]"
Read: TypeAlias = "Raw | Misread | None"  # None is a blank cell


class WantedColumns(Struct, frozen=True):
    """The columns that are wanted of a file: of the key, of attributes, of `where`."""

    key: str
    columns: tuple[str, ...] = ()
    condition: Condition | None = None
    verbatim: tuple[int, ...] = ()  # places of columns where spelling counts

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of key and attributes, each once."""
        return tuple(dict.fromkeys((self.key, *self.columns)))


class FilePart(Struct, frozen=True):
    """Some files of one shape; `first` is the number of the first of them.

    `relation` is a query: key VARCHAR, c1 ... cn VARCHAR for the wanted columns, file
    INTEGER, what `cells` needs, and with a condition kept BOOLEAN. Where it is
    `numbered` it has row BIGINT; else its rows come as they stand in the files.

    `meaning` is what the text of c1 ... cn means: rows of equal text and meaning are
    equal, except that `lossy`, an expression, gives more text of rows where it takes
    more. `cells` is an expression of VARCHAR[], from which `read` gives c1 ... cn.
    """

    files: tuple[DataFile, ...]
    first: int
    relation: str
    meaning: object
    cells: str
    read: Callable[[Cells], Sequence[Read]]
    numbered: bool = False
    lossy: str | None = None


class FileFormat(Protocol):
    """One kind of file."""

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return what decides how a file is read.

        Raises:
            Unreadable: the file is damaged, or lacks a wanted column.
        """

    def part(
        self,
        files: tuple[DataFile, ...],
        first: int,
        shape: Hashable,
        wanted: WantedColumns,
    ) -> FilePart:
        """Return the part that files of one shape are."""

    def first_fault(self, file: DataFile) -> Unreadable | None:
        """Read a file row by row; give what is wrong with the first that fails."""


def require(names: Iterable[str], columns: Sequence[str]) -> None:
    """Make sure that a file has the columns that are wanted.

    Raises:
        Unreadable: it lacks one.
    """
    lacking = [name for name in names if name not in columns]
    if not lacking:
        return
    shown = ", ".join(f'"{name}"' for name in lacking)
    message = f"has no column{'s' if len(lacking) > 1 else ''} {shown}"
    raise Unreadable("CT615", message, _help_with(lacking[0], columns))


def _help_with(name: str, columns: Sequence[str]) -> str:
    """Return a hint without the names of columns: without a header they are people."""
    folded = fold_name(name)
    place = next((n for n, c in enumerate(columns, 1) if fold_name(c) == folded), None)
    if place is not None:
        return f"column {place} differs from it only in letter case or spaces"
    close = nearest(name, columns, limit=1)
    if close:
        return f"column {[*columns].index(close[0]) + 1} is called nearly so"
    count = len(columns)
    return f"it has {count} other column{'' if count == 1 else 's'}"


def kept(wanted: WantedColumns) -> str:
    """Return the expression for whether `where` keeps a row, if there is a `where`."""
    condition = wanted.condition
    return "" if condition is None else f", ({condition.sql}) IS TRUE AS kept"


def named_cells(count: int) -> list[str]:
    """Return c1 ... cn."""
    return [f"c{number}" for number in range(1, count + 1)]


def text(written: str) -> Literal:
    """Return text, as quotes would make it."""
    return Literal(written, "text", written, quoted=True)


def untyped(written: str) -> Literal:
    """Return text of which the catalog decides what it is: it has no value yet."""
    return Literal(written, "text")


def word(written: str) -> Literal:
    """Return what a plain word of a spec is."""
    return literal(PLAIN + written)


def number(written: str) -> Literal:
    """A number as if it stood in a spec: text beyond the digits that are safe."""
    return word(written)
