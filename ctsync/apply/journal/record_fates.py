"""What is known of records by the places of their changes: all that folding asks."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from ctsync.apply.journal.files_replay import PlacedFiles
from ctsync.apply.journal.record_marks import REJECTED
from ctsync.model.due_import import DueImport


class FilesByPlace(Protocol):
    """Who is in which files that are, or may come to be, in effect."""

    @property
    def does_anything(self) -> bool:
        """Whether any file is, or may come to be, in effect."""
        ...

    def of(self, place: int) -> tuple[DueImport, ...]:
        """Return those of them that hold the profile at a place."""
        ...


class RecordFates:
    """What became of the records of changes: one byte for each that sends."""

    _marks: bytes | bytearray
    files: FilesByPlace
    releases: bool = False

    def __init__(self, marks: bytes | bytearray, files: FilesByPlace) -> None:
        self._marks = marks
        self.files = files

    def mark_of(self, place: int) -> int:
        """Return what is known of the records of the change at a place."""
        return self._marks[place] & ~REJECTED

    def are_taken(self, dues: bytes, place: int) -> bool:
        """Return whether all was acknowledged of changes that stand from a place on."""
        # A change that only releases has no place, so that behind one the marks of a
        # group do not stand side by side with its lines.
        marks = self._marks[place : place + len(dues)]
        return 0 not in dues and marks == dues and not self.files.does_anything


class SliceFates(Struct, frozen=True):
    """The same of some changes that follow each other, for another process."""

    marks: bytes
    files: PlacedFiles
    releases: bool

    def opened(self) -> RecordFates:
        """Return them to be asked."""
        fates = RecordFates(self.marks, self.files)
        fates.releases = self.releases
        return fates
