"""A state in a JSON Lines file: a header line, then one entry a line, sorted.

Beside `state.jsonl` stand `state.jsonl.journal` while a run is at work or was cut off,
`.lock` with `.holder`, and `.tmp` while a snapshot is written. A link is followed
first: whoever names the state by whichever link meets the same journal and lock.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ctsync.errors import StateError, UsageError
from ctsync.model.entry import Entry
from ctsync.model.key import Key
from ctsync.model.snapshot import Header
from ctsync.state.base import Journal, JournalWriter, Line, Snapshot, Store
from ctsync.state.files import (
    CHUNK,
    OWNER_ONLY,
    PinnedFile,
    open_pinned,
    sync_folder,
    translated,
    write_all,
    write_private,
    written_aside,
)
from ctsync.state.form import (
    EntryDigest,
    edited,
    entry_from_edited_line,
    entry_from_line,
    entry_line,
    header_from_line,
    header_line,
    not_a_state,
)
from ctsync.state.holder import Holder, holder_from_line, locked
from ctsync.state.journal import create_journal, read_journal

SUFFIX = ".jsonl"
POLL_SECONDS = 0.05
MOST_ENTRIES = 10**15 - 1  # the header is written with room for this number


class JsonlStore(Store):
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
        """Give the store of a path; a file has no names in it."""
        if name is not None:
            raise UsageError(
                f'state {location} is a file and holds one state, so "name" means '
                "nothing here",
                hint='leave "name" out, or give each environment a file of its own',
            )
        return cls(folder / location, location)

    def read(self) -> Snapshot:
        """Give the snapshot after comparing its bytes with digest and seal."""
        file = open_pinned(self.path, self.location)
        if file is None:
            return Snapshot()
        first = self._first_line(file)
        header = header_from_line(first, location=self.location)
        self._check_digest(file, len(first), header)
        return Snapshot(header, lambda: self._entries(file, len(first)))

    def read_unverified(self) -> Snapshot:
        """Give the snapshot as it stands, sorted; lines are kept in memory."""
        file = open_pinned(self.path, self.location)
        if file is None:
            return Snapshot()
        first = self._first_line(file)
        header = header_from_line(first, location=self.location, is_verified=False)
        lines = self._sorted_lines(file, len(first))
        digest = EntryDigest()
        for line in lines:
            digest.add(entry_from_line(line))
        return Snapshot(digest.seal(header), lambda: map(entry_from_line, lines))

    def replace(self, header: Header, entries: Iterable[Entry]) -> Header:
        """Write aside, flush, rename; the header's room is filled in last."""
        width = len(header_line(_widest(header)))
        digest = EntryDigest()
        with (
            translated("write", self.location),
            written_aside(self.path) as fd,
        ):
            write_all(fd, b" " * width + b"\n")
            for chunk in _chunks(map(digest.add, entries)):
                write_all(fd, chunk)
            sealed = digest.seal(header)
            os.pwrite(fd, header_line(sealed).ljust(width), 0)
        return sealed

    def journal(self) -> Journal | None:
        """Give the journal file, without a torn end."""
        return read_journal(self._beside("journal"), f"{self.location}.journal")

    def open_journal(self, head: Line) -> JournalWriter:
        """Create the journal file; one with a torn head is replaced."""
        location = f"{self.location}.journal"
        if self.journal() is not None:
            raise StateError(
                f"{location} is there already: a run was cut off before it ended",
                hint='run "ctsync apply" again: it takes up what that run left',
                code="journal_exists",
            )
        self.discard_journal()
        return create_journal(self._beside("journal"), head, location)

    def discard_journal(self) -> None:
        """Remove the journal file, if there is one."""
        path = self._beside("journal")
        with translated("remove", f"{self.location}.journal"):
            try:
                path.unlink()
            except FileNotFoundError:
                return
            sync_folder(path.parent)

    @contextmanager
    def lock(self, holder: Holder, *, timeout_seconds: float = 0) -> Generator[None]:
        """Hold the system's lock on `.lock`; `.holder` says who does."""
        from filelock import FileLock, Timeout

        with translated("lock", self.location):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(
                self._beside("lock"),
                mode=OWNER_ONLY,
                thread_local=False,
                # A soft lock would outlive a holder that is killed.
                fallback_to_soft=False,
            )
            try:
                lock.acquire(timeout=timeout_seconds, poll_interval=POLL_SECONDS)
            except Timeout:
                raise locked(self.location, self._holder()) from None
        try:
            with self._named(holder):
                yield
        finally:
            lock.release()

    @contextmanager
    def _named(self, holder: Holder) -> Generator[None]:
        path = self._beside("holder")
        try:
            with translated("write", f"{self.location}.holder"):
                write_private(path, holder.as_line())
            yield
        finally:
            with suppress(OSError):
                path.unlink()

    def _holder(self) -> Holder | None:
        try:
            return holder_from_line(self._beside("holder").read_bytes())
        except OSError:
            return None

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{ending}")

    def _first_line(self, file: PinnedFile) -> bytes:
        with translated("read", self.location):
            start = next(file.chunks(), b"")
        line, newline, _ = start.partition(b"\n")
        if not start:
            raise not_a_state(self.location, "it is empty")
        return line + newline

    def _check_digest(self, file: PinnedFile, start: int, header: Header) -> None:
        sha, lines = hashlib.sha256(), 0
        with translated("read", self.location):
            for chunk in file.chunks(start):
                sha.update(chunk)
                lines += chunk.count(b"\n")
        found = sha.hexdigest()
        if found != header.digest:
            raise edited(
                self.location,
                f"it wrote {header.entries} entries with digest {header.digest[:12]}, "
                f"there are {lines} with {found[:12]}",
            )

    def _entries(self, file: PinnedFile, start: int) -> Iterator[Entry]:
        with translated("read", self.location):
            yield from map(entry_from_line, file.lines(start))

    def _sorted_lines(self, file: PinnedFile, start: int) -> list[bytes]:
        found: dict[Key, tuple[int, bytes]] = {}
        with translated("read", self.location):
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


def _widest(header: Header) -> Header:
    return replace(header, digest="0" * 64, entries=MOST_ENTRIES)


def _chunks(lines: Iterable[bytes]) -> Iterator[bytearray]:
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = bytearray()
    yield chunk


STORE = JsonlStore
