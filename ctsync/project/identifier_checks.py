"""Identifiers of profiles: what the platform refuses, and which are easily confused.

No message here shows an identifier: it may be an e-mail address or a phone number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ctsync.canonical_json import fold_id
from ctsync.kinds.identifier_rules import HARMLESS, is_usual, key_faults
from ctsync.model.fault import Fault
from ctsync.model.profile_key import ProfileKey
from ctsync.project.source_positions import Place


class KeyList(Protocol):
    """A list of profiles or members in a file."""

    def place(self, index: int) -> Place:
        """Return where an item stands."""


class ProfileList(KeyList, Protocol):
    """A list of profiles."""

    @property
    def ids(self) -> Sequence[str]:
        """The id of each."""

    def indexes(self, kind: str) -> Sequence[int]:
        """Return which of them have an id of that type."""


class IdentifierChecks:
    """The identifiers of one project."""

    def __init__(self, show: Callable[[Place], str]) -> None:
        """`show` puts a place in words."""
        self._show = show
        self._first: dict[tuple[str, str], tuple[str, KeyList, int]] = {}
        self._warned: set[ProfileKey] = set()
        self._unread: list[tuple[ProfileList, str]] = []
        self._is_folded = True

    def note_all(self, listing: ProfileList, kind: str) -> bool:
        """Note ids with which nothing is wrong and that folding does not change.

        False where another id was noted that folding changed: they are then to be
        noted one by one, since any of them may be taken for that one.
        """
        if self._is_folded:
            self._unread.append((listing, kind))
        return self._is_folded

    def _read(self) -> None:
        """Take up what was noted as a whole, now that single ids come."""
        for listing, kind in self._unread:
            for at in listing.indexes(kind):
                text = listing.ids[at]
                self._first.setdefault((kind, text), (text, listing, at))
        self._unread.clear()

    def note(self, key: ProfileKey, section: KeyList, index: int) -> tuple[Fault, ...]:
        """Note a key where it stands; give everything wrong with it."""
        kind, text = key
        faults = () if is_usual(key) else tuple(key_faults(key))
        if not HARMLESS.issuperset(fault.code for fault in faults):
            return faults
        folded = fold_id(text)
        if self._unread:
            self._read()
        self._is_folded = self._is_folded and folded == text
        noted = (text, section, index)
        first = self._first.setdefault((kind, folded), noted)
        if first[0] == text or key in self._warned:
            return faults
        self._warned.add(key)
        return (*faults, self._confusable(first[1].place(first[2])))

    def _confusable(self, first: Place) -> Fault:
        message = (
            f"this identifier and the one at {self._show(first)} "
            "differ only in letter case, accents or outer spaces"
        )
        return Fault("CT312", message, "write both alike if they are one person")
