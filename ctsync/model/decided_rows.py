"""Candidates that were decided in columns: what a plan says of them is text already.

Whoever finds candidates beside a database may let it decide, too, the common case of a
row against an entry. What comes of that is the same as if each had been decided by
itself, byte by byte; every other candidate comes as it always does.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.arrow import arrow, arrow_compute
from ctsync.model.change import Origin
from ctsync.model.operation import Operator
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns, RowFile

Table: TypeAlias = Any  # of pyarrow, which is slow to import

LETTERS: Mapping[str, Operator] = {"s": "set", "a": "$add", "i": "$incr", "d": "$decr"}
"""What stands for an operator in columns."""

NOTHING = "."
"""What stands in columns where nothing is done or there."""

PLACED = ("type", "id", "source", "file", "row")
"""Whose a row is, and where its first place is."""

SEEN = "seen"

DECIDED = (
    "is_new", "line", "effect", "size", "delta_size", "traits", "letters", "email",
    "phone",
)  # fmt: skip
"""What is said of a row that is decided, after `PLACED`.

`line` is that of the plan, with its newline: of a change, or where `traits` is NULL of
what the entry gets; it is empty where nothing is to be said. `effect` are the lines
that the digest takes in. `size` and `delta_size` are the bytes of the records that
travel, NULL where there is none of that sort. `letters` stand for the operators on the
attributes, one by one. `email` and `phone` are given where they are sent, as JSON.

