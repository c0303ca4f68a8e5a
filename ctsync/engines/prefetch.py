"""Fetching ahead: while one piece is worked on, the next one is fetched beside it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Wanted = TypeVar("Wanted")
Fetched = TypeVar("Fetched")


def fetched_ahead(
    fetch: Callable[[Wanted], Fetched], wanted: Iterable[Wanted]
) -> Generator[Fetched]:
    """Yield what `fetch` gives for each in turn, one fetched ahead in a thread.

    `fetch` is never called twice at once; when this ends, none is under way. Where the
    system gives no thread, each is fetched when its turn comes.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "ctsync-ahead") as pool:
        coming = None
        for each in wanted:
            before, coming = coming, _begun(pool, fetch, each)
            if before is not None:
                yield before.result()
        if coming is not None:
            yield coming.result()


def taken_ahead(pieces: Iterator[Fetched]) -> Generator[Fetched]:
    """Yield pieces of an iterator, one taken ahead in a thread."""
    fetched = fetched_ahead(lambda _: next(pieces, None), repeat(None))
    with closing(fetched):
        for piece in fetched:
            if piece is None:
                break
            yield piece


def _begun(
    pool: ThreadPoolExecutor, fetch: Callable[[Wanted], Fetched], wanted: Wanted
) -> Future[Fetched]:
    from concurrent.futures import Future

    try:
        return pool.submit(fetch, wanted)
    except RuntimeError:  # all that Python says of a limit of the system
        # What was submitted would be fetched once more if a thread came later.
        pool.shutdown(cancel_futures=True)
    here: Future[Fetched] = Future()
    here.set_result(fetch(wanted))
    return here
