"""The high-water mark: how far a state had come, kept apart from it.

A mark stands in a file, in an object of a bucket, or is given as it is. It only ever
moves up: a run that was suspended and writes late does not take it back.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from msgspec import Struct, json, to_builtins

from ctsync.canonical_json import canonical
from ctsync.errors import StateError, UsageError

VARIABLE = "CTSYNC_HIGH_WATER"
_VALUE = re.compile(r"([0-9]{1,18}):sha256:([0-9a-f]{64})")
# Half of a value is no name of a file: there a new mark would be begun, and nothing be
# held against the old one.
_LIKE_A_VALUE = re.compile(r"[0-9]+:|sha256:|[0-9]*$")
# Nothing after the name: no query, in which a signature could stand, and no fragment.
_OBJECT = re.compile(r"(?:s3|gs|az)://[\w.-]+/(?:[^?#]*/)?[^/?#]+")


class HighWater(Struct, frozen=True, forbid_unknown_fields=True):
    """The last version of a state that was written.

    A value says no lineage: identities are masked by that, and many may read the
    variables of a pipeline.
    """

    lineage: str | None
    serial: int
    digest: str

    @property
    def value(self) -> str:
        """The form of it that a variable can hold."""
        return f"{self.serial}:sha256:{self.digest}"

    def as_line(self) -> bytes:
        """Return the content of a file or an object."""
        return canonical(to_builtins(self)) + b"\n"

    def is_above(self, found: HighWater | None) -> bool:
        """Return whether to put this in the place of what was found."""
        if found is None or found.lineage != self.lineage:
            return True
        return found.serial < self.serial


def mark_from_line(line: bytes, shown: str) -> HighWater:
    """Read what `HighWater.as_line` gave.

    Raises:
        StateError: it is something else (code `high_water_unreadable`).
    """
    try:
        return json.decode(line, type=HighWater)
    except ValueError as error:
        raise unreadable(f"what {shown} holds is none") from error


def unreadable(why: str, hint: str | None = None) -> StateError:
    """Return the refusal to go on without the mark that there should be."""
    return StateError(
        f"the high-water mark cannot be read: {why}",
        hint=hint or f"restore what {VARIABLE} names",
        code="high_water_unreadable",
    )


class MarkPlace(Protocol):
    """Where a mark is kept."""

    @property
    def shown(self) -> str:
        """What may be said of it."""
        ...

    def read(self) -> HighWater | None:
        """Return the mark; None where none was written yet.

        Raises:
            StateError: it cannot be read.
        """
        ...

    def keep(self, mark: HighWater) -> bool:
        """Move the mark up; False where somebody else has to.

        Raises:
            StateError: it cannot be written.
        """
        ...


def mark_place(words: str, folder: Path) -> MarkPlace:
    """Return the place that a variable means; relative paths start at `folder`.

    Raises:
        UsageError: it means none; what it says is not shown.
    """
    value = _VALUE.fullmatch(words)
    if value is not None:
        return GivenMark(HighWater(None, int(value[1]), value[2]))
    if "://" not in words and not _LIKE_A_VALUE.match(words):
        return MarkFile(folder / words)
    if _OBJECT.fullmatch(words) and words.isprintable():
        from ctsync.state.object_store.mark_object import MarkObject

        return MarkObject(words)
    raise UsageError(
        f"{VARIABLE} names no place for a mark",
        hint="name an object (s3://, gs:// or az://BUCKET/NAME) or a file apart from "
        "the state, or give the mark itself as SERIAL:sha256:DIGEST",
    )


class GivenMark(Struct, frozen=True):
    """A mark that the pipeline's variable holds, and that a person or job sets."""

    mark: HighWater
    shown: str = "the variable itself"

    def read(self) -> HighWater | None:
        """Return the mark."""
        return self.mark

    def keep(self, mark: HighWater) -> bool:
        """Leave it to whoever gave it."""
        return mark.serial <= self.mark.serial


class MarkFile(Struct, frozen=True):
    """A mark in a file of its owner's own."""

    path: Path

    @property
    def shown(self) -> str:
        """Its path."""
        return str(self.path)

    def read(self) -> HighWater | None:
        """Return what the file says."""
        try:
            line = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(f"{self.shown}: {error.strerror}") from error
        return mark_from_line(line, self.shown)

    def keep(self, mark: HighWater) -> bool:
        """Replace the file; its writers hold the lock of the state."""
        from ctsync.state.atomic_files import state_errors, write_private

        if mark.is_above(self.read()):
            with state_errors("write", self.shown):
                write_private(self.path, mark.as_line())
        return True