Then come the ways of the attributes, `w1` and so on, as `model.decided_flows` reads
them; NULL where nothing is done.
"""


class DecidedAttribute(NamedTuple):
    """An attribute; `first` is the operator on it where nothing is held."""

    name: str
    first: Operator
    is_sensitive: bool


class RowDecision(Struct, frozen=True):
    """How the rows of one source are decided in SQL.

    `attributes` are those for which letters and ways stand. `new` are opening and
    closing where no profile of the rows has an entry: a query half as long. `place` is
    the column that tells where rows stand: one of theirs, which the query passes on.
    Where part of the attributes is chosen, `seen` says with a letter or a dot which of
    them a profile has or is to have, chosen or not; `traits` are 0 where nothing is
    left of a change.
    """

    opening: str
    closing: str
    attributes: tuple[DecidedAttribute, ...]
    new: tuple[str, str]
    place: str = "file"
    is_part: bool = False

    def over(self, rows: str, *, are_new: bool = False) -> str:
        """Return the query that decides the rows of another.

        Its columns are (type, id, source, file, row, digest, cells, body): rows that
        are the only place which names their profiles, with the bodies of their entries,
        NULL where there is none. The query gives the same columns, all but the key and
        place NULL where the row is decided, and then those that are `added`, all but
        the place NULL where it is not.
        """
        opening, closing = self.new if are_new else (self.opening, self.closing)
        return f"{opening}{rows}{closing}"

    @property
    def added(self) -> tuple[str, ...]:
        """The columns that the query adds."""
        place = () if self.place in PLACED else (self.place,)
        seen = (SEEN,) if self.is_part else ()
        ways = (f"w{n}" for n, _ in enumerate(self.attributes, 1))
        return (*place, *seen, *DECIDED, *ways)


class DecidedRows(Struct, frozen=True):
    """Candidates that follow each other in the order of keys, all of one row source.

    `table` has them as columns of Arrow, so that nothing is made for each.
    """

    key_type: str
    source: RowColumns
    decision: RowDecision
    table: Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def only(self, numbers: Iterable[int]) -> DecidedRows:
        """Return those that stand at some places, which ascend."""
        places = arrow().array(numbers, arrow().int64())
        return replace(self, table=self.table.take(places).combine_chunks())

    def part(self, start: int, end: int) -> DecidedRows:
        """Return those between two places; nothing is copied."""
        return replace(self, table=self.table.slice(start, end - start))

    def ids(self) -> list[str]:
        """Return their ids, in order."""
        return self.values("id")

    def ends(self) -> tuple[ProfileKey, ProfileKey]:
        """Return the keys of the first and the last."""
        ids = self.table["id"]
        first, last = ids[0].as_py(), ids[len(ids) - 1].as_py()
        return ProfileKey(self.key_type, first), ProfileKey(self.key_type, last)

    def values(self, name: str) -> list[Any]:
        """Return the values of a column, in order."""
        values: list[Any] = self.table[name].to_pylist()
        return values

    def text(self, name: str) -> bytes:
        """Return all texts of a column as they follow each other; none is NULL."""
        return b"".join(self.texts(name))

    def texts(self, name: str) -> Iterator[memoryview]:
        """Yield the same in pieces, as they lie there: nothing is copied."""
        return map(_text_in, self.table[name].chunks)

    def counts(self, name: str, only: Sequence[str] | None = None) -> Counter[Any]:
        """Count the values of a column that are not NULL, first met first."""
        column = self.table[name]
        if only is not None:
            # Numbers are counted sooner than texts, and no text is copied.
            column = arrow_compute().index_in(column, _texts(only))
        values, counts = (each.to_pylist() for each in column.value_counts().flatten())
        found = Counter(dict(zip(values, counts, strict=True)))
        del found[None]
        if only is None:
            return found
        return Counter({only[number]: count for number, count in found.items()})

    def settled(self) -> int:
        """Count the entries that get something, with nothing to do."""
        lines = self.table.select(["line", "traits"])
        calm = lines.filter(lines["traits"].is_null())
        return sum(map(bool, calm["line"].to_pylist()))

    def origin(self, number: int) -> Origin:
        """Return where the row at a place stands; of several, the first."""
        names = ("source", "file", "row")
        source, file, row = (self.table[name][number].as_py() for name in names)
        return self.source.of(source).origin(file, row)

    def standing(self) -> Iterator[Sequence[RowFile]]:
        """Yield the files in which each stands, in order."""
        standing = cache(self.source.standing)
        return map(standing, self.values(self.decision.place))

    def new_by_table(self) -> Counter[str]:
        """Count those that are new, by the tables in which they stand."""
        counts = Counter[str]()
        # Of the other columns, which are wide, nothing is copied.
        places = self.table.select([self.decision.place])
        new = replace(self, table=places.filter(self.table["is_new"]))
        for place, count in new.counts(self.decision.place).items():
            for stands in self.source.standing(place):
                if stands.table is not None:
                    counts[stands.table] += count
        return counts

    def seen(self) -> Iterator[str]:
        """Yield the attributes that any of them has or is to have, some more than once.

        They are told where part of the attributes is chosen.
        """
        for letters in self.counts(SEEN):
            for letter, attribute in zip(
                letters, self.decision.attributes, strict=True
            ):
                if letter != NOTHING:
                    yield attribute.name

    def operations(self) -> Counter[tuple[str, str]]:
        """Count the operations by attribute and operator."""
        counts = Counter[tuple[str, str]]()
        for letters, count in self.counts("letters").items():
            for letter, attribute in zip(
                letters, self.decision.attributes, strict=True
            ):
                if letter in LETTERS:
                    counts[attribute.name, LETTERS[letter]] += count
        return counts


def _texts(texts: Sequence[str]) -> Any:
    """Return texts as an array, without asking whether they are of pandas.

    `pyarrow.array` asks, and where pandas is installed it loads it for that.
    """
    data = [text.encode() for text in texts]
    ends = array("i", accumulate(map(len, data), initial=0))
    buffers = [None, arrow().py_buffer(ends), arrow().py_buffer(b"".join(data))]
    return arrow().Array.from_buffers(arrow().string(), len(data), buffers)


def _text_in(texts: Any) -> memoryview:
    """Return what the texts of an array come to, as it lies there."""
    _, ends, data = texts.buffers()
    bounds = memoryview(ends).cast("i")
    first, last = bounds[texts.offset], bounds[texts.offset + len(texts)]
    return memoryview(data)[first:last]


Decider: TypeAlias = "Callable[[str, RowColumns], RowDecision | None]"
"""Gives how rows of an id type are decided; None where that is for Python."""
