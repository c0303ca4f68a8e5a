"""Reading a project: its file, its environment, its specs, and all that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctsync.errors import SpecError
from ctsync.files.roots import HINT, DataRoot, resolved, roots_of
from ctsync.model.contribution import Path as Steps
from ctsync.model.fault import Fault
from ctsync.project.catalog import folded_catalog
from ctsync.project.environment_variables import secrets_in
from ctsync.project.merge_declarations import (
    DeclaredCatalog,
    all_cohorts,
    all_tables,
    profiles_of,
    report_surplus,
)
from ctsync.project.project import Project
from ctsync.project.project_file import read_head, require_inside
from ctsync.project.project_settings import ProjectSettings, read_settings
from ctsync.project.schema.documents import bare_spec_schema
from ctsync.project.source_positions import FindingCollector, Place, SourcePositions
from ctsync.project.spec_file import SpecFile, judge
from ctsync.project.spec_files import (
    SUFFIXES,
    project_file_of,
    relative_to,
    similar,
    spec_files,
)
from ctsync.project.spoiled_parts import SpoiledParts, spoiled_parts
from ctsync.project.table_checks import TableReader
from ctsync.yaml.cache import Cache
from ctsync.yaml.reader import Document, collection_paused, parse_document, read_file

_NONE: Mapping[str, str] = MappingProxyType({})


def load_project(
    path: Path,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] = _NONE,
    data_roots: Iterable[DataRoot] = (),
    is_sandboxed: bool = False,
    drafts: Mapping[Path, str] = MappingProxyType({}),
) -> Project:
    """Read the project in a folder, or of a project file.

    Everything wrong with it is in its `findings`; only what leaves no project to
    speak of is raised. `variables` are read where the project is first asked for what
    needs them. Files may lie in `data_roots` too. `is_sandboxed` does without account
    and state. `drafts` are specs that nobody has written yet, by where they would lie.

    Raises:
        UsageError: there is no project or no such environment, or the project file
            is complete only with an environment.
        SpecError: the project file cannot be read, or a variable may not stand where
            it does, so that it must not even be read.
    """
    with collection_paused():
        file = project_file_of(path)
        loading = _ProjectLoader(file, environment, data_roots, drafts)
        project = loading.load(is_sandboxed=is_sandboxed)
        loading.cache.save(project.salt)
    if "CT113" in project.findings.totals:
        raise SpecError(f"{project.file} names a secret", project.findings)
    return replace(project, variables=variables)


class _ProjectLoader:
    """One reading of a project."""

    def __init__(
        self,
        path: Path,
        environment: str | None,
        data_roots: Iterable[DataRoot],
        drafts: Mapping[Path, str],
    ) -> None:
        self.path = path
        self.root = path.parent
        self.roots = roots_of(self.root, data_roots)
        self.file = path.name
        self.environment = environment
        self.locator = SourcePositions(self.root, self.file, environment)
        self.report = FindingCollector(self.locator)
        self.inputs: dict[str, str] = {}
        self.misses_catalog = False  # one may stand in a file that was not read
        self.cache = Cache(self.root, f"{self.file}\0{environment or ''}")
        self.drafts = drafts

    def load(self, *, is_sandboxed: bool) -> Project:
        head = self._head(is_sandboxed=is_sandboxed)
        self.report.secrets = secrets_in(head.document.tree)
        sections = [head, *self._specs(head), *self._drafted()]
        spoiled = self._spoiled(sections)
        settings = read_settings(head.view, self.file, self.report, spoiled)
        if settings.sftp_words is not None:
            faults = settings.sftp_words.faults((self.root, *self.roots.folders[:1]))
            self.report.findings.extend(faults)
        declared = DeclaredCatalog(sections, self.report)
        spoiled = spoiled.and_entries(declared.doubtful)
        checks = declared.checks(settings, spoiled)
        profiles = tuple(profiles_of(sections, checks))
        cohorts = dict(all_cohorts(sections, checks))
        reader = TableReader(declared.rules, settings.frame, checks, spoiled)
        tables = dict(all_tables(sections, reader, self.report))
        report_surplus(checks.names, self.report)
        return self._project(
            settings,
            catalog=folded_catalog(declared.rules),
            profiles=profiles,
            cohorts=cohorts,
            tables=tables,
            names=checks.names.folded,
            spoiled=spoiled,
        )

    def _spoiled(self, sections: Iterable[SpecFile]) -> SpoiledParts:
        paths = [path for section in sections for path in section.spoiled]
        return spoiled_parts(paths, is_whole=not self.misses_catalog)

    def _head(self, *, is_sandboxed: bool) -> SpecFile:
        require_inside(self.path, self.roots)
        document = self.cache.read(self.path)
        self.inputs[self.file] = document.sha256
        return read_head(
            document,
            self.file,
            self.environment,
            self.report,
            is_sandboxed=is_sandboxed,
        )

    def _specs(self, head: SpecFile) -> Iterator[SpecFile]:
        # Files that are not meant would be judged if it is not known which are.
        is_known = ("specs",) not in head.spoiled
        self.misses_catalog = not is_known
        files = self._spec_files(head.view.get("specs", ["."]) if is_known else [])
        for name in sorted(files, key=_as_bytes):
            document = self.cache.read(files[name])
            self.inputs[name] = document.sha256
            self.locator.keep(name, document)
            self.report.add(Place(name), *document.problems)
            tree = document.tree
            if tree is not None:
                yield judge(_spec_schema(), name, tree, document, self.report)
            elif _says_catalog(files[name]):
                self.misses_catalog = True

    def _drafted(self) -> Iterator[SpecFile]:
        for path, text in self.drafts.items():
            name = relative_to(self.root, path)
            document = parse_document(text.encode(), with_marks=True)
            self.locator.keep_draft(name, text, document)
            if document.tree is not None:
                tree = document.tree
                yield judge(_spec_schema(), name, tree, document, self.report)

    def _spec_files(self, named: list[str]) -> dict[str, Path]:
        """Return the spec files by the names that findings show, each file once."""
        found: dict[Path, str] = {}
        for index, name in enumerate(named):
            path = self.root / name
            place = self.file, ("specs", index)
            if self._is_outside(path, f'"{name}"', *place):
                self.misses_catalog = True
                continue
            if not path.exists():
                self._report_missing(name, path, *place)
                self.misses_catalog = True
                continue
            if _is_data(path):
                self._report_data(name, *place)
                continue
            for file in spec_files(path, resolved(self.path)):
                shown = relative_to(self.root, file)
                if not self._is_outside(file, "this file", shown, ()):
                    known = found.setdefault(resolved(file), shown)
                    found[resolved(file)] = min(known, shown)
        return {name: path for path, name in found.items()}

    def _is_outside(self, path: Path, subject: str, file: str, place: Steps) -> bool:
        wrong = self.roots.fault_of(resolved(path))
        if wrong is not None:
            # Nothing is read of what lies outside, so that it has no lines.
            at = None if place else 1
            fault = Fault("CT015", f"{subject} {wrong}", HINT, line=at, column=at)
            self.report.add(Place(file, place), fault)
        return wrong is not None

    def _report_data(self, name: str, file: str, place: Steps) -> None:
        # What a spec says wrongly is quoted, what a data file says must not be.
        message, hint = f'"{name}" is a data file', "name it in a table"
        self.report.add(Place(file, place), Fault("CT015", message, hint))

    def _report_missing(self, name: str, path: Path, file: str, place: Steps) -> None:
        hint = similar(path) or f"it is relative to {self.file}"
        message = f'"{name}" does not exist'
        self.report.add(Place(file, place), Fault("CT013", message, hint))

    def _project(self, settings: ProjectSettings, **sections: Any) -> Project:
        return Project(
            root=self.root,
            file=self.file,
            environment=self.environment,
            roots=self.roots,
            inputs=tuple(sorted(self.inputs.items())),
            findings=self.report.findings,
            locator=self.locator,
            **settings.as_fields(),
            **sections,
        )


def _is_data(path: Path) -> bool:
    """Return whether rows could come from a file; formats are seldom looked for."""
    if path.is_dir() or path.suffix in SUFFIXES:
        return False
    from ctsync.formats import is_readable

    return is_readable(path.name)


def _says_catalog(file: Path) -> bool:
    """Return whether a file that is no YAML seems to say what attributes are."""
    data = read_file(file)
    return isinstance(data, Document) or b"catalog" in data


def _as_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


@cache
def _spec_schema() -> dict[str, Any]:
    return bare_spec_schema()
