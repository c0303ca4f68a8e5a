"""Changes that were decided in columns, given to whoever takes them in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from ctsync.canonical_json import parse
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText
from ctsync.observe.declared_row import lists_in
from ctsync.plan.document.change_codec import CHANGE_KEY, START, change_from_data
from ctsync.plan.entries.plain_entry import Taking, entry_after
from ctsync.plan.entries.row_patterns import RowPatterns


class Adoption(Protocol):
    """Whoever takes profiles in, as text where that is at hand."""

    @property
    def taking(self) -> Taking:
        """As what they are taken in."""
        ...

    def add_new(self, text: EntryText) -> None:
        """Take in a new profile as it is to stand in the state."""
        ...

    def add(
        self, entry: Entry | None, change: Change, whole: Collection[str] = ()
    ) -> None:
        """Take a change in; `whole` are folded names of lists with no other values."""
        ...

    def add_row(self, line: bytes, attributes: int) -> None:
        """Take in the change of a profile that is known, with so many attributes."""
        ...


class DeclaredRows:
    """Gives lines of a plan to whoever takes them in."""

    def __init__(self, adoption: Adoption) -> None:
        self._adoption = adoption
        self._patterns = RowPatterns(adoption.taking)

    def add(self, lines: bytes) -> None:
        """Take in the changes among lines that follow each other, in order."""
        for line in lines.splitlines(keepends=True):
            if line.startswith(START):
                self._add(line)

    def _add(self, line: bytes) -> None:
        text = self._patterns.entry(line)
        if text is not None:
            self._adoption.add_new(text)
            return
        row = parse(line)[CHANGE_KEY]
        if row[0] != "create":
            self._adoption.add_row(line, len({name for name, *_ in row[3]}))
            return
        self._patterns.learn(row)
        text = entry_after(row, self._adoption.taking)
        if text is not None:
            self._adoption.add_new(text)
            return
        change = change_from_data(row)
        self._adoption.add(None, change, lists_in(change))
