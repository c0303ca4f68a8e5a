"""Which files are the specs of a project."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from ctsync.errors import UsageError
from ctsync.files.roots import resolved
from ctsync.suggestions import nearest

PROJECT_FILE = "ctsync.yaml"
SUFFIXES = (".yaml", ".yml")


def project_file_of(path: Path) -> Path:
    """Return the project file that a folder or file on the command line means.

    Raises:
        UsageError: there is none.
    """
    if path.is_file():
        return path
    file = path / PROJECT_FILE
    if file.is_file():
        return file
    if path.is_dir():
        raise UsageError(f"no {PROJECT_FILE} in {path.resolve()}", hint=_begin(path))
    if path.exists():
        raise UsageError(f"{path} is neither a folder nor a file", hint=_BEGIN)
    raise UsageError(f"{path} does not exist", hint=similar(path) or _BEGIN)


def _begin(folder: Path) -> str:
    """Say what to do in a folder without a project: there may be one nearby."""
    others = [folder / name for name in _ALMOST if (folder / name).is_file()]
    if others:
        return f"rename {others[0].name} to {PROJECT_FILE}"
    above = (
        each for each in folder.resolve().parents if (each / PROJECT_FILE).exists()
    )
    near = next(above, None)
    if near is not None:
        return f"there is one in {near}: go there, or give -C {shlex.quote(str(near))}"
    below = sorted(each.parent.name for each in folder.glob(f"*/{PROJECT_FILE}"))
    if below:
        return f"there is one in {' and in '.join(below[:3])}: give it with -C"
    return _BEGIN


_ALMOST = ("ctsync.yml", "ctsync.YAML", "Ctsync.yaml")
_BEGIN = 'run "ctsync init" to begin a project, or name its folder with -C DIR'


def similar(path: Path) -> str | None:
    """Return the nearest names beside a path that does not exist."""
    try:
        names = [child.name for child in path.parent.iterdir()]
    except OSError:
        return None
    close = nearest(path.name, names, limit=3)
    return f"did you mean {' or '.join(close)}?" if close else None


def spec_files(named: Path, project_file: Path) -> Iterator[Path]:
    """Yield the spec files that one name of `specs:` means."""
    if named.is_dir():
        yield from _in_folder(named, project_file)
    elif not _is_project_file(named, project_file):
        yield named


def _in_folder(folder: Path, project_file: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        here = Path(above)
        # `os.walk` goes on into those that stay in its list.
        folders[:] = [name for name in folders if _is_searched(here / name)]
        for name in files:
            file = here / name
            is_spec = name.endswith(SUFFIXES) and not name.startswith(".")
            if is_spec and not _is_project_file(file, project_file):
                yield file


def _is_searched(folder: Path) -> bool:
    is_hidden = folder.name.startswith(".")
    return not is_hidden and not (folder / PROJECT_FILE).exists()


def _is_project_file(file: Path, project_file: Path) -> bool:
    return file.name == PROJECT_FILE or resolved(file) == project_file


def relative_to(root: Path, file: Path) -> str:
    """Return the name of a file as findings and origins show it."""
    return Path(os.path.relpath(file, root)).as_posix()
