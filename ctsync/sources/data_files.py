"""The files that a pattern means, and whether they stay what they were."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from glob import has_magic
from pathlib import Path, PurePosixPath

from ctsync.diagnostics import Diagnostic
from ctsync.errors import SpecError
from ctsync.files.plain_files import open_plain
from ctsync.files.roots import resolved
from ctsync.formats import ending_of, format_of, readable_instead
from ctsync.formats.compression import DAMAGES, unpacked
from ctsync.formats.data_file import DataFile, mark_of, refused, unreadable
from ctsync.model.fault import Fault, Faults
from ctsync.project.project import Project
from ctsync.project.spec_files import similar
from ctsync.project.tables import FileText
from ctsync.sources.file_patterns import paths_of

_HEAD_BYTES = 1 << 16
_OURS = re.compile(rb'"format" ?: ?"ctsync\.')
_SHEET = re.compile(r"ctsync-(?:base|segment)-[0-9]+\.parquet")


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
        except Faults as faults:
            findings += [fault.in_file(name) for fault in faults.faults]
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
        Faults: it is none.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise Faults(Fault("CT612", "is a folder", _in_folder(name)))
        if not stat.S_ISREG(mode):
            hint = "rows are read more than once; write them into a file first"
            raise Faults(Fault("CT612", "is no regular file", hint))
        ending = ending_of(name)
        if ending is None:
            message = "is no file that rows can come from"
            raise Faults(Fault("CT613", message, readable_instead(name)))
        _require_same_ending(path, name)
        with open_plain(path) as file:
            mark = mark_of(os.fstat(file.fileno()))
        found = DataFile(path, name, mark, ending)
        os.fspath(path).encode()
        _require_not_ours(found, state)
    except OSError as error:
        raise Faults(unreadable(error)) from error
    except UnicodeEncodeError as error:
        raise Faults(Fault("CT612", "its name is not UTF-8", "rename it")) from error
    return found


def _require_same_ending(path: Path, name: str) -> None:
    ending = ending_of(name)
    if ending_of(path.name) != ending:
        message = "is a link to a file with another ending"
        raise Faults(Fault("CT613", message, f"call that file {ending} too"))


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
        raise Faults(Fault("CT015", message, hint))


def _begins_as_ours(path: Path) -> bool:
    form = format_of(path.name)
    if form is None or not form.is_text:
        return False
    try:
        with unpacked(path) as stream:
            return _OURS.search(stream.readline(_HEAD_BYTES)) is not None
    except DAMAGES:
        return False  # who reads it says why it cannot be read


def _in_folder(name: str) -> str:
    folder = PurePosixPath(name)
    suffix = ending_of(name) or ".parquet"
    return f"name the files in it, as in {folder.name}/*{suffix}"


def check_unchanged(files: Iterable[DataFile]) -> None:
    """Make sure that files are still those that were found.

    Raises:
        SpecError: one of them has changed meanwhile.
    """
    message = "changed while it was read"
    hint = "run the command again when it is written completely"
    fault = Fault("CT619", message, hint)
    changed = [fault.in_file(file.name) for file in files if file.has_changed]
    if changed:
        raise refused(changed)
