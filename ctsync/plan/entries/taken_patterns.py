"""Patterns of changes of which all was acknowledged, whoever they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Protocol, TypeAlias

from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.row import Row
from ctsync.plan.entries.known_patterns import AssignedColumns, KnownPatterns
from ctsync.plan.entries.plain_entry import Taking
from ctsync.plan.entries.row_patterns import RowPatterns

Columns: TypeAlias = "EntryColumns | AssignedColumns | None"


class Lines(Protocol):
    """Lines that follow each other: all of their text, and one by one."""

    text: bytes

    @property
    def texts(self) -> Sequence[bytes]:
        """The lines one by one."""


class TakenPatterns:
    """Those of new profiles, and those of profiles with entries."""

    def __init__(self) -> None:
        self._new = RowPatterns(Taking.ACKNOWLEDGED)
        self._known = KnownPatterns()

    @property
    def has_learned(self) -> bool:
        """Whether any line may be told."""
        return bool(self._new.patterns or self._known.patterns)

    def learn(self, row: Row) -> None:
        """Know rows that are like this one from now on, if they are as most are."""
        self._new.learn(row)
        self._known.learn(row)

    def entry(self, line: bytes) -> EntryText | None:
        """Return the entry of a new profile; None where no pattern tells it."""
        return self._new.entry(line)

    def columns(self, lines: Lines) -> Iterator[Columns]:
        """Yield what lines come to, as columns; None for each that is not told."""
        told = self._new.columns(lines.text)
        if told is None:
            yield from self._of_known(lines.text)
            return
        start = 0
        for is_new, some in groupby(told, key=bool):
            if is_new:
                for columns in some:
                    start += len(columns or ())
                    yield columns
            else:
                stop = start + sum(1 for _ in some)
                yield from self._of_known(b"".join(lines.texts[start:stop]))
                start = stop

    def _of_known(self, text: bytes) -> Iterable[Columns]:
        return self._known.columns(text) or [None] * text.count(b"\n")
