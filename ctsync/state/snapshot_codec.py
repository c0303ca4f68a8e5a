"""How a snapshot is spelled: its lines, their digest and the seal of its header.

Every store digests the same lines, so that a state keeps its digest when it is copied.
The digest is a sum over the lines, so that a store can carry it on from the lines that
change, without reading the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import islice
from operator import lt
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse, sha256
from ctsync.errors import StateError
from ctsync.model.entry import Entry, entry_from_line, entry_line
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header, header_as_json, header_from_json

FORMAT = "ctsync.state/1"
JOURNAL_FORMAT = "ctsync.journal/1"


def entry_from_edited_line(line: bytes) -> Entry:
    """Read a line that a hand may have touched.

    Raises:
        ValueError: it is no entry, or holds a number that no line can.
    """
    try:
        entry = entry_from_line(line)
        entry_line(entry)
    except (ValueError, TypeError) as error:
        raise ValueError(f"not an entry: {error}") from error
    return entry


class DigestPart(Struct, frozen=True):
    """A sum of lines as 64 hex digits, and how many more entries there are by it."""

    total: str
    entries: int


class EntryDigest:
    """The sum of the SHA-256 of lines, modulo 2**256, and how many there are.

    Starts with nothing, or with what a header says of its entries.
    """

    def __init__(self, header: Header | None = None) -> None:
        self._sum = 0 if header is None else int(header.digest, 16)
        self.entries = 0 if header is None else header.entries
        self._last: ProfileKey | None = None

    def add(self, entry: Entry | EntryText) -> bytes:
        """Take the next entry of a snapshot in; gives its line.

        Raises:
            ValueError: it does not come after the one before.
        """
        if self._last is not None and entry.key <= self._last:
            word = "twice" if entry.key == self._last else "out of order"
            raise ValueError(f"entry {self.entries + 1} comes {word}")
        line = entry.line if isinstance(entry, EntryText) else entry_line(entry)
        self._count(line, 1)
        self._last = entry.key
        return line

    def add_columns(self, columns: EntryColumns) -> None:
        """Take the next entries of a snapshot in, which come as columns.

        Raises:
            ValueError: one does not come after the one before.
        """
        ids, first = columns.ids, columns.key(0)
        is_next = self._last is None or self._last < first
        # Bytes of UTF-8 sort as the texts do.
        if not (is_next and all(map(lt, ids, islice(ids, 1, None)))):
            raise ValueError(f"entries from {self.entries + 1} on come out of order")
        self._sum += _sum_of(columns.lines)
        self.entries += len(ids)
        self._last = columns.key(-1)

    def exchange(self, before: bytes | None, after: bytes | None) -> None:
        """Take the line `after` in the place of `before`; None is no line."""
        if before is not None:
            self._count(before, -1)
        if after is not None:
            self._count(after, 1)

    def exchange_all(self, before: Iterable[bytes], after: Iterable[bytes]) -> None:
        """Take lines in the place of as many others."""
        self._sum += _sum_of(after) - _sum_of(before)

    @property
    def part(self) -> DigestPart:
        """What was taken in, for a digest of which this is a part."""
        return DigestPart(f"{self._sum % _MODULUS:064x}", self.entries)

    def add_part(self, part: DigestPart) -> None:
        """Take in what another digest, which began with nothing, has taken in."""
        self._sum += int(part.total, 16)
        self.entries += part.entries

    def _count(self, line: bytes, sign: int) -> None:
        self._sum += sign * int.from_bytes(hashlib.sha256(line).digest())
        self.entries += sign

    def seal(self, header: Header) -> Header:
        """Return the header of the entries so far."""
        return replace(header, digest=self.part.total, entries=self.entries)


_MODULUS = 1 << 256


def _sum_of(lines: Iterable[bytes]) -> int:
    sha = hashlib.sha256
    return sum([int.from_bytes(sha(line).digest()) for line in lines])


def with_digest(header: Header, entries: Iterable[Entry]) -> Header:
    """Return the header that `Store.replace` would return; writes nothing.

    Raises:
        ValueError: the entries are not sorted, or a key comes twice.
    """
    digest = EntryDigest()
    for entry in entries:
        digest.add(entry)
    return digest.seal(header)


def with_changed_digest(
    base: Header | None,
    header: Header,
    changes: Iterable[tuple[ProfileKey, Entry | None, Entry | None]],
) -> Header:
    """Return the header that `Store.amend` would return over `base`; writes nothing."""
    digest = EntryDigest(base)
    for _, before, after in changes:
        if before is not after:
            digest.exchange(_line_of(before), _line_of(after))
    return digest.seal(header)


def _line_of(entry: Entry | None) -> bytes | None:
    return None if entry is None else entry_line(entry)


def header_line(header: Header, **store: Any) -> bytes:
    """Return a header, sealed, with what a store says beside it; without a newline."""
    data = {"format": FORMAT, **header_as_json(header), **store}
    return canonical({**data, "seal": sha256(canonical(data))})


def header_from_line(
    line: bytes, *, location: str, is_verified: bool = True
) -> tuple[Header, dict[str, Any]]:
    """Read what `header_line` wrote: the header, and what the store said beside it.

    Raises:
        StateError: no header, of a newer format, or (if verified) edited.
    """
    data = _parse_head(line)
    check_format(data.get("format"), FORMAT, location)
    seal = data.pop("seal", None)
    if is_verified and seal != sha256(canonical(data)):
        raise edited(location, "its header is not the one that ctsync wrote")
    del data["format"]
    try:
        header = header_from_json(data)
    except ValueError as error:
        raise not_a_state(location) from error
    return header, {name: data[name] for name in data.keys() - _HEADER_FIELDS}


_HEADER_FIELDS = frozenset(Header.__struct_fields__)


def _parse_head(line: bytes) -> dict[str, Any]:
    try:
        data = parse(line)
    except ValueError:
        data = None
    return data if isinstance(data, dict) else {}


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
    """Return the refusal of a file that is something else."""
    return StateError(
        f"{location} is not a file of ctsync: {why}",
        hint="restore a copy, or name another file as the state",
        code="state_unreadable",
    )


def edited(location: str, why: str) -> StateError:
    """Return the refusal of a state that is not what ctsync wrote."""
    return StateError(
        f"{location} was edited since ctsync wrote it: {why}",
        hint='restore a copy, or run "ctsync state doubt --all" to keep the edit '
        "and have every value assigned anew",
        code="state_edited",
    )
