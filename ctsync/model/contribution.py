"""What one place says about one profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from ctsync.model.change import Origin
from ctsync.model.fault import Fault
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import Raw

Path: TypeAlias = "tuple[str | int, ...]"


class Contribution(Struct, frozen=True):
    """One place's words about one profile.

    `digest` is taken from the words without understanding them, salted with what
    else decides their meaning: 16 bytes, equal for equal words. `read` gives them
    as attribute -> raw value; it is asked only for candidates. `path` leads from
    the root of `origin.file` to the mapping that `read` reads, so that a finding
    can be located. `key` is `NOBODY` where the place names no profile that could be
    used: its words are judged all the same.

    `faults` are wrong with the place as a whole. With `skips` a place with any
    fault is left alone and counted, and its faults are warnings.
    """

    key: ProfileKey
    origin: Origin
    digest: bytes
    read: Callable[[], Mapping[str, Raw | Fault]]
    path: Path = ()
    faults: tuple[Fault, ...] = ()
    skips: bool = False
