"""What `ctsync state history` does, and finding the run that a word names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import ProjectSession, open_session, sensitivity
from ctsync.cli.terminal.output import print_document, require_format
from ctsync.errors import StateError, UsageError

if TYPE_CHECKING:
    from ctsync.model.masking import Mask
    from ctsync.model.operation import Operation
    from ctsync.model.run import Run, RunChange
    from ctsync.state import Store
    from ctsync.state.base import RunRecord

LAST = "last"


def list_runs(settings: GlobalOptions) -> int:
    """List the runs that are kept, the last one first."""
    from ctsync.apply.folding.history import past_runs
    from ctsync.render.run_history import HISTORIES

    require_format(settings, *HISTORIES)
    session = open_session(settings)
    runs = (run_of(record) for record in past_runs(session.store()))
    print_document(HISTORIES[settings.format](runs, session.project.timezone))
    return 0


def show_run(settings: GlobalOptions, word: str) -> int:
    """Show one run, and what it changed."""
    from ctsync.apply.recover import folded_view
    from ctsync.render.run_history import RUN_PAGES

    require_format(settings, *RUN_PAGES)
    session = open_session(settings)
    session = session.beside(folded_view(session.store()).header)
    record = find_run(session.store(), word)
    run = run_of(record)
    page = RUN_PAGES[settings.format]
    print_document(page(run, _shown(session, record), _mask(session, run)))
    return 0


def find_run(store: Store, word: str) -> RunRecord:
    """Return the run that an id, the beginning of one, or `last` names.

    Raises:
        UsageError: none does, or several do.
        StateError: the history cannot be read.
    """
    from ctsync.apply.folding.history import past_runs

    runs = past_runs(store)
    if word == LAST:
        found = [*zip(range(1), runs, strict=False)]
        chosen = [record for _, record in found]
    else:
        chosen = [r for r in runs if word and str(r.record["run"]).startswith(word)]
    if len(chosen) == 1:
        return chosen[0]
    what = "several runs begin with" if chosen else "the history has no run"
    raise UsageError(f"{what} {word}", hint='see "ctsync state history"')


def run_of(record: RunRecord) -> Run:
    """Read the record of a run.

    Raises:
        StateError: it is none that this version knows.
    """
    from msgspec import ValidationError, convert

    from ctsync.model.run import Run

    try:
        return convert(record.record, Run)
    except ValidationError as error:
        raise _unreadable() from error


def changes_in(record: RunRecord) -> Iterator[RunChange]:
    """Yield what a run changed, by key.

    Raises:
        StateError: it cannot be read.
    """
    from ctsync.apply.folding.history import run_change_from

    try:
        yield from map(run_change_from, record.changes())
    except ValueError as error:
        raise _unreadable() from error


def _unreadable() -> StateError:
    return StateError(
        "the history has a record that this version cannot read",
        hint="use the version of ctsync that made that run",
        code="history_damaged",
    )


def _shown(session: ProjectSession, record: RunRecord) -> Iterator[RunChange]:
    """Yield changes with what the catalog calls sensitive by now marked so too."""
    is_sensitive = sensitivity(session)
    for change in changes_in(record):
        yield marked(change, is_sensitive)


def marked(change: RunChange, is_sensitive: Callable[[str], bool]) -> RunChange:
    """Return a change with what is called sensitive by now marked so too."""
    operations = tuple(
        replace(each, operation=_marked(each.operation, is_sensitive))
        for each in change.operations
    )
    return replace(change, operations=operations)


def _marked(operation: Operation, is_sensitive: Callable[[str], bool]) -> Operation:
    is_marked = operation.sensitive or is_sensitive(operation.attribute)
    return replace(operation, sensitive=is_marked)


def _mask(session: ProjectSession, run: Run) -> Mask:
    return session.mask(run.lineage)
