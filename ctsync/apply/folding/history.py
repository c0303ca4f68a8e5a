"""What a journal tells of its run, kept beside the state when the run is folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from msgspec import convert, to_builtins

from ctsync.apply.folding.kept_rows import KNOWN, NEW, NEW_LINE, rows_over, touched
from ctsync.apply.folding.plain_profiles import SpelledRow, SpelledRows, acknowledged
from ctsync.apply.folding.replayed_outcomes import Done, Told, outcome_runs
from ctsync.apply.journal.journal_records import JournalHead, head_from_json, readable
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.canonical_json import fold_name, parse, spelled
from ctsync.gathered_runs import gathered
from ctsync.model.change import Change
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, Record
from ctsync.model.run import Run, RunChange, RunOperation
from ctsync.state.base import Journal, Line, RunRecord, Snapshot, Store
from ctsync.state.entry_edits import beside
from ctsync.state.lineage_checks import relation

_AT_ONCE = 4096


class GivenUp(Exception):
    """Nobody needs any more what is being written."""


def keep_run(
    store: Store,
    before: Snapshot,
    journal: Journal,
    replay: JournalReplay,
    *,
    keep: int,
    is_given_up: Callable[[], bool],
    told: Iterable[Told] | None = None,
) -> None:
    """Keep what a journal tells of its run, with what was known before it.

    `replay` is that of the journal; whoever reads the journal meanwhile has `told` what
    came of its changes. Call it under the lock, before a snapshot with the journal
    folded into it is published: whoever is cut off in between does both once more.

    Raises:
        StateError: it could not be written.
        GivenUp: it was, before all was written; the records before stand.
    """
    run = run_in(before, journal, replay, as_text=True, told=told)
    if run is not None:
        changes = _unless_given_up(run.changes(), is_given_up)
        store.append_run(run.record, changes, keep=keep)


def _unless_given_up(
    changes: Iterable[Line], is_given_up: Callable[[], bool]
) -> Iterator[Line]:
    for change in changes:
        if is_given_up():
            raise GivenUp
        yield change


def run_in(
    before: Snapshot,
    journal: Journal,
    replay: JournalReplay,
    *,
    as_text: bool = False,
    told: Iterable[Told] | None = None,
) -> RunRecord | None:
    """Return the record of the run of a journal, and of what it did to `before`.

    One of which nothing reached the platform, and that released nothing, is none. Where
    all of a change was acknowledged, the row of the plan is kept as it stands. Who only
    writes it down takes it, and many lines of such rows at once, `as_text`: as what is
    `spelled` already. Of what is `told` already the journal is not read.
    """
    if not (replay.does_anything or replay.counts()["rejected"]):
        return None
    run = _run_of(head_from_json(journal.head), replay)

    def changes() -> Iterator[Line]:
        runs = outcome_runs(replay, journal.lines()) if told is None else told
        with readable():
            yield from _told_changes(before, runs, as_text=as_text)

    return RunRecord(to_builtins(run), changes)


def _told_changes(
    before: Snapshot, runs: Iterable[Told], *, as_text: bool
) -> Iterator[Line]:
    if as_text and (before.header is None or before.known_lines is not None):
        return _together(before, runs)
    told = chain.from_iterable(runs)
    return _changes(before, told, spelled if as_text else parse)


def past_runs(store: Store) -> Iterator[RunRecord]:
    """Yield the runs that are kept, the last one first; one that is not folded too.

    Raises:
        StateError: they cannot be read.
    """
    journal = store.journal()
    if journal is not None:
        snapshot = store.read()
        header, location = snapshot.header, store.location
        if relation(header, journal.head, location=location) == "extends":
            replay = JournalReplay(journal.lines())
            yield from filter(None, [run_in(snapshot, journal, replay)])
    yield from store.runs()


def _run_of(head: JournalHead, replay: JournalReplay) -> Run:
    return Run(
        run=head.run,
        started=head.started,
        seconds=replay.seconds,
        author=head.author,
        environment=head.environment,
        lineage=head.lineage,
        serial=head.serial,
        plan=head.plan,
        digest=head.digest,
        counts=replay.counts(),
        calls=replay.calls,
        stopped=replay.stopped,
        tool_version=head.tool_version,
    )


def _together(before: Snapshot, runs: Iterable[Told]) -> Iterator[Line]:
    """Yield the same lines, those of a run as one text."""
    known = None if before.known_lines is None else before.known_lines()
    for run in gathered(runs, SpelledRows, _AT_ONCE):
        if not isinstance(run, SpelledRows):
            yield from _changes(before, run, spelled)
        elif known is None:
            yield spelled(run.lines(NEW_LINE))
        else:
            yield spelled(b"\n".join(rows_over(known, run)))


def _changes(
    before: Snapshot,
    told: Iterable[Done | SpelledRow],
    spell: Callable[[bytes], Any],
) -> Iterator[Line]:
    keyed = ((_key_of(each), each) for each in told)
    for _, each, entry in _beside(before, keyed):
        # One that a read found gone was made anew.
        known = None if entry is None or entry.gone else entry
        if not isinstance(each, SpelledRow):
            yield to_builtins(change_of(*each, known))
        elif known is None:
            yield {NEW: spell(each.text)}
        else:
            before_it = _known(known, touched(each.text))
            yield {
                KNOWN: spell(each.text),
                "known": to_builtins(before_it),
                "cohorts": known.cohorts,
            }


def _key_of(told: Done | SpelledRow) -> ProfileKey:
    return told.key if isinstance(told, SpelledRow) else told[0].key


def _beside(
    before: Snapshot, keyed: Iterable[tuple[ProfileKey, Done | SpelledRow]]
) -> Iterator[tuple[ProfileKey, Done | SpelledRow, Entry | None]]:
    if before.header is None:
        return ((key, each, None) for key, each in keyed)
    return beside(before.pick, keyed)


def run_change_from(line: Line) -> RunChange:
    """Read what is kept of a change.

    Raises:
        ValueError: it is none.
    """
    if NEW in line:
        return change_of(*acknowledged(line[NEW]), None)
    if KNOWN in line:
        change, records = acknowledged(line[KNOWN])
        known = convert(line["known"], dict[str, KnownValue])
        entry = Entry(change.key, known, tuple(line["cohorts"]))
        return change_of(change, records, entry)
    return convert(line, RunChange)


def change_of(
    change: Change, records: Iterable[tuple[Record, Outcome]], entry: Entry | None
) -> RunChange:
    """Return what is kept of a change, of which so much was done, over an entry."""
    records = tuple(records)
    operations = tuple(
        RunOperation(operation, outcome)
        for record, outcome in records
        for operation in record.operations
    )
    settles = any(
        record.last and outcome is Outcome.ACKNOWLEDGED for record, outcome in records
    )
    touched = [each.operation.attribute for each in operations]
    return RunChange(
        change.key,
        change.action,
        operations,
        change.released,
        change.settled.forget if settles else (),
        _known(entry, (*touched, *change.released)),
        () if entry is None else entry.cohorts,
        is_new=entry is None,
    )


def _known(entry: Entry | None, names: Iterable[str]) -> Mapping[str, KnownValue]:
    if entry is None:
        return {}
    found = {name: entry.attributes.get(name) for name in map(fold_name, names)}
    return {name: known for name, known in found.items() if known is not None}
