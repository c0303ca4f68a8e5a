"""Counting profiles by the worst outcome of their records."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from ctsync.apply.failure_store import Failure, FailureStore
from ctsync.model.change import Change
from ctsync.model.record import Outcome, RecordOutcome, said_counts
from ctsync.plan.document.batches import Places, RecordSlice
from ctsync.transport.reply import is_all_taken

# One byte for each profile, from best to worst; 0 is one that is still open.
_OPEN, _TAKEN, _SENT, _UNSENT, _REJECTED, _UNKNOWN = range(6)
_RANK = {
    Outcome.ACKNOWLEDGED: _TAKEN,
    Outcome.SENT: _SENT,
    Outcome.NOT_SENT: _UNSENT,
    Outcome.REJECTED: _REJECTED,
    Outcome.UNKNOWN: _UNKNOWN,
}
_TOLD = (_REJECTED, _UNKNOWN)


class ProfileOutcome(Struct, frozen=True):
    """One line of the report. `error` is the server's own word where it had one."""

    change: Change
    outcome: Outcome
    code: int | None = None
    error: str | None = None


class OutcomeCounts:
    """Outcomes of a plan's profiles: one byte for each, and more for failures.

    `done` are the places of profiles that an earlier run acknowledged, `sent` those of
    which all the rest was sent in files. What is sent has places of its own, which
    count the others; of those that `wait` something was sent in files before, so that
    they are not acknowledged with the rest, which is as open as anybody's until then.
    """

    def __init__(
        self,
        total: int,
        done: Sequence[int] = (),
        sent: Sequence[int] = (),
        wait: Sequence[int] = (),
    ) -> None:
        self._due: Sequence[int] = range(total)
        self._sent = frozenset(sent)
        if done or sent:
            gone = self._sent.union(done)
            self._due = array("Q", (n for n in range(total) if n not in gone))
        self._ranks = bytearray(len(self._due))
        self._total = total
        self._counts = [0] * len((_OPEN, *_RANK))
        self._counts[_OPEN] = len(self._due)
        self._counts[_TAKEN] = len(done)
        self._counts[_SENT] = len(self._sent)
        self._failures = FailureStore()
        self._waiting = frozenset(wait)

    def note_sent(self, places: Iterable[int]) -> None:
        """Take in profiles of which something is in files that were put."""
        for place in places:
            if self._ranks[place] < _SENT:
                self._rank(place, _SENT)

    def note_unclear(self, place: int, change: Change, why: str) -> None:
        """Take in a profile in a file of which nobody knows whether it was put."""
        if self._ranks[place] < _UNKNOWN:
            self._rank(place, _UNKNOWN)
            self._tell(place, change, RecordOutcome(Outcome.UNKNOWN, error=why))

    def is_unfailed(self, place: int) -> bool:
        """Return whether no record of a profile had another outcome than taken."""
        return self._ranks[place] < _UNSENT

    def note(
        self, records_slice: RecordSlice, verdicts: Sequence[RecordOutcome]
    ) -> None:
        """Take in the final verdicts of records."""
        places = records_slice.places
        if is_all_taken(verdicts) and records_slice.is_last and self._take(places):
            return
        for at, (place, verdict) in enumerate(zip(places, verdicts, strict=True)):
            rank = _RANK[verdict.outcome]
            # Of a profile the worst of its records counts, and it is told once.
            if rank <= self._ranks[place]:
                continue
            # Taken it is with its last record only, but one that fails is enough.
            if rank != _TAKEN or not records_slice.follows(at):
                self._rank(place, rank)
            if rank in _TOLD:
                self._tell(place, records_slice.change(at), verdict)

    def _take(self, places: Places) -> bool:
        """Note many profiles at once, if that can be done."""
        if not isinstance(places, range):
            return False
        span = slice(places.start, places.stop)
        if any(self._ranks[span]):
            return False
        if self._waiting and not self._waiting.isdisjoint(places):
            return False
        self._ranks[span] = bytes((_TAKEN,)) * len(places)
        self._counts[_OPEN] -= len(places)
        self._counts[_TAKEN] += len(places)
        return True

    def _rank(self, place: int, rank: int) -> None:
        if rank == _TAKEN and place in self._waiting:
            rank = _SENT
        self._counts[self._ranks[place]] -= 1
        self._counts[rank] += 1
        self._ranks[place] = rank

    def _tell(self, place: int, change: Change, verdict: RecordOutcome) -> None:
        said = (verdict.outcome, verdict.code, verdict.error, verdict.said)
        failure = Failure(change.key, change.origins, *said)
        self._failures.note(self._due[place], failure)

    @property
    def total(self) -> int:
        """How many profiles anything is sent to."""
        return self._total

    @property
    def due(self) -> int:
        """How many profiles this run has something to do for."""
        return len(self._due)

    @property
    def acknowledged(self) -> int:
        """How many profiles have nothing left to do."""
        return self._counts[_TAKEN]

    @property
    def rejected(self) -> int:
        """How many profiles count as rejected."""
        return self._counts[_REJECTED]

    @property
    def sent(self) -> int:
        """How many profiles wait for what the platform tells of a file."""
        return self._counts[_SENT]

    @property
    def has_failures(self) -> bool:
        """Whether any record was refused, lost or not sent."""
        return any(self._counts[_UNSENT:])

    def unfailed(self, records_slice: RecordSlice) -> RecordSlice:
        """Return the records of profiles of which none was not acknowledged."""
        if not self.has_failures:
            return records_slice
        ranks = map(self._ranks.__getitem__, records_slice.places)
        fit = [at for at, rank in enumerate(ranks) if rank < _UNSENT]
        return (
            records_slice if len(fit) == len(records_slice) else records_slice.only(fit)
        )

    def failures(self, outcome: Outcome) -> Iterator[Failure]:
        """Yield the rejected or the unknown profiles, by key."""
        return self._failures.of(outcome)

    def counts(self) -> dict[str, int]:
        """Return profiles by their worst outcome; they add up to all."""
        counts = {
            "acknowledged": self.acknowledged,
            "sent": self.sent,
            "rejected": self.rejected,
            "unknown": self._counts[_UNKNOWN],
            "not_sent": self._counts[_OPEN] + self._counts[_UNSENT],
        }
        return said_counts(counts)

    def outcomes(self, changes: Iterable[Change]) -> Iterator[ProfileOutcome]:
        """Yield the outcome of every profile, in the order of the plan."""
        sent = (change for change in changes if change.action != "release")
        for place, (change, rank) in enumerate(
            zip(sent, self._all_ranks(), strict=True)
        ):
            if rank in _TOLD:
                failure = self._failures.at(place)
                yield ProfileOutcome(
                    change,
                    failure.outcome,
                    failure.code,
                    failure.said or failure.error,
                )
            elif rank == _TAKEN:
                yield ProfileOutcome(change, Outcome.ACKNOWLEDGED)
            elif rank == _SENT:
                yield ProfileOutcome(change, Outcome.SENT)
            else:
                yield ProfileOutcome(change, Outcome.NOT_SENT)

    def _all_ranks(self) -> bytearray:
        if len(self._due) == self._total:
            return self._ranks
        ranks = bytearray((_TAKEN,)) * self._total
        for place in self._sent:
            ranks[place] = _SENT
        for place, rank in zip(self._due, self._ranks, strict=True):
            ranks[place] = rank
        return ranks
