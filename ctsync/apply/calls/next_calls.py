"""Which call leaves next: none while one of its people is in another."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.apply.calls.worker_threads import HeldKeys
from ctsync.plan.document.batches import RecordSlice


class NextCalls:
    """The calls of a wave in their order, each once all its keys are free.

    What the platform may take for one person, by letter case say, is one key. It is
    never in flight twice: nothing documents an order among calls in flight, so a later
    write could land first.
    """

    def __init__(self) -> None:
        self._calls: Iterator[RecordSlice] = iter(())
        self._ahead: RecordSlice | None = None
        self._held: set[str] = set()

    def begin(self, calls: Iterator[RecordSlice]) -> None:
        """Go on with the calls of a wave."""
        self._calls, self._ahead = calls, None

    def first(self) -> RecordSlice | None:
        """Return the call whose turn it is; None at the end."""
        if self._ahead is None:
            self._ahead = next(self._calls, None)
        return self._ahead

    def take(self, call: RecordSlice) -> HeldKeys | None:
        """Take the first call, and hold its keys; None where one is held already."""
        folded = call.folded
        if not self._held.isdisjoint(folded):
            return None
        self._ahead = None
        self._held.update(folded)
        return HeldKeys(folded, len(call))

    def let_go(self, held: HeldKeys, records: int) -> None:
        """Free the keys of a call once so many records, the last ones, are settled."""
        held.open -= records
        if not held.open:
            self._held.difference_update(held.folded)
