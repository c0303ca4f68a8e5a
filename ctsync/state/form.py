"""How a snapshot is spelled: its lines, their digest and the seal of its header.

Every store digests the same lines, so that a state keeps its digest when it is copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ctsync.canon import canonical, parse, sha256
from ctsync.errors import StateError
from ctsync.model.entry import Entry, Known, entry_from_json, known_from_json
from ctsync.model.key import Key, key_from_json
from ctsync.model.snapshot import Header, header_as_json, header_from_json

FORMAT = "ctsync.state/1"
JOURNAL_FORMAT = "ctsync.journal/1"


class StoredAttributes(Mapping[str, Known]):
    """The attributes of one entry as they were stored, understood one by one.

    Most entries of a snapshot are only looked at for their fingerprint, and decoding
    attributes is most of the work of reading them.
    """

    __slots__ = ("data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def __getitem__(self, name: str) -> Known:
        return known_from_json(self.data[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __contains__(self, name: object) -> bool:
        return name in self.data

    def __repr__(self) -> str:
        return repr(dict(self))


def entry_line(entry: Entry) -> bytes:
    """Give the canonical line of an entry, with its newline."""
    attributes = entry.attributes
    if not isinstance(attributes, StoredAttributes):
        return canonical(entry.as_json()) + b"\n"
    data = replace(entry, attributes={}).as_json()
    return canonical({**data, "attributes": attributes.data}) + b"\n"


def entry_from_line(line: bytes) -> Entry:
    """Read a line that is known to be what `entry_line` wrote."""
    data = parse(line)
    return Entry(
        key_from_json(data["key"]),
        StoredAttributes(data["attributes"]),
        tuple(data.get("cohorts", ())),
        tuple(data.get("once", ())),
        data.get("fingerprint"),
        data.get("gone", False),
    )


def entry_from_edited_line(line: bytes) -> Entry:
    """Read a line that a hand may have touched.

    Raises:
        ValueError: it is no entry.
    """
    try:
        data = parse(line)
        _check_shapes(data, _ENTRY)
        for known in data["attributes"].values():
            _check_shapes(known, _KNOWN)
        return entry_from_json(data)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not an entry: {error}") from error


_TEXTS: tuple[type, ...] = (list,)
_ENTRY: Mapping[str, tuple[type, ...]] = {
    "key": (dict,),
    "attributes": (dict,),
    "cohorts": _TEXTS,
    "once": _TEXTS,
    "fingerprint": (str, type(None)),
    "gone": (bool,),
}
_KNOWN: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "kind": (str,),
    "value": (str, int, float, bool, type(None)),
    "certain": (bool,),
    "owned": (bool,),
    "since": (str, type(None)),
    "present": _TEXTS,
    "maybe": _TEXTS,
    "absent": _TEXTS,
    "ours": _TEXTS,
    "complete": (bool,),
}


def _check_shapes(
    data: Mapping[str, Any], shapes: Mapping[str, tuple[type, ...]]
) -> None:
    for name, value in data.items():
        texts = value if isinstance(value, list) else ()
        if (
            name not in shapes
            or not isinstance(value, shapes[name])
            or not all(isinstance(text, str) for text in texts)
        ):
            raise ValueError(f'not an entry: "{name}"')


class EntryDigest:
    """Digests entries that arrive one by one, and holds them to their order."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._last: Key | None = None
        self.entries = 0

    def add(self, entry: Entry) -> bytes:
        """Take the next entry; gives its line.

        Raises:
            ValueError: it does not come after the one before.
        """
        if self._last is not None and entry.key <= self._last:
            word = "twice" if entry.key == self._last else "out of order"
            raise ValueError(f"entry {self.entries + 1} comes {word}")
        line = entry_line(entry)
        self._sha.update(line)
        self._last = entry.key
        self.entries += 1
        return line

    def seal(self, header: Header) -> Header:
        """Give the header of the entries so far."""
        return replace(header, digest=self._sha.hexdigest(), entries=self.entries)


def with_digest(header: Header, entries: Iterable[Entry]) -> Header:
    """Give the header that `Store.replace` would return; writes nothing.

    Raises:
        ValueError: the entries are not sorted, or a key comes twice.
    """
    digest = EntryDigest()
    for entry in entries:
        digest.add(entry)
    return digest.seal(header)


def header_line(header: Header) -> bytes:
    """Give the first line of a snapshot, sealed, without its newline."""
    data = {"format": FORMAT, **header_as_json(header)}
    return canonical({**data, "seal": sha256(canonical(data))})


def header_from_line(line: bytes, *, location: str, is_verified: bool = True) -> Header:
    """Read what `header_line` wrote.

    Raises:
        StateError: no header, of a newer format, or (if verified) edited.
    """
    data = _parse_head(line)
    check_format(data.get("format"), FORMAT, location)
    seal = data.pop("seal", None)
    if is_verified and seal != sha256(canonical(data)):
        raise edited(location, "its first line is not the one that ctsync wrote")
    del data["format"]
    try:
        return _checked(header_from_json(data))
    except (KeyError, TypeError, ValueError) as error:
        raise not_a_state(location) from error


def _parse_head(line: bytes) -> dict[str, Any]:
    try:
        data = parse(line)
    except ValueError:
        data = None
    return data if isinstance(data, dict) else {}


def _checked(header: Header) -> Header:
    texts = (header.lineage, header.account.id, header.account.region)
    if (
        not all(isinstance(text, str) for text in texts)
        or type(header.serial) is not int
    ):
        raise TypeError("not a header")
    return header


def check_format(found: object, expected: str, location: str) -> None:
    """Refuse what is of another format than `expected`.

    Raises:
        StateError: a newer one (code `state_newer`), or nothing of ours.
    """
    if found == expected:
        return
    family = expected.partition("/")[0]
    if not (isinstance(found, str) and found.startswith(f"{family}/")):
        raise not_a_state(location)
    raise StateError(
        f'{location} was made by a newer ctsync: its format is "{found[:40]}", '
        f'this version reads "{expected}"',
        hint="install the version of ctsync that wrote it",
        code="state_newer",
    )


def not_a_state(location: str, why: str = "it has no header of ctsync") -> StateError:
    """Give the refusal of a file that is something else."""
    return StateError(
        f"{location} is not a file of ctsync: {why}",
        hint="restore a copy, or name another file as the state",
        code="state_unreadable",
    )


def edited(location: str, why: str) -> StateError:
    """Give the refusal of a state that is not what ctsync wrote."""
    return StateError(
        f"{location} was edited since ctsync wrote it: {why}",
        hint='restore a copy, or run "ctsync state doubt --all" to keep the edit '
        "and have every value assigned anew",
        code="state_edited",
    )
