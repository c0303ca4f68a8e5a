"""`profiles:` of the spec files: whose entries they are, and if names can be sent.

Profiles are judged by their columns, which costs little for each; only an entry that
fails is looked at, and explained by jsonschema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from ctsync.kinds.identifier_rules import HARMLESS
from ctsync.model.contribution import Path
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.record import GROUP_PREFIX
from ctsync.project.attribute_name_checks import AttributeNameChecks
from ctsync.project.identifier_checks import IdentifierChecks
from ctsync.project.schema.documents import ANY_ATTRIBUTES
from ctsync.project.schema.sections import profile_schema
from ctsync.project.schema_errors import shape_faults
from ctsync.project.source_positions import FindingCollector, Place
from ctsync.yaml.profile_columns import ProfileColumns
from ctsync.yaml.profile_entry import CHANNELS, groups_of, shape_of_entry
from ctsync.yaml.scalars import Node


class ProfileSection(Struct, frozen=True, eq=False):
    """The `profiles:` of one file. `keyless` are entries whose key cannot be used."""

    file: str
    path: Path
    profile_columns: ProfileColumns
    keyless: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.profile_columns)

    def place(self, index: int) -> Place:
        """Return where an entry stands."""
        return Place(self.file, (*self.path, index))

    def key(self, index: int) -> ProfileKey | None:
        """Return the key of an entry, None where it has none to use."""
        return None if index in self.keyless else self.profile_columns.key(index)

    @property
    def ids(self) -> Sequence[str]:
        """The id of each entry."""
        return self.profile_columns.ids

    def indexes(self, kind: str) -> Sequence[int]:
        """Return which entries have an id of that type."""
        return self.profile_columns.indexes(kind)

    @property
    def is_sound(self) -> bool:
        """Whether every entry has its shape and a key to use."""
        return not self.keyless and not self.profile_columns.odd

    def entry(self, index: int) -> Node:
        """Return an entry: all of it where its shape is wrong, else what it says."""
        odd = self.profile_columns.odd.get(index)
        return self.profile_columns.entry(index) if odd is None else odd


class ProfileChecks:
    """Judges what every contribution has: a key and names."""

    def __init__(
        self,
        names: AttributeNameChecks,
        keys: IdentifierChecks,
        report: FindingCollector,
    ) -> None:
        self.names = names
        self.keys = keys
        self.report = report

    def keyless(self, section: ProfileSection) -> frozenset[int]:
        """Judge every entry of a section; give those whose key cannot be used."""
        for index, entry in section.profile_columns.odd.items():
            self._explain(section.place(index), entry)
        keyless = frozenset(self._keyless(section))
        self._names(section)
        self._groups(section)
        return keyless

    def _keyless(self, section: ProfileSection) -> Iterator[int]:
        profile_columns = section.profile_columns
        is_usual = (
            profile_columns.is_folded
            and not profile_columns.faulty
            and not profile_columns.odd
        )
        for kind in ID_TYPES if len(profile_columns) else ():
            indexes = profile_columns.indexes(kind)
            if not indexes or (is_usual and self.keys.note_all(section, kind)):
                continue
            for index in indexes:
                if index not in profile_columns.odd and not self._note(section, index):
                    yield index

    def _note(self, section: ProfileSection, index: int) -> bool:
        key = section.profile_columns.key(index)
        faults = () if key is None else self.keys.note(key, section, index)
        if key is not None and faults:
            path = (*section.path, index, key.type)
            self.report.add(Place(section.file, path), *faults)
        return all(fault.code in HARMLESS for fault in faults)

    def _names(self, section: ProfileSection) -> None:
        """Judge each name where it stands first; what is wrong with it everywhere."""
        bad: dict[str, int] = {}
        for name, index in section.profile_columns.names.items():
            if name not in self.names.sound:
                self._name(section, index, name)
                if name not in self.names.sound:
                    bad[name] = index
        for index in range(min(bad.values()) + 1, len(section)) if bad else ():
            for name in _attributes(section.entry(index)):
                if bad.get(name, index) < index:
                    self._name(section, index, name)

    def _name(self, section: ProfileSection, index: int, name: str) -> None:
        at = Place(section.file, (*section.path, index, "attributes", name))
        self.report.add(at, *self.names.judge(name, at), attribute=name)

    def attributes(self, place: Place, words: Mapping[str, Node]) -> None:
        """Judge the names of a map of attributes."""
        for name in words:
            if name not in self.names.sound:
                at = Place(place.file, (*place.path, name))
                self.report.add(at, *self.names.judge(name, at), attribute=name)

    def _groups(self, section: ProfileSection) -> None:
        groups = section.profile_columns.groups
        bad = [
            name for name, index in groups.items() if self._group(section, index, name)
        ]
        for index in range(len(section)) if bad else ():
            entry = section.entry(index)
            for _, name, _ in groups_of(entry) if isinstance(entry, dict) else ():
                if name in bad and index > groups[name]:
                    self._group(section, index, name)

    def _group(self, section: ProfileSection, index: int, name: str) -> bool:
        """Judge a group where it stands; say whether anything is wrong with it."""
        path = (*section.path, index, "subscriptions", CHANNELS[0], name)
        at = Place(section.file, path)
        faults = self.names.check_group(name, at)
        attribute = f"{GROUP_PREFIX}{CHANNELS[0]}.{name}"
        self.report.add(at, *faults, attribute=attribute)
        return bool(faults)

    def _explain(self, place: Place, entry: Node) -> None:
        faults = shape_faults(_schema(), shape_of_entry(entry), "the profile")
        self.report.add(place, *faults)


def _attributes(entry: Node) -> Mapping[str, Node]:
    words = entry.get("attributes") if isinstance(entry, dict) else None
    return words if isinstance(words, dict) else {}


@cache
def _schema() -> dict[str, Any]:
    return profile_schema(ANY_ATTRIBUTES)
