"""Garbage collection while millions of values pass through."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# As `gc.set_threshold` takes them; Python's own begin with 700, 10 and 10.
_SELDOM = (100_000, 50, 1_000)


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Look for cycles seldom: what is in flight has none, and looking costs a third."""
    usual = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
