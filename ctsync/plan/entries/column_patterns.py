"""Patterns that tell many lines together, and give what they come to as columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice, repeat
from operator import itemgetter, lt
from typing import Generic, TypeVar

from msgspec import Struct

from ctsync.alike_places import alike_places
from ctsync.model.row import Row
from ctsync.plan.document.line_patterns import (
    COUNT,
    TEXT,
    Groups,
    LinePattern,
    LinePatterns,
    Spelling,
    Writer,
)

TYPE, ID, TABLE, MARK = 0, 1, -2, -1  # groups of a line
_ODD = -1  # behind them, where there are many lines: the one that is not told
ENDING = (
    rb'\],\[\["%(text)b+",%(count)b,"(%(text)b+)"(?:,%(count)b)?\]\],'
    rb'"([0-9a-f]{32})"\],"does":\[%(count)b(?:,%(count)b)*\]\}'
    % {b"text": TEXT, b"count": COUNT}
)
_FIELDS = 6  # of a row as most are: to its fingerprint
C = TypeVar("C")


class ToldLines(Struct, frozen=True, eq=False):
    """Lines of one id type that follow each other: what was told, and what writes it.

    Each column has one group of all of them.
    """

    key_type: str
    columns: Sequence[Groups]
    writers: Sequence[Writer]

    def __len__(self) -> int:
        return len(self.writers)

    def by_writer(self) -> Iterable[tuple[Writer, Sequence[int]]]:
        """Return what writes them, each with the places of its lines."""
        return alike_places(self.writers).items()

    def written(self) -> Sequence[bytes]:
        """Return what is written of each."""
        found = [b""] * len(self)
        for writer, places in self.by_writer():
            for at, text in zip(
                places, writer.write_all(self.columns, places), strict=True
            ):
                found[at] = text
        return found


class ColumnPatterns(LinePatterns, Generic[C]):
    """Gives columns of lines that follow each other and are of one id type."""

    @abstractmethod
    def columns_of(self, told: ToldLines) -> C:
        """Return what some lines come to; there are some."""

    def columns(self, lines: bytes) -> list[C | None] | None:
        """Return what many lines come to as columns; None for each that is not told.

        None of all where nothing was learned yet.
        """
        pattern = self.first_for(lines)
        if pattern is None:
            return None
        found = list[C | None]()
        told = groupby(pattern.told_of(lines), key=itemgetter(TYPE, _ODD))
        for (key_type, odd), some in told:
            if odd:
                found += [None for _ in some]
            else:
                found += self._columns_in(pattern, key_type.decode(), [*some])
        return found

    def _columns_in(
        self, pattern: LinePattern, key_type: str, told: Sequence[Groups]
    ) -> Iterator[C | None]:
        columns = [[*each] for each in zip(*told, strict=True)][:_ODD]
        stop = 0
        for is_told, some in groupby(_writers_on(pattern, columns), key=bool):
            writers = [*some]
            start, stop = stop, stop + len(writers)
            if is_told:
                own = [each[start:stop] for each in columns]
                yield self.columns_of(
                    ToldLines(key_type, own, [*filter(None, writers)])
                )
            else:
                yield from repeat(None, len(writers))

    def spellings(self, row: Row) -> Mapping[str, Spelling] | None:
        """Return the attributes that a row assigns; None where it does anything else.

        So it is of one that stands in several places: no pattern tells those.
        """
        action = self.frame.actions.decode()
        if len(row) != _FIELDS or row[0] != action or len(row[4]) != 1:
            return None
        return super().spellings(row)


def writer_on(pattern: LinePattern, groups: Groups) -> Writer | None:
    """Return what writes on a line; None where nothing does."""
    is_plain = all(_is_in_order(groups[number]) for number in pattern.lists)
    return pattern.writer(groups) if is_plain else None


def _writers_on(
    pattern: LinePattern, columns: Sequence[Groups]
) -> Sequence[Writer | None]:
    writers = pattern.writers(columns)
    for number in pattern.lists:
        for at, values in enumerate(columns[number]):
            if not _is_in_order(values):
                writers[at] = None
    return writers


def _is_in_order(values: bytes) -> bool:
    """Return whether the texts of a list stand as an entry keeps them."""
    texts = values[2:-2].split(b'","')
    # The bytes of UTF-8 sort as the characters do that an entry sorts.
    return all(map(lt, texts, islice(texts, 1, None)))
