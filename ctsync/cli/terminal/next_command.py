"""Commands to type next, with what the one before was told: where, and about what."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ctsync.cli.global_options import GlobalOptions, environment_of
from ctsync.files.bucket_folders import BucketFolder

if TYPE_CHECKING:
    from ctsync.diagnostics import Diagnostic

_PROJECT_FILE = "ctsync.yaml"
_QUOTED = re.compile(r'"(ctsync [^"]+)"')
_TAKE_PROJECT = frozenset({"plan", "apply", "validate"})
_TAKE_PLAN = frozenset({"apply", "show", "export"})
_KNOW_NO_PROJECT = frozenset({"init", "schema", "completion"})
_FILE = "FILE"  # stands for the saved plan that a command is about


def next_command(settings: GlobalOptions, *words: str | Path) -> str:
    """Return a command about the same project, environment and platform.

    A path among the words is one as this command was given it.
    """
    place = _place_of(settings)
    typed = [str(place.seen(word)) for word in words]
    return shlex.join([*typed, *_options(settings, place, typed)])


def completed(settings: GlobalOptions, text: str) -> str:
    """Return the text with every command that it quotes as it has to be typed."""
    return _QUOTED.sub(lambda found: f'"{retyped(settings, found[1])}"', text)


def retyped(settings: GlobalOptions, command: str) -> str:
    """Return a command as it has to be typed; FILE, or nothing, is the saved plan."""
    words: list[str | Path] = [*shlex.split(command)]
    if "--help" in words:
        return command
    saved = _saved_plan(settings)
    if saved is not None and words[1] in {"plan", *_TAKE_PLAN}:
        words = [saved if word == _FILE else word for word in words]
        if words[1] == "plan" and "--out" not in words:
            words += ["--out", saved]
        elif len(words) == 2:
            words.append(saved)
    plans = words[1] == "plan" or (words[1] == "apply" and saved is None)
    if plans and not set(settings.planned) & set(words):
        words += settings.planned
    return next_command(settings, *words)


def _saved_plan(settings: GlobalOptions) -> Path | None:
    """Return the file of the plan, unless to write one there would lose a spec."""
    saved = settings.saved
    is_spec = saved is not None and saved.suffix in {".yaml", ".yml"}
    return None if is_spec else saved


def completed_finding(settings: GlobalOptions, finding: Diagnostic) -> Diagnostic:
    """Return a finding whose hint can be typed."""
    if finding.hint is None or '"ctsync ' not in finding.hint:
        return finding
    return replace(finding, hint=completed(settings, finding.hint))


class _Place(Struct, frozen=True):
    """Where a next command runs: its `-C`, and its PROJECT where that takes one.

    `moved_from` is the folder that paths were given in.
    """

    directory: Path
    project: Path | None
    moved_from: Path

    def seen(self, word: str | Path) -> str | Path:
        """Return a path as it is named from there; other words are what they are."""
        if isinstance(word, str) or word.is_absolute():
            return word
        if self.directory == self.moved_from:
            return word
        return Path(os.path.relpath(self.moved_from / word, self.directory))


def _place_of(settings: GlobalOptions) -> _Place:
    folder, named = settings.directory, settings.project
    if named is None:
        return _Place(folder, None, folder)
    path = folder / named
    if path.name == _PROJECT_FILE and path.is_file():
        path = path.parent
    if path.is_dir():
        return _Place(path, None, folder)
    return _Place(folder, named, folder)


def _options(settings: GlobalOptions, place: _Place, typed: list[str]) -> list[str]:
    command = typed[1] if len(typed) > 1 else ""
    options: list[str] = []
    if str(place.directory) != ".":
        options += ["-C", str(place.directory)]
    if command in _KNOW_NO_PROJECT:
        return options
    for root in settings.data_roots:
        seen = root if isinstance(root, BucketFolder) else place.seen(root)
        options += ["--data-root", str(seen)]
    environment = environment_of(settings)
    if environment is not None:
        options += ["--env", environment]
    if settings.sandbox:
        options.append("--sandbox")
    is_of_plan = command == "apply" and settings.saved is not None
    if place.project is not None and command in _TAKE_PROJECT and not is_of_plan:
        options.insert(0, str(place.project))
    return options
