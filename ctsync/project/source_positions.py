"""Collecting what is wrong with a project, each finding with its place.

Trees carry no positions. What has findings is read again with marks: a few profiles
each by itself, else the whole file, once.
"""

from __future__ import annotations

from pathlib import Path as FilePath

from msgspec import Struct
from msgspec.structs import replace

from ctsync.diagnostics import Diagnostic, Findings
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.project.excerpts import ProfileExcerpts
from ctsync.yaml.reader import Document, read_document
from ctsync.yaml.scalars import Node
from ctsync.yaml.tree import Position

_QUOTES = ("'", '"')


class Place(Struct, frozen=True):
    """Where something stands; `path` leads to it from the root of a file."""

    file: str
    path: Path = ()


class SourcePositions:
    """Finds line and column of a path in a file of the project.

    `overlaid` is the file over which the environment `environment` was laid.
    """

    def __init__(
        self,
        root: FilePath,
        overlaid: str | None = None,
        environment: str | None = None,
    ) -> None:
        self._root = root
        self._overlaid = overlaid
        self._environment = environment
        self._documents: dict[str, Document] = {}
        self._excerpts: dict[str, ProfileExcerpts] = {}
        self._drafts: dict[str, str] = {}

    def keep_draft(self, file: str, text: str, document: Document) -> None:
        """Take a file that nobody has written yet, read with marks."""
        self._drafts[file] = text
        self._documents[file] = document

    def keep(self, file: str, document: Document) -> None:
        """Take a file as it was read without marks."""
        self._excerpts[file] = ProfileExcerpts(self._root / file, document)

    def locate(self, file: str, path: Path) -> Position:
        """Return the position of what stands at `path`, or of its nearest parent."""
        if file in self._excerpts and file not in self._documents:
            excerpt = self._excerpts[file].take(path)
            if excerpt is not None:
                part, inside, lines_before = excerpt
                (line, column), _ = _walk(part, inside)
                return line + lines_before, column
        document = self._document(file)
        base, depth = _walk(document, path)
        if file == self._overlaid and self._environment is not None:
            prefix = ("environments", self._environment)
            inner, inner_depth = _walk(document, (*prefix, *path))
            # What leads as far in the environment is what was laid over the base.
            if inner_depth - len(prefix) >= max(depth, 1):
                return inner
        return base

    def place(self, file: str, path: Path) -> str:
        """Give `people/jack.yaml:3`."""
        return f"{file}:{self.locate(file, path)[0]}"

    def finding(
        self, place: Place, fault: Fault, attribute: str | None = None
    ) -> Diagnostic:
        """Return what is wrong at or within a place, with its line and column."""
        if fault.line is None:
            line, column = self.locate(place.file, (*place.path, *fault.path))
            fault = replace(fault, line=line, column=column)
        return fault.in_file(place.file, attribute)

    def is_quoted(self, file: str, path: Path) -> bool:
        """Return whether the key at `path` is written with quotes."""
        line, column = self.locate(file, path)
        draft = self._drafts.get(file)
        text = (self._root / file).read_text("utf-8-sig") if draft is None else draft
        lines = text.splitlines()
        return line <= len(lines) and lines[line - 1][column - 1 : column] in _QUOTES

    def _document(self, file: str) -> Document:
        if file not in self._documents:
            read = read_document(self._root / file, with_marks=True)
            self._documents[file] = read
        return self._documents[file]


def _walk(document: Document, path: Path) -> tuple[Position, int]:
    node: Node | None = document.tree
    position, depth = (1, 1), 0
    for step in path:
        inner = _inner(node, step)
        if inner is None:
            break
        position = (document.marks or {}).get((id(node), step), position)
        node, depth = inner, depth + 1
    return position, depth


def _inner(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, dict) and isinstance(step, str):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


class FindingCollector:
    """Turns what is wrong in a project into findings.

    `secrets` are the variables that hold passcodes.
    """

    def __init__(self, locator: SourcePositions) -> None:
        self.locator = locator
        self.secrets: frozenset[str] = frozenset()
        self.findings = Findings()

    def add(self, place: Place, *faults: Fault, attribute: str | None = None) -> None:
        """Add what is wrong at a place or, where a fault has a path, within it."""
        for fault in faults:
            self.findings.add(self.locator.finding(place, fault, attribute))
