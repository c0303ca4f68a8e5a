"""Checking a project as it is and under each of its environments."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from ctsync.cli.options import Settings, data_roots_of, environment_of
from ctsync.cli.session import Session, open_session
from ctsync.diagnostics import Findings
from ctsync.errors import SpecError


def check_everywhere(settings: Settings, path: Path | None) -> Findings:
    """Give all findings of a project, under every environment unless one is named.

    Raises:
        UsageError: there is no project or no such environment.
    """
    findings = Findings()
    for name in _environments(settings, path):
        _check(replace(settings, env=name), path, findings)
    return findings


def seen_from_here(settings: Settings, path: Path | None) -> PurePosixPath:
    """Give the project's file as it is named from where the command runs."""
    from ctsync.spec.files import project_file_of

    file = project_file_of(settings.directory / (path or Path()))
    return PurePosixPath(Path(os.path.relpath(file)).as_posix())


def _environments(settings: Settings, path: Path | None) -> tuple[str | None, ...]:
    from ctsync.spec import environment_names, is_complete

    chosen = environment_of(settings)
    place = settings.directory / (path or Path())
    roots = data_roots_of(settings)
    names = environment_names(place, roots)
    if chosen is not None or not names:
        return (chosen,)
    return (None, *names) if is_complete(place, roots) else names


def _check(settings: Settings, path: Path | None, findings: Findings) -> None:
    from ctsync.plan.make import check_project

    try:
        session = open_session(settings, path)
        findings.absorb(session.project.findings)
        check_project(session.project, session.mask(None), findings)
        findings.absorb(session.project.findings)  # rows may have brought warnings
    except SpecError as error:
        findings.absorb(error.findings)


def refuse_faults(session: Session) -> None:
    """Refuse a project with errors, looking at no state.

    Raises:
        SpecError: it has some; all findings come with it.
    """
    from ctsync.plan.weigh import Weigher

    weigher = Weigher(session.project, session.mask(None))
    weigher.findings.absorb(session.project.findings)
    for _ in weigher.weigh(()):
        pass
    weigher.refuse_errors()
