"""What `ctsync init --demo` does: see that the folder is free, and play."""

from __future__ import annotations

import os
from pathlib import Path

from ctsync.cli.global_options import GlobalOptions, environment_of
from ctsync.cli.init.init_options import InitOptions
from ctsync.cli.terminal.output import print_document, require_format
from ctsync.errors import CtsyncError, UsageError


def demonstrate(settings: GlobalOptions, where: Path, wishes: InitOptions) -> int:
    """Play the first five minutes in an empty folder, and leave a project there.

    Raises:
        UsageError: the folder is not free, or something was said that a demo decides.
        CtsyncError: the folder cannot be made, or a command ended badly.
    """
    from ctsync.cli.init.demo import play
    from ctsync.cli.terminal.scene_pause import ScenePause

    require_format(settings, "text")
    folder = settings.directory / where
    _check(settings, wishes)
    _take(folder)
    print_document([_TITLE])
    place = os.path.relpath(folder)
    return play(folder, place, ScenePause(), plain=settings.no_colour)


def _check(settings: GlobalOptions, wishes: InitOptions) -> None:
    if wishes != InitOptions():
        raise UsageError(
            "--demo decides by itself what the project is",
            hint="leave the other options out, or leave --demo out",
        )
    environment = environment_of(settings)
    if environment is not None:
        raise UsageError(
            f'the project of a demo has no environment "{environment}"',
            hint="leave --env out, and unset CTSYNC_ENV",
        )


def _take(folder: Path) -> None:
    hint = 'name a new folder, as in "ctsync init --demo first-steps"'
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", hint=hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_free = not any(folder.iterdir())
    except OSError as error:
        raise CtsyncError(
            f"{folder} cannot be used: {error.strerror}", hint=hint, code="demo"
        ) from error
    if not is_free:
        raise UsageError(f"{folder} is not empty, and a demo writes files", hint=hint)


_TITLE = """\
The first five minutes with ctsync, played against the sandbox.
"""
