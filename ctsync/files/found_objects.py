"""Objects as a bucket told of them, and what keeps somebody from having them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ctsync.files.bucket_folders import BucketFolder


class FoundObject(Struct, frozen=True):
    """One version of an object; `size` is in bytes."""

    place: BucketFolder
    size: int
    tag: Mapping[str, str]


class Unreachable(Exception):
    """A bucket does not give what was asked for; `is_denied` is for want of rights."""

    def __init__(self, why: str, *, is_denied: bool = False) -> None:
        super().__init__(why)
        self.is_denied = is_denied


class TooMany(Exception):
    """More objects lie in a folder than anybody means."""


class Replaced(Exception):
    """An object is no longer the version that was found."""


class NoRoom(Exception):
    """Copies would fill the disk: `needed` bytes where `free` are left."""

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(f"{needed} of {free} bytes")
        self.needed = needed
        self.free = free
