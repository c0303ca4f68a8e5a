"""What the project says an attribute is."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Write = Literal["free", "once", "locked"]


class Attribute(Struct, frozen=True):
    """One attribute's catalog entry, or what stands in for it.

    `kind` is None where nothing declares it: the type then follows the value.
    `system` marks attributes that the platform itself defines.
    """

    attribute: str
    kind: str | None = None
    enum: tuple[str, ...] = ()
    write: Write = "free"
    sensitive: bool = False
    system: bool = False
