"""What `ctsync init` does: ask what is not said, write what is not there, list both."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ctsync.cli.asking import can_ask
from ctsync.cli.options import Settings
from ctsync.cli.output import require_format, say, write
from ctsync.cli.starter import (
    EXAMPLE,
    PIPELINES,
    PROJECT_FILE,
    SCHEMAS,
    Placed,
    extend,
    pipeline_text,
    place,
    template,
    top_of_repository,
)
from ctsync.errors import CtsyncError, SpecError, UsageError

_VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"
_ACCOUNT_ID = re.compile(rf"(?:[A-Za-z0-9_-]|{_VARIABLE})+")
_TRIES = 3

Check = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says of a new project; None where it says nothing."""

    account_id: str | None = None
    region: str | None = None
    name: str | None = None
    ci: str | None = None

    @property
    def about_project(self) -> bool:
        """Whether anything of it belongs into the project file."""
        return (self.account_id, self.region, self.name) != (None, None, None)


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
    _check(wishes)
    is_new = not os.path.lexists(folder / PROJECT_FILE)
    if is_new:
        wishes = _answered(wishes, folder)
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
    yield from _pipelines(folder, wishes.ci)


def _pipelines(folder: Path, ci: str | None) -> Iterator[Placed]:
    top = top_of_repository(folder)
    inside = folder.relative_to(top).as_posix()
    for name, pipeline in PIPELINES.items():
        path = top / pipeline.file
        if name == ci:
            yield place(path, pipeline_text(pipeline, inside))
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


# What may be said


def _check(wishes: Wishes) -> None:
    for option, value, fault_of in (
        ("--account-id", wishes.account_id, _account_fault),
        ("--region", wishes.region, _region_fault),
        ("--name", wishes.name, _name_fault),
    ):
        fault = None if value is None else fault_of(value)
        if fault is not None:
            raise UsageError(f'{option} "{value}" cannot be used: {fault}')


def _account_fault(text: str) -> str | None:
    if _ACCOUNT_ID.fullmatch(text):
        return None
    return "an account id has letters, digits and dashes, or is ${NAME}"


def _region_fault(text: str) -> str | None:
    from ctsync.spec.schema import REGIONS

    if text in REGIONS or re.fullmatch(_VARIABLE, text):
        return None
    return f"it is one of {', '.join(REGIONS)}"


def _name_fault(text: str) -> str | None:
    from ctsync.spec import project_schema

    if re.fullmatch(project_schema()["properties"]["name"]["pattern"], text):
        return None
    return "a name has lower-case letters, digits and dashes"


def _ci_fault(text: str) -> str | None:
    return None if text in {*PIPELINES, "none"} else "github, gitlab or none"


# Asking for the rest


def _answered(wishes: Wishes, folder: Path) -> Wishes:
    name = _slug(folder.name)
    if not can_ask():
        _require(wishes)
        return Wishes(
            wishes.account_id, wishes.region, wishes.name or name, wishes.ci or "github"
        )
    return Wishes(
        wishes.account_id or _ask("Account id", _account_fault),
        wishes.region or _ask(f"Region ({_regions()})", _region_fault),
        wishes.name or _ask("Name of the project", _name_fault, name),
        wishes.ci or _ask("Pipeline (github, gitlab, none)", _ci_fault, "github"),
    )


def _require(wishes: Wishes) -> None:
    given = {"--account-id": wishes.account_id, "--region": wishes.region}
    missing = [option for option, value in given.items() if value is None]
    if missing:
        raise UsageError(
            "there is no terminal to ask on",
            hint=f"give {' and '.join(missing)}; regions: {_regions()}",
        )


def _regions() -> str:
    from ctsync.spec.schema import REGIONS

    return " ".join(REGIONS)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "project"


def _ask(question: str, fault_of: Check, default: str | None = None) -> str:
    for _ in range(_TRIES):
        sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip() or default or ""
        fault = fault_of(answer) if line else None
        if not line:
            break
        if fault is None:
            return answer
        say(fault)
    raise CtsyncError(
        f"no usable answer to: {question}; nothing was written", code="not_answered"
    )


# Saying what was done


_SAID = {"written": "wrote", "extended": "added to", "left_alone": "left alone"}


def _report(settings: Settings, folder: Path, placed: tuple[Placed, ...]) -> None:
    files = [(Path(os.path.relpath(p.path, folder)).as_posix(), p) for p in placed]
    commands = list(_next(folder))
    if settings.format == "json":
        from ctsync.render.errors import document
        from ctsync.render.json_text import document_text

        said = [{"file": name, "action": p.action} for name, p in files]
        whole = document(
            "ctsync.init/1", 0, folder=str(folder), files=said, next=commands
        )
        write([document_text(whole)])
        return
    write(f"{_SAID[p.action]:<10}  {name}\n" for name, p in files)
    write(["\nNext:\n", *(f"  {command}\n" for command in commands)])
    top = {top_of_repository(folder) / each.file for each in PIPELINES.values()}
    for name, p in files:
        if p.path in top and p.action == "written":
            say(f"The first lines of {name} say what it needs before it runs.")


def _next(folder: Path) -> Iterator[str]:
    here = folder == Path.cwd()
    place = "" if here else f" -C {shlex.quote(os.path.relpath(folder))}"
    for command in ("validate", "plan --sandbox", "apply --sandbox"):
        yield f"ctsync{place} {command}"
