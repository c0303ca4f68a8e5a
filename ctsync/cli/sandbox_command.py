"""What `ctsync sandbox` does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.cli.project_session import SANDBOX_PASSCODE
from ctsync.cli.sandbox_door import DoorWish, door_faults, door_settings, door_words
from ctsync.cli.terminal.output import print_document, print_message
from ctsync.errors import CtsyncError, UsageError

if TYPE_CHECKING:
    from ctsync.sandbox import Sandbox


class Simulation(Struct, frozen=True):
    """What the command line asks of the sandbox."""

    port: int
    data: Path | None
    faults: tuple[str, ...]
    distortions: tuple[str, ...]
    drops: tuple[str, ...]
    account: str | None
    seed: int
    door: DoorWish


def serve(wish: Simulation) -> int:
    """Serve until a signal comes; print the address first.

    Raises:
        UsageError: there is no such fault or distortion, or no door that an option
            is about.
        CtsyncError: a port, a file or a key cannot be used.
    """
    platform = _platform(wish)
    try:
        with platform:
            ended = _heed_signals()  # before anybody can know where to send one
            _announce(platform, has_door=wish.door.port is not None)
            _wait_for(ended)
    except OSError as error:
        ports = [wish.port, *([] if wish.door.port is None else [wish.door.port])]
        raise CtsyncError(
            f"the sandbox cannot listen on port {' and '.join(map(str, ports))}: "
            f"{error.strerror}",
            hint="choose another with --port"
            + (" or --sftp-port" if len(ports) > 1 else ""),
            code="sandbox",
        ) from error
    return 0


def _platform(wish: Simulation) -> Sandbox:
    from ctsync.sandbox import FAULTS, Sandbox

    rates = dict(map(_rate, wish.faults))
    settings = door_settings(wish.door, rates)
    try:
        return Sandbox(
            data=wish.data,
            port=wish.port,
            account_id=wish.account,
            passcode=os.environ.get("CLEVERTAP_PASSCODE") or SANDBOX_PASSCODE,
            faults={name: rate for name, rate in rates.items() if name in FAULTS},
            seed=wish.seed,
            distortions=_distortions(wish.distortions),
            drops=wish.drops,
            sftp=settings,
        )
    except ValueError as error:
        raise UsageError(f"the sandbox cannot be made: {error}") from error
    except OSError as error:
        place = error.filename or wish.data
        raise CtsyncError(
            f"the sandbox cannot use {place}: {error.strerror}", code="sandbox"
        ) from error


def _rate(word: str) -> tuple[str, float]:
    from ctsync.sandbox import FAULTS

    known = {**FAULTS, **door_faults()}
    kind, _, rate = word.partition("=")
    try:
        number = float(rate)
    except ValueError:
        number = -1.0
    if kind not in known or not 0 <= number <= 1:
        kinds = "\n  ".join(f"{name}: {said}" for name, said in known.items())
        raise UsageError(
            f"--fault {word} means nothing; write KIND=RATE, the rate from 0 to 1",
            hint=f"the kinds are\n  {kinds}",
        )
    return kind, number


def _distortions(words: Sequence[str]) -> Sequence[str]:
    from ctsync.sandbox import AS_RECORDED, DISTORTIONS

    unknown = [word for word in words if word not in DISTORTIONS]
    if unknown:
        kinds = "\n  ".join(f"{name}: {d.about}" for name, d in DISTORTIONS.items())
        raise UsageError(
            f"--distort {unknown[0]} means nothing", hint=f"the kinds are\n  {kinds}"
        )
    return words or AS_RECORDED


def _announce(platform: Sandbox, *, has_door: bool) -> None:
    url = platform.url
    print_document([f"{url}\n"])
    print_message(
        "This is a simulation of documented behaviour, not the platform.\n"
        f"  account.endpoint: {url}\n"
        "  passcode: that of CLEVERTAP_PASSCODE if set, else sandbox\n"
        f"{door_words(platform.sftp) if has_door else ''}"
        f"  {url}/sandbox/profiles shows what it holds. Ctrl-C ends it."
    )


def _heed_signals() -> threading.Event:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _wait_for(ended: threading.Event) -> None:
    while not ended.wait(0.5):
        pass
