"""The entries of `profiles:` as columns: what a plan asks of each, and no more.

A tree of dicts takes 2 KiB a profile, and nearly all of it is never looked at. Words
are kept as canonical JSON, from which digests are taken as they stand; they are read
again for candidates. Columns from the cache are the same as those from YAML.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from ctsync.canonical_json import fold_id, parse
from ctsync.kinds.identifier_rules import is_usual, key_faults
from ctsync.limits import MAX_IDENTIFIER_CHARS
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.stored_entries import marks_of
from ctsync.yaml.profile_entry import groups_of, key_all_the_same, key_of, words_of
from ctsync.yaml.scalars import Node

DIGEST_BYTES = 16
NO_KEY = len(ID_TYPES)  # the type of an entry that names no one

_NUMBERS = {name: number for number, name in enumerate(ID_TYPES)}
_UNUSUAL = re.compile(r"[^A-Za-z0-9@._+\n-]")


class ProfileColumns:
    """What the entries of one `profiles:` say.

    `types` are numbers of id types; `ids` and `lines` go with them, and `ends` say
    where the words of each entry end. `names` and `groups` give for each attribute and
    subscription group the first entry with it. `odd` are entries of the wrong shape as
    they stand, `faulty` those whose key is not quite right; `is_folded` says that no
    id changes when it is folded.
    """

    def __init__(self) -> None:
        self.types = bytearray()
        self.ids: list[str] = []
        self.lines: Sequence[int] = ()
        self.ends: Sequence[int] = ()
        self.names: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.odd: dict[int, Node] = {}
        self.faulty: Sequence[int] = ()
        self.is_folded = True
        self.load: Callable[[], bytes | bytearray] = bytes
        self.salt: bytes | None = None
        self.marks: dict[str, bytes] = {}
        self._words: bytes | bytearray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def key(self, index: int) -> ProfileKey | None:
        """Return the key of an entry, None where it names no one."""
        number = self.types[index]
        return (
            None if number == NO_KEY else ProfileKey(ID_TYPES[number], self.ids[index])
        )

    @property
    def words(self) -> bytes | bytearray:
        """The words of all entries, one after the other."""
        if self._words is None:
            self._words = self.load()
        return self._words

    def words_of(self, index: int) -> bytes | bytearray:
        """The words of an entry as canonical JSON; nothing where it is no map."""
        return self.words[self.ends[index - 1] if index else 0 : self.ends[index]]

    def entry(self, index: int) -> dict[str, Any]:
        """Return what an entry says, as a tree."""
        attributes, subscriptions = parse(bytes(self.words_of(index)))
        return {"attributes": attributes, "subscriptions": subscriptions}

    def is_entry(self, index: int, entry: Node) -> bool:
        """Return whether an entry reads the same as the one that stands there."""
        if index in self.odd or not isinstance(entry, dict):
            return bool(self.odd.get(index) == entry)
        same_key = key_of(entry) == self.key(index)
        return same_key and words_of(entry) == self.words_of(index)

    def digest(self, index: int, salt: bytes) -> bytes:
        """Return the digest of an entry's words."""
        words = self.words_of(index)
        return blake2b(words, digest_size=DIGEST_BYTES, key=salt).digest()

    def indexes(self, kind: str) -> Sequence[int]:
        """Return which entries have an id of that type."""
        number = _NUMBERS[kind]
        count = self.types.count(number)
        if count in {0, len(self.types)}:
            return range(count)
        return [at for at, found in enumerate(self.types) if found == number]

    def seal(self, salt: bytes) -> None:
        """Take the marks of all entries, by id type."""
        if self.salt == salt:
            return
        digests = list(self._digests(salt))
        self.marks = {}
        for kind in ID_TYPES:
            if found := self.indexes(kind):
                ids = [self.ids[at] for at in found]
                self.marks[kind] = marks_of([digests[at] for at in found], kind, ids)
        self.salt = salt

    def _digests(self, salt: bytes) -> Iterator[str]:
        words = memoryview(self.words)
        for start, end in pairwise((0, *self.ends)):
            word = words[start:end]
            yield blake2b(word, digest_size=DIGEST_BYTES, key=salt).hexdigest()


class ProfileColumnsWriter:
    """Makes columns of entries that arrive one by one."""

    def __init__(self) -> None:
        self._profile_columns = ProfileColumns()
        self._words = bytearray()
        self._ends = array("Q")
        self._lines = array("Q")

    def add(self, entry: Node, line: int) -> None:
        """Take the next entry."""
        profile_columns, words = self._profile_columns, self._words
        index = len(profile_columns.ids)
        key = key_of(entry)
        if key is None:
            profile_columns.odd[index] = entry
            key = key_all_the_same(entry)
        if key is None:
            profile_columns.types.append(NO_KEY)
            profile_columns.ids.append("")
        else:
            profile_columns.types.append(_NUMBERS[key[0]])
            profile_columns.ids.append(key[1])
        if isinstance(entry, dict):
            words += words_of(entry)
            attributes = entry.get("attributes")
            names = profile_columns.names
            if isinstance(attributes, dict) and not attributes.keys() <= names.keys():
                for name in attributes:
                    names.setdefault(name, index)
            if "subscriptions" in entry:
                for _, group, _ in groups_of(entry):
                    profile_columns.groups.setdefault(group, index)
        self._ends.append(len(words))
        self._lines.append(line)

    def finish(self) -> ProfileColumns:
        """Return the columns of all entries."""
        profile_columns, words = self._profile_columns, self._words
        profile_columns.lines, profile_columns.ends = self._lines, self._ends
        profile_columns.load = lambda: words
        if (
            not _are_usual(profile_columns.ids)
            or _NUMBERS["objectId"] in profile_columns.types
        ):
            profile_columns.faulty = list(_faulty(profile_columns))
        profile_columns.is_folded = _are_folded(profile_columns.ids)
        return profile_columns


def profile_columns_of(entries: Iterable[Node], lines: Iterable[int]) -> ProfileColumns:
    """Return the columns of entries that stand on these lines."""
    writer = ProfileColumnsWriter()
    for entry, line in zip(entries, lines, strict=True):
        writer.add(entry, line)
    return writer.finish()


def _are_usual(ids: Sequence[str]) -> bool:
    """Return whether nothing can be wrong with the ids, except for an objectId."""
    text = "\n".join(ids)
    # A newline in an id would pass the search below, as those between them do.
    is_whole = text.count("\n") == len(ids) - 1
    is_short = all(0 < size < MAX_IDENTIFIER_CHARS for size in set(map(len, ids)))
    return is_whole and is_short and _UNUSUAL.search(text) is None


def _faulty(profile_columns: ProfileColumns) -> Iterator[int]:
    for index in range(len(profile_columns)):
        key = None if index in profile_columns.odd else profile_columns.key(index)
        if key is not None and not is_usual(key) and any(key_faults(key)):
            yield index


def _are_folded(ids: Sequence[str]) -> bool:
    text = "\n".join(ids)
    if text.isascii():
        return text.lower() == text
    return all(fold_id(each) == each for each in ids)
