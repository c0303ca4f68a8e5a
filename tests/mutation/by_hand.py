"""Wrongs that no rule makes, written down one by one: text of a module, and other.

Each is a promise that was once held by no test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mutants import Mutant, places_in


class Written(NamedTuple):
    """A wrong: the module under `ctsync`, its name, what stands there, what instead."""

    module: str
    name: str
    right: str
    wrong: str


_ORDER = "journal = store.journal()\n    snapshot = store.{}()\n"
_OTHER = "snapshot = store.{}()\n    journal = store.journal()\n"
BY_HAND = (
    Written(
        "apply/folding/state_effects.py",
        "the once marks of before are lost",
        "_union(before.once, self.once)",
        "self.once",
    ),
    Written(
        "apply/folding/state_effects.py",
        "no once mark is added",
        "_union(before.once, self.once)",
        "before.once",
    ),
    Written(
        "apply/calls/late_writes.py",
        "the wait is not capped by the timeout",
        "min(max(rest, 0.0), unanswered.timeout_seconds)",
        "max(rest, 0.0)",
    ),
    Written(
        "apply/recover.py",
        "a reader reads the snapshot before the journal",
        "journal comes first: a fold in between then shows as a folded journal.\n    "
        + _ORDER.format("read"),
        "order is the other\n    " + _OTHER.format("read"),
    ),
    Written(
        "apply/recover.py",
        "an edit reads the snapshot before the journal",
        "journal = _journal_if_there(store)\n    snapshot = store.read_unverified()",
        "snapshot = store.read_unverified()\n    journal = _journal_if_there(store)",
    ),
    Written(
        "apply/folding/fold.py",
        "the tool version stays behind",
        "tool_version=head.tool_version",
        "tool_version=begun.tool_version",
    ),
)


def by_hand(path: Path, source: str) -> Iterator[Mutant]:
    """Yield the wrongs that were written down for a module.

    Raises:
        ValueError: the module does not say once what one of them is about.
    """
    for each in BY_HAND:
        if path.as_posix().endswith(f"ctsync/{each.module}"):
            if source.count(each.right) != 1:
                raise ValueError(f"{each.module} does not say once: {each.right}")
            yield _mutant(source, each)


def _mutant(source: str, each: Written) -> Mutant:
    start = source.index(each.right)
    first, last = (
        source.count("\n", 0, at) + 1 for at in (start, start + len(each.right))
    )
    lines, function = next(
        (own, function)
        for own, function, _ in places_in(ast.parse(source)).values()
        if own.start in range(first, last + 1) or first in own
        if function is not None
    )
    wrong = source.replace(each.right, each.wrong)
    return Mutant(
        first, each.name, lambda: wrong, range(lines.start, last + 1), function
    )
