"""Entries of `profiles:`: whose they are, and whether their names can be sent.

This stands on the path of every profile, so shape is judged by hand here; only an
entry that fails is explained by jsonschema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ctsync.model.contribution import Path
from ctsync.model.key import ID_TYPES, Key
from ctsync.model.record import GROUP_PREFIX
from ctsync.model.value import Raw
from ctsync.spec.findings import Reporter
from ctsync.spec.keys import HARMLESS, KeyBook
from ctsync.spec.names import NameBook, Place
from ctsync.spec.scalars import Node, json_of, raw_of
from ctsync.spec.schema import ANY_ATTRIBUTES
from ctsync.spec.schema_sections import profile_schema
from ctsync.spec.shape import shape_faults

NOTHING = frozenset({":", ":~", ":null", '"'})
CHANNELS = ("email",)  # subscription groups are e-mail only (founding document)

_IDS = frozenset(ID_TYPES)


@dataclass(frozen=True, slots=True, eq=False)
class ProfileSection:
    """The `profiles:` of one file. A key is None where the entry has none to use."""

    file: str
    path: Path
    entries: list[Node]
    lines: list[int]
    keys: tuple[Key | None, ...] = ()

    def place(self, index: int) -> Place:
        """Give where an entry stands."""
        return Place(self.file, (*self.path, index))


def key_of(entry: Node) -> Key | None:
    """Give the key of a well-shaped entry, None for any other."""
    if not isinstance(entry, dict):
        return None
    key = None
    for name, node in entry.items():
        if name == "attributes":
            if node.__class__ is not dict:
                return None
        elif name in _IDS:
            if key is not None or not isinstance(node, str) or node in NOTHING:
                return None
            key = Key(name, node[1:])
        elif name == "subscriptions":
            if not _is_subscriptions(node):
                return None
        elif not name.startswith("x-"):
            return None
    return key


def _key_all_the_same(entry: Node) -> Key | None:
    """Give the key of an entry with faults, so that its values are judged too."""
    if not isinstance(entry, dict):
        return None
    ids = [(n, v) for n, v in entry.items() if n in _IDS]
    if len(ids) != 1 or not isinstance(ids[0][1], str) or ids[0][1] in NOTHING:
        return None
    return Key(ids[0][0], ids[0][1][1:])


def _is_subscriptions(node: Node) -> bool:
    return isinstance(node, dict) and all(
        name.startswith("x-") or (name in CHANNELS and isinstance(groups, dict))
        for name, groups in node.items()
    )


def read_entry(entry: Mapping[str, Node]) -> dict[str, Raw]:
    """Give the words of an entry as attribute -> raw value, groups among them."""
    read = read_words(entry.get("attributes"))
    for channel, group, node in groups_of(entry):
        read[f"{GROUP_PREFIX}{channel}.{group}"] = raw_of(node)
    return read


def read_words(words: Node | None) -> dict[str, Raw]:
    """Give a map of attributes as raw values; names that start with x- are ignored."""
    if not isinstance(words, dict):
        return {}
    return {n: raw_of(v) for n, v in words.items() if not n.startswith("x-")}


def groups_of(entry: Mapping[str, Node]) -> Iterator[tuple[str, str, Node]]:
    """Yield channel, group and value of what stands under `subscriptions:`."""
    found = entry.get("subscriptions")
    channels = found if isinstance(found, dict) else {}
    for channel in CHANNELS:
        groups = channels.get(channel)
        for group, node in groups.items() if isinstance(groups, dict) else ():
            yield channel, group, node


class EntryChecks:
    """Judges what every contribution has: a key and names."""

    def __init__(self, names: NameBook, keys: KeyBook, report: Reporter) -> None:
        self.names = names
        self.keys = keys
        self.report = report

    def keys_in(self, section: ProfileSection) -> tuple[Key | None, ...]:
        """Judge every entry of a section; give the key of each, or None."""
        return tuple(
            self._entry(section, index, entry)
            for index, entry in enumerate(section.entries)
        )

    def _entry(self, section: ProfileSection, index: int, entry: Node) -> Key | None:
        key = key_of(entry)
        if key is None:
            self._explain(section.place(index), entry)
            key = _key_all_the_same(entry)
        else:
            faults = self.keys.note(key, section, index)
            if faults:
                self.add(Place(section.file, (*section.path, index, key.type)), faults)
                key = key if all(fault.code in HARMLESS for fault in faults) else None
        if isinstance(entry, dict):
            words = entry.get("attributes")
            if isinstance(words, dict) and not words.keys() <= self.names.sound:
                path = (*section.path, index, "attributes")
                self.attributes(Place(section.file, path), words)
            if "subscriptions" in entry:
                self._groups(section.place(index), entry)
        return key

    def attributes(self, place: Place, words: Mapping[str, Node]) -> None:
        """Judge the names of a map of attributes."""
        for name in words:
            if name not in self.names.sound:
                at = Place(place.file, (*place.path, name))
                self.add(at, self.names.judge(name, at), name)

    def _groups(self, place: Place, entry: Mapping[str, Node]) -> None:
        for channel, group, _ in groups_of(entry):
            at = Place(place.file, (*place.path, "subscriptions", channel, group))
            name = f"{GROUP_PREFIX}{channel}.{group}"
            self.add(at, self.names.judge_group(group, at), name)

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


def shape_of_entry(entry: Node) -> Any:
    """Give an entry as JSON, values apart: those are for kinds to judge."""
    if not isinstance(entry, dict):
        return json_of(entry)
    return {name: _outline(name, node) for name, node in entry.items()}


def _outline(name: str, node: Node) -> Any:
    if not isinstance(node, dict) or name in _IDS:
        return json_of(node)
    if name == "subscriptions":
        return {k: {} if isinstance(v, dict) else json_of(v) for k, v in node.items()}
    return {} if name == "attributes" else json_of(node)


@cache
def _schema() -> dict[str, Any]:
    return profile_schema(ANY_ATTRIBUTES)
