"""Runs of which some are worth being taken whole, and all others are taken together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def gathered(
    runs: Iterable[Iterable[T]], kind: type, most: int
) -> Iterator[Iterable[T]]:
    """Yield runs of a kind as they are, and what comes between, so many at once."""
    between = list[T]()
    for run in runs:
        if isinstance(run, kind):
            if between:
                yield between
                between = []
            yield run
            continue
        for each in run:
            between.append(each)
            if len(between) == most:
                yield between
                between = []
    if between:
        yield between
