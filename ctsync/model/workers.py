"""Whoever does pieces of work elsewhere, for those who do not know where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

from msgspec import Struct

Task: TypeAlias = Callable[[bytes], bytes]
"""It is pickled on its way."""
Made: TypeAlias = Iterator[tuple[bytes, "bytes | None"]]
"""Pieces in order, each with what a task made of it; None where nobody did."""


class Workers(Struct, frozen=True):
    """What runs a task on pieces, and how much and how many are worth the way.

    `run` gives what came of each piece, in order; a task may run twice on one, even at
    once, and what it raises says that not all was done. `ahead` does pieces of a stream
    on this machine before they are asked for. With fewer profiles than `worth` it is
    over here before workers have begun; `pieces` are the most at once.
    """

    run: Callable[[Task, Sequence[bytes]], Sequence[bytes]]
    ahead: Callable[[Task, Iterable[bytes]], AbstractContextManager[Made]]
    worth: int
    pieces: int
