"""What `ctsync import FILE --write-spec` does with an export that a table can read.

The table is drafted as `init --from` drafts it, and read as every table is; so the
state holds what the next plan will declare, and that plan has nothing to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.cli.drafted_table import drafted_table, table_name
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.output import print_message
from ctsync.cli.plan_options import PlanOptions, planner_for, selection_of
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.engines.base import Candidate
    from ctsync.formats.survey import Export
    from ctsync.model.change import Change
    from ctsync.sources.table_draft import Draft


def readable_export(path: Path) -> Export | None:
    """Return what an export looks like, if a table can read it.

    That of the platform itself has flags, groups and several sorts of ids: no table
    says those. Nor is one written for a file of another sort than tables read.

    Raises:
        CtsyncError: it cannot be read, or has no rows.
    """
    from ctsync.formats import is_readable
    from ctsync.observe.export_rows import is_of_platform
    from ctsync.sources.export_survey import survey_export

    if not path.is_file() or not is_readable(path.name):
        return None
    export = survey_export(path)
    names = [column.name for column in export.columns]
    return None if is_of_platform(names) else export


def import_table(
    settings: GlobalOptions,
    path: Path,
    export: Export,
    written: Path,
    key: tuple[str, str] | None,
    permission: WriteOptions,
) -> int:
    """Show what is taken in, ask, write spec and state, give the exit code."""
    from ctsync.plan.document.plan_file import scratch_file

    path, spec = path.resolve(), (settings.directory / written).resolve()
    project = open_session(settings).project
    draft = drafted_table(path, spec, project, key, export)
    name = table_name(spec, project.tables)
    # Once more, with the draft in it, although it is not written before that is
    # approved.
    session = open_session(settings, drafts={spec: draft.text})
    with scratch_file() as file:

        def rewrite(present: CurrentSnapshot) -> StateRewrite:
            return _rewrite(session, present, _Adoption(file, name, path, spec, draft))

        return rewrite_state(session, rewrite, permission)


class _Adoption(Struct, frozen=True):
    """What is adopted: the table of a draft, from where, and where it is written."""

    file: BinaryIO
    table: str
    export: Path
    spec: Path
    draft: Draft


def _rewrite(
    session: ProjectSession, present: CurrentSnapshot, wish: _Adoption
) -> StateRewrite:
    from ctsync.counted import counted
    from ctsync.observe.import_spec import SpecImport

    adoption = SpecImport(wish.file, is_read=True)
    read = 0
    for candidate, change, whole in _changes(session, present, wish.table):
        read += 1
        if change is not None:
            adoption.add(candidate.entry, change, whole)
    left = wish.draft.left_out
    doubts = f"; {counted(left, 'column')} left out, as comments say" if left else ""
    return StateRewrite(
        count=adoption.profiles,
        words=f"take {counted(adoption.attributes, 'attribute')} of "
        f"{counted(adoption.profiles, 'profile')} from {wish.export.name}, as read"
        f"{doubts}",
        edits=adoption.edits,
        more={"read": read, "not_found": 0, "failed": 0, "requests": 0},
        beside=lambda files: files.write(wish.spec, [wish.draft.text]),
    )


def _changes(
    session: ProjectSession, present: CurrentSnapshot, table: str
) -> Iterator[tuple[Candidate, Change | None, Collection[str]]]:
    """Yield whom the table names, and what would make the state as it says.

    Raises:
        SpecError: the draft does not read the export.
    """
    planner = planner_for(session, present, selection_of(PlanOptions()))
    for candidate, built in planner.plan_profiles(present.entries(), present.columns):
        if any(place.origin.table == table for place in candidate.contributions):
            mine = _of_table(session, built.change, table)
            yield candidate, mine, built.whole_lists
    if planner.findings.has_errors:
        print_message(
            "the table as it was drafted does not read this export: let "
            '"ctsync init --from FILE" write it, correct it, and take it in with '
            '"ctsync import spec"'
        )
    planner.refuse_errors()


def _of_table(
    session: ProjectSession, change: Change | None, table: str
) -> Change | None:
    """Return what of a change the table says; what other places say was not read."""
    if change is None:
        return None
    mine = session.project.tables[table].attributes
    kept = tuple(op for op in change.operations if fold_name(op.attribute) in mine)
    if len(kept) == len(change.operations):
        return change
    settled = replace(change.settled, fingerprint=None)
    return replace(change, operations=kept, settled=settled)
