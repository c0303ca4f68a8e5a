"""Doing two things at once, where one of them is mostly done outside of Python."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from threading import Condition
from typing import TYPE_CHECKING, Any, Generic, TypeVar

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


class Handing(Generic[T]):
    """Hands items to a thread that takes them; a few may wait."""

    def __init__(self, take: Callable[[Iterator[T]], object], pool: Executor) -> None:
        """Begin to take them in the pool.

        Raises:
            RuntimeError: the system gives no thread.
        """
        self._changed = Condition()
        self._waiting = deque[T]()
        self._is_ended = self._is_given_up = self._is_left = False
        self._done = pool.submit(self._taking, take)

    def hand(self, item: T) -> None:
        """Hand an item over, unless no more are taken.

        What taking raised is raised here.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_left or len(self._waiting) < _AHEAD)
            if not self._is_left:
                self._waiting.append(item)
                self._changed.notify_all()
                return
        self.end()

    def end(self) -> None:
        """Say that there are no more, and wait until all is done with those taken.

        What taking raised is raised here.
        """
        self._end()
        self._done.result()

    def give_up(self) -> None:
        """Let taking fail instead of ending, if it has not ended."""
        self._is_given_up = True
        self._end()

    def _end(self) -> None:
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def _taking(self, take: Callable[[Iterator[T]], object]) -> None:
        try:
            take(self._items())
        finally:
            with self._changed:
                self._is_left = True
                self._changed.notify_all()

    def _items(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_ended)
                if self._is_given_up:
                    raise _GivenUp
                if not self._waiting:
                    return
                item = self._waiting.popleft()
                self._changed.notify_all()
            yield item


class _GivenUp(Exception):
    """Nobody needs what was to come of items."""


@contextmanager
def handed(take: Callable[[Iterator[T]], object]) -> Generator[Handing[T] | None]:
    """Have items taken in a thread while the body of a `with` hands them over.

    If the body fails, taking does too. Without a thread of the system there is nothing
    to hand items to.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "ctsync-taking") as pool:
        try:
            handing = Handing(take, pool)
        except RuntimeError:  # all that Python says of a limit of the system
            yield None
            return
        try:
            yield handing
            handing.end()
        except BaseException:
            handing.give_up()
            raise


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
