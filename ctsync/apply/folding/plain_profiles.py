"""Profiles of which all that was sent was acknowledged, as lines have them.

In most runs nearly every profile is one of these: neither what is known of it then nor
what is kept of the run needs values made of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from msgspec import Struct

from ctsync.apply.folding.state_effects import AcknowledgedRecord
from ctsync.apply.journal.journal_records import Line, readable
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.model.record import Outcome, Record
from ctsync.model.row import Row
from ctsync.plan.document.change_codec import CHANGE_KEY, change_from_data, row_text
from ctsync.plan.document.schedule import records_of
from ctsync.plan.entries.plain_entry import Taking, entry_after
from ctsync.state.entry_edits import TextEdit

# An id without escapes, as most are.
_PLAIN = re.compile(rb'\["(?:create|update)","(\w+)","([^"\\]+)",')
# A row that says nothing more after where it is from.
_ENDING = re.compile(rb'\]\],"[0-9a-f]{32}"\]')
_ENDING_BYTES = len(b']],""]') + 32
# A row up to where it is from. Texts are passed over whole: a value may end like that.
_ORIGINS = b"]],[["
_BEFORE_ORIGINS = re.compile(
    rb'(?:[^"\]]+|"[^"\\]*(?:\\.[^"\\]*)*"|\](?!\],\[\[))*', re.DOTALL
)

# The same of many lines, each of which says one place in plain text. The last of all
# places where origins may begin is where they do, since nothing in them looks like it.
_LINES = re.compile(
    rb'^\{"change":(\["(?:create|update)","(\w+)","([^"\\\n]+)",\[[^\n]*\]\]),'
    rb'\[\["[^"\\\n]*"(?:,[0-9]+)?(?:,"[^"\\\n]*")?(?:,[0-9]+)?\]\],'
    rb'"[0-9a-f]{32}"\],"does":\[[0-9]+(?:,[0-9]+)*\]\}\n',
    re.MULTILINE,
)


class Learner(Protocol):
    """What knows lines by rows that it has seen."""

    def learn(self, row: Row) -> None:
        """Know rows that are like this one from now on."""


class AcknowledgedRow(TextEdit):
    """What came of a change of which every record was acknowledged.

    It is an edit of the profile's entry, and its effects one by one. `number` is that
    of its line in the journal; `new` is the entry that comes of it where there is none,
    if that was told already. Where not, `patterns` learn what such lines are like.
    """

    __slots__ = ("_line", "_new", "_number", "key")

    def __init__(
        self,
        line: Line,
        number: int,
        patterns: Learner,
        new: EntryText | None = None,
    ) -> None:
        """Take the line of a change.

        Raises:
            ValueError, LookupError, TypeError: it says of nobody.
        """
        self._line, self._number, self._new = line, number, new
        if new is not None:
            self.key = new.key
            return
        row = line[CHANGE_KEY]
        self.key = key_from_json({row[1]: row[2]})
        patterns.learn(row)

    def over(self, before: bytes | None) -> EntryText | None:
        """Return the entry after it as text; None where that takes a longer look."""
        if before is None and self._new is not None:
            return self._new
        return entry_after(self._line[CHANGE_KEY], Taking.ACKNOWLEDGED, before)

    def __call__(self, before: Entry | None) -> Entry | None:
        """Return the entry after it.

        Raises:
            StateError: the row is none that a run writes (code `journal_damaged`).
        """
        empty = Entry(self.key)
        for effect in self:
            before = effect.fold_into(before, empty)
        return before

    def __iter__(self) -> Iterator[AcknowledgedRecord]:
        """Give the effects.

        Raises:
            StateError: the row is none that a run writes (code `journal_damaged`).
        """
        with readable(self._number):
            change = change_from_data(self._line[CHANGE_KEY])
            effects = [
                AcknowledgedRecord(each, change) for _, each in records_of(change)
            ]
        yield from effects


class SpelledRow(Struct, frozen=True):
    """The row of an acknowledged change as it is spelled, and whose it is.

    Where it is from and what fingerprint it gets is left out if the row ends with that:
    whoever asks what a run did has no use for it.
    """

    key: ProfileKey
    text: bytes

    @classmethod
    def of_line(cls, line: bytes) -> SpelledRow | None:
        """Return it for the line of a change; None of one that is spelled oddly."""
        text = row_text(line)
        found = _PLAIN.match(text)
        if found is None:
            return None
        key = ProfileKey(found[1].decode(), found[2].decode())
        return cls(key, _without_place(text))

    @classmethod
    def of_lines(cls, lines: bytes) -> SpelledRows | None:
        """Return the same of many lines; None where one of them takes a longer look."""
        found = _LINES.findall(lines)
        return None if len(found) < lines.count(b"\n") else SpelledRows(found)


class SpelledRows:
    """Rows of acknowledged changes that follow each other, as they are spelled.

    `known` are the lines of the entries of all of them, where these are at hand, and
    `names` the folded names of all that each is about.
    """

    def __init__(
        self,
        rows: Sequence[tuple[bytes, bytes, bytes]],
        known: Sequence[bytes | None] = (),
        names: Sequence[tuple[str, ...]] = (),
    ) -> None:
        self._rows = rows  # each without the bracket that ends it, id type and id
        self.known, self.names = known, names

    def are_of(self, key_type: str, ids: Sequence[bytes]) -> bool:
        """Return whether they are those of these profiles."""
        types, own = {row[1] for row in self._rows}, [row[2] for row in self._rows]
        return types == {key_type.encode()} and own == [*ids]

    def over(
        self, known: Sequence[bytes | None], names: Sequence[tuple[str, ...]]
    ) -> SpelledRows:
        """Return them with lines of entries, and with what they are about."""
        return SpelledRows(self._rows, known, names)

    def __iter__(self) -> Iterator[SpelledRow]:
        """Give them one by one."""
        for row, key_type, identifier in self._rows:
            key = ProfileKey(key_type.decode(), identifier.decode())
            yield SpelledRow(key, row + b"]")

    def by_type(self) -> Iterator[tuple[str, Sequence[bytes], Sequence[bytes]]]:
        """Yield id types, each with ids and rows that follow each other."""
        for key_type, some in groupby(self._rows, key=itemgetter(1)):
            rows, _, ids = zip(*some, strict=True)
            yield key_type.decode(), ids, [row + b"]" for row in rows]

    def lines(self, opening: bytes) -> bytes:
        """Return them as lines of objects, each of which opens so; there are some."""
        between = b"]}\n" + opening
        return opening + between.join([row for row, *_ in self._rows]) + b"]}"


def _without_place(row: bytes) -> bytes:
    """Return a row as it is spelled up to its operations, if that tells all it does."""
    before = _BEFORE_ORIGINS.match(row)
    at = before.end() if before else len(row)
    is_plain = _ENDING.fullmatch(row, len(row) - _ENDING_BYTES)
    if not (row.startswith(_ORIGINS, at) and is_plain):
        return row
    return row[: at + len(b"]]")] + b"]"


def acknowledged(row: Row) -> tuple[Change, tuple[tuple[Record, Outcome], ...]]:
    """Return a change from its row, with its records, all of them acknowledged.

    Raises:
        ValueError: it is no change.
    """
    change = change_from_data(row)
    records = (record for _, record in records_of(change))
    return change, tuple((record, Outcome.ACKNOWLEDGED) for record in records)
