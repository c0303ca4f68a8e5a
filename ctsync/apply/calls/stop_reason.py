"""Why a run sends nothing more."""

from __future__ import annotations

from ctsync.apply.apply_settings import Halted, StopRequest
from ctsync.errors import TransportError
from ctsync.model.snapshot import Account


class StopReason:
    """Why nothing more is sent, if so; the first reason stays."""

    def __init__(self, stop: StopRequest) -> None:
        self._stop = stop
        self._reason: Halted | None = None
        self.message = ""

    def call(self, reason: Halted, message: str = "") -> None:
        """Send nothing more from now on."""
        if self._reason is None:
            self._reason, self.message = reason, message

    @property
    def reason(self) -> Halted | None:
        """Why nothing more is sent."""
        if self._reason is None and self._stop.requested:
            self._reason = "interrupted"
        return self._reason


def stopping_error(stop_reason: StopReason, account: Account) -> TransportError | None:
    """Return the error that a run was halted by, where it was not the user's wish."""
    if stop_reason.reason == "unauthorised":
        return TransportError(
            f"the platform refused the credentials of account {account.id} "
            f"in region {account.region}: {stop_reason.message}",
            hint="check account.region, and that the passcode is one of the account "
            "and not the SDK token",
            code="unauthorised",
        )
    if stop_reason.reason == "unreachable":
        where = account.endpoint or f"region {account.region}"
        # An answer came, if not one that helps: saying "not reached" would mislead.
        has_answered = stop_reason.message.startswith("HTTP")
        what = "does not take calls" if has_answered else "could not be reached"
        return TransportError(
            f"the platform {what} ({where}): {stop_reason.message}",
            hint=_way_on(stop_reason.message),
            code="unreachable",
        )
    return None


def _way_on(message: str) -> str:
    again = "nothing that was acknowledged is lost; apply again"
    if message.startswith("DNS"):
        return (
            "check account.endpoint or account.region, and that this machine can look "
            f"up names (network, VPN, proxy); {again} then"
        )
    return f"{again} later"
