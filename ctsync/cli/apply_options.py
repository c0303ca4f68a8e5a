"""What the command line says of an apply."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.plan_options import PlanOptions, is_plan_file
from ctsync.cli.terminal.confirm import require_someone
from ctsync.errors import UsageError
from ctsync.model.policy import Limit

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ApplyOptions(Struct, frozen=True):
    """What the command line says of an apply."""

    what: Path | None
    wish: PlanOptions
    auto_approve: bool = False
    expect_digest: str | None = None
    first_run: bool = False
    dry_run: bool = False
    report: Path | None = None
    canary: Limit | None = None
    allow_rejected: Limit | None = None
    lock_timeout_seconds: float = 0.0
    require_signature: bool = False
    summary_only: bool = False
    everything: bool = False

    @property
    def asks(self) -> bool:
        """Whether a person has to say yes."""
        return not (self.auto_approve or self.expect_digest or self.dry_run)

    def is_saved_plan(self, settings: GlobalOptions) -> bool:
        """Whether a saved plan is to be applied, rather than a project."""
        return is_plan_file(self.what, settings.directory)


def check_digest(word: str | None) -> None:
    """See that a digest that is asked for can be one.

    Raises:
        UsageError: says what one looks like.
    """
    if word is not None and not _DIGEST.fullmatch(word):
        raise UsageError(
            f'not a digest: "{word}"',
            hint='it is sha256: and 64 hex digits, as "ctsync plan" prints it',
        )


def check_apply_options(settings: GlobalOptions, orders: ApplyOptions) -> None:
    """Refuse orders that contradict each other, or that nobody can approve.

    Raises:
        UsageError: says which, and what to give instead.
    """
    if orders.expect_digest is not None:
        if orders.auto_approve:
            raise UsageError("--auto-approve and --expect-digest exclude each other")
        check_digest(orders.expect_digest)
    wish = orders.wish
    if orders.is_saved_plan(settings) and (wish.targets or wish.accepts):
        raise UsageError(
            "--target and --accept go with planning, not with a saved plan",
            hint='give them to "ctsync plan --out FILE"',
        )
    if orders.require_signature and not orders.is_saved_plan(settings):
        raise UsageError(
            "--require-signature goes with a saved plan",
            hint='name the file that "ctsync plan --sign --out FILE" wrote',
        )
    if orders.asks:
        is_saved = orders.is_saved_plan(settings)
        shows = '"ctsync show FILE"' if is_saved else '"ctsync plan"'
        require_someone(
            "run it on a terminal, or approve what was reviewed with "
            f"--expect-digest DIGEST, which {shows} prints"
        )
