"""Signing plans, and telling whether one was signed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync.errors import CtsyncError, PlanRefused, UsageError

if TYPE_CHECKING:
    from ctsync.plan.document.plan_file import SavedPlan


def key_for(out: Path | None) -> bytes:
    """Return the key to sign a plan with that is to be saved.

    Raises:
        UsageError: it is not to be saved.
        CtsyncError: there is no key.
    """
    from ctsync.plan.document.signature import plan_key

    if out is None:
        raise UsageError("--sign goes with --out FILE: a saved plan is signed")
    return plan_key(os.environ)


def require_signature(plan: SavedPlan) -> None:
    """See that a plan was signed with the key that is at hand.

    Raises:
        PlanRefused: it was not, or there is no key to tell by.
    """
    from ctsync.plan.document.signature import plan_key

    try:
        key = plan_key(os.environ)
    except CtsyncError as error:
        raise PlanRefused(error.message, hint=error.hint, code=error.code) from error
    if not plan.is_signed_with(key):
        raise PlanRefused(
            f"{plan.name} is not signed with the key in CTSYNC_PLAN_KEY",
            hint='make it again with "ctsync plan --sign --out FILE"',
            code="plan_unsigned",
        )


def is_authentic(plan: SavedPlan) -> bool:
    """Return whether a plan is known to be as it was made, by its signature."""
    from ctsync.plan.document.signature import plan_key

    try:
        return plan.is_signed_with(plan_key(os.environ))
    except CtsyncError:
        return False
