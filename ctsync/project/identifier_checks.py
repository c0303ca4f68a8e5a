"""Identifiers of profiles: what the platform refuses, and which are easily confused.

No message here shows an identifier: it may be an e-mail address or a phone number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ctsync.canonical_json import fold_id
from ctsync.limits import MAX_IDENTIFIER_CHARS
from ctsync.model.profile_key import ProfileKey
from ctsync.project.attribute_name_checks import NameFault, Place

_USUAL = re.compile(r"[A-Za-z0-9@._+-]{1,119}")
_OBJECT_ID = re.compile(r"[A-Za-z0-9()!:@$_-]+")
HARMLESS = frozenset({"CT312", "CT318"})  # warnings: the key is used as written
_CUSTOM_ID = re.compile(r"[A-Za-z0-9()!:@$_-]{1,64}")


def is_usual(key: ProfileKey) -> bool:
    """Say at a glance that nothing is wrong with an identifier, as with nearly all."""
    kind, text = key
    return kind != "objectId" and _USUAL.fullmatch(text) is not None


def key_faults(key: ProfileKey) -> Iterator[NameFault]:
    """Yield everything wrong with an identifier."""
    kind, text = key
    if not text.strip():
        yield NameFault("CT314", "the identifier is empty", "write the id")
        return
    if text != text.strip():
        message = "the identifier starts or ends with a space"
        yield NameFault("CT318", message, "remove it, unless it is meant")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        message = "the identifier holds control characters"
        yield NameFault("CT314", message, "remove them")
    if len(text) >= MAX_IDENTIFIER_CHARS:
        message = (
            f"the identifier has {len(text)} characters, "
            f"the platform takes under {MAX_IDENTIFIER_CHARS}"
        )
        yield NameFault("CT314", message, "use a shorter id")
    if kind == "objectId":
        yield from _object_id_faults(text)


def _object_id_faults(text: str) -> Iterator[NameFault]:
    """Public docs on custom CleverTap ids; ids made by SDKs have no published form."""
    if text.startswith("__i"):
        message = "the platform marked this objectId as an error id (__i)"
        yield NameFault("CT526", message, "copy the id from the profile page")
    elif text.startswith(("__h", "__g")):
        if not _CUSTOM_ID.fullmatch(text[3:]):
            message = "a custom objectId is its prefix and 1 to 64 characters"
            yield NameFault("CT526", message, "use letters, digits and ( ) ! : @ $ _ -")
    elif not _OBJECT_ID.fullmatch(text):
        message = "an objectId holds a character that the platform does not take"
        yield NameFault("CT526", message, "use letters, digits and ( ) ! : @ $ _ -")


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

    def note(
        self, key: ProfileKey, section: KeyList, index: int
    ) -> tuple[NameFault, ...]:
        """Note a key where it stands; give everything wrong with it."""
        kind, text = key
        if not is_usual(key):
            faults = tuple(key_faults(key))
            if faults:
                return faults
        folded = text.lower() if text.isascii() else fold_id(text)
        if self._unread:
            self._read()
        self._is_folded = self._is_folded and folded == text
        noted = (text, section, index)
        first = self._first.setdefault((kind, folded), noted)
        if first[0] == text or key in self._warned:
            return ()
        self._warned.add(key)
        return (self._confusable(first[1].place(first[2])),)

    def _confusable(self, first: Place) -> NameFault:
        message = (
            f"this identifier and the one at {self._show(first)} "
            "differ only in letter case or accents"
        )
        return NameFault("CT312", message, "write both alike if they are one person")
