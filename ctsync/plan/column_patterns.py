"""Patterns that tell many lines together, and give what they come to as columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from operator import lt
from typing import Generic, TypeAlias, TypeVar

from ctsync.model.row import Row
from ctsync.plan.line_patterns import (
    COUNT,
    TEXT,
    Groups,
    LinePattern,
    LinePatterns,
    Spelling,
    Writer,
)

Told: TypeAlias = tuple[Writer, Groups]
"""What was told of a line, and what writes it."""
TYPE, ID, TABLE, MARK = 0, 1, -2, -1  # groups of a line
ENDING = (
    rb'\],\[\["%(text)b+",%(count)b,"(%(text)b+)"(?:,%(count)b)?\]\],'
    rb'"([0-9a-f]{32})"\],"does":\[%(count)b(?:,%(count)b)*\]\}'
    % {b"text": TEXT, b"count": COUNT}
)
_FIELDS = 6  # of a row as most are: to its fingerprint
C = TypeVar("C")


class ColumnPatterns(LinePatterns, Generic[C]):
    """Gives columns of lines that follow each other and are of one id type."""

    @abstractmethod
    def columns_of(self, key_type: str, told: Sequence[Told]) -> C:
        """Return what some lines come to; there are some."""

    def columns(self, lines: bytes) -> list[C | None] | None:
        """Return what many lines come to as columns; None for each that is not told.

        None of all where nothing was learned yet.
        """
        pattern = self.first_for(lines)
        if pattern is None:
            return None
        told = [
            None if groups[-1] else told_in(pattern, groups[:-1])
            for groups in pattern.told_of(lines)
        ]
        found = list[C | None]()
        for key_type, some in groupby(told, key=_type_of):
            if key_type is None:
                found += [None for _ in some]
            else:
                own = [each for each in some if each]
                found.append(self.columns_of(key_type.decode(), own))
        return found

    def spellings(self, row: Row) -> Mapping[str, Spelling] | None:
        """Return the attributes that a row assigns; None where it does anything else.

        So it is of one that stands in several places: no pattern tells those.
        """
        action = self.frame.actions.decode()
        if len(row) != _FIELDS or row[0] != action or len(row[4]) != 1:
            return None
        return super().spellings(row)


def told_in(pattern: LinePattern, groups: Groups) -> Told | None:
    """Return what was told of a line; None where nothing writes on it."""
    writer = pattern.writer(groups)
    if writer is None:
        return None
    for at in writer.lists:
        if not _is_in_order(groups[at]):
            return None
    return writer, groups


def _type_of(told: Told | None) -> bytes | None:
    return None if told is None else told[1][TYPE]


def _is_in_order(values: bytes) -> bool:
    """Return whether the texts of a list stand as an entry keeps them."""
    texts = values[2:-2].split(b'","')
    # The bytes of UTF-8 sort as the characters do that an entry sorts.
    return all(map(lt, texts, islice(texts, 1, None)))
