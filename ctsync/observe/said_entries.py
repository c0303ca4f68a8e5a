"""What is said of profiles, as entries beside which others are held."""

from __future__ import annotations

from typing import BinaryIO

from ctsync.model.change import Change
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry import Entry, entry_line
from ctsync.model.entry_text import text_of
from ctsync.observe.declared_rows import DeclaredRows
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.entries.plain_entry import Taking
from ctsync.state.edit_stream import EditStream
from ctsync.state.entry_edits import changed_texts


class SaidEntries:
    """Writes what is said of profiles as entries, as if nothing were known."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rows = DeclaredRows(Taking.SAID)

    def add(self, change: Change) -> None:
        """Write what a change says."""
        after = entry_as_declared(Entry(change.key), change)
        self._file.write(entry_line(after))

    def add_decided(self, decided: DecidedRows) -> None:
        """Write what changes say that were decided in columns."""
        lines = decided.text("line").splitlines(keepends=True)
        for entry in changed_texts((), EditStream(self._rows.runs(lines))):
            self._file.write(text_of(entry).line)
