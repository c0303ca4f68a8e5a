"""What rows say, told without their files: values that another process can have, too.

They are frozen and hold no connection, so that they can be pickled where formats can.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeAlias

from msgspec import Struct

from ctsync.formats.base import FilePart
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.fault import Fault
from ctsync.model.profile_key import NOBODY, ProfileKey
from ctsync.model.scalar_value import Raw
from ctsync.project.cohorts import Cohort
from ctsync.sources.column_values import ColumnReader
from ctsync.sources.row_keys import faults_of, is_plain

Words: TypeAlias = "Mapping[str, Raw | Fault]"


class FileRowReader(Struct, frozen=True):
    """Reads the rows of files by their names and the parts in which they are read.

    With `skips` a row with any fault is left alone.
    """

    key_type: str
    names: tuple[str, ...]
    parts: tuple[FilePart, ...]
    skips: bool

    @abstractmethod
    def origin_at(self, file: str, line: int | None, row: int) -> Origin:
        """Return where a row stands."""

    @abstractmethod
    def words(self, file: int, cells: Sequence[str | None]) -> Words:
        """Return what a row says of each attribute."""

    def contribution(
        self,
        identifier: str,
        digest: bytes,
        file: int,
        row: int,
        cells: Sequence[str | None],
    ) -> Contribution:
        """Return what a row says; its cells are understood when they are asked for."""
        key, faults = self.key_of(identifier, file, cells)
        return Contribution(
            key,
            self.origin_at(*self.place(file, row)),
            digest,
            partial(self.words, file, cells),
            faults=faults,
            skips=self.skips,
        )

    def part_of(self, file: int) -> FilePart | None:
        """Return the part in which a file was read; None where no file was."""
        found = (part for part in reversed(self.parts) if part.first <= file)
        return next(found, None)

    def place(self, file: int, row: int) -> tuple[str, int | None, int]:
        """Return where a row stands: file, the line if it has lines, and row."""
        part = self.part_of(file)
        return self.names[file], None if part is None else part.line_of(file, row), row

    def key_of(
        self, identifier: str, file: int, cells: Sequence[str | None]
    ) -> tuple[ProfileKey, tuple[Fault, ...]]:
        """Return the key of a row, and what is wrong with the row as a whole."""
        key = ProfileKey(self.key_type, identifier)
        part = self.part_of(file)
        fault = None
        if part is not None and (part.fault is not None or not identifier):
            fault = part.row_fault(cells)
        faults = () if fault is None else (fault,)
        if identifier:
            return key, faults if is_plain(key) else (*faults_of(key), *faults)
        written = cells[0] if cells else None
        return NOBODY, faults or faults_of(ProfileKey(self.key_type, written or ""))


class TableReader(FileRowReader, frozen=True):
    """Reads the rows of a table: an attribute by each column."""

    table: str
    columns: tuple[tuple[str, ColumnReader], ...]

    def origin_at(self, file: str, line: int | None, row: int) -> Origin:
        """Return where a row stands: in the table."""
        return Origin(file, line, row, table=self.table)

    def words(self, file: int, cells: Sequence[str | None]) -> Words:
        """Return what the cells of a row mean in their columns."""
        part = self.part_of(file)
        if part is None or part.row_fault(cells) is not None:
            return {}
        values = part.read(cells)
        read: dict[str, Raw | Fault] = {}
        for (attribute, column), cell in zip(self.columns, values, strict=True):
            raw = column.read(cell)
            if raw is not None:
                read[attribute] = raw
        return read


class MemberReader(FileRowReader, frozen=True):
    """Reads the rows of members of a cohort, which all say the same."""

    cohort: Cohort

    def origin_at(self, file: str, line: int | None, row: int) -> Origin:
        """Return where a row stands: among the members."""
        return Origin(file, line, row, cohort=self.cohort.name)

    def words(self, file: int, cells: Sequence[str | None]) -> Words:  # noqa: ARG002
        """Return what the cohort says."""
        return self.cohort.attributes()
