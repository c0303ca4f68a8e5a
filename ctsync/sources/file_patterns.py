"""The files that a pattern of names means, none of them outside the project's roots.

No folder outside is listed, and nothing there is looked for: what a pattern meets must
not tell what else the machine holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ctsync.files.roots import HINT, resolved
from ctsync.project.environment_variables import refused
from ctsync.project.project import Project
from ctsync.project.spec_files import relative_to
from ctsync.project.tables import FileText
from ctsync.sources.pattern_steps import ANY_DEPTH, Step, steps_of, told_apart

Met: TypeAlias = "tuple[Path, tuple[str, ...]]"  # a path, and the parts of its name


class Found(NamedTuple):
    """What a pattern means: a path, and its name for people."""

    path: Path
    name: str


def paths_of(project: Project, words: FileText) -> list[Found]:
    """Return what a pattern means, in the order of the bytes of the real names.

    A pattern that is itself the name of a file means that file. Names that start with
    a dot are met only by patterns that do. `**` enters each folder once.

    Raises:
        SpecError: a variable is not set, or the pattern leads out of the roots.
    """
    search = _Search(project, words)
    found = {path: search.name_of(path, shown) for path, shown in search.met()}
    ordered = sorted(found, key=lambda path: relative_bytes(project.root, path))
    names = told_apart([found[path] for path in ordered])
    return [*map(Found, ordered, names)]


def relative_bytes(root: Path, path: Path) -> bytes:
    """Return what files are sorted by."""
    return os.fsencode(relative_to(root, path))


class _Search:
    """One pattern, looked up once."""

    def __init__(self, project: Project, words: FileText) -> None:
        self._project = project
        self._words = words
        self._text = words.resolve(project.variables)
        self._steps = steps_of(words, project.variables)
        self._entered: set[tuple[Path, int]] = set()

    def met(self) -> Iterator[Met]:
        """Yield what the pattern meets, some of it perhaps by two names."""
        start = (self._project.root / self._words.folder).absolute()
        whole = start / self._text
        if self._fault_of(whole) is None and os.path.lexists(whole):
            yield whole, tuple(name for step in self._steps for name in step(step.text))
            return
        if self._text.startswith("/"):
            start = Path("/")
        for path, shown in self._walk(start, (), self._steps):
            self._require_inside(path, shown)
            if ANY_DEPTH not in self._text or not path.is_dir():
                yield path, shown

    def name_of(self, path: Path, shown: tuple[str, ...]) -> str:
        """Return what people read for a path that was met."""
        if not self._words.pattern.names:
            return relative_to(self._project.root, path)
        folder = () if self._text.startswith("/") else self._words.folder.parts
        return "/".join((*folder, *shown))

    def _walk(
        self, folder: Path, shown: tuple[str, ...], steps: tuple[Step, ...]
    ) -> Iterator[Met]:
        plain = tuple(takewhile(lambda step: step.is_plain, steps))
        if not steps:
            yield folder, shown
        elif plain:
            path = folder.joinpath(*(step.text for step in plain))
            shown += tuple(name for step in plain for name in step(step.text))
            self._require_inside(path, shown)
            if os.path.lexists(path):
                yield from self._walk(path, shown, steps[len(plain) :])
        elif steps[0].text == ANY_DEPTH:
            yield from self._descend(folder, shown, steps)
        else:
            for name in self._names(folder, shown):
                if steps[0].meets(name):
                    more = (*shown, *steps[0](name))
                    yield from self._walk(folder / name, more, steps[1:])

    def _descend(
        self, folder: Path, shown: tuple[str, ...], steps: tuple[Step, ...]
    ) -> Iterator[Met]:
        """Go on from a folder and from all below it; from each once, whatever links."""
        place = resolved(folder), len(steps)
        if place in self._entered:
            return
        self._entered.add(place)
        if steps[1:]:
            yield from self._walk(folder, shown, steps[1:])
        for name in self._names(folder, shown):
            path, more = folder / name, (*shown, *steps[0](name))
            if name.startswith("."):
                continue
            if path.is_dir():
                yield from self._descend(path, more, steps)
            elif not steps[1:]:
                yield path, more

    def _names(self, folder: Path, shown: tuple[str, ...]) -> list[str]:
        self._require_inside(folder, shown)
        try:
            return sorted(path.name for path in folder.iterdir())
        except OSError:
            return []

    def _fault_of(self, path: Path) -> str | None:
        return self._project.roots.fault_of(resolved(path))

    def _require_inside(self, path: Path, shown: tuple[str, ...]) -> None:
        fault = self._fault_of(path)
        if fault is not None:
            message = f'"{self.name_of(path, shown)}" {fault}'
            raise refused(self._words.finding("CT015", message, HINT))
