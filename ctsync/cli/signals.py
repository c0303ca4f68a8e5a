"""Ctrl-C and SIGTERM: the first asks the run to end well, the second ends it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ctsync.cli.output import print_message
from ctsync.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignal:
    """Whether a signal asked the run to end, and which."""

    def __init__(self) -> None:
        self.signal_number: int | None = None

    @property
    def requested(self) -> bool:
        """Whether to send nothing more."""
        return self.signal_number is not None

    def write_receipt(self, number: int, _: FrameType | None) -> None:
        """Take a signal in.

        Raises:
            Interrupted: it is the second one.
        """
        if self.requested:
            raise Interrupted(
                "stopped at once; the journal holds what was sent, and the next "
                "command takes it up",
                signal_number=number,
            )
        self.signal_number = number
        print_message(
            "stopping: what is in flight is finished; once more to stop at once"
        )


@contextmanager
def stop_on_signals() -> Iterator[StopSignal]:
    """Turn signals into a stop sign while the context lasts."""
    sign = StopSignal()
    before = {number: signal.signal(number, sign.write_receipt) for number in _SIGNALS}
    try:
        yield sign
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
