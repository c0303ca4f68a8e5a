"""Joining a journal to the snapshot that it extends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from ctsync.apply.folding.acknowledged_run import AcknowledgedRun, AssignedRun
from ctsync.apply.folding.plain_profiles import AcknowledgedRow
from ctsync.apply.folding.replayed_effects import Effect, Folded, effect_runs
from ctsync.apply.journal.edit_order import runs_in_order
from ctsync.apply.journal.files_replay import with_confirmed
from ctsync.apply.journal.journal_records import JournalHead, head_from_json
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.model.due_import import DueImport, remembered
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header, LastPlan, Unanswered
from ctsync.state.base import Journal
from ctsync.state.edit_stream import EditStream
from ctsync.state.entry_edits import Edit


class Folding(Struct, frozen=True):
    """What a journal does to the snapshot that it extends; `header` has no digest."""

    header: Header
    edits: Callable[[], Iterable[tuple[ProfileKey, Edit]]]


def fold_edits(
    effects: Iterable[tuple[ProfileKey, Iterable[Folded]]],
) -> Iterator[tuple[ProfileKey, Edit]]:
    """Yield effects as edits of a snapshot's entries."""
    for key, group in effects:
        if isinstance(group, AcknowledgedRow):
            yield key, group
        else:
            yield key, partial(fold_effects, key, group)


def edit_runs(
    runs: Iterable[Iterable[Effect]],
) -> Iterator[Iterable[tuple[ProfileKey, Edit]]]:
    """Yield runs of effects as runs of edits of a snapshot's entries.

    Raises:
        StateError: they do not come by key (code `journal_damaged`).
    """
    return runs_in_order(
        run if isinstance(run, AcknowledgedRun | AssignedRun) else fold_edits(run)
        for run in runs
    )


def fold_effects(
    key: ProfileKey, effects: Iterable[Folded], entry: Entry | None
) -> Entry | None:
    """Return what effects make of an entry, one after the other."""
    empty = Entry(key)
    for effect in effects:
        entry = effect.fold_into(entry, empty)
    return entry


def fold_journal(
    header: Header | None, journal: Journal, replay: JournalReplay
) -> Folding | None:
    """Return what a journal makes of the snapshot it extends; None if it did nothing.

    `replay` is that of the journal.

    Entries found to be as desired already go in at a fold, and are no reason for one.
    """
    if not replay.does_anything:
        return None
    head = head_from_json(journal.head)

    def edits() -> EditStream:
        runs = effect_runs(replay, journal.lines(), head.run)
        return EditStream(edit_runs(runs), replay.changed)

    return Folding(_header_after(header, head, replay), edits)


def _header_after(
    header: Header | None, head: JournalHead, replay: JournalReplay
) -> Header:
    begun = header or Header(head.lineage, head.serial, head.account)
    return replace(
        begun,
        serial=head.serial + 1,
        last_plan=LastPlan(head.plan, replay.is_open),
        tool_version=head.tool_version,
        talks_to=head.talks_to,
        marks=head.marks,
        # Who sends has waited for whatever was on its way before.
        unanswered=_unanswered(head, replay) if replay.sends else begun.unanswered,
        imports=_imports(begun, head, replay),
    )


def _imports(
    begun: Header, head: JournalHead, replay: JournalReplay
) -> tuple[DueImport, ...]:
    files = replay.files
    known = with_confirmed(begun.imports, files.confirmed, head.boot)
    return remembered(known, files.imports(), head.started)


def _unanswered(head: JournalHead, replay: JournalReplay) -> Unanswered | None:
    sent = replay.unanswered
    if sent is None:
        return None
    return Unanswered(head.boot, sent.at, sent.timeout_seconds)
