"""One data file, and what is wrong with one: what every format is given and raises."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import path_in_sql
from ctsync.errors import SpecError
from ctsync.files.plain_files import open_plain
from ctsync.formats.text_layout import Layout
from ctsync.model.fault import Fault

WHOLE_BYTES = 64 << 20  # up to here an input's digest covers every byte
_EDGE_BYTES = 1 << 20


class DataFile(Struct, frozen=True):
    """One file of rows. `path` holds no links, `name` is for people.

    `ending` is the end of its name by which its format was found.

    `mark` is what the system said of it when it was found. `plain` is a copy that is
    read in its place; with `has_faults` the copy names in a last column what is wrong
    with a row. `layout` is known once it was looked through.
    """

    path: Path
    name: str
    mark: tuple[int, ...]
    ending: str
    plain: Path | None = None
    layout: Layout | None = None
    has_faults: bool = False

    @property
    def text_path(self) -> Path:
        """Where the text stands that is read."""
        return self.plain or self.path

    def line_of(self, row: int | None) -> int | None:
        """Return the line on which a row begins, where there are lines."""
        if row is None or self.layout is None:
            return None
        return self.layout.line_of(row)

    @property
    def sql(self) -> str:
        """The path as a literal of SQL that DuckDB takes for no pattern."""
        return path_in_sql(self.text_path)

    @property
    def has_changed(self) -> bool:
        """Whether it is no longer the file that was found."""
        try:
            return mark_of(self.path.stat()) != self.mark
        except OSError:
            return True

    def digest(self) -> str:
        """Return a digest of a small file; of a big one that of its size and its ends.

        Raises:
            SpecError: it cannot be read.
        """
        size = self.mark[0]
        try:
            with open_plain(self.path) as file:
                if size <= WHOLE_BYTES:
                    return hashlib.file_digest(file, "sha256").hexdigest()
                words = hashlib.sha256(b"%d:" % size + file.read(_EDGE_BYTES))
                file.seek(-_EDGE_BYTES, os.SEEK_END)
                words.update(file.read(_EDGE_BYTES))
                return f"ends:{words.hexdigest()}"
        except OSError as error:
            raise refused([unreadable(error).in_file(self.name)]) from error


CHANGED = Fault(
    "CT619",
    "changed while it was read",
    "run the command again when it is written completely",
)


def refused(findings: Iterable[Diagnostic]) -> SpecError:
    """Return the error that carries these findings."""
    found = list(findings)
    said = (f"{finding.place}: {finding.message}" for finding in found[:3])
    return SpecError("; ".join(said), found)


def unreadable(error: OSError) -> Fault:
    """Return the fault of a file that the system does not give."""
    message = f"cannot be read: {error.strerror or 'no reason given'}"
    return Fault("CT612", message, "check its permissions")


def mark_of(found: os.stat_result) -> tuple[int, ...]:
    """Return by what a file is known again: size in bytes, time, and place."""
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev
