"""Tables: profiles from files, and the files of cohort members."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Literal

from msgspec import Struct, field

from ctsync.canonical_json import fold_name
from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Origin
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.project.environment_variables import Reference
from ctsync.project.source_positions import Place
from ctsync.project.table_columns import Blank, Column, How

__all__ = ["Blank", "Column", "FileText", "How", "MemberFile", "Table"]

Duplicates = Literal["error", "last"]
Missing = Literal["keep", "remove"]
Invalid = Literal["error", "skip"]

ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1252")


class FileText(Struct, frozen=True):
    """A pattern of file names, as written.

    `folder` is where it starts: the folder of the file in which it stands, relative to
    the project.
    """

    pattern: Reference

    @property
    def folder(self) -> PurePosixPath:
        """Where the pattern starts, relative to the project's folder."""
        return PurePosixPath(self.pattern.file).parent

    def resolve(self, variables: Mapping[str, str]) -> str:
        """Return the pattern with its variables read.

        Raises:
            SpecError: a variable is not set; it names variable and place.
        """
        return self.pattern.resolve(variables)

    def finding(self, code: str, message: str, hint: str | None = None) -> Diagnostic:
        """Return a finding that stands where the pattern stands."""
        return self.pattern.finding(code, message, hint)


class CsvWords(Struct, frozen=True):
    """How the CSV files of a table are written. `header` are names that they lack.

    Without a `separator` it is that of the files' format.
    """

    separator: str = ""
    encoding: str = "utf-8"
    header: tuple[str, ...] = ()


class Table(Struct, frozen=True, dict=True):
    """One table: which files, whose rows, and what a row makes of a profile.

    `columns` stand in the order of their attributes, whatever their order in the spec:
    a digest over them depends on neither order nor the names of columns.
    """

    name: str
    file: str
    path: Path
    words: FileText
    key_type: str
    key_column: str
    columns: tuple[Column, ...] = ()
    line: int | None = None
    key_expression: str | None = None
    csv: CsvWords = CsvWords()
    nulls: tuple[str, ...] = ()
    int96: Literal["utc"] | None = None
    where: str | None = None
    duplicates: Duplicates = "error"
    missing: Missing = "keep"
    invalid: Invalid = "error"
    allow_empty: bool = False

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The folded names of the attributes that its columns give."""
        return frozenset(fold_name(column.attribute) for column in self.columns)

    def column_of(self, attribute: str) -> tuple[str | None, Path]:
        """Return the column that gives an attribute, and where its words stand.

        That of the key stands for ''; what is computed has no column.
        """
        for column in self.columns:
            if column.attribute == attribute:
                return column.column or None, column.path
        key = self.key_column if not attribute and self.key_expression is None else ""
        return key or None, (*self.path, "key")

    @property
    def origin(self) -> Origin:
        """Where the table stands in the spec."""
        return Origin(self.file, self.line, table=self.name)

    @property
    def meaning(self) -> list[Any]:
        """What the table makes of a row, in a form that canonical JSON can say.

        It covers neither file, condition, name nor key, nor the names of columns.
        """
        return [column.words for column in self.columns]

    def place(self, *steps: str) -> Place:
        """Return where a part of the table stands, as in `place("columns", "sex")`."""
        return Place(self.file, (*self.path, *steps))

    def finding(
        self, code: str, message: str, hint: str | None = None, *steps: str
    ) -> Diagnostic:
        """Return a finding that stands where a part of the table stands."""
        locator = self.words.pattern.locator
        return locator.finding(self.place(*steps), Fault(code, message, hint))


class MemberFile(Struct, frozen=True):
    """The file of a cohort's members, and the column of their id.

    `path` leads to the cohort's `members` in `file`.
    """

    words: FileText
    key_type: str
    key_column: str
    file: str
    path: Path
    line: int | None = field(default=None)
    allow_empty: bool = False

    def finding(
        self, code: str, message: str, hint: str | None = None, *steps: str
    ) -> Diagnostic:
        """Return a finding that stands where a part of the words stands."""
        place = Place(self.file, (*self.path, *steps))
        return self.words.pattern.locator.finding(place, Fault(code, message, hint))
