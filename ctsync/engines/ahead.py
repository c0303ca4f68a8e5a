"""Fetching ahead: while one piece is worked on, the next one is fetched beside it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

Wanted = TypeVar("Wanted")
Fetched = TypeVar("Fetched")


def fetched_ahead(
    fetch: Callable[[Wanted], Fetched], wanted: Iterable[Wanted]
) -> Generator[Fetched]:
    """Yield what `fetch` gives for each in turn, one fetched ahead in a thread.

    `fetch` is never called twice at once; when this ends, none is under way.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "ctsync-ahead") as pool:
        coming = None
        for each in wanted:
            before, coming = coming, pool.submit(fetch, each)
            if before is not None:
                yield before.result()
        if coming is not None:
            yield coming.result()
