"""New profiles of which all was acknowledged in one record, as lines have them.

Of a first load nearly every profile is one of these: neither what is known of it then
nor what is kept of the run needs values made of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from ctsync.apply.state_effects import AcknowledgedRecord
from ctsync.canonical_json import parse
from ctsync.model.change import Change
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, Record
from ctsync.model.row import Row
from ctsync.plan.change_codec import change_from_data, row_text
from ctsync.plan.plain_entry import Taking, new_entry
from ctsync.plan.schedule import records_of

# An id without escapes, as most are.
_NEW = re.compile(rb'\["create","(\w+)","([^"\\]+)",')


class NewProfile(Struct, frozen=True):
    """What came of a plain change of a new profile: its entry as text.

    Whoever finds that the profile is known after all has the effect, too.
    """

    row: Row
    text: EntryText

    @classmethod
    def of_row(cls, row: Row) -> NewProfile | None:
        """Return it for the row of an acknowledged change; None of one not so plain."""
        text = new_entry(row, Taking.ACKNOWLEDGED)
        return None if text is None else cls(row, text)

    def __iter__(self) -> Iterator[AcknowledgedRecord]:
        """Yield the effect."""
        change = change_from_data(self.row)
        ((_, record),) = records_of(change)
        yield AcknowledgedRecord(record, change)


class NewRow(Struct, frozen=True):
    """The row of an acknowledged change as it is spelled, and whose it is."""

    key: ProfileKey
    text: bytes

    @classmethod
    def of_line(cls, line: bytes) -> NewRow | None:
        """Return it for the line of a change; None of one that is not of a new one."""
        text = row_text(line)
        found = _NEW.match(text)
        if found is None:
            return None
        return cls(ProfileKey(found[1].decode(), found[2].decode()), text)

    def read(self) -> tuple[Change, tuple[tuple[Record, Outcome], ...]]:
        """Return the change with its records, all of them acknowledged.

        Raises:
            ValueError: it is no change.
        """
        return acknowledged(parse(self.text))


def acknowledged(row: Row) -> tuple[Change, tuple[tuple[Record, Outcome], ...]]:
    """Return a change from its row, with its records, all of them acknowledged.

    Raises:
        ValueError: it is no change.
    """
    change = change_from_data(row)
    records = (record for _, record in records_of(change))
    return change, tuple((record, Outcome.ACKNOWLEDGED) for record in records)
