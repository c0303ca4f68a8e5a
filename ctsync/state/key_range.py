"""Keys from one to before another, and where they are in sorted rows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from msgspec import Struct

from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import SortedTexts, Table, sort_key, sort_keys


class KeyRange(Struct, frozen=True):
    """Keys from `start` to before `end`; None is no bound."""

    start: ProfileKey | None = None
    end: ProfileKey | None = None

    def holds(self, key: ProfileKey) -> bool:
        """Return whether a key lies in it."""
        is_early = self.start is not None and key < self.start
        return not is_early and (self.end is None or key < self.end)

    def groups(self, firsts: Sequence[ProfileKey]) -> range:
        """Return the numbers of the groups, given by first keys, that may have some."""
        start = 0 if self.start is None else bisect_right(firsts, self.start) - 1
        stop = len(firsts) if self.end is None else bisect_left(firsts, self.end)
        return range(max(start, 0), stop)

    def cut(self, table: Table) -> Table:
        """Return the rows of a sorted table that lie in it."""
        keys = SortedTexts(sort_keys(table))
        start = 0 if self.start is None else bisect_left(keys, sort_key(self.start))
        stop = len(keys) if self.end is None else bisect_left(keys, sort_key(self.end))
        return table.slice(start, stop - start)
