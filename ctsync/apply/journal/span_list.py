"""Places of profiles, kept as spans of those that follow each other."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from ctsync.plan.document.batches import Span


class SpanList:
    """Ascending places. A million of them, none beside the next, take 16 MB."""

    def __init__(self) -> None:
        self._firsts, self._counts = array("Q"), array("Q")

    def add(self, place: int) -> None:
        """Take in a place after all others."""
        if self._firsts and place == self._firsts[-1] + self._counts[-1]:
            self._counts[-1] += 1
        else:
            self._firsts.append(place)
            self._counts.append(1)

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[int]:
        for first, count in zip(self._firsts, self._counts, strict=True):
            yield from range(first, first + count)

    def spans(self) -> list[Span]:
        """Return the spans."""
        return list(zip(self._firsts, self._counts, strict=True))
