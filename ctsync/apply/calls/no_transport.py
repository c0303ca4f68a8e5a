"""What a run sends with that has nothing to send."""

from __future__ import annotations

from ctsync.transport.upload_result import UploadResult


class NoTransport:
    """Stands where nothing is to be sent."""

    def upload(self, body: bytes, *, dry_run: bool) -> UploadResult:
        """Be asked by nobody."""
        raise AssertionError(f"{len(body)} bytes in a plan without calls ({dry_run=})")

    def close(self) -> None:
        """Have nothing to let go of."""
