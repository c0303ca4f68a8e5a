"""What `ctsync import FILE --write-spec` does with an export that a table can read.

The table is drafted as `init --from` drafts it, and read as every table is; so the
state holds what the next plan will declare, and that plan has nothing to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from ctsync.cli.drafted_table import drafted_table, table_name
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.plan_options import PlanOptions, planner_for, selection_of
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.cli.terminal.output import print_message
from ctsync.model.decided_rows import DecidedRows

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.formats.survey import Export
    from ctsync.observe.import_spec import SpecImport
    from ctsync.sources.table_draft import Draft


def readable_export(path: Path) -> Export | None:
    """Return what an export looks like, if a table can read it.

    That of the platform itself has flags, groups and several sorts of ids: no table
    says those. Nor is one written for a file of another sort than tables read.

    Raises:
        CtsyncError: it cannot be read, or has no rows.
    """
    from ctsync.formats import is_readable
    from ctsync.observe.exports.export_profile import is_of_platform
    from ctsync.sources.export_survey import survey_export

    if not is_readable(path.name):
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
    from ctsync.plan.entries.plain_entry import Taking

    adoption = SpecImport(wish.file, Taking.READ)
    read = _adopt(session, present, wish.table, adoption)
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


def _adopt(
    session: ProjectSession, present: CurrentSnapshot, table: str, adoption: SpecImport
) -> int:
    """Take in what would make the state as a table says; return whom it names.

    What other places say of them was not read.

    Raises:
        SpecError: the project has errors, or the draft does not read the export.
    """
    from ctsync.observe.adopted_table import AdoptedTable
    from ctsync.observe.table_part import TablePart

    planner = planner_for(session, present, selection_of(PlanOptions()))
    planner.refuse_errors()  # of the project, whatever the draft reads
    part = TablePart(table, session.project.tables[table].attributes)
    adopted = AdoptedTable(adoption, part, present.entries)
    for planned in planner.plan_rows(present.entries(), present.columns):
        if isinstance(planned, DecidedRows):
            adopted.add(planned)
        elif isinstance(planned, tuple):
            candidate, built = planned
            adopted.add_one(candidate, built.change, built.whole_lists)
    if planner.findings.has_errors:
        print_message(
            "the table as it was drafted does not read this export: let "
            '"ctsync init --from FILE" write it, correct it, and take it in with '
            '"ctsync import spec"'
        )
    planner.refuse_errors()
    return adopted.read
