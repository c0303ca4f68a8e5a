"""One entry of `profiles:`: whose it is, and what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctsync.canonical_json import canonical
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.record import GROUP_PREFIX
from ctsync.model.scalar_value import Raw
from ctsync.yaml.scalars import Node, json_of, raw_of

NOTHING = frozenset({":", ":~", ":null", '"'})
CHANNELS = ("email",)  # subscription groups are e-mail only (founding document)

_IDS = frozenset(ID_TYPES)


def key_of(entry: Node) -> ProfileKey | None:
    """Return the key of a well-shaped entry, None for any other."""
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
            key = ProfileKey(name, node[1:])
        elif name == "subscriptions":
            if not _is_subscriptions(node):
                return None
        elif not name.startswith("x-"):
            return None
    return key


def key_all_the_same(entry: Node) -> ProfileKey | None:
    """Return the key of an entry with faults, so that its values are judged too."""
    if not isinstance(entry, dict):
        return None
    ids = [(n, v) for n, v in entry.items() if n in _IDS]
    if len(ids) != 1 or not isinstance(ids[0][1], str) or ids[0][1] in NOTHING:
        return None
    return ProfileKey(ids[0][0], ids[0][1][1:])


def _is_subscriptions(node: Node) -> bool:
    return isinstance(node, dict) and all(
        name.startswith("x-") or (name in CHANNELS and isinstance(groups, dict))
        for name, groups in node.items()
    )


def words_of(entry: Mapping[str, Node]) -> bytes:
    """Return all that an entry says, as canonical JSON: equal words, equal bytes."""
    return canonical([entry.get("attributes"), entry.get("subscriptions")])


def read_entry(entry: Mapping[str, Node]) -> dict[str, Raw]:
    """Return the words of an entry as attribute -> raw value, groups among them."""
    read = read_words(entry.get("attributes"))
    for channel, group, node in groups_of(entry):
        read[f"{GROUP_PREFIX}{channel}.{group}"] = raw_of(node)
    return read


def read_words(words: Node | None) -> dict[str, Raw]:
    """A map of attributes as raw values; names that start with x- are ignored."""
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


def shape_of_entry(entry: Node) -> Any:
    """Return an entry as JSON, values apart: those are for kinds to judge."""
    if not isinstance(entry, dict):
        return json_of(entry)
    return {name: _outline(name, node) for name, node in entry.items()}


def _outline(name: str, node: Node) -> Any:
    if not isinstance(node, dict) or name in _IDS:
        return json_of(node)
    if name == "subscriptions":
        return {k: {} if isinstance(v, dict) else json_of(v) for k, v in node.items()}
    return {} if name == "attributes" else json_of(node)
