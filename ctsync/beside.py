"""Doing two things at once, where one of them is mostly done outside of Python."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

S = TypeVar("S")
T = TypeVar("T")
_AHEAD = 3  # items; each is as much as is worth a thread
_END: Any = object()


def _wait() -> None:
    """Let work go on to its end."""


@contextmanager
def beside(
    work: Callable[[], object], give_up: Callable[[], object] = _wait
) -> Generator[None]:
    """Do some work in a thread while the body of a `with` is done; both end with it.

    What either raises is raised, that of the body first; the work is told to `give_up`
    then. Where the system gives no thread, the work is done before the body.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "ctsync-beside") as pool:
        try:
            done = pool.submit(work)
        except RuntimeError:  # all that Python says of a limit of the system
            # What was submitted would be done once more if a thread came later.
            pool.shutdown(cancel_futures=True)
            work()
            yield
            return
        try:
            yield
            done.result()
        except BaseException:
            give_up()  # also of who is interrupted while only the work goes on
            raise


@contextmanager
def ahead(items: Iterable[T], most: int = _AHEAD) -> Generator[Iterator[T]]:
    """Give items that a thread makes meanwhile, `most` of them ahead of who takes them.

    What making one raises is raised in its place. Whoever leaves early waits for no
    more than the one at hand. Where the system gives no thread, each is made when its
    turn comes.
    """
    from concurrent.futures import ThreadPoolExecutor

    source = iter(items)
    # One thread, or items would come out of order, from a source asked twice at once.
    with ThreadPoolExecutor(1, "ctsync-ahead") as pool:
        waiting = deque["Future[T]"]()
        try:
            waiting += [pool.submit(next, source, _END) for _ in range(most)]
        except RuntimeError:  # all that Python says of a limit of the system
            pool.shutdown(cancel_futures=True)
            yield source
            return
        try:
            yield _made(pool, source, waiting)
        finally:
            pool.shutdown(cancel_futures=True)


def _made(
    pool: Executor, source: Iterator[T], waiting: deque[Future[T]]
) -> Iterator[T]:
    while (item := waiting.popleft().result()) is not _END:
        waiting.append(pool.submit(next, source, _END))
        yield item


@contextmanager
def by_hands(
    make: Callable[[S], T], items: Iterable[S], hands: int
) -> Generator[Iterator[T]]:
    """Give what is made of items, in their order, while so many threads make the next.

    What making one raises is raised in its place. Whoever leaves early waits for those
    at hand. Where the system gives fewer threads, these make all; where it gives none,
    each is made when its turn comes.
    """
    from concurrent.futures import ThreadPoolExecutor

    source = iter(items)
    # One pool a thread: one for all keeps what it was given for a thread that it did
    # not get, and its other threads would make that, too.
    pools = [ThreadPoolExecutor(1, "ctsync-hand") for _ in range(hands)]
    try:
        waiting: deque[tuple[Executor, Future[T]]] = deque()
        for pool, item in zip(pools, source, strict=False):
            try:
                waiting.append((pool, pool.submit(make, item)))
            except RuntimeError:  # all that Python says of a limit of the system
                pool.shutdown(cancel_futures=True)
                source = chain([item], source)
                break
        yield _by_hands(make, source, waiting) if waiting else map(make, source)
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)


def _by_hands(
    make: Callable[[S], T],
    source: Iterator[S],
    waiting: deque[tuple[Executor, Future[T]]],
) -> Iterator[T]:
    while waiting:
        hand, made = waiting.popleft()
        made.result()
        waiting += [(hand, hand.submit(make, item)) for item in islice(source, 1)]
        yield made.result()
