"""Whoever does pieces of work elsewhere, for those who do not know where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

Workers: TypeAlias = Callable[
    [Callable[[bytes], bytes], Sequence[bytes]], Sequence[bytes]
]
"""Pickles a task, runs it on each piece, and gives what came of each, in order.

A task may run twice on a piece, even at once. What the workers raise says that they did
not do all of it.
"""
