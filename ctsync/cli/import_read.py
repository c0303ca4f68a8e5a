"""What `ctsync import api` and `ctsync import FILE` do: read, show, ask, write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from msgspec import Struct, field

from ctsync.canonical_json import fold_name
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.plan_options import PlanOptions, planner_for, selection_of
from ctsync.cli.progress import ReadProgress
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.read_platform import announce, reading, refuse_interruption
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.errors import CtsyncError, UsageError
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ID_TYPES, ProfileKey, parse_key

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.observe.export_rows import ExportFile
    from ctsync.observe.import_profiles import Beside, ImportRules, ProfileImport
    from ctsync.observe.profile_reply import SeenProfile
    from ctsync.observe.write_spec import SpecFromState
    from ctsync.plan.selection import Selector

Profiles: TypeAlias = "Iterable[tuple[ProfileKey, SeenProfile]]"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class ImportWish(Struct, frozen=True):
    """What the command line asks of an import."""

    source: str
    keys: tuple[str, ...] = ()
    keys_file: Path | None = None
    key_column: str | None = None
    event: str | None = None
    since: str | None = None
    until: str | None = None
    targets: tuple[str, ...] = ()
    write_spec: Path | None = None


class ImportCounts(Struct):
    """What reading came to."""

    read: int = 0
    not_found: int = 0
    failed: int = 0
    merged: int = 0
    requests: int = 0
    findings: Findings = field(default_factory=Findings)


def import_read(
    settings: GlobalOptions, wish: ImportWish, permission: WriteOptions
) -> int:
    """Read profiles, show what is taken in, ask, write, give the exit code."""
    _check(settings, wish)
    session = open_session(settings)
    with ExitStack() as stack:

        def rewrite(present: CurrentSnapshot) -> StateRewrite:
            return _Import(session, present, wish, stack).rewrite()

        return rewrite_state(session, rewrite, permission)


def _check(settings: GlobalOptions, wish: ImportWish) -> None:
    is_api = wish.source == "api"
    ways = (bool(wish.keys), wish.keys_file is not None, wish.event is not None)
    if sum(ways) > 1:
        raise UsageError("give keys, --keys or --event, not several of them")
    if not is_api and any(ways):
        raise UsageError("keys and --event go with import api; a file says whose it is")
    if is_api and wish.key_column is not None:
        raise UsageError("--key names a column of a file; import api has none")
    if wish.event is not None and not (wish.since and wish.until):
        raise UsageError(
            "--event needs the days", hint="give --since and --until, as 2026-11-01"
        )
    if wish.write_spec is not None and (settings.directory / wish.write_spec).exists():
        raise UsageError(
            f"{wish.write_spec} is there already, and is not overwritten",
            hint="name another file with --write-spec",
        )


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
        self._chosen = _chosen(wish.targets)
        self.counts = ImportCounts()

    def rewrite(self) -> StateRewrite:
        from ctsync.observe.import_profiles import ProfileImport
        from ctsync.render.summary_text import counted

        spec, declared = self._spec(), self._declared()
        rules = self._rules(is_free=spec is not None or not declared.tell())
        taken = ProfileImport(self._file(), rules, spec)
        self._take_in(taken, declared)
        counts = self.counts
        left = "" if spec is None else _left_out(spec)
        return StateRewrite(
            count=taken.profiles,
            words=f"take {counted(taken.attributes, 'attribute')} of "
            f"{counted(taken.profiles, 'profile')} from "
            f"{'the platform' if self._wish.source == 'api' else self._wish.source}, "
            f"as read{left}",
            edits=taken.edits,
            findings=counts.findings,
            more={
                "read": counts.read,
                "not_found": counts.not_found,
                "failed": counts.failed,
                "requests": counts.requests,
            },
            exit_code=3 if counts.failed else 0,
            first=None if spec is None else self._writing(spec),
        )

    def _writing(self, spec: SpecFromState) -> Callable[[], None]:
        return lambda: write_spec_files(self._session, self._spec_path, spec)

    @property
    def _spec_path(self) -> Path:
        return self._session.settings.directory / (self._wish.write_spec or "")

    def _file(self) -> BinaryIO:
        from ctsync.plan.plan_file import scratch_file

        return self._stack.enter_context(scratch_file())

    def _spec(self) -> SpecFromState | None:
        from ctsync.observe.write_spec import SpecFromState
        from ctsync.project.attribute_name_checks import name_faults

        if self._wish.write_spec is None:
            return None
        project = self._session.project

        def is_sound(name: str) -> bool:
            bare = name.removeprefix("subscriptions.email.")
            return not any(name_faults(bare, project.frame.limits))

        return SpecFromState(self._file(), project.rule_for, project.frame, is_sound)

    def _selectors(self, *kinds: str) -> list[Selector]:
        return [each for each in self._chosen if each.kind in kinds]

    def _wants_key(self, key: ProfileKey) -> bool:
        by_key = self._selectors(*ID_TYPES)
        return not by_key or any(
            each.kind == key.type and each.matches((key.id,)) for each in by_key
        )

    def _rules(self, *, is_free: bool) -> ImportRules:
        """Give what is taken in: all, or what the project has a name for."""
        from ctsync.observe.import_profiles import ImportRules

        project = self._session.project
        known = project.names | project.catalog.keys()
        chosen = self._selectors("attribute")

        def wants(folded: str, _: str) -> bool:
            is_meant = is_free or folded in known
            is_chosen = any(fnmatchcase(folded, fold_name(s.glob)) for s in chosen)
            return is_meant and (is_chosen or not chosen)

        return ImportRules(project.rule_for, wants)

    def _declared(self) -> BinaryIO:
        """Write what the spec declares to a file, as if it were so, sorted by key."""
        from ctsync.observe.import_spec import entry_as_declared
        from ctsync.state.snapshot_codec import entry_line

        file = self._file()
        empty = type(self._present)()
        planner = planner_for(self._session, empty, selection_of(PlanOptions()))
        for candidate, built in planner.plan_profiles(()):
            if built.change is not None and candidate.contributions:
                entry = entry_as_declared(Entry(candidate.key), built.change)
                file.write(entry_line(entry))
        planner.refuse_errors()
        return file

    def _take_in(self, taken: ProfileImport, declared: BinaryIO) -> None:
        from ctsync.observe.import_profiles import Beside

        said, known = Beside(_entries(declared)), Beside(self._present.entries())
        if self._wish.source != "api":
            self._take_rows(taken, said, known)
            return
        for key, seen in self._profiles(declared):
            if self._wants_key(key):
                taken.add(seen, known.at(key), said.at(key), key)

    def _take_rows(self, taken: ProfileImport, said: Beside, known: Beside) -> None:
        export = self._export()
        for key, row in export.rows():
            self.counts.read += 1
            if not self._wants_key(key):
                continue
            entry, spoken = known.at(key), said.at(key)
            if entry is None and spoken is None and self._wish.write_spec is None:
                taken.add_row(key, row, export)
            else:
                taken.add(export.seen(row), entry, spoken, key)

    def _profiles(self, declared: BinaryIO) -> Profiles:
        wish = self._wish
        if wish.event is not None:
            return sorted(dict(self._of_event()).items())
        return self._of_keys(self._keys(declared))

    def _keys(self, declared: BinaryIO) -> list[ProfileKey]:
        wish = self._wish
        words = list(wish.keys)
        if wish.keys_file is not None:
            words = _lines(self._session.settings.directory / wish.keys_file)
        if words:
            return sorted({parse_key(word) for word in words})
        keys = [entry.key for entry in _entries(declared)]
        if not keys:
            raise UsageError(
                "the spec names nobody, so whom to read?",
                hint="give KEYs, --keys FILE, or --event NAME --since DAY --until DAY",
            )
        return keys

    def _export(self) -> ExportFile:
        from ctsync.observe.export_rows import ExportFile, parse_key_column

        path = self._session.settings.directory / self._wish.source
        if not path.is_file():
            raise UsageError(
                f"there is no file {self._wish.source}",
                hint="import takes spec, api, or a .csv, .jsonl or .parquet file",
            )
        key = parse_key_column(self._wish.key_column)
        return ExportFile(path, key)

    def _of_keys(self, keys: list[ProfileKey]) -> Profiles:
        from ctsync.observe.profile_reply import Found

        announce(len(keys))
        progress = ReadProgress(len(keys))
        with reading(self._session) as (reader, stop):
            try:
                for each in reader.each(keys):
                    progress.read(self.counts.read)
                    if each.found is Found.FOUND:
                        self._note(each.key, each.profile)
                        yield each.key, each.profile
                    elif each.found is Found.GONE:
                        self.counts.not_found += 1
                    else:
                        self.counts.failed += 1
                        self._report("CT703", each.message, each.key)
            finally:
                progress.close()
                self.counts.requests = reader.requests
            refuse_interruption(stop)

    def _of_event(self) -> Profiles:
        from ctsync.observe.read_pages import read_pages

        wish, progress = self._wish, ReadProgress(None)
        days = _day(wish.since), _day(wish.until)
        with reading(self._session) as (reader, stop):
            try:
                for page in read_pages(reader, wish.event or "", *days):
                    for key, profile in page:
                        self._note(key, profile)
                        yield key, profile
                    progress.read(self.counts.read)
            finally:
                progress.close()
                self.counts.requests = reader.requests
            refuse_interruption(stop)

    def _note(self, key: ProfileKey, profile: SeenProfile) -> None:
        self.counts.read += 1
        if profile.is_merged:
            self._report("CT701", "several identities share this profile", key)

    def _report(self, code: str, message: str, key: ProfileKey) -> None:
        from ctsync.diagnostic_codes import severity_of

        shown = self._session.mask(self._present.base.lineage).key_json(key)
        self.counts.findings.add(
            Diagnostic(severity_of(code), code, message, key=shown)
        )


def _chosen(words: tuple[str, ...]) -> list[Selector]:
    from ctsync.plan.selection import parse_selector

    selectors = [parse_selector(word) for word in words]
    for selector in selectors:
        if selector.kind not in {*ID_TYPES, "attribute"}:
            raise UsageError(
                f"a read knows nothing of {selector}",
                hint=f"select by attribute, {', '.join(ID_TYPES)}",
            )
    return selectors


def _entries(file: BinaryIO) -> Iterator[Entry]:
    from ctsync.state.snapshot_codec import entry_from_line

    file.seek(0)
    return map(entry_from_line, file)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read as a list of keys",
            hint="it is UTF-8 text with one KEY a line",
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _day(text: str | None) -> int:
    if text is None or not _DAY.fullmatch(text):
        raise UsageError(f"{text} is no day", hint="write it as 2026-11-01")
    return int(text.replace("-", ""))


def _left_out(spec: SpecFromState) -> str:
    if not spec.left_out:
        return ""
    names = sorted(spec.left_out)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (
        f"; left out {sum(spec.left_out.values())} values that a spec cannot say "
        f"({', '.join(names[:5])}{more})"
    )


def write_spec_files(session: ProjectSession, path: Path, spec: SpecFromState) -> None:
    """Write what was read as a spec: YAML, or tables where there are many.

    Raises:
        CtsyncError: it cannot be written.
    """
    from ctsync.observe.write_spec import (
        MOST_IN_YAML,
        table_rows,
        table_spec,
        yaml_lines,
    )

    try:
        if spec.profiles <= MOST_IN_YAML:
            _write(path, yaml_lines(spec.entries()))
            return
        files: dict[str, str] = {}
        for kind in sorted({kind for kind, _ in table_rows(spec.entries())}):
            files[kind] = f"{path.stem}-{kind.lower()}.jsonl"
            rows = (line for k, line in table_rows(spec.entries()) if k == kind)
            _write(path.with_name(files[kind]), rows)
        declared = session.project.catalog.keys()
        _write(path, [table_spec(files, spec.entries(), declared)])
    except OSError as error:
        raise CtsyncError(
            f"{path} cannot be written: {error.strerror}",
            hint="name another file with --write-spec",
            code="spec_unwritable",
        ) from error


def _write(path: Path, lines: Iterable[str]) -> None:
    from ctsync.output_file import OutputFile

    with OutputFile(path) as output:
        for line in lines:
            output.file.write(line.encode())
        output.keep()
