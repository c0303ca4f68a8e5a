"""The files that a pattern means, and whether they stay what they were."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path

from msgspec import Struct

from ctsync.diagnostics import Diagnostic
from ctsync.duck import quoted
from ctsync.errors import SpecError
from ctsync.spec.files import relative_to, similar
from ctsync.spec.project import Project
from ctsync.spec.tables import PACKINGS, SUFFIXES, FileWords, is_readable

WHOLE_BYTES = 64 << 20  # up to here an input's digest covers every byte
_EDGE_BYTES = 1 << 20
_READABLE = "name .csv, .jsonl or .parquet files, the first two also .gz or .zst"


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

    def in_file(self, name: str) -> Diagnostic:
        """Give it as a finding."""
        code, message, hint = self.code, self.message, self.hint
        return Diagnostic("error", code, message, hint, name, row=self.row)


class DataFile(Struct, frozen=True):
    """One file of rows. `name` is its path relative to the project.

    `mark` is what the system said of it when it was found.
    """

    path: Path
    name: str
    mark: tuple[int, ...]

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
        plain = (f"[{char}]" if char in "*?[" else char for char in str(self.path))
        return quoted("".join(plain))

    @property
    def has_changed(self) -> bool:
        """Whether it is no longer the file that was found."""
        try:
            return _mark_of(self.path.stat()) != self.mark
        except OSError:
            return True

    def digest(self) -> str:
        """Give a digest of a small file; of a big one that of its size and its ends.

        Raises:
            SpecError: it cannot be read.
        """
        size = self.mark[0]
        try:
            with self.path.open("rb") as file:
                if size <= WHOLE_BYTES:
                    return hashlib.file_digest(file, "sha256").hexdigest()
                words = hashlib.sha256(b"%d:" % size + file.read(_EDGE_BYTES))
                file.seek(-_EDGE_BYTES, os.SEEK_END)
                words.update(file.read(_EDGE_BYTES))
                return f"ends:{words.hexdigest()}"
        except OSError as error:
            raise refused([_unreadable(self.name, error)]) from error


def refused(findings: Iterable[Diagnostic]) -> SpecError:
    """Give the error that carries these findings."""
    found = list(findings)
    said = (f"{finding.place}: {finding.message}" for finding in found[:3])
    return SpecError("; ".join(said), found)


def find_files(project: Project, words: FileWords) -> tuple[DataFile, ...]:
    """Give the files that a pattern means, in the order of the bytes of their names.

    A pattern that is itself the name of a file means that file. Names that start with
    a dot are met only by patterns that do.

    Raises:
        SpecError: a variable is not set, or a file is not one to read rows from.
    """
    pattern = words.resolve(project.variables)
    folder = project.root / words.folder
    found, findings = [], []
    for path in _matches(folder, pattern):
        name = relative_to(project.root, path)
        fault = _fault(path, name)
        if fault is None:
            found.append(DataFile(path, name, _mark_of(path.stat())))
        else:
            findings.append(fault)
    if findings:
        raise refused(findings)
    return tuple(sorted(found, key=lambda file: os.fsencode(file.name)))


def _matches(folder: Path, pattern: str) -> Iterator[Path]:
    whole = (folder / pattern).absolute()
    if os.path.lexists(whole):
        yield whole
        return
    # Path.glob would also meet names that start with a dot.
    for name in glob(pattern, root_dir=folder, recursive=True):  # noqa: PTH207
        path = (folder / name).absolute()
        if "**" not in pattern or not path.is_dir():
            yield path


def missing(project: Project, words: FileWords) -> Diagnostic:
    """Give the finding for a pattern that no file matches."""
    pattern = words.resolve(project.variables)
    path = project.root / words.folder / pattern
    if has_magic(pattern):
        hint = "the pattern is relative to the file in which it stands"
        return words.finding("CT611", f'no file matches "{pattern}"', hint)
    hint = similar(path) or "it is relative to the file in which it stands"
    return words.finding("CT611", f'"{pattern}" does not exist', hint)


def _fault(path: Path, name: str) -> Diagnostic | None:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return Unreadable("CT612", "is a folder", _in_folder(path)).in_file(name)
        if not stat.S_ISREG(mode):
            hint = "rows are read more than once; write them into a file first"
            return Unreadable("CT612", "is no regular file", hint).in_file(name)
        if not is_readable(name):
            message = "is no file that rows can come from"
            return Unreadable("CT613", message, _READABLE).in_file(name)
        path.open("rb").close()
        os.fspath(path).encode()
    except OSError as error:
        return _unreadable(name, error)
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode(errors="replace")
        return Unreadable("CT612", "its name is not UTF-8", "rename it").in_file(shown)
    return None


def _in_folder(path: Path) -> str:
    suffix = path.suffix if path.suffix in SUFFIXES else ".parquet"
    return f"name the files in it, as in {path.name}/*{suffix}"


def _unreadable(name: str, error: OSError) -> Diagnostic:
    message = f"cannot be read: {error.strerror or error}"
    return Unreadable("CT612", message, "check its permissions").in_file(name)


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
