"""What `ctsync init` does: write what is not there, leave alone what is, list both."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from ctsync.cli.options import Settings
from ctsync.cli.output import require_format, say, write
from ctsync.cli.starter import (
    EXAMPLE,
    PIPELINES,
    PROJECT_FILE,
    SCHEMAS,
    Placed,
    action_files,
    extend,
    pipeline_text,
    place,
    template,
    top_of_repository,
)
from ctsync.cli.wishes import Wishes, answered, check
from ctsync.errors import SpecError, UsageError


def init_project(settings: Settings, where: Path, wishes: Wishes) -> int:
    """Write a starter project; overwrite nothing; give the exit code.

    Raises:
        UsageError: an answer is missing or cannot be used.
        CtsyncError: a file cannot be written.
    """
    require_format(settings, "text", "json")
    folder = (settings.directory / where).resolve()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", hint="name a folder, or none")
    check(wishes)
    is_new = not os.path.lexists(folder / PROJECT_FILE)
    if is_new:
        wishes = answered(wishes, folder)
    elif wishes.about_project:
        say(f"{PROJECT_FILE} is there and stays as it is: edit it by hand")
    placed = tuple(_placed(folder, wishes, is_new=is_new))
    _report(settings, folder, placed)
    return 0


def _placed(folder: Path, wishes: Wishes, *, is_new: bool) -> Iterator[Placed]:
    words = {
        "NAME": wishes.name or "",
        "ACCOUNT_ID": wishes.account_id or "",
        "REGION": wishes.region or "",
    }
    yield place(folder / PROJECT_FILE, template("project.yaml", words))
    # In a project that is in use, an invented person would be a person too many.
    if is_new or (folder / EXAMPLE).exists():
        yield place(folder / EXAMPLE, template("people.yaml"))
    for what, file in SCHEMAS.items():
        yield place(folder / file, _schema(folder, what))
    yield extend(folder / ".gitignore", template("gitignore"))
    yield from _pipelines(folder, wishes)


def _pipelines(folder: Path, wishes: Wishes) -> Iterator[Placed]:
    top = top_of_repository(folder)
    inside = folder.relative_to(top).as_posix()
    for name, pipeline in PIPELINES.items():
        path = top / pipeline.file
        if name == wishes.ci:
            if name == "github" and wishes.action is None:
                for file, text in action_files().items():
                    yield place(top / file, text)
            yield place(path, pipeline_text(pipeline, inside, wishes.action))
        elif path.exists():
            yield Placed(path, "left_alone")


def _schema(folder: Path, what: str) -> str:
    """Give what `ctsync schema` prints in the project."""
    from ctsync.canon import canonical
    from ctsync.spec import load_project, project_schema, spec_schema

    try:
        rules = load_project(folder, is_sandboxed=True).catalog.values()
    except (SpecError, UsageError):
        rules = {}.values()  # what is wrong is for `ctsync validate` to say
    schema = spec_schema(rules) if what == "spec" else project_schema(rules)
    return canonical(schema).decode() + "\n"


_SAID = {"written": "wrote", "extended": "added to", "left_alone": "left alone"}


def _report(settings: Settings, folder: Path, placed: tuple[Placed, ...]) -> None:
    if settings.format == "json":
        write([_document(folder, placed)])
    else:
        write(_lines(folder, placed))


def _document(folder: Path, placed: tuple[Placed, ...]) -> str:
    from ctsync.render.errors import document
    from ctsync.render.json_text import document_text

    files = [{"file": _name(folder, p), "action": p.action} for p in placed]
    commands = list(_next(folder))
    return document_text(
        document("ctsync.init/1", 0, folder=str(folder), files=files, next=commands)
    )


def _lines(folder: Path, placed: tuple[Placed, ...]) -> Iterator[str]:
    for each in placed:
        yield f"{_SAID[each.action]:<10}  {_name(folder, each)}\n"
    yield "\nNext:\n"
    for command in _next(folder):
        yield f"  {command}\n"
    for each in placed:
        if each.action == "written" and each.path.name in _PIPELINE_NAMES:
            yield f"  set up {_name(folder, each)}: see its first lines\n"


_PIPELINE_NAMES = {Path(pipeline.file).name for pipeline in PIPELINES.values()}


def _name(folder: Path, placed: Placed) -> str:
    return Path(os.path.relpath(placed.path, folder)).as_posix()


def _next(folder: Path) -> Iterator[str]:
    """Yield the commands that work at once, as they are typed from here."""
    where = os.path.relpath(folder)
    place = "" if where == "." else f" -C {shlex.quote(where)}"
    for command in ("validate", "plan --sandbox", "apply --sandbox"):
        yield f"ctsync{place} {command}"
