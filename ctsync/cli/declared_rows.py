"""Changes that were decided in columns, taken in as if they had long been so."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO, Protocol

from ctsync.canonical_json import fold_name, parse
from ctsync.model.change import Change
from ctsync.model.entry import Entry, entry_line
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.observe.import_spec import entry_as_declared
from ctsync.plan.change_codec import CHANGE_KEY, START, change_from_data
from ctsync.plan.plain_entry import Taking, entry_after
from ctsync.plan.row_patterns import RowPatterns
from ctsync.state.entry_edits import Edit, TextEdit


class DeclaredRow(TextEdit):
    """The change of a known profile, over whatever entry it has."""

    __slots__ = ("_row", "key")

    def __init__(self, line: bytes) -> None:
        self._row = parse(line)[CHANGE_KEY]
        self.key = key_from_json({self._row[1]: self._row[2]})

    def over(self, before: bytes | None) -> EntryText | None:
        """Return the entry as text; None where that takes a longer look."""
        return entry_after(self._row, Taking.DECLARED, before)

    def __call__(self, before: Entry | None) -> Entry:
        """Return the entry."""
        change = change_from_data(self._row)
        return entry_as_declared(before or Entry(self.key), change, lists_in(change))


def lists_in(change: Change) -> frozenset[str]:
    """Return the folded names of lists; columns are sure of whole ones, and no others.

    So whoever is asked for lists that are declared whole has all of them.
    """
    return frozenset(fold_name(op.attribute) for op in change.operations if op.is_set)


def read_row(line: bytes) -> tuple[ProfileKey, Edit]:
    """Return whose the line of a change is, and what it does to the entry."""
    row = DeclaredRow(line)
    return row.key, row


class Adoption(Protocol):
    """Whoever takes profiles in, as text where that is at hand."""

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

    def __init__(self, adoption: Adoption, taking: Taking = Taking.DECLARED) -> None:
        self._adoption, self._taking = adoption, taking
        self._patterns = RowPatterns(taking)

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
        text = entry_after(row, self._taking)
        if text is not None:
            self._adoption.add_new(text)
            return
        change = change_from_data(row)
        self._adoption.add(None, change, lists_in(change))


class SaidEntries:
    """Writes what is said of profiles as entries, as if nothing were known."""

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
