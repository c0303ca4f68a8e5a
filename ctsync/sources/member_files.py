"""Members of cohorts whose ids stand in files."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import Connection
from ctsync.formats.base import FilePart, WantedColumns
from ctsync.formats.data_file import refused
from ctsync.model.change import Origin
from ctsync.model.row_source import CellColumn, RowColumns, RowSource, Stream
from ctsync.model.scalar_value import Raw
from ctsync.model.twin_rows import Keeps, Twins
from ctsync.project.cohorts import Cohort
from ctsync.project.project import Project
from ctsync.project.tables import MemberFile
from ctsync.sources.base import DIGEST_BYTES
from ctsync.sources.data_files import missing
from ctsync.sources.duckdb_loading import LoadedRows
from ctsync.sources.duplicate_keys import twin_findings
from ctsync.sources.row_readers import FileRowReader, MemberReader
from ctsync.sources.row_source_base import RowFiles
from ctsync.sql_text import quoted


class MemberRows(RowFiles):
    """The rows of the files of one cohort."""

    def __init__(self, project: Project, cohort: Cohort, members: MemberFile) -> None:
        name = f"cohort {cohort.name}"
        super().__init__(project, name, members.words, members.key_type)
        self._cohort = cohort
        self._members = members
        self._digest = member_digest(cohort, project.salt)

    def wanted(self, connection: Connection) -> WantedColumns:  # noqa: ARG002
        """Return the column of the key."""
        return WantedColumns(self._members.key_column)

    def opened(self, connection: Connection) -> tuple[LoadedRows, Stream | None]:
        """Look at the files; there have to be some, unless there may be no member.

        Raises:
            SpecError: a file is missing, is none of its kind, or lacks the column.
        """
        if not self.files and not self._members.allow_empty:
            raise refused([missing(self.project, self.words)])
        return super().opened(connection)

    @property
    def keeps(self) -> Keeps | None:
        """Which of the rows of one key counts: all say the same."""
        return "first"

    def judge(self, loaded: LoadedRows, twins: Twins) -> None:
        """Judge whether there are members; that one stands twice does no harm.

        Raises:
            SpecError: there are none, so that everybody would leave.
        """
        if not loaded.count and not self._members.allow_empty:
            message = f'cohort "{self._cohort.name}" has no members in its file'
            hint = "write allow_empty: true beside it if that may be"
            raise refused([self._members.finding("CT618", message, hint, "file")])
        if twins.count:
            self.warnings = twin_findings(loaded, twins, self._twin, self._twins)

    def _twin(self, here: Origin, first: str) -> Diagnostic:
        message = f'cohort "{self._cohort.name}" has this member in {first} too'
        file, line, row = here.file, here.line, here.row
        return Diagnostic("warning", "CT315", message, "keep one", file, line, row=row)

    def _twins(self, more: int) -> Diagnostic:
        rows = "row repeats" if more == 1 else "rows repeat"
        message = f'{more:,} more {rows} a member of cohort "{self._cohort.name}"'
        line = self._cohort.line
        return Diagnostic("warning", "CT315", message, None, self._cohort.file, line)

    def digest_of(self, part: FilePart) -> str:  # noqa: ARG002 - all members are alike
        """Return the digest of every member."""
        return f"{int.from_bytes(self._digest)}::UHUGEINT"

    def reading(
        self, names: tuple[str, ...], parts: tuple[FilePart, ...]
    ) -> FileRowReader:
        """Return what reads the rows of files that are read in these parts."""
        return MemberReader(
            self.key_type, names, parts, skips=False, cohort=self._cohort
        )

    def in_columns(self) -> RowColumns | None:
        """Return what every row says: the words of the cohort, whatever its cells."""
        typed = self.typed()
        if typed is None:
            return None
        words = self._cohort.attributes().items()
        return RowColumns(
            None,
            tuple(file.name for file in self.files),
            tuple(_said_by_all(*each) for each in words),
            self.lines(),
            typed.sound,
            cohort=self._cohort.name,
        )


def _said_by_all(attribute: str, raw: Raw) -> CellColumn:
    """Return a column with the same word in every row."""
    return CellColumn(attribute, "text", {_WORD: raw}, text=quoted(_WORD))


_WORD = "said"


def member_digest(cohort: Cohort, salt: bytes) -> bytes:
    """Return the digest of what a cohort says of each of its members."""
    return blake2b(cohort.digest, digest_size=DIGEST_BYTES, key=salt).digest()


def member_rows(project: Project) -> Iterator[RowSource]:
    """Yield the rows of every cohort whose members stand in files, by its name."""
    for _, cohort in sorted(project.cohorts.items()):
        if cohort.member_file is not None:
            yield MemberRows(project, cohort, cohort.member_file)
