"""Asking a person before anything is sent or written."""

from __future__ import annotations

import sys

from ctsync.cli.output import check, print_message
from ctsync.errors import CtsyncError, UsageError


class NotApproved(CtsyncError):
    """The person at the prompt did not say yes."""

    code = "not_approved"


def can_ask() -> bool:
    """Return whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def require_someone(*ways: str) -> None:
    """Refuse to go on where nobody can answer.

    Raises:
        UsageError: standard input is no terminal; names the options that answer.
    """
    if not can_ask():
        raise UsageError(
            "there is no terminal to ask on", hint=f"give {' or '.join(ways)}"
        )


def ask_for_yes(question: str) -> None:
    """Ask, and go on only after `yes`.

    Raises:
        NotApproved: any other answer.
        OutputFailed: the question could not be shown.
    """
    print_message(question)
    sys.stderr.write("Only 'yes' is taken for an answer: ")
    sys.stderr.flush()
    check(sys.stderr)
    if sys.stdin.readline().strip() != "yes":
        raise NotApproved("not approved; nothing was sent, nothing has changed")
