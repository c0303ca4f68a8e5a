"""Candidates that were decided in columns: what a plan says of them is text already.

Whoever finds candidates beside a database may let it decide, too, the common case of a
row against an entry. What comes of that is the same as if each had been decided by
itself, byte by byte; every other candidate comes as it always does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.model.change import Origin
from ctsync.model.operation import Operator
from ctsync.model.row_source import RowColumns

LETTERS: Mapping[str, Operator] = {"s": "set", "a": "$add", "i": "$incr", "d": "$decr"}
"""What stands for an operator in columns."""

ADDRESSES = ("email", "phone")
"""Attributes, by folded name, that one person has and no other."""


class DecidedRow(NamedTuple):
    """What is to be done to the profile of one row.

    `line` is that of the plan, with its newline: of a change, or where `traits` is
    None of what the entry gets; it is empty where nothing is to be said. `effect` are
    the lines that the digest takes in. `size` and `delta_size` are the bytes of the
    records that travel, None where there is none of that sort. `letters` stand for the
    operators on the attributes, one by one. `email` and `phone` are given where they
    are sent.
    """

    id: str
    file: int
    row: int
    is_new: bool
    line: str
    effect: str
    size: int | None
    delta_size: int | None
    traits: int | None
    letters: str
    email: str | None
    phone: str | None


class RowDecision(Struct, frozen=True):
    """How the rows of one source are decided in SQL.

    `attributes` are those for which letters stand.
    """

    opening: str
    closing: str
    attributes: tuple[str, ...]

    def over(self, rows: str) -> str:
        """Return the query that decides the rows of another.

        Its columns are (type, id, source, file, row, digest, cells, body): rows that
        are the only place which names their profiles, with the bodies of their entries,
        NULL where there is none. The query gives the same columns, all but the key and
        place NULL where the row is decided, and the fields of `DecidedRow` from
        `is_new` on, all of them NULL where it is not.
        """
        return f"{self.opening}{rows}{self.closing}"


class DecidedRows(Struct, frozen=True):
    """Candidates that follow each other in the order of keys, all of one row source."""

    key_type: str
    source: RowColumns
    decision: RowDecision
    rows: Sequence[DecidedRow]

    def origin(self, row: DecidedRow) -> Origin:
        """Return where a row stands."""
        return Origin(
            self.source.files[row.file], None, row.row, None, self.source.table
        )

    def addresses(self) -> Iterator[tuple[DecidedRow, str, str]]:
        """Yield each address that is sent: its row, the attribute's name, and it."""
        names = {fold_name(name): name for name in self.decision.attributes}
        if names.keys().isdisjoint(ADDRESSES):
            return
        for row in self.rows:
            for folded, value in zip(ADDRESSES, (row.email, row.phone), strict=True):
                if value is not None:
                    yield row, names[folded], value

    def operations(self) -> Counter[tuple[str, str]]:
        """Count the operations by attribute and operator."""
        counts = Counter[tuple[str, str]]()
        for letters, count in Counter([row.letters for row in self.rows]).items():
            for name, letter in zip(self.decision.attributes, letters, strict=True):
                if letter in LETTERS:
                    counts[name, LETTERS[letter]] += count
        return counts

    def operation_texts(self) -> Counter[tuple[str, bool]]:
        """Count the changes by what their lines say of operations, first met first.

        Many changes say the same, which then is read once. With each stands whether the
        profiles are new.
        """
        return Counter(
            [
                (_operations_in(row.line), bool(row.is_new))
                for row in self.rows
                if row.traits is not None
            ]
        )

    def traits(self) -> Counter[int]:
        """Count the changes by their traits."""
        return Counter([row.traits for row in self.rows if row.traits is not None])


def _operations_in(line: str) -> str:
    # Quotes inside of values are escaped, so these stand nowhere else.
    start = line.index(_OPERATIONS) + len(_OPERATIONS) - 1
    return line[start : line.index(_ORIGINS, start) + 1]


_OPERATIONS = '"operations":['
_ORIGINS = '],"origins":['

Decider: TypeAlias = "Callable[[str, RowColumns], RowDecision | None]"
"""Gives how rows of an id type are decided; None where that is for Python."""
