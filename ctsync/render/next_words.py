"""What to do next, as the commands to type."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ctsync.render.plan_view import PlanView

Step = tuple[str, str]
"""What a command is for, and the command."""


def next_steps(view: PlanView) -> Iterator[Step]:
    """Yield what can be done with a plan that is being reviewed."""
    if view.changed and not view.foot.blocked:
        words = "To apply what was reviewed, where FILE is what plan --out FILE wrote:"
        yield words, apply_words(view)
    if view.profiles["undeclared"]:
        yield "To see who is named nowhere:", undeclared_words(view)


def apply_words(view: PlanView) -> str:
    """Return the command that sends this plan, where FILE is the saved one."""
    words = ("ctsync", "apply", "FILE", "--expect-digest", view.foot.digest)
    shown = command_words(words, view.head.environment, sandbox=view.head.sandbox)
    is_first = view.head.first_run and not view.head.sandbox
    return f"{shown} --first-run" if is_first else shown


def undeclared_words(view: PlanView) -> str:
    """Return the command that lists the profiles which no place names."""
    words = ("ctsync", "state", "list", "--undeclared")
    return command_words(words, view.head.environment, sandbox=view.head.sandbox)


def command_words(
    words: tuple[str, ...], environment: str | None, *, sandbox: bool
) -> str:
    """Return a command about the same environment and platform, as a shell takes it."""
    around = () if environment is None else ("--env", environment)
    return shlex.join((*words, *around, *(("--sandbox",) if sandbox else ())))
