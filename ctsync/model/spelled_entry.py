"""The line of an entry, taken apart as far as its attributes; each stays as spelled.

What is known of most attributes outlasts a change. To make values of it and to write
them again takes three times as long as to go over the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder, Encoder

Spelled: TypeAlias = dict[str, Raw]


class SpelledEntry(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """An entry by its fields, in the order in which a line has them."""

    attributes: Spelled
    cohorts: Raw | UnsetType = UNSET
    fingerprint: str | UnsetType = UNSET
    gone: bool = False
    key: Raw | UnsetType = UNSET
    once: Raw | UnsetType = UNSET

    def assign(self, known: Mapping[str, Raw]) -> None:
        """Let this be known of attributes, whatever was."""
        count = len(self.attributes)
        self.attributes |= known
        if len(self.attributes) > count:
            self.attributes = dict(sorted(self.attributes.items()))

    def line(self) -> bytes:
        """Return it as a line again, with its newline."""
        return _ENCODER.encode(self) + b"\n"


_ENTRIES = Decoder(SpelledEntry)
_ATTRIBUTES = Decoder(Spelled)
_ENCODER = Encoder()


def spelled_entry(line: bytes) -> SpelledEntry:
    """Take the line of an entry apart, which `entry_line` wrote."""
    return _ENTRIES.decode(line)


def spelled_attributes(text: bytes) -> Spelled:
    """Take what is known of attributes apart, as an entry has it."""
    return _ATTRIBUTES.decode(text)
