"""The clock of this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctsync.apply.clock import Clock

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path(
    "/proc/self/ns/time"
)  # a container may count from a moment of its own


def machine_clock() -> Clock:
    """Return the clock; ask for it when no other run can send: under the lock."""
    from ctsync.apply.clock import Clock

    return Clock(time.time, time.monotonic, time.monotonic(), _boot())


def _boot() -> str | None:
    """Name what `time.monotonic` counts from, where the system says so."""
    try:
        return f"{_BOOT.read_text().strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return None
