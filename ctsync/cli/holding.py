"""Naming this run for those who find the state locked."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctsync.state import Holder


def holder() -> Holder:
    """Give user, host, process, command and time of this run."""
    from ctsync.state import Holder

    since = datetime.now(UTC).isoformat(timespec="seconds")
    command = " ".join(["ctsync", *sys.argv[1:]])
    return Holder(_user(), platform.node(), os.getpid(), command, since)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())  # a container without a user database
