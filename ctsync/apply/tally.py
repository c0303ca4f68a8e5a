"""Counting profiles by the worst outcome of their records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ctsync.apply.dossier import Dossier
from ctsync.model.change import Change, Origin
from ctsync.model.key import Key
from ctsync.model.record import Outcome, Record, Verdict

_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


@dataclass(frozen=True, slots=True)
class Failure:
    """A profile with a record that was not acknowledged. `error` is masked."""

    key: Key
    origins: tuple[Origin, ...]
    outcome: Outcome
    code: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileOutcome:
    """One line of the report."""

    change: Change
    outcome: Outcome
    code: int | None = None
    error: str | None = None


class Tally:
    """Outcomes of a plan's profiles: one bit for each, and more for failures."""

    def __init__(self) -> None:
        self._done = bytearray()
        self._failures: dict[Key, Failure] = {}
        self._failed: Counter[Outcome] = Counter()
        self.total = 0
        self.acknowledged = 0

    def expect(self, dossier: Dossier) -> None:
        """Count a profile in; one with nothing due has been acknowledged before."""
        if dossier.place is None:
            return
        self.total = dossier.place + 1
        if not dossier.change.operations:
            self._finish(dossier.place)

    def note(self, dossier: Dossier, record: Record, verdict: Verdict) -> None:
        """Take in the final verdict of a record."""
        key = record.key
        if verdict.outcome is Outcome.ACKNOWLEDGED:
            if record.last and key not in self._failures and dossier.place is not None:
                self._finish(dossier.place)
            return
        before = self._failures.get(key)
        if before is None or _RANK[before.outcome] < _RANK[verdict.outcome]:
            self._failed[verdict.outcome] += 1
            if before is not None:
                self._failed[before.outcome] -= 1
            self._failures[key] = Failure(
                key,
                dossier.change.origins,
                verdict.outcome,
                verdict.code,
                verdict.error,
            )

    @property
    def has_failures(self) -> bool:
        """Whether any record was not acknowledged."""
        return bool(self._failures)

    @property
    def rejected(self) -> int:
        """How many profiles count as rejected."""
        return self._failed[Outcome.REJECTED]

    def has_failed(self, key: Key) -> bool:
        """Say whether a record of the profile was not acknowledged."""
        return key in self._failures

    def failures(self, outcome: Outcome) -> Iterator[Failure]:
        """Yield the failures with one outcome, by key."""
        for key in sorted(self._failures):
            if self._failures[key].outcome is outcome:
                yield self._failures[key]

    def counts(self) -> dict[str, int]:
        """Give profiles by their worst outcome; the four add up to all."""
        rejected, unknown = self.rejected, self._failed[Outcome.UNKNOWN]
        return {
            "acknowledged": self.acknowledged,
            "rejected": rejected,
            "unknown": unknown,
            "not_sent": self.total - self.acknowledged - rejected - unknown,
        }

    def outcomes(self, changes: Iterable[Change]) -> Iterator[ProfileOutcome]:
        """Yield the outcome of every profile, in the order of the plan."""
        sent = (change for change in changes if change.action != "release")
        for place, change in enumerate(sent):
            failure = self._failures.get(change.key)
            if failure is not None:
                yield ProfileOutcome(
                    change, failure.outcome, failure.code, failure.error
                )
            elif self._is_done(place):
                yield ProfileOutcome(change, Outcome.ACKNOWLEDGED)
            else:
                yield ProfileOutcome(change, Outcome.NOT_SENT)

    def _finish(self, place: int) -> None:
        missing = (place >> 3) + 1 - len(self._done)
        if missing > 0:
            self._done.extend(bytes(missing))
        self._done[place >> 3] |= 1 << (place & 7)
        self.acknowledged += 1

    def _is_done(self, place: int) -> bool:
        byte = place >> 3
        return byte < len(self._done) and bool(self._done[byte] >> (place & 7) & 1)
