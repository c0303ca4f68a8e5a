"""Single profiles of a file, read again with marks.

Reading a whole population again for the sake of one warning takes half as long again
as the plan, and three times its memory.
"""

from __future__ import annotations

import re
from array import array
from pathlib import Path as FilePath

from ctsync.model.contribution import Path
from ctsync.yaml.profile_columns import ProfileColumns
from ctsync.yaml.reader import Document, parse_document

LISTED = "profiles"

_ITEMS_FOR_ONE = 16  # an excerpt costs about as much as so many profiles in a row
_HEAD = b"profiles:\n"
_BREAK = re.compile(rb"\n")


class ProfileExcerpts:
    """Excerpts of one file, whose `document` was read without marks."""

    def __init__(self, path: FilePath, document: Document) -> None:
        self._path = path
        listed = (document.tree or {}).get(LISTED)
        self._profile_columns = document.profiles.get(id(listed), ProfileColumns())
        self._lines = self._profile_columns.lines
        self._left = len(self._lines) // _ITEMS_FOR_ONE
        self._data = b""
        self._ends: array[int] | None = None

    def take(self, path: Path) -> tuple[Document, Path, int] | None:
        """Return a document of one profile, the path in it, and the lines before it.

        None where it is quicker or safer to read the whole file: what is given says
        the same as the file did, so no anchor, comment or style can mislead.
        """
        index = path[1] if len(path) > 1 and path[0] == LISTED else None
        if not isinstance(index, int) or not index + 1 < len(self._lines):
            return None
        if self._left <= 0:
            return None
        self._left -= 1
        first, after = self._lines[index], self._lines[index + 1]
        document = parse_document(_HEAD + self._text(first, after), with_marks=True)
        if not self._is_alone(document, index):
            return None
        # The head is a line of the excerpt, and no line of the file.
        return document, (LISTED, 0, *path[2:]), first - 2

    def _is_alone(self, document: Document, index: int) -> bool:
        """Whether a document holds one profile, that of the file, and no more."""
        tree = document.tree or {}
        items = tree.get(LISTED)
        if document.problems or len(tree) != 1 or not isinstance(items, list):
            return False
        return len(items) == 1 and self._profile_columns.is_entry(index, items[0])

    def _text(self, first: int, after: int) -> bytes:
        """Return the lines from `first`, counted from 1, up to but without `after`."""
        if self._ends is None:
            self._data = self._read()
            self._ends = array("Q", (m.end() for m in _BREAK.finditer(self._data)))
        ends = self._ends
        if after - 2 >= len(ends):
            return b""
        return self._data[ends[first - 2] if first > 1 else 0 : ends[after - 2]]

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError:
            return b""
