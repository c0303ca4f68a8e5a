"""Patterns of names, part by part: what each meets, and what people read for it.

What a variable gave is shown as it is written, as in `${EXPORTS}/people.csv`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from glob import has_magic
from typing import NamedTuple

from ctsync.project.environment_variables import VARIABLE
from ctsync.project.tables import FileText

ANY_DEPTH = "**"


class Step(NamedTuple):
    """One part of a pattern. `shown` stands in names for what the part met."""

    text: str
    shown: str | None = None

    def __call__(self, met: str) -> tuple[str, ...]:
        """Return what a name has for what was met."""
        shown = met if self.shown is None else self.shown
        return (shown,) if shown else ()

    @property
    def is_plain(self) -> bool:
        """Whether it meets one name alone."""
        return not has_magic(self.text)

    def meets(self, name: str) -> bool:
        """Return whether it meets a name; hidden ones only if it begins with a dot."""
        if self.is_plain:
            return name == self.text
        is_hidden = name.startswith(".") and not self.text.startswith(".")
        return not is_hidden and fnmatchcase(name, self.text)


def steps_of(words: FileText, variables: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the parts of a pattern whose variables are all set."""
    return tuple(_split(words.pattern.text, variables))


def _split(written: str, variables: Mapping[str, str]) -> Iterator[Step]:
    for part in written.split("/"):
        text = VARIABLE.sub(lambda found: variables[found[1]], part)
        # Of several folders that a variable gave, its name stands for all, in the last
        # one.
        *before, last = [each for each in text.split("/") if each] or [""]
        is_plain = text == part
        yield from (Step(each, None if is_plain else "") for each in before)
        if last:
            yield Step(last, None if is_plain else part)


def told_apart(names: Sequence[str]) -> list[str]:
    """Tell apart files that have one name since a variable gave the pattern."""
    counts = Counter(names)
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if counts[name] == 1 else f"{name} ({seen[name]})")
    return found
