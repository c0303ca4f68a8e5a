"""Which fault an upload meets: the scripted ones first, then by chance."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from random import Random
from threading import Lock

from msgspec import Struct, field

from ctsync.sandbox.faults import TABLE


class FaultQueue(Struct):
    """Deals a fault to each upload: the scripted ones first, then by their rates.

    `kinds` are the names of all faults that there are, `none` among them.
    """

    rates: Mapping[str, float]
    random: Random
    kinds: Collection[str] = field(default_factory=lambda: TABLE)
    _script: deque[str] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Refuse rates that cannot be meant."""
        self._check_names(self.rates)
        for name, rate in self.rates.items():
            if not 0 <= rate <= 1:
                raise ValueError(f"fault rate of {name} is {rate}, must be 0 to 1")

    def script(self, *names: str) -> None:
        """Queue faults for the next uploads, one each."""
        self._check_names(names)
        with self._lock:
            self._script.extend(names)

    @property
    def is_dealt(self) -> bool:
        """Whether every scripted fault was met."""
        with self._lock:
            return not self._script

    def draw(self) -> str:
        """Return the name of the fault that this upload meets."""
        with self._lock:
            if self._script:
                return self._script.popleft()
            # Every kind is drawn, so that one rate does not shift another's draws.
            draws = {name: self.random.random() for name in self.kinds}
        hits = (n for n in self.kinds if draws[n] < self.rates.get(n, 0.0))
        return next(hits, "none")

    def _check_names(self, names: Iterable[str]) -> None:
        unknown = sorted(set(names) - set(self.kinds))
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(unknown)}")
