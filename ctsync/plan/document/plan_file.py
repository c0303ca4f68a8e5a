"""The plan document: what is reviewed is what is applied.

A saved plan is JSON Lines: a head; for every profile, in the order of keys, a `change`
or what its entry gets at the next fold (`settled`); a foot with counts and digest; and
a seal. What is sent, counted and folded follows from the changes alone: no record lies
in the file, and counts and digest are taken again from whoever's file it is. The format
is private and read with `ctsync show`.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

from ctsync.errors import CtsyncError, PlanRefused
from ctsync.model.change import Change, EntryAfter
from ctsync.model.profile_key import ProfileKey
from ctsync.model.workers import Workers
from ctsync.output_file import OutputFile
from ctsync.plan.document.batches import PlannedRecord, SavedBatch, loads
from ctsync.plan.document.change_codec import (
    SETTLED,
    START,
    ChangeLine,
    as_planned,
    change_from_line,
    key_in,
    settled_as_planned,
    settled_from_line,
)
from ctsync.plan.document.plan_checksum import (
    checksum_of,
    lines,
    read_blocks,
    refused,
)
from ctsync.plan.document.plan_header import opened, plan_ends
from ctsync.plan.document.plan_writer import LineWriter, PlanWriter
from ctsync.plan.document.record_reader import FIRST, RecordReader
from ctsync.plan.document.signature import signature_of
from ctsync.plan.document.told_records import told_lines
from ctsync.whole_lines import whole_lines


class SavedPlan:
    """A plan document, opened: head, foot, and streams of what lies between.

    Close it, or hold it in a `with`; else its file goes when it does.
    """

    def __init__(self, file: BinaryIO, name: str, written: str | None = None) -> None:
        """Open and verify a plan; whoever has just `written` it gives its checksum.

        Raises:
            PlanRefused: not a plan, of a newer format, or not as it was written.
        """
        self._file = file
        self._finalizer = weakref.finalize(self, file.close)
        self.name = name
        said, self.checksum, self._ends = plan_ends(file, name)
        if (written or checksum_of(file, self._ends.seal_at)) != self.checksum:
            raise refused(name)
        self.head, self.foot = said.head, said.foot
        self._has_first_alone = False  # or not known yet

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def changes(self) -> Iterator[Change]:
        """Yield the changes by key."""
        return map(change_from_line, self._change_lines())

    def lines(self) -> Iterator[ChangeLine]:
        """Yield the changes by key, each to be read when it is shown."""
        return map(ChangeLine, self._change_lines())

    def loads(
        self, wave: int, places: range, workers: Workers | None = None
    ) -> Iterator[SavedBatch]:
        """Yield the records of one wave, as many together as may share a call.

        Only of changes that stand among some places of those that send anything. Of
        many, `workers` may tell the records.
        """
        is_many = workers is not None and len(places) >= workers.worth
        helpers = workers if is_many and wave == FIRST else None
        return loads(self._records(wave, places, helpers), wave)

    def _records(
        self, wave: int, places: range, helpers: Workers | None
    ) -> Iterator[PlannedRecord]:
        if self._has_first_alone and wave != FIRST:
            return  # nothing of it is read again for that
        reader = RecordReader(wave, places)
        with told_lines(whole_lines(self.pieces()), helpers) as found:
            for some, told in found:
                yield from reader.records(some, told)
        self._has_first_alone = reader.met_first_alone

    def pieces(self) -> Iterator[bytes]:
        """Yield the lines of all changes and entries, many at a time, as they are."""
        start = len(next(lines(self._file)))
        return read_blocks(self._file, start, self._ends.foot_at)

    def is_same(self, other: SavedPlan) -> bool:
        """Return whether another plan has the same bytes, but for a signature."""
        return self.checksum == other.checksum

    def check(self) -> Self:
        """Return the plan, if counts, digest and order are those of its changes.

        The checksum tells only that the file is as someone wrote it. Written anew from
        its changes, a plan has the same bytes, or it is none that ctsync made.

        Raises:
            PlanRefused: it is none.
        """
        try:
            self._write_to(_Echo(self._file, self._ends.seal_at))
        except (_Differs, ValueError, KeyError, TypeError) as error:
            raise not_its_own(self.name) from error
        return self

    def _write_to(self, sink: LineWriter) -> None:
        writer = PlanWriter(sink, self.head)
        for line in islice(lines(self._file), 1, None):
            if line.startswith(START):
                writer.add_change(as_planned(change_from_line(line)))
            elif line.startswith(SETTLED):
                key, settled = settled_from_line(line)
                writer.add_settled(key, settled_as_planned(settled))
            else:
                break
        writer.close(self.foot)

    def _change_lines(self) -> Iterator[bytes]:
        # A generator of its own, so that who iterates keeps the file open.
        for line in lines(self._file):
            if line.startswith(START):
                yield line

    def entry_lines(self) -> Iterator[bytes]:
        """Yield the lines of changes and entries as they are."""
        for line in lines(self._file):
            if line.startswith((START, SETTLED)):
                yield line

    def each(self) -> Iterator[Change | tuple[ProfileKey, EntryAfter]]:
        """Yield changes, and what other entries get, all in the order of keys."""
        for line in self.entry_lines():
            is_change = line.startswith(START)
            yield change_from_line(line) if is_change else settled_from_line(line)

    def keyed_lines(self) -> Iterator[tuple[ProfileKey, bytes]]:
        """Yield the lines of changes and entries as they are, with their keys."""
        return ((key_in(line), line) for line in self.entry_lines())

    def settled(self) -> Iterator[tuple[ProfileKey, EntryAfter]]:
        """Yield what entries with nothing to do get at the next fold."""
        for line in lines(self._file):
            if line.startswith(SETTLED):
                yield settled_from_line(line)

    def is_signed_with(self, key: bytes) -> bool:
        """Return whether who has the key made the plan as it stands."""
        said = self._ends.signature
        return said is not None and compare_digest(
            said.encode(), self._signature(key).encode()
        )

    def _signature(self, key: bytes) -> str:
        return signature_of(key, read_blocks(self._file, 0, self._ends.seal_at))

    def copy_to(self, path: Path, key: bytes | None = None) -> None:
        """Save the document, readable by its owner only; signed where there is a key.

        Raises:
            CtsyncError: it cannot be written there.
        """
        try:
            with OutputFile(path) as out:
                out.file.writelines(read_blocks(self._file, 0, self._ends.seal_at))
                out.file.write(self._seal(key))
                out.keep()
        except OSError as error:
            raise _unwritable(path, error) from error

    def _seal(self, key: bytes | None) -> bytes:
        if key is None:
            return self._ends.seal
        return self._ends.signed(self.checksum, self._signature(key))


class _Differs(Exception):
    """What would be written is not what stands there."""


class _Echo:
    """Compares what is written with the bytes before a file's seal, and keeps none."""

    def __init__(self, file: BinaryIO, seal_at: int) -> None:
        self._file = file
        self._at = 0
        self._seal_at = seal_at

    def write(self, data: bytes | memoryview, /) -> None:
        at, self._at = self._at, self._at + len(data)
        # A seal may be signed, which what is written anew is not. `Ends.says` has seen
        # it.
        is_seal = at == self._seal_at
        if not is_seal and os.pread(self._file.fileno(), len(data), at) != data:
            raise _Differs

    def flush(self) -> None:
        # What ends sooner than the file is another plan, whatever was alike until then.
        if self._at <= self._seal_at:
            raise _Differs


