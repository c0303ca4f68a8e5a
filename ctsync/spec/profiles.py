"""`profiles:` of the spec files: whose entries they are, and if names can be sent.

Profiles are judged by the columns of their rosters, which costs little for each; only
an entry that fails is looked at, and explained by jsonschema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from ctsync.model.contribution import Path
from ctsync.model.key import ID_TYPES, Key
from ctsync.model.record import GROUP_PREFIX
from ctsync.spec.entries import CHANNELS, groups_of, shape_of_entry
from ctsync.spec.findings import Reporter
from ctsync.spec.keys import HARMLESS, KeyBook
from ctsync.spec.names import NameBook, Place
from ctsync.spec.roster import Roster
from ctsync.spec.scalars import Node
from ctsync.spec.schema import ANY_ATTRIBUTES
from ctsync.spec.schema_sections import profile_schema
from ctsync.spec.shape import shape_faults


class ProfileSection(Struct, frozen=True, eq=False):
    """The `profiles:` of one file. `keyless` are entries whose key cannot be used."""

    file: str
    path: Path
    roster: Roster
    keyless: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.roster)

    def place(self, index: int) -> Place:
        """Give where an entry stands."""
        return Place(self.file, (*self.path, index))

    def key(self, index: int) -> Key | None:
        """Give the key of an entry, None where it has none to use."""
        return None if index in self.keyless else self.roster.key(index)

    @property
    def ids(self) -> Sequence[str]:
        """The id of each entry."""
        return self.roster.ids

    def indexes(self, kind: str) -> Sequence[int]:
        """Give which entries have an id of that type."""
        return self.roster.indexes(kind)

    @property
    def is_sound(self) -> bool:
        """Whether every entry has its shape and a key to use."""
        return not self.keyless and not self.roster.odd

    def entry(self, index: int) -> Node:
        """Give an entry: all of it where its shape is wrong, else what it says."""
        odd = self.roster.odd.get(index)
        return self.roster.entry(index) if odd is None else odd


class EntryChecks:
    """Judges what every contribution has: a key and names."""

    def __init__(self, names: NameBook, keys: KeyBook, report: Reporter) -> None:
        self.names = names
        self.keys = keys
        self.report = report

    def keyless(self, section: ProfileSection) -> frozenset[int]:
        """Judge every entry of a section; give those whose key cannot be used."""
        for index, entry in section.roster.odd.items():
            self._explain(section.place(index), entry)
        keyless = frozenset(self._keyless(section))
        self._names(section)
        self._groups(section)
        return keyless

    def _keyless(self, section: ProfileSection) -> Iterator[int]:
        roster = section.roster
        is_usual = roster.is_folded and not roster.faulty and not roster.odd
        for kind in ID_TYPES if len(roster) else ():
            indexes = roster.indexes(kind)
            if not indexes or (is_usual and self.keys.note_all(section, kind)):
                continue
            for index in indexes:
                if index not in roster.odd and not self._note(section, index):
                    yield index

    def _note(self, section: ProfileSection, index: int) -> bool:
        key = section.roster.key(index)
        faults = () if key is None else self.keys.note(key, section, index)
        if key is not None and faults:
            self.add(Place(section.file, (*section.path, index, key.type)), faults)
        return all(fault.code in HARMLESS for fault in faults)

    def _names(self, section: ProfileSection) -> None:
        """Judge each name where it stands first; what is wrong with it everywhere."""
        bad: dict[str, int] = {}
        for name, index in section.roster.names.items():
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
        self.add(at, self.names.judge(name, at), name)

    def attributes(self, place: Place, words: Mapping[str, Node]) -> None:
        """Judge the names of a map of attributes."""
        for name in words:
            if name not in self.names.sound:
                at = Place(place.file, (*place.path, name))
                self.add(at, self.names.judge(name, at), name)

    def _groups(self, section: ProfileSection) -> None:
        groups = section.roster.groups
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
        faults = self.names.judge_group(name, at)
        self.add(at, faults, f"{GROUP_PREFIX}{CHANNELS[0]}.{name}")
        return bool(faults)

    def _explain(self, place: Place, entry: Node) -> None:
        for fault in shape_faults(_schema(), shape_of_entry(entry), "the profile"):
            path = (*place.path, *fault.path)
            self.report.add(
                fault.code, fault.message, file=place.file, path=path, hint=fault.hint
            )

    def add(self, place: Place, faults: Any, attribute: str | None = None) -> None:
        """Add what is wrong at a place."""
        for fault in faults:
            self.report.add(
                fault.code,
                fault.message,
                file=place.file,
                path=place.path,
                hint=fault.hint,
                attribute=attribute,
            )


def _attributes(entry: Node) -> Mapping[str, Node]:
    words = entry.get("attributes") if isinstance(entry, dict) else None
    return words if isinstance(words, dict) else {}


@cache
def _schema() -> dict[str, Any]:
    return profile_schema(ANY_ATTRIBUTES)
