"""Doing two things at once, where both are mostly done outside of Python."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def beside(work: Callable[[], object]) -> Generator[None]:
    """Do some work in a thread while the body of a `with` is done; both end with it.

    What either raises is raised, that of the body first. Where the system gives no
    thread, the work is done before the body.
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
        yield
        done.result()