def open_plan(path: Path) -> SavedPlan:
    """Open a saved plan.

    Raises:
        PlanRefused: it cannot be read, is not as it was written, or says of its
            changes what is not so.
    """
    plan = open_unproven(path)
    try:
        return plan.check()
    except BaseException:
        plan.close()
        raise


def open_unproven(path: Path) -> SavedPlan:
    """Open a saved plan of which nobody has said yet that its counts are its own.

    Whoever opens it sees to that: by `check`, or since it is a plan just made.

    Raises:
        PlanRefused: it cannot be read, or is not as it was written.
    """
    return SavedPlan(opened(path), str(path))


def scratch_file() -> BinaryIO:
    """Return a nameless file for a plan that is not kept; it goes with the process."""
    return tempfile.TemporaryFile()


@contextmanager
def room_for_plan() -> Iterator[None]:
    """Say of a disk that fails under a scratch file what can be done.

    Raises:
        CtsyncError: there is no room for the plan.
    """
    try:
        yield
    except OSError as error:
        raise CtsyncError(
            f"the plan cannot be kept in {_folder_for_plan()}: {error.strerror}",
            hint="make room there, or name a roomier folder with TMPDIR",
            code="plan_unwritable",
        ) from error


def _folder_for_plan() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # there is none that can be written, and Python looks again
        return "a folder for temporary files"


def not_its_own(name: str) -> PlanRefused:
    """Say that a plan is not the one that its ends stand for."""
    return PlanRefused(
        f"the changes in {name} are not those that its digest and counts stand for",
        hint='it was edited; make it again with "ctsync plan --out FILE"',
        code="plan_tampered",
    )


def _unwritable(path: Path, error: OSError) -> CtsyncError:
    first = "make its folder first, or " if isinstance(error, FileNotFoundError) else ""
    return CtsyncError(
        f"plan {path} cannot be written: {error.strerror}",
        hint=f"{first}name another place with --out",
        code="plan_unwritable",
    )
