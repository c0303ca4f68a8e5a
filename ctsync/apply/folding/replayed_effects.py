"""What the lines of a journal leave known of each profile, for whoever folds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeAlias

from ctsync.apply.folding.acknowledged_run import acknowledged_runs
from ctsync.apply.folding.plain_profiles import AcknowledgedRow
from ctsync.apply.folding.sent_files import SentRecord, sent_record
from ctsync.apply.folding.state_effects import (
    AcknowledgedRecord,
    EntryWrite,
    UncertainRecord,
    release_of,
    settling,
)
from ctsync.apply.journal.grouped_lines import due_of, dues_of, kind_of, numbered, sends
from ctsync.apply.journal.journal_records import Line, readable
from ctsync.apply.journal.record_fates import RecordFates
from ctsync.apply.journal.record_marks import DOUBTED, TAKEN
from ctsync.model.change import Change
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import (
    CHANGE_KEY,
    change_from_data,
    settled_from_data,
)
from ctsync.plan.document.schedule import records_of
from ctsync.plan.entries.taken_patterns import TakenPatterns
from ctsync.state.journal_file import LineGroup, StoredLine

Folded: TypeAlias = "EntryWrite | UncertainRecord | AcknowledgedRecord | SentRecord"
Effect: TypeAlias = "tuple[ProfileKey, Iterable[Folded]]"


def replayed_effects(
    fates: RecordFates, lines: Iterable[Line], run: str
) -> Iterator[Effect]:
    """Yield what lines do, by key and in the order in which it came.

    `fates` are those of the same lines.

    Raises:
        StateError: they are not what a run writes (code `journal_damaged`).
    """
    return chain.from_iterable(effect_runs(fates, lines, run))


def effect_runs(
    fates: RecordFates, lines: Iterable[Line], run: str
) -> Iterator[Iterable[Effect]]:
    """Yield the same, in runs where all that was sent was acknowledged."""
    place, patterns = 0, TakenPatterns()
    for number, group in numbered(lines):
        dues = dues_of(group)
        are_taken = dues is not None and fates.are_taken(dues, place)
        if are_taken and isinstance(group, LineGroup):
            yield from acknowledged_runs(group, number, patterns)
            place += len(group)
            continue
        for at, line in enumerate(group, start=number):
            with readable(at):
                done = _done(fates, line, place, run, at, patterns)
                place += kind_of(line) == CHANGE_KEY and sends(line)
            if done is not None:
                yield (done,)


def _done(
    fates: RecordFates,
    line: Line,
    place: int,
    run: str,
    number: int,
    patterns: TakenPatterns,
) -> tuple[ProfileKey, Iterable[Folded]] | None:
    kind = kind_of(line)
    if kind == "settled":
        key, settled = settled_from_data(line[kind])
        return key, (settling(settled),)
    if kind != CHANGE_KEY:
        return None
    mark = fates.mark_of(place) if sends(line) else 0
    files = [due.file for due in fates.files.of(place)] if sends(line) else []
    if mark and not files and due_of(line) == mark:
        new = patterns.entry(line.text) if isinstance(line, StoredLine) else None
        whole = AcknowledgedRow(line, number, patterns, new)
        return whole.key, whole
    if mark or files:
        change = change_from_data(line[kind])
        effects = [*_effects(change, mark, run)]
        if files:
            effects.append(sent_record(change, files, run))
        return change.key, tuple(effects)
    if fates.releases and not sends(line):
        change = change_from_data(line[kind])
        return change.key, (release_of(change),)
    return None


def _effects(change: Change, mark: int, run: str) -> Iterator[Folded]:
    for wave, record in records_of(change):
        bits = mark >> 2 * (wave - 1)
        # One that was tried again may be both. It says the same however often it is
        # written, so what was acknowledged in the end is certain.
        if bits & DOUBTED:
            yield UncertainRecord(record.operations, change.settled.cohorts, run)
        if bits & TAKEN:
            yield AcknowledgedRecord(record, change)
