"""The command to type next, with the options that the one before was given."""

from __future__ import annotations

import shlex

from ctsync.cli.project_session import ProjectSession


def next_command(session: ProjectSession, *words: str) -> str:
    """Return a command that is about the same project, environment and platform."""
    settings, typed = session.settings, [*words]
    if str(settings.directory) != ".":
        typed += ["-C", str(settings.directory)]
    if session.project.environment is not None:
        typed += ["--env", session.project.environment]
    if settings.sandbox:
        typed.append("--sandbox")
    return shlex.join(typed)
