"""Where values that are the same stand among others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def alike_places(values: Iterable[T]) -> Mapping[T, Sequence[int]]:
    """Return the places of each value, in order."""
    places: defaultdict[T, list[int]] = defaultdict(list)
    for at, value in enumerate(values):
        places[value].append(at)
    return places
