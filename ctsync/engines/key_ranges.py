"""Ranges of keys: all keys, parted so that each part is work for one process."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ctsync.engines import duckdb_candidates_sql as sql
from ctsync.model.profile_key import ProfileKey


class KeyRanges(Struct, frozen=True):
    """Ranges, by the first key that each may hold; the first of an id type is ''."""

    starts: tuple[ProfileKey, ...]

    def __len__(self) -> int:
        return len(self.starts)

    def numbers_of(self, kind: str, ids: Iterable[str]) -> list[int]:
        """Return the number of the range in which each id of a type lies."""
        first = bisect_right(self.starts, (kind, "")) - 1
        starts = [start.id for start in self.starts if start.type == kind]
        return [first - 1 + bisect_right(starts, each) for each in ids]

    def condition(self, number: int) -> str:
        """Return the condition in SQL for (type, id) of a range."""
        end = [*self.starts, ("", "")][number + 1]
        return sql.between(self.starts[number], end)


def ranges_over(
    samples: Mapping[str, Sequence[str]], *, every: int, most_keys: int
) -> KeyRanges:
    """Return ranges of about so many keys, each like the others.

    `samples` are ids by their types: one of about `every` keys is among them. A type
    of which there may be keys is there, even if no id was drawn.
    """
    starts: list[ProfileKey] = []
    for kind, drawn in sorted(samples.items()):
        ids = sorted(drawn)
        count = max(1, round(len(ids) * every / most_keys))
        bounds = {"", *(ids[len(ids) * n // count] for n in range(1, count))}
        starts += [ProfileKey(kind, bound) for bound in sorted(bounds)]
    return KeyRanges(tuple(starts))
