"""Whoever does pieces of work elsewhere, for those who do not know where."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct


class Workers(Struct, frozen=True):
    """What runs a task on pieces, and how much and how many are worth the way.

    `run` pickles a task, runs it on each piece, and gives what came of each, in order.
    A task may run twice on a piece, even at once. What it raises says that not all was
    done. With fewer profiles than `worth` it is over here before workers have begun.
    """

    run: Callable[[Callable[[bytes], bytes], Sequence[bytes]], Sequence[bytes]]
    worth: int
    pieces: int
