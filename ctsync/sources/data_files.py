"""The files that a pattern means, and whether they stay what they were."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from glob import has_magic
from pathlib import Path, PurePosixPath

from ctsync.diagnostics import Diagnostic
from ctsync.errors import SpecError
from ctsync.files.plain_files import open_plain
from ctsync.files.roots import resolved
from ctsync.formats import ending_of, readable_instead
from ctsync.formats.data_file import CHANGED, DataFile, mark_of, refused, unreadable
from ctsync.model.fault import Fault, Faults
from ctsync.project.project import Project
from ctsync.project.spec_files import similar
from ctsync.project.tables import FileText
from ctsync.sources.file_patterns import paths_of
from ctsync.sources.object_files import find_objects, reaching
from ctsync.sources.object_patterns import names_a_bucket
from ctsync.sources.own_files import OURS, begins_as_ours, is_named_as_ours


def find_files(project: Project, words: FileText) -> tuple[DataFile, ...]:
    """Return the files that a pattern means, in the order of the bytes of their names.

    Raises:
        SpecError: a variable is not set, the pattern leads out of the roots, a bucket
            does not answer, or a file is not one to read rows from.
    """
    if names_a_bucket(project, words):
        return find_objects(project, words)
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
    if names_a_bucket(project, words):
        hint = "check the bucket and the name; letter case counts"
        return words.finding("CT611", f'no object matches "{pattern}"', hint)
    if has_magic(words.resolve(project.variables)):
        hint = f"the pattern is relative to {words.pattern.file}, where it stands"
        return words.finding("CT611", f'no file matches "{pattern}"', hint)
    if "://" in pattern:
        hint = "tables come from files, and from s3://, gs:// and az://"
        return words.finding("CT611", f'"{pattern}" does not exist', hint)
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
        # The name stands in SQL, which is UTF-8: where it is not, this raises.
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
    # A journal, a lock and runs lie beside their state, and begin with its name.
    is_state = state is not None and (
        path.is_relative_to(state)
        or (path.parent == state.parent and path.name.startswith(state.name))
    )
    if is_state or is_named_as_ours(path.name) or begins_as_ours(path):
        raise Faults(OURS)


def _in_folder(name: str) -> str:
    folder = PurePosixPath(name)
    suffix = ending_of(name) or ".parquet"
    return f"name the files in it, as in {folder.name}/*{suffix}"


def check_unchanged(
    project: Project, words: FileText, files: Iterable[DataFile]
) -> None:
    """Make sure that files are still those that were found, and so are their objects.

    Raises:
        SpecError: one of them has changed meanwhile, or a bucket does not tell.
    """
    with reaching(words):
        changed = [
            CHANGED.in_file(file.name)
            for file in files
            if file.has_changed or project.copies.has_changed(file.path)
        ]
    if changed:
        raise refused(changed)
