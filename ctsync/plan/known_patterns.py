"""What is known of profiles that have an entry, from the lines of their changes.

Most changes of a large plan assign single values to people whom the state knows. What
is known of these attributes then follows from the shape of the row, as it does for new
profiles (`row_patterns`), and all else of their entries stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Raw, Struct

from ctsync.model.entry import membership_in
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.kind_shape import LIST
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row import Row
from ctsync.model.spelled_entry import SpelledEntry, spelled_attributes, spelled_entry
from ctsync.plan.column_patterns import ID, MARK, TABLE, ColumnPatterns, Told
from ctsync.plan.line_patterns import Frame, Spelling
from ctsync.plan.plain_entry import Taking
from ctsync.plan.plan_rows import MOSTLY
from ctsync.plan.record_patterns import BEFORE
from ctsync.plan.row_patterns import ENDING, FIELDS, spelled_as

_COHORTS = b'["%b%%b"]' % membership_in("").encode()
_FRAME = Frame(b"update", ENDING, b"{\0}", (), ())


class AssignedColumns(Struct, frozen=True, eq=False):
    """What changes that follow each other assign, one place of each column for one.

    `known` is what an entry has of the attributes, as JSON; of all of them each change
    leaves the membership in one of the `tables` and a fingerprint.
    """

    key_type: str
    ids: Sequence[bytes]
    known: Sequence[bytes]
    tables: Sequence[bytes]
    marks: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.ids)

    def over(self, at: int, before: bytes | None) -> EntryText | None:
        """Return the entry after the change at a place, over the line of an entry.

        None where there was none that goes on.
        """
        if before is None:
            return None
        entry = spelled_entry(before)
        if entry.gone:
            return None
        self._assign(at, entry)
        key = ProfileKey(self.key_type, self.ids[at].decode())
        names, mark = [*entry.attributes], self.marks[at].decode()
        return EntryText(key, entry.line(), names, mark, is_bound=True)

    def over_all(self, before: Sequence[bytes | None]) -> EntryColumns | None:
        """Return the same of all, as columns; None where one was not there."""
        names, lines = list[tuple[str, ...]](), list[bytes]()
        alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        # Each is let go before the next is made: all at once take half as long again.
        for at, line in enumerate(before):
            entry = None if line is None else spelled_entry(line)
            if entry is None or entry.gone:
                return None
            self._assign(at, entry)
            own = tuple(entry.attributes)
            names.append(alike.setdefault(own, own))
            lines.append(entry.line())
        return EntryColumns(self.key_type, self.ids, lines, names, self.marks)

    def _assign(self, at: int, entry: SpelledEntry) -> None:
        entry.assign(spelled_attributes(self.known[at]))
        entry.cohorts = Raw(_COHORTS % self.tables[at])
        entry.fingerprint = self.marks[at].decode()


class KnownPatterns(ColumnPatterns[AssignedColumns]):
    """Gives what acknowledged changes assign to known profiles, by their lines."""

    frame = _FRAME
    most_fields = 4  # to the value before

    def columns_of(self, key_type: str, told: Sequence[Told]) -> AssignedColumns:
        """Return what lines of one id type assign."""
        return AssignedColumns(
            key_type,
            [groups[ID] for _, groups in told],
            [writer.write(groups) for writer, groups in told],
            [groups[TABLE] for _, groups in told],
            [groups[MARK] for _, groups in told],
        )

    def spellings(self, row: Row) -> Mapping[str, Spelling] | None:
        """Return the attributes that a row assigns; None where it does anything else.

        So it is of one that stands in several places: no pattern tells those.
        """
        if len(row) != FIELDS or row[0] != "update" or len(row[4]) != 1:
            return None
        return super().spellings(row)

    def spelling(self, name: str, form: str, shown: str) -> Spelling | None:
        """Return how an assignment is spelled, whatever was there before."""
        return _with_before(name, form, shown)


@lru_cache(maxsize=4096)
def _with_before(name: str, form: str, shown: str) -> Spelling | None:
    """Return an operation as it is spelled over a value, whichever that was."""
    made = spelled_as(name, form, shown, Taking.ACKNOWLEDGED)
    if made is None or shown == LIST:
        return None
    if form == MOSTLY:
        return made
    return made._replace(said=made.said + rb"(?:,(?:%b))?" % BEFORE)
