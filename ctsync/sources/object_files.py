"""Objects of a bucket as files: copied once, and then read as any."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ctsync.errors import SpecError
from ctsync.files.bucket_folders import BucketFolder, bucket_folder
from ctsync.files.found_objects import NoRoom, Replaced, TooMany, Unreachable
from ctsync.formats import ending_of, readable_instead
from ctsync.formats.data_file import CHANGED, DataFile, mark_of, refused
from ctsync.model.fault import Fault, Faults
from ctsync.project.project import Project
from ctsync.project.tables import FileText
from ctsync.sources.object_patterns import MeantObject, objects_of
from ctsync.sources.own_files import OURS, begins_as_ours, is_named_as_ours


def find_objects(project: Project, words: FileText) -> tuple[DataFile, ...]:
    """Return copies of the objects that a pattern means, in the order of their names.

    Raises:
        SpecError: a variable is not set, the pattern leads out of the roots, the bucket
            does not answer, or an object is not one to read rows from.
    """
    state = _state_of(project)
    with reaching(words):
        meant = objects_of(project, words)
    copied, findings = [], []
    for each in meant:
        try:
            _require_rows(each, state)
            with reaching(words, each.name):
                copied.append(_copied(project, each))
        except Faults as faults:
            findings += [fault.in_file(each.name) for fault in faults.faults]
    if findings:
        raise refused(findings)
    return tuple(copied)


@contextmanager
def reaching(words: FileText, name: str | None = None) -> Generator[None]:
    """Tell why a bucket, or one object of this name, cannot be had.

    Raises:
        SpecError: so it is; the finding stands where the pattern stands.
    """
    shown = f'"{words.pattern.text if name is None else name}"'
    try:
        yield
    except Unreachable as error:
        message = f"{shown} cannot be read: {error}"
        hint = _RIGHTS if error.is_denied else _WAY
    except TooMany:
        message = f"{shown} begins with a folder of more objects than are looked at"
        hint = "begin it with a folder that holds fewer"
    except NoRoom as error:
        message = f"{shown} has {error.needed:,} bytes, and {error.free:,} are free"
        hint = "make room in the folder that TMPDIR names; objects are copied there"
    except OSError as error:
        message = f"{shown} cannot be copied: {error.strerror or 'no reason given'}"
        hint = "make room in the folder that TMPDIR names; objects are copied there"
    else:
        return
    raise refused([words.finding("CT612", message, hint)])


_RIGHTS = (
    "give them in the environment, with the rights to list the bucket and to read what "
    "is in it"
)
_WAY = (
    "check the address, the bucket's region and endpoint, and that this machine "
    "reaches it"
)


def _require_rows(meant: MeantObject, state: BucketFolder | None) -> None:
    """Make sure, before it is copied, that rows may come from an object.

    Raises:
        Faults: they may not.
    """
    place = meant.found.place
    if ending_of(place.path) is None:
        message = "is no file that rows can come from"
        raise Faults(Fault("CT613", message, readable_instead(meant.name)))
    is_state = state is not None and state.holds(place)
    if is_state or is_named_as_ours(place.parts[-1]):
        raise Faults(OURS)


def _copied(project: Project, meant: MeantObject) -> DataFile:
    ending = ending_of(meant.found.place.path) or ""
    try:
        path = project.copies.copy(meant.found, ending)
    except Replaced as error:
        raise Faults(CHANGED) from error
    if begins_as_ours(path):
        raise Faults(OURS)
    return DataFile(path, meant.name, mark_of(path.stat()), ending)


def _state_of(project: Project) -> BucketFolder | None:
    """Return where the state lies, if that is a bucket that can be told."""
    try:
        state = project.state(project.variables)
    except SpecError:
        return None
    folder = bucket_folder(state.location)
    if folder is None:
        return None
    return folder.within(*filter(None, (state.name or "").split("/")))
