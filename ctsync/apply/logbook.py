"""Writing down what is about to be sent, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Protocol

from ctsync.apply.dossier import Dossier
from ctsync.apply.effect import (
    Doubt,
    Effect,
    effect_of,
    known_before,
    release_of,
)
from ctsync.apply.journal import (
    Sent,
    end_line,
    intent_line,
    receipt_line,
    release_line,
)
from ctsync.apply.retry import writes_counters
from ctsync.model.change import Change
from ctsync.model.key import Key
from ctsync.model.record import Outcome, Record, Verdict
from ctsync.state.base import JournalWriter

_RELEASES_PER_LINE = 1000

DossierByKey = Mapping[Key, Dossier]


class Logbook(Protocol):
    """Where a run notes its calls."""

    def intend(
        self, call: int, records: tuple[Record, ...], dossiers: DossierByKey
    ) -> None:
        """Note that a call leaves. It may leave once this returns.

        Lanes ask side by side.
        """
        ...

    def receive(
        self,
        call: int,
        records: tuple[Record, ...],
        verdicts: tuple[Verdict, ...],
        dossiers: DossierByKey,
    ) -> None:
        """Note what came of a call."""
        ...


class JournalLogbook:
    """Keeps the journal of a run that writes."""

    def __init__(
        self,
        writer: JournalWriter,
        run: str,
        timeout_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._run = run
        self._timeout_seconds = timeout_seconds
        self._clock = clock

    def intend(
        self, call: int, records: tuple[Record, ...], dossiers: DossierByKey
    ) -> None:
        """Note a call, with what is known if nothing is heard of it; survives."""
        has_counters = writes_counters(records)
        sent = Sent(call, self._clock(), self._timeout_seconds, has_counters)
        doubts = ((r.key, self._doubt(r, dossiers[r.key])) for r in records)
        self._writer.append(intent_line(sent, self._run, doubts), sync=True)

    def receive(
        self,
        call: int,
        records: tuple[Record, ...],
        verdicts: tuple[Verdict, ...],
        dossiers: DossierByKey,
    ) -> None:
        """Note what came of a call."""
        received = [
            (record.key, verdict, self._effect(record, verdict, dossiers[record.key]))
            for record, verdict in zip(records, verdicts, strict=True)
        ]
        # Unsynced: if the line is lost, its outcomes are unknown, which is safe.
        self._writer.append(receipt_line(call, received), sync=False)

    def release(self, changes: Iterable[Change]) -> bool:
        """Note what the state alone forgets; say whether there was anything."""
        waiting, found = iter(changes), False
        while batch := list(islice(waiting, _RELEASES_PER_LINE)):
            found = True
            releases = [(change.key, release_of(change)) for change in batch]
            self._writer.append(release_line(releases), sync=False)
        return found

    def end(self, *, is_open: bool) -> None:
        """Note that the run came to its end by itself; survives."""
        self._writer.append(end_line(is_open=is_open), sync=True)

    def _doubt(self, record: Record, dossier: Dossier) -> Doubt:
        return Doubt(record.operations, dossier.change.settled.cohorts, self._run)

    def _effect(
        self, record: Record, verdict: Verdict, dossier: Dossier
    ) -> Effect | None:
        if verdict.outcome is not Outcome.ACKNOWLEDGED:
            return None
        known = known_before(record, dossier.change, dossier.known)
        return effect_of(record, dossier.change, known)


class NoLogbook:
    """Notes nothing: for a dry run."""

    def intend(
        self, call: int, records: tuple[Record, ...], dossiers: DossierByKey
    ) -> None:
        """Note nothing."""

    def receive(
        self,
        call: int,
        records: tuple[Record, ...],
        verdicts: tuple[Verdict, ...],
        dossiers: DossierByKey,
    ) -> None:
        """Note nothing."""
