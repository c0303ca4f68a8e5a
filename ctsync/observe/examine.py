"""Looking at one profile: what of it drifted, and what the state may then know."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ctsync.model.entry import Entry, KnownValue
from ctsync.model.scalar_value import Value
from ctsync.observe.compare import Look, Standing, look_at
from ctsync.observe.profile_reply import Found, Reading, SeenProfile

Turn = Literal["found", "gone", "back"]


class Examined(Struct, frozen=True):
    """What a look at one profile gives.

    `after` is what the state may then know; it is the entry itself where that is the
    same. `looks` are those at its attributes, by folded name.
    """

    entry: Entry
    after: Entry
    turn: Turn = "found"
    looks: Mapping[str, Look] = {}
    is_merged: bool = False

    @property
    def has_drifted(self) -> bool:
        """Whether the platform shows anything that the state does not know."""
        return self.turn != "found" or any(self.drifted())

    def drifted(self) -> Iterator[tuple[str, Look]]:
        """Yield the attributes that drifted."""
        for name, look in self.looks.items():
            if look.standing is Standing.DRIFTED:
                yield name, look


def examine(
    entry: Entry, reading: Reading, files: Container[str] = frozenset()
) -> Examined:
    """Compare an entry with a reading that found the profile, or found it gone.

    `files` are those of which the platform may still tell.
    """
    if reading.found is Found.GONE:
        return _gone(entry, files)
    profile = reading.profile
    looks = {
        name: _look(name, known, entry, profile, files)
        for name, known in entry.attributes.items()
    }
    return Examined(
        entry,
        _after(entry, looks),
        "back" if entry.gone else "found",
        looks,
        profile.is_merged,
    )


def _gone(entry: Entry, files: Container[str]) -> Examined:
    # An import that is still to come may make the profile.
    is_pending = any(known.waits_for(files) for known in entry.attributes.values())
    if entry.gone or is_pending:
        return Examined(entry, entry)
    return Examined(entry, replace(entry, gone=True, fingerprint=None), "gone")


def _look(
    name: str,
    known: KnownValue,
    entry: Entry,
    profile: SeenProfile,
    files: Container[str],
) -> Look:
    look = look_at(known, profile.attributes.get(name), files)
    has_dob = "dob" in entry.attributes or "dob" in profile.attributes
    if name == "age" and has_dob and look.standing is Standing.DRIFTED:
        return Look(Standing.AGEING, known)
    return look


def _after(entry: Entry, looks: Mapping[str, Look]) -> Entry:
    attributes = {name: look.after for name, look in looks.items()}
    if not entry.gone and attributes == {**entry.attributes}:
        return entry
    return replace(entry, attributes=attributes, gone=False, fingerprint=None)


def value_of(known: KnownValue) -> Value:
    """Return what is known as one value; an empty list is absence."""
    return (known.present or None) if known.is_set else known.value
