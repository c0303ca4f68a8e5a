"""Writing a plan as files for a channel, and saying what goes another way.

What only the upload API knows stays with it, and is counted. Whatever else the channel
cannot say refuses the export as a whole: half a plan is nobody's wish.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field

from ctsync.channels.base import Channel
from ctsync.channels.part_files import PartFile, PartWriter, Sheet
from ctsync.channels.row_keys import KEY_COLUMN, fits_in_a_cell, names_a_row
from ctsync.channels.what_files_say import ONLY_BY_API
from ctsync.counted import counted
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.errors import CtsyncError, ExportRefused
from ctsync.model.change import Change
from ctsync.model.fault import Fault
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.plan.document.plain_changes import PlainChange, PlainShape

FOLDER_MODE = 0o700


class Exported(Struct):
    """What an export came to.

    `left` counts the operations that go by the upload API, by attribute, operator and
    the code of the reason, which is empty where the plan itself says so.
    """

    parts: tuple[PartFile, ...] = ()
    profiles: int = 0
    operations: int = 0
    left: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    left_profiles: int = 0


class ExportOrder(Struct, frozen=True):
    """What is to be exported and how.

    `name` stands in the names of the files. With `only_own` the plan itself says what
    goes by the channel; else all of it does that can. A file has fewer bytes than
    `limit_bytes`; by default, than the channel allows.
    """

    name: str
    folder: Path
    only_own: bool = False
    limit_bytes: int | None = None


def export_changes(
    changes: Iterable[Change | PlainChange],
    channel: Channel,
    order: ExportOrder,
    mask: Mask,
) -> Exported:
    """Write the changes of a plan as the files of a channel, all of them or none.

    Raises:
        ExportRefused: the channel cannot say what the plan does; says each place.
        CtsyncError: the files cannot be written where they are to be.
    """
    stem = f"ctsync-{channel.name}-{order.name}"
    try:
        with made_folder(order.folder):
            refuse_strangers(order.folder, channel, lambda name: name.startswith(stem))
            with PartWriter(
                channel, order.folder, stem, limit_bytes=order.limit_bytes
            ) as writer:
                return _Export(channel, order, mask, writer).write(changes)
    except OSError as error:
        raise CtsyncError(
            f"the files cannot be written in {order.folder}: {error.strerror}",
            hint="name another folder with --out",
            code="export_unwritable",
        ) from error


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder that its owner alone may look into, unless there is one.

    Where the context ends with an error, what was made of it is gone again.

    Raises:
        OSError: it cannot be made, or is something else.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):  # somebody else may have put something there
            for each in made:
                each.rmdir()
        raise


def refuse_strangers(
    folder: Path, channel: Channel, is_ours: Callable[[str], bool]
) -> None:
    """See that no other export of the channel lies in a folder.

    Whoever uploads what lies there would upload both.

    Raises:
        CtsyncError: one does.
    """
    names = sorted(each.name for each in folder.glob(f"ctsync-{channel.name}-*"))
    others = [name for name in names if not is_ours(name)]
    if others:
        raise CtsyncError(
            f"{folder} holds {others[0]}, which is of another export",
            hint="name an empty folder with --out, or take the old files away",
            code="export_folder",
        )


class _Export:
    def __init__(
        self, channel: Channel, order: ExportOrder, mask: Mask, writer: PartWriter
    ) -> None:
        self._channel = channel
        self._order = order
        self._mask = mask
        self._writer = writer
        self._findings = Findings()
        self._is_refused = False
        self._exported = Exported()
        self._ways: dict[PlainShape, _Way | None] = {}

    def write(self, changes: Iterable[Change | PlainChange]) -> Exported:
        for change in changes:
            if not isinstance(change, PlainChange):
                self._write_one(change)
            elif not self._write_plain(change):
                self._write_one(change.change())
        if self._is_refused:
            raise _refused(self._channel, self._findings)
        names = self._writer.names()
        # An earlier export of the same name may have had more parts, which lie there
        # still.
        refuse_strangers(self._order.folder, self._channel, names.__contains__)
        self._exported.parts = self._writer.keep()
        return self._exported

    def _write_plain(self, change: PlainChange) -> bool:
        """Write a plain change, unless there is something to be said of it."""
        shape = change.shape
        way = self._ways[shape] if shape in self._ways else self._find_way(shape)
        operands = change.operands
        if way is None or not names_a_row(change.id):
            return False
        for at in way.texts:
            if not fits_in_a_cell(str(operands[at])):
                return False
        if self._is_refused:
            return True  # and nothing will be kept
        self._exported.profiles += 1
        self._exported.operations += len(operands)
        self._writer.add_to(way.sheets, change.id, operands)
        return True

    def _find_way(self, shape: PlainShape) -> _Way | None:
        """Return where changes of a shape stand, None where each is to be looked at."""
        example, channel = shape.example, self._channel
        operations = example.operations
        is_plain = channel.plain_kinds.issuperset(op.kind for op in operations)
        takes_all = not self._order.only_own or all(
            op.channel == channel.name for op in operations
        )
        way = None
        if is_plain and takes_all and example.key.type == KEY_COLUMN:
            texts = [at for at, op in enumerate(operations) if op.kind in _TEXTS]
            way = _Way(self._writer.sheets_for(operations), texts)
        self._ways[shape] = way
        return way

    def _write_one(self, change: Change) -> None:
        operations = change.operations
        if self._channel.key_fault(change.key) is None and not self._order.only_own:
            fault_of = self._channel.operation_fault
            if not any(map(fault_of, operations)):
                self._add(change, operations)  # as most are
                return
        taken = [op for op in operations if self._takes(change, op)]
        if len(taken) < len(operations):
            self._exported.left_profiles += 1
        self._add(change, taken)

    def _add(self, change: Change, operations: Sequence[Operation]) -> None:
        if operations and not self._is_refused:
            self._exported.profiles += 1
            self._exported.operations += len(operations)
            self._writer.add(change.key.id, operations)

    def _takes(self, change: Change, operation: Operation) -> bool:
        if self._order.only_own and operation.channel != self._channel.name:
            self._leave(operation, "")
            return False
        fault = self._channel.fault_of(change.key, operation)
        if fault is None:
            return True
        if fault.code in ONLY_BY_API:
            self._leave(operation, fault.code)
        else:
            self._is_refused = True
            self._findings.add(self._finding(change, operation, fault))
        return False

    def _leave(self, operation: Operation, code: str) -> None:
        self._exported.left[operation.attribute, operation.operator, code] += 1

    def _finding(
        self, change: Change, operation: Operation, fault: Fault
    ) -> Diagnostic:
        origin = change.origins[0] if change.origins else None
        # What is wrong with a profile is said once, not for each operation on it.
        is_of_key = fault == self._channel.key_fault(change.key)
        return Diagnostic(
            "error",
            fault.code,
            fault.message,
            fault.hint,
            file=None if origin is None else origin.file,
            line=None if origin is None else origin.line,
            row=None if origin is None else origin.row,
            key=self._mask.key_at(change.key, origin),
            attribute=None if is_of_key else operation.attribute,
        )


class _Way(NamedTuple):
    """Where plain changes of one shape stand, and which of their values are texts."""

    sheets: Sequence[Sheet]
    texts: Sequence[int]


_TEXTS = {"string", "date"}


def _refused(channel: Channel, findings: Findings) -> ExportRefused:
    words = counted(findings.count("error"), "thing")
    return ExportRefused(
        f"{channel.title} cannot say {words} of this plan; nothing was written",
        findings,
    )
