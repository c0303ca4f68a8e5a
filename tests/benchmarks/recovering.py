"""Runs that were cut off, and their folding: `python recovering.py ACT PROJECT FILE`.

`note` leaves the journal of a run that sent the saved plan FILE, of which every record
was acknowledged and nothing was folded yet; nothing is sent. `fold` takes it up as the
next command does, `slowly` does so with no row told at a look, `shared` as executors
would, one after the other here. All three write to FILE, as JSON, the seconds of the
parts. A process of its own, whose time and memory can be told.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import to_builtins
from probe import Spent, probe

from ctsync.apply import recover
from ctsync.apply.folding import fold_elsewhere, plain_profiles
from ctsync.apply.folding.fold import fold_journal
from ctsync.apply.folding.run_keeping import RunKeeping
from ctsync.apply.gc_tuning import collected_seldom
from ctsync.apply.journal.journal_records import JournalHead, end_line
from ctsync.engines.own_processes import made_ahead
from ctsync.model.workers import Workers
from ctsync.plan.document.batches import spans
from ctsync.plan.document.change_codec import START, waves_in
from ctsync.plan.document.plan_file import SavedPlan, open_unproven
from ctsync.plan.entries.known_patterns import KnownPatterns
from ctsync.plan.entries.row_patterns import RowPatterns
from ctsync.state import open_store, segmented_store
from ctsync.state.base import JournalWriter, Store

RECORDS_A_CALL = 1000
_LOCATION = "state/"


def note(folder: Path, file: Path) -> None:
    """Leave the journal of a run of which every record was acknowledged."""
    store = open_store(_LOCATION, folder=folder)
    with open_unproven(file) as plan, store.open_journal(_head(store, plan)) as writer:
        writer.append_plan(plan.pieces())
        for call, (wave, places) in enumerate(_calls(plan), start=1):
            _note_call(writer, call, wave, places)
        writer.append(end_line(is_open=False), sync=True)


def _head(store: Store, plan: SavedPlan) -> dict[str, Any]:
    header = store.read().header
    head = JournalHead(
        lineage="lineage" if header is None else header.lineage,
        serial=0 if header is None else header.serial,
        account=plan.head.account.bare,
        run="run",
        plan=plan.checksum,
        digest=plan.foot.digest,
        started=0.0,
        boot=None,
        tool_version="bench",
    )
    data: dict[str, Any] = to_builtins(head)
    return data


def _note_call(writer: JournalWriter, call: int, wave: int, places: list[int]) -> None:
    whom = {"wave": wave, "spans": spans(tuple(places))}
    intent = {"call": call, "at": 0.0, "timeout_seconds": 60.0, **whom}
    outcomes = [(len(places), "acknowledged")]
    writer.append({"intent": intent}, sync=False)
    writer.append({"receipt": {"call": call, "outcomes": outcomes}}, sync=False)


def _calls(plan: SavedPlan) -> Iterator[tuple[int, list[int]]]:
    """Yield waves with the places of the records of their calls."""
    of_wave: defaultdict[int, list[int]] = defaultdict(list)
    changes = (line for line in plan.entry_lines() if line.startswith(START))
    for place, waves in enumerate(filter(None, map(waves_in, changes))):
        for wave in waves.split(b","):
            of_wave[int(wave)].append(place)
    for number, places in sorted(of_wave.items()):
        for start in range(0, len(places), RECORDS_A_CALL):
            yield number, places[start : start + RECORDS_A_CALL]


def fold(folder: Path, file: Path) -> None:
    """Take the run up, and write down what folding it and keeping its record cost."""
    spent: Spent = defaultdict(float)
    store = open_store(_LOCATION, folder=folder)
    probe(spent, recover, "JournalReplay", "replay")
    probe(spent, recover, "fold_kept", "fold")
    with collected_seldom():
        recover.recover(store)
    file.write_text(json.dumps(spent))


def fold_slowly(folder: Path, file: Path) -> None:
    """Do the same, with values made of every change and every entry."""
    module: Any = plain_profiles
    module.entry_after = _nothing
    module.SpelledRow.of_line = module.SpelledRow.of_lines = _nothing
    for patterns in (RowPatterns, KnownPatterns):
        patterns.learn = _nothing  # type: ignore[method-assign, assignment]
    fold(folder, file)


def fold_in_ranges(folder: Path, file: Path) -> None:
    """Fold the run as executors would, and write down what is left to the sender."""
    spent: Spent = defaultdict(float)
    store = open_store(_LOCATION, folder=folder)
    probe(spent, _Executors, "run", "executors")
    probe(spent, fold_elsewhere, "cut_journal", "cut")
    probe(spent, segmented_store, "sound_sheet", "look")
    probe(spent, type(store), "amend_by_ranges", "amend")
    probe(spent, recover, "keep_run", "keep")
    probe(spent, recover, "JournalReplay", "replay")
    with collected_seldom():
        _fold_in_ranges(store)
    spent["fold_cpu"] = spent["keep_cpu"] + spent["amend_cpu"]
    file.write_text(json.dumps(spent))


def _fold_in_ranges(store: Store) -> None:
    journal, present = store.journal(), store.read()
    assert journal is not None
    module: Any = recover
    replay = module.JournalReplay(journal.lines())
    keeping = RunKeeping(
        partial(module.keep_run, store, present, journal, replay, keep=1)
    )
    keeping.keep()  # not meanwhile: what each costs is to be told
    folding = fold_journal(present.header, journal, replay)
    assert folding is not None
    workers = Workers(_Executors().run, made_ahead, worth=0, pieces=64)
    fold_elsewhere.fold_by_workers(workers, store, folding, journal, replay, keeping)
    store.discard_journal()


class _Executors:
    """Does the work of a cluster here, a piece after the other."""

    def run(
        self, task: Callable[[bytes], bytes], pieces: Sequence[bytes]
    ) -> list[bytes]:
        data = pickle.dumps(task)
        return [pickle.loads(data)(piece) for piece in pieces]


def _nothing(*_: object) -> None:
    """Know nothing at a look."""


_ACTS = {
    "note": note,
    "fold": fold,
    "slowly": fold_slowly,
    "shared": fold_in_ranges,
}

if __name__ == "__main__":
    act, *paths = sys.argv[1:]
    _ACTS[act](*map(Path, paths))
