"""Keeping the record of a run, also while others write what it did to the state."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Protocol

from ctsync.apply.folding.replayed_outcomes import Told
from ctsync.beside import beside


class KeepRun(Protocol):
    """Keeps the record; stops in the middle once `is_given_up` says so."""

    def __call__(
        self, *, is_given_up: Callable[[], bool], told: Iterable[Told] | None = None
    ) -> None:
        """Keep it; where it is `told` what came of the journal, that is not read.

        Raises:
            StateError: it could not be written.
        """


class RunKeeping:
    """A record that is kept once, before the state that the run left is published.

    Whoever is cut off in between does both once more.
    """

    def __init__(self, keep_run: KeepRun) -> None:
        self._keep_run = keep_run
        self._is_kept = False

    def keep(self) -> None:
        """Keep it, unless that was done.

        Raises:
            StateError: it could not be written.
        """
        self._keep(Event())

    @contextmanager
    def kept_meanwhile(self) -> Generator[None]:
        """Keep it in a thread while the body of a `with` is done; both end with it.

        If the body fails, it is given up where it stands.

        Raises:
            StateError: it could not be written.
        """
        given_up = Event()
        with beside(partial(self._keep, given_up), given_up.set):
            yield

    def keep_told(self, told: Iterable[Told]) -> None:
        """Keep it, unless that was done, of what came of the journal.

        Raises:
            StateError: it could not be written.
        """
        self._keep(Event(), told)

    def _keep(self, given_up: Event, told: Iterable[Told] | None = None) -> None:
        if not self._is_kept:
            self._keep_run(is_given_up=given_up.is_set, told=told)
            self._is_kept = True
