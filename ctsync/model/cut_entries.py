"""Lines of many entries, cut where they say of some attributes; by one pattern for all.

What an entry knows of an attribute mostly stands in one way, without escapes. Then the
text of thousands of lines is cut in one go, and nothing is made of what stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Sized
from typing import Any, NamedTuple

from ctsync.canonical_json import canonical, fold_name

WORTH_LINES = 64

# What is known begins with no text that somebody wrote but in lists, and those with a
# brace are not told. The name stands in nothing else of that kind but in what was known
# before a file, of an attribute that is called so, and there nothing is taken for it.
# That is asked behind the name, since a pattern that begins with a text is found at a
# look. What most say is tried first, as it takes few steps to tell.
_KNOWN = (
    rb'%(folded)b:\{(?<!"due":\{%(folded)b:\{)'
    rb'(?:"kind":"\w+",|[^{}\\]*)"name":%(name)b'
    rb'(?:,"value":(?:"[^"\\]*"|[^"{}\\]*)\}|[^"{}\\]*(?:"[^"\\]*"[^"{}\\]*)*\})'
)
_ENDING = (
    rb'([^\n]*\}),"cohorts":\[[^\]]*\],"fingerprint":"[^"]*"'
    rb'(,"key":\{"\w+":"([^"\\]*)"\}[^\n]*\n)'
)
_END, _ID = -2, -1


def is_worth_cutting(lines: Sized) -> bool:
    """Return whether one by one they take longer than to make a pattern takes."""
    return len(lines) >= WORTH_LINES


class CutEntries(NamedTuple):
    """Lines that were cut, one place of each column for one.

    `places` say which they are of all that there were. A line is its head; of each
    attribute its name with what is known of it, and what stands `behind`; cohorts and a
    fingerprint, with their names; and its end.
    """

    places: Sequence[int]
    heads: Sequence[bytes]
    behind: Sequence[Sequence[bytes]]
    ends: Sequence[bytes]


class EntryCutter:
    """Cuts lines at attributes, whose names come as they were last spelled."""

    def __init__(self, names: Iterable[str]) -> None:
        """They are sorted as in an entry, each once."""
        known = (
            _KNOWN % {b"folded": _spelled(fold_name(each)), b"name": _spelled(each)}
            for each in names
        )
        self._pattern = re.compile(rb"([^\n]*,)".join(known) + _ENDING)

    def cut(self, ids: Sequence[bytes], lines: Iterable[bytes]) -> CutEntries:
        """Cut those lines of profiles of one id type that the pattern tells."""
        width = self._pattern.groups + 1
        pieces: list[Any] = self._pattern.split(b"".join(lines))
        heads, *columns = [pieces[at:-1:width] for at in range(width)]
        places: Sequence[int] = range(len(ids))
        if columns[_ID] != ids:
            # Lines that were not told stand in front of others.
            heads = [head[head.rfind(b"\n") + 1 :] for head in heads]
            numbers = {each: at for at, each in enumerate(ids)}
            places = [numbers[each] for each in columns[_ID]]
        return CutEntries(places, heads, columns[:_END], columns[_END])


def _spelled(name: str) -> bytes:
    """Return the pattern of a name as lines spell it."""
    return re.escape(canonical(name))
