"""Who is in flight: calls against a ceiling, and the keys that each of them holds."""

from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Self

from ctsync.sandbox.keys import SandboxKey


class InFlightCalls:
    """Counts the calls of one kind that overlap, over all connections."""

    def __init__(self, ceiling: int, busy_slots: int = 0) -> None:
        """Hold a ceiling of which another client already uses some slots."""
        self._ceiling = ceiling
        self._busy_slots = busy_slots
        self._calls = 0
        self._keys: Counter[SandboxKey] = Counter()
        self._lock = Lock()

    def enter(self) -> "Slot":
        """Let a call in; the slot says whether the ceiling admits it."""
        with self._lock:
            self._calls += 1
            return Slot(
                self,
                is_admitted=self._calls + self._busy_slots <= self._ceiling,
                is_excess=self._calls > self._ceiling,
            )

    def hold(self, keys: Iterable[SandboxKey]) -> list[SandboxKey]:
        """Mark keys as in flight; return those that another call already holds."""
        with self._lock:
            held = list(keys)
            overlapping = [key for key in held if key in self._keys]
            self._keys.update(held)
            return overlapping

    def leave(self, keys: Iterable[SandboxKey]) -> None:
        """Take a call and its keys out of flight."""
        with self._lock:
            self._calls -= 1
            for key in keys:
                self._keys[key] -= 1
                if not self._keys[key]:
                    del self._keys[key]


class Slot:
    """One call in flight. Leave before the reply is sent.

    A client may send its next call as soon as it has read the reply, or has given up
    on one, so a slot that is left any later would accuse it of overlaps.
    """

    def __init__(
        self, traffic: InFlightCalls, *, is_admitted: bool, is_excess: bool
    ) -> None:
        """Stand for a call; `is_excess` says the client alone passed the ceiling."""
        self.is_admitted = is_admitted
        self.is_excess = is_excess
        self._traffic = traffic
        self._keys: frozenset[SandboxKey] = frozenset()
        self._has_left = False

    def hold(self, keys: Iterable[SandboxKey]) -> list[SandboxKey]:
        """Mark the keys of this call; return those held by another call."""
        self._keys = frozenset(keys)
        return sorted(self._traffic.hold(self._keys))

    def leave(self) -> None:
        """End the call, once."""
        if not self._has_left:
            self._has_left = True
            self._traffic.leave(self._keys)

    def __enter__(self) -> Self:
        """Return the slot."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the call."""
        self.leave()
