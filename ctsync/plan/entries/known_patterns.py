"""What is known of profiles that have an entry, from the lines of their changes.

Most changes of a large plan assign single values to people whom the state knows. What
is known of these attributes then follows from the shape of the row, as it does for new
profiles (`row_patterns`), and all else of their entries stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from msgspec import Raw, Struct

from ctsync.model.cut_entries import EntryCutter, is_worth_cutting
from ctsync.model.entry import membership_in
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.kind_shape import LIST
from ctsync.model.known_texts import KnownTexts
from ctsync.model.profile_key import ProfileKey
from ctsync.model.spelled_entry import SpelledEntry, spelled_attributes, spelled_entry
from ctsync.plan.document.line_patterns import Frame, Spelling
from ctsync.plan.document.plan_rows import MOSTLY
from ctsync.plan.document.record_patterns import BEFORE
from ctsync.plan.entries.column_patterns import (
    ENDING,
    ID,
    MARK,
    TABLE,
    ColumnPatterns,
    ToldLines,
)
from ctsync.plan.entries.plain_entry import Taking
from ctsync.plan.entries.row_patterns import spelled_as

_COHORTS = b'["%b%%b"]' % membership_in("").encode()
_END = b',"cohorts":%b,"fingerprint":"%%b"%%b' % _COHORTS
_FRAME = Frame(b"update", ENDING, b"{\0}", (), ())


class AssignedColumns(Struct, frozen=True, eq=False):
    """What changes that follow each other assign.

    What is written of them is what an entry has of the attributes, as JSON; of all of
    them each change leaves the membership in one table and a fingerprint.
    """

    told: ToldLines

    def __len__(self) -> int:
        return len(self.told)

    @property
    def key_type(self) -> str:
        """The id type of all profiles."""
        return self.told.key_type

    @property
    def ids(self) -> Sequence[bytes]:
        """Whose the changes are."""
        return self.told.columns[ID]

    @property
    def marks(self) -> Sequence[bytes]:
        """The fingerprints that entries get."""
        return self.told.columns[MARK]

    @property
    def names(self) -> Sequence[tuple[str, ...]]:
        """The folded names of what each assigns, in order."""
        return [tuple(writer.names) for writer in self.told.writers]

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

    def over_all(self, before: KnownTexts) -> EntryColumns | None:
        """Return the same of all, as columns; None where one was not there."""
        known = [line for line in before.lines if line is not None]
        if len(known) < len(self):
            return None
        lines, names = self._overwritten(known), [*before.names]
        for at, line in enumerate(lines):
            if line:
                continue
            # Each is let go before the next is made: all at once take half as long
            # again.
            entry = self._after(at, known[at])
            if entry is None:
                return None
            lines[at], names[at] = entry.line(), tuple(entry.attributes)
        return EntryColumns(self.key_type, self.ids, lines, names, self.marks)

    def _after(self, at: int, before: bytes | None) -> SpelledEntry | None:
        if before is None:
            return None
        entry = spelled_entry(before)
        if entry.gone:
            return None
        columns = self.told.columns
        known = self.told.writers[at].write([each[at] for each in columns])
        entry.assign(spelled_attributes(known))
        entry.cohorts = Raw(_COHORTS % columns[TABLE][at])
        entry.fingerprint = columns[MARK][at].decode()
        return entry

    def _overwritten(self, before: Sequence[bytes]) -> list[bytes]:
        """Return the lines that are cut at what is assigned; the others are empty."""
        lines = [b""] * len(before)
        for writer, places in self.told.by_writer():
            if is_worth_cutting(places):
                over = _overwriting(tuple(writer.found))
                for at, line in over.lines(self.told, places, before):
                    lines[at] = line
        return lines


class _Overwriting:
    """Writes lines of entries anew that know something of all that is assigned."""

    def __init__(self, found: Sequence[tuple[Spelling, int]]) -> None:
        self._cutter = EntryCutter([each.name for each, _ in found])
        self._numbers = [number for _, number in found]
        self._template = b"%b".join([b"", *(each.template for each, _ in found), _END])

    def lines(
        self, told: ToldLines, places: Sequence[int], before: Sequence[bytes]
    ) -> Iterator[tuple[int, bytes]]:
        """Yield the lines after those at some places, as far as they can be cut."""

        def of(number: int) -> Iterator[bytes]:
            return map(told.columns[number].__getitem__, kept)

        ids = [told.columns[ID][at] for at in places]
        cut = self._cutter.cut(ids, [before[at] for at in places])
        kept = [places[at] for at in cut.places]
        values = zip(map(of, self._numbers), cut.behind, strict=True)
        parts = (cut.heads, *chain(*values), of(TABLE), of(MARK), cut.ends)
        return zip(
            kept, map(self._template.__mod__, zip(*parts, strict=True)), strict=True
        )


@lru_cache(maxsize=256)
def _overwriting(found: tuple[tuple[Spelling, int], ...]) -> _Overwriting:
    return _Overwriting(found)


class KnownPatterns(ColumnPatterns[AssignedColumns]):
    """Gives what acknowledged changes assign to known profiles, by their lines."""

    frame = _FRAME
    most_fields = 4  # to the value before

    def columns_of(self, told: ToldLines) -> AssignedColumns:
        """Return what lines of one id type assign."""
        return AssignedColumns(told)

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
