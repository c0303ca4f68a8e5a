"""A state in a JSON Lines file: a header line, then one entry a line, sorted.

Beside `state.jsonl` stand `state.jsonl.journal` while a run is at work or was cut off,
with `.sent` that says how far it had come when a call left, `.lock` with `.holder`, and
`.tmp` while a snapshot is written. A link is followed first: whoever names the state by
whichever link meets the same journal and lock.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from msgspec.structs import replace

from ctsync.errors import StateError, UsageError
from ctsync.model.entry import Entry, entry_from_line, entry_line
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header
from ctsync.model.stored_entries import StoredEntries
from ctsync.state.added_lines import added_lines
from ctsync.state.atomic_files import (
    CHUNK,
    PinnedFile,
    open_pinned,
    state_errors,
    write_all,
    written_aside,
)
from ctsync.state.base import Snapshot
from ctsync.state.edit_stream import EditStream
from ctsync.state.entry_edits import Edit
from ctsync.state.file_store import FileStore
from ctsync.state.lineage_checks import check_next
from ctsync.state.snapshot_codec import (
    EntryDigest,
    edited,
    entry_from_edited_line,
    header_from_line,
    header_line,
    not_a_state,
)

SUFFIX = ".jsonl"
MOST_ENTRIES = 10**15 - 1  # the header is written with room for this number
NO_SHA = "0" * 64


class JsonlStore(FileStore):
    """Keeps a state in one file that people can read."""

    name = "jsonl"
    form = "a file that ends in .jsonl"

    def __init__(self, path: Path, location: str | None = None) -> None:
        self.location = str(path) if location is None else location
        self.path = Path(os.path.realpath(path))

    @classmethod
    def takes(cls, location: str) -> bool:
        """Take paths that end in `.jsonl`."""
        return location.endswith(SUFFIX) and "://" not in location

    @classmethod
    def at(cls, location: str, *, folder: Path, name: str | None) -> JsonlStore:
        """Return the store of a path; a file has no names in it."""
        if name is not None:
            raise UsageError(
                f'state {location} is a file and holds one state, so "name" means '
                "nothing here",
                hint='leave "name" out, or give each environment a file of its own',
            )
        return cls(folder / location, location)

    def read(self) -> Snapshot:
        """Return the snapshot after comparing its bytes with checksum and seal."""
        file = open_pinned(self.path, self.location)
        if file is None:
            return Snapshot()
        first = self._first_line(file)
        header, beside = header_from_line(first, location=self.location)
        self._check_lines(file, len(first), header, beside.get("lines_sha256"))
        return Snapshot(header, lambda: self._entries(file, len(first)))

    def read_unverified(self) -> Snapshot:
        """Return the snapshot as it stands, sorted; lines are kept in memory."""
        file = open_pinned(self.path, self.location)
        if file is None:
            return Snapshot()
        first = self._first_line(file)
        header, _ = header_from_line(first, location=self.location, is_verified=False)
        lines = self._sorted_lines(file, len(first))
        digest = EntryDigest()
        for line in lines:
            digest.exchange(None, line)
        return Snapshot(digest.seal(header), lambda: map(entry_from_line, lines))

    def replace(self, header: Header, entries: Iterable[Entry | EntryText]) -> Header:
        """Write aside, flush, rename; the header's room is filled in last."""
        digest = EntryDigest()
        return self._written(header, map(digest.add, entries), digest)

    def amend(self, header: Header, edits: Iterable[tuple[ProfileKey, Edit]]) -> Header:
        """Write what edits make of the snapshot; where there is none, many at once."""
        if not isinstance(edits, EditStream) or self.read().header is not None:
            return super().amend(header, edits)
        check_next(None, header, location=self.location)
        digest = EntryDigest()
        return self._written(header, added_lines(edits, digest), digest)

    def _written(
        self, header: Header, lines: Iterable[bytes], digest: EntryDigest
    ) -> Header:
        """Write a snapshot of lines, which the digest takes in as they come."""
        width, sha = len(_first(_widest(header), NO_SHA)), hashlib.sha256()
        with (
            state_errors("write", self.location),
            written_aside(self.path) as fd,
        ):
            # Count and digest are known only at the end, when nothing can be put before
            # the entries: so the line has room for the largest.
            write_all(fd, b" " * width + b"\n")
            for chunk in _chunks(lines):
                sha.update(chunk)
                write_all(fd, chunk)
            sealed = digest.seal(header)
            os.pwrite(fd, _first(sealed, sha.hexdigest()).ljust(width), 0)
        return sealed

    def _beside(self, what: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{what}")

    def _called(self, what: str) -> str:
        return f"{self.location}.{what}"

    def _first_line(self, file: PinnedFile) -> bytes:
        with state_errors("read", self.location):
            line = file.first_line()
        if not line:
            raise not_a_state(self.location, "it is empty")
        return line

    def _check_lines(
        self, file: PinnedFile, start: int, header: Header, written: object
    ) -> None:
        if written is None:
            raise not_a_state(self.location, "it was made before the first release")
        sha = hashlib.sha256()
        with state_errors("read", self.location):
            for chunk in file.chunks(start):
                sha.update(chunk)
        if (found := sha.hexdigest()) != written:
            lines = sum(chunk.count(b"\n") for chunk in file.chunks(start))
            raise edited(
                self.location,
                f"it wrote {_entries(header.entries)} with checksum "
                f"{str(written)[:12]}, there are {lines:,} with {found[:12]}",
            )

    def _entries(self, file: PinnedFile, start: int) -> Iterator[Entry]:
        lines = chain.from_iterable(self._texts(file, start))
        return StoredEntries(lines)

    def _texts(self, file: PinnedFile, start: int) -> Iterator[list[bytes]]:
        with state_errors("read", self.location):
            yield from file.texts(start)

    def _sorted_lines(self, file: PinnedFile, start: int) -> list[bytes]:
        found: dict[ProfileKey, tuple[int, bytes]] = {}
        with state_errors("read", self.location):
            for number, line in enumerate(file.lines(start), start=2):
                if not line.strip():
                    continue
                entry = self._edited_entry(number, line)
                if entry.key in found:
                    raise self._twice(number, found[entry.key][0])
                found[entry.key] = number, entry_line(entry)
        return [found[key][1] for key in sorted(found)]

    def _edited_entry(self, number: int, line: bytes) -> Entry:
        try:
            return entry_from_edited_line(line)
        except ValueError as error:
            raise StateError(
                f"line {number} of {self.location} is no entry",
                hint="take the line out or put it right, or restore a copy",
                code="state_unreadable",
            ) from error

    def _twice(self, number: int, first: int) -> StateError:
        return StateError(
            f"line {number} of {self.location} is about the same profile as "
            f"line {first}",
            hint="take one of them out, or restore a copy",
            code="state_unreadable",
        )


def _first(header: Header, sha: str) -> bytes:
    """Return the first line, with the checksum of the others as one piece of text."""
    return header_line(header, lines_sha256=sha)


def _widest(header: Header) -> Header:
    return replace(header, digest=NO_SHA, entries=MOST_ENTRIES)


def _chunks(lines: Iterable[bytes]) -> Iterator[bytearray]:
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = bytearray()
    yield chunk


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries"
