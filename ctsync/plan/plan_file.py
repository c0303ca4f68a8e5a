"""The plan document: what is reviewed is what is applied.

A saved plan is JSON Lines: a head; for every profile a `change`, or what its entry
gets at the next fold (`settled`); among them loads, the records as they travel; a table
of these; a foot with counts and digest; and a seal. The format is private and read with
`ctsync show`.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ctsync.canonical_json import parse
from ctsync.errors import CtsyncError
from ctsync.model.change import Change, EntryAfter, settled_from_json
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.output_file import OutputFile
from ctsync.plan.batches import BatchIndex, SavedBatch
from ctsync.plan.change_codec import (
    START,
    ChangeLine,
    change_from_line,
)
from ctsync.plan.plan_checksum import (
    checksum_of,
    line_at,
    lines,
    read_blocks,
    refused,
)
from ctsync.plan.plan_header import opened, plan_ends
from ctsync.plan.plan_writer import LineWriter, PlanWriter

_SETTLED = b'{"settled":'


class SavedPlan:
    """A plan document, opened: head, foot, and streams of what lies between.

    Close it, or hold it in a `with`; else its file goes when it does.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Open and verify a plan.

        Raises:
            PlanRefused: not a plan, of a newer format, or not as it was written.
        """
        self._file = file
        self._finalizer = weakref.finalize(self, file.close)
        self.name = name
        ends, self.checksum, seal_at = plan_ends(file, name)
        if checksum_of(file, seal_at) != self.checksum:
            raise refused(name)
        self.head, self.foot = ends.head, ends.foot

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def changes(self) -> Iterator[Change]:
        """Yield the changes by key."""
        return map(change_from_line, self._change_lines())

    def lines(self) -> Iterator[ChangeLine]:
        """Yield the changes by key, each to be read when it is shown."""
        return map(ChangeLine, self._change_lines())

    def contents(self) -> tuple[BatchIndex, ...]:
        """Return the table of the loads, in the order of the plan."""
        table = parse(line_at(self._file, self.foot.table))["table"]
        return tuple(BatchIndex(*row) for row in table)

    def load(self, content: BatchIndex) -> SavedBatch:
        """Read a load."""
        is_plain = self.foot.is_plain
        return SavedBatch(content, self._read, self._change_at, is_plain=is_plain)

    def _read(self, start: int, end: int) -> bytes:
        return os.pread(self._file.fileno(), end - start, start)

    def _change_at(self, start: int) -> Change:
        return change_from_line(line_at(self._file, start), is_whole=False)

    def pieces(self) -> Iterator[bytes]:
        """Yield the lines of all changes and entries, many at a time, as they are."""
        start = len(next(lines(self._file)))
        for content in self.contents():
            yield from read_blocks(self._file, start, content.at)
            start = content.end
        yield from read_blocks(self._file, start, self.foot.table)

    def is_consistent(self) -> bool:
        """Return whether digest, counts and loads are those of the changes.

        The checksum tells only that the file is as someone wrote it. Written anew from
        its changes, a plan has the same bytes, or it is none that this version made.
        """
        try:
            self._write_to(_Echo(self._file))
            adds_up = self.foot.adds_up
        except (_Differs, ValueError, KeyError, TypeError):
            adds_up = False
        return adds_up

    def _write_to(self, sink: LineWriter) -> None:
        writer = PlanWriter(sink, self.head)
        for line in lines(self._file):
            if line.startswith(START):
                writer.add_change(change_from_line(line))
            elif line.startswith(_SETTLED):
                writer.add_settled(*_settled_in(line))
        writer.close(self.foot)

    def _change_lines(self) -> Iterator[bytes]:
        # A generator of its own, so that who iterates keeps the file open.
        for line in lines(self._file):
            if line.startswith(START):
                yield line

    def settled(self) -> Iterator[tuple[ProfileKey, EntryAfter]]:
        """Yield what entries with nothing to do get at the next fold."""
        for line in lines(self._file):
            if line.startswith(_SETTLED):
                yield _settled_in(line)

    def copy_to(self, path: Path) -> None:
        """Save the document, readable by its owner only.

        Raises:
            CtsyncError: it cannot be written there.
        """
        try:
            with OutputFile(path) as out:
                out.file.writelines(lines(self._file))
                out.keep()
        except OSError as error:
            raise _unwritable(path, error) from error


class _Differs(Exception):
    """What would be written is not what stands there."""


class _Echo:
    """Compares what is written with the bytes of a file, instead of writing it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0

    def write(self, data: bytes, /) -> None:
        if os.pread(self._file.fileno(), len(data), self._at) != data:
            raise _Differs
        self._at += len(data)

    def flush(self) -> None:
        if os.pread(self._file.fileno(), 1, self._at):
            raise _Differs


def _settled_in(line: bytes) -> tuple[ProfileKey, EntryAfter]:
    data = parse(line)["settled"]
    return key_from_json(data["key"]), settled_from_json(data["entry"])


def open_plan(path: Path) -> SavedPlan:
    """Open a saved plan.

    Raises:
        PlanRefused: it cannot be read, or is not as it was written.
    """
    return SavedPlan(opened(path), str(path))


def scratch_file() -> BinaryIO:
    """Return a nameless file for a plan that is not kept; it goes with the process."""
    return tempfile.TemporaryFile()


def _unwritable(path: Path, error: OSError) -> CtsyncError:
    return CtsyncError(
        f"plan {path} cannot be written: {error.strerror}",
        hint="name another place with --out",
        code="plan_unwritable",
    )
