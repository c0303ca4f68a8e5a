"""The files of a new project: what they say, and placing them beside what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ctsync import __version__
from ctsync.cli.pipeline_homes import HOMES, at_home, read_text
from ctsync.errors import CtsyncError

PROJECT_FILE = "ctsync.yaml"
EXAMPLE = "people/example.yaml"
SCHEMAS = {"project": ".schema/project.json", "spec": ".schema/spec.json"}

# Where templates name the project: GitLab's variable, GitHub's input by `command`.
_VARIABLE = re.compile(r'^( +CTSYNC_PROJECT: )"\."$', re.MULTILINE)
_STEP = re.compile(r"^( +)command: \w+$", re.MULTILINE)
REQUIREMENTS = "requirements-ctsync.in"
_ACTION_HERE = "./.github/actions/ctsync"

_OF_ACTION = frozenset({".py", ".sh", ".yml"})

Action = Literal["written", "extended", "left_alone"]


class Pipeline(Struct, frozen=True):
    """A pipeline's file: where its host looks for it, and its template.

    Hosts look at the top of the repository only.
    """

    file: str
    template: str


PIPELINES: Mapping[str, Pipeline] = {
    "github": Pipeline(".github/workflows/ctsync.yml", "workflow.yml"),
    "gitlab": Pipeline(".gitlab-ci.yml", "gitlab-ci.yml"),
}


class WrittenTemplate(Struct, frozen=True):
    """What became of one file."""

    path: Path
    action: Action


def read_template(name: str, words: Mapping[str, str] | None = None) -> str:
    """Return a starter file with `@WORD@` replaced."""
    text = read_text(name)
    for word, value in (words or {}).items():
        text = text.replace(f"@{word}@", value)
    return text


def pipeline_text(
    pipeline: Pipeline, project: str, state: str = "file", action: str | None = None
) -> str:
    """Return a pipeline's file for a project in this folder of the repository.

    `state` is one of `HOMES`. `action`, as in OWNER/REPO@COMMIT, is where the action is
    published. Else it is in the repository.
    """
    text = at_home(read_template(pipeline.template), state)
    if action is not None:
        repository, _, ref = action.partition("@")
        published = f"{repository}/{_ACTION_HERE.removeprefix('./')}@{ref}"
        text = text.replace(f"uses: {_ACTION_HERE}", f"uses: {published}")
    if project == ".":
        return text
    shown = json.dumps(project, ensure_ascii=False)  # JSON's text is YAML's too
    text = _VARIABLE.sub(lambda line: f"{line[1]}{shown}", text)
    return _STEP.sub(lambda line: f"{line[0]}\n{line[1]}project: {shown}", text)


def requirements_text(state: str | None = None) -> str:
    """Return the file that names the version which pipelines install: this one."""
    words = {"VERSION": __version__, "EXTRA": HOMES[state or "file"].extra}
    return read_template(REQUIREMENTS, words)


def action_files() -> Mapping[str, str]:
    """Return the files of the GitHub action, by their path in a repository.

    Raises:
        CtsyncError: they were not installed.
    """
    folder = next(filter(Path.is_dir, _action_folders()), None)
    if folder is None:
        raise CtsyncError(
            "this installation came without the GitHub action",
            hint="name a repository that has it with --action OWNER/REPO@COMMIT",
            code="no_action",
        )
    paths = sorted(path for path in folder.iterdir() if path.suffix in _OF_ACTION)
    place = _ACTION_HERE.removeprefix("./")
    return {f"{place}/{path.name}": path.read_text("utf-8") for path in paths}


def _action_folders() -> Iterator[Path]:
    # Where a wheel puts the action, and where it is in the source.
    package = Path(str(files("ctsync")))
    yield package / "templates" / "action"
    yield package.parent / ".github" / "actions" / "ctsync"


def top_of_repository(folder: Path) -> Path:
    """Return the top of the git repository around a folder, or else the folder."""
    above = (folder, *folder.parents)
    return next((each for each in above if (each / ".git").exists()), folder)


def write_template(path: Path, text: str) -> WrittenTemplate:
    """Write a file, unless something of that name is there.

    Raises:
        CtsyncError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        if path.parent.is_dir():
            return WrittenTemplate(path, "left_alone")
        raise _unwritable(path, error) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    return WrittenTemplate(path, "written")


def extend(path: Path, text: str) -> WrittenTemplate:
    """Append the lines that a file lacks; write it where there is none.

    Raises:
        CtsyncError: it cannot be read or written.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return WrittenTemplate(path, "left_alone")
    try:
        before = path.read_text("utf-8")
    except FileNotFoundError:
        return write_template(path, text)
    except (OSError, UnicodeDecodeError) as error:
        raise _unwritable(path, error) from error
    missing = "".join(_missing(before, text))
    if not missing:
        return WrittenTemplate(path, "left_alone")
    gap = "" if before.endswith("\n") or not before else "\n"
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(gap + missing)
    except OSError as error:
        raise _unwritable(path, error) from error
    return WrittenTemplate(path, "extended")


def _missing(before: str, text: str) -> Iterator[str]:
    there = {line.strip() for line in before.splitlines()}
    lines = text.splitlines(keepends=True)
    rules = [line for line in lines if not line.startswith("#")]
    if any(rule.strip() not in there for rule in rules):
        yield from (line for line in lines if line.strip() not in there)


def _unwritable(path: Path, error: Exception) -> CtsyncError:
    reason = getattr(error, "strerror", None) or "not UTF-8 text"
    return CtsyncError(
        f"{path} cannot be written: {reason}",
        hint='correct that and run "ctsync init" again: it goes on where it stopped',
        code="init_unwritable",
    )
