"""Writing down what of a plan is still due: a plan of its own, sent like any other."""

from __future__ import annotations

from collections.abc import Container, Iterable
from contextlib import ExitStack
from heapq import merge
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from ctsync.apply.resume import NOTHING, DueChange, due_changes
from ctsync.apply.witness import Memory, Witness
from ctsync.kinds.base import ValueContext
from ctsync.model.change import Change, EntryAfter
from ctsync.model.plan import PlanFoot
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.plan_file import SavedPlan, scratch_file
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.state.base import Snapshot


class Due(Struct, frozen=True):
    """What of a plan is to be sent, as a plan.

    `done` are places in the whole one, and so are `sent`: all that is left of those is
    in files of which the platform has not told yet. Something of those that `wait`,
    places in the plan that is to be sent, is in such files, too.
    """

    plan: SavedPlan
    done: tuple[int, ...] = ()
    sent: tuple[int, ...] = ()
    wait: tuple[int, ...] = ()


class _Remainder:
    """What is due, written as it passes in the order of keys.

    Of a plan from a file, `memory` has what today's says of the same.
    """

    def __init__(self, writer: PlanWriter, memory: Memory | None) -> None:
        self._writer, self._memory = writer, memory
        self._sending = 0
        self.done: list[int] = []
        self.sent: list[int] = []
        self.wait: list[int] = []

    def add(self, due: DueChange) -> None:
        """Write what is due of a change, or what its entry gets if nothing is."""
        place, change = due.place, due.change
        if place is not None and not change.operations:
            (self.sent if due.waits else self.done).append(place)
        if change.operations:
            self.wait += [self._sending] if due.waits else []
            self._sending += 1
        if change.operations or change.released:
            self._add_change(change, due)
        elif place is not None and not due.waits:
            self.add_settled(due.key, change.settled)

    def _add_change(self, change: Change, due: DueChange) -> None:
        if self._memory is not None:
            change = self._memory.confirmed(change, due.entry)
        if not change.operations:
            change = replace(change, action="release")
        self._writer.add_change(change)

    def add_settled(self, key: ProfileKey, settled: EntryAfter) -> None:
        """Write what an entry gets, unless nobody but the file says so."""
        if self._memory is None or self._memory.confirms(key, settled):
            self._writer.add_settled(key, settled)


def remainder(
    plan: SavedPlan,
    present: Snapshot,
    frame: ValueContext,
    *,
    files: Container[str] = NOTHING,
    is_fresh: bool = False,
    witness: Witness | None = None,
) -> Due:
    """Return what of a plan is still due, with what entries get at the next fold.

    What stands in one of the `files`, of which the platform may still tell, is not.

    Raises:
        PlanRefused: a plan that was not begun is not what its witness makes of it.
    """
    memory = None if witness is None else witness.memory()
    due = due_changes(plan, present, frame, witness if is_fresh else None, files)
    with ExitStack() as stack:
        file = stack.enter_context(scratch_file())
        writer = PlanWriter(file, plan.head)
        rest = _Remainder(writer, memory)
        passing: Iterable[DueChange | tuple[ProfileKey, EntryAfter]]
        passing = merge(due, plan.settled(), key=itemgetter(0))
        for each in passing:
            if isinstance(each, DueChange):
                rest.add(each)
            else:
                rest.add_settled(*each)
        writer.close(PlanFoot())
        left = SavedPlan(file, plan.name)
        # From here on the file is the plan's, which closes it.
        stack.pop_all()
    return Due(left, tuple(rest.done), tuple(rest.sent), tuple(rest.wait))


def done_so_far(
    plan: SavedPlan,
    present: Snapshot,
    frame: ValueContext,
    files: Container[str] = NOTHING,
) -> int:
    """Count the changes of a plan of which nothing is to be sent any more."""
    due = due_changes(plan, present, frame, None, files)
    return sum(each.place is not None and not each.change.operations for each in due)
