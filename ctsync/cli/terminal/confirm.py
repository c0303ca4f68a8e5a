"""Asking a person before anything is sent or written."""

from __future__ import annotations

import sys

from ctsync.cli.terminal.output import check, print_message
from ctsync.errors import CtsyncError, UsageError

SEE_FIRST = "run it on a terminal, or see what it would write with --dry-run"


class NotApproved(CtsyncError):
    """The person at the prompt did not say yes."""

    code = "not_approved"


def can_ask() -> bool:
    """Return whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def require_someone(instead: str) -> None:
    """Refuse to go on where nobody can answer; `instead` says what to do then.

    What it says never offers to go on unasked: whoever wants that has read of it.

    Raises:
        UsageError: standard input is no terminal.
    """
    if not can_ask():
        raise UsageError("there is no terminal to ask on", hint=instead)


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
