"""What `ctsync import api` and `ctsync import FILE` do: read, show, ask, write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct, field

from ctsync.cli.due_imports import waits_of
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.imports.import_asking import Asking
from ctsync.cli.imports.import_wish import ImportWish, check_wish, chosen_by
from ctsync.cli.imports.write_spec_files import (
    left_out_words,
    spec_kept_in,
    write_spec_files,
)
from ctsync.cli.plan_options import PlanOptions, planner_for, selection_of
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.state_writes import (
    StateRewrite,
    WriteBeside,
    WriteOptions,
    rewrite_state,
)
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.observe.exports.export_rows import ExportFile
    from ctsync.observe.import_profiles import Beside, ImportRules, ProfileImport
    from ctsync.observe.profile_reply import Reading
    from ctsync.observe.write_spec import SpecFromState


class ImportCounts(Struct):
    """What reading came to."""

    read: int = 0
    not_found: int = 0
    failed: int = 0
    requests: int = 0
    findings: Findings = field(default_factory=Findings)

    def as_json(self) -> dict[str, int]:
        """Return what a document says."""
        names = ("read", "not_found", "failed", "requests")
        return {name: getattr(self, name) for name in names}


def import_read(
    settings: GlobalOptions, wish: ImportWish, permission: WriteOptions
) -> int:
    """Read profiles, show what is taken in, ask, write, give the exit code."""
    check_wish(wish, settings.directory)
    if wish.write_spec is not None and wish.source != "api" and not wish.targets:
        from ctsync.cli.imports.import_table import import_table, readable_export
        from ctsync.observe.exports.export_keys import parse_key_column

        path, key = settings.directory / wish.source, parse_key_column(wish.key_column)
        export = readable_export(path)
        if export is not None:
            return import_table(
                settings, path, export, wish.write_spec, key, permission
            )
    session = open_session(settings)
    with ExitStack() as stack:

        def rewrite(present: CurrentSnapshot) -> StateRewrite:
            reading = _Import(session, present, wish, stack)
            return reading.rewrite(keeps=not permission.dry_run)

        return rewrite_state(session, rewrite, permission)


class _Import:
    """One import: reads, and makes of it what is to be written."""

    def __init__(
        self,
        session: ProjectSession,
        present: CurrentSnapshot,
        wish: ImportWish,
        stack: ExitStack,
    ) -> None:
        self._session = session
        self._present = present
        self._wish = wish
        self._stack = stack
        self._chosen = chosen_by(wish.targets)
        self._ended: Callable[[], None] | None = None
        self.counts = ImportCounts()

    def rewrite(self, *, keeps: bool) -> StateRewrite:
        from ctsync.counted import counted
        from ctsync.observe.import_profiles import ProfileImport

        spec, declared = self._spec(), self._declared()
        rules = self._rules(is_free=spec is not None or not declared.tell())
        taken = ProfileImport(self._file(), rules, spec)
        self._take_in(taken, rules, declared, keeps=keeps)
        counts = self.counts
        return StateRewrite(
            count=taken.profiles,
            words=f"take {counted(taken.attributes, 'attribute')} of "
            f"{counted(taken.profiles, 'profile')} from {self._wish.place}, "
            f"as read{left_out_words(spec)}",
            edits=taken.edits,
            findings=counts.findings,
            more=counts.as_json(),
            exit_code=3 if counts.failed else 0,
            beside=None if spec is None else self._writing(spec),
            last=self._ended,
        )

    def _writing(self, spec: SpecFromState) -> WriteBeside:
        path = self._session.settings.directory / (self._wish.write_spec or "")
        return lambda files: write_spec_files(files, self._session, path, spec)

    def _file(self) -> BinaryIO:
        from ctsync.plan.document.plan_file import scratch_file

        return self._stack.enter_context(scratch_file())

    def _spec(self) -> SpecFromState | None:
        if self._wish.write_spec is None:
            return None
        return spec_kept_in(self._file(), self._session)

    def _rules(self, *, is_free: bool) -> ImportRules:
        """Give what is taken in: all, or what the project has a name for."""
        from ctsync.observe.import_profiles import ImportRules

        project = self._session.project
        known = project.names | project.catalog.keys()
        is_chosen = self._chosen.attribute_test()

        def wants(folded: str, _: str) -> bool:
            return (is_free or folded in known) and is_chosen(folded)

        waited = waits_of(self._present.header).names
        return ImportRules(project.rule_for, wants, waited)

    def _declared(self) -> BinaryIO:
        """Write what the spec declares to a file, as if it were so, sorted by key."""
        from ctsync.observe.said_entries import SaidEntries

        file = self._file()
        said = SaidEntries(file)
        # What the spec says is asked as if nothing were known, so that all of it is a
        # change.
        empty = type(self._present)()
        planner = planner_for(self._session, empty, selection_of(PlanOptions()))
        for planned in planner.plan_rows(()):
            if isinstance(planned, DecidedRows):
                said.add_decided(planned)
            if not isinstance(planned, tuple):
                continue
            candidate, built = planned
            if built.change is not None and candidate.contributions:
                said.add(built.change)
        planner.refuse_errors()
        return file

    def _take_in(
        self,
        taken: ProfileImport,
        rules: ImportRules,
        declared: BinaryIO,
        *,
        keeps: bool,
    ) -> None:
        from ctsync.observe.import_profiles import Beside

        asked = self._asked(declared, keeps=keeps) if self._wish.is_api else None
        said, known = Beside(_entries(declared)), Beside(self._present.entries())
        if asked is None:
            self._take_rows(taken, rules, said, known)
        else:
            self._take_readings(asked, taken, said, known)

    def _asked(self, declared: BinaryIO, *, keeps: bool) -> Iterator[Reading]:
        asking = Asking(
            self._session,
            self._present,
            self._wish,
            self._chosen,
            lambda: (entry.key for entry in _entries(declared)),
            keeps,
        )
        kept, self.counts.requests = asking.read(self._stack)
        self._ended = kept.discard
        return kept.readings()

    def _take_readings(
        self,
        readings: Iterator[Reading],
        taken: ProfileImport,
        said: Beside,
        known: Beside,
    ) -> None:
        for each in readings:
            if self._note(each) and self._chosen.wants_key(each.key):
                key = each.key
                taken.add(each.profile, known.at(key), said.at(key), key)

    def _note(self, reading: Reading) -> bool:
        """Count a reading; return whether there is a profile."""
        from ctsync.observe.profile_reply import Found

        if reading.found is Found.FOUND:
            self.counts.read += 1
            if reading.profile.is_merged:
                words = "several identities share this profile"
                self._report("CT701", words, reading.key)
            return True
        if reading.found is Found.GONE:
            self.counts.not_found += 1
        else:
            self.counts.failed += 1
            self._report("CT703", reading.message, reading.key)
        return False

    def _take_rows(
        self, taken: ProfileImport, rules: ImportRules, said: Beside, known: Beside
    ) -> None:
        from ctsync.observe.exports.take_export import ExportImport, ExportWish

        chosen = self._chosen
        wants_key = chosen.wants_key if chosen.chooses_keys else None
        wish = ExportWish(self._export(), rules, wants_key)
        rows = ExportImport(wish, taken, said, known)
        rows.run()
        self.counts.read += rows.read

    def _export(self) -> ExportFile:
        from ctsync.observe.exports.export_keys import parse_key_column
        from ctsync.observe.exports.export_rows import ExportFile

        path = self._session.settings.directory / self._wish.source
        key = parse_key_column(self._wish.key_column)
        project = self._session.project

        def is_text(name: str) -> bool:
            return project.rule_for(name).kind not in {None, "date"}

        return ExportFile(path, key, project.frame.timezone, is_text)

    def _report(self, code: str, message: str, key: ProfileKey) -> None:
        from ctsync.diagnostic_codes import severity_of

        shown = self._session.mask(self._present.base.lineage).key_json(key)
        self.counts.findings.add(
            Diagnostic(severity_of(code), code, message, key=shown)
        )


def _entries(file: BinaryIO) -> Iterator[Entry]:
    from ctsync.model.entry import entry_from_line

    file.seek(0)
    return map(entry_from_line, file)
