"""Reading a project: its file, its environment, its specs, and all that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctsync.spec.cache import Cache
from ctsync.spec.catalog import folded_catalog
from ctsync.spec.declared import (
    Declared,
    all_cohorts,
    all_tables,
    profiles_of,
    report_surplus,
)
from ctsync.spec.files import project_file_of, relative_to, similar, spec_files
from ctsync.spec.findings import Locator, Reporter
from ctsync.spec.head import read_head
from ctsync.spec.project import Project
from ctsync.spec.reader import collection_paused
from ctsync.spec.schema import bare_spec_schema
from ctsync.spec.sections import Section, judge
from ctsync.spec.settings import Settings, read_settings
from ctsync.spec.tabled import TableReader

_NONE: Mapping[str, str] = MappingProxyType({})


def load_project(
    path: Path,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] = _NONE,
    is_sandboxed: bool = False,
) -> Project:
    """Read the project in a folder, or of a project file.

    Everything wrong with it is in its `findings`; only what leaves no project to
    speak of is raised. `variables` are read where the project is first asked for what
    needs them. `is_sandboxed` does without account and state.

    Raises:
        UsageError: there is no project or no such environment, or the project file
            is complete only with an environment.
        SpecError: the project file cannot be read.
    """
    with collection_paused():
        loading = _Loading(project_file_of(path), environment)
        project = loading.load(is_sandboxed=is_sandboxed)
        loading.cache.save(project.salt)
    return replace(project, variables=variables)


class _Loading:
    """One reading of a project."""

    def __init__(self, path: Path, environment: str | None) -> None:
        self.path = path
        self.root = path.parent
        self.file = path.name
        self.environment = environment
        self.locator = Locator(self.root, self.file, environment)
        self.report = Reporter(self.locator)
        self.inputs: dict[str, str] = {}
        self.cache = Cache(self.root, f"{self.file}\0{environment or ''}")

    def load(self, *, is_sandboxed: bool) -> Project:
        head = self._head(is_sandboxed=is_sandboxed)
        sections = [head, *self._specs(head)]
        settings = read_settings(head.view, self.file, self.report)
        declared = Declared(sections, self.report)
        checks = declared.checks(settings)
        profiles = tuple(profiles_of(sections, checks))
        cohorts = dict(all_cohorts(sections, checks))
        reader = TableReader(declared.rules, settings.frame, checks)
        tables = dict(all_tables(sections, reader, self.report))
        report_surplus(checks.names, self.report)
        return self._project(
            settings,
            catalog=folded_catalog(declared.rules),
            profiles=profiles,
            cohorts=cohorts,
            tables=tables,
            names=checks.names.folded,
        )

    def _head(self, *, is_sandboxed: bool) -> Section:
        document = self.cache.read(self.path)
        self.inputs[self.file] = document.sha256
        return read_head(
            document,
            self.file,
            self.environment,
            self.report,
            is_sandboxed=is_sandboxed,
        )

    def _specs(self, head: Section) -> Iterator[Section]:
        files = self._spec_files(head.view.get("specs", ["."]))
        for name in sorted(files, key=_as_bytes):
            document = self.cache.read(files[name])
            self.inputs[name] = document.sha256
            self.locator.keep(name, document)
            for problem in document.problems:
                self.report.put(problem, name)
            tree = document.tree
            if tree is not None:
                yield judge(_spec_schema(), name, tree, document, self.report)

    def _spec_files(self, named: list[str]) -> dict[str, Path]:
        """Give the spec files by the names that findings show, each file once."""
        found: dict[Path, str] = {}
        for index, name in enumerate(named):
            path = self.root / name
            if not path.exists():
                self._report_missing(index, name, path)
                continue
            for file in spec_files(path, self.path.resolve()):
                shown = relative_to(self.root, file)
                known = found.setdefault(file.resolve(), shown)
                found[file.resolve()] = min(known, shown)
        return {name: self.root / name for name in found.values()}

    def _report_missing(self, index: int, name: str, path: Path) -> None:
        hint = similar(path) or f"it is relative to {self.file}"
        message = f'"{name}" does not exist'
        place = ("specs", index)
        self.report.add("CT013", message, file=self.file, path=place, hint=hint)

    def _project(self, settings: Settings, **sections: Any) -> Project:
        return Project(
            root=self.root,
            file=self.file,
            environment=self.environment,
            inputs=tuple(sorted(self.inputs.items())),
            findings=self.report.findings,
            locator=self.locator,
            **settings.as_fields(),
            **sections,
        )


def _as_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


@cache
def _spec_schema() -> dict[str, Any]:
    return bare_spec_schema()
