"""Profiles that stand in YAML, one contribution an entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial

from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.contribution_batch import Batch
from ctsync.model.profile_key import ID_TYPES, NOBODY
from ctsync.model.scalar_value import Raw
from ctsync.project.profile_checks import ProfileSection
from ctsync.project.project import Project
from ctsync.sources.base import Source
from ctsync.yaml.profile_entry import read_entry


def inline_contributions(project: Project) -> Iterator[Contribution]:
    """Yield what the entries of `profiles:` say, in the order of files and lines."""
    for section in project.profiles:
        yield from _in_section(section, project.salt)


def inline_batches(project: Project) -> Iterator[Batch]:
    """Yield the entries of `profiles:` as batches, but for files with bad entries."""
    for section in project.profiles:
        if section.is_sound:
            yield from _batches(section, project.salt)


def unbatched(project: Project) -> Iterator[Contribution]:
    """Yield what stands in files with bad entries."""
    for section in project.profiles:
        if not section.is_sound:
            yield from _in_section(section, project.salt)


def _in_section(section: ProfileSection, salt: bytes) -> Iterator[Contribution]:
    for index in range(len(section)):
        # An entry that is no map says nothing, and has its finding.
        if isinstance(section.profile_columns.odd.get(index, {}), dict):
            yield contribution_of(section, index, salt)


def contribution_of(section: ProfileSection, index: int, salt: bytes) -> Contribution:
    """Return what one entry says."""
    return Contribution(
        section.key(index) or NOBODY,
        Origin(section.file, section.profile_columns.lines[index]),
        section.profile_columns.digest(index, salt),
        partial(_read, section, index),
        (*section.path, index, "attributes"),
    )


def _read(section: ProfileSection, index: int) -> dict[str, Raw]:
    return read_entry(section.profile_columns.entry(index))


def _batches(section: ProfileSection, salt: bytes) -> Iterator[Batch]:
    section.profile_columns.seal(salt)
    for kind in ID_TYPES:
        if kind in section.profile_columns.marks:
            yield InlineBatch(section, kind, salt)


class InlineBatch:
    """The profiles of one id type in one file."""

    def __init__(self, section: ProfileSection, kind: str, salt: bytes) -> None:
        self.type = kind
        self._section = section
        self._salt = salt
        self._indexes = section.indexes(kind)

    @cached_property
    def ids(self) -> Sequence[str]:
        """Their ids, in the order of the file."""
        ids = self._section.profile_columns.ids
        is_all = len(self._indexes) == len(ids)
        return ids if is_all else [ids[index] for index in self._indexes]

    @property
    def marks(self) -> Sequence[bytes]:
        """Their marks, in the same order."""
        return self._section.profile_columns.marks[self.type].split(b"\n")

    def contribution(self, index: int) -> Contribution:
        """Return one of them."""
        return contribution_of(self._section, self._indexes[index], self._salt)


SOURCE = Source(1, inline_contributions, batches=inline_batches, unbatched=unbatched)
