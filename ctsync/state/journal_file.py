"""Reading a journal: the lines of a file, each when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from ctsync.beside import ahead
from ctsync.canonical_json import parse
from ctsync.errors import StateError
from ctsync.state.atomic_files import PinnedFile, open_pinned, state_errors
from ctsync.state.base import Journal
from ctsync.state.journal_lines import open_line
from ctsync.state.packed_lines import WORTH_BYTES, unpacked
from ctsync.state.snapshot_codec import JOURNAL_FORMAT, check_format


def read_journal(path: Path, location: str) -> Journal | None:
    """Return the journal in a file; None where there is none, or its head is torn.

    Raises:
        StateError: it cannot be read, or is of a newer format.
    """
    file = open_pinned(path, location)
    return None if file is None else journal_in(file, location)


def journal_in(file: PinnedFile, location: str) -> Journal | None:
    """Return the journal whose bytes a file holds, as every store keeps them.

    Raises:
        StateError: it cannot be read, or is of a newer format.
    """
    head = next(StoredLines(_opened(file, location)), None)
    if head is None:
        return None
    check_format(head.get("format"), JOURNAL_FORMAT, location)
    return Journal(head, lambda: _after_head(file, location))


def _after_head(file: PinnedFile, location: str) -> StoredLines:
    groups = _groups(file, location)
    next(groups, None)  # the head is a line of its own
    return StoredLines(groups)


def _groups(file: PinnedFile, location: str) -> Iterator[LineGroup]:
    """Yield the lines; the last is left out if a crash tore it."""
    if file.size < WORTH_BYTES:
        yield from _opened(file, location)
        return
    # Checking and unpacking leave Python to whoever reads what was unpacked.
    with ahead(_many(_opened(file, location))) as many:
        yield from chain.from_iterable(many)


def _many(groups: Iterable[LineGroup]) -> Iterator[list[LineGroup]]:
    """Yield as many together as are worth being handed from thread to thread."""
    some, size = list[LineGroup](), 0
    for group in groups:
        some.append(group)
        size += len(group.text)
        if size >= WORTH_BYTES:
            yield some
            some, size = [], 0
    yield some


def _opened(file: PinnedFile, location: str) -> Iterator[LineGroup]:
    checksum = 0
    with state_errors("read", location):
        for number, line in enumerate(file.lines(), start=1):
            if not line.endswith(b"\n") and not _was_whole(line, checksum):
                return
            opened = open_line(line, checksum)
            if opened is None:
                raise _damage(location, number)
            stored, checksum = opened
            try:
                text = unpacked(stored)
            except ValueError as error:
                raise _damage(location, number) from error
            yield LineGroup(text, number, location, stored)


def _was_whole(line: bytes, checksum: int) -> bool:
    """Return whether a last line lacks its newline because that was damaged."""
    return open_line(line[:-1] + b"\n", checksum) is not None


class LineGroup(Collection["StoredLine"]):
    """Lines that were packed as one, each to be read when its turn comes.

    `text` has all of them, each with its newline; `stored` is the one line that they
    are kept as, where that is at hand.
    """

    def __init__(
        self, text: bytes, number: int, location: str, stored: bytes | None = None
    ) -> None:
        self.text, self.stored = text, stored
        self._length = text.count(b"\n")
        self._number, self._location = number, location

    def __len__(self) -> int:
        return self._length

    @property
    def first(self) -> StoredLine:
        """The first line."""
        text = self.text[: self.text.find(b"\n") + 1]
        return StoredLine(text, self._number, self._location)

    @cached_property
    def texts(self) -> list[bytes]:
        """The lines one by one."""
        return [text + b"\n" for text in self.text[:-1].split(b"\n")]

    def line(self, at: int) -> StoredLine:
        """Return the line at a place."""
        return StoredLine(self.texts[at], self._number, self._location)

    def __contains__(self, line: object) -> bool:
        return any(each == line for each in self)

    def __iter__(self) -> Iterator[StoredLine]:
        for text in self.texts:
            yield StoredLine(text, self._number, self._location)


class StoredLines(Iterator["StoredLine"]):
    """Lines of a journal one by one, with the groups in which they are kept.

    Who takes a group from `groups` takes its lines: they do not come again.
    """

    def __init__(self, groups: Iterator[LineGroup]) -> None:
        self.groups = groups
        self._lines = chain.from_iterable(groups)

    def __iter__(self) -> Iterator[StoredLine]:  # noqa: PYI034 - quicker than itself
        return self._lines

    def __next__(self) -> StoredLine:
        return next(self._lines)


class StoredLine(Mapping[str, Any]):
    """A line of JSON whose first key shows at once; the rest is read when asked for.

    Most lines of a journal are of profiles to which nothing happened yet.
    """

    __slots__ = ("_data", "_location", "_number", "text")

    def __init__(self, text: bytes, number: int, location: str) -> None:
        self.text = text
        self._number, self._location = number, location
        self._data: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __contains__(self, name: object) -> bool:
        return name == self._first or name in self._read()

    def __iter__(self) -> Iterator[str]:
        yield self._first
        yield from (name for name in self._read() if name != self._first)

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return f"StoredLine({self._number})"

    @property
    def _first(self) -> str:
        end = self.text.find(b'"', 2)
        return self.text[2:end].decode(errors="replace")

    def _read(self) -> dict[str, Any]:
        """Read it all.

        Raises:
            StateError: it is damaged.
        """
        if self._data is None:
            try:
                self._data = dict(parse(self.text))
            except (ValueError, TypeError) as error:
                raise _damage(self._location, self._number) from error
        return self._data


def _damage(location: str, number: int) -> StateError:
    return journal_damaged(f"line {number} of {location} is damaged")


def journal_damaged(words: str) -> StateError:
    """Return the refusal of a journal that is not as a run wrote it."""
    return StateError(
        words,
        hint="restore a copy of the journal; or move it away and run "
        '"ctsync state doubt --all", since what it sent is then not known',
        code="journal_damaged",
    )
