"""Which reports of imports there are, and which rows of which file they name.

A report is the failure file of an import, or what a webhook was sent of it and somebody
saved. Both are of a file that the state knows by its name; all others are refused.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct

from ctsync.apply.failure_store import scratch_database
from ctsync.canonical_json import canonical, parse
from ctsync.channels.failure_file import damaged_report, failed_rows
from ctsync.errors import CtsyncError
from ctsync.files.plain_files import open_plain
from ctsync.model.due_import import DueImport, ImportFile

BODY_BYTES = 1 << 20
MOST_REPORTS = 10_000
_BODY = ".json"

Rows: TypeAlias = "dict[str, list[tuple[str, ...]]]"  # of a profile, by file


class NamedRows:
    """Rows that reports name, by the identity of their profile.

    They lie in a private database that goes with the process: there may be millions.
    """

    def __init__(self) -> None:
        self.counts = Counter[str]()  # rows by file; 0 where a report names none
        self.refused: set[str] = set()  # files of which the platform took nothing
        self.before: set[str] = set()  # files of which a report was read before
        self.reports: dict[str, set[str]] = {}  # SHA-256 of reports by file
        self._rows: sqlite3.Connection = scratch_database()
        self._rows.execute("CREATE TABLE named (id TEXT, file TEXT, cells BLOB)")
        self._rows.execute("BEGIN")

    def add(self, file: ImportFile, rows: Iterable[tuple[str, ...]]) -> None:
        """Take in the rows of a report."""
        before = self._rows.total_changes
        self._rows.executemany(
            "INSERT INTO named VALUES (?, ?, ?)",
            ((row[0], file.name, canonical(row)) for row in rows),
        )
        self.counts[file.name] += self._rows.total_changes - before

    def by_identity(self) -> Iterator[tuple[str, Rows]]:
        """Yield identities in order, each with its rows by file."""
        found = self._rows.execute(
            # SQLite compares bytes of UTF-8, which sort as the entries' keys do.
            "SELECT id, file, cells FROM named ORDER BY id, file"
        )
        for identity, group in groupby(found, key=itemgetter(0)):
            rows: Rows = {}
            for _, file, cells in group:
                rows.setdefault(file, []).append(tuple(parse(cells)))
            yield identity, rows

    def close(self) -> None:
        """Let go of them."""
        self._rows.close()


class _Found(Struct, frozen=True):
    path: Path
    due: DueImport


def read_reports(place: Path, imports: Iterable[DueImport], named: NamedRows) -> None:
    """Read the report at a place, or all of a folder.

    Raises:
        CtsyncError: one is of no file that the state knows (code CT821), or is damaged
            (CT822).
    """
    by_stem = {due.file.stem: due for due in imports}
    for each in _found(Path(os.path.realpath(place)), by_stem):
        name, digest = each.due.file.name, _digest(each.path)
        named.counts.setdefault(name, 0)
        # Its rows may name what is waited for no more, which looks like another file's.
        if digest in each.due.reports:
            named.before.add(name)
            continue
        named.reports.setdefault(name, set()).add(digest)
        if each.path.suffix == _BODY:
            _read_body(each, named)
        else:
            rows = failed_rows(each.path, each.due.file)
            named.add(each.due.file, (tuple(row) for row in rows))


def _digest(path: Path) -> str:
    try:
        with open_plain(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise damaged_report(path, str(error.strerror)) from error


def _found(place: Path, by_stem: Mapping[str, DueImport]) -> Iterator[_Found]:
    for path in _paths(place):
        due = _due_named(path, by_stem)
        if due is not None:
            yield _Found(path, due)
        elif not place.is_dir():
            raise _foreign(path)


def _paths(place: Path) -> list[Path]:
    try:
        place.stat()  # a path that leads nowhere is no foreign report
        if not place.is_dir():
            return [place]
        paths = sorted(path for path in place.iterdir() if path.suffix in _SUFFIXES)
    except OSError as error:
        raise damaged_report(place, str(error.strerror)) from error
    if len(paths) > MOST_REPORTS:
        raise damaged_report(place, f"it holds more than {MOST_REPORTS:,} files")
    return paths


_SUFFIXES = {".csv", _BODY}


def _due_named(path: Path, by_stem: Mapping[str, DueImport]) -> DueImport | None:
    """Return the import after whose file a report is named; the longest name counts."""
    stems = [stem for stem in by_stem if stem in path.name]
    if stems:
        return by_stem[max(stems, key=len)]
    if path.suffix != _BODY:
        return None
    said = _body(path)
    return by_stem.get(str(said.get("fileName")).removesuffix(".csv"))


def _read_body(found: _Found, named: NamedRows) -> None:
    """Take in what a webhook was sent; its form is inferred (I).

    It names no rows: it says that the platform took nothing of a file, or how much
    failed, and where the failure file is.
    """
    said, file = _body(found.path), found.due.file
    if said.get("fileName") != file.name:
        raise damaged_report(found.path, f"it does not speak of {file.name}")
    if said.get("status") == "fail" and said.get("error") is not None:
        named.refused.add(file.name)


def _body(path: Path) -> Mapping[str, Any]:
    try:
        with open_plain(path) as file:
            data = file.read(BODY_BYTES + 1)
        said = parse(data) if len(data) <= BODY_BYTES else None
    except (OSError, ValueError) as error:
        raise damaged_report(path, "it is not JSON") from error
    if not isinstance(said, dict):
        raise damaged_report(path, "it is no body of a webhook")
    return said


def _foreign(path: Path) -> CtsyncError:
    return CtsyncError(
        f"{path.name} is named after no file that this state has put; "
        "nothing was written",
        hint="a report is called after its data file: name it so again if it was "
        "renamed, and see that project and environment are those that put the file",
        code="CT821",
    )
