"""What is said of profiles, as entries beside which others are held."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from ctsync.canonical_json import parse
from ctsync.model.change import Change
from ctsync.model.entry import Entry, entry_line
from ctsync.model.entry_text import EntryText
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document.change_codec import CHANGE_KEY, change_from_data
from ctsync.plan.entries.plain_entry import Taking


class SaidEntries:
    """Writes what is said of profiles as entries, as if nothing were known."""

    taking = Taking.SAID

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add_new(self, text: EntryText) -> None:
        """Write the entry of a profile."""
        self._file.write(text.line)

    def add(
        self,
        entry: Entry | None,
        change: Change,
        whole: Collection[str] = (),  # noqa: ARG002 - what else a list holds is read
    ) -> None:
        """Write what a change says."""
        after = entry_as_declared(entry or Entry(change.key), change)
        self._file.write(entry_line(after))

    def add_row(self, line: bytes, attributes: int) -> None:  # noqa: ARG002
        """Write what the line of a change says."""
        self.add(None, change_from_data(parse(line)[CHANGE_KEY]))
