"""Who a record is about: an id type and an id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

ID_TYPES = ("FBID", "GPID", "identity", "objectId")


class ProfileKey(NamedTuple):
    """One profile's address; sorts by id type, then by the id's bytes."""

    type: Annotated[str, Meta(pattern=rf"\A(?:{'|'.join(ID_TYPES)})\Z")]
    id: str

    def as_json(self) -> dict[str, str]:
        """Give `{"identity": "1189549"}`, as records and documents carry it."""
        return {self.type: self.id}

    def __str__(self) -> str:
        return self.id if self.type == "identity" else f"{self.type}={self.id}"


NOBODY = ProfileKey("", "")
"""Stands where an entry names no one: its words are judged, and go nowhere."""


def key_from_json(data: Mapping[str, Any]) -> ProfileKey:
    """Read what `Key.as_json` wrote.

    Raises:
        ValueError: not exactly one id type with text.
    """
    ((kind, value),) = data.items()
    if kind not in ID_TYPES or not isinstance(value, str):
        msg = f"not a profile key: {kind}"
        raise ValueError(msg)
    return ProfileKey(kind, value)


def parse_key(text: str) -> ProfileKey:
    """Read KEY of the command line: a bare identity, or `objectId=VALUE`."""
    kind, equals, value = text.partition("=")
    return (
        ProfileKey(kind, value)
        if equals and kind in ID_TYPES
        else ProfileKey("identity", text)
    )
