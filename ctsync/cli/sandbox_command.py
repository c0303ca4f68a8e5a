"""What `ctsync sandbox` does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from ctsync.cli.output import print_document, print_message
from ctsync.cli.project_session import SANDBOX_PASSCODE
from ctsync.errors import CtsyncError, UsageError


class Simulation(Struct, frozen=True):
    """What the command line asks of the sandbox."""

    port: int
    data: Path | None
    faults: tuple[str, ...]
    distortions: tuple[str, ...]
    drops: tuple[str, ...]
    account: str | None
    seed: int


def serve(wish: Simulation) -> int:
    """Serve until a signal comes; print the address first.

    Raises:
        UsageError: there is no such fault or distortion.
        CtsyncError: the port or the file cannot be used.
    """
    from ctsync.sandbox import Sandbox

    passcode = os.environ.get("CLEVERTAP_PASSCODE") or SANDBOX_PASSCODE
    platform = Sandbox(
        data=wish.data,
        port=wish.port,
        account_id=wish.account,
        passcode=passcode,
        faults=dict(map(_rate, wish.faults)),
        seed=wish.seed,
        distortions=_distortions(wish.distortions),
        drops=wish.drops,
    )
    try:
        with platform:
            _announce(platform.url)
            _wait_for_signal()
    except OSError as error:
        raise CtsyncError(
            f"the sandbox cannot listen on port {wish.port}: {error.strerror}",
            hint="choose another with --port",
            code="sandbox",
        ) from error
    return 0


def _rate(word: str) -> tuple[str, float]:
    from ctsync.sandbox import FAULTS

    kind, _, rate = word.partition("=")
    try:
        number = float(rate)
    except ValueError:
        number = -1.0
    if kind not in FAULTS or not 0 <= number <= 1:
        kinds = "\n  ".join(f"{name}: {said}" for name, said in FAULTS.items())
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


def _announce(url: str) -> None:
    print_document([f"{url}\n"])
    print_message(
        "This is a simulation of documented behaviour, not the platform.\n"
        f"  account.endpoint: {url}\n"
        "  passcode: that of CLEVERTAP_PASSCODE if set, else sandbox\n"
        f"  {url}/sandbox/profiles shows what it holds. Ctrl-C ends it."
    )


def _wait_for_signal() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(0.5):
        pass
