"""Ctrl-C and SIGTERM: while calls leave, the first asks to end well, the second ends.

At any other time the first one ends the command, and leaves nothing behind.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from threading import current_thread, main_thread
from types import FrameType

from ctsync.cli.terminal.output import print_message
from ctsync.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


SENDING = (
    "stopped at once; the journal holds what was sent, and the next command takes it up"
)
READING = "stopped at once; nothing has changed"


class StopSignal:
    """Whether a signal asked the run to end, and which.

    `at_once` is what a second signal says.
    """

    def __init__(self, at_once: str = SENDING) -> None:
        self.signal_number: int | None = None
        self._at_once = at_once

    @property
    def requested(self) -> bool:
        """Whether to send nothing more."""
        return self.signal_number is not None

    def receive(self, number: int, _: FrameType | None) -> None:
        """Take a signal in.

        Raises:
            Interrupted: it is the second one.
        """
        if self.requested:
            raise Interrupted(self._at_once, signal_number=number)
        self.signal_number = number
        print_message(
            "stopping: what is in flight is finished; once more to stop at once"
        )


class EndSignal:
    """The signal that ended the command, if one did."""

    def __init__(self) -> None:
        self.number: int | None = None

    def end(self, number: int, _: FrameType | None) -> None:
        """Leave whatever is done, through everything that tidies up.

        Raises:
            KeyboardInterrupt: always; DuckDB makes another error of it.
        """
        self.number = number
        raise KeyboardInterrupt


@contextmanager
def end_on_signals() -> Iterator[EndSignal]:
    """Have signals end what is done in the context, where this thread may say so."""
    sign = EndSignal()
    # Python lets the main thread alone say what a signal does.
    with _handled_by(sign.end) if current_thread() is main_thread() else nullcontext():
        yield sign


@contextmanager
def stop_on_signals(at_once: str = SENDING) -> Iterator[StopSignal]:
    """Turn signals into a stop sign while the context lasts."""
    sign = StopSignal(at_once)
    with _handled_by(sign.receive):
        yield sign


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
