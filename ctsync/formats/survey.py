"""What a look at the first rows of a file tells: its columns, and words of their cells.

Only what all looked-at cells agree on is taken for sure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from ctsync.duckdb_connection import Connection
from ctsync.formats.cell_sorts import sort_of
from ctsync.sql_text import named

LOOKED_AT = 10_000  # rows; more would seldom change what they say
_NULLS = ("NULL", "null", "None", "\\N", "nan", "NaN", "N/A", "#N/A", "<NA>")


class SeenColumn(Struct):
    """One column of an export, and the words of its cells that are not blank.

    `sort` is what the file itself says that they are: text, if nothing; '' are no
    values, and `mixed` are several sorts.
    """

    name: str
    sort: str = "text"
    words: Counter[str] = field(default_factory=Counter)
    nulls: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many cells are not blank."""
        return self.words.total()

    @property
    def is_unique(self) -> bool:
        """Whether no word stands twice."""
        return len(self.words) == self.count

    def add(self, word: str) -> None:
        """Take a cell in."""
        (self.nulls if word in _NULLS else self.words)[word] += 1


class Export(Struct, frozen=True):
    """What an export looks like: how it is written, its columns, rows looked at.

    Rows that stand there before, word for word, are `repeated` and looked at once;
    `ragged` ones have more or fewer cells than the header.
    """

    columns: tuple[SeenColumn, ...]
    rows: int
    separator: str = ""
    encoding: str = "utf-8"
    is_csv: bool = False
    repeated: int = 0
    ragged: int = 0


def survey_relation(connection: Connection, relation: str) -> Export:
    """Look at the first rows of a relation of SQL, whose columns have types."""
    found = connection.sql(f"FROM {relation}")
    texts = ", ".join(f"{named(name)}::VARCHAR" for name in found.columns)
    query = f"SELECT {texts} FROM {relation} LIMIT {LOOKED_AT}"  # noqa: S608
    found_rows = connection.execute(query).fetchall()
    sorts = [sort_of(str(type_)) for type_ in found.types]
    names = [*found.columns]
    columns = [SeenColumn(name, sort) for name, sort in zip(names, sorts, strict=True)]
    rows = dict.fromkeys(found_rows)
    fill(columns, rows)
    repeated = len(found_rows) - len(rows)
    return Export(tuple(columns), len(found_rows), repeated=repeated)


def fill(columns: Sequence[SeenColumn], rows: Iterable[Sequence[str | None]]) -> None:
    """Take the cells of rows in, each into its column."""
    for row in rows:
        for column, cell in zip(columns, row, strict=False):
            if cell:
                column.add(cell)
