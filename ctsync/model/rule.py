"""What the project says an attribute is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Write = Literal["free", "once", "locked"]


@dataclass(frozen=True, slots=True)
class Rule:
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
