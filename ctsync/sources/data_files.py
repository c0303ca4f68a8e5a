"""The files that a pattern means, and whether they stay what they were."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from glob import has_magic
from pathlib import Path, PurePosixPath

from msgspec import Struct

from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import path_in_sql
from ctsync.errors import SpecError
from ctsync.files.plain_files import open_plain
from ctsync.files.roots import resolved
from ctsync.project.project import Project
from ctsync.project.spec_files import similar
from ctsync.project.tables import (
    PACKINGS,
    SUFFIXES,
    FileText,
    is_readable,
    readable_instead,
)
from ctsync.sources.compression import DAMAGES, unpacked
from ctsync.sources.file_patterns import paths_of
from ctsync.sources.text_layout import Layout

WHOLE_BYTES = 64 << 20  # up to here an input's digest covers every byte
_EDGE_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
_OURS = re.compile(rb'"format" ?: ?"ctsync\.')
_SHEET = re.compile(r"ctsync-(?:base|segment)-[0-9]+\.parquet")
_ENDINGS = [f"{s}{p}" for p in (*PACKINGS, "") for s in SUFFIXES]


class Unreadable(Exception):
    """What is wrong with one file. `row` is None where no row is to blame."""

    def __init__(
        self, code: str, message: str, hint: str | None = None, row: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.row = row
        self.line: int | None = None

    def in_file(self, name: str, line: int | None = None) -> Diagnostic:
        """Return it as a finding; `line` is that of its row."""
        code, message, hint = self.code, self.message, self.hint
        at = line or self.line
        return Diagnostic("error", code, message, hint, name, at, row=self.row)


class DataFile(Struct, frozen=True):
    """One file of rows. `path` holds no links, `name` is for people.

    `mark` is what the system said of it when it was found. `plain` is a copy that is
    read in its place; with `has_faults` the copy names in a last column what is wrong
    with a row. `layout` is known once it was looked through.
    """

    path: Path
    name: str
    mark: tuple[int, ...]
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
    def form(self) -> str:
        """`.csv`, `.jsonl` or `.parquet`."""
        bare = self.name
        for packing in PACKINGS:
            bare = bare.removesuffix(packing)
        return next(suffix for suffix in SUFFIXES if bare.endswith(suffix))

    @property
    def sql(self) -> str:
        """The path as a literal of SQL that DuckDB takes for no pattern."""
        return path_in_sql(self.text_path)

    @property
    def has_changed(self) -> bool:
        """Whether it is no longer the file that was found."""
        try:
            return _mark_of(self.path.stat()) != self.mark
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
            raise refused([_unreadable(error).in_file(self.name)]) from error


def refused(findings: Iterable[Diagnostic]) -> SpecError:
    """Return the error that carries these findings."""
    found = list(findings)
    said = (f"{finding.place}: {finding.message}" for finding in found[:3])
    return SpecError("; ".join(said), found)


def find_files(project: Project, words: FileText) -> tuple[DataFile, ...]:
    """Return the files that a pattern means, in the order of the bytes of their names.

    Raises:
        SpecError: a variable is not set, the pattern leads out of the roots, or a file
            is not one to read rows from.
    """
    state = _state_of(project)
    found, findings = [], []
    for path, name in paths_of(project, words):
        try:
            found.append(_looked_at(resolved(path), name, state))
        except Unreadable as fault:
            findings.append(fault.in_file(name))
    if findings:
        raise refused(findings)
    return tuple(found)


def _state_of(project: Project) -> Path | None:
    """Return where the state lies, if that is a path that can be told."""
    try:
        location = project.state(project.variables).location
    except SpecError:
        return None
    return None if "://" in location else resolved(project.root / location)


def missing(project: Project, words: FileText) -> Diagnostic:
    """Return the finding for a pattern that no file matches."""
    pattern = words.pattern.text
    if has_magic(words.resolve(project.variables)):
        hint = f"the pattern is relative to {words.pattern.file}, where it stands"
        return words.finding("CT611", f'no file matches "{pattern}"', hint)
    hint = f"it is relative to {words.pattern.file}, where it stands"
    if not words.pattern.names:
        hint = similar(project.root / words.folder / pattern) or hint
    return words.finding("CT611", f'"{pattern}" does not exist', hint)


def _looked_at(path: Path, name: str, state: Path | None) -> DataFile:
    """Return a file that rows can be read from; its path is resolved.

    Raises:
        Unreadable: it is none.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise Unreadable("CT612", "is a folder", _in_folder(name))
        if not stat.S_ISREG(mode):
            hint = "rows are read more than once; write them into a file first"
            raise Unreadable("CT612", "is no regular file", hint)
        if not is_readable(name):
            message = "is no file that rows can come from"
            raise Unreadable("CT613", message, readable_instead(name))
        _require_same_ending(path, name)
        with open_plain(path) as file:
            found = DataFile(path, name, _mark_of(os.fstat(file.fileno())))
        os.fspath(path).encode()
        _require_not_ours(found, state)
    except OSError as error:
        raise _unreadable(error) from error
    except UnicodeEncodeError as error:
        raise Unreadable("CT612", "its name is not UTF-8", "rename it") from error
    return found


def _require_same_ending(path: Path, name: str) -> None:
    ending = next(each for each in _ENDINGS if name.endswith(each))
    if not path.name.endswith(ending):
        message = "is a link to a file with another ending"
        raise Unreadable("CT613", message, f"call that file {ending} too")


def _require_not_ours(file: DataFile, state: Path | None) -> None:
    """Make sure that a file is no state, journal or plan, in use or not."""
    path = file.path
    is_state = state is not None and (
        path.is_relative_to(state)
        or (path.parent == state.parent and path.name.startswith(state.name))
    )
    if is_state or _SHEET.fullmatch(path.name) or _begins_as_ours(path):
        message = "is a state, journal or plan of ctsync"
        hint = "such files hold people in clear; tables are read from exports"
        raise Unreadable("CT015", message, hint)


def _begins_as_ours(path: Path) -> bool:
    if path.suffix == ".parquet":
        return False
    try:
        with unpacked(path) as stream:
            return _OURS.search(stream.readline(_HEAD_BYTES)) is not None
    except DAMAGES:
        return False  # who reads it says why it cannot be read


def _in_folder(name: str) -> str:
    folder = PurePosixPath(name)
    suffix = folder.suffix if folder.suffix in SUFFIXES else ".parquet"
    return f"name the files in it, as in {folder.name}/*{suffix}"


def _unreadable(error: OSError) -> Unreadable:
    message = f"cannot be read: {error.strerror or 'no reason given'}"
    return Unreadable("CT612", message, "check its permissions")


def _mark_of(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev


def check_unchanged(files: Iterable[DataFile]) -> None:
    """Make sure that files are still those that were found.

    Raises:
        SpecError: one of them has changed meanwhile.
    """
    message = "changed while it was read"
    hint = "run the command again when it is written completely"
    fault = Unreadable("CT619", message, hint)
    changed = [fault.in_file(file.name) for file in files if file.has_changed]
    if changed:
        raise refused(changed)
