"""What a run is given beside the plan: its limits, its pace, and its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Literal, Protocol

from msgspec import Struct, field

from ctsync.apply.clock import Clock
from ctsync.kinds.base import ValueContext
from ctsync.model.policy import DEFAULT_LIMITS, Limit
from ctsync.model.run import KEPT_RUNS, Author

Halted = Literal["unauthorised", "unreachable", "interrupted", "reject_limit", "canary"]


class RetryPace(Struct, frozen=True):
    """How often a call is tried again, and how long is waited in between.

    Each number of retries is for one cause and one call. `lost_calls` is how many
    calls in a row may end without a reply before the run stops.
    """

    throttled_retries: int = 8
    unreachable_retries: int = 4
    lost_retries: int = 4
    malformed_retries: int = 1
    lost_calls: int = 5
    first_seconds: float = 1.0
    factor: float = 2.0
    most_seconds: float = 60.0
    slice_seconds: float = 0.5  # a wait looks for a signal this often

    def delay_seconds(
        self, tries: int, chance: float, *, at_least: float | None = None
    ) -> float:
        """Return the wait before the next try; `chance` in 0..1 is the jitter."""
        full = min(self.most_seconds, self.first_seconds * self.factor**tries)
        return max(full * (0.5 + chance / 2), at_least or 0.0)


class ApplySettings(Struct, frozen=True):
    """What the project and the command line say about a run.

    `concurrency` is how many calls may be in flight. `canary` is how many profiles go
    first; the rest follow only if all of them were acknowledged. `author` is who is
    kept as having started the run, among the last `history_runs`. `talks_to` and
    `marks` are for the state to remember: the places, and what is called sensitive.
    """

    records_per_call: int = 100
    concurrency: int = 3
    timeout_seconds: float = 60.0
    dry_run: bool = False
    reject_limit: Limit = DEFAULT_LIMITS["reject"]
    canary: Limit | None = None
    allow_rejected: Limit | None = None
    frame: ValueContext = field(default_factory=ValueContext)
    talks_to: Mapping[str, str] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    pace: RetryPace = field(default_factory=RetryPace)
    author: Author = field(default_factory=Author)
    history_runs: int = KEPT_RUNS


class StopRequest(Protocol):
    """Whether a signal asked the run to end, and which."""

    @property
    def requested(self) -> bool:
        """Whether to send nothing more."""
        ...

    @property
    def signal_number(self) -> int | None:
        """The signal; None counts as an interrupt."""
        ...


class Observer(Protocol):
    """Whoever watches a run. Nothing that is said here is a secret."""

    def progressed(self, counts: Mapping[str, int], total: int) -> None:
        """So many of the plan's profiles have each outcome.

        It is told first before anything leaves, then as outcomes come, and now and then
        while none comes.
        """
        ...

    def waits(self, seconds: float, why: str) -> None:
        """Nothing more leaves for so long."""
        ...


class SilentObserver:
    """An observer that keeps to itself."""

    def progressed(self, counts: Mapping[str, int], total: int) -> None:
        """Say nothing."""

    def waits(self, seconds: float, why: str) -> None:
        """Say nothing."""


class Runtime(Struct, frozen=True):
    """Time, chance, and whoever watches."""

    clock: Clock
    sleep: Callable[[float], None]
    rng: Random
    observer: Observer
