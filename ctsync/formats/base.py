"""What a format of data files is, and how one is added.

Write one file in this package with a class that derives from `FileFormat` and a module
constant `FORMAT` that holds an instance of it; or such a module in an installed
package, with an entry point of the group `ctsync.formats`. Files whose names end in one
of its `suffixes` are then rows wherever a project, `import` or `init` takes files.

A format says in SQL of DuckDB how its files are read, and DuckDB alone reads them, so
every engine sees the same rows. It gives text for every cell and says what the text
means; two rows of equal text mean the same. What a file of another kind says can be
read from a copy: `ready` gives one in the private folder of the connection.

What is hostile or damaged is told by `Faults`, with the row where one is to blame,
never by another exception; no message quotes a cell. `formats/tsv.py` is the smallest
example.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.counted import counted
from ctsync.duckdb_connection import Connection, open_connection, refusals
from ctsync.errors import CtsyncError
from ctsync.formats.data_file import DataFile
from ctsync.formats.survey import Export, survey_relation
from ctsync.formats.where_filter import Expression
from ctsync.model.fault import Fault, Faults
from ctsync.model.scalar_value import Raw
from ctsync.suggestions import nearest

NO_ROWS = "no rows"  # the shape of a file of which nothing is read
Cells: TypeAlias = "Sequence[str | None]"
Read: TypeAlias = "Raw | Fault | None"  # None is a blank cell


class Dialect(Struct, frozen=True):
    """How CSV files are written. `header` are their names where no line says them.

    Without a `separator` it is the format's own.
    """

    separator: str = ""
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


class TypedCell(Struct, frozen=True):
    """The text of a cell as SQL over `cells`, as cells of its `sort` have it.

    `sound`, never NULL, says that nothing else is to be known of the cell; a text that
    is NULL or '' is a blank cell.
    """

    text: str
    sort: str
    sound: str = "true"


class TypedCells(Struct, frozen=True):
    """What `read` makes of c1 ... cn, as SQL; `sound` says the same of a whole row."""

    cells: tuple[TypedCell, ...]
    sound: str = "true"


def no_fault(_: Cells) -> Fault | None:
    """Find nothing wrong with a row: of formats in which any row can be read."""
    return None


def not_typed() -> TypedCells | None:
    """Say nothing in SQL of what cells mean."""
    return None


class FilePart(Struct, frozen=True):
    """Some files of one shape; `first` is the number of the first of them.

    `relation` is a query: key VARCHAR, c1 ... cn for the wanted columns, file INTEGER,
    what `cells` needs, and with a condition kept BOOLEAN. Where it is `numbered` it has
    row BIGINT; else its rows come as they stand in the files. A cell is VARCHAR, or of
    a type that is read sooner than text is made of it, which `cells` does.

    `row_fault` tells by `cells` what is wrong with a whole row; where a key may be
    sound all the same, `fault` is an expression for it. `lacking` are columns that no
    row has.

    `meaning` is what c1 ... cn mean, with the types of those that are no text: rows of
    equal cells and meaning are equal, except that `lossy`, an expression, gives more
    text of rows where it takes more. `cells` is an expression of VARCHAR[], from which
    `read` gives c1 ... cn, and `typed` says the same in SQL, if that can be said.
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
    row_fault: Callable[[Cells], Fault | None] = no_fault
    lacking: tuple[str, ...] = ()
    typed: Callable[[], TypedCells | None] = not_typed

    def line_of(self, file: int, row: int) -> int | None:
        """Return the line on which a row begins; in Parquet there are none."""
        return self.files[file - self.first].line_of(row)


class FileFormat(ABC):
    """One kind of file.

    Its files are grouped by shape, in their order; files of one shape that follow one
    another become one part, which one query reads.
    """

    suffixes: ClassVar[tuple[str, ...]]  # ends of its files' names, each with a dot
    is_text: ClassVar[bool] = False  # lines of text, which may be packed: .gz, .zst
    has_dialect: ClassVar[bool] = False  # `csv:` of a table says how it is written
    holds_objects: ClassVar[bool] = False  # `whole` gives JSON, one object a row

    def ready(
        self,
        connection: Connection,  # noqa: ARG002 - a default
        file: DataFile,
        wanted: WantedColumns,  # noqa: ARG002
    ) -> DataFile:
        """Return a file as it can be read in a connection, perhaps with a copy.

        Raises:
            Faults: it is damaged, or in another encoding than was said.
        """
        return file

    @abstractmethod
    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return what decides how a file that is ready is read.

        Raises:
            Faults: the file is damaged, or lacks a wanted column.
        """

    @abstractmethod
    def part(
        self,
        files: tuple[DataFile, ...],
        first: int,
        shape: Any,
        wanted: WantedColumns,
    ) -> FilePart:
        """Return the part that files of one shape are."""

    def first_fault(self, file: DataFile, wanted: WantedColumns) -> Fault | None:  # noqa: ARG002 - a default
        """Read a file row by row; give what is wrong with the first that fails.

        None also where rows cannot be read by themselves.
        """
        return None

    @abstractmethod
    def whole(self, connection: Connection, path: Path) -> str:
        """Return a relation of SQL with all that a file holds.

        It has the columns of the file; where it `holds_objects` it has `json`, the
        text of an object a row.

        Raises:
            Faults: it is damaged.
        """

    def survey(self, path: Path) -> Export:
        """Look at the first rows of a file, and at what their cells are.

        Raises:
            CtsyncError: it cannot be read.
        """
        with open_connection(files=[path]) as connection:
            try:
                return survey_relation(connection, self.whole(connection, path))
            except (refusals(), Faults) as error:
                message = f"{path.name} is no file of its kind that can be read"
                raise CtsyncError(message, hint="export it again") from error


def require(names: Iterable[str], columns: Sequence[str]) -> None:
    """Make sure that a file has the columns that are wanted.

    Raises:
        Faults: it lacks one.
    """
    lacking = [name for name in names if name not in columns]
    if not lacking:
        return
    shown = ", ".join(f'"{name}"' for name in lacking)
    message = f"has no column{'s' if len(lacking) > 1 else ''} {shown}"
    raise Faults(Fault("CT615", message, _help_with(lacking[0], columns)))


def _help_with(name: str, columns: Sequence[str]) -> str:
    """Return a hint without the names of columns: without a header they are people."""
    folded = fold_name(name)
    place = next((n for n, c in enumerate(columns, 1) if fold_name(c) == folded), None)
    if place is not None:
        return f"column {place} differs from it only in letter case or spaces"
    close = nearest(name, columns, limit=1)
    if close:
        return f"column {[*columns].index(close[0]) + 1} is called nearly so"
    return f"it has {counted(len(columns), 'other column')}"


def named_cells(count: int) -> list[str]:
    """Return c1 ... cn."""
    return [f"c{number}" for number in range(1, count + 1)]
