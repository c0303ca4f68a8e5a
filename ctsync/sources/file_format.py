"""Files of one shape, which one query reads: what every kind of file comes down to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.duckdb_connection import Connection
from ctsync.model.scalar_value import Misread, Raw
from ctsync.project.suggestions import nearest
from ctsync.sources.data_files import DataFile, Unreadable
from ctsync.sources.where_filter import Expression

NO_ROWS = "no rows"  # the shape of a file of which nothing is read
Cells: TypeAlias = "Sequence[str | None]"
Read: TypeAlias = "Raw | Misread | None"  # None is a blank cell


class Dialect(Struct, frozen=True):
    """How CSV files are written. `header` are their names where no line says them."""

    separator: str = ","
    encoding: str = "utf-8"
    header: tuple[str, ...] = ()


class WantedColumns(Struct, frozen=True):
    """What is wanted of a file: the key, cells of attributes, and what `where` says.

    Key and cells are names of columns, or expressions over them. `verbatim` are places
    of cells in which spelling counts; `nulls` are words that mean a blank cell. With
    `skips` a row that cannot be read spoils no other.
    """

    key: str | Expression
    columns: tuple[str | Expression, ...] = ()
    condition: Expression | None = None
    verbatim: tuple[int, ...] = ()
    nulls: tuple[str, ...] = ()
    dialect: Dialect = Dialect()
    skips: bool = False
    int96_is_utc: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are named, of key and attributes, each once."""
        named = (each for each in (self.key, *self.columns) if isinstance(each, str))
        return tuple(dict.fromkeys(named))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All expressions, the condition last."""
        said = (self.key, *self.columns, self.condition)
        return tuple(each for each in said if isinstance(each, Expression))

    def without_expressions(self, but: Expression | None) -> WantedColumns:
        """Return what is wanted without expressions, or with one alone."""
        return replace(
            self,
            key=but if but is self.key and but is not None else _plain(self.key),
            columns=tuple(c for c in self.columns if isinstance(c, str) or c is but),
            condition=but if but is self.condition else None,
            verbatim=(),
        )


def _plain(key: str | Expression) -> str | Expression:
    return key if isinstance(key, str) else _NOBODY


_NOBODY = Expression("NULL::VARCHAR", (), "k", ("compute", "key"))


class FilePart(Struct, frozen=True):
    """Some files of one shape; `first` is the number of the first of them.

    `relation` is a query: key VARCHAR, c1 ... cn VARCHAR for the wanted columns, file
    INTEGER, what `cells` needs, and with a condition kept BOOLEAN. Where it is
    `numbered` it has row BIGINT; else its rows come as they stand in the files.

    `row_fault` tells by `cells` what is wrong with a whole row; where a key may be
    sound all the same, `fault` is an expression for it. `lacking` are columns that no
    row has.

    `meaning` is what the text of c1 ... cn means: rows of equal text and meaning are
    equal, except that `lossy`, an expression, gives more text of rows where it takes
    more. `sorts` are those of the cells, where each has one. `cells` is an expression
    of VARCHAR[], from which `read` gives c1 ... cn.
    """

    files: tuple[DataFile, ...]
    first: int
    relation: str
    meaning: object
    cells: str
    read: Callable[[Cells], Sequence[Read]]
    numbered: bool = False
    lossy: str | None = None
    fault: str | None = None
    row_fault: Callable[[Cells], Misread | None] = lambda _: None
    lacking: tuple[str, ...] = ()
    sorts: tuple[str, ...] | None = None

    def line_of(self, file: int, row: int) -> int | None:
        """Return the line on which a row begins; in Parquet there are none."""
        return self.files[file - self.first].line_of(row)


class FileFormat(Protocol):
    """One kind of file."""

    def ready(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> DataFile:
        """Return a file as it can be read in a connection.

        Raises:
            Unreadable: it is damaged, or in another encoding than was said.
        """

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return what decides how a file that is ready is read.

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

    def first_fault(self, file: DataFile, wanted: WantedColumns) -> Unreadable | None:
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


def named_cells(count: int) -> list[str]:
    """Return c1 ... cn."""
    return [f"c{number}" for number in range(1, count + 1)]
