"""What `ctsync init` does: write what is not there, leave alone what is, list both."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.init.init_options import InitOptions, answered, check
from ctsync.cli.init.project_templates import (
    EXAMPLE,
    PIPELINES,
    PROJECT_FILE,
    REQUIREMENTS,
    SCHEMAS,
    WrittenTemplate,
    action_files,
    extend,
    pipeline_text,
    read_template,
    requirements_text,
    top_of_repository,
    write_template,
)
from ctsync.cli.pipeline_homes import HOMES
from ctsync.cli.terminal.output import print_document, print_message, require_format
from ctsync.errors import SpecError, UsageError

if TYPE_CHECKING:
    from ctsync.project import Project


def init_project(settings: GlobalOptions, where: Path, wishes: InitOptions) -> int:
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
        print_message(f"{PROJECT_FILE} is there and stays as it is: edit it by hand")
    placed = tuple(_placed(settings, folder, wishes, is_new=is_new))
    _report(settings, folder, placed)
    return 0


def _table(settings: GlobalOptions, folder: Path, export: Path) -> WrittenTemplate:
    """Write a table that reads an export, beside the project file.

    Raises:
        UsageError: the export cannot be looked at, or lies outside of the project.
    """
    from ctsync.cli.drafted_table import drafted_table

    path = (settings.directory / export).resolve()
    if not path.is_relative_to(folder):
        hint = f"move it into {folder.name}/, or name a folder that it lies in"
        raise UsageError(f"{export} lies outside of the project", hint=hint)
    name = re.sub("[^A-Za-z0-9]+", "_", path.name.partition(".")[0]).strip("_")
    spec = (folder / EXAMPLE).parent / f"{name or 'export'}.yaml"
    return write_template(spec, drafted_table(path, spec, _project(folder)).text)


def _project(folder: Path) -> Project | None:
    """Return the project, if there is one; what is wrong, `ctsync validate` says."""
    from ctsync.project import load_project

    try:
        return load_project(folder, is_sandboxed=True)
    except (SpecError, UsageError):
        return None


def _placed(
    settings: GlobalOptions, folder: Path, wishes: InitOptions, *, is_new: bool
) -> Iterator[WrittenTemplate]:
    words = {
        "NAME": wishes.name or "",
        "ACCOUNT_ID": wishes.account_id or "",
        "REGION": wishes.region or "",
        "STATE": HOMES[wishes.state or "file"].state.replace(
            "@NAME@", wishes.name or ""
        ),
    }
    yield write_template(folder / PROJECT_FILE, read_template("project.yaml", words))
    # In a project that is in use, an invented person would be a person too many.
    if wishes.export is not None:
        yield _table(settings, folder, wishes.export)
    elif is_new or (folder / EXAMPLE).exists():
        yield write_template(folder / EXAMPLE, read_template("people.yaml"))
    for what, file in SCHEMAS.items():
        yield write_template(folder / file, _schema(folder, what))
    yield extend(folder / ".gitignore", read_template("gitignore"))
    yield from _pipelines(folder, wishes)


def _pipelines(folder: Path, wishes: InitOptions) -> Iterator[WrittenTemplate]:
    top = top_of_repository(folder)
    inside = folder.relative_to(top).as_posix()
    for name, pipeline in PIPELINES.items():
        path = top / pipeline.file
        if name == wishes.ci:
            if name == "github" and wishes.action is None:
                for file, text in action_files().items():
                    yield write_template(top / file, text)
            text = pipeline_text(
                pipeline, inside, wishes.state or "file", wishes.action
            )
            yield write_template(path, text)
            yield write_template(top / REQUIREMENTS, requirements_text(wishes.state))
        elif path.exists():
            yield WrittenTemplate(path, "left_alone")


def _schema(folder: Path, what: str) -> str:
    """Return what `ctsync schema` prints in the project."""
    from ctsync.canonical_json import canonical
    from ctsync.project import project_schema, spec_schema

    project = _project(folder)
    rules = () if project is None else project.catalog.values()
    schema = spec_schema(rules) if what == "spec" else project_schema(rules)
    return canonical(schema).decode() + "\n"


_SAID = {"written": "wrote", "extended": "added to", "left_alone": "left alone"}


def _report(
    settings: GlobalOptions, folder: Path, placed: tuple[WrittenTemplate, ...]
) -> None:
    if settings.format == "json":
        print_document([_document(folder, placed)])
    else:
        print_document(_lines(folder, placed))


def _document(folder: Path, placed: tuple[WrittenTemplate, ...]) -> str:
    from ctsync.render.error_document import document
    from ctsync.render.safe_json import document_text

    files = [{"file": _name(folder, p), "action": p.action} for p in placed]
    commands = list(_next(folder))
    return document_text(
        document("ctsync.init/1", 0, folder=str(folder), files=files, next=commands)
    )


def _lines(folder: Path, placed: tuple[WrittenTemplate, ...]) -> Iterator[str]:
    for each in placed:
        yield f"{_SAID[each.action]:<10}  {_name(folder, each)}\n"
    yield "\nNext:\n"
    for command in _next(folder):
        yield f"  {command}\n"
    for each in placed:
        if each.action == "written" and each.path.name in _PIPELINE_NAMES:
            yield f"  set up {_name(folder, each)}: see its first lines\n"
        if each.action == "written" and each.path.name == REQUIREMENTS:
            yield f"  lock what it installs: see {_name(folder, each)}\n"


_PIPELINE_NAMES = {Path(pipeline.file).name for pipeline in PIPELINES.values()}


def _name(folder: Path, placed: WrittenTemplate) -> str:
    return Path(os.path.relpath(placed.path, folder)).as_posix()


def _next(folder: Path) -> Iterator[str]:
    """Yield the commands that work at once, as they are typed from here."""
    where = os.path.relpath(folder)
    place = "" if where == "." else f" -C {shlex.quote(where)}"
    for command in ("validate", "plan --sandbox", "apply --sandbox"):
        yield f"ctsync{place} {command}"
