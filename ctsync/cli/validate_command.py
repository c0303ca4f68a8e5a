"""Checking a project as it is and under each of its environments."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from ctsync.cli.global_options import GlobalOptions, data_roots_of, environment_of
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.diagnostics import Findings
from ctsync.errors import SpecError


def check_everywhere(settings: GlobalOptions, path: Path | None) -> Findings:
    """Return all findings of a project, under every environment unless one is named.

    Raises:
        UsageError: there is no project or no such environment.
    """
    findings = Findings()
    for name in _environments(settings, path):
        _check(replace(settings, env=name), path, findings)
    return findings


def seen_from_here(settings: GlobalOptions, path: Path | None) -> PurePosixPath:
    """Return the project's file as it is named from where the command runs."""
    from ctsync.project.spec_files import project_file_of

    file = project_file_of(settings.directory / (path or Path()))
    return PurePosixPath(Path(os.path.relpath(file)).as_posix())


def _environments(settings: GlobalOptions, path: Path | None) -> tuple[str | None, ...]:
    from ctsync.project import environment_names, is_complete

    chosen = environment_of(settings)
    place = settings.directory / (path or Path())
    roots = data_roots_of(settings)
    names = environment_names(place, roots)
    if chosen is not None or not names:
        return (chosen,)
    return (None, *names) if is_complete(place, roots) else names


def _check(settings: GlobalOptions, path: Path | None, findings: Findings) -> None:
    from ctsync.plan.make_plan import check_project

    try:
        session = open_session(settings, path)
        findings.absorb(session.project.findings)
        check_project(session.project, session.sources, session.mask(None), findings)
        findings.absorb(session.project.findings)  # rows may have brought warnings
    except SpecError as error:
        findings.absorb(error.findings)


def refuse_faults(session: ProjectSession) -> None:
    """Refuse a project with errors, looking at no state.

    Raises:
        SpecError: it has some; all findings come with it.
    """
    from ctsync.plan.planner import Planner

    planner = Planner(session.project, session.sources, session.mask(None))
    planner.findings.absorb(session.project.findings)
    for _ in planner.plan_profiles(()):
        pass
    planner.refuse_errors()
