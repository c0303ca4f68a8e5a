"""What is known of profiles that have an entry, from the lines of their changes.

Most changes of a large plan assign single values to people whom the state knows. What
is known of these attributes then follows from the shape of the row, as it does for new
profiles (`row_patterns`), and all else of their entries stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Raw, Struct

from ctsync.model.entry import membership_in
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.kind_shape import LIST
from ctsync.model.profile_key import ProfileKey
from ctsync.model.spelled_entry import SpelledEntry, spelled_attributes, spelled_entry
from ctsync.plan.column_patterns import ENDING, ID, MARK, TABLE, ColumnPatterns, Told
from ctsync.plan.line_patterns import Frame, Spelling
from ctsync.plan.plain_entry import Taking
from ctsync.plan.plan_rows import MOSTLY
from ctsync.plan.record_patterns import BEFORE
from ctsync.plan.row_patterns import spelled_as

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
        entry = self._after(at, before)
        if entry is None:
            return None
        key = ProfileKey(self.key_type, self.ids[at].decode())
        names, mark = [*entry.attributes], self.marks[at].decode()
        return EntryText(key, entry.line(), names, mark, is_bound=True)

    def over_all(self, before: Sequence[bytes | None]) -> EntryColumns | None:
        """Return the same of all, as columns; None where one was not there."""
        names, lines = list[tuple[str, ...]](), list[bytes]()
        alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        # Each is let go before the next is made: all at once take half as long again.
        for at, line in enumerate(before):
            entry = self._after(at, line)
            if entry is None:
                return None
            own = tuple(entry.attributes)
            names.append(alike.setdefault(own, own))
            lines.append(entry.line())
        return EntryColumns(self.key_type, self.ids, lines, names, self.marks)

    def _after(self, at: int, before: bytes | None) -> SpelledEntry | None:
        if before is None:
            return None
        entry = spelled_entry(before)
        if entry.gone:
            return None
        entry.assign(spelled_attributes(self.known[at]))
        entry.cohorts = Raw(_COHORTS % self.tables[at])
        entry.fingerprint = self.marks[at].decode()
        return entry


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
