"""Counting profiles by the worst outcome of their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ctsync.apply.dossier import Dossier
from ctsync.apply.failures import Failure, Failures
from ctsync.model.change import Change
from ctsync.model.record import Outcome, Record, Verdict

# One byte for each profile, from best to worst; 0 is one that is still open.
_OPEN, _TAKEN, _UNSENT, _REJECTED, _UNKNOWN = range(5)
_RANK = {
    Outcome.ACKNOWLEDGED: _TAKEN,
    Outcome.NOT_SENT: _UNSENT,
    Outcome.REJECTED: _REJECTED,
    Outcome.UNKNOWN: _UNKNOWN,
}
_TOLD = (_REJECTED, _UNKNOWN)


@dataclass(frozen=True, slots=True)
class ProfileOutcome:
    """One line of the report."""

    change: Change
    outcome: Outcome
    code: int | None = None
    error: str | None = None


class Tally:
    """Outcomes of a plan's profiles: one byte for each, and more for failures."""

    def __init__(self) -> None:
        self._ranks = bytearray()
        self._counts = [0] * len((_OPEN, *_RANK))
        self._failures = Failures()

    def expect(self, *, is_done: bool = False) -> None:
        """Count the next profile in; `is_done` if it was acknowledged before."""
        rank = _TAKEN if is_done else _OPEN
        self._ranks.append(rank)
        self._counts[rank] += 1

    def note(self, dossier: Dossier, record: Record, verdict: Verdict) -> None:
        """Take in the final verdict of a record."""
        place, rank = dossier.place, _RANK[verdict.outcome]
        if place is None or rank <= self._ranks[place]:
            return
        if rank == _TAKEN and not record.last:
            return
        self._counts[self._ranks[place]] -= 1
        self._counts[rank] += 1
        self._ranks[place] = rank
        if rank in _TOLD:
            change = dossier.change
            said = (verdict.outcome, verdict.code, verdict.error)
            self._failures.note(place, Failure(change.key, change.origins, *said))

    @property
    def total(self) -> int:
        """How many profiles anything is sent to."""
        return len(self._ranks)

    @property
    def acknowledged(self) -> int:
        """How many profiles have nothing left to do."""
        return self._counts[_TAKEN]

    @property
    def rejected(self) -> int:
        """How many profiles count as rejected."""
        return self._counts[_REJECTED]

    @property
    def has_failures(self) -> bool:
        """Whether any record was not acknowledged."""
        return any(self._counts[_UNSENT:])

    def has_failed(self, dossier: Dossier) -> bool:
        """Say whether a record of the profile was not acknowledged."""
        return dossier.place is not None and self._ranks[dossier.place] >= _UNSENT

    def failures(self, outcome: Outcome) -> Iterator[Failure]:
        """Yield the rejected or the unknown profiles, by key."""
        return self._failures.of(outcome)

    def counts(self) -> dict[str, int]:
        """Give profiles by their worst outcome; the four add up to all."""
        return {
            "acknowledged": self.acknowledged,
            "rejected": self.rejected,
            "unknown": self._counts[_UNKNOWN],
            "not_sent": self._counts[_OPEN] + self._counts[_UNSENT],
        }

    def outcomes(self, changes: Iterable[Change]) -> Iterator[ProfileOutcome]:
        """Yield the outcome of every profile, in the order of the plan."""
        sent = (change for change in changes if change.action != "release")
        for place, (change, rank) in enumerate(zip(sent, self._ranks, strict=True)):
            if rank in _TOLD:
                failure = self._failures.at(place)
                yield ProfileOutcome(
                    change, failure.outcome, failure.code, failure.error
                )
            elif rank == _TAKEN:
                yield ProfileOutcome(change, Outcome.ACKNOWLEDGED)
            else:
                yield ProfileOutcome(change, Outcome.NOT_SENT)
